//! Intrinsics that are statements in disguise become those statements; the others stay calls for the backend.
//!
//! What stays: `size_of`, `align_of` and their `_val` kin (they ask layouts), `copy…`, `fill_bytes`, `compare_bytes`,
//! `distance`, `thin`, `with_address`, `…_overflows`, `mul_high_u64`, shifts, rotations and bit counts, floats, `abort`,
//! `black_box`, atomics, and `drop_in_place` of a `dyn`.

use super::call::Target;
use super::lower::{Lowering, is_enum};
use super::Grain;
use crate::body::*;
use diag::Symbol;
use hir::ty::{Args, Mutable, Ty, TyKind};

impl Lowering<'_, '_> {
    pub fn intrinsic(&mut self, name: Symbol, ty_args: Args, args: Vec<Operand>, target: Target) {
        let source = target.source;
        let first = || args[0].clone();
        let second = || args[1].clone();
        match name.as_str() {
            "needs_drop" => {
                let value = self.mono.types.needs_drop(ty_args[0]);
                self.emit_value(Rvalue::Use(Operand::bool(value)), target);
            }
            "type_name" => {
                let text = Symbol::intern(&self.mono.program.program().show(ty_args[0]));
                let ty = Ty::shared(Ty::str());
                self.emit_value(Rvalue::Use(Operand::constant(ty, ConstKind::Str(text))), target);
            }
            "is_plain_bytes" => {
                let value = is_plain_bytes(ty_args[0]);
                self.emit_value(Rvalue::Use(Operand::bool(value)), target);
            }
            "is_shown" => self.emit_value(Rvalue::Use(Operand::bool(self.is_shown(ty_args[0]))), target),
            "show_any" if self.is_shown(ty_args[0]) => {
                let show = self.mono.program.program().trait_method("show", "show");
                self.call_fn(show, Args::new(&ty_args[..1]), args, target);
            }
            "show_any" => self.go_on(target),
            "observed" => self.emit_value(Rvalue::Use(Operand::bool(self.mono.observed.is_some())), target),
            "observed_whole" => self.emit_value(Rvalue::Use(Operand::bool(self.mono.observed == Some(Grain::Steps))), target),
            "discriminant" => {
                let value = if is_enum(self.mono, ty_args[0]) {
                    Rvalue::Discriminant(self.as_place(first(), source).deref())
                } else {
                    Rvalue::Use(Operand::int(0))
                };
                self.emit_value(value, target);
            }
            "read" => {
                let place = self.as_place(first(), source).deref();
                self.emit_value(Rvalue::Use(Operand::Copy(place)), target);
            }
            "write" => {
                let place = self.as_place(first(), source).deref();
                self.assign(source, place, Rvalue::Use(second()));
                self.go_on(target);
            }
            "drop_in_place" => {
                let ty = ty_args[0];
                match target.block {
                    Some(block) if self.mono.types.needs_drop(ty) => {
                        self.drop_pointee(source, first(), ty, block, target.unwind);
                    }
                    _ => self.go_on(target),
                }
            }
            // Nothing happens; what follows must not drop, or must write first.
            "forget" | "uninit" => self.go_on(target),
            "transmute" => self.emit_value(Rvalue::Cast(Cast::Transmute, first(), ty_args[1]), target),
            "f64_to_bits" => self.transmute_to(hir::ty::IntTy::U64, first(), target),
            "f32_to_bits" => self.transmute_to(hir::ty::IntTy::U32, first(), target),
            "f64_from_bits" | "f32_from_bits" => {
                let ty = self.place_ty(&target.dest);
                self.emit_value(Rvalue::Cast(Cast::Transmute, first(), ty), target);
            }
            "null" | "null_mut" => {
                let mutable = if name.as_str() == "null" { Mutable::No } else { Mutable::Yes };
                let ty = Ty::pointer(mutable, ty_args[0]);
                self.emit_value(Rvalue::Use(Operand::constant(ty, ConstKind::int(0))), target);
            }
            "offset" | "offset_mut" => self.emit_value(Rvalue::Binary(BinaryOp::Offset, first(), second()), target),
            "slice_from_raw" | "slice_from_raw_mut" | "str_from_raw" => {
                self.emit_value(Rvalue::Aggregate(Aggregate::WidePointer, args), target);
            }
            "slice_len" => {
                let place = self.as_place(first(), source).deref();
                self.emit_value(Rvalue::Len(place), target);
            }
            "str_len" => {
                let place = self.bytes_of(first(), source);
                self.emit_value(Rvalue::Len(place), target);
            }
            "slice_pointer" | "slice_pointer_mut" => {
                let mutable = if name.as_str() == "slice_pointer" { Mutable::No } else { Mutable::Yes };
                let place = self.as_place(first(), source).deref();
                self.emit_value(Rvalue::RawRef(mutable, first_element(place)), target);
            }
            "str_pointer" => {
                let place = self.bytes_of(first(), source);
                self.emit_value(Rvalue::RawRef(Mutable::No, first_element(place)), target);
            }
            "wrapping_add" => self.emit_value(Rvalue::Binary(BinaryOp::Add, first(), second()), target),
            "wrapping_sub" => self.emit_value(Rvalue::Binary(BinaryOp::Sub, first(), second()), target),
            "wrapping_mul" => self.emit_value(Rvalue::Binary(BinaryOp::Mul, first(), second()), target),
            "unchecked_div" => self.emit_value(Rvalue::Binary(BinaryOp::Div, first(), second()), target),
            "unchecked_rem" => self.emit_value(Rvalue::Binary(BinaryOp::Rem, first(), second()), target),
            "float_to_int_saturating" => {
                self.emit_value(Rvalue::Cast(Cast::FloatToIntSaturating, first(), ty_args[1]), target);
            }
            "unreachable_unchecked" => self.end(source, TerminatorKind::Unreachable),
            "raise_overflow" => self.raise(Fault::Overflow(hir::typed::BinaryOp::Add), target),
            "raise_divide_by_zero" => self.raise(Fault::DivideByZero, target),
            "raise_bounds" => {
                self.raise_to(source, target.unwind);
                self.push(source, StatementKind::BoundsCheck { index: first(), len: second() });
                self.end(source, TerminatorKind::Unreachable);
            }
            "slice_get" => self.element(Mutable::No, true, &args, target),
            "slice_get_mut" => self.element(Mutable::Yes, true, &args, target),
            "slice_get_unchecked" => self.element(Mutable::No, false, &args, target),
            "slice_get_unchecked_mut" => self.element(Mutable::Yes, false, &args, target),
            atomic if self.is_asked(atomic, source) => {
                let asked = Symbol::intern(&atomic.replacen("atomic_", "observed_", 1));
                self.emit_call(Callee::Intrinsic(asked, ty_args), args, target);
            }
            _ => self.emit_call(Callee::Intrinsic(name, ty_args), args, target),
        }
    }

    /// In runs that are observed, the atomics that a program can name are steps to be asked for. What tasks themselves are
    /// made of is told by the steps of spawning, joining and waiting.
    fn is_asked(&self, name: &str, source: SourceId) -> bool {
        self.mono.observed.is_some()
            && name.starts_with("atomic_")
            && self.body.sources[source.index()].function.as_str().starts_with("std::sync::atomic::")
    }

    fn is_shown(&self, ty: Ty) -> bool {
        let show = self.mono.program.program().lang.trait_id("show");
        self.mono.program.implements(hir::ids::FnId(0), ty, show)
    }

    fn transmute_to(&mut self, int: hir::ty::IntTy, value: Operand, target: Target) {
        self.emit_value(Rvalue::Cast(Cast::Transmute, value, Ty::integer(int)), target);
    }

    /// The text as the bytes it is.
    fn bytes_of(&mut self, text: Operand, source: SourceId) -> Place {
        let bytes = Ty::shared(Ty::slice(Ty::integer(hir::ty::IntTy::U8)));
        let temp = self.temp(bytes, source);
        self.assign(source, temp, Rvalue::Cast(Cast::Transmute, text, bytes));
        Place::local(temp).deref()
    }

    fn raise(&mut self, fault: Fault, target: Target) {
        self.raise_to(target.source, target.unwind);
        let kind = StatementKind::Check { cond: Operand::bool(false), expected: true, fault };
        self.push(target.source, kind);
        self.end(target.source, TerminatorKind::Unreachable);
    }

    fn element(&mut self, mutable: Mutable, checked: bool, args: &[Operand], target: Target) {
        let source = target.source;
        let slice = self.as_place(args[0].clone(), source).deref();
        let index = self.temp(Ty::int(), source);
        self.assign(source, index, Rvalue::Use(args[1].clone()));
        if checked {
            self.raise_to(source, target.unwind);
            let len = self.temp(Ty::int(), source);
            self.assign(source, len, Rvalue::Len(slice.clone()));
            self.push(source, StatementKind::BoundsCheck { index: Operand::copy(index), len: Operand::copy(len) });
        }
        self.emit_value(Rvalue::reference(mutable, slice.index(index)), target);
    }
}

fn first_element(slice: Place) -> Place {
    slice.project(Projection::ConstIndex { offset: 0, from_end: false })
}

/// Any bits are a value of it, and equal values have equal bits.
fn is_plain_bytes(ty: Ty) -> bool {
    match ty.kind() {
        TyKind::Int(_) => true,
        TyKind::Array(of, _) => is_plain_bytes(*of),
        _ => false,
    }
}
