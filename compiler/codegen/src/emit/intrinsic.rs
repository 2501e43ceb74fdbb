//! Intrinsics: the lines of `extern "intrinsic"` in `std/core/intrinsics.aur`, as instructions.

use super::arith::{Class, class};
use super::call::After;
use super::place::{Address, At, Spot};
use super::raise::Raise;
use super::value::Found;
use super::{Emitter, NEVER};
use crate::convention::clif;
use cranelift_codegen::ir::{InstBuilder, MemFlagsData, Type, Value, types};
use diag::Symbol;
use hir::ty::{Ty, TyKind};
use mir::body::{Operand, Place};
use mir::layout::Metadata;

impl Emitter<'_, '_> {
    pub fn intrinsic(&mut self, name: Symbol, types: &[Ty], args: &[Operand], dest: &Place, after: After) {
        let name = name.as_str();
        if let Some(atomic) = name.strip_prefix("atomic_") {
            return self.atomic(atomic, types, args, dest, after);
        }
        if let Some(atomic) = name.strip_prefix("observed_") {
            return self.observed(atomic, types, args, dest, after);
        }
        // Those that do more than compute scalars from scalars.
        match name {
            "read" => {
                let from = self.scalar(&args[0]);
                let spot = self.pointed(types[0], from, None);
                let found = self.found(&spot);
                return self.finish_found(found, dest, after);
            }
            "write" => {
                let to = self.scalar(&args[0]);
                let found = self.operand(&args[1]);
                let spot = self.pointed(types[0], to, None);
                self.put(&spot, &found);
                return self.finish(Vec::new(), dest, after);
            }
            "transmute" => {
                let found = self.operand(&args[0]);
                let found = self.transmute(types[0], types[1], found);
                return self.finish_found(found, dest, after);
            }
            "black_box" => return self.black_box(types[0], &args[0], dest, after),
            "uninit" => {
                // Memory keeps what it holds; variables need some value.
                let layout = self.layouts.of(types[0]);
                let leaves = crate::convention::leaves(&layout).to_vec();
                let spot = self.place(dest);
                if let At::Variables { .. } = spot.at {
                    let values: Vec<Value> = leaves.iter().map(|leaf| self.zero(clif(leaf.scalar))).collect();
                    self.put(&spot, &Found::Scalars(values));
                }
                return self.go_on(after);
            }
            "drop_in_place" => {
                if self.layouts.facts().needs_drop(types[0]) {
                    let pointer = self.scalars(&args[0]);
                    match (types[0].kind(), &pointer[..]) {
                        (TyKind::Dyn(_), &[data, table]) => self.drop_dyn(data, table, after.unwind, after.cleanup),
                        _ => panic!("bug! drop_in_place of {} without glue", self.unit.show(types[0])),
                    }
                }
                return self.go_on(after);
            }
            "forget" => return self.go_on(after),
            "abort" => {
                self.call_row("rt_abort", &[]);
                self.builder.ins().trap(NEVER);
                return;
            }
            "unreachable_unchecked" => {
                self.builder.ins().trap(NEVER);
                return;
            }
            "raise_overflow" => return self.raise_now(Raise::Fault(abi::Fault::Overflow), after),
            "raise_divide_by_zero" => return self.raise_now(Raise::Fault(abi::Fault::DivideByZero), after),
            "raise_bounds" => {
                let (index, len) = (self.scalar(&args[0]), self.scalar(&args[1]));
                return self.raise_now(Raise::Bounds(index, len), after);
            }
            _ => {}
        }
        let values = self.intrinsic_scalars(name, types, args, after);
        self.finish(values, dest, after);
    }

    fn raise_now(&mut self, raise: Raise, after: After) {
        self.raise_always(raise, after.unwind);
    }

    fn go_on(&mut self, after: After) {
        match after.target {
            Some(target) => self.goto(target),
            None => {
                self.builder.ins().trap(NEVER);
            }
        }
    }

    fn finish_found(&mut self, found: Found, dest: &Place, after: After) {
        let spot = self.place(dest);
        self.put(&spot, &found);
        self.go_on(after);
    }

    fn black_box(&mut self, ty: Ty, value: &Operand, dest: &Place, after: After) {
        // Through memory that a call might read: Cranelift does not look behind it.
        let found = self.operand(value);
        let layout = self.layouts.of(ty);
        if layout.is_zero_sized() {
            return self.go_on(after);
        }
        let slot = self.slot(&layout);
        let spot = Spot { ty, variant: 0, at: At::Memory { address: slot, metadata: None } };
        self.put(&spot, &found);
        self.builder.ins().fence();
        let found = self.found(&spot);
        self.finish_found(found, dest, after);
    }

    /// Those whose result is scalars.
    fn intrinsic_scalars(&mut self, name: &str, types: &[Ty], args: &[Operand], after: After) -> Vec<Value> {
        let layouts = self.layouts;
        match name {
            "size_of" => vec![self.number(layouts.of(types[0]).size)],
            "align_of" => vec![self.number(layouts.of(types[0]).align)],
            "size_of_val" | "align_of_val" => {
                let pointer = self.scalars(&args[0]);
                let (size, align) = self.size_and_align(types[0], pointer.get(1).copied());
                vec![if name == "size_of_val" { size } else { align }]
            }
            "needs_drop" => vec![self.truth(layouts.facts().needs_drop(types[0]))],
            "is_plain_bytes" => vec![self.truth(layouts.facts().is_plain_bytes(types[0]))],
            "type_name" => {
                let text = layouts.facts().show(types[0]);
                let at = self.constant(text.as_bytes());
                vec![at, self.number(text.len() as u64)]
            }
            "discriminant" => {
                let at = self.scalar(&args[0]);
                let spot = self.pointed(types[0], at, None);
                vec![match spot.at {
                    At::Nothing => self.number(0),
                    _ => self.read_tag(&spot),
                }]
            }
            "copy" | "copy_nonoverlapping" => {
                let (from, to, count) = (self.scalar(&args[0]), self.scalar(&args[1]), self.scalar(&args[2]));
                self.copy_elements(name == "copy", types[0], from, to, count);
                Vec::new()
            }
            "fill_bytes" => {
                let (to, byte, count) = (self.scalar(&args[0]), self.scalar(&args[1]), self.scalar(&args[2]));
                let byte = self.builder.ins().uextend(types::I64, byte);
                self.call_row("rt_memory_fill", &[to, byte, count]);
                Vec::new()
            }
            "compare_bytes" => {
                let (a, b, count) = (self.scalar(&args[0]), self.scalar(&args[1]), self.scalar(&args[2]));
                self.call_row("rt_memory_compare", &[a, b, count]).into_iter().collect()
            }
            "offset" | "offset_mut" => {
                let (from, count) = (self.scalar(&args[0]), self.scalar(&args[1]));
                vec![self.index_address(from, count, layouts.of(types[0]).size)]
            }
            "distance" => {
                let (from, to) = (self.scalar(&args[0]), self.scalar(&args[1]));
                let bytes = self.builder.ins().isub(to, from);
                vec![match layouts.of(types[0]).size {
                    0 => self.number(0),
                    1 => bytes,
                    size if size.is_power_of_two() => self.builder.ins().sshr_imm_u(bytes, i64::from(size.trailing_zeros())),
                    size => {
                        let size = self.number(size);
                        self.builder.ins().sdiv(bytes, size)
                    }
                }]
            }
            "null" | "null_mut" => vec![self.number(0)],
            "fiber" => vec![self.builder.ins().get_pinned_reg(types::I64)],
            // In bytes of the array that they stand on. The optimiser's own question: no name in `std`.
            "pending_forks" => {
                let fiber = self.builder.ins().get_pinned_reg(types::I64);
                let flags = MemFlagsData::trusted();
                let top = self.builder.ins().load(types::I64, flags, fiber, abi::FIBER_FORKS_TOP);
                let base = self.builder.ins().load(types::I64, flags, fiber, abi::FIBER_FORKS_BASE);
                vec![self.builder.ins().isub(top, base)]
            }
            "slice_from_raw" | "slice_from_raw_mut" | "str_from_raw" => {
                vec![self.scalar(&args[0]), self.scalar(&args[1])]
            }
            "slice_pointer" | "slice_pointer_mut" | "str_pointer" | "thin" => vec![self.scalars(&args[0])[0]],
            "slice_len" | "str_len" => vec![self.scalars(&args[0])[1]],
            "with_address" => {
                let mut pointer = self.scalars(&args[0]);
                pointer[0] = self.scalar(&args[1]);
                pointer
            }
            "slice_get" | "slice_get_mut" | "slice_get_unchecked" | "slice_get_unchecked_mut" => {
                let slice = self.scalars(&args[0]);
                let index = self.scalar(&args[1]);
                if !name.contains("unchecked") {
                    self.bounds_check_values(index, slice[1], after.unwind);
                }
                vec![self.index_address(slice[0], index, layouts.of(types[0]).size)]
            }
            _ => {
                let values: Vec<Value> = args.iter().map(|arg| self.scalar(arg)).collect();
                if let Some(name) = name.strip_prefix("simd_") {
                    return self.simd(name, types, &values);
                }
                vec![self.number_intrinsic(name, types, &values)]
            }
        }
    }

    pub fn number(&mut self, value: u64) -> Value {
        self.builder.ins().iconst(types::I64, value as i64)
    }

    fn copy_elements(&mut self, may_overlap: bool, ty: Ty, from: Value, to: Value, count: Value) {
        let layout = self.layouts.of(ty);
        if layout.size == 0 || self.layouts.metadata(ty) != Metadata::None {
            return;
        }
        if let Some(count @ 0..=64) = self.known(Class::Signed, count)
            && !may_overlap
            && count as u64 * layout.size <= 64
        {
            for index in 0..count as u64 {
                let at = index * layout.size;
                self.copy(Address::at(to).plus(at), Address::at(from).plus(at), &layout);
            }
            return;
        }
        let size = if layout.size == 1 { count } else { self.builder.ins().imul_imm_s(count, layout.size as i64) };
        self.tell(Address::at(from), size, false);
        self.tell(Address::at(to), size, true);
        let row = if may_overlap { "rt_memory_move" } else { "rt_memory_copy" };
        self.call_row(row, &[to, from, size]);
    }

    /// Integers and floats of the type `types[0]`.
    fn number_intrinsic(&mut self, name: &str, types: &[Ty], values: &[Value]) -> Value {
        let ty = types.first().copied().unwrap_or(Ty::unit());
        let class = class(ty);
        let signed = class == Class::Signed;
        let a = values[0];
        let width = self.builder.func.dfg.value_type(a);
        let ints = |emitter: &mut Self, value: Value| emitter.as_int(value);
        let bits = MemFlagsData::new();
        match name {
            "wrapping_add" => self.builder.ins().iadd(a, values[1]),
            "wrapping_sub" => self.builder.ins().isub(a, values[1]),
            "wrapping_mul" => self.builder.ins().imul(a, values[1]),
            "add_overflows" => self.add_overflow(class, a, values[1]).1,
            "sub_overflows" => self.sub_overflow(class, a, values[1]).1,
            "mul_overflows" => self.mul_overflow(class, a, values[1]).1,
            "mul_high_u64" => self.builder.ins().umulhi(a, values[1]),
            "unchecked_div" if signed => self.builder.ins().sdiv(a, values[1]),
            "unchecked_div" => self.builder.ins().udiv(a, values[1]),
            "unchecked_rem" if signed => self.builder.ins().srem(a, values[1]),
            "unchecked_rem" => self.builder.ins().urem(a, values[1]),
            // Cranelift takes the amount modulo the width, too.
            "wrapping_shl" => self.builder.ins().ishl(a, values[1]),
            "wrapping_shr" if signed => self.builder.ins().sshr(a, values[1]),
            "wrapping_shr" => self.builder.ins().ushr(a, values[1]),
            "rotate_left" => self.builder.ins().rotl(a, values[1]),
            "rotate_right" => self.builder.ins().rotr(a, values[1]),
            "count_ones" => {
                let count = self.builder.ins().popcnt(a);
                ints(self, count)
            }
            "leading_zeros" => {
                let count = self.builder.ins().clz(a);
                ints(self, count)
            }
            "trailing_zeros" => {
                let count = self.builder.ins().ctz(a);
                ints(self, count)
            }
            "swap_bytes" if width == types::I8 => a,
            "swap_bytes" => self.builder.ins().bswap(a),
            "reverse_bits" => self.builder.ins().bitrev(a),
            "float_sqrt" => self.builder.ins().sqrt(a),
            "float_abs" => self.builder.ins().fabs(a),
            "float_floor" => self.builder.ins().floor(a),
            "float_ceil" => self.builder.ins().ceil(a),
            "float_trunc" => self.builder.ins().trunc(a),
            "float_round_even" => self.builder.ins().nearest(a),
            "float_copysign" => self.builder.ins().fcopysign(a, values[1]),
            // The runtime's asks the machine; the instruction may be missing where the executable runs.
            "float_fma" => {
                let row = if width == types::F32 { "rt_fma32" } else { "rt_fma" };
                match self.call_row(row, values) {
                    Some(result) => result,
                    None => panic!("bug! {row} without result"),
                }
            }
            "f64_to_bits" => self.builder.ins().bitcast(types::I64, bits, a),
            "f64_from_bits" => self.builder.ins().bitcast(types::F64, bits, a),
            "f32_to_bits" => self.builder.ins().bitcast(types::I32, bits, a),
            "f32_from_bits" => self.builder.ins().bitcast(types::F32, bits, a),
            "float_to_int_saturating" => {
                let to = types[1];
                let layout = self.layouts.of(to);
                let target: Type = clif(crate::convention::leaves(&layout)[0].scalar);
                self.float_to_int_saturating(a, super::arith::class(to), target)
            }
            _ => panic!("bug! there is no intrinsic {name}"),
        }
    }

    /// A small count as `int`.
    fn as_int(&mut self, value: Value) -> Value {
        if self.builder.func.dfg.value_type(value) == types::I64 { value } else { self.builder.ins().uextend(types::I64, value) }
    }
}
