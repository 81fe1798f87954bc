//! Columns ("ALTER TABLE Statement", "CREATE TABLE Statement"). A column is always written whole: MODIFY and CHANGE
//! forget whatever they are not told.

use super::{condition, name, qualified, text, unsupported};
use crate::operation::{AddColumn, AlterColumn, DropColumn, OperationError, Server};
use crate::schema::{Column, ComputedKind, DefaultValue, LiteralValue};

pub(super) fn add(add: &AddColumn, server: &Server) -> Result<String, OperationError> {
    let condition = condition(add.if_not_exists, "IF NOT EXISTS", server)?;
    let column = definition(&add.column, server)?;
    Ok(format!("ALTER TABLE {} ADD COLUMN {condition}{column}", qualified(&add.table)))
}

pub(super) fn drop(drop: &DropColumn, server: &Server) -> Result<String, OperationError> {
    let condition = condition(drop.if_exists, "IF EXISTS", server)?;
    Ok(format!("ALTER TABLE {} DROP COLUMN {condition}{}", qualified(&drop.table), name(&drop.column.name)))
}

pub(super) fn alter(alter: &AlterColumn, server: &Server) -> Result<String, OperationError> {
    if alter.using.is_some() {
        let advice =
            "values are converted as in an assignment; for anything else add a column, UPDATE, and drop";
        return Err(unsupported(server, "change a column's type with USING", advice));
    }
    let actions = changes(&alter.from, &alter.to, server)?;
    Ok(format!("ALTER TABLE {} {actions}", qualified(&alter.table)))
}

/// What ALTER TABLE has to do to make `to` of `from`.
pub(super) fn changes(from: &Column, to: &Column, server: &Server) -> Result<String, OperationError> {
    if *to == (Column { name: to.name.clone(), ..from.clone() }) && from.name != to.name {
        return Ok(format!("RENAME COLUMN {} TO {}", name(&from.name), name(&to.name)));
    }
    let definition = definition(to, server)?;
    Ok(if !convertible(from, to) {
        format!("DROP COLUMN {}, ADD COLUMN {definition}", name(&from.name))
    } else {
        let copy = if reads_otherwise(from, to) { ", ALGORITHM=COPY" } else { "" };
        if from.name == to.name {
            format!("MODIFY COLUMN {definition}{copy}")
        } else {
            format!("CHANGE COLUMN {} {definition}{copy}", name(&from.name))
        }
    })
}

/// Whether a virtual column gets another expression. MariaDB 10.11 changes that in place, but goes on reading the columns
/// that the old one named wherever it makes an index of it or keeps one: it then holds wrong values, without a word.
fn reads_otherwise(from: &Column, to: &Column) -> bool {
    let virtual_expr = |column: &Column| {
        let computed = column.computed.clone().filter(|computed| computed.kind == ComputedKind::Virtual);
        computed.map(|computed| computed.expr)
    };
    let (old, new) = (virtual_expr(from), virtual_expr(to));
    old.is_some() && new.is_some() && old != new
}

/// Whether the server turns the one into the other. A virtual column has no values that could be kept, and becomes
/// nothing else ("ALTER TABLE and Generated Columns"); nor does a stored one lose them in place for other ones.
fn convertible(from: &Column, to: &Column) -> bool {
    let kind = |column: &Column| column.computed.as_ref().map(|computed| computed.kind);
    let is_virtual = |column: &Column| kind(column) == Some(ComputedKind::Virtual);
    is_virtual(from) == is_virtual(to)
}

/// A column as CREATE TABLE, ADD, MODIFY and CHANGE want it.
pub(super) fn definition(column: &Column, server: &Server) -> Result<String, OperationError> {
    if column.identity.is_some() {
        return Err(unsupported(server, "keep an identity column", "set autoincrement instead"));
    }
    if column.storage.is_some() || column.compression.is_some() || column.statistics.is_some() {
        let what = "set storage, compression or statistics of a column";
        return Err(unsupported(server, what, "these are PostgreSQL's"));
    }
    let mut out = format!("{} {}", name(&column.name), column.data_type);
    let mut clause = |clause: String| {
        out.push(' ');
        out.push_str(&clause);
    };
    if let Some(charset) = &column.charset {
        clause(format!("CHARACTER SET {charset}"));
    }
    if let Some(collation) = &column.collation {
        clause(format!("COLLATE {collation}"));
    }
    let of_versioning = column.verbatim.iter().any(|text| text.starts_with("GENERATED ALWAYS AS ROW"));
    if let Some(computed) = &column.computed {
        let kind = match computed.kind {
            ComputedKind::Stored => "STORED",
            ComputedKind::Virtual => "VIRTUAL",
        };
        clause(format!("GENERATED ALWAYS AS ({}) {kind}", computed.expr));
    }
    if !column.nullable {
        clause("NOT NULL".into());
    } else if is(&column.data_type, &["timestamp"]) && column.computed.is_none() && !of_versioning {
        // Without it a server may take the column for one that is NOT NULL (`explicit_defaults_for_timestamp`).
        clause("NULL".into());
    }
    if let Some(default) = &column.default {
        clause(format!("DEFAULT {}", default_value(default, &column.data_type, server)));
    }
    if let Some(expression) = &column.on_update {
        clause(format!("ON UPDATE {expression}"));
    }
    if column.autoincrement {
        clause("AUTO_INCREMENT".into());
    }
    if column.invisible {
        clause("INVISIBLE".into());
    }
    let is_check = |text: &&String| text.starts_with("CHECK ");
    column.verbatim.iter().filter(|text| !is_check(text)).for_each(|text| clause(text.clone()));
    if let Some(comment) = &column.comment {
        clause(format!("COMMENT {}", text(comment)));
    }
    // MariaDB reads a check last.
    column.verbatim.iter().filter(is_check).for_each(|text| clause(text.clone()));
    Ok(out)
}

/// Whether a type is one of these, whatever its length.
fn is(data_type: &str, types: &[&str]) -> bool {
    let word = data_type.split(['(', ' ']).next().unwrap_or_default();
    types.iter().any(|kind| word.eq_ignore_ascii_case(kind))
}

/// The default ("Data Type Default Values"): an expression in parentheses, and on MySQL a value, too, where the type is
/// one that takes no literal.
fn default_value(default: &DefaultValue, data_type: &str, server: &Server) -> String {
    let written = match default {
        DefaultValue::Sql(sql) => sql.trim().to_owned(),
        DefaultValue::Literal { literal } => match literal {
            LiteralValue::Bool(true) => "1".into(),
            LiteralValue::Bool(false) => "0".into(),
            LiteralValue::Int(number) => number.to_string(),
            LiteralValue::Text(value) => text(value),
        },
    };
    let wordy =
        ["tinytext", "text", "mediumtext", "longtext", "tinyblob", "blob", "mediumblob", "longblob", "json"];
    let expression_only = !server.mariadb && is(data_type, &wordy) && !written.eq_ignore_ascii_case("NULL");
    let bare = is_literal(&written) && !expression_only || is_moment(&written) || is_enclosed(&written);
    if bare { written } else { format!("({written})") }
}

/// A number, a string, or a keyword that is a value.
fn is_literal(sql: &str) -> bool {
    let lower = sql.to_ascii_lowercase();
    let number = lower.trim_start_matches(['-', '+']);
    let is_number = number.starts_with(|c: char| c.is_ascii_digit() || c == '.')
        && number.chars().all(|c| c.is_ascii_alphanumeric() || c == '.' || c == '-' || c == '+')
        && number.matches(['-', '+']).count() <= usize::from(number.contains('e'));
    let unprefixed = ["b", "x", "n", "date ", "time ", "timestamp "]
        .iter()
        .find_map(|prefix| lower.strip_prefix(prefix).filter(|rest| rest.starts_with('\'')))
        .unwrap_or(&lower);
    is_number || is_string(unprefixed) || matches!(lower.as_str(), "null" | "true" | "false")
}

/// Whether it is one string in single quotes from beginning to end.
fn is_string(sql: &str) -> bool {
    let Some(inside) = sql.strip_prefix('\'').and_then(|rest| rest.strip_suffix('\'')) else { return false };
    let mut characters = inside.chars();
    while let Some(c) = characters.next() {
        let pair = match c {
            '\\' => characters.next().is_some(),
            '\'' => characters.next() == Some('\''),
            _ => true,
        };
        if !pair {
            return false;
        }
    }
    true
}

/// The current time, which needs no parentheses.
fn is_moment(sql: &str) -> bool {
    let lower = sql.to_ascii_lowercase();
    ["current_timestamp", "now", "localtimestamp", "localtime"].iter().any(|word| {
        lower.strip_prefix(word).is_some_and(|rest| {
            let inside = rest.strip_prefix('(').and_then(|rest| rest.strip_suffix(')'));
            let called = inside.is_some_and(|digits| digits.chars().all(|c| c.is_ascii_digit()));
            called || rest.is_empty() && *word != "now"
        })
    })
}

/// Whether one pair of parentheses is around all of it.
fn is_enclosed(sql: &str) -> bool {
    let (mut depth, mut quote, mut escaped) = (0_u32, None, false);
    let last = sql.len().saturating_sub(1);
    for (at, c) in sql.char_indices() {
        match quote {
            Some(_) if escaped => escaped = false,
            Some(open) if c == '\\' && open != '`' => escaped = true,
            Some(open) if c == open => quote = None,
            Some(_) => {}
            None if matches!(c, '\'' | '"' | '`') => quote = Some(c),
            None if c == '(' => depth += 1,
            None if c == ')' => depth = depth.saturating_sub(1),
            None => {}
        }
        if depth == 0 && at < last {
            return false;
        }
    }
    sql.starts_with('(') && depth == 0 && quote.is_none()
}
