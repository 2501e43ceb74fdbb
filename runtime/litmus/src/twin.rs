//! A test as an Aurora program: its twin, whose `main` runs the threads as tasks and prints the final state.
//!
//! Every access stays one access, in its order. What a reader would not write is left out: values that nobody looks at,
//! registers that only carry a value to the next statement.

use crate::program::*;
use crate::wanted::Wanted;
use std::collections::BTreeSet;
use std::fmt::Write;

/// The program; with every outcome in its head, if they are known.
pub fn twin(test: &Test, wanted: Option<&Wanted>) -> String {
    let mut text = wanted.map(|wanted| wanted.head(test) + "\n").unwrap_or_default();
    text.push_str("fn main() {\n");
    let names = Names::new(test);
    match test.locations.len() {
        0 => {}
        1 => {
            let _ = writeln!(text, "    let {} = Atomic::new({})", names.locations[0], test.locations[0].initial);
        }
        _ => {
            let values: Vec<String> = test.locations.iter().map(|location| format!("Atomic::new({})", location.initial)).collect();
            let _ = writeln!(text, "    let ({}) = ({})", names.locations.join(", "), values.join(", "));
        }
    }
    let registers: Vec<(String, String)> = (names.shown.iter())
        .map(|&(thread, register)| (format!("mut {}", names.register(thread, register)), test.threads[thread].registers[register].1.to_string()))
        .collect();
    match registers.as_slice() {
        [] => {}
        [(name, first)] => {
            let _ = writeln!(text, "    let {name} = {first}");
        }
        all => {
            let (names, firsts): (Vec<&str>, Vec<&str>) = all.iter().map(|(name, first)| (name.as_str(), first.as_str())).unzip();
            let _ = writeln!(text, "    let ({}) = ({})", names.join(", "), firsts.join(", "));
        }
    }
    text.push_str("    scope {\n");
    for thread in 0..test.threads.len() {
        text.push_str("        spawn {\n");
        text.push_str(&body(test, &names, thread, 3));
        text.push_str("        }\n");
    }
    text.push_str("    }\n");
    let columns: Vec<String> = test.shown.iter().map(|shown| format!("{}={}", shown.label, names.column(shown))).collect();
    let _ = writeln!(text, "    println(\"{}\")\n}}", columns.join(" "));
    text
}

/// How things of the test are called in Aurora.
pub(crate) struct Names {
    pub locations: Vec<String>,
    registers: Vec<Vec<String>>,
    /// Registers that outlive their thread.
    shown: BTreeSet<(usize, usize)>,
}

/// Words of the language, and names that a program finds without asking for them.
const TAKEN: &[&str] = &[
    "as", "async", "await", "break", "const", "continue", "crate", "dyn", "else", "enum", "extern", "false", "fn", "for", "if", "impl", "in",
    "let", "loop", "match", "mod", "move", "mut", "pub", "ref", "return", "self", "static", "struct", "super", "trait", "true", "type",
    "unsafe", "use", "where", "while", "spawn", "join", "scope", "channel", "select", "yield", "parallel", "test", "litmus", "view", "pure",
    "vec", "try", "from", "raw", "detach", "shield", "timeout", "blocking", "with", "lock", "task_local", "biased", "after", "cancelled",
    "default", "reduce", "relaxed", "acquire", "release", "acqrel", "seqcst", "fence", "int", "bool", "u8", "u16", "u32", "u64", "i8", "i16",
    "i32", "f32", "f64", "char", "str", "println", "found", "main", "std", "task", "_",
];

impl Names {
    pub fn new(test: &Test) -> Names {
        let mut taken: BTreeSet<String> = TAKEN.iter().map(|&word| word.to_owned()).collect();
        let mut free = |wanted: String| {
            let mut name = wanted;
            // A name that begins with a capital letter would be that of a type or a constant.
            if name.starts_with(|c: char| c.is_ascii_uppercase()) {
                name = format!("at_{}", name.to_lowercase());
            }
            while !taken.insert(name.clone()) {
                name.push('_');
            }
            name
        };
        let locations = test.locations.iter().map(|location| free(location.name.clone())).collect();
        let shown: BTreeSet<(usize, usize)> = (test.shown.iter())
            .filter_map(|shown| if let Source::Register { thread, register } = shown.source { Some((thread, register)) } else { None })
            .collect();
        let mut registers = Vec::new();
        for (number, thread) in test.threads.iter().enumerate() {
            let mut temporaries = 0;
            let mut of_thread = Vec::new();
            for (register, (name, _)) in thread.registers.iter().enumerate() {
                let label = test.shown.iter().find(|shown| shown.source == Source::Register { thread: number, register });
                of_thread.push(match (name, label) {
                    (Some(name), _) => free(format!("p{number}_{name}")),
                    // A location that is this thread's own.
                    (None, Some(shown)) => free(format!("p{number}_{}", shown.label)),
                    (None, None) => {
                        temporaries += 1;
                        free(format!("p{number}_t{temporaries}"))
                    }
                });
            }
            registers.push(of_thread);
        }
        Names { locations, registers, shown }
    }

    pub fn register(&self, thread: usize, register: usize) -> &str {
        &self.registers[thread][register]
    }

    fn column(&self, shown: &Shown) -> String {
        match shown.source {
            Source::Register { thread, register } => format!("{{{}}}", self.register(thread, register)),
            Source::Memory(location) => format!("{{{}.load(relaxed)}}", self.locations[location]),
            Source::Constant(value) => value.to_string(),
        }
    }
}

/// The statements of a thread, indented so far.
pub(crate) fn body(test: &Test, names: &Names, thread: usize, depth: usize) -> String {
    let steps = &test.threads[thread].steps;
    let mut reads = vec![0; test.threads[thread].registers.len()];
    steps.iter().for_each(|step| count(step, &mut reads));
    // What only goes to a register that nobody looks at is not looked at.
    loop {
        let mut fewer = vec![0; reads.len()];
        let is_dead = |step: &Step| matches!(step, Step::Set { register, .. } if reads[*register] == 0 && !names.shown.contains(&(thread, *register)));
        steps.iter().filter(|step| !is_dead(step)).for_each(|step| count(step, &mut fewer));
        if fewer == reads {
            break;
        }
        reads = fewer;
    }
    let first = test.threads[thread].registers.iter().map(|(_, value)| *value).collect();
    let mut writer = Writer { names, thread, steps, first, reads, constants: Vec::new(), declared: BTreeSet::new(), depth, text: String::new() };
    writer.find_constants(&test.threads[thread]);
    writer.declare_first(&test.threads[thread]);
    writer.run(0, steps.len());
    writer.text
}

/// How often registers are looked at.
fn count(step: &Step, reads: &mut [usize]) {
    match step {
        Step::Set { value, .. } | Step::Store { value, .. } | Step::Update { value, .. } | Step::Unless { value, .. } => count_value(value, reads),
        Step::CompareExchange { expected, desired, .. } => {
            count_value(expected, reads);
            count_value(desired, reads);
        }
        Step::Load { .. } | Step::Fence(_) | Step::Jump(_) => {}
    }
}

fn count_value(value: &Value, reads: &mut [usize]) {
    match value {
        Value::Constant(_) => {}
        Value::Register(register) => reads[*register] += 1,
        Value::Unary(_, operand) => count_value(operand, reads),
        Value::Binary(_, left, right) => {
            count_value(left, reads);
            count_value(right, reads);
        }
    }
}

fn sets(step: &Step, register: usize) -> bool {
    match step {
        Step::Set { register: to, .. } | Step::Load { register: to, .. } | Step::Update { register: to, .. } => *to == register,
        Step::CompareExchange { done, seen, .. } => *done == register || *seen == register,
        Step::Store { .. } | Step::Fence(_) | Step::Unless { .. } | Step::Jump(_) => false,
    }
}

struct Writer<'a> {
    names: &'a Names,
    thread: usize,
    steps: &'a [Step],
    reads: Vec<usize>,
    /// First values.
    first: Vec<i64>,
    /// Registers that have one value, and which.
    constants: Vec<(usize, i64)>,
    declared: BTreeSet<usize>,
    depth: usize,
    text: String,
}

impl Writer<'_> {
    fn line(&mut self, line: &str) {
        for _ in 0..self.depth {
            self.text.push_str("    ");
        }
        self.text.push_str(line);
        self.text.push('\n');
    }

    fn is_shown(&self, register: usize) -> bool {
        self.names.shown.contains(&(self.thread, register))
    }

    /// Whether anybody looks at it.
    fn is_wanted(&self, register: usize) -> bool {
        self.is_shown(register) || self.reads[register] > 0
    }

    fn name(&self, register: usize) -> String {
        self.names.register(self.thread, register).to_owned()
    }

    /// An expected value that is set once, to a constant, and only used by one exchange.
    fn find_constants(&mut self, thread: &Thread) {
        for register in 0..thread.registers.len() {
            let sets: Vec<&Value> = (self.steps.iter())
                .filter_map(|step| match step {
                    Step::Set { register: to, value } if *to == register => Some(value),
                    _ => None,
                })
                .collect();
            let exchanges = self.steps.iter().filter(|step| matches!(step, Step::CompareExchange { expected: Value::Register(of), .. } if *of == register)).count();
            if self.is_shown(register) || self.reads[register] != 1 || exchanges != 1 {
                continue;
            }
            // The second one gives it what was found.
            if let [Value::Constant(value), Value::Register(_)] | [Value::Constant(value)] = sets.as_slice()
                && self.is_set_first(register)
            {
                self.constants.push((register, *value));
            }
        }
    }

    /// Set at the top, before anything can jump over it.
    fn is_set_first(&self, register: usize) -> bool {
        let mut set = false;
        for step in self.steps {
            match step {
                Step::Set { register: to, .. } if *to == register => set = true,
                Step::CompareExchange { expected: Value::Register(of), .. } if *of == register => return set,
                Step::Unless { .. } | Step::Jump(_) if !set => return false,
                _ => {}
            }
        }
        false
    }

    fn constant(&self, register: usize) -> Option<i64> {
        self.constants.iter().find(|(of, _)| *of == register).map(|(_, value)| *value)
    }

    /// Registers that are set in a branch, or more than once, are declared at the top.
    fn declare_first(&mut self, thread: &Thread) {
        for register in 0..thread.registers.len() {
            if self.is_shown(register) || !self.is_wanted(register) || self.constant(register).is_some() {
                continue;
            }
            let (mut count, mut in_branch, mut until) = (0, false, 0);
            for (at, step) in self.steps.iter().enumerate() {
                if let Step::Unless { to, .. } | Step::Jump(to) = step {
                    until = until.max(*to);
                }
                if sets(step, register) {
                    count += 1;
                    in_branch |= at < until;
                }
            }
            // An exchange sets what it found and whether it was done by itself.
            let by_exchange = self.steps.iter().any(|step| matches!(step, Step::CompareExchange { done, seen, .. } if *done == register || *seen == register));
            if by_exchange && !(in_branch && self.is_read_outside(register)) {
                // It is declared there, if it is needed.
                continue;
            }
            if count != 1 || in_branch && (thread.registers[register].0.is_some() || self.is_read_outside(register)) {
                let word = if count == 0 { "let" } else { "let mut" };
                let line = format!("{word} {} = {}", self.name(register), thread.registers[register].1);
                self.line(&line);
                self.declared.insert(register);
            }
        }
    }

    /// Whether it is looked at behind the branch where it is set: temporaries of `&&` are.
    fn is_read_outside(&self, register: usize) -> bool {
        let set = self.steps.iter().position(|step| sets(step, register));
        let Some(set) = set else { return true };
        // The innermost branch that the step is in.
        let end = self.steps[..set].iter().filter_map(|step| if let Step::Unless { to, .. } | Step::Jump(to) = step { (*to > set).then_some(*to) } else { None }).min();
        let Some(end) = end else { return false };
        let mut reads = vec![0; self.reads.len()];
        self.steps[end..].iter().for_each(|step| count(step, &mut reads));
        reads[register] > 0
    }

    fn run(&mut self, from: usize, to: usize) {
        let mut at = from;
        while at < to {
            at = self.step(at, to);
        }
    }

    /// One step, or several that are one statement; where it goes on.
    fn step(&mut self, at: usize, end: usize) -> usize {
        let steps = self.steps;
        match &steps[at] {
            Step::Set { register, value } => {
                let says_nothing = *value == Value::Register(*register) || *value == Value::Constant(self.first[*register]) && self.is_untouched(*register, at);
                if self.is_wanted(*register) && self.constant(*register).is_none() && !says_nothing {
                    let value = self.int(value);
                    self.assign(*register, &value);
                }
                at + 1
            }
            Step::Load { register, location, order } => {
                let value = self.load(*location, *order);
                self.read(at, end, *register, &value)
            }
            Step::Update { register, location, operation, value, order } => {
                let name = match operation {
                    Update::Exchange => "swap",
                    Update::Add => "fetch_add",
                    Update::Sub => "fetch_sub",
                    Update::And => "fetch_and",
                    Update::Or => "fetch_or",
                    Update::Xor => "fetch_xor",
                };
                let value = format!("{}.{name}({}, {})", self.names.locations[*location], self.int(value), word(*order));
                self.read(at, end, *register, &value)
            }
            Step::Store { location, value, order } => {
                let value = self.int(value);
                let name = &self.names.locations[*location];
                let line = match order {
                    Order::Plain => format!("unsafe {{ *{name}.as_ptr() = {value} }}"),
                    order => format!("{name}.store({value}, {})", word(*order)),
                };
                self.line(&line);
                at + 1
            }
            Step::Fence(order) => {
                self.line(&format!("fence({})", word(*order)));
                at + 1
            }
            Step::CompareExchange { .. } => self.exchange(at, end),
            Step::Unless { value, to } => {
                let condition = self.truth(value);
                let (then, otherwise) = match steps[*to - 1] {
                    Step::Jump(over) if *to - 1 > at => ((at + 1, *to - 1), (*to, over)),
                    _ => ((at + 1, *to), (*to, *to)),
                };
                if then.0 == then.1 && otherwise.0 < otherwise.1 {
                    let not = self.truth(&Value::Unary(Unary::Not, Box::new(value.clone())));
                    self.block(&format!("if {not} {{"), otherwise);
                } else {
                    self.block(&format!("if {condition} {{"), then);
                    if otherwise.0 < otherwise.1 {
                        // `} else {`
                        self.text.truncate(self.text.trim_end().len());
                        self.text.push_str(" else {\n");
                        self.depth += 1;
                        self.run(otherwise.0, otherwise.1);
                        self.depth -= 1;
                        self.line("}");
                    }
                }
                otherwise.1
            }
            Step::Jump(_) => unreachable!("a jump belongs to the branch before it"),
        }
    }

    /// Whether a register that is declared before has its first value still.
    fn is_untouched(&self, register: usize, at: usize) -> bool {
        (self.is_shown(register) || self.declared.contains(&register))
            && !self.steps[..at].iter().any(|step| match step {
                Step::Unless { to, .. } | Step::Jump(to) => *to > at,
                step => sets(step, register),
            })
    }

    fn block(&mut self, head: &str, (from, to): (usize, usize)) {
        self.line(head);
        self.depth += 1;
        let declared = self.declared.clone();
        self.run(from, to);
        self.declared = declared;
        self.depth -= 1;
        self.line("}");
    }

    fn assign(&mut self, register: usize, value: &str) {
        let name = self.name(register);
        let line = if self.is_shown(register) || self.declared.contains(&register) { format!("{name} = {value}") } else { format!("let {name} = {value}") };
        self.declared.insert(register);
        self.line(&line);
    }

    /// What was read goes to its register, or to the one that the next step puts it in.
    fn read(&mut self, at: usize, end: usize, register: usize, value: &str) -> usize {
        if let Some(to) = self.handed_on(at + 1, end, register) {
            if self.is_wanted(to) { self.assign(to, value) } else { self.line(&format!("let _ = {value}")) }
            return at + 2;
        }
        if self.is_wanted(register) { self.assign(register, value) } else { self.line(&format!("let _ = {value}")) }
        at + 1
    }

    /// The register that the step at hand sets to this one, which is not looked at otherwise.
    fn handed_on(&self, at: usize, end: usize, register: usize) -> Option<usize> {
        match self.steps.get(at) {
            Some(Step::Set { register: to, value: Value::Register(from) }) if at < end && *from == register && self.reads[register] == 1 && !self.is_shown(register) => Some(*to),
            _ => None,
        }
    }

    fn exchange(&mut self, at: usize, end: usize) -> usize {
        let Step::CompareExchange { done, seen, location, expected, desired, success, failure, weak } = &self.steps[at] else {
            unreachable!("asked for an exchange")
        };
        let call = format!(
            "{}.compare_exchange{}({}, {}, {}, {})",
            self.names.locations[*location],
            if *weak { "_weak" } else { "" },
            self.int(expected),
            self.int(desired),
            word(*success),
            word(*failure)
        );
        // What follows an exchange: on failure, what was found goes to where the expected value stood.
        let (mut next, mut failed) = (at + 1, Vec::new());
        let mut looked = (0, 0);
        if let (Some(Step::Unless { value: Value::Unary(Unary::Not, not), to }), Some(put)) = (self.steps.get(at + 1), self.steps.get(at + 2))
            && **not == Value::Register(*done)
            && *to == at + 3
        {
            looked = (1, 1);
            match put {
                Step::Set { register, value: Value::Register(from) } if from == seen => {
                    if self.is_wanted(*register) && self.constant(*register).is_none() {
                        failed.push(format!("{} = found", self.name(*register)));
                        self.declared.insert(*register);
                    }
                    next = at + 3;
                }
                Step::Store { location, value: Value::Register(from), order: Order::Plain } if from == seen => {
                    failed.push(format!("unsafe {{ *{}.as_ptr() = found }}", self.names.locations[*location]));
                    next = at + 3;
                }
                _ => looked = (0, 0),
            }
        }
        let mut succeeded = Vec::new();
        let result = if self.reads[*done] == looked.0 + 1 && let Some(Step::Set { register, value: Value::Register(from) }) = self.steps.get(next)
            && next < end
            && from == done
            && !self.is_shown(*done)
        {
            next += 1;
            Some(*register)
        } else {
            (self.is_shown(*done) || self.reads[*done] > looked.0).then_some(*done)
        };
        let result = result.filter(|&register| self.is_shown(register) || self.reads[register] > usize::from(register == *done) * looked.0);
        let result_is_new = result.is_some_and(|register| !self.is_shown(register) && !self.declared.contains(&register));
        if let Some(register) = result {
            succeeded.push(format!("{} = 1", self.name(register)));
            failed.push(format!("{} = 0", self.name(register)));
        }
        let wants_seen = self.is_shown(*seen) || self.reads[*seen] > looked.1;
        if wants_seen && !self.is_shown(*seen) && !self.declared.contains(seen) {
            let line = format!("let mut {} = 0", self.name(*seen));
            self.line(&line);
            self.declared.insert(*seen);
        }
        if wants_seen {
            succeeded.push(format!("{} = found", self.name(*seen)));
            failed.push(format!("{} = found", self.name(*seen)));
        }
        if succeeded.is_empty() && failed.is_empty() {
            self.line(&format!("let _ = {call}"));
            return next;
        }
        if let (Some(register), true, [_], [_]) = (result, result_is_new, succeeded.as_slice(), failed.as_slice()) {
            let line = format!("let {} = {call}.is_ok() as int", self.name(register));
            self.line(&line);
            self.declared.insert(register);
            return next;
        }
        if let (Some(register), [_], [_]) = (result, succeeded.as_slice(), failed.as_slice()) {
            let line = format!("{} = {call}.is_ok() as int", self.name(register));
            self.line(&line);
            return next;
        }
        if result_is_new && let Some(register) = result {
            let line = format!("let mut {} = 0", self.name(register));
            self.line(&line);
            self.declared.insert(register);
        }
        if succeeded.is_empty() {
            self.line(&format!("if let Err(found) = {call} {{ {} }}", failed.join("; ")));
            return next;
        }
        let uses = |list: &[String]| if list.iter().any(|line| line.contains("found")) { "found" } else { "_" };
        let arms = [format!("Ok({}) => {{ {} }}", uses(&succeeded), succeeded.join("; ")), format!("Err({}) => {{ {} }}", uses(&failed), failed.join("; "))];
        self.line(&format!("match {call} {{"));
        self.depth += 1;
        arms.iter().for_each(|arm| self.line(arm));
        self.depth -= 1;
        self.line("}");
        next
    }

    fn load(&self, location: usize, order: Order) -> String {
        let name = &self.names.locations[location];
        match order {
            Order::Plain => format!("unsafe {{ *{name}.as_ptr() }}"),
            order => format!("{name}.load({})", word(order)),
        }
    }

    fn int(&self, value: &Value) -> String {
        match value {
            Value::Constant(value) => value.to_string(),
            Value::Register(register) => self.constant(*register).map_or_else(|| self.name(*register), |value| value.to_string()),
            Value::Unary(Unary::Negate, operand) => format!("-{}", self.part(operand)),
            Value::Unary(Unary::Invert, operand) => format!("!{}", self.part(operand)),
            Value::Unary(Unary::Not, _) => format!("({}) as int", self.truth(value)),
            Value::Binary(operator, left, right) => match sign(*operator) {
                (sign, false) if !is_truth(value) => format!("{} {sign} {}", self.part(left), self.part(right)),
                _ => format!("({}) as int", self.truth(value)),
            },
        }
    }

    /// As an operand.
    fn part(&self, value: &Value) -> String {
        let text = self.int(value);
        let is_simple = matches!(value, Value::Register(_)) || matches!(value, Value::Constant(value) if *value >= 0);
        if is_simple { text } else { format!("({text})") }
    }

    fn truth(&self, value: &Value) -> String {
        match value {
            Value::Unary(Unary::Not, inner) => match &**inner {
                Value::Unary(Unary::Not, inner) => self.truth(inner),
                Value::Binary(operator, left, right) if sign(*operator).1 => {
                    let other = match operator {
                        Binary::Less => Binary::GreaterEqual,
                        Binary::LessEqual => Binary::Greater,
                        Binary::Greater => Binary::LessEqual,
                        Binary::GreaterEqual => Binary::Less,
                        Binary::Equal => Binary::NotEqual,
                        _ => Binary::Equal,
                    };
                    self.truth(&Value::Binary(other, left.clone(), right.clone()))
                }
                inner => format!("{} == 0", self.part(inner)),
            },
            // The truth of a truth.
            Value::Binary(Binary::NotEqual, left, right) if **right == Value::Constant(0) && is_truth(left) => self.truth(left),
            Value::Binary(operator @ (Binary::And | Binary::Or), left, right) if is_truth(value) => {
                let side = |side: &Value| {
                    let text = self.truth(side);
                    if matches!(side, Value::Binary(Binary::And | Binary::Or, ..)) { format!("({text})") } else { text }
                };
                format!("{} {} {}", side(left), if *operator == Binary::And { "&&" } else { "||" }, side(right))
            }
            Value::Binary(operator, left, right) if sign(*operator).1 => format!("{} {} {}", self.part(left), sign(*operator).0, self.part(right)),
            value => format!("{} != 0", self.part(value)),
        }
    }
}

fn is_truth(value: &Value) -> bool {
    match value {
        Value::Unary(Unary::Not, _) => true,
        Value::Binary(Binary::And | Binary::Or, left, right) => is_truth(left) && is_truth(right),
        Value::Binary(operator, ..) => sign(*operator).1,
        _ => false,
    }
}

/// An operator in Aurora, and whether it gives a truth.
fn sign(operator: Binary) -> (&'static str, bool) {
    match operator {
        Binary::Multiply => ("*", false),
        Binary::Divide => ("/", false),
        Binary::Remainder => ("%", false),
        Binary::Add => ("+", false),
        Binary::Subtract => ("-", false),
        Binary::ShiftLeft => ("<<", false),
        Binary::ShiftRight => (">>", false),
        Binary::Less => ("<", true),
        Binary::LessEqual => ("<=", true),
        Binary::Greater => (">", true),
        Binary::GreaterEqual => (">=", true),
        Binary::Equal => ("==", true),
        Binary::NotEqual => ("!=", true),
        Binary::And => ("&", false),
        Binary::Xor => ("^", false),
        Binary::Or => ("|", false),
    }
}

fn word(order: Order) -> &'static str {
    match order {
        Order::Plain => unreachable!("plain accesses have no word"),
        Order::Relaxed => "relaxed",
        Order::Acquire => "acquire",
        Order::Release => "release",
        Order::AcqRel => "acqrel",
        Order::SeqCst => "seqcst",
    }
}
