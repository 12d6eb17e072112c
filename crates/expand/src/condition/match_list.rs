//! `match_domain`, `match_address`, `match_ip`, `match_local_part`.
//!
//! # Compatibility
//! The list is not expanded here: dollar signs stand for themselves, only backslashes are undone. What the list engine
//! expands later is its own affair.

use crate::EvalError;
use crate::env::ListKind;
use crate::eval::{Machine, Mode};
use crate::flow::{Role, Slot, Visit};
use crate::ip;
use crate::parse::Parser;
use crate::tree::{Broken, Sequence, Test};

#[derive(Debug)]
struct MatchList {
    kind: ListKind,
    subject: Sequence,
    list: Result<Sequence, Broken>,
}

/// Reads one of them.
pub(super) fn parse(parser: &mut Parser<'_>, name: &str, kind: ListKind) -> Box<dyn Test> {
    parser.may_block = true;
    let subject = match super::one_argument(parser, name) {
        Ok(subject) => subject,
        Err(broken) => return Box::new(broken),
    };
    let list = if parser.stopped { Ok(Sequence::default()) } else { parse_list(parser, name) };
    Box::new(MatchList { kind, subject, list })
}

fn parse_list(parser: &mut Parser<'_>, name: &str) -> Result<Sequence, Broken> {
    parser.skip_space();
    if parser.peek() == Some(b'{') {
        Ok(parser.braced_plain())
    } else {
        Err(parser.fail(format!("missing 2nd string in {{}} after \"{name}\"")))
    }
}

impl Test for MatchList {
    fn parts(&self, visit: Visit<'_>) {
        // What items of these lists capture is of the subject.
        let captures = matches!(self.kind, ListKind::Domain | ListKind::LocalPart);
        visit(if captures { Role::Given(Slot::Captures) } else { Role::Inside }, &self.subject);
    }

    fn is_quiet(&self) -> bool {
        self.subject.is_quiet() && self.list.as_ref().is_ok_and(Sequence::is_quiet)
    }

    fn test(&self, machine: &mut Machine<'_>, mode: Mode) -> Result<bool, EvalError> {
        let subject = machine.operand(&self.subject, mode)?;
        let list = match &self.list {
            Ok(list) => machine.operand(list, mode)?,
            Err(broken) => return broken.raise(),
        };
        if mode.is_skip() {
            return Ok(false);
        }
        if self.kind == ListKind::Host && !subject.is_empty() && ip::parse(subject.bytes()).is_none() {
            return Err(EvalError::failed(format!("\"{}\" is not an IP address", subject.to_lossy())));
        }
        machine.time_left()?;
        machine.env.match_list(self.kind, &subject, &list).map_err(|error| {
            let told =
                format!("unable to complete match against \"{}\": {}", list.to_lossy(), error.message());
            error.retold(told)
        })
    }
}
