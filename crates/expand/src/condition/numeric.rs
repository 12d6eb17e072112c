//! `=`, `==`, `<`, `<=`, `>`, `>=`.

use std::cmp::Ordering;

use crate::EvalError;
use crate::integer;

/// A comparison of two numbers.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Comparison {
    name: &'static str,
    holds: fn(Ordering) -> bool,
}

const COMPARISONS: [Comparison; 6] = [
    Comparison { name: "=", holds: Ordering::is_eq },
    Comparison { name: "==", holds: Ordering::is_eq },
    Comparison { name: "<", holds: Ordering::is_lt },
    Comparison { name: "<=", holds: Ordering::is_le },
    Comparison { name: ">", holds: Ordering::is_gt },
    Comparison { name: ">=", holds: Ordering::is_ge },
];

impl Comparison {
    /// The comparison of this name.
    pub(crate) fn find(name: &str) -> Option<Self> {
        COMPARISONS.into_iter().find(|comparison| comparison.name == name)
    }
}

/// Compares two texts as numbers.
pub(crate) fn compare_numbers(
    comparison: Comparison,
    first: &[u8],
    second: &[u8],
) -> Result<bool, EvalError> {
    let first = integer::parse(first).map_err(EvalError::failed)?;
    let second = integer::parse(second).map_err(EvalError::failed)?;
    Ok((comparison.holds)(first.cmp(&second)))
}
