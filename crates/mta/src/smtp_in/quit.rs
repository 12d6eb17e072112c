//! The end of a session: QUIT, and the other ways.
//!
//! # Compatibility
//! ACLs `acl_smtp_quit` and `acl_smtp_notquit`: what they say is obeyed as far as text and logs go; neither can keep
//! the session open.

use mail_types::outcome::Reply;
use observe::event::SmtpNews;
use policy::acl::AclPlace;
use smtp_proto::server::{Answer, NotQuitReason};
use tokio::io::{AsyncRead, AsyncWrite};

use super::session::Session;
use crate::acl::reply;

impl<S: AsyncRead + AsyncWrite + Unpin> Session<'_, S> {
    fn words_to_the_lost(&mut self) -> Vec<u8> {
        if self.lost_within.is_some() {
            return b"Lost incoming connection".to_vec();
        }
        [self.protocol.parameters_mut().hostname.as_slice(), b" lost input connection"].concat()
    }

    /// Answer [`smtp_proto::server::Ask::Quit`].
    pub(super) async fn on_quit(&mut self) -> Answer {
        self.has_quit = true;
        let verdict = self.run_acl(AclPlace::Quit).await;
        self.context.log_smtp(SmtpNews::Closed { how: "by QUIT" });
        Answer::Accept(verdict.and_then(|verdict| reply::acceptance(&verdict, 221)))
    }

    /// Answer [`smtp_proto::server::Ask::NotQuit`].
    pub(super) async fn not_quit(&mut self, reason: NotQuitReason) -> Answer {
        self.abnormal |= reason != NotQuitReason::AclDrop && !self.thrown_out;
        if reason == NotQuitReason::AclDrop && !self.dropped {
            // A connection that was refused, not one that was dropped: nobody is asked.
            return Answer::Accept(None);
        }
        self.context.facts.connection.smtp_notquit_reason = Some(reason.word().to_owned());
        // What has been said so far goes out first: the client may be about to close.
        self.link.flush().await;
        let verdict = self.run_acl(AclPlace::NotQuit).await;
        if reason != NotQuitReason::ConnectionLost {
            return Answer::Accept(None);
        }
        // A client who has closed his own side only may still read this.
        let text = verdict.and_then(|verdict| reply::acceptance(&verdict, 421));
        Answer::Close(text.unwrap_or_else(|| Reply::new(421, self.words_to_the_lost())))
    }
}
