//! Any octets as a server's replies: the handshake and a transaction end, and nobody counts as delivered without a 2xx
//! to the end of the data.

use smtp_proto::client::{
    Content, Delivered, Handshake, HandshakeStep, MailFrom, Protocol, Recipient, Stage, Step, Transaction,
};
use smtp_proto::reply::{PeerReply, ReplyParser};

fn replies(input: &[u8], step: usize) -> Vec<PeerReply> {
    let mut parser = ReplyParser::new();
    let mut found = Vec::new();
    for mut piece in input.chunks(step) {
        while !piece.is_empty() {
            let Ok((used, reply)) = parser.push(piece) else { return found };
            assert!(used > 0 && used <= piece.len());
            piece = &piece[used..];
            found.extend(reply);
        }
    }
    found
}

/// Gives one input to it.
pub(crate) fn run(data: &[u8]) {
    let [first, input @ ..] = data else { return };
    let protocol = if first & 0x80 == 0 { Protocol::Smtp } else { Protocol::Lmtp };
    let found = replies(input, usize::from(first & 0x1f) + 1);
    let mut found = found.into_iter();
    let mut handshake = Handshake::new(protocol, b"me", first & 0x40 != 0);
    let offered = loop {
        let Some(reply) = found.next() else { return };
        match handshake.on_reply(reply) {
            HandshakeStep::Send(line) => assert!(line.ends_with(b"\r\n")),
            HandshakeStep::Ready(offered) => break offered,
            HandshakeStep::Failed(_) => return,
        }
    };
    let content = if offered.chunking { Content::Chunks } else { Content::Dot };
    let recipients =
        [&b"a@x"[..], b"b@x", b"c@x"].map(|a| Recipient { address: a.to_vec(), ..Recipient::default() });
    let (mut transaction, _) =
        Transaction::begin(protocol, &offered, content, &MailFrom::default(), &recipients);
    let mut confirmed = false;
    for reply in found {
        confirmed |= transaction.stage() == Stage::EndOfData && reply.is_success();
        if transaction.on_reply(reply) == Step::Done {
            break;
        }
    }
    let outcome = transaction.into_outcome();
    assert_eq!(outcome.recipients.len(), 3);
    for recipient in outcome.recipients {
        if let Delivered::Yes(reply) = recipient.delivered {
            assert!(recipient.accepted && reply.is_success() && confirmed);
        }
    }
}
