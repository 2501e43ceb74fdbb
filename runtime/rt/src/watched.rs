//! Locks of the runtime's own in place of Rust's, for ThreadSanitizer (`cargo x tsan`): Rust's library is not instrumented, so
//! what its locks order would be reported as races. They spin; nothing else is asked of them.

use crate::prim::{AtomicBool, AtomicU8, AtomicUsize, Ordering, thread};
use std::cell::UnsafeCell;
use std::ops::{Deref, DerefMut};
use std::sync::TryLockError;
use std::time::{Duration, Instant};

/// Rust's locks tell of poison; these have none.
pub struct Whole<T>(T);
impl<T> Whole<T> {
    pub fn into_inner(self) -> T {
        self.0
    }
}

pub struct Mutex<T> {
    held: AtomicBool,
    value: UnsafeCell<T>,
}
// SAFETY: who looks at the value holds the lock.
unsafe impl<T: Send> Sync for Mutex<T> {}

impl<T> Mutex<T> {
    pub const fn new(value: T) -> Mutex<T> {
        Mutex { held: AtomicBool::new(false), value: UnsafeCell::new(value) }
    }
    pub fn lock(&self) -> Result<MutexGuard<'_, T>, Whole<MutexGuard<'_, T>>> {
        while self.held.swap(true, Ordering::Acquire) {
            thread::yield_now();
        }
        Ok(MutexGuard(self))
    }
    pub fn try_lock(&self) -> Result<MutexGuard<'_, T>, TryLockError<MutexGuard<'_, T>>> {
        if self.held.swap(true, Ordering::Acquire) { Err(TryLockError::WouldBlock) } else { Ok(MutexGuard(self)) }
    }
}
impl<T: Default> Default for Mutex<T> {
    fn default() -> Mutex<T> {
        Mutex::new(T::default())
    }
}

pub struct MutexGuard<'m, T>(&'m Mutex<T>);
impl<T> Deref for MutexGuard<'_, T> {
    type Target = T;
    fn deref(&self) -> &T {
        // SAFETY: the lock is held.
        unsafe { &*self.0.value.get() }
    }
}
impl<T> DerefMut for MutexGuard<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: the lock is held.
        unsafe { &mut *self.0.value.get() }
    }
}
impl<T> Drop for MutexGuard<'_, T> {
    fn drop(&mut self) {
        self.0.held.store(false, Ordering::Release);
    }
}

pub struct Condvar(AtomicUsize);
impl Condvar {
    pub const fn new() -> Condvar {
        Condvar(AtomicUsize::new(0))
    }
    pub fn notify_one(&self) {
        self.0.fetch_add(1, Ordering::Release);
    }
    pub fn wait<'m, T>(&self, guard: MutexGuard<'m, T>) -> Result<MutexGuard<'m, T>, Whole<MutexGuard<'m, T>>> {
        self.wait_timeout(guard, Duration::MAX).map(|(guard, ())| guard).map_err(|whole| Whole(whole.0.0))
    }
    pub fn wait_timeout<'m, T>(
        &self,
        guard: MutexGuard<'m, T>,
        time: Duration,
    ) -> Result<(MutexGuard<'m, T>, ()), Whole<(MutexGuard<'m, T>, ())>> {
        let (mutex, start, seen) = (guard.0, Instant::now(), self.0.load(Ordering::Acquire));
        drop(guard);
        while self.0.load(Ordering::Acquire) == seen && start.elapsed() < time {
            thread::sleep(Duration::from_micros(50));
        }
        Ok((mutex.lock().unwrap_or_else(Whole::into_inner), ()))
    }
}

/// 0 not yet, 1 under way, 2 done.
pub struct Once(AtomicU8);
impl Once {
    pub const fn new() -> Once {
        Once(AtomicU8::new(0))
    }
    pub fn call_once(&self, call: impl FnOnce()) {
        if self.0.compare_exchange(0, 1, Ordering::Acquire, Ordering::Acquire).is_ok() {
            call();
            self.0.store(2, Ordering::Release);
        }
        while self.0.load(Ordering::Acquire) != 2 {
            thread::yield_now();
        }
    }
}

pub struct OnceLock<T> {
    once: Once,
    value: UnsafeCell<Option<T>>,
}
// SAFETY: written once, before anybody reads.
unsafe impl<T: Send + Sync> Sync for OnceLock<T> {}
impl<T> OnceLock<T> {
    pub const fn new() -> OnceLock<T> {
        OnceLock { once: Once::new(), value: UnsafeCell::new(None) }
    }
    pub fn get_or_init(&self, make: impl FnOnce() -> T) -> &T {
        // SAFETY: only the one call writes.
        self.once.call_once(|| unsafe { *self.value.get() = Some(make()) });
        // SAFETY: written, and never again.
        unsafe { (*self.value.get()).as_ref().expect("it was made") }
    }
    pub fn set(&self, value: T) -> Result<(), T> {
        let mut value = Some(value);
        self.get_or_init(|| value.take().expect("it is still here"));
        value.map_or(Ok(()), Err)
    }
    pub fn get(&self) -> Option<&T> {
        // SAFETY: as above.
        (self.once.0.load(Ordering::Acquire) == 2).then(|| unsafe { (*self.value.get()).as_ref().expect("it was made") })
    }
}

pub struct LazyLock<T> {
    cell: OnceLock<T>,
    make: fn() -> T,
}
impl<T> LazyLock<T> {
    pub const fn new(make: fn() -> T) -> LazyLock<T> {
        LazyLock { cell: OnceLock::new(), make }
    }
}
impl<T> Deref for LazyLock<T> {
    type Target = T;
    fn deref(&self) -> &T {
        self.cell.get_or_init(self.make)
    }
}
