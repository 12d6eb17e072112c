//! What is reported when a text is read, and what is known about it then.

use mail_types::{FileId, SourceText, Span};
use postrider_expand::{BareEnv, EvalError, Expansion};

fn parse(text: &str) -> Expansion {
    let span = Span { file: FileId(0), line: 7, column: 3, len: text.len() as u32 };
    Expansion::parse(&SourceText::plain(text.as_bytes(), span))
}

#[test]
fn a_syntax_error_is_reported_with_exims_text_and_its_place() {
    let expansion = parse("abc ${nosuch:x} def");
    let [found] = expansion.diagnostics() else { panic!("{:?}", expansion.diagnostics()) };
    assert_eq!(found.id, "expand.syntax");
    assert_eq!(found.exim_text.as_deref(), Some("unknown expansion operator \"nosuch\""));
    assert_eq!((found.span.line, found.span.column, found.span.len), (7, 9, 9));
}

#[test]
fn a_misspelt_name_brings_the_right_one_to_mind() {
    for (text, meant) in [
        ("a $local_prat b", "did you mean local_part?"),
        ("${sender_adress}", "did you mean sender_address?"),
        ("${lcc:x}", "did you mean lc?"),
        ("${if metch{a}{b}}", "did you mean match?"),
        ("${extrct{a}{b}}", "did you mean extract?"),
    ] {
        let expansion = parse(text);
        let [found] = expansion.diagnostics() else { panic!("{text}: {:?}", expansion.diagnostics()) };
        assert_eq!(found.help.as_deref(), Some(meant), "{text}");
    }
}

#[test]
fn a_failure_knows_where_it_happened() {
    let error = parse("abc ${lc:x}${mask:nonsense} def").eval(&mut BareEnv::new()).unwrap_err();
    let EvalError::Failed { message, span: Some(span) } = error else { panic!("{error:?}") };
    assert_eq!(message, "\"nonsense\" is not an IP address");
    assert_eq!((span.line, span.column), (7, 14));
}

#[test]
fn what_cannot_work_is_told_apart_from_an_unknown_name() {
    let expansion = parse("${dlfunc{/nowhere}{f}}${if pam{a}{b}{c}}");
    let ids: Vec<&str> = expansion.diagnostics().iter().map(|found| found.id).collect();
    assert_eq!(ids, ["expand.unsupported"]);
}

#[test]
fn what_has_no_service_here_does_no_harm_in_a_skipped_branch() {
    for text in [
        "${if eq{a}{b}{${perl{x}}}{n}}",
        "${if eq{a}{b}{${readsocket{/x}{y}}}{n}}",
        "${if eq{a}{b}{${certextract{a}{$tls_in_peercert}{b}{c}}}{n}}",
        "${if and{{eq{a}{b}}{pam{x}}}{y}{n}}",
        "${if and{{eq{a}{b}}{saslauthd{{x}{y}}}}{y}{n}}",
        "${if and{{eq{a}{b}}{eq{${sha3:x}}{y}}}{y}{n}}",
    ] {
        assert_eq!(parse(text).eval(&mut BareEnv::new()).unwrap().bytes(), b"n", "{text}");
    }
}

#[test]
fn a_pattern_that_does_not_compile_is_reported_at_load() {
    let expansion = parse("${if match{$h_x:}{(}}");
    assert_eq!(expansion.diagnostics()[0].id, "expand.regex");
}

#[test]
fn constants_are_known() {
    assert_eq!(parse("").constant(), Some(&b""[..]));
    assert_eq!(parse("a\\x41\\Nb$c\\N").constant(), Some(&b"aAb$c"[..]));
    assert_eq!(parse("a$pid").constant(), None);
    assert_eq!(parse("${").constant(), None);
}

#[test]
fn what_may_block_is_known() {
    for (text, blocks) in [
        ("$sender_address${lc:A}", false),
        ("${if match{a}{b}}", false),
        ("${lookup{a}lsearch{/f}}", true),
        ("${if exists{/f}}", true),
        ("${if eq{a}{b}{${run{/bin/x}}}}", true),
        ("${readfile{/f}}", true),
        ("${if match_domain{a}{b}}", true),
        ("${acl{x}}", true),
        ("${expand:$acl_c0}", true),
    ] {
        assert_eq!(parse(text).may_block(), blocks, "{text}");
    }
}

#[test]
fn names_not_served_yet_stand_in_the_list_of_differences() {
    let page = std::fs::read_to_string(xtask::root().join("docs/compat.md")).unwrap();
    for row in postrider_expand::unsupported::unsupported() {
        assert!(page.contains(&format!("`{}`", row.name)), "{} is not in docs/compat.md", row.name);
    }
}
