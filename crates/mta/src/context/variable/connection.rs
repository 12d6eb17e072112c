//! Variables about the incoming connection and the local caller.

use std::net::IpAddr;

use expand::variable::Variable;
use mail_types::value::Value;

use super::{Family, clean, number, tainted, yes_no};
use crate::context::{Context, host_text};

pub(super) fn value(context: &mut Context, variable: Variable) -> Family {
    if variable == Variable::SenderHostName {
        // The only one that asks for the name when nobody has yet.
        context.look_up_sender_host_name();
    }
    let ports = context.log_ports();
    let facts = &context.facts.connection;
    Some(Ok(match variable {
        Variable::SenderHostName => facts.sender_host_name.clone().and_then(tainted),
        Variable::SenderFullhost => host_text::full_host(facts, ports).and_then(tainted),
        Variable::SenderRcvhost => host_text::received_host(facts, ports).and_then(tainted),
        Variable::SenderHostAddress => address(facts.sender_host_address),
        Variable::SenderHostPort => number(facts.sender_host_port),
        Variable::ReceivedIpAddress | Variable::InterfaceAddress => address(facts.received_ip_address),
        Variable::ReceivedPort | Variable::InterfacePort => match facts.received_ip_address {
            Some(_) => number(facts.received_port),
            None => number(-1),
        },
        Variable::CsaStatus => facts.csa_status.clone().map(Value::clean),
        Variable::HostLookupFailed => number(u8::from(facts.host_lookup_failed)),
        Variable::HostLookupDeferred => number(u8::from(facts.host_lookup_deferred)),
        Variable::SenderHostDnssec => yes_no(facts.sender_host_dnssec),
        Variable::SenderHeloName => facts.sender_helo_name.clone().and_then(tainted),
        Variable::SenderHeloDnssec => yes_no(facts.sender_helo_dnssec),
        Variable::SenderHeloVerified => yes_no(facts.helo_verified == Some(true)),
        Variable::SenderIdent => facts.sender_ident.clone().and_then(tainted),
        Variable::SenderHostAuthenticated => facts.sender_host_authenticated.clone().and_then(clean),
        Variable::AuthenticatedId => facts.authenticated_id.clone().and_then(tainted),
        Variable::AuthenticatedFailId => facts.authenticated_fail_id.clone().and_then(tainted),
        Variable::AuthenticationFailed => number(u8::from(facts.authentication_failed)),
        Variable::SmtpActiveHostname => match facts.smtp_active_hostname.as_slice() {
            [] => clean(context.primary_hostname()),
            name => clean(name),
        },
        Variable::ConnectionId => clean(facts.connection_id.clone()),
        Variable::SmtpCountAtConnectionStart => number(facts.smtp_count_at_connection_start),
        Variable::SmtpCommand => facts.smtp_command.clone().and_then(tainted),
        Variable::SmtpCommandArgument => tainted(facts.smtp_command_argument.clone()),
        Variable::SmtpCommandHistory => clean(facts.smtp_command_history.join(&b',')),
        Variable::SmtpNotquitReason => facts.smtp_notquit_reason.clone().and_then(clean),
        Variable::HostData => facts.host_data.clone(),
        _ => return None,
    }))
}

fn address(address: Option<IpAddr>) -> Option<Value> {
    address.and_then(|address| clean(address.to_string()))
}
