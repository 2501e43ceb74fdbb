//! Interpolated strings: a formatter, filled piece by piece.

use super::*;
use crate::typed::{Block, Const, Stmt};
use ast::{Align, FormatKind, FormatSpec, SpecCount, StrPart};

impl FnCx<'_> {
    /// `{ let mut f = format_begin(); format_text(&mut f, "…"); format_value(&mut f, &x); …; format_end(f) }`
    pub(super) fn interpolated(&mut self, parts: &[StrPart], expect: Option<Ty>, span: Span) -> ExprId {
        let formatter = self.lang_adt("formatter", &[]);
        let (bind, local) = {
            let local = LocalId(self.locals.len() as u32);
            let closure = self.closure_stack.last().copied();
            self.locals.push(typed::Local { name: Symbol::intern(""), ty: formatter, mutable: true, span, closure });
            (self.pat(PatKind::Bind { local, by_ref: None, sub: None }, formatter, span), local)
        };
        let begin = self.call_lang("format_begin", &[], Vec::new(), span);
        let mut stmts = vec![Stmt::Let { pat: bind, init: Some(begin), or_else: None, span }];
        for part in parts {
            let place = self.expr(ExprKind::Local(local), formatter, span);
            let f = self.mutable_ref(place, span);
            let step = match part {
                StrPart::Text(text) => {
                    let text = ExprKind::Const(Const::Str(*text));
                    let text = self.expr(text, Ty::shared(Ty::str()), span);
                    self.call_lang("format_text", &[], vec![f, text], span)
                }
                StrPart::Expr { expr, spec, span } => self.format_part(f, expr, spec, *span),
            };
            stmts.push(Stmt::Expr(step));
        }
        let place = self.expr(ExprKind::Local(local), formatter, span);
        let end = self.call_lang("format_end", &[], vec![place], span);
        let string = self.string_ty();
        let block = self.expr(ExprKind::Block(Block { stmts, tail: Some(end) }), string, span);
        // Where a view is wanted, the text is a temporary that is looked at.
        let wants_view = expect.is_some_and(|ty| {
            matches!(self.shallow(ty).kind(), TyKind::Ref(Mutable::No, to) if self.shallow(*to).is_str())
        });
        if !wants_view {
            return block;
        }
        let borrowed = self.shared_ref(block, span);
        self.coerce(borrowed, Ty::shared(Ty::str()))
    }

    fn format_part(&mut self, f: ExprId, expr: &ast::Expr, spec: &FormatSpec, span: Span) -> ExprId {
        let value = self.check_expr(expr, None);
        let ty = self.structurally(self.ty_of(value));
        if ty.is_never() {
            return value;
        }
        let borrowed = self.shared_ref(value, span);
        let show = self.program.lang.trait_id("show");
        self.require(show, Args::new(&[ty]), expr.span);
        let program = self.program;
        let plain = spec.is_plain();
        let name = if plain { "format_value" } else { "format_value_with" };
        let id = program.lang.function(name);
        let args = Args::new(&[ty]);
        if plain {
            return self.expr(ExprKind::Call(typed::Callee::Fn(id, args), vec![f, borrowed]), Ty::unit(), span);
        }
        self.check_spec(ty, spec, span);
        let number = |cx: &mut Self, value: i128| cx.expr(ExprKind::Const(Const::Int(value)), Ty::int(), span);
        let fill = spec.fill.unwrap_or(' ');
        let fill = self.expr(ExprKind::Const(Const::Int(fill as i128)), Ty::char(), span);
        // 0 by kind, 1 left, 2 center, 3 right.
        let align = match spec.align {
            None => 0,
            Some(Align::Left) => 1,
            Some(Align::Center) => 2,
            Some(Align::Right) => 3,
        };
        let align = number(self, align);
        // Bits: 1 plus, 2 alternate, 4 zero.
        let flags = spec.plus as i128 | (spec.alternate as i128) << 1 | (spec.zero as i128) << 2;
        let flags = number(self, flags);
        let width = self.spec_count(&spec.width, span);
        let precision = self.spec_count(&spec.precision, span);
        let kind = match spec.kind {
            FormatKind::Show => 0,
            FormatKind::Debug => 1,
            FormatKind::LowerHex => 2,
            FormatKind::UpperHex => 3,
            FormatKind::Binary => 4,
            FormatKind::Octal => 5,
            FormatKind::Exponent => 6,
        };
        let kind = number(self, kind);
        let values = vec![f, borrowed, fill, align, flags, width, precision, kind];
        self.expr(ExprKind::Call(typed::Callee::Fn(id, args), values), Ty::unit(), span)
    }

    /// -1: not given.
    fn spec_count(&mut self, count: &Option<SpecCount>, span: Span) -> ExprId {
        match count {
            None => self.expr(ExprKind::Const(Const::Int(-1)), Ty::int(), span),
            Some(SpecCount::Literal(n)) => self.expr(ExprKind::Const(Const::Int(*n as i128)), Ty::int(), span),
            Some(SpecCount::Name(ident)) => {
                let segment = ast::Segment { ident: *ident, args: None };
                let path = ast::Path { span: ident.span, segments: vec![segment], qualified: None };
                let value = self.check_path(&path, Some(Ty::int()), ident.span);
                self.coerce(value, Ty::int())
            }
        }
    }

    /// Number forms need numbers.
    fn check_spec(&mut self, ty: Ty, spec: &FormatSpec, span: Span) {
        let base = self.resolve(ty).peeled();
        let is_leaf = !matches!(base.kind(), TyKind::Adt(..) | TyKind::Param(_) | TyKind::Projection(_) | TyKind::Infer(InferTy::General(_)) | TyKind::Error | TyKind::Tuple(_) | TyKind::Array(..) | TyKind::Slice(_));
        let (needs, what) = match spec.kind {
            FormatKind::LowerHex | FormatKind::UpperHex | FormatKind::Binary | FormatKind::Octal => {
                (base.is_integer(), "an integer")
            }
            FormatKind::Exponent => (base.is_integer() || base.is_float(), "a number"),
            FormatKind::Show | FormatKind::Debug => (true, ""),
        };
        let is_text = self.is_lang_adt(base, "string").is_some();
        if (is_leaf || is_text) && !needs {
            let shown = self.show(ty);
            self.report(errors::bad_spec(spec.span.unwrap_or(span), what, &shown));
        }
    }
}

trait SpecIsPlain {
    fn is_plain(&self) -> bool;
}

impl SpecIsPlain for FormatSpec {
    fn is_plain(&self) -> bool {
        self.align.is_none()
            && !self.plus
            && !self.alternate
            && !self.zero
            && self.width.is_none()
            && self.precision.is_none()
            && self.kind == FormatKind::Show
    }
}
