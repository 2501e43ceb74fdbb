//! Runs a program by JIT in a forked child and as an executable, and compares.

use super::Program;
use codegen::{Options, jit};
use std::os::fd::AsRawFd;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};

unsafe extern "C" {
    fn fork() -> i32;
    fn dup2(from: i32, to: i32) -> i32;
    fn waitpid(process: i32, status: *mut i32, options: i32) -> i32;
    fn _exit(code: i32) -> !;
}

#[derive(Debug, PartialEq, Eq)]
pub struct Outcome {
    pub stdout: String,
    pub stderr: String,
    /// Minus the signal's number if one ended it.
    pub code: i32,
}

pub fn scratch(name: &str) -> PathBuf {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
    std::fs::create_dir_all(&folder).unwrap();
    folder.join(format!("{name}-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed)))
}

pub fn options() -> Options {
    Options { verify: true, threads: 1, ..Options::default() }
}

/// Runs something in a child process with its output caught.
pub fn in_child(run: impl FnOnce() -> i32) -> Outcome {
    if std::env::var_os("NO_FORK").is_some() {
        return Outcome { stdout: String::new(), stderr: String::new(), code: run() };
    }
    let (out_path, err_path) = (scratch("out"), scratch("err"));
    let out = std::fs::File::create(&out_path).unwrap();
    let err = std::fs::File::create(&err_path).unwrap();
    // SAFETY: the child runs the program and leaves by `_exit`.
    let child = unsafe { fork() };
    if child == 0 {
        // SAFETY: open files.
        unsafe {
            dup2(out.as_raw_fd(), 1);
            dup2(err.as_raw_fd(), 2);
        }
        let code = std::panic::catch_unwind(std::panic::AssertUnwindSafe(run)).unwrap_or(99);
        // SAFETY: ends the child.
        unsafe { _exit(code) };
    }
    let mut status = 0;
    // SAFETY: our child.
    unsafe { waitpid(child, &mut status, 0) };
    let code = if status & 0x7f == 0 { status >> 8 & 0xff } else { -(status & 0x7f) };
    let read = |path: &PathBuf| String::from_utf8_lossy(&std::fs::read(path).unwrap()).into_owned();
    let outcome = Outcome { stdout: read(&out_path), stderr: read(&err_path), code };
    let _ = std::fs::remove_file(out_path);
    let _ = std::fs::remove_file(err_path);
    outcome
}

pub fn jit_with(program: Program, options: &Options) -> Outcome {
    let (program, sources) = program.finish();
    let code = jit::compile(&program, &sources, &rt::symbol, options).expect("all functions are known");
    in_child(|| code.run_main(&["program".into(), "argument".into()]))
}

/// Runs both ways.
pub fn run(make: impl Fn() -> Program) -> Outcome {
    let outcome = jit_with(make(), &options());
    let plain = jit_with(make(), &Options { opt: false, ..options() });
    assert_eq!(outcome, plain, "optimised and plain code differ");
    let compiled = aot(make());
    assert_eq!(outcome, compiled, "JIT and executable differ");
    outcome
}

/// Runs as an executable.
pub fn aot(program: Program) -> Outcome {
    aot_with(program, &options())
}

pub fn aot_with(program: Program, options: &Options) -> Outcome {
    let (program, sources) = program.finish();
    let bytes = codegen::aot::executable(&program, &sources, rt::STUB, options);
    let path = scratch("program");
    std::fs::write(&path, bytes).unwrap();
    std::fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let output = loop {
        // Another test may fork while the file is open for writing: then it is busy for a moment.
        match std::process::Command::new(&path).arg("argument").output() {
            Err(error) if error.kind() == std::io::ErrorKind::ExecutableFileBusy => std::thread::yield_now(),
            result => break result.unwrap(),
        }
    };
    let _ = std::fs::remove_file(&path);
    let signal = std::os::unix::process::ExitStatusExt::signal(&output.status);
    Outcome {
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        code: output.status.code().unwrap_or_else(|| -signal.unwrap_or(0)),
    }
}

pub fn prints(make: impl Fn() -> Program, expected: &str) {
    let outcome = run(make);
    assert_eq!(outcome, Outcome { stdout: expected.into(), stderr: String::new(), code: 0 });
}

pub fn panics(make: impl Fn() -> Program, stdout: &str, stderr: &str) {
    let outcome = run(make);
    assert_eq!(outcome, Outcome { stdout: stdout.into(), stderr: stderr.into(), code: 101 });
}
