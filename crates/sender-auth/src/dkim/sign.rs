//! Making signatures.
//!
//! # Invariants
//! * The same message, key and request give the same octets.
//! * A line of the field has at most 78 octets where its parts can be folded.
//!
//! # Compatibility
//! The field has Exim's tags in Exim's order and is folded where Exim folds it. Fields are signed as Exim chooses them:
//! from the bottom of the header up, then the names that were asked for and did not occur.
//!
//! # References
//! RFC 6376 sections 3.5 and 5.

use super::Canon;
use super::body::BodyForm;
use super::canon::{field_name, push_field, push_open_field};
use super::crypto::{Hash, KeyType, PrivateKey};
use crate::base64;

/// The names that Exim signs when nothing is said (RFC 4871 section 5.5, and what was added to it).
pub const DEFAULT_NAMES: &str = "From:Sender:Reply-To:Subject:Date:Message-ID:To:Cc:MIME-Version:Content-Type:\
Content-Transfer-Encoding:Content-ID:Content-Description:Resent-Date:Resent-From:Resent-Sender:Resent-To:Resent-Cc:\
Resent-Message-ID:In-Reply-To:References:List-Id:List-Help:List-Unsubscribe:List-Subscribe:List-Post:List-Owner:\
List-Archive";

/// What a signature is to say.
#[derive(Clone, Debug)]
pub struct SignRequest<'a> {
    /// `d=`.
    pub domain: &'a [u8],
    /// `s=`.
    pub selector: &'a [u8],
    /// `i=`.
    pub identity: Option<&'a [u8]>,
    /// Both halves of `c=`.
    pub canon: Canon,
    /// The hash; an Ed25519 key signs with SHA-256 whatever this says (RFC 8463).
    pub hash: Hash,
    /// Names to be signed, colons between them, `=` and `+` before a name as the option has it.
    pub names: &'a [u8],
    /// `t=`.
    pub created: Option<u64>,
    /// `x=`.
    pub expires: Option<u64>,
}

impl SignRequest<'_> {
    /// The form of the body whose hash [`sign`] wants.
    pub fn body_form(&self, key: &PrivateKey) -> BodyForm {
        BodyForm { canon: self.canon, hash: hash_for(self.hash, key), length: None }
    }
}

fn hash_for(hash: Hash, key: &PrivateKey) -> Hash {
    if key.kind() == KeyType::Ed25519 { Hash::Sha256 } else { hash }
}

/// Signs a message: the DKIM-Signature field in spool form, LF at its end. `header` is the message's header as it will
/// be sent, topmost field first. `None` when the library cannot sign.
pub fn sign(
    request: &SignRequest<'_>,
    header: &[&[u8]],
    body_hash: &[u8],
    key: &PrivateKey,
) -> Option<Vec<u8>> {
    let hash = hash_for(request.hash, key);
    let mut data = Vec::with_capacity(2048);
    let names = choose(request.names, header, request.canon, &mut data);
    let mut field = Folder::new("DKIM-Signature: v=1");
    let mut tag = |name: &str, value: &[u8]| field.tag(name, value);
    tag("a", format!("{}-{}", key.kind().name(), hash.name()).as_bytes());
    tag("q", b"dns/txt");
    tag("c", format!("{}/{}", request.canon.name(), request.canon.name()).as_bytes());
    tag("d", request.domain);
    tag("s", request.selector);
    field.names("h", &names);
    field.tag("bh", &base64::encode(body_hash));
    if let Some(identity) = request.identity {
        field.tag("i", identity);
    }
    for (name, value) in [("t", request.created), ("x", request.expires)] {
        if let Some(value) = value {
            field.tag(name, value.to_string().as_bytes());
        }
    }
    finish(field, request.canon, hash, key, data)
}

/// Closes a field with `b=` and the signature over `data` and the field itself.
pub(crate) fn finish(
    field: Folder,
    canon: Canon,
    hash: Hash,
    key: &PrivateKey,
    mut data: Vec<u8>,
) -> Option<Vec<u8>> {
    // Where the text of `b=` begins depends on its length, so a stand-in of the right length decides it.
    let length = key.signature_octets().div_ceil(3) * 4;
    let unsigned = field.clone().signature(&vec![b'A'; length]);
    push_open_field(&super::canon::without_signature(&unsigned), canon, &mut data);
    let signature = key.sign(hash, &data)?;
    Some(field.signature(&base64::encode(&signature)))
}

/// The names that are signed, their canonical fields appended to `data`.
pub(crate) fn choose(asked: &[u8], header: &[&[u8]], canon: Canon, data: &mut Vec<u8>) -> Vec<Vec<u8>> {
    struct Wish<'a> {
        name: &'a [u8],
        every: bool,
        absent_too: bool,
    }
    let mut wishes: Vec<Option<Wish<'_>>> = asked
        .split(|byte| *byte == b':')
        .map(<[u8]>::trim_ascii)
        .filter(|name| !name.is_empty())
        .map(|name| {
            Some(match name {
                [b'=', name @ ..] => Wish { name, every: true, absent_too: false },
                [b'+', name @ ..] => Wish { name, every: true, absent_too: true },
                name => Wish { name, every: false, absent_too: true },
            })
        })
        .collect();
    let mut names = Vec::new();
    for field in header.iter().rev() {
        let name = field_name(field);
        let wanted =
            |wish: &Option<Wish<'_>>| wish.as_ref().is_some_and(|w| w.name.eq_ignore_ascii_case(name));
        let Some(at) = wishes.iter().position(wanted) else { continue };
        push_field(field, canon, data);
        names.push(name.to_vec());
        if wishes[at].as_ref().is_some_and(|wish| !wish.every) {
            wishes[at] = None;
        }
    }
    names.extend(wishes.into_iter().flatten().filter(|wish| wish.absent_too).map(|wish| wish.name.to_vec()));
    names
}

/// A field being written, folded as the oracle folds it.
#[derive(Clone, Debug)]
pub(crate) struct Folder {
    text: Vec<u8>,
    column: usize,
}

/// Octets of a line.
const WIDTH: usize = 78;

impl Folder {
    /// A field that begins so.
    pub(crate) fn new(start: &str) -> Self {
        Self { text: start.as_bytes().to_vec(), column: start.len() }
    }

    /// `; name=value`.
    pub(crate) fn tag(&mut self, name: &str, value: &[u8]) {
        self.put(b";");
        self.begin(name, value.len());
        self.fill(value);
    }

    /// ` name=value`, right after the field's name.
    pub(crate) fn first_tag(&mut self, name: &str, value: &[u8]) {
        self.begin(name, value.len());
        self.fill(value);
    }

    /// `; name=value:value`, folded after colons.
    pub(crate) fn names(&mut self, name: &str, values: &[Vec<u8>]) {
        self.put(b";");
        let mut values = values.iter();
        let first = values.next().map(Vec::as_slice).unwrap_or_default();
        self.begin(name, first.len());
        self.fill(first);
        for value in values {
            self.put(b":");
            if self.column + value.len() > WIDTH && value.len() < WIDTH {
                self.fold();
            }
            self.fill(value);
        }
    }

    /// `; b=value;` and the end of the field.
    pub(crate) fn signature(mut self, value: &[u8]) -> Vec<u8> {
        self.tag("b", value);
        self.put(b";");
        self.text.push(b'\n');
        self.text
    }

    /// The space, the name and its sign: on a new line when name and value fit there and not here.
    fn begin(&mut self, name: &str, length: usize) {
        let whole = name.len() + 1 + length;
        if self.column + 1 + whole > WIDTH && whole < WIDTH {
            self.fold();
        } else {
            self.text.push(b' ');
            self.column += 1;
            if self.column + name.len() + 1 > WIDTH {
                self.fold();
            }
        }
        self.text.extend_from_slice(name.as_bytes());
        self.text.push(b'=');
        self.column += name.len() + 1;
    }

    /// Text that may be folded anywhere.
    fn fill(&mut self, value: &[u8]) {
        let mut rest = value;
        while self.column + rest.len() > WIDTH {
            let (now, later) = rest.split_at(WIDTH.saturating_sub(self.column));
            self.text.extend_from_slice(now);
            self.fold();
            rest = later;
        }
        self.text.extend_from_slice(rest);
        self.column += rest.len();
    }

    /// A mark that is not parted from what is before it, unless the line is full.
    fn put(&mut self, mark: &[u8]) {
        if self.column + mark.len() > WIDTH {
            self.fold();
        }
        self.text.extend_from_slice(mark);
        self.column += mark.len();
    }

    fn fold(&mut self) {
        self.text.extend_from_slice(b"\n\t");
        self.column = 1;
    }
}
