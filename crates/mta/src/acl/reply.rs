//! From an ACL's verdict to the reply that the peer hears.
//!
//! # Security
//! A reply holds what the administrator's `message` says, or Exim's general words; never the text for the log. Line
//! breaks in it become further lines of the same reply.
//!
//! # Compatibility
//! Codes and words of the specification's section "ACL return codes" and of the oracle. A code at the beginning of
//! the text counts when its first digit fits; an extended code after it goes on every line.

use mail_types::outcome::{EnhancedStatus, Reply};
use policy::acl::{AclOutcome, AclVerdict, VerifyRole};

/// Words for a refusal that says nothing of its own.
const DENIED: &[u8] = b"Administrative prohibition";
/// Words for a temporary refusal that says nothing of its own.
const DEFERRED: &[u8] = b"Temporary local problem - please try later";

/// A refusal: the reply, and what is wrong with a code that the text begins with.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    /// For the peer.
    pub(crate) reply: Reply,
    /// For the panic log.
    pub(crate) complaint: Option<String>,
    /// The text with the code that counts, where its own does not.
    pub(crate) corrected: Option<Vec<u8>>,
}

/// The reply to a refused command; `code` is the one for a permanent refusal here. `tells_details` is
/// `smtp_return_error_details`.
pub(crate) fn refusal(verdict: &AclVerdict, code: u16, tells_details: bool) -> Refusal {
    let text = verdict.user_message.as_ref().map(mail_types::value::Value::bytes);
    match verdict.outcome {
        AclOutcome::Defer | AclOutcome::Error => {
            // That the sender cannot be verified now is the administrator's business.
            let of_sender =
                verdict.failed_address.as_ref().is_some_and(|failed| failed.role != VerifyRole::Recipient);
            let told = text.filter(|_| tells_details || !(verdict.by_condition && of_sender));
            coded(told.unwrap_or(DEFERRED), 451)
        }
        _ => coded(text.unwrap_or(DENIED), code),
    }
}

/// A reply whose text may begin with a code of its own.
pub(crate) fn coded(text: &[u8], default: u16) -> Refusal {
    let wrapped = wrap(text);
    let Some((code, rest)) = leading_code(&wrapped) else {
        return Refusal { reply: lines(default, None, &wrapped), complaint: None, corrected: None };
    };
    if code / 100 != default / 100 {
        let digit = default / 100;
        let shown = String::from_utf8_lossy(text);
        let complaint =
            format!("configured error code starts with incorrect digit (expected {digit}) in \"{shown}\"");
        let rest = EnhancedStatus::split(rest).map_or(rest, |(_status, rest)| rest);
        let corrected = Some([format!("{default} ").as_bytes(), rest].concat());
        return Refusal { reply: lines(default, None, rest), complaint: Some(complaint), corrected };
    }
    let (enhanced, rest) = match EnhancedStatus::split(rest) {
        Some((status, rest)) => (Some(status), rest),
        None => (None, rest),
    };
    Refusal { reply: lines(code, enhanced, rest), complaint: None, corrected: None }
}

/// The reply that an accepting ACL's `message` asks for; none when it says nothing.
pub(crate) fn acceptance(verdict: &AclVerdict, code: u16) -> Option<Reply> {
    let text = verdict.user_message.as_ref()?;
    Some(coded(text.bytes(), code).reply)
}

/// A reply of one or more lines.
pub(crate) fn lines(code: u16, enhanced: Option<EnhancedStatus>, text: &[u8]) -> Reply {
    let text = text.strip_suffix(b"\n").unwrap_or(text);
    let lines =
        text.split(|&byte| byte == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line).to_vec());
    Reply { code, enhanced, lines: lines.collect() }
}

/// Break lines that are too long for a reply: after a colon in the second half of the line, else at a blank there, else at
/// the first blank behind it.
///
/// The code that a text begins with counts towards its first line, as it does for the oracle.
pub(crate) fn wrap(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len() + 8);
    for (number, line) in text.split(|&byte| byte == b'\n').enumerate() {
        if number > 0 {
            out.push(b'\n');
        }
        let mut rest = line;
        while rest.len() > LINE {
            let Some(at) = break_at(rest) else { break };
            out.extend_from_slice(&rest[..at]);
            rest = rest[at..].trim_ascii_start();
            if rest.is_empty() {
                break;
            }
            out.push(b'\n');
        }
        out.extend_from_slice(rest);
    }
    out
}

/// Where a line that is too long is broken.
fn break_at(line: &[u8]) -> Option<usize> {
    let colon = (COLON..LINE).rev().find(|&at| line[at] == b':' && line.get(at + 1) == Some(&b' '));
    let before = || (COLON + 1..=LINE).rev().find(|&at| line[at] == b' ');
    let after = || (LINE + 1..line.len()).find(|&at| line[at] == b' ');
    colon.map(|at| at + 1).or_else(before).or_else(after)
}

/// Longest line of a reply's text before it is broken.
const LINE: usize = 75;
/// Colons before this place, and blanks up to it, are no reason to break a line.
const COLON: usize = 35;

/// Three digits that begin a reply, and what follows them.
fn leading_code(text: &[u8]) -> Option<(u16, &[u8])> {
    let (digits, rest) = text.split_at_checked(3)?;
    let rest = rest.strip_prefix(b" ")?;
    let ok = matches!(digits[0], b'2' | b'4' | b'5') && digits.iter().all(u8::is_ascii_digit);
    let code = digits.iter().fold(0, |code, digit| code * 10 + u16::from(digit - b'0'));
    ok.then_some((code, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wire(refusal: &Refusal) -> String {
        let mut out = Vec::new();
        smtp_proto::reply::write(&refusal.reply, &mut out);
        String::from_utf8_lossy(&out).replace("\r\n", "|")
    }

    #[test]
    fn long_lines_are_broken_as_the_oracle_breaks_them() {
        let nines = "123456789 ".repeat(7);
        let table = [
            (
                "The mail server could not deliver mail to a@b.example.  The account or domain may not exist".to_owned(),
                "The mail server could not deliver mail to a@b.example.  The account or\ndomain may not exist".to_owned(),
            ),
            (
                "The mail server could not deliver mail to: a@b.example.  The account or domain may not exist".to_owned(),
                "The mail server could not deliver mail to:\na@b.example.  The account or domain may not exist".to_owned(),
            ),
            (format!("{nines}12345"), format!("{nines}12345")),
            (format!("{nines}12345 789"), format!("{nines}12345\n789")),
            (format!("{nines}123456 8901"), format!("{}\n123456 8901", nines.trim_end())),
            (format!("{} yy", "x".repeat(90)), format!("{}\nyy", "x".repeat(90))),
            ("x".repeat(90), "x".repeat(90)),
            (format!("{} {} z", "x".repeat(35), "y".repeat(60)), format!("{} {}\nz", "x".repeat(35), "y".repeat(60))),
            (format!("{} {} z", "x".repeat(36), "y".repeat(60)), format!("{}\n{} z", "x".repeat(36), "y".repeat(60))),
            (format!("{}  yy", "x".repeat(74)), format!("{} \nyy", "x".repeat(74))),
        ];
        for (text, expected) in table {
            assert_eq!(String::from_utf8_lossy(&wrap(text.as_bytes())), expected);
        }
    }

    #[test]
    fn codes_at_the_beginning() {
        let table = [
            ("no", 550, "550 no|", false),
            ("one\ntwo", 550, "550-one|550 two|", false),
            ("553 5.1.1 wrong", 550, "553 5.1.1 wrong|", false),
            ("553 5.1.1 a\nb", 550, "553-5.1.1 a|553 5.1.1 b|", false),
            ("451 4.1.1 wrong", 550, "550 wrong|", true),
            ("421 later", 451, "421 later|", false),
            ("550no space", 550, "550 550no space|", false),
            ("999 no", 550, "550 999 no|", false),
            ("", 550, "550 |", false),
        ];
        for (text, default, expected, complains) in table {
            let refusal = coded(text.as_bytes(), default);
            assert_eq!(wire(&refusal), expected, "{text}");
            assert_eq!(refusal.complaint.is_some(), complains, "{text}");
        }
    }
}
