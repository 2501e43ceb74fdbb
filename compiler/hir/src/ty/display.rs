//! Types as the user would write them.

use super::kind::*;
use crate::program::Program;
use std::fmt::Write;

impl Program {
    /// The type as it would be written.
    pub fn show(&self, ty: Ty) -> String {
        let mut out = String::new();
        self.write_ty(&mut out, ty);
        out
    }

    /// `<A, B>`, or nothing.
    pub fn show_args(&self, args: &[Ty]) -> String {
        let mut out = String::new();
        self.write_args(&mut out, args);
        out
    }

    fn write_args(&self, out: &mut String, args: &[Ty]) {
        if !args.is_empty() {
            out.push('<');
            self.write_list(out, args);
            out.push('>');
        }
    }

    fn write_list(&self, out: &mut String, list: &[Ty]) {
        for (i, &ty) in list.iter().enumerate() {
            if i > 0 {
                out.push_str(", ");
            }
            self.write_ty(out, ty);
        }
    }

    fn write_ty(&self, out: &mut String, ty: Ty) {
        // Writing into a String cannot fail.
        match ty.kind() {
            TyKind::Bool => out.push_str("bool"),
            TyKind::Char => out.push_str("char"),
            TyKind::Int(int) => out.push_str(int.name()),
            TyKind::Float(float) => out.push_str(float.name()),
            TyKind::Str => out.push_str("str"),
            TyKind::Never => out.push('!'),
            TyKind::Tuple(of) => {
                out.push('(');
                self.write_list(out, of);
                if of.len() == 1 {
                    out.push(',');
                }
                out.push(')');
            }
            TyKind::Array(of, len) => {
                out.push('[');
                self.write_ty(out, *of);
                out.push_str("; ");
                self.write_ty(out, *len);
                out.push(']');
            }
            TyKind::Slice(of) => {
                out.push('[');
                self.write_ty(out, *of);
                out.push(']');
            }
            TyKind::Adt(id, args) => {
                out.push_str(&self.adt(*id).name);
                self.write_args(out, args);
            }
            TyKind::Ref(mutable, to) => {
                out.push_str(if mutable.is_yes() { "&mut " } else { "&" });
                self.write_ty(out, *to);
            }
            TyKind::Ptr(mutable, to) => {
                out.push_str(if mutable.is_yes() { "*mut " } else { "*const " });
                self.write_ty(out, *to);
            }
            TyKind::FnPtr(f) => {
                out.push_str(if f.is_extern { "extern \"C\" fn(" } else { "fn(" });
                self.write_list(out, &f.params);
                out.push(')');
                self.write_ret(out, f.ret);
            }
            TyKind::FnDef(id, args) => {
                let def = self.fn_def(*id);
                out.push_str("fn ");
                out.push_str(&def.name);
                let own = &args[def.generics.parent_count.min(args.len())..];
                self.write_args(out, own);
            }
            TyKind::Closure(..) => out.push_str("closure"),
            TyKind::Dyn(d) => {
                out.push_str("dyn ");
                let def = self.trait_def(d.trait_id);
                out.push_str(&def.name);
                let is_fn = matches!(def.name.as_str(), "Fn" | "FnMut" | "FnOnce");
                if let (true, [one]) = (is_fn, &d.args[..])
                    && let TyKind::Tuple(params) = one.kind()
                {
                    out.push('(');
                    self.write_list(out, params);
                    out.push(')');
                    if let Some((_, ret)) = d.bindings.first() {
                        self.write_ret(out, *ret);
                    }
                } else if !d.args.is_empty() || !d.bindings.is_empty() {
                    out.push('<');
                    self.write_list(out, &d.args);
                    for (i, (name, ty)) in d.bindings.iter().enumerate() {
                        if i > 0 || !d.args.is_empty() {
                            out.push_str(", ");
                        }
                        let _ = write!(out, "{name} = ");
                        self.write_ty(out, *ty);
                    }
                    out.push('>');
                }
                for marker in &d.markers {
                    out.push_str(" + ");
                    out.push_str(&self.trait_def(*marker).name);
                }
            }
            TyKind::Param(param) => out.push_str(&param.name),
            TyKind::Projection(p) => {
                if let TyKind::Param(param) = p.args[0].kind() {
                    let _ = write!(out, "{}::{}", param.name, p.name);
                } else {
                    out.push('<');
                    self.write_ty(out, p.args[0]);
                    let _ = write!(out, " as {}", self.trait_def(p.trait_id).name);
                    self.write_args(out, &p.args[1..]);
                    let _ = write!(out, ">::{}", p.name);
                }
            }
            TyKind::Const(value) => {
                let _ = write!(out, "{value}");
            }
            TyKind::Infer(InferTy::General(_)) => out.push('_'),
            TyKind::Infer(InferTy::Int(_)) => out.push_str("int"),
            TyKind::Infer(InferTy::Float(_)) => out.push_str("f64"),
            TyKind::Infer(InferTy::Text(_)) => out.push_str("String"),
            TyKind::Error => out.push_str("{unknown}"),
        }
    }

    fn write_ret(&self, out: &mut String, ret: Ty) {
        if !ret.is_unit() {
            out.push_str(" -> ");
            self.write_ty(out, ret);
        }
    }
}

impl std::fmt::Debug for Ty {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.kind() {
            TyKind::Bool => f.write_str("bool"),
            TyKind::Char => f.write_str("char"),
            TyKind::Int(int) => f.write_str(int.name()),
            TyKind::Float(float) => f.write_str(float.name()),
            TyKind::Str => f.write_str("str"),
            TyKind::Never => f.write_str("!"),
            TyKind::Tuple(of) => write!(f, "({of:?})"),
            TyKind::Array(of, len) => write!(f, "[{of:?}; {len:?}]"),
            TyKind::Slice(of) => write!(f, "[{of:?}]"),
            TyKind::Adt(id, args) => write!(f, "adt{}<{args:?}>", id.0),
            TyKind::Ref(m, to) => write!(f, "&{}{to:?}", if m.is_yes() { "mut " } else { "" }),
            TyKind::Ptr(m, to) => write!(f, "*{}{to:?}", if m.is_yes() { "mut " } else { "const " }),
            TyKind::FnPtr(p) => write!(f, "fn({:?}) -> {:?}", p.params, p.ret),
            TyKind::FnDef(id, args) => write!(f, "fn{}<{args:?}>", id.0),
            TyKind::Closure(id, args) => write!(f, "closure{}.{}<{args:?}>", id.owner.0, id.index),
            TyKind::Dyn(d) => write!(f, "dyn{}<{:?}>", d.trait_id.0, d.args),
            TyKind::Param(p) => write!(f, "{}", p.name),
            TyKind::Projection(p) => write!(f, "<{:?} as trait{}>::{}", p.args, p.trait_id.0, p.name),
            TyKind::Const(value) => write!(f, "{value}"),
            TyKind::Infer(i) => write!(f, "?{i:?}"),
            TyKind::Error => f.write_str("{error}"),
        }
    }
}

impl std::fmt::Debug for Args {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (i, ty) in self.iter().enumerate() {
            if i > 0 {
                f.write_str(", ")?;
            }
            write!(f, "{ty:?}")?;
        }
        Ok(())
    }
}
