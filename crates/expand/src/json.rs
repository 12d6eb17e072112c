//! As much of JSON as the `json` forms need: the elements of an array, the members of an object.
//!
//! # Compatibility
//! Exim specification, `${extract json`. Values are the text as it stands, without the white space before it.

/// The body of `[...]` or `{...}`, or the text of the error.
fn unwrap(text: &[u8], open: u8, close: u8, what: &str) -> Result<Vec<u8>, String> {
    let body = mail_types::bytes::trim(text);
    let missing = |byte: u8| format!("missing '{}' wrapping {what}", char::from(byte));
    let body = body.strip_prefix(&[open]).ok_or_else(|| missing(open))?;
    let body = body.strip_suffix(&[close]).ok_or_else(|| missing(close))?;
    Ok(body.to_vec())
}

/// The elements of an array.
pub(crate) fn array_elements(text: &[u8]) -> Result<Vec<Vec<u8>>, String> {
    let body = unwrap(text, b'[', b']', "array")?;
    Ok(split(&body).into_iter().map(<[u8]>::to_vec).collect())
}

/// The value of one member of an object.
pub(crate) fn object_member(text: &[u8], key: &[u8]) -> Result<Option<Vec<u8>>, String> {
    let body = unwrap(text, b'{', b'}', "object")?;
    for member in split(&body) {
        let rest = member.strip_prefix(b"\"").ok_or("missing '\"' wrapping string key")?;
        let end = string_end(rest).ok_or("missing '\"' wrapping string key")?;
        let value = mail_types::bytes::trim_start(&rest[end + 1..]);
        let value = value.strip_prefix(b":").ok_or("missing object value-separator")?;
        if &rest[..end] == key {
            return Ok(Some(mail_types::bytes::trim_start(value).to_vec()));
        }
    }
    Ok(None)
}

/// The text of a string without its quotes; escapes stay.
pub(crate) fn unquote(value: &[u8]) -> Result<Vec<u8>, String> {
    let inner = mail_types::bytes::trim(value);
    inner
        .strip_prefix(b"\"")
        .and_then(|inner| inner.strip_suffix(b"\""))
        .map(<[u8]>::to_vec)
        .ok_or_else(|| "missing '\"' wrapping string result".to_owned())
}

fn string_end(text: &[u8]) -> Option<usize> {
    let mut at = 0;
    loop {
        match text.get(at)? {
            b'"' => return Some(at),
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
}

/// Splits at the commas that stand outside strings, arrays and objects. An empty last part is none.
fn split(body: &[u8]) -> Vec<&[u8]> {
    let mut parts = Vec::new();
    let (mut start, mut at, mut depth) = (0, 0, 0usize);
    while at < body.len() {
        match body[at] {
            b'"' => at += string_end(&body[at + 1..]).map_or(body.len(), |end| end + 1),
            b'[' | b'{' => depth += 1,
            b']' | b'}' => depth = depth.saturating_sub(1),
            b',' if depth == 0 => {
                parts.push(mail_types::bytes::trim_start(&body[start..at]));
                start = at + 1;
            }
            _ => {}
        }
        at += 1;
    }
    let last = mail_types::bytes::trim_start(&body[start.min(body.len())..]);
    if !last.is_empty() {
        parts.push(last);
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arrays() {
        let elements = |text: &str| {
            array_elements(text.as_bytes())
                .map(|all| all.into_iter().map(|one| String::from_utf8(one).unwrap()).collect::<Vec<_>>())
        };
        assert_eq!(elements("[]"), Ok(vec![]));
        assert_eq!(
            elements(r#"[ 1, "a,b" ,[2,3],{"x":4}]"#).unwrap(),
            ["1", "\"a,b\" ", "[2,3]", "{\"x\":4}"]
        );
        assert_eq!(elements("[1"), Err("missing ']' wrapping array".into()));
        assert_eq!(elements("x"), Err("missing '[' wrapping array".into()));
        assert_eq!(elements("[\"unfinished,").unwrap_err(), "missing ']' wrapping array");
        assert_eq!(elements("[\"unfinished,]").unwrap(), ["\"unfinished,"]);
    }

    #[test]
    fn members() {
        let text = br#" { "a" : "x,y" , "b":{"a":2}, "c\"":3 } "#;
        assert_eq!(object_member(text, b"a"), Ok(Some(b"\"x,y\" ".to_vec())));
        assert_eq!(object_member(text, b"b"), Ok(Some(b"{\"a\":2}".to_vec())));
        assert_eq!(object_member(text, b"d"), Ok(None));
        assert_eq!(object_member(b"{a:1}", b"a"), Err("missing '\"' wrapping string key".into()));
        assert_eq!(object_member(b"{\"a\\", b"a"), Err("missing '}' wrapping object".into()));
        assert_eq!(object_member(b"{\"a\\}", b"a"), Err("missing '\"' wrapping string key".into()));
    }
}
