//! What emission knows about the whole program before it looks at one function.

use crate::convention::Convention;
use cranelift_codegen::ir::UserExternalName;
use diag::Symbol;
use hir::ids::FnId;
use hir::ty::{Ty, TyKind};
use mir::FastMap;
use mir::body::{Body, Callee, Const, ConstKind, InstanceId, Local, MonoProgram, Operand, Rvalue, StatementKind, TerminatorKind};
use mir::layout::Layouts;

/// The spaces of names that relocations speak of.
pub mod space {
    /// Index: the instance.
    pub const FUNCTION: u32 = 0;
    /// Index: the row of abi's table.
    pub const ROW: u32 = 1;
    /// Index: into `Unit::foreign`.
    pub const FOREIGN: u32 = 2;
    /// Index: a constant of the function itself.
    pub const DATA: u32 = 3;
    pub const VTABLE: u32 = 4;
    pub const STATIC: u32 = 5;
    /// Index: the instance whose wrapper with the C convention it is.
    pub const WRAPPER: u32 = 6;
    /// The function that sets up the statics.
    pub const INIT: u32 = 7;
}

/// Something with an address.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct Target {
    pub space: u32,
    pub index: u32,
}

impl From<UserExternalName> for Target {
    fn from(name: UserExternalName) -> Target {
        Target { space: name.namespace, index: name.index }
    }
}
impl From<Target> for UserExternalName {
    fn from(target: Target) -> UserExternalName {
        UserExternalName { namespace: target.space, index: target.index }
    }
}

pub struct Unit<'a> {
    pub program: &'a MonoProgram,
    pub layouts: &'a Layouts,
    /// By instance.
    pub conventions: Vec<Convention>,
    pub foreign: Vec<Symbol>,
    foreign_index: FastMap<Symbol, u32>,
    vtables: FastMap<(Ty, Ty), u32>,
    statics: FastMap<FnId, u32>,
    /// Where each instance's sources begin in the numbering of all.
    pub source_base: Vec<u32>,
    /// See `Options`.
    pub observed: bool,
    pub rounds: bool,
    /// Of which instances each access through a pointer is told; empty: of none.
    pub plain: Vec<bool>,
}

impl<'a> Unit<'a> {
    pub fn new(program: &'a MonoProgram) -> Unit<'a> {
        let layouts = &program.layouts;
        let taken = addresses_taken(program);
        let bodies = program.bodies.iter().zip(taken);
        let conventions = bodies.map(|(body, taken)| convention(layouts, body, taken)).collect();
        let mut source_base = Vec::with_capacity(program.bodies.len());
        let mut sources = 0;
        for body in &program.bodies {
            source_base.push(sources);
            sources += body.sources.len() as u32;
        }
        let foreign = foreign(program);
        Unit {
            program,
            layouts,
            conventions,
            foreign_index: foreign.iter().enumerate().map(|(i, &name)| (name, i as u32)).collect(),
            foreign,
            vtables: program.vtables.iter().enumerate().map(|(i, table)| ((table.ty, table.dyn_ty), i as u32)).collect(),
            statics: program.statics.iter().enumerate().map(|(i, item)| (item.id, i as u32)).collect(),
            source_base,
            observed: false,
            rounds: false,
            plain: Vec::new(),
        }
    }

    pub fn body(&self, id: InstanceId) -> &'a Body {
        &self.program.bodies[id.index()]
    }

    pub fn convention(&self, id: InstanceId) -> &Convention {
        &self.conventions[id.index()]
    }

    pub fn foreign(&self, name: Symbol) -> Target {
        Target { space: space::FOREIGN, index: self.foreign_index[&name] }
    }

    pub fn vtable(&self, ty: Ty, dyn_ty: Ty) -> Target {
        let index = self.vtables.get(&(ty, dyn_ty)).or_else(|| {
            // `dyn Trait + Send` has the table of `dyn Trait`.
            self.vtables.iter().find(|((of, as_dyn), _)| *of == ty && same_trait(*as_dyn, dyn_ty)).map(|(_, index)| index)
        });
        match index {
            Some(&index) => Target { space: space::VTABLE, index },
            None => panic!("bug! no table of {} for {}", self.show(ty), self.show(dyn_ty)),
        }
    }

    pub fn static_item(&self, id: FnId) -> Target {
        match self.statics.get(&id) {
            Some(&index) => Target { space: space::STATIC, index },
            None => panic!("bug! {id:?} is no static of the program"),
        }
    }

    /// Whether some static must be computed before `main`.
    pub fn needs_init(&self) -> bool {
        (0..self.program.statics.len()).any(|index| self.constant_static(index).is_none())
    }

    /// The bytes of a static whose initial value is a plain number.
    pub fn constant_static(&self, index: usize) -> Option<Vec<u8>> {
        let item = &self.program.statics[index];
        let layout = self.layouts.of(item.ty);
        if layout.is_zero_sized() {
            return Some(Vec::new());
        }
        let [block] = &self.body(item.init).blocks[..] else { return None };
        let mut value = None;
        for statement in &block.statements {
            match &statement.kind {
                StatementKind::Assign(place, Rvalue::Use(Operand::Const(constant)))
                    if place.local == Local::RETURN && place.projection.is_empty() =>
                {
                    value = Some(constant);
                }
                StatementKind::Nop | StatementKind::StorageLive(_) | StatementKind::StorageDead(_) => {}
                _ => return None,
            }
        }
        let bits = match (&value?.kind, value?.ty.kind()) {
            (ConstKind::Int(bits), _) => bits.get() as u64,
            (ConstKind::Float(bits), TyKind::Float(hir::ty::FloatTy::F32)) => u64::from((f64::from_bits(*bits) as f32).to_bits()),
            (ConstKind::Float(bits), _) => *bits,
            _ => return None,
        };
        let is_return = matches!(block.terminator.kind, TerminatorKind::Return);
        (is_return && layout.size <= 8).then(|| bits.to_le_bytes()[..layout.size as usize].to_vec())
    }

    pub fn show(&self, ty: Ty) -> String {
        self.layouts.facts().show(ty)
    }
}

fn same_trait(a: Ty, b: Ty) -> bool {
    match (a.kind(), b.kind()) {
        (TyKind::Dyn(a), TyKind::Dyn(b)) => a.trait_id == b.trait_id && a.args == b.args && a.bindings == b.bindings,
        _ => false,
    }
}

pub fn convention(layouts: &Layouts, body: &Body, taken: bool) -> Convention {
    let params: Vec<Ty> = body.locals[1..=body.param_count as usize].iter().map(|local| local.ty).collect();
    // Callers through a pointer cannot know that this one never raises.
    Convention::new(layouts, &params, body.locals[0].ty, taken || !body.never_raises)
}

/// By instance: whether it may be called by somebody who does not know it.
fn addresses_taken(program: &MonoProgram) -> Vec<bool> {
    let mut taken = vec![false; program.bodies.len()];
    let mut take = |id: InstanceId| taken[id.index()] = true;
    program.main.iter().for_each(|&id| take(id));
    program.tests.iter().for_each(|&(_, id)| take(id));
    for table in &program.vtables {
        table.drop_glue.iter().chain(&table.methods).for_each(|&id| take(id));
    }
    for body in &program.bodies {
        for_each_const(body, &mut |constant| {
            if let ConstKind::Function(id) = constant.kind {
                take(id);
            }
        });
    }
    taken
}

/// The names of all foreign functions, in order of appearance.
fn foreign(program: &MonoProgram) -> Vec<Symbol> {
    let mut names = Vec::new();
    for body in &program.bodies {
        for block in &body.blocks {
            if let TerminatorKind::Call { callee: Callee::Foreign { name, .. }, .. } = &block.terminator.kind
                && !names.contains(name)
            {
                names.push(*name);
            }
        }
    }
    names
}

fn for_each_const<'b>(body: &'b Body, visit: &mut dyn FnMut(&'b Const)) {
    let mut operand = |operand: &'b Operand| {
        if let Operand::Const(constant) = operand {
            visit(constant);
        }
    };
    for block in &body.blocks {
        for statement in &block.statements {
            match &statement.kind {
                StatementKind::Assign(_, rvalue) => match rvalue {
                    Rvalue::Use(a) | Rvalue::Unary(_, a) | Rvalue::Cast(_, a, _) | Rvalue::Repeat(a) => operand(a),
                    Rvalue::Binary(_, a, b) => {
                        operand(a);
                        operand(b);
                    }
                    Rvalue::Select(condition, choices) => std::iter::once(condition).chain(&**choices).for_each(&mut operand),
                    Rvalue::Aggregate(_, parts) => parts.iter().for_each(&mut operand),
                    Rvalue::Ref { .. } | Rvalue::RawRef(..) | Rvalue::Discriminant(_) | Rvalue::Len(_) => {}
                },
                StatementKind::Check { cond, .. } => operand(cond),
                StatementKind::BoundsCheck { index, len } => {
                    operand(index);
                    operand(len);
                }
                StatementKind::SetDiscriminant(..)
                | StatementKind::StorageLive(_)
                | StatementKind::StorageDead(_)
                | StatementKind::Nop => {}
            }
        }
        match &block.terminator.kind {
            TerminatorKind::Switch { value, .. } => operand(value),
            TerminatorKind::Call { callee, args, .. } => {
                args.iter().for_each(&mut operand);
                if let Callee::Pointer(pointer) = callee {
                    operand(pointer);
                }
            }
            TerminatorKind::Goto(_)
            | TerminatorKind::Return
            | TerminatorKind::Resume
            | TerminatorKind::Unreachable
            | TerminatorKind::Drop { .. } => {}
        }
    }
}
