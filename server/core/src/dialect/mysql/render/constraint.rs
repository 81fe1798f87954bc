//! Constraints ("ALTER TABLE Statement", "FOREIGN KEY Constraints", "CHECK Constraints").

use super::{column, condition, index, name, names, qualified, text, unsupported};
use crate::operation::{AddConstraint, ChangePrimaryKey, DropConstraint, OperationError, Server};
use crate::schema::{Action, Check, Constraint, Deferral, ForeignKey, Match, PrimaryKey, Unique};

pub(super) fn add(add: &AddConstraint, server: &Server) -> Result<String, OperationError> {
    Ok(format!("ALTER TABLE {} ADD {}", qualified(&add.table), element(&add.constraint, server)?))
}

pub(super) fn drop(drop: &DropConstraint, server: &Server) -> Result<String, OperationError> {
    let condition = condition(drop.if_exists, "IF EXISTS", server)?;
    let called = drop.constraint.name().map(name).ok_or_else(|| {
        unsupported(server, "drop a constraint without its name", "SHOW CREATE TABLE tells the name")
    });
    let what = match &drop.constraint {
        Constraint::PrimaryKey(_) => "PRIMARY KEY".into(),
        Constraint::Unique(_) => format!("INDEX {condition}{}", called?),
        Constraint::ForeignKey(_) => format!("FOREIGN KEY {condition}{}", called?),
        Constraint::Check(_) if server.mariadb => format!("CONSTRAINT {condition}{}", called?),
        Constraint::Check(_) => format!("CHECK {}", called?),
        Constraint::Exclude(_) => return Err(no_exclusion(server)),
    };
    Ok(format!("ALTER TABLE {} DROP {what}", qualified(&drop.table)))
}

/// One statement: an AUTO_INCREMENT column must be a key before and after every one.
pub(super) fn change_primary_key(
    change: &ChangePrimaryKey,
    server: &Server,
) -> Result<String, OperationError> {
    let mut actions = Vec::new();
    if change.from.is_some() {
        actions.push("DROP PRIMARY KEY".to_owned());
    }
    actions.extend(change.drop.iter().map(|gone| format!("DROP COLUMN {}", name(&gone.name))));
    for added in &change.add {
        actions.push(format!("ADD COLUMN {}", column::definition(added, server)?));
    }
    for (from, to) in &change.alter {
        actions.push(column::changes(from, to, server)?);
    }
    if let Some(key) = &change.to {
        actions.push(format!("ADD {}", primary_key(key, server)?));
    }
    Ok(format!("ALTER TABLE {} {}", qualified(&change.table), actions.join(", ")))
}

/// A constraint as CREATE TABLE and ALTER TABLE ADD want it.
pub(super) fn element(constraint: &Constraint, server: &Server) -> Result<String, OperationError> {
    match constraint {
        Constraint::PrimaryKey(key) => primary_key(key, server),
        Constraint::Unique(unique) => self::unique(unique, server),
        Constraint::Check(check) => self::check(check, server),
        Constraint::ForeignKey(key) => foreign_key(key, server),
        Constraint::Exclude(_) => Err(no_exclusion(server)),
    }
}

fn no_exclusion(server: &Server) -> OperationError {
    let advice = "check it in a trigger; on MariaDB a period with WITHOUT OVERLAPS does it for time";
    unsupported(server, "keep an exclusion constraint", advice)
}

fn named(called: Option<&str>) -> String {
    called.map(|called| format!("CONSTRAINT {} ", name(called))).unwrap_or_default()
}

/// A key of another name than PRIMARY keeps it nowhere, so it is not written.
fn primary_key(key: &PrimaryKey, server: &Server) -> Result<String, OperationError> {
    not_deferrable(key.deferral, server)?;
    let items = if key.items.is_empty() { names(&key.columns) } else { index::items(&key.items, server)? };
    let mut out = format!("PRIMARY KEY ({items})");
    key.verbatim.iter().for_each(|text| out.push_str(&format!(" {text}")));
    if let Some(comment) = &key.comment {
        out.push_str(&format!(" COMMENT {}", text(comment)));
    }
    Ok(out)
}

fn unique(unique: &Unique, server: &Server) -> Result<String, OperationError> {
    not_deferrable(unique.deferral, server)?;
    if unique.nulls_not_distinct || !unique.include.is_empty() {
        let what = "set NULLS NOT DISTINCT or INCLUDE of a unique constraint";
        return Err(unsupported(server, what, "these are PostgreSQL's"));
    }
    Ok(format!("{}UNIQUE ({})", named(unique.name.as_deref()), names(&unique.columns)))
}

fn check(check: &Check, server: &Server) -> Result<String, OperationError> {
    if check.not_enforced && server.mariadb {
        return Err(unsupported(server, "keep a check that is not enforced", "leave it out"));
    }
    let tail = if check.not_enforced { " NOT ENFORCED" } else { "" };
    Ok(format!("{}CHECK ({}){tail}", named(check.name.as_deref()), check.expr))
}

fn foreign_key(key: &ForeignKey, server: &Server) -> Result<String, OperationError> {
    not_deferrable(key.deferral, server)?;
    if key.match_kind != Match::Simple {
        // The server would take the clause, and then ignore ON DELETE and ON UPDATE.
        return Err(unsupported(server, "tell MATCH FULL from MATCH SIMPLE", "make the columns NOT NULL"));
    }
    if !key.on_delete_columns.is_empty() {
        return Err(unsupported(server, "set some of the columns ON DELETE", "set them in a trigger"));
    }
    Ok(format!(
        "{}FOREIGN KEY ({}) REFERENCES {} ({}){}{}",
        named(key.name.as_deref()),
        names(&key.columns),
        qualified(&key.target()),
        names(&key.ref_columns),
        action("DELETE", key.on_delete, server)?,
        action("UPDATE", key.on_update, server)?
    ))
}

/// NO ACTION and RESTRICT are one, and neither needs to be written.
fn action(event: &str, action: Action, server: &Server) -> Result<String, OperationError> {
    let word = match action {
        Action::NoAction | Action::Restrict => return Ok(String::new()),
        Action::Cascade => "CASCADE",
        Action::SetNull => "SET NULL",
        Action::SetDefault => {
            let what = format!("set the default ON {event}: InnoDB refuses it");
            return Err(unsupported(server, &what, "take SET NULL, or a trigger"));
        }
    };
    Ok(format!(" ON {event} {word}"))
}

fn not_deferrable(deferral: Deferral, server: &Server) -> Result<(), OperationError> {
    match deferral {
        Deferral::NotDeferrable => Ok(()),
        Deferral::Immediate | Deferral::Deferred => {
            let advice = "constraints are checked row by row here";
            Err(unsupported(server, "check a constraint later (DEFERRABLE)", advice))
        }
    }
}
