//! Rows stay: a table that is there before and after keeps its row, whatever becomes of its columns.

use super::corpus::Row;
use crate::harness::{Database, Engine, Project};
use serde_json::Value;

/// A table of both sides, with its row in it.
struct Filled<'a> {
    table: Table<'a>,
    row: String,
}

struct Table<'a> {
    /// Its name as SQL.
    name: String,
    source: &'a Value,
    target: &'a Value,
}

/// Puts a row into each table of both sides that takes one, upgrades, and looks for it. Gives the number of rows.
///
/// # Errors
/// The row that is no longer what it was; or the upgrade that was refused over it, with the row as it was.
pub(super) fn rows_stay(
    project: &Project,
    row: &Row,
    database: &Database,
) -> Result<usize, (&'static str, String)> {
    let filled = fill(row, database);
    if filled.is_empty() {
        return Ok(0);
    }
    let answer = project.ctl("upgrade head");
    for Filled { table, row: before } in &filled {
        let now = read(database, table);
        if now != *before {
            let shown = format!("{}: {before:?} became {now:?}\n{}", table.name, answer.story());
            return Err(("row lost", shown));
        }
    }
    if answer.exit == 0 { Ok(filled.len()) } else { Err(("refused over a row", answer.story())) }
}

/// The tables of both sides that took a row. One that refers to another's takes it after that.
fn fill<'a>(row: &'a Row, database: &Database) -> Vec<Filled<'a>> {
    let mut filled = Vec::new();
    let mut waiting = kept_tables(row);
    loop {
        let (taken, refused): (Vec<_>, Vec<_>) =
            waiting.into_iter().partition(|table| database.try_sql(&insert(database.engine, table)).is_ok());
        if taken.is_empty() {
            break;
        }
        filled.extend(taken);
        waiting = refused;
    }
    let read = |table: Table<'a>| Filled { row: read(database, &table), table };
    filled.into_iter().map(read).collect()
}

fn kept_tables(row: &Row) -> Vec<Table<'_>> {
    let same = |one: &Value, other: &Value| one["name"] == other["name"] && one["schema"] == other["schema"];
    let pairs = list(&row.source["tables"]).iter().filter_map(|source| {
        let target = list(&row.target["tables"]).iter().find(|target| same(source, target))?;
        let names = source["schema"].as_str().into_iter().chain(source["name"].as_str());
        let quoted: Vec<String> = names.map(|name| quoted(row.engine, name)).collect();
        Some(Table { name: quoted.join("."), source, target })
    });
    pairs.collect()
}

/// A row with a value in every column whose type has one that most others take too.
fn insert(engine: Engine, table: &Table<'_>) -> String {
    let mut columns = Vec::new();
    let mut values = Vec::new();
    for column in list(&table.source["columns"]) {
        let value = match column["type"]["kind"].as_str().unwrap_or_default() {
            _ if column["computed"].is_object() || column["identity"].is_object() => continue,
            "integer" | "bigint" | "tinyint" | "numeric" | "float" | "double" => "1".to_owned(),
            "varchar" | "text" | "json" | "jsonb" | "citext" => "'1'".to_owned(),
            "boolean" if engine == Engine::Postgres => "true".to_owned(),
            "boolean" => "1".to_owned(),
            "date" => "'2020-01-02'".to_owned(),
            "timestamp" | "mysql_timestamp" => "'2020-01-02 03:04:05'".to_owned(),
            "enum" => format!("'{}'", column["type"]["values"][0].as_str().unwrap_or_default()),
            _ => continue,
        };
        columns.push(quoted(engine, column["name"].as_str().unwrap_or_default()));
        values.push(value);
    }
    format!("INSERT INTO {} ({}) VALUES ({})", table.name, columns.join(", "), values.join(", "))
}

/// The rows: what stands in the columns that are the same on both sides.
fn read(database: &Database, table: &Table<'_>) -> String {
    let target = list(&table.target["columns"]);
    let unchanged = list(&table.source["columns"]).iter().filter(|column| target.contains(column));
    let mut told = vec!["'row'".to_owned()];
    told.extend(
        unchanged.filter_map(|column| column["name"].as_str()).map(|name| quoted(database.engine, name)),
    );
    database.sql(&format!("SELECT {} FROM {}", told.join(", "), table.name))
}

fn quoted(engine: Engine, name: &str) -> String {
    let mark = if engine == Engine::Mariadb { "`" } else { "\"" };
    format!("{mark}{}{mark}", name.replace(mark, &mark.repeat(2)))
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map(Vec::as_slice).unwrap_or_default()
}
