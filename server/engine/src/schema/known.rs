//! What scripts made in scratch databases before, so that the same one need not be tried again.
//!
//! It is kept in the store, because an embedded daemon ends when nobody needs it. The key is a digest of everything that
//! decides about the outcome: the texts, the ground that they stand on ([`migrated_target::Target::ground`]), what the
//! scratch database starts with, what is looked at, the target, and this release, whose inspection it was. Scripts whose
//! outcome may depend on anything else, the time of day for one, are not kept: a wrong answer would be worse than a slow
//! one. A store that fails costs time only.

use super::source::SchemaFile;
use crate::Engine;
use migrated_core::DialectName;
use migrated_core::dialect::{SqlWord, WordKind, split, sql_words};
use migrated_core::operation::Server;
use migrated_core::schema::Schema;
use migrated_store::Hash;
use migrated_target::{InspectOptions, Inspected, ScratchOptions, Target, TargetSpec};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// All that is kept, in bytes: some twenty schemas of a thousand tables.
const LIMIT: u64 = 64 << 20;

/// Changes when what is kept, or what it depends on, becomes something else within a release.
const FORM: &str = "known schema 1";

/// What an engine told, as it is kept.
#[derive(Serialize, Deserialize)]
struct Told {
    schema: Schema,
    version: (u32, u32, u32),
    mariadb: bool,
    notes: Vec<String>,
}

impl Engine {
    /// What the script of that key made, where it is known.
    pub(super) async fn known(&self, key: &Hash, dialect: DialectName) -> Option<Inspected> {
        let found = self.store().known_schema(key, self.now()).await;
        let bytes =
            found.inspect_err(|e| tracing::warn!(error = %e, "known schemas cannot be read")).ok()??;
        decoded(&bytes, dialect)
    }

    /// Keeps what the script of that key made.
    pub(super) async fn keep_known(&self, key: &Hash, told: &Inspected) {
        let Some(bytes) = encoded(told) else { return };
        if let Err(e) = self.store().put_known_schema(key, &bytes, self.now(), LIMIT).await {
            tracing::warn!(error = %e, "what a scratch database told could not be kept");
        }
    }
}

/// `None` where it would not come back as it is.
fn encoded(told: &Inspected) -> Option<Vec<u8>> {
    let Inspected { schema, server, notes } = told;
    let (version, mariadb) = (server.version, server.mariadb);
    let bytes =
        serde_json::to_vec(&Told { schema: schema.clone(), version, mariadb, notes: notes.clone() }).ok()?;
    (decoded(&bytes, server.dialect).as_ref() == Some(told)).then_some(bytes)
}

fn decoded(bytes: &[u8], dialect: DialectName) -> Option<Inspected> {
    let told: Told = serde_json::from_slice(bytes).ok()?;
    let server = Server { dialect, version: told.version, mariadb: told.mariadb };
    Some(Inspected { schema: told.schema, server, notes: told.notes })
}

/// The key of a script that is tried beside `target`.
pub(super) fn key(
    target: &dyn Target,
    ground: &str,
    spec: &TargetSpec,
    options: &ScratchOptions,
    script: &[SchemaFile],
    inspect: &InspectOptions,
) -> Hash {
    let mut sum = Sha256::new();
    let mut add = |part: &str| {
        // With its length, so that two parts cannot pass for two others.
        sum.update((part.len() as u64).to_le_bytes());
        sum.update(part);
    };
    for part in [FORM, env!("CARGO_PKG_VERSION"), target.dialect().as_str(), target.key(), ground] {
        add(part);
    }
    // `Debug` of a target tells its schema and version table, and no secret.
    for part in [format!("{spec:?}"), format!("{options:?}"), format!("{inspect:?}")] {
        add(&part);
    }
    script.iter().for_each(|file| add(&file.text));
    sum.finalize().into()
}

/// Statements whose outcome, as far as a schema goes, is in their text.
const PLAIN: &[&str] = &[
    "ALTER", "ANALYZE", "BEGIN", "COMMENT", "COMMIT", "COPY", "CREATE", "DELETE", "DROP", "END", "GRANT",
    "INSERT", "RENAME", "RESET", "REVOKE", "SET", "START", "TRUNCATE", "UPDATE",
];

/// What changes rows: a trigger or a function could do anything then.
const ROWS: &[&str] = &["COPY", "DELETE", "INSERT", "TRUNCATE", "UPDATE"];

/// What asks the clock or draws lots, where that counts at the moment of the statement.
const MOMENTS: &[&str] = &[
    "now",
    "today",
    "tomorrow",
    "yesterday",
    "current_date",
    "current_time",
    "current_timestamp",
    "localtime",
    "localtimestamp",
    "clock_timestamp",
    "statement_timestamp",
    "transaction_timestamp",
    "timeofday",
    "curdate",
    "curtime",
    "sysdate",
    "utc_date",
    "utc_timestamp",
    "unix_timestamp",
    "random",
    "rand",
    "uuid",
    "gen_random_uuid",
];

/// What looks into other databases of a server, or into what is there by chance (MySQL).
const ELSEWHERE: &[&str] = &["VIEW", "LIKE", "SELECT", "EVENT", "SYSTEM_TIME", "TEMPORARY"];

/// Whether what a script makes depends on nothing but its text and the ground that it stands on.
pub(super) fn is_worth_knowing(dialect: DialectName, script: &[SchemaFile]) -> bool {
    let mut routines = false;
    let mut runs = false;
    for file in script {
        let Ok(statements) = split(dialect, &file.text, 1) else { return false };
        for statement in statements {
            let Some(words) = sql_words(dialect, statement.text) else { return false };
            let Some(first) = words.first() else { continue };
            let any =
                |keywords: &[&str]| words.iter().any(|word| keywords.iter().any(|keyword| word.is(keyword)));
            if first.is("SELECT") && dialect == DialectName::Postgres && sets_a_constant(&words) {
                continue;
            }
            if !PLAIN.iter().any(|keyword| first.is(keyword)) {
                return false;
            }
            if dialect == DialectName::Mysql && any(ELSEWHERE) {
                return false;
            }
            if ROWS.iter().any(|keyword| first.is(keyword)) {
                runs = true;
                continue;
            }
            routines |= first.is("CREATE") && any(&["FUNCTION", "PROCEDURE", "TRIGGER", "AGGREGATE"]);
            let tables = any(&["MATERIALIZED"]) || any(&["TABLE"]) && any(&["SELECT", "EXECUTE"]);
            runs |= tables || any(&["PARTITION"]);
            if any(&["EXECUTE"]) && any(&["TABLE"]) || any(&["PARTITION"]) && any(MOMENTS) {
                return false;
            }
            // `DEFAULT 'now'` is the moment of the statement. In a body or a comment it is a word.
            let texts = words
                .iter()
                .filter(|word| word.kind == WordKind::Text && word.text.starts_with(['\'', 'E', 'e']));
            if !first.is("COMMENT")
                && !any(&["FUNCTION", "PROCEDURE"])
                && texts.into_iter().any(|word| is_moment(word))
            {
                return false;
            }
        }
    }
    !(routines && runs)
}

fn is_moment(text: &SqlWord<'_>) -> bool {
    let pieces = text.text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    pieces.into_iter().any(|piece| MOMENTS.iter().any(|moment| piece.eq_ignore_ascii_case(moment)))
}

/// `SELECT pg_catalog.set_config('search_path', '', false)` and `setval`, which dumps are full of.
fn sets_a_constant(words: &[SqlWord<'_>]) -> bool {
    let [_, catalog, dot, function, arguments @ ..] = words else { return false };
    let constant = |word: &SqlWord<'_>| match word.kind {
        WordKind::Text | WordKind::Number => true,
        WordKind::Symbol => matches!(word.text, "(" | ")" | ","),
        _ => word.is("true") || word.is("false"),
    };
    catalog.is("pg_catalog")
        && dot.is(".")
        && (function.is("set_config") || function.is("setval"))
        && arguments.iter().all(constant)
}

#[cfg(test)]
mod tests {
    use super::{decoded, encoded, is_worth_knowing};
    use crate::schema::SchemaFile;
    use migrated_core::DialectName::{self, Mysql, Postgres};
    use migrated_core::operation::Server;
    use migrated_core::schema::{Column, DefaultValue, Name, Schema, Table};
    use migrated_target::Inspected;

    fn known(dialect: DialectName, text: &str) -> bool {
        is_worth_knowing(dialect, &[SchemaFile { path: "a.sql".into(), text: text.into() }])
    }

    #[test]
    fn what_depends_on_its_text_alone_is_kept() {
        for text in [
            "CREATE TABLE t (at timestamptz DEFAULT now() NOT NULL); CREATE INDEX i ON t (at);",
            "SELECT pg_catalog.set_config('search_path', '', false); CREATE TABLE t (a text DEFAULT 'know');",
            "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN PERFORM 'now'; RETURN NEW; END$$;",
            "CREATE TABLE t (a int); INSERT INTO t VALUES (1); SELECT pg_catalog.setval('s', 3, true);",
            "COMMENT ON TABLE t IS 'as of now';",
            "CREATE TABLE p PARTITION OF t FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');",
        ] {
            assert!(known(Postgres, text), "{text}");
        }
        assert!(known(Mysql, "CREATE TABLE t (a int, b timestamp DEFAULT current_timestamp());"));
    }

    #[test]
    fn what_may_depend_on_the_moment_is_not() {
        for text in [
            "DO $$BEGIN EXECUTE format('CREATE TABLE t_%s (a int)', to_char(now(), 'YYYY')); END$$;",
            "SELECT make_tables();",
            "SELECT pg_catalog.set_config('a.b', current_user, false);",
            "CALL fill();",
            "CREATE TABLE t (a timestamp DEFAULT 'now');",
            "CREATE TABLE t (a date DEFAULT 'tomorrow'::date);",
            "CREATE TABLE p PARTITION OF t FOR VALUES FROM (now()) TO (MAXVALUE);",
            "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'; INSERT INTO t VALUES (f());",
            "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'; CREATE MATERIALIZED VIEW m AS SELECT f();",
            "IMPORT FOREIGN SCHEMA s FROM SERVER r INTO public;",
            "CREATE TABLE t (a text DEFAULT 'unterminated",
        ] {
            assert!(!known(Postgres, text), "{text}");
        }
        for text in [
            "CREATE VIEW v AS SELECT a FROM other.t;",
            "CREATE TABLE t LIKE other.t;",
            "USE other; CREATE TABLE t (a int);",
            "CREATE EVENT e ON SCHEDULE EVERY 1 DAY DO DELETE FROM t;",
        ] {
            assert!(!known(Mysql, text), "{text}");
        }
    }

    #[test]
    fn what_was_told_comes_back_as_it_was() {
        let mut table = Table { name: Name::new(Some("s"), "t"), ..Table::default() };
        table.columns.push(Column {
            default: Some(DefaultValue::Sql("'x'::text".into())),
            ..Column::new("a", "text")
        });
        let mut schema = Schema::new(Postgres);
        schema.tables.insert(table);
        let server = Server { version: (15, 4, 0), ..Server::oldest(Postgres) };
        let told = Inspected { schema, server, notes: vec!["a note".into()] };
        let bytes = encoded(&told).expect("it comes back");
        assert_eq!(decoded(&bytes, Postgres), Some(told));
        assert_eq!(decoded(&bytes[1..], Postgres), None);
    }
}
