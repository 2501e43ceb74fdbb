//! What the grammar accepts and the language does not, or not yet.

use crate::ast::{File, Item, ItemKind};
use crate::errors;
use diag::Diags;

pub(crate) fn validate(file: &File, diags: &mut Diags) {
    items(&file.items, diags);
}

fn items(list: &[Item], diags: &mut Diags) {
    for item in list {
        match &item.kind {
            ItemKind::Litmus(test) => diags.push(errors::litmus(test.name_span)),
            ItemKind::Mod(module) => items(module.items.as_deref().unwrap_or_default(), diags),
            _ => {}
        }
    }
}
