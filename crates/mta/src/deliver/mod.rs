//! One delivery attempt of one message.
