//! nsd with the zones, and two unbounds before it: one that validates and one that only resolves.

use std::fmt::Write as _;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, UdpSocket};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::zones::Made;

/// A daemon that ends with its test.
pub(crate) struct Daemon {
    child: Child,
    pub(crate) address: SocketAddr,
}

impl Drop for Daemon {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Serves the zones.
pub(crate) fn nsd(folder: &Path, zones: &[Made]) -> Daemon {
    let address = free_port();
    let mut config = format!(
        "server:\n ip-address: 127.0.0.1@{}\n username: \"\"\n chroot: \"\"\n zonesdir: {dir}\n database: \"\"\n\
         \x20pidfile: {dir}/nsd.pid\n xfrdfile: {dir}/xfrd\n xfrdir: {dir}\n zonelistfile: {dir}/zonelist\n\
         \x20server-count: 1\n logfile: {dir}/nsd.log\n rrl-ratelimit: 0\n\
         remote-control:\n control-enable: no\n",
        address.port(),
        dir = folder.display()
    );
    for zone in zones {
        let _ = write!(config, "zone:\n name: \"{}\"\n zonefile: {}\n", zone.name, zone.file.display());
    }
    let path = folder.join("nsd.conf");
    std::fs::write(&path, config).expect("scratch");
    start(Command::new("/usr/sbin/nsd").arg("-d").arg("-c").arg(path), address)
}

/// Asks nsd for everything; with an anchor it validates.
pub(crate) fn unbound(folder: &Path, zones: &[Made], nsd: SocketAddr, anchor: Option<&Path>) -> Daemon {
    unbound_at(free_port(), folder, zones, nsd, anchor)
}

/// [`unbound`] at a loopback address that was chosen.
pub(crate) fn unbound_at(
    address: SocketAddr,
    folder: &Path,
    zones: &[Made],
    nsd: SocketAddr,
    anchor: Option<&Path>,
) -> Daemon {
    let name = if anchor.is_some() { "validator" } else { "iterator" };
    let modules = if anchor.is_some() { "validator iterator" } else { "iterator" };
    let mut config = format!(
        "server:\n interface: 127.0.0.1\n port: {}\n username: \"\"\n chroot: \"\"\n directory: {dir}\n pidfile: \"\"\n\
         \x20use-syslog: no\n logfile: {dir}/{name}.log\n do-daemonize: no\n do-ip6: no\n do-not-query-localhost: no\n\
         \x20module-config: \"{modules}\"\n val-log-level: 2\n aggressive-nsec: no\n minimal-responses: no\n\
         \x20qname-minimisation: no\n local-zone: \"test.\" nodefault\n",
        address.port(),
        dir = folder.display()
    );
    if let Some(anchor) = anchor {
        let _ = writeln!(config, " trust-anchor-file: {}", anchor.display());
    }
    config.push_str("remote-control:\n control-enable: no\n");
    for zone in zones {
        let _ = write!(
            config,
            "stub-zone:\n name: \"{}\"\n stub-addr: 127.0.0.1@{}\n stub-prime: no\n",
            zone.name,
            nsd.port()
        );
        if let Some(lame) = zone.lame {
            let _ = writeln!(config, " stub-addr: 127.0.0.1@{}", lame.port());
        }
    }
    let path = folder.join(format!("{name}.conf"));
    std::fs::write(&path, config).expect("scratch");
    start(Command::new("/usr/sbin/unbound").arg("-d").arg("-c").arg(path), address)
}

fn start(command: &mut Command, address: SocketAddr) -> Daemon {
    let child =
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("installed");
    let mut daemon = Daemon { child, address };
    let begun = Instant::now();
    loop {
        assert!(daemon.child.try_wait().expect("a child").is_none(), "{command:?} ended at once");
        assert!(begun.elapsed() < Duration::from_secs(20), "{command:?} does not answer");
        if ask(address, b"\x00", 6, Duration::from_millis(100)).is_some() {
            return daemon;
        }
    }
}

/// One question in bytes, with EDNS and DO: response code and AD.
pub(crate) fn ask(server: SocketAddr, name: &[u8], rtype: u16, wait: Duration) -> Option<(u8, bool)> {
    let mut message = b"\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x01".to_vec();
    message.extend_from_slice(name);
    message.extend_from_slice(&rtype.to_be_bytes());
    message.extend_from_slice(b"\x00\x01\x00\x00\x29\x10\x00\x00\x00\x80\x00\x00\x00");
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).ok()?;
    socket.set_read_timeout(Some(wait)).ok()?;
    socket.send_to(&message, server).ok()?;
    let mut buffer = [0; 4_096];
    let length = socket.recv(&mut buffer).ok()?;
    (length >= 12 && buffer[..2] == message[..2]).then(|| (buffer[3] & 15, buffer[3] & 32 != 0))
}

/// A port that is free for UDP and TCP.
fn free_port() -> SocketAddr {
    loop {
        let tcp = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("loopback");
        let address = tcp.local_addr().expect("bound");
        if UdpSocket::bind(address).is_ok() {
            return address;
        }
    }
}
