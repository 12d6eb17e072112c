//! What an idle connection costs: many sessions that have said EHLO and wait.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::path::Path;
use std::time::Duration;

use super::load::Work;
use super::server::{self, SMTP_PORT, Server};

/// Sessions held open at once.
const SESSIONS: u64 = 400;

/// Prints the server's growth for each session.
pub(super) fn measure(server: &dyn Server, place: &Path) -> Result<(), String> {
    // Postfix runs at most 100 smtpd processes by default; further clients wait.
    let sessions = if server.name() == "postfix" { 90 } else { SESSIONS };
    let running = server::start(server, Work::Accept, &place.join(format!("run-{}", server.name())), &[])?;
    let warm: Vec<TcpStream> = (0..4).map(|_| open()).collect::<Result<_, _>>()?;
    let before = running.cgroup.resident_bytes();
    let held: Vec<TcpStream> = (0..sessions).map(|_| open()).collect::<Result<_, _>>()?;
    let after = running.cgroup.resident_bytes();
    drop((warm, held));
    let each = after.saturating_sub(before) as f64 / sessions as f64 / 1024.0;
    println!("idle       {:<10} {each:.1} KiB a connection ({sessions} held)", server.name());
    Ok(())
}

fn open() -> Result<TcpStream, String> {
    let mut stream =
        TcpStream::connect(("127.0.0.1", SMTP_PORT)).map_err(|e| format!("idle session: {e}"))?;
    stream.set_read_timeout(Some(Duration::from_secs(20))).map_err(|e| e.to_string())?;
    let mut replies = BufReader::new(stream.try_clone().map_err(|e| e.to_string())?);
    reply(&mut replies)?;
    stream.write_all(b"EHLO idle.example\r\n").map_err(|e| format!("idle session: {e}"))?;
    reply(&mut replies)?;
    Ok(stream)
}

fn reply(replies: &mut impl BufRead) -> Result<(), String> {
    let mut line = String::new();
    loop {
        line.clear();
        replies.read_line(&mut line).map_err(|e| format!("idle session: {e}"))?;
        match line.as_bytes().get(3) {
            Some(b'-') => {}
            Some(_) if line.starts_with('2') => return Ok(()),
            _ => return Err(format!("idle session: the server said {line:?}")),
        }
    }
}
