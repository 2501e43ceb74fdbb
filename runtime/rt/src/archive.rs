//! The runtime as a library for those who link themselves: `aurorac compile --emit obj` makes objects that call it.

/// Runs the program at `image` to its end, on the thread that the process began with: what it ends with. Once a process.
///
/// # Safety
/// `image` is the `aurora_image` of an object that `aurorac` made.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn aurora_start(image: *mut abi::Image) -> i32 {
    // SAFETY: the caller's promise; the linker has bound it.
    unsafe { rt::run_linked(image) }
}
