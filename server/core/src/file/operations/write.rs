//! Writing a revision in the operations form.

use crate::file::NewRevision;
use crate::operation::Operation;
use serde::Serialize;

/// A file, its keys in the order in which they are written.
#[derive(Serialize)]
struct Written<'a> {
    revision: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    down_revision: String,
    #[serde(skip_serializing_if = "str::is_empty")]
    branch_labels: String,
    #[serde(skip_serializing_if = "str::is_empty")]
    depends_on: String,
    #[serde(skip_serializing_if = "str::is_empty")]
    message: String,
    #[serde(skip_serializing_if = "str::is_empty")]
    created: &'a str,
    up: &'a [Operation],
    #[serde(skip_serializing_if = "Option::is_none")]
    down: Option<&'a [Operation]>,
}

/// The text of a new revision file in the operations form; what `new` says of SQL is left out. Read back it says the
/// same. Without `down`, the way back is the operations reversed.
pub fn render_operations(new: &NewRevision, up: &[Operation], down: Option<&[Operation]>) -> String {
    let written = Written {
        revision: &new.revision,
        down_revision: new.down_revisions.join(", "),
        branch_labels: new.branch_labels.join(", "),
        depends_on: new.depends_on.join(", "),
        message: new.message.split_whitespace().collect::<Vec<_>>().join(" "),
        created: &new.created,
        up,
        down,
    };
    // Only maps, lists and scalars are written, and the writer is a String: there is nothing that can fail.
    serde_saphyr::to_string(&written).unwrap_or_else(|error| format!("# {error}\n"))
}
