//! Tasks that only compute are done where they are spawned once enough others wait for somebody to take them.
//!
//! A scope without a name, all of whose tasks are joined or dropped by the variables that hold them, in a function that is calm
//! (see `calm.rs`), is made twice. One copy is as it was written: a spawn puts the task where an idle worker may get it. The other
//! is the plain recursion: a spawn calls the task's body, a join takes the value. At the scope's opening the fiber is asked how many
//! tasks are pending on it; whoever has no work takes the oldest of them, which are the largest, so that a few are as good as many.
//!
//! Nobody can tell the copies apart: nothing that such a function does is seen from outside before it returns, its tasks cannot
//! wait for what comes behind the spawn, and a panic raises the same failure. Where schedules are watched or told (`--virtual`,
//! `explore`, `--stats`) nothing is ever pending, and the second copy never runs.

use super::calm;
use crate::body::*;
use crate::fast::{BitSet, FastMap};
use crate::types::Types;
use diag::Symbol;
use hir::LangItem;
use hir::ids::{AdtId, FnId};
use hir::ty::{Mutable, Ty, TyKind};
use std::sync::Arc;

/// So many pending tasks are enough for all who may ask: each costs a place in an array of pointers.
const ENOUGH: i128 = 2;
const POINTER_BYTES: i128 = 8;
/// Scopes with more blocks are not worth a second copy.
const BLOCKS_MAX: usize = 200;

/// The library's functions that a scope without a name is made of.
pub(super) struct Parts {
    enter: FnId,
    leave: FnId,
    unwind: FnId,
    abandon: FnId,
    spawn: FnId,
    join: FnId,
    task: AdtId,
    /// By type: the function that drops a value of it.
    glue: FastMap<Ty, InstanceId>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    Enter,
    Leave,
    Unwind,
    Abandon,
    Spawn,
    Join,
    /// A handle that was not joined goes.
    Drop,
}

impl Parts {
    fn of(types: &Types, mono: &MonoProgram) -> Parts {
        let lang = &types.program.program().lang;
        let mut glue = FastMap::default();
        for (index, body) in mono.bodies.iter().enumerate() {
            if body.origin == Origin::Made
                && body.param_count == 1
                && mono.instances[index].symbol.as_str().starts_with("drop ")
                && let TyKind::Ptr(_, of) = body.locals[1].ty.kind()
            {
                glue.insert(*of, InstanceId(index as u32));
            }
        }
        Parts {
            enter: lang.function("scope_enter_plain"),
            leave: lang.function("scope_leave_joined"),
            unwind: lang.function("scope_unwind"),
            abandon: lang.function("scope_abandon"),
            spawn: lang.function("spawn_here"),
            join: lang.function("join_here"),
            task: lang.adt("task"),
            glue,
        }
    }

    fn part(&self, mono: &MonoProgram, id: InstanceId) -> Option<Part> {
        let Origin::Fn(function) = mono.instances[id.index()].origin else {
            let body = &mono.bodies[id.index()];
            let drops = |ty: &Ty| self.value_of_task(*ty).is_some() && self.glue.get(ty) == Some(&id);
            return matches!(body.locals.get(1).map(|decl| decl.ty.kind()), Some(TyKind::Ptr(_, of)) if drops(of)).then_some(Part::Drop);
        };
        let known = [
            (self.enter, Part::Enter),
            (self.leave, Part::Leave),
            (self.unwind, Part::Unwind),
            (self.abandon, Part::Abandon),
            (self.spawn, Part::Spawn),
            (self.join, Part::Join),
        ];
        known.iter().find(|(of, _)| *of == function).map(|(_, part)| *part)
    }

    pub(super) fn is_part(&self, mono: &MonoProgram, id: InstanceId) -> bool {
        self.part(mono, id).is_some()
    }

    /// What a call of `spawn_here` has done by a task.
    pub(super) fn body_of_task(&self, types: &Types, mono: &MonoProgram, spawn: InstanceId) -> Option<InstanceId> {
        if self.part(mono, spawn) != Some(Part::Spawn) {
            return None;
        }
        let closure = *mono.instances[spawn.index()].args.first()?;
        // The function that the task's record names calls it by value.
        let mut runs = None;
        let mut look = |operand: &Operand| {
            if let Operand::Const(Const { kind: ConstKind::Function(id), .. }) = operand {
                runs = Some(*id);
            }
        };
        mono.bodies[spawn.index()].blocks.iter().for_each(|block| block.statements.iter().for_each(|s| s.each_operand(&mut look)));
        let body = &mono.bodies[runs?.index()];
        body.blocks.iter().find_map(|block| match &block.terminator.kind {
            TerminatorKind::Call { callee: Callee::Instance(id), args, .. } => {
                let takes_it = args.len() == 1 && types.operand(&body.locals, &args[0]) == closure;
                takes_it.then_some(*id)
            }
            _ => None,
        })
    }

    /// `T` of `Task<T>`.
    fn value_of_task(&self, ty: Ty) -> Option<Ty> {
        match ty.kind() {
            TyKind::Adt(id, args) if *id == self.task => args.first().copied(),
            _ => None,
        }
    }
}

pub(super) fn run(types: &Types, mono: &mut MonoProgram) {
    // Without tasks their part of the library is not even read.
    let Some(LangItem::Fn(spawn)) = types.program.program().lang.get("spawn_here") else { return };
    if !mono.instances.iter().any(|instance| instance.origin == Origin::Fn(spawn)) {
        return;
    }
    let parts = Parts::of(types, mono);
    let calm = calm::functions(types, mono, &parts);
    for index in 0..mono.bodies.len() {
        if !calm[index] || parts.is_part(mono, InstanceId(index as u32)) {
            continue;
        }
        let entries = |body: &Body| -> Vec<BlockId> {
            let enters = |block: &Block| matches!(&block.terminator.kind, TerminatorKind::Call { callee: Callee::Instance(id), .. } if parts.part(mono, *id) == Some(Part::Enter));
            body.block_ids().filter(|id| enters(body.block(*id))).collect()
        };
        let found = entries(&mono.bodies[index]);
        if found.is_empty() {
            continue;
        }
        let mut body = Body::clone(&mono.bodies[index]);
        let mut any = false;
        // Inner scopes first: the second copy of an outer one has theirs, both copies of them.
        let mut scopes: Vec<Scope> = found.into_iter().filter_map(|at| Scope::find(types, mono, &parts, &body, at)).collect();
        scopes.sort_by_key(|scope| scope.blocks.count());
        for at in scopes.into_iter().map(|scope| scope.at).collect::<Vec<_>>() {
            if let Some(scope) = Scope::find(types, mono, &parts, &body, at) {
                scope.make_twice(types, mono, &parts, &mut body);
                any = true;
            }
        }
        if any {
            super::simplify::tidy(&mut body);
            crate::verify::debug_verify(types, &body, "scopes made twice");
            mono.bodies[index] = Arc::new(body);
        }
    }
}

/// Whether it is the question that [`run`] puts before a scope.
pub(super) fn asks(kind: &TerminatorKind) -> bool {
    matches!(kind, TerminatorKind::Call { callee: Callee::Intrinsic(name, _), .. } if name.as_str() == QUESTION)
}

/// How many bytes of pointers to pending tasks there are; no name of `std`.
const QUESTION: &str = "pending_forks";

/// A scope that fits.
struct Scope {
    /// Ends in the call that opens it.
    at: BlockId,
    record: Local,
    /// All that can run while it is open.
    blocks: BitSet,
    first: BlockId,
    /// Handles of tasks that are used inside, and the types of their values.
    handles: FastMap<Local, Ty>,
}

impl Scope {
    fn find(types: &Types, mono: &MonoProgram, parts: &Parts, body: &Body, at: BlockId) -> Option<Scope> {
        let TerminatorKind::Call { args, target: Some(first), .. } = &body.block(at).terminator.kind else { return None };
        let record = pointed(body, at, args.first()?)?;
        let mut scope = Scope { at, record, blocks: BitSet::new(body.blocks.len()), first: *first, handles: FastMap::default() };
        let mut work = vec![*first];
        let mut count = 0;
        while let Some(id) = work.pop() {
            if !scope.blocks.insert(id.index()) {
                continue;
            }
            count += 1;
            let block = body.block(id);
            match (scope.own_part(mono, parts, body, id), &block.terminator.kind) {
                _ if count > BLOCKS_MAX || id == at => return None,
                (Some(Part::Leave | Part::Unwind), _) => {}
                (Some(Part::Abandon | Part::Join), TerminatorKind::Call { target, .. }) => work.extend(*target),
                (Some(Part::Enter), _) | (None, TerminatorKind::Return | TerminatorKind::Resume) => return None,
                _ => block.terminator.kind.each_successor(|to| work.push(to)),
            }
            work.extend(block.unwind);
        }
        scope.find_handles(mono, parts, body).then_some(())?;
        let complete = scope.blocks.iter().all(|id| {
            let at = BlockId(id as u32);
            match (scope.own_part(mono, parts, body, at), &body.block(at).terminator.kind) {
                (Some(Part::Spawn), TerminatorKind::Call { callee: Callee::Instance(spawn), args, dest, .. }) => {
                    let closure = args.get(2).map(|closure| types.operand(&body.locals, closure));
                    dest.as_local().is_some_and(|handle| scope.handles.contains_key(&handle))
                        && closure == mono.instances[spawn.index()].args.first().copied()
                        && parts.body_of_task(types, mono, *spawn).is_some()
                }
                (Some(Part::Join), TerminatorKind::Call { args, .. }) => handle_of(args.first()).is_some_and(|handle| scope.handles.contains_key(&handle)),
                _ => true,
            }
        });
        let droppable = scope.handles.values().all(|ty| !types.needs_drop(*ty) || parts.glue.contains_key(ty));
        (complete && droppable).then_some(scope)
    }

    /// Which part of this very scope the block's call is.
    fn own_part(&self, mono: &MonoProgram, parts: &Parts, body: &Body, at: BlockId) -> Option<Part> {
        let TerminatorKind::Call { callee: Callee::Instance(id), args, .. } = &body.block(at).terminator.kind else { return None };
        let part = parts.part(mono, *id)?;
        let of = |index: usize| args.get(index).and_then(|arg| pointed(body, at, arg)) == Some(self.record);
        let own = match part {
            Part::Enter | Part::Leave | Part::Unwind | Part::Abandon | Part::Spawn => of(0),
            Part::Join => of(2),
            Part::Drop => args.first().and_then(|arg| pointed(body, at, arg)).is_some_and(|local| self.handles.contains_key(&local)),
        };
        own.then_some(part)
    }

    /// The handles of this scope's tasks. False if one is used for anything but to be handed on, joined and dropped.
    fn find_handles(&mut self, mono: &MonoProgram, parts: &Parts, body: &Body) -> bool {
        // From the spawns on along the moves.
        let mut grows = true;
        while grows {
            grows = false;
            for id in self.blocks.iter() {
                let at = BlockId(id as u32);
                let block = body.block(at);
                let mut note = |local: Local, handles: &mut FastMap<Local, Ty>| match parts.value_of_task(body.locals[local.index()].ty) {
                    Some(value) => grows |= handles.insert(local, value).is_none(),
                    None => {}
                };
                if self.own_part(mono, parts, body, at) == Some(Part::Spawn)
                    && let TerminatorKind::Call { dest, .. } = &block.terminator.kind
                    && let Some(handle) = dest.as_local()
                {
                    note(handle, &mut self.handles);
                }
                for statement in &block.statements {
                    if let Some((from, to)) = hands_on(statement)
                        && self.handles.contains_key(&from)
                    {
                        note(to, &mut self.handles);
                    }
                }
            }
        }
        body.block_ids().all(|at| self.uses_rightly(mono, parts, body, at))
    }

    fn uses_rightly(&self, mono: &MonoProgram, parts: &Parts, body: &Body, at: BlockId) -> bool {
        let mut copy = body.block(at).clone();
        let part = self.own_part(mono, parts, body, at);
        // What is right is taken away; then nothing may be left.
        for statement in &mut copy.statements {
            let moves = hands_on(statement).is_some_and(|(from, to)| self.handles.contains_key(&from) == self.handles.contains_key(&to));
            let drops = part == Some(Part::Drop) && taken_address(statement).is_some_and(|(_, of)| self.handles.contains_key(&of));
            if moves || drops {
                statement.kind = StatementKind::Nop;
            }
        }
        if let TerminatorKind::Call { args, dest, .. } = &mut copy.terminator.kind {
            match part {
                Some(Part::Spawn) => *dest = Place::local(Local::RETURN),
                Some(Part::Join) => {
                    args.remove(0);
                }
                _ => {}
            }
        }
        let mut left = false;
        crate::visit::each_place_mut(&mut copy, &mut |place| left |= self.handles.contains_key(&place.local));
        !left && (self.blocks.contains(at.index()) || !part.is_some_and(|part| matches!(part, Part::Spawn | Part::Join | Part::Drop)))
    }

    fn make_twice(self, types: &Types, mono: &MonoProgram, parts: &Parts, body: &mut Body) {
        let rename = self.own_locals(body);
        let values: FastMap<Local, Local> = self.handles.iter().map(|(handle, ty)| (*handle, body.add_local(*ty, SourceId::BODY))).collect();
        let mut number = FastMap::default();
        for (position, id) in self.blocks.iter().enumerate() {
            number.insert(id, BlockId((body.blocks.len() + position) as u32));
        }
        for id in self.blocks.iter() {
            let at = BlockId(id as u32);
            let part = self.own_part(mono, parts, body, at);
            let mut block = body.block(at).clone();
            self.hand_values_on(&mut block, &values);
            if let Some(part) = part {
                self.replace(types, mono, parts, body, at, &mut block, part, &values);
            }
            crate::visit::each_place_mut(&mut block, &mut |place| place.renumber(|local| rename.get(&local).copied().unwrap_or(local)));
            for statement in &mut block.statements {
                if let StatementKind::StorageLive(local) | StatementKind::StorageDead(local) = &mut statement.kind {
                    *local = rename.get(local).copied().unwrap_or(*local);
                }
            }
            block.each_successor_mut(|to| *to = number.get(&to.index()).copied().unwrap_or(*to));
            body.blocks.push(block);
        }
        self.ask(body, number[&self.first.index()]);
    }

    /// Locals of no meaning outside get copies: variables that are written once stay so.
    fn own_locals(&self, body: &mut Body) -> FastMap<Local, Local> {
        let mut outside = BitSet::new(body.locals.len());
        (0..=body.param_count as usize).for_each(|local| {
            outside.insert(local);
        });
        let mut inside = BitSet::new(body.locals.len());
        for index in 0..body.blocks.len() {
            let set = if self.blocks.contains(index) { &mut inside } else { &mut outside };
            let block = &mut body.blocks[index];
            crate::visit::each_place_mut(block, &mut |place| {
                set.insert(place.local.index());
                place.index_locals().for_each(|local| {
                    set.insert(local.index());
                });
            });
        }
        let own: Vec<Local> = inside.iter().filter(|local| !outside.contains(*local)).map(|local| Local(local as u32)).collect();
        own.into_iter().filter(|local| !self.handles.contains_key(local)).map(|local| (local, copy_local(body, local))).collect()
    }

    /// Where a handle was moved its value is.
    fn hand_values_on(&self, block: &mut Block, values: &FastMap<Local, Local>) {
        for statement in &mut block.statements {
            if let Some((from, to)) = hands_on(statement)
                && let (Some(from), Some(to)) = (values.get(&from), values.get(&to))
            {
                *statement = Statement::assign(statement.source, *to, Rvalue::Use(Operand::take(*from)));
            } else if let Some((_, of)) = taken_address(statement)
                && values.contains_key(&of)
            {
                statement.kind = StatementKind::Nop;
            } else if let StatementKind::StorageLive(local) | StatementKind::StorageDead(local) = &statement.kind
                && values.contains_key(local)
            {
                statement.kind = StatementKind::Nop;
            }
        }
    }

    fn replace(&self, types: &Types, mono: &MonoProgram, parts: &Parts, body: &mut Body, at: BlockId, block: &mut Block, part: Part, values: &FastMap<Local, Local>) {
        let source = block.terminator.source;
        let TerminatorKind::Call { callee: Callee::Instance(callee), args, dest, target, unwind } = &mut block.terminator.kind else { return };
        let on = match target {
            Some(target) => TerminatorKind::Goto(*target),
            None => TerminatorKind::Unreachable,
        };
        block.terminator.kind = match part {
            Part::Enter | Part::Leave | Part::Unwind | Part::Abandon => on,
            Part::Spawn => {
                let runs = parts.body_of_task(types, mono, *callee);
                let value = dest.as_local().and_then(|handle| values.get(&handle));
                let (Some(runs), Some(value)) = (runs, value) else { bug!("scopes made twice", body.name; "a spawn without a body") };
                TerminatorKind::Call { callee: Callee::Instance(runs), args: vec![args[2].clone()], dest: Place::local(*value), target: *target, unwind: *unwind }
            }
            Part::Join => {
                let Some(value) = handle_of(args.first()).and_then(|handle| values.get(&handle)) else { bug!("scopes made twice", body.name; "a join without a handle") };
                block.statements.push(Statement::assign(source, dest.clone(), Rvalue::Use(Operand::take(*value))));
                on
            }
            Part::Drop => {
                let handle = args.first().and_then(|arg| pointed(body, at, arg));
                let Some(&value) = handle.and_then(|handle| values.get(&handle)) else { bug!("scopes made twice", body.name; "a drop without a handle") };
                let ty = body.locals[value.index()].ty;
                match parts.glue.get(&ty) {
                    Some(glue) if types.needs_drop(ty) => {
                        let pointer = body.add_local(Ty::pointer(Mutable::Yes, ty), SourceId::BODY);
                        block.statements.push(Statement::assign(source, pointer, Rvalue::RawRef(Mutable::Yes, Place::local(value))));
                        let nothing = body.add_local(Ty::unit(), SourceId::BODY);
                        TerminatorKind::Call { callee: Callee::Instance(*glue), args: vec![Operand::take(pointer)], dest: Place::local(nothing), target: *target, unwind: *unwind }
                    }
                    _ => on,
                }
            }
        };
    }

    /// Before the scope is opened: are enough tasks pending?
    fn ask(&self, body: &mut Body, second: BlockId) {
        let enter = body.block(self.at).terminator.clone();
        let source = enter.source;
        let (pending, enough) = (body.add_local(Ty::int(), SourceId::BODY), body.add_local(Ty::bool(), SourceId::BODY));
        let unwind = body.block(self.at).unwind;
        let open = body.add_block(Block { statements: Vec::new(), terminator: enter, unwind, cleanup: false });
        let few = Rvalue::Binary(BinaryOp::Lt, Operand::take(pending), Operand::int(ENOUGH * POINTER_BYTES));
        let kind = TerminatorKind::Switch { value: Operand::take(enough), targets: vec![(0, second)], otherwise: open };
        let statements = vec![Statement::assign(source, enough, few)];
        let choose = body.add_block(Block { statements, terminator: Terminator { kind, source }, unwind: None, cleanup: false });
        let callee = Callee::Intrinsic(Symbol::intern(QUESTION), hir::ty::Args::empty());
        let kind = TerminatorKind::Call { callee, args: Vec::new(), dest: Place::local(pending), target: Some(choose), unwind: None };
        body.blocks[self.at.index()].terminator = Terminator { kind, source };
    }
}

fn copy_local(body: &mut Body, of: Local) -> Local {
    let decl = body.locals[of.index()].clone();
    body.locals.push(decl);
    Local(body.locals.len() as u32 - 1)
}

/// `to = from`, whole locals.
fn hands_on(statement: &Statement) -> Option<(Local, Local)> {
    match &statement.kind {
        StatementKind::Assign(to, Rvalue::Use(from)) => Some((from.as_local()?, to.as_local()?)),
        _ => None,
    }
}

/// `pointer = &raw of`
fn taken_address(statement: &Statement) -> Option<(Local, Local)> {
    match &statement.kind {
        StatementKind::Assign(pointer, Rvalue::RawRef(_, of)) => Some((pointer.as_local()?, of.as_local()?)),
        _ => None,
    }
}

fn handle_of(operand: Option<&Operand>) -> Option<Local> {
    operand?.as_local()
}

/// The local whose address the operand of a block's call is: taken in the same block.
fn pointed(body: &Body, at: BlockId, operand: &Operand) -> Option<Local> {
    let pointer = operand.as_local()?;
    body.block(at).statements.iter().rev().filter_map(taken_address).find(|(to, _)| *to == pointer).map(|(_, of)| of)
}
