//! Standard output, buffered; standard error and input, not.

use crate::prim::{AtomicBool, Ordering};
use std::io::{IsTerminal, Read, Write};
use crate::prim::{Mutex, MutexGuard, OnceLock};

const BUFFER_BYTES: usize = 64 << 10;

struct Output {
    bytes: Vec<u8>,
    by_line: bool,
}

fn output() -> &'static Mutex<Output> {
    static OUTPUT: OnceLock<Mutex<Output>> = OnceLock::new();
    OUTPUT.get_or_init(|| {
        Mutex::new(Output { bytes: Vec::with_capacity(BUFFER_BYTES), by_line: std::io::stdout().is_terminal() })
    })
}

fn lock() -> MutexGuard<'static, Output> {
    // A poisoned buffer is still a buffer.
    output().lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}

impl Output {
    fn drain(&mut self) {
        // Nobody to tell: a closed pipe takes no more text. As everywhere, the program goes on.
        let _ = write_all(1, &self.bytes);
        self.bytes.clear();
    }
}

/// Past Rust's own buffers: other threads of the compiler do not write while a program runs.
fn write_all(file: i32, mut bytes: &[u8]) -> std::io::Result<()> {
    while !bytes.is_empty() {
        // SAFETY: the slice is valid for its length.
        let written = unsafe { crate::system::write(file, bytes.as_ptr().cast(), bytes.len()) };
        if written >= 0 {
            bytes = &bytes[written as usize..];
            continue;
        }
        let error = std::io::Error::last_os_error();
        if error.kind() != std::io::ErrorKind::Interrupted {
            return Err(error);
        }
    }
    Ok(())
}

pub fn print(bytes: &[u8]) {
    let mut output = lock();
    if output.bytes.len() + bytes.len() > BUFFER_BYTES {
        output.drain();
    }
    if bytes.len() > BUFFER_BYTES {
        let _ = write_all(1, bytes);
        return;
    }
    output.bytes.extend_from_slice(bytes);
    if output.by_line && bytes.contains(&b'\n') {
        output.drain();
    }
}

pub fn flush() {
    lock().drain();
}

/// What was printed before a crash still helps: written if nobody holds the buffer.
pub fn flush_in_signal() {
    if let Ok(output) = output().try_lock() {
        let _ = write_all(1, &output.bytes);
    }
}

pub fn complain(text: &str) {
    let _ = std::io::stderr().write_all(text.as_bytes());
}

pub fn complain_bytes(bytes: &[u8]) {
    let _ = std::io::stderr().write_all(bytes);
}

/// Nobody waits for what a test complains of on its way.
static QUIET: AtomicBool = AtomicBool::new(false);

pub fn quiet() {
    // ORDER: Relaxed; before anything of the program runs, and never taken back.
    QUIET.store(true, Ordering::Relaxed);
}

/// See the row.
pub fn error_kind() -> i64 {
    // ORDER: Relaxed; see `quiet`.
    if QUIET.load(Ordering::Relaxed) {
        return 0;
    }
    if std::io::stderr().is_terminal() { 1 } else { 2 }
}

/// What was read of standard input and not yet asked for.
struct Input {
    bytes: Vec<u8>,
    at: usize,
}

static INPUT: Mutex<Input> = Mutex::new(Input { bytes: Vec::new(), at: 0 });

impl Input {
    /// What is at hand; asks the system when that is nothing. Empty at the end.
    fn available(&mut self) -> std::io::Result<&[u8]> {
        if self.at == self.bytes.len() {
            // A question printed before it should be seen.
            flush();
            self.bytes.resize(BUFFER_BYTES, 0);
            self.at = 0;
            let read = crate::sched::blocking(|| std::io::stdin().lock().read(&mut self.bytes));
            self.bytes.truncate(*read.as_ref().unwrap_or(&0));
            read?;
        }
        Ok(&self.bytes[self.at..])
    }
}

/// Fills `into` as far as what is at hand goes, at most to the end of a line if that is asked for.
pub fn read(into: &mut [u8], line: bool) -> std::io::Result<usize> {
    // Who has it may wait for the system.
    let mut input = match INPUT.try_lock() {
        Ok(input) => input,
        Err(_) => crate::sched::blocking(|| INPUT.lock().unwrap_or_else(|poisoned| poisoned.into_inner())),
    };
    let available = input.available()?;
    let mut count = available.len().min(into.len());
    if line && let Some(end) = available[..count].iter().position(|&byte| byte == b'\n') {
        count = end + 1;
    }
    into[..count].copy_from_slice(&available[..count]);
    input.at += count;
    Ok(count)
}
