//! The condition `pam` with the system's own modules, beside Debian's Exim: services of the test's own stand at
//! `/etc/pam.d` of a mount namespace, and a user of its own in `/etc/passwd`.
#![allow(clippy::expect_used, reason = "test code outside #[test] functions")]

mod harness;

use std::path::Path;

use harness::{POSTRIDER, Scratch, command, has, inside, is_root, run_command};

const EXIM: &str = "/usr/sbin/exim4";

/// The service, then conditions and what they give.
const CASES: &[(&str, &[(&str, &str)])] = &[
    (
        "auth required pam_permit.so\naccount required pam_permit.so\n",
        &[
            ("root:x", "yes"),
            ("nosuch:x:y:z", "yes"),
            ("root", "yes"),
            ("", "no"),
            (":x", "no"),
            ("<; root; x", "yes"),
        ],
    ),
    ("auth required pam_deny.so\naccount required pam_permit.so\n", &[("root:x", "no")]),
    ("auth required pam_permit.so\naccount required pam_deny.so\n", &[("root:x", "no")]),
    ("", &[("root:x", "Failed: Permission denied")]),
    ("what is this\n", &[("root:x", "Failed: Permission denied")]),
    (
        "auth required pam_nosuch.so\naccount required pam_permit.so\n",
        &[("root:x", "Failed: Module is unknown")],
    ),
    (
        "auth required pam_unix.so\naccount required pam_unix.so\n",
        &[
            ("pamtester:se::cret", "yes"),
            (" pamtester : se::cret ", "yes"),
            ("pamtester:se::cret:more", "yes"),
            ("pamtester:secret", "no"),
            ("pamtester:<;se:cret", "yes"),
            ("pamtester:", "no"),
            ("pamtester", "no"),
            ("nosuch:se::cret", "no"),
            ("locked:se::cret", "no"),
        ],
    ),
    (
        "auth required pam_exec.so expose_authtok quiet @DIR@/says\naccount required pam_permit.so\n",
        &[("anybody:word:other", "yes"), ("anybody:other:word", "Failed: System error")],
    ),
];

/// Users with the password `se:cret`, one of whose accounts has expired; a script that knows one name and one password.
const SETUP: &str = r#"
set -e
mount -t tmpfs none /etc/pam.d
hash=$(openssl passwd -6 se:cret)
for file in passwd shadow; do cp -p /etc/$file "$DIR/$file"; done
for user in pamtester locked; do echo "$user:x:64999:64999::/:/bin/false" >> "$DIR/passwd"; done
echo "pamtester:$hash:19000:0:99999:7:::" >> "$DIR/shadow"
echo "locked:$hash:19000:0:99999:7::19001:" >> "$DIR/shadow"
for file in passwd shadow; do mount --bind "$DIR/$file" /etc/$file; done
printf '#!/bin/sh\nread -r word || :\ntest "$PAM_USER:$word" = "anybody:word"\n' > "$DIR/says"
chmod 755 "$DIR/says"
"#;

#[test]
fn modules_decide_as_for_exim() {
    let installed = Path::new("/usr/lib/x86_64-linux-gnu/security/pam_exec.so").exists();
    if !has(is_root() && installed, "root and libpam-modules")
        || !inside("modules_decide_as_for_exim", "true")
    {
        return;
    }
    let scratch = Scratch::new("pam");
    let place = scratch.path().to_str().expect("scratch folders have plain names");
    let made = run_command(command("sh").args(["-c", SETUP]).env("DIR", place), b"");
    assert!(made.status.success(), "{}", harness::both(&made));
    let config =
        scratch.write("exim.conf", &format!("spool_directory = {place}/spool\nkeep_environment =\n"));
    let config = config.to_str().expect("scratch files have plain names");
    let oracle = has(Path::new(EXIM).exists(), "exim4-daemon-heavy");
    for (service, conditions) in CASES {
        std::fs::write("/etc/pam.d/exim", service.replace("@DIR@", place)).expect("a service can be written");
        let line = |(text, _): &(&str, &str)| format!("${{if pam{{{text}}}{{yes}}{{no}}}}\n");
        let lines = conditions.iter().map(line).collect::<Vec<_>>().concat();
        let wanted: Vec<&str> = conditions.iter().map(|(_, want)| *want).collect();
        for program in [Some(POSTRIDER), oracle.then_some(EXIM)].into_iter().flatten() {
            let output = run_command(command(program).args(["-C", config, "-be"]), lines.as_bytes());
            let output = String::from_utf8_lossy(&output.stdout).into_owned();
            let found: Vec<&str> = output
                .lines()
                .map(|line| line.trim_start_matches("> "))
                .filter(|line| !line.is_empty())
                .collect();
            assert_eq!(found, wanted, "{program} with {service:?} {lines}");
        }
    }
}

#[test]
fn a_user_of_nobody_does_not_come_in() {
    let scratch = Scratch::new("pam-user");
    let place = scratch.path().display();
    let config =
        scratch.write("exim.conf", &format!("spool_directory = {place}/spool\nkeep_environment =\n"));
    let text = "${if pam{}{yes}{no}} ${if pam{nosuch-user-of-anybody:x}{yes}{no}}";
    let output = run_command(command(POSTRIDER).arg("-C").arg(&config).args(["-be", text]), b"");
    let output = String::from_utf8_lossy(&output.stdout).into_owned();
    // What the system's own services say about the second one is not known here, nor whether there is a libpam.
    assert!(output == "no no\n" || output.starts_with("Failed: "), "{output}");
}
