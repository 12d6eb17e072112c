//! The ACL of a place within a session: what waits to be sent goes out before a delay.

use policy::acl::{AclPlace, AclVerdict};
use tokio::io::{AsyncRead, AsyncWrite};

use super::session::Session;
use crate::acl::{Came, Running};

impl<S: AsyncRead + AsyncWrite + Unpin> Session<'_, S> {
    /// Run the ACL of a place. What waits to be sent is sent before a delay, unless an ACL said otherwise; a delay
    /// ends early when the program is asked to stop.
    pub(super) async fn run_acl(&mut self, place: AclPlace) -> Option<AclVerdict> {
        let mut running = Running::begin(place, &mut self.context)?;
        loop {
            match running.go_on(&mut self.context).await {
                Came::Done(verdict) => return Some(*verdict),
                Came::Delay(time) => {
                    if !self.context.wishes.connection.no_delay_flush {
                        self.link.flush().await;
                    }
                    let mut shutdown = self.link.shutdown();
                    tokio::select! {
                        () = tokio::time::sleep(time) => {}
                        Ok(_) = shutdown.wait_for(|stop| *stop) => {}
                    }
                    running.waited();
                }
            }
        }
    }
}
