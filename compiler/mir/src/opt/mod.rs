//! Passes over concrete bodies, and the tidying that every builder of bodies ends with.

pub(crate) mod simplify;
