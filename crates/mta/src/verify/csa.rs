//! `verify = csa`: whether the name that the client goes by authorizes it.
//!
//! # Security
//! The name is hostile; it is only asked about. Records are those of whoever owns the name.
//!
//! # Failure
//! What cannot be found out now is no reason to refuse anybody: `$csa_status` says `defer`.
//!
//! # Compatibility
//! Specification, section "Client SMTP authorization (CSA)"; of several records the first counts, as with the oracle.

use std::net::IpAddr;

use config::options::main;
use lookup::csa::{self, Code, Later};
use mail_types::dns::{DnsFailure, RecordData, RecordType, Resolve};
use mail_types::value::Value;
use policy::acl::{Verified, VerifyResult};

use super::helo::literal_address;
use crate::context::Context;

/// What was found out.
enum Status {
    Ok,
    Unknown,
    Defer,
    Fail(&'static str),
}

/// Checks the name, or the client's where none is given; sets `$csa_status`. Blocks on the DNS.
pub fn verify(name: Option<&[u8]>, context: &mut Context) -> Verified {
    let status = match context.facts.connection.sender_host_address {
        Some(address) => check(name, address, context),
        None => Status::Unknown,
    };
    context.tell_failed_lookups();
    let (word, why) = match status {
        Status::Ok => ("ok", None),
        Status::Unknown => ("unknown", None),
        Status::Defer => ("defer", None),
        Status::Fail(why) => ("fail", Some(why)),
    };
    context.facts.connection.csa_status = Some(word.to_owned());
    let Some(why) = why else { return Verified::default() };
    let told = Value::clean(format!("client SMTP authorization failed ({why})"));
    Verified {
        result: VerifyResult::Fail,
        user_message: Some(told.clone()),
        log_message: Some(told),
        ..Verified::default()
    }
}

fn check(name: Option<&[u8]>, address: IpAddr, context: &Context) -> Status {
    let helo = context.facts.connection.sender_helo_name.as_deref();
    let name = name.filter(|name| !name.is_empty()).or(helo);
    let name = name.map_or_else(|| address.to_string().into_bytes(), <[u8]>::to_vec);
    let literal = name.strip_prefix(b"[").and_then(|rest| rest.strip_suffix(b"]"));
    let literal = literal_address(literal.unwrap_or(&name));
    let options = &context.config.main;
    let reverse = options.get(main::DNS_CSA_USE_REVERSE);
    if literal.is_some() && !reverse {
        return Status::Unknown;
    }
    let name = literal.map_or(name, |literal| literal.to_string().into_bytes());
    let limit = usize::try_from(options.get(main::DNS_CSA_SEARCH_LIMIT)).unwrap_or(0);
    let dns = context.blocking_dns().as_ref();
    let said = csa::find(&name, limit, reverse, |name| match dns.query(name, RecordType::Srv) {
        Ok(answer) => Ok(Some(answer)),
        Err(failure) if failure.is_temporary() => Err(Later),
        Err(_) => Ok(None),
    });
    let first = match &said {
        Err(Later) => return Status::Defer,
        Ok(said) => said.first(),
    };
    match first.map(|said| (said.code, &said.target)) {
        None | Some((Code::Unknown, _)) => Status::Unknown,
        Some((Code::No, _)) => Status::Fail("host name not authorized"),
        Some((Code::Explicit, _)) => Status::Fail("explicit authorization required"),
        Some((Code::Yes, target)) => has_address(target, address, dns),
    }
}

/// Whether the host that a record names has the client's address.
fn has_address(target: &[u8], client: IpAddr, dns: &dyn Resolve) -> Status {
    let none = Status::Fail("no authorized addresses");
    let rtype = if client.is_ipv4() { RecordType::A } else { RecordType::Aaaa };
    let outcome = if target.is_empty() { Err(DnsFailure::NxDomain) } else { dns.query(target, rtype) };
    let answer = match outcome {
        Ok(answer) => answer,
        Err(failure) if failure.is_temporary() => return Status::Defer,
        Err(_) => return none,
    };
    let mut addresses = answer.records.iter().filter_map(|record| match record.data {
        RecordData::A(found) => Some(IpAddr::V4(found)),
        RecordData::Aaaa(found) => Some(IpAddr::V6(found)),
        _ => None,
    });
    match addresses.next() {
        None => none,
        Some(first) if first == client || addresses.any(|found| found == client) => Status::Ok,
        Some(_) => Status::Fail("client address mismatch"),
    }
}
