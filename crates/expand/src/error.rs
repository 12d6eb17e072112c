//! How an expansion can end without a value.
//!
//! # Compatibility
//! The texts are Exim's own: callers put them into replies and log lines as Exim does
//! (`failed to expand ...: <message>`).

use std::fmt::{self, Write as _};

use mail_types::diagnostic::Span;

/// The three ways an expansion fails, each handled differently by the options that use it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EvalError {
    /// `{...}fail`: the administrator asked for it. Many options then behave as if they were unset.
    Forced {
        /// Exim's text, as `-be` prints it.
        message: String,
    },
    /// The text is wrong, or something it needs failed.
    Failed {
        /// Exim's text.
        message: String,
        /// Where in the configuration, when known.
        span: Option<Span>,
    },
    /// A lookup could not be done now; trying later may help.
    Defer {
        /// Exim's text.
        message: String,
    },
}

impl EvalError {
    /// A failure whose place is filled in by the evaluator.
    pub fn failed(message: impl Into<String>) -> Self {
        Self::Failed { message: message.into(), span: None }
    }

    /// A temporary failure.
    pub fn defer(message: impl Into<String>) -> Self {
        Self::Defer { message: message.into() }
    }

    /// Exim's text.
    pub fn message(&self) -> &str {
        match self {
            Self::Forced { message } | Self::Failed { message, .. } | Self::Defer { message } => message,
        }
    }

    /// The same failure with more words behind its text.
    #[must_use]
    pub fn and(self, words: impl fmt::Display) -> Self {
        let mut message = String::with_capacity(2 * self.message().len());
        message.push_str(self.message());
        // What is written to memory cannot fail.
        let _ = write!(message, "{words}");
        self.retold(message)
    }

    /// The same kind of failure with another text.
    #[must_use]
    pub fn retold(self, message: String) -> Self {
        match self {
            Self::Forced { .. } => Self::Forced { message },
            Self::Failed { span, .. } => Self::Failed { message, span },
            Self::Defer { .. } => Self::Defer { message },
        }
    }

    /// True for `{...}fail`.
    pub fn is_forced(&self) -> bool {
        matches!(self, Self::Forced { .. })
    }

    /// Adds the place, unless an inner part already gave a more exact one.
    #[must_use]
    pub fn at(self, place: impl FnOnce() -> Span) -> Self {
        match self {
            Self::Failed { message, span: None } => Self::Failed { message, span: Some(place()) },
            other => other,
        }
    }
}

impl fmt::Display for EvalError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.message())
    }
}

impl std::error::Error for EvalError {}
