//! Two ways that only choose between values become a choice without a branch.
//!
//! `if a < b { a } else { b }`, a search that keeps one half or the other, a count of what passes a test: which way such a
//! branch goes depends on the data, and a processor that guesses wrong loses more than both ways cost. A checked sum of
//! what one way adds becomes the checked sum of it or nothing, so that it raises when and where it did.

use super::Cx;
use super::ssa::{self, Ssa};
use crate::body::*;
use crate::fast::FastMap;
use crate::graph::{Edges, predecessors};
use hir::ty::{Ty, TyKind};

/// Of one way: what is computed though it may not be needed.
const STATEMENTS_MAX: usize = 3;
/// Values that are chosen: each costs an instruction, where a branch costs one for all.
const CHOSEN_MAX: usize = 2;

/// Whether anything changed.
pub(super) fn run(cx: &Cx, body: &mut Body) -> bool {
    let mut any = false;
    // What was chosen between may be part of another choice.
    while one(cx, body) {
        any = true;
    }
    any
}

fn one(cx: &Cx, body: &mut Body) -> bool {
    let before = predecessors(body);
    let mut facts: Option<Ssa> = None;
    let mut any = false;
    let mut changed = vec![false; body.blocks.len()];
    for id in body.block_ids() {
        let Some(fork) = Fork::at(body, &before, id) else { continue };
        if [Some(id), fork.yes, fork.no, Some(fork.to)].into_iter().flatten().any(|block| changed[block.index()]) {
            continue;
        }
        let facts = facts.get_or_insert_with(|| ssa::find(body));
        if let Some(statements) = fork.sum(cx, body, facts).or_else(|| fork.choices(cx, body, facts)) {
            let block = &mut body.blocks[id.index()];
            block.statements.extend(statements);
            block.terminator.kind = TerminatorKind::Goto(fork.to);
            [Some(id), fork.yes, fork.no, Some(fork.to)].into_iter().flatten().for_each(|block| changed[block.index()] = true);
            any = true;
        }
    }
    any
}

/// A branch whose ways meet again at once; a way that does nothing has no block.
struct Fork {
    at: BlockId,
    condition: Operand,
    yes: Option<BlockId>,
    no: Option<BlockId>,
    to: BlockId,
}

impl Fork {
    fn at(body: &Body, before: &Edges, at: BlockId) -> Option<Fork> {
        let block = body.block(at);
        let TerminatorKind::Switch { value, targets, otherwise } = &block.terminator.kind else { return None };
        let [(0, no)] = targets[..] else { return None };
        let yes = *otherwise;
        let local = value.as_local()?;
        if block.cleanup || yes == no || !body.local_decl(local).ty.is_bool() {
            return None;
        }
        let way = |way: BlockId| match body.block(way).terminator.kind {
            TerminatorKind::Goto(to) if before[way.index()].len() == 1 && to != way && !body.block(way).cleanup => Some(to),
            _ => None,
        };
        let (yes, no, to) = match (way(yes), way(no)) {
            (Some(a), Some(b)) if a == b => (Some(yes), Some(no), a),
            (Some(to), _) if to == no => (Some(yes), None, to),
            (_, Some(to)) if to == yes => (None, Some(no), to),
            _ => return None,
        };
        (to != at).then(|| Fork { at, condition: Operand::copy(local), yes, no, to })
    }

    /// One way adds something to a local, or takes it away, and does nothing else.
    fn sum(&self, cx: &Cx, body: &mut Body, facts: &Ssa) -> Option<Vec<Statement>> {
        let (way, adds) = match (self.yes, self.no) {
            (Some(way), None) => (way, true),
            (None, Some(way)) => (way, false),
            _ => return None,
        };
        if body.block(way).unwind != body.block(self.at).unwind && body.block(self.at).raises() {
            return None;
        }
        let statements: Vec<&Statement> = body.block(way).statements.iter().filter(|s| !matches!(s.kind, StatementKind::Nop)).collect();
        let (operation, sum) = match statements[..] {
            [operation] => (operation, None),
            [operation, moved] => match &moved.kind {
                StatementKind::Assign(to, Rvalue::Use(from)) => (operation, Some((to.as_local()?, from.as_local()?))),
                _ => return None,
            },
            _ => return None,
        };
        let StatementKind::Assign(made, Rvalue::Binary(op, left, right)) = &operation.kind else { return None };
        let made = made.as_local()?;
        let total = match sum {
            Some((total, from)) if from == made && facts.reads[made.index()] == 1 => total,
            None => made,
            _ => return None,
        };
        let fits = matches!(op, BinaryOp::AddChecked | BinaryOp::SubChecked) && left.as_local() == Some(total);
        let ty = body.local_decl(total).ty;
        let by = right.as_int().is_some() || right.as_local().is_some_and(|by| by != total && !facts.borrowed.contains(by.index()));
        if !fits || !by || !is_word(ty) || facts.borrowed.contains(total.index()) || cx.types.operand(&body.locals, right) != ty {
            return None;
        }
        let (source, unwind) = (operation.source, body.block(way).unwind);
        let nothing = Operand::constant(ty, ConstKind::int(0));
        let (yes, no) = if adds { (right.as_copy(), nothing) } else { (nothing, right.as_copy()) };
        let (op, left) = (*op, Operand::copy(total));
        let by = body.add_local(ty, source);
        let next = body.add_local(ty, source);
        body.blocks[self.at.index()].unwind = unwind;
        Some(vec![
            Statement::assign(source, by, Rvalue::Select(self.condition.clone(), Box::new([yes, no]))),
            Statement::assign(source, next, Rvalue::Binary(op, left, Operand::copy(by))),
            Statement::assign(source, total, Rvalue::Use(Operand::copy(next))),
        ])
    }

    /// Both ways only give values to locals.
    fn choices(&self, cx: &Cx, body: &mut Body, facts: &Ssa) -> Option<Vec<Statement>> {
        let mut all = Vec::new();
        let mut made: Vec<FastMap<Local, Operand>> = Vec::new();
        let mut order: Vec<Local> = Vec::new();
        let mut types: Vec<(Ty, SourceId)> = Vec::new();
        let first = body.locals.len() as u32;
        for way in [self.yes, self.no] {
            let mut values: FastMap<Local, Operand> = FastMap::default();
            let statements = way.map_or(&[][..], |way| &body.block(way).statements[..]);
            let statements: Vec<&Statement> = statements.iter().filter(|s| !matches!(s.kind, StatementKind::Nop)).collect();
            if statements.len() > STATEMENTS_MAX {
                return None;
            }
            for statement in &statements {
                let StatementKind::Assign(place, value) = &statement.kind else { return None };
                let local = place.as_local().filter(|local| *local != Local::RETURN && !facts.borrowed.contains(local.index()))?;
                if !is_word(body.local_decl(local).ty) {
                    return None;
                }
                let now = |operand: &Operand| -> Option<Operand> {
                    match operand.place() {
                        None => Some(operand.clone()),
                        Some(place) => {
                            let local = place.as_local().filter(|local| !facts.borrowed.contains(local.index()))?;
                            Some(values.get(&local).cloned().unwrap_or(Operand::copy(local)))
                        }
                    }
                };
                let value = match value {
                    Rvalue::Use(operand) => {
                        let operand = now(operand)?;
                        values.insert(local, operand);
                        None
                    }
                    Rvalue::Binary(op, left, right) if is_quick(*op) && is_word(cx.types.operand(&body.locals, left)) => {
                        Some(Rvalue::Binary(*op, now(left)?, now(right)?))
                    }
                    _ => return None,
                };
                if let Some(value) = value {
                    let made = Local(first + types.len() as u32);
                    types.push((body.local_decl(local).ty, statement.source));
                    all.push(Statement::assign(statement.source, made, value));
                    values.insert(local, Operand::copy(made));
                }
                if !order.contains(&local) {
                    order.push(local);
                }
            }
            // What only this way reads is not chosen.
            let inside = |local: Local| {
                let mut count = 0;
                statements.iter().for_each(|statement| ssa::each_read(statement, &mut |read| count += u32::from(read == local)));
                count
            };
            order.retain(|local| !values.contains_key(local) || inside(*local) != facts.reads[local.index()]);
            made.push(values);
        }
        if order.is_empty() || order.len() > CHOSEN_MAX || order.contains(&self.condition.as_local()?) {
            return None;
        }
        // One of two values that changes, as in a search by halves: guessing which lets the next round begin at once.
        if order.len() > 1 && self.yes.is_some() && self.no.is_some() && !order.iter().all(|local| made.iter().all(|values| values.contains_key(local))) {
            return None;
        }
        let source = body.block(self.at).terminator.source;
        let mut chosen = Vec::new();
        for (index, local) in order.iter().enumerate() {
            let value = |way: usize| made[way].get(local).cloned().unwrap_or(Operand::copy(*local));
            let ty = body.local_decl(*local).ty;
            let choice = Local(first + (types.len() + index) as u32);
            all.push(Statement::assign(source, choice, Rvalue::Select(self.condition.clone(), Box::new([value(0), value(1)]))));
            chosen.push((*local, choice, ty));
        }
        for (ty, source) in types {
            body.add_local(ty, source);
        }
        for (local, choice, ty) in chosen {
            body.add_local(ty, source);
            all.push(Statement::assign(source, local, Rvalue::Use(Operand::copy(choice))));
        }
        Some(all)
    }
}

/// Fits a register for whole numbers: choosing between floats is a branch anyway.
fn is_word(ty: Ty) -> bool {
    matches!(ty.kind(), TyKind::Int(_) | TyKind::Bool | TyKind::Char | TyKind::Ptr(..))
}

/// May be computed in vain.
fn is_quick(op: BinaryOp) -> bool {
    matches!(op, BinaryOp::Add | BinaryOp::Sub | BinaryOp::BitAnd | BinaryOp::BitOr | BinaryOp::BitXor)
}
