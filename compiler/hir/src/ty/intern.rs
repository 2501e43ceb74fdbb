//! The table that makes equal types the same pointer. Shared by all threads; a thread-local front answers most questions.

use super::kind::*;
use diag::fast::FastBuild;
use std::cell::RefCell;
use std::collections::{HashMap, HashSet};
use std::hash::{Hash, Hasher};
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
