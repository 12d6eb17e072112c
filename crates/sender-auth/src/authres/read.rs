//! Reading results of an Authentication-Results field.
//!
//! # Security
//! Comments and quoted strings hold anything; what looks like a result in them is none.
//!
//! # References
//! RFC 8601 section 2.2.

/// One result as it was read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReadResult {
    /// The method, without a version.
    pub method: Vec<u8>,
    /// The result word.
    pub result: Vec<u8>,
    properties: Vec<(Vec<u8>, Vec<u8>)>,
}

impl ReadResult {
    /// The value of `ptype.property`.
    pub fn property(&self, name: &[u8]) -> Option<&[u8]> {
        let found = self.properties.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_slice())
    }
}

/// The results in a field's body; what stands before the first semicolon is none of them.
pub fn results(body: &[u8]) -> impl Iterator<Item = ReadResult> {
    let words = words(body);
    let mut found = Vec::new();
    for piece in words.split(|word| *word == Word::Semicolon).skip(1) {
        let mut pairs = piece.iter().filter_map(|word| match word {
            Word::Pair(name, value) => Some((name.clone(), value.clone())),
            Word::Semicolon => None,
        });
        let Some((method, result)) = pairs.next() else { continue };
        let end = method.iter().position(|byte| *byte == b'/').unwrap_or(method.len());
        found.push(ReadResult { method: method[..end].to_vec(), result, properties: pairs.collect() });
    }
    found.into_iter()
}

#[derive(Debug, PartialEq, Eq)]
enum Word {
    Pair(Vec<u8>, Vec<u8>),
    Semicolon,
}

/// Cuts a text at white space and semicolons; comments are white space, quotes are taken off.
fn words(text: &[u8]) -> Vec<Word> {
    let mut out = Vec::new();
    let mut word: Vec<u8> = Vec::new();
    let mut rest = text.iter();
    let (mut depth, mut quoted) = (0usize, false);
    while let Some(byte) = rest.next() {
        match byte {
            b'\\' if depth > 0 || quoted => {
                let next = rest.next().copied().unwrap_or_default();
                if depth == 0 {
                    word.push(next);
                }
            }
            b'"' if depth == 0 => quoted = !quoted,
            _ if quoted => word.push(*byte),
            b'(' => depth += 1,
            b')' => depth = depth.saturating_sub(1),
            _ if depth > 0 => {}
            b';' => {
                push(&mut out, &mut word);
                out.push(Word::Semicolon);
            }
            byte if byte.is_ascii_whitespace() => push(&mut out, &mut word),
            byte => word.push(*byte),
        }
    }
    push(&mut out, &mut word);
    out
}

fn push(out: &mut Vec<Word>, word: &mut Vec<u8>) {
    let word = std::mem::take(word);
    if let Some(equals) = memchr::memchr(b'=', &word) {
        out.push(Word::Pair(word[..equals].to_vec(), word[equals + 1..].to_vec()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_of_a_field() {
        let body = b" i=1; mx (a;b=c) ; spf=pass smtp.mailfrom=a (x) ; dkim/1=fail reason=\"a; dmarc=pass\" header.d=d;; none";
        let found: Vec<_> = results(body).collect();
        let shown = |at: usize| {
            let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
            (text(&found[at].method), text(&found[at].result))
        };
        assert_eq!(found.len(), 2);
        assert_eq!(shown(0), ("spf".to_owned(), "pass".to_owned()));
        assert_eq!(shown(1), ("dkim".to_owned(), "fail".to_owned()));
        assert_eq!(found[1].property(b"header.D"), Some(&b"d"[..]));
        assert_eq!(found[1].property(b"reason"), Some(&b"a; dmarc=pass"[..]));
        assert_eq!(found[0].property(b"header.d"), None);
        assert_eq!(results(b"mx").count(), 0);
    }
}
