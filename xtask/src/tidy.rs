//! The rules of the house that a program can check: edges between crates, pages and tests of codes, rows of the bridge, `unsafe`
//! with its reason, first lines, orphans, generated pages. Each rule is a function that lists what breaks it.

use crate::abi_page;
use std::path::{Path, PathBuf};

/// Who may import whom, the whole list. Harness and chores know the rest only as commands.
const EDGES: &[(&str, &[&str])] = &[
    ("diag", &[]),
    ("abi", &[]),
    ("syntax", &["diag"]),
    ("hir", &["syntax", "diag"]),
    ("mir", &["hir", "diag"]),
    ("codegen", &["mir", "hir", "diag", "abi"]),
    ("oracle", &["mir", "hir", "diag"]),
    ("rt", &["abi"]),
    ("explore", &["rt"]),
    ("litmus", &["explore"]),
    ("driver", &["diag", "syntax", "hir", "mir", "codegen", "oracle", "abi", "rt", "litmus", "explore"]),
    ("harness", &["driver", "litmus", "diag", "abi"]),
    ("xtask", &[]),
];

/// Edges that only tests use: what stands below a phase makes its input.
const TEST_EDGES: &[(&str, &[&str])] = &[("hir", &[]), ("mir", &["syntax"]), ("codegen", &["rt", "syntax"])];

/// Codes without a program in `tests/ui`: those that nothing reports yet. One that has a program has to leave this list.
const LATER: &[&str] = &["W0301"];

/// Prints what is wrong; whether nothing is.
pub fn report(root: &Path) -> bool {
    let wrong = all(root);
    for line in &wrong {
        println!("{line}");
    }
    wrong.is_empty()
}

fn all(root: &Path) -> Vec<String> {
    let mut wrong = edges(root);
    wrong.extend(codes(root));
    wrong.extend(rows(root));
    wrong.extend(safety(root));
    wrong.extend(first_lines(root));
    wrong.extend(orphans(root));
    wrong.extend(fresh(root));
    wrong.extend(litmus_tests(root));
    wrong
}

/// The workspace's members as (name, folder, manifest).
fn members(root: &Path) -> Vec<(String, PathBuf, String)> {
    let manifest = read(&root.join("Cargo.toml"));
    let list = manifest.split_once("members = [").and_then(|(_, rest)| rest.split_once(']')).map_or("", |(list, _)| list);
    let folders = list.split('"').skip(1).step_by(2);
    folders
        .map(|folder| {
            let manifest = read(&root.join(folder).join("Cargo.toml"));
            let name = manifest.split("name = \"").nth(1).and_then(|rest| rest.split('"').next()).unwrap_or("?");
            (name.to_owned(), root.join(folder), manifest)
        })
        .collect()
}

fn edges(root: &Path) -> Vec<String> {
    let mut wrong = Vec::new();
    let members = members(root);
    let known: Vec<&str> = members.iter().map(|(name, _, _)| name.as_str()).collect();
    let allowed = |table: &[(&str, &'static [&'static str])], name: &str| table.iter().find(|(from, _)| *from == name).map(|(_, to)| *to);
    for (name, _, manifest) in &members {
        let Some(edges) = allowed(EDGES, name) else {
            wrong.push(format!("{name}: a crate without a line in the list of edges"));
            continue;
        };
        let mut section = "";
        for line in manifest.lines() {
            if line.starts_with('[') {
                section = line;
            }
            let Some(other) = line.split(['.', ' ', '=']).next().filter(|other| known.contains(other)) else { continue };
            let extra = if section == "[dev-dependencies]" { allowed(TEST_EDGES, name).unwrap_or(&[]) } else { &[] };
            if section.contains("dependencies") && !edges.contains(&other) && !extra.contains(&other) {
                wrong.push(format!("{name} imports {other}, which the list of edges does not allow"));
            }
        }
    }
    wrong
}

fn codes(root: &Path) -> Vec<String> {
    let list = read(&root.join("compiler/diag/src/codes.rs"));
    let codes = list.lines().filter_map(|line| line.trim().split_once(" \"")).map(|(code, _)| code).filter(|code| is_code(code));
    let marks: String = files(&root.join("tests/ui"), ".aur").iter().map(|path| read(path)).collect();
    let mut wrong = Vec::new();
    for code in codes {
        if !root.join(format!("compiler/diag/explain/{code}.md")).is_file() {
            wrong.push(format!("{code} has no page in compiler/diag/explain"));
        }
        match (marks.contains(&format!("//~ {code}")), LATER.contains(&code)) {
            (false, false) => wrong.push(format!("{code} has no program in tests/ui")),
            (true, true) => wrong.push(format!("{code} has a program now: strike it from LATER in tidy")),
            _ => {}
        }
    }
    wrong
}

/// A row that the runtime has no body for does not build; here it must also be spoken of where it is used or tested.
fn rows(root: &Path) -> Vec<String> {
    let mut users = String::new();
    for (folder, ending) in [("std", ".aur"), ("compiler/codegen", ".rs"), ("runtime/rt", ".rs")] {
        users.extend(files(&root.join(folder), ending).iter().map(|path| read(path)));
    }
    let rows = abi_page::rows(root);
    let unused = rows.iter().filter(|row| !users.contains(row.name())).map(|row| format!("the row {} has no body and no user", row.name()));
    let mute = rows.iter().filter(|row| row.sentence.is_empty()).map(|row| format!("the row {} has no sentence", row.name()));
    let mut wrong: Vec<String> = unused.chain(mute).collect();
    if rows.is_empty() {
        wrong.push("no row of the bridge was found".into());
    }
    wrong
}

fn safety(root: &Path) -> Vec<String> {
    let mut wrong = Vec::new();
    for path in rust(root) {
        let text = read(&path);
        let lines: Vec<&str> = text.lines().collect();
        for (index, line) in lines.iter().enumerate() {
            let code = line.split("//").next().unwrap_or("").trim_start();
            let opens = code.split("unsafe {").count() > 1 && !code.contains("_unsafe {") || code.starts_with("unsafe impl");
            if !opens || code.contains('"') {
                continue;
            }
            // The reason stands above the statement, which may take a few lines to reach the word.
            let above = &lines[index.saturating_sub(12)..=index];
            if !above.iter().any(|line| line.contains("SAFETY:")) {
                wrong.push(format!("{}:{}: `unsafe` without a SAFETY line", shown(root, &path), index + 1));
            }
        }
    }
    wrong
}

fn first_lines(root: &Path) -> Vec<String> {
    let mut paths = rust(root);
    for (folder, ending) in [("std", ".aur"), ("tests/run", ".aur"), ("tests/ui", ".aur"), ("examples", ".aur"), ("compiler", ".lalrpop")] {
        paths.extend(files(&root.join(folder), ending));
    }
    let opens = |path: &PathBuf| {
        let text = read(path);
        text.starts_with("//!") || (path.ends_with("grammar.lalrpop") && text.starts_with("//"))
    };
    paths.iter().filter(|path| !opens(path)).map(|path| format!("{}: does not open with its sentence (`//!`)", shown(root, path))).collect()
}

/// Rust files that no `mod` names, and expected texts without a program.
fn orphans(root: &Path) -> Vec<String> {
    let mut wrong = Vec::new();
    for (_, folder, _) in members(root) {
        let sources = files(&folder.join("src"), ".rs");
        let all: String = sources.iter().map(|path| read(path)).collect();
        for path in &sources {
            let stem = path.file_stem().map_or(String::new(), |stem| stem.to_string_lossy().into_owned());
            let name = match stem.as_str() {
                // The stub of executables and the library of objects are compiled by the build script.
                "lib" | "main" | "stub" | "archive" => continue,
                "mod" => path.parent().and_then(Path::file_name).map_or(String::new(), |name| name.to_string_lossy().into_owned()),
                _ => stem,
            };
            if !all.contains(&format!("mod {name};")) && !all.contains(&format!("mod {name} ")) && !all.contains(&format!("pub {name}")) {
                wrong.push(format!("{}: no `mod` names it", shown(root, path)));
            }
        }
    }
    wrong
}

fn fresh(root: &Path) -> Vec<String> {
    let page = read(&root.join("docs/abi.md"));
    if page == abi_page::page(root) { Vec::new() } else { vec!["docs/abi.md is stale: `cargo x bless`".into()] }
}

/// The memory model names its tests: in a paragraph behind the word `Tests:`, and wherever a name ends in `.litmus`.
fn litmus_tests(root: &Path) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut named = 0;
    for paragraph in read(&root.join("docs/memory-model.md")).split("\n\n") {
        // The word itself stands in ticks where it is explained.
        let (before, listed) = paragraph.split_once("Tests: `").map_or((paragraph, String::new()), |(before, rest)| (before, format!("`{rest}")));
        let ticked = |text: &str| -> Vec<String> { text.split('`').skip(1).step_by(2).map(str::to_owned).collect() };
        let files = ticked(before).into_iter().filter_map(|word| word.strip_suffix(".litmus").or_else(|| word.strip_suffix(".aur")).filter(|stem| !stem.is_empty()).map(|stem| stem.to_owned()));
        let tests = ticked(&listed).into_iter().map(|word| word.strip_suffix(".litmus").unwrap_or(&word).to_owned());
        for name in files.chain(tests) {
            named += 1;
            let file = name.rsplit('/').next().unwrap_or(&name);
            if !["litmus", "aur"].iter().any(|ending| root.join(format!("tests/litmus/{file}.{ending}")).is_file()) {
                wrong.push(format!("docs/memory-model.md: there is no test {name} in tests/litmus"));
            }
        }
    }
    if named == 0 {
        wrong.push("docs/memory-model.md names no litmus test".into());
    }
    wrong
}

fn rust(root: &Path) -> Vec<PathBuf> {
    ["compiler", "runtime", "tests/harness", "xtask"].iter().flat_map(|folder| files(&root.join(folder), ".rs")).collect()
}

fn files(folder: &Path, ending: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let Ok(entries) = std::fs::read_dir(folder) else { return found };
    let mut paths: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    paths.sort();
    for path in paths {
        if path.is_dir() {
            found.extend(files(&path, ending));
        } else if path.to_string_lossy().ends_with(ending) {
            found.push(path);
        }
    }
    found
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_default()
}

fn shown(root: &Path, path: &Path) -> String {
    path.strip_prefix(root).unwrap_or(path).display().to_string()
}

fn is_code(word: &str) -> bool {
    word.len() == 5 && word.starts_with(['E', 'W']) && word[1..].bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_house_is_tidy() {
        let wrong = all(&crate::root());
        assert!(wrong.is_empty(), "\n{}\n", wrong.join("\n"));
    }
}
