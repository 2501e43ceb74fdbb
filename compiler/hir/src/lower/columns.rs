//! `#[soa]`: writes, beside a struct, the type that keeps many of it as one column for each field, and the views of a row.
//!
//! All of it is Aurora text, as with `derive`. For `struct Body { x: f64, .. }` and `#[soa(Bodies)]` there are `Bodies` (the columns, as
//! fields of the same names), `BodyRef` and `BodyMut` (a row, looked at or changed), and the iterators `BodiesIter`, `BodiesIterMut` and
//! `BodiesIntoIter`, the first two of which can be cut for several tasks.

use super::derive::Shape;
use std::fmt::Write;
use syntax::ast::{Attr, Field};

/// What the columns are called: as the user says, or after the struct.
pub(super) fn name_of(attr: &Attr, row: &str) -> String {
    attr.args.first().map_or_else(|| format!("{row}Soa"), |arg| arg.name.name.to_string())
}

/// The text for a struct with these fields, of which there is at least one. `derives` are asked for by the struct, and hold for its columns, too.
pub(super) fn write(out: &mut String, shape: &Shape<'_>, name: &str, public: bool, fields: &[Field], types: &[String], derives: &[&str]) {
    let table = Table { shape, name, public, fields, types };
    let derives: Vec<&str> = derives.iter().copied().filter(|name| matches!(*name, "Clone" | "Eq" | "Show")).collect();
    let attr = if derives.is_empty() { String::new() } else { format!("#[derive({})]\n", derives.join(", ")) };
    table.columns(out, &attr);
    table.methods(out, derives.contains(&"Clone"));
    table.rows(out, "Ref", "Iter", "&", "SliceIter", "iter");
    table.rows(out, "Mut", "IterMut", "&mut ", "SliceIterMut", "iter_mut");
    table.given_away(out);
}

struct Table<'a> {
    shape: &'a Shape<'a>,
    name: &'a str,
    public: bool,
    fields: &'a [Field],
    types: &'a [String],
}

/// Writing into a String cannot fail.
macro_rules! line {
    ($out:expr, $($text:tt)*) => { let _ = writeln!($out, $($text)*); };
}

impl Table<'_> {
    /// `each` field, with its name, type and number, in a row.
    fn each(&self, between: &str, each: impl Fn(&str, &str, usize) -> String) -> String {
        let all: Vec<String> = self.fields.iter().zip(self.types).enumerate().map(|(i, (field, ty))| each(field.name.name.as_str(), ty, i)).collect();
        all.join(between)
    }

    fn public(&self) -> &'static str {
        if self.public { "pub " } else { "" }
    }

    /// A struct with a field for each of the row's, seen by whoever sees those.
    fn declare(&self, out: &mut String, head: &str, name: &str, ty: impl Fn(&str) -> String) {
        let fields = self.fields.iter().zip(self.types).map(|(field, known)| {
            let public = if field.public { "pub " } else { "" };
            format!("{public}{}: {}", field.name.name, ty(known))
        });
        let fields: Vec<String> = fields.collect();
        line!(out, "{}{head} {name}{}{} {{ {} }}", self.public(), self.shape.declared(), self.shape.predicates(None), fields.join(", "));
    }

    fn columns(&self, out: &mut String, attr: &str) {
        out.push_str(attr);
        self.declare(out, "struct", self.name, |ty| format!("std::alloc::columns::Column<{ty}>"));
    }

    /// `impl TRAIT for TYPE`, with what the struct itself asks of its parameters.
    fn begin(&self, out: &mut String, of: &str, prefix: &str, name: &str) {
        let (declared, used, predicates) = (self.shape.declared(), self.shape.used(), self.shape.predicates(None));
        line!(out, "impl{declared} {of}{prefix}{name}{used}{predicates} {{");
    }

    fn methods(&self, out: &mut String, is_clone: bool) {
        let (row, name, used) = (self.shape.name(), self.name, self.shape.used());
        let first = self.fields[0].name.name;
        let on_all = |call: &str| self.each("; ", |field, _, _| format!("std::alloc::columns::{}", call.replace('#', field)));
        let made = |call: &str| self.each(", ", |field, _, _| format!("{field}: std::alloc::columns::{}", call.replace('#', field)));
        let parts = self.by_locals('a');
        self.begin(out, "", "", name);
        line!(out, "#[must_use] pub fn new() -> {name}{used} {{ {name} {{ {} }} }}", made("empty(0)"));
        line!(out, "#[must_use] pub fn with_capacity(capacity: int) -> {name}{used} {{ {name} {{ {} }} }}", made("empty(capacity)"));
        line!(out, "#[inline] pub fn len(&self) -> int {{ self.{first}.len() }}");
        line!(out, "#[inline] pub fn is_empty(&self) -> bool {{ self.{first}.is_empty() }}");
        line!(out, "pub fn reserve(&mut self, more: int) {{ {} }}", on_all("reserve(&mut self.#, more)"));
        line!(out, "pub fn clear(&mut self) {{ self.truncate(0) }}");
        line!(out, "pub fn truncate(&mut self, len: int) {{ {} }}", on_all("truncate(&mut self.#, len)"));
        let push = self.each("; ", |field, _, i| format!("std::alloc::columns::push(&mut self.{field}, a{i})"));
        line!(out, "#[inline] pub fn push(&mut self, row: {row}{used}) {{ let {row} {{ {parts} }} = row; {push} }}");
        line!(out, "pub fn pop(&mut self) -> Option<{row}{used}> {{ if self.is_empty() {{ None }} else {{ Some({row} {{ {} }}) }} }}", made("pop(&mut self.#)"));
        line!(out, "pub fn swap_remove(&mut self, at: int) -> {row}{used} {{ {row} {{ {} }} }}", made("swap_remove(&mut self.#, at)"));
        let swap = self.each("; ", |field, _, _| format!("self.{field}.swap(a, b)"));
        line!(out, "pub fn swap(&mut self, a: int, b: int) {{ {swap} }}");
        let set = self.each("; ", |field, _, i| format!("self.{field}[at] = a{i}"));
        line!(out, "#[inline] pub fn set(&mut self, at: int, row: {row}{used}) {{ let {row} {{ {parts} }} = row; {set} }}");
        if is_clone {
            let wanted = self.shape.predicates(Some("Clone"));
            let copy = self.each(", ", |field, _, _| format!("{field}: std::prelude::Clone::clone(&self.{field}[at])"));
            let head = "#[inline] pub fn get(&self, at: int) -> Option";
            line!(out, "{head}<{row}{used}>{wanted} {{ if at < 0 || at >= self.len() {{ None }} else {{ Some({row} {{ {copy} }}) }} }}");
        }
        let views = |what: &str| self.each(", ", |field, _, _| format!("{field}: {what}self.{field}[at]"));
        line!(out, "#[inline] pub fn row(&self, at: int) -> {row}Ref{used} {{ {row}Ref {{ {} }} }}", views("&"));
        line!(out, "#[inline] pub fn row_mut(&mut self, at: int) -> {row}Mut{used} {{ {row}Mut {{ {} }} }}", views("&mut "));
        let all = |what: &str| self.each(", ", |field, _, _| format!("{field}: self.{field}.{what}()"));
        line!(out, "#[inline] pub fn iter(&self) -> {name}Iter{used} {{ {name}Iter {{ {} }} }}", all("iter"));
        line!(out, "#[inline] pub fn iter_mut(&mut self) -> {name}IterMut{used} {{ {name}IterMut {{ {} }} }}", all("iter_mut"));
        line!(out, "}}");
        self.begin(out, "std::prelude::Default for ", "", name);
        line!(out, "fn default() -> {name}{used} {{ {name}::new() }} }}");
    }

    /// The view of a row and the walk over all.
    fn rows(&self, out: &mut String, row: &str, iter: &str, what: &str, slices: &str, method: &str) {
        let used = self.shape.used();
        let (view, walk) = (format!("{}{row}", self.shape.name()), format!("{}{iter}", self.name));
        self.declare(out, "view struct", &view, |ty| format!("{what}{ty}"));
        self.declare(out, "view struct", &walk, |ty| format!("std::core::slice::{slices}<{what}{ty}>"));
        self.begin(out, "std::prelude::Iterator for ", "", &walk);
        line!(out, "type Item = {view}{used}\n#[inline] fn next(&mut self) -> Option<{view}{used}> from *self {{");
        self.steps(out, &view);
        let first = self.fields[0].name.name;
        self.begin(out, "std::parallel::split::Split for ", "", &walk);
        line!(out, "fn left(&self) -> int {{ std::parallel::split::Split::left(&self.{first}) }}");
        line!(out, "fn split(self, at: int) -> ({walk}{used}, {walk}{used}) {{");
        line!(out, "{}", self.each("\n", |field, _, i| format!("let (a{i}, b{i}) = std::parallel::split::Split::split(self.{field}, at)")));
        line!(out, "({walk} {{ {} }}, {walk} {{ {} }}) }} }}", self.by_locals('a'), self.by_locals('b'));
        self.begin(out, "std::prelude::IntoIterator for ", what, self.name);
        line!(out, "type Item = {view}{used}\ntype Iter = {walk}{used}\n#[inline] fn into_iter(self) -> {walk}{used} {{ self.{method}() }} }}");
    }

    /// The rest of a walk's `next` and its `size_hint`: a step of every column makes a row.
    fn steps(&self, out: &mut String, row: &str) {
        line!(out, "{}", self.each("\n", |field, _, i| format!("let Some(a{i}) = self.{field}.next() else {{ return None }}")));
        line!(out, "Some({row} {{ {} }}) }}", self.by_locals('a'));
        line!(out, "fn size_hint(&self) -> int {{ self.{}.size_hint() }} }}", self.fields[0].name.name);
    }

    /// Each field from the local of its number, or into that.
    fn by_locals(&self, letter: char) -> String {
        self.each(", ", |field, _, i| format!("{field}: {letter}{i}"))
    }

    /// Rows by value: in and out.
    fn given_away(&self, out: &mut String) {
        let (row, name, used) = (format!("{}{}", self.shape.name(), self.shape.used()), self.name, self.shape.used());
        let walk = format!("{name}IntoIter");
        line!(out, "{}struct {walk}{}{} {{ {} }}", self.public(), self.shape.declared(), self.shape.predicates(None),
            self.each(", ", |field, ty, _| format!("{field}: std::alloc::vec::VecIntoIter<{ty}>")));
        self.begin(out, "std::prelude::Iterator for ", "", &walk);
        line!(out, "type Item = {row}\nfn next(&mut self) -> Option<{row}> {{");
        self.steps(out, self.shape.name());
        self.begin(out, "std::prelude::IntoIterator for ", "", name);
        let parts = self.each(", ", |field, _, _| format!("{field}: std::alloc::columns::into_items(self.{field})"));
        line!(out, "type Item = {row}\ntype Iter = {walk}{used}\nfn into_iter(self) -> {walk}{used} {{ {walk} {{ {parts} }} }} }}");
        self.begin(out, &format!("std::prelude::Extend<{row}> for "), "", name);
        line!(out, "fn extend<AllRows: std::prelude::IntoIterator<Item = {row}>>(&mut self, rows: AllRows) {{ let rows = rows.into_iter(); self.reserve(rows.size_hint()); for row in rows {{ self.push(row) }} }} }}");
        self.begin(out, &format!("std::prelude::FromIterator<{row}> for "), "", name);
        line!(out, "fn from_iter<AllRows: std::prelude::IntoIterator<Item = {row}>>(rows: AllRows) -> {name}{used} {{ let mut made = {name}::new(); std::prelude::Extend::extend(&mut made, rows); made }} }}");
    }
}
