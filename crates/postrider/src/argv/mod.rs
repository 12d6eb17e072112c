//! The command line, as Exim reads it: one pass over the arguments into an [`Invocation`].
//!
//! # Invariants
//! * Parsing has no effect and asks nothing of the system.
//! * An option of Exim's that is not served is refused by its name; it is never taken for something else.
//!
//! # Security
//! Arguments come from whoever may run the program. Who may use what is decided later, by [`crate::authority`].
//!
//! # Compatibility
//! Specification chapter 5, "The Exim command line"; refusals have Exim's words.

mod admin;
mod letters;
mod queue_run;

#[cfg(test)]
mod tests;

pub(crate) use admin::Action;
pub(crate) use queue_run::{QueueRun, Select};

use mail_types::{MessageId, interval};
use mta::local_submission::ErrorMode;

/// What the program is to do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum Mode {
    /// Nothing was asked for: print the usage text.
    #[default]
    Usage,
    /// `-bd`, `-bdf`: listen (and run the queue when an interval is given).
    Daemon {
        /// Stay in the foreground.
        foreground: bool,
    },
    /// `-q…` without `-bd`.
    QueueRun,
    /// `-bm`, `-t`, or addresses: take a message on standard input.
    Receive,
    /// `-bs`: SMTP on standard input and output.
    Smtp,
    /// `-bS`: batched SMTP.
    BatchedSmtp,
    /// `-bp…`: list the queue.
    ListQueue(ListStyle),
    /// `-M…`: act on messages.
    Act(Action),
    /// `-bV`.
    Version,
    /// `-bP`.
    Print,
    /// `-be`, `-bem FILE`.
    Expand {
        /// `-bem`: a file with a message to load.
        message: Option<Vec<u8>>,
    },
    /// `-bt`.
    AddressTest,
    /// `-bv`, `-bvs`.
    Verify {
        /// As a sender.
        as_sender: bool,
    },
    /// `-bh ADDRESS`: a session that changes nothing.
    HostTest {
        /// The address that the session seems to come from.
        address: Vec<u8>,
    },
    /// `-brt`.
    RetryTest,
    /// `-brw`.
    RewriteTest,
    /// `-bi`: run `bi_command`.
    BuildAliases,
    /// `-z TEXT`: write the text to the log.
    LogLine(Vec<u8>),
    /// `-bI:WHAT`.
    Information(Vec<u8>),
    /// `exim_dbmbuild`, `postrider dbmbuild`: the arguments behind the name.
    BuildDatabase(Vec<Vec<u8>>),
    /// `postrider tls-policy`: the domains are the operands.
    TlsPolicy,
    /// `postrider trust-anchors`.
    TrustAnchors,
    /// `postrider reports`: a word and what it works on are the operands.
    Reports,
    /// `postrider quickstart`.
    Quickstart,
}

/// How `-bp` lists.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct ListStyle {
    /// Only a number (`-bpc`).
    pub count: bool,
    /// In the order in which they are found (`-bpr…`).
    pub unsorted: bool,
    /// Addresses that were generated too (`a`).
    pub generated: bool,
    /// Undelivered addresses only (`u`).
    pub undelivered: bool,
    /// Ids only (`i`).
    pub ids: bool,
}

/// When a message is delivered (`-od…`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DeliveryMode {
    /// `-odb`
    Background,
    /// `-odf`, `-odi`: and wait for it.
    Foreground,
    /// `-odq`
    Queue,
    /// `-odqs`
    QueueSmtp,
}

/// What a trusted caller says about a message's origin (`-oM…`).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Origin {
    /// `-oMa`: sender host address, perhaps with a port.
    pub host_address: Option<Vec<u8>>,
    /// `-oMaa`
    pub authenticator: Option<Vec<u8>>,
    /// `-oMai`
    pub authenticated_id: Option<Vec<u8>>,
    /// `-oMas`
    pub authenticated_sender: Option<Vec<u8>>,
    /// `-oMi`: interface address, perhaps with a port.
    pub interface: Option<Vec<u8>>,
    /// `-oMm`: id of the message that caused this one.
    pub message_reference: Option<Vec<u8>>,
    /// `-oMr`, `-p`
    pub protocol: Option<Vec<u8>>,
    /// `-oMs`, `-p`
    pub host_name: Option<Vec<u8>>,
    /// `-oMt`
    pub ident: Option<Vec<u8>>,
}

/// The command line, understood.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Invocation {
    /// `-Mset`: the message of the queue that `-be` speaks of.
    pub loaded_message: Option<MessageId>,
    /// What to do.
    pub mode: Mode,
    /// `-C`: configuration files to try.
    pub config_files: Option<Vec<Vec<u8>>>,
    /// `-D NAME=VALUE`.
    pub macros: Vec<(String, Vec<u8>)>,
    /// `-f`, `-r`: envelope sender.
    pub sender: Option<Vec<u8>>,
    /// `-F`: full name.
    pub sender_name: Option<Vec<u8>>,
    /// `-t`: recipients come from the header.
    pub extract_recipients: bool,
    /// `-i`, `-oi`: a line with a dot is a line.
    pub dot_is_data: bool,
    /// `-od…`
    pub delivery: Option<DeliveryMode>,
    /// `-oe…`; `-oem` when it was not given
    pub errors: Option<ErrorMode>,
    /// `-oM…`
    pub origin: Origin,
    /// `-q…`, `-R`, `-S`
    pub queue_run: Option<QueueRun>,
    /// `-oX`: interfaces and ports.
    pub listen: Option<Vec<u8>>,
    /// `-oP`: pid file.
    pub pid_file: Option<Vec<u8>>,
    /// `-or`: seconds for a message on standard input.
    pub receive_timeout: Option<u64>,
    /// `-os`: seconds for a line of SMTP.
    pub smtp_timeout: Option<u64>,
    /// `-tls-on-connect`: every port speaks TLS from the first octet.
    pub tls_on_connect: bool,
    /// `-N`: pretend to deliver.
    pub pretend: bool,
    /// `-G`, `-bnq`: no qualification of local submissions.
    pub no_qualify: bool,
    /// `-bP config`, the two next to each other: the configuration itself.
    pub whole_configuration: bool,
    /// `-bV` beside another mode: the version is told first.
    pub tells_version: bool,
    /// `-n`: with `-bP`, values without names.
    pub values_only: bool,
    /// `-v`
    pub verbose: bool,
    /// `-d`: selectors; none when debugging is off.
    pub debug: Option<Vec<u8>>,
    /// `-L`: syslog ident.
    pub log_tag: Option<Vec<u8>>,
    /// `-z`: a line for the main log, whatever else is asked for.
    pub log_line: Option<Vec<u8>>,
    /// `--strict`: what Exim meets only at run time is an error at load.
    pub strict: bool,
    /// Everything that is not an option.
    pub operands: Vec<Vec<u8>>,
}

/// The command line cannot be served: what to print on standard error. The exit code is 1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refusal(pub String);

/// Reads the arguments; `args[0]` is the name under which the program was called.
pub(crate) fn parse(args: &[Vec<u8>]) -> Result<Invocation, Refusal> {
    let mut parser = Parser { args, at: 1, invocation: Invocation::default(), mode_options: 0 };
    parser.by_name();
    if let Some(arguments) = parser.database_arguments() {
        parser.invocation.mode = Mode::BuildDatabase(arguments.to_vec());
        return Ok(parser.invocation);
    }
    if parser.is_quickstart() {
        parser.invocation.mode = Mode::Quickstart;
        return Ok(parser.invocation);
    }
    while let Some(arg) = parser.next() {
        if arg == b"--" {
            let rest = parser.args.get(parser.at..).unwrap_or_default();
            parser.invocation.operands.extend_from_slice(rest);
            break;
        }
        // Behind the first argument that is no option everything is an argument, except to commands of our own.
        let is_name = !parser.is_own_command() && !parser.invocation.operands.is_empty();
        // To `reports ingest`, a command of our own, it is standard input.
        let is_input = arg == b"-" && parser.invocation.mode == Mode::Reports;
        if arg == b"-" && !is_name && !is_input {
            return Err(unknown(arg));
        }
        if arg.first() == Some(&b'-') && !is_name && !is_input {
            parser.option(arg)?;
        } else if let Some(mode) = parser.own_command(arg) {
            parser.set_mode(mode);
        } else {
            parser.invocation.operands.push(arg.clone());
        }
    }
    parser.finish()
}

/// The usage text.
pub(crate) const USAGE: &str = "\
Postrider is a mail transfer agent with Exim's interface. Mail programs call it;
people seldom do. `postrider quickstart` starts a server to try out,
`postrider tls-policy DOMAIN` tells how safely mail would get there,
`postrider trust-anchors` shows the keys that DNSSEC begins from,
`postrider reports` lists, shows, sends and reads TLS and DMARC reports.
Options are Exim's: see the specification's chapter on the command line.
";

struct Parser<'a> {
    args: &'a [Vec<u8>],
    at: usize,
    invocation: Invocation,
    mode_options: usize,
}

impl<'a> Parser<'a> {
    fn next(&mut self) -> Option<&'a Vec<u8>> {
        let arg = self.args.get(self.at);
        self.at += 1;
        arg
    }

    /// The value of an option: what stands right behind its letters, or the next argument.
    fn value(&mut self, option: &[u8], attached: &'a [u8]) -> Result<Vec<u8>, Refusal> {
        if !attached.is_empty() {
            return Ok(attached.to_vec());
        }
        self.next().cloned().ok_or_else(|| unknown(option))
    }

    /// The name under which the program was called.
    fn name(&self) -> &'a [u8] {
        let path = self.args.first().map_or(&b""[..], Vec::as_slice);
        path.rsplit(|c| *c == b'/').next().unwrap_or_default()
    }

    /// What follows `exim_dbmbuild`, or `postrider dbmbuild`; under Exim's name the word is a recipient.
    fn database_arguments(&self) -> Option<&'a [Vec<u8>]> {
        match self.name() {
            b"exim_dbmbuild" => self.args.get(1..),
            b"postrider" if self.args.get(1).is_some_and(|word| word == b"dbmbuild") => self.args.get(2..),
            _ => None,
        }
    }

    /// The name may stand for an option.
    fn by_name(&mut self) {
        match self.name() {
            b"mailq" => self.set_mode(Mode::ListQueue(ListStyle::default())),
            b"rsmtp" => self.set_mode(Mode::BatchedSmtp),
            b"rmail" => {
                self.invocation.dot_is_data = true;
                self.invocation.errors = Some(ErrorMode::MailQuietly);
                self.set_mode(Mode::Receive);
            }
            b"runq" => {
                self.invocation.queue_run = Some(QueueRun::default());
                self.set_mode(Mode::QueueRun);
            }
            b"newaliases" => self.set_mode(Mode::BuildAliases),
            _ => {}
        }
    }

    /// A command of our own: the first word that is no option, behind nothing but a choice of configuration.
    fn own_command(&self, word: &[u8]) -> Option<Mode> {
        let before = self.args.get(1..self.at.saturating_sub(1)).unwrap_or_default();
        let chooses = |at: usize| {
            let option = |letter: &[u8]| before[at].starts_with(letter);
            option(b"-C") || option(b"-D") || option(b"-d") || (at > 0 && before[at - 1] == b"-C")
        };
        if self.name() != b"postrider" || self.mode_options > 0 || !(0..before.len()).all(chooses) {
            return None;
        }
        match word {
            b"tls-policy" => Some(Mode::TlsPolicy),
            b"reports" => Some(Mode::Reports),
            b"trust-anchors" => Some(Mode::TrustAnchors),
            _ => None,
        }
    }

    fn is_own_command(&self) -> bool {
        matches!(self.invocation.mode, Mode::TlsPolicy | Mode::Reports | Mode::TrustAnchors)
    }

    fn is_quickstart(&self) -> bool {
        self.args.len() == 2 && self.args[1] == b"quickstart"
    }

    fn set_mode(&mut self, mode: Mode) {
        self.mode_options += 1;
        self.invocation.mode = mode;
    }

    fn finish(mut self) -> Result<Invocation, Refusal> {
        let invocation = &mut self.invocation;
        let daemon_with_queue = matches!(invocation.mode, Mode::Daemon { .. });
        let loads_for_nothing =
            invocation.loaded_message.is_some() && !matches!(invocation.mode, Mode::Expand { .. });
        if self.mode_options > 1 || loads_for_nothing {
            return Err(incompatible());
        }
        if let Some(text) = invocation.log_line.take() {
            invocation.mode = Mode::LogLine(text);
            return Ok(self.invocation);
        }
        if invocation.mode == Mode::BuildAliases && !invocation.operands.is_empty() {
            return Err(incompatible());
        }
        if invocation.queue_run.is_some() && !daemon_with_queue {
            if !matches!(invocation.mode, Mode::Usage | Mode::QueueRun) {
                return Err(incompatible());
            }
            // An interval makes it a daemon that runs the queue and does not listen.
            invocation.mode = Mode::QueueRun;
        }
        if invocation.tells_version && !self.goes_on_after_version() {
            self.invocation.mode = Mode::Version;
            return Ok(self.invocation);
        }
        let invocation = &mut self.invocation;
        let nobody = invocation.operands.is_empty() && !invocation.extract_recipients;
        if matches!(invocation.mode, Mode::Receive) && nobody {
            invocation.mode = Mode::Usage;
        }
        if matches!(invocation.mode, Mode::Usage)
            && (invocation.extract_recipients || !invocation.operands.is_empty())
        {
            invocation.mode = Mode::Receive;
        }
        Ok(self.invocation)
    }
}

impl Parser<'_> {
    /// What Exim still does when it has told its version, of what only shows something.
    fn goes_on_after_version(&self) -> bool {
        matches!(
            self.invocation.mode,
            Mode::Print | Mode::Expand { .. } | Mode::AddressTest | Mode::Verify { .. }
        )
    }
}

/// Exim's words for options that exclude each other.
fn incompatible() -> Refusal {
    Refusal("exim: incompatible command-line options or arguments".to_owned())
}

/// Exim's words for an option that it does not know.
fn unknown(option: &[u8]) -> Refusal {
    Refusal(format!(
        "exim abandoned: unknown, malformed, or incomplete option {}",
        String::from_utf8_lossy(option)
    ))
}

/// An option of Exim's that is not served yet.
fn not_served(option: &[u8], instead: &str) -> Refusal {
    Refusal(format!("postrider: option {} is not served yet{instead}", String::from_utf8_lossy(option)))
}

/// Exim's words for an option at the end of the line whose value is missing.
fn expected(what: &str, option: &[u8]) -> Refusal {
    Refusal(format!("exim: {what} expected after {}", String::from_utf8_lossy(option)))
}

/// Exim's words for what is no interval.
fn bad_time(shown: &[u8]) -> Refusal {
    Refusal(format!("exim: bad time value {}: abandoned", String::from_utf8_lossy(shown)))
}
