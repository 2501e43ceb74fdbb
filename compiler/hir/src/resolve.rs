//! (scopes)
#[derive(Default)]
pub(crate) struct ModuleScope {}
