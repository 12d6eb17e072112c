//! How configurations are read: macros, conditions, inclusion, quoting, hiding. Answers are Exim 4.96's.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may fail loudly")]

mod memory;

use std::sync::Arc;

use memory::Memory;
use postrider_config::diagnostic::render_all;
use postrider_config::options::{postrider, router, transport};
use postrider_config::print::{Asker, answer};
use postrider_config::{Config, Loaded};

const ADMIN: Asker = Asker { admin: true, values_only: false };

fn config(loaded: Loaded) -> Arc<Config> {
    let shown = render_all(&loaded.diagnostics, &loaded.sources);
    loaded.config.unwrap_or_else(|| panic!("{shown}"))
}

/// What `-bP smtp_banner` shows, or the first line of what is wrong.
fn banner_of(memory: &Memory, macros: &[(&str, &str)]) -> String {
    let loaded = memory.load_with(macros, false);
    match &loaded.config {
        Some(config) => {
            let text = answer(config, &["smtp_banner"], ADMIN).text;
            text.trim_end_matches('\n').trim_start_matches("smtp_banner = ").to_owned()
        }
        None => postrider_config::diagnostic::exim_text(&loaded.diagnostics)
            .unwrap()
            .lines()
            .last()
            .unwrap()
            .trim()
            .into(),
    }
}

fn banner(text: &str) -> String {
    banner_of(&Memory::with(text), &[])
}

const DEFAULT: &str = "$smtp_active_hostname ESMTP Exim $version_number $tod_full";

#[test]
fn macros() {
    let cases = [
        ("AA = one\nBB = two\nsmtp_banner = AA BB AABB xAA $AA AAx\n", "one two onetwo xone $one onex"),
        ("AA = BB\nBB = two\nsmtp_banner = AA\n", "two"),
        ("AA = x\nBB = AA\nAA == y\nsmtp_banner = BB AA\n", "x y"),
        ("AA = CC\nCC = AA\nsmtp_banner = AA CC\n", "CC CC"),
        ("AA = x   \nsmtp_banner = AA|\n", "x|"),
        ("AA =\nsmtp_banner = [AA]\n", "[]"),
        ("AA = a\\\n   b\nsmtp_banner = [AA]\n", "[ab]"),
        ("AA = \"q\\n\"\nsmtp_banner = [AA]\n", "[\"q\\n\"]"),
        ("AA = x\nsmtp_banner = a\\\n # AA comment\n AA\\\n  end\n", "axend"),
        ("AA = smtp_banner = foo\nAA\n", "foo"),
        ("AA=x\nBB=y AA z\nAA==q\nsmtp_banner = BB\n", "y x z"),
        ("AA = # foo\nsmtp_banner = AA\n", "# foo"),
        ("AA = Q\nsmtp_banner = a\\\nAA = b\n", "aQ = b"),
        ("smtp_banner = _LOG_PID _LOG_PIDX _EXP_X\n", "y yX _EXP_X"),
        ("EE=\n EE EE\nsmtp_banner = a\n", "a"),
        ("EE=\nsmtp_banner = a\\\nEE\n b\n", "main option \"b\" unknown"),
        ("AA = x\nAA foo\n", "main option \"x\" unknown"),
        (
            "X_LOG_PIDX = Q\n",
            "\"X_LOG_PIDX\" cannot be defined as a macro because previously defined macro \"_LOG_PID\" is a substring",
        ),
    ];
    for (text, want) in cases {
        assert_eq!(banner(text), want, "{text}");
    }
}

#[test]
fn macros_from_the_command_line() {
    for text in ["smtp_banner = AA\n", "AA = x\nsmtp_banner = AA\n", "AA == x\nsmtp_banner = AA\n"] {
        assert_eq!(banner_of(&Memory::with(text), &[("AA", "foo")]), "foo", "{text}");
    }
    let other = banner_of(&Memory::with("BAA = x\n"), &[("AA", "foo")]);
    assert!(other.contains("previously defined macro \"AA\" is a substring"), "{other}");
}

#[test]
fn conditions() {
    let cases = [
        ("AA = x\n.ifdef AA\nsmtp_banner = yes\n.else\nsmtp_banner = no\n.endif\n", "yes"),
        (".ifdef XX y AA\nsmtp_banner = yes\n.else\nsmtp_banner = no\n.endif\n", "no"),
        ("AA =\n.ifdef zzAAzz\nsmtp_banner = yes\n.endif\n", "yes"),
        (
            "BB=\n.ifdef AA\nsmtp_banner = yes\n.elifdef BB\nsmtp_banner = no\n.elifndef CC\nsmtp_banner = third\n.endif\n",
            "no",
        ),
        (".ifdef X\n.foo\n.include /nosuch\nfoo bar\n.endif\nsmtp_banner=x\n", "x"),
        (
            ".ifdef X\n.ifdef Y\n.else\nsmtp_banner = y\n.endif\n.else\n.ifndef Z\nsmtp_banner=z\n.endif\n.endif\n",
            "z",
        ),
        ("smtp_banner = a\\\n.ifdef X\nb\\\n.else\nc\\\n.endif\nd\n", "acd"),
        ("X =\n.ifdef X\n.else\tfoo\nsmtp_banner=1\n.endif\n", "1"),
        ("AA = .ifdef\n  .ifdef  AA\nsmtp_banner = yes\n.endif\n", "yes"),
    ];
    for (text, want) in cases {
        assert_eq!(banner(text), want, "{text}");
    }
}

#[test]
fn inclusion() {
    let with = |text: &str| {
        let mut memory = Memory::with(text);
        memory.add("/t/cont", "smtp_banner = from-include\\\n");
        memory.add("/t/mac", "AA = inc\n");
        memory.add("/t/sub/else", ".else\n");
        memory.add("/t/acl", "begin acl\n");
        banner_of(&memory, &[])
    };
    let cases = [
        (".include cont\n x\n", "from-includex"),
        (".include \"mac\"\nsmtp_banner=AA\n", "inc"),
        (".include\tmac  \nsmtp_banner=AA\n", "inc"),
        ("D = ma\n.include Dc\nsmtp_banner=AA\n", "inc"),
        (".include_if_exists /t/nosuch\nsmtp_banner=AA\n", "AA"),
        (".include_if_exists /t/mac\nsmtp_banner=AA\n", "inc"),
        (".ifdef X\n.include sub/else\nsmtp_banner=y\n.endif\n", DEFAULT),
        (".include acl\nfoo:\n accept\n", DEFAULT),
        ("smtp_banner = a\\\n.include mac\nb\n", "main option \"b\" unknown"),
        (".includefoo mac\n", "option setting expected: .includefoo mac"),
    ];
    for (text, want) in cases {
        assert_eq!(with(text), want, "{text}");
    }
}

#[test]
fn strings_and_lines() {
    let cases = [
        ("smtp_banner = \"a\\n\\t\\\\b\\x41\\101\\q\\\"\"\n", "a\\n\\t\\bAAq\""),
        ("smtp_banner = a\\nb \"x\"\n", "a\\nb \"x\""),
        ("smtp_banner = \"line\\\n   two\"\n", "linetwo"),
        ("smtp_banner=x\ty  \t\n", "x\\ty"),
        ("  smtp_banner = x # y\n", "x # y"),
        ("smtp_banner = x\\ \n y\n", "xy"),
        ("smtp_banner = x\\\\\n y\n", "x\\y"),
        ("smtp_banner = x\\\r\n y\r\n", "xy"),
        ("smtp_banner = a  \\\n  b\n", "a  b"),
        ("smtp_banner=1\\\n   \\\n   # foo\\\n 2\n", "12"),
        ("#x\\\nsmtp_banner=1\n", "1"),
        ("smtp_banner = a\\", "a"),
        ("smtp_banner == x\n", "= x"),
        ("smtp_banner=\n", ""),
        ("smtp_banner = \u{e9} \\001\u{1}\n", "\\303\\251 \\001\\001"),
        ("hide\tsmtp_banner = x\n", "x"),
        ("\\\n\\\n\\\n\nsmtp_banner = after\n", "after"),
    ];
    for (text, want) in cases {
        assert_eq!(banner(text), want, "{text}");
    }
}

#[test]
fn hidden_values_are_for_administrators() {
    let text = "hide smtp_banner = hushhush\nhide queue_only\nhide domainlist dd = hushhush\nFOO = hushhush\n\
                begin transports\na:\n driver = smtp\n hide hosts = hushhush\nb:\n driver = smtp\n hosts = hushhush\n\
                c:\n driver = lmtp\n socket = /x\n";
    let config = config(Memory::with(text).load());
    let other = Asker { admin: false, values_only: false };
    let ask = |words: &[&str], asker| answer(&config, words, asker);
    assert_eq!(ask(&["smtp_banner", "queue_only"], ADMIN).text, "smtp_banner = hushhush\nqueue_only\n");
    for words in [
        &[][..],
        &["all"],
        &["transports"],
        &["transport", "b"],
        &["+dd"],
        &["config"],
        &["macros"],
        &["macro", "FOO"],
    ] {
        let answer = ask(words, other);
        // `hide` on one instance hides the option in all of the driver; `config` shows the line that does not say `hide`.
        let hushhushs = answer.text.matches("hushhush").count();
        assert_eq!(hushhushs, usize::from(words == ["config"]), "{words:?}: {}", answer.text);
    }
    assert_eq!(ask(&["+dd"], ADMIN).text, "domainlist dd = <value not displayable>\n");
    assert_eq!(ask(&["macros"], other).error, "exim: permission denied\n");
    assert!(!ask(&["macros"], other).ok && ask(&["macro", "FOO"], ADMIN).text == "FOO=hushhush\n");
}

#[test]
fn typed_values() {
    let text = "message_id_format = short\ndns_servers = <; 127.0.0.1:5353 ; [::1]:53\n\
                begin routers\nr:\n driver = redirect\n data = x\n set = r_a = 1\n set = r_b = $domain\n\
                headers_add = A: b\n headers_add = C: d\n unseen = ${if x}\n user = mail\n\
                begin transports\nt:\n driver = appendfile\n file = /x\n mode = 640\n max_parallel = 3\n";
    let config = config(Memory::with(text).load());
    assert_eq!(config.main.get(postrider::MESSAGE_ID_FORMAT), Some(&b"short"[..]));
    assert_eq!(config.main.get(postrider::DNS_SERVERS), [b"127.0.0.1:5353".to_vec(), b"[::1]:53".to_vec()]);
    let router = config.router("r").unwrap();
    assert_eq!(router.options.get(router::generic::HEADERS_ADD).len(), 2);
    let names: Vec<&[u8]> =
        router.options.get(router::generic::SET).iter().map(|(name, _)| name.as_slice()).collect();
    assert_eq!(names, [b"r_a", b"r_b"]);
    let transport = config.transport("t").unwrap();
    assert_eq!(transport.options.get(transport::appendfile::MODE), 0o640);
    assert_eq!(
        transport.options.get(transport::smtp::HOSTS_MAX_TRY),
        0,
        "an option of another driver is unset"
    );
    assert_eq!(transport.options.get(transport::appendfile::USE_LOCKFILE), Some(true));
}

#[test]
fn what_sender_authentication_cannot_work_with_is_an_error_at_load() {
    const ROUTER: &str = "begin routers\nr:\n driver = redirect\n data = x\n srs = ";
    let cases = [
        ("srs_config = s:many\n", "srs_config: \"many\" is no number of days"),
        ("srs_config = s:21:x\n", "srs_config: \"x\" is no hash length"),
        ("srs_config = s:21:4:maybe\n", "srs_config: \"maybe\" is no flag"),
        ("srs_config = s:21:4:yes:yes:no\n", "srs_config: \"no\" is one field too many"),
        ("srs_hashlength = 4\nsrs_hashmin = 5\n", "srs_hashmin is 5, more than the 4 characters of a hash"),
        ("srs_maxage = -1\n", "srs_maxage must not be negative"),
        (&format!("{ROUTER}forward\n"), "router \"r\" rewrites senders, but srs_secrets is empty"),
        (&format!("srs_secrets = s\n{ROUTER}back\n"), "back is not valid for the srs option"),
        (
            "dmarc_policy_discovery = guess\n",
            "dmarc_policy_discovery is suffix_list or tree_walk, not \"guess\"",
        ),
        ("srs_config = s:21:4:yes:no\nsrs_hashlength = 0\n", ""),
        (&format!("srs_config = s\n{ROUTER}reverseAndForward\n"), ""),
        (&format!("srs_usehash = false\n{ROUTER}reverse\n"), ""),
        ("srs_secrets = s : older\nsrs_hashmin = 4\ndmarc_policy_discovery = tree_walk\n", ""),
    ];
    for (text, want) in cases {
        let loaded = Memory::with(text).load();
        let found: Vec<_> = loaded.diagnostics.iter().map(|finding| finding.message.as_str()).collect();
        assert_eq!(found.join(", "), want, "{text}");
        assert_eq!(loaded.config.is_none(), !want.is_empty(), "{text}");
    }
}

#[test]
fn sender_authentication_is_told_by_its_macros() {
    for name in ["_HAVE_SPF", "_HAVE_DKIM", "_HAVE_DMARC", "_HAVE_ARC", "_HAVE_SRS", "_HAVE_NATIVE_SRS"] {
        let text = format!(".ifdef {name}\nsmtp_banner = yes\n.else\nsmtp_banner = no\n.endif\n");
        assert_eq!(banner(&text), "yes", "{name}");
    }
}

#[test]
fn options_without_effect_warn() {
    let warnings = |text: &str| {
        let loaded = Memory::with(text).load();
        assert!(loaded.config.is_some());
        loaded.diagnostics.iter().map(|finding| finding.id).collect::<Vec<_>>()
    };
    // These never will have one: Postrider does what they are about in its own way.
    assert_eq!(warnings("debug_store\n"), ["config.option.inert"]);
    assert_eq!(warnings("no_debug_store\ndisable_fsync = false\ndaemon_modules_load =\n"), [""; 0]);
    assert_eq!(
        warnings("begin transports\nt:\n driver = pipe\n command = x\n permit_coredump\n"),
        ["config.option.inert"]
    );
}

#[test]
fn several_mistakes_are_reported_in_one_run() {
    let text = "fred = 1\nsmtp_accept_max = x\nqueue_only = maybe\nbegin routers\nr:\n driver = acept\ns:\n driver = redirect\n\
                begin nonsense\nx\nbegin transports\nt:\n driver = smtp\n hst = a\n";
    let loaded = Memory::with(text).load();
    let lines: Vec<u32> = loaded.diagnostics.iter().map(|finding| finding.span.line).collect();
    assert_eq!(lines, [1, 2, 3, 6, 7, 9, 14], "{}", render_all(&loaded.diagnostics, &loaded.sources));
}

#[test]
fn strictness_turns_warnings_into_errors() {
    let memory = Memory::with("queue_domains = +nosuch : ${if\n");
    assert!(memory.load().config.is_some());
    assert!(memory.load_with(&[], true).config.is_none());
}

#[test]
fn a_missing_file_says_which() {
    let memory = Memory::default();
    let loaded = memory.load();
    assert!(loaded.config.is_none());
    let text = postrider_config::diagnostic::exim_text(&loaded.diagnostics).unwrap();
    assert!(text.starts_with("Exim configuration error:\n") && text.contains("/t/test.conf"), "{text}");
}

/// Debian's Exim is built without such options and refuses the section.
#[test]
fn options_of_local_scan_are_taken_and_have_no_effect() {
    let found = |section: &str| {
        let text = format!("primary_hostname = h.example\nkeep_environment =\nbegin local_scan\n{section}");
        let loaded = Memory::with(text).load();
        let messages: Vec<String> = loaded.diagnostics.iter().map(|found| found.message.clone()).collect();
        (loaded.config.is_some(), messages.join("|"))
    };
    let good = found("  spam_score = 5\nhide secret = x\nno_flag\nbegin retry\n* * F,1h,1m\n");
    let none = "has no effect: no local_scan() function can be loaded";
    let warnings = format!("option spam_score {none}|option secret {none}|option no_flag {none}");
    assert_eq!(good, (true, warnings));
    assert_eq!(found("= 5\n"), (false, "option setting expected: = 5".to_owned()));
    assert_eq!(found("a b\n"), (false, "option setting expected: a b".to_owned()));
    assert_eq!(found(""), (true, String::new()));
}
