//! Vectors of 128 bits: the intrinsics behind `std::simd`. `types` are the vector's type and that of its lanes.

use super::Emitter;
use super::arith::{Class, class};
use crate::convention::{clif, leaves};
use cranelift_codegen::ir::condcodes::{FloatCC, IntCC};
use cranelift_codegen::ir::{Endianness, InstBuilder, MemFlagsData, Type, Value, types};
use hir::ty::Ty;

impl Emitter<'_, '_> {
    /// An intrinsic of this name without its `simd_`.
    pub fn simd(&mut self, name: &str, kinds: &[Ty], values: &[Value]) -> Vec<Value> {
        let layout = self.layouts.of(kinds[0]);
        let vector = match leaves(&layout) {
            [leaf] if clif(leaf.scalar).is_vector() => clif(leaf.scalar),
            _ => panic!("bug! {} is no vector", self.unit.show(kinds[0])),
        };
        let class = class(kinds[1]);
        let float = class == Class::Float;
        let unaligned = MemFlagsData::new().with_notrap();
        let a = values[0];
        let b = || values[1];
        vec![match name {
            "splat" => self.builder.ins().splat(vector, a),
            "load" => self.builder.ins().load(vector, unaligned, a, 0),
            "store" => {
                self.builder.ins().store(unaligned, b(), a, 0);
                return Vec::new();
            }
            "add" if float => self.builder.ins().fadd(a, b()),
            "sub" if float => self.builder.ins().fsub(a, b()),
            "mul" if float => self.builder.ins().fmul(a, b()),
            "div" => self.builder.ins().fdiv(a, b()),
            "sqrt" => self.builder.ins().sqrt(a),
            "floor" => self.builder.ins().floor(a),
            "ceil" => self.builder.ins().ceil(a),
            "trunc" => self.builder.ins().trunc(a),
            "abs" if float => self.builder.ins().fabs(a),
            "neg" if float => self.builder.ins().fneg(a),
            "add" => self.builder.ins().iadd(a, b()),
            "sub" => self.builder.ins().isub(a, b()),
            "mul" if vector == types::I8X16 => self.multiply_bytes(a, b()),
            "mul" => self.builder.ins().imul(a, b()),
            "neg" => self.builder.ins().ineg(a),
            "and" | "or" | "xor" | "not" => {
                let (a, b) = (self.as_lanes(a), values.get(1).map(|&b| self.as_lanes(b)));
                let result = match (name, b) {
                    ("and", Some(b)) => self.builder.ins().band(a, b),
                    ("or", Some(b)) => self.builder.ins().bor(a, b),
                    ("xor", Some(b)) => self.builder.ins().bxor(a, b),
                    _ => self.builder.ins().bnot(a),
                };
                self.same_bits(vector, result)
            }
            "lt" | "le" | "eq" => {
                let mask = self.compare(name, class, a, b());
                self.same_bits(vector, mask)
            }
            // As `if a < b { a } else { b }` of each lane.
            "min" | "max" => {
                let (low, high) = if name == "min" { (a, b()) } else { (b(), a) };
                let mask = self.compare("lt", class, low, high);
                let mask = self.same_bits(vector, mask);
                self.builder.ins().bitselect(mask, a, b())
            }
            "select" => self.builder.ins().bitselect(a, b(), values[2]),
            // The sign bit of each lane, the first lane in bit 0.
            "signs" => {
                let lanes = self.as_lanes(a);
                let bits = self.builder.ins().vhigh_bits(types::I32, lanes);
                self.builder.ins().uextend(types::I64, bits)
            }
            _ => panic!("bug! there is no intrinsic simd_{name}"),
        }]
    }

    /// Lanes of ones where it holds.
    fn compare(&mut self, name: &str, class: Class, a: Value, b: Value) -> Value {
        if class == Class::Float {
            let condition = match name {
                "lt" => FloatCC::LessThan,
                "le" => FloatCC::LessThanOrEqual,
                _ => FloatCC::Equal,
            };
            return self.builder.ins().fcmp(condition, a, b);
        }
        let condition = match name {
            "lt" => IntCC::SignedLessThan,
            "le" => IntCC::SignedLessThanOrEqual,
            _ => IntCC::Equal,
        };
        // The machine compares signed lanes: numbers without signs are moved down by half their range.
        let (a, b) = if class == Class::Unsigned && condition != IntCC::Equal {
            let ty = self.builder.func.dfg.value_type(a);
            let lane = ty.lane_type();
            let half = self.builder.ins().iconst(lane, (1u64 << (lane.bits() - 1)) as i64);
            let half = self.builder.ins().splat(ty, half);
            (self.builder.ins().bxor(a, half), self.builder.ins().bxor(b, half))
        } else {
            (a, b)
        };
        self.builder.ins().icmp(condition, a, b)
    }

    /// There is no instruction for bytes: as words, of which the lower halves are kept.
    fn multiply_bytes(&mut self, a: Value, b: Value) -> Value {
        let (a_low, b_low) = (self.builder.ins().uwiden_low(a), self.builder.ins().uwiden_low(b));
        let (a_high, b_high) = (self.builder.ins().uwiden_high(a), self.builder.ins().uwiden_high(b));
        let byte = self.builder.ins().iconst(types::I16, 0xff);
        let bytes = self.builder.ins().splat(types::I16X8, byte);
        let low = self.builder.ins().imul(a_low, b_low);
        let low = self.builder.ins().band(low, bytes);
        let high = self.builder.ins().imul(a_high, b_high);
        let high = self.builder.ins().band(high, bytes);
        self.builder.ins().unarrow(low, high)
    }

    /// The same bits as lanes of integers.
    fn as_lanes(&mut self, value: Value) -> Value {
        let ty = self.builder.func.dfg.value_type(value);
        match ty {
            types::F64X2 => self.same_bits(types::I64X2, value),
            types::F32X4 => self.same_bits(types::I32X4, value),
            _ => value,
        }
    }

    fn same_bits(&mut self, ty: Type, value: Value) -> Value {
        if self.builder.func.dfg.value_type(value) == ty {
            return value;
        }
        self.builder.ins().bitcast(ty, MemFlagsData::new().with_endianness(Endianness::Little), value)
    }
}
