//! ARC at the DATA ACL. Debian's Exim has no ARC, so the specification of the newer text is the witness; each test names
//! the row of the feature list that it shows.

use std::collections::HashMap;
use std::sync::Arc;

use mail_types::dns::{Answer, DnsFailure, Record, RecordData, RecordType, Resolve};
use sender_auth::arc::seal::{BODY_FORM, SealRequest, seal};
use sender_auth::dkim::body::BodyHasher;
use sender_auth::dkim::crypto::{Hash, PrivateKey};

use crate::testing::{Bench, Dialogue};

const CONFIGURATION: &str = "acl_smtp_rcpt = accept\nqueue_only\nacl_smtp_data = check_data\nbegin acl\ncheck_data:\n\
  warn logwrite = before: <$arc_state> <$arc_state_reason> <$arc_domains> <$arc_oldest_pass>\n\
  warn verify = arc/none\n  logwrite = listed: none\n\
  warn verify = arc/pass\n  logwrite = listed: pass\n\
  warn verify = arc/none:fail\n  logwrite = listed: none or fail\n\
  warn verify = arc\n  logwrite = without a list\n\
  accept logwrite = after: <$arc_state> <$arc_state_reason> <$arc_domains> <$arc_oldest_pass>\n";

/// A DNS of two keys.
struct Keys(HashMap<Vec<u8>, Vec<u8>>);

impl Resolve for Keys {
    fn query(&self, name: &[u8], rtype: RecordType) -> Result<Answer, DnsFailure> {
        let text = self.0.get(name).ok_or(DnsFailure::NxDomain)?;
        let record = Record { name: name.into(), rtype, ttl: 60, data: RecordData::Txt(vec![text.clone()]) };
        Ok(Answer { records: vec![record], ..Answer::default() })
    }
}

/// The key of RFC 8463 appendix A.
fn key() -> PrivateKey {
    let pem = b"-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g\n-----END PRIVATE KEY-----\n";
    PrivateKey::from_pem(pem, Hash::Sha256).expect("the RFC's key")
}

fn bench() -> Bench {
    let record = b"v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=".to_vec();
    let names = ["s._domainkey.one.example", "s._domainkey.two.example"];
    let keys = names.into_iter().map(|name| (name.into(), record.clone())).collect();
    Bench::with(CONFIGURATION, |services| services.blocking_resolver = Arc::new(Keys(keys)))
}

/// A message that went through these ADMDs, each of which found what its results say.
fn chain(hops: &[(&str, &str)]) -> String {
    let mut fields = vec!["From: a@a.example\n".to_owned(), "Subject: x\n".to_owned()];
    for (admd, results) in hops {
        fields.insert(0, format!("Authentication-Results: {admd}; {results}\n"));
        let mut hasher = BodyHasher::new([BODY_FORM]);
        hasher.feed(b"body\n");
        let hashes = hasher.finish();
        let header: Vec<&[u8]> = fields.iter().map(String::as_bytes).collect();
        let request = SealRequest {
            admd: admd.as_bytes(),
            selector: b"s",
            created: None,
            expires: None,
            fold_results: false,
        };
        let body_hash = &hashes.hash(BODY_FORM).expect("it was asked for").octets;
        let set = seal(&request, &header, body_hash, &key()).expect("there are results");
        let set = String::from_utf8(set).expect("text").replace("\nARC-", "\n\nARC-");
        let set: Vec<String> = set.split("\n\n").map(|field| field.trim_end().to_owned() + "\n").collect();
        fields.splice(0..0, set);
    }
    fields.concat() + "\nbody\n"
}

/// The log of one message.
async fn log_of(message: &str) -> Vec<String> {
    let bench = bench();
    let mut client = Dialogue::connect(&bench);
    client.follow("S: 220 …\nC: EHLO x\nS: 250-…\nC: MAIL FROM:<s@a.example>\nS: 250 OK").await;
    client.follow("C: RCPT TO:<r@b.example>\nS: 250 Accepted\nC: DATA\nS: 354 …").await;
    client.send(message.replace('\n', "\r\n") + ".\r\n").await;
    assert!(client.reply().await.starts_with("250 OK id="));
    client.follow("C: QUIT\nS: 221 …").await;
    bench.main_log()
}

fn has(log: &[String], text: &str) -> bool {
    log.iter().any(|line| line.contains(text))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn arc_01_02_03_a_message_without_a_chain() {
    let log = log_of("From: a@a.example\n\nbody\n").await;
    assert!(has(&log, "before: <> <> <> <0>"), "{log:#?}");
    assert!(has(&log, "listed: none") && has(&log, "listed: none or fail") && !has(&log, "listed: pass"));
    assert!(has(&log, "without a list"));
    assert!(has(&log, "after: <none> <> <> <0>"));
    assert!(!log.iter().any(|line| line.contains("<= ") && line.contains(" ARC")));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn arc_02_03_05_06_09_a_chain_that_holds() {
    let log = log_of(&chain(&[("one.example", "spf=pass"), ("two.example", "arc=pass")])).await;
    assert!(
        has(&log, "listed: pass") && has(&log, "without a list") && !has(&log, "listed: none"),
        "{log:#?}"
    );
    assert!(has(&log, "after: <pass> <> <one.example:two.example> <1>"), "{log:#?}");
    let arrival = log.iter().find(|line| line.contains("<= ")).expect("it arrived");
    assert!(arrival.ends_with(" ARC"), "{arrival}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn arc_03_04_a_chain_that_is_broken() {
    let whole = chain(&[("one.example", "spf=pass"), ("two.example", "arc=pass")]);
    let cases = [
        (
            whole.replace("\nbody\n", "\nother body\n"),
            "message signature 2: verification failed - body hash mismatch",
        ),
        (
            whole.replace("Subject: x", "Subject: y"),
            "message signature 2: verification failed - signature did not verify",
        ),
        (whole.replace("spf=pass", "spf=fail"), "seal 2: verification failed - signature did not verify"),
        (whole.replace("; s=s;", "; s=t;"), "message signature 2: invalid - public key record"),
        (whole.replace("i=2;", "i=3;"), "set 2 is not complete"),
        (whole.replace("cv=pass", "cv=fail"), "seal 2 says that the chain failed"),
        (whole.replace("cv=none", "cv=pass"), "seal 1 has cv=pass"),
        (whole.replace("ARC-Seal: i=1", "ARC-Seal: i=2"), "two fields of a kind in set 2"),
        (whole.replace("ARC-Seal: i=2", "ARC-Seal: i=51"), "too many sets"),
        (
            whole.replace("ARC-Seal: i=2", "ARC-Seal: h=from; i=2"),
            "seal 2 has tags that a seal must not have",
        ),
    ];
    for (message, reason) in cases {
        assert_ne!(message, whole, "{reason}");
        let log = log_of(&message).await;
        assert!(has(&log, "listed: none or fail") && !has(&log, "listed: pass"), "{log:#?}");
        assert!(!has(&log, "without a list"));
        assert!(has(&log, &format!("after: <fail> <{reason}")), "{reason}: {log:#?}");
        assert!(!log.iter().any(|line| line.contains("<= ") && line.contains(" ARC")));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn arc_05_domains_of_bad_elements_are_blank() {
    let whole = chain(&[("one.example", "spf=pass"), ("two.example", "arc=pass")]);
    let at = whole.rfind("ARC-Seal: i=1").expect("it is the older one");
    let broken = format!("{}{}", &whole[..at], whole[at..].replacen("cv=none", "cv=odd", 1));
    let log = log_of(&broken).await;
    assert!(has(&log, "after: <fail> <seal 1 is not well-formed> <:two.example> <0>"), "{log:#?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn arc_20_the_first_seal_says_none_and_the_next_what_was_verified() {
    let passed = chain(&[("one.example", "spf=pass"), ("two.example", "arc=pass")]);
    assert!(
        passed.contains("ARC-Seal: i=1; cv=none") && passed.contains("ARC-Seal: i=2; cv=pass"),
        "{passed}"
    );
    let failed = chain(&[("one.example", "spf=pass"), ("two.example", "arc=fail")]);
    assert!(failed.contains("ARC-Seal: i=2; cv=fail"), "{failed}");
    let log = log_of(&failed).await;
    assert!(has(&log, "after: <fail> <seal 2 says that the chain failed>"), "{log:#?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_trusted_chain_explains_a_dmarc_failure() {
    let seen = "dmarc=pass header.from=a.example";
    let hops = |first: &str| chain(&[("one.example", first), ("two.example", "arc=pass")]);
    for (option, message, wanted) in [
        ("", hops(seen), "reject <the message was accepted> 1"),
        (
            "dmarc_arc_trusted_sealers = one.example : two.example\n",
            hops(seen),
            "accept <arc=pass as[2].d=two.example as[1].d=one.example> 1",
        ),
        (
            "dmarc_arc_trusted_sealers = *.example\n",
            hops(seen),
            "accept <arc=pass as[2].d=two.example as[1].d=one.example> 1",
        ),
        ("dmarc_arc_trusted_sealers = one.example\n", hops(seen), "reject <the message was accepted> 1"),
        (
            "dmarc_arc_trusted_sealers = *.example\n",
            hops("dmarc=fail header.from=a.example"),
            "reject <the message was accepted> 1",
        ),
        (
            "dmarc_arc_trusted_sealers = *.example\n",
            hops(seen).replace("Subject: x", "Subject: y"),
            "reject <the message was accepted> 1",
        ),
    ] {
        let text = format!(
            "{option}acl_smtp_rcpt = accept\nqueue_only\ndmarc_tld_file = builtin\ndmarc_store_results\n\
             acl_smtp_data = check_data\nbegin acl\ncheck_data:\n  warn dmarc_status = *\n  accept logwrite = status: $dmarc_status\n"
        );
        let record = b"v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=".to_vec();
        let names = ["s._domainkey.one.example", "s._domainkey.two.example"];
        let mut keys: HashMap<Vec<u8>, Vec<u8>> =
            names.into_iter().map(|name| (name.into(), record.clone())).collect();
        keys.insert(b"_dmarc.a.example".to_vec(), b"v=DMARC1; p=reject".to_vec());
        let bench = Bench::with(&text, |services| services.blocking_resolver = Arc::new(Keys(keys)));
        let mut client = Dialogue::connect(&bench);
        client.follow("S: 220 …\nC: EHLO x\nS: 250-…\nC: MAIL FROM:<s@a.example>\nS: 250 OK").await;
        client.follow("C: RCPT TO:<r@b.example>\nS: 250 Accepted\nC: DATA\nS: 354 …").await;
        client.send(message.replace('\n', "\r\n") + ".\r\n").await;
        assert!(client.reply().await.starts_with("250 OK id="));
        client.follow("C: QUIT\nS: 221 …").await;
        let log = bench.main_log();
        let status = log.iter().find_map(|line| line.split_once("status: ")).map_or("", |(_, status)| status);
        let moment = mail_types::Timestamp::from_secs;
        let ever = reports::Period { begin: moment(0), end: moment(4_000_000_000) };
        let rows = bench.services.reports.dmarc_rows("a.example", ever).expect("a store");
        let [row] = rows.as_slice() else { panic!("{rows:?}") };
        let overridden = u8::from(row.result.disposition == "none");
        assert_eq!(
            format!("{status} <{}> {overridden}", row.result.override_reason),
            wanted,
            "{option} {log:?}"
        );
    }
}
