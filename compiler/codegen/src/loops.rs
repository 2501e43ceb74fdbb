//! Which blocks of a body belong to which loop, and in which order to visit blocks.
//!
//! A branch that may leave a loop lists the leaving edge first: Cranelift's hoisting keeps its stack of loops while it walks the
//! dominator tree in that order, and pops it at the first block outside (measured: 1.7 times on a nested sum).
//!
//! And loops turn round here: a block that jumps back to a header which only tests whether to go on repeats the test
//! instead. The loop then has one branch a turn, and the header is its guard.

use mir::body::{BinaryOp, BlockId, Body, Rvalue, StatementKind, TerminatorKind, UnaryOp};

pub struct Loops {
    /// Reachable blocks, every block before those it dominates.
    pub order: Vec<BlockId>,
    /// By block: the innermost loop, as an index into `members`.
    innermost: Vec<Option<usize>>,
    /// By loop and block.
    pub members: Vec<Vec<bool>>,
    /// By block: how many different blocks lead here, as [`Loops::successors`] says.
    pub predecessors: Vec<u32>,
    /// By block: the header whose test it repeats.
    repeated: Vec<Option<BlockId>>,
    dominator: Vec<usize>,
    /// By block: whether a loop goes round through it.
    headers: Vec<bool>,
}

/// A longer test costs more in code than the jump in time.
const REPEATED_STATEMENTS_MAX: usize = 8;

impl Loops {
    /// Whether a block may run many times in one call.
    pub fn is_in_loop(&self, block: BlockId) -> bool {
        self.innermost[block.index()].is_some()
    }

    /// Whether a block runs on every turn of its innermost loop before this one does, and `is_one`.
    pub fn any_before(&self, block: BlockId, is_one: impl Fn(BlockId) -> bool) -> bool {
        let Some(members) = self.innermost[block.index()].map(|index| &self.members[index]) else { return false };
        let mut at = block.index();
        while at != BlockId::START.index() && members[self.dominator[at]] {
            at = self.dominator[at];
            let same = self.innermost[at] == self.innermost[block.index()];
            if same && is_one(BlockId(at as u32)) {
                return true;
            }
        }
        false
    }

    /// Whether each round of a loop comes by here.
    pub fn is_header(&self, block: BlockId) -> bool {
        self.headers[block.index()]
    }

    /// `as_written`: no test of a loop is repeated at its end.
    pub fn new(body: &Body, as_written: bool) -> Loops {
        let count = body.blocks.len();
        let order = reverse_postorder(body);
        let mut number = vec![usize::MAX; count];
        for (i, block) in order.iter().enumerate() {
            number[block.index()] = i;
        }
        let mut preds: Vec<Vec<usize>> = vec![Vec::new(); count];
        for &block in &order {
            for next in successors(body, block) {
                preds[next.index()].push(block.index());
            }
        }
        let dominator = dominators(&order, &number, &preds);
        let dominates = |above: usize, mut below: usize| loop {
            if above == below {
                return true;
            }
            if below == BlockId::START.index() {
                return false;
            }
            below = dominator[below];
        };
        let mut members: Vec<Vec<bool>> = Vec::new();
        let mut headers: Vec<usize> = Vec::new();
        for &block in &order {
            let header = block.index();
            let latches: Vec<usize> = preds[header].iter().copied().filter(|&from| dominates(header, from)).collect();
            if latches.is_empty() {
                continue;
            }
            let mut inside = vec![false; count];
            inside[header] = true;
            let mut open = latches;
            while let Some(at) = open.pop() {
                if !std::mem::replace(&mut inside[at], true) {
                    open.extend(&preds[at]);
                }
            }
            headers.push(header);
            members.push(inside);
        }
        // Inner loops have later headers, and so overwrite.
        let mut innermost = vec![None; count];
        for (index, inside) in members.iter().enumerate() {
            for (block, _) in inside.iter().enumerate().filter(|(_, inside)| **inside) {
                innermost[block] = Some(index);
            }
        }
        let mut repeated = vec![None; count];
        for (inside, &header) in members.iter().zip(&headers) {
            let header_id = BlockId(header as u32);
            if as_written || !is_test(body, header_id, inside) {
                continue;
            }
            for &from in &preds[header] {
                if inside[from] && matches!(body.blocks[from].terminator.kind, TerminatorKind::Goto(_)) && from != header {
                    repeated[from] = Some(header_id);
                }
            }
        }
        let mut is_header = vec![false; count];
        headers.iter().for_each(|&header| is_header[header] = true);
        let mut loops = Loops { order, innermost, members, predecessors: vec![0; count], repeated, headers: is_header, dominator };
        for &block in &loops.order {
            for next in loops.successors(body, block) {
                loops.predecessors[next.index()] += 1;
            }
        }
        loops
    }

    /// The header whose statements and terminator take the place of the block's jump to it.
    pub fn repeated(&self, block: BlockId) -> Option<BlockId> {
        self.repeated[block.index()]
    }

    /// Every block that may follow in the emitted code, once each.
    pub fn successors(&self, body: &Body, block: BlockId) -> Vec<BlockId> {
        let mut all = successors(body, block);
        if let Some(header) = self.repeated(block) {
            all.retain(|&next| next != header);
            for next in successors(body, header) {
                if !all.contains(&next) {
                    all.push(next);
                }
            }
        }
        all
    }

    /// Whether the edge leaves the innermost loop of `from`.
    pub fn leaves(&self, from: BlockId, to: BlockId) -> bool {
        self.innermost[from.index()].is_some_and(|index| !self.members[index][to.index()])
    }
}

/// Whether a block only decides whether the loop goes on: short, cannot raise, one way out.
fn is_test(body: &Body, header: BlockId, inside: &[bool]) -> bool {
    let block = &body.blocks[header.index()];
    let TerminatorKind::Switch { targets, otherwise, .. } = &block.terminator.kind else { return false };
    let [(_, target)] = targets[..] else { return false };
    let quiet = |kind: &StatementKind| match kind {
        StatementKind::Assign(_, rvalue) => match rvalue {
            Rvalue::Use(_) | Rvalue::Ref { .. } | Rvalue::RawRef(..) | Rvalue::Discriminant(_) | Rvalue::Len(_) => true,
            Rvalue::Binary(op, ..) => !matches!(
                op,
                BinaryOp::AddChecked
                    | BinaryOp::SubChecked
                    | BinaryOp::MulChecked
                    | BinaryOp::DivChecked
                    | BinaryOp::RemChecked
                    | BinaryOp::ShlChecked
                    | BinaryOp::ShrChecked
            ),
            Rvalue::Unary(op, _) => *op != UnaryOp::NegChecked,
            Rvalue::Cast(..) | Rvalue::Aggregate(..) | Rvalue::Repeat(_) | Rvalue::Select(..) => false,
        },
        StatementKind::Check { .. } | StatementKind::BoundsCheck { .. } => false,
        StatementKind::SetDiscriminant(..)
        | StatementKind::StorageLive(_)
        | StatementKind::StorageDead(_)
        | StatementKind::Nop => true,
    };
    inside[target.index()] != inside[otherwise.index()]
        && block.statements.len() <= REPEATED_STATEMENTS_MAX
        && block.statements.iter().all(|statement| quiet(&statement.kind))
}

/// Every block that may follow, once each; the unwind edge too.
fn successors(body: &Body, block: BlockId) -> Vec<BlockId> {
    let data = &body.blocks[block.index()];
    let mut all = Vec::new();
    let mut add = |block: BlockId| {
        if !all.contains(&block) {
            all.push(block);
        }
    };
    match &data.terminator.kind {
        TerminatorKind::Goto(target) => add(*target),
        TerminatorKind::Switch { targets, otherwise, .. } => {
            targets.iter().for_each(|(_, target)| add(*target));
            add(*otherwise);
        }
        TerminatorKind::Return | TerminatorKind::Resume | TerminatorKind::Unreachable => {}
        TerminatorKind::Drop { target, unwind, .. } => {
            add(*target);
            unwind.iter().for_each(|block| add(*block));
        }
        TerminatorKind::Call { target, unwind, .. } => {
            target.iter().for_each(|block| add(*block));
            unwind.iter().for_each(|block| add(*block));
        }
    }
    if let Some(unwind) = data.unwind {
        let quiet = |kind: &StatementKind| {
            matches!(kind, StatementKind::Nop | StatementKind::StorageLive(_) | StatementKind::StorageDead(_))
        };
        if !data.statements.iter().all(|statement| quiet(&statement.kind)) {
            add(unwind);
        }
    }
    all
}

fn reverse_postorder(body: &Body) -> Vec<BlockId> {
    let mut seen = vec![false; body.blocks.len()];
    let mut order = Vec::new();
    let mut stack = vec![(BlockId::START, successors(body, BlockId::START))];
    seen[BlockId::START.index()] = true;
    while let Some((block, rest)) = stack.last_mut() {
        match rest.pop() {
            Some(next) => {
                if !std::mem::replace(&mut seen[next.index()], true) {
                    stack.push((next, successors(body, next)));
                }
            }
            None => {
                order.push(*block);
                stack.pop();
            }
        }
    }
    order.reverse();
    order
}

/// Immediate dominators by block (Cooper, Harvey, Kennedy).
fn dominators(order: &[BlockId], number: &[usize], preds: &[Vec<usize>]) -> Vec<usize> {
    let mut above = vec![usize::MAX; number.len()];
    above[BlockId::START.index()] = BlockId::START.index();
    let mut changed = true;
    while changed {
        changed = false;
        for &block in &order[1..] {
            let mut best = usize::MAX;
            for &from in &preds[block.index()] {
                if above[from] == usize::MAX {
                    continue;
                }
                if best == usize::MAX {
                    best = from;
                    continue;
                }
                let (mut a, mut b) = (best, from);
                while a != b {
                    while number[a] > number[b] {
                        a = above[a];
                    }
                    while number[b] > number[a] {
                        b = above[b];
                    }
                }
                best = a;
            }
            if above[block.index()] != best {
                above[block.index()] = best;
                changed = true;
            }
        }
    }
    above
}
