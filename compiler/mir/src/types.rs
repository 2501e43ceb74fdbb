//! The types of places and operands, in generic and concrete bodies alike.

use crate::body::*;
use crate::fast::FastMap;
use hir::TypedProgram;
use hir::ids::{AdtId, ClosureId, FnId};
use hir::ty::{Args, Subst, Ty, TyKind};
use std::cell::RefCell;

/// A type, and after a `Downcast` the variant as which it is seen.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct PlaceTy {
    pub ty: Ty,
    pub variant: Option<u32>,
}

/// Answers questions about types from the point of view of one function, and remembers the answers.
pub struct Types<'a> {
    pub program: &'a TypedProgram,
    /// Whose predicates hold. For concrete types any function will do.
    pub owner: FnId,
    box_adt: Option<AdtId>,
    unsafe_cell: Option<AdtId>,
    memory: RefCell<Memory>,
}

#[derive(Default)]
struct Memory {
    fields: FastMap<(Ty, u32, u32), Ty>,
    copy: FastMap<Ty, bool>,
    drop: FastMap<Ty, bool>,
}

impl<'a> Types<'a> {
    pub fn new(program: &'a TypedProgram, owner: FnId) -> Types<'a> {
        let adt = |name| match program.program().lang.get(name) {
            Some(hir::LangItem::Adt(id)) => Some(id),
            Some(hir::LangItem::Fn(_) | hir::LangItem::Trait(_)) | None => None,
        };
        Types { program, owner, box_adt: adt("box"), unsafe_cell: adt("unsafe_cell"), memory: RefCell::default() }
    }

    /// Memory of a region or a task: the compiler's own, initialised in place through its address.
    pub fn is_record(&self, ty: Ty) -> bool {
        const RECORDS: [&str; 5] = ["scope", "task_record", "timeout_guard", "shield_guard", "local_guard"];
        let lang = &self.program.program().lang;
        matches!(ty.kind(), TyKind::Adt(id, _) if RECORDS.iter().any(|name| lang.is_adt(name, *id)))
    }

    pub fn is_copy(&self, ty: Ty) -> bool {
        match ty.kind() {
            TyKind::Bool | TyKind::Char | TyKind::Int(_) | TyKind::Float(_) | TyKind::Ptr(..) | TyKind::Never => return true,
            TyKind::Ref(mutable, _) => return !mutable.is_yes(),
            _ => {}
        }
        if let Some(&known) = self.memory.borrow().copy.get(&ty) {
            return known;
        }
        let answer = self.program.is_copy(self.owner, ty);
        self.memory.borrow_mut().copy.insert(ty, answer);
        answer
    }

    pub fn needs_drop(&self, ty: Ty) -> bool {
        match ty.kind() {
            TyKind::Bool | TyKind::Char | TyKind::Int(_) | TyKind::Float(_) | TyKind::Ptr(..) | TyKind::Ref(..) | TyKind::Never => {
                return false;
            }
            TyKind::Tuple(of) if of.is_empty() => return false,
            _ => {}
        }
        if let Some(&known) = self.memory.borrow().drop.get(&ty) {
            return known;
        }
        let answer = self.program.needs_drop(self.owner, ty);
        self.memory.borrow_mut().drop.insert(ty, answer);
        answer
    }

    /// What a `Box` holds.
    pub fn boxed(&self, ty: Ty) -> Option<Ty> {
        match ty.kind() {
            TyKind::Adt(id, args) if Some(*id) == self.box_adt => args.first().copied(),
            _ => None,
        }
    }

    /// May be changed behind a shared reference.
    pub fn is_unsafe_cell(&self, ty: Ty) -> bool {
        matches!(ty.kind(), TyKind::Adt(id, _) if Some(*id) == self.unsafe_cell)
    }

    /// What a dereference gives.
    pub fn target(&self, ty: Ty) -> Option<Ty> {
        match ty.kind() {
            TyKind::Ref(_, to) | TyKind::Ptr(_, to) => Some(*to),
            _ => self.boxed(ty),
        }
    }

    pub fn element(&self, ty: Ty) -> Option<Ty> {
        match ty.kind() {
            TyKind::Array(of, _) | TyKind::Slice(of) => Some(*of),
            _ => None,
        }
    }

    pub fn field(&self, ty: Ty, variant: u32, field: u32) -> Ty {
        match ty.kind() {
            TyKind::Tuple(of) => return of[field as usize],
            TyKind::Adt(..) | TyKind::Closure(..) => {}
            _ => bug!("types", self.name(); "field {field} of {}", self.program.program().show(ty)),
        }
        if let Some(&known) = self.memory.borrow().fields.get(&(ty, variant, field)) {
            return known;
        }
        let answer = match ty.kind() {
            TyKind::Adt(id, args) => self.program.field_ty(self.owner, *id, *args, variant, field),
            TyKind::Closure(id, args) => self.closure_fields(*id, *args)[field as usize],
            _ => unreachable!("checked above"),
        };
        self.memory.borrow_mut().fields.insert((ty, variant, field), answer);
        answer
    }

    /// The captures of a closure as its fields.
    pub fn closure_fields(&self, id: ClosureId, args: Args) -> Vec<Ty> {
        let Some(body) = self.program.body(id.owner) else {
            bug!("types", self.name(); "a closure of a function without body")
        };
        let captures = &body.closures[id.index as usize].captures;
        captures.iter().map(|c| self.program.normalize(self.owner, c.field_ty().subst(&args))).collect()
    }

    /// How many fields it has as this variant.
    pub fn field_count(&self, ty: Ty, variant: u32) -> usize {
        match ty.kind() {
            TyKind::Tuple(of) => of.len(),
            TyKind::Adt(id, _) => {
                self.program.program().adt(*id).variants.get(variant as usize).map_or(0, |v| v.fields.len())
            }
            TyKind::Closure(id, args) => self.closure_fields(*id, *args).len(),
            _ => 0,
        }
    }

    pub fn step(&self, from: PlaceTy, step: Projection) -> PlaceTy {
        let plain = |ty| PlaceTy { ty, variant: None };
        let wrong = || -> ! { bug!("types", self.name(); "{step:?} of {}", self.program.program().show(from.ty)) };
        match step {
            Projection::Deref => plain(self.target(from.ty).unwrap_or_else(|| wrong())),
            Projection::Field(field) => plain(self.field(from.ty, from.variant.unwrap_or(0), field)),
            Projection::Index(_) | Projection::ConstIndex { .. } => {
                plain(self.element(from.ty).unwrap_or_else(|| wrong()))
            }
            Projection::Subslice { from: skip, to } => match from.ty.kind() {
                TyKind::Slice(_) => plain(from.ty),
                TyKind::Array(of, len) => match len.kind() {
                    TyKind::Const(len) => plain(Ty::array(*of, len - i64::from(skip) - i64::from(to))),
                    _ => plain(Ty::slice(*of)),
                },
                _ => wrong(),
            },
            Projection::Downcast(variant) => PlaceTy { ty: from.ty, variant: Some(variant) },
        }
    }

    pub fn place_full(&self, locals: &[LocalDecl], place: &Place) -> PlaceTy {
        let start = PlaceTy { ty: locals[place.local.index()].ty, variant: None };
        place.projection.iter().fold(start, |ty, step| self.step(ty, *step))
    }

    pub fn place(&self, locals: &[LocalDecl], place: &Place) -> Ty {
        if place.projection.is_empty() {
            return locals[place.local.index()].ty;
        }
        self.place_full(locals, place).ty
    }

    pub fn operand(&self, locals: &[LocalDecl], operand: &Operand) -> Ty {
        match operand {
            Operand::Copy(place) | Operand::Move(place) => self.place(locals, place),
            Operand::Const(constant) => constant.ty,
        }
    }

    /// The operand that reads a place: a copy where the type allows it.
    pub fn read(&self, place: Place, ty: Ty) -> Operand {
        if self.is_copy(ty) { Operand::Copy(place) } else { Operand::Move(place) }
    }

    fn name(&self) -> &str {
        &self.program.program().fn_def(self.owner).path
    }
}
