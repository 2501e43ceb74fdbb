//! Interned text: one pointer, compared by address, ordered by its letters.

use std::collections::HashSet;
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::{Mutex, OnceLock};

/// A name or a piece of literal text. Lives as long as the compiler; equal text is the same pointer.
#[derive(Clone, Copy)]
pub struct Symbol(&'static str);

/// Names are short and many, and nobody gains by choosing bad ones (FNV-1a).
struct Short(u64);
type Quick = BuildHasherDefault<Short>;

impl Default for Short {
    fn default() -> Short {
        Short(0xcbf2_9ce4_8422_2325)
    }
}
impl Hasher for Short {
    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }
    fn finish(&self) -> u64 {
        // The table takes the highest bits, too.
        self.0 ^ self.0.rotate_left(25)
    }
}

impl Symbol {
    pub fn intern(text: &str) -> Symbol {
        static TABLE: OnceLock<Mutex<HashSet<&'static str, Quick>>> = OnceLock::new();
        let table = TABLE.get_or_init(|| Mutex::new(HashSet::with_capacity_and_hasher(4096, Quick::default())));
        // A poisoned table is still a whole table: insertions are single steps.
        let mut table = table.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        if let Some(found) = table.get(text) {
            return Symbol(found);
        }
        let kept: &'static str = Box::leak(text.into());
        table.insert(kept);
        Symbol(kept)
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
