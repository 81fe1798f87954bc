//! The rows of the version table, as every engine compares and changes them (rule R9).

use crate::TargetError;
use migrated_core::Code;
use migrated_core::revision::RowChange;

/// Compares the whole set of rows with what the plan expects; their order does not matter.
///
/// # Errors
/// [`Code::VersionRowsChanged`] names both sets.
pub fn compare(found: &[String], expected: &[String]) -> Result<(), TargetError> {
    let sorted = |rows: &[String]| {
        let mut rows = rows.to_vec();
        rows.sort();
        rows
    };
    let (found, expected) = (sorted(found), sorted(expected));
    if found == expected {
        return Ok(());
    }
    Err(TargetError::new(
        Code::VersionRowsChanged,
        format!("the version table holds {} where the plan expects {}", listed(&found), listed(&expected)),
    )
    .help("somebody else changed it; plan again"))
}

fn listed(rows: &[String]) -> String {
    if rows.is_empty() { "no row".into() } else { rows.join(", ") }
}

/// The rows after `changes`.
pub fn after(rows: &[String], changes: &[RowChange]) -> Vec<String> {
    let mut rows = rows.to_vec();
    for change in changes {
        match change {
            RowChange::Insert(id) => rows.push(id.clone()),
            RowChange::Delete(id) => rows.retain(|row| row != id),
            RowChange::Update { from, to } => {
                rows.iter_mut().filter(|row| *row == from).for_each(|row| row.clone_from(to));
            }
        }
    }
    rows
}

/// Refuses a change that did not affect exactly one row.
///
/// # Errors
/// [`Code::VersionRowsChanged`].
pub fn one_row(change: &RowChange, affected: u64) -> Result<(), TargetError> {
    if affected == 1 {
        return Ok(());
    }
    let what = match change {
        RowChange::Insert(id) => format!("adding {id}"),
        RowChange::Delete(id) => format!("removing {id}"),
        RowChange::Update { from, to } => format!("changing {from} to {to}"),
    };
    Err(TargetError::new(
        Code::VersionRowsChanged,
        format!("{what} affected {affected} rows of the version table where one was expected"),
    )
    .help("somebody else changed it; plan again"))
}

#[cfg(test)]
mod tests {
    use super::{after, compare};
    use migrated_core::revision::RowChange;

    fn rows(rows: &[&str]) -> Vec<String> {
        rows.iter().map(|row| (*row).to_owned()).collect()
    }

    #[test]
    fn order_does_not_matter_but_number_does() {
        assert!(compare(&rows(&["b", "a"]), &rows(&["a", "b"])).is_ok());
        assert!(compare(&rows(&["a", "a"]), &rows(&["a"])).is_err());
        let error = compare(&[], &rows(&["a"])).expect_err("a row is missing");
        assert!(error.message.contains("no row where the plan expects a"), "{}", error.message);
    }

    #[test]
    fn a_merge_leaves_one_row() {
        let changes = [RowChange::Delete("a".into()), RowChange::Update { from: "b".into(), to: "m".into() }];
        assert_eq!(after(&rows(&["a", "b"]), &changes), rows(&["m"]));
        assert_eq!(after(&[], &[RowChange::Insert("x".into())]), rows(&["x"]));
    }
}
