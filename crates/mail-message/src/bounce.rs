//! Bounce and delay warning messages: their text, not their sending.
