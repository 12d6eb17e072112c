//! Options of sender authentication whose values are known at load: SRS in libsrs_alt's form, DMARC's policy discovery.
//!
//! # Failure
//! A mistake here is an error of the configuration: met at run time it would defer every message.
//!
//! # Compatibility
//! experimental-spec of 2019, "SRS"; `dmarc_policy_discovery` is Postrider's own.

use mail_types::diagnostic::{Diagnostic, Span};
use mail_types::suggest::nearest;
use sender_auth::dkim::crypto::{Hash, KeyType};
use sender_auth::srs::Settings;

use super::main::report;
use crate::options::router::redirect;
use crate::options::{Opt, OptionSet, kind, main, postrider};
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
    dkim_words(loader, set);
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

fn dkim_words(loader: &mut Loader<'_>, set: &OptionSet) {
    let is_key_type = |word: &[u8]| KeyType::by_name(word).is_some();
    let is_size = |word: &[u8]| {
        let mut halves = word.splitn(2, |&byte| byte == b'=');
        let known = halves.next().is_some_and(is_key_type);
        known && halves.next().and_then(|bits| std::str::from_utf8(bits).ok()?.parse::<u32>().ok()).is_some()
    };
    let hashes = ["sha1", "sha256", "sha512"];
    left_out(loader, set, main::DKIM_VERIFY_HASHES, &hashes, |word| Hash::by_name(word).is_some());
    left_out(loader, set, main::DKIM_VERIFY_KEYTYPES, &["ed25519", "rsa"], is_key_type);
    left_out(loader, set, main::DKIM_VERIFY_MIN_KEYSIZES, &["ed25519=BITS", "rsa=BITS"], is_size);
}

/// Words of a list that nothing knows. Exim leaves them out without a word, and so weakens or blinds the verification.
fn left_out(
    loader: &mut Loader<'_>,
    set: &OptionSet,
    option: Opt<kind::PlainList>,
    known: &[&'static str],
    is_known: impl Fn(&[u8]) -> bool,
) {
    let Some(span) = set.span(option) else { return };
    let words = set.get(option).iter().flat_map(|item| item.split(u8::is_ascii_whitespace));
    for word in words.map(<[u8]>::to_ascii_lowercase).filter(|word| !word.is_empty() && !is_known(word)) {
        let shown = String::from_utf8_lossy(&word);
        let text = format!("{}: \"{shown}\" means nothing and is left out", option.definition().name);
        let mut diagnostic = Diagnostic::warning("config.main.dkim_words", span, text);
        let meant = nearest(&shown, known.iter().copied());
        diagnostic.help = Some(meant.map_or_else(
            || format!("known are {}", known.join(", ")),
            |meant| format!("did you mean {meant}?"),
        ));
        loader.reader.report(diagnostic);
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
