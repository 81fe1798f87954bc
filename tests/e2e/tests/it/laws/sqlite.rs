//! Databases of SQLite.

use super::draw::{Choices, Drawn, Rows};
use std::fmt::Write as _;

const TABLES: [&str; 4] = ["t0", "\"T one\"", "\"t\"\"2\"", "t3"];

/// A column, as it was drawn.
struct Drawing {
    name: &'static str,
    data_type: &'static str,
    generated: bool,
}

pub(super) fn draw(c: &Choices<'_>) -> Drawn {
    let mut drawn = Drawn::default();
    let present: Vec<(usize, &str)> = TABLES
        .iter()
        .enumerate()
        .filter(|(number, _)| !c.yes(format!("t{number} gone"), 5))
        .map(|(number, name)| (number, *name))
        .collect();
    let mut tables = Vec::new();
    for (number, name) in &present {
        let columns = table(c, *number, name, &present, &mut drawn);
        tables.push((*number, *name, columns));
    }
    for (number, name, columns) in &tables {
        indexes(c, *number, name, columns, &mut drawn);
    }
    views(c, &tables, &mut drawn);
    for (number, name, columns) in &tables {
        let at = |what: &str| format!("t{number} {what}");
        if c.yes(at("g"), 3) {
            let on = columns[c.of(at("g column"), columns.len())].name;
            let event = match c.of(at("g event"), 4) {
                1 => format!("BEFORE UPDATE OF {on} ON {name}"),
                2 => format!("AFTER INSERT ON {name} WHEN NEW.id > 100"),
                3 => format!("AFTER DELETE ON {name}"),
                _ => format!("AFTER INSERT ON {name}"),
            };
            let body = c.pick(at("g body"), &["SELECT 1;", "SELECT 'a;b'; SELECT 2;"]);
            drawn.say(format!("CREATE TRIGGER \"g {number}\" {event} BEGIN {body} END"));
        }
    }
    drawn
}

fn table(
    c: &Choices<'_>,
    number: usize,
    name: &str,
    present: &[(usize, &str)],
    drawn: &mut Drawn,
) -> Vec<Drawing> {
    let at = |what: &str| format!("t{number} {what}");
    let mut parts = Vec::new();
    let mut after = Vec::new();
    let strict = c.yes(at("strict"), 5);
    let without = c.yes(at("without"), 5);
    let key = c.of(at("pk"), 6);
    parts.push(match key {
        1 => "id INTEGER NOT NULL PRIMARY KEY".to_owned(),
        2 if !without => "id INTEGER PRIMARY KEY AUTOINCREMENT".to_owned(),
        3 => {
            after.push("PRIMARY KEY (id)".to_owned());
            "id INTEGER NOT NULL".to_owned()
        }
        4 => {
            after.push(format!("CONSTRAINT \"key {number}\" PRIMARY KEY (id DESC)"));
            "id INTEGER NOT NULL".to_owned()
        }
        5 if !without => "id INTEGER NOT NULL".to_owned(),
        _ => "id INTEGER PRIMARY KEY".to_owned(),
    });
    let mut columns = vec![Drawing { name: "id", data_type: "INTEGER", generated: false }];
    for (letter, column) in [("a", "a"), ("b", "\"B b\""), ("c", "[select]"), ("d", "d"), ("e", "e")] {
        if c.yes(at(&format!("{letter} gone")), 4) {
            continue;
        }
        columns.push(column_of(c, number, letter, column, strict, &columns, &mut parts));
    }
    let other = |place: &str| columns[c.of(at(place), columns.len())].name;
    for label in ["u", "v"] {
        if c.yes(at(label), 4) {
            let named = c.pick(at(&format!("{label} name")), &["", "CONSTRAINT uq "]);
            let column = other(&format!("{label} column"));
            let columns = if column == "id" { "id".to_owned() } else { format!("{column}, id") };
            let conflict = c.pick(at(&format!("{label} conflict")), &["", "", "ON CONFLICT REPLACE"]);
            after.push(format!("{named}UNIQUE ({columns}) {conflict}"));
        }
    }
    for label in ["k", "l"] {
        if c.yes(at(label), 4) {
            let column = other(&format!("{label} column"));
            let check = match c.of(at(&format!("{label} check")), 4) {
                1 => "id > 0".to_owned(),
                2 => format!("{column} <> 'q)' AND id < 1000000"),
                3 => format!("length({column}) >= 0"),
                _ => format!("{column} IS NOT NULL OR id > 0"),
            };
            let named = c.pick(at(&format!("{label} name")), &["", "CONSTRAINT \"ck k\" "]);
            after.push(format!("{named}CHECK ({check})"));
        }
    }
    for (to, referred) in present {
        let at = |what: &str| format!("t{number} to t{to} {what}");
        if !c.yes(at("key"), 5) {
            continue;
        }
        let Some(column) = columns.iter().rfind(|column| column.data_type == "INTEGER" && !column.generated)
        else {
            continue;
        };
        let tail = c.pick(
            at("tail"),
            &[
                "",
                "ON DELETE CASCADE",
                "ON DELETE SET NULL ON UPDATE CASCADE",
                "DEFERRABLE INITIALLY DEFERRED",
            ],
        );
        let named = c.pick(at("name"), &["", "CONSTRAINT \"fk f\" "]);
        after.push(format!("{named}FOREIGN KEY ({}) REFERENCES {referred} (id) {tail}", column.name));
    }
    parts.extend(after);
    let mut options = Vec::new();
    if strict {
        options.push("STRICT");
    }
    if without && key != 5 && key != 2 {
        options.push("WITHOUT ROWID");
    }
    drawn.say(format!("CREATE TABLE {name} (\n  {}\n) {}", parts.join(",\n  "), options.join(", ")));
    let values = columns.iter().filter(|column| !column.generated);
    let values = values.map(|column| (column.name.to_owned(), value(column.data_type).to_owned())).collect();
    // A table's name in another quoting would not be found again.
    drawn.rows.push(Rows {
        table: if name.starts_with('"') { name.to_owned() } else { format!("\"{name}\"") },
        values,
    });
    columns
}

fn column_of(
    c: &Choices<'_>,
    number: usize,
    letter: &str,
    name: &'static str,
    strict: bool,
    before: &[Drawing],
    parts: &mut Vec<String>,
) -> Drawing {
    let at = |what: &str| format!("t{number} {letter} {what}");
    let types: &[&str] = match letter {
        "e" if strict => &["TEXT", "ANY"],
        _ if strict => &["TEXT", "INTEGER", "ANY"],
        "a" => &["INTEGER", "BIGINT", "TEXT", "NUMERIC(10, 2)", "SMALLINT"],
        "b" => &["TEXT", "VARCHAR(20)", "varchar(50)", "CHAR(3) "],
        "c" => &["DATE", "DATETIME", "TEXT", ""],
        "d" => &["JSON", "BLOB", "REAL", "BOOLEAN"],
        _ => &["TEXT", "INTEGER"],
    };
    let data_type = types[c.of(at("type"), types.len())];
    let mut text = format!("{name} {data_type}");
    let generated = letter == "e" && c.yes(at("computed"), 2);
    let nullable = !c.yes(at("not null"), 3);
    if !nullable {
        text.push_str(" NOT NULL");
    }
    if generated {
        let above = before.iter().find(|column| column.name == "a");
        let expr = match (c.of(at("expr"), 4), above) {
            (1, _) => "id * 2",
            (2, Some(_)) => "a || 'x)'",
            (3, Some(_)) => "coalesce(a, 7)",
            _ => "id + 1",
        };
        let kind = c.pick(at("kind"), &["VIRTUAL", "STORED"]);
        let _ = write!(text, " GENERATED ALWAYS AS ({expr}) {kind}");
    } else {
        match c.of(at("default"), 5) {
            3 => text.push_str(" DEFAULT CURRENT_TIMESTAMP"),
            4 => text.push_str(" DEFAULT (1 + 1)"),
            2 => text.push_str(" DEFAULT 1"),
            _ if !nullable => text.push_str(" DEFAULT '1'"),
            _ => {}
        }
    }
    text.push_str(c.pick(at("collation"), &["", "", "", " COLLATE NOCASE"]));
    if c.yes(at("check"), 7) {
        let _ = write!(text, " CHECK ({name} <> 'q')");
    }
    parts.push(text);
    Drawing { name, data_type, generated }
}

/// A value of row `{k}` of a type.
fn value(data_type: &str) -> &'static str {
    match data_type {
        "DATE" | "DATETIME" => "'2020-01-0{k}'",
        "INTEGER" | "BIGINT" | "SMALLINT" | "NUMERIC(10, 2)" | "BOOLEAN" => "{k}",
        "REAL" => "{k}.0",
        "BLOB" => "x'0{k}'",
        _ => "'{k}'",
    }
}

fn indexes(c: &Choices<'_>, number: usize, table: &str, columns: &[Drawing], drawn: &mut Drawn) {
    for label in ["i", "j", "h"] {
        let at = |what: &str| format!("t{number} {label} {what}");
        if c.yes(at("gone"), 2) {
            continue;
        }
        let on = columns[c.of(at("column"), columns.len())].name;
        let (mut unique, rest) = (
            "",
            match c.of(at("kind"), 7) {
                1 => format!("({on} DESC, id)"),
                2 => format!("(id, {on})"),
                3 => format!("({on}) WHERE id > 0 AND {on} IS NOT NULL"),
                4 => format!("(lower({on}), id)"),
                5 => format!("({on} COLLATE NOCASE)"),
                6 => format!("({on} || 'x,)')"),
                _ => format!("({on})"),
            },
        );
        if rest == format!("(id, {on})") {
            unique = "UNIQUE";
        }
        drawn.say(format!("CREATE {unique} INDEX \"{label} {number}\" ON {table} {rest}"));
    }
}

fn views(c: &Choices<'_>, tables: &[(usize, &str, Vec<Drawing>)], drawn: &mut Drawn) {
    let mut below: Vec<(String, String)> = Vec::new();
    for (number, name, columns) in tables {
        let column = &columns[c.of(format!("v of t{number}"), columns.len())];
        below.push(((*name).to_owned(), column.name.to_owned()));
    }
    for view in ["v", "\"W w\"", "z"] {
        let at = |what: &str| format!("{view} {what}");
        if below.is_empty() || c.yes(at("gone"), 2) {
            continue;
        }
        let (of, column) = below[c.of(at("of"), below.len())].clone();
        let query = match c.of(at("query"), 4) {
            1 => format!("SELECT {column} AS one, id FROM {of} WHERE id > 0"),
            2 => format!("SELECT o.{column} AS one, o.id FROM {of} o JOIN {of} u ON u.id = o.id"),
            3 => format!("SELECT * FROM (SELECT {column} AS one, id FROM {of}) x ORDER BY id"),
            _ => format!("SELECT {column} AS one, id FROM {of}"),
        };
        let columns = c.pick(at("columns"), &["", "", "(one, id)"]);
        drawn.say(format!("CREATE VIEW {view} {columns} AS {query}"));
        if c.yes(at("trigger"), 4) {
            drawn.say(format!(
                "CREATE TRIGGER \"on {}\" INSTEAD OF INSERT ON {view} BEGIN SELECT 1; END",
                view.replace('"', "")
            ));
        }
        below.push((view.to_owned(), "one".to_owned()));
    }
}
