//! Statements that share a transaction: a commit each costs the server more than most definitions do.

use crate::postgres::wire::{Wire, WireError};
use migrated_core::DialectName;
use migrated_core::dialect::{SqlWord, Statement, sql_words};

/// All that one transaction makes is locked until it ends, and a server has room for about 6,400 locks.
const STATEMENTS: usize = 64;
const BYTES: usize = 256 << 10;

/// What a statement is to those beside it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Kind {
    /// Makes or changes an object, and does the same in a transaction with others as in one of its own.
    Definition,
    /// Begins or ends a transaction.
    Transaction,
    /// Anything else.
    Other,
}

/// What a statement is.
pub(super) fn kind(statement: &Statement<'_>) -> Kind {
    let words = sql_words(DialectName::Postgres, statement.text).unwrap_or_default();
    let is = |at: usize, keywords: &[&str]| {
        words.get(at).is_some_and(|word: &SqlWord<'_>| keywords.iter().any(|keyword| word.is(keyword)))
    };
    const ENDS: &[&str] =
        &["BEGIN", "START", "COMMIT", "END", "ROLLBACK", "ABORT", "SAVEPOINT", "RELEASE", "PREPARE"];
    const MADE: &[&str] =
        &["TABLE", "INDEX", "SEQUENCE", "TYPE", "DOMAIN", "VIEW", "FUNCTION", "PROCEDURE", "TRIGGER"];
    const CHANGED: &[&str] = &["TABLE", "INDEX", "SEQUENCE", "DOMAIN", "VIEW", "FUNCTION", "PROCEDURE"];
    if is(0, ENDS) {
        return Kind::Transaction;
    }
    let made = is(0, &["CREATE"]) && (is(1, MADE) || is(1, &["UNIQUE"]) && is(2, &["INDEX"]));
    let changed = is(0, &["ALTER"]) && is(1, CHANGED);
    let told = is(0, &["COMMENT"]) && is(1, &["ON"]);
    let alone = words.iter().any(|word| word.is("CONCURRENTLY"));
    if (made || changed || told) && !alone { Kind::Definition } else { Kind::Other }
}

/// How many of the first statements may share a transaction; 0 or 1 where none do.
pub(super) fn count(statements: &[Statement<'_>], kinds: &[Kind]) -> usize {
    let mut bytes = 0;
    let fits = |(statement, kind): &(&Statement<'_>, &Kind)| {
        bytes += statement.text.len();
        **kind == Kind::Definition && bytes <= BYTES
    };
    statements.iter().zip(kinds).take(STATEMENTS).take_while(fits).count()
}

/// Executes statements in one request, which the server makes one transaction. `false` where it refused one of them, and
/// none was done.
pub(super) async fn execute(wire: &mut Wire, statements: &[Statement<'_>]) -> Result<bool, WireError> {
    let texts: Vec<&str> = statements.iter().map(|statement| statement.text).collect();
    // On a line of its own: a statement may end with a comment.
    match wire.execute(&texts.join("\n;"), &mut |_| {}).await {
        Ok(_) => Ok(true),
        Err(e) if e.is_fatal() => Err(e),
        Err(_) => Ok(false),
    }
}

#[cfg(test)]
mod tests {
    use super::{Kind, count, kind};
    use migrated_core::DialectName;
    use migrated_core::dialect::split;

    fn kinds(text: &str) -> Vec<Kind> {
        split(DialectName::Postgres, text, 1).expect("SQL").iter().map(kind).collect()
    }

    #[test]
    fn definitions_share_and_nothing_else() {
        let definitions = "CREATE TABLE t (a int); -- one\n/* two */ create unique index i ON t (a); ALTER TABLE t ADD b int;\
                           COMMENT ON TABLE t IS 'x'; CREATE VIEW v AS SELECT 1;";
        assert_eq!(kinds(definitions), [Kind::Definition; 5]);
        let others = "CREATE INDEX CONCURRENTLY i ON t (a); SET search_path = a; INSERT INTO t VALUES (1); \
                      CREATE SCHEMA s; CREATE EXTENSION e; ALTER TYPE e ADD VALUE 'x'; CREATE TEMPORARY TABLE t (a int); \
                      DO $$BEGIN COMMIT; END$$; SELECT 1; CREATE MATERIALIZED VIEW m AS SELECT 1; VACUUM;";
        assert_eq!(kinds(others), [Kind::Other; 11]);
        assert_eq!(
            kinds("BEGIN; start transaction; COMMIT; END; ROLLBACK; SAVEPOINT s"),
            [Kind::Transaction; 6]
        );
    }

    #[test]
    fn no_more_share_than_fit() {
        let text =
            "CREATE TABLE t (a int);".repeat(100) + "SELECT 1;" + &"COMMENT ON TABLE t IS 'x';".repeat(3);
        let statements = split(DialectName::Postgres, &text, 1).expect("SQL");
        let kinds: Vec<Kind> = statements.iter().map(kind).collect();
        let from = |at: usize| count(&statements[at..], &kinds[at..]);
        assert_eq!((from(0), from(90), from(100), from(101)), (64, 10, 0, 3));
        let long = format!("COMMENT ON TABLE t IS '{}';", "x".repeat(100 << 10)).repeat(4);
        let statements = split(DialectName::Postgres, &long, 1).expect("SQL");
        let kinds: Vec<Kind> = statements.iter().map(kind).collect();
        assert_eq!(count(&statements, &kinds), 2);
    }
}
