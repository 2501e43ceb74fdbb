//! How much the passes that look at whole bodies did, in steps that take about as long each: tests hold it against the length of
//! what was looked at, which says more than a clock does.

use std::cell::Cell;

thread_local! {
    static STEPS: Cell<u64> = const { Cell::new(0) };
}

pub(crate) fn count(steps: usize) {
    STEPS.with(|all| all.set(all.get() + steps as u64));
}

/// The steps of this thread so far.
#[cfg(test)]
pub(crate) fn steps() -> u64 {
    STEPS.with(Cell::get)
}
