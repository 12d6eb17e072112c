//! What went wrong with a host, in Exim's words and numbers.
//!
//! # Compatibility
//! Texts and numbers observed with Exim 4.96, stage by stage. `more_errno` holds the last two digits of a 4xx code
//! and how the host was found (`A` or `M`), as in Exim's retry records.

use std::io;

use mail_types::bytes::Printable;
use mail_types::outcome::Verdict;
use policy::retry::{RetryError, Route};
use smtp_proto::client::Stage;
use smtp_proto::reply::PeerReply;

/// The connection was closed.
const CLOSED: i32 = -18;
/// The reply was no reply.
const MALFORMED: i32 = -19;
/// An event closes the connection.
const UNWELCOME: i32 = -27;
/// What DNS says of a host's TLS is not known now.
const DNS_UNKNOWN: i32 = -36;
/// TLS could not be set up.
const TLS_FAILED: i32 = -37;
/// TLS is required and not to be had.
const TLS_REQUIRED: i32 = -38;
/// RCPT was deferred.
const RCPT_4XX: i32 = -44;
/// MAIL was deferred.
const MAIL_4XX: i32 = -45;
/// DATA or the message was deferred.
const DATA_4XX: i32 = -46;

/// A failure of a host or of the message at a host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Fault {
    /// Defer or Fail.
    pub(super) verdict: Verdict,
    /// The number.
    pub(super) errno: i32,
    /// More about it.
    pub(super) more_errno: i32,
    /// As retry rules name it.
    pub(super) error: RetryError,
    /// Text after the host in an address's line; none where the number says it all.
    pub(super) text: Option<Vec<u8>>,
    /// The reply that refused.
    pub(super) reply: Option<Vec<u8>>,
    /// What is remembered of it.
    pub(super) concerns: Concerns,
    /// A line about the host is written, too.
    pub(super) log_host: bool,
    /// The line about an address names the host.
    pub(super) names_host: bool,
}

/// What a failure is a failure of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Concerns {
    /// The host: it is not tried for any message before its time.
    Host,
    /// This message at this host.
    Message,
    /// One recipient.
    Recipient,
    /// Nothing that is remembered.
    Nothing,
}

impl Fault {
    /// An event forbids to connect.
    pub(super) const EVENT: i32 = -58;

    /// `event_action` said something to `tcp:connect`.
    pub(super) fn forbidden(route: Route) -> Self {
        let fault = Self::new(Self::EVENT, letter(route), RetryError::Other, None, Concerns::Host);
        Self { log_host: true, ..fault }
    }

    /// `event_action` said something to `smtp:connect`.
    pub(super) fn unwelcome(why: &[u8], route: Route) -> Self {
        let text = [b"deferred by smtp:connect event expansion: ", why].concat();
        let fault = Self::new(UNWELCOME, letter(route), RetryError::Other, Some(text), Concerns::Host);
        Self { log_host: true, names_host: false, ..fault }
    }

    /// Connecting failed.
    pub(super) fn connecting(error: &io::Error, route: Route) -> Self {
        let refused = error.kind() == io::ErrorKind::ConnectionRefused;
        let timed_out = error.kind() == io::ErrorKind::TimedOut;
        let errno = error.raw_os_error().unwrap_or(if timed_out { libc_etimedout() } else { -1 });
        let kind = match (refused, timed_out) {
            (true, _) => RetryError::Refused(route),
            (_, true) => RetryError::Timeout { connecting: true, route },
            _ => RetryError::Other,
        };
        // Another failure than a refusal has its bit set so that rules can tell a timeout while connecting.
        let more = letter(route) | if timed_out { 0x100 } else { 0 };
        Self { log_host: true, ..Self::new(errno, more, kind, None, Concerns::Host) }
    }

    /// The connection ended, or no sense could be made of what came.
    pub(super) fn lost(link: &Link, words: &[u8], stage: Option<Stage>, route: Route) -> Self {
        let shown = Printable::new(words).to_string();
        let (errno, error, text) = match link {
            Link::Closed => (
                CLOSED,
                RetryError::LostConnection,
                format!("Remote host closed connection in response to {shown}"),
            ),
            Link::Malformed(line) => {
                let line = Printable::new(line);
                (MALFORMED, RetryError::Other, format!("Malformed SMTP reply in response to {shown}: {line}"))
            }
            Link::TimedOut => (
                libc_etimedout(),
                RetryError::Timeout { connecting: false, route },
                format!("SMTP timeout after {shown}"),
            ),
            Link::Failed(number, words) => (*number, RetryError::Other, words.clone()),
        };
        let concerns = match (link, stage) {
            (Link::TimedOut, Some(Stage::Rcpt(_))) => Concerns::Recipient,
            (Link::TimedOut, Some(Stage::Mail | Stage::EndOfData)) => Concerns::Message,
            (Link::Closed, Some(Stage::EndOfData)) => Concerns::Message,
            _ => Concerns::Host,
        };
        let log_host = concerns != Concerns::Recipient;
        Self { log_host, ..Self::new(errno, letter(route), error, Some(text.into_bytes()), concerns) }
    }

    /// A reply that refused the session.
    pub(super) fn session(reply: &PeerReply, after: Option<&[u8]>, route: Route) -> Self {
        let after = after.unwrap_or(b"initial connection");
        let verdict = if reply.is_permanent() { Verdict::Fail } else { Verdict::Defer };
        let text = remote_error(after, reply);
        let concerns = if verdict == Verdict::Fail { Concerns::Nothing } else { Concerns::Host };
        Self {
            verdict,
            reply: Some(reply.text()),
            log_host: true,
            ..Self::new(0, letter(route), RetryError::Other, Some(text), concerns)
        }
    }

    /// What is to be asked of the host can't be found out, or it is not a host of the domain's policy.
    pub(super) fn policy_unknown(why: &str, route: Route) -> Self {
        let text = Some(why.as_bytes().to_vec());
        let fault = Self::new(DNS_UNKNOWN, letter(route), RetryError::Other, text, Concerns::Host);
        Self { log_host: true, names_host: false, ..fault }
    }

    /// The same, where what failed was asked for by the message or by the domain that it goes to: others may go to the host.
    /// A host that can't be reached fails for all.
    pub(super) fn of_message_alone(self) -> Self {
        let of_policy = matches!(self.errno, DNS_UNKNOWN | TLS_FAILED | TLS_REQUIRED);
        let concerns = if of_policy { Concerns::Message } else { self.concerns };
        Self { concerns, ..self }
    }

    /// TLS is required, but ….
    pub(super) fn tls_required(but: &str, route: Route) -> Self {
        let text = format!("a TLS session is required, but {but}").into_bytes();
        let fault =
            Self::new(TLS_REQUIRED, letter(route), RetryError::TlsRequired, Some(text), Concerns::Host);
        Self { log_host: true, ..fault }
    }

    /// A handshake failed where the message may not go in clear.
    pub(super) fn tls_failed(why: &str, required: bool, route: Route) -> Self {
        let error = if required { RetryError::TlsRequired } else { RetryError::Other };
        let text = format!("TLS session: {why}").into_bytes();
        Self::new(TLS_FAILED, letter(route), error, Some(text), Concerns::Host)
    }

    /// A reply that refused a recipient or the message.
    pub(super) fn refused(stage: Stage, words: &[u8], reply: &PeerReply, route: Route) -> Self {
        let verdict = if reply.is_permanent() { Verdict::Fail } else { Verdict::Defer };
        let code = reply.code;
        let (errno, error, concerns) = match stage {
            Stage::Rcpt(_) => (RCPT_4XX, RetryError::Rcpt(code), Concerns::Recipient),
            Stage::Mail => (MAIL_4XX, RetryError::Mail(code), Concerns::Message),
            Stage::Data | Stage::EndOfData => (DATA_4XX, RetryError::Data(code), Concerns::Message),
        };
        let text = Some(remote_error(words, reply));
        let reply_text = Some(reply.text());
        if verdict == Verdict::Fail {
            let failed = Self::new(0, 0, error, text, Concerns::Nothing);
            return Self { verdict, reply: reply_text, ..failed };
        }
        let more = (i32::from(code % 100) << 8) | letter(route);
        let log_host = concerns == Concerns::Message;
        Self { reply: reply_text, log_host, ..Self::new(errno, more, error, text, concerns) }
    }

    fn new(
        errno: i32,
        more_errno: i32,
        error: RetryError,
        text: Option<Vec<u8>>,
        concerns: Concerns,
    ) -> Self {
        Self {
            verdict: Verdict::Defer,
            errno,
            more_errno,
            error,
            text,
            reply: None,
            concerns,
            log_host: false,
            names_host: true,
        }
    }
}

/// How a connection failed once it stood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Link {
    /// The peer closed it.
    Closed,
    /// It said something that is no reply.
    Malformed(Vec<u8>),
    /// Nothing came in time.
    TimedOut,
    /// Something else: the number and its words.
    Failed(i32, String),
}

impl Link {
    pub(super) fn from_error(error: &io::Error) -> Self {
        use io::ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset, TimedOut, UnexpectedEof};
        match error.kind() {
            BrokenPipe | ConnectionAborted | ConnectionReset | UnexpectedEof => Self::Closed,
            TimedOut => Self::TimedOut,
            _ => Self::Failed(error.raw_os_error().unwrap_or(-1), "connection failed".to_owned()),
        }
    }
}

/// `SMTP error from remote mail server after ...: reply`.
fn remote_error(words: &[u8], reply: &PeerReply) -> Vec<u8> {
    [b"SMTP error from remote mail server after ", words, b": ", &reply.text()].concat()
}

fn letter(route: Route) -> i32 {
    i32::from(if route == Route::Mx { b'M' } else { b'A' })
}

fn libc_etimedout() -> i32 {
    rustix::io::Errno::TIMEDOUT.raw_os_error()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reply(code: u16, text: &str) -> PeerReply {
        PeerReply { code, lines: vec![text.as_bytes().to_vec()] }
    }

    fn text(fault: &Fault) -> String {
        String::from_utf8(fault.text.clone().unwrap_or_default()).unwrap()
    }

    /// Stage, reply, and what Exim made of it: verdict, number, what is remembered, a line about the host.
    #[test]
    fn replies_by_stage() {
        use Concerns::{Message, Nothing, Recipient};
        for (stage, code, verdict, errno, concerns, log_host) in [
            (Stage::Mail, 550, Verdict::Fail, 0, Nothing, false),
            (Stage::Mail, 451, Verdict::Defer, -45, Message, true),
            (Stage::Rcpt(0), 550, Verdict::Fail, 0, Nothing, false),
            (Stage::Rcpt(0), 451, Verdict::Defer, -44, Recipient, false),
            (Stage::Data, 550, Verdict::Fail, 0, Nothing, false),
            (Stage::Data, 451, Verdict::Defer, -46, Message, true),
            (Stage::EndOfData, 550, Verdict::Fail, 0, Nothing, false),
            (Stage::EndOfData, 451, Verdict::Defer, -46, Message, true),
        ] {
            let fault = Fault::refused(stage, b"X", &reply(code, "no"), Route::Address);
            let found = (fault.verdict, fault.errno, fault.concerns, fault.log_host);
            assert_eq!(found, (verdict, errno, concerns, log_host), "{stage:?} {code}");
            assert_eq!(text(&fault), format!("SMTP error from remote mail server after X: {code} no"));
        }
        // Exim's retry record of the second case has 13121 here.
        let fault = Fault::refused(Stage::Mail, b"X", &reply(451, "no"), Route::Address);
        assert_eq!(fault.more_errno, 13_121);
    }

    #[test]
    fn sessions() {
        let fault = Fault::session(&reply(554, "go away"), None, Route::Mx);
        assert_eq!(text(&fault), "SMTP error from remote mail server after initial connection: 554 go away");
        assert_eq!((fault.verdict, fault.concerns, fault.log_host), (Verdict::Fail, Concerns::Nothing, true));
        let fault = Fault::session(&reply(421, "busy"), None, Route::Mx);
        assert_eq!((fault.verdict, fault.errno, fault.concerns), (Verdict::Defer, 0, Concerns::Host));
    }

    #[test]
    fn lost_connections() {
        let lost = |link: Link, stage| Fault::lost(&link, b"pipelined DATA", stage, Route::Address);
        let fault = lost(Link::Closed, Some(Stage::Data));
        assert_eq!(text(&fault), "Remote host closed connection in response to pipelined DATA");
        assert_eq!((fault.errno, fault.concerns), (-18, Concerns::Host));
        assert_eq!(lost(Link::Closed, Some(Stage::EndOfData)).concerns, Concerns::Message);
        let fault = lost(Link::TimedOut, Some(Stage::Mail));
        assert_eq!((text(&fault).as_str(), fault.errno), ("SMTP timeout after pipelined DATA", 110));
        assert_eq!(fault.concerns, Concerns::Message);
        let fault = lost(Link::TimedOut, Some(Stage::Rcpt(1)));
        assert_eq!((fault.concerns, fault.log_host), (Concerns::Recipient, false));
        let fault = lost(Link::Malformed(b"he\x07llo".to_vec()), None);
        assert_eq!(text(&fault), "Malformed SMTP reply in response to pipelined DATA: he\\007llo");
    }

    #[test]
    fn connecting() {
        let refused = io::Error::from_raw_os_error(111);
        let fault = Fault::connecting(&refused, Route::Address);
        assert_eq!((fault.errno, fault.more_errno, fault.text), (111, 65, None));
        let slow = io::Error::from(io::ErrorKind::TimedOut);
        let fault = Fault::connecting(&slow, Route::Mx);
        assert_eq!(fault.errno, 110);
        assert_eq!(fault.error, RetryError::Timeout { connecting: true, route: Route::Mx });
    }
}
