//! When a signature holds.
//!
//! # References
//! RFC 4034 section 3.1.5: times are serial numbers, 136 years long.

use mail_types::Timestamp;
use mail_types::zone::zulu;

use super::Reason;
use super::set::Signature;

/// Fails outside the time for which a signature was made; the text tells a machine whose clock is wrong.
pub(super) fn check(signature: &Signature, now: Timestamp) -> Result<(), Reason> {
    let seconds = now.secs() as u32;
    if before(seconds, signature.inception) {
        let when = shown(signature.inception, now);
        let here = zulu(now);
        return Err(
            format!("not valid before {when}, and this machine's clock says {here}: is it right?").into()
        );
    }
    if before(signature.expiration, seconds) {
        let when = shown(signature.expiration, now);
        let here = zulu(now);
        return Err(format!("expired at {when}, and this machine's clock says {here}").into());
    }
    Ok(())
}

/// When a signature holds, in dates next to now; the first says whether now is before it, else after it. None for one
/// that holds now.
pub(super) fn missed(signature: &Signature, now: Timestamp) -> Option<(bool, Timestamp, String)> {
    let seconds = now.secs() as u32;
    let early = before(seconds, signature.inception);
    let late = before(signature.expiration, seconds);
    let window =
        || format!("from {} to {}", shown(signature.inception, now), shown(signature.expiration, now));
    (early != late).then(|| (early, moment(signature.inception, now), window()))
}

/// Seconds until a signature ends.
pub(super) fn left(signature: &Signature, now: Timestamp) -> u32 {
    signature.expiration.wrapping_sub(now.secs() as u32)
}

/// rfc1982#3.2: earlier on the circle of serial numbers.
fn before(a: u32, b: u32) -> bool {
    a.wrapping_sub(b).cast_signed() < 0
}

/// A serial number as the date next to now that it may mean.
fn shown(serial: u32, now: Timestamp) -> String {
    zulu(moment(serial, now))
}

fn moment(serial: u32, now: Timestamp) -> Timestamp {
    let away = i64::from(serial.wrapping_sub(now.secs() as u32).cast_signed());
    Timestamp::from_secs(now.secs() + away)
}
