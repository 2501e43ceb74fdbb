//! A fence that one thread pays for: where one side of a protocol runs a million times and the other once, the one side goes without.

use crate::{observe, virt};

/// Has every other thread of this process pass a full fence now; whether the system could.
pub fn everywhere() -> bool {
    // One thread runs everything.
    virt::is_on() || observe::is_on() || by_system()
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
