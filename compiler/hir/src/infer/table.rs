//! Inference variables and unification, with snapshots so that a guess can be taken back.

use crate::ty::{Args, InferTy, Ty, TyKind, for_each_part};
use diag::Span;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum VarKind {
    General,
    Int,
    Float,
    Text,
}

#[derive(Clone, Copy, Debug)]
struct Var {
    kind: VarKind,
    value: Option<Ty>,
    /// Where the unknown stands, for "cannot be inferred".
    origin: Span,
}

#[derive(Default)]
pub(crate) struct Table {
    vars: Vec<Var>,
    /// What was bound since the oldest open snapshot, in order.
    log: Vec<u32>,
    open: u32,
    /// What a text literal is unless it is asked to be a view.
    string: Option<Ty>,
}

pub(crate) struct Snapshot {
    log: usize,
    vars: usize,
}

impl Table {
    pub(crate) fn new(string: Option<Ty>) -> Table {
        Table { string, ..Table::default() }
    }

    pub(crate) fn fresh(&mut self, origin: Span) -> Ty {
        self.new_var(VarKind::General, origin)
    }
    pub(crate) fn fresh_int(&mut self, origin: Span) -> Ty {
        self.new_var(VarKind::Int, origin)
    }
    pub(crate) fn fresh_float(&mut self, origin: Span) -> Ty {
        self.new_var(VarKind::Float, origin)
    }
    pub(crate) fn fresh_text(&mut self, origin: Span) -> Ty {
        self.new_var(VarKind::Text, origin)
    }

    fn new_var(&mut self, kind: VarKind, origin: Span) -> Ty {
        let index = self.vars.len() as u32;
        self.vars.push(Var { kind, value: None, origin });
        Ty::new(TyKind::Infer(match kind {
            VarKind::General => InferTy::General(index),
            VarKind::Int => InferTy::Int(index),
            VarKind::Float => InferTy::Float(index),
            VarKind::Text => InferTy::Text(index),
        }))
    }

    pub(crate) fn snapshot(&mut self) -> Snapshot {
        self.open += 1;
        Snapshot { log: self.log.len(), vars: self.vars.len() }
    }

    pub(crate) fn rollback(&mut self, snapshot: Snapshot) {
        self.open -= 1;
        for index in self.log.drain(snapshot.log..) {
            self.vars[index as usize].value = None;
        }
        self.vars.truncate(snapshot.vars);
    }

    pub(crate) fn commit(&mut self, _snapshot: Snapshot) {
        self.open -= 1;
        if self.open == 0 {
            self.log.clear();
        }
    }

    fn index(infer: InferTy) -> usize {
        match infer {
            InferTy::General(index) | InferTy::Int(index) | InferTy::Float(index) | InferTy::Text(index) => index as usize,
        }
    }

    pub(crate) fn origin(&self, infer: InferTy) -> Span {
        self.vars[Self::index(infer)].origin
    }

    /// The head of the type, known as far as it is known.
    pub(crate) fn shallow(&self, ty: Ty) -> Ty {
        let mut at = ty;
        while let TyKind::Infer(infer) = at.kind() {
            match self.vars.get(Self::index(*infer)).and_then(|var| var.value) {
                Some(value) => at = value,
                None => break,
            }
        }
        at
    }

    /// Every known variable replaced.
    pub(crate) fn resolve(&self, ty: Ty) -> Ty {
        if !ty.flags().infer {
            return ty;
        }
        let head = self.shallow(ty);
        if !head.flags().infer || head.is_infer() {
            return head;
        }
        head.map_parts(&mut |part| self.resolve(part))
    }

    pub(crate) fn resolve_args(&self, args: Args) -> Args {
        if !args.iter().any(|ty| ty.flags().infer) {
            return args;
        }
        args.map(&mut |ty| self.resolve(ty))
    }

    fn bind(&mut self, index: usize, value: Ty) {
        self.vars[index].value = Some(value);
        if self.open > 0 {
            self.log.push(index as u32);
        }
    }

    /// Makes two types equal, or says that they cannot be. A failure may leave parts bound: use a snapshot.
    pub(crate) fn unify(&mut self, a: Ty, b: Ty) -> bool {
        let (a, b) = (self.shallow(a), self.shallow(b));
        if a == b {
            return true;
        }
        match (a.kind(), b.kind()) {
            (TyKind::Error, _) | (_, TyKind::Error) => true,
            (TyKind::Infer(x), TyKind::Infer(y)) => self.unify_vars(*x, a, *y, b),
            (TyKind::Infer(x), _) => self.unify_var(*x, b),
            (_, TyKind::Infer(y)) => self.unify_var(*y, a),
            (TyKind::Tuple(x), TyKind::Tuple(y)) => self.unify_args(x, y),
            (TyKind::Array(x, n), TyKind::Array(y, m)) => self.unify(*x, *y) && self.unify(*n, *m),
            (TyKind::Slice(x), TyKind::Slice(y)) => self.unify(*x, *y),
            (TyKind::Adt(i, x), TyKind::Adt(j, y)) => i == j && self.unify_args(x, y),
            (TyKind::Ref(m, x), TyKind::Ref(n, y)) | (TyKind::Ptr(m, x), TyKind::Ptr(n, y)) => {
                m == n && self.unify(*x, *y)
            }
            (TyKind::FnPtr(x), TyKind::FnPtr(y)) => {
                x.is_extern == y.is_extern && self.unify_args(&x.params, &y.params) && self.unify(x.ret, y.ret)
            }
            (TyKind::FnDef(i, x), TyKind::FnDef(j, y)) => i == j && self.unify_args(x, y),
            (TyKind::Closure(i, x), TyKind::Closure(j, y)) => i == j && self.unify_args(x, y),
            (TyKind::Dyn(x), TyKind::Dyn(y)) => {
                x.trait_id == y.trait_id
                    && x.markers == y.markers
                    && x.bindings.len() == y.bindings.len()
                    && self.unify_args(&x.args, &y.args)
                    && x.bindings.iter().zip(&y.bindings).all(|(p, q)| p.0 == q.0 && self.unify(p.1, q.1))
            }
            (TyKind::Projection(x), TyKind::Projection(y)) => {
                x.trait_id == y.trait_id && x.name == y.name && self.unify_args(&x.args, &y.args)
            }
            _ => false,
        }
    }

    pub(crate) fn unify_args(&mut self, a: &[Ty], b: &[Ty]) -> bool {
        a.len() == b.len() && a.iter().zip(b).all(|(&x, &y)| self.unify(x, y))
    }

    fn unify_vars(&mut self, x: InferTy, a: Ty, y: InferTy, b: Ty) -> bool {
        let (i, j) = (Self::index(x), Self::index(y));
        match (self.vars[i].kind, self.vars[j].kind) {
            (VarKind::General, VarKind::General) => {
                self.bind(i, b);
                true
            }
            (VarKind::General, _) => {
                self.bind(i, b);
                true
            }
            (_, VarKind::General) => {
                self.bind(j, a);
                true
            }
            (p, q) if p == q => {
                self.bind(i, b);
                true
            }
            _ => false,
        }
    }

    fn unify_var(&mut self, x: InferTy, ty: Ty) -> bool {
        let index = Self::index(x);
        let fits = match self.vars[index].kind {
            VarKind::General => !self.occurs(index, ty),
            VarKind::Int => ty.is_integer(),
            VarKind::Float => ty.is_float(),
            VarKind::Text => {
                Some(ty) == self.string
                    || matches!(ty.kind(), TyKind::Ref(crate::ty::Mutable::No, to) if self.text_target(*to))
            }
        };
        if fits {
            self.bind(index, ty);
        }
        fits
    }

    /// `str`, or something that can still become it.
    fn text_target(&mut self, to: Ty) -> bool {
        let to = self.shallow(to);
        to.is_str() || matches!(to.kind(), TyKind::Infer(InferTy::General(_))) && self.unify(to, Ty::str())
    }

    fn occurs(&self, index: usize, ty: Ty) -> bool {
        if !ty.flags().infer {
            return false;
        }
        let head = self.shallow(ty);
        if let TyKind::Infer(other) = head.kind() {
            return Self::index(*other) == index;
        }
        let mut found = false;
        for_each_part(head.kind(), &mut |part| found = found || self.occurs(index, part));
        found
    }

    /// Text literals that nobody asked to be views are `String`s.
    pub(crate) fn default_texts(&mut self) -> bool {
        self.default_kind(VarKind::Text)
    }

    /// Literals whose type nobody asked for are `String`, `int` and `f64`.
    pub(crate) fn default_literals(&mut self) -> bool {
        let texts = self.default_kind(VarKind::Text);
        let integers = self.default_kind(VarKind::Int);
        self.default_kind(VarKind::Float) || texts || integers
    }

    fn default_kind(&mut self, kind: VarKind) -> bool {
        let value = match kind {
            VarKind::Int => Ty::int(),
            VarKind::Float => Ty::f64(),
            VarKind::Text => match self.string {
                Some(string) => string,
                None => return false,
            },
            VarKind::General => return false,
        };
        let mut changed = false;
        for index in 0..self.vars.len() {
            if self.vars[index].value.is_none() && self.vars[index].kind == kind {
                self.bind(index, value);
                changed = true;
            }
        }
        changed
    }
}
