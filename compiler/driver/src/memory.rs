//! The compiler's memory. A compilation asks for many small pieces on few threads, and the time that it takes to touch fresh
//! pages counts: pieces are cut off a reservation of huge pages and, once given back, wait in lists by their size, a set of lists
//! for each thread. A thread that ends leaves its lists to the next that begins. What is large, and what the program asks for that runs in this process afterwards, is the system's.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

/// Address space; its pages cost nothing until they are touched. Once it is used up, the system serves.
const RESERVED_BYTES: usize = 1 << 30;
/// To touch a page for the first time costs as much as a hundred pieces: large ones are few.
const HUGE_PAGE_BYTES: usize = 2 << 20;
/// What a thread takes at a time.
const CHUNK_BYTES: usize = 512 << 10;
const PIECE_BYTES_MAX: usize = 64 << 10;
const PIECE_ALIGN: usize = 16;
/// Sizes up to here are apart by `PIECE_ALIGN`, above by a factor of two.
const FINE_BYTES_MAX: usize = 1024;
const FINE_CLASSES: usize = FINE_BYTES_MAX / PIECE_ALIGN;
const CLASSES: usize = FINE_CLASSES + (PIECE_BYTES_MAX / FINE_BYTES_MAX).ilog2() as usize;

pub(crate) struct Memory;

static IS_OVER: AtomicBool = AtomicBool::new(false);
/// 0: not yet reserved; 1: cannot be.
static START: AtomicUsize = AtomicUsize::new(0);
static NEXT: AtomicUsize = AtomicUsize::new(0);

/// What a thread has at hand.
struct Own {
    /// By class: the first piece that was given back; each holds the address of the next.
    free: [Cell<usize>; CLASSES],
    /// What is left of the chunk.
    from: Cell<usize>,
    to: Cell<usize>,
}

thread_local! {
    static OWN: Own = const { Own { free: [const { Cell::new(0) }; CLASSES], from: Cell::new(0), to: Cell::new(0) } };
    /// Asked for when a thread takes its first chunk.
    static LIFE: Life = const { Life };
}

/// Of a thread: at its end, what it has left goes to those that follow.
struct Life;

/// What ended threads left, the first so many: the free lists of each, then what was left of its chunk.
static LEFT: Mutex<(usize, [[usize; CLASSES + 2]; ESTATES_MAX])> = Mutex::new((0, [[0; CLASSES + 2]; ESTATES_MAX]));
const ESTATES_MAX: usize = 8;

impl Drop for Life {
    fn drop(&mut self) {
        let mut left = LEFT.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        let (count, estates) = &mut *left;
        if let Some(estate) = estates.get_mut(*count) {
            *count += 1;
            OWN.with(|own| own.cells().zip(estate).for_each(|(cell, kept)| *kept = cell.take()));
        }
    }
}

impl Own {
    fn cells(&self) -> impl Iterator<Item = &Cell<usize>> {
        self.free.iter().chain([&self.from, &self.to])
    }

    /// More room, for a piece of so many bytes at least if there is any: what an ended thread left, or a chunk.
    #[cold]
    fn refill(&self, bytes: usize) -> Option<()> {
        // Where the thread's end is under way nobody would take over what is left.
        LIFE.try_with(|_| ()).ok()?;
        if self.to.get() == 0 {
            let mut left = LEFT.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
            if let Some(last) = left.0.checked_sub(1) {
                left.0 = last;
                self.cells().zip(left.1[last]).for_each(|(cell, kept)| cell.set(kept));
                if self.from.get() + bytes <= self.to.get() {
                    return Some(());
                }
            }
        }
        let at = take_chunk()?;
        self.from.set(at);
        self.to.set(at + CHUNK_BYTES);
        Some(())
    }
}

/// From here on the system serves.
pub(crate) fn compilation_is_over() {
    // ORDER: Relaxed; either answer is right for any piece.
    IS_OVER.store(true, Ordering::Relaxed);
}

/// The class and size of the piece for so many bytes.
fn class_of(size: usize) -> (usize, usize) {
    if size <= FINE_BYTES_MAX {
        let class = size.saturating_sub(1) / PIECE_ALIGN;
        (class, (class + 1) * PIECE_ALIGN)
    } else {
        let bytes = size.next_power_of_two();
        (FINE_CLASSES - 1 + (bytes / FINE_BYTES_MAX).ilog2() as usize, bytes)
    }
}

fn is_ours(at: usize) -> bool {
    // ORDER: Relaxed; whoever holds a piece of the reservation came by it after it was made.
    let start = START.load(Ordering::Relaxed);
    at.wrapping_sub(start) < RESERVED_BYTES && start > 1
}

/// A piece, and whether it was used before.
fn piece(layout: Layout) -> Option<(*mut u8, bool)> {
    // ORDER: Relaxed; either answer is right.
    if layout.size() > PIECE_BYTES_MAX || layout.align() > PIECE_ALIGN || IS_OVER.load(Ordering::Relaxed) {
        return None;
    }
    let (class, bytes) = class_of(layout.size());
    OWN.with(|own| {
        let first = own.free[class].get();
        if first != 0 {
            // SAFETY: a piece in a list begins with the address of the next one.
            own.free[class].set(unsafe { *(first as *const usize) });
            return Some((first as *mut u8, true));
        }
        if own.from.get() + bytes > own.to.get() {
            own.refill(bytes)?;
        }
        let at = own.from.get();
        own.from.set(at + bytes);
        Some((at as *mut u8, false))
    })
}

// SAFETY: a piece of the reservation is aligned and at least as long as asked, and whoever has it has it alone: it is either cut
// off fresh or taken out of a list of the thread. All else is the system's.
unsafe impl GlobalAlloc for Memory {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        match piece(layout) {
            Some((at, _)) => at,
            // SAFETY: the caller's promise.
            None => unsafe { System.alloc(layout) },
        }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        match piece(layout) {
            Some((at, was_used)) => {
                if was_used {
                    // SAFETY: the piece is this long.
                    unsafe { at.write_bytes(0, layout.size()) };
                }
                at
            }
            // SAFETY: the caller's promise.
            None => unsafe { System.alloc_zeroed(layout) },
        }
    }

    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        if !is_ours(at as usize) {
            // SAFETY: then it is the system's.
            return unsafe { System.dealloc(at, layout) };
        }
        let (class, _) = class_of(layout.size());
        OWN.with(|own| {
            // SAFETY: a piece has room for an address, and nobody looks at this one any more.
            unsafe { *at.cast::<usize>() = own.free[class].get() };
            own.free[class].set(at as usize);
        });
    }

    unsafe fn realloc(&self, at: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        if !is_ours(at as usize) {
            // SAFETY: then it is the system's.
            return unsafe { System.realloc(at, layout, size) };
        }
        if size <= PIECE_BYTES_MAX && class_of(size) == class_of(layout.size()) {
            return at;
        }
        // SAFETY: the caller's promise about sizes; the two pieces are apart.
        unsafe {
            let to = self.alloc(Layout::from_size_align_unchecked(size, layout.align()));
            if !to.is_null() {
                std::ptr::copy_nonoverlapping(at, to, layout.size().min(size));
                self.dealloc(at, layout);
            }
            to
        }
    }
}

fn take_chunk() -> Option<usize> {
    // ORDER: Acquire; pairs with the Release in `reserve`.
    let start = match START.load(Ordering::Acquire) {
        0 => reserve(),
        start => start,
    };
    if start == 1 {
        return None;
    }
    // ORDER: Relaxed; a counter that hands out numbers.
    let offset = NEXT.fetch_add(CHUNK_BYTES, Ordering::Relaxed);
    (offset + CHUNK_BYTES <= RESERVED_BYTES).then_some(start + offset)
}

#[cold]
fn reserve() -> usize {
    // SAFETY: a piece of the system's memory that is never given back.
    let at = unsafe { System.alloc(Layout::from_size_align_unchecked(RESERVED_BYTES, HUGE_PAGE_BYTES)) } as usize;
    #[cfg(target_os = "linux")]
    // SAFETY: advice on memory of our own; whether it is followed changes nothing but speed.
    unsafe {
        unsafe extern "C" {
            fn madvise(at: *mut std::ffi::c_void, size: usize, advice: std::ffi::c_int) -> std::ffi::c_int;
        }
        const HUGE_PAGES: std::ffi::c_int = 14;
        madvise(at as *mut std::ffi::c_void, if at == 0 { 0 } else { RESERVED_BYTES }, HUGE_PAGES);
    }
    let start = if at == 0 { 1 } else { at };
    // ORDER: Release; pairs with the Acquire in `take_chunk`. Whoever is second uses what the first has made.
    match START.compare_exchange(0, start, Ordering::Release, Ordering::Acquire) {
        Ok(_) => start,
        Err(first) => first,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_class_has_one_size() {
        let mut last = 0;
        for size in 0..=PIECE_BYTES_MAX {
            let (class, bytes) = class_of(size);
            assert!(class < CLASSES && bytes >= size.max(1) && bytes.is_multiple_of(PIECE_ALIGN));
            assert!(class == last || class == last + 1);
            assert_eq!(class_of(bytes), (class, bytes));
            last = class;
        }
        assert_eq!(last, CLASSES - 1);
    }
}
