//! What `-brw` of Debian's Exim showed, as tables.

use std::sync::Arc;

use expand::lookup::{Lookup, LookupAnswer, LookupRequest, LookupWorld};
use expand::{BareEnv, EvalError};

use super::*;

const RULES: &str = r#"*@old.dom  $1@new.dom
*queen@*.fict.example  x-$1-$2@q
root@*.hitch  *
*@*.hitch  $1@hitch
^\N^(.*)-x@re\.dom$\N $1@re2.dom
a@fl.dom  b@fl.dom  fs
a@env.dom b@env.dom E
a@envf.dom b@envf.dom F
a@tt.dom b@tt.dom T
a@h.dom b@h.dom h
a@qq.dom  b  Q
a@noq.dom  b
u@chain  v@chain q
v@chain  w@chain
r@loop  r@loop R
*x@strip $1@strip R
w@w.dom "W W <ww@w.dom>" w
*@nw.dom "N W <nn@w.dom>"
f@f.dom "${if eq{a}{b}{x}fail}"
f@f.dom  g@f.dom
e@e.dom  ${foo}
e@e.dom  zz@e.dom
*@partial-lsearch;/f  $1-$2-$3@x.y
CASE@c.dom  lower@c.dom
*@LS.dom  $local_part-$domain@x
lp@lpd.dom  $local_part-$domain@x
z@z.dom  "not an address"
z2@z.dom  @
*@lit.dom $1@[1.2.3.4]
*@nul.dom "<>"
*@qr.dom "${if eq{$1}{a}{b@qr.dom}fail}" q
*@qr.dom zz@qr.dom
*@qw.dom a@qw2.dom fqw
*@qw.dom c@qw3.dom
^(?i)<([^>!]+)!(.*)> <$2@$1> S
"#;

/// A partial lookup that finds every `*.part.ex` and `a.b`.
struct Parts;

impl Lookup for Parts {
    fn lookup(
        &self,
        request: &LookupRequest<'_>,
        _world: &mut LookupWorld<'_>,
    ) -> Result<LookupAnswer, EvalError> {
        let key = String::from_utf8_lossy(request.key.bytes()).into_owned();
        let captures = match key.strip_suffix(".part.ex") {
            Some(wild) => (Value::tainted(wild), Value::clean("part.ex")),
            None if key == "a.b" => (Value::empty(), Value::tainted(key.clone())),
            None => return Ok(LookupAnswer::NotFound),
        };
        Ok(LookupAnswer::Found { data: Value::clean("data"), captures: Some(Box::new(captures)) })
    }

    fn quote(&self, _: &str, _: &[u8], _: Option<&[u8]>) -> Option<Vec<u8>> {
        None
    }
}

fn env() -> BareEnv {
    let mut env = BareEnv::new();
    env.variables.insert(Variable::QualifyRecipient, Value::clean("q.dom"));
    env.lookups = Some(Arc::new(Parts));
    env
}

fn rules(text: &str) -> (RewriteRules, Vec<String>) {
    let lines: Vec<SourceText> = text.lines().map(|line| SourceText::nowhere(line.as_bytes())).collect();
    let (rules, diagnostics) = RewriteRules::compile(&lines, &NamedLists::new());
    let errors = diagnostics.into_iter().filter(|d| d.severity == mail_types::Severity::Error);
    (rules, errors.filter_map(|d| d.exim_text).collect())
}

/// The new address (`=` when it stays), then the texts for the panic log.
fn brw(address: &str, usage: AddressUse) -> String {
    let (rules, errors) = rules(RULES);
    assert_eq!(errors, [""; 0]);
    match rules.rewrite(&Value::tainted(address), usage, &mut env()) {
        Ok(None) => "=".into(),
        Ok(Some(new)) => {
            let whole = if new.whole { "whole " } else { "" };
            format!("{whole}{}", [vec![new.address.to_lossy()], new.problems].concat().join(" | "))
        }
        Err(error) => format!("= | {}", error.message),
    }
}

#[test]
fn addresses_in_headers() {
    let cases = [
        ("u@old.dom", "u@new.dom"),
        ("U@OLD.dom", "U@new.dom"),
        ("hearts-queen@wonderland.fict.example", "x-hearts--wonderland@q"),
        ("root@a.hitch", "="),
        ("x@a.hitch", "x@hitch"),
        ("ab-x@re.dom", "ab@re2.dom"),
        ("a@fl.dom", "b@fl.dom"),
        ("a@env.dom", "="),
        ("a@h.dom", "b@h.dom"),
        ("a@qq.dom", "b@q.dom"),
        ("a@noq.dom", "= | Rewrite of a@noq.dom yielded unqualified address \"b\""),
        ("u@chain", "v@chain"),
        ("v@chain", "w@chain"),
        ("r@loop", "r@loop | rewrite rule repeat ignored after 10 times"),
        ("axxx@strip", "a@strip"),
        ("w@w.dom", "whole W W <ww@w.dom>"),
        ("a@nw.dom", "nn@w.dom"),
        ("f@f.dom", "g@f.dom"),
        ("e@e.dom", "= | Expansion of ${foo} failed while rewriting: unknown variable in \"${foo}\""),
        ("foo@bar.part.ex", "foo-bar-part.ex@x.y"),
        ("foo@a.b", "foo--a.b@x.y"),
        ("case@c.dom", "="),
        ("CASE@c.dom", "lower@c.dom"),
        ("Xy@ls.dom", "="),
        ("lp@lpd.dom", "lp-lpd.dom@x"),
        (
            "z@z.dom",
            "= | Rewrite of z@z.dom yielded unparseable address: missing or malformed local part (expected word or \
             \"<\") in address not an address",
        ),
        (
            "z2@z.dom",
            "= | Rewrite of z2@z.dom yielded unparseable address: domain missing or malformed in address @",
        ),
        ("x@lit.dom", "x@[1.2.3.4]"),
        (
            "x@nul.dom",
            "= | Rewrite of x@nul.dom yielded unparseable address: missing or malformed local part in address <>",
        ),
        ("a@qr.dom", "b@qr.dom"),
        ("c@qr.dom", "="),
        ("x@qw.dom", "whole a@qw2.dom"),
        ("\"a b\"@old.dom", "\"a b\"@new.dom"),
    ];
    for (address, want) in cases {
        assert_eq!(brw(address, AddressUse::From), want, "{address}");
    }
}

#[test]
fn flags_choose_the_places() {
    use AddressUse::*;
    let cases = [
        ("a@fl.dom", vec![From, Sender]),
        ("a@env.dom", vec![EnvelopeFrom, EnvelopeTo]),
        ("a@envf.dom", vec![EnvelopeFrom]),
        ("a@tt.dom", vec![EnvelopeTo]),
        ("a@h.dom", vec![From, To, Cc, Bcc, ReplyTo, Sender]),
    ];
    for (address, places) in cases {
        for usage in [EnvelopeFrom, EnvelopeTo, From, To, Cc, Bcc, ReplyTo, Sender] {
            assert_eq!(brw(address, usage) != "=", places.contains(&usage), "{address} {usage:?}");
        }
    }
}

#[test]
fn the_envelope_takes_the_working_part_only() {
    assert_eq!(brw("w@w.dom", AddressUse::EnvelopeTo), "ww@w.dom");
    assert_eq!(brw("x@qw.dom", AddressUse::EnvelopeTo), "c@qw3.dom");
    assert_eq!(brw("x@nul.dom", AddressUse::EnvelopeFrom), "");
}

#[test]
fn smtp_arguments() {
    assert_eq!(brw("<Host.name!User>", AddressUse::SmtpArgument), "User@Host.name");
    assert_eq!(brw("<u@old.dom>", AddressUse::SmtpArgument), "=");
    assert!(rules(RULES).0.concerns(AddressUse::SmtpArgument));
    assert!(!rules("*@a b@a\n").0.concerns(AddressUse::SmtpArgument));
}

/// What rules make of `address` in a place, with the texts for the panic log.
fn made(text: &str, address: &str, usage: AddressUse) -> String {
    let (rules, errors) = rules(text);
    assert_eq!(errors, [""; 0], "{text}");
    let mut env = env();
    env.settings.headers_charset = b"UTF-8".to_vec();
    match rules.rewrite(&Value::tainted(address), usage, &mut env) {
        Ok(None) => "=".into(),
        Ok(Some(new)) => [vec![new.address.to_lossy()], new.problems].concat().join(" | "),
        Err(error) => format!("= | {}", error.message),
    }
}

#[test]
fn smtp_arguments_become_addresses() {
    let cases = [
        ("^a \"<x@y>\" S", "a@b.c", "x@y"),
        ("^a \"<>\" S", "a@b.c", ""),
        ("^a \"Foo <x@y> (b)\" Sw", "a@b.c", "x@y"),
        ("^a \"Foo <l> (b)\" SwQ", "a@b.c", "l@q.dom"),
        ("^a loc S", "a@b.c", "= | Rewrite of a@b.c yielded unqualified address \"loc\""),
        ("^a * S", "a@b.c", "= | Rewrite of a@b.c yielded unqualified address \"*\""),
        ("^(.*)@b\\.c $1@low SF\n^(.*)@B\\.C $1@up SF", "a@B.C", "a@up"),
    ];
    for (text, address, want) in cases {
        assert_eq!(made(text, address, AddressUse::SmtpArgument), want, "{text}");
    }
    // The same rules in the envelope see the domain in lower case.
    assert_eq!(made(cases[6].0, "a@B.C", AddressUse::EnvelopeFrom), "a@low");
}

#[test]
fn whole_items_of_headers() {
    let cases = [
        ("*@b.c \"Foo <x@y>\" fw\nx@y y@q f", "Foo <y@q>"),
        ("*@b.c \"Foo <x@y>\" f\nx@y \"Bar <y@q>\" fw", "Bar <y@q>"),
        ("*@b.c \"Foo <x@y>\" fw\nx@y y@q fw", "y@q"),
        ("*@b.c \"Foo <x@y>\" fw\nx@y nn f", "Foo <x@y> | Rewrite of x@y yielded unqualified address \"nn\""),
        ("*@b.c \"Foo <loc>\" wQf", "Foo <loc@q.dom>"),
        (
            "*@b.c \"Föö bar\\x41 <x@z> (cöm)\" fw",
            "=?UTF-8?Q?F=C3=B6=C3=B6_barA?= <x@z> =?UTF-8?Q?=28c=C3=B6m=29?=",
        ),
        ("*@b.c \"Foo \\\"bar\\\" <x@z>\" fw", "Foo \"bar\" <x@z>"),
    ];
    for (text, want) in cases {
        assert_eq!(made(text, "a@b.c", AddressUse::From), want, "{text}");
    }
}

#[test]
fn transports_rewrite_headers_only() {
    let compile = |text: &str| {
        let (_, found) =
            RewriteRules::compile_for_transport(&[SourceText::nowhere(text.as_bytes())], &NamedLists::new());
        found.into_iter().filter_map(|d| d.exim_text).collect::<Vec<_>>()
    };
    let refused = "rewrite rule specifies a non-header rewrite - not allowed at transport time -";
    for text in ["*@a.b x@y F", "*@a.b x@y fT", "*@a.b x@y E", "^a x@y S"] {
        assert_eq!(compile(text), [refused], "{text}");
    }
    assert_eq!(compile("*@a.b x@y wQqRh"), [""; 0]);
    assert_eq!(compile("*@a.b"), ["missing rewrite replacement string"]);
}

#[test]
fn captures_of_the_caller_come_back() {
    let mut env = env();
    env.scope.captures = Captures::new(vec![Value::clean("mine")]);
    let (rules, _) = rules(RULES);
    rules.rewrite(&Value::tainted("u@old.dom"), AddressUse::To, &mut env).unwrap();
    assert_eq!(env.scope.captures.number(0), Some(&Value::clean("mine")));
}

#[test]
fn wrong_rules_are_told_in_exims_words() {
    let unknown = |c: char| {
        format!("unknown rewrite flag character '{c}' (could be missing quotes round replacement item)")
    };
    let cases = [
        ("*@a", "missing rewrite replacement string".to_owned()),
        ("\"a b c", "missing rewrite replacement string".to_owned()),
        ("*@a b Z", unknown('Z')),
        ("*@a b fZ", unknown('Z')),
        ("*@a  b  x  y", unknown('x')),
        ("*@a b S", "rewrite rule has the S flag but is not a regular expression".to_owned()),
    ];
    for (line, want) in cases {
        assert_eq!(rules(line).1, [want], "{line}");
    }
    for line in ["*@a b f s t", "^a b S", "\\N^a\\N b S", "\"*@a\" b", "*@a * ", "*@a \"b", ""] {
        assert_eq!(rules(line).1, [""; 0], "{line}");
    }
}
