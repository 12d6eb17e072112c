//! The time of one expansion is bounded: by a clock that the test moves.

use std::io;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use mail_types::clock::{Clock, FixedClock, Timestamp};
use mail_types::{Clean, SourceText, Value};
use postrider_expand::env::{
    Command, CommandOutcome, Conversation, Datagram, FileStatus, Files, PamQuestion, PamVerdict,
    SocketFailure,
};
use postrider_expand::{BareEnv, EvalError, Expansion};

const LATE: &str = "an expansion takes longer than 300 seconds";

fn expand(text: &str, env: &mut BareEnv) -> Result<Vec<u8>, EvalError> {
    Expansion::parse(&SourceText::nowhere(text.as_bytes())).eval(env).map(Value::into_bytes)
}

/// Moves on by so many seconds whenever somebody looks.
struct Ticking {
    next: AtomicI64,
    seconds: i64,
}

impl Clock for Ticking {
    fn now(&self) -> Timestamp {
        Timestamp::from_secs(self.next.fetch_add(self.seconds, Ordering::SeqCst))
    }
}

fn expand_ticking(text: &str, seconds: i64) -> Result<Vec<u8>, EvalError> {
    let clock = Arc::new(Ticking { next: AtomicI64::new(0), seconds });
    expand(text, &mut BareEnv { clock, ..BareEnv::new() })
}

#[test]
fn long_work_looks_at_the_clock_now_and_then() {
    let many = format!("${{map{{{}}}{{$item-}}}}", ":a".repeat(1_000));
    assert!(expand_ticking(&many, 1).is_ok());
    assert!(expand_ticking(&many, 100).unwrap_err().message().starts_with(LATE));
    assert_eq!(expand_ticking("${lc:A}${uc:b}", 1_000_000).unwrap(), b"aB");
}

#[test]
fn what_may_wait_looks_at_the_clock_first() {
    let pieces = [
        "${run{/bin/true}}",
        "${readfile{/dev/null}}",
        "${readsocket{/nowhere}{a}{1s}{}{failed}}",
        "${if crypteq{a}{\\{md5\\}00}{}}",
        "${if saslauthd{{a}{b}}{}{}}",
        "${if pam{a:b}{}{}}",
        "${if match_domain{a}{b}{}{}}",
        "${lookup{a}lsearch{/b}{}{}}",
        "${perl{a}}",
        "${acl{a}}",
        "${if acl{{a}}{}{}}",
    ];
    for piece in pieces {
        // The world of this test has no daemon and no ACL: they fail of themselves, but not before the time is told.
        let late = format!("${{run{{/bin/true}}}}{piece}");
        assert_eq!(expand_ticking(&late, 300).unwrap_err().message(), LATE, "{piece}");
        assert_ne!(expand_ticking(&late, 299).err().as_ref().map(EvalError::message), Some(LATE), "{piece}");
    }
}

/// A system where everything takes 50 seconds.
struct Slow {
    clock: Arc<FixedClock>,
    waits: Arc<Mutex<Vec<u64>>>,
}

impl Slow {
    fn wait(&self, most: Duration) {
        self.waits.lock().unwrap_or_else(PoisonError::into_inner).push(most.as_secs());
        self.clock.advance(Duration::from_secs(50));
    }
}

impl Files for Slow {
    fn status(&mut self, _path: &[u8]) -> io::Result<FileStatus> {
        Err(io::ErrorKind::NotFound.into())
    }

    fn read(&mut self, _path: &Clean, _limit: usize) -> io::Result<Vec<u8>> {
        Ok(b"authserver host:1812:secret".to_vec())
    }

    fn run(&mut self, _command: &Command, timeout: Duration) -> io::Result<CommandOutcome> {
        self.wait(timeout);
        Ok(CommandOutcome { status: 0, output: b"x".to_vec() })
    }

    fn converse(&mut self, asked: &Conversation, _limit: usize) -> Result<Vec<u8>, SocketFailure> {
        self.wait(asked.timeout);
        Ok(b"OK".to_vec())
    }

    fn exchange(&mut self, asked: &Datagram, _limit: usize) -> Result<Vec<u8>, SocketFailure> {
        self.wait(asked.timeout);
        Err(SocketFailure::Read(io::ErrorKind::TimedOut.into()))
    }

    fn pam(&mut self, asked: &PamQuestion) -> PamVerdict {
        self.wait(asked.timeout);
        PamVerdict::Yes
    }

    fn environment(&mut self, _name: &[u8]) -> Option<Vec<u8>> {
        None
    }
}

#[test]
fn a_wait_gets_no_more_than_is_left() {
    let cases: [(&str, &[u64]); 5] = [
        ("${run{/bin/a}}", &[60, 60, 60, 60, 60, 50]),
        ("${readsocket{/a}{b}{2m}{}{failed}}", &[120, 120, 120, 120, 100, 50]),
        ("${if pwcheck{a:b}{y}{n}}", &[30, 30, 30, 30, 30, 30]),
        ("${if pam{a:b}{y}{n}}", &[30, 30, 30, 30, 30, 30]),
        ("${if radius{a:b}{y}{n}}", &[10, 10, 10, 10]),
    ];
    for (piece, wanted) in cases {
        let clock = Arc::new(FixedClock::new(Timestamp::from_secs(1_000)));
        let waits = Arc::new(Mutex::new(Vec::new()));
        let files = Box::new(Slow { clock: Arc::clone(&clock), waits: Arc::clone(&waits) });
        let error = expand(&piece.repeat(9), &mut BareEnv { clock, files, ..BareEnv::new() }).unwrap_err();
        if !piece.contains("radius") {
            assert_eq!(error.message(), LATE, "{piece}");
        }
        assert_eq!(*waits.lock().unwrap(), wanted, "{piece}");
    }
}
