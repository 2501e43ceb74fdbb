//! A test as a program for the machine: each thread goes through many copies of the test, one after the other, kept in step
//! with the others at the beginning of each batch.
//!
//! What keeps two threads close is that they begin together and do the same work; how far they are apart changes from batch to
//! batch, and so does how far apart the copies lie in memory. After a batch the final states are handed to `aurora_litmus_batch`.

use crate::program::{Source, Test};
use crate::twin::{Names, body};
use std::fmt::Write;

/// Copies in a batch.
pub const BATCH: u64 = 1 << 12;

/// The function that the program calls: how many copies, how many columns, and the columns one after the other.
pub const TELL: &str = "aurora_litmus_batch";

/// So many copies are gone through between two meetings, where every thread has a processor.
const STEP: u64 = 128;

/// The function that it calls when another thread does not come: the processor may be somebody else's.
pub const RELAX: &str = "aurora_litmus_relax";

/// A program whose `main` makes so many batches of runs, on a machine of so many processors.
pub fn program(test: &Test, batches: u64, processors: usize) -> String {
    let names = Names::new(test);
    let threads = test.threads.len();
    let mut text = String::from(HEAD);
    let step = if threads <= processors { STEP } else { BATCH };
    text = text.replace("BATCH", &BATCH.to_string()).replace("LET_OTHERS", "unsafe { aurora_litmus_relax() }");
    let columns = test.shown.len();
    let locations: Vec<String> = names.locations.iter().map(|name| format!("{name}: &Vec<Atomic<int>>")).collect();
    for thread in 0..threads {
        let _ = writeln!(text, "fn thread_{thread}({}{}gate: &Atomic<int>, out: &Vec<Atomic<int>>) {{", locations.join(", "), if locations.is_empty() { "" } else { ", " });
        let renamed: Vec<String> = names.locations.iter().map(|name| format!("of_{name}")).collect();
        for (name, all) in names.locations.iter().zip(&renamed) {
            let _ = writeln!(text, "    let {all} = {name}");
        }
        let _ = writeln!(text, "    for batch_ in 0..{batches} {{");
        text.push_str("        let stride_ = 1 << batch_ % 5\n");
        let _ = writeln!(text, "        let shift_ = (batch_ / 5 * {}) % 32", thread * 3);
        let _ = writeln!(text, "        for index_ in 0..SIZE {{\n            if index_ % {step} == 0 {{ meet(gate, {threads}) }}");
        text.push_str("            let copy_ = (index_ + shift_) & (SIZE - 1)\n");
        for (name, all) in names.locations.iter().zip(&renamed) {
            let _ = writeln!(text, "            let {name} = &{all}[copy_ * stride_]");
        }
        let own = |source: Source| if let Source::Register { thread: of, register } = source { (of == thread).then_some(register) } else { None };
        let mut declared = Vec::new();
        for (column, shown) in test.shown.iter().enumerate() {
            if let Some(register) = own(shown.source)
                && !declared.contains(&register)
            {
                let _ = writeln!(text, "            let mut {} = {}", names.register(thread, register), test.threads[thread].registers[register].1);
                declared.push(register);
            }
            let _ = column;
        }
        text.push_str(&body(test, &names, thread, 3));
        for (column, shown) in test.shown.iter().enumerate() {
            if let Some(register) = own(shown.source) {
                let _ = writeln!(text, "            out[{column} * SIZE + copy_].store({}, relaxed)", names.register(thread, register));
            }
        }
        text.push_str("        }\n");
        let _ = writeln!(text, "        meet(gate, {threads})");
        if thread == 0 {
            for (column, shown) in test.shown.iter().enumerate() {
                let value = match shown.source {
                    Source::Register { .. } => continue,
                    Source::Memory(location) => format!("of_{}[copy_ * stride_].load(relaxed)", names.locations[location]),
                    Source::Constant(value) => value.to_string(),
                };
                let _ = writeln!(text, "        for copy_ in 0..SIZE {{ out[{column} * SIZE + copy_].store({value}, relaxed) }}");
            }
            for (location, name) in names.locations.iter().enumerate() {
                let _ = writeln!(text, "        for copy_ in 0..SIZE {{ of_{name}[copy_ * stride_].store({}, relaxed) }}", test.locations[location].initial);
            }
            let _ = writeln!(text, "        unsafe {{ {TELL}(SIZE, {columns}, out[0].as_ptr()) }}");
        }
        text.push_str("    }\n}\n\n");
    }
    text.push_str("fn main() {\n    let gate = Atomic::new(0)\n");
    for (name, location) in names.locations.iter().zip(&test.locations) {
        let _ = writeln!(text, "    let {name}: Vec<Atomic<int>> = (0..SIZE * 16).map(|_| Atomic::new({})).collect()", location.initial);
    }
    let _ = writeln!(text, "    let out: Vec<Atomic<int>> = (0..SIZE * {}).map(|_| Atomic::new(0)).collect()", columns.max(1));
    text.push_str("    scope {\n");
    let given: Vec<String> = names.locations.iter().map(|name| format!("&{name}, ")).collect();
    for thread in 0..threads {
        let _ = writeln!(text, "        spawn thread_{thread}({}&gate, &out)", given.concat());
    }
    text.push_str("    }\n}\n");
    text
}

const HEAD: &str = "\
extern \"C\" {
    fn aurora_litmus_batch(count: int, columns: int, values: *mut int)
    fn aurora_litmus_relax()
}

const SIZE: int = BATCH

/// Waits until all are there, without leaving the processor as long as they come soon.
fn meet(gate: &Atomic<int>, threads: int) {
    let round = gate.fetch_add(1, acqrel) / threads
    let mut spins = 0
    while gate.load(acquire) / threads == round {
        spins += 1
        if spins > 2000 {
            LET_OTHERS
            // Two threads may have come to one worker.
            yield
        }
    }
}

";
