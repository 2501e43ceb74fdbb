//! Finds the files that a command is given by their folder.

use std::path::{Path, PathBuf};

/// A file as it is; of a folder every file with this extension below it, in the order of their names. What cannot be read is
/// an error: nobody is to believe that all was looked at.
pub(crate) fn files(path: &Path, extension: &str) -> Result<Vec<PathBuf>, String> {
    let mut found = Vec::new();
    if path.is_dir() {
        collect(path, extension, &mut found)?;
    } else {
        std::fs::metadata(path).map_err(|error| unreadable(path, &error))?;
        found.push(path.into());
    }
    Ok(found)
}

fn unreadable(path: &Path, error: &std::io::Error) -> String {
    match error.kind() {
        std::io::ErrorKind::NotFound => format!("there is no file `{}`", path.display()),
        _ => format!("cannot read `{}`: {error}", path.display()),
    }
}

fn collect(folder: &Path, extension: &str, found: &mut Vec<PathBuf>) -> Result<(), String> {
    let complain = |error: std::io::Error| unreadable(folder, &error);
    let entries: Result<Vec<_>, _> = std::fs::read_dir(folder).map_err(complain)?.collect();
    let mut inside: Vec<PathBuf> = entries.map_err(complain)?.iter().map(std::fs::DirEntry::path).collect();
    inside.sort();
    for path in inside {
        if path.is_dir() {
            collect(&path, extension, found)?;
        } else if path.extension().is_some_and(|found| found == extension) {
            found.push(path);
        }
    }
    Ok(())
}
