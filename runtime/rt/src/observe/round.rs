//! Loops that go round: whether anything is different from the last time.

use super::*;

/// Some seconds. Who goes round more often without any step is taken for somebody who does so for ever.
const IDLE_ROUNDS_MAX: u64 = 1 << 28;

/// A loop goes round: nothing may have changed since the last time.
///
/// # Safety
/// See the row; from the caller's frame on lies all that its callers' code goes by.
pub unsafe extern "C" fn round(fiber: *mut u8, place: i64, live: u64) {
    let record: *mut Record = fiber.cast();
    if !is_on() || world().probing {
        return;
    }
    world().idle_rounds += 1;
    if world().idle_rounds > IDLE_ROUNDS_MAX {
        // SAFETY: the row's contract: its caller's frames are whole.
        let place = unsafe { fault::step_place(caller(record)) };
        ends(record, End::Endless(Waiting { task: current(record), place }));
    }
    let task = current(record);
    if world().tasks[task as usize].quiet > 0 || !observer().wants_round(task, place as u64) {
        return;
    }
    // SAFETY: the row's contract; the task runs.
    let Some((own, rest)) = (unsafe { state(record, live) }) else { return };
    loop {
        match observer().round(task, place as u64, own, rest) {
            Answer::Done { .. } => return,
            Answer::Wait => {}
            Answer::Stop => {
                world().over.get_or_insert(End::Stopped);
            }
        }
        // SAFETY: the row's contract.
        unsafe { leave(record) };
    }
}

/// Where there is more than this, it is not looked whether a round changes anything.
pub(super) const STATE_BYTES_MAX: usize = 256 << 10;

/// Hashes of all that the program's code goes by: what is live in the task's function, what lies on the stack above that and
/// what the task has allocated; and stacks and memory of all others, with statics. `None`: too much.
///
/// # Safety
/// The record's task runs, and its caller's frame is known.
pub(super) unsafe fn state(record: *mut Record, live: u64) -> Option<(u64, u64)> {
    let world = world();
    let mut left = STATE_BYTES_MAX;
    let mut add = |hash: &mut u64, from: usize, to: usize| {
        left = left.checked_sub(to.saturating_sub(from))?;
        // SAFETY: the upper ends of stacks, the used parts of arenas and the data of the image are mapped.
        *hash = unsafe { hash_words(from, to, *hash) };
        Some(())
    };
    let (mut own, mut rest) = (live, 0xcbf2_9ce4_8422_2325);
    for task in &world.tasks {
        // SAFETY: records of the table.
        let (high, saved) = unsafe { ((*task.record).head.stack_high, (*task.record).stack_pointer) };
        if task.record == record {
            // SAFETY: as above.
            add(&mut own, unsafe { (*record).frame } as usize, high)?;
            add(&mut own, task.arena.start, task.arena.next)?;
            continue;
        }
        let has_begun = task.head.is_null() && !task.ended && saved != 0;
        if has_begun && (high - STATE_BYTES_MAX..high).contains(&saved) {
            add(&mut rest, saved, high)?;
        }
        add(&mut rest, task.arena.start, task.arena.next)?;
    }
    add(&mut rest, world.data.0, world.data.1)?;
    Some((own, rest))
}

/// A hash with some bytes.
///
/// # Safety
/// See the row.
pub unsafe fn mix(hash: u64, at: *mut u8, size: usize) -> u64 {
    if !world().looks_at_rounds {
        return hash;
    }
    // SAFETY: the row's contract.
    let bytes = unsafe { std::slice::from_raw_parts(at, size) };
    bytes.chunks(8).fold(hash, |hash, part| {
        let mut word = [0; 8];
        word[..part.len()].copy_from_slice(part);
        (hash ^ u64::from_le_bytes(word)).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(29)
    })
}

/// # Safety
/// The memory is mapped.
pub(super) unsafe fn hash_words(from: usize, to: usize, mut hash: u64) -> u64 {
    let with = |hash: u64, at: usize| {
        // SAFETY: the caller's promise; aligned.
        (hash ^ unsafe { (at as *const u64).read_volatile() }).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(29)
    };
    let (mut at, end) = (from & !7, to & !7);
    // Four at a time: one alone waits for each multiplication to end.
    let mut lanes = [hash, !hash, hash.rotate_left(17), hash.rotate_left(41)];
    while at + 32 <= end {
        for (lane, hash) in lanes.iter_mut().enumerate() {
            *hash = with(*hash, at + 8 * lane);
        }
        at += 32;
    }
    for &lane in &lanes[1..] {
        hash = (hash ^ lane).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(29);
    }
    hash ^= lanes[0];
    while at < end {
        hash = with(hash, at);
        at += 8;
    }
    hash
}
