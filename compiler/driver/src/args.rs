//! The command line to a [`Request`]. `Err` is the whole text to print: what is wrong, and what was probably meant.

use std::ffi::OsString;
use std::path::PathBuf;

#[derive(Debug, PartialEq)]
pub(crate) struct Request {
    pub command: Command,
    pub global: Global,
}

/// Options of every command.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Global {
    pub timings: bool,
    pub color: Color,
}

#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) enum Color {
    #[default]
    Auto,
    Always,
    Never,
}

#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) enum MessageFormat {
    #[default]
    Human,
    Json,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    Tokens,
    Ast,
    Hir,
    Mir,
    Clif,
    Asm,
}

#[derive(Debug, PartialEq)]
pub(crate) enum Command {
    Run(Run),
    Compile(Compile),
    Check { files: Vec<PathBuf>, format: MessageFormat },
    CheckLibrary { format: MessageFormat },
    UnsafePlaces { files: Vec<PathBuf>, format: MessageFormat },
    Test { path: PathBuf, filter: Option<String>, replay: Option<String> },
    Explain { code: String },
    ExplainLoops { file: PathBuf, format: MessageFormat },
    Emit { stage: Stage, file: PathBuf, function: Option<String> },
    Explore(Explore),
    /// Reports of the parts of one exploration.
    Merge(Vec<PathBuf>),
    Litmus(Litmus),
    Oracle(Oracle),
    Version,
    Help { command: Option<String> },
}

#[derive(Debug, PartialEq)]
pub(crate) struct Run {
    pub file: PathBuf,
    /// What the program sees as its own.
    pub args: Vec<String>,
    /// Virtual time and one seeded schedule.
    pub is_virtual: bool,
    pub seed: Option<u64>,
    pub replay: Option<String>,
    /// Counts at the end.
    pub stats: bool,
    pub workers: Option<u32>,
    pub effort: Effort,
    /// Plain loops may become parallel ones.
    pub auto_parallel: bool,
}

/// How much is done for the speed of the code.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Effort {
    #[default]
    Full,
    None,
}

#[derive(Debug, PartialEq)]
pub(crate) struct Explore {
    pub file: PathBuf,
    /// Of schedules that are drawn, the first one's seed.
    pub seed: u64,
    /// More executions than these are not looked at.
    pub executions: u64,
    /// What the library's locks and channels are made of is explored, too.
    pub atomics: bool,
    /// Shows all that can come of the program instead of the first failure.
    pub outcomes: bool,
    /// Schedules are drawn by priorities that change so many times but one; 0: whoever, at each step.
    pub depth: Option<u32>,
    /// Executions that need more preemptions are not looked at.
    pub preemptions: Option<u32>,
    /// In so many copies of this process.
    pub jobs: usize,
    /// One part of the work.
    pub part: Option<explore::Part>,
    /// Where to tell how it ended.
    pub report: Option<PathBuf>,
    /// Where to write the failing execution as a timeline.
    pub trace: Option<PathBuf>,
    /// One execution again.
    pub replay: Option<String>,
}

#[derive(Debug, PartialEq)]
pub(crate) struct Litmus {
    pub paths: Vec<PathBuf>,
    /// An object a test and line.
    pub json: bool,
    /// With the tables of final states, and an execution that leads to each.
    pub verbose: bool,
    /// Graphs of these executions instead.
    pub dot: bool,
    /// `None`: what the form of the test is made for.
    pub engine: Option<Engine>,
    /// Runs on this machine, too: so many.
    pub hardware: Option<u64>,
    /// Not to be judged, but to be written as a program: to a file, or to the screen.
    pub convert: Option<Option<PathBuf>>,
}

/// What is run step by step, every access to memory watched.
#[derive(Debug, PartialEq)]
pub(crate) struct Oracle {
    pub files: Vec<PathBuf>,
    /// Functions whose names begin so, instead of `main`.
    pub functions: Option<String>,
    /// With so many values for each of their parameters.
    pub inputs: u64,
    /// A run that takes more is given up.
    pub steps: u64,
}

/// So many steps are watched unless told otherwise.
pub(crate) const STEPS_MAX: u64 = 100_000_000;

/// Who judges litmus tests.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Engine {
    /// The axioms.
    Model,
    /// The explorer's runs.
    Explore,
    /// Both, which have to agree.
    Both,
}

#[derive(Debug, PartialEq)]
pub(crate) struct Compile {
    pub make: Make,
    pub out: PathBuf,
    pub effort: Effort,
    pub auto_parallel: bool,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Make {
    Executable(PathBuf),
    /// To be linked with the library.
    Object(PathBuf),
    /// The runtime, as a library to link objects with.
    Library,
}

/// So many executions are explored unless told otherwise.
pub(crate) const EXECUTIONS_MAX: u64 = 10_000_000;
/// So often a litmus test runs on the machine.
pub(crate) const ITERATIONS: u64 = 1_000_000;
/// `2/8`: the second of eight.
fn part(text: &str) -> Option<explore::Part> {
    let (number, of) = text.split_once('/')?;
    let part = explore::Part { number: number.parse().ok()?, of: of.parse().ok()? };
    (1..=part.of).contains(&part.number).then_some(part)
}

/// So many schedules are drawn.
pub(crate) const SCHEDULES: u64 = 10_000;

/// A command with its options; `true` for those that take a value.
struct Shape {
    name: &'static str,
    options: &'static [(&'static str, bool)],
}

const GLOBAL: &[(&str, bool)] = &[("--timings", false), ("--color", true), ("--help", false), ("-h", false)];

const SHAPES: &[Shape] = &[
    Shape { name: "run", options: &[("--virtual", false), ("--seed", true), ("--replay", true), ("--workers", true), ("--stats", false), ("--opt", true), ("--auto-parallel", false)] },
    Shape { name: "compile", options: &[("-o", true), ("--output", true), ("--emit", true), ("--opt", true), ("--auto-parallel", false)] },
    Shape { name: "check", options: &[("--message-format", true), ("--std", false), ("--unsafe", false)] },
    Shape { name: "test", options: &[("--filter", true), ("--replay", true)] },
    Shape { name: "explain", options: &[("--parallel", false), ("--message-format", true)] },
    Shape { name: "emit", options: &[("--stage", true), ("--function", true)] },
    Shape { name: "explore", options: &[("--random", true), ("--seed", true), ("--exhaustive", false), ("--preemptions", true), ("--pct", true), ("--executions", true), ("--atomics", false), ("--outcomes", false), ("--replay", true), ("--jobs", true), ("--shard", true), ("--report", true), ("--trace", true), ("--merge", false)] },
    Shape {
        name: "litmus",
        options: &[
            ("--json", false),
            ("--verbose", false),
            ("--dot", false),
            ("--engine", true),
            ("--hardware", false),
            ("--iterations", true),
            ("--convert", false),
            ("-o", true),
            ("--output", true),
        ],
    },
    Shape { name: "oracle", options: &[("--functions", true), ("--inputs", true), ("--steps", true)] },
    Shape { name: "help", options: &[] },
    Shape { name: "version", options: &[] },
];

pub(crate) fn parse(line: Vec<OsString>) -> Result<Request, String> {
    let mut words = Vec::with_capacity(line.len());
    for word in line {
        words.push(word.into_string().map_err(|word| format!("error: `{}` is not UTF-8", word.to_string_lossy()))?);
    }
    let mut global = Global::default();
    let mut words = words.into_iter().peekable();
    // Options in front of the command are for all of them.
    let name = loop {
        match words.next() {
            None => return Ok(Request { command: Command::Help { command: None }, global }),
            Some(word) if word == "--version" || word == "-V" => return Ok(Request { command: Command::Version, global }),
            Some(word) if word == "--help" || word == "-h" => {
                return Ok(Request { command: Command::Help { command: None }, global });
            }
            Some(word) if word.starts_with('-') => {
                let (option, value) = split_option(&word);
                if !GLOBAL.iter().any(|(name, _)| *name == option) {
                    return Err(unknown("option", option, GLOBAL.iter().map(|(name, _)| *name), None));
                }
                let value = value.map(str::to_owned).or_else(|| if option == "--color" { words.next() } else { None });
                set_global(&mut global, option, value)?;
            }
            Some(word) => break word,
        }
    };
    let Some(shape) = SHAPES.iter().find(|shape| shape.name == name) else {
        if name.ends_with(".aur") {
            return Err(format!("error: `{name}` is a file, not a command\n  help: write `aurorac run {name}`"));
        }
        return Err(unknown("command", &name, SHAPES.iter().map(|shape| shape.name), None));
    };
    let mut given = Given { command: shape.name, plain: Vec::new(), options: Vec::new() };
    let mut only_plain = false;
    while let Some(word) = words.next() {
        // Behind the file everything is the program's.
        if only_plain || !word.starts_with('-') || word == "-" {
            given.plain.push(word);
            only_plain |= shape.name == "run";
            continue;
        }
        if word == "--" {
            only_plain = true;
            continue;
        }
        let (option, value) = split_option(&word);
        let known = shape.options.iter().chain(GLOBAL).find(|(name, _)| *name == option);
        let Some((option, takes_value)) = known.copied() else {
            let names = shape.options.iter().chain(GLOBAL).map(|(name, _)| *name);
            return Err(unknown("option", option, names, Some(shape.name)));
        };
        let value = match (takes_value, value) {
            (true, Some(value)) => Some(value.to_owned()),
            (true, None) => match words.next() {
                Some(value) => Some(value),
                None => return Err(usage(&format!("`{option}` needs a value"), shape.name)),
            },
            (false, None) => None,
            (false, Some(_)) => return Err(usage(&format!("`{option}` takes no value"), shape.name)),
        };
        match option {
            "--help" | "-h" => {
                return Ok(Request { command: Command::Help { command: Some(shape.name.into()) }, global });
            }
            "--timings" | "--color" => set_global(&mut global, option, value)?,
            _ => given.options.push((option, value.unwrap_or_default())),
        }
    }
    Ok(Request { command: given.command()?, global })
}

fn split_option(word: &str) -> (&str, Option<&str>) {
    match word.split_once('=') {
        Some((option, value)) if word.starts_with("--") => (option, Some(value)),
        _ => (word, None),
    }
}

fn set_global(global: &mut Global, option: &str, value: Option<String>) -> Result<(), String> {
    match option {
        "--timings" => global.timings = true,
        _ => {
            let value = value.unwrap_or_default();
            global.color = one_of(option, &value, &[("auto", Color::Auto), ("always", Color::Always), ("never", Color::Never)])?;
        }
    }
    Ok(())
}

struct Given {
    command: &'static str,
    plain: Vec<String>,
    options: Vec<(&'static str, String)>,
}

impl Given {
    fn take(&mut self, names: &[&str]) -> Option<String> {
        let at = self.options.iter().position(|(name, _)| names.contains(name))?;
        Some(self.options.remove(at).1)
    }

    fn number<T: std::str::FromStr>(&mut self, name: &str) -> Result<Option<T>, String> {
        let Some(value) = self.take(&[name]) else { return Ok(None) };
        match value.strip_prefix("0x").map_or_else(|| value.parse().ok(), |hex| u64::from_str_radix(hex, 16).ok()?.to_string().parse().ok()) {
            Some(number) => Ok(Some(number)),
            None => Err(usage(&format!("`{name}` needs a number, not `{value}`"), self.command)),
        }
    }

    fn effort(&mut self) -> Result<Effort, String> {
        match self.take(&["--opt"]) {
            Some(value) => one_of("--opt", &value, &[("full", Effort::Full), ("none", Effort::None)]),
            None => Ok(Effort::default()),
        }
    }

    fn one(&mut self, what: &str) -> Result<String, String> {
        match self.plain.len() {
            0 => Err(usage(&format!("`aurorac {}` needs {what}", self.command), self.command)),
            1 => Ok(self.plain.remove(0)),
            _ => Err(usage(&format!("`aurorac {}` takes one argument, and `{}` is a second", self.command, self.plain[1]), self.command)),
        }
    }

    fn format(&mut self) -> Result<MessageFormat, String> {
        match self.take(&["--message-format"]) {
            Some(value) => one_of("--message-format", &value, &[("human", MessageFormat::Human), ("json", MessageFormat::Json)]),
            None => Ok(MessageFormat::Human),
        }
    }

    fn command(mut self) -> Result<Command, String> {
        Ok(match self.command {
            "run" => {
                let is_virtual = self.take(&["--virtual"]).is_some();
                let (seed, workers) = (self.number("--seed")?, self.number("--workers")?);
                let (replay, effort) = (self.take(&["--replay"]), self.effort()?);
                let stats = self.take(&["--stats"]).is_some();
                let auto_parallel = self.take(&["--auto-parallel"]).is_some();
                if self.plain.is_empty() {
                    self.one("a file")?;
                }
                let file = self.plain.remove(0).into();
                let is_virtual = is_virtual || seed.is_some() || replay.is_some();
                Command::Run(Run { file, args: self.plain, is_virtual, seed, replay, stats, workers, effort, auto_parallel })
            }
            "compile" => {
                let effort = self.effort()?;
                let auto_parallel = self.take(&["--auto-parallel"]).is_some();
                let out = self.take(&["-o", "--output"]).map(PathBuf::from);
                let emit = self.take(&["--emit"]).unwrap_or_else(|| "exe".into());
                let extension = one_of("--emit", &emit, &[("exe", Some("")), ("obj", Some("o")), ("runtime", None)])?;
                let Some(extension) = extension else {
                    if let Some(file) = self.plain.first() {
                        return Err(usage(&format!("`--emit runtime` is the same for every program: it takes no `{file}`"), self.command));
                    }
                    let out = out.unwrap_or_else(|| "libaurora.a".into());
                    return Ok(Command::Compile(Compile { make: Make::Library, out, effort, auto_parallel }));
                };
                let file = PathBuf::from(self.one("a file")?);
                let out = out.unwrap_or_else(|| file.with_extension(extension));
                let make = if extension.is_empty() { Make::Executable(file) } else { Make::Object(file) };
                Command::Compile(Compile { make, out, effort, auto_parallel })
            }
            "check" => {
                let format = self.format()?;
                if self.take(&["--std"]).is_some() {
                    return Ok(Command::CheckLibrary { format });
                }
                if self.plain.is_empty() {
                    self.one("a file")?;
                }
                if self.take(&["--unsafe"]).is_some() {
                    return Ok(Command::UnsafePlaces { files: self.plain.into_iter().map(PathBuf::from).collect(), format });
                }
                Command::Check { files: self.plain.into_iter().map(PathBuf::from).collect(), format }
            }
            "test" => {
                let (filter, replay) = (self.take(&["--filter"]), self.take(&["--replay"]));
                Command::Test { path: self.one("a file or a folder")?.into(), filter, replay }
            }
            "explain" => {
                let format = self.format()?;
                match self.take(&["--parallel"]) {
                    Some(_) => Command::ExplainLoops { file: self.one("a file")?.into(), format },
                    None => Command::Explain { code: self.one("a code such as `E0501`")? },
                }
            }
            "emit" => {
                let stages = [
                    ("tokens", Stage::Tokens),
                    ("ast", Stage::Ast),
                    ("hir", Stage::Hir),
                    ("mir", Stage::Mir),
                    ("clif", Stage::Clif),
                    ("asm", Stage::Asm),
                ];
                let stage = match self.take(&["--stage"]) {
                    Some(value) => one_of("--stage", &value, &stages)?,
                    None => return Err(usage("`aurorac emit` needs `--stage`", "emit")),
                };
                let function = self.take(&["--function"]);
                Command::Emit { stage, file: self.one("a file")?.into(), function }
            }
            "explore" => {
                if self.take(&["--merge"]).is_some() {
                    return Ok(Command::Merge(self.plain.drain(..).map(PathBuf::from).collect()));
                }
                let (random, seed) = (self.number::<u64>("--random")?, self.number("--seed")?);
                let (executions, atomics) = (self.number("--executions")?, self.take(&["--atomics"]).is_some());
                let outcomes = self.take(&["--outcomes"]).is_some();
                let (depth, replay) = (self.number("--pct")?.map(|depth: u64| depth.clamp(1, 64) as u32), self.take(&["--replay"]));
                let ways = [self.take(&["--exhaustive"]).is_some(), random.is_some(), depth.is_some(), replay.is_some()];
                if ways.iter().filter(|way| **way).count() > 1 {
                    return Err("error: `--exhaustive`, `--random`, `--pct` and `--replay` are ways to explore; choose one".into());
                }
                let most = random.unwrap_or(if depth.is_some() { SCHEDULES } else { EXECUTIONS_MAX });
                let depth = if random.is_some() { Some(0) } else { depth };
                let part = match self.take(&["--shard"]) {
                    Some(text) => Some(part(&text).ok_or_else(|| usage(&format!("`--shard` needs a part, such as `1/4`, not `{text}`"), "explore"))?),
                    None => None,
                };
                let jobs = self.number("--jobs")?.unwrap_or(1);
                let (report, trace) = (self.take(&["--report"]).map(PathBuf::from), self.take(&["--trace"]).map(PathBuf::from));
                if (jobs > 1 || part.is_some()) && (depth.is_some() || replay.is_some()) {
                    return Err("error: `--jobs` and `--shard` share out every execution; a schedule that is drawn or repeated is not shared out".into());
                }
                let preemptions = self.number("--preemptions")?;
                if preemptions.is_some() && (depth.is_some() || replay.is_some() || part.is_some() || jobs > 1) {
                    return Err("error: `--preemptions` goes through every execution within the bound, in one process; it goes with `--exhaustive` only".into());
                }
                Command::Explore(Explore { file: self.one("a file")?.into(), seed: seed.unwrap_or(0), executions: executions.unwrap_or(most), atomics, outcomes, depth, preemptions, jobs, part, report, trace, replay })
            }
            "litmus" => {
                let (json, verbose, dot) = (self.take(&["--json"]).is_some(), self.take(&["--verbose"]).is_some(), self.take(&["--dot"]).is_some());
                let engine = match self.take(&["--engine"]) {
                    Some(engine) => Some(one_of("--engine", &engine, &[("model", Engine::Model), ("explore", Engine::Explore), ("both", Engine::Both)])?),
                    None => None,
                };
                let (hardware, iterations) = (self.take(&["--hardware"]).is_some(), self.number("--iterations")?);
                if iterations.is_some() && !hardware {
                    return Err(usage("`--iterations` is for `--hardware`", self.command));
                }
                let (convert, out) = (self.take(&["--convert"]).is_some(), self.take(&["-o", "--output"]).map(PathBuf::from));
                if out.is_some() && !convert {
                    return Err(usage("`-o` is for `--convert`", self.command));
                }
                if self.plain.is_empty() {
                    self.one("a file or a folder")?;
                }
                let hardware = hardware.then(|| iterations.unwrap_or(ITERATIONS));
                let paths = self.plain.into_iter().map(PathBuf::from).collect();
                Command::Litmus(Litmus { paths, json, verbose, dot, engine, hardware, convert: convert.then_some(out) })
            }
            "oracle" => {
                let (functions, inputs, steps) = (self.take(&["--functions"]), self.number("--inputs")?, self.number("--steps")?);
                if self.plain.is_empty() {
                    self.one("a file")?;
                }
                let files = self.plain.into_iter().map(PathBuf::from).collect();
                Command::Oracle(Oracle { files, functions, inputs: inputs.unwrap_or(1), steps: steps.unwrap_or(STEPS_MAX) })
            }
            "version" => Command::Version,
            _ => {
                let command = self.plain.into_iter().next();
                if let Some(name) = &command
                    && !SHAPES.iter().any(|shape| shape.name == name)
                {
                    return Err(unknown("command", name, SHAPES.iter().map(|shape| shape.name), None));
                }
                Command::Help { command }
            }
        })
    }
}

fn one_of<T: Copy>(option: &str, value: &str, choices: &[(&'static str, T)]) -> Result<T, String> {
    if let Some((_, found)) = choices.iter().find(|(name, _)| *name == value) {
        return Ok(*found);
    }
    let names: Vec<String> = choices.iter().map(|(name, _)| format!("`{name}`")).collect();
    let mut text = format!("error: `{option}` is one of {}, not `{value}`", names.join(", "));
    if let Some(near) = nearest(value, choices.iter().map(|(name, _)| *name)) {
        text.push_str(&format!("\n  help: did you mean `{near}`?"));
    }
    Err(text)
}

fn usage(what: &str, command: &str) -> String {
    format!("error: {what}\n  help: `aurorac help {command}` shows how it is used")
}

fn unknown(kind: &str, word: &str, known: impl Iterator<Item = &'static str>, command: Option<&str>) -> String {
    let mut text = format!("error: there is no {kind} `{word}`");
    match (nearest(word, known), command) {
        (Some(near), _) => text.push_str(&format!("\n  help: did you mean `{near}`?")),
        (None, Some(command)) => text.push_str(&format!("\n  help: `aurorac help {command}` lists its options")),
        (None, None) => text.push_str("\n  help: `aurorac help` lists the commands"),
    }
    text
}

fn nearest(word: &str, known: impl Iterator<Item = &'static str>) -> Option<&'static str> {
    let limit = (word.len() / 3).clamp(2, 3);
    known.map(|name| (distance(word, name), name)).filter(|(distance, _)| *distance <= limit).min_by_key(|(distance, _)| *distance).map(|(_, name)| name)
}

/// Changes, insertions and removals between two words.
pub(crate) fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, letter) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for j in 0..b.len() {
            let change = diagonal + usize::from(letter != b[j]);
            diagonal = row[j + 1];
            row[j + 1] = change.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str) -> Result<Request, String> {
        parse(line.split_whitespace().map(OsString::from).collect())
    }

    fn command(line: &str) -> Command {
        read(line).expect("a good line").command
    }

    #[test]
    fn commands_take_their_options() {
        let Command::Run(run) = command("run --virtual --seed 0x10 a.aur --seed x -v") else { panic!() };
        assert_eq!((run.file.to_str(), run.args.len(), run.seed, run.is_virtual), (Some("a.aur"), 3, Some(16), true));
        let Command::Compile(compile) = command("compile dir/a.aur") else { panic!() };
        assert_eq!(compile.out, PathBuf::from("dir/a"));
        assert_eq!(
            command("check a.aur b.aur --message-format=json"),
            Command::Check { files: vec!["a.aur".into(), "b.aur".into()], format: MessageFormat::Json }
        );
        assert_eq!(
            command("emit --stage ast a.aur"),
            Command::Emit { stage: Stage::Ast, file: "a.aur".into(), function: None }
        );
        assert_eq!(command("run --help"), Command::Help { command: Some("run".into()) });
        assert_eq!(command(""), Command::Help { command: None });
        assert_eq!(read("--color never --timings version").map(|r| r.global), Ok(Global { timings: true, color: Color::Never }));
    }

    #[test]
    fn mistakes_are_answered_with_what_was_meant() {
        for (line, part) in [
            ("chekc a.aur", "did you mean `check`?"),
            ("check --mesage-format json a.aur", "did you mean `--message-format`?"),
            ("emit --stage asr a.aur", "did you mean `ast`?"),
            ("a.aur", "aurorac run a.aur"),
            ("run", "needs a file"),
            ("explain", "E0501"),
            ("compile a.aur b.aur", "`b.aur` is a second"),
            ("run --seed x a.aur", "needs a number"),
            ("emit a.aur", "needs `--stage`"),
            ("--colour always", "did you mean `--color`?"),
        ] {
            let text = read(line).expect_err(line);
            assert!(text.contains(part), "{line}: {text}");
        }
    }
}
