//! The settings of SRS in libsrs_alt's form, as the main section's options have them.
//!
//! # Compatibility
//! experimental-spec of 2019, "SRS": a number of nought says as little as an unset one; `srs_config` has the last word.

use policy::list::split;
use sender_auth::srs::Settings;

use crate::options::{OptionSet, main};

/// The settings; the error is a text that says what is wrong with `srs_config`.
pub fn srs_settings(options: &OptionSet) -> Result<Settings, String> {
    let secrets = split(options.get(main::SRS_SECRETS).unwrap_or_default()).map(|item| item.bytes);
    let number = |value: i64| u32::try_from(value).ok().filter(|value| *value > 0);
    let mut settings = Settings { secrets: secrets.collect(), ..Settings::default() };
    if let Some(age) = number(options.get(main::SRS_MAXAGE)) {
        settings.max_age = age;
    }
    if let Some(length) = number(options.get(main::SRS_HASHLENGTH)) {
        settings.hash_length = length as usize;
        settings.hash_min = length as usize;
    }
    if let Some(length) = number(options.get(main::SRS_HASHMIN)) {
        settings.hash_min = length as usize;
    }
    settings.use_hash = options.get(main::SRS_USEHASH);
    settings.use_timestamp = options.get(main::SRS_USETIMESTAMP);
    match options.get(main::SRS_CONFIG) {
        Some(text) => settings.configure(&String::from_utf8_lossy(text)),
        None => Ok(settings),
    }
}
