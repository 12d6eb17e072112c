//! The command line, by example.

use super::*;

fn parse_words(line: &str) -> Result<Invocation, Refusal> {
    parse(&words(line))
}

fn words(line: &str) -> Vec<Vec<u8>> {
    line.split_whitespace().map(|w| w.as_bytes().to_vec()).collect()
}

#[test]
fn modes() {
    let queue = Mode::ListQueue(ListStyle { unsorted: true, undelivered: true, ..ListStyle::default() });
    for (line, mode) in [
        ("exim", Mode::Usage),
        ("exim a@b.example", Mode::Receive),
        ("exim -t", Mode::Receive),
        ("exim -bd -q30m", Mode::Daemon { foreground: false }),
        ("exim -q30m -bdf", Mode::Daemon { foreground: true }),
        ("exim -q", Mode::QueueRun),
        ("exim -R x", Mode::QueueRun),
        ("exim -bpru", queue),
        ("/usr/bin/mailq", Mode::ListQueue(ListStyle::default())),
        ("rmail a", Mode::Receive),
        ("exim -bh 192.0.2.1", Mode::HostTest { address: b"192.0.2.1".to_vec() }),
        ("exim -bvs a", Mode::Verify { as_sender: true }),
        ("exim -M 1xV9PS-0002Id-2E", Mode::Act(Action::Deliver)),
        ("postrider quickstart", Mode::Quickstart),
        ("postrider dbmbuild -nolc a b", Mode::BuildDatabase(words("-nolc a b"))),
        ("/usr/sbin/exim_dbmbuild a b", Mode::BuildDatabase(words("a b"))),
        ("exim dbmbuild", Mode::Receive),
        ("postrider tls-policy -C x.conf a.example", Mode::TlsPolicy),
        // A configuration may stand before the word; anything else makes it a recipient.
        ("postrider -C x.conf -DX=y tls-policy a.example", Mode::TlsPolicy),
        ("postrider -Cx.conf reports list", Mode::Reports),
        ("postrider -odq reports", Mode::Receive),
        ("postrider a reports", Mode::Receive),
        ("postrider -C reports", Mode::Usage),
        ("postrider -- reports", Mode::Receive),
        ("postrider reports reports", Mode::Reports),
        ("exim -C x.conf reports", Mode::Receive),
        ("exim tls-policy", Mode::Receive),
        ("postrider reports ingest x -", Mode::Reports),
        ("postrider trust-anchors", Mode::TrustAnchors),
        ("exim trust-anchors", Mode::Receive),
        ("exim reports", Mode::Receive),
        ("exim -z note", Mode::LogLine(b"note".to_vec())),
        ("exim -bV", Mode::Version),
    ] {
        assert_eq!(parse_words(line).unwrap().mode, mode, "{line}");
    }
}

#[test]
fn values_stand_behind_or_follow() {
    let joined = parse_words("exim -fa@b.example -oi -odq -oMa 192.0.2.1 -C/x:/y -DA=b c@d.example").unwrap();
    let apart = parse_words("exim -f a@b.example -i -odq -oMa 192.0.2.1 -C /x:/y -DA=b c@d.example").unwrap();
    assert_eq!(joined, apart);
    assert_eq!(joined.sender.as_deref(), Some(&b"a@b.example"[..]));
    assert_eq!(joined.macros, [("A".to_owned(), b"b".to_vec())]);
    assert_eq!(joined.config_files.map(|f| f.len()), Some(2));
    assert_eq!(joined.operands, [b"c@d.example".to_vec()]);
}

#[test]
fn queue_runs() {
    let run = |line: &str| parse_words(line).unwrap().queue_run.unwrap();
    assert_eq!(run("exim -q1h").interval, Some(3600));
    assert_eq!(run("exim -qf 15m").interval, Some(900));
    let both = run("exim -qqff");
    assert!(both.two_stage && both.force && both.force_frozen && !both.local_only);
    let named = run("exim -qGspare/5m");
    assert_eq!((named.queue.as_deref(), named.interval), (Some(&b"spare"[..]), Some(300)));
    assert_eq!(run("exim -q 1xV9PS-0002Id-2E").from.as_deref(), Some(&b"1xV9PS-0002Id-2E"[..]));
    assert_eq!(
        run("exim -Rff x.example").recipients,
        Some(Select { text: b"x.example".to_vec(), regex: false })
    );
    assert_eq!(run("exim -Rfoo").recipients, Some(Select { text: b"foo".to_vec(), regex: false }));
    assert!(run("exim -Rrf ^a").recipients.unwrap().regex);
}

#[test]
fn refusals_have_exims_words() {
    for (line, text) in [
        ("exim -zz", "unknown, malformed, or incomplete option -zz"),
        ("exim -f", "unknown, malformed, or incomplete option -f"),
        ("exim -oBx -bp", "exim: number expected after -oB"),
        ("exim -bp -oP", "Options are Exim's"),
        ("exim -bi x", "incompatible command-line options or arguments"),
        ("newaliases x", "incompatible command-line options or arguments"),
        ("exim -z x -bp -bd", "incompatible command-line options or arguments"),
        ("exim -bp -bd", "incompatible command-line options or arguments"),
        ("exim -qx", "bad time value -qx: abandoned"),
        ("exim -q x", "bad time value x: abandoned"),
        ("exim -qff 0s", "bad time value 0s: abandoned"),
        ("exim -or x -bm", "bad time value x: abandoned"),
        ("exim -or5x", "bad time value -or5x: abandoned"),
        ("exim -os", "bad time value -os: abandoned"),
        ("exim -", "unknown, malformed, or incomplete option -"),
        ("exim -D", "macro name set by -D must start with an upper case letter"),
        ("exim -D A=5", "macro name set by -D must start with an upper case letter"),
        ("exim -Dabc=1", "macro name set by -D must start with an upper case letter"),
        ("exim -DA-B=1", "unknown, malformed, or incomplete option -DA-B=1"),
        ("exim -DA=1 -DA=2", "exim: duplicated -D in command line"),
        ("exim -h", "unknown, malformed, or incomplete option -h"),
        ("exim -h x -bp", "unknown, malformed, or incomplete option -h"),
        ("exim -hx", "unknown, malformed, or incomplete option -hx"),
        ("exim -oMa bogus", "\"bogus\" is not an IP address"),
        ("exim -oMm bad", "-oMm must be a valid message ID"),
        ("exim -R", "string expected after -R"),
        ("exim -Sr", "string expected after -S"),
        ("exim -X", "string expected after -X"),
        ("exim -oA", "string expected after -oA"),
        ("exim -oMa", "data expected after -oMa"),
        ("exim -d+nosuch -bV", "unknown debug_selector setting: +nosuch"),
        ("exim -dacl", "malformed debug_selector setting: + or - expected but found \"acl\""),
        ("exim -Laaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa -bp", "the -L syslog name is too long"),
        ("exim -M", "no message ids given after -M option"),
        ("exim -M abc", "malformed message id abc after -M option"),
        ("exim -Mzz", "unknown, malformed, or incomplete option -Mzz"),
        ("exim -bf x", "option -bf is not served yet"),
        ("exim -MC a", "option -MC is not served yet"),
    ] {
        let Refusal(got) = parse_words(line).unwrap_err();
        assert!(got.contains(text), "{line}: {got}");
    }
}

#[test]
fn nothing_after_two_hyphens_is_an_option() {
    assert_eq!(parse_words("exim -bm -- -t a").unwrap().operands, [b"-t".to_vec(), b"a".to_vec()]);
}

#[test]
fn behind_the_first_argument_all_are_arguments() {
    let operands = |line: &str| parse_words(line).unwrap().operands.join(&b' ');
    for (line, want) in [
        ("exim -be x -oP", "x -oP"),
        ("exim a@b -be", "a@b -be"),
        ("exim -bt -v a@b -v", "a@b -v"),
        ("exim -oB 3x -bt a", "a"),
        ("exim -oB x -bt", "x -bt"),
        ("postrider reports list -v", "list"),
    ] {
        assert_eq!(String::from_utf8(operands(line)).unwrap(), want, "{line}");
    }
    let invocation = parse_words("exim -z text -bp").unwrap();
    assert_eq!(invocation.mode, Mode::LogLine(b"text".to_vec()));
}

#[test]
fn behind_the_first_name_for_print_all_are_names() {
    let asked = |text: &str| {
        let invocation = parse_words(&format!("exim {text}")).unwrap();
        let names = invocation.operands.join(&b' ');
        (invocation.values_only, invocation.whole_configuration, String::from_utf8(names).unwrap())
    };
    assert_eq!(asked("-bP -n config"), (true, false, "config".to_owned()));
    assert_eq!(asked("-n -bP config"), (true, true, "config".to_owned()));
    assert_eq!(asked("-bP config -n"), (false, true, "config -n".to_owned()));
    assert_eq!(asked("-bP spool_directory -n -v"), (false, false, "spool_directory -n -v".to_owned()));
}

#[test]
fn the_version_is_told_whatever_the_name() {
    for line in [
        "exim -bV",
        "mailq -bV",
        "rsmtp -bV",
        "newaliases -bV",
        "exim -bV -t",
        "exim -bd -bV",
        "exim --version",
    ] {
        assert_eq!(parse_words(line).unwrap().mode, Mode::Version, "{line}");
    }
    let both = parse_words("exim -bV -bP qualify_domain").unwrap();
    assert!(both.tells_version && both.mode == Mode::Print);
}

#[test]
fn nobody_to_send_to_is_a_question_of_usage() {
    for line in ["rmail", "exim -bm", "exim -bm -f a@b.example"] {
        assert_eq!(parse_words(line).unwrap().mode, Mode::Usage, "{line}");
    }
    assert_eq!(parse_words("exim -bm -t").unwrap().mode, Mode::Receive);
    assert_eq!(parse_words("rmail a@b.example").unwrap().mode, Mode::Receive);
}
