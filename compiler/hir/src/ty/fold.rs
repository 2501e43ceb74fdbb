//! Walking and rebuilding types; substitution of parameters.

use super::kind::*;

/// Calls `visit` with every direct part of a type.
pub(crate) fn for_each_part(kind: &TyKind, visit: &mut dyn FnMut(Ty)) {
    match kind {
        TyKind::Bool
        | TyKind::Char
        | TyKind::Int(_)
        | TyKind::Float(_)
        | TyKind::Str
        | TyKind::Never
        | TyKind::Param(_)
        | TyKind::Const(_)
        | TyKind::Infer(_)
        | TyKind::Error => {}
        TyKind::Tuple(args) | TyKind::Adt(_, args) | TyKind::FnDef(_, args) | TyKind::Closure(_, args) => {
            args.iter().for_each(|&ty| visit(ty));
        }
        TyKind::Array(of, len) => {
            visit(*of);
            visit(*len);
        }
        TyKind::Slice(of) | TyKind::Ref(_, of) | TyKind::Ptr(_, of) => visit(*of),
        TyKind::FnPtr(f) => {
            f.params.iter().for_each(|&ty| visit(ty));
            visit(f.ret);
        }
        TyKind::Dyn(d) => {
            d.args.iter().for_each(|&ty| visit(ty));
            d.bindings.iter().for_each(|(_, ty)| visit(*ty));
        }
        TyKind::Projection(p) => p.args.iter().for_each(|&ty| visit(ty)),
    }
}

impl Ty {
    /// Whether this or any part of it is `wanted`.
    pub fn any(self, wanted: &mut dyn FnMut(Ty) -> bool) -> bool {
        if wanted(self) {
            return true;
        }
        let mut found = false;
        for_each_part(self.kind(), &mut |part| found = found || part.any(wanted));
        found
    }

    /// The same type with every direct part replaced.
    pub fn map_parts(self, change: &mut dyn FnMut(Ty) -> Ty) -> Ty {
        match self.kind() {
            TyKind::Bool
            | TyKind::Char
            | TyKind::Int(_)
            | TyKind::Float(_)
            | TyKind::Str
            | TyKind::Never
            | TyKind::Param(_)
            | TyKind::Const(_)
            | TyKind::Infer(_)
            | TyKind::Error => self,
            TyKind::Tuple(args) => Ty::new(TyKind::Tuple(args.map(change))),
            TyKind::Adt(id, args) => Ty::new(TyKind::Adt(*id, args.map(change))),
            TyKind::FnDef(id, args) => Ty::new(TyKind::FnDef(*id, args.map(change))),
            TyKind::Closure(id, args) => Ty::new(TyKind::Closure(*id, args.map(change))),
            TyKind::Array(of, len) => {
                let of = change(*of);
                Ty::new(TyKind::Array(of, change(*len)))
            }
            TyKind::Slice(of) => Ty::slice(change(*of)),
            TyKind::Ref(mutable, of) => Ty::reference(*mutable, change(*of)),
            TyKind::Ptr(mutable, of) => Ty::pointer(*mutable, change(*of)),
            TyKind::FnPtr(f) => {
                let params = f.params.map(change);
                Ty::new(TyKind::FnPtr(FnPtrTy { params, ret: change(f.ret), is_extern: f.is_extern }))
            }
            TyKind::Dyn(d) => Ty::new(TyKind::Dyn(DynTy {
                trait_id: d.trait_id,
                args: d.args.map(change),
                bindings: d.bindings.iter().map(|(name, ty)| (*name, change(*ty))).collect(),
                markers: d.markers.clone(),
            })),
            TyKind::Projection(p) => {
                Ty::new(TyKind::Projection(ProjectionTy { trait_id: p.trait_id, args: p.args.map(change), name: p.name }))
            }
        }
    }
}

impl Args {
    pub fn map(self, change: &mut dyn FnMut(Ty) -> Ty) -> Args {
        // Nearly all lists are short: no allocation for them.
        const SHORT: usize = 6;
        if self.len() > SHORT {
            let list: Vec<Ty> = self.iter().map(|&ty| change(ty)).collect();
            return Args::new(&list);
        }
        let Some(&first) = self.first() else { return self };
        let mut list = [first; SHORT];
        for (new, &old) in list.iter_mut().zip(self.iter()) {
            *new = change(old);
        }
        Args::new(&list[..self.len()])
    }
}

/// Things in which parameters can be replaced by arguments.
pub trait Subst: Copy {
    /// Puts `args[i]` for every parameter `i`. A parameter beyond the list stays.
    fn subst(self, args: &[Ty]) -> Self;
}

impl Subst for Ty {
    fn subst(self, args: &[Ty]) -> Ty {
        if !self.flags().param {
            return self;
        }
        match self.kind() {
            TyKind::Param(param) => args.get(param.index as usize).copied().unwrap_or(self),
            _ => self.map_parts(&mut |part| part.subst(args)),
        }
    }
}

impl Subst for Args {
    fn subst(self, args: &[Ty]) -> Args {
        if !self.iter().any(|ty| ty.flags().param) {
            return self;
        }
        self.map(&mut |ty| ty.subst(args))
    }
}
