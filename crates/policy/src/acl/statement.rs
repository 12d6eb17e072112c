//! The compiled form of an ACL.
//!
//! # Invariants
//! * A compiled ACL with errors in its diagnostics is not run: the configuration that holds it is refused.

use std::sync::Arc;

use expand::flow::Source;
use expand::variable::AclScope;
use expand::{Expansion, Variable};
use mail_types::diagnostic::{Diagnostic, Severity, SourceText, Span};

use super::condition::{Kind, Row};
use super::{AclPlace, Places, parse};
use crate::list::{List, ListKind, NamedLists};

/// What a statement does when its conditions hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Verb {
    /// `accept`.
    Accept,
    /// `defer`.
    Defer,
    /// `deny`.
    Deny,
    /// `discard`.
    Discard,
    /// `drop`.
    Drop,
    /// `require`.
    Require,
    /// `warn`.
    Warn,
}

/// A compiled ACL.
#[derive(Clone, Debug)]
pub struct Acl {
    name: Vec<u8>,
    span: Span,
    pub(crate) statements: Vec<Statement>,
    may_block: bool,
}

/// A verb with its conditions and modifiers, in order.
#[derive(Clone, Debug)]
pub(crate) struct Statement {
    pub(crate) verb: Verb,
    pub(crate) span: Span,
    pub(crate) parts: Vec<Part>,
}

/// One condition or modifier.
#[derive(Clone, Debug)]
pub(crate) struct Part {
    pub(crate) negated: bool,
    pub(crate) row: &'static Row,
    pub(crate) argument: Argument,
}

/// What stands after the equals sign.
#[derive(Clone, Debug)]
pub(crate) enum Argument {
    /// `endpass` has none.
    Nothing,
    /// A text that is expanded.
    Text(Expansion),
    /// A list whose text is always the same.
    List(Arc<List>),
    /// A list that is expanded first.
    ListText(Expansion, ListKind),
    /// `set`.
    Set(SetVariable, Expansion),
    /// `acl`: its name and its arguments.
    Call(Expansion, Vec<Expansion>),
}

/// What `set` sets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum SetVariable {
    /// `acl_c...`, `acl_m...`.
    Acl(AclScope, Vec<u8>),
    /// `dkim_verify_status`, `dkim_verify_reason`.
    Dkim(Variable),
}

impl Acl {
    /// Compiles an ACL from its logical lines. Errors are in the diagnostics; an ACL with errors must not be run.
    pub fn compile(
        name: &[u8],
        span: Span,
        lines: &[SourceText],
        lists: &NamedLists,
    ) -> (Self, Vec<Diagnostic>) {
        let mut diagnostics = Vec::new();
        let statements = parse::statements(lines, lists, &mut diagnostics);
        let parts = statements.iter().flat_map(|statement| &statement.parts);
        let may_block = parts.clone().any(Part::may_block);
        (Self { name: name.to_vec(), span, statements, may_block }, diagnostics)
    }

    /// Compiles text that was born at run time. The error is Exim's text.
    pub(crate) fn compile_text(name: &[u8], text: &[u8], lists: &NamedLists) -> Result<Self, String> {
        let (acl, diagnostics) = Self::compile(name, Span::NOWHERE, &parse::logical_lines(text), lists);
        let error = diagnostics.into_iter().find(|found| found.severity == Severity::Error);
        match error {
            Some(error) => {
                let text = error.exim_text.unwrap_or(error.message);
                Err(text.strip_prefix(parse::PREFIX).map_or(text.clone(), str::to_owned))
            }
            None => Ok(acl),
        }
    }

    /// Its name.
    pub fn name(&self) -> &[u8] {
        &self.name
    }

    /// Where it is defined.
    pub fn span(&self) -> Span {
        self.span
    }

    /// The texts that are expanded, in order, each with the variable of which `$1` is a part there.
    pub fn texts(&self) -> impl Iterator<Item = (&Expansion, Option<Source>)> {
        self.parts_in_turn().flat_map(|(part, captured)| {
            let texts = match &part.argument {
                Argument::Nothing | Argument::List(_) => Vec::new(),
                Argument::Text(text) | Argument::ListText(text, _) | Argument::Set(_, text) => vec![text],
                Argument::Call(name, arguments) => std::iter::once(name).chain(arguments).collect(),
            };
            texts.into_iter().map(move |text| (text, captured.map(Source::Variable)))
        })
    }

    /// What its `set` modifiers give to variables: scope, the name after the scope's letter, and the text, with the
    /// variable of which `$1` is a part there.
    pub fn assignments(&self) -> impl Iterator<Item = (AclScope, &[u8], &Expansion, Option<Source>)> {
        self.parts_in_turn().filter_map(|(part, captured)| match &part.argument {
            Argument::Set(SetVariable::Acl(scope, name), text) => {
                Some((*scope, name.as_slice(), text, captured.map(Source::Variable)))
            }
            _ => None,
        })
    }

    /// All parts; with each, what `$1` is a part of when it is reached.
    fn parts_in_turn(&self) -> impl Iterator<Item = (&Part, Option<Variable>)> {
        self.statements.iter().flat_map(|statement| {
            statement.parts.iter().scan(None, |captured, part| {
                let before = *captured;
                *captured = part.captured(before);
                Some((part, before))
            })
        })
    }

    /// Whether a step may wait for something outside (lookups, files, commands), so that it belongs on the blocking
    /// pool.
    pub fn may_block(&self) -> bool {
        self.may_block
    }
}

impl Part {
    /// What `$1` is a part of after the condition held, if it was a part of `before` until then.
    fn captured(&self, before: Option<Variable>) -> Option<Variable> {
        let subject = match self.row.kind {
            Kind::Domains => Variable::Domain,
            Kind::LocalParts => Variable::LocalPart,
            Kind::SenderDomains => Variable::SenderAddressDomain,
            Kind::Senders | Kind::Recipients => return None,
            _ => return before,
        };
        let Argument::List(list) = &self.argument else { return None };
        (!self.negated && list.captures()).then_some(subject)
    }

    fn may_block(&self) -> bool {
        match &self.argument {
            Argument::Nothing => false,
            // Another ACL may do anything.
            Argument::Call(..) => true,
            Argument::Text(text) | Argument::Set(_, text) => text.may_block(),
            Argument::List(list) => list.may_block(),
            Argument::ListText(..) => true,
        }
    }
}

impl Verb {
    /// Finds a verb by name.
    pub(crate) fn find(name: &[u8]) -> Option<Self> {
        Some(match name {
            b"accept" => Self::Accept,
            b"defer" => Self::Defer,
            b"deny" => Self::Deny,
            b"discard" => Self::Discard,
            b"drop" => Self::Drop,
            b"require" => Self::Require,
            b"warn" => Self::Warn,
            _ => return None,
        })
    }

    /// Exim's text when the verb makes no sense in a place.
    pub(crate) fn refusal(self, place: AclPlace) -> Option<String> {
        let places = match self {
            Self::Discard => DISCARDING,
            Self::Drop => {
                Places::all_but(&[AclPlace::NotSmtp, AclPlace::NotSmtpStart, AclPlace::NotSmtpMime])
            }
            _ => Places::ALL,
        };
        let wrong = !places.contains(place);
        wrong.then(|| format!("\"{}\" verb not allowed in {} ACL", self.name(), place.name()))
    }

    /// The names of all verbs.
    pub fn names() -> impl Iterator<Item = &'static str> {
        [Self::Accept, Self::Defer, Self::Deny, Self::Discard, Self::Drop, Self::Require, Self::Warn]
            .into_iter()
            .map(Self::name)
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Accept => "accept",
            Self::Defer => "defer",
            Self::Deny => "deny",
            Self::Discard => "discard",
            Self::Drop => "drop",
            Self::Require => "require",
            Self::Warn => "warn",
        }
    }
}

/// Where there is something to discard. In the ACLs of QUIT the verb is refused when the ACL ends.
const DISCARDING: Places = Places::of(&[
    AclPlace::Dkim,
    AclPlace::Mail,
    AclPlace::Rcpt,
    AclPlace::Data,
    AclPlace::Mime,
    AclPlace::NotSmtpMime,
    AclPlace::NotSmtp,
    AclPlace::Prdr,
    AclPlace::Delivery,
    AclPlace::Quit,
    AclPlace::NotQuit,
]);

/// The kind of list that a condition takes.
pub(crate) fn list_kind(kind: Kind) -> Option<ListKind> {
    Some(match kind {
        Kind::Domains | Kind::SenderDomains => ListKind::Domain,
        Kind::LocalParts => ListKind::LocalPart,
        Kind::Senders | Kind::Recipients => ListKind::Address,
        Kind::Hosts => ListKind::Host,
        Kind::Authenticated | Kind::DkimSigners | Kind::DkimStatus | Kind::Encrypted => ListKind::String,
        _ => return None,
    })
}
