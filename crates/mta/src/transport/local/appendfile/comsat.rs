//! `notify_comsat`: tells the daemon that tells users who are logged in of new mail.
//!
//! # Failure
//! Nobody waits for it, and that nobody listens is the usual case: it never fails a delivery.
//!
//! # Compatibility
//! comsat(8): a datagram `user@offset` to UDP port 512 (`biff`) of this machine; the offset is where the message begins in
//! the mailbox.

use std::net::{Ipv4Addr, SocketAddr, UdpSocket};

/// Where the daemon listens.
pub(super) const COMSAT: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 512);

/// Longest user name that is sent.
const LONGEST: usize = 200;

/// Tells of a message for a user that begins at an octet of his mailbox.
pub(super) fn notify(daemon: SocketAddr, user: &[u8], offset: u64) {
    let user = &user[..user.len().min(LONGEST)];
    let text = [user, format!("@{offset}\n").as_bytes()].concat();
    if let Ok(socket) = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0)) {
        // See above: the daemon may well not be there.
        let _ = socket.send_to(&text, daemon);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_daemon_hears_user_and_place() {
        let daemon = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).expect("loopback is there");
        daemon.set_read_timeout(Some(std::time::Duration::from_secs(10))).expect("a time is given");
        notify(daemon.local_addr().expect("it is bound"), b"ann", 4711);
        let mut heard = [0; 64];
        let length = daemon.recv(&mut heard).expect("a datagram on loopback arrives");
        assert_eq!(&heard[..length], b"ann@4711\n");
    }
}
