//! `aurorac litmus PATH…`: judges litmus tests by the memory model's axioms, by the explorer, and on the machine.

mod compiled;
mod hardware;
mod read;

use crate::args::{Engine, Global, Litmus, MessageFormat};
use crate::exit;
use crate::folder;
use crate::session::Session;
use ::litmus::{Answer, Columns, Histogram, Limits, Outcome, Refusal, State, Test, Wanted};
use compiled::{Explored, Text};
use hardware::Ran;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// A file that was read.
struct Case {
    path: PathBuf,
    /// What the model judges; none if only the explorer can.
    test: Option<Test>,
    /// The head of an Aurora test.
    wanted: Option<Wanted>,
    /// The program.
    text: String,
}

impl Case {
    fn name(&self) -> &str {
        match (&self.test, &self.wanted) {
            (Some(test), _) => &test.name,
            (None, Some(wanted)) => &wanted.name,
            (None, None) => "?",
        }
    }
}

pub(crate) fn litmus(request: &Litmus, global: &Global) -> u8 {
    let files = match files(&request.paths) {
        Ok(files) => files,
        Err(why) => {
            eprintln!("error: {why}");
            return exit::USER;
        }
    };
    if let Some(out) = &request.convert {
        return convert(&files, out.as_deref());
    }
    let (mut cases, mut refused) = (Vec::new(), 0);
    for (file, is_asked_for) in &files {
        match case(file, *is_asked_for) {
            Ok(Some(case)) => cases.push(case),
            Ok(None) => {}
            Err(why) => {
                eprintln!("error: {why}");
                refused += 1;
            }
        }
    }
    if cases.is_empty() && refused == 0 {
        eprintln!("error: there is no litmus test in {}", request.paths.iter().map(|path| format!("`{}`", path.display())).collect::<Vec<_>>().join(", "));
        return exit::USER;
    }
    let mut tally = Tally { refused, tables: request.verbose || files.len() <= TABLES_MAX, ..Tally::default() };
    judge_all(&cases, request, global, &mut tally);
    if !request.json && !request.dot {
        println!("{}", tally.sentence());
    }
    if tally.refused + tally.disagreeing > 0 { exit::USER } else { exit::OK }
}

/// What became of the tests.
#[derive(Default)]
struct Tally {
    judged: usize,
    refused: usize,
    disagreeing: usize,
    states: usize,
    executions: u64,
    /// Whether final states are shown.
    tables: bool,
}

/// Of so many tests final states are shown without asking.
const TABLES_MAX: usize = 3;


impl Tally {
    fn sentence(&self) -> String {
        let mut text = format!("{} judged", self.judged);
        for (count, what) in [(self.refused, "refused"), (self.disagreeing, "with a disagreement")] {
            if count > 0 {
                text.push_str(&format!(", {count} {what}"));
            }
        }
        let plural = |count: u64, one: &str| format!("{count} {one}{}", if count == 1 { "" } else { "s" });
        format!("{text}: {}, {}", plural(self.states as u64, "state"), plural(self.executions, "execution"))
    }
}

/// The tests, and whether each was named itself: in a folder there may be other programs.
fn files(paths: &[PathBuf]) -> Result<Vec<(PathBuf, bool)>, String> {
    let mut all = Vec::new();
    for path in paths {
        let mut found = folder::files(path, "litmus")?;
        if path.is_dir() {
            found.extend(folder::files(path, "aur")?);
            found.sort();
        }
        all.extend(found.into_iter().map(|file| (file, !path.is_dir())));
    }
    Ok(all)
}

/// Reads a file; `None`: it is none of ours.
fn case(file: &Path, is_asked_for: bool) -> Result<Option<Case>, String> {
    let text = text(file)?;
    let refused = |refusal: Refusal| place(file, &text, &refusal);
    if file.extension().is_none_or(|extension| extension != "aur") {
        let test = ::litmus::read(&text).map_err(refused)?;
        return Ok(Some(Case { path: file.into(), text: ::litmus::twin(&test, None), test: Some(test), wanted: None }));
    }
    let Some(wanted) = Wanted::read(&text).map_err(refused)? else {
        return if is_asked_for { Err(format!("{}: this is no litmus test: it has no line `//: litmus NAME`", file.display())) } else { Ok(None) };
    };
    if wanted.explorer {
        return Ok(Some(Case { path: file.into(), test: None, wanted: Some(wanted), text }));
    }
    let mut session = Session::new(&Global::default(), MessageFormat::Human);
    let source = session.sources.add(file.to_string_lossy(), text.clone(), false);
    let tree = syntax::parse(&source, &mut session.diags);
    if session.diags.finish().is_none() {
        return Err(session.report());
    }
    let test = read::read(&tree, &wanted).map_err(refused)?;
    Ok(Some(Case { path: file.into(), test: Some(test), wanted: Some(wanted), text }))
}

fn text(file: &Path) -> Result<String, String> {
    let bytes = std::fs::read(file).map_err(|error| format!("cannot read `{}`: {error}", file.display()))?;
    String::from_utf8(bytes).map_err(|error| {
        let line = error.as_bytes()[..error.utf8_error().valid_up_to()].iter().filter(|&&byte| byte == b'\n').count() + 1;
        format!("{}:{line}: this is not UTF-8", file.display())
    })
}

/// What is compiled together: enough that the library weighs little, not so much that one waits for the first answer.
const TOGETHER: usize = 100;

fn judge_all(cases: &[Case], request: &Litmus, global: &Global, tally: &mut Tally) {
    for cases in cases.chunks(TOGETHER) {
        let explores = |case: &&Case| engine(case, request) != Engine::Model;
        let texts: Vec<Text> = cases.iter().filter(explores).map(|case| Text { path: case.path.display().to_string(), text: &case.text, straight: case.test.is_some() }).collect();
        let mut ran = Vec::new();
        if let Some(iterations) = request.hardware {
            let tests: Vec<&Test> = cases.iter().filter_map(|case| case.test.as_ref()).collect();
            match hardware::run(&tests, iterations, global) {
                Ok(all) => ran = all,
                Err(why) => ran.extend(tests.iter().map(|_| Err(why.clone()))),
            }
        }
        let mut ran = ran.into_iter();
        let mut explored = if texts.is_empty() { Vec::new() } else { compiled::explore(&texts, global) }.into_iter();
        for case in cases {
            let explored = if explores(&case) { explored.next() } else { None };
            let ran = if case.test.is_some() { ran.next() } else { None };
            match judge(case, request, explored).and_then(|answer| on_machine(case, answer, ran)) {
                Ok(answer) => {
                    tally.judged += 1;
                    tally.states += answer.states.len();
                    tally.executions += answer.executions;
                    tally.disagreeing += usize::from(!answer.differences.is_empty());
                    if request.dot {
                        print!("{}", answer.dot());
                        answer.differences.iter().for_each(|difference| eprintln!("error: {}: {difference}", case.path.display()));
                    } else if request.json {
                        println!("{}", answer.json());
                    } else {
                        print!("{}", answer.table(tally.tables));
                    }
                }
                Err(why) => {
                    tally.refused += 1;
                    eprintln!("error: {}: {}", case.path.display(), why.trim_end());
                }
            }
        }
    }
}

/// Who judges a test, unless it was said: the C form is read for the model, Aurora's is to be compiled.
fn engine(case: &Case, request: &Litmus) -> Engine {
    match (request.engine, &case.test) {
        (_, None) => Engine::Explore,
        (Some(engine), _) => engine,
        (None, _) if case.wanted.is_some() => Engine::Both,
        (None, _) => Engine::Model,
    }
}

fn judge(case: &Case, request: &Litmus, explored: Option<Result<Explored, String>>) -> Result<Answer, String> {
    let explored = explored.transpose()?;
    let Some(test) = &case.test else {
        let (explored, wanted) = (explored.ok_or("only the explorer can judge it")?, case.wanted.as_ref().ok_or("it has no head")?);
        let mut answer = Answer::explored(wanted, &explored.outcomes, explored.executions, explored.race());
        answer.differences = wanted.differences(explored.outcomes.keys().map(String::as_str), explored.executions, explored.race());
        answer.holds = answer.differences.is_empty();
        return Ok(answer);
    };
    let too_large = |why| format!("`{}` is too large: {why}", case.name());
    let model = match engine(case, request) {
        Engine::Explore => None,
        Engine::Model | Engine::Both => {
            let judge = if request.verbose || request.dot { ::litmus::judge_with_examples } else { ::litmus::judge };
            Some(judge(test, Limits::default()).map_err(too_large)?)
        }
    };
    let mut differences = Vec::new();
    let by_explorer = match &explored {
        None => None,
        Some(explored) => Some(outcome(test, explored)?),
    };
    if let (Some(model), Some(explorer)) = (&model, &by_explorer) {
        differences.extend(compare(test, model, explorer));
    }
    let Some(outcome) = model.or(by_explorer) else { return Err("nobody was asked".into()) };
    let mut answer = Answer::of(test, &outcome);
    if let Some(wanted) = &case.wanted {
        let printed: Vec<String> = outcome.states.keys().map(|state| ::litmus::printed(test, state)).collect();
        differences.extend(wanted.differences(printed.iter().map(String::as_str), outcome.executions, outcome.race));
        if wanted.question.is_none() {
            answer.holds = true;
        }
    }
    answer.holds &= differences.is_empty();
    answer.differences = differences;
    Ok(answer)
}

/// With what the machine showed: nothing that the model does not allow.
fn on_machine(case: &Case, mut answer: Answer, ran: Option<Result<Ran, String>>) -> Result<Answer, String> {
    let (Some(test), Some(ran)) = (&case.test, ran) else { return Ok(answer) };
    let ran = ran?;
    let mut histogram = Vec::new();
    for (state, &count) in &ran.counts {
        let columns: Columns = test.shown.iter().zip(state).map(|(shown, value)| (shown.label.clone(), value.to_string())).collect();
        let passes = test.filter.as_ref().is_none_or(|filter| filter.holds(state));
        // A race means nothing, whatever comes of it.
        if passes && !answer.race && !answer.states.iter().any(|known| known.columns == columns) {
            answer.differences.push(format!("the machine showed {} in {count} runs, and the model does not allow it", ::litmus::printed(test, state)));
            answer.holds = false;
        }
        histogram.push((count, columns));
    }
    histogram.sort_by_key(|(count, _)| std::cmp::Reverse(*count));
    answer.histogram = Some(Histogram { counts: histogram, seconds: ran.took.as_secs_f64() });
    Ok(answer)
}

/// What the explorer found, as the model would say it.
fn outcome(test: &Test, explored: &Explored) -> Result<Outcome, String> {
    let mut states: BTreeMap<State, u64> = BTreeMap::new();
    let (mut executions, mut race) = (0, false);
    for (printed, &count) in &explored.outcomes {
        let columns = ::litmus::split(printed);
        let fits = columns.len() == test.shown.len() && columns.iter().zip(&test.shown).all(|((label, _), shown)| *label == shown.label);
        let values: Option<State> = columns.iter().map(|(_, value)| value.parse().ok()).collect();
        let Some(state) = values.filter(|_| fits) else { return Err(format!("an execution printed {printed:?}")) };
        if test.filter.as_ref().is_none_or(|filter| filter.holds(&state)) {
            executions += count;
            race |= explored.racing.contains(printed);
            *states.entry(state).or_default() += count;
        }
    }
    Ok(Outcome::new(test, states, executions, race))
}

/// Where the two engines disagree.
fn compare(test: &Test, model: &Outcome, explorer: &Outcome) -> Vec<String> {
    let mut wrong = Vec::new();
    let only = |one: &Outcome, other: &Outcome| one.states.keys().filter(|state| !other.states.contains_key(*state)).map(|state| ::litmus::printed(test, state)).collect::<Vec<_>>();
    for state in only(model, explorer) {
        wrong.push(format!("the model allows {state}, and the explorer does not reach it"));
    }
    for state in only(explorer, model) {
        wrong.push(format!("the explorer reaches {state}, and the model does not allow it"));
    }
    if wrong.is_empty() && model.executions != explorer.executions {
        wrong.push(format!("the model has {} executions, and the explorer {}", model.executions, explorer.executions));
    }
    match (model.race, explorer.race) {
        (true, false) => wrong.push("the model has a race, and the explorer finds none".into()),
        (false, true) => wrong.push("the explorer finds a race, and the model has none".into()),
        _ => {}
    }
    wrong
}

/// Writes the twin of one test, or into a folder those of many.
fn convert(files: &[(PathBuf, bool)], out: Option<&Path>) -> u8 {
    let into = out.filter(|out| out.is_dir());
    let files: Vec<&PathBuf> = files.iter().map(|(file, _)| file).filter(|file| file.extension().is_none_or(|extension| extension != "aur")).collect();
    if files.is_empty() || files.len() > 1 && into.is_none() {
        eprintln!("error: `--convert` takes one `.litmus` file\n  help: of several it makes files in a folder that is there, with `-o FOLDER`");
        return exit::USER;
    }
    let mut code = exit::OK;
    for file in files {
        let out = into.map(|folder| {
            // A name may have a point in it.
            let mut name = file.file_stem().unwrap_or_default().to_os_string();
            name.push(".aur");
            folder.join(name)
        }).or_else(|| out.map(Path::to_path_buf));
        if let Err(why) = convert_one(file, out.as_deref()) {
            eprintln!("error: {why}");
            code = exit::USER;
        }
    }
    code
}

fn convert_one(file: &Path, out: Option<&Path>) -> Result<(), String> {
    let text = text(file)?;
    let test = ::litmus::read(&text).map_err(|refusal| place(file, &text, &refusal))?;
    let outcome = ::litmus::judge(&test, Limits::default()).map_err(|why| format!("{}: `{}` is too large: {why}", file.display(), test.name))?;
    let twin = ::litmus::twin(&test, Some(&Wanted::of(&test, &outcome)));
    match out {
        None => {
            print!("{twin}");
            Ok(())
        }
        Some(out) => std::fs::write(out, twin).map_err(|error| format!("`{}` cannot be written: {error}", out.display())),
    }
}

fn place(file: &Path, text: &str, refusal: &Refusal) -> String {
    let (line, column) = refusal.place(text);
    let shown = text.lines().nth(line - 1).unwrap_or("");
    let number = line.to_string();
    let gap = " ".repeat(number.len());
    // Tabs stay tabs, so that the mark stands below its place.
    let indent: String = shown.bytes().take(column - 1).map(|byte| if byte == b'\t' { '\t' } else { ' ' }).collect();
    format!("{}\n {gap}--> {}:{line}:{column}\n {number} │ {shown}\n {gap} │ {indent}^", refusal.message, file.display())
}
