//! The kinds of temporary errors, as failures have them and as retry rules name them.
//!
//! # Compatibility
//! Specification, section "Retry rules for specific errors"; texts as Exim's.

use std::time::Duration;

use mail_types::interval;

/// The kind of a temporary error.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RetryError {
    /// Nothing that a rule could name.
    Other,
    /// Authentication failed (`auth_failed`).
    AuthFailed,
    /// A 4xx reply to MAIL (`mail_4xx`).
    Mail(u16),
    /// A 4xx reply to RCPT (`rcpt_4xx`).
    Rcpt(u16),
    /// A 4xx reply to DATA or after it (`data_4xx`).
    Data(u16),
    /// The connection was lost (`lost_connection`).
    LostConnection,
    /// A DNS lookup failed (`lookup`).
    Lookup,
    /// The connection was refused (`refused`).
    Refused(Route),
    /// A timeout (`timeout`): on connecting or later.
    Timeout {
        /// While connecting (`timeout_connect`).
        connecting: bool,
        /// How the host was found.
        route: Route,
    },
    /// TLS was required and not to be had (`tls_required`).
    TlsRequired,
    /// The mailbox is full (`quota`); the time since it was last read, when known.
    Quota(Option<Duration>),
}

/// How a host was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Route {
    /// From an address record (`_A`).
    Address,
    /// From an MX record (`_MX`).
    Mx,
    /// Otherwise.
    Other,
}

/// The error field of a rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ErrorPattern {
    /// `*`.
    Any,
    AuthFailed,
    Mail(Digits),
    Rcpt(Digits),
    Data(Digits),
    LostConnection,
    Lookup,
    Refused(Option<Route>),
    Timeout {
        connecting: bool,
        route: Option<Route>,
    },
    TlsRequired,
    /// With the least time since the mailbox was read.
    Quota(Option<Duration>),
}

/// The last two digits of a 4xx code; `None` is `x`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Digits(Option<u8>, Option<u8>);

impl Digits {
    fn hold(self, code: u16) -> bool {
        // A test of "4xx" itself (`-brt`) has no digits, so only a rule without digits is for it.
        let digit = |wanted: Option<u8>, power: u16| {
            wanted.is_none_or(|wanted| code >= 400 && (code / power) % 10 == u16::from(wanted))
        };
        digit(self.0, 10) && digit(self.1, 1)
    }

    /// Reads `xx`, `dx` or `dd`.
    fn parse(text: &[u8]) -> Option<Self> {
        let digit = |b: u8| b.is_ascii_digit().then(|| b - b'0');
        Some(match text {
            [b'x', b'x'] => Self(None, None),
            [first, b'x'] => Self(Some(digit(*first)?), None),
            [first, second] => Self(Some(digit(*first)?), Some(digit(*second)?)),
            _ => return None,
        })
    }
}

impl ErrorPattern {
    /// Reads an error name. The error is Exim's text.
    pub(crate) fn parse(text: &[u8]) -> Result<Self, String> {
        let name = text.to_ascii_lowercase();
        let unknown = || format!("unknown or malformed retry error \"{}\"", String::from_utf8_lossy(text));
        for (prefix, build) in [
            (&b"rcpt_4"[..], Self::Rcpt as fn(Digits) -> Self),
            (b"mail_4", Self::Mail),
            (b"data_4", Self::Data),
        ] {
            if name.starts_with(prefix) {
                return Digits::parse(&text[prefix.len()..]).map(build).ok_or_else(|| {
                    let prefix = String::from_utf8_lossy(prefix);
                    format!(
                        "{prefix} must be followed by xx, dx, or dd, where x is literal and d is any digit"
                    )
                });
            }
        }
        if let Some(time) = name.strip_prefix(b"quota_") {
            return match interval::parse_duration(time) {
                Some(time) => Ok(Self::Quota(Some(time))),
                None => Err("bad time value".into()),
            };
        }
        if let Some(how) = name.strip_prefix(b"refused_") {
            return match ROUTES.into_iter().find(|(name, _)| name.starts_with(how)) {
                Some((_, route)) => Ok(Self::Refused(Some(route))),
                None => Err("A or MX expected after \"refused\"".into()),
            };
        }
        if let Some(how) = name.strip_prefix(b"timeout_") {
            return Self::timeout(how);
        }
        Ok(match &name[..] {
            b"*" => Self::Any,
            b"refused" => Self::Refused(None),
            b"timeout" => Self::Timeout { connecting: false, route: None },
            b"quota" => Self::Quota(None),
            name => Self::shortened(name).ok_or_else(unknown)?,
        })
    }

    /// The names that Exim takes by their beginnings, in its order.
    fn shortened(name: &[u8]) -> Option<Self> {
        if let Some(rest) = name.strip_prefix(b"auth_") {
            return b"failed".starts_with(rest).then_some(Self::AuthFailed);
        }
        let names = [
            (&b"lost_connection"[..], Self::LostConnection),
            (b"lookup", Self::Lookup),
            (b"tls_required", Self::TlsRequired),
        ];
        names.into_iter().find(|(full, _)| !name.is_empty() && full.starts_with(name)).map(|(_, error)| error)
    }

    /// Whether a name is `timeout_dns`, which Exim warns about, or the beginning that it takes for it.
    pub(crate) fn is_timeout_dns(text: &[u8]) -> bool {
        let name = text.to_ascii_lowercase();
        name.strip_prefix(b"timeout_").is_some_and(|how| !how.is_empty() && b"dns".starts_with(how))
    }

    fn timeout(how: &[u8]) -> Result<Self, String> {
        let names = [
            (&b"a"[..], false, Some(Route::Address)),
            (b"mx", false, Some(Route::Mx)),
            (b"connect", true, None),
            (b"connect_a", true, Some(Route::Address)),
            (b"connect_mx", true, Some(Route::Mx)),
            // Exim takes the word, which never worked, for a plain timeout.
            (b"dns", false, None),
        ];
        match names.into_iter().find(|(name, ..)| name.starts_with(how)) {
            Some((_, connecting, route)) => Ok(Self::Timeout { connecting, route }),
            None => Err("\"A\", \"MX\", or \"connect\" expected after \"timeout\"".into()),
        }
    }

    /// Whether a rule with this field is for an error.
    pub(crate) fn matches(&self, error: &RetryError) -> bool {
        let from = |wanted: Option<Route>, route: Route| wanted.is_none_or(|wanted| wanted == route);
        match (self, error) {
            (Self::Any, _)
            | (Self::AuthFailed, RetryError::AuthFailed)
            | (Self::LostConnection, RetryError::LostConnection)
            | (Self::Lookup, RetryError::Lookup)
            | (Self::TlsRequired, RetryError::TlsRequired) => true,
            (Self::Mail(digits), RetryError::Mail(code))
            | (Self::Rcpt(digits), RetryError::Rcpt(code))
            | (Self::Data(digits), RetryError::Data(code)) => digits.hold(*code),
            (Self::Refused(wanted), RetryError::Refused(route)) => from(*wanted, *route),
            (
                Self::Timeout { connecting: wanted_connecting, route: wanted },
                RetryError::Timeout { connecting, route },
            ) => (*connecting || !wanted_connecting) && from(*wanted, *route),
            (Self::Quota(None), RetryError::Quota(_)) => true,
            (Self::Quota(Some(least)), RetryError::Quota(Some(since_read))) => since_read >= least,
            _ => false,
        }
    }

    /// The field as `-brt` shows it: some names are shown as `*`.
    pub(crate) fn shown(&self) -> String {
        let route = |route: &Option<Route>| match route {
            Some(Route::Mx) => "_MX",
            Some(Route::Address) => "_A",
            _ => "",
        };
        match self {
            Self::AuthFailed => "auth_failed".into(),
            Self::Quota(Some(time)) if !time.is_zero() => {
                format!("quota_{}", interval::format(time.as_secs()))
            }
            Self::Quota(_) => "quota".into(),
            Self::Refused(how) => format!("refused{}", route(how)),
            Self::Timeout { connecting, route: how } => {
                format!("timeout{}{}", if *connecting { "_connect" } else { "" }, route(how))
            }
            _ => "*".into(),
        }
    }
}

/// The ends of `refused_`; Exim takes their beginnings too.
const ROUTES: [(&[u8], Route); 2] = [(b"a", Route::Address), (b"mx", Route::Mx)];

impl RetryError {
    /// The error that a name stands for, for `-brt`. The error is Exim's text.
    pub fn parse(text: &[u8]) -> Result<Self, String> {
        let code = |digits: Digits| match digits {
            Digits(Some(first), second) => 400 + u16::from(first) * 10 + u16::from(second.unwrap_or(0)),
            Digits(None, _) => 0,
        };
        Ok(match ErrorPattern::parse(text)? {
            ErrorPattern::Any => Self::Other,
            ErrorPattern::AuthFailed => Self::AuthFailed,
            ErrorPattern::Mail(digits) => Self::Mail(code(digits)),
            ErrorPattern::Rcpt(digits) => Self::Rcpt(code(digits)),
            ErrorPattern::Data(digits) => Self::Data(code(digits)),
            ErrorPattern::LostConnection => Self::LostConnection,
            ErrorPattern::Lookup => Self::Lookup,
            ErrorPattern::Refused(route) => Self::Refused(route.unwrap_or(Route::Other)),
            ErrorPattern::Timeout { connecting, route } => {
                Self::Timeout { connecting, route: route.unwrap_or(Route::Other) }
            }
            ErrorPattern::TlsRequired => Self::TlsRequired,
            ErrorPattern::Quota(time) => Self::Quota(time),
        })
    }
}
