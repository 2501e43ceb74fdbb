//! Typed bodies as text: the `hir` stage.

use crate::queries::TypedProgram;

/// The bodies of the user's functions whose paths are wanted.
pub fn program(program: &TypedProgram, wanted: &dyn Fn(&str) -> bool) -> String {
    let mut out = String::new();
    for def in &program.program().fns {
        if program.program().module(def.module).library || !wanted(&def.path) {
            continue;
        }
        if let Some(body) = program.body(def.id) {
            out.push_str(&format!("{} = {body:#?}\n", def.path));
        }
    }
    out
}
