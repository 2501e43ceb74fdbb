//! The records that compiled code and the runtime both read. Offsets are asserted, so a change shows on both sides.

use core::mem::offset_of;
use core::sync::atomic::{AtomicPtr, AtomicU64, AtomicUsize};

/// What the pinned register points to while Aurora code runs: one stack, one record. `std/task/records.aur` mirrors it.
///
/// Records are pooled and never unmapped, so a late wake of a fiber that has gone on finds memory and a newer epoch.
#[repr(C)]
pub struct Fiber {
    /// The panic or cancellation under way: a record of the runtime's, or null.
    pub panic: *mut u8,
    /// Every prologue compares the stack pointer with it. Below it is slack for runtime calls. Other threads store the
    /// maximum here to have a look taken at their requests.
    pub stack_limit: AtomicUsize,
    /// The program that runs.
    pub image: *const Image,
    pub stack_low: usize,
    pub stack_high: usize,
    /// The cancellation context of what runs now.
    pub node: *mut Node,
    /// The chain of task-local bindings, or null.
    pub locals: *mut u8,
    /// The pending forks: `[-1]` of the base is null, `top` is where the next one goes, at `end` there is no more room.
    pub forks_base: *mut *mut TaskHead,
    pub forks_top: *mut *mut TaskHead,
    pub forks_end: *mut *mut TaskHead,
    /// epoch << 32 | value << 8 | state: see `WAIT_*`.
    pub wait: AtomicU64,
    /// What `stack_limit` is when nobody asks for anything.
    pub limit: usize,
}

pub const FIBER_STACK_LIMIT: i32 = 8;
pub const FIBER_LIMIT: i32 = 88;
pub const FIBER_FORKS_BASE: i32 = 56;
pub const FIBER_FORKS_TOP: i32 = 64;
const _: () = assert!(offset_of!(Fiber, stack_limit) == FIBER_STACK_LIMIT as usize);
const _: () = assert!(offset_of!(Fiber, limit) == FIBER_LIMIT as usize);
const _: () = assert!(offset_of!(Fiber, panic) == 0 && offset_of!(Fiber, node) == 40 && offset_of!(Fiber, locals) == 48);
const _: () = assert!(offset_of!(Fiber, forks_base) == FIBER_FORKS_BASE as usize && offset_of!(Fiber, forks_top) == FIBER_FORKS_TOP as usize);
const _: () = assert!(offset_of!(Fiber, wait) == 80 && size_of::<Fiber>() == 96);

/// States of `Fiber::wait`.
pub const WAIT_RUNNING: u64 = 0;
/// A ticket was handed out: whoever has it may end the wait.
pub const WAIT_ARMED: u64 = 1;
/// The same, and the fiber has left its worker.
pub const WAIT_PARKED: u64 = 2;
/// The value stands in the word.
pub const WAIT_WOKEN: u64 = 3;
pub const WAIT_STATE: u64 = 3;
/// Values a waker may give lie below these two.
pub const WAIT_VALUE_CANCELLED: u64 = 0xff_fffe;
pub const WAIT_VALUE_ELAPSED: u64 = 0xff_ffff;

/// A cancellation context. Code is cancelled when a node from its fiber's up to the nearest shield has a reason.
#[repr(C)]
pub struct Node {
    pub parent: *mut Node,
    /// 0 while alive, else the reason plus 1; [`NODE_SHIELD`] and [`NODE_LINKED`] beside it.
    pub state: AtomicU64,
    /// The runtime's, of no meaning but with [`NODE_LINKED`].
    pub links: AtomicPtr<u8>,
}
pub const NODE_SHIELD: u64 = 1 << 8;
/// Somebody parked below, or a deadline was set.
pub const NODE_LINKED: u64 = 1 << 9;
/// Of an observed run: it may be cancelled for itself, which plain scopes are only when something has failed.
pub const NODE_MARKED: u64 = 1 << 10;
pub const NODE_REASON: u64 = 0xff;

/// Why code is cancelled: the order of `Reason` in `std/task/failure.aur`.
pub const REASON_REQUESTED: u64 = 0;
pub const REASON_DEADLINE: u64 = 1;
pub const REASON_SIBLING_FAILED: u64 = 2;
pub const REASON_PARENT: u64 = 3;
pub const REASON_SHUTDOWN: u64 = 4;

/// A scope, in the frame of the function that opened it.
#[repr(C)]
pub struct Scope {
    /// The context of the scope's own body.
    pub body: Node,
    /// That of its tasks with [`SCOPE_OWN`], whose parent is `body`; else that is `body`, too.
    pub tasks: Node,
    /// Published tasks that have not ended << 8 | `SCOPE_*`.
    pub word: AtomicU64,
    /// Who waits for the tasks, and the epoch of its ticket: set when it does.
    pub fiber: AtomicPtr<Fiber>,
    pub epoch: AtomicU64,
    /// The runtime's list, of no meaning but with [`SCOPE_FAILED`].
    pub failures: AtomicPtr<u8>,
    /// Of no meaning but with [`SCOPE_OPTIONS`]: [`SCOPE_COLLECT`]; from [`SCOPE_LIMIT_SHIFT`] on the most tasks that may run at once, 0 without limit.
    pub options: u64,
}
pub const SCOPE_WAITING: u64 = 1;
/// Tasks have failed: there is a list.
pub const SCOPE_FAILED: u64 = 2;
pub const SCOPE_OWN: u64 = 4;
pub const SCOPE_OPTIONS: u64 = 8;
/// The library's: a handle was dropped while its task was pending.
pub const SCOPE_LEFT: u64 = 16;
pub const SCOPE_TASK: u64 = 256;
pub const SCOPE_COLLECT: u64 = 1;
pub const SCOPE_LIMIT_SHIFT: u32 = 8;
const _: () = assert!(offset_of!(Scope, tasks) == 24 && offset_of!(Scope, word) == 48 && offset_of!(Scope, epoch) == 64);
const _: () = assert!(offset_of!(Scope, failures) == 72 && offset_of!(Scope, options) == 80 && size_of::<Scope>() == 88);

/// What is known of a task without its types. The result and the body lie behind it.
#[repr(C)]
pub struct TaskHead {
    /// `TASK_*`
    pub state: AtomicU64,
    /// An Aurora function `fn(*mut TaskHead, int) -> int`: runs the body and writes the result, drops the body, drops the
    /// result, frees the record.
    pub call: usize,
    pub scope: *mut Scope,
    /// Written when it is published or claimed, as `node`: a pending task has its fiber's.
    pub locals: *mut u8,
    /// Where it runs: `scope.tasks`, or a node of its own, which with [`TASK_TRY`] is there from the start.
    pub node: *mut Node,
    /// [`TASK_HEAP`], [`TASK_TRY`], and a mark of the library's; the number of the worker in whose queue it stands from [`TASK_HOME_SHIFT`] on.
    pub flags: u64,
    pub next: *mut TaskHead,
    pub previous: *mut TaskHead,
    /// Why a `spawn try` ended without a value: the runtime's record.
    pub failure: *mut u8,
    /// Whom to wake, while [`TASK_WAITED`]: epoch << 32 | the fiber's number << 8 | the value.
    pub waiter: AtomicU64,
}
/// On the array of the fiber that spawned it.
pub const TASK_PENDING: u64 = 0;
/// In the queue of a worker; changes only under that queue's lock.
pub const TASK_QUEUED: u64 = 1;
pub const TASK_RUNNING: u64 = 2;
pub const TASK_DONE: u64 = 3;
pub const TASK_FAILED: u64 = 4;
pub const TASK_CANCELLED: u64 = 5;
pub const TASK_PHASE: u64 = 7;
/// Nobody has the handle any more: who ends the task frees it.
pub const TASK_GONE: u64 = 8;
/// A fiber waits: see `waiter`.
pub const TASK_WAITED: u64 = 16;
/// Added whenever `waiter` changes, so that who read it knows whether it still stood there.
pub const TASK_VERSION: u64 = 1 << 16;
pub const TASK_HEAP: u64 = 1;
pub const TASK_TRY: u64 = 2;
pub const TASK_HOME_SHIFT: u32 = 32;
const _: () = assert!(offset_of!(TaskHead, node) == 32 && offset_of!(TaskHead, failure) == 64 && size_of::<TaskHead>() == 80);

pub const IMAGE_MAGIC: u64 = u64::from_le_bytes(*b"\x7fAurora\x01");

/// A compiled program as it lies in memory, at its own start. All offsets are from there.
///
/// Three segments, page-aligned, in this order: tables and constants (read), code (read, run), data (read, write).
#[repr(C)]
#[derive(Clone, Copy, Default, Debug)]
pub struct Image {
    pub magic: u64,
    pub version: u64,
    /// Of all three segments in memory.
    pub size: u64,
    pub code: Part,
    pub data: Part,
    /// Of `u64`: addresses of [`Image::imports`], in the same order; filled before the code runs.
    pub imports_table: u64,
    /// Of [`Import`].
    pub imports: Part,
    /// Of `u32`: offsets of words to which the image's address must be added.
    pub relocations: Part,
    /// Of [`Function`], sorted by `start`.
    pub functions: Part,
    /// Of [`Position`], sorted by `start`.
    pub positions: Part,
    /// Of [`Source`].
    pub sources: Part,
    /// Of [`File`].
    pub files: Part,
    /// Of [`Test`].
    pub tests: Part,
    /// `fn() -> flag` that sets up the statics; 0 if there is nothing to do.
    pub init: u64,
    /// `fn() -> flag`; 0 for a library.
    pub main: u64,
}

/// Where a table begins and how many entries (bytes, for segments) it has.
#[repr(C)]
#[derive(Clone, Copy, Default, Debug)]
pub struct Part {
    pub offset: u64,
    pub count: u64,
}

/// UTF-8 text in the image.
#[repr(C)]
#[derive(Clone, Copy, Default, Debug, PartialEq, Eq)]
pub struct Text {
    pub offset: u32,
    pub len: u32,
}

/// An outside function whose address the code needs.
#[repr(C)]
#[derive(Clone, Copy, Default, Debug)]
pub struct Import {
    pub name: Text,
}

/// The code of one function.
#[repr(C)]
#[derive(Clone, Copy, Default, Debug)]
pub struct Function {
    /// From the start of the code.
    pub start: u32,
    pub size: u32,
    pub name: Text,
}

/// From `start` (in the code) to the next entry's the instructions stem from `source`.
#[repr(C)]
#[derive(Clone, Copy, Default, Debug)]
pub struct Position {
    pub start: u32,
    /// An index into the sources, or [`NO_SOURCE`].
    pub source: u32,
}

pub const NO_SOURCE: u32 = u32::MAX;

/// A place in the text, and the call it was inlined through.
#[repr(C)]
#[derive(Clone, Copy, Default, Debug, PartialEq, Eq)]
pub struct Source {
    /// An index into the files, or [`NO_SOURCE`].
    pub file: u32,
    pub line: u32,
    pub column: u32,
    pub function: Text,
    pub inlined_at: u32,
}

#[repr(C)]
#[derive(Clone, Copy, Default, Debug)]
pub struct File {
    pub path: Text,
    /// 1 for the files of `std`, which reports step over.
    pub library: u32,
}

#[repr(C)]
#[derive(Clone, Copy, Default, Debug)]
pub struct Test {
    pub name: Text,
    /// `fn() -> flag`
    pub entry: u64,
}

const _: () = assert!(size_of::<Image>() == 8 * 4 + 16 * 9 + 8 * 2);
const _: () = assert!(size_of::<Function>() == 16 && size_of::<Position>() == 8 && size_of::<Source>() == 24);
const _: () = assert!(size_of::<File>() == 12 && size_of::<Test>() == 16 && size_of::<Import>() == 8);

/// Runs `main` of an image that is bound to its imports, on a stack of its own; the exit code.
pub type RunMain = unsafe extern "C" fn(image: *const Image, count: i64, args: *const Text64) -> i32;
/// Runs a test: -1 if it passed, else the length of the panic's report, of which what fits stands in the buffer.
pub type RunTest = unsafe extern "C" fn(image: *const Image, index: i64, into: *mut u8, capacity: i64) -> i64;

/// Text anywhere in memory.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct Text64 {
    pub at: *const u8,
    pub len: i64,
}
