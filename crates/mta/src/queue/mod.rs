//! The queue manager: what is waiting, when it is tried.
