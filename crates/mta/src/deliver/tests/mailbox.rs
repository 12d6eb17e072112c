//! From the spool to a file, with the real agent and the real transport.

use std::path::Path;
use std::sync::Arc;

use super::{Office, ScriptedAgent};
use crate::deliver::{AttemptEnd, AttemptKind, InProcessAgent};
use crate::testing::Bench;

/// A server that delivers to Maildirs below its scratch directory, as whoever runs the test.
fn office() -> (Office, std::path::PathBuf) {
    let mail = std::env::temp_dir().join(format!("postrider-mailbox-{}", std::process::id()));
    let agent = Arc::new(InProcessAgent::new());
    let for_bench = Arc::clone(&agent);
    let configuration = format!(
        "begin routers\nusers:\n  driver = accept\n  local_parts = bob\n  transport = maildir\n\
         begin transports\nmaildir:\n  driver = appendfile\n  directory = {}/$local_part_data\n  maildir_format\n  \
         create_directory\n  return_path_add\n  envelope_to_add\n",
        mail.display()
    );
    let bench = Bench::with(&configuration, move |services| services.local_agent = for_bench);
    agent.attach(&bench.services);
    (Office { bench, agent: Arc::new(ScriptedAgent::default()) }, mail)
}

fn only_file(directory: &Path) -> String {
    let entries: Vec<_> = std::fs::read_dir(directory).expect("the Maildir is there").flatten().collect();
    assert_eq!(entries.len(), 1);
    std::fs::read_to_string(entries[0].path()).expect("the message is text")
}

#[tokio::test]
async fn a_message_arrives_whole() {
    let (office, mail) = office();
    let id = office.post("carol@test.example", &["Bob@test.example"]);
    let report = office.attempt(id, AttemptKind::Arrival).await;
    let text = only_file(&mail.join("bob/new"));
    // Left-overs in the system's temporary directory harm nobody.
    let _ = std::fs::remove_dir_all(&mail);
    assert_eq!((report.end, report.delivered), (AttemptEnd::Completed, 1));
    assert_eq!(office.log_of(id), ["=> bob <Bob@test.example> R=users T=maildir", "Completed"]);
    assert_eq!(
        text,
        "Return-path: <carol@test.example>\nEnvelope-to: Bob@test.example\n\
         From: carol@test.example\nSubject: t\n\nbody\n"
    );
}
