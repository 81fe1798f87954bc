//! Opening: whose file it is, who else has it open, and values that cannot be read.

use migrated_core::Code;
use migrated_store::{RunFilter, RunPage, SqliteOptions, SqliteStore, StoreError};

use super::File;
use crate::contract::Place;
use crate::records::{body, events, project, run, step, store_manifest};

async fn refused(place: &File) -> StoreError {
    SqliteStore::open(&place.path, SqliteOptions::default()).await.expect_err("it must not open")
}

#[tokio::test]
async fn a_store_that_is_open_is_refused_and_its_holder_named() {
    let place = File::made();
    let store = place.open().await;
    let error = refused(&place).await;
    let told = error.to_string();
    assert!(matches!(error, StoreError::Unavailable(_)));
    assert!(told.contains(&format!("process {}", std::process::id())), "{told}");

    let alias = File { path: place.path.with_file_name("alias.db"), ..File::made() };
    std::os::unix::fs::symlink(&place.path, &alias.path).expect("a link");
    assert!(refused(&alias).await.to_string().contains("is open in process"), "another name, the same file");

    store.close().await.expect("closed");
    place.open().await.close().await.expect("free again, though the first is not dropped yet");
}

#[tokio::test]
async fn a_file_in_a_missing_folder_is_unavailable() {
    let place = File::made();
    let nowhere = File { path: place.path.with_file_name("nowhere").join("store.db"), ..place };
    assert_eq!(refused(&nowhere).await.code(), Code::StoreUnavailable);
}

#[tokio::test]
async fn another_applications_database_is_left_alone() {
    let place = File::made();
    place.tamper("CREATE TABLE theirs (a)").await;
    for sql in ["PRAGMA application_id = 0", "PRAGMA application_id = 7"] {
        place.tamper(sql).await;
        let before = std::fs::read(&place.path).expect("read");
        let error = refused(&place).await;
        assert!(error.to_string().contains("another application's"), "{error}");
        assert!(std::fs::read(&place.path).expect("read") == before);
    }
    std::fs::write(&place.path, [b'x'; 8192]).expect("written");
    let error = refused(&place).await;
    assert_eq!(error.code(), Code::StoreCorrupt, "{error}");
    assert_eq!(std::fs::read(&place.path).expect("read"), [b'x'; 8192]);
}

#[tokio::test]
async fn a_newer_store_opens_only_if_it_says_that_this_release_can_read_it() {
    let place = File::made();
    place.open().await.close().await.expect("closed");
    // The release after this one has added something that this one can do without.
    place
        .tamper("INSERT INTO store_migration VALUES (4, 'more', 1); ALTER TABLE run ADD COLUMN more TEXT")
        .await;
    let store = place.open().await;
    store.create_project(&project("p")).await.expect("created");
    store.create_run(&run("run-1", "p")).await.expect("created");
    assert_eq!(store.run("run-1").await.expect("read"), Some(run("run-1", "p")));
    store.close().await.expect("closed");
    place.tamper("INSERT INTO store_migration VALUES (5, 'yet more', 4)").await;
    let error = refused(&place).await;
    assert!(matches!(error, StoreError::TooNew { found: 5, known: 3 }), "{error}");
}

#[tokio::test]
async fn a_bad_value_names_its_table_and_column() {
    let place = File::made();
    let store = place.open().await;
    store.create_project(&project("p")).await.expect("created");
    let stored = store_manifest(&*store, "p", &[body("a1", "x")], 1).await;
    store.create_run(&run("run-1", "p")).await.expect("created");
    store.put_steps("run-1", &[step(1, migrated_store::StepState::Planned)]).await.expect("stored");
    store.append_events("run-1", &events(1, 2)).await.expect("appended");
    store.close().await.expect("closed");
    place
        .tamper(
            r#"UPDATE body SET header = '{"revision":"a1","token_hash":"00"}';
               UPDATE body_bytes SET bytes = x'00';
               UPDATE run SET state = 'ASLEEP';
               UPDATE step SET position = -1;
               UPDATE event SET events = '[{"seq":1'"#,
        )
        .await;
    let store = place.open().await;
    let bytes = store.body(&stored.entries[0].1).await.map(drop);
    let header = store.manifest("p", &stored.digest).await.map(drop);
    let known = store.known_revisions("p", &[]).await.map(drop);
    let state = store.runs(&RunFilter::default(), &RunPage { before: None, limit: 9 }).await.map(drop);
    let steps = store.steps("run-1").await.map(drop);
    let log = store.events("run-1", 0, 9).await.map(drop);
    for (result, place) in [
        (bytes, ("body_bytes", "bytes")),
        (header, ("body", "header")),
        (known, ("body", "header")),
        (state, ("run", "state")),
        (steps, ("step", "position")),
        (log, ("event", "events")),
    ] {
        let error = result.expect_err("it cannot be read");
        let StoreError::Corrupt { table, column, .. } = &error else { panic!("{error}") };
        assert_eq!((*table, *column), place, "{error}");
    }
}
