//! What a comparison looks at.

use serde::{Deserialize, Serialize};

/// What a comparison looks at and what it lets pass.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Rules {
    /// Renames that were confirmed: the old name, `table` or `table.column`, and the new one.
    pub renames: Vec<(String, String)>,
}
