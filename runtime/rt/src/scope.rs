//! Tasks and scopes, behind the fast paths of `std/task`: publishing, claiming, ending, waiting, failures.
//!
//! A task is its spawner's alone while it is pending. Published, it stands in the queue of one worker (`home`), and its
//! state changes under that queue's lock until somebody claims it, which also takes it out: no pointer to a frame stays
//! behind. A running task ends by one exchange of its state, which says whether a fiber waits or the handle is gone, and
//! then, as the last thing anybody does with it, leaves its scope's count.

use crate::fault::{self, Panic};
use crate::fiber::{self, Next, Record, Start};
use crate::prim::{AtomicPtr, AtomicU64, AtomicUsize, Mutex, Ordering, lock};
use crate::{cancel, observe, policy, sched, wait, watch};
use abi::*;
use std::ptr::null_mut;

/// The Aurora function `fn(*mut TaskHead)` that runs a claimed task, and the image it is in.
static TASK_MAIN: AtomicUsize = AtomicUsize::new(0);
static IMAGE: AtomicPtr<Image> = AtomicPtr::new(null_mut());

/// The scope of the whole program: `main` runs in its `body`, detached tasks in its `tasks`.
pub static ROOT: Root = Root(Scope {
    body: Node { parent: null_mut(), state: AtomicU64::new(0), links: AtomicPtr::new(null_mut()) },
    tasks: Node { parent: null_mut(), state: AtomicU64::new(0), links: AtomicPtr::new(null_mut()) },
    word: AtomicU64::new(SCOPE_OWN),
    fiber: AtomicPtr::new(null_mut()),
    epoch: AtomicU64::new(0),
    failures: AtomicPtr::new(null_mut()),
    options: 0,
});
pub struct Root(Scope);
// SAFETY: its fields are atomics or never change, but for the parent, which is set before anything runs.
unsafe impl Sync for Root {}

pub fn root() -> *mut Scope {
    (&raw const ROOT.0).cast_mut()
}

/// Everything as before any program ran.
pub fn begin(image: *const Image) -> *mut Node {
    // ORDER: Relaxed; nothing runs yet.
    IMAGE.store(image.cast_mut(), Ordering::Relaxed);
    TASK_MAIN.store(0, Ordering::Relaxed);
    ROOT.0.body.state.store(0, Ordering::Relaxed);
    ROOT.0.tasks.state.store(0, Ordering::Relaxed);
    (&raw const ROOT.0.body).cast_mut()
}

/// Until the first task was handed to the runtime it does not know how to run one.
pub fn is_main_known() -> bool {
    // ORDER: Relaxed; it is written before any task is published.
    TASK_MAIN.load(Ordering::Relaxed) != 0
}

/// The context of detached tasks, which is below that of `main`.
pub fn detached() -> *mut Node {
    (&raw const ROOT.0.tasks).cast_mut()
}

pub fn any_detached() -> bool {
    ROOT.0.word.load(Ordering::SeqCst) >= SCOPE_TASK
}

/// Hands a task over to whoever has time.
///
/// # Safety
/// The record is the running fiber's; the task is pending, given up by its spawner, its scope open.
pub unsafe fn publish(record: *mut Record, head: *mut TaskHead, main: usize) {
    // SAFETY: the caller's promise.
    unsafe {
        // ORDER: Relaxed; the queue's lock hands it on.
        TASK_MAIN.store(main, Ordering::Relaxed);
        // ORDER: Relaxed; the count only falls by tasks that were counted before.
        (*(*head).scope).word.fetch_add(SCOPE_TASK, Ordering::Relaxed);
        if watch::is_on() {
            watch::spawned(record, head);
        }
        sched::push_task(record, head);
    }
}

/// What a pending task has of its fiber becomes its own: its context, and the task-locals that are bound there.
///
/// # Safety
/// The record is the running fiber's, the task is pending on its array.
unsafe fn take_along(record: *mut Record, head: *mut TaskHead) {
    // SAFETY: the caller's promise. A chain of bindings begins with its count, as `std/task/local.aur` says.
    unsafe {
        let locals = (*record).head.locals;
        (*head).locals = locals;
        if !locals.is_null() {
            // ORDER: Relaxed; the fiber holds on to the chain, so it cannot end meanwhile.
            (*locals.cast::<AtomicU64>()).fetch_add(1, Ordering::Relaxed);
        }
        if (*head).flags & TASK_TRY == 0 {
            (*head).node = context(&raw mut *(*head).scope);
        }
    }
}

/// All pending forks become tasks that anybody may run: before the fiber leaves, because what it waits for may be one.
///
/// # Safety
/// The record is the running fiber's.
#[inline]
pub unsafe fn publish_forks(record: *mut Record) {
    // SAFETY: the caller's promise.
    unsafe {
        if has_forks(record) {
            publish_pending(record);
        }
    }
}

/// # Safety
/// As above.
#[inline]
pub unsafe fn has_forks(record: *mut Record) -> bool {
    // SAFETY: the caller's promise.
    unsafe { (*record).head.forks_base != (*record).head.forks_top }
}

#[inline(never)]
unsafe fn publish_pending(record: *mut Record) {
    if observe::is_on() {
        return;
    }
    // SAFETY: the caller's promise; the array is the worker's, the fiber's while it runs.
    unsafe {
        let fiber = &mut (*record).head;
        let mut at = fiber.forks_base;
        fiber.forks_base = (*(*record).worker).forks_start();
        let pending = std::slice::from_raw_parts(at, fiber.forks_top.offset_from(at) as usize);
        while at < fiber.forks_top {
            // Most are of one scope: it counts them in one step.
            let scope = (**at).scope;
            let mut tasks = 0;
            while at < fiber.forks_top && (**at).scope == scope {
                take_along(record, *at);
                tasks += SCOPE_TASK;
                at = at.add(1);
            }
            // ORDER: Relaxed; as in `publish`.
            (*scope).word.fetch_add(tasks, Ordering::Relaxed);
        }
        fiber.forks_top = fiber.forks_base;
        sched::push_tasks(record, pending);
    }
}

/// There is no room on the array, or somebody asked for work while there was none.
///
/// # Safety
/// As [`publish`].
pub unsafe fn fork(record: *mut Record, head: *mut TaskHead, main: usize) {
    // SAFETY: the caller's promise; the array is the worker's, the fiber's while it runs.
    unsafe {
        TASK_MAIN.store(main, Ordering::Relaxed);
        if observe::is_on() {
            take_along(record, head);
            return publish(record, head, main);
        }
        let fiber = &mut (*record).head;
        let worker = &*(*record).worker;
        let (start, end) = (worker.forks_start(), worker.forks_end());
        if fiber.forks_end < end {
            take_along(record, head);
            publish(record, head, main);
            // Nothing is pending, so the next one comes here, too, as long as somebody has no work.
            debug_assert!(fiber.forks_base == fiber.forks_top);
            if sched::forks_allowed() {
                fiber.forks_end = end;
            }
            return;
        }
        let pending = fiber.forks_top.offset_from(fiber.forks_base) as usize;
        if pending >= policy::FORKS_MUCH && (*head).flags & TASK_HEAP != 0 {
            // A loop that spawns: tasks that have ended give their memory, still warm, to the next.
            take_along(record, head);
            publish_forks(record);
            publish(record, head, main);
            return sched::spawned_much(record);
        }
        if pending < end.offset_from(start) as usize / 2 {
            // They were taken from below: move what is left down.
            start.copy_from(fiber.forks_base, pending);
            fiber.forks_base = start;
            fiber.forks_top = start.add(pending);
        } else if worker.grow_forks(fiber.forks_base, pending) {
            fiber.forks_base = worker.forks_start();
            fiber.forks_top = fiber.forks_base.add(pending);
            fiber.forks_end = worker.forks_end();
        } else {
            publish_forks(record);
        }
        *fiber.forks_top = head;
        fiber.forks_top = fiber.forks_top.add(1);
    }
}

/// Somebody asked for work: the oldest pending fork is published, which is the largest; without one, the next spawn is.
///
/// # Safety
/// The record is the running fiber's.
pub unsafe fn share(record: *mut Record) {
    // SAFETY: the caller's promise.
    unsafe {
        let fiber = &mut (*record).head;
        let base = fiber.forks_base;
        if base < fiber.forks_top {
            let head = *base;
            *base = null_mut();
            fiber.forks_base = base.add(1);
            take_along(record, head);
            publish(record, head, TASK_MAIN.load(Ordering::Relaxed));
        } else if !sched::forks_allowed() {
            let start = (*(*record).worker).forks_start();
            fiber.forks_base = start;
            fiber.forks_top = start;
            fiber.forks_end = start;
        }
    }
}

/// Has a fiber run a task that was claimed from a queue.
///
/// # Safety
/// The task is the caller's to run, the record nobody's.
pub unsafe fn start_task(record: *mut Record, head: *mut TaskHead) {
    // SAFETY: the caller's promise.
    unsafe { fiber::start(record, &how_to_run(head)) };
}

/// Has the running fiber, which has ended its task, run another one.
///
/// # Safety
/// The task is the caller's to run, the record the running fiber's.
pub unsafe fn go_on_with(record: *mut Record, head: *mut TaskHead) -> Next {
    // SAFETY: the caller's promise.
    unsafe {
        let start = how_to_run(head);
        fiber::begin(record, &start);
        Next { argument: start.argument, function: start.function }
    }
}

/// # Safety
/// The task is alive and was claimed.
unsafe fn how_to_run(head: *mut TaskHead) -> Start {
    // SAFETY: the caller's promise.
    // ORDER: Relaxed; the queue's lock has handed them on.
    unsafe {
        Start {
            image: IMAGE.load(Ordering::Relaxed),
            function: TASK_MAIN.load(Ordering::Relaxed),
            argument: head as usize,
            task: head,
            node: (*head).node,
            locals: (*head).locals,
        }
    }
}

/// Waits for a task: 0 it has ended, 1 it was claimed and the caller must run it, -2 the caller is cancelled.
///
/// # Safety
/// The record is the running fiber's; the caller has the task's only handle.
pub unsafe fn join(record: *mut Record, head: *mut TaskHead, what: i64) -> i64 {
    if observe::is_on() {
        // SAFETY: the caller's promise.
        return unsafe { observe::join(record, head) };
    }
    // SAFETY: the caller's promise: the task lives until its handle is used up.
    unsafe {
        let state = &(*head).state;
        loop {
            // ORDER: Acquire; partner of the release in `end`: the result is written.
            let seen = state.load(Ordering::Acquire);
            match seen & TASK_PHASE {
                TASK_PENDING => {
                    // In the middle of this fiber's array, or on another fiber's.
                    publish_forks(record);
                    if state.load(Ordering::Acquire) & TASK_PHASE == TASK_PENDING {
                        // Its spawner is asked to give it up, whoever that is.
                        sched::ask_for_forks();
                        let epoch = wait::arm(record);
                        debug_assert!(epoch > 0);
                        let soon = crate::clock::now() + 1_000_000;
                        if wait::park(record, soon, what) == -2 {
                            return -2;
                        }
                    }
                }
                TASK_QUEUED => {
                    let home = sched::home(head);
                    let claimed = sched::all()[home].with_queue(|queue| {
                        let queued = state.load(Ordering::Relaxed) & TASK_PHASE == TASK_QUEUED && sched::home(head) == home;
                        if queued {
                            queue.claim(head);
                        }
                        queued
                    });
                    if claimed {
                        return 1;
                    }
                }
                TASK_RUNNING => {
                    let epoch = wait::arm(record);
                    // When both are ready, completion wins.
                    if wait_for(record, head, epoch, 0) && wait::park(record, -1, what) == -2 && unwait(head) {
                        return -2;
                    }
                }
                _ => return 0,
            }
        }
    }
}

/// Has the fiber woken with a value (below 256) when the task ends. False: it has ended.
///
/// # Safety
/// As [`join`]; the fiber is armed with this epoch.
pub unsafe fn wait_for(record: *mut Record, head: *mut TaskHead, epoch: u64, value: u64) -> bool {
    if observe::is_on() {
        // SAFETY: the caller's promise.
        unsafe { observe::touch(record, head as usize) };
    }
    // SAFETY: the caller's promise.
    let (head, number) = unsafe { (&*head, (*record).number) };
    // ORDER: Acquire; partner of the release in `end`.
    let mut seen = head.state.load(Ordering::Acquire);
    loop {
        if seen & TASK_PHASE >= TASK_DONE {
            return false;
        }
        // ORDER: Relaxed; the exchange releases it, and only who has the handle writes here.
        head.waiter.store(epoch << 32 | u64::from(number) << 8 | value, Ordering::Relaxed);
        let waited = (seen | TASK_WAITED).wrapping_add(TASK_VERSION);
        match head.state.compare_exchange_weak(seen, waited, Ordering::AcqRel, Ordering::Acquire) {
            Ok(_) => return true,
            Err(now) => seen = now,
        }
    }
}

/// Takes that back. False: the task has ended.
///
/// # Safety
/// As [`join`].
pub unsafe fn unwait(head: *mut TaskHead) -> bool {
    // SAFETY: the caller's promise.
    let seen = unsafe { (*head).state.fetch_and(!TASK_WAITED, Ordering::AcqRel) };
    seen & TASK_PHASE < TASK_DONE
}

/// The context of the scope's tasks.
///
/// # Safety
/// The scope is open.
unsafe fn context(scope: *mut Scope) -> *mut Node {
    // SAFETY: the caller's promise.
    // ORDER: Relaxed; set before anybody else knows the scope.
    unsafe {
        let is_own = (*scope).word.load(Ordering::Relaxed) & SCOPE_OWN != 0;
        if is_own { &raw mut (*scope).tasks } else { &raw mut (*scope).body }
    }
}

/// The scope's options, or 0.
///
/// # Safety
/// The scope is open.
unsafe fn options(scope: *mut Scope) -> u64 {
    // SAFETY: the caller's promise. Options are set before any task is.
    // ORDER: Relaxed; as above.
    unsafe { if (*scope).word.load(Ordering::Relaxed) & SCOPE_OPTIONS != 0 { (*scope).options } else { 0 } }
}

/// The most tasks of the scope that may run at once, 0 without limit.
///
/// # Safety
/// The caller's task holds the scope open.
unsafe fn limit(scope: *mut Scope) -> u64 {
    // SAFETY: the caller's promise.
    unsafe { options(scope) >> SCOPE_LIMIT_SHIFT }
}

/// The task has ended; whether the handle is gone, so that the caller frees it.
///
/// # Safety
/// The caller ran the task; its result is written.
pub unsafe fn end(head: *mut TaskHead, phase: u64) -> bool {
    if observe::is_on() {
        // SAFETY: the caller runs.
        unsafe { observe::touch(observe::running(), head as usize) };
    }
    // SAFETY: the caller's promise.
    let head = unsafe { &*head };
    // ORDER: Acquire; partner of the exchange in `wait_for`, and of that with which the handle went.
    let mut seen = head.state.load(Ordering::Acquire);
    if seen & TASK_GONE != 0 {
        // Nobody else knows the task any more: nobody is to be told.
        return true;
    }
    loop {
        // Read before the end is told: then the record may go. The version in the state says whether it is right.
        let waiter = head.waiter.load(Ordering::Relaxed);
        match head.state.compare_exchange_weak(seen, phase, Ordering::AcqRel, Ordering::Acquire) {
            Ok(_) if seen & TASK_WAITED != 0 => {
                let record = fiber::by_number((waiter >> 8 & 0xff_ffff) as usize);
                // SAFETY: the waiting fiber's number.
                unsafe { wait::wake(record, waiter >> 32, waiter & 0xff) };
                return false;
            }
            Ok(_) => return seen & TASK_GONE != 0,
            Err(now) => seen = now,
        }
    }
}

/// The last thing done for a task: its scope no longer waits for it. A task for which its fiber was begun is taken off the count
/// by [`crate::sched::finish`], perhaps together with others.
///
/// # Safety
/// The task was counted in the scope, and ran on the fiber whose record this is.
pub unsafe fn leave(record: *mut Record, head: *mut TaskHead, scope: *mut Scope) {
    // SAFETY: the caller's promise. Of the task, which may be gone, only the address is looked at.
    unsafe {
        // ORDER: Relaxed; the fiber's own.
        if (*record).task.load(Ordering::Relaxed) == head && !observe::is_on() {
            (*(*record).worker).left.set(scope);
        } else {
            take_off(scope, 1);
        }
    }
}

/// Whether tasks that have ended may stay in the count of their scope as long as another of its tasks runs on their fiber: the scope
/// waits for that one anyway.
///
/// # Safety
/// A task of the scope is counted.
pub unsafe fn may_owe(scope: *mut Scope) -> bool {
    // SAFETY: the caller's promise.
    unsafe { limit(scope) == 0 }
}

/// Takes so many tasks off a scope's count.
///
/// # Safety
/// They are counted there and have ended. Nothing of the scope is used behind this.
pub unsafe fn take_off(scope: *mut Scope, tasks: u64) {
    // SAFETY: the scope stays until the exchange below has taken the tasks off its count.
    unsafe {
        let limited = limit(scope) > 0;
        let observed = limited && observe::is_on();
        if observed {
            observe::take_turn(observe::running(), scope as u64);
        }
        if limited {
            publish_queued(scope);
        }
        let word = &(*scope).word;
        // ORDER: Acquire; with the flag the epoch is seen.
        let mut seen = word.load(Ordering::Acquire);
        loop {
            let (fiber, epoch) = ((*scope).fiber.load(Ordering::Relaxed), (*scope).epoch.load(Ordering::Relaxed));
            // AcqRel: what the task did comes before the scope's end.
            match word.compare_exchange_weak(seen, seen - tasks * SCOPE_TASK, Ordering::AcqRel, Ordering::Acquire) {
                Ok(_) => {
                    let last = seen / SCOPE_TASK == tasks;
                    if observed {
                        observe::give_turn(observe::running(), scope as u64);
                    }
                    // Who waits for a place looks again, whether it is one.
                    if seen & SCOPE_WAITING != 0 && (last || limited) {
                        wait::wake(fiber.cast(), epoch, 0);
                    } else if scope == root() && last {
                        sched::rouse_main();
                    }
                    return;
                }
                Err(now) => seen = now,
            }
        }
    }
}

/// Waits until the scope has at most so many published tasks: 0 it has, -2 the fiber is cancelled.
///
/// # Safety
/// The record is the running fiber's, which opened the scope.
pub unsafe fn wait(record: *mut Record, scope: *mut Scope, most: u64, what: i64) -> i64 {
    // SAFETY: the caller's promise.
    unsafe {
        let word = &(*scope).word;
        let mut result = 0;
        if observe::is_on() {
            return wait_observed(record, scope, most, what);
        }
        // ORDER: Acquire; partner of the release in `leave`.
        while result != -2 && word.load(Ordering::Acquire) / SCOPE_TASK > most {
            let epoch = wait::arm(record);
            (*scope).fiber.store(record.cast(), Ordering::Relaxed);
            (*scope).epoch.store(epoch, Ordering::Relaxed);
            // Release: the epoch is seen with the flag.
            if word.fetch_or(SCOPE_WAITING, Ordering::AcqRel) / SCOPE_TASK > most {
                result = wait::park(record, -1, what);
            }
            word.fetch_and(!SCOPE_WAITING, Ordering::AcqRel);
        }
        result.min(0)
    }
}

/// The same where each look at the scope is a step.
///
/// # Safety
/// As above.
unsafe fn wait_observed(record: *mut Record, scope: *mut Scope, most: u64, what: i64) -> i64 {
    // SAFETY: the caller's promise.
    unsafe {
        let word = &(*scope).word;
        loop {
            observe::take_turn(record, scope as u64);
            word.fetch_and(!SCOPE_WAITING, Ordering::AcqRel);
            let waits = word.load(Ordering::Acquire) / SCOPE_TASK > most;
            if waits {
                let epoch = wait::arm(record);
                (*scope).fiber.store(record.cast(), Ordering::Relaxed);
                (*scope).epoch.store(epoch, Ordering::Relaxed);
                word.fetch_or(SCOPE_WAITING, Ordering::AcqRel);
            }
            observe::give_turn(record, scope as u64);
            if !waits {
                return 0;
            }
            if wait::park(record, -1, what) == -2 {
                return -2;
            }
        }
    }
}

/// Tasks of scopes with a limit that were started by other tasks and wait for a place, with what runs them. Its body's own
/// spawns wait themselves.
struct Queued(Vec<(usize, usize)>);
static QUEUED: Mutex<Queued> = Mutex::new(Queued(Vec::new()));

/// Starts a task of a scope with a limit from another task than the scope's own: it never waits, the task may have to.
///
/// # Safety
/// As [`publish`].
pub unsafe fn publish_limited(record: *mut Record, head: *mut TaskHead, main: usize) {
    // SAFETY: the caller's promise.
    unsafe {
        let scope = (*head).scope;
        let mut queued = lock(&QUEUED);
        if ((*scope).word.load(Ordering::Acquire) / SCOPE_TASK) >= limit(scope) {
            TASK_MAIN.store(main, Ordering::Relaxed);
            queued.0.push((scope as usize, head as usize));
        } else {
            publish(record, head, main);
        }
    }
}

/// A task of a scope with a limit is about to leave: the first that waits takes its place.
///
/// # Safety
/// The caller still stands in the scope's count.
unsafe fn publish_queued(scope: *mut Scope) {
    let mut queued = lock(&QUEUED);
    let Some(at) = queued.0.iter().position(|(of, _)| *of == scope as usize) else { return };
    let head: *mut TaskHead = queued.0.remove(at).1 as *mut TaskHead;
    // SAFETY: the scope is open; the task was given up by its spawner.
    unsafe {
        (*scope).word.fetch_add(SCOPE_TASK, Ordering::Relaxed);
        sched::push_task_anywhere(head);
    }
}

/// The functions of the tasks that the running code is in, innermost first: each was spawned by the next. Tasks that their
/// joiner runs itself stand on its stack and are not among them.
///
/// # Safety
/// The caller is on the running fiber.
pub unsafe fn spawners(mut caller: fault::Caller) -> Vec<fault::Spawner> {
    const DEPTH_MAX: usize = 16;
    let mut all = Vec::new();
    let mut record: *mut Record = caller.fiber.cast();
    while all.len() < DEPTH_MAX {
        // SAFETY: the caller's promise; the fiber in whose frames a scope lies waits for the tasks of the scope.
        unsafe {
            // ORDER: Relaxed; set before the fiber began.
            let head = (*record).task.load(Ordering::Relaxed);
            if head.is_null() {
                break;
            }
            all.push(fault::Spawner::new((*head).call, caller));
            match fiber::by_address((*head).scope as usize) {
                Some(owner) => {
                    record = owner;
                    caller = fault::Caller { frame: (*record).frame as *const usize, address: (*record).address, fiber: record.cast() };
                }
                None => break,
            }
        }
    }
    all
}

/// Panics of a scope's tasks, in the order in which they came.
pub struct Failures(pub Vec<Box<Panic>>);
static FAILURES: Mutex<()> = Mutex::new(());

/// The task's function raised: takes what the fiber carries to where it belongs; how the task ended.
///
/// # Safety
/// The record is the running fiber's; the caller ran the task.
pub unsafe fn failed(record: *mut Record, head: *mut TaskHead) -> u64 {
    // SAFETY: the caller's promise.
    unsafe {
        let Some(panic) = fault::take(&mut (*record).head) else { return TASK_CANCELLED };
        let cancelled = panic.reason.is_some();
        if (*head).flags & TASK_TRY != 0 {
            (*head).failure = Box::into_raw(panic).cast();
        } else if !cancelled {
            fail((*head).scope, panic);
        }
        if cancelled { TASK_CANCELLED } else { TASK_FAILED }
    }
}

/// Whether a panic here is the program's: nobody on the way to `main` catches it. Asked in observed runs.
///
/// # Safety
/// The record is the running fiber's.
pub unsafe fn is_final(mut record: *mut Record) -> bool {
    // SAFETY: the caller's promise; the fiber in whose frames a scope lies waits for the tasks of the scope.
    unsafe {
        while !observe::catches(record) {
            // ORDER: Relaxed; set before the fiber began.
            let head = (*record).task.load(Ordering::Relaxed);
            if head.is_null() {
                return true;
            }
            if (*head).flags & TASK_TRY != 0 || (*head).scope == root() || options((*head).scope) & SCOPE_COLLECT != 0 {
                return false;
            }
            record = match fiber::by_address((*head).scope as usize) {
                Some(owner) if owner == record => return false,
                Some(owner) => owner,
                None => fiber::main(),
            };
        }
        false
    }
}

/// A task of the scope failed.
///
/// # Safety
/// The scope is open.
pub unsafe fn fail(scope: *mut Scope, panic: Box<Panic>) {
    // SAFETY: the caller's promise; the list belongs to who holds the lock.
    unsafe {
        {
            let _lock = lock(&FAILURES);
            if (*scope).word.load(Ordering::Relaxed) & SCOPE_FAILED == 0 {
                set_failures(scope, Box::new(Failures(Vec::new())));
            }
            let list: *mut Failures = (*scope).failures.load(Ordering::Relaxed).cast();
            (*list).0.push(panic);
        }
        if options(scope) & SCOPE_COLLECT == 0 {
            cancel::cancel(&raw mut (*scope).body, REASON_SIBLING_FAILED);
        }
    }
}

/// Takes the failures out of a scope.
///
/// # Safety
/// The scope is open.
pub unsafe fn take_failures(scope: *mut Scope) -> Option<Box<Failures>> {
    let _lock = lock(&FAILURES);
    // SAFETY: with the flag it is the pointer of `set_failures`, and of nobody else without it.
    unsafe {
        let before = (*scope).word.fetch_and(!SCOPE_FAILED, Ordering::Relaxed);
        (before & SCOPE_FAILED != 0).then(|| Box::from_raw((*scope).failures.load(Ordering::Relaxed).cast()))
    }
}

/// Gives a scope its list.
///
/// # Safety
/// The scope is open and has none; nobody else looks for one meanwhile.
pub unsafe fn set_failures(scope: *mut Scope, list: Box<Failures>) {
    // SAFETY: the caller's promise.
    unsafe {
        // ORDER: Relaxed, both; the task that failed leaves the scope's count afterwards, which releases them.
        (*scope).failures.store(Box::into_raw(list).cast(), Ordering::Relaxed);
        (*scope).word.fetch_or(SCOPE_FAILED, Ordering::Relaxed);
    }
}

/// A scope ends: its first failure becomes what the fiber carries, the others are listed in it. Whether the fiber unwinds.
///
/// # Safety
/// The record is the running fiber's; the scope's tasks have ended.
pub unsafe fn settle(record: *mut Record, scope: *mut Scope) -> bool {
    // SAFETY: the caller's promise.
    unsafe {
        if cfg!(aurora_tsan) {
            // Compiled code has looked at the count, which ThreadSanitizer has not seen.
            (*scope).word.load(Ordering::Acquire);
        }
        let fiber = &mut (*record).head;
        if options(scope) & SCOPE_COLLECT == 0
            && let Some(failures) = take_failures(scope)
        {
            let mut carried = fault::take(fiber);
            let mut all = failures.0.into_iter();
            let mut first = match carried.take_if(|panic| panic.reason.is_none()) {
                // The body's own panic came first.
                Some(own) => own,
                None => all.next().expect("bug! a list of failures without one"),
            };
            first.suppressed.extend(all.map(|panic| panic.report()));
            fiber.panic = Box::into_raw(first).cast();
        }
        !fiber.panic.is_null()
    }
}
