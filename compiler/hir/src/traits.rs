//! (impl index)
#[derive(Default)]
pub(crate) struct ImplIndex {}
