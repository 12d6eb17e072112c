//! `json`: a part of a JSON text, chosen by a list of selectors.
//!
//! # Compatibility
//! Spec section "Single-key lookup types", `json`: a number selects an element of an array, anything else a member of an
//! object; strings come without their quotes, with their escapes resolved; an array or an object comes as the text that
//! stands in the file. A selector that does not fit gives no answer.

use std::collections::HashMap;

use expand::EvalError;
use expand::list::ListItems;
use mail_types::value::Clean;
use serde_json::value::RawValue;

/// A file of JSON, known to be well formed.
#[derive(Debug)]
pub(crate) struct JsonFile {
    text: String,
}

impl JsonFile {
    /// Checks the text.
    pub(crate) fn parse(path: &Clean, text: &[u8]) -> Result<Self, EvalError> {
        let wrong = |problem: String| {
            EvalError::defer(format!("{} is not a JSON text: {problem}", path.as_path().display()))
        };
        let text = std::str::from_utf8(text).map_err(|e| wrong(e.to_string()))?;
        serde_json::from_str::<&RawValue>(text).map_err(|e| wrong(e.to_string()))?;
        Ok(Self { text: text.to_owned() })
    }

    /// The part that the selectors of a key choose.
    pub(crate) fn find(&self, key: &[u8]) -> Option<Vec<u8>> {
        let mut part: &RawValue = serde_json::from_str(&self.text).ok()?;
        for selector in ListItems::new(key) {
            part = select(part, &selector)?;
        }
        if let Ok(text) = serde_json::from_str::<String>(part.get()) {
            return Some(text.into_bytes());
        }
        Some(part.get().as_bytes().to_vec())
    }
}

fn select<'a>(part: &'a RawValue, selector: &[u8]) -> Option<&'a RawValue> {
    let selector = std::str::from_utf8(selector).ok()?;
    if !selector.is_empty() && selector.bytes().all(|byte| byte.is_ascii_digit()) {
        let elements: Vec<&RawValue> = serde_json::from_str(part.get()).ok()?;
        return elements.get(selector.parse::<usize>().ok()?).copied();
    }
    let mut members: HashMap<String, &RawValue> = serde_json::from_str(part.get()).ok()?;
    members.remove(selector)
}
