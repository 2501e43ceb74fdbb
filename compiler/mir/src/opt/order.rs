//! The order in which functions are optimised: callees before callers, and which of them can reach themselves; and which of them
//! can be optimised at the same time.

use crate::body::*;

pub(super) struct Order {
    pub order: Vec<InstanceId>,
    pub recursive: Vec<bool>,
}

/// Tarjan's strongly connected components over direct calls, without recursion of its own.
pub(super) fn bottom_up(mono: &MonoProgram) -> Order {
    let count = mono.bodies.len();
    let callees: Vec<Vec<u32>> = mono.bodies.iter().map(|body| called(body)).collect();
    let mut result = Order { order: Vec::with_capacity(count), recursive: vec![false; count] };
    const NEW: u32 = u32::MAX;
    let (mut number, mut low) = (vec![NEW; count], vec![0u32; count]);
    let mut open: Vec<u32> = Vec::new();
    let mut is_open = vec![false; count];
    let mut next = 0;
    for start in 0..count {
        if number[start] != NEW {
            continue;
        }
        let mut path: Vec<(usize, usize)> = vec![(start, 0)];
        while let Some((at, child)) = path.last_mut() {
            let at = *at;
            if *child == 0 {
                number[at] = next;
                low[at] = next;
                next += 1;
                open.push(at as u32);
                is_open[at] = true;
            }
            if let Some(&callee) = callees[at].get(*child) {
                *child += 1;
                let callee = callee as usize;
                if callee == at {
                    result.recursive[at] = true;
                }
                if number[callee] == NEW {
                    path.push((callee, 0));
                } else if is_open[callee] {
                    low[at] = low[at].min(number[callee]);
                }
                continue;
            }
            path.pop();
            if let Some((parent, _)) = path.last() {
                low[*parent] = low[*parent].min(low[at]);
            }
            if low[at] == number[at] {
                let from = open.iter().rposition(|&id| id as usize == at).unwrap_or(0);
                let component: Vec<u32> = open.drain(from..).collect();
                component.iter().for_each(|&id| is_open[id as usize] = false);
                let inner = if component.len() > 1 { inlinable(mono, &callees, &component) } else { Vec::new() };
                result.order.extend(inner.iter().copied().map(InstanceId));
                for id in component.iter().rev().copied().filter(|id| !inner.contains(id)) {
                    result.recursive[id as usize] |= component.len() > 1;
                    result.order.push(InstanceId(id));
                }
            }
        }
    }
    result
}

/// The same order in waves: in each, functions that do not use one another. Done wave after wave, every function finds those that
/// it uses as it would find them if all were done one by one.
pub(super) fn waves(order: &[InstanceId], uses: &[Vec<InstanceId>]) -> Vec<Vec<InstanceId>> {
    let mut place = vec![0; order.len()];
    order.iter().enumerate().for_each(|(index, id)| place[id.index()] = index);
    let mut wave = vec![0usize; order.len()];
    let mut waves: Vec<Vec<InstanceId>> = Vec::new();
    for id in order {
        let (before, behind): (Vec<&InstanceId>, Vec<&InstanceId>) = uses[id.index()].iter().filter(|used| *used != id).partition(|used| place[used.index()] < place[id.index()]);
        let own = before.iter().map(|used| wave[used.index()] + 1).max().unwrap_or(0).max(wave[id.index()]);
        wave[id.index()] = own;
        // In a circle: it is to be found as it was.
        for used in behind {
            wave[used.index()] = wave[used.index()].max(own + 1);
        }
        if waves.len() <= own {
            waves.resize_with(own + 1, Vec::new);
        }
        waves[own].push(*id);
    }
    waves
}

/// Of functions that reach each other those that are made to be inlined and can be, callees first: every circle still goes
/// through one of the others. `join` of a recursive function's own task is one of them.
fn inlinable(mono: &MonoProgram, callees: &[Vec<u32>], component: &[u32]) -> Vec<u32> {
    let wished = |id: &u32| {
        let body = &mono.bodies[*id as usize];
        body.inline == InlineHint::Always || matches!(body.origin, Origin::Closure(_))
    };
    let mut left: Vec<u32> = component.iter().copied().filter(wished).collect();
    let mut taken = Vec::new();
    loop {
        let free = |id: &u32| !callees[*id as usize].iter().any(|callee| left.contains(callee));
        let (ready, rest): (Vec<u32>, Vec<u32>) = left.iter().partition(|id| free(id));
        if ready.is_empty() {
            return taken;
        }
        taken.extend(ready);
        left = rest;
    }
}

fn called(body: &Body) -> Vec<u32> {
    let mut all: Vec<u32> = Vec::new();
    for block in &body.blocks {
        if let TerminatorKind::Call { callee: Callee::Instance(id), .. } = &block.terminator.kind {
            all.push(id.0);
        }
    }
    all.sort_unstable();
    all.dedup();
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_uses_whom_is_never_in_one_wave() {
        let ids = |list: &[u32]| list.iter().copied().map(InstanceId).collect::<Vec<_>>();
        // 0 and 1 use nobody, 2 both; 3 and 4 each other, 4 also 2; 5 itself.
        let uses = [ids(&[]), ids(&[]), ids(&[0, 1]), ids(&[4]), ids(&[2, 3]), ids(&[5])];
        let found = waves(&ids(&[0, 1, 2, 3, 4, 5]), &uses);
        assert_eq!(found, [ids(&[0, 1, 3, 5]), ids(&[2]), ids(&[4])]);
        let found = waves(&ids(&[4, 3, 2, 1, 0, 5]), &uses);
        assert_eq!(found, [ids(&[4, 5]), ids(&[3, 2]), ids(&[1, 0])]);
    }
}
