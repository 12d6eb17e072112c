//! `first_delivery` and `queue_running`.

use crate::EvalError;
use crate::eval::{Machine, Mode};
use crate::tree::Test;

/// Conditions without arguments.
#[derive(Debug)]
pub(super) enum Delivery {
    First,
    QueueRunning,
}

impl Test for Delivery {
    fn is_quiet(&self) -> bool {
        true
    }

    fn test(&self, machine: &mut Machine<'_>, _mode: Mode) -> Result<bool, EvalError> {
        Ok(match self {
            Self::First => machine.env.first_delivery(),
            Self::QueueRunning => machine.env.queue_running(),
        })
    }
}
