//! Which functions only compute: they read and write what they were given, take and give back memory, may panic, and may share
//! their work among tasks that are just as calm. Nobody outside can tell in which order such a function does its work, nor make
//! it wait.
//!
//! All start as calm; what is not passes that on to its callers until nothing changes. Of the library's functions for tasks those
//! that a scope without a name is made of are not looked into: what counts are the tasks' bodies.

use super::enough::Parts;
use crate::body::*;
use crate::reach::pass_on;
use crate::types::Types;
use diag::Symbol;
use hir::ty::TyKind;

pub(super) fn functions(types: &Types, mono: &MonoProgram, parts: &Parts) -> Vec<bool> {
    let count = mono.bodies.len();
    let mut stirs = vec![false; count];
    let mut callers: Vec<Vec<u32>> = vec![Vec::new(); count];
    for index in 0..count {
        if parts.is_part(mono, InstanceId(index as u32)) {
            continue;
        }
        let mut own = true;
        for block in &mono.bodies[index].blocks {
            own &= !touches_shared(mono, block);
            let TerminatorKind::Call { callee, .. } = &block.terminator.kind else { continue };
            match callee {
                Callee::Instance(id) => match parts.body_of_task(types, mono, *id) {
                    Some(body) => callers[body.index()].push(index as u32),
                    None => callers[id.index()].push(index as u32),
                },
                Callee::Intrinsic(name, args) => own &= is_calm_intrinsic(*name) && !args.iter().any(|ty| matches!(ty.kind(), TyKind::Dyn(_))),
                Callee::Runtime(name) => own &= is_calm_row(*name),
                Callee::Foreign { .. } | Callee::Virtual { .. } | Callee::Pointer(_) | Callee::Fn(..) | Callee::FnTrait(..) => own = false,
            }
        }
        stirs[index] = !own;
    }
    pass_on(&mut stirs, callers);
    stirs.into_iter().map(|stirs| !stirs).collect()
}

/// A `static mut`: unsafe code may agree on it with others.
fn touches_shared(mono: &MonoProgram, block: &Block) -> bool {
    let mut any = false;
    let mut look = |operand: &Operand| {
        if let Operand::Const(Const { kind: ConstKind::Static(id), .. }) = operand {
            any |= mono.statics.iter().any(|item| item.id == *id && item.mutable);
        }
    };
    block.statements.iter().for_each(|statement| statement.each_operand(&mut look));
    block.terminator.kind.each_operand(&mut look);
    any
}

/// Those that compute from their operands and the memory these point to.
fn is_calm_intrinsic(name: Symbol) -> bool {
    const LOUD: [&str; 4] = ["fiber", "catch_unwind", "abort", "drop_in_place"];
    let name = name.as_str();
    !LOUD.contains(&name) && !name.starts_with("atomic_") && !name.starts_with("observed")
}

/// Rows of the runtime that take memory, compute, or raise a panic.
fn is_calm_row(name: Symbol) -> bool {
    const CALM: [&str; 11] = [
        "rt_alloc", "rt_realloc", "rt_free", "rt_memory_", "rt_float", "rt_char_", "rt_fma", "rt_panic", "rt_bounds", "rt_fault", "rt_unwind",
    ];
    CALM.iter().any(|prefix| name.as_str().starts_with(prefix))
}
