//! A stretch of source text: a file and two byte offsets.

use crate::FileId;

#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Span {
    pub file: FileId,
    pub lo: u32,
    pub hi: u32,
}

impl Span {
    /// For what the compiler makes itself and no text stands for.
    pub const NONE: Span = Span { file: FileId::NONE, lo: 0, hi: 0 };

    pub fn new(file: FileId, lo: usize, hi: usize) -> Span {
        Span { file, lo: lo as u32, hi: hi as u32 }
    }

    pub fn is_none(self) -> bool {
        self.file == FileId::NONE
    }

    /// The smallest span that holds both.
    pub fn to(self, other: Span) -> Span {
        if self.is_none() {
            return other;
        }
        if other.is_none() || other.file != self.file {
            return self;
        }
        Span { file: self.file, lo: self.lo.min(other.lo), hi: self.hi.max(other.hi) }
    }

    /// The empty span at the start.
    pub fn start(self) -> Span {
        Span { hi: self.lo, ..self }
    }

    /// The empty span behind the end.
    pub fn end(self) -> Span {
        Span { lo: self.hi, ..self }
    }
}

impl std::fmt::Debug for Span {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.is_none() { write!(f, "-") } else { write!(f, "{}:{}..{}", self.file.0, self.lo, self.hi) }
    }
}
