//! Any records, one a line: what they name is an address or a place on one line, and says the same when it is read again.

use reports::tlsrpt::{Destination, destinations};

/// The target.
pub(crate) fn run(input: &[u8]) {
    for found in destinations(input.split(|byte| *byte == b'\n')) {
        match &found {
            Destination::Mail(address) => {
                assert!(address.iter().all(u8::is_ascii_graphic) && address.contains(&b'@'));
            }
            Destination::Https(place) => {
                assert!(place.path.starts_with('/') && place.port != Some(0));
                assert!(place.path.bytes().chain(place.host.bytes()).all(|byte| byte.is_ascii_graphic()));
                if !place.path.contains([',', ';']) {
                    let again = format!("v=TLSRPTv1; rua={found}");
                    assert_eq!(destinations([again.as_bytes()]), [found]);
                }
            }
        }
    }
}
