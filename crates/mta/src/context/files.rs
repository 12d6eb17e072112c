//! Files and commands for expansions: the system's, and the runtime goes on while they are waited for.

use std::io;
use std::time::Duration;

use expand::env::{Command, CommandOutcome, Conversation, Datagram, FileStatus, Files, SocketFailure};
use expand::system::SystemFiles;
use mail_types::value::Clean;

use crate::services::waiting;

/// See the module.
pub(super) struct WaitingFiles(pub(super) SystemFiles);

impl Files for WaitingFiles {
    fn status(&mut self, path: &[u8]) -> io::Result<FileStatus> {
        waiting(|| self.0.status(path))
    }

    fn read(&mut self, path: &Clean, limit: usize) -> io::Result<Vec<u8>> {
        waiting(|| self.0.read(path, limit))
    }

    fn run(&mut self, command: &Command, timeout: Duration) -> io::Result<CommandOutcome> {
        waiting(|| self.0.run(command, timeout))
    }

    fn converse(&mut self, asked: &Conversation, limit: usize) -> Result<Vec<u8>, SocketFailure> {
        waiting(|| self.0.converse(asked, limit))
    }

    fn exchange(&mut self, asked: &Datagram, limit: usize) -> Result<Vec<u8>, SocketFailure> {
        waiting(|| self.0.exchange(asked, limit))
    }

    fn environment(&mut self, name: &[u8]) -> Option<Vec<u8>> {
        self.0.environment(name)
    }
}
