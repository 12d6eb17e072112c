//! A report as a message.
//!
//! # Invariants
//! * Every field is one field, every line one line, whatever names the report is about.
//!
//! # References
//! RFC 8460 section 5.3, RFC 7489 section 7.2.1.1, RFC 6522 (multipart/report).

use mail_types::base64;

/// Which report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// About DMARC.
    Dmarc,
    /// About TLS.
    Tls,
}

impl Kind {
    /// Its name in the store, in logs and on the command line.
    pub fn word(self) -> &'static str {
        match self {
            Self::Dmarc => "dmarc",
            Self::Tls => "tls",
        }
    }

    /// What kind of file it is.
    pub fn extension(self) -> &'static str {
        match self {
            Self::Dmarc => "xml",
            Self::Tls => "json",
        }
    }

    /// The type of the packed report.
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Dmarc => "application/gzip",
            Self::Tls => "application/tlsrpt+gzip",
        }
    }

    fn title(self) -> &'static str {
        match self {
            Self::Dmarc => "DMARC",
            Self::Tls => "TLS",
        }
    }
}

/// A message to be made.
#[derive(Clone, Debug)]
pub struct ReportMail<'a> {
    /// Which report.
    pub kind: Kind,
    /// `From:`.
    pub from: &'a [u8],
    /// `To:`.
    pub to: &'a [u8],
    /// `Date:`.
    pub date: &'a str,
    /// The domain that it is about.
    pub domain: &'a str,
    /// The domain that reports.
    pub submitter: &'a str,
    /// The report's id, with a domain as message ids have.
    pub report_id: &'a str,
    /// The name of the file.
    pub file_name: &'a str,
    /// What parts the parts.
    pub boundary: &'a str,
    /// A few lines for people.
    pub text: &'a str,
    /// The report, packed.
    pub packed: &'a [u8],
}

impl ReportMail<'_> {
    /// The header, with LF at the end of each line and without the blank one.
    pub fn header(&self) -> Vec<u8> {
        let (domain, submitter, id) = (word(self.domain), word(self.submitter), word(self.report_id));
        let mut out = Vec::with_capacity(1024);
        let mut field = |name: &str, value: &[u8]| {
            out.extend([name.as_bytes(), b": "].concat());
            out.extend(value.iter().map(|byte| if byte.is_ascii_control() { b'?' } else { *byte }));
            out.push(b'\n');
        };
        field("Date", self.date.as_bytes());
        field("From", self.from);
        field("To", self.to);
        field("Message-ID", format!("<{id}>").as_bytes());
        out.extend_from_slice(
            format!("Subject: Report Domain: {domain}\n Submitter: {submitter}\n Report-ID: <{id}>\n")
                .as_bytes(),
        );
        if self.kind == Kind::Tls {
            let fields = format!("TLS-Report-Domain: {domain}\nTLS-Report-Submitter: {submitter}\n");
            out.extend_from_slice(fields.as_bytes());
            // rfc8460#3, rfc8689#4: a broken policy must not keep the news of it from those who can mend it.
            out.extend_from_slice(b"TLS-Required: No\n");
        }
        let kind = match self.kind {
            Kind::Dmarc => "multipart/mixed;",
            Kind::Tls => "multipart/report; report-type=\"tlsrpt\";",
        };
        out.extend_from_slice(b"Auto-Submitted: auto-generated\nMIME-Version: 1.0\nContent-Type: ");
        out.extend_from_slice(format!("{kind}\n\tboundary=\"{}\"\n", self.boundary).as_bytes());
        out
    }

    /// The body.
    pub fn body(&self) -> Vec<u8> {
        let coded = base64::encode(self.packed);
        let mut out = Vec::with_capacity(coded.len() + coded.len() / 76 + 1024);
        let (boundary, name) = (self.boundary, self.file_name);
        let title = self.kind.title();
        out.extend_from_slice(
            format!(
                "--{boundary}\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\n\
                 This is an aggregate {title} report about {}\nfrom {}.\n\n{}\n--{boundary}\nContent-Type: {};\n\
                 \tname=\"{name}\"\nContent-Transfer-Encoding: base64\nContent-Disposition: attachment;\n\
                 \tfilename=\"{name}\"\n\n",
                word(self.domain),
                word(self.submitter),
                self.text.trim_end(),
                self.kind.media_type(),
            )
            .as_bytes(),
        );
        for line in coded.chunks(76) {
            out.extend_from_slice(line);
            out.push(b'\n');
        }
        out.extend_from_slice(format!("\n--{boundary}--\n").as_bytes());
        out
    }
}

/// A name that can stand in a field.
fn word(text: &str) -> String {
    text.chars()
        .map(|letter| if letter.is_ascii_graphic() && letter != '<' && letter != '>' { letter } else { '_' })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::packed::gzip;

    #[test]
    fn a_message_for_each_kind() {
        let packed = gzip(b"{\"report-id\":\"x\"}");
        let mut mail = ReportMail {
            kind: Kind::Tls,
            from: b"Reports <r@s.example>",
            to: b"t@d.example\nBcc: x@y",
            date: "Sun, 22 Nov 2026 15:09:30 +0000",
            domain: "d.example",
            submitter: "s.example",
            report_id: "1.2\n3@s.example",
            file_name: "s.example!d.example!1!2.json.gz",
            boundary: "=_b",
            text: "Sessions: 1\n",
            packed: &packed,
        };
        let header = String::from_utf8(mail.header()).unwrap();
        assert_eq!(
            header,
            "Date: Sun, 22 Nov 2026 15:09:30 +0000\nFrom: Reports <r@s.example>\nTo: t@d.example?Bcc: x@y\n\
             Message-ID: <1.2_3@s.example>\nSubject: Report Domain: d.example\n Submitter: s.example\n Report-ID: <1.2_3@s.example>\n\
             TLS-Report-Domain: d.example\nTLS-Report-Submitter: s.example\nTLS-Required: No\n\
             Auto-Submitted: auto-generated\nMIME-Version: 1.0\n\
             Content-Type: multipart/report; report-type=\"tlsrpt\";\n\tboundary=\"=_b\"\n"
        );
        let message = [mail.header(), b"\n".to_vec(), mail.body()].concat();
        let parts = crate::mime::parts(&message);
        assert_eq!(parts.len(), 2);
        assert_eq!(
            (parts[0].kind.as_slice(), parts[1].kind.as_slice()),
            (&b"text/plain"[..], &b"application/tlsrpt+gzip"[..])
        );
        assert_eq!(parts[1].content, packed);
        assert!(message.split(|byte| *byte == b'\n').all(|line| line.len() <= 78));
        mail.kind = Kind::Dmarc;
        let header = String::from_utf8(mail.header()).unwrap();
        assert!(!header.contains("TLS-") && header.contains("Content-Type: multipart/mixed;\n"));
        assert!(mail.body().windows(16).any(|text| text == b"application/gzip"));
    }
}
