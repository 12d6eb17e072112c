//! Verification of addresses, hosts and header lines.
