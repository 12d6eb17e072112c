//! The first line of a -D file.
//!
//! The body follows it as it is: lines with `\n`, or with CRLF when the -H file says `-spool_file_wireformat`.

use mail_types::MessageId;

use crate::DecodeError;

/// Length of the first line, newline included, of the file of this message.
pub fn prefix_len(id: &MessageId) -> usize {
    id.as_bytes().len() + 3
}

/// The first line.
pub fn prefix(id: &MessageId) -> Vec<u8> {
    let mut line = Vec::with_capacity(prefix_len(id));
    line.extend_from_slice(id.as_bytes());
    line.extend_from_slice(b"-D\n");
    line
}

/// Checks that a file begins as the data file of this message does.
pub fn check_prefix(start: &[u8], id: &MessageId) -> Result<(), DecodeError> {
    if start.starts_with(&prefix(id)) {
        return Ok(());
    }
    Err(DecodeError { what: "the first line of the data file isn't its name", offset: 0 })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_line_is_the_name() {
        for text in ["1abcDE-000000ABCDE-01Fh", "1abcDE-00ABCD-Fh"] {
            let id: MessageId = text.parse().unwrap();
            let line = prefix(&id);
            assert_eq!(line, format!("{text}-D\n").as_bytes());
            assert_eq!(line.len(), prefix_len(&id));
            assert_eq!(check_prefix(&[&line[..], b"body"].concat(), &id), Ok(()));
            assert!(check_prefix(&line[..5], &id).is_err());
        }
    }
}
