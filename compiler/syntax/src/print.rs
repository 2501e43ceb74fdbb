//! The stages `tokens` and `ast` as text to read. The tree prints like source, with every operator in parentheses, so that
//! what was grouped with what can be seen.

use crate::ast::*;
use crate::parse::Tokens;
use diag::{SourceFile, Symbol};
use std::fmt::Write;

/// One token a line: place, kind, text.
pub fn tokens(file: &SourceFile, tokens: &Tokens) -> String {
    let mut out = String::new();
    for token in &tokens.list {
        let at = file.line_column(token.lo);
        let text = &file.text[token.lo as usize..token.hi as usize];
        let text = if text.contains('\n') { "…" } else { text };
        let line = format!("{}:{}\t{}\t{text}", at.line, at.column, token.kind.spelling());
        out.push_str(line.trim_end());
        out.push('\n');
    }
    out
}

pub fn ast(file: &File) -> String {
    let mut printer = Printer { out: String::new(), indent: 0 };
    for attr in &file.attrs {
        printer.attr(attr, "#!");
    }
    for item in &file.items {
        printer.item(item);
    }
    printer.out
}

/// The tree, or only the functions of a name, wherever they stand.
pub fn ast_of(file: &File, function: Option<&str>) -> String {
    let Some(name) = function else { return ast(file) };
    let mut printer = Printer { out: String::new(), indent: 0 };
    printer.functions(&file.items, name);
    printer.out
}

/// One expression on one line or several.
pub fn expr(expr: &Expr) -> String {
    let mut printer = Printer { out: String::new(), indent: 0 };
    printer.expr(expr);
    printer.out
}

pub fn ty(ty: &Ty) -> String {
    let mut printer = Printer { out: String::new(), indent: 0 };
    printer.ty(ty);
    printer.out
}

pub fn pat(pat: &Pat) -> String {
    let mut printer = Printer { out: String::new(), indent: 0 };
    printer.pat(pat);
    printer.out
}

pub fn path(path: &Path) -> String {
    let mut printer = Printer { out: String::new(), indent: 0 };
    printer.path(path, false);
    printer.out
}

struct Printer {
    out: String,
    indent: usize,
}

impl Printer {
    fn put(&mut self, text: &str) {
        self.out.push_str(text);
    }

    fn line(&mut self) {
        self.out.push('\n');
        for _ in 0..self.indent {
            self.out.push_str("    ");
        }
    }

    fn list<T>(&mut self, list: &[T], separator: &str, mut each: impl FnMut(&mut Self, &T)) {
        for (index, element) in list.iter().enumerate() {
            if index > 0 {
                self.put(separator);
            }
            each(self, element);
        }
    }

    /// `{`, each on a line, `}`.
    fn lines<T>(&mut self, list: &[T], mut each: impl FnMut(&mut Self, &T)) {
        self.put("{");
        self.indent += 1;
        for element in list {
            self.line();
            each(self, element);
        }
        self.indent -= 1;
        if !list.is_empty() {
            self.line();
        }
        self.put("}");
    }

    fn attr(&mut self, attr: &Attr, mark: &str) {
        let _ = write!(self.out, "{mark}[{}", attr.name.name);
        self.attr_args(&attr.args);
        self.put("]");
        self.line();
    }

    fn attr_args(&mut self, args: &[AttrArg]) {
        if args.is_empty() {
            return;
        }
        self.put("(");
        self.list(args, ", ", |p, arg| {
            p.put(&arg.name.name);
            if let Some(value) = &arg.value {
                if !arg.name.name.is_empty() {
                    p.put(" = ");
                }
                p.lit(value);
            }
        });
        self.put(")");
    }

    fn lead(&mut self, docs: &[Symbol], attrs: &[Attr], public: bool) {
        for doc in docs {
            let _ = write!(self.out, "/// {doc}");
            self.line();
        }
        for attr in attrs {
            self.attr(attr, "#");
        }
        if public {
            self.put("pub ");
        }
    }

    fn item(&mut self, item: &Item) {
        self.lead(&item.docs, &item.attrs, item.public);
        match &item.kind {
            ItemKind::Fn(function) => self.function(function),
            ItemKind::Struct(item) => {
                self.put(if item.is_view { "view struct " } else { "struct " });
                self.put(&item.name.name);
                self.generic_params(&item.generics);
                self.fields(&item.fields);
                self.predicates(&item.generics);
            }
            ItemKind::Enum(item) => {
                self.put(if item.is_view { "view enum " } else { "enum " });
                self.put(&item.name.name);
                self.generic_params(&item.generics);
                self.predicates(&item.generics);
                self.put(" ");
                self.lines(&item.variants, |p, variant| {
                    p.lead(&variant.docs, &variant.attrs, false);
                    p.put(&variant.name.name);
                    p.fields(&variant.fields);
                    if let Some(value) = &variant.discriminant {
                        p.put(" = ");
                        p.expr(value);
                    }
                });
            }
            ItemKind::Trait(item) => {
                self.put(if item.is_unsafe { "unsafe trait " } else { "trait " });
                self.put(&item.name.name);
                self.generic_params(&item.generics);
                self.bounds(&item.supers);
                self.predicates(&item.generics);
                self.put(" ");
                self.lines(&item.items, Printer::assoc);
            }
            ItemKind::Impl(item) => {
                self.put(if item.is_unsafe { "unsafe impl" } else { "impl" });
                self.generic_params(&item.generics);
                self.put(if item.negative { " !" } else { " " });
                if let Some(of_trait) = &item.of_trait {
                    self.path(of_trait, true);
                    self.put(" for ");
                }
                self.ty(&item.self_ty);
                self.predicates(&item.generics);
                self.put(" ");
                self.lines(&item.items, Printer::assoc);
            }
            ItemKind::Const(item) => {
                let _ = write!(self.out, "const {}", item.name.name);
                if let Some(ty) = &item.ty {
                    self.put(": ");
                    self.ty(ty);
                }
                self.put(" = ");
                self.expr(&item.value);
            }
            ItemKind::Static(item) => {
                let _ = write!(self.out, "static {}{}: ", if item.mutable { "mut " } else { "" }, item.name.name);
                self.ty(&item.ty);
                self.put(" = ");
                self.expr(&item.value);
            }
            ItemKind::TypeAlias(item) => {
                let _ = write!(self.out, "type {}", item.name.name);
                self.generic_params(&item.generics);
                self.put(" = ");
                self.ty(&item.ty);
            }
            ItemKind::Use(tree) => {
                self.put("use ");
                self.use_tree(tree);
            }
            ItemKind::Mod(item) => {
                let _ = write!(self.out, "mod {}", item.name.name);
                if let Some(items) = &item.items {
                    self.put(" ");
                    self.lines(items, Printer::item_inside);
                }
            }
            ItemKind::Test(test) => self.test("test", test),
            ItemKind::Litmus(test) => self.test("litmus", test),
            ItemKind::ExternBlock(block) => {
                let _ = write!(self.out, "extern {:?} ", block.abi.as_str());
                self.lines(&block.fns, |p, (attrs, public, function)| {
                    p.lead(&[], attrs, *public);
                    p.function(function);
                });
            }
            ItemKind::TaskLocal(item) => {
                let _ = write!(self.out, "task_local {}: ", item.name.name);
                self.ty(&item.ty);
                if let Some(value) = &item.value {
                    self.put(" = ");
                    self.expr(value);
                }
            }
            ItemKind::Error => self.put("<error>"),
        }
        if self.indent == 0 {
            self.line();
        }
    }

    fn functions(&mut self, items: &[Item], name: &str) {
        for item in items {
            match &item.kind {
                ItemKind::Fn(function) => self.function_named(function, name),
                ItemKind::Impl(ImplItem { items, .. }) | ItemKind::Trait(TraitItem { items, .. }) => {
                    for item in items {
                        if let AssocKind::Fn(function) = &item.kind {
                            self.function_named(function, name);
                        }
                    }
                }
                ItemKind::Mod(module) => self.functions(module.items.as_deref().unwrap_or_default(), name),
                _ => {}
            }
        }
    }

    fn function_named(&mut self, function: &FnItem, name: &str) {
        if &*function.name.name == name {
            self.function(function);
            self.line();
        }
    }

    fn item_inside(&mut self, item: &Item) {
        self.item(item);
    }

    fn test(&mut self, word: &str, test: &TestItem) {
        self.put(word);
        if !test.options.is_empty() {
            self.put("(");
            self.list(&test.options, ", ", |p, option| {
                p.put(&option.name.name);
                if let Some(value) = &option.value {
                    p.put(": ");
                    p.lit(value);
                }
            });
            self.put(")");
        }
        let _ = write!(self.out, " {:?} ", test.name.as_str());
        self.block(&test.body);
    }

    fn use_tree(&mut self, tree: &UseTree) {
        self.list(&tree.prefix, "::", |p, name| p.put(&name.name));
        if !tree.prefix.is_empty() && !matches!(tree.kind, UseKind::Simple { .. }) {
            self.put("::");
        }
        match &tree.kind {
            UseKind::Simple { rename: Some(name) } => {
                let _ = write!(self.out, " as {}", name.name);
            }
            UseKind::Simple { rename: None } => {}
            UseKind::Glob => self.put("*"),
            UseKind::Nested(trees) => {
                self.put("{");
                self.list(trees, ", ", Printer::use_tree);
                self.put("}");
            }
        }
    }

    fn assoc(&mut self, item: &AssocItem) {
        self.lead(&item.docs, &item.attrs, item.public);
        match &item.kind {
            AssocKind::Fn(function) => self.function(function),
            AssocKind::Type { name, bounds, ty } => {
                let _ = write!(self.out, "type {}", name.name);
                self.bounds(bounds);
                if let Some(ty) = ty {
                    self.put(" = ");
                    self.ty(ty);
                }
            }
            AssocKind::Const { name, ty, value } => {
                let _ = write!(self.out, "const {}: ", name.name);
                self.ty(ty);
                if let Some(value) = value {
                    self.put(" = ");
                    self.expr(value);
                }
            }
            AssocKind::Error => self.put("<error>"),
        }
    }

    fn function(&mut self, function: &FnItem) {
        for (set, word) in [(function.is_pure, "pure "), (function.is_unsafe, "unsafe "), (function.is_extern, "extern ")] {
            if set {
                self.put(word);
            }
        }
        let _ = write!(self.out, "fn {}", function.name.name);
        self.generic_params(&function.generics);
        self.put("(");
        if let Some(receiver) = &function.self_param {
            match &receiver.kind {
                SelfKind::Value { mutable } => self.put(if *mutable { "mut self" } else { "self" }),
                SelfKind::Ref => self.put("&self"),
                SelfKind::RefMut => self.put("&mut self"),
                SelfKind::Typed { mutable, ty } => {
                    self.put(if *mutable { "mut self: " } else { "self: " });
                    self.ty(ty);
                }
            }
            if !function.params.is_empty() {
                self.put(", ");
            }
        }
        self.list(&function.params, ", ", |p, param| {
            p.pat(&param.pat);
            p.put(": ");
            p.ty(&param.ty);
        });
        self.put(")");
        if let Some(ret) = &function.ret {
            self.put(" -> ");
            self.ty(ret);
        }
        for (index, from) in function.from.iter().enumerate() {
            self.put(if index == 0 { " from " } else { ", " });
            self.put(if from.contents_only { "*" } else { "" });
            self.put(&from.name.name);
        }
        self.predicates(&function.generics);
        if let Some(body) = &function.body {
            self.put(" ");
            self.block(body);
        }
    }

    fn generic_params(&mut self, generics: &Generics) {
        if generics.params.is_empty() {
            return;
        }
        self.put("<");
        self.list(&generics.params, ", ", |p, param| {
            if let Some(ty) = &param.const_ty {
                let _ = write!(p.out, "const {}: ", param.name.name);
                p.ty(ty);
                return;
            }
            p.put(&param.name.name);
            p.bounds(&param.bounds);
            if let Some(default) = &param.default {
                p.put(" = ");
                p.ty(default);
            }
        });
        self.put(">");
    }

    fn bounds(&mut self, bounds: &[Bound]) {
        if bounds.is_empty() {
            return;
        }
        self.put(": ");
        self.list(bounds, " + ", |p, bound| {
            p.put(if bound.maybe { "?" } else { "" });
            p.path(&bound.path, true);
        });
    }

    fn predicates(&mut self, generics: &Generics) {
        if generics.predicates.is_empty() {
            return;
        }
        self.put(" where ");
        self.list(&generics.predicates, ", ", |p, predicate| {
            p.ty(&predicate.ty);
            p.bounds(&predicate.bounds);
        });
    }

    fn fields(&mut self, fields: &Fields) {
        match fields {
            Fields::Unit => {}
            Fields::Tuple(fields) => {
                self.put("(");
                self.list(fields, ", ", |p, field| {
                    p.put(if field.public { "pub " } else { "" });
                    p.ty(&field.ty);
                });
                self.put(")");
            }
            Fields::Named(fields) => {
                self.put(" ");
                self.lines(fields, |p, field| {
                    p.lead(&field.docs, &field.attrs, field.public);
                    let _ = write!(p.out, "{}: ", field.name.name);
                    p.ty(&field.ty);
                });
            }
        }
    }

    /// In types arguments follow at once, in expressions behind `::`.
    fn path(&mut self, path: &Path, in_type: bool) {
        if let Some(qualified) = &path.qualified {
            self.put("<");
            self.ty(&qualified.ty);
            if let Some(as_trait) = &qualified.as_trait {
                self.put(" as ");
                self.path(as_trait, true);
            }
            self.put(">::");
        }
        self.list(&path.segments, "::", |p, segment| {
            p.put(&segment.ident.name);
            if let Some(args) = &segment.args {
                p.generic_args(args, if in_type { "" } else { "::" });
            }
        });
    }

    fn generic_args(&mut self, args: &GenericArgs, mark: &str) {
        match args {
            GenericArgs::Angle { args, bindings, .. } => {
                self.put(mark);
                self.put("<");
                self.list(args, ", ", |p, arg| match arg {
                    GenericArg::Ty(ty) => p.ty(ty),
                    GenericArg::Const(value) => p.expr(value),
                });
                if !args.is_empty() && !bindings.is_empty() {
                    self.put(", ");
                }
                self.list(bindings, ", ", |p, (name, ty)| {
                    let _ = write!(p.out, "{} = ", name.name);
                    p.ty(ty);
                });
                self.put(">");
            }
            GenericArgs::Paren { inputs, output, .. } => {
                self.put("(");
                self.list(inputs, ", ", Printer::ty);
                self.put(")");
                if let Some(output) = output {
                    self.put(" -> ");
                    self.ty(output);
                }
            }
        }
    }

    fn ty(&mut self, ty: &Ty) {
        match &ty.kind {
            TyKind::Path(path) => self.path(path, true),
            TyKind::Ref(mutable, ty) => {
                self.put(if mutable.is_yes() { "&mut " } else { "&" });
                self.ty(ty);
            }
            TyKind::Ptr(mutable, ty) => {
                self.put(if mutable.is_yes() { "*mut " } else { "*const " });
                self.ty(ty);
            }
            TyKind::Slice(ty) => {
                self.put("[");
                self.ty(ty);
                self.put("]");
            }
            TyKind::Array(ty, length) => {
                self.put("[");
                self.ty(ty);
                self.put("; ");
                self.expr(length);
                self.put("]");
            }
            TyKind::Tuple(list) => {
                self.put("(");
                self.list(list, ", ", Printer::ty);
                self.put(if list.len() == 1 { ",)" } else { ")" });
            }
            TyKind::Fn { is_unsafe, is_extern, params, ret } => {
                self.put(if *is_unsafe { "unsafe " } else { "" });
                self.put(if *is_extern { "extern " } else { "" });
                self.put("fn(");
                self.list(params, ", ", Printer::ty);
                self.put(")");
                if let Some(ret) = ret {
                    self.put(" -> ");
                    self.ty(ret);
                }
            }
            TyKind::Never => self.put("!"),
            TyKind::Dyn(bounds) => {
                self.put("dyn ");
                self.list(bounds, " + ", |p, bound| p.path(bound, true));
            }
            TyKind::Impl(bounds) => {
                self.put("impl ");
                self.list(bounds, " + ", |p, bound| p.path(bound, true));
            }
            TyKind::Infer => self.put("_"),
            TyKind::Error => self.put("<error>"),
        }
    }

    fn pat(&mut self, pat: &Pat) {
        match &pat.kind {
            PatKind::Wild => self.put("_"),
            PatKind::Rest => self.put(".."),
            PatKind::Bind { by_ref, mutable, name, sub } => {
                match by_ref {
                    Some(Mutable::Yes) => self.put("ref mut "),
                    Some(Mutable::No) => self.put("ref "),
                    None => {}
                }
                self.put(if *mutable { "mut " } else { "" });
                self.put(&name.name);
                if let Some(sub) = sub {
                    self.put(" @ ");
                    self.pat(sub);
                }
            }
            PatKind::Lit(value) => self.expr(value),
            PatKind::Range { lo, hi, inclusive } => {
                if let Some(lo) = lo {
                    self.expr(lo);
                }
                self.put(if *inclusive { "..=" } else { ".." });
                if let Some(hi) = hi {
                    self.expr(hi);
                }
            }
            PatKind::Ref(mutable, pat) => {
                self.put(if mutable.is_yes() { "&mut " } else { "&" });
                self.pat(pat);
            }
            PatKind::Tuple(list) => {
                self.put("(");
                self.list(list, ", ", Printer::pat);
                self.put(if list.len() == 1 { ",)" } else { ")" });
            }
            PatKind::Path(path) => self.path(path, false),
            PatKind::TupleStruct(path, list) => {
                self.path(path, false);
                self.put("(");
                self.list(list, ", ", Printer::pat);
                self.put(")");
            }
            PatKind::Struct { path, fields, rest } => {
                self.path(path, false);
                self.put(" { ");
                self.list(fields, ", ", |p, field| {
                    if !field.short {
                        let _ = write!(p.out, "{}: ", field.name.name);
                    }
                    p.pat(&field.pat);
                });
                match (rest, fields.is_empty()) {
                    (true, true) => self.put(".."),
                    (true, false) => self.put(", .."),
                    _ => {}
                }
                self.put(" }");
            }
            PatKind::Slice(list) => {
                self.put("[");
                self.list(list, ", ", Printer::pat);
                self.put("]");
            }
            PatKind::Or(list) => {
                self.put("(");
                self.list(list, " | ", Printer::pat);
                self.put(")");
            }
            PatKind::Error => self.put("<error>"),
        }
    }

    fn block(&mut self, block: &Block) {
        if block.stmts.is_empty() && block.tail.is_none() {
            self.put("{}");
            return;
        }
        self.put("{");
        self.indent += 1;
        for stmt in &block.stmts {
            self.line();
            match &stmt.kind {
                StmtKind::Let(binding) => self.let_stmt(binding),
                StmtKind::Expr(expr) => {
                    self.expr(expr);
                    self.put(";");
                }
                StmtKind::Item(item) => self.item(item),
                StmtKind::Error => self.put("<error>"),
            }
        }
        if let Some(tail) = &block.tail {
            self.line();
            self.expr(tail);
        }
        self.indent -= 1;
        self.line();
        self.put("}");
    }

    fn let_stmt(&mut self, binding: &Let) {
        self.put("let ");
        self.pat(&binding.pat);
        if let Some(ty) = &binding.ty {
            self.put(": ");
            self.ty(ty);
        }
        if let Some(init) = &binding.init {
            self.put(" = ");
            self.expr(init);
        }
        if let Some(or_else) = &binding.or_else {
            self.put(" else ");
            self.block(or_else);
        }
        self.put(";");
    }

    fn lit(&mut self, lit: &Lit) {
        let _ = match lit {
            Lit::Int { value, suffix } => write!(self.out, "{value}{}", suffix.map_or("", Symbol::as_str)),
            Lit::Float { text, suffix } => write!(self.out, "{text}{}", suffix.map_or("", Symbol::as_str)),
            Lit::Bool(value) => write!(self.out, "{value}"),
            Lit::Char(value) => write!(self.out, "{value:?}"),
            Lit::Byte(value) => write!(self.out, "b'{}'", value.escape_ascii()),
            Lit::Str(text) => {
                let quoted = format!("{:?}", text.as_str());
                self.out.write_str(&quoted.replace('{', "{{").replace('}', "}}"))
            }
            Lit::ByteStr(bytes) => write!(self.out, "b\"{}\"", bytes.escape_ascii()),
            Lit::Duration(nanoseconds) => write!(self.out, "{nanoseconds}ns"),
            Lit::Unit => write!(self.out, "()"),
        };
    }

    fn args(&mut self, args: &[Expr]) {
        self.put("(");
        self.list(args, ", ", Printer::expr);
        self.put(")");
    }

    fn label(&mut self, label: &Option<Ident>) {
        if let Some(label) = label {
            let _ = write!(self.out, "{}: ", label.name);
        }
    }

    fn prefix(&mut self, word: &str, operand: &Expr) {
        self.put("(");
        self.put(word);
        self.expr(operand);
        self.put(")");
    }

    fn infix(&mut self, left: &Expr, op: &str, right: &Expr) {
        self.put("(");
        self.expr(left);
        let _ = write!(self.out, " {op} ");
        self.expr(right);
        self.put(")");
    }

    fn worded_block(&mut self, word: &str, block: &Block) {
        self.put(word);
        self.block(block);
    }

    fn expr(&mut self, expr: &Expr) {
        match &expr.kind {
            ExprKind::Lit(lit) => self.lit(lit),
            ExprKind::Interpolated(parts) => self.interpolated(parts),
            ExprKind::Path(path) => self.path(path, false),
            ExprKind::Unary(op, operand) => self.prefix(
                match op {
                    UnaryOp::Neg => "-",
                    UnaryOp::Not => "!",
                    UnaryOp::Deref => "*",
                },
                operand,
            ),
            ExprKind::Binary(op, _, a, b) => self.infix(a, op.symbol(), b),
            ExprKind::Assign(a, b) => self.infix(a, "=", b),
            ExprKind::AssignOp(op, _, a, b) => self.infix(a, &format!("{}=", op.symbol()), b),
            ExprKind::Ref(mutable, operand) => self.prefix(if mutable.is_yes() { "&mut " } else { "&" }, operand),
            ExprKind::RawRef(mutable, operand) => {
                self.prefix(if mutable.is_yes() { "&raw mut " } else { "&raw const " }, operand);
            }
            ExprKind::Call(callee, args) => {
                self.expr(callee);
                self.args(args);
            }
            ExprKind::MethodCall(call) => {
                self.expr(&call.receiver);
                let _ = write!(self.out, ".{}", call.name.name);
                if let Some(turbofish) = &call.turbofish {
                    self.generic_args(turbofish, "::");
                }
                self.args(&call.args);
            }
            ExprKind::Field(base, name) => {
                self.expr(base);
                let _ = write!(self.out, ".{}", name.name);
            }
            ExprKind::TupleField(base, index, _) => {
                self.expr(base);
                let _ = write!(self.out, ".{index}");
            }
            ExprKind::Index(base, index) => {
                self.expr(base);
                self.put("[");
                self.expr(index);
                self.put("]");
            }
            ExprKind::Range { lo, hi, inclusive } => {
                self.put("(");
                if let Some(lo) = lo {
                    self.expr(lo);
                }
                self.put(if *inclusive { "..=" } else { ".." });
                if let Some(hi) = hi {
                    self.expr(hi);
                }
                self.put(")");
            }
            ExprKind::Tuple(list) => {
                self.put("(");
                self.list(list, ", ", Printer::expr);
                self.put(if list.len() == 1 { ",)" } else { ")" });
            }
            ExprKind::Array(list) | ExprKind::Vec(list) => {
                self.put(if matches!(expr.kind, ExprKind::Vec(_)) { "vec[" } else { "[" });
                self.list(list, ", ", Printer::expr);
                self.put("]");
            }
            ExprKind::Repeat(value, length) | ExprKind::VecRepeat(value, length) => {
                self.put(if matches!(expr.kind, ExprKind::VecRepeat(..)) { "vec[" } else { "[" });
                self.expr(value);
                self.put("; ");
                self.expr(length);
                self.put("]");
            }
            ExprKind::Struct(literal) => self.struct_literal(literal),
            ExprKind::Paren(inner) => self.expr(inner),
            ExprKind::Block(block) => self.block(block),
            ExprKind::Labeled(label, block) => {
                self.label(&Some(*label));
                self.block(block);
            }
            ExprKind::Unsafe(block) => self.worded_block("unsafe ", block),
            ExprKind::If(branch) => {
                self.put("if ");
                self.expr(&branch.cond);
                self.put(" ");
                self.block(&branch.then);
                if let Some(or_else) = &branch.or_else {
                    self.put(" else ");
                    self.expr(or_else);
                }
            }
            ExprKind::Let(pat, value) => {
                self.put("(let ");
                self.pat(pat);
                self.put(" = ");
                self.expr(value);
                self.put(")");
            }
            ExprKind::Match(value, arms) => {
                self.put("match ");
                self.expr(value);
                self.put(" ");
                self.lines(arms, Printer::arm);
            }
            ExprKind::Loop(repeat) => {
                self.label(&repeat.label);
                self.worded_block("loop ", &repeat.body);
            }
            ExprKind::While(repeat) => {
                self.label(&repeat.label);
                self.put("while ");
                self.expr(&repeat.cond);
                self.put(" ");
                self.block(&repeat.body);
            }
            ExprKind::For(repeat) => self.for_loop(repeat),
            ExprKind::Closure(closure) => {
                self.put(if closure.is_move { "(move |" } else { "(|" });
                self.list(&closure.params, ", ", |p, param| {
                    p.pat(&param.pat);
                    if let Some(ty) = &param.ty {
                        p.put(": ");
                        p.ty(ty);
                    }
                });
                self.put("| ");
                if let Some(ret) = &closure.ret {
                    self.put("-> ");
                    self.ty(ret);
                    self.put(" ");
                }
                self.expr(&closure.body);
                self.put(")");
            }
            ExprKind::Return(value) => self.jump("return", &None, value),
            ExprKind::Break(label, value) => self.jump("break", label, value),
            ExprKind::Continue(label) => self.jump("continue", label, &None),
            ExprKind::Try(value) => {
                self.expr(value);
                self.put("?");
            }
            ExprKind::Cast(value, ty) => {
                self.put("(");
                self.expr(value);
                self.put(" as ");
                self.ty(ty);
                self.put(")");
            }
            _ => self.concurrent(expr),
        }
    }

    /// The forms of tasks, channels and shared state.
    fn concurrent(&mut self, expr: &Expr) {
        match &expr.kind {
            ExprKind::Scope(scope) => {
                self.put("scope ");
                if let Some(name) = &scope.name {
                    self.put(&name.name);
                }
                if !scope.options.is_empty() {
                    self.put("(");
                    self.list(&scope.options, ", ", |p, (name, value)| {
                        let _ = write!(p.out, "{}: ", name.name);
                        p.expr(value);
                    });
                    self.put(")");
                }
                if !self.out.ends_with(' ') {
                    self.put(" ");
                }
                self.block(&scope.body);
            }
            ExprKind::Spawn(spawn) => {
                self.put("(spawn ");
                if let Some(scope) = &spawn.in_scope {
                    self.put("in ");
                    self.expr(scope);
                    self.put(" ");
                }
                self.put(if spawn.is_try { "try " } else { "" });
                self.put(if spawn.is_move { "move " } else { "" });
                self.expr(&spawn.body);
                self.put(")");
            }
            ExprKind::Join(task) => self.prefix("join ", task),
            ExprKind::Detach(block) => self.worded_block("detach ", block),
            ExprKind::Async(body) => self.prefix("async ", body),
            ExprKind::Await(task) => self.prefix("await ", task),
            ExprKind::Yield => self.put("yield"),
            ExprKind::Select(select) => {
                self.put(if select.biased { "select biased " } else { "select " });
                self.lines(&select.arms, Printer::select_arm);
            }
            ExprKind::Channel(ty, args) => {
                self.put("channel");
                if let Some(ty) = ty {
                    self.put("<");
                    self.ty(ty);
                    self.put(">");
                }
                self.args(args);
            }
            ExprKind::Shield(budget, block) => {
                self.put("shield");
                if let Some(budget) = budget {
                    self.args(std::slice::from_ref(budget));
                }
                self.worded_block(" ", block);
            }
            ExprKind::Timeout(limit, block) => {
                self.put("timeout");
                self.args(std::slice::from_ref(limit));
                self.worded_block(" ", block);
            }
            ExprKind::Blocking(block) => self.worded_block("blocking ", block),
            ExprKind::With(name, value, block) => {
                self.put("with ");
                self.path(name, false);
                self.put(" = ");
                self.expr(value);
                self.worded_block(" ", block);
            }
            ExprKind::Lock(mutexes, block) => {
                self.put("lock ");
                self.args(mutexes);
                self.worded_block(" ", block);
            }
            // What is left has no name of its own in the source.
            _ => self.put("<error>"),
        }
    }

    fn interpolated(&mut self, parts: &[StrPart]) {
        self.put("\"");
        for part in parts {
            match part {
                StrPart::Text(text) => {
                    let text = text.escape_debug().to_string();
                    self.put(&text.replace('{', "{{").replace('}', "}}"));
                }
                StrPart::Expr { expr, spec, .. } => {
                    self.put("{");
                    self.expr(expr);
                    let spec = spec_text(spec);
                    if !spec.is_empty() {
                        let _ = write!(self.out, ":{spec}");
                    }
                    self.put("}");
                }
            }
        }
        self.put("\"");
    }

    fn struct_literal(&mut self, literal: &StructExpr) {
        self.path(&literal.path, false);
        self.put(" { ");
        self.list(&literal.fields, ", ", |p, field| {
            p.put(&field.name.name);
            if !field.short {
                p.put(": ");
                p.expr(&field.value);
            }
        });
        if let Some(base) = &literal.base {
            self.put(if literal.fields.is_empty() { ".." } else { ", .." });
            self.expr(base);
        }
        self.put(" }");
    }

    fn for_loop(&mut self, repeat: &For) {
        self.label(&repeat.label);
        self.put(if repeat.parallel.is_some() { "parallel for " } else { "for " });
        self.pat(&repeat.pat);
        self.put(" in ");
        self.expr(&repeat.iter);
        if let Some(parallel) = repeat.parallel.as_ref().filter(|parallel| !parallel.reduce.is_empty()) {
            self.put(" reduce(");
            self.list(&parallel.reduce, ", ", |p, reduction| {
                let _ = write!(p.out, "{}: {}", reduction.op, reduction.variable.name);
            });
            self.put(")");
        }
        self.put(" ");
        self.block(&repeat.body);
    }

    fn jump(&mut self, word: &str, label: &Option<Ident>, value: &Option<Box<Expr>>) {
        self.put("(");
        self.put(word);
        if let Some(label) = label {
            let _ = write!(self.out, " {}", label.name);
        }
        if let Some(value) = value {
            self.put(" ");
            self.expr(value);
        }
        self.put(")");
    }

    fn arm(&mut self, arm: &Arm) {
        self.pat(&arm.pat);
        if let Some(guard) = &arm.guard {
            self.put(" if ");
            self.expr(guard);
        }
        self.put(" => ");
        self.expr(&arm.body);
    }

    fn select_arm(&mut self, arm: &SelectArm) {
        match &arm.kind {
            SelectKind::Operation { pat, expr } | SelectKind::Join { pat, expr } => {
                if let Some(pat) = pat {
                    self.pat(pat);
                    self.put(" = ");
                }
                self.put(if matches!(arm.kind, SelectKind::Join { .. }) { "join " } else { "" });
                self.expr(expr);
            }
            SelectKind::After(duration) => {
                self.put("after ");
                self.expr(duration);
            }
            SelectKind::Cancelled => self.put("cancelled"),
            SelectKind::Default => self.put("default"),
        }
        self.put(" => ");
        self.expr(&arm.body);
    }
}

fn spec_text(spec: &FormatSpec) -> String {
    let mut out = String::new();
    out.extend(spec.fill);
    out.push_str(match spec.align {
        Some(Align::Left) => "<",
        Some(Align::Center) => "^",
        Some(Align::Right) => ">",
        None => "",
    });
    for (set, mark) in [(spec.plus, '+'), (spec.alternate, '#'), (spec.zero, '0')] {
        if set {
            out.push(mark);
        }
    }
    let count = |count: &Option<SpecCount>| match count {
        Some(SpecCount::Literal(value)) => value.to_string(),
        Some(SpecCount::Name(name)) => format!("{}$", name.name),
        None => String::new(),
    };
    out.push_str(&count(&spec.width));
    if spec.precision.is_some() {
        let _ = write!(out, ".{}", count(&spec.precision));
    }
    out.push_str(match spec.kind {
        FormatKind::Show => "",
        FormatKind::Debug => "?",
        FormatKind::LowerHex => "x",
        FormatKind::UpperHex => "X",
        FormatKind::Binary => "b",
        FormatKind::Octal => "o",
        FormatKind::Exponent => "e",
    });
    out
}
