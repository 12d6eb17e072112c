//! `-bp` and its like, `mailq`: the queue in print.
//!
//! # Invariants
//! * Nothing is locked and nothing kept but the ids: a long queue costs time, not memory.
//!
//! # Failure
//! A message that can't be read is shown with what is wrong; the listing goes on.
//!
//! # Compatibility
//! Byte for byte Exim's, so that `exiqgrep` and its like can read it.

use mail_types::{MessageId, Timestamp};
use serde::{Deserialize, Serialize};
use spool::{Header, Spool, SpoolError};

/// How to list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListingStyle {
    /// `-bpr`: in no order.
    pub unsorted: bool,
    /// `-bpa`: also delivered addresses that came of aliases.
    pub generated: bool,
    /// `-bpu`: only recipients that wait.
    pub undelivered: bool,
    /// `-bpi`: nothing but the ids.
    pub ids: bool,
}

/// `-bpc`: how many messages there are.
pub fn count(spool: &Spool) -> Result<usize, SpoolError> {
    let mut count = 0;
    spool.scan(&mut |_| {
        count += 1;
        std::ops::ControlFlow::Continue(())
    })?;
    Ok(count)
}

/// Lists all messages, or only some; `out` gets the text piece by piece.
pub fn list(
    spool: &Spool,
    style: ListingStyle,
    only: &[MessageId],
    now: Timestamp,
    out: &mut dyn FnMut(&[u8]),
) -> Result<(), SpoolError> {
    let ids = if !only.is_empty() {
        only.to_vec()
    } else if style.unsorted {
        let mut ids = Vec::new();
        spool.scan(&mut |entry| {
            ids.push(entry.id);
            std::ops::ControlFlow::Continue(())
        })?;
        ids
    } else {
        spool.message_ids()?
    };
    for id in ids {
        if style.ids {
            out(format!("{id}\n").as_bytes());
        } else if let Some(text) = message(spool, style, id, now) {
            out(&text);
        }
    }
    Ok(())
}

/// One message; none when it is gone by now.
fn message(spool: &Spool, style: ListingStyle, id: MessageId, now: Timestamp) -> Option<Vec<u8>> {
    let header = match spool.read_header(&id) {
        Ok(header) => header?,
        Err(_) => return Some(unreadable(spool, id)),
    };
    let mut text = format!("{} {} {id} <", age(now, header.received_time), size(spool, &header)).into_bytes();
    push_text(&mut text, &header.sender);
    text.push(b'>');
    if header.frozen.is_some() {
        text.extend_from_slice(b" *** frozen ***");
    }
    text.push(b'\n');
    for recipient in &header.recipients {
        let delivered = header.nonrecipients.contains(&recipient.address);
        if !delivered || !style.undelivered {
            text.extend_from_slice(if delivered { b"        D " } else { b"          " });
            push_text(&mut text, &recipient.address);
            text.push(b'\n');
        }
    }
    if style.generated {
        for address in header.nonrecipients.iter() {
            if !header.recipients.iter().any(|recipient| recipient.address == address) {
                text.extend_from_slice(b"       +D ");
                push_text(&mut text, address);
                text.push(b'\n');
            }
        }
    }
    text.push(b'\n');
    Some(text)
}

fn unreadable(spool: &Spool, id: MessageId) -> Vec<u8> {
    let problem = match spool.read_header_bytes(&id) {
        Ok(Some(bytes)) => format!("spool format error: size={}", bytes.len()),
        Ok(None) => "spool read error: No such file or directory".to_owned(),
        Err(error) => format!("spool read error: {error}"),
    };
    format!("      {id}\n    *** {problem} ***\n\n").into_bytes()
}

/// Addresses may hold control bytes; they must not change the look of other lines.
fn push_text(out: &mut Vec<u8>, text: &[u8]) {
    for &byte in text {
        if byte.is_ascii_control() {
            mail_types::bytes::push_printable(out, &[byte], mail_types::bytes::PrintOptions::default());
        } else {
            out.push(byte);
        }
    }
}

/// `25m`, `24h`, ` 4d`.
fn age(now: Timestamp, received: Timestamp) -> String {
    let minutes = (now.secs() - received.secs()).max(0) / 60;
    if minutes <= 90 {
        return format!("{minutes:>2}m");
    }
    let hours = (minutes + 30) / 60;
    if hours <= 72 { format!("{hours:>2}h") } else { format!("{:>2}d", (hours + 12) / 24) }
}

/// The size of the whole message in five places; blank without its -D file.
fn size(spool: &Spool, header: &Header) -> String {
    let body = spool.open_data(&header.id).ok().flatten().and_then(|data| data.body_len().ok());
    let Some(body) = body else { return " ".repeat(5) };
    let lines: usize = header.live_headers().map(|line| line.text.len()).sum();
    size_words(body + lines as u64 + 1)
}

fn size_words(size: u64) -> String {
    const K: u64 = 1_024;
    if size < K {
        format!("{size:>5}")
    } else if size < 10 * K {
        format!("{:>4.1}K", size as f64 / K as f64)
    } else if size < K * K {
        format!("{:>4}K", (size + K / 2) / K)
    } else if size < 10 * K * K {
        format!("{:>4.1}M", size as f64 / (K * K) as f64)
    } else {
        format!("{:>4}M", (size + K * K / 2) / (K * K))
    }
}

#[cfg(test)]
mod tests;
