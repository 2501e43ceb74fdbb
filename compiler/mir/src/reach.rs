//! What of a concrete program is still reached, and in which order its statics are initialised.

use crate::body::*;
use crate::fast::{FastMap, FastSet};
use crate::mono::vtables::unsized_pair;
use crate::types::Types;
use hir::ids::FnId;
use hir::ty::{Ty, TyKind};
use std::sync::Arc;

/// What one body leads to, in the order of its text.
pub(crate) struct Uses {
    pub instances: Vec<InstanceId>,
    /// The instance's address is taken: it is called with the signature that all functions share.
    pub values: Vec<InstanceId>,
    pub statics: Vec<FnId>,
    pub tables: Vec<(Ty, Ty)>,
}

pub(crate) fn uses(types: &Types, body: &Body) -> Uses {
    let mut uses = Uses { instances: Vec::new(), values: Vec::new(), statics: Vec::new(), tables: Vec::new() };
    let mut look = |operand: &Operand| {
        if let Operand::Const(constant) = operand {
            match constant.kind {
                ConstKind::Function(id) => uses.values.push(id),
                ConstKind::Static(id) => uses.statics.push(id),
                ConstKind::Int(_)
                | ConstKind::Float(_)
                | ConstKind::Str(_)
                | ConstKind::Bytes(_)
                | ConstKind::Zero
                | ConstKind::Param(_)
                | ConstKind::Item(..)
                | ConstKind::Vtable(_) => {}
            }
        }
    };
    let mut casts = Vec::new();
    let mut calls = Vec::new();
    for block in &body.blocks {
        for statement in &block.statements {
            statement.each_operand(&mut look);
            if let StatementKind::Assign(_, Rvalue::Cast(Cast::Unsize, operand, to)) = &statement.kind {
                casts.push((operand, *to));
            }
        }
        block.terminator.kind.each_operand(&mut look);
        if let TerminatorKind::Call { callee: Callee::Instance(id), .. } = &block.terminator.kind {
            calls.push(*id);
        }
    }
    uses.instances = calls;
    for (operand, to) in casts {
        if let Some((ty, dyn_ty)) = unsized_pair(types.operand(&body.locals, operand), to)
            && let TyKind::Dyn(_) = dyn_ty.kind()
        {
            uses.tables.push((ty, dyn_ty));
        }
    }
    uses
}

/// A static comes behind those whose values its own initialiser may look at.
pub(crate) fn order_statics(types: &Types, program: &mut MonoProgram) {
    if program.statics.len() < 2 {
        return;
    }
    program.statics.sort_by_key(|item| item.id);
    let index_of: FastMap<FnId, usize> = program.statics.iter().enumerate().map(|(i, item)| (item.id, i)).collect();
    let mut order = Vec::new();
    let mut seen = FastSet::default();
    for index in 0..program.statics.len() {
        visit_static(types, program, &index_of, index, &mut seen, &mut order);
    }
    let mut items: Vec<Option<StaticItem>> = std::mem::take(&mut program.statics).into_iter().map(Some).collect();
    program.statics = order.into_iter().filter_map(|index| items[index].take()).collect();
}

fn visit_static(
    types: &Types,
    program: &MonoProgram,
    index_of: &FastMap<FnId, usize>,
    index: usize,
    seen: &mut FastSet<usize>,
    order: &mut Vec<usize>,
) {
    if !seen.insert(index) {
        return;
    }
    let mut reached = FastSet::default();
    let mut work = vec![program.statics[index].init];
    while let Some(id) = work.pop() {
        if !reached.insert(id) {
            continue;
        }
        let uses = uses(types, &program.bodies[id.index()]);
        for item in uses.statics {
            if let Some(&other) = index_of.get(&item) {
                visit_static(types, program, index_of, other, seen, order);
            }
        }
        work.extend(uses.instances.into_iter().chain(uses.values));
    }
    order.push(index);
}

/// Drops the instances, tables and statics that nothing leads to, and renumbers the rest without changing their order.
pub(crate) fn prune(types: &Types, program: &mut MonoProgram) {
    let mut live = vec![false; program.bodies.len()];
    let mut live_tables = vec![false; program.vtables.len()];
    let mut live_statics = vec![false; program.statics.len()];
    let table_of: FastMap<(Ty, Ty), usize> =
        program.vtables.iter().enumerate().map(|(i, table)| ((table.ty, table.dyn_ty), i)).collect();
    let static_of: FastMap<FnId, usize> = program.statics.iter().enumerate().map(|(i, item)| (item.id, i)).collect();
    let mut work: Vec<InstanceId> = program.main.into_iter().collect();
    work.extend(program.tests.iter().map(|(_, id)| *id));
    work.extend((0..program.instances.len()).filter(|i| program.instances[*i].exported).map(|i| InstanceId(i as u32)));
    while let Some(id) = work.pop() {
        if std::mem::replace(&mut live[id.index()], true) {
            continue;
        }
        let uses = uses(types, &program.bodies[id.index()]);
        work.extend(uses.instances.into_iter().chain(uses.values));
        for item in uses.statics {
            if let Some(&index) = static_of.get(&item)
                && !std::mem::replace(&mut live_statics[index], true)
            {
                work.push(program.statics[index].init);
            }
        }
        for table in uses.tables {
            if let Some(&index) = table_of.get(&table)
                && !std::mem::replace(&mut live_tables[index], true)
            {
                work.extend(program.vtables[index].methods.iter().copied());
                work.extend(program.vtables[index].drop_glue);
            }
        }
    }
    if live.iter().all(|live| *live) {
        return;
    }
    let mut number = vec![InstanceId(0); live.len()];
    let mut next = 0;
    for (index, live) in live.iter().enumerate() {
        if *live {
            number[index] = InstanceId(next);
            next += 1;
        }
    }
    keep(&mut program.bodies, &live);
    keep(&mut program.instances, &live);
    keep(&mut program.vtables, &live_tables);
    keep(&mut program.statics, &live_statics);
    for body in &mut program.bodies {
        renumber(Arc::make_mut(body), &number);
    }
    for table in &mut program.vtables {
        table.methods.iter_mut().chain(&mut table.drop_glue).for_each(|id| *id = number[id.index()]);
    }
    program.statics.iter_mut().for_each(|item| item.init = number[item.init.index()]);
    program.tests.iter_mut().for_each(|(_, id)| *id = number[id.index()]);
    program.main = program.main.map(|id| number[id.index()]);
}

fn keep<T>(list: &mut Vec<T>, live: &[bool]) {
    let mut index = 0;
    list.retain(|_| {
        index += 1;
        live[index - 1]
    });
}

fn renumber(body: &mut Body, number: &[InstanceId]) {
    let mut change = |operand: &mut Operand| {
        if let Operand::Const(Const { kind: ConstKind::Function(id), .. }) = operand {
            *id = number[id.index()];
        }
    };
    for block in &mut body.blocks {
        for statement in &mut block.statements {
            statement.each_operand_mut(&mut change);
        }
        block.terminator.kind.each_operand_mut(&mut change);
        if let TerminatorKind::Call { callee: Callee::Instance(id), .. } = &mut block.terminator.kind {
            *id = number[id.index()];
        }
    }
}

/// What is so of a function is so of all that call it.
pub(crate) fn pass_on(is_so: &mut [bool], mut callers: Vec<Vec<u32>>) {
    let mut work: Vec<usize> = (0..is_so.len()).filter(|index| is_so[*index]).collect();
    while let Some(index) = work.pop() {
        for caller in std::mem::take(&mut callers[index]) {
            if !std::mem::replace(&mut is_so[caller as usize], true) {
                work.push(caller as usize);
            }
        }
    }
}
