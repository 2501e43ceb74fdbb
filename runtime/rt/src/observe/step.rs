//! A step that is asked for: atomics of the user's, and whatever else others can tell.

use super::*;

/// Asks until there is an answer; what was seen, and whether it was written.
///
/// # Safety
/// The record is the running fiber's; an address without a mark is memory of this size.
pub(super) unsafe fn step(record: *mut Record, what: What, address: u64, size: u8, memory: Option<*mut u8>) -> (u64, bool) {
    loop {
        // SAFETY: the caller's promise.
        if let Some(answer) = unsafe { try_step(record, what, address, size, memory) } {
            return answer;
        }
        // Whoever gets here while it is only looked at who wakes whom has been woken.
        // SAFETY: the caller's promise.
        unsafe { leave(record) };
    }
}

/// The same; `None` while it is only looked at who wakes whom.
///
/// # Safety
/// As above.
pub(super) unsafe fn try_step(record: *mut Record, what: What, address: u64, size: u8, memory: Option<*mut u8>) -> Option<(u64, bool)> {
    if world().probing {
        return None;
    }
    world().idle_rounds = 0;
    let task = current(record);
    if observer().wants_places() {
        // SAFETY: the caller's promise.
        let place = unsafe { fault::step_place(caller(record)) };
        observer().place(task, &place);
    }
    loop {
        // SAFETY: the caller's promise.
        let now = memory.map(|at| unsafe { load(at, size) });
        // SAFETY: the caller's promise.
        let site = if memory.is_some() && !world().without_loops { unsafe { (*record).address as u64 } } else { 0 };
        match observer().step(task, &Ask { what, address, size, memory: now, site }) {
            Answer::Done { seen, wrote, memory: after } => {
                if let Some(at) = memory {
                    // SAFETY: as above.
                    unsafe { store(at, size, after) };
                }
                return Some((seen, wrote));
            }
            Answer::Wait => {}
            Answer::Stop => {
                world().over.get_or_insert(End::Stopped);
            }
        }
        // SAFETY: as above.
        unsafe { leave(record) };
        if world().probing {
            return None;
        }
    }
}

/// # Safety
/// Memory of this size.
pub(super) unsafe fn load(at: *mut u8, size: u8) -> u64 {
    // SAFETY: the caller's promise.
    unsafe {
        match size {
            1 => u64::from(at.read_volatile()),
            2 => u64::from(at.cast::<u16>().read_volatile()),
            4 => u64::from(at.cast::<u32>().read_volatile()),
            _ => at.cast::<u64>().read_volatile(),
        }
    }
}

/// # Safety
/// Memory of this size.
pub(super) unsafe fn store(at: *mut u8, size: u8, value: u64) {
    // SAFETY: the caller's promise.
    unsafe {
        match size {
            1 => at.write_volatile(value as u8),
            2 => at.cast::<u16>().write_volatile(value as u16),
            4 => at.cast::<u32>().write_volatile(value as u32),
            _ => at.cast::<u64>().write_volatile(value),
        }
    }
}

/// # Safety
/// See the row.
pub unsafe extern "C" fn access(fiber: *mut u8, what: i64, at: *mut u8, a: u64, b: u64) -> u64 {
    let record: *mut Record = fiber.cast();
    let (operation, size) = (what as u8, (what >> 8) as u8);
    let (order, failure) = ((what >> 16) as u8, (what >> 24) as u8);
    let mask = if size == 8 { u64::MAX } else { (1 << (8 * u32::from(size))) - 1 };
    let (a, b) = (a & mask, b & mask);
    let forced = what >> 32 & 1 != 0;
    // SAFETY: the row's contract.
    unsafe {
        let is_quiet = is_on() && world().tasks[current(record) as usize].quiet > 0;
        if !is_on() || is_quiet && !forced || world().probing {
            let seen = natively(operation, at, size, a, b);
            // Of all that is forced, only waking exchanges.
            if operation == 16 && forced && world().probing {
                world().woken |= seen == a;
            }
            return seen;
        }
        if is_quiet && !world().divides {
            ends(record, End::Divides);
        }
        if what >> 33 & 1 != 0 {
            let (seen, _) = step(record, What::Load(failure), at as u64, size, Some(at));
            if seen != a {
                // It would have failed anyway, which another run shows.
                observer().repeats();
            }
            return seen;
        }
        let what = match operation {
            0 => What::Load(order),
            1 => What::Store(order, a),
            16 => What::Compare { success: order, failure, expected: a, new: b },
            17 => {
                step(record, What::Fence(order), 0, 0, None);
                return 0;
            }
            change => What::Update(order, Change::from_number(change - 2), a),
        };
        step(record, what, at as u64, size, Some(at)).0
    }
}

/// # Safety
/// See the row.
pub(super) unsafe fn natively(operation: u8, at: *mut u8, size: u8, a: u64, b: u64) -> u64 {
    if operation == 17 {
        return 0;
    }
    // SAFETY: the caller's promise; nobody else runs meanwhile.
    unsafe {
        let old = load(at, size);
        match operation {
            0 => {}
            1 => store(at, size, a),
            16 => if old == a { store(at, size, b) },
            change => store(at, size, Change::from_number(change - 2).apply(old, a, size)),
        }
        old
    }
}
