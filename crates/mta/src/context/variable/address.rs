//! Variables about the address being checked, routed or delivered, and the host it goes to.

use expand::variable::Variable;

use super::{Family, clean, number, tainted};
use crate::context::Context;
use crate::context::facts::AddressFacts;

pub(super) fn value(context: &mut Context, variable: Variable) -> Family {
    let facts = &context.facts.address;
    if variable == Variable::Domain && facts.domain.is_none() {
        return Some(Ok(context.scope.list_domain.clone()));
    }
    if let Some(field) = field(facts, variable) {
        return Some(Ok(field.clone()));
    }
    let host = &context.facts.host;
    Some(Ok(match variable {
        Variable::RouterName => facts.router_name.clone().and_then(clean),
        Variable::TransportName => facts.transport_name.clone().and_then(clean),
        // Exim shows the unset ids as the largest unsigned number.
        Variable::LocalUserUid => number(facts.local_user.map_or(u32::MAX, |user| user.uid)),
        Variable::LocalUserGid => number(facts.local_user.map_or(u32::MAX, |user| user.gid)),
        Variable::Inode => number(facts.inode.unwrap_or(0)),
        Variable::Host => host.name.clone().and_then(tainted),
        Variable::HostAddress => host.address.and_then(|address| clean(address.to_string())),
        Variable::HostPort => number(host.port),
        Variable::SendingIpAddress => host.sending_ip_address.and_then(|address| clean(address.to_string())),
        Variable::SendingPort => match host.sending_ip_address {
            Some(_) => number(host.sending_port),
            None => number(-1),
        },
        Variable::LookupDnssecAuthenticated => {
            host.lookup_dnssec_authenticated.and_then(|secure| clean(if secure { "yes" } else { "no" }))
        }
        _ => return None,
    }))
}

/// The variables that are kept as values already.
fn field(facts: &AddressFacts, variable: Variable) -> Option<&Option<mail_types::value::Value>> {
    Some(match variable {
        Variable::LocalPart => &facts.local_part,
        Variable::Domain => &facts.domain,
        Variable::LocalPartData => &facts.local_part_data,
        Variable::DomainData => &facts.domain_data,
        Variable::LocalPartPrefix => &facts.local_part_prefix,
        Variable::LocalPartPrefixV => &facts.local_part_prefix_v,
        Variable::LocalPartSuffix => &facts.local_part_suffix,
        Variable::LocalPartSuffixV => &facts.local_part_suffix_v,
        Variable::OriginalLocalPart => &facts.original_local_part,
        Variable::OriginalDomain => &facts.original_domain,
        Variable::ParentLocalPart => &facts.parent_local_part,
        Variable::ParentDomain => &facts.parent_domain,
        Variable::AddressData => &facts.address_data,
        Variable::Home => &facts.home,
        Variable::AddressFile => &facts.address_file,
        Variable::AddressPipe => &facts.address_pipe,
        Variable::SelfHostname => &facts.self_hostname,
        Variable::MailstoreBasename => &facts.mailstore_basename,
        Variable::SrsOrigSender => &facts.srs.orig_sender,
        Variable::SrsOrigRecipient => &facts.srs.orig_recipient,
        Variable::SrsRecipient => &facts.srs.recipient,
        Variable::SrsDbAddress => &facts.srs.db_address,
        Variable::SrsDbKey => &facts.srs.db_key,
        Variable::SrsStatus => &facts.srs.status,
        Variable::Thisaddress => &facts.thisaddress,
        _ => return None,
    })
}
