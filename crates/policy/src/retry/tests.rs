//! What `-brt` and the hints of Debian's Exim showed, as tables.

use expand::BareEnv;
use mail_types::clock::SeededEntropy;

use super::*;

const RULES: &str = r#"alice@w.ex quota_5d  F,7d,3h
w.ex       quota_5d
w.ex       *         F,1h,15m; G,2d,1h,2;
*.sub.ex   rcpt_452  F,1h,10m
*.sub.ex   rcpt_45x  F,2h,10m
*.sub.ex   rcpt_4xx  F,3h,10m
*.sub.ex   refused_MX F,4h,10m
*.sub.ex   refused_A  F,5h,10m
*.sub.ex   refused  F,6h,10m
*.sub.ex   timeout_connect_MX  F,7h,10m
*.sub.ex   timeout_connect  F,8h,10m
*.sub.ex   timeout_A  F,9h,10m
*.sub.ex   timeout  F,10h,10m
*.sub.ex   lost_connection  F,11h,10m
*.sub.ex   tls_required  F,12h,10m
*.sub.ex   auth_failed  F,13h,10m
*.sub.ex   lookup  F,14h,10m
*.sub.ex   data_421  F,15h,10m
*.sub.ex   mail_4xx  F,16h,10m
*.sub.ex   quota_1d  F,17h,10m
*.sub.ex   quota  F,18h,10m
snd.ex  * senders=a@b F,1h,10m
snd.ex  * senders="c@d : :" F,2h,10m
Bob@loc.ex * F,1h,10m
1.2.3.4 * F,2h,1m
*  refused_A  F,2h,20m;
* * F,2h,15m; G,16h,1h,1.5; F,4d,6h
"#;

fn rules(text: &str) -> (RetryRules, Vec<String>) {
    let lines: Vec<SourceText> = text.lines().map(|line| SourceText::nowhere(line.as_bytes())).collect();
    let (rules, diagnostics) = RetryRules::compile(&lines, &NamedLists::new());
    (rules, diagnostics.into_iter().filter_map(|d| d.exim_text).collect())
}

fn brt(keys: &[&str], error: &str, sender: Option<&str>) -> String {
    let (rules, errors) = rules(RULES);
    assert_eq!(errors, [""; 0]);
    let error = match RetryError::parse(error.as_bytes()) {
        Ok(error) => error,
        Err(text) => return text,
    };
    let subject = RetrySubject {
        key: keys[0].as_bytes(),
        alternate: keys.get(1).map(|key| key.as_bytes()),
        error: &error,
    };
    let sender = sender.map(Value::tainted);
    match rules.find_for(subject, sender.as_ref(), &mut BareEnv::new()).unwrap() {
        Some(rule) => rule.to_string(),
        None => "No retry information found".into(),
    }
}

#[test]
fn the_first_rule_that_matches() {
    let last = "*  *  F,2h,15m; G,16h,1h,1.5; F,4d,6h; ";
    let cases: &[(&[&str], &str, &str)] = &[
        (&["alice@w.ex"], "quota_6d", "alice@w.ex  quota_5d  F,1w,3h; "),
        (&["alice@w.ex"], "*", "w.ex  *  F,1h,15m; G,2d,1h,2.0; "),
        (&["bill@w.ex"], "quota_6d", "w.ex  quota_5d  "),
        (&["bill@w.ex"], "quota_4d", "w.ex  *  F,1h,15m; G,2d,1h,2.0; "),
        (&["w.ex"], "*", "w.ex  *  F,1h,15m; G,2d,1h,2.0; "),
        (&["x.sub.ex"], "rcpt_452", "*.sub.ex  *  F,1h,10m; "),
        (&["x.sub.ex"], "rcpt_451", "*.sub.ex  *  F,2h,10m; "),
        (&["x.sub.ex"], "rcpt_4xx", "*.sub.ex  *  F,3h,10m; "),
        (&["x.sub.ex"], "rcpt_421", "*.sub.ex  *  F,3h,10m; "),
        (&["x.sub.ex"], "refused_MX", "*.sub.ex  refused_MX  F,4h,10m; "),
        (&["x.sub.ex"], "refused_A", "*.sub.ex  refused_A  F,5h,10m; "),
        (&["x.sub.ex"], "refused", "*.sub.ex  refused  F,6h,10m; "),
        (&["x.sub.ex"], "timeout_connect_MX", "*.sub.ex  timeout_connect_MX  F,7h,10m; "),
        (&["x.sub.ex"], "timeout_connect_A", "*.sub.ex  timeout_connect  F,8h,10m; "),
        (&["x.sub.ex"], "timeout_connect", "*.sub.ex  timeout_connect  F,8h,10m; "),
        (&["x.sub.ex"], "timeout_MX", "*.sub.ex  timeout  F,10h,10m; "),
        (&["x.sub.ex"], "timeout_A", "*.sub.ex  timeout_A  F,9h,10m; "),
        (&["x.sub.ex"], "timeout", "*.sub.ex  timeout  F,10h,10m; "),
        (&["x.sub.ex"], "lost_connection", "*.sub.ex  *  F,11h,10m; "),
        (&["x.sub.ex"], "tls_required", "*.sub.ex  *  F,12h,10m; "),
        (&["x.sub.ex"], "auth_failed", "*.sub.ex  auth_failed  F,13h,10m; "),
        (&["x.sub.ex"], "lookup", "*.sub.ex  *  F,14h,10m; "),
        (&["x.sub.ex"], "data_421", "*.sub.ex  *  F,15h,10m; "),
        (&["x.sub.ex"], "data_451", last),
        (&["x.sub.ex"], "mail_451", "*.sub.ex  *  F,16h,10m; "),
        (&["x.sub.ex"], "quota", "*.sub.ex  quota  F,18h,10m; "),
        (&["x.sub.ex"], "quota_2d", "*.sub.ex  quota_1d  F,17h,10m; "),
        (&["x.sub.ex"], "quota_5h", "*.sub.ex  quota  F,18h,10m; "),
        (&["x.sub.ex"], "*", last),
        (&["a@snd.ex"], "*", last),
        (&["zz.ex"], "refused_A", "*  refused_A  F,2h,20m; "),
        (&["zz.ex", "x.sub.ex"], "lost_connection", "*.sub.ex  *  F,11h,10m; "),
        (&["BOB@loc.ex"], "*", "Bob@loc.ex  *  F,1h,10m; "),
        (&["1.2.3.4"], "*", "1.2.3.4  *  F,2h,1m; "),
        (&["zz.ex"], "foo", "unknown or malformed retry error \"foo\""),
        (&["zz.ex"], "rcpt_550", "unknown or malformed retry error \"rcpt_550\""),
    ];
    for (keys, error, want) in cases {
        assert_eq!(brt(keys, error, None), *want, "{keys:?} {error}");
    }
}

#[test]
fn senders() {
    assert_eq!(brt(&["a@snd.ex"], "*", Some("a@b")), "snd.ex  *  F,1h,10m; ");
    assert_eq!(brt(&["a@snd.ex"], "*", Some("")), "snd.ex  *  F,2h,10m; ");
}

#[test]
fn patterns_are_single_items_of_address_lists() {
    let (rules, errors) =
        rules("\"^\\\\N^re:x@.*\\\\N\" * F,4h,1m\n^\\N^\\*@rx\\N * F,5h,1m\n!neg.ex * F,6h,1m\n");
    assert_eq!(errors, [""; 0]);
    let cases = [
        ("RE:x@foo", "^\\N^re:x@.*\\N  *  F,4h,1m; "),
        ("rx", "^\\N^\\*@rx\\N  *  F,5h,1m; "),
        ("y@rx", "!neg.ex  *  F,6h,1m; "),
        ("a@neg.ex", ""),
    ];
    for (key, want) in cases {
        let subject = RetrySubject { key: key.as_bytes(), alternate: None, error: &RetryError::Other };
        let found = rules.find(subject, &Value::empty(), &mut BareEnv::new()).unwrap();
        assert_eq!(found.map(ToString::to_string).unwrap_or_default(), want, "{key}");
    }
}

#[test]
fn wrong_rules_are_told_in_exims_words() {
    let cases = [
        ("* * F,1h", "comma expected"),
        ("* * F,1h,", "bad parameters for retry rule"),
        ("* * X,1h,1m", "unknown retry rule letter"),
        ("* * G,1h,1m", "comma expected"),
        ("* * G,1h,1m,0.5", "bad parameters for retry rule"),
        ("* * F,1h,1m,2", "semicolon expected"),
        ("* * F 1h 1m", "comma expected"),
        ("* foo F,1h,1m", "unknown or malformed retry error \"foo\""),
        ("*", "missing error type in retry rule"),
        ("* * F,x,1m", "bad parameters for retry rule"),
        ("* * F,1h,x", "bad parameters for retry rule"),
        ("* * G,1h,1m,x", "bad parameters for retry rule"),
        ("* * F,1h,0s", "bad parameters for retry rule"),
        ("* * F,1h,1m ;; G,2h,1m,2", "comma expected"),
        ("* * F,30,10", "bad parameters for retry rule"),
        ("* * F,0s,10s", "bad parameters for retry rule"),
        ("* * F,2h,;", "bad parameters for retry rule"),
        ("* * G,2h,1m,1.5.2", "bad parameters for retry rule"),
        ("* * G,2h,1m,.5", "bad parameters for retry rule"),
        ("* * X,2h", "unknown retry rule letter"),
        ("* * X", "comma expected"),
        ("* * FF,2h,1m", "comma expected"),
        ("* * F,2h ,1m", "comma expected"),
        ("* * F,2h,-1m", "comma or semicolon expected"),
        ("* * F,1.5h,1m", "comma or semicolon expected"),
        ("* * F,2h,1m#", "comma or semicolon expected"),
        ("* * G,2h,1m,-2", "comma or semicolon expected"),
        ("* * F,2h,1m # x", "semicolon expected"),
        ("* *,F,1h,1m", "unknown or malformed retry error \"*,F,1h,1m\""),
        ("* lookup=x F,1h,1m", "unknown or malformed retry error \"lookup=x\""),
        ("* auth F,1h,1m", "unknown or malformed retry error \"auth\""),
        ("* quo F,1h,1m", "unknown or malformed retry error \"quo\""),
        ("* lookupp F,1h,1m", "unknown or malformed retry error \"lookupp\""),
        ("a quota_5 F,1h,1m", "bad time value"),
        ("* timeout_connectA", "\"A\", \"MX\", or \"connect\" expected after \"timeout\""),
        (
            "a rcpt_4XX F,1h,1m",
            "rcpt_4 must be followed by xx, dx, or dd, where x is literal and d is any digit",
        ),
        ("* * F,1h,1m G,2h,1m,2", "semicolon expected"),
        ("a * senders F,1h,1m", "\"=\" expected after \"senders\" in retry rule"),
        ("a quota_x F,1h,1m", "bad time value"),
        (
            "a rcpt_4x F,1h,1m",
            "rcpt_4 must be followed by xx, dx, or dd, where x is literal and d is any digit",
        ),
        (
            "a rcpt_4x5 F,1h,1m",
            "rcpt_4 must be followed by xx, dx, or dd, where x is literal and d is any digit",
        ),
        ("a rcpt_5xx F,1h,1m", "unknown or malformed retry error \"rcpt_5xx\""),
        ("* * F , 1h , 1m", "comma expected"),
        ("a timeout_foo F,1h,1m", "\"A\", \"MX\", or \"connect\" expected after \"timeout\""),
        ("a refused_X F,1h,1m", "A or MX expected after \"refused\""),
    ];
    for (line, want) in cases {
        assert_eq!(rules(line).1, [want], "{line}");
    }
    for line in ["* * H,1h,1m,2;", "* *", "* * F, 2h, 1m ;", "* * G,1h,1m,1.12345", ""] {
        assert_eq!(rules(line).1, [""; 0], "{line}");
    }
}

#[test]
fn beginnings_of_error_names_are_taken() {
    let cases = [
        ("l", "lost_connection"),
        ("lo", "lost_connection"),
        ("loo", "lookup"),
        ("T", "tls_required"),
        ("auth_", "auth_failed"),
        ("refused_", "refused_A"),
        ("refused_M", "refused_MX"),
        ("timeout_", "timeout_A"),
        ("timeout_c", "timeout_connect"),
        ("timeout_connect_", "timeout_connect_A"),
        ("timeout_connect_M", "timeout_connect_MX"),
    ];
    for (short, full) in cases {
        assert_eq!(RetryError::parse(short.as_bytes()), RetryError::parse(full.as_bytes()), "{short}");
        assert!(RetryError::parse(short.as_bytes()).is_ok(), "{short}");
    }
    for word in ["timeout_dns", "TIMEOUT_D"] {
        assert_eq!(rules(&format!("a {word} f,1h,1m")).1, [TIMEOUT_DNS], "{word}");
    }
}

#[test]
fn a_quota_without_a_time_is_shown_without_one() {
    let (rules, _) = rules("b.ex quota_0s F,100h,90s\nc.ex * G,1h,1m,1.0009");
    let shown: Vec<String> = rules.rules.iter().map(ToString::to_string).collect();
    assert_eq!(shown, ["b.ex  quota  F,4d4h,1m30s; ", "c.ex  *  G,1h,1m,1.0; "]);
}

/// The oracle's hints after failures 0, 2, 4 and 7 seconds old.
#[test]
fn a_cutoff_that_is_just_reached_has_not_passed() {
    let found = waits("* * F,2s,1h;F,4s,2h", &[28, 30, 32, 35]);
    assert_eq!(found, [(3_600, false), (3_600, false), (7_200, false), (7_200, true)]);
}

/// The seconds to wait, and whether it is over, after failures `at` these seconds.
fn waits(rule: &str, at: &[i64]) -> Vec<(u64, bool)> {
    let (rules, errors) = rules(rule);
    assert_eq!(errors, [""; 0]);
    let entropy = SeededEntropy::new(1);
    let mut times: Option<RetryTimes> = None;
    let mut found = Vec::new();
    for &second in at {
        let now = Timestamp::from_secs(second);
        let next = rules.rules[0].next_try(times.as_ref(), now, &entropy);
        found.push((next.next_try.since(now).as_secs(), next.expired));
        let first_failed = times.map_or(now, |times| times.first_failed);
        times = Some(RetryTimes { first_failed, last_try: now, next_try: next.next_try });
    }
    found
}

/// The oracle's hints after failures at these seconds.
#[test]
fn intervals_as_the_oracle_made_them() {
    let at = [31, 33, 35, 38, 42];
    let cases: [(&str, [u64; 5]); 2] =
        [("* * G,1h,2s,2", [2, 4, 4, 6, 8]), ("* * F,6s,2s; G,1h,3s,1.5", [2, 2, 2, 3, 4])];
    for (rule, want) in cases {
        assert_eq!(waits(rule, &at), want.map(|wait| (wait, false)), "{rule}");
    }
    let over: Vec<bool> = waits("* * F,3s,2s", &at).into_iter().map(|(_, expired)| expired).collect();
    assert_eq!(over, [false, false, true, true, true]);
}

#[test]
fn random_intervals_stay_between_the_first_and_the_grown_one() {
    let found = waits("* * H,100d,10s,2", &(0..200).map(|n| n * 100).collect::<Vec<_>>());
    let mut last = 0;
    for (wait, _) in found {
        assert!(wait >= 10 && wait <= (last * 2).max(10), "{wait} after {last}");
        last = wait;
    }
}

#[test]
fn intervals_have_a_limit() {
    let (rules, _) = rules("* * F,30d,5d");
    let entropy = SeededEntropy::new(1);
    let now = Timestamp::from_secs(0);
    let next = rules.rules[0].next_try(None, now, &entropy);
    assert_eq!(next.next_try.since(now), INTERVAL_MAX);
    let next = rules.rules[0].next_try_within(None, now, Duration::from_mins(1), &entropy);
    assert_eq!(next.next_try.since(now).as_secs(), 60);
}

#[test]
fn a_rule_without_times_is_over_at_once() {
    let (rules, _) = rules("* *");
    let now = Timestamp::from_secs(9);
    assert!(rules.rules[0].next_try(None, now, &SeededEntropy::new(1)).expired);
    assert_eq!(rules.rules[0].final_cutoff(), None);
}
