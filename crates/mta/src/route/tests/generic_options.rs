//! Preconditions and generic options.

use super::{Routing, check_router};

const ACCEPTED: &str = "x@test.example\n  router = r, transport = tlocal\n[0]";
const UNROUTEABLE: &str = "x@test.example is undeliverable: Unrouteable address\n[2]";

fn waits(reason: &str) -> String {
    format!("x@test.example cannot be resolved at this time: {reason}\n[1]")
}

/// Each option on an `accept` router, and the oracle's answer.
async fn check(cases: &[(&str, String)]) {
    for (option, expected) in cases {
        let routing = Routing::new(&format!("r:\n  driver = accept\n  transport = tlocal\n  {option}\n"));
        assert_eq!(routing.test("x@test.example").await, *expected, "with {option}");
    }
}

#[tokio::test]
async fn conditions() {
    check(&[
        ("condition = yes", ACCEPTED.into()),
        ("condition = false", UNROUTEABLE.into()),
        ("condition =", UNROUTEABLE.into()),
        ("condition = 0x", ACCEPTED.into()),
        ("condition = yes\n  condition = no", UNROUTEABLE.into()),
        ("condition = ${if eq{1}{2}{x}fail}", UNROUTEABLE.into()),
        (
            "condition = ${if eq{x}",
            format!("PANIC: failed to expand condition \"${{if eq{{x}}\" for r router: missing 2nd string in {{}} after \"eq\"\n{UNROUTEABLE}"),
        ),
    ])
    .await;
}

#[tokio::test]
async fn lists() {
    check(&[
        ("domains = test.example", ACCEPTED.into()),
        ("domains = other.example", UNROUTEABLE.into()),
        ("local_parts = y : x", ACCEPTED.into()),
        ("local_parts = ! x", UNROUTEABLE.into()),
        ("senders = sender@test.example", ACCEPTED.into()),
        ("senders = :", UNROUTEABLE.into()),
        (
            "domains = ${if eq{x}",
            format!(
                "PANIC: failed to expand \"${{if eq{{x}}\" while checking a list: missing 2nd string in {{}} after \"eq\"\n{}",
                waits("domains check lookup or other defer")
            ),
        ),
    ])
    .await;
}

#[tokio::test]
async fn files_that_are_required() {
    let here = env!("CARGO_MANIFEST_DIR");
    check(&[
        (&format!("require_files = {here}/Cargo.toml"), ACCEPTED.into()),
        (&format!("require_files = !{here}/Cargo.toml"), UNROUTEABLE.into()),
        ("require_files = /nonexistent/x", UNROUTEABLE.into()),
        ("require_files = relative/x", waits("require_files: \"relative/x\" is not absolute")),
        ("require_files = ${if eq{1}{2}{}fail} : /", ACCEPTED.into()),
        ("require_files = nosuchuserhere : /", waits("user \"nosuchuserhere\" for require_files not found")),
        (
            "require_files = ${if eq{x}",
            waits("failed to expand \"${if eq{x}\" for require_files: missing 2nd string in {} after \"eq\""),
        ),
    ])
    .await;
}

#[tokio::test]
async fn data_and_variables() {
    check(&[
        ("address_data = ${if eq{1}{2}{x}fail}", UNROUTEABLE.into()),
        (
            "address_data = ${if eq{x}",
            waits("expansion of \"${if eq{x}\" failed in r router: missing 2nd string in {} after \"eq\""),
        ),
        ("set = r_x = ${if eq{1}{2}{x}fail}", UNROUTEABLE.into()),
        ("router_home_directory = ${if eq{1}{2}{x}fail}", ACCEPTED.into()),
        (
            "router_home_directory = ${if eq{x}",
            waits("failed to expand \"${if eq{x}\" for router_home_directory: missing 2nd string in {} after \"eq\""),
        ),
    ])
    .await;
}

#[tokio::test]
async fn flags_that_are_expanded() {
    const DECLINING: &str = "address_data = ${if eq{1}{2}{x}fail}";
    check(&[
        (
            &format!("{DECLINING}\n  more = ${{if eq{{1}}{{1}}{{perhaps}}}}"),
            waits("\"perhaps\" is not a valid value for the \"more\" option in the r router"),
        ),
        (
            &format!("{DECLINING}\n  more = ${{if eq{{x}}}}"),
            waits("failed to expand \"more\" in r router: missing 2nd string in {} after \"eq\""),
        ),
        (&format!("{DECLINING}\n  more = ${{if eq{{1}}{{2}}{{x}}fail}}"), UNROUTEABLE.into()),
        (
            "unseen = ${if eq{x}",
            waits("failed to expand \"unseen\" in r router: missing 2nd string in {} after \"eq\""),
        ),
    ])
    .await;
}

#[tokio::test]
async fn what_the_transport_gets() {
    check(&[
        ("errors_to = nosuch@elsewhere.example", ACCEPTED.into()),
        ("errors_to = bad@@x", ACCEPTED.into()),
        ("errors_to = ${if eq{x}", waits("r router failed to expand \"${if eq{x}\": missing 2nd string in {} after \"eq\"")),
        (
            "headers_add = ${if eq{x}",
            waits("r router failed to expand add_headers item \"${if eq{x}\": missing 2nd string in {} after \"eq\""),
        ),
        (
            "headers_remove = ${if eq{x}",
            waits("r router failed to expand remove_headers item \"${if eq{x}\": missing 2nd string in {} after \"eq\""),
        ),
    ])
    .await;
    check_router(&[
        ("driver = accept\n  transport = ${if eq{1}{1}{}}", &waits("transport \"\" not found in r router")),
        (
            "driver = accept\n  transport = $local_part",
            &format!(
                "PANIC: attempt to use tainted value 'x' from '$local_part' for transport\n{}",
                waits("internal configuration error")
            ),
        ),
        (
            "driver = accept\n  transport = ${if eq{x}",
            &waits("failed to expand transport \"${if eq{x}\" in r router: missing 2nd string in {} after \"eq\""),
        ),
    ])
    .await;
}

#[tokio::test]
async fn users_and_groups() {
    let problem = |text: &str| format!("PANIC: {text}\n{}", waits(text));
    check(&[
        (
            "user = ${if eq{1}{1}{nosuchuserhere}}",
            problem("Failed to find user \"nosuchuserhere\" from expanded string \"${if eq{1}{1}{nosuchuserhere}}\" for the r router"),
        ),
        (
            "user = ${if eq{x}",
            problem("Failed to expand user string \"${if eq{x}\" for the r router: missing 2nd string in {} after \"eq\""),
        ),
        (
            "group = ${if eq{1}{1}{nosuchgrouphere}}",
            problem("Failed to find group \"nosuchgrouphere\" from expanded string \"${if eq{1}{1}{nosuchgrouphere}}\" for the r router"),
        ),
        ("user = ${if eq{1}{1}{65534}}", waits("user set without group for r router")),
    ])
    .await;
}

#[tokio::test]
async fn the_text_of_an_unrouteable_address() {
    let own = "driver = accept\n  transport = tlocal\n  condition = no\n  cannot_route_message";
    check_router(&[
        (&format!("{own} = no such $local_part"), "x@test.example is undeliverable: no such x\n[2]"),
        (&format!("{own} = ${{if eq{{1}}{{2}}{{x}}fail}}"), UNROUTEABLE),
        (
            &format!("{own} = ${{if eq{{x}}"),
            &format!("PANIC: failed to expand cannot_route_message in r router: missing 2nd string in {{}} after \"eq\"\n{UNROUTEABLE}"),
        ),
    ])
    .await;
}

#[tokio::test]
async fn affixes_and_data_of_matches() {
    let routing = Routing::new(
        "r1:\n  driver = redirect\n  domains = mail.example\n  local_parts = ! q\n  condition = no\n  data = y\n\
         r2:\n  driver = redirect\n  local_part_prefix = *- : pre+\n  local_part_suffix = .* : _suf\n  local_part_suffix_optional\n  allow_fail\n  \
         data = :fail: lp=<$local_part> pfx=<$local_part_prefix> pv=<$local_part_prefix_v> sfx=<$local_part_suffix> sv=<$local_part_suffix_v> dd=<$domain_data>\n\
         r3:\n  driver = redirect\n  domains = mail.example\n  allow_fail\n  data = :fail: dd=<$domain_data> op=<$original_local_part> pl=<$parent_local_part>\n",
    );
    let fail = |address: &str, text: &str| format!("{address} is undeliverable: {text}\n[2]");
    assert_eq!(
        routing.test("A-b-C.x.y@mail.example").await,
        fail("A-b-C.x.y@mail.example", "lp=<c> pfx=<a-b-> pv=<a-b> sfx=<.x.y> sv=<x.y> dd=<>")
    );
    assert_eq!(
        routing.test("Pre+joe_suf@mail.example").await,
        fail("Pre+joe_suf@mail.example", "lp=<joe> pfx=<pre+> pv=<> sfx=<_suf> sv=<> dd=<>")
    );
    assert_eq!(
        routing.test("Plain@mail.example").await,
        fail("Plain@mail.example", "dd=<mail.example> op=<plain> pl=<>")
    );
}

#[tokio::test]
async fn local_users() {
    let routing = Routing::new(
        "r:\n  driver = redirect\n  check_local_user\n  router_home_directory = /xx\n  allow_fail\n  \
         data = :fail: home=<$home> lpd=<$local_part_data> uid=$local_user_uid\n",
    );
    assert_eq!(
        routing.test("Root@test.example").await,
        "Root@test.example is undeliverable: home=</xx> lpd=<root> uid=0\n[2]"
    );
    assert_eq!(routing.test("x@test.example").await, UNROUTEABLE);
}

#[tokio::test]
async fn verification() {
    let routing = Routing::new(
        "f:\n  driver = accept\n  local_parts = forced\n  fail_verify\n  transport = tlocal\n\
         n:\n  driver = accept\n  local_parts = never\n  no_verify\n  transport = tlocal\n\
         o:\n  driver = accept\n  local_parts = only\n  verify_only\n\
         a:\n  driver = redirect\n  allow_fail\n  data = ${if eq{$local_part}{two}{u1, u2}{${if eq{$local_part}{one}{u1}}}}\n\
         u:\n  driver = accept\n  local_parts = ^u\n  transport = tlocal\n",
    );
    assert_eq!(routing.verify("u1", false).await, "u1@test.example verified\n[0]");
    assert_eq!(routing.verify("one", false).await, "one@test.example verified\n[0]");
    assert_eq!(routing.verify("two", false).await, "two@test.example verified\n[0]");
    assert_eq!(
        routing.verify("forced", false).await,
        "forced@test.example failed to verify: f router forced verify failure\n[2]"
    );
    assert_eq!(
        routing.verify("never", false).await,
        "never@test.example failed to verify: Unrouteable address\n[2]"
    );
    assert_eq!(routing.verify("only", false).await, "only@test.example verified\n[0]");
    assert_eq!(routing.test("only").await, "only@test.example is undeliverable: Unrouteable address\n[2]");
    assert_eq!(
        routing.verify("two", true).await,
        "u2@test.example\n    <-- two@test.example\n  router = u, transport = tlocal\n\
         u1@test.example\n    <-- two@test.example\n  router = u, transport = tlocal\n[0]"
    );
}

#[tokio::test]
async fn arguments_that_are_no_addresses() {
    let routing = Routing::new("u:\n  driver = accept\n  transport = tlocal\n");
    assert_eq!(
        routing.test("bad addr").await,
        "syntax error: missing or malformed local part (expected word or \"<\")\n[2]"
    );
    assert_eq!(routing.test("a@").await, "syntax error: domain missing or malformed\n[2]");
    assert_eq!(
        routing.test("bob, alice").await,
        "bob@test.example\n  router = u, transport = tlocal\nalice@test.example\n  router = u, transport = tlocal\n[0]"
    );
}
