//! Log lines about a session: whoever has a context can write them, the peer is filled in here.

use config::options::main;
use mail_types::bytes::Printable;
use observe::event::{Auth, Peer, SmtpEvent, SmtpNews, Tls};
use observe::{Event, Streams};
use policy::acl::LogTargets;

use super::Context;
use super::facts::{ConnectionFacts, TlsFacts};

impl Context {
    /// Something that happened in the session.
    pub fn log_smtp(&self, news: SmtpNews) {
        self.log_event(&Event::Smtp(Box::new(SmtpEvent { peer: self.peer(), news })));
    }

    /// An event, with the message's id in front once there is one.
    pub fn log_event(&self, event: &Event) {
        match &self.facts.message.id {
            Some(id) => self.services.log.message(id, event),
            None => self.services.log.write(event),
        }
    }

    /// Something is wrong with this system: main log and panic log.
    pub fn log_problem(&self, text: impl Into<Vec<u8>>) {
        self.log_event(&Event::Problem(text.into()));
    }

    /// Ciphers that `option` names and the TLS library has not. Told of when settings are made, not at each use.
    pub(crate) fn tell_left_out(&self, option: &str, words: &[String]) {
        if !words.is_empty() {
            let words = Printable::new(words.join(", ").as_bytes()).to_string();
            let text = format!("Warning: {option}: not supported and left out: {words}").into_bytes();
            self.log_event(&Event::Text { text, streams: Streams::MAIN });
        }
    }

    /// Files of `tls_ocsp_file` with responses that are not stapled; as [`Self::tell_left_out`].
    pub(crate) fn tell_unsent_proofs(&self, files: &[String]) {
        if !files.is_empty() {
            let files = Printable::new(files.join(", ").as_bytes()).to_string();
            let text = format!(
                "Warning: tls_ocsp_file: not stapled, because it is out of date or not about the server's own certificate: a response in {files}"
            );
            self.log_event(&Event::Text { text: text.into_bytes(), streams: Streams::MAIN });
        }
    }

    /// A line of `logwrite`: only ASCII, unless `print_topbitchars` is set.
    pub(crate) fn log_text(&self, targets: LogTargets, text: &[u8]) {
        let mut shown = Vec::with_capacity(text.len());
        for &byte in text {
            if byte.is_ascii() || self.config.main.get(main::PRINT_TOPBITCHARS) {
                shown.push(byte);
            } else {
                shown.extend_from_slice(format!("\\{byte:03o}").as_bytes());
            }
        }
        self.log_event(&Event::Text { text: shown, streams: streams(targets) });
    }

    /// A line of a `warn` statement.
    pub(crate) fn log_warning_line(&self, text: &[u8]) {
        self.log_smtp(SmtpNews::Warning { text: text.to_vec() });
    }

    /// The client, as log lines show it.
    pub fn peer(&self) -> Peer {
        peer(&self.facts.connection)
    }

    /// The client in the middle of a sentence: `(helo) [192.0.2.1]`, or the login name of a local caller.
    pub fn peer_text(&self) -> String {
        let facts = &self.facts.connection;
        let host = super::host_text::full_host(facts, self.log_ports());
        let text = host.or_else(|| facts.sender_ident.clone()).unwrap_or_else(|| b"local process".to_vec());
        String::from_utf8_lossy(&text).into_owned()
    }

    /// A message was given up before it had an id that anybody knows: main log, without the id.
    pub(crate) fn log_abandoned(&self, text: &str) {
        self.services.log.write(&Event::Text { text: text.as_bytes().to_vec(), streams: Streams::MAIN });
    }

    /// The encrypted session, as log lines show it.
    pub fn tls(&self) -> Option<Tls> {
        self.facts.connection.tls.as_deref().map(tls)
    }

    /// Who authenticated, as log lines show it.
    pub fn auth(&self) -> Option<Auth> {
        let facts = &self.facts.connection;
        let name = facts.sender_host_authenticated.clone()?;
        let sender = self.facts.message.authenticated_sender.clone();
        Some(Auth { name, id: facts.authenticated_id.clone(), sender })
    }
}

/// An encrypted session, as log lines show it.
pub(crate) fn tls(facts: &TlsFacts) -> Tls {
    Tls {
        cipher: Some(facts.cipher.clone()),
        resumed: facts.is_resumed(),
        verified: Some(match (facts.certificate_verified, facts.dane) {
            (true, true) => "dane",
            (true, false) => "yes",
            (false, _) => "no",
        }),
        peer_dn: facts.peer_dn.clone(),
        sni: facts.sni.clone(),
    }
}

/// Where a line goes.
pub(crate) fn streams(targets: LogTargets) -> Streams {
    Streams { main: targets.main, reject: targets.reject, panic: targets.panic }
}

fn peer(facts: &ConnectionFacts) -> Peer {
    Peer {
        name: facts.sender_host_name.clone(),
        helo: facts.sender_helo_name.clone(),
        address: facts.sender_host_address,
        port: facts.sender_host_port,
        interface: facts
            .received_ip_address
            .map(|address| std::net::SocketAddr::new(address, facts.received_port)),
        ident: facts.sender_ident.clone(),
        no_socket: facts.addresses_given,
        via_inetd: facts.via_inetd,
    }
}
