//! What Debian's Exim answered to small ACLs, as tables.
//!
//! An answer is written `outcome | text for the peer | text for the log | what was done`; `-` where there is none.

mod world;

use std::sync::Arc;

use expand::Variable;
use mail_types::dns::DnsFailure;
use mail_types::{Severity, SourceText, Span, Value};

use super::{
    Acl, AclEffect, AclEffectAnswer, AclOutcome, AclPlace, AclRun, AclSet, AclStep, AclVerdict, HeaderLine,
};
use crate::list::NamedLists;
use world::{NO_NAME, World};

/// The ACLs of a text like that of a configuration's section.
fn set(text: &str) -> Arc<AclSet> {
    let lists = NamedLists::new();
    let mut set = AclSet::new(lists.clone());
    let mut name = String::from("a");
    let mut lines: Vec<SourceText> = Vec::new();
    let mut all = Vec::new();
    for line in text.lines().map(str::trim) {
        match line.strip_suffix(':') {
            Some(next) => {
                all.push((std::mem::replace(&mut name, next.to_owned()), std::mem::take(&mut lines)));
            }
            None => lines.push(SourceText::nowhere(line.as_bytes())),
        }
    }
    all.push((name, lines));
    for (name, lines) in all {
        let (acl, diagnostics) = Acl::compile(name.as_bytes(), Span::NOWHERE, &lines, &lists);
        let errors: Vec<_> = diagnostics.iter().filter(|d| d.severity == Severity::Error).collect();
        assert!(errors.is_empty(), "{text:?}: {errors:?}");
        assert!(set.insert(acl));
    }
    Arc::new(set)
}

fn run_at(text: &str, place: AclPlace, world: &mut World) -> AclVerdict {
    AclRun::of_text(&set(text), place, Value::clean("a"), Vec::new()).run(world)
}

fn shown(verdict: &AclVerdict, world: &World) -> String {
    let outcome = format!("{:?}", verdict.outcome).to_lowercase();
    let text = |value: &Option<Value>| value.as_ref().map_or("-".into(), Value::to_lossy);
    let mut out = format!("{outcome} | {} | {}", text(&verdict.user_message), text(&verdict.log_message));
    for done in &world.done {
        out.push_str(" | ");
        out.push_str(done);
    }
    out
}

fn check(cases: &[(&str, &str)]) {
    for (text, want) in cases {
        let mut world = World::new();
        let verdict = run_at(text, AclPlace::Rcpt, &mut world);
        assert_eq!(shown(&verdict, &world), *want, "{text}");
    }
}

#[test]
fn verbs_and_their_messages() {
    check(&[
        ("", "deny | - | -"),
        ("deny", "deny | - | -"),
        ("defer", "defer | - | -"),
        ("drop", "drop | - | -"),
        ("accept", "accept | - | -"),
        ("discard", "discard | - | -"),
        ("require condition = no", "deny | - | -"),
        ("warn", "deny | - | -"),
        ("deny message = hello", "deny | hello | hello"),
        ("deny message = hello\nlog_message = there", "deny | hello | there"),
        ("deny log_message = there", "deny | - | there"),
        ("defer message = hello", "defer | hello | hello"),
        ("accept message = welcome $sender_address", "accept | welcome s@my.dom | welcome s@my.dom"),
        ("accept endpass\ncondition = no", "deny | - | -"),
        ("accept endpass\nmessage = mm\ncondition = no", "deny | mm | mm"),
        ("accept message = mm\nendpass\ncondition = yes", "accept | - | -"),
        ("discard message = mm\nlog_message = ll", "discard | mm | ll"),
        ("deny message = x ${if eq{a}{b}{y}fail}", "deny | - | -"),
        ("deny message =", "deny | - | -"),
        ("deny log_message = x ${if eq{a}{b}{y}fail}\nmessage = m", "deny | m | m"),
        (
            "deny message = ${foo}",
            "deny | - | - | main+panic: failed to expand ACL message \"${foo}\": unknown variable in \"${foo}\"",
        ),
        (
            "require message = first\ncondition = yes\nmessage = second\ncondition = no",
            "deny | second | second",
        ),
    ]);
}

#[test]
fn conditions() {
    check(&[
        ("accept condition = yes", "accept | - | -"),
        ("accept condition = True", "accept | - | -"),
        ("accept condition = 01", "accept | - | -"),
        ("accept condition = -5", "accept | - | -"),
        ("accept condition =", "deny | - | -"),
        ("accept condition = 00", "deny | - | -"),
        ("accept condition = no ", "deny | - | -"),
        ("accept condition = 1x", "defer | - | invalid \"condition\" value \"1x\""),
        ("accept condition = +1", "defer | - | invalid \"condition\" value \"+1\""),
        ("accept !condition = ${if eq{a}{b}{x}fail}", "accept | - | -"),
        ("accept senders = ${if eq{a}{b}{x}fail}", "deny | - | -"),
        ("accept !senders = ${if eq{a}{b}{x}fail}", "accept | - | -"),
        (
            "deny condition = ${foo}",
            "error | - | failed to expand ACL string \"${foo}\": unknown variable in \"${foo}\"",
        ),
        ("deny domains = +nolist", "defer | - | - | main+panic: unknown named domain list \"+nolist\""),
        ("deny hosts = *.foo", "deny | - | -"),
        ("accept hosts = +ignore_unknown : *.foo : 1.2.3.4", "accept | - | -"),
        ("accept domains = my.dom : other\nlocal_parts = ^u", "accept | - | -"),
        ("accept encrypted = *", "deny | - | -"),
        ("accept authenticated = *", "deny | - | -"),
        ("accept recipients = user@my.dom", "accept | - | -"),
        ("deny verify = certificate\ndeny", "deny | - | -"),
        ("deny verify = certificate", "deny | no verified certificate | -"),
        ("require verify = certificate", "deny | no verified certificate | no verified certificate"),
        ("accept !verify = certificate", "accept | - | -"),
        ("accept !verify = certificate\nmessage = fine", "accept | fine | fine"),
        ("deny !verify = certificate", "deny | no verified certificate | no verified certificate"),
        (
            "deny domains = ${foo}",
            "defer | - | - | main+panic: failed to expand \"${foo}\" while checking a list: unknown variable in \"${foo}\"",
        ),
        ("accept encrypted = ${foo}", "deny | - | -"),
        ("accept authenticated = ${foo}", "deny | - | -"),
    ]);
}

#[test]
fn data_of_matches() {
    check(&[
        (
            "accept local_parts = user\ndomains = my.dom\nmessage = [$local_part_data] [$domain_data]",
            "accept | [user] [my.dom] | [user] [my.dom]",
        ),
        (
            "warn local_parts = user\naccept local_parts = nope : !none\nmessage = [$local_part_data]",
            "accept | [] | []",
        ),
        (
            "warn local_parts = user\naccept !local_parts = nope\nmessage = [$local_part_data]",
            "accept | [] | []",
        ),
        (
            "accept local_parts = ^us(.*)\nmessage = [$0] [$1] [$local_part_data]",
            "accept | [user] [er] [^us(.*)] | [user] [er] [^us(.*)]",
        ),
        ("accept senders = *@my.dom\nmessage = [$sender_data]", "accept | [*@my.dom] | [*@my.dom]"),
        (
            "accept recipients = user@my.dom\nmessage = [$recipient_data]",
            "accept | [user@my.dom] | [user@my.dom]",
        ),
        ("accept sender_domains = my.dom\nmessage = [$domain_data] [$sender_data]", "accept | [] [] | [] []"),
        ("accept hosts = 1.2.3.4\nmessage = [$host_data]", "accept | [] | []"),
        (
            "accept domains = lsearch;/f\nhosts = net-lsearch;/f\nmessage = [$host_data] [$domain_data]",
            "accept | [hostdat] [domdat] | [hostdat] [domdat]",
        ),
    ]);
}

#[test]
fn modifiers() {
    check(&[
        ("accept logwrite = hello", "accept | - | - | main: hello"),
        ("accept logwrite = :main,reject: hello", "accept | - | - | main+reject: hello"),
        (
            "accept logwrite = :foo: hello",
            "accept | - | - | main+panic: unknown log name in \":foo: hello\" in \"logwrite\" in RCPT ACL",
        ),
        (
            "accept logwrite = :panic hello",
            "accept | - | - | main+panic: unknown log name in \":panic hello\" in \"logwrite\" in RCPT ACL",
        ),
        ("warn log_message = hello\naccept", "accept | - | - | warning: hello"),
        ("warn log_message = q\nmessage = X: y\naccept", "accept | - | - | warning: q | add AtEnd X: y"),
        (
            "warn condition = maybe\naccept",
            "accept | - | - | skipped: ACL \"warn\" statement skipped: condition test deferred: invalid \"condition\" value \"maybe\"",
        ),
        (
            "warn domains = +nolist\naccept",
            "accept | - | - | main+panic: unknown named domain list \"+nolist\" | skipped: ACL \"warn\" statement skipped: condition test deferred",
        ),
        ("warn control = foo\naccept", "error | - | syntax error in \"control=foo\""),
        ("accept control = freeze/x", "error | - | syntax error in \"control=freeze/x\""),
        ("accept control = freeze/no_tell", "accept | - | - | control Freeze { no_tell: true }"),
        ("accept control = ${if eq{a}{b}{x}fail}", "accept | - | -"),
        (
            "deny delay = x",
            "error | - | syntax error in argument for \"delay\" modifier: \"x\" is not a time value",
        ),
        ("deny delay = 1m30s", "deny | - | - | delay 90"),
        ("accept queue = ../x", "error | - | Directory separator not permitted in queue name: '../x'"),
        ("accept queue = x", "accept | - | - | queue x"),
        ("accept set acl_m1 = a\nmessage = $acl_m1", "accept | a | a"),
        ("accept set acl_m_x = ${if eq{a}{b}{x}fail}\nmessage = [$acl_m_x]", "accept | [] | []"),
        ("accept remove_header = a : b::c", "accept | - | - | remove a | remove b:c"),
        (
            "accept add_header = :at_start: A: 1\\n :after_received:B: 2\\n:at_start_rfc:C: 3\\nno header",
            "accept | - | - | add AtStart A: 1\n :after_received:B: 2 | add AtStartRfc C: 3 | add AtEnd X-ACL-Warn: no header",
        ),
        (
            "accept log_reject_target = main,reject",
            "accept | - | - | main+panic: unknown log name \"main,reject\" in \"log_reject_target\" in RCPT ACL",
        ),
        ("accept continue = ${lookup{my.dom}lsearch{/f}}", "accept | - | -"),
    ]);
}

#[test]
fn reject_targets() {
    for (text, want) in [
        ("deny", (true, true, false)),
        ("deny log_reject_target =", (false, false, false)),
        ("deny log_reject_target = panic", (false, false, true)),
        ("deny log_reject_target = main:panic", (true, false, true)),
        ("deny log_reject_target = foo", (true, true, false)),
        ("warn log_reject_target = panic\ndeny", (false, false, true)),
    ] {
        let log = run_at(text, AclPlace::Rcpt, &mut World::new()).reject_log;
        assert_eq!((log.main, log.reject, log.panic), want, "{text}");
    }
}

#[test]
fn acls_that_call_acls() {
    check(&[
        ("accept acl = b\nb:\ndeny message = inner", "deny | inner | inner"),
        ("deny acl = b\nmessage = outer\nb:\naccept message = inner", "deny | outer | inner"),
        ("deny acl = b\nb:\naccept message = inner", "deny | inner | inner"),
        ("require acl = b\nb:\ndeny message = inner $acl_narg $acl_arg1", "deny | inner 0  | inner 0 "),
        (
            "require acl = b xx ${sender_address} yy\nb:\ndeny message = inner $acl_narg $acl_arg2\nlog_message = logi",
            "deny | inner 3 s@my.dom | logi",
        ),
        (
            "require acl = b xx\naccept message = [$acl_narg] [$acl_arg1]\nb:\naccept",
            "accept | [0] [] | [0] []",
        ),
        ("require acl = b\nb:\ndrop message = inner", "drop | inner | inner"),
        ("deny !acl = b\nb:\ndrop message = inner", "deny | inner | inner"),
        ("accept acl = b\nb:\ndrop message = inner", "deny | inner | inner"),
        ("accept endpass\nacl = b\nb:\ndrop message = inner\nlog_message = ll", "drop | inner | ll"),
        ("accept acl = b\naccept message = second\nb:\ndeny message = inner", "accept | second | second"),
        ("require acl = b\nmessage = late\nb:\ndeny", "deny | - | -"),
        ("require message = early\nacl = b\nb:\ndeny message = inner\nlog_message = il", "deny | early | il"),
        ("accept acl = b\nmessage = outer\nb:\naccept message = inner", "accept | outer | inner"),
        ("accept acl = b\nb:\ndiscard", "discard | - | -"),
        ("discard acl = b\nb:\ndiscard message = inner\nlog_message = il", "discard | inner | il"),
        (
            "require acl = b\naccept\nb:\ndiscard",
            "error | - | nested ACL returned \"discard\" for \"require\" command (only allowed with \"accept\" or \"discard\")",
        ),
        ("require acl = b\naccept\nb:\ndefer message = inner", "defer | inner | inner"),
        (
            "warn acl = b\naccept\nb:\ndefer message = q",
            "accept | - | - | skipped: ACL \"warn\" statement skipped: condition test deferred: q",
        ),
        ("warn acl = b\naccept\nb:\nrequire control = foo", "error | - | syntax error in \"control=foo\""),
        ("accept acl = b\nb:\naccept acl = b", "error | - | ACL nested too deep: possible loop"),
        ("deny acl = nosuch", "error | - | unknown ACL verb \"nosuch\" in \"nosuch\""),
        ("deny acl = no such", "error | - | unknown ACL verb \"no\" in \"no\""),
        (
            "deny acl = /nosuch/file",
            "error | - | failed to open ACL file \"/nosuch/file\": No such file or directory",
        ),
        ("accept acl = accept", "accept | - | -"),
    ]);
}

#[test]
fn verification_of_the_sender() {
    let cases = [
        ("nobody@my.dom", "require verify = sender", "deny | Sender verify failed | Sender verify failed"),
        (
            "nobody@my.dom",
            "require message = mm $acl_verify_message\nlog_message = ll $acl_verify_message\nverify = sender",
            "deny | mm Sender verify failed | ll Sender verify failed: Sender verify failed",
        ),
        ("nobody@my.dom", "deny !verify = sender\nmessage = mm", "deny | mm | Sender verify failed"),
        (
            "nobody@my.dom",
            "warn !verify = sender\nlog_message = ll $acl_verify_message\naccept message = $sender_verify_failure $acl_verify_message",
            "accept | route  | route  | warning: ll Sender verify failed",
        ),
        (
            "nobody@my.dom",
            "warn !verify = sender\nset acl_m1 = [$acl_verify_message]\naccept message = $acl_m1",
            "accept | [Sender verify failed] | [Sender verify failed]",
        ),
        ("nobody@my.dom", "defer !verify = sender", "defer | Sender verify failed | Sender verify failed"),
        ("user@my.dom", "accept verify = sender", "accept | - | -"),
        ("", "accept verify = sender", "accept | - | -"),
        ("deferrer@my.dom", "accept verify = sender/defer_ok", "accept | - | -"),
    ];
    for (sender, text, want) in cases {
        let mut world = World::new();
        world.fact(Variable::SenderAddress, sender);
        let verdict = run_at(text, AclPlace::Rcpt, &mut world);
        assert_eq!(shown(&verdict, &world), want, "{sender} {text}");
    }
}

#[test]
fn a_sender_that_does_not_verify_is_named() {
    let mut world = World::new();
    world.fact(Variable::SenderAddress, "failer@my.dom");
    let verdict = run_at("require verify = sender/no_details", AclPlace::Rcpt, &mut world);
    let failed = verdict.failed_address.unwrap();
    assert_eq!(failed.address.bytes(), b"failer@my.dom");
    assert_eq!(failed.user_message.unwrap().bytes(), b"gone away");
    assert!(failed.no_details);
}

#[test]
fn a_condition_that_defers_ends_the_acl_with_its_text_for_the_log() {
    let mut world = World::new();
    world.fact(Variable::SenderAddress, "deferrer@my.dom");
    let text = "require message = mm\nlog_message = ll\nverify = sender";
    let verdict = run_at(text, AclPlace::Rcpt, &mut world);
    assert_eq!((verdict.outcome, verdict.by_condition), (AclOutcome::Defer, true));
    assert_eq!(verdict.log_message.unwrap().bytes(), b"Could not complete sender verify");
    assert!(!run_at("defer", AclPlace::Rcpt, &mut World::new()).by_condition);
}

#[test]
fn verification_of_the_recipient() {
    let cases = [
        ("nobody", "require verify = recipient", "deny | Unrouteable address | Unrouteable address"),
        (
            "failer",
            "require message = mm $acl_verify_message\nverify = recipient",
            "deny | mm gone away | gone away",
        ),
        (
            "failer",
            "require message = mm\nlog_message = ll $acl_verify_message\nverify = recipient",
            "deny | mm | ll gone away: gone away",
        ),
        ("deferrer", "require message = mm\nverify = recipient", "defer | not now | not now"),
        // The list ends with what the condition left.
        ("deferrer", "require verify = recipient/defer_ok", "deny | not now | not now"),
        ("user", "accept verify = recipient\nmessage = $address_data", "accept | data | data"),
    ];
    for (local_part, text, want) in cases {
        let mut world = World::new();
        world.fact(Variable::LocalPart, local_part);
        let verdict = run_at(text, AclPlace::Rcpt, &mut world);
        assert_eq!(shown(&verdict, &world), want, "{local_part} {text}");
    }
}

#[test]
fn other_verifications() {
    let no_name = |text: &str| format!("deny | - | {text}");
    for (text, want) in [
        ("require verify = reverse_host_lookup", no_name(NO_NAME)),
        ("deny verify = reverse_host_lookup", no_name(NO_NAME)),
        ("deny verify = reverse_host_lookup\ndeny log_message = own $acl_verify_message", no_name("own ")),
        (
            "require log_message = own $acl_verify_message\nverify = reverse_host_lookup",
            no_name(&format!("own {NO_NAME}: {NO_NAME}")),
        ),
        (
            "require message = own $acl_verify_message\nverify = reverse_host_lookup",
            format!("deny | own  | {NO_NAME}"),
        ),
        ("require verify = helo", no_name("-")),
        ("require verify = header_syntax", "error | - | cannot verify header_syntax in ACL for RCPT".into()),
        (
            "accept verify = recipient/callout",
            "defer | - | verify callout is not supported yet (\"recipient/callout\")".into(),
        ),
    ] {
        let mut world = World::new();
        let verdict = run_at(text, AclPlace::Rcpt, &mut world);
        assert_eq!(shown(&verdict, &world), want, "{text}");
    }
}

fn header(lines: &str) -> Vec<HeaderLine> {
    let line = |line: &str| {
        let (name, body) = line.split_once(':').unwrap();
        HeaderLine { name: name.as_bytes().to_vec(), body: body.replace('~', "\n").into_bytes() }
    };
    lines.lines().map(line).collect()
}

#[test]
fn checks_of_header_lines() {
    let syntax = "require verify = header_syntax\naccept";
    let blind = "require verify = not_blind\naccept";
    let sender = "require verify = header_sender\naccept";
    let cases = [
        (syntax, "To: @", "domain missing or malformed: failing address in \"To:\" header is: @"),
        (
            syntax,
            "From: a b c",
            "missing or malformed local part (expected word or \"<\"): failing address in \"From:\" header is: a b c",
        ),
        (syntax, "To: a@b, , c@d", ""),
        (syntax, "To: ", ""),
        (syntax, "To: undisclosed recipients:;", ""),
        (syntax, "To: foo", "unqualified address not permitted: failing address in \"To:\" header is: foo"),
        (
            syntax,
            "Reply-To: <a@b",
            "'>' missing at end of address: failing address in \"Reply-To:\" header is: <a@b",
        ),
        (
            syntax,
            "From: x@y\nTo: Foo <foo@bar>, \"x\" <@z>",
            "no local part: failing address in \"To:\" header is: \"x\" <@z>",
        ),
        (
            syntax,
            "Resent-To: @",
            "domain missing or malformed: failing address in \"Resent-To:\" header is: @",
        ),
        (syntax, "X-To: @", ""),
        (syntax, "From: <>", "missing or malformed local part: failing address in \"From:\" header is: <>"),
        (
            syntax,
            "To: a@b~ c@d",
            "malformed address: c@d\\n may not follow a@b\\n : failing address in \"To:\" header is: a@b\n c@d",
        ),
        (blind, "To: user@my.dom", ""),
        (blind, "To: other@my.dom", "bcc recipient detected"),
        (blind, "Cc: USER@my.dom", "bcc recipient detected"),
        ("require verify = not_blind/case_insensitive\naccept", "Cc: USER@my.dom", ""),
        (blind, "Bcc: user@my.dom", "bcc recipient detected"),
        (blind, "Resent-Cc: user@MY.dom", ""),
        (
            "require verify = header_names_ascii\naccept",
            "T\u{f6}: a",
            "Invalid character in header \"T\u{f6}\" found",
        ),
        ("require verify = header_names_ascii\naccept", "To: \u{e4}", ""),
        (sender, "From: nobody@my.dom", "there is no valid sender in any header line"),
        (sender, "From: nobody@my.dom\nReply-To: user@my.dom", ""),
        (sender, "X: y", "there is no valid sender in any header line"),
        (
            sender,
            "From: @",
            "syntax error in 'From:' header when scanning for sender: domain missing or malformed in \"@\"",
        ),
        ("require verify = header_sender/defer_ok\naccept", "Sender: deferrer@my.dom", ""),
    ];
    for (text, lines, want) in cases {
        let mut world = World::new();
        world.headers = header(lines);
        let verdict = run_at(text, AclPlace::Data, &mut world);
        let log = verdict.log_message.map(|text| text.to_lossy()).unwrap_or_default();
        let want_outcome = if want.is_empty() { AclOutcome::Accept } else { AclOutcome::Deny };
        assert_eq!((verdict.outcome, &log[..]), (want_outcome, want), "{text} {lines}");
    }
    let mut world = World::new();
    world.headers = header("Sender: deferrer@my.dom");
    let verdict = run_at(sender, AclPlace::Data, &mut world);
    let want = "defer | - | all attempts to verify a sender in a header line deferred";
    assert_eq!(shown(&verdict, &world), want);
}

#[test]
fn the_text_of_debians_configuration() {
    let mut world = World::new();
    world.headers = header("To: @");
    let text = "deny !verify = header_syntax\nmessage = header syntax\nlog_message = header syntax ($acl_verify_message)";
    let verdict = run_at(text, AclPlace::Data, &mut world);
    let why = "domain missing or malformed: failing address in \"To:\" header is: @";
    assert_eq!(shown(&verdict, &world), format!("deny | header syntax | header syntax ({why}): {why}"));
}

#[test]
fn places() {
    use AclPlace::*;
    let cases = [
        (Helo, "accept domains = *", "error | - | cannot test domains condition in EHLO or HELO ACL"),
        (Vrfy, "accept recipients = *", "error | - | cannot test recipients condition in VRFY ACL"),
        (NotSmtp, "accept hosts = *", "error | - | cannot test hosts condition in non-SMTP ACL"),
        (
            NotSmtp,
            "accept dnslists = x",
            "error | - | cannot test auto-keyed dnslists condition in non-SMTP ACL",
        ),
        (Helo, "discard", "error | - | - | main+panic: \"discard\" verb not allowed in EHLO or HELO ACL"),
        (Predata, "discard", "error | - | - | main+panic: \"discard\" verb not allowed in PREDATA ACL"),
        (Quit, "accept message = bye", "accept | bye | bye"),
        (
            Quit,
            "deny message = bye",
            "error | bye | QUIT or not-QUIT toplevel ACL may not fail ('deny' verb used incorrectly)",
        ),
        (Quit, "accept domains = *", "error | - | cannot test domains condition in QUIT ACL"),
    ];
    for (place, text, want) in cases {
        let mut world = World::new();
        let verdict = run_at(text, place, &mut world);
        assert_eq!(shown(&verdict, &world), want, "{place:?} {text}");
    }
}

#[test]
fn lists_of_results() {
    // The world's SPF says softfail, its guess neutral.
    for (text, want) in [
        ("accept spf = pass : softfail", "accept | - | - | spf"),
        ("accept spf = pass", "deny | - | - | spf"),
        ("accept !spf = pass : fail", "accept | - | - | spf"),
        ("accept spf = !fail", "accept | - | - | spf"),
        ("accept spf = ! softfail : pass", "deny | - | - | spf"),
        ("accept spf = *", "accept | - | - | spf"),
        ("accept spf = SOFTFAIL", "deny | - | - | spf"),
        ("accept spf =", "deny | - | - | spf"),
        ("accept spf = ${if eq{a}{b}{x}fail}", "accept | - | -"),
        ("accept spf_guess = <; neutral", "accept | - | - | guess"),
    ] {
        let mut world = World::new();
        let verdict = run_at(text, AclPlace::Rcpt, &mut world);
        assert_eq!(shown(&verdict, &world), want, "{text}");
    }
}

#[test]
fn dns_lists() {
    let tell = "\nmessage = $dnslist_domain/$dnslist_matched/$dnslist_value/$dnslist_text";
    let cases = [
        (
            "deny dnslists = bl.x",
            "deny | bl.x/1.2.3.4/127.0.0.2/listed | bl.x/1.2.3.4/127.0.0.2/listed | ask 4.3.2.1.bl.x A | ask 4.3.2.1.bl.x TXT",
        ),
        ("deny dnslists = none.x", "deny | - | - | ask 4.3.2.1.none.x A"),
        (
            "deny dnslists = none.x : bl.x=127.0.0.2",
            "deny | bl.x/1.2.3.4/127.0.0.2/listed | bl.x/1.2.3.4/127.0.0.2/listed | ask 4.3.2.1.none.x A | ask 4.3.2.1.bl.x A | ask 4.3.2.1.bl.x TXT",
        ),
        ("deny dnslists = bl.x=127.0.0.3", "deny | - | - | ask 4.3.2.1.bl.x A"),
        ("deny dnslists = out.x", "deny | - | - | ask 4.3.2.1.out.x A"),
        (
            "deny dnslists = name.x/$sender_address_domain",
            "deny | name.x/my.dom/127.0.0.9/ | name.x/my.dom/127.0.0.9/ | ask my.dom.name.x A | ask my.dom.name.x TXT",
        ),
        (
            "deny dnslists = bl.x/<;9.9.9.9;1.2.3.4",
            "deny | bl.x/1.2.3.4/127.0.0.2/listed | bl.x/1.2.3.4/127.0.0.2/listed | ask 9.9.9.9.bl.x A | ask 4.3.2.1.bl.x A | ask 4.3.2.1.bl.x TXT",
        ),
        (
            "deny dnslists = bl.x,all.x=127.0.0.5",
            "deny | bl.x/1.2.3.4/127.0.0.2/listed | bl.x/1.2.3.4/127.0.0.2/listed | ask 4.3.2.1.all.x A | ask 4.3.2.1.bl.x A | ask 4.3.2.1.bl.x TXT",
        ),
        (
            "deny dnslists = slow.x",
            "deny | - | - | ask 4.3.2.1.slow.x A | main: DNS list lookup defer (probably timeout) for 4.3.2.1.slow.x: assumed not in list",
        ),
        (
            "deny dnslists = +include_unknown : slow.x",
            "deny | slow.x/// | slow.x/// | ask 4.3.2.1.slow.x A | main: DNS list lookup defer (probably timeout) for 4.3.2.1.slow.x: assumed in list",
        ),
        (
            "deny dnslists = +defer_unknown : slow.x",
            "defer | - | - | ask 4.3.2.1.slow.x A | main: DNS list lookup defer (probably timeout) for 4.3.2.1.slow.x: returned DEFER",
        ),
        ("deny dnslists = +foo", "deny | - | - | main+panic: unknown item in dnslist (ignored): +foo"),
        ("deny dnslists = ", "deny | - | -"),
    ];
    for (text, want) in cases {
        let mut world = World::new();
        world.zone = [
            ("4.3.2.1.bl.x", Ok("127.0.0.2")),
            ("4.3.2.1.bl.x TXT", Ok("listed")),
            ("4.3.2.1.all.x", Ok("127.0.0.2 127.0.0.5")),
            ("4.3.2.1.out.x", Ok("192.0.2.1")),
            ("my.dom.name.x", Ok("127.0.0.9")),
            ("4.3.2.1.slow.x", Err(DnsFailure::Timeout)),
        ]
        .map(|(name, answer)| (name.to_owned(), answer))
        .into();
        let verdict = run_at(&format!("{text}{tell}"), AclPlace::Rcpt, &mut world);
        assert_eq!(shown(&verdict, &world), want, "{text}");
    }
}

#[test]
fn a_run_waits_until_it_is_answered() {
    let mut world = World::new();
    let mut run = AclRun::of_text(
        &set("require delay = 5s\nverify = sender\naccept message = done"),
        AclPlace::Rcpt,
        Value::clean("a"),
        Vec::new(),
    );
    let AclStep::Wait(AclEffect::Delay(time)) = run.step(&mut world) else { panic!("no delay") };
    assert_eq!(time.as_secs(), 5);
    assert_eq!(
        run.step(&mut world),
        AclStep::Wait(AclEffect::Delay(time)),
        "nothing moves without an answer"
    );
    run.resume(AclEffectAnswer::Done);
    let AclStep::Wait(effect @ AclEffect::VerifyAddress(_)) = run.step(&mut world) else {
        panic!("no effect")
    };
    world.fact(Variable::SenderAddress, "user@my.dom");
    run.resume(AclEffectAnswer::Verified(crate::acl::Verified::default()));
    assert!(matches!(effect, AclEffect::VerifyAddress(_)));
    let AclStep::Done(verdict) = run.step(&mut world) else { panic!("no end") };
    assert_eq!((verdict.outcome, verdict.reason.0), (AclOutcome::Accept, "acl.accept"));
}

#[test]
fn verdicts_name_their_statement() {
    let span = Span { file: mail_types::FileId(1), line: 7, column: 3, len: 4 };
    let line = SourceText::plain(&b"deny"[..], span);
    let (acl, _) = Acl::compile(b"a", Span::NOWHERE, &[line], &NamedLists::new());
    let mut set = AclSet::new(NamedLists::new());
    set.insert(acl);
    let run = AclRun::of_text(&Arc::new(set), AclPlace::Rcpt, Value::clean("a"), Vec::new());
    let verdict = run.run(&mut World::new());
    assert_eq!((verdict.at, verdict.reason.0), (Some(span), "acl.deny"));
}

#[test]
fn text_of_the_option_is_expanded() {
    let set = set("accept\nb:\ndeny message = from b");
    for (option, want) in [
        ("a", "accept | - | -"),
        ("${if eq{$domain}{my.dom}{b}{a}}", "deny | from b | from b"),
        ("defer message = inline \\$sender_address", "defer | inline s@my.dom | inline s@my.dom"),
        ("${foo}", "error | - | failed to expand ACL string \"${foo}\": unknown variable in \"${foo}\""),
        ("${if eq{a}{b}{x}fail}", "accept | - | -"),
        (
            "$domain",
            "error | - | internal configuration error | main+panic: attempt to use tainted ACL text \"my.dom\"",
        ),
    ] {
        let mut world = World::new();
        let option = expand::Expansion::parse(&SourceText::nowhere(option.as_bytes()));
        let verdict = AclRun::of_option(&set, AclPlace::Rcpt, &option).run(&mut world);
        assert_eq!(shown(&verdict, &world), want);
    }
}

#[test]
fn wrong_text_is_told_in_exims_words() {
    let cases = [
        ("foo", "unknown ACL verb \"foo\" in \"foo\""),
        ("accept foo = bar", "unknown ACL condition/modifier in \"accept foo = bar\""),
        ("accept domains", "\"=\" missing after ACL \"domains\" condition"),
        ("accept !message=a", "ACL error: negation is not allowed with \"message\""),
        ("accept ! ! domains=a", "unknown ACL condition/modifier in \"accept ! ! domains=a\""),
        ("deny endpass", "ACL error: \"endpass\" is not allowed with \"deny\""),
        ("accept control", "\"=\" missing after ACL \"control\" modifier"),
        (
            "accept set x = y",
            "invalid variable name after \"set\" in ACL modifier \"set x = y\" (must start \"acl_c\" or \"acl_m\")",
        ),
        ("accept set acl_c_foo bar", "\"=\" missing after ACL \"set\" modifier"),
        (
            "accept set acl_cfoo = y",
            "invalid variable name after \"set\" in ACL modifier \"set acl_cfoo = y\" (digit or underscore must follow acl_c or acl_m)",
        ),
        ("domains = a", "unknown ACL verb \"domains\" in \"domains = a\""),
        ("accept\nb", "unknown ACL condition/modifier in \"b\""),
        ("warn !endpass", "ACL error: negation is not allowed with \"endpass\""),
        ("accept domains : a", "\"=\" missing after ACL \"domains\" condition"),
        ("ACCEPT", "unknown ACL verb \"ACCEPT\" in \"ACCEPT\""),
        ("accept =", "unknown ACL condition/modifier in \"accept =\""),
        ("1:", "unknown ACL verb \"\" in \"1:\""),
        (
            "accept set dkim_verify_foo=fail",
            "invalid variable name after \"set\" in ACL modifier \"set dkim_verify_foo=fail\" (must start \"acl_c\" or \"acl_m\")",
        ),
    ];
    for (text, want) in cases {
        let lines: Vec<_> = text.lines().map(|line| SourceText::nowhere(line.as_bytes())).collect();
        let (_, found) = Acl::compile(b"a", Span::NOWHERE, &lines, &NamedLists::new());
        let texts: Vec<_> = found.into_iter().filter_map(|d| d.exim_text).collect();
        assert_eq!(texts, [format!("error in ACL: {want}")], "{text}");
    }
}

#[test]
fn what_is_not_there_yet_is_an_error_and_what_exim_meets_later_a_warning() {
    let cases = [
        (
            "accept atrn_domains = x",
            Some(Severity::Error),
            "the ACL condition \"atrn_domains\" is not supported yet",
        ),
        (
            "accept ratelimit = 1 / 1h",
            Some(Severity::Error),
            "the ACL condition \"ratelimit\" is not supported yet",
        ),
        ("accept udpsend = x", Some(Severity::Error), "the ACL modifier \"udpsend\" is not supported yet"),
        ("accept control = debug", Some(Severity::Error), "control = debug is not supported yet"),
        (
            "deny !verify = sender/callout",
            Some(Severity::Warning),
            "verify callout is not supported yet (\"sender/callout\")",
        ),
        ("accept control = foo", Some(Severity::Warning), "syntax error in \"control=foo\""),
        (
            "accept delay = x",
            Some(Severity::Warning),
            "syntax error in argument for \"delay\" modifier: \"x\" is not a time value",
        ),
        ("accept domains = +nolist", Some(Severity::Warning), "unknown named domain list \"+nolist\""),
        ("accept control = freeze\nverify = recipient\ndelay = 5s", None, ""),
    ];
    for (text, severity, message) in cases {
        let lines: Vec<_> = text.lines().map(|line| SourceText::nowhere(line.as_bytes())).collect();
        let (_, found) = Acl::compile(b"a", Span::NOWHERE, &lines, &NamedLists::new());
        assert_eq!(found.first().map(|d| d.severity), severity, "{text}: {found:?}");
        assert_eq!(found.first().map(|d| &d.message[..]).unwrap_or_default(), message, "{text}");
    }
}
