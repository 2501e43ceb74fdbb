//! What crosses the boundary of a task: captures and results, and which of their parts may not.
//!
//! Asked when the captures are known, and of them alone: a value that is not `Send` may live across any suspension.

use super::*;
use crate::typed::{Capture, CaptureBy, Task, TaskKind};

/// Why a type lacks a marker: the chain from the type asked for down to the one to blame.
pub(crate) struct Culprit {
    pub marker: Symbol,
    pub ty: Ty,
    /// From outside in: what contains what.
    pub chain: Vec<String>,
}

impl FnCx<'_> {
    pub(super) fn check_crossings(&mut self) {
        for index in 0..self.closures.len() {
            let Some(task) = self.closures[index].task else { continue };
            let captures = self.closures[index].captures.clone();
            let mut told: Vec<LocalId> = Vec::new();
            for capture in &captures {
                if told.contains(&capture.local) {
                    continue;
                }
                if self.check_capture(task, capture, index) {
                    told.push(capture.local);
                }
            }
            if told.is_empty() {
                self.check_task_result(task, index);
            } else {
                self.crossed.push(index as u32);
            }
        }
    }

    /// Whether a mistake was told.
    fn check_capture(&mut self, task: Task, capture: &Capture, closure: usize) -> bool {
        let name = self.capture_name(capture);
        let alone = matches!(task.kind, TaskKind::Try | TaskKind::Parallel | TaskKind::In { caught: true });
        if alone && let Some(exclusive) = self.exclusive_part(capture) {
            let reduced = task.kind == TaskKind::Parallel;
            self.report(errors::exclusive_capture(capture.span, task.head, &name, exclusive, reduced));
            return true;
        }
        if task.kind == TaskKind::Parallel && capture.by == CaptureBy::Value {
            self.report(errors::parallel_takes(capture.span, task.head, &name));
            return true;
        }
        let field = capture.field_ty();
        if matches!(task.kind, TaskKind::In { .. } | TaskKind::Detach) && !self.is_its_scope(capture, closure) {
            let own = self.program.lang.trait_id("own");
            if let Some(culprit) = self.culprit(own, field) {
                let detached = task.kind == TaskKind::Detach;
                let shown = self.show(capture.ty);
                let part = self.show(culprit.ty);
                self.report(errors::view_to_task(capture.span, task.head, &name, &shown, &part, &culprit.chain, detached));
                return true;
            }
        }
        let send = self.program.lang.trait_id("send");
        let Some(culprit) = self.culprit(send, field) else { return false };
        let shared = capture.by == CaptureBy::Shared;
        self.report_crossing(capture.span, task.head, &name, capture.ty, shared, &culprit);
        true
    }

    fn check_task_result(&mut self, task: Task, closure: usize) {
        if matches!(task.kind, TaskKind::Detach | TaskKind::Parallel) {
            return;
        }
        let closure = &self.closures[closure];
        let ret = self.resolve(closure.ret);
        let body = closure.body;
        let at = self.result_span(body);
        let send = self.program.lang.trait_id("send");
        if self.check_view_result(ret, body, task) {
            return;
        }
        if let Some(culprit) = self.culprit(send, ret) {
            let (shown, part) = (self.show(ret), self.show(culprit.ty));
            let help = self.crossing_help(&culprit);
            self.report(errors::result_of_task(at, task.head, &shown, &part, &culprit.chain, &help));
        }
    }

    /// Whether the value of a task is a view, which is told.
    pub(super) fn check_view_result(&mut self, ret: Ty, body: ExprId, task: Task) -> bool {
        let own = self.program.lang.trait_id("own");
        let ret = self.resolve(ret);
        let Some(culprit) = self.culprit(own, ret) else { return false };
        let at = self.result_span(body);
        let (shown, part) = (self.show(ret), self.show(culprit.ty));
        let handle = self.is_handle(culprit.ty);
        self.report(errors::view_from_task(at, task.head, &shown, &part, &culprit.chain, handle));
        true
    }

    fn is_handle(&self, ty: Ty) -> bool {
        self.is_lang_adt(ty, "task").is_some() || self.is_lang_adt(ty, "try_task").is_some()
    }

    /// The last expression of a block.
    fn result_span(&self, id: ExprId) -> Span {
        match &self.exprs[id.index()].kind {
            ExprKind::Block(block) => block.tail.map_or(self.span_of(id), |tail| self.result_span(tail)),
            ExprKind::Cast(_, inner) => self.result_span(*inner),
            _ => self.span_of(id),
        }
    }

    fn report_crossing(&mut self, used: Span, head: Span, name: &str, ty: Ty, shared: bool, culprit: &Culprit) {
        let (shown, part) = (self.show(ty), self.show(culprit.ty));
        let help = self.crossing_help(culprit);
        let crossing = errors::Crossing {
            used,
            head,
            name,
            ty: &shown,
            shared,
            part: &part,
            marker: culprit.marker,
            chain: &culprit.chain,
            help: &help,
        };
        self.report(errors::cannot_cross(crossing));
    }

    fn crossing_help(&self, culprit: &Culprit) -> String {
        let lang = |name: &str| self.is_lang_adt(culprit.ty, name).is_some();
        let named = |name: &str| matches!(culprit.ty.kind(), TyKind::Adt(id, _) if self.program.adt(*id).name.as_str() == name);
        match culprit.ty.kind() {
            _ if lang("rc") => "`Shared` counts its owners so that tasks may share it; or give the task a value of its own".into(),
            _ if named("Cell") || named("RefCell") || named("UnsafeCell") || named("OnceCell") => {
                "what several tasks change belongs into a `Mutex` or an `Atomic`".into()
            }
            _ if named("Ref") || named("RefMut") || named("MutexGuard") || named("ReadGuard") || named("WriteGuard") => {
                "a guard stays in the task that took it: let the other task take its own, or give it a copy of what is inside".into()
            }
            TyKind::Param(param) => format!("say it of the parameter: `{}: {}`", param.name, culprit.marker),
            TyKind::Ptr(..) => "a type that wraps the pointer and keeps it safe says so: `unsafe impl Send for …`".into(),
            TyKind::Dyn(_) => format!("say it of the object: `dyn … + {}`", culprit.marker),
            _ => "give the task a value of its own, or share it through `Shared`, `Mutex` or `Atomic`".into(),
        }
    }

    /// The very scope that the task is started in is there as long as the task is.
    fn is_its_scope(&self, capture: &Capture, closure: usize) -> bool {
        let inner = capture.ty.peeled();
        if self.is_lang_adt(inner, "scope").is_none() {
            return false;
        }
        // The call that starts the task: `spawn_in(scope, closure)`.
        let is_task = |id: ExprId| matches!(self.exprs[id.index()].kind, ExprKind::Closure(index) if index as usize == closure);
        self.exprs.iter().any(|expr| match &expr.kind {
            ExprKind::Call(typed::Callee::Fn(..), values) if values.len() == 2 && is_task(values[1]) => {
                self.root_local(values[0]) == Some(capture.local)
            }
            _ => false,
        })
    }

    fn root_local(&self, id: ExprId) -> Option<LocalId> {
        match &self.exprs[id.index()].kind {
            ExprKind::Local(local) => Some(*local),
            ExprKind::Ref(_, of) | ExprKind::Deref(of) => self.root_local(*of),
            _ => None,
        }
    }

    /// An exclusive reference that the capture is or contains.
    fn exclusive_part(&mut self, capture: &Capture) -> Option<bool> {
        if capture.by == CaptureBy::Exclusive {
            return Some(true);
        }
        let ty = self.resolve(capture.ty);
        self.holds_exclusive(ty).then_some(false)
    }

    fn holds_exclusive(&self, ty: Ty) -> bool {
        ty.any(&mut |part| match part.kind() {
            TyKind::Ref(mutable, _) => mutable.is_yes(),
            TyKind::Closure(id, _) => self
                .solver
                .closure_fields(*id)
                .is_some_and(|fields| fields.iter().any(|field| self.holds_exclusive(*field))),
            _ => false,
        })
    }

    pub(super) fn capture_name(&self, capture: &Capture) -> String {
        let local = &self.locals[capture.local.index()];
        if local.name.is_empty() {
            return self.program.sources.snippet(local.span).to_string();
        }
        let mut name = local.name.to_string();
        let mut ty = local.ty;
        for step in &capture.path {
            match (step, ty.kind()) {
                (typed::CaptureStep::Field(field), TyKind::Adt(id, args)) => {
                    let field = &self.program.adt(*id).variants[0].fields[*field as usize];
                    name.push_str(&format!(".{}", field.name));
                    ty = crate::ty::Subst::subst(field.ty, args);
                }
                (typed::CaptureStep::Field(field), TyKind::Tuple(list)) => {
                    name.push_str(&format!(".{field}"));
                    ty = list[*field as usize];
                }
                (typed::CaptureStep::Deref, TyKind::Ref(_, to)) => ty = *to,
                (typed::CaptureStep::Deref, TyKind::Adt(_, args)) if !args.is_empty() => ty = args[0],
                _ => break,
            }
        }
        name
    }

    /// `None`: the marker holds.
    fn culprit(&mut self, marker: TraitId, ty: Ty) -> Option<Culprit> {
        if self.solver.evaluate(marker, Args::new(&[ty])) != Answer::No {
            return None;
        }
        let mut chain = Vec::new();
        let (mut marker, mut ty) = (marker, ty);
        let mut seen = Vec::new();
        loop {
            seen.push((marker, ty));
            let Ok(Some(parts)) = self.solver.auto_trait(marker, ty) else { break };
            self.solver.pending.clear();
            let failing = parts.into_iter().find_map(|part| match part {
                ObligationKind::Trait(id, args) if self.solver.evaluate(id, args) == Answer::No => {
                    Some((id, self.resolve(args[0])))
                }
                _ => None,
            });
            let Some((next_marker, next)) = failing else { break };
            if seen.contains(&(next_marker, next)) || self.is_closed(ty, next) {
                break;
            }
            if let Some(step) = self.chain_step(ty, next) {
                chain.push(step);
            }
            (marker, ty) = (next_marker, next);
        }
        let name = self.program.trait_def(marker).name;
        Some(Culprit { marker: name, ty, chain })
    }

    /// What a type of the library is made of is nobody's business; what it holds for its user is.
    fn is_closed(&self, whole: Ty, part: Ty) -> bool {
        let TyKind::Adt(id, args) = whole.kind() else { return false };
        self.program.module(self.program.adt(*id).module).library && !args.contains(&part)
    }

    fn chain_step(&mut self, whole: Ty, part: Ty) -> Option<String> {
        let (outer, inner) = (self.show(whole), self.show(part));
        match whole.kind() {
            TyKind::Ref(..) => None,
            TyKind::Closure(id, _) if id.owner == self.owner => {
                let captures = self.closures[id.index as usize].captures.clone();
                let capture = captures.iter().find(|capture| self.resolve(capture.field_ty()) == part)?;
                Some(format!("the closure captured `{}`, a `{inner}`", self.capture_name(capture)))
            }
            TyKind::Adt(id, args) => {
                let def = self.program.adt(*id);
                let library = self.program.module(def.module).library;
                let fields = def.variants.iter().flat_map(|variant| &variant.fields);
                let field = fields.into_iter().find(|field| crate::ty::Subst::subst(field.ty, args) == part);
                Some(match field {
                    Some(field) if !library => format!("`{outer}` contains `{}`, a `{inner}`", field.name),
                    _ => format!("`{outer}` contains a `{inner}`"),
                })
            }
            _ => Some(format!("`{outer}` contains a `{inner}`")),
        }
    }
}
