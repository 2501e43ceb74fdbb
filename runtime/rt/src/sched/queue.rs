//! What a worker has to do, where others can take it: fibers that may go on, tasks that were not begun. One lock.

use crate::fiber::Record;
use crate::policy;
use crate::prim::{AtomicBool, Ordering, spin, thread};
use abi::*;
use std::cell::UnsafeCell;
use std::ptr::null_mut;

/// A queue and its lock, which is held for moments: taking it is one exchange, leaving it a plain store. Every turn of every
/// worker goes through one, and two exchanges were a third of a task switch (bench switch).
pub struct Locked {
    held: AtomicBool,
    queue: UnsafeCell<Queue>,
}
// SAFETY: who looks at the queue holds the lock.
unsafe impl Sync for Locked {}

/// Rounds of waiting until the system may run the holder, which has lost its processor.
const SPINS: u32 = 64;

impl Locked {
    pub const fn new() -> Locked {
        Locked { held: AtomicBool::new(false), queue: UnsafeCell::new(Queue::new()) }
    }

    pub fn with<R>(&self, act: impl FnOnce(&mut Queue) -> R) -> R {
        self.lock();
        // SAFETY: the lock is held; nothing that is done in it comes back here.
        let result = act(unsafe { &mut *self.queue.get() });
        self.unlock();
        result
    }

    #[inline]
    fn lock(&self) {
        // ORDER: Acquire; partner of the release in `unlock`, and of the one in `switch_and_free`.
        if self.held.swap(true, Ordering::Acquire) {
            self.lock_slowly();
        }
    }

    #[cold]
    fn lock_slowly(&self) {
        let mut round = 0;
        loop {
            while self.held.load(Ordering::Relaxed) {
                round += 1;
                if round % SPINS == 0 { thread::yield_now() } else { spin() }
            }
            // ORDER: Acquire; as above.
            if !self.held.swap(true, Ordering::Acquire) {
                return;
            }
        }
    }

    fn unlock(&self) {
        // ORDER: Release; partner of the exchange in `lock`.
        self.held.store(false, Ordering::Release);
    }

    /// The next fiber, for which the one that runs here goes to the end. The lock stays held until that one has been left: see
    /// [`Locked::held`]. `None`: there is none, or a task has its turn, or somebody else is here; nothing happened.
    ///
    /// # Safety
    /// The fiber runs here, and stands nowhere else.
    #[inline]
    pub unsafe fn exchange(&self, record: *mut Record) -> Option<*mut Record> {
        // ORDER: Acquire; as in `lock`.
        if self.held.swap(true, Ordering::Acquire) {
            return None;
        }
        // SAFETY: the lock is held.
        let queue = unsafe { &mut *self.queue.get() };
        let first = queue.fibers.first;
        let is_tasks_turn = !queue.tasks.is_null() && policy::task_before_fiber(queue.turn.wrapping_add(1));
        if first.is_null() || is_tasks_turn {
            self.unlock();
            return None;
        }
        queue.turn = queue.turn.wrapping_add(1);
        // SAFETY: fibers in the queue are valid; the other is the caller's, and there is at least one before it.
        unsafe {
            (*record).next = null_mut();
            (*queue.fibers.last).next = record;
            queue.fibers.last = record;
            queue.fibers.first = (*first).next;
        }
        Some(first)
    }

    /// The byte that says whether it is held, for who stores 0 there (with release) when the fiber has been left.
    pub fn held(&self) -> *mut u8 {
        self.held.as_ptr().cast()
    }
}

pub struct Queue {
    fibers: List<Record>,
    tasks: *mut TaskHead,
    tasks_last: *mut TaskHead,
    pub len: usize,
    turn: u32,
}
// SAFETY: what stands in a queue belongs to it; the lock around it hands it over.
unsafe impl Send for Queue {}

struct List<T> {
    first: *mut T,
    last: *mut T,
}

/// Something to run.
#[derive(Clone, Copy, Debug)]
pub enum Work {
    Fiber(*mut Record),
    Task(*mut TaskHead),
}

impl Queue {
    pub const fn new() -> Queue {
        Queue {
            fibers: List { first: null_mut(), last: null_mut() },
            tasks: null_mut(),
            tasks_last: null_mut(),
            len: 0,
            turn: 0,
        }
    }

    /// # Safety
    /// The fiber may run and stands nowhere else.
    pub unsafe fn push_fiber(&mut self, record: *mut Record) {
        // SAFETY: the caller's promise.
        unsafe {
            (*record).next = null_mut();
            if self.fibers.last.is_null() { self.fibers.first = record } else { (*self.fibers.last).next = record }
        }
        self.fibers.last = record;
        self.len += 1;
    }

    /// # Safety
    /// The task is pending and its spawner gives it up.
    pub unsafe fn push_task(&mut self, head: *mut TaskHead, home: usize) {
        // SAFETY: the caller's promise.
        unsafe {
            (*head).flags = (*head).flags & 0xffff_ffff | (home as u64) << TASK_HOME_SHIFT;
            (*head).next = null_mut();
            (*head).previous = self.tasks_last;
            if self.tasks_last.is_null() { self.tasks = head } else { (*self.tasks_last).next = head }
            // ORDER: Release; who sees it queued also sees its home.
            (*head).state.fetch_add(TASK_QUEUED - TASK_PENDING, Ordering::Release);
        }
        self.tasks_last = head;
        self.len += 1;
    }

    /// Takes a queued task out, to be run by the caller.
    ///
    /// # Safety
    /// It stands in this queue.
    pub unsafe fn claim(&mut self, head: *mut TaskHead) {
        // SAFETY: the caller's promise; the list is whole.
        unsafe {
            let (previous, next) = ((*head).previous, (*head).next);
            if previous.is_null() { self.tasks = next } else { (*previous).next = next }
            if next.is_null() { self.tasks_last = previous } else { (*next).previous = previous }
            // ORDER: Relaxed; under the lock, and running is only waited for.
            (*head).state.fetch_add(TASK_RUNNING - TASK_QUEUED, Ordering::Relaxed);
        }
        self.len -= 1;
    }

    /// The work at this place: fibers before tasks, each in the order in which they came.
    pub fn pop_at(&mut self, mut at: usize) -> Option<Work> {
        let (mut before, mut record) = (null_mut::<Record>(), self.fibers.first);
        while !record.is_null() {
            // SAFETY: fibers in the queue are valid.
            let next = unsafe { (*record).next };
            if at == 0 {
                if before.is_null() {
                    self.fibers.first = next;
                } else {
                    // SAFETY: as above.
                    unsafe { (*before).next = next };
                }
                if next.is_null() {
                    self.fibers.last = before;
                }
                self.len -= 1;
                return Some(Work::Fiber(record));
            }
            at -= 1;
            (before, record) = (record, next);
        }
        let mut task = self.tasks;
        while !task.is_null() {
            if at == 0 {
                // SAFETY: it stands in this queue.
                unsafe { self.claim(task) };
                return Some(Work::Task(task));
            }
            at -= 1;
            // SAFETY: tasks in the queue are valid.
            task = unsafe { (*task).next };
        }
        None
    }

    pub fn pop(&mut self) -> Option<Work> {
        self.turn = self.turn.wrapping_add(1);
        let task = self.tasks;
        if !task.is_null() && (self.fibers.first.is_null() || policy::task_before_fiber(self.turn)) {
            // SAFETY: it stands in this queue.
            unsafe { self.claim(task) };
            return Some(Work::Task(task));
        }
        let record = self.fibers.first;
        if record.is_null() {
            return None;
        }
        // SAFETY: fibers in the queue are valid.
        self.fibers.first = unsafe { (*record).next };
        if self.fibers.first.is_null() {
            self.fibers.last = null_mut();
        }
        self.len -= 1;
        Some(Work::Fiber(record))
    }
}
