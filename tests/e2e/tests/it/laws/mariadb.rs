//! Databases of MariaDB.

use super::draw::{Choices, Drawn, Rows};
use std::fmt::Write as _;

const TABLES: [&str; 4] = ["t0", "`T one`", "`t``2`", "t3"];

/// A column, as it was drawn.
struct Drawing {
    name: &'static str,
    data_type: String,
    generated: bool,
    nullable: bool,
}

impl Drawing {
    fn is_text(&self) -> bool {
        self.data_type.starts_with("varchar") || self.data_type == "text"
    }

    /// How it stands in a key: of a text only the beginning fits.
    fn keyed(&self) -> String {
        if matches!(self.data_type.as_str(), "text" | "blob") {
            format!("{}(10)", self.name)
        } else {
            self.name.to_owned()
        }
    }

    fn is_keyable(&self) -> bool {
        self.data_type != "json"
    }
}

pub(super) fn draw(c: &Choices<'_>) -> Drawn {
    let mut drawn = Drawn::default();
    let sequence = c.yes("s", 2);
    if sequence {
        let options = c.pick(
            "s options",
            &["", "INCREMENT 5", "START 100 MINVALUE 100", "MAXVALUE 1000 CYCLE", "CACHE 7"],
        );
        drawn.say(format!("CREATE SEQUENCE s {options}"));
    }
    let mut tables = Vec::new();
    for (number, name) in TABLES.iter().enumerate() {
        if c.yes(format!("t{number} gone"), 5) {
            continue;
        }
        let (columns, referable) = table(c, number, name, sequence, &mut drawn);
        tables.push((number, *name, columns, referable));
    }
    foreign_keys(c, &tables, &mut drawn);
    partitions(c, &mut drawn);
    routines(c, &mut drawn);
    let names: Vec<(usize, &str)> = tables.iter().map(|(number, name, ..)| (*number, *name)).collect();
    views(c, &names, &mut drawn);
    for (number, name, ..) in &tables {
        if c.yes(format!("t{number} g"), 3) {
            let event =
                c.pick(format!("t{number} g event"), &["BEFORE INSERT", "AFTER UPDATE", "BEFORE DELETE"]);
            let body = c.pick(format!("t{number} g body"), &["SET @x = 1", "SET @x = 'a;b'"]);
            drawn.say(format!("CREATE TRIGGER g{number} {event} ON {name} FOR EACH ROW {body}"));
        }
    }
    drawn
}

fn table(
    c: &Choices<'_>,
    number: usize,
    name: &str,
    sequence: bool,
    drawn: &mut Drawn,
) -> (Vec<Drawing>, bool) {
    let at = |what: &str| format!("t{number} {what}");
    let mut parts = Vec::new();
    let base = c.pick(at("id type"), &["int", "int", "bigint", "int unsigned"]);
    let keyed = !c.yes(at("pk gone"), 5);
    let mut id = format!("id {base} NOT NULL");
    // One that counts must have a key.
    let counts = c.yes(at("id counts"), 2);
    if counts {
        id.push_str(" AUTO_INCREMENT");
    }
    parts.push(id);
    let mut columns =
        vec![Drawing { name: "id", data_type: base.to_owned(), generated: false, nullable: false }];
    for (letter, column) in [("a", "a"), ("b", "`B b`"), ("c", "`select`"), ("d", "d"), ("e", "e")] {
        if c.yes(at(&format!("{letter} gone")), 4) {
            continue;
        }
        let made = column_of(c, number, letter, column, sequence, &columns, &mut parts);
        columns.push(made);
    }
    if !counts && c.yes(at("n"), 3) {
        let key = c.pick(at("n key"), &["KEY by_n (n)", "UNIQUE KEY by_n (n)", "KEY by_n (n, id)"]);
        parts.extend(["n int NOT NULL AUTO_INCREMENT".to_owned(), key.to_owned()]);
    }
    let keys: Vec<&Drawing> = columns.iter().filter(|column| column.is_keyable()).collect();
    let other = |place: &str| keys[c.of(at(place), keys.len())];
    let mut referable = false;
    if keyed {
        let second =
            columns.iter().find(|column| column.name == "a" && !column.nullable && column.is_keyable());
        let wide = second.filter(|_| c.yes(at("pk wide"), 4));
        referable = wide.is_none();
        parts.push(match wide {
            Some(second) => format!("PRIMARY KEY (id, {})", second.keyed()),
            None => "PRIMARY KEY (id)".to_owned(),
        });
    } else if counts {
        let kind = c.pick(at("id key"), &["KEY", "UNIQUE KEY"]);
        parts.push(format!("{kind} counted (id)"));
    }
    for label in ["u", "v"] {
        if c.yes(at(label), 4) {
            let column = other(&format!("{label} column"));
            let columns =
                if column.name == "id" { "id".to_owned() } else { format!("{}, id", column.keyed()) };
            parts.push(format!("UNIQUE KEY `{label} {number}` ({columns})"));
        }
    }
    for label in ["k", "l"] {
        if c.yes(at(label), 4) {
            let column = other(&format!("{label} column")).name;
            let check = match c.of(at(&format!("{label} check")), 4) {
                1 => "id > 0".to_owned(),
                2 => format!("concat({column}, 'x') <> 'q' and id < 1000000"),
                3 => format!("char_length({column}) >= 0"),
                _ => format!("{column} is not null or id > 0"),
            };
            // A column that counts cannot be checked.
            if counts && (column == "id" || check.contains("id ")) {
                continue;
            }
            let named = c.pick(at(&format!("{label} name")), &["", "CONSTRAINT my_check "]);
            let named = if label == "k" { named } else { "" };
            parts.push(format!("{named}CHECK ({check})"));
        }
    }
    for label in ["i", "j", "h"] {
        if c.yes(at(&format!("{label} gone")), 2) {
            continue;
        }
        let column = other(&format!("{label} column"));
        let on = column.keyed();
        let comment = c.pick(at(&format!("{label} comment")), &["", "", "", " COMMENT 'said'"]);
        let index = match c.of(at(&format!("{label} kind")), 8) {
            1 if column.name != "id" => format!("KEY {label} ({on} DESC, id)"),
            2 if column.name != "id" => format!("UNIQUE KEY {label} (id, {on})"),
            3 if column.is_text() && !column.generated => format!("FULLTEXT KEY {label} ({})", column.name),
            4 if column.is_text() => format!("KEY {label} ({}(5))", column.name),
            5 => format!("KEY {label} ({on}) IGNORED"),
            6 => format!("KEY {label} ({on}) USING BTREE"),
            _ => format!("KEY {label} ({on})"),
        };
        parts.push(format!("{index}{comment}"));
    }
    let options = [
        c.pick(
            at("charset"),
            &["", "", "", "CHARACTER SET latin1", "COLLATE utf8mb4_unicode_ci", "COLLATE utf8mb4_bin"],
        ),
        c.pick(at("comment"), &["", "", "", "COMMENT='said'", "COMMENT='it''s \\\\ \"so\"'"]),
        c.pick(at("row format"), &["", "", "", "ROW_FORMAT=COMPRESSED", "ROW_FORMAT=DYNAMIC"]),
    ];
    drawn.say(format!(
        "CREATE TABLE {name} (\n  {}\n) ENGINE=InnoDB {}",
        parts.join(",\n  "),
        options.join(" ")
    ));
    let values = columns.iter().filter(|column| !column.generated);
    let values = values.map(|column| (column.name.to_owned(), value(&column.data_type).to_owned())).collect();
    drawn.rows.push(Rows { table: name.to_owned(), values });
    (columns, referable)
}

fn column_of(
    c: &Choices<'_>,
    number: usize,
    letter: &str,
    name: &'static str,
    sequence: bool,
    before: &[Drawing],
    parts: &mut Vec<String>,
) -> Drawing {
    let at = |what: &str| format!("t{number} {letter} {what}");
    let types: &[&str] = match letter {
        "a" => &["int", "bigint", "int unsigned", "smallint", "decimal(10,2)", "varchar(20)"],
        "b" => &[
            "varchar(20)",
            "varchar(50)",
            "text",
            "enum('1','2')",
            "enum('1','2','3')",
            "set('1','2')",
            "char(4)",
        ],
        "c" => &["date", "datetime", "datetime(3)", "timestamp", "varchar(30)"],
        "d" => &["json", "double", "tinyint(1)", "blob"],
        _ => &["varchar(20)", "int", "bigint"],
    };
    let data_type = c.pick(at("type"), types);
    let mut text = format!("{name} {data_type}");
    let textual = ["varchar", "text", "char", "enum", "set"].iter().any(|kind| data_type.starts_with(kind));
    if textual {
        text.push_str(c.pick(
            at("collation"),
            &[
                "",
                "",
                "",
                " CHARACTER SET latin1",
                " COLLATE utf8mb4_bin",
                " CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci",
            ],
        ));
    }
    let generated = letter == "e" && c.yes(at("computed"), 2);
    let mut nullable = !c.yes(at("not null"), 3);
    if generated {
        nullable = true;
        let above = before.iter().find(|column| column.name == "a" && !column.is_text());
        let expr = match (c.of(at("expr"), 4), above) {
            (1, _) => "1 + 2",
            (2, Some(_)) => "a + 1",
            (3, Some(_)) => "coalesce(a, 7)",
            _ => "2 + 3",
        };
        let kind = c.pick(at("kind"), &["VIRTUAL", "STORED"]);
        let _ = write!(text, " GENERATED ALWAYS AS ({expr}) {kind}");
    } else {
        text.push_str(if nullable { " NULL" } else { " NOT NULL" });
        match c.of(at("default"), 5) {
            2 | 3 if data_type != "blob" => {
                let _ = write!(text, " DEFAULT {}", value(data_type).replace("{k}", "1"));
            }
            4 if matches!(data_type, "int" | "bigint") && sequence => text.push_str(" DEFAULT nextval(s)"),
            4 if data_type == "int" => text.push_str(" DEFAULT (1 + 1)"),
            4 if data_type == "timestamp" => {
                text.push_str(" DEFAULT current_timestamp() ON UPDATE current_timestamp()");
            }
            4 if data_type == "datetime" => text.push_str(" DEFAULT current_timestamp()"),
            _ if !nullable && data_type != "blob" => {
                let _ = write!(text, " DEFAULT {}", value(data_type).replace("{k}", "1"));
            }
            _ => {}
        }
        if nullable && c.yes(at("invisible"), 7) {
            text.push_str(" INVISIBLE");
        }
    }
    if c.yes(at("comment"), 5) {
        let said = c.pick(at("said"), &["noted", "it''s", "a;b"]);
        let _ = write!(text, " COMMENT '{said}'");
    }
    parts.push(text);
    Drawing { name, data_type: data_type.to_owned(), generated, nullable }
}

/// A value of row `{k}` of a type.
fn value(data_type: &str) -> &'static str {
    match data_type {
        "date" => "'2020-01-0{k}'",
        "datetime" | "datetime(3)" | "timestamp" | "varchar(30)" => "'2020-01-0{k} 00:00:00'",
        "tinyint(1)" | "double" => "{k}",
        _ => "'{k}'",
    }
}

fn foreign_keys(c: &Choices<'_>, tables: &[(usize, &str, Vec<Drawing>, bool)], drawn: &mut Drawn) {
    for (number, name, columns, _) in tables {
        // Of two keys on one column the last one's name is that of the index that the server makes for both.
        let mut taken: Vec<&str> = Vec::new();
        for (to, referred, others, referable) in tables {
            let at = |what: &str| format!("t{number} to t{to} {what}");
            if !c.yes(at("key"), 4) || !referable {
                continue;
            }
            let id = &others[0].data_type;
            let fits = |column: &&Drawing| {
                column.data_type == *id && !column.generated && !taken.contains(&column.name)
            };
            let Some(column) = columns.iter().rfind(fits) else { continue };
            let action = c.pick(
                at("action"),
                &["", "ON DELETE CASCADE", "ON DELETE SET NULL ON UPDATE CASCADE", "ON DELETE RESTRICT"],
            );
            taken.push(column.name);
            // SET NULL needs a column that may be NULL, and from which nothing is computed and nothing checked.
            let checked =
                |sql: &String| sql.starts_with(&format!("CREATE TABLE {name} ")) && sql.contains("CHECK (");
            let computed = columns.iter().any(|column| column.generated) || drawn.sql.iter().any(checked);
            let action = if action.contains("NULL") && (!column.nullable || computed) { "" } else { action };
            drawn.say(format!(
                "ALTER TABLE {name} ADD CONSTRAINT `fk {number} {to}` FOREIGN KEY ({}) REFERENCES {referred} (id) {action}",
                column.name
            ));
        }
    }
}

/// Partitions are of both sides or of none: they are left alone.
fn partitions(c: &Choices<'_>, drawn: &mut Drawn) {
    if !c.both("part", 3) {
        return;
    }
    let column = c.pick("part column", &["", ", said varchar(10)", ", said varchar(30) DEFAULT 'x'"]);
    drawn.say(format!(
        "CREATE TABLE part (id int NOT NULL, k int{column}) PARTITION BY RANGE (id) \
         (PARTITION p0 VALUES LESS THAN (10), PARTITION p1 VALUES LESS THAN MAXVALUE)"
    ));
    let values = vec![("id".to_owned(), "{k}".to_owned()), ("k".to_owned(), "{k}0".to_owned())];
    drawn.rows.push(Rows { table: "part".to_owned(), values });
}

fn routines(c: &Choices<'_>, drawn: &mut Drawn) {
    if c.yes("f", 2) {
        let returns = c.pick("f returns", &["int", "bigint"]);
        let body = c.pick("f body", &["1", "2 - 1"]);
        drawn.say(format!("CREATE FUNCTION f(x int) RETURNS {returns} DETERMINISTIC RETURN x + {body}"));
    }
    if c.yes("p", 3) {
        let argument = c.pick("p argument", &["IN x int", "OUT y int"]);
        drawn.say(format!("CREATE PROCEDURE p({argument}) SQL SECURITY INVOKER COMMENT 'said' SET @y = 3"));
    }
    if c.yes("event", 4) {
        let every = c.pick("event every", &["1 DAY", "2 HOUR"]);
        drawn.say(format!(
            "CREATE EVENT ev ON SCHEDULE EVERY {every} STARTS '2030-01-01 00:00:00' DO SET @z = 1"
        ));
    }
}

fn views(c: &Choices<'_>, tables: &[(usize, &str)], drawn: &mut Drawn) {
    let mut below: Vec<String> = tables.iter().map(|(_, name)| (*name).to_owned()).collect();
    for view in ["v", "`W w`", "z"] {
        let at = |what: &str| format!("{view} {what}");
        if below.is_empty() || c.yes(at("gone"), 2) {
            continue;
        }
        let of = below[c.of(at("of"), below.len())].clone();
        let query = match c.of(at("query"), 4) {
            1 => format!("SELECT id FROM {of} WHERE id > 0"),
            2 => format!("SELECT o.id AS id FROM {of} o JOIN {of} u ON u.id = o.id"),
            3 => format!("SELECT id, 'a;b' AS said FROM {of} GROUP BY id"),
            _ => format!("SELECT id FROM {of}"),
        };
        let head = c.pick(at("head"), &["", "", "ALGORITHM=MERGE", "SQL SECURITY INVOKER"]);
        let head = if query.contains("GROUP") { "" } else { head };
        drawn.say(format!("CREATE {head} VIEW {view} AS {query}"));
        below.push(view.to_owned());
    }
}
