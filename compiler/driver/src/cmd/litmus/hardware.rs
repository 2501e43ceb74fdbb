//! Runs on this machine: compiled like any other program, on as many workers as a test has threads.

use super::compiled::{self, Text};
use crate::args::Global;
use ::litmus::{BATCH, RELAX, State, TELL, Test};
use codegen::Options;
use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::{Duration, Instant};

/// How often each final state came about, and how long that took.
pub(super) struct Ran {
    pub counts: BTreeMap<State, u64>,
    pub took: Duration,
}

static COUNTS: Mutex<BTreeMap<State, u64>> = Mutex::new(BTreeMap::new());

/// What the program calls behind each batch.
///
/// # Safety
/// `values` are `columns` times `count` words.
unsafe extern "C" fn tell(count: i64, columns: i64, values: *const i64) {
    let (count, columns) = (count as usize, columns as usize);
    // SAFETY: the caller's promise; nobody writes them meanwhile.
    let values = unsafe { std::slice::from_raw_parts(values, count * columns) };
    let mut counts = COUNTS.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    // Most copies end like one of the last few.
    let mut recent: Vec<(State, u64)> = Vec::new();
    for copy in 0..count {
        let is_it = |state: &State| state.iter().enumerate().all(|(column, value)| values[column * count + copy] == *value);
        match recent.iter_mut().find(|(state, _)| is_it(state)) {
            Some((_, found)) => *found += 1,
            None => recent.push(((0..columns).map(|column| values[column * count + copy]).collect(), 1)),
        }
    }
    for (state, found) in recent {
        *counts.entry(state).or_default() += found;
    }
}

extern "C" fn relax() {
    std::thread::yield_now();
}

/// Runs each so often. `Err`: a sentence, or what the compiler reported.
pub(super) fn run(tests: &[&Test], iterations: u64, global: &Global) -> Result<Vec<Result<Ran, String>>, String> {
    let batches = iterations.div_ceil(BATCH).max(1);
    let processors = std::thread::available_parallelism().map_or(1, usize::from);
    let programs: Vec<String> = tests.iter().map(|test| ::litmus::hardware_program(test, batches, processors)).collect();
    let texts: Vec<Text> = tests.iter().zip(&programs).map(|(test, text)| Text { path: format!("{} for the machine", test.name), text, straight: false }).collect();
    let mut session = compiled::session(global);
    let program = compiled::program(&mut session, &texts, None)?;
    let symbols = |name: &str| match name {
        TELL => Some(tell as *const () as *const u8),
        RELAX => Some(relax as *const () as *const u8),
        name => rt::symbol(name),
    };
    let code = codegen::jit::compile(&program, &session.sources, &symbols, &Options::default()).map_err(|missing| format!("error: {missing}\n"))?;
    crate::memory::compilation_is_over();
    let threads = tests.iter().map(|test| test.threads.len()).max().unwrap_or(1);
    rt::set_workers(threads.max(2) as u32);
    let one = |number: usize| {
        COUNTS.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).clear();
        let began = Instant::now();
        code.run_test(number)?;
        let took = began.elapsed();
        Ok(Ran { counts: std::mem::take(&mut *COUNTS.lock().unwrap_or_else(|poisoned| poisoned.into_inner())), took })
    };
    let ran = (0..tests.len()).map(one).collect();
    // Workers may still look at the code.
    std::mem::forget(code);
    Ok(ran)
}
