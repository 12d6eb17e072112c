//! Who runs the program, and what that allows.
//!
//! # Security
//! Trust comes from the real uid and gid and from the configuration; nothing that the caller says adds to it.
//!
//! # Compatibility
//! Options `trusted_users`, `trusted_groups`, `untrusted_set_sender`, `gecos_pattern`, `gecos_name`, `unknown_login`,
//! `unknown_username`; command line `-f`, `-F`, `-bnq`, `-oMa` and its like.

use std::net::IpAddr;
use std::sync::Arc;

use config::options::main;
use expand::Captures;
use expand::regex::{Flags, Regex};
use mail_types::address::{Address, ParseOptions, parse_address};
use mail_types::value::Value;
use policy::list::Subject;

use crate::context::Context;
use crate::context::facts::{ConnectionFacts, Facts, Origin, OwnFacts};
use crate::services::{Arrival, Services, accounts};

/// A user who submits messages.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Caller {
    /// Real uid.
    pub uid: u32,
    /// Real gid.
    pub gid: u32,
    /// Login name.
    pub login: Vec<u8>,
    /// Full name, for From: and Sender: lines.
    pub full_name: Vec<u8>,
    /// The full name comes from `-F`.
    pub full_name_given: bool,
    /// May set the sender and the host's facts.
    pub trusted: bool,
    /// `-f`, parsed and qualified; empty for the null sender.
    pub sender: Option<Vec<u8>>,
    /// `-bnq`: addresses without a domain stay so, and are refused in the envelope.
    pub no_qualify: bool,
    /// `-oMa` and its like; empty unless the caller is trusted.
    pub host: HostFields,
    /// `-od…`, for the messages of a session (`-bs`).
    pub arrival: Option<Arrival>,
    /// `-tls-on-connect`, for a session (`-bs`).
    pub tls_on_connect: bool,
}

/// What the `-oM…` options set.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HostFields {
    /// `-oMa`.
    pub address: Option<(IpAddr, u16)>,
    /// `-oMaa`.
    pub authenticator: Option<Vec<u8>>,
    /// `-oMai`.
    pub authenticated_id: Option<Vec<u8>>,
    /// `-oMas`.
    pub authenticated_sender: Option<Vec<u8>>,
    /// `-oMi`.
    pub interface: Option<(IpAddr, u16)>,
    /// `-oMr`.
    pub protocol: Option<Vec<u8>>,
    /// `-oMs`.
    pub name: Option<Vec<u8>>,
    /// `-oMt`.
    pub ident: Option<Vec<u8>>,
}

/// What the program knows about its caller.
#[derive(Debug, Clone, Default)]
pub struct CallerRequest {
    /// Real uid.
    pub uid: u32,
    /// Real gid.
    pub gid: u32,
    /// Supplementary groups.
    pub groups: Vec<u32>,
    /// `-F`.
    pub full_name: Option<Vec<u8>>,
    /// `-f`, as given.
    pub sender: Option<Vec<u8>>,
    /// `-bnq`.
    pub no_qualify: bool,
    /// `-oM…`.
    pub host: HostFields,
    /// `-od…`, for the messages of a session (`-bs`).
    pub arrival: Option<Arrival>,
    /// `-tls-on-connect`, for a session (`-bs`).
    pub tls_on_connect: bool,
}

impl Caller {
    /// Find out who the caller is. The error is a text for standard error.
    pub async fn identify(request: CallerRequest, services: &Arc<Services>) -> Result<Self, String> {
        let mut context = Context::new(Facts::default(), Arc::clone(services));
        let uid = request.uid;
        let account = services.pools.files.run(move || accounts::by_uid(uid)).await;
        let account = account.map_err(|_| "shutting down".to_owned())?;
        let account = account.map_err(|error| format!("cannot read the password file: {error}"))?;
        let trusted = is_trusted(&request, &context);
        let (login, gecos) = match account {
            Some(account) => (account.name, account.gecos),
            None => unknown(uid, &mut context)?,
        };
        let full_name_given = request.full_name.is_some();
        let full_name = match request.full_name {
            Some(name) => name,
            None => full_name(&gecos, &login, &mut context)?,
        };
        let mut caller = Self {
            uid,
            gid: request.gid,
            login,
            full_name,
            full_name_given,
            trusted,
            sender: None,
            no_qualify: request.no_qualify,
            host: if trusted { request.host } else { HostFields::default() },
            arrival: request.arrival,
            tls_on_connect: request.tls_on_connect,
        };
        if let Some(given) = &request.sender {
            caller.sender = caller.given_sender(given, &mut context)?;
        }
        Ok(caller)
    }

    /// `-f`: the address, if this caller may set it.
    fn given_sender(&self, given: &[u8], context: &mut Context) -> Result<Option<Vec<u8>>, String> {
        let given = given.trim_ascii();
        let options = ParseOptions {
            allow_null: true,
            allow_utf8: true,
            allow_domain_literals: true,
            strip_trailing_dot: context.config.main.get(main::STRIP_TRAILING_DOT),
            strip_excess_angle_brackets: false,
        };
        let address = if given.is_empty() {
            Address::default()
        } else {
            let parsed = parse_address(given, options);
            parsed
                .map_err(|error| {
                    format!("bad -f address \"{}\": {}", String::from_utf8_lossy(given), error.message)
                })?
                .0
        };
        let address =
            if self.no_qualify { address } else { address.qualified_with(context.qualify_domain()) };
        let address = address.to_bytes();
        Ok(self.may_set_sender(&address, context).then_some(address))
    }

    /// Whether this caller may send as an address.
    pub(crate) fn may_set_sender(&self, address: &[u8], context: &mut Context) -> bool {
        if self.trusted || address.is_empty() {
            return true;
        }
        // A list that cannot be matched now allows nothing.
        matches!(context.matches_option(main::UNTRUSTED_SET_SENDER, Subject::Text(address)), Ok(true))
    }

    /// The caller's own address.
    pub(crate) fn own_address(&self, context: &Context) -> Vec<u8> {
        Address::new(self.login.clone(), context.qualify_domain()).to_bytes()
    }

    /// Whether the messages are the caller's own ("sender_local"): an untrusted caller's always are, a trusted one's
    /// while he names no sender.
    pub(crate) fn sends_own_mail(&self, origin: Origin) -> bool {
        !self.trusted || (self.sender.is_none() && !origin.is_smtp())
    }

    /// Whether a trusted caller passes on what a host sent (`-oMa`): such a message is not repaired.
    pub(crate) fn stands_for_a_host(&self) -> bool {
        self.host.address.is_some()
    }

    /// The facts that a session or a message of this caller begins with.
    pub(crate) fn connection_facts(&self, origin: Origin) -> ConnectionFacts {
        let host = &self.host;
        let own = self.sends_own_mail(origin);
        ConnectionFacts {
            origin: if origin == Origin::LocalSmtp && self.stands_for_a_host() {
                Origin::Tcp
            } else {
                origin
            },
            own: OwnFacts {
                ident: host.ident.is_none(),
                authenticated_id: host.authenticated_id.is_none(),
                authenticated_sender: host.authenticated_sender.is_none(),
            },
            addresses_given: true,
            sender_host_address: host.address.map(|address| address.0),
            sender_host_port: host.address.map_or(0, |address| address.1),
            received_ip_address: host.interface.map(|address| address.0),
            received_port: host.interface.map_or(0, |address| address.1),
            sender_host_name: host.name.clone(),
            host_lookup_done: host.name.is_some(),
            sender_ident: Some(host.ident.clone().unwrap_or_else(|| self.login.clone())),
            sender_host_authenticated: host.authenticator.clone(),
            authenticated_id: host.authenticated_id.clone().or_else(|| own.then(|| self.login.clone())),
            ..ConnectionFacts::default()
        }
    }
}

fn is_trusted(request: &CallerRequest, context: &Context) -> bool {
    let options = &context.config.main;
    let groups = options.get(main::TRUSTED_GROUPS);
    request.uid == 0
        || request.uid == context.services.process.exim_uid
        || options.get(main::TRUSTED_USERS).contains(&request.uid)
        || groups.contains(&request.gid)
        || request.groups.iter().any(|group| groups.contains(group))
}

/// Login and full name of a caller without an account.
fn unknown(uid: u32, context: &mut Context) -> Result<(Vec<u8>, Vec<u8>), String> {
    let login = context.expanded(main::UNKNOWN_LOGIN).map_err(|error| error.message().to_owned())?;
    let Some(login) = login else { return Err(format!("failed to get user name for uid {uid}")) };
    let name = context.config.main.get(main::UNKNOWN_USERNAME).unwrap_or_default().to_vec();
    Ok((login.into_bytes(), name))
}

/// The full name in the gecos field, as `gecos_pattern` and `gecos_name` find it; `&` stands for the login name.
fn full_name(gecos: &[u8], login: &[u8], context: &mut Context) -> Result<Vec<u8>, String> {
    let config = Arc::clone(&context.config);
    let mut name = gecos.to_vec();
    if let (Some(pattern), Some(expansion)) =
        (config.main.get(main::GECOS_PATTERN), config.main.get(main::GECOS_NAME))
    {
        let regex = Regex::compile(pattern, Flags::default()).map_err(|error| error.message)?;
        let groups = regex.captures_at(gecos, 0).map_err(|error| error.message)?;
        if let Some(groups) = groups {
            let values = (0..groups.count()).map(|group| Value::tainted(groups.text(gecos, group)));
            context.scope.captures = Captures::new(values.collect());
            let expanded = context.eval(expansion).map_err(|error| error.message().to_owned())?;
            context.scope.captures = Captures::default();
            if let Some(expanded) = expanded {
                name = expanded.into_bytes();
            }
        }
    }
    let mut capital = login.to_vec();
    if let Some(first) = capital.first_mut() {
        first.make_ascii_uppercase();
    }
    Ok(name.split(|&byte| byte == b'&').collect::<Vec<_>>().join(&capital[..]))
}
