//! Scalar replacement: a local struct, tuple or closure whose parts are used one by one becomes a local for each part.
//! Then a part that has one value (a captured reference, the end of a range) can stand for it.

use super::Cx;
use crate::body::*;
use hir::ty::{Ty, TyKind};

const PARTS_MAX: usize = 12;

/// Whether any local was split.
pub(super) fn run(cx: &Cx, body: &mut Body) -> bool {
    let mut whole: Vec<Option<Whole>> = body.locals.iter().map(|decl| parts_of(cx, decl.ty)).collect();
    whole[0] = None;
    for param in body.params() {
        whole[param.index()] = None;
    }
    // Without a use of a part there is nothing to gain.
    let mut in_parts = vec![false; body.locals.len()];
    for block in &body.blocks {
        for statement in &block.statements {
            look_at_statement(statement, &mut whole, &mut in_parts);
        }
        look_at_terminator(&block.terminator.kind, &mut whole, &mut in_parts);
    }
    let mut any = false;
    for index in 0..whole.len() {
        let Some(found) = &mut whole[index] else { continue };
        if !in_parts[index] {
            whole[index] = None;
            continue;
        }
        any = true;
        let (name, source) = (body.locals[index].name, body.locals[index].source);
        for ty in &found.types {
            body.locals.push(LocalDecl { ty: *ty, name, mutable: true, source });
            found.locals.push(Local(body.locals.len() as u32 - 1));
        }
    }
    if any {
        Splitter { whole, made: Vec::new(), locals: Vec::new(), base: 0 }.body(body);
    }
    any
}

/// Whether a local of this type may become a few.
pub(super) fn is_small(cx: &Cx, ty: Ty) -> bool {
    const FIELDS_MAX: usize = 4;
    parts_of(cx, ty).is_some_and(|whole| whole.types.len() <= FIELDS_MAX)
}

struct Whole {
    ty: Ty,
    kind: Aggregate,
    types: Vec<Ty>,
    locals: Vec<Local>,
}

fn parts_of(cx: &Cx, ty: Ty) -> Option<Whole> {
    let kind = match ty.kind() {
        TyKind::Tuple(_) => Aggregate::Tuple,
        TyKind::Closure(id, _) => Aggregate::Closure(*id),
        // A `Box` is followed as a pointer, so it must stay whole.
        TyKind::Adt(id, _) if !cx.is_enum(ty) && cx.types.boxed(ty).is_none() => Aggregate::Adt(*id, 0),
        _ => return None,
    };
    let count = cx.types.field_count(ty, 0);
    if count == 0 || count > PARTS_MAX {
        return None;
    }
    let types = (0..count as u32).map(|field| cx.types.field(ty, 0, field)).collect();
    Some(Whole { ty, kind, types, locals: Vec::new() })
}

fn look(place: &Place, whole: &mut [Option<Whole>], in_parts: &mut [bool]) {
    match place.projection.first() {
        None => {}
        Some(Projection::Field(_)) => in_parts[place.local.index()] = true,
        Some(_) => whole[place.local.index()] = None,
    }
}

fn look_at_statement(statement: &Statement, whole: &mut [Option<Whole>], in_parts: &mut [bool]) {
    statement.each_operand(|operand| {
        if let Some(place) = operand.place() {
            look(place, whole, in_parts);
        }
    });
    match &statement.kind {
        StatementKind::Assign(place, value) => {
            look(place, whole, in_parts);
            if let Some(seen) = value.looked_at() {
                look(seen, whole, in_parts);
                if seen.is_local() {
                    whole[seen.local.index()] = None;
                }
            }
            if let Some(local) = place.as_local()
                && !matches!(value, Rvalue::Use(_) | Rvalue::Aggregate(..))
            {
                whole[local.index()] = None;
            }
        }
        StatementKind::SetDiscriminant(place, _) => whole[place.local.index()] = None,
        StatementKind::Check { .. }
        | StatementKind::BoundsCheck { .. }
        | StatementKind::StorageLive(_)
        | StatementKind::StorageDead(_)
        | StatementKind::Nop => {}
    }
}

fn look_at_terminator(kind: &TerminatorKind, whole: &mut [Option<Whole>], in_parts: &mut [bool]) {
    kind.each_operand(|operand| {
        if let Some(place) = operand.place() {
            look(place, whole, in_parts);
        }
    });
    match kind {
        TerminatorKind::Drop { place, .. } => whole[place.local.index()] = None,
        TerminatorKind::Call { dest, .. } => match dest.as_local() {
            // It would arrive on the edge, where nothing can be written behind it.
            Some(local) => whole[local.index()] = None,
            None => look(dest, whole, in_parts),
        },
        TerminatorKind::Goto(_)
        | TerminatorKind::Switch { .. }
        | TerminatorKind::Return
        | TerminatorKind::Resume
        | TerminatorKind::Unreachable => {}
    }
}

struct Splitter {
    whole: Vec<Option<Whole>>,
    /// The statements of the current block so far.
    made: Vec<Statement>,
    /// New locals that hold a whole for a moment, numbered from `base`.
    locals: Vec<LocalDecl>,
    base: u32,
}

impl Splitter {
    fn body(&mut self, body: &mut Body) {
        self.base = body.locals.len() as u32;
        for block in &mut body.blocks {
            for statement in std::mem::take(&mut block.statements) {
                self.statement(statement);
            }
            let source = block.terminator.source;
            let kind = &mut block.terminator.kind;
            kind.each_operand_mut(|operand| self.operand(operand, source));
            match kind {
                TerminatorKind::Drop { place, .. } | TerminatorKind::Call { dest: place, .. } => self.place(place),
                TerminatorKind::Goto(_)
                | TerminatorKind::Switch { .. }
                | TerminatorKind::Return
                | TerminatorKind::Resume
                | TerminatorKind::Unreachable => {}
            }
            block.statements = std::mem::take(&mut self.made);
        }
        body.locals.append(&mut self.locals);
    }

    fn split(&self, local: Local) -> Option<&Whole> {
        self.whole.get(local.index()).and_then(Option::as_ref)
    }

    fn place(&self, place: &mut Place) {
        if let (Some(whole), Some(Projection::Field(field))) = (self.split(place.local), place.projection.first()) {
            place.local = whole.locals[*field as usize];
            place.projection.remove(0);
        }
    }

    /// Reading a whole puts it together again.
    fn operand(&mut self, operand: &mut Operand, source: SourceId) {
        let (Operand::Copy(place) | Operand::Move(place)) = operand else { return };
        self.place(place);
        let Some(local) = place.as_local() else { return };
        if self.split(local).is_none() {
            return;
        }
        let value = self.together(local);
        let ty = self.split(local).map_or(Ty::unit(), |whole| whole.ty);
        let temp = Local(self.base + self.locals.len() as u32);
        self.locals.push(LocalDecl { ty, name: None, mutable: true, source });
        self.made.push(Statement::assign(source, temp, value));
        *operand = Operand::take(temp);
    }

    fn together(&self, local: Local) -> Rvalue {
        let Some(whole) = self.split(local) else { return Rvalue::Use(Operand::copy(local)) };
        Rvalue::Aggregate(whole.kind, whole.locals.iter().map(|part| Operand::copy(*part)).collect())
    }

    fn statement(&mut self, mut statement: Statement) {
        let source = statement.source;
        if let StatementKind::Assign(place, value) = &mut statement.kind {
            self.place(place);
            let parts = place.as_local().and_then(|local| self.split(local)).map(|whole| whole.locals.clone());
            match (value, parts) {
                (Rvalue::Aggregate(_, operands), Some(parts)) => {
                    let operands = std::mem::take(operands);
                    self.in_parallel(parts, operands, source);
                    return;
                }
                (Rvalue::Use(operand), Some(parts)) => {
                    self.copy_parts(parts, operand.clone(), source);
                    return;
                }
                (Rvalue::Use(operand), None) => {
                    // Put together right where it goes.
                    if let Some(local) = operand.as_local()
                        && self.split(local).is_some()
                    {
                        let value = self.together(local);
                        let place = place.clone();
                        self.made.push(Statement::assign(source, place, value));
                        return;
                    }
                }
                _ => {}
            }
        }
        let mut kind = std::mem::replace(&mut statement.kind, StatementKind::Nop);
        {
            let mut whole = Statement { kind, source };
            whole.each_operand_mut(|operand| self.operand(operand, source));
            match &mut whole.kind {
                StatementKind::Assign(place, value) => {
                    self.place(place);
                    if let Some(seen) = value.looked_at_mut() {
                        self.place(seen);
                    }
                }
                StatementKind::SetDiscriminant(place, _) => self.place(place),
                StatementKind::Check { .. }
                | StatementKind::BoundsCheck { .. }
                | StatementKind::StorageLive(_)
                | StatementKind::StorageDead(_)
                | StatementKind::Nop => {}
            }
            kind = whole.kind;
        }
        statement.kind = kind;
        self.made.push(statement);
    }

    /// `x = S { a, b }` where `a` may read `x` itself: all are read before any is written.
    fn in_parallel(&mut self, parts: Vec<Local>, mut operands: Vec<Operand>, source: SourceId) {
        for operand in &mut operands {
            self.operand(operand, source);
        }
        let reads_part = operands.iter().any(|o| o.place().is_some_and(|p| parts.contains(&p.local) || p.index_locals().any(|i| parts.contains(&i))));
        if reads_part {
            for (operand, part) in operands.iter_mut().zip(&parts) {
                let ty = self.part_ty(*part);
                let temp = Local(self.base + self.locals.len() as u32);
                self.locals.push(LocalDecl { ty, name: None, mutable: true, source });
                let value = std::mem::replace(operand, Operand::take(temp));
                self.made.push(Statement::assign(source, temp, Rvalue::Use(value)));
            }
        }
        for (part, operand) in parts.into_iter().zip(operands) {
            self.made.push(Statement::assign(source, part, Rvalue::Use(operand)));
        }
    }

    fn part_ty(&self, part: Local) -> Ty {
        let found = self.whole.iter().flatten().find_map(|whole| {
            whole.locals.iter().position(|local| *local == part).map(|index| whole.types[index])
        });
        found.unwrap_or_else(Ty::unit)
    }

    fn copy_parts(&mut self, parts: Vec<Local>, operand: Operand, source: SourceId) {
        match operand {
            Operand::Const(constant) => {
                let temp = Local(self.base + self.locals.len() as u32);
                self.locals.push(LocalDecl { ty: constant.ty, name: None, mutable: true, source });
                self.made.push(Statement::assign(source, temp, Rvalue::Use(Operand::Const(constant))));
                for (field, part) in parts.into_iter().enumerate() {
                    let value = Operand::Copy(Place::local(temp).field(field as u32));
                    self.made.push(Statement::assign(source, part, Rvalue::Use(value)));
                }
            }
            Operand::Copy(mut from) | Operand::Move(mut from) => {
                self.place(&mut from);
                let other = from.as_local().and_then(|local| self.split(local)).map(|whole| whole.locals.clone());
                let values: Vec<Operand> = match other {
                    Some(other) => other.into_iter().map(Operand::copy).collect(),
                    None => (0..parts.len() as u32).map(|field| Operand::Copy(from.field(field))).collect(),
                };
                self.in_parallel(parts, values, source);
            }
        }
    }
}
