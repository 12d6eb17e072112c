//! What an ACL waits for: delays, DNS questions, verifications.

use mail_types::dns::DnsFailure;
use mail_types::value::Value;
use policy::acl::{AclEffect, AclEffectAnswer, Verified, VerifyResult};

use crate::context::Context;
use crate::services::waiting;
use crate::verify::{address, arc, csa, dmarc, helo, reverse_host_lookup, spf};

/// Perform an effect.
pub async fn perform(effect: &AclEffect, context: &mut Context) -> AclEffectAnswer {
    match effect {
        AclEffect::Delay(time) => {
            tokio::time::sleep(*time).await;
            AclEffectAnswer::Done
        }
        AclEffect::Dns { name, rtype } => {
            let answer = context.dns().query(name, *rtype).await;
            context.tell_failed_lookups();
            AclEffectAnswer::Dns(answer)
        }
        AclEffect::CheckDmarc => AclEffectAnswer::Result(
            context.on_pool(|context| waiting(|| dmarc::check(context))).await.unwrap_or("temperror"),
        ),
        AclEffect::CheckSpf { guess } => {
            let checked = context.on_pool(|context| spf::check(*guess, context)).await;
            AclEffectAnswer::Result(checked.unwrap_or("temperror"))
        }
        AclEffect::VerifyArc => AclEffectAnswer::Result(
            context.on_pool(|context| waiting(|| arc::verify(context))).await.unwrap_or("fail"),
        ),
        AclEffect::VerifyAddress(request) => {
            AclEffectAnswer::Verified(address::verify(request, context).await)
        }
        AclEffect::VerifyCsa(name) => {
            let name = name.clone().map(Value::into_bytes);
            let verified = context.on_pool(|context| csa::verify(name.as_deref(), context)).await;
            // Nobody is refused for what cannot be found out.
            AclEffectAnswer::Verified(verified.unwrap_or_default())
        }
        AclEffect::VerifyHelo => {
            let verified = context.on_pool(helo::verify).await;
            AclEffectAnswer::Verified(result(verified))
        }
        AclEffect::VerifyHostName => {
            let verified = context.on_pool(reverse_host_lookup::verify).await;
            AclEffectAnswer::Verified(verified.unwrap_or_else(|| result(None)))
        }
    }
}

/// Perform an effect where nothing can be awaited: an ACL that an expansion called.
///
/// This needs the server's runtime, with more than one thread; elsewhere (a child process without a runtime) what
/// would have to be awaited counts as not to be found out now.
pub fn perform_blocking(effect: &AclEffect, context: &mut Context) -> AclEffectAnswer {
    let handle = tokio::runtime::Handle::try_current();
    match handle {
        Ok(handle) if handle.runtime_flavor() == tokio::runtime::RuntimeFlavor::MultiThread => {
            tokio::task::block_in_place(|| handle.block_on(perform(effect, context)))
        }
        _ => match effect {
            AclEffect::Delay(_) => AclEffectAnswer::Done,
            AclEffect::Dns { .. } => AclEffectAnswer::Dns(Err(DnsFailure::Unreachable)),
            AclEffect::CheckSpf { .. } | AclEffect::CheckDmarc => AclEffectAnswer::Result("temperror"),
            AclEffect::VerifyArc => AclEffectAnswer::Result("fail"),
            AclEffect::VerifyCsa(_) => AclEffectAnswer::Verified(Verified::default()),
            AclEffect::VerifyAddress(_) | AclEffect::VerifyHelo | AclEffect::VerifyHostName => {
                AclEffectAnswer::Verified(result(None))
            }
        },
    }
}

fn result(verified: Option<VerifyResult>) -> Verified {
    Verified { result: verified.unwrap_or(VerifyResult::Defer), ..Verified::default() }
}
