//! The definitions of `std` that the compiler itself speaks of, marked `#[lang = "name"]` there.

use crate::ids::*;
use diag::Symbol;
use std::collections::HashMap;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum LangItem {
    Fn(FnId),
    Adt(AdtId),
    Trait(TraitId),
}

/// Looked up by name; a missing one is a bug of ours, named in the message.
#[derive(Default)]
pub struct LangItems {
    items: HashMap<Symbol, LangItem>,
}

impl LangItems {
    pub(crate) fn insert(&mut self, name: Symbol, item: LangItem) {
        self.items.insert(name, item);
    }
    pub fn get(&self, name: &str) -> Option<LangItem> {
        self.items.get(&Symbol::intern(name)).copied()
    }
    #[track_caller]
    pub fn function(&self, name: &str) -> FnId {
        match self.get(name) {
            Some(LangItem::Fn(id)) => id,
            other => panic!("bug! std has no function marked #[lang = \"{name}\"] (found {other:?})"),
        }
    }
    #[track_caller]
    pub fn adt(&self, name: &str) -> AdtId {
        match self.get(name) {
            Some(LangItem::Adt(id)) => id,
            other => panic!("bug! std has no type marked #[lang = \"{name}\"] (found {other:?})"),
        }
    }
    #[track_caller]
    pub fn trait_id(&self, name: &str) -> TraitId {
        match self.get(name) {
            Some(LangItem::Trait(id)) => id,
            other => panic!("bug! std has no trait marked #[lang = \"{name}\"] (found {other:?})"),
        }
    }
    pub fn is_adt(&self, name: &str, id: AdtId) -> bool {
        self.get(name) == Some(LangItem::Adt(id))
    }
    pub fn is_trait(&self, name: &str, id: TraitId) -> bool {
        self.get(name) == Some(LangItem::Trait(id))
    }
    pub fn is_fn(&self, name: &str, id: FnId) -> bool {
        self.get(name) == Some(LangItem::Fn(id))
    }
}
