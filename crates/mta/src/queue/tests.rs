//! The manager over real messages.

use std::sync::Arc;
use std::time::Duration;

use mail_types::MessageId;
use spool::{Header, HeaderKind, HeaderLine, Recipient};
use tokio::sync::watch;

use super::*;
use crate::deliver::AttemptKind;
use crate::services::{Arrival, QueueWaker as _, Services};
use crate::testing::{Bench, NOW};

/// `hole@` is thrown away, `later@` deferred, `freeze` is not known here.
const ROUTERS: &str = "log_selector = -arguments\nbegin routers\nhole:\n driver = redirect\n local_parts = hole\n \
                       data = :blackhole:\nlater:\n driver = redirect\n local_parts = later\n allow_defer\n \
                       data = :defer: later please\nbegin retry\n* * F,1d,15m\n";

struct World {
    bench: Bench,
    waker: Waker,
    stop: watch::Sender<bool>,
    manager: tokio::task::JoinHandle<()>,
}

impl World {
    fn new(options: ManagerOptions, before: impl FnOnce(&Services)) -> Self {
        let (waker, inbox) = channel();
        let for_services = Arc::new(waker.clone());
        let bench = Bench::with(ROUTERS, |services| services.queue = for_services);
        before(&bench.services);
        let (stop, stopped) = watch::channel(false);
        let manager = tokio::spawn(Manager::serve(inbox, Arc::clone(&bench.services), options, stopped));
        Self { bench, waker, stop, manager }
    }

    async fn end(self) -> Vec<String> {
        self.stop.send(true).unwrap();
        self.manager.await.unwrap();
        self.bench.main_log()
    }
}

fn add(services: &Services, recipient: &str, change: impl FnOnce(&mut Header)) -> MessageId {
    let id = services.spool.allocate_id().unwrap();
    let mut writer = services.spool.begin(id).unwrap();
    writer.write(b"b\n").unwrap();
    let mut header = Header::new(id, "s@test.example", NOW);
    header.recipients = vec![Recipient::new(recipient)];
    header.headers = vec![HeaderLine { kind: HeaderKind::Other, text: b"Subject: s\n".to_vec() }];
    header.deliver_firsttime = true;
    change(&mut header);
    drop(services.spool.commit(writer, header).unwrap());
    id
}

fn options() -> ManagerOptions {
    ManagerOptions { watch: Duration::from_hours(1), ..ManagerOptions::default() }
}

async fn until(what: impl Fn() -> bool) {
    let patience = tokio::time::Instant::now() + Duration::from_secs(20);
    while !what() {
        assert!(tokio::time::Instant::now() < patience, "it never came");
        tokio::task::yield_now().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_arrives_is_delivered_at_once() {
    let world = World::new(options(), |_| {});
    let id = add(&world.bench.services, "hole@test.example", |_| {});
    let left = add(&world.bench.services, "hole@test.example", |_| {});
    world.waker.message_arrived(id, Arrival::Deliver);
    world.waker.message_arrived(left, Arrival::Queue);
    until(|| world.bench.services.spool.message_ids().unwrap() == [left]).await;
    until(|| world.waker.size() == 1).await;
    let log = world.end().await;
    assert_eq!(log, [format!("{id} => :blackhole: <hole@test.example> R=hole"), format!("{id} Completed")]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_takes_what_was_there_at_the_start() {
    let mut ids = Vec::new();
    let world = World::new(options(), |services| {
        for recipient in ["hole@test.example", "later@test.example"] {
            ids.push(add(services, recipient, |_| {}));
        }
        ids.push(add(services, "hole@test.example", |header| header.frozen = Some(1)));
    });
    assert!(world.waker.run(RunRequest::default()).await);
    assert_eq!(world.waker.size(), 2);
    let log = world.end().await;
    let pid = std::process::id();
    assert_eq!(
        (log[0].as_str(), log[log.len() - 1].as_str()),
        (format!("Start queue run: pid={pid}").as_str(), format!("End queue run: pid={pid}").as_str(),)
    );
    for line in [
        format!("{} Completed", ids[0]),
        format!("{} == later@test.example R=later defer (-1): later please", ids[1]),
        format!("{} Message is frozen", ids[2]),
    ] {
        assert!(log.contains(&line), "{line} in {log:#?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_selection_forces_its_first_message_and_leaves_others() {
    let mut ids = Vec::new();
    let world = World::new(options(), |services| {
        ids.push(add(services, "later@test.example", |_| {}));
        ids.push(add(services, "hole@test.example", |_| {}));
        add(services, "hole@test.example", |header| header.frozen = Some(1));
    });
    let select = Select { text: b"LATER@".to_vec(), regex: false };
    assert!(world.waker.run(RunRequest { recipients: Some(select), ..RunRequest::default() }).await);
    assert_eq!(world.bench.services.spool.message_ids().unwrap().len(), 3);
    let log = world.end().await;
    let pid = std::process::id();
    assert_eq!(log[0], format!("Start queue run: pid={pid} -R LATER@"));
    assert!(log.contains(&"Message is frozen".to_owned()), "{log:#?}");
    assert!(log.iter().any(|line| line.starts_with(&format!("{} == later@", ids[0]))), "{log:#?}");
    assert!(!log.iter().any(|line| line.starts_with(&ids[1].to_string())), "{log:#?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn messages_of_other_programs_are_noticed() {
    let options = ManagerOptions { watch: Duration::from_millis(5), ..options() };
    let world = World::new(options, |_| {});
    until(|| world.waker.size() == 0).await;
    let id = add(&world.bench.services, "hole@test.example", |_| {});
    until(|| world.waker.size() == 1).await;
    assert!(world.waker.run(RunRequest::default()).await);
    let log = world.end().await;
    assert!(log.contains(&format!("{id} Completed")), "{log:#?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_administrator_waits_for_the_attempt_he_asks_for() {
    let mut id = None;
    let world = World::new(options(), |services| {
        id = Some(add(services, "hole@test.example", |header| header.frozen = Some(1)));
    });
    assert!(world.waker.deliver(vec![id.unwrap()], AttemptKind::Forced).await);
    assert_eq!(world.bench.services.spool.message_ids().unwrap(), []);
    let log = world.end().await;
    assert_eq!(log[0], format!("{} Unfrozen by forced delivery", id.unwrap()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_of_a_command_takes_one_message_after_the_other() {
    let bench = Bench::new(&format!("queue_run_in_order\n{ROUTERS}"));
    let ids: Vec<_> = (0..3).map(|_| add(&bench.services, "hole@test.example", |_| {})).collect();
    run_once(&RunRequest { to: Some(ids[1]), ..RunRequest::default() }, &bench.services).await;
    let completed: Vec<String> =
        bench.main_log().into_iter().filter(|line| line.ends_with("Completed")).collect();
    assert_eq!(completed, [format!("{} Completed", ids[0]), format!("{} Completed", ids[1])]);
}
