//! Panics: raised here, carried by the fiber while compiled code unwinds, reported when nobody takes them.
//!
//! Every function of the table that raises is an assembly stub in `entry` which hands on the caller's frame pointer, return
//! address and fiber: the caller's place in the text is found from these, so compiled code passes only constants.

use crate::table::Tables;
use crate::{observe, process, scope, standard};
use abi::{Fault, Fiber};
use std::fmt::Write;

/// A panic or a cancellation under way. Owned by `Fiber::panic`.
#[derive(Default)]
pub struct Panic {
    pub message: String,
    pub place: String,
    /// Filled if the user asked for it.
    pub trace: String,
    /// Of a cancellation, which is no failure.
    pub reason: Option<u64>,
    /// The functions of the tasks it was raised in, innermost first, and the image they are in.
    pub spawners: Vec<Spawner>,
    pub image: usize,
    /// Reports of what failed beside it.
    pub suppressed: Vec<String>,
}

/// A task that runs on a fiber of its own.
#[derive(Clone, Copy)]
pub struct Spawner {
    /// What runs it, with the task's body in it.
    pub function: usize,
    /// The outermost calls on its stack, outermost first: the body is a function of its own where nothing was inlined.
    pub outermost: [usize; 12],
}

impl Spawner {
    /// # Safety
    /// The record is the running fiber's, or that of one whose caller was noted.
    pub unsafe fn new(function: usize, caller: Caller) -> Spawner {
        let mut outermost = [0; 12];
        // SAFETY: the caller's promise.
        walk(caller, unsafe { &*caller.fiber }, &mut |address| {
            outermost.rotate_right(1);
            outermost[0] = address;
            true
        });
        Spawner { function, outermost }
    }

    fn place<'a>(&self, tables: &Tables<'a>) -> Option<(&'a str, u32, u32)> {
        let calls = self.outermost.iter().filter(|&&address| address != 0);
        std::iter::once(self.function).chain(calls.map(|address| address - 1)).find_map(|at| tables.first_place(at))
    }
}

impl Panic {
    pub fn report(&self) -> String {
        let mut text = format!("panicked at {}: {}\n{}", self.place, self.message, self.trace);
        // SAFETY: images stay as long as panics of theirs are reported.
        if let Some(tables) = unsafe { Tables::new(self.image as *const abi::Image) } {
            for (path, line, column) in self.spawners.iter().filter_map(|spawner| spawner.place(&tables)) {
                // Writing into a String cannot fail.
                let _ = writeln!(text, "  in the task spawned at {path}:{line}:{column}");
            }
        }
        for other in &self.suppressed {
            text += "  suppressed: ";
            text += other;
        }
        text
    }
}

/// Takes the panic out of a fiber.
pub fn take(fiber: &mut Fiber) -> Option<Box<Panic>> {
    let panic = std::mem::replace(&mut fiber.panic, std::ptr::null_mut()).cast::<Panic>();
    // SAFETY: only `raise` sets the field, to a box's pointer, and the line above took it out.
    (!panic.is_null()).then(|| unsafe { Box::from_raw(panic) })
}

/// Where compiled code called from.
#[derive(Clone, Copy)]
pub struct Caller {
    pub frame: *const usize,
    pub address: usize,
    pub fiber: *mut Fiber,
}

fn raise(caller: Caller, message: String) {
    raise_with(caller, Panic { message, ..Panic::default() });
}

fn raise_with(caller: Caller, mut panic: Panic) {
    // SAFETY: the pinned register holds the running fiber, and nothing else refers to it during a call.
    let fiber = unsafe { &mut *caller.fiber };
    observe::raises(caller.fiber.cast());
    describe(caller, fiber, &mut panic);
    if panic.reason.is_none() {
        panic.image = fiber.image as usize;
        // SAFETY: the pinned register holds the running fiber's record.
        panic.spawners = unsafe { scope::spawners(caller) };
    }
    if let Some(first) = take(fiber) {
        standard::flush();
        standard::complain(&format!("{}{}fatal: a destructor panicked while the stack was unwound\n", first.report(), panic.report()));
        process::end(abi::EXIT_FATAL);
    }
    // SAFETY: the running fiber's record.
    if panic.reason.is_none() && unsafe { observe::ends_by_panic(caller.fiber.cast()) } {
        let report = panic.report();
        // Nothing here is dropped once the run is over.
        drop(panic);
        observe::panicked(caller.fiber.cast(), report);
    }
    fiber.panic = Box::into_raw(Box::new(panic)).cast();
}

/// Walks the frames: the first place in the user's text, and the trace if it is wanted.
fn describe(caller: Caller, fiber: &Fiber, panic: &mut Panic) {
    let wants_trace = process::wants_backtrace();
    // SAFETY: a running fiber's image is mapped.
    let Some(tables) = (unsafe { Tables::new(fiber.image) }) else { return };
    let mut place: Option<String> = None;
    let mut fallback: Option<String> = None;
    let mut depth = 0;
    if caller.address == 0 {
        // It has not begun.
        panic.place = "its beginning".into();
        return;
    }
    walk(caller, fiber, &mut |address| {
        // The return address may be that of the next line.
        tables.frames(address - 1, &mut |frame| {
            let text = frame.place.map(|(path, line, column)| format!("{path}:{line}:{column}"));
            if !frame.library && place.is_none() {
                place.clone_from(&text);
            }
            if fallback.is_none() {
                fallback.clone_from(&text);
            }
            if wants_trace && depth < 200 {
                // Writing into a String cannot fail.
                let _ = writeln!(panic.trace, "{depth:4}: {} at {}", frame.function, text.as_deref().unwrap_or("?"));
            }
            depth += 1;
        });
        place.is_none() || (wants_trace && depth < 200)
    });
    panic.place = place.or(fallback).unwrap_or_else(|| "?".into());
}

/// Visits return addresses, innermost first, until told to stop or the stack's end.
fn walk(caller: Caller, fiber: &Fiber, visit: &mut dyn FnMut(usize) -> bool) {
    let (mut frame, mut address) = (caller.frame, caller.address);
    loop {
        if !visit(address) {
            return;
        }
        let at = frame as usize;
        // Foreign frames may keep anything in the frame register: leave when it is no frame of this stack.
        if at < fiber.stack_low || at > fiber.stack_high.saturating_sub(16) || !at.is_multiple_of(8) {
            return;
        }
        // SAFETY: inside this fiber's mapped stack, aligned.
        let (next, back) = unsafe { (*frame as *const usize, *frame.add(1)) };
        if next <= frame && !next.is_null() {
            return;
        }
        if back == 0 || next.is_null() {
            return;
        }
        (frame, address) = (next, back);
    }
}

pub extern "C" fn raise_message(message: *const u8, len: i64, frame: *const usize, address: usize, fiber: *mut Fiber) {
    // SAFETY: compiled code passes text of this length; an empty one may be anywhere.
    let bytes = if len == 0 { &[] } else { unsafe { std::slice::from_raw_parts(message, len as usize) } };
    raise(Caller { frame, address, fiber }, String::from_utf8_lossy(bytes).into_owned());
}

/// The names of `Reason` in `std/task/failure.aur`, in its order.
pub const REASONS: [&str; 5] = ["requested", "deadline", "a sibling failed", "the parent", "shutdown"];

pub extern "C" fn raise_cancelled(reason: i64, _: i64, frame: *const usize, address: usize, fiber: *mut Fiber) {
    let reason = reason as u64;
    let message = format!("cancelled: {}", REASONS.get(reason as usize).unwrap_or(&"?"));
    raise_with(Caller { frame, address, fiber }, Panic { message, reason: Some(reason), ..Panic::default() });
}

/// Where the task that runs this function was spawned.
pub fn spawned_at(image: *const abi::Image, function: usize) -> Option<String> {
    // SAFETY: images of fibers stay mapped while programs run.
    let (path, line, column) = unsafe { Tables::new(image) }?.first_place(function)?;
    Some(format!("{path}:{line}:{column}"))
}

/// The return addresses up the stack of a fiber that runs or waits.
pub fn callers(caller: Caller, visit: &mut dyn FnMut(usize) -> bool) {
    // SAFETY: a record of the table.
    walk(caller, unsafe { &*caller.fiber }, visit);
}

/// The first place in the user's text among callers.
pub fn first_of_users(image: *const abi::Image, callers: &[usize]) -> String {
    let mut place = None;
    // SAFETY: images of fibers stay mapped while programs run.
    if let Some(tables) = unsafe { Tables::new(image) } {
        for &address in callers.iter().filter(|&&address| address != 0) {
            tables.frames(address - 1, &mut |frame| {
                if !frame.library && place.is_none() {
                    place = frame.place.map(|(path, line, column)| format!("{path}:{line}:{column}"));
                }
            });
        }
    }
    place.unwrap_or_else(|| "?".into())
}

/// What a step looks like to the user.
#[derive(Clone, Default, Debug)]
pub struct StepPlace {
    /// In his own text, `file:line:column`; empty if there is none.
    pub place: String,
    /// The function of the library that he called there, without its module; empty for the steps of tasks themselves.
    pub operation: String,
    /// Whether that function is the atomic operation itself.
    pub direct: bool,
}

/// The first place in the user's text up the stack, and what was called there.
pub fn step_place(caller: Caller) -> StepPlace {
    let mut found = StepPlace { direct: true, ..StepPlace::default() };
    // SAFETY: the running fiber's record and its image, which is mapped.
    let (fiber, tables) = unsafe { (&*caller.fiber, Tables::new((*caller.fiber).image)) };
    let Some(tables) = tables else { return found };
    if caller.address == 0 {
        return found;
    }
    walk(caller, fiber, &mut |address| {
        tables.frames(address - 1, &mut |frame| {
            if !found.place.is_empty() {
                return;
            }
            if frame.library {
                found.direct &= frame.function.starts_with("std::sync::atomic::");
                found.operation = frame.function.rsplit("::").take(2).collect::<Vec<_>>().into_iter().rev().collect::<Vec<_>>().join("::");
            } else if let Some((path, line, column)) = frame.place {
                found.place = format!("{path}:{line}:{column}");
            }
        });
        found.place.is_empty()
    });
    found
}

/// The first place in the user's text up the stack.
pub fn place(caller: Caller) -> String {
    let mut panic = Panic::default();
    // SAFETY: a fiber that lives and does not run, or the running one.
    describe(caller, unsafe { &*caller.fiber }, &mut panic);
    panic.place
}

pub extern "C" fn raise_fault(code: i64, _: i64, frame: *const usize, address: usize, fiber: *mut Fiber) {
    let message = Fault::from_code(code).map_or("unknown fault", Fault::message);
    raise(Caller { frame, address, fiber }, message.into());
}

pub extern "C" fn raise_bounds(index: i64, len: i64, frame: *const usize, address: usize, fiber: *mut Fiber) {
    let message = format!("index out of bounds: the length is {len} but the index is {index}");
    raise(Caller { frame, address, fiber }, message);
}

pub extern "C" fn raise_stack_overflow(_: i64, _: i64, frame: *const usize, address: usize, fiber: *mut Fiber) {
    let message = format!("stack overflow in {}", function_name(address, fiber));
    raise(Caller { frame, address, fiber }, message);
}

pub extern "C" fn stack_exhausted(_: i64, _: i64, _: *const usize, address: usize, fiber: *mut Fiber) {
    fatal(&format!("stack overflow in {}", function_name(address, fiber)));
}

pub extern "C" fn panic_in_foreign(_: i64, _: i64, _: *const usize, address: usize, fiber: *mut Fiber) {
    // SAFETY: as in `raise`.
    let report = take(unsafe { &mut *fiber }).map_or(String::new(), |panic| panic.report());
    fatal(&format!("{report}a panic reached the foreign caller of {}", function_name(address, fiber)));
}

fn function_name(address: usize, fiber: *mut Fiber) -> String {
    // SAFETY: a running fiber and its image exist.
    let tables = unsafe { fiber.as_ref().and_then(|fiber| Tables::new(fiber.image)) };
    let name = tables.and_then(|tables| tables.function(address - 1).map(|function| tables.text(function.name)));
    name.unwrap_or("?").into()
}

/// Ends the program without unwinding.
pub fn fatal(message: &str) -> ! {
    standard::flush();
    standard::complain(&format!("fatal: {message}\n"));
    process::end(abi::EXIT_FATAL)
}
