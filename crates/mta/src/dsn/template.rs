//! Text of the administrator's own: `bounce_message_file` and `warn_message_file`.

use config::Opt;
use config::options::kind::Text;
use expand::Expansion;
use mail_types::diagnostic::SourceText;
use mail_types::limits;
use mail_types::value::Clean;

use crate::context::Context;

/// Three items of text; an empty one means the built-in text.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Template {
    pub(super) header: Vec<u8>,
    pub(super) opening: Vec<u8>,
    pub(super) closing: Vec<u8>,
}

impl Template {
    /// Reads and expands the file that an option names. `last` is what the third item is called in complaints.
    pub(super) async fn read(option: Opt<Text>, last: &'static str, context: &mut Context) -> Self {
        let read = context.on_pool(move |context| Self::read_now(option, last, context)).await;
        read.unwrap_or_default()
    }

    fn read_now(option: Opt<Text>, last: &'static str, context: &mut Context) -> Self {
        let name = match context.expanded(option) {
            Ok(Some(name)) if !name.is_empty() => name,
            Ok(_) => return Self::default(),
            Err(error) => {
                context.log_problem(format!(
                    "Failed to expand {}: {}",
                    option.definition().name,
                    error.message()
                ));
                return Self::default();
            }
        };
        let name = match name.require_clean("the name of a message file") {
            Ok(name) => name,
            Err(error) => {
                context.log_problem(error.to_string());
                return Self::default();
            }
        };
        match read_file(&name) {
            Ok(text) => {
                let mut items = split_items(&text).into_iter();
                let mut item = |name: &str, context: &mut Context| {
                    items.next().map(|text| expand(text, name, context)).unwrap_or_default()
                };
                let header = item("header", context);
                let opening = item("intro", context);
                Self { header, opening, closing: item(last, context) }
            }
            Err(error) => {
                let name = String::from_utf8_lossy(name.bytes()).into_owned();
                context
                    .log_problem(format!("Failed to open {name} for error message texts: {}", words(&error)));
                Self::default()
            }
        }
    }
}

fn read_file(name: &Clean) -> std::io::Result<Vec<u8>> {
    use std::io::Read as _;
    let mut text = Vec::new();
    std::fs::File::open(name.as_path())?.take(limits::CONFIG_FILE).read_to_end(&mut text)?;
    Ok(text)
}

/// The system's words without Rust's number behind them.
fn words(error: &std::io::Error) -> String {
    let text = error.to_string();
    text.split(" (os error").next().unwrap_or(&text).to_owned()
}

/// Items with lines of four asterisks between.
fn split_items(text: &[u8]) -> Vec<Vec<u8>> {
    let mut items = vec![Vec::new()];
    for line in text.split_inclusive(|byte| *byte == b'\n') {
        if line.strip_suffix(b"\n").unwrap_or(line) == b"****" {
            items.push(Vec::new());
        } else if let Some(item) = items.last_mut() {
            item.extend_from_slice(line);
        }
    }
    items
}

/// An item that can't be expanded is told of, and is empty then.
fn expand(text: Vec<u8>, item: &str, context: &mut Context) -> Vec<u8> {
    if text.is_empty() {
        return text;
    }
    let expansion = Expansion::parse(&SourceText::nowhere(text));
    match context.eval(&expansion) {
        Ok(value) => value.map(|value| value.bytes().to_vec()).unwrap_or_default(),
        Err(error) => {
            context.log_problem(format!(
                "Failed to expand string from bounce_message_file or warn_message_file ({item}): {}",
                error.message()
            ));
            Vec::new()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::split_items;

    #[test]
    fn items_end_at_four_asterisks() {
        let items = split_items(b"a\nb\n****\n****\n*****\n**** \n****\nlast");
        let expected: [&[u8]; 4] = [b"a\nb\n", b"", b"*****\n**** \n", b"last"];
        assert_eq!(items, expected);
        assert_eq!(split_items(b""), [b"".to_vec()]);
    }
}
