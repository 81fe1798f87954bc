//! New revision files.

use crate::DialectName;

/// What a new revision file says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NewRevision {
    /// Its id.
    pub revision: String,
    /// The revisions that it follows; empty for a base.
    pub down_revisions: Vec<String>,
    /// The revisions and labels that it depends on.
    pub depends_on: Vec<String>,
    /// Its own branch labels.
    pub branch_labels: Vec<String>,
    /// What it is about. Line ends become spaces.
    pub message: String,
    /// When it was made, in RFC 3339.
    pub created: String,
    /// Statements of the upgrade, each ended by `;`.
    pub up: String,
    /// Statements of the downgrade.
    pub down: String,
    /// The same for one dialect each, in sections of their own; then `up` and `down` may be empty, and are left out.
    pub dialects: Vec<DialectBodies>,
}

/// What a revision does on one dialect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DialectBodies {
    /// The dialect.
    pub dialect: DialectName,
    /// Statements of the upgrade, each ended by `;`.
    pub up: String,
    /// Statements of the downgrade.
    pub down: String,
}

/// The text of a new revision file. Read back it says the same.
pub fn render(new: &NewRevision) -> String {
    let mut text = String::new();
    let mut line = |key: &str, value: &str| {
        if !value.is_empty() {
            text.push_str(&format!("-- {key}: {value}\n"));
        }
    };
    line("revision", &new.revision);
    line("down_revision", &new.down_revisions.join(", "));
    line("branch_labels", &new.branch_labels.join(", "));
    line("depends_on", &new.depends_on.join(", "));
    line("message", &new.message.split_whitespace().collect::<Vec<_>>().join(" "));
    line("created", &new.created);
    if new.dialects.is_empty() || !new.up.is_empty() || !new.down.is_empty() {
        sections(&mut text, "", &new.up, &new.down);
    }
    for bodies in &new.dialects {
        let option = format!(" dialect:{}", bodies.dialect.as_str());
        sections(&mut text, &option, &bodies.up, &bodies.down);
    }
    text
}

fn sections(text: &mut String, option: &str, up: &str, down: &str) {
    for (direction, body) in [("up", up), ("down", down)] {
        text.push_str(&format!("\n-- migrate:{direction}{option}\n"));
        let body = body.trim_end();
        if !body.is_empty() {
            text.push_str(body);
            text.push('\n');
        }
    }
}
