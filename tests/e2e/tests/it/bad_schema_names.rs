//! Desired schemas at the edge of what engines take: odd and long names, deep views, two revisions written at once.

use crate::harness::{Engine, Project, on_each};

fn write(project: &Project, name: &str, text: &str) {
    std::fs::write(project.path(name), text).expect("written");
}

/// Writes what is missing, applies it, and fails the test where anything is found after that.
#[track_caller]
fn becomes(project: &Project, schema: &str, id: &str) {
    let words = format!("revision --autogenerate --schema {schema} -m {id} --rev-id {id} --allow-drop");
    project.ctl(&words).succeeds();
    project.ctl("upgrade head").succeeds();
    project.ctl(&format!("check --schema {schema}")).succeeds().says("");
    project.ctl("check").succeeds().says("");
}

/// A name in the quotes of the engine.
fn quoted(engine: Engine, name: &str) -> String {
    match engine {
        Engine::Mariadb => format!("`{}`", name.replace('`', "``")),
        _ => format!("\"{}\"", name.replace('"', "\"\"")),
    }
}

/// A table of each name, with a column and an index of it too.
fn tables(engine: Engine, names: &[&str]) -> String {
    let table = |name: &&str| {
        let (table, other) = (quoted(engine, name), quoted(engine, &format!("+{name}")));
        let index = quoted(engine, &format!("i {name}"));
        format!(
            "CREATE TABLE {table} ({table} integer PRIMARY KEY, {other} integer REFERENCES {table} ({table}));\n\
             CREATE INDEX {index} ON {table} ({other});\n"
        )
    };
    names.iter().map(table).collect()
}

const ODD: &[&str] = &[
    "it's",
    "a \"b\"",
    "a `b`",
    "a.b",
    "Users",
    "select",
    "order by",
    "größe",
    "数据",
    "a;b",
    "a--b",
    "a/*b",
    "%s",
    "$1",
    "{x}",
    "back\\slash",
    "-x",
    "0",
    "null",
    "#",
];

#[test]
fn odd_names() {
    on_each(Engine::ALL, |project| {
        write(project, "schema.sql", &tables(project.database.engine, ODD));
        becomes(project, "schema.sql", "a1");
        for form in ["yaml", "json", "sql"] {
            let shown = project.ctl(&format!("inspect --format {form}")).succeeds().stdout;
            write(project, &format!("shown.{form}"), &shown);
            project.ctl(&format!("check --schema shown.{form}")).succeeds().says("");
        }
        // Every one of them gets a comment's worth of change: a column more.
        let more = |text: String| text.replace(" integer REFERENCES", " integer, more integer REFERENCES");
        write(project, "schema.sql", &more(tables(project.database.engine, ODD)));
        let found = project.ctl("check --schema schema.sql").exits(3);
        assert!(found.stdout.lines().count() >= ODD.len(), "{}", found.story());
        becomes(project, "schema.sql", "b2");
        project.ctl("downgrade base").succeeds();
        project.ctl("check").exits(1).is("NOT_AT_HEAD");
    });
}

#[test]
fn long_names() {
    // Nearly as long as a name may be (MariaDB adds to a table's name for its foreign keys), and longer, where the engine
    // cuts it instead of refusing it.
    let (most, more) = ("n".repeat(56), "m".repeat(80));
    let wide = "ü".repeat(40);
    on_each(Engine::ALL, |project| {
        let names: &[&str] = match project.database.engine {
            Engine::Mariadb => &[&most, &wide],
            _ => &[&most, &more, &wide],
        };
        let text = tables(project.database.engine, names);
        write(project, "schema.sql", &text);
        becomes(project, "schema.sql", "a1");
        let shown = project.ctl("inspect").succeeds().stdout;
        write(project, "shown.yaml", &shown);
        project.ctl("check --schema shown.yaml").succeeds().says("");
    });
    on_each(&[Engine::Mariadb], |project| {
        write(
            project,
            "schema.sql",
            &format!("CREATE TABLE t (a integer);\nCREATE TABLE {more} (a integer);"),
        );
        project.refuses("check --schema schema.sql", 1, "SCHEMA_INVALID", "long_name_mariadb");
    });
}

#[test]
fn names_that_postgresql_cuts_in_a_description() {
    let long = "m".repeat(80);
    on_each(&[Engine::Postgres], |project| {
        let text = format!(
            "tables:\n- name: {long}\n  columns:\n  - name: c{long}\n    type: integer\n  indexes:\n  - name: i{long}\n    \
             items:\n    - column: c{long}\n"
        );
        write(project, "schema.yaml", &text);
        becomes(project, "schema.yaml", "a1");
    });
}

#[test]
fn two_hundred_levels_of_views() {
    on_each(Engine::ALL, |project| {
        // MariaDB opens all views under a view for each look at it: as many again would take it minutes.
        let levels = if project.database.engine == Engine::Mariadb { 60 } else { 200 };
        let schema = |kind: &str| {
            let mut text = format!("CREATE TABLE base (id {kind} NOT NULL, name varchar(20));\n");
            for level in 0..levels {
                let under = if level == 0 { "base".to_owned() } else { format!("v{}", level - 1) };
                text.push_str(&format!("CREATE VIEW v{level} AS SELECT id, name FROM {under};\n"));
            }
            text
        };
        write(project, "schema.sql", &schema("integer"));
        becomes(project, "schema.sql", "a1");
        // A change at the bottom: where views hold it in place, all are made again.
        write(project, "schema.sql", &schema("bigint"));
        becomes(project, "schema.sql", "b2");
        project.ctl("downgrade -1").succeeds();
        project.ctl("downgrade base").succeeds();
    });
}

#[test]
fn two_autogenerates_at_once() {
    on_each(Engine::ALL, |project| {
        project.revision("a1", "", "CREATE TABLE users (id integer PRIMARY KEY);", "DROP TABLE users;");
        project.ctl("upgrade head").succeeds();
        write(project, "schema.sql", "CREATE TABLE users (id integer PRIMARY KEY, mail varchar(80));");
        let words = |id: &str| format!("revision --autogenerate --schema schema.sql -m more --rev-id {id}");
        let (one, two) = (project.start(&words("b2")), project.start(&words("c3")));
        one.ends(project).succeeds();
        let other = two.ends(project).succeeds().stdout;
        let heads = project.ctl("heads").succeeds().stdout;
        assert!(heads.contains("b2") && heads.contains("c3"), "both are written: {heads}");
        let answer = project.refuses("upgrade head", 1, "MULTIPLE_HEADS", "two_at_once");
        let next = answer.all_next();
        assert!(!next.is_empty(), "{}", answer.story());
        // Both do the same: one of them goes.
        std::fs::remove_file(project.path(other.trim())).expect("its path was printed");
        project.ctl("upgrade head").succeeds();
        project.ctl("check --schema schema.sql").succeeds().says("");
    });
}
