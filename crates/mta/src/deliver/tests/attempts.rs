//! What an attempt logs, delivers and leaves behind.

use observe::event::{FrozenBy, MessageEvent};
use spool::LockOutcome;

use super::{Answer, Office};
use crate::deliver::{AttemptEnd, AttemptKind};

const ARRIVAL: AttemptKind = AttemptKind::Arrival;

#[tokio::test]
async fn one_recipient() {
    let office = Office::new();
    let id = office.post("carol@test.example", &["bob@test.example"]);
    let report = office.attempt(id, ARRIVAL).await;
    assert_eq!((report.end, report.delivered), (AttemptEnd::Completed, 1));
    assert_eq!(office.log_of(id), ["=> bob <bob@test.example> R=users T=tlocal", "Completed"]);
    assert!(office.bench.spool_files().is_empty());
    assert_eq!(office.attempt(id, ARRIVAL).await.end, AttemptEnd::Gone);
}

#[tokio::test]
async fn a_message_that_somebody_else_delivered_leaves_no_log_of_its_own() {
    let office = Office::new();
    let log = &office.bench.services.log;
    let frozen = MessageEvent::Frozen(FrozenBy::DeliveryError).into();
    for is_gone in [true, false] {
        let id = office.post("carol@test.example", &["bob@test.example"]);
        let held = log.hold_message_log(id);
        log.message(&id, &frozen);
        held.hand_on();
        let spool = &office.bench.services.spool;
        let Ok(LockOutcome::Locked(message)) = spool.lock(&id) else { panic!("it is not locked yet") };
        if is_gone {
            message.finish().expect("the scratch spool can be written");
            assert_eq!(office.attempt(id, ARRIVAL).await.end, AttemptEnd::Gone);
        } else {
            assert_eq!(office.attempt(id, ARRIVAL).await.end, AttemptEnd::Locked);
            drop(message);
        }
        log.write_all_handed_on();
        assert_eq!(office.bench.message_log(&id).is_empty(), is_gone, "gone: {is_gone}");
    }
}

#[tokio::test]
async fn lines_come_in_exims_order() {
    let office = Office::new();
    let recipients = [
        "n1@test.example",
        "n2@test.example",
        "never@test.example",
        "deep@test.example",
        "copy@test.example",
    ];
    let id = office.post("<>".trim_matches(['<', '>']), &recipients);
    office.attempt(id, ARRIVAL).await;
    assert_eq!(
        office.log_of(id),
        [
            "** n2@test.example: Unrouteable address",
            "** n1@test.example: Unrouteable address",
            "** n4@test.example <deep@test.example>: Unrouteable address",
            "** n5@test.example <deep@test.example>: Unrouteable address",
            "=> owner <deep@test.example> R=users T=tlocal",
            "=> carol <deep@test.example> R=users T=tlocal",
            "=> copy <copy@test.example> R=users T=tlocal",
            "=> never <never@test.example> R=users T=tlocal",
            "=> copy <copy@test.example> R=uns T=tfilex",
            "Frozen (delivery error message)",
        ]
    );
}

#[tokio::test]
async fn what_is_left_stands_in_the_envelope() {
    let office = Office::new();
    office.agent.tell("alice@test.example", Answer::Defer(13, "failed to open mailbox"));
    let recipients = ["copy@test.example", "file@test.example", "bob@Test.Example", "alice@test.example"];
    let id = office.post("carol@test.example", &recipients);
    let report = office.attempt(id, ARRIVAL).await;
    assert_eq!(report.end, AttemptEnd::Deferred);
    assert_eq!(report.waiting_domains, [b"test.example".to_vec()]);
    let (done, left) = office.envelope(id);
    assert_eq!(
        done,
        [
            "/mail/ff:file@test.example",
            "bob@Test.Example",
            "bob@test.example",
            "copy@test.example",
            "copy@test.example/tlocal",
            "copy@test.example/uns",
            "file@test.example",
        ]
    );
    assert_eq!(left, recipients);
    assert!(
        office.log_of(id).contains(
            &"== alice@test.example R=users T=tlocal defer (13): Permission denied: failed to open mailbox"
                .to_owned()
        )
    );
    office.agent.obey();
    assert_eq!(office.attempt(id, AttemptKind::Forced).await.end, AttemptEnd::Completed);
    assert_eq!(office.delivered().iter().filter(|address| *address == "bob@Test.Example").count(), 1);
}

#[tokio::test]
async fn the_same_delivery_twice_is_one() {
    let office = Office::new();
    let id = office.post(
        "carol@test.example",
        &["bob@test.example", "BOB@test.example", "two@test.example", "bob@test.example"],
    );
    assert_eq!(office.attempt(id, ARRIVAL).await.end, AttemptEnd::Completed);
    assert_eq!(
        office.log_of(id),
        [
            "=> bob <two@test.example> R=users T=tlocal",
            "=> carol <two@test.example> R=users T=tlocal",
            "=> bob <BOB@test.example> R=users T=tlocal",
            "Completed",
        ]
    );
}

#[tokio::test]
async fn batches() {
    let office = Office::new();
    let id = office.post(
        "carol@test.example",
        &["b1@test.example", "b2@test.example", "bob@test.example", "b3@test.example"],
    );
    office.attempt(id, ARRIVAL).await;
    assert_eq!(
        office.log_of(id),
        [
            "=> b1 <b1@test.example> R=batch T=tbatch",
            "-> b2 <b2@test.example> R=batch T=tbatch",
            "-> b3 <b3@test.example> R=batch T=tbatch",
            "=> bob <bob@test.example> R=users T=tlocal",
            "Completed",
        ]
    );
}

#[tokio::test]
async fn discarded_addresses() {
    let office = Office::new();
    let id = office.post("carol@test.example", &["bh@test.example"]);
    assert_eq!(office.attempt(id, ARRIVAL).await.end, AttemptEnd::Completed);
    assert_eq!(office.log_of(id), ["=> :blackhole: <bh@test.example> R=aliases", "Completed"]);
    let id = office.post("carol@test.example", &["devnull@test.example"]);
    office.attempt(id, ARRIVAL).await;
    assert_eq!(
        office.log_of(id),
        ["=> /dev/null <devnull@test.example> R=aliases T=**bypassed**", "Completed"]
    );
}

#[tokio::test]
async fn errors_that_nobody_wants_to_hear_of() {
    let office = Office::new();
    let id = office.post("carol@test.example", &["et@test.example"]);
    assert_eq!(office.attempt(id, ARRIVAL).await.end, AttemptEnd::Completed);
    assert_eq!(
        office.log_of(id),
        [
            "** nosuch1@test.example <et@test.example>: Unrouteable address",
            "=> bob <et@test.example> R=users T=tlocal",
            "nosuch1@test.example <et@test.example>: error ignored",
            "Completed",
        ]
    );
}

#[tokio::test]
async fn failures_are_reported_to_the_sender() {
    let office = Office::new();
    office.agent.tell("carol@test.example", Answer::Fail("mailbox is gone"));
    let id = office
        .post("alice@test.example", &["failer@test.example", "both@test.example", "carol@test.example"]);
    let report = office.attempt(id, ARRIVAL).await;
    assert_eq!(report.end, AttemptEnd::Completed);
    assert_eq!(report.made.len(), 1, "one bounce for all of them");
    assert_eq!(
        office.log_of(id),
        [
            "** failer@test.example R=aliases: gone away",
            "** nosuch@test.example <both@test.example>: Unrouteable address",
            "=> bob <both@test.example> R=users T=tlocal",
            "** carol@test.example R=users T=tlocal: mailbox is gone",
            "Completed",
        ]
    );
    let bounce = office.bench.services.spool.read_header(&report.made[0]).expect("readable").expect("there");
    assert_eq!(bounce.sender, b"");
    assert_eq!(bounce.recipients[0].address, b"alice@test.example");
}

#[tokio::test]
async fn a_bounce_that_fails_is_frozen_and_thawed_by_name() {
    let office = Office::new();
    let id = office.post("", &["nosuch@test.example"]);
    assert_eq!(office.attempt(id, ARRIVAL).await.end, AttemptEnd::Frozen);
    assert_eq!(
        office.log_of(id),
        ["** nosuch@test.example: Unrouteable address", "Frozen (delivery error message)"]
    );
    assert_eq!(office.attempt(id, AttemptKind::QueueRun).await.end, AttemptEnd::Frozen);
    assert_eq!(office.log_of(id).last().map(String::as_str), Some("Message is frozen"));
    assert_eq!(office.attempt(id, AttemptKind::Forced).await.end, AttemptEnd::Frozen);
    assert!(office.log_of(id).contains(&"Unfrozen by forced delivery".to_owned()));
}

#[tokio::test]
async fn a_frozen_message_leaves_the_queue_where_the_option_says_so() {
    let office = Office::with("move_frozen_messages\n");
    let id = office.post("", &["nosuch@test.example"]);
    assert_eq!(office.attempt(id, ARRIVAL).await.end, AttemptEnd::Gone);
    assert_eq!(office.bench.services.spool.message_ids().expect("the spool is readable"), []);
    let root = &office.bench.services.process.spool_directory;
    for file in [format!("Finput/{id}-H"), format!("Finput/{id}-D")] {
        assert!(root.join(&file).is_file(), "{file}");
    }
    assert_eq!(office.attempt(id, AttemptKind::Forced).await.end, AttemptEnd::Gone);
}

#[tokio::test]
async fn domains_that_wait() {
    let office = Office::new();
    let held = office.post("carol@test.example", &["x@hold.example"]);
    let queued = office.post("carol@test.example", &["x@qd.example"]);
    assert_eq!(office.attempt(held, ARRIVAL).await.end, AttemptEnd::Deferred);
    assert_eq!(office.attempt(queued, ARRIVAL).await.end, AttemptEnd::Deferred);
    assert_eq!(office.log_of(held), ["== x@hold.example defer (-23): domain is held"]);
    assert_eq!(office.log_of(queued), ["== x@qd.example routing defer (-56): domain is in queue_domains"]);
    assert_eq!(office.attempt(held, AttemptKind::QueueRun).await.end, AttemptEnd::Deferred);
    assert_eq!(office.attempt(held, AttemptKind::QueueRunForced).await.end, AttemptEnd::Completed);
    assert_eq!(office.attempt(queued, AttemptKind::QueueRun).await.end, AttemptEnd::Completed);
}

#[tokio::test]
async fn one_time_children_take_their_parents_place() {
    let office = Office::new();
    office.agent.tell("later@test.example", Answer::Defer(28, "disk full"));
    let id = office.post("carol@test.example", &["ml@test.example"]);
    office.attempt(id, ARRIVAL).await;
    let (done, recipients) = office.envelope(id);
    assert_eq!(done, ["bob@test.example", "ml@test.example"]);
    assert_eq!(recipients, ["ml@test.example", "later@test.example"]);
    office.agent.obey();
    assert_eq!(office.attempt(id, AttemptKind::Forced).await.end, AttemptEnd::Completed);
    assert_eq!(
        office.log_of(id).iter().rev().nth(1).map(String::as_str),
        Some("=> later <ml@test.example> R=users T=tlocal")
    );
}

#[tokio::test]
async fn a_message_that_somebody_else_has() {
    let office = Office::new();
    let id = office.post("carol@test.example", &["bob@test.example"]);
    let lock = office.bench.services.spool.lock(&id).expect("readable");
    assert!(matches!(lock, LockOutcome::Locked(_)));
    assert_eq!(office.attempt(id, ARRIVAL).await.end, AttemptEnd::Locked);
    drop(lock);
    assert_eq!(office.attempt(id, ARRIVAL).await.end, AttemptEnd::Completed);
}

#[tokio::test]
async fn given_up_by_an_administrator() {
    let office = Office::new();
    let id = office.post("alice@test.example", &["x@hold.example"]);
    let report = office.attempt(id, AttemptKind::GiveUp).await;
    assert_eq!((report.end, report.delivered), (AttemptEnd::Completed, 0));
    assert_eq!(report.made.len(), 1);
}
