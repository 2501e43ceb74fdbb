//! Jump threading: where a block only asks what the block before it has just decided (an `Option` made by an inlined
//! `next` and matched at once), the jump goes straight to the answer.

use crate::body::*;
use crate::fast::BitSet;
use crate::graph::predecessors;
use crate::graph::reverse_postorder;

/// A block that is copied for each way into it has at most so many statements.
const COPIED_MAX: usize = 10;
/// How many blocks up a decision is looked for.
const CLIMB_MAX: usize = 4;

/// Whether any jump was changed.
pub(super) fn run(body: &mut Body) -> bool {
    let order = reverse_postorder(body);
    let mut rank = vec![u32::MAX; body.blocks.len()];
    for (index, block) in order.iter().enumerate() {
        rank[block.index()] = index as u32;
    }
    let mut before = predecessors(body).lists();
    let borrowed = borrowed(body);
    let mut changed = false;
    for &id in &order {
        let block = body.block(id);
        if block.cleanup || block.statements.len() > COPIED_MAX || block.raises() || before[id.index()].len() < 2 {
            continue;
        }
        // Copying the head of a loop would give the loop two.
        if before[id.index()].iter().any(|from| rank[from.index()] >= rank[id.index()]) {
            continue;
        }
        let Some(question) = question(block, &borrowed) else { continue };
        for from in before[id.index()].clone() {
            if rank[from.index()] == u32::MAX || !matches!(body.block(from).terminator.kind, TerminatorKind::Goto(to) if to == id) || body.block(from).cleanup {
                continue;
            }
            let Some(answer) = climb(body, &before, &borrowed, from, &question) else { continue };
            let TerminatorKind::Switch { targets, otherwise, .. } = &body.block(id).terminator.kind else { continue };
            let to = targets.iter().find(|(n, _)| *n == answer).map_or(*otherwise, |(_, to)| *to);
            let statements = body.block(id).statements.clone();
            let source = body.block(id).terminator.source;
            let block = &mut body.blocks[from.index()];
            block.statements.extend(statements);
            block.terminator = Terminator { kind: TerminatorKind::Goto(to), source };
            before[id.index()].retain(|other| *other != from);
            before[to.index()].push(from);
            changed = true;
        }
    }
    changed
}

/// What decides a switch: the variant of a local, or its value; `negated` for its opposite.
#[derive(Clone, PartialEq, Eq)]
struct Question {
    place: Place,
    variant: bool,
    negated: bool,
}

fn question(block: &Block, borrowed: &BitSet) -> Option<Question> {
    let TerminatorKind::Switch { value, .. } = &block.terminator.kind else { return None };
    let asked = Question { place: Place::local(value.as_local()?), variant: false, negated: false };
    match answer_in(&block.statements, asked, borrowed) {
        Found::Open(question) => Some(question),
        Found::Known(_) | Found::Lost => None,
    }
}

enum Found {
    Known(i128),
    /// Asked of what comes before.
    Open(Question),
    Lost,
}

fn climb(body: &Body, before: &[Vec<BlockId>], borrowed: &BitSet, from: BlockId, question: &Question) -> Option<i128> {
    let mut at = from;
    let mut question = question.clone();
    for _ in 0..CLIMB_MAX {
        match answer_in(&body.block(at).statements, question, borrowed) {
            Found::Known(value) => return Some(value),
            Found::Lost => return None,
            Found::Open(open) => question = open,
        }
        let [above] = before[at.index()][..] else { return None };
        // What a call or a drop does to it is not known.
        match &body.block(above).terminator.kind {
            TerminatorKind::Goto(_) => {}
            TerminatorKind::Switch { value, targets, otherwise } => {
                // The switch itself answers on the way to one of its targets.
                if !question.variant && value.as_local().is_some() && value.place() == Some(&question.place) {
                    let mut ways = targets.iter().filter(|(_, to)| *to == at);
                    if *otherwise != at
                        && let (Some((value, _)), None) = (ways.next(), ways.next())
                    {
                        return Some(if question.negated { i128::from(*value == 0) } else { *value });
                    }
                }
            }
            _ => return None,
        }
        at = above;
    }
    None
}

/// Locals that may be written through a pointer.
fn borrowed(body: &Body) -> BitSet {
    let mut all = BitSet::new(body.locals.len());
    for block in &body.blocks {
        for statement in &block.statements {
            if let StatementKind::Assign(_, Rvalue::Ref { place, .. } | Rvalue::RawRef(_, place)) = &statement.kind
                && !place.is_indirect()
            {
                all.insert(place.local.index());
            }
        }
        if let TerminatorKind::Drop { place, .. } = &block.terminator.kind {
            all.insert(place.local.index());
        }
    }
    all
}

fn answer_in(statements: &[Statement], mut question: Question, borrowed: &BitSet) -> Found {
    for statement in statements.iter().rev() {
        if borrowed.contains(question.place.local.index()) {
            return Found::Lost;
        }
        match &statement.kind {
            StatementKind::Assign(place, value) => {
                if place == &question.place {
                    match (value, question.variant) {
                        (Rvalue::Use(Operand::Const(Const { kind: ConstKind::Int(value), .. })), false) => {
                            return Found::Known(if question.negated { i128::from(*value == Wide::ZERO) } else { value.get() });
                        }
                        (Rvalue::Use(Operand::Copy(from) | Operand::Move(from)), _) if !from.is_indirect() && from.index_locals().next().is_none() => {
                            question.place = from.clone();
                        }
                        (Rvalue::Unary(UnaryOp::Not, operand), false) if operand.as_local().is_some() => {
                            let Some(from) = operand.place() else { return Found::Lost };
                            question = Question { place: from.clone(), negated: !question.negated, ..question };
                        }
                        (Rvalue::Discriminant(from), false) if from.is_local() => {
                            question = Question { place: from.clone(), variant: true, ..question };
                        }
                        (Rvalue::Aggregate(Aggregate::Adt(_, variant), _), true) => {
                            let value = i128::from(*variant);
                            return Found::Known(if question.negated { i128::from(value == 0) } else { value });
                        }
                        _ => return Found::Lost,
                    }
                } else if place.local == question.place.local && !place.is_indirect() {
                    return Found::Lost;
                }
            }
            StatementKind::SetDiscriminant(..) => return Found::Lost,
            StatementKind::Check { .. }
            | StatementKind::BoundsCheck { .. }
            | StatementKind::StorageLive(_)
            | StatementKind::StorageDead(_)
            | StatementKind::Nop => {}
        }
    }
    if borrowed.contains(question.place.local.index()) { Found::Lost } else { Found::Open(question) }
}
