//! What a client begins TLS with, and the proof that it asks for.

use tls::client_hello::asks_for_status;

/// Gives one input to the reader. What asks for a proof does so however its message is cut into records, and no less with
/// more octets behind it.
pub(crate) fn run(data: &[u8]) {
    let asks = asks_for_status(data);
    if asks {
        assert!(asks_for_status(&[data, b"\x16\x03\x01\x00\x01x"].concat()), "what follows changes nothing");
    }
    let records = |most: usize| {
        let record = |part: &[u8]| {
            let length = u16::try_from(part.len()).unwrap_or(u16::MAX).to_be_bytes();
            [&[22, 3, 1], &length[..], part].concat()
        };
        data.chunks(most).flat_map(record).collect::<Vec<u8>>()
    };
    assert_eq!(asks_for_status(&records(60_000)), asks_for_status(&records(11)), "the same in many records");
}
