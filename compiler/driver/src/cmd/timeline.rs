//! How a failing execution is told: who did what, one column a task, in an order in which it can happen.

use explore::{Event, Failure, How, INITIAL, Id, Kind, Task, Use, Waits};
use rt::observe::place;
use std::collections::HashMap;
use std::fmt::Write;

/// The sentence of what went wrong.
pub(super) fn headline(how: &How) -> String {
    match how {
        How::Panicked(report) => report.trim_end().to_string(),
        How::Exited(code) => format!("the program ended with exit status {code}"),
        How::Stuck(_) => "deadlock: no task can go on".into(),
        How::Endless(_) => "a task does not end: it goes round and round, without any step that others could see".into(),
        How::Raced(accesses) if accesses.len() == 1 => "memory is used after it was given back".into(),
        How::Raced(accesses) if accesses.iter().any(|access| access.what == Use::Allocates) => "memory is read that nobody has written".into(),
        How::Raced(_) => "data race: two tasks use the same memory, at least one writes, and nothing orders them".into(),
        How::Long => "it goes on and on".into(),
        How::Diverged => "a run that repeated another did something else: the program depends on more than its tasks and its input".into(),
    }
}

/// A line of the story.
struct Told {
    who: String,
    /// Its number among the tasks.
    column: usize,
    what: String,
    place: String,
}

/// The events that a user knows of, in an order in which they can happen; whether tasks can take turns like that.
fn lines(failure: &Failure, names: &Names) -> (Vec<Told>, bool) {
    let graph = &failure.graph;
    let mut lines: Vec<Told> = Vec::new();
    let (story, in_turns) = graph.story();
    for &id in &story {
        let Some(what) = sentence(failure, id, names, in_turns) else { continue };
        let (who, column) = names[&graph.event(id).task].clone();
        let place = short(&failure.places[id as usize].place);
        // What the library does in one call is told once.
        if lines.last().is_none_or(|last| (last.column, &last.what, &last.place) != (column, &what, &place)) {
            lines.push(Told { who, column, what, place });
        }
    }
    (lines, in_turns)
}

/// The story as a timeline in the form that Perfetto reads: a row a task, a millisecond a step.
pub(super) fn trace(failure: &Failure) -> String {
    let names = names(failure);
    let quoted = |text: &str| text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
    let mut text = String::from("[\n");
    let _ = writeln!(text, r#"{{"name":"process_name","ph":"M","pid":1,"args":{{"name":"{}"}}}},"#, quoted(&headline(&failure.how)));
    for (name, column) in names.values() {
        let _ = writeln!(text, r#"{{"name":"thread_name","ph":"M","pid":1,"tid":{column},"args":{{"name":"{name}"}}}},"#);
    }
    for (at, line) in lines(failure, &names).0.iter().enumerate() {
        let _ = writeln!(
            text,
            r#"{{"name":"{}","ph":"X","pid":1,"tid":{},"ts":{},"dur":1000,"args":{{"place":"{}"}}}},"#,
            quoted(&line.what),
            line.column,
            1000 * at,
            quoted(&line.place)
        );
    }
    text.push_str(r#"{"name":"end","ph":"M","pid":1,"args":{}}"#);
    text.push_str("\n]\n");
    text
}

/// The last steps that are told of a run that goes on and on.
const TOLD_AT_END: usize = 12;

/// The whole story, a line an event; of a run that goes on and on, how it does.
pub(super) fn tell(failure: &Failure) -> String {
    let mut text = String::new();
    let names = names(failure);
    let (lines, in_turns) = lines(failure, &names);
    let first = if let How::Long = failure.how { lines.len().saturating_sub(TOLD_AT_END) } else { 0 };
    for (number, Told { who, column, what, place }) in lines.iter().enumerate().skip(first) {
        // Writing into a String cannot fail.
        let _ = writeln!(text, "{:4}  {:indent$}{who}: {what}{}", number + 1, "", at(place), indent = 2 * column);
    }
    if !in_turns {
        text.push_str("      (no order of turns gives this: it needs the freedom that weaker orders than `seqcst` have)\n");
    }
    if let How::Raced(accesses) = &failure.how {
        for access in accesses {
            let name = name_of(&names, access.task);
            let does = match access.what {
                Use::Allocates => "allocates",
                Use::Reads => "reads",
                Use::Writes => "writes",
            };
            let bytes = if access.size == 1 { "1 byte".to_string() } else { format!("{} bytes", access.size) };
            let _ = writeln!(text, "      {name} {does} {bytes}{}", at(&short(&access.place.place)));
        }
    }
    if let How::Endless(endless) = &failure.how {
        let name = name_of(&names, endless.task);
        let _ = writeln!(text, "      {name} goes round and round{}", at(&short(&endless.place.place)));
    }
    if let How::Stuck(waiting) = &failure.how {
        for waits in waiting {
            let name = name_of(&names, waits.task);
            let _ = writeln!(text, "      {name} {}{}", waits_for(failure, waits, &names), at(&short(&waits.place.place)));
        }
    }
    text
}

fn at(place: &str) -> String {
    if place.is_empty() { String::new() } else { format!("   {place}") }
}

/// Without the folder.
fn short(place: &str) -> String {
    place.rsplit('/').next().unwrap_or(place).to_string()
}

/// Tasks in the order in which they come, with their columns.
fn names(failure: &Failure) -> HashMap<Task, (String, usize)> {
    let mut names = HashMap::from([(0, ("main".to_string(), 0))]);
    for id in failure.graph.script() {
        let event = failure.graph.event(id);
        let next = names.len();
        if let Kind::Spawn(child) = event.kind {
            names.entry(child).or_insert_with(|| (format!("task {next}"), next));
        }
    }
    for event in &failure.graph.events {
        let next = names.len();
        names.entry(event.task).or_insert_with(|| ("the clock".to_string(), next));
    }
    names
}

type Names = HashMap<Task, (String, usize)>;

/// A task may have done nothing yet.
fn name_of(names: &Names, task: Task) -> String {
    names.get(&task).map_or_else(|| format!("task {task}"), |(name, _)| name.clone())
}

/// What an event was; `None` for those of which a user does not know.
fn sentence(failure: &Failure, id: Id, names: &Names, in_turns: bool) -> Option<String> {
    let event = failure.graph.event(id);
    let step = &failure.places[id as usize];
    match event.kind {
        Kind::Spawn(child) => return Some(format!("begins {}", names[&child].0)),
        Kind::Fence(order) => return Some(format!("fence({order:?})").to_lowercase()),
        Kind::Choice(count, which) => return Some(format!("chooses {} of {count}", which + 1)),
        _ => {}
    }
    let address = failure.addresses.get(event.location as usize).copied().unwrap_or(0);
    match place::kind(address) {
        place::END => {
            let whom = (address ^ place::END) as Task;
            let name = names.get(&whom).map_or("a task", |(name, _)| name);
            return match event.kind {
                Kind::Write(..) => Some("ends".into()),
                Kind::Await(_) if event.blocked => None,
                _ => Some(format!("sees that {name} has ended")),
            };
        }
        place::CANCEL => {
            return match event.kind {
                Kind::Update(..) if names[&event.task].0 == "the clock" => None,
                // In smaller steps every look is one, which changes nothing.
                Kind::Update(_, _, 0) => None,
                Kind::Update(..) => Some("cancels".into()),
                _ if event.seen != 0 => Some("finds that it is cancelled".into()),
                _ => None,
            };
        }
        place::OBJECT | place::NEXT | place::ITEM => return None,
        place::STEP => return called(&step.operation).map(str::to_string),
        place::WAITER => return matches!(event.kind, Kind::Await(_)).then(|| format!("goes on in {}", step.operation)),
        place::SERVING => {
            return match event.kind {
                Kind::Await(_) if event.blocked => None,
                Kind::Write(..) if step.operation.contains("drop") => Some("leaves the lock".into()),
                Kind::Write(..) => None,
                _ => Some(step.operation.clone()),
            };
        }
        _ => {}
    }
    if names[&event.task].0 == "the clock" {
        return Some("a time is over".into());
    }
    if !step.direct || step.place.is_empty() {
        return called(&step.operation).filter(|_| !event.blocked).map(str::to_string);
    }
    Some(access(failure, event, in_turns))
}

/// What a user has called: a task's beginning and the making of a channel have steps that nobody asked for.
fn called(operation: &str) -> Option<&str> {
    let inner = operation.is_empty() || operation.starts_with("task::") || operation.starts_with("channel::channel_") || operation.starts_with("guard::");
    (!inner).then(|| operation.strip_prefix("wait::").unwrap_or(operation))
}

/// An atomic step of the user's own.
fn access(failure: &Failure, event: &Event, in_turns: bool) -> String {
    let graph = &failure.graph;
    let value = |value: u64| shown(value, event.size);
    let stale = || {
        let last = graph.modifications(event.location).iter().rev().find(|&&write| graph.event(write).stamp < event.stamp);
        match last {
            Some(&newest) if !in_turns && newest != event.from && graph.rank(event.location, newest) > graph.rank(event.location, event.from) => {
                format!(", though {} had been written: nothing orders that before", value(graph.event(newest).written))
            }
            _ => String::new(),
        }
    };
    let source = || {
        if event.from == INITIAL { " as it was in the beginning".to_string() } else { String::new() }
    };
    match event.kind {
        Kind::Read(order) => format!("reads {}{} ({}){}", value(event.seen), source(), name(order), stale()),
        Kind::Write(order, written) => format!("writes {} ({})", value(written), name(order)),
        Kind::Update(..) if event.writes => format!("changes {} to {}", value(event.seen), value(event.written)),
        Kind::Update(..) => format!("finds {}", value(event.seen)),
        Kind::Compare(_, _, expected, new) if event.seen == expected => format!("exchanges {} for {}", value(expected), value(new)),
        Kind::Compare(_, _, expected, _) => format!("finds {} instead of {}{}", value(event.seen), value(expected), stale()),
        Kind::Await(_) => format!("sees {}", value(event.seen)),
        Kind::Fence(_) | Kind::Spawn(_) | Kind::Choice(..) => String::new(),
    }
}

fn name(order: explore::Order) -> &'static str {
    match order {
        explore::Order::Plain => "plain",
        explore::Order::Relaxed => "relaxed",
        explore::Order::Acquire => "acquire",
        explore::Order::Release => "release",
        explore::Order::AcquireRelease => "acqrel",
        explore::Order::Sequential => "seqcst",
    }
}

/// Small numbers in full, with their sign; what looks like an address, as one.
fn shown(value: u64, size: u8) -> String {
    let bits = u32::from(size.max(1)) * 8;
    let signed = ((value << (64 - bits)) as i64) >> (64 - bits);
    if signed.unsigned_abs() < 1 << 40 { signed.to_string() } else { format!("{value:#x}") }
}

fn waits_for(failure: &Failure, waits: &Waits, names: &Names) -> String {
    let graph = &failure.graph;
    let blocked = graph.events.iter().rfind(|event| event.task == waits.task && event.blocked);
    let address = waits.at.unwrap_or(0);
    match place::kind(address) {
        place::END => {
            let whom = (address ^ place::END) as Task;
            format!("waits for {} to end", names.get(&whom).map_or("a task", |(name, _)| name))
        }
        place::SERVING => {
            // Who was let in last has not let the next one in.
            let next = address ^ place::SERVING | place::NEXT;
            let holds = |other: &&explore::Event| {
                failure.addresses.get(other.location as usize) == Some(&next) && other.writes && blocked.is_some_and(|event| event.seen == other.seen)
            };
            match graph.events.iter().find(holds).and_then(|holder| names.get(&holder.task)) {
                Some((name, _)) => format!("waits for a lock that {name} holds"),
                None => "waits for a lock".into(),
            }
        }
        place::STEP | place::ITEM | place::WAITER if !waits.place.operation.is_empty() => format!("waits in {}, and nobody is left who could end that", waits.place.operation),
        _ if blocked.is_none() => "goes round and round and sees nothing new".into(),
        _ => "waits, and nobody will wake it".into(),
    }
}

/// Directions as text: the task, `-` and how far back if it is not the newest, `x` and how often.
pub(super) fn encode(directions: &[explore::Direction]) -> String {
    let mut parts: Vec<String> = Vec::new();
    let mut rest = directions;
    while let Some(&(task, back)) = rest.first() {
        let same = rest.iter().take_while(|&&other| other == (task, back)).count();
        let mut part = task.to_string();
        if back > 0 {
            let _ = write!(part, "-{back}");
        }
        if same > 1 {
            let _ = write!(part, "x{same}");
        }
        parts.push(part);
        rest = &rest[same..];
    }
    parts.join(".")
}

/// See [`encode`].
pub(super) fn decode(text: &str) -> Option<Vec<explore::Direction>> {
    let mut all = Vec::new();
    for part in text.split('.') {
        let (step, times) = match part.split_once('x') {
            Some((step, times)) => (step, times.parse::<usize>().ok().filter(|times| *times <= 1 << 20)?),
            None => (part, 1),
        };
        let (task, back) = match step.split_once('-') {
            Some((task, back)) => (task.parse().ok()?, back.parse().ok()?),
            None => (step.parse().ok()?, 0),
        };
        all.extend(std::iter::repeat_n((task, back), times));
    }
    Some(all)
}
