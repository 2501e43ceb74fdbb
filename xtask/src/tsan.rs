//! `cargo x tsan [F]`: programs over a runtime that ThreadSanitizer watches. Each test program of tasks, channels, locks and the network
//! whose name contains F, and those of `tests/stress`, is linked with a runtime that is instrumented, and run with four workers.
//!
//! What is watched is the runtime; compiled programs are not instrumented, so what their own locks order is not known here: their copying
//! of memory is kept out of sight, and reports about the contents of blocks of the heap are left out (its own tests are watched whole). Rust's library is not either, so the runtime stands on locks
//! of its own here (`rt/src/watched.rs`), and fibers go to the scheduler's loop instead of from one to the next, because what is done
//! between two stacks is assembly. Entries and exits of functions are not told: a fiber that goes on elsewhere leaves frames behind.

use std::path::{Path, PathBuf};
use std::process::Command;

/// For programs, in place of those of the C library, which are watched.
const PLAIN: &str = "
#include <stddef.h>
void *plain_memcpy(void *to, const void *from, size_t n) { volatile char *t = to; const char *f = from; while (n--) *t++ = *f++; return to; }
void *plain_memset(void *to, int c, size_t n) { volatile char *t = to; while (n--) *t++ = c; return to; }
void *plain_memmove(void *to, const void *from, size_t n) {
    volatile char *t = to; const volatile char *f = from;
    if (t < f) while (n--) *t++ = *f++; else while (n--) t[n] = f[n];
    return to;
}
int plain_memcmp(const void *a, const void *b, size_t n) {
    const volatile unsigned char *x = a, *y = b;
    for (; n--; x++, y++) if (*x != *y) return *x - *y;
    return 0;
}
";
const LEFT_OUT: &str = "race:rt::heap::\n";

const FOLDERS: [&str; 4] = ["tests/stress", "tests/run/tasks", "tests/run/sync", "tests/run/net"];

pub fn run(root: &Path, filter: &str) -> bool {
    match watch(root, filter) {
        Ok((runs, reports)) => {
            println!("{runs} programs, {reports} with reports");
            reports == 0 && runs > 0
        }
        Err(why) => {
            eprintln!("error: {why}");
            false
        }
    }
}

fn watch(root: &Path, filter: &str) -> Result<(usize, usize), String> {
    let aurorac = super::compiler(root)?;
    let out = root.join("target/tsan");
    std::fs::create_dir_all(&out).map_err(|e| format!("{}: {e}", out.display()))?;
    let library = runtime(root, &out)?;
    let sanitizer = sanitizer()?;
    let plain = out.join("plain.c");
    std::fs::write(&plain, PLAIN).map_err(|e| format!("{}: {e}", plain.display()))?;
    std::fs::write(out.join("left-out"), LEFT_OUT).map_err(|e| format!("{}: {e}", out.display()))?;
    let (mut runs, mut reports) = (0, 0);
    for folder in FOLDERS {
        let folder = root.join(folder);
        let entries = std::fs::read_dir(&folder).map_err(|e| format!("{}: {e}", folder.display()))?;
        let mut sources: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
        sources.retain(|path| path.extension().is_some_and(|extension| extension == "aur") && path.to_string_lossy().contains(filter));
        sources.sort();
        for source in sources {
            runs += 1;
            if let Some(report) = once(&aurorac, &out, &library, &sanitizer, &source)? {
                reports += 1;
                println!("{}\n{report}", source.display());
            }
        }
    }
    Ok((runs, reports))
}

/// The runtime's library, instrumented.
fn runtime(root: &Path, out: &Path) -> Result<PathBuf, String> {
    let crates = [("abi", "runtime/abi/src/lib.rs", "rlib"), ("rt", "runtime/rt/src/lib.rs", "rlib"), ("aurora", "runtime/rt/src/archive.rs", "staticlib")];
    let place = |name: &str, kind: &str| out.join(if kind == "rlib" { format!("lib{name}.rlib") } else { format!("lib{name}.a") });
    for (number, (name, source, kind)) in crates.iter().enumerate() {
        let mut rustc = Command::new("rustc");
        // The instrumentation is no part of the stable language.
        rustc.env("RUSTC_BOOTSTRAP", "1").arg(root.join(source)).args(["--edition", "2024", "--crate-name", name, "--crate-type", kind]);
        rustc.args(["-Copt-level=1", "-Cpanic=abort", "-Ccodegen-units=1", "--cfg", "aurora_stub", "--cfg", "aurora_tsan", "--cap-lints", "allow", "-g"]);
        rustc.args(["-Zsanitizer=thread", "-Cunsafe-allow-abi-mismatch=sanitizer", "-Cllvm-args=-tsan-instrument-func-entry-exit=0"]);
        rustc.arg("-L").arg(out).arg("-o").arg(place(name, kind));
        for (earlier, _, kind) in &crates[..number] {
            rustc.arg("--extern").arg(format!("{earlier}={}", place(earlier, kind).display()));
        }
        super::bench::build(&mut rustc)?;
    }
    Ok(place("aurora", "staticlib"))
}

/// Lies in the toolchain.
fn sanitizer() -> Result<PathBuf, String> {
    let told = Command::new("rustc").args(["--print", "target-libdir"]).output().map_err(|e| format!("rustc: {e}"))?;
    let folder = PathBuf::from(String::from_utf8_lossy(&told.stdout).trim());
    let entries = std::fs::read_dir(&folder).map_err(|e| format!("{}: {e}", folder.display()))?;
    let found = entries.flatten().map(|entry| entry.path()).find(|path| path.to_string_lossy().ends_with("_rt.tsan.a"));
    found.ok_or_else(|| format!("no ThreadSanitizer in {}", folder.display()))
}

/// The first lines of what was reported.
fn once(aurorac: &Path, out: &Path, library: &Path, sanitizer: &Path, source: &Path) -> Result<Option<String>, String> {
    let (object, program) = (out.join("program.o"), out.join("program"));
    super::bench::build(Command::new(aurorac).args(["compile", "--emit", "obj"]).arg(source).arg("-o").arg(&object))?;
    let names = ["memcpy", "memset", "memmove", "memcmp"].map(|name| format!("--redefine-sym={name}=plain_{name}"));
    super::bench::build(Command::new("objcopy").args(names).arg(&object))?;
    let mut cc = Command::new("cc");
    cc.args(["-O1", "-fno-builtin", "-w"]).arg(out.join("plain.c")).arg(&object).arg(library).arg("-Wl,--whole-archive").arg(sanitizer).arg("-Wl,--no-whole-archive").args(["-lpthread", "-lm", "-ldl", "-lresolv"]);
    super::bench::build(cc.arg("-o").arg(&program))?;
    let mut command = Command::new("timeout");
    command.arg("300").arg(&program).arg("1").env("AURORA_WORKERS", "4");
    command.env("TSAN_OPTIONS", format!("suppressions={}", out.join("left-out").display()));
    let done = command.output().map_err(|e| format!("{}: {e}", program.display()))?;
    let text = String::from_utf8_lossy(&done.stderr).into_owned();
    let Some(at) = text.find("WARNING: ThreadSanitizer") else { return Ok(None) };
    Ok(Some(text[at..].lines().take(40).collect::<Vec<_>>().join("\n")))
}
