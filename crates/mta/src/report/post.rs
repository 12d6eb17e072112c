//! A report over HTTPS: one POST, one status line, nothing else.
//!
//! # Invariants
//! * Redirections are not followed; sizes and time are bounded.
//!
//! # Security
//! The server is hostile: of its answer the first line is read. Its certificate is not looked at, as RFC 8460 section 3 has
//! it: a broken one must not keep the news of it away, and a report is no secret to whoever answers for the name. Nobody is
//! spoken to whom `reports_ignore_target_hosts` names: anybody's DNS record may name a host of our own network.
//!
//! # References
//! RFC 8460 section 5.4, RFC 9112.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use config::options::postrider as options;
use mail_types::limits;
use policy::list::Subject;
use reports::tlsrpt::Place;
use tls::{ConnectorRequest, Strictness};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::time::timeout;

use crate::context::Context;
use crate::services::https::{addresses, reach};

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
    context: &mut Context,
) -> Result<String, String> {
    let limit = Duration::from_secs(limits::REPORT_POST_SECS);
    match timeout(limit, Box::pin(unhurried(place, media_type, packed, context))).await {
        Ok(result) => result,
        Err(_elapsed) => Err(format!("no answer within {} seconds", limits::REPORT_POST_SECS)),
    }
}

async fn unhurried(
    place: &Place,
    media_type: &str,
    packed: &[u8],
    context: &mut Context,
) -> Result<String, String> {
    let Place { host, path, .. } = place;
    let port = place.port.unwrap_or(443);
    let request = ConnectorRequest { server: Strictness::Ignore, ..ConnectorRequest::default() };
    let patience = Duration::from_secs(limits::REPORT_POST_SECS / 4);
    let services = Arc::clone(&context.services);
    let found = addresses(host, &services).await.map_err(|why| why.to_string())?;
    let found = allowed(host, found, context).await?;
    let reached = reach(host, (&found, port), request, patience, &services).await;
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

/// The addresses that `reports_ignore_target_hosts` leaves.
async fn allowed(host: &str, found: Vec<IpAddr>, context: &mut Context) -> Result<Vec<IpAddr>, String> {
    let option = options::REPORTS_IGNORE_TARGET_HOSTS;
    let mut left = Vec::with_capacity(found.len());
    for address in found {
        let asked = |context: &mut Context| {
            context.matches_option(option, Subject::host(&[host.as_bytes()], Some(address)))
        };
        match context.on_pool(asked).await {
            Some(Ok(false)) => left.push(address),
            Some(Ok(true)) => {}
            Some(Err(error)) => return Err(format!("reports_ignore_target_hosts: {error}")),
            None => return Err("the program is stopping".to_owned()),
        }
    }
    if left.is_empty() {
        return Err(format!("{host}: all of its addresses are in reports_ignore_target_hosts"));
    }
    Ok(left)
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
