//! Any file: it ends, and a report that is found can be written, read back the same, and shown on lines without control
//! characters.

use reports::ingest::{Found, read};
use reports::{Feedback, TlsReport};

/// The target.
pub(crate) fn run(input: &[u8]) {
    let Ok(found) = read(input) else { return };
    for report in found {
        let shown = report.to_string();
        assert!(shown.chars().all(|letter| letter == '\n' || !letter.is_control()));
        match report {
            Found::Tls(report) => assert_eq!(TlsReport::read(&report.to_json()).as_ref(), Ok(&report)),
            Found::Dmarc(report) => {
                let once = Feedback::read(&report.to_xml());
                // The schema's words take the place of others; what was written stays as it is.
                if let Ok(once) = once {
                    assert_eq!(once.records.len(), report.records.len());
                    assert_eq!(Feedback::read(&once.to_xml()), Ok(once));
                }
            }
        }
    }
}
