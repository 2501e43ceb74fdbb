//! Which types hold views, which can take one in, and what a call's signature says of its result.

use super::inward::Keeps;
use crate::fast::FastMap;
use crate::types::Types;
use hir::Program;
use hir::ids::{AdtId, FnId};
use hir::program::{FnKind, PredicateKind};
use hir::ty::{Ty, TyKind};
use std::cell::RefCell;

/// Answers for one function, remembered.
pub(super) struct Views<'a> {
    pub types: &'a Types<'a>,
    known: RefCell<FastMap<Ty, bool>>,
    handles: RefCell<FastMap<AdtId, bool>>,
    pub ways_in: RefCell<Memory>,
    destructors: RefCell<Memory>,
    pub keeps: &'a Keeps,
}

/// Answers about types that may contain themselves.
#[derive(Default)]
pub(super) struct Memory {
    known: FastMap<Ty, bool>,
    /// Being asked about: one inside the other.
    open: Vec<Ty>,
}

/// What is found somewhere inside of a type; on the way round, a type adds nothing to itself.
pub(super) fn remembered(memory: &RefCell<Memory>, ty: Ty, look: impl FnOnce() -> bool) -> bool {
    if let Some(&known) = memory.borrow().known.get(&ty) {
        return known;
    }
    if memory.borrow().open.contains(&ty) {
        return false;
    }
    memory.borrow_mut().open.push(ty);
    let found = look();
    let mut memory = memory.borrow_mut();
    memory.open.pop();
    // Nothing found says nothing as long as the types around it are not looked through.
    if found || memory.open.is_empty() {
        memory.known.insert(ty, found);
    }
    found
}

/// Which loans of an argument a result carries.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Carries {
    #[default]
    Nothing,
    /// Those of what it points to or contains.
    Contents,
    /// The reference's own as well.
    All,
}

impl Carries {
    /// The more of the two.
    pub fn or(self, other: Carries) -> Carries {
        self.max(other)
    }
}

impl<'a> Views<'a> {
    pub fn new(types: &'a Types<'a>, keeps: &'a Keeps) -> Views<'a> {
        Views { types, known: RefCell::default(), handles: RefCell::default(), ways_in: RefCell::default(), destructors: RefCell::default(), keeps }
    }

    pub fn program(&self) -> &'a Program {
        self.types.program.program()
    }

    /// Whether a value of the type may look at what others own.
    pub fn holds(&self, ty: Ty) -> bool {
        match ty.kind() {
            TyKind::Bool | TyKind::Char | TyKind::Int(_) | TyKind::Float(_) | TyKind::Str | TyKind::Never => false,
            TyKind::Ref(..) => true,
            TyKind::Ptr(..) | TyKind::FnPtr(_) | TyKind::FnDef(..) | TyKind::Dyn(_) | TyKind::Const(_) => false,
            TyKind::Infer(_) | TyKind::Error => false,
            TyKind::Tuple(list) => list.iter().any(|ty| self.holds(*ty)),
            TyKind::Array(of, _) | TyKind::Slice(of) => self.holds(*of),
            TyKind::Adt(id, args) => {
                self.program().adt(*id).is_view || args.iter().any(|ty| self.holds(*ty)) || self.holds_handle(ty)
            }
            TyKind::Closure(id, args) => {
                if let Some(&known) = self.known.borrow().get(&ty) {
                    return known;
                }
                let answer = self.types.closure_fields(*id, *args).iter().any(|ty| self.holds(*ty));
                self.known.borrow_mut().insert(ty, answer);
                answer
            }
            // A parameter may be a view unless its bounds say otherwise.
            TyKind::Param(_) | TyKind::Projection(_) => {
                if let Some(&known) = self.known.borrow().get(&ty) {
                    return known;
                }
                let own = self.program().lang.trait_id("own");
                let answer = !self.types.program.implements(self.types.owner, ty, own);
                self.known.borrow_mut().insert(ty, answer);
                answer
            }
        }
    }

    /// The handle of a task, or a type with one in its fields: it looks at the task's scope.
    pub fn holds_handle(&self, ty: Ty) -> bool {
        let TyKind::Adt(id, _) = ty.kind() else { return false };
        let lang = &self.program().lang;
        if lang.is_adt("task", *id) || lang.is_adt("try_task", *id) {
            return true;
        }
        if let Some(&known) = self.handles.borrow().get(id) {
            return known;
        }
        self.handles.borrow_mut().insert(*id, false);
        let def = self.program().adt(*id);
        let library = self.program().module(def.module).library;
        let fields = def.variants.iter().flat_map(|variant| &variant.fields);
        let answer = !library
            && fields.into_iter().any(|field| field.ty.any(&mut |part| self.holds_handle(part)));
        self.handles.borrow_mut().insert(*id, answer);
        answer
    }

    /// Whether the destructor of a value may look at what it holds: a `view` type with a destructor of its own, or a
    /// user's type with one. Containers of the library only end their elements.
    pub fn destructor_looks(&self, ty: Ty) -> bool {
        match ty.kind() {
            TyKind::Adt(id, args) => remembered(&self.destructors, ty, || {
                let def = self.program().adt(*id);
                let library = self.program().module(def.module).library;
                let own = (def.is_view || !library || self.holds_handle(ty)) && self.holds(ty) && self.types.program.drop_impl(ty).is_some();
                let inside = || {
                    def.variants.iter().enumerate().any(|(v, variant)| {
                        (0..variant.fields.len()).any(|f| {
                            let field = self.types.field(ty, v as u32, f as u32);
                            field != ty && self.holds(field) && !matches!(field.kind(), TyKind::Ref(..)) && self.destructor_looks(field)
                        })
                    })
                };
                own || args.iter().any(|ty| self.holds(*ty) && self.destructor_looks(*ty)) || def.is_view && inside()
            }),
            TyKind::Tuple(list) => list.iter().any(|ty| self.destructor_looks(*ty)),
            TyKind::Array(of, _) => self.destructor_looks(*of),
            TyKind::Closure(id, args) => self.types.closure_fields(*id, *args).iter().any(|ty| self.destructor_looks(*ty)),
            TyKind::Param(_) | TyKind::Projection(_) => self.holds(ty) && self.types.needs_drop(ty),
            _ => false,
        }
    }

    /// A reference or a declared view anywhere in a type as it is written in a signature.
    pub fn spells_a_view(&self, ty: Ty) -> bool {
        match ty.kind() {
            TyKind::Ref(..) => true,
            TyKind::FnPtr(_) | TyKind::FnDef(..) | TyKind::Dyn(_) | TyKind::Ptr(..) => false,
            TyKind::Adt(id, args) => {
                self.program().adt(*id).is_view || args.iter().any(|ty| self.spells_a_view(*ty)) || self.holds_handle(ty)
            }
            TyKind::Tuple(list) => list.iter().any(|ty| self.spells_a_view(*ty)),
            TyKind::Array(of, _) | TyKind::Slice(of) => self.spells_a_view(*of),
            _ => false,
        }
    }

    /// A view that holds only shared references: what it hands out outlives it.
    fn is_cursor(&self, ty: Ty) -> bool {
        matches!(ty.kind(), TyKind::Adt(id, _) if self.program().adt(*id).is_view) && !self.holds_exclusively(ty, &mut Vec::new())
    }

    /// Whether a declared view has an exclusive reference in its fields, or in those of views among them.
    fn holds_exclusively(&self, ty: Ty, seen: &mut Vec<AdtId>) -> bool {
        ty.any(&mut |part| match part.kind() {
            TyKind::Ref(mutable, _) => mutable.is_yes(),
            TyKind::Adt(id, _) if self.program().adt(*id).is_view && !seen.contains(id) => {
                seen.push(*id);
                self.program().adt(*id).variants.iter().flat_map(|variant| &variant.fields).any(|field| self.holds_exclusively(field.ty, seen))
            }
            _ => false,
        })
    }

    /// For each parameter of a function, what of it the result carries.
    pub fn result_carries(&self, id: FnId) -> Vec<Carries> {
        let def = self.program().fn_def(id);
        if !def.from.is_empty() {
            let mut out = self.shares_parameters(id);
            for &(param, contents_only) in &def.from {
                let new = if contents_only { Carries::Contents } else { Carries::All };
                out[param as usize] = out[param as usize].or(new);
            }
            return out;
        }
        let is_view_param = |ty: Ty| self.spells_a_view(ty) || matches!(ty.kind(), TyKind::Param(_) | TyKind::Projection(_));
        if self.spells_a_view(def.ret) {
            if def.has_self && is_view_param(def.params[0].ty) {
                let mut out = self.shares_parameters(id);
                let (target, is_ref) = match def.params[0].ty.kind() {
                    TyKind::Ref(_, to) => (*to, true),
                    _ => (def.params[0].ty, false),
                };
                out[0] = if is_ref && self.is_cursor(target) { Carries::Contents } else { Carries::All };
                return out;
            }
            return def.params.iter().map(|param| if is_view_param(param.ty) { Carries::All } else { Carries::Nothing }).collect();
        }
        // A view only because a parameter was instantiated with one: what mentions that parameter.
        let mut mentioned: Vec<u32> = Vec::new();
        let note = |mentioned: &mut Vec<u32>, ty: Ty| {
            ty.any(&mut |part| {
                if let TyKind::Param(param) = part.kind()
                    && !mentioned.contains(&param.index)
                {
                    mentioned.push(param.index);
                }
                false
            });
        };
        note(&mut mentioned, def.ret);
        // `F: Fn(T) -> U`: what `U` holds may come out of the closure and what it is given. `B: FromIterator<A>`, `A: Into<B>`: what
        // one holds may come out of the other.
        let mut known = 0;
        while known != mentioned.len() {
            known = mentioned.len();
            for predicate in &def.generics.predicates {
                let speaks = |ty: Ty| ty.any(&mut |part| matches!(part.kind(), TyKind::Param(p) if mentioned.contains(&p.index)));
                let more: Vec<Ty> = match &predicate.kind {
                    PredicateKind::Projection(projection, ty) if speaks(*ty) => projection.args.to_vec(),
                    PredicateKind::Trait(bound, args) if !self.is_callable(*bound) && args.iter().any(|ty| speaks(*ty)) => args.to_vec(),
                    _ => Vec::new(),
                };
                for ty in more {
                    note(&mut mentioned, ty);
                }
            }
        }
        def.params
            .iter()
            .map(|param| {
                let mentions = param.ty.any(&mut |part| matches!(part.kind(), TyKind::Param(p) if mentioned.contains(&p.index)));
                if mentions { Carries::Contents } else { Carries::Nothing }
            })
            .collect()
    }

    /// `-> &V` may hold what is inside of any `V` that was given: for each parameter.
    fn shares_parameters(&self, id: FnId) -> Vec<Carries> {
        let def = self.program().fn_def(id);
        let mentioned = |ty: Ty| ty.any(&mut |part| matches!(part.kind(), TyKind::Param(p) if def.ret.any(&mut |of| matches!(of.kind(), TyKind::Param(q) if p.index == q.index))));
        def.params.iter().map(|param| if mentioned(param.ty) { Carries::Contents } else { Carries::Nothing }).collect()
    }

    /// What a call may put into what its parameter `target`, an exclusive reference, leads to: for each parameter. `None`
    /// where the signature does not tell. It does where the target is a view only because of its type parameters, as a `Map<K, V>`
    /// is: into it goes what is inside of arguments that mention them, unless a bound lets something else become one.
    pub fn put_into(&self, id: FnId, target: usize) -> Option<Vec<Carries>> {
        let def = self.program().fn_def(id);
        if !matches!(def.kind, FnKind::Free | FnKind::Impl(_)) {
            return None;
        }
        let TyKind::Ref(_, pointee) = def.params.get(target)?.ty.kind() else { return None };
        let told = |part: Ty| matches!(part.kind(), TyKind::Projection(_) | TyKind::Dyn(_) | TyKind::Closure(..) | TyKind::FnPtr(_));
        if self.spells_a_view(*pointee) || pointee.any(&mut |part| told(part)) {
            return None;
        }
        let inside = |ty: Ty| {
            ty.any(&mut |part| matches!(part.kind(), TyKind::Param(p) if pointee.any(&mut |of| matches!(of.kind(), TyKind::Param(q) if p.index == q.index))))
        };
        // A callback that only looks at what is inside (`retain(|x| …)`) puts nothing there.
        let only_shown = |tuple: &Ty| {
            !tuple.any(&mut |part| matches!(part.kind(), TyKind::Ref(mutable, of) if mutable.is_yes() && inside(*of)))
                && matches!(tuple.kind(), TyKind::Tuple(list) if list.iter().all(|ty| matches!(ty.kind(), TyKind::Ref(..)) || !inside(*ty)))
        };
        let no_bound_leads_in = def.generics.predicates.iter().all(|predicate| match &predicate.kind {
            PredicateKind::Trait(bound, args) if self.is_callable(*bound) => !inside(args[0]) && only_shown(&args[1]),
            PredicateKind::Projection(projection, ty) if self.is_callable(projection.trait_id) => {
                !inside(*ty) && !inside(projection.args[0]) && only_shown(&projection.args[1])
            }
            PredicateKind::Trait(bound, args) => {
                // What is inside hands out only, as `K: Borrow<Q>` does.
                let hands_out = || inside(args[0]) && self.takes_nothing(*bound);
                !args.iter().any(|ty| inside(*ty)) || hands_out() || {
                    let closed = args.iter().all(|ty| matches!(ty.kind(), TyKind::Param(_)) && inside(*ty));
                    self.only_looks(*bound, closed)
                }
            }
            PredicateKind::Projection(projection, ty) => !inside(*ty) && !projection.args.iter().any(|ty| inside(*ty)),
        });
        if !no_bound_leads_in {
            return None;
        }
        let given = |ty: Ty| match ty.kind() {
            _ if ty.any(&mut |part| told(part)) => Carries::All,
            _ if inside(ty) => Carries::Contents,
            _ => Carries::Nothing,
        };
        Some(def.params.iter().map(|param| given(param.ty)).collect())
    }

    pub fn is_callable(&self, id: hir::ids::TraitId) -> bool {
        ["fn", "fn_mut", "fn_once"].iter().any(|name| self.program().lang.is_trait(name, id))
    }

    /// Whether the methods of a trait take nothing in and hand nothing out, or if it is `closed` only what is of one kind.
    pub fn only_looks(&self, id: hir::ids::TraitId, closed: bool) -> bool {
        let def = self.program().trait_def(id);
        let open = |ty: Ty| ty.any(&mut |part| matches!(part.kind(), TyKind::Param(_) | TyKind::Projection(_)));
        def.assoc_types.is_empty()
            && def.methods.iter().all(|method| {
                let method = self.program().fn_def(*method);
                let changes = |ty: Ty| ty.any(&mut |part| matches!(part.kind(), TyKind::Ref(mutable, to) if mutable.is_yes() && open(*to)));
                !method.params.iter().any(|param| changes(param.ty)) && (closed || !open(method.ret))
            })
            && def.supers.iter().all(|(above, _)| self.only_looks(*above, closed))
    }

    /// The result looks at something, but there is nothing given that it could look at.
    pub fn borrows_from_nothing(&self, id: FnId) -> bool {
        let def = self.program().fn_def(id);
        let has_body = !matches!(def.kind, FnKind::Const | FnKind::Static { .. } | FnKind::Test);
        has_body
            && def.from.is_empty()
            && self.spells_a_view(def.ret)
            // Where a handle comes from is told at the task itself.
            && !def.ret.any(&mut |part| self.holds_handle(part))
            && !def.params.iter().any(|param| {
                self.spells_a_view(param.ty) || param.ty.any(&mut |part| matches!(part.kind(), TyKind::Param(_) | TyKind::Projection(_)))
            })
    }
}
