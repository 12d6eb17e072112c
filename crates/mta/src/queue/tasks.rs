//! One attempt, in a task of its own.

use std::sync::Arc;

use mail_types::MessageId;

use crate::deliver::{AttemptEnd, AttemptKind, AttemptReport, attempt};
use crate::services::Services;
use crate::services::panic_guard::guarded;

/// Tries a message. A panic costs this attempt: it is told, and the message waits for the next one.
pub(super) async fn attempt_guarded(
    id: MessageId,
    kind: AttemptKind,
    services: &Arc<Services>,
) -> AttemptReport {
    match guarded(attempt(id, kind, services)).await {
        Ok(report) => report,
        Err(reason) => {
            services
                .log
                .problem(Some(&id), format!("delivery attempt panicked (a fault of this program): {reason}"));
            AttemptReport::ended(AttemptEnd::Deferred)
        }
    }
}
