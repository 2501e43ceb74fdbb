//! Small functions that stand between what is called and how it is called.

use super::made::Made;
use super::{Key, Mono, lower};
use crate::body::*;
use hir::ids::{ClosureId, FnId};
use hir::program::{BodySource, FnKind};
use hir::ty::{Args, Mutable, Subst, Ty, TyKind};
use hir::typed::ClosureKind;

impl Mono<'_> {
    fn name_of(&self, key: Key) -> (String, diag::Span) {
        let instance = &self.instances[self.ids[&key].index()];
        (instance.symbol.to_string(), instance.span)
    }

    /// `fn(&T) -> T`
    pub(super) fn clone_by_copy(&mut self, ty: Ty) -> Body {
        let (name, span) = self.name_of(Key::Clone(ty));
        let mut made = Made::new(&name, span, &[Ty::shared(ty)], ty);
        made.assign(Place::RETURN, Rvalue::Use(Operand::Copy(Place::local(Local(1)).deref())));
        made.end(TerminatorKind::Return);
        made.body
    }

    /// A method without body whose receiver is a value that never comes.
    pub(super) fn is_asked_of_never(&self, id: FnId, args: Args) -> bool {
        let def = self.program.program().fn_def(id);
        let declared_only = matches!(def.kind, FnKind::Trait(_)) && matches!(def.body, BodySource::None);
        declared_only && def.has_self && args.first().is_some_and(|ty| ty.is_never())
    }

    /// The function that stands for such a method.
    pub(super) fn never_called(&mut self, key: Key) -> Body {
        let (name, span) = self.name_of(key);
        let Key::Fn(id, args) = key else { bug!("monomorphization", name; "no method") };
        let def = self.program.program().fn_def(id);
        let concrete = |ty: Ty| self.program.normalize(FnId(0), ty.subst(&args));
        let params: Vec<Ty> = def.params.iter().map(|param| concrete(param.ty)).collect();
        let made = Made::new(&name, span, &params, concrete(def.ret));
        lower::finish(self, made.body)
    }

    /// Passes everything on to a function without body.
    pub(super) fn wrapper(&mut self, id: FnId, args: Args) -> Body {
        let (name, span) = self.name_of(Key::Wrapper(id, args));
        let def = self.program.program().fn_def(id);
        let concrete = |ty: Ty| self.program.normalize(FnId(0), ty.subst(&args));
        let params: Vec<Ty> = def.params.iter().map(|param| concrete(param.ty)).collect();
        let mut made = Made::new(&name, span, &params, concrete(def.ret));
        let args_in = made.params();
        call_and_return(&mut made, Callee::Fn(id, args), args_in);
        lower::finish(self, made.body)
    }

    /// A closure without captures as a plain function.
    pub(super) fn plain_closure(&mut self, id: ClosureId, args: Args) -> Body {
        let (name, span) = self.name_of(Key::Plain(id, args));
        let Some(typed) = self.program.body(id.owner) else {
            bug!("monomorphization", name; "a closure of a function without body")
        };
        let closure = &typed.closures[id.index as usize];
        let concrete = |ty: Ty| self.program.normalize(FnId(0), ty.subst(&args));
        let params: Vec<Ty> = closure.params.iter().map(|param| concrete(param.ty)).collect();
        let own = Ty::new(TyKind::Closure(id, args));
        let mut made = Made::new(&name, span, &params, concrete(closure.ret));
        let value = made.temp(own);
        made.assign(value, Rvalue::Aggregate(Aggregate::Closure(id), Vec::new()));
        let mut all = vec![match closure.kind {
            ClosureKind::FnOnce => Operand::take(value),
            ClosureKind::Fn | ClosureKind::FnMut => {
                let mutable = if closure.kind == ClosureKind::Fn { Mutable::No } else { Mutable::Yes };
                let receiver = made.temp(Ty::reference(mutable, own));
                made.assign(receiver, Rvalue::reference(mutable, Place::local(value)));
                Operand::take(receiver)
            }
        }];
        all.extend(made.params());
        let instance = self.instance(Key::Closure(id, args));
        call_and_return(&mut made, Callee::Instance(instance), all);
        lower::finish(self, made.body)
    }

    /// Calls a value that it owns, then ends it.
    pub(super) fn call_once(&mut self, callee: Ty, args: Ty, ret: Ty) -> Body {
        let (name, span) = self.name_of(Key::Once { callee, args, ret });
        let TyKind::Tuple(params) = args.kind() else { bug!("monomorphization", name; "arguments that are no tuple") };
        let all: Vec<Ty> = std::iter::once(callee).chain(params.iter().copied()).collect();
        let mut made = Made::new(&name, span, &all, ret);
        let args_in = made.params().split_off(1);
        let value = Place::local(Local(1));
        let (after, on_raise) = (made.block(), made.cleanup());
        let call = |made: &mut Made, callee: Callee, first: Operand| {
            let args = std::iter::once(first).chain(args_in).collect();
            let target = (!ret.is_never()).then_some(after);
            made.end(TerminatorKind::Call { callee, args, dest: Place::RETURN, target, unwind: Some(on_raise) });
        };
        let mut contents_gone = false;
        match self.types.boxed(callee) {
            Some(inner) if self.is_called_once(inner) => {
                contents_gone = true;
                if let TyKind::Dyn(_) = inner.kind() {
                    let pointer = made.temp(Ty::pointer(Mutable::Yes, inner));
                    made.assign(pointer, Rvalue::RawRef(Mutable::Yes, value.deref()));
                    let params: Vec<Ty> =
                        std::iter::once(Ty::pointer(Mutable::Yes, inner)).chain(params.iter().copied()).collect();
                    let table = Callee::Virtual { slot: 0, params: Args::new(&params), ret };
                    call(&mut made, table, Operand::take(pointer));
                } else {
                    call(&mut made, Callee::FnTrait(ClosureKind::FnOnce, inner), Operand::Move(value.deref()));
                }
            }
            _ => {
                let receiver = made.temp(Ty::exclusive(callee));
                made.assign(receiver, Rvalue::reference(Mutable::Yes, value.clone()));
                call(&mut made, Callee::FnTrait(ClosureKind::FnMut, callee), Operand::take(receiver));
            }
        }
        let resume = made.resume();
        for (block, then) in [(after, None), (on_raise, Some(resume))] {
            made.current = block;
            let end = then.unwrap_or_else(|| made.block());
            if contents_gone {
                self.free_box(&mut made, callee, &value, end);
            } else {
                made.end(TerminatorKind::Drop { place: value.clone(), target: end, unwind: None });
            }
            if then.is_none() {
                made.current = end;
                made.end(TerminatorKind::Return);
            }
        }
        lower::finish(self, made.body)
    }

    /// The memory of a `Box` whose contents are gone.
    fn free_box(&mut self, made: &mut Made, ty: Ty, value: &Place, target: BlockId) {
        let Some((drop, args)) = self.program.drop_impl(ty) else {
            bug!("monomorphization", made.body.name; "`Box` has no `Drop` impl that frees its memory")
        };
        let (receiver, dest) = (made.temp(Ty::exclusive(ty)), made.temp(Ty::unit()));
        made.assign(receiver, Rvalue::reference(Mutable::Yes, value.clone()));
        made.end(TerminatorKind::Call {
            callee: Callee::Fn(drop, args),
            args: vec![Operand::take(receiver)],
            dest: Place::local(dest),
            target: Some(target),
            unwind: None,
        });
    }

    /// Calling it takes it by value.
    fn is_called_once(&self, ty: Ty) -> bool {
        match ty.kind() {
            TyKind::Closure(id, _) => self.closure_kind(*id) == ClosureKind::FnOnce,
            TyKind::Dyn(_) => self.dyn_fn_kind(ty) == Some(ClosureKind::FnOnce),
            _ => false,
        }
    }

    /// What a table of `dyn Fn…` holds: takes a pointer to the value.
    pub(super) fn table_entry(&mut self, callee: Ty, kind: ClosureKind, args: Ty, ret: Ty) -> Body {
        let (name, span) = self.name_of(Key::Entry { callee, kind, args, ret });
        let TyKind::Tuple(params) = args.kind() else { bug!("monomorphization", name; "arguments that are no tuple") };
        let receiver = match kind {
            ClosureKind::Fn => Ty::shared(callee),
            ClosureKind::FnMut => Ty::exclusive(callee),
            ClosureKind::FnOnce => Ty::pointer(Mutable::Yes, callee),
        };
        let all: Vec<Ty> = std::iter::once(receiver).chain(params.iter().copied()).collect();
        let mut made = Made::new(&name, span, &all, ret);
        let mut args_in = made.params();
        if kind == ClosureKind::FnOnce {
            args_in[0] = Operand::Move(Place::local(Local(1)).deref());
        }
        call_and_return(&mut made, Callee::FnTrait(kind, callee), args_in);
        lower::finish(self, made.body)
    }

    /// Runs `main`; an `Err` is reported by the library, which ends the program with status 1.
    pub(super) fn start_shim(&mut self, main: FnId) -> Body {
        let (name, span) = self.name_of(Key::Start(main));
        let program = self.program.program();
        let ret = self.program.normalize(main, program.fn_def(main).ret);
        let TyKind::Adt(id, args) = ret.kind() else {
            bug!("monomorphization", name; "`main` gives something that is no result")
        };
        let Some(err) = program.adt(*id).variants.iter().position(|v| v.name.as_str() == "Err") else {
            bug!("monomorphization", name; "`main` gives an enum without `Err`")
        };
        let report = program.lang.function("report_main_error");
        let mut made = Made::new(&name, span, &[], Ty::unit());
        let (result, tag) = (made.temp(ret), made.temp(Ty::int()));
        let (look, failed, end) = (made.block(), made.block(), made.block());
        let main = self.instance(Key::Fn(main, Args::empty()));
        let call = TerminatorKind::Call {
            callee: Callee::Instance(main),
            args: Vec::new(),
            dest: Place::local(result),
            target: Some(look),
            unwind: None,
        };
        made.end_into(call, look);
        made.assign(tag, Rvalue::Discriminant(Place::local(result)));
        let targets = vec![(err as i128, failed)];
        made.end_into(TerminatorKind::Switch { value: Operand::copy(tag), targets, otherwise: end }, failed);
        let error = Place::local(result).downcast(err as u32).field(0);
        let never = program.fn_def(report).ret.is_never();
        let dest = made.temp(if never { Ty::never() } else { Ty::unit() });
        made.end(TerminatorKind::Call {
            callee: Callee::Fn(report, Args::new(&args[1..])),
            args: vec![Operand::Move(error)],
            dest: Place::local(dest),
            target: (!never).then_some(end),
            unwind: None,
        });
        made.current = end;
        made.end(TerminatorKind::Return);
        lower::finish(self, made.body)
    }
}

fn call_and_return(made: &mut Made, callee: Callee, args: Vec<Operand>) {
    let never = made.body.ret().is_never();
    let end = made.block();
    let target = (!never).then_some(end);
    made.end_into(TerminatorKind::Call { callee, args, dest: Place::RETURN, target, unwind: None }, end);
    made.end(if never { TerminatorKind::Unreachable } else { TerminatorKind::Return });
}
