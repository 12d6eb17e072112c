//! The program itself.

use mail_types::interval;

use super::line::Line;
use super::{Rendered, Renderer};
use crate::event::{ListenOn, Listening, ProcessEvent, Streams};
use mail_types::log_selector::Selector;

impl Renderer {
    pub(super) fn process(&self, event: &ProcessEvent) -> Option<Rendered> {
        let mut line = self.line();
        match event {
            ProcessEvent::Arguments { .. } if !self.has(Selector::Arguments) => return None,
            ProcessEvent::Arguments { cwd, args } => {
                line.push("cwd=").text(cwd).push(&format!(" {} args:", args.len()));
                for argument in args {
                    argument_word(&mut line, argument);
                }
            }
            ProcessEvent::DaemonStarted { version, pid, queue_interval, listening } => {
                line.push(&format!("exim {version} daemon started: pid={pid}, "));
                match queue_interval {
                    Some(seconds) => line.push("-q").push(&interval::format(*seconds)),
                    None => line.push("no queue runs"),
                };
                match listening {
                    Some(places) => listening_words(&mut line, places),
                    None => {
                        line.push(", not listening for SMTP");
                    }
                }
            }
            ProcessEvent::Sighup { pid } => {
                line.push(&format!("pid {pid}: SIGHUP received: re-exec daemon"));
            }
            ProcessEvent::BindFailed { .. } => return Some(self.bind_failed(event)),
            ProcessEvent::QueueRunStarted { .. } | ProcessEvent::QueueRunEnded { .. }
                if !self.has(Selector::QueueRun) =>
            {
                return None;
            }
            ProcessEvent::QueueRunStarted { pid, options, queue } => {
                queue_run(&mut line, "Start", (*pid, options, queue.as_deref()));
            }
            ProcessEvent::QueueRunAbandoned { pid, options, load, max } => {
                queue_run(&mut line, "Abandon", (*pid, options, None));
                let (load, max) = (*load as f64 / 1000.0, *max as f64 / 1000.0);
                line.push(&format!(" (load {load:.2}, max {max:.2})"));
            }
            ProcessEvent::QueueRunEnded { pid, options, queue } => {
                queue_run(&mut line, "End", (*pid, options, queue.as_deref()));
            }
            ProcessEvent::ConfigError(lines) => {
                return Some(self.lines("", lines, Streams { main: false, ..Streams::PANIC }));
            }
            ProcessEvent::Warning(lines) => return Some(self.lines("Warning: ", lines, Streams::MAIN)),
        }
        Some(Rendered::main(line.finish()))
    }

    fn bind_failed(&self, event: &ProcessEvent) -> Rendered {
        let mut line = self.line();
        let ProcessEvent::BindFailed { port, address, problem, again } = event else {
            return Rendered::default();
        };
        line.push(&format!("socket bind() to port {port} for address "));
        match address {
            Ok(address) => line.push(&address.to_string()),
            Err(any) => line.push(any),
        };
        line.push(" failed: ").push(problem).push(": ");
        match again {
            Some((seconds, tries)) => {
                let plural = if *tries == 1 { "y" } else { "ies" };
                line.push(&format!("waiting {}", interval::format(*seconds)));
                line.push(&format!(" before trying again ({tries} more tr{plural})"));
                Rendered::main(line.finish())
            }
            None => {
                line.push("daemon abandoned");
                Rendered { text: line.finish(), streams: Streams::PANIC, ..Rendered::default() }
            }
        }
    }

    fn lines(&self, before: &str, lines: &[Vec<u8>], streams: Streams) -> Rendered {
        let mut line = self.line();
        line.push(before);
        for (number, text) in lines.iter().enumerate() {
            line.push(if number == 0 { "" } else { "\n " }).text(text);
        }
        Rendered { text: line.finish(), streams, ..Rendered::default() }
    }
}

/// Arguments with white space or none at all are quoted, as Exim does.
fn argument_word(line: &mut Line, argument: &[u8]) {
    line.push(" ");
    if argument.is_empty() || argument.iter().any(u8::is_ascii_whitespace) {
        line.push("\"").printable(argument).push("\"");
    } else {
        line.printable(argument);
    }
}

fn listening_words(line: &mut Line, listening: &Listening) {
    line.push(", listening");
    if !listening.smtp.is_empty() {
        line.push(" for SMTP on");
        listen_on(line, &listening.smtp);
    }
    if !listening.smtps.is_empty() {
        line.push(if listening.smtp.is_empty() { " for SMTPS on" } else { " and for SMTPS on" });
        listen_on(line, &listening.smtps);
    }
}

fn queue_run(line: &mut Line, word: &str, run: (u32, &Vec<u8>, Option<&[u8]>)) {
    let (pid, options, queue) = run;
    line.push(word);
    if let Some(queue) = queue {
        line.push(" '").text(queue).push("'");
    }
    line.push(&format!(" queue run: pid={pid}"));
    if !options.is_empty() {
        line.push(" ").text(options);
    }
}

fn listen_on(line: &mut Line, places: &[ListenOn]) {
    for place in places {
        match place {
            ListenOn::Any { port, families } => line.push(&format!(" port {port} ({families})")),
            ListenOn::Address { address, ports } => match &ports[..] {
                [port] => line.push(&format!(" [{address}]:{port}")),
                several => {
                    let list: Vec<String> = several.iter().map(u16::to_string).collect();
                    line.push(&format!(" [{address}]:{{{}}}", list.join(",")))
                }
            },
        };
    }
}
