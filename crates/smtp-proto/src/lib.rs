//! SMTP without sockets: server and client states, replies, dot and BDAT framing.
