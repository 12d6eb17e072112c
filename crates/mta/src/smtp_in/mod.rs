//! The SMTP server's sessions.
