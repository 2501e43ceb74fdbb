//! Loads that give the same in every turn of a loop move in front of it.

use super::Cx;
use crate::body::*;

pub(super) fn run(_cx: &Cx, _body: &mut Body) {}
