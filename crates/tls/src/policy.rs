//! The one decision: what is asked of a host before mail goes to it, and why.
//!
//! Four things have a say: the configuration, the TLSA records of the host (DANE), the policy of the domain (MTA-STS)
//! and the message (REQUIRETLS). The transport and `postrider tls-policy` ask [`decide`], nobody decides for himself.
//!
//! # Invariants
//! * Pure: what was found out goes in, a [`Decision`] comes out.
//! * DANE comes before MTA-STS; neither weakens what the configuration asks for (rfc8461#2).
//!
//! # Compatibility
//! Texts of refusals about DANE are Exim's. Where `hosts_require_dane` meets records none of which can be used, Exim
//! with GnuTLS sends without a verified certificate; here the host is refused, as the specification's words have it.
//!
//! # References
//! RFC 7672 section 2, RFC 8461 sections 2 and 5, RFC 8689 section 4.2.1.

use std::fmt;
use std::sync::Arc;

use crate::dane::Associations;

/// What the configuration asks for at a host.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Configured {
    /// `hosts_require_tls`, or `protocol = smtps`.
    pub require: bool,
    /// `hosts_avoid_tls`.
    pub avoid: bool,
    /// `hosts_require_dane`.
    pub require_dane: bool,
}

/// What came of looking for TLSA records.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Dane {
    /// Nobody looked: neither `hosts_try_dane` nor `hosts_require_dane` asks for it.
    #[default]
    NotAsked,
    /// The addresses of the host, or the MX records that name it, were not signed.
    InsecureHost,
    /// There are no signed records.
    Nothing,
    /// Not known now: the lookup failed, or its answer was forged.
    Failed,
    /// There are records, and none that can be used.
    Unusable,
    /// Records that a certificate can be held against.
    Usable(Arc<Associations>),
}

/// What the domain's MTA-STS policy says of the host.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MtaSts {
    /// Nobody looked.
    #[default]
    NotAsked,
    /// There is no policy, or it is `none`.
    Nothing,
    /// A policy that only wants to be told of failures.
    Testing {
        /// The host is one of those that the policy names.
        listed: bool,
    },
    /// A policy in force.
    Enforced {
        /// The host is one of those that the policy names.
        listed: bool,
    },
}

/// All that has a say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Inputs {
    /// The configuration.
    pub configured: Configured,
    /// TLSA records.
    pub dane: Dane,
    /// The domain's policy.
    pub mta_sts: MtaSts,
    /// The message came with REQUIRETLS.
    pub requiretls: bool,
    /// The message has no return path.
    pub bounce: bool,
    /// The message does without the promises of domains (`TLS-Required: No`).
    pub waived: bool,
    /// The MX records that name the host were signed, or none does: it is the domain itself, or the administrator's choice.
    pub secure_mx: bool,
}

/// What is done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// Speak in clear.
    Clear,
    /// Encrypt where that is offered; the certificate as the configuration says.
    Try,
    /// Encrypt or do without the host; the certificate as the configuration says.
    Encrypt,
    /// Encrypt, with a certificate that fits a TLSA record.
    EncryptByDane(Arc<Associations>),
    /// Encrypt, with a certificate for the host's name from an authority that the system trusts.
    EncryptByName,
    /// Do without the host for now.
    Defer(String),
    /// Give the message up.
    Fail(String),
}

/// What made the decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// Nobody asks for anything.
    Opportunistic,
    /// `hosts_avoid_tls`.
    HostsAvoidTls,
    /// `hosts_require_tls`, or `protocol = smtps`.
    HostsRequireTls,
    /// `hosts_require_dane`.
    HostsRequireDane,
    /// TLSA records.
    Tlsa,
    /// TLSA records that can't be used: encryption is promised, and nothing else (rfc7672#2.2).
    TlsaUnusable,
    /// TLSA records could not be looked up.
    TlsaUnknown,
    /// The domain's policy.
    MtaSts,
    /// The message.
    Requiretls,
    /// The message's header.
    Waived,
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Opportunistic => "nobody asks for more",
            Self::HostsAvoidTls => "hosts_avoid_tls",
            Self::HostsRequireTls => "hosts_require_tls or protocol",
            Self::HostsRequireDane => "hosts_require_dane",
            Self::Tlsa => "TLSA records (DANE)",
            Self::TlsaUnusable => "TLSA records that can't be used promise encryption alone",
            Self::TlsaUnknown => "TLSA records can't be looked up now",
            Self::MtaSts => "MTA-STS policy of the domain",
            Self::Requiretls => "REQUIRETLS of the message",
            Self::Waived => "TLS-Required: No of the message",
        })
    }
}

/// The decision about a host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    /// What is done.
    pub action: Action,
    /// What made it so.
    pub reason: Reason,
}

/// Decides what is asked of a host.
pub fn decide(inputs: &Inputs, host: &str) -> Decision {
    if inputs.waived && !inputs.requiretls {
        return waived(inputs, host);
    }
    by_dane(inputs, host)
        .or_else(|| by_mta_sts(inputs, host))
        .or_else(|| by_message(inputs))
        .unwrap_or_else(|| by_configuration(inputs))
}

/// What is left where the message waives DANE and MTA-STS: what the configuration requires (rfc8689#4.2.2).
fn waived(inputs: &Inputs, host: &str) -> Decision {
    if inputs.configured.require_dane
        && let Some(decision) = by_dane(inputs, host)
    {
        return decision;
    }
    let promised = matches!(inputs.dane, Dane::Failed | Dane::Unusable | Dane::Usable(_))
        || matches!(inputs.mta_sts, MtaSts::Enforced { .. });
    let decision = by_configuration(&Inputs { dane: Dane::NotAsked, ..inputs.clone() });
    let alone = promised && decision.reason == Reason::Opportunistic;
    if alone { Decision { reason: Reason::Waived, ..decision } } else { decision }
}

fn by_dane(inputs: &Inputs, host: &str) -> Option<Decision> {
    let required = inputs.configured.require_dane;
    let refused = |text: String| {
        required.then_some(Decision { action: Action::Fail(text), reason: Reason::HostsRequireDane })
    };
    match &inputs.dane {
        Dane::NotAsked => None,
        Dane::InsecureHost => refused(format!("DANE error: {host} lookup not DNSSEC")),
        Dane::Nothing => refused("DANE error: tlsa lookup FAIL".to_owned()),
        Dane::Unusable => refused("DANE error: no usable tlsa record".to_owned()),
        Dane::Failed => Some(Decision {
            action: Action::Defer("DANE error: tlsa lookup DEFER".to_owned()),
            reason: Reason::TlsaUnknown,
        }),
        Dane::Usable(records) => {
            Some(Decision { action: Action::EncryptByDane(Arc::clone(records)), reason: Reason::Tlsa })
        }
    }
}

fn by_mta_sts(inputs: &Inputs, host: &str) -> Option<Decision> {
    let MtaSts::Enforced { listed } = inputs.mta_sts else { return None };
    let action = if listed {
        Action::EncryptByName
    } else {
        // rfc8461#5.1: such a host is passed over; the message waits.
        Action::Defer(format!("MTA-STS error: {host} is not in the policy of the domain"))
    };
    Some(Decision { action, reason: Reason::MtaSts })
}

fn by_message(inputs: &Inputs) -> Option<Decision> {
    if !inputs.requiretls {
        return None;
    }
    // rfc8689#4.2.1: the name of the host has to be known for certain, by DNSSEC or by MTA-STS.
    let action = if inputs.secure_mx {
        Action::EncryptByName
    } else if inputs.bounce {
        // rfc8689#5: a bounce is not to be lost for it.
        return None;
    } else {
        Action::Fail("REQUIRETLS: neither DNSSEC nor MTA-STS vouches for the host".to_owned())
    };
    Some(Decision { action, reason: Reason::Requiretls })
}

fn by_configuration(inputs: &Inputs) -> Decision {
    let (action, reason) = match (&inputs.dane, inputs.configured) {
        (_, Configured { require: true, .. }) => (Action::Encrypt, Reason::HostsRequireTls),
        (Dane::Unusable, _) => (Action::Encrypt, Reason::TlsaUnusable),
        (_, Configured { avoid: true, .. }) => (Action::Clear, Reason::HostsAvoidTls),
        _ => (Action::Try, Reason::Opportunistic),
    };
    Decision { action, reason }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOST: &str = "mx.example";

    fn usable() -> Dane {
        let record = crate::Tlsa { usage: 3, selector: 1, matching: 1, association: &[7; 32] };
        Dane::Usable(Arc::new(Associations::usable([record], Vec::new()).unwrap()))
    }

    /// Configuration (`r`equire, `a`void, `d`ane), DANE, MTA-STS, REQUIRETLS, signed MX: what is done and why.
    #[test]
    fn who_has_the_say() {
        use MtaSts::{Enforced, NotAsked, Testing};
        let (listed, other) = (Enforced { listed: true }, Enforced { listed: false });
        let fail = |text: &str| Action::Fail(text.to_owned());
        let defer = |text: &str| Action::Defer(text.to_owned());
        let Dane::Usable(records) = usable() else { unreachable!() };
        let by_dane = || Action::EncryptByDane(Arc::clone(&records));
        let lookup = || defer("DANE error: tlsa lookup DEFER");
        let table: Vec<(&str, Dane, MtaSts, bool, bool, Action, Reason)> = vec![
            ("", Dane::NotAsked, NotAsked, false, false, Action::Try, Reason::Opportunistic),
            ("a", Dane::NotAsked, NotAsked, false, false, Action::Clear, Reason::HostsAvoidTls),
            ("r", Dane::NotAsked, NotAsked, false, false, Action::Encrypt, Reason::HostsRequireTls),
            ("", Dane::InsecureHost, NotAsked, false, false, Action::Try, Reason::Opportunistic),
            ("", Dane::Nothing, NotAsked, false, true, Action::Try, Reason::Opportunistic),
            ("", Dane::Unusable, NotAsked, false, true, Action::Encrypt, Reason::TlsaUnusable),
            ("a", Dane::Unusable, NotAsked, false, true, Action::Encrypt, Reason::TlsaUnusable),
            ("", Dane::Failed, NotAsked, false, true, lookup(), Reason::TlsaUnknown),
            ("", usable(), NotAsked, false, true, by_dane(), Reason::Tlsa),
            ("d", usable(), NotAsked, false, true, by_dane(), Reason::Tlsa),
            ("d", Dane::Failed, NotAsked, false, true, lookup(), Reason::TlsaUnknown),
            (
                "d",
                Dane::InsecureHost,
                NotAsked,
                false,
                false,
                fail("DANE error: mx.example lookup not DNSSEC"),
                Reason::HostsRequireDane,
            ),
            (
                "d",
                Dane::Nothing,
                NotAsked,
                false,
                true,
                fail("DANE error: tlsa lookup FAIL"),
                Reason::HostsRequireDane,
            ),
            (
                "d",
                Dane::Unusable,
                NotAsked,
                false,
                true,
                fail("DANE error: no usable tlsa record"),
                Reason::HostsRequireDane,
            ),
            ("", Dane::InsecureHost, listed, false, false, Action::EncryptByName, Reason::MtaSts),
            ("a", Dane::Nothing, listed, false, false, Action::EncryptByName, Reason::MtaSts),
            (
                "",
                Dane::InsecureHost,
                other,
                false,
                false,
                defer("MTA-STS error: mx.example is not in the policy of the domain"),
                Reason::MtaSts,
            ),
            ("", usable(), other, false, true, by_dane(), Reason::Tlsa),
            ("", Dane::Failed, listed, false, true, lookup(), Reason::TlsaUnknown),
            ("", Dane::Unusable, listed, false, true, Action::EncryptByName, Reason::MtaSts),
            ("", Dane::Nothing, Testing { listed: false }, false, true, Action::Try, Reason::Opportunistic),
            ("", usable(), NotAsked, true, true, by_dane(), Reason::Tlsa),
            ("", Dane::Nothing, listed, true, false, Action::EncryptByName, Reason::MtaSts),
            ("", Dane::Nothing, NotAsked, true, true, Action::EncryptByName, Reason::Requiretls),
            (
                "",
                Dane::InsecureHost,
                NotAsked,
                true,
                false,
                fail("REQUIRETLS: neither DNSSEC nor MTA-STS vouches for the host"),
                Reason::Requiretls,
            ),
        ];
        for (letters, dane, mta_sts, requiretls, secure_mx, action, reason) in table {
            let has = |letter: char| letters.contains(letter);
            let configured = Configured { require: has('r'), avoid: has('a'), require_dane: has('d') };
            let inputs = Inputs { configured, dane, mta_sts, requiretls, secure_mx, ..Inputs::default() };
            assert_eq!(decide(&inputs, HOST), Decision { action, reason }, "{inputs:?}");
        }
    }

    /// What a message that waives the promises of domains meets: configuration, DANE, MTA-STS, REQUIRETLS.
    #[test]
    fn what_can_be_waived() {
        let Dane::Usable(records) = usable() else { unreachable!() };
        let by_dane = || Action::EncryptByDane(Arc::clone(&records));
        let (enforced, none) = (MtaSts::Enforced { listed: false }, MtaSts::NotAsked);
        let table: Vec<(&str, Dane, MtaSts, bool, Action, Reason)> = vec![
            ("", Dane::Nothing, none, false, Action::Try, Reason::Opportunistic),
            ("", usable(), none, false, Action::Try, Reason::Waived),
            ("", Dane::Failed, none, false, Action::Try, Reason::Waived),
            ("", Dane::Unusable, none, false, Action::Try, Reason::Waived),
            ("", Dane::Nothing, enforced, false, Action::Try, Reason::Waived),
            ("a", usable(), none, false, Action::Clear, Reason::HostsAvoidTls),
            ("r", usable(), enforced, false, Action::Encrypt, Reason::HostsRequireTls),
            ("d", usable(), none, false, by_dane(), Reason::Tlsa),
            ("", usable(), none, true, by_dane(), Reason::Tlsa),
        ];
        for (letters, dane, mta_sts, requiretls, action, reason) in table {
            let has = |letter: char| letters.contains(letter);
            let configured = Configured { require: has('r'), avoid: has('a'), require_dane: has('d') };
            let inputs = Inputs {
                configured,
                dane,
                mta_sts,
                requiretls,
                bounce: false,
                waived: true,
                secure_mx: true,
            };
            assert_eq!(decide(&inputs, HOST), Decision { action, reason }, "{inputs:?}");
        }
    }

    /// A bounce of a message with REQUIRETLS: what vouches for the host counts, what is missing does not stop it.
    #[test]
    fn a_bounce_is_not_lost_for_its_promise() {
        let (listed, other) = (MtaSts::Enforced { listed: true }, MtaSts::Enforced { listed: false });
        for (letters, mta_sts, secure_mx, action, reason) in [
            ("", MtaSts::Nothing, false, Action::Try, Reason::Opportunistic),
            ("r", MtaSts::Nothing, false, Action::Encrypt, Reason::HostsRequireTls),
            ("", MtaSts::Nothing, true, Action::EncryptByName, Reason::Requiretls),
            ("", listed, false, Action::EncryptByName, Reason::MtaSts),
            (
                "",
                other,
                false,
                Action::Defer("MTA-STS error: mx.example is not in the policy of the domain".to_owned()),
                Reason::MtaSts,
            ),
        ] {
            let configured = Configured { require: letters == "r", ..Configured::default() };
            let inputs = Inputs {
                configured,
                mta_sts,
                secure_mx,
                requiretls: true,
                bounce: true,
                ..Inputs::default()
            };
            assert_eq!(decide(&inputs, HOST), Decision { action, reason }, "{inputs:?}");
        }
    }
}
