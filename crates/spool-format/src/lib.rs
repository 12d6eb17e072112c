//! Codec of Exim's spool files (-H, -D, -J).
