//! One file a mode of the program.

mod act;
mod address_test;
mod daemon;
mod dbmbuild;
mod expand;
mod host_test;
mod inetd;
mod information;
mod log_line;
mod print;
mod queue_list;
mod queue_run;
mod quickstart;
mod reports;
mod rules_test;
mod server_socket;
mod submit;
mod tls_policy;
mod trust_anchors;
mod version;
mod watch;

use std::process::ExitCode;
use std::sync::Arc;

use config::Config;
use config::options::main;

use crate::argv::{Invocation, Mode, USAGE};
use crate::authority::Caller;
use crate::load;
pub(crate) use submit::address_and_port;

/// What most modes need.
pub(crate) struct Start<'a> {
    /// The command line.
    pub invocation: &'a Invocation,
    /// The configuration.
    pub config: Arc<Config>,
    /// Who calls.
    pub caller: Caller,
}

/// Does what the command line asks for. `shed` says that a setuid bit was given up.
pub(crate) fn run(invocation: &Invocation, shed: bool) -> ExitCode {
    match &invocation.mode {
        Mode::Usage => {
            crate::say_error_as_is(USAGE.trim_end());
            return ExitCode::FAILURE;
        }
        Mode::Information(what) => return information::run(what),
        Mode::BuildDatabase(arguments) => return dbmbuild::run(arguments),
        Mode::Quickstart => return quickstart::run(),
        Mode::Reports if reports::is_ingest(invocation) => return reports::ingest(&invocation.operands[1..]),
        _ => {}
    }
    if invocation.queue_run.as_ref().is_some_and(|q| q.queue.is_some()) {
        crate::say_error("option -qG is not served yet: there are no runs of named queues");
        return ExitCode::FAILURE;
    }
    let loaded = load::load(invocation);
    if invocation.mode == Mode::Version {
        return version::run(&loaded, shed);
    }
    if invocation.tells_version {
        let _ = version::run(&loaded, shed);
    }
    let Some(config) = loaded.config.clone() else {
        load::tell(&loaded);
        return ExitCode::FAILURE;
    };
    let start = Start { invocation, caller: Caller::find(&config), config };
    if let Some(tag) = &invocation.log_tag {
        if !start.caller.admin {
            crate::say_error("you lack sufficient privilege to specify syslog process name");
            return ExitCode::FAILURE;
        }
        crate::assembly::log_to_syslog_as(tag.clone());
    }
    if let Err(reason) = watch::begin(&start, &loaded.sources) {
        crate::say_error(&reason);
        return ExitCode::FAILURE;
    }
    if let Err(reason) = load::check_permissions(&start.config, &start.caller) {
        crate::say_error_as_is(&reason);
        return ExitCode::FAILURE;
    }
    if is_a_check(&invocation.mode)
        && start.config.main.get(main::COMMANDLINE_CHECKS_REQUIRE_ADMIN)
        && !start.caller.admin
    {
        crate::say_error("those command-line flags are set to require admin");
        return ExitCode::FAILURE;
    }
    match &invocation.mode {
        Mode::Print => print::run(&start),
        Mode::Expand { message } => expand::run(&start, message.as_deref()),
        Mode::AddressTest | Mode::Verify { .. } => address_test::run(&start),
        Mode::HostTest { address } => host_test::run(&start, address),
        Mode::TlsPolicy => tls_policy::run(&start),
        Mode::TrustAnchors => trust_anchors::run(&start),
        Mode::Reports => reports::run(&start),
        Mode::RetryTest | Mode::RewriteTest => rules_test::run(&start),
        Mode::Receive | Mode::Smtp | Mode::BatchedSmtp => submit::run(&start),
        Mode::Daemon { foreground } => daemon::run(start, *foreground, &loaded),
        Mode::QueueRun => queue_run::run(&start),
        Mode::ListQueue(style) => queue_list::run(&start, *style),
        Mode::Act(action) => act::run(&start, *action),
        Mode::BuildAliases => information::build_aliases(&start),
        Mode::LogLine(text) => log_line::run(&start, text),
        Mode::Usage | Mode::Version | Mode::Information(_) | Mode::Quickstart | Mode::BuildDatabase(_) => {
            ExitCode::SUCCESS
        }
    }
}

/// What `commandline_checks_require_admin` is about.
fn is_a_check(mode: &Mode) -> bool {
    matches!(
        mode,
        Mode::Expand { .. }
            | Mode::AddressTest
            | Mode::Verify { .. }
            | Mode::HostTest { .. }
            | Mode::RetryTest
            | Mode::RewriteTest
    )
}

/// A refusal in Exim's words for what only administrators may do.
pub(crate) fn permission_denied() -> ExitCode {
    crate::say_error("permission denied");
    ExitCode::FAILURE
}
