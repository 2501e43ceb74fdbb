//! An execution as a picture: events by thread, what each read, the order of each location's writes. As text, or for Graphviz.

use crate::model::{Event, Graph, Kind};
use crate::program::{Order, Test};
use std::fmt::Write;

/// `a`, `b`, …, `z`, `a1`, …: events have names, initial writes have none.
fn name(graph: &Graph, id: usize) -> String {
    // Thread by thread, whatever order they were added in.
    let of = |event: &Event| (event.thread, event.number);
    let number = graph.events.iter().filter(|event| !is_initial(event) && of(event) < of(&graph.events[id])).count();
    let letter = char::from(b'a' + (number % 26) as u8);
    if number < 26 { letter.to_string() } else { format!("{letter}{}", number / 26) }
}

fn is_initial(event: &Event) -> bool {
    event.kind == Kind::Initial
}

fn word(order: Order) -> &'static str {
    match order {
        Order::Plain => "plain",
        Order::Relaxed => "relaxed",
        Order::Acquire => "acquire",
        Order::Release => "release",
        Order::AcqRel => "acqrel",
        Order::SeqCst => "seqcst",
    }
}

/// What an event did.
fn deed(test: &Test, graph: &Graph, event: &Event) -> String {
    let location = || test.locations.get(event.location).map_or("?", |location| location.name.as_str());
    let seen = || event.reads_from.map_or(0, |write| graph.events[write].written);
    match event.kind {
        Kind::Initial => format!("{} = {}", location(), event.written),
        Kind::Read => format!("{} is {} ({})", location(), seen(), word(event.order)),
        Kind::Write => format!("{} = {} ({})", location(), event.written, word(event.order)),
        Kind::Update => format!("{} from {} to {} ({})", location(), seen(), event.written, word(event.order)),
        Kind::Fence => format!("fence({})", word(event.order)),
    }
}

/// Lines: one a thread, one a location that was written.
pub fn text(test: &Test, graph: &Graph) -> Vec<String> {
    let mut lines = Vec::new();
    let source = |event: &Event| match event.reads_from {
        None => String::new(),
        Some(write) if is_initial(&graph.events[write]) => " from the beginning".into(),
        Some(write) => format!(" from {}", name(graph, write)),
    };
    for thread in 0..test.threads.len() {
        let events: Vec<String> = (graph.events.iter().enumerate())
            .filter(|(_, event)| !is_initial(event) && event.thread == thread)
            .map(|(id, event)| format!("{}: {}{}", name(graph, id), deed(test, graph, event), source(event)))
            .collect();
        lines.push(format!("P{thread}  {}", events.join("; ")));
    }
    for (location, order) in test.locations.iter().zip(&graph.modifications) {
        if order.len() > 1 {
            let writes: Vec<String> = order[1..].iter().map(|&id| name(graph, id)).collect();
            lines.push(format!("{}: {}, then {}", location.name, location.initial, writes.join(", then ")));
        }
    }
    lines
}

/// A graph for Graphviz.
pub fn dot(test: &Test, graph: &Graph, title: &str) -> String {
    let mut text = String::new();
    let quoted = |text: &str| format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""));
    let node = |id: usize| if is_initial(&graph.events[id]) { format!("initial{id}") } else { name(graph, id) };
    let _ = writeln!(text, "digraph {} {{\n    label={}; labelloc=t; node [shape=plaintext, fontname=monospace];", quoted(title), quoted(title));
    for (id, event) in graph.events.iter().enumerate().filter(|(_, event)| is_initial(event)) {
        let _ = writeln!(text, "    {} [label={}];", node(id), quoted(&deed(test, graph, event)));
    }
    for thread in 0..test.threads.len() {
        let _ = writeln!(text, "    subgraph cluster{thread} {{\n        label=\"P{thread}\";");
        let mut last: Option<usize> = None;
        for (id, event) in graph.events.iter().enumerate().filter(|(_, event)| !is_initial(event) && event.thread == thread) {
            let _ = writeln!(text, "        {} [label={}];", node(id), quoted(&format!("{}: {}", name(graph, id), deed(test, graph, event))));
            if let Some(last) = last {
                let _ = writeln!(text, "        {} -> {};", node(last), node(id));
            }
            last = Some(id);
        }
        text.push_str("    }\n");
    }
    for (id, event) in graph.events.iter().enumerate() {
        if let Some(write) = event.reads_from {
            let _ = writeln!(text, "    {} -> {} [label=rf, color=red, fontcolor=red, constraint=false];", node(write), node(id));
        }
        if event.kind == Kind::Read
            && let Some(write) = event.reads_from
            && let Some(after) = graph.modifications[event.location].iter().position(|&other| other == write)
            && let Some(&next) = graph.modifications[event.location].get(after + 1)
        {
            let _ = writeln!(text, "    {} -> {} [label=rb, color=darkorange, fontcolor=darkorange, constraint=false];", node(id), node(next));
        }
        for other in crate::model::members(event.synchronises) {
            let _ = writeln!(text, "    {} -> {} [label=sw, color=darkgreen, fontcolor=darkgreen, constraint=false];", node(other), node(id));
        }
    }
    for order in &graph.modifications {
        for pair in order.windows(2) {
            let _ = writeln!(text, "    {} -> {} [label=mo, color=blue, fontcolor=blue, constraint=false];", node(pair[0]), node(pair[1]));
        }
    }
    text.push_str("}\n");
    text
}
