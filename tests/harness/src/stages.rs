//! What a phase makes of a program, written down: a page of `tests/stages` has sections of one block of `aur` and, behind it,
//! blocks named by a stage (`tokens`, `ast`, `hir`, `mir`, `clif`) with what `aurorac emit` prints for its function `main`, or
//! for the one that is named behind the stage, or
//! named `loops` and `loops-json`, with what `aurorac explain --parallel` says of its loops, or named `accesses`, with the
//! instructions of every other function that touch memory outside of its frame.

use crate::compiler::{Folder, call};
use crate::text::difference;
use std::path::Path;

const STAGES: [&str; 8] = ["tokens", "ast", "hir", "mir", "clif", "loops", "loops-json", "accesses"];

/// A line a function of the program's root: what it does to memory that is not its frame's.
fn accesses(asm: &str) -> String {
    let mut text = String::new();
    for function in asm.split("\n; ") {
        let (name, body) = function.split_once('\n').unwrap_or((function, ""));
        let name = name.trim_start_matches("; ");
        let touches = |line: &&str| {
            line.contains("fence") || line.contains("lock ") || line.contains("atomically") || line.contains("(%r") && !["(%rsp", "(%rbp"].iter().any(|own| line.contains(own))
        };
        let done: Vec<&str> = body.lines().map(str::trim).filter(touches).collect();
        if name != "main" && !name.contains("::") {
            text.push_str(&format!("{name}: {}\n", if done.is_empty() { "nothing".into() } else { done.join(" | ") }));
        }
    }
    text
}

/// Checks a page, or with `bless` writes what is printed now into its blocks.
pub fn judge(page: &Path, bless: bool) -> Result<(), String> {
    let text = std::fs::read_to_string(page).map_err(|error| error.to_string())?;
    let folder = Folder::new();
    let (mut out, mut wrong) = (String::new(), String::new());
    let mut program: Option<String> = None;
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        out.push_str(line);
        out.push('\n');
        let Some(label) = line.strip_prefix("```") else { continue };
        let (name, function) = label.split_once(' ').unwrap_or((label, "main"));
        let inner: String = lines.by_ref().take_while(|line| *line != "```").map(|line| format!("{line}\n")).collect();
        let mut kept = inner.clone();
        if name == "aur" {
            program = Some(folder.write("main.aur", &inner).to_string_lossy().into_owned());
        } else if name == "accesses" && !cfg!(target_arch = "x86_64") {
            // Other machines have other instructions.
        } else if STAGES.contains(&name) {
            let Some(path) = &program else { return Err("a stage before any program".into()) };
            let args = match name {
                "loops" => vec!["explain", "--parallel", path.as_str()],
                "loops-json" => vec!["explain", "--parallel", "--message-format", "json", path.as_str()],
                "accesses" => vec!["emit", "--stage", "asm", path.as_str()],
                "tokens" => vec!["emit", "--stage", name, path.as_str()],
                _ => vec!["emit", "--stage", name, path.as_str(), "--function", function],
            };
            let done = call(&args);
            if done.code != 0 || done.broken().is_some() {
                return Err(format!("`emit --stage {name}` ended with {}\n{}", done.code, done.err));
            }
            if name == "accesses" {
                kept = accesses(&done.out);
            } else {
                // Paths of the copy are nobody's business.
                kept = done.out.replace(path.as_str(), "main.aur");
            }
            if !kept.ends_with('\n') {
                kept.push('\n');
            }
            let how = difference(&inner, &kept);
            if !how.is_empty() {
                wrong.push_str(&format!("{name}: {how}"));
            }
        }
        out.push_str(&kept);
        out.push_str("```\n");
    }
    if bless {
        return std::fs::write(page, out).map_err(|error| error.to_string());
    }
    if wrong.is_empty() { Ok(()) } else { Err(format!("{wrong}`cargo x bless` writes it down")) }
}
