//! Working ahead: a second context that expands later texts while the first one is still at earlier ones (`-be`).
//!
//! # Invariants
//! * Expansions change something outside themselves only by what a context counts as an effect, or in its
//!   [`Scope`](expand::Scope). A context that works ahead refuses effects; whoever uses it throws away what it did from
//!   there on, and all of it if the first context had an effect or left another scope behind.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use expand::EvalError;
use expand::env::{
    Command, CommandOutcome, Conversation, Datagram, FileStatus, Files, PamQuestion, PamVerdict,
    SocketFailure,
};
use expand::lookup::Moment;
use mail_types::value::Clean;

use super::Context;

/// What a context keeps of effects.
#[derive(Debug, Default)]
pub(super) struct Effects {
    /// How many there were.
    count: u64,
    /// They are refused.
    refused: bool,
}

impl Context {
    /// A context of the same facts that refuses effects. What ACLs and authentication found out is not taken over.
    #[must_use]
    pub fn to_work_ahead(&self) -> Self {
        let mut ahead =
            Self::with_config(self.facts.clone(), Arc::clone(&self.config), Arc::clone(&self.services));
        ahead.effects.refused = true;
        ahead
    }

    /// How often something was asked for that may change the world, or what later expansions see: ACLs, commands and other
    /// uses of files, Perl, queries.
    pub fn effects(&self) -> u64 {
        self.effects.count
    }

    /// Lookups take files to stand still from this moment on; effects of this context begin another one.
    pub fn set_moment(&mut self, moment: Option<Moment>) {
        self.lookup_state.moment = moment;
    }

    /// Counts an effect; false when it is refused.
    pub(super) fn effect(&mut self) -> bool {
        self.effects.count += 1;
        if self.lookup_state.moment.is_some() {
            self.lookup_state.moment = Some(Moment::begin());
        }
        !self.effects.refused
    }
}

/// What a refused effect gives; nobody sees it.
pub(super) fn refused() -> EvalError {
    EvalError::defer("it is not its turn")
}

/// No files at all, for a context that works ahead.
pub(super) struct NoFiles;

fn no_file<T>() -> io::Result<T> {
    Err(io::ErrorKind::WouldBlock.into())
}

impl Files for NoFiles {
    fn status(&mut self, _path: &[u8]) -> io::Result<FileStatus> {
        no_file()
    }

    fn read(&mut self, _path: &Clean, _limit: usize) -> io::Result<Vec<u8>> {
        no_file()
    }

    fn run(&mut self, _command: &Command, _timeout: Duration) -> io::Result<CommandOutcome> {
        no_file()
    }

    fn converse(&mut self, _asked: &Conversation, _limit: usize) -> Result<Vec<u8>, SocketFailure> {
        Err(SocketFailure::NoService)
    }

    fn exchange(&mut self, _asked: &Datagram, _limit: usize) -> Result<Vec<u8>, SocketFailure> {
        Err(SocketFailure::NoService)
    }

    fn pam(&mut self, _asked: &PamQuestion) -> PamVerdict {
        PamVerdict::Failed("there is no PAM here".to_owned())
    }

    fn environment(&mut self, _name: &[u8]) -> Option<Vec<u8>> {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::context::tests::bare_context;

    fn effects(context: &mut Context, text: &str) -> u64 {
        let before = context.effects();
        // Failing is as good as a value here.
        let _ = expand::expand_once(text.as_bytes(), context);
        context.effects() - before
    }

    #[test]
    fn what_reaches_outside_is_counted_and_refused_ahead() {
        let mut context = bare_context();
        let mut ahead = context.to_work_ahead();
        let with = [
            "${run{/bin/true}}",
            "${if exists{/}{a}{b}}",
            "${readfile{/dev/null}}",
            "${stat:/}",
            "${acl{none}}",
            "${perl{none}}",
            "${lookup passwd{root}}",
            "${lookup sqlite,file=/nowhere {select 1}}",
            "${if match_domain{a}{/nowhere/list}{a}{b}}",
            "${env{PATH}}",
            "${if pam{a:b}{c}{d}}",
        ];
        for text in with {
            assert!(effects(&mut context, text) > 0, "{text}");
            assert!(effects(&mut ahead, text) > 0, "{text}");
        }
        let run = |context: &mut Context| {
            expand::expand_once(b"${run{/bin/echo said}}", context).map(|value| value.to_lossy())
        };
        assert_eq!(run(&mut context), Ok("said\n".to_owned()));
        assert_ne!(run(&mut ahead), Ok("said\n".to_owned()));
        let without = [
            "${lc:A}",
            "${if match{a}{a}{$0}}",
            "${lookup{a}lsearch{/dev/null}}",
            "${if match_domain{a}{a:b}{a}{b}}",
            "$primary_hostname",
            "${md5:x}",
        ];
        for text in without {
            assert_eq!(effects(&mut context, text), 0, "{text}");
            assert_eq!(effects(&mut ahead, text), 0, "{text}");
        }
    }
}
