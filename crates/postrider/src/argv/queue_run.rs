//! `-q…`, `-R…`, `-S…`: which messages a queue run takes, and how often it is repeated.

use mail_types::interval;

use super::{Mode, Parser, Refusal, bad_time, expected};

/// A queue run as asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a letter of -q")]
pub(crate) struct QueueRun {
    /// `-q30m`: again and again, seconds between.
    pub interval: Option<u64>,
    /// `-qq`: route everything first.
    pub two_stage: bool,
    /// `i`: only messages that were never tried.
    pub initial_only: bool,
    /// `f`: whatever the retry time says.
    pub force: bool,
    /// `ff`: frozen ones too.
    pub force_frozen: bool,
    /// `l`: local deliveries only.
    pub local_only: bool,
    /// `G`: a named queue.
    pub queue: Option<Vec<u8>>,
    /// First id of a range.
    pub from: Option<Vec<u8>>,
    /// Last id of a range.
    pub to: Option<Vec<u8>>,
    /// `-R`: text in an undelivered recipient.
    pub recipients: Option<Select>,
    /// `-S`: text in the sender.
    pub senders: Option<Select>,
}

/// `-R`, `-S`: which addresses select a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Select {
    /// The text or the pattern.
    pub text: Vec<u8>,
    /// A regular expression (`r`).
    pub regex: bool,
}

impl<'a> Parser<'a> {
    /// `-q` and what follows the letter.
    pub(super) fn queue_option(&mut self, option: &'a [u8], letters: &'a [u8]) -> Result<(), Refusal> {
        let mut run = self.invocation.queue_run.take().unwrap_or_default();
        match letters.first() {
            Some(b'R') => return self.select(run, &letters[1..], true),
            Some(b'S') => return self.select(run, &letters[1..], false),
            _ => {}
        }
        let mut rest = letters;
        while let Some((letter, tail)) = rest.split_first() {
            match letter {
                b'q' if !run.two_stage => run.two_stage = true,
                b'i' if !run.initial_only => run.initial_only = true,
                b'f' if !run.force => run.force = true,
                b'f' if !run.force_frozen => run.force_frozen = true,
                b'l' if !run.local_only => run.local_only = true,
                b'G' => {
                    let end = tail.iter().position(|c| *c == b'/').unwrap_or(tail.len());
                    run.queue = Some(tail[..end].to_vec());
                    rest = tail.get(end + 1..).unwrap_or_default();
                    break;
                }
                _ => break,
            }
            rest = tail;
        }
        self.interval_or_range(&mut run, option, rest)?;
        self.invocation.queue_run = Some(run);
        Ok(())
    }

    /// What is left of `-q` is an interval, or else the next argument is one; instead, ids of a range may follow.
    fn interval_or_range(&mut self, run: &mut QueueRun, option: &[u8], rest: &[u8]) -> Result<(), Refusal> {
        let interval = |text: &[u8]| interval::parse(text).filter(|seconds| *seconds > 0);
        if !rest.is_empty() {
            run.interval = Some(interval(rest).ok_or_else(|| bad_time(option))?);
            return Ok(());
        }
        let is_id = |next: &[u8]| mail_types::MessageId::parse(next).is_some();
        if let Some(next) = self.args.get(self.at).filter(|next| next.first() != Some(&b'-') && !is_id(next))
        {
            run.interval = Some(interval(next).ok_or_else(|| bad_time(next))?);
            self.at += 1;
            return Ok(());
        }
        for end in [&mut run.from, &mut run.to] {
            let next = self.args.get(self.at).filter(|next| is_id(next));
            if let Some(id) = next {
                *end = Some(id.clone());
                self.at += 1;
            }
        }
        Ok(())
    }

    /// `-R` and `-S` with their letters.
    pub(super) fn select_option(&mut self, letters: &'a [u8], recipients: bool) -> Result<(), Refusal> {
        let run = self.invocation.queue_run.take().unwrap_or_default();
        self.select(run, letters, recipients)
    }

    fn select(&mut self, mut run: QueueRun, letters: &'a [u8], recipients: bool) -> Result<(), Refusal> {
        let flags = letters.iter().take_while(|c| matches!(c, b'r' | b'f')).count();
        let known = matches!(&letters[..flags], b"" | b"f" | b"ff" | b"r" | b"rf" | b"rff");
        let (flags, attached) = if known { letters.split_at(flags) } else { (&b""[..], letters) };
        // Letters that are not flags are the text itself.
        let (flags, attached) = if attached.is_empty() { (flags, attached) } else { (&b""[..], letters) };
        run.force |= flags.ends_with(b"f");
        run.force_frozen |= flags.ends_with(b"ff");
        let what: &[u8] = if recipients { b"-R" } else { b"-S" };
        let text = if attached.is_empty() { self.next().cloned() } else { Some(attached.to_vec()) };
        let text = text.filter(|text| !text.is_empty()).ok_or_else(|| expected("string", what))?;
        let select = Some(Select { text, regex: flags.first() == Some(&b'r') });
        if recipients {
            run.recipients = select;
        } else {
            run.senders = select;
        }
        if self.invocation.mode == Mode::Usage {
            self.invocation.mode = Mode::QueueRun;
        }
        self.invocation.queue_run = Some(run);
        Ok(())
    }
}
