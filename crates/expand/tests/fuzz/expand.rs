//! Any text is parsed and evaluated: it ends with a value or an error.
//!
//! The environment has variables of every taint and no system: no file is opened and no command is run.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use expand::env::{
    Command, CommandOutcome, Conversation, Datagram, FileStatus, Files, PamQuestion, PamVerdict,
    SocketFailure,
};
use expand::variable::AclScope;
use expand::{BareEnv, Expansion, Variable};
use mail_types::clock::{FixedClock, SeededEntropy, Timestamp};
use mail_types::{Clean, SourceText, Value};

struct NoFiles;

impl Files for NoFiles {
    fn status(&mut self, _path: &[u8]) -> io::Result<FileStatus> {
        Err(io::Error::from(io::ErrorKind::NotFound))
    }

    fn read(&mut self, path: &Clean, _limit: usize) -> io::Result<Vec<u8>> {
        Ok(path.bytes().to_vec())
    }

    fn run(&mut self, command: &Command, _timeout: Duration) -> io::Result<CommandOutcome> {
        Ok(CommandOutcome {
            status: command.arguments.len() as i32,
            output: command.program.bytes().to_vec(),
        })
    }

    fn converse(&mut self, asked: &Conversation, _limit: usize) -> Result<Vec<u8>, SocketFailure> {
        if asked.shutdown { Ok(asked.request.clone()) } else { Err(SocketFailure::NoService) }
    }

    fn exchange(&mut self, asked: &Datagram, _limit: usize) -> Result<Vec<u8>, SocketFailure> {
        Ok(asked.packet.clone())
    }

    fn pam(&mut self, _asked: &PamQuestion) -> PamVerdict {
        PamVerdict::Failed("there is no PAM here".to_owned())
    }

    fn environment(&mut self, name: &[u8]) -> Option<Vec<u8>> {
        (!name.is_empty()).then(|| name.to_vec())
    }
}

/// Gives one input to it.
pub(crate) fn run(text: &[u8]) {
    if text.len() > 4096 {
        return;
    }
    let mut env = BareEnv::new();
    env.files = Box::new(NoFiles);
    env.clock = Arc::new(FixedClock::new(Timestamp::from_secs(1_795_000_000)));
    env.entropy = Arc::new(SeededEntropy::new(1));
    env.variables.insert(Variable::SenderHostName, Value::tainted("host.example"));
    env.variables.insert(Variable::PrimaryHostname, Value::clean("mail.example.com"));
    env.acl_variables.insert((AclScope::Connection, b"_x".to_vec()), Value::clean(text));
    let expansion = Expansion::parse(&SourceText::nowhere(text));
    let _ = expansion.eval(&mut env);
}
