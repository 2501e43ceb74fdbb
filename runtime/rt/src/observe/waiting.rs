//! Tasks that begin, end, wait, are woken and cancelled, and the timers.

use super::cancelled::{cancels_in_words, is_in_words, sees_cancelled, waited};
use super::*;

/// Whether a task has ended.
///
/// # Safety
/// See the row.
pub unsafe extern "C" fn ended(fiber: *mut u8, head: *mut u8) -> i64 {
    if !is_on() {
        // SAFETY: the row's contract.
        return i64::from(unsafe { (*head.cast::<TaskHead>()).state.load(Ordering::Acquire) } & TASK_PHASE >= TASK_DONE);
    }
    let Some(&task) = world().by_head.get(&(head as usize)) else { return 1 };
    // SAFETY: as above.
    unsafe { step(fiber.cast(), What::Load(1), place::END | u64::from(task), 8, None).0 as i64 }
}

/// Whether the task finds this context cancelled, which need not be its own.
///
/// # Safety
/// See the row; the context is alive.
pub unsafe extern "C" fn look_at(fiber: *mut u8, node: *mut u8) -> i64 {
    if !is_on() {
        return 1;
    }
    if !world().looks_for_cancellation {
        return 0;
    }
    // SAFETY: the row's contract.
    unsafe {
        if is_in_words() {
            return i64::from(sees_cancelled(fiber.cast(), node.cast()));
        }
        let (seen, _) = step(fiber.cast(), What::Load(1), place::CANCEL, 8, None);
        i64::from(is_cancelled(node.cast(), seen))
    }
}

/// Whether the running task finds its context cancelled; looking is a step where anything ever is.
///
/// # Safety
/// See the row.
pub unsafe extern "C" fn look(fiber: *mut u8) -> i64 {
    // SAFETY: the row's contract: the running fiber, whose contexts are alive.
    unsafe { look_at(fiber, (*fiber.cast::<Record>()).head.node.cast()) }
}

/// Whether the context was cancelled by one of the first so many that were.
///
/// # Safety
/// The record is the running fiber's.
pub(super) unsafe fn finds_cancelled(record: *mut Record, seen: u64) -> bool {
    // SAFETY: the chain of the running fiber's contexts is alive.
    unsafe { is_cancelled((*record).head.node, seen) }
}

/// Whether a context, or one that it is in, was cancelled by one of the first so many that were.
///
/// # Safety
/// The chain of contexts is alive.
pub(super) unsafe fn is_cancelled(node: *mut Node, seen: u64) -> bool {
    // SAFETY: the caller's promise.
    let node = unsafe { cancel::cancelled(node) };
    node.is_some_and(|(node, _)| world().cancellations.get(&(node as usize)).is_none_or(|&number| number <= seen))
}

/// Waits for all tasks of a scope.
///
/// # Safety
/// See the row.
pub unsafe extern "C" fn scope(fiber: *mut u8, scope: *mut u8) {
    if !is_on() {
        return;
    }
    // Tasks may start further ones.
    let mut done = 0;
    while let Some(&task) = world().scopes.get(&(scope as usize)).and_then(|tasks| tasks.get(done)) {
        done += 1;
        // SAFETY: the row's contract.
        unsafe { step(fiber.cast(), What::Await(1), place::END | u64::from(task), 8, None) };
        pass_time(task, current(fiber.cast()));
    }
    world().scopes.remove(&(scope as usize));
}

// What the runtime's own rooms hand over in observed runs.

/// A task was published.
///
/// # Safety
/// The record is the running fiber's; the task is pending and its scope open.
pub unsafe fn spawned(record: *mut Record, head: *mut TaskHead) {
    // SAFETY: the caller's promise.
    unsafe {
        let parent = current(record);
        let child = observer().child(parent);
        (*head).state.fetch_add(TASK_QUEUED - TASK_PENDING, Ordering::Relaxed);
        let world = world();
        let now = world.task(parent).now;
        let task = world.task(child);
        (task.head, task.now) = (head, now);
        world.by_head.insert(head as usize, child);
        world.scopes.entry((*head).scope as usize).or_default().push(child);
        step(record, What::Spawn(child), 0, 0, None);
    }
}

/// Waits for a task to end.
///
/// # Safety
/// The record is the running fiber's, which has the task's handle.
pub unsafe fn join(record: *mut Record, head: *mut TaskHead) -> i64 {
    if let Some(&task) = world().by_head.get(&(head as usize)) {
        // SAFETY: the caller's promise.
        let way = unsafe { cancelling(record.cast()) };
        if way != 0 {
            // SAFETY: as above.
            unsafe {
                if step(record, What::Load(1), place::END | u64::from(task), 8, None).0 == 0 {
                    return -2;
                }
                if way == 1 {
                    give_up(record.cast());
                }
            }
        }
        // SAFETY: the caller's promise.
        unsafe { step(record, What::Await(1), place::END | u64::from(task), 8, None) };
        pass_time(task, current(record));
        waited(record);
    }
    0
}

/// Who has waited for a task is not earlier than it.
pub(super) fn pass_time(from: u32, to: u32) {
    let now = world().task(from).now;
    let task = world().task(to);
    task.now = task.now.max(now);
}

/// A step on a record that several tasks may come to.
///
/// # Safety
/// The record is the running fiber's.
pub unsafe fn touch(record: *mut Record, object: usize) {
    // SAFETY: the caller's promise.
    unsafe { step(record, What::Update(ACQUIRE_RELEASE, Change::Add, 0), place::OBJECT | object as u64, 8, None) };
}

/// Who runs now.
pub fn running() -> *mut Record {
    let current = world().current;
    world().task(current).record
}

pub(super) fn wait_word(record: *mut Record) -> *mut u8 {
    // SAFETY: a record of the table.
    unsafe { (&raw mut (*record).head.wait).cast() }
}

/// # Safety
/// The record is the running fiber's.
pub unsafe fn arm(record: *mut Record) -> u64 {
    // SAFETY: the caller's promise.
    unsafe {
        let epoch = ((*record).head.wait.load(Ordering::Relaxed) >> 32).wrapping_add(1) & 0xffff_ffff;
        let word = wait_word(record);
        step(record, What::Store(RELEASE, wait::word(epoch, 0, WAIT_ARMED)), word as u64, 8, Some(word));
        epoch
    }
}

/// # Safety
/// A record of the table.
pub unsafe fn wake(record: *mut Record, epoch: u64, value: u64) -> bool {
    let (expected, new) = (wait::word(epoch, 0, WAIT_ARMED), wait::word(epoch, value, WAIT_WOKEN));
    let word = wait_word(record);
    // SAFETY: the caller's promise.
    unsafe { step(running(), What::Compare { success: ACQUIRE_RELEASE, failure: RELAXED, expected, new }, word as u64, 8, Some(word)).1 }
}

/// Waits until the ticket of this epoch is woken: the word.
///
/// # Safety
/// The record is the running fiber's, armed.
pub unsafe fn park(record: *mut Record, deadline: i64, epoch: u64, cancellable: bool) -> u64 {
    // SAFETY: the caller's promise.
    unsafe {
        let in_words = cancellable && is_in_words();
        let leaves = in_words && cancelling(record.cast()) != 0;
        if leaves {
            // Nothing is there yet: it is a time that has not come.
            wake(record, epoch, WAIT_VALUE_CANCELLED);
        } else if cancellable && world().looks_for_cancellation && !in_words {
            // In one order with what cancels: it sees this task parked, or this task sees it.
            let (seen, _) = step(record, What::Update(ACQUIRE_RELEASE, Change::Add, 0), place::CANCEL, 8, None);
            cancel::register(record);
            if finds_cancelled(record, seen) {
                wake(record, epoch, WAIT_VALUE_CANCELLED);
            } else {
                world().task(current(record)).cancellable = Some(epoch);
            }
        }
        if deadline >= 0 && !leaves {
            set_timer(deadline, Timer::Wake { record, epoch });
        }
        let word = wait_word(record);
        let woken = step(record, What::AwaitChange(wait::word(epoch, 0, WAIT_ARMED)), word as u64, 8, Some(word)).0;
        waited(record);
        woken
    }
}

/// Something is about to be cancelled. If nothing was looking for that yet, this run ends here.
pub fn cancels(node: *mut Node) {
    if is_in_words() {
        // SAFETY: whoever cancels runs, and holds the context.
        unsafe { cancels_in_words(node) };
        return;
    }
    if world().looks_for_cancellation {
        // SAFETY: whoever cancels runs.
        let (before, _) = unsafe { step(running(), What::Update(ACQUIRE_RELEASE, Change::Add, 1), place::CANCEL, 8, None) };
        world().cancellations.entry(node as usize).or_insert(before + 1);
        return;
    }
    ends(running(), End::Cancels)
}

/// The fiber's wait is to be ended by [`wake_cancelled`], if cancellation may: the caller holds a lock.
pub fn cancel_later(record: *mut Record) {
    if let Some(epoch) = world().task(current(record)).cancellable {
        world().cancelled.push((record, epoch));
    }
}

/// One more call, or one less, that stops an unwinding: who panics behind it may be caught.
pub fn catching(fiber: *mut u8, more: i64) {
    if is_on() {
        let task = current(fiber.cast());
        world().task(task).catches += more;
    }
}

/// Whether code of the program's, or of the library for it, catches what comes to this fiber: each task's beginning does, too.
pub fn catches(record: *mut Record) -> bool {
    let number = current(record);
    let task = world().task(number);
    task.catches > i64::from(number != 0)
}

/// Whether a panic here ends the run: nobody catches it, so how it unwinds makes no difference to what is found.
///
/// # Safety
/// The record is the running fiber's.
pub unsafe fn ends_by_panic(record: *mut Record) -> bool {
    // SAFETY: the caller's promise.
    is_on() && !world().probing && unsafe { crate::scope::is_final(record) }
}

/// A panic that nobody catches: the run is over.
pub fn panicked(record: *mut Record, report: String) -> ! {
    ends(record, End::Panicked(report))
}

/// Ends the waits of those who were cancelled.
pub fn wake_cancelled() {
    // Somebody else may cancel something before each of these steps.
    for (record, epoch) in std::mem::take(&mut world().cancelled) {
        // SAFETY: a record of the table.
        unsafe { wake(record, epoch, WAIT_VALUE_CANCELLED) };
    }
}

pub fn cancel_at(at: i64, serial: u64) {
    set_timer(at, Timer::Cancel { serial, node: cancel::node_of(serial) as usize });
}

/// The timer stands there before it is told that it does: who repeats this run finds it when it comes.
pub(super) fn set_timer(at: i64, timer: Timer) {
    world().timers.push((at, timer));
    let (address, value) = timer.place();
    // SAFETY: whoever sets it runs.
    unsafe { step(running(), What::Store(RELEASE, value), address, 8, None) };
}

/// The task's own time: that of the last timer which it has waited for.
pub fn now() -> i64 {
    let current = world().current;
    world().task(current).now
}

// Timers: when nobody can go on, the first one comes.

/// Lets a timer come, or the clock go on with one; `false` if there is none.
///
/// # Safety
/// Called by `drive`.
pub(super) unsafe fn tick(address: Option<u64>) -> bool {
    // SAFETY: records of the table; the clock's fiber is started here.
    unsafe {
        let clock = world().clock;
        if !world().clock_is_busy {
            let pending = |timer: &Timer| match *timer {
                Timer::Wake { record, epoch } => (*record).head.wait.load(Ordering::Relaxed) == wait::word(epoch, 0, WAIT_ARMED),
                Timer::Cancel { serial, .. } => cancel::is_pending(serial),
            };
            let wanted = |timer: &Timer| address.is_none_or(|address| timer.place().0 == address);
            let world = world();
            world.timers.retain(|(_, timer)| pending(timer));
            let first = world.timers.iter().enumerate().filter(|(_, (_, timer))| wanted(timer)).min_by_key(|(at, (time, _))| (*time, *at));
            let Some((at, _)) = first else { return false };
            let (time, timer) = world.timers.remove(at);
            world.firing = Some((time, timer));
            world.clock_is_busy = true;
            let record = world.task(clock).record;
            let start = Start { image: std::ptr::null(), function: 0, argument: 0, task: null_mut(), node: null_mut(), locals: null_mut() };
            fiber::start(record, &Start { image: (*world.task(0).record).head.image, function: fire as *const () as usize, ..start });
        }
        run(clock);
        true
    }
}

/// The function of the clock's fiber.
extern "C" fn fire(_: usize) -> u8 {
    if let Some((time, timer)) = world().firing.take() {
        let (address, value) = timer.place();
        // SAFETY: the clock's own fiber runs; a record of the table.
        unsafe {
            step(running(), What::Await(value), address, 8, None);
            match timer {
                Timer::Wake { record, epoch } => {
                    let task = current(record);
                    if wake(record, epoch, WAIT_VALUE_ELAPSED) {
                        let task = world().task(task);
                        task.now = task.now.max(time);
                    }
                }
                Timer::Cancel { serial, .. } => cancel::elapsed(serial),
            }
        }
    }
    world().clock_is_busy = false;
    // SAFETY: the clock's own fiber; it is started anew for the next timer.
    unsafe { leave(running()) };
    unreachable!("a timer came twice")
}
