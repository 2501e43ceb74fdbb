//! Allocation. Small sizes come from free lists by size class, one set a thread; larger ones from the system.
//!
//! Callers pass sizes when they free, so blocks have no headers. A block freed by another thread than the one that made it
//! goes onto the freeing thread's list: lists are never shared. What keeps one thread from hoarding what another one makes
//! is `Pool`: a list that grows past two batches hands one over, and an empty list takes one before it cuts fresh memory.

use crate::system;
use std::cell::UnsafeCell;
use std::ptr::null_mut;
use crate::prim::Mutex;

/// Classes are multiples of this, which is also what every block is aligned to.
const STEP: usize = 16;
pub const SMALL_BYTES_MAX: usize = 1024;
const CLASSES: usize = SMALL_BYTES_MAX / STEP;
/// A span is cut into blocks of one class, one after the other, so that neighbours in time are neighbours in memory.
const SPAN_BYTES: usize = 64 << 10;
/// What is asked of the system at once.
const CHUNK_BYTES: usize = 4 << 20;

#[repr(C)]
struct Block {
    next: *mut Block,
    /// The next batch, in the first block of one that lies in the pool.
    batch: *mut Block,
}

/// One size on one thread.
#[derive(Clone, Copy)]
struct Class {
    free: *mut Block,
    count: usize,
    /// Fresh memory: blocks are cut from `fresh` up to `end`.
    fresh: usize,
    end: usize,
}

struct Heap {
    classes: [Class; CLASSES],
    chunk: usize,
    chunk_end: usize,
}

thread_local! {
    static HEAP: UnsafeCell<Heap> = const {
        let empty = Class { free: null_mut(), count: 0, fresh: 0, end: 0 };
        UnsafeCell::new(Heap { classes: [empty; CLASSES], chunk: 0, chunk_end: 0 })
    };
}

/// Batches that threads had too much of, by class.
struct Pool([*mut Block; CLASSES]);
// SAFETY: blocks in the pool belong to nobody else; the lock hands them over.
unsafe impl Send for Pool {}
static POOL: Mutex<Pool> = Mutex::new(Pool([null_mut(); CLASSES]));

/// Blocks a batch: fewer of the larger sizes.
fn batch_blocks(class: usize) -> usize {
    (16 << 10) / ((class + 1) * STEP) + 16
}

fn is_small(size: usize, align: usize) -> bool {
    size <= SMALL_BYTES_MAX && align <= STEP
}

/// The class of a size from 1 to `SMALL_BYTES_MAX`.
fn class_of(size: usize) -> usize {
    (size - 1) / STEP
}

#[inline]
pub fn alloc(size: usize, align: usize) -> *mut u8 {
    if !is_small(size, align) {
        return large(size, align);
    }
    HEAP.with(|heap| {
        // SAFETY: this thread's own, and no other reference is alive: nothing below calls back.
        let heap = unsafe { &mut *heap.get() };
        let index = class_of(size);
        let class = &mut heap.classes[index];
        let block = class.free;
        if !block.is_null() {
            // SAFETY: blocks on the list are free memory of this class.
            class.free = unsafe { (*block).next };
            class.count -= 1;
            return block.cast();
        }
        refill(heap, index)
    })
}

#[inline]
pub fn free(at: *mut u8, size: usize, align: usize) {
    if !is_small(size, align) {
        // SAFETY: came from `large`.
        unsafe { system::free(at.cast()) };
        return;
    }
    HEAP.with(|heap| {
        // SAFETY: as in `alloc`.
        let heap = unsafe { &mut *heap.get() };
        let index = class_of(size);
        let class = &mut heap.classes[index];
        let block: *mut Block = at.cast();
        // SAFETY: the caller gives up a block of this class.
        unsafe { (*block).next = class.free };
        class.free = block;
        class.count += 1;
        // The pool pays only where another thread takes; until then lists may grow, and a program of one thread that
        // frees a big structure would walk it for nothing.
        if class.count >= 2 * batch_blocks(index) && threads::several() {
            give_batch(class, index);
        }
    });
}

/// Whether more than one thread runs Aurora code.
pub mod threads {
    use std::sync::atomic::{AtomicBool, Ordering};

    static SEVERAL: AtomicBool = AtomicBool::new(false);

    /// Said before the second thread starts.
    pub fn will_be_several() {
        // ORDER: Relaxed; as below.
        SEVERAL.store(true, Ordering::Relaxed);
    }

    pub fn several() -> bool {
        // ORDER: Relaxed; a thread that learns late only keeps its blocks a little longer.
        SEVERAL.load(Ordering::Relaxed)
    }
}

#[cold]
#[inline(never)]
fn refill(heap: &mut Heap, index: usize) -> *mut u8 {
    let size = (index + 1) * STEP;
    let class = &mut heap.classes[index];
    if class.fresh + size <= class.end {
        class.fresh += size;
        return (class.fresh - size) as *mut u8;
    }
    if threads::several() && take_batch(class, index) {
        let block = class.free;
        // SAFETY: the batch was not empty.
        class.free = unsafe { (*block).next };
        class.count -= 1;
        return block.cast();
    }
    if heap.chunk + SPAN_BYTES > heap.chunk_end {
        heap.chunk = chunk();
        heap.chunk_end = heap.chunk + CHUNK_BYTES;
    }
    let class = &mut heap.classes[index];
    class.fresh = heap.chunk + size;
    heap.chunk += SPAN_BYTES;
    class.end = heap.chunk;
    (class.fresh - size) as *mut u8
}

fn chunk() -> usize {
    use system::{MAP_ANONYMOUS, MAP_NORESERVE, MAP_PRIVATE, PROT_READ, PROT_WRITE, mmap};
    // SAFETY: a fresh private mapping.
    let at = unsafe {
        mmap(null_mut(), CHUNK_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0)
    };
    if at as isize == -1 {
        out_of_memory(CHUNK_BYTES);
    }
    at as usize
}

#[cold]
fn give_batch(class: &mut Class, index: usize) {
    let first = class.free;
    let mut last = first;
    let blocks = batch_blocks(index);
    // SAFETY: the list has at least twice as many blocks.
    unsafe {
        for _ in 1..blocks {
            last = (*last).next;
        }
        class.free = (*last).next;
        (*last).next = null_mut();
    }
    class.count -= blocks;
    let mut pool = POOL.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    // SAFETY: the batch is ours until it stands in the pool.
    unsafe { (*first).batch = pool.0[index] };
    pool.0[index] = first;
}

fn take_batch(class: &mut Class, index: usize) -> bool {
    let mut pool = POOL.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    let first = pool.0[index];
    if first.is_null() {
        return false;
    }
    // SAFETY: batches in the pool are whole.
    pool.0[index] = unsafe { (*first).batch };
    class.free = first;
    class.count = batch_blocks(index);
    true
}

fn large(size: usize, align: usize) -> *mut u8 {
    // SAFETY: the alignment is a power of two and the size a multiple of it where asked.
    let at = unsafe {
        if align <= STEP { system::malloc(size) } else { system::aligned_alloc(align, size.next_multiple_of(align)) }
    };
    if at.is_null() {
        out_of_memory(size);
    }
    at.cast()
}

pub fn alloc_zeroed(size: usize, align: usize) -> *mut u8 {
    if !is_small(size, align) && align <= STEP {
        // SAFETY: any size may be asked for.
        let at = unsafe { system::calloc(1, size) };
        if at.is_null() {
            out_of_memory(size);
        }
        return at.cast();
    }
    let at = alloc(size, align);
    // SAFETY: fresh memory of this size.
    unsafe { at.write_bytes(0, size) };
    at
}

pub fn realloc(at: *mut u8, old_size: usize, align: usize, new_size: usize) -> *mut u8 {
    let (was_small, is_small) = (is_small(old_size, align), is_small(new_size, align));
    if was_small && is_small && class_of(old_size) == class_of(new_size) {
        return at;
    }
    if !was_small && !is_small && align <= STEP {
        // SAFETY: came from `large`.
        let moved = unsafe { system::realloc(at.cast(), new_size) };
        if moved.is_null() {
            out_of_memory(new_size);
        }
        return moved.cast();
    }
    let moved = alloc(new_size, align);
    // SAFETY: two blocks of at least these sizes.
    unsafe { std::ptr::copy_nonoverlapping(at, moved, old_size.min(new_size)) };
    free(at, old_size, align);
    moved
}

#[cold]
fn out_of_memory(size: usize) -> ! {
    crate::fault::fatal(&format!("out of memory: {size} bytes were asked for"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_do_not_overlap_and_come_back() {
        let mut blocks: Vec<(*mut u8, usize)> = Vec::new();
        for round in 0..3000usize {
            let size = round * 7 % 1500 + 1;
            let at = alloc(size, 8);
            assert_eq!(at as usize % 8, 0);
            // SAFETY: just allocated.
            unsafe { at.write_bytes(round as u8, size) };
            blocks.push((at, size));
        }
        for (round, &(at, size)) in blocks.iter().enumerate() {
            // SAFETY: still allocated.
            let bytes = unsafe { std::slice::from_raw_parts(at, size) };
            assert!(bytes.iter().all(|&byte| byte == round as u8));
        }
        for &(at, size) in &blocks {
            free(at, size, 8);
        }
        let last = blocks.iter().rev().find(|(_, size)| *size <= 16).unwrap();
        assert_eq!(alloc(10, 8), last.0);
    }

    #[test]
    fn reallocation_keeps_the_bytes() {
        let mut at = alloc(3, 1);
        // SAFETY: three bytes.
        unsafe { at.copy_from(b"abc".as_ptr(), 3) };
        let mut size = 3;
        for next in [16, 17, 400, 1024, 1025, 100_000, 50, 3] {
            at = realloc(at, size, 1, next);
            size = next;
            // SAFETY: at least three bytes.
            assert_eq!(unsafe { std::slice::from_raw_parts(at, 3) }, b"abc");
        }
    }
}
