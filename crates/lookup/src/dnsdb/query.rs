//! What a query asks for: separators, modifiers, type, names.

use std::time::Duration;

use expand::EvalError;
use mail_types::bytes::trim_start;
use mail_types::dns::{QueryOptions, RecordType};

/// A query, read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Query {
    /// Between records.
    pub(super) separator: Vec<u8>,
    /// Between the fields of a record, where the query says so.
    pub(super) fields: Option<Vec<u8>>,
    pub(super) on_defer: OnDefer,
    pub(super) dnssec: Dnssec,
    pub(super) options: QueryOptions,
    pub(super) wanted: Wanted,
    /// The names, as a list.
    pub(super) list: Vec<u8>,
}

/// rfc4408#3.1.1: a type of its own, given up by rfc7208#3.1.
const SPF: u16 = 99;

/// What no answer does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum OnDefer {
    Strict,
    Lax,
    Never,
}

/// Whether answers must be signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Dnssec {
    Strict,
    Lax,
    Never,
}

/// Exim's types.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wanted {
    /// Records of one type.
    Records(RecordType),
    /// `a+`: AAAA and A.
    Addresses,
    /// `csa`.
    Csa,
    /// `mxh`: hosts alone.
    MailHosts,
    /// `spf`: records of the type that SPF once had.
    Spf,
    /// `zns`: the name servers of the zone.
    ZoneServers,
}

impl Wanted {
    /// The records that are asked for.
    pub(super) fn record_type(self) -> RecordType {
        match self {
            Self::Records(rtype) => rtype,
            Self::Addresses => RecordType::A,
            Self::Csa => RecordType::Srv,
            Self::MailHosts => RecordType::Mx,
            Self::Spf => RecordType::Other(SPF),
            Self::ZoneServers => RecordType::Ns,
        }
    }

    fn parse(word: &[u8]) -> Option<Self> {
        Some(match &*word.to_ascii_lowercase() {
            b"a" => Self::Records(RecordType::A),
            b"a+" => Self::Addresses,
            b"aaaa" => Self::Records(RecordType::Aaaa),
            b"cname" => Self::Records(RecordType::Cname),
            b"csa" => Self::Csa,
            b"mx" => Self::Records(RecordType::Mx),
            b"mxh" => Self::MailHosts,
            b"ns" => Self::Records(RecordType::Ns),
            b"ptr" => Self::Records(RecordType::Ptr),
            b"soa" => Self::Records(RecordType::Soa),
            b"spf" => Self::Spf,
            b"srv" => Self::Records(RecordType::Srv),
            b"tlsa" => Self::Records(RecordType::Tlsa),
            b"txt" => Self::Records(RecordType::Txt),
            b"zns" => Self::ZoneServers,
            _ => return None,
        })
    }
}

impl Query {
    pub(super) fn parse(text: &[u8]) -> Result<Self, EvalError> {
        let mut query = Self {
            separator: b"\n".to_vec(),
            fields: None,
            on_defer: OnDefer::Lax,
            dnssec: Dnssec::Lax,
            options: QueryOptions::default(),
            wanted: Wanted::Records(RecordType::Txt),
            list: Vec::new(),
        };
        let rest = query.separators(trim_start(text));
        let rest = query.modifiers(rest)?;
        let Some(equals) = memchr::memchr(b'=', rest) else {
            query.list = rest.to_vec();
            return Ok(query);
        };
        let wanted = Wanted::parse(rest[..equals].trim_ascii());
        query.wanted = wanted.ok_or_else(|| EvalError::defer("unsupported DNS record type"))?;
        query.list = rest[equals + 1..].to_vec();
        Ok(query)
    }

    /// `>x`, and `,y` or `;` behind it.
    fn separators<'a>(&mut self, text: &'a [u8]) -> &'a [u8] {
        let [b'>', separator, rest @ ..] = text else { return text };
        self.separator = vec![*separator];
        let rest = match rest {
            [b',', fields, rest @ ..] => {
                self.fields = Some(vec![*fields]);
                rest
            }
            [b';', rest @ ..] => {
                self.fields = Some(Vec::new());
                rest
            }
            rest => rest,
        };
        trim_start(rest)
    }

    fn modifiers<'a>(&mut self, mut text: &'a [u8]) -> Result<&'a [u8], EvalError> {
        let begins = |text: &[u8], word: &[u8]| {
            text.get(..word.len()).is_some_and(|start| start.eq_ignore_ascii_case(word))
        };
        loop {
            let name = [&b"defer_"[..], b"dnssec_", b"retrans_", b"retry_"]
                .into_iter()
                .find(|name| begins(text, name));
            let Some(name) = name else { return Ok(text) };
            let rest = &text[name.len()..];
            let end = rest
                .iter()
                .position(|byte| *byte == b',' || byte.is_ascii_whitespace())
                .unwrap_or(rest.len());
            let value = &rest[..end];
            let end = match name {
                b"defer_" => {
                    let (word, end) =
                        word(value).ok_or_else(|| EvalError::defer("unsupported dnsdb defer behaviour"))?;
                    self.on_defer = [OnDefer::Strict, OnDefer::Lax, OnDefer::Never][word];
                    end
                }
                b"dnssec_" => {
                    let (word, end) =
                        word(value).ok_or_else(|| EvalError::defer("unsupported dnsdb dnssec behaviour"))?;
                    self.dnssec = [Dnssec::Strict, Dnssec::Lax, Dnssec::Never][word];
                    end
                }
                b"retrans_" => {
                    let end = memchr::memchr(b',', rest).unwrap_or(rest.len());
                    let time = mail_types::interval::parse(&rest[..end]).filter(|time| *time > 0);
                    let time = time.ok_or_else(|| EvalError::defer("unsupported dnsdb timeout value"))?;
                    self.options.retrans = Some(Duration::from_secs(time));
                    end
                }
                _ if rest.starts_with(b"-") => return Err(EvalError::defer("unsupported dnsdb retry count")),
                _ => {
                    let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
                    let number = std::str::from_utf8(&rest[..digits]).ok().and_then(|text| text.parse().ok());
                    self.options.retry = Some(number.unwrap_or(0));
                    digits
                }
            };
            let rest = trim_start(&rest[end..]);
            let rest =
                rest.strip_prefix(b",").ok_or_else(|| EvalError::defer("dnsdb modifier syntax error"))?;
            text = trim_start(rest);
        }
    }
}

/// Which of the three words it begins with, and how long that is.
fn word(text: &[u8]) -> Option<(usize, usize)> {
    let words = [&b"strict"[..], b"lax", b"never"].into_iter().enumerate();
    words.map(|(at, word)| (at, word.len(), word)).find_map(|(at, length, word)| {
        text.get(..length).is_some_and(|start| start.eq_ignore_ascii_case(word)).then_some((at, length))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn queries_are_read() {
        let query =
            Query::parse(b">:,; defer_never , DNSSEC_strict,retrans_2s,retry_3, MXH = a.b : c").unwrap();
        assert_eq!((&*query.separator, query.fields.as_deref()), (&b":"[..], Some(&b";"[..])));
        assert_eq!((query.on_defer, query.dnssec), (OnDefer::Never, Dnssec::Strict));
        let options =
            QueryOptions { retrans: Some(Duration::from_secs(2)), retry: Some(3), ..QueryOptions::default() };
        assert_eq!((query.options, query.wanted), (options, Wanted::MailHosts));
        assert_eq!(query.list, b" a.b : c");
        let plain = Query::parse(b"example.com").unwrap();
        assert_eq!((plain.wanted, &*plain.list), (Wanted::Records(RecordType::Txt), &b"example.com"[..]));
    }

    #[test]
    fn what_is_wrong_is_told_in_exims_words() {
        for (text, want) in [
            ("foo=x", "unsupported DNS record type"),
            ("defer_foo,a=x", "unsupported dnsdb defer behaviour"),
            ("defer_lax a=x", "dnsdb modifier syntax error"),
            ("defer_laxer,a=x", "dnsdb modifier syntax error"),
            ("dnssec_foo,a=x", "unsupported dnsdb dnssec behaviour"),
            ("retrans_x,a=x", "unsupported dnsdb timeout value"),
            ("retrans_1s ,a=x", "unsupported dnsdb timeout value"),
            ("retry_-1,a=x", "unsupported dnsdb retry count"),
            ("retry_x,a=x", "dnsdb modifier syntax error"),
        ] {
            assert_eq!(Query::parse(text.as_bytes()).unwrap_err().to_string(), want, "{text}");
        }
    }
}
