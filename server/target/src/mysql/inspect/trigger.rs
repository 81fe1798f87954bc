//! Triggers.

use super::super::quote::name;
use super::catalog::Row;
use super::definition::account;
use migrated_core::schema::Trigger;

/// The triggers of one table, with its name; rows of [`super::catalog::Part::Triggers`].
///
/// Where several fire at one event their order is part of the definitions. Each names one whose name comes before its
/// own, so that making them in the order of their names makes the order in which they fire.
pub(super) fn triggers(table: &str, rows: &[Row<'_>], user: &str, mode: &str) -> Vec<Trigger> {
    let event = |row: Row<'_>| (row.text(2).to_owned(), row.text(3).to_owned());
    let made = rows.iter().map(|row| {
        let mut others: Vec<Row<'_>> =
            rows.iter().copied().filter(|other| event(*other) == event(*row)).collect();
        others.retain(|other| other.text(0) < row.text(0));
        others.sort_by_key(|other| other.number(4));
        let before = others.iter().rfind(|other| other.number(4) < row.number(4));
        let place = match (before, others.first()) {
            (Some(other), _) => format!(" FOLLOWS {}", name(other.text(0))),
            (None, Some(other)) => format!(" PRECEDES {}", name(other.text(0))),
            (None, None) => String::new(),
        };
        let definer = match row.text(7) {
            definer if definer == user => String::new(),
            definer => format!("DEFINER={} ", account(definer)),
        };
        let definition = format!(
            "CREATE {definer}TRIGGER {} {} {} ON {} FOR EACH ROW{place} {}",
            name(row.text(0)),
            row.text(2),
            row.text(3),
            name(table),
            row.text(5)
        );
        let sql_mode = Some(row.text(6)).filter(|told| *told != mode).map(str::to_owned);
        Trigger { name: row.text(0).to_owned(), definition, sql_mode, ..Trigger::default() }
    });
    made.collect()
}
