//! Tables rebuilt by hand, and foreign keys meanwhile.

use crate::bed::{Bed, Told, first};
use migrated_core::Code;
use migrated_core::operation::{Operation, RebuildTable};
use migrated_target::{InspectOptions, Outcome};

const PARENT_AND_CHILDREN: &str = "CREATE TABLE p(id INTEGER PRIMARY KEY, name TEXT); \
     CREATE TABLE c(id INTEGER PRIMARY KEY, p INTEGER REFERENCES p(id) ON DELETE CASCADE); \
     INSERT INTO p VALUES (1, 'a'), (2, 'b'); INSERT INTO c VALUES (10, 1), (11, 2), (12, 2)";

const REBUILD: &[&str] = &[
    "PRAGMA foreign_keys=OFF",
    "CREATE TABLE p_new(id INTEGER PRIMARY KEY, name TEXT NOT NULL)",
    "INSERT INTO p_new SELECT id, name FROM p",
    "DROP TABLE p",
    "ALTER TABLE p_new RENAME TO p",
    "PRAGMA foreign_keys=ON",
];

fn enforcing() -> Bed {
    let mut bed = Bed::new();
    bed.spec.sqlite_foreign_keys = true;
    bed.shell(PARENT_AND_CHILDREN);
    bed
}

#[tokio::test]
async fn keeps_the_children() {
    let bed = enforcing();
    bed.apply(&first("a", REBUILD)).await.expect("applies");
    assert_eq!(bed.shell("SELECT group_concat(id) FROM c"), "10,11,12");
    assert!(bed.shell("SELECT sql FROM sqlite_schema WHERE name = 'p'").contains("NOT NULL"));
    assert!(bed.shell("SELECT sql FROM sqlite_schema WHERE name = 'c'").contains("REFERENCES p("));
}

/// What the test above is worth: without the pragma the children go with their parents.
#[tokio::test]
async fn would_lose_the_children_with_foreign_keys_on() {
    let bed = enforcing();
    bed.apply(&first("a", &REBUILD[1..5])).await.expect("applies");
    assert_eq!(bed.shell("SELECT count(*) FROM c"), "0");
}

#[tokio::test]
async fn new_violations_are_refused_and_named() {
    let bed = enforcing();
    let fault = bed
        .apply(&first("a", &["PRAGMA foreign_keys=OFF", "DELETE FROM p WHERE id = 2"]))
        .await
        .expect_err("two children are orphans now");
    assert_eq!((fault.error.code, &fault.outcome), (Code::StatementFailed, &Outcome::Clean));
    assert!(fault.error.message.contains("row 11 of c referring to a row of p"), "{}", fault.error.message);
    assert!(fault.error.message.contains("and 1 more"), "{}", fault.error.message);
    assert_eq!(bed.shell("SELECT count(*) FROM p"), "2");
    assert_eq!(bed.standing().await.rows, None);
}

#[tokio::test]
async fn violations_that_were_there_before_do_not_count() {
    let bed = enforcing();
    bed.shell("INSERT INTO c VALUES (13, 99)");
    bed.apply(&first("a", REBUILD)).await.expect("applies");
    assert_eq!(bed.shell("SELECT count(*) FROM c"), "4");
}

#[tokio::test]
async fn violations_in_a_table_without_rowid_are_counted() {
    let bed = enforcing();
    bed.shell("CREATE TABLE w(k PRIMARY KEY, p REFERENCES p(id)) WITHOUT ROWID; INSERT INTO w VALUES (1, 98), (2, 2)");
    let one_less = first("a", &["PRAGMA foreign_keys=OFF", "DELETE FROM w WHERE k = 2"]);
    bed.apply(&one_less).await.expect("one violation less");
    let one_more = crate::bed::next("a", "b", &["PRAGMA foreign_keys=OFF", "INSERT INTO w VALUES (3, 97)"]);
    let fault = bed.apply(&one_more).await.expect_err("one violation more");
    assert!(fault.error.message.contains("a row of w"), "{}", fault.error.message);
}

#[tokio::test]
async fn the_setting_is_put_back_after_success_and_failure() {
    let bed = enforcing();
    let mut session = bed.session().await;
    let off = ["PRAGMA foreign_keys=OFF", "SELECT foreign_keys FROM pragma_foreign_keys"];
    session.apply(&first("a", &off), &Told::default()).await.expect("applies");
    // The next one finds it on: its orphan is refused at once.
    let orphan = crate::bed::next("a", "b", &["INSERT INTO c VALUES (14, 99)"]);
    let fault = session.apply(&orphan, &Told::default()).await.expect_err("enforced");
    assert!(fault.error.message.contains("FOREIGN KEY constraint failed"), "{}", fault.error.message);
    let failing = crate::bed::next("a", "b", &["PRAGMA foreign_keys=OFF", "SELECT nothing"]);
    session.apply(&failing, &Told::default()).await.expect_err("no such column");
    session.apply(&orphan, &Told::default()).await.expect_err("enforced again");
    session.close().await;
}

#[tokio::test]
async fn on_is_hoisted_as_well() {
    let bed = Bed::new();
    bed.shell(PARENT_AND_CHILDREN);
    let work = first("a", &["PRAGMA foreign_keys=ON", "DELETE FROM p WHERE id = 2"]);
    bed.apply(&work).await.expect("applies");
    assert_eq!(bed.shell("SELECT group_concat(id) FROM c"), "10");
}

#[tokio::test]
async fn a_deferral_ends_with_its_transaction() {
    let bed = enforcing();
    let mut session = bed.session().await;
    let deferred =
        ["PRAGMA defer_foreign_keys=ON", "INSERT INTO c VALUES (14, 99)", "DELETE FROM c WHERE id = 14"];
    session.apply(&first("a", &deferred), &Told::default()).await.expect("whole at the end");
    assert!(session.reset().await.expect("looks"), "nothing is left of it");
    let orphan =
        crate::bed::next("a", "b", &["INSERT INTO c VALUES (14, 99)", "DELETE FROM c WHERE id = 14"]);
    session.apply(&orphan, &Told::default()).await.expect_err("enforced at once");
    session.close().await;
}

#[tokio::test]
async fn a_rebuild_gives_no_number_again() {
    let mut bed = Bed::new();
    bed.spec.sqlite_foreign_keys = true;
    bed.shell(
        "CREATE TABLE some(id INTEGER PRIMARY KEY AUTOINCREMENT, a TEXT); \
         CREATE TABLE none(id INTEGER PRIMARY KEY AUTOINCREMENT, a TEXT); \
         CREATE TABLE new(id INTEGER PRIMARY KEY AUTOINCREMENT, a TEXT); \
         INSERT INTO some(a) VALUES ('x'), ('y'); DELETE FROM some WHERE id = 2; \
         INSERT INTO none(a) VALUES ('x'), ('y'); DELETE FROM none",
    );
    let inspected = bed.target().inspect(&InspectOptions::default()).await.expect("a schema");
    let mut statements = Vec::new();
    for from in &inspected.schema.tables {
        let mut to = from.clone();
        to.columns[1].data_type = "VARCHAR(9)".into();
        let rebuild = Operation::RebuildTable(RebuildTable { from: from.clone(), to, renamed: Vec::new() });
        statements.extend(rebuild.render(&inspected.server).expect("it can be rebuilt"));
    }
    let statements: Vec<&str> = statements.iter().map(String::as_str).collect();
    bed.apply(&first("a", &statements)).await.expect("applies");
    let numbers = |table: &str| {
        bed.shell(&format!("INSERT INTO {table}(a) VALUES ('z')"));
        bed.shell(&format!("SELECT group_concat(id) FROM {table}"))
    };
    assert_eq!([numbers("some"), numbers("none"), numbers("new")], ["1,3", "3", "1"]);
}
