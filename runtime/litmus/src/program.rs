//! A test as data: what each thread does, step by step, and the question.

/// How strongly an access orders. `Plain` is memory that is not atomic.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Order {
    Plain,
    Relaxed,
    Acquire,
    Release,
    AcqRel,
    SeqCst,
}

impl Order {
    pub fn acquires(self) -> bool {
        matches!(self, Order::Acquire | Order::AcqRel | Order::SeqCst)
    }
    pub fn releases(self) -> bool {
        matches!(self, Order::Release | Order::AcqRel | Order::SeqCst)
    }
}

#[derive(Clone, Debug)]
pub struct Test {
    pub name: String,
    pub threads: Vec<Thread>,
    pub locations: Vec<Location>,
    /// What a final state consists of.
    pub shown: Vec<Shown>,
    /// Only executions whose final state fulfils it count.
    pub filter: Option<Condition>,
    /// As it was written.
    pub filter_text: Option<String>,
    pub quantifier: Quantifier,
    pub condition: Condition,
    /// The question as it was written.
    pub question: String,
}

#[derive(Clone, Debug)]
pub struct Location {
    pub name: String,
    pub initial: i64,
}

#[derive(Clone, Default, Debug)]
pub struct Thread {
    /// Names (temporaries have none) and first values.
    pub registers: Vec<(Option<String>, i64)>,
    pub steps: Vec<Step>,
}

/// Indices are those of `Thread::registers`, `Test::locations` and `Thread::steps`.
#[derive(Clone, Debug)]
pub enum Step {
    Set {
        register: usize,
        value: Value,
    },
    Load {
        register: usize,
        location: usize,
        order: Order,
    },
    Store {
        location: usize,
        value: Value,
        order: Order,
    },
    /// Reads, computes and writes at once; the register gets what was read.
    Update {
        register: usize,
        location: usize,
        operation: Update,
        value: Value,
        order: Order,
    },
    /// `seen` gets what was read, `done` 1 or 0.
    CompareExchange {
        done: usize,
        seen: usize,
        location: usize,
        expected: Value,
        desired: Value,
        success: Order,
        failure: Order,
        /// May fail though the values are equal.
        weak: bool,
    },
    Fence(Order),
    /// Goes on at `to` if the value is 0.
    Unless {
        value: Value,
        to: usize,
    },
    Jump(usize),
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Update {
    Exchange,
    Add,
    Sub,
    And,
    Or,
    Xor,
}

impl Update {
    pub fn apply(self, old: i64, value: i64) -> i64 {
        match self {
            Update::Exchange => value,
            Update::Add => old.wrapping_add(value),
            Update::Sub => old.wrapping_sub(value),
            Update::And => old & value,
            Update::Or => old | value,
            Update::Xor => old ^ value,
        }
    }
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Value {
    Constant(i64),
    Register(usize),
    Unary(Unary, Box<Value>),
    Binary(Binary, Box<Value>, Box<Value>),
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Unary {
    Negate,
    Not,
    Invert,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Binary {
    Multiply,
    Divide,
    Remainder,
    Add,
    Subtract,
    ShiftLeft,
    ShiftRight,
    Less,
    LessEqual,
    Greater,
    GreaterEqual,
    Equal,
    NotEqual,
    And,
    Xor,
    Or,
}

impl Value {
    /// Registers hold what is known by now. Division by zero gives 0: such a thread's values mean nothing anyway.
    pub fn compute(&self, registers: &[i64]) -> i64 {
        match self {
            Value::Constant(value) => *value,
            Value::Register(register) => registers[*register],
            Value::Unary(operator, operand) => {
                let value = operand.compute(registers);
                match operator {
                    Unary::Negate => value.wrapping_neg(),
                    Unary::Not => i64::from(value == 0),
                    Unary::Invert => !value,
                }
            }
            Value::Binary(operator, left, right) => {
                let (left, right) = (left.compute(registers), right.compute(registers));
                let shift = u32::try_from(right).unwrap_or(0);
                match operator {
                    Binary::Multiply => left.wrapping_mul(right),
                    Binary::Divide => left.checked_div(right).unwrap_or(0),
                    Binary::Remainder => left.checked_rem(right).unwrap_or(0),
                    Binary::Add => left.wrapping_add(right),
                    Binary::Subtract => left.wrapping_sub(right),
                    Binary::ShiftLeft => left.wrapping_shl(shift),
                    Binary::ShiftRight => left.wrapping_shr(shift),
                    Binary::Less => i64::from(left < right),
                    Binary::LessEqual => i64::from(left <= right),
                    Binary::Greater => i64::from(left > right),
                    Binary::GreaterEqual => i64::from(left >= right),
                    Binary::Equal => i64::from(left == right),
                    Binary::NotEqual => i64::from(left != right),
                    Binary::And => left & right,
                    Binary::Xor => left ^ right,
                    Binary::Or => left | right,
                }
            }
        }
    }
}

/// One column of a final state.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Shown {
    /// `1:r0` or `x`.
    pub label: String,
    pub source: Source,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Source {
    Register {
        thread: usize,
        register: usize,
    },
    Memory(usize),
    /// A register that the thread never names, memory that nobody touches.
    Constant(i64),
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Quantifier {
    Exists,
    NotExists,
    ForAll,
}

/// Over the columns of `Test::shown`.
#[derive(Clone, Debug)]
pub enum Condition {
    Always(bool),
    Equal(usize, i64),
    NotEqual(usize, i64),
    Not(Box<Condition>),
    And(Box<Condition>, Box<Condition>),
    Or(Box<Condition>, Box<Condition>),
}

impl Condition {
    pub fn holds(&self, state: &[i64]) -> bool {
        match self {
            Condition::Always(answer) => *answer,
            Condition::Equal(column, value) => state[*column] == *value,
            Condition::NotEqual(column, value) => state[*column] != *value,
            Condition::Not(inner) => !inner.holds(state),
            Condition::And(left, right) => left.holds(state) && right.holds(state),
            Condition::Or(left, right) => left.holds(state) || right.holds(state),
        }
    }
}
