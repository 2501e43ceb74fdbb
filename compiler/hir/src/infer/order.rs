//! Memory orderings as arguments: which may be left out, and what is told where one does not fit.
//!
//! `std` gives each ordering a type of its own and each kind of operation a trait that its orderings implement, so the
//! ordinary check of bounds finds a release load. What is special is the place and the words of the message, and that
//! functions marked `#[orders]` take `seqcst` for orderings that are missing at the end.

use super::*;

/// The traits of `std` and what is said of their operations.
const KINDS: [(&str, &str, &str); 5] = [
    ("load_order", "a load", "`relaxed`, `acquire` or `seqcst`"),
    ("store_order", "a store", "`relaxed`, `release` or `seqcst`"),
    ("rmw_order", "an operation that reads and writes", "`relaxed`, `acquire`, `release`, `acqrel` or `seqcst`"),
    ("fail_order", "an exchange that fails only loads: it", "`relaxed`, `acquire` or `seqcst`"),
    ("fence_order", "a fence", "`acquire`, `release`, `acqrel` or `seqcst`"),
];

impl FnCx<'_> {
    fn order_kind(&self, id: TraitId) -> Option<(&'static str, &'static str)> {
        // Asked at every bound of every call.
        if !self.program.trait_def(id).name.as_str().ends_with("Order") {
            return None;
        }
        let (_, subject, allowed) = KINDS.into_iter().find(|(name, ..)| self.program.lang.is_trait(name, id))?;
        Some((subject, allowed))
    }

    /// `seqcst` for each ordering that is missing at the end of `args`; none if something else is missing. Obligations
    /// from number `asked` on that speak of orderings move to the arguments that they speak of.
    pub(super) fn left_out_orders(
        &mut self,
        id: FnId,
        asked: usize,
        params: &[Ty],
        args: &[ast::Expr],
        span: Span,
    ) -> Vec<ExprId> {
        let mut ordered = vec![false; params.len()];
        for at in asked..self.obligations.len() {
            let ObligationKind::Trait(id, of) = self.obligations[at].kind else { continue };
            if self.order_kind(id).is_none() {
                continue;
            }
            for (i, _) in params.iter().enumerate().filter(|(_, param)| **param == of[0]) {
                ordered[i] = true;
                if let Some(arg) = args.get(i) {
                    self.obligations[at].span = arg.span;
                    self.obligations[at].bound = None;
                }
            }
        }
        if !self.program.fn_def(id).attrs.orders || args.len() >= params.len() || !ordered[args.len()..].iter().all(|ordered| *ordered) {
            return Vec::new();
        }
        let strongest = self.lang_adt("seqcst", &[]);
        (params[args.len()..].iter())
            .map(|&param| {
                self.must_equal(param, strongest, span);
                self.expr(ExprKind::Adt { variant: 0, fields: Vec::new(), base: None }, strongest, span)
            })
            .collect()
    }

    /// The message for an argument that is no ordering of this operation.
    pub(super) fn wrong_order(&mut self, id: TraitId, found: Ty, span: Span) -> bool {
        let Some((subject, allowed)) = self.order_kind(id) else { return false };
        let orders = ["relaxed", "acquire", "release", "acqrel", "seqcst"];
        let order = orders.into_iter().find(|name| self.is_lang_adt(found, name).is_some());
        let shown = order.map_or_else(|| self.show(found), String::from);
        let is_order = order.is_some();
        self.report(errors::wrong_order(span, subject, allowed, &shown, is_order));
        true
    }
}
