//! Uses of the library's objects: each one step, or steps in turn behind its gate; locks; choices.

use super::cancelled::waited;
use super::*;

/// A step of the library on one of its objects begins: what it does there it does alone.
///
/// # Safety
/// See the row.
pub unsafe extern "C" fn begin(fiber: *mut u8, object: *mut u8) {
    // SAFETY: the row's contract.
    unsafe {
        if whole() == 0 {
            if is_on() && !world().probing {
                take_turn(fiber.cast(), object as u64);
            }
            return;
        }
        begin_whole(fiber, object);
    }
}

/// Waits until it is the task's turn to use an object.
///
/// # Safety
/// See the row.
pub(super) unsafe fn begin_whole(fiber: *mut u8, object: *mut u8) {
    // SAFETY: the caller's promise.
    unsafe { begin_at(fiber.cast(), place::STEP | object as u64) };
    quiet(fiber);
}

/// Waits until it is the task's turn to look whether its next step is possible.
///
/// # Safety
/// The record is the running fiber's.
pub(super) unsafe fn begin_at(record: *mut Record, address: u64) {
    let task = current(record);
    loop {
        match observer().begins(task, address) {
            Answer::Done { .. } => break,
            Answer::Wait => {}
            Answer::Stop => {
                world().over.get_or_insert(End::Stopped);
            }
        }
        // SAFETY: the caller's promise.
        unsafe { leave(record) };
    }
}

/// It is not: waits until something else is there. `false`: the run is over.
///
/// # Safety
/// As [`begin_at`].
pub(super) unsafe fn miss_at(record: *mut Record, address: u64) -> bool {
    let task = current(record);
    match observer().misses(task, address) {
        Missed::Wait => {}
        Missed::Void => ends(record, End::Void),
        Missed::Diverged => ends(record, End::Stopped),
    }
    world().task(task).missed = true;
    // SAFETY: the caller's promise.
    unsafe { leave(record) };
    world().task(task).missed = false;
    !world().probing
}

/// What was begun cannot be done with the object as it is: waits until it has changed, and begins again. `0`: the task has
/// to wait as it does in runs that nobody observes.
///
/// # Safety
/// See the row.
pub unsafe extern "C" fn miss(fiber: *mut u8, object: *mut u8) -> i64 {
    if whole() == 0 {
        return 0;
    }
    loud(fiber);
    // SAFETY: the row's contract.
    unsafe {
        let goes_on = miss_at(fiber.cast(), place::STEP | object as u64);
        if goes_on {
            begin_whole(fiber, object);
        }
        i64::from(goes_on)
    }
}

/// Waits until a task has ended.
///
/// # Safety
/// See the row.
pub unsafe extern "C" fn until_ended(fiber: *mut u8, head: *mut u8) -> i64 {
    let record: *mut Record = fiber.cast();
    let Some(&task) = world().by_head.get(&(head as usize)) else { return 1 };
    let address = place::END | u64::from(task);
    // SAFETY: the row's contract.
    unsafe {
        begin_at(record, address);
        while !world().task(task).ended {
            if !miss_at(record, address) {
                return 0;
            }
            begin_at(record, address);
        }
        step(record, What::Await(1), address, 8, None);
    }
    pass_time(task, current(record));
    1
}

/// The library's own code for waiting is needed.
///
/// # Safety
/// See the row.
pub unsafe extern "C" fn divides(fiber: *mut u8) {
    if whole() != 0 {
        ends(fiber.cast(), End::Divides);
    }
}

/// The task waits for one of several things, of which it has chosen one, or no longer.
pub fn choosing(fiber: *mut u8, is: i64) {
    if is_on() {
        let task = current(fiber.cast());
        world().task(task).choosing = is;
    }
}

/// The run ends here.
pub(super) fn ends(record: *mut Record, end: End) -> ! {
    world().over.get_or_insert(end);
    // SAFETY: whoever ends a run runs. It is never switched to again.
    unsafe { leave(record) };
    unreachable!("a run that was over went on")
}

/// It ends.
///
/// # Safety
/// See the row.
pub unsafe extern "C" fn end(fiber: *mut u8, object: *mut u8) {
    // SAFETY: the row's contract.
    unsafe {
        if whole() == 0 {
            if is_on() && !world().probing {
                give_turn(fiber.cast(), object as u64);
            }
            return;
        }
        loud(fiber);
        let address = place::STEP | object as u64;
        step(fiber.cast(), What::Update(ACQUIRE_RELEASE, Change::Add, 1), address, 8, None);
        // Nothing that is taken from an object is earlier than what was put there.
        let task = current(fiber.cast());
        let time = world().times.get(&address).copied().unwrap_or(0).max(world().task(task).now);
        world().times.insert(address, time);
        world().task(task).now = time;
        waited(fiber.cast());
        for waiter in std::mem::take(&mut world().task(task).wakes) {
            world().times.insert(waiter, time);
            step(fiber.cast(), What::Store(RELEASE, 1), waiter, 8, None);
        }
    }
}

/// The number under which the task enters a list of those who wait: whose it is, and the how-manieth time.
pub fn waiter(fiber: *mut u8) -> i64 {
    let number = current(fiber.cast());
    let task = world().task(number);
    task.waits += 1;
    (u64::from(number) << place::WAITS_SHIFT | task.waits) as i64
}

/// Whoever waits under this number was taken out of its list: it is told when the step has ended.
pub fn wakes(fiber: *mut u8, number: i64) {
    let task = current(fiber.cast());
    world().task(task).wakes.push(place::WAITER | number as u64);
}

/// Waits until the task was taken out of a list.
///
/// # Safety
/// See the row.
pub unsafe extern "C" fn settle(fiber: *mut u8, number: i64) -> i64 {
    let record: *mut Record = fiber.cast();
    let (task, address) = (current(record), place::WAITER | number as u64);
    // Whether it could have gone on by itself is asked when nobody can go on.
    world().task(task).missed = true;
    // SAFETY: the row's contract.
    let settled = unsafe { try_step(record, What::Await(1), address, 8, None) }.is_some();
    world().task(task).missed = false;
    let told = world().times.get(&address).copied().unwrap_or(0);
    let task = world().task(task);
    task.now = task.now.max(told);
    if settled {
        waited(record);
    }
    i64::from(settled)
}

/// Leaving a lock lets the next one in.
///
/// # Safety
/// See the row.
pub unsafe extern "C" fn unlock(fiber: *mut u8, object: *mut u8) {
    if is_on() && !world().probing {
        // SAFETY: the row's contract.
        unsafe { give_turn(fiber.cast(), object as u64) };
    }
}

/// What follows belongs to a step that was asked for.
pub fn quiet(fiber: *mut u8) {
    if is_on() {
        let task = current(fiber.cast()) as usize;
        world().tasks[task].quiet += 1;
    }
}

/// That was all that belonged to it.
pub fn loud(fiber: *mut u8) {
    if is_on() {
        let task = current(fiber.cast()) as usize;
        world().tasks[task].quiet -= 1;
    }
}

/// The task leaves whatever step it is in: it raises.
pub fn raises(record: *mut Record) {
    if is_on() {
        world().task(current(record)).quiet = 0;
    }
}

/// Whether using a lock is one step: not where waiting for one may be cancelled, which its own code knows how to do.
pub fn whole() -> i64 {
    let whole = is_on() && !world().divides && !world().probing;
    // 2: a lock has no turns, because who waits for one may leave.
    i64::from(whole) + i64::from(whole && world().looks_for_cancellation)
}

/// Whether uses of a channel have numbers of their own: somebody who looks whether a value is there would be told something else.
pub fn numbers() -> i64 {
    i64::from(whole() != 0 && !world().one_order)
}

/// All uses of a channel are to be in one order.
///
/// # Safety
/// See the row.
pub unsafe extern "C" fn one_order(fiber: *mut u8) {
    if numbers() != 0 {
        ends(fiber.cast(), End::OneOrder);
    }
}

fn item(object: *mut u8, number: i64) -> u64 {
    place::ITEM | (number as u64) << place::NUMBER_SHIFT | object as u64
}

/// What became of the use of an object that has this number.
///
/// # Safety
/// See the row.
pub unsafe extern "C" fn tell(fiber: *mut u8, object: *mut u8, number: i64, what: i64) {
    let address = item(object, number);
    // SAFETY: the row's contract.
    unsafe { step(fiber.cast(), What::Store(RELEASE, what as u64), address, 8, None) };
    let now = world().task(current(fiber.cast())).now;
    world().times.insert(address, now);
}

/// Waits until that is told.
///
/// # Safety
/// See the row.
pub unsafe extern "C" fn hear(fiber: *mut u8, object: *mut u8, number: i64) -> i64 {
    let address = item(object, number);
    // SAFETY: the row's contract.
    let (what, _) = unsafe { step(fiber.cast(), What::AwaitChange(0), address, 8, None) };
    let told = world().times.get(&address).copied().unwrap_or(0);
    let task = world().task(current(fiber.cast()));
    task.now = task.now.max(told);
    what as i64
}

/// Waits until the lock is this task's: in the order of asking.
///
/// # Safety
/// See the row.
pub unsafe extern "C" fn lock(fiber: *mut u8, object: *mut u8) {
    if is_on() {
        // SAFETY: the row's contract.
        unsafe { take_turn(fiber.cast(), object as u64) };
        quiet(fiber);
    }
}

/// Waits until it is the task's turn on an object; what follows, up to [`give_turn`], it does alone.
///
/// # Safety
/// The record is the running fiber's.
pub unsafe fn take_turn(record: *mut Record, object: u64) {
    // SAFETY: the caller's promise.
    unsafe {
        let (number, _) = step(record, What::Update(RELAXED, Change::Add, 1), place::NEXT | object, 8, None);
        step(record, What::Await(number), place::SERVING | object, 8, None);
        let task = current(record) as usize;
        world().tasks[task].numbers.push((object, number));
    }
}

/// Takes the lock if nobody has it.
///
/// # Safety
/// See the row.
pub unsafe extern "C" fn try_lock(fiber: *mut u8, object: *mut u8) -> i64 {
    let record: *mut Record = fiber.cast();
    if !is_on() {
        return 1;
    }
    // SAFETY: the row's contract.
    unsafe {
        let of = object as u64;
        let (serving, _) = step(record, What::Load(1), place::SERVING | of, 8, None);
        let compare = What::Compare { success: RELAXED, failure: RELAXED, expected: serving, new: serving + 1 };
        let (_, taken) = step(record, compare, place::NEXT | of, 8, None);
        if taken {
            let task = current(record) as usize;
            world().tasks[task].numbers.push((of, serving));
            quiet(fiber);
        }
        i64::from(taken)
    }
}

/// The next one's turn.
///
/// # Safety
/// The record is the running fiber's.
pub unsafe fn give_turn(record: *mut Record, object: u64) {
    let task = current(record) as usize;
    let numbers = &mut world().tasks[task].numbers;
    let Some(held) = numbers.iter().rposition(|(of, _)| *of == object) else { return };
    let (_, number) = numbers.remove(held);
    // SAFETY: the caller's promise.
    unsafe { step(record, What::Store(RELEASE, number + 1), place::SERVING | object, 8, None) };
}

/// One of `count`, each of which is possible; of -2, whether a weak exchange is to fail.
///
/// # Safety
/// See the row.
pub unsafe extern "C" fn choose(fiber: *mut u8, count: i64) -> i64 {
    if !is_on() {
        return 0;
    }
    let is_weak = count < 0;
    if is_weak && (!world().without_loops || world().tasks[current(fiber.cast()) as usize].quiet > 0) {
        return 0;
    }
    // SAFETY: the row's contract.
    unsafe { step(fiber.cast(), What::Choice(count.unsigned_abs() as u32), 0, 0, None).0 as i64 }
}

/// There is another run in which the task comes to the same without what it has done here.
///
/// # Safety
/// See the row.
pub unsafe extern "C" fn give_up(fiber: *mut u8) {
    let record: *mut Record = fiber.cast();
    while is_on() && observer().gives_up(current(record)) {
        // SAFETY: the row's contract.
        unsafe { leave(record) };
    }
}

/// Who runs; -1 if nobody observes.
pub fn task_number(fiber: *mut u8) -> i64 {
    if is_on() { i64::from(current(fiber.cast())) } else { -1 }
}

/// How many steps of another task happen before what the running one does now; of -1, how many tasks it can know of.
pub fn knows(fiber: *mut u8, other: i64) -> i64 {
    match u32::try_from(other) {
        _ if !is_on() => 0,
        Ok(other) => i64::from(observer().knows(current(fiber.cast()), other)),
        Err(_) => {
            let task = current(fiber.cast());
            let known = (0..world().tasks.len() as u32).rev().find(|&other| other == task || observer().knows(task, other) > 0);
            known.map_or(0, |highest| i64::from(highest) + 1)
        }
    }
}
