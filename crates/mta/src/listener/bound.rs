//! Binding listening sockets in the form without privileges.

use std::io;
use std::net::{Ipv6Addr, SocketAddr, TcpListener};

use config::Config;
use config::options::main;
use socket2::{Domain, Protocol, Socket, Type};

use crate::services::interfaces::Endpoint;

/// Bind and listen. An IPv6 wildcard is left out on a machine without IPv6.
pub fn bind(endpoints: &[Endpoint], config: &Config) -> Result<Vec<TcpListener>, (SocketAddr, io::Error)> {
    let backlog = i32::try_from(config.main.get(main::SMTP_CONNECT_BACKLOG)).unwrap_or(20);
    let mut sockets = Vec::new();
    for Endpoint { address } in endpoints {
        match listen(*address, backlog) {
            Ok(socket) => sockets.push(socket),
            Err(error) if address.ip() == Ipv6Addr::UNSPECIFIED && no_ipv6(&error) => {}
            Err(error) => return Err((*address, error)),
        }
    }
    Ok(sockets)
}

fn listen(address: SocketAddr, backlog: i32) -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    socket.set_reuse_address(true)?;
    if address.is_ipv6() {
        // IPv4 has sockets of its own, so that both wildcards can be bound.
        socket.set_only_v6(true)?;
    }
    socket.bind(&address.into())?;
    socket.listen(backlog)?;
    Ok(socket.into())
}

fn no_ipv6(error: &io::Error) -> bool {
    use rustix::io::Errno;
    matches!(
        error.raw_os_error().map(Errno::from_raw_os_error),
        Some(Errno::AFNOSUPPORT | Errno::ADDRNOTAVAIL)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_socket_listens_where_it_was_told_to() {
        let socket =
            listen(SocketAddr::from(([127, 0, 0, 1], 0)), 5).expect("the loopback interface is there");
        let address = socket.local_addr().expect("it is bound");
        assert!(address.ip().is_loopback() && address.port() != 0);
    }
}
