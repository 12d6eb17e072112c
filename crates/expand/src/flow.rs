//! Where untrusted values go: into the result of a text, and into file names, commands and queries inside it. Told from the
//! compiled text, without evaluating anything.
//!
//! # Invariants
//! * A finding is a way that exists: evaluation may take another branch, but this one hands an untrusted value over.
//! * Variables that an ACL or a router set are named ([`Source::Set`]); whether what they hold is untrusted, the assignments
//!   tell, which stand elsewhere. Of `$value`, `$item` and `$1` nothing is said.
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

/// What becomes of a part of an item.
#[derive(Debug, Clone)]
pub(crate) enum Role {
    /// It is a part of the item's value.
    Value,
    /// The same, after quoting for a lookup type.
    Quoted(String),
    /// It is looked at, and no part of the value.
    Inside,
    /// It is taken.
    Taken(Taker),
    /// It is taken; places in it are not places of the text.
    TakenApart(Taker),
}

/// What an item calls for each of its parts.
pub(crate) type Visit<'v> = &'v mut dyn FnMut(Role, &Sequence);

/// Follows a compiled text.
pub(crate) fn follow(tree: &Sequence) -> Flow {
    let mut flow = Flow::default();
    flow.result = through(tree, &mut flow.sinks);
    flow
}

/// What reaches the value of a sequence. Nesting is bounded by the parser.
fn through(sequence: &Sequence, sinks: &mut Vec<Sink>) -> Vec<Untrusted> {
    let mut reached = Vec::new();
    for (at, part) in sequence.parts() {
        let at = *at;
        match part {
            Part::Variable { name: VariableName::Fixed(variable), braced } if is_untrusted(*variable) => {
                let len = variable.name().len() + if *braced { 3 } else { 1 };
                reached.push(Untrusted { at, len, source: Source::Variable(*variable), quoted_for: None });
            }
            Part::Variable { name: VariableName::Acl(scope, name), braced } => {
                let source = set_by_acl(*scope, name);
                let len = source.shown().len() + if *braced { 2 } else { 0 };
                reached.push(Untrusted { at, len, source, quoted_for: None });
            }
            Part::Variable { name: VariableName::Router(name), braced } => {
                let source = set_by_router(name);
                let len = source.shown().len() + if *braced { 2 } else { 0 };
                reached.push(Untrusted { at, len, source, quoted_for: None });
            }
            Part::Header(form, name) => {
                let source = header(*form, name);
                reached.push(Untrusted { at, len: source.shown().len(), source, quoted_for: None });
            }
            Part::Item(item) => item.parts(&mut |role, inner| {
                let mut values = through(inner, sinks);
                match role {
                    Role::Value => reached.append(&mut values),
                    Role::Quoted(kind) => reached.extend(
                        values.into_iter().map(|value| Untrusted { quoted_for: Some(kind.clone()), ..value }),
                    ),
                    Role::Inside => {}
                    Role::Taken(taker) => take(sinks, at, taker, values),
                    Role::TakenApart(taker) => {
                        for value in &mut values {
                            value.at = at;
                        }
                        take(sinks, at, taker, values);
                    }
                }
            }),
            Part::Literal(_) | Part::Variable { .. } | Part::Capture(_) | Part::Broken(_) => {}
        }
    }
    reached
}

fn take(sinks: &mut Vec<Sink>, at: usize, taker: Taker, mut values: Vec<Untrusted>) {
    if let Taker::Query(kind) = taker {
        // `quote_ldap_dn` is for LDAP too.
        let fits = |quoted: &str| {
            quoted.strip_prefix(kind).is_some_and(|rest| rest.is_empty() || rest.starts_with('_'))
        };
        values.retain(|value| !value.quoted_for.as_deref().is_some_and(fits));
    }
    if !values.is_empty() {
        sinks.push(Sink { at, taker, values });
    }
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
            | V::SenderHeloName
            | V::SenderHostName
            | V::SenderIdent
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
            ("${extract{1}{:}{$local_part}{x$value}{$domain}}", "$domain"),
            ("${sg{$local_part}{a}{$domain}}", "$local_part $domain"),
            ("${map{$recipients}{x}}", "$recipients"),
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
