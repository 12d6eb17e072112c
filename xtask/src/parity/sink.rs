//! A scripted SMTP server on loopback: the remote host of a flow case.
//!
//! It answers every command with 2xx unless a rule says otherwise, and remembers what it was told, connection by
//! connection. It knows no TLS: what answers a client that begins it is the rule of `hello`.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};

/// A running sink.
#[derive(Debug)]
pub struct Sink {
    /// The name the script gave it.
    pub name: String,
    port: u16,
    heard: Arc<Mutex<Vec<Vec<u8>>>>,
    thread: Option<JoinHandle<()>>,
    stop: Arc<Mutex<bool>>,
}

/// `PREFIX => REPLY` lines of the script.
#[derive(Clone, Debug)]
struct Rules(Vec<(String, String)>);

impl Rules {
    fn parse(text: &[String]) -> Self {
        let rule = |l: &String| l.split_once(" => ").map(|(a, b)| (a.to_owned(), b.replace("\\n", "\r\n")));
        Self(text.iter().filter_map(rule).collect())
    }

    fn reply(&self, line: &str) -> Option<&str> {
        self.0.iter().find(|(prefix, _)| line.starts_with(prefix.as_str())).map(|(_, reply)| reply.as_str())
    }
}

impl Sink {
    /// Starts a sink on `listener`.
    #[must_use]
    pub fn start(name: &str, listener: TcpListener, text: &[String]) -> Self {
        let port = listener.local_addr().map_or(0, |a| a.port());
        let heard = Arc::new(Mutex::new(Vec::new()));
        let stop = Arc::new(Mutex::new(false));
        let rules = Rules::parse(text);
        let (log, end) = (Arc::clone(&heard), Arc::clone(&stop));
        let thread = thread::spawn(move || serve(&listener, &rules, &log, &end));
        Self { name: name.to_owned(), port, heard, thread: Some(thread), stop }
    }

    /// Stops and returns what each connection said.
    pub fn finish(mut self) -> Vec<Vec<u8>> {
        *self.stop.lock().unwrap_or_else(PoisonError::into_inner) = true;
        drop(TcpStream::connect(("127.0.0.1", self.port)));
        if let Some(thread) = self.thread.take() {
            drop(thread.join());
        }
        std::mem::take(&mut *self.heard.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

fn serve(listener: &TcpListener, rules: &Rules, heard: &Arc<Mutex<Vec<Vec<u8>>>>, stop: &Mutex<bool>) {
    let mut sessions = Vec::new();
    for stream in listener.incoming().filter_map(Result::ok) {
        if *stop.lock().unwrap_or_else(PoisonError::into_inner) {
            break;
        }
        let slot = {
            let mut all = heard.lock().unwrap_or_else(PoisonError::into_inner);
            all.push(Vec::new());
            all.len() - 1
        };
        let (rules, heard) = (rules.clone(), Arc::clone(heard));
        sessions.push(thread::spawn(move || {
            let mut said = Vec::new();
            // A peer that goes away in mid-session is what some cases test.
            drop(session(&stream, &rules, &mut said));
            heard.lock().unwrap_or_else(PoisonError::into_inner)[slot] = said;
        }));
    }
    for session in sessions {
        drop(session.join());
    }
}

fn session(stream: &TcpStream, rules: &Rules, said: &mut Vec<u8>) -> std::io::Result<()> {
    let mut out = stream.try_clone()?;
    let mut lines = BufReader::new(stream.try_clone()?);
    if !say(&mut out, rules.reply("banner").unwrap_or("220 sink.example ESMTP ready"))? {
        return Ok(());
    }
    let mut line = Vec::new();
    let (mut has_sender, mut has_recipient) = (false, false);
    while lines.read_until(b'\n', &mut line)? > 0 {
        let text = String::from_utf8_lossy(&line).trim_end().to_owned();
        said.extend_from_slice(format!("C: {text}\n").as_bytes());
        let upper = text.to_ascii_uppercase();
        let reply = match rules.reply(&text).or_else(|| rules.reply(&upper)) {
            // As servers do when they have refused every recipient.
            None if upper == "DATA" && !has_recipient => "503 no valid recipients",
            None if upper.starts_with("RCPT") && !has_sender => "503 no sender",
            scripted => scripted.unwrap_or_else(|| default_reply(&upper)),
        };
        if upper.starts_with("MAIL") || upper.starts_with("RSET") {
            has_sender = upper.starts_with("MAIL") && reply.starts_with('2');
            has_recipient = false;
        } else if upper.starts_with("RCPT") {
            has_recipient |= reply.starts_with('2');
        }
        if !say(&mut out, reply)? || upper == "QUIT" {
            break;
        }
        if upper == "STARTTLS" && reply.starts_with('2') {
            // There is no TLS here: whoever begins it gets the rule of `hello` (words, or `close`), and that is the end.
            lines.fill_buf()?;
            said.extend_from_slice(b"C: (octets)\n");
            say(&mut out, rules.reply("hello").unwrap_or("close"))?;
            break;
        }
        if upper == "DATA" && reply.starts_with('3') {
            read_data(&mut lines, said)?;
            if !say(&mut out, rules.reply("dot").unwrap_or("250 OK"))? {
                break;
            }
        } else if let Some(words) = upper.strip_prefix("BDAT ") {
            let count = words.split(' ').next().and_then(|n| n.parse().ok()).unwrap_or(0);
            let mut chunk = vec![0; count];
            std::io::Read::read_exact(&mut lines, &mut chunk)?;
            for data in chunk.split_inclusive(|c| *c == b'\n') {
                push_data(said, data);
            }
        }
        line.clear();
    }
    Ok(())
}

fn default_reply(upper: &str) -> &'static str {
    match upper.split([' ', ':']).next().unwrap_or_default() {
        "EHLO" => "250-sink.example Hello\r\n250-SIZE 1000000\r\n250-PIPELINING\r\n250-8BITMIME\r\n250 HELP",
        "HELO" => "250 sink.example Hello",
        "DATA" => "354 go ahead",
        "QUIT" => "221 bye",
        _ => "250 OK",
    }
}

/// Sends a reply; `close` as a reply drops the connection (then the answer is false).
fn say(out: &mut TcpStream, reply: &str) -> std::io::Result<bool> {
    if reply == "close" {
        out.shutdown(std::net::Shutdown::Both)?;
        return Ok(false);
    }
    out.write_all(format!("{reply}\r\n").as_bytes())?;
    Ok(true)
}

fn read_data(lines: &mut impl BufRead, said: &mut Vec<u8>) -> std::io::Result<()> {
    let mut line = Vec::new();
    while lines.read_until(b'\n', &mut line)? > 0 {
        push_data(said, &line);
        if line == b".\r\n" {
            break;
        }
        line.clear();
    }
    Ok(())
}

/// A line of data as it came, its end made visible when it is not CRLF.
fn push_data(said: &mut Vec<u8>, line: &[u8]) {
    said.extend_from_slice(b"D: ");
    match line.strip_suffix(b"\r\n") {
        Some(text) => said.extend_from_slice(text),
        None => said.extend(line.iter().flat_map(|c| std::ascii::escape_default(*c))),
    }
    said.push(b'\n');
}
