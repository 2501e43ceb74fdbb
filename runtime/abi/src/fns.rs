//! The table of every call that compiled code may make into the runtime.
//!
//! A row is an effect, a name, parameters, a result and a sentence. `plain` rows return. `raises` rows return to compiled
//! code with a panic set in the fiber: the caller goes on by unwinding. `ends` rows never return.

/// Expands `$with! { rows }`.
#[macro_export]
macro_rules! for_each_rt_fn {
    ($with:ident) => {
        $with! {
            /// Memory for `size` (not 0) bytes. Failure ends the program.
            plain fn rt_alloc(size: i64, align: i64) -> *mut u8;
            /// The same, all bytes 0.
            plain fn rt_alloc_zeroed(size: i64, align: i64) -> *mut u8;
            /// Grows or shrinks memory, which may move.
            plain fn rt_realloc(at: *mut u8, old_size: i64, align: i64, new_size: i64) -> *mut u8;
            /// Gives memory back, on any thread.
            plain fn rt_free(at: *mut u8, size: i64, align: i64);

            /// Raises a panic with this message at the innermost frame that is not the library's.
            raises fn rt_panic(message: *const u8, len: i64);
            /// Raises the fault of this number. Keeps all registers.
            raises fn rt_fault(fault: i64);
            /// Raises `index out of bounds: the length is {len} but the index is {index}`. Keeps all registers.
            raises fn rt_bounds(index: i64, len: i64);
            /// Raises a cancellation with this reason.
            raises fn rt_raise_cancelled(reason: i64);
            /// Goes on unwinding with what the fiber carries.
            raises fn rt_unwind();
            /// Raises `stack overflow in {the caller}`.
            raises fn rt_stack_overflow();
            /// Ends the program: the caller, which cannot raise, ran out of stack.
            ends fn rt_stack_exhausted();
            /// Ends the program: a panic reached a caller that is not Aurora's.
            ends fn rt_panic_in_foreign();
            /// Ends the program: buffers are flushed, nothing is unwound.
            ends fn rt_exit(code: i64);
            /// Ends the program at once, as a crash.
            ends fn rt_abort();
            /// The fiber of this thread, for functions that foreign code calls.
            plain fn rt_fiber() -> *mut u8;

            /// Waits on the armed fiber: the waker's value, -1 when the time came, -2 when cancelled.
            plain fn rt_task_park(fiber: *mut u8, deadline: i64, what: i64) -> i64;
            /// A fiber whose wait was ended while it was parked may go on.
            plain fn rt_task_ready(fiber: *mut u8);
            /// Answers whoever raised the running fiber's limit. Keeps all registers.
            plain fn rt_task_poll();
            /// Gives the turn to others.
            plain fn rt_task_yield(fiber: *mut u8);
            /// Hands a pending task over to all workers; `main` runs it.
            plain fn rt_task_publish(fiber: *mut u8, task: *mut u8, main: *const u8);
            /// The same for a scope with a limit: the task may have to wait for its place.
            plain fn rt_task_publish_limited(fiber: *mut u8, task: *mut u8, main: *const u8);
            /// The same where the fiber's array has no room.
            plain fn rt_task_fork(fiber: *mut u8, task: *mut u8, main: *const u8);
            /// Waits for a task: 0 it has ended, 1 the caller has claimed it and must run it, -2 the caller is cancelled.
            plain fn rt_task_join(fiber: *mut u8, task: *mut u8, what: i64) -> i64;
            /// Has the fiber woken with a value below 128 when the task ends; 0 if it has ended.
            plain fn rt_task_wait_for(fiber: *mut u8, task: *mut u8, epoch: i64, value: i64) -> i64;
            /// Takes that back.
            plain fn rt_task_unwait(task: *mut u8);
            /// Calls an Aurora function `fn(*mut u8)`: 1 if it raised, and the fiber carries what.
            plain fn rt_task_catch(function: *const u8, data: *mut u8) -> i64;
            /// A task has ended: 1 if its handle is gone and the caller must free it.
            plain fn rt_task_end(task: *mut u8, phase: i64) -> i64;
            /// A published task leaves its scope's count, the last thing it does. Its record may be gone.
            plain fn rt_task_leave(fiber: *mut u8, task: *mut u8, within: *mut u8);
            /// Takes what the fiber carries to the task's handle or scope; how the task ended.
            plain fn rt_task_failed(fiber: *mut u8, task: *mut u8) -> i64;
            /// The same for a task that its joiner ran: the fiber goes on unwinding as one that a failed sibling cancels.
            plain fn rt_task_fail_scope(fiber: *mut u8, within: *mut u8);
            /// Waits until the scope has at most so many published tasks: 0 it has, -2 the fiber is cancelled.
            plain fn rt_task_wait_scope(fiber: *mut u8, within: *mut u8, most: i64, what: i64) -> i64;
            /// Makes the scope's first failure what the fiber carries; 1 if it carries anything.
            plain fn rt_task_settle(fiber: *mut u8, within: *mut u8) -> i64;
            /// Cancels a context and all below it.
            plain fn rt_task_cancel(node: *mut u8, reason: i64);
            /// A context that has links ends.
            plain fn rt_task_unlink(node: *mut u8);
            /// Cancels a context at a time of the clock, or opens its shield then.
            plain fn rt_task_deadline(node: *mut u8, at: i64, opens_shield: i64);
            /// The scope of the program, for detached tasks.
            plain fn rt_task_root() -> *mut u8;
            /// How many workers there are.
            plain fn rt_task_workers() -> i64;
            /// The number of the running fiber.
            plain fn rt_task_number(fiber: *mut u8) -> i64;
            /// What the fiber carries: -1 nothing, -2 a panic, else the reason of a cancellation.
            plain fn rt_task_carried(fiber: *mut u8) -> i64;
            /// The fiber carries nothing any more.
            plain fn rt_task_drop_carried(fiber: *mut u8);
            /// A failure's message; -2 for a panic, else the reason of a cancellation.
            plain fn rt_task_failure(failure: *mut u8, at: *mut *const u8, len: *mut i64) -> i64;
            /// Frees a failure.
            plain fn rt_task_drop_failure(failure: *mut u8);
            /// The scope's next failure, or null.
            plain fn rt_task_take_failure(within: *mut u8) -> *mut u8;
            /// A call that may block the worker's thread begins (1) or has ended (0).
            plain fn rt_task_blocking(fiber: *mut u8, begins: i64);

            /// An atomic step, if the run is observed; what stood there. The number of the operation (0 load, 1 store, 2 and on
            /// swap, add, sub, and, or, xor, the larger and the smaller of signed and of unsigned numbers, 16 compare and
            /// exchange, 17 fence), the size << 8, the order << 16, that of a failure << 24, 1 << 32 for steps of waiting.
            plain fn rt_observe_access(fiber: *mut u8, what: i64, at: *mut u8, a: u64, b: u64) -> u64;
            /// What follows, up to its end, the library does alone on an object, if the run is observed.
            plain fn rt_observe_begin(fiber: *mut u8, object: *mut u8);
            /// What follows belongs to a step that was asked for.
            plain fn rt_observe_quiet(fiber: *mut u8);
            /// That was all that belonged to it.
            plain fn rt_observe_loud(fiber: *mut u8);
            /// The object may be another's.
            plain fn rt_observe_end(fiber: *mut u8, object: *mut u8);
            /// It is not possible yet: waits for another use of the object and begins again. 0: the task has to wait by itself.
            plain fn rt_observe_miss(fiber: *mut u8, object: *mut u8) -> i64;
            /// From now on using an object is made of smaller steps.
            plain fn rt_observe_divide(fiber: *mut u8);
            /// Whether uses of a channel have numbers of their own.
            plain fn rt_observe_numbers() -> i64;
            /// From now on they are all in one order.
            plain fn rt_observe_one_order(fiber: *mut u8);
            /// What became of the use of an object that has this number is told, once; not 0.
            plain fn rt_observe_tell(fiber: *mut u8, object: *mut u8, number: i64, what: i64);
            /// Waits until that is told.
            plain fn rt_observe_hear(fiber: *mut u8, object: *mut u8, number: i64) -> i64;
            /// The task is in one more call that stops an unwinding, or in one less.
            plain fn rt_observe_catching(fiber: *mut u8, more: i64);
            /// The number under which the task enters a list of those who wait.
            plain fn rt_observe_waiter(fiber: *mut u8) -> i64;
            /// Who waits under that number has what it waited for, as soon as what the task does alone has ended.
            plain fn rt_observe_wake(fiber: *mut u8, number: i64);
            /// Waits for that: 1; 0 if the task has to wait by itself.
            plain fn rt_observe_settle(fiber: *mut u8, number: i64) -> i64;
            /// Waits until a task has ended, with another one in mind. 0: the task has to wait by itself.
            plain fn rt_observe_until_ended(fiber: *mut u8, task: *mut u8) -> i64;
            /// The task waits for one of several things, which it has chosen beforehand: 1, or 2 if one of them is a time.
            plain fn rt_observe_choosing(fiber: *mut u8, is: i64);
            /// Whether using a lock is one step.
            plain fn rt_observe_whole() -> i64;
            /// Waits until a lock is the task's; its own step of taking it follows.
            plain fn rt_observe_lock(fiber: *mut u8, object: *mut u8);
            /// The same if it is free: 1, or 0.
            plain fn rt_observe_try_lock(fiber: *mut u8, object: *mut u8) -> i64;
            /// The lock was left.
            plain fn rt_observe_unlock(fiber: *mut u8, object: *mut u8);
            /// One of so many, each of which is possible; of -2, whether a weak exchange is to fail.
            plain fn rt_observe_choose(fiber: *mut u8, count: i64) -> i64;
            /// What the task does from here on it does in another run as well: this one counts for nothing if all must be seen.
            plain fn rt_observe_give_up(fiber: *mut u8);
            /// Whether a task has ended, as a step.
            plain fn rt_observe_ended(fiber: *mut u8, task: *mut u8) -> i64;
            /// Before a wait that cancellation may end: 0 it is waited, 1 the task takes it that it is cancelled, 2 it knows that it is.
            plain fn rt_observe_cancelling(fiber: *mut u8) -> i64;
            /// Whether the task may be cancelled: looking is a step where that can be.
            plain fn rt_observe_look(fiber: *mut u8) -> i64;
            /// The same of a context that need not be its own.
            plain fn rt_observe_look_at(fiber: *mut u8, node: *mut u8) -> i64;
            /// Who runs: the number of the task; -1 if the run is not observed.
            plain fn rt_observe_task(fiber: *mut u8) -> i64;
            /// How many steps of another task happen before what the task does now, and of itself, how many it has made. Of -1: one
            /// more than the highest number of which it knows something.
            plain fn rt_observe_knows(fiber: *mut u8, other: i64) -> i64;
            /// A loop goes round once more; a hash of what its function's code goes by.
            plain fn rt_observe_round(fiber: *mut u8, place: i64, state: u64);
            /// A hash with what lies there.
            plain fn rt_observe_mix(hash: u64, at: *mut u8, size: i64) -> u64;
            /// Memory is read or written that others may have, too.
            plain fn rt_observe_plain(fiber: *mut u8, at: *mut u8, size: i64, writes: i64);
            /// One of several owners is gone, or (`last`) none is left: he knows what all of them have done.
            plain fn rt_observe_owner(fiber: *mut u8, at: *mut u8, last: i64);
            /// Waits for all tasks of a scope.
            plain fn rt_observe_scope(fiber: *mut u8, within: *mut u8);

            /// Appends to the buffer of standard output.
            plain fn rt_stdout_write(at: *const u8, len: i64);
            /// Hands the buffer of standard output to the system.
            plain fn rt_stdout_flush();
            /// Writes to standard error.
            plain fn rt_stderr_write(at: *const u8, len: i64);
            /// Who reads standard error: 0 nobody who waits (a test runs), 1 a terminal, 2 something else.
            plain fn rt_stderr_kind() -> i64;
            /// Bytes read, 0 at the end, below 0 an error number negated.
            plain fn rt_stdin_read(into: *mut u8, capacity: i64) -> i64;
            /// The same, but not beyond the end of a line.
            plain fn rt_stdin_line(into: *mut u8, capacity: i64) -> i64;

            /// Opens a file: 0 read, 1 write (truncate), 2 append, 3 read and write (create).
            plain fn rt_file_open(path: *const u8, len: i64, mode: i64) -> i64;
            /// Bytes read, 0 at the end.
            plain fn rt_file_read(file: i64, into: *mut u8, capacity: i64) -> i64;
            /// Bytes written.
            plain fn rt_file_write(file: i64, from: *const u8, len: i64) -> i64;
            /// The new position; whence 0 start, 1 here, 2 end.
            plain fn rt_file_seek(file: i64, offset: i64, whence: i64) -> i64;
            /// The file's length.
            plain fn rt_file_size(file: i64) -> i64;
            /// Closes a file.
            plain fn rt_file_close(file: i64) -> i64;
            /// 1 if something is there.
            plain fn rt_path_exists(path: *const u8, len: i64) -> i64;
            /// 0 a file, 1 a folder, 2 something else.
            plain fn rt_path_kind(path: *const u8, len: i64) -> i64;
            /// Removes a file.
            plain fn rt_path_remove_file(path: *const u8, len: i64) -> i64;
            /// Removes an empty folder.
            plain fn rt_path_remove_dir(path: *const u8, len: i64) -> i64;
            /// Makes a folder and those above it.
            plain fn rt_path_create_dir_all(path: *const u8, len: i64) -> i64;
            /// Renames.
            plain fn rt_path_rename(from: *const u8, from_len: i64, to: *const u8, to_len: i64) -> i64;
            /// Names in a folder, sorted, each ended by a 0 byte; null with the error number negated in `size`.
            plain fn rt_dir_read(path: *const u8, len: i64, size: *mut i64) -> *mut u8;
            /// The text of an error number; its length.
            plain fn rt_error_text(number: i64, into: *mut u8, capacity: i64) -> i64;

            /// Listens at an address; the socket, or below 0 an error number negated. This row and `rt_net_connect` may hold the thread.
            plain fn rt_net_listen(at: *const u8, len: i64) -> i64;
            /// Connects to an address.
            plain fn rt_net_connect(to: *const u8, len: i64) -> i64;
            /// A connection that came; -11 if there is none now.
            plain fn rt_net_accept(socket: i64) -> i64;
            /// Bytes read, 0 at the end, -11 if there are none now.
            plain fn rt_net_read(socket: i64, into: *mut u8, capacity: i64) -> i64;
            /// Bytes written, -11 if there is no room now.
            plain fn rt_net_write(socket: i64, from: *const u8, len: i64) -> i64;
            /// Has the armed fiber woken when the socket may be read (0) or written (1).
            plain fn rt_net_wake_when(fiber: *mut u8, socket: i64, epoch: i64, writable: i64);
            /// Another number for the same connection.
            plain fn rt_net_again(socket: i64) -> i64;
            /// Nothing more is sent.
            plain fn rt_net_finish(socket: i64) -> i64;
            /// The address as text: 0 of this side, 1 of the other; its length.
            plain fn rt_net_name(socket: i64, which: i64, into: *mut u8, capacity: i64) -> i64;
            /// A socket for datagrams at an address.
            plain fn rt_udp_bind(at: *const u8, len: i64) -> i64;
            /// Fixes whom a socket talks to; 0. This row and the next one may hold the thread.
            plain fn rt_udp_connect(socket: i64, to: *const u8, len: i64) -> i64;
            /// Sends one datagram; its length, -11 if there is no room now.
            plain fn rt_udp_send(socket: i64, from: *const u8, len: i64, to: *const u8, to_len: i64) -> i64;
            /// The next datagram, what does not fit is lost; -11 if there is none now. Writes the sender's address (at most 64 bytes).
            plain fn rt_udp_receive(socket: i64, into: *mut u8, capacity: i64, sender: *mut u8, sender_len: *mut i64) -> i64;
            /// Closes a socket.
            plain fn rt_net_close(socket: i64);

            /// How many arguments the program has.
            plain fn rt_args_count() -> i64;
            /// The length of an argument; its bytes go to `at`.
            plain fn rt_arg(index: i64, at: *mut *const u8) -> i64;
            /// The length of a variable's value, -1 if unset.
            plain fn rt_env_var(name: *const u8, len: i64, into: *mut u8, capacity: i64) -> i64;

            /// Nanoseconds of a clock that never goes back.
            plain fn rt_clock_now() -> i64;
            /// Nanoseconds since 1970.
            plain fn rt_clock_wall() -> i64;
            /// Passes a moment of a busy wait for another thread; the longer it has waited in rounds, the longer.
            plain fn rt_relax(round: i64);
            /// Has every other thread of the program pass a full fence; 0 if the system cannot do that.
            plain fn rt_barrier() -> i64;
            /// A random word.
            plain fn rt_random() -> u64;

            /// Writes a number; the length of the text (at most 1100 bytes).
            plain fn rt_float_format(value: f64, kind: i64, precision: i64, into: *mut u8) -> i64;
            /// The same for `f32`.
            plain fn rt_float32_format(value: f32, kind: i64, precision: i64, into: *mut u8) -> i64;
            /// 1 and the value, or 0 if the text is no number.
            plain fn rt_float_parse(text: *const u8, len: i64, into: *mut f64) -> i64;
            /// The same for `f32`.
            plain fn rt_float32_parse(text: *const u8, len: i64, into: *mut f32) -> i64;
            /// A function of one number.
            plain fn rt_float_math(function: i64, value: f64) -> f64;
            /// A function of two numbers.
            plain fn rt_float_math2(function: i64, a: f64, b: f64) -> f64;
            /// `a * b + c`, rounded once.
            plain fn rt_fma(a: f64, b: f64, c: f64) -> f64;
            /// The same for `f32`.
            plain fn rt_fma32(a: f32, b: f32, c: f32) -> f32;
            /// The upper case forms of a character; how many.
            plain fn rt_char_upper(c: u32, into: *mut u32) -> i64;
            /// The lower case forms of a character; how many.
            plain fn rt_char_lower(c: u32, into: *mut u32) -> i64;
            /// Class 0 alphabetic, 1 numeric, 2 white space, 3 upper case, 4 lower case, 5 control.
            plain fn rt_char_is(c: u32, class: i64) -> i64;

            /// Copies bytes; the ranges do not overlap.
            plain fn rt_memory_copy(to: *mut u8, from: *const u8, size: i64);
            /// Copies bytes; the ranges may overlap.
            plain fn rt_memory_move(to: *mut u8, from: *const u8, size: i64);
            /// Writes a byte many times.
            plain fn rt_memory_fill(to: *mut u8, byte: i64, size: i64);
            /// Below, equal to or above 0.
            plain fn rt_memory_compare(a: *const u8, b: *const u8, size: i64) -> i64;
        }
    };
}

/// How an argument travels.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    Word32,
    Word64,
    Float32,
    Float64,
    Pointer,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Effect {
    Plain,
    Raises,
    Ends,
}

/// One row, for readers that are not Rust's type checker.
#[derive(Debug)]
pub struct Row {
    pub name: &'static str,
    pub effect: Effect,
    /// Name, kind, and the type as `std` writes it.
    pub params: &'static [(&'static str, Kind, &'static str)],
    pub result: Option<(Kind, &'static str)>,
    pub sentence: &'static str,
}

impl Row {
    /// Whether the call leaves every register as it was: such calls lie on paths that are hardly ever taken, beside much that is live.
    pub fn keeps_registers(&self) -> bool {
        matches!(self.name, "rt_fault" | "rt_bounds" | "rt_task_poll")
    }
}

/// A type that may stand in a row.
pub trait AbiType {
    const KIND: Kind;
    /// As `std` writes it.
    const AURORA: &'static str;
}

macro_rules! abi_types {
    ($($ty:ty: $kind:ident $name:literal)*) => {$(
        impl AbiType for $ty {
            const KIND: Kind = Kind::$kind;
            const AURORA: &'static str = $name;
        }
    )*};
}
abi_types! {
    i64: Word64 "int"
    u64: Word64 "u64"
    u32: Word32 "u32"
    f64: Float64 "f64"
    f32: Float32 "f32"
    *mut u8: Pointer "*mut u8"
    *const u8: Pointer "*const u8"
    *mut i64: Pointer "*mut int"
    *mut u32: Pointer "*mut u32"
    *mut f64: Pointer "*mut f64"
    *mut f32: Pointer "*mut f32"
    *mut *const u8: Pointer "*mut *const u8"
}

macro_rules! effect {
    (plain) => {
        Effect::Plain
    };
    (raises) => {
        Effect::Raises
    };
    (ends) => {
        Effect::Ends
    };
}
macro_rules! result {
    () => {
        None
    };
    ($ty:ty) => {
        Some((<$ty as AbiType>::KIND, <$ty as AbiType>::AURORA))
    };
}
macro_rules! rows {
    ($($(#[doc = $doc:literal])* $effect:ident fn $name:ident($($param:ident: $ty:ty),*) $(-> $result:ty)?;)*) => {
        /// The table, in order.
        pub const ROWS: &[Row] = &[$(Row {
            name: stringify!($name),
            effect: effect!($effect),
            params: &[$((stringify!($param), <$ty as AbiType>::KIND, <$ty as AbiType>::AURORA)),*],
            result: result!($($result)?),
            sentence: concat!($($doc),*),
        }),*];
    };
}
for_each_rt_fn!(rows);

/// The row of a name, and its number.
pub fn row(name: &str) -> Option<(usize, &'static Row)> {
    ROWS.iter().enumerate().find(|(_, row)| row.name == name)
}

#[cfg(test)]
mod tests {
    extern crate std;
    use super::*;
    use std::{format, string::String, vec::Vec};

    /// A row as a line of `std`.
    fn line(row: &Row) -> String {
        let params: Vec<String> = row.params.iter().map(|(name, _, ty)| format!("{name}: {ty}")).collect();
        let result = match (row.effect, row.result) {
            (Effect::Plain, None) => String::new(),
            (Effect::Plain, Some((_, ty))) => format!(" -> {ty}"),
            (Effect::Raises | Effect::Ends, _) => " -> !".into(),
        };
        format!("pub fn {}({}){result}", row.name, params.join(", "))
    }

    #[test]
    fn std_declares_what_the_table_says() {
        let text = include_str!("../../../std/core/intrinsics.aur");
        let lines: Vec<&str> = text.lines().map(str::trim).filter(|line| line.contains("fn rt_")).collect();
        assert!(!lines.is_empty());
        for declared in lines {
            let name = declared.split("fn ").nth(1).and_then(|rest| rest.split('(').next()).expect("a name");
            let (_, row) = row(name).unwrap_or_else(|| panic!("no row {name}"));
            assert_eq!(declared.replace("pub unsafe fn", "pub fn"), line(row));
        }
    }
}
