//! Callees: which instance a call of a function, a trait method or a callable value means.

use super::lower::Lowering;
use super::{Key, Mono};
use crate::body::*;
use hir::ids::FnId;
use hir::program::FnKind;
use hir::ty::{Args, Mutable, Ty, TyKind};
use hir::typed::ClosureKind;
use hir::Resolved;

/// Where the result of a call goes, and control.
pub(super) struct Target {
    pub dest: Place,
    pub block: Option<BlockId>,
    pub unwind: Option<BlockId>,
    pub source: SourceId,
}

/// A function once everything is known about it.
pub(super) enum Function {
    Instance(InstanceId),
    Intrinsic(FnId, Args),
    Runtime(FnId),
    Foreign(FnId, Args),
    Virtual(u32),
    Clone(Ty),
    Value(ClosureKind),
}

impl Mono<'_> {
    pub(super) fn function(&mut self, id: FnId, args: Args) -> Function {
        let (id, args) = match self.program.program().fn_def(id).kind {
            FnKind::Trait(_) => match self.program.resolve(id, args) {
                Resolved::Fn(id, args) => (id, args),
                Resolved::Virtual(slot) => return Function::Virtual(slot),
                Resolved::CloneByCopy => return Function::Clone(args[0]),
                Resolved::FnTrait(kind) => return Function::Value(kind),
            },
            FnKind::Free
            | FnKind::Impl(_)
            | FnKind::Foreign
            | FnKind::Intrinsic
            | FnKind::Runtime
            | FnKind::Const
            | FnKind::Static { .. }
            | FnKind::Test => (id, args),
        };
        match self.program.program().fn_def(id).kind {
            FnKind::Intrinsic => Function::Intrinsic(id, args),
            FnKind::Runtime => Function::Runtime(id),
            FnKind::Foreign => Function::Foreign(id, args),
            FnKind::Free
            | FnKind::Impl(_)
            | FnKind::Trait(_)
            | FnKind::Const
            | FnKind::Static { .. }
            | FnKind::Test => Function::Instance(self.instance(Key::Fn(id, args))),
        }
    }

    /// A function that has an address.
    pub(super) fn function_value(&mut self, id: FnId, args: Args) -> InstanceId {
        match self.function(id, args) {
            Function::Instance(instance) => instance,
            Function::Clone(ty) => self.instance(Key::Clone(ty)),
            Function::Intrinsic(..)
            | Function::Runtime(_)
            | Function::Foreign(..)
            | Function::Virtual(_)
            | Function::Value(_) => self.instance(Key::Wrapper(id, args)),
        }
    }
}

impl Lowering<'_, '_> {
    pub fn emit_call(&mut self, callee: Callee, args: Vec<Operand>, target: Target) {
        let Target { dest, block, unwind, source } = target;
        self.end(source, TerminatorKind::Call { callee, args, dest, target: block, unwind });
    }

    /// The result is known without a call.
    pub fn emit_value(&mut self, value: Rvalue, target: Target) {
        self.assign(target.source, target.dest.clone(), value);
        self.go_on(target);
    }

    pub fn go_on(&mut self, target: Target) {
        let kind = match target.block {
            Some(block) => TerminatorKind::Goto(block),
            None => TerminatorKind::Unreachable,
        };
        self.end(target.source, kind);
    }

    pub fn call_fn(&mut self, id: FnId, fn_args: Args, args: Vec<Operand>, target: Target) {
        match self.mono.function(id, fn_args) {
            Function::Instance(instance) => self.emit_call(Callee::Instance(instance), args, target),
            Function::Intrinsic(id, fn_args) => {
                let name = self.mono.program.program().fn_def(id).name;
                self.intrinsic(name, fn_args, args, target);
            }
            Function::Runtime(id) => {
                let name = self.mono.program.program().fn_def(id).name;
                self.emit_call(Callee::Runtime(name), args, target);
            }
            Function::Foreign(id, fn_args) => {
                let def = self.mono.program.program().fn_def(id);
                let (name, ret) = (def.name, def.ret);
                let params: Vec<Ty> = def.params.iter().map(|param| param.ty).collect();
                let _ = fn_args;
                self.emit_call(Callee::Foreign { name, params: Args::new(&params), ret }, args, target);
            }
            Function::Virtual(slot) => {
                let params: Vec<Ty> = args.iter().map(|arg| self.operand_ty(arg)).collect();
                let ret = if target.block.is_none() { Ty::never() } else { self.place_ty(&target.dest) };
                self.emit_call(Callee::Virtual { slot, params: Args::new(&params), ret }, args, target);
            }
            Function::Clone(_) => {
                // The receiver is a reference to what is copied.
                let receiver = self.as_place(args[0].clone(), target.source);
                self.emit_value(Rvalue::Use(Operand::Copy(receiver.deref())), target);
            }
            Function::Value(kind) => {
                let args = self.spread(args, target.source);
                self.call_value(kind, args, target);
            }
        }
    }

    /// `(f, (a, b))` as `(f, a, b)`.
    fn spread(&mut self, args: Vec<Operand>, source: SourceId) -> Vec<Operand> {
        let mut args = args.into_iter();
        let mut spread: Vec<Operand> = args.next().into_iter().collect();
        let Some(tuple) = args.next() else { return spread };
        let TyKind::Tuple(of) = self.operand_ty(&tuple).kind() else {
            bug!("monomorphization", self.body.name; "a callable value's arguments are no tuple")
        };
        if !of.is_empty() {
            let place = self.as_place(tuple, source);
            for (field, &ty) in of.iter().enumerate() {
                spread.push(self.mono.types.read(place.field(field as u32), ty));
            }
        }
        spread
    }

    pub fn as_place(&mut self, operand: Operand, source: SourceId) -> Place {
        match operand {
            Operand::Copy(place) | Operand::Move(place) => place,
            Operand::Const(constant) => {
                let temp = self.temp(constant.ty, source);
                self.assign(source, temp, Rvalue::Use(Operand::Const(constant)));
                Place::local(temp)
            }
        }
    }

    /// A call of the first argument, a callable value or a reference to one.
    pub fn call_value(&mut self, kind: ClosureKind, args: Vec<Operand>, target: Target) {
        let mut args = args.into_iter();
        let Some(callee) = args.next() else {
            bug!("monomorphization", self.body.name; "a call of a value without the value")
        };
        let args: Vec<Operand> = args.collect();
        let ty = self.operand_ty(&callee);
        match ty.kind() {
            TyKind::Ref(..) => self.call_behind(kind, callee, args, target),
            TyKind::FnDef(id, fn_args) => self.call_fn(*id, *fn_args, args, target),
            TyKind::FnPtr(_) => self.emit_call(Callee::Pointer(callee), args, target),
            TyKind::Closure(id, closure_args) if self.mono.closure_kind(*id) == ClosureKind::FnOnce => {
                let instance = self.mono.instance(Key::Closure(*id, *closure_args));
                self.emit_call(Callee::Instance(instance), with_first(callee, args), target);
            }
            // A value that is called by reference, or through what it is in; then it is dropped.
            _ => {
                let tys: Vec<Ty> = args.iter().map(|arg| self.operand_ty(arg)).collect();
                let ret = self.place_ty(&target.dest);
                let key = Key::Once { callee: ty, args: Ty::tuple(&tys), ret };
                let instance = self.mono.instance(key);
                self.emit_call(Callee::Instance(instance), with_first(callee, args), target);
            }
        }
    }

    /// Through references and boxes to what is called.
    fn call_behind(&mut self, kind: ClosureKind, callee: Operand, args: Vec<Operand>, target: Target) {
        let source = target.source;
        let mut ty = self.operand_ty(&callee);
        let mut place = self.as_place(callee.clone(), source);
        let mut levels = 0;
        while let Some(to) = self.mono.types.target(ty).filter(|_| !matches!(ty.kind(), TyKind::Ptr(..))) {
            place = place.deref();
            ty = to;
            levels += 1;
        }
        match ty.kind() {
            TyKind::FnDef(id, fn_args) => self.call_fn(*id, *fn_args, args, target),
            TyKind::FnPtr(_) => self.emit_call(Callee::Pointer(Operand::Copy(place)), args, target),
            TyKind::Closure(id, closure_args) => {
                let instance = self.mono.instance(Key::Closure(*id, *closure_args));
                let wanted = match self.mono.closure_kind(*id) {
                    ClosureKind::Fn => Ty::shared(ty),
                    ClosureKind::FnMut => Ty::exclusive(ty),
                    ClosureKind::FnOnce => {
                        bug!("monomorphization", self.body.name; "a closure that can be called once is called by reference")
                    }
                };
                let receiver = self.reborrow(callee, place, levels, wanted, source);
                self.emit_call(Callee::Instance(instance), with_first(receiver, args), target);
            }
            TyKind::Dyn(_) => {
                let mutable = if kind == ClosureKind::Fn { Mutable::No } else { Mutable::Yes };
                let wanted = Ty::reference(mutable, ty);
                let receiver = self.reborrow(callee, place, levels, wanted, source);
                self.call_table(receiver, args, target);
            }
            _ => bug!("monomorphization", self.body.name; "{} cannot be called", self.mono.program.program().show(ty)),
        }
    }

    /// The callee as a reference of the wanted type to the place behind it.
    fn reborrow(&mut self, callee: Operand, place: Place, levels: u32, wanted: Ty, source: SourceId) -> Operand {
        if levels == 1 && self.operand_ty(&callee) == wanted {
            return callee;
        }
        let TyKind::Ref(mutable, _) = wanted.kind() else { unreachable!("references are wanted") };
        let temp = self.temp(wanted, source);
        self.assign(source, temp, Rvalue::reference(*mutable, place));
        Operand::take(temp)
    }

    /// The one entry of the table of a `dyn` callable.
    pub fn call_table(&mut self, receiver: Operand, args: Vec<Operand>, target: Target) {
        let args = with_first(receiver, args);
        let params: Vec<Ty> = args.iter().map(|arg| self.operand_ty(arg)).collect();
        let ret = self.place_ty(&target.dest);
        self.emit_call(Callee::Virtual { slot: 0, params: Args::new(&params), ret }, args, target);
    }
}

fn with_first(first: Operand, rest: Vec<Operand>) -> Vec<Operand> {
    let mut all = Vec::with_capacity(rest.len() + 1);
    all.push(first);
    all.extend(rest);
    all
}

impl Mono<'_> {
    pub(super) fn closure_kind(&self, id: hir::ids::ClosureId) -> ClosureKind {
        let Some(body) = self.program.body(id.owner) else {
            let name = &self.program.program().fn_def(id.owner).path;
            bug!("monomorphization", name; "a closure of a function without body")
        };
        body.closures[id.index as usize].kind
    }
}
