//! Options of a transport, expanded, with Exim's words when that fails.

use config::Opt;
use config::options::kind::OptionType;
use expand::{EvalError, Expansion};
use mail_types::value::{Clean, Value};

use super::Job;
use super::trouble::{DIRECTORY, Trouble, UNKNOWN};
use crate::context::Context;
use crate::services::local_agent::PanicLog;

impl Job<'_> {
    /// An expanded option; none when it is unset or was forced to fail.
    pub(super) fn optional<T>(&mut self, option: Opt<T>, name: &str) -> Result<Option<Value>, Trouble>
    where
        T: for<'a> OptionType<Ref<'a> = Option<&'a Expansion>>,
    {
        let Some(text) = self.transport.options.get(option) else { return Ok(None) };
        unless_forced(text, self.context).map_err(|error| not_expanded(text, name, &error))
    }

    /// A home or current directory; none when it is unset or was forced to fail.
    pub(super) fn directory<T>(&mut self, option: Opt<T>, what: &str) -> Result<Option<Value>, Trouble>
    where
        T: for<'a> OptionType<Ref<'a> = Option<&'a Expansion>>,
    {
        let Some(text) = self.transport.options.get(option) else { return Ok(None) };
        unless_forced(text, self.context).map_err(|error| {
            let source = mail_types::bytes::Printable::new(&text.source().bytes);
            let message = format!(
                "{what} directory \"{source}\" failed to expand for {} transport: {}",
                self.transport.name,
                error.message()
            );
            Trouble { panic: PanicLog::Reason, ..Trouble::new(DIRECTORY, message) }
        })
    }

    /// A path from an option: clean, or an error in Exim's words.
    pub(super) fn path(&mut self, text: &Expansion) -> Result<Value, Trouble> {
        text.eval(self.context).map_err(|error| {
            let what = format!("file or directory name for {} transport", self.transport.name);
            not_expanded(text, &what, &error)
        })
    }

    /// Requires that a path may be used.
    pub(super) fn clean_path(&self, path: &Value) -> Result<Clean, Trouble> {
        let what = format!("file or directory name for {} transport", self.transport.name);
        path.require_clean(&what).map_err(|_tainted| {
            let shown = mail_types::bytes::Printable::new(path.bytes());
            Trouble::new(UNKNOWN, format!("Tainted '{shown}' ({what}) not permitted"))
        })
    }

    /// The value of a setting that has no words of its own for failures.
    pub(super) fn setting(&mut self, text: &Expansion) -> Result<Value, Trouble> {
        text.eval(self.context).map_err(|error| {
            let source = mail_types::bytes::Printable::new(&text.source().bytes);
            let (transport, reason) = (&self.transport.name, error.message());
            Trouble::setting(
                UNKNOWN,
                format!("Expansion of \"{source}\" in {transport} transport failed: {reason}"),
            )
        })
    }

    /// A number with an optional K, M or G.
    pub(super) fn number(&mut self, text: &Expansion, name: &str) -> Result<u64, Trouble> {
        let value = self.setting(text)?;
        parse_size(value.bytes()).map(|(number, _)| number).ok_or_else(|| {
            let shown = mail_types::bytes::Printable::new(value.bytes());
            let transport = &self.transport.name;
            Trouble::new(
                UNKNOWN,
                format!("Malformed value \"{shown}\" (expansion of {name}) in {transport} transport"),
            )
        })
    }
}

/// The value; none when the expansion was forced to fail.
fn unless_forced(text: &Expansion, context: &mut Context) -> Result<Option<Value>, EvalError> {
    match text.eval(context) {
        Ok(value) => Ok(Some(value)),
        Err(EvalError::Forced { .. }) => Ok(None),
        Err(error) => Err(error),
    }
}

fn not_expanded(text: &Expansion, what: &str, error: &EvalError) -> Trouble {
    let source = mail_types::bytes::Printable::new(&text.source().bytes).to_string();
    Trouble::setting(UNKNOWN, format!("Expansion of \"{source}\" ({what}) failed: {}", error.message()))
}

/// A number, perhaps with a fraction, perhaps with a letter; and what follows a slash (`no_check`).
pub(super) fn parse_size(text: &[u8]) -> Option<(u64, &[u8])> {
    let text = text.trim_ascii();
    let (number, modifiers) = match text.iter().position(|b| *b == b'/') {
        Some(slash) => (&text[..slash], &text[slash + 1..]),
        None => (text, &text[text.len()..]),
    };
    let number = number.trim_ascii();
    let (digits, factor) = match number.last() {
        Some(b'K' | b'k') => (&number[..number.len() - 1], 1024.0),
        Some(b'M' | b'm') => (&number[..number.len() - 1], 1024.0 * 1024.0),
        Some(b'G' | b'g') => (&number[..number.len() - 1], 1024.0 * 1024.0 * 1024.0),
        _ => (number, 1.0),
    };
    if digits.is_empty() {
        return (number.is_empty()).then_some((0, modifiers));
    }
    if !digits.iter().all(|b| b.is_ascii_digit() || *b == b'.') {
        return None;
    }
    let value: f64 = std::str::from_utf8(digits).ok()?.parse().ok()?;
    Some(((value * factor) as u64, modifiers))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes() {
        let check = |text: &[u8], want: Option<(u64, &[u8])>| {
            assert_eq!(parse_size(text), want, "{}", text.escape_ascii());
        };
        check(b"100", Some((100, b"")));
        check(b"1.5K", Some((1536, b"")));
        check(b" 2M / no_check", Some((2 << 20, b" no_check")));
        check(b"1G", Some((1 << 30, b"")));
        check(b"", Some((0, b"")));
        check(b"K", None);
        check(b"-1", None);
        check(b"12x", None);
    }
}
