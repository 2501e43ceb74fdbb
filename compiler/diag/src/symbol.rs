//! Interned text: one pointer, compared by address, ordered by its letters.

use crate::fast::{FastBuild, FastHasher};
use std::cell::RefCell;
use std::collections::HashSet;
use std::hash::Hasher;
use std::sync::{Mutex, OnceLock};

/// A name or a piece of literal text. Lives as long as the compiler; equal text is the same pointer.
#[derive(Clone, Copy)]
pub struct Symbol(&'static str);

/// What a thread was asked for last, by hash: most names come again soon, and the table is everybody's.
const FRONT: usize = 1 << 10;
thread_local! {
    static LAST: RefCell<Vec<&'static str>> = const { RefCell::new(Vec::new()) };
}

impl Symbol {
    pub fn intern(text: &str) -> Symbol {
        let mut hasher = FastHasher::default();
        hasher.write(text.as_bytes());
        let place = hasher.finish() as usize % FRONT;
        LAST.with_borrow_mut(|last| {
            if last.is_empty() {
                last.resize(FRONT, "");
            }
            if last[place] != text || text.is_empty() {
                last[place] = Symbol::shared(text);
            }
            Symbol(last[place])
        })
    }

    fn shared(text: &str) -> &'static str {
        static TABLE: OnceLock<Mutex<HashSet<&'static str, FastBuild>>> = OnceLock::new();
        let table = TABLE.get_or_init(|| Mutex::new(HashSet::with_capacity_and_hasher(4096, FastBuild::default())));
        // A poisoned table is still a whole table: insertions are single steps.
        let mut table = table.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        if let Some(found) = table.get(text) {
            return found;
        }
        let kept: &'static str = Box::leak(text.into());
        table.insert(kept);
        kept
    }

    pub fn as_str(self) -> &'static str {
        self.0
    }
}

impl PartialEq for Symbol {
    fn eq(&self, other: &Symbol) -> bool {
        std::ptr::eq(self.0.as_ptr(), other.0.as_ptr()) && self.0.len() == other.0.len()
    }
}
impl Eq for Symbol {}
impl std::hash::Hash for Symbol {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        (self.0.as_ptr() as usize).hash(state);
    }
}
impl PartialOrd for Symbol {
    fn partial_cmp(&self, other: &Symbol) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for Symbol {
    fn cmp(&self, other: &Symbol) -> std::cmp::Ordering {
        self.0.cmp(other.0)
    }
}
impl std::ops::Deref for Symbol {
    type Target = str;
    fn deref(&self) -> &str {
        self.0
    }
}
impl std::fmt::Debug for Symbol {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.0)
    }
}
impl std::fmt::Display for Symbol {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.0)
    }
}
impl From<&str> for Symbol {
    fn from(text: &str) -> Symbol {
        Symbol::intern(text)
    }
}
