//! Which attributes may stand where. One that says nothing where it stands is a mistake: whoever wrote it expects something of it.

use super::collect::Collector;
use crate::errors;
use crate::ids::ModId;
use syntax::ast::{AssocItem, AssocKind, Attr, Field, Fields, Item, ItemKind};

/// What attributes can be written on.
struct Place {
    /// As a message names several of them.
    name: &'static str,
    known: &'static [&'static str],
    /// What the compiler itself relies on is the library's to say.
    of_library: &'static [&'static str],
}

const FUNCTIONS: Place = Place {
    name: "functions",
    known: &["inline", "cold", "nonblocking", "must_use", "associative", "doc", "allow"],
    of_library: &["auto_ref", "orders", "lang", "step"],
};
const TYPES: Place =
    Place { name: "types", known: &["derive", "must_use", "cache_line", "repr", "soa", "doc", "allow"], of_library: &["lang"] };
const TRAITS: Place = Place { name: "traits", known: &["doc", "allow"], of_library: &["auto", "lang"] };
const VARIANTS: Place = Place { name: "variants", known: &["default", "doc", "allow"], of_library: &[] };
const OTHERS: Place = Place { name: "other items", known: &["doc", "allow"], of_library: &[] };

impl Collector<'_, '_> {
    /// Reports attributes of an item, and of its parts, that have no meaning there.
    pub(super) fn attributes(&mut self, module: ModId, item: &Item) {
        let place = match &item.kind {
            ItemKind::Fn(_) => FUNCTIONS,
            ItemKind::Struct(_) | ItemKind::Enum(_) => TYPES,
            ItemKind::Trait(_) => TRAITS,
            _ => OTHERS,
        };
        self.each_known(module, &item.attrs, &place);
        match &item.kind {
            ItemKind::Struct(of) => self.attributes_of_fields(module, &of.fields),
            ItemKind::Enum(of) => {
                for variant in &of.variants {
                    self.each_known(module, &variant.attrs, &VARIANTS);
                    self.attributes_of_fields(module, &variant.fields);
                }
            }
            ItemKind::Trait(of) => self.attributes_of_parts(module, &of.items),
            ItemKind::Impl(of) => self.attributes_of_parts(module, &of.items),
            ItemKind::ExternBlock(of) => of.fns.iter().for_each(|(attrs, ..)| self.each_known(module, attrs, &FUNCTIONS)),
            _ => {}
        }
    }

    fn attributes_of_parts(&mut self, module: ModId, parts: &[AssocItem]) {
        for part in parts {
            let place = if matches!(part.kind, AssocKind::Fn(_)) { FUNCTIONS } else { OTHERS };
            self.each_known(module, &part.attrs, &place);
        }
    }

    fn attributes_of_fields(&mut self, module: ModId, fields: &Fields) {
        let fields: &[Field] = match fields {
            Fields::Named(fields) | Fields::Tuple(fields) => fields,
            Fields::Unit => &[],
        };
        fields.iter().for_each(|field| self.each_known(module, &field.attrs, &OTHERS));
    }

    fn each_known(&mut self, module: ModId, attrs: &[Attr], place: &Place) {
        for attr in attrs {
            let name = attr.name.name.as_str();
            let is_known = place.known.contains(&name) || place.of_library.contains(&name) && self.program.module(module).library;
            if !is_known {
                let elsewhere = [FUNCTIONS, TYPES, TRAITS, VARIANTS].into_iter().filter(|other| other.known.contains(&name));
                let elsewhere: Vec<&str> = elsewhere.map(|other| other.name).collect();
                self.diags.push(errors::unknown_attribute(attr, place.known, &elsewhere));
            }
        }
    }
}
