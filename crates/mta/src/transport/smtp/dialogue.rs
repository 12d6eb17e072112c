//! One message over one connection.
//!
//! # Invariants
//! * Content is sent only when the transaction asks for it, and whole.
//! * Memory is bounded by the block size, whatever the message's size.
//! * What the host has taken is in the journal before anything else is read from it or sent to it.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::sync::Arc;

use smtp_proto::client::{
    Content, MailFrom, Protocol, Recipient, Stage, Step, Transaction, TransactionOutcome, bdat,
};
use smtp_proto::dot::Encoder;

use super::batch::Journal;
use super::connection::Connection;
use super::fault::Link;
use super::settings::Settings;

/// Octets of the body read at a time; most messages are one block.
const BLOCK: usize = 128 * 1024;

/// A message on its way out.
#[derive(Clone, Debug)]
pub(super) struct Message {
    pub(super) mail: MailFrom,
    pub(super) recipients: Vec<Recipient>,
    /// Their numbers in the batch.
    pub(super) numbers: Vec<usize>,
    pub(super) journal: Journal,
    /// The header with the blank line at its end.
    pub(super) header: Arc<Vec<u8>>,
    pub(super) data: Arc<File>,
    pub(super) body_offset: u64,
    /// `mua_wrapper`.
    pub(super) all_or_nobody: bool,
}

/// How a transaction ended.
#[derive(Debug)]
pub(super) struct Carried {
    pub(super) outcome: TransactionOutcome,
    /// The words of each stage, for errors.
    pub(super) transaction: Transaction,
    /// The connection failed, at this stage.
    pub(super) broken: Option<(Link, Stage)>,
    /// Octets of content sent.
    pub(super) written: u64,
    pub(super) chunked: bool,
    /// What the host took is in the journal; if not, nothing more may be delivered.
    pub(super) journalled: bool,
}

impl Carried {
    /// The stage in the words of Exim's errors. A refusal of one recipient never says that it was pipelined.
    pub(super) fn words(&self, stage: Stage, lost: bool) -> Vec<u8> {
        let words = self.transaction.words(stage);
        let pipelined = self.transaction.is_pipelined(stage) && (lost || !matches!(stage, Stage::Rcpt(_)));
        let mut words = if pipelined { [b"pipelined ", words.as_slice()].concat() } else { words };
        if matches!((stage, &self.broken), (Stage::EndOfData, Some((Link::TimedOut, _)))) {
            words.extend_from_slice(format!(" ({} bytes written)", self.written).as_bytes());
        }
        words
    }
}

/// Sends a message.
pub(super) async fn carry(
    connection: &mut Connection,
    protocol: Protocol,
    content: Content,
    message: &Message,
    settings: &Settings,
) -> Carried {
    let begin = if message.all_or_nobody { Transaction::begin_for_all } else { Transaction::begin };
    let (transaction, first) =
        begin(protocol, &connection.offered, content, &message.mail, &message.recipients);
    let mut carrier =
        Carrier { connection, transaction, message, settings, written: 0, noted: 0, journalled: true };
    let broken = carrier.run(first).await.err();
    let Carrier { transaction, written, journalled, .. } = carrier;
    let outcome = transaction.clone().into_outcome();
    Carried { outcome, transaction, broken, written, chunked: content == Content::Chunks, journalled }
}

struct Carrier<'a> {
    connection: &'a mut Connection,
    transaction: Transaction,
    message: &'a Message,
    settings: &'a Settings,
    written: u64,
    /// How many acceptances have been given to the journal.
    noted: usize,
    journalled: bool,
}

impl Carrier<'_> {
    async fn run(&mut self, first: Vec<u8>) -> Result<(), (Link, Stage)> {
        let mut step = Step::Send(first);
        loop {
            let stage = self.transaction.stage();
            match step {
                Step::Wait => {}
                Step::Send(octets) => {
                    self.connection
                        .send(&octets, self.settings.command_timeout)
                        .await
                        .map_err(|link| (link, stage))?;
                }
                Step::SendContent(Content::Dot) => self.send_dotted().await?,
                Step::SendContent(Content::Chunks) => {
                    if let Some(next) = self.send_chunks().await? {
                        step = next;
                        continue;
                    }
                }
                Step::Done => return Ok(()),
            }
            step = self.next().await?;
        }
    }

    async fn next(&mut self) -> Result<Step, (Link, Stage)> {
        let stage = self.transaction.stage();
        let limit = match stage {
            Stage::EndOfData => self.settings.final_timeout,
            _ => self.settings.command_timeout,
        };
        let reply = self.connection.reply(limit).await.map_err(|link| (link, stage))?;
        let step = self.transaction.on_reply(reply);
        if stage == Stage::EndOfData {
            self.write_down().await;
        }
        Ok(step)
    }

    /// Gives what the last reply accepted to the journal: everything at once, or with LMTP an address.
    async fn write_down(&mut self) {
        let numbers = &self.message.numbers;
        let taken = self.transaction.delivered().skip(self.noted);
        let taken: Vec<usize> = taken.filter_map(|at| numbers.get(at).copied()).collect();
        if !taken.is_empty() {
            self.noted += taken.len();
            self.journalled &= self.message.journal.write(taken).await;
        }
    }

    async fn send(&mut self, octets: &[u8]) -> Result<(), (Link, Stage)> {
        let sent = self.connection.send(octets, self.settings.data_timeout).await;
        sent.map_err(|link| (link, Stage::EndOfData))
    }

    async fn send_dotted(&mut self) -> Result<(), (Link, Stage)> {
        let mut encoder = Encoder::new(Content::Dot.framing());
        let mut out = Vec::new();
        encoder.encode(&self.message.header, &mut out);
        let mut at = self.message.body_offset;
        loop {
            let block = read_block(&self.message.data, at).await.map_err(|link| (link, Stage::EndOfData))?;
            if block.is_empty() {
                break;
            }
            at += block.len() as u64;
            encoder.encode(&block, &mut out);
            // A short message goes out in one piece, its last dot included.
            if block.len() == BLOCK {
                self.send(&out).await?;
                self.written += out.len() as u64;
                out.clear();
            }
        }
        encoder.finish(&mut out);
        self.written += out.len() as u64;
        self.send(&out).await
    }

    /// Gives the next step when a chunk before the last was refused.
    async fn send_chunks(&mut self) -> Result<Option<Step>, (Link, Stage)> {
        let mut encoder = Encoder::new(Content::Chunks.framing());
        let mut out = Vec::new();
        encoder.encode(&self.message.header, &mut out);
        let mut at = self.message.body_offset;
        loop {
            let block = read_block(&self.message.data, at).await.map_err(|link| (link, Stage::EndOfData))?;
            at += block.len() as u64;
            encoder.encode(&block, &mut out);
            if block.len() < BLOCK {
                break;
            }
            self.send_chunk(&out, false).await?;
            out.clear();
            let limit = self.settings.command_timeout;
            let reply = self.connection.reply(limit).await.map_err(|link| (link, Stage::EndOfData))?;
            if !reply.is_success() {
                return Ok(Some(self.transaction.on_reply(reply)));
            }
        }
        encoder.finish(&mut out);
        self.send_chunk(&out, true).await?;
        Ok(None)
    }

    async fn send_chunk(&mut self, octets: &[u8], last: bool) -> Result<(), (Link, Stage)> {
        let mut out = bdat(octets.len(), last);
        out.extend_from_slice(octets);
        self.written += octets.len() as u64;
        self.send(&out).await
    }
}

/// The rest of a short body that the system has in memory, as it has of a message that has just come: nobody waits for
/// the disk, so that no other thread is needed.
fn read_now(data: &File, at: u64) -> Option<Vec<u8>> {
    let left = usize::try_from(data.metadata().ok()?.len().checked_sub(at)?).ok()?;
    if left >= BLOCK {
        return None;
    }
    let mut block = vec![0; left];
    let mut whole = [std::io::IoSliceMut::new(&mut block)];
    let read = rustix::io::preadv2(data, &mut whole, at, rustix::io::ReadWriteFlags::NOWAIT).ok()?;
    (read == left).then_some(block)
}

/// The next block of the body; shorter than [`BLOCK`] at its end.
async fn read_block(data: &Arc<File>, at: u64) -> Result<Vec<u8>, Link> {
    if let Some(block) = read_now(data, at) {
        return Ok(block);
    }
    let data = Arc::clone(data);
    let read = tokio::task::spawn_blocking(move || {
        let mut block = vec![0; BLOCK];
        let mut length = 0;
        while length < block.len() {
            match data.read_at(&mut block[length..], at + length as u64) {
                Ok(0) => break,
                Ok(more) => length += more,
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        block.truncate(length);
        Ok(block)
    });
    match read.await {
        Ok(Ok(block)) => Ok(block),
        // An error of our own disk: the message was not sent whole, the connection is given up.
        Ok(Err(error)) => {
            Err(Link::Failed(error.raw_os_error().unwrap_or(-1), "reading the message failed".to_owned()))
        }
        Err(_stopped) => Err(Link::Failed(-1, "the program is stopping".to_owned())),
    }
}
