//! Lists whose text was born at run time, kept compiled.

/// A bounded cache of compiled lists.
#[derive(Debug, Default)]
pub struct ListCache {}
