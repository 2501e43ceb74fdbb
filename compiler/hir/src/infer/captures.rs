//! What closures take from outside, per path and by the weakest mode that serves; from that their kind.
//!
//! Runs after types are written back. A closure that calls or holds another one waits for that one.

use super::*;
use crate::typed::{Callee, Capture, CaptureBy, CaptureStep};

/// A use of a place, weakest first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Use {
    Look,
    Change,
    Take,
}

/// A place that begins at a local. `exact` is false where the path stops short of what was named.
#[derive(Clone)]
struct Path {
    local: LocalId,
    steps: Vec<CaptureStep>,
    /// The type after each step; the first is the local's.
    types: Vec<Ty>,
    exact: bool,
}

struct Walk {
    closure: u32,
    found: Vec<Capture>,
    kind: ClosureKind,
}

impl FnCx<'_> {
    pub(super) fn finish_closures(&mut self) {
        if self.tainted {
            return;
        }
        let mut done = vec![false; self.closures.len()];
        for index in (0..self.closures.len() as u32).rev() {
            self.analyze(index, &mut done);
        }
        for index in 0..self.exprs.len() {
            if let ExprKind::Call(Callee::FnTrait(_), values) = &self.exprs[index].kind
                && let TyKind::Closure(id, _) = self.exprs[values[0].index()].ty.kind()
                && id.owner == self.owner
            {
                let kind = self.closures[id.index as usize].kind;
                self.finish_closure_call(index, kind);
            }
        }
        self.check_pointers();
        self.check_crossings();
        // One message does, however many ask.
        let mut told = Vec::new();
        for (id, wanted, span) in std::mem::take(&mut self.closure_checks) {
            if id.owner != self.owner || self.crossed.contains(&id.index) || told.contains(&id.index) {
                continue;
            }
            let closure = &self.closures[id.index as usize];
            if closure.kind > wanted {
                told.push(id.index);
                let (kind, at) = (closure.kind, closure.span);
                let reason = closure.captures.iter().map(|capture| capture.span).next();
                self.report(errors::closure_kind(span, at, wanted, kind, reason));
            }
        }
    }

    /// A pointer to a function has no room for what a closure captured.
    fn check_pointers(&mut self) {
        for index in 0..self.exprs.len() {
            let Expr { kind: ExprKind::Cast(typed::Cast::ReifyClosure, inner), span, .. } = self.exprs[index] else { continue };
            let TyKind::Closure(id, _) = self.exprs[inner.index()].ty.kind() else { continue };
            if id.owner != self.owner {
                continue;
            }
            let closure = &self.closures[id.index as usize];
            if let Some(capture) = closure.captures.first() {
                let name = self.locals[capture.local.index()].name;
                self.report(errors::pointer_captures(span, closure.span, capture.span, name));
            }
        }
    }

    fn analyze(&mut self, index: u32, done: &mut Vec<bool>) {
        if std::mem::replace(&mut done[index as usize], true) {
            return;
        }
        let mut walk = Walk { closure: index, found: Vec::new(), kind: ClosureKind::Fn };
        let body = self.closures[index as usize].body;
        self.walk_value(body, &mut walk, done);
        let fields: Vec<Ty> = walk.found.iter().map(Capture::field_ty).collect();
        // A task runs once and owns what it took.
        if self.closures[index as usize].task.is_some_and(|task| task.kind != typed::TaskKind::Parallel) {
            walk.kind = ClosureKind::FnOnce;
        }
        let slot = &mut self.closures[index as usize];
        slot.captures = walk.found;
        slot.kind = walk.kind;
        let mut made = self.closure_table.made.borrow_mut();
        made[index as usize].kind = Some(walk.kind);
        made[index as usize].fields = Some(fields);
    }

    fn analyze_type(&mut self, ty: Ty, done: &mut Vec<bool>) {
        let mut inner = Vec::new();
        ty.any(&mut |part| {
            if let TyKind::Closure(id, _) = part.kind()
                && id.owner == self.owner
            {
                inner.push(id.index);
            }
            false
        });
        for index in inner {
            self.analyze(index, done);
        }
    }

    fn is_outside(&self, local: LocalId, closure: u32) -> bool {
        let mut at = self.locals[local.index()].closure;
        while let Some(index) = at {
            if index == closure {
                return false;
            }
            at = self.closure_parents[index as usize];
        }
        true
    }

    /// A place expression as a path; walks the values inside it (indices, calls).
    fn path_of(&mut self, id: ExprId, walk: &mut Walk, done: &mut Vec<bool>) -> Option<Path> {
        let ty = self.exprs[id.index()].ty;
        match self.exprs[id.index()].kind.clone() {
            ExprKind::Local(local) => {
                Some(Path { local, steps: Vec::new(), types: vec![self.locals[local.index()].ty], exact: true })
            }
            ExprKind::Field(base, field) => {
                let is_place = self.is_place(base);
                if !is_place {
                    self.walk_value(base, walk, done);
                    return None;
                }
                let mut path = self.path_of(base, walk, done)?;
                if path.exact {
                    path.steps.push(CaptureStep::Field(field));
                    path.types.push(ty);
                }
                Some(path)
            }
            ExprKind::Index(base, index) => {
                self.walk_value(index, walk, done);
                if !self.is_place(base) {
                    self.walk_value(base, walk, done);
                    return None;
                }
                let mut path = self.path_of(base, walk, done)?;
                path.exact = false;
                Some(path)
            }
            ExprKind::Deref(base) => {
                if !self.is_place(base) {
                    self.walk_value(base, walk, done);
                    return None;
                }
                let is_raw = matches!(self.exprs[base.index()].ty.kind(), TyKind::Ptr(..));
                let mut path = self.path_of(base, walk, done)?;
                if is_raw {
                    path.exact = false;
                } else if path.exact {
                    path.steps.push(CaptureStep::Deref);
                    path.types.push(ty);
                }
                Some(path)
            }
            _ => None,
        }
    }

    fn use_place(&mut self, id: ExprId, usage: Use, walk: &mut Walk, done: &mut Vec<bool>) {
        let span = self.span_of(id);
        if let Some(path) = self.path_of(id, walk, done) {
            self.record(path, usage, span, walk, done);
        }
    }

    fn record(&mut self, mut path: Path, usage: Use, span: Span, walk: &mut Walk, done: &mut Vec<bool>) {
        if !self.is_outside(path.local, walk.closure) {
            return;
        }
        let closure = &self.closures[walk.closure as usize];
        // What a scope declares ends before the scope's tasks do.
        let is_move = closure.is_move || closure.task.is_some_and(|task| path.local >= task.inside);
        // What the use means for the kind: only what the path can reach from the closure's own fields.
        let through_shared = |types: &[Ty], steps: &[CaptureStep]| {
            steps.iter().zip(types).any(|(step, ty)| {
                *step == CaptureStep::Deref && matches!(ty.kind(), TyKind::Ref(Mutable::No, _) | TyKind::Ptr(..))
            })
        };
        let kind = match usage {
            Use::Look => ClosureKind::Fn,
            Use::Change if through_shared(&path.types, &path.steps) => ClosureKind::Fn,
            Use::Change => ClosureKind::FnMut,
            Use::Take => ClosureKind::FnOnce,
        };
        walk.kind = walk.kind.max(kind);
        let mut by = match usage {
            Use::Look => CaptureBy::Shared,
            Use::Change => CaptureBy::Exclusive,
            Use::Take => CaptureBy::Value,
        };
        if is_move || usage == Use::Take {
            by = CaptureBy::Value;
            // A move stops before a dereference: the pointer itself goes in.
            if let Some(at) = path.steps.iter().position(|step| *step == CaptureStep::Deref) {
                path.steps.truncate(at);
                path.types.truncate(at + 1);
            }
            // A type with a destructor goes in whole.
            for at in 0..path.steps.len() {
                if self.has_destructor(path.types[at]) {
                    path.steps.truncate(at);
                    path.types.truncate(at + 1);
                    break;
                }
            }
        } else if by == CaptureBy::Exclusive && through_shared(&path.types, &path.steps) {
            // Cannot be changed through; the checker says so where it happens.
            by = CaptureBy::Shared;
        }
        let ty = *path.types.last().expect("a path has the local's type");
        self.analyze_type(ty, done);
        self.merge(Capture { local: path.local, path: path.steps, by, ty, span }, &path.types, walk);
    }

    fn has_destructor(&mut self, ty: Ty) -> bool {
        let drop = self.program.lang.trait_id("drop");
        match ty.kind() {
            TyKind::Adt(..) => self.holds(drop, &[ty]),
            _ => false,
        }
    }

    /// One capture for overlapping paths: the shorter one, by the stronger mode.
    fn merge(&mut self, new: Capture, types: &[Ty], walk: &mut Walk) {
        let mut new = new;
        let mut at = None;
        let mut i = 0;
        while i < walk.found.len() {
            let old = &walk.found[i];
            let overlap = old.local == new.local && old.path.iter().zip(&new.path).all(|(a, b)| a == b);
            if !overlap {
                i += 1;
                continue;
            }
            let by = old.by.max_strength(new.by);
            if old.path.len() <= new.path.len() {
                // A value capture of less than the whole path must still not pass a dereference.
                let old = &mut walk.found[i];
                if by != old.by {
                    old.span = new.span;
                }
                old.by = by;
                return;
            }
            let old = walk.found.remove(i);
            if by != new.by {
                new.span = old.span;
            }
            new.by = by;
            at.get_or_insert(i);
        }
        let _ = types;
        match at {
            Some(at) => walk.found.insert(at, new),
            None => walk.found.push(new),
        }
    }

    fn walk_value(&mut self, id: ExprId, walk: &mut Walk, done: &mut Vec<bool>) {
        let kind = self.exprs[id.index()].kind.clone();
        match kind {
            ExprKind::Local(_) | ExprKind::Field(..) | ExprKind::Index(..) | ExprKind::Deref(_) => {
                let ty = self.exprs[id.index()].ty;
                self.analyze_type(ty, done);
                let usage = if self.is_copy(ty) { Use::Look } else { Use::Take };
                self.use_place(id, usage, walk, done);
            }
            ExprKind::Const(_) | ExprKind::Static(_) | ExprKind::ConstItem(..) | ExprKind::ConstParam(_)
            | ExprKind::FnItem(..) | ExprKind::Continue { .. } | ExprKind::Error => {}
            ExprKind::Ref(mutable, place) => {
                if self.is_place(place) {
                    let usage = if mutable.is_yes() { Use::Change } else { Use::Look };
                    self.use_place(place, usage, walk, done);
                } else {
                    self.walk_value(place, walk, done);
                }
            }
            ExprKind::RawRef(mutable, place) => {
                let usage = if mutable.is_yes() { Use::Change } else { Use::Look };
                self.use_place(place, usage, walk, done);
            }
            ExprKind::Binary(_, a, b) | ExprKind::And(a, b) | ExprKind::Or(a, b) => {
                self.walk_value(a, walk, done);
                self.walk_value(b, walk, done);
            }
            ExprKind::Unary(_, a) | ExprKind::Cast(_, a) | ExprKind::Repeat(a) | ExprKind::Unsafe(a) => {
                self.walk_value(a, walk, done);
            }
            ExprKind::Assign(place, value) => {
                self.walk_value(value, walk, done);
                self.use_place(place, Use::Change, walk, done);
            }
            ExprKind::AssignOp(_, place, value) => {
                self.walk_value(value, walk, done);
                self.use_place(place, Use::Change, walk, done);
            }
            ExprKind::Call(callee, values) => {
                let mut values = values;
                if let Callee::FnTrait(_) = callee
                    && let TyKind::Closure(id, _) = self.exprs[values[0].index()].ty.kind()
                    && id.owner == self.owner
                {
                    self.analyze(id.index, done);
                    let usage = match self.closures[id.index as usize].kind {
                        ClosureKind::Fn => Use::Look,
                        ClosureKind::FnMut => Use::Change,
                        ClosureKind::FnOnce => Use::Take,
                    };
                    let place = values.remove(0);
                    if self.is_place(place) {
                        self.use_place(place, usage, walk, done);
                    } else {
                        self.walk_value(place, walk, done);
                    }
                }
                for value in values {
                    self.walk_value(value, walk, done);
                }
            }
            ExprKind::Tuple(list) | ExprKind::Array(list) => {
                for value in list {
                    self.walk_value(value, walk, done);
                }
            }
            ExprKind::Adt { fields, base, .. } => {
                for (_, value) in &fields {
                    self.walk_value(*value, walk, done);
                }
                if let Some(base) = base {
                    self.walk_value(base, walk, done);
                }
            }
            ExprKind::Closure(inner) => {
                self.analyze(inner, done);
                for capture in self.closures[inner as usize].captures.clone() {
                    let mut types = vec![self.locals[capture.local.index()].ty];
                    for (i, _) in capture.path.iter().enumerate() {
                        types.push(self.step_type(types[i], capture.path[i]));
                    }
                    let usage = match capture.by {
                        CaptureBy::Shared => Use::Look,
                        CaptureBy::Exclusive => Use::Change,
                        CaptureBy::Value if self.is_copy(capture.ty) => Use::Look,
                        CaptureBy::Value => Use::Take,
                    };
                    let path = Path { local: capture.local, steps: capture.path, types, exact: true };
                    self.record(path, usage, capture.span, walk, done);
                }
            }
            ExprKind::Block(block) => {
                for stmt in &block.stmts {
                    match stmt {
                        typed::Stmt::Let { pat, init, or_else, .. } => {
                            if let Some(init) = init {
                                self.walk_matched(*init, &[*pat], walk, done);
                            }
                            if let Some(or_else) = or_else {
                                self.walk_value(*or_else, walk, done);
                            }
                        }
                        typed::Stmt::Expr(value) => self.walk_statement(*value, walk, done),
                        typed::Stmt::Open(index) => self.walk_region(*index, walk, done),
                    }
                }
                if let Some(tail) = block.tail {
                    self.walk_value(tail, walk, done);
                }
            }
            ExprKind::If { cond, then, or_else } => {
                self.walk_value(cond, walk, done);
                self.walk_value(then, walk, done);
                if let Some(or_else) = or_else {
                    self.walk_value(or_else, walk, done);
                }
            }
            ExprKind::Let(pat, value) => self.walk_matched(value, &[pat], walk, done),
            ExprKind::Match { scrutinee, arms } => {
                let pats: Vec<PatId> = arms.iter().map(|arm| arm.pat).collect();
                self.walk_matched(scrutinee, &pats, walk, done);
                for arm in &arms {
                    if let Some(guard) = arm.guard {
                        self.walk_value(guard, walk, done);
                    }
                    self.walk_value(arm.body, walk, done);
                }
            }
            ExprKind::Loop { body, .. } | ExprKind::Labeled { body, .. } => self.walk_value(body, walk, done),
            ExprKind::Propagate(value) => self.walk_value(value, walk, done),
            ExprKind::Region(index) => self.walk_region(index, walk, done),
            ExprKind::Break { value, .. } | ExprKind::Return(value) => {
                if let Some(value) = value {
                    self.walk_value(value, walk, done);
                }
            }
        }
    }

    fn walk_region(&mut self, index: u32, walk: &mut Walk, done: &mut Vec<bool>) {
        let region = self.regions[index as usize].clone();
        let after = region.after.map(|(_, value)| value);
        for value in region.enter.into_iter().chain(region.body).chain(after).chain(region.caught) {
            self.walk_value(value, walk, done);
        }
    }

    /// A place as a statement is looked at, not taken.
    fn walk_statement(&mut self, id: ExprId, walk: &mut Walk, done: &mut Vec<bool>) {
        self.walk_value(id, walk, done);
    }

    fn step_type(&mut self, ty: Ty, step: CaptureStep) -> Ty {
        match (step, ty.kind()) {
            (CaptureStep::Field(field), TyKind::Tuple(list)) => list[field as usize],
            (CaptureStep::Field(field), TyKind::Adt(id, args)) => {
                let field_ty = self.program.adt(*id).variants[0].fields[field as usize].ty;
                self.normalize(crate::ty::Subst::subst(field_ty, args))
            }
            (CaptureStep::Deref, TyKind::Ref(_, to)) => *to,
            (CaptureStep::Deref, TyKind::Adt(_, args)) => args[0],
            _ => panic!("bug! captures: a path takes a step that its type does not have"),
        }
    }

    /// A matched place is used as its patterns use it.
    fn walk_matched(&mut self, id: ExprId, pats: &[PatId], walk: &mut Walk, done: &mut Vec<bool>) {
        if !self.is_place(id) {
            self.walk_value(id, walk, done);
            return;
        }
        let span = self.span_of(id);
        let Some(path) = self.path_of(id, walk, done) else { return };
        for &pat in pats {
            self.walk_pat(path.clone(), pat, span, walk, done);
        }
    }

    fn walk_pat(&mut self, path: Path, pat: PatId, span: Span, walk: &mut Walk, done: &mut Vec<bool>) {
        let ty = self.pats[pat.index()].ty;
        match self.pats[pat.index()].kind.clone() {
            PatKind::Wild | PatKind::Error => {}
            PatKind::Bind { by_ref, sub, .. } => {
                self.analyze_type(ty, done);
                let usage = match by_ref {
                    Some(Mutable::No) => Use::Look,
                    Some(Mutable::Yes) => Use::Change,
                    None if self.is_copy(ty) => Use::Look,
                    None => Use::Take,
                };
                self.record(path.clone(), usage, span, walk, done);
                if let Some(sub) = sub {
                    self.walk_pat(path, sub, span, walk, done);
                }
            }
            PatKind::Const(_) | PatKind::Range { .. } => self.record(path, Use::Look, span, walk, done),
            PatKind::Deref(inner) => {
                let mut path = path;
                if path.exact {
                    path.steps.push(CaptureStep::Deref);
                    path.types.push(self.pats[inner.index()].ty);
                }
                self.walk_pat(path, inner, span, walk, done);
            }
            PatKind::Leaf(fields) => {
                for (field, inner) in fields {
                    let mut path = path.clone();
                    if path.exact {
                        path.steps.push(CaptureStep::Field(field));
                        path.types.push(self.pats[inner.index()].ty);
                    }
                    self.walk_pat(path, inner, span, walk, done);
                }
            }
            PatKind::Variant { fields, .. } => {
                // The tag is looked at, so the enum is captured whole.
                let mut whole = path;
                self.record(whole.clone(), Use::Look, span, walk, done);
                whole.exact = false;
                for (_, inner) in fields {
                    self.walk_pat(whole.clone(), inner, span, walk, done);
                }
            }
            PatKind::Slice { before, rest, after } => {
                let mut whole = path;
                self.record(whole.clone(), Use::Look, span, walk, done);
                whole.exact = false;
                for inner in before.into_iter().chain(rest.flatten()).chain(after) {
                    self.walk_pat(whole.clone(), inner, span, walk, done);
                }
            }
            PatKind::Or(list) => {
                for inner in list {
                    self.walk_pat(path.clone(), inner, span, walk, done);
                }
            }
        }
    }
}

impl CaptureBy {
    /// A moved value serves every use; an exclusive borrow serves looking.
    fn max_strength(self, other: CaptureBy) -> CaptureBy {
        match (self, other) {
            (CaptureBy::Value, _) | (_, CaptureBy::Value) => CaptureBy::Value,
            (CaptureBy::Exclusive, _) | (_, CaptureBy::Exclusive) => CaptureBy::Exclusive,
            (CaptureBy::Shared, CaptureBy::Shared) => CaptureBy::Shared,
        }
    }
}
