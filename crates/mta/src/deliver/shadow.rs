//! Shadow transports: a second delivery of what a local transport has delivered, whatever comes of it.
//!
//! # Invariants
//! * The delivery itself is in the journal before its shadow begins.
//! * What a shadow does changes nothing but the `ST=` of the log line. A shadow has no shadow.
//!
//! # Compatibility
//! Options `shadow_transport`, `shadow_condition`; texts observed with Exim 4.96.

use std::fs::File;
use std::sync::Arc;

use config::options::transport::generic as options;
use expand::EvalError;
use mail_types::bytes::Printable;
use mail_types::outcome::Verdict;

use super::run::Run;
use crate::services::local_agent::{LocalReply, LocalRequest, LocalResult};

impl Run {
    /// The name of a transport's shadow.
    pub(super) fn shadow_of(&self, transport: &str) -> Option<String> {
        let name = self.config.transport(transport)?.options.get(options::SHADOW_TRANSPORT)?;
        Some(String::from_utf8_lossy(name).into_owned())
    }

    /// Runs the shadow of a delivery for the addresses that were delivered. Gives what the log line of each address
    /// says about it.
    pub(super) async fn shadow(
        &mut self,
        request: LocalRequest,
        shadow: &str,
        reply: &LocalReply,
    ) -> Vec<Option<Vec<u8>>> {
        let mut shown = vec![None; reply.results.len()];
        let delivered: Vec<usize> = reply
            .results
            .iter()
            .enumerate()
            .filter(|(_, result)| matches!(result.verdict, Verdict::Accept | Verdict::Discard))
            .map(|(at, _)| at)
            .collect();
        if delivered.is_empty() || !self.wants_shadow(&request.transport).await {
            return shown;
        }
        let addresses = delivered.iter().filter_map(|at| request.addresses.get(*at).cloned()).collect();
        let request = LocalRequest { transport: shadow.to_owned(), addresses, ..request };
        let data = match self.data.duplicate() {
            Ok(data) => File::from(data),
            Err(error) => {
                let text = format!("{shadow} (cannot open the message: {error})").into_bytes();
                for at in delivered {
                    shown[at] = Some(text.clone());
                }
                return shown;
            }
        };
        let agent = Arc::clone(&self.services.local_agent);
        let results = agent.deliver(request, data).await.results;
        for (at, result) in delivered.into_iter().zip(&results) {
            shown[at] = Some(shown_result(shadow, result));
        }
        shown
    }

    /// `shadow_condition`. One that cannot be expanded is logged, and counts as false.
    async fn wants_shadow(&mut self, transport: &str) -> bool {
        let config = Arc::clone(&self.config);
        let Some(instance) = config.transport(transport) else { return false };
        let Some(condition) = instance.options.get(options::SHADOW_CONDITION) else { return true };
        match self.context.on_pool(|context| condition.eval(context)).await {
            Some(Ok(value)) => {
                !matches!(value.bytes().to_ascii_lowercase().as_slice(), b"" | b"0" | b"no" | b"false")
            }
            Some(Err(EvalError::Forced { .. })) | None => false,
            Some(Err(error)) => {
                let source = Printable::new(&condition.source().bytes);
                let text = format!(
                    "failed to expand condition \"{source}\" for {transport} transport: {}",
                    error.message()
                );
                self.log_text(text.into_bytes(), true);
                false
            }
        }
    }
}

/// The name, and in parentheses why it did not succeed.
fn shown_result(shadow: &str, result: &LocalResult) -> Vec<u8> {
    let mut text = shadow.as_bytes().to_vec();
    if matches!(result.verdict, Verdict::Accept | Verdict::Discard) {
        return text;
    }
    let system = (result.errno > 0).then(|| crate::route::errno_text(result.errno).into_bytes());
    let parts: Vec<_> = system.into_iter().chain(result.message.clone()).collect();
    text.extend_from_slice(b" (");
    text.extend_from_slice(&parts.join(&b": "[..]));
    text.push(b')');
    text
}
