//! What `emit --stage clif` and `--stage asm` print.

use crate::compile::{Compiler, Piece, names, pieces};
use crate::unit::Unit;
use crate::{Options, isa};
use mir::body::MonoProgram;

/// Cranelift's IR, before its optimiser, of the functions whose name the filter wants.
pub fn clif(program: &MonoProgram, options: &Options, wanted: &dyn Fn(&str) -> bool) -> String {
    each(program, options, wanted, &|compiler, piece| compiler.clif(piece))
}

/// The target's instructions.
pub fn assembly(program: &MonoProgram, options: &Options, wanted: &dyn Fn(&str) -> bool) -> String {
    each(program, options, wanted, &|compiler, piece| compiler.assembly(piece))
}

fn each(
    program: &MonoProgram,
    options: &Options,
    wanted: &dyn Fn(&str) -> bool,
    show: &dyn Fn(&mut Compiler<'_>, Piece) -> String,
) -> String {
    let (unit, isa) = (Unit::new(program), isa::isa(options));
    let mut compiler = Compiler::new(&unit, &isa);
    let mut out = String::new();
    for piece in pieces(&unit) {
        let (_, symbol, name) = names(&unit, piece);
        if wanted(&symbol) || wanted(&name) {
            out.push_str(&format!("; {symbol}\n{}\n", show(&mut compiler, piece)));
        }
    }
    out
}
