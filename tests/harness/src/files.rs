//! Finds programs. A program is a file `x.aur`, or a folder with a `main.aur` and the modules beside it.

use crate::compiler::root;
use std::path::{Path, PathBuf};

/// One program and what it is called: `moves/into_a_call` for `tests/ui/moves/into_a_call.aur`.
pub struct Program {
    pub name: String,
    pub path: PathBuf,
}

impl Program {
    /// The file beside it with another ending, if there is one.
    pub fn beside(&self, ending: &str) -> Option<String> {
        std::fs::read_to_string(self.path.with_extension(ending)).ok()
    }

    /// As the compiler is given it: from the root.
    pub fn shown(&self) -> String {
        self.path.strip_prefix(root()).unwrap_or(&self.path).to_string_lossy().into_owned()
    }
}

/// All programs below a folder of the repository, in order of their names.
pub fn programs(folder: &str) -> Vec<Program> {
    let base = root().join(folder);
    let mut found = Vec::new();
    collect(&base, &base, &mut found);
    found.sort_by(|a, b| a.name.cmp(&b.name));
    found
}

fn collect(base: &Path, folder: &Path, out: &mut Vec<Program>) {
    let name_of = |path: &Path| {
        let inner = path.strip_prefix(base).unwrap_or(path);
        inner.with_extension("").to_string_lossy().into_owned()
    };
    let main = folder.join("main.aur");
    if main.is_file() {
        return out.push(Program { name: name_of(folder), path: main });
    }
    for path in entries(folder) {
        if path.is_dir() {
            collect(base, &path, out);
        } else if path.extension().is_some_and(|ending| ending == "aur") {
            out.push(Program { name: name_of(&path), path });
        }
    }
}

/// Every file below a folder whose name ends so, in order.
pub fn ending_with(folder: &Path, ending: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for path in entries(folder) {
        if path.is_dir() {
            found.extend(ending_with(&path, ending));
        } else if path.to_string_lossy().ends_with(ending) {
            found.push(path);
        }
    }
    found
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    let mut paths: Vec<PathBuf> = match std::fs::read_dir(folder) {
        Ok(entries) => entries.flatten().map(|entry| entry.path()).collect(),
        Err(_) => Vec::new(),
    };
    paths.sort();
    paths
}
