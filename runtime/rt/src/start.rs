//! From an image in memory to an exit code.

use crate::table::Tables;
use crate::fiber::{self, Start};
use crate::{cancel, clock, entry, fault, process, sched, scope, signal, standard, system, terminate, virt, watch};
use abi::{Image, Import, Test, Text64};
use crate::prim::{AtomicPtr, Ordering};
use std::cell::Cell;
use std::ptr::null_mut;

/// Fills the table of imports and adds the image's address where it belongs.
///
/// # Safety
/// The image is whole, its data segment is writable, and nobody runs it yet.
pub unsafe fn bind(image: *mut Image, lookup: &dyn Fn(&str) -> Option<*const u8>) -> Result<(), Vec<String>> {
    let base = image.cast::<u8>();
    // SAFETY: the caller's promise; the tables lie outside the segment that is written below.
    let (tables, header) = unsafe { (Tables::new(image).expect("an image is not at null"), *image) };
    let mut missing = Vec::new();
    let imports: &[Import] = tables.table(header.imports);
    for (index, import) in imports.iter().enumerate() {
        let name = tables.text(import.name);
        match lookup(name) {
            // SAFETY: the emitter made room for every import in the data segment.
            Some(address) => unsafe {
                base.add(header.imports_table as usize).cast::<u64>().add(index).write(address as u64);
            },
            None => missing.push(name.to_string()),
        }
    }
    let words: &[u32] = tables.table(header.relocations);
    for &offset in words {
        // SAFETY: the emitter lists aligned words of the data segment.
        unsafe {
            let word = base.add(offset as usize).cast::<u64>();
            *word = (*word).wrapping_add(base as u64);
        }
    }
    if missing.is_empty() { Ok(()) } else { Err(missing) }
}

/// How long `main`'s return waits for detached tasks to unwind.
const SHUTDOWN_BUDGET_NANOSECONDS: i64 = 5_000_000_000;

/// Runs `fn() -> flag` at an offset on the main fiber, and then what it detached; the report of the panic that ended it.
///
/// # Safety
/// The image is bound and `offset` is the start of such a function in it, or 0.
unsafe fn run(image: *const Image, offset: u64) -> Result<(), String> {
    if offset == 0 {
        return Ok(());
    }
    signal::install();
    let node = scope::begin(image);
    let record = fiber::main();
    let budget = Cell::new(i64::MAX);
    // SAFETY: the caller's promise; programs and tests run one after the other.
    unsafe {
        let function = image as usize + offset as usize;
        let start = Start { image, function, argument: 0, task: null_mut(), node, locals: null_mut() };
        fiber::start(record, &start);
        let ended = || {
            if scope::any_detached() {
                cancel::cancel(scope::detached(), abi::REASON_SHUTDOWN);
                budget.set(clock::now() + SHUTDOWN_BUDGET_NANOSECONDS);
                clock::rouse_main_at(budget.get());
            }
        };
        sched::run_main(record, ended, || !scope::any_detached() || clock::now() >= budget.get());
        cancel::unlink(scope::detached());
        cancel::unlink(node);
    }
    // SAFETY: the fiber has ended.
    let result = unsafe { outcome(record) };
    if scope::any_detached() {
        // Their code must not go away below them.
        standard::flush();
        if let Err(report) = &result {
            standard::complain(report);
        }
        let code = if result.is_ok() { 0 } else { abi::EXIT_PANIC };
        process::end(terminate::exit_code().unwrap_or(code));
    }
    result
}

/// The reports of the panics that a run ended with: of its main fiber, and of what that detached.
///
/// # Safety
/// The main fiber has ended.
pub unsafe fn outcome(main: *mut fiber::Record) -> Result<(), String> {
    // SAFETY: the caller's promise.
    let (raised, panic, failures) =
        unsafe { ((*main).raised, fault::take(&mut (*main).head), scope::take_failures(scope::root())) };
    let mut reports: Vec<String> = failures.into_iter().flat_map(|failures| failures.0).map(|panic| panic.report()).collect();
    if raised {
        let panic = panic.expect("bug! a function raised without a panic");
        if panic.reason.is_none() || reports.is_empty() {
            reports.insert(0, panic.report());
        }
    }
    if reports.is_empty() { Ok(()) } else { Err(reports.concat()) }
}

/// The same for a function that is no program's `main`.
///
/// # Safety
/// As above.
pub unsafe fn run_alone(image: *const Image, offset: u64) -> Result<(), String> {
    // SAFETY: the caller's promise.
    unsafe { run(image, offset) }
}

/// See `abi::RunMain`.
///
/// # Safety
/// The image is bound, the arguments are valid.
pub unsafe extern "C" fn run_main(image: *const Image, count: i64, args: *const Text64) -> i32 {
    // SAFETY: the caller's promise.
    let args = unsafe { std::slice::from_raw_parts(args, count as usize) };
    let own = |arg: &Text64| {
        // SAFETY: the caller's promise.
        unsafe { std::slice::from_raw_parts(arg.at, arg.len as usize) }.to_vec()
    };
    virt::begin_if_asked();
    watch::begin_if_asked();
    terminate::install();
    process::set_args(args.iter().map(own).collect());
    // SAFETY: the caller's promise.
    let (init, main) = unsafe { ((*image).init, (*image).main) };
    // SAFETY: the caller's promise; the emitter wrote these offsets.
    let result = unsafe { run(image, init).and_then(|()| run(image, main)) };
    standard::flush();
    watch::end();
    match (result, terminate::exit_code()) {
        (Ok(()), None) => 0,
        // Ended as asked.
        (_, Some(code)) => code,
        (Err(report), None) => {
            standard::complain(&report);
            abi::EXIT_PANIC
        }
    }
}

/// The image whose statics are set up.
static READY: AtomicPtr<Image> = AtomicPtr::new(null_mut());

/// See `abi::RunTest`. Statics are set up before the first test that runs.
///
/// # Safety
/// The image is bound; `into` has room for `capacity` bytes.
pub unsafe extern "C" fn run_test(image: *const Image, index: i64, into: *mut u8, capacity: i64) -> i64 {
    virt::begin_if_asked();
    standard::quiet();
    // SAFETY: the caller's promise.
    let (tables, header) = unsafe { (Tables::new(image).expect("an image is not at null"), *image) };
    let test: Test = tables.table(header.tests)[index as usize];
    // SAFETY: the emitter wrote these offsets.
    let result = unsafe {
        // ORDER: Relaxed; tests run one after the other.
        let fresh = READY.swap(image.cast_mut(), Ordering::Relaxed) != image.cast_mut();
        if fresh { run(image, header.init) } else { Ok(()) }.and_then(|()| run(image, test.entry))
    };
    standard::flush();
    match result {
        Ok(()) => -1,
        Err(report) => {
            let fits = report.len().min(capacity as usize);
            // SAFETY: the caller's promise.
            unsafe { std::ptr::copy_nonoverlapping(report.as_ptr(), into, fits) };
            report.len() as i64
        }
    }
}

/// The whole life of a compiled executable, whose loader has mapped the image at this address.
///
/// # Safety
/// `image` is the appended image, not yet bound.
pub unsafe fn run_appended(image: *mut Image) -> i32 {
    // SAFETY: the caller's promise.
    let header = unsafe { *image };
    if header.magic != abi::IMAGE_MAGIC || header.version != u64::from(abi::VERSION) {
        fault::fatal("this executable's program was made for another runtime");
    }
    // SAFETY: mapped privately and writable, nobody runs it.
    if let Err(missing) = unsafe { bind(image, &entry::symbol) } {
        fault::fatal(&format!("missing foreign functions: {}", missing.join(", ")));
    }
    use std::os::unix::ffi::OsStringExt;
    let args: Vec<Vec<u8>> = std::env::args_os().map(OsStringExt::into_vec).collect();
    let texts: Vec<Text64> = args.iter().map(|arg| Text64 { at: arg.as_ptr(), len: arg.len() as i64 }).collect();
    // SAFETY: bound above.
    unsafe { run_main(image, texts.len() as i64, texts.as_ptr()) }
}

/// The same for an image that a linker made part of the process: nobody has prepared the process for it.
///
/// # Safety
/// As above.
pub unsafe fn run_linked(image: *mut Image) -> i32 {
    signal::ignore_broken_pipes();
    // SAFETY: the caller's promise; there is nothing to bind in it, so it may lie in constant memory.
    unsafe { run_appended(image) }
}

/// A foreign function of the process or the libraries it has loaded.
pub fn foreign(name: &str) -> Option<*const u8> {
    let name = std::ffi::CString::new(name).ok()?;
    // SAFETY: a text ended by 0; null asks for the default search.
    let at = unsafe { system::dlsym(std::ptr::null_mut(), name.as_ptr()) };
    (!at.is_null()).then_some(at.cast_const().cast())
}
