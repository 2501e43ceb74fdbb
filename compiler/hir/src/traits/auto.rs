//! `Send`, `Share` and `Own`: decided by what a type is made of, unless an impl says otherwise.

use super::solve::*;
use super::*;
use crate::ty::{InferTy, Mutable};

impl Solver<'_> {
    pub(crate) fn auto_trait(&mut self, id: TraitId, ty: Ty) -> Result<Option<Vec<ObligationKind>>, ()> {
        let lang = &self.program.lang;
        let is_own = lang.is_trait("own", id);
        let is_send = lang.is_trait("send", id);
        let each = |list: Vec<Ty>| -> Result<Option<Vec<ObligationKind>>, ()> {
            Ok(Some(list.into_iter().map(|ty| ObligationKind::Trait(id, Args::new(&[ty]))).collect()))
        };
        match ty.kind() {
            TyKind::Bool | TyKind::Char | TyKind::Int(_) | TyKind::Float(_) | TyKind::Str | TyKind::Never => each(vec![]),
            TyKind::FnPtr(_) | TyKind::FnDef(..) | TyKind::Const(_) | TyKind::Error => each(vec![]),
            TyKind::Infer(InferTy::Int(_) | InferTy::Float(_)) => each(vec![]),
            TyKind::Infer(InferTy::General(_) | InferTy::Text(_)) => Ok(None),
            TyKind::Tuple(list) => each(list.to_vec()),
            TyKind::Array(of, _) | TyKind::Slice(of) => each(vec![*of]),
            TyKind::Ref(mutable, to) => {
                if is_own {
                    return Err(());
                }
                match (mutable, is_send) {
                    // `&T: Send` iff `T: Share`.
                    (Mutable::No, true) => {
                        let share = lang.trait_id("share");
                        Ok(Some(vec![ObligationKind::Trait(share, Args::new(&[*to]))]))
                    }
                    _ => each(vec![*to]),
                }
            }
            // Raw pointers promise nothing; they own as far as views are concerned.
            TyKind::Ptr(..) => if is_own { each(vec![]) } else { Err(()) },
            // A `dyn` object is an owner by construction; the rest must be written beside it.
            TyKind::Dyn(_) => if is_own { each(vec![]) } else { Err(()) },
            TyKind::Closure(closure, args) => match self.closures.fields(*closure) {
                Some(fields) => each(fields.iter().map(|ty| ty.subst(args)).collect()),
                None => Ok(None),
            },
            TyKind::Adt(adt, args) => {
                let candidates: Vec<ImplId> = self.program.index.impls(id, SimpleKey::of(ty)).collect();
                for candidate in candidates {
                    let def = self.program.impl_def(candidate);
                    let Some((_, trait_args)) = def.of_trait else { continue };
                    let snapshot = self.table.snapshot();
                    let (wanted, predicates) = self.fresh_impl(candidate, trait_args);
                    if self.table.unify(wanted[0], ty) {
                        self.table.commit(snapshot);
                        if def.negative {
                            return Err(());
                        }
                        return Ok(Some(predicates.into_iter().map(obligation_of).collect()));
                    }
                    self.table.rollback(snapshot);
                }
                let def = self.program.adt(*adt);
                // The handle of a task ends with its scope.
                let handle = lang.is_adt("task", *adt) || lang.is_adt("try_task", *adt);
                if is_own && (def.is_view || handle) {
                    return Err(());
                }
                let mut list = Vec::new();
                // Behind a raw pointer, too, a view stays one.
                if is_own {
                    list.extend(args.iter().filter(|ty| !matches!(ty.kind(), TyKind::Const(_))));
                }
                for field in def.variants.iter().flat_map(|variant| &variant.fields) {
                    list.push(self.normalize(field.ty.subst(args)));
                }
                each(list)
            }
            // Without a bound nothing is promised; `select_from_env` came first.
            TyKind::Param(_) | TyKind::Projection(_) => Err(()),
        }
    }
}
