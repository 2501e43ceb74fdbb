//! Second walk: generics, fields, signatures, impl headers. Then the checks that need them all.

use super::collect::{Collected, FnSource};
use super::types::{lower_trait_ref, lower_ty};
use super::*;
use super::owners;
use crate::errors;
use crate::program::{Predicate, PredicateKind};
use crate::ty::{ProjectionTy, Subst, TyKind};
use diag::cores;
use std::cell::RefCell;
use syntax::ast::AssocKind;

pub(super) fn lower_headers(program: &mut Program, collected: &Collected<'_>, diags: &mut Diags) {
    // Names and numbers of parameters first: any signature may name any type.
    for &(id, item) in &collected.traits {
        let mut generics = names_of(&item.generics);
        generics.params.insert(0, self_param(item.name.span));
        program.traits[id.index()].generics = generics;
    }
    for &(id, item) in &collected.structs {
        program.adts[id.index()].generics = names_of(&item.generics);
    }
    for &(id, item) in &collected.enums {
        program.adts[id.index()].generics = names_of(&item.generics);
    }
    for &(index, item) in &collected.aliases {
        program.aliases[index as usize].generics = names_of(&item.generics);
    }
    // Aliases may name each other: as many rounds as the longest chain needs.
    for round in 0..4 {
        for &(index, item) in &collected.aliases {
            let module = program.aliases[index as usize].module;
            let params = param_names(&program.aliases[index as usize].generics);
            let mut quiet = Diags::new();
            let ty = lower_ty(&item_cx(program, module, &params, None, &[], None), &item.ty, &mut quiet);
            program.aliases[index as usize].ty = ty;
            if round == 3 {
                diags.extend(quiet);
            }
        }
    }
    defaults(program, collected, diags);
    for &(id, item) in &collected.traits {
        supers(program, id, item, diags);
    }
    for &(id, item) in &collected.traits {
        trait_predicates(program, id, item, diags);
    }
    for &(id, item) in &collected.structs {
        let module = program.adt(id).module;
        let params = param_names(&program.adt(id).generics);
        let self_ty = Ty::adt(id, program.identity_args(&program.adt(id).generics));
        let predicates = predicates_of(program, module, &params, &item.generics, Some(self_ty), Vec::new(), diags);
        let fields = fields(program, module, &params, self_ty, &predicates, &item.fields, diags);
        let adt = &mut program.adts[id.index()];
        adt.generics.predicates = predicates;
        adt.variants[0].fields = fields;
    }
    for &(id, item) in &collected.enums {
        enum_header(program, id, item, diags);
    }
    owners::of_types(program);
    for &(id, item) in &collected.impls {
        impl_header(program, id, item, diags);
    }
    fn_headers(program, &collected.fns, diags);
    recursive_types(program, diags);
}

fn self_param(span: Span) -> GenericParam {
    GenericParam { name: Symbol::intern("Self"), span, is_const: false, default: None, fallback: None }
}

fn names_of(generics: &ast::Generics) -> Generics {
    let params = generics
        .params
        .iter()
        .map(|param| GenericParam {
            name: param.name.name,
            span: param.span,
            is_const: param.const_ty.is_some(),
            default: None,
            fallback: None,
        })
        .collect();
    Generics { params, parent_count: 0, predicates: Vec::new() }
}

fn param_names(generics: &Generics) -> Vec<Symbol> {
    generics.params.iter().map(|param| param.name).collect()
}

fn item_cx<'a>(
    program: &'a Program,
    module: ModId,
    params: &'a [Symbol],
    self_ty: Option<Ty>,
    predicates: &'a [Predicate],
    impl_of: Option<(TraitId, Args)>,
) -> TyCx<'a> {
    TyCx { program, module, params, self_ty, predicates, impl_of, mode: TyMode::Item }
}

fn defaults(program: &mut Program, collected: &Collected<'_>, diags: &mut Diags) {
    for &(id, item) in &collected.traits {
        let module = program.trait_def(id).module;
        let params = param_names(&program.trait_def(id).generics);
        for (i, param) in item.generics.params.iter().enumerate() {
            if let Some(ty) = &param.default {
                let self_ty = Ty::param(0, Symbol::intern("Self"));
                let ty = lower_ty(&item_cx(program, module, &params, Some(self_ty), &[], None), ty, diags);
                program.traits[id.index()].generics.params[i + 1].default = Some(ty);
            }
        }
    }
    let adts = collected.structs.iter().map(|(id, item)| (*id, &item.generics));
    let adts = adts.chain(collected.enums.iter().map(|(id, item)| (*id, &item.generics)));
    for (id, generics) in adts.collect::<Vec<_>>() {
        let module = program.adt(id).module;
        let params = param_names(&program.adt(id).generics);
        for (i, param) in generics.params.iter().enumerate() {
            if let Some(ty) = &param.default {
                let ty = lower_ty(&item_cx(program, module, &params, None, &[], None), ty, diags);
                program.adts[id.index()].generics.params[i].default = Some(ty);
            }
        }
    }
}

fn supers(program: &mut Program, id: TraitId, item: &ast::TraitItem, diags: &mut Diags) {
    let module = program.trait_def(id).module;
    let params = param_names(&program.trait_def(id).generics);
    let self_ty = Ty::param(0, Symbol::intern("Self"));
    let mut list = Vec::new();
    for bound in item.supers.iter().filter(|bound| !bound.asks_nothing()) {
        let cx = item_cx(program, module, &params, Some(self_ty), &[], None);
        if let Some((above, args, _)) = lower_trait_ref(&cx, &bound.path, self_ty, diags) {
            list.push((above, args));
        }
    }
    // `where Self: Other`
    for predicate in &item.generics.predicates {
        if let ast::TyKind::Path(path) = &predicate.ty.kind
            && path.as_ident().is_some_and(|ident| ident.name.as_str() == "Self")
        {
            for bound in &predicate.bounds {
                let cx = item_cx(program, module, &params, Some(self_ty), &[], None);
                if let Some((above, args, _)) = lower_trait_ref(&cx, &bound.path, self_ty, diags) {
                    list.push((above, args));
                }
            }
        }
    }
    program.traits[id.index()].supers = list;
}

fn trait_predicates(program: &mut Program, id: TraitId, item: &ast::TraitItem, diags: &mut Diags) {
    let module = program.trait_def(id).module;
    let params = param_names(&program.trait_def(id).generics);
    let self_ty = Ty::param(0, Symbol::intern("Self"));
    let own = program.identity_args(&program.trait_def(id).generics);
    let itself = Predicate { kind: PredicateKind::Trait(id, own), span: item.name.span };
    let predicates =
        predicates_of(program, module, &params, &item.generics, Some(self_ty), vec![itself], diags);
    program.traits[id.index()].generics.predicates = predicates.clone();
    for assoc in &item.items {
        let AssocKind::Type { name, bounds, ty } = &assoc.kind else { continue };
        let itself = Ty::new(TyKind::Projection(ProjectionTy { trait_id: id, args: own, name: name.name }));
        let mut list = Vec::new();
        for bound in bounds.iter().filter(|bound| !bound.asks_nothing()) {
            let cx = item_cx(program, module, &params, Some(self_ty), &predicates, None);
            add_bound(&cx, itself, bound, &mut list, diags);
        }
        let cx = item_cx(program, module, &params, Some(self_ty), &predicates, None);
        let default = ty.as_ref().map(|ty| lower_ty(&cx, ty, diags));
        let def = &mut program.traits[id.index()];
        if let Some(slot) = def.assoc_types.iter_mut().find(|slot| slot.name == name.name) {
            slot.bounds = list;
            slot.default = default;
        }
    }
    // Super traits with bound associated types: `trait A: Iterator<Item = int>`.
    for bound in item.supers.iter().filter(|bound| !bound.asks_nothing()) {
        let mut list = Vec::new();
        let cx = item_cx(program, module, &params, Some(self_ty), &predicates, None);
        add_bound(&cx, self_ty, bound, &mut list, &mut Diags::new());
        let projections = list.into_iter().filter(|p| matches!(p.kind, PredicateKind::Projection(..)));
        program.traits[id.index()].generics.predicates.extend(projections);
    }
}

fn add_bound(cx: &TyCx<'_>, subject: Ty, bound: &ast::Bound, out: &mut Vec<Predicate>, diags: &mut Diags) {
    let Some((id, args, bindings)) = lower_trait_ref(cx, &bound.path, subject, diags) else { return };
    out.push(Predicate { kind: PredicateKind::Trait(id, args), span: bound.span });
    for (name, ty, span) in bindings {
        if let Some((trait_id, args)) = types::find_assoc(cx.program, id, args, name) {
            let projection = ProjectionTy { trait_id, args, name };
            out.push(Predicate { kind: PredicateKind::Projection(projection, ty), span });
        }
    }
}

/// Bounds on plain parameters first: the others may go through them (`T: Iterator, T::Item: Show`).
fn predicates_of(
    program: &Program,
    module: ModId,
    params: &[Symbol],
    generics: &ast::Generics,
    self_ty: Option<Ty>,
    mut known: Vec<Predicate>,
    diags: &mut Diags,
) -> Vec<Predicate> {
    let is_param = |ty: &ast::Ty| match &ty.kind {
        ast::TyKind::Path(path) => path.as_ident().is_some_and(|ident| params.contains(&ident.name)),
        _ => false,
    };
    let index_of = |name: Symbol| params.iter().rposition(|param| *param == name);
    let own = generics.params.iter().filter_map(|param| {
        let index = index_of(param.name.name)?;
        Some((Ty::param(index as u32, param.name.name), &param.bounds))
    });
    let mut direct: Vec<(Ty, &ast::Bound)> = Vec::new();
    for (ty, bounds) in own {
        direct.extend(bounds.iter().map(|bound| (ty, bound)));
    }
    for predicate in generics.predicates.iter().filter(|predicate| is_param(&predicate.ty)) {
        let cx = item_cx(program, module, params, self_ty, &known, None);
        let ty = lower_ty(&cx, &predicate.ty, diags);
        direct.extend(predicate.bounds.iter().map(|bound| (ty, bound)));
    }
    // Arguments of a bound may go through another one: what fails in the first round is tried again.
    let mut failed = Vec::new();
    for (ty, bound) in direct.into_iter().filter(|(_, bound)| !bound.asks_nothing()) {
        let mut quiet = Diags::new();
        let mut new = Vec::new();
        let cx = item_cx(program, module, params, self_ty, &known, None);
        add_bound(&cx, ty, bound, &mut new, &mut quiet);
        if quiet.has_errors() {
            failed.push((ty, bound));
        } else {
            known.extend(new);
        }
    }
    for (ty, bound) in failed {
        let mut new = Vec::new();
        let cx = item_cx(program, module, params, self_ty, &known, None);
        add_bound(&cx, ty, bound, &mut new, diags);
        known.extend(new);
    }
    for predicate in generics.predicates.iter().filter(|predicate| !is_param(&predicate.ty)) {
        let cx = item_cx(program, module, params, self_ty, &known, None);
        let ty = lower_ty(&cx, &predicate.ty, diags);
        let mut new = Vec::new();
        for bound in predicate.bounds.iter().filter(|bound| !bound.asks_nothing()) {
            add_bound(&cx, ty, bound, &mut new, diags);
        }
        known.extend(new);
    }
    known
}

fn fields(
    program: &Program,
    module: ModId,
    params: &[Symbol],
    self_ty: Ty,
    predicates: &[Predicate],
    fields: &ast::Fields,
    diags: &mut Diags,
) -> Vec<FieldDef> {
    let list = match fields {
        ast::Fields::Unit => return Vec::new(),
        ast::Fields::Tuple(list) | ast::Fields::Named(list) => list,
    };
    let mut out: Vec<FieldDef> = Vec::new();
    for field in list {
        let cx = item_cx(program, module, params, Some(self_ty), predicates, None);
        let ty = lower_ty(&cx, &field.ty, diags);
        if let Some(old) = out.iter().find(|old| old.name == field.name.name) {
            diags.push(errors::defined_twice(field.name.name, field.name.span, old.span));
            continue;
        }
        out.push(FieldDef { name: field.name.name, ty, public: field.public, span: field.name.span });
    }
    out
}

fn enum_header(program: &mut Program, id: AdtId, item: &ast::EnumItem, diags: &mut Diags) {
    let module = program.adt(id).module;
    let params = param_names(&program.adt(id).generics);
    let self_ty = Ty::adt(id, program.identity_args(&program.adt(id).generics));
    let predicates = predicates_of(program, module, &params, &item.generics, Some(self_ty), Vec::new(), diags);
    let mut next = 0i64;
    let mut taken: Vec<(i64, Span)> = Vec::new();
    for variant in &item.variants {
        let Some(index) = program.variant(id, variant.name.name) else { continue };
        let fields = fields(program, module, &params, self_ty, &predicates, &variant.fields, diags);
        if let Some(expr) = &variant.discriminant {
            match consts::evaluate_int(program, module, expr) {
                Ok(value) => next = value,
                Err(span) => diags.push(errors::not_a_constant(span)),
            }
        }
        if let Some((_, old)) = taken.iter().find(|(value, _)| *value == next) {
            diags.push(errors::same_discriminant(variant.span, *old, next));
        }
        taken.push((next, variant.span));
        let slot = &mut program.adts[id.index()].variants[index as usize];
        slot.fields = fields;
        slot.discriminant = next;
        next = next.wrapping_add(1);
    }
    program.adts[id.index()].generics.predicates = predicates;
}

fn impl_header(program: &mut Program, id: ImplId, item: &ast::ImplItem, diags: &mut Diags) {
    let module = program.impl_def(id).module;
    let mut generics = names_of(&item.generics);
    let params = param_names(&generics);
    let self_ty = lower_ty(&item_cx(program, module, &params, None, &[], None), &item.self_ty, diags);
    generics.predicates = predicates_of(program, module, &params, &item.generics, Some(self_ty), Vec::new(), diags);
    let mut of_trait = None;
    if let Some(path) = &item.of_trait {
        let cx = item_cx(program, module, &params, Some(self_ty), &generics.predicates, None);
        match lower_trait_ref(&cx, path, self_ty, diags) {
            Some((trait_id, args, _)) => of_trait = Some((trait_id, args)),
            // The impl stays known as one of an unknown trait: its methods are not the type's own.
            None => {
                program.impls[id.index()].self_ty = Ty::error();
                program.impls[id.index()].generics = generics;
                return;
            }
        }
    }
    let mut assoc_types = Vec::new();
    for assoc in &item.items {
        let AssocKind::Type { name, ty: Some(ty), .. } = &assoc.kind else { continue };
        let cx = item_cx(program, module, &params, Some(self_ty), &generics.predicates, of_trait);
        assoc_types.push((name.name, lower_ty(&cx, ty, diags)));
        if let Some((trait_id, _)) = of_trait
            && !program.trait_def(trait_id).assoc_types.iter().any(|slot| slot.name == name.name)
        {
            diags.push(errors::not_in_trait(*name, "associated type", program.trait_def(trait_id).name));
        }
    }
    for &ty in std::iter::once(&self_ty).chain(of_trait.iter().flat_map(|(_, args)| args.iter())) {
        owners::implied(program, ty, item.head_span, &mut generics.predicates);
    }
    for (_, ty) in &assoc_types {
        owners::implied(program, *ty, item.head_span, &mut generics.predicates);
    }
    // A parameter that neither the type nor the trait names cannot be found from a use.
    let names_it = |index: usize| {
        let mut is_it = |ty: Ty| matches!(ty.kind(), TyKind::Param(param) if param.index as usize == index);
        let by_type = self_ty.any(&mut is_it);
        let by_trait = of_trait.is_some_and(|(_, args)| args.iter().any(|ty| ty.any(&mut is_it)));
        let by_binding = generics.predicates.iter().any(|predicate| match predicate.kind {
            PredicateKind::Projection(_, ty) => ty.any(&mut is_it),
            PredicateKind::Trait(trait_id, args) => {
                program.lang.is_trait("fn", trait_id)
                    || program.lang.is_trait("fn_mut", trait_id)
                    || program.lang.is_trait("fn_once", trait_id)
                        && args[1..].iter().any(|ty| ty.any(&mut is_it))
            }
        });
        by_type || by_trait || by_binding
    };
    for (index, param) in generics.params.iter().enumerate() {
        if !self_ty.is_error() && !names_it(index) {
            diags.push(errors::unconstrained_parameter(param.span, param.name));
        }
    }
    let library = program.module(module).library;
    if of_trait.is_none() && !library && !self_ty.is_error() {
        let own = match self_ty.kind() {
            TyKind::Adt(adt, _) => !program.module(program.adt(*adt).module).library,
            TyKind::Dyn(d) => !program.module(program.trait_def(d.trait_id).module).library,
            _ => false,
        };
        if !own {
            diags.push(errors::impl_on_foreign(item.self_ty.span, &program.show(self_ty)));
        }
    }
    if let Some((trait_id, args)) = of_trait
        && !library
        && program.module(program.trait_def(trait_id).module).library
        && !args.iter().any(|ty| mentions_own(program, *ty))
    {
        let name = program.trait_def(trait_id).name;
        diags.push(errors::foreign_trait_on_foreign(item.head_span, name, &program.show(self_ty)));
        // One message: it takes no part in anything else.
        program.impls[id.index()].generics = generics;
        return;
    }
    let path = match self_ty.kind() {
        TyKind::Adt(adt, _) => program.adt(*adt).path.clone(),
        _ => program.show(self_ty),
    };
    for fn_id in program.impls[id.index()].methods.clone() {
        let def = &mut program.fns[fn_id.index()];
        def.path = format!("{path}::{}", def.name);
    }
    let slot = &mut program.impls[id.index()];
    slot.generics = generics;
    slot.self_ty = self_ty;
    slot.of_trait = of_trait;
    slot.assoc_types = assoc_types;
}

fn mentions_own(program: &Program, ty: Ty) -> bool {
    ty.any(&mut |part| match part.kind() {
        TyKind::Adt(adt, _) => !program.module(program.adt(*adt).module).library,
        TyKind::Dyn(d) => !program.module(program.trait_def(d.trait_id).module).library,
        TyKind::Error => true,
        _ => false,
    })
}

/// What the head of a function or a constant says.
struct FnHeader {
    generics: Generics,
    params: Vec<ParamDef>,
    ret: Ty,
    from: Vec<(u32, bool)>,
}

/// All of them, on all cores: none asks what another says.
fn fn_headers(program: &mut Program, fns: &[(FnId, FnSource<'_>)], diags: &mut Diags) {
    /// A head takes about so many microseconds.
    const WEIGHT: usize = 2;
    let mut around: FastMap<FnId, FnKind> = FastMap::default();
    for def in &program.impls {
        around.extend(def.consts.iter().map(|&id| (id, FnKind::Impl(def.id))));
    }
    for def in &program.traits {
        around.extend(def.consts.iter().map(|&id| (id, FnKind::Trait(def.id))));
    }
    let read = |(): &mut (), (id, source): (FnId, FnSource<'_>)| {
        let mut own = Diags::new();
        // An associated constant stands in an impl or a trait, too.
        let kind = around.get(&id).copied().unwrap_or(program.fn_def(id).kind);
        (id, fn_header(program, id, kind, source, &mut own), own)
    };
    let headers = cores::map(fns.to_vec(), |_| WEIGHT, || (), read);
    for (id, header, own) in headers {
        diags.extend(own);
        if let Some(FnHeader { generics, params, ret, from }) = header {
            let def = &mut program.fns[id.index()];
            (def.generics, def.params, def.ret, def.from) = (generics, params, ret, from);
        }
    }
}

/// `kind` says what the definition stands in. `None`: it says nothing that could be used.
fn fn_header(program: &Program, id: FnId, kind: FnKind, source: FnSource<'_>, diags: &mut Diags) -> Option<FnHeader> {
    let def = program.fn_def(id);
    let module = def.module;
    let plain = |generics, ret| Some(FnHeader { generics, params: Vec::new(), ret, from: Vec::new() });
    // What the impl or trait around it declares.
    let owner_impl = if let FnKind::Impl(impl_id) = kind { Some(impl_id) } else { None };
    let owner_trait = if let FnKind::Trait(trait_id) = kind { Some(trait_id) } else { None };
    let (parent, self_ty, impl_of) = if let Some(impl_id) = owner_impl {
        let around = program.impl_def(impl_id);
        (around.generics.clone(), Some(around.self_ty), around.of_trait)
    } else if let Some(trait_id) = owner_trait {
        let around = program.trait_def(trait_id);
        (around.generics.clone(), Some(Ty::param(0, Symbol::intern("Self"))), None)
    } else {
        (Generics::default(), None, None)
    };
    let parent_count = parent.params.len();
    match source {
        FnSource::Test => plain(parent, def.ret),
        FnSource::TaskLocal { ty } => {
            let params = param_names(&parent);
            let cx = item_cx(program, module, &params, self_ty, &parent.predicates, impl_of);
            let of = lower_ty(&cx, ty, diags);
            plain(def.generics.clone(), Ty::adt(program.lang.adt("task_local"), Args::new(&[of])))
        }
        FnSource::Const { ty, value } => {
            let params = param_names(&parent);
            let cx = item_cx(program, module, &params, self_ty, &parent.predicates, impl_of);
            let ty = match (ty, value) {
                (Some(ty), _) => lower_ty(&cx, ty, diags),
                (None, Some(value)) => literal_ty(value).unwrap_or_else(|| {
                    diags.push(errors::const_without_type(value.span));
                    Ty::error()
                }),
                (None, None) => Ty::error(),
            };
            plain(Generics { parent_count, ..parent }, ty)
        }
        FnSource::Fn(item) => {
            let mut generics = parent;
            generics.parent_count = parent_count;
            for param in names_of(&item.generics).params {
                if let Some(old) = generics.params.iter().find(|old| old.name == param.name) {
                    diags.push(errors::defined_twice(param.name, param.span, old.span));
                }
                generics.params.push(param);
            }
            let params = param_names(&generics);
            let mut predicates = predicates_of(
                program,
                module,
                &params,
                &item.generics,
                self_ty,
                generics.predicates.clone(),
                diags,
            );
            for (i, param) in item.generics.params.iter().enumerate() {
                if let Some(ty) = &param.default {
                    let cx = item_cx(program, module, &params, self_ty, &predicates, impl_of);
                    generics.params[parent_count + i].fallback = Some(lower_ty(&cx, ty, diags));
                }
            }
            let added = RefCell::new(Vec::new());
            let mut list = Vec::new();
            let cx = TyCx {
                program,
                module,
                params: &params,
                self_ty,
                predicates: &predicates,
                impl_of,
                mode: TyMode::Signature(&added),
            };
            if let Some(receiver) = &item.self_param {
                let Some(itself) = self_ty else {
                    diags.push(errors::self_outside(receiver.span));
                    return None;
                };
                let ty = match &receiver.kind {
                    ast::SelfKind::Value { .. } => itself,
                    ast::SelfKind::Ref => Ty::shared(itself),
                    ast::SelfKind::RefMut => Ty::exclusive(itself),
                    ast::SelfKind::Typed { ty, .. } => {
                        let ty = lower_ty(&cx, ty, diags);
                        if !is_receiver(program, ty, itself) {
                            diags.push(errors::bad_receiver(receiver.span, &program.show(ty)));
                        }
                        ty
                    }
                };
                list.push(ParamDef { name: Symbol::intern("self"), ty, span: receiver.span });
            }
            for param in &item.params {
                let name = match &param.pat.kind {
                    ast::PatKind::Bind { name, .. } => name.name,
                    _ => Symbol::intern("_"),
                };
                if name.as_str() != "_"
                    && let Some(old) = list.iter().find(|old: &&ParamDef| old.name == name)
                {
                    diags.push(errors::defined_twice(name, param.pat.span, old.span));
                }
                list.push(ParamDef { name, ty: lower_ty(&cx, &param.ty, diags), span: param.span });
            }
            let ret_cx = TyCx { mode: TyMode::Item, ..cx };
            let ret = item.ret.as_ref().map_or(Ty::unit(), |ty| lower_ty(&ret_cx, ty, diags));
            // The parameters that `impl Trait` added, with their bounds.
            let added = added.into_inner();
            for (i, (name, _)) in added.iter().enumerate() {
                let span = item.params.get(i).map_or(item.span, |param| param.span);
                generics.params.push(GenericParam { name: *name, span, is_const: false, default: None, fallback: None });
            }
            let params = param_names(&generics);
            for (i, (name, paths)) in added.iter().enumerate() {
                let subject = Ty::param((generics.params.len() - added.len() + i) as u32, *name);
                for path in paths {
                    let cx = item_cx(program, module, &params, self_ty, &predicates, impl_of);
                    let bound = ast::Bound { span: path.span, path: path.clone(), maybe: false };
                    let mut new = Vec::new();
                    add_bound(&cx, subject, &bound, &mut new, diags);
                    predicates.extend(new);
                }
            }
            for param in &list {
                owners::implied(program, param.ty, param.span, &mut predicates);
            }
            owners::implied(program, ret, item.head_span, &mut predicates);
            generics.predicates = predicates;
            let mut from = Vec::new();
            for clause in &item.from {
                match list.iter().position(|param| param.name == clause.name.name) {
                    Some(index) => from.push((index as u32, clause.contents_only)),
                    None => {
                        let names: Vec<Symbol> = list.iter().map(|param| param.name).collect();
                        diags.push(errors::unknown_name(clause.name, "parameter", None, &names));
                    }
                }
            }
            if program.main == Some(id) {
                check_main(program, item, &list, ret, &generics, diags);
            }
            Some(FnHeader { generics, params: list, ret, from })
        }
    }
}

fn literal_ty(value: &ast::Expr) -> Option<Ty> {
    match &value.kind {
        ast::ExprKind::Lit(ast::Lit::Int { suffix: None, .. }) => Some(Ty::int()),
        ast::ExprKind::Lit(ast::Lit::Float { suffix: None, .. }) => Some(Ty::f64()),
        ast::ExprKind::Lit(ast::Lit::Bool(_)) => Some(Ty::bool()),
        ast::ExprKind::Lit(ast::Lit::Char(_)) => Some(Ty::char()),
        _ => None,
    }
}

fn check_main(
    program: &Program,
    item: &ast::FnItem,
    params: &[ParamDef],
    ret: Ty,
    generics: &Generics,
    diags: &mut Diags,
) {
    let is_result = match ret.kind() {
        TyKind::Adt(adt, args) => program.lang.is_adt("result", *adt) && args[0].is_unit(),
        _ => false,
    };
    if !params.is_empty() || !generics.params.is_empty() || !(ret.is_unit() || ret.is_never() || is_result || ret.is_error())
    {
        diags.push(errors::bad_main(item.head_span));
    }
}

/// `Self`, `&Self`, `&mut Self`, or a smart pointer around one of them.
fn is_receiver(program: &Program, ty: Ty, itself: Ty) -> bool {
    if ty == itself || ty.is_error() {
        return true;
    }
    match ty.kind() {
        TyKind::Ref(_, to) => is_receiver(program, *to, itself),
        TyKind::Adt(adt, args) => {
            let smart = ["box", "rc", "shared"].iter().any(|name| program.lang.is_adt(name, *adt));
            smart && is_receiver(program, args[0], itself)
        }
        _ => false,
    }
}

/// A struct that holds itself without a box has no size.
fn recursive_types(program: &Program, diags: &mut Diags) {
    fn reaches(program: &Program, ty: Ty, target: AdtId, seen: &mut Vec<AdtId>) -> bool {
        match ty.kind() {
            TyKind::Adt(id, args) => {
                if *id == target {
                    return true;
                }
                if seen.contains(id) {
                    return false;
                }
                seen.push(*id);
                let def = program.adt(*id);
                // A variant that can never be made takes no room.
                let possible = |variant: &&VariantDef| !variant.fields.iter().any(|field| field.ty.is_never());
                def.variants
                    .iter()
                    .filter(possible)
                    .flat_map(|variant| &variant.fields)
                    .any(|field| reaches(program, field.ty.subst(args), target, seen))
            }
            TyKind::Tuple(list) => list.iter().any(|ty| reaches(program, *ty, target, seen)),
            TyKind::Array(of, _) => reaches(program, *of, target, seen),
            _ => false,
        }
    }
    for def in &program.adts {
        for field in def.variants.iter().flat_map(|variant| &variant.fields) {
            if reaches(program, field.ty, def.id, &mut Vec::new()) {
                diags.push(errors::infinite_type(def.name_span, def.name, field.span, &program.show(field.ty)));
                break;
            }
        }
    }
}

/// Only a `view` type may name a reference in a field.
pub(super) fn check_views(program: &Program, diags: &mut Diags) {
    for def in program.adts.iter().filter(|def| !def.is_view) {
        for field in def.variants.iter().flat_map(|variant| &variant.fields) {
            if names_a_view(program, field.ty) {
                let word = if def.is_enum { "enum" } else { "struct" };
                diags.push(errors::view_field(field.span, def.name, def.span, word, &program.show(field.ty)));
            }
        }
    }
}

/// A reference, or a declared view, anywhere in a type as written.
pub(crate) fn names_a_view(program: &Program, ty: Ty) -> bool {
    match ty.kind() {
        TyKind::Ref(..) => true,
        // What a callable or an object is given and gives back is not what it holds.
        TyKind::FnPtr(_) | TyKind::Ptr(..) | TyKind::Dyn(_) => false,
        TyKind::Adt(adt, args) => program.adt(*adt).is_view || args.iter().any(|ty| names_a_view(program, *ty)),
        TyKind::Tuple(list) => list.iter().any(|ty| names_a_view(program, *ty)),
        TyKind::Array(of, _) | TyKind::Slice(of) => names_a_view(program, *of),
        _ => false,
    }
}

/// Impls against their traits, and against each other.
/// What lives as long as the program holds no view, and is there for all tasks at once.
pub(super) fn check_statics(program: &mut Program, diags: &mut Diags) {
    let mut bad = Vec::new();
    for def in &program.fns {
        let FnKind::Static { mutable } = def.kind else { continue };
        if program.module(def.module).library || def.ret.is_error() {
            continue;
        }
        let is = |marker: &str, ty: Ty| {
            crate::traits::holds_in(program, &[], program.lang.trait_id(marker), Args::new(&[ty]))
        };
        let of = match def.ret.kind() {
            TyKind::Adt(_, args) if def.attrs.task_local => args[0],
            _ => def.ret,
        };
        if !is("own", of) {
            bad.push(def.id);
            diags.push(errors::static_view(def.name_span, def.name, &program.show(of), def.attrs.task_local));
        } else if !mutable && !is("share", of) {
            bad.push(def.id);
            diags.push(errors::static_share(def.name_span, def.name, &program.show(of)));
        }
    }
    // What was told of the type is not told of its value again.
    for id in bad {
        program.fns[id.index()].ret = Ty::error();
    }
}

pub(super) fn check_impls(program: &mut Program, diags: &mut Diags) {
    let program = &*program;
    for def in &program.impls {
        let Some((trait_id, args)) = def.of_trait else { continue };
        let the_trait = program.trait_def(trait_id);
        // The library's own impls are judged in debug builds, and so by every test.
        let settled = program.module(def.module).library && !cfg!(debug_assertions);
        if def.negative || the_trait.auto || settled {
            continue;
        }
        let mut missing: Vec<Symbol> = Vec::new();
        for &method in &the_trait.methods {
            let wanted = program.fn_def(method);
            let given = def.methods.iter().map(|id| program.fn_def(*id)).find(|given| given.name == wanted.name);
            match given {
                None if matches!(wanted.body, BodySource::None) => missing.push(wanted.name),
                None => {}
                Some(given) => compare_method(program, def, args, wanted, given, diags),
            }
        }
        for &method in &def.methods {
            let given = program.fn_def(method);
            if !the_trait.methods.iter().any(|id| program.fn_def(*id).name == given.name) {
                let name = ast::Ident { name: given.name, span: given.name_span };
                diags.push(errors::not_in_trait(name, "method", the_trait.name));
            }
        }
        for assoc in &the_trait.assoc_types {
            if assoc.default.is_none() && !def.assoc_types.iter().any(|(name, _)| *name == assoc.name) {
                missing.push(assoc.name);
            }
        }
        for &constant in &the_trait.consts {
            let wanted = program.fn_def(constant);
            let given = def.consts.iter().any(|id| program.fn_def(*id).name == wanted.name);
            if !given && matches!(wanted.body, BodySource::None) {
                missing.push(wanted.name);
            }
        }
        if !missing.is_empty() && !def.self_ty.is_error() {
            diags.push(errors::missing_items(def.span, the_trait.name, &missing, the_trait.name_span));
        }
    }
    for pair in program.index.overlapping(program) {
        let (first, second) = (program.impl_def(pair.0), program.impl_def(pair.1));
        let (id, args) = second.of_trait.expect("overlapping impls are of a trait");
        // A type that is not known is like any other, and told already.
        let first_args = first.of_trait.map(|(_, args)| args);
        if args.iter().chain(first_args.iter().flat_map(|args| args.iter())).any(|ty| ty.flags().error) {
            continue;
        }
        let name = program.trait_def(id).name;
        diags.push(errors::overlapping_impls(second.span, first.span, name, &program.show(second.self_ty)));
    }
    for def in program.impls.iter().filter(|def| !program.module(def.module).library) {
        if let Some((trait_id, args)) = def.of_trait
            && !def.negative
        {
            marker_impl(program, def, trait_id, diags);
            crate::traits::check_super_traits(program, def, trait_id, args, diags);
        }
    }
    twice_in_impls(program, diags);
    dyn_types(program, diags);
}

/// Markers and other traits whose impls promise something that is not written in methods.
fn marker_impl(program: &Program, def: &ImplDef, trait_id: TraitId, diags: &mut Diags) {
    let the_trait = program.trait_def(trait_id);
    let span = program.users_span(def.span);
    if program.lang.is_trait("own", trait_id) {
        diags.push(errors::own_by_hand(span));
    } else if the_trait.is_unsafe && !def.is_unsafe {
        diags.push(errors::needs_unsafe_impl(span, the_trait.name));
    } else if the_trait.auto {
        // `unsafe impl<T> Send for Handle<T>` would let any `T` through.
        let is_bound = |index: usize| {
            def.generics.predicates.iter().any(|predicate| match &predicate.kind {
                PredicateKind::Trait(bound, args) => {
                    program.trait_def(*bound).auto && matches!(args[0].kind(), TyKind::Param(param) if param.index as usize == index)
                }
                PredicateKind::Projection(..) => false,
            })
        };
        let loose = def.generics.params.iter().enumerate().find(|(index, param)| !param.is_const && !is_bound(*index));
        if let Some((_, param)) = loose {
            diags.push(errors::unbounded_marker(span, the_trait.name, param.name, param.span));
        }
    }
    if !program.lang.is_trait("copy", trait_id) {
        return;
    }
    let TyKind::Adt(adt, _) = def.self_ty.kind() else { return };
    let drop = program.lang.trait_id("drop");
    if let Some(other) = program.index.impls(drop, Some(crate::traits::SimpleKey::Adt(*adt))).next() {
        diags.push(errors::copy_with_destructor(span, program.impl_def(other).span, &program.show(def.self_ty)));
        return;
    }
    for field in program.adt(*adt).variants.iter().flat_map(|variant| &variant.fields) {
        let TyKind::Adt(_, args) = def.self_ty.kind() else { return };
        let ty = field.ty.subst(args);
        if !crate::traits::holds_in(program, &def.generics.predicates, trait_id, Args::new(&[ty])) && !ty.flags().error {
            diags.push(errors::field_not_copy(span, field.span, field.name, &program.show(ty)));
            return;
        }
    }
}

/// A `dyn` in a signature or field needs a trait that can be one.
fn dyn_types(program: &Program, diags: &mut Diags) {
    let mut look = |ty: Ty, span: Span| {
        ty.any(&mut |part| {
            if let TyKind::Dyn(d) = part.kind()
                && let Some(problem) = crate::queries::dyn_problem(program, d.trait_id)
            {
                diags.push(errors::not_dyn(span, program.trait_def(d.trait_id).name, &problem));
            }
            false
        });
    };
    for def in program.fns.iter().filter(|def| !program.module(def.module).library) {
        def.params.iter().for_each(|param| look(param.ty, param.span));
        look(def.ret, def.span);
    }
    for def in program.adts.iter().filter(|def| !program.module(def.module).library) {
        for field in def.variants.iter().flat_map(|variant| &variant.fields) {
            look(field.ty, field.span);
        }
    }
}

/// Two inherent methods of one name on one type.
fn twice_in_impls(program: &Program, diags: &mut Diags) {
    let mut seen: FastMap<(AdtId, Symbol), Vec<FnId>> = FastMap::default();
    for def in program.impls.iter().filter(|def| def.of_trait.is_none()) {
        let TyKind::Adt(adt, _) = def.self_ty.kind() else { continue };
        for &id in def.methods.iter().chain(&def.consts) {
            let method = program.fn_def(id);
            let others = seen.entry((*adt, method.name)).or_default();
            for &other in others.iter() {
                let FnKind::Impl(other_impl) = program.fn_def(other).kind else { continue };
                let other_def = program.impl_def(other_impl);
                // The same impl's doubles were told when it was collected.
                if other_impl != def.id && crate::traits::may_overlap(program, other_def.self_ty, def.self_ty) {
                    diags.push(errors::defined_twice(method.name, method.name_span, program.fn_def(other).name_span));
                }
            }
            others.push(id);
        }
    }
}

fn compare_method(
    program: &Program,
    def: &ImplDef,
    trait_args: Args,
    wanted: &FnDef,
    given: &FnDef,
    diags: &mut Diags,
) {
    if given.params.iter().any(|param| param.ty.is_error()) || given.ret.is_error() {
        return;
    }
    let trait_name = program.trait_def(def.of_trait.expect("an impl of a trait").0).name;
    if wanted.has_self != given.has_self || wanted.params.len() != given.params.len() {
        diags.push(errors::other_parameters(given, wanted, trait_name));
        return;
    }
    let (own_wanted, own_given) = (
        wanted.generics.params.len() - wanted.generics.parent_count,
        given.generics.params.len() - given.generics.parent_count,
    );
    if own_wanted != own_given {
        diags.push(errors::other_generics(given, wanted, trait_name));
        return;
    }
    // The trait's parameters become the impl's arguments, the method's own stay in order behind the impl's.
    let mut map: Vec<Ty> = trait_args.to_vec();
    for i in 0..own_wanted {
        let param = &given.generics.params[given.generics.parent_count + i];
        map.push(Ty::param((given.generics.parent_count + i) as u32, param.name));
    }
    let normalize = |ty: Ty| crate::traits::normalize_in(program, &given.generics.predicates, ty);
    for (i, (want, give)) in wanted.params.iter().zip(&given.params).enumerate() {
        let (want, got) = (normalize(want.ty.subst(&map)), normalize(give.ty));
        if want != got && !want.flags().error && !got.flags().error {
            let place = if i == 0 && given.has_self { "the receiver" } else { "this parameter" };
            diags.push(errors::other_type(
                give.span,
                place,
                given.name,
                trait_name,
                &program.show(want),
                &program.show(got),
                wanted.span,
            ));
            return;
        }
    }
    let (want, got) = (normalize(wanted.ret.subst(&map)), normalize(given.ret));
    if want != got && !want.flags().error && !got.flags().error {
        diags.push(errors::other_type(
            given.span,
            "the result",
            given.name,
            trait_name,
            &program.show(want),
            &program.show(got),
            wanted.span,
        ));
        return;
    }
    // The impl may not ask for more than the trait promised.
    let promised: Vec<Predicate> = {
        let mut all = def.generics.predicates.clone();
        all.extend(wanted.generics.predicates.iter().map(|predicate| Predicate {
            kind: match predicate.kind {
                PredicateKind::Trait(id, args) => PredicateKind::Trait(id, args.subst(&map)),
                PredicateKind::Projection(p, ty) => PredicateKind::Projection(
                    ProjectionTy { trait_id: p.trait_id, args: p.args.subst(&map), name: p.name },
                    ty.subst(&map),
                ),
            },
            span: predicate.span,
        }));
        all
    };
    for predicate in &given.generics.predicates[def.generics.predicates.len().min(given.generics.predicates.len())..] {
        if let PredicateKind::Trait(id, args) = predicate.kind
            && !crate::traits::holds_in(program, &promised, id, args)
        {
            let bound = format!("{}: {}", program.show(args[0]), program.trait_def(id).name);
            diags.push(errors::stricter_bound(predicate.span, given.name, trait_name, &bound));
        }
    }
}
