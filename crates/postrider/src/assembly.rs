//! From a configuration to running services: spool, logs, resolver, hints, pools.
//!
//! # Failure
//! What cannot be opened is named with its option and value; nothing starts half.

use std::ffi::OsString;
use std::net::SocketAddr;
use std::os::unix::ffi::OsStringExt;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use config::options::{main, postrider};
use config::{Config, Opt};
use expand::{BareEnv, Expansion};
use mail_types::MessageId;
use mail_types::clock::{Clock, Entropy, SystemClock, SystemEntropy, Timestamp};
use mail_types::dns::{Answer, DnsFailure, QueryOptions, RecordType, Resolve, Security};
use mail_types::zone::Zone;
use mta::services::pam::PamProgram;
use mta::services::perl::{Interpreter, SparePerl};
use mta::services::{
    Arrival, ConfigHandle, LocalAgent, PoolCaps, Pools, ProcessFacts, QueueWaker, Services, SpoolWriter,
};
use observe::{FileSink, Log, LogPaths, LogSettings, MessageLogDir, Selectors};
use policy::list::Subject;
use spool::{Spool, SpoolConfig};

use crate::load::host_name;
use crate::process::Seat;

/// Where this configuration keeps its messages.
pub(crate) fn spool_directory(config: &Config) -> Result<PathBuf, String> {
    let value = path_option(config, main::SPOOL_DIRECTORY)?;
    value.ok_or_else(|| "spool_directory is empty: set it to an absolute path".to_owned())
}

/// The pid file; none when the option is empty.
pub(crate) fn pid_file(config: &Config) -> Result<Option<PathBuf>, String> {
    path_option(config, main::PID_FILE_PATH)
}

fn path_option(config: &Config, option: Opt<config::options::kind::Text>) -> Result<Option<PathBuf>, String> {
    let name = option.definition().name;
    let Some(text) = config.main.get(option) else { return Ok(None) };
    let value = expand_alone(config, text).map_err(|e| format!("{name} does not expand: {e}"))?;
    if value.is_empty() {
        return Ok(None);
    }
    let path = PathBuf::from(OsString::from_vec(value));
    if path.is_absolute() {
        Ok(Some(path))
    } else {
        Err(format!("{name} = {} is not an absolute path", path.display()))
    }
}

/// Expands an option outside of any message.
pub(crate) fn expand_alone(config: &Config, text: &Expansion) -> Result<Vec<u8>, String> {
    if let Some(constant) = text.constant() {
        return Ok(constant.to_vec());
    }
    let mut env = BareEnv::new();
    let hostname =
        config.main.get(main::PRIMARY_HOSTNAME).map_or_else(|| host_name().into_bytes(), <[u8]>::to_vec);
    for (name, value) in [("primary_hostname", hostname), ("version_number", b"4.99".to_vec())] {
        if let Some(variable) = fixed_variable(name) {
            env.variables.insert(variable, mail_types::Value::clean(value));
        }
    }
    text.eval(&mut env).map(mail_types::Value::into_bytes).map_err(|e| e.to_string())
}

fn fixed_variable(name: &str) -> Option<expand::Variable> {
    match expand::variable::lookup(name.as_bytes()) {
        Some(expand::variable::VariableName::Fixed(variable)) => Some(variable),
        _ => None,
    }
}

/// The zone of times that people read.
pub(crate) fn zone(config: &Config) -> Zone {
    mta::context::zone(config)
}

/// Settings and place of the logs.
pub(crate) fn log_target(config: &Config) -> Result<(LogSettings, FileSink), String> {
    let options = &config.main;
    let selectors =
        Selectors::parse(options.get(main::LOG_SELECTOR).unwrap_or_default()).map_err(|e| e.to_string())?;
    let settings = LogSettings {
        selectors,
        zone: zone(config),
        log_timezone: options.get(main::LOG_TIMEZONE),
        write_rejectlog: options.get(main::WRITE_REJECTLOG),
        print_topbitchars: options.get(main::PRINT_TOPBITCHARS),
        message_logs: options.get(main::MESSAGE_LOGS),
    };
    let value = match options.get(main::LOG_FILE_PATH) {
        _ if LOG_TAG.get().is_some() => b"syslog".to_vec(),
        Some(text) => {
            expand_alone(config, text).map_err(|e| format!("log_file_path does not expand: {e}"))?
        }
        None => Vec::new(),
    };
    let spool = spool_directory(config)?;
    let fallback = [spool.as_os_str().as_encoded_bytes(), b"/log/%slog"].concat();
    let paths = LogPaths::parse(&value, &fallback).map_err(|e| format!("log_file_path: {e}"))?;
    let messages =
        MessageLogDir { directory: spool.join("msglog"), split: options.get(main::SPLIT_SPOOL_DIRECTORY) };
    let sink = FileSink::new(paths, settings.zone.clone(), Some(messages)).with_syslog(syslog(config)?);
    Ok((settings, sink))
}

/// `-L`: the name under which everything goes to the system's logger. Set once, before the first log is opened.
static LOG_TAG: OnceLock<Vec<u8>> = OnceLock::new();

/// From now on the logs go to the system's logger, under this name (`-L`).
pub(crate) fn log_to_syslog_as(tag: Vec<u8>) {
    // There is one command line, so there is one tag.
    let _ = LOG_TAG.set(tag);
}

/// The `syslog_...` options.
fn syslog(config: &Config) -> Result<observe::SyslogSettings, String> {
    let options = &config.main;
    let name = options.get(main::SYSLOG_FACILITY).unwrap_or(b"mail");
    let facility = observe::facility(name)
        .ok_or_else(|| format!("syslog_facility value \"{}\" not recognized", name.escape_ascii()))?;
    Ok(observe::SyslogSettings {
        facility,
        name: LOG_TAG
            .get()
            .cloned()
            .unwrap_or_else(|| options.get(main::SYSLOG_PROCESSNAME).unwrap_or(b"exim").to_vec()),
        pid: options.get(main::SYSLOG_PID),
        timestamp: options.get(main::SYSLOG_TIMESTAMP),
        duplication: options.get(main::SYSLOG_DUPLICATION),
    })
}

/// The spool alone, for looking at it.
pub(crate) fn open_spool_alone(config: &Config) -> Result<Spool, String> {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    open_spool(config, &clock)
}

fn open_spool(config: &Config, clock: &Arc<dyn Clock>) -> Result<Spool, String> {
    let directory = spool_directory(config)?;
    let options = &config.main;
    let settings = SpoolConfig {
        split: options.get(main::SPLIT_SPOOL_DIRECTORY),
        short_ids: options.get(postrider::MESSAGE_ID_FORMAT) == Some(b"short"),
        localhost_number: localhost_number(config)?,
        ..SpoolConfig::default()
    };
    Spool::open(&directory, settings, Arc::clone(clock))
        .map_err(|e| format!("spool_directory {}: {e}", directory.display()))
}

/// `slow_lookup_log`, for lookups that are made for no message, or that do not know it.
fn slow_lookups(config: &Config, log: &Arc<Log>) -> Option<dns::SlowLookups> {
    let limit = u64::try_from(config.main.get(main::SLOW_LOOKUP_LOG)).ok().filter(|limit| *limit > 0)?;
    let log = Arc::clone(log);
    let tell = move |name: &[u8], rtype: RecordType, took: Duration| {
        let (name, took) = (mail_types::bytes::Printable::new(name).to_string(), took.as_millis());
        let text = format!("Long {rtype} lookup for '{name}': {took} msec").into_bytes();
        log.write(&observe::Event::Text { text, streams: observe::Streams::MAIN });
    };
    Some(dns::SlowLookups { limit: Duration::from_millis(limit), tell: Arc::new(tell) })
}

fn resolver(
    config: &Config,
    slow: Option<dns::SlowLookups>,
    clock: &Arc<dyn Clock>,
    entropy: &Arc<dyn Entropy>,
) -> Result<dns::Resolver, String> {
    let options = &config.main;
    let named = options.get(postrider::DNS_SERVERS);
    let mut settings = if named.is_empty() {
        dns::ResolverConfig::system()
    } else {
        let servers = named.iter().map(|item| server(item)).collect::<Result<Vec<_>, _>>()?;
        let hosts = dns::ResolverConfig::system().hosts;
        dns::ResolverConfig { hosts, ..dns::ResolverConfig::with_servers(servers) }
    };
    settings.slow = slow;
    if let retrans @ 1.. = options.get(main::DNS_RETRANS) {
        settings.retrans = Duration::from_secs(retrans.unsigned_abs());
    }
    if let tries @ 1.. = options.get(main::DNS_RETRY) {
        settings.tries = u32::try_from(tries).unwrap_or(u32::MAX);
    }
    settings.edns0 = options.get(main::DNS_USE_EDNS0) != 0; // -1 leaves it on, as the C library does
    settings.validation = validation(config)?;
    settings.dnssec_always = options.get(main::DNS_DNSSEC_OK) > 0;
    settings.trusted_authorities = names_in(config.main.get(main::DNS_TRUST_AA));
    settings.again_means_nonexist = names_in(config.main.get(main::DNS_AGAIN_MEANS_NONEXIST));
    let valid = mta::route::valid_names(config);
    settings.unasked = dns::Names::matching(move |name| !valid(name));
    let resolver = dns::Resolver::new(settings, Arc::clone(clock), Arc::clone(entropy));
    if let dns::Validation::Own(configured) = &resolver.config().validation
        // The daemon tells of a file that makes no sense.
        && let Ok(Some(rollover)) = followed_anchors(config, configured)
    {
        resolver.trust(rollover.anchors());
    }
    Ok(resolver)
}

/// The trust anchors as the daemon has followed them.
pub(crate) fn followed_anchors(
    config: &Config,
    configured: &dns::TrustAnchors,
) -> Result<Option<dns::Rollover>, String> {
    if !config.main.get(postrider::DNSSEC_ANCHOR_ROLLOVER) {
        return Ok(None);
    }
    dns::AnchorsFile::within(&spool_directory(config)?.join("db")).load(configured)
}

/// Who says what is secure.
pub(crate) fn validation(config: &Config) -> Result<dns::Validation, String> {
    let options = &config.main;
    match options.get(postrider::DNSSEC_VALIDATION) {
        Some(b"upstream") => return Ok(dns::Validation::Upstream),
        // The AD bit comes all the same; signatures are not asked for.
        _ if options.get(main::DNS_DNSSEC_OK) == 0 => return Ok(dns::Validation::Nobody),
        Some(b"own") | None => {}
        Some(other) => {
            let other = String::from_utf8_lossy(other);
            return Err(format!("dnssec_validation: \"{other}\" is neither \"own\" nor \"upstream\""));
        }
    }
    let Some(path) = options.get(postrider::DNSSEC_TRUST_ANCHORS) else {
        return Ok(dns::Validation::Own(dns::TrustAnchors::root()));
    };
    let path = PathBuf::from(OsString::from_vec(path.to_vec()));
    let told = |error: String| format!("dnssec_trust_anchors {}: {error}", path.display());
    let text = std::fs::read(&path).map_err(|error| told(error.to_string()))?;
    dns::TrustAnchors::parse(&text).map(dns::Validation::Own).map_err(|error| told(error.to_string()))
}

/// The names in a list, which sees no message.
fn names_in(list: Option<&policy::list::List>) -> dns::Names {
    let Some(list) = list.cloned() else { return dns::Names::default() };
    dns::Names::matching(move |name| {
        // A list that can't tell has none.
        list.matches(Subject::Text(name), &mut BareEnv::new()).is_ok_and(|found| found.matched)
    })
}

/// An item of `dns_servers`: an address, or address and port in Exim's forms `1.2.3.4::53`, `1.2.3.4:53`, `[::1]:53`.
fn server(item: &[u8]) -> Result<SocketAddr, String> {
    let text = String::from_utf8_lossy(item).trim().replace("::", ":");
    let whole = String::from_utf8_lossy(item).trim().to_owned();
    let address = whole.parse().map(|ip| SocketAddr::new(ip, 53));
    let found = address.ok().or_else(|| whole.parse().ok()).or_else(|| text.parse().ok());
    found.ok_or_else(|| format!("dns_servers: \"{whole}\" is not an address, nor an address and a port"))
}

/// A log by this configuration alone, for a process that has nothing else.
pub(crate) fn log(config: &Config) -> Result<Log, String> {
    let (settings, sink) = log_target(config)?;
    Ok(Log::new(settings, Arc::new(SystemClock), Arc::new(sink)))
}

/// The folder of the log files, as far as it is one path without dates in it.
pub(crate) fn log_folder(config: &Config) -> Option<PathBuf> {
    let text = config.main.get(main::LOG_FILE_PATH)?;
    let value = expand_alone(config, text).ok()?;
    let first = value.split(|c| *c == b':').map(mail_types::bytes::trim).find(|p| p.starts_with(b"/"))?;
    let path = PathBuf::from(OsString::from_vec(first.to_vec()));
    path.parent().map(PathBuf::from)
}

/// Services that touch nothing outside this process: no spool, no log files, no hints. For a child that acts as a user.
pub(crate) fn bare_services(config: &Arc<Config>) -> Arc<Services> {
    let entropy: Arc<dyn Entropy> = Arc::new(SystemEntropy);
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let resolver =
        dns::Resolver::new(dns::ResolverConfig::default(), Arc::clone(&clock), Arc::clone(&entropy));
    let (log, _lines) = Log::to_memory(LogSettings::default(), Arc::clone(&clock));
    let lazy = Arc::new(LazyResolver::new(Arc::clone(config)));
    let agent = Arc::new(mta::deliver::InProcessAgent::new());
    isolated(config, Arc::new(resolver), lazy, Arc::new(log), agent, SparePerl::default())
}

/// Services for tests of the configuration (`-be`, `-bt`, `-bh` …): real DNS, but nothing is stored; the log's lines are
/// kept for showing.
pub(crate) fn test_services(
    config: &Arc<Config>,
) -> Result<(Arc<Services>, Arc<observe::MemorySink>), String> {
    test_services_with(config, Arc::new(mta::deliver::InProcessAgent::new()))
}

/// The services of a command that tests and stores nothing. Without them the reason has been said.
pub(crate) fn test_command_services(config: &Arc<Config>, seat: &Seat) -> Option<Arc<Services>> {
    match test_services_with(config, seat.local_agent()) {
        Ok((services, _lines)) => {
            seat.attach(&services);
            Some(services)
        }
        Err(reason) => {
            crate::say_error(&reason);
            None
        }
    }
}

/// As [`test_services`], with somebody who reads files as other users.
fn test_services_with(
    config: &Arc<Config>,
    local_agent: Arc<dyn LocalAgent>,
) -> Result<(Arc<Services>, Arc<observe::MemorySink>), String> {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let entropy: Arc<dyn Entropy> = Arc::new(SystemEntropy);
    let resolver = Arc::new(resolver(config, None, &clock, &entropy)?);
    let blocking = Arc::new(resolver.blocking(tokio::runtime::Handle::current()));
    let (settings, _) = log_target(config)?;
    let (log, lines) = Log::to_memory(settings, Arc::clone(&clock));
    let spare = spare_perl(config)?;
    Ok((isolated(config, resolver, blocking, Arc::new(log), local_agent, spare), lines))
}

fn isolated(
    config: &Arc<Config>,
    resolver: Arc<dns::Resolver>,
    blocking_resolver: Arc<dyn Resolve>,
    log: Arc<Log>,
    local_agent: Arc<dyn LocalAgent>,
    spare_perl: SparePerl,
) -> Arc<Services> {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let disk = Arc::new(spool::disk::SimDisk::new());
    let spool = Spool::on_disk(disk, SpoolConfig::default(), Arc::clone(&clock));
    Arc::new(Services {
        config: ConfigHandle::new(Arc::clone(config)),
        clock: Arc::clone(&clock),
        entropy: Arc::new(SystemEntropy),
        resolver,
        blocking_resolver,
        spool: Arc::new(spool),
        hints: Arc::new(hints::MemoryHints::new(Arc::clone(&clock))),
        reports: Arc::new(hints::ReportStore::nowhere()),
        tls: Arc::new(tls::Store::new(clock)),
        log,
        spool_writer: SpoolWriter::default(),
        pools: Pools::new(PoolCaps::default()),
        local_agent,
        lookups: Arc::new(lookup::Lookups::new()),
        connections: Arc::default(),
        mta_sts: mta::services::PolicySource::default(),
        queue: Arc::new(Nobody),
        spare_perl,
        pam: PamProgram::this(),
        process: process_facts(config, false),
    })
}

/// With `perl_at_start`, an interpreter whose startup code has run.
fn spare_perl(config: &Config) -> Result<SparePerl, String> {
    let spare = SparePerl::default();
    let Some(options) = mta::context::perl_options(config).filter(|_| config.main.get(main::PERL_AT_START))
    else {
        return Ok(spare);
    };
    let mut interpreter = Interpreter::start(&options)
        .map_err(|error| format!("cannot start the Perl interpreter: {error}"))?;
    interpreter.started(|_| ()).map_err(|error| error.message().trim_end().to_owned())?;
    spare.put(interpreter);
    Ok(spare)
}

/// Hears of new messages and does nothing.
pub(crate) struct Nobody;

impl QueueWaker for Nobody {
    fn message_arrived(&self, _id: MessageId, _how: Arrival) {}

    fn size(&self) -> u64 {
        0
    }
}

/// DNS for a process without a runtime: made when the first question is asked, which local transports seldom do.
struct LazyResolver {
    config: Arc<Config>,
    made: OnceLock<Option<(tokio::runtime::Runtime, dns::BlockingResolver)>>,
}

impl LazyResolver {
    fn new(config: Arc<Config>) -> Self {
        Self { config, made: OnceLock::new() }
    }

    fn make(&self) -> Option<(tokio::runtime::Runtime, dns::BlockingResolver)> {
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let entropy: Arc<dyn Entropy> = Arc::new(SystemEntropy);
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().ok()?;
        let resolver = Arc::new(resolver(&self.config, None, &clock, &entropy).ok()?);
        let blocking = resolver.blocking(runtime.handle().clone());
        Some((runtime, blocking))
    }
}

impl Resolve for LazyResolver {
    fn query(&self, name: &[u8], rtype: RecordType) -> Result<Answer, DnsFailure> {
        match self.made.get_or_init(|| self.make()) {
            Some((_, resolver)) => resolver.query(name, rtype),
            None => Err(DnsFailure::ServFail),
        }
    }

    fn security(&self, name: &[u8], rtype: RecordType, options: &QueryOptions) -> Security {
        match self.made.get_or_init(|| self.make()) {
            Some((_, resolver)) => resolver.security(name, rtype, options),
            None => Security::Indeterminate,
        }
    }

    fn query_with(
        &self,
        name: &[u8],
        rtype: RecordType,
        options: &QueryOptions,
    ) -> Result<Answer, DnsFailure> {
        match self.made.get_or_init(|| self.make()) {
            Some((_, resolver)) => resolver.query_with(name, rtype, options),
            None => Err(DnsFailure::ServFail),
        }
    }
}

/// What differs between the ways of starting.
pub(crate) struct Parts {
    /// Who acts as local users.
    pub local_agent: Arc<dyn LocalAgent>,
    /// Who hears of new messages.
    pub queue: Arc<dyn QueueWaker>,
    /// Runs as a daemon.
    pub daemon: bool,
    /// `-or` and `-os`.
    pub timeouts: (Option<u64>, Option<u64>),
    /// `-tls-on-connect`.
    pub tls_on_connect: bool,
}

/// Builds the services; must be called inside the runtime.
pub(crate) fn services(config: &Arc<Config>, parts: Parts) -> Result<Arc<Services>, String> {
    let process = ProcessFacts {
        receive_timeout: parts.timeouts.0,
        smtp_timeout: parts.timeouts.1,
        tls_on_connect: parts.tls_on_connect,
        ..process_facts(config, parts.daemon)
    };
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let entropy: Arc<dyn Entropy> = Arc::new(SystemEntropy);
    let (settings, sink) = log_target(config)?;
    let log = Arc::new(Log::new(settings, Arc::clone(&clock), Arc::new(sink)));
    let spool = Arc::new(open_spool(config, &clock)?);
    let slow = slow_lookups(config, &log);
    let resolver = Arc::new(resolver(config, slow, &clock, &entropy)?);
    let blocking = Arc::new(resolver.blocking(tokio::runtime::Handle::current()));
    let hints_log = Arc::clone(&log);
    let hints_place = spool_directory(config)?.join("db");
    let hints =
        hints::SqliteHints::open(&hints_place, Arc::clone(&clock), move |text| hints_log.problem(None, text))
            .map_err(|e| format!("hints in {}: {e}", hints_place.display()))?;
    let cap =
        |option, or: usize| usize::try_from(config.main.get(option)).ok().filter(|n| *n > 0).unwrap_or(or);
    let defaults = PoolCaps::default();
    let caps = PoolCaps {
        spool: cap(postrider::POOL_SPOOL_MAX, defaults.spool),
        files: cap(postrider::POOL_FILES_MAX, defaults.files),
        lookups: cap(postrider::POOL_LOOKUPS_MAX, defaults.lookups),
        deliveries: defaults.deliveries,
    };
    Ok(Arc::new(Services {
        config: ConfigHandle::new(Arc::clone(config)),
        tls: Arc::new(tls::Store::new(Arc::clone(&clock))),
        clock,
        entropy,
        resolver,
        blocking_resolver: blocking,
        spool,
        hints: Arc::new(hints),
        reports: Arc::new(hints::ReportStore::new(&hints_place)),
        log,
        spool_writer: SpoolWriter::default(),
        pools: Pools::new(caps),
        local_agent: parts.local_agent,
        connections: Arc::default(),
        mta_sts: mta::services::PolicySource::default(),
        queue: parts.queue,
        lookups: Arc::new(lookup::Lookups::new()),
        spare_perl: spare_perl(config)?,
        pam: PamProgram::this(),
        process,
    }))
}

/// The services of a command that does one thing and ends: the log's problems are also said on standard error. Without them
/// the reason has been said.
pub(crate) fn command_services(config: &Arc<Config>, seat: &Seat) -> Option<Arc<Services>> {
    let parts = Parts {
        local_agent: seat.local_agent(),
        queue: Arc::new(Nobody),
        daemon: false,
        timeouts: (None, None),
        tls_on_connect: false,
    };
    match services(config, parts) {
        Ok(services) => {
            services.log.echo_problems();
            seat.attach(&services);
            Some(services)
        }
        Err(reason) => {
            crate::say_error(&reason);
            None
        }
    }
}

fn process_facts(config: &Config, daemon: bool) -> ProcessFacts {
    let (uid, gid) = mail_ids(config);
    let user = mta::services::accounts::by_uid(uid).ok().flatten().map(|a| a.name);
    let spool = spool_directory(config).unwrap_or_default();
    ProcessFacts {
        tls_on_connect: false,
        caller_uid: nix::unistd::getuid().as_raw(),
        caller_gid: nix::unistd::getgid().as_raw(),
        exim_uid: uid,
        exim_gid: gid,
        exim_user: user.unwrap_or_else(|| uid.to_string().into_bytes()),
        exim_path: program_path(config).unwrap_or_default(),
        initial_cwd: std::env::current_dir().unwrap_or_default(),
        hostname: host_name().into_bytes(),
        compile_date: compile_date(),
        daemon,
        log_directory: log_folder(config).unwrap_or_else(|| spool.clone()),
        receive_timeout: None,
        smtp_timeout: None,
        localhost_number: localhost_number(config).ok().flatten().map_or(0, u32::from),
        spool_directory: spool,
    }
}

/// Whom the work is done as: who runs this process, and where that is root (a command such as `-be`), the mail user.
fn mail_ids(config: &Config) -> (u32, u32) {
    let own = (nix::unistd::geteuid().as_raw(), nix::unistd::getegid().as_raw());
    let Some(user) = config.main.get(main::EXIM_USER).filter(|user| own.0 == 0 && user.uid != 0) else {
        return own;
    };
    (user.uid, config.main.get(main::EXIM_GROUP).or(user.gid).unwrap_or(own.1))
}

/// `$compile_date`: builds are not dated, so it is the time of the program's file.
fn compile_date() -> String {
    let modified = std::env::current_exe().and_then(|path| path.metadata()).and_then(|file| file.modified());
    let since = modified.ok().and_then(|time| time.duration_since(std::time::UNIX_EPOCH).ok());
    since.map_or_else(String::new, |since| {
        Zone::utc().compile_date(Timestamp::from_secs(i64::try_from(since.as_secs()).unwrap_or_default()))
    })
}

/// `localhost_number`, expanded.
fn localhost_number(config: &Config) -> Result<Option<u16>, String> {
    let Some(text) = config.main.get(main::LOCALHOST_NUMBER) else { return Ok(None) };
    let text = expand_alone(config, text).map_err(|e| format!("localhost_number does not expand: {e}"))?;
    let number =
        config::read_localhost_number(&text).and_then(|n| u16::try_from(n).ok()).filter(|n| *n <= 16);
    number.map(Some).ok_or_else(|| {
        format!("localhost_number = {} is not a number from 0 to 16", String::from_utf8_lossy(&text))
    })
}

/// Where the program is: what `exim_path` says, or the file that is running.
pub(crate) fn program_path(config: &Config) -> std::io::Result<PathBuf> {
    let options = &config.main;
    if options.is_set(main::EXIM_PATH)
        && let Some(path) = options.get(main::EXIM_PATH)
    {
        return Ok(PathBuf::from(OsString::from_vec(path.to_vec())));
    }
    std::env::current_exe()
}
