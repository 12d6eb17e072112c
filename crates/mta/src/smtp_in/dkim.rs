//! After the data, before the DATA ACL: signatures are verified, and the DKIM ACL is run for each signer.
//!
//! # Invariants
//! * A signer is run once, however often the option names it; a signer with several signatures once for each.
//!
//! # Security
//! Signers come from the message; the ACL sees them as tainted values.
//!
//! # Failure
//! Keys that the DNS does not give now make a signature `invalid` (`pubkey_unavailable`); the ACL decides what follows.
//!
//! # Compatibility
//! Specification, "The SMTP DKIM ACL" and "Verifying DKIM signatures in incoming mail". Options `acl_smtp_dkim`,
//! `dkim_verify_signers`.

use config::options::main;
use observe::event::Rejected;
use observe::{Event, Selector, Streams};
use policy::acl::{AclOutcome, AclPlace, AclVerdict};
use policy::list::split;
use sender_auth::dkim::verify::Verdict;
use smtp_proto::server::Answer;
use tokio::io::{AsyncRead, AsyncWrite};

use super::session::Session;
use crate::acl;
use crate::context::Context;
use crate::context::dkim::method_result;
use crate::services::waiting;

/// What the runs of the DKIM ACL came to.
pub(super) enum Signed {
    /// The message goes on.
    Accepted,
    /// The message is thrown away, with this text for the log.
    Discarded(Option<Vec<u8>>),
    /// The answer to the client.
    Refused(Answer),
}

impl<S: AsyncRead + AsyncWrite + Unpin> Session<'_, S> {
    /// Verifies the signatures of the message that has arrived and runs the ACL.
    pub(super) async fn dkim(&mut self) -> Signed {
        let Some((verifier, hashes)) = self.context.dkim.arrived.take() else {
            return if self.context.wishes.message.dkim_disable_verify {
                Signed::Accepted
            } else {
                self.signers().await
            };
        };
        if verifier.excess {
            note(
                b"DKIM: Error during validation, disabling signature verification: EXCESS_SIGS",
                &self.context,
            );
            return Signed::Accepted;
        }
        let verified = self.context.on_pool(|context| {
            let dns = std::sync::Arc::clone(context.blocking_dns());
            let verified = waiting(|| verifier.verify(&hashes, dns.as_ref()));
            context.tell_failed_lookups();
            verified
        });
        self.context.dkim.results = verified.await.unwrap_or_default();
        log_notes(&self.context);
        let results = self.context.dkim.results.iter().map(method_result);
        self.context.sender_auth.dkim = results.collect();
        self.signers().await
    }

    async fn signers(&mut self) -> Signed {
        if !self.context.config.main.is_set(main::ACL_SMTP_DKIM) {
            for index in 0..self.context.dkim.results.len() {
                processed(index, &mut self.context);
            }
            return Signed::Accepted;
        }
        let signers = match self.context.on_pool(signers_of_option).await {
            Some(Ok(signers)) => signers,
            Some(Err(error)) => {
                self.context.log_problem(error);
                return Signed::Accepted;
            }
            None => return Signed::Refused(super::connect::unavailable()),
        };
        let mut statuses: Vec<Vec<u8>> = Vec::new();
        for signer in signers {
            let signatures = self.context.dkim.of_signer(&signer);
            self.context.dkim.cur_signer = Some(signer);
            let runs: Vec<Option<usize>> =
                if signatures.is_empty() { vec![None] } else { signatures.into_iter().map(Some).collect() };
            for index in runs {
                self.context.dkim.select(index);
                let verdict = self.run_acl(AclPlace::Dkim).await;
                self.obey_connection_controls();
                if let Some(index) = index {
                    processed(index, &mut self.context);
                }
                statuses.extend(self.context.dkim.status.clone());
                if let Some(end) = verdict.and_then(|verdict| self.dkim_verdict(&verdict)) {
                    return end;
                }
            }
        }
        if !statuses.is_empty() {
            self.context.dkim.status = Some(statuses.join(&b':'));
        }
        Signed::Accepted
    }

    /// What a verdict means; none when the next run may begin.
    fn dkim_verdict(&mut self, verdict: &AclVerdict) -> Option<Signed> {
        match verdict.outcome {
            AclOutcome::Accept => None,
            AclOutcome::Discard => Some(Signed::Discarded(acl::discard_text(verdict))),
            _ => {
                let reply = acl::refuse(verdict, Rejected::Dkim, 550, &mut self.context);
                self.note_drop(verdict);
                self.abnormal |= acl::drops(verdict);
                Some(Signed::Refused(if acl::drops(verdict) {
                    Answer::Close(reply)
                } else {
                    Answer::Refuse(reply)
                }))
            }
        }
    }
}

/// The option's signers, each once.
fn signers_of_option(context: &mut Context) -> Result<Vec<Vec<u8>>, String> {
    let config = std::sync::Arc::clone(&context.config);
    let Some(text) = config.main.get(main::DKIM_VERIFY_SIGNERS) else { return Ok(Vec::new()) };
    let list = context
        .eval(text)
        .map_err(|error| format!("expansion of dkim_verify_signers option failed: {}", error.message()))?;
    let mut signers: Vec<Vec<u8>> = Vec::new();
    for item in split(list.as_ref().map_or(&b""[..], |list| list.bytes())) {
        if !item.bytes.is_empty() && !signers.contains(&item.bytes) {
            signers.push(item.bytes);
        }
    }
    Ok(signers)
}

/// A signature has had its run: its line, and whether it counts as passed.
fn processed(index: usize, context: &mut Context) {
    if context.logs(Selector::DkimVerbose)
        && let Some(line) = context.dkim.verbose_line(index)
    {
        note(&line, context);
    }
    let dkim = &mut context.dkim;
    let Some(result) = dkim.results.get(index) else { return };
    let passed = match &dkim.status {
        Some(status) if dkim.current == Some(index) => status == b"pass",
        _ => result.verdict == Verdict::Pass,
    };
    if passed {
        dkim.passed = Some(result.signature.domain.clone());
    }
}

/// The lines about single signatures that come before everything; what a verification says only when none passed.
fn log_notes(context: &Context) {
    const VALIDATION: &[u8] = b"DKIM: validation error:";
    let results = &context.dkim.results;
    let any_passed = results.iter().any(|result| result.verdict == Verdict::Pass);
    let mut last = None;
    for line in results.iter().flat_map(|result| result.verdict.log_notes(&result.signature)) {
        if line.starts_with(VALIDATION) {
            last = Some(line);
        } else {
            note(&line, context);
        }
    }
    if let Some(line) = last.filter(|_| !any_passed) {
        note(&line, context);
    }
}

fn note(text: &[u8], context: &Context) {
    context.log_event(&Event::Text { text: text.to_vec(), streams: Streams::MAIN });
}
