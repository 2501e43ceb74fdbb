//! Atomics, inline. Cranelift's are sequentially consistent; the weaker orders are as strong or cheaper where it can be.

use super::Emitter;
use super::arith::{Class, class};
use super::call::After;
use super::value::Found;
use crate::convention::{clif, leaves};
use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::{AtomicRmwOp, InstBuilder, MemFlagsData, Value, types};
use hir::ty::Ty;
use mir::body::{Const, ConstKind, Operand, Place};

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Order {
    Relaxed,
    Acquire,
    Release,
    AcquireRelease,
    Sequential,
}

/// What the runtime is told of an access that is not atomic, in place of an order.
const PLAIN: u64 = 5;

fn order(operand: &Operand) -> Order {
    match operand {
        Operand::Const(Const { kind: ConstKind::Int(order), .. }) => match order.get() {
            0 => Order::Relaxed,
            1 => Order::Acquire,
            2 => Order::Release,
            3 => Order::AcquireRelease,
            _ => Order::Sequential,
        },
        // Not known: the strongest is never wrong.
        _ => Order::Sequential,
    }
}

impl Emitter<'_, '_> {
    /// `name` without its `atomic_`.
    pub fn atomic(&mut self, name: &str, types: &[Ty], args: &[Operand], dest: &Place, after: After) {
        let memory = MemFlagsData::trusted();
        if name == "fence" {
            // x86 keeps every order but that of a store before a load; elsewhere each fence is an instruction.
            if order(&args[0]) == Order::Sequential || !cfg!(target_arch = "x86_64") && order(&args[0]) != Order::Relaxed {
                self.builder.ins().fence();
            } else {
                // Nothing for the machine, but Cranelift is to leave accesses on their side.
                self.builder.ins().sequence_point();
            }
            return self.finish(Vec::new(), dest, after);
        }
        let layout = self.layouts.of(types[0]);
        let Some(leaf) = leaves(&layout).first().copied().filter(|_| leaves(&layout).len() == 1) else {
            panic!("bug! an atomic of {}", self.unit.show(types[0]))
        };
        let ty = clif(leaf.scalar);
        let at = self.scalar(&args[0]);
        // x86 loads and stores of one word are atomic and ordered as acquire and release; only a sequential store differs.
        let plain = |order: Order| cfg!(target_arch = "x86_64") && order != Order::Sequential;
        let values = match name {
            "load" => vec![self.builder.ins().atomic_load(ty, memory, at)],
            "store" => {
                let value = self.scalar(&args[1]);
                if plain(order(&args[2])) {
                    // What is atomic is not to be merged with its neighbours.
                    self.builder.ins().store(memory, value, at, 0);
                    self.builder.ins().sequence_point();
                } else if cfg!(target_arch = "x86_64") {
                    // A locked exchange orders as a store and a fence do, and is quicker.
                    self.builder.ins().atomic_rmw(ty, memory, AtomicRmwOp::Xchg, at, value);
                } else {
                    self.builder.ins().atomic_store(memory, value, at);
                }
                Vec::new()
            }
            "compare_exchange" => {
                let (old, new) = (self.scalar(&args[1]), self.scalar(&args[2]));
                let found = self.builder.ins().atomic_cas(memory, at, old, new);
                let done = self.builder.ins().icmp(IntCC::Equal, found, old);
                return self.finish_pair(found, done, dest, after);
            }
            _ => {
                let signed = class(types[0]) == Class::Signed;
                let operation = match name {
                    "swap" => AtomicRmwOp::Xchg,
                    "add" => AtomicRmwOp::Add,
                    "sub" => AtomicRmwOp::Sub,
                    "and" => AtomicRmwOp::And,
                    "or" => AtomicRmwOp::Or,
                    "xor" => AtomicRmwOp::Xor,
                    "max" if signed => AtomicRmwOp::Smax,
                    "max" => AtomicRmwOp::Umax,
                    "min" if signed => AtomicRmwOp::Smin,
                    "min" => AtomicRmwOp::Umin,
                    _ => panic!("bug! there is no atomic_{name}"),
                };
                let value = self.scalar(&args[1]);
                vec![self.builder.ins().atomic_rmw(ty, memory, operation, at, value)]
            }
        };
        self.finish(values, dest, after);
    }

    /// The same as a step that the runtime is asked for.
    pub fn observed(&mut self, name: &str, types: &[Ty], args: &[Operand], dest: &Place, after: After) {
        let fiber = self.builder.ins().get_pinned_reg(types::I64);
        let zero = self.number(0);
        if name == "fence" {
            let what = self.number(17 | (order(&args[0]) as u64) << 16);
            self.call_row("rt_observe_access", &[fiber, what, zero, zero, zero]);
            return self.finish(Vec::new(), dest, after);
        }
        let layout = self.layouts.of(types[0]);
        let signed = class(types[0]) == Class::Signed;
        let operation: u64 = match name {
            "load" | "plain_load" => 0,
            "store" | "plain_store" => 1,
            "swap" => 2,
            "add" => 3,
            "sub" => 4,
            "and" => 5,
            "or" => 6,
            "xor" => 7,
            "max" => 8 + u64::from(!signed),
            "min" => 10 + u64::from(!signed),
            "compare_exchange" => 16,
            _ => panic!("bug! there is no atomic_{name}"),
        };
        let orders = match name {
            "load" => order(&args[1]) as u64,
            "plain_load" | "plain_store" => PLAIN,
            "compare_exchange" => order(&args[3]) as u64 | (order(&args[4]) as u64) << 8,
            _ => order(&args[2]) as u64,
        };
        let at = self.scalar(&args[0]);
        let ty = clif(leaves(&layout)[0].scalar);
        let values: Vec<Value> = match name {
            "load" | "plain_load" => Vec::new(),
            "compare_exchange" => vec![self.scalar(&args[1]), self.scalar(&args[2])],
            _ => vec![self.scalar(&args[1])],
        };
        let wide: Vec<Value> =
            values.iter().map(|&value| if ty == types::I64 { value } else { self.builder.ins().uextend(types::I64, value) }).collect();
        let mut what = self.number(operation | u64::from(layout.size) << 8 | orders << 16);
        // A weak exchange may fail where the runtime says so.
        let is_weak = name == "compare_exchange" && args[5].as_int() != Some(0);
        let fails = is_weak.then(|| {
            let ways = self.number(u64::MAX - 1);
            self.call_row("rt_observe_choose", &[fiber, ways]).expect("the row gives a choice")
        });
        if let Some(fails) = fails {
            let bit = self.builder.ins().ishl_imm_u(fails, 33);
            what = self.builder.ins().bor(what, bit);
        }
        let [a, b] = [0, 1].map(|index| wide.get(index).copied().unwrap_or(zero));
        let seen = self.call_row("rt_observe_access", &[fiber, what, at, a, b]).expect("the row gives what was seen");
        let seen = if ty == types::I64 { seen } else { self.builder.ins().ireduce(ty, seen) };
        match name {
            "store" | "plain_store" => self.finish(Vec::new(), dest, after),
            "compare_exchange" => {
                let mut done = self.builder.ins().icmp(IntCC::Equal, seen, values[0]);
                if let Some(fails) = fails {
                    let may = self.builder.ins().icmp_imm_s(IntCC::Equal, fails, 0);
                    done = self.builder.ins().band(done, may);
                }
                self.finish_pair(seen, done, dest, after);
            }
            _ => self.finish(vec![seen], dest, after),
        }
    }

    /// `(T, bool)`, whose fields may lie in either order.
    fn finish_pair(&mut self, first: Value, second: Value, dest: &Place, after: After) {
        let spot = self.place(dest);
        for (field, value) in [(0, first), (1, second)] {
            let part = self.field_of(&spot, field);
            self.put(&part, &Found::Scalars(vec![value]));
        }
        match after.target {
            Some(target) => self.goto(target),
            None => {
                self.trap();
            }
        }
    }

    pub fn truth(&mut self, value: bool) -> Value {
        self.builder.ins().iconst(types::I8, i64::from(value))
    }
}
