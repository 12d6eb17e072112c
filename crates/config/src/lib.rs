//! The configuration reader, the option tables, the compiled snapshot.
