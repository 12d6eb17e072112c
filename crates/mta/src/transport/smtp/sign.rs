//! Signing what is sent: the fields that go on top of a message's header.
//!
//! # Invariants
//! * The body is read once, however many signatures there are.
//! * Either all signatures that were asked for are made, or none.
//!
//! # Security
//! Private keys are read with the rights of the process that delivers. A file is named by clean text only; no part of a
//! key reaches a log line or an error for a peer.
//!
//! # Failure
//! A message that cannot be signed goes unsigned, or waits where `dkim_strict` says so. The log has the reason.
//!
//! # Compatibility
//! Specification, "Signing outgoing messages"; the texts are the oracle's. A message is signed once for all hosts that
//! are tried, so `$host` is not set yet.

use std::collections::HashMap;
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use config::TransportInstance;
use config::options::postrider;
use config::options::transport::smtp as options;
use expand::{EvalError, Expansion};
use mail_types::value::Value;
use observe::{Event, Streams};
use policy::list::split;
use sender_auth::arc::seal::{BODY_FORM, NotSealed, SealRequest, seal};
use sender_auth::dkim::Canon;
use sender_auth::dkim::body::{BodyForm, BodyHasher, BodyHashes};
use sender_auth::dkim::crypto::{Hash, PrivateKey};
use sender_auth::dkim::sign::{DEFAULT_NAMES, SignRequest, sign};
use spool_format::data::FromWire;

use crate::context::Context;

/// The message waits: it could not be signed, and has to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct MustWait(pub(super) Option<String>);

/// A message to be signed.
pub(super) struct Unsigned<'a> {
    /// The header with the blank line at its end.
    pub(super) header: &'a [u8],
    pub(super) data: &'a File,
    pub(super) body_offset: u64,
    /// Its line ends are CRLF.
    pub(super) wire: bool,
}

/// Why a message cannot be signed; none when the log has it already and the peer's side has nothing to add.
struct Trouble(Option<String>);

/// One signature to be made.
struct Plan {
    domain: Vec<u8>,
    selector: Vec<u8>,
    identity: Option<Vec<u8>>,
    canon: Canon,
    hash: Hash,
    names: Vec<u8>,
    created: Option<u64>,
    expires: Option<u64>,
    key: Arc<PrivateKey>,
}

/// True when the transport signs at all.
pub(super) fn is_wanted(transport: &TransportInstance) -> bool {
    transport.options.is_set(options::DKIM_DOMAIN) || transport.options.is_set(options::ARC_SIGN)
}

/// The fields to put on top of the header; may read keys and the whole body.
pub(super) fn fields(
    transport: &TransportInstance,
    message: &Unsigned<'_>,
    context: &mut Context,
) -> Result<Vec<u8>, MustWait> {
    let signed = dkim_fields(transport, message, context);
    context.dkim.signing = None;
    let signed = signed.and_then(|fields| arc_fields(transport, message, fields, context));
    match signed {
        Ok(fields) => Ok(fields),
        Err(trouble) if is_strict(transport, context) => {
            let text =
                "DKIM: message could not be signed, and dkim_strict is set. Deferring message delivery.";
            note(text, Streams::MAIN, context);
            Err(MustWait(trouble.0))
        }
        Err(_) => Ok(Vec::new()),
    }
}

/// The option `arc_sign`, read.
struct ArcOption {
    admd: Vec<u8>,
    selector: Vec<u8>,
    key: Value,
    created: Option<u64>,
    expires: Option<u64>,
}

/// The new ARC set on top of the new signatures.
fn arc_fields(
    transport: &TransportInstance,
    message: &Unsigned<'_>,
    mut signatures: Vec<u8>,
    context: &mut Context,
) -> Result<Vec<u8>, Trouble> {
    let Some(option) = transport.options.get(options::ARC_SIGN) else { return Ok(signatures) };
    let value = match option.eval(context) {
        Ok(value) if !value.bytes().trim_ascii().is_empty() => value,
        Ok(_) | Err(EvalError::Forced { .. }) => return Ok(signatures),
        Err(error) => return Err(fatal(format!("failed to expand arc_sign: {}", error.message()), context)),
    };
    let now = u64::try_from(context.services.clock.now().secs()).unwrap_or(0);
    let option = ArcOption::parse(&value, now).map_err(|text| fatal(format!("ARC: {text}"), context))?;
    let key = load_key(&option.key, Hash::Sha256, context)?;
    let hashes = hash_body(message, std::iter::once(BODY_FORM))
        .map_err(|error| fatal(format!("ARC: cannot read the message: {error}"), context))?;
    let body_hash = hashes.hash(BODY_FORM).map_or(&[][..], |hash| hash.octets.as_slice());
    let mut header = split_fields(&signatures);
    header.extend(split_fields(message.header));
    let request = SealRequest {
        admd: &option.admd,
        selector: &option.selector,
        created: option.created,
        expires: option.expires,
        fold_results: context.config.main.get(postrider::ARC_FOLD_RESULTS),
    };
    match seal(&request, &header, body_hash, &key) {
        Ok(mut set) => {
            set.append(&mut signatures);
            Ok(set)
        }
        Err(NotSealed::Signing) => Err(fatal("ARC: signing failed".into(), context)),
        Err(reason) => {
            note(&format!("ARC: not signed: {reason}"), Streams::MAIN, context);
            Ok(signatures)
        }
    }
}

impl ArcOption {
    /// One month, where `expire` says nothing.
    const MONTH: u64 = 30 * 24 * 3600;

    fn parse(value: &Value, now: u64) -> Result<Self, String> {
        let mut items = split(value.bytes()).map(|item| item.bytes);
        let (admd, selector, key) = (items.next(), items.next(), items.next());
        let (Some(admd), Some(selector), Some(key)) = (admd, selector, key) else {
            return Err("arc_sign needs an ADMD, a selector and a private key".into());
        };
        for (text, name) in [(&admd, "ADMD"), (&selector, "selector"), (&key, "private key")] {
            if text.is_empty() {
                return Err(format!("no {name} in arc_sign"));
            }
        }
        let key = Value::new(key, value.taint().clone());
        let mut option = Self { admd, selector, key, created: None, expires: None };
        let rest = items.next().unwrap_or_default();
        for word in rest.split(|byte| *byte == b',').map(<[u8]>::trim_ascii).filter(|word| !word.is_empty()) {
            match word {
                b"timestamps" => option.created = Some(now),
                b"expire" => option.expires = Some(now + Self::MONTH),
                _ => match word.strip_prefix(b"expire=") {
                    Some([b'+', offset @ ..]) => {
                        option.expires = Some(now.saturating_add(leading_number(offset)));
                    }
                    Some(time) => option.expires = Some(leading_number(time)),
                    None => return Err(format!("unknown option \"{}\" in arc_sign", word.escape_ascii())),
                },
            }
        }
        Ok(option)
    }
}

fn dkim_fields(
    transport: &TransportInstance,
    message: &Unsigned<'_>,
    context: &mut Context,
) -> Result<Vec<u8>, Trouble> {
    let mut plans = Vec::new();
    let Some(domains) = list(transport, options::DKIM_DOMAIN, "dkim_domain", context)? else {
        return Ok(Vec::new());
    };
    for domain in domains {
        let domain = domain.to_ascii_lowercase();
        context.dkim.signing = Some((domain.clone(), Vec::new()));
        let selectors =
            list(transport, options::DKIM_SELECTOR, "dkim_selector", context)?.unwrap_or_default();
        for selector in selectors {
            context.dkim.signing = Some((domain.clone(), selector.clone()));
            plans.extend(plan(transport, domain.clone(), selector, context)?);
        }
    }
    let hashes = hash_body(message, plans.iter().map(|plan| plan.request().body_form(&plan.key)))
        .map_err(|error| fatal(format!("DKIM: cannot read the message: {error}"), context))?;
    let header = split_fields(message.header);
    let mut fields = Vec::new();
    for plan in &plans {
        let request = plan.request();
        let body_hash =
            hashes.hash(request.body_form(&plan.key)).map_or(&[][..], |hash| hash.octets.as_slice());
        let field = sign(&request, &header, body_hash, &plan.key);
        fields.extend(field.ok_or_else(|| fatal("DKIM: signing failed: RSA_SIGNING".into(), context))?);
    }
    Ok(fields)
}

/// What is to be signed for a domain and a selector; none where no key is given.
fn plan(
    transport: &TransportInstance,
    domain: Vec<u8>,
    selector: Vec<u8>,
    context: &mut Context,
) -> Result<Option<Plan>, Trouble> {
    let set = &transport.options;
    let private_key = text(set.get(options::DKIM_PRIVATE_KEY), "dkim_private_key", context)?;
    let Some(private_key) = private_key.filter(|key| !matches!(key.bytes(), b"" | b"0" | b"false")) else {
        return Ok(None);
    };
    let canon = match text(set.get(options::DKIM_CANON), "dkim_canon", context)? {
        None => Canon::Relaxed,
        Some(name) => Canon::by_name(name.bytes()).unwrap_or_else(|| {
            let name = name.to_lossy();
            let line = format!("DKIM: unknown canonicalization method '{name}', defaulting to 'relaxed'.");
            note(&line, Streams::MAIN, context);
            Canon::Relaxed
        }),
    };
    let hash = match text(set.get(options::DKIM_HASH), "dkim_hash", context)? {
        None => Hash::Sha256,
        Some(name) => Hash::by_name(name.bytes()).ok_or_else(|| {
            let line = format!("DKIM: unrecognised hashname '{}'", name.to_lossy());
            note(&line, MAIN_AND_PANIC, context);
            Trouble(None)
        })?,
    };
    let names = text(set.get(options::DKIM_SIGN_HEADERS), "dkim_sign_headers", context)?;
    let identity = text(set.get(options::DKIM_IDENTITY), "dkim_identity", context)?;
    let stamps = text(set.get(options::DKIM_TIMESTAMPS), "dkim_timestamps", context)?;
    let now = u64::try_from(context.services.clock.now().secs()).unwrap_or(0);
    let lifetime = stamps.as_ref().map(|text| leading_number(text.bytes()));
    let key = load_key(&private_key, hash, context)?;
    Ok(Some(Plan {
        domain,
        selector,
        identity: identity.filter(|text| !text.is_empty()).map(Value::into_bytes),
        canon,
        hash,
        names: names.map_or_else(|| DEFAULT_NAMES.as_bytes().to_vec(), Value::into_bytes),
        created: lifetime.map(|_| now),
        expires: lifetime.filter(|seconds| *seconds > 0).map(|seconds| now.saturating_add(seconds)),
        key,
    }))
}

impl Plan {
    fn request(&self) -> SignRequest<'_> {
        SignRequest {
            domain: &self.domain,
            selector: &self.selector,
            identity: self.identity.as_deref(),
            canon: self.canon,
            hash: self.hash,
            names: &self.names,
            created: self.created,
            expires: self.expires,
        }
    }
}

/// What a parsed key is known by: its text and the hash that it signs with.
#[derive(PartialEq, Eq, Hash)]
struct KeyName {
    pem: Vec<u8>,
    hash: Hash,
}

/// Keys that were parsed already.
static KEYS: LazyLock<Mutex<HashMap<KeyName, Arc<PrivateKey>>>> = LazyLock::new(Mutex::default);
/// Keys that are kept parsed.
const KEYS_KEPT: usize = 256;
/// Largest key file.
const KEY_FILE: u64 = 64 << 10;

/// The key of an expanded option: a file's name when it begins with a slash, else the key itself.
fn load_key(option: &Value, hash: Hash, context: &Context) -> Result<Arc<PrivateKey>, Trouble> {
    let pem = if option.bytes().starts_with(b"/") {
        read_key_file(option, context)?
    } else {
        option.bytes().to_vec()
    };
    let known = || KEYS.lock().unwrap_or_else(PoisonError::into_inner);
    let name = KeyName { pem, hash };
    if let Some(key) = known().get(&name) {
        return Ok(Arc::clone(key));
    }
    match PrivateKey::from_pem(&name.pem, hash) {
        Ok(key) => {
            let key = Arc::new(key);
            let mut known = known();
            if known.len() >= KEYS_KEPT {
                known.clear();
            }
            known.insert(name, Arc::clone(&key));
            Ok(key)
        }
        Err(error) => {
            let text = format!("signing_init: privkey PEM-block import: {error}");
            note(&text, MAIN_AND_PANIC, context);
            note("DKIM: signing failed: PRIVKEY", MAIN_AND_PANIC, context);
            Err(Trouble(Some(text)))
        }
    }
}

fn read_key_file(option: &Value, context: &Context) -> Result<Vec<u8>, Trouble> {
    use std::io::Read;
    let name = option.to_lossy();
    if option.is_tainted() {
        return Err(fatal(
            format!("attempt to use tainted value '{name}' from 'dkim_private_key' for a file"),
            context,
        ));
    }
    let path = std::path::PathBuf::from(<std::ffi::OsStr as std::os::unix::ffi::OsStrExt>::from_bytes(
        option.bytes(),
    ));
    let mut text = Vec::new();
    let read = File::open(&path).and_then(|file| file.take(KEY_FILE).read_to_end(&mut text));
    match read {
        Ok(_) => Ok(text),
        Err(_) => {
            note(&format!("unable to open file for reading: {name}"), MAIN_AND_PANIC, context);
            Err(Trouble(None))
        }
    }
}

/// The body's hashes, read from the spool in blocks.
fn hash_body(message: &Unsigned<'_>, forms: impl Iterator<Item = BodyForm>) -> std::io::Result<BodyHashes> {
    let mut hasher = BodyHasher::new(forms);
    if !hasher.is_idle() {
        let mut block = vec![0; 64 << 10];
        let mut at = message.body_offset;
        let (mut ends, mut lines) = (FromWire::default(), Vec::new());
        loop {
            match message.data.read_at(&mut block, at) {
                Ok(0) => {
                    lines.clear();
                    ends.finish(&mut lines);
                    hasher.feed(&lines);
                    break;
                }
                Ok(length) if message.wire => {
                    lines.clear();
                    ends.convert(&block[..length], &mut lines);
                    hasher.feed(&lines);
                    at += length as u64;
                }
                Ok(length) => {
                    hasher.feed(&block[..length]);
                    at += length as u64;
                }
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }
    Ok(hasher.finish())
}

/// The fields of a header text, without the blank line.
fn split_fields(header: &[u8]) -> Vec<&[u8]> {
    let mut fields = Vec::new();
    let mut start = 0;
    for at in memchr::memchr_iter(b'\n', header) {
        let next = header.get(at + 1).copied();
        if matches!(next, Some(b' ' | b'\t')) {
            continue;
        }
        if at > start {
            fields.push(&header[start..=at]);
        }
        start = at + 1;
    }
    fields
}

/// `dkim_strict`.
fn is_strict(transport: &TransportInstance, context: &mut Context) -> bool {
    match text(transport.options.get(options::DKIM_STRICT), "dkim_strict", context) {
        Ok(value) => {
            value.is_some_and(|value| value.bytes() == b"1" || value.bytes().eq_ignore_ascii_case(b"true"))
        }
        Err(_) => false,
    }
}

/// The items of a list option that are not empty; none when it is unset.
fn list<T>(
    transport: &TransportInstance,
    option: config::Opt<T>,
    name: &str,
    context: &mut Context,
) -> Result<Option<Vec<Vec<u8>>>, Trouble>
where
    T: for<'a> config::options::kind::OptionType<Ref<'a> = Option<&'a Expansion>>,
{
    let value = text(transport.options.get(option), name, context)?;
    Ok(value
        .map(|value| split(value.bytes()).map(|item| item.bytes).filter(|item| !item.is_empty()).collect()))
}

/// An expanded option. A forced failure is a failure like any other, as the oracle has it.
fn text(option: Option<&Expansion>, name: &str, context: &mut Context) -> Result<Option<Value>, Trouble> {
    let Some(option) = option else { return Ok(None) };
    option.eval(context).map(Some).map_err(|error| {
        let text = match &error {
            EvalError::Forced { .. } => {
                format!("failed to expand {name}: \"if\" failed and \"fail\" requested")
            }
            error => format!("failed to expand {name}: {}", error.message()),
        };
        note(&text, MAIN_AND_PANIC, context);
        Trouble(Some(text))
    })
}

/// The number at a text's start; 0 without one.
fn leading_number(text: &[u8]) -> u64 {
    let digits = text.trim_ascii().iter().take_while(|byte| byte.is_ascii_digit());
    digits.fold(0u64, |sum, digit| sum.saturating_mul(10).saturating_add(u64::from(digit - b'0')))
}

const MAIN_AND_PANIC: Streams = Streams { main: true, reject: false, panic: true };

fn fatal(text: String, context: &Context) -> Trouble {
    note(&text, MAIN_AND_PANIC, context);
    Trouble(Some(text))
}

fn note(text: &str, streams: Streams, context: &Context) {
    context.log_event(&Event::Text { text: text.as_bytes().to_vec(), streams });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_is_split_into_its_fields() {
        let header = b"A: 1\nB: 2\n more\n\tand more\nC: 3\n\n";
        assert_eq!(split_fields(header), [&b"A: 1\n"[..], b"B: 2\n more\n\tand more\n", b"C: 3\n"]);
        assert_eq!(split_fields(b"\n"), Vec::<&[u8]>::new());
    }

    #[test]
    fn arc_sign_has_three_parts_and_options() {
        let parse = |text: &str| ArcOption::parse(&Value::clean(text), 1000);
        let plain = parse("example.org : sel : /key").unwrap();
        assert_eq!((plain.admd.as_slice(), plain.selector.as_slice()), (&b"example.org"[..], &b"sel"[..]));
        assert_eq!((plain.key.bytes(), plain.created, plain.expires), (&b"/key"[..], None, None));
        let stamps =
            |text: &str| parse(&format!("a:s:/k:{text}")).map(|option| (option.created, option.expires));
        assert_eq!(stamps("timestamps"), Ok((Some(1000), None)));
        assert_eq!(stamps("timestamps,expire"), Ok((Some(1000), Some(1000 + 2_592_000))));
        assert_eq!(stamps("expire=+60, timestamps"), Ok((Some(1000), Some(1060))));
        assert_eq!(stamps("expire=5000"), Ok((None, Some(5000))));
        assert!(stamps("foo").is_err());
        for text in ["a", "a:s", ":s:/k", "a: :/k", "a:s:"] {
            assert!(parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn the_names_signed_are_those_of_the_macro() {
        assert_eq!(config::builtin::DKIM_SIGN_HEADERS, DEFAULT_NAMES);
    }

    #[test]
    fn numbers_of_timestamps() {
        assert_eq!(
            (leading_number(b"1209600"), leading_number(b" 12x"), leading_number(b"abc")),
            (1_209_600, 12, 0)
        );
        assert_eq!(leading_number(b"99999999999999999999999"), u64::MAX);
    }
}
