//! From the spool's envelope to the facts that expansions see during a delivery.
//!
//! # Security
//! A spool file is untrusted input: addresses that do not parse are left out, nothing is believed to be a length.

use std::net::IpAddr;

use config::Config;
use config::options::main;
use mail_message::header::{HeaderLine, HeaderType};
use mail_types::Timestamp;
use mail_types::value::Value;
use spool::{DataFile, Header, HeaderKind};
use spool_format::{AclScope, HostPort};

use crate::context::facts::{
    BodyFacts, ConnectionFacts, Facts, MessageFacts, Origin, RecipientFacts, TlsFacts,
};

/// Everything that the spool knows about a message. Reads the visible part of the body: blocks.
pub fn facts(header: &Header, data: &DataFile, config: &Config, now: Timestamp) -> Facts {
    Facts {
        connection: connection(header),
        message: message(header, body(header, data, config), now),
        ..Facts::default()
    }
}

fn connection(header: &Header) -> ConnectionFacts {
    let bytes = |value: &Option<Value>| value.as_ref().map(|value| value.bytes().to_vec());
    let acl_c = header.acl_variables.iter().filter(|variable| variable.scope == AclScope::Connection);
    ConnectionFacts {
        origin: Origin::Internal,
        sender_host_address: header.host_address.as_ref().and_then(address),
        sender_host_port: header.host_address.as_ref().map_or(0, |host| host.port),
        received_ip_address: header.interface_address.as_ref().and_then(address),
        received_port: header.interface_address.as_ref().map_or(0, |host| host.port),
        sender_host_name: bytes(&header.host_name),
        host_lookup_failed: header.host_lookup_failed,
        host_lookup_deferred: header.host_lookup_deferred,
        host_lookup_done: true,
        sender_helo_name: bytes(&header.helo_name),
        sender_ident: bytes(&header.ident),
        sender_host_authenticated: bytes(&header.host_auth),
        authenticated_id: bytes(&header.auth_id),
        smtp_active_hostname: bytes(&header.active_hostname).unwrap_or_default(),
        tls: tls(&header.tls).map(Box::new),
        acl_c: acl_c.map(|variable| (variable.name.clone(), variable.value.clone())).collect(),
        ..ConnectionFacts::default()
    }
}

/// What the spool keeps of an encrypted session.
fn tls(kept: &spool_format::Tls) -> Option<TlsFacts> {
    let bytes = |value: &Option<Value>| value.as_ref().map(|value| value.bytes().to_vec());
    let cipher = bytes(&kept.cipher)?;
    let bits =
        cipher.rsplit(|&byte| byte == b':').next().and_then(|bits| str::from_utf8(bits).ok()?.parse().ok());
    let pem = |value: &Option<Value>| bytes(value).map(|line| pem_of_one_line(&line));
    let letter = kept.resumption.as_ref().and_then(|letter| letter.bytes().first().copied());
    Some(TlsFacts {
        dane: false,
        version: bytes(&kept.version).unwrap_or_default(),
        bits: bits.unwrap_or(0),
        cipher,
        cipher_std: Vec::new(),
        certificate_verified: kept.certificate_verified,
        peer_dn: bytes(&kept.peerdn),
        sni: bytes(&kept.sni),
        peer_certificate: pem(&kept.peercert),
        our_certificate: pem(&kept.ourcert),
        ocsp: kept.ocsp.and_then(|ocsp| u8::try_from(ocsp).ok()).unwrap_or(0),
        resumption: letter.map_or(0, |letter| letter.saturating_sub(b'A')),
    })
}

/// Newlines are written as two characters.
fn pem_of_one_line(line: &[u8]) -> Vec<u8> {
    let mut pem = Vec::with_capacity(line.len());
    let mut rest = line;
    while let Some(at) = memchr::memmem::find(rest, b"\\n") {
        pem.extend_from_slice(&rest[..at]);
        pem.push(b'\n');
        rest = &rest[at + 2..];
    }
    pem.extend_from_slice(rest);
    pem
}

fn address(host: &HostPort) -> Option<IpAddr> {
    std::str::from_utf8(host.address.bytes()).ok()?.parse().ok()
}

fn message(header: &Header, body: BodyFacts, now: Timestamp) -> MessageFacts {
    let acl_m = header.acl_variables.iter().filter(|variable| variable.scope == AclScope::Message);
    let headers: Vec<_> = header
        .headers
        .iter()
        .map(|line| HeaderLine { kind: kind(line.kind), text: line.text.clone() })
        .collect();
    let live = || headers.iter().filter(|line| line.kind != HeaderType::Old);
    let header_size: u64 = live().map(|line| line.text.len() as u64).sum();
    let header_lines: u64 = live().map(|line| line_ends(&line.text)).sum();
    MessageFacts {
        id: Some(header.id),
        sender_address: header.sender.clone(),
        sender_set: true,
        recipients: header.recipients.iter().map(recipient).collect(),
        size: Some(header_size + body.size + 1),
        linecount: header_lines + body.linecount,
        received_count: live().filter(|line| line.kind == HeaderType::Received).count() as u32,
        received_protocol: header.received_protocol.as_ref().map(|value| value.bytes().to_vec()),
        received_time: header.received_time,
        smtputf8: header.smtputf8,
        requiretls: header.requiretls,
        originator_uid: u32::try_from(header.uid).unwrap_or(u32::MAX),
        originator_gid: u32::try_from(header.gid).unwrap_or(u32::MAX),
        originator_login: header.login.clone(),
        authenticated_sender: header.auth_sender.as_ref().map(|value| value.bytes().to_vec()),
        acl_m: acl_m.map(|variable| (variable.name.clone(), variable.value.clone())).collect(),
        frozen: header.frozen.is_some(),
        age_secs: now.since(header.received_time).as_secs(),
        headers,
        body,
        ..MessageFacts::default()
    }
}

fn line_ends(text: &[u8]) -> u64 {
    (text.split(|byte| *byte == b'\n').count() - 1) as u64
}

fn recipient(recipient: &spool::Recipient) -> RecipientFacts {
    RecipientFacts {
        address: recipient.address.clone(),
        errors_to: recipient.errors_to.clone(),
        parent: recipient.parent.and_then(|parent| u32::try_from(parent).ok()),
        orcpt: recipient.orcpt.clone(),
        notify: u8::try_from(recipient.dsn_flags & 0xff).unwrap_or(0),
    }
}

/// `$message_body`, `$message_body_end`, and the sizes.
fn body(header: &Header, data: &DataFile, config: &Config) -> BodyFacts {
    // A body that cannot be measured now makes its transport fail, with a better text than this could give.
    let size = data.body_len().unwrap_or(0);
    let visible = u64::try_from(config.main.get(main::MESSAGE_BODY_VISIBLE)).unwrap_or(0);
    let wire = header.spool_file_wireformat;
    let start = part(data, 0, visible.min(size));
    let end = if size <= visible { start.clone() } else { part(data, size - visible, visible) };
    BodyFacts {
        size,
        linecount: header.body.lines.and_then(|lines| u64::try_from(lines).ok()).unwrap_or(0),
        zerocount: u64::try_from(header.body.zeros).unwrap_or(0),
        max_line: header.body.longest_line.and_then(|line| u64::try_from(line).ok()).unwrap_or(0),
        start,
        end,
        wire,
    }
}

fn part(data: &DataFile, from: u64, length: u64) -> Vec<u8> {
    let mut bytes = vec![0; usize::try_from(length).unwrap_or(0)];
    let mut filled = 0;
    while filled < bytes.len() {
        match data.read_at(&mut bytes[filled..], from + filled as u64) {
            Ok(0) | Err(_) => break,
            Ok(read) => filled += read,
        }
    }
    bytes.truncate(filled);
    bytes
}

/// The spool's kind of a header line, as the rest of the program names it.
pub(super) fn kind(kind: HeaderKind) -> HeaderType {
    HeaderType::from_letter(kind.letter()).unwrap_or(HeaderType::Other)
}
