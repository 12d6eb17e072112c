//! As much of YAML as the suite is written in: maps, lists, plain, quoted and block scalars. Anything else is a panic.

use std::iter::Peekable;
use std::vec::IntoIter;

/// A node of a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Node {
    Text(Vec<u8>),
    List(Vec<Node>),
    Map(Vec<(String, Node)>),
}

impl Node {
    pub(crate) fn field(&self, name: &str) -> Option<&Self> {
        let Self::Map(fields) = self else { panic!("no map: {self:?}") };
        fields.iter().find(|field| field.0 == name).map(|field| &field.1)
    }

    pub(crate) fn fields(&self) -> &[(String, Self)] {
        let Self::Map(fields) = self else { panic!("no map: {self:?}") };
        fields
    }

    pub(crate) fn text(&self) -> &[u8] {
        let Self::Text(text) = self else { panic!("no text: {self:?}") };
        text
    }

    pub(crate) fn string(&self) -> String {
        String::from_utf8(self.text().to_vec()).unwrap()
    }

    /// The items of a list; a text counts as a list of one.
    pub(crate) fn items(&self) -> Vec<&Self> {
        match self {
            Self::List(items) => items.iter().collect(),
            _ => vec![self],
        }
    }
}

struct Line {
    indent: usize,
    text: String,
}

type Lines = Peekable<IntoIter<Line>>;

/// Reads all documents of a file.
pub(crate) fn documents(text: &str) -> Vec<Node> {
    let mut documents = Vec::new();
    for part in format!("\n{text}").split("\n---") {
        let lines: Vec<Line> = part.lines().filter_map(line).collect();
        if !lines.is_empty() {
            let mut lines = lines.into_iter().peekable();
            documents.push(node(&mut lines, 0));
            assert!(lines.next().is_none(), "text after the end of a document");
        }
    }
    documents
}

/// Comment and empty lines are dropped: no block scalar of the suite depends on them.
fn line(text: &str) -> Option<Line> {
    let trimmed = text.trim();
    let indent = text.len() - text.trim_start().len();
    (!trimmed.is_empty() && !trimmed.starts_with('#')).then(|| Line { indent, text: trimmed.to_owned() })
}

fn node(lines: &mut Lines, indent: usize) -> Node {
    let first = lines.peek().unwrap();
    assert_eq!(first.indent, indent, "unexpected indentation at {}", first.text);
    if first.text.starts_with("- ") { list(lines, indent) } else { map(lines, indent) }
}

fn list(lines: &mut Lines, indent: usize) -> Node {
    let mut items = Vec::new();
    while let Some(line) = lines.next_if(|line| line.indent == indent && line.text.starts_with("- ")) {
        let item = line.text[2..].trim();
        items.push(match key(item) {
            Some((key, value)) => Node::Map(vec![(key, scalar(value, lines, indent + 2))]),
            None => scalar(item, lines, indent + 2),
        });
    }
    Node::List(items)
}

fn map(lines: &mut Lines, indent: usize) -> Node {
    let mut fields = Vec::new();
    while let Some(line) = lines.next_if(|line| line.indent == indent) {
        let (name, value) = key(&line.text).unwrap_or_else(|| panic!("no key: {}", line.text));
        let next = lines.peek().map_or(0, |line| line.indent);
        let value = if value.is_empty() && next > indent {
            node(lines, next)
        } else {
            scalar(value, lines, indent + 1)
        };
        assert!(fields.iter().all(|(other, _)| *other != name), "{name} is there twice");
        fields.push((name, value));
    }
    Node::Map(fields)
}

/// `key: value`, the key perhaps in quotes.
fn key(text: &str) -> Option<(String, &str)> {
    if let Some(quoted) = text.strip_prefix('"') {
        let end = quoted.find("\":")?;
        return Some((String::from_utf8(double_quoted(&quoted[..end])).unwrap(), quoted[end + 2..].trim()));
    }
    let (name, value) = match text.strip_suffix(':') {
        Some(name) if !name.contains(": ") => (name, ""),
        _ => text.split_once(": ")?,
    };
    (!name.starts_with(['[', '\''])).then(|| (name.to_owned(), value.trim()))
}

/// A value; what stands deeper than `indent` on the next lines belongs to it.
fn scalar(value: &str, lines: &mut Lines, indent: usize) -> Node {
    let mut text = value.to_owned();
    let block = [">-", ">", "|", "|-"].contains(&value);
    if block {
        text.clear();
    }
    while let Some(more) = lines.next_if(|line| line.indent >= indent) {
        if !text.is_empty() {
            text.push(' ');
        }
        text.push_str(&more.text);
    }
    if block { Node::Text(text.into_bytes()) } else { inline(&text) }
}

fn inline(text: &str) -> Node {
    let within = |open: char, close: char| {
        let inner = text.strip_prefix(open)?.strip_suffix(close)?;
        Some(inner)
    };
    if let Some(inner) = within('[', ']') {
        let items = split_flow(inner).into_iter().filter(|item| !item.is_empty());
        return Node::List(items.map(inline).collect());
    }
    if text.len() > 1 {
        if let Some(inner) = within('"', '"') {
            return Node::Text(double_quoted(inner));
        }
        if let Some(inner) = within('\'', '\'') {
            return Node::Text(inner.replace("''", "'").into_bytes());
        }
    }
    assert!(!text.starts_with(['"', '\'', '[', '{', '&', '*', '!']), "unknown YAML: {text}");
    Node::Text(text.split(" #").next().unwrap_or_default().trim().as_bytes().to_vec())
}

/// The items of a flow list; commas inside quotes don't count.
fn split_flow(text: &str) -> Vec<&str> {
    let (mut items, mut start, mut quote) = (Vec::new(), 0, None);
    for (at, character) in text.char_indices() {
        match (quote, character) {
            (None, ',') => {
                items.push(text[start..at].trim());
                start = at + 1;
            }
            (None, '"' | '\'') => quote = Some(character),
            (Some(open), close) if open == close => quote = None,
            _ => {}
        }
    }
    items.push(text[start..].trim());
    items
}

/// `\xNN` is a character, which the suite's own driver sends as UTF-8.
fn double_quoted(text: &str) -> Vec<u8> {
    let mut out = String::new();
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        if character != '\\' {
            out.push(character);
            continue;
        }
        match characters.next().unwrap() {
            'x' => {
                let digits: String = characters.by_ref().take(2).collect();
                out.push(char::from(u8::from_str_radix(&digits, 16).unwrap()));
            }
            '0' => out.push('\0'),
            'n' => out.push('\n'),
            plain @ ('"' | '\\') => out.push(plain),
            other => panic!("unknown escape \\{other}"),
        }
    }
    out.into_bytes()
}
