//! Mail of ordinary users: handed to the running server, which may write the spool.
//!
//! # Failure
//! Without a server the caller is told what is missing; the message was never accepted.

use std::process::ExitCode;

use mail_types::MessageId;
use mta::local_submission::ErrorMode;
use mta::queue::control::{Client, Request, Submission};
use tokio::io::AsyncWriteExt as _;

use super::Start;
use crate::argv::{DeliveryMode, Mode};
use crate::server;

/// Exit code for "try again later" (sysexits' EX_TEMPFAIL).
const TRY_LATER: u8 = 75;

/// Whether this caller cannot write the spool himself.
pub(crate) fn is_needed(start: &Start<'_>) -> bool {
    let mail_user = start.config.main.get(config::options::main::EXIM_USER).map(|u| u.uid);
    let owns_spool = start.caller.is_root() || mail_user == Some(start.caller.uid);
    !owns_spool && start.invocation.may_use_server(&start.config)
}

/// Hands a message or a session to the server.
pub(crate) fn submit(start: &Start<'_>) -> ExitCode {
    let Ok(runtime) = crate::runtime() else { return ExitCode::from(TRY_LATER) };
    let code = runtime.block_on(hand_over(start)).unwrap_or_else(|reason| {
        crate::say_error(&reason);
        TRY_LATER
    });
    runtime.shutdown_background();
    ExitCode::from(code)
}

/// Tells the server about messages that wait for their first delivery; false when there is none.
pub(crate) async fn tell_of(start: &Start<'_>, ids: &[MessageId]) -> bool {
    server::ask(start.invocation, &start.config, &Request::Arrived(ids.to_vec())).await.is_some()
}

async fn hand_over(start: &Start<'_>) -> Result<u8, String> {
    if start.invocation.mode == Mode::BatchedSmtp {
        return Err(
            "the mail server takes no batches (-bS) from ordinary users: use -bs, or -bm for each message"
                .to_owned(),
        );
    }
    let socket = server::socket(start.invocation, &start.config)?;
    let client = Client::connect(&socket)
        .await
        .map_err(|e| format!("cannot reach the mail server: {}: {e}", socket.display()))?;
    let client = client.ok_or_else(|| {
        format!(
            "the mail server is not running (nothing listens on {}), and only it can take your mail: \
             ask the administrator to start it (exim -bd)",
            socket.display()
        )
    })?;
    let broken =
        |e: std::io::Error| format!("the mail server went away before it had taken the message: {e}");
    if start.invocation.mode == Mode::Smtp {
        return match client.session(submission(start)).await.map_err(broken)? {
            Ok(stream) => relay(stream).await.map_err(broken),
            Err(answer) => {
                server::show(answer);
                Ok(1)
            }
        };
    }
    client.submit(submission(start), &mut tokio::io::stdin(), &mut server::show).await.map_err(broken)
}

/// Passes the session's octets both ways until the server ends it.
async fn relay(stream: tokio::net::UnixStream) -> std::io::Result<u8> {
    let (mut from_server, mut to_server) = stream.into_split();
    let sending = tokio::spawn(async move {
        // The server may end the session before the caller has said everything.
        let _ = tokio::io::copy(&mut tokio::io::stdin(), &mut to_server).await;
        let _ = to_server.shutdown().await;
    });
    let mut out = tokio::io::stdout();
    tokio::io::copy(&mut from_server, &mut out).await?;
    out.flush().await?;
    sending.abort();
    Ok(0)
}

fn submission(start: &Start<'_>) -> Submission {
    let invocation = start.invocation;
    Submission {
        arguments: invocation.operands.clone(),
        extract_recipients: invocation.extract_recipients,
        dot_ends: !invocation.dot_is_data,
        sender: invocation.sender.clone(),
        full_name: invocation.sender_name.clone(),
        no_qualify: invocation.no_qualify,
        queue_only: invocation.delivery == Some(DeliveryMode::Queue),
        wait: invocation.delivery == Some(DeliveryMode::Foreground),
        dont_deliver: invocation.pretend,
        suppress_local_fixups: invocation.no_qualify,
        body_type: 0,
        errors: invocation.errors.unwrap_or(ErrorMode::Mail),
        tls_on_connect: invocation.tls_on_connect,
    }
}
