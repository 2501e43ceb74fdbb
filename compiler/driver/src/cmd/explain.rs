//! `aurorac explain CODE`: the page of a code. `aurorac explain --parallel FILE`: every loop of a program, whether it can be gone
//! through by several tasks, and why not.

use crate::args::{Global, MessageFormat, distance};
use crate::auto::{self, Judged, Verdict};
use crate::exit;
use crate::pipeline::Stopped;
use crate::session::Session;
use diag::{Code, LineColumn, SourceMap, Span};
use std::fmt::Write as _;
use std::io::Write;
use std::path::Path;
use syntax::independent::LoopKind;

pub(crate) fn explain(code: &str) -> u8 {
    let wanted = code.trim().to_uppercase();
    if let Some(page) = diag::explain(&wanted) {
        let _ = std::io::stdout().lock().write_all(page.as_bytes());
        return exit::OK;
    }
    eprintln!("error: there is no code `{code}`");
    let near = Code::ALL.iter().map(|code| code.as_str()).min_by_key(|known| distance(&wanted, known));
    match near.filter(|known| distance(&wanted, known) == 1) {
        Some(near) => eprintln!("  help: did you mean `{near}`?"),
        None => eprintln!("  help: a code looks like `E0501`; the messages of the compiler show them"),
    }
    exit::USAGE
}

/// Every loop, in the order of the text.
pub(crate) fn loops(file: &Path, format: MessageFormat, global: &Global) -> u8 {
    let mut session = Session::new(global, format);
    let judged = match auto::types(&mut session, file) {
        Ok((_, judged)) => judged,
        Err(Stopped::NoFile(why)) => {
            eprintln!("error: {why}");
            return exit::USER;
        }
        Err(Stopped::Reported) => return session.finish(),
    };
    let mut text = String::new();
    for judged in &judged {
        match format {
            MessageFormat::Human => human(&mut text, judged, &session.sources),
            MessageFormat::Json => json(&mut text, judged, &session.sources),
        }
        text.push('\n');
    }
    if judged.is_empty() && format == MessageFormat::Human {
        text.push_str("there is no loop\n");
    }
    // A reader that went away needs no list.
    let _ = std::io::stdout().lock().write_all(text.as_bytes());
    exit::OK
}

/// The word for a verdict, and the reason.
fn told(judged: &Judged) -> (&'static str, String) {
    match &judged.verdict {
        Verdict::Written => ("parallel", "it is written as one".to_owned()),
        Verdict::Sequential { why, .. } => ("sequential", why.clone()),
        Verdict::Parallel(plan) => {
            let mut why = "its rounds do not depend on each other".to_owned();
            if !plan.elements.is_empty() {
                let names: Vec<String> = plan.elements.iter().map(|name| format!("`{name}`")).collect();
                let _ = write!(why, "; each has its own element of {}", names.join(" and "));
            }
            for (op, variable) in &plan.reductions {
                let _ = write!(why, "; `{}` is gathered by `{op}`", variable.name);
            }
            let _ = write!(why, "; pays from {} rounds on, of about {} steps each", plan.least * 2, plan.steps);
            ("parallel", why)
        }
    }
}

fn human(text: &mut String, judged: &Judged, sources: &SourceMap) {
    let (verdict, why) = told(judged);
    let _ = write!(text, "{}: {} is {verdict}: {why}", sources.place(judged.found.head), word(judged.found.kind));
    if let Verdict::Sequential { at: Some(at), .. } = &judged.verdict
        && let Some(place) = place(*at, sources)
    {
        let _ = write!(text, " (line {})", place.line);
    }
}

fn word(kind: LoopKind) -> &'static str {
    match kind {
        LoopKind::For => "`for`",
        LoopKind::ParallelFor => "`parallel for`",
        LoopKind::While => "`while`",
        LoopKind::Endless => "`loop`",
    }
}

fn place(span: Span, sources: &SourceMap) -> Option<LineColumn> {
    Some(sources.file(span.file).filter(|file| !file.library)?.line_column(span.lo))
}

/// One object on one line.
fn json(text: &mut String, judged: &Judged, sources: &SourceMap) {
    let (verdict, why) = told(judged);
    let field = |text: &mut String, name: &str, value: &str| {
        let _ = write!(text, "\"{name}\":");
        diag::render::quote(text, value);
    };
    text.push('{');
    field(text, "file", sources.file(judged.found.head.file).map_or("", |file| file.path.as_str()));
    let at = place(judged.found.head, sources);
    let number = |text: &mut String, name: &str, value: Option<u64>| {
        let _ = match value {
            Some(value) => write!(text, ",\"{name}\":{value}"),
            None => write!(text, ",\"{name}\":null"),
        };
    };
    number(text, "line", at.map(|at| u64::from(at.line)));
    number(text, "column", at.map(|at| u64::from(at.column)));
    text.push(',');
    field(text, "loop", word(judged.found.kind).trim_matches('`'));
    text.push(',');
    field(text, "verdict", verdict);
    text.push(',');
    field(text, "reason", &why);
    let because = match &judged.verdict {
        Verdict::Sequential { at: Some(at), .. } => place(*at, sources),
        _ => None,
    };
    number(text, "reason_line", because.map(|at| u64::from(at.line)));
    let plan = match &judged.verdict {
        Verdict::Parallel(plan) => Some(plan),
        _ => None,
    };
    text.push_str(",\"reductions\":[");
    for (index, (op, variable)) in plan.into_iter().flat_map(|plan| &plan.reductions).enumerate() {
        text.push_str(if index == 0 { "" } else { "," });
        diag::render::quote(text, &format!("{op}: {}", variable.name));
    }
    text.push_str("],\"elements\":[");
    for (index, name) in plan.into_iter().flat_map(|plan| &plan.elements).enumerate() {
        text.push_str(if index == 0 { "" } else { "," });
        diag::render::quote(text, name.as_str());
    }
    text.push(']');
    number(text, "pays_from", plan.map(|plan| plan.least * 2));
    text.push('}');
}
