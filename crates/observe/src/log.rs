//! The log that everybody writes to.
//!
//! # Failure
//! A log that can't be written never stops mail: the line goes to the panic log, and if that fails too, to standard
//! error once for each kind of failure.

use std::collections::{HashMap, VecDeque};
use std::io::Write as _;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::Duration;

use mail_types::clock::Clock;
use mail_types::trace::{self, Category};
use mail_types::zone::Zone;
use mail_types::{MessageId, Timestamp};

use crate::event::Event;
use crate::file_sink::{FileSink, MessageLogDir};
use crate::log_path::LogPaths;
use crate::memory_sink::MemorySink;
use crate::render::{MessageLogLine, Rendered, Renderer};
use crate::sink::{LogSink, Stream};
use mail_types::log_selector::{Selector, Selectors};

/// What the configuration says about logs.
#[derive(Clone, Debug)]
pub struct LogSettings {
    /// `log_selector`.
    pub selectors: Selectors,
    /// `timezone`.
    pub zone: Zone,
    /// `log_timezone`.
    pub log_timezone: bool,
    /// `write_rejectlog`.
    pub write_rejectlog: bool,
    /// `print_topbitchars`.
    pub print_topbitchars: bool,
    /// `message_logs`.
    pub message_logs: bool,
}

impl Default for LogSettings {
    /// Exim's defaults, in universal time.
    fn default() -> Self {
        Self {
            selectors: Selectors::default(),
            zone: Zone::utc(),
            log_timezone: false,
            write_rejectlog: true,
            print_topbitchars: false,
            message_logs: true,
        }
    }
}

/// Main log, reject log, panic log and the messages' own logs, behind one door.
pub struct Log {
    current: RwLock<Arc<Target>>,
    clock: Arc<dyn Clock>,
    pid: u32,
    complained: AtomicBool,
    echo: AtomicBool,
    one_line: AtomicBool,
    /// What is to go into the own logs of messages that are being worked on.
    held: Mutex<Held>,
}

/// Lines that wait in memory.
#[derive(Default)]
struct Held {
    lines: HashMap<MessageId, Vec<u8>>,
    /// Lines without a holder at the moment, since when; whoever works on the message next holds them.
    handed_on: VecDeque<(Timestamp, MessageId)>,
}

/// Lines that nobody has taken over are written after so long …
const OVERDUE: Duration = Duration::from_secs(2);
/// … and where more messages than this wait.
const MOST_HANDED_ON: usize = 1_000;

/// While it exists, lines for a message's own log are kept in memory; see [`Log::hold_message_log`].
pub struct HeldMessageLog {
    log: Arc<Log>,
    id: MessageId,
    handed_on: bool,
}

impl HeldMessageLog {
    /// The message is gone, and its log with it: what was held is for nobody.
    pub fn forget(self) {
        drop(self.log.take_held(&self.id));
    }

    /// Leaves the lines to whoever holds the message's log next, which is to be soon: they are written by
    /// [`Log::write_overdue`] otherwise.
    pub fn hand_on(mut self) {
        self.handed_on = true;
        let now = self.log.clock.now();
        self.log.held().handed_on.push_back((now, self.id));
        self.log.write_handed_on(|since, count| count > MOST_HANDED_ON || now.since(since) > OVERDUE);
    }
}

impl Drop for HeldMessageLog {
    /// Writes what was held.
    fn drop(&mut self) {
        if self.handed_on {
            return;
        }
        let Some(lines) = self.log.take_held(&self.id).filter(|lines| !lines.is_empty()) else { return };
        let target = self.log.target();
        self.log.write_message_log(&target, &self.id, &lines);
    }
}

struct Target {
    settings: LogSettings,
    sink: Arc<dyn LogSink>,
}

impl Log {
    /// Writes to `sink`.
    pub fn new(settings: LogSettings, clock: Arc<dyn Clock>, sink: Arc<dyn LogSink>) -> Self {
        let current = RwLock::new(Arc::new(Target { settings, sink }));
        Self {
            current,
            clock,
            pid: std::process::id(),
            complained: AtomicBool::new(false),
            echo: AtomicBool::new(false),
            one_line: AtomicBool::new(false),
            held: Mutex::default(),
        }
    }

    /// Writes to the files that `log_file_path` names.
    pub fn to_files(
        settings: LogSettings,
        clock: Arc<dyn Clock>,
        paths: LogPaths,
        message_logs: Option<MessageLogDir>,
    ) -> Self {
        let sink = Arc::new(FileSink::new(paths, settings.zone.clone(), message_logs));
        Self::new(settings, clock, sink)
    }

    /// Writes to memory, for tests.
    pub fn to_memory(settings: LogSettings, clock: Arc<dyn Clock>) -> (Self, Arc<MemorySink>) {
        let sink = Arc::new(MemorySink::default());
        (Self::new(settings, clock, sink.clone()), sink)
    }

    /// Says what happened outside of any message.
    pub fn write(&self, event: &Event) {
        self.put(None, event);
    }

    /// Says what happened to a message.
    pub fn message(&self, id: &MessageId, event: &Event) {
        self.put(Some(id), event);
    }

    /// Says that something is wrong with this system (main log and panic log).
    pub fn problem(&self, id: Option<&MessageId>, text: impl Into<Vec<u8>>) {
        self.put(id, &Event::Problem(text.into()));
    }

    /// From now on lines of the panic log go to standard error as well: somebody is there to read them.
    pub fn echo_problems(&self) {
        self.echo.store(true, Ordering::Relaxed);
    }

    /// As [`trace`] shows them, entries take one line each, with the message's id (`-bh`).
    pub fn show_on_one_line(&self) {
        self.one_line.store(true, Ordering::Relaxed);
    }

    /// Whether a selector is on.
    pub fn has(&self, selector: Selector) -> bool {
        self.target().settings.selectors.has(selector)
    }

    /// The settings now in force.
    pub fn settings(&self) -> LogSettings {
        self.target().settings.clone()
    }

    /// Takes new settings and a new place; lines under way go to the old one.
    pub fn reconfigure(&self, settings: LogSettings, sink: Arc<dyn LogSink>) {
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(Target { settings, sink });
    }

    fn target(&self) -> Arc<Target> {
        self.current.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn put(&self, id: Option<&MessageId>, event: &Event) {
        let target = self.target();
        let renderer = Renderer::new(target.settings.selectors, target.settings.print_topbitchars);
        let Some(rendered) = renderer.render(event) else { return };
        let now = self.clock.now();
        self.show(&rendered, id);
        let Rendered { text, streams, reject_tail, message_log } = rendered;
        let mut line = self.prefix(&target.settings, id, now);
        line.extend_from_slice(&text);
        line.push(b'\n');
        if streams.main {
            let rejects = streams.reject && target.settings.write_rejectlog;
            self.deliver(&target, Stream::Main, now, &line, streams.panic || rejects);
        }
        if streams.panic {
            self.deliver(&target, Stream::Panic, now, &line, false);
            if self.echo.load(Ordering::Relaxed) {
                // A caller who has closed his standard error does not want to know.
                let _ = std::io::stderr().lock().write_all(&line);
            }
        }
        if streams.reject && target.settings.write_rejectlog {
            line.extend_from_slice(&reject_tail);
            self.deliver(&target, Stream::Reject, now, &line, false);
        }
        if let (Some(id), Some(text), true) = (id, message_log, target.settings.message_logs) {
            let mut line = Vec::new();
            match text {
                MessageLogLine::Stamped(text) => {
                    line.extend_from_slice(stamp(&target.settings, now).as_bytes());
                    line.push(b' ');
                    line.extend_from_slice(&text);
                }
                MessageLogLine::Bare(text) => line.extend_from_slice(&text),
            }
            line.push(b'\n');
            let mut held = self.held();
            if let Some(lines) = held.lines.get_mut(id) {
                lines.extend_from_slice(&line);
                return;
            }
            drop(held);
            self.write_message_log(&target, id, &line);
        }
    }

    /// Keeps the lines for a message's own log in memory for as long as what this gives exists: a short piece of work
    /// mostly ends with the message, and its log is removed then.
    pub fn hold_message_log(self: &Arc<Self>, id: MessageId) -> HeldMessageLog {
        let mut held = self.held();
        held.lines.entry(id).or_default();
        held.handed_on.retain(|(_, waiting)| *waiting != id);
        drop(held);
        HeldMessageLog { log: Arc::clone(self), id, handed_on: false }
    }

    /// Writes lines that nobody has taken over for a while; to be called every few seconds.
    pub fn write_overdue(&self) {
        let now = self.clock.now();
        self.write_handed_on(|since, _| now.since(since) > OVERDUE);
    }

    /// Writes all lines that nobody has taken over: nobody will.
    pub fn write_all_handed_on(&self) {
        self.write_handed_on(|_, _| true);
    }

    /// Writes the oldest lines without a holder, as long as `due` says so of the time since when, and of how many wait.
    fn write_handed_on(&self, due: impl Fn(Timestamp, usize) -> bool) {
        let mut written = Vec::new();
        let mut held = self.held();
        while let Some(&(since, id)) = held.handed_on.front()
            && due(since, held.handed_on.len())
        {
            held.handed_on.pop_front();
            written.extend(held.lines.remove(&id).map(|lines| (id, lines)));
        }
        drop(held);
        for (id, lines) in written.iter().filter(|(_, lines)| !lines.is_empty()) {
            self.write_message_log(&self.target(), id, lines);
        }
    }

    fn take_held(&self, id: &MessageId) -> Option<Vec<u8>> {
        self.held().lines.remove(id)
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn write_message_log(&self, target: &Target, id: &MessageId, lines: &[u8]) {
        if let Err(error) = target.sink.message_log(id, lines) {
            let text = format!("Couldn't open message log for {id}: {error}");
            self.complain(target, self.clock.now(), &text);
        }
    }

    /// `-v`: what is logged, for whoever watches.
    fn show(&self, rendered: &Rendered, id: Option<&MessageId>) {
        if !trace::on(Category::Verbose) {
            return;
        }
        let streams = rendered.streams;
        let names = [(streams.main, " MAIN"), (streams.reject, " REJECT"), (streams.panic, " PANIC")];
        let names: String = names.iter().filter(|(on, _)| *on).map(|(_, name)| *name).collect();
        let text = String::from_utf8_lossy(&rendered.text);
        if self.one_line.load(Ordering::Relaxed) {
            let id = id.map(|id| format!("{id} ")).unwrap_or_default();
            trace::say(Category::Verbose, format_args!("LOG: {id}{text}"));
            return;
        }
        let id = id.filter(|_| streams.panic).map(|id| format!("{id} ")).unwrap_or_default();
        trace::say(Category::Verbose, format_args!("LOG:{names}\n  {id}{text}"));
    }

    fn prefix(&self, settings: &LogSettings, id: Option<&MessageId>, now: Timestamp) -> Vec<u8> {
        let mut line = stamp(settings, now).into_bytes();
        line.push(b' ');
        if settings.selectors.has(Selector::Pid) {
            line.extend_from_slice(format!("[{}] ", self.pid).as_bytes());
        }
        if let Some(id) = id {
            line.extend_from_slice(id.as_bytes());
            line.push(b' ');
        }
        line
    }

    /// `lesser`: the line goes to a log of more weight too.
    fn deliver(&self, target: &Target, stream: Stream, now: Timestamp, line: &[u8], lesser: bool) {
        let written = if lesser {
            target.sink.write_lesser_copy(stream, now, line)
        } else {
            target.sink.write(stream, now, line)
        };
        let Err(error) = written else { return };
        if stream == Stream::Panic {
            self.last_resort(line);
        } else {
            self.complain(target, now, &format!("Cannot write {} log: {error}", stream.name()));
            self.last_resort(line);
        }
    }

    fn complain(&self, target: &Target, now: Timestamp, text: &str) {
        let mut line = self.prefix(&target.settings, None, now);
        line.extend_from_slice(text.as_bytes());
        line.push(b'\n');
        if target.sink.write(Stream::Panic, now, &line).is_err() {
            self.last_resort(&line);
        }
    }

    /// Standard error, once: a full disk must not fill a service's journal as well.
    fn last_resort(&self, line: &[u8]) {
        if !self.complained.swap(true, Ordering::Relaxed) {
            let mut out = std::io::stderr().lock();
            // Nothing is left to tell the failure to.
            let _ = out.write_all(line);
        }
    }
}

fn stamp(settings: &LogSettings, now: Timestamp) -> String {
    let mut stamp = if settings.selectors.has(Selector::Millisec) {
        settings.zone.log_millis(now)
    } else {
        settings.zone.log(now)
    };
    if settings.log_timezone {
        stamp.push(' ');
        stamp.push_str(&settings.zone.offset(now));
    }
    stamp
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{Dropped, MessageEvent, Peer, SmtpEvent, SmtpNews};
    use mail_types::clock::FixedClock;

    fn log(settings: LogSettings) -> (Log, Arc<MemorySink>) {
        let clock = Arc::new(FixedClock::new(Timestamp::from_parts(1_795_361_539, 597_000)));
        Log::to_memory(settings, clock)
    }

    fn id() -> MessageId {
        MessageId::long(1_795_361_539, 1, 2)
    }

    #[test]
    fn stamps_ids_and_pids() {
        let completed = Event::Message(MessageEvent::Completed(None));
        let (plain, lines) = log(LogSettings::default());
        plain.message(&id(), &completed);
        assert_eq!(lines.main(), [format!("2026-11-22 15:32:19 {} Completed", id())]);
        let selectors = Selectors::parse(b"+millisec +pid").unwrap();
        let (full, lines) = log(LogSettings { selectors, log_timezone: true, ..LogSettings::default() });
        full.message(&id(), &completed);
        let pid = std::process::id();
        assert_eq!(lines.main(), [format!("2026-11-22 15:32:19.597 +0000 [{pid}] {} Completed", id())]);
    }

    #[test]
    fn each_log_gets_its_lines() {
        let peer = Peer { ident: Some(b"root".to_vec()), ..Peer::default() };
        let news = SmtpNews::Dropped(Dropped::UnknownCommands { last: b"X".to_vec() });
        let dropped = Event::Smtp(Box::new(SmtpEvent { peer, news }));
        let (all, lines) = log(LogSettings::default());
        all.write(&dropped);
        all.problem(Some(&id()), "disk on fire\nreally");
        assert_eq!((lines.main().len(), lines.reject().len()), (2, 1));
        assert_eq!(lines.panic(), [format!("2026-11-22 15:32:19 {} disk on fire\\nreally", id())]);
        let (without, lines) = log(LogSettings { write_rejectlog: false, ..LogSettings::default() });
        without.write(&dropped);
        assert_eq!((lines.main().len(), lines.reject().len()), (1, 0));
    }

    #[test]
    fn a_messages_log_is_handed_on_and_written_where_nobody_takes_it() {
        let clock = Arc::new(FixedClock::new(Timestamp::from_secs(1_795_361_539)));
        let (log, lines) = Log::to_memory(LogSettings::default(), clock.clone());
        let log = Arc::new(log);
        let frozen = Event::Message(MessageEvent::Frozen(crate::event::FrozenBy::DeliveryError));
        let ids: Vec<_> = (1..=3).map(|n| MessageId::long(1_795_361_539, n, 2)).collect();
        for id in &ids {
            let held = log.hold_message_log(*id);
            log.message(id, &frozen);
            held.hand_on();
        }
        log.hold_message_log(ids[0]).forget();
        drop(log.hold_message_log(ids[1]));
        let written = || ids.iter().map(|id| lines.message(id).len()).collect::<Vec<_>>();
        assert_eq!(written(), [0, 1, 0]);
        log.write_overdue();
        assert_eq!(written(), [0, 1, 0], "it is early yet");
        clock.advance(OVERDUE * 2);
        log.write_overdue();
        log.write_all_handed_on();
        assert_eq!(written(), [0, 1, 1]);
    }
}
