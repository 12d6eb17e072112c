//! What a server staples to its certificate, and what an administrator has us staple: OCSP responses.

use tls::ocsp::{Unproven, proves, stapled_until};

/// The certificate that is asked about, and its issuer's.
const OWN: &[u8] = include_bytes!("../../src/ocsp/fixtures/leaf.der");
const ISSUER: &[u8] = include_bytes!("../../src/ocsp/fixtures/ca.der");
/// 15 January 2027: the fixtures hold from November 2026 on.
const NOW: u64 = 1_800_000_000;

/// Gives one input to both sides. The first two bytes are the length of the response; what follows it is the certificate, or
/// nothing for a good one.
pub(crate) fn run(data: &[u8]) {
    let _ = findings(data);
}

/// What was found: the client's verdict, the server's.
pub(crate) fn findings(data: &[u8]) -> String {
    let [high, low, rest @ ..] = data else { return String::new() };
    let length = usize::from(u16::from_be_bytes([*high, *low])).min(rest.len());
    let (response, own) = rest.split_at(length);
    let own = if own.is_empty() { OWN } else { own };
    let until = stapled_until(response, own, NOW.cast_signed());
    let verdict = proves(response, own, ISSUER, NOW).map_err(Unproven::words);
    format!("{verdict:?} {:?}", until.map(|until| until.is_some()))
}
