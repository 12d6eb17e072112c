//! The world as an expansion, a list or an ACL sees it.
//!
//! A [`Context`] joins [`facts`] with one configuration snapshot and the services. It is what `expand::Env`,
//! `policy`'s `ListEnv` and `AclWorld` (in `acl/`) are implemented on; every `$variable` is answered under `variable/`.
//!
//! # Invariants
//! * A context belongs to one session or one delivery attempt and is moved, never shared: an evaluation on a pool
//!   takes it along and brings it back.
//! * The configuration it holds does not change during its life.
//!
//! # Security
//! Facts are hostile. They become tainted values where they are answered.

mod acl_wishes;
mod ahead;
pub(crate) mod dkim;
mod dns;
mod env;
pub(crate) mod event;
pub mod facts;
mod files;
pub mod header;
pub mod host_name;
pub mod host_text;
mod list_env;
pub(crate) mod log_lines;
mod options;
mod perl;
mod secure_socket;
pub mod sender_auth;
pub mod variable;

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use config::Config;
use config::options::{main, postrider};
use expand::lookup::{LookupSettings, LookupState};
use expand::system::SystemFiles;
use expand::variable::Variable;
use expand::{Scope, Settings};
use mail_types::value::{Clean, Value};
use mail_types::zone::Zone;
use policy::acl::Verified;

use self::files::WaitingFiles;
use crate::services::Services;
use crate::services::perl::Interpreter;
pub use acl_wishes::{AclWishes, ConnectionControls, MessageControls, Submission};
use facts::Facts;
pub(crate) use options::debug_print;
pub use perl::perl_options;
use sender_auth::SenderAuth;

/// The world of one session or one delivery attempt.
pub struct Context {
    /// What is known.
    pub facts: Facts,
    /// The configuration that this piece of work began with.
    pub config: Arc<Config>,
    /// What all stages share.
    pub services: Arc<Services>,
    /// Captures, `$item`, `$value`.
    pub scope: Scope,
    /// Options that change how expansion works.
    pub settings: Settings,
    /// The zone of times that people read.
    pub zone: Zone,
    /// Whether this is the first delivery of the message (`first_delivery`).
    pub first_delivery: bool,
    /// Whether a queue run is going on (`queue_running`).
    pub queue_running: bool,
    /// Variables that an ACL set and that no field of the facts holds (`$acl_arg1`, `$sender_rate` …).
    pub(crate) acl_set: BTreeMap<Variable, Value>,
    /// What is known of the message's signatures.
    pub(crate) dkim: dkim::DkimState,
    /// What is known of the message's ARC chain.
    pub(crate) arc: dkim::ArcState,
    /// What ACLs asked for while the message came in.
    pub wishes: AclWishes,
    /// `-t`: recipients come from the header, and Bcc: goes.
    pub extract_recipients: bool,
    /// What verifying this message's sender came to.
    pub(crate) verified_sender: Option<Verified>,
    /// What sender authentication found out about the message.
    pub sender_auth: SenderAuth,
    /// Whether this client may leave the domain out of sender addresses.
    pub allow_unqualified_sender: bool,
    /// Whether this client may leave the domain out of recipient addresses.
    pub allow_unqualified_recipient: bool,
    /// The DNS, where somebody wants to hear of lookups that fail.
    dns: Option<dns::Noting>,
    /// The transport whose `event_action` hears of what goes on here; the main section's, where there is none.
    pub(crate) event_transport: Option<String>,
    lookup_state: LookupState,
    effects: ahead::Effects,
    files: WaitingFiles,
    no_files: ahead::NoFiles,
    /// The interpreter of `${perl`, once it was called.
    perl: Option<Interpreter>,
}

impl Context {
    /// A context for facts, under the configuration in force now.
    pub fn new(facts: Facts, services: Arc<Services>) -> Self {
        let config = services.snapshot();
        Self::with_config(facts, config, services)
    }

    /// A context under a configuration that the caller already holds.
    pub fn with_config(facts: Facts, config: Arc<Config>, services: Arc<Services>) -> Self {
        let settings = settings(&config);
        let zone = zone(&config);
        let system = SystemFiles::new(Arc::clone(&config.environment));
        let files = WaitingFiles {
            system,
            tls: Arc::clone(&services.tls),
            pam: services.pam.clone(),
            environment: Arc::clone(&config.environment),
        };
        Self {
            facts,
            dns: dns::noting(&config, &services),
            config,
            services,
            scope: Scope::default(),
            settings,
            zone,
            first_delivery: false,
            queue_running: false,
            acl_set: BTreeMap::new(),
            dkim: dkim::DkimState::default(),
            arc: dkim::ArcState::default(),
            wishes: AclWishes::default(),
            extract_recipients: false,
            verified_sender: None,
            sender_auth: SenderAuth::default(),
            allow_unqualified_sender: false,
            allow_unqualified_recipient: false,
            event_transport: None,
            lookup_state: LookupState::default(),
            effects: ahead::Effects::default(),
            files,
            no_files: ahead::NoFiles,
            perl: None,
        }
    }

    /// `primary_hostname`, or what the operating system calls this host.
    pub fn primary_hostname(&self) -> &[u8] {
        self.config.main.get(main::PRIMARY_HOSTNAME).unwrap_or(&self.services.process.hostname)
    }

    /// `qualify_domain`, by default the primary host name.
    pub fn qualify_domain(&self) -> &[u8] {
        self.config.main.get(main::QUALIFY_DOMAIN).unwrap_or_else(|| self.primary_hostname())
    }

    /// `qualify_recipient`, by default `qualify_domain`.
    pub fn qualify_recipient(&self) -> &[u8] {
        self.config.main.get(main::QUALIFY_RECIPIENT).unwrap_or_else(|| self.qualify_domain())
    }
}

impl Context {
    /// Forget the message: another one begins, or there is none any more. What belongs to the connection stays.
    pub fn reset_message(&mut self) {
        let facts = &mut self.facts;
        let before = std::mem::take(&mut facts.message);
        // These describe the connection's user and protocol and outlive a message.
        facts.message.received_protocol = before.received_protocol;
        facts.message.originator_uid = before.originator_uid;
        facts.message.originator_gid = before.originator_gid;
        facts.message.originator_login = before.originator_login;
        facts.message.authenticated_sender = before.authenticated_sender;
        facts.address = facts::AddressFacts::default();
        self.dkim = dkim::DkimState::default();
        self.arc = dkim::ArcState::default();
        self.wishes.reset_message();
        self.verified_sender = None;
        self.sender_auth = SenderAuth::default();
        self.acl_set.clear();
        self.scope = Scope::default();
        self.lookup_state = LookupState::default();
    }
}

fn settings(config: &Config) -> Settings {
    let options = &config.main;
    Settings {
        strict_acl_vars: options.get(main::STRICT_ACL_VARS),
        check_rfc2047_length: options.get(main::CHECK_RFC2047_LENGTH),
        headers_charset: options.get(main::HEADERS_CHARSET).unwrap_or(b"UTF-8").to_vec(),
        print_topbitchars: options.get(main::PRINT_TOPBITCHARS),
        allow_utf8_domains: options.get(main::ALLOW_UTF8_DOMAINS),
        lookups: lookup_settings(config),
        saslauthd_socket: Clean::from_config(options.get(postrider::SASLAUTHD_SOCKET).unwrap_or_default()),
        radius_config_file: Clean::from_config(
            options.get(postrider::RADIUS_CONFIG_FILE).unwrap_or_default(),
        ),
        pwcheck_socket: Clean::from_config(options.get(postrider::PWCHECK_SOCKET).unwrap_or_default()),
    }
}

fn lookup_settings(config: &Config) -> LookupSettings {
    let options = &config.main;
    let number = |value: i64| u64::try_from(value).unwrap_or_default();
    LookupSettings {
        open_max: number(options.get(main::LOOKUP_OPEN_MAX)) as usize,
        sqlite_dbfile: options.get(main::SQLITE_DBFILE).unwrap_or_default().to_vec(),
        sqlite_lock_timeout: Duration::from_secs(number(options.get(main::SQLITE_LOCK_TIMEOUT))),
        ldap_default_servers: options.get(main::LDAP_DEFAULT_SERVERS).to_vec(),
        ldap_start_tls: options.get(main::LDAP_START_TLS),
        csa_search_limit: number(options.get(main::DNS_CSA_SEARCH_LIMIT)) as usize,
    }
}

/// The zone of option `timezone`: unset or empty means the system's, as a program without `TZ` sees it.
pub fn zone(config: &Config) -> Zone {
    static SYSTEM: LazyLock<Zone> = LazyLock::new(|| {
        let rules = std::fs::read("/etc/localtime").ok();
        rules.and_then(|rules| Zone::of_rules(&rules)).unwrap_or_else(Zone::utc)
    });
    match config.main.get(main::TIMEZONE) {
        Some(name) if !name.is_empty() => Zone::named(name),
        _ => SYSTEM.clone(),
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::testing::Bench;

    /// A context without a connection and without a message.
    pub(crate) fn bare_context() -> Context {
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime can be made");
        let _inside = runtime.enter();
        let bench = Bench::new("");
        Context::new(Facts::default(), Arc::clone(&bench.services))
    }
}
