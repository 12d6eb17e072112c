//! From the banner to the list of what the server offers.
//!
//! # Compatibility
//! As Exim: HELO follows any refusal of EHLO; `hosts_avoid_esmtp` skips EHLO.

use crate::extension::Capabilities;
use crate::reply::PeerReply;

/// Which protocol is spoken.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Protocol {
    /// SMTP.
    #[default]
    Smtp,
    /// LMTP: LHLO, and a reply for each recipient after the data.
    Lmtp,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Awaiting {
    Banner,
    Ehlo,
    Helo,
}

/// What to do after a reply.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum HandshakeStep {
    /// Send this and feed the next reply.
    Send(Vec<u8>),
    /// Mail may be sent.
    Ready(Box<Capabilities>),
    /// The server does not want us.
    Failed(HandshakeFailure),
}

/// Where and how a server refused.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct HandshakeFailure {
    /// What the reply answered: nothing for the banner, else the command.
    pub after: Option<Vec<u8>>,
    /// The reply.
    pub reply: PeerReply,
}

/// The start of a session.
#[derive(Clone, Debug)]
pub struct Handshake {
    awaiting: Awaiting,
    protocol: Protocol,
    helo: Vec<u8>,
    avoid_esmtp: bool,
}

impl Handshake {
    /// Waits for the banner. `helo` is `helo_data`, expanded.
    pub fn new(protocol: Protocol, helo: &[u8], avoid_esmtp: bool) -> Self {
        Self { awaiting: Awaiting::Banner, protocol, helo: one_line(helo), avoid_esmtp }
    }

    /// Hello again within TLS (RFC 3207 section 4.2), and the line to send first.
    pub fn again(protocol: Protocol, helo: &[u8]) -> (Self, Vec<u8>) {
        let handshake = Self { awaiting: Awaiting::Ehlo, protocol, helo: one_line(helo), avoid_esmtp: false };
        let mut line = handshake.command().unwrap_or_default();
        line.extend_from_slice(b"\r\n");
        (handshake, line)
    }

    /// The command whose reply is awaited.
    pub fn command(&self) -> Option<Vec<u8>> {
        let verb: &[u8] = match (self.awaiting, self.protocol) {
            (Awaiting::Banner, _) => return None,
            (Awaiting::Ehlo, Protocol::Smtp) => b"EHLO ",
            (Awaiting::Ehlo, Protocol::Lmtp) => b"LHLO ",
            (Awaiting::Helo, _) => b"HELO ",
        };
        Some([verb, &self.helo].concat())
    }

    /// Takes a reply.
    pub fn on_reply(&mut self, reply: PeerReply) -> HandshakeStep {
        match self.awaiting {
            Awaiting::Banner if reply.is_success() => {
                let helo = self.avoid_esmtp && self.protocol == Protocol::Smtp;
                self.send(if helo { Awaiting::Helo } else { Awaiting::Ehlo })
            }
            Awaiting::Ehlo if reply.is_success() => {
                HandshakeStep::Ready(Box::new(Capabilities::from_ehlo(&reply.lines)))
            }
            Awaiting::Ehlo if self.protocol == Protocol::Smtp => self.send(Awaiting::Helo),
            Awaiting::Helo if reply.is_success() => HandshakeStep::Ready(Box::default()),
            _ => HandshakeStep::Failed(HandshakeFailure { after: self.command(), reply }),
        }
    }

    fn send(&mut self, next: Awaiting) -> HandshakeStep {
        self.awaiting = next;
        let mut line = self.command().unwrap_or_default();
        line.extend_from_slice(b"\r\n");
        HandshakeStep::Send(line)
    }
}

/// Text that can't end a command line.
pub(super) fn one_line(text: &[u8]) -> Vec<u8> {
    text.iter().copied().filter(|b| !matches!(b, b'\r' | b'\n' | 0)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reply(code: u16, lines: &[&str]) -> PeerReply {
        PeerReply { code, lines: lines.iter().map(|l| l.as_bytes().to_vec()).collect() }
    }

    fn send(line: &str) -> HandshakeStep {
        HandshakeStep::Send(format!("{line}\r\n").into_bytes())
    }

    #[test]
    fn esmtp() {
        let mut handshake = Handshake::new(Protocol::Smtp, b"me", false);
        assert_eq!(handshake.on_reply(reply(220, &["hi"])), send("EHLO me"));
        let HandshakeStep::Ready(found) = handshake.on_reply(reply(250, &["sink", "PIPELINING"])) else {
            panic!()
        };
        assert!(found.esmtp && found.pipelining);
    }

    #[test]
    fn helo_after_a_refused_ehlo() {
        let mut handshake = Handshake::new(Protocol::Smtp, b"m\r\ne", false);
        assert_eq!(handshake.on_reply(reply(220, &["hi"])), send("EHLO me"));
        assert_eq!(handshake.on_reply(reply(502, &["what"])), send("HELO me"));
        assert_eq!(handshake.on_reply(reply(250, &["ok"])), HandshakeStep::Ready(Box::default()));
        let mut handshake = Handshake::new(Protocol::Smtp, b"me", true);
        assert_eq!(handshake.on_reply(reply(220, &["hi"])), send("HELO me"));
        let HandshakeStep::Failed(failure) = handshake.on_reply(reply(550, &["no"])) else { panic!() };
        assert_eq!(failure.after.unwrap(), b"HELO me");
    }

    #[test]
    fn within_tls_there_is_no_banner() {
        let (mut handshake, line) = Handshake::again(Protocol::Smtp, b"me");
        assert_eq!(line, b"EHLO me\r\n");
        assert!(matches!(handshake.on_reply(reply(250, &["sink", "SIZE"])), HandshakeStep::Ready(_)));
    }

    #[test]
    fn refusals() {
        let mut handshake = Handshake::new(Protocol::Smtp, b"me", false);
        let HandshakeStep::Failed(failure) = handshake.on_reply(reply(554, &["no"])) else { panic!() };
        assert_eq!((failure.after, failure.reply.code), (None, 554));
        let mut handshake = Handshake::new(Protocol::Lmtp, b"me", true);
        assert_eq!(handshake.on_reply(reply(220, &["hi"])), send("LHLO me"));
        assert!(matches!(handshake.on_reply(reply(500, &["no"])), HandshakeStep::Failed(_)));
        let mut handshake = Handshake::new(Protocol::Smtp, b"me", false);
        handshake.on_reply(reply(220, &["hi"]));
        assert_eq!(handshake.on_reply(reply(421, &["later"])), send("HELO me"));
    }
}
