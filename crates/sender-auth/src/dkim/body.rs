//! Hashes of a body while it passes by.
//!
//! A message's signatures want the hash of its body in several forms: this or that canonicalisation, this or that hash,
//! all of it or its first octets. Each different form is one [`BodyForm`]; the body is fed once, whatever their number.
//!
//! # Invariants
//! * The text fed is in spool form: an LF ends a line, every other octet is content, a CR before the LF as well. What
//!   is hashed is what the next hop receives: each LF becomes CR LF.
//! * The result does not depend on how the text is cut into pieces.
//! * Memory does not grow with the body: an unfinished line of spaces and a run of empty lines are numbers, the text on
//!   its way to the hash is a buffer of fixed size.
//!
//! # Security
//! The body is hostile. The number of forms is limited.
//!
//! # References
//! RFC 6376 sections 3.4.3 (simple), 3.4.4 (relaxed), 3.5 (`l=`), 3.7.

use mail_types::limits;

use super::Canon;
use super::crypto::{Digest, Hash};

/// One form in which a body is hashed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BodyForm {
    /// How the text is put in order before.
    pub canon: Canon,
    /// The hash.
    pub hash: Hash,
    /// `l=`: only so many octets of the canonical text; all when none.
    pub length: Option<u64>,
}

/// Hashes in the making.
pub struct BodyHasher {
    simple: Option<Lane>,
    relaxed: Option<Lane>,
    forms: Vec<(BodyForm, Canon, usize)>,
}

/// What came out.
#[derive(Clone, Debug, Default)]
pub struct BodyHashes {
    made: Vec<(BodyForm, BodyHash)>,
}

/// One finished hash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BodyHash {
    /// The hash's octets.
    pub octets: Vec<u8>,
    /// False when `l=` wants more octets than the canonical body has.
    pub long_enough: bool,
}

impl BodyHasher {
    /// A hasher for these forms; equal ones are made once, those after the first [`limits::DKIM_BODY_FORMS`] not at all.
    pub fn new(forms: impl IntoIterator<Item = BodyForm>) -> Self {
        let mut hasher = Self { simple: None, relaxed: None, forms: Vec::new() };
        for form in forms {
            if hasher.forms.iter().any(|(known, _, _)| *known == form) {
                continue;
            }
            if hasher.forms.len() == limits::DKIM_BODY_FORMS {
                break;
            }
            let lane = match form.canon {
                Canon::Simple => &mut hasher.simple,
                Canon::Relaxed => &mut hasher.relaxed,
            };
            let lane = lane.get_or_insert_with(|| Lane::new(form.canon));
            lane.sums.push(Sum { digest: Digest::new(form.hash), left: form.length });
            let at = lane.sums.len() - 1;
            hasher.forms.push((form, form.canon, at));
        }
        hasher
    }

    /// True when nothing is to be hashed: feeding may be skipped.
    pub fn is_idle(&self) -> bool {
        self.forms.is_empty()
    }

    /// The next piece of the body, in spool form, of any length.
    pub fn feed(&mut self, text: &[u8]) {
        for lane in [&mut self.simple, &mut self.relaxed].into_iter().flatten() {
            lane.feed(text);
        }
    }

    /// The body has ended.
    pub fn finish(self) -> BodyHashes {
        let mut simple = self.simple.map(Lane::finish).unwrap_or_default();
        let mut relaxed = self.relaxed.map(Lane::finish).unwrap_or_default();
        let made = self.forms.into_iter().filter_map(|(form, canon, at)| {
            let lane = match canon {
                Canon::Simple => &mut simple,
                Canon::Relaxed => &mut relaxed,
            };
            let hash = lane.get_mut(at)?.take()?;
            Some((form, hash))
        });
        BodyHashes { made: made.collect() }
    }
}

impl BodyHashes {
    /// The hash of a form that was asked for.
    pub fn hash(&self, form: BodyForm) -> Option<&BodyHash> {
        self.made.iter().find(|(known, _)| *known == form).map(|(_, hash)| hash)
    }
}

/// One hash and how much of the text it still takes.
struct Sum {
    digest: Digest,
    left: Option<u64>,
}

/// One canonicalisation and the hashes over it.
struct Lane {
    canon: Canon,
    sums: Vec<Sum>,
    /// Canonical text on its way to the hashes.
    out: Vec<u8>,
    /// Empty lines that count only if something follows.
    empty_lines: u64,
    /// White space that counts only if something follows on its line (relaxed).
    space: bool,
    /// Something of the present line has gone out.
    in_line: bool,
    /// Anything has gone out at all.
    any: bool,
}

/// Text that is gathered before it is hashed.
const BUFFER: usize = 16 * 1024;
/// Pieces of text that are looked at as one: small enough to stay in the nearest cache.
const PIECE: usize = 4 * 1024;
const CRLF: &[u8] = b"\r\n";

impl Lane {
    fn new(canon: Canon) -> Self {
        Self {
            canon,
            sums: Vec::new(),
            out: Vec::with_capacity(BUFFER + 2 * PIECE),
            empty_lines: 0,
            space: false,
            in_line: false,
            any: false,
        }
    }

    fn feed(&mut self, text: &[u8]) {
        for piece in text.chunks(PIECE) {
            let verbatim = self.canon == Canon::Simple || !(self.space || needs_rewriting(piece));
            if verbatim {
                self.verbatim(piece);
            } else {
                self.rewritten(piece);
            }
            self.flush(BUFFER);
        }
    }

    /// Text in which only the line ends change.
    fn verbatim(&mut self, piece: &[u8]) {
        let mut rest = piece;
        while let Some(at) = memchr::memchr(b'\n', rest) {
            if at == 0 && !self.in_line {
                self.empty_lines += 1;
            } else {
                self.owed_lines();
                self.out.extend_from_slice(&rest[..at]);
                self.out.extend_from_slice(CRLF);
                self.in_line = false;
            }
            rest = &rest[at + 1..];
        }
        if !rest.is_empty() {
            self.owed_lines();
            self.out.extend_from_slice(rest);
            self.in_line = true;
        }
    }

    /// Text with white space that the relaxed form changes.
    fn rewritten(&mut self, piece: &[u8]) {
        let mut rest = piece;
        while let Some(at) = memchr::memchr(b'\n', rest) {
            self.words(&rest[..at]);
            self.space = false;
            if self.in_line {
                self.out.extend_from_slice(CRLF);
                self.in_line = false;
            } else {
                self.empty_lines += 1;
            }
            rest = &rest[at + 1..];
        }
        self.words(rest);
    }

    /// Part of one line: runs of white space shrink to a space, and the last one waits for what follows.
    fn words(&mut self, text: &[u8]) {
        let end = text.iter().rposition(|byte| !is_blank(*byte)).map_or(0, |last| last + 1);
        let (body, tail) = text.split_at(end);
        if let Some(first) = body.first() {
            self.owed_lines();
            if self.space && !is_blank(*first) {
                self.out.push(b' ');
            }
            squeeze(body, &mut self.out);
            self.in_line = true;
            self.space = false;
        }
        self.space |= !tail.is_empty();
    }

    fn owed_lines(&mut self) {
        self.any = true;
        while self.empty_lines > 0 {
            self.out.extend_from_slice(CRLF);
            self.empty_lines -= 1;
            self.flush(BUFFER);
        }
    }

    /// Hashes what has gathered, once it is more than `limit`.
    fn flush(&mut self, limit: usize) {
        if self.out.len() <= limit {
            return;
        }
        for sum in &mut self.sums {
            sum.update(&self.out);
        }
        self.out.clear();
    }

    fn finish(mut self) -> Vec<Option<BodyHash>> {
        if self.in_line {
            self.out.extend_from_slice(CRLF);
        } else if !self.any && self.canon == Canon::Simple {
            // RFC 6376 section 3.4.3: an empty body is one empty line in the simple form, nothing in the relaxed one.
            self.out.extend_from_slice(CRLF);
        }
        self.flush(0);
        self.sums.into_iter().map(|sum| Some(sum.finish())).collect()
    }
}

impl Sum {
    fn update(&mut self, text: &[u8]) {
        match &mut self.left {
            None => self.digest.update(text),
            Some(0) => {}
            Some(left) => {
                let take = usize::try_from(*left).unwrap_or(usize::MAX).min(text.len());
                self.digest.update(&text[..take]);
                *left -= take as u64;
            }
        }
    }

    fn finish(self) -> BodyHash {
        BodyHash { octets: self.digest.finish(), long_enough: self.left.unwrap_or(0) == 0 }
    }
}

fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t')
}

/// True when the relaxed form of this text may differ from it in more than the line ends: there is a tab, a space before
/// a space or a line end, or a space at the text's end. Written without branches, so that it is compiled to vectors.
fn needs_rewriting(text: &[u8]) -> bool {
    let Some(last) = text.last() else { return false };
    if is_blank(*last) {
        return true;
    }
    text.chunks(512).zip(text[1..].chunks(512).chain(std::iter::once(&[][..]))).any(|(here, next)| {
        let tab = here.iter().fold(0u8, |found, byte| found | u8::from(*byte == b'\t'));
        let pair = here.iter().zip(next).fold(0u8, |found, (byte, after)| {
            found | (u8::from(*byte == b' ') & (u8::from(*after == b' ') | u8::from(*after == b'\n')))
        });
        (tab | pair) != 0
    })
}

/// Appends `line`, each run of blanks shrunk to one space. Copies blocks that need no change as they are.
fn squeeze(line: &[u8], out: &mut Vec<u8>) {
    const BLOCK: usize = 16;
    let mut at = 0;
    while at < line.len() {
        let block = &line[at..line.len().min(at + BLOCK)];
        let next = line.get(at + block.len()).copied().unwrap_or(b'x');
        if !has_odd_blanks(block, next) {
            out.extend_from_slice(block);
            at += block.len();
            continue;
        }
        let mut after_blank = false;
        // To the end of the block, and on through the run of blanks that may cross it.
        let end = at + block.len();
        while at < line.len() && (at < end || (after_blank && is_blank(line[at]))) {
            let blank = is_blank(line[at]);
            if !blank {
                out.push(line[at]);
            } else if !after_blank {
                out.push(b' ');
            }
            after_blank = blank;
            at += 1;
        }
    }
}

/// True when a block has a tab or two blanks in a row, the octet after it counted.
fn has_odd_blanks(block: &[u8], next: u8) -> bool {
    let tab = block.iter().fold(0u8, |found, byte| found | u8::from(*byte == b'\t'));
    let pair = block
        .iter()
        .zip(&block[1..])
        .fold(0u8, |found, (byte, after)| found | (u8::from(*byte == b' ') & u8::from(*after == b' ')));
    (tab | pair) != 0 || (block.last() == Some(&b' ') && is_blank(next))
}

#[cfg(test)]
#[path = "body/tests.rs"]
mod tests;
