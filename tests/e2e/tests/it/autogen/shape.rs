//! What two databases are compared by: the lines of the engine's own dump, in no order, without our own tables.

use crate::harness::{Database, Engine};

/// The lines of a database's schema, sorted.
pub(super) fn shape(database: &Database) -> Vec<String> {
    let mut lines = match database.engine {
        Engine::Postgres => postgres(&database.schema()),
        Engine::Mariadb => mariadb(&database.schema()),
        Engine::Sqlite => sqlite(database),
    };
    lines.sort();
    lines
}

/// The lines that only one of two shapes has, `-` for the first and `+` for the second.
pub(super) fn difference(first: &[String], second: &[String]) -> String {
    let gone = first.iter().filter(|line| !second.contains(line)).map(|line| format!("- {line}\n"));
    let new = second.iter().filter(|line| !first.contains(line)).map(|line| format!("+ {line}\n"));
    gone.chain(new).collect()
}

/// Statements; a table's columns and constraints are lines of their own, after the table's name.
fn postgres(dump: &str) -> Vec<String> {
    let kept = |line: &&str| !(line.trim().is_empty() || line.starts_with("--") || line.starts_with('\\'));
    let dump = dump.lines().filter(kept).collect::<Vec<_>>().join("\n");
    let mut shape = Vec::new();
    for statement in dump.split(";\n") {
        if statement.starts_with("SET ") || statement.starts_with("SELECT pg_catalog.set_config") {
            continue;
        }
        let mut lines = statement.lines();
        match lines.next() {
            Some(head) if head.ends_with('(') && head.contains("TABLE ") => shape.extend(parts(head, lines)),
            _ => shape.push(words(statement)),
        }
    }
    shape
}

fn mariadb(dump: &str) -> Vec<String> {
    let mut shape = Vec::new();
    for statement in dump.split(";\n") {
        let mut lines = statement.lines().skip_while(|line| line.is_empty());
        let Some(head) = lines.next() else { continue };
        let own = head.contains("`migrated_journal`");
        if !own && head.starts_with("CREATE TABLE ") {
            let counter = |word: &&str| !word.starts_with("AUTO_INCREMENT=");
            let text = |line: &str| line.split(' ').filter(counter).collect::<Vec<_>>().join(" ");
            let lines: Vec<String> = lines.map(text).collect();
            shape.extend(parts(head, lines.iter().map(String::as_str)));
        } else if !own && !head.starts_with("/*!40101 ") && !head.starts_with("DROP TABLE ") {
            shape.push(words(statement));
        }
    }
    shape
}

fn parts<'a>(head: &str, lines: impl Iterator<Item = &'a str>) -> Vec<String> {
    let mut shape = vec![head.to_owned()];
    shape.extend(lines.map(|line| format!("{head} {}", line.trim().trim_end_matches(','))));
    shape
}

/// SQLite's own dump keeps the text that somebody wrote. Instead: what it reads out of it, and the constraints' and
/// clauses' words, which it does not tell.
fn sqlite(database: &Database) -> Vec<String> {
    if !database.file().exists() {
        return Vec::new();
    }
    let told = database.sql(
        "CREATE TEMP VIEW ours AS SELECT type, name, tbl_name, coalesce(sql, '') AS sql FROM main.sqlite_schema \
           WHERE tbl_name NOT IN ('alembic_version', 'migrated_journal') AND name NOT LIKE 'sqlite_stat%';\n\
         SELECT 'column', ours.name, c.name, c.type, c.\"notnull\", quote(c.dflt_value), c.pk, c.hidden \
           FROM ours, pragma_table_xinfo(ours.name) c WHERE ours.type = 'table';\n\
         SELECT 'key', ours.name, f.seq, f.\"table\", f.\"from\", f.\"to\", f.on_update, f.on_delete, f.\"match\" \
           FROM ours, pragma_foreign_key_list(ours.name) f WHERE ours.type = 'table';\n\
         SELECT 'item', ours.tbl_name, iif(ours.sql = '', '', ours.name), i.seqno, i.name, i.\"desc\", i.coll, i.key \
           FROM ours, pragma_index_xinfo(ours.name) i WHERE ours.type = 'index';\n\
         SELECT 'option', name, wr, strict FROM pragma_table_list \
           WHERE name IN (SELECT name FROM ours WHERE type = 'table');\n\
         SELECT 'text', json_quote(type), json_quote(name), json_quote(sql) FROM ours WHERE sql <> '';",
    );
    let mut shape = Vec::new();
    for line in told.lines() {
        match line.strip_prefix("text|").map(|text| text.replacen("\"|\"", "\",\"", 2)) {
            None => shape.push(line.to_owned()),
            Some(text) => {
                let [kind, name, sql]: [String; 3] =
                    serde_json::from_str(&format!("[{text}]")).expect("three texts");
                if kind == "table" {
                    shape.extend(clauses(&sql).into_iter().map(|clause| format!("clause {name} {clause}")));
                } else {
                    shape.push(format!("{kind} {name} {}", plain(&sql)));
                }
            }
        }
    }
    shape
}

/// The constraints of a table's statement, and the columns with clauses that no pragma tells.
fn clauses(sql: &str) -> Vec<String> {
    let (mut depth, mut quote, mut part, mut parts) = (0_u32, None, String::new(), Vec::new());
    for c in sql.chars() {
        match (quote, c) {
            (Some(end), _) if c == end => quote = None,
            (Some(_), _) => {}
            (None, '\'' | '"' | '`') => quote = Some(c),
            (None, '[') => quote = Some(']'),
            (None, '(') => {
                depth += 1;
                if depth == 1 {
                    continue;
                }
            }
            (None, ')') => depth = depth.saturating_sub(1),
            (None, ',') if depth == 1 => {
                parts.push(std::mem::take(&mut part));
                continue;
            }
            (None, _) => {}
        }
        if depth > 0 {
            part.push(c);
        }
    }
    parts.push(part);
    let told = |part: &String| {
        let starts = ["constraint", "primary", "unique", "check", "foreign"];
        let holds = ["collate", "generated", "check", "references", "autoincrement"];
        starts.iter().any(|word| part.starts_with(word)) || holds.iter().any(|word| part.contains(word))
    };
    parts.iter().map(|part| plain(part)).filter(told).collect()
}

/// Without quotes, in small letters, and without spaces around brackets and commas: a matter of taste.
fn plain(sql: &str) -> String {
    let text = words(&sql.replace(['"', '`'], "")).to_lowercase();
    let text = ["(", ")", ","]
        .iter()
        .fold(text, |text, mark| text.replace(&format!(" {mark}"), mark).replace(&format!("{mark} "), mark));
    text.trim().to_owned()
}

fn words(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
