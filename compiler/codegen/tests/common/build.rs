//! A small builder of concrete MIR.

use diag::{SourceMap, Span, Symbol};
use hir::ids::{AdtId, ClosureId, FnId};
use hir::ty::{Args, DynTy, FloatTy, IntTy, Mutable, Ty, TyKind};
use mir::body::*;
use mir::layout::{AdtFacts, Layouts, TypeFacts};
use std::collections::HashMap;
use std::sync::Arc;

#[derive(Default, Clone)]
pub struct Facts {
    pub adts: HashMap<AdtId, AdtFacts>,
    pub drops: Vec<Ty>,
}

impl TypeFacts for Facts {
    fn adt(&self, id: AdtId, _: Args) -> AdtFacts {
        self.adts[&id].clone()
    }
    fn closure_fields(&self, _: ClosureId, _: Args) -> Vec<Ty> {
        Vec::new()
    }
    fn show(&self, ty: Ty) -> String {
        match ty.kind() {
            TyKind::Int(int) => int.name().into(),
            TyKind::Adt(id, _) => format!("adt{}", id.0),
            TyKind::Tuple(of) => format!("({} fields)", of.len()),
            _ => "type".into(),
        }
    }
    fn needs_drop(&self, ty: Ty) -> bool {
        self.drops.contains(&ty) || matches!(ty.kind(), TyKind::Dyn(_))
    }
    fn is_plain_bytes(&self, ty: Ty) -> bool {
        matches!(ty.kind(), TyKind::Int(_))
    }
}

pub fn int() -> Ty {
    Ty::int()
}
pub fn u8_ty() -> Ty {
    Ty::integer(IntTy::U8)
}
pub fn f32_ty() -> Ty {
    Ty::new(TyKind::Float(FloatTy::F32))
}
pub fn unit() -> Ty {
    Ty::unit()
}
pub fn dyn_ty(trait_id: u32) -> Ty {
    let id = hir::ids::TraitId(trait_id);
    Ty::new(TyKind::Dyn(DynTy { trait_id: id, args: Args::empty(), bindings: Vec::new(), markers: Vec::new() }))
}
pub fn raw(ty: Ty) -> Ty {
    Ty::pointer(Mutable::Yes, ty)
}

pub struct Program {
    pub facts: Facts,
    pub bodies: Vec<Option<Body>>,
    signatures: Vec<(String, Vec<Ty>, Ty)>,
    pub exported: Vec<u32>,
    pub vtables: Vec<Vtable>,
    pub statics: Vec<StaticItem>,
    pub main: Option<InstanceId>,
    pub tests: Vec<(Symbol, InstanceId)>,
    pub sources: SourceMap,
    next_adt: u32,
}

impl Program {
    pub fn new() -> Program {
        let mut sources = SourceMap::new();
        let line = "0123456789 0123456789 0123456789\n";
        sources.add("main.aur", line.repeat(200), false);
        sources.add("std/lib.aur", line.repeat(200), true);
        Program {
            facts: Facts::default(),
            bodies: Vec::new(),
            signatures: Vec::new(),
            exported: Vec::new(),
            vtables: Vec::new(),
            statics: Vec::new(),
            main: None,
            tests: Vec::new(),
            sources,
            next_adt: 0,
        }
    }

    pub fn adt(&mut self, variants: &[&[Ty]], is_enum: bool) -> Ty {
        self.adt_with(AdtFacts {
            variants: variants.iter().map(|fields| fields.to_vec()).collect(),
            discriminants: (0..variants.len() as i64).collect(),
            is_enum,
            ..AdtFacts::default()
        })
    }

    pub fn adt_with(&mut self, facts: AdtFacts) -> Ty {
        let id = AdtId(self.next_adt);
        self.next_adt += 1;
        self.facts.adts.insert(id, facts);
        Ty::adt(id, Args::empty())
    }

    pub fn declare(&mut self, name: &str, params: &[Ty], ret: Ty) -> InstanceId {
        let id = InstanceId(self.bodies.len() as u32);
        self.bodies.push(None);
        self.signatures.push((name.into(), params.to_vec(), ret));
        id
    }

    pub fn define(&mut self, id: InstanceId, write: impl FnOnce(&mut Function)) {
        let (name, params, ret) = self.signatures[id.index()].clone();
        let mut function = Function::new(&name, &params, ret);
        write(&mut function);
        self.bodies[id.index()] = Some(function.body);
    }

    pub fn function(&mut self, name: &str, params: &[Ty], ret: Ty, write: impl FnOnce(&mut Function)) -> InstanceId {
        let id = self.declare(name, params, ret);
        self.define(id, write);
        id
    }

    pub fn main(&mut self, write: impl FnOnce(&mut Function)) {
        let id = self.function("main", &[], unit(), write);
        self.main = Some(id);
    }

    pub fn test(&mut self, name: &str, write: impl FnOnce(&mut Function)) {
        let id = self.function(name, &[], unit(), write);
        self.tests.push((name.into(), id));
    }

    pub fn vtable(&mut self, ty: Ty, dyn_ty: Ty, drop_glue: Option<InstanceId>, methods: &[InstanceId]) {
        self.vtables.push(Vtable { ty, dyn_ty, drop_glue, methods: methods.to_vec() });
    }

    pub fn static_item(&mut self, ty: Ty, init: InstanceId) -> FnId {
        let id = FnId(1000 + self.statics.len() as u32);
        self.statics.push(StaticItem { id, ty, name: "STATIC".into(), mutable: true, init, span: Span::NONE });
        id
    }

    /// `fn(int)` that prints a number and a newline.
    pub fn print_int(&mut self) -> InstanceId {
        let buffer = Ty::array(u8_ty(), 1100);
        self.function("print_int", &[int()], unit(), |f| {
            let value = f.local(Ty::f64());
            f.assign(value, Rvalue::Cast(Cast::IntToFloat, f.arg(1), Ty::f64()));
            let text = f.local(buffer);
            let at = f.local(raw(buffer));
            f.assign(at, Rvalue::RawRef(Mutable::Yes, place(text)));
            let at8 = f.local(raw(u8_ty()));
            f.assign(at8, Rvalue::Cast(Cast::PointerToPointer, copy(at), raw(u8_ty())));
            let len = f.local(int());
            f.call(Callee::Runtime("rt_float_format".into()), vec![copy(value), num(1), num(0), copy(at8)], place(len));
            f.runtime("rt_stdout_write", vec![copy(at8), copy(len)]);
            f.print("\n");
            f.ret();
        })
    }

    pub fn finish(self) -> (MonoProgram, SourceMap) {
        let Program { facts, bodies, signatures, exported, vtables, statics, main, tests, sources, .. } = self;
        let instances = signatures
            .iter()
            .enumerate()
            .map(|(index, (name, _, _))| Instance {
                symbol: name.as_str().into(),
                origin: Origin::Made,
                args: Args::empty(),
                exported: exported.contains(&(index as u32)),
                span: Span::NONE,
            })
            .collect();
        let bodies = bodies.into_iter().map(|body| Arc::new(body.expect("declared and never defined"))).collect();
        let layouts = Layouts::new(Arc::new(facts));
        (MonoProgram { bodies, instances, vtables, statics, layouts, main, tests }, sources)
    }
}

pub struct Function {
    pub body: Body,
    current: BlockId,
    unwind: Option<BlockId>,
    source: SourceId,
}

impl Function {
    fn new(name: &str, params: &[Ty], ret: Ty) -> Function {
        let source = Source { span: Span::new(diag::FileId(0), 0, 1), function: name.into(), inlined_at: None };
        let local = |ty: &Ty| LocalDecl { ty: *ty, name: None, mutable: true, source: SourceId(0) };
        let mut locals = vec![local(&ret)];
        locals.extend(params.iter().map(local));
        let body = Body {
            name: name.into(),
            origin: Origin::Made,
            param_count: params.len() as u32,
            locals,
            blocks: Vec::new(),
            sources: vec![source],
            span: Span::NONE,
            concrete: true,
            never_raises: false,
            inline: InlineHint::Auto,
        };
        let mut function = Function { body, current: BlockId(0), unwind: None, source: SourceId(0) };
        function.block();
        function
    }

    /// What follows stands at this line (from 1) and column (from 1) of `main.aur` (0) or `std/lib.aur` (1).
    pub fn line(&mut self, line: u32, column: u32, file: u32) {
        let at = ((line - 1) * 33 + column - 1) as usize;
        let span = Span::new(diag::FileId(file), at, at + 1);
        self.body.sources.push(Source { span, function: self.body.name, inlined_at: None });
        self.source = SourceId(self.body.sources.len() as u32 - 1);
    }

    /// What follows was inlined from a function of this name at the current source.
    pub fn inlined(&mut self, name: &str, line: u32, file: u32) {
        let outer = self.source;
        self.line(line, 1, file);
        let last = self.body.sources.last_mut().unwrap();
        last.function = name.into();
        last.inlined_at = Some(outer);
    }

    pub fn local(&mut self, ty: Ty) -> Local {
        self.body.locals.push(LocalDecl { ty, name: None, mutable: true, source: self.source });
        Local(self.body.locals.len() as u32 - 1)
    }

    pub fn arg(&self, index: u32) -> Operand {
        copy(Local(index))
    }

    pub fn block(&mut self) -> BlockId {
        let terminator = Terminator { kind: TerminatorKind::Unreachable, source: self.source };
        self.body.blocks.push(Block { statements: Vec::new(), terminator, unwind: self.unwind, cleanup: false });
        BlockId(self.body.blocks.len() as u32 - 1)
    }

    pub fn at(&mut self, block: BlockId) {
        self.current = block;
    }

    /// Where blocks made from now on, and the current one, unwind to.
    pub fn unwind_to(&mut self, unwind: Option<BlockId>) {
        self.unwind = unwind;
        self.body.blocks[self.current.index()].unwind = unwind;
    }

    pub fn cleanup_block(&mut self) -> BlockId {
        let block = self.block();
        self.body.blocks[block.index()].cleanup = true;
        self.body.blocks[block.index()].unwind = None;
        block
    }

    pub fn push(&mut self, kind: StatementKind) {
        let statement = Statement { kind, source: self.source };
        self.body.blocks[self.current.index()].statements.push(statement);
    }

    pub fn assign(&mut self, to: impl Into<P>, rvalue: Rvalue) {
        self.push(StatementKind::Assign(to.into().0, rvalue));
    }

    pub fn set(&mut self, to: impl Into<P>, value: Operand) {
        self.assign(to, Rvalue::Use(value));
    }

    pub fn binary(&mut self, op: BinaryOp, ty: Ty, a: Operand, b: Operand) -> Operand {
        let result = self.local(ty);
        self.assign(result, Rvalue::Binary(op, a, b));
        copy(result)
    }

    pub fn end(&mut self, kind: TerminatorKind) {
        self.body.blocks[self.current.index()].terminator = Terminator { kind, source: self.source };
    }

    pub fn goto(&mut self, to: BlockId) {
        self.end(TerminatorKind::Goto(to));
    }

    pub fn ret(&mut self) {
        self.end(TerminatorKind::Return);
    }

    pub fn resume(&mut self) {
        self.end(TerminatorKind::Resume);
    }

    pub fn branch(&mut self, condition: Operand, yes: BlockId, no: BlockId) {
        self.end(TerminatorKind::Switch { value: condition, targets: vec![(0, no)], otherwise: yes });
    }

    /// Goes on in a fresh block.
    pub fn call(&mut self, callee: Callee, args: Vec<Operand>, dest: Place) {
        let next = self.block();
        let cleanup = self.body.blocks[self.current.index()].cleanup;
        let unwind = if cleanup { None } else { self.unwind };
        if cleanup {
            self.body.blocks[next.index()].cleanup = true;
            self.body.blocks[next.index()].unwind = None;
        }
        self.end(TerminatorKind::Call { callee, args, dest, target: Some(next), unwind });
        self.at(next);
    }

    pub fn call_value(&mut self, function: InstanceId, args: Vec<Operand>, ty: Ty) -> Operand {
        let result = self.local(ty);
        self.call(Callee::Instance(function), args, place(result));
        mov(result)
    }

    pub fn intrinsic(&mut self, name: &str, types: &[Ty], args: Vec<Operand>, ty: Ty) -> Operand {
        let result = self.local(ty);
        self.call(Callee::Intrinsic(name.into(), Args::new(types)), args, place(result));
        copy(result)
    }

    pub fn runtime(&mut self, name: &str, args: Vec<Operand>) {
        let nothing = self.local(unit());
        self.call(Callee::Runtime(name.into()), args, place(nothing));
    }

    pub fn print(&mut self, text: &str) {
        let view = self.local(Ty::shared(Ty::str()));
        self.set(view, Operand::Const(Const { ty: Ty::shared(Ty::str()), kind: ConstKind::Str(text.into()) }));
        let at = self.intrinsic("str_pointer", &[], vec![copy(view)], Ty::pointer(Mutable::No, u8_ty()));
        let len = self.intrinsic("str_len", &[], vec![copy(view)], int());
        self.runtime("rt_stdout_write", vec![at, len]);
    }

    pub fn panic(&mut self, text: &str) {
        let view = self.local(Ty::shared(Ty::str()));
        self.set(view, Operand::Const(Const { ty: Ty::shared(Ty::str()), kind: ConstKind::Str(text.into()) }));
        let at = self.intrinsic("str_pointer", &[], vec![copy(view)], Ty::pointer(Mutable::No, u8_ty()));
        let len = self.intrinsic("str_len", &[], vec![copy(view)], int());
        let never = self.local(Ty::never());
        let unwind = self.unwind;
        let callee = Callee::Runtime("rt_panic".into());
        self.end(TerminatorKind::Call { callee, args: vec![at, len], dest: place(never), target: None, unwind });
    }
}

/// Anything that names a place.
pub struct P(pub Place);
impl From<Local> for P {
    fn from(local: Local) -> P {
        P(place(local))
    }
}
impl From<Place> for P {
    fn from(place: Place) -> P {
        P(place)
    }
}

pub fn place(local: Local) -> Place {
    Place { local, projection: Vec::new() }
}
pub fn project(local: Local, steps: &[Projection]) -> Place {
    Place { local, projection: steps.to_vec() }
}
pub fn copy(from: impl Into<P>) -> Operand {
    Operand::Copy(from.into().0)
}
pub fn mov(from: impl Into<P>) -> Operand {
    Operand::Move(from.into().0)
}
pub fn num(value: i64) -> Operand {
    constant(int(), value.into())
}
pub fn constant(ty: Ty, value: i128) -> Operand {
    Operand::Const(Const { ty, kind: ConstKind::int(value) })
}
pub fn float(value: f64) -> Operand {
    Operand::Const(Const { ty: Ty::f64(), kind: ConstKind::Float(value.to_bits()) })
}
pub fn function_pointer(ty: Ty, id: InstanceId) -> Operand {
    Operand::Const(Const { ty, kind: ConstKind::Function(id) })
}
