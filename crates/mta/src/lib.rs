//! The flow of a message, one folder per stage.
//!
//! `listener` and `local_submission` begin a session, `smtp_in` speaks with the client, `receive` takes the message
//! in and commits it to the spool; `queue` decides when, `deliver` makes one attempt, `route` finds where and
//! `transport` carries it there; `dsn` reports back, `report` tells other domains once a day, `trust_anchors` follows DNSSEC's keys. `acl` and `verify` decide on the way in, `context` answers every `$variable` on the way, `services`
//! holds what all stages share.
//!
//! # Invariants
//! * `smtp_in` never calls `deliver`; `deliver` never calls `smtp_in`. They meet on disk and by a wake-up that may
//!   be lost.
//! * A message is accepted only after the spool's commit returned.
//! * A session or an attempt holds one configuration snapshot from its beginning to its end.

pub mod acl;
pub mod context;
pub mod deliver;
pub mod dsn;
pub mod listener;
pub mod local_submission;
pub mod queue;
pub mod receive;
pub mod report;
pub mod route;
pub mod services;
pub mod smtp_in;
#[cfg(test)]
mod testing;
pub mod transport;
pub mod trust_anchors;
pub mod verify;
