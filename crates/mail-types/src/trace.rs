//! The decision trace: what was tried and why it came out so, for `-d`, `-v` and `-bh`.
//!
//! Any crate says a line with [`crate::trace!`]; the program chooses the categories and where lines go. Nothing is
//! formatted for a category that is off: the test is one load of an integer.
//!
//! # Invariants
//! * Tracing decides nothing and changes nothing.
//! * The place for lines is chosen once in the life of a process.
//!
//! # Security
//! Lines hold addresses, header text and queries. Only administrators may ask for them, which the program sees to.
//!
//! # Compatibility
//! The names are those of Exim's `-d` (specification section 5.3). Those for which nothing is said are taken all the same.

use std::fmt;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::diagnostic::Span;

macro_rules! categories {
    ($($(#[$doc:meta])* $variant:ident = $name:literal, $bit:literal, $default:literal;)*) => {
        /// What a line is about, or how lines look.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[repr(u64)]
        pub enum Category { $($(#[$doc])* $variant = 1 << $bit,)* }

        /// Every name of `-d` with its category and whether `-d` alone switches it on.
        const NAMES: &[(&str, Category, bool)] = &[$(($name, Category::$variant, $default),)*];
    };
}

categories! {
    /// ACLs, statement by statement.
    Acl = "acl", 0, true;
    /// Authenticators.
    Auth = "auth", 1, true;
    /// Attempts at delivery.
    Deliver = "deliver", 2, true;
    /// Questions to the DNS.
    Dns = "dns", 3, true;
    /// Block lists.
    Dnsbl = "dnsbl", 4, true;
    /// Commands that are run.
    Exec = "exec", 5, true;
    /// Expansions: text and result.
    Expand = "expand", 6, false;
    /// Filters.
    Filter = "filter", 7, false;
    /// Hints.
    HintsLookup = "hints_lookup", 8, true;
    /// Names and addresses of hosts.
    HostLookup = "host_lookup", 9, true;
    /// RFC 1413.
    Ident = "ident", 10, true;
    /// Local interfaces.
    Interface = "interface", 11, false;
    /// What was looked for in which list.
    Lists = "lists", 12, true;
    /// The system's load.
    Load = "load", 13, false;
    /// `local_scan`.
    LocalScan = "local_scan", 14, true;
    /// Lookups.
    Lookup = "lookup", 15, true;
    /// Memory.
    Memory = "memory", 16, false;
    /// No lines are drawn here; taken for compatibility.
    NoUtf8 = "noutf8", 17, false;
    /// The process id in front of each line.
    Pid = "pid", 18, false;
    /// The process log.
    ProcessInfo = "process_info", 19, true;
    /// Queue runs.
    QueueRun = "queue_run", 20, true;
    /// Messages as they come in.
    Receive = "receive", 21, true;
    /// The DNS resolver.
    Resolver = "resolver", 22, false;
    /// Retry rules and times.
    Retry = "retry", 23, true;
    /// Rewriting.
    Rewrite = "rewrite", 24, true;
    /// Routers.
    Route = "route", 25, true;
    /// The time in front of each line.
    Timestamp = "timestamp", 26, false;
    /// TLS.
    Tls = "tls", 27, true;
    /// Transports.
    Transport = "transport", 28, true;
    /// Users and groups.
    Uid = "uid", 29, true;
    /// Verification of addresses.
    Verify = "verify", 30, true;
    /// `-v`: log lines.
    Verbose = "v", 31, true;
    /// `debug_print` of routers and transports: with `-d`, with `-v`, and for `-bt`. No name can ask for it.
    DebugPrint = "+", 32, true;
}

/// The categories that are on.
static CHOSEN: AtomicU64 = AtomicU64::new(0);
/// Where lines go.
static SINK: OnceLock<Sink> = OnceLock::new();

/// How places in the configuration are named.
static PLACES: OnceLock<Places> = OnceLock::new();

/// Names a place: `/etc/exim4/exim4.conf 23`.
type Places = Box<dyn Fn(Span) -> String + Send + Sync>;

/// Takes a line without its newline.
type Sink = Box<dyn Fn(Category, &str) + Send + Sync>;

/// A set of categories.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Selection(u64);

impl Selection {
    /// What `-d` followed by `text` asks for: the default, changed by `+name` and `-name`. The error is Exim's text.
    pub fn parse(text: &[u8]) -> Result<Self, String> {
        let default =
            NAMES.iter().filter(|(.., on)| *on).fold(0, |set, (_, category, _)| set | *category as u64);
        let mut set = default;
        // `-dd` is `-d` that a daemon's children do not take over.
        let mut rest = text.strip_prefix(b"d").unwrap_or(text);
        if let Some(number) = rest.strip_prefix(b"=") {
            // The bits are those of Exim's own code; any of them is the default here.
            let digits = number.strip_prefix(b"0x").unwrap_or(number);
            return match std::str::from_utf8(digits).map(|digits| u64::from_str_radix(digits, 16)) {
                Ok(Ok(0)) => Ok(Self(0)),
                Ok(Ok(_)) => Ok(Self(default)),
                _ => Err(format!(
                    "malformed numeric debug_selector setting: {}",
                    String::from_utf8_lossy(rest)
                )),
            };
        }
        while let Some((sign, after)) = rest.split_first() {
            if !matches!(sign, b'+' | b'-') {
                let found = String::from_utf8_lossy(rest);
                return Err(format!(
                    "malformed debug_selector setting: + or - expected but found \"{found}\""
                ));
            }
            let end = after.iter().position(|c| matches!(c, b'+' | b'-')).unwrap_or(after.len());
            let (name, tail) = after.split_at(end);
            let bits = match name {
                // As Exim has it: everything but memory goes on, everything goes off.
                b"all" if *sign == b'+' => !(Category::Memory as u64 | Category::NoUtf8 as u64),
                b"all" => u64::MAX,
                name => {
                    let found = NAMES.iter().find(|(known, ..)| known.as_bytes() == name && *known != "v");
                    found.map(|(_, category, _)| *category as u64).ok_or_else(|| unknown(*sign, name))?
                }
            };
            if *sign == b'+' {
                set |= bits;
            } else {
                set &= !bits;
            }
            rest = tail;
        }
        Ok(Self(set))
    }

    /// These categories alone.
    pub fn of(categories: &[Category]) -> Self {
        Self(categories.iter().fold(0, |set, category| set | *category as u64))
    }

    /// Whether a category is in it.
    pub fn has(self, category: Category) -> bool {
        self.0 & category as u64 != 0
    }
}

fn unknown(sign: u8, name: &[u8]) -> String {
    format!("unknown debug_selector setting: {}{}", char::from(sign), String::from_utf8_lossy(name))
}

/// Switches categories on, and says where their lines go. Only the first place counts.
pub fn start(selection: Selection, sink: impl Fn(Category, &str) + Send + Sync + 'static) {
    let _ = SINK.set(Box::new(sink));
    CHOSEN.store(selection.0, Ordering::Relaxed);
}

/// Says how places in the configuration are named. Only the first call counts.
pub fn name_places(name: impl Fn(Span) -> String + Send + Sync + 'static) {
    let _ = PLACES.set(Box::new(name));
}

/// A place in the configuration, for a line of the trace.
pub fn place(span: Span) -> String {
    PLACES.get().map_or_else(|| format!("line {}", span.line), |name| name(span))
}

/// Whether a category is on.
#[inline]
pub fn on(category: Category) -> bool {
    CHOSEN.load(Ordering::Relaxed) & category as u64 != 0
}

/// Says something; [`crate::trace!`] asks first whether anybody wants it.
pub fn say(category: Category, text: fmt::Arguments<'_>) {
    if let Some(sink) = SINK.get() {
        let text = text.to_string();
        for line in text.split('\n') {
            sink(category, line);
        }
    }
}

/// Says a line of the decision trace, if its category is on: `trace!(Acl, "using ACL {name}")`.
#[macro_export]
macro_rules! trace {
    ($category:ident, $($text:tt)*) => {
        if $crate::trace::on($crate::trace::Category::$category) {
            $crate::trace::say($crate::trace::Category::$category, format_args!($($text)*));
        }
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn selections_are_read_as_exim_reads_them() {
        let has = |text: &[u8], category| Selection::parse(text).unwrap().has(category);
        assert!(has(b"", Category::Acl) && !has(b"", Category::Expand) && has(b"", Category::Verbose));
        assert!(has(b"+expand", Category::Expand) && has(b"+expand", Category::Acl));
        assert!(!has(b"-all+acl", Category::Route) && has(b"-all+acl", Category::Acl));
        assert!(!has(b"-acl", Category::Acl) && has(b"-acl", Category::Route));
        assert!(!has(b"+all", Category::Memory) && has(b"+all", Category::Expand));
        assert_eq!(Selection::parse(b"+foo").unwrap_err(), "unknown debug_selector setting: +foo");
        let malformed = "malformed debug_selector setting: + or - expected but found \"acl\"";
        assert_eq!(Selection::parse(b"acl").unwrap_err(), malformed);
        assert_eq!(Selection::parse(b"-").unwrap_err(), "unknown debug_selector setting: -");
        assert_eq!(Selection::parse(b"=5x").unwrap_err(), "malformed numeric debug_selector setting: =5x");
        assert!(
            has(b"d", Category::Acl) && has(b"d+expand", Category::Expand) && has(b"=0x100", Category::Acl)
        );
        assert!(!has(b"=0", Category::Acl));
    }
}
