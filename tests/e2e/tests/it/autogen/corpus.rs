//! The pairs of a database and a desired schema, as `testdata/autogen.jsonl` holds them.

use crate::harness::Engine;
use serde_json::Value;

const TEXT: &str = include_str!("../../../testdata/autogen.jsonl");

/// A pair. `testdata/README.md` says what the fields mean.
#[derive(Debug)]
pub(super) struct Row {
    pub(super) id: String,
    pub(super) engine: Engine,
    pub(super) nodiff: bool,
    pub(super) soft: bool,
    pub(super) all_schemas: bool,
    pub(super) before: String,
    pub(super) desired: String,
    pub(super) source: Value,
    pub(super) target: Value,
}

/// All pairs of an engine, in the file's order.
pub(super) fn rows(engine: Engine) -> Vec<Row> {
    let all = TEXT.lines().map(|line| row(&serde_json::from_str(line).expect("a line is JSON")));
    let rows: Vec<Row> = all.filter(|row| row.engine == engine).collect();
    assert!(!rows.is_empty(), "the corpus holds rows of {engine:?}");
    rows
}

fn row(value: &Value) -> Row {
    let text = |field: &str| value[field].as_str().expect("text").to_owned();
    let says = |field: &str| value[field].as_bool().expect("true or false");
    let (before, desired) = (script(&value["ddl_a"]), script(&value["ddl_b"]));
    let engine = match value["dialect"].as_str() {
        Some("postgresql") => Engine::Postgres,
        Some("mariadb") => Engine::Mariadb,
        Some("sqlite") => Engine::Sqlite,
        other => panic!("{other:?} is no dialect"),
    };
    // Objects of other schemas are of the pair too where it makes schemas.
    let schemas = [&before, &desired].iter().any(|sql| sql.to_lowercase().contains("schema"));
    Row {
        id: text("id"),
        engine,
        nodiff: text("category") == "nodiff",
        soft: says("soft"),
        all_schemas: engine == Engine::Postgres && (says("include_schemas") || schemas),
        before,
        desired,
        source: value["source"].clone(),
        target: value["target"].clone(),
    }
}

fn script(statements: &Value) -> String {
    let statements = statements.as_array().expect("a list").iter();
    statements.map(|one| format!("{};\n", one.as_str().expect("SQL"))).collect()
}
