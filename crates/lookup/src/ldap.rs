//! `ldapauth`: whether a directory server takes a name and a password.
//!
//! # Invariants
//! * The password goes to no server before the query was understood, and never where encryption was asked for.
//! * An empty password is no password: most servers take it for an anonymous session.
//!
//! # Security
//! Name and password come from a client. They are values of their own in the bind request, whatever they hold.
//!
//! # Failure
//! A server that is away, does not answer in time or cannot do the bind is passed over for the next one; the last one's
//! reason is told.
//!
//! # Compatibility
//! Spec sections "LDAP connections" and "LDAP authentication and control information". `ldaps` and `ldap_start_tls` are
//! refused: see docs/compat.md. Connections are not kept.
//!
//! # References
//! RFC 4511 section 4.2 (bind), RFC 4516 (URLs).

use std::time::Duration;

use expand::EvalError;
use expand::list::ListItems;
use expand::lookup::{LookupAnswer, LookupRequest, LookupSettings};
use ldap3::{LdapConn, LdapConnSettings};
use mail_types::bytes::trim;
use mail_types::limits;
use mail_types::value::Value;

use query::{Query, Scheme};

mod query;

const PORT: &str = "389";
/// Result codes of a bind (RFC 4511, appendix A).
const SUCCESS: u32 = 0;
const INVALID_CREDENTIALS: u32 = 49;

/// One lookup: nothing is found where the server refuses; what is found is empty.
pub(crate) fn lookup(
    request: &LookupRequest<'_>,
    settings: &LookupSettings,
) -> Result<LookupAnswer, EvalError> {
    let accepted = authenticate(request.key.bytes(), settings)?;
    let found = LookupAnswer::Found { data: Value::empty(), captures: None };
    Ok(if accepted { found } else { LookupAnswer::NotFound })
}

/// Asks the servers in turn.
fn authenticate(text: &[u8], settings: &LookupSettings) -> Result<bool, EvalError> {
    let query = Query::parse(text).map_err(EvalError::failed)?;
    if query.password.is_empty() {
        return Ok(false);
    }
    let mut failure = "no LDAP server is named".to_owned();
    for server in servers(&query, &settings.ldap_default_servers) {
        match server.bind(&query, settings.ldap_start_tls) {
            Ok(answer) => return Ok(answer),
            Err(text) => failure = text,
        }
    }
    Err(EvalError::defer(failure))
}

/// The one of the URL, or those of `SERVERS`, or those of the option, or this machine.
fn servers(query: &Query, default: &[Vec<u8>]) -> Vec<Server> {
    match (&query.host, &query.servers) {
        (Some(host), _) => vec![Server::new(host, query.port.as_deref())],
        // A port alone names this machine.
        (None, _) if query.port.is_some() => vec![Server::new(b"", query.port.as_deref())],
        (None, Some(servers)) => ListItems::new(servers).map(|item| Server::of_item(trim(&item))).collect(),
        (None, None) if default.is_empty() => vec![Server::new(b"", None)],
        (None, None) => default.iter().map(|item| Server::of_item(trim(item))).collect(),
    }
}

#[derive(Debug, PartialEq, Eq)]
enum Server {
    Socket(String),
    /// Without a name it is this machine.
    Host {
        name: String,
        port: String,
    },
}

impl Server {
    fn new(host: &[u8], port: Option<&[u8]>) -> Self {
        let host = String::from_utf8_lossy(host).into_owned();
        if host.starts_with('/') {
            return Self::Socket(host);
        }
        let port = port.map_or_else(|| PORT.to_owned(), |port| String::from_utf8_lossy(port).into_owned());
        Self::Host { name: host, port }
    }

    /// `host`, `host:port`, `[address]:port` or a path.
    fn of_item(item: &[u8]) -> Self {
        let (host, port) = query::split_port(item);
        Self::new(if item.first() == Some(&b'/') { item } else { host }, port.filter(|port| is_port(port)))
    }

    fn shown(&self) -> String {
        match self {
            Self::Socket(path) => path.clone(),
            Self::Host { name, port } if name.is_empty() => format!("NULL:{port}"),
            Self::Host { name, port } => format!("{name}:{port}"),
        }
    }

    fn url(&self) -> String {
        match self {
            Self::Socket(path) => {
                path.bytes().fold("ldapi://".to_owned(), |url, byte| format!("{url}%{byte:02X}"))
            }
            Self::Host { name, port } => {
                let name = if name.is_empty() { "localhost" } else { name };
                let (open, close) = if name.contains(':') { ("[", "]") } else { ("", "") };
                format!("ldap://{open}{name}{close}:{port}")
            }
        }
    }

    /// The error is a reason to ask the next server.
    fn bind(&self, query: &Query, start_tls: bool) -> Result<bool, String> {
        if let Self::Host { name, .. } = self {
            match query.scheme {
                Scheme::Socket => return Err(format!("ldapi requires an absolute path (\"{name}\" given)")),
                Scheme::Encrypted => return Err(no_tls("ldaps")),
                Scheme::Plain if start_tls => return Err(no_tls("ldap_start_tls")),
                Scheme::Plain => {}
            }
        }
        let text =
            |bytes| std::str::from_utf8(bytes).map_err(|_| "an LDAP user name or password is not UTF-8");
        let (user, password) = (text(&query.user)?, text(&query.password)?);
        let (url, wait) = (self.url(), query.wait.unwrap_or(limits::LOOKUP_LDAP));
        // The client makes a runtime of its own, which has to be out of sight of the caller's.
        let asked = std::thread::scope(|scope| scope.spawn(|| ask(&url, user, password, wait)).join());
        let failed =
            |why: String| format!("failed to bind the LDAP connection to server {} - {why}", self.shown());
        match asked {
            Ok(Ok(SUCCESS)) => Ok(true),
            Ok(Ok(INVALID_CREDENTIALS)) => Ok(false),
            Ok(Ok(code)) => Err(failed(format!("LDAP error {code}: {}", meaning(code)))),
            Ok(Err(_)) | Err(_) => Err(failed("ldap_bind() returned -1".to_owned())),
        }
    }
}

/// One bind; the number is its result code.
fn ask(url: &str, user: &str, password: &str, wait: Duration) -> ldap3::result::Result<u32> {
    let settings = LdapConnSettings::new().set_conn_timeout(wait);
    let mut connection = LdapConn::with_settings(settings, url)?;
    let result = connection.with_timeout(wait).simple_bind(user, password)?;
    // The answer is there: a server that does not hear the farewell changes nothing about it.
    let _ = connection.unbind();
    Ok(result.rc)
}

fn no_tls(what: &str) -> String {
    format!("{what}: TLS to an LDAP server is not served by this version")
}

fn is_port(text: &[u8]) -> bool {
    std::str::from_utf8(text).is_ok_and(|text| text.parse::<u16>().is_ok_and(|port| port > 0))
}

/// What a result code says, in words.
fn meaning(code: u32) -> &'static str {
    match code {
        1 => "Operations error",
        2 => "Protocol error",
        7 => "Authentication method not supported",
        8 => "Strong(er) authentication required",
        10 => "Referral",
        13 => "Confidentiality required",
        32 => "No such object",
        34 => "Invalid DN syntax",
        48 => "Inappropriate authentication",
        50 => "Insufficient access",
        51 => "Server is busy",
        52 => "Server is unavailable",
        53 => "Server is unwilling to perform",
        80 => "Other (e.g., implementation specific) error",
        _ => "Unknown error",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn servers_are_those_of_the_url_or_of_the_nearest_list() {
        let cases = [
            ("ldap://h:1/", "other", "h:1"),
            ("servers=a:b::2 ldap://h/", "", "h:389"),
            ("servers=a:b::2 ldap:///", "other", "a:389 b:2"),
            ("servers=/run/s:[::::1]::5:c::x ldap:///", "", "/run/s ::1:5 c:389"),
            ("servers=<;[2001:db8::1]:5;d:6 ldap:///", "", "2001:db8::1:5 d:6"),
            ("ldap:///", "o : p::3", "o:389 p:3"),
            ("ldap:///", "", "NULL:389"),
            ("ldap://:7/", "", "NULL:7"),
            ("servers=a ldap://:7/", "o", "NULL:7"),
            ("ldap://%2Frun%2Fs/", "", "/run/s"),
        ];
        for (text, default, want) in cases {
            let query = Query::parse(format!("user=u pass=p {text}").as_bytes()).unwrap();
            let default: Vec<Vec<u8>> =
                ListItems::new(default.as_bytes()).map(|item| item.to_vec()).collect();
            let shown: Vec<String> = servers(&query, &default).iter().map(Server::shown).collect();
            assert_eq!(shown.join(" "), want, "{text}");
        }
    }

    #[test]
    fn urls_for_the_client() {
        let url = |host: &str, port: Option<&[u8]>| Server::new(host.as_bytes(), port).url();
        assert_eq!(url("/a b", None), "ldapi://%2F%61%20%62");
        assert_eq!(url("::1", None), "ldap://[::1]:389");
        assert_eq!(url("", Some(b"7")), "ldap://localhost:7");
    }
}
