//! Messages become durable, and go, together with those of others.
//!
//! Whoever has a message to commit or to end puts it in line. A few threads take all that stands there at a time, so that
//! under load one sync of the disk serves many (see [`spool::Spool::carry_out`]), and a message alone waits for nobody.
//!
//! # Invariants
//! * At most [`WRITERS`] threads work on the line; it is empty when none of them works.
//! * An answer comes after what it tells of is durable.
//!
//! # Failure
//! A panic while a message is written costs that message alone: whoever waits for it hears that there is no answer.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use spool::{DataWriter, Ending, Header, Spool, SpoolError};
use tokio::sync::oneshot;

use super::PoolError;

/// Threads that write at the same time: while one waits for the disk, another gathers.
const WRITERS: usize = 2;
/// A line of this length is worth another thread; a shorter one waits for the one that is there, and its syncs serve all
/// of it.
const LONG: usize = 8;
/// What one of them takes at a time.
const AT_ONCE: usize = 100;

/// The line.
#[derive(Clone, Default)]
pub struct SpoolWriter {
    line: Arc<Mutex<Line>>,
}

#[derive(Default)]
struct Line {
    jobs: Vec<Job>,
    writers: usize,
}

/// Makes the content that is to be committed, on the writing thread.
type Prepare = Box<dyn FnOnce() -> Result<(DataWriter, Header), SpoolError> + Send>;
type Answer = oneshot::Sender<Result<(), SpoolError>>;

enum Job {
    Commit(Spool, Prepare, Answer),
    End(Box<Ending>, Answer),
}

impl SpoolWriter {
    /// Commits a message of this spool; the lock goes with the commit, so that the first delivery takes its own.
    pub async fn commit(
        &self,
        spool: &Spool,
        prepare: impl FnOnce() -> Result<(DataWriter, Header), SpoolError> + Send + 'static,
    ) -> Result<Result<(), SpoolError>, PoolError> {
        let (answer, outcome) = oneshot::channel();
        self.stand_in_line(Job::Commit(spool.clone(), Box::new(prepare), answer));
        outcome.await.map_err(|_no_answer| PoolError::ShuttingDown)
    }

    /// Ends a message.
    pub async fn end(&self, ending: Ending) -> Result<Result<(), SpoolError>, PoolError> {
        let (answer, outcome) = oneshot::channel();
        self.stand_in_line(Job::End(Box::new(ending), answer));
        outcome.await.map_err(|_no_answer| PoolError::ShuttingDown)
    }

    fn stand_in_line(&self, job: Job) {
        let mut line = self.lock();
        line.jobs.push(job);
        if line.writers >= WRITERS || (line.writers > 0 && line.jobs.len() < LONG) {
            return;
        }
        line.writers += 1;
        drop(line);
        let writer = Writer(self.clone());
        tokio::task::spawn_blocking(move || writer.work());
    }

    fn lock(&self) -> MutexGuard<'_, Line> {
        // A panic elsewhere leaves the line whole: its operations don't panic half way.
        self.line.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A thread that works on the line.
struct Writer(SpoolWriter);

impl Writer {
    fn work(self) {
        loop {
            let mut line = self.0.lock();
            if line.jobs.is_empty() {
                line.writers -= 1;
                drop(line);
                // Counted off under the lock: nobody has come in between and relied on this thread.
                std::mem::forget(self);
                return;
            }
            let count = line.jobs.len().min(AT_ONCE);
            let jobs = line.jobs.drain(..count).collect();
            drop(line);
            carry_out(jobs);
        }
    }
}

impl Drop for Writer {
    /// A panic, or a runtime that ended before this began: what stands in line then is for nobody to do.
    fn drop(&mut self) {
        let mut line = self.0.lock();
        line.writers -= 1;
        if line.writers == 0 {
            line.jobs.clear();
        }
    }
}

fn carry_out(jobs: Vec<Job>) {
    let (mut commits, mut endings) = (Vec::new(), Vec::new());
    let (mut commit_answers, mut ending_answers) = (Vec::new(), Vec::new());
    let mut spool = None;
    for job in jobs {
        match job {
            Job::Commit(its_spool, prepare, answer) => match catch_unwind(AssertUnwindSafe(prepare)) {
                Ok(Ok(prepared)) => {
                    spool.get_or_insert(its_spool);
                    commits.push(prepared);
                    commit_answers.push(answer);
                }
                Ok(Err(error)) => tell(answer, Err(error)),
                // The panic is told where it happened; without an answer the message is refused.
                Err(_panic) => {}
            },
            Job::End(ending, answer) => {
                spool.get_or_insert_with(|| ending.message.spool().clone());
                endings.push(*ending);
                ending_answers.push(answer);
            }
        }
    }
    let Some(spool) = spool else { return };
    let (committed, ended) = spool.carry_out(commits, endings);
    for (answer, result) in commit_answers.into_iter().zip(committed) {
        // The lock ends with the commit, before anybody hears of it.
        tell(answer, result.map(drop));
    }
    for (answer, result) in ending_answers.into_iter().zip(ended) {
        tell(answer, result);
    }
}

fn tell(answer: Answer, result: Result<(), SpoolError>) {
    // Whoever asked may have gone: what was asked for is done all the same.
    let _ = answer.send(result);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Bench;

    #[tokio::test]
    async fn many_at_once_each_with_an_answer_of_its_own() {
        let bench = Bench::new("");
        let (writer, spool) = (SpoolWriter::default(), &bench.services.spool);
        let ids: Vec<_> = (0..12).map(|_| spool.allocate_id().expect("ids do not run out")).collect();
        let commits = ids.iter().enumerate().map(|(number, id)| {
            let (own, id) = (Spool::clone(spool), *id);
            writer.commit(spool, move || {
                assert!(number != 3, "planned");
                let mut content = own.begin(id)?;
                content.write(b"body\n")?;
                let named = if number == 5 { own.allocate_id()? } else { id };
                Ok((content, Header::new(named, "ann@a.example", mail_types::Timestamp(0))))
            })
        });
        let results = futures_of(commits).await;
        for (number, result) in results.iter().enumerate() {
            match number {
                3 => assert!(matches!(result, Err(PoolError::ShuttingDown)), "{number}"),
                5 => assert!(matches!(result, Ok(Err(_))), "{number}"),
                _ => assert!(matches!(result, Ok(Ok(()))), "{number}"),
            }
        }
        assert_eq!(spool.message_ids().expect("the spool can be read").len(), 10);
        let endings = ids.iter().filter_map(|id| match spool.lock(id) {
            Ok(spool::LockOutcome::Locked(message)) => {
                Some(writer.end(Ending { message: *message, delivered: Vec::new(), keep_log: false }))
            }
            _ => None,
        });
        assert!(futures_of(endings).await.iter().all(|result| matches!(result, Ok(Ok(())))));
        assert!(spool.message_ids().expect("the spool can be read").is_empty());
        while writer.lock().writers > 0 {
            // The last answer comes before its writer has seen that nobody is left.
            std::thread::yield_now();
        }
    }

    /// All of them under way at the same time.
    async fn futures_of<F: Future>(futures: impl Iterator<Item = F>) -> Vec<F::Output> {
        let mut futures: Vec<_> = futures.map(|future| (Box::pin(future), None)).collect();
        std::future::poll_fn(|context| {
            let mut open = false;
            for (future, result) in &mut futures {
                if result.is_none() {
                    match future.as_mut().poll(context) {
                        std::task::Poll::Ready(done) => *result = Some(done),
                        std::task::Poll::Pending => open = true,
                    }
                }
            }
            if open { std::task::Poll::Pending } else { std::task::Poll::Ready(()) }
        })
        .await;
        futures.into_iter().filter_map(|(_, result)| result).collect()
    }
}
