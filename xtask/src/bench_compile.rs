//! `cargo x bench compile`: how long the compiler takes, from a release build. The same made-up program of a thousand lines in
//! Aurora, and in C and Go where their compilers are; hello in Aurora and Go; and ten thousand lines that are only checked.
//!
//! Ways take turns, so that what else the machine does falls on all alike; each round changes the text, as an edit would. What
//! `go` keeps of the packages that did not change is warm after the first round, which does not count. Beside the clock stands the
//! time that processors worked, all of them together: on a busy machine it says more.

use std::fmt::Write;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

const ROUNDS: usize = 9;
/// What must hold: a way's median beside another's, or beside so many milliseconds.
const RUN_BOUND: f64 = 0.25;
const COMPILE_BOUND: f64 = 0.3;
const CHECK_BOUND_MS: f64 = 150.0;

struct Way {
    name: String,
    command: Vec<String>,
    /// By round, in milliseconds: by the clock, and of processors.
    clock: Vec<f64>,
    processors: Vec<f64>,
}

pub fn measure() -> Result<(), String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let out = root.join("target/bench/compile");
    for folder in ["go", "go_hello"] {
        let folder = out.join(folder);
        std::fs::create_dir_all(&folder).map_err(|e| format!("{}: {e}", folder.display()))?;
        write(&folder.join("go.mod"), "module bench\n\ngo 1.21\n")?;
    }
    let aurorac = super::release_compiler(&root)?.to_string_lossy().into_owned();
    let path = |name: &str| out.join(name).to_string_lossy().into_owned();
    let hello = std::fs::read_to_string(root.join("examples/hello.aur")).map_err(|e| format!("examples/hello.aur: {e}"))?;

    let (thousand, lines) = sized(1_000);
    let (many, many_lines) = sized(10_000);
    write(&out.join("ten.aur"), &aurora(many))?;
    let way = |name: String, list: &[&str]| Way { name, command: words(list), clock: Vec::new(), processors: Vec::new() };
    let mut ways = vec![
        way("run hello".into(), &[&aurorac, "run", &path("hello.aur")]),
        way(format!("compile {lines} lines"), &[&aurorac, "compile", &path("one.aur"), "-o", &path("one")]),
        way(format!("check {many_lines} lines"), &[&aurorac, "check", &path("ten.aur")]),
    ];
    let has_go = there("go", "version");
    if has_go {
        ways.push(way("go run hello".into(), &["go", "-C", &path("go_hello"), "run", "."]));
        ways.push(way(format!("go build, {lines} lines"), &["go", "-C", &path("go"), "build", "-o", &path("one_go")]));
    }
    if there("gcc", "--version") {
        ways.push(way(format!("gcc -O2, {lines} lines"), &["gcc", "-O2", &path("one.c"), "-o", &path("one_c")]));
    }
    let this_run = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    for round in 0..=ROUNDS {
        // No text was ever there before: `go` remembers them all.
        let edit = format!("// round {round} of {}\n", this_run.as_nanos());
        write(&out.join("hello.aur"), &format!("{hello}{edit}"))?;
        write(&out.join("go_hello/main.go"), &format!("{GO_HELLO}{edit}"))?;
        write(&out.join("one.aur"), &(aurora(thousand) + &edit))?;
        write(&out.join("one.c"), &(c(thousand) + &edit))?;
        write(&out.join("go/main.go"), &(go(thousand) + &edit))?;
        for way in &mut ways {
            let (start, worked) = (Instant::now(), processors_of_children());
            let done = Command::new(&way.command[0]).args(&way.command[1..]).stdout(Stdio::null()).output().map_err(|e| format!("{}: {e}", way.name))?;
            if !done.status.success() {
                return Err(format!("{}: {}", way.name, String::from_utf8_lossy(&done.stderr)));
            }
            // The first round warms what there is to warm.
            if round > 0 {
                way.clock.push(start.elapsed().as_secs_f64() * 1e3);
                way.processors.push(processors_of_children() - worked);
            }
        }
    }
    println!("{:<28}{:>10}{:>10}{:>10}{:>14}", "", "least ms", "median", "most", "processors");
    for way in &mut ways {
        way.clock.sort_by(f64::total_cmp);
        way.processors.sort_by(f64::total_cmp);
        println!("{:<28}{:>10.1}{:>10.1}{:>10.1}{:>14.1}", way.name, way.clock[0], way.clock[ROUNDS / 2], way.clock[ROUNDS - 1], way.processors[ROUNDS / 2]);
    }
    println!();
    let ratio = |index: usize, beside: usize, bound: f64| {
        let of = |times: &dyn Fn(&Way) -> f64| times(&ways[index]) / times(&ways[beside]);
        let (clock, processors) = (of(&|way| way.clock[ROUNDS / 2]), of(&|way| way.processors[ROUNDS / 2]));
        println!("{:<50}{clock:>8.2} by the clock, {processors:.2} of processors, bound {bound}{}", format!("{} / {}", ways[index].name, ways[beside].name), missed(clock > bound));
    };
    if has_go {
        ratio(0, 3, RUN_BOUND);
        ratio(1, 4, COMPILE_BOUND);
    }
    let checked = ways[2].clock[ROUNDS / 2];
    println!("{:<50}{checked:>8.0} ms, bound {CHECK_BOUND_MS}{}", ways[2].name, missed(checked > CHECK_BOUND_MS));
    Ok(())
}

fn missed(is_missed: bool) -> &'static str {
    if is_missed { "  <- missed" } else { "" }
}

/// How long processors have worked for the programs that this one has waited for, in milliseconds.
fn processors_of_children() -> f64 {
    /// As the C library has it: two times, in seconds and microseconds, and fourteen counts.
    #[repr(C)]
    struct Usage {
        user: [i64; 2],
        system: [i64; 2],
        counts: [i64; 14],
    }
    unsafe extern "C" {
        fn getrusage(who: i32, usage: *mut Usage) -> i32;
    }
    const CHILDREN: i32 = -1;
    let mut usage = Usage { user: [0; 2], system: [0; 2], counts: [0; 14] };
    // SAFETY: the structure is as long as the C library's, and ours alone.
    let failed = unsafe { getrusage(CHILDREN, &mut usage) } != 0;
    assert!(!failed, "the system does not tell what programs cost");
    let milliseconds = |time: [i64; 2]| time[0] as f64 * 1e3 + time[1] as f64 / 1e3;
    milliseconds(usage.user) + milliseconds(usage.system)
}

fn words(list: &[&str]) -> Vec<String> {
    list.iter().map(|word| (*word).to_owned()).collect()
}

fn there(program: &str, argument: &str) -> bool {
    Command::new(program).arg(argument).output().is_ok_and(|done| done.status.success())
}

fn write(path: &Path, text: &str) -> Result<(), String> {
    std::fs::write(path, text).map_err(|e| format!("{}: {e}", path.display()))
}

/// How many functions make a program of at least so many lines, and how many lines that are.
fn sized(lines: usize) -> (usize, usize) {
    let count = |functions| aurora(functions).lines().count();
    let functions = (1..).find(|&functions| count(functions) >= lines).unwrap_or(1);
    (functions, count(functions))
}

fn aurora(functions: usize) -> String {
    let mut text = String::from("struct Point { x: u64, y: u64 }\n\n");
    let mut calls = String::new();
    for i in 0..functions {
        let (k, limit, step, shift) = (i * 7 + 3, 50 + i % 60, 2 + i % 5, 1 + i % 9);
        // Writing into a String cannot fail.
        let _ = write!(
            text,
            "fn f{i}(n: u64, list: &mut [u64]) -> u64 {{
    let mut p = Point {{ x: n, y: {k} }}
    let mut sum = 0u64
    let len = list.len() as u64
    for i in 0..n % {limit} {{
        if i % {step} == 0 {{
            p.x = p.x.wrapping_mul({k}).wrapping_add(i)
        }} else {{
            p.y ^= p.x >> {shift}
        }}
        list[(i % len) as int] = list[(i % len) as int].wrapping_add(p.y)
        sum = sum.wrapping_add(list[(i * 3 % len) as int])
    }}
    if sum == 0 {{ return p.x }}
    sum.wrapping_add(p.x).wrapping_add(p.y.wrapping_mul({k}))
}}

"
        );
        let _ = writeln!(calls, "    total = total.wrapping_add(f{i}(total % 1000 + {i}, &mut list))");
    }
    text + "fn main() {\n    let mut list = vec[0u64; 64]\n    let mut total = 0u64\n" + &calls + "    println(\"{total}\")\n}\n"
}

fn c(functions: usize) -> String {
    let mut text = String::from("#include <stdint.h>\n#include <stdio.h>\ntypedef struct { uint64_t x, y; } Point;\n\n");
    let mut calls = String::new();
    for i in 0..functions {
        let (k, limit, step, shift) = (i * 7 + 3, 50 + i % 60, 2 + i % 5, 1 + i % 9);
        let _ = write!(
            text,
            "static uint64_t f{i}(uint64_t n, uint64_t *list, uint64_t len) {{
    Point p = {{n, {k}}};
    uint64_t sum = 0;
    for (uint64_t i = 0; i < n % {limit}; i++) {{
        if (i % {step} == 0) {{
            p.x = p.x * {k} + i;
        }} else {{
            p.y ^= p.x >> {shift};
        }}
        list[i % len] += p.y;
        sum += list[i * 3 % len];
    }}
    if (sum == 0) return p.x;
    return sum + p.x + p.y * {k};
}}

"
        );
        let _ = writeln!(calls, "    total += f{i}(total % 1000 + {i}, list, 64);");
    }
    text + "int main(void) {\n    static uint64_t list[64];\n    uint64_t total = 0;\n" + &calls + "    printf(\"%lu\\n\", (unsigned long)total);\n    return 0;\n}\n"
}

fn go(functions: usize) -> String {
    let mut text = String::from("package main\n\nimport \"fmt\"\n\ntype point struct{ x, y uint64 }\n\n");
    let mut calls = String::new();
    for i in 0..functions {
        let (k, limit, step, shift) = (i * 7 + 3, 50 + i % 60, 2 + i % 5, 1 + i % 9);
        let _ = write!(
            text,
            "func f{i}(n uint64, list []uint64) uint64 {{
\tp := point{{n, {k}}}
\tsum := uint64(0)
\tsize := uint64(len(list))
\tfor i := uint64(0); i < n%{limit}; i++ {{
\t\tif i%{step} == 0 {{
\t\t\tp.x = p.x*{k} + i
\t\t}} else {{
\t\t\tp.y ^= p.x >> {shift}
\t\t}}
\t\tlist[i%size] += p.y
\t\tsum += list[i*3%size]
\t}}
\tif sum == 0 {{
\t\treturn p.x
\t}}
\treturn sum + p.x + p.y*{k}
}}

"
        );
        let _ = writeln!(calls, "\ttotal += f{i}(total%1000+{i}, list)");
    }
    text + "func main() {\n\tlist := make([]uint64, 64)\n\ttotal := uint64(0)\n" + &calls + "\tfmt.Println(total)\n}\n"
}

const GO_HELLO: &str = "package main\n\nimport \"fmt\"\n\nfunc main() {\n\tfmt.Printf(\"Hello, %d times over!\\n\", 1+2)\n}\n";
