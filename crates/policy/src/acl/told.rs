//! What the decision trace says of the conditions and modifiers of ACLs.
//!
//! # Compatibility
//! The lines have the form that scripts read in the output of `-bh`.

use expand::Expansion;
use expand::variable::AclScope;
use mail_types::Value;
use mail_types::trace::{self, Category};

use super::statement::{Argument, Part, SetVariable};
use crate::list::{ListError, ListMatch, Subject, tell};

/// Says that a part is tested; the width of what stands before the equals sign.
pub(super) fn check(part: &Part) -> usize {
    if !trace::on(Category::Acl) {
        return 0;
    }
    let not = if part.negated { "!" } else { "" };
    let name = match &part.argument {
        Argument::Set(SetVariable::Acl(scope, name), _) => {
            format!("set acl_{}{}", scope_letter(*scope), String::from_utf8_lossy(name))
        }
        _ => part.row.name.to_owned(),
    };
    let text = match &part.argument {
        Argument::Nothing => return 0,
        Argument::List(list) => &list.source().bytes,
        Argument::Text(text) | Argument::ListText(text, _) | Argument::Set(_, text) => &text.source().bytes,
        Argument::Call(name, _) => &name.source().bytes,
    };
    let text = String::from_utf8_lossy(text);
    match part.row.name {
        "message" => trace::say(Category::Acl, format_args!("  message: {text}")),
        "log_message" => trace::say(Category::Acl, format_args!("l_message: {text}")),
        _ => trace::say(Category::Acl, format_args!("check {not}{name} = {text}")),
    }
    "check ".len() + not.len() + name.len()
}

fn scope_letter(scope: AclScope) -> char {
    match scope {
        AclScope::Connection => 'c',
        AclScope::Message => 'm',
    }
}

/// Says what a text expanded to, where that is not the text itself.
pub(super) fn value(width: usize, text: &Expansion, value: &Value) {
    if trace::on(Category::Acl) && text.constant().is_none() {
        trace::say(Category::Acl, format_args!("{:width$} = {}", "", value.to_lossy()));
    }
}

/// Says what came of looking for a subject in a list.
pub(super) fn search(subject: Subject<'_>, text: &[u8], found: &Result<ListMatch, ListError>) {
    if trace::on(Category::Lists) {
        tell(subject, &format!("\"{}\"", String::from_utf8_lossy(text)), text, found);
    }
}
