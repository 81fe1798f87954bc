//! Views.

use super::catalog::Row;
use super::definition::{account, definer_of};
use super::text::local;
use migrated_core::schema::{Name, View};
use std::collections::BTreeMap;

/// The view of a row of [`super::catalog::Part::Views`]. `columns` are its columns' names; `statement` is what SHOW
/// CREATE VIEW says, where that had to be asked for.
pub(super) fn view(
    row: Row<'_>,
    columns: Vec<(String, String)>,
    statement: Option<&str>,
    user: &str,
    database: &str,
) -> View {
    let query = local(row.text(1), database);
    let mut options = BTreeMap::new();
    let algorithm = row.get(5).or_else(|| statement.and_then(algorithm_of)).unwrap_or("UNDEFINED");
    let mut option = |name: &str, value: &str, default: &str| {
        if value != default {
            options.insert(name.to_owned(), value.to_ascii_lowercase());
        }
    };
    option("algorithm", algorithm, "UNDEFINED");
    option("security", row.text(4), "DEFINER");
    option("check_option", row.text(2), "NONE");
    if row.text(3) != user {
        options.insert("definer".into(), account(row.text(3)));
    }
    View {
        name: Name::local(row.text(0)),
        query: query.text,
        columns,
        options,
        depends_on: query.reads,
        ..View::default()
    }
}

/// The algorithm in a statement: MySQL tells it nowhere else.
fn algorithm_of(statement: &str) -> Option<&str> {
    let (_, after) = definer_of(statement).map_or(("", statement), |(before, _, _)| ("", before));
    after.split_once("ALGORITHM=")?.1.split_whitespace().next()
}
