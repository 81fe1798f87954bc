//! Rows stay where the change does not destroy them.

use super::draw::Drawn;
use crate::harness::{Database, Engine};
use migrated_core::schema::{Schema, Table};

/// What a failing change may say of the rows that it found: the conditions that the new schema makes of them.
const REASONS: &[&str] = &[
    // PostgreSQL
    "contains null values",
    "violates check constraint",
    "is violated by some row",
    "violates foreign key constraint",
    "violates not-null constraint",
    "violates exclusion constraint",
    "could not create unique index",
    "could not create exclusion constraint",
    "invalid input syntax",
    "invalid input value for enum",
    "malformed array literal",
    "malformed record literal",
    "cannot cast jsonb",
    "out of range",
    "does not allow null values",
    "value too long",
    // MariaDB
    "Data truncated",
    "Duplicate entry",
    "Incorrect",
    "Cannot add or update a child row",
    "Invalid use of NULL",
    "Data too long",
    "Out of range",
    "CONSTRAINT `",
    "Truncated incorrect",
    // SQLite
    "NOT NULL constraint failed",
    "CHECK constraint failed",
    "UNIQUE constraint failed",
    "cannot store",
    "datatype mismatch",
];

/// The tables that hold rows on both sides, and what stands in them.
#[derive(Debug, Default)]
pub(super) struct Kept(Vec<(String, String)>);

/// Puts two rows into every table, and reads what must be there afterwards.
pub(super) fn fill(
    database: &Database,
    drawn: &Drawn,
    first: &Schema,
    wanted: &Schema,
) -> Result<Kept, String> {
    // All rows refer to rows that are put in as well.
    let mut script = match database.engine {
        Engine::Postgres => "SET session_replication_role = replica;\n".to_owned(),
        Engine::Mariadb => "SET foreign_key_checks = 0;\n".to_owned(),
        Engine::Sqlite => String::new(),
    };
    for rows in &drawn.rows {
        let (columns, values): (Vec<_>, Vec<_>) = rows.values.iter().cloned().unzip();
        for k in ["1", "2"] {
            let values = values.join(", ").replace("{k}", k);
            let overriding =
                if database.engine == Engine::Postgres { "OVERRIDING SYSTEM VALUE " } else { "" };
            let columns = columns.join(", ");
            script.push_str(&format!(
                "INSERT INTO {} ({columns}) {overriding}VALUES ({values});\n",
                rows.table
            ));
        }
    }
    database.try_sql(&script).map_err(|why| format!("{why}\n{script}"))?;
    let mut kept = Vec::new();
    for old in &first.tables {
        let Some(new) = wanted.tables.get(&old.name) else { continue };
        let query = query(database.engine, old, new);
        if drawn.rows.iter().any(|rows| query.ends_with(&format!(" FROM {}", rows.table))) {
            let rows = database.try_sql(&query)?;
            kept.push((query, rows));
        }
    }
    Ok(Kept(kept))
}

/// Reads the rows of a table: what stands in the columns that are the same on both sides.
fn query(engine: Engine, old: &Table, new: &Table) -> String {
    let same = old.columns.iter().filter(|column| column.computed.is_none());
    let same = same.filter(|column| new.column(&column.name) == Some(column));
    let quoted = |name: &str| match engine {
        Engine::Mariadb
            if name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit()) && name != "select" =>
        {
            name.to_owned()
        }
        Engine::Mariadb => format!("`{}`", name.replace('`', "``")),
        Engine::Sqlite => format!("\"{}\"", name.replace('"', "\"\"")),
        Engine::Postgres
            if name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_') =>
        {
            if name == "select" { format!("\"{name}\"") } else { name.to_owned() }
        }
        Engine::Postgres => format!("\"{}\"", name.replace('"', "\"\"")),
    };
    let mut told = vec!["'row'".to_owned()];
    told.extend(same.map(|column| quoted(&column.name)));
    let schema = old.name.schema.iter().map(|name| quoted(name));
    let names: Vec<String> = schema.chain([quoted(&old.name.name)]).collect();
    format!("SELECT {} FROM {}", told.join(", "), names.join("."))
}

impl Kept {
    /// How many tables.
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether rows can be why the engine refuses a change with these words.
    pub(super) fn explain(&self, why: &str) -> bool {
        !self.0.is_empty() && REASONS.iter().any(|reason| why.contains(reason))
    }

    /// Looks for the rows.
    pub(super) fn are_there(&self, database: &Database) -> Result<(), String> {
        for (query, before) in &self.0 {
            let now = database.try_sql(query)?;
            if sorted(&now) != sorted(before) {
                return Err(format!("{query}: {before:?} became {now:?}"));
            }
        }
        Ok(())
    }
}

fn sorted(rows: &str) -> Vec<&str> {
    let mut rows: Vec<&str> = rows.lines().collect();
    rows.sort_unstable();
    rows
}
