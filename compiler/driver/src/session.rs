//! One compilation: its texts, what was reported, how long each phase took, and how reports reach the user.

use crate::args::{Color, Effort, Global, MessageFormat};
use crate::exit;
use diag::{Diagnostic, Diags, Severity, SourceMap};
use std::io::{IsTerminal, Write};
use std::path::Path;
use std::time::{Duration, Instant};

pub(crate) struct Session {
    pub sources: SourceMap,
    pub diags: Diags,
    pub effort: Effort,
    /// Plain loops may become parallel ones.
    pub auto_parallel: bool,
    /// Warnings were shown before: this is the same program, made in another way.
    pub repeats: bool,
    global: Global,
    format: MessageFormat,
    timings: Vec<(&'static str, Duration)>,
}

impl Session {
    /// Whether the user's own text may say something that is not safe.
    pub(crate) fn has_unsafe(&self) -> bool {
        let is_unsafe = |text: &str| text.split(|c: char| !c.is_alphanumeric() && c != '_').any(|word| word == "unsafe");
        self.sources.files().iter().any(|file| !file.library && is_unsafe(&file.text))
    }

    pub fn new(global: &Global, format: MessageFormat) -> Session {
        Session { sources: SourceMap::new(), diags: Diags::new(), effort: Effort::Full, auto_parallel: false, repeats: false, global: global.clone(), format, timings: Vec::new() }
    }

    /// Runs a phase under its name for `--timings`. A name that comes again adds up.
    pub fn phase<T>(&mut self, name: &'static str, work: impl FnOnce(&mut Session) -> T) -> T {
        let start = Instant::now();
        let value = work(self);
        let took = start.elapsed();
        match self.timings.iter_mut().find(|(known, _)| *known == name) {
            Some((_, total)) => *total += took,
            None => self.timings.push((name, took)),
        }
        value
    }

    /// Shows every report in the order of the text and gives the exit code. JSON goes to standard output, one object a
    /// line; text goes to standard error with a count at its end.
    pub fn finish(&mut self) -> u8 {
        let failed = self.diags.has_errors();
        let mut list = std::mem::take(&mut self.diags).into_sorted();
        if self.repeats {
            list.retain(|diagnostic| diagnostic.severity == Severity::Error);
        }
        match self.format {
            MessageFormat::Json => {
                let mut text = String::new();
                for diagnostic in &list {
                    text.push_str(&diag::render::json(diagnostic, &self.sources));
                    text.push('\n');
                }
                // A reader that went away needs no report.
                let _ = std::io::stdout().lock().write_all(text.as_bytes());
            }
            MessageFormat::Human => {
                let text = self.rendered(&list, use_color(self.global.color));
                let _ = std::io::stderr().lock().write_all(text.as_bytes());
            }
        }
        if self.global.timings {
            self.show_timings();
        }
        if failed { exit::USER } else { exit::OK }
    }

    /// What was reported, as a text to be shown elsewhere.
    pub fn report(&mut self) -> String {
        let list = std::mem::take(&mut self.diags).into_sorted();
        self.rendered(&list, false)
    }

    fn rendered(&self, list: &[Diagnostic], color: bool) -> String {
        let mut text = String::new();
        for diagnostic in list {
            text.push_str(&diag::render::human(diagnostic, &self.sources, color));
            text.push('\n');
        }
        let count = |severity| list.iter().filter(|diagnostic| diagnostic.severity == severity).count();
        let parts: Vec<String> = [(count(Severity::Error), "error"), (count(Severity::Warning), "warning")]
            .into_iter()
            .filter(|(count, _)| *count > 0)
            .map(|(count, word)| format!("{count} {word}{}", if count == 1 { "" } else { "s" }))
            .collect();
        if !parts.is_empty() {
            text.push_str(&format!("{}\n", parts.join(", ")));
        }
        text
    }

    fn show_timings(&self) {
        let total: Duration = self.timings.iter().map(|(_, took)| *took).sum();
        for (name, took) in self.timings.iter().copied().chain([("total", total)]) {
            eprintln!("{name:>12} {:>10.3} ms", took.as_secs_f64() * 1e3);
        }
    }
}

pub(crate) fn use_color(color: Color) -> bool {
    match color {
        Color::Always => true,
        Color::Never => false,
        Color::Auto => std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none(),
    }
}

/// The text of a file, or a sentence on why there is none.
pub(crate) fn read_text(path: &Path) -> Result<String, String> {
    let shown = path.display();
    if path.is_dir() {
        return Err(format!("`{shown}` is a folder, not a file"));
    }
    let bytes = std::fs::read(path).map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => format!("there is no file `{shown}`"),
        std::io::ErrorKind::PermissionDenied => format!("`{shown}` may not be read"),
        _ => format!("`{shown}` cannot be read: {error}"),
    })?;
    if bytes.len() >= u32::MAX as usize {
        return Err(format!("`{shown}` is larger than 4 GiB"));
    }
    String::from_utf8(bytes).map_err(|error| {
        let good = error.utf8_error().valid_up_to();
        let line = error.as_bytes()[..good].iter().filter(|byte| **byte == b'\n').count() + 1;
        format!("`{shown}` is not UTF-8: line {line} holds the byte 0x{:02x}", error.as_bytes()[good])
    })
}
