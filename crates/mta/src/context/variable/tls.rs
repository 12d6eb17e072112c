//! Variables about encrypted sessions: `$tls_in_…` for the incoming one, `$tls_out_…` for the one to the next host.
//!
//! # Security
//! The peer's name and the server name it sent are tainted, and so is what is read from certificates.
//!
//! # Compatibility
//! The text of a certificate's variable is `<cert>`, as the oracle has it; digests and `${certextract` look behind it.
//! The old names without `in` or `out` mean the outgoing session while one is there, else the incoming one.

use expand::variable::Variable;
use mail_types::value::Value;

use super::{Family, clean, number, tainted, yes_no};
use crate::context::Context;
use crate::context::facts::TlsFacts;

/// What of a session a variable tells.
#[derive(Clone, Copy)]
enum Item {
    Bits,
    CertificateVerified,
    Cipher,
    CipherStd,
    Ocsp,
    OurCertificate,
    PeerCertificate,
    PeerDn,
    Resumption,
    Sni,
    Version,
}

/// Which session.
#[derive(Clone, Copy)]
enum Side {
    In,
    Out,
    Either,
}

pub(super) fn value(context: &mut Context, variable: Variable) -> Family {
    let (side, item) = match variable {
        Variable::TlsInBits => (Side::In, Item::Bits),
        Variable::TlsInCertificateVerified => (Side::In, Item::CertificateVerified),
        Variable::TlsInCipher => (Side::In, Item::Cipher),
        Variable::TlsInCipherStd => (Side::In, Item::CipherStd),
        Variable::TlsInOcsp => (Side::In, Item::Ocsp),
        Variable::TlsInOurcert => (Side::In, Item::OurCertificate),
        Variable::TlsInPeercert => (Side::In, Item::PeerCertificate),
        Variable::TlsInPeerdn => (Side::In, Item::PeerDn),
        Variable::TlsInResumption => (Side::In, Item::Resumption),
        Variable::TlsInSni => (Side::In, Item::Sni),
        Variable::TlsInVer => (Side::In, Item::Version),
        Variable::TlsOutBits => (Side::Out, Item::Bits),
        Variable::TlsOutCertificateVerified => (Side::Out, Item::CertificateVerified),
        Variable::TlsOutCipher => (Side::Out, Item::Cipher),
        Variable::TlsOutCipherStd => (Side::Out, Item::CipherStd),
        Variable::TlsOutOcsp => (Side::Out, Item::Ocsp),
        Variable::TlsOutOurcert => (Side::Out, Item::OurCertificate),
        Variable::TlsOutPeercert => (Side::Out, Item::PeerCertificate),
        Variable::TlsOutPeerdn => (Side::Out, Item::PeerDn),
        Variable::TlsOutResumption => (Side::Out, Item::Resumption),
        Variable::TlsOutSni => (Side::Out, Item::Sni),
        Variable::TlsOutVer => (Side::Out, Item::Version),
        Variable::TlsBits => (Side::Either, Item::Bits),
        Variable::TlsCertificateVerified => (Side::Either, Item::CertificateVerified),
        Variable::TlsCipher => (Side::Either, Item::Cipher),
        Variable::TlsPeerdn => (Side::Either, Item::PeerDn),
        Variable::TlsSni => (Side::Either, Item::Sni),
        Variable::TlsOutDane => {
            let by_dane = context.facts.host.tls.as_deref().is_some_and(|session| session.dane);
            return Some(Ok(yes_no(by_dane)));
        }
        Variable::TlsOutTlsaUsage => return Some(Ok(number(context.facts.host.tlsa_usage))),
        _ => return None,
    };
    let session = session(context, side);
    Some(Ok(told(session, item)))
}

/// The certificate (DER) that a variable stands for.
pub(in crate::context) fn certificate(context: &Context, variable: Variable) -> Option<Vec<u8>> {
    let (side, item) = match variable {
        Variable::TlsInOurcert => (Side::In, Item::OurCertificate),
        Variable::TlsInPeercert => (Side::In, Item::PeerCertificate),
        Variable::TlsOutOurcert => (Side::Out, Item::OurCertificate),
        Variable::TlsOutPeercert => (Side::Out, Item::PeerCertificate),
        _ => return None,
    };
    let lines = pem(session(context, side)?, item)?.split(|&byte| byte == b'\n');
    let inner: Vec<u8> = lines.filter(|line| !line.starts_with(b"-----")).flatten().copied().collect();
    mail_types::base64::decode(&inner)
}

fn pem(session: &TlsFacts, item: Item) -> Option<&Vec<u8>> {
    match item {
        Item::OurCertificate => session.our_certificate.as_ref(),
        _ => session.peer_certificate.as_ref(),
    }
}

fn session(context: &Context, side: Side) -> Option<&TlsFacts> {
    let (incoming, outgoing) = (&context.facts.connection.tls, &context.facts.host.tls);
    match side {
        Side::In => incoming.as_deref(),
        Side::Out => outgoing.as_deref(),
        Side::Either => outgoing.as_deref().or(incoming.as_deref()),
    }
}

fn told(session: Option<&TlsFacts>, item: Item) -> Option<Value> {
    let from_peer =
        |text: fn(&TlsFacts) -> &Option<Vec<u8>>| session.and_then(|s| text(s).clone()).and_then(tainted);
    match item {
        Item::Bits => number(session.map_or(0, |session| session.bits)),
        Item::CertificateVerified => {
            number(session.map_or(0, |session| u8::from(session.certificate_verified)))
        }
        Item::Cipher => session.and_then(|session| clean(session.cipher.clone())),
        Item::CipherStd => session.and_then(|session| clean(session.cipher_std.clone())),
        Item::Version => session.and_then(|session| clean(session.version.clone())),
        Item::Ocsp => number(session.map_or(0, |session| session.ocsp)),
        Item::Resumption => number(session.map_or(0, |session| session.resumption)),
        Item::OurCertificate | Item::PeerCertificate => {
            session.and_then(|session| pem(session, item)).and_then(|_| clean(b"<cert>".to_vec()))
        }
        Item::PeerDn => from_peer(|session| &session.peer_dn),
        Item::Sni => from_peer(|session| &session.sni),
    }
}
