//! Tables of `dyn` types: which concrete type meets which, and what the table holds.

use super::{Key, Mono};
use crate::body::Vtable;
use hir::ty::{Args, DynTy, Ty, TyKind};
use hir::typed::ClosureKind;

/// What changes between a pointer to `from` and one to `to`: the sized type and the unsized one.
pub(crate) fn unsized_pair(from: Ty, to: Ty) -> Option<(Ty, Ty)> {
    match (from.kind(), to.kind()) {
        _ if from == to => None,
        (_, TyKind::Dyn(_) | TyKind::Slice(_) | TyKind::Str) => Some((from, to)),
        (TyKind::Ref(_, from) | TyKind::Ptr(_, from), TyKind::Ref(_, to) | TyKind::Ptr(_, to)) => unsized_pair(*from, *to),
        (TyKind::Adt(_, from), TyKind::Adt(_, to)) => {
            from.iter().zip(to.iter()).find(|(from, to)| from != to).and_then(|(from, to)| unsized_pair(*from, *to))
        }
        _ => None,
    }
}

impl Mono<'_> {
    /// Makes the table that this cast needs.
    pub(super) fn unsized_cast(&mut self, from: Ty, to: Ty) {
        if let Some((ty, dyn_ty)) = unsized_pair(from, to)
            && let TyKind::Dyn(_) = dyn_ty.kind()
            && !matches!(ty.kind(), TyKind::Dyn(_))
        {
            self.vtable(ty, dyn_ty);
        }
    }

    fn vtable(&mut self, ty: Ty, dyn_ty: Ty) -> u32 {
        if let Some(&known) = self.vtable_ids.get(&(ty, dyn_ty)) {
            return known;
        }
        let id = self.vtables.len() as u32;
        self.vtable_ids.insert((ty, dyn_ty), id);
        // Its place is taken first: methods may lead back here.
        self.vtables.push(Vtable { ty, dyn_ty, drop_glue: None, methods: Vec::new() });
        let drop_glue = self.types.needs_drop(ty).then(|| self.instance(Key::Drop(ty)));
        let TyKind::Dyn(d) = dyn_ty.kind() else { unreachable!("asked for a `dyn`") };
        let methods = match self.dyn_fn_kind(dyn_ty) {
            Some(kind) => vec![self.callable_entry(ty, d, kind)],
            None => {
                let methods = self.program.dyn_methods(dyn_ty);
                (methods.into_iter())
                    .map(|(method, args)| {
                        let mut concrete = args.to_vec();
                        concrete[0] = ty;
                        self.function_value(method, Args::new(&concrete))
                    })
                    .collect()
            }
        };
        let table = &mut self.vtables[id as usize];
        table.drop_glue = drop_glue;
        table.methods = methods;
        id
    }

    /// Which of the `Fn` traits a `dyn` type is of.
    pub(super) fn dyn_fn_kind(&self, ty: Ty) -> Option<ClosureKind> {
        let TyKind::Dyn(d) = ty.kind() else { return None };
        let lang = &self.program.program().lang;
        [("fn", ClosureKind::Fn), ("fn_mut", ClosureKind::FnMut), ("fn_once", ClosureKind::FnOnce)]
            .into_iter()
            .find(|(name, _)| lang.is_trait(name, d.trait_id))
            .map(|(_, kind)| kind)
    }

    fn callable_entry(&mut self, callee: Ty, d: &DynTy, kind: ClosureKind) -> crate::body::InstanceId {
        // A closure's own body already takes a pointer to it.
        if let (TyKind::Closure(id, args), true) = (callee.kind(), kind != ClosureKind::FnOnce)
            && self.closure_kind(*id) != ClosureKind::FnOnce
        {
            return self.instance(Key::Closure(*id, *args));
        }
        let args = d.args.first().copied().unwrap_or_else(Ty::unit);
        let ret = d.bindings.first().map_or_else(Ty::unit, |(_, ty)| *ty);
        self.instance(Key::Entry { callee, kind, args, ret })
    }
}
