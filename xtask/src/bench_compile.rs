//! `cargo x bench compile`: how long the compiler takes, from a release build. The same made-up program of a thousand lines in
//! Aurora, and in C and Go where their compilers are; then hello, and ten thousand lines that are only checked.
//!
//! Ways take turns, so that what else the machine does falls on all alike; each round changes the text, as an edit would.

use std::fmt::Write;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

const ROUNDS: usize = 9;

pub fn measure() -> Result<(), String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let out = root.join("target/bench/compile");
    std::fs::create_dir_all(out.join("go")).map_err(|e| format!("{}: {e}", out.display()))?;
    let built = Command::new("cargo").args(["build", "--quiet", "--release", "-p", "driver"]).current_dir(&root).status();
    if !built.is_ok_and(|status| status.success()) {
        return Err("the compiler does not build".into());
    }
    let aurorac = root.join("target/release/aurorac").to_string_lossy().into_owned();
    let path = |name: &str| out.join(name).to_string_lossy().into_owned();
    let hello = root.join("examples/hello.aur").to_string_lossy().into_owned();
    write(&out.join("go/go.mod"), "module big\n\ngo 1.21\n")?;

    let (thousand, lines) = sized(1_000);
    let (many, many_lines) = sized(10_000);
    write(&out.join("ten.aur"), &aurora(many))?;
    let mut ways: Vec<(String, Vec<String>)> = vec![
        ("run hello".into(), words(&[&aurorac, "run", &hello])),
        (format!("compile {lines} lines"), words(&[&aurorac, "compile", &path("one.aur"), "-o", &path("one")])),
        (format!("check {many_lines} lines"), words(&[&aurorac, "check", &path("ten.aur")])),
    ];
    if there("gcc", "--version") {
        ways.push((format!("gcc -O2, {lines} lines"), words(&["gcc", "-O2", &path("one.c"), "-o", &path("one_c")])));
    }
    if there("go", "version") {
        ways.push((format!("go build, {lines} lines"), words(&["go", "-C", &path("go"), "build", "-o", &path("one_go")])));
    }
    let mut times = vec![Vec::new(); ways.len()];
    for round in 0..=ROUNDS {
        write(&out.join("one.aur"), &(aurora(thousand) + &format!("// round {round}\n")))?;
        write(&out.join("one.c"), &(c(thousand) + &format!("// round {round}\n")))?;
        write(&out.join("go/main.go"), &(go(thousand) + &format!("// round {round}\n")))?;
        for ((name, command), times) in ways.iter().zip(&mut times) {
            let start = Instant::now();
            let done = Command::new(&command[0]).args(&command[1..]).stdout(Stdio::null()).output().map_err(|e| format!("{name}: {e}"))?;
            if !done.status.success() {
                return Err(format!("{name}: {}", String::from_utf8_lossy(&done.stderr)));
            }
            // The first round warms what there is to warm.
            if round > 0 {
                times.push(start.elapsed().as_secs_f64() * 1e3);
            }
        }
    }
    println!("{:<28}{:>10}{:>10}{:>10}", "", "least ms", "median", "most");
    for ((name, _), times) in ways.iter().zip(&mut times) {
        times.sort_by(f64::total_cmp);
        println!("{name:<28}{:>10.1}{:>10.1}{:>10.1}", times[0], times[ROUNDS / 2], times[ROUNDS - 1]);
    }
    Ok(())
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
