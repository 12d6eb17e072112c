//! The world as an expansion, a list or an ACL sees it.

pub mod facts;
