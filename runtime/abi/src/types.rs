//! The records that compiled code and the runtime both read. Offsets are asserted, so a change shows on both sides.

use core::mem::offset_of;

/// What the pinned register points to while Aurora code runs.
#[repr(C)]
pub struct Fiber {
    /// The panic under way: a record of the runtime's, or null.
    pub panic: *mut u8,
    /// Every prologue compares the stack pointer with it. Below it is slack for runtime calls.
    pub stack_limit: usize,
    /// The program that runs.
    pub image: *const Image,
    pub stack_low: usize,
    pub stack_high: usize,
}

pub const FIBER_STACK_LIMIT: i32 = 8;
const _: () = assert!(offset_of!(Fiber, stack_limit) == FIBER_STACK_LIMIT as usize);
const _: () = assert!(offset_of!(Fiber, panic) == 0);

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
