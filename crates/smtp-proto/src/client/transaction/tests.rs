use super::*;

const PIPELINING: Capabilities = Capabilities {
    esmtp: true,
    size: Some(0),
    eight_bit_mime: true,
    dsn: false,
    pipelining: true,
    pipe_connect: false,
    chunking: false,
    starttls: false,
    prdr: false,
    smtputf8: false,
    requiretls: false,
    auth: Vec::new(),
    limits: crate::extension::Limits { mail_max: None, rcpt_max: None, rcpt_domain_max: None },
};

/// Feeds replies by code; gives what was sent (`<content>` for the content) and the outcome.
fn run(
    protocol: Protocol,
    offered: &Capabilities,
    content: Content,
    codes: &[u16],
) -> (Vec<String>, TransactionOutcome) {
    let recipients = ["a@x", "b@x"].map(|a| Recipient { address: a.into(), ..Recipient::default() });
    let mail = MailFrom { sender: b"s@y".to_vec(), size: Some(9), eight_bit: true, ..MailFrom::default() };
    let (mut transaction, first) = Transaction::begin(protocol, offered, content, &mail, &recipients);
    let mut sent = vec![shown(&first)];
    let mut codes = codes.iter();
    loop {
        let code = *codes.next().expect("a reply is awaited");
        match transaction.on_reply(PeerReply { code, lines: vec![b"text".to_vec()] }) {
            Step::Wait => {}
            Step::Send(octets) => sent.push(shown(&octets)),
            Step::SendContent(_) => sent.push("<content>".to_owned()),
            Step::Done => break,
        }
    }
    assert_eq!(codes.next(), None, "the transaction ended early");
    (sent, transaction.into_outcome())
}

fn shown(octets: &[u8]) -> String {
    String::from_utf8_lossy(octets).trim_end().replace("\r\n", "|")
}

fn ends(outcome: &TransactionOutcome) -> Vec<String> {
    let end = |o: &RecipientOutcome| match &o.delivered {
        Delivered::Yes(reply) => format!("yes {}", reply.code),
        Delivered::Refused(stage, reply) => format!("{stage:?} {}", reply.code),
        Delivered::Undecided => "undecided".to_owned(),
    };
    outcome.recipients.iter().map(end).collect()
}

const MAIL: &str = "MAIL FROM:<s@y> SIZE=9 BODY=8BITMIME|RCPT TO:<a@x>|RCPT TO:<b@x>|DATA";

#[test]
fn pipelined() {
    let check = |codes: &[u16], sent: &[&str], end: [&str; 2], needs_reset: bool| {
        let (found, outcome) = run(Protocol::Smtp, &PIPELINING, Content::Dot, codes);
        assert_eq!(found, sent, "{codes:?}");
        assert_eq!(ends(&outcome), end, "{codes:?}");
        assert_eq!(outcome.needs_reset, needs_reset, "{codes:?}");
    };
    check(&[250, 250, 250, 354, 250], &[MAIL, "<content>"], ["yes 250", "yes 250"], false);
    check(&[250, 550, 250, 354, 250], &[MAIL, "<content>"], ["Rcpt(0) 550", "yes 250"], false);
    check(&[250, 550, 451, 503], &[MAIL], ["Rcpt(0) 550", "Rcpt(1) 451"], true);
    check(&[250, 550, 550, 354, 554], &[MAIL, "."], ["Rcpt(0) 550", "Rcpt(1) 550"], false);
    check(&[451, 503, 503, 503], &[MAIL], ["Mail 451", "Mail 451"], false);
    check(&[250, 250, 450, 452], &[MAIL], ["Data 452", "Rcpt(1) 450"], true);
    check(&[250, 250, 250, 354, 554], &[MAIL, "<content>"], ["EndOfData 554", "EndOfData 554"], false);
}

#[test]
fn one_by_one() {
    let offered = Capabilities::default();
    let (sent, outcome) = run(Protocol::Smtp, &offered, Content::Dot, &[250, 550, 250, 354, 250]);
    assert_eq!(sent, ["MAIL FROM:<s@y>", "RCPT TO:<a@x>", "RCPT TO:<b@x>", "DATA", "<content>"]);
    assert_eq!(ends(&outcome), ["Rcpt(0) 550", "yes 250"]);
    let (sent, outcome) = run(Protocol::Smtp, &offered, Content::Dot, &[550]);
    assert_eq!((sent.len(), ends(&outcome)), (1, vec!["Mail 550".to_owned(); 2]));
    let (sent, outcome) = run(Protocol::Smtp, &offered, Content::Dot, &[250, 550, 550]);
    assert_eq!((sent.len(), outcome.needs_reset), (3, true));
}

#[test]
fn chunks() {
    let offered = Capabilities { chunking: true, ..PIPELINING };
    let (sent, outcome) = run(Protocol::Smtp, &offered, Content::Chunks, &[250, 250, 550, 250]);
    assert_eq!(sent, ["MAIL FROM:<s@y> SIZE=9 BODY=8BITMIME|RCPT TO:<a@x>|RCPT TO:<b@x>", "<content>"]);
    assert_eq!(ends(&outcome), ["yes 250", "Rcpt(1) 550"]);
    assert_eq!(bdat(12, true), b"BDAT 12 LAST\r\n");
}

#[test]
fn lmtp_answers_for_each_recipient() {
    let (_, outcome) = run(Protocol::Lmtp, &PIPELINING, Content::Dot, &[250, 250, 250, 354, 250, 452]);
    assert_eq!(ends(&outcome), ["yes 250", "EndOfData 452"]);
    let (_, outcome) = run(Protocol::Lmtp, &PIPELINING, Content::Dot, &[250, 550, 250, 354, 250]);
    assert_eq!(ends(&outcome), ["Rcpt(0) 550", "yes 250"]);
}

#[test]
fn a_lost_connection_leaves_recipients_undecided() {
    let recipients = [Recipient { address: b"a@x".to_vec(), ..Recipient::default() }];
    let (mut transaction, _) =
        Transaction::begin(Protocol::Smtp, &PIPELINING, Content::Dot, &MailFrom::default(), &recipients);
    assert_eq!(transaction.words(transaction.stage()), b"MAIL FROM:<>");
    for code in [250, 250, 354] {
        transaction.on_reply(PeerReply { code, lines: Vec::new() });
    }
    assert!(transaction.content_was_sent() && !transaction.is_pipelined(Stage::EndOfData));
    assert_eq!(ends(&transaction.into_outcome()), ["undecided"]);
}

#[test]
fn parameters_of_the_envelope() {
    let offered = Capabilities { dsn: true, smtputf8: true, ..PIPELINING };
    let mail = MailFrom {
        sender: b"a@b\r\nRCPT TO:<evil>".to_vec(),
        smtputf8: true,
        ret: Some(Ret::Headers),
        envid: Some(b"x+20".to_vec()),
        ..MailFrom::default()
    };
    assert_eq!(mail_line(&mail, &offered), b"MAIL FROM:<a@bRCPT TO:<evil>> SMTPUTF8 RET=HDRS ENVID=x+20");
    assert_eq!(mail_line(&mail, &Capabilities::default()), b"MAIL FROM:<a@bRCPT TO:<evil>>");
    let recipient = Recipient {
        address: b"c@d".to_vec(),
        notify: Some(Notify { success: true, delay: true, ..Notify::default() }),
        orcpt: Some(b"rfc822;e@f".to_vec()),
    };
    assert_eq!(rcpt_line(&recipient, &offered), b"RCPT TO:<c@d> NOTIFY=SUCCESS,DELAY ORCPT=rfc822;e@f");
    assert_eq!(rcpt_line(&recipient, &PIPELINING), b"RCPT TO:<c@d>");
}
