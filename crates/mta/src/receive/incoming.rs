//! A message while its octets arrive.
//!
//! # Invariants
//! * Octets are taken until the peer says that it is done, whatever is wrong with them: the verdict is given at the end.
//!
//! # Security
//! Header size, header lines and message size are limited as the octets arrive.
//!
//! # Compatibility
//! Options `header_maxsize`, `header_line_maxsize`, `message_size_limit`, `message_body_visible`.

use std::sync::Arc;

use config::Config;
use config::options::main;
use expand::regex::{Flags, Regex};
use mail_message::header::Limits;
use mail_message::reader::{FromLineTest, HeaderBlock, HeaderError, HeaderReader, Progress};
use mail_types::clock::Timestamp;
use mail_types::message_id::MessageId;
use spool::{QueueName, Spool};

use super::body::{BodySink, SpoolFailure};
use super::signatures::Signatures;
use crate::context::Context;
use crate::services::Pool;

/// A message that is arriving.
pub struct Incoming {
    id: MessageId,
    began: Timestamp,
    header: Stage,
    body: BodySink,
    /// Signatures are looked at, when the header is complete.
    verifying: bool,
    signatures: Option<Box<Signatures>>,
    size: u64,
    size_limit: u64,
    line: u64,
    max_line: u64,
    fault: Option<ContentFault>,
}

enum Stage {
    Header(Box<HeaderReader>),
    Body(HeaderBlock),
    /// The header broke a limit: what was read of it. What follows is swallowed.
    Broken(Vec<u8>),
}

/// What is wrong with a message's octets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ContentFault {
    /// `header_maxsize`, or too many lines.
    HeaderTooLarge {
        /// The limit.
        limit: i64,
    },
    /// `header_line_maxsize`.
    HeaderLineTooLong {
        /// The limit.
        limit: i64,
    },
    /// `message_size_limit`.
    TooBig {
        /// The limit.
        limit: u64,
    },
}

/// A message whose octets have all arrived.
pub(crate) struct Arrived {
    pub(crate) id: MessageId,
    pub(crate) began: Timestamp,
    pub(crate) header: HeaderBlock,
    pub(super) body: BodySink,
    /// Octets of header, blank line and body as received, in spool form.
    pub(crate) size: u64,
    pub(crate) max_line: u64,
    pub(crate) fault: Option<ContentFault>,
    pub(crate) failure: Option<SpoolFailure>,
}

impl Incoming {
    /// Begin a message: it gets its id now. `from_line` says which first line is an envelope "From " line.
    pub async fn begin(
        context: &mut Context,
        size_limit: u64,
        from_line: Option<FromLineTest>,
    ) -> Result<Self, BeginError> {
        let spool = Arc::new(spool_of_queue(context)?);
        // Only the first id of a process touches the disk: that is not worth a change of threads for each message.
        let id = context.services.pools.spool.in_place(|| spool.allocate_id()).await;
        let id = id.map_err(|_| BeginError::ShuttingDown)?.map_err(BeginError::Spool)?;
        let options = &context.config.main;
        let limits = Limits {
            max_size: usize::try_from(options.get(main::HEADER_MAXSIZE)).unwrap_or(usize::MAX),
            max_line: usize::try_from(options.get(main::HEADER_LINE_MAXSIZE)).unwrap_or(0),
        };
        let visible = usize::try_from(options.get(main::MESSAGE_BODY_VISIBLE)).unwrap_or(0);
        let mut reader = HeaderReader::new(limits);
        if let Some(test) = from_line {
            reader = reader.accept_from_line(test);
        }
        Ok(Self {
            id,
            began: context.services.clock.now(),
            header: Stage::Header(Box::new(reader)),
            body: BodySink::new(spool, id, visible),
            verifying: false,
            signatures: None,
            size: 0,
            size_limit,
            line: 0,
            max_line: 0,
            fault: None,
        })
    }

    /// Look at the message's signatures, and hash its body for them as it arrives.
    #[must_use]
    pub fn verifying(mut self) -> Self {
        self.verifying = true;
        self
    }

    /// Keep the body in its wire form (`spool_wireformat`).
    #[must_use]
    pub fn in_wire_form(mut self) -> Self {
        self.body.in_wire_form();
        self
    }

    /// The message's id.
    pub fn id(&self) -> MessageId {
        self.id
    }

    /// Take octets in spool form.
    pub async fn push(&mut self, octets: &[u8], context: &mut Context) {
        self.measure(octets);
        // The reject log shows the header of a message that is too big, so reading goes on to its end.
        let excess = if self.size_limit > 0 { self.size.saturating_sub(self.size_limit) } else { 0 };
        let excess = usize::try_from(excess).unwrap_or(usize::MAX);
        let body_ends = octets.len() - excess.min(octets.len());
        let pool = context.services.pools.spool.clone();
        match &mut self.header {
            Stage::Broken(_) => {}
            Stage::Body(_) => self.take_body(&octets[..body_ends], &pool).await,
            Stage::Header(reader) => match reader.push(octets) {
                Ok(Progress::More) => {}
                Ok(Progress::Body { carried, offset }) => {
                    if let Stage::Header(reader) = self.take_header() {
                        self.enter_body(reader.into_block(), context);
                    }
                    self.take_body(&carried, &pool).await;
                    self.take_body(octets.get(offset..body_ends).unwrap_or_default(), &pool).await;
                }
                Err(error) => self.break_header(error, context),
            },
        }
    }

    /// The header is complete.
    fn enter_body(&mut self, block: HeaderBlock, context: &Context) {
        if self.verifying {
            self.signatures = Signatures::begin(&block.lines, context).map(Box::new);
        }
        self.header = Stage::Body(block);
    }

    async fn take_body(&mut self, octets: &[u8], pool: &Pool) {
        if let Some(signatures) = &mut self.signatures {
            signatures.feed(octets);
        }
        self.body.push(octets, pool).await;
    }

    fn measure(&mut self, octets: &[u8]) {
        self.size = self.size.saturating_add(octets.len() as u64);
        if self.size_limit > 0 && self.size > self.size_limit && self.fault.is_none() {
            self.fault = Some(ContentFault::TooBig { limit: self.size_limit });
        }
        let mut rest = octets;
        while let Some(at) = memchr::memchr(b'\n', rest) {
            self.max_line = self.max_line.max(self.line + at as u64);
            self.line = 0;
            rest = &rest[at + 1..];
        }
        self.line += rest.len() as u64;
    }

    fn break_header(&mut self, error: HeaderError, context: &Context) {
        let options = &context.config.main;
        self.fault = Some(match error {
            HeaderError::TooLarge => {
                ContentFault::HeaderTooLarge { limit: options.get(main::HEADER_MAXSIZE) }
            }
            HeaderError::LineTooLong => {
                ContentFault::HeaderLineTooLong { limit: options.get(main::HEADER_LINE_MAXSIZE) }
            }
        });
        if let Stage::Header(reader) = self.take_header() {
            self.header = Stage::Broken(reader.into_text());
        }
    }

    fn take_header(&mut self) -> Stage {
        std::mem::replace(&mut self.header, Stage::Broken(Vec::new()))
    }

    /// No more octets will come: a header that nothing followed is complete now.
    pub(crate) async fn complete(&mut self, context: &mut Context) {
        let pool = context.services.pools.spool.clone();
        match self.take_header() {
            Stage::Header(reader) => match reader.finish() {
                Ok((block, body)) => {
                    self.enter_body(block, context);
                    self.take_body(&body, &pool).await;
                }
                Err(error) => self.break_header(error, context),
            },
            other => self.header = other,
        }
    }

    /// The header as it came in, once it is complete.
    pub(crate) fn header(&self) -> Option<&HeaderBlock> {
        match &self.header {
            Stage::Body(block) => Some(block),
            _ => None,
        }
    }

    /// What is wrong with the octets so far.
    pub(crate) fn fault(&self) -> Option<&ContentFault> {
        self.fault.as_ref()
    }

    /// What was read of a header that broke a limit.
    pub(crate) fn broken_header(&self) -> &[u8] {
        match &self.header {
            Stage::Broken(text) => text,
            _ => b"",
        }
    }

    /// Octets that may come yet: one more than the limit allows.
    pub(crate) fn room(&self) -> usize {
        if self.size_limit == 0 {
            return usize::MAX;
        }
        usize::try_from(self.size_limit.saturating_add(1).saturating_sub(self.size)).unwrap_or(usize::MAX)
    }

    /// Octets that were counted.
    pub(crate) fn size(&self) -> u64 {
        self.size
    }

    /// The body as far as it was kept.
    pub(crate) async fn body_copy(&mut self, context: &Context) -> Vec<u8> {
        self.body.copy(&context.services.pools.spool).await
    }

    /// All octets have arrived.
    pub(crate) async fn finish(mut self, context: &mut Context) -> Arrived {
        self.complete(context).await;
        let header = match self.take_header() {
            Stage::Body(block) => block,
            Stage::Broken(_) | Stage::Header(_) => HeaderBlock::default(),
        };
        let failure = self.body.failure();
        if let Some(signatures) = self.signatures {
            signatures.finish(context);
        }
        // The lines of a body in wire form do not count.
        let max_line = if self.body.is_in_wire_form() {
            let lines = header.lines.iter().flat_map(|field| field.text.split(|byte| *byte == b'\n'));
            lines.map(|line| line.len() as u64).max().unwrap_or(0)
        } else {
            self.max_line.max(self.line)
        };
        Arrived {
            id: self.id,
            began: self.began,
            header,
            size: self.size.saturating_add(self.body.added()),
            body: self.body,
            max_line,
            fault: self.fault,
            failure,
        }
    }
}

/// Says which first line is an envelope "From " line (`uucp_from_pattern`).
pub fn from_line_test(config: &Config) -> Option<FromLineTest> {
    let regex = Regex::compile(config.main.get(main::UUCP_FROM_PATTERN)?, Flags::default()).ok()?;
    Some(Box::new(move |line| regex.is_match(line).unwrap_or(false)))
}

/// Why a message could not be begun.
#[derive(Debug)]
pub enum BeginError {
    /// The spool has no id, or no room for it.
    Spool(spool::SpoolError),
    /// An ACL named a queue that cannot be one.
    QueueName,
    /// The program is shutting down.
    ShuttingDown,
}

/// The queue that the message goes to.
pub(super) fn spool_of_queue(context: &Context) -> Result<Spool, BeginError> {
    let spool = context.services.spool.as_ref();
    let name = &context.facts.message.queue_name;
    if name.is_empty() {
        return Ok(spool.clone());
    }
    let name = QueueName::parse(name).map_err(|_| BeginError::QueueName)?;
    Ok(spool.named(name))
}
