//! `eq`, `ge`, `gt`, `le`, `lt` and their caseless forms.

use std::cmp::Ordering;

/// A comparison of two strings.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Order {
    name: &'static str,
    holds: fn(Ordering) -> bool,
    caseless: bool,
}

const ORDERS: [Order; 10] = [
    Order { name: "eq", holds: Ordering::is_eq, caseless: false },
    Order { name: "eqi", holds: Ordering::is_eq, caseless: true },
    Order { name: "ge", holds: Ordering::is_ge, caseless: false },
    Order { name: "gei", holds: Ordering::is_ge, caseless: true },
    Order { name: "gt", holds: Ordering::is_gt, caseless: false },
    Order { name: "gti", holds: Ordering::is_gt, caseless: true },
    Order { name: "le", holds: Ordering::is_le, caseless: false },
    Order { name: "lei", holds: Ordering::is_le, caseless: true },
    Order { name: "lt", holds: Ordering::is_lt, caseless: false },
    Order { name: "lti", holds: Ordering::is_lt, caseless: true },
];

impl Order {
    /// The comparison of this name.
    pub(crate) fn find(name: &str) -> Option<Self> {
        ORDERS.into_iter().find(|order| order.name == name)
    }

    /// Whether it holds between two strings; bytes are compared, as in the C locale.
    pub(crate) fn holds(self, first: &[u8], second: &[u8]) -> bool {
        let ordering = if self.caseless { caseless(first, second) } else { first.cmp(second) };
        (self.holds)(ordering)
    }
}

/// As Exim compares: a text that goes on is not bigger than its own beginning; the first text is, always.
fn caseless(first: &[u8], second: &[u8]) -> Ordering {
    let lower = |(a, b): (&u8, &u8)| a.to_ascii_lowercase().cmp(&b.to_ascii_lowercase());
    let differing = first.iter().zip(second).map(lower).find(|order| order.is_ne());
    differing.unwrap_or(if first.len() == second.len() { Ordering::Equal } else { Ordering::Greater })
}
