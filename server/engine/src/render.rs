//! Offline scripts.

use crate::Engine;
/// What to render.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RenderKind { /// a
 Upgrade, /// b
 Downgrade, /// c
 Stamp, /// d
 VersionTable }
/// r
pub struct RenderRequest {}
