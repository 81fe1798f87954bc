//! What stands on the tables of a drawn database of PostgreSQL.

use super::draw::{Choices, Drawn, Rows};
use super::postgres::{Around, Drawing, comment};

pub(super) fn indexes(c: &Choices<'_>, number: usize, table: &str, columns: &[Drawing], drawn: &mut Drawn) {
    for label in ["i", "j", "h"] {
        let at = |what: &str| format!("t{number} {label} {what}");
        if c.yes(at("gone"), 2) {
            continue;
        }
        let column = &columns[c.of(at("column"), columns.len())];
        let on = column.name;
        let textual = column.data_type == "text" || column.data_type.starts_with("varchar");
        let plain = !matches!(column.data_type.as_str(), "jsonb" | "json" | "pair");
        let name = format!("{label}{number}");
        let mut unique = "";
        let rest;
        match c.of(at("kind"), 12) {
            _ if !plain && column.data_type == "jsonb" => rest = format!("USING gin ({on} jsonb_path_ops)"),
            _ if !plain => rest = "(id)".to_owned(),
            1 => rest = format!("({on} DESC NULLS LAST, id)"),
            2 => {
                unique = "UNIQUE";
                rest = format!("(id, {on}) NULLS NOT DISTINCT");
            }
            3 => rest = format!("({on}) INCLUDE (id)"),
            4 => rest = format!("({on}) WHERE id > 0 AND {on} IS NOT NULL"),
            5 if textual => rest = format!("(lower({on}), id)"),
            6 if textual => rest = format!("({on} text_pattern_ops)"),
            7 => rest = "USING hash (id)".to_owned(),
            8 => rest = "USING brin (id) WITH (pages_per_range='16')".to_owned(),
            9 if column.data_type.ends_with(']') => rest = format!("USING gin ({on})"),
            10 => rest = format!("({on}) WITH (fillfactor='60')"),
            11 if textual => rest = format!("({on} COLLATE \"C\" DESC)"),
            _ => rest = format!("({on})"),
        }
        drawn.say(format!("CREATE {unique} INDEX {name} ON {table} {rest}"));
        let schema = if table.starts_with("side.") { "side." } else { "" };
        comment(c, &at(""), "INDEX", &format!("{schema}{name}"), drawn);
    }
}

pub(super) fn foreign_keys(c: &Choices<'_>, tables: &[(usize, &str, Vec<Drawing>)], drawn: &mut Drawn) {
    for (number, name, columns) in tables {
        for (to, referred, _) in tables {
            let at = |what: &str| format!("t{number} to t{to} {what}");
            let holds_key = drawn.sql.iter().any(|sql| {
                sql.contains(&format!(" TABLE {referred} (")) && sql.contains("PRIMARY KEY (id) ")
            });
            if !c.yes(at("key"), 4) || !holds_key || *to == 3 {
                continue;
            }
            let whole = |column: &&Drawing| {
                matches!(column.data_type.as_str(), "integer" | "bigint") && !column.generated
            };
            let Some(column) = columns.iter().rfind(whole) else { continue };
            let actions = c.pick(
                at("actions"),
                &[
                    "",
                    "ON DELETE CASCADE",
                    "ON DELETE SET NULL ON UPDATE CASCADE",
                    "ON DELETE RESTRICT",
                    "MATCH FULL",
                ],
            );
            let tail =
                c.pick(at("tail"), &["", "", "DEFERRABLE", "DEFERRABLE INITIALLY DEFERRED", "NOT VALID"]);
            let named = c.pick(at("name"), &["fk", "Fk 2"]);
            drawn.say(format!(
                "ALTER TABLE {name} ADD CONSTRAINT \"{named} {number} {to}\" FOREIGN KEY ({}) REFERENCES {referred} (id) \
                 {actions} {tail}",
                column.name
            ));
        }
    }
}

/// Partitions are of both sides or of none: they are left alone.
pub(super) fn partitions(c: &Choices<'_>, drawn: &mut Drawn) {
    if !c.both("part", 3) {
        return;
    }
    let column = c.pick("part column", &["", ", said text", ", said varchar(30) DEFAULT 'x'"]);
    drawn.say(format!("CREATE TABLE part (id integer NOT NULL, k integer{column}) PARTITION BY RANGE (k)"));
    drawn.say("CREATE TABLE part_1 PARTITION OF part FOR VALUES FROM (0) TO (10)");
    drawn.say("CREATE TABLE part_2 PARTITION OF part DEFAULT");
    if c.yes("part index", 2) {
        drawn.say("CREATE INDEX part_i ON part (id)");
    }
    let values = vec![("id".to_owned(), "{k}".to_owned()), ("k".to_owned(), "{k}0".to_owned())];
    drawn.rows.push(Rows { table: "part".to_owned(), values });
}

/// Tables that inherit: of both sides where they are left alone, else of either one, with what they inherit from.
pub(super) fn heirs(c: &Choices<'_>, drawn: &mut Drawn) {
    if !c.both("heirs", 2) || c.divides() && c.yes("forebear gone", 4) {
        return;
    }
    let column = c.pick(
        "forebear column",
        &["", ", said text", ", said text NOT NULL DEFAULT 'x'", ", said text DEFAULT 'y'", ", said integer"],
    );
    let check = c.pick("forebear check", &["", ", CONSTRAINT positive CHECK (id > 0)", ", CHECK (k > 1)"]);
    let base = c.pick("forebear type", &["integer", "bigint"]);
    drawn.say(format!("CREATE TABLE forebear (id integer PRIMARY KEY, k {base}{column}{check})"));
    comment(c, "forebear", "TABLE", "forebear", drawn);
    let values = vec![("id".to_owned(), "{k}".to_owned()), ("k".to_owned(), "{k}0".to_owned())];
    drawn.rows.push(Rows { table: "forebear".to_owned(), values });
    for (heir, from, name) in [("heir", "forebear", "own"), ("grandchild", "heir", "more")] {
        let there = drawn.sql.iter().any(|sql| sql.starts_with(&format!("CREATE TABLE {from} ")));
        if !there || c.divides() && c.yes(format!("{heir} gone"), 3) {
            continue;
        }
        let own = c.pick(format!("{heir} own"), &["", "text", "varchar(10) DEFAULT '1'", "integer"]);
        let own = if own.is_empty() { String::new() } else { format!("{name} {own}") };
        drawn.say(format!("CREATE TABLE {heir} ({own}) INHERITS ({from})"));
        comment(c, heir, "TABLE", heir, drawn);
        if c.yes(format!("{heir} index"), 3) {
            drawn.say(format!("CREATE INDEX {heir}_i ON {heir} (k)"));
        }
        // What an heir holds is seen in its forebear, and goes with it.
        if !c.divides() {
            let values = vec![("id".to_owned(), "{k}0".to_owned()), ("k".to_owned(), "{k}1".to_owned())];
            drawn.rows.push(Rows { table: heir.to_owned(), values });
        }
    }
}

pub(super) fn views(
    c: &Choices<'_>,
    around: &Around,
    tables: &[(usize, &str, Vec<Drawing>)],
    drawn: &mut Drawn,
) {
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
        let query = match c.of(at("query"), 5) {
            1 => format!("SELECT {column} AS one, id FROM {of} WHERE id > 0"),
            2 => format!("SELECT o.{column} AS one, o.id FROM {of} o JOIN {of} u ON u.id = o.id"),
            3 if around.function => format!("SELECT {column} AS one, id, f() AS two FROM {of}"),
            4 => format!("SELECT * FROM (SELECT {column} AS one, id FROM {of}) x ORDER BY id"),
            _ => format!("SELECT {column} AS one, id FROM {of}"),
        };
        let materialized = c.yes(at("materialized"), 4);
        if materialized {
            drawn.say(format!("CREATE MATERIALIZED VIEW {view} AS {query}"));
            if c.yes(at("index"), 2) {
                let unique = c.pick(at("index unique"), &["", "UNIQUE"]);
                drawn.say(format!("CREATE {unique} INDEX \"{}_i\" ON {view} (id)", view.replace('"', "")));
            }
            comment(c, &at(""), "MATERIALIZED VIEW", view, drawn);
        } else {
            let options = c.pick(at("options"), &["", "", "WITH (security_barrier='true')"]);
            drawn.say(format!("CREATE VIEW {view} {options} AS {query}"));
            comment(c, &at(""), "VIEW", view, drawn);
            if around.trigger && c.yes(at("trigger"), 4) {
                drawn.say(format!(
                    "CREATE TRIGGER on_view INSTEAD OF INSERT ON {view} FOR EACH ROW EXECUTE FUNCTION tg()"
                ));
            }
        }
        below.push((view.to_owned(), "one".to_owned()));
    }
}

pub(super) fn attached(
    c: &Choices<'_>,
    around: &Around,
    number: usize,
    table: &str,
    columns: &[Drawing],
    drawn: &mut Drawn,
) {
    let at = |what: &str| format!("t{number} {what}");
    if around.trigger && c.yes(at("g"), 3) {
        let on = columns[c.of(at("g column"), columns.len())].name;
        let (constraint, event) = match c.of(at("g event"), 5) {
            1 => ("", format!("BEFORE UPDATE OF {on} ON {table} FOR EACH ROW")),
            2 => ("", format!("BEFORE INSERT ON {table} FOR EACH ROW WHEN (NEW.id > 100)")),
            3 => ("", format!("AFTER DELETE ON {table} FOR EACH STATEMENT")),
            4 => ("CONSTRAINT", format!("AFTER INSERT ON {table} DEFERRABLE FOR EACH ROW")),
            _ => ("", format!("AFTER INSERT OR UPDATE ON {table} FOR EACH ROW")),
        };
        drawn.say(format!("CREATE {constraint} TRIGGER \"g G\" {event} EXECUTE FUNCTION tg()"));
        match c.of(at("g enabled"), 5) {
            3 => drawn.say(format!("ALTER TABLE {table} DISABLE TRIGGER \"g G\"")),
            4 => drawn.say(format!("ALTER TABLE {table} ENABLE ALWAYS TRIGGER \"g G\"")),
            _ => {}
        }
        comment(c, &at("g"), "TRIGGER", &format!("\"g G\" ON {table}"), drawn);
    }
    if c.yes(at("policy"), 4) {
        let on = columns[c.of(at("policy column"), columns.len())].name;
        let what = match c.of(at("policy kind"), 4) {
            1 => format!("FOR SELECT USING ({on} IS NOT NULL)"),
            2 => "AS RESTRICTIVE FOR INSERT WITH CHECK (id > 1)".to_owned(),
            3 => format!("TO CURRENT_USER USING ({on} IS NOT NULL OR id = 3) WITH CHECK (true)"),
            _ => "USING (id > 0)".to_owned(),
        };
        drawn.say(format!("CREATE POLICY pol ON {table} {what}"));
        comment(c, &at("policy"), "POLICY", &format!("pol ON {table}"), drawn);
    }
    match c.of(at("row security"), 6) {
        4 => drawn.say(format!("ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")),
        5 => drawn.say(format!("ALTER TABLE {table} ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY")),
        _ => {}
    }
}
