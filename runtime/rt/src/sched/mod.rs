//! The scheduler: workers, their queues, and the way from one fiber to the next.

mod deadlock;
mod idle;
mod monitor;
mod queue;
mod spare;
mod tree;
mod worker;

pub use queue::home;
pub use deadlock::{outside_begins, outside_ends, waits_for};
pub use tree::report as tree;
pub use worker::{After, Worker};

use crate::fiber::{self, Next, Record};
use crate::prim::{AtomicBool, Once, OnceLock, Ordering, thread};
use crate::{cancel, heap, observe, scope, signal, virt, watch};
use std::cell::Cell;

/// All workers that were ever needed; the first is the thread that runs the program, the last are spare ones.
pub fn all() -> &'static [Worker] {
    static WORKERS: OnceLock<Box<[Worker]>> = OnceLock::new();
    let workers = WORKERS.get_or_init(|| (0..count() + spare::SPARES_MAX).map(Worker::new).collect());
    &workers[..count() + spare::made()]
}

static COUNT: OnceLock<usize> = OnceLock::new();

/// Says how many there are, before anybody has asked.
pub fn set_count(count: usize) {
    // Who has asked before has been told.
    let _ = COUNT.set(count.clamp(1, 1024));
}

/// How many workers there are: as `AURORA_WORKERS` says, else as the machine (or its quota) has cores.
pub fn count() -> usize {
    if virt::is_on() || observe::is_on() {
        return 1;
    }
    *COUNT.get_or_init(|| {
        let wished = std::env::var("AURORA_WORKERS").ok().and_then(|text| text.trim().parse::<usize>().ok());
        let cores = || thread::available_parallelism().map_or(1, |count| count.get());
        wished.unwrap_or_else(cores).clamp(1, 1024)
    })
}

thread_local! {
    static THIS: Cell<*const Worker> = const { Cell::new(std::ptr::null()) };
}

fn set_this(worker: *const Worker) {
    THIS.set(worker);
}

/// The worker whose thread this is. Never inlined into what switches: see `fiber::current`.
#[inline(never)]
fn this() -> Option<&'static Worker> {
    // SAFETY: workers are never freed.
    unsafe { THIS.get().as_ref() }
}

/// Whether all workers have a thread, or are about to.
static STARTED: AtomicBool = AtomicBool::new(false);

/// Programs without tasks stay on their one thread.
fn start_threads() {
    if virt::is_on() {
        return;
    }
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        // First of all: threads that have not come yet do not sleep either, so that nobody takes those who do for all.
        STARTED.store(true, Ordering::SeqCst);
        if count() > 1 {
            heap::threads::will_be_several();
        }
        for worker in &all()[1..count()] {
            let built = thread::Builder::new().name(format!("aurora-{}", worker.index)).spawn(|| {
                signal::install();
                worker.run(|| false);
            });
            if let Err(error) = built {
                crate::fault::fatal(&format!("cannot start a thread: {error}"));
            }
        }
        monitor::start();
    });
}

/// How many threads take part.
fn active() -> usize {
    if STARTED.load(Ordering::SeqCst) { count() + spare::running() } else { 1 }
}

/// There is work in a queue: somebody should come.
pub fn notify() {
    start_threads();
    idle::notify(|worker| &all()[worker].bed);
}

/// Contexts may be cancelled while all workers are busy: somebody has to look at the clock.
pub fn watch_clock() {
    if !virt::is_on() {
        monitor::start();
    }
}

/// The earliest timer is earlier than those who sleep know.
pub fn earlier_timer() {
    idle::notify(|worker| &all()[worker].bed);
}

/// A fiber may go on: next on this worker, or anywhere if this thread is none.
pub fn ready(record: *mut Record) {
    if observe::is_on() {
        return;
    }
    // SAFETY: whoever ended the fiber's wait hands it over, once.
    unsafe {
        if cfg!(aurora_tsan) {
            // Compiled code has exchanged the word, which ThreadSanitizer has not seen.
            (*record).head.wait.load(Ordering::Acquire);
        }
        match this() {
            Some(worker) => {
                if worker.push_slot(record) {
                    notify();
                }
            }
            None => {
                all()[0].with_queue(|queue| queue.push_fiber(record));
                notify();
            }
        }
    }
}

/// Puts a task where any worker finds it.
///
/// # Safety
/// The record is the running fiber's; the task is pending and given up by its spawner.
pub unsafe fn push_task(record: *mut Record, head: *mut abi::TaskHead) {
    if observe::is_on() {
        // SAFETY: the caller's promise.
        return unsafe { observe::spawned(record, head) };
    }
    // SAFETY: the caller's promise.
    let worker = unsafe { &*(*record).worker };
    // SAFETY: as above.
    worker.with_queue(|queue| unsafe { queue.push_task(head, worker.index) });
    notify();
}

/// The same for several, in one go.
///
/// # Safety
/// As above.
pub unsafe fn push_tasks(record: *mut Record, heads: &[*mut abi::TaskHead]) {
    // SAFETY: the caller's promise.
    let worker = unsafe { &*(*record).worker };
    // SAFETY: as above.
    worker.with_queue(|queue| unsafe { queue.push_nested(heads, worker.index) });
    // One sleeper for each, as long as there are any.
    for _ in heads {
        notify();
        if !idle::any() {
            break;
        }
    }
}

/// The same without a fiber at hand.
///
/// # Safety
/// As above.
pub unsafe fn push_task_anywhere(head: *mut abi::TaskHead) {
    if observe::is_on() {
        // SAFETY: the caller's promise.
        return unsafe { observe::spawned(observe::running(), head) };
    }
    let worker = this().unwrap_or(&all()[0]);
    // SAFETY: the caller's promise.
    worker.with_queue(|queue| unsafe { queue.push_task(head, worker.index) });
    notify();
}

/// Leaves the fiber until its wait ends; returns at once if that has happened.
///
/// # Safety
/// The record is the running fiber's.
#[inline(never)]
pub unsafe fn park(record: *mut Record) {
    // SAFETY: the caller's promise.
    unsafe {
        scope::publish_forks(record);
        if !(*(*record).worker).hand_over(record) {
            leave(record, After::Park(record));
        }
    }
}

/// Lets others run.
///
/// # Safety
/// The record is the running fiber's.
#[inline(never)]
pub unsafe fn yield_now(record: *mut Record) {
    if observe::is_on() {
        return;
    }
    // SAFETY: the caller's promise.
    unsafe {
        if scope::has_forks(record) || !(*(*record).worker).pass_turn(record) {
            yield_to_loop(record);
        }
    }
}

/// # Safety
/// As above.
#[inline(never)]
unsafe fn yield_to_loop(record: *mut Record) {
    // SAFETY: the caller's promise.
    unsafe {
        scope::publish_forks(record);
        let worker = &*(*record).worker;
        // Nobody else wants the turn; now and then the loop looks at the clock and at other queues all the same.
        if worker.has_work() || worker.yields_in_vain() {
            leave(record, After::Yield(record));
        }
    }
}

/// The fiber has spawned much: it goes on when that was begun.
///
/// # Safety
/// The record is the running fiber's.
#[inline(never)]
pub unsafe fn spawned_much(record: *mut Record) {
    // SAFETY: the caller's promise.
    unsafe {
        scope::publish_forks(record);
        leave(record, After::Spawn(record));
    }
}

/// Lets others run, asked by somebody who does not know his fiber.
pub fn give_turn() {
    let record = this().map_or(std::ptr::null_mut(), |worker| worker.current.load(Ordering::Relaxed));
    if !record.is_null() {
        // SAFETY: the worker's own thread: what is current runs here, in this call.
        unsafe { yield_now(record) };
    }
}

/// # Safety
/// The record is the running fiber's, without pending forks.
unsafe fn leave(record: *mut Record, after: After) {
    // SAFETY: the caller's promise. Nothing of the worker is used behind the switch: the fiber may be on another one.
    unsafe {
        let worker = (*record).worker;
        (*worker).after.set(after);
        fiber::switch(&raw mut (*record).stack_pointer, *(*worker).home.get());
    }
}

/// The end of a fiber, or of its task: then it goes on with the next one where that is what its worker would do.
///
/// Tasks of one scope that it runs in a row leave the scope's count together, behind the last of them. The scope waits no longer for
/// that: the one that runs is counted, too.
pub fn finish(record: *mut Record) -> Next {
    if observe::is_on() {
        // SAFETY: the running fiber's record.
        unsafe { observe::finish(record) };
    }
    // SAFETY: the running fiber's record.
    unsafe {
        cancel::forget(record);
        scope::publish_forks(record);
        let worker = &*(*record).worker;
        let left = worker.left.replace(std::ptr::null_mut());
        if !left.is_null() {
            let owed = (*record).owed + 1;
            if scope::may_owe(left)
                && let Some(head) = worker.next_task(|head| (*head).scope == left)
            {
                (*record).owed = owed;
                worker.begins_again(record);
                return scope::go_on_with(record, head);
            }
            (*record).owed = 0;
            scope::take_off(left, u64::from(owed));
            if let Some(head) = worker.next_task(|_| true) {
                worker.begins_again(record);
                return scope::go_on_with(record, head);
            }
            worker.give_way(record);
        }
        leave(record, After::End(record));
    }
    unreachable!("a fiber that ended went on")
}

static MAIN_ENDED: AtomicBool = AtomicBool::new(false);

fn main_ended() {
    MAIN_ENDED.store(true, Ordering::SeqCst);
    idle::rouse(0, &all()[0].bed);
}

/// Wakes the program's own thread to look at what it waits for.
pub fn rouse_main() {
    idle::rouse(0, &all()[0].bed);
}

/// Runs `main`'s fiber to its end, and then others until `over`. The calling thread is the first worker meanwhile.
///
/// # Safety
/// The record was started and stands nowhere.
pub unsafe fn run_main(record: *mut Record, ended: impl FnOnce(), over: impl Fn() -> bool) {
    MAIN_ENDED.store(false, Ordering::SeqCst);
    let worker = &all()[0];
    // SAFETY: the caller's promise.
    unsafe {
        (*record).is_main = true;
        worker.push_slot(record);
    }
    worker.run(|| MAIN_ENDED.load(Ordering::SeqCst));
    ended();
    worker.run(over);
}

/// Whether a spawner may keep its forks to itself: nobody sleeps who could run them.
pub fn forks_allowed() -> bool {
    !virt::is_on() && !watch::is_on() && !idle::any() && scope::is_main_known()
}

/// Somebody has no work: raises the limit of all that run something, see `scope::share`.
pub fn ask_for_forks() {
    all().iter().for_each(Worker::interrupt);
}

/// The running fiber found its limit raised, or its stack at its end.
///
/// # Safety
/// The record is the running fiber's.
pub unsafe fn poll(record: *mut Record) {
    // SAFETY: the caller's promise.
    unsafe {
        let fiber = &raw mut (*record).head;
        // ORDER: Relaxed; a request that comes between is answered by this answer.
        (*fiber).stack_limit.store((*fiber).limit, Ordering::Relaxed);
        if observe::is_on() {
            return;
        }
        scope::share(record);
        if virt::is_on() {
            if virt::gives_turn() {
                yield_now(record);
            }
            // ORDER: Relaxed; the same thread. The next prologue asks again.
            (*fiber).stack_limit.store(usize::MAX, Ordering::Relaxed);
            return;
        }
        let worker = (*record).worker;
        if (*worker).should_yield() {
            yield_now(record);
        }
    }
}

/// What runs on this thread is about to make a call that may hold it for long: what waits here is opened to others. The
/// monitor sends a spare worker if nobody else has time.
pub fn blocking_begins() {
    if observe::is_on() {
        return;
    }
    let Some(worker) = this() else { return };
    let record = worker.current.load(Ordering::Relaxed);
    if record.is_null() {
        return;
    }
    // SAFETY: the worker's own thread: what is current runs here, in this call.
    unsafe { scope::publish_forks(record) };
    worker.blocked.store(true, Ordering::Relaxed);
    if worker.open_slot() || worker.has_queued() {
        notify();
    }
}

/// A call that may hold the thread for long.
pub fn blocking<R>(call: impl FnOnce() -> R) -> R {
    blocking_begins();
    let result = call();
    blocking_ends();
    result
}

/// The call has come back, on the same thread.
pub fn blocking_ends() {
    let Some(worker) = this() else { return };
    // SAFETY: a record of the table, or null.
    let still = unsafe { worker.current.load(Ordering::Relaxed).as_ref() }.is_some_and(|record| record.blocking != 0);
    worker.blocked.store(still, Ordering::Relaxed);
}
