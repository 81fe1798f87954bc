//! L008: rows that are changed before a statement that commits them (MySQL, MariaDB).

use super::Found;
use super::section::Read;
use crate::dialect::StatementKind;

/// Finds the first statement that changes rows before one that commits.
pub(super) fn look(read: &Read<'_>, findings: &mut Vec<Found>) {
    let commits = |kind: StatementKind| kind == StatementKind::ImplicitCommit;
    let Some(last) = read.statements.iter().rposition(|s| commits(s.class.kind)) else { return };
    let changes = ["INSERT", "UPDATE", "DELETE", "REPLACE", "LOAD", "CALL", "WITH"];
    let first = read.each().take(last).find(|(_, s)| changes.iter().any(|verb| s.begins(&[verb])));
    if let Some((i, _)) = first {
        let line = read.statements[last].statement.line;
        let message =
            format!("the statement of line {line} commits this one: if it fails, the rows stay changed");
        let safer = "change rows in a revision of its own, or after the last statement that commits";
        findings.push(read.found(i, 0, "L008", message, safer));
    }
}
