//! A regular expression in the text of an expansion: compiled at load when it is constant, cached otherwise.

use crate::EvalError;
use crate::cache;
use crate::eval::{Machine, Mode};
use crate::parse::Parser;
use crate::regex::{CompileError, Flags, Regex};
use crate::tree::Sequence;
use mail_types::value::Value;

/// The text of a pattern, and the compiled form if the text is constant.
#[derive(Debug)]
pub(crate) struct Pattern {
    text: Sequence,
    compiled: Option<Result<Regex, String>>,
}

impl Pattern {
    /// Compiles a constant pattern; `offset` is where it stands.
    pub(crate) fn new(parser: &mut Parser<'_>, text: Sequence, offset: usize) -> Self {
        let compiled = if parser.stopped || !(text.is_empty() || text.constant().is_some()) {
            None
        } else {
            let bytes = text.constant().map(Value::bytes).unwrap_or_default();
            // Many texts of a configuration hold the same pattern.
            Some(cache::regex(bytes, Flags::default()).map_err(|error| compile_message(bytes, &error)))
        };
        if let Some(Err(message)) = &compiled {
            parser.warn("expand.regex", offset, 1, message.clone());
        }
        Self { text, compiled }
    }

    /// The text of the pattern.
    pub(crate) fn text(&self, machine: &mut Machine<'_>, mode: Mode) -> Result<Value, EvalError> {
        machine.sequence(&self.text, mode)
    }

    /// The compiled pattern.
    pub(crate) fn compile(&self, machine: &mut Machine<'_>, mode: Mode) -> Result<Regex, EvalError> {
        match &self.compiled {
            Some(Ok(regex)) => Ok(regex.clone()),
            Some(Err(message)) => Err(EvalError::failed(message.clone())),
            None => {
                let text = self.text(machine, mode)?;
                compile(&text)
            }
        }
    }
}

/// Compiles a pattern known only now.
pub(crate) fn compile(text: &Value) -> Result<Regex, EvalError> {
    cache::regex(text.bytes(), Flags::default())
        .map_err(|error| EvalError::failed(compile_message(text.bytes(), &error)))
}

fn compile_message(pattern: &[u8], error: &CompileError) -> String {
    format!(
        "regular expression error in \"{}\": {} at offset {}",
        String::from_utf8_lossy(pattern),
        error.message,
        error.offset
    )
}
