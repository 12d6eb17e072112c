//! A server for the zones that may say something else than they do.

use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use super::signer::{DS, Rec, Reply, Zone, wire};

/// A question: name and type.
pub(crate) type Asked = (String, u16);

/// Turns the honest reply into the one that is sent; none is silence.
pub(crate) type Lie = Box<dyn Fn(&Asked, &[Zone], Reply) -> Option<Reply> + Send>;

/// Serves UDP and TCP on a loopback port until it is dropped.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    shared: Arc<Shared>,
}

struct Shared {
    zones: Arc<Vec<Zone>>,
    lie: Mutex<Lie>,
    seen: Mutex<Vec<Asked>>,
    stop: AtomicBool,
}

impl Server {
    pub(crate) fn start(zones: impl Into<Arc<Vec<Zone>>>) -> Self {
        let (udp, tcp) = loop {
            let tcp = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("loopback");
            if let Ok(udp) = UdpSocket::bind(tcp.local_addr().expect("bound")) {
                break (udp, tcp);
            }
        };
        let address = udp.local_addr().expect("bound");
        let shared = Arc::new(Shared {
            zones: zones.into(),
            lie: Mutex::new(Box::new(|_, _, reply| Some(reply))),
            seen: Mutex::default(),
            stop: AtomicBool::new(false),
        });
        let for_udp = Arc::clone(&shared);
        std::thread::spawn(move || for_udp.serve_udp(&udp));
        let for_tcp = Arc::clone(&shared);
        std::thread::spawn(move || for_tcp.serve_tcp(&tcp));
        Self { address, shared }
    }

    /// Another server with the same zones.
    pub(crate) fn another(&self) -> Self {
        Self::start(Arc::clone(&self.shared.zones))
    }

    /// From now on each reply goes through this.
    pub(crate) fn lie(&self, lie: impl Fn(&Asked, &[Zone], Reply) -> Option<Reply> + Send + 'static) {
        *self.shared.lie.lock().expect("unpoisoned") = Box::new(lie);
    }

    pub(crate) fn tell_the_truth(&self) {
        self.lie(|_, _, reply| Some(reply));
    }

    /// The questions since this was asked last.
    pub(crate) fn seen(&self) -> Vec<Asked> {
        std::mem::take(&mut *self.shared.seen.lock().expect("unpoisoned"))
    }

    /// A zone's trust anchor.
    pub(crate) fn anchor(&self, apex: &str) -> String {
        let zone = self.shared.zones.iter().find(|zone| zone.apex == apex).expect("a zone");
        let ds = zone.ds();
        let hex = |half: u8| char::from_digit(u32::from(half), 16).expect("a digit");
        let digest: String = ds[4..].iter().flat_map(|byte| [hex(byte >> 4), hex(byte & 15)]).collect();
        format!("{apex}. IN DS {} {} {} {digest}", u16::from_be_bytes([ds[0], ds[1]]), ds[2], ds[3])
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.shared.stop.store(true, Ordering::SeqCst);
        // Each thread wakes up once more.
        let wake = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).expect("loopback");
        let _ = wake.send_to(&[], self.address);
        let _ = TcpStream::connect(self.address);
    }
}

impl Shared {
    fn serve_udp(&self, udp: &UdpSocket) {
        let mut buffer = [0; 2_048];
        while let Ok((length, peer)) = udp.recv_from(&mut buffer) {
            if self.stop.load(Ordering::SeqCst) {
                return;
            }
            if let Some(bytes) = self.reply(&buffer[..length], true) {
                let _ = udp.send_to(&bytes, peer);
            }
        }
    }

    fn serve_tcp(&self, listener: &TcpListener) {
        for stream in listener.incoming() {
            if self.stop.load(Ordering::SeqCst) {
                return;
            }
            let Ok(mut stream) = stream else { continue };
            let mut length = [0; 2];
            let Ok(()) = stream.read_exact(&mut length) else { continue };
            let mut bytes = vec![0; usize::from(u16::from_be_bytes(length))];
            let Ok(()) = stream.read_exact(&mut bytes) else { continue };
            if let Some(reply) = self.reply(&bytes, false) {
                let _ = stream.write_all(&[&(reply.len() as u16).to_be_bytes()[..], &reply].concat());
            }
        }
    }

    fn reply(&self, query: &[u8], udp: bool) -> Option<Vec<u8>> {
        let mut at = 12;
        let mut labels = Vec::new();
        while query[at] != 0 {
            let length = usize::from(query[at]);
            labels.push(String::from_utf8_lossy(&query[at + 1..at + 1 + length]).to_ascii_lowercase());
            at += length + 1;
        }
        let rtype = u16::from_be_bytes([query[at + 1], query[at + 2]]);
        let asked = (labels.join("."), rtype);
        self.seen.lock().expect("unpoisoned").push(asked.clone());
        let honest = self.zone_of(&asked).answer(&asked.0, rtype);
        let reply = (self.lie.lock().expect("unpoisoned"))(&asked, &self.zones, honest)?;
        let truncated = reply.truncated && udp;
        let (answer, (filling, smuggled), authority) = if truncated {
            (&[][..], (0, &[][..]), &[][..])
        } else {
            (&reply.answer[..], (reply.behind.0, &reply.behind.1[..]), &reply.authority[..])
        };
        let mut out = query[..2].to_vec();
        let recurses = u8::from(!reply.lame) << 7;
        let flags =
            [0x81 | u8::from(truncated) << 1, recurses | u8::from(reply.authentic) << 5 | reply.rcode];
        out.extend_from_slice(&[&flags[..], &[0, 1]].concat());
        for count in [answer.len() + filling + smuggled.len(), authority.len(), 0] {
            out.extend_from_slice(&(count as u16).to_be_bytes());
        }
        out.extend_from_slice(&query[12..at + 5]);
        for record in answer {
            push(&mut out, record);
        }
        // The root's, of class CH and without data.
        out.extend([0, 0, 16, 0, 3, 0, 0, 0, 0, 0, 0].repeat(filling));
        for record in smuggled.iter().chain(authority) {
            push(&mut out, record);
        }
        Some(out)
    }

    /// The zone that a question is for: DS records are the business of the zone above.
    fn zone_of(&self, (name, rtype): &Asked) -> &Zone {
        let holds = |zone: &&Zone| {
            let above =
                zone.apex.is_empty() || name == zone.apex || name.ends_with(&format!(".{}", zone.apex));
            above && !(*rtype == DS && name == zone.apex && !zone.apex.is_empty())
        };
        self.zones.iter().filter(holds).max_by_key(|zone| zone.apex.len()).expect("a root")
    }
}

fn push(out: &mut Vec<u8>, record: &Rec) {
    out.extend_from_slice(&wire(&record.owner));
    out.extend_from_slice(&record.rtype.to_be_bytes());
    out.extend_from_slice(&[0, 1, 0, 0, 1, 44]);
    out.extend_from_slice(&(record.data.len() as u16).to_be_bytes());
    out.extend_from_slice(&record.data);
}
