//! One generic body with its arguments put in.

use super::call::Target;
use super::{Key, Mono};
use crate::body::*;
use crate::fast::FastMap;
use diag::Symbol;
use hir::ids::FnId;
use hir::ty::{Args, Mutable, Subst, Ty, TyKind};

pub(super) fn lower(mono: &mut Mono, generic: &Body, args: Args) -> Body {
    let mut body = generic.clone();
    super::entries::look_without_copies(mono, &mut body);
    let blocks = std::mem::take(&mut body.blocks);
    body.concrete = true;
    let mut lowering = Lowering { mono, args, known: FastMap::default(), body, current: BlockId::START };
    for index in 0..lowering.body.locals.len() {
        let ty = lowering.body.locals[index].ty;
        lowering.body.locals[index].ty = lowering.ty(ty);
    }
    lowering.blocks(blocks);
    lowering.body
}

/// Finishes a body that was written with concrete types, but still with `Drop`s, generic callees and casts.
pub(super) fn finish(mono: &mut Mono, mut body: Body) -> Body {
    let blocks = std::mem::take(&mut body.blocks);
    body.concrete = true;
    let mut lowering = Lowering { mono, args: Args::empty(), known: FastMap::default(), body, current: BlockId::START };
    lowering.blocks(blocks);
    lowering.body
}

pub(super) struct Lowering<'m, 'a> {
    pub mono: &'m mut Mono<'a>,
    args: Args,
    known: FastMap<Ty, Ty>,
    pub body: Body,
    /// The block that is being filled.
    pub current: BlockId,
}

impl Lowering<'_, '_> {
    fn blocks(&mut self, blocks: Vec<Block>) {
        let count = blocks.len();
        // Blocks keep their numbers; what is added comes behind.
        for block in &blocks {
            let shell = Block { unwind: block.unwind, cleanup: block.cleanup, ..Block::new(SourceId::BODY, TerminatorKind::Unreachable) };
            self.body.blocks.push(shell);
        }
        debug_assert_eq!(self.body.blocks.len(), count);
        for (index, block) in blocks.into_iter().enumerate() {
            self.current = BlockId(index as u32);
            for statement in block.statements {
                self.statement(statement);
            }
            self.terminator(block.terminator);
        }
    }

    // Types.

    pub fn ty(&mut self, ty: Ty) -> Ty {
        let flags = ty.flags();
        if !flags.param && !flags.projection {
            return ty;
        }
        if let Some(&known) = self.known.get(&ty) {
            return known;
        }
        let made = ty.subst(&self.args);
        let made = if made.flags().projection { self.mono.program.normalize(FnId(0), made) } else { made };
        self.known.insert(ty, made);
        made
    }

    pub fn ty_args(&mut self, args: Args) -> Args {
        if args.iter().all(|ty| !ty.flags().param && !ty.flags().projection) {
            return args;
        }
        args.map(&mut |ty| self.ty(ty))
    }

    pub fn place_ty(&self, place: &Place) -> Ty {
        self.mono.types.place(&self.body.locals, place)
    }

    pub fn operand_ty(&self, operand: &Operand) -> Ty {
        self.mono.types.operand(&self.body.locals, operand)
    }

    // Building.

    pub fn temp(&mut self, ty: Ty, source: SourceId) -> Local {
        self.body.add_local(ty, source)
    }

    pub fn push(&mut self, source: SourceId, kind: StatementKind) {
        self.body.blocks[self.current.index()].statements.push(Statement { kind, source });
    }

    pub fn assign(&mut self, source: SourceId, place: impl Into<Place>, value: Rvalue) {
        self.push(source, StatementKind::Assign(place.into(), value));
    }

    pub fn end(&mut self, source: SourceId, kind: TerminatorKind) {
        self.body.blocks[self.current.index()].terminator = Terminator { kind, source };
    }

    /// A block like the current one: it raises to the same place.
    pub fn new_block(&mut self) -> BlockId {
        let current = &self.body.blocks[self.current.index()];
        let (unwind, cleanup) = (current.unwind, current.cleanup);
        self.body.add_block(Block { unwind, cleanup, ..Block::new(SourceId::BODY, TerminatorKind::Unreachable) })
    }

    /// Statements that may raise stand in place of the terminator: they raise to where it did.
    pub fn raise_to(&mut self, source: SourceId, unwind: Option<BlockId>) {
        let current = &self.body.blocks[self.current.index()];
        if current.unwind != unwind && current.raises() {
            let next = self.new_block();
            self.end(source, TerminatorKind::Goto(next));
            self.current = next;
        }
        self.body.blocks[self.current.index()].unwind = unwind;
    }

    fn statement(&mut self, mut statement: Statement) {
        let source = statement.source;
        statement.each_operand_mut(|operand| self.operand(operand, source));
        if self.mono.observes_words && !self.is_library(source) {
            statement.each_operand_mut(|operand| self.observe_read(operand, source));
            if let StatementKind::Assign(place, _) = &statement.kind
                && let Some(ty) = self.observed_word(place)
            {
                // The value first, then the step that writes it.
                let place = place.clone();
                let value = self.temp(ty, source);
                if let StatementKind::Assign(to, _) = &mut statement.kind {
                    *to = Place::local(value);
                }
                self.plain_statement(statement);
                let address = self.address_of(place, ty, source);
                let nothing = self.temp(Ty::unit(), source);
                self.call_between("observed_plain_store", ty, vec![address, Operand::copy(value)], Place::local(nothing), source);
                return;
            }
        }
        self.plain_statement(statement);
    }

    fn is_library(&self, source: SourceId) -> bool {
        self.body.sources[source.index()].function.as_str().starts_with("std::")
    }

    /// The type of a place behind a raw pointer, if it is one word: what the program does there in `unsafe` is a step.
    fn observed_word(&self, place: &Place) -> Option<Ty> {
        let mut before = Place::local(place.local);
        let is_raw = place.projection.iter().any(|&step| {
            let raw = matches!(step, Projection::Deref) && matches!(self.place_ty(&before).kind(), TyKind::Ptr(..));
            before = before.clone().project(step);
            raw
        });
        let ty = self.place_ty(place);
        (is_raw && matches!(ty.kind(), TyKind::Int(_) | TyKind::Bool)).then_some(ty)
    }

    fn observe_read(&mut self, operand: &mut Operand, source: SourceId) {
        let (Operand::Copy(place) | Operand::Move(place)) = operand else { return };
        let Some(ty) = self.observed_word(place) else { return };
        let address = self.address_of(place.clone(), ty, source);
        let value = self.temp(ty, source);
        self.call_between("observed_plain_load", ty, vec![address], Place::local(value), source);
        *operand = Operand::copy(value);
    }

    fn address_of(&mut self, place: Place, ty: Ty, source: SourceId) -> Operand {
        let pointer = self.temp(Ty::pointer(Mutable::Yes, ty), source);
        self.assign(source, pointer, Rvalue::RawRef(Mutable::Yes, place));
        Operand::copy(pointer)
    }

    /// A call of an intrinsic between two statements.
    fn call_between(&mut self, name: &str, ty: Ty, args: Vec<Operand>, dest: Place, source: SourceId) {
        let next = self.new_block();
        let target = Target { dest, block: Some(next), unwind: None, source };
        self.emit_call(Callee::Intrinsic(Symbol::intern(name), Args::new(&[ty])), args, target);
        self.current = next;
    }

    fn plain_statement(&mut self, mut statement: Statement) {
        if let StatementKind::Assign(_, value) = &mut statement.kind {
            let replacement = match value {
                Rvalue::Cast(kind, operand, ty) => {
                    *ty = self.ty(*ty);
                    let (kind, operand, ty) = (*kind, operand.clone(), *ty);
                    self.cast(kind, operand, ty)
                }
                Rvalue::Discriminant(of) => {
                    // `match` on what turned out to have one shape.
                    let ty = self.place_ty(of);
                    (!is_enum(self.mono, ty)).then(|| Rvalue::Use(Operand::int(0)))
                }
                Rvalue::Len(of) => match self.place_ty(of).kind() {
                    TyKind::Array(_, len) => match len.kind() {
                        TyKind::Const(len) => Some(Rvalue::Use(Operand::int(i128::from(*len)))),
                        _ => None,
                    },
                    _ => None,
                },
                _ => None,
            };
            if let Some(replacement) = replacement {
                *value = replacement;
            }
        }
        self.body.blocks[self.current.index()].statements.push(statement);
    }

    /// Puts a constant's value in.
    pub fn operand(&mut self, operand: &mut Operand, source: SourceId) {
        let Operand::Const(constant) = operand else { return };
        constant.ty = self.ty(constant.ty);
        match &constant.kind {
            ConstKind::Param(ty) => {
                let ty = self.ty(*ty);
                let TyKind::Const(value) = ty.kind() else {
                    bug!("monomorphization", self.body.name; "a const argument without value")
                };
                constant.kind = ConstKind::int(i128::from(*value));
            }
            ConstKind::Item(id, args) => {
                let (id, args) = (*id, self.ty_args(*args));
                *operand = self.const_item(id, args, source);
            }
            ConstKind::Static(id) => {
                let id = *id;
                self.mono.static_item(id);
            }
            ConstKind::Int(_)
            | ConstKind::Float(_)
            | ConstKind::Str(_)
            | ConstKind::Bytes(_)
            | ConstKind::Zero
            | ConstKind::Function(_)
            | ConstKind::Vtable(_) => {}
        }
    }

    fn cast(&mut self, kind: Cast, operand: Operand, ty: Ty) -> Option<Rvalue> {
        let from = self.operand_ty(&operand);
        match kind {
            Cast::ReifyFn => {
                let TyKind::FnDef(id, args) = from.kind() else {
                    bug!("monomorphization", self.body.name; "a function pointer to something else")
                };
                let instance = self.mono.function_value(*id, *args);
                Some(Rvalue::Use(Operand::constant(ty, ConstKind::Function(instance))))
            }
            Cast::ReifyClosure => {
                let TyKind::Closure(id, args) = from.kind() else {
                    bug!("monomorphization", self.body.name; "a closure's pointer to something else")
                };
                let instance = self.mono.instance(Key::Plain(*id, *args));
                Some(Rvalue::Use(Operand::constant(ty, ConstKind::Function(instance))))
            }
            Cast::Unsize => {
                self.mono.unsized_cast(from, ty);
                (from == ty).then_some(Rvalue::Use(operand))
            }
            Cast::IntToInt
            | Cast::IntToFloat
            | Cast::FloatToIntChecked
            | Cast::FloatToIntSaturating
            | Cast::FloatToFloat
            | Cast::PointerToPointer
            | Cast::PointerToInt
            | Cast::IntToPointer
            | Cast::Transmute => None,
        }
    }

    fn terminator(&mut self, mut terminator: Terminator) {
        let source = terminator.source;
        if self.mono.observes_words && !self.is_library(source) {
            match &mut terminator.kind {
                TerminatorKind::Switch { value, .. } => self.observe_read(value, source),
                TerminatorKind::Call { args, .. } => args.iter_mut().for_each(|arg| self.observe_read(arg, source)),
                _ => {}
            }
        }
        match terminator.kind {
            TerminatorKind::Drop { place, target, unwind } => self.drop_place(source, place, target, unwind),
            TerminatorKind::Call { callee, mut args, dest, target, unwind } => {
                args.iter_mut().for_each(|arg| self.operand(arg, source));
                let target = Target { dest, block: target, unwind, source };
                match callee {
                    Callee::Fn(id, fn_args) => {
                        let fn_args = self.ty_args(fn_args);
                        self.call_fn(id, fn_args, args, target);
                    }
                    Callee::FnTrait(kind, _) => self.call_value(kind, args, target),
                    Callee::Pointer(mut pointer) => {
                        self.operand(&mut pointer, source);
                        self.emit_call(Callee::Pointer(pointer), args, target);
                    }
                    Callee::Instance(_)
                    | Callee::Virtual { .. }
                    | Callee::Intrinsic(..)
                    | Callee::Runtime(_)
                    | Callee::Foreign { .. } => self.emit_call(callee, args, target),
                }
            }
            TerminatorKind::Switch { mut value, targets, otherwise } => {
                self.operand(&mut value, source);
                self.end(source, TerminatorKind::Switch { value, targets, otherwise });
            }
            kind @ (TerminatorKind::Goto(_)
            | TerminatorKind::Return
            | TerminatorKind::Resume
            | TerminatorKind::Unreachable) => self.end(source, kind),
        }
    }

    /// A call of the type's drop glue, or nothing.
    pub fn drop_place(&mut self, source: SourceId, place: Place, target: BlockId, unwind: Option<BlockId>) {
        let ty = self.place_ty(&place);
        if !self.mono.types.needs_drop(ty) {
            return self.end(source, TerminatorKind::Goto(target));
        }
        let pointer = Ty::pointer(Mutable::Yes, ty);
        let temp = self.temp(pointer, source);
        self.assign(source, temp, Rvalue::RawRef(Mutable::Yes, place));
        self.drop_pointee(source, Operand::take(temp), ty, target, unwind);
    }

    /// Drops what a raw pointer points to.
    pub fn drop_pointee(
        &mut self,
        source: SourceId,
        pointer: Operand,
        ty: Ty,
        target: BlockId,
        unwind: Option<BlockId>,
    ) {
        let callee = match ty.kind() {
            // The table knows how.
            TyKind::Dyn(_) => Callee::Intrinsic(diag::Symbol::intern("drop_in_place"), Args::new(&[ty])),
            _ => Callee::Instance(self.mono.instance(Key::Drop(ty))),
        };
        let dest = Place::local(self.temp(Ty::unit(), source));
        self.end(source, TerminatorKind::Call { callee, args: vec![pointer], dest, target: Some(target), unwind });
    }
}

pub(super) fn is_enum(mono: &Mono, ty: Ty) -> bool {
    matches!(ty.kind(), TyKind::Adt(id, _) if mono.program.program().adt(*id).is_enum)
}
