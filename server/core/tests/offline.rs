//! Offline scripts: their text, and what the real shells make of them.

use migrated_core::DialectName;
use migrated_core::dialect::offline::{OfflineScript, OfflineStatement, OfflineStep, write_offline};
use migrated_core::dialect::split;
use migrated_core::dialect::version_table::VersionTableSql;
use migrated_core::revision::RowChange;

mod shell;

/// A step from `from` (empty: base) to `to` with that body.
struct Step {
    from: &'static str,
    to: &'static str,
    body: &'static str,
    transactional: bool,
}

const fn step(from: &'static str, to: &'static str, body: &'static str) -> Step {
    Step { from, to, body, transactional: true }
}

fn script(dialect: DialectName, start: &[&str], guard: bool, steps: &[Step]) -> String {
    let table = VersionTableSql::new(dialect, None, "alembic_version");
    let start: Vec<String> = start.iter().map(|s| s.to_string()).collect();
    let changes: Vec<[RowChange; 1]> = steps
        .iter()
        .map(|s| match s.from {
            "" => [RowChange::Insert(s.to.into())],
            from => [RowChange::Update { from: from.into(), to: s.to.into() }],
        })
        .collect();
    let rendered = steps.iter().zip(&changes).map(|(s, changes)| OfflineStep {
        title: format!("Running upgrade {} -> {}", s.from, s.to),
        statements: split(dialect, s.body, 1)
            .expect("splits")
            .iter()
            .map(|statement| OfflineStatement::new(statement, s.body))
            .collect(),
        changes,
        transactional: s.transactional,
    });
    let head = OfflineScript { dialect, version_table: &table, start: &start, guard };
    let mut out = String::new();
    write_offline(&head, rendered, &mut out).expect("a string takes everything");
    out
}

const ONE: &[Step] =
    &[step("", "a1", "CREATE TABLE t (a int);"), step("a1", "b2", "INSERT INTO t VALUES (1);")];
const TWO: &[Step] = &[step("b2", "c3", "CREATE TABLE u (a int); INSERT INTO t VALUES (2);")];

#[test]
fn the_texts() {
    insta::with_settings!({snapshot_path => "../testdata/files", prepend_module_to_snapshot => false}, {
        insta::assert_snapshot!("offline_postgresql", script(DialectName::Postgres, &[], true, &[
            step("", "a1", "CREATE TABLE t (a text);\nCOPY t FROM STDIN;\nx;\n\\.\n"),
            Step { from: "a1", to: "b2", body: "CREATE INDEX CONCURRENTLY i ON t (a)", transactional: false },
        ]));
        insta::assert_snapshot!("offline_mysql", script(DialectName::Mysql, &["it's", "b2"], true, &[
            step("b2", "c3", "CREATE PROCEDURE p() BEGIN SELECT '//'; END; SELECT 1;"),
        ]));
        insta::assert_snapshot!("offline_sqlite", script(DialectName::Sqlite, &[], true, &[
            step("", "a1", "PRAGMA foreign_keys=0; CREATE TABLE t (a); PRAGMA foreign_keys=1;"),
        ]));
        insta::assert_snapshot!("offline_unguarded", script(DialectName::Sqlite, &[], false, ONE));
    });
}

/// A script starts where it says, on an empty database and on one that stands there.
fn right_databases(server: &dyn shell::Shell) {
    let dialect = server.dialect();
    let database = server.database("good");
    let ran = server.run(&database, &script(dialect, &[], true, ONE));
    assert!(ran.ok, "{}", ran.said);
    assert_eq!(server.query(&database, "SELECT version_num FROM alembic_version"), "b2");
    let ran = server.run(&database, &script(dialect, &["b2"], true, TWO));
    assert!(ran.ok, "{}", ran.said);
    assert_eq!(server.query(&database, "SELECT version_num FROM alembic_version"), "c3");
    assert_eq!(server.query(&database, "SELECT count(*) FROM t"), "2");
    let empty = server.database("emptied");
    let create = VersionTableSql::new(dialect, None, "alembic_version").create();
    server.query(&empty, &create);
    let ran = server.run(&empty, &script(dialect, &[], true, ONE));
    assert!(ran.ok, "{}", ran.said);
}

/// A wrong database is left as it is, by a shell that stops at errors and by one that goes on.
fn wrong_databases(server: &dyn shell::Shell) {
    let dialect = server.dialect();
    let database = server.database("wrong");
    assert!(server.run(&database, &script(dialect, &[], true, ONE)).ok);
    let before = server.dump(&database);
    for (start, message) in [
        (&[][..], "this script starts at <base>, but the database stands at b2"),
        (&["zz"], "this script starts at zz, but the database stands at b2"),
        (&["b2", "zz"], "this script starts at b2, zz, but the database stands at b2"),
    ] {
        let text = script(dialect, start, true, TWO);
        for ran in [server.run(&database, &text), server.run_on(&database, &text)] {
            assert!(ran.said.contains(message), "{}", ran.said);
            assert_eq!(server.dump(&database), before);
        }
        assert!(!server.run(&database, &text).ok);
    }
    let untouched = server.database("untouched");
    let before = server.dump(&untouched);
    for ran in [
        server.run(&untouched, &script(dialect, &["b2"], true, TWO)),
        server.run_on(&untouched, &script(dialect, &["b2"], true, TWO)),
    ] {
        assert!(ran.said.contains("alembic_version"), "{}", ran.said);
        assert_eq!(server.dump(&untouched), before);
    }
}

#[test]
fn sqlite_shell() {
    let Some(server) = shell::sqlite() else { return };
    right_databases(&server);
    wrong_databases(&server);
}

#[test]
fn postgres_shell() {
    let Some(server) = shell::postgres() else { return };
    right_databases(&server);
    wrong_databases(&server);
}

#[test]
fn mysql_shell() {
    let Some(server) = shell::mysql() else { return };
    right_databases(&server);
    wrong_databases(&server);
    let database = shell::Shell::database(&server, "compound");
    let steps =
        [step("", "a1", "CREATE PROCEDURE p() BEGIN SELECT '//'; SELECT 2; END; CREATE TABLE t (a int);")];
    let ran = shell::Shell::run(&server, &database, &script(DialectName::Mysql, &[], true, &steps));
    assert!(ran.ok, "{}", ran.said);
    assert_eq!(shell::Shell::query(&server, &database, "CALL p()"), "//\n2");
}
