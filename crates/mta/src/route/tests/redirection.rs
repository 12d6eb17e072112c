//! `redirect`.

use std::path::PathBuf;

use super::Routing;

const USERS: &str = "users:\n  driver = accept\n  local_parts = bob : alice : carol\n  transport = tlocal\n";

/// `-bt x@test.example` with one redirect router before the users.
async fn answer(options: &str) -> String {
    let routing =
        Routing::new(&format!("r:\n  driver = redirect\n  local_parts = x\n  {options}\n\n{USERS}"));
    routing.test("x@test.example").await
}

async fn check(cases: &[(&str, String)]) {
    for (options, expected) in cases {
        assert_eq!(answer(options).await, *expected, "with {options}");
    }
}

fn waits(reason: &str) -> String {
    format!("x@test.example cannot be resolved at this time: {reason}\n[1]")
}

fn fails(reason: &str) -> String {
    format!("x@test.example is undeliverable: {reason}\n[2]")
}

fn to(addresses: &[&str]) -> String {
    let one = |address: &&str| {
        format!("{address}@test.example\n    <-- x@test.example\n  router = users, transport = tlocal\n")
    };
    addresses.iter().map(one).collect::<String>() + "[0]"
}

/// A directory for one test, gone at its end.
struct Scratch(PathBuf);

impl Scratch {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("postrider-redirect-{}-{name}", std::process::id()));
        std::fs::create_dir_all(&path).expect("the temporary directory can be written");
        Self(path)
    }

    fn file(&self, name: &str, text: &str, mode: u32) -> String {
        use std::os::unix::fs::PermissionsExt as _;
        let path = self.0.join(name);
        std::fs::write(&path, text).expect("the scratch directory can be written");
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).expect("the file is ours");
        path.display().to_string()
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // Left-overs in the system's temporary directory harm nobody.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

#[tokio::test]
async fn lists_of_addresses() {
    check(&[
        ("data = bob, alice, carol", to(&["carol", "alice", "bob"])),
        ("data = bob,,, alice ,", to(&["alice", "bob"])),
        ("data = Bob B <bob@test.example>", to(&["bob"])),
        ("data = @a,@b:bob@test.example", to(&["bob"])),
        ("data = \\\\bob\n  qualify_domain = q.example", to(&["bob"])),
        ("data = bob\n  qualify_preserve_domain", to(&["bob"])),
        ("data = ${if eq{1}{2}{x}fail}", fails("Unrouteable address")),
        ("data = (comment only)", fails("Unrouteable address")),
        ("data = \"\"", fails("Unrouteable address")),
        ("data = :unknown:", fails("Unrouteable address")),
        ("data = :unknown:, bob", to(&["bob"])),
        (
            "data = bob, bob",
            "bob@test.example\n    <-- x@test.example\n  router = users, transport = tlocal\n\
             bob@test.example   [duplicate, would not be delivered]\n    <-- x@test.example\n  router = users, transport = tlocal\n[0]"
                .to_owned(),
        ),
        (
            "data = nosuch, bob",
            "nosuch@test.example is undeliverable: Unrouteable address\n    <-- x@test.example\n\
             bob@test.example\n    <-- x@test.example\n  router = users, transport = tlocal\n[2]"
                .to_owned(),
        ),
    ])
    .await;
}

#[tokio::test]
async fn loops_end() {
    let routing = Routing::new(
        "r:\n  driver = redirect\n  data = ${if eq{$local_part}{one}{two}{${if eq{$local_part}{two}{one}{${if eq{$local_part}{same}{SAME}}}}}}\n",
    );
    assert_eq!(
        routing.test("one").await,
        "one@test.example is undeliverable: Unrouteable address\n    <-- two@test.example\n    <-- one@test.example\n[2]"
    );
    assert_eq!(
        routing.test("same").await,
        "same@test.example is undeliverable: Unrouteable address\n    <-- same@test.example\n[2]"
    );
}

#[tokio::test]
async fn special_items() {
    check(&[
        ("data = :fail: gone away\n  allow_fail", fails("gone away")),
        ("data = :fail:\n  allow_fail", fails("")),
        ("data = :defer: wait a bit\n  allow_defer", waits("wait a bit")),
        ("data = bob, :defer: later, alice\n  allow_defer", waits("later, alice")),
        (
            "data = bob, :fail: mid fail\n  allow_fail",
            format!("{}{}", fails("mid fail").trim_end_matches("[2]"), to(&["bob"]).replace("[0]", "[2]")),
        ),
        ("data = bob, :blackhole:", "mail to x@test.example is discarded\n[0]".to_owned()),
        ("data = :fail: x y z", waits("error in redirect data: \":fail: x y z\" is not permitted")),
        ("data = :defer: x", waits("error in redirect data: \":defer: x\" is not permitted")),
        (
            "data = :blackhole:\n  forbid_blackhole",
            waits("error in redirect data: \":blackhole:\" is not permitted"),
        ),
        ("data = :fail: 551 5.1.6 moved\n  allow_fail", fails("551 5.1.6 moved")),
    ])
    .await;
}

#[tokio::test]
async fn pipes_and_files() {
    let set_up = |target: &str, problem: &str| {
        format!(
            "x@test.example -> {target}\n*** Error in setting up pipe, file, or autoreply:\n{problem}\n[0]"
        )
    };
    check(&[
        (
            "data = /tmp/x\n  file_transport = tfile",
            "x@test.example -> /tmp/x\n  transport = tfile\n[0]".to_owned(),
        ),
        (
            "data = |/bin/cat -n\n  pipe_transport = tpipe",
            "x@test.example -> |/bin/cat -n\n  transport = tpipe\n[0]".to_owned(),
        ),
        ("data = |/bin/cat", set_up("|/bin/cat", "pipe_transport unset in r router")),
        ("data = /tmp/x", set_up("/tmp/x", "file_transport unset in r router")),
        ("data = /tmp/x/", set_up("/tmp/x/", "directory_transport unset in r router")),
        (
            "data = |/bin/cat\n  pipe_transport = nosuch",
            set_up("|/bin/cat", "transport \"nosuch\" not found in r router"),
        ),
        (
            "data = |/bin/cat\n  pipe_transport = tpipe\n  forbid_pipe",
            "x@test.example -> |/bin/cat *** forbidden ***\n[0]".to_owned(),
        ),
        (
            "data = /tmp/x\n  file_transport = tfile\n  forbid_file",
            "x@test.example -> /tmp/x *** forbidden ***\n[0]".to_owned(),
        ),
    ])
    .await;
}

#[tokio::test]
async fn errors_in_lists() {
    let error = |text: &str| waits(&format!("error in redirect data: {text}"));
    check(&[
        ("data = bad@@addr", error("domain missing or malformed in \"bad@@addr\"")),
        ("data = bob; alice", error("malformed address: ; alice may not follow bob in \"bob; alice\"")),
        (
            "data = >alice@test.example",
            error("missing or malformed local part (expected word or \"<\") in \">alice@test.example\""),
        ),
        ("data = <>", error("missing or malformed local part in \"<>\"")),
        (
            "data = :foo: bar",
            error("missing or malformed local part (expected word or \"<\") in \":foo: bar\""),
        ),
        (
            "data = ${if eq{x}}",
            waits("failed to expand \"${if eq{x}}\": missing 2nd string in {} after \"eq\""),
        ),
        (
            "data = bad@@x, bob\n  skip_syntax_errors",
            format!(
                "LOG: r router: skipped error: domain missing or malformed in \"bad@@x\"\n{}",
                to(&["bob"])
            ),
        ),
        (
            "data = bad@@x\n  skip_syntax_errors",
            format!(
                "LOG: r router: skipped error: domain missing or malformed in \"bad@@x\"\n{}",
                fails("syntax error in redirection data")
            ),
        ),
    ])
    .await;
}

#[tokio::test]
async fn files_of_addresses() {
    let scratch = Scratch::new("files");
    let good = scratch.file("good", "bob\n# comment\nalice, carol\n", 0o644);
    let loose = scratch.file("loose", "bob\n", 0o664);
    let empty = scratch.file("empty", "# nothing\n", 0o644);
    let exim = scratch.file("exim", "# Exim filter\nfinish\n", 0o644);
    let quote = scratch.file("quote", "bob, \"unclosed\n", 0o644);
    let directory = scratch.0.display();
    check(&[
        (&format!("file = {good}"), to(&["carol", "alice", "bob"])),
        (&format!("data = :include:{good}"), to(&["carol", "alice", "bob"])),
        (&format!("file = {empty}"), fails("Unrouteable address")),
        (&format!("file = {directory}/missing"), fails("Unrouteable address")),
        (
            &format!("file = {directory}/no/missing"),
            waits(&format!("failed to stat {directory}/no/. (No such file or directory)")),
        ),
        (&format!("file = {directory}/no/missing\n  ignore_enotdir"), fails("Unrouteable address")),
        (&format!("file = {good}/x"), waits(&format!("failed to open {good}/x: Not a directory"))),
        (&format!("file = {good}/x\n  ignore_enotdir"), fails("Unrouteable address")),
        (&format!("file = {directory}"), waits(&format!("{directory} is not a regular file"))),
        (
            &format!("file = {loose}"),
            waits(&format!("bad mode (0100664) for {loose}: 020 bit(s) unexpected")),
        ),
        (&format!("file = {good}\n  owners = nobodyhere"), waits(&format!("bad owner for {good}"))),
        (&format!("file = {good}\n  owngroups = nobodyhere"), waits(&format!("bad group for {good}"))),
        ("file = rd/rel", waits("\"rd/rel\" is not an absolute path")),
        (&format!("file = {exim}"), waits("error in filter file: filtering not enabled")),
        (
            &format!("file = {quote}"),
            waits("error in redirect file: unmatched doublequote in local part in \"\"unclosed\""),
        ),
    ])
    .await;
    let tainted = answer(&format!("file = {directory}/$local_part")).await;
    assert_eq!(tainted, waits(&format!("Tainted name '{directory}/x' for file read not permitted\n")));
}

#[tokio::test]
async fn included_files() {
    let scratch = Scratch::new("include");
    let inner = scratch.file("inner", "alice\n", 0o644);
    let outer = scratch.file("outer", &format!("bob\n:include:{inner}\ncarol\n"), 0o644);
    let again = scratch.file("again", &format!(":include:{}\n", scratch.0.join("again").display()), 0o644);
    let error = |text: &str| waits(&format!("error in redirect data: {text}"));
    check(&[
        (&format!("data = :include:{outer}"), to(&["carol", "alice", "bob"])),
        (&format!("data = :include:{outer}\n  forbid_include"), error("included files not permitted")),
        (
            "data = :include:/nonexistent",
            error("failed to open included file /nonexistent: No such file or directory"),
        ),
        (
            &format!("data = :include:{outer}\n  include_directory = /tmp/other"),
            error(&format!("included file {outer} is not in directory /tmp/other")),
        ),
        ("data = :include:rel/path", error("included file \"rel/path\" is not an absolute path")),
        (&format!("data = :include:{again}"), error("too many included files")),
    ])
    .await;
}

#[tokio::test]
async fn unseen_goes_on() {
    let routing = Routing::new(&format!(
        "r:\n  driver = redirect\n  local_parts = alice\n  unseen\n  data = bob\n\n{USERS}"
    ));
    assert_eq!(
        routing.test("alice").await,
        "alice@test.example\n    <-- alice@test.example\n  router = users, transport = tlocal\n\
         bob@test.example\n    <-- alice@test.example\n  router = users, transport = tlocal\n[0]"
    );
}
