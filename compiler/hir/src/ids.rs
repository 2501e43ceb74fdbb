//! Small numbers that stand for definitions. Each indexes one table of [`crate::Program`].

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(pub u32);
        impl $name {
            pub fn index(self) -> usize {
                self.0 as usize
            }
        }
        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self.0)
            }
        }
    )*};
}

ids! {
    /// Everything with a body or a signature: functions, methods, constants, statics, tests.
    FnId
    /// A struct or an enum.
    AdtId
    TraitId
    ImplId
    ModId
    /// An expression of one [`crate::typed::Body`].
    ExprId
    /// A pattern of one body.
    PatId
    /// A variable of one body, closures inside it included.
    LocalId
    /// A `loop`, `while`, `for` or labelled block of one body.
    LoopId
}

/// The `index`-th closure inside the body of `owner`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct ClosureId {
    pub owner: FnId,
    pub index: u32,
}
