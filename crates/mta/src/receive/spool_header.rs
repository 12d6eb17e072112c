//! From the facts of a message to what its -H file says.

use expand::variable::AclScope;
use mail_message::header::HeaderType;
use mail_types::clock::Timestamp;
use mail_types::message_id::MessageId;
use mail_types::value::Value;
use spool_format::{
    AclVariable, BodyCounts, Header, HeaderKind, HeaderLine, HostPort, Recipient, Tls, Utf8Downcast,
};

use crate::context::Context;
use crate::context::facts::{ConnectionFacts, MessageFacts, TlsFacts};

/// What the facts do not hold.
pub(super) struct Rest {
    /// When reception was complete.
    pub(super) completed: Timestamp,
    /// `control = freeze`.
    pub(super) frozen: bool,
    /// `RET=`.
    pub(super) dsn_ret: i64,
    /// `ENVID=`.
    pub(super) dsn_envid: Option<Vec<u8>>,
    /// `-N`.
    pub(super) dont_deliver: bool,
    /// From a local sender whose address was not set by `-f`.
    pub(super) local: bool,
    /// The sender was set by an untrusted caller.
    pub(super) sender_set_untrusted: bool,
    /// A bounce made here.
    pub(super) localerror: bool,
}

/// The -H file of a message.
pub(super) fn header(id: MessageId, rest: Rest, context: &Context) -> Header {
    let connection = &context.facts.connection;
    let message = &context.facts.message;
    let mut header = Header::new(id, message.sender_address.clone(), message.received_time);
    header.login.clone_from(&message.originator_login);
    header.uid = i64::from(message.originator_uid);
    header.gid = i64::from(message.originator_gid);
    header.received_time_complete = Some(rest.completed);
    header.deliver_firsttime = true;
    header.frozen = rest.frozen.then(|| rest.completed.secs());
    header.dont_deliver = rest.dont_deliver;
    header.local = rest.local;
    header.localerror = rest.localerror;
    header.sender_set_untrusted = rest.sender_set_untrusted;
    header.dsn_ret = rest.dsn_ret;
    header.dsn_envid = rest.dsn_envid.map(Value::tainted);
    header.allow_unqualified_recipient = context.allow_unqualified_recipient;
    header.allow_unqualified_sender = context.allow_unqualified_sender;
    header.smtputf8 = message.smtputf8;
    header.requiretls = message.requiretls;
    header.utf8_downcast = match context.wishes.message.utf8_downconvert {
        Some(1) => Utf8Downcast::Always,
        Some(-1) => Utf8Downcast::IfNeeded,
        _ => Utf8Downcast::No,
    };
    connection_lines(&mut header, connection);
    message_lines(&mut header, message, connection);
    header
}

/// What this program found out itself is clean.
fn said(text: Option<&Vec<u8>>, own: bool) -> Option<Value> {
    text.map(|text| if own { Value::clean(text.clone()) } else { Value::tainted(text.clone()) })
}

fn connection_lines(header: &mut Header, facts: &ConnectionFacts) {
    let tainted = |text: &Option<Vec<u8>>| text.clone().map(Value::tainted);
    let address = |address: std::net::IpAddr| {
        let text = address.to_string();
        if facts.addresses_given { Value::tainted(text) } else { Value::clean(text) }
    };
    header.helo_name = tainted(&facts.sender_helo_name);
    header.host_address = facts
        .sender_host_address
        .map(|host| HostPort { address: address(host), port: facts.sender_host_port });
    header.host_name = tainted(&facts.sender_host_name);
    header.host_lookup_failed = facts.host_lookup_failed;
    header.host_lookup_deferred = facts.host_lookup_deferred;
    header.host_auth = facts.sender_host_authenticated.clone().map(Value::clean);
    header.auth_id = said(facts.authenticated_id.as_ref(), facts.own.authenticated_id);
    header.interface_address = facts
        .received_ip_address
        .map(|interface| HostPort { address: address(interface), port: facts.received_port });
    header.active_hostname = match facts.smtp_active_hostname.as_slice() {
        [] => None,
        name => Some(Value::clean(name)),
    };
    if let Some(session) = facts.tls.as_deref() {
        header.tls = tls_lines(session);
    }
    header.ident = said(facts.sender_ident.as_ref(), facts.own.ident);
}

fn tls_lines(session: &TlsFacts) -> Tls {
    let own = |text: &[u8]| Some(Value::clean(text)).filter(|value| !value.is_empty());
    let peers = |text: &Option<Vec<u8>>| text.clone().map(Value::tainted);
    let one_line = |pem: &Option<Vec<u8>>| pem.as_ref().map(|pem| pem_on_one_line(pem));
    Tls {
        certificate_verified: session.certificate_verified,
        cipher: own(&session.cipher),
        peercert: one_line(&session.peer_certificate).map(Value::tainted),
        peerdn: peers(&session.peer_dn),
        sni: peers(&session.sni),
        ourcert: one_line(&session.our_certificate).map(Value::clean),
        ocsp: Some(i64::from(session.ocsp)).filter(|ocsp| *ocsp != 0),
        resumption: Some(Value::clean(vec![b'A'.saturating_add(session.resumption)])),
        version: own(&session.version),
    }
}

/// The newlines of a certificate are written as two characters.
fn pem_on_one_line(pem: &[u8]) -> Vec<u8> {
    pem.split(|&byte| byte == b'\n').collect::<Vec<_>>().join(&b"\\n"[..])
}

fn message_lines(header: &mut Header, facts: &MessageFacts, connection: &ConnectionFacts) {
    header.auth_sender = said(facts.authenticated_sender.as_ref(), connection.own.authenticated_sender);
    header.received_protocol = facts.received_protocol.clone().map(Value::clean);
    header.acl_variables = acl_variables(facts, connection);
    header.spool_file_wireformat = facts.body.wire;
    header.body = BodyCounts {
        lines: (!facts.body.wire).then(|| i64::try_from(facts.body.linecount).unwrap_or(i64::MAX)),
        zeros: i64::try_from(facts.body.zerocount).unwrap_or(i64::MAX),
        longest_line: Some(i64::try_from(facts.body.max_line).unwrap_or(i64::MAX)),
    };
    header.recipients = facts
        .recipients
        .iter()
        .map(|recipient| Recipient {
            address: recipient.address.clone(),
            errors_to: recipient.errors_to.clone(),
            parent: recipient.parent.and_then(|parent| usize::try_from(parent).ok()),
            orcpt: recipient.orcpt.clone(),
            dsn_flags: i64::from(recipient.notify),
        })
        .collect();
    header.headers = facts
        .headers
        .iter()
        .map(|line| HeaderLine { kind: kind(line.kind), text: line.text.clone() })
        .collect();
}

fn acl_variables(facts: &MessageFacts, connection: &ConnectionFacts) -> Vec<AclVariable> {
    let of = |scope, name: &Vec<u8>, value: &Value| AclVariable {
        scope: match scope {
            AclScope::Connection => spool_format::AclScope::Connection,
            AclScope::Message => spool_format::AclScope::Message,
        },
        name: name.clone(),
        value: value.clone(),
    };
    let connections = connection.acl_c.iter().map(|(name, value)| of(AclScope::Connection, name, value));
    let messages = facts.acl_m.iter().map(|(name, value)| of(AclScope::Message, name, value));
    connections.chain(messages).collect()
}

fn kind(kind: HeaderType) -> HeaderKind {
    match kind {
        HeaderType::Bcc => HeaderKind::Bcc,
        HeaderType::Cc => HeaderKind::Cc,
        HeaderType::From => HeaderKind::From,
        HeaderType::MessageId => HeaderKind::MessageId,
        HeaderType::Old => HeaderKind::Old,
        HeaderType::Other => HeaderKind::Other,
        HeaderType::Received => HeaderKind::Received,
        HeaderType::ReplyTo => HeaderKind::ReplyTo,
        HeaderType::Sender => HeaderKind::Sender,
        HeaderType::To => HeaderKind::To,
    }
}
