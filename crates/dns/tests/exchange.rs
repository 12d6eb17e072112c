//! Servers that are written out datagram by datagram: what a resolver sends, and what it takes for an answer.

#![allow(clippy::expect_used, reason = "a test may fail loudly")]

extern crate postrider_dns as dns;

use std::collections::HashSet;
use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::sync::{Arc, Barrier};
use std::time::Duration;

use dns::{Resolver, ResolverConfig};
use mail_types::Timestamp;
use mail_types::clock::{FixedClock, SystemEntropy};
use mail_types::dns::{Answer, DnsFailure, QueryOptions, RecordData, RecordType};

const PATIENT: Duration = Duration::from_secs(20);

/// A question as it came.
struct Asked {
    bytes: Vec<u8>,
    from: SocketAddr,
}

impl Asked {
    fn id(&self) -> [u8; 2] {
        [self.bytes[0], self.bytes[1]]
    }

    /// The question section, for a name without compression.
    fn question(&self) -> &[u8] {
        let labels = self.bytes[12..].iter().position(|byte| *byte == 0).expect("a name");
        &self.bytes[12..12 + labels + 5]
    }

    /// A reply with these flags, A records (lifetime, last octet), and an SOA record (lifetime, minimum).
    fn reply(&self, flags: [u8; 2], answers: &[(u32, u8)], soa: Option<(u32, u32)>) -> Vec<u8> {
        let counts = [0, 1, 0, answers.len() as u8, 0, u8::from(soa.is_some()), 0, 0];
        let mut out = [&self.id()[..], &flags, &counts, self.question()].concat();
        for (ttl, octet) in answers {
            out.extend(
                [&[0xc0, 12, 0, 1, 0, 1][..], &ttl.to_be_bytes(), &[0, 4, 192, 0, 2, *octet]].concat(),
            );
        }
        if let Some((ttl, minimum)) = soa {
            out.extend([&[0, 0, 6, 0, 1][..], &ttl.to_be_bytes(), &[0, 22, 0, 0], &[0; 16]].concat());
            out.extend(minimum.to_be_bytes());
        }
        out
    }
}

const GOOD: [u8; 2] = [0x81, 0x80];
const NXDOMAIN: [u8; 2] = [0x81, 0x83];
const TRUNCATED: [u8; 2] = [0x83, 0x80];

/// A server's socket.
fn server() -> (UdpSocket, SocketAddr) {
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).expect("loopback");
    socket.set_read_timeout(Some(PATIENT)).expect("a time");
    let address = socket.local_addr().expect("bound");
    (socket, address)
}

fn next(socket: &UdpSocket) -> Asked {
    let mut buffer = [0; 2_048];
    let (length, from) = socket.recv_from(&mut buffer).expect("a question");
    Asked { bytes: buffer[..length].to_vec(), from }
}

struct World {
    runtime: tokio::runtime::Runtime,
    resolver: Resolver,
    clock: Arc<FixedClock>,
}

impl World {
    fn new(servers: &[SocketAddr]) -> Self {
        let clock = Arc::new(FixedClock::new(Timestamp::from_secs(1_000)));
        let config = ResolverConfig { retrans: PATIENT, tries: 1, ..ResolverConfig::with_servers(servers) };
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .expect("threads");
        let resolver = Resolver::new(config, clock.clone(), Arc::new(SystemEntropy));
        Self { runtime, resolver, clock }
    }

    /// Asks from a task of its own.
    fn asks(&self, name: &str) -> tokio::task::JoinHandle<Result<Answer, DnsFailure>> {
        let (resolver, name) = (self.resolver.clone(), name.as_bytes().to_vec());
        self.runtime.spawn(async move { resolver.query(&name, RecordType::A).await })
    }

    /// What came of it: the last octets of the addresses.
    fn got(&self, asked: tokio::task::JoinHandle<Result<Answer, DnsFailure>>) -> Result<Vec<u8>, DnsFailure> {
        let answer = self.runtime.block_on(asked).expect("no panic")?;
        let octet = |data: &RecordData| match data {
            RecordData::A(address) => address.octets()[3],
            _ => 0,
        };
        Ok(answer.records.iter().map(|record| octet(&record.data)).collect())
    }
}

#[test]
fn many_who_ask_the_same_ask_once() {
    let (socket, address) = server();
    let world = World::new(&[address]);
    // A lifetime of zero: nothing is kept for the next one.
    for octet in 1..=3 {
        let first = world.asks("many.example");
        let question = next(&socket);
        let others: Vec<_> = (0..100).map(|_| world.asks("MANY.example")).collect();
        // Another name is another question, and this one is asked after the hundred.
        let other = world.asks("other.example");
        let of_other = next(&socket);
        assert_ne!(question.question(), of_other.question());
        socket.send_to(&of_other.reply(GOOD, &[(0, 99)], None), of_other.from).expect("sent");
        assert_eq!(world.got(other), Ok(vec![99]));
        socket.send_to(&question.reply(GOOD, &[(0, octet)], None), question.from).expect("sent");
        assert_eq!(world.got(first), Ok(vec![octet]));
        for asked in others {
            assert_eq!(world.got(asked), Ok(vec![octet]));
        }
    }
    socket.set_nonblocking(true).expect("a mode");
    assert!(socket.recv(&mut [0; 1]).is_err(), "something was asked twice");
}

/// Who gives up does not take the answer from the others.
#[test]
fn the_first_to_ask_may_go() {
    let (socket, address) = server();
    let world = World::new(&[address]);
    let first = world.asks("gone.example");
    let question = next(&socket);
    let second = world.asks("gone.example");
    first.abort();
    assert!(world.runtime.block_on(first).is_err_and(|error| error.is_cancelled()));
    socket.send_to(&question.reply(GOOD, &[(60, 5)], None), question.from).expect("sent");
    assert_eq!(world.got(second), Ok(vec![5]));
    assert_eq!(world.got(world.asks("gone.example")), Ok(vec![5]), "kept");
}

/// Two who ask with different patience are two.
#[test]
fn each_has_the_patience_that_was_asked_for() {
    let (_socket, address) = server();
    let world = World::new(&[address]);
    let _patient = world.asks("slow.example");
    let options = QueryOptions { retrans: Some(Duration::from_millis(10)), ..QueryOptions::default() };
    let hasty = world.resolver.query_with(b"slow.example", RecordType::A, &options);
    assert_eq!(world.runtime.block_on(hasty), Err(DnsFailure::Timeout));
}

/// How long answers and their absence are kept: of an SOA record's lifetime and minimum the lesser counts.
#[test]
fn lifetimes() {
    let (socket, address) = server();
    const KEPT_FOR_EVER: u32 = 86_400;
    for (flags, answers, soa, kept) in [
        (GOOD, vec![(30, 1)], None, 30),
        (GOOD, vec![(30, 1), (20, 2)], None, 20),
        (GOOD, vec![(0, 1)], None, 0),
        (GOOD, vec![(30, 1), (0, 2)], None, 0),
        (GOOD, vec![(0x7fff_ffff, 1)], None, KEPT_FOR_EVER),
        // rfc2181#8
        (GOOD, vec![(0x8000_0000, 1)], None, 0),
        (GOOD, vec![(0xffff_ffff, 1)], None, 0),
        (NXDOMAIN, vec![], Some((60, 10)), 10),
        (NXDOMAIN, vec![], Some((10, 60)), 10),
        (NXDOMAIN, vec![], Some((0, 60)), 0),
        (NXDOMAIN, vec![], Some((60, 0)), 0),
        (NXDOMAIN, vec![], Some((0xffff_ffff, 60)), 0),
        (NXDOMAIN, vec![], Some((0x7fff_ffff, 0xffff_ffff)), KEPT_FOR_EVER),
        (NXDOMAIN, vec![], None, 0),
        (GOOD, vec![], Some((60, 10)), 10),
    ] {
        let case = format!("{flags:?} {answers:?} {soa:?}");
        let world = World::new(&[address]);
        let mut after = vec![0];
        after.extend([kept.saturating_sub(1), kept].into_iter().filter(|_| kept > 0));
        for (turn, seconds) in after.into_iter().enumerate() {
            world.clock.set(Timestamp::from_secs(1_000 + i64::from(seconds)));
            let asked = world.asks("life.example");
            // Not in the middle.
            if turn != 1 {
                let question = next(&socket);
                socket.send_to(&question.reply(flags, &answers, soa), question.from).expect("sent");
            }
            let octets = answers.iter().map(|(_, octet)| *octet).collect();
            let failure = if flags == NXDOMAIN { DnsFailure::NxDomain } else { DnsFailure::NoData };
            let expected = if answers.is_empty() { Err(failure) } else { Ok(octets) };
            assert_eq!(world.got(asked), expected, "{case} after {seconds}");
        }
    }
}

/// rfc5452: ports and ids that nobody can foresee.
#[test]
fn each_question_has_a_port_and_an_id_of_its_own() {
    let (socket, address) = server();
    let world = World::new(&[address]);
    let mut ports = HashSet::new();
    let mut ids = HashSet::new();
    let mut last = None;
    let mut steps = HashSet::new();
    for n in 0..200 {
        let asked = world.asks(&format!("{n}.example"));
        let question = next(&socket);
        ports.insert(question.from.port());
        let id = u16::from_be_bytes(question.id());
        ids.insert(id);
        if let Some(last) = last.replace(id) {
            steps.insert(id.wrapping_sub(last));
        }
        socket.send_to(&question.reply(GOOD, &[(60, 1)], None), question.from).expect("sent");
        assert_eq!(world.got(asked), Ok(vec![1]));
    }
    // Of 200 out of 65,536 (of 28,232 ports) about one is there twice.
    assert!(ports.len() > 180, "{} ports", ports.len());
    assert!(ids.len() > 190, "{} ids", ids.len());
    assert!(steps.len() > 190, "{} steps", steps.len());
}

/// An answer counts from the server that was asked, for the id and the question of this time.
#[test]
fn forgeries_of_all_kinds_are_passed_over() {
    let (socket, address) = server();
    let (stranger, _) = server();
    let elsewhere = UdpSocket::bind((Ipv4Addr::new(127, 0, 0, 2), address.port())).expect("loopback");
    let world = World::new(&[address]);
    let asked = world.asks("true.example");
    let question = next(&socket);
    let forged = question.reply(GOOD, &[(60, 66)], None);
    // From another port, and from another address with the port of the server.
    stranger.send_to(&forged, question.from).expect("sent");
    elsewhere.send_to(&forged, question.from).expect("sent");
    let changed = |at: usize, bits: u8| {
        let mut bytes = forged.clone();
        bytes[at] ^= bits;
        bytes
    };
    let length = question.question().len();
    for bytes in [
        changed(0, 1),
        changed(1, 0x80),
        // A question, and a notification.
        changed(2, 0x80),
        changed(2, 0x20),
        // Another name, type, class.
        changed(13, 1),
        changed(12 + length - 3, 2),
        changed(12 + length - 1, 2),
        // Torn off before its header ends.
        forged[..11].to_vec(),
        Vec::new(),
    ] {
        socket.send_to(&bytes, question.from).expect("sent");
    }
    // Letters may differ in case.
    let mut honest = question.reply(GOOD, &[(60, 1)], None);
    honest[13] = honest[13].to_ascii_uppercase();
    socket.send_to(&honest, question.from).expect("sent");
    assert_eq!(world.got(asked), Ok(vec![1]));
}

/// rfc6891#6.1.3: the other half of the response code stands in the OPT record; without it BADVERS looks like an answer.
#[test]
fn a_code_of_edns_is_a_failure() {
    let (socket, address) = server();
    let world = World::new(&[address]);
    for (high, expected) in [(1, Err(DnsFailure::ServFail)), (0, Err(DnsFailure::NoData))] {
        let asked = world.asks("edns.example");
        let question = next(&socket);
        let mut reply = question.reply(GOOD, &[], None);
        reply[11] = 1;
        reply.extend([0, 0, 41, 4, 208, high, 0, 0, 0, 0, 0]);
        socket.send_to(&reply, question.from).expect("sent");
        assert_eq!(world.got(asked), expected, "{high}");
    }
}

/// A stream's server at the port of a datagrams' one.
fn stream_server() -> (UdpSocket, TcpListener, SocketAddr) {
    loop {
        let (socket, address) = server();
        if let Ok(listener) = TcpListener::bind(address) {
            return (socket, listener, address);
        }
    }
}

fn read_framed(stream: &mut TcpStream) -> Asked {
    let mut length = [0; 2];
    stream.read_exact(&mut length).expect("a length");
    let mut bytes = vec![0; usize::from(u16::from_be_bytes(length))];
    stream.read_exact(&mut bytes).expect("a question");
    Asked { bytes, from: stream.peer_addr().expect("a peer") }
}

/// What a server does after the answer was cut off.
type Stream = fn(TcpStream, &Asked);

/// A server whose stream stalls, lies or ends costs its time; then the next one is asked.
#[test]
fn streams_that_stall_or_lie() {
    fn framed(bytes: &[u8]) -> Vec<u8> {
        [&(bytes.len() as u16).to_be_bytes()[..], bytes].concat()
    }
    fn stall(mut stream: TcpStream) {
        // Until the other side gives up.
        let _ = stream.read(&mut [0; 1]);
    }
    let cases: &[(&str, Stream, DnsFailure)] = &[
        ("silent", |stream, _| stall(stream), DnsFailure::Timeout),
        (
            "half a length",
            |mut stream, _| {
                stream.write_all(&[0]).expect("sent");
                stall(stream);
            },
            DnsFailure::Timeout,
        ),
        (
            "half an answer",
            |mut stream, asked| {
                let reply = framed(&asked.reply(GOOD, &[(60, 66)], None));
                stream.write_all(&reply[..reply.len() - 1]).expect("sent");
                stall(stream);
            },
            DnsFailure::Timeout,
        ),
        ("closed", |stream, _| drop(stream), DnsFailure::Unreachable),
        (
            "a length of nothing",
            |mut stream, _| stream.write_all(&[0, 0]).expect("sent"),
            DnsFailure::Malformed,
        ),
        (
            "another id",
            |mut stream, asked| {
                let mut reply = asked.reply(GOOD, &[(60, 66)], None);
                reply[0] ^= 1;
                stream.write_all(&framed(&reply)).expect("sent");
            },
            DnsFailure::Malformed,
        ),
        (
            "cut off again",
            |mut stream, asked| {
                let reply = asked.reply(TRUNCATED, &[(60, 66)], None);
                stream.write_all(&framed(&reply)).expect("sent");
            },
            DnsFailure::Malformed,
        ),
    ];
    std::thread::scope(|scope| {
        for (what, act, failure) in cases {
            scope.spawn(move || falls_to_the_next(what, *act, failure));
        }
    });
}

/// The failure of a server alone, and the answer where there is another one behind it.
fn falls_to_the_next(what: &str, act: Stream, failure: &DnsFailure) {
    let (socket, listener, address) = stream_server();
    let (good, good_address) = server();
    let begin = Arc::new(Barrier::new(2));
    let begun = Arc::clone(&begin);
    let served = std::thread::spawn(move || {
        for _ in 0..2 {
            let question = next(&socket);
            socket.send_to(&question.reply(TRUNCATED, &[], None), question.from).expect("sent");
            let (mut stream, _) = listener.accept().expect("a stream");
            let asked = read_framed(&mut stream);
            assert_ne!(asked.id(), question.id(), "each question has an id of its own");
            act(stream, &asked);
            begun.wait();
        }
    });
    let patience = |time| (*failure == DnsFailure::Timeout).then_some(Duration::from_millis(time));
    let alone = World::new(&[address]);
    let options = QueryOptions { retrans: patience(300), ..QueryOptions::default() };
    let outcome = alone.runtime.block_on(alone.resolver.query_with(b"big.example", RecordType::A, &options));
    begin.wait();
    assert_eq!(outcome.as_ref(), Err(failure), "{what}");
    let both = World::new(&[address, good_address]);
    let resolver = both.resolver.clone();
    let options = QueryOptions { retrans: patience(1_500), ..QueryOptions::default() };
    let asked =
        both.runtime.spawn(async move { resolver.query_with(b"big.example", RecordType::A, &options).await });
    begin.wait();
    let question = next(&good);
    good.send_to(&question.reply(GOOD, &[(60, 1)], None), question.from).expect("sent");
    assert_eq!(both.got(asked), Ok(vec![1]), "{what}");
    served.join().expect("served");
}
