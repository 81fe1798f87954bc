//! Databases of PostgreSQL.

use super::draw::{Choices, Drawn, Rows};
use super::postgres_more::{attached, foreign_keys, heirs, indexes, partitions, views};
use std::fmt::Write as _;

/// The tables: what they are called as SQL, and without quotes.
const TABLES: [(&str, &str); 4] =
    [("t0", "t0"), ("\"T one\"", "T one"), ("side.t2", "t2"), ("\"t\"\"3\"", "t\"3")];

/// The values of an enum: put in anywhere, moved, gone.
const MOODS: &[&str] =
    &["'1','2'", "'1','2','3'", "'0','1','2'", "'1','1.5','2'", "'2','1'", "'1','2','x''y'", "'3','1','2'"];

/// A column, as it was drawn.
pub(super) struct Drawing {
    pub(super) name: &'static str,
    pub(super) data_type: String,
    pub(super) generated: bool,
    pub(super) nullable: bool,
}

/// What there is beside the tables.
pub(super) struct Around {
    pub(super) side: bool,
    pub(super) mood: bool,
    pub(super) short: bool,
    pub(super) pair: bool,
    pub(super) sequence: bool,
    pub(super) function: bool,
    pub(super) trigger: bool,
    pub(super) citext: bool,
    pub(super) gist: bool,
}

pub(super) fn draw(c: &Choices<'_>) -> Drawn {
    let mut drawn = Drawn::default();
    let around = around(c, &mut drawn);
    let mut tables = Vec::new();
    for (number, (name, plain)) in TABLES.iter().enumerate() {
        if number == 2 && !around.side || c.yes(format!("t{number} gone"), 5) {
            continue;
        }
        let columns = table(c, &around, number, name, plain, &mut drawn);
        tables.push((number, *name, columns));
    }
    foreign_keys(c, &tables, &mut drawn);
    partitions(c, &mut drawn);
    heirs(c, &mut drawn);
    views(c, &around, &tables, &mut drawn);
    for (number, name, columns) in &tables {
        attached(c, &around, *number, name, columns, &mut drawn);
    }
    if around.sequence
        && c.yes("s owned", 3)
        && let Some((_, name, _)) = tables.first()
    {
        let schema = if name.contains('.') { "side." } else { "" };
        if schema.is_empty() {
            drawn.say(format!("ALTER SEQUENCE s OWNED BY {name}.id"));
        }
    }
    drawn
}

pub(super) fn comment(c: &Choices<'_>, place: &str, kind: &str, name: &str, drawn: &mut Drawn) {
    let text = c.pick(format!("{place} comment"), &["", "", "", "said", "it''s \\ \"so\"", "other"]);
    if !text.is_empty() {
        drawn.say(format!("COMMENT ON {kind} {name} IS '{text}'"));
    }
}

fn around(c: &Choices<'_>, drawn: &mut Drawn) -> Around {
    let side = !c.yes("side gone", 4);
    if side {
        drawn.say("CREATE SCHEMA side");
        comment(c, "side", "SCHEMA", "side", drawn);
    }
    let citext = c.yes("citext", 3);
    if citext {
        drawn.say("CREATE EXTENSION citext");
    }
    let gist = c.yes("gist", 4);
    if gist {
        drawn.say("CREATE EXTENSION btree_gist");
    }
    let mood = !c.yes("mood gone", 4);
    if mood {
        let values = c.pick("mood values", MOODS);
        drawn.say(format!("CREATE TYPE mood AS ENUM ({values})"));
        comment(c, "mood", "TYPE", "mood", drawn);
    }
    let short = c.yes("short", 2);
    if short {
        let base = c.pick("short type", &["text", "varchar(20)", "integer", "text COLLATE \"C\""]);
        let default = c.pick("short default", &["", "DEFAULT '1'"]);
        let check = c.pick(
            "short check",
            &["", "CONSTRAINT short_check CHECK (VALUE IS NOT NULL)", "CHECK (VALUE <> '7')", "NOT NULL"],
        );
        drawn.say(format!("CREATE DOMAIN short AS {base} {default} {check}"));
        comment(c, "short", "DOMAIN", "short", drawn);
    }
    let pair = c.yes("pair", 3);
    if pair {
        let fields = c.pick("pair fields", &["x integer, y text", "y text, x integer", "x bigint, y text"]);
        drawn.say(format!("CREATE TYPE pair AS ({fields})"));
        comment(c, "pair", "TYPE", "pair", drawn);
    }
    let sequence = c.yes("s", 2);
    if sequence {
        let options = c.pick(
            "s options",
            &[
                "",
                "AS integer",
                "INCREMENT 5",
                "START 100 MINVALUE 100",
                "MAXVALUE 1000 CYCLE",
                "CACHE 7",
                "INCREMENT -1",
            ],
        );
        drawn.say(format!("CREATE SEQUENCE s {options}"));
        comment(c, "s", "SEQUENCE", "s", drawn);
    }
    let function = c.yes("f", 2);
    if function {
        let returns = c.pick("f returns", &["integer", "bigint"]);
        let body = c.pick("f body", &["SELECT 1", "SELECT 1 + 0", "SELECT 2 - 1 AS one"]);
        let kind =
            c.pick("f kind", &["IMMUTABLE", "STABLE", "IMMUTABLE STRICT", "IMMUTABLE SECURITY DEFINER"]);
        drawn.say(format!("CREATE FUNCTION f() RETURNS {returns} LANGUAGE sql {kind} AS $$ {body} $$"));
        comment(c, "f", "FUNCTION", "f()", drawn);
        if c.yes("f overloaded", 3) {
            let argument = c.pick("f argument", &["x integer", "y integer", "x integer DEFAULT 3"]);
            if !argument.contains("DEFAULT") {
                drawn.say(format!(
                    "CREATE FUNCTION f({argument}) RETURNS integer LANGUAGE sql IMMUTABLE RETURN 1 + $1"
                ));
            }
        }
    }
    if c.yes("p", 4) {
        let body = c.pick("p body", &["NULL;", "RAISE NOTICE 'so;';"]);
        drawn.say(format!("CREATE PROCEDURE p(INOUT n integer) LANGUAGE plpgsql AS $$ BEGIN {body} END $$"));
    }
    if c.yes("agg", 6) {
        let first = c.pick("agg first", &["0", "1"]);
        drawn.say(format!(
            "CREATE AGGREGATE agg(integer) (SFUNC = int4pl, STYPE = integer, INITCOND = '{first}')"
        ));
    }
    let trigger = !c.yes("tg gone", 3);
    if trigger {
        let body = c.pick("tg body", &["", "PERFORM 1;"]);
        drawn.say(format!(
            "CREATE FUNCTION tg() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {body} RETURN NEW; END $$"
        ));
    }
    Around { side, mood, short, pair, sequence, function, trigger, citext, gist }
}

fn table(
    c: &Choices<'_>,
    around: &Around,
    number: usize,
    name: &str,
    plain: &str,
    drawn: &mut Drawn,
) -> Vec<Drawing> {
    let at = |what: &str| format!("t{number} {what}");
    let mut parts = Vec::new();
    let mut later = Vec::new();
    let mut columns = vec![id(c, around, number, &mut parts)];
    for (letter, column) in [("a", "a"), ("b", "\"B b\""), ("c", "\"select\""), ("d", "d"), ("e", "e")] {
        if c.yes(at(&format!("{letter} gone")), 4) {
            continue;
        }
        let made = column_of(c, around, number, letter, column, name, &columns, &mut parts, &mut later);
        columns.push(made);
    }
    let other = |place: &str| {
        let first: Vec<&Drawing> = columns
            .iter()
            .filter(|column| !column.data_type.starts_with("json") && !column.data_type.contains("pair"))
            .collect();
        first[c.of(at(place), first.len())].name
    };
    if !c.yes(at("pk gone"), 5) {
        let constraint = match c.of(at("pk name"), 4) {
            3 => format!("CONSTRAINT \"my key {number}\" "),
            _ => String::new(),
        };
        let second = columns.iter().find(|column| column.name == "a" && !column.nullable);
        let wide = second.filter(|_| c.yes(at("pk wide"), 5)).map_or("id", |_| "id, a");
        let options = c.pick(
            at("pk options"),
            &["", "", "", "", "WITH (fillfactor='70')", "DEFERRABLE", "DEFERRABLE INITIALLY DEFERRED"],
        );
        // What a foreign key refers to cannot be deferred.
        let options = if number == 3 { options } else { "" };
        parts.push(format!("{constraint}PRIMARY KEY ({wide}) {options}"));
    }
    for label in ["u", "v"] {
        if c.yes(at(label), 4) {
            let column = other(&format!("{label} column"));
            let distinct = c.pick(at(&format!("{label} nulls")), &["", "", "NULLS NOT DISTINCT"]);
            let options = c.pick(
                at(&format!("{label} options")),
                &["", "", "INCLUDE (id)", "DEFERRABLE", "WITH (fillfactor='80')"],
            );
            let named = c.pick(at(&format!("{label} name")), &["u", "V v"]);
            let constraint = format!("CONSTRAINT \"{label}{number} {named}\"");
            let columns = if column == "id" { "id".to_owned() } else { format!("{column}, id") };
            parts.push(format!("{constraint} UNIQUE {distinct} ({columns}) {options}"));
        }
    }
    for label in ["k", "l"] {
        if c.yes(at(label), 4) {
            let text = format!("({}::text)", other(&format!("{label} column")));
            let check = match c.of(at(&format!("{label} check")), 5) {
                0 => format!("{text} IS NOT NULL OR id > 0"),
                1 => "id > 0".to_owned(),
                2 => format!("{text} <> 'q' AND id < 1000000"),
                3 => format!("{text} IN ('1', '2', '3') OR id >= 1"),
                _ => format!("length({text}) >= 0"),
            };
            let tail = c.pick(at(&format!("{label} tail")), &["", "", "NO INHERIT"]);
            let named = c.pick(at(&format!("{label} name")), &["", "CONSTRAINT my_check "]);
            let named = if label == "k" { named } else { "" };
            parts.push(format!("{named}CHECK ({check}) {tail}"));
        }
    }
    if c.yes(at("x"), 5) {
        let method = match c.of(at("x method"), 3) {
            1 => "USING gist (int8range(id, id + 1) WITH &&)",
            2 if around.gist => "USING gist (id WITH =)",
            _ => "USING btree (id WITH =)",
        };
        let tail = c.pick(at("x tail"), &["", "WHERE (id > 5)", "DEFERRABLE INITIALLY DEFERRED"]);
        parts.push(format!("CONSTRAINT x{number} EXCLUDE {method} {tail}"));
    }
    let unlogged = if number == 3 { c.pick(at("logged"), &["", "", "", "UNLOGGED"]) } else { "" };
    let with = c.pick(
        at("with"),
        &["", "", "", "WITH (fillfactor='90')", "WITH (fillfactor='50', autovacuum_enabled='false')"],
    );
    drawn.say(format!("CREATE {unlogged} TABLE {name} (\n  {}\n) {with}", parts.join(",\n  ")));
    later.into_iter().for_each(|sql| drawn.say(sql));
    if c.yes(at("identity full"), 8) {
        drawn.say(format!("ALTER TABLE {name} REPLICA IDENTITY FULL"));
    }
    comment(c, &at(""), "TABLE", name, drawn);
    let _ = plain;
    indexes(c, number, name, &columns, drawn);
    let values = columns.iter().filter(|column| !column.generated);
    let values = values.map(|column| (column.name.to_owned(), value(&column.data_type).to_owned())).collect();
    drawn.rows.push(Rows { table: name.to_owned(), values });
    columns
}

fn id(c: &Choices<'_>, around: &Around, number: usize, parts: &mut Vec<String>) -> Drawing {
    let at = |what: &str| format!("t{number} id {what}");
    let base = c.pick(at("type"), &["integer", "integer", "bigint"]);
    let text = match c.of(at("kind"), 6) {
        2 => if base == "bigint" { "bigserial" } else { "serial" }.to_owned(),
        3 => {
            let always = c.pick(at("always"), &["BY DEFAULT", "ALWAYS"]);
            let options = c
                .pick(at("options"), &["", "(START 100)", "(INCREMENT 2 CACHE 3)", "(MAXVALUE 30000 CYCLE)"]);
            format!("{base} GENERATED {always} AS IDENTITY {options}")
        }
        4 if around.sequence => format!("{base} DEFAULT nextval('s')"),
        5 if around.function => format!("{base} DEFAULT f()"),
        _ => base.to_owned(),
    };
    parts.push(format!("id {text} NOT NULL"));
    Drawing { name: "id", data_type: base.to_owned(), generated: false, nullable: false }
}

#[expect(clippy::too_many_arguments, reason = "what a column depends on")]
fn column_of(
    c: &Choices<'_>,
    around: &Around,
    number: usize,
    letter: &str,
    name: &'static str,
    table: &str,
    before: &[Drawing],
    parts: &mut Vec<String>,
    later: &mut Vec<String>,
) -> Drawing {
    let at = |what: &str| format!("t{number} {letter} {what}");
    let types: &[&str] = match letter {
        "a" => &["integer", "bigint", "text", "numeric(10,2)", "smallint"],
        "b" => &["text", "varchar(20)", "varchar(50)", "mood", "short", "citext", "integer", "mood[]"],
        "c" => &["date", "timestamp with time zone", "timestamp(3) without time zone", "text", "date[]"],
        "d" => &["jsonb", "integer[]", "uuid", "boolean", "pair", "json"],
        _ => &["text", "varchar(10)", "integer", "bigint"],
    };
    // Values of most of these are not ones of the others.
    let mut data_type = match letter {
        "c" | "d" => types[c.steady(at("type"), types.len())],
        _ => c.pick(at("type"), types),
    };
    let missing = data_type.starts_with("mood") && !around.mood
        || data_type == "short" && !around.short
        || data_type == "citext" && !around.citext
        || data_type == "pair" && !around.pair;
    if missing {
        data_type = "text";
    }
    let mut text = format!("{name} {data_type}");
    let generated = letter == "e" && c.yes(at("computed"), 2);
    let textual = matches!(data_type, "text" | "varchar(10)" | "varchar(20)" | "varchar(50)");
    if textual {
        text.push_str(c.pick(at("collation"), &["", "", "", " COLLATE \"C\"", " COLLATE \"POSIX\""]));
    }
    let nullable = !c.yes(at("not null"), 3);
    if !nullable {
        text.push_str(" NOT NULL");
    }
    if generated {
        let above = before.iter().find(|column| column.name == "a");
        let expr = match (c.of(at("expr"), 4), above) {
            (1, Some(_)) => "(id * 2)",
            (2, Some(a)) if !a.data_type.starts_with("text") => "(a + 1)",
            (3, _) if around.function => "(id)",
            _ => "(id + 1)",
        };
        let _ = write!(text, " GENERATED ALWAYS AS (({expr})::{data_type}) STORED");
    } else {
        let default = match c.of(at("default"), 5) {
            2 | 3 => Some(format!("{}::{data_type}", value(data_type).replace("{k}", "1"))),
            4 if matches!(data_type, "integer" | "bigint") && around.function => Some("f()".to_owned()),
            4 if matches!(data_type, "integer" | "bigint" | "text") && around.sequence => Some(
                if data_type == "text" { "nextval('s')::text" } else { "nextval('s'::regclass)" }.to_owned(),
            ),
            4 if data_type.starts_with("timestamp") => Some("now()".to_owned()),
            4 if data_type == "mood" => {
                let values = c.pick("mood values", MOODS);
                Some(if values.contains("'3'") { "'3'::mood" } else { "'2'::mood" }.to_owned())
            }
            _ if !nullable => Some(format!("{}::{data_type}", value(data_type).replace("{k}", "1"))),
            _ => None,
        };
        if let Some(default) = default {
            let _ = write!(text, " DEFAULT {default}");
        }
    }
    parts.push(text);
    if textual {
        match c.of(at("storage"), 8) {
            5 => later.push(format!("ALTER TABLE {table} ALTER {name} SET STORAGE external")),
            6 => later.push(format!("ALTER TABLE {table} ALTER {name} SET COMPRESSION pglz")),
            7 => later.push(format!("ALTER TABLE {table} ALTER {name} SET STATISTICS 200")),
            _ => {}
        }
    }
    if c.yes(at("comment"), 5) {
        let said = c.pick(at("said"), &["noted", "it''s", "a;b"]);
        later.push(format!("COMMENT ON COLUMN {table}.{name} IS '{said}'"));
    }
    Drawing { name, data_type: data_type.to_owned(), generated, nullable }
}

/// A value of row `{k}` of a type.
fn value(data_type: &str) -> &'static str {
    match data_type {
        "date" | "timestamp with time zone" | "timestamp(3) without time zone" => "'2020-01-0{k}'",
        "integer[]" | "mood[]" => "'{{k}}'",
        "date[]" => "'{2020-01-0{k}}'",
        "uuid" => "'00000000-0000-0000-0000-00000000000{k}'",
        "boolean" => "'true'",
        "pair" => "'({k},{k})'",
        _ => "'{k}'",
    }
}
