//! Dialogues. Replies, log words and closings are those that Exim 4.96 gave to the same input.

use super::*;
use crate::extension::Extensions;
use mail_types::outcome::Reply;

/// A session with a policy for tests: `bad@` and `tmp@` are refused, `drop@` ends the session,
/// addresses without a domain are syntax errors.
struct Dialogue {
    session: Session,
    buffer: Vec<u8>,
    out: Output,
    replies: Vec<u8>,
    content: Vec<u8>,
    messages: Vec<Vec<u8>>,
    asks: Vec<String>,
    faults: Vec<PeerFault>,
    /// Which question about TLS is answered with no.
    refusing: &'static str,
}

impl Dialogue {
    fn new(change: impl FnOnce(&mut Parameters)) -> Self {
        let mut parameters = Parameters {
            hostname: b"mx.test".to_vec(),
            early_pipelining: false,
            message_size_limit: 100,
            max_nonmail: Some(10),
            ..Parameters::default()
        };
        change(&mut parameters);
        let mut dialogue = Self {
            session: Session::new(parameters),
            buffer: Vec::new(),
            out: Output::default(),
            replies: Vec::new(),
            content: Vec::new(),
            messages: Vec::new(),
            asks: Vec::new(),
            faults: Vec::new(),
            refusing: "",
        };
        dialogue.event(Event::Octets);
        dialogue.replies.clear();
        dialogue
    }

    /// One event, and the answers to what it asks.
    fn event(&mut self, event: Event) {
        let mut next = Some(event);
        while let Some(event) = next.take() {
            self.out.clear();
            self.session.step(event, &self.buffer, &mut self.out);
            self.buffer.drain(..self.out.consumed);
            self.replies.extend_from_slice(&self.out.replies);
            self.content.extend_from_slice(&self.out.content);
            self.faults.append(&mut self.out.faults);
            if self.out.handshake {
                self.buffer.clear();
                self.session.secured(false);
            }
            if let Some(ask) = self.out.ask.take() {
                next = Some(Event::Answer(self.answer(&ask)));
            }
        }
    }

    fn answer(&mut self, ask: &Ask) -> Answer {
        self.asks.push(format!("{ask:?}").split([' ', '(', '{']).next().unwrap_or_default().to_owned());
        match ask {
            Ask::Connect => Answer::Accept(Some(Reply::new(220, "mx.test ESMTP"))),
            Ask::Hello { kind, argument } if argument.is_empty() || argument.contains(&b'_') => {
                malformed(format!("Syntactically invalid {} argument(s)", kind.word()))
            }
            Ask::Hello { argument, .. } => Answer::Hello {
                greeting: vec![[b"mx.test Hello ", argument.as_slice()].concat()],
                extensions: Extensions {
                    pipelining: true,
                    chunking: true,
                    size: Some(100),
                    starttls: argument.starts_with(b"tls."),
                    ..Extensions::default()
                },
            },
            Ask::Mail(command) => address(&command.path, "250 OK"),
            Ask::Rcpt(command) => address(&command.path, "250 Accepted"),
            Ask::EndOfData => {
                self.messages.push(std::mem::take(&mut self.content));
                Answer::Accept(Some(Reply::new(250, "OK id=1")))
            }
            Ask::StartTls if self.refusing == "acl" => Answer::Refuse(Reply::new(550, "not you")),
            Ask::Secure if self.refusing == "setup" => {
                Answer::Refuse(Reply::new(454, "TLS currently unavailable"))
            }
            Ask::Vrfy(_) => Answer::Refuse(Reply::new(252, "Administrative prohibition")),
            _ => Answer::Accept(None),
        }
    }

    /// Sends octets; gives what came back.
    fn send(&mut self, octets: &[u8]) -> String {
        self.buffer.extend_from_slice(octets);
        loop {
            let before = (self.buffer.len(), self.replies.len());
            self.event(Event::Octets);
            if (self.buffer.len(), self.replies.len()) == before || self.session.is_closed() {
                break;
            }
        }
        self.taken()
    }

    fn taken(&mut self) -> String {
        let closed = if self.session.is_closed() { "<closed>" } else { "" };
        let text = String::from_utf8(std::mem::take(&mut self.replies)).unwrap();
        format!("{}{closed}", text.replace("\r\n", "|"))
    }

    /// Each line of the script is what the client sends, `=>`, and what it gets.
    fn script(&mut self, script: &str) {
        for line in script.lines().map(str::trim).filter(|l| !l.is_empty()) {
            let (send, want) = line.split_once("=>").expect("a script line has =>");
            let octets = send.trim().replace("\\r", "\r").replace("\\n", "\n");
            let octets = if octets.ends_with(['\n', '~']) { octets } else { format!("{octets}\r\n") };
            assert_eq!(self.send(octets.trim_end_matches('~').as_bytes()), want.trim(), "after {send}");
        }
    }
}

fn malformed(text: String) -> Answer {
    Answer::Syntax { problem: text.clone().into_bytes(), text: text.into_bytes() }
}

fn address(path: &[u8], good: &'static str) -> Answer {
    let text = String::from_utf8_lossy(path);
    match text.trim_matches(['<', '>']).split('@').next().unwrap_or_default() {
        "bad" => Answer::Refuse(Reply::new(550, "no such user")),
        "tmp" => Answer::Refuse(Reply::new(451, "later")),
        "drop" => Answer::Close(Reply::new(550, "go away")),
        _ if !text.contains('@') && text != "<>" => {
            malformed(format!("{text}: sender address must contain a domain"))
        }
        _ => Answer::Accept(Some(Reply::new(250, &good[4..]))),
    }
}

const EHLO: &str = "EHLO foo => 250-mx.test Hello foo|250-SIZE 100|250-PIPELINING|250-CHUNKING|250 HELP|";

#[test]
fn a_message() {
    let mut d = Dialogue::new(|_| {});
    d.script(EHLO);
    d.script(
        r#"
        MAIL FROM:<a@b.c> SIZE=10 => 250 OK|
        RCPT TO:<x@y.z> => 250 Accepted|
        DATA => 354 Enter message, ending with "." on a line by itself|
        a: b\r\n\r\n..x =>
        . => 250 OK id=1|
        QUIT => 221 mx.test closing connection|<closed>
        "#,
    );
    assert_eq!(d.messages, [b"a: b\n\n.x\n"]);
    assert_eq!(d.asks, ["Connect", "Hello", "Mail", "Rcpt", "Predata", "EndOfData", "Quit"]);
    assert_eq!(d.faults, []);
    assert_eq!(d.session.messages(), 1);
}

#[test]
fn order_of_commands() {
    let mut d = Dialogue::new(|p| p.max_synprot_errors = 50);
    d.script("MAIL FROM:<a@b.c> => 503 HELO or EHLO required|");
    d.script("RCPT TO:<a@b.c> => 503 sender not yet given|");
    d.script("HELO a_b => 501 Syntactically invalid HELO argument(s)|");
    d.script(EHLO);
    d.script(
        r"
        MAIL FROM: => 501 MAIL must have an address operand|
        MAIL FROM:<a> => 501 <a>: sender address must contain a domain|
        MAIL FROM:<a@b.c> SIZE=101 => 552 Message size exceeds maximum permitted|
        MAIL FROM:<a@b.c> BODY=X => 501 invalid data for BODY|
        MAIL FROM:<a@b.c> => 250 OK|
        MAIL FROM:<a@b.c> => 503 sender already given|
        DATA x => 501 unexpected argument data|
        DATA => 503 valid RCPT command must precede DATA|
        RCPT TO: => 501 RCPT must have an address operand|
        ETRN #x => 503 ETRN is not permitted inside a transaction|
        AUTH PLAIN => 503 AUTH command used when not advertised|
        STARTTLS => 503 STARTTLS command used when not advertised|
        RSET x => 501 unexpected argument data|
        RSET => 250 Reset OK|
        NOOP x => 250 OK|
        HELP => 214-Commands supported:|214 AUTH HELO EHLO MAIL RCPT DATA BDAT NOOP QUIT RSET HELP|
        VRFY x => 252 Administrative prohibition|
        QUIT x => 501 unexpected argument data|
        ",
    );
    let log: Vec<String> = d.faults.iter().map(ToString::to_string).collect();
    assert_eq!(log[0], "no HELO/EHLO given");
    assert_eq!(log[4], "message too big: size=101 max=100");
    assert!(d.faults.contains(&PeerFault::IncompleteTransaction { reason: "RSET" }));
}

#[test]
fn limits_end_the_session() {
    let mut d = Dialogue::new(|_| {});
    d.script(
        r"
        A => 500 unrecognized command|
        B => 500 unrecognized command|
        C => 500 unrecognized command|
        D => 500 Too many unrecognized commands|<closed>
        ",
    );
    assert_eq!(d.asks.last().unwrap(), "NotQuit");
    assert_eq!(d.faults.last(), Some(&PeerFault::TooManyUnknown { command: b"D".to_vec() }));

    let mut d = Dialogue::new(|_| {});
    for _ in 0..3 {
        d.script("RCPT TO:<a@b.c> => 503 sender not yet given|");
    }
    d.script("RCPT TO:<a@b.c> => 503-sender not yet given|503 Too many syntax or protocol errors|<closed>");

    let mut d = Dialogue::new(|_| {});
    for _ in 0..3 {
        d.script("HELO a_b => 501 Syntactically invalid HELO argument(s)|");
    }
    d.script("HELO a_b => 501 Syntactically invalid HELO argument(s)|<closed>");

    let mut d = Dialogue::new(|_| {});
    d.script("HELO x => 250 mx.test Hello x|");
    d.script("RSET => 250 Reset OK|");
    for _ in 0..10 {
        d.script("NOOP => 250 OK|");
    }
    d.script("NOOP => 554 Too many nonmail commands|<closed>");

    let mut d = Dialogue::new(|p| p.max_per_connection = 1);
    d.script("HELO x => 250 mx.test Hello x|");
    d.script("MAIL FROM:<a@b.c> => 250 OK|");
    d.script("RSET => 250 Reset OK|");
    d.script("MAIL FROM:<a@b.c> => 421 too many messages in this connection|");
}

#[test]
fn synchronisation() {
    // After HELO each command must wait.
    for command in ["MAIL FROM:<a@b.c>", "RCPT TO:<a@b.c>", "RSET", "NOOP", "VRFY x", "FOO", "DATA", "EHLO x"]
    {
        let mut d = Dialogue::new(|_| {});
        d.script("HELO foo => 250 mx.test Hello foo|");
        assert_eq!(
            d.send(format!("{command}\r\nNOOP\r\n").as_bytes()),
            "554 SMTP synchronization error|<closed>"
        );
        assert_eq!(d.asks.last().unwrap(), "NotQuit");
        let text = d.faults.last().unwrap().to_string();
        let want =
            "SMTP protocol synchronization error (next input sent too soon: pipelining was not advertised)";
        assert_eq!(text, want);
    }
    // After EHLO with PIPELINING three need not.
    for command in ["MAIL FROM:<a@b.c>", "RSET"] {
        let mut d = Dialogue::new(|_| {});
        d.script(EHLO);
        assert!(d.send(format!("{command}\r\nNOOP\r\n").as_bytes()).ends_with("250 OK|"));
    }
    for command in ["NOOP", "DATA", "FOO", "EHLO x"] {
        let mut d = Dialogue::new(|_| {});
        d.script(EHLO);
        assert_eq!(
            d.send(format!("{command}\r\nNOOP\r\n").as_bytes()),
            "554 SMTP synchronization error|<closed>"
        );
    }
    // With PIPECONNECT offered only MAIL and RCPT after HELO are checked, STARTTLS always.
    let mut d = Dialogue::new(|p| p.early_pipelining = true);
    assert!(d.send(b"EHLO x\r\nNOOP\r\nVRFY x\r\n").ends_with("252 Administrative prohibition|"));
    assert_eq!(d.send(b"STARTTLS\r\nNOOP\r\n"), "554 SMTP synchronization error|<closed>");
}

#[test]
fn early_talkers() {
    let run = |early: bool, sync: bool| {
        let parameters = Parameters { early_pipelining: early, enforce_sync: sync, ..Parameters::default() };
        let mut session = Session::new(parameters);
        let mut out = Output::default();
        session.step(Event::Octets, b"EHLO x\r\n", &mut out);
        assert_eq!((out.consumed, out.ask.take()), (0, Some(Ask::Connect)));
        out.clear();
        session.step(Event::Answer(Answer::Accept(None)), b"EHLO x\r\n", &mut out);
        String::from_utf8(out.replies).unwrap()
    };
    assert_eq!(run(false, true), "554 SMTP synchronization error\r\n");
    assert_eq!(run(true, true), "220 localhost ESMTP\r\n");
    assert_eq!(run(false, false), "220 localhost ESMTP\r\n");
}

#[test]
fn refused_recipients_are_repeated_after_data() {
    let mut d = Dialogue::new(|_| {});
    d.script(EHLO);
    d.script(
        r"
        MAIL FROM:<a@b.c> => 250 OK|
        RCPT TO:<bad@x.y> => 550 no such user|
        RCPT TO:<bad@x.y> => 550 no such user|
        DATA => 503-All RCPT commands were rejected with this error:|503-no such user|503 Valid RCPT command must precede DATA|
        BDAT 4 LAST\r\nab\r\n => 503-All RCPT commands were rejected with this error:|503-no such user|503 valid RCPT command must precede BDAT|
        RCPT TO:<tmp@x.y> => 451 later|
        DATA => 503 Valid RCPT command must precede DATA|
        RCPT TO:<drop@x.y> => 550 go away|<closed>
        ",
    );
    let protocol = d.faults.iter().filter(|f| matches!(f, PeerFault::Protocol { .. })).count();
    assert_eq!(protocol, 1);

    // What was pipelined behind a refused MAIL is not counted as an error.
    let mut d = Dialogue::new(|p| p.max_synprot_errors = 0);
    d.script(EHLO);
    let answers = d.send(b"MAIL FROM:<bad@b.c>\r\nRCPT TO:<a@b.c>\r\nRCPT TO:<b@b.c>\r\nDATA\r\n");
    let want = "550 no such user|503 sender not yet given|503 sender not yet given|\
                503-All RCPT commands were rejected with this error:|503-503 sender not yet given|\
                503 Valid RCPT command must precede DATA|";
    assert_eq!(answers, want);
}

#[test]
fn too_many_recipients() {
    let mut d = Dialogue::new(|p| p.recipients_max = 2);
    d.script(EHLO);
    d.script(
        r#"
        MAIL FROM:<a@b.c> => 250 OK|
        RCPT TO:<bad@x.y> => 550 no such user|
        RCPT TO:<a@x.y> => 250 Accepted|
        RCPT TO:<b@x.y> => 452 too many recipients|
        RCPT TO:<c@x.y> => 452 too many recipients|
        DATA => 354 Enter message, ending with "." on a line by itself|
        "#,
    );
    assert_eq!(d.faults, [PeerFault::TooManyRecipients { rejected: false }]);

    let mut d = Dialogue::new(|p| {
        p.recipients_max = 1;
        p.recipients_max_reject = true;
    });
    d.script(EHLO);
    d.script(
        r"
        MAIL FROM:<a@b.c> => 250 OK|
        RCPT TO:<a@x.y> => 250 Accepted|
        RCPT TO:<b@x.y> => 552 too many recipients|
        BDAT 6\r\nNOOP\r\n => 554 Too many recipients|
        ",
    );
}

fn envelope() -> Dialogue {
    let mut d = Dialogue::new(|_| {});
    d.script(EHLO);
    d.script("MAIL FROM:<a@b.c> => 250 OK|");
    d.script("RCPT TO:<x@y.z> => 250 Accepted|");
    d
}

#[test]
fn chunks() {
    let mut d = envelope();
    d.script(
        r"
        BDAT 5\r\na:b\r\n~ => 250 5 byte chunk received|
        BDAT 0 => 250 0 byte chunk received|
        BDAT 7 LAST\r\n\r\n.\r\nxy~ => 250- 7 byte chunk, total 14|250 OK id=1|
        NOOP => 250 OK|
        ",
    );
    assert_eq!(d.messages, [b"a:b\n\n.\nxy\n"]);
}

#[test]
fn chunk_sequence_errors() {
    let mut d = envelope();
    d.script(
        r"
        BDAT 3\r\nabc~ => 250 3 byte chunk received|
        DATA => 503 only BDAT permissible after non-LAST BDAT|
        BDAT 8 LAST\r\nNOOP\r\n\r\n => 503 only RSET accepted now|
        RSET => 250 Reset OK|
        MAIL FROM:<a@b.c> => 250 OK|
        ",
    );
    assert!(d.messages.is_empty());
}

#[test]
fn bad_chunk_sizes() {
    for argument in ["", " x"] {
        let mut d = envelope();
        assert_eq!(d.send(format!("BDAT{argument}\r\n").as_bytes()), "501 missing size for BDAT command|");
        assert_eq!(d.send(b"NOOP\r\n"), "250 OK|");
    }
    for argument in ["-1", "5x", "9223372036854775808 LASTX", "18446744073709551616", "+5", "5 LAST x"] {
        let mut d = envelope();
        let answer = d.send(format!("BDAT {argument}\r\nMAIL FROM:<evil@x>\r\n").as_bytes());
        assert_eq!(answer, "501 missing size for BDAT command|<closed>", "{argument}");
    }
    // 2^63 is a number like others: its octets are awaited, no command is seen among them.
    let mut d = envelope();
    assert_eq!(d.send(b"BDAT 9223372036854775808 LAST\r\nQUIT\r\nQUIT\r\n"), "");
    assert!(d.session.is_reading_content());
}

#[test]
fn refused_chunks_are_swallowed() {
    let mut d = Dialogue::new(|_| {});
    d.script(EHLO);
    let payload = "MAIL FROM:<evil@x.y>\r\n";
    let text = format!("BDAT {}\r\n{payload}NOOP\r\n", payload.len());
    assert_eq!(d.send(text.as_bytes()), "503 valid RCPT command must precede BDAT|250 OK|");
    // Also where CHUNKING was never offered.
    let mut d = Dialogue::new(|_| {});
    d.script("HELO x => 250 mx.test Hello x|");
    assert_eq!(d.send(text.as_bytes()), "503 BDAT command used when CHUNKING not advertised|250 OK|");
}

#[test]
fn hostile_lines() {
    let mut d = Dialogue::new(|p| {
        p.command_line_limit = 100;
        p.max_synprot_errors = 10;
    });
    let long = format!("NOOP {}\r\n", "x".repeat(5000));
    for piece in long.as_bytes().chunks(700) {
        d.replies.clear();
        d.send(piece);
        assert!(d.buffer.len() <= 102);
    }
    d.replies.clear();
    d.script("NOOP => 250 OK|");
    assert_eq!(d.send(format!("NOOP {}\r\n", "x".repeat(95)).as_bytes()), "250 OK|");
    assert_eq!(d.send(format!("NOOP {}\r\n", "x".repeat(96)).as_bytes()), "500 unrecognized command|");
    assert_eq!(d.send(b"MAIL FROM:<a\0@b>\r\n"), "501 NUL characters are not allowed in SMTP commands|");
    assert_eq!(d.send(b"NOOP\n"), "250 OK|");
    assert_eq!(d.send(b"NOOP\rNOOP\r\n"), "500 unrecognized command|");
}

#[test]
fn ends_of_connections() {
    let mut d = Dialogue::new(|_| {});
    d.event(Event::Timeout);
    assert_eq!(d.taken(), "421 mx.test: SMTP command timeout - closing connection|<closed>");
    assert_eq!(d.faults.last(), Some(&PeerFault::Timeout { within: None }));

    let mut d = envelope();
    d.send(b"DATA\r\n");
    d.send(b"a: b\r\n\r\nx");
    d.event(Event::Timeout);
    assert_eq!(d.taken(), "421 mx.test SMTP incoming data timeout - closing connection.|<closed>");
    assert_eq!(d.faults.last(), Some(&PeerFault::Timeout { within: Some(MessagePart::Body) }));

    let mut d = envelope();
    d.event(Event::Eof);
    assert_eq!(d.taken(), "<closed>");
    let want = [
        PeerFault::IncompleteTransaction { reason: "connection lost" },
        PeerFault::ConnectionLost { within: None },
    ];
    assert_eq!(d.faults, want);

    let mut d = envelope();
    d.event(Event::Shutdown);
    assert_eq!(d.taken(), "421 mx.test: Service not available - closing connection|<closed>");
    assert_eq!(d.asks.last().unwrap(), "NotQuit");
}

#[test]
fn an_open_ask_stops_the_input() {
    let mut session = Session::new(Parameters { enforce_sync: false, ..Parameters::default() });
    let mut out = Output::default();
    session.step(Event::Octets, b"", &mut out);
    session.step(Event::Answer(Answer::Accept(None)), b"", &mut out);
    out.clear();
    session.step(Event::Octets, b"VRFY x\r\nNOOP\r\n", &mut out);
    assert_eq!((out.consumed, out.ask.take()), (8, Some(Ask::Vrfy(b"x".to_vec()))));
    out.clear();
    session.step(Event::Octets, b"NOOP\r\n", &mut out);
    assert_eq!(out, Output::default());
}

#[test]
fn starttls_makes_a_new_session() {
    let mut d = Dialogue::new(|_| {});
    d.script(
        r"
        STARTTLS => 503 STARTTLS command used when not advertised|
        EHLO tls.test => 250-mx.test Hello tls.test|250-SIZE 100|250-PIPELINING|250-CHUNKING|250-STARTTLS|250 HELP|
        HELP => 214-Commands supported:|214 AUTH STARTTLS HELO EHLO MAIL RCPT DATA BDAT NOOP QUIT RSET HELP|
        STARTTLS x => 501 unexpected argument data|
        MAIL FROM:<a@b.c> => 250 OK|
        STARTTLS => 220 TLS go ahead|
        MAIL FROM:<a@b.c> => 503 HELO or EHLO required|
        EHLO me => 250-mx.test Hello me|250-SIZE 100|250-PIPELINING|250-CHUNKING|250 HELP|
        STARTTLS => 503 STARTTLS command used when not advertised|
        MAIL FROM:<a@b.c> => 250 OK|
        ",
    );
    assert!(d.faults.contains(&PeerFault::IncompleteTransaction { reason: "STARTTLS" }));
}

#[test]
fn starttls_refused_leaves_the_session_in_clear() {
    let mut d = Dialogue::new(|_| {});
    d.refusing = "acl";
    d.script("EHLO tls.test => 250-mx.test Hello tls.test|250-SIZE 100|250-PIPELINING|250-CHUNKING|250-STARTTLS|250 HELP|");
    d.script(
        r"
        MAIL FROM:<a@b.c> => 250 OK|
        STARTTLS => 550 not you|
        RCPT TO:<a@b.c> => 250 Accepted|
        ",
    );
    d.refusing = "setup";
    d.script(
        r"
        STARTTLS => 454 TLS currently unavailable|
        RCPT TO:<a@b.c> => 503 sender not yet given|
        MAIL FROM:<a@b.c> => 250 OK|
        ",
    );
}

#[test]
fn what_was_sent_along_with_starttls_is_never_a_command() {
    let mut d = Dialogue::new(|_| {});
    d.send(b"EHLO tls.test\r\n");
    assert_eq!(d.send(b"STARTTLS\r\nMAIL FROM:<a@b.c>\r\n"), "554 SMTP synchronization error|<closed>");
    let mut d = Dialogue::new(|p| p.enforce_sync = false);
    d.send(b"EHLO tls.test\r\n");
    assert_eq!(d.send(b"STARTTLS\r\nMAIL FROM:<a@b.c>\r\n"), "220 TLS go ahead|");
    assert!(!d.asks.iter().any(|ask| ask == "Mail"));
}
