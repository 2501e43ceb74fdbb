//! Conversions.

use super::Emitter;
use super::arith::{Class, class, range};
use super::raise::Raise;
use super::value::Found;
use crate::convention::{clif, leaves};
use abi::Fault;
use cranelift_codegen::ir::condcodes::FloatCC;
use cranelift_codegen::ir::{InstBuilder, Type, Value, types};
use hir::ty::{Ty, TyKind};
use mir::body::{BlockId, Cast, Operand};
use mir::layout::{Metadata, Shape};

impl Emitter<'_, '_> {
    pub fn cast(&mut self, cast: Cast, operand: &Operand, to: Ty, unwind: Option<BlockId>) -> Found {
        let from = self.operand_ty(operand);
        let target = self.layouts.of(to);
        let wanted = leaves(&target).first().map_or(types::INVALID, |leaf| clif(leaf.scalar));
        let value = match cast {
            Cast::IntToInt => {
                let (value, class) = self.as_integer(operand, from);
                let in_memory = operand.place().is_some_and(|place| place.is_indirect());
                match in_memory.then(|| self.load_wide(value, class, wanted)).flatten() {
                    Some(wide) => wide,
                    None => self.resize(value, class, wanted),
                }
            }
            Cast::IntToFloat => {
                let (value, class) = self.as_integer(operand, from);
                self.int_to_float(value, class, wanted)
            }
            Cast::FloatToIntChecked => {
                let value = self.scalar(operand);
                self.float_to_int_checked(value, class(to), wanted, unwind)
            }
            Cast::FloatToIntSaturating => {
                let value = self.scalar(operand);
                self.float_to_int_saturating(value, class(to), wanted)
            }
            Cast::FloatToFloat => {
                let value = self.scalar(operand);
                match (self.builder.func.dfg.value_type(value), wanted) {
                    (types::F32, types::F64) => self.builder.ins().fpromote(types::F64, value),
                    (types::F64, types::F32) => self.builder.ins().fdemote(types::F32, value),
                    _ => value,
                }
            }
            // Wide to thin drops the metadata.
            Cast::PointerToPointer => {
                let mut values = self.scalars(operand);
                values.truncate(leaves(&target).len());
                return Found::Scalars(values);
            }
            Cast::PointerToInt => {
                let value = self.scalars(operand)[0];
                self.resize(value, Class::Unsigned, wanted)
            }
            Cast::IntToPointer => {
                let (value, class) = self.as_integer(operand, from);
                self.resize(value, class, types::I64)
            }
            Cast::Unsize => {
                let values = self.scalars(operand);
                return Found::Scalars(self.unsize(from, to, &values));
            }
            Cast::Transmute => {
                let found = self.operand(operand);
                return self.transmute(from, to, found);
            }
            Cast::ReifyFn | Cast::ReifyClosure => panic!("bug! a generic cast in a concrete body"),
        };
        Found::Scalars(vec![value])
    }

    /// An integer, `bool`, `char`, or the discriminant of an enum without fields.
    fn as_integer(&mut self, operand: &Operand, ty: Ty) -> (Value, Class) {
        let layout = self.layouts.of(ty);
        let Shape::Enum { .. } = layout.shape else { return (self.scalar(operand), class(ty)) };
        let (Operand::Copy(place) | Operand::Move(place)) = operand else { return (self.scalar(operand), class(ty)) };
        let spot = self.place(place);
        let number = self.read_tag(&spot);
        let facts = self.layouts.adt(ty);
        let plain = facts.discriminants.iter().enumerate().all(|(i, &value)| value == i as i64);
        if plain {
            return (number, Class::Signed);
        }
        // A table of constants.
        let bytes: Vec<u8> = facts.discriminants.iter().flat_map(|value| value.to_le_bytes()).collect();
        let table = self.constant(&bytes);
        let at = self.index_address(table, number, 8);
        let flags = self.flags().with_readonly().with_can_move();
        (self.builder.ins().load(types::I64, flags, at, 0), Class::Signed)
    }

    fn resize(&mut self, value: Value, class: Class, to: Type) -> Value {
        let from = self.builder.func.dfg.value_type(value);
        if from.bits() > to.bits() {
            self.builder.ins().ireduce(to, value)
        } else if from.bits() < to.bits() {
            match class {
                Class::Signed => self.builder.ins().sextend(to, value),
                Class::Unsigned | Class::Float => self.builder.ins().uextend(to, value),
            }
        } else {
            value
        }
    }

    /// A number that was loaded just now, for nothing else: loaded and made wider by one instruction instead.
    fn load_wide(&mut self, value: Value, class: Class, to: Type) -> Option<Value> {
        use cranelift_codegen::ir::{InstructionData, Opcode, ValueDef};
        let dfg = &self.builder.func.dfg;
        let ValueDef::Result(inst, _) = dfg.value_def(value) else { return None };
        let InstructionData::Load { opcode: Opcode::Load, arg, flags, offset } = dfg.insts[inst] else { return None };
        let from = dfg.value_type(value);
        let flags = dfg.mem_flags[flags];
        let block = self.builder.current_block()?;
        let signed = class == Class::Signed;
        if self.builder.func.layout.last_inst(block) != Some(inst) || from.bits() >= to.bits() || from == types::I32 && to != types::I64 {
            return None;
        }
        self.builder.func.layout.remove_inst(inst);
        let ins = self.builder.ins();
        Some(match (from, signed) {
            (types::I8, true) => ins.sload8(to, flags, arg, offset),
            (types::I8, false) => ins.uload8(to, flags, arg, offset),
            (types::I16, true) => ins.sload16(to, flags, arg, offset),
            (types::I16, false) => ins.uload16(to, flags, arg, offset),
            (_, true) => ins.sload32(flags, arg, offset),
            (_, false) => ins.uload32(flags, arg, offset),
        })
    }

    fn int_to_float(&mut self, value: Value, class: Class, to: Type) -> Value {
        // The instructions know 32 and 64 bits.
        let bits = self.builder.func.dfg.value_type(value).bits();
        let value = if bits < 32 { self.resize(value, class, types::I32) } else { value };
        match class {
            Class::Signed => self.builder.ins().fcvt_from_sint(to, value),
            Class::Unsigned | Class::Float => self.builder.ins().fcvt_from_uint(to, value),
        }
    }

    pub fn float_to_int_saturating(&mut self, value: Value, class: Class, to: Type) -> Value {
        let wide = if to.bits() < 32 { types::I32 } else { to };
        let converted = match class {
            Class::Signed => self.builder.ins().fcvt_to_sint_sat(wide, value),
            Class::Unsigned | Class::Float => self.builder.ins().fcvt_to_uint_sat(wide, value),
        };
        if wide == to {
            return converted;
        }
        let (min, max) = range(class, to);
        let (low, high) = (self.int(wide, min), self.int(wide, max));
        let clamped = match class {
            Class::Signed => {
                let up = self.builder.ins().smax(converted, low);
                self.builder.ins().smin(up, high)
            }
            Class::Unsigned | Class::Float => self.builder.ins().umin(converted, high),
        };
        self.builder.ins().ireduce(to, clamped)
    }

    fn float_to_int_checked(&mut self, value: Value, class: Class, to: Type, unwind: Option<BlockId>) -> Value {
        let (min, max) = range(class, to);
        let single = self.builder.func.dfg.value_type(value) == types::F32;
        // Truncation towards zero: everything above min - 1 and below max + 1 fits. Where min - 1 is no float of its own
        // (wide integers), min itself is, and the comparison includes it.
        let limit = |emitter: &mut Self, limit: i128| {
            if single { emitter.builder.ins().f32const(limit as f32) } else { emitter.builder.ins().f64const(limit as f64) }
        };
        let exact = |limit: i128| if single { limit as f32 as i128 == limit } else { limit as f64 as i128 == limit };
        let (low, low_code) =
            if exact(min - 1) { (min - 1, FloatCC::GreaterThan) } else { (min, FloatCC::GreaterThanOrEqual) };
        let (low, high) = (limit(self, low), limit(self, max + 1));
        let above = self.builder.ins().fcmp(low_code, value, low);
        let below = self.builder.ins().fcmp(FloatCC::LessThan, value, high);
        let fits = self.builder.ins().band(above, below);
        let wrong = self.not(fits);
        self.raise_if(wrong, Raise::Fault(Fault::Cast), unwind);
        self.float_to_int_saturating(value, class, to)
    }

    /// Gives a pointer, or the one pointer in a struct, the metadata that its target's type needs.
    fn unsize(&mut self, from: Ty, to: Ty, values: &[Value]) -> Vec<Value> {
        match (from.kind(), to.kind()) {
            (TyKind::Ref(_, a) | TyKind::Ptr(_, a), TyKind::Ref(_, b) | TyKind::Ptr(_, b)) => {
                let wide = self.layouts.metadata(*b) != Metadata::None;
                match values.get(1) {
                    Some(&metadata) => vec![values[0], metadata],
                    None if wide => vec![values[0], self.metadata_for(*a, *b)],
                    None => values.to_vec(),
                }
            }
            (TyKind::Adt(..), TyKind::Adt(..)) => self.unsize_struct(from, to, values),
            _ => panic!("bug! {} cannot become {}", self.unit.show(from), self.unit.show(to)),
        }
    }

    fn unsize_struct(&mut self, from: Ty, to: Ty, values: &[Value]) -> Vec<Value> {
        let (source, target) = (self.layouts.of(from), self.layouts.of(to));
        let (Shape::Struct { offsets: source_offsets }, Shape::Struct { offsets: target_offsets }) =
            (&source.shape, &target.shape)
        else {
            panic!("bug! {} cannot become {}", self.unit.show(from), self.unit.show(to));
        };
        let mut result: Vec<Option<Value>> = vec![None; leaves(&target).len()];
        let pairs = self.layouts.fields(from, 0).into_iter().zip(self.layouts.fields(to, 0));
        for (index, (a, b)) in pairs.enumerate() {
            let at = |layout: &mir::layout::Layout, offset: u64| {
                leaves(layout).iter().position(|leaf| leaf.offset == offset).expect("bug! a field without its scalars")
            };
            let (part, part_target) = (self.layouts.of(a), self.layouts.of(b));
            let mut scalars = Vec::new();
            for leaf in leaves(&part) {
                scalars.push(values[at(&source, source_offsets[index] + leaf.offset)]);
            }
            let scalars = if a == b || scalars.is_empty() { scalars } else { self.unsize(a, b, &scalars) };
            for (leaf, value) in leaves(&part_target).iter().zip(scalars) {
                result[at(&target, target_offsets[index] + leaf.offset)] = Some(value);
            }
        }
        result.into_iter().map(|value| value.expect("bug! a scalar of an unsized pointer is missing")).collect()
    }

    fn metadata_for(&mut self, from: Ty, to: Ty) -> Value {
        match (from.kind(), to.kind()) {
            (TyKind::Array(_, len), TyKind::Slice(_)) => match *len.kind() {
                TyKind::Const(len) => self.builder.ins().iconst(types::I64, len),
                _ => panic!("bug! an array of unknown length"),
            },
            (_, TyKind::Dyn(_)) => self.address_of(self.unit.vtable(from, to)),
            (TyKind::Adt(..), TyKind::Adt(..)) => {
                let last = |ty| self.layouts.fields(ty, 0).last().copied().expect("bug! an unsized struct without fields");
                self.metadata_for(last(from), last(to))
            }
            _ => panic!("bug! {} cannot become {}", self.unit.show(from), self.unit.show(to)),
        }
    }

    /// The same bits as another type.
    pub fn transmute(&mut self, from: Ty, to: Ty, found: Found) -> Found {
        let (source, target) = (self.layouts.of(from), self.layouts.of(to));
        match found {
            Found::Scalars(values) => {
                if leaves(&source).iter().zip(leaves(&target)).all(|(a, b)| a.offset == b.offset && a.scalar.size() == b.scalar.size())
                    && leaves(&source).len() == leaves(&target).len()
                    && target.leaves.is_some()
                {
                    let pairs: Vec<_> = leaves(&source).iter().zip(leaves(&target)).map(|(a, b)| (a.scalar, b.scalar)).collect();
                    let values = values.into_iter().zip(pairs).map(|(value, (a, b))| self.convert(value, a, b)).collect();
                    return Found::Scalars(values);
                }
                let slot = self.slot_of(source.size.max(target.size), source.align.max(target.align));
                self.store_leaves(slot, &source, &values);
                match target.leaves {
                    Some(_) => Found::Scalars(self.load_leaves(slot, &target)),
                    None => Found::Memory(slot),
                }
            }
            Found::Memory(address) => match target.leaves {
                Some(_) => Found::Scalars(self.load_leaves(address, &target)),
                None => Found::Memory(address),
            },
        }
    }
}
