//! The program's side.

use std::io;
use std::path::Path;

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::UnixStream;

use super::{Answer, PIECE, Request, Submission, frame};

/// A connection to the server.
pub struct Client {
    stream: UnixStream,
}

impl Client {
    /// Connects to the server of a spool; none when there is no server.
    pub async fn connect(socket: &Path) -> io::Result<Option<Self>> {
        match UnixStream::connect(socket).await {
            Ok(stream) => Ok(Some(Self { stream })),
            Err(error)
                if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused) =>
            {
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    /// Asks; what the server says is given to `heard`. The result is the exit code.
    pub async fn ask(mut self, request: &Request, heard: &mut (dyn FnMut(Answer) + Send)) -> io::Result<u8> {
        frame::write(&mut self.stream, request).await?;
        self.hear(heard).await
    }

    /// Hands in a message.
    pub async fn submit<R: AsyncRead + Unpin>(
        mut self,
        submission: Submission,
        message: &mut R,
        heard: &mut (dyn FnMut(Answer) + Send),
    ) -> io::Result<u8> {
        frame::write(&mut self.stream, &Request::Submit(Box::new(submission))).await?;
        let mut piece = vec![0; PIECE];
        loop {
            let count = message.read(&mut piece).await?;
            // A server that refuses stops listening before the end; what it says explains it.
            if frame::write_octets(&mut self.stream, &piece[..count]).await.is_err() || count == 0 {
                break;
            }
        }
        self.hear(heard).await
    }

    /// Begins an SMTP session; the stream is the session's when the server agrees.
    pub async fn session(mut self, submission: Submission) -> io::Result<Result<UnixStream, Answer>> {
        frame::write(&mut self.stream, &Request::Smtp(Box::new(submission))).await?;
        self.stream.flush().await?;
        match frame::read(&mut self.stream).await? {
            Some(Answer::Session) => Ok(Ok(self.stream)),
            Some(other) => Ok(Err(other)),
            None => Err(io::ErrorKind::UnexpectedEof.into()),
        }
    }

    async fn hear(&mut self, heard: &mut (dyn FnMut(Answer) + Send)) -> io::Result<u8> {
        loop {
            match frame::read(&mut self.stream).await? {
                Some(Answer::Done(code)) => return Ok(code),
                Some(answer) => heard(answer),
                None => return Err(io::ErrorKind::UnexpectedEof.into()),
            }
        }
    }
}
