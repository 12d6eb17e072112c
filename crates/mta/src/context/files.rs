//! Files and commands for expansions: the system's, and the runtime goes on while they are waited for.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use expand::env::{
    Command, CommandOutcome, Conversation, Datagram, FileStatus, Files, PamQuestion, PamVerdict,
    SocketFailure,
};
use expand::system::{Environment, SystemFiles};
use mail_types::value::Clean;

use super::secure_socket;
use crate::services::pam::PamProgram;
use crate::services::waiting;

/// See the module.
pub(super) struct WaitingFiles {
    pub(super) system: SystemFiles,
    pub(super) tls: Arc<tls::Store>,
    pub(super) pam: PamProgram,
    pub(super) environment: Arc<Environment>,
}

impl Files for WaitingFiles {
    fn status(&mut self, path: &[u8]) -> io::Result<FileStatus> {
        waiting(|| self.system.status(path))
    }

    fn read(&mut self, path: &Clean, limit: usize) -> io::Result<Vec<u8>> {
        waiting(|| self.system.read(path, limit))
    }

    fn run(&mut self, command: &Command, timeout: Duration) -> io::Result<CommandOutcome> {
        waiting(|| self.system.run(command, timeout))
    }

    fn converse(&mut self, asked: &Conversation, limit: usize) -> Result<Vec<u8>, SocketFailure> {
        match &asked.tls {
            Some(name) => waiting(|| secure_socket::converse(asked, name, limit, &self.tls)),
            None => waiting(|| self.system.converse(asked, limit)),
        }
    }

    fn exchange(&mut self, asked: &Datagram, limit: usize) -> Result<Vec<u8>, SocketFailure> {
        waiting(|| self.system.exchange(asked, limit))
    }

    fn pam(&mut self, asked: &PamQuestion) -> PamVerdict {
        waiting(|| self.pam.ask(asked, &self.environment))
    }

    fn environment(&mut self, name: &[u8]) -> Option<Vec<u8>> {
        self.system.environment(name)
    }
}
