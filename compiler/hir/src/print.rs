//! Typed bodies as text, the `hir` stage: the program with every type, coercion, reference and call spelled out.

use crate::ids::*;
use crate::program::Program;
use crate::queries::TypedProgram;
use crate::ty::Mutable;
use crate::typed::{Block, Body, Callee, Const, ExprKind, PatKind, Stmt};

/// The bodies of the user's functions whose paths are wanted.
pub fn program(program: &TypedProgram, wanted: &dyn Fn(&str) -> bool) -> String {
    let mut out = String::new();
    for def in &program.program().fns {
        if program.program().module(def.module).library || !wanted(&def.path) {
            continue;
        }
        if let Some(body) = program.body(def.id) {
            let printer = Printer { program: program.program(), body: &body };
            let params: Vec<String> =
                body.params.iter().map(|p| format!("{}: {}", printer.pat(p.pat), printer.program.show(p.ty))).collect();
            let ret = printer.program.show(body.ret);
            out.push_str(&format!("fn {}({}) -> {ret} =\n    {}\n\n", def.path, params.join(", "), printer.expr(body.root, 1)));
        }
    }
    out
}

struct Printer<'a> {
    program: &'a Program,
    body: &'a Body,
}

impl Printer<'_> {
    fn local(&self, id: LocalId) -> String {
        let name = self.body.local(id).name;
        if name.is_empty() { format!("_{}", id.0) } else { name.to_string() }
    }

    fn list(&self, list: &[ExprId], depth: usize) -> String {
        list.iter().map(|&id| self.expr(id, depth)).collect::<Vec<_>>().join(", ")
    }

    fn constant(&self, constant: &Const, ty: &str) -> String {
        match constant {
            Const::Int(value) => match ty {
                "bool" => (*value != 0).to_string(),
                "char" => format!("{:?}", char::from_u32(*value as u32).unwrap_or('?')),
                "int" => value.to_string(),
                _ => format!("{value}{ty}"),
            },
            Const::Float(bits) => format!("{:?}", f64::from_bits(*bits)),
            Const::Str(text) => format!("{:?}", text.as_str()),
            Const::Bytes(bytes) => format!("{bytes:?}"),
        }
    }

    fn block(&self, block: &Block, depth: usize) -> String {
        let pad = "    ".repeat(depth + 1);
        let mut out = String::from("{\n");
        for stmt in &block.stmts {
            let text = match stmt {
                Stmt::Let { pat, init, or_else, .. } => {
                    let ty = self.program.show(self.body.pat(*pat).ty);
                    let init = init.map(|init| format!(" = {}", self.expr(init, depth + 1))).unwrap_or_default();
                    let or_else = or_else.map(|e| format!(" else {}", self.expr(e, depth + 1))).unwrap_or_default();
                    format!("let {}: {ty}{init}{or_else}", self.pat(*pat))
                }
                Stmt::Expr(id) => format!("{};", self.expr(*id, depth + 1)),
                Stmt::Open(index) => format!("open {}", self.region(*index, depth + 1)),
            };
            out.push_str(&format!("{pad}{text}\n"));
        }
        if let Some(tail) = block.tail {
            out.push_str(&format!("{pad}{}\n", self.expr(tail, depth + 1)));
        }
        out.push_str(&"    ".repeat(depth));
        out.push('}');
        out
    }

    fn expr(&self, id: ExprId, depth: usize) -> String {
        let expr = self.body.expr(id);
        let ty = self.program.show(expr.ty);
        let e = |id: ExprId| self.expr(id, depth);
        match &expr.kind {
            ExprKind::Const(constant) => self.constant(constant, &ty),
            ExprKind::Local(local) => self.local(*local),
            ExprKind::Static(id) => self.program.fn_def(*id).path.clone(),
            ExprKind::ConstItem(id, args) | ExprKind::FnItem(id, args) => {
                format!("{}{}", self.program.fn_def(*id).path, self.program.show_args(args))
            }
            ExprKind::ConstParam(ty) => self.program.show(*ty),
            ExprKind::Field(base, field) => format!("{}.{field}", e(*base)),
            ExprKind::Index(base, index) => format!("{}[{}]", e(*base), e(*index)),
            ExprKind::Deref(base) => format!("(*{})", e(*base)),
            ExprKind::Ref(mutable, place) => format!("&{}{}", word(*mutable), e(*place)),
            ExprKind::RawRef(mutable, place) => {
                format!("&raw {} {}", if mutable.is_yes() { "mut" } else { "const" }, e(*place))
            }
            ExprKind::Binary(op, a, b) => format!("({} {} {})", e(*a), op.symbol(), e(*b)),
            ExprKind::Unary(op, a) => format!("({op:?} {})", e(*a)),
            ExprKind::And(a, b) => format!("({} && {})", e(*a), e(*b)),
            ExprKind::Or(a, b) => format!("({} || {})", e(*a), e(*b)),
            ExprKind::Assign(place, value) => format!("{} = {}", e(*place), e(*value)),
            ExprKind::AssignOp(op, place, value) => format!("{} {}= {}", e(*place), op.symbol(), e(*value)),
            ExprKind::Call(Callee::Fn(id, args), values) => {
                let list = self.list(values, depth);
                format!("{}{}({list})", self.program.fn_def(*id).path, self.program.show_args(args))
            }
            ExprKind::Call(Callee::FnTrait(kind), values) => format!("{kind:?}::call({})", self.list(values, depth)),
            ExprKind::Call(Callee::Pointer, values) => format!("({})({})", e(values[0]), self.list(&values[1..], depth)),
            ExprKind::Tuple(list) => format!("({})", self.list(list, depth)),
            ExprKind::Array(list) => format!("[{}]", self.list(list, depth)),
            ExprKind::Repeat(value) => format!("[{}; …]: {ty}", e(*value)),
            ExprKind::Adt { variant, fields, base } => {
                let mut parts: Vec<String> = fields.iter().map(|(field, value)| format!("{field}: {}", e(*value))).collect();
                parts.extend(base.map(|base| format!("..{}", e(base))));
                format!("{ty}#{variant} {{ {} }}", parts.join(", "))
            }
            ExprKind::Closure(index) => {
                let closure = &self.body.closures[*index as usize];
                let captures: Vec<String> = closure
                    .captures
                    .iter()
                    .map(|capture| format!("{:?} {}{}", capture.by, self.local(capture.local), steps(&capture.path)))
                    .collect();
                let params: Vec<String> = closure.params.iter().map(|param| self.pat(param.pat)).collect();
                let body = self.expr(closure.body, depth);
                format!("{:?}[{}] |{}| {body}", closure.kind, captures.join(", "), params.join(", "))
            }
            ExprKind::Cast(cast, value) => format!("({} as {ty} by {cast:?})", e(*value)),
            ExprKind::Block(block) => self.block(block, depth),
            ExprKind::If { cond, then, or_else } => {
                let or_else = or_else.map(|id| format!(" else {}", e(id))).unwrap_or_default();
                format!("if {} {}{or_else}", e(*cond), e(*then))
            }
            ExprKind::Let(pat, value) => format!("let {} = {}", self.pat(*pat), e(*value)),
            ExprKind::Match { scrutinee, arms } => {
                let pad = "    ".repeat(depth + 1);
                let mut out = format!("match {} {{\n", e(*scrutinee));
                for arm in arms {
                    let guard = arm.guard.map(|id| format!(" if {}", self.expr(id, depth + 1))).unwrap_or_default();
                    out.push_str(&format!("{pad}{}{guard} => {}\n", self.pat(arm.pat), self.expr(arm.body, depth + 1)));
                }
                out.push_str(&"    ".repeat(depth));
                out.push('}');
                out
            }
            ExprKind::Loop { id, body } => format!("'{}: loop {}", id.0, e(*body)),
            ExprKind::Labeled { id, body } => format!("'{}: {}", id.0, e(*body)),
            ExprKind::Break { target, value } => {
                format!("break '{}{}", target.0, value.map(|id| format!(" {}", e(id))).unwrap_or_default())
            }
            ExprKind::Continue { target } => format!("continue '{}", target.0),
            ExprKind::Return(value) => format!("return{}", value.map(|id| format!(" {}", e(id))).unwrap_or_default()),
            ExprKind::Propagate(value) => format!("return failed {}", e(*value)),
            ExprKind::Region(index) => self.region(*index, depth),
            ExprKind::Unsafe(body) => format!("unsafe {}", e(*body)),
            ExprKind::Error => "{error}".to_string(),
        }
    }

    fn region(&self, index: u32, depth: usize) -> String {
        let region = &self.body.regions[index as usize];
        let enter = self.list(&region.enter, depth);
        let leave = &self.program.fn_def(region.leave.0).path;
        let part = |name: &str, id: Option<ExprId>| id.map(|id| format!(" {name} {}", self.expr(id, depth))).unwrap_or_default();
        let body = part("then", region.body);
        let after = part("after", region.after.map(|(_, value)| value));
        format!("region [{enter}]{body} leave {leave}{after}{}", part("caught", region.caught))
    }

    fn pat(&self, id: PatId) -> String {
        let pat = self.body.pat(id);
        let list = |list: &[PatId]| list.iter().map(|&id| self.pat(id)).collect::<Vec<_>>();
        let fields = |fields: &[(u32, PatId)]| {
            fields.iter().map(|(field, id)| format!("{field}: {}", self.pat(*id))).collect::<Vec<_>>().join(", ")
        };
        let ty = self.program.show(pat.ty);
        let end = |end: &Option<Const>| end.as_ref().map(|end| self.constant(end, &ty)).unwrap_or_default();
        match &pat.kind {
            PatKind::Wild => "_".to_string(),
            PatKind::Bind { local, by_ref, sub } => {
                let by_ref = by_ref.map(|mutable| format!("ref {}", word(mutable))).unwrap_or_default();
                let sub = sub.map(|sub| format!(" @ {}", self.pat(sub))).unwrap_or_default();
                format!("{by_ref}{}{sub}", self.local(*local))
            }
            PatKind::Const(constant) => self.constant(constant, &ty),
            PatKind::Range { lo, hi, inclusive } => format!("{}..{}{}", end(lo), if *inclusive { "=" } else { "" }, end(hi)),
            PatKind::Deref(inner) => format!("&{}", self.pat(*inner)),
            PatKind::Leaf(parts) => format!("{{ {} }}", fields(parts)),
            PatKind::Variant { variant, fields: parts } => format!("{ty}#{variant} {{ {} }}", fields(parts)),
            PatKind::Slice { before, rest, after } => {
                let mut parts = list(before);
                parts.extend(rest.map(|rest| rest.map_or("..".to_string(), |id| format!("{} @ ..", self.pat(id)))));
                parts.extend(list(after));
                format!("[{}]", parts.join(", "))
            }
            PatKind::Or(alternatives) => list(alternatives).join(" | "),
            PatKind::Error => "{error}".to_string(),
        }
    }
}

fn word(mutable: Mutable) -> &'static str {
    if mutable.is_yes() { "mut " } else { "" }
}

fn steps(path: &[crate::typed::CaptureStep]) -> String {
    path.iter()
        .map(|step| match step {
            crate::typed::CaptureStep::Field(field) => format!(".{field}"),
            crate::typed::CaptureStep::Deref => ".*".to_string(),
        })
        .collect()
}
