//! Places as the user wrote them, for messages.

use crate::body::*;
use crate::place::Location;
use crate::types::{PlaceTy, Types};
use hir::ids::LocalId;
use hir::ty::{Ty, TyKind};
use hir::typed::{self, CaptureBy, CaptureStep, ClosureKind};

pub struct Names<'a> {
    pub types: &'a Types<'a>,
    pub typed: &'a typed::Body,
    pub body: &'a Body,
}

/// What stands at the root of a place.
pub enum Root<'a> {
    /// A variable or parameter of this body, or a temporary.
    Local(Local),
    /// A variable of the function around this closure; what follows the capture's own path starts at `rest`.
    Captured { capture: &'a typed::Capture, kind: ClosureKind, rest: usize },
}

impl<'a> Names<'a> {
    /// `p.name`, `*r`, `v[i]`; nothing for what has no name.
    pub fn describe(&self, place: &Place) -> Option<String> {
        let (mut text, rest, mut ty) = match self.root(place) {
            Root::Local(local) => {
                let decl = self.body.local_decl(local);
                match decl.name {
                    Some(name) => (name.to_string(), 0, PlaceTy { ty: decl.ty, variant: None }),
                    None => return self.describe_temporary(place),
                }
            }
            Root::Captured { capture, rest, .. } => {
                let local = self.typed.local(capture.local);
                let mut text = local.name.to_string();
                let mut ty = PlaceTy { ty: local.ty, variant: None };
                for step in &capture.path {
                    let step = match step {
                        CaptureStep::Field(field) => Projection::Field(*field),
                        CaptureStep::Deref => Projection::Deref,
                    };
                    self.append(&mut text, ty, step);
                    ty = self.types.step(ty, step);
                }
                (text, rest, ty)
            }
        };
        for (index, step) in place.projection.iter().enumerate().skip(rest) {
            if index + 1 == place.projection.len() && *step == Projection::Deref {
                return Some(format!("*{text}"));
            }
            self.append(&mut text, ty, *step);
            ty = self.types.step(ty, *step);
        }
        Some(text)
    }

    /// The name, or the words `this value`.
    pub fn describe_or(&self, place: &Place, otherwise: &str) -> String {
        self.describe(place).map_or_else(|| otherwise.to_string(), |name| format!("`{name}`"))
    }

    fn append(&self, text: &mut String, of: PlaceTy, step: Projection) {
        match step {
            // Following a pointer is not written before a field.
            Projection::Deref | Projection::Downcast(_) => {}
            Projection::Field(field) => {
                text.push('.');
                text.push_str(&self.field_name(of, field));
            }
            Projection::Index(index) => match self.body.local_decl(index).name {
                Some(name) => text.push_str(&format!("[{name}]")),
                None => text.push_str("[..]"),
            },
            Projection::ConstIndex { .. } | Projection::Subslice { .. } => text.push_str("[..]"),
        }
    }

    fn field_name(&self, of: PlaceTy, field: u32) -> String {
        if let TyKind::Adt(id, _) = of.ty.kind() {
            let variants = &self.types.program.program().adt(*id).variants;
            let variant = variants.get(of.variant.unwrap_or(0) as usize);
            if let Some(field) = variant.and_then(|variant| variant.fields.get(field as usize)) {
                return field.name.to_string();
            }
        }
        field.to_string()
    }

    /// A reference that was made for one use stands for what it points to.
    fn describe_temporary(&self, place: &Place) -> Option<String> {
        let (Projection::Deref, rest) = place.projection.split_first()? else { return None };
        match self.definition(place.local)? {
            Definition::Ref(of) => {
                let mut whole = of.clone();
                whole.projection.extend_from_slice(rest);
                self.describe(&whole)
            }
            Definition::Index(of) if rest.is_empty() => Some(format!("{}[..]", self.describe(of)?)),
            Definition::Index(_) | Definition::Call => None,
        }
    }

    /// How a temporary came to be, if it did so only once.
    pub fn definition(&self, temp: Local) -> Option<Definition<'a>> {
        for block in &self.body.blocks {
            for statement in &block.statements {
                if let StatementKind::Assign(place, value) = &statement.kind
                    && place.as_local() == Some(temp)
                {
                    return match value {
                        Rvalue::Ref { place, .. } => Some(Definition::Ref(place)),
                        _ => None,
                    };
                }
            }
            if let TerminatorKind::Call { callee, args, dest, .. } = &block.terminator.kind
                && dest.as_local() == Some(temp)
            {
                let Callee::Fn(id, _) = callee else { return Some(Definition::Call) };
                let def = self.types.program.program().fn_def(*id);
                if !matches!(def.name.as_str(), "index" | "index_mut") {
                    return Some(Definition::Call);
                }
                return match args.first().and_then(Operand::as_local).and_then(|arg| self.definition(arg)) {
                    Some(Definition::Ref(of)) => Some(Definition::Index(of)),
                    _ => Some(Definition::Call),
                };
            }
        }
        None
    }

    pub fn root(&self, place: &Place) -> Root<'a> {
        let Some((closure, mut rest)) = self.closure().filter(|_| place.local == Local(1)).map(|closure| (closure, 0)) else {
            return Root::Local(place.local);
        };
        if closure.kind != ClosureKind::FnOnce && place.projection.first() == Some(&Projection::Deref) {
            rest = 1;
        }
        let Some(Projection::Field(field)) = place.projection.get(rest) else { return Root::Local(place.local) };
        let Some(capture) = closure.captures.get(*field as usize) else { return Root::Local(place.local) };
        rest += 1;
        if capture.by != CaptureBy::Value && place.projection.get(rest) == Some(&Projection::Deref) {
            rest += 1;
        }
        Root::Captured { capture, kind: closure.kind, rest }
    }

    pub fn closure(&self) -> Option<&'a typed::Closure> {
        match self.body.origin {
            Origin::Closure(id) => self.typed.closures.get(id.index as usize),
            Origin::Fn(_) | Origin::Made => None,
        }
    }

    /// The variable of the typed body that a local is.
    pub fn variable(&self, local: Local) -> Option<LocalId> {
        let decl = self.body.local_decl(local);
        decl.name?;
        let span = self.body.source(decl.source).span;
        self.typed.locals.iter().position(|l| l.span == span && Some(l.name) == decl.name).map(|i| LocalId(i as u32))
    }

    pub fn snippet(&self, span: diag::Span) -> &'a str {
        self.types.program.program().sources.snippet(span)
    }

    /// The text of an expression that another one could be pasted for; empty for names that a pattern binds and for fields that
    /// stand for their own values, as in `Pair { a, b }`.
    pub fn expression(&self, span: diag::Span) -> &'a str {
        let binds = self.body.locals.iter().any(|decl| decl.name.is_some() && self.body.source(decl.source).span == span);
        if binds || self.is_field_alone(span) { "" } else { self.snippet(span) }
    }

    fn is_field_alone(&self, span: diag::Span) -> bool {
        let Some(file) = self.types.program.program().sources.file(span.file) else { return false };
        let (before, after) = (file.text[..span.lo as usize].trim_end(), file.text[span.hi as usize..].trim_start());
        if !before.ends_with(['{', ',']) || !after.starts_with(['}', ',']) {
            return false;
        }
        // The bracket that it stands in, and the word in front of that: a type's name begins with a capital.
        let mut depth = 0;
        let open = before.char_indices().rev().find(|(_, letter)| {
            match letter {
                ')' | ']' | '}' => depth += 1,
                '(' | '[' | '{' if depth > 0 => depth -= 1,
                '(' | '[' | '{' => return true,
                _ => {}
            }
            false
        });
        let Some((at, '{')) = open else { return false };
        let word = before[..at].trim_end().rsplit(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap_or("");
        word.starts_with(char::is_uppercase)
    }

    pub fn show(&self, ty: Ty) -> String {
        self.types.program.program().show(ty)
    }

    pub fn span_at(&self, at: Location) -> diag::Span {
        self.body.span_at(at)
    }
}

pub enum Definition<'a> {
    Ref(&'a Place),
    /// The result of indexing this place through `Index`.
    Index(&'a Place),
    Call,
}
