//! Every consistent execution of a test, each once.
//!
//! Graphs grow by one event of one thread at a time. Different orders of growing meet in the same graph, which is followed
//! once: the visited ones are remembered. An event that meets nothing which is still to come is added before all others: where
//! it stands among them makes no difference.

use crate::model::{EVENTS_MAX, Graph, Kind, Next};
use crate::program::{Step, Test};
use std::collections::HashSet;
use std::hash::{BuildHasherDefault, Hasher};

#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Graphs that may be remembered.
    pub graphs: usize,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits { graphs: 20_000_000 }
    }
}

/// Why there is no answer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum TooLarge {
    Events,
    Graphs(usize),
    /// A thread computes without ever reaching memory.
    Endless,
}

impl std::fmt::Display for TooLarge {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            TooLarge::Events => write!(f, "an execution has more than {EVENTS_MAX} events"),
            TooLarge::Graphs(count) => write!(f, "there are more than {count} partial executions"),
            TooLarge::Endless => f.write_str("a thread does not end"),
        }
    }
}

/// A partial execution: the graph, and where the threads stand.
#[derive(Clone)]
struct Run {
    graph: Graph,
    threads: Vec<Progress>,
}

#[derive(Clone)]
struct Progress {
    step: usize,
    registers: Vec<i64>,
}

/// A finished execution.
pub struct Execution<'a> {
    pub graph: &'a Graph,
    test: &'a Test,
    threads: &'a [Progress],
}

impl Execution<'_> {
    pub fn state(&self) -> Vec<i64> {
        use crate::program::Source;
        let value = |source: Source| match source {
            Source::Register { thread, register } => self.threads[thread].registers[register],
            Source::Memory(location) => {
                let last = self.graph.modifications[location]
                    .last()
                    .expect("the initial write is there");
                self.graph.events[*last].written
            }
            Source::Constant(value) => value,
        };
        self.test
            .shown
            .iter()
            .map(|shown| value(shown.source))
            .collect()
    }
}

/// Calls `found` with every consistent execution.
pub fn enumerate(
    test: &Test,
    limits: Limits,
    found: &mut dyn FnMut(Execution),
) -> Result<(), TooLarge> {
    let initial: Vec<i64> = test
        .locations
        .iter()
        .map(|location| location.initial)
        .collect();
    let threads = test.threads.iter().map(|thread| Progress {
        step: 0,
        registers: thread.registers.iter().map(|(_, value)| *value).collect(),
    });
    let mut open = vec![Run {
        graph: Graph::new(&initial, test.threads.len()),
        threads: threads.collect(),
    }];
    let later: Vec<Vec<Later>> = test.threads.iter().map(|thread| later(&thread.steps)).collect();
    let mut visited: HashSet<Vec<u8>, BuildHasherDefault<Quick>> = HashSet::default();
    let mut signature = Vec::new();
    while let Some(mut run) = open.pop() {
        for thread in 0..test.threads.len() {
            run.compute(test, thread)?;
        }
        let mut waiting: Vec<usize> = (0..test.threads.len())
            .filter(|&thread| run.threads[thread].step < test.threads[thread].steps.len())
            .collect();
        if waiting.is_empty() {
            found(Execution {
                graph: &run.graph,
                test,
                threads: &run.threads,
            });
            continue;
        }
        if run.graph.events.len() == EVENTS_MAX {
            return Err(TooLarge::Events);
        }
        // A fence leaves no choice and changes nothing for others: it may as well come first.
        let is_fence = |thread: usize| {
            matches!(
                test.threads[thread].steps[run.threads[thread].step],
                Step::Fence(_)
            )
        };
        // Neither does an access matter to others if what is left of them does not touch its location, or only reads what it
        // reads.
        let is_apart = |thread: usize| {
            let step = run.threads[thread].step;
            let Some((location, writes)) = access(&test.threads[thread].steps[step]) else { return false };
            let bit = 1u128.checked_shl(location as u32).unwrap_or(u128::MAX);
            waiting.iter().filter(|&&other| other != thread).all(|&other| {
                let later = later[other][run.threads[other].step];
                later.writes & bit == 0 && !(writes && later.reads & bit != 0)
            })
        };
        if let Some(&thread) = waiting.iter().find(|&&thread| is_fence(thread)).or_else(|| waiting.iter().find(|&&thread| is_apart(thread))) {
            waiting = vec![thread];
        }
        for thread in waiting {
            run.grow(test, thread, &mut |next| {
                next.graph.signature(&mut signature);
                if !visited.contains(&signature) {
                    visited.insert(signature.clone());
                    open.push(next);
                }
            });
        }
        if visited.len() > limits.graphs {
            return Err(TooLarge::Graphs(limits.graphs));
        }
    }
    Ok(())
}

/// Locations that a thread may touch from a step on, as bits.
#[derive(Clone, Copy, Default)]
struct Later {
    reads: u128,
    writes: u128,
}

/// By step. Jumps go forward only, or anything may come again.
fn later(steps: &[Step]) -> Vec<Later> {
    let mut all = vec![Later::default(); steps.len() + 1];
    for at in (0..steps.len()).rev() {
        let mut sum = all[at + 1];
        if let Step::Unless { to, .. } | Step::Jump(to) = &steps[at]
            && *to <= at
        {
            return vec![Later { reads: u128::MAX, writes: u128::MAX }; steps.len() + 1];
        }
        if let Some((location, writes)) = access(&steps[at]) {
            let bit = 1u128.checked_shl(location as u32).unwrap_or(u128::MAX);
            sum.reads |= bit;
            if writes {
                sum.writes |= bit;
            }
        }
        all[at] = sum;
    }
    all
}

/// The location, and whether it may be written.
fn access(step: &Step) -> Option<(usize, bool)> {
    match step {
        Step::Load { location, .. } => Some((*location, false)),
        Step::Store { location, .. } | Step::Update { location, .. } | Step::CompareExchange { location, .. } => Some((*location, true)),
        Step::Set { .. } | Step::Fence(_) | Step::Unless { .. } | Step::Jump(_) => None,
    }
}

/// Signatures are short and nobody chooses them to collide.
#[derive(Default)]
struct Quick(u64);

impl Hasher for Quick {
    fn finish(&self) -> u64 {
        self.0
    }
    fn write(&mut self, bytes: &[u8]) {
        for part in bytes.chunks(8) {
            let mut word = [0; 8];
            word[..part.len()].copy_from_slice(part);
            self.0 = (self.0.rotate_left(5) ^ u64::from_le_bytes(word)).wrapping_mul(0x517c_c1b7_2722_0a95);
        }
    }
}

impl Run {
    /// Goes on with a thread up to its next event.
    fn compute(&mut self, test: &Test, thread: usize) -> Result<(), TooLarge> {
        let steps = &test.threads[thread].steps;
        let at = &mut self.threads[thread];
        for _ in 0..1_000_000 {
            match steps.get(at.step) {
                Some(Step::Set { register, value }) => {
                    at.registers[*register] = value.compute(&at.registers)
                }
                Some(Step::Unless { value, to }) if value.compute(&at.registers) == 0 => {
                    at.step = *to;
                    continue;
                }
                Some(Step::Unless { .. }) => {}
                Some(Step::Jump(to)) => {
                    at.step = *to;
                    continue;
                }
                _ => return Ok(()),
            }
            at.step += 1;
        }
        Err(TooLarge::Endless)
    }

    /// All consistent ways in which the thread's next event can happen.
    fn grow(&self, test: &Test, thread: usize, found: &mut dyn FnMut(Run)) {
        let at = &self.threads[thread];
        let graph = &self.graph;
        let mut add = |next: Next, results: &[(usize, i64)]| {
            let Some(graph) = graph.with(thread, next) else {
                return;
            };
            let mut threads = self.threads.clone();
            threads[thread].step += 1;
            for &(register, value) in results {
                threads[thread].registers[register] = value;
            }
            found(Run { graph, threads });
        };
        let read = |location, order, write| Next {
            kind: Kind::Read,
            order,
            location,
            written: 0,
            reads_from: Some(write),
            position: 0,
        };
        match &test.threads[thread].steps[at.step] {
            Step::Load {
                register,
                location,
                order,
            } => {
                for write in graph.readable(thread, *location) {
                    add(
                        read(*location, *order, write),
                        &[(*register, graph.events[write].written)],
                    );
                }
            }
            Step::Store {
                location,
                value,
                order,
            } => {
                let written = value.compute(&at.registers);
                for position in graph.writable(thread, *location) {
                    add(
                        Next {
                            kind: Kind::Write,
                            order: *order,
                            location: *location,
                            written,
                            reads_from: None,
                            position,
                        },
                        &[],
                    );
                }
            }
            Step::Update {
                register,
                location,
                operation,
                value,
                order,
            } => {
                let operand = value.compute(&at.registers);
                for write in graph.readable(thread, *location) {
                    let Some(position) = graph.update_position(write) else {
                        continue;
                    };
                    let old = graph.events[write].written;
                    let written = operation.apply(old, operand);
                    let next = Next {
                        kind: Kind::Update,
                        order: *order,
                        location: *location,
                        written,
                        reads_from: Some(write),
                        position,
                    };
                    add(next, &[(*register, old)]);
                }
            }
            Step::CompareExchange {
                done,
                seen,
                location,
                expected,
                desired,
                success,
                failure,
                weak,
            } => {
                let (expected, written) = (
                    expected.compute(&at.registers),
                    desired.compute(&at.registers),
                );
                for write in graph.readable(thread, *location) {
                    let old = graph.events[write].written;
                    if old == expected
                        && let Some(position) = graph.update_position(write)
                    {
                        let next = Next {
                            kind: Kind::Update,
                            order: *success,
                            location: *location,
                            written,
                            reads_from: Some(write),
                            position,
                        };
                        add(next, &[(*done, 1), (*seen, old)]);
                    }
                    if old != expected || *weak {
                        add(
                            read(*location, *failure, write),
                            &[(*done, 0), (*seen, old)],
                        );
                    }
                }
            }
            Step::Fence(order) => {
                add(
                    Next {
                        kind: Kind::Fence,
                        order: *order,
                        location: usize::MAX,
                        written: 0,
                        reads_from: None,
                        position: 0,
                    },
                    &[],
                );
            }
            Step::Set { .. } | Step::Unless { .. } | Step::Jump(_) => {
                unreachable!("computed before")
            }
        }
    }
}
