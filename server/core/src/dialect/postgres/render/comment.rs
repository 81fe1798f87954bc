//! Comments.

use super::{literal, qualified, quote};
use crate::operation::{CommentOn, SetComment};

pub(super) fn set(op: &SetComment) -> Vec<String> {
    vec![comment(&object(&op.object), op.to.as_deref())]
}

/// `object` is what follows COMMENT ON.
pub(super) fn comment(object: &str, text: Option<&str>) -> String {
    let text = text.map_or_else(|| "NULL".into(), literal);
    format!("COMMENT ON {object} IS {text}")
}

fn object(on: &CommentOn) -> String {
    match on {
        CommentOn::Schema(name) => format!("SCHEMA {}", quote(name)),
        CommentOn::Table(name) => format!("TABLE {}", qualified(name)),
        CommentOn::View(name, false) => format!("VIEW {}", qualified(name)),
        CommentOn::View(name, true) => format!("MATERIALIZED VIEW {}", qualified(name)),
        CommentOn::Sequence(name) => format!("SEQUENCE {}", qualified(name)),
        CommentOn::Type(name) => format!("TYPE {}", qualified(name)),
        CommentOn::Domain(name) => format!("DOMAIN {}", qualified(name)),
        CommentOn::Function(name, arguments) => format!("FUNCTION {}({arguments})", qualified(name)),
        CommentOn::Procedure(name, arguments) => format!("PROCEDURE {}({arguments})", qualified(name)),
        CommentOn::Constraint(table, name) => format!("CONSTRAINT {} ON {}", quote(name), qualified(table)),
        CommentOn::Index(name) => format!("INDEX {}", qualified(name)),
        CommentOn::Trigger(table, name) => format!("TRIGGER {} ON {}", quote(name), qualified(table)),
        CommentOn::Policy(table, name) => format!("POLICY {} ON {}", quote(name), qualified(table)),
    }
}
