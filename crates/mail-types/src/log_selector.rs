//! The names of `log_selector` and what is switched on.
//!
//! # Compatibility
//! Exim's `log_selector` (specification section "Reducing or increasing what is logged"): names, defaults and the
//! words of the two complaints are Exim's. `rejected_headers` is the second name of `rejected_header`.

use std::fmt;

use crate::bytes::{trim, trim_start};
use crate::manual::Entry;

macro_rules! selectors {
    ($( #[doc = $doc:literal] $variant:ident = $name:literal, $on:literal; )*) => {
        /// One name of `log_selector`.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[repr(u8)]
        pub enum Selector { $( #[doc = $doc] $variant, )* }

        /// Every selector with its name and whether it is on by default.
        pub const SELECTORS: &[(&str, Selector, bool)] = &[$(($name, Selector::$variant, $on),)*];

        /// What the manual says about each, in the same order.
        pub const ENTRIES: &[Entry] = &[ $( Entry {
            name: $name,
            doc: $doc,
            examples: &[concat!("`log_selector = +", $name, "`")],
        }, )* ];
    };
}

selectors! {
    /// `M8S=` on arrival lines.
    EightBitMime = "8bitmime", false;
    /// A `warn` verb that a deferred condition skipped.
    AclWarnSkipped = "acl_warn_skipped", true;
    /// Each rewritten address.
    AddressRewrite = "address_rewrite", false;
    /// All ancestors of an address on delivery lines.
    AllParents = "all_parents", false;
    /// The command line of each start.
    Arguments = "arguments", false;
    /// `Ci=`.
    ConnectionId = "connection_id", false;
    /// Connections that were turned away.
    ConnectionReject = "connection_reject", true;
    /// Why a message was not delivered at once.
    DelayDelivery = "delay_delivery", true;
    /// `DT=` on delivery lines.
    DeliverTime = "deliver_time", false;
    /// `S=` on delivery lines.
    DeliverySize = "delivery_size", false;
    /// `DKIM=` on arrival lines.
    Dkim = "dkim", true;
    /// A line for each signature.
    DkimVerbose = "dkim_verbose", false;
    /// `DMARC` on arrival lines.
    Dmarc = "dmarc", false;
    /// The status of DMARC in full.
    DmarcVerbose = "dmarc_verbose", false;
    /// Block lists that did not answer.
    DnslistDefer = "dnslist_defer", true;
    /// `DS` for answers signed by DNSSEC.
    Dnssec = "dnssec", false;
    /// ETRN commands.
    Etrn = "etrn", true;
    /// Hosts without names.
    HostLookupFailed = "host_lookup_failed", true;
    /// Ident servers that did not answer.
    IdentTimeout = "ident_timeout", false;
    /// `I=` on arrival and connection lines.
    IncomingInterface = "incoming_interface", false;
    /// The peer's port after its address.
    IncomingPort = "incoming_port", false;
    /// Connections that the client dropped.
    LostIncomingConnection = "lost_incoming_connection", true;
    /// Milliseconds.
    Millisec = "millisec", false;
    /// `id=` on arrival lines.
    MsgId = "msg_id", true;
    /// `id*=` when the Message-ID was made here.
    MsgIdCreated = "msg_id_created", false;
    /// `I=` on delivery lines.
    OutgoingInterface = "outgoing_interface", false;
    /// The port on delivery lines.
    OutgoingPort = "outgoing_port", false;
    /// `PS=` on delivery lines (`s` TLS, `e` EHLO, `h` HELO, `l` LHLO); TLS clients that reset straight after QUIT.
    ProtocolDetail = "protocol_detail", false;
    /// Start and end of queue runs.
    QueueRun = "queue_run", true;
    /// `QT=` on delivery lines.
    QueueTime = "queue_time", false;
    /// `QT=` counts from the end of the reception.
    QueueTimeExclusive = "queue_time_exclusive", false;
    /// `QT=` on `Completed`.
    QueueTimeOverall = "queue_time_overall", false;
    /// The process id.
    Pid = "pid", false;
    /// `L` for PIPELINING.
    Pipelining = "pipelining", false;
    /// `PRX=`.
    Proxy = "proxy", false;
    /// `RT=`.
    ReceiveTime = "receive_time", false;
    /// `for` on arrival lines.
    ReceivedRecipients = "received_recipients", false;
    /// `from` on arrival lines.
    ReceivedSender = "received_sender", false;
    /// Header lines in the reject log.
    RejectedHeader = "rejected_header", true;
    /// "retry time not reached".
    RetryDefer = "retry_defer", true;
    /// `P=<>` on delivery lines.
    ReturnPathOnDelivery = "return_path_on_delivery", false;
    /// `F=<>` on delivery lines.
    SenderOnDelivery = "sender_on_delivery", false;
    /// Why the verification of a sender failed.
    SenderVerifyFail = "sender_verify_fail", true;
    /// Messages that are too big.
    SizeReject = "size_reject", true;
    /// Messages that a queue run left out.
    SkipDelivery = "skip_delivery", true;
    /// `C=` on delivery lines.
    SmtpConfirmation = "smtp_confirmation", true;
    /// Start and end of each incoming connection.
    SmtpConnection = "smtp_connection", false;
    /// Transactions that gave no message.
    SmtpIncompleteTransaction = "smtp_incomplete_transaction", false;
    /// The AUTH argument of MAIL in `A=`.
    SmtpMailauth = "smtp_mailauth", false;
    /// Connections without MAIL.
    SmtpNoMail = "smtp_no_mail", false;
    /// Commands out of place.
    SmtpProtocolError = "smtp_protocol_error", false;
    /// Commands that make no sense.
    SmtpSyntaxError = "smtp_syntax_error", false;
    /// SPF on arrival lines.
    Spf = "spf", false;
    /// The status of SPF in full.
    SpfVerbose = "spf_verbose", false;
    /// `T=` on arrival lines.
    Subject = "subject", false;
    /// `CV=`.
    TlsCertificateVerified = "tls_certificate_verified", true;
    /// `X=`.
    TlsCipher = "tls_cipher", true;
    /// TLS on connect shows in the protocol.
    TlsOnConnect = "tls_on_connect", false;
    /// `DN=`.
    TlsPeerdn = "tls_peerdn", false;
    /// `*` after `X=` for resumed sessions.
    TlsResumption = "tls_resumption", false;
    /// `SNI=`.
    TlsSni = "tls_sni", false;
    /// Lookups that failed within list matches.
    UnknownInList = "unknown_in_list", false;
}

/// The second name of `rejected_header`.
const REJECTED_HEADERS: &str = "rejected_headers";

/// Every name that the option takes.
pub fn names() -> impl Iterator<Item = &'static str> {
    SELECTORS.iter().map(|row| row.0).chain(["all", REJECTED_HEADERS])
}

const _: () = assert!(SELECTORS.len() <= 64, "Selectors is a set of 64 bits");

/// What is switched on.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Selectors(u64);

impl Selectors {
    /// Nothing.
    pub const NONE: Self = Self(0);
    /// Everything (`+all`).
    pub const ALL: Self = Self(u64::MAX >> (64 - SELECTORS.len()));

    /// Applies a value of `log_selector` to the defaults.
    pub fn parse(text: &[u8]) -> Result<Self, SelectorError> {
        let mut set = Self::default();
        if trim(text) == b"=" {
            return Err(SelectorError::Malformed(b"=".to_vec()));
        }
        let mut rest = trim_start(text);
        while let Some((&sign, after)) = rest.split_first() {
            if sign != b'+' && sign != b'-' {
                return Err(SelectorError::Malformed(rest.to_vec()));
            }
            let length =
                after.iter().take_while(|byte| byte.is_ascii_alphanumeric() || **byte == b'_').count();
            let (name, tail) = after.split_at(length);
            let mask = mask_of(name).ok_or_else(|| SelectorError::Unknown(rest[..=length].to_vec()))?;
            set.0 = if sign == b'+' { set.0 | mask } else { set.0 & !mask };
            rest = trim_start(tail);
        }
        Ok(set)
    }

    /// Whether this one is on.
    pub fn has(self, selector: Selector) -> bool {
        self.0 & (1 << selector as u8) != 0
    }

    /// The same with this one on.
    #[must_use]
    pub fn with(self, selector: Selector) -> Self {
        Self(self.0 | 1 << selector as u8)
    }

    /// The same with this one off.
    #[must_use]
    pub fn without(self, selector: Selector) -> Self {
        Self(self.0 & !(1 << selector as u8))
    }
}

impl Default for Selectors {
    fn default() -> Self {
        SELECTORS
            .iter()
            .filter(|(_, _, on)| *on)
            .fold(Self::NONE, |set, (_, selector, _)| set.with(*selector))
    }
}

impl fmt::Debug for Selectors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(SELECTORS.iter().filter(|row| self.has(row.1)).map(|row| row.0)).finish()
    }
}

fn mask_of(name: &[u8]) -> Option<u64> {
    match name {
        b"all" => Some(Selectors::ALL.0),
        _ if name == REJECTED_HEADERS.as_bytes() => Some(1 << Selector::RejectedHeader as u8),
        _ => SELECTORS.iter().find(|row| row.0.as_bytes() == name).map(|row| 1 << row.1 as u8),
    }
}

/// What is wrong with a value of `log_selector`, in Exim's words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SelectorError {
    /// A name without a sign; the rest of the text.
    Malformed(Vec<u8>),
    /// A name that nobody knows, with its sign.
    Unknown(Vec<u8>),
}

impl fmt::Display for SelectorError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Malformed(rest) => {
                write!(
                    f,
                    "malformed log_selector setting: + or - expected but found \"{}\"",
                    rest.escape_ascii()
                )
            }
            Self::Unknown(name) => write!(f, "unknown log_selector setting: {}", name.escape_ascii()),
        }
    }
}

impl std::error::Error for SelectorError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn defaults_are_the_starred_ones() {
        let on: Vec<&str> =
            SELECTORS.iter().filter(|row| Selectors::default().has(row.1)).map(|row| row.0).collect();
        assert_eq!(
            on,
            [
                "acl_warn_skipped",
                "connection_reject",
                "delay_delivery",
                "dkim",
                "dnslist_defer",
                "etrn",
                "host_lookup_failed",
                "lost_incoming_connection",
                "msg_id",
                "queue_run",
                "rejected_header",
                "retry_defer",
                "sender_verify_fail",
                "size_reject",
                "skip_delivery",
                "smtp_confirmation",
                "tls_certificate_verified",
                "tls_cipher",
            ]
        );
    }

    #[test]
    fn signs_are_applied_in_order() {
        let set = Selectors::parse(b" +all-pid  -millisec +pid").unwrap();
        assert!(set.has(Selector::Pid) && !set.has(Selector::Millisec) && set.has(Selector::UnknownInList));
        assert_eq!(Selectors::parse(b"-all").unwrap(), Selectors::NONE);
        assert!(!Selectors::parse(b"-rejected_headers").unwrap().has(Selector::RejectedHeader));
    }

    #[test]
    fn complaints_are_exims() {
        for (text, complaint) in [
            (&b"+foo"[..], "unknown log_selector setting: +foo"),
            (b"foo", "malformed log_selector setting: + or - expected but found \"foo\""),
            (b"+all -foo", "unknown log_selector setting: -foo"),
            (b"+ all", "unknown log_selector setting: +"),
            (b"+pid,+all", "malformed log_selector setting: + or - expected but found \",+all\""),
            (b"+ALL", "unknown log_selector setting: +ALL"),
        ] {
            assert_eq!(Selectors::parse(text).unwrap_err().to_string(), complaint);
        }
    }
}
