//! Compiles into memory and runs.

use crate::compile::compile as compile_all;
use crate::memory::Memory;
use crate::unit::Unit;
use crate::{Options, image};
use abi::{Image as Header, RunMain, RunTest, Text64};
use diag::{SourceFile, SourceMap};
use mir::body::MonoProgram;

/// A program in memory.
pub struct Code {
    memory: Memory,
    run_main: RunMain,
    run_test: RunTest,
    tests: usize,
}

/// Foreign functions that are nowhere to be found.
#[derive(Debug, PartialEq, Eq)]
pub struct Missing(pub Vec<String>);

impl std::fmt::Display for Missing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "no library that is loaded has the foreign functions {}", self.0.join(", "))
    }
}

/// `symbols` gives the address of a row of the runtime's table, of `rt_run_main` and `rt_run_test`, and of foreign functions.
pub fn compile(
    program: &MonoProgram,
    sources: &SourceMap,
    symbols: &dyn Fn(&str) -> Option<*const u8>,
    options: &Options,
) -> Result<Code, Missing> {
    let mut unit = Unit::new(program);
    unit.observed = options.observed;
    unit.rounds = options.rounds;
    if options.plain {
        unit.plain = program.bodies.iter().map(|body| sources.file(body.span.file).is_some_and(|file| tells(file))).collect();
    }
    let compiled = compile_all(&unit, options);
    let mut image = image::build(&unit, &compiled, sources);
    let mut memory = Memory::new(image.bytes.len());
    let base = memory.start() as u64;
    let mut missing = Vec::new();
    for (index, name) in image.imports.iter().enumerate() {
        match symbols(name) {
            Some(address) => write(&mut image.bytes, image.header.imports_table + 8 * index as u64, |_| address as u64),
            None => missing.push(name.clone()),
        }
    }
    if !missing.is_empty() {
        return Err(Missing(missing));
    }
    for &offset in &image.relocations {
        write(&mut image.bytes, u64::from(offset), |word| word + base);
    }
    memory.bytes().copy_from_slice(&image.bytes);
    memory.protect(image.header.code.offset, image.header.data.offset);
    let host = |name: &str| symbols(name).unwrap_or_else(|| panic!("bug! the runtime has no {name}"));
    // SAFETY: abi says that these names have these types.
    let (run_main, run_test) = unsafe {
        (
            std::mem::transmute::<*const u8, RunMain>(host("rt_run_main")),
            std::mem::transmute::<*const u8, RunTest>(host("rt_run_test")),
        )
    };
    Ok(Code { memory, run_main, run_test, tests: program.tests.len() })
}

/// Whether what a file's functions read and write is to be told: what tasks and locks are made of is ordered in ways of its own.
fn tells(file: &SourceFile) -> bool {
    let own_ways = ["std/sync/", "std/task/", "std/jobs/", "std/parallel/", "std/io/", "std/net/", "std/alloc/shared"];
    !file.library || !own_ways.iter().any(|room| file.path.contains(room))
}

fn write(bytes: &mut [u8], at: u64, change: impl FnOnce(u64) -> u64) {
    let word = &mut bytes[at as usize..at as usize + 8];
    let old = u64::from_le_bytes(word.try_into().expect("eight bytes"));
    word.copy_from_slice(&change(old).to_le_bytes());
}

impl Code {
    /// The program in memory.
    pub fn header(&self) -> *const Header {
        self.memory.start().cast_const().cast()
    }

    /// Runs `main`; `args[0]` is the program's name. The exit code.
    pub fn run_main(&self, args: &[String]) -> i32 {
        let args: Vec<Text64> = args.iter().map(|arg| Text64 { at: arg.as_ptr(), len: arg.len() as i64 }).collect();
        // SAFETY: the image is bound, and the arguments live through the call.
        unsafe { (self.run_main)(self.header(), args.len() as i64, args.as_ptr()) }
    }

    /// Runs a test, by its place in `MonoProgram::tests`, in order from 0. The panic's report if it failed.
    pub fn run_test(&self, index: usize) -> Result<(), String> {
        assert!(index < self.tests, "bug! there is no test {index}");
        let mut report = vec![0u8; 64 << 10];
        // SAFETY: the image is bound, the buffer has this capacity.
        let len = unsafe { (self.run_test)(self.header(), index as i64, report.as_mut_ptr(), report.len() as i64) };
        if len < 0 {
            return Ok(());
        }
        report.truncate(len as usize);
        Err(String::from_utf8_lossy(&report).into_owned())
    }
}
