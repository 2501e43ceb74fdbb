//! Walking over what statements and terminators contain, without knowing each of them.

use crate::body::*;

impl TerminatorKind {
    /// Ordinary successors, then the unwind edge. Statements' unwind edges belong to the block: see [`Block::each_successor`].
    pub fn each_successor(&self, mut visit: impl FnMut(BlockId)) {
        match self {
            TerminatorKind::Goto(target) => visit(*target),
            TerminatorKind::Switch { targets, otherwise, .. } => {
                targets.iter().for_each(|(_, target)| visit(*target));
                visit(*otherwise);
            }
            TerminatorKind::Return | TerminatorKind::Resume | TerminatorKind::Unreachable => {}
            TerminatorKind::Drop { target, unwind, .. } => {
                visit(*target);
                unwind.iter().for_each(|block| visit(*block));
            }
            TerminatorKind::Call { target, unwind, .. } => {
                target.iter().for_each(|block| visit(*block));
                unwind.iter().for_each(|block| visit(*block));
            }
        }
    }

    pub fn each_successor_mut(&mut self, mut visit: impl FnMut(&mut BlockId)) {
        match self {
            TerminatorKind::Goto(target) => visit(target),
            TerminatorKind::Switch { targets, otherwise, .. } => {
                targets.iter_mut().for_each(|(_, target)| visit(target));
                visit(otherwise);
            }
            TerminatorKind::Return | TerminatorKind::Resume | TerminatorKind::Unreachable => {}
            TerminatorKind::Drop { target, unwind, .. } => {
                visit(target);
                unwind.iter_mut().for_each(visit);
            }
            TerminatorKind::Call { target, unwind, .. } => {
                target.iter_mut().for_each(&mut visit);
                unwind.iter_mut().for_each(visit);
            }
        }
    }

    /// Where it goes when it raises. `None` also where it cannot.
    pub fn unwind(&self) -> Option<BlockId> {
        match self {
            TerminatorKind::Drop { unwind, .. } | TerminatorKind::Call { unwind, .. } => *unwind,
            TerminatorKind::Goto(_)
            | TerminatorKind::Switch { .. }
            | TerminatorKind::Return
            | TerminatorKind::Resume
            | TerminatorKind::Unreachable => None,
        }
    }

    pub fn each_operand(&self, mut visit: impl FnMut(&Operand)) {
        match self {
            TerminatorKind::Switch { value, .. } => visit(value),
            TerminatorKind::Call { callee, args, .. } => {
                if let Callee::Pointer(pointer) = callee {
                    visit(pointer);
                }
                args.iter().for_each(visit);
            }
            TerminatorKind::Goto(_)
            | TerminatorKind::Return
            | TerminatorKind::Resume
            | TerminatorKind::Unreachable
            | TerminatorKind::Drop { .. } => {}
        }
    }

    pub fn each_operand_mut(&mut self, mut visit: impl FnMut(&mut Operand)) {
        match self {
            TerminatorKind::Switch { value, .. } => visit(value),
            TerminatorKind::Call { callee, args, .. } => {
                if let Callee::Pointer(pointer) = callee {
                    visit(pointer);
                }
                args.iter_mut().for_each(visit);
            }
            TerminatorKind::Goto(_)
            | TerminatorKind::Return
            | TerminatorKind::Resume
            | TerminatorKind::Unreachable
            | TerminatorKind::Drop { .. } => {}
        }
    }
}

impl Block {
    /// All successors: those of the terminator, and the unwind edge if a statement can raise.
    pub fn each_successor(&self, mut visit: impl FnMut(BlockId)) {
        self.terminator.kind.each_successor(&mut visit);
        self.unwind.iter().for_each(|block| visit(*block));
    }
    pub fn each_successor_mut(&mut self, mut visit: impl FnMut(&mut BlockId)) {
        self.terminator.kind.each_successor_mut(&mut visit);
        self.unwind.iter_mut().for_each(visit);
    }
    pub fn raises(&self) -> bool {
        self.statements.iter().any(Statement::raises)
    }
}

impl Statement {
    pub fn raises(&self) -> bool {
        match &self.kind {
            StatementKind::Assign(_, value) => value.raises(),
            StatementKind::Check { .. } | StatementKind::BoundsCheck { .. } => true,
            StatementKind::SetDiscriminant(..)
            | StatementKind::StorageLive(_)
            | StatementKind::StorageDead(_)
            | StatementKind::Nop => false,
        }
    }

    pub fn each_operand(&self, mut visit: impl FnMut(&Operand)) {
        match &self.kind {
            StatementKind::Assign(_, value) => value.each_operand(visit),
            StatementKind::Check { cond, .. } => visit(cond),
            StatementKind::BoundsCheck { index, len } => {
                visit(index);
                visit(len);
            }
            StatementKind::SetDiscriminant(..)
            | StatementKind::StorageLive(_)
            | StatementKind::StorageDead(_)
            | StatementKind::Nop => {}
        }
    }

    pub fn each_operand_mut(&mut self, mut visit: impl FnMut(&mut Operand)) {
        match &mut self.kind {
            StatementKind::Assign(_, value) => value.each_operand_mut(visit),
            StatementKind::Check { cond, .. } => visit(cond),
            StatementKind::BoundsCheck { index, len } => {
                visit(index);
                visit(len);
            }
            StatementKind::SetDiscriminant(..)
            | StatementKind::StorageLive(_)
            | StatementKind::StorageDead(_)
            | StatementKind::Nop => {}
        }
    }
}

impl Rvalue {
    /// Whether computing it can raise.
    pub fn raises(&self) -> bool {
        match self {
            Rvalue::Binary(op, ..) => op.raises(),
            Rvalue::Unary(op, _) => *op == UnaryOp::NegChecked,
            Rvalue::Cast(cast, ..) => *cast == Cast::FloatToIntChecked,
            Rvalue::Use(_)
            | Rvalue::Ref { .. }
            | Rvalue::RawRef(..)
            | Rvalue::Discriminant(_)
            | Rvalue::Len(_)
            | Rvalue::Aggregate(..)
            | Rvalue::Repeat(_)
            | Rvalue::Select(..) => false,
        }
    }

    pub fn each_operand(&self, mut visit: impl FnMut(&Operand)) {
        match self {
            Rvalue::Use(operand) | Rvalue::Unary(_, operand) | Rvalue::Cast(_, operand, _) | Rvalue::Repeat(operand) => {
                visit(operand)
            }
            Rvalue::Binary(_, left, right) => {
                visit(left);
                visit(right);
            }
            Rvalue::Select(condition, choices) => {
                visit(condition);
                choices.iter().for_each(visit);
            }
            Rvalue::Aggregate(_, operands) => operands.iter().for_each(visit),
            Rvalue::Ref { .. } | Rvalue::RawRef(..) | Rvalue::Discriminant(_) | Rvalue::Len(_) => {}
        }
    }

    pub fn each_operand_mut(&mut self, mut visit: impl FnMut(&mut Operand)) {
        match self {
            Rvalue::Use(operand) | Rvalue::Unary(_, operand) | Rvalue::Cast(_, operand, _) | Rvalue::Repeat(operand) => {
                visit(operand)
            }
            Rvalue::Binary(_, left, right) => {
                visit(left);
                visit(right);
            }
            Rvalue::Select(condition, choices) => {
                visit(condition);
                choices.iter_mut().for_each(visit);
            }
            Rvalue::Aggregate(_, operands) => operands.iter_mut().for_each(visit),
            Rvalue::Ref { .. } | Rvalue::RawRef(..) | Rvalue::Discriminant(_) | Rvalue::Len(_) => {}
        }
    }

    /// The place that it looks at without reading it as an operand.
    pub fn looked_at(&self) -> Option<&Place> {
        match self {
            Rvalue::Ref { place, .. } | Rvalue::RawRef(_, place) | Rvalue::Discriminant(place) | Rvalue::Len(place) => {
                Some(place)
            }
            Rvalue::Use(_)
            | Rvalue::Binary(..)
            | Rvalue::Unary(..)
            | Rvalue::Cast(..)
            | Rvalue::Aggregate(..)
            | Rvalue::Repeat(_)
            | Rvalue::Select(..) => None,
        }
    }
    pub fn looked_at_mut(&mut self) -> Option<&mut Place> {
        match self {
            Rvalue::Ref { place, .. } | Rvalue::RawRef(_, place) | Rvalue::Discriminant(place) | Rvalue::Len(place) => {
                Some(place)
            }
            Rvalue::Use(_)
            | Rvalue::Binary(..)
            | Rvalue::Unary(..)
            | Rvalue::Cast(..)
            | Rvalue::Aggregate(..)
            | Rvalue::Repeat(_)
            | Rvalue::Select(..) => None,
        }
    }
}

impl BinaryOp {
    pub fn raises(self) -> bool {
        match self {
            BinaryOp::AddChecked
            | BinaryOp::SubChecked
            | BinaryOp::MulChecked
            | BinaryOp::DivChecked
            | BinaryOp::RemChecked
            | BinaryOp::ShlChecked
            | BinaryOp::ShrChecked => true,
            BinaryOp::Add
            | BinaryOp::Sub
            | BinaryOp::Mul
            | BinaryOp::Div
            | BinaryOp::Rem
            | BinaryOp::BitAnd
            | BinaryOp::BitOr
            | BinaryOp::BitXor
            | BinaryOp::Shl
            | BinaryOp::Shr
            | BinaryOp::Eq
            | BinaryOp::Ne
            | BinaryOp::Lt
            | BinaryOp::Le
            | BinaryOp::Gt
            | BinaryOp::Ge
            | BinaryOp::Offset => false,
        }
    }

    pub fn compares(self) -> bool {
        matches!(self, BinaryOp::Eq | BinaryOp::Ne | BinaryOp::Lt | BinaryOp::Le | BinaryOp::Gt | BinaryOp::Ge)
    }
}

/// How a place is touched.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Touch {
    Copy,
    Move,
    /// Its discriminant or length.
    Inspect,
    Ref { mutable: hir::ty::Mutable, two_phase: bool },
    RawRef(hir::ty::Mutable),
    Assign,
    /// The result of a call arrives.
    CallResult,
    SetDiscriminant,
    Drop,
}

/// Every place of a statement in the order of evaluation (what is assigned comes last). Index locals are not visited apart.
pub fn each_touch(statement: &Statement, visit: &mut dyn FnMut(&Place, Touch)) {
    match &statement.kind {
        StatementKind::Assign(place, value) => {
            match value {
                Rvalue::Ref { mutable, place, two_phase } => {
                    visit(place, Touch::Ref { mutable: *mutable, two_phase: *two_phase })
                }
                Rvalue::RawRef(mutable, place) => visit(place, Touch::RawRef(*mutable)),
                Rvalue::Discriminant(place) | Rvalue::Len(place) => visit(place, Touch::Inspect),
                Rvalue::Use(_)
                | Rvalue::Binary(..)
                | Rvalue::Unary(..)
                | Rvalue::Cast(..)
                | Rvalue::Aggregate(..)
                | Rvalue::Repeat(_)
                | Rvalue::Select(..) => value.each_operand(|operand| touch_operand(operand, visit)),
            }
            visit(place, Touch::Assign);
        }
        StatementKind::SetDiscriminant(place, _) => visit(place, Touch::SetDiscriminant),
        StatementKind::Check { .. } | StatementKind::BoundsCheck { .. } => {
            statement.each_operand(|operand| touch_operand(operand, visit))
        }
        StatementKind::StorageLive(_) | StatementKind::StorageDead(_) | StatementKind::Nop => {}
    }
}

/// The same for a terminator; the result of a call is the last.
pub fn each_terminator_touch(kind: &TerminatorKind, visit: &mut dyn FnMut(&Place, Touch)) {
    kind.each_operand(|operand| touch_operand(operand, visit));
    match kind {
        TerminatorKind::Drop { place, .. } => visit(place, Touch::Drop),
        TerminatorKind::Call { dest, .. } => visit(dest, Touch::CallResult),
        TerminatorKind::Goto(_)
        | TerminatorKind::Switch { .. }
        | TerminatorKind::Return
        | TerminatorKind::Resume
        | TerminatorKind::Unreachable => {}
    }
}

fn touch_operand(operand: &Operand, visit: &mut dyn FnMut(&Place, Touch)) {
    match operand {
        Operand::Copy(place) => visit(place, Touch::Copy),
        Operand::Move(place) => visit(place, Touch::Move),
        Operand::Const(_) => {}
    }
}

/// Every place, to be changed.
pub fn each_place_mut(block: &mut Block, visit: &mut dyn FnMut(&mut Place)) {
    for statement in &mut block.statements {
        statement_places_mut(statement, visit);
    }
    terminator_places_mut(&mut block.terminator.kind, visit);
}

pub fn statement_places_mut(statement: &mut Statement, visit: &mut dyn FnMut(&mut Place)) {
    statement.each_operand_mut(|operand| operand_place_mut(operand, visit));
    match &mut statement.kind {
        StatementKind::Assign(place, value) => {
            if let Some(place) = value.looked_at_mut() {
                visit(place);
            }
            visit(place);
        }
        StatementKind::SetDiscriminant(place, _) => visit(place),
        StatementKind::Check { .. }
        | StatementKind::BoundsCheck { .. }
        | StatementKind::StorageLive(_)
        | StatementKind::StorageDead(_)
        | StatementKind::Nop => {}
    }
}

pub fn terminator_places_mut(kind: &mut TerminatorKind, visit: &mut dyn FnMut(&mut Place)) {
    kind.each_operand_mut(|operand| operand_place_mut(operand, visit));
    match kind {
        TerminatorKind::Drop { place, .. } => visit(place),
        TerminatorKind::Call { dest, .. } => visit(dest),
        TerminatorKind::Goto(_)
        | TerminatorKind::Switch { .. }
        | TerminatorKind::Return
        | TerminatorKind::Resume
        | TerminatorKind::Unreachable => {}
    }
}

fn operand_place_mut(operand: &mut Operand, visit: &mut dyn FnMut(&mut Place)) {
    match operand {
        Operand::Copy(place) | Operand::Move(place) => visit(place),
        Operand::Const(_) => {}
    }
}
