//! Capped pools for work that blocks.
//!
//! # Invariants
//! * At most `cap` jobs of a pool run at a time; the others wait in the order in which they came.
//! * A job that outlives its deadline keeps its place in the cap until it really ends, so that a hanging file
//!   server can never take more threads than the cap says.
//!
//! # Failure
//! A panic inside a job is carried to whoever waits for it and costs that session or delivery only.

use std::sync::Arc;
use std::time::Duration;

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
}

impl Default for PoolCaps {
    fn default() -> Self {
        // The sum stays below tokio's own limit of 512 blocking threads, so that a job which holds its permit
        // never waits for a thread behind another pool's jobs.
        Self { spool: 128, files: 64, lookups: 192 }
    }
}

/// The three pools.
#[derive(Debug, Clone)]
pub struct Pools {
    /// Spool writes and syncs.
    pub spool: Pool,
    /// Local files, the password file, name service.
    pub files: Pool,
    /// Lookups that go over the network, DNS included.
    pub lookups: Pool,
}

impl Pools {
    /// Pools with these caps.
    pub fn new(caps: PoolCaps) -> Self {
        Self { spool: Pool::new(caps.spool), files: Pool::new(caps.files), lookups: Pool::new(caps.lookups) }
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

    /// Run a job that borrows from its caller, on the caller's own thread; the runtime goes on elsewhere.
    ///
    /// There is no deadline: what the job asks (DNS, databases, files) has deadlines of its own. Under a runtime with
    /// one thread only, as in tests, the job simply runs.
    pub async fn in_place<T>(&self, job: impl FnOnce() -> T) -> Result<T, PoolError> {
        let _permit = self.permits.acquire().await.map_err(|_closed| PoolError::ShuttingDown)?;
        let flavor = tokio::runtime::Handle::current().runtime_flavor();
        if matches!(flavor, tokio::runtime::RuntimeFlavor::MultiThread) {
            Ok(tokio::task::block_in_place(job))
        } else {
            Ok(job())
        }
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
}
