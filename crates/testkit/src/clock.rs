//! A clock for tests.

use std::sync::atomic::{AtomicI64, Ordering};

use oxflow_model::{Clock, Millis};

use crate::wish;

/// A clock that stands still until it is set. To requests it shows the time that they wish for, if
/// they do.
#[derive(Debug)]
pub struct FixedClock(AtomicI64);

impl FixedClock {
    /// A clock that shows this moment.
    pub fn at(now: Millis) -> FixedClock {
        FixedClock(AtomicI64::new(now.0))
    }

    /// Shows another moment from now on.
    pub fn set(&self, now: Millis) {
        self.0.store(now.0, Ordering::SeqCst);
    }
}

impl Clock for FixedClock {
    fn now(&self) -> Millis {
        wish::time().unwrap_or_else(|| Millis(self.0.load(Ordering::SeqCst)))
    }
}
