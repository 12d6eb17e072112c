//! Operators: `${name:text}`. One file a family.
//!
//! # Compatibility
//! Exim specification, section "Expansion operators". Exim looks an operator up only after it has read the text.

mod address;
mod base;
mod case;
mod digest;
mod escape;
mod eval;
mod expand;
mod headerwrap;
mod idn;
mod ip;
mod list;
mod numbered;
mod quote;
mod randint;
mod rfc2047;
mod stat;
mod strlen;
mod time;
mod utf8;

use std::borrow::Cow;
use std::sync::LazyLock;

use mail_types::manual::Entry;
use mail_types::text::Text;
use mail_types::value::Value;

use crate::eval::{Machine, Mode};
use crate::flow::{Role, Visit};
use crate::name_table::NameTable;
use crate::parse::Parser;
use crate::tree::{Item, Sequence};
use crate::{EvalError, Settings};

/// What an operator works on.
pub(super) struct Call<'a> {
    /// The operator as it is written, with what follows an underscore.
    written: &'a str,
    /// What follows the underscore.
    suffix: Option<&'a str>,
    /// The expanded text.
    value: &'a Value,
    /// The value is a certificate (DER).
    of_certificate: bool,
}

/// What an operator does.
#[derive(Debug)]
enum Run {
    /// It cannot fail and needs nothing but the text.
    Plain(fn(&Call<'_>) -> Value),
    /// It cannot fail, and of a variable that holds a certificate it takes that (DER).
    Fingerprint(fn(&Call<'_>) -> Value),
    /// The same, but it may refuse.
    CheckedFingerprint(fn(&Call<'_>) -> Result<Value, EvalError>),
    /// It cannot fail; options change what it does.
    Optional(fn(&Settings, &Call<'_>) -> Value),
    /// It may refuse the text.
    Checked(fn(&Call<'_>) -> Result<Value, EvalError>),
    /// It asks the environment.
    Asking(fn(&mut Machine<'_>, &Call<'_>) -> Result<Value, EvalError>),
}

/// One operator.
#[derive(Debug)]
struct Definition {
    entry: Entry,
    run: Run,
    /// Evaluation may have to wait for something outside.
    may_block: bool,
}

/// The table of operators: what the manual says about each, what it does, `blocks` if it may have to wait.
macro_rules! operators {
    (@may_block) => { false };
    (@may_block blocks) => { true };
    ($( #[doc = $doc:literal] $(#[doc = $example:literal])+
        $name:literal => $kind:ident($run:expr) $(, $blocks:ident)?; )*) => {
        /// All operators, by the name before any underscore suffix.
        static OPERATORS: &[Definition] = &[ $( Definition {
            entry: Entry { name: $name, doc: $doc, examples: &[$($example),+] },
            run: Run::$kind($run),
            may_block: operators!(@may_block $($blocks)?),
        }, )* ];
    };
}

operators! {
    /// The address in a header-style mailbox; nothing if there is none.
    /// `${address:Ann Example <ann@example.org>}`
    "address" => Plain(address::address);
    /// All addresses of a header line, as a list.
    /// `${addresses:Ann <ann@example.org>, bob@example.net (Bob)}`
    /// `${addresses:>+ a@b.example, c@d.example}`
    "addresses" => Asking(address::addresses);
    /// A number in base 32.
    /// `${base32:1234}`
    "base32" => Checked(base::base32);
    /// The number that a base 32 text stands for.
    /// `${base32d:bgs}`
    "base32d" => Checked(base::base32d);
    /// A number in base 62, six digits long.
    /// `${base62:1234567}`
    "base62" => Checked(base::base62);
    /// The number that a base 62 text stands for.
    /// `${base62d:0005BAN}`
    "base62d" => Checked(base::base62d);
    /// A text in base 64; a certificate in its DER form.
    /// `${base64:postrider}`
    "base64" => Fingerprint(base::base64);
    /// The text behind a base 64 one.
    /// `${base64d:cG9zdHJpZGVy}`
    "base64d" => Checked(base::base64d);
    /// The domain of the address in a header-style mailbox.
    /// `${domain:Ann <ann@example.org>}`
    "domain" => Plain(address::domain);
    /// A text with everything that is not printing as a backslash escape.
    /// `${escape:a${base64d:AQk=}b}`
    "escape" => Optional(escape::escape);
    /// A text with bytes above 127 as backslash escapes.
    /// `${escape8bit:né}`
    "escape8bit" => Plain(escape::escape8bit);
    /// The value of an arithmetic expression; `0x` and a leading `0` give hexadecimal and octal numbers.
    /// `${eval:(1+2)*4}`
    /// `${eval:0x10 + 010}`
    "eval" => Checked(eval::eval);
    /// The value of an arithmetic expression whose numbers are all decimal.
    /// `${eval10:010 + 1}`
    "eval10" => Checked(eval::eval10);
    /// Expands the text a second time.
    /// `${expand:\N${lc:A}\N}`
    "expand" => Asking(expand::expand), blocks;
    /// UTF-8 as ISO 8859-1; what has no place there becomes an underscore.
    /// `${escape8bit:${from_utf8:né}}`
    "from_utf8" => Plain(utf8::from_utf8);
    /// Short name of `hash`.
    /// `${h_3:qwerty}`
    "h" => Checked(numbered::hash);
    /// Letters that depend on the text only, as many as asked for.
    /// `${hash_3:qwerty}`
    /// `${hash_3_8:qwerty}`
    "hash" => Checked(numbered::hash);
    /// A header line folded at a column.
    /// `${headerwrap_20_80:Subject: a line that is long}` gives `Subject: a line that\n\x09is long`
    "headerwrap" => Checked(headerwrap::headerwrap);
    /// Base 64 of the bytes that hexadecimal digits stand for.
    /// `${hex2b64:666f6f}`
    "hex2b64" => Checked(base::hex2b64);
    /// Bytes above 127 as `\x` and their hexadecimal digits.
    /// `${hexquote:né}`
    "hexquote" => Plain(escape::hexquote);
    /// An IPv6 address in full: eight groups of four digits.
    /// `${ipv6denorm:2001:db8::1}`
    "ipv6denorm" => Checked(ip::ipv6denorm);
    /// An IPv6 address in its shortest form.
    /// `${ipv6norm:2001:0db8:0000:0000:0000:0000:0000:0001}`
    "ipv6norm" => Checked(ip::ipv6norm);
    /// Short name of `length`.
    /// `${l_3:postrider}`
    "l" => Checked(numbered::length);
    /// The text in lower case.
    /// `${lc:PostRider}`
    "lc" => Plain(case::lc);
    /// The first characters of a text.
    /// `${length_3:postrider}`
    "length" => Checked(numbered::length);
    /// How many elements a list has.
    /// `${listcount:a:b::c}`
    "listcount" => Asking(list::listcount);
    /// The text of a named list; with `_d`, `_h`, `_a` or `_l`, of a list of that kind.
    /// `${listnamed:+local_domains}`
    /// `${listnamed_d:local_domains}`
    "listnamed" => Asking(list::listnamed);
    /// The local part of the address in a header-style mailbox.
    /// `${local_part:Ann <ann@example.org>}`
    "local_part" => Plain(address::local_part);
    /// The network that an address belongs to; IPv6 groups with dots between them, unless `_n` asks for the usual form.
    /// `${mask:10.111.131.206/28}`
    /// `${mask:2001:db8::1/32}`
    "mask" => Checked(ip::mask);
    /// The MD5 digest; of a certificate its fingerprint.
    /// `${md5:postrider}`
    "md5" => Fingerprint(digest::md5);
    /// Short name of `nhash`.
    /// `${nh_8_64:supercalifragilisticexpialidocious}`
    "nh" => Checked(numbered::nhash);
    /// A number, or two, that depends on the text only.
    /// `${nhash_100:supercalifragilisticexpialidocious}`
    "nhash" => Checked(numbered::nhash);
    /// The text in double quotes, if it needs them; `_TYPE` makes it safe for a lookup of that type.
    /// `${quote:ann}`
    /// `${quote:ann b"c}`
    /// `${quote_lsearch:ann}`
    "quote" => Asking(quote::quote);
    /// The text as the local part of an address.
    /// `${quote_local_part:ann b}`
    "quote_local_part" => Plain(quote::quote_local_part);
    /// A number below the one given.
    /// `${if <{${randint:6}}{6}{below}}`
    "randint" => Asking(randint::randint);
    /// An address as a DNS list or the reverse zone has it.
    /// `${reverse_ip:192.0.2.10}`
    /// `${reverse_ip:2001:db8::1}`
    "reverse_ip" => Checked(ip::reverse_ip);
    /// The text as encoded words, if a header line needs them.
    /// `${rfc2047:Käse}`
    "rfc2047" => Optional(rfc2047::rfc2047);
    /// The text behind encoded words.
    /// `${rfc2047d:=?utf-8?Q?K=C3=A4se?=}`
    "rfc2047d" => Asking(rfc2047::rfc2047d);
    /// The text with everything escaped that means something in a regular expression.
    /// `${rxquote:a.b+c}`
    "rxquote" => Plain(escape::rxquote);
    /// Short name of `substr`.
    /// `${s_0_4:postrider}`
    "s" => Checked(numbered::substr);
    /// The SHA-1 digest in capitals; of a certificate its fingerprint.
    /// `${sha1:postrider}`
    "sha1" => Fingerprint(digest::sha1);
    /// The SHA-2 digest of so many bits, 256 if not said.
    /// `${sha2:a}` gives `CA978112CA1BBDCAFAC231B39A23DC4DA786EFF8147C4E72B9807785AFEE48BB`
    "sha2" => Checked(digest::sha2);
    /// The SHA-256 digest in capitals, or with a number as `sha2`; of a certificate its fingerprint.
    /// `${sha256:postrider}`
    "sha256" => CheckedFingerprint(digest::sha256);
    /// What the file system knows about a file, as `name=value` pairs.
    /// `${extract{size}{${stat:$config_dir/people}}}`
    "stat" => Asking(stat::stat), blocks;
    /// Old name of `base64`.
    /// `${str2b64:postrider}`
    "str2b64" => Fingerprint(base::base64);
    /// The length of the text in bytes.
    /// `${strlen:postrider}`
    "strlen" => Plain(strlen::strlen);
    /// Characters from a place on; negative places count from the end.
    /// `${substr_4:postrider}`
    /// `${substr_-5_3:postrider}`
    "substr" => Checked(numbered::substr);
    /// The seconds of a period.
    /// `${time_eval:1w2d3h}`
    "time_eval" => Checked(time::time_eval);
    /// A number of seconds as a period.
    /// `${time_interval:100000}`
    "time_interval" => Checked(time::time_interval);
    /// The text in upper case.
    /// `${uc:PostRider}`
    "uc" => Plain(case::uc);
    /// The text with question marks for what is no UTF-8.
    /// `${utf8clean:a${base64d:/w==}b}`
    "utf8clean" => Plain(utf8::utf8clean);
    /// The text behind xtext, as ESMTP parameters carry it.
    /// `${xtextd:a+2Bb+3Dc}` gives `a+b=c`
    "xtextd" => Checked(escape::xtextd);
    /// The SHA-3 digest of so many bits, 256 if not said.
    /// `${sha3:postrider}`
    "sha3" => Checked(digest::sha3);
    /// A domain of A-labels in Unicode.
    /// `${utf8_domain_from_alabel:xn--bcher-kva.example}`
    "utf8_domain_from_alabel" => Checked(idn::domain_from_alabel);
    /// A domain in Unicode as A-labels.
    /// `${utf8_domain_to_alabel:bücher.example}`
    "utf8_domain_to_alabel" => Checked(idn::domain_to_alabel);
    /// A local part of A-label form in Unicode.
    /// `${utf8_localpart_from_alabel:xn--bcher-kva}`
    "utf8_localpart_from_alabel" => Checked(idn::localpart_from_alabel);
    /// A local part in Unicode in A-label form.
    /// `${utf8_localpart_to_alabel:bücher}`
    "utf8_localpart_to_alabel" => Checked(idn::localpart_to_alabel);
}

/// What the manual says about each operator.
pub(crate) fn entries() -> impl Iterator<Item = &'static Entry> {
    OPERATORS.iter().map(|definition| &definition.entry)
}

/// The names of the operators.
pub(crate) fn names() -> impl Iterator<Item = &'static str> {
    entries().map(|entry| entry.name)
}

#[derive(Debug)]
struct Applied {
    definition: &'static Definition,
    /// The whole of it, where something follows the name.
    written: Option<Box<str>>,
    argument: Sequence,
}

static BY_NAME: LazyLock<NameTable<&Definition>> =
    LazyLock::new(|| NameTable::new(OPERATORS.iter().map(|definition| (definition.entry.name, definition))));

/// The operator of this name, applied to an argument; or the argument and the error text.
pub(crate) fn find(
    parser: &mut Parser<'_>,
    name: &[u8],
    argument: Sequence,
) -> Result<Box<dyn Item>, (Sequence, String)> {
    let by_name = |name: &[u8]| BY_NAME.find(name);
    let found = by_name(name).map(|definition| (definition, None)).or_else(|| {
        let base = memchr::memchr(b'_', name)?;
        by_name(&name[..base]).map(|definition| (definition, Some(String::from_utf8_lossy(name).into())))
    });
    let Some((definition, written)) = found else {
        let name = String::from_utf8_lossy(name);
        return Err((argument, format!("unknown expansion operator \"{name}\"")));
    };
    parser.may_block |= definition.may_block;
    Ok(Box::new(Applied { definition, written, argument }))
}

impl Applied {
    /// The operator as it is written, and what follows the underscore.
    fn words(&self) -> (&str, Option<&str>) {
        let name = self.definition.entry.name;
        match &self.written {
            Some(written) => (written, written.get(name.len() + 1..)),
            None => (name, None),
        }
    }
}

/// Operators whose results are numbers, digests or words of their own; `hash` is none: its letters are as tainted as the text.
const MEASURES: [&str; 18] = [
    "base62",
    "base62d",
    "eval",
    "eval10",
    "listcount",
    "listnamed",
    "md5",
    "nh",
    "nhash",
    "randint",
    "sha1",
    "sha2",
    "sha256",
    "sha3",
    "stat",
    "strlen",
    "time_eval",
    "time_interval",
];

impl Item for Applied {
    fn parts(&self, visit: Visit<'_>) {
        let role = match (self.definition.entry.name, self.words().1) {
            ("quote", Some(kind)) => Role::Quoted(kind.to_owned()),
            (name, _) if MEASURES.contains(&name) => Role::Inside,
            _ => Role::Value,
        };
        visit(role, &self.argument);
    }

    fn is_quiet(&self) -> bool {
        self.argument.is_quiet()
    }

    fn eval(&self, machine: &mut Machine<'_>, mode: Mode) -> Result<Value, EvalError> {
        if mode.is_skip() {
            return machine.walk(&self.argument).map(|()| Value::empty());
        }
        let mut value = machine.operand(&self.argument, mode)?;
        let certificate = matches!(self.definition.run, Run::Fingerprint(_) | Run::CheckedFingerprint(_))
            .then(|| self.argument.certificate())
            .flatten()
            .and_then(|variable| machine.env.certificate(variable));
        let of_certificate = certificate.is_some();
        if let Some(der) = certificate {
            value = Cow::Owned(Value::tainted(der));
        }
        let (written, suffix) = self.words();
        let call = Call { written, suffix, value: &value, of_certificate };
        match self.definition.run {
            Run::Plain(run) | Run::Fingerprint(run) => Ok(run(&call)),
            Run::Optional(run) => Ok(run(machine.env.settings(), &call)),
            Run::Checked(run) | Run::CheckedFingerprint(run) => run(&call),
            Run::Asking(run) => run(machine, &call),
        }
    }
}

impl Call<'_> {
    fn bytes(&self) -> &[u8] {
        self.value.bytes()
    }

    fn shown(&self) -> String {
        self.value.to_lossy()
    }

    /// A result that is made of the argument's text.
    fn derived(&self, bytes: impl Into<Text>) -> Value {
        Value::new(bytes, self.value.taint().clone())
    }
}
