//! What a crash leaves, the next attempt takes up: nothing is lost, and only what was under way happens again.

use super::remote::{Sink, office};
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

/// Two connections at the same time: one host has the message, the other has not answered yet when everything stops.
#[tokio::test]
async fn what_one_host_has_is_not_sent_again_because_another_is_slow() {
    let sink = Sink::start().await;
    let office = office(&sink);
    let id = office.post("carol@test.example", &["slow@sink.example", "quick@quick.example"]);
    sink.slow.store(true, std::sync::atomic::Ordering::SeqCst);
    let attempt = tokio::spawn({
        let services = std::sync::Arc::clone(&office.bench.services);
        async move { crate::deliver::attempt(id, AttemptKind::Arrival, &services).await }
    });
    let both_are_there = async {
        while sink.heard("taken: RCPT TO:<slow").is_empty() || office.envelope(id).0.is_empty() {
            tokio::task::yield_now().await;
        }
    };
    let waited = tokio::time::timeout(std::time::Duration::from_secs(20), both_are_there).await;
    assert!(waited.is_ok(), "{:?} {:?}", sink.heard(""), office.log_of(id));
    assert_eq!(
        office.envelope(id).0,
        ["quick@quick.example"],
        "in the journal while the other host is waited for"
    );
    attempt.abort();
    assert!(attempt.await.is_err_and(|error| error.is_cancelled()));

    sink.slow.store(false, std::sync::atomic::Ordering::SeqCst);
    let end = loop {
        match office.attempt(id, AttemptKind::Forced).await.end {
            // A job of the dropped attempt may still hold the lock.
            AttemptEnd::Locked => tokio::task::yield_now().await,
            end => break end,
        }
    };
    assert_eq!(end, AttemptEnd::Completed);
    assert_eq!(sink.heard("taken: RCPT TO:<quick").len(), 1);
    assert_eq!(sink.heard("taken: RCPT TO:<slow").len(), 2, "that delivery was under way");
}
