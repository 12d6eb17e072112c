//! The dot-terminated form of message content: decoder for the server, encoder for the client.
