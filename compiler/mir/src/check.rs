//! Judges every function that the user wrote and makes their bodies ready: `TypedProgram ─check→ CheckedProgram`.
//! Bodies of the library are made ready when something first reaches them.

use crate::body::Body;
use crate::fast::FastMap;
use crate::ownership::Keeps;
use crate::types::Types;
use crate::{build, drops, ownership};
use diag::{Diags, cores};
use hir::TypedProgram;
use hir::ids::FnId;
use std::sync::{Arc, Mutex};

/// Generic bodies with their drops made explicit. Shared by threads.
pub struct CheckedProgram<'a> {
    program: &'a TypedProgram,
    keeps: Keeps,
    bodies: Mutex<FastMap<FnId, Arc<Vec<Body>>>>,
}

/// Ownership of all bodies outside the library.
pub fn check<'a>(program: &'a TypedProgram, diags: &mut Diags) -> CheckedProgram<'a> {
    let checked = CheckedProgram { program, keeps: Keeps::of(program), bodies: Mutex::default() };
    checked.make_all(false, diags);
    checked
}

/// Ownership of the library's own bodies, which nobody asks for when a program is compiled: for the tests of `std`.
pub fn check_library(program: &TypedProgram, diags: &mut Diags) {
    let checked = CheckedProgram { program, keeps: Keeps::default(), bodies: Mutex::default() };
    checked.make_all(true, diags);
}

impl CheckedProgram<'_> {
    /// The function's body, then those of its closures. Empty for what has none.
    pub fn bodies(&self, id: FnId) -> Arc<Vec<Body>> {
        if let Some(known) = self.lock().get(&id) {
            return known.clone();
        }
        self.make(id, None)
    }

    /// Whether `bodies` has nothing left to do.
    pub fn is_ready(&self, id: FnId) -> bool {
        self.lock().contains_key(&id)
    }

    /// Judges all functions of the library, or all others, on all cores: each is judged by itself.
    fn make_all(&self, library: bool, diags: &mut Diags) {
        let hir = self.program.program();
        let ids: Vec<FnId> = hir.fns.iter().filter(|def| hir.module(def.module).library == library).map(|def| def.id).collect();
        let judge = |(): &mut (), id| {
            let mut own = Diags::new();
            self.make(id, Some(&mut own));
            own
        };
        let found = cores::map(ids, |id| hir.fn_def(*id).weight(), || (), judge);
        found.into_iter().for_each(|own| diags.extend(own));
    }

    fn make(&self, id: FnId, diags: Option<&mut Diags>) -> Arc<Vec<Body>> {
        let bodies = match self.program.body(id) {
            Some(typed) if !typed.poisoned => {
                let types = Types::new(self.program, id);
                let mut bodies = build::build(self.program, &typed);
                let mut sound = true;
                if let Some(diags) = diags {
                    let mut own = Diags::new();
                    ownership::check(&types, &self.keeps, &typed, &bodies, &mut own);
                    sound = !own.has_errors();
                    diags.extend(own);
                }
                // Opening the drops of what must not be moved in part would make no sense.
                if sound {
                    bodies.iter_mut().for_each(|body| drops::elaborate(&types, body));
                }
                Arc::new(bodies)
            }
            Some(_) | None => Arc::default(),
        };
        self.lock().entry(id).or_insert(bodies).clone()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, FastMap<FnId, Arc<Vec<Body>>>> {
        // A poisoned table is still whole: insertions are single steps.
        self.bodies.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}
