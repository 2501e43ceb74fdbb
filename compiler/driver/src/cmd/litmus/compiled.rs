//! Many small programs in one: each `main` is explored on its own, the library is compiled once.

use crate::args::{Global, MessageFormat};
use crate::cmd::explore::Observed;
use crate::modules::Module;
use crate::pipeline;
use crate::session::Session;
use ::explore::How;
use mir::body::MonoProgram;
use mir::{Grain, Roots};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// A program to be explored.
pub(super) struct Text<'a> {
    pub path: String,
    pub text: &'a str,
    /// It has no loops.
    pub straight: bool,
}

/// What came of it.
#[derive(Default)]
pub(super) struct Explored {
    /// What the executions print, and how many print it.
    pub outcomes: BTreeMap<String, u64>,
    pub executions: u64,
    /// Those that an execution with a race prints.
    pub racing: BTreeSet<String>,
}

impl Explored {
    pub fn race(&self) -> bool {
        !self.racing.is_empty()
    }
}

/// Explores each. `Err`: a sentence, or what the compiler reported.
pub(super) fn explore(texts: &[Text], global: &Global) -> Vec<Result<Explored, String>> {
    match together(texts, global) {
        Ok(all) => all,
        // One that does not compile is not to hide the others.
        Err(why) if texts.len() == 1 => vec![Err(why)],
        Err(_) => {
            let (one, other) = texts.split_at(texts.len() / 2);
            explore(one, global).into_iter().chain(explore(other, global)).collect()
        }
    }
}

fn together(texts: &[Text], global: &Global) -> Result<Vec<Result<Explored, String>>, String> {
    let mut session = session(global);
    let program = program(&mut session, texts, Some(Grain::Steps))?;
    let observed = Observed::of_words(&mut session, &program).map_err(|_| "error: the program cannot be made\n".to_string())?;
    Ok(texts.iter().enumerate().map(|(number, text)| one(&observed, number, text.straight)).collect())
}

pub(super) fn session(global: &Global) -> Session {
    let mut session = Session::new(global, MessageFormat::Human);
    session.repeats = true;
    session
}

/// One program, whose tests are the `main`s of these.
pub(super) fn program(session: &mut Session, texts: &[Text], observed: Option<Grain>) -> Result<MonoProgram, String> {
    // The root holds nothing but the others.
    let root = Arc::new(syntax::ast::File::default());
    let mut modules = vec![Module { path: Vec::new(), file: root, library: false }];
    for (number, text) in texts.iter().enumerate() {
        let source = session.sources.add(text.path.clone(), text.text.to_owned(), false);
        let tree = session.phase("parse", |session| syntax::parse(&source, &mut session.diags));
        let path = vec![diag::Symbol::intern(&module(number))];
        modules.push(Module { path, file: Arc::new(tree), library: false });
    }
    if session.diags.finish().is_none() {
        return Err(session.report());
    }
    let typed = pipeline::types_of(session, &modules);
    let mut mains = Vec::new();
    for (number, text) in texts.iter().enumerate() {
        let path = format!("{}::main", module(number));
        match typed.program().fns.iter().find(|def| def.path == path && def.params.is_empty() && def.ret.is_unit()) {
            Some(def) => mains.push(def.id),
            None => return Err(format!("error: `{}` has no `fn main()`\n", text.path)),
        }
    }
    let roots = Roots { main: None, tests: mains, exported: Vec::new(), observed, observes_words: observed.is_some() };
    let made = pipeline::concrete_of(session, typed, &roots, None).map_err(|_| session.report())?;
    // Taking the trees apart would be work for nothing.
    std::mem::forget(made.typed);
    Ok(made.mono)
}

fn module(number: usize) -> String {
    format!("litmus_{number}")
}

fn one(observed: &Observed, number: usize, straight: bool) -> Result<Explored, String> {
    let mut explored = Explored::default();
    let mut strange = None;
    rt::observe::without_loops(straight);
    let report = observed.explore_each(number, &mut |run| {
        if run.number == 1 {
            (explored, strange) = (Explored::default(), None);
        }
        let text = String::from_utf8_lossy(run.out);
        let text = text.trim_end();
        if run.race.is_some() {
            explored.racing.insert(text.to_owned());
        }
        if text.contains('\n') || text.is_empty() {
            strange.get_or_insert_with(|| text.to_owned());
        }
        *explored.outcomes.entry(text.to_owned()).or_default() += 1;
    });
    rt::observe::without_loops(false);
    if let Some(failure) = &report.failure {
        let how = match &failure.how {
            How::Panicked(text) => text.trim_end().to_owned(),
            How::Exited(code) => format!("it exits with {code}"),
            How::Stuck(_) => "no task can go on".into(),
            How::Endless(_) => "a task does not end".into(),
            How::Raced(..) => "there is a data race".into(),
            How::Long => unreachable!("a run that was given up is no failure"),
            How::Diverged => "a run that was to repeat another did something else: this is a mistake of ours".into(),
        };
        return Err(format!("an execution fails: {how}"));
    }
    if !report.complete {
        return Err(format!("the explorer did not come to an end: {} executions, {} of them too long", report.executions, report.too_long));
    }
    if let Some(text) = strange {
        return Err(format!("an execution should print its final state, one line, and printed {text:?}"));
    }
    explored.executions = report.executions;
    Ok(explored)
}
