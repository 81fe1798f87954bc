//! Composite types and domains.

use super::comment::comment;
use super::enums::{aside, recast, recast_from};
use super::expression::expression;
use super::{beside, literal, qualified, quote, unless, unsupported};
use crate::operation::{AlterComposite, AlterDomain, CreateComposite, CreateDomain, OperationError};
use crate::schema::{Composite, CompositeField, Domain, DomainCheck};

pub(super) fn create_composite(op: &CreateComposite) -> Vec<String> {
    guarded(op.if_not_exists, &qualified(&op.composite.name), composite(&op.composite))
}

fn guarded(if_not_exists: bool, name: &str, statements: Vec<String>) -> Vec<String> {
    if if_not_exists {
        return vec![unless(&format!("to_regtype({})", literal(name)), &statements)];
    }
    statements
}

fn composite(made: &Composite) -> Vec<String> {
    let name = qualified(&made.name);
    let fields: Vec<_> = made.fields.iter().map(field).collect();
    let mut statements = vec![format!("CREATE TYPE {name} AS ({})", fields.join(", "))];
    if made.comment.is_some() {
        statements.push(comment(&format!("TYPE {name}"), made.comment.as_deref()));
    }
    statements
}

fn field(field: &CompositeField) -> String {
    format!("{} {}", quote(&field.name), typed(field))
}

fn typed(field: &CompositeField) -> String {
    match &field.collation {
        Some(collation) => format!("{} COLLATE {collation}", field.data_type),
        None => field.data_type.clone(),
    }
}

pub(super) fn alter_composite(op: &AlterComposite) -> Vec<String> {
    if op.takes_new_type() {
        return replace_composite(op);
    }
    let mut statements = alter_fields(op, true);
    if op.from.comment != op.to.comment {
        let name = qualified(&op.to.name);
        statements.push(comment(&format!("TYPE {name}"), op.to.comment.as_deref()));
    }
    statements
}

/// A new type takes the old one's place.
fn replace_composite(op: &AlterComposite) -> Vec<String> {
    let old = aside(&op.from.name);
    // An array's elements cannot be taken apart in a USING clause: their fields must be the same ones by then.
    let mut statements = if op.casts_fields() { Vec::new() } else { alter_fields(op, false) };
    statements.push(format!("ALTER TYPE {} RENAME TO {}", qualified(&op.from.name), quote(&old)));
    statements.extend(composite(&op.to));
    if op.casts_fields() {
        statements.extend(recast_from(&op.to.name, &op.columns, |column| row(op, column)));
    } else {
        statements.extend(recast(&op.to.name, &op.columns));
    }
    statements.push(format!("DROP TYPE {}", beside(&op.from.name, &old)));
    statements
}

/// The value of a column with the new type's fields, as it is written: an input function refuses what a cast would cut
/// off. A row of NULLs is not NULL.
fn row(op: &AlterComposite, column: &str) -> String {
    let names = |composite: &Composite| -> Vec<String> {
        composite.fields.iter().map(|field| field.name.clone()).collect()
    };
    if names(&op.from) == names(&op.to) {
        return format!("{column}::text");
    }
    let field = |new: &CompositeField| match op.from.fields.iter().any(|old| old.name == new.name) {
        true => format!("({column}).{}", quote(&new.name)),
        false => "NULL".to_owned(),
    };
    let fields: Vec<String> = op.to.fields.iter().map(field).collect();
    format!("CASE WHEN {column} IS DISTINCT FROM NULL THEN ROW({})::text END", fields.join(", "))
}

/// Drops and adds fields, and with `types` changes those that stay.
fn alter_fields(op: &AlterComposite, types: bool) -> Vec<String> {
    let name = qualified(&op.to.name);
    let kept = op.kept();
    let mut actions = Vec::new();
    for old in op.from.fields.iter().filter(|old| !kept.contains(&old.name.as_str())) {
        actions.push(format!("DROP ATTRIBUTE {}", quote(&old.name)));
    }
    for new in &op.to.fields {
        let old = op.from.fields.iter().find(|old| old.name == new.name && kept.contains(&old.name.as_str()));
        match old {
            None => actions.push(format!("ADD ATTRIBUTE {}", field(new))),
            Some(old) if types && old != new => {
                actions.push(format!("ALTER ATTRIBUTE {} TYPE {}", quote(&new.name), typed(new)));
            }
            Some(_) => {}
        }
    }
    if actions.is_empty() { Vec::new() } else { vec![format!("ALTER TYPE {name} {}", actions.join(", "))] }
}

pub(super) fn create_domain(op: &CreateDomain) -> Vec<String> {
    guarded(op.if_not_exists, &qualified(&op.domain.name), domain(&op.domain))
}

fn domain(made: &Domain) -> Vec<String> {
    let name = qualified(&made.name);
    let mut out = format!("CREATE DOMAIN {name} AS {}", made.data_type);
    if let Some(collation) = &made.collation {
        out += &format!(" COLLATE {collation}");
    }
    if let Some(default) = &made.default {
        out += &format!(" DEFAULT {default}");
    }
    if made.not_null {
        out += " NOT NULL";
    }
    // CREATE DOMAIN knows no NOT VALID.
    for check in made.checks.iter().filter(|check| !check.not_valid) {
        out += &format!(" {}", check_text(check));
    }
    let mut statements = vec![out];
    for check in made.checks.iter().filter(|check| check.not_valid) {
        statements.push(format!("ALTER DOMAIN {name} ADD {} NOT VALID", check_text(check)));
    }
    if made.comment.is_some() {
        statements.push(comment(&format!("DOMAIN {name}"), made.comment.as_deref()));
    }
    statements
}

fn check_text(check: &DomainCheck) -> String {
    match &check.name {
        Some(name) => format!("CONSTRAINT {} CHECK ({})", quote(name), expression(&check.expr)),
        None => format!("CHECK ({})", expression(&check.expr)),
    }
}

pub(super) fn alter_domain(op: &AlterDomain) -> Result<Vec<String>, OperationError> {
    let (from, to) = (&op.from, &op.to);
    let name = qualified(&to.name);
    if from.data_type != to.data_type || from.collation != to.collation {
        return Ok(swap(op));
    }
    let mut statements = Vec::new();
    let mut alter = |action: String| statements.push(format!("ALTER DOMAIN {name} {action}"));
    // A check may be valid in place of its NOT VALID self without being dropped.
    let validated = |old: &DomainCheck, new: &DomainCheck| {
        old.name.is_some() && *old == DomainCheck { not_valid: true, ..new.clone() } && !new.not_valid
    };
    for old in from.checks.iter().filter(|old| !to.checks.contains(old)) {
        if to.checks.iter().any(|new| validated(old, new)) {
            continue;
        }
        let Some(check) = &old.name else {
            return Err(unsupported(
                format!("drop a check of domain {} that has no name", to.name),
                "give it the name that it has",
            ));
        };
        alter(format!("DROP CONSTRAINT {}", quote(check)));
    }
    if from.default != to.default {
        alter(match &to.default {
            Some(default) => format!("SET DEFAULT {default}"),
            None => "DROP DEFAULT".into(),
        });
    }
    if from.not_null != to.not_null {
        alter(if to.not_null { "SET NOT NULL" } else { "DROP NOT NULL" }.into());
    }
    for new in to.checks.iter().filter(|new| !from.checks.contains(new)) {
        match (&new.name, from.checks.iter().any(|old| validated(old, new))) {
            (Some(check), true) => alter(format!("VALIDATE CONSTRAINT {}", quote(check))),
            _ => alter(format!("ADD {}{}", check_text(new), if new.not_valid { " NOT VALID" } else { "" })),
        }
    }
    if from.comment != to.comment {
        statements.push(comment(&format!("DOMAIN {name}"), to.comment.as_deref()));
    }
    Ok(statements)
}

/// The type below a domain cannot be changed: a new domain takes the old one's place.
fn swap(op: &AlterDomain) -> Vec<String> {
    let old = aside(&op.from.name);
    let mut statements = vec![format!("ALTER DOMAIN {} RENAME TO {}", qualified(&op.from.name), quote(&old))];
    statements.extend(domain(&op.to));
    statements.extend(recast(&op.to.name, &op.columns));
    statements.push(format!("DROP DOMAIN {}", beside(&op.from.name, &old)));
    statements
}
