//! A report over HTTPS: one POST, one status line, nothing else.
//!
//! # Invariants
//! * Redirections are not followed; sizes and time are bounded.
//!
//! # Security
//! The server is hostile: of its answer the first line is read. Its certificate is not looked at, as RFC 8460 section 3 has
//! it: a broken one must not keep the news of it away, and a report is no secret to whoever answers for the name.
//!
//! # References
//! RFC 8460 section 5.4, RFC 9112.

use std::sync::Arc;
use std::time::Duration;

use mail_types::limits;
use reports::tlsrpt::Place;
use tls::{ConnectorRequest, Strictness};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::time::timeout;

use crate::services::Services;
use crate::services::https::reach;

/// Longest status line.
const STATUS: usize = 1024;
/// Letters of it that are shown.
const SHOWN: usize = 60;

/// Posts a packed report; the server's words.
///
/// # Errors
/// Why it did not arrive.
pub(super) async fn post(
    place: &Place,
    media_type: &str,
    packed: &[u8],
    services: &Arc<Services>,
) -> Result<String, String> {
    let limit = Duration::from_secs(limits::REPORT_POST_SECS);
    match timeout(limit, Box::pin(unhurried(place, media_type, packed, services))).await {
        Ok(result) => result,
        Err(_elapsed) => Err(format!("no answer within {} seconds", limits::REPORT_POST_SECS)),
    }
}

async fn unhurried(
    place: &Place,
    media_type: &str,
    packed: &[u8],
    services: &Arc<Services>,
) -> Result<String, String> {
    let Place { host, path, .. } = place;
    let port = place.port.unwrap_or(443);
    let request = ConnectorRequest { server: Strictness::Ignore, ..ConnectorRequest::default() };
    let patience = Duration::from_secs(limits::REPORT_POST_SECS / 4);
    let reached = reach(host, port, request, patience, services).await;
    let mut stream = reached.map_err(|why| why.to_string())?;
    let authority = if port == 443 { host.clone() } else { format!("{host}:{port}") };
    let head = format!(
        "POST {path} HTTP/1.1\r\nHost: {authority}\r\nUser-Agent: Postrider\r\nContent-Type: {media_type}\r\n\
         Content-Length: {}\r\nConnection: close\r\n\r\n",
        packed.len()
    );
    let told = |error: std::io::Error| error.to_string();
    stream.write_all(head.as_bytes()).await.map_err(told)?;
    stream.write_all(packed).await.map_err(told)?;
    stream.flush().await.map_err(told)?;
    let mut answer = Vec::new();
    loop {
        if let Some(end) = answer.iter().position(|byte| *byte == b'\n') {
            return judged(&answer[..end]);
        }
        if answer.len() > STATUS {
            return Err("the answer has too long a first line".to_owned());
        }
        if stream.read_buf(&mut answer).await.map_err(told)? == 0 {
            return Err("the answer ends too early".to_owned());
        }
    }
}

/// A status line: any 2xx is a yes.
fn judged(status: &[u8]) -> Result<String, String> {
    let line = String::from_utf8_lossy(&status[..status.len().min(SHOWN)]).trim_end().to_owned();
    let code = status.strip_prefix(b"HTTP/1.").and_then(|rest| rest.get(1..5)).unwrap_or_default();
    let good = code.starts_with(b" 2") && code[2..].iter().all(u8::is_ascii_digit);
    let told = line.chars().map(|letter| if letter.is_control() { '?' } else { letter }).collect();
    if good { Ok(told) } else { Err(format!("the answer is {told:?}")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers() {
        for (line, good) in [
            ("HTTP/1.1 200 OK\r", true),
            ("HTTP/1.0 201", true),
            ("HTTP/1.1 204 \x1b[2J", true),
            ("HTTP/1.1 301 Moved", false),
            ("HTTP/1.1 500 Oops", false),
            ("HTTP/1.1 2x0 OK", false),
            ("HTTP/2 200", false),
            ("SSH-2.0", false),
            ("", false),
        ] {
            let said = judged(line.as_bytes());
            assert_eq!(said.is_ok(), good, "{line}");
            assert!(said.unwrap_or_else(|why| why).chars().all(|letter| !letter.is_control()));
        }
    }
}
