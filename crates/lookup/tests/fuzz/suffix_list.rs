//! Any text as a list of public suffixes and any domain: an answer is the end of the domain, and what is registered stands one
//! label above the suffix.

use lookup::psl::SuffixList;

/// Gives one input to it: the list, a zero byte, the domain.
pub(crate) fn run(data: &[u8]) {
    let at = data.iter().position(|byte| *byte == 0).unwrap_or(data.len());
    let (list, domain) = (SuffixList::parse(&data[..at]), data.get(at + 1..).unwrap_or_default());
    let labels = |name: &[u8]| name.split(|byte| *byte == b'.').count();
    let is_end = |name: &[u8]| domain.ends_with(name) && !name.starts_with(b".");
    let suffix = list.suffix(domain);
    assert!(suffix.is_none_or(is_end));
    // A domain without labels has neither; an exception directly under the root has an empty suffix.
    let suffix_labels = suffix.map_or(0, |suffix| if suffix.is_empty() { 0 } else { labels(suffix) });
    if let Some(registered) = list.registered(domain) {
        assert!(is_end(registered) && labels(registered) == suffix_labels + 1);
    }
}
