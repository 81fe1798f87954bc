//! Schemas and extensions.

use super::comment::comment;
use super::{drop as drop_text, literal, quote};
use crate::operation::{AlterExtension, CreateExtension, CreateNamespace, DropExtension, DropNamespace};

pub(super) fn create(op: &CreateNamespace) -> Vec<String> {
    let name = quote(&op.schema.name);
    let guard = if op.if_not_exists { "IF NOT EXISTS " } else { "" };
    let mut statements = vec![format!("CREATE SCHEMA {guard}{name}")];
    if op.schema.comment.is_some() {
        statements.push(comment(&format!("SCHEMA {name}"), op.schema.comment.as_deref()));
    }
    statements
}

pub(super) fn drop(op: &DropNamespace) -> Vec<String> {
    vec![drop_text("SCHEMA", op.if_exists, &quote(&op.schema.name))]
}

pub(super) fn create_extension(op: &CreateExtension) -> Vec<String> {
    let guard = if op.if_not_exists { "IF NOT EXISTS " } else { "" };
    let mut out = format!("CREATE EXTENSION {guard}{}", quote(&op.extension.name));
    if let Some(schema) = &op.extension.schema {
        out += &format!(" SCHEMA {}", quote(schema));
    }
    if let Some(version) = &op.extension.version {
        out += &format!(" VERSION {}", literal(version));
    }
    vec![out]
}

pub(super) fn drop_extension(op: &DropExtension) -> Vec<String> {
    vec![drop_text("EXTENSION", op.if_exists, &quote(&op.extension.name))]
}

pub(super) fn alter_extension(op: &AlterExtension) -> Vec<String> {
    let name = quote(&op.to.name);
    let mut statements = Vec::new();
    if op.from.version != op.to.version {
        let to = op.to.version.as_deref().map_or(String::new(), |v| format!(" TO {}", literal(v)));
        statements.push(format!("ALTER EXTENSION {name} UPDATE{to}"));
    }
    if op.from.schema != op.to.schema {
        statements.push(super::options::set_schema_of("EXTENSION", &name, op.to.schema.as_deref()));
    }
    statements
}
