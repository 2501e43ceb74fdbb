//! What a worker has to do, where others can take it: fibers that may go on, tasks that were not begun. One lock.

use crate::fiber::Record;
use crate::policy;
use crate::prim::{AtomicBool, AtomicU64, Ordering, spin, thread};
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

    /// Nothing if somebody else is here: for who holds another queue.
    pub fn try_with<R>(&self, act: impl FnOnce(&mut Queue) -> R) -> Option<R> {
        // ORDER: Acquire; as in `lock`.
        if self.held.swap(true, Ordering::Acquire) {
            return None;
        }
        // SAFETY: as above.
        let result = act(unsafe { &mut *self.queue.get() });
        self.unlock();
        Some(result)
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
        let is_tasks_turn = queue.has_tasks() && policy::task_before_fiber(queue.turn.wrapping_add(1));
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
    /// In the order in which they were published.
    tasks: List<TaskHead>,
    /// What fibers that wait had still pending: those of the last one first, so that a tree of tasks is walked into its depth and
    /// few of them are under way at once.
    nested: List<TaskHead>,
    /// Fibers that have spawned much: they go on when that was begun.
    spawners: List<Record>,
    pub len: usize,
    turn: u32,
}
// SAFETY: what stands in a queue belongs to it; the lock around it hands it over.
unsafe impl Send for Queue {}

struct List<T> {
    first: *mut T,
    last: *mut T,
}

impl<T> List<T> {
    const fn new() -> List<T> {
        List { first: null_mut(), last: null_mut() }
    }
}

impl List<Record> {
    /// # Safety
    /// The fiber may run and stands nowhere else.
    unsafe fn push(&mut self, record: *mut Record) {
        // SAFETY: the caller's promise.
        unsafe {
            (*record).next = null_mut();
            if self.last.is_null() { self.first = record } else { (*self.last).next = record }
        }
        self.last = record;
    }

    fn pop(&mut self) -> Option<*mut Record> {
        let record = self.first;
        if record.is_null() {
            return None;
        }
        // SAFETY: fibers in a list are valid.
        self.first = unsafe { (*record).next };
        if self.first.is_null() {
            self.last = null_mut();
        }
        Some(record)
    }
}

/// Something to run.
#[derive(Clone, Copy, Debug)]
pub enum Work {
    Fiber(*mut Record),
    Task(*mut TaskHead),
}

impl Queue {
    pub const fn new() -> Queue {
        Queue { fibers: List::new(), tasks: List::new(), nested: List::new(), spawners: List::new(), len: 0, turn: 0 }
    }

    /// # Safety
    /// The fiber may run and stands nowhere else.
    pub unsafe fn push_fiber(&mut self, record: *mut Record) {
        // SAFETY: the caller's promise.
        unsafe { self.fibers.push(record) };
        self.len += 1;
    }

    /// The same for one that goes on when the tasks here were begun.
    ///
    /// # Safety
    /// As above.
    pub unsafe fn push_spawner(&mut self, record: *mut Record) {
        // SAFETY: the caller's promise.
        unsafe { self.spawners.push(record) };
        self.len += 1;
    }

    /// # Safety
    /// The task is pending and its spawner gives it up.
    pub unsafe fn push_task(&mut self, head: *mut TaskHead, home: usize) {
        // SAFETY: the caller's promise.
        unsafe {
            self.append(head);
            queued(head, home);
        }
    }

    /// # Safety
    /// The task stands nowhere.
    unsafe fn append(&mut self, head: *mut TaskHead) {
        let last = self.tasks.last;
        // SAFETY: the caller's promise.
        unsafe {
            (*head).next = null_mut();
            (*head).previous = last;
            if last.is_null() { self.tasks.first = head } else { (*last).next = head }
        }
        self.tasks.last = head;
        self.len += 1;
    }

    /// What a fiber had pending when it was left, oldest first.
    ///
    /// # Safety
    /// As above.
    pub unsafe fn push_nested(&mut self, heads: &[*mut TaskHead], home: usize) {
        for &head in heads.iter().rev() {
            let first = self.nested.first;
            // SAFETY: the caller's promise.
            unsafe {
                (*head).next = first;
                (*head).previous = null_mut();
                if first.is_null() { self.nested.last = head } else { (*first).previous = head }
                queued(head, home);
            }
            self.nested.first = head;
        }
        self.len += heads.len();
    }

    fn has_tasks(&self) -> bool {
        !self.tasks.first.is_null() || !self.nested.first.is_null()
    }

    /// Takes a queued task out, to be run by the caller.
    ///
    /// # Safety
    /// It stands in this queue.
    pub unsafe fn claim(&mut self, head: *mut TaskHead) {
        // SAFETY: the caller's promise.
        unsafe {
            self.unlink(head);
            advance(head, TASK_RUNNING - TASK_QUEUED);
        }
    }

    /// # Safety
    /// As above.
    unsafe fn unlink(&mut self, head: *mut TaskHead) {
        // SAFETY: the caller's promise; the lists are whole.
        unsafe {
            let (previous, next) = ((*head).previous, (*head).next);
            let list = if self.nested.first == head || self.nested.last == head { &mut self.nested } else { &mut self.tasks };
            if previous.is_null() { list.first = next } else { (*previous).next = next }
            if next.is_null() { list.last = previous } else { (*next).previous = previous }
        }
        self.len -= 1;
    }

    fn claimed(&mut self, head: *mut TaskHead) -> Option<Work> {
        if head.is_null() {
            return None;
        }
        // SAFETY: the caller took it from one of the lists here.
        unsafe { self.claim(head) };
        Some(Work::Task(head))
    }

    fn fiber(&mut self, from_spawners: bool) -> Option<Work> {
        let record = if from_spawners { self.spawners.pop() } else { self.fibers.pop() }?;
        self.len -= 1;
        Some(Work::Fiber(record))
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
        let mut task = self.tasks.first;
        while !task.is_null() {
            if at == 0 {
                return self.claimed(task);
            }
            at -= 1;
            // SAFETY: tasks in the queue are valid.
            task = unsafe { (*task).next };
        }
        // Nothing is pending in runs that choose: the other lists are empty.
        self.pop()
    }

    /// Takes tasks over from another queue, oldest first, at most so many. Both queues are locked: a task's home does not change
    /// under the eyes of who holds the lock of the one that it names.
    pub fn take_over(&mut self, from: &mut Queue, most: usize, home: usize) {
        for _ in 0..most {
            let head = if from.nested.last.is_null() { from.tasks.first } else { from.nested.last };
            if head.is_null() {
                return;
            }
            // SAFETY: it stands in that queue, and then in none.
            unsafe {
                from.unlink(head);
                self.append(head);
                set_home(head, home);
            }
        }
    }

    /// For the worker whose queue it is.
    pub fn pop(&mut self) -> Option<Work> {
        self.turn = self.turn.wrapping_add(1);
        if policy::is_spawners_turn(self.turn)
            && let Some(work) = self.fiber(true)
        {
            return Some(work);
        }
        self.claimed(self.due(self.turn)).or_else(|| self.fiber(false)).or_else(|| self.fiber(true))
    }

    /// The task that this turn is for; null if it is for a fiber.
    fn due(&self, turn: u32) -> *mut TaskHead {
        if !self.fibers.first.is_null() && !policy::task_before_fiber(turn) {
            return null_mut();
        }
        let by_age = if self.tasks.first.is_null() { self.nested.last } else { self.tasks.first };
        let by_place = if self.nested.first.is_null() { self.tasks.first } else { self.nested.first };
        if policy::oldest_task_first(turn) { by_age } else { by_place }
    }

    /// The same as [`Queue::pop`] if it is a task that comes next and that `fits`; else nothing has happened.
    pub fn pop_task(&mut self, fits: impl FnOnce(*mut TaskHead) -> bool) -> Option<*mut TaskHead> {
        let turn = self.turn.wrapping_add(1);
        if policy::is_spawners_turn(turn) && !self.spawners.first.is_null() {
            return None;
        }
        let head = self.due(turn);
        if head.is_null() || !fits(head) {
            return None;
        }
        self.turn = turn;
        // SAFETY: it stands in one of the lists here.
        unsafe { self.claim(head) };
        Some(head)
    }

    /// For another worker: what was published first, which is most.
    pub fn pop_for_others(&mut self) -> Option<Work> {
        self.turn = self.turn.wrapping_add(1);
        if self.has_tasks() && (self.fibers.first.is_null() || !policy::task_before_fiber(self.turn)) {
            let oldest = if self.nested.last.is_null() { self.tasks.first } else { self.nested.last };
            return self.claimed(oldest);
        }
        self.fiber(false).or_else(|| self.fiber(true))
    }
}

/// # Safety
/// The task is pending and stands in a list under the lock.
unsafe fn queued(head: *mut TaskHead, home: usize) {
    // SAFETY: the caller's promise.
    unsafe {
        set_home(head, home);
        advance(head, TASK_QUEUED - TASK_PENDING);
    }
}

/// Moves the state of a task on, by the one who may. The others who change it are those who have its handle: when that is gone, nobody.
///
/// # Safety
/// The task is alive, and its state changes under the caller's lock.
unsafe fn advance(head: *mut TaskHead, by: u64) {
    // SAFETY: the caller's promise.
    let state = unsafe { &(*head).state };
    // ORDER: Acquire; partner of the exchange with which the handle went.
    let seen = state.load(Ordering::Acquire);
    // ORDER: Release; who sees it queued also sees its home.
    if seen & TASK_GONE != 0 { state.store(seen + by, Ordering::Release) } else { _ = state.fetch_add(by, Ordering::Release) }
}

/// # Safety
/// The task's queue is locked, or only the caller knows it.
unsafe fn set_home(head: *mut TaskHead, home: usize) {
    // SAFETY: the caller's promise; a joiner may look meanwhile.
    unsafe {
        let flags = AtomicU64::from_ptr(&raw mut (*head).flags);
        // ORDER: Relaxed; who looks does so again under the lock.
        flags.store(flags.load(Ordering::Relaxed) & 0xffff_ffff | (home as u64) << TASK_HOME_SHIFT, Ordering::Relaxed);
    }
}

/// In which worker's queue a task stands, if in any. It may be moved until that one's lock is held.
///
/// # Safety
/// The task is alive.
pub unsafe fn home(head: *mut TaskHead) -> usize {
    // SAFETY: the caller's promise.
    // ORDER: Relaxed; see above.
    unsafe { (AtomicU64::from_ptr(&raw mut (*head).flags).load(Ordering::Relaxed) >> TASK_HOME_SHIFT) as usize }
}
