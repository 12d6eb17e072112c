//! Hostile and broken texts: every one ends with a value or an error, soon, within a small stack.

use mail_types::{SourceText, Value};
use postrider_expand::variable::AclScope;
use postrider_expand::{BareEnv, EvalError, Expansion};

fn expand(text: &str) -> Result<Vec<u8>, EvalError> {
    expand_with(text, &mut BareEnv::new())
}

fn expand_with(text: &str, env: &mut BareEnv) -> Result<Vec<u8>, EvalError> {
    Expansion::parse(&SourceText::nowhere(text.as_bytes())).eval(env).map(Value::into_bytes)
}

/// Each with its own way of nesting.
const OPENINGS: [&str; 16] = [
    "${lc:",
    "${if eq{a}{",
    "${if eq{a}{a}{",
    "${if eq{a}{b}{}{",
    "${if and{{",
    "${if or{{!",
    "${if forany{a}{",
    "${map{",
    "${map{a}{",
    "${filter{a}{forany{",
    "${extract{a}{",
    "${extract json{",
    "${run{${",
    "${run,preexpand{",
    "${lookup{",
    "${sort{a}{lt}{",
];

#[test]
fn deep_nesting_is_an_error() {
    for opening in OPENINGS {
        let text = opening.repeat(100_000);
        let error = expand(&text).expect_err(opening);
        assert!(!error.message().is_empty(), "{opening}");
    }
}

#[test]
fn nesting_up_to_the_limit_works() {
    let lc = format!("{}A{}", "${lc:".repeat(98), "}".repeat(98));
    assert_eq!(expand(&lc).unwrap(), b"a");
    let branches = format!("{}A{}", "${if eq{a}{a}{".repeat(98), "}}".repeat(98));
    assert_eq!(expand(&branches).unwrap(), b"A");
    let conditions = format!("${{if {}eq{{a}}{{a}}{}}}", "and{{".repeat(90), "}}".repeat(90));
    assert_eq!(expand(&conditions).unwrap(), b"true");
    let error = expand(&format!("{}A{}", "${lc:".repeat(101), "}".repeat(101))).unwrap_err();
    assert_eq!(error.message(), "expansion items are nested too deeply");
}

#[test]
fn negations_and_signs_do_not_nest() {
    assert_eq!(expand(&format!("${{if {}eq{{a}}{{a}}{{y}}{{n}}}}", "!".repeat(100_000))).unwrap(), b"y");
    assert_eq!(expand(&format!("${{eval:{}1}}", "~".repeat(100_000))).unwrap(), b"1");
    assert!(expand(&format!("${{eval:{}1}}", "(".repeat(100_000))).is_err());
}

#[test]
fn text_that_expands_itself_ends() {
    let mut env = BareEnv::new();
    let again = Value::clean("${expand:$acl_c_x}");
    env.acl_variables.insert((AclScope::Connection, b"_x".to_vec()), again);
    let error = expand_with("${expand:$acl_c_x}", &mut env).unwrap_err();
    assert!(error.message().contains("nested too deeply"), "{error}");
}

#[test]
fn results_are_bounded() {
    let list = "a:".repeat(40);
    let error = expand(&format!("${{reduce{{{list}}}{{x}}{{$value$value}}}}")).unwrap_err();
    assert!(error.message().contains("longer than"), "{error}");
}

#[test]
fn work_is_bounded() {
    let list = "a:".repeat(5_000);
    let error = expand(&format!("${{sort{{{list}}}{{gt}}{{$item}}}}")).unwrap_err();
    assert!(error.message().contains("steps"), "{error}");
}

#[test]
fn backtracking_is_bounded() {
    let error =
        expand("${if match{aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab}{\\N^(a|a?)+$\\N}}").unwrap_err();
    assert_eq!(error.message(), "regular expression match failed: match limit exceeded");
}

#[test]
fn zero_ranges_are_errors() {
    for text in ["${hash{3}{0}{abcdef}}", "${hash{3}{}{abcdef}}", "${nhash{0}{abc}}", "${nhash{8}{0}{abc}}"] {
        assert!(expand(text).unwrap_err().message().contains("zero"), "{text}");
    }
    assert!(expand("${hash{-1}{abc}}").unwrap_err().message().contains("negative"));
}

#[test]
fn truncated_texts_never_panic() {
    let text = "${if and{{match{$h_x:}{\\N^(a)\\N}}{forany{<; a;b}{eq{$item}{$1}}}}{${sg{$value}{(.)}{\\$1\\x41}}}\
                {${extract{2}{:}{${lookup{k}lsearch{/f}{$value}fail}}{$value}{${run{/x \"a b\"}{y}{n}}}}}}";
    for end in 0..text.len() {
        let _ = expand(&text[..end]);
        let _ = expand(&text[end..]);
    }
}
