//! The spool on disk: commit, lock, journal, scan, recovery.
