//! What layouts ask of types, answered by the typed program.

use crate::layout::{AdtFacts, TypeFacts};
use hir::TypedProgram;
use hir::ids::{AdtId, ClosureId, FnId};
use hir::ty::{Args, Subst, Ty, TyKind};
use std::sync::Arc;

pub(crate) struct Facts(pub Arc<TypedProgram>);

/// Concrete types need no surroundings: any function serves.
const ANY: FnId = FnId(0);

impl TypeFacts for Facts {
    fn adt(&self, id: AdtId, args: Args) -> AdtFacts {
        let program = self.0.program();
        let def = program.adt(id);
        let variants = (0..def.variants.len())
            .map(|variant| {
                let count = def.variants[variant].fields.len();
                (0..count).map(|field| self.0.field_ty(ANY, id, args, variant as u32, field as u32)).collect()
            })
            .collect();
        let non_null = ["box", "rc", "shared", "vec", "string"].iter().any(|name| program.lang.is_adt(name, id));
        AdtFacts {
            variants,
            discriminants: self.0.discriminants(id),
            is_enum: def.is_enum,
            repr_c: def.attrs.repr_c,
            cache_line: def.attrs.cache_line,
            vector: program.lang.is_adt("simd", id),
            // Smart pointers of std keep their header before the value, so no struct ends in an unsized field.
            last_may_be_unsized: false,
            non_null,
        }
    }

    fn closure_fields(&self, id: ClosureId, args: Args) -> Vec<Ty> {
        self.0.closure_fields(id).iter().map(|ty| self.0.normalize(ANY, ty.subst(&args))).collect()
    }

    fn show(&self, ty: Ty) -> String {
        self.0.program().show(ty)
    }

    fn needs_drop(&self, ty: Ty) -> bool {
        self.0.needs_drop(ANY, ty)
    }

    fn is_plain_bytes(&self, ty: Ty) -> bool {
        match ty.kind() {
            TyKind::Int(_) => true,
            TyKind::Array(of, _) => self.is_plain_bytes(*of),
            _ => false,
        }
    }
}
