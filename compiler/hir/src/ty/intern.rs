//! The table that makes equal types the same pointer. Shared by all threads; a thread-local front answers most questions.

use super::kind::*;
use std::cell::RefCell;
use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasherDefault, Hash, Hasher};
use std::sync::{Mutex, OnceLock};

struct ByKind(&'static TyData);
impl PartialEq for ByKind {
    fn eq(&self, other: &ByKind) -> bool {
        self.0.kind == other.0.kind
    }
}
impl Eq for ByKind {}
impl Hash for ByKind {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.kind.hash(state);
    }
}
impl std::borrow::Borrow<TyKind> for ByKind {
    fn borrow(&self) -> &TyKind {
        &self.0.kind
    }
}

/// A short multiplicative hash: keys are small and already spread (pointers).
#[derive(Default, Clone)]
pub(crate) struct FastHasher(u64);
impl Hasher for FastHasher {
    fn finish(&self) -> u64 {
        self.0 ^ (self.0 >> 29)
    }
    fn write(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.write_u64(byte as u64);
        }
    }
    fn write_u8(&mut self, n: u8) {
        self.write_u64(n as u64);
    }
    fn write_u32(&mut self, n: u32) {
        self.write_u64(n as u64);
    }
    fn write_u64(&mut self, n: u64) {
        self.0 = (self.0.rotate_left(5) ^ n).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    }
    fn write_usize(&mut self, n: usize) {
        self.write_u64(n as u64);
    }
    fn write_isize(&mut self, n: isize) {
        self.write_u64(n as u64);
    }
}
pub(crate) type FastBuild = BuildHasherDefault<FastHasher>;

#[derive(Default)]
struct Tables {
    types: HashSet<ByKind, FastBuild>,
    lists: HashSet<&'static [Ty], FastBuild>,
}

fn tables() -> &'static Mutex<Tables> {
    static TABLES: OnceLock<Mutex<Tables>> = OnceLock::new();
    TABLES.get_or_init(Default::default)
}

thread_local! {
    static FRONT: RefCell<HashMap<TyKind, Ty, FastBuild>> = RefCell::default();
    static FRONT_LISTS: RefCell<HashSet<&'static [Ty], FastBuild>> = RefCell::default();
}

pub(super) fn ty(kind: TyKind) -> Ty {
    FRONT.with(|front| {
        if let Some(&found) = front.borrow().get(&kind) {
            return found;
        }
        let made = shared_ty(kind.clone());
        front.borrow_mut().insert(kind, made);
        made
    })
}

fn shared_ty(kind: TyKind) -> Ty {
    // A poisoned table is still whole: insertions are single steps.
    let mut tables = tables().lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    if let Some(found) = tables.types.get(&kind) {
        return Ty(found.0);
    }
    let flags = flags_of(&kind);
    let data: &'static TyData = Box::leak(Box::new(TyData { kind, flags }));
    tables.types.insert(ByKind(data));
    Ty(data)
}

pub(super) fn args(list: &[Ty]) -> Args {
    if list.is_empty() {
        return Args::empty();
    }
    FRONT_LISTS.with(|front| {
        if let Some(found) = front.borrow().get(list) {
            return Args(found);
        }
        let mut tables = tables().lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        let kept = match tables.lists.get(list) {
            Some(found) => *found,
            None => {
                let kept: &'static [Ty] = Box::leak(list.to_vec().into_boxed_slice());
                tables.lists.insert(kept);
                kept
            }
        };
        front.borrow_mut().insert(kept);
        Args(kept)
    })
}

fn flags_of(kind: &TyKind) -> Flags {
    let mut flags = Flags::default();
    match kind {
        TyKind::Param(_) => flags.param = true,
        TyKind::Infer(_) => flags.infer = true,
        TyKind::Error => flags.error = true,
        TyKind::Projection(_) => flags.projection = true,
        _ => {}
    }
    super::fold::for_each_part(kind, &mut |part| {
        let inner = part.flags();
        flags.param |= inner.param;
        flags.infer |= inner.infer;
        flags.projection |= inner.projection;
        flags.error |= inner.error;
    });
    flags
}
