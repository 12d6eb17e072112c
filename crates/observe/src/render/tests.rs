//! Lines as Debian's Exim 4.96 wrote them; with `+all`, ports, interfaces and milliseconds are the oracle's own.

mod deliveries;
mod messages;
mod receptions;
mod sessions;

use super::{MessageLogLine, Renderer};
use crate::event::{Event, Streams};
use mail_types::log_selector::Selectors;

/// The line with every selector on.
fn all(event: &Event) -> String {
    line(Selectors::ALL, event).unwrap_or_default()
}

/// The line with Exim's defaults.
fn default(event: &Event) -> Option<String> {
    line(Selectors::default(), event)
}

fn line(selectors: Selectors, event: &Event) -> Option<String> {
    let rendered = Renderer::new(selectors, false).render(event)?;
    Some(String::from_utf8_lossy(&rendered.text).into_owned())
}

fn streams(event: &Event) -> Streams {
    Renderer::new(Selectors::ALL, false).render(event).map_or(Streams::NONE, |rendered| rendered.streams)
}

/// The line of the message's own log.
fn own(event: &Event) -> Option<String> {
    let line = Renderer::new(Selectors::ALL, false).render(event)?.message_log?;
    let (MessageLogLine::Stamped(text) | MessageLogLine::Bare(text)) = line;
    Some(String::from_utf8_lossy(&text).into_owned())
}

fn bytes(text: &str) -> Vec<u8> {
    text.as_bytes().to_vec()
}
