//! Draws diagnostics: for people as text with the lines they speak of, for editors as JSON. The only file that knows miette.

use crate::{Diagnostic, FileId, Label, LineColumn, Severity, SourceFile, SourceMap, Span};
use miette::{GraphicalReportHandler, GraphicalTheme, LabeledSpan, MietteError, MietteSpanContents, SourceCode, SourceSpan, SpanContents};
use std::fmt::Write;

const WIDTH: usize = 100;

/// `error[E0501]: …`, the places with their labels, notes and help. Ends with a line end.
pub fn human(diagnostic: &Diagnostic, sources: &SourceMap, color: bool) -> String {
    let mut out = String::new();
    let paint = Paint { color };
    let (word, ansi) = match diagnostic.severity {
        Severity::Error => ("error", "1;31"),
        Severity::Warning => ("warning", "1;33"),
    };
    let head = paint.with(ansi, &format!("{word}[{}]", diagnostic.code.as_str()));
    let _ = writeln!(out, "{head}{}", paint.with("1", &format!(": {}", diagnostic.message)));
    for file in files_of(diagnostic) {
        if let Some(source) = sources.file(file) {
            let labels: Vec<&Label> = diagnostic.labels.iter().filter(|label| label.span.file == file).collect();
            out.push_str(&excerpt(source, &labels, color));
        }
    }
    for note in &diagnostic.notes {
        hanging(&mut out, &paint.with("1", "  note: "), note);
    }
    if let Some(help) = &diagnostic.help {
        hanging(&mut out, &paint.with("1;36", "  help: "), help);
    } else if let Some(help) = help_from_fix(diagnostic) {
        hanging(&mut out, &paint.with("1;36", "  help: "), &help);
    }
    out
}

/// The file of the place first.
fn files_of(diagnostic: &Diagnostic) -> Vec<FileId> {
    let mut files = vec![diagnostic.place().file];
    for label in &diagnostic.labels {
        if !files.contains(&label.span.file) {
            files.push(label.span.file);
        }
    }
    files
}

/// A fix that nothing in words tells yet.
fn help_from_fix(diagnostic: &Diagnostic) -> Option<String> {
    let replacement = diagnostic.fix.as_ref()?.replacement.trim();
    let told = |text: &str| text.contains(&format!("`{replacement}`"));
    let is_told = told(&diagnostic.message) || diagnostic.labels.iter().any(|label| told(&label.text));
    (!replacement.is_empty() && !replacement.contains('\n') && !is_told).then(|| format!("write `{replacement}`"))
}

fn hanging(out: &mut String, head: &str, text: &str) {
    for (index, line) in text.lines().enumerate() {
        out.push_str(if index == 0 { head } else { "        " });
        out.push_str(line);
        out.push('\n');
    }
}

struct Paint {
    color: bool,
}

impl Paint {
    fn with(&self, ansi: &str, text: &str) -> String {
        if self.color { format!("\x1b[{ansi}m{text}\x1b[0m") } else { text.to_owned() }
    }
}

/// The lines of one file with their labels.
fn excerpt(source: &SourceFile, labels: &[&Label], color: bool) -> String {
    let drawn = Drawn { text: Text(source), labels };
    let theme = if color { GraphicalTheme::unicode() } else { GraphicalTheme::unicode_nocolor() };
    let handler = GraphicalReportHandler::new_themed(theme).with_links(false).with_width(WIDTH).with_context_lines(1);
    let mut whole = String::new();
    let found = handler.render_report(&mut whole, &drawn).ok().and_then(|()| whole.find("╭─["));
    let Some(frame) = found else {
        // Nothing to draw, as in an empty file.
        let at = labels.first().map_or(LineColumn { line: 1, column: 1 }, |label| source.line_column(label.span.lo));
        return format!("  --> {}:{}:{}\n", source.path, at.line, at.column);
    };
    // Our own first line replaces theirs.
    let line = whole[..frame].rfind('\n').map_or(0, |at| at + 1);
    let mut out = String::new();
    for line in whole[line..].lines() {
        let line = line.trim_end();
        if !line.is_empty() {
            out.push_str(line);
            out.push('\n');
        }
    }
    out
}

struct Drawn<'a> {
    text: Text<'a>,
    labels: &'a [&'a Label],
}

impl std::fmt::Debug for Drawn<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Drawn")
    }
}

impl std::fmt::Display for Drawn<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("-")
    }
}

impl std::error::Error for Drawn<'_> {}

impl miette::Diagnostic for Drawn<'_> {
    fn source_code(&self) -> Option<&dyn SourceCode> {
        Some(&self.text)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        let end = self.text.0.text.len();
        Some(Box::new(self.labels.iter().map(move |label| {
            let lo = (label.span.lo as usize).min(end);
            let hi = (label.span.hi as usize).clamp(lo, end);
            // A label over several lines marks the first: what it means is where it begins.
            let first_line = self.text.0.text[lo..hi].find('\n').map_or(hi, |at| lo + at);
            let text = (!label.text.is_empty()).then(|| label.text.clone());
            match label.primary {
                true => LabeledSpan::new_primary_with_span(text, (lo, first_line - lo)),
                false => LabeledSpan::new_with_span(text, (lo, first_line - lo)),
            }
        })))
    }
}

struct Text<'a>(&'a SourceFile);

impl SourceCode for Text<'_> {
    fn read_span<'a>(
        &'a self,
        span: &SourceSpan,
        lines_before: usize,
        lines_after: usize,
    ) -> Result<Box<dyn SpanContents<'a> + 'a>, MietteError> {
        let inner = self.0.text.read_span(span, lines_before, lines_after)?;
        Ok(Box::new(MietteSpanContents::new_named(
            self.0.path.clone(),
            inner.data(),
            *inner.span(),
            inner.line(),
            inner.column(),
            inner.line_count(),
        )))
    }
}

/// One object on one line, without a line end. Lines and columns begin at 1; columns count characters.
pub fn json(diagnostic: &Diagnostic, sources: &SourceMap) -> String {
    let mut out = String::from("{");
    field(&mut out, "code", diagnostic.code.as_str());
    out.push(',');
    field(
        &mut out,
        "severity",
        match diagnostic.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        },
    );
    out.push(',');
    field(&mut out, "message", &diagnostic.message);
    out.push(',');
    field(&mut out, "file", path_of(diagnostic.place(), sources));
    out.push_str(",\"spans\":[");
    for (index, label) in diagnostic.labels.iter().enumerate() {
        out.push_str(if index == 0 { "{" } else { ",{" });
        place(&mut out, label.span, sources);
        out.push(',');
        field(&mut out, "label", &label.text);
        let _ = write!(out, ",\"primary\":{}}}", label.primary);
    }
    out.push_str("],\"help\":");
    match &diagnostic.help {
        Some(help) => quote(&mut out, help),
        None => out.push_str("null"),
    }
    out.push_str(",\"notes\":[");
    for (index, note) in diagnostic.notes.iter().enumerate() {
        if index > 0 {
            out.push(',');
        }
        quote(&mut out, note);
    }
    out.push_str("],\"fix\":");
    match &diagnostic.fix {
        Some(fix) => {
            out.push_str("{\"span\":{");
            place(&mut out, fix.span, sources);
            out.push_str("},");
            field(&mut out, "replacement", &fix.replacement);
            out.push('}');
        }
        None => out.push_str("null"),
    }
    out.push('}');
    out
}

fn path_of(span: Span, sources: &SourceMap) -> &str {
    sources.file(span.file).map_or("", |file| &file.path)
}

fn place(out: &mut String, span: Span, sources: &SourceMap) {
    field(out, "file", path_of(span, sources));
    let (from, to) = match sources.file(span.file) {
        Some(file) => (file.line_column(span.lo), file.line_column(span.hi)),
        None => (LineColumn { line: 1, column: 1 }, LineColumn { line: 1, column: 1 }),
    };
    let _ = write!(
        out,
        ",\"line\":{},\"column\":{},\"end_line\":{},\"end_column\":{}",
        from.line, from.column, to.line, to.column
    );
}

fn field(out: &mut String, name: &str, value: &str) {
    quote(out, name);
    out.push(':');
    quote(out, value);
}

/// A text as JSON has it, in its quotes.
pub fn quote(out: &mut String, text: &str) {
    out.push('"');
    for letter in text.chars() {
        match letter {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            letter if u32::from(letter) < 0x20 => {
                let _ = write!(out, "\\u{:04x}", u32::from(letter));
            }
            letter => out.push(letter),
        }
    }
    out.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Code, SourceMap};

    fn example() -> (SourceMap, Diagnostic) {
        let mut sources = SourceMap::new();
        let text = "fn main() {\n    let jobs = vec[1]\n    let x = spawn { run(jobs) }\n    println(\"{jobs}\")\n}\n";
        let file = sources.add("move.aur", text, false);
        let other = sources.add("lib/run.aur", "pub fn run(jobs: Vec<int>) {}\n", false);
        let at = |part: &str, nth: usize| {
            let lo = text.match_indices(part).nth(nth).expect("the part is in the text").0;
            Span::new(file.id, lo, lo + part.len())
        };
        let diagnostic = Diagnostic::error(Code::E0501, "`jobs` was moved here and used later")
            .label(at("jobs", 1), "moved into this task")
            .primary(at("jobs", 2), "used again here")
            .label(Span::new(other.id, 11, 15), "this parameter takes it")
            .note("a \"vector\" is moved, not copied")
            .help("clone it before `spawn`")
            .fix(at("jobs", 1), "jobs.clone()");
        (sources, diagnostic)
    }

    #[test]
    fn text_shows_every_place() {
        let (sources, diagnostic) = example();
        let text = human(&diagnostic, &sources, false);
        assert_eq!(text, include_str!("render_example.txt"), "\n{text}");
        assert!(human(&diagnostic, &sources, true).contains("\x1b[1;31merror[E0501]"));
    }

    #[test]
    fn json_is_one_line_with_places() {
        let (sources, diagnostic) = example();
        let text = json(&diagnostic, &sources);
        assert!(!text.contains('\n'));
        assert!(text.starts_with("{\"code\":\"E0501\",\"severity\":\"error\",\"message\":\"`jobs` was moved here and used later\",\"file\":\"move.aur\",\"spans\":[{\"file\":\"move.aur\",\"line\":3,\"column\":25,\"end_line\":3,\"end_column\":29,\"label\":\"moved into this task\",\"primary\":false}"));
        assert!(text.contains("\"notes\":[\"a \\\"vector\\\" is moved, not copied\"]"));
        assert!(text.ends_with("\"fix\":{\"span\":{\"file\":\"move.aur\",\"line\":3,\"column\":25,\"end_line\":3,\"end_column\":29},\"replacement\":\"jobs.clone()\"}}"));
    }

    #[test]
    fn odd_places_are_drawn_too() {
        let mut sources = SourceMap::new();
        for text in ["", "\n", "é", "fn f(", "a\r\nb\tc\n\n"] {
            let file = sources.add("odd.aur", text, false);
            for (lo, hi) in [(0, 0), (0, text.len()), (text.len(), text.len())] {
                let diagnostic = Diagnostic::warning(Code::W0201, "odd").primary(Span::new(file.id, lo, hi), "here");
                assert!(human(&diagnostic, &sources, false).contains("odd.aur:"), "{text:?} {lo}..{hi}");
                json(&diagnostic, &sources);
            }
        }
        let nowhere = Diagnostic::error(Code::E0208, "no `main`").primary(Span::NONE, "");
        assert_eq!(human(&nowhere, &sources, false), "error[E0208]: no `main`\n");
        json(&nowhere, &sources);
    }
}
