//! Random programs of two or three tasks that use channels, locks, semaphores and events, and write down what they saw. In some
//! of them a task cancels all, or what is done has a time.

use crate::fuzz::Chance;
use std::fmt::Write;

/// What the tasks of one program do.
const KINDS: &[&[&str]] = &[
    &["send", "recv", "recv", "send", "try_recv", "len"],
    &["send", "send", "select", "select_two", "recv", "select_default"],
    &["send", "recv", "set", "wait", "is_set", "reset", "select_event", "select_event"],
    &["acquire", "acquire_two", "keep", "release", "try_acquire", "select_permit", "send"],
    &["read", "write", "try_write", "read"],
    &["lock", "await_value", "put_value", "put_value"],
    &["barrier", "barrier", "once", "once_get", "load", "store"],
    &["send", "recv", "load", "store", "load"],
    &["send", "send", "recv", "load"],
    &["send", "recv", "try_send", "try_recv"],
];

struct Writer<'a> {
    random: &'a mut Chance,
    rooms: Vec<usize>,
    results: usize,
}

impl Writer<'_> {
    fn result(&mut self, of: &str) -> String {
        self.results += 1;
        format!("r{}.store({of}, relaxed)", self.results - 1)
    }

    fn step(&mut self, kind: &str, task: usize) -> String {
        let count = self.rooms.len();
        let (a, b, value) = (self.random.below(count), self.random.below(count), 1 + self.random.below(3));
        let received = format!("v = rx{a}.recv() => v.unwrap_or(9)");
        match kind {
            "send" => format!("tx{a}.send({value}).unwrap()"),
            "recv" => self.result(&format!("rx{a}.recv().unwrap_or(9)")),
            "try_recv" => self.result(&format!("rx{a}.try_recv().unwrap_or(8)")),
            "try_send" => self.result(&format!("if tx{a}.try_send({value}).is_ok() {{ 1 }} else {{ 7 }}")),
            "len" => self.result(&format!("rx{a}.len()")),
            // No task can meet itself.
            "select" if a == b && self.rooms[a] == 0 => format!("tx{a}.send({value}).unwrap()"),
            "select" => self.result(&format!("select {{ {received}\n tx{b}.send({value}) => 5 }}")),
            "select_two" => self.result(&format!("select {{ {received}\n v = rx{b}.recv() => v.unwrap_or(9) + 10 }}")),
            "select_default" => self.result(&format!("select {{ {received}\n default => 6 }}")),
            "select_event" => self.result(&format!("select {{ {received}\n event.wait() => 5 }}")),
            "select_permit" => self.result(&format!("select {{ {received}\n _p = permits.acquire() => 5 }}")),
            "set" => "event.set()".into(),
            "wait" => "event.wait()".into(),
            "is_set" => self.result("if event.is_set() { 1 } else { 2 }"),
            "reset" => "event.reset()".into(),
            "acquire" => self.result("{ let p = permits.acquire(); let left = permits.available(); drop(p); left }"),
            "acquire_two" => "drop(permits.acquire_many(2))".into(),
            "keep" => "permits.acquire().forget()".into(),
            "release" => "permits.release(1)".into(),
            "try_acquire" => self.result("if permits.try_acquire().is_some() { 1 } else { 2 }"),
            "read" => self.result("*shared.read()"),
            "write" => format!("{{ let mut g = shared.write(); *g = *g * 4 + {value} }}"),
            "try_write" => self.result("match shared.try_write() { Some(_) => 1, None => 2 }"),
            "lock" => format!("{{ let mut g = guarded.lock(); *g = *g * 4 + {value} }}"),
            "await_value" => self.result("{ let mut g = guarded.lock(); while *g == 0 { g = changed.wait(g) }; *g }"),
            "put_value" => {
                let whom = ["one", "all"][self.random.below(2) ];
                format!("{{ let mut g = guarded.lock(); *g = {value}; changed.notify_{whom}() }}")
            }
            "barrier" => self.result("if barrier.wait() { 1 } else { 2 }"),
            "once" => self.result(&format!("*once.get_or_init(|| {})", task + 1)),
            "once_get" => self.result("once.get().copied().unwrap_or(0)"),
            "load" => self.result("x.load(relaxed)"),
            "store" => format!("x.store({value}, relaxed)"),
            _ => unreachable!("a kind of step without a text: {kind}"),
        }
    }
}

/// The program of a seed.
pub fn program(seed: u64) -> String {
    let random = &mut Chance::new(seed);
    let kinds = KINDS[random.below(KINDS.len()) ];
    let tasks = [2, 2, 2, 3][random.below(4) ];
    let rooms: Vec<usize> = (0..1 + random.below(2)).map(|_| random.below(3)).collect();
    let permits = random.below(3);
    // Who cancels all the tasks, if that is done, and whether there are times.
    let canceller = match random.below(3) {
        0 => Some(random.below(tasks)),
        _ => None,
    };
    let has_times = canceller.is_none() && random.below(3) == 0;
    let mut writer = Writer { random, rooms, results: 0 };
    let mut bodies = String::new();
    for task in 0..tasks {
        let steps = 1 + writer.random.below(if tasks == 3 || canceller.is_some() || has_times { 2 } else { 3 });
        let cancels_at = if canceller == Some(task) { writer.random.below(steps + 1) } else { steps + 1 };
        let mut body = String::new();
        for at in 0..steps {
            let kind = kinds[writer.random.below(kinds.len()) ];
            if at == cancels_at {
                body.push_str("            group.cancel()\n");
            }
            let step = writer.step(kind, task);
            // Writing into a String cannot fail.
            let _ = if has_times && writer.random.below(2) == 0 {
                let late = writer.result("5");
                writeln!(body, "            {{\n                let done = timeout(10ms) {{ {step} }}\n                if done.is_err() {{ {late} }}\n            }}")
            } else {
                writeln!(body, "            {step}")
            };
        }
        if cancels_at == steps {
            body.push_str("            group.cancel()\n");
        }
        let _ = write!(bodies, "        spawn {{\n{body}        }}\n");
    }
    let mut text = "fn main() {\n".to_string();
    let things = [
        ("event", "Event::new()".to_string()),
        ("permits", format!("Semaphore::new({permits})")),
        ("shared", "RwLock::new(0)".into()),
        ("guarded", "Mutex::new(0)".into()),
        ("changed", "Condvar::new()".into()),
        ("barrier", "Barrier::new(2)".into()),
        ("once", "OnceLock::<int>::new()".into()),
        ("x", "Atomic::new(0)".into()),
    ];
    for (name, made) in things.iter().filter(|(name, _)| bodies.contains(&format!("{name}."))) {
        let _ = writeln!(text, "    let {name} = {made}");
    }
    for (at, room) in writer.rooms.iter().enumerate() {
        let _ = writeln!(text, "    let (tx{at}, rx{at}) = channel<int>({room})\n    let _ = (&tx{at}, &rx{at})");
    }
    for at in 0..writer.results {
        let _ = writeln!(text, "    let r{at} = Atomic::new(-1)");
    }
    let shown: Vec<String> = (0..writer.results).map(|at| format!("{{r{at}.load(relaxed)}}")).collect();
    let _ = write!(text, "    scope group {{\n{bodies}    }}\n    println(\"{}\")\n}}\n", shown.join(" "));
    text
}
