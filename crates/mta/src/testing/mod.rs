//! A whole server in memory for tests: a configuration literal, a scratch spool, logs kept as lines.

mod dialogue;
mod wire;

pub(crate) use dialogue::Dialogue;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use config::{Account, BuildDefaults, Config, ConfigFiles, FileContent, FileFacts, LoadRequest};
use mail_types::clock::{Clock, FixedClock, SeededEntropy, Timestamp};
use mail_types::message_id::MessageId;
use observe::{Log, LogSettings, MemorySink, Selectors};
use tokio::sync::watch;

use crate::services::local_agent::{AgentFuture, AsUserReply, AsUserRequest, LocalReply, LocalRequest};
use crate::services::{
    Arrival, ConfigHandle, LocalAgent, PoolCaps, Pools, ProcessFacts, QueueWaker, Services, SpoolWriter,
};

/// Sunday, 22 November 2026, 15:00:00 UTC.
pub(crate) const NOW: Timestamp = Timestamp(1_795_359_600_000_000);

/// A server.
pub(crate) struct Bench {
    pub(crate) services: Arc<Services>,
    pub(crate) clock: Arc<FixedClock>,
    pub(crate) queue: Arc<Arrivals>,
    pub(crate) shutdown: watch::Sender<bool>,
    logs: Arc<MemorySink>,
    directory: PathBuf,
}

/// Messages that the queue was told about.
#[derive(Default)]
pub(crate) struct Arrivals(Mutex<Vec<(MessageId, Arrival)>>);

impl QueueWaker for Arrivals {
    fn message_arrived(&self, id: MessageId, how: Arrival) {
        self.0.lock().expect("no test panics with the lock").push((id, how));
    }

    fn size(&self) -> u64 {
        self.0.lock().expect("no test panics with the lock").len() as u64
    }
}

impl Arrivals {
    pub(crate) fn all(&self) -> Vec<(MessageId, Arrival)> {
        self.0.lock().expect("no test panics with the lock").clone()
    }
}

/// Nobody delivers or reads as a user here.
struct NoAgent;

impl LocalAgent for NoAgent {
    fn changes_user(&self) -> bool {
        true
    }

    fn deliver(&self, _request: LocalRequest, _data: std::fs::File) -> AgentFuture<'_, LocalReply> {
        Box::pin(async { LocalReply { results: Vec::new() } })
    }

    fn read_as_user(&self, _request: AsUserRequest) -> AgentFuture<'_, AsUserReply> {
        Box::pin(async { AsUserReply::Refused { reason: "no agent in this test".to_owned() } })
    }
}

/// One configuration file, and a system on which every name is an ordinary user.
struct OneFile(Vec<u8>);

impl ConfigFiles for OneFile {
    fn read(&self, _path: &Path, _limit: u64) -> io::Result<FileContent> {
        let facts = FileFacts { uid: 0, gid: 0, mode: 0o100_644, identity: (1, 1) };
        Ok(FileContent { facts, bytes: self.0.clone() })
    }

    fn user(&self, name: &[u8]) -> Option<Account> {
        Some(Account { name: name.to_vec(), uid: 1000, gid: 1000 })
    }

    fn user_by_id(&self, uid: u32) -> Option<Account> {
        Some(Account { name: b"user".to_vec(), uid, gid: uid })
    }

    fn group(&self, _name: &[u8]) -> Option<u32> {
        Some(1000)
    }

    fn group_name(&self, _gid: u32) -> Option<Vec<u8>> {
        Some(b"group".to_vec())
    }
}

impl Bench {
    /// A server with a configuration; what every test needs is put in front of it.
    pub(crate) fn new(configuration: &str) -> Self {
        Self::with(configuration, |_| {})
    }

    /// A server whose services are changed before anybody uses them.
    pub(crate) fn with(configuration: &str, change: impl FnOnce(&mut Services)) -> Self {
        let directory = scratch();
        let config = load(configuration, &directory);
        let clock = Arc::new(FixedClock::new(NOW));
        let entropy = Arc::new(SeededEntropy::new(7));
        let shared_clock: Arc<dyn Clock> = clock.clone();
        let selectors = config.main.get(config::options::main::LOG_SELECTOR).unwrap_or_default();
        let settings = LogSettings {
            selectors: Selectors::parse(selectors).expect("the test's log_selector is sound"),
            ..LogSettings::default()
        };
        let (log, logs) = Log::to_memory(settings, Arc::clone(&shared_clock));
        let queue = Arc::new(Arrivals::default());
        let spool = spool::Spool::open(&directory, spool::SpoolConfig::default(), Arc::clone(&shared_clock));
        // Nobody answers on the discard port: every question to the DNS fails at once.
        let nobody = std::net::SocketAddr::from(([127, 0, 0, 1], 9));
        let settings = dns::ResolverConfig { tries: 1, ..dns::ResolverConfig::with_servers([nobody]) };
        let resolver = dns::Resolver::new(settings, Arc::clone(&shared_clock), entropy.clone());
        let mut services = Services {
            config: ConfigHandle::new(config),
            clock: Arc::clone(&shared_clock),
            entropy,
            blocking_resolver: Arc::new(resolver.blocking(tokio::runtime::Handle::current())),
            resolver: Arc::new(resolver),
            lookups: Arc::new(lookup::Lookups::new()),
            spool: Arc::new(spool.expect("the scratch directory is there")),
            hints: Arc::new(hints::MemoryHints::new(Arc::clone(&shared_clock))),
            reports: Arc::new(hints::ReportStore::new(&directory.join("db"))),
            tls: Arc::new(tls::Store::new(shared_clock)),
            log: Arc::new(log),
            spool_writer: SpoolWriter::default(),
            pools: Pools::new(PoolCaps { spool: 4, files: 4, lookups: 4, deliveries: 4 }),
            local_agent: Arc::new(NoAgent),
            connections: Arc::default(),
            mta_sts: crate::services::PolicySource::default(),
            queue: queue.clone(),
            spare_perl: crate::services::perl::SparePerl::default(),
            pam: crate::services::pam::PamProgram::default(),
            process: process(&directory),
        };
        change(&mut services);
        let (shutdown, _) = watch::channel(false);
        Self { services: Arc::new(services), clock, queue, shutdown, logs, directory }
    }

    /// A server that asks a name server with this zone.
    pub(crate) fn with_zone(configuration: &str, zone: &str) -> (Self, dns::fixture::FixtureServer) {
        Self::with_zone_and(configuration, zone, |_| {})
    }

    /// The same, with services that are changed before anybody uses them.
    pub(crate) fn with_zone_and(
        configuration: &str,
        zone: &str,
        change: impl FnOnce(&mut Services),
    ) -> (Self, dns::fixture::FixtureServer) {
        let server = dns::fixture::FixtureServer::start(zone).expect("the zone is sound");
        let settings = dns::ResolverConfig::with_servers([server.address()]);
        let bench = Self::with(configuration, |services| {
            let entropy = Arc::new(SeededEntropy::new(7));
            let resolver = dns::Resolver::new(settings, Arc::clone(&services.clock), entropy);
            services.blocking_resolver = Arc::new(resolver.blocking(tokio::runtime::Handle::current()));
            services.resolver = Arc::new(resolver);
            change(services);
        });
        (bench, server)
    }

    /// The main log without its times.
    pub(crate) fn main_log(&self) -> Vec<String> {
        self.logs.main().iter().map(|line| without_time(line)).collect()
    }

    /// The reject log without its times.
    pub(crate) fn reject_log(&self) -> Vec<String> {
        self.logs.reject().iter().map(|line| without_time(line)).collect()
    }

    /// Lines of a message's own log that were written.
    pub(crate) fn message_log(&self, id: &MessageId) -> Vec<String> {
        self.logs.message(id)
    }

    /// The panic log without its times.
    pub(crate) fn panic_log(&self) -> Vec<String> {
        self.logs.panic().iter().map(|line| without_time(line)).collect()
    }

    /// The -H and -D files of the only message in the spool.
    pub(crate) fn only_message(&self) -> (String, String) {
        let mut names = self.spool_files();
        names.retain(|name| name.ends_with("-H"));
        assert_eq!(names.len(), 1, "one message: {names:?}");
        let read = |name: &str| {
            let bytes = std::fs::read(self.directory.join("input").join(name)).expect("the file is there");
            String::from_utf8_lossy(&bytes).into_owned()
        };
        (read(&names[0]), read(&names[0].replace("-H", "-D")))
    }

    /// Names of all files among the messages.
    pub(crate) fn spool_files(&self) -> Vec<String> {
        let Ok(entries) = std::fs::read_dir(self.directory.join("input")) else { return Vec::new() };
        let mut names: Vec<String> =
            entries.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
        names.sort();
        names
    }

    /// The directory of the spool.
    pub(crate) fn directory(&self) -> &Path {
        &self.directory
    }
}

impl Drop for Bench {
    fn drop(&mut self) {
        // Left-overs in the system's temporary directory harm nobody.
        let _ = std::fs::remove_dir_all(&self.directory);
    }
}

fn process(directory: &Path) -> ProcessFacts {
    ProcessFacts {
        tls_on_connect: false,
        caller_uid: 1000,
        caller_gid: 1000,
        exim_uid: 1000,
        exim_gid: 1000,
        exim_user: b"mail-user".to_vec(),
        exim_path: PathBuf::from("/usr/sbin/exim4"),
        initial_cwd: PathBuf::from("/"),
        hostname: b"box.test.example".to_vec(),
        compile_date: "22-Nov-2026 15:00:00".to_owned(),
        daemon: true,
        spool_directory: directory.to_path_buf(),
        log_directory: directory.to_path_buf(),
        receive_timeout: None,
        smtp_timeout: None,
        localhost_number: 0,
    }
}

fn load(configuration: &str, directory: &Path) -> Arc<Config> {
    let head = format!(
        "primary_hostname = mx.test.example\nqualify_domain = test.example\nspool_directory = {}\n\
         timezone = UTC\ncheck_spool_space = 0\ncheck_spool_inodes = 0\ncheck_log_space = 0\ncheck_log_inodes = 0\n",
        directory.display()
    );
    let files = OneFile((head + configuration).into_bytes());
    let request = LoadRequest {
        candidates: vec![PathBuf::from("/etc/exim4/exim4.conf")],
        macros: Vec::new(),
        files: &files,
        build: BuildDefaults::default(),
        facts: config::Facts {
            hostname: "mx.test.example".to_owned(),
            ipv6: true,
            ..config::Facts::default()
        },
        strict: false,
    };
    let loaded = config::load(&request);
    loaded.config.unwrap_or_else(|| panic!("the test's configuration is broken: {:#?}", loaded.diagnostics))
}

fn scratch() -> PathBuf {
    static COUNTER: AtomicU64 = AtomicU64::new(0);
    let number = COUNTER.fetch_add(1, Ordering::Relaxed);
    let name = format!("postrider-mta-test-{}-{number}", std::process::id());
    let directory = std::env::temp_dir().join(name);
    std::fs::create_dir_all(&directory).expect("the temporary directory can be written");
    directory
}

/// A log line after its time; lines that continue another have none.
fn without_time(line: &str) -> String {
    let has_time = line.len() > 20 && line.as_bytes()[4] == b'-' && line.as_bytes()[19] == b' ';
    if has_time { line[20..].to_owned() } else { line.to_owned() }
}
