//! A policy over HTTPS: one request, one answer, nothing else.
//!
//! # Invariants
//! * The certificate has to be good for `mta-sts.DOMAIN`; redirections are not followed; sizes and time are bounded.
//!
//! # Security
//! The server is hostile: whatever it sends ends in a text of bounded size or in a reason.
//!
//! # References
//! RFC 8461 section 3.3; RFC 9112.

use std::time::Duration;

use mail_types::limits;
use tls::{ConnectorRequest, Strictness};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::time::timeout;

use super::{Stage, Trouble};
use crate::services::https::{Unreached, addresses, reach};
use crate::services::{PolicySource, Services};

/// Gets the text of a domain's policy.
///
/// # Errors
/// Why there is none, for the log and for reports.
pub(super) async fn policy(domain: &str, services: &Services) -> Result<Vec<u8>, Trouble> {
    let limit = Duration::from_secs(limits::MTA_STS_FETCH_SECS);
    match timeout(limit, Box::pin(unhurried(domain, services))).await {
        Ok(result) => result,
        Err(_elapsed) => {
            Err(Trouble::fetching(format!("no answer within {} seconds", limits::MTA_STS_FETCH_SECS)))
        }
    }
}

async fn unhurried(domain: &str, services: &Services) -> Result<Vec<u8>, Trouble> {
    let PolicySource { port, anchors, .. } = &services.mta_sts;
    let host = format!("mta-sts.{domain}");
    let request = ConnectorRequest {
        server: Strictness::Require,
        names: vec![host.clone()],
        anchors: anchors.clone(),
        ..ConnectorRequest::default()
    };
    let patience = Duration::from_secs(limits::MTA_STS_FETCH_SECS / 3);
    let found = addresses(&host, services).await.map_err(unreached)?;
    let reached = reach(&host, (&found, *port), request, patience, services).await;
    let mut stream = reached.map_err(unreached)?;
    let request = format!(
        "GET /.well-known/mta-sts.txt HTTP/1.1\r\nHost: {host}\r\nUser-Agent: Postrider\r\nAccept: text/plain\r\n\
         Connection: close\r\n\r\n"
    );
    let lost = |error: std::io::Error| Trouble::fetching(error.to_string());
    stream.write_all(request.as_bytes()).await.map_err(lost)?;
    stream.flush().await.map_err(lost)?;
    let mut answer = Vec::new();
    loop {
        let more = stream.read_buf(&mut answer).await.map_err(lost)?;
        if let Some(text) = body(&answer, more == 0).map_err(Trouble::fetching)? {
            return Ok(text);
        }
        if more == 0 {
            return Err(Trouble::fetching("the answer ends too early"));
        }
    }
}

fn unreached(why: Unreached) -> Trouble {
    match why {
        Unreached::Certificate(words) => Trouble { stage: Stage::Certificate, words },
        Unreached::Otherwise(words) => Trouble::fetching(words),
    }
}

/// The body of an answer, once it is there as a whole. `ended`: nothing more will come, and the server said so.
fn body(answer: &[u8], ended: bool) -> Result<Option<Vec<u8>>, String> {
    let Some(end) = memchr::memmem::find(answer, b"\r\n\r\n") else {
        return if answer.len() > limits::MTA_STS_HEADER {
            Err("the header of the answer is too long".to_owned())
        } else {
            Ok(None)
        };
    };
    let (head, rest) = (&answer[..end], &answer[end + 4..]);
    let mut lines = head.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii);
    let status = lines.next().unwrap_or_default();
    let code = status.strip_prefix(b"HTTP/1.").and_then(|rest| rest.get(2..5)).unwrap_or_default();
    if code != b"200" {
        // rfc8461#3.3: redirections MUST NOT be followed.
        return Err(format!("the answer is {:?}", String::from_utf8_lossy(&status[..status.len().min(60)])));
    }
    let fields: Vec<(Vec<u8>, &[u8])> = lines
        .filter_map(|line| line.iter().position(|byte| *byte == b':').map(|at| line.split_at(at)))
        .map(|(name, value)| (name.to_ascii_lowercase(), value[1..].trim_ascii()))
        .collect();
    let field = |name: &[u8]| fields.iter().find(|(of, _)| of == name).map(|(_, value)| *value);
    let kind = field(b"content-type").unwrap_or_default();
    let kind = kind.split(|byte| *byte == b';').next().unwrap_or_default().trim_ascii();
    if !kind.eq_ignore_ascii_case(b"text/plain") {
        return Err("the answer is not text/plain".to_owned());
    }
    if field(b"content-encoding").is_some_and(|coding| !coding.eq_ignore_ascii_case(b"identity")) {
        return Err("the answer is packed, which nobody asked for".to_owned());
    }
    let too_long = || Err("the policy is too long".to_owned());
    if let Some(coding) = field(b"transfer-encoding") {
        if !coding.eq_ignore_ascii_case(b"chunked") {
            return Err("the answer has an unknown transfer coding".to_owned());
        }
        let text = chunks(rest)?;
        return if text.is_none() && rest.len() > 2 * limits::MTA_STS_POLICY { too_long() } else { Ok(text) };
    }
    let number = |value: &[u8]| std::str::from_utf8(value).ok()?.parse::<usize>().ok();
    let length =
        field(b"content-length").map(|value| number(value).ok_or("the length of the answer makes no sense"));
    match length.transpose()? {
        Some(length) if length > limits::MTA_STS_POLICY => too_long(),
        Some(length) => Ok(rest.get(..length).map(<[u8]>::to_vec)),
        None if rest.len() > limits::MTA_STS_POLICY => too_long(),
        // rfc9112#6.3: without a length the answer ends with the session.
        None => Ok(ended.then(|| rest.to_vec())),
    }
}

/// The content of chunks, once the last one is there.
fn chunks(mut rest: &[u8]) -> Result<Option<Vec<u8>>, String> {
    let mut text = Vec::new();
    loop {
        let Some(end) = memchr::memmem::find(rest, b"\r\n") else { return Ok(None) };
        let size = rest[..end].split(|byte| *byte == b';').next().unwrap_or_default().trim_ascii();
        let size = std::str::from_utf8(size).ok().and_then(|size| usize::from_str_radix(size, 16).ok());
        let size = size.ok_or("a chunk without a size")?;
        if size == 0 {
            return Ok(Some(text));
        }
        if text.len().saturating_add(size) > limits::MTA_STS_POLICY {
            return Err("the policy is too long".to_owned());
        }
        let start = end + 2;
        let Some(chunk) = rest.get(start..start + size) else { return Ok(None) };
        text.extend_from_slice(chunk);
        match rest.get(start + size..start + size + 2) {
            Some(b"\r\n") => rest = &rest[start + size + 2..],
            Some(_) => return Err("a chunk that does not end where it should".to_owned()),
            None => return Ok(None),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_whole_cut_and_refused() {
        let ok = "HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=utf-8\r\n";
        let table: Vec<(String, Result<Option<&str>, &str>)> = vec![
            (format!("{ok}Content-Length: 3\r\n\r\nabcd"), Ok(Some("abc"))),
            (format!("{ok}content-length: 3\r\n\r\nab"), Ok(None)),
            (
                format!("{ok}Transfer-Encoding: chunked\r\n\r\n2\r\nab\r\n1;x=y\r\nc\r\n0\r\n\r\n"),
                Ok(Some("abc")),
            ),
            (format!("{ok}Transfer-Encoding: chunked\r\n\r\n2\r\nab\r\n1\r\nc"), Ok(None)),
            (ok.to_owned(), Ok(None)),
            (format!("{ok}\r\nabc"), Ok(None)),
            (format!("{ok}\r\n{}", "x".repeat(limits::MTA_STS_POLICY + 1)), Err("the policy is too long")),
            (
                format!("{ok}Content-Encoding: gzip\r\nContent-Length: 3\r\n\r\nabc"),
                Err("the answer is packed, which nobody asked for"),
            ),
            (format!("{ok}content-encoding: Identity\r\nContent-Length: 3\r\n\r\nabc"), Ok(Some("abc"))),
            (format!("{ok}Content-Length: 3, 3\r\n\r\nabc"), Err("the length of the answer makes no sense")),
            (format!("{ok}Content-Length: 65537\r\n\r\n"), Err("the policy is too long")),
            (format!("{ok}Transfer-Encoding: chunked\r\n\r\n10001\r\n"), Err("the policy is too long")),
            (format!("{ok}Transfer-Encoding: chunked\r\n\r\nxyz\r\n"), Err("a chunk without a size")),
            (
                format!("{ok}Transfer-Encoding: chunked\r\n\r\n1\r\nabc"),
                Err("a chunk that does not end where it should"),
            ),
            (
                format!("{ok}Transfer-Encoding: gzip\r\n\r\n"),
                Err("the answer has an unknown transfer coding"),
            ),
            (
                "HTTP/1.1 301 Moved\r\nLocation: https://elsewhere.test/\r\n\r\n".to_owned(),
                Err("the answer is \"HTTP/1.1 301 Moved\""),
            ),
            (
                "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 1\r\n\r\nx".to_owned(),
                Err("the answer is not text/plain"),
            ),
            ("SSH-2.0\r\n\r\n".to_owned(), Err("the answer is \"SSH-2.0\"")),
            ("x".repeat(limits::MTA_STS_HEADER + 1), Err("the header of the answer is too long")),
        ];
        for (answer, want) in table {
            let want = want.map(|text| text.map(|text| text.as_bytes().to_vec())).map_err(str::to_owned);
            assert_eq!(body(answer.as_bytes(), false), want, "{}", &answer[..answer.len().min(120)]);
        }
    }

    #[test]
    fn an_answer_without_a_length_ends_with_the_session() {
        let ok = "HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\n";
        let text = |answer: &str| body(answer.as_bytes(), true);
        assert_eq!(text(&format!("{ok}\r\nabc")), Ok(Some(b"abc".to_vec())));
        assert_eq!(text(&format!("{ok}\r\n")), Ok(Some(Vec::new())));
        // What was promised is missing, whatever the server says.
        assert_eq!(text(&format!("{ok}Content-Length: 4\r\n\r\nabc")), Ok(None));
        assert_eq!(text(&format!("{ok}Transfer-Encoding: chunked\r\n\r\n2\r\nab\r\n")), Ok(None));
        assert_eq!(text(ok), Ok(None));
    }
}
