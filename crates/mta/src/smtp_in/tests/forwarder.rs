//! One message over three servers: its origin signs it, a forwarder checks it, breaks the signature, rewrites the sender and
//! seals, and its destination accepts it because of the seal.

use std::net::SocketAddr;
use std::sync::Arc;

use dns::fixture::FixtureServer;
use mail_types::message_id::MessageId;
use tokio::net::TcpListener;

use crate::deliver::{AttemptKind, attempt};
use crate::smtp_in::{Client, session};
use crate::testing::{Bench, Dialogue};

const KEY: &str = "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g\n-----END PRIVATE KEY-----\n";

const ZONE: &str = r#"
    o.example.               TXT "v=spf1 ip4:192.0.2.10 -all"
    s._domainkey.o.example.  TXT "v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="
    _dmarc.o.example.        TXT "v=DMARC1; p=reject"
    f.example.               TXT "v=spf1 ip4:192.0.2.20 -all"
    s._domainkey.f.example.  TXT "v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="
"#;

/// What all three have.
const COMMON: &str = "
acl_smtp_rcpt = acl_rcpt
acl_smtp_data = acl_data
queue_only
dmarc_tld_file = builtin
log_selector = +dkim +dkim_verbose +spf_verbose +dmarc_verbose +sender_on_delivery +return_path_on_delivery
begin acl
acl_rcpt:
  accept spf = *
";

const ORIGIN: &str = "
acl_data:
  accept
begin routers
out:
  driver = manualroute
  transport = signed
  self = send
  route_list = * 127.0.0.1::PORT
begin transports
signed:
  driver = smtp
  allow_localhost
  hosts_try_auth =
  dkim_domain = o.example
  dkim_selector = s
  dkim_private_key = KEYFILE
";

const FORWARDER: &str = "
acl_data:
  warn  remove_header = ^(?i)Authentication-Results: *f\\\\.example
  deny  dmarc_status = reject
  warn  verify = arc
  accept add_header = :at_start:${authresults{f.example}}
begin routers
back:
  driver = redirect
  domains = f.example
  srs = reverse
  data = $srs_recipient
list:
  driver = redirect
  domains = f.example
  local_parts = list
  srs = forward
  headers_remove = Subject
  headers_add = Subject: [list] $h_subject:
  data = reader@d.example
out:
  driver = manualroute
  transport = sealed
  self = send
  route_list = * 127.0.0.1::PORT
begin transports
sealed:
  driver = smtp
  allow_localhost
  hosts_try_auth =
  arc_sign = f.example : s : KEYFILE
";

const DESTINATION: &str = "
acl_data:
  warn  verify = arc/pass
        logwrite = arc=$arc_state $arc_domains $arc_oldest_pass
  deny  dmarc_status = reject
        message = $dmarc_status_text
  accept add_header = :at_start:${authresults{d.example}}
begin routers
back:
  driver = manualroute
  domains = ! d.example
  transport = out
  self = send
  route_list = * 127.0.0.1::PORT
begin transports
out:
  driver = smtp
  allow_localhost
  hosts_try_auth =
";

struct Server {
    bench: Bench,
    port: u16,
    _dns: FixtureServer,
}

impl Server {
    /// A server on a port of its own, whose clients seem to come from an address; it sends everything to `next`.
    async fn start(main: &str, rest: &str, clients: [u8; 4], next: u16) -> Self {
        let key = std::env::temp_dir().join(format!("postrider-forwarder-{}.key", std::process::id()));
        std::fs::write(&key, KEY).expect("a scratch file");
        let text = format!("{main}{COMMON}{rest}begin retry\n* * F,2h,15m\n")
            .replace("KEYFILE", &key.display().to_string())
            .replace("PORT", &next.to_string());
        let (bench, dns) = Bench::with_zone(&text, ZONE);
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
        let port = listener.local_addr().expect("it is bound").port();
        let (services, shutdown) = (Arc::clone(&bench.services), bench.shutdown.subscribe());
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let client = Client::Tcp {
                    peer: SocketAddr::new(clients.into(), 4000),
                    local: SocketAddr::from(([192, 0, 2, 25], 25)),
                    count: Some(1),
                };
                let (services, shutdown) = (Arc::clone(&services), shutdown.clone());
                tokio::spawn(async move { session(&mut stream, client, services, shutdown).await });
            }
        });
        Self { bench, port, _dns: dns }
    }

    /// Delivers the newest message.
    async fn deliver(&self) {
        attempt(self.newest(), AttemptKind::Forced, &self.bench.services).await;
    }

    fn newest(&self) -> MessageId {
        let names = self.bench.spool_files();
        let name = names.iter().rfind(|name| name.ends_with("-H")).expect("a message is there");
        MessageId::parse(name.trim_end_matches("-H").as_bytes()).expect("an id")
    }

    /// Header lines of the newest message, unfolded.
    fn header(&self) -> Vec<String> {
        let header = self.bench.services.spool.read_header(&self.newest()).expect("readable").expect("there");
        header
            .live_headers()
            .map(|line| {
                String::from_utf8_lossy(&line.text)
                    .replace("\n\t", " ")
                    .replace("\n ", " ")
                    .trim_end()
                    .to_owned()
            })
            .collect()
    }

    /// The log, ids as `ID`.
    fn log(&self) -> Vec<String> {
        self.bench.main_log().iter().map(|line| masked(line)).collect()
    }
}

/// Ids are `ID`, sizes `N`.
fn masked(line: &str) -> String {
    let is_id = |word: &str| MessageId::parse(word.as_bytes()).is_some();
    let word = |word: &str| match word.split_once("id=") {
        Some((head, rest)) if is_id(rest.trim_end_matches('"')) => {
            format!("{head}id=ID{}", if rest.ends_with('"') { "\"" } else { "" })
        }
        _ if is_id(word) => "ID".to_owned(),
        _ if word.starts_with("S=") => "S=N".to_owned(),
        _ if !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_digit()) => "N".to_owned(),
        _ if word.contains("\\n250") => format!("N{}", word.trim_start_matches(|c: char| c.is_ascii_digit())),
        _ => word.to_owned(),
    };
    line.split(' ').map(word).collect::<Vec<_>>().join(" ")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_forwarder_between_two_servers() {
    let destination =
        Server::start("dmarc_arc_trusted_sealers = f.example", DESTINATION, [192, 0, 2, 20], 9).await;
    let forwarder = Server::start("srs_secrets = secret", FORWARDER, [192, 0, 2, 10], destination.port).await;
    let origin = Server::start("", ORIGIN, [192, 0, 2, 1], forwarder.port).await;
    let mut client = Dialogue::connect(&origin.bench);
    client
        .follow(
            "S: 220 …\nC: EHLO pc.o.example\nS: 250-…\nC: MAIL FROM:<ann@o.example>\nS: 250 OK\nC: RCPT TO:<list@f.example>\nS: 250 Accepted\n\
             C: DATA\nS: 354 …\nC: From: Ann <ann@o.example>\nC: To: list@f.example\nC: Subject: hello\n\
             C: Authentication-Results: f.example; dmarc=fail\nC: Message-ID: <1@o.example>\nC:\nC: text\nC: .\nS: 250 OK…\nC: QUIT\nS: 221 …",
        )
        .await;
    client.closed().await;
    origin.deliver().await;
    forwarder.deliver().await;
    logs_of_all_three(&origin, &forwarder, &destination);
    header_at_the_destination(&destination);
    // A bounce finds its way back through the forwarder.
    let rewritten = "SRS0=TideTE=JL=o.example=ann@f.example";
    let mut client = Dialogue::connect(&forwarder.bench);
    client
        .follow(&format!(
            "S: 220 …\nC: EHLO d.example\nS: 250-…\nC: MAIL FROM:<>\nS: 250 OK\nC: RCPT TO:<{rewritten}>\nS: 250 Accepted\n\
             C: DATA\nS: 354 …\nC: From: postmaster@d.example\nC:\nC: bounce\nC: .\nS: 250 OK…\nC: QUIT\nS: 221 …"
        ))
        .await;
    client.closed().await;
    forwarder.deliver().await;
    let log = forwarder.log();
    let last = log.iter().rfind(|line| line.contains("=> ")).cloned().unwrap_or_default();
    assert!(
        last.starts_with(&format!("ID => ann@o.example <{rewritten}> F=<> P=<> R=out T=sealed ")),
        "{log:#?}"
    );
}

const HOP: &str = "H=127.0.0.1 [127.0.0.1] X=TLS1.3:TLS_AES_256_GCM_SHA384:256 CV=no K C=\"250- N byte chunk, total N\\\\n250 OK id=ID\"";

fn logs_of_all_three(origin: &Server, forwarder: &Server, destination: &Server) {
    assert_eq!(
        origin.log(),
        [
            "ID <= ann@o.example H=(pc.o.example) [192.0.2.7] P=esmtp S=N id=1@o.example SPF=fail".to_owned(),
            format!("ID => list@f.example F=<ann@o.example> P=<ann@o.example> R=out T=signed {HOP}"),
            "ID Completed".to_owned(),
        ]
    );
    let rewritten = "SRS0=TideTE=JL=o.example=ann@f.example";
    assert_eq!(
        forwarder.log(),
        [
            "no host name found for IP address 192.0.2.10".to_owned(),
            "ID DKIM: d=o.example s=s c=relaxed/relaxed a=ed25519-sha256 b=512 [verification succeeded]".to_owned(),
            "ID <= ann@o.example H=(mx.test.example) [192.0.2.10] P=esmtps X=TLS1.3:TLS_AES_256_GCM_SHA384:256 CV=no K S=N \
             id=1@o.example DKIM=o.example SPF=pass DMARC=accept"
                .to_owned(),
            format!(
                "ID => reader@d.example <list@f.example> SRS=<{rewritten}> F=<ann@o.example> P=<{rewritten}> R=out T=sealed {HOP}"
            ),
            "ID Completed".to_owned(),
        ]
    );
    assert_eq!(
        destination.log(),
        [
            "no host name found for IP address 192.0.2.20".to_owned(),
            "ID DKIM: d=o.example s=s c=relaxed/relaxed a=ed25519-sha256 b=512 [verification failed - signature did not verify \
             (headers probably modified in transit)]"
                .to_owned(),
            "ID arc=pass f.example N".to_owned(),
            format!(
                "ID <= {rewritten} H=(mx.test.example) [192.0.2.20] P=esmtps X=TLS1.3:TLS_AES_256_GCM_SHA384:256 CV=no K S=N \
                 id=1@o.example SPF=pass DMARC=accept ARC"
            ),
        ]
    );
}

fn header_at_the_destination(destination: &Server) {
    let header = destination.header();
    let of_forwarder = "f.example; iprev=fail smtp.remote-ip=192.0.2.10; spf=pass smtp.mailfrom=o.example; dkim=pass header.d=o.example \
                        header.s=s header.a=ed25519-sha256 header.b=V3BwMvpx; dmarc=pass header.from=o.example; arc=none";
    for (at, begins) in [
        "Authentication-Results: d.example; iprev=fail smtp.remote-ip=192.0.2.20; spf=pass smtp.mailfrom=f.example; dkim=fail \
         (signature did not verify; headers probably modified in transit) header.d=o.example header.s=s header.a=ed25519-sha256 \
         header.b=V3BwMvpx; dmarc=pass header.from=o.example; arc=pass (i=1) header.oldest-pass=1",
        "Received: from [192.0.2.20] (helo=mx.test.example)",
        "ARC-Seal: i=1; cv=none; a=ed25519-sha256; d=f.example; s=s; b=",
        "ARC-Message-Signature: i=1; a=ed25519-sha256; d=f.example; s=s; c=relaxed/relaxed; \
         h=Subject:Message-ID:To:From:DKIM-Signature; bh=",
        &format!("ARC-Authentication-Results: i=1; {of_forwarder}"),
        &format!("Authentication-Results: {of_forwarder}"),
        "Received: from [192.0.2.10] (helo=mx.test.example)",
        "DKIM-Signature: v=1; a=ed25519-sha256; q=dns/txt; c=relaxed/relaxed; d=o.example; s=s; h=Message-ID:Subject:",
        "Received: from [192.0.2.7] (helo=pc.o.example)",
        "From: Ann <ann@o.example>",
        "To: list@f.example",
        "Message-ID: <1@o.example>",
        "Subject: [list] hello",
    ]
    .iter()
    .enumerate()
    {
        let line = header.get(at).cloned().unwrap_or_default();
        assert!(line.starts_with(begins), "{at}: {begins}: {header:#?}");
    }
    assert_eq!(header.len(), 13, "the forged results are gone: {header:#?}");
}
