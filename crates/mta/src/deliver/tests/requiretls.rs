//! Messages with REQUIRETLS, and messages that waive what domains promise (RFC 8689).

use spool::{HeaderKind, HeaderLine};

use super::mta_sts::{ENFORCE, Shown, World, ok};

const ON: &str = "mta_sts_domains = *\n";
const OFFERS: &str = "mta_sts_domains = *\n# offers REQUIRETLS\n";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_promise_is_passed_on_or_the_message_comes_back() {
    let none = "version: STSv1\nmode: none\nmax_age: 1\n";
    let sent = |how: &str| vec![format!("=> x H=mx X {how}"), "Completed".to_owned()];
    let fails = |why: &str| vec![format!("** x: REQUIRETLS: {why}"), "Completed".to_owned()];
    let lacking = "H=mx: REQUIRETLS is not offered by the host".to_owned();
    let expired =
        "== x defer (-37) H=mx: TLS session: (certificate verification failed): certificate has expired";
    let table = vec![
        (
            "carol@test.example",
            Shown::Good,
            ENFORCE,
            OFFERS,
            sent("CV=yes"),
            "MAIL FROM:<carol@test.example> REQUIRETLS",
        ),
        (
            "carol@test.example",
            Shown::Good,
            ENFORCE,
            ON,
            [vec![lacking], fails("none of the hosts offers it")].concat(),
            "",
        ),
        (
            "carol@test.example",
            Shown::Good,
            none,
            OFFERS,
            fails("neither DNSSEC nor MTA-STS vouches for the host"),
            "",
        ),
        ("carol@test.example", Shown::Expired, ENFORCE, OFFERS, vec![expired.to_owned()], ""),
        // A bounce asks for it where it can, and goes on where it can't.
        ("", Shown::Good, ENFORCE, OFFERS, sent("CV=yes"), "MAIL FROM:<> REQUIRETLS"),
        ("", Shown::Good, ENFORCE, ON, sent("CV=yes"), "MAIL FROM:<>"),
    ];
    for (sender, shown, policy, options, want, mail) in table {
        let world = World::new(shown, Shown::Good, ok(policy), options).await;
        let id = world.office.post_with(sender, &["x@sts.example"], |header| header.requiretls = true);
        let mut log = world.attempt(id).await;
        for line in &mut log {
            // The router's name stands in lines about addresses that no host was tried for.
            *line = line.replace(" R=dns T=remote", "").replace(" <x>", "");
        }
        assert_eq!(log, want, "{sender} {shown:?} {policy} {options}");
        assert_eq!(world.heard.lock().unwrap().join("|"), mail);
        if !log.iter().any(|line| line.starts_with("** ")) {
            continue;
        }
        // What comes back says why, without the body, and is protected itself.
        let (header, data) = world.office.bench.only_message();
        assert!(header.contains("\n-requiretls\n"), "{header}");
        assert!(data.contains("\nStatus: 5.7.30\n") && !data.contains("\nbody\n"), "{data}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_may_waive_a_policy_where_that_is_honoured() {
    let refused =
        "== x defer (-37) H=mx: TLS session: (certificate verification failed): certificate has expired";
    for (options, field, requiretls, want) in [
        ("tls_required_header\n", "TLS-Required: No\n", false, "=> x H=mx X CV=no"),
        ("tls_required_header\n", "tls-required:  no \n", false, "=> x H=mx X CV=no"),
        ("tls_required_header\n", "TLS-Required: Yes\n", false, refused),
        ("tls_required_header\n", "X-TLS-Required: No\n", false, refused),
        ("tls_required_header\n", "TLS-Required: No\n", true, refused),
        ("", "TLS-Required: No\n", false, refused),
        // Only a report of our own is believed to be one.
        ("", "TLS-Report-Domain: x\nTLS-Required: No\n", false, refused),
    ] {
        let world = World::new(Shown::Expired, Shown::Good, ok(ENFORCE), &format!("{ON}{options}")).await;
        let id = world.office.post_with("carol@test.example", &["x@sts.example"], |header| {
            header.requiretls = requiretls;
            let lines = field.split_inclusive('\n');
            header
                .headers
                .extend(lines.map(|text| HeaderLine { kind: HeaderKind::Other, text: text.into() }));
        });
        assert_eq!(world.attempt(id).await[0], want, "{options} {field} {requiretls}");
    }
}
