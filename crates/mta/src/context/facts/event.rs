//! Facts about the event that is being handled.

use mail_types::value::Value;
use serde::{Deserialize, Serialize};

/// An event.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct EventFacts {
    /// `$event_name`: none while there is no event.
    pub name: Option<String>,
    /// `$event_data`.
    pub data: Option<Value>,
    /// `$event_defer_errno`: of the last deferral.
    pub defer_errno: i32,
}
