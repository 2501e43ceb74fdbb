//! The ways out: cold blocks that call the runtime and unwind.

use super::{Emitter, NEVER};
use crate::convention::{Pass, clif, leaves};
use crate::unit::{Target, space};
use cranelift_codegen::ir::{self, AbiParam, Block, InstBuilder, Signature, SourceLoc, Value, types};
use cranelift_codegen::isa::CallConv;
use mir::body::BlockId;

/// What goes wrong.
#[derive(Clone, Copy)]
pub enum Raise {
    Fault(abi::Fault),
    /// The index and the length: both are operands of the comparison right before, so passing them keeps nothing alive.
    Bounds(Value, Value),
    StackOverflow,
    /// The same in a function that cannot raise.
    StackExhausted,
}

/// A cold block still to be written.
pub struct Cold {
    block: Block,
    raise: Raise,
    location: SourceLoc,
    unwind: Option<BlockId>,
}

impl Emitter<'_, '_> {
    /// Goes on in a fresh block if `condition` is false. The branch lists the way out first: see `loops`.
    pub fn raise_if(&mut self, condition: Value, raise: Raise, unwind: Option<BlockId>) {
        let cold = self.cold_block(raise, unwind);
        let on = self.builder.create_block();
        self.builder.ins().brif(condition, cold, &[], on, &[]);
        self.builder.seal_block(cold);
        self.builder.seal_block(on);
        self.builder.switch_to_block(on);
    }

    pub fn raise_always(&mut self, raise: Raise, unwind: Option<BlockId>) {
        let cold = self.cold_block(raise, unwind);
        self.builder.ins().jump(cold, &[]);
        self.builder.seal_block(cold);
    }

    fn cold_block(&mut self, raise: Raise, unwind: Option<BlockId>) -> Block {
        let block = self.builder.create_block();
        self.builder.set_cold_block(block);
        let location = self.builder.srcloc();
        self.cold.push(Cold { block, raise, location, unwind });
        block
    }

    pub fn write_cold(&mut self) {
        for cold in std::mem::take(&mut self.cold) {
            self.builder.switch_to_block(cold.block);
            self.builder.set_srcloc(cold.location);
            match cold.raise {
                Raise::Fault(fault) => {
                    let code = self.builder.ins().iconst(types::I64, fault as i64);
                    self.call_row("rt_fault", &[code]);
                }
                Raise::Bounds(index, len) => {
                    let args = [self.apart(index), self.apart(len)];
                    self.call_row("rt_bounds", &args);
                }
                Raise::StackOverflow => {
                    self.call_row("rt_stack_overflow", &[]);
                }
                Raise::StackExhausted => {
                    self.call_row("rt_stack_exhausted", &[]);
                    self.builder.ins().trap(NEVER);
                    continue;
                }
            }
            self.unwind(cold.unwind);
        }
    }

    /// The same value, for which the allocator of registers has a place of its own. Without it a value that a loop works with is led
    /// towards the register in which the call wants it, and is moved to and fro in every round. Nothing sees through a vector.
    fn apart(&mut self, value: Value) -> Value {
        let vector = self.builder.ins().scalar_to_vector(types::I64X2, value);
        self.builder.ins().extractlane(vector, 0)
    }

    /// Ends the block by going to the cleanup, or out.
    pub fn unwind(&mut self, unwind: Option<BlockId>) {
        let target = self.unwind_target(unwind);
        self.builder.ins().jump(target, &[]);
    }

    pub fn unwind_target(&mut self, unwind: Option<BlockId>) -> Block {
        match unwind {
            Some(block) => self.blocks[block.index()],
            None => self.raise_exit(),
        }
    }

    pub fn raise_exit(&mut self) -> Block {
        *self.raise_exit.get_or_insert_with(|| {
            let block = self.builder.create_block();
            self.builder.set_cold_block(block);
            block
        })
    }

    /// The one block that returns with the flag set.
    pub fn write_raise_exit(&mut self) {
        let Some(block) = self.raise_exit else { return };
        self.builder.switch_to_block(block);
        self.builder.seal_block(block);
        if !self.convention.flag {
            // Only code that the analysis proved dead gets here.
            self.builder.ins().trap(NEVER);
            return;
        }
        let mut values = Vec::new();
        if let Pass::Scalars(layout) = &self.convention.result {
            for leaf in leaves(layout).to_vec() {
                values.push(self.zero(clif(leaf.scalar)));
            }
        }
        values.push(self.builder.ins().iconst(types::I8, 1));
        self.builder.ins().return_(&values);
    }

    pub fn zero(&mut self, ty: ir::Type) -> Value {
        match ty {
            types::F32 => self.builder.ins().f32const(0.0),
            types::F64 => self.builder.ins().f64const(0.0),
            _ if ty.is_vector() => {
                let lane = self.zero(ty.lane_type());
                self.builder.ins().splat(ty, lane)
            }
            _ => self.builder.ins().iconst(ty, 0),
        }
    }

    /// Calls a row of the runtime's table.
    pub fn call_row(&mut self, name: &str, args: &[Value]) -> Option<Value> {
        let Some((index, row)) = abi::row(name) else { panic!("bug! the runtime has no {name}") };
        let target = Target { space: space::ROW, index: index as u32 };
        let function = self.import(target, || row_signature(row), false);
        let call = self.builder.ins().call(function, args);
        self.builder.inst_results(call).first().copied()
    }
}

pub fn row_signature(row: &abi::Row) -> Signature {
    // The C convention of the target: what `extern "C"` means in the runtime.
    let mut signature = Signature::new(if row.keeps_registers() {
        CallConv::PreserveAll
    } else if cfg!(target_vendor = "apple") {
        CallConv::AppleAarch64
    } else {
        CallConv::SystemV
    });
    signature.params.extend(row.params.iter().map(|(_, kind, _)| AbiParam::new(kind_type(*kind))));
    signature.returns.extend(row.result.iter().map(|(kind, _)| AbiParam::new(kind_type(*kind))));
    signature
}

fn kind_type(kind: abi::Kind) -> ir::Type {
    match kind {
        abi::Kind::Word32 => types::I32,
        abi::Kind::Word64 | abi::Kind::Pointer => types::I64,
        abi::Kind::Float32 => types::F32,
        abi::Kind::Float64 => types::F64,
    }
}
