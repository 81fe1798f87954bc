//! Revisions in the operations form.

use migrated_core::event::Direction;
use migrated_core::file::{FileError, NewRevision, RevisionFile, parse, render_operations, token_hash};
use migrated_core::operation::{Operation, Server};
use migrated_core::{Code, DialectName};

fn read(text: &str) -> RevisionFile {
    parse("m/a1.yaml", text.as_bytes()).expect("it can be read")
}

fn refused(text: &str) -> FileError {
    parse("m/a1.yml", text.as_bytes()).expect_err("it cannot be read")
}

fn up(operations: &str) -> RevisionFile {
    read(&format!("revision: a1\nup:\n{operations}"))
}

fn sql(file: &RevisionFile, direction: Direction, dialect: DialectName) -> Vec<String> {
    let operations = file.operations.as_ref().expect("it is in the operations form");
    let rendered = operations.render(&file.path, direction, &Server::oldest(dialect));
    let rendered = rendered.expect("it can be rendered").expect("the direction is written");
    rendered.into_iter().flat_map(|operation| operation.statements).collect()
}

fn summaries(file: &RevisionFile) -> Vec<String> {
    let steps = file.operations.as_ref().and_then(|operations| operations.up.as_ref()).expect("an upgrade");
    steps.iter().map(|step| step.operation.summary()).collect()
}

const WHOLE: &str = "\
# What follows is for people.
revision: 0123
down_revision: [b1, c2]
depends_on: d3, e4
branch_labels: books
message: 'add: books'
created: 2026-11-21T07:12:00Z

up:
  - create_table:
      name: book
      columns:
        - {name: id, type: integer, nullable: false}
        - {name: title, type: varchar(50), default: ''''''}
        - name: copies
          type: integer
          default: 0
      primary_key: {columns: id}
  - add_column: {table: app.shelf, name: book, type: integer}
  - create_index: {table: book, name: ix_title, columns: [title, {expr: lower(title)}], unique: true}
";

#[test]
fn a_whole_file() {
    let file = read(WHOLE);
    assert_eq!(file.revision, "0123");
    assert_eq!((file.down_revisions.join("+"), file.depends_on.join("+")), ("b1+c2".into(), "d3+e4".into()));
    assert_eq!((file.branch_labels.join("+"), file.message.as_str()), ("books".into(), "add: books"));
    assert_eq!(file.created, "2026-11-21T07:12:00Z");
    let steps = file.operations.as_ref().and_then(|operations| operations.up.clone()).expect("an upgrade");
    let places: Vec<_> = steps.iter().map(|step| (step.line, step.column)).collect();
    assert_eq!(places, [(10, 5), (19, 5), (20, 5)]);
    assert_eq!(
        sql(&file, Direction::Up, DialectName::Postgres),
        [
            "CREATE TABLE book (\n    id integer NOT NULL,\n    title varchar(50) DEFAULT '',\n    copies integer DEFAULT 0,\n    PRIMARY KEY (id)\n)",
            "ALTER TABLE app.shelf ADD COLUMN book integer",
            "CREATE UNIQUE INDEX ix_title ON book USING btree (title, (lower(title)))",
        ]
    );
    assert_eq!(
        sql(&file, Direction::Down, DialectName::Postgres),
        ["DROP INDEX ix_title", "ALTER TABLE app.shelf DROP COLUMN book", "DROP TABLE book"]
    );
}

#[test]
fn reformatting_is_no_change_and_everything_else_is() {
    let base = "revision: a1\nup:\n  - add_column: {table: t, column: {name: c, type: text}}\n";
    let same = [
        "revision: \"a1\"\r\nmessage: x\r\nup:\r\n- add_column:\r\n    column: # now\r\n      type: text\r\n      name: c\r\n    table: {name: t}\r\n",
        "revision: a1\nup:\n  - add_column: {table: t, name: c, type: text}\ndown: reverse\n",
    ];
    for text in same {
        assert_eq!(token_hash(&read(text)), token_hash(&read(base)), "{text}");
    }
    let others = [
        base.replace("a1", "a2"),
        base.replace("name: c", "name: d"),
        base.replace("type: text", "type: text, nullable: false"),
        base.replace("table: t", "table: s.t"),
        base.replace("up:", "down_revision: z\nup:"),
        base.replace("up:", "transaction: false\nup:"),
        format!("{base}down: []\n"),
        format!("{base}  - execute: SELECT 1\n"),
    ];
    for text in others {
        assert_ne!(token_hash(&read(&text)), token_hash(&read(base)), "{text}");
    }
}

#[test]
fn names_of_alembic() {
    let file = up("
  - create_primary_key: {name: pk, table: t, columns: [a, b]}
  - create_unique_constraint: {name: uq, table: t, columns: a}
  - create_check_constraint: {name: ck, table: app.t, expr: a > 0}
  - create_foreign_key: {name: fk, table: t, columns: a, ref_table: u, ref_columns: id, on_delete: cascade}
  - create_exclude_constraint: {name: ex, table: t, method: gist, items: [{element: r, operator: '&&'}]}
  - drop_constraint: {name: uq, table: t, type: unique}
  - drop_constraint: {name: fk, table: t, type: foreignkey}
  - drop_constraint: {name: pk, table: t, type: primary}
  - create_table_comment: {table: t, comment: new, existing_comment: old}
  - drop_table_comment: {table: t, existing_comment: new}
  - rename_table: {from: t, to: app.u}
  - bulk_insert: {table: t, rows: [{a: 1, b: x, c: null}, {b: '2', c: true, a: -3}]}
  - execute: SELECT 1
");
    assert_eq!(
        sql(&file, Direction::Up, DialectName::Postgres),
        [
            "ALTER TABLE t ADD CONSTRAINT pk PRIMARY KEY (a, b)",
            "ALTER TABLE t ADD CONSTRAINT uq UNIQUE (a)",
            "ALTER TABLE app.t ADD CONSTRAINT ck CHECK (a > 0)",
            "ALTER TABLE t ADD CONSTRAINT fk FOREIGN KEY (a) REFERENCES u (id) ON DELETE CASCADE",
            "ALTER TABLE t ADD CONSTRAINT ex EXCLUDE USING gist (r WITH &&)",
            "ALTER TABLE t DROP CONSTRAINT uq",
            "ALTER TABLE t DROP CONSTRAINT fk",
            "ALTER TABLE t DROP CONSTRAINT pk",
            "COMMENT ON TABLE t IS 'new'",
            "COMMENT ON TABLE t IS NULL",
            "ALTER TABLE t SET SCHEMA app",
            "ALTER TABLE app.t RENAME TO u",
            "INSERT INTO t (a, b, c) VALUES\n    (1, 'x', NULL),\n    (-3, '2', true)",
            "SELECT 1",
        ]
    );
}

#[test]
fn what_is_only_named_goes_and_does_not_come_back() {
    for (operation, summary) in [
        ("drop_table: t", "drop table t"),
        ("drop_table: {table: app.t, if_exists: true}", "drop table app.t"),
        ("drop_table: {name: t}", "drop table t"),
        ("drop_column: {table: t, column: c}", "drop column t.c"),
        ("drop_column: {table: t, name: c}", "drop column t.c"),
        ("drop_index: {table: t, index: ix}", "drop index ix on t"),
        ("drop_view: app.v", "drop view app.v"),
        ("drop_constraint: {table: t, name: ck, type: check}", "drop check constraint ck on t"),
    ] {
        let file = up(&format!("  - execute: SELECT 1\n  - {operation}\n"));
        assert_eq!(summaries(&file)[1], summary);
        let operations = file.operations.expect("operations");
        let error = operations.steps("m/a1.yaml", Direction::Down).expect_err(operation);
        assert_eq!((error.code, error.line, error.column), (Code::OperationInvalid, 4, 5), "{operation}");
        assert!(error.message.contains("only named") && error.help.contains("down:"), "{error:?}");
    }
    let whole = up("  - drop_column: {table: t, column: {name: c, type: text}}\n");
    assert_eq!(sql(&whole, Direction::Down, DialectName::Sqlite), ["ALTER TABLE t ADD COLUMN c text"]);
    let schema = up("  - drop_namespace: app\n  - create_extension: citext\n");
    assert_eq!(
        sql(&schema, Direction::Down, DialectName::Postgres),
        ["DROP EXTENSION citext", "CREATE SCHEMA app"]
    );
}

#[test]
fn sql_for_one_dialect() {
    let file = up(
        "  - execute: {sql: SELECT 1, dialect: postgresql}\n  - execute: {sql: SELECT 2, dialect: [mariadb, sqlite], reverse: SELECT 3}\n",
    );
    assert_eq!(sql(&file, Direction::Up, DialectName::Postgres), ["SELECT 1"]);
    assert_eq!(sql(&file, Direction::Up, DialectName::Mysql), ["SELECT 2"]);
    assert_eq!(sql(&file, Direction::Up, DialectName::Sqlite), ["SELECT 2"]);
    let two = read("revision: a1\nup:\n  - execute: {sql: SELECT 2, dialect: sqlite, reverse: SELECT 3}\n");
    assert_eq!(sql(&two, Direction::Down, DialectName::Sqlite), ["SELECT 3"]);
    assert!(sql(&two, Direction::Down, DialectName::Mysql).is_empty());
}

#[test]
fn what_is_wrong_is_shown_at_its_place() {
    let cases = [
        ("up: []\n", Code::FileNoHeader, (1, 1), "no `revision:`", "begins with"),
        ("- a\n", Code::FileNoHeader, (1, 1), "no `revision:`", ""),
        (
            "revision: a1\ndown_revison: b\n",
            Code::FileInvalidHeader,
            (2, 1),
            "`down_revison`",
            "`down_revision`",
        ),
        ("revision: a1\nrevision: a2\n", Code::FileInvalidSection, (2, 1), "again, after line 1", ""),
        ("revision: a+1\n", Code::IllegalId, (1, 11), "holds `+`", ""),
        ("revision: a1\ncreated: soon\n", Code::FileInvalidHeader, (2, 10), "no date", ""),
        ("revision: a1\nup: {}\n", Code::OperationInvalid, (2, 5), "a list of operations", "- add_column"),
        (
            "revision: a1\nup:\n  - add_colum: {}\n",
            Code::OperationInvalid,
            (3, 5),
            "`add_colum`",
            "`add_column`",
        ),
        (
            "revision: a1\nup:\n  - create_uniqe_constraint: {}\n",
            Code::OperationInvalid,
            (3, 5),
            "unknown operation",
            "`create_unique_constraint`",
        ),
        (
            "revision: a1\nup:\n  - add_column: {table: t, colum: {name: c}}\n",
            Code::OperationInvalid,
            (3, 28),
            "`colum`",
            "`column`",
        ),
        (
            "revision: a1\nup:\n  - add_column:\n      table: t\n      column: {name: c, tpye: int}\n",
            Code::OperationInvalid,
            (5, 25),
            "`tpye`",
            "`type`",
        ),
        (
            "revision: a1\nup:\n  - create_table:\n      table:\n        name: t\n        colums: []\n",
            Code::OperationInvalid,
            (6, 9),
            "`colums`",
            "`columns`",
        ),
        (
            "revision: a1\nup:\n  - add_column: {table: t, column: {type: int}}\n",
            Code::OperationInvalid,
            (3, 36),
            "`name` is missing",
            "",
        ),
        (
            "revision: a1\nup:\n  - add_column: {table: t, column: {name: c, nullable: perhaps}}\n",
            Code::OperationInvalid,
            (3, 56),
            "perhaps",
            "",
        ),
        (
            "revision: a1\nup:\n  - create_foreign_key: {table: t, columns: a, ref_table: u, on_delete: casade}\n",
            Code::OperationInvalid,
            (3, 73),
            "`casade`",
            "`cascade`",
        ),
        ("revision: a1\nup: [\n", Code::FileInvalidSection, (2, 5), "not YAML", ""),
        ("revision: &x a1\n", Code::UnsupportedForm, (1, 14), "an anchor", "anchors"),
        ("revision: a1\n---\nrevision: a2\n", Code::UnsupportedForm, (3, 1), "a second document", ""),
    ];
    for (text, code, place, message, help) in cases {
        let error = refused(text);
        assert_eq!((error.code, (error.line, error.column)), (code, place), "{text}{error:?}");
        assert!(error.message.contains(message) && error.help.contains(help), "{text}{error:?}");
    }
}

#[test]
fn what_a_dialect_cannot_do_is_shown_at_the_operation() {
    let file = up("  - execute: SELECT 1\n  - create_enum: {name: mood, values: [sad, ok]}\n");
    let operations = file.operations.expect("operations");
    let server = Server::oldest(DialectName::Sqlite);
    let error = operations.render("m/a1.yaml", Direction::Up, &server).expect_err("SQLite has no enum types");
    assert_eq!((error.code, error.line, error.column), (Code::OperationInvalid, 4, 5));
    assert!(error.message.starts_with("create enum mood"), "{error}");
}

#[test]
fn servers_by_their_names() {
    let server = |dialect, name| Server::named(dialect, name);
    assert_eq!(server(DialectName::Postgres, "PostgreSQL 15.18").version, (15, 18, 0));
    let maria = server(DialectName::Mysql, "MariaDB 10.11.6");
    assert_eq!((maria.version, maria.mariadb), ((10, 11, 6), true));
    assert_eq!(
        server(DialectName::Mysql, "MySQL 8.4.0"),
        Server { version: (8, 4, 0), ..Server::oldest(DialectName::Mysql) }
    );
    assert_eq!(server(DialectName::Sqlite, ""), Server::oldest(DialectName::Sqlite));
}

/// Texts that a careless writer or reader of YAML takes for something else.
#[test]
fn what_is_written_is_read() {
    let texts = [
        "",
        " ",
        "null",
        "~",
        "true",
        "007",
        "1",
        "-3",
        "1.50",
        "a: b",
        "# x",
        "'",
        "\"",
        "two\nlines\n",
        "  indented\nx",
        "tab\there",
        "é",
        "[x",
        "{",
        "- a",
        "&a",
        "*a",
        "!t",
        "|",
        ">",
        "%",
        "@",
        "`",
        "trailing ",
        "a\n\n\nb",
        "\n",
        "x\r\ny",
        "yes",
        "1e3",
        "0x10",
        "2026-11-21",
        "a #b",
        "---",
        "...",
    ];
    let mut operations = Vec::new();
    for text in texts {
        let name = serde_json::to_string(text).expect("text is JSON");
        for json in [
            format!(r#"{{"execute": {{"sql": {name}, "reverse": {name}}}}}"#),
            format!(
                r#"{{"add_column": {{"table": {{"schema": {name}, "name": {name}}}, "column": {{"name": {name}, "type": {name}, "default": {name}, "comment": {name}}}}}}}"#
            ),
            format!(
                r#"{{"add_column": {{"table": {{"name": "a.b"}}, "column": {{"name": "c", "type": "t", "default": {{"literal": {name}}}}}}}}}"#
            ),
            format!(
                r#"{{"bulk_insert": {{"table": {{"name": "t"}}, "columns": ["a"], "rows": [[{name}], [null], [1], [false]]}}}}"#
            ),
            format!(
                r#"{{"set_comment": {{"object": {{"constraint": [{{"name": "t"}}, {name}]}}, "to": {name}}}}}"#
            ),
            format!(
                r#"{{"create_table": {{"table": {{"name": {name}, "columns": [], "options": {{"with": {{{name}: {name}}}, "partition": {{"of": {{"parent": {{"name": "p"}}, "bound": {name}}}}}}}}}}}}}"#
            ),
        ] {
            operations.push(serde_json::from_str::<Operation>(&json).expect(&json));
        }
    }
    let new = NewRevision {
        revision: "0123".into(),
        down_revisions: vec!["1e5".into(), "null1".into()],
        message: "it's: \"so\" # really".into(),
        created: "2026-11-21T07:12:00Z".into(),
        ..NewRevision::default()
    };
    for operation in &operations {
        let text = render_operations(&new, std::slice::from_ref(operation), Some(&[]));
        let file = parse("a.yaml", text.as_bytes()).unwrap_or_else(|e| panic!("{e}\n{text}"));
        let read = file.operations.expect("operations").up.expect("an upgrade");
        assert_eq!(read.iter().map(|step| &step.operation).collect::<Vec<_>>(), [operation], "{text}");
        assert_eq!((file.revision.as_str(), file.down_revisions), ("0123", new.down_revisions.clone()));
        assert_eq!(
            (file.message.as_str(), file.created.as_str()),
            (new.message.as_str(), new.created.as_str())
        );
    }
}
