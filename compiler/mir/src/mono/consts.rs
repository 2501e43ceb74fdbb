//! Constants: computed here where their bodies do plain arithmetic on plain values, else computed where they are used,
//! by a call of their body.

use super::call::Function;
use super::lower::Lowering;
use super::{Key, Mono};
use crate::body::*;
use crate::opt::fold::{self, Folded};
use diag::{Span, Symbol};
use hir::ids::FnId;
use hir::ty::{Args, Ty};
use std::sync::Arc;

/// A value while it is computed.
#[derive(Clone, Debug)]
pub(super) enum Value {
    Int(i128),
    Float(u64),
    Str(Symbol),
    Bytes(Arc<[u8]>),
    Zero,
    Function(InstanceId),
    Whole(Aggregate, Vec<Value>),
    Missing,
}

/// Why a computation has no value.
#[derive(Clone, Copy, Debug)]
pub(super) enum Raised {
    Fault(Fault),
    Index { index: i128, len: i128 },
}

impl Raised {
    pub fn sentence(self) -> String {
        match self {
            Raised::Fault(Fault::DivideByZero | Fault::RemainderByZero) => "this divides by zero".into(),
            Raised::Fault(Fault::Overflow(_) | Fault::NegateOverflow) => "the result does not fit into its type".into(),
            Raised::Fault(Fault::CastOverflow) => "the number does not fit into this type".into(),
            Raised::Fault(Fault::Unreachable) => "what should not be reached is reached here".into(),
            Raised::Index { index, len } => format!("the length is {len} but the index is {index}"),
        }
    }
}

impl Lowering<'_, '_> {
    /// The value of a `const` item as an operand.
    pub fn const_item(&mut self, id: FnId, args: Args, source: SourceId) -> Operand {
        let (id, args) = if args.is_empty() {
            (id, args)
        } else {
            // Which impl's constant it is may be known only now.
            match self.mono.program.resolve(id, args) {
                hir::Resolved::Fn(id, args) => (id, args),
                hir::Resolved::Virtual(_) | hir::Resolved::CloneByCopy | hir::Resolved::FnTrait(_) => {
                    bug!("monomorphization", self.body.name; "a constant that is no constant")
                }
            }
        };
        let ty = {
            let def = self.mono.program.program().fn_def(id);
            let ret = hir::ty::Subst::subst(def.ret, &args);
            self.mono.program.normalize(FnId(0), ret)
        };
        match self.mono.const_value(id, args) {
            Some(value) => self.materialise(&value, ty, source),
            None => self.call_const(id, args, ty, source),
        }
    }

    fn materialise(&mut self, value: &Value, ty: Ty, source: SourceId) -> Operand {
        let kind = match value {
            Value::Int(value) => ConstKind::int(*value),
            Value::Float(bits) => ConstKind::Float(*bits),
            Value::Str(text) => ConstKind::Str(*text),
            Value::Bytes(bytes) => ConstKind::Bytes(bytes.clone()),
            Value::Zero => ConstKind::Zero,
            Value::Function(id) => ConstKind::Function(*id),
            Value::Whole(kind, parts) => {
                let variant = if let Aggregate::Adt(_, variant) = kind { *variant } else { 0 };
                let operands = (parts.iter().enumerate())
                    .map(|(index, part)| {
                        let ty = match kind {
                            Aggregate::Array => self.mono.types.element(ty),
                            _ => Some(self.mono.types.field(ty, variant, index as u32)),
                        };
                        let ty = ty.unwrap_or_else(|| bug!("monomorphization", self.body.name; "an array of nothing"));
                        self.materialise(part, ty, source)
                    })
                    .collect();
                let temp = self.temp(ty, source);
                self.assign(source, temp, Rvalue::Aggregate(*kind, operands));
                return Operand::take(temp);
            }
            Value::Missing => bug!("monomorphization", self.body.name; "a constant without value"),
        };
        Operand::constant(ty, kind)
    }

    /// Ends the block with a call of the constant's body.
    fn call_const(&mut self, id: FnId, args: Args, ty: Ty, source: SourceId) -> Operand {
        let instance = self.mono.instance(Key::Fn(id, args));
        let temp = self.temp(ty, source);
        let next = self.new_block();
        let unwind = if self.body.blocks[self.current.index()].cleanup {
            None
        } else {
            self.body.blocks[self.current.index()].unwind
        };
        let kind = TerminatorKind::Call {
            callee: Callee::Instance(instance),
            args: Vec::new(),
            dest: Place::local(temp),
            target: Some(next),
            unwind,
        };
        self.end(source, kind);
        self.current = next;
        Operand::take(temp)
    }
}

impl Mono<'_> {
    /// `None` if it must be computed by the program itself.
    pub(super) fn const_value(&mut self, id: FnId, args: Args) -> Option<Value> {
        if let Some(known) = self.consts.get(&(id, args)) {
            return known.clone();
        }
        // A constant that leads back to itself is not computed here.
        self.consts.insert((id, args), None);
        let value = match self.function(id, args) {
            Function::Instance(instance) => {
                let mut fuel = FUEL;
                evaluate(self, instance, Vec::new(), &mut fuel, 0).filter(is_whole)
            }
            Function::Intrinsic(..)
            | Function::Runtime(_)
            | Function::Foreign(..)
            | Function::Virtual(_)
            | Function::Clone(_)
            | Function::Value(_) => None,
        };
        self.consts.insert((id, args), value.clone());
        value
    }
}

/// Statements that are worth computing in the compiler.
const FUEL: u32 = 20_000;
const CALLS_MAX: u32 = 32;
/// Larger values are better computed once by the program than written out at each use.
const PARTS_MAX: usize = 64;

fn is_whole(value: &Value) -> bool {
    fn count(value: &Value) -> Option<usize> {
        match value {
            Value::Missing => None,
            Value::Whole(_, parts) => parts.iter().map(count).sum::<Option<usize>>().map(|n| n + 1),
            Value::Int(_) | Value::Float(_) | Value::Str(_) | Value::Bytes(_) | Value::Zero | Value::Function(_) => Some(1),
        }
    }
    count(value).is_some_and(|parts| parts <= PARTS_MAX)
}

fn evaluate(mono: &mut Mono, id: InstanceId, args: Vec<Value>, fuel: &mut u32, depth: u32) -> Option<Value> {
    if depth > CALLS_MAX {
        return None;
    }
    let body = mono.make(id)?;
    let mut frame = Frame { body: &body, locals: vec![Value::Missing; body.locals.len()] };
    for (param, value) in body.params().zip(args) {
        frame.locals[param.index()] = value;
    }
    let mut at = BlockId::START;
    loop {
        let block = body.block(at);
        for statement in &block.statements {
            *fuel = fuel.checked_sub(1)?;
            frame.statement(mono, statement)?;
        }
        *fuel = fuel.checked_sub(1)?;
        at = match &block.terminator.kind {
            TerminatorKind::Goto(target) => *target,
            TerminatorKind::Switch { value, targets, otherwise } => {
                let Value::Int(value) = frame.operand(value)? else { return None };
                targets.iter().find(|(n, _)| *n == value).map_or(*otherwise, |(_, to)| *to)
            }
            TerminatorKind::Return => {
                let value = std::mem::replace(&mut frame.locals[0], Value::Missing);
                return match value {
                    Value::Missing if body.ret().is_unit() => Some(Value::Zero),
                    value => Some(value),
                };
            }
            TerminatorKind::Call { callee: Callee::Instance(callee), args, dest, target: Some(target), .. } => {
                let args: Option<Vec<Value>> = args.iter().map(|arg| frame.operand(arg)).collect();
                let value = evaluate(mono, *callee, args?, fuel, depth + 1)?;
                *frame.place_mut(dest)? = value;
                *target
            }
            TerminatorKind::Call { .. }
            | TerminatorKind::Drop { .. }
            | TerminatorKind::Resume
            | TerminatorKind::Unreachable => return None,
        };
    }
}

struct Frame<'b> {
    body: &'b Body,
    locals: Vec<Value>,
}

impl Frame<'_> {
    fn statement(&mut self, mono: &mut Mono, statement: &Statement) -> Option<()> {
        let span = self.body.source(statement.source).span;
        match &statement.kind {
            StatementKind::Assign(place, value) => {
                let value = self.rvalue(mono, value, place, span)?;
                *self.place_mut(place)? = value;
            }
            StatementKind::Check { cond, expected, fault } => {
                let Value::Int(value) = self.operand(cond)? else { return None };
                if (value != 0) != *expected {
                    mono.raised = Some((span, Raised::Fault(*fault)));
                    return None;
                }
            }
            StatementKind::BoundsCheck { index, len } => {
                let (Value::Int(index), Value::Int(len)) = (self.operand(index)?, self.operand(len)?) else { return None };
                if !(0 <= index && index < len) {
                    mono.raised = Some((span, Raised::Index { index, len }));
                    return None;
                }
            }
            StatementKind::SetDiscriminant(..) => return None,
            StatementKind::StorageLive(_) | StatementKind::StorageDead(_) | StatementKind::Nop => {}
        }
        Some(())
    }

    fn rvalue(&self, mono: &mut Mono, value: &Rvalue, dest: &Place, span: Span) -> Option<Value> {
        let types = &mono.types;
        let ty_of = |operand: &Operand| types.operand(&self.body.locals, operand);
        let folded = match value {
            Rvalue::Use(operand) => return self.operand(operand),
            Rvalue::Binary(op, left, right) => {
                let (a, b) = (as_const(self.operand(left)?)?, as_const(self.operand(right)?)?);
                fold::binary(*op, ty_of(left), &a, &b)
            }
            Rvalue::Unary(op, operand) => fold::unary(*op, ty_of(operand), &as_const(self.operand(operand)?)?),
            Rvalue::Cast(cast, operand, ty) => fold::cast(*cast, ty_of(operand), &as_const(self.operand(operand)?)?, *ty),
            Rvalue::Aggregate(Aggregate::WidePointer, _) => return None,
            Rvalue::Aggregate(kind, operands) => {
                let parts: Option<Vec<Value>> = operands.iter().map(|operand| self.operand(operand)).collect();
                return Some(Value::Whole(*kind, parts?));
            }
            Rvalue::Repeat(operand) => {
                let ty = mono.types.place(&self.body.locals, dest);
                let hir::ty::TyKind::Array(_, len) = ty.kind() else { return None };
                let hir::ty::TyKind::Const(len) = len.kind() else { return None };
                let len = usize::try_from(*len).ok().filter(|len| *len <= PARTS_MAX)?;
                return Some(Value::Whole(Aggregate::Array, vec![self.operand(operand)?; len]));
            }
            Rvalue::Discriminant(place) => match self.place(place)? {
                Value::Whole(Aggregate::Adt(_, variant), _) => return Some(Value::Int(i128::from(*variant))),
                _ => return None,
            },
            Rvalue::Ref { .. } | Rvalue::RawRef(..) | Rvalue::Len(_) | Rvalue::Select(..) => return None,
        };
        match folded? {
            Folded::Value(kind) => from_const(kind),
            Folded::Raises(fault) => {
                mono.raised = Some((span, Raised::Fault(fault)));
                None
            }
        }
    }

    fn operand(&self, operand: &Operand) -> Option<Value> {
        match operand {
            Operand::Copy(place) | Operand::Move(place) => match self.place(place)? {
                Value::Missing => None,
                value => Some(value.clone()),
            },
            Operand::Const(constant) => from_const(constant.kind.clone()),
        }
    }

    fn place(&self, place: &Place) -> Option<&Value> {
        let mut value = &self.locals[place.local.index()];
        for step in &place.projection {
            value = match (step, value) {
                (Projection::Downcast(_), value) => value,
                (step, Value::Whole(_, parts)) => parts.get(self.part(*step)?)?,
                _ => return None,
            };
        }
        Some(value)
    }

    fn place_mut(&mut self, place: &Place) -> Option<&mut Value> {
        let path: Option<Vec<Option<usize>>> = (place.projection.iter())
            .map(|step| match step {
                Projection::Downcast(_) => Some(None),
                step => self.part(*step).map(Some),
            })
            .collect();
        let mut value = &mut self.locals[place.local.index()];
        for step in path?.into_iter().flatten() {
            value = match value {
                Value::Whole(_, parts) => parts.get_mut(step)?,
                _ => return None,
            };
        }
        Some(value)
    }

    fn part(&self, step: Projection) -> Option<usize> {
        match step {
            Projection::Field(field) => Some(field as usize),
            Projection::ConstIndex { offset, from_end: false } => Some(offset as usize),
            Projection::Index(local) => match &self.locals[local.index()] {
                Value::Int(index) => usize::try_from(*index).ok(),
                _ => None,
            },
            Projection::ConstIndex { .. } | Projection::Subslice { .. } | Projection::Deref | Projection::Downcast(_) => None,
        }
    }
}

fn as_const(value: Value) -> Option<ConstKind> {
    match value {
        Value::Int(value) => Some(ConstKind::int(value)),
        Value::Float(bits) => Some(ConstKind::Float(bits)),
        Value::Str(_) | Value::Bytes(_) | Value::Zero | Value::Function(_) | Value::Whole(..) | Value::Missing => None,
    }
}

fn from_const(kind: ConstKind) -> Option<Value> {
    match kind {
        ConstKind::Int(value) => Some(Value::Int(value.get())),
        ConstKind::Float(bits) => Some(Value::Float(bits)),
        ConstKind::Str(text) => Some(Value::Str(text)),
        ConstKind::Bytes(bytes) => Some(Value::Bytes(bytes)),
        ConstKind::Zero => Some(Value::Zero),
        ConstKind::Function(id) => Some(Value::Function(id)),
        ConstKind::Param(_) | ConstKind::Item(..) | ConstKind::Static(_) | ConstKind::Vtable(_) => None,
    }
}
