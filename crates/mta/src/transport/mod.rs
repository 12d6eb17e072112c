//! Carrying a message out: the transports.
