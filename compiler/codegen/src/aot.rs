//! Compiles into files: executables without a linker, and objects for those who have one.

mod elf;
mod object;

use crate::compile::compile;
use crate::unit::Unit;
use crate::{Options, image};
use diag::SourceMap;
use mir::body::MonoProgram;

/// The bytes of an executable: the runtime's stub with the program appended as further segments. `stub` is the runtime's.
pub fn executable(program: &MonoProgram, sources: &SourceMap, stub: &[u8], options: &Options) -> Vec<u8> {
    let unit = Unit::new(program);
    let compiled = compile(&unit, options);
    let image = image::build(&unit, &compiled, sources);
    elf::append(stub, &image)
}

/// The bytes of a relocatable object of ELF, to be linked with the runtime's library: it asks for the rows of the runtime's
/// table and for foreign functions by name, offers exported functions, and brings a `main`.
pub fn object(program: &MonoProgram, sources: &SourceMap, options: &Options) -> Vec<u8> {
    let unit = Unit::new(program);
    let compiled = compile(&unit, options);
    let image = image::build(&unit, &compiled, sources);
    object::write(&image)
}
