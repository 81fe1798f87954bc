//! What has to be known of a client's statement before it is sent.

use crate::TargetError;
use migrated_core::dialect::{Classification, StatementKind, classify, split, sql_words, summary};
use migrated_core::{Code, DialectName};

/// What a statement is.
#[derive(Clone, Debug)]
pub(crate) struct Meaning {
    /// The text without a semicolon at its end.
    pub(crate) text: String,
    /// First words, for progress.
    pub(crate) summary: String,
    /// How it stands to transactions.
    pub(crate) class: Classification,
    /// Its first word, in upper case.
    pub(crate) verb: String,
    /// It is certain to give no rows.
    pub(crate) without_rows: bool,
}

/// Statements that give no rows, unless RETURNING is among their words.
const WITHOUT_ROWS: [&str; 35] = [
    "INSERT",
    "UPDATE",
    "DELETE",
    "REPLACE",
    "MERGE",
    "CREATE",
    "ALTER",
    "DROP",
    "COMMENT",
    "GRANT",
    "REVOKE",
    "TRUNCATE",
    "RENAME",
    "SET",
    "RESET",
    "USE",
    "DO",
    "LOCK",
    "UNLOCK",
    "SAVEPOINT",
    "RELEASE",
    "ROLLBACK",
    "REFRESH",
    "REINDEX",
    "CLUSTER",
    "VACUUM",
    "DISCARD",
    "DEALLOCATE",
    "PREPARE",
    "DECLARE",
    "CLOSE",
    "NOTIFY",
    "LISTEN",
    "UNLISTEN",
    "SECURITY",
];

impl Meaning {
    /// Reads a statement.
    ///
    /// # Errors
    /// [`Code::InvalidRequest`] for none or several in one text, and for what needs a protocol of its own;
    /// [`Code::TransactionControl`] for what would end or begin the step's transaction; what cannot be split.
    pub(crate) fn of(dialect: DialectName, sql: &str) -> Result<Meaning, TargetError> {
        let words = sql_words(dialect, sql).unwrap_or_default();
        let first = words.iter().find(|word| word.text != "(");
        let verb = first.map(|word| word.text.to_ascii_uppercase()).unwrap_or_default();
        let has = |word: &str| words.iter().any(|found| found.is(word));
        if dialect == DialectName::Postgres && verb == "COPY" && (has("STDIN") || has("STDOUT")) {
            return Err(refused("COPY from and to a client is not possible here").help(
                "send the rows with INSERT and several sets of parameters, and read them with SELECT",
            ));
        }
        let statements =
            split(dialect, sql, 1).map_err(|e| TargetError::new(e.code, e.message).help(e.help))?;
        let text = match statements.as_slice() {
            [one] => &sql[one.range()],
            [] => return Err(refused("there is no statement in the text")),
            several => {
                return Err(refused(format!("there are {} statements in one text", several.len()))
                    .help("send each by itself"));
            }
        };
        if text.contains('\0') {
            return Err(refused("the statement contains a NUL character"));
        }
        let class = classify(dialect, text);
        if class.kind == StatementKind::TransactionControl {
            let message = format!(
                "{} would end or begin a transaction, which is migrated's to do",
                summary(dialect, text)
            );
            return Err(TargetError::new(Code::TransactionControl, message)
                .help("leave it out; SAVEPOINT, RELEASE and ROLLBACK TO are allowed"));
        }
        Ok(Meaning {
            text: text.to_owned(),
            summary: summary(dialect, text),
            class,
            without_rows: WITHOUT_ROWS.contains(&verb.as_str()) && !has("RETURNING"),
            verb,
        })
    }

    /// It changes rows, and how many is worth telling.
    pub(crate) fn counts_rows(&self) -> bool {
        matches!(self.verb.as_str(), "INSERT" | "UPDATE" | "DELETE" | "REPLACE" | "MERGE" | "WITH" | "MOVE")
    }

    /// It reads or changes rows, and leaves all definitions as they are.
    pub(crate) fn is_plain(&self) -> bool {
        self.counts_rows() || matches!(self.verb.as_str(), "SELECT" | "VALUES" | "TABLE" | "FETCH")
    }
}

fn refused(message: impl Into<String>) -> TargetError {
    TargetError::new(Code::InvalidRequest, message)
}

#[cfg(test)]
mod tests {
    use super::Meaning;
    use migrated_core::{Code, DialectName};

    fn pg(sql: &str) -> Meaning {
        Meaning::of(DialectName::Postgres, sql).expect("it is one statement")
    }

    #[test]
    fn knows_what_gives_rows() {
        for sql in ["INSERT INTO t VALUES (1)", "/* x */ create table t (returned int)", "SAVEPOINT a;"] {
            assert!(pg(sql).without_rows, "{sql}");
        }
        for sql in
            ["INSERT INTO t VALUES (1) RETURNING id", "(SELECT 1)", "with a as (select 1) select 1", "SHOW x"]
        {
            assert!(!pg(sql).without_rows, "{sql}");
        }
        assert_eq!(pg("  DELETE FROM t ; ").text, "DELETE FROM t");
        assert!(pg("SELECT 1").is_plain() && !pg("ALTER TABLE t ADD a int").is_plain());
    }

    #[test]
    fn refuses_what_has_no_place_in_a_step() {
        let check = |sql: &str, code: Code| {
            let found = Meaning::of(DialectName::Postgres, sql).map(|m| m.verb).map_err(|e| e.code);
            assert_eq!(found, Err(code), "{sql}");
        };
        check("SELECT 1; SELECT 2", Code::InvalidRequest);
        check("-- nothing", Code::InvalidRequest);
        check("COPY t FROM STDIN", Code::InvalidRequest);
        check("COMMIT", Code::TransactionControl);
        check("rollback;", Code::TransactionControl);
        check("BEGIN", Code::TransactionControl);
        check("SELECT 'open", Code::ScriptUnterminated);
        for sql in ["ROLLBACK TO SAVEPOINT a", "RELEASE a", "SAVEPOINT a"] {
            assert!(Meaning::of(DialectName::Mysql, sql).is_ok(), "{sql}");
        }
    }
}
