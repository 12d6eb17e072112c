//! Times as people and logs read them.
//!
//! # Compatibility
//! The forms of Exim's `$tod_...` variables; the zone is the option `timezone` (specification chapter "Main configuration").

use jiff::Zoned;
use jiff::tz::{Offset, TimeZone};

use crate::clock::Timestamp;

/// A time zone.
#[derive(Clone, Debug)]
pub struct Zone(TimeZone);

impl Zone {
    /// Universal time.
    pub fn utc() -> Self {
        Self(TimeZone::UTC)
    }

    /// A zone by its compiled rules (a file of the zone database); `None` where they are none.
    pub fn of_rules(rules: &[u8]) -> Option<Self> {
        TimeZone::tzif("", rules).ok().map(Self)
    }

    /// A zone by name (`Europe/Vienna`), in POSIX form (`CET-1CEST,M3.5.0,M10.5.0/3`), or empty or `UTC` for universal
    /// time, as the C library reads `TZ`. An unknown name is universal time, as there.
    pub fn named(name: &[u8]) -> Self {
        let Ok(name) = std::str::from_utf8(name) else { return Self::utc() };
        let name = name.strip_prefix(':').unwrap_or(name);
        if name.is_empty() {
            return Self::utc();
        }
        Self(TimeZone::get(name).or_else(|_| TimeZone::posix(name)).unwrap_or(TimeZone::UTC))
    }

    /// `Nov 22 15:09:30 2026 CET`, as `${certextract` tells times; universal time is `GMT`.
    pub fn certificate(&self, time: Timestamp) -> String {
        let at = self.at(time);
        let zone = if self.0 == TimeZone::UTC { "GMT".to_owned() } else { at.strftime("%Z").to_string() };
        format!("{} {zone}", at.strftime("%b %e %H:%M:%S %Y"))
    }

    /// `2026-11-22 15:09:30` (Exim's `$tod_log`).
    pub fn log(&self, time: Timestamp) -> String {
        self.at(time).strftime("%Y-%m-%d %H:%M:%S").to_string()
    }

    /// `2026-11-22 15:09:30.123` (log selector `millisec`).
    pub fn log_millis(&self, time: Timestamp) -> String {
        format!("{}.{:03}", self.log(time), time.subsec_micros() / 1000)
    }

    /// `+0000` (Exim's `$tod_zone`).
    pub fn offset(&self, time: Timestamp) -> String {
        self.at(time).strftime("%z").to_string()
    }

    /// `Sun, 22 Nov 2026 15:09:30 +0000`, the date of RFC 5322 (Exim's `$tod_full`).
    pub fn rfc5322(&self, time: Timestamp) -> String {
        self.at(time).strftime("%a, %d %b %Y %H:%M:%S %z").to_string()
    }

    /// `22-Nov-2026 18:18:17`.
    pub fn compile_date(&self, time: Timestamp) -> String {
        self.at(time).strftime("%d-%b-%Y %H:%M:%S").to_string()
    }

    /// `Sun Nov 22 15:09:30 2026` (Exim's `$tod_bsdinbox`).
    pub fn bsd_inbox(&self, time: Timestamp) -> String {
        self.at(time).strftime("%a %b %d %H:%M:%S %Y").to_string()
    }

    /// `20261122` (Exim's `$tod_logfile`, `%D` in `log_file_path`).
    pub fn day(&self, time: Timestamp) -> String {
        self.at(time).strftime("%Y%m%d").to_string()
    }

    /// `202611` (`%M` in `log_file_path`).
    pub fn month(&self, time: Timestamp) -> String {
        self.at(time).strftime("%Y%m").to_string()
    }

    /// Hour, minute and second of the day.
    pub fn hms(&self, time: Timestamp) -> (u8, u8, u8) {
        let at = self.at(time);
        (at.hour() as u8, at.minute() as u8, at.second() as u8)
    }

    fn at(&self, time: Timestamp) -> Zoned {
        // Times that no calendar holds come from damaged files only; the epoch stands in for them.
        let moment = jiff::Timestamp::from_microsecond(time.micros()).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
        moment.to_zoned(self.0.clone())
    }
}

/// `20261122150930Z` (Exim's `$tod_zulu`), always in universal time.
pub fn zulu(time: Timestamp) -> String {
    let zone = Zone(TimeZone::fixed(Offset::UTC));
    zone.at(time).strftime("%Y%m%d%H%M%SZ").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOME_TIME: Timestamp = Timestamp(1_795_354_770_123_456);

    #[test]
    fn every_form() {
        let zone = Zone::utc();
        assert_eq!(zone.log(SOME_TIME), "2026-11-22 13:39:30");
        assert_eq!(zone.log_millis(SOME_TIME), "2026-11-22 13:39:30.123");
        assert_eq!(zone.rfc5322(SOME_TIME), "Sun, 22 Nov 2026 13:39:30 +0000");
        assert_eq!(zone.bsd_inbox(SOME_TIME), "Sun Nov 22 13:39:30 2026");
        assert_eq!(zone.day(SOME_TIME), "20261122");
        assert_eq!(zone.month(SOME_TIME), "202611");
        assert_eq!(zone.offset(SOME_TIME), "+0000");
        assert_eq!(zone.hms(SOME_TIME), (13, 39, 30));
        assert_eq!(zulu(SOME_TIME), "20261122133930Z");
    }

    #[test]
    fn a_posix_zone_without_the_zone_database() {
        let zone = Zone::named(b"CET-1CEST,M3.5.0,M10.5.0/3");
        assert_eq!(zone.rfc5322(SOME_TIME), "Sun, 22 Nov 2026 14:39:30 +0100");
    }

    #[test]
    fn nonsense_is_universal_time() {
        for name in [&b"no/such/zone"[..], b"", b"\xff", b"UTC"] {
            assert_eq!(Zone::named(name).offset(SOME_TIME), "+0000");
        }
        assert_eq!(Zone::utc().log(Timestamp(i64::MAX)), "1970-01-01 00:00:00");
    }
}
