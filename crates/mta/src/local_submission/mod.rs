//! Messages handed over on standard input.
