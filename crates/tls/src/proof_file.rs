//! Files with stapled proofs, as `tls_ocsp_file` lists them.

use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::path::PathBuf;

use x509_parser::pem::Pem;

use crate::error::TlsError;

/// Responses of one file that are looked at.
const RESPONSES: usize = 16;

/// A file with OCSP responses.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct ProofFile {
    /// The file.
    pub path: PathBuf,
    /// It is written in PEM, else in DER.
    pub pem: bool,
}

impl ProofFile {
    /// The items of a list: `PEM ` or `DER ` before a path says how the file is written, and those behind it as well.
    /// The first ones are DER.
    pub fn listed(items: Vec<PathBuf>) -> Vec<Self> {
        let mut pem = false;
        let mut files = Vec::new();
        for item in items {
            let octets = item.as_os_str().as_bytes();
            let (form, rest) = match octets.split_at_checked(4) {
                Some((b"PEM ", rest)) => (true, rest),
                Some((b"DER ", rest)) => (false, rest),
                _ => (pem, octets),
            };
            pem = form;
            let path = PathBuf::from(std::ffi::OsString::from_vec(rest.trim_ascii_start().to_vec()));
            files.push(Self { path, pem });
        }
        files
    }

    /// The responses (DER), at least one; a file in DER holds one.
    pub(crate) fn read(&self) -> Result<Vec<Vec<u8>>, TlsError> {
        let octets = std::fs::read(&self.path).map_err(|error| TlsError::file(&self.path, &error))?;
        if !self.pem {
            return Ok(vec![octets]);
        }
        let blocks = Pem::iter_from_buffer(&octets).filter_map(Result::ok);
        let responses = blocks.filter(|block| block.label == "OCSP RESPONSE").map(|block| block.contents);
        let responses: Vec<Vec<u8>> = responses.take(RESPONSES).collect();
        if responses.is_empty() {
            return Err(TlsError::content(&self.path, "there is no OCSP response in PEM"));
        }
        Ok(responses)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_holds_until_the_next_one() {
        let list = ["/a", "PEM /b", "/c", "DER /d", "DERIVED/e"].map(PathBuf::from);
        let files = ProofFile::listed(list.into());
        let shown: Vec<(&str, bool)> =
            files.iter().map(|file| (file.path.to_str().unwrap(), file.pem)).collect();
        assert_eq!(shown, [("/a", false), ("/b", true), ("/c", true), ("/d", false), ("DERIVED/e", false)]);
    }

    #[test]
    fn a_file_in_pem_holds_a_response() {
        let path = std::env::temp_dir().join(format!("postrider-tls-{}-proof.pem", std::process::id()));
        let file = ProofFile { path: path.clone(), pem: true };
        std::fs::write(&path, "-----BEGIN OCSP RESPONSE-----\nMAMKAQY=\n-----END OCSP RESPONSE-----\n")
            .unwrap();
        assert_eq!(file.read().unwrap(), [[0x30, 3, 10, 1, 6]]);
        let twice = std::fs::read(&path).unwrap().repeat(2);
        std::fs::write(&path, twice).unwrap();
        assert_eq!(file.read().unwrap(), [[0x30, 3, 10, 1, 6]; 2]);
        assert_eq!(ProofFile { pem: false, ..file.clone() }.read().unwrap()[0].len(), 134);
        std::fs::write(&path, "-----BEGIN CERTIFICATE-----\nMAMKAQY=\n-----END CERTIFICATE-----\n").unwrap();
        assert!(file.read().unwrap_err().to_string().ends_with(": there is no OCSP response in PEM"));
        std::fs::remove_file(&path).unwrap();
        assert!(file.read().unwrap_err().to_string().ends_with(": No such file or directory"));
    }
}
