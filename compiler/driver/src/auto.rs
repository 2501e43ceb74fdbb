//! Plain loops that are gone through by several tasks, where nothing that a program sees depends on it.
//!
//! The judges are those of every program. What the text proposes is asked of the pure functions' check, is written as a `parallel for` and
//! given to the checks of types and ownership: a loop that they refuse stays as it was, and what they say is the reason. So no
//! loop runs in parallel that its author could not have written so.

use crate::modules::{self, Module};
use crate::pipeline::{self, Stopped};
use crate::session::Session;
use diag::{Diagnostic, Diags, Severity, Span};
use hir::TypedProgram;
use std::collections::{HashMap, HashSet};
use std::path::Path;
use std::sync::Arc;
use syntax::independent::{self, Loop, Plan};

pub(crate) struct Judged {
    pub found: Loop,
    pub verdict: Verdict,
}

pub(crate) enum Verdict {
    /// Its author wrote it so.
    Written,
    Parallel(Plan),
    Sequential { why: String, at: Option<Span> },
}

/// The program with its loops as they were judged.
pub(crate) fn types(session: &mut Session, root: &Path) -> Result<(Arc<TypedProgram>, Vec<Judged>), Stopped> {
    session.auto_parallel = true;
    let modules = session.phase("parse", |s| modules::load(s, root)).map_err(Stopped::NoFile)?;
    session.diags.finish().ok_or(Stopped::Reported)?;
    let sources = session.sources.clone();
    let plain = pipeline::types_of(session, &modules);
    // The program as it was written must stand for itself; what is said of it is said of that one.
    pipeline::check(session, &plain)?;
    let told = session.diags.clone();

    let files: Vec<_> = modules.iter().map(|module| &*module.file).collect();
    let loops: Vec<Loop> = independent::loops(&files);
    let mut refused: HashMap<Span, (String, Option<Span>)> = HashMap::new();
    let mut chosen: HashMap<Span, Plan> = HashMap::new();
    for found in &loops {
        let Ok(plan) = &found.plan else { continue };
        match hir::impure_rounds(&plain, found.span) {
            Some((at, why)) => drop(refused.insert(found.span, (why, Some(at)))),
            None => drop(chosen.insert(found.span, plan.clone())),
        }
    }
    let mut typed = plain;
    let mut done = HashSet::new();
    while !chosen.is_empty() {
        let (rewritten, tried) = rewrite(&modules, &chosen);
        (session.sources, session.diags) = (sources.clone(), Diags::new());
        let attempt = pipeline::types_of(session, &rewritten);
        if session.diags.finish().is_some() && pipeline::check(session, &attempt).is_ok() {
            (typed, done) = (attempt, tried);
            break;
        }
        for (span, why) in blamed(session.diags.list(), &tried) {
            chosen.remove(&span);
            refused.entry(span).or_insert(why);
        }
    }
    session.diags = told;
    let inside = |span: Span| done.iter().any(|around| *around != span && around.file == span.file && around.lo <= span.lo && span.hi <= around.hi);
    let judged = loops.into_iter().map(|found| {
        let verdict = match &found.plan {
            _ if found.kind == independent::LoopKind::ParallelFor => Verdict::Written,
            Ok(plan) if done.contains(&found.span) => Verdict::Parallel(plan.clone()),
            _ if inside(found.span) => Verdict::Sequential { why: "the loop around it is parallel".to_owned(), at: None },
            Ok(_) => match refused.remove(&found.span) {
                Some((why, at)) => Verdict::Sequential { why, at },
                None => Verdict::Sequential { why: "what it would be is not a program".to_owned(), at: None },
            },
            Err(obstacle) => Verdict::Sequential { why: obstacle.why.clone(), at: obstacle.at },
        };
        Judged { found, verdict }
    });
    Ok((typed, judged.collect()))
}

fn rewrite(modules: &[Module], chosen: &HashMap<Span, Plan>) -> (Vec<Module>, HashSet<Span>) {
    let mut tried = HashSet::new();
    let rewritten = modules.iter().map(|module| {
        let (file, done) = independent::rewrite(&module.file, chosen);
        tried.extend(done);
        Module { file: Arc::new(file), ..module.clone() }
    });
    (rewritten.collect(), tried)
}

/// The loops that mistakes belong to; all of them if one cannot be told.
fn blamed(list: &[Diagnostic], tried: &HashSet<Span>) -> Vec<(Span, (String, Option<Span>))> {
    let mut blamed = Vec::new();
    for mistake in list.iter().filter(|diagnostic| diagnostic.severity == Severity::Error) {
        let place = mistake.labels.first().map(|label| label.span);
        let around = |span: &&Span| place.is_some_and(|at| span.file == at.file && span.lo <= at.lo && at.hi <= span.hi);
        let owner = tried.iter().filter(around).min_by_key(|span| span.hi - span.lo);
        let why = (mistake.message.clone(), place);
        match owner {
            Some(span) => blamed.push((*span, why)),
            None => blamed.extend(tried.iter().map(|span| (*span, why.clone()))),
        }
    }
    // Nothing was said, and yet it was refused: no loop is worth that.
    if blamed.is_empty() {
        blamed.extend(tried.iter().map(|span| (*span, ("it was refused without a word".to_owned(), None))));
    }
    blamed
}
