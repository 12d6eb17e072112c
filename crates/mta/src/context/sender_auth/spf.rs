//! What the SPF check of a message's sender came to.

use sender_auth::authres::MethodResult;
use sender_auth::spf::{SpfIdentity, SpfOutcome};

/// What the check of this message's sender came to.
#[derive(Debug, Clone)]
pub struct SpfChecked {
    /// The result.
    pub outcome: SpfOutcome,
    /// `$spf_received`.
    pub received: Vec<u8>,
    /// `$spf_header_comment`.
    pub header_comment: Vec<u8>,
    /// Asked for by `spf_guess`.
    pub(crate) guess: bool,
}

impl SpfChecked {
    /// What Authentication-Results says.
    pub fn method_result(&self) -> MethodResult {
        let outcome = &self.outcome;
        let property = match outcome.identity {
            SpfIdentity::MailFrom => "smtp.mailfrom",
            SpfIdentity::Helo => "smtp.helo",
        };
        let comment: &[u8] = if outcome.guessed { b"best guess record for domain" } else { b"" };
        let result = MethodResult::new("spf", outcome.verdict.word()).comment(comment);
        result.property(property, outcome.domain.clone())
    }
}
