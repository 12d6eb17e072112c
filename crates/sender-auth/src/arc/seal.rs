//! Sealing: one more set on top of a message.
//!
//! # Invariants
//! * The newest set stands on top, in the order seal, message signature, results; the sets below are not touched.
//! * A chain that has failed already gets no further set.
//!
//! # Compatibility
//! Exim's `arc_sign`: the basis is the textually first Authentication-Results of the ADMD; without one nothing is
//! sealed. What it says of `arc=` becomes `cv=`.
//!
//! # References
//! RFC 8617 section 5.1.

use mail_types::limits;

use super::chain::{Chain, ChainState};
use crate::base64;
use crate::dkim::Canon;
use crate::dkim::body::BodyForm;
use crate::dkim::canon::{field_body, field_name, push_field};
use crate::dkim::crypto::{Hash, PrivateKey};
use crate::dkim::sign::{DEFAULT_NAMES, Folder, choose, finish};
use crate::tag_list::trim;

/// Who seals, and how.
#[derive(Clone, Copy, Debug)]
pub struct SealRequest<'a> {
    /// The ADMD: the name in Authentication-Results, and `d=`.
    pub admd: &'a [u8],
    /// `s=`.
    pub selector: &'a [u8],
    /// `t=` of signature and seal.
    pub created: Option<u64>,
    /// `x=` of the signature.
    pub expires: Option<u64>,
    /// All Authentication-Results fields of the ADMD are the basis, as RFC 8617 has it; Exim takes the first alone.
    pub fold_results: bool,
}

/// Why there is no further set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotSealed {
    /// No Authentication-Results of the ADMD.
    NoResults,
    /// The chain had failed before it came here.
    ChainFailed,
    /// The chain has [`limits::ARC_SETS`] sets.
    TooMany,
    /// The library cannot sign.
    Signing,
}

impl std::fmt::Display for NotSealed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::NoResults => "no Authentication-Results header for the ADMD",
            Self::ChainFailed => "the chain has failed already",
            Self::TooMany => "the chain has too many sets",
            Self::Signing => "signing failed",
        })
    }
}

/// The form of the body whose hash [`seal`] wants.
pub const BODY_FORM: BodyForm = BodyForm { canon: Canon::Relaxed, hash: Hash::Sha256, length: None };

/// Makes a set: three fields in spool form. `header` is the message's header as it will be sent, topmost field first.
pub fn seal(
    request: &SealRequest<'_>,
    header: &[&[u8]],
    body_hash: &[u8],
    key: &PrivateKey,
) -> Result<Vec<u8>, NotSealed> {
    let results = basis(request, header).ok_or(NotSealed::NoResults)?;
    let chain = Chain::read(header);
    let failed_before = chain.sets.last().is_some_and(|set| set.seal.cv == ChainState::Fail);
    if failed_before {
        return Err(NotSealed::ChainFailed);
    }
    if chain.greatest as usize >= limits::ARC_SETS {
        return Err(NotSealed::TooMany);
    }
    let instance = chain.greatest + 1;
    let cv = match (instance, &chain.fault) {
        (1, None) => ChainState::None,
        (_, None) if arc_result(&results) == Some(ChainState::Pass) => ChainState::Pass,
        _ => ChainState::Fail,
    };
    let number = instance.to_string();
    let mut aar = format!("ARC-Authentication-Results: i={number}; ").into_bytes();
    aar.extend_from_slice(&results);
    aar.push(b'\n');
    let ams = message_signature(request, header, &number, body_hash, key).ok_or(NotSealed::Signing)?;
    let mut data = Vec::with_capacity(4096);
    // RFC 8617 section 5.1.2: a seal that says "fail" covers its own set only.
    if cv != ChainState::Fail {
        for set in &chain.sets {
            for field in [&set.results, &set.message.field, &set.seal.field] {
                push_field(field, Canon::Relaxed, &mut data);
            }
        }
    }
    push_field(&aar, Canon::Relaxed, &mut data);
    push_field(&ams, Canon::Relaxed, &mut data);
    let mut field = Folder::new("ARC-Seal:");
    field.first_tag("i", number.as_bytes());
    field.tag("cv", cv.name().as_bytes());
    signer_tags(&mut field, request, key);
    if let Some(created) = request.created {
        field.tag("t", created.to_string().as_bytes());
    }
    let mut set = finish(field, Canon::Relaxed, Hash::Sha256, key, data).ok_or(NotSealed::Signing)?;
    set.extend(ams);
    set.extend(aar);
    Ok(set)
}

fn message_signature(
    request: &SealRequest<'_>,
    header: &[&[u8]],
    instance: &str,
    body_hash: &[u8],
    key: &PrivateKey,
) -> Option<Vec<u8>> {
    let wishes = format!("={}:=DKIM-Signature", DEFAULT_NAMES.replace(':', ":="));
    let mut data = Vec::with_capacity(2048);
    let names = choose(wishes.as_bytes(), header, Canon::Relaxed, &mut data);
    let mut field = Folder::new("ARC-Message-Signature:");
    field.first_tag("i", instance.as_bytes());
    signer_tags(&mut field, request, key);
    field.tag("c", b"relaxed/relaxed");
    for (name, value) in [("t", request.created), ("x", request.expires)] {
        if let Some(value) = value {
            field.tag(name, value.to_string().as_bytes());
        }
    }
    field.names("h", &names);
    field.tag("bh", &base64::encode(body_hash));
    finish(field, Canon::Relaxed, Hash::Sha256, key, data)
}

fn signer_tags(field: &mut Folder, request: &SealRequest<'_>, key: &PrivateKey) {
    field.tag("a", format!("{}-sha256", key.kind().name()).as_bytes());
    field.tag("d", request.admd);
    field.tag("s", request.selector);
}

/// What follows the instance in ARC-Authentication-Results: the ADMD's results, its name in front.
fn basis(request: &SealRequest<'_>, header: &[&[u8]]) -> Option<Vec<u8>> {
    let mut of_admd = header.iter().filter(|field| {
        field_name(field).eq_ignore_ascii_case(b"authentication-results")
            && authserv_id(field_body(field)).eq_ignore_ascii_case(request.admd)
    });
    let mut results = trim(field_body(of_admd.next()?)).to_vec();
    if request.fold_results {
        for field in of_admd {
            let body = field_body(field);
            let after = memchr::memchr(b';', body).map_or(&[][..], |at| &body[at + 1..]);
            let after = trim(after);
            if !after.is_empty() && after != b"none" {
                results.extend_from_slice(b";\n\t");
                results.extend_from_slice(after);
            }
        }
    }
    Some(results)
}

/// The name at the start of a field's body, comments before it skipped.
fn authserv_id(body: &[u8]) -> &[u8] {
    let mut rest = trim(body);
    while rest.first() == Some(&b'(') {
        let Some(end) = comment_end(rest) else { return &[] };
        rest = trim(&rest[end..]);
    }
    if let Some(quoted) = rest.strip_prefix(b"\"") {
        return memchr::memchr(b'"', quoted).map_or(&[], |end| &quoted[..end]);
    }
    let end = rest.iter().position(|byte| matches!(byte, b';' | b'(') || byte.is_ascii_whitespace());
    &rest[..end.unwrap_or(rest.len())]
}

/// Where the comment at the start ends.
fn comment_end(text: &[u8]) -> Option<usize> {
    let (mut depth, mut quoted) = (0usize, false);
    for (at, byte) in text.iter().enumerate() {
        match byte {
            _ if quoted => quoted = false,
            b'\\' => quoted = true,
            b'(' => depth += 1,
            b')' if depth == 1 => return Some(at + 1),
            b')' => depth -= 1,
            _ => {}
        }
    }
    None
}

/// The result `arc=` among results.
fn arc_result(results: &[u8]) -> Option<ChainState> {
    results.split(|byte| *byte == b';').skip(1).find_map(|piece| {
        let equals = memchr::memchr(b'=', piece)?;
        if !trim(&piece[..equals]).eq_ignore_ascii_case(b"arc") {
            return None;
        }
        let word = trim(&piece[equals + 1..]);
        let end = word.iter().position(|byte| !byte.is_ascii_alphabetic()).unwrap_or(word.len());
        ChainState::by_name(&word[..end])
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_of_an_admd() {
        let cases = [
            (" example.org; spf=pass", "example.org"),
            ("\n\texample.org 1; none", "example.org"),
            (" (a (nested \\) one)) example.org(comment);", "example.org"),
            (" \"quoted.example\"; x", "quoted.example"),
            (" (open", ""),
            ("", ""),
        ];
        for (body, want) in cases {
            assert_eq!(authserv_id(body.as_bytes()), want.as_bytes(), "{body:?}");
        }
    }

    #[test]
    fn the_result_of_an_earlier_chain() {
        let cases = [
            ("a; spf=pass; arc=pass (i=1)", Some(ChainState::Pass)),
            ("a;\n\tarc = fail", Some(ChainState::Fail)),
            ("a; arc=none", Some(ChainState::None)),
            ("a; arc=odd", None),
            ("a; dkim=pass header.d=arc", None),
            ("arc=pass", None),
        ];
        for (results, want) in cases {
            assert_eq!(arc_result(results.as_bytes()), want, "{results:?}");
        }
    }
}
