//! The intervals of RFC 5011, as its sections have them.

use super::*;

const fn hours(hours: u64) -> Duration {
    Duration::from_hours(hours)
}

/// rfc5011#2.3: `MAX(1 hr, MIN(15 days, 1/2*OrigTTL, 1/2*RRSigExpirationInterval))`, and
/// `MAX(1 hour, MIN(1 day, .1*OrigTTL, .1*RRSigExpirationInterval))`.
#[test]
fn how_often_a_zone_is_asked() {
    for (original_ttl, left, refresh, retry) in [
        // Half and a tenth of the records' lifetime.
        (2 * DAY, 90 * DAY, hours(24), Duration::from_mins(288)),
        // Half and a tenth of what is left of the signature.
        (90 * DAY, 2 * DAY, hours(24), Duration::from_mins(288)),
        // Never less often than these.
        (90 * DAY, 90 * DAY, hours(15 * 24), hours(24)),
        (30 * DAY + 2, 90 * DAY, hours(15 * 24), hours(24)),
        (30 * DAY - 2, 90 * DAY, Duration::from_secs(15 * 86_400 - 1), hours(24)),
        (10 * DAY - 10, 90 * DAY, Duration::from_secs(5 * 86_400 - 5), Duration::from_secs(86_399)),
        // Never more often than this.
        (HOUR, 90 * DAY, hours(1), hours(1)),
        (0, 90 * DAY, hours(1), hours(1)),
        (90 * DAY, 60, hours(1), hours(1)),
        (90 * DAY, 0, hours(1), hours(1)),
        (u32::MAX, u32::MAX, hours(15 * 24), hours(24)),
    ] {
        let times = Times { original_ttl, left };
        assert_eq!((times.refresh(), times.retry()), (refresh, retry), "{original_ttl} {left}");
    }
}

/// rfc5011#2.4.1: thirty days or the original TTL, whichever is greater; rfc5011#2.4.2: thirty days.
#[test]
fn hold_down_times() {
    let add = |original_ttl| Times { original_ttl, left: DAY }.add_hold_down();
    assert_eq!(add(DAY), hours(30 * 24));
    assert_eq!(add(30 * DAY), hours(30 * 24));
    assert_eq!(add(30 * DAY + 1), Duration::from_secs(u64::from(30 * DAY) + 1));
    assert_eq!(REMOVE_HOLD_DOWN, hours(30 * 24));
}

/// rfc5011#4.1, a row each state, with the key and without, before its time and after.
#[test]
fn the_table_of_states() {
    use State::{AddPend, Missing, Removed, Revoked, Valid};
    let key = Key::read(&[1, 1, 3, 15, 7]).expect("a key that signs zones");
    let [since, before, until, after] = [100, 199, 200, 201].map(Timestamp::from_secs);
    for (state, present, now, want) in [
        (AddPend, true, before, (AddPend, None)),
        (AddPend, true, until, (Valid, Some(What::Trusted))),
        (AddPend, false, after, (AddPend, Some(What::TrialEnded))),
        (Valid, true, after, (Valid, None)),
        (Valid, false, before, (Missing, Some(What::Missing))),
        (Missing, false, after, (Missing, None)),
        (Missing, true, before, (Valid, Some(What::Returned))),
        (Revoked, true, before, (Revoked, None)),
        (Revoked, false, before, (Revoked, None)),
        (Revoked, true, until, (Removed, Some(What::Removed))),
        (Removed, true, after, (Removed, None)),
        (Removed, false, after, (Removed, None)),
    ] {
        let mut known = FollowedKey { key: key.clone(), state, since, until, vouchers: Vec::new() };
        let what = known.next(present, now);
        assert_eq!((known.state, what), want, "{state:?} {present} {now:?}");
    }
}
