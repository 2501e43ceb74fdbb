//! Copies seen through within one block: a local that is assigned more than once still has one value between two
//! assignments. `o = Some { 0: i }; x = (o as Some).0` becomes `x = i`, after which `o` is dead.

use crate::body::*;
use crate::fast::{BitSet, FastMap};

#[derive(Clone)]
enum Value {
    Same(Local),
    Const(Const),
    /// Of a variant, or of a struct, tuple or closure. Only parts that are whole locals or constants.
    Parts(Option<u32>, Vec<Option<Value>>),
}

/// Whether anything changed.
pub(super) fn run(cx: &super::Cx, body: &mut Body) -> bool {
    let mut borrowed = BitSet::new(body.locals.len());
    for block in &body.blocks {
        for statement in &block.statements {
            if let StatementKind::Assign(_, Rvalue::Ref { place, .. } | Rvalue::RawRef(_, place)) = &statement.kind
                && !place.is_indirect()
            {
                borrowed.insert(place.local.index());
            }
        }
        if let TerminatorKind::Drop { place, .. } = &block.terminator.kind {
            borrowed.insert(place.local.index());
        }
    }
    let mut changed = false;
    let Body { blocks, locals, .. } = body;
    for block in blocks {
        let mut state = State { cx, locals, borrowed: &borrowed, values: FastMap::default(), users: FastMap::default(), done: Vec::new(), changed: false };
        for statement in &mut block.statements {
            statement.each_operand_mut(|operand| state.operand(operand));
            match &mut statement.kind {
                StatementKind::Assign(place, value) => {
                    if let Rvalue::Discriminant(of) = value
                        && let Some(Value::Parts(Some(variant), _)) = of.as_local().and_then(|local| state.values.get(&local))
                    {
                        *value = Rvalue::Use(Operand::int(i128::from(*variant)));
                        state.changed = true;
                    }
                    state.repeated(value);
                    state.assign(place, value);
                }
                StatementKind::SetDiscriminant(place, _) if !place.is_indirect() => state.forget(place.local),
                StatementKind::SetDiscriminant(..)
                | StatementKind::Check { .. }
                | StatementKind::BoundsCheck { .. }
                | StatementKind::StorageLive(_)
                | StatementKind::StorageDead(_)
                | StatementKind::Nop => {}
            }
        }
        block.terminator.kind.each_operand_mut(|operand| state.operand(operand));
        changed |= state.changed;
    }
    changed
}

struct State<'a, 'b> {
    cx: &'a super::Cx<'b>,
    locals: &'a [LocalDecl],
    borrowed: &'a BitSet,
    values: FastMap<Local, Value>,
    /// By local: those whose value speaks of it.
    users: FastMap<Local, Vec<Local>>,
    /// Checked operations whose results are still there.
    done: Vec<(BinaryOp, Simple, Simple, Local)>,
    changed: bool,
}

/// An operand that can be compared.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Simple {
    Local(Local),
    Int(i128),
}

/// More are not worth looking through.
const DONE_MAX: usize = 16;

impl State<'_, '_> {
    /// What was checked once does not raise a second time. Cranelift sees that for plain arithmetic only.
    fn repeated(&mut self, value: &mut Rvalue) {
        let Rvalue::Binary(op, left, right) = value else { return };
        if !op.raises() {
            return;
        }
        let (Some(left), Some(right)) = (self.comparable(left), self.comparable(right)) else { return };
        if let Some((.., result)) = self.done.iter().find(|(o, l, r, _)| o == op && *l == left && *r == right) {
            *value = Rvalue::Use(Operand::copy(*result));
            self.changed = true;
        }
    }

    fn comparable(&self, operand: &Operand) -> Option<Simple> {
        match operand.as_int() {
            Some(value) => Some(Simple::Int(value)),
            None => operand.as_local().filter(|local| !self.borrowed.contains(local.index())).map(Simple::Local),
        }
    }

    fn remember(&mut self, local: Local, value: &Rvalue) {
        let Rvalue::Binary(op, left, right) = value else { return };
        if !op.raises() || self.done.len() == DONE_MAX {
            return;
        }
        if let (Some(left), Some(right)) = (self.comparable(left), self.comparable(right))
            && left != Simple::Local(local)
            && right != Simple::Local(local)
            // Two constants of different types look alike.
            && (matches!(left, Simple::Local(_)) || matches!(right, Simple::Local(_)))
        {
            self.done.push((*op, left, right, local));
        }
    }

    fn forget(&mut self, local: Local) {
        self.done.retain(|(_, left, right, result)| {
            *result != local && *left != Simple::Local(local) && *right != Simple::Local(local)
        });
        self.values.remove(&local);
        for user in self.users.remove(&local).unwrap_or_default() {
            self.values.remove(&user);
        }
    }

    fn simple(&self, operand: &Operand) -> Option<Value> {
        match operand {
            Operand::Const(constant) => Some(Value::Const(constant.clone())),
            Operand::Copy(place) | Operand::Move(place) => {
                let local = place.as_local().filter(|local| !self.borrowed.contains(local.index()))?;
                // What travels by address must not be read again where it was moved.
                let scalars = self.cx.layouts.of(self.locals[local.index()].ty);
                let few = scalars.leaves.as_ref().is_some_and(|leaves| leaves.len() <= 2);
                few.then_some(Value::Same(local))
            }
        }
    }

    fn assign(&mut self, place: &Place, value: &Rvalue) {
        if place.is_indirect() {
            return;
        }
        let Some(local) = place.as_local().filter(|local| !self.borrowed.contains(local.index())) else {
            self.forget(place.local);
            return;
        };
        let ty = self.locals[local.index()].ty;
        let known = match value {
            Rvalue::Use(operand) => match self.simple(operand) {
                Some(Value::Same(from)) if self.locals[from.index()].ty != ty => None,
                // The value of a copied aggregate is known as well as that of its source.
                Some(Value::Same(from)) => match self.values.get(&from) {
                    Some(known) => Some(known.clone()),
                    None => Some(Value::Same(from)),
                },
                None => operand.as_local().and_then(|from| self.values.get(&from)).filter(|v| matches!(v, Value::Parts(..))).cloned(),
                known => known,
            },
            Rvalue::Aggregate(Aggregate::Tuple | Aggregate::Closure(_), operands) => {
                Some(Value::Parts(None, operands.iter().map(|operand| self.simple(operand)).collect()))
            }
            Rvalue::Aggregate(Aggregate::Adt(_, variant), operands) => {
                let variant = self.cx.is_enum(ty).then_some(*variant);
                Some(Value::Parts(variant, operands.iter().map(|operand| self.simple(operand)).collect()))
            }
            _ => None,
        };
        self.forget(local);
        self.remember(local, value);
        let Some(known) = known else { return };
        let mut sources = Vec::new();
        match &known {
            Value::Same(from) => sources.push(*from),
            Value::Const(_) => {}
            Value::Parts(_, parts) => {
                for part in parts {
                    if let Some(Value::Same(from)) = part {
                        sources.push(*from);
                    }
                }
            }
        }
        if sources.contains(&local) {
            return;
        }
        for from in sources {
            self.users.entry(from).or_default().push(local);
        }
        self.values.insert(local, known);
    }

    fn operand(&mut self, operand: &mut Operand) {
        let (Operand::Copy(place) | Operand::Move(place)) = operand else { return };
        let found = match (self.values.get(&place.local), &place.projection[..]) {
            (Some(value @ (Value::Same(_) | Value::Const(_))), []) => Some((value.clone(), 0)),
            (Some(Value::Same(from)), _) => Some((Value::Same(*from), 0)),
            (Some(Value::Parts(None, parts)), [Projection::Field(field), ..]) => {
                parts.get(*field as usize).cloned().flatten().map(|value| (value, 1))
            }
            (Some(Value::Parts(Some(variant), parts)), [Projection::Downcast(seen), Projection::Field(field), ..])
                if seen == variant =>
            {
                parts.get(*field as usize).cloned().flatten().map(|value| (value, 2))
            }
            _ => None,
        };
        match found {
            Some((Value::Same(from), skip)) => {
                let projection = place.projection[skip..].to_vec();
                *operand = Operand::Copy(Place { local: from, projection });
                self.changed = true;
            }
            Some((Value::Const(constant), skip)) if place.projection.len() == skip => {
                *operand = Operand::Const(constant);
                self.changed = true;
            }
            _ => {}
        }
    }
}
