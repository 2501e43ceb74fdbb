//! The few functions of the system that Rust's library does not offer, declared by hand: the runtime has no dependencies.

use std::ffi::{c_char, c_int, c_long, c_void};

unsafe extern "C" {
    pub fn mmap(at: *mut c_void, size: usize, protection: c_int, flags: c_int, file: c_int, offset: i64) -> *mut c_void;
    pub fn madvise(at: *mut c_void, size: usize, advice: c_int) -> c_int;
    pub fn dlsym(library: *mut c_void, name: *const c_char) -> *mut c_void;
    pub fn malloc(size: usize) -> *mut c_void;
    pub fn calloc(count: usize, size: usize) -> *mut c_void;
    pub fn realloc(at: *mut c_void, size: usize) -> *mut c_void;
    pub fn free(at: *mut c_void);
    pub fn aligned_alloc(align: usize, size: usize) -> *mut c_void;
    pub fn sigaction(signal: c_int, new: *const SignalAction, old: *mut SignalAction) -> c_int;
    pub fn sigaltstack(new: *const SignalStack, old: *mut SignalStack) -> c_int;
    pub fn pipe(ends: *mut c_int) -> c_int;
    pub fn read(file: c_int, into: *mut c_void, size: usize) -> isize;
    pub fn write(file: c_int, from: *const c_void, size: usize) -> isize;
    pub fn _exit(code: c_int) -> !;
    pub fn fork() -> c_int;
    pub fn waitpid(child: c_int, status: *mut c_int, options: c_int) -> c_int;
    pub fn close(file: c_int) -> c_int;
    #[cfg(target_os = "linux")]
    pub fn epoll_create1(flags: c_int) -> c_int;
    #[cfg(target_os = "linux")]
    pub fn epoll_ctl(instance: c_int, operation: c_int, file: c_int, event: *mut EpollEvent) -> c_int;
    #[cfg(target_os = "linux")]
    pub fn epoll_wait(instance: c_int, events: *mut EpollEvent, room: c_int, milliseconds: c_int) -> c_int;
    #[cfg(target_os = "linux")]
    pub fn syscall(number: c_long, ...) -> c_long;
    pub fn memcmp(a: *const c_void, b: *const c_void, size: usize) -> c_int;
}

pub const PROT_READ: c_int = 1;
pub const PROT_WRITE: c_int = 2;
pub const MAP_SHARED: c_int = 0x01;
pub const MAP_PRIVATE: c_int = 0x02;
#[cfg(target_os = "linux")]
pub const MAP_ANONYMOUS: c_int = 0x20;
#[cfg(target_os = "linux")]
pub const MAP_NORESERVE: c_int = 0x4000;
#[cfg(target_os = "macos")]
pub const MAP_ANONYMOUS: c_int = 0x1000;
#[cfg(target_os = "macos")]
pub const MAP_NORESERVE: c_int = 0x40;

#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
pub const SYS_MEMBARRIER: c_long = 324;
#[cfg(all(target_os = "linux", target_arch = "aarch64"))]
pub const SYS_MEMBARRIER: c_long = 283;
#[cfg(target_os = "linux")]
pub const MEMBARRIER_PRIVATE: c_int = 8;
#[cfg(target_os = "linux")]
pub const MEMBARRIER_REGISTER_PRIVATE: c_int = 16;

#[cfg(target_os = "linux")]
pub const MADV_NOHUGEPAGE: c_int = 15;
/// Linux 6.13.
#[cfg(target_os = "linux")]
pub const MADV_GUARD_INSTALL: c_int = 102;

pub const SIGINT: c_int = 2;
pub const SIGQUIT: c_int = 3;
pub const SIGTERM: c_int = 15;
pub const SIGPIPE: c_int = 13;
pub const SIG_IGN: usize = 1;
pub const SIGILL: c_int = 4;
#[cfg(target_os = "linux")]
pub const SIGBUS: c_int = 7;
#[cfg(target_os = "macos")]
pub const SIGBUS: c_int = 10;
pub const SIGFPE: c_int = 8;
pub const SIGSEGV: c_int = 11;
#[cfg(target_os = "linux")]
pub const SA_SIGINFO: c_int = 4;
#[cfg(target_os = "linux")]
pub const SA_ONSTACK: c_int = 0x0800_0000;
#[cfg(target_os = "linux")]
pub const SA_RESTART: c_int = 0x1000_0000;
#[cfg(target_os = "macos")]
pub const SA_RESTART: c_int = 2;
#[cfg(target_os = "macos")]
pub const SA_SIGINFO: c_int = 0x40;
#[cfg(target_os = "macos")]
pub const SA_ONSTACK: c_int = 1;

#[cfg(target_os = "linux")]
pub const EPOLL_CLOEXEC: c_int = 0x80000;
#[cfg(target_os = "linux")]
pub const EPOLL_CTL_ADD: c_int = 1;
#[cfg(target_os = "linux")]
pub const EPOLL_CTL_MOD: c_int = 3;
#[cfg(target_os = "linux")]
pub const EPOLLIN: u32 = 0x001;
#[cfg(target_os = "linux")]
pub const EPOLLOUT: u32 = 0x004;
#[cfg(target_os = "linux")]
pub const EPOLLERR: u32 = 0x008;
#[cfg(target_os = "linux")]
pub const EPOLLHUP: u32 = 0x010;
#[cfg(target_os = "linux")]
pub const EPOLLRDHUP: u32 = 0x2000;
#[cfg(target_os = "linux")]
pub const EPOLLONESHOT: u32 = 1 << 30;

/// `struct epoll_event`, which the kernel packs on x86-64 alone.
#[derive(Clone, Copy)]
#[cfg(target_os = "linux")]
#[cfg_attr(target_arch = "x86_64", repr(C, packed))]
#[cfg_attr(not(target_arch = "x86_64"), repr(C))]
pub struct EpollEvent {
    pub events: u32,
    pub socket: u64,
}

/// `struct sigaction` of glibc and musl on 64-bit Linux.
#[repr(C)]
#[cfg(target_os = "linux")]
pub struct SignalAction {
    pub handler: usize,
    pub mask: [u64; 16],
    pub flags: c_int,
    pub restorer: usize,
}

/// `struct sigaction` of macOS.
#[repr(C)]
#[cfg(target_os = "macos")]
pub struct SignalAction {
    pub handler: usize,
    pub mask: u32,
    pub flags: c_int,
}

/// `stack_t`.
#[repr(C)]
#[cfg(target_os = "linux")]
pub struct SignalStack {
    pub at: *mut c_void,
    pub flags: c_int,
    pub size: usize,
}
#[repr(C)]
#[cfg(target_os = "macos")]
pub struct SignalStack {
    pub at: *mut c_void,
    pub size: usize,
    pub flags: c_int,
}
