//! A worker: a thread with a loop on its own stack that switches to fibers, one after the other.

use super::idle::Bed;
use super::queue::{Locked, Queue, Work};
use super::{deadlock, idle};
use crate::fiber::{self, Record};
use crate::prim::{AtomicBool, AtomicPtr, AtomicUsize, Ordering, spin};
use crate::{clock, policy, virt, watch};
use abi::*;
use std::cell::{Cell, UnsafeCell};
use std::ptr::null_mut;
use std::time::Duration;

/// Room for pending forks of the fiber that runs, to begin with.
const FORKS_FIRST: usize = 1024;
/// More become tasks in the queue at once.
const FORKS_MAX: usize = 1 << 22;
/// More fibers that ended go where all workers find them.
const POOL_MAX: usize = 64;

pub struct Worker {
    pub index: usize,
    /// Its loop's stack pointer while a fiber runs.
    pub home: UnsafeCell<usize>,
    /// What the fiber that was left asks for; set by it, answered by the loop.
    pub after: Cell<After>,
    /// Made when its thread begins. One place stands before the first, null, and one behind the last.
    forks: Cell<*mut *mut TaskHead>,
    forks_len: Cell<usize>,
    /// Fibers that ended here and will be the next to begin: their stacks are warm.
    pool: Cell<*mut Record>,
    pool_len: Cell<usize>,
    slot_runs: Cell<u32>,
    turns: Cell<u64>,
    /// The next turn in which the clock or others' queues are looked at.
    due: Cell<u64>,
    /// Where its thread notes which fiber runs.
    noted: Cell<*const Cell<*mut Fiber>>,
    /// Others' queues are to be looked at first, once.
    look_around: Cell<bool>,
    /// The scope whose task has just ended here and is still counted there; null but for that moment.
    pub left: Cell<*mut Scope>,

    /// The fiber that was woken last by what runs here: it goes next.
    slot: AtomicPtr<Record>,
    queue: Locked,
    /// Entries of the queue, for those who only want to know whether to look.
    len: AtomicUsize,
    pub current: AtomicPtr<Record>,
    /// How many fibers it has run: the monitor sees by it who runs one for long.
    pub runs: AtomicUsize,
    /// The fiber that runs has had its time.
    preempt: AtomicBool,
    /// What runs here is in a call that may hold the thread.
    pub blocked: AtomicBool,
    pub bed: Bed,
}
// SAFETY: the cells belong to the worker's own thread; everything else is made for several.
unsafe impl Sync for Worker {}
// SAFETY: made on one thread before the others start.
unsafe impl Send for Worker {}

#[derive(Clone, Copy)]
pub enum After {
    Nothing,
    /// The fiber waits, unless it has been woken meanwhile.
    Park(*mut Record),
    /// To the end of the queue.
    Yield(*mut Record),
    /// Behind the tasks in the queue.
    Spawn(*mut Record),
    End(*mut Record),
}

impl Worker {
    pub fn new(index: usize) -> Worker {
        Worker {
            index,
            home: UnsafeCell::new(0),
            after: Cell::new(After::Nothing),
            forks: Cell::new(null_mut()),
            forks_len: Cell::new(0),
            pool: Cell::new(null_mut()),
            pool_len: Cell::new(0),
            slot_runs: Cell::new(0),
            turns: Cell::new(0),
            due: Cell::new(0),
            noted: Cell::new(std::ptr::null()),
            look_around: Cell::new(false),
            left: Cell::new(null_mut()),
            slot: AtomicPtr::new(null_mut()),
            queue: Locked::new(),
            len: AtomicUsize::new(0),
            current: AtomicPtr::new(null_mut()),
            runs: AtomicUsize::new(0),
            preempt: AtomicBool::new(false),
            blocked: AtomicBool::new(false),
            bed: Bed::new(),
        }
    }

    /// Does something with the queue.
    pub fn with_queue<R>(&self, act: impl FnOnce(&mut Queue) -> R) -> R {
        self.queue.with(|queue| self.counted(queue, act))
    }

    fn counted<R>(&self, queue: &mut Queue, act: impl FnOnce(&mut Queue) -> R) -> R {
        let result = act(queue);
        // ORDER: Relaxed; under the lock. Who looks without it looks again before sleeping, behind a fence.
        self.len.store(queue.len, Ordering::Relaxed);
        result
    }

    pub fn has_work(&self) -> bool {
        // ORDER: Relaxed; see above.
        self.has_queued() || !self.slot.load(Ordering::Relaxed).is_null()
    }

    /// How much stands in the queue.
    pub fn queued(&self) -> usize {
        // ORDER: Relaxed; see above.
        self.len.load(Ordering::Relaxed)
    }

    /// Work that others may take.
    pub fn has_queued(&self) -> bool {
        // ORDER: Relaxed; see above.
        self.len.load(Ordering::Relaxed) != 0
    }

    /// Gives the fiber in the slot to everybody: what runs here takes long. Whether there was one.
    pub fn open_slot(&self) -> bool {
        let Some(Work::Fiber(record)) = self.take_slot() else { return false };
        // SAFETY: it was in the slot and nowhere else.
        self.with_queue(|queue| unsafe { queue.push_fiber(record) });
        true
    }

    /// The fiber runs next on this worker; who had that place goes to the queue. Whether somebody else has work now.
    ///
    /// # Safety
    /// The fiber may run and stands nowhere else.
    pub unsafe fn push_slot(&self, record: *mut Record) -> bool {
        // Only this thread puts fibers there, others at most take them: none is none.
        if self.slot.load(Ordering::Relaxed).is_null() {
            // ORDER: Release; what the waker did goes with the fiber to whoever takes it.
            self.slot.store(record, Ordering::Release);
            return false;
        }
        // AcqRel: as above, and what went with the other one.
        let before = self.slot.swap(record, Ordering::AcqRel);
        if before.is_null() {
            return false;
        }
        // SAFETY: it was in the slot and nowhere else.
        self.with_queue(|queue| unsafe { queue.push_fiber(before) });
        true
    }

    /// Has the fiber that runs here look at what is asked of it, at its next prologue.
    pub fn interrupt(&self) {
        let record = self.current.load(Ordering::Relaxed);
        if !record.is_null() {
            // SAFETY: records are never unmapped; one that has gone on finds nothing asked of it.
            // ORDER: Relaxed; a hint that is repeated as long as somebody has no work.
            unsafe { (*record).head.stack_limit.store(usize::MAX, Ordering::Relaxed) };
        }
    }

    /// The fiber that runs here gives its turn back at its next prologue.
    pub fn preempt(&self) {
        // ORDER: Relaxed; a hint.
        self.preempt.store(true, Ordering::Relaxed);
        self.interrupt();
    }

    /// Asked by the fiber that runs here. Work of a worker that is held by something endless counts, too, and goes first then.
    pub fn should_yield(&self) -> bool {
        // ORDER: Relaxed; as above.
        if !self.preempt.load(Ordering::Relaxed) {
            return false;
        }
        self.preempt.store(false, Ordering::Relaxed);
        let elsewhere = super::all().iter().any(|other| other.index != self.index && other.has_queued());
        self.look_around.set(elsewhere);
        elsewhere || self.has_work()
    }

    /// Whether it is time to take the turn from a fiber though nobody waits for it.
    pub fn yields_in_vain(&self) -> bool {
        let turns = self.turns.get().wrapping_add(1);
        // The loop counts this turn itself, and looks at the clock in it.
        let due = turns.is_multiple_of(policy::TURNS_PER_CLOCK);
        if !due {
            self.turns.set(turns);
        }
        due
    }

    fn set_forks(&self, len: usize) {
        let forks: &'static mut [*mut TaskHead] = Box::leak(vec![null_mut(); len + 2].into_boxed_slice());
        self.forks.set(forks.as_mut_ptr());
        self.forks_len.set(len);
    }

    /// Makes the array twice as long, with the pending forks from `base` on in it; false if it is as long as it may be.
    ///
    /// # Safety
    /// Called on the worker's own thread, with `pending` forks from `base` on.
    pub unsafe fn grow_forks(&self, base: *mut *mut TaskHead, pending: usize) -> bool {
        let (old, len) = (self.forks.get(), self.forks_len.get());
        if len >= FORKS_MAX {
            return false;
        }
        self.set_forks(2 * len);
        // SAFETY: the caller's promise; the old array came from a box of this length.
        unsafe {
            self.forks_start().copy_from_nonoverlapping(base, pending);
            drop(Box::from_raw(std::ptr::slice_from_raw_parts_mut(old, len + 2)));
        }
        true
    }

    /// Behind the highest place on the array of pending forks.
    pub fn forks_end(&self) -> *mut *mut TaskHead {
        self.forks_start().wrapping_add(self.forks_len.get())
    }

    /// The lowest place on the array of pending forks.
    pub fn forks_start(&self) -> *mut *mut TaskHead {
        self.forks.get().wrapping_add(1)
    }

    fn take_slot(&self) -> Option<Work> {
        // ORDER: Relaxed; a fiber put in by another thread comes with the swap.
        if self.slot.load(Ordering::Relaxed).is_null() {
            return None;
        }
        let record = self.slot.swap(null_mut(), Ordering::AcqRel);
        (!record.is_null()).then_some(Work::Fiber(record))
    }

    fn take_queued(&self) -> Option<Work> {
        if self.has_queued() { self.with_queue(Queue::pop) } else { None }
    }

    /// One thing for another worker, or more where there is much, which that one then has in its own queue.
    fn give_away(&self, to: &Worker) -> Option<Work> {
        let much = self.queued() / 2;
        if much >= policy::STEALS_FROM {
            let most = much.min(policy::STEALS_MAX);
            to.with_queue(|own| self.queue.try_with(|queue| self.counted(queue, |queue| own.take_over(queue, most, to.index))));
            if let Some(work) = to.take_queued() {
                // More came along: others may want some of it, too.
                super::notify();
                return Some(work);
            }
        }
        if self.has_queued() { self.with_queue(Queue::pop_for_others) } else { None }
    }

    /// Whoever the seed says, of those that may run.
    fn next_by_seed(&self) -> Option<Work> {
        self.open_slot();
        clock::turn();
        self.open_slot();
        self.with_queue(|queue| queue.pop_at(virt::choose(queue.len.min(virt::CHOICES_MAX))))
    }

    fn next(&self) -> Option<Work> {
        if virt::is_on() {
            return self.next_by_seed();
        }
        let turns = self.turns.get().wrapping_add(1);
        self.turns.set(turns);
        if turns >= self.due.get() {
            if turns.is_multiple_of(policy::TURNS_PER_CLOCK) {
                clock::turn();
            }
            if turns.is_multiple_of(policy::TURNS_PER_LOOK_AROUND) {
                self.look_around.set(true);
            }
            let next = |every: u64| turns - turns % every + every;
            self.due.set(next(policy::TURNS_PER_CLOCK).min(next(policy::TURNS_PER_LOOK_AROUND)));
        }
        let runs = self.slot_runs.get();
        if policy::look_first(runs) == policy::First::Slot
            && let Some(work) = self.take_slot()
        {
            self.slot_runs.set(runs + 1);
            return Some(work);
        }
        self.slot_runs.set(0);
        self.take_queued().or_else(|| self.take_slot())
    }

    /// Looks everywhere.
    fn find(&self) -> Option<Work> {
        if self.look_around.take()
            && let Some(work) = self.steal()
        {
            return Some(work);
        }
        if let Some(work) = self.next() {
            return Some(work);
        }
        if clock::turn()
            && let Some(work) = self.next()
        {
            return Some(work);
        }
        self.steal()
    }

    fn steal(&self) -> Option<Work> {
        let workers = super::all();
        let first = policy::first_victim(workers.len(), clock::random());
        (0..workers.len())
            .map(|step| &workers[(first + step) % workers.len()])
            .find_map(|victim| {
                let work = if victim.index == self.index { None } else { victim.give_away(self) };
                if work.is_some() && watch::is_on() {
                    watch::stolen(self.index, victim.index);
                }
                work
            })
    }

    /// Runs fibers until `over`.
    pub fn run(&self, over: impl Fn() -> bool) {
        super::set_this(self);
        self.noted.set(fiber::current_place());
        if self.forks.get().is_null() {
            self.set_forks(FORKS_FIRST);
        }
        while !over() {
            match self.find() {
                Some(work) => self.run_work(work),
                None if self.linger(&over) => {}
                None => self.rest(&over),
            }
        }
        super::set_this(std::ptr::null());
        self.open_slot();
    }

    /// Looks around for a moment, as long as others run something that may give work: sleeping and being woken takes longer. Whether
    /// there is anything now.
    fn linger(&self, over: &impl Fn() -> bool) -> bool {
        if virt::is_on() {
            return false;
        }
        let workers = super::all();
        let runs = |worker: &Worker| worker.index != self.index && !worker.current.load(Ordering::Relaxed).is_null();
        for look in 0..policy::LOOKS_BEFORE_SLEEP {
            if look % policy::LOOKS_PER_REQUEST == 0 {
                if !workers.iter().any(runs) {
                    return false;
                }
                super::ask_for_forks();
            }
            (0..policy::SPINS_PER_LOOK).for_each(|_| spin());
            if self.has_work() || workers.iter().any(Worker::has_queued) || over() {
                return true;
            }
        }
        false
    }

    fn rest(&self, over: &impl Fn() -> bool) {
        idle::announce(self.index);
        super::ask_for_forks();
        let anything = self.has_work() || super::all().iter().any(Worker::has_queued);
        let time = clock::next();
        if virt::is_on()
            && let Some(time) = time
        {
            virt::advance(time);
            idle::stay(self.index, &self.bed);
            return;
        }
        if anything || time == Some(0) || over() {
            idle::stay(self.index, &self.bed);
            return;
        }
        if time.is_none() && deadlock::is_certain() {
            deadlock::report();
        }
        idle::sleep(self.index, &self.bed, time.map(|time| Duration::from_nanos(time as u64)));
        super::monitor::rouse();
    }

    fn run_work(&self, work: Work) {
        let mut next = Some(match work {
            Work::Fiber(record) => record,
            // SAFETY: the task was claimed by taking it out of the queue.
            Work::Task(head) => unsafe { self.begin(head) },
        });
        while let Some(record) = next {
            // SAFETY: the record came out of a queue: it may run and stands nowhere else.
            next = unsafe { self.run_fiber(record) };
        }
    }

    /// A fiber for a task that was claimed from a queue.
    ///
    /// # Safety
    /// The task is the caller's to run.
    unsafe fn begin(&self, head: *mut TaskHead) -> *mut Record {
        let known = self.pool.get();
        let record = if known.is_null() {
            fiber::take()
        } else {
            // SAFETY: records in the pool are valid and this worker's.
            self.pool.set(unsafe { (*known).next });
            self.pool_len.set(self.pool_len.get() - 1);
            known
        };
        // SAFETY: the caller's promise; the record is nobody else's.
        unsafe { crate::scope::start_task(record, head) };
        record
    }

    /// # Safety
    /// The fiber has ended and nobody is on its stack.
    unsafe fn end(&self, record: *mut Record) {
        // SAFETY: the caller's promise.
        unsafe {
            fiber::retire(record);
            if self.pool_len.get() == POOL_MAX {
                return fiber::give(record);
            }
            (*record).next = self.pool.get();
        }
        self.pool.set(record);
        self.pool_len.set(self.pool_len.get() + 1);
    }

    /// Whether the coming turn is like most, and a fiber may pass it on by itself instead of asking the loop.
    #[inline]
    fn is_plain_turn(&self) -> bool {
        let is_plain = self.turns.get() + 1 < self.due.get() && !self.look_around.get();
        // ThreadSanitizer does not see what the switch itself does.
        is_plain && !virt::is_on() && !watch::is_on() && !cfg!(aurora_tsan)
    }

    /// The fiber that runs gives its turn to the next in the queue, without going through the loop: until it has come back.
    /// False: that is for the loop to do.
    ///
    /// # Safety
    /// The record is the running fiber's, without pending forks. Nothing of the worker is used behind this.
    #[inline]
    pub unsafe fn pass_turn(&self, record: *mut Record) -> bool {
        if !self.has_queued() || !self.slot.load(Ordering::Relaxed).is_null() || !self.is_plain_turn() {
            return false;
        }
        // SAFETY: the caller's promise. Nobody takes the fiber out before the lock is freed, which is when it has been left.
        unsafe {
            let Some(next) = self.queue.exchange(record) else { return false };
            self.turns.set(self.turns.get() + 1);
            self.slot_runs.set(0);
            self.enter(next, true);
            fiber::switch_and_free(&raw mut (*record).stack_pointer, (*next).stack_pointer, self.queue.held());
        }
        true
    }

    /// The next task here, for a fiber that has ended its own and may run another one, if that is what comes next and `fits`.
    pub fn next_task(&self, fits: impl FnOnce(*mut TaskHead) -> bool) -> Option<*mut TaskHead> {
        if !self.has_queued() || !self.slot.load(Ordering::Relaxed).is_null() || !self.is_plain_turn() {
            return None;
        }
        self.with_queue(|queue| queue.pop_task(fits))
    }

    /// What there is to note when the fiber that runs here has got another task.
    ///
    /// # Safety
    /// The record is the running fiber's, without pending forks.
    pub unsafe fn begins_again(&self, record: *mut Record) {
        self.turns.set(self.turns.get() + 1);
        self.slot_runs.set(0);
        // SAFETY: the caller's promise.
        unsafe { self.enter(record, true) };
    }

    /// The fiber that runs waits, and the one that was woken last goes on, or a task begins, without going through the loop: until the
    /// wait has ended. False: that is for the loop to do.
    ///
    /// # Safety
    /// As above, and the fiber is armed, or has been.
    #[inline]
    pub unsafe fn hand_over(&self, record: *mut Record) -> bool {
        let runs = self.slot_runs.get();
        if policy::look_first(runs) == policy::First::Queue || !self.is_plain_turn() {
            return false;
        }
        // SAFETY: the caller's promise.
        let wait = unsafe { &(*record).head.wait };
        // ORDER: Acquire; if it has been woken, it goes on.
        let armed = wait.load(Ordering::Acquire);
        if armed & WAIT_STATE != WAIT_ARMED {
            return true;
        }
        let (next, runs) = if let Some(Work::Fiber(next)) = self.take_slot() {
            (next, runs + 1)
        } else if let Some(head) = self.next_task(|_| true) {
            // SAFETY: the task was claimed by taking it out of the queue.
            (unsafe { self.begin(head) }, 0)
        } else {
            return false;
        };
        self.turns.set(self.turns.get() + 1);
        self.slot_runs.set(runs);
        // SAFETY: the caller's promise; what was in the slot, or is fresh, may run and stands nowhere else.
        unsafe {
            self.enter(next, true);
            let parked = armed & !WAIT_STATE | WAIT_PARKED;
            fiber::switch_and_park(&raw mut (*record).stack_pointer, (*next).stack_pointer, wait, armed, parked);
        }
        true
    }

    /// The fiber that runs has ended, and the one that was woken last goes on, without going through the loop. Comes back only where that
    /// is for the loop to do.
    ///
    /// # Safety
    /// The record is the running fiber's, which nobody else knows any more.
    pub unsafe fn give_way(&self, record: *mut Record) {
        let runs = self.slot_runs.get();
        // A fiber that this worker keeps for itself may be kept before it has been left: nobody else takes it.
        if policy::look_first(runs) == policy::First::Queue || !self.is_plain_turn() || self.pool_len.get() == POOL_MAX {
            return;
        }
        let Some(Work::Fiber(next)) = self.take_slot() else { return };
        self.turns.set(self.turns.get() + 1);
        self.slot_runs.set(runs + 1);
        // SAFETY: the caller's promise; what was in the slot may run and stands nowhere else.
        unsafe {
            self.end(record);
            self.enter(next, true);
            fiber::switch(&raw mut (*record).stack_pointer, (*next).stack_pointer);
        }
    }

    /// What there is to note when a fiber goes on here. It may keep its forks to itself as long as nobody sleeps, if at all.
    ///
    /// # Safety
    /// The fiber may run and stands nowhere else; the calling thread is the worker's.
    #[inline]
    unsafe fn enter(&self, record: *mut Record, may_keep_forks: bool) {
        // SAFETY: the caller's promise; the cells are this thread's.
        unsafe {
            let fiber = &raw mut (*record).head;
            (*record).worker = self;
            let base = self.forks_start();
            (*fiber).forks_base = base;
            (*fiber).forks_top = base;
            (*fiber).forks_end = if may_keep_forks && !idle::any() { self.forks_end() } else { base };
            // ORDER: Relaxed; only asked for hints.
            self.runs.store(self.runs.load(Ordering::Relaxed).wrapping_add(1), Ordering::Relaxed);
            self.preempt.store(false, Ordering::Relaxed);
            self.blocked.store((*record).blocking != 0, Ordering::Relaxed);
            self.current.store(record, Ordering::Relaxed);
            (*self.noted.get()).set(fiber);
        }
    }

    /// Switches to a fiber until one leaves; who runs next, if that is known: a fiber that need not wait after all.
    ///
    /// # Safety
    /// The fiber may run and stands nowhere else.
    unsafe fn run_fiber(&self, record: *mut Record) -> Option<*mut Record> {
        // SAFETY: the caller's promise; the cells are this thread's.
        unsafe {
            self.enter(record, super::forks_allowed());
            if virt::is_on() {
                // ORDER: Relaxed; the same thread.
                (*record).head.stack_limit.store(usize::MAX, Ordering::Relaxed);
            }
            if watch::is_on() {
                watch::runs(self.index, record);
            }
            fiber::switch(self.home.get(), (*record).stack_pointer);
            if watch::is_on() {
                watch::left(self.index);
            }
            fiber::set_current(null_mut());
            self.current.store(null_mut(), Ordering::Relaxed);
            self.blocked.store(false, Ordering::Relaxed);
            match self.after.replace(After::Nothing) {
                After::Nothing => None,
                After::Park(record) => {
                    let wait = &(*record).head.wait;
                    // ORDER: Relaxed; the exchange decides.
                    let seen = wait.load(Ordering::Relaxed);
                    let parked = seen & !WAIT_STATE | WAIT_PARKED;
                    // AcqRel: releases the fiber's stack to who wakes it.
                    if seen & WAIT_STATE == WAIT_ARMED
                        && wait.compare_exchange(seen, parked, Ordering::AcqRel, Ordering::Acquire).is_ok()
                    {
                        return None;
                    }
                    Some(record)
                }
                After::Yield(record) => {
                    self.with_queue(|queue| queue.push_fiber(record));
                    None
                }
                After::Spawn(record) => {
                    self.with_queue(|queue| queue.push_spawner(record));
                    None
                }
                After::End(record) => {
                    if (*record).is_main {
                        super::main_ended();
                    } else {
                        self.end(record);
                    }
                    None
                }
            }
        }
    }
}
