//! Which reader takes the next octets of a message: dot-terminated or counted.
