//! Opening: several daemons at once, what else may be in the schema, newer stores, and values that cannot be read.

use migrated_core::Code;
use migrated_store::{PostgresOptions, PostgresStore, RunFilter, RunPage, StepState, Store, StoreError};
use std::sync::Arc;
use std::time::Duration;

use super::{Schema, server, url};
use crate::contract::Place;
use crate::records::{body, events, project, run, step, store_manifest};

async fn refused(place: &Schema) -> StoreError {
    place.try_open(place.options()).await.expect_err("it must not open")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn daemons_that_start_at_once_make_one_store() {
    let Some(place) = Schema::made() else { return };
    let place = Arc::new(place);
    let opened = (0..6).map(|_| {
        let place = Arc::clone(&place);
        tokio::spawn(async move { place.try_open(place.options()).await })
    });
    let opened: Vec<_> = opened.collect();
    let mut stores = Vec::new();
    for one in opened {
        stores.push(one.await.expect("no panic").expect("it opens"));
    }
    assert_eq!(
        place.sql("SELECT string_agg(version::text, ',' ORDER BY version) FROM store_migration"),
        "1,2,3"
    );
    assert_eq!(place.sql("SELECT count(*) FROM owner"), "6", "each has a lease of its own");
    stores[0].create_project(&project("p")).await.expect("created");
    assert_eq!(stores[5].project("p").await.expect("read"), Some(project("p")));
    for store in stores {
        store.close().await.expect("closed");
    }
    assert_eq!(place.sql("SELECT count(*) FROM owner"), "0", "leases are given back");
}

#[tokio::test]
async fn a_schema_with_something_else_is_left_alone() {
    let Some(place) = Schema::made() else { return };
    server()
        .psql("postgres", &format!("CREATE SCHEMA \"{}\"", place.name.replace('"', "\"\"")))
        .expect("made");
    place.sql("CREATE TABLE theirs (a integer)");
    let error = refused(&place).await;
    assert!(error.to_string().contains("holds something else"), "{error}");
    assert_eq!(error.code(), Code::StoreUnavailable);
    let there =
        "SELECT count(*) FROM pg_class WHERE relnamespace = to_regnamespace(quote_ident(current_schema()))";
    assert_eq!(place.sql(there), "1", "nothing was added");
    place.sql("DROP TABLE theirs");
    place.open().await.close().await.expect("an empty schema that somebody made is taken");
}

#[tokio::test]
async fn a_newer_store_opens_only_if_it_says_that_this_release_can_read_it() {
    let Some(place) = Schema::made() else { return };
    let running = place.open().await;
    running.create_project(&project("p")).await.expect("created");
    running.create_run(&run("run-1", "p")).await.expect("created");
    assert_eq!(running.run("run-1").await.expect("read"), Some(run("run-1", "p")));
    // The release after this one has added something that this one can do without, while this one goes on.
    place.sql(
        "INSERT INTO store_migration VALUES (4, 'more', 1); ALTER TABLE run ADD COLUMN more TEXT; \
         ALTER TABLE step ADD COLUMN more TEXT; ALTER TABLE project ADD COLUMN more TEXT",
    );
    for store in [running, place.open().await] {
        assert_eq!(store.run("run-1").await.expect("read"), Some(run("run-1", "p")));
        assert_eq!(store.project("p").await.expect("read"), Some(project("p")));
        store.close().await.expect("closed");
    }
    place.sql("INSERT INTO store_migration VALUES (5, 'yet more', 4)");
    let error = refused(&place).await;
    assert!(matches!(error, StoreError::TooNew { found: 5, known: 3 }), "{error}");
}

#[tokio::test]
async fn a_server_that_is_not_there_is_unavailable_and_its_password_is_not_told() {
    let Some(place) = Schema::made() else { return };
    let port = migrated_testkit::free_port().expect("a port");
    let options = PostgresOptions { connect_timeout: Duration::from_millis(500), ..place.options() };
    for url in [format!("postgres://u:secret@127.0.0.1:{port}/x"), "postgres://u:secret@:bad/x".to_owned()] {
        let error = PostgresStore::open(&url, options.clone()).await.expect_err("nobody is there");
        assert_eq!(error.code(), Code::StoreUnavailable, "{error}");
        assert!(!error.to_string().contains("secret"), "{error}");
    }
    let error = PostgresStore::open(&url().replace("/postgres", "/nowhere"), options).await;
    let error = error.expect_err("there is no such database");
    assert!(error.to_string().contains("nowhere"), "{error}");
}

#[tokio::test]
async fn a_database_of_another_encoding_is_refused() {
    let Some(place) = Schema::made() else { return };
    let name = format!("latin_{}", std::process::id());
    let make = format!("CREATE DATABASE {name} ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0");
    server().psql("postgres", &make).expect("made");
    let error = PostgresStore::open(&server().url(&name), place.options()).await.expect_err("not UTF-8");
    assert!(error.to_string().contains("LATIN1"), "{error}");
    server().psql("postgres", &format!("DROP DATABASE {name} WITH (FORCE)")).expect("gone");
}

#[tokio::test]
async fn the_store_outlives_its_connections() {
    let Some(place) = Schema::made() else { return };
    let store = place.open().await;
    store.create_project(&project("p")).await.expect("created");
    let ended = "SELECT count(pg_terminate_backend(pid)) > 0 FROM pg_stat_activity \
                 WHERE application_name IN ('migrated store ' || current_schema(), \
                                            'migrated listens in ' || current_schema())";
    assert_eq!(place.sql(ended), "t");
    assert_eq!(store.project("p").await.expect("it connects again"), Some(project("p")));
    store.create_project(&project("q")).await.expect("and writes");
}

#[tokio::test]
async fn a_bad_value_names_its_table_and_column() {
    let Some(place) = Schema::made() else { return };
    let store = place.open().await;
    store.create_project(&project("p")).await.expect("created");
    let stored = store_manifest(&*store, "p", &[body("a1", "x")], 1).await;
    store.create_run(&run("run-1", "p")).await.expect("created");
    store.put_steps("run-1", &[step(1, StepState::Planned)]).await.expect("stored");
    store.append_events("run-1", &events(1, 2)).await.expect("appended");
    place.sql(
        r#"UPDATE body SET header = '{"revision":"a1","token_hash":"00"}'; UPDATE body_bytes SET bytes = '\x00';
           UPDATE run SET state = 'ASLEEP'; UPDATE step SET position = -1; UPDATE event SET events = '[{"seq":1'"#,
    );
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
