//! The mail server's side of the milter protocol, version 6, as far as a filter of header fields needs it.
//!
//! A packet is a length of four octets, a letter, and data; strings end with a zero octet.

use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::time::Duration;

use crate::messages::Message;

/// Fields keep the white space after their colons.
const LEADING_SPACE: u32 = 0x0010_0000;
/// All that a filter may change.
const ACTIONS: u32 = 0x1ff;

/// A filter, connected.
pub(crate) struct Milter(UnixStream);

impl Milter {
    /// Agrees on what may be done, and tells of a client with this address.
    pub(crate) fn connect(mut stream: UnixStream, client: &str) -> Self {
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        let mut offer = 6u32.to_be_bytes().to_vec();
        offer.extend_from_slice(&ACTIONS.to_be_bytes());
        offer.extend_from_slice(&LEADING_SPACE.to_be_bytes());
        send(&mut stream, b'O', &offer);
        let mut milter = Self(stream);
        let (letter, data) = milter.receive();
        assert_eq!(letter, b'O');
        let protocol = u32::from_be_bytes(data[8..12].try_into().unwrap());
        assert_eq!(protocol & !LEADING_SPACE, 0, "steps are left out that were not offered");
        assert_eq!(protocol & LEADING_SPACE, LEADING_SPACE, "the filter takes fields as they are");
        milter.step(b'C', &[client.as_bytes(), b"\x004\x00\x19", client.as_bytes(), b"\0"].concat());
        milter.step(b'H', b"client.example\0");
        milter
    }

    /// Gives it a message; the fields that it puts on top, in spool form, the topmost first.
    pub(crate) fn message(&mut self, message: &Message) -> Vec<Vec<u8>> {
        send(&mut self.0, b'D', b"Mi\x00Q1\x00");
        self.step(b'M', b"<sender@example.org>\0");
        self.step(b'R', b"<someone@local.example>\0");
        self.step(b'T', b"");
        for field in &message.fields {
            let colon = field.iter().position(|byte| *byte == b':').unwrap();
            let name = &field[..colon];
            let value = field[colon + 1..].strip_suffix(b"\n").unwrap();
            self.step(b'L', &[name, b"\0", value, b"\0"].concat());
        }
        self.step(b'N', b"");
        for chunk in message.wire_body().chunks(60_000) {
            self.step(b'B', chunk);
        }
        send(&mut self.0, b'E', b"");
        let mut fields: Vec<Vec<u8>> = Vec::new();
        loop {
            let (letter, data) = self.receive();
            match letter {
                // A field in front of the others, its place in four octets.
                b'i' => {
                    let place = u32::from_be_bytes(data[..4].try_into().unwrap()) as usize;
                    fields.insert(place.saturating_sub(1).min(fields.len()), field(&data[4..]));
                }
                b'h' => fields.push(field(&data)),
                b'p' => {}
                b'a' | b'c' => return fields,
                other => panic!("{} {}", char::from(other), data.escape_ascii()),
            }
        }
    }

    /// A step that the filter has to let pass.
    fn step(&mut self, letter: u8, data: &[u8]) {
        send(&mut self.0, letter, data);
        let (answer, data) = self.receive();
        assert_eq!(answer, b'c', "{} {}", char::from(letter), data.escape_ascii());
    }

    fn receive(&mut self) -> (u8, Vec<u8>) {
        let mut length = [0; 4];
        self.0.read_exact(&mut length).unwrap();
        let mut packet = vec![0; u32::from_be_bytes(length) as usize];
        self.0.read_exact(&mut packet).unwrap();
        (packet.remove(0), packet)
    }
}

impl Drop for Milter {
    fn drop(&mut self) {
        send(&mut self.0, b'Q', b"");
    }
}

fn send(stream: &mut UnixStream, letter: u8, data: &[u8]) {
    let length = u32::try_from(data.len() + 1).unwrap();
    let packet = [&length.to_be_bytes()[..], &[letter], data].concat();
    stream.write_all(&packet).unwrap();
}

/// A field in spool form of its name and its value.
fn field(data: &[u8]) -> Vec<u8> {
    let (name, value) = data.split_at(data.iter().position(|byte| *byte == 0).unwrap());
    let value = value[1..].strip_suffix(b"\0").unwrap();
    [name, b":", value, b"\n"].concat()
}
