//! Who a local delivery runs as.
//!
//! [`authorise`] is the one place that decides it. The worker asks it to refuse early and with Exim's words; the
//! privileged side asks it again, with its own copy of the configuration, and believes nothing else.
//!
//! # Invariants
//! * Root is never the answer, nor is anybody in `never_users`, whatever the configuration says.
//! * The answer follows from the configuration, the accounts of this host and the facts of the address; the user that
//!   a request claims plays no part.
//!
//! # Security
//! Facts of the address come from a worker that may have been taken over: with `check_local_user` it can have mail
//! delivered as the users whose mailboxes the router serves, and as nobody else. A pipe with `pipe_as_creator` runs as
//! whoever the facts of the message name, root and `never_users` excepted: such a worker can then choose.
//!
//! # Compatibility
//! Specification section "Uids and gids". Order for the group: the transport's `group`; the group of a user that the
//! transport names in plain text; the router's; the group of a user that the transport's `user` expands to; the mail
//! group where the user is the mail user.

use std::fmt;

use config::options::main;
use config::options::router::generic as router_options;
use config::options::transport::{generic as transport_options, pipe};
use config::options::value::IdText;
use config::{Config, OptionSet, RouterInstance, TransportInstance};
use expand::variable::Variable;
use expand::{Env, Expansion};

use crate::context::facts::AddressFacts;
use crate::route::errno;
use crate::services::accounts::{self, Finder};
use crate::services::local_agent::{LocalRequest, RunAs};

/// Why a local delivery is not run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// Exim's number for it.
    pub errno: i32,
    /// Text for the log.
    pub message: String,
    /// It holds also where all deliveries run as the server's own user.
    pub always: bool,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Refusal {}

impl Refusal {
    fn new(message: impl Into<String>) -> Self {
        Self { errno: errno::NONE, message: message.into(), always: false }
    }
}

/// Names of the user and the group, as far as they are known.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Ids {
    uid: Option<u32>,
    gid: Option<u32>,
}

/// Decides who a local delivery runs as. `env` expands options that hold `$`, with the facts of the first address.
/// Blocks on the name service.
pub fn authorise(request: &LocalRequest, config: &Config, env: &mut dyn Env) -> Result<RunAs, Refusal> {
    let Some(transport) = config.transport(&request.transport) else {
        return Err(Refusal::new(format!("transport \"{}\" not found", request.transport)));
    };
    let Some(address) = request.addresses.first() else {
        return Err(Refusal::new("a delivery without an address"));
    };
    let router = router_of(address, config)?;
    let mail = mail_user(env);
    if config.main.get(main::DELIVER_DROP_PRIVILEGE) {
        return complete(config, transport, mail, None);
    }
    let finder = Finder::of(config);
    let routed = by_router(router, address, finder, env)?;
    let own = fixed(&transport.options);
    let mut uid = own.uid;
    let mut gid = group_of(&transport.options, transport_options::GROUP, env, (&transport.name, finder))?
        .or(own.gid)
        .or(routed.gid);
    let mut from_transport = uid.is_some();
    if uid.is_none()
        && let Some(IdText::Expanded(text)) = transport.options.get(transport_options::USER)
    {
        let value = expanded(text, env, "user", &transport.name)?;
        let named = user_named(&value, text, &transport.name, finder)?;
        uid = named.uid;
        gid = gid.or(named.gid);
        from_transport = true;
    }
    if uid.is_none() && creator_runs_it(transport) {
        let creator = creator(request);
        uid = creator.uid;
        gid = gid.or(creator.gid);
        from_transport = true;
    }
    let uid = uid.or(routed.uid).or(mail.uid);
    if gid.is_none() && uid == mail.uid {
        gid = mail.gid;
    }
    let initgroups = if from_transport {
        transport.options.get(transport_options::INITGROUPS)
    } else {
        routed.uid.is_some() && router.options.get(router_options::INITGROUPS)
    };
    complete(config, transport, Ids { uid, gid }, initgroups.then_some(()))
}

/// `pipe_as_creator`.
fn creator_runs_it(transport: &TransportInstance) -> bool {
    transport.driver == "pipe" && transport.options.get(pipe::PIPE_AS_CREATOR)
}

/// Who gave the message to this server.
fn creator(request: &LocalRequest) -> Ids {
    let message = &request.facts.message;
    Ids { uid: Some(message.originator_uid), gid: Some(message.originator_gid) }
}

fn router_of<'a>(address: &AddressFacts, config: &'a Config) -> Result<&'a RouterInstance, Refusal> {
    let name = address.router_name.as_deref().unwrap_or_default();
    config.router(name).ok_or_else(|| Refusal::new(format!("router \"{name}\" not found")))
}

/// Whom the server's own work runs as: `exim_user`, or what this installation has.
fn mail_user(env: &mut dyn Env) -> Ids {
    let mut id = |variable| number(env.variable(variable).ok()??.bytes());
    Ids { uid: id(Variable::EximUid), gid: id(Variable::EximGid) }
}

/// The checks that no configuration lifts, and `never_users`.
fn complete(
    config: &Config,
    transport: &TransportInstance,
    ids: Ids,
    initgroups: Option<()>,
) -> Result<RunAs, Refusal> {
    let name = &transport.name;
    let uid = ids.uid.ok_or_else(|| Refusal::new(format!("no user is known for {name} transport")))?;
    if uid == 0 || config.main.get(main::NEVER_USERS).contains(&uid) {
        let message = format!("User {uid} set for {name} transport is on the never_users list");
        return Err(Refusal { errno: errno::USER, message, always: true });
    }
    let gid = ids.gid.ok_or_else(|| Refusal::new(format!("User set without group for {name} transport")))?;
    let login = match initgroups {
        Some(()) => accounts::by_uid(uid).map_err(Refusal::new)?.map(|account| account.name),
        None => None,
    };
    Ok(RunAs { uid, gid, initgroups: login })
}

/// A user that the transport names in plain text.
fn fixed(options: &OptionSet) -> Ids {
    match options.get(transport_options::USER) {
        Some(IdText::Fixed { uid, gid }) => Ids { uid: *uid, gid: *gid },
        _ => Ids::default(),
    }
}

/// `user`, `group` and `check_local_user` of the router.
fn by_router(
    router: &RouterInstance,
    address: &AddressFacts,
    finder: Finder,
    env: &mut dyn Env,
) -> Result<Ids, Refusal> {
    let options = &router.options;
    let mut ids = Ids::default();
    if options.get(router_options::CHECK_LOCAL_USER) {
        let name = address.local_part_data.as_ref().or(address.local_part.as_ref());
        let name = name.map(|name| name.bytes().to_vec()).unwrap_or_default();
        let Some(account) = finder.user(&name).map_err(Refusal::new)? else {
            let name = String::from_utf8_lossy(&name);
            return Err(Refusal::new(format!(
                "\"{name}\" is no local user, as {} router wants it",
                router.name
            )));
        };
        ids = Ids { uid: Some(account.uid), gid: Some(account.gid) };
    }
    match options.get(router_options::USER) {
        None => {}
        Some(IdText::Fixed { uid, gid }) => ids = Ids { uid: *uid, gid: *gid },
        Some(IdText::Expanded(text)) => {
            ids = user_named(&expanded(text, env, "user", &router.name)?, text, &router.name, finder)?;
        }
    }
    if let Some(gid) = group_of(options, router_options::GROUP, env, (&router.name, finder))? {
        ids.gid = Some(gid);
    }
    Ok(ids)
}

fn group_of(
    options: &OptionSet,
    option: config::Opt<config::options::kind::GroupText>,
    env: &mut dyn Env,
    (owner, finder): (&str, Finder),
) -> Result<Option<u32>, Refusal> {
    match options.get(option) {
        None => Ok(None),
        Some(IdText::Fixed { gid, .. }) => Ok(*gid),
        Some(IdText::Expanded(text)) => {
            let value = expanded(text, env, "group", owner)?;
            if let Some(gid) = number(&value) {
                return Ok(Some(gid));
            }
            match finder.group(&value).map_err(Refusal::new)? {
                Some(gid) => Ok(Some(gid)),
                None => Err(not_found("group", &value, text, owner)),
            }
        }
    }
}

fn user_named(value: &[u8], text: &Expansion, owner: &str, finder: Finder) -> Result<Ids, Refusal> {
    if let Some(uid) = number(value) {
        return Ok(Ids { uid: Some(uid), gid: None });
    }
    match finder.user(value).map_err(Refusal::new)? {
        Some(account) => Ok(Ids { uid: Some(account.uid), gid: Some(account.gid) }),
        None => Err(not_found("user", value, text, owner)),
    }
}

fn expanded(text: &Expansion, env: &mut dyn Env, what: &str, owner: &str) -> Result<Vec<u8>, Refusal> {
    match text.eval(env) {
        Ok(value) => Ok(value.into_bytes()),
        Err(error) => {
            let source = String::from_utf8_lossy(&text.source().bytes).into_owned();
            let message =
                format!("Failed to expand {what} string \"{source}\" for the {owner} transport: {error}");
            Err(Refusal { errno: number_of(what), ..Refusal::new(message) })
        }
    }
}

fn not_found(what: &str, value: &[u8], text: &Expansion, owner: &str) -> Refusal {
    let value = String::from_utf8_lossy(value);
    let source = String::from_utf8_lossy(&text.source().bytes);
    let message = format!(
        "Failed to find {what} \"{value}\" from expanded string \"{source}\" for the {owner} transport"
    );
    Refusal { errno: number_of(what), ..Refusal::new(message) }
}

/// Exim's number for trouble with the user or the group.
fn number_of(what: &str) -> i32 {
    if what == "group" { errno::GROUP } else { errno::USER }
}

fn number(value: &[u8]) -> Option<u32> {
    std::str::from_utf8(value).ok()?.parse().ok()
}
