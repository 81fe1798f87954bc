//! Reading where a file stands.

use crate::bed::{Bed, first, next};
use migrated_core::Code;
use migrated_core::revision::RowChange;
use migrated_target::{Target, TargetError, TargetSpec, sqlite};
use std::os::unix::fs::symlink;

async fn refusal(target: &dyn Target) -> TargetError {
    target.standing().await.expect_err("this cannot be read as a database")
}

#[tokio::test]
async fn a_missing_file_has_no_version_table_and_stays_missing() {
    let bed = Bed::new();
    let standing = bed.standing().await;
    assert_eq!(standing.rows, None);
    assert!(standing.server.starts_with("SQLite 3."), "{}", standing.server);
    let left: Vec<_> = bed.folder.path().read_dir().expect("the folder").collect();
    assert!(left.is_empty(), "{left:?}");
}

#[tokio::test]
async fn an_empty_file_stays_empty() {
    let bed = Bed::new();
    std::fs::write(&bed.path, "").expect("a file");
    assert_eq!(bed.standing().await.rows, None);
    assert_eq!(std::fs::metadata(&bed.path).expect("still there").len(), 0);
}

#[tokio::test]
async fn a_database_without_the_table_is_not_given_one() {
    let bed = Bed::new();
    bed.shell("CREATE TABLE t(a)");
    let before = std::fs::read(&bed.path).expect("a database");
    assert_eq!(bed.standing().await.rows, None);
    assert_eq!(std::fs::read(&bed.path).expect("a database"), before);
}

#[tokio::test]
async fn reads_the_rows_of_alembics_own_table() {
    let bed = Bed::new();
    bed.shell(
        "CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL, \
         CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)); \
         INSERT INTO alembic_version VALUES ('b'), ('a')",
    );
    let standing = bed.standing().await;
    // Unordered, as Alembic asks: in the order that the database gives.
    let answered = bed.shell("SELECT version_num FROM alembic_version");
    assert_eq!(standing.rows.expect("the table is there").join("\n"), answered);
    let column = standing.column.expect("the table is there");
    assert_eq!((column.max_chars, column.case_insensitive, column.pads), (None, false, false));
    assert!(standing.journal.is_empty() && standing.missing_rights.is_empty());
}

#[tokio::test]
async fn sees_how_the_column_compares() {
    for (collation, case_insensitive, pads) in [("NOCASE", true, false), ("RTRIM", false, true)] {
        let bed = Bed::new();
        bed.shell(&format!(
            "CREATE TABLE alembic_version (version_num TEXT COLLATE {collation} PRIMARY KEY)"
        ));
        let column = bed.standing().await.column.expect("the table is there");
        assert_eq!((column.case_insensitive, column.pads), (case_insensitive, pads), "{collation}");
    }
}

#[tokio::test]
async fn a_table_of_another_shape_is_refused() {
    for sql in
        ["CREATE TABLE alembic_version (v TEXT)", "CREATE VIEW alembic_version AS SELECT 1 AS version_num"]
    {
        let bed = Bed::new();
        bed.shell(sql);
        assert_eq!(refusal(&*bed.target()).await.code, Code::VersionTableShape, "{sql}");
    }
}

#[tokio::test]
async fn a_wal_file_stays_one() {
    let bed = Bed::new();
    bed.shell("PRAGMA journal_mode=WAL; CREATE TABLE t(a)");
    bed.apply(&first("a", &["CREATE TABLE u(a)"])).await.expect("applies");
    assert_eq!(bed.rows().await, ["a"]);
    assert_eq!(bed.shell("PRAGMA journal_mode"), "wal");
}

#[tokio::test]
async fn a_new_file_is_no_wal_file() {
    let bed = Bed::new();
    bed.apply(&first("a", &["CREATE TABLE u(a)"])).await.expect("applies");
    assert_eq!(bed.shell("PRAGMA journal_mode"), "delete");
}

#[tokio::test]
async fn a_missing_folder_is_a_missing_database() {
    let bed = Bed::new();
    let path = bed.folder.path().join("nowhere").join("app.db");
    let target = sqlite::open_path(&path, &bed.spec).expect("an absolute path");
    let error = refusal(&*target).await;
    assert_eq!(error.code, Code::DatabaseMissing);
    assert!(error.message.contains("nowhere") && !error.help.is_empty(), "{error:?}");
    let connected = target.connect(&Default::default()).await.err().expect("nothing to open");
    assert_eq!(connected.code, Code::DatabaseMissing);
}

#[tokio::test]
async fn a_folder_is_no_database() {
    let bed = Bed::new();
    let target = sqlite::open_path(bed.folder.path(), &bed.spec).expect("an absolute path");
    let error = refusal(&*target).await;
    assert_eq!(error.code, Code::TargetRefused);
    assert!(error.message.contains("is a folder"), "{error}");
}

#[tokio::test]
async fn another_file_is_no_database() {
    let bed = Bed::new();
    std::fs::write(&bed.path, "not a database, and long enough to be sure of it\n".repeat(40))
        .expect("a file");
    let error = refusal(&*bed.target()).await;
    assert_eq!(error.code, Code::TargetRefused);
    assert!(error.message.contains("is not a SQLite database"), "{error}");
    let applied = bed.apply(&first("a", &[])).await.expect_err("no database");
    assert_eq!(applied.error.code, Code::TargetRefused);
}

#[tokio::test]
async fn a_url_leads_to_the_file() {
    let bed = Bed::new();
    bed.apply(&first("a", &[])).await.expect("applies");
    for scheme in ["sqlite", "sqlite+aiosqlite"] {
        let spec = TargetSpec::new(format!("{scheme}:///{}", bed.path.display()));
        let target = migrated_target::open(&spec).expect("a SQLite URL");
        assert_eq!(target.display(), format!("sqlite:///{}", bed.path.display()));
        assert_eq!(target.standing().await.expect("readable").rows, Some(vec!["a".to_owned()]));
    }
}

#[test]
fn memory_and_relative_paths_are_refused() {
    let spec = TargetSpec::new("");
    let code = |path: &str| sqlite::open_path(path, &spec).err().expect("refused").code;
    assert_eq!(code(":memory:"), Code::MemoryTarget);
    assert_eq!(code(""), Code::MemoryTarget);
    assert_eq!(code("app.db"), Code::TargetUrlInvalid);
}

#[test]
fn a_schema_is_refused() {
    let mut spec = TargetSpec::new("");
    spec.schema = Some("app".into());
    assert_eq!(sqlite::open_path("/app.db", &spec).err().expect("refused").code, Code::InvalidRequest);
    spec.schema = Some("main".into());
    assert!(sqlite::open_path("/app.db", &spec).is_ok());
}

#[test]
fn names_of_one_file_have_one_key() {
    let bed = Bed::new();
    let link = bed.folder.path().join("link.db");
    symlink("app.db", &link).expect("a link");
    let key = |path: &std::path::Path| sqlite::open_path(path, &bed.spec).expect("a target").key().to_owned();
    // Before the file exists and after: the link leads to the same place.
    assert_eq!(key(&link), key(&bed.path));
    let before = key(&bed.path);
    bed.shell("CREATE TABLE t(a)");
    assert_eq!((key(&link), key(&bed.path)), (before.clone(), before));
}

#[test]
fn another_version_table_is_another_key() {
    let mut bed = Bed::new();
    let key = bed.target().key().to_owned();
    bed.spec.version_table.name = "other".into();
    assert_ne!(bed.target().key(), key);
    assert!(bed.target().display().starts_with("sqlite:////"), "{}", bed.target().display());
}

#[tokio::test]
async fn the_table_is_made_once() {
    let bed = Bed::new();
    assert!(bed.target().ensure_version_table().await.expect("makes it"));
    assert!(!bed.target().ensure_version_table().await.expect("finds it"));
    assert_eq!(bed.standing().await.rows, Some(Vec::new()));
}

#[tokio::test]
async fn many_who_make_the_table_at_once_all_succeed() {
    let mut bed = Bed::new();
    bed.spec.lock_timeout = std::time::Duration::from_secs(30);
    let all = (0..8).map(|_| {
        let target = bed.target();
        tokio::spawn(async move { target.ensure_version_table().await })
    });
    let made = futures_util::future::join_all(all).await;
    let made: Vec<_> = made.into_iter().map(|one| one.expect("no panic").expect("no error")).collect();
    assert_eq!(made.iter().filter(|made| **made).count(), 1);
}

#[tokio::test]
async fn a_table_with_a_strange_name_works() {
    let mut bed = Bed::new();
    bed.spec.version_table.name = "my \"versions\"".into();
    bed.apply(&first("it's", &["CREATE TABLE t(a)"])).await.expect("applies");
    bed.apply(&next("it's", "b", &[])).await.expect("applies");
    assert_eq!(bed.rows().await, ["b"]);
    let mut last = next("b", "b", &[]);
    last.changes = vec![RowChange::Delete("b".into())];
    assert!(bed.apply(&last).await.expect("applies").rows.is_empty());
}
