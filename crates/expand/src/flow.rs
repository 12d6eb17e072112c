//! Where untrusted values go: into the result of a text, and into file names, commands and queries inside it. Told from the
//! compiled text, without evaluating anything.
//!
//! # Invariants
//! * A finding is a way that exists: evaluation may take another branch, but this one hands an untrusted value over.
//! * Variables that an ACL or a router set are named ([`Source::Set`]); whether what they hold is untrusted, the assignments
//!   tell, which stand elsewhere.
//! * `$value`, `$item` and `$1` are what the items around them give them ([`Slot`]); outside of such an item nothing is said
//!   of them.
//!
//! # Security
//! A convenience for administrators. Evaluation checks each value's own taint, whatever is found here.
//!
//! # Compatibility
//! The variables are those that the specification marks as tainted.

use crate::Variable;
use crate::env::HeaderForm;
use crate::tree::{Part, Sequence};
use crate::variable::{AclScope, VariableName};

/// An untrusted value that reaches something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Untrusted {
    /// Where it stands in the text.
    pub at: usize,
    /// How many bytes that is.
    pub len: usize,
    /// What it is.
    pub source: Source,
    /// The lookup type for whose queries it was quoted.
    pub quoted_for: Option<String>,
}

/// What an untrusted value is.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Source {
    /// A variable.
    Variable(Variable),
    /// A header field, with the prefix of its form: `h_subject`.
    Header(String),
    /// A variable that an ACL or a router sets: `acl_m_x`, `r_x`. It is as trusted as what it was given.
    Set(String),
}

impl Source {
    /// As it is written, with the dollar sign.
    pub fn shown(&self) -> String {
        match self {
            Self::Variable(variable) => format!("${}", variable.name()),
            Self::Header(name) => format!("${name}:"),
            Self::Set(name) => format!("${name}"),
        }
    }
}

/// What takes a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Taker {
    /// The name of a file.
    File,
    /// A command.
    Command,
    /// A query for a lookup type.
    Query(&'static str),
}

/// Something inside a text that gets untrusted values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sink {
    /// Where its item stands in the text.
    pub at: usize,
    /// What it is.
    pub taker: Taker,
    /// What reaches it.
    pub values: Vec<Untrusted>,
}

/// The ways through one text.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Flow {
    /// What reaches the result.
    pub result: Vec<Untrusted>,
    /// What is taken inside the text.
    pub sinks: Vec<Sink>,
}

/// What an item may hand to its later parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Slot {
    /// `$value`
    Value,
    /// `$item`
    Item,
    /// `$0`, `$1` ...
    Captures,
}

/// What becomes of a part of an item.
#[derive(Debug, Clone)]
pub(crate) enum Role {
    /// It is a part of the item's value.
    Value,
    /// The same, after quoting for a lookup type.
    Quoted(String),
    /// It is looked at, and no part of the value.
    Inside,
    /// It is what a slot holds in the parts that follow.
    Given(Slot),
    /// The same, and it is a part of the item's value.
    ValueAndGiven(Slot),
    /// A slot holds something trusted in the parts that follow; this part itself is not looked at.
    Clean(Slot),
    /// A slot holds again what it did before it was given; this part itself is not looked at.
    Over(Slot),
    /// It is taken.
    Taken(Taker),
    /// It is taken; places in it are not places of the text.
    TakenApart(Taker),
}

/// What an item calls for each of its parts.
pub(crate) type Visit<'v> = &'v mut dyn FnMut(Role, &Sequence);

/// Follows a compiled text; `captured` is what `$0`, `$1` ... are parts of before it.
pub(crate) fn follow(tree: &Sequence, captured: Option<Source>) -> Flow {
    let mut course = Course::default();
    if let Some(source) = captured {
        // It has no place in this text: where it is used is told.
        course.held.push((Slot::Captures, vec![Untrusted { at: 0, len: 0, source, quoted_for: None }]));
    }
    let result = course.through(tree);
    Flow { result, sinks: course.sinks }
}

/// So many untrusted values of a slot are told.
const FEW: usize = 8;

/// A walk through a text.
#[derive(Default)]
struct Course {
    sinks: Vec<Sink>,
    /// What the slots hold, the innermost item's last.
    held: Vec<(Slot, Vec<Untrusted>)>,
}

impl Course {
    /// What reaches the value of a sequence. Nesting is bounded by the parser.
    fn through(&mut self, sequence: &Sequence) -> Vec<Untrusted> {
        let mut reached = Vec::new();
        for (at, part) in sequence.parts() {
            match part {
                Part::Item(item) => {
                    let outside = self.held.len();
                    item.parts(&mut |role, inner| self.part(*at, role, inner, &mut reached));
                    self.held.truncate(outside);
                }
                Part::Variable { name: VariableName::Fixed(Variable::Value), .. } => {
                    reached.extend(self.slot(Slot::Value));
                }
                Part::Variable { name: VariableName::Fixed(Variable::Item), .. } => {
                    reached.extend(self.slot(Slot::Item));
                }
                Part::Capture(number) => {
                    let used = self.slot(Slot::Captures).into_iter().map(|value| match value.len {
                        0 => Untrusted { at: *at, len: 1 + number.to_string().len(), ..value },
                        _ => value,
                    });
                    reached.extend(used);
                }
                other => reached.extend(inserted(*at, other)),
            }
        }
        reached
    }

    /// A part of the item at a place.
    fn part(&mut self, at: usize, role: Role, inner: &Sequence, reached: &mut Vec<Untrusted>) {
        if let Role::Clean(slot) = role {
            return self.held.push((slot, Vec::new()));
        }
        if let Role::Over(slot) = role {
            if let Some(given) = self.held.iter().rposition(|(held, _)| *held == slot) {
                self.held.remove(given);
            }
            return;
        }
        let mut values = self.through(inner);
        match role {
            Role::Value => reached.append(&mut values),
            Role::Quoted(kind) => reached.extend(
                values.into_iter().map(|value| Untrusted { quoted_for: Some(kind.clone()), ..value }),
            ),
            Role::Given(slot) => self.hold(slot, values),
            Role::ValueAndGiven(slot) => {
                reached.extend(values.iter().cloned());
                self.hold(slot, values);
            }
            Role::Taken(taker) => self.take(at, taker, values),
            Role::TakenApart(taker) => {
                for value in &mut values {
                    value.at = at;
                }
                self.take(at, taker, values);
            }
            Role::Inside | Role::Clean(_) | Role::Over(_) => {}
        }
    }

    /// Texts may use a slot so often, in so many levels, that all its ways would be too many to tell.
    fn hold(&mut self, slot: Slot, values: Vec<Untrusted>) {
        let mut few: Vec<Untrusted> = Vec::new();
        for value in values {
            if few.len() < FEW && !few.contains(&value) {
                few.push(value);
            }
        }
        self.held.push((slot, few));
    }

    fn slot(&self, slot: Slot) -> Vec<Untrusted> {
        self.held
            .iter()
            .rfind(|(held, _)| *held == slot)
            .map(|(_, values)| values.clone())
            .unwrap_or_default()
    }

    fn take(&mut self, at: usize, taker: Taker, mut values: Vec<Untrusted>) {
        if let Taker::Query(kind) = taker {
            // `quote_ldap_dn` is for LDAP too.
            let fits = |quoted: &str| {
                quoted.strip_prefix(kind).is_some_and(|rest| rest.is_empty() || rest.starts_with('_'))
            };
            values.retain(|value| !value.quoted_for.as_deref().is_some_and(fits));
        }
        if !values.is_empty() {
            self.sinks.push(Sink { at, taker, values });
        }
    }
}

/// What a variable or a header field at a place inserts.
fn inserted(at: usize, part: &Part) -> Option<Untrusted> {
    let (source, braced) = match part {
        Part::Variable { name: VariableName::Fixed(variable), braced } if is_untrusted(*variable) => {
            (Source::Variable(*variable), *braced)
        }
        Part::Variable { name: VariableName::Acl(scope, name), braced } => {
            (set_by_acl(*scope, name), *braced)
        }
        Part::Variable { name: VariableName::Router(name), braced } => (set_by_router(name), *braced),
        Part::Header(form, name) => (header(*form, name), false),
        _ => return None,
    };
    let len = source.shown().len() + if braced { 2 } else { 0 };
    Some(Untrusted { at, len, source, quoted_for: None })
}

/// A variable that an ACL sets; the name is what follows the scope's letter.
pub fn set_by_acl(scope: AclScope, name: &[u8]) -> Source {
    let letter = match scope {
        AclScope::Connection => 'c',
        AclScope::Message => 'm',
    };
    Source::Set(format!("acl_{letter}{}", String::from_utf8_lossy(name)))
}

/// A variable that a router sets; the name is what follows `r_`.
pub fn set_by_router(name: &[u8]) -> Source {
    Source::Set(format!("r_{}", String::from_utf8_lossy(name)))
}

fn header(form: HeaderForm, name: &[u8]) -> Source {
    let prefix = match form {
        HeaderForm::Decoded => "h_",
        HeaderForm::Raw => "rh_",
        HeaderForm::Bytes => "bh_",
        HeaderForm::List => "lh_",
    };
    Source::Header(format!("{prefix}{}", String::from_utf8_lossy(name)))
}

/// Variables that hold what a peer, a sender or a message says.
fn is_untrusted(variable: Variable) -> bool {
    use Variable as V;
    matches!(
        variable,
        V::AuthenticatedSender
            | V::Domain
            | V::LocalPart
            | V::MessageBody
            | V::MessageBodyEnd
            | V::MessageHeaders
            | V::MessageHeadersRaw
            | V::OriginalDomain
            | V::OriginalLocalPart
            | V::ParentDomain
            | V::ParentLocalPart
            | V::ReceivedFor
            | V::Recipients
            | V::ReplyAddress
            | V::ReturnPath
            | V::SenderAddress
            | V::SenderAddressDomain
            | V::SenderAddressLocalPart
            | V::SenderFullhost
            | V::SenderHeloName
            | V::SenderHostName
            | V::SenderIdent
            | V::SenderRcvhost
            | V::SmtpCommand
            | V::SmtpCommandArgument
            | V::TlsInSni
    )
}

#[cfg(test)]
mod tests {
    use mail_types::SourceText;

    use super::*;
    use crate::Expansion;

    fn flow(text: &str) -> Flow {
        Expansion::parse(&SourceText::nowhere(text.as_bytes())).flow()
    }

    #[test]
    fn values_that_reach_the_result() {
        let cases = [
            ("/var/mail/$local_part", "$local_part"),
            ("/var/mail/${local_part}/x", "$local_part"),
            ("/var/mail/$local_part_data", ""),
            ("$h_subject: $rh_to:", "$h_subject: $rh_to:"),
            ("${lc:$domain}${strlen:$local_part}", "$domain"),
            ("${md5:$local_part}", ""),
            ("${if eq{$local_part}{a}{$domain}{${length_3:$sender_address}}}", "$domain $sender_address"),
            ("${lookup{$local_part}lsearch{/etc/aliases}}", ""),
            ("${lookup{$local_part}lsearch{/etc/aliases}{$value}{$local_part}}", "$local_part"),
            ("${extract{1}{:}{$local_part}}", "$local_part"),
            ("${extract{1}{:}{$local_part}{x$value}{$domain}}", "$local_part $domain"),
            ("${sg{$local_part}{a}{$domain}}", "$local_part $domain"),
            ("${map{$recipients}{x}}", ""),
            ("${map{$recipients}{<$item>}}", "$recipients"),
            ("${filter{$recipients}{eq{$item}{a}}}", "$recipients"),
            ("${reduce{$recipients}{$domain}{$value$item}}", "$domain $domain $recipients"),
            ("${reduce{a:b}{$domain}{$item}}", "$domain"),
            ("${listextract{1}{$recipients}{$value}{$domain}}", "$recipients $domain"),
            ("${listextract{1}{$recipients}{x}}", ""),
            ("${extract{1}{:}{$local_part}{${lookup{a}lsearch{/b}{$value}}}}", ""),
            ("${extract{1}{:}{$local_part}{${lookup{a}lsearch{/b}}$value}}", "$local_part"),
            ("${lookup{$domain}partial-lsearch{/b}{$value$1}}", "$domain"),
            ("${run{/bin/echo $local_part}{$value}}", ""),
            ("${if match{$local_part}{^(.*)-x}{$1}}$1", "$local_part"),
            ("${if match{$local_part_data}{^(.*)-x}{$1}}", ""),
            ("${if match_domain{$domain}{+locals}{$1$value}}", "$domain"),
            ("${if match_address{$sender_address}{+friends}{$1}}", ""),
            ("${hash_4:$domain}${nhash_4:$domain}${hash{4}{$domain}}", "$domain $domain"),
            ("${prvs{$sender_address}{$domain}}", "$sender_address"),
            ("${if and{{match{$local_part}{a}}{match{$domain}{b}}}{$1}}", "$domain"),
            ("${sg{$local_part}{a}{b}}", "$local_part"),
            ("${sg{$local_part}{.}{x}}${sg{$domain}{^.*\\$}{x}}${sg{$domain}{\\N^(.+)$\\N}{x}}", ""),
            ("${sg{$local_part}{.*}{$domain\\$0}}", "$local_part $domain"),
            ("${tr{$local_part}{$domain}{$domain}}${tr{abc}{a}{$domain}}", "$local_part"),
            ("${sg{a}{a}{$local_part}}", "$local_part"),
            ("${map{$domain}{${if forany{a:b}{eq{$item}{a}}{$item}}}}", "$domain"),
            ("${quote_sqlite:$local_part}", "$local_part"),
            ("${run{/bin/echo $local_part}}", ""),
            ("$acl_m_x ${r_y}$value $1 $home", "$acl_m_x $r_y"),
            ("/x/${lc:$acl_c0}", "$acl_c0"),
        ];
        for (text, want) in cases {
            let reached: Vec<String> = flow(text).result.iter().map(|value| value.source.shown()).collect();
            assert_eq!(reached.join(" "), want, "{text}");
        }
    }

    #[test]
    fn ways_do_not_multiply_with_the_levels() {
        let text = format!("{}$local_part{}", "${map{".repeat(90), "}{$item$item}}".repeat(90));
        assert_eq!(flow(&text).result.len(), 2);
        let text = format!("${{map{{{}}}{{{}}}}}", "$local_part".repeat(1_000), "$item".repeat(1_000));
        assert_eq!(flow(&text).result.len(), 1_000 * FEW);
    }

    #[test]
    fn values_that_are_taken_inside() {
        let cases = [
            ("${lookup{x}lsearch{/etc/$domain}}", "0 File $domain"),
            ("a ${lookup{$local_part}lsearch{/etc/x}}", ""),
            ("${readfile{/x/$local_part}}", "0 File $local_part"),
            ("${run{/bin/$local_part x}}", "0 Command $local_part"),
            ("${run,preexpand{/bin/echo $local_part}}", "0 Command $local_part"),
            ("${run{/bin/echo $local_part}}", ""),
            ("${lookup sqlite{select '$local_part'}}", "0 Query(\"sqlite\") $local_part"),
            ("${lookup sqlite{select '${quote_sqlite:$local_part}'}}", ""),
            ("${lookup sqlite{select '${quote_mysql:$local_part}'}}", "0 Query(\"sqlite\") $local_part"),
            ("${lookup passwd{$local_part}}", ""),
            ("${if exists{${lookup{a}lsearch{/etc/$domain}}}{a}}", "12 File $domain"),
            ("${lc:${readfile{$h_x:}}}", "5 File $h_x:"),
            ("${extract{1}{:}{$h_x:}{${readfile{/x/$value}}}}", "23 File $h_x:"),
            ("${map{$recipients}{${lookup{a}lsearch{/etc/$item}}}}", "19 File $recipients"),
            ("${if forany{$recipients}{exists{${lookup{a}lsearch{/x/$item}}}}{y}}", "32 File $recipients"),
            ("${if match{$local_part}{(a)}{${run{/bin/$1}}}}", "29 Command $local_part"),
        ];
        for (text, want) in cases {
            let taken: Vec<String> = flow(text)
                .sinks
                .iter()
                .map(|sink| format!("{} {:?} {}", sink.at, sink.taker, sink.values[0].source.shown()))
                .collect();
            assert_eq!(taken.join(" "), want, "{text}");
        }
    }
}
