//! What a crash leaves, the next attempt takes up: nothing is lost, and only what was under way happens again.

use super::{Answer, Office};
use crate::deliver::{AttemptEnd, AttemptKind};

#[tokio::test]
async fn a_journal_is_believed() {
    let office = Office::new();
    let id =
        office.post("carol@test.example", &["bob@test.example", "alice@test.example", "carol@test.example"]);
    let spool = &office.bench.services.spool;
    if let spool::LockOutcome::Locked(mut message) = spool.lock(&id).expect("readable") {
        // What an attempt had done when it died.
        message
            .journal_append(&[b"bob@test.example", b"alice@test.example"])
            .expect("the spool can be written");
    }
    let report = office.attempt(id, AttemptKind::Arrival).await;
    assert_eq!((report.end, report.delivered), (AttemptEnd::Completed, 1));
    assert_eq!(office.delivered(), ["carol@test.example"]);
}

#[tokio::test]
async fn every_delivery_is_on_disk_before_the_next_begins() {
    let office = Office::new();
    office.agent.tell("carol@test.example", Answer::Defer(28, "disk full"));
    let id =
        office.post("carol@test.example", &["bob@test.example", "alice@test.example", "carol@test.example"]);
    // The attempt is dropped at each point at which it waits: as much as a crash, as far as the spool is concerned.
    for polls in 1..200 {
        let before = office.delivered().len();
        let mut attempt = Box::pin(office.attempt(id, AttemptKind::Forced));
        let mut left = polls;
        let ended = std::future::poll_fn(|context| {
            left -= 1;
            match attempt.as_mut().poll(context) {
                std::task::Poll::Ready(_) => std::task::Poll::Ready(true),
                std::task::Poll::Pending if left == 0 => std::task::Poll::Ready(false),
                std::task::Poll::Pending => std::task::Poll::Pending,
            }
        })
        .await;
        drop(attempt);
        assert!(office.delivered().len() <= before + 2, "no attempt repeats more than what was under way");
        if ended {
            break;
        }
        tokio::task::yield_now().await;
    }
    office.agent.obey();
    let end = loop {
        match office.attempt(id, AttemptKind::Forced).await.end {
            // A job of a dropped attempt may still hold the lock.
            AttemptEnd::Locked => tokio::task::yield_now().await,
            end => break end,
        }
    };
    assert!(matches!(end, AttemptEnd::Completed | AttemptEnd::Gone));
    for address in ["bob@test.example", "alice@test.example", "carol@test.example"] {
        assert!(office.delivered().iter().any(|delivered| delivered == address), "{address} was lost");
    }
}
