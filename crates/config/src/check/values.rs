//! Values of main options that are well-formed for their kind and still wrong.
//!
//! # Compatibility
//! Each text and each verdict was seen from Exim 4.96. A size that is no number is noticed by Exim when it is used, and
//! so it is a warning.

use expand::regex::{Flags, Regex};
use mail_types::address::{ParseOptions, parse_address};
use mail_types::diagnostic::{Diagnostic, Severity, Span};

use super::main::{replace, report};
use crate::options::{Opt, OptionSet, kind, main};
use crate::reader::text::Text;
use crate::sections::cursor::Cursor;
use crate::sections::loader::Loader;
use crate::sections::scan::{self, Width};
use crate::sections::value::expand_now;
use crate::sink::exim_unplaced;

/// Longest `retry_interval_max`, in seconds: a day (spec 32.1).
const RETRY_INTERVAL_LONGEST: i64 = 24 * 60 * 60;
/// Fewest bits of `tls_dh_max_bits`.
const TLS_DH_BITS_MIN: i64 = 1024;

/// `local_sender_retain` keeps a `Sender:` that `local_from_check` would take away.
pub(super) fn local_sender(loader: &mut Loader<'_>, set: &OptionSet) {
    if set.get(main::LOCAL_SENDER_RETAIN) && set.get(main::LOCAL_FROM_CHECK) {
        let text = "both local_from_check and local_sender_retain are set; this combination is not allowed"
            .to_owned();
        report(loader, set, main::LOCAL_SENDER_RETAIN, &text, text.clone());
    }
}

/// The directory of the spool has no name.
pub(super) fn spool_directory(loader: &mut Loader<'_>, set: &OptionSet) {
    if set.text(main::SPOOL_DIRECTORY).is_none_or(<[u8]>::is_empty) {
        let text = "spool_directory undefined: cannot proceed".to_owned();
        report(loader, set, main::SPOOL_DIRECTORY, &text, text.clone());
    }
}

/// The pattern of an envelope "From " line.
pub(super) fn from_pattern(loader: &mut Loader<'_>, set: &OptionSet) {
    let Some(pattern) = set.get(main::UUCP_FROM_PATTERN) else { return };
    if let Err(error) = Regex::compile(pattern, Flags::default()) {
        let shown = String::from_utf8_lossy(pattern);
        let text = format!(
            "regular expression error: {} at offset {} while compiling {shown}",
            error.message, error.offset
        );
        report(loader, set, main::UUCP_FROM_PATTERN, &text, text.clone());
    }
}

/// One address with a domain.
pub(super) fn errors_reply_to(loader: &mut Loader<'_>, set: &OptionSet) {
    let Some(given) = set.get(main::ERRORS_REPLY_TO) else { return };
    let shown = String::from_utf8_lossy(given);
    let options = ParseOptions { allow_domain_literals: true, ..ParseOptions::default() };
    let text = match parse_address(given, options) {
        Ok((address, _place)) if address.domain.is_empty() => {
            format!("errors_reply_to ({shown}) does not contain a domain")
        }
        Ok(_) => return,
        Err(error) => format!("error in errors_reply_to ({shown}): {error}"),
    };
    report(loader, set, main::ERRORS_REPLY_TO, &text, exim_unplaced(&text));
}

/// Diffie-Hellman groups that nobody would take.
pub(super) fn tls_dh_max_bits(loader: &mut Loader<'_>, set: &OptionSet) {
    if set.get(main::TLS_DH_MAX_BITS) < TLS_DH_BITS_MIN {
        let text = format!("tls_dh_max_bits is too small, must be at least {TLS_DH_BITS_MIN} for interop");
        report(loader, set, main::TLS_DH_MAX_BITS, &text, exim_unplaced(&text));
    }
}

/// Sizes and counts that are expanded, and that stand there as they are.
pub(super) fn numbers(loader: &mut Loader<'_>, set: &OptionSet) {
    for option in [main::MESSAGE_SIZE_LIMIT, main::SMTP_ACCEPT_MAX_PER_CONNECTION] {
        number(loader, set, option);
    }
}

/// What is out of bounds becomes the bound, without a word, as in Exim.
pub(super) fn bounded(loader: &mut Loader<'_>, set: &mut OptionSet) {
    if set.get(main::REMOTE_MAX_PARALLEL) < 1 {
        replace(loader, set, "remote_max_parallel", b"1");
    }
    if set.get(main::RETRY_INTERVAL_MAX) > RETRY_INTERVAL_LONGEST {
        replace(loader, set, "retry_interval_max", b"1d");
    }
}

fn number(loader: &mut Loader<'_>, set: &OptionSet, option: Opt<kind::Text>) {
    let Some(given) = set.text(option).filter(|text| !text.contains(&b'$')) else { return };
    let name = option.definition().name;
    let given = Text::plain(given, Span::NOWHERE);
    if let Err(fault) = scan::integer(&mut Cursor::new(&given), name, Width::Wide) {
        let span = set.span(option).unwrap_or(Span::NOWHERE);
        loader.reader.report(Diagnostic::warning(fault.id, span, fault.text));
    }
}

/// The name that a connection without one expands at once. Lookups can't be done here: only what is wrong with the
/// text itself counts.
pub(crate) fn active_hostname(loader: &mut Loader<'_>, set: &OptionSet) {
    let option = main::SMTP_ACTIVE_HOSTNAME;
    let Some(name) = set.get(option) else { return };
    if name.diagnostics().iter().all(|found| found.severity == Severity::Note) {
        return;
    }
    let text = set.text(option).unwrap_or_default().to_vec();
    if let Err(why) = expand_now(&text, &mut loader.context) {
        let text =
            format!("failed to expand \"{}\" (smtp_active_hostname): {why}", String::from_utf8_lossy(&text));
        report(loader, set, option, &text, text.clone());
    }
}
