//! An answer of a name server that anybody may have written, with all that a validator looks at: no panic, and an end soon.

use mail_types::Timestamp;

/// Gives one input to it: two bytes that say how long the message with the keys is, that message, the answer.
pub(crate) fn run(data: &[u8]) {
    let _ = findings(data);
}

/// What was found.
pub(crate) fn findings(data: &[u8]) -> Vec<String> {
    let Some((length, rest)) = data.split_at_checked(2) else { return Vec::new() };
    let length = usize::from(u16::from_be_bytes([length[0], length[1]]));
    let (keys, answer) = rest.split_at(length.min(rest.len()));
    dns::probe::judge(keys, answer, Timestamp::from_secs(1_800_000_000))
}
