//! What the routers decided about one address.
//!
//! # Compatibility
//! The texts are Exim's own; they appear in `**` and `==` lines, in bounces, in SMTP replies and in `-bt` output.

use std::net::IpAddr;

use mail_message::header::HeaderLine;
use mail_types::value::Value;

use super::address::RouteAddress;
use crate::context::facts::AddressFacts;
use crate::services::local_agent::RunAs;

/// Numbers that Exim shows after `defer` where no system error stands behind it.
pub mod errno {
    /// Nothing in particular.
    pub const NONE: i32 = -1;
    /// A redirection's data or file is wrong.
    pub const REDIRECT: i32 = -17;
    /// The home directory for a transport is no absolute path.
    pub const HOME_NOT_ABSOLUTE: i32 = -21;
    /// `hold_domains`.
    pub const HELD: i32 = -23;
    /// An option of the transport cannot be expanded.
    pub const EXPANSION: i32 = -27;
    /// The group cannot be found.
    pub const GROUP: i32 = -28;
    /// The user cannot be found, or may not be.
    pub const USER: i32 = -29;
    /// A transport is unset, unknown or cannot be expanded.
    pub const BAD_TRANSPORT: i32 = -30;
    /// A host of a manualroute list has no address.
    pub const UNKNOWN_HOST: i32 = -32;
    /// Smallest of the numbers for "not now": from here down a deferral is no new failure.
    pub const RETRY_BASE: i32 = -51;
    /// Routing is not tried again yet.
    pub const ROUTE_RETRY: i32 = -52;
    /// The local delivery is not tried again yet.
    pub const LOCAL_RETRY: i32 = -53;
    /// No host is to be tried again yet.
    pub const HOST_RETRY: i32 = -54;
    /// `queue_smtp_domains`, `-odqs`.
    pub const LOCAL_ONLY: i32 = -55;
    /// `queue_domains`.
    pub const QUEUE_DOMAIN: i32 = -56;
    /// `max_parallel` deliveries of the transport are under way.
    pub const TRANSPORT_RETRY: i32 = -57;
}

/// A host that an address may go to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RouteHost {
    /// Its name; for a bare address in a host list, the address as text.
    pub name: Vec<u8>,
    /// Its address; none when it could not be looked up now (`** unusable **`).
    pub address: Option<IpAddr>,
    /// The port; none leaves it to the transport.
    pub port: Option<u16>,
    /// The preference of its MX record; none when it did not come from one.
    pub mx: Option<u16>,
    /// Orders hosts of the same preference; hosts with equal keys are the addresses of one name.
    pub sort_key: u32,
    /// DNSSEC vouched for the lookups; none when that was not asked.
    pub dnssec: Option<bool>,
    /// What the record that named it promises of TLS.
    pub tls: HostTls,
    /// The name by which it was asked for, where that is an alias of `name` and nobody can have forged it: it is the
    /// domain's own, the administrator's, or that of a signed record.
    pub alias: Option<Vec<u8>>,
    /// By which domain and record it was found; none for a bare address.
    pub source: Option<HostSource>,
}

/// Whose host it is, as MTA-STS sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostSource {
    /// The domain whose hosts were looked for: the recipient's, or a smart host's.
    pub domain: Vec<u8>,
    /// The name that stands in the record, which may be an alias that anybody can have forged.
    pub name: Vec<u8>,
}

/// What is promised of a host's TLS.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum HostTls {
    /// Nothing: the transport's options say what is to be done.
    #[default]
    AsConfigured,
    /// STARTTLS (`smtp-tls` at port 25).
    StartTls,
    /// TLS before the banner (`smtp-tls` at another port).
    AtOnce,
}

/// Who a local delivery runs as, as far as the router says.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RouterUser {
    /// The user.
    pub uid: Option<u32>,
    /// The group: the router's `group`, else the user's own.
    pub gid: Option<u32>,
    /// Login name for `initgroups`.
    pub initgroups: Option<Vec<u8>>,
}

impl RouterUser {
    /// Both parts, when there are both.
    pub fn run_as(&self) -> Option<RunAs> {
        Some(RunAs { uid: self.uid?, gid: self.gid?, initgroups: self.initgroups.clone() })
    }
}

/// An address with its transport.
#[derive(Debug, Clone)]
pub struct Assignment {
    /// `R=`.
    pub router: String,
    /// `T=`: a transport of the configuration.
    pub transport: String,
    /// For a remote transport: hosts in the order in which they are to be tried. For a local one: what the router
    /// found, of which `$host` shows the first.
    pub hosts: Vec<RouteHost>,
    /// manualroute to a local transport: the whole host list as text, for `$host`.
    pub host_list: Option<Vec<u8>>,
    /// `fallback_hosts` of the router, as written.
    pub fallback_hosts: Option<Vec<u8>>,
    /// The router has put the hosts into random order: the transport does not do it again.
    pub hosts_randomized: bool,
    /// User and group of the router.
    pub user: RouterUser,
    /// `$home` of the transport, unless the transport says otherwise: `transport_home_directory` not yet expanded, or
    /// what the router had.
    pub home_directory: Directory,
    /// Likewise the current directory.
    pub current_directory: Directory,
    /// The delivery line shows the local part alone.
    pub log_as_local: bool,
    /// What the address is to the transport: local part without affixes, data of matches, `$address_data` ….
    pub facts: AddressFacts,
    /// Where errors go: none for the sender, empty for nowhere.
    pub errors_to: Option<Vec<u8>>,
    /// The return path that `srs = forward` made.
    pub srs_sender: Option<Vec<u8>>,
    /// Header lines that routers added.
    pub headers_add: Vec<HeaderLine>,
    /// Header names that routers removed.
    pub headers_remove: Vec<Vec<u8>>,
    /// The router's `same_domain_copy_routing` applies: other addresses of this domain may take the same route.
    pub copy_routing: bool,
}

/// A directory setting on its way to a local transport.
#[derive(Debug, Clone, Default)]
pub enum Directory {
    /// None.
    #[default]
    Unset,
    /// Expanded when the transport runs; the router's option as it stands.
    Router(expand::Expansion),
    /// Known.
    Known(Value),
}

/// The address fails.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RouteFailure {
    /// The router that said so; none when the routers were exhausted.
    pub router: Option<String>,
    /// Text for the log and the bounce.
    pub message: Vec<u8>,
    /// The text is the administrator's own (`:fail:`, `cannot_route_message`), so an SMTP reply may show it, with
    /// a reply code at its beginning.
    pub user_message: Option<Vec<u8>>,
    /// Where the bounce goes instead, by the router's `errors_to`.
    pub errors_to: Option<Vec<u8>>,
}

/// The address has to wait.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RouteDeferral {
    /// The router that said so.
    pub router: Option<String>,
    /// The number after `defer`.
    pub errno: i32,
    /// Text for the log.
    pub message: Vec<u8>,
    /// As in [`RouteFailure`].
    pub user_message: Option<Vec<u8>>,
    /// The message is to be frozen.
    pub freeze: bool,
    /// The retry record is for the whole address (`retry_use_local_part`), not for the domain.
    pub retry_use_local_part: bool,
}

/// What becomes of an address.
#[derive(Debug, Clone)]
pub enum Decision {
    /// It has a transport.
    Assigned(Box<Assignment>),
    /// It is replaced by the generated addresses.
    Redirected {
        /// The router.
        router: String,
    },
    /// It goes nowhere, and that is no failure.
    Discarded {
        /// The router.
        router: String,
    },
    /// It fails.
    Failed(RouteFailure),
    /// It waits.
    Deferred(RouteDeferral),
}

/// A line that routing has for the logs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RouteLog {
    /// The text.
    pub text: Vec<u8>,
    /// It goes to the panic log too.
    pub panic: bool,
}

/// A header rewriting that routing asks for: a domain that turned out to have a longer name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeaderRewrite {
    /// The domain as the header lines have it.
    pub from: Vec<u8>,
    /// The domain that it is.
    pub to: Vec<u8>,
}

/// A notice to the person who keeps a redirection list (`syntax_errors_to`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SyntaxErrorNotice {
    /// The router.
    pub router: String,
    /// To whom.
    pub to: Vec<u8>,
    /// The administrator's own words at the head (`syntax_errors_text`).
    pub text: Option<Vec<u8>>,
    /// One line an error.
    pub errors: Vec<Vec<u8>>,
    /// The list had other items too.
    pub others: bool,
}

/// All that routing one address led to.
#[derive(Debug, Clone)]
pub struct RouteOutcome {
    /// What becomes of the address itself.
    pub decision: Decision,
    /// Addresses that came of it, in the order in which the redirection names them; the copy of an `unseen` router
    /// comes last.
    pub generated: Vec<RouteAddress>,
    /// The address as the last router saw it: local part, data of matches, `$address_data`.
    pub facts: AddressFacts,
    /// Lines for the log, in order. The caller writes them: so they stay in order where addresses are routed at once.
    pub log: Vec<RouteLog>,
    /// Header rewriting.
    pub rewrites: Vec<HeaderRewrite>,
    /// Notices about broken lists.
    pub notices: Vec<SyntaxErrorNotice>,
}

impl RouteOutcome {
    /// The transport, if the address has one.
    pub fn assignment(&self) -> Option<&Assignment> {
        match &self.decision {
            Decision::Assigned(assignment) => Some(assignment),
            _ => None,
        }
    }
}
