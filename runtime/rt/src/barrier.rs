//! A fence that one thread pays for: where one side of a protocol runs a million times and the other once, the one side goes without.

use crate::prim::{AtomicBool, Ordering, compiler_fence, fence};
use crate::{observe, virt};

/// Whether the system can do it, as far as that is known.
static POSSIBLE: AtomicBool = AtomicBool::new(false);

/// Has every other thread of this process pass a full fence now; whether the system could.
pub fn everywhere() -> bool {
    // One thread runs everything.
    virt::is_on() || observe::is_on() || by_system()
}

/// Asks the system whether it can. That may take it some milliseconds, which the first to need it would wait for.
pub fn prepare() {
    // SeqCst: in one order with the looks at it in `mine` and `others`, and with what these are between.
    POSSIBLE.store(everywhere(), Ordering::SeqCst);
}

/// What the side that runs often does, where the other one calls [`others`]: one of the two sees what the other did before, if what they
/// look at is written by [`others`]' side and read by this one with `SeqCst`. That is for the case in which this side knows already
/// that it may do without a fence, and the other does not know yet: then it was here first.
#[inline]
pub fn mine() {
    if POSSIBLE.load(Ordering::SeqCst) { compiler_fence(Ordering::SeqCst) } else { fence(Ordering::SeqCst) }
}

/// The other side. As long as nobody knows whether the system can, and where it cannot, everybody fences.
pub fn others() {
    fence(Ordering::SeqCst);
    if POSSIBLE.load(Ordering::SeqCst) {
        let _ = everywhere();
    }
}

#[cfg(target_os = "linux")]
fn by_system() -> bool {
    use crate::prim::OnceLock;
    use std::ffi::c_int;
    use crate::system::{MEMBARRIER_PRIVATE, MEMBARRIER_REGISTER_PRIVATE, SYS_MEMBARRIER, syscall};
    static REGISTERED: OnceLock<bool> = OnceLock::new();
    // SAFETY: the call takes three numbers and touches no memory of ours.
    let ask = |command: c_int| unsafe { syscall(SYS_MEMBARRIER, command, 0, 0) == 0 };
    *REGISTERED.get_or_init(|| ask(MEMBARRIER_REGISTER_PRIVATE)) && ask(MEMBARRIER_PRIVATE)
}

#[cfg(not(target_os = "linux"))]
fn by_system() -> bool {
    false
}
