//! Any text is a list, and any subject is in it or not.
//!
//! The first byte chooses the kind of list, the subject follows up to a zero byte, the rest is the list. Tables for runs
//! of plain items and the scan item by item must agree: for text without capital letters and without regular
//! expressions, letters that matter change nothing.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use expand::env::{
    Command, CommandOutcome, Conversation, Datagram, FileStatus, Files, PamQuestion, PamVerdict,
    SocketFailure,
};
use expand::lookup::{Lookup, LookupAnswer, LookupRequest, LookupWorld};
use expand::{BareEnv, EvalError, Variable};
use mail_types::{Clean, SourceText, Span, Value};
use policy::list::{ListKind, MatchOptions, NamedList, NamedLists, Subject};

struct Same;

impl Lookup for Same {
    fn lookup(
        &self,
        request: &LookupRequest<'_>,
        _world: &mut LookupWorld<'_>,
    ) -> Result<LookupAnswer, EvalError> {
        match request.key.bytes() {
            [] => Ok(LookupAnswer::NotFound),
            [b'a'..=b'm', ..] => Ok(LookupAnswer::Found { data: request.key.clone(), captures: None }),
            [b'z', ..] => Err(EvalError::defer("later")),
            _ => Ok(LookupAnswer::NotFound),
        }
    }

    fn quote(&self, _: &str, _: &[u8], _: Option<&[u8]>) -> Option<Vec<u8>> {
        None
    }
}

/// Each file holds its own name.
struct Names;

impl Files for Names {
    fn status(&mut self, _path: &[u8]) -> io::Result<FileStatus> {
        Err(io::Error::from(io::ErrorKind::NotFound))
    }

    fn read(&mut self, path: &Clean, _limit: usize) -> io::Result<Vec<u8>> {
        Ok(path.bytes().to_vec())
    }

    fn run(&mut self, _command: &Command, _timeout: Duration) -> io::Result<CommandOutcome> {
        Err(io::Error::from(io::ErrorKind::Unsupported))
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

/// Gives one input to it.
pub(crate) fn run(input: &[u8]) {
    let Some((kind, rest)) = input.split_first() else { return };
    let Some(end) = rest.iter().position(|byte| *byte == 0) else { return };
    let (subject, list) = (&rest[..end], &rest[end + 1..]);
    if list.len() > 4096 {
        return;
    }
    let kind = match kind % 5 {
        0 => ListKind::Domain,
        1 => ListKind::Host,
        2 => ListKind::Address,
        3 => ListKind::LocalPart,
        _ => ListKind::String,
    };
    let lists = NamedLists::new();
    let text = SourceText::nowhere(list);
    lists.define(kind, b"l", NamedList { text, span: Span::NOWHERE, hidden: false, cached: false });
    let mut env = BareEnv::new();
    env.files = Box::new(Names);
    env.lookups = Some(Arc::new(Same));
    env.variables.insert(Variable::PrimaryHostname, Value::clean("mail.example"));
    let value = Value::tainted(subject);
    let subject = match kind {
        ListKind::Host => {
            Subject::address(std::str::from_utf8(subject).ok().and_then(|text| text.parse().ok()))
        }
        _ => Subject::Value(&value),
    };
    let text = Value::clean(list);
    let mut find = |caseful| {
        let found = lists.match_text(kind, subject, &text, MatchOptions { caseful }, &mut env);
        found.map(|found| (found.matched, found.item))
    };
    let found = find(false);
    let plain =
        !input.iter().any(|byte| byte.is_ascii_uppercase() || matches!(byte, b'^' | b'+' | b'/' | b';'));
    if plain {
        assert_eq!(found, find(true));
    }
}
