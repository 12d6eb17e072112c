//! Process forms: started as root, a parent with a worker that runs as the mail user; started by anybody else, one
//! process.
//!
//! A command or a daemon is a [`Job`]. [`run`] puts it into the right process and gives it a [`Seat`]: who acts as local
//! users there, and how to let the caller go.
//!
//! # Security
//! As root nothing but the configuration is read before the worker has become the mail user.

use std::process::ExitCode;
use std::sync::{Arc, Mutex, PoisonError};

use config::Config;
use config::options::main;
use mta::deliver::InProcessAgent;
use mta::services::LocalAgent;
use mta::services::local_agent::RunAs;
use privsep::agent::PrivsepAgent;
use privsep::channel::Channel;
use privsep::child::Work;

use crate::local_work::LocalWork;

/// What the program does, in whichever process does it.
pub(crate) trait Job {
    /// Does it; the exit code.
    fn run(&self, config: Arc<Config>, seat: Seat) -> u8;
    /// Whether it is started again when it dies (a daemon).
    fn is_daemon(&self) -> bool {
        false
    }
    /// Reads the configuration again; `None` when it is broken (and that has been told), or when there is no server that
    /// would take it.
    fn reload(&self) -> Option<Arc<Config>> {
        None
    }
}

/// A job's place.
pub(crate) enum Seat {
    /// An ordinary user's single process.
    Alone(Arc<InProcessAgent>),
    /// The worker below a root parent.
    Worker(Arc<PrivsepAgent>),
}

impl Seat {
    /// Who acts as local users.
    pub(crate) fn local_agent(&self) -> Arc<dyn LocalAgent> {
        match self {
            Self::Alone(agent) => Arc::clone(agent) as Arc<dyn LocalAgent>,
            Self::Worker(agent) => Arc::clone(agent) as Arc<dyn LocalAgent>,
        }
    }

    /// Tells the agent about the services that it belongs to.
    pub(crate) fn attach(&self, services: &Arc<mta::services::Services>) {
        if let Self::Alone(agent) = self {
            agent.attach(services);
        }
    }

    /// After a reload.
    pub(crate) fn reload(&self, config: &Arc<Config>) {
        if let Self::Worker(agent) = self {
            agent.reload(Arc::new(LocalWork::new(Arc::clone(config))));
        }
    }
}

/// Runs a job in the process form that fits the caller; `single` keeps everything in this process whoever calls.
pub(crate) fn run(config: Arc<Config>, job: &dyn Job, single: bool) -> ExitCode {
    let is_root = nix::unistd::geteuid().is_root();
    if !is_root || single {
        return ExitCode::from(job.run(config, Seat::Alone(Arc::new(InProcessAgent::new()))));
    }
    let mail_user = match mail_user(&config) {
        Ok(user) => user,
        Err(reason) => return refuse(&reason),
    };
    if let Err(reason) = prepare_folders(&config, &mail_user, job.is_daemon()) {
        return refuse(&reason);
    }
    let mut program =
        Program { job, config: Mutex::new(config), mail_user: mail_user.clone(), notes: Vec::new() };
    match privsep::parent::run(&mut program, &mail_user) {
        Ok(code) => ExitCode::from(u8::try_from(code).unwrap_or(1)),
        Err(e) => refuse(&format!("cannot start the worker process: {e}")),
    }
}

fn refuse(reason: &str) -> ExitCode {
    crate::say_error(reason);
    ExitCode::FAILURE
}

/// The mail user by the configuration.
fn mail_user(config: &Config) -> Result<RunAs, String> {
    let user = config.main.get(main::EXIM_USER).filter(|u| u.uid != 0);
    let user = user.ok_or(
        "exim_user names no user of this system (and root is none for this): the mail user must exist",
    )?;
    let gid = config.main.get(main::EXIM_GROUP).or(user.gid);
    let gid = gid.ok_or("exim_group names no group of this system: the mail group must exist")?;
    let login = mta::services::accounts::by_uid(user.uid).ok().flatten().map(|a| a.name);
    if let Some(Ok(login)) = login.clone().map(std::ffi::CString::new) {
        // Loads the name service's modules for groups: children find them loaded. What it says is asked again there.
        let _ = nix::unistd::getgrouplist(&login, nix::unistd::Gid::from_raw(gid));
    }
    Ok(RunAs { uid: user.uid, gid, initgroups: login })
}

/// The spool and log folders belong to the mail user; root makes them when they are missing, and only then.
fn prepare_folders(config: &Config, mail_user: &RunAs, is_server: bool) -> Result<(), String> {
    use std::os::unix::fs::{DirBuilderExt, chown};
    let mut folders = vec![(crate::assembly::spool_directory(config)?, 0o750)];
    folders.extend(crate::assembly::log_folder(config).map(|folder| (folder, 0o750)));
    if is_server {
        // Everybody may enter: programs of ordinary users find the server's socket there.
        folders.push((crate::server::SOCKET_FOLDER.into(), 0o755));
    }
    for (folder, mode) in folders {
        match std::fs::DirBuilder::new().mode(mode).create(&folder) {
            Ok(()) => chown(&folder, Some(mail_user.uid), Some(mail_user.gid))
                .map_err(|e| format!("cannot give {} to the mail user: {e}", folder.display()))?,
            Err(e) if e.kind() == std::io::ErrorKind::AlreadyExists => {}
            Err(e) => return Err(format!("cannot make {}: {e}", folder.display())),
        }
    }
    Ok(())
}

struct Program<'a> {
    job: &'a dyn Job,
    config: Mutex<Arc<Config>>,
    mail_user: RunAs,
    /// What the next worker is to log.
    notes: Vec<String>,
}

impl Program<'_> {
    fn config(&self) -> Arc<Config> {
        Arc::clone(&self.config.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl privsep::parent::Program for Program<'_> {
    fn worker(&self, parent: Channel) -> i32 {
        let config = self.config();
        if let (false, Ok(log)) = (self.notes.is_empty(), crate::assembly::log(&config)) {
            self.notes.iter().for_each(|note| log.problem(None, note.as_str()));
        }
        let work: Arc<dyn Work> = Arc::new(LocalWork::new(Arc::clone(&config)));
        let agent = Arc::new(PrivsepAgent::new(parent, self.mail_user.clone(), work));
        i32::from(self.job.run(config, Seat::Worker(agent)))
    }

    fn work(&self) -> Arc<dyn Work> {
        Arc::new(LocalWork::new(self.config()))
    }

    fn reload(&mut self) {
        if let Some(config) = self.job.reload() {
            *self.config.lock().unwrap_or_else(PoisonError::into_inner) = config;
        }
    }

    fn detached(&mut self) {
        crate::close_standard_streams();
    }

    fn note(&mut self, text: &str) {
        crate::say_error(text);
        // Root writes no logs: their folder is the mail user's. The next worker does.
        self.notes.push(text.to_owned());
    }

    fn restarts(&self) -> bool {
        self.job.is_daemon()
    }
}
