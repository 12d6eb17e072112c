//! The system's own files, commands and sockets, for [`crate::Env`]s that have nothing better.
//!
//! # Security
//! Runs with the rights of the process. Paths and commands arrive as clean values.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::io::{self, Read, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, Shutdown, SocketAddr, TcpStream, ToSocketAddrs as _, UdpSocket};
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::os::unix::fs::MetadataExt as _;
use std::os::unix::net::UnixStream;
use std::process;
use std::sync::Arc;
use std::time::Duration;

use mail_types::limits;
use mail_types::value::Clean;

use crate::env::{
    Command, CommandOutcome, Conversation, Datagram, FileStatus, Files, PamQuestion, PamVerdict,
    SocketFailure, SocketPlace,
};

/// Environment variables by name.
pub type Environment = BTreeMap<Vec<u8>, Vec<u8>>;

/// The environment that the process was started with.
pub fn process_environment() -> Environment {
    std::env::vars_os().map(|(name, value)| (name.into_vec(), value.into_vec())).collect()
}

/// Files and commands of the system. Commands get the environment that `${env` shows, and nothing else.
#[derive(Debug, Clone, Default)]
pub struct SystemFiles {
    environment: Arc<Environment>,
}

impl SystemFiles {
    /// With an environment.
    pub fn new(environment: Arc<Environment>) -> Self {
        Self { environment }
    }
}

impl Files for SystemFiles {
    fn status(&mut self, path: &[u8]) -> io::Result<FileStatus> {
        let found = std::fs::metadata(OsStr::from_bytes(path))?;
        Ok(FileStatus {
            mode: found.mode(),
            inode: found.ino(),
            device: found.dev(),
            links: found.nlink(),
            uid: found.uid(),
            gid: found.gid(),
            size: found.size(),
            atime: found.atime(),
            mtime: found.mtime(),
            ctime: found.ctime(),
        })
    }

    fn read(&mut self, path: &Clean, limit: usize) -> io::Result<Vec<u8>> {
        let mut content = Vec::new();
        std::fs::File::open(path.as_path())?.take(limit as u64 + 1).read_to_end(&mut content)?;
        if content.len() > limit {
            return Err(io::Error::new(io::ErrorKind::FileTooLarge, "file is too large"));
        }
        Ok(content)
    }

    fn run(&mut self, command: &Command, timeout: Duration) -> io::Result<CommandOutcome> {
        use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
        let (reader, writer) = io::pipe()?;
        // Without a slash the name would be searched in PATH; Exim takes it as it stands.
        let program = command.program.as_path();
        let program = if program.components().count() == 1 && program.is_relative() {
            std::path::Path::new(".").join(program)
        } else {
            program.to_owned()
        };
        let mut child = process::Command::new(program)
            .args(command.arguments.iter().map(|argument| OsStr::from_bytes(argument.0.bytes())))
            .env_clear()
            .envs(
                self.environment
                    .iter()
                    .map(|(name, value)| (OsStr::from_bytes(name), OsStr::from_bytes(value))),
            )
            .stdin(process::Stdio::null())
            .stdout(writer.try_clone()?)
            .stderr(writer)
            .process_group(0)
            .spawn()?;
        let output = collect(reader, timeout);
        if output.is_err() {
            child.kill()?;
        }
        let status = child.wait()?;
        let code = status.code().or_else(|| status.signal().map(|signal| 256 + signal)).unwrap_or(256);
        Ok(CommandOutcome { status: code, output: output? })
    }

    fn converse(&mut self, asked: &Conversation, limit: usize) -> Result<Vec<u8>, SocketFailure> {
        if asked.tls.is_some() {
            return Err(SocketFailure::Secure("no TLS is available here".to_owned()));
        }
        match connect(&asked.place, asked.timeout)? {
            Connected::Unix(stream) => {
                stream.set_read_timeout(Some(asked.timeout)).map_err(SocketFailure::Connect)?;
                stream.set_write_timeout(Some(asked.timeout)).map_err(SocketFailure::Connect)?;
                talk(&stream, &stream, asked, limit, || stream.shutdown(Shutdown::Write))
            }
            Connected::Tcp(stream) => {
                stream.set_read_timeout(Some(asked.timeout)).map_err(SocketFailure::Connect)?;
                stream.set_write_timeout(Some(asked.timeout)).map_err(SocketFailure::Connect)?;
                talk(&stream, &stream, asked, limit, || stream.shutdown(Shutdown::Write))
            }
        }
    }

    fn exchange(&mut self, asked: &Datagram, limit: usize) -> Result<Vec<u8>, SocketFailure> {
        let mut failure = SocketFailure::NoAddress;
        for address in addresses(&asked.host, &asked.port, "udp")? {
            match exchange(address, asked, limit) {
                Ok(answer) => return Ok(answer),
                Err(error) => failure = error,
            }
        }
        Err(failure)
    }

    fn pam(&mut self, _asked: &PamQuestion) -> PamVerdict {
        PamVerdict::Failed("PAM is asked by a process of its own, which is not available here".to_owned())
    }

    fn environment(&mut self, name: &[u8]) -> Option<Vec<u8>> {
        self.environment.get(name).cloned()
    }
}

/// Sends the request and reads until the other side closes.
fn talk(
    mut writer: impl Write,
    reader: impl Read,
    asked: &Conversation,
    limit: usize,
    shutdown: impl FnOnce() -> io::Result<()>,
) -> Result<Vec<u8>, SocketFailure> {
    writer.write_all(&asked.request).map_err(SocketFailure::Write)?;
    if asked.shutdown {
        // The other side may have closed already; what it said counts.
        let _ = shutdown();
    }
    let mut answer = Vec::new();
    match reader.take(limit as u64 + 1).read_to_end(&mut answer) {
        Ok(_) if answer.len() > limit => Err(SocketFailure::Read(io::ErrorKind::FileTooLarge.into())),
        Ok(_) => Ok(answer),
        // What a socket's own time limit is called depends on the system.
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
            Err(SocketFailure::Read(io::ErrorKind::TimedOut.into()))
        }
        Err(error) => Err(SocketFailure::Read(error)),
    }
}

/// A connection to a socket.
#[derive(Debug)]
pub enum Connected {
    /// Of the file system.
    Unix(UnixStream),
    /// Of a host.
    Tcp(TcpStream),
}

/// Connects to a place; of a host, to the first address that answers.
pub fn connect(place: &SocketPlace, timeout: Duration) -> Result<Connected, SocketFailure> {
    let (host, port) = match place {
        SocketPlace::Unix(path) => {
            return UnixStream::connect(path.as_path()).map(Connected::Unix).map_err(SocketFailure::Connect);
        }
        SocketPlace::Tcp { host, port } => (host, port),
    };
    let mut failure = SocketFailure::NoAddress;
    for address in addresses(host, port, "tcp")? {
        match TcpStream::connect_timeout(&address, timeout) {
            Ok(stream) => return Ok(Connected::Tcp(stream)),
            Err(error) => failure = SocketFailure::Connect(error),
        }
    }
    Err(failure)
}

/// Asks one address by a datagram.
fn exchange(address: SocketAddr, asked: &Datagram, limit: usize) -> Result<Vec<u8>, SocketFailure> {
    let any: IpAddr =
        if address.is_ipv4() { Ipv4Addr::UNSPECIFIED.into() } else { Ipv6Addr::UNSPECIFIED.into() };
    let socket = UdpSocket::bind((any, 0)).map_err(SocketFailure::Connect)?;
    // Datagrams from elsewhere are not seen by a connected socket.
    socket.connect(address).map_err(SocketFailure::Connect)?;
    socket.set_read_timeout(Some(asked.timeout)).map_err(SocketFailure::Connect)?;
    socket.send(&asked.packet).map_err(SocketFailure::Write)?;
    let mut answer = vec![0; limit];
    let length = socket.recv(&mut answer).map_err(|error| match error.kind() {
        // What a socket's own time limit is called depends on the system.
        io::ErrorKind::WouldBlock => SocketFailure::Read(io::ErrorKind::TimedOut.into()),
        _ => SocketFailure::Read(error),
    })?;
    answer.truncate(length);
    Ok(answer)
}

/// The addresses of a host with a port, each a name or a number.
fn addresses(
    host: &Clean,
    port: &Clean,
    protocol: &str,
) -> Result<impl Iterator<Item = SocketAddr> + use<>, SocketFailure> {
    let text = |clean: &Clean| String::from_utf8_lossy(clean.bytes()).into_owned();
    let port = match text(port).parse::<u16>() {
        Ok(number) => number,
        Err(_) => service(&text(port), protocol).ok_or(SocketFailure::NoService)?,
    };
    (text(host), port).to_socket_addrs().map_err(|_| SocketFailure::NoAddress)
}

/// The port of a service by `/etc/services`.
fn service(name: &str, protocol: &str) -> Option<u16> {
    let table = std::fs::read_to_string("/etc/services").ok()?;
    table.lines().find_map(|line| {
        let line = line.split('#').next().unwrap_or_default();
        let mut words = line.split_whitespace();
        let (first, place) = (words.next()?, words.next()?);
        let port = place.strip_suffix(protocol)?.strip_suffix('/')?;
        (first == name || words.any(|alias| alias == name)).then(|| port.parse().ok())?
    })
}

/// Reads until the command closes its output, or the time is up, or there is too much.
fn collect(reader: io::PipeReader, timeout: Duration) -> io::Result<Vec<u8>> {
    let (sender, receiver) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let mut output = Vec::new();
        let result = reader.take(limits::EXPANSION_RESULT as u64).read_to_end(&mut output).map(|_| output);
        // The other side may have given up waiting.
        let _ = sender.send(result);
    });
    receiver.recv_timeout(timeout).unwrap_or_else(|_| Err(io::Error::from(io::ErrorKind::TimedOut)))
}

/// The system's words for an error, without the number that Rust adds.
pub fn error_text(error: &io::Error) -> String {
    let text = error.to_string();
    match text.find(" (os error ") {
        Some(end) => text[..end].to_owned(),
        None => text,
    }
}
