//! The flow of a message, one folder per stage.
