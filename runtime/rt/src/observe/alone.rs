//! What an observed run has for itself: its memory, and answers to what would be different every time.

use super::*;

pub(super) fn arena() -> &'static mut Arena {
    let world = world();
    let arena = if is_on() { &mut world.tasks[world.current as usize].arena } else { &mut world.base };
    if arena.start == 0 {
        arena.start = fiber::reserve(ARENA_BYTES);
        if arena.start == 0 {
            fault::fatal("cannot reserve memory for a task");
        }
        arena.next = arena.start;
    }
    arena
}

/// A row that allocates, which hands on two more arguments: the caller's frame, and where it goes on.
macro_rules! allocates {
    ($name:ident($($ty:ty),*) => $target:path, $x86:literal, $arm:literal) => {
        /// # Safety
        /// See the row.
        #[unsafe(naked)]
        unsafe extern "C" fn $name($(_: $ty),*) -> *mut u8 {
            #[cfg(target_arch = "x86_64")]
            core::arch::naked_asm!($x86, "jmp {target}", target = sym $target);
            #[cfg(target_arch = "aarch64")]
            core::arch::naked_asm!($arm, "b {target}", target = sym $target);
        }
    };
}
allocates!(alloc(i64, i64) => alloc_for, "mov rdx, rbp; mov rcx, [rsp]", "mov x2, x29; mov x3, x30");
allocates!(realloc(*mut u8, i64, i64, i64) => realloc_for, "mov r8, rbp; mov r9, [rsp]", "mov x4, x29; mov x5, x30");

/// Memory that nobody has written, and that says so if anybody looks.
unsafe extern "C" fn alloc_for(size: i64, align: i64, frame: usize, address: usize) -> *mut u8 {
    let at = piece(size, align);
    // SAFETY: the row's contract: its caller is compiled code.
    unsafe { plain::allocated(at, size, 0, frame, address) };
    at
}

fn piece(size: i64, align: i64) -> *mut u8 {
    let arena = arena();
    let at = arena.next.next_multiple_of(align.max(16) as usize);
    if at + size as usize > arena.start + ARENA_BYTES {
        return crate::heap::alloc(size as usize, align as usize);
    }
    arena.next = at + size as usize;
    at as *mut u8
}

unsafe extern "C" fn alloc_zeroed(size: i64, align: i64) -> *mut u8 {
    // SAFETY: fresh memory of this size.
    unsafe {
        let at = piece(size, align);
        at.write_bytes(0, size as usize);
        at
    }
}

unsafe extern "C" fn realloc_for(at: *mut u8, old_size: i64, align: i64, new_size: i64, frame: usize, address: usize) -> *mut u8 {
    if new_size <= old_size {
        return at;
    }
    // SAFETY: the row's contract; two blocks of at least the old size.
    unsafe {
        let to = piece(new_size, align);
        to.copy_from_nonoverlapping(at, old_size as usize);
        plain::allocated(to, new_size, old_size, frame, address);
        to
    }
}

/// What is read here afterwards shows.
pub(super) const FREED: u8 = 0xdd;

unsafe extern "C" fn free(at: *mut u8, size: i64, _: i64) {
    // SAFETY: the row's contract. The memory is not handed out again in this run.
    unsafe { at.write_bytes(FREED, size as usize) };
    if is_on() && world().plain.watches {
        world().plain.free(at as u64, size as u64);
    }
}

// Everything else that a repeatable run answers by itself.

unsafe extern "C" fn random() -> u64 {
    if !is_on() {
        return clock::mix(0);
    }
    let world = world();
    let current = world.current;
    let task = &mut world.tasks[current as usize];
    task.random += 1;
    clock::mix(u64::from(current) << 32 | task.random)
}

unsafe extern "C" fn stdout_write(at: *const u8, len: i64) {
    // SAFETY: the row's contract.
    unsafe {
        if len > 0 {
            world().out.extend_from_slice(std::slice::from_raw_parts(at, len as usize));
        }
    }
}

unsafe extern "C" fn nothing() {}

unsafe extern "C" fn no_input(_: *mut u8, _: i64) -> i64 {
    0
}

unsafe extern "C" fn relax(_: i64) {}

unsafe extern "C" fn exit(code: i64) -> ! {
    if !is_on() {
        standard::flush();
        process::end(code as i32);
    }
    ends(running(), End::Exited(code as i32))
}

/// A row or a foreign function for code that is to be observed.
pub fn symbol(name: &str) -> Option<*const u8> {
    let own = match name {
        "rt_alloc" => alloc as *const () as *const u8,
        "rt_alloc_zeroed" => alloc_zeroed as *const () as *const u8,
        "rt_realloc" => realloc as *const () as *const u8,
        "rt_free" => free as *const () as *const u8,
        "rt_random" => random as *const () as *const u8,
        "rt_stdout_write" | "rt_stderr_write" => stdout_write as *const () as *const u8,
        "rt_stdout_flush" => nothing as *const () as *const u8,
        "rt_stdin_read" | "rt_stdin_line" => no_input as *const () as *const u8,
        "rt_relax" => relax as *const () as *const u8,
        "rt_exit" => exit as *const () as *const u8,
        _ => return crate::entry::symbol(name),
    };
    Some(own)
}
