//! Integer constants that types need before bodies are typed: array lengths, discriminants.

use super::*;
use crate::resolve::scope::{Entry, Step, follow};

/// The value, or the place that is no constant integer.
pub(crate) fn evaluate_int(program: &Program, module: ModId, expr: &ast::Expr) -> Result<i64, Span> {
    Evaluator { program, depth: 0 }.evaluate(module, expr).and_then(|value| i64::try_from(value).map_err(|_| expr.span))
}

struct Evaluator<'a> {
    program: &'a Program,
    depth: u32,
}

impl Evaluator<'_> {
    fn evaluate(&mut self, module: ModId, expr: &ast::Expr) -> Result<i128, Span> {
        use ast::{BinaryOp as B, ExprKind as K};
        let bad = Err(expr.span);
        match &expr.kind {
            K::Lit(ast::Lit::Int { value, .. }) => i128::try_from(*value).map_err(|_| expr.span),
            K::Lit(ast::Lit::Byte(value)) => Ok(*value as i128),
            K::Paren(inner) | K::Cast(inner, _) => self.evaluate(module, inner),
            K::Block(block) if block.stmts.is_empty() => match &block.tail {
                Some(tail) => self.evaluate(module, tail),
                None => bad,
            },
            K::Unary(ast::UnaryOp::Neg, inner) => self.evaluate(module, inner)?.checked_neg().ok_or(expr.span),
            K::Binary(op, _, a, b) => {
                let (a, b) = (self.evaluate(module, a)?, self.evaluate(module, b)?);
                match op {
                    B::Add => a.checked_add(b),
                    B::Sub => a.checked_sub(b),
                    B::Mul => a.checked_mul(b),
                    B::Div => a.checked_div(b),
                    B::Rem => a.checked_rem(b),
                    B::Shl if (0..64).contains(&b) => a.checked_shl(b as u32),
                    B::Shr if (0..64).contains(&b) => a.checked_shr(b as u32),
                    B::BitAnd => Some(a & b),
                    B::BitOr => Some(a | b),
                    B::BitXor => Some(a ^ b),
                    _ => None,
                }
                .ok_or(expr.span)
            }
            K::Path(path) => {
                let names: Vec<Symbol> = path.segments.iter().map(|segment| segment.ident.name).collect();
                if let [ty, max] = names[..]
                    && let Some(ty) = crate::resolve::scope::primitive(&ty)
                    && let crate::ty::TyKind::Int(int) = ty.kind()
                {
                    match max.as_str() {
                        "MAX" => return Ok(int.max()),
                        "MIN" => return Ok(int.min()),
                        _ => {}
                    }
                }
                let Step::Found(Entry { def: Def::Fn(id), .. }) =
                    follow(self.program, module, &names, Namespace::Value)
                else {
                    return bad;
                };
                let def = self.program.fn_def(id);
                let BodySource::Expr(value) = &def.body else { return bad };
                // A constant that speaks of itself has no value.
                if def.kind != FnKind::Const || self.depth > 64 {
                    return bad;
                }
                self.depth += 1;
                let value = self.evaluate(def.module, value).map_err(|_| expr.span);
                self.depth -= 1;
                value
            }
            _ => bad,
        }
    }
}
