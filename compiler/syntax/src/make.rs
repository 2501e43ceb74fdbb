//! What the grammar's actions do: tokens and parts into nodes, with the checks that need no more than the node at hand.
//!
//! Positions are indices into the tokens being parsed. Reports go into `Cx::diags`, which is thrown away with the tree when
//! the tokens turn out not to parse.
#![allow(clippy::too_many_arguments, clippy::boxed_local, reason = "an action takes what its rule has read; boxes keep the parser's stack narrow")]

use crate::ast::*;
use crate::errors;
use crate::lexer::{Tables, Token};
use crate::token::Kind;
use diag::{Diags, SourceFile, Span, Symbol};
use std::sync::Arc;

pub(crate) struct Cx<'s> {
    pub file: &'s SourceFile,
    pub tables: &'s Tables,
    pub tokens: &'s [Token],
    pub diags: Diags,
    pub file_attrs: Vec<Attr>,
    /// `let`s that no condition has claimed yet.
    lets: Vec<Span>,
    /// `_`s that stand where values do; those on the left of an `=` are parts of a pattern.
    wilds: Vec<Span>,
}

pub(crate) type AttrParts = (Ident, Vec<AttrArg>);

pub(crate) enum AngleArg {
    Ty(Ty),
    Binding(Ident, Ty),
    Const(Expr),
}

#[derive(Clone, Copy, Default)]
pub(crate) struct FnWords {
    pub is_pure: bool,
    pub is_unsafe: bool,
    /// The string behind `extern`.
    pub abi: Option<u32>,
}

/// Out of the boxes in which they were moved about.
pub(crate) fn unboxed<T>(all: Vec<Box<T>>) -> Vec<T> {
    all.into_iter().map(|one| *one).collect()
}

pub(crate) enum ParamOrSelf {
    Param(Box<Param>),
    SelfParam(SelfParam),
}

pub(crate) enum StructPart {
    Field(FieldExpr),
    Base(u32, Expr),
    Bad,
}

/// Statements so far, and whether a `;` stands behind the last.
#[derive(Default)]
pub(crate) struct Stmts {
    list: Vec<Stmt>,
    ended: bool,
}

impl Stmts {
    pub fn push(&mut self, stmt: Stmt) {
        self.list.push(stmt);
        self.ended = false;
    }

    pub fn end(&mut self) {
        self.ended = true;
    }
}

#[derive(Clone, Copy)]
pub(crate) struct Op {
    pub kind: Kind,
    pub span: Span,
}

pub(crate) enum Link {
    Op(Op, Expr),
    Let(Op, (Span, Box<Pat>), Expr),
    Cast(Box<Ty>),
}

/// Operands and operators in the order of the text.
pub(crate) struct Chain {
    first_let: Option<(Span, Box<Pat>)>,
    first: Expr,
    pub rest: Vec<Link>,
}

impl Chain {
    pub fn new(first: Expr) -> Chain {
        Chain { first_let: None, first, rest: Vec::new() }
    }
}

pub(crate) enum Unary {
    Op(UnaryOp),
    Ref(Mutable),
    Raw(Mutable),
    Join,
    Await,
}

pub(crate) enum Suffix {
    Field(Ident),
    Index(u32),
    Method(Ident, Box<GenericArgs>, Vec<Expr>),
    Try,
}

impl<'s> Cx<'s> {
    pub fn new(file: &'s SourceFile, tables: &'s Tables, tokens: &'s [Token]) -> Cx<'s> {
        Cx { file, tables, tokens, diags: Diags::new(), file_attrs: Vec::new(), lets: Vec::new(), wilds: Vec::new() }
    }

    /// To be called when everything was parsed: reports what nothing claimed.
    pub fn finish(&mut self) {
        for span in std::mem::take(&mut self.wilds) {
            self.diags.push(errors::wild_expression(span));
        }
        for span in std::mem::take(&mut self.lets) {
            self.diags.push(errors::let_outside_condition(span));
        }
    }

    pub fn span(&self, l: u32, r: u32) -> Span {
        let last = self.tokens.last().map_or(0, |token| token.hi);
        let lo = self.tokens.get(l as usize).map_or(last, |token| token.lo);
        let hi = if r > l { self.tokens.get(r as usize - 1).map_or(last, |token| token.hi) } else { lo };
        Span { file: self.file.id, lo, hi: hi.max(lo) }
    }

    fn token_text(&self, l: u32) -> &'s str {
        match self.tokens.get(l as usize) {
            Some(token) => &self.file.text[token.lo as usize..token.hi as usize],
            None => "",
        }
    }

    pub fn ident(&mut self, l: u32) -> Ident {
        let text = self.token_text(l);
        Ident { name: Symbol::intern(text.strip_prefix("r#").unwrap_or(text)), span: self.span(l, l + 1) }
    }

    fn nameless(&self, span: Span) -> Ident {
        Ident { name: Symbol::intern(""), span: span.start() }
    }

    pub fn literal(&self, l: u32) -> Lit {
        self.tables.literals[self.tokens[l as usize].data as usize].clone()
    }

    pub fn text(&self, l: u32) -> Symbol {
        self.tables.texts[self.tokens[l as usize].data as usize]
    }

    /// The `///` lines in front of an item whose first token is `l` and whose own first word is `m`.
    fn docs(&self, l: u32, m: u32) -> Vec<Symbol> {
        let docs = &self.tables.docs;
        if docs.is_empty() {
            return Vec::new();
        }
        let (lo, hi) = (self.span(l, l).lo, self.span(m, m).lo);
        let from = docs.partition_point(|(at, _)| *at < lo);
        docs[from..].iter().take_while(|(at, _)| *at <= hi).map(|(_, doc)| *doc).collect()
    }

    pub fn missing_comma(&mut self, l: u32) {
        let at = self.span(l, l);
        self.diags.push(errors::missing_comma(at));
    }
}

/// Items.
impl Cx<'_> {
    pub fn file_attr(&mut self, l: u32, parts: AttrParts, r: u32) {
        let attr = self.attr(l, parts, r);
        self.file_attrs.push(attr);
    }

    pub fn item(&mut self, l: u32, attrs: Vec<Attr>, public: bool, m: u32, kind: Box<ItemKind>, r: u32) -> Box<Item> {
        Box::new(Item { span: self.span(l, r), docs: self.docs(l, m), attrs, public, kind: *kind })
    }

    pub fn bad_item(&mut self, l: u32, r: u32) -> Box<Item> {
        self.item(l, Vec::new(), false, l, Box::new(ItemKind::Error), r)
    }

    pub fn attr(&mut self, l: u32, (name, args): AttrParts, r: u32) -> Attr {
        Attr { span: self.span(l, r), name, args }
    }

    pub fn attr_arg(&mut self, l: u32, name: Ident, value: Option<Lit>, r: u32) -> AttrArg {
        AttrArg { span: self.span(l, r), name, value }
    }

    pub fn attr_value(&mut self, l: u32, value: Lit, r: u32) -> AttrArg {
        let span = self.span(l, r);
        AttrArg { span, name: self.nameless(span), value: Some(value) }
    }

    pub fn attr_nested(&mut self, l: u32, name: Ident, _args: Vec<AttrArg>, r: u32) -> AttrArg {
        let span = self.span(l, r);
        self.diags.push(errors::unsupported(span, "an attribute inside an attribute"));
        AttrArg { span, name, value: None }
    }

    pub fn item_fn(&mut self, head: Box<FnItem>, body: Option<Block>) -> Box<ItemKind> {
        if body.is_none() {
            self.diags.push(errors::function_without_body(head.head_span, head.name));
        }
        if let Some(receiver) = &head.self_param {
            self.diags.push(errors::self_outside_method(receiver.span));
        }
        Box::new(ItemKind::Fn(self.finish_fn(head, body)))
    }

    pub fn finish_fn(&mut self, mut head: Box<FnItem>, body: Option<Block>) -> Arc<FnItem> {
        if let Some(body) = &body {
            head.span = head.span.to(body.span);
        }
        head.body = body;
        Arc::new(*head)
    }

    pub fn fn_head(
        &mut self,
        l: u32,
        words: FnWords,
        name: Ident,
        params_of: Vec<GenericParam>,
        list: Vec<ParamOrSelf>,
        ret: Option<Ty>,
        from: Vec<FromClause>,
        r: u32,
        predicates: Vec<WherePredicate>,
    ) -> Box<FnItem> {
        let head_span = self.span(l, r);
        if let Some(abi) = words.abi {
            self.check_abi(abi);
        }
        let mut self_param = None;
        let mut params = Vec::with_capacity(list.len());
        for (index, param) in list.into_iter().enumerate() {
            match param {
                ParamOrSelf::Param(param) => params.push(*param),
                ParamOrSelf::SelfParam(receiver) if index == 0 => self_param = Some(receiver),
                ParamOrSelf::SelfParam(receiver) => self.diags.push(errors::self_not_first(receiver.span)),
            }
        }
        Box::new(FnItem {
            span: head_span,
            name,
            is_pure: words.is_pure,
            is_unsafe: words.is_unsafe,
            is_extern: words.abi.is_some(),
            generics: Generics { params: params_of, predicates },
            self_param,
            params,
            ret,
            from,
            body: None,
            head_span,
        })
    }

    fn check_abi(&mut self, l: u32) {
        let abi = self.text(l);
        let own = self.file.library && matches!(&*abi, "intrinsic" | "runtime");
        if &*abi != "C" && !own {
            let span = self.span(l, l + 1);
            self.diags.push(errors::unknown_abi(span, abi));
        }
    }

    pub fn struct_item(
        &mut self,
        is_view: bool,
        name: Ident,
        params: Vec<GenericParam>,
        predicates: Vec<WherePredicate>,
        fields: Fields,
    ) -> Box<ItemKind> {
        Box::new(ItemKind::Struct(StructItem { name, generics: Generics { params, predicates }, is_view, fields }))
    }

    pub fn enum_item(
        &mut self,
        is_view: bool,
        name: Ident,
        params: Vec<GenericParam>,
        predicates: Vec<WherePredicate>,
        variants: Vec<Variant>,
    ) -> Box<ItemKind> {
        Box::new(ItemKind::Enum(EnumItem { name, generics: Generics { params, predicates }, is_view, variants }))
    }

    pub fn trait_item(
        &mut self,
        is_unsafe: bool,
        name: Ident,
        params: Vec<GenericParam>,
        supers: Vec<Bound>,
        predicates: Vec<WherePredicate>,
        items: Vec<AssocItem>,
    ) -> Box<ItemKind> {
        Box::new(ItemKind::Trait(TraitItem { name, is_unsafe, generics: Generics { params, predicates }, supers, items }))
    }

    pub fn impl_item(
        &mut self,
        l: u32,
        is_unsafe: bool,
        params: Vec<GenericParam>,
        negative: bool,
        first: Ty,
        target: Option<Ty>,
        r: u32,
        predicates: Vec<WherePredicate>,
        items: Vec<AssocItem>,
    ) -> Box<ItemKind> {
        let head_span = self.span(l, r);
        for item in &items {
            match &item.kind {
                AssocKind::Fn(function) if function.body.is_none() => {
                    self.diags.push(errors::function_without_body(function.head_span, function.name));
                }
                AssocKind::Const { name, value: None, .. } => self.diags.push(errors::needs_value(name.span, "a constant")),
                AssocKind::Type { name, ty: None, .. } => self.diags.push(errors::needs_value(name.span, "a type")),
                _ => {}
            }
        }
        let (of_trait, self_ty) = match (target, first.kind) {
            (None, kind) => {
                if negative {
                    self.diags.push(errors::negative_inherent(head_span));
                }
                (None, Ty { span: first.span, kind })
            }
            (Some(target), TyKind::Path(path)) => (Some(path), target),
            (Some(target), _) => {
                self.diags.push(errors::not_a_trait(first.span));
                (None, target)
            }
        };
        Box::new(ItemKind::Impl(ImplItem {
            is_unsafe,
            negative,
            generics: Generics { params, predicates },
            of_trait,
            self_ty,
            items,
            head_span,
        }))
    }

    pub fn test(&mut self, options: Vec<AttrArg>, l: u32, body: Block) -> TestItem {
        TestItem { name: self.text(l), name_span: self.span(l, l + 1), options, body: Arc::new(body) }
    }

    pub fn extern_block(&mut self, l: u32, items: Vec<AssocItem>) -> Box<ItemKind> {
        self.check_abi(l);
        let mut fns = Vec::with_capacity(items.len());
        for item in items {
            match item.kind {
                AssocKind::Fn(function) => {
                    if let Some(body) = &function.body {
                        self.diags.push(errors::body_in_extern(body.span.start(), function.name));
                    }
                    let mut function = Arc::unwrap_or_clone(function);
                    function.is_extern = true;
                    fns.push((item.attrs, item.public, Arc::new(function)));
                }
                AssocKind::Error => {}
                _ => self.diags.push(errors::only_functions_in_extern(item.span)),
            }
        }
        Box::new(ItemKind::ExternBlock(ExternBlock { abi: self.text(l), fns }))
    }

    pub fn const_item(&mut self, name: Ident, ty: Option<Ty>, value: Expr) -> Box<ItemKind> {
        Box::new(ItemKind::Const(ConstItem { name, ty, value: Arc::new(value) }))
    }

    pub fn static_item(&mut self, mutable: bool, name: Ident, ty: Ty, value: Expr) -> Box<ItemKind> {
        Box::new(ItemKind::Static(StaticItem { name, mutable, ty, value: Arc::new(value) }))
    }

    pub fn type_item(
        &mut self,
        name: Ident,
        params: Vec<GenericParam>,
        predicates: Vec<WherePredicate>,
        ty: Ty,
    ) -> Box<ItemKind> {
        Box::new(ItemKind::TypeAlias(TypeAliasItem { name, generics: Generics { params, predicates }, ty }))
    }

    pub fn task_local(&mut self, name: Ident, ty: Ty, value: Option<Expr>) -> Box<ItemKind> {
        Box::new(ItemKind::TaskLocal(TaskLocalItem { name, ty, value: value.map(Arc::new) }))
    }

    pub fn field(&mut self, l: u32, attrs: Vec<Attr>, public: bool, m: u32, name: Ident, ty: Ty, r: u32) -> Field {
        Field { span: self.span(l, r), docs: self.docs(l, m), attrs, public, name, ty }
    }

    pub fn tuple_field(&mut self, l: u32, attrs: Vec<Attr>, public: bool, m: u32, ty: Ty, r: u32) -> Field {
        let name = self.nameless(ty.span);
        self.field(l, attrs, public, m, name, ty, r)
    }

    /// Gives the fields their numbers.
    pub fn tuple_fields(&mut self, mut fields: Vec<Field>) -> Fields {
        for (index, field) in fields.iter_mut().enumerate() {
            field.name.name = Symbol::intern(&index.to_string());
        }
        Fields::Tuple(fields)
    }

    pub fn bad_field(&mut self, l: u32, r: u32) -> Field {
        let span = self.span(l, r);
        let name = self.nameless(span);
        self.field(l, Vec::new(), false, l, name, Ty { span, kind: TyKind::Error }, r)
    }

    pub fn variant(
        &mut self,
        l: u32,
        attrs: Vec<Attr>,
        m: u32,
        name: Ident,
        fields: Fields,
        discriminant: Option<Expr>,
        r: u32,
    ) -> Variant {
        Variant { span: self.span(l, r), docs: self.docs(l, m), attrs, name, fields, discriminant }
    }

    pub fn bad_variant(&mut self, l: u32, r: u32) -> Variant {
        let name = self.nameless(self.span(l, r));
        self.variant(l, Vec::new(), l, name, Fields::Unit, None, r)
    }

    pub fn assoc(&mut self, l: u32, attrs: Vec<Attr>, public: bool, m: u32, kind: AssocKind, r: u32) -> Box<AssocItem> {
        Box::new(AssocItem { span: self.span(l, r), docs: self.docs(l, m), attrs, public, kind })
    }

    pub fn bad_assoc(&mut self, l: u32, r: u32) -> Box<AssocItem> {
        self.assoc(l, Vec::new(), false, l, AssocKind::Error, r)
    }
}

/// Paths and types.
impl Cx<'_> {
    pub fn angle(&mut self, l: u32, list: Vec<AngleArg>, r: u32) -> GenericArgs {
        let mut args = Vec::with_capacity(list.len());
        let mut bindings = Vec::new();
        for arg in list {
            match arg {
                AngleArg::Ty(ty) => args.push(GenericArg::Ty(ty)),
                AngleArg::Const(expr) => args.push(GenericArg::Const(expr)),
                AngleArg::Binding(name, ty) => bindings.push((name, ty)),
            }
        }
        GenericArgs::Angle { span: self.span(l, r), args, bindings }
    }

    pub fn segment_span(&self, segment: &Segment) -> Span {
        match segment.args.as_deref() {
            Some(GenericArgs::Angle { span, .. } | GenericArgs::Paren { span, .. }) => segment.ident.span.to(*span),
            None => segment.ident.span,
        }
    }

    pub fn path_push(&mut self, mut path: Path, segment: Segment, r: u32) -> Path {
        path.span.hi = self.span(r - 1, r).hi;
        path.segments.push(segment);
        path
    }

    pub fn path_args(&mut self, mut path: Path, args: GenericArgs, r: u32) -> Path {
        path.span.hi = self.span(r - 1, r).hi;
        let last = path.segments.last_mut().expect("a path has a segment");
        if let (Some(_), GenericArgs::Angle { span, .. }) = (&last.args, &args) {
            self.diags.push(errors::arguments_twice(*span));
        }
        last.args = Some(Box::new(args));
        path
    }

    pub fn path_paren(&mut self, path: Path, l: u32, inputs: Vec<Ty>, output: Option<Ty>, r: u32) -> Path {
        let args = GenericArgs::Paren { span: self.span(l, r), inputs, output: output.map(Box::new) };
        self.path_args(path, args, r)
    }

    pub fn two_segments(&mut self, first: Ident, second: Ident) -> Path {
        let segments = vec![Segment { ident: first, args: None }, Segment { ident: second, args: None }];
        Path { span: first.span.to(second.span), segments, qualified: None }
    }

    pub fn word_path(&mut self, l: u32, r: u32) -> Path {
        Path { span: self.span(l, r), segments: vec![Segment { ident: self.ident(l), args: None }], qualified: None }
    }

    pub fn name_args(&mut self, name: Ident, args: GenericArgs, r: u32) -> Path {
        let path = Path { span: name.span, segments: vec![Segment { ident: name, args: None }], qualified: None };
        self.path_args(path, args, r)
    }

    pub fn cast_args(&mut self, l: u32, path: Path, k: u32, args: Vec<AngleArg>, r: u32) -> Ty {
        let args = self.angle(k, args, r);
        let path = self.path_args(path, args, r);
        self.ty(l, TyKind::Path(path), r)
    }

    pub fn ty(&mut self, l: u32, kind: TyKind, r: u32) -> Ty {
        Ty { span: self.span(l, r), kind }
    }

    pub fn double_ref_ty(&mut self, l: u32, mutable: Mutable, ty: Ty, r: u32) -> Ty {
        let span = self.span(l, r);
        let inner = Ty { span: Span { lo: span.lo + 1, ..span }, kind: TyKind::Ref(mutable, Box::new(ty)) };
        Ty { span, kind: TyKind::Ref(Mutable::No, Box::new(inner)) }
    }

    pub fn tuple_ty(&mut self, l: u32, first: Ty, rest: Vec<Ty>, r: u32) -> Ty {
        let mut list = vec![first];
        list.extend(rest);
        self.ty(l, TyKind::Tuple(list), r)
    }

    pub fn fn_ty(&mut self, l: u32, is_unsafe: bool, abi: Option<u32>, params: Vec<Ty>, ret: Option<Ty>, r: u32) -> Ty {
        if let Some(abi) = abi {
            self.check_abi(abi);
        }
        self.ty(l, TyKind::Fn { is_unsafe, is_extern: abi.is_some(), params, ret: ret.map(Box::new) }, r)
    }
}

/// Patterns.
impl Cx<'_> {
    pub fn pat(&mut self, l: u32, kind: PatKind, r: u32) -> Pat {
        Pat { span: self.span(l, r), kind }
    }

    pub fn or_pat(&mut self, l: u32, mut list: Vec<Pat>, r: u32) -> Pat {
        match list.pop() {
            Some(only) if list.is_empty() => only,
            last => {
                list.extend(last);
                self.pat(l, PatKind::Or(list), r)
            }
        }
    }

    pub fn bind(&mut self, l: u32, by_ref: Option<Mutable>, mutable: bool, name: Ident, sub: Option<Pat>, r: u32) -> Pat {
        self.pat(l, PatKind::Bind { by_ref, mutable, name, sub: sub.map(Box::new) }, r)
    }

    pub fn lit_pat(&mut self, l: u32, value: Expr, r: u32) -> Pat {
        self.pat(l, PatKind::Lit(Box::new(value)), r)
    }

    pub fn range_pat(&mut self, l: u32, lo: Option<Expr>, hi: Option<Expr>, inclusive: bool, r: u32) -> Pat {
        self.pat(l, PatKind::Range { lo: lo.map(Box::new), hi: hi.map(Box::new), inclusive }, r)
    }

    pub fn double_ref_pat(&mut self, l: u32, mutable: Mutable, pat: Pat, r: u32) -> Pat {
        let span = self.span(l, r);
        let inner = Pat { span: Span { lo: span.lo + 1, ..span }, kind: PatKind::Ref(mutable, Box::new(pat)) };
        Pat { span, kind: PatKind::Ref(Mutable::No, Box::new(inner)) }
    }

    /// `(p)` is `p`, but `(..)` is a tuple.
    pub fn paren_pat(&mut self, l: u32, pat: Pat, r: u32) -> Pat {
        match pat.kind {
            PatKind::Rest => self.pat(l, PatKind::Tuple(vec![pat]), r),
            kind => self.pat(l, kind, r),
        }
    }

    pub fn tuple_pat(&mut self, l: u32, first: Pat, rest: Vec<Pat>, r: u32) -> Pat {
        let mut list = vec![first];
        list.extend(rest);
        self.pat(l, PatKind::Tuple(list), r)
    }

    pub fn struct_pat(&mut self, l: u32, path: Path, list: Vec<Option<FieldPat>>, r: u32) -> Pat {
        let rest = list.iter().any(Option::is_none);
        if list.iter().rev().skip(1).any(Option::is_none) {
            let span = self.span(l, r);
            self.diags.push(errors::rest_not_last(span));
        }
        self.pat(l, PatKind::Struct { path, fields: list.into_iter().flatten().collect(), rest }, r)
    }

    pub fn short_field_pat(&mut self, l: u32, by_ref: Option<Mutable>, mutable: bool, name: Ident, r: u32) -> FieldPat {
        let pat = self.bind(l, by_ref, mutable, name, None, r);
        FieldPat { span: pat.span, name, pat, short: true }
    }
}

/// Blocks and statements.
impl Cx<'_> {
    pub fn block(&mut self, l: u32, mut stmts: Stmts, last: Option<Stmt>, r: u32) -> Block {
        let mut tail = None;
        match last {
            Some(Stmt { kind: StmtKind::Expr(expr), .. }) => tail = Some(Box::new(expr)),
            Some(stmt) => stmts.list.push(stmt),
            None if stmts.ended => {}
            None => match stmts.list.pop() {
                Some(Stmt { kind: StmtKind::Expr(expr), .. }) => tail = Some(Box::new(expr)),
                stmt => stmts.list.extend(stmt),
            },
        }
        Block { span: self.span(l, r), stmts: stmts.list, tail }
    }

    pub fn let_stmt(&mut self, l: u32, pat: Pat, ty: Option<Ty>, init: Option<Expr>, or_else: Option<Block>, r: u32) -> Stmt {
        Stmt { span: self.span(l, r), kind: StmtKind::Let(Box::new(Let { pat, ty, init, or_else })) }
    }
}

/// Expressions.
impl<'s> Cx<'s> {
    pub fn expr(&mut self, l: u32, kind: ExprKind, r: u32) -> Expr {
        Expr { span: self.span(l, r), kind }
    }

    pub fn lit(&mut self, l: u32, value: Lit, r: u32) -> Expr {
        self.expr(l, ExprKind::Lit(value), r)
    }

    pub fn literal_expr(&mut self, l: u32, r: u32) -> Expr {
        let value = self.literal(l);
        self.lit(l, value, r)
    }

    pub fn string_expr(&mut self, l: u32, r: u32) -> Expr {
        let value = Lit::Str(self.text(l));
        self.lit(l, value, r)
    }

    pub fn negative_literal(&mut self, l: u32, m: u32, r: u32) -> Expr {
        let value = self.literal_expr(m, r);
        self.expr(l, ExprKind::Unary(UnaryOp::Neg, Box::new(value)), r)
    }

    pub fn name_expr(&mut self, l: u32, name: Ident, r: u32) -> Expr {
        let path = Path { span: name.span, segments: vec![Segment { ident: name, args: None }], qualified: None };
        self.expr(l, ExprKind::Path(path), r)
    }

    pub fn wild_expr(&mut self, l: u32, r: u32) -> Expr {
        let span = self.span(l, r);
        self.wilds.push(span);
        let ident = Ident { name: Symbol::intern("_"), span };
        self.name_expr(l, ident, r)
    }

    pub fn tuple(&mut self, l: u32, first: Expr, rest: Vec<Expr>, r: u32) -> Expr {
        let mut list = vec![first];
        list.extend(rest);
        self.expr(l, ExprKind::Tuple(list), r)
    }

    pub fn channel(&mut self, l: u32, ty: Option<Ty>, args: Vec<Expr>, r: u32) -> Expr {
        self.expr(l, ExprKind::Channel(ty.map(Box::new), args), r)
    }

    pub fn str_expr(&mut self, l: u32, expr: Expr, spec: Option<u32>, r: u32) -> StrPart {
        let spec = match spec {
            Some(k) => self.tables.specs[self.tokens[k as usize].data as usize].clone(),
            None => FormatSpec::default(),
        };
        StrPart::Expr { expr: Box::new(expr), spec, span: self.span(l, r) }
    }

    pub fn short_field(&mut self, l: u32, name: Ident, r: u32) -> FieldExpr {
        FieldExpr { span: name.span, name, value: self.name_expr(l, name, r), short: true }
    }

    pub fn struct_expr(&mut self, l: u32, path: Path, parts: Vec<StructPart>, r: u32) -> Expr {
        let mut fields = Vec::with_capacity(parts.len());
        let mut base = None;
        for part in parts {
            match part {
                StructPart::Field(field) => {
                    if let Some((k, _)) = &base {
                        let span = self.span(*k, *k + 1);
                        self.diags.push(errors::base_not_last(span));
                    }
                    fields.push(field);
                }
                StructPart::Base(k, expr) => base = Some((k, expr)),
                StructPart::Bad => {}
            }
        }
        let base = base.map(|(_, expr)| expr);
        self.expr(l, ExprKind::Struct(Box::new(StructExpr { path, fields, base })), r)
    }

    pub fn tuple_field_expr(&mut self, l: u32, base: Expr, k: u32, r: u32) -> Expr {
        let index = self.tokens[k as usize].data;
        let span = self.span(k, k + 1);
        self.expr(l, ExprKind::TupleField(Box::new(base), index, span), r)
    }

    pub fn suffix(&mut self, l: u32, base: Expr, suffix: Suffix, r: u32) -> Expr {
        match suffix {
            Suffix::Field(name) => self.expr(l, ExprKind::Field(Box::new(base), name), r),
            Suffix::Index(k) => self.tuple_field_expr(l, base, k, r),
            Suffix::Try => self.expr(l, ExprKind::Try(Box::new(base)), r),
            Suffix::Method(name, turbofish, args) => {
                let call = MethodCall { receiver: base, name, turbofish: Some(turbofish), args };
                self.expr(l, ExprKind::MethodCall(Box::new(call)), r)
            }
        }
    }

    /// `a.f(x)` is a method call, `(a.f)(x)` calls what the field holds.
    pub fn call(&mut self, l: u32, callee: Expr, args: Vec<Expr>, r: u32) -> Expr {
        let kind = match callee.kind {
            ExprKind::Field(receiver, name) => {
                ExprKind::MethodCall(Box::new(MethodCall { receiver: *receiver, name, turbofish: None, args }))
            }
            kind => ExprKind::Call(Box::new(Expr { span: callee.span, kind }), args),
        };
        self.expr(l, kind, r)
    }

    pub fn unary(&mut self, l: u32, op: Unary, operand: Expr, r: u32) -> Expr {
        let operand = Box::new(operand);
        let kind = match op {
            Unary::Op(op) => ExprKind::Unary(op, operand),
            Unary::Ref(mutable) => ExprKind::Ref(mutable, operand),
            Unary::Raw(mutable) => ExprKind::RawRef(mutable, operand),
            Unary::Join => ExprKind::Join(operand),
            Unary::Await => ExprKind::Await(operand),
        };
        self.expr(l, kind, r)
    }

    pub fn double_ref(&mut self, l: u32, mutable: Mutable, operand: Expr, r: u32) -> Expr {
        let span = self.span(l, r);
        let inner = Expr { span: Span { lo: span.lo + 1, ..span }, kind: ExprKind::Ref(mutable, Box::new(operand)) };
        Expr { span, kind: ExprKind::Ref(Mutable::No, Box::new(inner)) }
    }

    pub fn closure(&mut self, l: u32, is_move: bool, params: Vec<ClosureParam>, ret: Option<Ty>, k: u32, body: Expr, r: u32) -> Expr {
        let head_span = self.span(l, k);
        self.expr(l, ExprKind::Closure(Box::new(Closure { is_move, params, ret, body, head_span })), r)
    }

    pub fn closure_block(&mut self, l: u32, is_move: bool, params: Vec<ClosureParam>, ret: Ty, k: u32, body: Block, r: u32) -> Expr {
        let body = Expr { span: body.span, kind: ExprKind::Block(Box::new(body)) };
        self.closure(l, is_move, params, Some(ret), k, body, r)
    }

    pub fn spawn_head(&mut self) -> Spawn {
        let nothing = Expr { span: Span::NONE, kind: ExprKind::Error };
        Spawn { head_span: Span::NONE, is_try: false, is_move: false, in_scope: None, body: nothing }
    }

    pub fn spawn(&mut self, l: u32, mut spawn: Box<Spawn>, k: u32, body: Expr, r: u32) -> Expr {
        spawn.head_span = self.span(l, k);
        spawn.body = body;
        self.expr(l, ExprKind::Spawn(spawn), r)
    }

    pub fn if_expr(&mut self, l: u32, cond: Expr, then: Block, or_else: Option<Expr>, r: u32) -> Expr {
        let cond = self.condition(cond);
        self.expr(l, ExprKind::If(Box::new(If { cond, then, or_else })), r)
    }

    pub fn while_expr(&mut self, l: u32, label: Option<Ident>, cond: Expr, body: Block, r: u32) -> Expr {
        let cond = self.condition(cond);
        self.expr(l, ExprKind::While(Box::new(While { label, cond, body })), r)
    }

    pub fn for_expr(
        &mut self,
        l: u32,
        label: Option<Ident>,
        pat: Pat,
        iter: Expr,
        body: Block,
        parallel: Option<Parallel>,
        r: u32,
    ) -> Expr {
        self.expr(l, ExprKind::For(Box::new(For { label, pat, iter, body, parallel })), r)
    }

    pub fn reduction(&mut self, l: u32, m: u32, variable: Ident, r: u32) -> Reduction {
        Reduction {
            span: self.span(l, r),
            op: Symbol::intern(self.token_text(l)),
            op_span: self.span(l, m),
            variable,
        }
    }

    pub fn bad_arm(&mut self, l: u32, r: u32) -> Box<Arm> {
        let span = self.span(l, r);
        let body = Expr { span, kind: ExprKind::Error };
        Box::new(Arm { span, pat: Pat { span, kind: PatKind::Error }, guard: None, body })
    }

    pub fn bad_select_arm(&mut self, l: u32, r: u32) -> Box<SelectArm> {
        let span = self.span(l, r);
        let nothing = || Expr { span, kind: ExprKind::Error };
        Box::new(SelectArm { span, kind: SelectKind::Operation { pat: None, expr: nothing() }, body: nothing() })
    }

    pub fn select_operation(&mut self, pat: Option<Pat>, expr: Expr) -> SelectKind {
        match expr.kind {
            ExprKind::Join(task) => SelectKind::Join { pat, expr: *task },
            kind => SelectKind::Operation { pat, expr: Expr { span: expr.span, kind } },
        }
    }
}

/// Operators.
impl Cx<'_> {
    pub fn pending_let(&mut self, l: u32, pat: Pat) -> (Span, Box<Pat>) {
        let span = self.span(l, l + 1);
        self.lets.push(span);
        (span, Box::new(pat))
    }

    pub fn let_chain(&mut self, l: u32, pat: Pat, first: Expr) -> Chain {
        Chain { first_let: Some(self.pending_let(l, pat)), first, rest: Vec::new() }
    }

    pub fn open_range(&mut self, chain: Chain, l: u32, r: u32) -> Expr {
        let dots = self.span(l, r);
        let lo = self.chain(chain, None);
        if matches!(lo.kind, ExprKind::Range { .. }) {
            self.diags.push(errors::chained_ranges(dots));
        }
        Expr { span: lo.span.to(dots), kind: ExprKind::Range { lo: Some(Box::new(lo)), hi: None, inclusive: false } }
    }

    pub fn prefix_range(&mut self, l: u32, chain: Chain, inclusive: bool, r: u32) -> Expr {
        let dots = self.span(l, l + 1);
        let hi = self.chain(chain, None);
        if matches!(hi.kind, ExprKind::Range { .. }) {
            self.diags.push(errors::chained_ranges(dots));
        }
        self.expr(l, ExprKind::Range { lo: None, hi: Some(Box::new(hi)), inclusive }, r)
    }

    /// Gives a chain its shape by precedence. `last` is a low operand at its end, such as a closure.
    pub fn chain(&mut self, chain: Chain, last: Option<(Op, Expr)>) -> Expr {
        if chain.rest.is_empty() && chain.first_let.is_none() && last.is_none() {
            return chain.first;
        }
        let mut climb = Climb { cx: self, operands: vec![chain.first], ops: Vec::new() };
        if let Some(bound) = chain.first_let {
            climb.ops.push(Pending::Let(bound));
        }
        for link in chain.rest {
            match link {
                Link::Op(op, operand) => climb.push(op, operand),
                Link::Let(op, bound, operand) => {
                    climb.push(op, operand);
                    climb.ops.push(Pending::Let(bound));
                }
                Link::Cast(ty) => {
                    let operand = climb.operand();
                    let span = operand.span.to(ty.span);
                    climb.operands.push(Expr { span, kind: ExprKind::Cast(Box::new(operand), ty) });
                }
            }
        }
        if let Some((op, operand)) = last {
            climb.push(op, operand);
        }
        while climb.reduce_above(0) {}
        climb.operand()
    }

    /// Claims the `let`s of a condition, and finds the `=` that should compare.
    pub fn condition(&mut self, cond: Expr) -> Expr {
        let mut parts = vec![&cond];
        let mut assigns = Vec::new();
        while let Some(part) = parts.pop() {
            match &part.kind {
                ExprKind::Binary(BinaryOp::And, _, a, b) => parts.extend([&**a, &**b]),
                ExprKind::Let(..) => self.lets.retain(|span| span.lo != part.span.lo),
                ExprKind::Assign(place, value) => assigns.push((place.span, value.span, is_pattern_like(place))),
                _ => {}
            }
        }
        for (place, value, pattern) in assigns {
            let between = &self.file.text[place.hi as usize..value.lo as usize];
            let at = place.hi as usize + between.find('=').unwrap_or(0);
            let span = Span::new(self.file.id, at, at + 1);
            self.diags.push(errors::assignment_as_condition(span, place, pattern));
        }
        cond
    }
}

/// `Some(x) = e` means a pattern, `x = e` a comparison.
fn is_pattern_like(place: &Expr) -> bool {
    match &place.kind {
        ExprKind::Call(callee, _) => {
            matches!(&callee.kind, ExprKind::Path(path) if path.segments.last().is_some_and(|s| s.ident.name.starts_with(char::is_uppercase)))
        }
        ExprKind::Struct(_) | ExprKind::Tuple(_) => true,
        _ => false,
    }
}

enum Pending {
    Op(Op),
    Let((Span, Box<Pat>)),
}

/// Binding of operators, loosest first; even numbers, so that `let` fits between.
fn precedence(kind: Kind) -> u8 {
    use Kind::*;
    match kind {
        DotDot | DotDotEq => 4,
        OrOr => 6,
        AndAnd => 8,
        EqEq | Ne | Lt | Le | Gt | Ge => 10,
        Or => 12,
        Caret => 14,
        And => 16,
        LtJoint | GtJoint => 18,
        Plus | Minus => 20,
        Star | Slash | Percent => 22,
        // Every assignment.
        _ => 2,
    }
}

const ASSIGN: u8 = 2;
const RANGE: u8 = 4;
const COMPARE: u8 = 10;
/// `let p = e` takes everything that binds tighter than `&&`.
const LET: u8 = 9;

/// Operator precedence with stacks of its own: a long chain costs no call depth.
struct Climb<'a, 's> {
    cx: &'a mut Cx<'s>,
    operands: Vec<Expr>,
    ops: Vec<Pending>,
}

impl Climb<'_, '_> {
    fn operand(&mut self) -> Expr {
        self.operands.pop().expect("an operator stands behind its operand")
    }

    fn push(&mut self, op: Op, operand: Expr) {
        let level = precedence(op.kind);
        // Assignment groups to the right, everything else to the left.
        let above = if level == ASSIGN { level + 1 } else { level };
        while self.reduce_above(above) {}
        if matches!(level, RANGE | COMPARE) {
            self.report_chained(level, op);
        }
        self.ops.push(Pending::Op(op));
        self.operands.push(operand);
    }

    /// `a < b < c` and `a..b..c` have no meaning.
    fn report_chained(&mut self, level: u8, op: Op) {
        let Some(left) = self.operands.last() else { return };
        match &left.kind {
            ExprKind::Binary(kind, first, ..) if level == COMPARE && kind.is_comparison() => {
                let diagnostic = errors::chained_comparison(op.span, *first);
                self.cx.diags.push(diagnostic);
            }
            ExprKind::Range { .. } if level == RANGE => self.cx.diags.push(errors::chained_ranges(op.span)),
            _ => {}
        }
    }

    /// Applies the last operator if it binds at least as tightly as `level`.
    fn reduce_above(&mut self, level: u8) -> bool {
        let binds = match self.ops.last() {
            None => return false,
            Some(Pending::Op(op)) => precedence(op.kind),
            Some(Pending::Let(_)) => LET,
        };
        if binds < level {
            return false;
        }
        let right = self.operand();
        match self.ops.pop() {
            Some(Pending::Let((at, pat))) => {
                let span = at.to(right.span);
                self.operands.push(Expr { span, kind: ExprKind::Let(pat, Box::new(right)) });
            }
            Some(Pending::Op(op)) => {
                let left = self.operand();
                let span = left.span.to(right.span);
                if op.kind == Kind::Eq {
                    self.cx.wilds.retain(|wild| wild.lo < left.span.lo || wild.hi > left.span.hi);
                }
                let kind = apply(op, left, right);
                self.operands.push(Expr { span, kind });
            }
            None => {}
        }
        true
    }
}

fn apply(op: Op, left: Expr, right: Expr) -> ExprKind {
    let (left, right) = (Box::new(left), Box::new(right));
    let binary = |kind| (kind, false);
    let assign = |kind| (kind, true);
    let (kind, assigns) = match op.kind {
        Kind::Eq => return ExprKind::Assign(left, right),
        Kind::DotDot => return ExprKind::Range { lo: Some(left), hi: Some(right), inclusive: false },
        Kind::DotDotEq => return ExprKind::Range { lo: Some(left), hi: Some(right), inclusive: true },
        Kind::Plus => binary(BinaryOp::Add),
        Kind::Minus => binary(BinaryOp::Sub),
        Kind::Star => binary(BinaryOp::Mul),
        Kind::Slash => binary(BinaryOp::Div),
        Kind::Percent => binary(BinaryOp::Rem),
        Kind::And => binary(BinaryOp::BitAnd),
        Kind::Or => binary(BinaryOp::BitOr),
        Kind::Caret => binary(BinaryOp::BitXor),
        Kind::LtJoint => binary(BinaryOp::Shl),
        Kind::GtJoint => binary(BinaryOp::Shr),
        Kind::EqEq => binary(BinaryOp::Eq),
        Kind::Ne => binary(BinaryOp::Ne),
        Kind::Lt => binary(BinaryOp::Lt),
        Kind::Le => binary(BinaryOp::Le),
        Kind::Gt => binary(BinaryOp::Gt),
        Kind::Ge => binary(BinaryOp::Ge),
        Kind::AndAnd => binary(BinaryOp::And),
        Kind::OrOr => binary(BinaryOp::Or),
        Kind::PlusEq => assign(BinaryOp::Add),
        Kind::MinusEq => assign(BinaryOp::Sub),
        Kind::StarEq => assign(BinaryOp::Mul),
        Kind::SlashEq => assign(BinaryOp::Div),
        Kind::PercentEq => assign(BinaryOp::Rem),
        Kind::AndEq => assign(BinaryOp::BitAnd),
        Kind::OrEq => assign(BinaryOp::BitOr),
        Kind::CaretEq => assign(BinaryOp::BitXor),
        Kind::ShlEq => assign(BinaryOp::Shl),
        Kind::ShrEq => assign(BinaryOp::Shr),
        other => unreachable!("the grammar has no operator {other:?}"),
    };
    if assigns { ExprKind::AssignOp(kind, op.span, left, right) } else { ExprKind::Binary(kind, op.span, left, right) }
}
