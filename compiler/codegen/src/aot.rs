//! Compiles into files: executables without a linker, and objects for those who have one.

mod elf;


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
