//! What Debian's Exim answered, as tables.

use std::net::IpAddr;
use std::sync::Arc;

use expand::lookup::{Lookup, LookupAnswer, LookupRequest, LookupWorld};
use expand::{BareEnv, EvalError, Variable};
use mail_types::diagnostic::{SourceText, Span};
use mail_types::value::Value;

use super::*;

/// Lookups from a table: `(type, key, data)`.
struct Table(&'static [(&'static str, &'static str, &'static str)]);

impl Lookup for Table {
    fn lookup(
        &self,
        request: &LookupRequest<'_>,
        _world: &mut LookupWorld<'_>,
    ) -> Result<LookupAnswer, EvalError> {
        if request.key.bytes() == b"broken" {
            return Err(EvalError::defer("failed to open /f for linear search: No such file or directory"));
        }
        let found = self
            .0
            .iter()
            .find(|(kind, key, _)| *kind == request.spec.kind && key.as_bytes() == request.key.bytes());
        Ok(match found {
            Some((_, _, data)) => LookupAnswer::Found { data: Value::clean(*data), captures: None },
            None => LookupAnswer::NotFound,
        })
    }

    fn quote(&self, _: &str, _: &[u8], _: Option<&[u8]>) -> Option<Vec<u8>> {
        None
    }
}

const DATA: Table = Table(&[
    ("lsearch", "a.b", "data a"),
    ("lsearch", "ab", "!postmaster : * :"),
    ("lsearch", "b.c", "one : >k2"),
    ("lsearch", "k2", "two: ^x+$"),
    ("lsearch", "neg", "!foo"),
    ("lsearch", "spaced", "a : > k2 "),
    ("lsearch", "named", "+lp : +caseful : foo2"),
    ("lsearch", "loop", "none : >loop"),
    ("lsearch", "a@b", "exact"),
    ("lsearch", "10.1.2.3", "byip"),
    ("lsearch", "10.0.0.0/8", "bynet"),
    ("lsearch", "0000.0000.0000.0000.0000.0000.0000.0001", "dotted"),
    ("lsearch", "mail.friend.example", "byname"),
    ("iplsearch", "0000:0000:0000:0000:0000:0000:0000:0001", "six"),
    ("passwd", "root", "*:0:0:root:/root:/bin/bash"),
]);

fn env() -> BareEnv {
    let mut env = BareEnv::new();
    env.variables.insert(Variable::PrimaryHostname, Value::clean("my.host.example"));
    env.lookups = Some(Arc::new(DATA));
    env
}

fn lists() -> NamedLists {
    let lists = NamedLists::new();
    let all = [
        (ListKind::Domain, "d1", "a.b : *.c.d : !x.y : ^re.*[.]ex"),
        (ListKind::Domain, "dneg", "!a.b"),
        (ListKind::Domain, "selfish", "+selfish"),
        (ListKind::Host, "h1", "10.0.0.0/8 : 192.168.1.1"),
        (ListKind::Address, "al", "u@d.ex : *@e.ex : bare.ex : *.suf.ex"),
        (ListKind::LocalPart, "lp", "one : two* : *three : ^fo+"),
    ];
    for (kind, name, text) in all {
        let list = NamedList {
            text: SourceText::nowhere(text.as_bytes()),
            span: Span::NOWHERE,
            hidden: false,
            cached: false,
        };
        assert!(lists.define(kind, name.as_bytes(), list));
    }
    lists
}

/// `yes:value:$0:$1`, `no`, or `error: text`.
fn answer(kind: ListKind, subject: &str, list: &str) -> String {
    let mut env = env();
    let value = Value::tainted(subject);
    let subject = match kind {
        ListKind::Host => Subject::address(subject.parse().ok()),
        _ => Subject::Value(&value),
    };
    match lists().match_text(kind, subject, &Value::clean(list), MatchOptions::default(), &mut env) {
        Err(error) => format!("error: {error}"),
        Ok(ListMatch { matched: false, .. }) => "no".into(),
        Ok(found) => {
            let number = |n| env.scope.captures.number(n).map(Value::to_lossy).unwrap_or_default();
            let value = found.value.map(|v| v.to_lossy()).unwrap_or_default();
            format!("yes:{value}:{}:{}", number(0), number(1)).trim_end_matches(':').to_owned()
        }
    }
}

fn check(kind: ListKind, cases: &[(&str, &str, &str)]) {
    for (subject, list, want) in cases {
        assert_eq!(answer(kind, subject, list), *want, "{subject:?} in {list:?}");
    }
}

#[test]
fn domains() {
    check(
        ListKind::Domain,
        &[
            ("a.b", "+d1", "yes:a.b:a.b"),
            ("q.c.d", "+d1", "yes:*.c.d:q.c.d:q"),
            ("A.B", "a.b : c", "yes:a.b:a.b"),
            ("zz", "<; a ; b ; !c", "yes"),
            ("zz", "+nolist", "error: unknown named domain list \"+nolist\""),
            ("zz", "+d1 : !a", "yes"),
            ("a.b", "lsearch;/f", "yes:data a:a.b"),
            ("a.b", "lsearch; /f", "yes:data a:a.b"),
            ("broken", "lsearch;/f", "error: failed to open /f for linear search: No such file or directory"),
            ("a", "lsearch ;/f", "error: unknown lookup type \"lsearch \""),
            ("a", "a;b", "error: unknown lookup type \"a\""),
            ("a", ";foo", "error: unknown lookup type \"\""),
            ("my.host.example", "@", "yes:my.host.example:my.host.example"),
            ("[127.0.0.1]", "@[]", "no"),
            ("@[]", "@[]", "no"),
            ("a.b", "@mx_any", "no"),
            ("@foo", "@foo", "yes:@foo:@foo"),
            ("", ":", "yes"),
            ("", "a: :", "yes"),
            ("", "", "no"),
            ("a", "*", "yes:*:a:a"),
            ("a", "*a*", "no"),
            ("re1.ex", "+d1", "yes:^re.*[.]ex:re1.ex"),
            ("x", "^x : ^(.)$", "yes:^x:x"),
            ("X", "^(?-i)x", "no"),
            ("XX.B", "^x(.*)[.]b", "yes:^x(.*)[.]b:XX.B:X"),
            ("XX.B", "*.b", "yes:*.b:xx.b:xx"),
            (
                "a",
                "^(",
                "error: regular expression error: missing closing parenthesis at offset 2 while compiling ^(",
            ),
            ("a", "+caseful : A", "error: unknown named domain list \"+caseful\""),
            ("a", "! ! a", "yes"),
            ("+", "+", "error: unknown named domain list \"+\""),
            ("a.b", "!a.b", "no"),
            ("a.b", "passwd;root", "yes:*:0:0:root:/root:/bin/bash:a.b"),
            ("a.b", "passwd;nobody", "no"),
            ("a@b", "*@b", "yes:*@b:a@b:a"),
            ("a.b", "!+d1", "no"),
            ("zz", "!+dneg : b", "no"),
            ("a.b", "!+dneg", "yes:a.b:a.b"),
            ("zz", "!+dneg", "no"),
            ("x", "a:b: :!x:", "no"),
            ("z", "a:b: :!x:", "yes"),
            ("z", "a:b: :!x: :", "no"),
            ("", "!", "no"),
            ("q", "!", "yes"),
            ("a.", "a", "no"),
            ("b", " < ; a;b", "error: unknown lookup type \"< \""),
            ("z", "+selfish", "error: named lists are nested too deeply at \"+selfish\""),
        ],
    );
}

#[test]
fn addresses() {
    check(
        ListKind::Address,
        &[
            ("u@d.ex", "+al", "yes:u@d.ex"),
            ("zz@e.ex", "+al", "yes:*@e.ex"),
            ("zz@bare.ex", "+al", "yes:@bare.ex"),
            ("zz@q.suf.ex", "+al", "yes:@*.suf.ex"),
            ("ZZ@X", "zz@x", "yes:zz@x"),
            ("ZZ@X", "+caseful : zz@x : ZZ@X", "no"),
            ("Ab@b", "+caseful : Ab@b", "yes:Ab@b"),
            ("Ab@b", "+caseful : ab@b", "no"),
            ("Ab@b", "+caseful : *b@*", "yes:*b@*"),
            ("Ab@b", "+caseful : B", "no"),
            ("", ":", "yes"),
            ("", "*", "no"),
            ("", "*@*", "no"),
            ("", "^", "yes"),
            ("", "a:!b", "yes"),
            ("", "passwd;root", "yes:*:0:0:root:/root:/bin/bash"),
            ("a@b", "*", "yes:@*"),
            ("a@b", "*@*", "yes:*@*"),
            ("a@a.b", "*@+d1", "yes:*@a.b"),
            ("a@a.b", "*@lsearch;/f", "yes:*@data a"),
            ("a@ab", "@@lsearch;/f", "yes:*"),
            ("postmaster@ab", "@@lsearch;/f", "no"),
            ("one@b.c", "@@lsearch;/f", "yes:one"),
            ("two@b.c", "@@lsearch;/f", "yes:two"),
            ("xx@b.c", "@@lsearch;/f", "yes:^x+$"),
            ("yy@b.c", "@@lsearch;/f", "no"),
            // The sense of the last item found is not that of those that it does not fit.
            ("x@neg", "@@lsearch;/f", "no"),
            ("x@neg", "!@@lsearch;/f", "yes"),
            ("two@spaced", "@@lsearch;/f", "yes:two"),
            ("Foo@named", "@@lsearch;/f", "no"),
            ("a@b", "*@!c", "yes:*@!c"),
            ("a@c", "*@!c", "no"),
            ("a@b", "*@!!c", "yes:*@!!c"),
            ("a@x.c.d", "a@! +d1", "no"),
            ("a@b", "*@ b", "yes:*@ b"),
            ("a@", "*@", "no"),
            ("foo", "^foo", "no"),
            ("foo", "!^foo", "yes"),
            (
                "yy@loop",
                "@@lsearch;/f",
                "error: Loop detected in lookup of local part of yy@loop in @@lsearch;/f",
            ),
            ("a", "a", "no"),
            ("aBc@b", "*Bc@b", "yes:*Bc@b"),
            ("\"a@b\"@c", "*@c", "yes:*@c"),
            ("\"x y\"@b", "\"x y\"@b", "yes:\"x y\"@b"),
            ("a@my.host.example", "a@@", "yes:a@my.host.example"),
            ("a@b", "lsearch;/f", "yes:exact"),
            ("a@b", "partial-lsearch*@;/f", "yes:exact"),
            ("a@b", "*@^b", "yes:*@^b"),
            ("A@b", "^a@b", "yes"),
            ("A@b", "+caseful:^a@b", "no"),
            ("a@b", "b*", "no"),
            ("a@xb", "*b", "yes:@*b"),
            ("a@b", "@", "no"),
            ("a@b", "a@", "no"),
            ("a@b", "@b", "no"),
            ("a@b", ":a@b", "yes:a@b"),
            ("a@b", "!:a@b", "yes:a@b"),
            ("", "!:a@b", "no"),
            ("a@b", "! a@b : *", "no"),
            ("a@b", "a@b c@d", "no"),
            ("a@b", "*@nolookup;/x", "error: unknown lookup type \"nolookup\""),
            ("a@b", "+nolist", "error: unknown named address list \"+nolist\""),
        ],
    );
}

#[test]
fn local_parts() {
    check(
        ListKind::LocalPart,
        &[
            ("one", "+lp", "yes:one:one"),
            ("twofold", "+lp", "no"),
            ("xTHREE", "+lp", "yes:*three:xthree:x"),
            ("ONE", "+lp", "yes:one:one"),
            ("ONE", "+caseful : one", "no"),
            ("@", "@", "yes:@:@"),
            ("", "", "no"),
            ("", ":", "yes"),
            ("", "*", "yes:*"),
            ("foo", "+lp", "yes:^fo+:foo"),
            ("a", "^A", "yes:^A:a"),
            ("a", "+caseful:^A", "no"),
            ("a", "+nolp", "error: unknown named local part list \"+nolp\""),
        ],
    );
}

#[test]
fn caseful_from_the_start() {
    let list = Value::clean("one : Two : *End");
    let mut env = env();
    for (subject, want) in
        [("one", true), ("ONE", false), ("two", false), ("Two", true), ("xend", false), ("xEnd", true)]
    {
        let subject = Value::tainted(subject);
        let options = MatchOptions { caseful: true };
        let found = lists()
            .match_text(ListKind::LocalPart, Subject::Value(&subject), &list, options, &mut env)
            .unwrap();
        assert_eq!(found.matched, want, "{subject:?}");
    }
}

#[test]
fn hosts_by_address() {
    check(
        ListKind::Host,
        &[
            ("10.1.2.3", "+h1", "yes"),
            ("10.1.2.3", "10.0.0.0/8", "yes"),
            ("10.1.2.3", "lsearch;/f", "yes:byip"),
            ("10.1.2.3", "net-lsearch;/f", "yes:byip"),
            ("10.1.2.3", "net8-lsearch;/f", "yes:bynet"),
            ("10.1.2.3", "net33-lsearch;/f", "no"),
            ("10.1.2.3", "foo.bar", "no"),
            ("10.1.2.3", "*.bar", "no"),
            ("10.1.2.3", "*", "yes"),
            ("", ":", "yes"),
            ("", "*", "yes"),
            ("", "10.0.0.0/8 : !1.2.3.4", "yes"),
            ("::1", "<; ::1", "yes"),
            ("fe80::1", "<; fe80::/10", "yes"),
            ("::1", "net-lsearch;/f", "yes:dotted"),
            ("::1", "net-iplsearch;/f", "yes:six"),
            ("::1", "net64-lsearch;/f", "no"),
            ("::ffff:10.0.0.1", "10.0.0.1", "yes"),
            ("10.0.0.1", "<; ::ffff:10.0.0.1", "no"),
            ("10.0.0.1", "10.0.0/24", "no"),
            ("10.0.0.1", "10.0.0.1/x", "no"),
            ("10.0.0.1", "@", "no"),
            ("10.1.2.3", "^x", "no"),
            ("10.1.2.3", "+ignore_unknown : foo.bar : 10.1.2.3", "yes"),
            ("10.1.2.3", "+include_unknown : foo.bar : 10.1.2.3", "yes"),
            ("10.1.2.3", "foo.bar : 10.1.2.3", "no"),
            ("10.1.2.3", "passwd;root", "yes:*:0:0:root:/root:/bin/bash"),
            ("10.1.2.3", "net-passwd;root", "yes:*:0:0:root:/root:/bin/bash"),
            ("127.0.0.1", "a;b", "error: unknown lookup type \"a\""),
            ("127.0.0.1", "!10.0.0.1", "yes"),
            ("10.1.2.3", "+nohl", "error: unknown named host list \"+nohl\""),
        ],
    );
}

#[test]
fn hosts_by_name() {
    let names: [&[u8]; 2] = [b"Mail.Friend.example", b"alias.example"];
    let cases = [
        ("*.friend.example", "yes:*.friend.example"),
        ("*.FRIEND.example", "yes:*.FRIEND.example"),
        ("^mail\\.", "yes:^mail\\."),
        ("lsearch;/f", "yes:byname"),
        ("alias.example", "yes"),
        ("*.enemy.example", "no"),
        ("!*.friend.example", "no"),
    ];
    let mut env = env();
    for (list, want) in cases {
        let host = Subject::host(&names, "192.0.2.1".parse().ok());
        let found = lists()
            .match_text(ListKind::Host, host, &Value::clean(list), MatchOptions::default(), &mut env)
            .unwrap();
        let text = match (found.matched, found.value) {
            (false, _) => "no".to_owned(),
            (true, None) => "yes".to_owned(),
            (true, Some(value)) => format!("yes:{}", value.to_lossy()),
        };
        assert_eq!(text, want, "{list}");
    }
}

#[test]
fn a_client_without_a_name() {
    let address: IpAddr = "192.0.2.1".parse().unwrap();
    let cases = [
        ("*.friend.example : 192.0.2.1", Some(false)),
        ("+ignore_unknown : *.x : 192.0.2.1", Some(true)),
        ("+include_unknown : *.x", Some(true)),
        // These are about the addresses of names in the list.
        ("+ignore_defer : *.x : 192.0.2.1", Some(false)),
        ("+include_defer : *.x", Some(false)),
    ];
    let mut env = env();
    env.variables.insert(Variable::HostLookupDeferred, Value::clean("1"));
    for (list, want) in cases {
        let found = lists().match_text(
            ListKind::Host,
            Subject::sender_host(Some(address)),
            &Value::clean(list),
            MatchOptions::default(),
            &mut env,
        );
        assert_eq!(found.ok().map(|f| f.matched), want, "{list}");
    }
}

#[test]
fn lines_of_a_file_are_items() {
    let dir = std::env::temp_dir().join(format!("postrider-list-{}", std::process::id()));
    std::fs::create_dir_all(&dir).unwrap();
    let write = |name: &str, text: &str| {
        let path = dir.join(name);
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let domains = write("d", "file.a\n# comment\n*.file.b # trailing\n!neg.file\nwith#hash\n");
    let negative = write("n", "!neg.x\n");
    let odd = write("o", "@\n\n   \n  sp.a   \n^re\\.x$\n+d1\n/etc/passwd\n! sp.b\n");
    let locals = write("l", "one\n+caseful\nTwo\nthr#ee\nfour #x\n");
    let missing = dir.join("missing").to_str().unwrap().to_owned();
    let error =
        format!("error: failed to open {missing} when checking \"{missing}\": No such file or directory");
    let cases = [
        (ListKind::Domain, "file.a", domains.clone(), "yes:file.a:file.a"),
        (ListKind::Domain, "q.file.b", domains.clone(), "yes:*.file.b:q.file.b:q"),
        (ListKind::Domain, "neg.file", domains.clone(), "no"),
        (ListKind::Domain, "with", domains.clone(), "yes:with:with"),
        (ListKind::Domain, "file.a", format!("!{domains}"), "no"),
        (ListKind::Domain, "neg.file", format!("!{domains}"), "yes:neg.file:neg.file"),
        (ListKind::Domain, "other", format!("!{domains}"), "yes"),
        (ListKind::Domain, "zz", negative.clone(), "yes"),
        (ListKind::Domain, "zz", format!("{negative} : b"), "no"),
        (ListKind::Domain, "zz", format!("! {negative}"), "no"),
        (ListKind::Domain, "neg.x", format!("! {negative} : b"), "yes:neg.x:neg.x"),
        (ListKind::Domain, "my.host.example", odd.clone(), "yes:my.host.example:my.host.example"),
        (ListKind::Domain, "sp.a", odd.clone(), "yes:sp.a:sp.a"),
        (ListKind::Domain, "re.x", odd.clone(), "yes:^re\\.x$:re.x"),
        (ListKind::Domain, "sp.b", odd.clone(), "no"),
        (ListKind::Domain, "a.b", format!("{odd} : zz"), "no"),
        (ListKind::LocalPart, "two", locals.clone(), "yes:Two:two"),
        (ListKind::LocalPart, "thr#ee", locals.clone(), "yes:thr#ee:thr#ee"),
        (ListKind::LocalPart, "four", locals, "yes:four:four"),
        (ListKind::Domain, "a", missing, &error),
    ];
    for (kind, subject, list, want) in cases {
        assert_eq!(answer(kind, subject, &list), want, "{subject:?} in {list:?}");
    }
    std::fs::remove_dir_all(&dir).unwrap();
}

#[test]
fn tainted_text_gives_tainted_values_and_opens_no_file() {
    let mut env = env();
    let subject = Value::tainted("a.b");
    let mut find = |text: &Value| {
        lists().match_text(
            ListKind::Domain,
            Subject::Value(&subject),
            text,
            MatchOptions::default(),
            &mut env,
        )
    };
    assert!(find(&Value::tainted("a.b")).unwrap().value.unwrap().is_tainted());
    assert!(!find(&Value::clean("a.b")).unwrap().value.unwrap().is_tainted());
    let error = find(&Value::tainted("/etc/passwd")).unwrap_err();
    assert_eq!(error.message, "Tainted '/etc/passwd' (file or directory name) not permitted");
}

#[test]
fn a_list_of_the_configuration_tells_what_is_wrong_with_it() {
    let text = SourceText::nowhere(&b"a : +nolist : ^( : nolookup;/x"[..]);
    let (list, diagnostics) = List::compile(&text, ListKind::Domain, &lists());
    let texts: Vec<_> = diagnostics.iter().filter_map(|d| d.exim_text.clone()).collect();
    assert_eq!(
        texts,
        [
            "unknown named domain list \"+nolist\"",
            "regular expression error: missing closing parenthesis at offset 2 while compiling ^(",
            "unknown lookup type \"nolookup\"",
        ]
    );
    let subject = Value::tainted("a");
    assert!(list.matches(Subject::Value(&subject), &mut env()).unwrap().matched);
}

#[test]
fn a_hundred_thousand_domains() {
    use std::fmt::Write as _;
    let mut text = String::new();
    for number in 0..100_000 {
        write!(text, "d{number}.example : ").unwrap();
    }
    text.push_str("!*.sub.example : *.example");
    let (list, _) = List::compile(&SourceText::nowhere(text.into_bytes()), ListKind::Domain, &lists());
    let mut env = env();
    for (subject, want) in [
        ("d0.example", true),
        ("D99999.example", true),
        ("x.sub.example", false),
        ("x.example", true),
        ("x.test", false),
    ] {
        let subject = Value::tainted(subject);
        assert_eq!(list.matches(Subject::Value(&subject), &mut env).unwrap().matched, want);
    }
}
