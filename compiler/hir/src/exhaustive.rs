//! Whether patterns cover every value, and whether each can be reached.
//!
//! The usual matrix: rows are arms, columns are parts of the value still to look at. A column in which no row asks
//! anything is skipped; else the value is tried with every constructor that makes a difference.

use crate::errors;
use crate::ids::*;
use crate::program::*;
use crate::ty::{Ty, TyKind};
use crate::typed::{Body, Const, ExprKind, PatKind, Stmt};
use diag::{Diags, Span};

pub(crate) fn check(program: &Program, body: &Body, diags: &mut Diags) {
    let cx = Checker { program, body };
    let library = |span: Span| program.sources.file(span.file).is_none_or(|file| file.library);
    for expr in &body.exprs {
        match &expr.kind {
            ExprKind::Match { scrutinee, arms } => {
                let mut rows: Vec<Vec<Shape>> = Vec::new();
                for arm in arms {
                    let shape = cx.shape(arm.pat);
                    if !library(arm.span) && !cx.useful(&rows, std::slice::from_ref(&shape)) {
                        diags.push(errors::unreachable_arm(cx.body.pat(arm.pat).span));
                    }
                    if arm.guard.is_none() {
                        rows.push(vec![shape]);
                    }
                }
                let value = body.expr(*scrutinee);
                if arms.is_empty() {
                    if !cx.is_empty(value.ty) {
                        diags.push(errors::not_exhaustive(expr.span, &["_".to_string()]));
                    }
                } else if let Some(missing) = cx.missing(&rows, 1) {
                    let at = Span { hi: value.span.hi, ..expr.span };
                    let shown: Vec<String> = missing.iter().map(|case| cx.show(case)).collect();
                    diags.push(errors::not_exhaustive(at, &shown));
                }
            }
            ExprKind::Block(block) => {
                for stmt in &block.stmts {
                    if let Stmt::Let { pat, or_else: None, .. } = stmt {
                        cx.must_match(*pat, false, diags);
                    }
                }
            }
            _ => {}
        }
    }
    for param in body.params.iter().chain(body.closures.iter().flat_map(|closure| &closure.params)) {
        cx.must_match(param.pat, true, diags);
    }
}

struct Checker<'a> {
    program: &'a Program,
    body: &'a Body,
}

/// A pattern reduced to what it asks.
#[derive(Clone, Debug)]
enum Shape {
    Any,
    Of(Constructor, Vec<Shape>, Ty),
    Or(Vec<Shape>),
}

#[derive(Clone, PartialEq, Debug)]
enum Constructor {
    /// Struct, tuple, reference, box.
    Single,
    Variant(u32),
    /// Integers, chars and bools, both ends included.
    Range(i128, i128),
    /// A text or a float: only equal ones are the same.
    Text(String),
    /// Exactly so many elements.
    Exactly(usize),
    /// At least so many before and behind.
    AtLeast(usize, usize),
    /// Something that no row names.
    Other,
}

impl Checker<'_> {
    fn must_match(&self, pat: PatId, is_parameter: bool, diags: &mut Diags) {
        let rows = vec![vec![self.shape(pat)]];
        if let Some(missing) = self.missing(&rows, 1) {
            diags.push(errors::may_not_match(self.body.pat(pat).span, &self.show(&missing[0]), is_parameter));
        }
    }

    fn is_empty(&self, ty: Ty) -> bool {
        match ty.kind() {
            TyKind::Never => true,
            TyKind::Adt(id, _) => self.program.adt(*id).is_enum && self.program.adt(*id).variants.is_empty(),
            _ => false,
        }
    }

    fn shape(&self, id: PatId) -> Shape {
        let pat = self.body.pat(id);
        let ty = pat.ty;
        match &pat.kind {
            PatKind::Wild | PatKind::Error => Shape::Any,
            PatKind::Bind { sub, .. } => sub.map_or(Shape::Any, |sub| self.shape(sub)),
            PatKind::Const(Const::Int(value)) => Shape::Of(Constructor::Range(*value, *value), Vec::new(), ty),
            PatKind::Const(Const::Float(bits)) => Shape::Of(Constructor::Text(format!("{:?}", f64::from_bits(*bits))), Vec::new(), ty),
            PatKind::Const(Const::Str(text)) => Shape::Of(Constructor::Text(format!("{text:?}")), Vec::new(), ty),
            PatKind::Const(Const::Bytes(bytes)) => Shape::Of(Constructor::Text(format!("{bytes:?}")), Vec::new(), ty),
            PatKind::Range { lo, hi, inclusive } => {
                let (min, max) = limits(ty);
                let end = |end: &Option<Const>, open: i128| match end {
                    Some(Const::Int(value)) => Some(*value),
                    Some(_) => None,
                    None => Some(open),
                };
                match (end(lo, min), end(hi, max)) {
                    (Some(lo), Some(high)) => {
                        let high = if *inclusive || hi.is_none() { high } else { high - 1 };
                        Shape::Of(Constructor::Range(lo, high), Vec::new(), ty)
                    }
                    // Ranges of floats cover nothing for certain.
                    _ => Shape::Of(Constructor::Text(format!("{lo:?}..{hi:?}")), Vec::new(), ty),
                }
            }
            PatKind::Deref(inner) => Shape::Of(Constructor::Single, vec![self.shape(*inner)], ty),
            PatKind::Leaf(fields) => {
                let count = match ty.kind() {
                    TyKind::Tuple(list) => list.len(),
                    TyKind::Adt(id, _) => self.program.adt(*id).variants[0].fields.len(),
                    _ => fields.len(),
                };
                Shape::Of(Constructor::Single, self.filled(fields, count), ty)
            }
            PatKind::Variant { variant, fields } => {
                let count = match ty.kind() {
                    TyKind::Adt(id, _) => self.program.adt(*id).variants[*variant as usize].fields.len(),
                    _ => fields.len(),
                };
                Shape::Of(Constructor::Variant(*variant), self.filled(fields, count), ty)
            }
            PatKind::Slice { before, rest, after } => {
                let parts: Vec<Shape> = before.iter().chain(after).map(|&part| self.shape(part)).collect();
                let constructor = if rest.is_some() {
                    Constructor::AtLeast(before.len(), after.len())
                } else {
                    Constructor::Exactly(parts.len())
                };
                Shape::Of(constructor, parts, ty)
            }
            PatKind::Or(list) => Shape::Or(list.iter().map(|&part| self.shape(part)).collect()),
        }
    }

    fn filled(&self, fields: &[(u32, PatId)], count: usize) -> Vec<Shape> {
        let mut parts = vec![Shape::Any; count];
        for &(index, pat) in fields {
            parts[index as usize] = self.shape(pat);
        }
        parts
    }

    /// Rows with the alternatives of their first column spread out.
    fn spread(rows: &[Vec<Shape>]) -> Vec<Vec<Shape>> {
        let mut out = Vec::new();
        for row in rows {
            Self::spread_row(row, &mut out);
        }
        out
    }

    fn spread_row(row: &[Shape], out: &mut Vec<Vec<Shape>>) {
        match row.first() {
            Some(Shape::Or(list)) => {
                for part in list {
                    let mut new = vec![part.clone()];
                    new.extend_from_slice(&row[1..]);
                    Self::spread_row(&new, out);
                }
            }
            _ => out.push(row.to_vec()),
        }
    }

    /// The constructors that tell the rows apart, with their number of parts; complete for the type.
    fn constructors(&self, rows: &[Vec<Shape>]) -> Option<(Vec<(Constructor, usize)>, Ty)> {
        let heads: Vec<(&Constructor, &Ty, usize)> = rows
            .iter()
            .filter_map(|row| match &row[0] {
                Shape::Of(constructor, parts, ty) => Some((constructor, ty, parts.len())),
                _ => None,
            })
            .collect();
        let &(first, &ty, count) = heads.first()?;
        let list = match first {
            Constructor::Single => vec![(Constructor::Single, count)],
            Constructor::Variant(_) => {
                let TyKind::Adt(id, _) = ty.kind() else { return None };
                let variants = &self.program.adt(*id).variants;
                variants.iter().enumerate().map(|(i, v)| (Constructor::Variant(i as u32), v.fields.len())).collect()
            }
            Constructor::Range(..) => {
                let (min, max) = limits(ty);
                let mut starts = vec![min];
                for (head, _, _) in &heads {
                    if let Constructor::Range(lo, hi) = head {
                        starts.push(*lo);
                        if *hi < max {
                            starts.push(*hi + 1);
                        }
                    }
                }
                starts.sort_unstable();
                starts.dedup();
                let ends: Vec<i128> = starts[1..].iter().map(|start| start - 1).chain([max]).collect();
                starts.into_iter().zip(ends).filter(|(lo, hi)| lo <= hi).map(|(lo, hi)| (Constructor::Range(lo, hi), 0)).collect()
            }
            Constructor::Text(_) => {
                let mut list: Vec<(Constructor, usize)> = Vec::new();
                for (head, _, _) in &heads {
                    if !list.iter().any(|(known, _)| known == *head) {
                        list.push(((*head).clone(), 0));
                    }
                }
                list.push((Constructor::Other, 0));
                list
            }
            Constructor::Exactly(_) | Constructor::AtLeast(..) => {
                if let TyKind::Array(_, len) = ty.kind()
                    && let TyKind::Const(len) = len.kind()
                {
                    vec![(Constructor::Exactly(*len as usize), *len as usize)]
                } else {
                    let longest = heads.iter().map(|(_, _, count)| *count).max().unwrap_or(0);
                    let mut list: Vec<(Constructor, usize)> =
                        (0..=longest).map(|n| (Constructor::Exactly(n), n)).collect();
                    list.push((Constructor::AtLeast(longest + 1, 0), longest + 1));
                    list
                }
            }
            Constructor::Other => return None,
        };
        Some((list, ty))
    }

    /// The row's remaining parts if its first column matches the constructor.
    fn specialize(row: &[Shape], constructor: &Constructor, count: usize) -> Option<Vec<Shape>> {
        let parts = match &row[0] {
            Shape::Any => vec![Shape::Any; count],
            Shape::Of(own, parts, _) => match (own, constructor) {
                (Constructor::Single, Constructor::Single) => parts.clone(),
                (Constructor::Variant(a), Constructor::Variant(b)) if a == b => parts.clone(),
                (Constructor::Range(lo, hi), Constructor::Range(from, to)) if lo <= from && to <= hi => Vec::new(),
                (Constructor::Text(a), Constructor::Text(b)) if a == b => Vec::new(),
                (Constructor::Exactly(a), Constructor::Exactly(b)) if a == b => parts.clone(),
                (Constructor::AtLeast(before, after), Constructor::Exactly(_) | Constructor::AtLeast(..))
                    if before + after <= count =>
                {
                    let mut all = parts[..*before].to_vec();
                    all.extend(vec![Shape::Any; count - before - after]);
                    all.extend_from_slice(&parts[*before..]);
                    all
                }
                _ => return None,
            },
            Shape::Or(_) => return None,
        };
        let mut out = parts;
        out.extend_from_slice(&row[1..]);
        Some(out)
    }

    /// A value that no row matches, as shapes, `width` columns wide.
    fn missing(&self, rows: &[Vec<Shape>], width: usize) -> Option<Vec<Shape>> {
        if width == 0 {
            return if rows.is_empty() { Some(Vec::new()) } else { None };
        }
        if rows.is_empty() {
            return Some(vec![Shape::Any; width]);
        }
        let rows = Self::spread(rows);
        let Some((constructors, ty)) = self.constructors(&rows) else {
            // Nobody asks anything of this column.
            let rest: Vec<Vec<Shape>> = rows.iter().map(|row| row[1..].to_vec()).collect();
            let mut found = self.missing(&rest, width - 1)?;
            found.insert(0, Shape::Any);
            return Some(found);
        };
        for (constructor, count) in constructors {
            if let (Constructor::Variant(variant), TyKind::Adt(id, args)) = (&constructor, ty.kind()) {
                // A variant that holds a value that cannot exist needs no arm.
                let fields = &self.program.adt(*id).variants[*variant as usize].fields;
                if fields.iter().any(|field| self.is_empty(crate::ty::Subst::subst(field.ty, args))) {
                    continue;
                }
            }
            let inner: Vec<Vec<Shape>> =
                rows.iter().filter_map(|row| Self::specialize(row, &constructor, count)).collect();
            if let Some(mut found) = self.missing(&inner, count + width - 1) {
                let rest = found.split_off(count);
                let mut out = vec![Shape::Of(constructor, found, ty)];
                out.extend(rest);
                return Some(out);
            }
        }
        None
    }

    /// Whether some value matches `row` and none of `rows`.
    fn useful(&self, rows: &[Vec<Shape>], row: &[Shape]) -> bool {
        let Some(head) = row.first() else { return rows.is_empty() };
        match head {
            Shape::Or(list) => list.iter().any(|part| {
                let mut new = vec![part.clone()];
                new.extend_from_slice(&row[1..]);
                self.useful(rows, &new)
            }),
            Shape::Any | Shape::Of(..) => {
                let rows = Self::spread(rows);
                let mut with_row = rows.clone();
                with_row.push(row.to_vec());
                let Some((constructors, _)) = self.constructors(&with_row) else {
                    let rest: Vec<Vec<Shape>> = rows.iter().map(|row| row[1..].to_vec()).collect();
                    return self.useful(&rest, &row[1..]);
                };
                constructors.iter().any(|(constructor, count)| {
                    let Some(inner_row) = Self::specialize(row, constructor, *count) else { return false };
                    let inner: Vec<Vec<Shape>> =
                        rows.iter().filter_map(|row| Self::specialize(row, constructor, *count)).collect();
                    self.useful(&inner, &inner_row)
                })
            }
        }
    }

    fn show(&self, shape: &Shape) -> String {
        let Shape::Of(constructor, parts, ty) = shape else { return "_".to_string() };
        let list = |parts: &[Shape]| parts.iter().map(|part| self.show(part)).collect::<Vec<_>>().join(", ");
        match constructor {
            Constructor::Single => match ty.kind() {
                TyKind::Tuple(_) => format!("({})", list(parts)),
                TyKind::Ref(..) => match self.show(&parts[0]).as_str() {
                    "_" => "_".to_string(),
                    inner => inner.to_string(),
                },
                TyKind::Adt(id, _) => self.show_fields(self.program.adt(*id).name.as_str(), &self.program.adt(*id).variants[0], parts),
                _ => list(parts),
            },
            Constructor::Variant(variant) => match ty.kind() {
                TyKind::Adt(id, _) => {
                    let def = self.program.adt(*id);
                    let variant = &def.variants[*variant as usize];
                    let in_prelude = matches!(def.name.as_str(), "Option" | "Result");
                    let name = if in_prelude { variant.name.to_string() } else { format!("{}::{}", def.name, variant.name) };
                    self.show_fields(&name, variant, parts)
                }
                _ => "_".to_string(),
            },
            Constructor::Range(lo, hi) => {
                let (min, max) = limits(*ty);
                let one = |value: i128| match ty.kind() {
                    TyKind::Bool => (value != 0).to_string(),
                    TyKind::Char => format!("{:?}", char::from_u32(value as u32).unwrap_or('?')),
                    _ => value.to_string(),
                };
                match (lo == hi, *lo == min, *hi == max) {
                    (true, _, _) => one(*lo),
                    (false, true, true) => "_".to_string(),
                    (false, true, false) => format!("..={}", one(*hi)),
                    (false, false, true) => format!("{}..", one(*lo)),
                    (false, false, false) => format!("{}..={}", one(*lo), one(*hi)),
                }
            }
            Constructor::Text(text) => text.clone(),
            Constructor::Exactly(_) => format!("[{}]", list(parts)),
            Constructor::AtLeast(..) => format!("[{}, ..]", list(parts)),
            Constructor::Other => "_".to_string(),
        }
    }

    fn show_fields(&self, name: &str, variant: &VariantDef, parts: &[Shape]) -> String {
        match variant.kind {
            VariantKind::Unit => name.to_string(),
            VariantKind::Tuple => {
                let parts: Vec<String> = parts.iter().map(|part| self.show(part)).collect();
                format!("{name}({})", parts.join(", "))
            }
            VariantKind::Named => {
                let asked: Vec<String> = variant
                    .fields
                    .iter()
                    .zip(parts)
                    .filter(|(_, part)| !matches!(part, Shape::Any))
                    .map(|(field, part)| format!("{}: {}", field.name, self.show(part)))
                    .collect();
                match asked.len() {
                    n if n == parts.len() => format!("{name} {{ {} }}", asked.join(", ")),
                    0 => format!("{name} {{ .. }}"),
                    _ => format!("{name} {{ {}, .. }}", asked.join(", ")),
                }
            }
        }
    }
}

/// The least and greatest value.
fn limits(ty: Ty) -> (i128, i128) {
    match ty.kind() {
        TyKind::Int(int) => (int.min(), int.max()),
        TyKind::Char => (0, 0x10FFFF),
        TyKind::Bool => (0, 1),
        _ => (i64::MIN as i128, i64::MAX as i128),
    }
}
