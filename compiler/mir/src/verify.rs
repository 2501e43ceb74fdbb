//! Checks that a body is what later phases take for granted. Run after every pass in debug builds; a violation is our
//! bug, named with the pass that made it.

use crate::body::*;
use crate::types::Types;
use hir::ty::{Ty, TyKind};

/// Panics with the pass and the function if anything is out of order.
pub fn verify(types: &Types, body: &Body, pass: &str) {
    Verifier { types, body, pass, at: BlockId::START, mono: None }.run();
}

/// The same for all bodies of a concrete program, calls against the bodies they name included.
pub fn verify_program(types: &Types, program: &MonoProgram, pass: &str) {
    for body in &program.bodies {
        Verifier { types, body, pass, at: BlockId::START, mono: Some(program) }.run();
    }
}

/// Only where assertions are on.
#[inline]
pub fn debug_verify(types: &Types, body: &Body, pass: &str) {
    if cfg!(debug_assertions) {
        verify(types, body, pass);
    }
}

struct Verifier<'a> {
    types: &'a Types<'a>,
    body: &'a Body,
    pass: &'a str,
    at: BlockId,
    mono: Option<&'a MonoProgram>,
}

impl Verifier<'_> {
    fn run(mut self) {
        let body = self.body;
        if body.locals.len() <= body.param_count as usize || body.blocks.is_empty() || body.sources.is_empty() {
            self.fail("no result local, no block or no source".into());
        }
        let mut entered = false;
        body.blocks.iter().for_each(|block| block.each_successor(|to| entered |= to == BlockId::START));
        if entered {
            self.fail("an edge into the first block".into());
        }
        for id in body.block_ids() {
            self.at = id;
            self.block(body.block(id));
        }
    }

    fn fail(&self, what: String) -> ! {
        let text = crate::print::body(self.types.program, self.body);
        bug!(self.pass, self.body.name; "{what} in {}\n{text}", self.at)
    }

    fn block(&self, block: &Block) {
        block.each_successor(|to| self.edge(block, to));
        if let Some(to) = block.unwind
            && !self.body.block(to).cleanup
        {
            self.fail(format!("statements raise to {to}, which is no cleanup block"));
        }
        if let Some(to) = block.terminator.kind.unwind() {
            if block.cleanup {
                self.fail("a cleanup block that catches its own raise".into());
            }
            if !self.body.block(to).cleanup {
                self.fail(format!("raises to {to}, which is no cleanup block"));
            }
        }
        if block.cleanup && block.unwind.is_some() {
            self.fail("a cleanup block whose statements raise to another".into());
        }
        for statement in &block.statements {
            self.source(statement.source);
            self.statement(statement);
        }
        self.source(block.terminator.source);
        self.terminator(block);
    }

    fn edge(&self, from: &Block, to: BlockId) {
        let Some(target) = self.body.blocks.get(to.index()) else { self.fail(format!("{to} does not exist")) };
        // A region that catches: only behind a call does cleanup become ordinary again.
        if from.cleanup && !target.cleanup && !matches!(from.terminator.kind, TerminatorKind::Call { .. }) {
            self.fail(format!("cleanup leads back to {to}"));
        }
        if !from.cleanup && target.cleanup && from.unwind != Some(to) && from.terminator.kind.unwind() != Some(to) {
            self.fail(format!("an ordinary edge into the cleanup block {to}"));
        }
    }

    fn source(&self, id: SourceId) {
        if id.index() >= self.body.sources.len() {
            self.fail(format!("source {id:?} does not exist"));
        }
    }

    fn statement(&self, statement: &Statement) {
        match &statement.kind {
            StatementKind::Assign(place, value) => self.assign(place, value),
            StatementKind::Check { cond, .. } => self.same("a condition", Ty::bool(), self.operand(cond)),
            StatementKind::BoundsCheck { index, len } => {
                self.same("an index", Ty::int(), self.operand(index));
                self.same("a length", Ty::int(), self.operand(len));
            }
            StatementKind::SetDiscriminant(place, _) => {
                self.place(place);
            }
            StatementKind::StorageLive(local) | StatementKind::StorageDead(local) => {
                if local.index() >= self.body.locals.len() || local.0 == 0 {
                    self.fail(format!("storage of {local}"));
                }
            }
            StatementKind::Nop => {}
        }
    }

    fn assign(&self, place: &Place, value: &Rvalue) {
        let to = self.place(place);
        if let Some(place) = value.looked_at() {
            self.place(place);
        }
        value.each_operand(|operand| {
            self.operand(operand);
        });
        let locals = &self.body.locals;
        let from = match value {
            Rvalue::Use(operand) | Rvalue::Unary(_, operand) => self.operand(operand),
            Rvalue::Ref { mutable, place, .. } => Ty::reference(*mutable, self.types.place(locals, place)),
            Rvalue::RawRef(mutable, place) => Ty::pointer(*mutable, self.types.place(locals, place)),
            Rvalue::Binary(op, left, right) => {
                let (left, right) = (self.operand(left), self.operand(right));
                if op.compares() {
                    self.same("the sides of a comparison", left, right);
                    Ty::bool()
                } else {
                    left
                }
            }
            Rvalue::Cast(_, _, ty) => *ty,
            Rvalue::Discriminant(_) | Rvalue::Len(_) => Ty::int(),
            Rvalue::Aggregate(kind, operands) => return self.aggregate(to, *kind, operands),
            Rvalue::Select(condition, choices) => {
                let [yes, no] = &**choices;
                let condition = self.operand(condition);
                self.same("what a choice asks", Ty::bool(), condition);
                let (yes, no) = (self.operand(yes), self.operand(no));
                self.same("the sides of a choice", yes, no);
                yes
            }
            Rvalue::Repeat(operand) => match to.kind() {
                TyKind::Array(of, _) => return self.same("a repeated element", *of, self.operand(operand)),
                _ => self.fail(format!("a repetition assigned to {}", self.show(to))),
            },
        };
        self.same("an assignment", to, from);
    }

    fn aggregate(&self, to: Ty, kind: Aggregate, operands: &[Operand]) {
        let fields: Vec<Ty> = match (kind, to.kind()) {
            (Aggregate::Array, TyKind::Array(of, _)) => vec![*of; operands.len()],
            (Aggregate::Tuple, TyKind::Tuple(of)) => of.to_vec(),
            (Aggregate::Adt(id, variant), TyKind::Adt(other, _)) if id == *other => {
                (0..self.types.field_count(to, variant) as u32).map(|i| self.types.field(to, variant, i)).collect()
            }
            (Aggregate::Closure(id), TyKind::Closure(other, args)) if id == *other => {
                self.types.closure_fields(id, *args)
            }
            (Aggregate::WidePointer, _) if operands.len() == 2 => return,
            _ => self.fail(format!("{kind:?} assigned to {}", self.show(to))),
        };
        if fields.len() != operands.len() {
            self.fail(format!("{} fields given to {}, which has {}", operands.len(), self.show(to), fields.len()));
        }
        for (field, operand) in fields.into_iter().zip(operands) {
            self.same("a field", field, self.operand(operand));
        }
    }

    fn terminator(&self, block: &Block) {
        match &block.terminator.kind {
            TerminatorKind::Goto(_) | TerminatorKind::Unreachable => {}
            TerminatorKind::Return => {
                if block.cleanup {
                    self.fail("cleanup returns normally".into());
                }
            }
            TerminatorKind::Resume => {
                if !block.cleanup {
                    self.fail("an ordinary block resumes unwinding".into());
                }
            }
            TerminatorKind::Switch { value, .. } => match self.operand(value).kind() {
                TyKind::Bool | TyKind::Char | TyKind::Int(_) | TyKind::Error => {}
                _ => self.fail("a switch by something that is no integer".into()),
            },
            TerminatorKind::Drop { place, .. } => {
                self.place(place);
            }
            TerminatorKind::Call { callee, args, dest, .. } => self.call(callee, args, dest),
        }
    }

    fn call(&self, callee: &Callee, args: &[Operand], dest: &Place) {
        let given: Vec<Ty> = args.iter().map(|arg| self.operand(arg)).collect();
        let dest = self.place(dest);
        match callee {
            Callee::Fn(id, _) => {
                if self.body.concrete {
                    self.fail("a generic callee in a concrete body".into());
                }
                let expected = self.types.program.program().fn_def(*id).params.len();
                if expected != given.len() {
                    self.fail(format!("{} arguments for {expected} parameters", given.len()));
                }
            }
            Callee::FnTrait(..) => {
                if self.body.concrete {
                    self.fail("a generic callee in a concrete body".into());
                }
                if given.is_empty() {
                    self.fail("a call of a value without the value".into());
                }
            }
            Callee::Pointer(pointer) => {
                if let TyKind::FnPtr(f) = self.operand(pointer).kind() {
                    self.signature(&f.params, f.ret, &given, dest);
                }
            }
            Callee::Instance(id) => {
                let Some(mono) = self.mono else { return };
                let Some(callee) = mono.bodies.get(id.index()) else { self.fail(format!("{id} does not exist")) };
                let params: Vec<Ty> = callee.params().map(|p| callee.local_decl(p).ty).collect();
                self.signature(&params, callee.ret(), &given, dest);
            }
            Callee::Virtual { params, ret, .. } | Callee::Foreign { params, ret, .. } => {
                self.signature(params, *ret, &given, dest);
            }
            Callee::Intrinsic(..) | Callee::Runtime(_) => {}
        }
    }

    fn signature(&self, params: &[Ty], ret: Ty, given: &[Ty], dest: Ty) {
        if params.len() != given.len() {
            self.fail(format!("{} arguments for {} parameters", given.len(), params.len()));
        }
        for (param, arg) in params.iter().zip(given) {
            self.same("an argument", *param, *arg);
        }
        if !ret.is_never() {
            self.same("a result", dest, ret);
        }
    }

    fn operand(&self, operand: &Operand) -> Ty {
        match operand {
            Operand::Copy(place) | Operand::Move(place) => self.place(place),
            Operand::Const(constant) => {
                match constant.kind {
                    ConstKind::Param(_) | ConstKind::Item(..) if self.body.concrete => {
                        self.fail("a generic constant in a concrete body".into())
                    }
                    _ => {}
                }
                constant.ty
            }
        }
    }

    fn place(&self, place: &Place) -> Ty {
        for local in std::iter::once(place.local).chain(place.index_locals()) {
            if local.index() >= self.body.locals.len() {
                self.fail(format!("{local} does not exist"));
            }
        }
        self.types.place(&self.body.locals, place)
    }

    /// In generic code the same type may be spelled in several ways, so only what is settled is compared.
    fn same(&self, what: &str, expected: Ty, found: Ty) {
        let open = |ty: Ty| {
            let flags = ty.flags();
            flags.error || flags.infer || flags.projection || (flags.param && !self.body.concrete)
        };
        if expected != found && !open(expected) && !open(found) && !found.is_never() {
            self.fail(format!("{what} of type {} where {} stands", self.show(found), self.show(expected)));
        }
        if self.body.concrete && (expected.flags().param || found.flags().param) {
            self.fail(format!("{what} still has a parameter: {} / {}", self.show(found), self.show(expected)));
        }
    }

    fn show(&self, ty: Ty) -> String {
        self.types.program.program().show(ty)
    }
}
