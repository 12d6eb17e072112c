//! Clients that mean harm at the level of TLS. Each costs one connection and one line of the log, which names the limit
//! where one was reached; the next client is served.

use std::time::Duration;

use mail_types::limits;
use tls::ConnectorRequest;

use super::OPEN;
use super::tls::begin;
use crate::testing::Bench;

/// Records of the type with the octets in them.
fn records(kind: u8, content: &[u8]) -> Vec<u8> {
    content
        .chunks(0x4000)
        .flat_map(|part| {
            let length = u16::try_from(part.len()).expect("a record is short").to_be_bytes();
            [&[kind, 3, 1][..], &length, part].concat()
        })
        .collect()
}

/// Octets behind their length in two octets.
fn counted(octets: &[u8]) -> Vec<u8> {
    [&u16::try_from(octets.len()).expect("it fits").to_be_bytes()[..], octets].concat()
}

/// A ClientHello that asks for a server of the name.
fn hello_for(name: &[u8]) -> Vec<u8> {
    let names = counted(&[&[0][..], &counted(name)].concat());
    let extensions = counted(&[&[0, 0][..], &counted(&names)].concat());
    let body = [&[3, 3][..], &[7; 32], &[0], &counted(&[0x13, 0x02]), &[1, 0], &extensions].concat();
    let length = u32::try_from(body.len()).expect("it fits").to_be_bytes();
    records(0x16, &[&[1][..], &length[1..], &body].concat())
}

/// What is no ClientHello, or one that never ends, costs one connection.
#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn hellos_that_are_none() {
    let bench = Bench::new(&format!("{OPEN}smtp_receive_timeout = 1s\n"));
    let too_long = [&[1, 0xff, 0xff, 0xff][..], &vec![b'a'; 0x1_0000]].concat();
    let bad_name = "peer misbehaved: ServerNameMustContainOneHostName";
    let table: [(&str, Vec<u8>, &str); 11] = [
        (
            "garbage",
            b"GET / HTTP/1.1\r\n\r\n".to_vec(),
            "received corrupt message of type InvalidContentType",
        ),
        (
            "an alert",
            vec![0x15, 3, 3, 0, 2, 2, 80],
            "received unexpected message: got Alert when expecting Handshake",
        ),
        (
            "warnings without end",
            records(0x15, &[1, 90]).repeat(5_000),
            "received unexpected message: got Alert when expecting Handshake",
        ),
        (
            "changes of cipher without end",
            records(0x14, &[1]).repeat(5_000),
            "received unexpected message: got ChangeCipherSpec when expecting Handshake",
        ),
        (
            "empty records without end",
            [0x16, 3, 1, 0, 0].repeat(5_000),
            "received corrupt message of type InvalidEmptyPayload",
        ),
        (
            "data before any key",
            vec![0x17, 3, 3, 0, 4, 1, 2, 3, 4],
            "received unexpected message: got ApplicationData when expecting Handshake",
        ),
        ("a name of 16 KiB", hello_for(&vec![b'a'; 0x4000]), bad_name),
        ("a name of 64 KiB", hello_for(&vec![b'a'; 0xff00]), bad_name),
        (
            "a hello of 16 MiB",
            records(0x16, &too_long),
            "the peer's handshake message is too long (limit tls_handshake_message: 65535)",
        ),
        (
            "the beginning of a hello",
            vec![0x16, 3, 1, 0x02, 0x00, 1, 0, 0x01, 0xfc],
            "timed out (limit smtp_receive_timeout: 1s)",
        ),
        ("silence", Vec::new(), "timed out (limit smtp_receive_timeout: 1s)"),
    ];
    for (number, (what, octets, reason)) in table.into_iter().enumerate() {
        let mut client = begin(&bench).await;
        client.send(&octets).await;
        client.closed().await;
        let log = bench.main_log();
        assert_eq!(log.len(), number + 1, "{what}: {log:?}");
        let line = format!("TLS error on connection from (x) [192.0.2.7] (SSL_accept): {reason}");
        assert_eq!(log[number], line, "{what}");
    }
    let mut client = begin(&bench).await;
    client.secure(&ConnectorRequest::default()).await.expect("the next client is served");
    client.follow("C: EHLO x\nS: 250-…\nC: QUIT\nS: 221 …").await;
    assert_eq!(bench.panic_log(), Vec::<String>::new());
}

/// An octet now and then keeps no handshake alive, and without `smtp_receive_timeout` there is a limit all the same.
#[tokio::test(start_paused = true)]
async fn a_handshake_has_a_limit_as_a_whole() {
    for (option, limit, name) in [
        ("0s", limits::TLS_HANDSHAKE_SECS, "tls_handshake_secs: 300s"),
        ("1h", limits::TLS_HANDSHAKE_SECS, "tls_handshake_secs: 300s"),
        ("20s", 20, "smtp_receive_timeout: 20s"),
    ] {
        let bench = Bench::new(&format!("{OPEN}smtp_receive_timeout = {option}\n"));
        let mut client = begin(&bench).await;
        let began = tokio::time::Instant::now();
        client.send([0x16, 3, 1, 0x40, 0x00, 1, 0, 0x3f, 0xfc]).await;
        while bench.main_log().is_empty() {
            assert!(began.elapsed() < Duration::from_secs(limit + 9), "{option}: it goes on");
            tokio::time::sleep(Duration::from_secs(3)).await;
            client.send("x").await;
        }
        assert!(began.elapsed() >= Duration::from_secs(limit), "{option}: {:?}", began.elapsed());
        client.closed().await;
        let line =
            format!("TLS error on connection from (x) [192.0.2.7] (SSL_accept): timed out (limit {name})");
        assert_eq!(bench.main_log(), [line]);
    }
}

/// A server that is asked to stop does not wait for a handshake.
#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_handshake_does_not_keep_the_server() {
    let bench = Bench::new(OPEN);
    let mut client = begin(&bench).await;
    client.send([0x16, 3, 1]).await;
    bench.shutdown.send_replace(true);
    client.closed().await;
    assert_eq!(bench.main_log(), Vec::<String>::new());
}
