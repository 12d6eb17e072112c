//! The running server, as programs see it: where its socket is, and how to ask it.
//!
//! # Failure
//! A server that does not answer is as none: the program works on the spool itself if it may, or says what is missing.
//!
//! # Security
//! The socket of the server with the default configuration stands in a folder that everybody can enter; that of one with
//! `-C` or `-D` stands in its spool.

use std::path::{Path, PathBuf};

use config::Config;
use mta::queue::control::{Answer, Client, Request, socket_path};
use mta::queue::{RunRequest, Select};

use crate::argv::{Invocation, QueueRun};

/// The folder of the default server's socket.
pub(crate) const SOCKET_FOLDER: &str = "/run/postrider";

/// Where the server of this configuration listens for programs.
pub(crate) fn socket(invocation: &Invocation, config: &Config) -> Result<PathBuf, String> {
    if invocation.is_private() {
        return crate::assembly::spool_directory(config).map(|spool| socket_path(&spool));
    }
    Ok(socket_path(Path::new(SOCKET_FOLDER)))
}

/// Asks the server, if there is one and this command may use it; `None` when the program has to do the work itself.
pub(crate) async fn ask(invocation: &Invocation, config: &Config, request: &Request) -> Option<u8> {
    if !invocation.may_use_server(config) {
        return None;
    }
    let socket = socket(invocation, config).ok()?;
    let client = Client::connect(&socket).await.ok().flatten()?;
    // A server that goes away in the middle has done what it has done; the messages' locks keep order.
    client.ask(request, &mut show).await.ok()
}

/// What the server says, for the caller's eyes.
pub(crate) fn show(answer: Answer) {
    match answer {
        Answer::Output(text) => crate::say(&text),
        Answer::Complaint(text) => crate::say_error_as_is(&text),
        Answer::Session | Answer::Done(_) => {}
    }
}

/// A queue run as the queue wants it.
pub(crate) fn run_request(wanted: &QueueRun) -> RunRequest {
    let id = |text: &Option<Vec<u8>>| text.as_deref().and_then(mail_types::MessageId::parse);
    let select =
        |s: &Option<crate::argv::Select>| s.as_ref().map(|s| Select { text: s.text.clone(), regex: s.regex });
    RunRequest {
        two_stage: wanted.two_stage,
        first_only: wanted.initial_only,
        force: wanted.force,
        thaw: wanted.force_frozen,
        local_only: wanted.local_only,
        from: id(&wanted.from),
        to: id(&wanted.to),
        recipients: select(&wanted.recipients),
        senders: select(&wanted.senders),
    }
}
