//! One function: `mir::Body ─emit→ cranelift Function`.
//!
//! A local lives in one Cranelift variable for each of its scalars, unless its address is taken or it has too many: then in
//! a stack slot, or, for large parameters and results, where the caller said. Blocks are visited so that definitions come
//! before uses; a block is sealed as soon as all that lead to it are filled.
//!
//! What can go wrong leaves the straight path by a branch to a cold block, which calls the runtime with constants and goes on
//! to the unwind block. Cold blocks are written behind the MIR block that needs them.

mod arith;
mod atomic;
mod call;
mod cast;
mod intrinsic;
mod made;
mod place;
mod raise;
mod rvalue;
mod simd;
mod value;

use crate::convention::{Convention, Pass, clif, leaves};
use crate::loops::Loops;
use crate::settle::Settled;
use crate::unit::{Target, Unit};
use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::{
    AliasRegionData, Block, ExtFuncData, ExternalName, Function, GlobalValueData, InstBuilder, MemFlagsData, Signature,
    SourceLoc, StackSlot, StackSlotData, StackSlotKind, TrapCode, UserFuncName, Value, types,
};
use cranelift_codegen::isa::OwnedTargetIsa;
use cranelift_frontend::{FunctionBuilder, FunctionBuilderContext, Variable};
use mir::body::{
    BlockId, Body, Callee, InstanceId, Local, Operand, Place, Projection, Rvalue, SourceId, StatementKind, TerminatorKind,
};
use mir::layout::{LayoutRef, Layouts};
use arith::Class;
pub use made::{init, wrapper};
use place::Address;
use raise::Cold;

/// A constant that a function's code refers to.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Data {
    pub bytes: Vec<u8>,
}

/// The trap after what cannot return.
const NEVER: TrapCode = TrapCode::unwrap_user(1);

/// Frames up to this size in functions that call nothing need no stack check: the slack below the limit holds them.
const SMALL_FRAME_BYTES: u64 = 4096;

/// Where a local lives.
#[derive(Clone)]
enum Home {
    /// No bytes.
    Nothing,
    /// By scalar of its layout.
    Variables(Vec<Variable>),
    Memory(Address),
}

struct Emitter<'a, 'f> {
    unit: &'a Unit<'a>,
    layouts: &'a Layouts,
    body: &'a Body,
    convention: &'a Convention,
    in_cleanup: bool,
    /// Locals that are never given a value: what is made of them is left as it is.
    unset: Vec<bool>,
    builder: FunctionBuilder<'f>,
    homes: Vec<Home>,
    local_layouts: Vec<LayoutRef>,
    /// Where the result goes if it travels through memory.
    result_address: Option<Value>,
    /// By MIR block.
    blocks: Vec<Block>,
    loops: Loops,
    data: Vec<Data>,
    cold: Vec<Cold>,
    /// Returns with the flag set.
    raise_exit: Option<Block>,
    source_base: u32,
    /// Accesses through pointers are told.
    plain: bool,
    /// By block, for loops that are told to the runtime: the locals that matter where they go round.
    live: Vec<Vec<Local>>,
    settled: Settled,
    /// Bytes of stack slots so far.
    frame: u64,
    imported: mir::FastMap<Target, cranelift_codegen::ir::FuncRef>,
    signatures: mir::FastMap<Signature, cranelift_codegen::ir::SigRef>,
    globals: mir::FastMap<Target, cranelift_codegen::ir::GlobalValue>,
}

/// Emits an instance into `function`, which is empty; the constants that it refers to.
pub fn function(
    unit: &Unit<'_>,
    isa: &OwnedTargetIsa,
    id: InstanceId,
    function: &mut Function,
    context: &mut FunctionBuilderContext,
) -> Vec<Data> {
    let (body, convention) = (unit.body(id), unit.convention(id));
    function.name = UserFuncName::user(crate::unit::space::FUNCTION, id.0);
    function.signature = convention.signature();
    let mut builder = FunctionBuilder::new(function, context);
    let blocks = body.blocks.iter().map(|_| builder.create_block()).collect();
    let mut emitter = Emitter {
        unit,
        layouts: unit.layouts,
        body,
        convention,
        in_cleanup: false,
        unset: unset(body),
        builder,
        homes: Vec::new(),
        local_layouts: body.locals.iter().map(|local| unit.layouts.of(local.ty)).collect(),
        result_address: None,
        blocks,
        live: Vec::new(),
        settled: Settled::default(),
        loops: Loops::new(body, unit.rounds),
        data: Vec::new(),
        cold: Vec::new(),
        raise_exit: None,
        source_base: unit.source_base[id.index()],
        plain: unit.plain.get(id.index()).copied().unwrap_or(false),
        frame: 0,
        imported: Default::default(),
        signatures: Default::default(),
        globals: Default::default(),
    };
    if unit.rounds {
        emitter.live = crate::live::at_starts(body, &emitter.loops.order, |id| emitter.loops.is_header(id));
    }
    let scalars = |local: Local| leaves(&emitter.local_layouts[local.index()]).len();
    emitter.settled = Settled::new(body, &emitter.loops, scalars);
    emitter.run();
    let Emitter { builder, data, .. } = emitter;
    builder.finalize(isa.frontend_config());
    data
}

impl<'a> Emitter<'a, '_> {
    fn run(&mut self) {
        let entry = self.builder.create_block();
        self.builder.append_block_params_for_function_params(entry);
        self.builder.switch_to_block(entry);
        self.builder.seal_block(entry);
        self.at_source(self.body.locals[0].source);
        self.make_homes(entry);
        self.stack_check();
        self.builder.ins().jump(self.blocks[BlockId::START.index()], &[]);
        self.write_cold();
        let order = self.loops.order.clone();
        let mut open = self.loops.predecessors.clone();
        if open[BlockId::START.index()] == 0 {
            self.builder.seal_block(self.blocks[BlockId::START.index()]);
        }
        for &block in &order {
            self.block(block);
            self.write_cold();
            for next in self.loops.successors(self.body, block) {
                open[next.index()] -= 1;
                if open[next.index()] == 0 {
                    self.builder.seal_block(self.blocks[next.index()]);
                }
            }
        }
        self.write_raise_exit();
        let mut reached = vec![false; self.blocks.len()];
        order.iter().for_each(|block| reached[block.index()] = true);
        for (index, &block) in self.blocks.iter().enumerate() {
            // Blocks that nothing reaches still have to be blocks.
            if !reached[index] {
                self.builder.switch_to_block(block);
                self.builder.seal_block(block);
                self.builder.ins().trap(NEVER);
                self.builder.set_cold_block(block);
            }
        }
    }

    fn at_source(&mut self, source: SourceId) {
        let location = if source.index() < self.body.sources.len() {
            SourceLoc::new(self.source_base + source.0)
        } else {
            SourceLoc::default()
        };
        self.builder.set_srcloc(location);
    }

    /// Gives every local a home and puts the parameters there.
    fn make_homes(&mut self, entry: Block) {
        let in_memory = in_memory(self.body);
        let values = self.builder.block_params(entry).to_vec();
        let mut values = values.into_iter();
        if let Pass::Address(_) = self.convention.result {
            self.result_address = values.next();
        }
        for (index, layout) in self.local_layouts.clone().into_iter().enumerate() {
            let home = if layout.is_zero_sized() {
                Home::Nothing
            } else if let (Some(leaves), false) = (&layout.leaves, in_memory[index]) {
                Home::Variables(leaves.iter().map(|leaf| self.builder.declare_var(clif(leaf.scalar))).collect())
            } else if index == 0 && let Some(address) = self.result_address {
                Home::Memory(Address::at(address))
            } else if let Some(Pass::Address(_)) = self.param(index) {
                // The callee owns what the address leads to. Filled in below.
                Home::Nothing
            } else {
                Home::Memory(self.slot(&layout))
            };
            self.homes.push(home);
        }
        for index in 1..=self.body.param_count as usize {
            let layout = self.local_layouts[index].clone();
            match &self.convention.params[index - 1] {
                Pass::Nothing => {}
                Pass::Scalars(_) => {
                    let scalars: Vec<Value> = values.by_ref().take(leaves(&layout).len()).collect();
                    match self.homes[index].clone() {
                        Home::Variables(variables) => {
                            for (variable, value) in variables.into_iter().zip(scalars) {
                                self.builder.def_var(variable, value);
                            }
                        }
                        Home::Memory(address) => self.store_leaves(address, &layout, &scalars),
                        Home::Nothing => panic!("bug! scalars of a value without bytes"),
                    }
                }
                Pass::Address(_) => {
                    let address = Address::at(values.next().expect("bug! fewer values than parameters"));
                    match self.homes[index].clone() {
                        Home::Variables(variables) => {
                            let scalars = self.load_leaves(address, &layout);
                            for (variable, value) in variables.into_iter().zip(scalars) {
                                self.builder.def_var(variable, value);
                            }
                        }
                        Home::Nothing | Home::Memory(_) => self.homes[index] = Home::Memory(address),
                    }
                }
            }
        }
    }

    fn param(&self, local: usize) -> Option<&'a Pass> {
        if local == 0 { None } else { self.convention.params.get(local - 1) }
    }

    /// A stack slot for a value.
    fn slot(&mut self, layout: &LayoutRef) -> Address {
        self.slot_of(layout.size, layout.align)
    }

    fn slot_of(&mut self, size: u64, align: u64) -> Address {
        // Frames are aligned to 16; beyond that the slot has room to round up in.
        let (bytes, shift) = if align <= 16 { (size, align.trailing_zeros()) } else { (size + align, 4) };
        self.frame += bytes;
        assert!(self.frame < i32::MAX as u64, "a function's variables need more than 2 GiB of stack");
        let slot: StackSlot =
            self.builder.create_sized_stack_slot(StackSlotData::new(StackSlotKind::ExplicitSlot, bytes as u32, shift as u8));
        if align <= 16 {
            return Address::slot(slot);
        }
        let start = self.builder.ins().stack_addr(types::I64, slot, 0);
        let up = self.builder.ins().iadd_imm_s(start, align as i64 - 1);
        let mask = self.builder.ins().iconst(types::I64, -(align as i64));
        Address::at(self.builder.ins().band(up, mask))
    }

    /// Looks whether somebody asks for something, where no prologue may come by for long.
    fn poll(&mut self) {
        let (_, on) = self.answer(MemFlagsData::trusted());
        self.resume(on);
    }

    /// Compares the stack pointer with the fiber's limit. Below it, either the stack ends, or somebody asks for something by
    /// having raised the limit: there the runtime answers, keeping all registers. Goes on behind the answer; the stack
    /// pointer, and where it goes on if nobody asks.
    fn answer(&mut self, flags: MemFlagsData) -> (Value, cranelift_codegen::ir::Block) {
        // In this order the load becomes part of the comparison.
        let stack = self.builder.ins().get_stack_pointer(types::I64);
        let fiber = self.builder.ins().get_pinned_reg(types::I64);
        let limit = self.builder.ins().load(types::I64, flags, fiber, abi::FIBER_STACK_LIMIT);
        let below = self.builder.ins().icmp(IntCC::UnsignedLessThan, stack, limit);
        let (asked, on) = (self.builder.create_block(), self.builder.create_block());
        self.builder.set_cold_block(asked);
        self.builder.ins().brif(below, asked, &[], on, &[]);
        self.builder.seal_block(asked);
        self.builder.switch_to_block(asked);
        self.call_row("rt_task_poll", &[]);
        (stack, on)
    }

    fn resume(&mut self, on: cranelift_codegen::ir::Block) {
        self.builder.ins().jump(on, &[]);
        self.builder.seal_block(on);
        self.builder.switch_to_block(on);
    }

    /// Raises where the stack ends.
    fn stack_check(&mut self) {
        let calls = self.loops.order.iter().any(|block| {
            matches!(
                &self.body.blocks[block.index()].terminator.kind,
                TerminatorKind::Call { callee: Callee::Instance(_) | Callee::Pointer(_) | Callee::Virtual { .. } | Callee::Foreign { .. }, .. }
            )
        });
        if !calls && self.frame <= SMALL_FRAME_BYTES {
            return;
        }
        let region = self.builder.func.dfg.alias_regions.insert(AliasRegionData { user_id: 0, description: "fiber".into() });
        let flags = MemFlagsData::trusted().with_alias_region(Some(region));
        let (stack, on) = self.answer(flags);
        // The true limit decides.
        let fiber = self.builder.ins().get_pinned_reg(types::I64);
        let limit = self.builder.ins().load(types::I64, flags, fiber, abi::FIBER_LIMIT);
        let below = self.builder.ins().icmp(IntCC::UnsignedLessThan, stack, limit);
        let raise = if self.convention.flag { raise::Raise::StackOverflow } else { raise::Raise::StackExhausted };
        self.raise_if(below, raise, None);
        self.resume(on);
    }

    /// A hash of all locals that matter at the start of a block.
    fn state(&mut self, id: BlockId) -> Value {
        let mut hash = self.builder.ins().iconst(types::I64, 0);
        for local in self.live[id.index()].clone() {
            match self.homes[local.index()].clone() {
                Home::Nothing => {}
                Home::Variables(variables) => {
                    for variable in variables {
                        let value = self.builder.use_var(variable);
                        for word in self.words(value) {
                            hash = self.mix(hash, word);
                        }
                    }
                }
                Home::Memory(address) => {
                    let at = self.value_of(address);
                    let size = self.builder.ins().iconst(types::I64, self.local_layouts[local.index()].size as i64);
                    hash = self.call_row("rt_observe_mix", &[hash, at, size]).expect("a hash");
                }
            }
        }
        hash
    }

    /// The bits of a scalar.
    fn words(&mut self, value: Value) -> Vec<Value> {
        let ty = self.builder.func.dfg.value_type(value);
        let bits = MemFlagsData::new();
        match ty {
            types::I64 => vec![value],
            types::F64 => vec![self.builder.ins().bitcast(types::I64, bits, value)],
            types::F32 => {
                let word = self.builder.ins().bitcast(types::I32, bits, value);
                vec![self.builder.ins().uextend(types::I64, word)]
            }
            types::I128 => {
                let (low, high) = self.builder.ins().isplit(value);
                vec![low, high]
            }
            ty if ty.is_vector() => {
                let pair = bits.with_endianness(cranelift_codegen::ir::Endianness::Little);
                let pair = self.builder.ins().bitcast(types::I64X2, pair, value);
                vec![self.builder.ins().extractlane(pair, 0), self.builder.ins().extractlane(pair, 1)]
            }
            _ => vec![self.builder.ins().uextend(types::I64, value)],
        }
    }

    fn mix(&mut self, hash: Value, word: Value) -> Value {
        let mixed = self.builder.ins().bxor(hash, word);
        let factor = self.builder.ins().iconst(types::I64, 0x9e37_79b9_7f4a_7c15_u64 as i64);
        let mixed = self.builder.ins().imul(mixed, factor);
        self.builder.ins().rotl_imm_u(mixed, 29)
    }

    fn block(&mut self, id: BlockId) {
        let body = self.body;
        let data = &body.blocks[id.index()];
        let block = self.blocks[id.index()];
        self.builder.switch_to_block(block);
        self.in_cleanup = data.cleanup;
        if data.cleanup {
            self.builder.set_cold_block(block);
        }
        if self.unit.rounds && self.loops.is_header(id) && !data.cleanup {
            let fiber = self.builder.ins().get_pinned_reg(types::I64);
            let round = self.builder.ins().iconst(types::I64, i64::from(self.source_base) << 20 | i64::from(id.0));
            let state = self.state(id);
            self.call_row("rt_observe_round", &[fiber, round, state]);
        }
        let behind = std::mem::take(&mut self.settled.behind[id.index()]);
        self.settle(behind);
        self.statements(data);
        let repeated = self.loops.repeated(id);
        let data = match repeated {
            Some(header) => {
                let header = &body.blocks[header.index()];
                self.statements(header);
                header
            }
            None => data,
        };
        let entering = std::mem::take(&mut self.settled.entering[id.index()]);
        self.settle(entering);
        self.at_source(data.terminator.source);
        match &data.terminator.kind {
            TerminatorKind::Goto(target) => self.goto(*target),
            TerminatorKind::Switch { value, targets, otherwise } => self.switch(id, value, targets, *otherwise),
            TerminatorKind::Return => self.return_(),
            TerminatorKind::Resume => {
                let exit = self.raise_exit();
                self.builder.ins().jump(exit, &[]);
            }
            TerminatorKind::Unreachable => {
                self.builder.ins().trap(NEVER);
            }
            TerminatorKind::Drop { place, target, unwind } => self.drop_place(place, *target, *unwind, data.cleanup),
            TerminatorKind::Call { callee, args, dest, target, unwind } => {
                // Who spins until another task changes something must let that task run.
                if let Callee::Intrinsic(name, _) = callee
                    && !data.cleanup
                    && match name.as_str() {
                        "atomic_load" | "atomic_compare_exchange" | "atomic_swap" => {
                            self.unit.observed || self.loops.is_in_loop(id) && !self.loops.any_before(id, |id| spins(body, id))
                        }
                        name => self.unit.observed && name.starts_with("atomic_"),
                    }
                {
                    self.poll();
                }
                self.call(callee, args, dest, *target, *unwind, data.cleanup);
            }
        }
    }

    /// Gives variables new values, equal to the old ones in a way that Cranelift neither sees through nor moves: a float goes through
    /// memory in another type; to an integer the highest bit of an address is added, which is never set.
    fn settle(&mut self, locals: Vec<Local>) {
        let mut nothing = None;
        for local in locals {
            let Home::Variables(variables) = self.homes[local.index()].clone() else { continue };
            for variable in variables {
                let value = self.builder.use_var(variable);
                let value = match self.builder.func.dfg.value_type(value) {
                    float @ (types::F64 | types::F32) => {
                        let word = if float == types::F64 { types::I64 } else { types::I32 };
                        let slot = StackSlotData::new(StackSlotKind::ExplicitSlot, float.bytes(), 3);
                        let slot = self.builder.create_sized_stack_slot(slot);
                        self.builder.ins().stack_store(types::I64, value, slot, 0);
                        let bits = self.builder.ins().stack_load(types::I64, word, slot, 0);
                        self.builder.ins().bitcast(float, MemFlagsData::new(), bits)
                    }
                    word @ (types::I64 | types::I32 | types::I16 | types::I8) if self.known(Class::Signed, value).is_none() => {
                        let zero = *nothing.get_or_insert_with(|| {
                            let fiber = self.builder.ins().get_pinned_reg(types::I64);
                            self.builder.ins().ushr_imm_u(fiber, 63)
                        });
                        let zero = if word == types::I64 { zero } else { self.builder.ins().ireduce(word, zero) };
                        self.builder.ins().iadd(value, zero)
                    }
                    _ => continue,
                };
                self.builder.def_var(variable, value);
            }
        }
    }

    fn statements(&mut self, data: &mir::body::Block) {
        for statement in &data.statements {
            self.at_source(statement.source);
            match &statement.kind {
                StatementKind::Assign(place, rvalue) => self.assign(place, rvalue, data.unwind),
                StatementKind::Check { cond, expected, fault } => self.check(cond, *expected, *fault, data.unwind),
                StatementKind::BoundsCheck { index, len } => self.bounds_check(index, len, data.unwind),
                StatementKind::SetDiscriminant(place, variant) => self.set_discriminant(place, *variant),
                StatementKind::StorageLive(_) | StatementKind::StorageDead(_) | StatementKind::Nop => {}
            }
        }
    }

    fn goto(&mut self, target: BlockId) {
        self.builder.ins().jump(self.blocks[target.index()], &[]);
    }

    fn return_(&mut self) {
        let mut values = Vec::new();
        match &self.convention.result {
            Pass::Nothing => {}
            Pass::Scalars(layout) => values = self.load_local(Local::RETURN, layout),
            Pass::Address(layout) => {
                // A result in memory was built in place.
                if let Home::Variables(_) = self.homes[0] {
                    let scalars = self.load_local(Local::RETURN, layout);
                    let address = Address::at(self.result_address.expect("bug! a result without an address"));
                    self.store_leaves(address, layout, &scalars);
                }
            }
        }
        if self.convention.flag {
            values.push(self.builder.ins().iconst(types::I8, 0));
        }
        self.builder.ins().return_(&values);
    }

    fn load_local(&mut self, local: Local, layout: &LayoutRef) -> Vec<Value> {
        match self.homes[local.index()].clone() {
            Home::Nothing => Vec::new(),
            Home::Variables(variables) => variables.into_iter().map(|variable| self.builder.use_var(variable)).collect(),
            Home::Memory(address) => self.load_leaves(address, layout),
        }
    }

    fn set_discriminant(&mut self, place: &Place, variant: u32) {
        let spot = self.place(place);
        self.write_tag(&spot, variant);
    }

    /// A function known by name.
    fn import(&mut self, target: Target, signature: impl FnOnce() -> Signature, near: bool) -> cranelift_codegen::ir::FuncRef {
        if let Some(&found) = self.imported.get(&target) {
            return found;
        }
        let signature = self.signature(signature());
        let name = self.builder.func.declare_imported_user_function(target.into());
        let data = ExtFuncData { name: ExternalName::user(name), signature, colocated: near, patchable: false };
        let found = self.builder.import_function(data);
        self.imported.insert(target, found);
        found
    }

    fn signature(&mut self, signature: Signature) -> cranelift_codegen::ir::SigRef {
        if let Some(&found) = self.signatures.get(&signature) {
            return found;
        }
        let made = self.builder.import_signature(signature.clone());
        self.signatures.insert(signature, made);
        made
    }

    /// The address of data or code of the image.
    fn address_of(&mut self, target: Target) -> Value {
        let global = match self.globals.get(&target) {
            Some(&global) => global,
            None => {
                let name = self.builder.func.declare_imported_user_function(target.into());
                let global = self.builder.create_global_value(GlobalValueData::Symbol {
                    name: ExternalName::user(name),
                    offset: 0.into(),
                    colocated: true,
                    tls: false,
                });
                self.globals.insert(target, global);
                global
            }
        };
        self.builder.ins().symbol_value(types::I64, global)
    }

    /// The address of constant bytes.
    fn constant(&mut self, bytes: &[u8]) -> Value {
        let found = self.data.iter().position(|data| data.bytes == bytes);
        let index = found.unwrap_or_else(|| {
            self.data.push(Data { bytes: bytes.to_vec() });
            self.data.len() - 1
        });
        self.address_of(Target { space: crate::unit::space::DATA, index: index as u32 })
    }
}

/// By local: whether it needs an address.
fn in_memory(body: &Body) -> Vec<bool> {
    let mut needs = vec![false; body.locals.len()];
    let inside = |place: &Place| !place.projection.iter().any(|step| matches!(step, Projection::Deref));
    let indexed = |place: &Place, needs: &mut Vec<bool>| {
        for step in &place.projection {
            match step {
                Projection::Deref => return,
                Projection::Index(_) | Projection::Subslice { .. } => needs[place.local.index()] = true,
                Projection::Field(_) | Projection::ConstIndex { .. } | Projection::Downcast(_) => {}
            }
        }
    };
    for block in &body.blocks {
        for statement in &block.statements {
            match &statement.kind {
                StatementKind::Assign(place, rvalue) => {
                    indexed(place, &mut needs);
                    if let Rvalue::Ref { place, .. } | Rvalue::RawRef(_, place) = rvalue
                        && inside(place)
                    {
                        needs[place.local.index()] = true;
                    }
                    for_each_place(rvalue, &mut |place| indexed(place, &mut needs));
                }
                StatementKind::Check { cond, .. } => for_operand(cond, &mut |place| indexed(place, &mut needs)),
                StatementKind::BoundsCheck { index, len } => {
                    for_operand(index, &mut |place| indexed(place, &mut needs));
                    for_operand(len, &mut |place| indexed(place, &mut needs));
                }
                StatementKind::SetDiscriminant(place, _) => indexed(place, &mut needs),
                StatementKind::StorageLive(_) | StatementKind::StorageDead(_) | StatementKind::Nop => {}
            }
        }
        match &block.terminator.kind {
            TerminatorKind::Switch { value, .. } => for_operand(value, &mut |place| indexed(place, &mut needs)),
            TerminatorKind::Drop { place, .. } if inside(place) => needs[place.local.index()] = true,
            TerminatorKind::Call { args, dest, callee, .. } => {
                indexed(dest, &mut needs);
                args.iter().for_each(|arg| for_operand(arg, &mut |place| indexed(place, &mut needs)));
                if let Callee::Pointer(pointer) = callee {
                    for_operand(pointer, &mut |place| indexed(place, &mut needs));
                }
            }
            TerminatorKind::Goto(_)
            | TerminatorKind::Return
            | TerminatorKind::Resume
            | TerminatorKind::Unreachable
            | TerminatorKind::Drop { .. } => {}
        }
    }
    needs
}

fn for_operand(operand: &Operand, visit: &mut dyn FnMut(&Place)) {
    if let Operand::Copy(place) | Operand::Move(place) = operand {
        visit(place);
    }
}

fn for_each_place(rvalue: &Rvalue, visit: &mut dyn FnMut(&Place)) {
    match rvalue {
        Rvalue::Use(a) | Rvalue::Unary(_, a) | Rvalue::Cast(_, a, _) | Rvalue::Repeat(a) => for_operand(a, visit),
        Rvalue::Binary(_, a, b) => {
            for_operand(a, visit);
            for_operand(b, visit);
        }
        Rvalue::Select(condition, choices) => std::iter::once(condition).chain(&**choices).for_each(|part| for_operand(part, visit)),
        Rvalue::Aggregate(_, parts) => parts.iter().for_each(|part| for_operand(part, visit)),
        Rvalue::Ref { place, .. } | Rvalue::RawRef(_, place) | Rvalue::Discriminant(place) | Rvalue::Len(place) => visit(place),
    }
}

/// By local: whether nothing ever writes it or takes its address.
fn unset(body: &Body) -> Vec<bool> {
    use mir::body::{Rvalue, StatementKind};
    let mut unset = vec![true; body.locals.len()];
    unset[..=body.param_count as usize].fill(false);
    for block in &body.blocks {
        for statement in &block.statements {
            match &statement.kind {
                StatementKind::Assign(to, value) => {
                    unset[to.local.index()] = false;
                    if let Rvalue::Ref { place, .. } | Rvalue::RawRef(_, place) = value {
                        unset[place.local.index()] = false;
                    }
                }
                StatementKind::SetDiscriminant(to, _) => unset[to.local.index()] = false,
                _ => {}
            }
        }
        match &block.terminator.kind {
            TerminatorKind::Call { dest, .. } => unset[dest.local.index()] = false,
            TerminatorKind::Drop { place, .. } => unset[place.local.index()] = false,
            _ => {}
        }
    }
    unset
}

/// Whether a block ends in a step by which somebody may wait for another task.
fn spins(body: &Body, id: BlockId) -> bool {
    let block = &body.blocks[id.index()];
    let TerminatorKind::Call { callee: Callee::Intrinsic(name, _), .. } = &block.terminator.kind else { return false };
    !block.cleanup && matches!(name.as_str(), "atomic_load" | "atomic_compare_exchange" | "atomic_swap")
}
