//! Patterns, with default binding modes as in Rust: a constructor pattern looks through references, and what it
//! binds then are references.

use super::*;
use crate::resolve::scope::{Def, Entry, Namespace, Step, follow};
use crate::ty::Subst;
use crate::typed::Const;
use ast::PatKind as P;

impl FnCx<'_> {
    pub(super) fn check_pat(&mut self, pat: &ast::Pat, ty: Ty) -> PatId {
        let mut bound = Vec::new();
        self.pattern(pat, ty, None, &mut bound)
    }

    /// A pattern for what an expression gives. What it borrows to be changed is reached by the exclusive forms of what leads there.
    pub(super) fn check_pat_of(&mut self, pat: &ast::Pat, ty: Ty, value: ExprId) -> PatId {
        let before = self.pats.len();
        let id = self.check_pat(pat, ty);
        let changes = |pat: &typed::Pat| matches!(pat.kind, PatKind::Bind { by_ref: Some(Mutable::Yes), .. });
        if self.pats[before..].iter().any(changes) && self.is_place(value) && !self.make_mutable(value) {
            let ty = self.show(ty);
            self.report(errors::not_mutable_place(self.span_of(value), &ty));
        }
        id
    }

    /// A parameter's pattern must always match; `finish` checks it with the others.
    pub(super) fn check_param_pat(&mut self, pat: &ast::Pat, ty: Ty) -> PatId {
        self.check_pat(pat, ty)
    }

    /// `mode`: the reference through which the pattern looks, if any. `bound`: names of this pattern so far.
    fn pattern(&mut self, pat: &ast::Pat, ty: Ty, mode: Option<Mutable>, bound: &mut Vec<(Symbol, LocalId)>) -> PatId {
        let span = pat.span;
        match &pat.kind {
            P::Wild => self.pat(PatKind::Wild, ty, span),
            P::Rest => {
                self.report(errors::rest_here(span));
                self.pat(PatKind::Error, ty, span)
            }
            P::Bind { by_ref, mutable, name, sub } => {
                if by_ref.is_none() && !mutable && sub.is_none() {
                    if let Some(found) = self.named_constant(pat, *name, ty, mode, bound) {
                        return found;
                    }
                }
                let by = match (by_ref, mode) {
                    (Some(mutable), _) => Some(*mutable),
                    (None, mode) => mode,
                };
                let local_ty = match by {
                    Some(mutable) => Ty::reference(mutable, ty),
                    None => ty,
                };
                let local = self.bind_name(*name, local_ty, *mutable, bound);
                let sub = sub.as_ref().map(|sub| self.pattern(sub, ty, mode, bound));
                self.pat(PatKind::Bind { local, by_ref: by, sub }, ty, span)
            }
            P::Lit(value) => self.literal_pat(value, ty, span),
            P::Range { lo, hi, inclusive } => self.range_pat(lo.as_deref(), hi.as_deref(), *inclusive, ty, span),
            P::Ref(mutable, inner) => {
                let found = self.structurally(ty);
                if let (Some(_), false) = (mode, matches!(found.kind(), TyKind::Ref(..))) {
                    // `&x` under a reference that was looked through undoes that reference.
                    let inner = self.pattern(inner, ty, None, bound);
                    return inner;
                }
                let to = match found.kind() {
                    TyKind::Ref(have, to) if have == mutable || found.is_error() => *to,
                    TyKind::Infer(_) => {
                        let to = self.fresh(span);
                        self.solver.table.unify(ty, Ty::reference(*mutable, to));
                        to
                    }
                    TyKind::Error => Ty::error(),
                    _ => {
                        let shown = self.show(found);
                        self.report(errors::pattern_type(span, "a reference", &shown));
                        Ty::error()
                    }
                };
                let inner = self.pattern(inner, to, None, bound);
                self.pat(PatKind::Deref(inner), ty, span)
            }
            P::Tuple(list) => self.through_refs(pat, ty, mode, bound, |cx, ty, mode, bound| {
                cx.tuple_pat(list, ty, mode, bound, span)
            }),
            P::Path(path) => self.through_refs(pat, ty, mode, bound, |cx, ty, _, _| cx.path_pat(path, ty, span)),
            P::TupleStruct(path, list) => self.through_refs(pat, ty, mode, bound, |cx, ty, mode, bound| {
                cx.tuple_struct_pat(path, list, ty, mode, bound, span)
            }),
            P::Struct { path, fields, rest } => self.through_refs(pat, ty, mode, bound, |cx, ty, mode, bound| {
                cx.struct_pat(path, fields, *rest, ty, mode, bound, span)
            }),
            P::Slice(list) => self.through_refs(pat, ty, mode, bound, |cx, ty, mode, bound| {
                cx.slice_pat(list, ty, mode, bound, span)
            }),
            P::Or(list) => self.or_pat(list, ty, mode, bound, span),
            P::Error => {
                self.tainted = true;
                self.pat(PatKind::Error, ty, span)
            }
        }
    }

    fn bind_name(&mut self, name: ast::Ident, ty: Ty, mutable: bool, bound: &mut Vec<(Symbol, LocalId)>) -> LocalId {
        if let Some((_, old)) = bound.iter().find(|(known, _)| *known == name.name) {
            let old_span = self.locals[old.index()].span;
            self.report(errors::defined_twice(name.name, name.span, old_span));
            return *old;
        }
        let local = self.declare(name.name, ty, mutable, name.span);
        bound.push((name.name, local));
        local
    }

    /// Looks through references (and boxes) to what a constructor pattern speaks of.
    fn through_refs(
        &mut self,
        pat: &ast::Pat,
        ty: Ty,
        mode: Option<Mutable>,
        bound: &mut Vec<(Symbol, LocalId)>,
        inner: impl FnOnce(&mut Self, Ty, Option<Mutable>, &mut Vec<(Symbol, LocalId)>) -> PatId,
    ) -> PatId {
        let mut at = self.structurally(ty);
        let mut layers = Vec::new();
        let mut mode = mode;
        while let TyKind::Ref(mutable, to) = at.kind() {
            layers.push(at);
            mode = Some(match mode {
                Some(Mutable::No) => Mutable::No,
                _ => *mutable,
            });
            at = self.structurally(*to);
        }
        let mut id = inner(self, at, mode, bound);
        for layer in layers.into_iter().rev() {
            id = self.pat(PatKind::Deref(id), layer, pat.span);
        }
        id
    }

    /// A plain name may be a unit variant or a constant.
    fn named_constant(
        &mut self,
        pat: &ast::Pat,
        name: ast::Ident,
        ty: Ty,
        mode: Option<Mutable>,
        bound: &mut Vec<(Symbol, LocalId)>,
    ) -> Option<PatId> {
        let def = self.program.lookup(self.module, name.name, Namespace::Value)?;
        let is_constant = match def {
            Def::Variant(adt, variant) => self.program.adt(adt).variants[variant as usize].kind == VariantKind::Unit,
            Def::Fn(id) => {
                let def = self.program.fn_def(id);
                // The library's words in small letters (`release`) are no constants that a pattern would ask for.
                let is_word = self.program.module(def.module).library && def.name.as_str().starts_with(char::is_lowercase);
                def.kind == FnKind::Const && !is_word
            }
            _ => false,
        };
        if !is_constant {
            return None;
        }
        let segment = ast::Segment { ident: name, args: None };
        let path = ast::Path { span: name.span, segments: vec![segment], qualified: None };
        Some(self.through_refs(pat, ty, mode, bound, |cx, ty, _, _| cx.path_pat(&path, ty, pat.span)))
    }

    fn literal_pat(&mut self, value: &ast::Expr, ty: Ty, span: Span) -> PatId {
        let found = self.structurally(ty);
        // A literal matches through references: `match &n { 0 => … }`, `match text { "a" => … }`.
        let mut at = found;
        let mut layers = Vec::new();
        let is_text = matches!(value.kind, ast::ExprKind::Lit(ast::Lit::Str(_)));
        while let TyKind::Ref(_, to) = at.kind() {
            let to = self.structurally(*to);
            if is_text && to.is_str() {
                break;
            }
            layers.push(at);
            at = to;
        }
        let id = self.check_expr(value, Some(at));
        let kind = match self.constant_of(id) {
            Some(constant) => {
                let value_ty = self.ty_of(id);
                let is_string = is_text && (self.is_lang_adt(at, "string").is_some() || at.is_str());
                if !is_string && !self.try_unify(at, value_ty) {
                    self.mismatch(at, value_ty, span);
                    PatKind::Error
                } else {
                    PatKind::Const(constant)
                }
            }
            None => {
                self.report(errors::not_a_constant(span));
                PatKind::Error
            }
        };
        let mut id = self.pat(kind, at, span);
        for layer in layers.into_iter().rev() {
            id = self.pat(PatKind::Deref(id), layer, span);
        }
        id
    }

    fn constant_of(&mut self, id: ExprId) -> Option<Const> {
        match &self.exprs[id.index()].kind {
            ExprKind::Const(constant) => Some(constant.clone()),
            ExprKind::ConstItem(fn_id, args) => {
                let (id, args) = (*fn_id, *args);
                let id = self.constant_of_impl(id, args).unwrap_or(id);
                self.constant_item(id)
            }
            ExprKind::Tuple(list) if list.is_empty() => Some(Const::Int(0)),
            _ => None,
        }
    }

    /// Which constant a trait's is for a type: `int::MIN`.
    fn constant_of_impl(&mut self, id: FnId, args: Args) -> Option<FnId> {
        let trait_id = self.program.surroundings(id).in_trait?;
        let count = self.program.trait_def(trait_id).generics.params.len();
        let snapshot = self.solver.table.snapshot();
        let selected = self.solver.select(trait_id, Args::new(&args[..count]));
        self.solver.table.rollback(snapshot);
        let Ok(Some((crate::traits::Selection::Impl(impl_id, _), _))) = selected else { return None };
        let name = self.program.fn_def(id).name;
        self.program.impl_def(impl_id).consts.iter().copied().find(|&own| self.program.fn_def(own).name == name)
    }

    /// The value of a constant that patterns may name: literals and integer arithmetic.
    fn constant_item(&self, id: FnId) -> Option<Const> {
        let def = self.program.fn_def(id);
        let BodySource::Expr(value) = &def.body else { return None };
        if def.ret.is_integer()
            && let Ok(value) = crate::lower::evaluate_int(self.program, def.module, value)
        {
            return Some(Const::Int(value as i128));
        }
        match &value.kind {
            ast::ExprKind::Lit(ast::Lit::Char(c)) => Some(Const::Int(*c as i128)),
            ast::ExprKind::Lit(ast::Lit::Byte(b)) => Some(Const::Int(*b as i128)),
            ast::ExprKind::Lit(ast::Lit::Bool(b)) => Some(Const::Int(*b as i128)),
            ast::ExprKind::Lit(ast::Lit::Str(text)) => Some(Const::Str(*text)),
            ast::ExprKind::Lit(ast::Lit::Float { text, .. }) => {
                text.parse::<f64>().ok().map(|value| Const::Float(value.to_bits()))
            }
            _ => None,
        }
    }

    fn range_pat(
        &mut self,
        lo: Option<&ast::Expr>,
        hi: Option<&ast::Expr>,
        inclusive: bool,
        ty: Ty,
        span: Span,
    ) -> PatId {
        let mut at = self.structurally(ty);
        let mut layers = Vec::new();
        while let TyKind::Ref(_, to) = at.kind() {
            layers.push(at);
            at = self.structurally(*to);
        }
        let mut ends = Vec::new();
        let mut failed = false;
        for end in [lo, hi] {
            let Some(end) = end else {
                ends.push(None);
                continue;
            };
            let id = self.check_expr(end, Some(at));
            let end_ty = self.ty_of(id);
            if !self.try_unify(at, end_ty) {
                self.mismatch(at, end_ty, end.span);
                failed = true;
            }
            match self.constant_of(id) {
                Some(constant) => ends.push(Some(constant)),
                None => {
                    self.report(errors::not_a_constant(end.span));
                    failed = true;
                    ends.push(None);
                }
            }
        }
        let hi = ends.pop().flatten();
        let lo = ends.pop().flatten();
        if let (Some(Const::Int(a)), Some(Const::Int(b))) = (&lo, &hi)
            && (a > b || a == b && !inclusive)
        {
            self.report(errors::empty_range_pattern(span));
            failed = true;
        }
        let kind = if failed { PatKind::Error } else { PatKind::Range { lo, hi, inclusive } };
        let mut id = self.pat(kind, at, span);
        for layer in layers.into_iter().rev() {
            id = self.pat(PatKind::Deref(id), layer, span);
        }
        id
    }

    /// Where `..` stands in a list, and the patterns before and behind it.
    fn split_rest<'b>(&mut self, list: &'b [ast::Pat]) -> (Vec<&'b ast::Pat>, bool, Vec<&'b ast::Pat>) {
        let mut before = Vec::new();
        let mut after = Vec::new();
        let mut seen = false;
        for pat in list {
            if matches!(pat.kind, P::Rest) {
                if seen {
                    self.report(errors::rest_here(pat.span));
                }
                seen = true;
            } else if seen {
                after.push(pat);
            } else {
                before.push(pat);
            }
        }
        (before, seen, after)
    }

    fn tuple_pat(
        &mut self,
        list: &[ast::Pat],
        ty: Ty,
        mode: Option<Mutable>,
        bound: &mut Vec<(Symbol, LocalId)>,
        span: Span,
    ) -> PatId {
        let (before, rest, after) = self.split_rest(list);
        let given = before.len() + after.len();
        let types: Vec<Ty> = match ty.kind() {
            TyKind::Tuple(types) => types.to_vec(),
            TyKind::Infer(_) if !rest => {
                let types: Vec<Ty> = (0..given).map(|_| self.fresh(span)).collect();
                self.solver.table.unify(ty, Ty::tuple(&types));
                types
            }
            TyKind::Error => vec![Ty::error(); given],
            TyKind::Infer(_) => {
                self.report_unknown(ty, span);
                vec![Ty::error(); given]
            }
            _ => {
                let shown = self.show(ty);
                self.report(errors::pattern_type(span, "a tuple", &shown));
                vec![Ty::error(); given]
            }
        };
        if given > types.len() || !rest && given != types.len() {
            self.report(errors::pattern_count(span, "tuple", types.len(), given));
            for pat in before.into_iter().chain(after) {
                self.pattern(pat, Ty::error(), mode, bound);
            }
            return self.pat(PatKind::Error, ty, span);
        }
        let fields = self.positional(&before, &after, &types, mode, bound);
        self.pat(PatKind::Leaf(fields), ty, span)
    }

    fn positional(
        &mut self,
        before: &[&ast::Pat],
        after: &[&ast::Pat],
        types: &[Ty],
        mode: Option<Mutable>,
        bound: &mut Vec<(Symbol, LocalId)>,
    ) -> Vec<(u32, PatId)> {
        let mut fields = Vec::new();
        for (i, pat) in before.iter().enumerate() {
            fields.push((i as u32, self.pattern(pat, types[i], mode, bound)));
        }
        let start = types.len() - after.len();
        for (i, pat) in after.iter().enumerate() {
            fields.push(((start + i) as u32, self.pattern(pat, types[start + i], mode, bound)));
        }
        fields
    }

    /// A unit variant, unit struct or constant by path.
    fn path_pat(&mut self, path: &ast::Path, ty: Ty, span: Span) -> PatId {
        // An associated or plain constant has the value; constructors are told apart by what they resolve to.
        if let Some((adt, variant, args)) = self.pattern_variant(path) {
            let own = Ty::adt(adt, args);
            if !self.try_unify(ty, own) {
                self.mismatch(ty, own, span);
                return self.pat(PatKind::Error, ty, span);
            }
            let def = self.program.adt(adt);
            let variant_def = &def.variants[variant as usize];
            if variant_def.kind != VariantKind::Unit {
                let count = variant_def.fields.len();
                self.report(errors::pattern_needs_fields(span, variant_def.name, count, variant_def.kind == VariantKind::Tuple));
                return self.pat(PatKind::Error, ty, span);
            }
            let kind = if def.is_enum {
                PatKind::Variant { variant, fields: Vec::new() }
            } else {
                PatKind::Leaf(Vec::new())
            };
            return self.pat(kind, own, span);
        }
        let id = self.check_path(path, Some(ty), span);
        let found = self.ty_of(id);
        if self.shallow(found).is_error() {
            return self.pat(PatKind::Error, ty, span);
        }
        match self.constant_of(id) {
            Some(constant) => {
                if !self.try_unify(ty, found) {
                    self.mismatch(ty, found, span);
                    return self.pat(PatKind::Error, ty, span);
                }
                self.pat(PatKind::Const(constant), ty, span)
            }
            None => {
                self.report(errors::not_a_constant(span));
                self.pat(PatKind::Error, ty, span)
            }
        }
    }

    /// The variant or struct that a path in a pattern names, without a message if it names something else.
    fn pattern_variant(&mut self, path: &ast::Path) -> Option<(AdtId, u32, Args)> {
        let names: Vec<Symbol> = path.segments.iter().map(|segment| segment.ident.name).collect();
        if names[0].as_str() == "Self" {
            let TyKind::Adt(adt, args) = self.self_ty?.kind() else { return None };
            return match names.get(1) {
                None => (!self.program.adt(*adt).is_enum).then_some((*adt, 0, *args)),
                Some(name) => crate::resolve::scope::Names::variant(self.program, *adt, *name).map(|v| (*adt, v, *args)),
            };
        }
        for namespace in [Namespace::Value, Namespace::Type] {
            if let Step::Found(Entry { def: Def::Variant(adt, variant), .. }) =
                follow(self.program, self.module, &names, namespace)
            {
                let args = self.solver.fresh_args(&self.program.adt(adt).generics);
                return Some((adt, variant, args));
            }
        }
        // `Alias::Variant`
        if let [prefix @ .., last] = &names[..]
            && !prefix.is_empty()
            && let Step::Found(Entry { def: Def::Alias(index), .. }) =
                follow(self.program, self.module, prefix, Namespace::Type)
        {
            let alias = &self.program.aliases[index as usize];
            let fresh = self.solver.fresh_args(&alias.generics);
            if let TyKind::Adt(adt, args) = alias.ty.subst(&fresh).kind() {
                let variant = crate::resolve::scope::Names::variant(self.program, *adt, *last)?;
                return Some((*adt, variant, *args));
            }
        }
        None
    }

    fn tuple_struct_pat(
        &mut self,
        path: &ast::Path,
        list: &[ast::Pat],
        ty: Ty,
        mode: Option<Mutable>,
        bound: &mut Vec<(Symbol, LocalId)>,
        span: Span,
    ) -> PatId {
        let found = self.pattern_variant(path);
        let Some((adt, variant, args)) = found else {
            self.report_bad_constructor(path);
            for pat in list.iter().filter(|pat| !matches!(pat.kind, P::Rest)) {
                self.pattern(pat, Ty::error(), mode, bound);
            }
            return self.pat(PatKind::Error, ty, span);
        };
        let own = Ty::adt(adt, args);
        let def = self.program.adt(adt);
        let variant_def = &def.variants[variant as usize];
        if !self.try_unify(ty, own) {
            self.mismatch(ty, own, span);
            for pat in list.iter().filter(|pat| !matches!(pat.kind, P::Rest)) {
                self.pattern(pat, Ty::error(), mode, bound);
            }
            return self.pat(PatKind::Error, ty, span);
        }
        let (before, rest, after) = self.split_rest(list);
        let given = before.len() + after.len();
        let types: Vec<Ty> = variant_def.fields.iter().map(|field| field.ty.subst(&args)).collect();
        let types: Vec<Ty> = types.into_iter().map(|ty| self.normalize_at(ty, span)).collect();
        if variant_def.kind == VariantKind::Named {
            self.report(errors::pattern_needs_fields(span, variant_def.name, types.len(), false));
        } else if given > types.len() || !rest && given != types.len() {
            self.report(errors::pattern_count(span, &variant_def.name, types.len(), given));
        } else {
            let fields = self.positional(&before, &after, &types, mode, bound);
            let kind = if def.is_enum { PatKind::Variant { variant, fields } } else { PatKind::Leaf(fields) };
            return self.pat(kind, own, span);
        }
        for pat in before.into_iter().chain(after) {
            self.pattern(pat, Ty::error(), mode, bound);
        }
        self.pat(PatKind::Error, ty, span)
    }

    fn report_bad_constructor(&mut self, path: &ast::Path) {
        let names: Vec<Symbol> = path.segments.iter().map(|segment| segment.ident.name).collect();
        let last = path.segments.last().expect("a path has a segment").ident;
        match follow(self.program, self.module, &names, Namespace::Value) {
            Step::Found(entry) => {
                if entry.def != Def::Prim(Ty::error()) {
                    self.report(errors::wrong_kind(path.span, last.name, entry.def.what(), "a variant or tuple struct"));
                }
                self.tainted = true;
            }
            Step::Missing(_, Some(Def::Adt(adt))) => self.report_unknown_variant(adt, last),
            Step::Missing(at, inside) => {
                let cx = self.ty_cx(TyMode::Item);
                let diagnostic = crate::lower::unknown_path(&cx, path, at, inside, Namespace::Value);
                self.report(diagnostic);
            }
            Step::Private(at, entry) => {
                self.report(errors::private(path.segments[at].ident, entry.def.what(), entry.span));
            }
        }
    }

    fn struct_pat(
        &mut self,
        path: &ast::Path,
        fields: &[ast::FieldPat],
        rest: bool,
        ty: Ty,
        mode: Option<Mutable>,
        bound: &mut Vec<(Symbol, LocalId)>,
        span: Span,
    ) -> PatId {
        let found = self.struct_path(path, Some(ty));
        let fits = match found {
            Some((adt, _, args)) => {
                let own = Ty::adt(adt, args);
                let fits = self.try_unify(ty, own);
                if !fits {
                    self.mismatch(ty, own, span);
                }
                fits
            }
            None => false,
        };
        let (Some((adt, variant, args)), true) = (found, fits) else {
            for field in fields {
                self.pattern(&field.pat, Ty::error(), mode, bound);
            }
            return self.pat(PatKind::Error, ty, span);
        };
        let def = self.program.adt(adt);
        let variant_def = &def.variants[variant as usize];
        let mut out: Vec<(u32, PatId)> = Vec::new();
        let mut failed = false;
        for field in fields {
            let index = variant_def.fields.iter().position(|known| known.name == field.name.name);
            match index {
                Some(index) => {
                    if out.iter().any(|(known, _)| *known == index as u32) {
                        self.report(errors::field_twice(field.name, span));
                    }
                    let field_ty = self.normalize_at(variant_def.fields[index].ty.subst(&args), field.span);
                    let id = self.pattern(&field.pat, field_ty, mode, bound);
                    out.push((index as u32, id));
                }
                None => {
                    failed = true;
                    let names: Vec<Symbol> = variant_def.fields.iter().map(|field| field.name).collect();
                    let shown = self.show(ty);
                    self.report(errors::no_field(field.name, &shown, &names, false));
                    self.pattern(&field.pat, Ty::error(), mode, bound);
                }
            }
        }
        if !rest && !failed {
            let missing: Vec<Symbol> = variant_def
                .fields
                .iter()
                .enumerate()
                .filter(|(i, _)| !out.iter().any(|(known, _)| *known == *i as u32))
                .map(|(_, field)| field.name)
                .collect();
            if !missing.is_empty() {
                self.report(errors::pattern_missing_fields(span, variant_def.name, &missing));
            }
        }
        let kind = if def.is_enum { PatKind::Variant { variant, fields: out } } else { PatKind::Leaf(out) };
        self.pat(kind, Ty::adt(adt, args), span)
    }

    fn slice_pat(
        &mut self,
        list: &[ast::Pat],
        ty: Ty,
        mode: Option<Mutable>,
        bound: &mut Vec<(Symbol, LocalId)>,
        span: Span,
    ) -> PatId {
        let (of, len) = match ty.kind() {
            TyKind::Slice(of) => (*of, None),
            TyKind::Array(of, len) => (*of, Some(self.shallow(*len))),
            TyKind::Error => (Ty::error(), None),
            _ => {
                let shown = self.show(ty);
                let is_vec = self.is_lang_adt(ty, "vec").is_some();
                self.report(errors::slice_pattern(span, &shown, is_vec));
                (Ty::error(), None)
            }
        };
        let is_error = of.is_error();
        let mut before = Vec::new();
        let mut rest: Option<Option<PatId>> = None;
        let mut after = Vec::new();
        for pat in list {
            // `..` or `name @ ..`
            let rest_here = match &pat.kind {
                P::Rest => Some(None),
                P::Bind { by_ref, mutable, name, sub: Some(sub) } if matches!(sub.kind, P::Rest) => {
                    let whole = Ty::slice(of);
                    let by = by_ref.or(mode);
                    // Of an array matched by value the rest would be an array of unknown length: it is looked at.
                    let by = if ty.is_error() { None } else { Some(by.unwrap_or(Mutable::No)) };
                    let local_ty = match by {
                        Some(mutable) => Ty::reference(mutable, whole),
                        None => Ty::error(),
                    };
                    let local = self.bind_name(*name, local_ty, *mutable, bound);
                    Some(Some(self.pat(PatKind::Bind { local, by_ref: by, sub: None }, whole, pat.span)))
                }
                _ => None,
            };
            match rest_here {
                Some(found) => {
                    if rest.is_some() {
                        self.report(errors::rest_here(pat.span));
                    }
                    rest = Some(found);
                }
                None => {
                    let id = self.pattern(pat, of, mode, bound);
                    if rest.is_some() { after.push(id) } else { before.push(id) }
                }
            }
        }
        if let Some(len) = len
            && let TyKind::Const(len) = len.kind()
        {
            let given = before.len() + after.len();
            if given as i64 > *len || rest.is_none() && given as i64 != *len {
                self.report(errors::pattern_count(span, "array", *len as usize, given));
                return self.pat(PatKind::Error, ty, span);
            }
        }
        let kind = if is_error { PatKind::Error } else { PatKind::Slice { before, rest, after } };
        self.pat(kind, ty, span)
    }

    /// Every alternative binds the same names, to the same locals.
    fn or_pat(
        &mut self,
        list: &[ast::Pat],
        ty: Ty,
        mode: Option<Mutable>,
        bound: &mut Vec<(Symbol, LocalId)>,
        span: Span,
    ) -> PatId {
        let outer = bound.len();
        let mut first: Option<Vec<(Symbol, LocalId)>> = None;
        let mut ids = Vec::new();
        for pat in list {
            let mut here: Vec<(Symbol, LocalId)> = bound[..outer].to_vec();
            self.scopes.push(Vec::new());
            let id = self.pattern(pat, ty, mode, &mut here);
            let names = self.scopes.pop().expect("just pushed");
            let new: Vec<(Symbol, LocalId)> = here[outer..].to_vec();
            match &first {
                None => {
                    self.scopes.last_mut().expect("a body has a scope").extend(names);
                    first = Some(new);
                }
                Some(first) => {
                    let first = first.clone();
                    let missing = first.iter().find(|(name, _)| !new.iter().any(|(other, _)| other == name));
                    let extra = new.iter().find(|(name, _)| !first.iter().any(|(other, _)| other == name));
                    if let Some((name, _)) = missing.or(extra) {
                        if !self.tainted {
                            self.report(errors::alternatives_differ(pat.span, list[0].span, *name));
                        }
                    }
                    // The later alternatives bind the first one's locals.
                    for (name, local) in &new {
                        let Some((_, original)) = first.iter().find(|(other, _)| other == name) else { continue };
                        let (a, b) = (self.locals[original.index()].ty, self.locals[local.index()].ty);
                        let at = self.locals[local.index()].span;
                        self.must_equal(a, b, at);
                        self.redirect(id, *local, *original);
                        // Nothing speaks of it any more.
                        self.locals[local.index()].name = Symbol::intern("_");
                    }
                }
            }
            ids.push(id);
        }
        if let Some(first) = first {
            bound.extend(first);
        }
        self.pat(PatKind::Or(ids), ty, span)
    }

    fn redirect(&mut self, pat: PatId, from: LocalId, to: LocalId) {
        let children: Vec<PatId> = match &mut self.pats[pat.index()].kind {
            PatKind::Bind { local, sub, .. } => {
                if *local == from {
                    *local = to;
                }
                sub.iter().copied().collect()
            }
            PatKind::Deref(inner) => vec![*inner],
            PatKind::Leaf(fields) | PatKind::Variant { fields, .. } => fields.iter().map(|(_, id)| *id).collect(),
            PatKind::Slice { before, rest, after } => {
                before.iter().chain(rest.iter().flatten()).chain(after.iter()).copied().collect()
            }
            PatKind::Or(list) => list.clone(),
            PatKind::Wild | PatKind::Const(_) | PatKind::Range { .. } | PatKind::Error => Vec::new(),
        };
        for child in children {
            self.redirect(child, from, to);
        }
    }
}
