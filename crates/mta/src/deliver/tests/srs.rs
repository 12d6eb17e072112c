//! `srs` of the redirect router through whole deliveries: out with a rewritten sender, a bounce back in.

use std::time::Duration;

use super::Office;
use super::remote::Sink;
use crate::deliver::{AttemptEnd, AttemptKind};

/// A forwarder of `f.example` whose aliases and users live elsewhere; `MAIN` and `FORWARD` are a case's own.
const FORWARDER: &str = "
local_interfaces = 127.0.0.1
log_selector = +sender_on_delivery +return_path_on_delivery
MAIN
begin routers
back:
  driver = redirect
  domains = f.example
  srs = reverse
BACK
  data = $srs_recipient
forward:
  driver = redirect
  domains = f.example
  local_parts = friend : list : quoted
  srs = forward
FORWARD
  data = friend@elsewhere.example
man:
  driver = manualroute
  domains = ! f.example
  transport = remote
  self = send
  route_list = * 127.0.0.1::PORT
begin transports
remote:
  driver = smtp
  allow_localhost
  hosts_try_auth =
  headers_add = X-SRS: $srs_orig_sender $srs_db_key$srs_status
begin retry
* * F,2h,15m
";

struct Forwarder {
    office: Office,
    sink: Sink,
}

impl Forwarder {
    async fn new(main: &str, back: &str, forward: &str) -> Self {
        let sink = Sink::start().await;
        let text = FORWARDER.replace("PORT", &sink.port.to_string());
        let text = text.replace("MAIN", main).replace("BACK", back).replace("FORWARD", forward);
        Self { office: Office::with(&text), sink }
    }

    /// Delivers a message and says what MAIL and RCPT were, or what the log says if it went nowhere.
    async fn carried(&self, sender: &str, recipient: &str) -> String {
        let before = self.sink.heard("MAIL").len();
        let id = self.office.post(sender, &[recipient]);
        let report = self.office.attempt(id, AttemptKind::Arrival).await;
        let mail = self.sink.heard("MAIL").split_off(before);
        match (report.end, mail.as_slice()) {
            (AttemptEnd::Completed, [mail]) => {
                let rcpt = self.sink.heard("RCPT").pop().unwrap_or_default();
                format!("{} {}", between(mail), between(&rcpt))
            }
            _ => self.office.log_of(id).first().cloned().unwrap_or_default(),
        }
    }

    /// The return path that a sender is given.
    async fn forwarded(&self, sender: &str) -> String {
        let carried = self.carried(sender, "friend@f.example").await;
        carried.strip_suffix(" friend@elsewhere.example").unwrap_or(&carried).to_owned()
    }

    /// Where a bounce to an address goes.
    async fn bounced(&self, address: &str) -> String {
        self.carried("", address).await.trim_start().to_owned()
    }

    fn days(&self, days: u64) {
        self.office.bench.clock.advance(Duration::from_hours(24 * days));
    }
}

fn between(command: &str) -> &str {
    command.split_once('<').and_then(|(_, rest)| rest.split_once('>')).map_or("", |(address, _)| address)
}

const SECRETS: &str = "srs_secrets = new : old";

#[tokio::test]
async fn out_and_back_with_every_line_of_the_log() {
    let forwarder = Forwarder::new(SECRETS, "", "").await;
    let made = forwarder.forwarded("ann@Home.example").await;
    assert!(made.starts_with("SRS0=") && made.ends_with("=Home.example=ann@f.example"), "{made}");
    let id = forwarder.office.post("ann@Home.example", &["friend@f.example"]);
    forwarder.office.attempt(id, AttemptKind::Arrival).await;
    assert_eq!(
        forwarder.office.log_of(id),
        [
            format!(
                "=> friend@elsewhere.example <friend@f.example> SRS=<{made}> F=<ann@Home.example> P=<{made}> R=man \
                 T=remote H=127.0.0.1 [127.0.0.1]* C=\"250 OK id=sink\""
            ),
            "Completed".to_owned(),
        ]
    );
    assert_eq!(forwarder.bounced(&made).await, "ann@Home.example");
    assert_eq!(forwarder.bounced(&made.to_ascii_lowercase()).await, "ann@home.example", "folded on the way");
    let forged = made.replacen(&made[5..11], "zzzzzz", 1);
    for wrong in ["nobody@f.example", "SRS0=x@f.example", &forged] {
        let said = forwarder.bounced(wrong).await;
        assert!(said.starts_with("** ") && said.ends_with(": Unrouteable address"), "{wrong}: {said}");
    }
    // A bounce has no sender to rewrite, the forwarder's own people need none.
    assert_eq!(forwarder.bounced("friend@f.example").await, "friend@elsewhere.example");
    assert_eq!(forwarder.forwarded("ann@f.example").await, "ann@f.example");
    forwarder.days(31);
    assert_eq!(forwarder.bounced(&made).await, "ann@Home.example");
    forwarder.days(1);
    assert!(forwarder.bounced(&made).await.starts_with("** "), "too old");
}

#[tokio::test]
async fn over_a_second_forwarder_and_under_old_secrets() {
    let forwarder = Forwarder::new(SECRETS, "", "").await;
    let before = Forwarder::new("srs_secrets = old", "", "").await;
    let stranger = Forwarder::new("srs_secrets = other", "", "").await;
    let old = before.forwarded("ann@home.example").await;
    assert_eq!(forwarder.bounced(&old).await, "ann@home.example");
    let strange = stranger.forwarded("ann@home.example").await;
    assert!(forwarder.bounced(&strange).await.starts_with("** "));
    // Another forwarder's address is kept as it is, under a hash of ours.
    let other = "SRS0=abcd=AB=home.example=ann@g.example";
    let one = forwarder.forwarded(other).await;
    assert!(
        one.starts_with("SRS1=") && one.ends_with("=g.example==abcd=AB=home.example=ann@f.example"),
        "{one}"
    );
    assert_eq!(forwarder.bounced(&one).await, other);
    let forged = one.replacen(&one[5..11], "zzzzzz", 1);
    assert!(forwarder.bounced(&forged).await.starts_with("** "));
    assert_eq!(
        forwarder
            .forwarded("\"odd one\"@home.example")
            .await
            .split_once("=home")
            .map(|(_, rest)| rest.to_owned()),
        Some(".example=odd one\"@f.example".to_owned())
    );
}

#[tokio::test]
async fn the_settings_of_the_main_section() {
    for (main, form) in [
        ("srs_secrets = s\nsrs_hashlength = 10", "SRS0=##########=TT=h.example=a@f.example"),
        ("srs_secrets = s\nsrs_hashlength = 4\nsrs_hashmin = 3", "SRS0=####=TT=h.example=a@f.example"),
        ("srs_secrets = s\nsrs_usetimestamp = false", "SRS0=######=h.example=a@f.example"),
        ("srs_usehash = false", "SRS0=TT=h.example=a@f.example"),
        ("srs_usehash = false\nsrs_usetimestamp = false", "SRS0=h.example=a@f.example"),
        ("srs_config = s:31:5:no:yes", "SRS0=#####=h.example=a@f.example"),
        ("srs_hashlength = 9\nsrs_secrets = x\nsrs_config = s::5", "SRS0=#####=TT=h.example=a@f.example"),
    ] {
        let forwarder = Forwarder::new(main, "", "").await;
        let made = forwarder.forwarded("a@h.example").await;
        let shown: Vec<_> = made.split('=').collect();
        let wanted: Vec<_> = form.split('=').collect();
        let alike = |(shown, wanted): (&&str, &&str)| {
            shown == wanted || ((wanted.starts_with('#') || *wanted == "TT") && shown.len() == wanted.len())
        };
        assert!(shown.len() == wanted.len() && shown.iter().zip(&wanted).all(alike), "{main}: {made}");
        assert_eq!(forwarder.bounced(&made).await, "a@h.example", "{main}");
    }
    let forwarder = Forwarder::new("srs_secrets = s\nsrs_maxage = 3", "", "").await;
    let made = forwarder.forwarded("a@h.example").await;
    forwarder.days(3);
    assert_eq!(forwarder.bounced(&made).await, "a@h.example");
    forwarder.days(1);
    assert!(forwarder.bounced(&made).await.starts_with("** "));
    // Fewer characters than `srs_hashmin` are no hash.
    let short = Forwarder::new("srs_secrets = s\nsrs_hashlength = 4", "", "").await;
    let made = short.forwarded("a@h.example").await;
    let strict = Forwarder::new("srs_secrets = s", "", "").await;
    assert!(strict.bounced(&made).await.starts_with("** "));
    let lenient = Forwarder::new("srs_secrets = s\nsrs_hashmin = 4", "", "").await;
    assert_eq!(lenient.bounced(&made).await, "a@h.example");
}

#[tokio::test]
async fn conditions_and_aliases() {
    for (forward, made) in [
        ("  srs_condition = no", "a@h.example"),
        ("  srs_condition = ${if eq{1}{2}{yes}fail}", "a@h.example"),
        ("  srs_condition = yes\n  srs_alias = bounces.$domain", "SRS0 bounces.f.example"),
        ("  srs_alias = ${if eq{1}{2}{yes}fail}", "SRS0 f.example"),
        ("  errors_to = list@f.example", "list@f.example"),
    ] {
        let forwarder = Forwarder::new(SECRETS, "", forward).await;
        let got = forwarder.forwarded("a@h.example").await;
        let got = match got.split_once('@') {
            Some((local, domain)) if local.starts_with("SRS0=") => format!("SRS0 {domain}"),
            _ => got,
        };
        assert_eq!(got, made, "{forward}");
    }
    for (forward, problem) in [
        (
            "  srs_condition = ${if eq{1}}",
            "failed to expand srs_condition \"${if eq{1}}\" in forward router: ",
        ),
        ("  srs_alias = ${if eq{1}}", "failed to expand srs_alias \"${if eq{1}}\" in forward router: "),
        ("  srs_dbinsert = ${if eq{1}}", "failed to expand srs_dbinsert \"${if eq{1}}\" in forward router: "),
        ("  srs_dbinsert = ${if eq{1}{2}{}fail}", "srs_dbinsert in forward router was forced to fail"),
    ] {
        let forwarder = Forwarder::new(SECRETS, "", forward).await;
        let said = forwarder.forwarded("a@h.example").await;
        assert!(
            said.starts_with("== friend@f.example R=forward defer (-1): ") && said.contains(problem),
            "{said}"
        );
    }
}

#[tokio::test]
async fn variables_of_both_directions() {
    let shown = "  headers_add = X-Shown: $srs_orig_sender/$srs_status $srs_orig_recipient $srs_recipient";
    let forwarder = Forwarder::new(SECRETS, shown, shown).await;
    let made = forwarder.forwarded("ann@home.example").await;
    assert_eq!(forwarder.bounced(&made).await, "ann@home.example");
    let text = forwarder.sink.heard("X-Shown:");
    let back = format!("X-Shown: /OK {made} ann@home.example");
    assert_eq!(text, ["X-Shown: ann@home.example/OK  ".to_owned(), back], "{text:?}");
    assert_eq!(forwarder.sink.heard("X-SRS:")[0], "X-SRS: ann@home.example OK");
}

#[tokio::test]
async fn back_and_forward_again() {
    let both = Forwarder::new(SECRETS, "  condition = ${if eq{$domain}{x}}", "  condition = no").await;
    assert!(both.forwarded("a@h.example").await.starts_with("** "));
    let text = "srs_secrets = new\n";
    let forwarder = Forwarder::new(text, "", "").await;
    let made = forwarder.forwarded("ann@home.example").await;
    let sink = Sink::start().await;
    let office = Office::with(
        &FORWARDER
            .replace("PORT", &sink.port.to_string())
            .replace("MAIN", text)
            .replace("srs = reverse", "srs = reverseandforward")
            .replace("BACK", "")
            .replace("FORWARD", ""),
    );
    let both = Forwarder { office, sink };
    let carried = both.carried("vacation@v.example", &made).await;
    let (mail, rcpt) = carried.split_once(' ').unwrap_or_default();
    assert!(mail.starts_with("SRS0=") && mail.ends_with("=v.example=vacation@f.example"), "{carried}");
    assert_eq!(rcpt, "ann@home.example");
}

#[tokio::test]
async fn senders_kept_in_a_database() {
    let file = std::env::temp_dir().join(format!("postrider-srs-{}.db", std::process::id()));
    let path = file.display();
    let table = "create table if not exists srs (k text primary key, a text)";
    let insert = format!(
        "  srs_dbinsert = ${{lookup sqlite,file={path} {{{table}}}}}${{lookup sqlite,file={path} {{insert or ignore \
         into srs values ('${{quote_sqlite:$srs_db_key}}', '${{quote_sqlite:$srs_db_address}}')}}}}"
    );
    let select = format!(
        "  srs_dbselect = ${{lookup sqlite,file={path} {{select a from srs where k = '${{quote_sqlite:$srs_db_key}}'}}}}"
    );
    let forwarder = Forwarder::new(SECRETS, &select, &insert).await;
    let made = forwarder.forwarded("ann@home.example").await;
    assert!(made.starts_with("SRS0=") && !made.contains("home") && made.len() == 51, "{made}");
    assert_eq!(forwarder.forwarded("ann@home.example").await, made, "the next message of the day");
    assert_eq!(forwarder.bounced(&made).await, "ann@home.example");
    assert_eq!(forwarder.bounced(&made.to_ascii_lowercase()).await, "ann@home.example");
    // Addresses from before there was a database are still good.
    let plain = Forwarder::new(SECRETS, "", "").await.forwarded("bob@home.example").await;
    assert_eq!(forwarder.bounced(&plain).await, "bob@home.example");
    std::fs::remove_file(&file).expect("the database is there");
    assert!(forwarder.bounced(&made).await.starts_with("** "), "no longer in the database");
    let broken = Forwarder::new(SECRETS, "  srs_dbselect = ${if eq{1}}", "").await;
    let said = broken.bounced(&made).await;
    assert!(said.contains("R=back defer (-1): failed to expand srs_dbselect"), "{said}");
    let _ = std::fs::remove_file(&file);
}

#[tokio::test]
async fn the_native_form_as_return_path_of_a_transport() {
    let sink = Sink::start().await;
    let text = FORWARDER
        .replace("PORT", &sink.port.to_string())
        .replace("  srs = reverse\nBACK\n  data = $srs_recipient", "  condition = ${if inbound_srs{$local_part}{s}}\n  data = $srs_recipient")
        .replace("  srs = forward\nFORWARD\n", "")
        .replace("MAIN", "")
        .replace("  hosts_try_auth =\n", "  hosts_try_auth =\n  max_rcpt = 1\n  return_path = ${srs_encode{s}{$return_path}{$original_domain}}\n");
    let forwarder = Forwarder { office: Office::with(&text), sink };
    let made = forwarder.forwarded("ann@home.example").await;
    assert!(made.starts_with("SRS0=") && made.ends_with("=home.example=ann@f.example"), "{made}");
    assert_eq!(forwarder.bounced(&made).await, "ann@home.example");
}
