//! `-bp`: the queue as text.
//!
//! # Failure
//! A message that vanishes between the scan and the look at it is left out; one that cannot be read is listed as such.
//!
//! # Compatibility
//! Spec section "The Exim command line", `-bp` and its letters; columns and units are Exim's.

use std::ops::ControlFlow;

use mail_types::{MessageId, Timestamp};
use spool::{Header, Spool, SpoolError};

/// What is listed, and how.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ListingStyle {
    /// In the order in which the messages are found.
    pub unsorted: bool,
    /// Delivered addresses that aliases and the like made, too.
    pub generated: bool,
    /// Undelivered recipients only.
    pub undelivered: bool,
    /// Ids only.
    pub ids: bool,
}

/// How many messages there are.
pub fn count(spool: &Spool) -> Result<usize, SpoolError> {
    let mut count = 0;
    spool.scan(&mut |_| {
        count += 1;
        ControlFlow::Continue(())
    })?;
    Ok(count)
}

/// Lists the messages of `only`, or all; each piece goes to `out` as soon as it is made.
pub fn list(
    spool: &Spool,
    style: ListingStyle,
    only: &[MessageId],
    now: Timestamp,
    out: &mut dyn FnMut(&[u8]),
) -> Result<(), SpoolError> {
    if !only.is_empty() {
        only.iter().for_each(|id| one(spool, id, style, now, out));
        return Ok(());
    }
    if style.unsorted {
        return spool.scan(&mut |entry| {
            one(spool, &entry.id, style, now, out);
            ControlFlow::Continue(())
        });
    }
    spool.message_ids()?.iter().for_each(|id| one(spool, id, style, now, out));
    Ok(())
}

fn one(spool: &Spool, id: &MessageId, style: ListingStyle, now: Timestamp, out: &mut dyn FnMut(&[u8])) {
    if style.ids {
        out(format!("{id}\n").as_bytes());
        return;
    }
    match spool.read_header(id) {
        Ok(Some(header)) => {
            let body = spool.open_data(id).ok().flatten().and_then(|data| data.body_len().ok());
            out(&entry(id, &header, body.unwrap_or_default(), style, now));
        }
        Ok(None) => {}
        Err(error) => {
            let age = age(now.since(id.time()).as_secs());
            out(format!("{age}       {id} *** spool read error: {error} ***\n\n").as_bytes());
        }
    }
}

fn entry(id: &MessageId, header: &Header, body: u64, style: ListingStyle, now: Timestamp) -> Vec<u8> {
    let size = body + header.live_headers().map(|line| line.text.len() as u64).sum::<u64>();
    let waiting = now.since(header.received_time).as_secs();
    let mut text = format!("{} {} {id} <", age(waiting), size_text(size)).into_bytes();
    text.extend_from_slice(&header.sender);
    text.push(b'>');
    if header.frozen.is_some() {
        text.extend_from_slice(b" *** frozen ***");
    }
    text.push(b'\n');
    for recipient in &header.recipients {
        let delivered = header.nonrecipients.contains(&recipient.address);
        if delivered && style.undelivered {
            continue;
        }
        text.extend_from_slice(if delivered { b"        D " } else { b"          " });
        text.extend_from_slice(&recipient.address);
        text.push(b'\n');
    }
    if style.generated && !style.undelivered {
        let is_recipient = |address: &[u8]| header.recipients.iter().any(|r| r.address == address);
        for address in header.nonrecipients.iter().filter(|a| !is_recipient(a)) {
            text.extend_from_slice(b"       +D ");
            text.extend_from_slice(address);
            text.push(b'\n');
        }
    }
    text.push(b'\n');
    text
}

/// Minutes up to ninety, hours up to three days, then days.
fn age(seconds: u64) -> String {
    let minutes = seconds / 60;
    if minutes <= 90 {
        return format!("{minutes:2}m");
    }
    let hours = (minutes + 30) / 60;
    if hours <= 72 { format!("{hours:2}h") } else { format!("{:2}d", (hours + 12) / 24) }
}

/// Five columns: bytes, then K or M with one decimal as long as it fits.
fn size_text(bytes: u64) -> String {
    let kilobytes = bytes as f64 / 1024.0;
    let text = match bytes {
        0..=1023 => bytes.to_string(),
        1024..=10_239 => format!("{kilobytes:.1}K"),
        10_240..=1_048_575 => format!("{}K", (bytes + 512) / 1024),
        1_048_576..=10_485_759 => format!("{:.1}M", kilobytes / 1024.0),
        _ => format!("{}M", (bytes + 512 * 1024) / (1024 * 1024)),
    };
    format!("{text:>5}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_and_sizes_as_exim_shows_them() {
        for (seconds, text) in
            [(0, " 0m"), (600, "10m"), (5340, "89m"), (5460, " 2h"), (9000, " 3h"), (270_000, " 3d"), (400_000, " 5d")]
        {
            assert_eq!(age(seconds), text, "{seconds}");
        }
        for (bytes, text) in [(323, "  323"), (5300, " 5.2K"), (20_500, "  20K"), (3_050_000, " 2.9M")] {
            assert_eq!(size_text(bytes), text, "{bytes}");
        }
    }
}
