//! Place expressions. Inside a closure a path of an outer variable becomes a path of the closure's own field once it is
//! known how far it goes: what was captured may be the variable or only a part of it.

use super::{Builder, DropKind, Var};
use crate::body::*;
use hir::ids::{ClosureId, ExprId, LocalId};
use hir::ty::{Mutable, Ty, TyKind};
use hir::typed::{CaptureBy, CaptureStep, ExprKind};

#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(super) struct PlaceBuilder {
    base: Base,
    projection: Vec<Projection>,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
enum Base {
    Local(Local),
    /// A variable of the function or closure around.
    Outer(LocalId),
}

impl PlaceBuilder {
    pub fn local(local: Local) -> PlaceBuilder {
        PlaceBuilder { base: Base::Local(local), projection: Vec::new() }
    }
    pub fn step(mut self, step: Projection) -> PlaceBuilder {
        self.projection.push(step);
        self
    }
    pub fn with(&self, step: Projection) -> PlaceBuilder {
        self.clone().step(step)
    }
    /// Elements of an array (the type of what the last step is of) are counted from the start, so that equal elements
    /// are equal places.
    pub fn from_start(mut self, array: Ty) -> PlaceBuilder {
        if let TyKind::Array(_, len) = array.kind()
            && let TyKind::Const(len) = len.kind()
            && let Some(Projection::ConstIndex { offset, from_end: from_end @ true }) = self.projection.last_mut()
        {
            *offset = *len as u32 - *offset;
            *from_end = false;
        }
        self
    }
}

impl Builder<'_> {
    pub(super) fn is_place(&self, id: ExprId) -> bool {
        match &self.typed.expr(id).kind {
            ExprKind::Local(_) | ExprKind::Static(_) | ExprKind::Field(..) | ExprKind::Index(..) | ExprKind::Deref(_) => true,
            ExprKind::Const(_)
            | ExprKind::ConstItem(..)
            | ExprKind::ConstParam(_)
            | ExprKind::FnItem(..)
            | ExprKind::Ref(..)
            | ExprKind::RawRef(..)
            | ExprKind::Binary(..)
            | ExprKind::Unary(..)
            | ExprKind::And(..)
            | ExprKind::Or(..)
            | ExprKind::Assign(..)
            | ExprKind::AssignOp(..)
            | ExprKind::Call(..)
            | ExprKind::Tuple(_)
            | ExprKind::Array(_)
            | ExprKind::Repeat(_)
            | ExprKind::Adt { .. }
            | ExprKind::Closure(_)
            | ExprKind::Cast(..)
            | ExprKind::Block(_)
            | ExprKind::If { .. }
            | ExprKind::Let(..)
            | ExprKind::Match { .. }
            | ExprKind::Loop { .. }
            | ExprKind::Labeled { .. }
            | ExprKind::Break { .. }
            | ExprKind::Continue { .. }
            | ExprKind::Return(_)
            | ExprKind::Propagate(_)
            | ExprKind::Region(_)
            | ExprKind::Unsafe(_)
            | ExprKind::Error => false,
        }
    }

    /// The place that an expression names; a value is put into a temporary that lives to the end of the statement.
    pub(super) fn as_place(&mut self, id: ExprId) -> Place {
        let place = self.as_place_builder(id);
        self.resolve(place)
    }

    pub(super) fn as_place_builder(&mut self, id: ExprId) -> PlaceBuilder {
        let expr = self.typed.expr(id);
        match expr.kind {
            ExprKind::Local(local) => self.variable(local),
            ExprKind::Static(item) => {
                let source = self.source(expr.span);
                let pointer = Ty::pointer(Mutable::Yes, expr.ty);
                let temp = self.new_temp(pointer, source);
                self.assign(source, temp, Rvalue::Use(Operand::constant(pointer, ConstKind::Static(item))));
                PlaceBuilder::local(temp).step(Projection::Deref)
            }
            ExprKind::Field(base, field) => self.as_place_builder(base).step(Projection::Field(field)),
            ExprKind::Deref(base) => self.as_place_builder(base).step(Projection::Deref),
            ExprKind::Index(base, index) => self.index(id, base, index),
            _ => {
                let temp = self.as_borrowable_temp(id);
                PlaceBuilder::local(temp)
            }
        }
    }

    fn index(&mut self, id: ExprId, base: ExprId, index: ExprId) -> PlaceBuilder {
        let source = self.expr_source(id);
        let base_ty = self.typed.expr(base).ty;
        // The index is read here and now: what follows may change the variable it came from. It may ask the owner of what is
        // indexed (`v[v.len() - 1] = 0`), so that is not turned into a slice before.
        let (place, index) = if self.is_seen_through(base) {
            let index = self.as_operand_local(index);
            (self.as_place_builder(base), index)
        } else {
            (self.as_place_builder(base), self.as_operand_local(index))
        };
        let len = match base_ty.kind() {
            TyKind::Array(_, len) => self.const_param(*len),
            _ => {
                let whole = self.resolve(place.clone());
                let len = self.new_temp(Ty::int(), source);
                self.assign(source, len, Rvalue::Len(whole));
                Operand::Copy(Place::local(len))
            }
        };
        self.push(source, StatementKind::BoundsCheck { index: Operand::copy(index), len });
        place.step(Projection::Index(index))
    }

    /// A place that only automatic dereferences stand in front of: when they happen makes no difference.
    fn is_seen_through(&self, id: ExprId) -> bool {
        match &self.typed.expr(id).kind {
            ExprKind::Local(_) | ExprKind::Static(_) => true,
            ExprKind::Field(base, _) | ExprKind::Deref(base) | ExprKind::Ref(_, base) => self.is_seen_through(*base),
            ExprKind::Call(..) => self.automatic_dereference(id).is_some_and(|owner| self.is_seen_through(owner)),
            _ => false,
        }
    }

    /// Whether a receiver is reached through an owner's dereference, as a vector's slice is.
    pub(super) fn is_part_of_owner(&self, id: ExprId) -> bool {
        match &self.typed.expr(id).kind {
            ExprKind::Field(base, _) | ExprKind::Deref(base) | ExprKind::Ref(_, base) => self.is_part_of_owner(*base),
            ExprKind::Call(..) => self.automatic_dereference(id).is_some_and(|owner| self.is_seen_through(owner)),
            _ => false,
        }
    }

    /// The reference to the owner, in a call of `Deref` or `DerefMut`.
    fn automatic_dereference(&self, id: ExprId) -> Option<ExprId> {
        self.receiver_of(id, &["deref", "deref_mut"])
    }

    /// The same, also of `Index` and `IndexMut`.
    pub(super) fn automatic_access(&self, id: ExprId) -> Option<ExprId> {
        self.receiver_of(id, &["deref", "deref_mut", "index", "index_mut"])
    }

    /// The first argument, in a call of one of these methods of the traits of the same names.
    fn receiver_of(&self, id: ExprId, methods: &[&str]) -> Option<ExprId> {
        let ExprKind::Call(hir::typed::Callee::Fn(function, _), args) = &self.typed.expr(id).kind else { return None };
        let program = self.types.program.program();
        let found = methods.iter().any(|name| *function == program.trait_method(name, name));
        found.then(|| args[0])
    }

    /// The value of a const argument.
    pub(super) fn const_param(&self, ty: Ty) -> Operand {
        match ty.kind() {
            TyKind::Const(value) => Operand::int(i128::from(*value)),
            _ => Operand::constant(Ty::int(), ConstKind::Param(ty)),
        }
    }

    fn as_operand_local(&mut self, id: ExprId) -> Local {
        let source = self.expr_source(id);
        match self.as_operand(id) {
            Operand::Move(place) if place.is_local() => place.local,
            operand => {
                let temp = self.new_temp(Ty::int(), source);
                self.assign(source, temp, Rvalue::Use(operand));
                temp
            }
        }
    }

    /// A temporary for a value that is looked at: it has storage, and a destructor at the end of its scope.
    pub(super) fn as_borrowable_temp(&mut self, id: ExprId) -> Local {
        let expr = self.typed.expr(id);
        let source = self.source(expr.span);
        let scope = self.extended.get(&id).copied().unwrap_or(self.temp_scope);
        let temp = self.new_temp(expr.ty, source);
        self.push(source, StatementKind::StorageLive(temp));
        self.schedule(scope, temp, DropKind::Storage);
        self.expr_into(Place::local(temp), id);
        self.schedule_value(scope, temp);
        temp
    }

    /// A place that is only looked at. What is written down in the program is always there: `[1, 2, 3].iter()` may be walked
    /// later. Nothing of it was allocated, so nothing of it is dropped.
    pub(super) fn as_looked_at(&mut self, id: ExprId) -> Place {
        if !self.is_written_down(id) {
            return self.as_place(id);
        }
        let expr = self.typed.expr(id);
        let source = self.source(expr.span);
        let temp = self.new_temp(expr.ty, source);
        self.expr_into(Place::local(temp), id);
        Place::local(temp)
    }

    /// Literals, in tuples and arrays or alone.
    fn is_written_down(&self, id: ExprId) -> bool {
        match &self.typed.expr(id).kind {
            ExprKind::Const(_) => true,
            ExprKind::Array(parts) | ExprKind::Tuple(parts) => parts.iter().all(|&part| self.is_written_down(part)),
            _ => false,
        }
    }

    pub(super) fn variable(&mut self, id: LocalId) -> PlaceBuilder {
        match self.vars[id.index()] {
            Some(Var::Local(local)) => PlaceBuilder::local(local),
            Some(Var::Behind(local)) => PlaceBuilder::local(local).step(Projection::Deref),
            None if self.typed.local(id).closure == self.closure => {
                // Declared in a place that is never reached.
                let local = self.declare(id);
                PlaceBuilder::local(local)
            }
            None => PlaceBuilder { base: Base::Outer(id), projection: Vec::new() },
        }
    }

    pub(super) fn resolve(&mut self, place: PlaceBuilder) -> Place {
        match place.base {
            Base::Local(local) => Place { local, projection: place.projection },
            Base::Outer(id) => self.captured(id, &place.projection).unwrap_or_else(|| {
                bug!("build", self.name; "`{}` is not captured as far as {:?}", self.typed.local(id).name, place.projection)
            }),
        }
    }

    /// `None` for a path of which only parts were captured.
    pub(super) fn try_resolve(&mut self, place: &PlaceBuilder) -> Option<Place> {
        match place.base {
            Base::Local(local) => Some(Place { local, projection: place.projection.clone() }),
            Base::Outer(id) => self.captured(id, &place.projection),
        }
    }

    fn captured(&self, id: LocalId, path: &[Projection]) -> Option<Place> {
        let closure = &self.typed.closures[self.closure? as usize];
        let (field, capture) = (closure.captures.iter().enumerate())
            .filter(|(_, capture)| capture.local == id && is_prefix(&capture.path, path))
            .max_by_key(|(_, capture)| capture.path.len())?;
        let mut projection = Vec::with_capacity(path.len() + 3);
        if closure.kind != hir::typed::ClosureKind::FnOnce {
            projection.push(Projection::Deref);
        }
        projection.push(Projection::Field(field as u32));
        if capture.by != CaptureBy::Value {
            projection.push(Projection::Deref);
        }
        projection.extend_from_slice(&path[capture.path.len()..]);
        Some(Place { local: Local(1), projection })
    }

    /// The operands that fill a closure's fields.
    pub(super) fn closure_value(&mut self, index: u32) -> Rvalue {
        let typed = self.typed;
        let closure = &typed.closures[index as usize];
        let mut operands = Vec::with_capacity(closure.captures.len());
        for capture in &closure.captures {
            let source = self.source(capture.span);
            let mut place = self.variable(capture.local);
            for step in &capture.path {
                place = place.step(match step {
                    CaptureStep::Field(field) => Projection::Field(*field),
                    CaptureStep::Deref => Projection::Deref,
                });
            }
            let place = self.resolve(place);
            let value = match capture.by {
                CaptureBy::Value => Rvalue::Use(self.types.read(place, capture.ty)),
                CaptureBy::Shared => Rvalue::reference(Mutable::No, place),
                CaptureBy::Exclusive => Rvalue::reference(Mutable::Yes, place),
            };
            let temp = self.new_temp(capture.field_ty(), source);
            self.assign(source, temp, value);
            operands.push(Operand::take(temp));
        }
        let id = ClosureId { owner: typed.owner, index };
        Rvalue::Aggregate(Aggregate::Closure(id), operands)
    }
}

fn is_prefix(capture: &[CaptureStep], path: &[Projection]) -> bool {
    capture.len() <= path.len()
        && capture.iter().zip(path).all(|(wanted, step)| match wanted {
            CaptureStep::Field(field) => *step == Projection::Field(*field),
            CaptureStep::Deref => *step == Projection::Deref,
        })
}
