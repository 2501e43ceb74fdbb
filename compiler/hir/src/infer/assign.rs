//! Assignments: to one place, and to many that a pattern takes a value apart for.

use super::*;
use ast::ExprKind as K;

impl FnCx<'_> {
    pub(super) fn assign(&mut self, place: &ast::Expr, value: &ast::Expr, span: Span) -> ExprId {
        // `_ = e` takes the value and drops it.
        if is_wild(place) {
            let id = self.check_expr(value, None);
            let stmts = vec![typed::Stmt::Expr(id)];
            return self.expr(ExprKind::Block(typed::Block { stmts, tail: None }), Ty::unit(), span);
        }
        match &place.kind {
            // `(a, b) = (b, a)`: through temporaries.
            K::Tuple(places) if places.iter().all(is_one_place) => return self.assign_tuple(places, value, span),
            _ if !is_one_place(place) => return self.assign_parts(place, value, span),
            _ => {}
        }
        let place = self.check_assignee(place);
        let wanted = self.ty_of(place);
        let value = self.check_coerce(value, wanted);
        self.expr(ExprKind::Assign(place, value), Ty::unit(), span)
    }

    fn assign_tuple(&mut self, places: &[ast::Expr], value: &ast::Expr, span: Span) -> ExprId {
        let targets: Vec<ExprId> = places.iter().map(|place| self.check_assignee(place)).collect();
        let types: Vec<Ty> = targets.iter().map(|&id| self.ty_of(id)).collect();
        let whole = Ty::tuple(&types);
        let value = self.check_coerce(value, whole);
        let mut fields = Vec::new();
        let mut stmts = Vec::new();
        let mut assigns = Vec::new();
        for (i, (&target, &ty)) in targets.iter().zip(&types).enumerate() {
            let (pat, taken) = self.bound_pat("part", ty, span);
            fields.push((i as u32, pat));
            assigns.push(typed::Stmt::Expr(self.expr(ExprKind::Assign(target, taken), Ty::unit(), span)));
        }
        let pat = self.pat(PatKind::Leaf(fields), whole, span);
        stmts.push(typed::Stmt::Let { pat, init: Some(value), or_else: None, span });
        stmts.extend(assigns);
        self.expr(ExprKind::Block(typed::Block { stmts, tail: None }), Ty::unit(), span)
    }

    /// `[a, Point { x, y: _ }] = e` becomes `{ let [t0, Point { x: t1, y: _ }] = e; a = t0; x = t1 }`.
    fn assign_parts(&mut self, place: &ast::Expr, value: &ast::Expr, span: Span) -> ExprId {
        let mut parts = Parts { assigned: Vec::new() };
        let pat = parts.pattern(place);
        let kind = ast::StmtKind::Let(Box::new(ast::Let { pat, ty: None, init: Some(value.clone()), or_else: None }));
        let mut stmts = vec![ast::Stmt { span, kind }];
        stmts.extend(parts.assigned.into_iter().map(|(target, temp)| {
            let value = ast::Expr { span: target.span, kind: K::Path(path_of(temp)) };
            let kind = ast::StmtKind::Expr(ast::Expr { span: target.span, kind: K::Assign(Box::new(target), Box::new(value)) });
            ast::Stmt { span, kind }
        }));
        let block = ast::Block { span, stmts, tail: None };
        self.check_expr(&ast::Expr { span, kind: K::Block(Box::new(block)) }, Some(Ty::unit()))
    }
}

/// The pattern that the left side of an assignment is, and which of its names go where.
struct Parts {
    assigned: Vec<(ast::Expr, ast::Ident)>,
}

impl Parts {
    fn patterns(&mut self, list: &[ast::Expr]) -> Vec<ast::Pat> {
        list.iter().map(|part| self.pattern(part)).collect()
    }
    fn pattern(&mut self, place: &ast::Expr) -> ast::Pat {
        let kind = match &place.kind {
            _ if is_wild(place) => ast::PatKind::Wild,
            K::Range { lo: None, hi: None, inclusive: false } => ast::PatKind::Rest,
            K::Paren(inner) if !is_one_place(inner) => return self.pattern(inner),
            K::Tuple(list) => ast::PatKind::Tuple(self.patterns(list)),
            K::Array(list) => ast::PatKind::Slice(self.patterns(list)),
            K::Call(callee, list) if let K::Path(path) = &callee.kind => ast::PatKind::TupleStruct(path.clone(), self.patterns(list)),
            K::Struct(of) => {
                let fields = of.fields.iter().map(|field| ast::FieldPat { span: field.span, name: field.name, pat: self.pattern(&field.value), short: false });
                ast::PatKind::Struct { path: of.path.clone(), fields: fields.collect(), rest: false }
            }
            _ => {
                let name = ast::Ident { name: Symbol::intern(&format!("part {}", self.assigned.len())), span: place.span };
                self.assigned.push((place.clone(), name));
                ast::PatKind::Bind { by_ref: None, mutable: false, name, sub: None }
            }
        };
        ast::Pat { span: place.span, kind }
    }
}

fn path_of(ident: ast::Ident) -> ast::Path {
    ast::Path { span: ident.span, segments: vec![ast::Segment { ident, args: None }], qualified: None }
}

fn is_wild(place: &ast::Expr) -> bool {
    matches!(&place.kind, K::Path(path) if path.as_ident().is_some_and(|ident| ident.name.as_str() == "_"))
}

/// Whether it is no pattern.
fn is_one_place(place: &ast::Expr) -> bool {
    match &place.kind {
        K::Tuple(_) | K::Array(_) | K::Range { lo: None, hi: None, inclusive: false } => false,
        K::Struct(of) => of.base.is_some(),
        K::Paren(inner) => is_one_place(inner),
        K::Call(callee, _) => !matches!(&callee.kind, K::Path(path) if path.segments.last().is_some_and(|s| s.ident.name.as_str().starts_with(char::is_uppercase))),
        _ => !is_wild(place),
    }
}
