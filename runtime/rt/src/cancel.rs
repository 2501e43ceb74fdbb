//! Cancellation contexts: who must be woken when one is cancelled.
//!
//! A context is a `Node` in somebody's frame, and most end before anybody looks for them here. One gets a link when a fiber
//! parks in it, when a deadline is set on it, or below. All links form a tree under one lock; a parked fiber stands in the
//! list of its context and stays there until it parks in another one, so that waiting again in the same place costs a
//! comparison. `cancel` writes the reason and wakes every fiber below that may be; what runs notices by itself, at its
//! next suspension point.

use crate::fiber::Record;
use crate::prim::{LazyLock, Mutex, MutexGuard, Ordering, lock};
use crate::{barrier, clock, observe, wait};
use abi::{NODE_LINKED, NODE_REASON, NODE_SHIELD, Node};
use std::collections::HashMap;
use std::ptr::null_mut;

struct Link {
    node: *mut Node,
    parent: *mut Link,
    first_child: *mut Link,
    next: *mut Link,
    previous: *mut Link,
    fibers: *mut Record,
    /// Of a deadline that was set, else 0.
    deadline: u64,
}

/// Whoever holds this may follow links.
struct Registry {
    deadlines: HashMap<u64, Deadline>,
    last: u64,
}
struct Deadline {
    link: *mut Link,
    /// It ends a shield instead of the context.
    opens_shield: bool,
}
// SAFETY: links are only followed under the lock.
unsafe impl Send for Registry {}

fn registry() -> MutexGuard<'static, Registry> {
    static REGISTRY: LazyLock<Mutex<Registry>> =
        LazyLock::new(|| Mutex::new(Registry { deadlines: HashMap::new(), last: 0 }));
    lock(&REGISTRY)
}

/// Forgets everything: the run that it was of is over, however it ended.
pub fn reset() {
    let mut registry = registry();
    registry.deadlines.clear();
    registry.last = 0;
}

/// Why the code of this context is cancelled, if it is: the nearest reason up to the next shield.
///
/// # Safety
/// The chain of nodes is alive: it is that of the running fiber, or of a task that holds its scope open.
pub unsafe fn reason(node: *mut Node) -> Option<u64> {
    // SAFETY: the caller's promise.
    unsafe { cancelled(node) }.map(|(_, reason)| reason)
}

/// The same, with the context that was cancelled.
///
/// # Safety
/// As above.
pub unsafe fn cancelled(mut node: *mut Node) -> Option<(*mut Node, u64)> {
    while !node.is_null() {
        // SeqCst: partner of the store in `cancel`; see `wait::park`.
        // SAFETY: the caller's promise.
        let state = unsafe { (*node).state.load(Ordering::SeqCst) };
        if state & NODE_REASON != 0 {
            return Some((node, (state & NODE_REASON) - 1));
        }
        if state & NODE_SHIELD != 0 {
            return None;
        }
        // SAFETY: as above.
        node = unsafe { (*node).parent };
    }
    None
}

/// The node's link, or null.
///
/// # Safety
/// The node is alive.
unsafe fn known_link(node: *mut Node) -> *mut Link {
    // SAFETY: the caller's promise.
    unsafe {
        // ORDER: Acquire; partner of the release in `link`, for those who look without the lock.
        if (*node).state.load(Ordering::Acquire) & NODE_LINKED == 0 {
            return null_mut();
        }
        // ORDER: Relaxed; written before the flag.
        (*node).links.load(Ordering::Relaxed).cast()
    }
}

/// # Safety
/// The registry is locked, the chain alive.
unsafe fn link(node: *mut Node) -> *mut Link {
    // SAFETY: the caller's promise.
    unsafe {
        let known = known_link(node);
        if !known.is_null() {
            return known;
        }
        let parent = if (*node).parent.is_null() { null_mut() } else { link((*node).parent) };
        let mut made = Box::new(Link {
            node,
            parent,
            first_child: null_mut(),
            next: null_mut(),
            previous: null_mut(),
            fibers: null_mut(),
            deadline: 0,
        });
        let at: *mut Link = &raw mut *made;
        if !parent.is_null() {
            made.next = (*parent).first_child;
            if !made.next.is_null() {
                (*made.next).previous = at;
            }
            (*parent).first_child = at;
        }
        let _ = Box::into_raw(made);
        // ORDER: Relaxed; released by the flag.
        (*node).links.store(at.cast(), Ordering::Relaxed);
        (*node).state.fetch_or(NODE_LINKED, Ordering::Release);
        at
    }
}

/// The fiber stands in the list of its context from now on.
///
/// # Safety
/// The record is the running fiber's.
pub unsafe fn register(record: *mut Record) {
    // SAFETY: the caller's promise.
    unsafe {
        let node = (*record).head.node;
        // Fresh nodes have no link, so this also tells a new node from an old one in the same place.
        let known = known_link(node);
        // ORDER: Relaxed; only the fiber itself enters a list, and a link it sees is of a node that is alive.
        if !known.is_null() && (*record).registered.load(Ordering::Relaxed) == known.cast() {
            return;
        }
        let registry = registry();
        forget_locked(record);
        let link = link(node);
        // ORDER: Relaxed; under the lock, here and below.
        (*record).registered.store(link.cast(), Ordering::Relaxed);
        (*record).registered_previous = null_mut();
        (*record).registered_next = (*link).fibers;
        if !(*link).fibers.is_null() {
            (*(*link).fibers).registered_previous = record;
        }
        (*link).fibers = record;
        drop(registry);
    }
}

/// # Safety
/// The registry is locked.
unsafe fn forget_locked(record: *mut Record) {
    // SAFETY: the lists are whole under the lock.
    unsafe {
        let link: *mut Link = (*record).registered.load(Ordering::Relaxed).cast();
        if link.is_null() {
            return;
        }
        let (previous, next) = ((*record).registered_previous, (*record).registered_next);
        if previous.is_null() { (*link).fibers = next } else { (*previous).registered_next = next }
        if !next.is_null() {
            (*next).registered_previous = previous;
        }
        (*record).registered.store(null_mut(), Ordering::Relaxed);
    }
}

/// A fiber that ends stands in no list.
///
/// # Safety
/// The record is the running fiber's.
pub unsafe fn forget(record: *mut Record) {
    // SAFETY: the caller's promise. The field is null or set by the fiber itself; another thread only takes it back.
    unsafe {
        // ORDER: Relaxed; as said above.
        if !(*record).registered.load(Ordering::Relaxed).is_null() {
            let registry = registry();
            forget_locked(record);
            drop(registry);
        }
    }
}

/// The context ends.
///
/// # Safety
/// Nobody runs in it or below any more.
pub unsafe fn unlink(node: *mut Node) {
    let mut registry = registry();
    // SAFETY: the caller's promise; the tree is whole under the lock.
    unsafe {
        let link = known_link(node);
        if link.is_null() {
            return;
        }
        // ORDER: Relaxed; under the lock.
        (*node).state.fetch_and(!NODE_LINKED, Ordering::Relaxed);
        while !(*link).fibers.is_null() {
            forget_locked((*link).fibers);
        }
        let (previous, next, parent) = ((*link).previous, (*link).next, (*link).parent);
        if !previous.is_null() {
            (*previous).next = next;
        } else if !parent.is_null() {
            (*parent).first_child = next;
        }
        if !next.is_null() {
            (*next).previous = previous;
        }
        registry.deadlines.remove(&(*link).deadline);
        drop(Box::from_raw(link));
    }
}

/// Cancels a context and all below it, up to shields. The first reason stays.
///
/// # Safety
/// The node is alive.
pub unsafe fn cancel(node: *mut Node, reason: u64) {
    if observe::is_on() {
        observe::cancels(node);
    }
    let registry = registry();
    // SAFETY: the caller's promise.
    unsafe { cancel_locked(node, reason) };
    drop(registry);
    if observe::is_on() {
        observe::wake_cancelled();
    }
}

unsafe fn cancel_locked(node: *mut Node, reason: u64) {
    // SAFETY: the caller holds the lock; the node is alive.
    unsafe {
        // SeqCst: see `wait::park`. What else the state says only changes under the lock.
        let seen = (*node).state.load(Ordering::SeqCst);
        if seen & NODE_REASON == 0 {
            (*node).state.store(seen | (reason + 1), Ordering::SeqCst);
            let link = known_link(node);
            if !link.is_null() {
                wake_all_below(link);
            }
        }
    }
}

/// Wakes who waits below and may be woken, behind a reason that was written.
///
/// # Safety
/// The registry is locked, the link one of it.
unsafe fn wake_all_below(link: *mut Link) {
    // Partner of the one in `wait::park`: who does not see the reason is seen here to wait.
    barrier::others();
    // SAFETY: the caller's promise.
    unsafe { wake_below(link) };
}

unsafe fn wake_below(link: *mut Link) {
    // SAFETY: the caller holds the lock.
    unsafe {
        let mut fiber = (*link).fibers;
        while !fiber.is_null() {
            wait::cancel(fiber);
            fiber = (*fiber).registered_next;
        }
        let mut child = (*link).first_child;
        while !child.is_null() {
            if (*(*child).node).state.load(Ordering::SeqCst) & NODE_SHIELD == 0 {
                wake_below(child);
            }
            child = (*child).next;
        }
    }
}

/// Cancels the context at a time, or opens its shield then.
///
/// # Safety
/// The chain is alive.
pub unsafe fn deadline(node: *mut Node, at: i64, opens_shield: bool) {
    let mut registry = registry();
    registry.last += 1;
    let serial = if observe::is_on() { observe::serial() } else { registry.last };
    // SAFETY: the caller's promise.
    unsafe {
        let link = link(node);
        (*link).deadline = serial;
        registry.deadlines.insert(serial, Deadline { link, opens_shield });
    }
    drop(registry);
    clock::cancel_at(at, serial);
}

/// A deadline has come; the context may have ended before.
pub fn elapsed(serial: u64) {
    if observe::is_on() {
        let node = registry().deadlines.get(&serial).map(|deadline| deadline.link);
        // SAFETY: contexts leave the table of deadlines before they end.
        observe::cancels(node.map_or(null_mut(), |link| unsafe { (*link).node }));
    }
    let mut registry = registry();
    let Some(deadline) = registry.deadlines.remove(&serial) else { return };
    // SAFETY: contexts leave the table of deadlines before they end.
    unsafe {
        let node = (*deadline.link).node;
        if deadline.opens_shield {
            (*node).state.fetch_and(!NODE_SHIELD, Ordering::SeqCst);
            // Somebody above may have been cancelled before; who wakes for nothing looks again.
            if reason(node).is_some() {
                wake_all_below(deadline.link);
            }
        } else {
            cancel_locked(node, abi::REASON_DEADLINE);
        }
    }
    drop(registry);
    if observe::is_on() {
        observe::wake_cancelled();
    }
}

/// The context that a deadline is of.
pub fn node_of(serial: u64) -> *mut Node {
    // SAFETY: contexts leave the table of deadlines before they end.
    registry().deadlines.get(&serial).map_or(null_mut(), |deadline| unsafe { (*deadline.link).node })
}

/// Whether a deadline still matters.
pub fn is_pending(serial: u64) -> bool {
    registry().deadlines.contains_key(&serial)
}
