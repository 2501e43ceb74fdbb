//! Runs in which somebody else decides: every step that other tasks can tell is asked for, and answered, one at a time.
//!
//! The program's code is made for it: atomics of the user's, what ends a wait, and the steps of the library's locks and
//! channels are calls of the `rt_observe_…` rows. All tasks are fibers of one thread; each has its own stack and its own
//! memory at addresses that are the same in every run, so that a run can be repeated up to any step and then go another way.
//! Between steps code runs natively. Memory that no step guards is really read and written: the observer lets events happen
//! only in an order in which everybody finds what he found.
//!
//! Here stands what an observer is asked. `run` makes a run, `step` asks for atomics, `object` for uses of the library's objects,
//! `waiting` for whatever tasks do to each other; `round` looks at loops, `plain` at memory that is not atomic; `alone` is what a
//! run has for itself.

mod alone;
mod cancelled;
mod numbers;
mod object;
mod plain;
mod round;
mod run;
mod step;
mod waiting;

use crate::fiber::{self, Record, Start};
use crate::prim::{AtomicBool, Ordering};
use crate::table::Tables;
use crate::{cancel, clock, fault, process, scope, standard, wait};
use abi::*;
use std::collections::HashMap;
use std::ptr::null_mut;

pub use crate::fault::StepPlace;
pub use alone::symbol;
pub use numbers::Numbers;
pub use object::*;
pub use plain::{Use, owner, plain, watch_memory};
pub use round::{mix, round};
pub use cancelled::*;
pub use run::{Session, divide, finish, is_on, look_everywhere, look_for_cancellation, order_uses, without_loops};
pub use step::access;
pub use waiting::*;

use plain::Plain;
use run::*;
use step::*;

const RELAXED: u8 = 0;
const RELEASE: u8 = 2;
const ACQUIRE_RELEASE: u8 = 3;

/// What a task asks for. Orders are numbered as in compiled code.
#[derive(Clone, Copy, Debug)]
pub enum What {
    Load(u8),
    Store(u8, u64),
    Update(u8, Change, u64),
    Compare { success: u8, failure: u8, expected: u64, new: u64 },
    /// A read that is over when the value is this one.
    Await(u64),
    /// A read that is over when the value is another one.
    AwaitChange(u64),
    Fence(u8),
    Spawn(u32),
    Choice(u32),
}

#[derive(Clone, Copy, Debug)]
pub struct Ask {
    pub what: What,
    pub address: u64,
    pub size: u8,
    /// What stands there, if it is memory.
    pub memory: Option<u64>,
    /// Where in the code, 0 for steps of the runtime's own.
    pub site: u64,
}

#[derive(Clone, Copy, Debug)]
pub enum Answer {
    Done { seen: u64, wrote: bool, memory: u64 },
    /// Not now: ask again when it is the task's turn.
    Wait,
    /// The run is over.
    Stop,
}

/// What becomes of a step that was begun and cannot be made.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Missed {
    /// The task is asked again when the object has changed.
    Wait,
    /// It was to be made: there is no such run.
    Void,
    /// A run that repeats another went another way.
    Diverged,
}

pub enum Turn {
    /// This task; the address of its next step, if that is known.
    Run(u32, Option<u64>),
    Stuck,
    Over,
    Stop,
}

/// Who decides. Tasks are numbered; 0 runs the program.
pub trait Observer {
    fn step(&mut self, task: u32, ask: &Ask) -> Answer;
    /// Whether it is the task's turn to use an object; it says afterwards whether it could, by a step or by `misses`.
    fn begins(&mut self, task: u32, address: u64) -> Answer;
    /// Nothing was to be done with the object as it is.
    fn misses(&mut self, task: u32, address: u64) -> Missed;
    /// How many steps of that task happen before what this one does now, and how many it has made itself.
    fn knows(&mut self, task: u32, other: u32) -> u32;
    /// The number of the task that this one begins next.
    fn child(&mut self, parent: u32) -> u32;
    /// The number under which timers act.
    fn clock(&mut self) -> u32;
    fn end(&mut self, task: u32);
    /// Whether to ask for [`Observer::round`]: the task has done something since it was there the last time.
    fn wants_round(&mut self, task: u32, place: u64) -> bool;
    /// Whether any loop's state will be asked for in this run.
    fn wants_states(&self) -> bool;
    /// A task goes round a loop: hashes of what is its own, and of all that others may change.
    fn round(&mut self, task: u32, place: u64, own: u64, rest: u64) -> Answer;
    /// Whether the task stays where it is, because another run comes to the same.
    fn gives_up(&mut self, task: u32) -> bool;
    fn next(&mut self) -> Turn;
    /// Another run does the same as this one: it is not to be counted.
    fn repeats(&mut self) {}
    /// Whether events are to be told with their places.
    fn wants_places(&self) -> bool {
        false
    }
    /// Whether the place of one of a task's accesses to memory is wanted, and what it is.
    fn wants_access(&self, _task: u32, _number: u64) -> bool {
        false
    }
    fn access_place(&mut self, _task: u32, _place: &StepPlace, _what: Use, _size: u64) {}
    /// The place in the text of the step that the task is about to ask for.
    fn place(&mut self, _task: u32, _place: &StepPlace) {}
}

/// How a run ended.
#[derive(Debug)]
pub enum End {
    Returned,
    /// The report of a panic.
    Panicked(String),
    Exited(i32),
    /// Nobody can go on: what each waits for, and where.
    Stuck(Vec<Waiting>),
    /// The observer had enough.
    Stopped,
    /// A task goes round and round and never asks for a step.
    Endless(Waiting),
    /// Something was cancelled for the first time: from now on looking whether one is cancelled is a step, too.
    Cancels,
    /// A scope was cancelled because something in it has failed: from now on each is looked at.
    CancelsAny,
    /// Something needs the library's own code for waiting: from now on uses of its objects are not one step each.
    Divides,
    /// Somebody looks whether something is in a channel: from now on all uses of one are in one order.
    OneOrder,
    /// There is no such run, or it counts for nothing.
    Void,
    /// Two accesses to memory that nothing orders, one to memory that is gone, or an allocation and the first access, which
    /// reads: for each its task, and the how-manieth of the task's it was.
    Raced(Vec<(u32, u64)>),
}

#[derive(Debug)]
pub struct Waiting {
    pub task: u32,
    pub place: StepPlace,
}

pub struct Ended {
    pub end: End,
    pub out: Vec<u8>,
}

/// Locations that are no memory: the object's address with a mark.
pub mod place {
    const MARK: u64 = 1 << 56;
    /// The next number for who wants a lock.
    pub const NEXT: u64 = MARK;
    /// The number whose turn it is.
    pub const SERVING: u64 = 2 * MARK;
    /// The steps on an object of the library.
    pub const OBJECT: u64 = 3 * MARK;
    /// What is done with an object of the library, if each use is one step.
    pub const STEP: u64 = 7 * MARK;
    /// A task's end.
    pub const END: u64 = 4 * MARK;
    /// Whether a context is cancelled; without an address, whether anything is, in smaller steps.
    pub const CANCEL: u64 = 5 * MARK;
    /// Whether a timer is set.
    pub const TIMER: u64 = 6 * MARK;
    /// What became of the use of an object that has a number, which stands above the address.
    pub const ITEM: u64 = 8 * MARK;
    pub const NUMBER_SHIFT: u32 = 48;
    /// Whether a task that waits in a list has what it waited for; by whom and how often it has waited.
    pub const WAITER: u64 = 9 * MARK;
    pub const WAITS_SHIFT: u32 = 24;
    pub fn kind(address: u64) -> u64 {
        address & !(MARK - 1)
    }
}

/// What an update makes of the old value; numbered as in the rows, behind 2.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Change {
    Swap,
    Add,
    Subtract,
    And,
    Or,
    Xor,
    MaxSigned,
    MaxUnsigned,
    MinSigned,
    MinUnsigned,
}

impl Change {
    fn from_number(number: u8) -> Change {
        use Change::*;
        [Swap, Add, Subtract, And, Or, Xor, MaxSigned, MaxUnsigned, MinSigned, MinUnsigned][usize::from(number)]
    }

    /// The new value, of so many bytes.
    pub fn apply(self, old: u64, operand: u64, size: u8) -> u64 {
        let bits = u32::from(size) * 8;
        let signed = |value: u64| (value << (64 - bits)) as i64 >> (64 - bits);
        let new = match self {
            Change::Swap => operand,
            Change::Add => old.wrapping_add(operand),
            Change::Subtract => old.wrapping_sub(operand),
            Change::And => old & operand,
            Change::Or => old | operand,
            Change::Xor => old ^ operand,
            Change::MaxUnsigned => old.max(operand),
            Change::MinUnsigned => old.min(operand),
            Change::MaxSigned => if signed(old) >= signed(operand) { old } else { operand },
            Change::MinSigned => if signed(old) <= signed(operand) { old } else { operand },
        };
        if bits == 64 { new } else { new & ((1 << bits) - 1) }
    }
}

// The rows. Operations are numbered: 0 load, 1 store, 2 and on changes, 16 compare and exchange, 17 fence.
