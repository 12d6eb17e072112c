//! The client's side of an SMTP session.
