//! RADIUS packets: the question whether a password is right, and the answer.
//!
//! # Invariants
//! * No I/O. What a server sends is checked before it counts: identifier, length, both authenticators.
//!
//! # References
//! RFC 2865 (sections 3, 4 and 5.2), RFC 2869 section 5.14 (Message-Authenticator).

use crate::digest;

/// A packet has at most so many octets (RFC 2865, section 3).
pub(crate) const PACKET: usize = 4096;
/// Longest password (RFC 2865, section 5.2).
const PASSWORD: usize = 128;
const HEADER: usize = 20;
const USER_NAME: u8 = 1;
const USER_PASSWORD: u8 = 2;
const SERVICE_TYPE: u8 = 6;
const NAS_IDENTIFIER: u8 = 32;
const MESSAGE_AUTHENTICATOR: u8 = 80;
const AUTHENTICATE_ONLY: u32 = 8;

/// A question to a server.
#[derive(Debug)]
pub(crate) struct Question<'a> {
    /// Tells answers apart.
    pub(crate) identifier: u8,
    /// Random.
    pub(crate) authenticator: [u8; 16],
    /// What server and client share.
    pub(crate) secret: &'a [u8],
}

/// What a server says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    Accept,
    Reject,
    /// It wants to ask the user something, which nobody can answer here.
    Challenge,
}

impl Question<'_> {
    /// The packet (Access-Request); none when the name or the password is too long for it.
    pub(crate) fn packet(&self, user: &[u8], password: &[u8], client: &[u8]) -> Option<Vec<u8>> {
        if password.len() > PASSWORD {
            return None;
        }
        let mut packet = vec![1, self.identifier, 0, 0];
        packet.extend_from_slice(&self.authenticator);
        attribute(&mut packet, MESSAGE_AUTHENTICATOR, &[0; 16])?;
        attribute(&mut packet, USER_NAME, user)?;
        attribute(&mut packet, USER_PASSWORD, &self.hidden(password))?;
        attribute(&mut packet, SERVICE_TYPE, &AUTHENTICATE_ONLY.to_be_bytes())?;
        attribute(&mut packet, NAS_IDENTIFIER, client)?;
        let length = u16::try_from(packet.len()).ok()?;
        packet[2..4].copy_from_slice(&length.to_be_bytes());
        let proof = digest::hmac(digest::md5, self.secret, &packet);
        packet[HEADER + 2..HEADER + 18].copy_from_slice(&proof);
        Some(packet)
    }

    /// RFC 2865, section 5.2.
    fn hidden(&self, password: &[u8]) -> Vec<u8> {
        let mut padded = password.to_vec();
        padded.resize(password.len().div_ceil(16).max(1) * 16, 0);
        let mut out: Vec<u8> = Vec::with_capacity(padded.len());
        let mut before = self.authenticator.to_vec();
        for block in padded.chunks(16) {
            let mask = digest::md5(&[self.secret, &before].concat());
            before = block.iter().zip(mask).map(|(octet, mask)| octet ^ mask).collect();
            out.extend_from_slice(&before);
        }
        out
    }

    /// The verdict of an answer; none when it is not an answer to this question by who knows the secret.
    pub(crate) fn verdict(&self, answer: &[u8]) -> Option<Verdict> {
        let length = usize::from(u16::from_be_bytes([*answer.get(2)?, *answer.get(3)?]));
        let answer = answer.get(..length).filter(|answer| answer.len() >= HEADER)?;
        let signed = [&answer[..4], &self.authenticator, &answer[HEADER..], self.secret].concat();
        if answer[1] != self.identifier
            || answer[4..HEADER] != digest::md5(&signed)[..]
            || !self.is_proven(answer)?
        {
            return None;
        }
        match answer[0] {
            2 => Some(Verdict::Accept),
            3 => Some(Verdict::Reject),
            11 => Some(Verdict::Challenge),
            _ => None,
        }
    }

    /// Whether a Message-Authenticator, if there is one, is right; none where attributes are malformed.
    fn is_proven(&self, answer: &[u8]) -> Option<bool> {
        let mut at = HEADER;
        while at < answer.len() {
            let length = usize::from(*answer.get(at + 1)?);
            let value = answer.get(at + 2..at + length)?;
            if answer[at] == MESSAGE_AUTHENTICATOR {
                let mut blank = answer.to_vec();
                blank[4..HEADER].copy_from_slice(&self.authenticator);
                blank[at + 2..at + length].fill(0);
                return Some(value == digest::hmac(digest::md5, self.secret, &blank));
            }
            at += length.max(2);
        }
        Some(true)
    }
}

fn attribute(packet: &mut Vec<u8>, kind: u8, value: &[u8]) -> Option<()> {
    let length = u8::try_from(value.len() + 2).ok()?;
    packet.extend_from_slice(&[kind, length]);
    packet.extend_from_slice(value);
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 2865, section 7.1.
    const NEMO: Question<'static> = Question {
        identifier: 0,
        authenticator: [
            0x0f, 0x40, 0x3f, 0x94, 0x73, 0x97, 0x80, 0x57, 0xbd, 0x83, 0xd5, 0xcb, 0x98, 0xf4, 0x22, 0x7a,
        ],
        secret: b"xyzzy5461",
    };

    #[test]
    fn passwords_are_hidden_as_in_the_rfcs_example() {
        let hidden = NEMO.hidden(b"arctangent");
        let expected = b"\x0d\xbe\x70\x8d\x93\xd4\x13\xce\x31\x96\xe4\x3f\x78\x2a\x0a\xee";
        assert_eq!(hidden, expected);
        assert_eq!(NEMO.hidden(b"").len(), 16);
        assert_eq!(NEMO.hidden(&[b'a'; 17]).len(), 32);
    }

    #[test]
    fn the_rfcs_answer_is_believed_and_nothing_near_it() {
        let answer = b"\x02\x00\x00\x26\x86\xfe\x22\x0e\x76\x24\xba\x2a\x10\x05\xf6\xbf\x9b\x55\xe0\xb2\
                       \x06\x06\x00\x00\x00\x01\x0f\x06\x00\x00\x00\x00\x0e\x06\xc0\xa8\x01\x03";
        assert_eq!(NEMO.verdict(answer), Some(Verdict::Accept));
        for at in 0..answer.len() {
            let mut changed = answer.to_vec();
            changed[at] ^= 1;
            assert_eq!(NEMO.verdict(&changed), None, "octet {at}");
            assert_eq!(NEMO.verdict(&answer[..at]), None, "{at} octets");
        }
    }

    #[test]
    fn a_packet_holds_what_it_must() {
        let packet = NEMO.packet(b"nemo", b"arctangent", b"mx").unwrap();
        assert_eq!(packet.len(), 20 + 18 + 6 + 18 + 6 + 4);
        assert_eq!(packet[2..4], [0, 72]);
        assert_eq!(packet[38..44], *b"\x01\x06nemo");
        assert_eq!(NEMO.packet(b"nemo", &[b'a'; 129], b"mx"), None, "a password too long");
        assert_eq!(NEMO.packet(&[b'a'; 254], b"x", b"mx"), None, "a name too long");
    }

    #[test]
    fn malformed_attributes_are_no_answer() {
        for attributes in [&b"\x01"[..], b"\x01\x09abc", b"\x50\x12short"] {
            let length = u16::try_from(20 + attributes.len()).unwrap().to_be_bytes();
            let head = [2, 0, length[0], length[1]];
            let proof = digest::md5(&[&head, &NEMO.authenticator[..], attributes, NEMO.secret].concat());
            let answer = [&head[..], &proof, attributes].concat();
            assert_eq!(NEMO.verdict(&answer), None, "{attributes:?}");
        }
    }
}
