//! `-q…`, `-R`, `-S`, `runq`: a queue run, once or again and again, without listening.

use std::process::ExitCode;
use std::sync::Arc;

use config::Config;
use config::options::main;
use mta::queue::control::Request;
use mta::queue::run_once;

use super::Start;
use crate::assembly;
use crate::process::{self, Job, Seat};
use crate::server;

/// Runs the mode.
pub(crate) fn run(start: &Start<'_>) -> ExitCode {
    if start.config.main.get(main::PROD_REQUIRES_ADMIN) && !start.caller.admin {
        return super::permission_denied();
    }
    let wanted = start.invocation.queue_run.clone().unwrap_or_default();
    if wanted.interval.is_some() {
        return super::daemon::run_queue_only(start);
    }
    process::run(Arc::clone(&start.config), &OneRun { start }, false)
}

struct OneRun<'a> {
    start: &'a Start<'a>,
}

impl Job for OneRun<'_> {
    fn run(&self, config: Arc<Config>, seat: Seat) -> u8 {
        let Ok(runtime) = crate::runtime() else { return 1 };
        let request = server::run_request(&self.start.invocation.queue_run.clone().unwrap_or_default());
        runtime.block_on(async {
            let asked = Request::Run(request.clone());
            if let Some(code) = server::ask(self.start.invocation, &config, &asked).await {
                return code;
            }
            let Some(services) = assembly::command_services(&config, &seat) else { return 1 };
            run_once(&request, &services).await;
            services.connections.close().await;
            services.hints.flush(crate::HINTS_FLUSH);
            0
        })
    }
}
