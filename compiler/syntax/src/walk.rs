//! Goes through trees: the parts of an expression, and the bodies of a file. For passes that change a few forms and leave the
//! others as they are.

use crate::ast::*;
use std::sync::Arc;

/// Every expression right below this one, in the order of the text. Patterns hold none that matter: their literals are fixed.
pub fn each_part(expr: &mut Expr, visit: &mut dyn FnMut(&mut Expr)) {
    use ExprKind as K;
    match &mut expr.kind {
        K::Lit(_) | K::Path(_) | K::Continue(_) | K::Yield | K::Error => {}
        K::Interpolated(parts) => {
            for part in parts {
                if let StrPart::Expr { expr, .. } = part {
                    visit(expr);
                }
            }
        }
        K::Unary(_, a) | K::Ref(_, a) | K::RawRef(_, a) | K::Field(a, _) | K::TupleField(a, ..) | K::Paren(a) | K::Let(_, a) => visit(a),
        K::Try(a) | K::Cast(a, _) | K::Join(a) | K::Async(a) | K::Await(a) => visit(a),
        K::Binary(_, _, a, b) | K::Assign(a, b) | K::AssignOp(_, _, a, b) | K::Index(a, b) | K::Repeat(a, b) | K::VecRepeat(a, b) => {
            visit(a);
            visit(b);
        }
        K::Call(callee, args) => {
            visit(callee);
            args.iter_mut().for_each(visit);
        }
        K::MethodCall(call) => {
            visit(&mut call.receiver);
            call.args.iter_mut().for_each(visit);
        }
        K::Range { lo, hi, .. } => {
            lo.iter_mut().for_each(|e| visit(e));
            hi.iter_mut().for_each(|e| visit(e));
        }
        K::Tuple(list) | K::Array(list) | K::Vec(list) | K::Channel(_, list) => list.iter_mut().for_each(visit),
        K::Struct(made) => {
            made.fields.iter_mut().for_each(|field| visit(&mut field.value));
            made.base.iter_mut().for_each(visit);
        }
        K::Block(block) | K::Labeled(_, block) | K::Unsafe(block) | K::Detach(block) | K::Blocking(block) => each_in_block(block, visit),
        K::If(branch) => {
            visit(&mut branch.cond);
            each_in_block(&mut branch.then, visit);
            branch.or_else.iter_mut().for_each(visit);
        }
        K::Match(value, arms) => {
            visit(value);
            for arm in arms {
                arm.guard.iter_mut().for_each(&mut *visit);
                visit(&mut arm.body);
            }
        }
        K::Loop(l) => each_in_block(&mut l.body, visit),
        K::While(l) => {
            visit(&mut l.cond);
            each_in_block(&mut l.body, visit);
        }
        K::For(l) => {
            visit(&mut l.iter);
            each_in_block(&mut l.body, visit);
        }
        K::Closure(closure) => visit(&mut closure.body),
        K::Return(value) | K::Break(_, value) => value.iter_mut().for_each(|e| visit(e)),
        K::Scope(scope) => {
            scope.options.iter_mut().for_each(|(_, e)| visit(e));
            each_in_block(&mut scope.body, visit);
        }
        K::Spawn(spawn) => {
            spawn.in_scope.iter_mut().for_each(&mut *visit);
            visit(&mut spawn.body);
        }
        K::Select(select) => {
            for arm in &mut select.arms {
                match &mut arm.kind {
                    SelectKind::Operation { expr, .. } | SelectKind::Join { expr, .. } | SelectKind::After(expr) => visit(expr),
                    SelectKind::Cancelled | SelectKind::Default => {}
                }
                visit(&mut arm.body);
            }
        }
        K::Shield(time, block) => {
            time.iter_mut().for_each(|e| visit(e));
            each_in_block(block, visit);
        }
        K::Timeout(time, block) | K::With(_, time, block) => {
            visit(time);
            each_in_block(block, visit);
        }
        K::Lock(locks, block) => {
            locks.iter_mut().for_each(&mut *visit);
            each_in_block(block, visit);
        }
    }
}

/// Every expression right below a block. Items inside are bodies of their own: see [`each_body`].
pub fn each_in_block(block: &mut Block, visit: &mut dyn FnMut(&mut Expr)) {
    for stmt in &mut block.stmts {
        match &mut stmt.kind {
            StmtKind::Let(bound) => {
                bound.init.iter_mut().for_each(&mut *visit);
                if let Some(block) = &mut bound.or_else {
                    each_in_block(block, visit);
                }
            }
            StmtKind::Expr(expr) => visit(expr),
            StmtKind::Item(_) | StmtKind::Error => {}
        }
    }
    block.tail.iter_mut().for_each(|e| visit(e));
}

/// This expression and every one inside it, outer ones first.
pub fn each_inside(expr: &mut Expr, visit: &mut dyn FnMut(&mut Expr)) {
    visit(expr);
    each_part(expr, &mut |part| each_inside(part, visit));
}

/// Every pattern that an expression and what is inside it brings names by.
pub fn each_pattern(expr: &mut Expr, visit: &mut dyn FnMut(&mut Pat)) {
    fn of_block(block: &mut Block, visit: &mut dyn FnMut(&mut Pat)) {
        for stmt in &mut block.stmts {
            if let StmtKind::Let(bound) = &mut stmt.kind {
                visit(&mut bound.pat);
                if let Some(block) = &mut bound.or_else {
                    of_block(block, visit);
                }
            }
        }
    }
    each_inside(expr, &mut |inner| match &mut inner.kind {
        ExprKind::Block(block) | ExprKind::Labeled(_, block) | ExprKind::Unsafe(block) | ExprKind::Detach(block) | ExprKind::Blocking(block) => of_block(block, visit),
        ExprKind::Shield(_, block) | ExprKind::Timeout(_, block) | ExprKind::With(_, _, block) | ExprKind::Lock(_, block) => of_block(block, visit),
        ExprKind::If(branch) => of_block(&mut branch.then, visit),
        ExprKind::Loop(l) => of_block(&mut l.body, visit),
        ExprKind::While(l) => of_block(&mut l.body, visit),
        ExprKind::Scope(scope) => of_block(&mut scope.body, visit),
        ExprKind::For(l) => {
            visit(&mut l.pat);
            of_block(&mut l.body, visit);
        }
        ExprKind::Let(pat, _) => visit(pat),
        ExprKind::Match(_, arms) => arms.iter_mut().for_each(|arm| visit(&mut arm.pat)),
        ExprKind::Closure(closure) => closure.params.iter_mut().for_each(|param| visit(&mut param.pat)),
        ExprKind::Select(select) => {
            for arm in &mut select.arms {
                if let SelectKind::Operation { pat: Some(pat), .. } | SelectKind::Join { pat: Some(pat), .. } = &mut arm.kind {
                    visit(pat);
                }
            }
        }
        _ => {}
    });
}

/// The names that a pattern brings.
pub fn names_of(pat: &Pat, out: &mut Vec<diag::Symbol>) {
    match &pat.kind {
        PatKind::Bind { name, sub, .. } => {
            out.push(name.name);
            if let Some(sub) = sub {
                names_of(sub, out);
            }
        }
        PatKind::Ref(_, inner) => names_of(inner, out),
        PatKind::Tuple(list) | PatKind::Slice(list) | PatKind::Or(list) | PatKind::TupleStruct(_, list) => list.iter().for_each(|pat| names_of(pat, out)),
        PatKind::Struct { fields, .. } => fields.iter().for_each(|field| names_of(&field.pat, out)),
        PatKind::Wild | PatKind::Rest | PatKind::Lit(_) | PatKind::Range { .. } | PatKind::Path(_) | PatKind::Error => {}
    }
}

/// Every body of a file: of functions, methods and tests, also of those inside others.
pub fn each_body(items: &mut [Item], visit: &mut dyn FnMut(&mut Block)) {
    for item in items {
        match &mut item.kind {
            ItemKind::Fn(function) => body_of(Arc::make_mut(function), visit),
            ItemKind::Impl(ImplItem { items, .. }) | ItemKind::Trait(TraitItem { items, .. }) => {
                for item in items {
                    if let AssocKind::Fn(function) = &mut item.kind {
                        body_of(Arc::make_mut(function), visit);
                    }
                }
            }
            ItemKind::Mod(ModItem { items: Some(items), .. }) => each_body(items, visit),
            ItemKind::Test(test) => of_block(Arc::make_mut(&mut test.body), visit),
            _ => {}
        }
    }
}

fn body_of(function: &mut FnItem, visit: &mut dyn FnMut(&mut Block)) {
    if let Some(body) = &mut function.body {
        of_block(body, visit);
    }
}

fn of_block(block: &mut Block, visit: &mut dyn FnMut(&mut Block)) {
    visit(block);
    for stmt in &mut block.stmts {
        if let StmtKind::Item(item) = &mut stmt.kind {
            each_body(std::slice::from_mut(item), visit);
        }
    }
}
