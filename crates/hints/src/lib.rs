//! Hints databases (retry, wait-, callout) in SQLite.
