//! Stacks: address space reserved once, committed by touch, never given back but emptied.
//!
//! The number of a fiber says where its stack lies. The first ones are large, because programs with few tasks may recurse
//! in them; the many are small, because a million of them must fit: a page each plus page tables.

use crate::prim::OnceLock;
use crate::system::*;

/// Of `main`: as deep as a plain program may want.
const MAIN_BYTES: usize = 256 << 20;
/// Below the limit that prologues compare with: for the runtime's own functions, foreign code, and frames that were pushed
/// before their prologue could look.
const MAIN_SLACK_BYTES: usize = 512 << 10;
const GUARD_BYTES: usize = 4 << 10;

/// How many stacks of which size, in the order of fiber numbers.
const KINDS: [Kind; 3] = [
    Kind { count: 256, bytes: 16 << 20, slack: 256 << 10 },
    Kind { count: 16 << 10, bytes: 1 << 20, slack: 128 << 10 },
    Kind { count: super::FIBERS_MAX, bytes: 256 << 10, slack: 64 << 10 },
];

struct Kind {
    count: usize,
    bytes: usize,
    slack: usize,
}

#[derive(Clone, Copy)]
pub struct Stack {
    pub low: usize,
    pub high: usize,
    /// Where user code has to stop.
    pub limit: usize,
}

/// Reserves address space; 0 if there is none.
pub fn reserve(bytes: usize) -> usize {
    // SAFETY: a fresh private mapping.
    let at = unsafe {
        mmap(std::ptr::null_mut(), bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0)
    };
    if at as isize == -1 { 0 } else { at as usize }
}

/// The stack of `main` and of tests, one after the other.
pub fn main() -> Stack {
    static STACK: OnceLock<usize> = OnceLock::new();
    let low = *STACK.get_or_init(|| {
        let low = reserve(MAIN_BYTES);
        if low == 0 {
            crate::fault::fatal("cannot reserve memory for the stack");
        }
        guard(low, MAIN_SLACK_BYTES / 8);
        low
    });
    Stack { low: low + MAIN_SLACK_BYTES / 8, high: low + MAIN_BYTES, limit: low + MAIN_SLACK_BYTES }
}

/// Where each kind's stacks lie, and how many there are.
static SLABS: [OnceLock<(usize, usize)>; 3] = [const { OnceLock::new() }; 3];

/// The fiber on whose stack an address lies; `main`'s and addresses elsewhere are nobody's.
pub fn number_at(address: usize) -> Option<usize> {
    let mut first = 1;
    for (kind, slab) in KINDS.iter().zip(&SLABS) {
        if let Some(&(low, count)) = slab.get()
            && let Some(offset) = address.checked_sub(low)
            && offset < count * kind.bytes
        {
            return Some(first + offset / kind.bytes);
        }
        first += kind.count;
    }
    None
}

/// The stack of a fiber; `None` when the address space ends.
pub fn of(number: usize) -> Option<Stack> {
    let mut first = 0;
    for (kind, slab) in KINDS.iter().zip(&SLABS) {
        if number < first + kind.count {
            // A limit on address space leaves room for fewer.
            let &(low, count) = slab.get_or_init(|| {
                let mut count = kind.count;
                loop {
                    let low = reserve(count * kind.bytes);
                    if low != 0 {
                        no_huge_pages(low, count * kind.bytes);
                        return (low, count);
                    }
                    if count == 0 {
                        return (0, 0);
                    }
                    count /= 4;
                }
            });
            let index = number - first;
            if index >= count {
                return None;
            }
            let low = low + index * kind.bytes;
            guard(low, GUARD_BYTES);
            return Some(Stack { low: low + GUARD_BYTES, high: low + kind.bytes, limit: low + kind.slack });
        }
        first += kind.count;
    }
    None
}

/// Huge pages would commit 2 MiB where a fiber touches 4 KiB.
fn no_huge_pages(at: usize, bytes: usize) {
    #[cfg(target_os = "linux")]
    // SAFETY: advice about our own mapping.
    unsafe {
        madvise(at as *mut _, bytes, MADV_NOHUGEPAGE);
    }
    #[cfg(not(target_os = "linux"))]
    let _ = (at, bytes);
}

/// Makes the lowest part of a stack fault, where the kernel can without a mapping each (Linux 6.13): a mapping each would
/// end at 32,750 fibers. Without it the comparison in the prologues stands alone.
fn guard(at: usize, bytes: usize) {
    #[cfg(target_os = "linux")]
    // SAFETY: our own mapping, not in use. An error means that the kernel does not know the advice.
    unsafe {
        madvise(at as *mut _, bytes, MADV_GUARD_INSTALL);
    }
    #[cfg(not(target_os = "linux"))]
    let _ = (at, bytes);
}
