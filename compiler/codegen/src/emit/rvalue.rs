//! Assignments and switches.

use super::place::{At, Spot};
use super::value::Found;
use super::{Emitter, NEVER};
use crate::convention::{clif, leaves};
use cranelift_codegen::ir::condcodes::{CondCode, IntCC};
use cranelift_codegen::ir::{Block, InstBuilder, Value, ValueDef, types};
use cranelift_frontend::Switch;
use hir::ty::{Ty, TyKind};
use mir::body::{Aggregate, BlockId, Operand, Place, Projection, Rvalue, StatementKind, TerminatorKind};
use mir::layout::{LayoutRef, Shape};

impl Emitter<'_, '_> {
    pub fn assign(&mut self, place: &Place, rvalue: &Rvalue, unwind: Option<BlockId>) {
        match rvalue {
            Rvalue::Use(operand) => {
                let found = self.operand(operand);
                let spot = self.place(place);
                self.put(&spot, &found);
            }
            Rvalue::Ref { place: of, .. } | Rvalue::RawRef(_, of) => {
                let of = self.place(of);
                let pointer = self.pointer_to(&of);
                self.put_scalars(place, pointer);
            }
            Rvalue::Binary(op, a, b) => {
                let value = self.binary(*op, a, b, unwind);
                self.put_scalars(place, vec![value]);
            }
            Rvalue::Unary(op, a) => {
                let value = self.unary(*op, a, unwind);
                self.put_scalars(place, vec![value]);
            }
            Rvalue::Cast(cast, operand, to) => {
                let found = self.cast(*cast, operand, *to, unwind);
                let spot = self.place(place);
                self.put(&spot, &found);
            }
            Rvalue::Discriminant(of) => {
                let of = self.place(of);
                let value = self.read_tag(&of);
                self.put_scalars(place, vec![value]);
            }
            Rvalue::Len(of) => {
                let len = self.len_of(of);
                self.put_scalars(place, vec![len]);
            }
            Rvalue::Aggregate(aggregate, parts) => self.aggregate(place, *aggregate, parts),
            Rvalue::Repeat(operand) => self.repeat(place, operand),
            Rvalue::Select(condition, choices) => {
                let [yes, no] = &**choices;
                let (condition, yes, no) = (self.scalar(condition), self.scalar(yes), self.scalar(no));
                let value = self.builder.ins().select(condition, yes, no);
                self.put_scalars(place, vec![value]);
            }
        }
    }

    pub fn put_scalars(&mut self, place: &Place, values: Vec<Value>) {
        let spot = self.place(place);
        self.put(&spot, &Found::Scalars(values));
    }

    fn aggregate(&mut self, place: &Place, aggregate: Aggregate, parts: &[Operand]) {
        let ty = self.ty_of(place);
        let layout = self.layouts.of(ty);
        if aggregate == Aggregate::WidePointer {
            let mut values = Vec::new();
            for part in parts {
                values.extend(self.scalars(part));
            }
            return self.put_scalars(place, values);
        }
        let variant = if let Aggregate::Adt(_, variant) = aggregate { variant } else { 0 };
        let offsets: Vec<u64> = match &layout.shape {
            Shape::Struct { offsets } => offsets.clone(),
            Shape::Enum { variants, .. } => variants[variant as usize].clone(),
            Shape::Array { .. } => {
                let size = self.layouts.of(self.layouts.element(ty)).size;
                (0..parts.len() as u64).map(|i| i * size).collect()
            }
            _ => Vec::new(),
        };
        if layout.leaves.is_some() {
            let values = self.aggregate_scalars(&layout, variant, &offsets, parts);
            return self.put_scalars(place, values);
        }
        // Everything is read before the first write: a part may stand where the whole goes.
        let mut found = Vec::new();
        let is_unset = |local: mir::body::Local| self.unset[local.index()];
        let unset: Vec<bool> = parts.iter().map(|part| part.as_local().is_some_and(is_unset)).collect();
        for (part, unset) in parts.iter().zip(&unset) {
            if *unset {
                found.push(None);
                continue;
            }
            let value = self.operand(part);
            found.push(Some(match value {
                Found::Memory(from) if self.may_overlap(part, place) => {
                    let part_layout = self.layouts.of(self.operand_ty(part));
                    let copy = self.slot(&part_layout);
                    self.copy(copy, from, &part_layout);
                    Found::Memory(copy)
                }
                other => other,
            }));
        }
        let spot = self.place(place);
        for ((part, value), offset) in parts.iter().zip(&found).zip(&offsets) {
            let Some(value) = value else { continue };
            let part_ty = self.operand_ty(part);
            let at = match &spot.at {
                At::Memory { address, .. } => At::Memory { address: address.plus(*offset), metadata: None },
                at => at.clone(),
            };
            let at = if self.layouts.of(part_ty).is_zero_sized() { At::Nothing } else { at };
            self.put(&Spot { ty: part_ty, variant: 0, at }, value);
        }
        self.write_tag(&spot, variant);
    }

    fn may_overlap(&self, operand: &Operand, place: &Place) -> bool {
        let through_pointer = |place: &Place| place.projection.contains(&Projection::Deref);
        match operand {
            Operand::Copy(from) | Operand::Move(from) => {
                from.local == place.local || through_pointer(from) || through_pointer(place)
            }
            Operand::Const(_) => false,
        }
    }

    fn aggregate_scalars(&mut self, layout: &LayoutRef, variant: u32, offsets: &[u64], parts: &[Operand]) -> Vec<Value> {
        let all = leaves(layout).to_vec();
        let mut values: Vec<Option<Value>> = vec![None; all.len()];
        let position = |offset: u64| match all.iter().position(|leaf| leaf.offset == offset) {
            Some(position) => position,
            None => panic!("bug! no scalar at offset {offset}"),
        };
        for (part, &offset) in parts.iter().zip(offsets) {
            let part_layout = self.layouts.of(self.operand_ty(part));
            let scalars = self.scalars(part);
            for (leaf, value) in leaves(&part_layout).iter().zip(scalars) {
                let index = position(offset + leaf.offset);
                values[index] = Some(self.convert(value, leaf.scalar, all[index].scalar));
            }
        }
        if let Some((offset, scalar, bits)) = layout.tag_bits(variant) {
            let index = position(offset);
            let value = self.int(clif(scalar), i128::from(bits));
            values[index] = Some(self.convert(value, scalar, all[index].scalar));
        }
        let fill = values.into_iter().zip(&all);
        fill.map(|(value, leaf)| value.unwrap_or_else(|| self.zero(clif(leaf.scalar)))).collect()
    }

    fn repeat(&mut self, place: &Place, operand: &Operand) {
        let ty = self.ty_of(place);
        let layout = self.layouts.of(ty);
        let Shape::Array { count } = layout.shape else { panic!("bug! a repetition that is no array") };
        let element = self.layouts.of(self.layouts.element(ty));
        let value = self.operand(operand);
        if layout.leaves.is_some() {
            let Found::Scalars(one) = value else { panic!("bug! an array of scalars made of memory") };
            let all = (0..count).flat_map(|_| one.iter().copied()).collect();
            return self.put_scalars(place, all);
        }
        let spot = self.place(place);
        let At::Memory { address, .. } = spot.at else { return };
        let start = self.value_of(address);
        let total = self.builder.ins().iconst(types::I64, layout.size as i64);
        match &value {
            Found::Scalars(one) if one.iter().all(|&value| self.is_zero(value)) => {
                let zero = self.builder.ins().iconst(types::I64, 0);
                self.call_row("rt_memory_fill", &[start, zero, total]);
            }
            Found::Scalars(one) if element.size == 1 => {
                let byte = self.builder.ins().uextend(types::I64, one[0]);
                self.call_row("rt_memory_fill", &[start, byte, total]);
            }
            _ => self.fill(start, total, &element, &value),
        }
    }

    /// A loop that writes the same value again and again.
    fn fill(&mut self, start: Value, total: Value, element: &LayoutRef, value: &Found) {
        let (head, body, done) = (self.builder.create_block(), self.builder.create_block(), self.builder.create_block());
        let at = self.builder.append_block_param(head, types::I64);
        let end = self.builder.ins().iadd(start, total);
        self.builder.ins().jump(head, &[start.into()]);
        self.builder.switch_to_block(head);
        let finished = self.builder.ins().icmp(IntCC::Equal, at, end);
        self.builder.ins().brif(finished, done, &[], body, &[]);
        self.builder.seal_block(body);
        self.builder.seal_block(done);
        self.builder.switch_to_block(body);
        let spot = self.pointed(element.ty, at, None);
        self.put(&spot, value);
        let next = self.builder.ins().iadd_imm_s(at, element.size as i64);
        self.builder.ins().jump(head, &[next.into()]);
        self.builder.seal_block(head);
        self.builder.switch_to_block(done);
    }

    fn is_zero(&self, value: Value) -> bool {
        let dfg = &self.builder.func.dfg;
        match dfg.value_def(value) {
            ValueDef::Result(inst, _) => match dfg.insts[inst] {
                cranelift_codegen::ir::InstructionData::UnaryImm { imm, .. } => imm.bits() == 0,
                cranelift_codegen::ir::InstructionData::UnaryIeee64 { imm, .. } => imm.bits() == 0,
                cranelift_codegen::ir::InstructionData::UnaryIeee32 { imm, .. } => imm.bits() == 0,
                _ => false,
            },
            _ => false,
        }
    }

    pub fn switch(&mut self, from: BlockId, value: &Operand, targets: &[(i128, BlockId)], otherwise: BlockId) {
        let ty = self.operand_ty(value);
        let value = self.scalar(value);
        let mut targets = targets.to_vec();
        let mut otherwise = otherwise;
        // What cannot happen needs no branch.
        if self.is_unreachable(otherwise) && let Some((_, last)) = targets.pop() {
            otherwise = last;
        }
        targets.retain(|&(_, target)| target != otherwise);
        match targets[..] {
            [] => self.goto(otherwise),
            [(wanted, target)] => {
                let width = self.builder.func.dfg.value_type(value);
                if wanted == 0 {
                    self.branch(from, value, otherwise, target);
                } else if is_bool(ty) {
                    self.branch(from, value, target, otherwise);
                } else {
                    let wanted = self.int(width, wanted);
                    let equal = self.builder.ins().icmp(IntCC::Equal, value, wanted);
                    self.branch(from, equal, target, otherwise);
                }
            }
            _ => {
                let width = self.builder.func.dfg.value_type(value);
                let mut switch = Switch::new();
                let mut seen = std::collections::HashSet::new();
                for (wanted, target) in targets {
                    let bits = wanted as u64 & (u64::MAX >> (64 - width.bits()));
                    if seen.insert(bits) {
                        switch.set_entry(u128::from(bits), self.blocks[target.index()]);
                    }
                }
                let otherwise = self.blocks[otherwise.index()];
                switch.emit(&mut self.builder, value, otherwise);
            }
        }
    }

    fn is_unreachable(&self, block: BlockId) -> bool {
        let block = &self.body.blocks[block.index()];
        matches!(block.terminator.kind, TerminatorKind::Unreachable)
            && block.statements.iter().all(|statement| {
                matches!(statement.kind, StatementKind::Nop | StatementKind::StorageDead(_) | StatementKind::StorageLive(_))
            })
    }

    /// Two ways; the one that leaves a loop is listed first.
    fn branch(&mut self, from: BlockId, condition: Value, then: BlockId, or_else: BlockId) {
        let (yes, no) = (self.blocks[then.index()], self.blocks[or_else.index()]);
        if self.loops.leaves(from, or_else) && !self.loops.leaves(from, then) {
            let inverse = self.not(condition);
            self.builder.ins().brif(inverse, no, &[], yes, &[]);
        } else {
            self.builder.ins().brif(condition, yes, &[], no, &[]);
        }
    }

    /// The opposite of a truth value; a comparison turns round, so that a branch on it still fuses.
    pub fn not(&mut self, condition: Value) -> Value {
        use cranelift_codegen::ir::InstructionData;
        let dfg = &self.builder.func.dfg;
        if let ValueDef::Result(inst, _) = dfg.value_def(condition) {
            match dfg.insts[inst] {
                InstructionData::IntCompare { cond, args: [a, b], .. } => {
                    return self.builder.ins().icmp(cond.complement(), a, b);
                }
                InstructionData::FloatCompare { cond, args: [a, b], .. } => {
                    return self.builder.ins().fcmp(cond.complement(), a, b);
                }
                _ => {}
            }
        }
        self.builder.ins().icmp_imm_u(IntCC::Equal, condition, 0)
    }

    /// What a place holds is dropped. Only what has no glue, and `dyn`, whose glue is in the table, come here.
    pub fn drop_place(&mut self, place: &Place, target: BlockId, unwind: Option<BlockId>, cleanup: bool) {
        let ty = self.ty_of(place);
        if !self.layouts.facts().needs_drop(ty) {
            return self.goto(target);
        }
        let spot = self.place(place);
        let pointer = self.pointer_to(&spot);
        match (ty.kind(), &pointer[..]) {
            (TyKind::Dyn(_), &[data, table]) => self.drop_dyn(data, table, unwind, cleanup),
            _ => panic!("bug! a drop of {} without glue", self.unit.show(ty)),
        }
        self.goto(target);
    }

    pub fn trap(&mut self) -> Block {
        self.builder.ins().trap(NEVER);
        let after = self.builder.create_block();
        self.builder.seal_block(after);
        self.builder.switch_to_block(after);
        after
    }
}

fn is_bool(ty: Ty) -> bool {
    matches!(ty.kind(), TyKind::Bool)
}
