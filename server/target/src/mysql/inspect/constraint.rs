//! Checks and foreign keys.

use super::catalog::Row;
use super::column::{Context, printed};
use super::text::bare;
use migrated_core::schema::{Action, Check, ForeignKey, Table};

/// Puts a row of [`super::catalog::Part::Checks`] in its table. A check that stands in a column's definition, as
/// MariaDB has them, is part of that column: it comes and goes with it.
pub(super) fn check(table: &mut Table, row: Row<'_>, context: &Context<'_>) {
    let name = row.text(1);
    let expr = bare(&printed(row.text(2), context)).to_owned();
    if row.text(3) == "Column" {
        if let Some(column) = table.columns.iter_mut().find(|column| column.name == name) {
            column.verbatim.push(format!("CHECK ({expr})"));
        }
        return;
    }
    let not_enforced = row.text(4) == "NO";
    table.checks.push(Check { name: Some(name.to_owned()), expr, not_enforced, ..Check::default() });
}

/// The foreign key of some rows of [`super::catalog::Part::References`], in the order of its columns.
pub(super) fn foreign_key(parts: &[Row<'_>], actions: Option<Row<'_>>, context: &Context<'_>) -> ForeignKey {
    let column = |at: usize| parts.iter().map(|part| part.text(at).to_owned()).collect();
    let first = |at: usize| parts.first().map(|part| part.text(at)).unwrap_or_default();
    let action = |at: usize| actions.map_or(Action::NoAction, |row| action(row.text(at)));
    ForeignKey {
        name: Some(first(1).to_owned()),
        columns: column(3),
        ref_schema: Some(first(4)).filter(|schema| *schema != context.database).map(str::to_owned),
        ref_table: first(5).to_owned(),
        ref_columns: column(6),
        on_update: action(2),
        on_delete: action(3),
        ..ForeignKey::default()
    }
}

/// RESTRICT and NO ACTION are one here.
fn action(rule: &str) -> Action {
    match rule {
        "CASCADE" => Action::Cascade,
        "SET NULL" => Action::SetNull,
        "SET DEFAULT" => Action::SetDefault,
        _ => Action::NoAction,
    }
}
