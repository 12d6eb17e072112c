//! Main options that Exim checks before it reads the other sections, and defaults that follow from other options.
//!
//! # Compatibility
//! Spec 14; the order of the checks is Exim 4.96's.

use expand::Variable;
use mail_types::Value;
use mail_types::diagnostic::{Diagnostic, Span};
use mail_types::log_selector::{self, SelectorError, Selectors};

use super::values;
use crate::options::{Opt, OptionSet, OptionType, kind, main};
use crate::sections::loader::Loader;
use crate::sections::scan::{c_number, period};
use crate::sections::value::expand_now;
use crate::sink::exim_unplaced;
use crate::snapshot::LoadRequest;
use mail_types::suggest::nearest;

/// Highest `localhost_number` (Exim's for systems with letters of both cases in file names).
const LOCALHOST_NUMBER_MAX: u32 = 16;

const FACILITIES: [&str; 13] = [
    "daemon", "local0", "local1", "local2", "local3", "local4", "local5", "local6", "local7", "mail", "news",
    "user", "uucp",
];

/// Called between the main section and the next one.
pub(crate) fn after_main(loader: &mut Loader<'_>, set: &mut OptionSet, request: &LoadRequest<'_>) {
    values::local_sender(loader, set);
    derived_defaults(loader, set, request);
    own_group(loader, set, main::SYSTEM_FILTER_USER, main::SYSTEM_FILTER_GROUP);
    if expand_path(loader, set, main::SPOOL_DIRECTORY) {
        values::spool_directory(loader, set);
    }
    let spool = set.text(main::SPOOL_DIRECTORY).unwrap_or_default().to_vec();
    if set.text(main::PROCESS_LOG_PATH).is_none_or(<[u8]>::is_empty) {
        let path = [spool.as_slice(), b"/exim-process.info"].concat();
        loader.set_default(set, "process_log_path", &path);
    }
    loader.context.env.variables.insert(Variable::SpoolDirectory, Value::clean(spool));
    if expand_path(loader, set, main::LOG_FILE_PATH) {
        log_file_path(loader, set);
    }
    expand_path(loader, set, main::PID_FILE_PATH);
    facility(loader, set);
    values::from_pattern(loader, set);
    for option in [main::SMTP_RATELIMIT_MAIL, main::SMTP_RATELIMIT_RCPT] {
        ratelimit(loader, set, option);
    }
    values::errors_reply_to(loader, set);
    localhost_number(loader, set);
    values::tls_dh_max_bits(loader, set);
    values::numbers(loader, set);
    values::bounded(loader, set);
    log_selector(loader, set);
    message_id_format(loader, set);
    super::sender_auth::of_main(loader, set);
}

/// Reports a mistake at an option; `exim` is the whole of Exim's text.
pub(super) fn report<T: OptionType>(
    loader: &mut Loader<'_>,
    set: &OptionSet,
    option: Opt<T>,
    text: &str,
    exim: String,
) -> usize {
    let span = set.span(option).unwrap_or(Span::NOWHERE);
    loader.reader.report(Diagnostic::error("config.main.invalid", span, text).exim(exim));
    loader.reader.sink.error_count()
}

/// `qualify_domain` is the host's name unless set, `qualify_recipient` is `qualify_domain`; both are known to expansions.
fn derived_defaults(loader: &mut Loader<'_>, set: &mut OptionSet, request: &LoadRequest<'_>) {
    let hostname = set.text(main::PRIMARY_HOSTNAME).unwrap_or(request.facts.hostname.as_bytes()).to_vec();
    for (name, given) in [
        ("qualify_domain", set.is_set(main::QUALIFY_DOMAIN)),
        ("qualify_recipient", set.is_set(main::QUALIFY_RECIPIENT)),
    ] {
        if !given {
            let from = if name == "qualify_domain" {
                Some(hostname.as_slice())
            } else {
                set.text(main::QUALIFY_DOMAIN)
            };
            let text = from.unwrap_or_default().to_vec();
            loader.set_default(set, name, &text);
        }
    }
    let facts = [
        (Variable::PrimaryHostname, hostname),
        (Variable::QualifyDomain, set.text(main::QUALIFY_DOMAIN).unwrap_or_default().to_vec()),
        (Variable::QualifyRecipient, set.text(main::QUALIFY_RECIPIENT).unwrap_or_default().to_vec()),
    ];
    for (variable, text) in facts {
        loader.context.env.variables.insert(variable, Value::clean(text));
    }
}

/// A user given by name brings the user's own group, unless a group is given.
fn own_group(loader: &mut Loader<'_>, set: &mut OptionSet, user: Opt<kind::User>, group: Opt<kind::Group>) {
    let gid = set.get(user).filter(|_| set.is_set(user) && !set.is_set(group)).and_then(|user| user.gid);
    if let Some(gid) = gid {
        let name = loader.context.files.group_name(gid).unwrap_or_else(|| gid.to_string().into_bytes());
        loader.set_default(set, group.definition().name, &name);
    }
}

/// Expands a path once, at load; the result takes the option's place. False when it failed.
fn expand_path<T: OptionType>(loader: &mut Loader<'_>, set: &mut OptionSet, option: Opt<T>) -> bool {
    let text = set.text(option).unwrap_or_default().to_vec();
    if !text.contains(&b'$') {
        return true;
    }
    let name = option.definition().name;
    match expand_now(&text, &mut loader.context) {
        Ok(value) => {
            replace(loader, set, name, value.bytes());
            true
        }
        Err(why) => {
            let text = format!("failed to expand {name} \"{}\": {why}", String::from_utf8_lossy(&text));
            report(loader, set, option, &text, text.clone());
            false
        }
    }
}

/// Puts another value in the place of what an option was set to.
pub(super) fn replace(loader: &mut Loader<'_>, set: &mut OptionSet, name: &str, text: &[u8]) {
    let (span, hidden) = set.find(name).map_or((None, false), |(_, slot)| (slot.span, slot.hidden));
    loader.set_default(set, name, text);
    if let Some(slot) = set.find_mut(name) {
        slot.span = span;
        slot.hidden = hidden;
    }
}

/// Each path of the list needs one `%s`; `%D` and `%M` may stand beside it.
fn log_file_path(loader: &mut Loader<'_>, set: &OptionSet) {
    let text = set.text(main::LOG_FILE_PATH).unwrap_or_default().to_vec();
    let paths: Vec<Vec<u8>> = policy::list::split(&text)
        .map(|item| item.bytes)
        .filter(|path| !path.is_empty() && path != b"syslog")
        .collect();
    for path in &paths {
        let shown = String::from_utf8_lossy(path);
        let text = match check_log_path(path) {
            Ok(()) => continue,
            Err(LogPath::NoName) => format!("log_file_path \"{shown}\" does not contain \"%s\""),
            Err(LogPath::Extra) => format!("log_file_path \"{shown}\" contains unexpected \"%\" character"),
        };
        report(loader, set, main::LOG_FILE_PATH, &text, text.clone());
        return;
    }
    if let [first, _, ..] = paths.as_slice() {
        let text =
            format!("More than one path given in log_file_path: using {}", String::from_utf8_lossy(first));
        let span = set.span(main::LOG_FILE_PATH).unwrap_or(Span::NOWHERE);
        loader.reader.report(Diagnostic::warning("config.main.log_file_path", span, text.clone()).exim(text));
    }
}

enum LogPath {
    NoName,
    Extra,
}

fn check_log_path(path: &[u8]) -> Result<(), LogPath> {
    let mut names = 0;
    let mut dates = 0;
    let mut rest = path;
    while let Some(at) = memchr::memchr(b'%', rest) {
        match rest.get(at + 1) {
            Some(b's') => names += 1,
            Some(b'D' | b'M') => dates += 1,
            _ if names == 0 && memchr::memmem::find(path, b"%s").is_none() => return Err(LogPath::NoName),
            _ => return Err(LogPath::Extra),
        }
        rest = rest.get(at + 2..).unwrap_or_default();
    }
    match (names, dates) {
        (0, _) => Err(LogPath::NoName),
        (1, 0 | 1) => Ok(()),
        _ => Err(LogPath::Extra),
    }
}

fn facility(loader: &mut Loader<'_>, set: &OptionSet) {
    let Some(text) = set.get(main::SYSLOG_FACILITY) else { return };
    let shown = String::from_utf8_lossy(text).into_owned();
    let lower = shown.to_ascii_lowercase();
    let name = lower.strip_prefix("log_").unwrap_or(&lower);
    if !FACILITIES.contains(&name) {
        let text = format!("failed to interpret syslog_facility \"{shown}\"");
        report(loader, set, main::SYSLOG_FACILITY, &text, exim_unplaced(&text));
    }
}

/// `number,time,factor,time`.
fn ratelimit<T: OptionType>(loader: &mut Loader<'_>, set: &OptionSet, option: Opt<T>) {
    let Some(text) = set.text(option).filter(|_| set.is_set(option)) else { return };
    if !is_ratelimit(text) {
        let text = format!("malformed ratelimit data: {}", String::from_utf8_lossy(text));
        report(loader, set, option, &text, text.clone());
    }
}

fn is_ratelimit(text: &[u8]) -> bool {
    let fields: Vec<&[u8]> = text.split(|b| *b == b',').map(<[u8]>::trim_ascii).collect();
    let [threshold, base, factor, limit] = fields.as_slice() else { return false };
    let number = |text: &[u8]| !text.is_empty() && text.iter().all(u8::is_ascii_digit);
    let decimal = |text: &[u8]| {
        let mut parts = text.splitn(2, |b| *b == b'.');
        parts.next().is_some_and(number) && parts.next().is_none_or(number)
    };
    // The first period may have decimals: 0.5s.
    let fraction = |text: &[u8]| match text.split_last() {
        Some((b's' | b'm' | b'h' | b'd' | b'w', digits)) => decimal(digits),
        _ => false,
    };
    number(threshold)
        && (period(base).is_some() || fraction(base))
        && decimal(factor)
        && (period(limit).is_some() || fraction(limit))
}

fn localhost_number(loader: &mut Loader<'_>, set: &OptionSet) {
    let Some(text) = set.text(main::LOCALHOST_NUMBER).filter(|_| set.is_set(main::LOCALHOST_NUMBER)) else {
        return;
    };
    let text = text.to_vec();
    let option = main::LOCALHOST_NUMBER;
    let value = match expand_now(&text, &mut loader.context) {
        Ok(value) => value.to_lossy(),
        Err(why) => {
            let text =
                format!("failed to expand localhost_number \"{}\": {why}", String::from_utf8_lossy(&text));
            report(loader, set, option, &text, text.clone());
            return;
        }
    };
    let text = match read_localhost_number(value.as_bytes()) {
        Some(number) if number <= LOCALHOST_NUMBER_MAX => return,
        Some(_) => {
            format!("localhost_number is greater than the maximum allowed value ({LOCALHOST_NUMBER_MAX})")
        }
        None => format!("localhost_number value is not a number: {value}"),
    };
    report(loader, set, option, &text, exim_unplaced(&text));
}

/// What `localhost_number` says once it is expanded: a number as C writes it, nothing meaning 0; `None` for anything else.
pub fn read_localhost_number(text: &[u8]) -> Option<u32> {
    let text = text.trim_ascii();
    if text.is_empty() {
        return Some(0);
    }
    c_number(text).filter(|(_, len)| *len == text.len()).and_then(|(number, _)| u32::try_from(number).ok())
}

/// `+name -name ...`.
fn log_selector(loader: &mut Loader<'_>, set: &OptionSet) {
    let option = main::LOG_SELECTOR;
    let Err(error) = Selectors::parse(set.get(option).unwrap_or_default()) else { return };
    let text = error.to_string();
    let span = set.span(option).unwrap_or(Span::NOWHERE);
    let mut diagnostic =
        Diagnostic::error("config.main.log_selector", span, text.clone()).exim(exim_unplaced(&text));
    if let SelectorError::Unknown(name) = error {
        let name = String::from_utf8_lossy(&name);
        diagnostic.help = nearest(name.trim_start_matches(['+', '-']), log_selector::names())
            .map(|n| format!("there is a selector {n}"));
    }
    loader.reader.report(diagnostic);
}

/// Postrider's own: `long` or `short`.
fn message_id_format(loader: &mut Loader<'_>, set: &OptionSet) {
    let option = crate::options::postrider::MESSAGE_ID_FORMAT;
    let text = set.get(option).unwrap_or_default();
    if !matches!(text, b"long" | b"short") {
        let text = format!("message_id_format is long or short, not \"{}\"", String::from_utf8_lossy(text));
        report(loader, set, option, &text, exim_unplaced(&text));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ratelimits() {
        for good in ["2,0.5s,1.05,4m", "0,1s,1.0,1m", "2, 1s, 1.05, 4m", "2,1m,1.12345,4m"] {
            assert!(is_ratelimit(good.as_bytes()), "{good}");
        }
        for bad in [
            "",
            "2,1s,1.05",
            "2,,1,1",
            "a,1s,1,1m",
            "2,1s,x,1m",
            "2,1s,1.05,4",
            "2,0.1,1.05,4m",
            "2,1s,1,4m,5",
        ] {
            assert!(!is_ratelimit(bad.as_bytes()), "{bad}");
        }
    }

    #[test]
    fn log_paths() {
        for good in ["/tmp/%slog", "/tmp/%s-%D", "/tmp/%D-%s", "tmp/%s", "/x/%s.%M"] {
            assert!(check_log_path(good.as_bytes()).is_ok(), "{good}");
        }
        for bad in ["foo", "/tmp/%mlog"] {
            assert!(matches!(check_log_path(bad.as_bytes()), Err(LogPath::NoName)), "{bad}");
        }
        for bad in ["/tmp/%s%s", "/tmp/%s%x"] {
            assert!(matches!(check_log_path(bad.as_bytes()), Err(LogPath::Extra)), "{bad}");
        }
    }
}
