//! What may differ between two runs of the same case, each mask one exact syntax.
//!
//! Message ids are numbered by first occurrence, so that "the same message" stays visible. Both lengths of an id
//! are the same mask: the oracle is 4.96 and writes short ones.
//!
//! # Compatibility
//! The list of masks is the list of what a parity case does not prove; keep it short.

use std::collections::HashMap;

/// Replaces everything that is allowed to differ. One value per case keeps the numbering across files.
#[derive(Debug, Default)]
pub struct Masks {
    ids: HashMap<Vec<u8>, usize>,
    literals: Vec<(Vec<u8>, &'static [u8])>,
}

impl Masks {
    /// Masks for one run; `literals` are exact strings (scratch directory, ports) and what stands for them.
    #[must_use]
    pub fn new(literals: Vec<(Vec<u8>, &'static [u8])>) -> Self {
        Self { ids: HashMap::new(), literals }
    }

    /// Applies all masks to `text`.
    pub fn apply(&mut self, text: &[u8]) -> Vec<u8> {
        // Written by a build with TLS for every message, whether TLS was used or not.
        let mut text = replace(text, b"\n-tls_resumption A\n", b"\n");
        for (from, to) in &self.literals {
            text = replace(&text, from, to);
        }
        text = text.split_inclusive(|c| *c == b'\n').flat_map(without_library_words).collect();
        let mut out = Vec::with_capacity(text.len());
        let mut at = 0;
        while at < text.len() {
            let boundary = at == 0 || !text[at - 1].is_ascii_alphanumeric();
            if boundary && let Some((len, mask)) = self.token(&text[at..], &text[..at]) {
                out.extend_from_slice(mask.as_bytes());
                at += len;
            } else {
                out.push(text[at]);
                at += 1;
            }
        }
        out
    }

    /// The token at the start of `rest` that is masked: its length and what stands for it.
    fn token(&mut self, rest: &[u8], before: &[u8]) -> Option<(usize, String)> {
        if let Some(len) = shape(rest, "dddd-dd-dd dd:dd:dd") {
            let zone = shape(&rest[len..], " +dddd").unwrap_or(0);
            return Some((len + zone, "<time>".to_owned()));
        }
        for date in ["aaa, dd aaa dddd dd:dd:dd +dddd", "aaa, d aaa dddd dd:dd:dd +dddd"] {
            if let Some(len) = shape(rest, date) {
                return Some((len, "<date>".to_owned()));
            }
        }
        for date in ["aaa aaa dd dd:dd:dd dddd", "aaa aaa  d dd:dd:dd dddd"] {
            if let Some(len) = shape(rest, date) {
                return Some((len, "<date>".to_owned()));
            }
        }
        // The subdirectory of a split spool is a letter of the time.
        if before.ends_with(b"spool/input/") && rest.get(1) == Some(&b'/') {
            return Some((1, "<letter>".to_owned()));
        }
        if let Some((len, number)) = self.message_id(rest) {
            return Some((len, format!("<id{number}>")));
        }
        // The local part of a Message-ID: header that Exim made.
        if let Some((len, number)) = rest.strip_prefix(b"E").and_then(|r| self.message_id(r)) {
            return Some((len + 1, format!("E<id{number}>")));
        }
        if let Some(len) = shape(rest, "exim d.dd daemon started") {
            return Some((len, "exim <version> daemon started".to_owned()));
        }
        if let Some(len) = shape(rest, "Exim d.dd") {
            let debian = if rest[len..].starts_with(b".") { digits(&rest[len + 1..]) + 1 } else { 0 };
            return Some((len + debian, "Exim <version>".to_owned()));
        }
        if before.ends_with(b" exim ")
            && let Some(len) = shape(rest, "d.dd")
            && rest[len..].starts_with(b" daemon started")
        {
            return Some((len, "<version>".to_owned()));
        }
        masked_number(rest, before)
    }

    /// The message id at the start of `rest`: its length and its number by first occurrence.
    fn message_id(&mut self, rest: &[u8]) -> Option<(usize, usize)> {
        let len =
            ["nnnnnn-nnnnnnnnnnn-nnnn", "nnnnnn-nnnnnn-nn"].iter().find_map(|form| shape(rest, form))?;
        if rest.get(len).is_some_and(u8::is_ascii_alphanumeric) {
            return None;
        }
        let next = self.ids.len() + 1;
        Some((len, *self.ids.entry(rest[..len].to_vec()).or_insert(next)))
    }
}

/// The words of a TLS library about a handshake that failed, and its name for that step; what stands around them stays.
fn without_library_words(line: &[u8]) -> Vec<u8> {
    const STEPS: [(&[u8], &[u8]); 8] = [
        (b"(gnutls_handshake)", b"(handshake)"),
        (b"(SSL_connect)", b"(handshake)"),
        (b"(SSL_accept)", b"(handshake)"),
        (b"(certificate verification failed)", b"(certificate verification failed)"),
        (b"(certificate status check failed)", b"(certificate status check failed)"),
        (b"(gnutls_certificate_set_x509_crl_file)", b"(cert/key setup)"),
        (b"(setting certificate trust)", b"(cert/key setup)"),
        (b"(cert/key setup", b"(cert/key setup)"),
    ];
    let position = |words: &[u8]| line.windows(words.len()).position(|found| found == words);
    let told = [&b" TLS session: "[..], b" TLS error on connection from "];
    let Some(from) = told.iter().find_map(|words| position(words)) else { return line.to_vec() };
    let step = STEPS.iter().find_map(|(step, name)| Some((position(step).filter(|at| *at > from)?, *name)));
    let Some((at, name)) = step else { return line.to_vec() };
    let end = position(b": delivering unencrypted to H=").unwrap_or(line.trim_ascii_end().len());
    [&line[..at], name, b" <words>", &line[end..]].concat()
}

/// Numbers that mean nothing in themselves, told by the words around them.
fn masked_number(rest: &[u8], before: &[u8]) -> Option<(usize, String)> {
    let len = digits(rest);
    if len == 0 {
        return None;
    }
    if let Some((tail, mask)) = unique_name(&rest[len..]).filter(|_| len == 10) {
        return Some((len + tail, mask.to_owned()));
    }
    let pid = before.ends_with(b"pid=") || before.ends_with(b"queue run: pid=") || before.ends_with(b"PID ");
    if pid {
        return Some((len, "<pid>".to_owned()));
    }
    if before.ends_with(b"': ") && rest[len..].starts_with(b" msec") {
        return Some((len, "<time>".to_owned()));
    }
    // The machine's load.
    if before.ends_with(b" (load ") && rest[len..].starts_with(b".") {
        return Some((len + 1 + digits(&rest[len + 1..]), "<load>".to_owned()));
    }
    // A client's own port, in -H.
    if before.ends_with(b"-host_address [127.0.0.1]:") {
        return Some((len, "<port>".to_owned()));
    }
    // A bounce's MIME boundary holds a random number of one to ten digits, and so all sizes vary that it is part of.
    let is_bounce_file = |rest: &[u8]| rest[len..].starts_with(b"  Content-Type: multipart/report");
    if before.ends_with(b"\n") && len == 3 && is_bounce_file(rest) {
        return Some((len, "<size>".to_owned()));
    }
    if before.ends_with(b"\n-max_received_linelength ")
        && rest.windows(23).any(|w| w == b"; report-type=delivery-")
    {
        return Some((len, "<size>".to_owned()));
    }
    if let Some(size) = listed_bounce_size(rest, before) {
        return Some((size, "<size>".to_owned()));
    }
    let line = before.rsplit(|c| *c == b'\n').next().unwrap_or_default();
    let is_bounce = line.windows(8).any(|w| w == b"<= <> R=") && before.ends_with(b" S=");
    if is_bounce || before.ends_with(b"MAIL FROM:<> SIZE=") {
        return Some((len, "<size>".to_owned()));
    }
    // The fourth line of -H: when the message came, and how many warnings it has had.
    if len == 10 && before.ends_with(b">\n") && rest.get(len) == Some(&b' ') {
        return Some((len, "<time>".to_owned()));
    }
    let spool_times = ["\n-received_time_usec .", "\n-received_time_complete ", "\n-frozen "];
    if spool_times.iter().any(|w| before.ends_with(w.as_bytes())) {
        let fraction = if rest.get(len) == Some(&b'.') { digits(&rest[len + 1..]) + 1 } else { 0 };
        return Some((len + fraction, "<time>".to_owned()));
    }
    None
}

/// The size column of a line of `-bp` about a message with the null sender.
fn listed_bounce_size(rest: &[u8], before: &[u8]) -> Option<usize> {
    let line = before.rsplit(|c| *c == b'\n').next().unwrap_or_default();
    let is_age = line.trim_ascii().len() >= 2
        && matches!(line.trim_ascii().last(), Some(b'm' | b'h' | b'd'))
        && line.ends_with(b" ");
    let rest_of_line = rest.split(|c| *c == b'\n').next().unwrap_or_default();
    let size =
        rest_of_line.iter().take_while(|c| c.is_ascii_digit() || matches!(c, b'.' | b'K' | b'M')).count();
    let is_null = rest_of_line.windows(3).any(|w| w == b" <>");
    (is_age && is_null && line.len() < 8 && rest_of_line.get(size) == Some(&b' ')).then_some(size)
}

/// What follows the ten digits of a time in a Maildir file name or in a bounce's MIME boundary.
fn unique_name(rest: &[u8]) -> Option<(usize, &'static str)> {
    if let Some(after) = rest.strip_prefix(b"-eximdsn-") {
        return Some((9 + digits(after), "<boundary>"));
    }
    let after = rest.strip_prefix(b".M")?;
    let fraction = digits(after);
    let pid = digits(after[fraction..].strip_prefix(b"P")?);
    Some((2 + fraction + 1 + pid, "<maildir>"))
}

fn digits(text: &[u8]) -> usize {
    text.iter().take_while(|c| c.is_ascii_digit()).count()
}

/// Matches a prefix of `text` against a shape: `d` a digit, `a` a letter, `n` a letter or digit, `+` a sign, the rest itself.
fn shape(text: &[u8], shape: &str) -> Option<usize> {
    // A shape that begins with the program's name is literal but for its version.
    let words = shape.to_ascii_lowercase().starts_with("exim");
    let fits = text.len() >= shape.len()
        && shape.bytes().zip(text).enumerate().all(|(i, (s, c))| match s {
            b'd' if words && !matches!(i, 5 | 7 | 8) => s == *c,
            b'a' | b'n' if words => s == *c,
            b'd' => c.is_ascii_digit(),
            b'a' => c.is_ascii_alphabetic(),
            b'n' => c.is_ascii_alphanumeric(),
            b'+' => matches!(c, b'+' | b'-'),
            _ => s == *c,
        });
    fits.then_some(shape.len())
}

/// A number (a port) is replaced where it stands alone, not within another (a time).
fn replace(text: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
    let is_number = from.iter().all(u8::is_ascii_digit);
    let is_digit = |at: Option<usize>| at.and_then(|at| text.get(at)).is_some_and(u8::is_ascii_digit);
    let is_whole =
        |at: usize| !is_number || !(is_digit(at.checked_sub(1)) || is_digit(Some(at + from.len())));
    let mut out = Vec::with_capacity(text.len());
    let mut at = 0;
    while at < text.len() {
        if !from.is_empty() && text[at..].starts_with(from) && is_whole(at) {
            out.extend_from_slice(to);
            at += from.len();
        } else {
            out.push(text[at]);
            at += 1;
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_within_a_time_stays() {
        let mut masks = Masks::new(vec![(b"3984".to_vec(), b"@PORT@")]);
        let masked = masks.apply(b"[127.0.0.1]:3984 3984 1795398412 13984 39840");
        assert_eq!(masked, b"[127.0.0.1]:@PORT@ @PORT@ 1795398412 13984 39840");
    }

    #[test]
    fn each_mask_matches_its_syntax_and_nothing_else() {
        let cases: [(&str, &str); 21] = [
            ("2026-11-22 15:23:18 x", "<time> x"),
            ("2026-11-22 15:23:18 +0000 x", "<time> x"),
            ("id=1xV9PS-0002Id-2E", "id=<id1>"),
            ("1xV9PS-00000002Idq-002E Completed, not 1xV9PS-0002Id-2E", "<id2> Completed, not <id1>"),
            ("Sun, 22 Nov 2026 15:23:18 +0000", "<date>"),
            ("ESMTP Exim 4.96 Sun, 22 Nov 2026 15:23:18 +0000", "ESMTP Exim <version> <date>"),
            ("id=E1xV9PS-0002Id-2E@x", "id=E<id1>@x"),
            ("1763826198.M123P456.mail.example.net", "<maildir>.mail.example.net"),
            ("boundary=1763826198-eximdsn-99", "boundary=<boundary>"),
            ("pid=1234", "pid=<pid>"),
            (" 0m  1.5K 1xV9PS-0002Id-2E <> *** frozen ***", " 0m  <size> <id1> <> *** frozen ***"),
            ("x\n099  Content-Type: multipart/report; x", "x\n<size>  Content-Type: multipart/report; x"),
            ("exim 4.96 daemon started: pid=9,", "exim <version> daemon started: pid=<pid>,"),
            ("<a@b>\n1795361768 0\n-ident root\n", "<a@b>\n<time> 0\n-ident root\n"),
            (
                "1 TLS session: (SSL_connect): what: a word: delivering unencrypted to H=a\n2 TLS session: what\n",
                "1 TLS session: (handshake) <words>: delivering unencrypted to H=a\n2 TLS session: what\n",
            ),
            (
                "TLS error: (SSL_accept): x\n3 TLS error on connection from [127.0.0.1] (cert/key setup: cert=a): why\n",
                "TLS error: (SSL_accept): x\n3 TLS error on connection from [127.0.0.1] (cert/key setup) <words>\n",
            ),
            ("-local\n-tls_resumption A\nXX\n", "-local\nXX\n"),
            ("x exim 4.96 daemon started: y", "x exim <version> daemon started: y"),
            ("-host_address [127.0.0.1]:40196\n", "-host_address [127.0.0.1]:<port>\n"),
            ("S=224", "S=224"),
            ("abcdef-ghijkl-mnop", "abcdef-ghijkl-mnop"),
        ];
        let mut masks = Masks::new(vec![(b"/tmp/x".to_vec(), b"@DIR@")]);
        for (input, expected) in cases {
            assert_eq!(String::from_utf8_lossy(&masks.apply(input.as_bytes())), expected, "{input}");
        }
        assert_eq!(masks.apply(b"/tmp/x/y"), b"@DIR@/y");
    }
}
