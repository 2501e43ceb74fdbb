//! The command line as people and editors meet it: exit codes, help, shapes of messages, panics, backtraces.

use harness::compiler::{Folder, aurorac, call, finish};
use harness::json::Json;
use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

const HELLO: &str = "fn main() { println(\"hello\") }\n";

fn with(text: &str) -> (Folder, String) {
    let folder = Folder::new();
    let path = folder.write("main.aur", text).to_string_lossy().into_owned();
    (folder, path)
}

#[test]
fn exit_codes_tell_who_was_wrong() {
    let (_folder, good) = with(HELLO);
    let (_second, bad) = with("fn main() { nothing() }\n");
    let (_third, panics) = with("fn main() { panic(\"oh\") }\n");
    let (_fourth, own) = with("use std::process::exit\nfn main() { exit(42) }\n");
    let (_fifth, fails) = with("fn main() -> Result<(), String> { Err(\"no\") }\n");
    for (args, code) in [
        (vec!["run", &good], 0),
        (vec!["check", &good], 0),
        (vec!["check", &bad], 1),
        (vec!["run", &bad], 1),
        (vec!["run", "no/such.aur"], 1),
        (vec!["run"], 2),
        (vec!["chekc", &good], 2),
        (vec!["check", "--mesage-format", "json", &good], 2),
        (vec!["explain", "E9999"], 2),
        (vec!["explain", "E0501"], 0),
        (vec!["run", &panics], 101),
        (vec!["run", &own], 42),
        (vec!["run", &fails], 1),
        (vec!["version"], 0),
        (vec![], 0),
    ] {
        let done = call(&args);
        assert_eq!(done.code, code, "{args:?}: {}{}", done.out, done.err);
        assert_eq!(done.broken(), None, "{args:?}");
    }
}

#[test]
fn help_names_every_command() {
    let overview = call(&["--help"]);
    assert_eq!(overview.code, 0);
    for command in ["run", "compile", "check", "test", "explain", "emit"] {
        assert!(overview.out.contains(&format!("\n  {command} ")), "{command} is not in the overview");
        let page = call(&[command, "--help"]);
        assert_eq!((page.code, page.out.starts_with(&format!("Usage: aurorac {command}"))), (0, true), "{command}");
        assert_eq!(call(&["help", command]).out, page.out);
    }
}

#[test]
fn mistakes_on_the_line_are_answered() {
    let (_folder, good) = with(HELLO);
    for (args, part) in [
        (vec!["rnu", good.as_str()], "did you mean `run`?"),
        (vec!["explain", "E0502x"], "there is no code"),
        (vec![good.as_str()], "aurorac run"),
        (vec!["run", "no/such.aur"], "no/such.aur"),
    ] {
        let done = call(&args);
        assert!(done.err.contains(part), "{args:?}: {}", done.err);
    }
}

#[test]
fn messages_for_editors_have_one_shape() {
    let (_folder, path) = with("fn main() {\n    let text = vec[1]\n    drop(text)\n    println(\"{text} {nme}\")\n    let mut n = 1\n}\n");
    let done = call(&["check", "--message-format", "json", &path]);
    assert_eq!((done.code, done.err.as_str()), (1, ""));
    let mut codes = Vec::new();
    for line in done.out.lines() {
        let message = Json::parse(line).unwrap_or_else(|at| panic!("no JSON at {at}: {line}"));
        let Json::Object(fields) = &message else { panic!("no object: {line}") };
        let keys: Vec<&str> = fields.keys().map(String::as_str).collect();
        assert_eq!(keys, ["code", "file", "fix", "help", "message", "notes", "severity", "spans"]);
        assert_eq!(message.get("file").and_then(Json::text), Some(path.as_str()));
        codes.push(message.get("code").and_then(Json::text).unwrap_or("").to_owned());
        let spans = message.get("spans").map_or(&[][..], Json::list);
        assert_eq!(spans.iter().filter(|span| span.get("primary") == Some(&Json::Bool(true))).count(), 1, "{line}");
        for span in spans {
            let number = |key| span.get(key).and_then(Json::number).unwrap_or(0.0);
            assert!(number("line") >= 1.0 && number("column") >= 1.0, "{line}");
            assert!((number("end_line"), number("end_column")) >= (number("line"), number("column")), "{line}");
            assert!(span.get("label").and_then(Json::text).is_some() && span.get("file").is_some(), "{line}");
        }
    }
    assert!(codes.iter().any(|code| code == "E0201"), "{codes:?}");
}

#[test]
fn a_clean_program_says_nothing() {
    let (_folder, path) = with(HELLO);
    for args in [vec!["check", &path], vec!["check", "--message-format", "json", &path]] {
        let done = call(&args);
        assert_eq!((done.code, done.out.as_str(), done.err.as_str()), (0, "", ""));
    }
}

#[test]
fn several_files_are_checked_each_for_itself() {
    let (_first, good) = with(HELLO);
    let (_second, bad) = with("fn main() { oops() }\n");
    let (_third, worse) = with("fn main() { ouch() }\n");
    let done = call(&["check", &bad, &good, &worse]);
    assert_eq!(done.code, 1);
    assert!(done.err.contains("`oops`") && done.err.contains("`ouch`"), "{}", done.err);
}

#[test]
fn deep_recursion_is_a_panic_not_a_crash() {
    let (_folder, path) = with("fn down(n: int) -> int { 1 + down(n + 1) }\nfn main() { println(\"{down(0)}\") }\n");
    let done = call(&["run", &path]);
    assert_eq!(done.code, 101, "{}", done.err);
    assert!(done.err.contains("stack overflow in"), "{}", done.err);
}

#[test]
fn a_backtrace_is_shown_when_asked_for() {
    let (folder, path) = with("fn inner(n: int) -> int { if n > 2 { panic(\"too much\") }; n }\nfn outer(n: int) -> int { inner(n) + 1 }\nfn main() { println(\"{outer(3)}\") }\n");
    let quiet = call(&["run", &path]);
    assert!(quiet.err.contains("too much") && quiet.err.contains("main.aur:1:"), "{}", quiet.err);
    let program = folder.path.join("program");
    assert_eq!(call(&["compile", &path, "-o", &program.to_string_lossy()]).code, 0);
    let mut from_memory = Command::new(aurorac());
    from_memory.args(["run", &path]);
    for mut command in [from_memory, Command::new(program)] {
        // `finish` clears the setting, so that no test depends on the caller's: a shell sets it behind that.
        let mut shell = Command::new("env");
        shell.arg("AURORA_BACKTRACE=1").arg(command.get_program()).args(command.get_args());
        let done = finish(&mut shell, b"");
        assert_eq!(done.code, 101);
        assert!(done.err.contains("main at ") && done.err.len() > quiet.err.len(), "{}", done.err);
        command.env_clear();
    }
}

#[test]
fn tests_are_run_counted_and_chosen() {
    let (_folder, path) = with(
        "fn double(n: int) -> int { n * 2 }\ntest \"doubles\" { assert_eq(double(2), 4) }\ntest \"fails\" { assert_eq(double(2), 5) }\ntest \"zero\" { assert(double(0) == 0) }\n",
    );
    let done = call(&["test", &path]);
    assert_eq!(done.code, 1, "{}{}", done.out, done.err);
    assert!(done.out.contains("2 passed, 1 failed"), "{}", done.out);
    let some = call(&["test", &path, "--filter", "zero"]);
    assert_eq!(some.code, 0, "{}", some.out);
    assert!(some.out.contains("1 passed, 0 failed, 2 skipped"), "{}", some.out);
}

#[test]
fn compiling_leaves_one_file() {
    let (folder, path) = with(HELLO);
    let program = folder.path.join("hello");
    assert_eq!(call(&["compile", &path, "-o", &program.to_string_lossy()]).code, 0);
    let mut names: Vec<String> =
        std::fs::read_dir(&folder.path).expect("the folder is there").flatten().map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    assert_eq!(names, ["hello", "main.aur"]);
    let done = finish(&mut Command::new(&program), b"");
    assert_eq!((done.code, done.out.as_str()), (0, "hello\n"));
}

#[test]
fn objects_are_linked_by_who_wants_to() {
    let (folder, path) = with(
        "extern \"C\" { fn twice(n: i32) -> i32; }\nextern \"C\" fn thrice(n: i32) -> i32 { n * 3 }\ntrait Speak { fn speak(&self) -> String }\nstruct Dog\nimpl Speak for Dog { fn speak(&self) -> String { \"woof\" } }\nstatic HEARD: Mutex<Vec<String>> = Mutex::new(Vec::new())\nfn main() {\n    let dog: Box<dyn Speak> = Box::new(Dog)\n    let heard = dog.speak()\n    scope { spawn { HEARD.lock().push(heard) } }\n    println(\"{*HEARD.lock()} {unsafe { twice(21) }} {std::env::args().len()}\")\n    let list = vec[1]\n    println(\"{list[list.len()]}\")\n}\n",
    );
    let place = |name: &str| folder.path.join(name).to_string_lossy().into_owned();
    let (object, library, program) = (place("main.o"), place("libaurora.a"), place("program"));
    for args in [vec!["compile", "--emit", "obj", &path, "-o", &object], vec!["compile", "--emit", "runtime", "-o", &library]] {
        let done = call(&args);
        assert_eq!((done.code, done.err.as_str()), (0, ""), "{args:?}");
    }
    assert!(std::fs::read(&object).is_ok_and(|bytes| bytes.starts_with(b"\x7fELF")));
    if Command::new("cc").arg("--version").output().is_err() {
        eprintln!("skipped: there is no `cc` to link an object with");
        return;
    }
    folder.write("helpers.c", "int thrice(int);\nint twice(int n) { return thrice(n) - n; }\n");
    let linked = finish(Command::new("cc").args([&object, &place("helpers.c"), &library, "-lm", "-lpthread", "-ldl", "-o", &program]), b"");
    assert_eq!(linked.code, 0, "{}", linked.err);
    let done = finish(Command::new(&program).arg("more"), b"");
    assert_eq!((done.code, done.out.as_str()), (101, "[\"woof\"] 42 2\n"), "{}", done.err);
    assert!(done.err.contains("main.aur:13:15: index out of bounds"), "{}", done.err);
    // A `main` of the user's own.
    folder.write("helpers.c", "int thrice(int);\nint twice(int n) { return thrice(n) - n; }\nextern char aurora_image[];\nint aurora_start(void *);\nint main(void) { return aurora_start(aurora_image) - 100; }\n");
    let linked = finish(Command::new("cc").args([&object, &place("helpers.c"), &library, "-lm", "-lpthread", "-ldl", "-o", &program]), b"");
    assert_eq!(linked.code, 0, "{}", linked.err);
    assert_eq!(finish(&mut Command::new(&program), b"").code, 1);
}

#[cfg(target_arch = "x86_64")]
#[test]
fn vectors_are_single_instructions() {
    let (_folder, path) = with(
        "use std::simd::Simd\n#[inline(never)]\nfn scaled(to: &mut [f64], from: &[f64], by: f64) {\n    let factor: Simd<f64, 2> = Simd::splat(by)\n    let mut i = 0\n    while i + 2 <= from.len() {\n        (Simd::load(from, i) * factor + Simd::splat(1.0)).store(to, i)\n        i += 2\n    }\n}\nfn main() {\n    let mut to = vec[0.0; 4]\n    scaled(&mut to, &vec[1.0, 2.0, 3.0, 4.0], 2.0)\n    println(\"{to}\")\n}\n",
    );
    let done = call(&["emit", "--stage", "asm", "--function", "scaled", &path]);
    for instruction in ["mulpd", "addpd", "movupd"] {
        assert!(done.out.contains(instruction), "no {instruction} in\n{}", done.out);
    }
}

const BUSY: &str = "\
fn main() {
    let (tx, rx) = channel<int>(1)
    let total = Mutex::new(0)
    scope {
        for i in 0..3 {
            let tx = tx.clone()
            spawn { for j in 0..20 { tx.send(i * j).unwrap() } }
        }
        drop(tx)
        for x in rx { *total.lock() += x }
        sleep(400ms)
    }
    println(\"{*total.lock()}\")
}
";

#[test]
fn stats_tell_what_was_waited_for_and_where() {
    let (folder, path) = with(BUSY);
    let done = call(&["run", "--stats", &path]);
    assert_eq!((done.code, done.out.as_str()), (0, "570\n"), "{}", done.err);
    for part in ["tasks: 3 spawned", "to send at", "main.aur:7:", "for a time at", "main.aur:11:"] {
        assert!(done.err.contains(part), "{part}: {}", done.err);
    }
    let program = folder.path.join("busy").to_string_lossy().into_owned();
    assert_eq!(call(&["compile", &path, "-o", &program]).code, 0);
    let counted = finish(Command::new(&program).env("AURORA_STATS", "1"), b"");
    assert!(counted.err.contains("tasks: 3 spawned"), "{}", counted.err);
    let quiet = finish(&mut Command::new(&program), b"");
    assert_eq!((quiet.code, quiet.err.as_str()), (0, ""));
}

#[test]
fn a_timeline_is_json_that_names_tasks_and_waits() {
    let (folder, path) = with(BUSY);
    let out = folder.path.join("out.json");
    let done = finish(Command::new(aurorac()).args(["run", &path]).env("AURORA_TRACE", &out), b"");
    assert_eq!((done.code, done.out.as_str()), (0, "570\n"), "{}", done.err);
    let text = std::fs::read_to_string(&out).expect("the timeline was written");
    let json = Json::parse(&text).expect("the timeline is JSON");
    let events = json.get("traceEvents").map(Json::list).expect("a list of events");
    let has = |name: &str| events.iter().any(|e| e.get("name").and_then(Json::text).is_some_and(|n| n.contains(name)));
    for name in ["main", "task ", "spawn", "waits to send at"] {
        assert!(has(name), "no event {name:?} among {}", events.len());
    }
    let nowhere = finish(Command::new(aurorac()).args(["run", &path]).env("AURORA_TRACE", "/no/such/folder/out.json"), b"");
    assert!(nowhere.code == 1 && nowhere.err.contains("cannot be written"), "{}", nowhere.err);
}

#[cfg(unix)]
#[test]
fn sigquit_shows_all_tasks_and_the_program_goes_on() {
    use std::io::{BufRead, BufReader, Read};
    let text = "\
fn main() {
    let (tx, rx) = channel<int>(1)
    let (done, ended) = channel<int>(1)
    scope {
        spawn { scope { spawn { println(\"{rx.recv()}\"); done.send(2).unwrap() }; ended.recv() } }
        sleep(300ms)
        eprintln(\"ready\")
        sleep(1500ms)
        tx.send(1).unwrap()
    }
}
";
    let (_folder, path) = with(text);
    let mut command = Command::new(aurorac());
    command.args(["run", &path]).stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped());
    let mut child = command.spawn().expect("it starts");
    let (mut out, mut err) = (String::new(), String::new());
    let mut complaints = BufReader::new(child.stderr.take().expect("piped"));
    complaints.read_line(&mut err).expect("text");
    let asked = Command::new("kill").args(["-QUIT", &child.id().to_string()]).status();
    assert!(asked.is_ok_and(|status| status.success()));
    child.stdout.take().expect("piped").read_to_string(&mut out).expect("text");
    complaints.read_to_string(&mut err).expect("text");
    assert!(child.wait().is_ok_and(|status| status.success()), "{err}");
    assert_eq!(out, "Some(1)\n");
    for part in ["3 tasks", "main waits for a time at", "    task 1 waits to receive at", "      task 2 waits to receive at", "(spawned at "] {
        assert!(err.contains(part), "{part}: {err}");
    }
}

#[cfg(target_arch = "x86_64")]
#[test]
fn loops_over_elements_are_done_in_vectors() {
    let (_folder, path) = with(
        "#[inline(never)]\nfn indexed(a: &[f64], b: &[f64], c: &mut [f64], k: f64) { for i in 0..c.len() { c[i] = a[i] * k + b[i] } }\n#[inline(never)]\nfn walked(xs: &mut [f32], ys: &[f32]) { for (x, y) in xs.iter_mut().zip(ys) { *x -= *y } }\n#[inline(never)]\nfn summed(xs: &[f64]) -> f64 {\n    let mut sum = 0.0\n    for x in xs { sum += *x }\n    sum\n}\nfn main() {\n    let mut c = vec[0.0; 9]\n    indexed(&vec[1.0; 9], &vec[2.0; 9], &mut c, 3.0)\n    let mut d = vec[1.0f32; 9]\n    walked(&mut d, &vec[0.5f32; 9])\n    println(\"{c} {d} {summed(&c)}\")\n}\n",
    );
    let code = |function: &str| call(&["emit", "--stage", "asm", "--function", function, &path]).out;
    for (function, instructions) in [("indexed", vec!["mulpd", "addpd"]), ("walked", vec!["subps"])] {
        let code = code(function);
        instructions.iter().for_each(|wanted| assert!(code.contains(wanted), "no {wanted} in {function}\n{code}"));
    }
    // In another order it would be rounded otherwise.
    assert!(!code("summed").contains("addpd"), "{}", code("summed"));
}

#[cfg(target_arch = "x86_64")]
#[test]
fn loops_that_call_nothing_stay_off_the_stack_where_calls_lie_around() {
    let (_folder, path) = with(
        "#[inline(never)]\nfn told(count: int, low: u8, high: u8) { println(\"{count} {low} {high}\") }\n#[inline(never)]\nfn bytes() -> Vec<u8> { (0..1000).map(|i| (i % 251) as u8).collect() }\nfn main() {\n    let data = bytes()\n    let (mut low, mut high, mut all, mut mean) = (255u8, 0u8, 0, 0.0)\n    for round in 0..3 {\n        let mut counts = vec[0; 256]\n        for byte in &data { counts[*byte as int] += round }\n        for byte in &data { mean += *byte as f64 / 1000.0 }\n        for byte in &data { low = min(low, *byte); high = max(high, *byte) }\n        all += counts[3]\n        told(counts[7], low, high)\n    }\n    told(all + mean as int, low, high)\n}\n",
    );
    let code = call(&["emit", "--stage", "asm", "--function", "main", &path]).out;
    let quiet = loops_that_call_nothing(&code);
    assert!(quiet.len() >= 6, "blocks {quiet:?} of loops that call nothing in\n{code}");
    for (block, lines) in quiet {
        assert!(!lines.contains("(%rsp)"), "block {block} of a loop uses the stack:\n{lines}\n{code}");
    }
}

/// The blocks of loops without calls, by name: what stands in them.
#[cfg(target_arch = "x86_64")]
fn loops_that_call_nothing(code: &str) -> BTreeMap<&str, &str> {
    // Blocks that call nothing, and where they lead to.
    let blocks: BTreeMap<&str, &str> = code.split("\nblock").skip(1).filter_map(|block| block.split_once(':')).filter(|(_, lines)| !lines.contains("call")).collect();
    let next = |block: &str| -> Vec<&str> { blocks[block].split("label").skip(1).filter_map(|rest| rest.split([';', '\n']).next()).filter(|to| blocks.contains_key(to)).collect() };
    let goes_round = |block: &str| {
        let (mut seen, mut open) = (BTreeSet::new(), next(block));
        while let Some(at) = open.pop() {
            if seen.insert(at) {
                open.extend(next(at));
            }
        }
        seen.contains(block)
    };
    let quiet: Vec<&str> = blocks.keys().copied().filter(|block| goes_round(block)).collect();
    quiet.into_iter().map(|block| (block, blocks[block])).collect()
}

#[cfg(target_arch = "x86_64")]
#[test]
fn loops_that_count_keep_all_in_registers() {
    let (_folder, path) = with(
        "#[associative]\nfn added(a: Vec<int>, b: Vec<int>) -> Vec<int> {\n    if a.is_empty() { return b }\n    let mut sum = a\n    for (x, y) in sum.iter_mut().zip(&b) { *x += *y }\n    sum\n}\n#[inline(never)]\nfn count(data: &[u8], counts: &mut [int]) { for byte in data { counts[*byte as int] += 1 } }\nfn several(data: &[u8]) -> Vec<int> {\n    let mut counts: Vec<int> = Vec::new()\n    parallel for part in data.chunks(64) reduce(added: counts) {\n        if counts.is_empty() { counts = vec[0; 256] }\n        for byte in part { counts[*byte as int] += 1 }\n    }\n    counts\n}\nfn main() {\n    let data: Vec<u8> = (0..1000).map(|i| (i % 251) as u8).collect()\n    let mut counts = vec[0; 256]\n    count(&data, &mut counts)\n    println(\"{several(&data)[7]} {counts[7]}\")\n}\n",
    );
    for function in ["count", "std::parallel::run::through"] {
        let code = call(&["emit", "--stage", "asm", "--function", function, &path]).out;
        // Of the loops only the one over bytes loads any.
        let quiet = loops_that_call_nothing(&code);
        let counting: Vec<&str> = quiet.values().copied().filter(|lines| lines.contains("movzbq") || lines.contains(", 8), %r")).collect();
        assert!(!counting.is_empty(), "no loop over bytes in\n{code}");
        for lines in counting {
            assert!(!lines.contains("(%rsp)"), "a loop uses the stack:\n{lines}\n{code}");
            // What goes to a report of an index out of range is not moved about for it in every round.
            let moves = |line: &str| line.trim().strip_prefix("movq %r").is_some_and(|rest| rest.contains(", %r"));
            assert!(!lines.lines().any(moves), "a loop moves registers about:\n{lines}\n{code}");
        }
    }
}

#[cfg(target_arch = "x86_64")]
#[test]
fn rows_and_sums_of_integers_are_done_in_vectors() {
    let (_folder, path) = with(
        "#[inline(never)]\nfn product(a: &Vec<f64>, b: &Vec<f64>, c: &mut Vec<f64>, n: int) {\n    for i in 0..n { for k in 0..n {\n        let x = a[i * n + k]\n        for j in 0..n { c[i * n + j] += x * b[k * n + j] }\n    } }\n}\n#[inline(never)]\nfn walked(xs: &[int]) -> int {\n    let mut sum = 0\n    for x in xs { sum += *x }\n    sum\n}\n#[inline(never)]\nfn indexed(xs: &Vec<u64>) -> u64 {\n    let mut all = 0u64\n    for i in 0..xs.len() { all ^= xs[i] }\n    all\n}\nfn main() {\n    let mut c = vec[0.0; 9]\n    product(&vec[1.0; 9], &vec[2.0; 9], &mut c, 3)\n    println(\"{c} {walked(&vec[1, 2])} {indexed(&vec[1u64, 2])}\")\n}\n",
    );
    let code = |function: &str| call(&["emit", "--stage", "asm", "--function", function, &path]).out;
    for (function, instructions) in [("product", vec!["mulpd", "addpd"]), ("walked", vec!["paddq", "por"]), ("indexed", vec!["pxor"])] {
        let code = code(function);
        instructions.iter().for_each(|wanted| assert!(code.contains(wanted), "no {wanted} in {function}\n{code}"));
    }
}

#[cfg(target_arch = "x86_64")]
#[test]
fn columns_are_changed_in_vectors() {
    let (_folder, path) = with(
        "#[soa(Bodies)]\nstruct Body { x: f64, speed: f64, name: String }\n#[inline(never)]\nfn moved(bodies: &mut Bodies, time: f64) { for (x, speed) in bodies.x.iter_mut().zip(&bodies.speed) { *x += *speed * time } }\n#[inline(never)]\nfn slowed(bodies: &mut Bodies) { for i in 0..bodies.len() { bodies.speed[i] *= 0.5 } }\nfn main() {\n    let mut bodies = Bodies::new()\n    bodies.push(Body { x: 1.0, speed: 2.0, name: \"a\" })\n    moved(&mut bodies, 0.5)\n    slowed(&mut bodies)\n    println(\"{bodies.x} {bodies.speed} {bodies.name}\")\n}\n",
    );
    for (function, instructions) in [("moved", vec!["mulpd", "addpd"]), ("slowed", vec!["mulpd"])] {
        let code = call(&["emit", "--stage", "asm", "--function", function, &path]).out;
        instructions.iter().for_each(|wanted| assert!(code.contains(wanted), "no {wanted} in {function}\n{code}"));
    }
}

/// The loop of a part has all registers for itself: nothing that it counts goes through the stack.
#[cfg(target_arch = "x86_64")]
#[test]
fn the_loop_of_a_part_is_a_function_of_its_own() {
    let (_folder, path) = with(
        "fn main() {\n    let data: Vec<u8> = (0..100_000).map(|i| (i % 251) as u8).collect()\n    let mut sum = 0u64\n    parallel for byte in &data reduce(+: sum) { sum = sum.wrapping_add((*byte as u64).rotate_left(7)) }\n    println(\"{sum}\")\n}\n",
    );
    let code = call(&["emit", "--stage", "asm", "--function", "through", &path]).out;
    assert!(code.contains("rolq") && !code.contains("(%rsp)"), "{code}");
}

const LOST: &str = "\
fn main() {
    let count = Atomic::new(0)
    scope { for _ in 0..2 { spawn { let seen = count.load(); count.store(seen + 1) } } }
    assert_eq(count.load(), 2)
}
";
const KEPT: &str = "\
fn main() {
    let count = Atomic::new(0)
    scope { for _ in 0..5 { spawn { count.fetch_add(1) } } }
    assert_eq(count.load(), 5)
}
";

#[test]
fn an_exploration_is_shared_out() {
    let (folder, path) = with(KEPT);
    for jobs in ["1", "2", "3"] {
        let done = call(&["explore", "--jobs", jobs, &path]);
        assert!(done.code == 0 && done.out.starts_with("120 executions, complete"), "{} {}", done.out, done.err);
    }
    let reports: Vec<String> = (1..=3).map(|part| folder.path.join(format!("{part}.txt")).to_string_lossy().into_owned()).collect();
    for (part, report) in reports.iter().enumerate() {
        let done = call(&["explore", "--shard", &format!("{}/3", part + 1), "--report", report, &path]);
        assert_eq!(done.code, 0, "{}", done.err);
    }
    let all: Vec<&str> = ["explore", "--merge"].into_iter().chain(reports.iter().map(String::as_str)).collect();
    let done = call(&all);
    assert!(done.code == 0 && done.out.starts_with("120 executions, complete"), "{} {}", done.out, done.err);
    let done = call(&all[..4]);
    assert!(done.code == 3 && done.out.starts_with("missing: part 3 of 3") && done.out.contains("not complete"), "{}", done.out);
    let done = call(&["explore", "--merge", &reports[0], &reports[0]]);
    assert!(done.code == 1 && done.err.contains("are the same part"), "{}", done.err);
}

#[test]
fn a_failure_is_found_by_every_way_and_repeated() {
    let (folder, path) = with(LOST);
    let trace = folder.path.join("trace.json").to_string_lossy().into_owned();
    let ways: [&[&str]; 4] = [&["--trace", &trace], &["--jobs", "2"], &["--random", "200"], &["--pct", "3"]];
    for way in ways {
        let done = call(&[&["explore"], way, &[&path]].concat());
        let replay = done.out.rsplit_once("--replay ").map(|(_, replay)| replay.trim().to_string());
        let replay = replay.unwrap_or_else(|| panic!("no replay of {way:?}: {} {}", done.out, done.err));
        assert!(done.code == 1 && done.out.contains("assertion failed"), "{}", done.out);
        let again = call(&["explore", &path, "--replay", &replay]);
        assert!(again.code == 1 && again.out.contains("assertion failed"), "{way:?} {replay}: {}", again.out);
    }
    let json = Json::parse(&std::fs::read_to_string(&trace).expect("the timeline was written")).expect("the timeline is JSON");
    assert!(format!("{json:?}").contains("writes 1"));
}

#[test]
fn a_seed_is_a_schedule() {
    let (_folder, path) = with(BUSY);
    let signature = |seed: u64| {
        let done = call(&["run", "--stats", "--seed", &seed.to_string(), &path]);
        let line = done.err.lines().find(|line| line.starts_with("schedule: ")).map(str::to_string);
        line.unwrap_or_else(|| panic!("no signature: {}", done.err))
    };
    assert_eq!(signature(1), signature(1));
    let all: std::collections::HashSet<String> = (0..8).map(signature).collect();
    assert!(all.len() >= 2, "{all:?}");
}
