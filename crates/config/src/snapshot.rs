//! What loading needs and what it gives.
//!
//! # Invariants
//! * A [`Config`] is immutable and self-contained: nothing in it refers to the files it came from except spans.

use std::path::PathBuf;
use std::sync::Arc;

use expand::system::Environment;
use mail_types::diagnostic::{Diagnostic, FileId, Span};
use policy::acl::AclSet;
use policy::list::NamedLists;
use policy::retry::RetryRules;
use policy::rewrite::RewriteRules;

use crate::files::{ConfigFiles, FileFacts};
use crate::options::OptionSet;

/// A `-D` option.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommandLineMacro {
    /// The macro's name.
    pub name: String,
    /// Its text.
    pub value: Vec<u8>,
}

/// What Exim fixes at build time and Postrider takes from the operating system's packaging.
#[derive(Clone, Debug)]
pub struct BuildDefaults {
    /// The mail user, by name or number.
    pub exim_user: String,
    /// The mail group, by name or number.
    pub exim_group: String,
    /// The spool.
    pub spool_directory: String,
    /// The log files' path with `%s`.
    pub log_file_path: String,
    /// The daemon's pid file.
    pub pid_file_path: String,
    /// The program that re-executes itself.
    pub exim_path: String,
    /// Users that no delivery runs as, whatever the configuration says.
    pub fixed_never_users: Vec<String>,
    /// Lookup types that are served, for the macros `_HAVE_LOOKUP_...`.
    pub lookups: Vec<String>,
}

impl Default for BuildDefaults {
    /// Debian's values.
    fn default() -> Self {
        Self {
            exim_user: "Debian-exim".into(),
            exim_group: "Debian-exim".into(),
            spool_directory: "/var/spool/exim4".into(),
            log_file_path: "/var/log/exim4/%slog".into(),
            pid_file_path: "/run/exim4/exim.pid".into(),
            exim_path: "/usr/sbin/exim4".into(),
            fixed_never_users: vec!["root".into()],
            lookups: Vec::new(),
        }
    }
}

/// Facts about the host that defaults are made from.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    /// The host's name in full, as Exim finds it: the default of `primary_hostname`.
    pub hostname: String,
    /// Whether the host has IPv6.
    pub ipv6: bool,
    /// The environment that the program was started with.
    pub environment: Environment,
}

/// What to load.
pub struct LoadRequest<'a> {
    /// The first of these that exists is read.
    pub candidates: Vec<PathBuf>,
    /// `-D` options, in order.
    pub macros: Vec<CommandLineMacro>,
    /// Files and accounts.
    pub files: &'a dyn ConfigFiles,
    /// Build-time values.
    pub build: BuildDefaults,
    /// The host.
    pub facts: Facts,
    /// Treat warnings about broken expansions as errors.
    pub strict: bool,
}

/// One file that was read.
#[derive(Clone, Debug)]
pub struct SourceFile {
    /// Its path as it was opened.
    pub path: PathBuf,
    /// Its content, for showing lines.
    pub bytes: Arc<[u8]>,
    /// Where it was included.
    pub included_at: Option<Span>,
}

/// Every file that was read, by [`FileId`].
#[derive(Clone, Debug, Default)]
pub struct Sources {
    /// The files.
    pub files: Vec<SourceFile>,
}

impl Sources {
    /// The file of an id.
    pub fn file(&self, id: FileId) -> Option<&SourceFile> {
        self.files.get(usize::from(id.0))
    }

    /// A place in words: `in line 7 of /etc/exim4/exim4.conf`.
    pub fn told(&self, span: Span) -> String {
        match self.file(span.file).filter(|_| span.is_somewhere()) {
            Some(file) => format!("in line {} of {}", span.line, file.path.display()),
            None => "on the command line or by the program itself".into(),
        }
    }
}

/// The result of loading.
#[derive(Debug)]
pub struct Loaded {
    /// The snapshot; `None` when there was an error.
    pub config: Option<Arc<Config>>,
    /// Errors and warnings, in the order of the file.
    pub diagnostics: Vec<Diagnostic>,
    /// The files, for rendering.
    pub sources: Sources,
}

/// One router, transport or authenticator.
#[derive(Clone, Debug)]
pub struct Instance {
    /// Its name.
    pub name: String,
    /// Its driver.
    pub driver: &'static str,
    /// Its options.
    pub options: OptionSet,
    /// The line that begins it.
    pub span: Span,
}

/// A router.
pub type RouterInstance = Instance;
/// A transport.
pub type TransportInstance = Instance;
/// An authenticator.
pub type AuthenticatorInstance = Instance;

/// One logical line as it was parsed.
#[derive(Clone, Debug)]
pub struct ParsedLine {
    /// Its text, after macro replacement and joining.
    pub bytes: Box<[u8]>,
    /// The file that its end stands in.
    pub file: FileId,
    /// How many files had been opened when it was complete.
    pub files_open: usize,
}

/// One configuration, compiled.
#[derive(Debug)]
pub struct Config {
    /// The file it came from.
    pub path: PathBuf,
    /// Its owner, group and mode when it was read; see [`crate::permissions`].
    pub facts: FileFacts,
    /// The `-D` options it was read with.
    pub command_line: Vec<CommandLineMacro>,
    /// The main section's options, Postrider's own included.
    pub main: OptionSet,
    /// Named lists.
    pub lists: NamedLists,
    /// ACLs by name.
    pub acls: Arc<AclSet>,
    /// Routers in order.
    pub routers: Vec<RouterInstance>,
    /// Transports in order.
    pub transports: Vec<TransportInstance>,
    /// Authenticators in order.
    pub authenticators: Vec<AuthenticatorInstance>,
    /// The retry section.
    pub retry: RetryRules,
    /// The rewrite section.
    pub rewrite: RewriteRules,
    /// Every macro as it stands at the end, in order of definition: name and text.
    pub macros: Vec<(String, Arc<[u8]>)>,
    /// The logical lines, for `-bP config`.
    pub parsed: Vec<ParsedLine>,
    /// The files, for `-bP config` and for rendering spans of decisions.
    pub sources: Sources,
    /// The environment that `keep_environment` and `add_environment` leave.
    pub environment: Arc<Environment>,
}

impl Config {
    /// The router of a name.
    pub fn router(&self, name: &str) -> Option<&RouterInstance> {
        self.routers.iter().find(|router| router.name == name)
    }

    /// The transport of a name.
    pub fn transport(&self, name: &str) -> Option<&TransportInstance> {
        self.transports.iter().find(|transport| transport.name == name)
    }
}
