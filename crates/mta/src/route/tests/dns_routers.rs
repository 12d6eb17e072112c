//! `dnslookup` and `manualroute`.

use super::Routing;

const DNSLOOKUP: &str = "driver = dnslookup\n  transport = remote";

fn undeliverable(domain: &str, reason: &str) -> String {
    format!("x@{domain} is undeliverable: {reason}\n[2]")
}

fn waits(domain: &str, reason: &str) -> String {
    format!("x@{domain} cannot be resolved at this time: {reason}\n[1]")
}

async fn check(options: &str, cases: &[(&str, String)]) {
    let routing = Routing::new(&format!("r:\n  {options}\n  no_more\n"));
    for (domain, expected) in cases {
        assert_eq!(routing.test(&format!("x@{domain}")).await, *expected, "{domain} with {options}");
    }
}

#[tokio::test]
async fn hosts_by_mx_and_address_records() {
    let routed =
        |domain: &str, hosts: &str| format!("x@{domain}\n  router = r, transport = remote\n{hosts}[0]");
    check(
        DNSLOOKUP,
        &[
            (
                "mx.example",
                routed(
                    "mx.example",
                    "  host m1.mx.example [192.0.2.1]   MX=10\n  host m2.mx.example [2001:db8::2] MX=20\n  \
                     host m2.mx.example [192.0.2.2]   MX=20\n",
                ),
            ),
            ("a.example", routed("a.example", "  host a.example [192.0.2.9]\n")),
            ("sec.example", routed("sec.example", "  host m1.mx.example [192.0.2.1] MX=10\n")),
            (
                "sfa2.example",
                routed(
                    "sfa2.example",
                    "  host sf.example    [unknown]   MX=10 ** unusable **\n  host m1.mx.example [192.0.2.1] MX=20\n",
                ),
            ),
        ],
    )
    .await;
}

#[tokio::test]
async fn domains_that_take_no_mail() {
    check(
        DNSLOOKUP,
        &[
            ("null.example", undeliverable("null.example", "an MX or SRV record indicated no SMTP service")),
            (
                "nohost.example",
                undeliverable("nohost.example", "all relevant MX records point to non-existent hosts"),
            ),
            (
                "ipmx.example",
                undeliverable(
                    "ipmx.example",
                    "all relevant MX records point to non-existent hosts or (invalidly) to IP addresses",
                ),
            ),
            ("txt.example", undeliverable("txt.example", "Unrouteable address")),
            ("nonexist.example", undeliverable("nonexist.example", "Unrouteable address")),
            ("[1.2.3.4]", undeliverable("[1.2.3.4]", "mail domain \"[1.2.3.4]\" is syntactically invalid")),
            ("sf.example", waits("sf.example", "host lookup did not complete")),
            ("sfa.example", waits("sfa.example", "host lookup did not complete")),
        ],
    )
    .await;
}

#[tokio::test]
async fn hosts_that_lead_back_here() {
    let lowest = "lowest numbered MX record points to local host";
    let remote = "remote host address is the local host";
    check(
        DNSLOOKUP,
        &[
            (
                "self.example",
                format!(
                    "LOG: {lowest}: self.example (while routing <x@self.example>)\n{}",
                    waits("self.example", lowest)
                ),
            ),
            (
                "self2.example",
                format!(
                    "LOG: {remote}: self2.example (while routing <x@self2.example>)\n{}",
                    waits("self2.example", remote)
                ),
            ),
        ],
    )
    .await;
    for (setting, expected) in [
        ("fail", undeliverable("self.example", lowest)),
        ("defer", waits("self.example", lowest)),
        ("pass", undeliverable("self.example", lowest)),
        (
            "send",
            "x@self.example\n  router = r, transport = remote\n  host me.self.example [127.0.0.1] MX=10\n  \
             host m1.mx.example   [192.0.2.1] MX=20\n[0]"
                .to_owned(),
        ),
        (
            "reroute: a.example",
            "x@a.example\n    <-- x@self.example\n  router = r, transport = remote\n  host a.example [192.0.2.9]\n[0]"
                .to_owned(),
        ),
    ] {
        check(&format!("{DNSLOOKUP}\n  self = {setting}"), &[("self.example", expected)]).await;
    }
}

#[tokio::test]
async fn options_of_dnslookup() {
    let defer = "missing MX, or all MXs point to missing A records, and defer requested";
    check(
        &format!("{DNSLOOKUP}\n  fail_defer_domains = *"),
        &[
            ("nonexist.example", waits("nonexist.example", defer)),
            ("null.example", waits("null.example", defer)),
            ("nohost.example", waits("nohost.example", defer)),
        ],
    )
    .await;
    check(
        &format!("{DNSLOOKUP}\n  mx_domains = *"),
        &[("a.example", undeliverable("a.example", "Unrouteable address"))],
    )
    .await;
    check(
        &format!("{DNSLOOKUP}\n  check_secondary_mx"),
        &[
            ("mx.example", undeliverable("mx.example", "Unrouteable address")),
            (
                "sec.example",
                "x@sec.example\n  router = r, transport = remote\n  host m1.mx.example [192.0.2.1] MX=10\n[0]".to_owned(),
            ),
        ],
    )
    .await;
    check(
        &format!("{DNSLOOKUP}\n  pass_on_timeout"),
        &[("sf.example", undeliverable("sf.example", "Unrouteable address"))],
    )
    .await;
    check(
        &format!("{DNSLOOKUP}\n  ipv4_only = yes"),
        &[(
            "six.example",
            "x@six.example\n  router = r, transport = remote\n  host six.example [192.0.2.10]\n[0]"
                .to_owned(),
        )],
    )
    .await;
    check(
        &format!("{DNSLOOKUP}\n  ignore_target_hosts = 192.0.2.0/24"),
        &[
            ("a.example", undeliverable("a.example", "Unrouteable address")),
            (
                "six.example",
                "x@six.example\n  router = r, transport = remote\n  host six.example [2001:db8::10]\n[0]"
                    .to_owned(),
            ),
        ],
    )
    .await;
    check(
        &format!("{DNSLOOKUP}\n  widen_domains = dict.fict.example"),
        &[(
            "short",
            "x@short.dict.fict.example\n    <-- x@short\n  router = r, transport = remote\n  \
             host short.dict.fict.example [192.0.2.4]\n[0]"
                .to_owned(),
        )],
    )
    .await;
}

/// Exim's process ends at a file that it cannot read, so that the message waits; and so it does here.
#[tokio::test]
async fn lists_that_cannot_be_decided() {
    const WHY: &str = "failed to open /no/such/file for linear search: No such file or directory";
    let told = |option: &str| format!("PANIC: failed to check \"{option}\" in r router: {WHY}\n");
    for option in ["dnssec_request_domains", "dnssec_require_domains", "mx_domains", "mx_fail_domains"] {
        let waits = told(option) + &waits("a.example", &format!("{option} check lookup or other defer"));
        check(&format!("{DNSLOOKUP}\n  {option} = lsearch;/no/such/file"), &[("a.example", waits)]).await;
    }
    let ignored = "ignore_target_hosts = net-lsearch;/no/such/file";
    let told = told("ignore_target_hosts");
    let waits = told.clone() + &waits("a.example", "host lookup did not complete");
    check(&format!("{DNSLOOKUP}\n  {ignored}"), &[("a.example", waits)]).await;
    let waits = "x@test.example cannot be resolved at this time: host lookup for a.example did not complete (DNS timeout?)\n[1]";
    check_manual(&[(&format!("route_list = * a.example\n  {ignored}"), told + waits)]).await;
    // Said when nothing was found, and asked for only then.
    let undecided = "fail_defer_domains = lsearch;/no/such/file";
    let routed = "x@a.example\n  router = r, transport = remote\n  host a.example [192.0.2.9]\n[0]";
    check(&format!("{DNSLOOKUP}\n  {undecided}"), &[("a.example", routed.to_owned())]).await;
}

/// `route_list` or `route_data` with the oracle's answer for x@test.example.
async fn check_manual(cases: &[(&str, String)]) {
    for (options, expected) in cases {
        let routing =
            Routing::new(&format!("r:\n  driver = manualroute\n  transport = remote\n  {options}\n"));
        assert_eq!(routing.test("x@test.example").await, *expected, "with {options}");
    }
}

fn manual(hosts: &str) -> String {
    format!("x@test.example\n  router = r, transport = remote\n{hosts}[0]")
}

#[tokio::test]
async fn host_lists() {
    check_manual(&[
        ("route_list = * a.example", manual("  host a.example [192.0.2.9]\n")),
        ("route_data = a.example", manual("  host a.example [192.0.2.9]\n")),
        ("route_data =", undeliverable("test.example", "Unrouteable address")),
        ("route_list = other.example a.example", undeliverable("test.example", "Unrouteable address")),
        (
            "route_list = * mx.example/mx:a.example",
            manual(
                "  host m1.mx.example [192.0.2.1]   MX=10\n  host m2.mx.example [2001:db8::2] MX=20\n  \
                 host m2.mx.example [192.0.2.2]   MX=20\n  host a.example     [192.0.2.9]  \n",
            ),
        ),
        ("route_list = * a.example:127.0.0.1:six.example", manual("  host a.example [192.0.2.9]\n")),
        (
            "route_list = * 192.0.2.1::26:[192.0.2.2]::27:a.example::28",
            manual(
                "  host 192.0.2.1 [192.0.2.1] port=26\n  host 192.0.2.2 [192.0.2.2] port=27\n  \
                 host a.example [192.0.2.9] port=28\n",
            ),
        ),
        (
            "route_list = ^(\\w+)\\.example $local_part.s.example bydns",
            manual("  host x.s.example [192.0.2.30]\n"),
        ),
        ("route_list = <+ * a.example", manual("  host a.example [192.0.2.9]\n")),
        ("route_list = * sec.example/mx", manual("  host m1.mx.example [192.0.2.1] MX=10\n")),
    ])
    .await;
}

#[tokio::test]
async fn trouble_with_host_lists() {
    let waits = |reason: &str| waits("test.example", reason);
    let missing = "lookup of host \"nosuch.example\" failed in r router";
    check_manual(&[
        ("route_list = * nosuch.example bydns\n  host_find_failed = defer", waits(missing)),
        (
            "route_list = * nosuch.example bydns\n  host_find_failed = fail",
            undeliverable("test.example", missing),
        ),
        (
            "route_list = * nosuch.example bydns\n  host_find_failed = decline",
            undeliverable("test.example", "Unrouteable address"),
        ),
        ("route_list = * nosuch.example bydns", waits(missing)),
        (
            "route_list = * nosuch.example\n  host_find_failed = ignore",
            waits("lookup failed for all hosts in r router: host_find_failed=ignore host_all_ignored=defer"),
        ),
        (
            "route_list = * nosuch.example\n  host_find_failed = ignore\n  host_all_ignored = fail",
            undeliverable(
                "test.example",
                "lookup failed for all hosts in r router: host_find_failed=ignore host_all_ignored=fail",
            ),
        ),
        ("route_list = * sf.example", waits("host lookup for sf.example did not complete (DNS timeout?)")),
        (
            "route_list = * sf.example\n  pass_on_timeout",
            undeliverable("test.example", "Unrouteable address"),
        ),
        (
            "route_list = * a.example bogus",
            format!(
                "LOG: Error in r router: unknown routing option or transport name \"bogus\"\n{}",
                waits("error in router: unknown routing option or transport name \"bogus\"")
            ),
        ),
        (
            "route_list = *",
            format!(
                "LOG: error in r router: no host(s) specified for domain test.example\n{}",
                waits("error in r router: no host(s) specified for domain test.example")
            ),
        ),
        (
            "route_list = * ${if eq{x}}",
            waits("r router: failed to expand \"${if\": condition name expected, but found \"\""),
        ),
        (
            "route_data = ${if eq{x}",
            waits("failed to expand \"${if eq{x}\": missing 2nd string in {} after \"eq\""),
        ),
        (
            "route_list = * a.example\n  ignore_target_hosts = 192.0.2.0/24",
            waits("lookup of host \"a.example\" failed in r router"),
        ),
    ])
    .await;
}

#[tokio::test]
async fn a_local_transport_sees_the_list_as_text() {
    let routing = Routing::new("r:\n  driver = manualroute\n  route_list = * \"a.example:b\" tlocal\n");
    assert_eq!(
        routing.test("x@test.example").await,
        "x@test.example\n  router = r, transport = tlocal\n  host a.example:b\n[0]"
    );
}
