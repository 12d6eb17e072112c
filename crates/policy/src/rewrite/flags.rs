//! The flags of a rewriting rule.
//!
//! # Compatibility
//! Specification, section "Rewriting flags".

use super::AddressUse;

/// The flags, by what they mean.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Flags {
    /// One bit for each [`AddressUse`] but the SMTP argument; none with no `smtp` means all.
    uses: u16,
    /// `S`.
    pub(super) smtp: bool,
    /// `Q`: the result may lack a domain.
    pub(super) qualify: bool,
    /// `q`: no further rules after this one.
    pub(super) quit: bool,
    /// `R`: applied again and again.
    pub(super) repeat: bool,
    /// `w`: the whole item of a header is replaced.
    pub(super) whole: bool,
}

const HEADERS: [AddressUse; 6] = [
    AddressUse::From,
    AddressUse::To,
    AddressUse::Cc,
    AddressUse::Bcc,
    AddressUse::ReplyTo,
    AddressUse::Sender,
];

impl Flags {
    /// Reads the letters. The error is Exim's text.
    pub(super) fn parse(letters: impl Iterator<Item = u8>) -> Result<Self, String> {
        let mut flags = Self::default();
        for letter in letters {
            match letter {
                b'E' => flags.add(&[AddressUse::EnvelopeFrom, AddressUse::EnvelopeTo]),
                b'F' => flags.add(&[AddressUse::EnvelopeFrom]),
                b'T' => flags.add(&[AddressUse::EnvelopeTo]),
                b'b' => flags.add(&[AddressUse::Bcc]),
                b'c' => flags.add(&[AddressUse::Cc]),
                b'f' => flags.add(&[AddressUse::From]),
                b'h' => flags.add(&HEADERS),
                b'r' => flags.add(&[AddressUse::ReplyTo]),
                b's' => flags.add(&[AddressUse::Sender]),
                b't' => flags.add(&[AddressUse::To]),
                b'S' => flags.smtp = true,
                b'Q' => flags.qualify = true,
                b'q' => flags.quit = true,
                b'R' => flags.repeat = true,
                b'w' => flags.whole = true,
                other => {
                    let other = char::from(other);
                    return Err(format!(
                        "unknown rewrite flag character '{other}' (could be missing quotes round replacement item)"
                    ));
                }
            }
        }
        Ok(flags)
    }

    /// Whether a rule with these flags is for such an address.
    pub(super) fn are_for(self, usage: AddressUse) -> bool {
        if usage == AddressUse::SmtpArgument {
            return self.smtp;
        }
        if self.uses == 0 { !self.smtp } else { self.uses & bit(usage) != 0 }
    }

    /// Whether a flag asks for envelope addresses or SMTP arguments.
    pub(super) fn name_the_envelope(self) -> bool {
        self.smtp || self.uses & (bit(AddressUse::EnvelopeFrom) | bit(AddressUse::EnvelopeTo)) != 0
    }

    fn add(&mut self, uses: &[AddressUse]) {
        for usage in uses {
            self.uses |= bit(*usage);
        }
    }
}

fn bit(usage: AddressUse) -> u16 {
    1 << usage as u16
}
