//! What follows a dollar sign.

use super::{Parser, Until, is_of_name};
use crate::env::HeaderForm;
use crate::named::NamedKind;
use crate::tree::{Broken, Part, Sequence};
use crate::{item, operator, variable};

impl<'t> Parser<'t> {
    /// Reads one insertion; the dollar sign is next.
    pub(super) fn dollar(&mut self) -> Part {
        match self.rest().get(1).copied() {
            Some(b'{') => {
                self.at += 2;
                self.in_braces()
            }
            Some(byte) if byte.is_ascii_digit() => {
                self.at += 1;
                Part::Capture(self.number())
            }
            Some(byte) if byte.is_ascii_alphabetic() => {
                self.at += 1;
                self.named()
            }
            _ => Part::Broken(self.fail("$ not followed by letter, digit, or {")),
        }
    }

    fn named(&mut self) -> Part {
        let start = self.at - 1;
        if let Some((form, name)) = self.header_name() {
            return Part::Header(form, name);
        }
        let name = self.word(is_of_name);
        self.note(NamedKind::Variable, name);
        match variable::lookup(name) {
            Some(name) => Part::Variable { name, braced: false },
            None => {
                let broken = self.fail_from(start, unknown_variable(name));
                self.suggest(name, variable_names());
                Part::Broken(broken)
            }
        }
    }

    /// Reads the name of a header field with its prefix and its end, if that is what comes.
    pub(crate) fn header_name(&mut self) -> Option<(HeaderForm, Vec<u8>)> {
        const PREFIXES: [(&[u8], HeaderForm); 8] = [
            (b"h_", HeaderForm::Decoded),
            (b"header_", HeaderForm::Decoded),
            (b"rh_", HeaderForm::Raw),
            (b"rheader_", HeaderForm::Raw),
            (b"bh_", HeaderForm::Bytes),
            (b"bheader_", HeaderForm::Bytes),
            (b"lh_", HeaderForm::List),
            (b"lheader_", HeaderForm::List),
        ];
        let (prefix, form) = PREFIXES.iter().find(|(prefix, _)| self.rest().starts_with(prefix))?;
        self.at += prefix.len();
        let name = self.word(|byte| (33..=126).contains(&byte) && byte != b':').to_vec();
        if !self.take(b':') && name.iter().any(|byte| matches!(byte, b'{' | b'}')) {
            self.doubtful_header = true;
        }
        self.note(NamedKind::Header(*form), &name);
        Some((*form, name))
    }

    /// Reads bytes as long as they fit.
    pub(crate) fn word(&mut self, fits: impl Fn(u8) -> bool) -> &'t [u8] {
        let rest = self.rest();
        let end = rest.iter().position(|&byte| !fits(byte)).unwrap_or(rest.len());
        self.look(end + 1);
        self.at += end;
        &rest[..end]
    }

    /// Reads a number; what is too large for any capture is one that is never set.
    fn number(&mut self) -> usize {
        let digits = self.word(|byte| byte.is_ascii_digit());
        self.note(NamedKind::Variable, digits);
        std::str::from_utf8(digits).ok().and_then(|text| text.parse().ok()).unwrap_or(usize::MAX)
    }

    fn in_braces(&mut self) -> Part {
        match self.peek() {
            Some(byte) if byte.is_ascii_digit() => {
                let number = self.number();
                if self.take(b'}') {
                    Part::Capture(number)
                } else {
                    Part::Broken(self.fail("} expected after number"))
                }
            }
            Some(byte) if byte.is_ascii_alphabetic() => self.named_in_braces(),
            _ => Part::Broken(self.fail("letter or digit expected after ${")),
        }
    }

    fn named_in_braces(&mut self) -> Part {
        let start = self.at;
        let name = self.word(|byte| is_of_name(byte) || byte == b'-');
        if let Some(parse) = item::find(name) {
            self.note(NamedKind::Item, name);
            return Part::Item(parse(self, start));
        }
        match self.peek() {
            Some(b':') => self.operator(name, start),
            Some(b'}') => {
                self.note(NamedKind::Variable, name);
                let Some(name) = variable::lookup(name) else {
                    let broken = self.fail_from(start, unknown_in_braces(name));
                    self.suggest(name, variable_names());
                    return Part::Broken(broken);
                };
                self.at += 1;
                Part::Variable { name, braced: true }
            }
            _ => {
                self.note(NamedKind::Variable, name);
                let shown = String::from_utf8_lossy(name);
                let message = format!(
                    "\"${{{shown}\" is not a known operator (or a }} is missing in a variable reference)"
                );
                let broken = self.fail_from(start, message);
                self.suggest(name, item::names().chain(operator::names()).chain(variable_names()));
                Part::Broken(broken)
            }
        }
    }

    /// Exim reads the argument before it looks whether it knows the operator.
    fn operator(&mut self, name: &[u8], start: usize) -> Part {
        self.note(NamedKind::Operator, name);
        self.at += 1;
        let argument = self.sequence(Until::Brace);
        if self.stopped {
            return Part::Item(Box::new(Unfinished(argument)));
        }
        self.at += 1;
        match operator::find(self, name, argument) {
            Ok(item) => Part::Item(item),
            Err((argument, message)) => {
                let broken = self.fail_from(start, message);
                self.suggest(name, operator::names());
                Part::Item(Box::new(UnknownOperator { argument, broken }))
            }
        }
    }
}

/// The argument of something whose text breaks off inside the argument.
#[derive(Debug)]
struct Unfinished(Sequence);

impl crate::tree::Item for Unfinished {
    fn eval(
        &self,
        machine: &mut crate::eval::Machine<'_>,
        mode: crate::eval::Mode,
    ) -> Result<mail_types::value::Value, crate::EvalError> {
        machine.sequence(&self.0, mode)
    }
}

#[derive(Debug)]
struct UnknownOperator {
    argument: Sequence,
    broken: Broken,
}

impl crate::tree::Item for UnknownOperator {
    fn eval(
        &self,
        machine: &mut crate::eval::Machine<'_>,
        mode: crate::eval::Mode,
    ) -> Result<mail_types::value::Value, crate::EvalError> {
        machine.sequence(&self.argument, mode)?;
        self.broken.raise()
    }
}

fn variable_names() -> impl Iterator<Item = &'static str> {
    variable::VARIABLES.iter().map(|row| row.name)
}

/// Exim explains a little more where the name looks like that of an ACL variable.
fn acl_variable_hint(name: &[u8]) -> &'static str {
    if variable::lookup(name).is_some() {
        return "";
    }
    match name.strip_prefix(b"acl_") {
        None => "",
        Some([b'c' | b'm', ..]) => {
            " (6th character of a user-defined ACL variable must be a digit or underscore)"
        }
        Some(_) => " (user-defined ACL variables must start acl_c or acl_m)",
    }
}

/// The text for a name after a bare dollar sign.
pub(crate) fn unknown_variable(name: &[u8]) -> String {
    format!("unknown variable name \"{}\"{}", String::from_utf8_lossy(name), acl_variable_hint(name))
}

/// The text for a name after `def:`.
pub(crate) fn unknown_after_def(name: &[u8]) -> String {
    format!(
        "unknown variable \"{}\" after \"def:\"{}",
        String::from_utf8_lossy(name),
        acl_variable_hint(name)
    )
}

/// The text for a name in braces.
pub(crate) fn unknown_in_braces(name: &[u8]) -> String {
    format!("unknown variable in \"${{{}}}\"{}", String::from_utf8_lossy(name), acl_variable_hint(name))
}
