//! What is asked of `information_schema`, in one text, however many tables there are.

use super::super::quote::literal;
use super::super::wire::{Answer, cell};

/// One row of an answer.
#[derive(Clone, Copy)]
pub(super) struct Row<'a>(&'a [Option<String>]);

impl<'a> Row<'a> {
    /// A cell; empty where it is NULL.
    pub(super) fn text(self, column: usize) -> &'a str {
        self.get(column).unwrap_or_default()
    }

    /// A cell; `None` where it is NULL.
    pub(super) fn get(self, column: usize) -> Option<&'a str> {
        cell(self.0, column)
    }

    /// A cell that has something in it.
    pub(super) fn filled(self, column: usize) -> Option<String> {
        self.get(column).filter(|text| !text.is_empty()).map(str::to_owned)
    }

    /// A number; 0 where there is none.
    pub(super) fn number(self, column: usize) -> u32 {
        self.text(column).parse().unwrap_or_default()
    }
}

/// The answers to [`questions`], each named.
#[derive(PartialEq, Eq)]
pub(super) struct Catalog {
    answers: Vec<Answer>,
}

/// The answers, in the order of the questions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// Current user, the server's `sql_mode`.
    Session,
    /// Name, type, engine, collation, options, comment.
    Tables,
    /// Table, name, position, default, nullable, type, character set, collation, extra, comment, expression, SRID.
    Columns,
    /// Table, name, not unique, position, column, order, prefix, type, comment, unused, expression.
    Indexes,
    /// Table, name, expression, level, enforced.
    Checks,
    /// Table, name, position, column, other database, other table, other column.
    References,
    /// Table, name, on update, on delete.
    Actions,
    /// Name, query, check option, definer, security, algorithm.
    Views,
    /// Name, table, timing, event, order, body, `sql_mode`, definer.
    Triggers,
    /// Name, kind, `sql_mode`.
    Routines,
    /// Name, `sql_mode`, when it starts if that is just when it was made.
    Events,
    /// Names of tables that have partitions.
    Partitioned,
}

impl Catalog {
    /// The order in which the server tells rows means nothing.
    pub(super) fn new(mut answers: Vec<Answer>) -> Catalog {
        answers.iter_mut().for_each(|answer| answer.rows.sort());
        Catalog { answers }
    }

    /// The rows of a part.
    pub(super) fn rows(&self, part: Part) -> impl Iterator<Item = Row<'_>> {
        let rows = self.answers.get(part as usize).map(|answer| answer.rows.as_slice()).unwrap_or_default();
        rows.iter().map(|row| Row(row))
    }

    /// A cell of the first row of a part.
    pub(super) fn first(&self, part: Part, column: usize) -> &str {
        self.rows(part).next().map(|row| row.text(column)).unwrap_or_default()
    }
}

/// The questions, in the order of [`Part`]; `database` is what is asked about.
pub(super) fn questions(database: &str, mariadb: bool) -> String {
    let here = literal(database);
    let of = |theirs: &'static str, ours: &'static str| if mariadb { ours } else { theirs };
    let from = |columns: &str, table: &str, schema: &str| {
        format!("SELECT {columns} FROM information_schema.{table} WHERE {schema}={here}")
    };
    let checks = if mariadb {
        from("TABLE_NAME,CONSTRAINT_NAME,CHECK_CLAUSE,LEVEL,'YES'", "CHECK_CONSTRAINTS", "CONSTRAINT_SCHEMA")
    } else {
        format!(
            "SELECT t.TABLE_NAME,c.CONSTRAINT_NAME,c.CHECK_CLAUSE,'Table',t.ENFORCED \
             FROM information_schema.CHECK_CONSTRAINTS c JOIN information_schema.TABLE_CONSTRAINTS t \
             ON t.CONSTRAINT_SCHEMA=c.CONSTRAINT_SCHEMA AND t.CONSTRAINT_NAME=c.CONSTRAINT_NAME \
             WHERE c.CONSTRAINT_SCHEMA={here} AND t.CONSTRAINT_TYPE='CHECK'"
        )
    };
    let columns = format!(
        "TABLE_NAME,COLUMN_NAME,ORDINAL_POSITION,COLUMN_DEFAULT,IS_NULLABLE,COLUMN_TYPE,CHARACTER_SET_NAME,\
         COLLATION_NAME,EXTRA,COLUMN_COMMENT,GENERATION_EXPRESSION,{}",
        of("SRS_ID", "NULL")
    );
    let indexes = format!(
        "TABLE_NAME,INDEX_NAME,NON_UNIQUE,SEQ_IN_INDEX,COLUMN_NAME,COLLATION,SUB_PART,INDEX_TYPE,INDEX_COMMENT,{}",
        of("IS_VISIBLE='NO',EXPRESSION", "IGNORED='YES',NULL")
    );
    let views =
        format!("TABLE_NAME,VIEW_DEFINITION,CHECK_OPTION,DEFINER,SECURITY_TYPE,{}", of("NULL", "ALGORITHM"));
    let references = format!(
        "{} AND REFERENCED_TABLE_NAME IS NOT NULL",
        from(
            "TABLE_NAME,CONSTRAINT_NAME,ORDINAL_POSITION,COLUMN_NAME,REFERENCED_TABLE_SCHEMA,\
             REFERENCED_TABLE_NAME,REFERENCED_COLUMN_NAME",
            "KEY_COLUMN_USAGE",
            "TABLE_SCHEMA",
        )
    );
    let triggers = "TRIGGER_NAME,EVENT_OBJECT_TABLE,ACTION_TIMING,EVENT_MANIPULATION,ACTION_ORDER,\
                    ACTION_STATEMENT,SQL_MODE,DEFINER";
    let partitioned = format!(
        "{} AND PARTITION_METHOD IS NOT NULL",
        from("DISTINCT TABLE_NAME", "PARTITIONS", "TABLE_SCHEMA")
    );
    [
        "SELECT CURRENT_USER(),@@GLOBAL.sql_mode".into(),
        from(
            "TABLE_NAME,TABLE_TYPE,ENGINE,TABLE_COLLATION,CREATE_OPTIONS,TABLE_COMMENT",
            "TABLES",
            "TABLE_SCHEMA",
        ),
        from(&columns, "COLUMNS", "TABLE_SCHEMA"),
        from(&indexes, "STATISTICS", "TABLE_SCHEMA"),
        checks,
        references,
        from(
            "TABLE_NAME,CONSTRAINT_NAME,UPDATE_RULE,DELETE_RULE",
            "REFERENTIAL_CONSTRAINTS",
            "CONSTRAINT_SCHEMA",
        ),
        from(&views, "VIEWS", "TABLE_SCHEMA"),
        from(triggers, "TRIGGERS", "TRIGGER_SCHEMA"),
        from("ROUTINE_NAME,ROUTINE_TYPE,SQL_MODE", "ROUTINES", "ROUTINE_SCHEMA"),
        from("EVENT_NAME,SQL_MODE,IF(STARTS=CREATED,STARTS,NULL)", "EVENTS", "EVENT_SCHEMA"),
        partitioned,
    ]
    .join(";")
}
