//! The questions a scheduler answers, in one place: which fiber next, whom to wake, where to look for work. Real runs answer
//! by speed; a repeatable or exploring scheduler answers them on the same state machines.

/// A woken partner runs next at most this often in a row; then the queue has its turn.
pub const SLOT_RUNS_MAX: u32 = 32;
/// Timers are looked at every so many turns of a busy worker.
pub const TURNS_PER_CLOCK: u64 = 32;
/// A worker that always has work of its own still looks at others' queues first every so many turns: one of them may be held
/// by something endless.
pub const TURNS_PER_LOOK_AROUND: u64 = 61;

/// Where a worker looks first.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum First {
    /// The fiber that was woken last: what it waited for is in the cache.
    Slot,
    Queue,
}

pub fn look_first(slot_runs: u32) -> First {
    if slot_runs < SLOT_RUNS_MAX { First::Slot } else { First::Queue }
}

/// In a queue, fibers that were begun go before tasks that were not, but every few turns it is the other way round, so that
/// fibers that only yield do not keep a task from starting.
pub fn task_before_fiber(turn: u32) -> bool {
    turn.is_multiple_of(4)
}

/// Of the tasks in a queue those that came last with a fiber that waits go first, but now and then the one that has waited longest.
pub fn oldest_task_first(turn: u32) -> bool {
    turn.is_multiple_of(16)
}

/// So many pending tasks of a loop are enough, where there is no room for another.
pub const FORKS_MUCH: usize = 512;

/// A fiber that spawned much waits until that was begun, but not for ever: others may spawn, too.
pub fn is_spawners_turn(turn: u32) -> bool {
    turn.is_multiple_of(4096)
}

/// A worker without work takes half of what stands in another's queue, if that is at least so much, and not more than so much.
pub const STEALS_FROM: usize = 64;
pub const STEALS_MAX: usize = 32;

/// How often a worker without work looks around before it sleeps, and after how many looks it asks for work again. Some ten
/// microseconds: what it takes to sleep and be woken.
pub const LOOKS_BEFORE_SLEEP: u32 = 160;
pub const LOOKS_PER_REQUEST: u32 = 16;
pub const SPINS_PER_LOOK: u32 = 4;

/// Whose queue a worker without work looks at first.
pub fn first_victim(workers: usize, word: u64) -> usize {
    (word % workers as u64) as usize
}

/// The sleeper to wake of those that sleep: the last to go, whose caches are the warmest.
pub fn sleeper_to_wake(sleepers: &[usize]) -> Option<usize> {
    sleepers.len().checked_sub(1)
}
