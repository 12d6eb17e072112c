//! Parity: the same work done by Debian's Exim (the oracle) and by Postrider, compared.
//!
//! Two families: `expand` (one expansion a line) and `flow` (whole mail flows: a configuration, a script of
//! steps, and what came out: replies, logs, mailboxes, queue files). `record` asks the oracle and writes its
//! answers into the tree; tests replay them without it; `check` runs both side by side.
//!
//! # Invariants
//! * A mask matches one exact syntax (see [`mask`]); nothing else is forgiven.
//! * The oracle runs in a mount and network namespace of its own: its configuration stands at Debian's path there
//!   (so that it keeps its privileges), and `resolv.conf` names the case's fixture server.

pub mod case;
pub mod expand;
pub mod flow;
pub mod mask;
pub mod namespace;
mod rows;
pub mod run;
pub mod sink;

/// Runs `cargo xtask parity ARGS`.
///
/// # Errors
/// A sentence for the person at the terminal.
pub fn run(args: &[&str]) -> Result<(), String> {
    match args {
        [action @ ("record" | "check" | "report"), "flow", rest @ ..] => flow::run(action, rest),
        [action @ ("record" | "check" | "report"), "expand", rest @ ..] => expand::run(action, rest),
        [action @ ("record" | "check" | "report")] => {
            expand::run(action, &[])?;
            flow::run(action, &[])
        }
        _ => Err("usage: cargo xtask parity record|check|report [expand|flow] [CASE]".to_owned()),
    }
}
