//! Taking in one message, from its first header line to the durable commit.
