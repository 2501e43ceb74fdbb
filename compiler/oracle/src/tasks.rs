//! Tasks, one after the other: what the runtime does for `std/task`, on one thread. A spawned task runs to its end on a fiber of
//! its own, at once, between two calls of its spawner, or when somebody waits for it: dice decide. What it captured is accessed
//! then, and whoever touched it in between where that was not allowed has ended its right to.
//!
//! A task that waits for what only its spawner does later cannot be run so; that is told as not supported.

use crate::eval::{Machine, Raises, Step, Stop};
use crate::memory::{Kind, Pointer, Value};
use mir::body::InstanceId;

/// A task that was handed over to whoever has time.
struct Queued {
    head: Pointer,
    main: InstanceId,
    within: u64,
    /// Its number for the clocks.
    number: usize,
}

/// A fiber that waits for a task with an epoch and a value.
struct Waiter {
    head: u64,
    fiber: Pointer,
    word: u64,
}

#[derive(Default)]
pub struct Tasks {
    /// Each runs within the one before.
    fibers: Vec<Pointer>,
    /// The number, for the clocks, of the task that each fiber began with.
    numbers: Vec<usize>,
    queued: Vec<Queued>,
    /// By the address of their scope, in the order in which they came.
    failures: Vec<(u64, Value)>,
    waiters: Vec<Waiter>,
    root: Option<Pointer>,
    dice: u64,
}

// The records' fields, as `std/task/records.aur` has them.
const FIBER_PANIC: u64 = 0;
const FIBER_NODE: u64 = 40;
const FIBER_LOCALS: u64 = 48;
const FORKS_BASE: u64 = 56;
const FORKS_TOP: u64 = 64;
const FORKS_END: u64 = 72;
const FIBER_WAIT: u64 = 80;
const FIBER_SIZE: u64 = 96;
const NODE_STATE: u64 = 8;
const SCOPE_TASKS: u64 = 24;
const SCOPE_WORD: u64 = 48;
const SCOPE_OPTIONS_AT: u64 = 80;
const SCOPE_SIZE: u64 = 88;
const HEAD_STATE: u64 = 0;
const HEAD_WITHIN: u64 = 16;
const HEAD_LOCALS: u64 = 24;
const HEAD_NODE: u64 = 32;
const HEAD_FLAGS: u64 = 40;
const HEAD_FAILURE: u64 = 64;

const PENDING: u64 = 0;
const QUEUED: u64 = 1;
const RUNNING: u64 = 2;
const FAILED: u64 = 4;
const CANCELLED: u64 = 5;
const PHASE: u64 = 7;
const GONE: u64 = 8;
const TRY: u64 = 2;
const SCOPE_FAILED: u64 = 2;
const SCOPE_OWN: u64 = 4;
const SCOPE_OPTIONS: u64 = 8;
const TASK: u64 = 256;
const COLLECT: u64 = 1;
const SIBLING_FAILED: u64 = 2;
const WAIT_STATE: u64 = 3;
const WAIT_WOKEN: u64 = 3;
const REASON: u64 = 255;
/// A panic's number where a cancellation has its reason.
const PANIC: i64 = -2;
const NOTHING: i64 = -1;
const ELAPSED: i64 = -1;

/// Pending tasks of one fiber.
const FORKS_MAX: u64 = 32;
/// Tasks within tasks that may begin in the middle of something.
const DEPTH_MAX: usize = 6;

type Given = Step<Raises<Option<Value>>>;

fn give(value: i64) -> Given {
    Ok(Raises::Value(Some(Value::int(value as u64, 8))))
}

fn nothing() -> Given {
    Ok(Raises::Value(Some(Value::default())))
}

impl Tasks {
    pub fn new(seed: u64) -> Tasks {
        // Seeds side by side are to roll differently from the start.
        let mixed = (seed ^ seed << 32 ^ 0x5851_f42d_4c95_7f2d).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        Tasks { dice: (mixed ^ mixed >> 29) | 1, ..Tasks::default() }
    }

    fn roll(&mut self, sides: u64) -> u64 {
        self.dice ^= self.dice << 13;
        self.dice ^= self.dice >> 7;
        self.dice ^= self.dice << 17;
        (self.dice >> 11) % sides
    }
}

impl Machine<'_> {
    /// The record of the fiber that runs.
    pub fn fiber(&mut self) -> Pointer {
        match self.tasks.fibers.last() {
            Some(fiber) => *fiber,
            None => self.new_fiber(),
        }
    }

    fn new_fiber(&mut self) -> Pointer {
        let size = FIBER_SIZE + 8 * (FORKS_MAX + 2);
        let piece = self.memory.add(size, 8, Kind::Static);
        self.memory.initialise(piece, &Value { written: vec![true; size as usize], ..Value::unwritten(size) });
        let fiber = self.memory.owner(piece);
        // A null stands before the first one. There is never room, so that each spawn asks.
        let start = Value::pointer(fiber.plus(FIBER_SIZE + 8));
        for field in [FORKS_BASE, FORKS_TOP, FORKS_END] {
            let mut whole = Value::unwritten(8);
            whole.put(0, &start);
            self.memory.initialise_at(piece, field, &whole);
        }
        self.tasks.fibers.push(fiber);
        let running = self.memory.clocks().running();
        self.tasks.numbers.push(running);
        fiber
    }

    fn word(&mut self, at: Pointer, offset: u64) -> Step<Value> {
        self.check(|memory| memory.peek(at.plus(offset), 8))
    }

    fn number(&mut self, at: Pointer, offset: u64) -> Step<u64> {
        Ok(self.word(at, offset)?.bits() as u64)
    }

    fn put_word(&mut self, at: Pointer, offset: u64, value: &Value) -> Step<()> {
        self.check(|memory| memory.poke(at.plus(offset), value))
    }

    fn put_number(&mut self, at: Pointer, offset: u64, value: u64) -> Step<()> {
        self.put_word(at, offset, &Value::int(value, 8))
    }

    /// Something raises: the fiber carries it, unless it does already.
    pub fn carry(&mut self, reason: i64) -> Step<()> {
        let fiber = self.fiber();
        if self.number(fiber, FIBER_PANIC)? == 0 {
            let piece = self.memory.add(8, 8, Kind::Static);
            self.memory.initialise(piece, &Value::int(reason as u64, 8));
            let record = Value::pointer(self.memory.owner(piece));
            self.put_word(fiber, FIBER_PANIC, &record)?;
        }
        Ok(())
    }

    pub fn carry_panic(&mut self) -> Step<()> {
        self.carry(PANIC)
    }

    fn reason_of(&mut self, record: &Value) -> Step<i64> {
        match record.bits() {
            0 => Ok(NOTHING),
            _ => Ok(self.number(record.as_pointer(), 0)? as i64),
        }
    }

    fn take_carried(&mut self, fiber: Pointer) -> Step<Value> {
        let record = self.word(fiber, FIBER_PANIC)?;
        self.put_number(fiber, FIBER_PANIC, 0)?;
        Ok(record)
    }

    /// Between two steps of a function: another task may run now.
    pub fn may_switch(&mut self) -> Step<()> {
        if !self.tasks.queued.is_empty() && self.tasks.fibers.len() < DEPTH_MAX && self.tasks.roll(4) == 0 {
            let at = self.tasks.roll(self.tasks.queued.len() as u64) as usize;
            self.run_queued(at)?;
        }
        Ok(())
    }

    /// What nobody waits for runs at the end of the program.
    pub fn run_detached(&mut self) -> Step<()> {
        while !self.tasks.queued.is_empty() {
            self.run_queued(0)?;
        }
        Ok(())
    }

    fn options(&mut self, scope: Pointer) -> Step<u64> {
        match self.number(scope, SCOPE_WORD)? & SCOPE_OPTIONS {
            0 => Ok(0),
            _ => self.number(scope, SCOPE_OPTIONS_AT),
        }
    }

    /// What a pending task has of its fiber becomes its own.
    fn take_along(&mut self, fiber: Pointer, head: Pointer) -> Step<()> {
        let locals = self.word(fiber, FIBER_LOCALS)?;
        self.put_word(head, HEAD_LOCALS, &locals)?;
        if locals.bits() != 0 {
            let chain = locals.as_pointer();
            let holders = self.number(chain, 0)?;
            self.put_number(chain, 0, holders + 1)?;
        }
        if self.number(head, HEAD_FLAGS)? & TRY == 0 {
            let within = self.word(head, HEAD_WITHIN)?.as_pointer();
            let own = self.number(within, SCOPE_WORD)? & SCOPE_OWN != 0;
            self.put_word(head, HEAD_NODE, &Value::pointer(within.plus(if own { SCOPE_TASKS } else { 0 })))?;
        }
        Ok(())
    }

    fn queue(&mut self, head: Pointer, main: InstanceId) -> Step<()> {
        let within = self.word(head, HEAD_WITHIN)?.as_pointer();
        let word = self.number(within, SCOPE_WORD)?;
        self.put_number(within, SCOPE_WORD, word + TASK)?;
        self.set_phase(head, QUEUED)?;
        let number = self.memory.clocks().spawned();
        self.tasks.queued.push(Queued { head, main, within: within.address, number });
        Ok(())
    }

    fn set_phase(&mut self, head: Pointer, phase: u64) -> Step<()> {
        let state = self.number(head, HEAD_STATE)?;
        self.put_number(head, HEAD_STATE, state & !PHASE | phase)
    }

    /// All pending tasks of a fiber, to everybody.
    fn publish_pending(&mut self, fiber: Pointer, main: InstanceId) -> Step<()> {
        let mut at = self.word(fiber, FORKS_BASE)?.as_pointer();
        let top = self.word(fiber, FORKS_TOP)?.as_pointer();
        self.put_word(fiber, FORKS_BASE, &Value::pointer(top))?;
        while at.address < top.address {
            let head = self.word(at, 0)?.as_pointer();
            self.put_number(at, 0, 0)?;
            self.take_along(fiber, head)?;
            self.queue(head, main)?;
            at = at.plus(8);
        }
        Ok(())
    }

    fn run_queued(&mut self, at: usize) -> Step<()> {
        let Queued { head, main, number, .. } = self.tasks.queued.remove(at);
        self.set_phase(head, RUNNING)?;
        let (node, locals) = (self.word(head, HEAD_NODE)?, self.word(head, HEAD_LOCALS)?);
        let depth = self.tasks.fibers.len();
        let spawner = self.memory.clocks().switch(number);
        let fiber = self.new_fiber();
        self.put_word(fiber, FIBER_NODE, &node)?;
        self.put_word(fiber, FIBER_LOCALS, &locals)?;
        let done = self.call(main, vec![Value::pointer(head)])?;
        self.memory.clocks().switch(spawner);
        self.tasks.fibers.truncate(depth);
        self.tasks.numbers.truncate(depth);
        match done {
            Raises::Value(_) => Ok(()),
            Raises::Raised => self.violation("lets a panic out of a task"),
        }
    }

    /// The function that runs tasks, which each spawn names.
    fn main_of(&mut self, args: &[Value]) -> Step<InstanceId> {
        let main = self.function_at(args[2].as_pointer().address)?;
        self.memory.clocks().begin();
        self.task_main = Some(main);
        Ok(main)
    }

    fn fail(&mut self, scope: Pointer, record: Value) -> Step<()> {
        let word = self.number(scope, SCOPE_WORD)?;
        self.put_number(scope, SCOPE_WORD, word | SCOPE_FAILED)?;
        self.tasks.failures.push((scope.address, record));
        if self.options(scope)? & COLLECT == 0 {
            self.cancel(scope, SIBLING_FAILED)?;
        }
        Ok(())
    }

    fn cancel(&mut self, node: Pointer, reason: u64) -> Step<()> {
        let state = self.number(node, NODE_STATE)?;
        if state & REASON == 0 {
            self.put_number(node, NODE_STATE, state | (reason + 1))?;
        }
        Ok(())
    }

    fn take_failure(&mut self, scope: Pointer) -> Step<Option<Value>> {
        let found = self.tasks.failures.iter().position(|(of, _)| *of == scope.address);
        let record = found.map(|at| self.tasks.failures.remove(at).1);
        if !self.tasks.failures.iter().any(|(of, _)| *of == scope.address) {
            let word = self.number(scope, SCOPE_WORD)?;
            self.put_number(scope, SCOPE_WORD, word & !SCOPE_FAILED)?;
        }
        Ok(record)
    }

    /// `rt_task_…`
    pub fn task_call(&mut self, name: &str, args: &[Value]) -> Given {
        let pointer = |n: usize| args[n].as_pointer();
        let int = |n: usize| args[n].bits() as u64;
        match name {
            "fork" => {
                let (fiber, head) = (pointer(0), pointer(1));
                let main = self.main_of(args)?;
                let top = self.word(fiber, FORKS_TOP)?.as_pointer();
                let room = top.address < fiber.address + FIBER_SIZE + 8 * FORKS_MAX;
                if room && self.tasks.roll(3) == 0 {
                    self.put_word(top, 0, &Value::pointer(head))?;
                    for field in [FORKS_TOP, FORKS_END] {
                        self.put_word(fiber, field, &Value::pointer(top.plus(8)))?;
                    }
                    return nothing();
                }
                self.take_along(fiber, head)?;
                self.start(head, main)
            }
            "publish" | "publish_limited" => {
                let main = self.main_of(args)?;
                self.start(pointer(1), main)
            }
            "join" => self.join(pointer(0), pointer(1)),
            "wait_scope" => {
                let within = pointer(1);
                self.publish_all_pending()?;
                while self.number(within, SCOPE_WORD)? / TASK > int(2) {
                    self.run_one_of(within.address, "a scope that only tasks below it end")?;
                }
                self.memory.clocks().acquire(within.address + SCOPE_WORD);
                give(0)
            }
            "catch" => {
                let function = self.function_at(args[0].as_pointer().address)?;
                match self.call(function, vec![args[1].clone()])? {
                    Raises::Value(_) => give(0),
                    Raises::Raised => give(1),
                }
            }
            "end" => self.end_task(pointer(0), int(1)),
            "leave" => {
                let within = pointer(2);
                let word = self.number(within, SCOPE_WORD)?;
                self.put_number(within, SCOPE_WORD, word - TASK)?;
                self.memory.clocks().acquire(within.address + SCOPE_WORD);
                self.memory.clocks().release(within.address + SCOPE_WORD);
                nothing()
            }
            "failed" => {
                let (fiber, head) = (pointer(0), pointer(1));
                let record = self.take_carried(fiber)?;
                let reason = self.reason_of(&record)?;
                if reason == NOTHING {
                    return give(CANCELLED as i64);
                }
                if self.number(head, HEAD_FLAGS)? & TRY != 0 {
                    self.put_word(head, HEAD_FAILURE, &record)?;
                } else if reason == PANIC {
                    let within = self.word(head, HEAD_WITHIN)?.as_pointer();
                    self.fail(within, record)?;
                }
                give(if reason == PANIC { FAILED } else { CANCELLED } as i64)
            }
            "fail_scope" => {
                let (fiber, within) = (pointer(0), pointer(1));
                let record = self.word(fiber, FIBER_PANIC)?;
                if self.reason_of(&record)? == PANIC {
                    self.take_carried(fiber)?;
                    self.fail(within, record)?;
                    self.carry(SIBLING_FAILED as i64)?;
                }
                nothing()
            }
            "settle" => {
                let (fiber, within) = (pointer(0), pointer(1));
                let carried = self.word(fiber, FIBER_PANIC)?;
                if self.options(within)? & COLLECT == 0 {
                    let own = self.reason_of(&carried)? == PANIC;
                    let first = self.take_failure(within)?;
                    while self.take_failure(within)?.is_some() {}
                    if let Some(first) = first.filter(|_| !own) {
                        self.put_word(fiber, FIBER_PANIC, &first)?;
                    }
                }
                let carried = self.number(fiber, FIBER_PANIC)?;
                give(i64::from(carried != 0))
            }
            "cancel" => {
                self.cancel(pointer(0), int(1))?;
                nothing()
            }
            // Time stands still, so no deadline comes; who parks below a context is found without links.
            "deadline" | "unlink" | "poll" | "blocking" | "ready" | "drop_failure" => nothing(),
            "unwait" => {
                let head = args[0].as_pointer().address;
                self.tasks.waiters.retain(|waiter| waiter.head != head);
                nothing()
            }
            "yield" => {
                self.may_switch()?;
                nothing()
            }
            "root" => {
                let root = self.root_scope();
                Ok(Raises::Value(Some(Value::pointer(root))))
            }
            "workers" => give(2),
            "number" => give(self.tasks.fibers.len() as i64),
            "carried" => {
                let record = self.word(pointer(0), FIBER_PANIC)?;
                give(self.reason_of(&record)?)
            }
            "drop_carried" => {
                self.take_carried(pointer(0))?;
                nothing()
            }
            "failure" => {
                let reason = self.reason_of(&args[0])?;
                let text = self.bytes(b"panic");
                self.put_word(pointer(1), 0, &Value::pointer(text))?;
                self.put_number(pointer(2), 0, 5)?;
                give(reason)
            }
            "take_failure" => {
                let record = self.take_failure(pointer(0))?;
                Ok(Raises::Value(Some(record.unwrap_or(Value::int(0, 8)))))
            }
            "wait_for" => {
                if self.number(pointer(1), HEAD_STATE)? & PHASE > RUNNING {
                    return give(0);
                }
                self.tasks.waiters.push(Waiter { head: pointer(1).address, fiber: pointer(0), word: int(2) << 32 | int(3) << 8 | WAIT_WOKEN });
                give(1)
            }
            "park" => self.park(pointer(0), int(1) as i64),
            _ => Err(Stop::Unsupported(format!("the runtime's `rt_task_{name}`"))),
        }
    }

    fn start(&mut self, head: Pointer, main: InstanceId) -> Given {
        self.queue(head, main)?;
        if self.tasks.fibers.len() < DEPTH_MAX && self.tasks.roll(3) == 0 {
            self.run_queued(self.tasks.queued.len() - 1)?;
        }
        nothing()
    }

    fn publish_all_pending(&mut self) -> Step<()> {
        let Some(main) = self.task_main else { return Ok(()) };
        for (fiber, number) in self.tasks.fibers.clone().into_iter().zip(self.tasks.numbers.clone()) {
            let running = self.memory.clocks().switch(number);
            self.publish_pending(fiber, main)?;
            self.memory.clocks().switch(running);
        }
        Ok(())
    }

    /// Runs a task, of this scope if there is one.
    fn run_one_of(&mut self, within: u64, otherwise: &str) -> Step<()> {
        let of: Vec<usize> = (0..self.tasks.queued.len()).filter(|at| self.tasks.queued[*at].within == within).collect();
        let at = match (of.len(), self.tasks.queued.len()) {
            (0, 0) => return Err(Stop::Unsupported(otherwise.into())),
            (0, _) => 0,
            (count, _) => of[self.tasks.roll(count as u64) as usize],
        };
        self.run_queued(at)
    }

    fn join(&mut self, _fiber: Pointer, head: Pointer) -> Given {
        loop {
            match self.number(head, HEAD_STATE)? & PHASE {
                PENDING => {
                    self.publish_all_pending()?;
                    if self.number(head, HEAD_STATE)? & PHASE == PENDING {
                        return self.violation("joins a task that nobody has");
                    }
                }
                QUEUED => {
                    let Some(at) = self.tasks.queued.iter().position(|task| task.head.address == head.address) else {
                        return self.violation("joins a task that nobody has");
                    };
                    self.run_queued(at)?;
                }
                RUNNING => return Err(Stop::Unsupported("a task that waits for one below it".into())),
                _ => {
                    self.memory.clocks().acquire(head.address + HEAD_STATE);
                    return give(0);
                }
            }
        }
    }

    fn end_task(&mut self, head: Pointer, phase: u64) -> Given {
        let state = self.number(head, HEAD_STATE)?;
        self.put_number(head, HEAD_STATE, phase)?;
        self.memory.clocks().acquire(head.address + HEAD_STATE);
        self.memory.clocks().release(head.address + HEAD_STATE);
        if let Some(at) = self.tasks.waiters.iter().position(|waiter| waiter.head == head.address) {
            let Waiter { fiber, word, .. } = self.tasks.waiters.remove(at);
            let seen = self.number(fiber, FIBER_WAIT)?;
            if seen >> 32 == word >> 32 && seen & WAIT_STATE != 0 && seen & WAIT_STATE != WAIT_WOKEN {
                self.put_number(fiber, FIBER_WAIT, word)?;
            }
            return give(0);
        }
        give(i64::from(state & GONE != 0))
    }

    /// Others run until somebody has woken the fiber.
    fn park(&mut self, fiber: Pointer, deadline: i64) -> Given {
        self.publish_all_pending()?;
        loop {
            let word = self.number(fiber, FIBER_WAIT)?;
            if word & WAIT_STATE == WAIT_WOKEN {
                self.memory.clocks().acquire(fiber.address + FIBER_WAIT);
                return give((word >> 8 & 0xff_ffff) as i64);
            }
            if self.tasks.queued.is_empty() && deadline >= 0 {
                self.put_number(fiber, FIBER_WAIT, word & !WAIT_STATE)?;
                return give(ELAPSED);
            }
            self.run_one_of(0, "to wait for what only tasks below it do")?;
        }
    }

    fn root_scope(&mut self) -> Pointer {
        if let Some(root) = self.tasks.root {
            return root;
        }
        let piece = self.memory.add(SCOPE_SIZE, 8, Kind::Static);
        let mut whole = Value { written: vec![true; SCOPE_SIZE as usize], ..Value::unwritten(SCOPE_SIZE) };
        whole.put(SCOPE_WORD, &Value::int(SCOPE_OWN, 8));
        self.memory.initialise(piece, &whole);
        let root = self.memory.owner(piece);
        self.tasks.root = Some(root);
        root
    }
}
