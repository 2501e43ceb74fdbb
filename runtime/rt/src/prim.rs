//! The one file that names the library's threads, locks and atomics: a model checker's can be put in their place here.

pub use std::sync::atomic::{AtomicBool, AtomicI32, AtomicI64, AtomicPtr, AtomicU8, AtomicU32, AtomicU64, AtomicUsize, Ordering, compiler_fence, fence};
#[cfg(aurora_tsan)]
pub use crate::watched::{Condvar, LazyLock, Mutex, MutexGuard, Once, OnceLock};
#[cfg(not(aurora_tsan))]
pub use std::sync::{Condvar, LazyLock, Mutex, MutexGuard, Once, OnceLock};
pub use std::hint::spin_loop as spin;
pub use std::thread;

/// Nothing in the runtime panics while it holds a lock; if a bug does, the data is still the data.
pub fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}
