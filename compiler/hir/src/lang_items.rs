//! The definitions of `std` that the compiler itself speaks of, marked `#[lang = "name"]` there.

use diag::fast::FastBuild;
use crate::ids::*;
use diag::Symbol;
use std::collections::HashMap;

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum LangItem {
    Fn(FnId),
    Adt(AdtId),
    Trait(TraitId),
}

/// Looked up by name; a missing one is a bug of ours, named in the message.
#[derive(Default)]
pub struct LangItems {
    items: HashMap<Symbol, LangItem, FastBuild>,
    /// The other way round: whether an item is this or that is asked most often.
    names: HashMap<LangItem, Symbol, FastBuild>,
}

impl LangItems {
    pub(crate) fn insert(&mut self, name: Symbol, item: LangItem) {
        self.items.insert(name, item);
        self.names.insert(item, name);
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
        self.is_named(LangItem::Adt(id), name)
    }
    pub fn is_trait(&self, name: &str, id: TraitId) -> bool {
        self.is_named(LangItem::Trait(id), name)
    }
    pub fn is_fn(&self, name: &str, id: FnId) -> bool {
        self.is_named(LangItem::Fn(id), name)
    }
    fn is_named(&self, item: LangItem, name: &str) -> bool {
        self.names.get(&item).is_some_and(|known| known.as_str() == name)
    }
}
