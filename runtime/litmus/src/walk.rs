//! The same answers by the explorer's way: threads are run from their beginning again and again, and each run asks the
//! exploration what its steps see.

use crate::enumerate::TooLarge;
use crate::outcome::State;
use crate::program::{Order, Source, Step, Test, Update};
use explore::{Change, Engine, INITIAL, Kind, Mode, Next, Outcome, Request};
use std::collections::BTreeMap;

struct Thread {
    step: usize,
    registers: Vec<i64>,
    /// The weak exchange at this step was to fail without a reason: chosen, and read.
    fails: Option<bool>,
}

/// Every final state with the number of executions that lead to it.
pub fn walk(test: &Test) -> Result<BTreeMap<State, u64>, TooLarge> {
    Ok(follow(test, Engine::new(Mode::Exhaustive), &mut |_| true)?.0)
}

/// The same for executions that need no more than so many preemptions, and how many runs that took: by an engine that goes no
/// further, or, to have something to compare that with, by one that asks every execution.
pub fn walk_within(test: &Test, preemptions: u32, knows_bound: bool) -> Result<(BTreeMap<State, u64>, u64), TooLarge> {
    if knows_bound {
        return follow(test, Engine::at_most(preemptions), &mut Engine::is_new);
    }
    follow(test, Engine::new(Mode::Exhaustive), &mut |engine| engine.needs_at_most(preemptions))
}

fn follow(test: &Test, mut engine: Engine, counts: &mut dyn FnMut(&mut Engine) -> bool) -> Result<(BTreeMap<State, u64>, u64), TooLarge> {
    let mut states: BTreeMap<State, u64> = BTreeMap::new();
    'runs: while engine.begin() {
        let mut threads: Vec<Thread> = test
            .threads
            .iter()
            .map(|thread| Thread { step: 0, registers: thread.registers.iter().map(|(_, value)| *value).collect(), fails: None })
            .collect();
        // A weak exchange that was to fail though the values are equal, and they are not: that is another run.
        let mut twice = false;
        loop {
            match engine.next() {
                // The first task begins the others.
                Next::Run(0) => {
                    let mut begun = true;
                    for _ in 0..threads.len() {
                        let child = engine.child(0);
                        begun &= matches!(engine.step(0, &request(Kind::Spawn(child), 0)), explore::Step::Done(_));
                        if !begun {
                            break;
                        }
                    }
                    if begun {
                        engine.end(0);
                    }
                }
                Next::Run(task) => {
                    let thread = &mut threads[task as usize - 1];
                    if run(test, task as usize - 1, thread, task, &mut engine, &mut twice)? {
                        engine.end(task);
                    }
                }
                Next::Over => break,
                Next::Diverged if engine.is_pruned() => continue 'runs,
                Next::Stuck | Next::Diverged => panic!("bug! the exploration of `{}` does not go on", test.name),
            }
        }
        let state: State = test.shown.iter().map(|shown| value(test, shown.source, &threads, &engine)).collect();
        assert!(!engine.begins_again, "bug! something was learnt about `{}`", test.name);
        if !twice && counts(&mut engine) && test.filter.as_ref().is_none_or(|filter| filter.holds(&state)) {
            *states.entry(state).or_default() += 1;
        }
    }
    Ok((states, engine.runs))
}

fn request(kind: Kind, address: u64) -> Request {
    Request { kind, address, size: 8, memory: None, site: 0 }
}

fn value(test: &Test, source: Source, threads: &[Thread], engine: &Engine) -> i64 {
    match source {
        Source::Register { thread, register } => threads[thread].registers[register],
        Source::Constant(value) => value,
        Source::Memory(location) => match engine.last(location as u64) {
            INITIAL => test.locations[location].initial,
            write => engine.graph.event(write).written as i64,
        },
    }
}

/// Runs a thread as far as it comes; whether it has ended.
fn run(test: &Test, index: usize, thread: &mut Thread, task: u32, engine: &mut Engine, twice: &mut bool) -> Result<bool, TooLarge> {
    let mut silent = 0;
    loop {
        let Some(step) = test.threads[index].steps.get(thread.step) else { return Ok(true) };
        silent += 1;
        if silent > 100_000 {
            return Err(TooLarge::Endless);
        }
        let compute = |value: &crate::program::Value| value.compute(&thread.registers);
        if let Step::CompareExchange { weak: true, .. } = step
            && thread.fails.is_none()
        {
            match engine.step(task, &request(Kind::Choice(2, 0), 0)) {
                explore::Step::Wait => return Ok(false),
                explore::Step::Diverged if engine.is_pruned() => return Ok(false),
                explore::Step::Diverged => panic!("bug! `{}` was followed wrongly", test.name),
                explore::Step::Done(outcome) => thread.fails = Some(outcome.seen != 0),
            }
            continue;
        }
        let (location, kind) = match step {
            Step::Set { register, value } => {
                thread.registers[*register] = compute(value);
                thread.step += 1;
                continue;
            }
            Step::Unless { value, to } => {
                thread.step = if compute(value) == 0 { *to } else { thread.step + 1 };
                continue;
            }
            Step::Jump(to) => {
                thread.step = *to;
                continue;
            }
            Step::Load { location, order, .. } => (*location, Kind::Read(strength(*order))),
            Step::Store { location, value, order } => (*location, Kind::Write(strength(*order), compute(value) as u64)),
            Step::Update { location, operation, value, order, .. } => {
                (*location, Kind::Update(strength(*order), change(*operation), compute(value) as u64))
            }
            Step::CompareExchange { location, failure, .. } if thread.fails == Some(true) => {
                (*location, Kind::Read(strength(*failure)))
            }
            Step::CompareExchange { location, expected, desired, success, failure, .. } => (
                *location,
                Kind::Compare(strength(*success), strength(*failure), compute(expected) as u64, compute(desired) as u64),
            ),
            Step::Fence(order) => (0, Kind::Fence(strength(*order))),
        };
        let mut asked = request(kind, location as u64);
        if !matches!(step, Step::Fence(_)) {
            asked.memory = engine.memory(location as u64).or(Some(test.locations[location].initial as u64));
        }
        match engine.step(task, &asked) {
            explore::Step::Wait => return Ok(false),
            explore::Step::Diverged if engine.is_pruned() => return Ok(false),
            explore::Step::Diverged => panic!("bug! `{}` was followed wrongly", test.name),
            explore::Step::Done(outcome) => {
                if let Step::CompareExchange { expected, .. } = step {
                    *twice |= thread.fails == Some(true) && compute(expected) as u64 != outcome.seen;
                }
                done(step, thread, outcome);
            }
        }
        thread.fails = None;
        silent = 0;
        thread.step += 1;
    }
}

fn done(step: &Step, thread: &mut Thread, outcome: Outcome) {
    match step {
        Step::Load { register, .. } | Step::Update { register, .. } => thread.registers[*register] = outcome.seen as i64,
        Step::CompareExchange { done, seen, .. } => {
            thread.registers[*seen] = outcome.seen as i64;
            thread.registers[*done] = i64::from(outcome.writes);
        }
        _ => {}
    }
}

fn strength(order: Order) -> explore::Order {
    match order {
        Order::Plain | Order::Relaxed => explore::Order::Relaxed,
        Order::Acquire => explore::Order::Acquire,
        Order::Release => explore::Order::Release,
        Order::AcqRel => explore::Order::AcquireRelease,
        Order::SeqCst => explore::Order::Sequential,
    }
}

fn change(operation: Update) -> Change {
    match operation {
        Update::Exchange => Change::Swap,
        Update::Add => Change::Add,
        Update::Sub => Change::Subtract,
        Update::And => Change::And,
        Update::Or => Change::Or,
        Update::Xor => Change::Xor,
    }
}

/// The answer by the explorer's runs. Whether there is a race is the axioms' to say: here plain cells are atomic.
pub fn explore(test: &Test) -> Result<crate::Outcome, TooLarge> {
    let states = walk(test)?;
    let executions = states.values().sum();
    Ok(crate::Outcome::new(test, states, executions, false))
}
