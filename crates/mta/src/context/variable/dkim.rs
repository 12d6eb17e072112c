//! Variables about signatures and chains.
//!
//! # Compatibility
//! Specification, "Verifying DKIM signatures in incoming mail"; the constants of what is unset are the oracle's.

use config::options::main;
use expand::variable::Variable;
use sender_auth::arc::verify::ArcResult;
use sender_auth::dkim::signature::Signature;
use sender_auth::dkim::verify::SignatureResult;

use super::{Family, clean, number, tainted};
use crate::context::Context;

/// What stands for "no limit".
const NO_LIMIT: u64 = 9_999_999_999_999;

pub(super) fn value(context: &mut Context, variable: Variable) -> Family {
    if let Some(answer) = of_chain(variable, context.arc.result.as_ref()) {
        return Some(answer);
    }
    let dkim = &context.dkim;
    if let Some((domain, selector)) = &dkim.signing {
        match variable {
            Variable::DkimDomain => return Some(Ok(clean(domain.clone()))),
            Variable::DkimSelector => return Some(Ok(clean(selector.clone()))),
            _ => {}
        }
    }
    let result = dkim.current.and_then(|index| dkim.results.get(index));
    Some(Ok(match variable {
        Variable::DkimCurSigner => dkim.cur_signer.clone().and_then(tainted),
        Variable::DkimSigners => tainted(dkim.signers().join(&b':')),
        Variable::DkimVerifyStatus => dkim.status.clone().and_then(clean),
        Variable::DkimVerifyReason => dkim.reason.clone().and_then(clean),
        Variable::DkimVerifySigners => {
            let text = context.config.main.get(main::DKIM_VERIFY_SIGNERS);
            text.map(|text| text.source().bytes.to_vec()).and_then(clean)
        }
        other => {
            return of_signature(other, result.map(|result| &result.signature))
                .or_else(|| of_key(other, result));
        }
    }))
}

/// What `verify = arc` found.
fn of_chain(variable: Variable, result: Option<&ArcResult>) -> Family {
    Some(Ok(match variable {
        Variable::ArcState => result.and_then(|found| clean(found.state.name())),
        Variable::ArcStateReason => result.and_then(|found| found.reason.clone()).and_then(clean),
        Variable::ArcDomains => result.and_then(|found| {
            let domains: Vec<&[u8]> =
                found.domains.iter().map(|domain| domain.as_deref().unwrap_or_default()).collect();
            tainted(domains.join(&b':'))
        }),
        Variable::ArcOldestPass => number(result.map_or(0, ArcResult::oldest_pass)),
        _ => return None,
    }))
}

/// What the field says.
fn of_signature(variable: Variable, signature: Option<&Signature>) -> Family {
    let text = |choose: fn(&Signature) -> Option<Vec<u8>>| signature.and_then(choose).and_then(tainted);
    Some(Ok(match variable {
        Variable::DkimDomain => text(|signature| Some(signature.domain.clone())),
        Variable::DkimSelector => text(|signature| signature.selector.clone()),
        Variable::DkimIdentity => text(|signature| signature.identity.clone()),
        Variable::DkimAlgo => text(|signature| Some(signature.algorithm().into_bytes())),
        Variable::DkimCanonBody => text(|signature| Some(signature.body_canon.name().into())),
        Variable::DkimCanonHeaders => text(|signature| Some(signature.header_canon.name().into())),
        Variable::DkimCopiedheaders => text(|signature| signature.copied_headers.clone()),
        Variable::DkimHeadernames => text(|signature| Some(signature.header_names.join(&b':'))),
        Variable::DkimBodylength => number(signature.and_then(|found| found.body_length).unwrap_or(NO_LIMIT)),
        Variable::DkimCreated => number(signature.and_then(|found| found.created).unwrap_or(0)),
        Variable::DkimExpires => number(signature.and_then(|found| found.expires).unwrap_or(NO_LIMIT)),
        _ => return None,
    }))
}

/// What the key record says.
fn of_key(variable: Variable, result: Option<&SignatureResult>) -> Family {
    let key = result.and_then(|result| result.key.as_ref());
    Some(Ok(match variable {
        Variable::DkimKeyGranularity => tainted(key.map_or(b"*".to_vec(), |key| key.granularity.clone())),
        Variable::DkimKeySrvtype => tainted(key.map_or(b"*".to_vec(), |key| key.services.clone())),
        Variable::DkimKeyNotes => key.map(|key| key.notes.clone()).and_then(tainted),
        Variable::DkimKeyTesting => number(u8::from(key.is_some_and(|key| key.testing))),
        Variable::DkimKeyNosubdomains => number(u8::from(key.is_some_and(|key| key.no_subdomains))),
        Variable::DkimKeyLength => number(result.map_or(0, |result| result.key_bits)),
        _ => return None,
    }))
}
