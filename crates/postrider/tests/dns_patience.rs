//! How often and how long a silent name server is asked: `dns_retry` questions, `dns_retrans` apart. Debian's Exim asks the
//! same number of times, with the same time between them.
#![allow(clippy::expect_used, reason = "test code outside #[test] functions")]

mod harness;

use std::time::{Duration, Instant};

use dns::fixture::FixtureServer;
use harness::{POSTRIDER, Scratch, run};

#[test]
fn the_options_say_how_often_a_silent_server_is_asked() {
    for (retry, lookup, questions) in [
        (1, "a=silent.test", 1),
        (2, "a=silent.test", 2),
        // A lookup's own number is for itself alone.
        (3, "retry_1,a=silent.test", 1),
    ] {
        let server = FixtureServer::start("silent.test. FAULT timeout").expect("loopback");
        let scratch = Scratch::new("dns_patience");
        let config = scratch.write(
            "exim.conf",
            &format!(
                "primary_hostname = mail.example.net\nspool_directory = @DIR@/spool\nlog_file_path = @DIR@/log/%slog\n\
                 keep_environment =\ndns_servers = 127.0.0.1::{}\ndns_retry = {retry}\ndns_retrans = 1s\n",
                server.address().port()
            ),
        );
        let began = Instant::now();
        let config = config.to_string_lossy().into_owned();
        let output =
            run(POSTRIDER, &["-C", &config, "-be", &format!("${{lookup dnsdb{{{lookup}}}{{y}}{{n}}}}")], b"");
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(said.contains("gave DEFER"), "{said}");
        assert_eq!(server.seen().len(), questions, "dns_retry = {retry}, {lookup}");
        assert!(began.elapsed() >= Duration::from_secs(questions as u64), "{lookup}: {:?}", began.elapsed());
    }
}
