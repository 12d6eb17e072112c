//! Catching a panic of a session, so that it costs that session and nothing else.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;

/// Drive a future; a panic inside it becomes the text of the panic.
///
/// What the future borrowed must be looked at with care afterwards. Sessions leave only their stream behind, of which
/// nothing is assumed but that it can be written to.
pub(crate) async fn guarded<F: Future>(future: F) -> Result<F::Output, String> {
    let mut future = Box::pin(future);
    std::future::poll_fn(move |waker| {
        let poll = AssertUnwindSafe(|| Pin::as_mut(&mut future).poll(waker));
        match catch_unwind(poll) {
            Ok(polled) => polled.map(Ok),
            Err(panic) => std::task::Poll::Ready(Err(text(&*panic))),
        }
    })
    .await
}

fn text(panic: &(dyn Any + Send)) -> String {
    let literal = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    literal.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "unknown reason".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_panic_becomes_its_text() {
        assert_eq!(guarded(async { 7 }).await, Ok(7));
        assert_eq!(guarded(async { panic!("planned") }).await, Err::<(), _>("planned".to_owned()));
        let number = 3;
        assert_eq!(guarded(async { panic!("number {number}") }).await, Err::<(), _>("number 3".to_owned()));
    }
}
