//! Where phases leave what they found, and the proof that they found nothing.

use crate::{Code, Diagnostic, Severity, Span};
use std::collections::HashSet;

#[derive(Clone, Default, Debug)]
pub struct Diags {
    list: Vec<Diagnostic>,
    /// Where each code was reported: only there can a report be a repetition.
    places: HashSet<(Code, Span)>,
}

/// Proof that no error was reported. Phases behind `check` ask for it: after them nothing can be the user's mistake.
#[derive(Clone, Copy, Debug)]
pub struct Clean(());

impl Diags {
    pub fn new() -> Diags {
        Diags::default()
    }

    pub fn push(&mut self, diagnostic: Diagnostic) {
        // The same sentence at the same place says nothing new.
        let is_new = self.places.insert((diagnostic.code, diagnostic.place()));
        if is_new || !self.list.contains(&diagnostic) {
            self.list.push(diagnostic);
        }
    }

    pub fn extend(&mut self, other: Diags) {
        for diagnostic in other.list {
            self.push(diagnostic);
        }
    }

    pub fn has_errors(&self) -> bool {
        self.list.iter().any(|d| d.severity == Severity::Error)
    }

    pub fn list(&self) -> &[Diagnostic] {
        &self.list
    }

    /// In order of place in the text.
    pub fn into_sorted(mut self) -> Vec<Diagnostic> {
        self.list.sort_by_key(|d| (d.place(), d.severity));
        self.list
    }

    pub fn finish(&self) -> Option<Clean> {
        if self.has_errors() { None } else { Some(Clean(())) }
    }
}
