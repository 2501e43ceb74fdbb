//! The only exported symbols: one for each row of `abi`'s table, checked against it.
//!
//! Compiled code keeps its side of each contract (lengths are those of the memory behind a pointer, 0 or more), which is
//! what the safety notes below rely on. Rows that raise are assembly: they pass the caller's frame pointer, return address
//! and fiber on to `fault`, because Rust code has no way to know them.

use crate::fiber::Record;
use crate::{barrier, cancel, clock, fault, fiber, file, heap, net, number, observe, process, sched, scope, standard, start, system, tasks};

macro_rules! rows {
    ($($(#[doc = $doc:literal])* $effect:ident fn $name:ident($($param:ident: $ty:ty),*) $(-> $result:ty)?;)*) => {
        // The bodies agree with the table, or this does not compile.
        $(const _: row_type!($effect ($($ty),*) $($result)?) = $name;)*

        /// The address of a row.
        pub fn address(name: &str) -> Option<*const u8> {
            match name {
                $(stringify!($name) => Some($name as row_type!($effect ($($ty),*) $($result)?) as *const u8),)*
                _ => None,
            }
        }
    };
}
macro_rules! row_type {
    (ends ($($ty:ty),*)) => { unsafe extern "C" fn($($ty),*) -> ! };
    ($effect:ident ($($ty:ty),*)) => { unsafe extern "C" fn($($ty),*) };
    ($effect:ident ($($ty:ty),*) $result:ty) => { unsafe extern "C" fn($($ty),*) -> $result };
}
abi::for_each_rt_fn!(rows);

/// A row, or a foreign function of the process.
pub fn symbol(name: &str) -> Option<*const u8> {
    match name {
        "rt_run_main" => Some(start::run_main as abi::RunMain as *const u8),
        "rt_run_test" => Some(start::run_test as abi::RunTest as *const u8),
        _ => address(name).or_else(|| start::foreign(name)),
    }
}

/// Memory of compiled code. An empty one may be anywhere, also at null.
///
/// # Safety
/// `len` bytes are there, or `len` is 0.
unsafe fn bytes<'a>(at: *const u8, len: usize) -> &'a [u8] {
    // SAFETY: the caller's promise.
    if len == 0 { &[] } else { unsafe { std::slice::from_raw_parts(at, len) } }
}

/// # Safety
/// As [`bytes`], and nobody else looks at them.
unsafe fn bytes_mut<'a>(at: *mut u8, len: usize) -> &'a mut [u8] {
    // SAFETY: the caller's promise.
    if len == 0 { &mut [] } else { unsafe { std::slice::from_raw_parts_mut(at, len) } }
}

macro_rules! exported {
    ($(fn $name:ident($($param:ident: $ty:ty),*) $(-> $result:ty)? $body:block)*) => {$(
        /// # Safety
        /// See the row.
        #[unsafe(no_mangle)]
        #[allow(unused_unsafe)] // some bodies ask for nothing
        pub unsafe extern "C" fn $name($($param: $ty),*) $(-> $result)? {
            // SAFETY: the row's contract, kept by compiled code.
            unsafe { $body }
        }
    )*};
}

/// Rows that need to know who calls. They take up to two arguments and pass five on.
macro_rules! with_caller {
    ($($name:ident($($ty:ty),*) $(-> $result:ty)? => $target:path;)*) => {$(
        /// # Safety
        /// See the row.
        #[unsafe(no_mangle)]
        #[unsafe(naked)]
        pub unsafe extern "C" fn $name($(_: $ty),*) $(-> $result)? {
            #[cfg(target_arch = "x86_64")]
            core::arch::naked_asm!(
                "mov rdx, rbp", "mov rcx, [rsp]", "mov r8, r15", "jmp {target}",
                target = sym $target,
            );
            #[cfg(target_arch = "aarch64")]
            core::arch::naked_asm!(
                "mov x2, x29", "mov x3, x30", "mov x4, x21", "b {target}",
                target = sym $target,
            );
        }
    )*};
}
with_caller! {
    rt_panic(*const u8, i64) => fault::raise_message;
    rt_raise_cancelled(i64) => fault::raise_cancelled;
    rt_stack_overflow() => fault::raise_stack_overflow;
    rt_stack_exhausted() -> ! => fault::stack_exhausted;
    rt_panic_in_foreign() -> ! => fault::panic_in_foreign;
}

/// The same for calls on paths that are hardly ever taken: they keep every register, so that who may make one need not move what it
/// works with out of the way (`Row::keeps_registers`).
macro_rules! keeps_registers {
    ($($name:ident($($ty:ty),*) => $target:path;)*) => {$(
        /// # Safety
        /// See the row.
        #[unsafe(no_mangle)]
        #[unsafe(naked)]
        pub unsafe extern "C" fn $name($(_: $ty),*) {
            #[cfg(target_arch = "x86_64")]
            core::arch::naked_asm!(
                "push rbp", "mov rbp, rsp",
                "push rax", "push rcx", "push rdx", "push rsi", "push rdi", "push r8", "push r9", "push r10", "push r11", "push r11",
                "sub rsp, 256",
                "movups [rsp], xmm0", "movups [rsp + 16], xmm1", "movups [rsp + 32], xmm2", "movups [rsp + 48], xmm3",
                "movups [rsp + 64], xmm4", "movups [rsp + 80], xmm5", "movups [rsp + 96], xmm6", "movups [rsp + 112], xmm7",
                "movups [rsp + 128], xmm8", "movups [rsp + 144], xmm9", "movups [rsp + 160], xmm10", "movups [rsp + 176], xmm11",
                "movups [rsp + 192], xmm12", "movups [rsp + 208], xmm13", "movups [rsp + 224], xmm14", "movups [rsp + 240], xmm15",
                "mov rdx, [rbp]", "mov rcx, [rbp + 8]", "mov r8, r15",
                "call {target}",
                "movups xmm0, [rsp]", "movups xmm1, [rsp + 16]", "movups xmm2, [rsp + 32]", "movups xmm3, [rsp + 48]",
                "movups xmm4, [rsp + 64]", "movups xmm5, [rsp + 80]", "movups xmm6, [rsp + 96]", "movups xmm7, [rsp + 112]",
                "movups xmm8, [rsp + 128]", "movups xmm9, [rsp + 144]", "movups xmm10, [rsp + 160]", "movups xmm11, [rsp + 176]",
                "movups xmm12, [rsp + 192]", "movups xmm13, [rsp + 208]", "movups xmm14, [rsp + 224]", "movups xmm15, [rsp + 240]",
                "add rsp, 256",
                "pop r11", "pop r11", "pop r10", "pop r9", "pop r8", "pop rdi", "pop rsi", "pop rdx", "pop rcx", "pop rax",
                "pop rbp", "ret",
                target = sym $target,
            );
            #[cfg(target_arch = "aarch64")]
            core::arch::naked_asm!(
                "stp x29, x30, [sp, #-16]!", "mov x29, sp", "sub sp, sp, #672",
                "stp x0, x1, [sp]", "stp x2, x3, [sp, #16]", "stp x4, x5, [sp, #32]", "stp x6, x7, [sp, #48]",
                "stp x8, x9, [sp, #64]", "stp x10, x11, [sp, #80]", "stp x12, x13, [sp, #96]", "stp x14, x15, [sp, #112]",
                "stp x16, x17, [sp, #128]", "str x18, [sp, #144]",
                "stp q0, q1, [sp, #160]", "stp q2, q3, [sp, #192]", "stp q4, q5, [sp, #224]", "stp q6, q7, [sp, #256]",
                "stp q8, q9, [sp, #288]", "stp q10, q11, [sp, #320]", "stp q12, q13, [sp, #352]", "stp q14, q15, [sp, #384]",
                "stp q16, q17, [sp, #416]", "stp q18, q19, [sp, #448]", "stp q20, q21, [sp, #480]", "stp q22, q23, [sp, #512]",
                "stp q24, q25, [sp, #544]", "stp q26, q27, [sp, #576]", "stp q28, q29, [sp, #608]", "stp q30, q31, [sp, #640]",
                "ldr x2, [x29]", "ldr x3, [x29, #8]", "mov x4, x21",
                "bl {target}",
                "ldp x0, x1, [sp]", "ldp x2, x3, [sp, #16]", "ldp x4, x5, [sp, #32]", "ldp x6, x7, [sp, #48]",
                "ldp x8, x9, [sp, #64]", "ldp x10, x11, [sp, #80]", "ldp x12, x13, [sp, #96]", "ldp x14, x15, [sp, #112]",
                "ldp x16, x17, [sp, #128]", "ldr x18, [sp, #144]",
                "ldp q0, q1, [sp, #160]", "ldp q2, q3, [sp, #192]", "ldp q4, q5, [sp, #224]", "ldp q6, q7, [sp, #256]",
                "ldp q8, q9, [sp, #288]", "ldp q10, q11, [sp, #320]", "ldp q12, q13, [sp, #352]", "ldp q14, q15, [sp, #384]",
                "ldp q16, q17, [sp, #416]", "ldp q18, q19, [sp, #448]", "ldp q20, q21, [sp, #480]", "ldp q22, q23, [sp, #512]",
                "ldp q24, q25, [sp, #544]", "ldp q26, q27, [sp, #576]", "ldp q28, q29, [sp, #608]", "ldp q30, q31, [sp, #640]",
                "add sp, sp, #672", "ldp x29, x30, [sp], #16", "ret",
                target = sym $target,
            );
        }
    )*};
}
keeps_registers! {
    rt_fault(i64) => fault::raise_fault;
    rt_bounds(i64, i64) => fault::raise_bounds;
    rt_task_poll() => tasks::poll;
}

/// Rows that may leave the fiber: they take up to three arguments behind the fiber, and note in its record who calls, for
/// reports of what waits where.
macro_rules! may_park {
    ($($name:ident($($ty:ty),*) $(-> $result:ty)? => $target:path;)*) => {$(
        /// # Safety
        /// See the row.
        #[unsafe(no_mangle)]
        #[unsafe(naked)]
        pub unsafe extern "C" fn $name($(_: $ty),*) $(-> $result)? {
            #[cfg(target_arch = "x86_64")]
            core::arch::naked_asm!(
                "mov [rdi + {frame}], rbp", "mov rax, [rsp]", "mov [rdi + {address}], rax", "jmp {target}",
                frame = const std::mem::offset_of!(Record, frame),
                address = const std::mem::offset_of!(Record, address),
                target = sym $target,
            );
            #[cfg(target_arch = "aarch64")]
            core::arch::naked_asm!(
                "str x29, [x0, {frame}]", "str x30, [x0, {address}]", "b {target}",
                frame = const std::mem::offset_of!(Record, frame),
                address = const std::mem::offset_of!(Record, address),
                target = sym $target,
            );
        }
    )*};
}
may_park! {
    rt_task_park(*mut u8, i64, i64) -> i64 => tasks::park;
    rt_task_join(*mut u8, *mut u8, i64) -> i64 => tasks::join;
    rt_task_wait_scope(*mut u8, *mut u8, i64, i64) -> i64 => tasks::wait_scope;
    rt_task_yield(*mut u8) => tasks::yield_now;
    rt_task_publish(*mut u8, *mut u8, *const u8) => tasks::publish;
    rt_task_publish_limited(*mut u8, *mut u8, *const u8) => tasks::publish_limited;
    rt_task_fork(*mut u8, *mut u8, *const u8) => tasks::fork;
    rt_observe_access(*mut u8, i64, *mut u8, u64, u64) -> u64 => observe::access;
    rt_observe_begin(*mut u8, *mut u8) => observe::begin;
    rt_observe_end(*mut u8, *mut u8) => observe::end;
    rt_observe_lock(*mut u8, *mut u8) => observe::lock;
    rt_observe_try_lock(*mut u8, *mut u8) -> i64 => observe::try_lock;
    rt_observe_miss(*mut u8, *mut u8) -> i64 => observe::miss;
    rt_observe_divide(*mut u8) => observe::divides;
    rt_observe_one_order(*mut u8) => observe::one_order;
    rt_observe_tell(*mut u8, *mut u8, i64, i64) => observe::tell;
    rt_observe_hear(*mut u8, *mut u8, i64) -> i64 => observe::hear;
    rt_observe_settle(*mut u8, i64) -> i64 => observe::settle;
    rt_observe_until_ended(*mut u8, *mut u8) -> i64 => observe::until_ended;
    rt_observe_unlock(*mut u8, *mut u8) => observe::unlock;
    rt_observe_choose(*mut u8, i64) -> i64 => observe::choose;
    rt_observe_give_up(*mut u8) => observe::give_up;
    rt_observe_ended(*mut u8, *mut u8) -> i64 => observe::ended;
    rt_observe_cancelling(*mut u8) -> i64 => observe::cancelling;
    rt_observe_look(*mut u8) -> i64 => observe::look;
    rt_observe_look_at(*mut u8, *mut u8) -> i64 => observe::look_at;
    rt_observe_scope(*mut u8, *mut u8) => observe::scope;
    rt_observe_plain(*mut u8, *mut u8, i64, i64) => observe::plain;
    rt_observe_round(*mut u8, i64, u64) => observe::round;
}

exported! {
    fn rt_observe_owner(fiber: *mut u8, at: *mut u8, last: i64) { observe::owner(fiber.cast(), at as u64, last != 0) }
    fn rt_observe_mix(hash: u64, at: *mut u8, size: i64) -> u64 { observe::mix(hash, at, size as usize) }
    fn rt_observe_whole() -> i64 { observe::whole() }
    fn rt_observe_numbers() -> i64 { observe::numbers() }
    fn rt_observe_task(fiber: *mut u8) -> i64 { observe::task_number(fiber) }
    fn rt_observe_knows(fiber: *mut u8, other: i64) -> i64 { observe::knows(fiber, other) }
    fn rt_observe_quiet(fiber: *mut u8) { observe::quiet(fiber) }
    fn rt_observe_loud(fiber: *mut u8) { observe::loud(fiber) }
    fn rt_observe_catching(fiber: *mut u8, more: i64) { observe::catching(fiber, more) }
    fn rt_observe_waiter(fiber: *mut u8) -> i64 { observe::waiter(fiber) }
    fn rt_observe_wake(fiber: *mut u8, number: i64) { observe::wakes(fiber, number) }
    fn rt_observe_choosing(fiber: *mut u8, is: i64) { observe::choosing(fiber, is) }
    fn rt_unwind() {}
    fn rt_task_ready(fiber: *mut u8) { sched::ready(fiber.cast()) }
    fn rt_task_catch(function: *const u8, data: *mut u8) -> i64 { fiber::catch(function as usize, data) }
    fn rt_task_end(task: *mut u8, phase: i64) -> i64 { i64::from(scope::end(task.cast(), phase as u64)) }
    fn rt_task_leave(fiber: *mut u8, task: *mut u8, within: *mut u8) { scope::leave(fiber.cast(), task.cast(), within.cast()) }
    fn rt_task_failed(fiber: *mut u8, task: *mut u8) -> i64 { scope::failed(fiber.cast(), task.cast()) as i64 }
    fn rt_task_fail_scope(fiber: *mut u8, scope: *mut u8) { tasks::fail_scope(fiber.cast(), scope.cast()) }
    fn rt_task_settle(fiber: *mut u8, scope: *mut u8) -> i64 { i64::from(scope::settle(fiber.cast(), scope.cast())) }
    fn rt_task_wait_for(fiber: *mut u8, task: *mut u8, epoch: i64, value: i64) -> i64 {
        i64::from(tasks::wait_for(fiber.cast(), task.cast(), epoch as u64, value as u64))
    }
    fn rt_task_unwait(task: *mut u8) { scope::unwait(task.cast()); }
    fn rt_task_cancel(node: *mut u8, reason: i64) { cancel::cancel(node.cast(), reason as u64) }
    fn rt_task_unlink(node: *mut u8) { cancel::unlink(node.cast()) }
    fn rt_task_deadline(node: *mut u8, at: i64, opens_shield: i64) { cancel::deadline(node.cast(), at, opens_shield != 0) }
    fn rt_task_root() -> *mut u8 { scope::root().cast() }
    fn rt_task_workers() -> i64 { sched::count() as i64 }
    fn rt_task_number(fiber: *mut u8) -> i64 { tasks::number(fiber.cast()) }
    fn rt_task_carried(fiber: *mut u8) -> i64 { tasks::carried(fiber.cast()) }
    fn rt_task_drop_carried(fiber: *mut u8) { tasks::drop_carried(fiber.cast()) }
    fn rt_task_failure(failure: *mut u8, at: *mut *const u8, len: *mut i64) -> i64 { tasks::failure(failure.cast(), at, len) }
    fn rt_task_drop_failure(failure: *mut u8) { tasks::drop_failure(failure.cast()) }
    fn rt_task_take_failure(scope: *mut u8) -> *mut u8 { tasks::take_failure(scope.cast()) }
    fn rt_task_blocking(fiber: *mut u8, begins: i64) { tasks::blocking(fiber.cast(), begins != 0) }

    fn rt_alloc(size: i64, align: i64) -> *mut u8 { heap::alloc(size as usize, align as usize) }
    fn rt_alloc_zeroed(size: i64, align: i64) -> *mut u8 { heap::alloc_zeroed(size as usize, align as usize) }
    fn rt_realloc(at: *mut u8, old_size: i64, align: i64, new_size: i64) -> *mut u8 {
        heap::realloc(at, old_size as usize, align as usize, new_size as usize)
    }
    fn rt_free(at: *mut u8, size: i64, align: i64) { heap::free(at, size as usize, align as usize) }

    fn rt_exit(code: i64) -> ! {
        standard::flush();
        process::end(code as i32)
    }
    fn rt_abort() -> ! {
        standard::flush();
        std::process::abort()
    }
    fn rt_fiber() -> *mut u8 { fiber::current().cast() }

    fn rt_stdout_write(at: *const u8, len: i64) { standard::print(bytes(at, len as usize)) }
    fn rt_stdout_flush() { standard::flush() }
    fn rt_stderr_write(at: *const u8, len: i64) {
        standard::complain_bytes(bytes(at, len as usize))
    }
    fn rt_stderr_kind() -> i64 {
        standard::error_kind()
    }
    fn rt_stdin_read(into: *mut u8, capacity: i64) -> i64 {
        file::code(standard::read(bytes_mut(into, capacity as usize), false), |n| n as i64)
    }
    fn rt_stdin_line(into: *mut u8, capacity: i64) -> i64 {
        file::code(standard::read(bytes_mut(into, capacity as usize), true), |n| n as i64)
    }

    fn rt_file_open(path: *const u8, len: i64, mode: i64) -> i64 {
        file::code(file::open(bytes(path, len as usize), mode), |n| n)
    }
    fn rt_file_read(at: i64, into: *mut u8, capacity: i64) -> i64 {
        file::code(sched::blocking(|| file::read(at, bytes_mut(into, capacity as usize))), |n| n)
    }
    fn rt_file_write(at: i64, from: *const u8, len: i64) -> i64 {
        file::code(sched::blocking(|| file::write(at, bytes(from, len as usize))), |n| n)
    }
    fn rt_file_seek(at: i64, offset: i64, whence: i64) -> i64 { file::code(file::seek(at, offset, whence), |n| n) }
    fn rt_file_size(at: i64) -> i64 { file::code(file::size(at), |n| n) }
    fn rt_file_close(at: i64) -> i64 { file::code(file::close(at), |n| n) }
    fn rt_path_exists(path: *const u8, len: i64) -> i64 {
        i64::from(file::path(bytes(path, len as usize)).exists())
    }
    fn rt_path_kind(path: *const u8, len: i64) -> i64 {
        file::code(file::kind(bytes(path, len as usize)), |n| n)
    }
    fn rt_path_remove_file(path: *const u8, len: i64) -> i64 {
        file::code(std::fs::remove_file(file::path(bytes(path, len as usize))), |()| 0)
    }
    fn rt_path_remove_dir(path: *const u8, len: i64) -> i64 {
        file::code(std::fs::remove_dir(file::path(bytes(path, len as usize))), |()| 0)
    }
    fn rt_path_create_dir_all(path: *const u8, len: i64) -> i64 {
        file::code(std::fs::create_dir_all(file::path(bytes(path, len as usize))), |()| 0)
    }
    fn rt_path_rename(from: *const u8, from_len: i64, to: *const u8, to_len: i64) -> i64 {
        let from = file::path(bytes(from, from_len as usize));
        file::code(std::fs::rename(from, file::path(bytes(to, to_len as usize))), |()| 0)
    }
    fn rt_dir_read(path: *const u8, len: i64, size: *mut i64) -> *mut u8 {
        match file::names(bytes(path, len as usize)) {
            Ok(names) => {
                size.write(names.len() as i64);
                // An empty folder is memory of no bytes, which is never freed.
                if names.is_empty() {
                    return std::ptr::without_provenance_mut(1);
                }
                let at = heap::alloc(names.len(), 1);
                at.copy_from_nonoverlapping(names.as_ptr(), names.len());
                at
            }
            Err(error) => {
                size.write(file::number(&error));
                std::ptr::null_mut()
            }
        }
    }
    fn rt_error_text(number: i64, into: *mut u8, capacity: i64) -> i64 {
        let text = file::error_text(number);
        let fits = text.len().min(capacity as usize);
        into.copy_from_nonoverlapping(text.as_ptr(), fits);
        fits as i64
    }

    fn rt_net_listen(at: *const u8, len: i64) -> i64 { file::code(net::listen(bytes(at, len as usize)), |n| n) }
    fn rt_net_connect(to: *const u8, len: i64) -> i64 { file::code(net::connect(bytes(to, len as usize)), |n| n) }
    fn rt_net_accept(socket: i64) -> i64 { file::code(net::accept(socket), |n| n) }
    fn rt_net_read(socket: i64, into: *mut u8, capacity: i64) -> i64 {
        file::code(net::read(socket, bytes_mut(into, capacity as usize)), |n| n)
    }
    fn rt_net_write(socket: i64, from: *const u8, len: i64) -> i64 {
        file::code(net::write(socket, bytes(from, len as usize)), |n| n)
    }
    fn rt_net_wake_when(fiber: *mut u8, socket: i64, epoch: i64, writable: i64) {
        let until = if writable == 0 { net::Until::Readable } else { net::Until::Writable };
        net::wake_when(fiber.cast(), socket, epoch as u64, until);
    }
    fn rt_net_again(socket: i64) -> i64 { file::code(net::again(socket), |n| n) }
    fn rt_net_finish(socket: i64) -> i64 { file::code(net::finish(socket), |n| n) }
    fn rt_net_name(socket: i64, which: i64, into: *mut u8, capacity: i64) -> i64 {
        file::code(net::name(socket, which), |name| {
            let fits = name.len().min(capacity as usize);
            into.copy_from_nonoverlapping(name.as_ptr(), fits);
            fits as i64
        })
    }
    fn rt_net_close(socket: i64) { net::close(socket) }
    fn rt_udp_bind(at: *const u8, len: i64) -> i64 { file::code(net::bind_datagrams(bytes(at, len as usize)), |n| n) }
    fn rt_udp_connect(socket: i64, to: *const u8, len: i64) -> i64 {
        file::code(net::connect_datagrams(socket, bytes(to, len as usize)), |n| n)
    }
    fn rt_udp_send(socket: i64, from: *const u8, len: i64, to: *const u8, to_len: i64) -> i64 {
        file::code(net::send_to(socket, bytes(from, len as usize), bytes(to, to_len as usize)), |n| n)
    }
    fn rt_udp_receive(socket: i64, into: *mut u8, capacity: i64, sender: *mut u8, sender_len: *mut i64) -> i64 {
        file::code(net::receive_from(socket, bytes_mut(into, capacity as usize)), |(len, from)| {
            let fits = from.len().min(64);
            sender.copy_from_nonoverlapping(from.as_ptr(), fits);
            sender_len.write(fits as i64);
            len
        })
    }

    fn rt_args_count() -> i64 { process::args().len() as i64 }
    fn rt_arg(index: i64, at: *mut *const u8) -> i64 {
        let arg = &process::args()[index as usize];
        at.write(arg.as_ptr());
        arg.len() as i64
    }
    fn rt_env_var(name: *const u8, len: i64, into: *mut u8, capacity: i64) -> i64 {
        let Some(value) = process::variable(bytes(name, len as usize)) else { return -1 };
        into.copy_from_nonoverlapping(value.as_ptr(), value.len().min(capacity as usize));
        value.len() as i64
    }

    fn rt_clock_now() -> i64 { clock::now() }
    fn rt_clock_wall() -> i64 { clock::wall() }
    fn rt_relax(round: i64) { clock::relax(round) }
    fn rt_barrier() -> i64 { i64::from(barrier::everywhere()) }
    fn rt_random() -> u64 { clock::random() }

    fn rt_float_format(value: f64, kind: i64, precision: i64, into: *mut u8) -> i64 {
        number::format_f64(value, kind, precision, into)
    }
    fn rt_float32_format(value: f32, kind: i64, precision: i64, into: *mut u8) -> i64 {
        number::format_f32(value, kind, precision, into)
    }
    fn rt_float_parse(text: *const u8, len: i64, into: *mut f64) -> i64 {
        match std::str::from_utf8(bytes(text, len as usize)).ok().and_then(|text| text.parse().ok()) {
            Some(value) => {
                into.write(value);
                1
            }
            None => 0,
        }
    }
    fn rt_float32_parse(text: *const u8, len: i64, into: *mut f32) -> i64 {
        match std::str::from_utf8(bytes(text, len as usize)).ok().and_then(|text| text.parse().ok()) {
            Some(value) => {
                into.write(value);
                1
            }
            None => 0,
        }
    }
    fn rt_float_math(function: i64, value: f64) -> f64 { number::math(function, value) }
    fn rt_float_math2(function: i64, a: f64, b: f64) -> f64 { number::math2(function, a, b) }
    fn rt_fma(a: f64, b: f64, c: f64) -> f64 { a.mul_add(b, c) }
    fn rt_fma32(a: f32, b: f32, c: f32) -> f32 { a.mul_add(b, c) }
    fn rt_char_upper(c: u32, into: *mut u32) -> i64 {
        let mut forms = [0; 3];
        let count = number::case(c, true, &mut forms);
        into.copy_from_nonoverlapping(forms.as_ptr(), count as usize);
        count
    }
    fn rt_char_lower(c: u32, into: *mut u32) -> i64 {
        let mut forms = [0; 3];
        let count = number::case(c, false, &mut forms);
        into.copy_from_nonoverlapping(forms.as_ptr(), count as usize);
        count
    }
    fn rt_char_is(c: u32, class: i64) -> i64 { i64::from(number::is(c, class)) }

    fn rt_memory_copy(to: *mut u8, from: *const u8, size: i64) { to.copy_from_nonoverlapping(from, size as usize) }
    fn rt_memory_move(to: *mut u8, from: *const u8, size: i64) { to.copy_from(from, size as usize) }
    fn rt_memory_fill(to: *mut u8, byte: i64, size: i64) { to.write_bytes(byte as u8, size as usize) }
    fn rt_memory_compare(a: *const u8, b: *const u8, size: i64) -> i64 {
        i64::from(system::memcmp(a.cast(), b.cast(), size as usize))
    }
}

