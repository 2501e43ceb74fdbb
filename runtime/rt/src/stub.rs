//! The executable that programs are appended to: finds its program and runs it.

/// `codegen::aot` looks for these bytes and writes behind them how far after this record the image lies in memory.
#[repr(C)]
struct Marker {
    magic: [u8; 16],
    distance: i64,
}

#[used]
static mut MARKER: Marker = Marker { magic: *b"Aurora's program", distance: 0 };

fn main() {
    let marker = &raw mut MARKER;
    // SAFETY: a valid record; volatile, because its contents changed after compilation.
    let distance = unsafe { (&raw const (*marker).distance).read_volatile() };
    if distance == 0 {
        eprintln!("fatal: this executable holds no program");
        std::process::exit(abi::EXIT_FATAL);
    }
    let image = marker.cast::<u8>().wrapping_offset(distance as isize).cast();
    // SAFETY: the loader mapped the appended image there.
    std::process::exit(unsafe { rt::run_appended(image) })
}
