//! `-M…`: acting on messages.

use std::os::unix::process::CommandExt;
use std::process::{Command, ExitCode, Stdio};
use std::sync::Arc;

use config::Config;
use config::options::main;
use mail_types::MessageId;
use mta::deliver::AttemptKind;
use mta::queue::act::{Actor, Change};
use mta::services::Services;

use super::Start;
use crate::argv::{Action, Invocation};
use crate::assembly;
use crate::delivery::deliver;
use crate::process::{self, Job, Seat};

/// Runs the mode.
pub(crate) fn run(start: &Start<'_>, action: Action) -> ExitCode {
    let is_delivery = matches!(action, Action::Deliver | Action::DeliverIfDue);
    let needs_admin = !is_delivery || start.config.main.get(main::PROD_REQUIRES_ADMIN);
    if needs_admin && !start.caller.admin {
        return super::permission_denied();
    }
    process::run(Arc::clone(&start.config), &Act { start, action }, false)
}

/// Starts `-Mc` for these messages in a process of its own that nobody waits for.
pub(crate) fn deliver_detached(
    invocation: &Invocation,
    config: &Config,
    ids: &[MessageId],
) -> std::io::Result<()> {
    let mut command = Command::new(assembly::program_path(config)?);
    if let Some(files) = &invocation.config_files {
        command.arg("-C").arg(String::from_utf8_lossy(&files.join(&b':')).into_owned());
    }
    for (name, value) in &invocation.macros {
        command.arg(format!("-D{name}={}", String::from_utf8_lossy(value)));
    }
    command.arg("-Mc").args(ids.iter().map(MessageId::as_str));
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).process_group(0);
    command.spawn().map(drop)
}

struct Act<'a> {
    start: &'a Start<'a>,
    action: Action,
}

impl Job for Act<'_> {
    fn run(&self, config: Arc<Config>, seat: Seat) -> u8 {
        let Ok(runtime) = crate::runtime() else { return 1 };
        runtime.block_on(async {
            match assembly::command_services(&config, &seat) {
                Some(services) => self.act(&services).await,
                None => 1,
            }
        })
    }
}

impl Act<'_> {
    async fn act(&self, services: &Arc<Services>) -> u8 {
        let operands = &self.start.invocation.operands;
        let kind = match self.action {
            Action::Deliver => AttemptKind::Forced,
            Action::DeliverIfDue => AttemptKind::Arrival,
            Action::GiveUp => {
                for id in operands.iter().filter_map(|text| MessageId::parse(text)) {
                    self.actor(services).giving_up(&id);
                }
                AttemptKind::GiveUp
            }
            _ => return self.change_or_show(services),
        };
        for id in operands.iter().filter_map(|text| MessageId::parse(text)) {
            deliver(vec![id], kind, services).await;
        }
        services.connections.close().await;
        services.hints.flush(crate::HINTS_FLUSH);
        0
    }

    fn change_or_show(&self, services: &Services) -> u8 {
        let operands = &self.start.invocation.operands;
        let Some((first, rest)) = operands.split_first() else { return 1 };
        let change = match self.action {
            Action::Freeze => Change::Freeze,
            Action::Thaw => Change::Thaw,
            Action::Remove => Change::Remove,
            Action::MarkAllDelivered => Change::MarkAllDelivered,
            Action::AddRecipients => {
                return self.change(first, &Change::AddRecipients(rest.to_vec()), services);
            }
            Action::MarkDelivered => {
                return self.change(first, &Change::MarkDelivered(rest.to_vec()), services);
            }
            Action::EditSender => {
                let sender = rest.first().cloned().unwrap_or_default();
                return self.change(first, &Change::EditSender(sender), services);
            }
            _ => return operands.iter().map(|id| self.show(id, services)).max().unwrap_or(1),
        };
        let code = operands.iter().map(|id| self.change(id, &change, services)).max().unwrap_or(1);
        if change == Change::MarkAllDelivered {
            // Exim ends with an empty line here.
            crate::say(b"\n");
        }
        code
    }

    fn actor<'s>(&'s self, services: &'s Services) -> Actor<'s> {
        Actor {
            spool: &services.spool,
            log: &services.log,
            user: &self.start.caller.login,
            now: services.clock.now().secs(),
        }
    }

    fn change(&self, id: &[u8], change: &Change, services: &Services) -> u8 {
        let Some(id) = MessageId::parse(id) else { return 1 };
        let actor = self.actor(services);
        let done = actor.change(&id, change);
        crate::say(done.text.as_bytes());
        u8::from(!done.ok)
    }

    /// `-Mvh`, `-Mvb`, `-Mvl`, `-Mvc`.
    fn show(&self, id: &[u8], services: &Services) -> u8 {
        let Some(id) = MessageId::parse(id) else { return 1 };
        let (text, file) = match self.action {
            Action::ViewHeader => (services.spool.read_header_bytes(&id), "-H"),
            Action::ViewLog => (services.spool.read_message_log(&id), ""),
            Action::ViewBody => (body(&id, services, true), "-D"),
            _ => (copy(&id, services), "-H"),
        };
        match text {
            Ok(Some(text)) => {
                crate::say(&text);
                0
            }
            Ok(None) => {
                // Exim says this where the text would have stood.
                crate::say(
                    format!("Failed to open input file for {id}{file}: No such file or directory\n")
                        .as_bytes(),
                );
                1
            }
            Err(error) => {
                crate::say_error_as_is(&format!("Failed to open input file for {id}{file}: {error}"));
                1
            }
        }
    }
}

fn body(id: &MessageId, services: &Services, whole: bool) -> Result<Option<Vec<u8>>, spool::SpoolError> {
    let Some(data) = services.spool.open_data(id)? else { return Ok(None) };
    let mut text = if whole { format!("{id}-D\n").into_bytes() } else { Vec::new() };
    let mut offset = 0;
    let mut piece = vec![0; 64 * 1024];
    while let Ok(count @ 1..) = data.read_at(&mut piece, offset) {
        text.extend_from_slice(&piece[..count]);
        offset += count as u64;
    }
    Ok(Some(text))
}

/// The message as it would be delivered: header lines, an empty line, the body.
fn copy(id: &MessageId, services: &Services) -> Result<Option<Vec<u8>>, spool::SpoolError> {
    let Some(header) = services.spool.read_header(id)? else { return Ok(None) };
    let mut text: Vec<u8> = header.live_headers().flat_map(|line| line.text.clone()).collect();
    text.push(b'\n');
    text.extend(body(id, services, false)?.unwrap_or_default());
    Ok(Some(text))
}
