//! Matching as a decision tree. The rows are the patterns in order; the first row's first open test is decided, and each
//! outcome goes on with the rows that can still match, specialised to what is now known. A row without tests has matched:
//! its variables are bound and control goes to its arm; a guard that fails goes on with the rows behind it.

use super::Builder;
use super::pattern::Binding;
use super::place::PlaceBuilder;
use super::rvalue::constant;
use crate::body::*;
use diag::Span;
use hir::ids::{ExprId, PatId};
use hir::ty::{Ty, TyKind};
use hir::typed::{self, PatKind};

#[derive(Clone)]
struct Row {
    tests: Vec<(PlaceBuilder, PatId)>,
    bindings: Vec<Binding>,
    arm: usize,
}

/// What a known outcome says about a row's test of the same place.
enum Verdict {
    Fails,
    /// Decided; what is inside remains.
    Holds(Vec<(PlaceBuilder, PatId)>),
    Open,
}

#[derive(Clone, Copy)]
enum NoMatch {
    /// The patterns cover everything.
    Impossible,
    /// The condition fails.
    Fails,
}

struct Arm {
    guard: Option<ExprId>,
    /// Where the arm begins with its variables bound. `None` until a row leads there.
    entry: Option<BlockId>,
    /// The body, and whether it stands behind its guard because the guard declares variables for it.
    body: Option<ExprId>,
    inline: bool,
}

struct Match {
    arms: Vec<Arm>,
    no_match: NoMatch,
    source: SourceId,
    /// For inline bodies.
    dest: Place,
    join: Option<BlockId>,
}

impl Builder<'_> {
    pub(super) fn match_into(&mut self, dest: Place, scrutinee: ExprId, arms: &[typed::Arm], span: Span) {
        let source = self.source(span);
        let place = self.as_place_builder(scrutinee);
        if !self.live {
            return;
        }
        let mut rows = Vec::with_capacity(arms.len());
        for (index, arm) in arms.iter().enumerate() {
            let row = Row { tests: vec![(place.clone(), arm.pat)], bindings: Vec::new(), arm: index };
            self.simplify(row, &mut rows);
        }
        let states = (arms.iter())
            .map(|arm| Arm {
                guard: arm.guard,
                entry: None,
                body: Some(arm.body),
                inline: arm.guard.is_some_and(|guard| self.contains_let(guard)),
            })
            .collect();
        let join = self.new_block();
        let mut cx =
            Match { arms: states, no_match: NoMatch::Impossible, source, dest: dest.clone(), join: None };
        self.decide(rows, &mut cx, join);
        for (arm, state) in arms.iter().zip(&cx.arms) {
            let Some(entry) = state.entry else { continue };
            self.go_to(entry);
            self.arm_body(dest.clone(), arm.pat, arm.body);
            if self.live {
                cx.join = Some(join);
                self.goto(source, join);
            }
        }
        match cx.join {
            Some(join) => self.go_to(join),
            None => self.diverge(),
        }
    }

    fn arm_body(&mut self, dest: Place, pat: PatId, body: ExprId) {
        let span = self.typed.expr(body).span;
        self.in_temp_scope(span, |this| {
            let scope = this.scopes.len() - 1;
            for id in this.bindings(pat) {
                let local = this.declare(id);
                this.schedule_variable(scope, local);
            }
            this.expr_into(dest, body);
        });
    }

    /// Goes on with the variables bound, or leaves the `if` scope.
    pub(super) fn match_or_fail(&mut self, place: PlaceBuilder, pat: PatId, init: ExprId) {
        let span = self.typed.expr(init).span.to(self.typed.pat(pat).span);
        self.match_one(place, pat, NoMatch::Fails, span);
    }

    pub(super) fn match_irrefutable(&mut self, place: PlaceBuilder, pat: PatId) {
        let span = self.typed.pat(pat).span;
        self.match_one(place, pat, NoMatch::Impossible, span);
    }

    fn match_one(&mut self, place: PlaceBuilder, pat: PatId, no_match: NoMatch, span: Span) {
        let mut rows = Vec::new();
        self.simplify(Row { tests: vec![(place, pat)], bindings: Vec::new(), arm: 0 }, &mut rows);
        if let [row] = &rows[..]
            && row.tests.is_empty()
        {
            return self.bind_all(&row.bindings);
        }
        if !self.live {
            return;
        }
        let source = self.source(span);
        let arm = Arm { guard: None, entry: None, body: None, inline: false };
        let mut cx = Match { arms: vec![arm], no_match, source, dest: Place::RETURN, join: None };
        let join = self.new_block();
        self.decide(rows, &mut cx, join);
        match cx.arms[0].entry {
            Some(entry) => self.go_to(entry),
            None => self.diverge(),
        }
    }

    /// Resolves what needs no test: names, wildcards, structs. Alternatives become rows of their own.
    fn simplify(&mut self, mut row: Row, out: &mut Vec<Row>) {
        let mut at = 0;
        while at < row.tests.len() {
            let (place, id) = row.tests[at].clone();
            let pat = self.typed.pat(id);
            match &pat.kind {
                PatKind::Wild | PatKind::Error => {
                    row.tests.remove(at);
                }
                PatKind::Bind { local, by_ref, sub } => {
                    let source = self.source(pat.span);
                    row.bindings.push(Binding { id: *local, by_ref: *by_ref, place: place.clone(), source });
                    match sub {
                        Some(sub) => row.tests[at].1 = *sub,
                        None => {
                            row.tests.remove(at);
                        }
                    }
                }
                PatKind::Deref(inner) => row.tests[at] = (place.step(Projection::Deref), *inner),
                PatKind::Leaf(fields) => {
                    let parts = fields.iter().map(|(field, pat)| (place.with(Projection::Field(*field)), *pat));
                    row.tests.splice(at..=at, parts);
                }
                PatKind::Variant { variant, fields } if self.variant_count(pat.ty) == 1 => {
                    row.tests.splice(at..=at, variant_parts(&place, *variant, fields));
                }
                PatKind::Slice { before, rest, after } if matches!(pat.ty.kind(), TyKind::Array(..)) => {
                    let parts = slice_parts(&place, before, rest, after);
                    row.tests.splice(at..=at, parts.map(|(place, pat_id)| (place.from_start(pat.ty), pat_id)));
                }
                PatKind::Slice { before, rest: rest @ Some(_), after } if before.is_empty() && after.is_empty() => {
                    row.tests.splice(at..=at, slice_parts(&place, before, rest, after));
                }
                PatKind::Or(alternatives) => {
                    for &alternative in alternatives {
                        let mut row = row.clone();
                        row.tests[at].1 = alternative;
                        self.simplify(row, out);
                    }
                    return;
                }
                PatKind::Const(_) | PatKind::Range { .. } | PatKind::Variant { .. } | PatKind::Slice { .. } => at += 1,
            }
        }
        out.push(row);
    }

    /// Ends the current block. Afterwards control stands nowhere.
    fn decide(&mut self, rows: Vec<Row>, cx: &mut Match, join: BlockId) {
        let Some(first) = rows.first() else {
            match cx.no_match {
                NoMatch::Impossible => self.unreachable(cx.source),
                NoMatch::Fails => self.fail_condition(cx.source),
            }
            return;
        };
        let Some((place, pat)) = first.tests.first().cloned() else {
            return self.matched(rows, cx, join);
        };
        let kind = &self.typed.pat(pat).kind;
        let ty = self.typed.pat(pat).ty;
        match kind {
            PatKind::Variant { .. } => self.switch_variant(&place, ty, rows, cx, join),
            PatKind::Const(typed::Const::Int(_)) => self.switch_int(&place, ty, rows, cx, join),
            PatKind::Const(value) => self.test_equal(&place, ty, value, rows, cx, join),
            PatKind::Range { .. } => self.test_range(&place, ty, kind, rows, cx, join),
            PatKind::Slice { before, rest, after } => {
                let len = before.len() + after.len();
                self.test_len(&place, len, rest.is_none(), rows, cx, join);
            }
            PatKind::Wild
            | PatKind::Bind { .. }
            | PatKind::Deref(_)
            | PatKind::Leaf(_)
            | PatKind::Or(_)
            | PatKind::Error => bug!("build", self.name; "a pattern that needs no test is tested"),
        }
    }

    /// The first row has matched, if its guard agrees.
    fn matched(&mut self, mut rows: Vec<Row>, cx: &mut Match, join: BlockId) {
        let row = rows.remove(0);
        let Some(guard) = cx.arms[row.arm].guard else {
            self.bind_all(&row.bindings);
            return self.enter_arm(row.arm, cx);
        };
        let before = self.guarded.len();
        let span = self.typed.expr(guard).span;
        let inline = cx.arms[row.arm].inline;
        let mut later = Vec::new();
        let failed = self.in_if_scope(span, |this| {
            later = this.bind_for_guard(&row.bindings);
            this.condition(guard);
            if inline {
                this.end_guard(before);
                this.bind_all(&later);
                if let Some(body) = cx.arms[row.arm].body {
                    let scope = this.scopes.len() - 1;
                    for binding in &row.bindings {
                        let local = this.declare(binding.id);
                        this.schedule_variable(scope, local);
                    }
                    this.in_temp_scope(span, |this| this.expr_into(cx.dest.clone(), body));
                }
            }
        });
        self.end_guard(before);
        if self.live {
            if inline {
                cx.join = Some(join);
                self.goto(cx.source, join);
            } else {
                self.bind_all(&later);
                self.enter_arm(row.arm, cx);
            }
        }
        if let Some(failed) = failed {
            self.go_to(failed);
            self.decide(rows, cx, join);
        }
    }

    fn enter_arm(&mut self, arm: usize, cx: &mut Match) {
        let entry = *cx.arms[arm].entry.get_or_insert_with(|| self.new_block());
        self.goto(cx.source, entry);
    }

    /// The rows that can still match, given what is known of `place`.
    fn specialise(
        &mut self,
        rows: &[Row],
        place: &PlaceBuilder,
        judge: &mut dyn FnMut(&PatKind) -> Verdict,
    ) -> Vec<Row> {
        let mut out = Vec::with_capacity(rows.len());
        for row in rows {
            let Some(at) = row.tests.iter().position(|(tested, _)| tested == place) else {
                out.push(row.clone());
                continue;
            };
            match judge(&self.typed.pat(row.tests[at].1).kind) {
                Verdict::Fails => {}
                Verdict::Open => out.push(row.clone()),
                Verdict::Holds(parts) => {
                    let mut row = row.clone();
                    row.tests.splice(at..=at, parts);
                    self.simplify(row, &mut out);
                }
            }
        }
        out
    }

    /// The patterns of all rows at one place.
    fn patterns_at<'b>(&self, rows: &'b [Row], place: &'b PlaceBuilder) -> impl Iterator<Item = PatId> + use<'b> {
        rows.iter().filter_map(move |row| row.tests.iter().find(|(tested, _)| tested == place).map(|(_, pat)| *pat))
    }

    fn switch_variant(&mut self, place: &PlaceBuilder, ty: Ty, rows: Vec<Row>, cx: &mut Match, join: BlockId) {
        let mut variants: Vec<u32> = Vec::new();
        for pat in self.patterns_at(&rows, place) {
            if let PatKind::Variant { variant, .. } = self.typed.pat(pat).kind
                && !variants.contains(&variant)
            {
                variants.push(variant);
            }
        }
        variants.sort_unstable();
        let tag = self.new_temp(Ty::int(), cx.source);
        let whole = self.resolve(place.clone());
        self.assign(cx.source, tag, Rvalue::Discriminant(whole));
        let targets: Vec<(i128, BlockId)> = variants.iter().map(|&v| (i128::from(v), self.new_block())).collect();
        let otherwise = self.new_block();
        self.terminate(cx.source, TerminatorKind::Switch { value: Operand::copy(tag), targets: targets.clone(), otherwise });
        for (&known, &(_, block)) in variants.iter().zip(&targets) {
            let left = self.specialise(&rows, place, &mut |kind| match kind {
                PatKind::Variant { variant, fields } if *variant == known => {
                    Verdict::Holds(variant_parts(place, known, fields).collect())
                }
                _ => Verdict::Fails,
            });
            self.go_to(block);
            self.decide(left, cx, join);
        }
        self.go_to(otherwise);
        if variants.len() == self.variant_count(ty) {
            self.unreachable(cx.source);
        } else {
            let left = self.specialise(&rows, place, &mut |_| Verdict::Fails);
            self.decide(left, cx, join);
        }
    }

    fn switch_int(&mut self, place: &PlaceBuilder, ty: Ty, rows: Vec<Row>, cx: &mut Match, join: BlockId) {
        let mut values: Vec<i128> = Vec::new();
        for pat in self.patterns_at(&rows, place) {
            if let PatKind::Const(typed::Const::Int(value)) = self.typed.pat(pat).kind
                && !values.contains(&value)
            {
                values.push(value);
            }
        }
        let value = Operand::Copy(self.resolve(place.clone()));
        if ty.is_bool() && values.len() == 2 {
            // Nothing is left for `otherwise`: the second value takes its place.
            let (first, second) = (self.new_block(), self.new_block());
            let kind = TerminatorKind::Switch { value, targets: vec![(values[0], first)], otherwise: second };
            self.terminate(cx.source, kind);
            for (known, block) in [(values[0], first), (values[1], second)] {
                let left = self.with_value(&rows, place, known, ty);
                self.go_to(block);
                self.decide(left, cx, join);
            }
            return;
        }
        let targets: Vec<(i128, BlockId)> = values.iter().map(|&v| (v, self.new_block())).collect();
        let otherwise = self.new_block();
        self.terminate(cx.source, TerminatorKind::Switch { value, targets: targets.clone(), otherwise });
        for (known, block) in targets {
            let left = self.with_value(&rows, place, known, ty);
            self.go_to(block);
            self.decide(left, cx, join);
        }
        let left = self.specialise(&rows, place, &mut |kind| match kind {
            PatKind::Const(_) => Verdict::Fails,
            _ => Verdict::Open,
        });
        self.go_to(otherwise);
        self.decide(left, cx, join);
    }

    fn with_value(&mut self, rows: &[Row], place: &PlaceBuilder, known: i128, ty: Ty) -> Vec<Row> {
        self.specialise(rows, place, &mut |kind| {
            let holds = match kind {
                PatKind::Const(typed::Const::Int(value)) => *value == known,
                _ => int_range(kind, ty).is_some_and(|(lo, hi)| lo <= known && known <= hi),
            };
            if holds { Verdict::Holds(Vec::new()) } else { Verdict::Fails }
        })
    }

    /// Two ways from a condition: `holds` first, then `fails`.
    fn branch(&mut self, source: SourceId, cond: Local) -> (BlockId, BlockId) {
        let (holds, fails) = (self.new_block(), self.new_block());
        let kind = TerminatorKind::Switch { value: Operand::copy(cond), targets: vec![(0, fails)], otherwise: holds };
        self.terminate(source, kind);
        (holds, fails)
    }

    fn compare(&mut self, source: SourceId, op: BinaryOp, left: Operand, right: Operand) -> Local {
        let cond = self.new_temp(Ty::bool(), source);
        self.assign(source, cond, Rvalue::Binary(op, left, right));
        cond
    }

    fn test_range(&mut self, place: &PlaceBuilder, ty: Ty, range: &PatKind, rows: Vec<Row>, cx: &mut Match, join: BlockId) {
        let PatKind::Range { lo, hi, inclusive } = range else { unreachable!("asked for a range") };
        let value = Operand::Copy(self.resolve(place.clone()));
        let fails = self.new_block();
        let bounds = [(lo, BinaryOp::Ge), (hi, if *inclusive { BinaryOp::Le } else { BinaryOp::Lt })];
        for (bound, op) in bounds {
            let Some(bound) = bound else { continue };
            let bound = Operand::constant(ty, constant(bound));
            let cond = self.compare(cx.source, op, value.clone(), bound);
            let (inside, outside) = self.branch(cx.source, cond);
            self.go_to(outside);
            self.terminate(cx.source, TerminatorKind::Goto(fails));
            self.go_to(inside);
        }
        let known = int_range(range, ty);
        let holds_left = self.specialise(&rows, place, &mut |kind| within_range(kind, range, known, ty, true));
        self.decide(holds_left, cx, join);
        let fails_left = self.specialise(&rows, place, &mut |kind| within_range(kind, range, known, ty, false));
        self.go_to(fails);
        self.decide(fails_left, cx, join);
    }

    fn test_equal(
        &mut self,
        place: &PlaceBuilder,
        ty: Ty,
        value: &typed::Const,
        rows: Vec<Row>,
        cx: &mut Match,
        join: BlockId,
    ) {
        let whole = self.resolve(place.clone());
        let cond = match value {
            typed::Const::Str(text) => self.test_str(cx.source, whole, ty, *text),
            _ => {
                let value = Operand::constant(ty, constant(value));
                self.compare(cx.source, BinaryOp::Eq, Operand::Copy(whole), value)
            }
        };
        let (holds, fails) = self.branch(cx.source, cond);
        for (block, equal) in [(holds, true), (fails, false)] {
            let left = self.specialise(&rows, place, &mut |kind| match kind {
                PatKind::Const(other) if same_const(other, value) => {
                    if equal { Verdict::Holds(Vec::new()) } else { Verdict::Fails }
                }
                PatKind::Const(typed::Const::Str(_)) if equal => Verdict::Fails,
                _ => Verdict::Open,
            });
            self.go_to(block);
            self.decide(left, cx, join);
        }
    }

    fn test_str(&mut self, source: SourceId, place: Place, ty: Ty, text: diag::Symbol) -> Local {
        let lang = &self.types.program.program().lang;
        let str_ref = Ty::shared(Ty::str());
        let view = match ty.kind() {
            TyKind::Ref(..) => Operand::Copy(place),
            TyKind::Str => {
                let temp = self.new_temp(str_ref, source);
                self.assign(source, temp, Rvalue::reference(hir::ty::Mutable::No, place));
                Operand::take(temp)
            }
            _ => {
                let as_str = lang.function("string_as_str");
                let whole = self.new_temp(Ty::shared(ty), source);
                self.assign(source, whole, Rvalue::reference(hir::ty::Mutable::No, place));
                let temp = self.new_temp(str_ref, source);
                let callee = Callee::Fn(as_str, hir::ty::Args::empty());
                self.call(source, callee, vec![Operand::take(whole)], Place::local(temp), str_ref);
                Operand::take(temp)
            }
        };
        let cond = self.new_temp(Ty::bool(), source);
        let callee = Callee::Fn(lang.function("str_eq"), hir::ty::Args::empty());
        let text = Operand::constant(str_ref, ConstKind::Str(text));
        self.call(source, callee, vec![view, text], Place::local(cond), Ty::bool());
        cond
    }

    fn test_len(&mut self, place: &PlaceBuilder, len: usize, exact: bool, rows: Vec<Row>, cx: &mut Match, join: BlockId) {
        let whole = self.resolve(place.clone());
        let found = self.new_temp(Ty::int(), cx.source);
        self.assign(cx.source, found, Rvalue::Len(whole));
        let op = if exact { BinaryOp::Eq } else { BinaryOp::Ge };
        let cond = self.compare(cx.source, op, Operand::copy(found), Operand::int(len as i128));
        let (holds, fails) = self.branch(cx.source, cond);
        for (block, known) in [(holds, true), (fails, false)] {
            let left = self.specialise(&rows, place, &mut |kind| {
                let PatKind::Slice { before, rest, after } = kind else { return Verdict::Fails };
                let (min, fixed) = (before.len() + after.len(), rest.is_none());
                let parts = || Verdict::Holds(slice_parts(place, before, rest, after).collect());
                match (exact, known, fixed) {
                    (true, true, true) if min == len => parts(),
                    (true, true, false) if min <= len => parts(),
                    (true, true, _) => Verdict::Fails,
                    (true, false, true) if min == len => Verdict::Fails,
                    (true, false, _) => Verdict::Open,
                    (false, true, true) if min < len => Verdict::Fails,
                    (false, true, false) if min <= len => parts(),
                    (false, true, _) => Verdict::Open,
                    (false, false, true) if min >= len => Verdict::Fails,
                    (false, false, false) if min >= len => Verdict::Fails,
                    (false, false, _) => Verdict::Open,
                }
            });
            self.go_to(block);
            self.decide(left, cx, join);
        }
    }
}

fn variant_parts(
    place: &PlaceBuilder,
    variant: u32,
    fields: &[(u32, PatId)],
) -> impl Iterator<Item = (PlaceBuilder, PatId)> {
    let whole = place.with(Projection::Downcast(variant));
    fields.iter().map(move |(field, pat)| (whole.with(Projection::Field(*field)), *pat)).collect::<Vec<_>>().into_iter()
}

fn slice_parts(
    place: &PlaceBuilder,
    before: &[PatId],
    rest: &Option<Option<PatId>>,
    after: &[PatId],
) -> impl Iterator<Item = (PlaceBuilder, PatId)> {
    let mut parts = Vec::with_capacity(before.len() + after.len() + 1);
    for (offset, pat) in before.iter().enumerate() {
        let step = Projection::ConstIndex { offset: offset as u32, from_end: false };
        parts.push((place.with(step), *pat));
    }
    if let Some(Some(rest)) = rest {
        let step = Projection::Subslice { from: before.len() as u32, to: after.len() as u32 };
        parts.push((place.with(step), *rest));
    }
    for (index, pat) in after.iter().enumerate() {
        let step = match rest {
            Some(_) => Projection::ConstIndex { offset: (after.len() - index) as u32, from_end: true },
            None => Projection::ConstIndex { offset: (before.len() + index) as u32, from_end: false },
        };
        parts.push((place.with(step), *pat));
    }
    parts.into_iter()
}

/// First and last value of a range of integers or characters.
fn int_range(kind: &PatKind, ty: Ty) -> Option<(i128, i128)> {
    let PatKind::Range { lo, hi, inclusive } = kind else { return None };
    let (min, max) = match ty.kind() {
        TyKind::Int(int) => (int.min(), int.max()),
        TyKind::Char => (0, 0x10_FFFF),
        TyKind::Bool => (0, 1),
        _ => return None,
    };
    let end = |bound: &Option<typed::Const>, open: i128| match bound {
        None => Some(open),
        Some(typed::Const::Int(value)) => Some(*value),
        Some(_) => None,
    };
    let last = end(hi, max)?;
    Some((end(lo, min)?, if *inclusive || hi.is_none() { last } else { last - 1 }))
}

/// What it says about a pattern that the value is (or is not) in a range.
fn within_range(kind: &PatKind, range: &PatKind, known: Option<(i128, i128)>, ty: Ty, inside: bool) -> Verdict {
    let decided = |holds: bool| if holds { Verdict::Holds(Vec::new()) } else { Verdict::Fails };
    let Some((lo, hi)) = known else {
        return match (kind, range) {
            (
                PatKind::Range { lo, hi, inclusive },
                PatKind::Range { lo: known_lo, hi: known_hi, inclusive: known_inclusive },
            ) if same_end(lo, known_lo) && same_end(hi, known_hi) && inclusive == known_inclusive => decided(inside),
            _ => Verdict::Open,
        };
    };
    let (from, to) = match kind {
        PatKind::Const(typed::Const::Int(value)) => (*value, *value),
        _ => match int_range(kind, ty) {
            Some(range) => range,
            None => return Verdict::Open,
        },
    };
    if inside {
        if from <= lo && hi <= to {
            decided(true)
        } else if to < lo || hi < from {
            decided(false)
        } else {
            Verdict::Open
        }
    } else if lo <= from && to <= hi {
        decided(false)
    } else {
        Verdict::Open
    }
}

fn same_end(a: &Option<typed::Const>, b: &Option<typed::Const>) -> bool {
    match (a, b) {
        (None, None) => true,
        (Some(a), Some(b)) => same_const(a, b),
        _ => false,
    }
}

fn same_const(a: &typed::Const, b: &typed::Const) -> bool {
    match (a, b) {
        (typed::Const::Int(a), typed::Const::Int(b)) => a == b,
        (typed::Const::Float(a), typed::Const::Float(b)) => f64::from_bits(*a) == f64::from_bits(*b),
        (typed::Const::Str(a), typed::Const::Str(b)) => a == b,
        (typed::Const::Bytes(a), typed::Const::Bytes(b)) => a == b,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hir::ty::IntTy;

    #[test]
    fn half_open_ranges_end_before_their_bound() {
        let range = |lo, hi, inclusive| PatKind::Range {
            lo: Some(typed::Const::Int(lo)),
            hi: Some(typed::Const::Int(hi)),
            inclusive,
        };
        assert_eq!(int_range(&range(1, 5, false), Ty::int()), Some((1, 4)));
        assert_eq!(int_range(&range(1, 5, true), Ty::int()), Some((1, 5)));
        let open = PatKind::Range { lo: Some(typed::Const::Int(7)), hi: None, inclusive: false };
        assert_eq!(int_range(&open, Ty::integer(IntTy::U8)), Some((7, 255)));
        let known = int_range(&range(0, 9, true), Ty::int());
        let seven = PatKind::Const(typed::Const::Int(7));
        assert!(matches!(within_range(&seven, &range(0, 9, true), known, Ty::int(), false), Verdict::Fails));
        assert!(matches!(within_range(&seven, &range(0, 9, true), known, Ty::int(), true), Verdict::Open));
        assert!(matches!(within_range(&range(-1, 9, true), &range(0, 9, true), known, Ty::int(), true), Verdict::Holds(_)));
    }
}
