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
        let ordering = if self.caseless {
            let lower = |bytes: &[u8]| bytes.to_ascii_lowercase();
            lower(first).cmp(&lower(second))
        } else {
            first.cmp(second)
        };
        (self.holds)(ordering)
    }
}
