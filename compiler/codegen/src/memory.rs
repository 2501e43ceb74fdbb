//! Memory for code: mapped, filled, then made executable and never writable again.

use std::ffi::{c_int, c_void};

unsafe extern "C" {
    fn mmap(at: *mut c_void, size: usize, protection: c_int, flags: c_int, file: c_int, offset: i64) -> *mut c_void;
    fn mprotect(at: *mut c_void, size: usize, protection: c_int) -> c_int;
    fn munmap(at: *mut c_void, size: usize) -> c_int;
}

const READ: c_int = 1;
const WRITE: c_int = 2;
const RUN: c_int = 4;
const PRIVATE: c_int = 2;
const ANONYMOUS: c_int = if cfg!(target_os = "macos") { 0x1000 } else { 0x20 };

/// A mapping that goes with its value.
pub struct Memory {
    at: *mut u8,
    size: usize,
}

// SAFETY: plain memory; what runs in it is the runtime's business.
unsafe impl Send for Memory {}
// SAFETY: as above; nothing here writes after `protect`.
unsafe impl Sync for Memory {}

impl Memory {
    pub fn new(size: usize) -> Memory {
        // SAFETY: a fresh private mapping.
        let at = unsafe { mmap(std::ptr::null_mut(), size, READ | WRITE, PRIVATE | ANONYMOUS, -1, 0) };
        assert!(at as isize != -1, "no memory for {size} bytes of code: {}", std::io::Error::last_os_error());
        Memory { at: at.cast(), size }
    }

    pub fn start(&self) -> *mut u8 {
        self.at
    }

    pub fn bytes(&mut self) -> &mut [u8] {
        // SAFETY: mapped readable and writable, and ours alone.
        unsafe { std::slice::from_raw_parts_mut(self.at, self.size) }
    }

    /// Constants before `code`, code, data behind it: offsets are page-aligned.
    pub fn protect(&mut self, code: u64, data: u64) {
        let (code, data) = (code as usize, data as usize);
        // SAFETY: parts of the mapping.
        let failed = unsafe {
            mprotect(self.at.cast(), code, READ) != 0 || mprotect(self.at.add(code).cast(), data - code, READ | RUN) != 0
        };
        assert!(!failed, "cannot make code executable: {}", std::io::Error::last_os_error());
        #[cfg(target_arch = "aarch64")]
        // SAFETY: the mapped code.
        unsafe {
            unsafe extern "C" {
                fn __clear_cache(from: *mut c_void, to: *mut c_void);
            }
            __clear_cache(self.at.add(code).cast(), self.at.add(data).cast());
        }
    }
}

impl Drop for Memory {
    fn drop(&mut self) {
        // SAFETY: mapped by `new`; whoever holds the value holds no pointers into it.
        unsafe { munmap(self.at.cast(), self.size) };
    }
}
