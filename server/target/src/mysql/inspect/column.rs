//! Columns.

use super::super::quote::literal;
use super::catalog::Row;
use super::text::{bare, local, plain};
use migrated_core::schema::{Column, Computed, ComputedKind, DefaultValue, TableOptions};

/// What a column is read with.
pub(super) struct Context<'a> {
    pub(super) mariadb: bool,
    pub(super) database: &'a str,
}

/// The column of a row of [`super::catalog::Part::Columns`].
pub(super) fn column(row: Row<'_>, options: &TableOptions, context: &Context<'_>) -> Column {
    let mut column = Column::new(row.text(1), row.text(5));
    let extra = row.text(8);
    let said = |what: &str| contains(extra, what);
    column.nullable = row.text(4) == "YES";
    column.autoincrement = said("auto_increment");
    column.invisible = said("INVISIBLE");
    column.comment = row.filled(9);
    column.collation = row.filled(7).filter(|collation| options.collation.as_ref() != Some(collation));
    column.charset = row.filled(6).filter(|charset| options.charset.as_ref() != Some(charset));
    if let Some(at) = position(extra, "on update ") {
        let expression = extra[at + "on update ".len()..].split([',', ' ']).next().unwrap_or_default();
        column.on_update = Some(expression.to_owned());
    }
    if said("WITHOUT SYSTEM VERSIONING") {
        column.verbatim.push("WITHOUT SYSTEM VERSIONING".into());
    }
    if let Some(system) = row.get(11) {
        column.verbatim.push(format!("SRID {system}"));
    }
    match row.filled(10) {
        // The columns of a system-versioned table that the server fills.
        Some(row_time) if matches!(row_time.as_str(), "ROW START" | "ROW END") => {
            column.nullable = true;
            column.verbatim.push(format!("GENERATED ALWAYS AS {row_time}"));
        }
        Some(expression) => {
            let kind = if said("STORED") || said("PERSISTENT") {
                ComputedKind::Stored
            } else {
                ComputedKind::Virtual
            };
            let expr = bare(&printed(&expression, context)).to_owned();
            column.computed = Some(Computed { expr, kind });
        }
        None => column.default = default(row, context).map(DefaultValue::Sql),
    }
    column
}

/// An expression in the form in which it is written, without the database's name.
pub(super) fn printed(expression: &str, context: &Context<'_>) -> String {
    let text = if context.mariadb { expression.to_owned() } else { plain(expression) };
    local(&text, context.database).text
}

/// MariaDB tells a default as SQL, MySQL a value bare and an expression with a mark.
fn default(row: Row<'_>, context: &Context<'_>) -> Option<String> {
    let told = row.get(3)?;
    if context.mariadb {
        return (told != "NULL").then(|| printed(told, context));
    }
    if contains(row.text(8), "DEFAULT_GENERATED") {
        let expression = printed(told, context);
        let moment = expression.to_ascii_uppercase().starts_with("CURRENT_TIMESTAMP");
        return Some(if moment { expression } else { format!("({})", bare(&expression)) });
    }
    let bare_type = row.text(5).split(['(', ' ']).next().unwrap_or_default();
    let number = matches!(
        bare_type,
        "tinyint"
            | "smallint"
            | "mediumint"
            | "int"
            | "bigint"
            | "decimal"
            | "float"
            | "double"
            | "bit"
            | "year"
    );
    let hexadecimal = matches!(bare_type, "binary" | "varbinary") && told.starts_with("0x");
    Some(if number || hexadecimal { told.to_owned() } else { literal(told) })
}

fn position(text: &str, what: &str) -> Option<usize> {
    text.to_ascii_lowercase().find(&what.to_ascii_lowercase())
}

fn contains(text: &str, what: &str) -> bool {
    position(text, what).is_some()
}
