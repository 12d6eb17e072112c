//! `-R` and `-S`: which messages a queue run is for.

use expand::regex::{Flags, Regex};
use spool::Header;

use super::run_request::{RunRequest, Select};

/// The choice of a run, ready for use.
pub(super) struct Choice {
    recipients: Option<Pattern>,
    senders: Option<Pattern>,
    first_only: bool,
}

enum Pattern {
    Text(Vec<u8>),
    Regex(Regex),
}

impl Choice {
    pub(super) fn new(request: &RunRequest) -> Result<Self, String> {
        let compiled = |select: &Option<Select>| select.as_ref().map(Pattern::new).transpose();
        Ok(Self {
            recipients: compiled(&request.recipients)?,
            senders: compiled(&request.senders)?,
            first_only: request.first_only,
        })
    }

    /// True when the envelope must be read to know.
    pub(super) fn is_picky(&self) -> bool {
        self.is_selection() || self.first_only
    }

    /// `-R` or `-S`.
    pub(super) fn is_selection(&self) -> bool {
        self.recipients.is_some() || self.senders.is_some()
    }

    /// Whether a message is meant.
    pub(super) fn takes(&self, header: &Header) -> bool {
        let sender = self.senders.as_ref().is_none_or(|pattern| pattern.matches(&header.sender));
        let mut waiting = header.pending();
        let recipient =
            self.recipients.as_ref().is_none_or(|pattern| waiting.any(|one| pattern.matches(&one.address)));
        sender && recipient && (!self.first_only || header.deliver_firsttime)
    }
}

impl Pattern {
    fn new(select: &Select) -> Result<Self, String> {
        if !select.regex {
            return Ok(Self::Text(select.text.to_ascii_lowercase()));
        }
        let compiled = Regex::compile(&select.text, Flags { caseless: true });
        compiled.map(Self::Regex).map_err(|error| error.message)
    }

    fn matches(&self, address: &[u8]) -> bool {
        match self {
            Self::Text(text) => memchr::memmem::find(&address.to_ascii_lowercase(), text).is_some(),
            // A pattern that gives up on an address does not mean it.
            Self::Regex(regex) => regex.is_match(address).unwrap_or(false),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use mail_types::{MessageId, Timestamp};
    use spool::Recipient;

    fn takes(recipients: Option<(&str, bool)>, senders: Option<(&str, bool)>, first_only: bool) -> bool {
        let select = |(text, regex): (&str, bool)| Select { text: text.as_bytes().to_vec(), regex };
        let request = RunRequest {
            recipients: recipients.map(select),
            senders: senders.map(select),
            first_only,
            ..RunRequest::default()
        };
        let mut header = Header::new(MessageId::long(1, 1, 1), "Ann@Example.com", Timestamp(0));
        header.recipients = ["done@a.test", "Waiting@B.test"].map(Recipient::new).to_vec();
        header.nonrecipients.insert(b"done@a.test");
        Choice::new(&request).unwrap().takes(&header)
    }

    #[test]
    fn texts_and_patterns() {
        for (recipients, senders, first_only, taken) in [
            (None, None, false, true),
            (Some(("b.TEST", false)), None, false, true),
            (Some(("a.test", false)), None, false, false),
            (Some(("^wait.*@b", true)), None, false, true),
            (Some(("b.test", false)), Some(("nobody", false)), false, false),
            (None, Some(("ann@", false)), false, true),
            (None, None, true, false),
        ] {
            assert_eq!(takes(recipients, senders, first_only), taken, "{recipients:?} {senders:?}");
        }
        let broken = RunRequest {
            senders: Some(Select { text: b"(".to_vec(), regex: true }),
            ..RunRequest::default()
        };
        assert!(Choice::new(&broken).is_err());
    }
}
