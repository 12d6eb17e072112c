//! `dns:fail` in deliveries: which `event_action` hears of it.

use super::Office;
use crate::deliver::AttemptKind;
use crate::testing::Bench;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn routers_tell_the_main_section_and_a_transport_its_own() {
    let zone = "mx.test MX 1 silent.test\nsilent.test FAULT servfail\nbroken.test FAULT servfail\n\
                _1._tcp.tls.test FAULT refuse\ntls.test A 127.0.0.2\ntls.test FLAG ad\n\
                sts.test A 127.0.0.2\n_mta-sts.sts.test FAULT servfail\n";
    let event = "$event_name <$event_data> r=$router_name t=$transport_name a=$local_part@$domain";
    let act = |by: &str| {
        format!("event_action = ${{if match{{$event_name}}{{^dns:}}{{${{acl{{event}}{{{by}}}}}}}}}\n")
    };
    let configuration = format!(
        "{}local_interfaces = 192.0.2.99\ndnssec_validation = upstream\ndns_retry = 1\nmta_sts_domains = sts.test\nbegin acl\n\
         event:\n  accept logwrite = $acl_arg1: {event}\nbegin routers\n\
         named:\n  driver = accept\n  domains = named.test\n  transport = named\n\
         tls:\n  driver = accept\n  domains = tls.test\n  transport = tls\n\
         sts:\n  driver = dnslookup\n  domains = sts.test\n  self = send\n  transport = sts\n\
         dns:\n  driver = dnslookup\n  transport = quiet\nbegin transports\n\
         named:\n  driver = smtp\n  hosts = broken.test\n  {}\
         tls:\n  driver = smtp\n  hosts = tls.test\n  port = 1\n  allow_localhost\n  dnssec_request_domains = *\n  {}\
         sts:\n  driver = smtp\n  port = 1\n  allow_localhost\n  hosts_try_dane =\n  {}\
         quiet:\n  driver = smtp\nbegin retry\n* * F,2h,15m\n",
        act("main"),
        act("named"),
        act("tls"),
        act("sts")
    );
    let (bench, _server) = Bench::with_zone(&configuration, zone);
    let office = Office { bench, agent: std::sync::Arc::default() };
    let by_router =
        |rtype: &str| format!("main: dns:fail <servfail silent.test {rtype}> r=dns t= a=x@mx.test");
    let by_hosts = |rtype: &str| {
        format!("named: dns:fail <servfail broken.test {rtype}> r=named t=named a=x@named.test")
    };
    for (address, want) in [
        ("x@mx.test", vec![by_router("AAAA"), by_router("A")]),
        ("x@named.test", vec![by_hosts("AAAA"), by_hosts("A")]),
        (
            "x@tls.test",
            vec!["tls: dns:fail <refused _1._tcp.tls.test TLSA> r=tls t=tls a=x@tls.test".to_owned()],
        ),
        // A policy that nobody can ask for is none: that is worth knowing.
        (
            "x@sts.test",
            vec!["sts: dns:fail <servfail _mta-sts.sts.test TXT> r=sts t=sts a=x@sts.test".to_owned()],
        ),
    ] {
        let id = office.post("carol@test.example", &[address]);
        office.attempt(id, AttemptKind::Arrival).await;
        let mut log = office.log_of(id);
        log.retain(|line| line.contains("dns:fail"));
        assert_eq!(log, want, "{address}");
    }
}
