//! Hosts that a transport names with less than their whole name.

use std::sync::Arc;

use mail_types::clock::SeededEntropy;

use super::Office;
use crate::deliver::AttemptKind;
use crate::testing::Bench;

/// What the log says of a message for a host of these names, where nobody listens; the resolver adds `inner.example`.
async fn tried(hosts: &str, options: &str) -> String {
    let zone = "single.inner.example. A 127.0.0.2\nhost.dept.inner.example. A 127.0.0.3\n\
                other.test.example. A 127.0.0.4\n";
    let server = dns::fixture::FixtureServer::start(zone).expect("the zone is sound");
    let settings = dns::ResolverConfig {
        search: vec![b"inner.example".to_vec()],
        ..dns::ResolverConfig::with_servers([server.address()])
    };
    let configuration = format!(
        "local_interfaces = 192.0.2.99\nbegin routers\nall:\n  driver = accept\n  transport = remote\n\
         begin transports\nremote:\n  driver = smtp\n  allow_localhost\n  port = 1\n  hosts = {hosts}\n{options}\
         begin retry\n* * F,2h,15m\n"
    );
    let bench = Bench::with(&configuration, |services| {
        let entropy = Arc::new(SeededEntropy::new(7));
        let resolver = dns::Resolver::new(settings, Arc::clone(&services.clock), entropy);
        services.blocking_resolver = Arc::new(resolver.blocking(tokio::runtime::Handle::current()));
        services.resolver = Arc::new(resolver);
    });
    let office = Office { bench, agent: Arc::default() };
    let id = office.post("carol@test.example", &["x@rem.example"]);
    office.attempt(id, AttemptKind::Arrival).await;
    office.log_of(id).first().cloned().unwrap_or_default()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn names_are_completed_as_the_transport_says() {
    let (single, parents) = ("  dns_qualify_single = false\n", "  dns_search_parents\n");
    let by_name = "  gethostbyname\n";
    for (host, options, found) in [
        // One label is completed unless the option is off.
        ("single", "", Some("127.0.0.2")),
        ("single", single, None),
        ("single", parents, Some("127.0.0.2")),
        // A name with dots is completed where the other option says so.
        ("host.dept", "", None),
        ("host.dept", parents, Some("127.0.0.3")),
        ("host.dept", single, None),
        // The system's own search does both.
        ("single", by_name, Some("127.0.0.2")),
        ("host.dept", by_name, Some("127.0.0.3")),
        // A whole name needs neither.
        ("other.test.example", single, Some("127.0.0.4")),
    ] {
        let line = tried(host, options).await;
        let want = match found {
            Some(address) => format!("H={host} [{address}] Connection refused"),
            None => format!("failed to lookup IP address for {host}"),
        };
        assert!(line.contains(&want), "{host} {options}: {line}");
    }
}
