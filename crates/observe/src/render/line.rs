//! The pieces that lines are made of.

use std::net::SocketAddr;
use std::time::Duration;

use mail_types::bytes::{PrintOptions, push_printable};
use mail_types::interval;

use super::Renderer;
use crate::event::{Auth, Peer, RemoteHost, Tls};
use mail_types::log_selector::Selector;

/// A line that grows.
pub(super) struct Line {
    out: Vec<u8>,
    topbit: bool,
}

impl Line {
    /// Text of our own.
    pub(super) fn push(&mut self, text: &str) -> &mut Self {
        self.out.extend_from_slice(text.as_bytes());
        self
    }

    /// Bytes from outside of which Exim shows only ASCII: the others, and control bytes, are escaped.
    pub(super) fn printable(&mut self, bytes: &[u8]) -> &mut Self {
        for &byte in bytes {
            push_byte(&mut self.out, byte, self.topbit);
        }
        self
    }

    /// Bytes from outside that Exim shows as they are; control bytes are escaped here all the same, for a newline
    /// would begin a line of its own.
    pub(super) fn text(&mut self, bytes: &[u8]) -> &mut Self {
        for &byte in bytes {
            push_byte(&mut self.out, byte, true);
        }
        self
    }

    /// `F=<sender>` and its like.
    pub(super) fn bracketed(&mut self, before: &str, address: &[u8]) -> &mut Self {
        self.push(before).push("<").text(address).push(">")
    }

    /// Text between double quotes: a quote or a backslash within has a backslash before it.
    pub(super) fn quoted(&mut self, text: &[u8]) -> &mut Self {
        for &byte in text {
            if byte == b'"' || byte == b'\\' {
                self.out.push(b'\\');
            }
            push_byte(&mut self.out, byte, self.topbit);
        }
        self
    }

    pub(super) fn finish(self) -> Vec<u8> {
        self.out
    }
}

impl Renderer {
    pub(super) fn line(&self) -> Line {
        Line { out: Vec::with_capacity(160), topbit: self.topbit }
    }

    /// `name (helo) [address]:port`.
    pub(super) fn full_host(&self, line: &mut Line, peer: &Peer) {
        if let Some(name) = &peer.name {
            line.text(name);
        }
        if let Some(helo) = &peer.helo
            && !peer.name.as_ref().is_some_and(|name| name.eq_ignore_ascii_case(helo))
        {
            line.push(if peer.name.is_some() { " (" } else { "(" }).text(helo).push(")");
        }
        if let Some(address) = peer.address {
            let space = if peer.name.is_some() || peer.helo.is_some() { " " } else { "" };
            line.push(&format!("{space}[{address}]"));
            if self.has(Selector::IncomingPort) {
                line.push(&format!(":{}", peer.port));
            }
        }
    }

    /// `I=[address]:port`.
    pub(super) fn interface(line: &mut Line, interface: Option<SocketAddr>) {
        if let Some(end) = interface {
            line.push(&format!(" I=[{}]:{}", end.ip(), end.port()));
        }
    }

    /// The peer as connection lines name it: `name (helo) [address]:port I=[…]`, with `(via inetd)` for our end if inetd
    /// took the connection, or the login name of a local caller.
    pub(super) fn connection(&self, line: &mut Line, peer: &Peer) {
        if peer.address.is_some() && !peer.no_socket {
            self.full_host(line, peer);
            if peer.via_inetd {
                line.push(" (via inetd)");
            } else if self.has(Selector::IncomingInterface) {
                Self::interface(line, peer.interface);
            }
        } else {
            line.text(peer.ident.as_deref().unwrap_or_default());
        }
    }

    /// The peer as lines about what it said name it: `name (helo) [address]:port I=[…] U=…`, or the login name.
    pub(super) fn caller(&self, line: &mut Line, peer: &Peer) {
        if peer.address.is_none() {
            line.text(peer.ident.as_deref().unwrap_or_default());
            return;
        }
        self.full_host(line, peer);
        if self.has(Selector::IncomingInterface) {
            Self::interface(line, peer.interface);
        }
        if let Some(ident) = &peer.ident {
            line.push(" U=").text(ident);
        }
    }

    /// ` H=… I=… U=…`, with the space before.
    pub(super) fn host_and_ident(&self, line: &mut Line, peer: &Peer) {
        if peer.address.is_some() {
            line.push(" H=");
            self.full_host(line, peer);
            if self.has(Selector::IncomingInterface) {
                Self::interface(line, peer.interface);
            }
        }
        if let Some(ident) = &peer.ident {
            line.push(" U=").text(ident);
        }
    }

    /// ` X=… CV=… DN="…" SNI=…`.
    pub(super) fn tls(&self, line: &mut Line, tls: Option<&Tls>, incoming: bool) {
        let Some(tls) = tls else { return };
        if let Some(cipher) = &tls.cipher
            && self.has(Selector::TlsCipher)
        {
            line.push(" X=").text(cipher);
            if tls.resumed && self.has(Selector::TlsResumption) {
                line.push("*");
            }
        }
        if tls.cipher.is_some()
            && let Some(verified) = tls.verified
            && self.has(Selector::TlsCertificateVerified)
        {
            line.push(" CV=").push(verified);
        }
        if let Some(dn) = &tls.peer_dn
            && self.has(Selector::TlsPeerdn)
        {
            line.push(" DN=\"").printable(dn).push("\"");
        }
        if let Some(sni) = &tls.sni
            && incoming
            && self.has(Selector::TlsSni)
        {
            line.push(" SNI=").printable(sni);
        }
    }

    /// ` A=name:id:sender`.
    pub(super) fn auth(&self, line: &mut Line, auth: Option<&Auth>) {
        let Some(auth) = auth else { return };
        line.push(" A=").text(&auth.name);
        if let Some(id) = &auth.id {
            line.push(":").text(id);
        }
        if let Some(sender) = &auth.sender
            && self.has(Selector::SmtpMailauth)
        {
            line.push(":").text(sender);
        }
    }

    /// ` H=name DS [address]:port I=[…]:port`.
    pub(super) fn remote_host(&self, line: &mut Line, host: &RemoteHost, marks: bool) {
        line.push(" H=").text(&host.name);
        if host.dnssec && self.has(Selector::Dnssec) {
            line.push(" DS");
        }
        if let Some(address) = host.address {
            line.push(&format!(" [{address}]"));
            if self.has(Selector::OutgoingPort) {
                line.push(&format!(":{}", host.port));
            }
        }
        if marks && host.reused {
            line.push("*");
        }
        if let Some(local) = host.local
            && self.has(Selector::IncomingInterface)
            && self.has(Selector::OutgoingInterface)
        {
            line.push(&format!(" I=[{}]", local.ip()));
            if self.has(Selector::OutgoingPort) {
                line.push(&format!(":{}", local.port()));
            }
        }
    }

    /// ` DT=…`.
    pub(super) fn deliver_time(&self, line: &mut Line, time: Option<Duration>) {
        if let Some(time) = time
            && self.has(Selector::DeliverTime)
        {
            line.push(" DT=").push(&elapsed(time, self.has(Selector::Millisec)));
        }
    }

    /// ` QT=…`, from a time since arrival and the part of it that the reception took.
    pub(super) fn queue_time(&self, line: &mut Line, times: (Duration, Duration)) {
        let (total, reception) = times;
        let shown =
            if self.has(Selector::QueueTimeExclusive) { total.saturating_sub(reception) } else { total };
        line.push(" QT=").push(&elapsed(shown, self.has(Selector::Millisec)));
    }
}

/// Exim leaves a tab and a backslash alone.
fn push_byte(out: &mut Vec<u8>, byte: u8, topbit: bool) {
    match byte {
        b'\t' | b' '..=b'~' => out.push(byte),
        0x80.. if topbit => out.push(byte),
        _ => push_printable(out, &[byte], PrintOptions::default()),
    }
}

/// A duration in Exim's way: `1w2d3h4m5s`, or `0.123s` for short ones where milliseconds are on.
pub fn elapsed(time: Duration, millisec: bool) -> String {
    if millisec && time.as_secs() < 5 {
        format!("{}.{:03}s", time.as_secs(), time.subsec_millis())
    } else {
        interval::format(time.as_secs())
    }
}
