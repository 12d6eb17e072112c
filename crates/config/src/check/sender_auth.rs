//! Options of sender authentication whose values are known at load: SRS in libsrs_alt's form, DMARC's policy discovery.
//!
//! # Failure
//! A mistake here is an error of the configuration: met at run time it would defer every message.
//!
//! # Compatibility
//! experimental-spec of 2019, "SRS"; `dmarc_policy_discovery` is Postrider's own.

use mail_types::diagnostic::{Diagnostic, Span};
use sender_auth::srs::Settings;

use super::main::report;
use crate::options::router::redirect;
use crate::options::{OptionSet, main, postrider};
use crate::sections::loader::Loader;
use crate::sink::exim_unplaced;
use crate::srs_settings::srs_settings;

/// The main section's options.
pub(super) fn of_main(loader: &mut Loader<'_>, set: &OptionSet) {
    let option = postrider::DMARC_POLICY_DISCOVERY;
    let text = set.get(option).unwrap_or_default();
    if !matches!(text, b"suffix_list" | b"tree_walk") {
        let text = format!(
            "dmarc_policy_discovery is suffix_list or tree_walk, not \"{}\"",
            String::from_utf8_lossy(text)
        );
        report(loader, set, option, &text, exim_unplaced(&text));
    }
    for option in [main::SRS_MAXAGE, main::SRS_HASHLENGTH, main::SRS_HASHMIN] {
        if set.get(option) < 0 {
            let text = format!("{} must not be negative", option.definition().name);
            report(loader, set, option, &text, exim_unplaced(&text));
        }
    }
    match srs_settings(set) {
        Err(text) => {
            report(loader, set, main::SRS_CONFIG, &text, exim_unplaced(&text));
        }
        Ok(Settings { hash_min, hash_length, .. }) if hash_min > hash_length => {
            let text = format!("srs_hashmin is {hash_min}, more than the {hash_length} characters of a hash");
            report(loader, set, main::SRS_HASHMIN, &text, exim_unplaced(&text));
        }
        Ok(_) => {}
    }
}

/// Routers that rewrite need something to make hashes with.
pub(crate) fn secrets(loader: &mut Loader<'_>, main: &OptionSet) {
    let Ok(settings) = srs_settings(main) else { return };
    if !settings.use_hash || !settings.secrets.is_empty() {
        return;
    }
    let router = loader.sections.routers.iter().find(|router| router.options.is_set(redirect::SRS));
    let Some(router) = router.filter(|router| router.driver == "redirect") else { return };
    let text = format!("router \"{}\" rewrites senders, but srs_secrets is empty", router.name);
    let span = router.options.span(redirect::SRS).unwrap_or(Span::NOWHERE);
    let mut diagnostic =
        Diagnostic::error("config.srs.secret", span, text.clone()).exim(exim_unplaced(&text));
    diagnostic.help = Some("set srs_secrets, or the first field of srs_config".into());
    loader.reader.report(diagnostic);
}
