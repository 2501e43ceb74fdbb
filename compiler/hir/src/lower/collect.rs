//! First walk: every definition gets its id and its name in a scope. Nothing is looked up yet.

use super::*;
use crate::errors;
use crate::program::Exploration;
use crate::resolve::imports::Import;
use crate::resolve::scope::Entry;
use syntax::ast::{AssocKind, Attr, Item, ItemKind};

/// What the header pass needs of each definition: its text.
#[derive(Default)]
pub(super) struct Collected<'a> {
    pub imports: Vec<Import>,
    pub fns: Vec<(FnId, FnSource<'a>)>,
    pub structs: Vec<(AdtId, &'a ast::StructItem)>,
    pub enums: Vec<(AdtId, &'a ast::EnumItem)>,
    pub traits: Vec<(TraitId, &'a ast::TraitItem)>,
    pub impls: Vec<(ImplId, &'a ast::ImplItem)>,
    pub aliases: Vec<(u32, &'a ast::TypeAliasItem)>,
}

#[derive(Clone, Copy)]
pub(super) enum FnSource<'a> {
    Fn(&'a Arc<ast::FnItem>),
    Const { ty: Option<&'a ast::Ty>, value: Option<&'a Arc<ast::Expr>> },
    TaskLocal { ty: &'a ast::Ty },
    Test,
}

/// `task_local_new(|| value)`; without a value, reading it unbound is a panic.
fn task_local_value(item: &ast::TaskLocalItem) -> ast::Expr {
    let span = item.name.span;
    let expr = |kind| ast::Expr { span, kind };
    let name = |name: &str| {
        let ident = ast::Ident { name: Symbol::intern(name), span };
        let segments = vec![ast::Segment { ident, args: None }];
        expr(ast::ExprKind::Path(ast::Path { span, segments, qualified: None }))
    };
    let call = |function: &str, arg: ast::Expr| expr(ast::ExprKind::Call(Box::new(name(function)), vec![arg]));
    let value = match &item.value {
        Some(value) => (**value).clone(),
        None => {
            let text = format!("task-local `{}` is read where nothing is bound to it", item.name.name);
            call("#panic", expr(ast::ExprKind::Lit(ast::Lit::Str(Symbol::intern(&text)))))
        }
    };
    let closure = ast::Closure { is_move: false, params: Vec::new(), ret: None, body: value, head_span: span };
    call("#task_local_new", expr(ast::ExprKind::Closure(Box::new(closure))))
}

pub(super) fn collect<'a>(
    program: &mut Program,
    modules: &'a [ModuleSource],
    derived: &'a FastMap<Span, ast::File>,
    diags: &mut Diags,
) -> Collected<'a> {
    let mut collector = Collector { program, derived, diags, out: Collected::default(), by_path: FastMap::default() };
    // The root first: it is module 0.
    collector.module(&[], false);
    for source in modules {
        let id = collector.module(&source.path, source.library);
        collector.items(id, &source.file.items);
    }
    let named = |collector: &Collector<'_, '_>, path: &[&str]| {
        let path: Vec<Symbol> = path.iter().map(|name| Symbol::intern(name)).collect();
        collector.by_path.get(&path).copied()
    };
    let (std_root, prelude) = (named(&collector, &["std"]), named(&collector, &["std", "prelude"]));
    collector.program.std_root = std_root;
    collector.program.prelude = prelude;
    collector.out
}

pub(super) struct Collector<'p, 'a> {
    pub(super) program: &'p mut Program,
    derived: &'a FastMap<Span, ast::File>,
    pub(super) diags: &'p mut Diags,
    out: Collected<'a>,
    by_path: FastMap<Vec<Symbol>, ModId>,
}

impl<'a> Collector<'_, 'a> {
    /// The module at a path, with those around it.
    fn module(&mut self, path: &[Symbol], library: bool) -> ModId {
        if let Some(&id) = self.by_path.get(path) {
            return id;
        }
        let parent = match path {
            [] => None,
            // The library stands beside the root, not in it.
            [only] if only.as_str() == "std" && library => None,
            [around @ .., _] => Some(self.module(around, library)),
        };
        let name = path.last().copied().unwrap_or_else(|| Symbol::intern(""));
        let id = self.new_module(name, parent, library, false);
        self.by_path.insert(path.to_vec(), id);
        if let Some(parent) = parent {
            self.declare(parent, name, Namespace::Type, Def::Mod(id), true, Span::NONE);
        }
        id
    }

    fn new_module(&mut self, name: Symbol, parent: Option<ModId>, library: bool, is_block: bool) -> ModId {
        let id = ModId(self.program.modules.len() as u32);
        let path = match parent.map(|parent| self.program.module(parent).path.clone()) {
            _ if is_block => parent.map_or(String::new(), |parent| self.program.module(parent).path.clone()),
            Some(around) if !around.is_empty() => format!("{around}::{name}"),
            _ => name.to_string(),
        };
        let scope = ModuleScope { is_block, ..ModuleScope::default() };
        self.program.modules.push(Module { name, path, parent, library, scope });
        id
    }

    fn declare(&mut self, module: ModId, name: Symbol, namespace: Namespace, def: Def, public: bool, span: Span) {
        let table = self.program.modules[module.index()].scope.table_mut(namespace);
        match table.get(&name) {
            Some(old) if !old.span.is_none() && !span.is_none() => {
                let old = old.span;
                self.diags.push(errors::defined_twice(name, span, old));
            }
            _ => {
                table.insert(name, Entry { def, public, span, imported: false });
            }
        }
    }

    fn path_of(&self, module: ModId, name: Symbol) -> String {
        let around = &self.program.module(module).path;
        if around.is_empty() { name.to_string() } else { format!("{around}::{name}") }
    }

    fn items(&mut self, module: ModId, items: &'a [Item]) {
        for item in items {
            self.item(module, item);
        }
    }

    fn item(&mut self, module: ModId, item: &'a Item) {
        self.attributes(module, item);
        match &item.kind {
            ItemKind::Fn(f) => {
                let kind = FnKind::Free;
                let id = self.function(module, f, kind, item.public, &item.attrs);
                self.declare(module, f.name.name, Namespace::Value, Def::Fn(id), item.public, f.name.span);
                if module == ModId(0) && f.name.name.as_str() == "main" {
                    self.program.main = Some(id);
                }
                self.lang(module, &item.attrs, crate::LangItem::Fn(id));
            }
            ItemKind::Struct(s) => {
                let id = self.adt(module, item, s.name, s.is_view, false);
                let kind = match &s.fields {
                    ast::Fields::Unit => VariantKind::Unit,
                    ast::Fields::Tuple(_) => VariantKind::Tuple,
                    ast::Fields::Named(_) => VariantKind::Named,
                };
                if kind != VariantKind::Named {
                    self.declare(module, s.name.name, Namespace::Value, Def::Variant(id, 0), item.public, s.name.span);
                }
                self.program.adts[id.index()].variants.push(VariantDef {
                    name: s.name.name,
                    kind,
                    fields: Vec::new(),
                    discriminant: 0,
                    span: s.name.span,
                });
                self.out.structs.push((id, s));
            }
            ItemKind::Enum(e) => {
                let id = self.adt(module, item, e.name, e.is_view, true);
                for variant in &e.variants {
                    let kind = match &variant.fields {
                        ast::Fields::Unit => VariantKind::Unit,
                        ast::Fields::Tuple(_) => VariantKind::Tuple,
                        ast::Fields::Named(_) => VariantKind::Named,
                    };
                    let adt = &mut self.program.adts[id.index()];
                    if let Some(old) = adt.variants.iter().find(|old| old.name == variant.name.name) {
                        self.diags.push(errors::defined_twice(variant.name.name, variant.name.span, old.span));
                        continue;
                    }
                    adt.variants.push(VariantDef {
                        name: variant.name.name,
                        kind,
                        fields: Vec::new(),
                        discriminant: 0,
                        span: variant.name.span,
                    });
                }
                self.out.enums.push((id, e));
            }
            ItemKind::Trait(t) => {
                let id = TraitId(self.program.traits.len() as u32);
                let path = self.path_of(module, t.name.name);
                self.program.traits.push(TraitDef {
                    id,
                    name: t.name.name,
                    path: path.clone(),
                    module,
                    public: item.public,
                    is_unsafe: t.is_unsafe,
                    generics: Generics::default(),
                    supers: Vec::new(),
                    methods: Vec::new(),
                    assoc_types: Vec::new(),
                    consts: Vec::new(),
                    auto: item.attrs.iter().any(|attr| attr.name.name.as_str() == "auto"),
                    span: item.span,
                    name_span: t.name.span,
                });
                self.declare(module, t.name.name, Namespace::Type, Def::Trait(id), item.public, t.name.span);
                self.lang(module, &item.attrs, crate::LangItem::Trait(id));
                let mut seen: Vec<ast::Ident> = Vec::new();
                for assoc in &t.items {
                    match &assoc.kind {
                        AssocKind::Fn(f) => {
                            let fn_id = self.function(module, f, FnKind::Trait(id), true, &assoc.attrs);
                            self.program.fns[fn_id.index()].path = format!("{path}::{}", f.name.name);
                            self.program.traits[id.index()].methods.push(fn_id);
                            self.twice(&mut seen, f.name);
                        }
                        AssocKind::Type { name, .. } => {
                            self.program.traits[id.index()].assoc_types.push(AssocTy {
                                name: name.name,
                                bounds: Vec::new(),
                                default: None,
                                span: name.span,
                            });
                            self.twice(&mut seen, *name);
                        }
                        AssocKind::Const { name, ty, value } => {
                            let source = FnSource::Const { ty: Some(ty), value: value.as_ref() };
                            let fn_id = self.constant(module, *name, source, FnKind::Const, true);
                            self.program.traits[id.index()].consts.push(fn_id);
                            self.twice(&mut seen, *name);
                        }
                        AssocKind::Error => {}
                    }
                }
                self.out.traits.push((id, t));
            }
            ItemKind::Impl(i) => {
                let id = ImplId(self.program.impls.len() as u32);
                self.program.impls.push(ImplDef {
                    id,
                    module,
                    generics: Generics::default(),
                    of_trait: None,
                    self_ty: Ty::error(),
                    negative: i.negative,
                    is_unsafe: i.is_unsafe,
                    methods: Vec::new(),
                    assoc_types: Vec::new(),
                    consts: Vec::new(),
                    span: i.head_span,
                });
                let mut seen: Vec<ast::Ident> = Vec::new();
                for assoc in &i.items {
                    match &assoc.kind {
                        AssocKind::Fn(f) => {
                            let public = assoc.public || i.of_trait.is_some();
                            let fn_id = self.function(module, f, FnKind::Impl(id), public, &assoc.attrs);
                            self.program.impls[id.index()].methods.push(fn_id);
                            self.lang(module, &assoc.attrs, crate::LangItem::Fn(fn_id));
                            self.twice(&mut seen, f.name);
                        }
                        AssocKind::Const { name, ty, value } => {
                            let source = FnSource::Const { ty: Some(ty), value: value.as_ref() };
                            let public = assoc.public || i.of_trait.is_some();
                            let fn_id = self.constant(module, *name, source, FnKind::Const, public);
                            self.program.impls[id.index()].consts.push(fn_id);
                            self.twice(&mut seen, *name);
                        }
                        AssocKind::Type { name, .. } => self.twice(&mut seen, *name),
                        AssocKind::Error => {}
                    }
                }
                self.out.impls.push((id, i));
            }
            ItemKind::Const(c) => {
                let source = FnSource::Const { ty: c.ty.as_ref(), value: Some(&c.value) };
                let id = self.constant(module, c.name, source, FnKind::Const, item.public);
                self.declare(module, c.name.name, Namespace::Value, Def::Fn(id), item.public, c.name.span);
            }
            ItemKind::Static(s) => {
                let source = FnSource::Const { ty: Some(&s.ty), value: Some(&s.value) };
                let kind = FnKind::Static { mutable: s.mutable };
                let id = self.constant(module, s.name, source, kind, item.public);
                self.declare(module, s.name.name, Namespace::Value, Def::Fn(id), item.public, s.name.span);
            }
            ItemKind::TypeAlias(alias) => {
                let index = self.program.aliases.len() as u32;
                let name = alias.name.name;
                self.program.aliases.push(AliasDef { name, module, generics: Generics::default(), ty: Ty::error() });
                self.declare(module, name, Namespace::Type, Def::Alias(index), item.public, alias.name.span);
                self.out.aliases.push((index, alias));
            }
            ItemKind::Use(tree) => imports::flatten(module, tree, &[], item.public, &mut self.out.imports),
            ItemKind::Mod(m) => {
                // A module in a file of its own was loaded beside this one.
                let Some(items) = &m.items else {
                    let scope = &mut self.program.modules[module.index()].scope;
                    if let Some(entry) = scope.types.get_mut(&m.name.name) {
                        entry.public |= item.public;
                    }
                    return;
                };
                let library = self.program.module(module).library;
                let id = self.new_module(m.name.name, Some(module), library, false);
                self.declare(module, m.name.name, Namespace::Type, Def::Mod(id), item.public, m.name.span);
                self.items(id, items);
            }
            ItemKind::Test(t) | ItemKind::Litmus(t) => {
                let id = self.new_fn(module, t.name, FnKind::Test, item.span, t.name_span);
                self.program.fns[id.index()].body = BodySource::Test(t.body.clone());
                self.program.fns[id.index()].path = t.name.to_string();
                self.program.fns[id.index()].attrs.exploration = self.test_options(&t.options);
                self.program.tests.push(id);
                self.out.fns.push((id, FnSource::Test));
                self.block(module, &t.body);
            }
            ItemKind::ExternBlock(block) => {
                let kind = match block.abi.as_str() {
                    "intrinsic" => FnKind::Intrinsic,
                    "runtime" => FnKind::Runtime,
                    _ => FnKind::Foreign,
                };
                for (attrs, public, f) in &block.fns {
                    let id = self.function(module, f, kind, *public, attrs);
                    // Foreign code keeps no promise: calling it is unsafe, as in Rust.
                    if kind == FnKind::Foreign {
                        self.program.fns[id.index()].is_unsafe = true;
                    }
                    self.declare(module, f.name.name, Namespace::Value, Def::Fn(id), *public, f.name.span);
                }
            }
            ItemKind::TaskLocal(t) => {
                let source = FnSource::TaskLocal { ty: &t.ty };
                let id = self.constant(module, t.name, source, FnKind::Static { mutable: false }, item.public);
                self.program.fns[id.index()].attrs.task_local = true;
                self.program.fns[id.index()].body = BodySource::Expr(Arc::new(task_local_value(t)));
                self.declare(module, t.name.name, Namespace::Value, Def::Fn(id), item.public, t.name.span);
            }
            ItemKind::Error => {}
        }
    }

    fn twice(&mut self, seen: &mut Vec<ast::Ident>, name: ast::Ident) {
        match seen.iter().find(|old| old.name == name.name) {
            Some(old) => self.diags.push(errors::defined_twice(name.name, name.span, old.span)),
            None => seen.push(name),
        }
    }

    fn adt(&mut self, module: ModId, item: &'a Item, name: ast::Ident, is_view: bool, is_enum: bool) -> AdtId {
        let id = AdtId(self.program.adts.len() as u32);
        let mut attrs = AdtAttrs::default();
        for attr in &item.attrs {
            match attr.name.name.as_str() {
                "must_use" => attrs.must_use = true,
                "cache_line" => attrs.cache_line = true,
                "repr" if attr.args.iter().any(|arg| arg.name.name.as_str() == "C") => attrs.repr_c = true,
                "repr" => self.diags.push(errors::unknown_repr(attr)),
                // Whether it may stand here is asked in `attributes`.
                _ => {}
            }
        }
        let path = self.path_of(module, name.name);
        self.program.adts.push(AdtDef {
            id,
            name: name.name,
            path,
            module,
            public: item.public,
            is_enum,
            is_view,
            generics: Generics::default(),
            variants: Vec::new(),
            attrs,
            span: item.span,
            name_span: name.span,
        });
        self.declare(module, name.name, Namespace::Type, Def::Adt(id), item.public, name.span);
        self.lang(module, &item.attrs, crate::LangItem::Adt(id));
        if let Some(file) = self.derived.get(&item.span) {
            self.items(module, &file.items);
        }
        id
    }

    fn function(
        &mut self,
        module: ModId,
        f: &'a Arc<ast::FnItem>,
        kind: FnKind,
        public: bool,
        attrs: &[Attr],
    ) -> FnId {
        let id = self.new_fn(module, f.name.name, kind, f.head_span, f.name.span);
        if let [first, .., last] | [first @ last] = f.from.as_slice() {
            self.program.fns[id.index()].from_span = first.span.to(last.span);
        }
        let mut flags = FnAttrs::default();
        for attr in attrs {
            match attr.name.name.as_str() {
                "inline" => match attr.args.first().map(|arg| arg.name.name) {
                    Some(never) if never.as_str() == "never" => flags.inline_never = true,
                    _ => flags.inline = true,
                },
                "cold" => flags.cold = true,
                "nonblocking" => flags.nonblocking = true,
                "auto_ref" => flags.auto_ref = true,
                "must_use" => flags.must_use = true,
                "orders" => flags.orders = true,
                "associative" => flags.associative = true,
                // Whether it may stand here is asked in `attributes`.
                _ => {}
            }
        }
        flags.exported = f.is_extern && f.body.is_some();
        let def = &mut self.program.fns[id.index()];
        def.attrs = flags;
        def.public = public;
        def.is_unsafe = f.is_unsafe;
        def.is_pure = f.is_pure;
        def.has_self = f.self_param.is_some();
        if f.body.is_some() {
            def.body = BodySource::Fn(f.clone());
        }
        self.out.fns.push((id, FnSource::Fn(f)));
        if let Some(body) = &f.body
            && !self.program.module(module).library
        {
            self.block(module, body);
        }
        id
    }

    fn constant(
        &mut self,
        module: ModId,
        name: ast::Ident,
        source: FnSource<'a>,
        kind: FnKind,
        public: bool,
    ) -> FnId {
        let id = self.new_fn(module, name.name, kind, name.span, name.span);
        self.program.fns[id.index()].public = public;
        if let FnSource::Const { value: Some(value), .. } = source {
            self.program.fns[id.index()].body = BodySource::Expr(value.clone());
        }
        self.out.fns.push((id, source));
        id
    }

    /// Under which schedules a test runs, if it says so.
    fn test_options(&mut self, options: &[ast::AttrArg]) -> Option<Exploration> {
        let mut exploration = None;
        for option in options {
            let number = match &option.value {
                Some(ast::Lit::Int { value, .. }) if *value > 0 => Some(u64::try_from(*value).unwrap_or(u64::MAX)),
                _ => None,
            };
            let chosen = match (option.name.name.as_str(), number) {
                ("schedules", Some(count)) => Exploration::Schedules(count),
                ("pct", Some(depth)) => Exploration::Priorities(u32::try_from(depth).unwrap_or(u32::MAX)),
                ("exhaustive", _) if option.value.is_none() => Exploration::Exhaustive,
                ("schedules" | "pct" | "exhaustive", _) => {
                    self.diags.push(errors::test_option_value(option.name, option.span));
                    continue;
                }
                _ => {
                    self.diags.push(errors::unknown_test_option(option.name));
                    continue;
                }
            };
            if exploration.replace(chosen).is_some() {
                self.diags.push(errors::second_test_option(option.span));
            }
        }
        exploration
    }

    fn new_fn(&mut self, module: ModId, name: Symbol, kind: FnKind, span: Span, name_span: Span) -> FnId {
        let id = FnId(self.program.fns.len() as u32);
        let path = self.path_of(module, name);
        self.program.fns.push(FnDef {
            id,
            name,
            path,
            module,
            kind,
            generics: Generics::default(),
            params: Vec::new(),
            ret: Ty::unit(),
            has_self: false,
            public: true,
            is_unsafe: false,
            is_pure: false,
            from: Vec::new(),
            from_span: span.end(),
            attrs: FnAttrs::default(),
            span,
            name_span,
            body: BodySource::None,
        });
        id
    }

    fn lang(&mut self, module: ModId, attrs: &[Attr], item: crate::LangItem) {
        if !self.program.module(module).library {
            return;
        }
        for attr in attrs.iter().filter(|attr| attr.name.name.as_str() == "lang") {
            if let Some(ast::Lit::Str(name)) = attr.args.first().and_then(|arg| arg.value.clone()) {
                self.program.lang.insert(name, item);
            }
        }
    }

    /// Items inside bodies: each block that has some is a module of its own that sees everything around it.
    fn block(&mut self, module: ModId, block: &'a ast::Block) {
        let mut walker = BlockWalker { found: Vec::new() };
        walker.block(block);
        for block in walker.found {
            let library = self.program.module(module).library;
            let around = self.enclosing_block_module(module, block.span);
            let id = self.new_module(Symbol::intern(""), Some(around), library, true);
            self.program.block_modules.insert(block.span, id);
            for stmt in &block.stmts {
                if let ast::StmtKind::Item(item) = &stmt.kind {
                    self.item(id, item);
                }
            }
        }
    }

    /// The innermost block module that was already made around a place, so that nested blocks see each other.
    fn enclosing_block_module(&self, module: ModId, span: Span) -> ModId {
        let mut best: Option<(Span, ModId)> = None;
        for (&around, &id) in &self.program.block_modules {
            let holds = around.file == span.file && around.lo <= span.lo && span.hi <= around.hi && around != span;
            let smaller = best.is_none_or(|(old, _)| around.hi - around.lo < old.hi - old.lo);
            // Items of a function inside a block are walked with that block's module already.
            if holds && smaller && self.is_under(id, module) {
                best = Some((around, id));
            }
        }
        best.map_or(module, |(_, id)| id)
    }

    fn is_under(&self, inner: ModId, outer: ModId) -> bool {
        crate::resolve::scope::is_inside(self.program, inner, outer)
    }
}

/// Finds the blocks with items, without going into those items.
struct BlockWalker<'a> {
    found: Vec<&'a ast::Block>,
}

impl<'a> BlockWalker<'a> {
    fn block(&mut self, block: &'a ast::Block) {
        if block.stmts.iter().any(|stmt| matches!(stmt.kind, ast::StmtKind::Item(_))) {
            self.found.push(block);
        }
        for stmt in &block.stmts {
            match &stmt.kind {
                ast::StmtKind::Let(l) => {
                    l.init.iter().for_each(|e| self.expr(e));
                    l.or_else.iter().for_each(|b| self.block(b));
                }
                ast::StmtKind::Expr(e) => self.expr(e),
                ast::StmtKind::Item(_) | ast::StmtKind::Error => {}
            }
        }
        block.tail.iter().for_each(|e| self.expr(e));
    }

    fn expr(&mut self, expr: &'a ast::Expr) {
        use ast::ExprKind as K;
        match &expr.kind {
            K::Lit(_) | K::Path(_) | K::Continue(_) | K::Yield | K::Error => {}
            K::Interpolated(parts) => {
                for part in parts {
                    if let ast::StrPart::Expr { expr, .. } = part {
                        self.expr(expr);
                    }
                }
            }
            K::Unary(_, e) | K::Ref(_, e) | K::RawRef(_, e) | K::Field(e, _) | K::TupleField(e, _, _) | K::Paren(e)
            | K::Let(_, e) | K::Try(e) | K::Cast(e, _) | K::Join(e) | K::Async(e) | K::Await(e) => self.expr(e),
            K::Binary(_, _, a, b) | K::Assign(a, b) | K::AssignOp(_, _, a, b) | K::Index(a, b) | K::Repeat(a, b)
            | K::VecRepeat(a, b) => {
                self.expr(a);
                self.expr(b);
            }
            K::Call(f, args) => {
                self.expr(f);
                args.iter().for_each(|e| self.expr(e));
            }
            K::MethodCall(call) => {
                self.expr(&call.receiver);
                call.args.iter().for_each(|e| self.expr(e));
            }
            K::Range { lo, hi, .. } => {
                lo.iter().for_each(|e| self.expr(e));
                hi.iter().for_each(|e| self.expr(e));
            }
            K::Tuple(list) | K::Array(list) | K::Vec(list) | K::Channel(_, list) => {
                list.iter().for_each(|e| self.expr(e));
            }
            K::Struct(s) => {
                s.fields.iter().for_each(|field| self.expr(&field.value));
                s.base.iter().for_each(|e| self.expr(e));
            }
            K::Block(b) | K::Labeled(_, b) | K::Unsafe(b) | K::Detach(b) | K::Blocking(b) => self.block(b),
            K::If(i) => {
                self.expr(&i.cond);
                self.block(&i.then);
                i.or_else.iter().for_each(|e| self.expr(e));
            }
            K::Match(e, arms) => {
                self.expr(e);
                for arm in arms {
                    arm.guard.iter().for_each(|e| self.expr(e));
                    self.expr(&arm.body);
                }
            }
            K::Loop(l) => self.block(&l.body),
            K::While(w) => {
                self.expr(&w.cond);
                self.block(&w.body);
            }
            K::For(f) => {
                self.expr(&f.iter);
                self.block(&f.body);
            }
            K::Closure(c) => self.expr(&c.body),
            K::Return(e) | K::Break(_, e) => e.iter().for_each(|e| self.expr(e)),
            K::Scope(s) => {
                s.options.iter().for_each(|(_, e)| self.expr(e));
                self.block(&s.body);
            }
            K::Spawn(s) => {
                s.in_scope.iter().for_each(|e| self.expr(e));
                self.expr(&s.body);
            }
            K::Select(s) => {
                for arm in &s.arms {
                    match &arm.kind {
                        ast::SelectKind::Operation { expr, .. } | ast::SelectKind::Join { expr, .. } => self.expr(expr),
                        ast::SelectKind::After(e) => self.expr(e),
                        ast::SelectKind::Cancelled | ast::SelectKind::Default => {}
                    }
                    self.expr(&arm.body);
                }
            }
            K::Shield(e, b) => {
                e.iter().for_each(|e| self.expr(e));
                self.block(b);
            }
            K::Timeout(e, b) | K::With(_, e, b) => {
                self.expr(e);
                self.block(b);
            }
            K::Lock(list, b) => {
                list.iter().for_each(|e| self.expr(e));
                self.block(b);
            }
        }
    }
}
