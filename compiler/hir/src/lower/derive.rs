//! `#[derive(…)]` and `#[soa]`: write impls and types as Aurora text and parse it, so that derived code is checked like any other.
//! Its file is marked as the library's: reports step over it to the user's `derive`.

use super::*;
use crate::errors;
use std::fmt::Write;
use syntax::ast::{Fields, Item, ItemKind};

#[derive(Default)]
pub(super) struct Derived {
    /// By the span of the item that asked.
    pub files: FastMap<Span, ast::File>,
    pub notes: FastMap<diag::FileId, Span>,
}

const KNOWN: [&str; 7] = ["Clone", "Copy", "Eq", "Ord", "Hash", "Show", "Default"];

pub(super) fn expand_all(modules: &[ModuleSource], sources: &mut SourceMap, diags: &mut Diags) -> Derived {
    let mut derived = Derived::default();
    for module in modules {
        for item in &module.file.items {
            expand_item(item, sources, &mut derived, diags);
        }
    }
    derived
}

fn expand_item(item: &Item, sources: &mut SourceMap, derived: &mut Derived, diags: &mut Diags) {
    match &item.kind {
        ItemKind::Mod(m) => {
            for inner in m.items.iter().flatten() {
                expand_item(inner, sources, derived, diags);
            }
        }
        ItemKind::Fn(f) => {
            if let Some(body) = &f.body {
                expand_block(body, sources, derived, diags);
            }
        }
        ItemKind::Test(t) => expand_block(&t.body, sources, derived, diags),
        ItemKind::Struct(_) | ItemKind::Enum(_) => expand_type(item, sources, derived, diags),
        _ => {}
    }
}

/// Types declared at the top of a body; deeper ones are reached through their own blocks' statements.
fn expand_block(block: &ast::Block, sources: &mut SourceMap, derived: &mut Derived, diags: &mut Diags) {
    for stmt in &block.stmts {
        match &stmt.kind {
            ast::StmtKind::Item(item) => expand_item(item, sources, derived, diags),
            ast::StmtKind::Expr(ast::Expr { kind: ast::ExprKind::Block(inner), .. }) => {
                expand_block(inner, sources, derived, diags);
            }
            _ => {}
        }
    }
}

fn expand_type(item: &Item, sources: &mut SourceMap, derived: &mut Derived, diags: &mut Diags) {
    let mut wanted: Vec<(&str, Span)> = Vec::new();
    for attr in item.attrs.iter().filter(|attr| attr.name.name.as_str() == "derive") {
        for arg in &attr.args {
            let name = arg.name.name.as_str();
            if KNOWN.contains(&name) {
                wanted.push((name, arg.span));
            } else {
                diags.push(errors::unknown_derive(arg.span, name, &KNOWN));
            }
        }
    }
    let soa = item.attrs.iter().find(|attr| attr.name.name.as_str() == "soa");
    let Some(first_span) = wanted.first().map(|(_, span)| *span).or_else(|| soa.map(|attr| attr.name.span)) else { return };
    let shape = Shape::of(item, sources);
    let is_copy = wanted.iter().any(|(name, _)| *name == "Copy");
    let mut text = String::new();
    for (name, span) in &wanted {
        match *name {
            "Clone" => shape.clone_impl(&mut text, is_copy),
            "Copy" => shape.header(&mut text, "Copy", "{}\n"),
            "Eq" => shape.eq_impl(&mut text),
            "Ord" => shape.ord_impl(&mut text),
            "Hash" => shape.hash_impl(&mut text),
            "Show" => shape.show_impl(&mut text),
            "Default" => {
                if let Err(problem) = shape.default_impl(&mut text) {
                    diags.push(errors::no_default(*span, problem));
                }
            }
            _ => {}
        }
    }
    if let Some(attr) = soa {
        match &item.kind {
            ItemKind::Struct(ast::StructItem { is_view: false, fields: Fields::Named(fields), .. }) if !fields.is_empty() => {
                let types: Vec<String> = fields.iter().map(|field| sources.snippet(field.ty.span).to_string()).collect();
                let derives: Vec<&str> = wanted.iter().map(|(name, _)| *name).collect();
                let name = columns::name_of(attr, shape.name());
                columns::write(&mut text, &shape, &name, item.public, fields, &types, &derives);
            }
            _ => diags.push(errors::no_columns(attr.name.span)),
        }
    }
    let file = sources.add(format!("<derived for {}>", shape.name), text, true);
    let mut quiet = Diags::new();
    // The bodies follow when they are reached.
    let parsed = syntax::parse(&file.seen_as(syntax::outline(&file.text)), &mut quiet);
    if quiet.has_errors() {
        panic!("bug! derived code does not parse: {:?}\n{}", quiet.list(), file.text);
    }
    derived.notes.insert(file.id, first_span);
    for item in &parsed.items {
        expand_item(item, sources, derived, diags);
    }
    derived.files.insert(item.span, parsed);
}

fn in_angles(items: Vec<String>) -> String {
    if items.is_empty() { String::new() } else { format!("<{}>", items.join(", ")) }
}

/// What the templates need of a type.
pub(super) struct Shape<'a> {
    name: Symbol,
    params: Vec<(Symbol, String, bool)>,
    predicates: Vec<String>,
    is_enum: bool,
    variants: Vec<(Symbol, &'a Fields, bool)>,
}

impl<'a> Shape<'a> {
    fn of(item: &'a Item, sources: &SourceMap) -> Shape<'a> {
        let (name, generics) = match &item.kind {
            ItemKind::Struct(s) => (s.name.name, &s.generics),
            ItemKind::Enum(e) => (e.name.name, &e.generics),
            _ => panic!("bug! derive on something that is no type"),
        };
        let params = generics
            .params
            .iter()
            .map(|param| {
                // Without a default: an impl's parameter has none.
                let text = sources.snippet(param.span);
                let text = if param.default.is_some() { text.split('=').next().unwrap_or(text) } else { text };
                (param.name.name, text.trim().to_string(), param.const_ty.is_some())
            })
            .collect();
        let predicates = generics.predicates.iter().map(|p| sources.snippet(p.span).to_string()).collect();
        let (is_enum, variants) = match &item.kind {
            ItemKind::Struct(s) => (false, vec![(name, &s.fields, false)]),
            ItemKind::Enum(e) => (
                true,
                e.variants
                    .iter()
                    .map(|v| {
                        let is_default = v.attrs.iter().any(|attr| attr.name.name.as_str() == "default");
                        (v.name.name, &v.fields, is_default)
                    })
                    .collect(),
            ),
            _ => (false, Vec::new()),
        };
        Shape { name, params, predicates, is_enum, variants }
    }

    pub(super) fn name(&self) -> &str {
        self.name.as_str()
    }

    /// `<T: Bound>` where it is declared.
    pub(super) fn declared(&self) -> String {
        in_angles(self.params.iter().map(|(_, text, _)| text.clone()).collect())
    }

    /// `<T>` where it is used.
    pub(super) fn used(&self) -> String {
        in_angles(self.params.iter().map(|(name, _, _)| name.to_string()).collect())
    }

    /// The `where` clause, with `bound` asked of each parameter.
    pub(super) fn predicates(&self, bound: Option<&str>) -> String {
        let mut predicates = self.predicates.clone();
        for (param, _, is_const) in &self.params {
            if let (Some(name), false) = (bound, is_const) {
                predicates.push(format!("{param}: std::prelude::{name}"));
            }
        }
        if predicates.is_empty() { String::new() } else { format!(" where {}", predicates.join(", ")) }
    }

    fn header(&self, out: &mut String, name: &str, rest: &str) {
        let (declared, used, predicates) = (self.declared(), self.used(), self.predicates(Some(name)));
        // Writing into a String cannot fail.
        let _ = writeln!(out, "impl{declared} std::prelude::{name} for {}{used}{predicates} {rest}", self.name);
    }

    fn path(&self, variant: Symbol) -> String {
        if self.is_enum { format!("{}::{variant}", self.name) } else { self.name.to_string() }
    }

    /// `Name(a0, a1)` or `Name { x: a0, y: a1 }` with each place given by `each`.
    fn construct(&self, variant: Symbol, fields: &Fields, each: &mut dyn FnMut(usize, Symbol) -> String) -> String {
        let path = self.path(variant);
        match fields {
            Fields::Unit => path,
            Fields::Tuple(list) => {
                let parts: Vec<String> = list.iter().enumerate().map(|(i, f)| each(i, f.name.name)).collect();
                format!("{path}({})", parts.join(", "))
            }
            Fields::Named(list) => {
                let parts: Vec<String> = list
                    .iter()
                    .enumerate()
                    .map(|(i, f)| format!("{}: {}", f.name.name, each(i, f.name.name)))
                    .collect();
                format!("{path} {{ {} }}", parts.join(", "))
            }
        }
    }

    fn pattern(&self, variant: Symbol, fields: &Fields, prefix: &str) -> String {
        self.construct(variant, fields, &mut |i, _| format!("{prefix}{i}"))
    }

    fn count(fields: &Fields) -> usize {
        match fields {
            Fields::Unit => 0,
            Fields::Tuple(list) | Fields::Named(list) => list.len(),
        }
    }

    fn clone_impl(&self, out: &mut String, is_copy: bool) {
        let body = if is_copy && self.params.is_empty() {
            "*self".to_string()
        } else if self.variants.is_empty() {
            "match *self {}".to_string()
        } else {
            let mut arms = String::new();
            for (name, fields, _) in &self.variants {
                let made = self.construct(*name, fields, &mut |i, _| format!("std::prelude::Clone::clone(a{i})"));
                let _ = writeln!(arms, "{} => {made},", self.pattern(*name, fields, "a"));
            }
            format!("match self {{\n{arms}}}")
        };
        self.header(out, "Clone", &format!("{{ #[inline] fn clone(&self) -> Self {{ {body} }} }}"));
    }

    fn all_plain(&self) -> bool {
        self.is_enum && self.variants.iter().all(|(_, fields, _)| Self::count(fields) == 0)
    }

    fn eq_impl(&self, out: &mut String) {
        let tags = "std::core::intrinsics::discriminant(self) == std::core::intrinsics::discriminant(other)";
        let body = if self.variants.is_empty() {
            "true".to_string()
        } else if self.all_plain() {
            tags.to_string()
        } else {
            let mut arms = String::new();
            let mut left_out = false;
            for (name, fields, _) in &self.variants {
                if Self::count(fields) == 0 && self.is_enum {
                    left_out = true;
                    continue;
                }
                let tests: Vec<String> =
                    (0..Self::count(fields)).map(|i| format!("std::prelude::Eq::eq(a{i}, b{i})")).collect();
                let tests = if tests.is_empty() { "true".to_string() } else { tests.join(" && ") };
                let (a, b) = (self.pattern(*name, fields, "a"), self.pattern(*name, fields, "b"));
                let _ = writeln!(arms, "({a}, {b}) => {tests},");
            }
            if left_out || self.variants.len() > 1 {
                let _ = writeln!(arms, "_ => {tags},");
            }
            format!("match (self, other) {{\n{arms}}}")
        };
        self.header(out, "Eq", &format!("{{ #[inline] fn eq(&self, other: &Self) -> bool {{ {body} }} }}"));
    }

    fn ord_impl(&self, out: &mut String) {
        let tags = "std::prelude::Ord::cmp(&std::core::intrinsics::discriminant(self), &std::core::intrinsics::discriminant(other))";
        let body = if self.variants.is_empty() {
            "std::prelude::Ordering::Equal".to_string()
        } else if self.all_plain() {
            tags.to_string()
        } else {
            let mut arms = String::new();
            let mut left_out = false;
            for (name, fields, _) in &self.variants {
                if Self::count(fields) == 0 && self.is_enum {
                    left_out = true;
                    continue;
                }
                let mut test = "std::prelude::Ordering::Equal".to_string();
                for i in (0..Self::count(fields)).rev() {
                    let here = format!("std::prelude::Ord::cmp(a{i}, b{i})");
                    test = if i + 1 == Self::count(fields) {
                        here
                    } else {
                        format!("match {here} {{ std::prelude::Ordering::Equal => {test}, different => different }}")
                    };
                }
                let (a, b) = (self.pattern(*name, fields, "a"), self.pattern(*name, fields, "b"));
                let _ = writeln!(arms, "({a}, {b}) => {test},");
            }
            if left_out || self.variants.len() > 1 {
                let _ = writeln!(arms, "_ => {tags},");
            }
            format!("match (self, other) {{\n{arms}}}")
        };
        let head = "#[inline] fn cmp(&self, other: &Self) -> std::prelude::Ordering";
        self.header(out, "Ord", &format!("{{ {head} {{ {body} }} }}"));
    }

    fn hash_impl(&self, out: &mut String) {
        let mut body = String::new();
        if self.is_enum && self.variants.len() > 1 {
            body.push_str("std::prelude::Hash::hash(&std::core::intrinsics::discriminant(self), state)\n");
        }
        if !self.variants.is_empty() && !self.all_plain() {
            body.push_str("match self {\n");
            for (name, fields, _) in &self.variants {
                let parts: Vec<String> =
                    (0..Self::count(fields)).map(|i| format!("std::prelude::Hash::hash(a{i}, state)")).collect();
                let _ = writeln!(body, "{} => {{ {} }}", self.pattern(*name, fields, "a"), parts.join("; "));
            }
            body.push_str("}\n");
        }
        let head = "fn hash(&self, state: &mut std::prelude::Hasher)";
        self.header(out, "Hash", &format!("{{ {head} {{ {body} }} }}"));
    }

    fn show_impl(&self, out: &mut String) {
        let mut arms = String::new();
        for (name, fields, _) in &self.variants {
            let mut steps = String::new();
            match fields {
                Fields::Unit => {
                    let _ = write!(steps, "f.write(\"{name}\")");
                }
                Fields::Tuple(list) => {
                    let _ = write!(steps, "f.write(\"{name}(\")");
                    for i in 0..list.len() {
                        let comma = if i > 0 { "; f.write(\", \")" } else { "" };
                        let _ = write!(steps, "{comma}; f.nested(a{i})");
                    }
                    steps.push_str("; f.write(\")\")");
                }
                Fields::Named(list) => {
                    let _ = write!(steps, "f.write(\"{name} {{{{\")");
                    for (i, field) in list.iter().enumerate() {
                        let comma = if i > 0 { "," } else { "" };
                        let _ = write!(steps, "; f.write(\"{comma} {}: \"); f.nested(a{i})", field.name.name);
                    }
                    let end = if list.is_empty() { "" } else { " " };
                    let _ = write!(steps, "; f.write(\"{end}}}}}\")");
                }
            }
            let _ = writeln!(arms, "{} => {{ {steps} }}", self.pattern(*name, fields, "a"));
        }
        let body = if arms.is_empty() { "match *self {}".to_string() } else { format!("match self {{\n{arms}}}") };
        let head = "fn show(&self, f: &mut std::prelude::Formatter)";
        self.header(out, "Show", &format!("{{ {head} {{ {body} }} }}"));
    }

    fn default_impl(&self, out: &mut String) -> Result<(), &'static str> {
        let chosen = if self.is_enum {
            self.variants.iter().find(|(_, _, is_default)| *is_default).ok_or("mark one variant with `#[default]`")?
        } else {
            self.variants.first().ok_or("there is no value to make")?
        };
        let made = self.construct(chosen.0, chosen.1, &mut |_, _| "std::prelude::Default::default()".to_string());
        self.header(out, "Default", &format!("{{ fn default() -> Self {{ {made} }} }}"));
        Ok(())
    }
}
