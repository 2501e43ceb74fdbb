//! The compiler as a command: built once, called from the root of the repository so that every path in its output is the same
//! on every machine, and never waited for longer than five minutes.

use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

const PATIENCE: Duration = Duration::from_secs(300);

/// The root of the repository.
pub fn root() -> &'static Path {
    static ROOT: OnceLock<PathBuf> = OnceLock::new();
    ROOT.get_or_init(|| {
        let here = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        here.canonicalize().expect("the harness lies two folders below the root")
    })
}

/// Where the compiler lies. `AURORAC` names one; otherwise the first call builds it, which is nothing when it is fresh.
pub fn aurorac() -> &'static Path {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT.get_or_init(|| {
        if let Some(path) = std::env::var_os("AURORAC") {
            return std::fs::canonicalize(&path).expect("AURORAC names the compiler");
        }
        // target/debug/deps/ui-1234 → target/debug
        let own = std::env::current_exe().expect("a running program has a path");
        let folder = own.parent().and_then(Path::parent).expect("a test lies in `deps` of a profile's folder");
        let mut build = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        build.args(["build", "--quiet", "--package", "driver", "--bin", "aurorac"]).current_dir(root());
        if folder.file_name().is_some_and(|name| name == "release") {
            build.arg("--release");
        }
        if let Some(target) = folder.parent() {
            build.arg("--target-dir").arg(target);
        }
        assert!(build.status().is_ok_and(|status| status.success()), "the compiler does not build");
        folder.join("aurorac")
    })
}

/// What a process did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Done {
    /// What it ended with; 128 and the signal's number if one ended it.
    pub code: i32,
    pub out: String,
    pub err: String,
    pub late: bool,
}

impl Done {
    /// Why this is a bug of ours whatever was asked for: a signal, an internal error, no end.
    pub fn broken(&self) -> Option<String> {
        if self.late {
            return Some(format!("it did not end within {} seconds", PATIENCE.as_secs()));
        }
        if self.code > 128 {
            return Some(format!("signal {} ended it\n{}", self.code - 128, crate::text::tail(&self.err, 8)));
        }
        let ours = ["RUST_BACKTRACE", "internal compiler error", "this is a bug"];
        let of_rust = self.err.lines().any(|line| line.contains("panicked at") && line.contains(".rs:"));
        (of_rust || ours.iter().any(|part| self.err.contains(part)))
            .then(|| format!("the compiler broke\n{}", crate::text::head(&self.err, 12)))
    }
}

/// Calls the compiler.
pub fn call(args: &[&str]) -> Done {
    finish(Command::new(aurorac()).args(args), b"")
}

/// Runs a command at the root with a text on its standard input and waits for its end.
pub fn finish(command: &mut Command, input: &[u8]) -> Done {
    command.current_dir(root()).env_remove("AURORA_BACKTRACE").env("NO_COLOR", "1");
    let mut child = match command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn() {
        Ok(child) => child,
        Err(error) => return Done { code: 128, out: String::new(), err: format!("cannot start: {error}"), late: false },
    };
    let (stdin, stdout, stderr) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
    std::thread::scope(|scope| {
        scope.spawn(move || {
            if let Some(mut stdin) = stdin {
                // A program need not read what it is offered.
                let _ = stdin.write_all(input);
            }
        });
        let out = scope.spawn(move || everything(stdout));
        let err = scope.spawn(move || everything(stderr));
        let (code, late) = wait(&mut child);
        let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
        let out = text(out.join().unwrap_or_default());
        let err = text(err.join().unwrap_or_default());
        Done { code, out, err, late }
    })
}

fn everything(stream: Option<impl Read>) -> Vec<u8> {
    let mut bytes = Vec::new();
    if let Some(mut stream) = stream {
        // What came before an error is still worth showing.
        let _ = stream.read_to_end(&mut bytes);
    }
    bytes
}

fn wait(child: &mut Child) -> (i32, bool) {
    let start = Instant::now();
    let mut nap = Duration::from_micros(200);
    loop {
        match child.try_wait() {
            Ok(Some(status)) => return (code_of(status), false),
            Ok(None) if start.elapsed() > PATIENCE => {
                // It may have ended by itself meanwhile.
                let _ = child.kill();
                let _ = child.wait();
                return (124, true);
            }
            Ok(None) => std::thread::sleep(nap),
            Err(_) => return (127, false),
        }
        nap = (nap * 2).min(Duration::from_millis(10));
    }
}

fn code_of(status: std::process::ExitStatus) -> i32 {
    #[cfg(unix)]
    {
        use std::os::unix::process::ExitStatusExt;
        if let Some(signal) = status.signal() {
            return 128 + signal;
        }
    }
    status.code().unwrap_or(127)
}

/// A folder of one test, removed when it is dropped.
pub struct Folder {
    pub path: PathBuf,
}

impl Folder {
    pub fn new() -> Folder {
        static NEXT: std::sync::atomic::AtomicUsize = std::sync::atomic::AtomicUsize::new(0);
        let number = NEXT.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("aurora-test-{}-{number}", std::process::id()));
        std::fs::create_dir_all(&path).expect("the folder for temporary files can be written");
        Folder { path }
    }

    /// Writes a file below the folder and gives its path.
    pub fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path.join(name);
        if let Some(parent) = path.parent() {
            std::fs::create_dir_all(parent).expect("the folder of a test can be written");
        }
        std::fs::write(&path, text).expect("the folder of a test can be written");
        path
    }
}

impl Default for Folder {
    fn default() -> Folder {
        Folder::new()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // Left behind, it only costs room.
        let _ = std::fs::remove_dir_all(&self.path);
    }
}
