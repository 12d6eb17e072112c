//! Replies: rendering ours, parsing theirs.
