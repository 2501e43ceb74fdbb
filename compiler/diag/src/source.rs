//! Source texts and where their lines begin.

use crate::Span;
use std::borrow::Cow;
use std::sync::{Arc, OnceLock};

#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct FileId(pub u32);

impl FileId {
    pub const NONE: FileId = FileId(u32::MAX);
}

/// One text with its name as the user typed it. `library` marks the files of `std`, which reports step over.
#[derive(Debug)]
pub struct SourceFile {
    pub id: FileId,
    pub path: String,
    pub text: Cow<'static, str>,
    pub library: bool,
    /// Few texts are asked.
    line_starts: OnceLock<Vec<u32>>,
}

/// 1-based; columns count characters.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct LineColumn {
    pub line: u32,
    pub column: u32,
}

impl SourceFile {
    /// The same file with another text of the same length, for a first look that leaves parts out.
    pub fn seen_as(&self, text: impl Into<Cow<'static, str>>) -> SourceFile {
        SourceFile { id: self.id, path: self.path.clone(), text: text.into(), library: self.library, line_starts: OnceLock::new() }
    }

    pub fn line_column(&self, offset: u32) -> LineColumn {
        let offset = (offset as usize).min(self.text.len());
        let starts = self.line_starts.get_or_init(|| {
            let behind_ends = self.text.bytes().enumerate().filter(|(_, b)| *b == b'\n').map(|(i, _)| i as u32 + 1);
            std::iter::once(0).chain(behind_ends).collect()
        });
        let line = starts.partition_point(|&start| start as usize <= offset) - 1;
        let start = starts[line] as usize;
        let mut end = offset;
        while !self.text.is_char_boundary(end) {
            end -= 1;
        }
        LineColumn { line: line as u32 + 1, column: self.text[start..end].chars().count() as u32 + 1 }
    }

    pub fn snippet(&self, span: Span) -> &str {
        self.text.get(span.lo as usize..span.hi as usize).unwrap_or("")
    }
}

/// All texts of one compilation. Cheap to clone; files are only ever added.
#[derive(Clone, Debug, Default)]
pub struct SourceMap {
    files: Vec<Arc<SourceFile>>,
}

impl SourceMap {
    pub fn new() -> SourceMap {
        SourceMap::default()
    }

    pub fn add(&mut self, path: impl Into<String>, text: impl Into<Cow<'static, str>>, library: bool) -> Arc<SourceFile> {
        let file = Arc::new(SourceFile {
            id: FileId(self.files.len() as u32),
            path: path.into(),
            text: text.into(),
            library,
            line_starts: OnceLock::new(),
        });
        self.files.push(file.clone());
        file
    }

    /// `None` for spans the compiler made.
    pub fn file(&self, id: FileId) -> Option<&Arc<SourceFile>> {
        self.files.get(id.0 as usize)
    }

    /// A place in a file of the library.
    pub fn is_library(&self, span: Span) -> bool {
        self.file(span.file).is_some_and(|file| file.library)
    }

    pub fn files(&self) -> &[Arc<SourceFile>] {
        &self.files
    }

    /// `path:line:column` of the start of a span; `?` for one without text.
    pub fn place(&self, span: Span) -> String {
        match self.file(span.file) {
            Some(file) => {
                let at = file.line_column(span.lo);
                format!("{}:{}:{}", file.path, at.line, at.column)
            }
            None => "?".into(),
        }
    }

    pub fn snippet(&self, span: Span) -> &str {
        self.file(span.file).map_or("", |file| file.snippet(span))
    }
}
