//! The world as one evaluation sees it.
//!
//! Expansion is synchronous and pure; everything from outside (facts of the message, lists, lookups, ACLs, files,
//! commands, time) comes through [`Env`]. The flow implements it for real messages; [`crate::BareEnv`] implements it
//! where there is no message.
//!
//! # Security
//! Sinks take [`Clean`] values: a tainted file name or command cannot be passed by mistake.

use mail_types::clock::{Clock, Entropy};
use mail_types::dns::Resolve;
use mail_types::value::{Clean, Value};

use crate::lookup::{LookupAnswer, LookupRequest};
use crate::scope::Scope;
use crate::variable::{AclScope, Variable};
use crate::{EvalError, Settings};

/// Which form of a header field is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum HeaderForm {
    /// `$rh_`: as it stands.
    Raw,
    /// `$bh_`: encoded words decoded, character sets left alone.
    Bytes,
    /// `$h_`: decoded and translated to `headers_charset`.
    Decoded,
    /// `$lh_`: as `$h_`, one list element an occurrence.
    List,
}

/// The five kinds of lists, by what their items mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ListKind {
    /// Domain lists.
    Domain,
    /// Host lists.
    Host,
    /// Address lists.
    Address,
    /// Local part lists.
    LocalPart,
    /// Plain string lists.
    String,
}

/// What `${listnamed:` found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedList {
    /// The unexpanded text of the list, as the configuration gives it.
    pub text: Value,
    /// The kind it was defined as.
    pub kind: ListKind,
}

/// The end of an ACL called from an expansion.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AclAnswer {
    /// It accepted (or discarded nothing); the text of `message`, if any.
    Accept(Option<Value>),
    /// It denied; the text of `message`, if any.
    Deny(Option<Value>),
    /// It deferred: a forced failure of the expansion.
    Defer,
    /// It discarded.
    Discard,
    /// It dropped.
    Drop,
    /// There is no such ACL, or something in it failed.
    Error,
}

impl AclAnswer {
    /// Whether it accepted, and its message; anything but accept and deny fails the expansion.
    pub fn decided(self, name: &Value) -> Result<(bool, Option<Value>), EvalError> {
        let word = match self {
            Self::Accept(message) => return Ok((true, message)),
            Self::Deny(message) => return Ok((false, message)),
            Self::Defer => {
                return Err(EvalError::Forced { message: format!("DEFER from acl \"{}\"", name.to_lossy()) });
            }
            Self::Discard => "DISCARD",
            Self::Drop => "FAIL_DROP",
            Self::Error => "ERROR",
        };
        Err(EvalError::failed(format!("{word} from acl \"{}\"", name.to_lossy())))
    }
}

/// A command for `${run`. There is no shell and no search for the program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Command {
    /// The program.
    pub program: Clean,
    /// Its arguments.
    pub arguments: Vec<Argument>,
}

/// An argument of a command, which may come from outside: Exim passes tainted ones on, and so do we.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Argument(pub Value);

/// How a command ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommandOutcome {
    /// Exit status, or 256 plus the signal's number.
    pub status: i32,
    /// Standard output and standard error together, in the order written.
    pub output: Vec<u8>,
}

/// What a file is, as `${stat:` shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileStatus {
    /// Type and permission bits.
    pub mode: u32,
    /// Inode number.
    pub inode: u64,
    /// Device number.
    pub device: u64,
    /// Number of hard links.
    pub links: u64,
    /// Owner.
    pub uid: u32,
    /// Group.
    pub gid: u32,
    /// Size in bytes.
    pub size: u64,
    /// Last access, seconds since the epoch.
    pub atime: i64,
    /// Last change of content, seconds since the epoch.
    pub mtime: i64,
    /// Last change of status, seconds since the epoch.
    pub ctime: i64,
}

/// Where a stream socket is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SocketPlace {
    /// A socket of the file system.
    Unix(Clean),
    /// A host and a port, each a name or a number.
    Tcp {
        /// Name or address, without brackets.
        host: Clean,
        /// Number, or name of a service.
        port: Clean,
    },
}

/// One question to a stream socket: send, and read until the other side closes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conversation {
    /// Whom to ask.
    pub place: SocketPlace,
    /// What is sent.
    pub request: Vec<u8>,
    /// Whether the sending direction is closed after that; never under TLS.
    pub shutdown: bool,
    /// TLS, and the server name that is asked for (none where it is empty). The server's certificate is not looked at.
    pub tls: Option<Vec<u8>>,
    /// How long connecting, and each read, may take.
    pub timeout: std::time::Duration,
}

/// One question by a datagram (UDP), answered by one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Datagram {
    /// Name or address, without brackets.
    pub host: Clean,
    /// Number, or name of a service.
    pub port: Clean,
    /// What is sent.
    pub packet: Vec<u8>,
    /// How long the answer may take.
    pub timeout: std::time::Duration,
}

/// Why a socket gave no answer.
#[derive(Debug)]
pub enum SocketFailure {
    /// The host has no address.
    NoAddress,
    /// There is no service of that name.
    NoService,
    /// No connection could be made.
    Connect(std::io::Error),
    /// There is no TLS session, and why.
    Secure(String),
    /// The request could not be sent.
    Write(std::io::Error),
    /// The answer could not be read; of kind `TimedOut` when nothing came in time.
    Read(std::io::Error),
}

/// One question to the system's authentication modules (PAM, service `exim`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PamQuestion {
    /// Who wants to come in; not empty.
    pub user: Vec<u8>,
    /// What the modules are told when they ask, in this order.
    pub answers: Vec<Vec<u8>>,
    /// How long the modules may take.
    pub timeout: std::time::Duration,
}

/// What the authentication modules say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PamVerdict {
    /// The user may come in, and the account is in force.
    Yes,
    /// The password is wrong, there is no such user, or the account has expired.
    No,
    /// They could not find out, and why.
    Failed(String),
}

/// What an expansion says to the Perl interpreter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PerlSay {
    /// Call a subroutine.
    Call {
        /// Its name.
        subroutine: Vec<u8>,
        /// What it gets.
        arguments: Vec<Vec<u8>>,
    },
    /// What became of a text that Perl had expanded.
    Expanded(Result<Vec<u8>, EvalError>),
}

/// What the Perl interpreter says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PerlReply {
    /// The subroutine returned this.
    Returned(Vec<u8>),
    /// The subroutine returned `undef`.
    Undefined,
    /// The subroutine died with this text.
    Died(Vec<u8>),
    /// `Exim::expand_string` was called: the answer is [`PerlSay::Expanded`].
    Expand(Vec<u8>),
}

/// Reading files, as `exists`, `${stat:` and `${readfile` do; commands and sockets.
pub trait Files {
    /// The status of a file; the error is the system's. As in Exim, a tainted name may be asked about.
    fn status(&mut self, path: &[u8]) -> std::io::Result<FileStatus>;

    /// The whole content of a file, at most `limit` bytes (more is an error).
    fn read(&mut self, path: &Clean, limit: usize) -> std::io::Result<Vec<u8>>;

    /// Runs a command and waits for its end, at most `timeout`.
    fn run(&mut self, command: &Command, timeout: std::time::Duration) -> std::io::Result<CommandOutcome>;

    /// Asks a stream socket. At most `limit` bytes of answer (more is an error of reading).
    fn converse(&mut self, asked: &Conversation, limit: usize) -> Result<Vec<u8>, SocketFailure>;

    /// Sends a datagram and waits for one from the same place, of which at most `limit` bytes are read.
    fn exchange(&mut self, asked: &Datagram, limit: usize) -> Result<Vec<u8>, SocketFailure>;

    /// Asks the system's authentication modules.
    fn pam(&mut self, asked: &PamQuestion) -> PamVerdict;

    /// One variable of the process environment.
    fn environment(&mut self, name: &[u8]) -> Option<Vec<u8>>;
}

/// Facts and services that an evaluation may ask for.
pub trait Env {
    /// Captures, `$item`, `$value` ...
    fn scope(&mut self) -> &mut Scope;

    /// Options that change how expansion works.
    fn settings(&self) -> &Settings;

    /// The value of a variable; `None` when it is unset (it then expands to nothing and `def:` is false). Variables of
    /// [`Scope`] are never asked for here.
    fn variable(&mut self, variable: Variable) -> Result<Option<Value>, EvalError>;

    /// `$acl_c...` and `$acl_m...`; the name is what follows the scope letter.
    fn acl_variable(&mut self, scope: AclScope, name: &[u8]) -> Option<Value>;

    /// `$r_...`; the name is what follows `r_`.
    fn router_variable(&mut self, name: &[u8]) -> Option<Value>;

    /// A header field, all occurrences together as Exim joins them; the name is without the colon. `None` when the
    /// message has no such field (or there is no message).
    fn header(&mut self, name: &[u8], form: HeaderForm) -> Result<Option<Value>, EvalError>;

    /// `match_domain` and its like. The list text is already expanded; a match may set `$value` and captures.
    fn match_list(&mut self, kind: ListKind, subject: &Value, list: &Value) -> Result<bool, EvalError>;

    /// A named list; without a kind the first one of that name in the order address, domain, host, local part.
    fn named_list(&mut self, kind: Option<ListKind>, name: &[u8]) -> Option<NamedList>;

    /// `${lookup`.
    fn lookup(&mut self, request: &LookupRequest<'_>) -> Result<LookupAnswer, EvalError>;

    /// `${quote_<type>:`; `None` when the type has no quoting of its own.
    fn quote_lookup(&mut self, kind: &str, text: &[u8], options: Option<&[u8]>) -> Option<Vec<u8>>;

    /// `${acl` and the condition `acl`.
    fn acl(&mut self, name: &Value, arguments: &[Value]) -> Result<AclAnswer, EvalError>;

    /// `${perl`: one step of a call. Here, as in Exim without `perl_startup`, there is no interpreter.
    fn perl(&mut self, _say: PerlSay) -> Result<PerlReply, EvalError> {
        Err(EvalError::failed("A setting of perl_startup is needed when using the Perl interpreter"))
    }

    /// `${certextract`: a field of the certificate that a variable holds; `None` when the variable is unset.
    fn certificate_field(&mut self, _variable: Variable, _field: &Value) -> Result<Option<Value>, EvalError> {
        Ok(None)
    }

    /// The certificate (DER) that a variable holds, for its digests and `${base64:`; `None` when it is unset.
    fn certificate(&mut self, _variable: Variable) -> Option<Vec<u8>> {
        None
    }

    /// `${authresults`: the Authentication-Results field under this name, without its line end. What holds no message
    /// has no results.
    fn authentication_results(&mut self, server: &[u8]) -> Vec<u8> {
        [b"Authentication-Results: ", server].concat()
    }

    /// The condition `first_delivery`.
    fn first_delivery(&self) -> bool;

    /// The condition `queue_running`.
    fn queue_running(&self) -> bool;

    /// The time.
    fn clock(&self) -> &dyn Clock;

    /// Randomness.
    fn entropy(&self) -> &dyn Entropy;

    /// DNS, where there is some.
    fn resolver(&self) -> Option<&dyn Resolve>;

    /// The resolver was asked: whoever wants to hear of lookups that failed is told now.
    fn resolver_was_asked(&mut self) {}

    /// Does a long calculation (a password's digest) so that nobody else is held up.
    fn at_length(&mut self, work: &mut dyn FnMut()) {
        work();
    }

    /// Files and commands.
    fn files(&mut self) -> &mut dyn Files;
}
