//! Constraints.

use super::comment::comment;
use super::expression::expression;
use super::{qualified, quote, quoted_list, since, unsupported};
use crate::operation::{
    AddColumn, AddConstraint, AlterColumn, ChangePrimaryKey, DropColumn, DropConstraint, Operation,
    OperationError, RenameConstraint, Server,
};
use crate::schema::{Action, Constraint, Deferral, Exclude, ForeignKey, Match, Name, PrimaryKey, Unique};

/// PostgreSQL cuts longer names off.
const LONGEST_NAME: usize = 63;

pub(super) fn add(op: &AddConstraint, server: &Server) -> Result<Vec<String>, OperationError> {
    let name = op.constraint.name();
    let later = matches!(op.constraint, Constraint::Check(_) | Constraint::ForeignKey(_));
    // Without a name there is nothing to call it by in VALIDATE.
    let (true, true, false, Some(name)) = (op.not_valid, later, is_not_valid(&op.constraint), name) else {
        return statements(&op.table, &op.constraint, server);
    };
    let table = qualified(&op.table);
    let mut statements = vec![
        format!("ALTER TABLE {table} ADD {} NOT VALID", definition(&op.constraint, server)?),
        format!("ALTER TABLE {table} VALIDATE CONSTRAINT {}", quote(name)),
    ];
    statements.extend(comment_of(&op.table, &op.constraint));
    Ok(statements)
}

/// What adds a constraint as it is.
pub(super) fn statements(
    table: &Name,
    constraint: &Constraint,
    server: &Server,
) -> Result<Vec<String>, OperationError> {
    let not_valid = if is_not_valid(constraint) { " NOT VALID" } else { "" };
    let definition = definition(constraint, server)?;
    let mut statements = vec![format!("ALTER TABLE {} ADD {definition}{not_valid}", qualified(table))];
    statements.extend(comment_of(table, constraint));
    Ok(statements)
}

pub(super) fn drop(op: &DropConstraint) -> Result<Vec<String>, OperationError> {
    let name = match op.constraint.name() {
        Some(name) => name.to_owned(),
        None => chosen_name(&op.table, &op.constraint)?,
    };
    let guard = if op.if_exists { "IF EXISTS " } else { "" };
    Ok(vec![format!("ALTER TABLE {} DROP CONSTRAINT {guard}{}", qualified(&op.table), quote(&name))])
}

pub(super) fn rename(op: &RenameConstraint) -> Vec<String> {
    let (from, to) = (quote(&op.from), quote(&op.to));
    vec![format!("ALTER TABLE {} RENAME CONSTRAINT {from} TO {to}", qualified(&op.table))]
}

/// One step after the other: a transaction is around them.
pub(super) fn change_primary_key(
    op: &ChangePrimaryKey,
    server: &Server,
) -> Result<Vec<String>, OperationError> {
    let table = op.table.clone();
    let mut steps = Vec::new();
    if let Some(key) = &op.from {
        let constraint = Constraint::PrimaryKey(key.clone());
        steps.push(Operation::DropConstraint(DropConstraint {
            table: table.clone(),
            constraint,
            if_exists: false,
        }));
    }
    steps.extend(op.drop.iter().map(|column| {
        let column = column.clone();
        Operation::DropColumn(DropColumn { table: table.clone(), column, if_exists: false })
    }));
    steps.extend(op.alter.iter().cloned().map(|(from, to)| {
        Operation::AlterColumn(AlterColumn { table: table.clone(), from, to, using: None })
    }));
    steps.extend(op.add.iter().map(|column| {
        let column = column.clone();
        Operation::AddColumn(AddColumn { table: table.clone(), column, if_not_exists: false })
    }));
    if let Some(key) = &op.to {
        let constraint = Constraint::PrimaryKey(key.clone());
        steps.push(Operation::AddConstraint(AddConstraint { table, constraint, not_valid: false }));
    }
    let mut statements = Vec::new();
    for step in &steps {
        statements.extend(step.render(server)?);
    }
    Ok(statements)
}

/// Whether it stays NOT VALID.
pub(super) fn is_not_valid(constraint: &Constraint) -> bool {
    match constraint {
        Constraint::Check(check) => check.not_valid,
        Constraint::ForeignKey(key) => key.not_valid,
        Constraint::PrimaryKey(_) | Constraint::Unique(_) | Constraint::Exclude(_) => false,
    }
}

/// COMMENT, where there is one.
pub(super) fn comment_of(table: &Name, constraint: &Constraint) -> Option<String> {
    let text = match constraint {
        Constraint::PrimaryKey(c) => &c.comment,
        Constraint::Unique(c) => &c.comment,
        Constraint::Check(c) => &c.comment,
        Constraint::ForeignKey(c) => &c.comment,
        Constraint::Exclude(c) => &c.comment,
    };
    let (text, name) = (text.as_deref()?, constraint.name()?);
    Some(comment(&format!("CONSTRAINT {} ON {}", quote(name), qualified(table)), Some(text)))
}

/// A constraint as it stands in CREATE TABLE and behind ADD, without NOT VALID.
pub(super) fn definition(constraint: &Constraint, server: &Server) -> Result<String, OperationError> {
    let body = match constraint {
        Constraint::PrimaryKey(key) => primary_key(key),
        Constraint::Unique(unique) => unique_text(unique, server)?,
        Constraint::Check(check) => {
            let mut out = format!("CHECK ({})", expression(&check.expr));
            if check.no_inherit {
                out += " NO INHERIT";
            }
            if check.not_enforced {
                since(server, 18, "leave a check constraint unenforced")?;
                out += " NOT ENFORCED";
            }
            out
        }
        Constraint::ForeignKey(key) => foreign_key(key, server)?,
        Constraint::Exclude(exclude) => exclude_text(exclude),
    };
    Ok(match constraint.name() {
        Some(name) => format!("CONSTRAINT {} {body}", quote(name)),
        None => body,
    })
}

fn primary_key(key: &PrimaryKey) -> String {
    format!("PRIMARY KEY ({}){}", quoted_list(&key.columns), tail(&key.include, &key.verbatim, key.deferral))
}

fn unique_text(unique: &Unique, server: &Server) -> Result<String, OperationError> {
    if unique.nulls_not_distinct {
        since(server, 15, "take NULLs for equal")?;
    }
    let nulls = if unique.nulls_not_distinct { " NULLS NOT DISTINCT" } else { "" };
    let tail = tail(&unique.include, &unique.verbatim, unique.deferral);
    Ok(format!("UNIQUE{nulls} ({}){tail}", quoted_list(&unique.columns)))
}

fn foreign_key(key: &ForeignKey, server: &Server) -> Result<String, OperationError> {
    let columns = quoted_list(&key.columns);
    let mut out = format!("FOREIGN KEY ({columns}) REFERENCES {}", qualified(&key.target()));
    if !key.ref_columns.is_empty() {
        out += &format!(" ({})", quoted_list(&key.ref_columns));
    }
    out += match key.match_kind {
        Match::Simple => "",
        Match::Full => " MATCH FULL",
        Match::Partial => return Err(unsupported("match a foreign key partially", "use MATCH FULL")),
    };
    if let Some(action) = action(key.on_update) {
        out += &format!(" ON UPDATE {action}");
    }
    if let Some(action) = action(key.on_delete) {
        out += &format!(" ON DELETE {action}");
        if !key.on_delete_columns.is_empty() {
            since(server, 15, "name the columns of ON DELETE")?;
            out += &format!(" ({})", quoted_list(&key.on_delete_columns));
        }
    }
    out += deferral(key.deferral);
    Ok(out)
}

fn exclude_text(exclude: &Exclude) -> String {
    let items: Vec<_> =
        exclude.items.iter().map(|item| format!("{} WITH {}", item.element, item.operator)).collect();
    let method = if exclude.method.is_empty() { "btree" } else { &exclude.method };
    let mut out = format!("EXCLUDE USING {} ({})", quote(method), items.join(", "));
    out += &tail(&exclude.include, &exclude.verbatim, Deferral::NotDeferrable);
    if let Some(predicate) = &exclude.predicate {
        out += &format!(" WHERE ({})", expression(predicate));
    }
    out + deferral(exclude.deferral)
}

/// What the constraints with an index have behind their columns.
fn tail(include: &[String], verbatim: &[String], when: Deferral) -> String {
    let mut out = String::new();
    if !include.is_empty() {
        out += &format!(" INCLUDE ({})", quoted_list(include));
    }
    for clause in verbatim {
        out += &format!(" {clause}");
    }
    out + deferral(when)
}

fn deferral(when: Deferral) -> &'static str {
    match when {
        Deferral::NotDeferrable => "",
        Deferral::Immediate => " DEFERRABLE",
        Deferral::Deferred => " DEFERRABLE INITIALLY DEFERRED",
    }
}

fn action(action: Action) -> Option<&'static str> {
    match action {
        Action::NoAction => None,
        Action::Restrict => Some("RESTRICT"),
        Action::Cascade => Some("CASCADE"),
        Action::SetNull => Some("SET NULL"),
        Action::SetDefault => Some("SET DEFAULT"),
    }
}

/// The name that the server chose for a constraint without one, where nothing had it already.
fn chosen_name(table: &Name, constraint: &Constraint) -> Result<String, OperationError> {
    let chosen = match constraint {
        Constraint::PrimaryKey(_) => Some(format!("{}_pkey", table.name)),
        Constraint::Unique(c) => Some(format!("{}_{}_key", table.name, c.columns.join("_"))),
        Constraint::ForeignKey(c) => Some(format!("{}_{}_fkey", table.name, c.columns.join("_"))),
        Constraint::Check(_) | Constraint::Exclude(_) => None,
    };
    chosen.filter(|name| name.len() <= LONGEST_NAME).ok_or_else(|| {
        unsupported(format!("drop a constraint of {table} that has no name"), "give it the name that it has")
    })
}
