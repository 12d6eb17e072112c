//! What Debian's Exim 4.96 cannot answer, because it lacks the feature or because it needs mail: each row of
//! `tests/parity/witnesses.tsv` names one of these tests.

use mail_types::{SourceText, Value};
use postrider_expand::{BareEnv, Expansion, VARIABLES, Variable};

fn expand_with(text: &str, env: &mut BareEnv) -> String {
    match Expansion::parse(&SourceText::nowhere(text.as_bytes())).eval(env) {
        Ok(value) => value.to_lossy(),
        Err(error) => format!("Failed: {error}"),
    }
}

fn expand(text: &str) -> String {
    expand_with(text, &mut BareEnv::new())
}

fn variable(name: &str) -> Variable {
    VARIABLES.iter().find(|row| row.name == name).unwrap_or_else(|| panic!("{name}")).variable
}

/// Names that came after 4.96, or that Debian's build leaves out.
const NEWER: [&str; 26] = [
    "arc_domains",
    "arc_oldest_pass",
    "arc_state",
    "arc_state_reason",
    "atrn_host",
    "atrn_mode",
    "connection_id",
    "dcc_header",
    "dcc_result",
    "dkim_verify_signers",
    "dmarc_alignment_dkim",
    "dmarc_alignment_spf",
    "dmarc_ar_header",
    "dmarc_domain_policy",
    "dmarc_status",
    "dmarc_status_text",
    "dmarc_used_domain",
    "recipients_list",
    "regex_cachesize",
    "sender_helo_verified",
    "spf_used_domain",
    "srs_db_address",
    "srs_db_key",
    "srs_orig_recipient",
    "srs_orig_sender",
    "srs_status",
];

#[test]
fn variables_newer_than_the_oracle() {
    for name in NEWER {
        assert_eq!(expand(&format!("<${name}>")), "<>", "{name}");
        assert_eq!(expand(&format!("${{if def:{name} {{set}} {{unset}} }}")), "unset", "{name}");
        assert!(expand(&format!("a${{{name}")).starts_with("Failed: "), "{name}");
        let mut env = BareEnv::new();
        env.variables.insert(variable(name), Value::clean("value"));
        assert_eq!(expand_with(&format!("${name}${{{name}}}"), &mut env), "valuevalue", "{name}");
    }
}

#[test]
fn counters_of_filters() {
    for number in 0..10 {
        for name in [format!("n{number}"), format!("sn{number}")] {
            let unknown = format!("Failed: unknown variable name \"{name}\"");
            assert_eq!(expand(&format!("${name}")), unknown);
            let mut env = BareEnv::new();
            env.variables.insert(variable(&name), Value::clean("7"));
            assert_eq!(expand_with(&format!("${{eval: ${name} + 1}}"), &mut env), "8");
        }
    }
}

#[test]
fn pipe_addresses_only_in_pipes() {
    assert_eq!(expand("$pipe_addresses"), "Failed: unknown variable name \"pipe_addresses\"");
    assert_eq!(
        expand("${if def:pipe_addresses {y} {} }"),
        "Failed: unknown variable \"pipe_addresses\" after \"def:\""
    );
}

#[test]
fn headerwrap_folds() {
    let table = [
        (
            "${headerwrap_20_40:Subject: a line that is longer than twenty columns}",
            "Subject: a line that\n\tis longer\n\tthan tw",
        ),
        ("${headerwrap:Subject: short}", "Subject: short"),
        ("${headerwrap_10:}", ""),
        ("${headerwrap_x:a}", "Failed: non-digit after underscore in \"headerwrap_x\""),
    ];
    for (text, wanted) in table {
        assert_eq!(expand(text), wanted, "{text}");
    }
}

#[test]
fn xtext_is_decoded() {
    let table = [
        ("${xtextd:a+2Bb+3Dc}", "a+b=c"),
        ("${xtextd:}", ""),
        ("${xtextd:+C3+A9 x}", "\u{e9} x"),
        ("${xtextd:a+2}", "Failed: \"a+2\" is not valid xtext"),
        ("${xtextd:a+zz}", "Failed: \"a+zz\" is not valid xtext"),
    ];
    for (text, wanted) in table {
        assert_eq!(expand(text), wanted, "{text}");
    }
}
