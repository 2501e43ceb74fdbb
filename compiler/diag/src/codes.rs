//! THE list of codes. A code is never reused; each has a page in `explain/` and a ui test.
//!
//! By floor: E01xx text, E02xx names, E03xx types, E04xx patterns, E05xx ownership, E06xx tasks, Send and Share,
//! E07xx atomics and unsafe, E08xx packages, E09xx linking. W codes are warnings.

macro_rules! codes {
    ($($code:ident $title:literal)*) => {
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
        pub enum Code { $($code),* }
        impl Code {
            pub const ALL: &[Code] = &[$(Code::$code),*];
            pub fn as_str(self) -> &'static str {
                match self { $(Code::$code => stringify!($code)),* }
            }
            pub fn title(self) -> &'static str {
                match self { $(Code::$code => $title),* }
            }
        }
    };
}

codes! {
    // Text
    E0101 "unexpected token"
    E0102 "a string that does not end on its line"
    E0103 "an escape that does not exist"
    E0104 "a malformed number"
    E0105 "a character that belongs to no token"
    E0106 "two statements on one line"
    E0107 "a comment that does not end"
    E0108 "a bracket that is not closed"
    E0109 "a malformed interpolation"
    E0110 "a malformed character literal"
    E0111 "a construct that does not belong here"
    E0112 "a form that is not supported yet"
    // Names
    E0201 "an unknown name"
    E0202 "a name defined twice"
    E0203 "an unknown import"
    E0204 "an unknown label"
    E0205 "a name of the wrong kind"
    E0206 "a private item"
    E0207 "a module that cannot be found"
    E0208 "no `main` function"
    E0209 "an unknown attribute or derive"
    // Types
    E0301 "mismatched types"
    E0302 "an unknown method"
    E0303 "an unknown or missing field"
    E0304 "wrong number of arguments"
    E0305 "a trait that is not implemented"
    E0306 "a type that cannot be inferred"
    E0307 "an operator that does not apply"
    E0308 "something that cannot be called"
    E0309 "an impl that does not match its trait"
    E0310 "overlapping impls"
    E0311 "`?` in a function that cannot return it"
    E0312 "wrong number of type arguments"
    E0313 "a cast that is not allowed"
    E0314 "a type of infinite size"
    E0315 "a trait that cannot be a `dyn`"
    E0316 "a literal out of range"
    E0317 "a constant that cannot be computed"
    E0318 "an assignment to something that is no place"
    E0319 "`break`, `continue` or `return` where it has no target"
    E0320 "a format spec that does not fit"
    E0321 "something that cannot be iterated"
    E0322 "something that cannot be dereferenced or indexed"
    E0323 "an impl that is not allowed here"
    // Patterns
    E0401 "a match that does not cover every case"
    E0402 "a pattern that may not match"
    E0403 "alternatives that bind different names"
    E0404 "a pattern that does not fit its type"
    // Ownership
    E0501 "use after move"
    E0502 "a move out of a borrow"
    E0503 "use of something that may be uninitialised"
    E0504 "a change of something that is not `mut`"
    E0505 "a change while borrowed"
    E0506 "a borrow that conflicts with another"
    E0507 "a move while borrowed"
    E0508 "a view that outlives what it looks at"
    E0509 "a view where an owner is needed"
    E0510 "a move out of a type with a destructor"
    E0511 "a write through a shared reference"
    E0512 "a result that borrows from nothing"
    // Tasks
    E0601 "a value that cannot go to another task"
    E0602 "`spawn` outside any scope"
    E0603 "two tasks that touch the same place"
    E0604 "a task handle that leaves its scope"
    E0605 "a change that others may see half done"
    E0606 "a `pure` function that is not"
    E0607 "a reduction that may depend on where it is cut"
    // Atomics and unsafe
    E0701 "an ordering that the operation does not have"
    E0702 "an unsafe operation outside `unsafe`"
    // Warnings
    W0301 "a value that should not be dropped"
    W0401 "an arm that can never be reached"
    W0201 "something that is never used"
    W0501 "a `mut` that is not needed"
    W0701 "an `unsafe` block that does nothing unsafe"
}
