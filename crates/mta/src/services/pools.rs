//! Capped pools for work that blocks.
//!
//! # Invariants
//! * At most `cap` jobs of a pool run at a time; the others wait in the order in which they came.
//! * A job that outlives its deadline keeps its place in the cap until it really ends, so that a hanging file
//!   server can never take more threads than the cap says.
//! * What runs by [`Pool::run_future`] has a thread of its own: jobs that it gives to a pool run there, without a change
//!   of threads, under the permit that the thread already has.
//!
//! # Failure
//! A panic inside a job is carried to whoever waits for it and costs that session or delivery only.

use std::cell::Cell;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use tokio::runtime::{Handle, RuntimeFlavor};
use tokio::sync::Semaphore;

/// How many jobs of each kind may run at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PoolCaps {
    /// Spool writes and syncs.
    pub spool: usize,
    /// Local files, the password file, name service.
    pub files: usize,
    /// Lookups that go over the network, DNS included.
    pub lookups: usize,
    /// Delivery attempts while they work on the spool and on mailboxes.
    pub deliveries: usize,
}

impl Default for PoolCaps {
    fn default() -> Self {
        // The sum stays below tokio's own limit of 512 blocking threads, so that a job which holds its permit
        // never waits for a thread behind another pool's jobs.
        Self { spool: 128, files: 64, lookups: 192, deliveries: 64 }
    }
}

/// The four pools.
#[derive(Debug, Clone)]
pub struct Pools {
    /// Spool writes and syncs.
    pub spool: Pool,
    /// Local files, the password file, name service.
    pub files: Pool,
    /// Lookups that go over the network, DNS included.
    pub lookups: Pool,
    /// Delivery attempts while they work on the spool and on mailboxes.
    pub deliveries: Pool,
}

impl Pools {
    /// Pools with these caps.
    pub fn new(caps: PoolCaps) -> Self {
        Self {
            spool: Pool::new(caps.spool),
            files: Pool::new(caps.files),
            lookups: Pool::new(caps.lookups),
            deliveries: Pool::new(caps.deliveries),
        }
    }
}

/// Why a job gave no result.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PoolError {
    /// The deadline passed, before or while it ran.
    Deadline,
    /// The runtime is shutting down.
    ShuttingDown,
}

/// One capped pool.
#[derive(Debug, Clone)]
pub struct Pool {
    permits: Arc<Semaphore>,
}

impl Pool {
    /// A pool in which `cap` jobs run at a time.
    pub fn new(cap: usize) -> Self {
        Self { permits: Arc::new(Semaphore::new(cap.max(1))) }
    }

    /// Run a job to its end.
    pub async fn run<T, F>(&self, job: F) -> Result<T, PoolError>
    where
        T: Send + 'static,
        F: FnOnce() -> T + Send + 'static,
    {
        if has_own_thread() {
            return Ok(job());
        }
        let permit =
            Arc::clone(&self.permits).acquire_owned().await.map_err(|_closed| PoolError::ShuttingDown)?;
        let handle = tokio::task::spawn_blocking(move || {
            let _held_until_the_job_ends = permit;
            job()
        });
        match handle.await {
            Ok(result) => Ok(result),
            Err(error) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
            Err(_cancelled) => Err(PoolError::ShuttingDown),
        }
    }

    /// Run a future to its end on a thread of the pool, where all that it does may block.
    ///
    /// Under a runtime with one thread only, as in tests, it is simply awaited.
    pub async fn run_future<F>(&self, future: F) -> Result<F::Output, PoolError>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        let runtime = Handle::current();
        // A delivery that another one gives rise to, by a bounce, goes on where that one is.
        if has_own_thread() || !matches!(runtime.runtime_flavor(), RuntimeFlavor::MultiThread) {
            return Ok(future.await);
        }
        self.run(move || {
            let _until_the_end = OwnThread::begin();
            runtime.block_on(future)
        })
        .await
    }

    /// Run a job that borrows from its caller, on the caller's own thread. Where it waits it says so itself, by
    /// [`waiting`].
    pub async fn in_place<T>(&self, job: impl FnOnce() -> T) -> Result<T, PoolError> {
        let _permit = self.permits.acquire().await.map_err(|_closed| PoolError::ShuttingDown)?;
        Ok(job())
    }

    /// Run a job, but wait for it no longer than `limit`, the time in the queue included.
    pub async fn run_within<T, F>(&self, limit: Duration, job: F) -> Result<T, PoolError>
    where
        T: Send + 'static,
        F: FnOnce() -> T + Send + 'static,
    {
        tokio::time::timeout(limit, self.run(job)).await.unwrap_or(Err(PoolError::Deadline))
    }
}

/// Runs something that waits for files, the network or a long calculation, in code that is not async itself: the
/// runtime goes on with its other tasks on another thread.
///
/// There is no deadline: what is asked (DNS, databases, files) has deadlines of its own.
pub fn waiting<T>(job: impl FnOnce() -> T) -> T {
    match Handle::try_current() {
        Ok(runtime) if matches!(runtime.runtime_flavor(), RuntimeFlavor::MultiThread) => {
            tokio::task::block_in_place(job)
        }
        _ => job(),
    }
}

/// Runs a job that blocks: here, where the thread is our own, and else on one of the runtime's threads for that.
///
/// # Errors
/// The runtime is shutting down, or the job panicked.
pub async fn off_the_runtime<T: Send + 'static>(
    job: impl FnOnce() -> T + Send + 'static,
) -> Result<T, tokio::task::JoinError> {
    if has_own_thread() { Ok(job()) } else { tokio::task::spawn_blocking(job).await }
}

thread_local! {
    static OWN_THREAD: Cell<bool> = const { Cell::new(false) };
}

fn has_own_thread() -> bool {
    OWN_THREAD.get()
}

/// While it exists, this thread belongs to one future.
struct OwnThread;

impl OwnThread {
    fn begin() -> Self {
        OWN_THREAD.set(true);
        Self
    }
}

impl Drop for OwnThread {
    fn drop(&mut self) {
        OWN_THREAD.set(false);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_job_answers() {
        assert_eq!(Pool::new(1).run(|| 6 * 7).await, Ok(42));
    }

    #[tokio::test]
    async fn a_job_past_its_deadline_keeps_its_place() {
        let pool = Pool::new(1);
        let (release, wait) = std::sync::mpsc::channel::<()>();
        let late = pool.run_within(Duration::from_millis(1), move || wait.recv().is_ok()).await;
        assert_eq!(late, Err(PoolError::Deadline));
        let second = pool.run_within(Duration::from_millis(1), || ()).await;
        assert_eq!(second, Err(PoolError::Deadline), "the cap still counts the hanging job");
        release.send(()).expect("the job waits for this");
        assert_eq!(pool.run(|| 1).await, Ok(1));
    }

    #[tokio::test]
    async fn a_panic_reaches_the_waiter_and_frees_the_place() {
        let pool = Pool::new(1);
        let inner = pool.clone();
        let joined = tokio::spawn(async move { inner.run(|| panic!("planned")).await }).await;
        assert!(joined.expect_err("the panic is carried over").is_panic());
        assert_eq!(pool.run(|| 1).await, Ok(1));
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 1)]
    async fn what_has_a_thread_of_its_own_changes_it_no_more() {
        let pool = Pool::new(1);
        let inner = pool.clone();
        let threads = pool
            .run_future(async move {
                let here = std::thread::current().id();
                // The cap is reached: a job that had to wait for a place would never get one.
                let job = inner.run(|| std::thread::current().id()).await;
                let other = off_the_runtime(|| std::thread::current().id()).await.ok();
                let waiting = waiting(|| std::thread::current().id());
                let again = waiting_for_another(&inner);
                (here, job, other, waiting, again)
            })
            .await
            .expect("nothing shuts down");
        assert_eq!(threads, (threads.0, Ok(threads.0), Some(threads.0), threads.0, Ok(threads.0)));
        let later = pool.run(has_own_thread).await;
        assert_eq!(later, Ok(false), "the thread is the pool's again");
    }

    /// As a delivery with `-odi` waits for the one that its bounce is.
    fn waiting_for_another(pool: &Pool) -> Result<std::thread::ThreadId, PoolError> {
        tokio::task::block_in_place(|| {
            let another = pool.run_future(async { std::thread::current().id() });
            Handle::current().block_on(another)
        })
    }
}
