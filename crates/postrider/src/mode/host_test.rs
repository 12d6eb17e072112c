//! `-bh ADDRESS`: an SMTP session on standard input and output as if from that address; nothing is stored.
//!
//! # Compatibility
//! Spec 5.2. The banner of the mode is Exim's; what is checked, and lines that would go to the log (`LOG:`), show on
//! standard error ([`super::watch`]).

use std::net::{IpAddr, SocketAddr};
use std::process::ExitCode;
use std::sync::Arc;

use mta::smtp_in::{Client, session};
use tokio::sync::watch;

use super::Start;
use super::submit::address_and_port;

/// Runs the mode.
pub(crate) fn run(start: &Start<'_>, address: &[u8]) -> ExitCode {
    let Some((peer, port)) = address_and_port(address) else {
        let shown = String::from_utf8_lossy(address);
        crate::say_error_as_is(&format!("exim abandoned: \"{shown}\" is not an IP address"));
        return ExitCode::FAILURE;
    };
    let Ok(runtime) = crate::runtime() else { return ExitCode::FAILURE };
    runtime.block_on(async {
        let (services, _) = match crate::assembly::test_services(&start.config) {
            Ok(made) => made,
            Err(reason) => {
                crate::say_error(&reason);
                return ExitCode::FAILURE;
            }
        };
        services.log.show_on_one_line();
        let banner = format!(
            "\n**** SMTP testing session as if from host {peer}\n**** but without any ident (RFC 1413) callback.\n**** This is not for real!\n\n"
        );
        crate::say(banner.as_bytes());
        let mut stream = tokio::io::join(tokio::io::stdin(), tokio::io::stdout());
        let client = Client::AsIf { peer: SocketAddr::new(peer, port), local: local(peer) };
        let (_keep, shutdown) = watch::channel(false);
        session(&mut stream, client, Arc::clone(&services), shutdown).await;
        ExitCode::SUCCESS
    })
}

/// An address of ours in the client's family.
fn local(peer: IpAddr) -> SocketAddr {
    let address: IpAddr =
        if peer.is_ipv4() { [127, 0, 0, 1].into() } else { IpAddr::V6(std::net::Ipv6Addr::LOCALHOST) };
    SocketAddr::new(address, 25)
}
