//! Writes a message to a file or a pipe: prefix, header, body, suffix, with escapes and line ends.
//!
//! # Invariants
//! * The body is copied in blocks; memory does not grow with it.
//! * With BSMTP each line that begins with a dot gets another one, and the message ends with a lone dot.
//!
//! # Compatibility
//! Specification, options `check_string`, `escape_string`, `message_prefix`, `message_suffix`, `use_bsmtp`,
//! `use_crlf`, `body_only`, `headers_only`.

use std::fs::File;
use std::io::{self, Write};
use std::os::unix::fs::FileExt;

use spool_format::data::FromWire;

/// Octets read at a time.
const BLOCK: usize = 32 * 1024;

/// What is written.
#[derive(Clone, Copy)]
pub(super) struct Message<'a> {
    /// The header with the blank line at its end.
    pub(super) header: &'a [u8],
    /// Where the body is.
    pub(super) data: &'a File,
    /// Where in `data` it begins.
    pub(super) body_offset: u64,
    /// Its line ends are CRLF.
    pub(super) wire: bool,
}

/// How it is written.
#[derive(Clone, Debug, Default)]
pub(super) struct Form {
    /// Before the message.
    pub(super) prefix: Vec<u8>,
    /// After it.
    pub(super) suffix: Vec<u8>,
    /// Text at the beginning of a line, and what stands there instead.
    pub(super) escape: Option<(Vec<u8>, Vec<u8>)>,
    /// CR LF for LF.
    pub(super) crlf: bool,
    /// Leave the header out.
    pub(super) body_only: bool,
    /// Leave the body out.
    pub(super) headers_only: bool,
    /// Close with a line of one dot.
    pub(super) dot: bool,
}

/// Writes a message; gives the octets written.
pub(super) fn write(message: Message<'_>, form: &Form, out: &mut dyn Write) -> io::Result<u64> {
    let mut writer = Lines::new(form, out);
    writer.raw(&form.prefix)?;
    if !form.body_only {
        writer.text(message.header)?;
    }
    if !form.headers_only {
        copy_body(message, &mut writer)?;
    }
    writer.end_line()?;
    writer.raw(&form.suffix)?;
    if form.dot {
        writer.raw(if form.crlf { b".\r\n" } else { b".\n" })?;
    }
    Ok(writer.written)
}

fn copy_body(message: Message<'_>, writer: &mut Lines<'_>) -> io::Result<()> {
    let mut block = vec![0; BLOCK];
    let mut at = message.body_offset;
    let (mut ends, mut lines) = (FromWire::default(), Vec::new());
    loop {
        let length = match message.data.read_at(&mut block, at) {
            Ok(0) => {
                lines.clear();
                ends.finish(&mut lines);
                return writer.text(&lines);
            }
            Ok(length) => length,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        at += length as u64;
        if message.wire {
            lines.clear();
            ends.convert(&block[..length], &mut lines);
            writer.text(&lines)?;
        } else {
            writer.text(&block[..length])?;
        }
    }
}

/// Passes text through line by line where it has to be looked at.
struct Lines<'a> {
    form: &'a Form,
    out: &'a mut dyn Write,
    at_line_start: bool,
    /// The beginning of a line that may turn out to be the string to escape.
    held: Vec<u8>,
    written: u64,
}

impl<'a> Lines<'a> {
    fn new(form: &'a Form, out: &'a mut dyn Write) -> Self {
        Self { form, out, at_line_start: true, held: Vec::new(), written: 0 }
    }

    fn raw(&mut self, octets: &[u8]) -> io::Result<()> {
        self.out.write_all(octets)?;
        self.written += octets.len() as u64;
        Ok(())
    }

    /// The next piece of header or body.
    fn text(&mut self, mut text: &[u8]) -> io::Result<()> {
        while !text.is_empty() {
            if self.at_line_start && self.form.escape.is_some() {
                text = self.line_start(text)?;
                continue;
            }
            text = self.rest_of_lines(text)?;
        }
        Ok(())
    }

    /// Looks at the beginning of a line; gives what is left of the text.
    fn line_start<'t>(&mut self, text: &'t [u8]) -> io::Result<&'t [u8]> {
        let Some((check, escape)) = self.form.escape.as_ref().filter(|(check, _)| !check.is_empty()) else {
            self.at_line_start = false;
            return Ok(text);
        };
        let wanted = check.len() - self.held.len();
        let taken = wanted.min(text.len());
        if check[self.held.len()..].starts_with(&text[..taken]) {
            self.held.extend_from_slice(&text[..taken]);
            if taken == wanted {
                self.held.clear();
                self.at_line_start = escape.last() == Some(&b'\n');
                self.raw(escape)?;
            }
            return Ok(&text[taken..]);
        }
        self.release()?;
        Ok(text)
    }

    /// What was held is no string to escape: it goes out as it came.
    fn release(&mut self) -> io::Result<()> {
        let held = std::mem::take(&mut self.held);
        self.at_line_start = false;
        self.lines(&held)
    }

    /// Writes up to the next line that has to be looked at.
    fn rest_of_lines<'t>(&mut self, text: &'t [u8]) -> io::Result<&'t [u8]> {
        let Some((check, _)) = self.form.escape.as_ref().filter(|(check, _)| !check.is_empty()) else {
            self.lines(text)?;
            self.at_line_start = text.last() == Some(&b'\n');
            return Ok(&[]);
        };
        // The next line end that is followed by the first octet of the string, or that ends the piece.
        let mut from = 0;
        while let Some(found) = memchr::memchr(b'\n', &text[from..]) {
            let next = from + found + 1;
            if text.get(next).is_none_or(|byte| *byte == check[0]) {
                self.lines(&text[..next])?;
                self.at_line_start = true;
                return Ok(&text[next..]);
            }
            from = next;
        }
        self.lines(text)?;
        self.at_line_start = false;
        Ok(&[])
    }

    fn lines(&mut self, text: &[u8]) -> io::Result<()> {
        if !self.form.crlf {
            return self.raw(text);
        }
        let mut rest = text;
        while let Some(found) = memchr::memchr(b'\n', rest) {
            self.raw(&rest[..found])?;
            self.raw(b"\r\n")?;
            rest = &rest[found + 1..];
        }
        self.raw(rest)
    }

    /// The message is over.
    fn end_line(&mut self) -> io::Result<()> {
        if !self.held.is_empty() {
            self.release()?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Writes header and body through a real file; the pieces are cut at every place.
    fn written(form: &Form, header: &str, body: &str) -> String {
        let mut whole = Vec::new();
        let mut lines = Lines::new(form, &mut whole);
        lines.raw(&form.prefix).unwrap();
        lines.text(header.as_bytes()).unwrap();
        lines.text(body.as_bytes()).unwrap();
        lines.end_line().unwrap();
        for cut in 0..=body.len() {
            let mut out = Vec::new();
            let mut lines = Lines::new(form, &mut out);
            lines.raw(&form.prefix).unwrap();
            lines.text(header.as_bytes()).unwrap();
            lines.text(&body.as_bytes()[..cut]).unwrap();
            lines.text(&body.as_bytes()[cut..]).unwrap();
            lines.end_line().unwrap();
            assert_eq!(out, whole, "cut at {cut}");
        }
        String::from_utf8(whole).unwrap()
    }

    #[test]
    fn from_lines_are_escaped() {
        let form = Form { escape: Some((b"From ".to_vec(), b">From ".to_vec())), ..Form::default() };
        let text = written(&form, "a: b\n\n", "From x\nFro\nFrom\n>From y\n From z\nFrom ");
        assert_eq!(text, "a: b\n\n>From x\nFro\nFrom\n>From y\n From z\n>From ");
    }

    #[test]
    fn a_body_in_wire_form_is_written_as_any_other() {
        let path = std::env::temp_dir().join(format!("postrider-wire-{}", std::process::id()));
        std::fs::write(&path, b"ID-D\none\r\nFrom here\r\nlast\r").unwrap();
        let data = File::open(&path).unwrap();
        std::fs::remove_file(&path).unwrap();
        let message = Message { header: b"a: b\n\n", data: &data, body_offset: 5, wire: true };
        let escape = Some((b"From ".to_vec(), b">From ".to_vec()));
        for (crlf, expected) in
            [(false, "a: b\n\none\n>From here\nlast\r"), (true, "a: b\r\n\r\none\r\n>From here\r\nlast\r")]
        {
            let mut out = Vec::new();
            let form = Form { escape: escape.clone(), crlf, ..Form::default() };
            write(message, &form, &mut out).unwrap();
            assert_eq!(String::from_utf8(out).unwrap(), expected);
        }
    }

    #[test]
    fn dots_and_crlf() {
        let form = Form { escape: Some((b".".to_vec(), b"..".to_vec())), crlf: true, ..Form::default() };
        assert_eq!(written(&form, "a: b\n\n", ".\nx\n..y\n"), "a: b\r\n\r\n..\r\nx\r\n...y\r\n");
        let form = Form { prefix: b"P\n".to_vec(), ..Form::default() };
        assert_eq!(written(&form, "a: b\n\n", "x"), "P\na: b\n\nx");
    }
}
