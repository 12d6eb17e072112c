//! Any octets as a client's side of a session, cut into pieces of any size: nothing panics, every step makes progress,
//! replies stay well formed, and content never holds CR.
//!
//! The first octet chooses the piece size and the session's limits, the second what policy answers.

use mail_types::outcome::Reply;
use smtp_proto::extension::Extensions;
use smtp_proto::server::{Answer, Ask, Event, Output, Parameters, Session};

struct Driver {
    session: Session,
    buffer: Vec<u8>,
    out: Output,
    mood: u8,
    replies: Vec<u8>,
}

impl Driver {
    fn event(&mut self, event: Event) -> bool {
        let mut next = Some(event);
        let mut progress = false;
        while let Some(event) = next.take() {
            progress |= matches!(event, Event::Answer(_));
            self.out.clear();
            self.session.step(event, &self.buffer, &mut self.out);
            assert!(self.out.consumed <= self.buffer.len());
            assert!(!self.out.content.contains(&b'\r'), "content with CR");
            assert!(self.out.content.len() <= 2 * self.out.consumed + 2, "content grows");
            progress |= self.out.consumed > 0;
            self.buffer.drain(..self.out.consumed);
            self.replies.extend_from_slice(&self.out.replies);
            if let Some(ask) = self.out.ask.take() {
                next = Some(Event::Answer(self.answer(&ask)));
            }
        }
        progress
    }

    fn answer(&mut self, ask: &Ask) -> Answer {
        self.mood = self.mood.rotate_left(1);
        match (ask, self.mood & 7) {
            (_, 5) => Answer::Refuse(Reply::new(451, "later\r\n250 no")),
            (Ask::Mail(_) | Ask::Rcpt(_) | Ask::Hello { .. }, 6) => {
                Answer::Syntax { text: b"bad\n".to_vec(), problem: b"bad".to_vec() }
            }
            (Ask::Hello { argument, .. }, _) => {
                let extensions =
                    Extensions { pipelining: true, chunking: true, size: Some(9), ..Extensions::default() };
                Answer::Hello { greeting: vec![argument.clone()], extensions }
            }
            _ => Answer::Accept(None),
        }
    }
}

/// Gives one input to it.
pub(crate) fn run(data: &[u8]) {
    let [first, mood, input @ ..] = data else { return };
    let parameters = Parameters {
        enforce_sync: first & 0x80 != 0,
        early_pipelining: first & 0x40 != 0,
        max_synprot_errors: 1000,
        max_unknown_commands: 1000,
        max_nonmail: None,
        command_line_limit: 200,
        ..Parameters::default()
    };
    let mut driver = Driver {
        session: Session::new(parameters),
        buffer: Vec::new(),
        out: Output::default(),
        mood: *mood,
        replies: Vec::new(),
    };
    driver.event(Event::Octets);
    for piece in input.chunks(usize::from(first & 0x3f).max(1)) {
        driver.buffer.extend_from_slice(piece);
        while !driver.session.is_closed() && driver.event(Event::Octets) {}
        assert!(driver.session.is_closed() || driver.buffer.len() <= 300, "input is not taken");
    }
    driver.event(Event::Eof);
    for line in driver.replies.split_inclusive(|b| *b == b'\n') {
        assert!(line.ends_with(b"\r\n"), "a reply line without CR LF");
        assert!(
            line.len() >= 6 && line[..3].iter().all(u8::is_ascii_digit) && matches!(line[3], b' ' | b'-')
        );
    }
}
