//! One step in a transaction.

use crate::server::{Log, database, first, script, session, update, work};
use migrated_core::Code;
use migrated_core::event::EventKind;
use migrated_target::Outcome;

#[tokio::test]
async fn a_step_makes_its_objects_and_its_version_row() {
    let database = database!();
    let target = database.target();
    let mut session = session(&target, "run-1").await;
    let log = Log::default();
    let applied =
        session.apply(&first(&["CREATE TABLE a (id int)", "INSERT INTO a VALUES (1),(2)"]), &log).await;
    let applied = applied.expect("a step that works");
    assert_eq!((applied.statements, applied.rows), (2, vec!["r1".to_owned()]));
    assert_eq!(database.psql("SELECT count(*), version_num FROM a, alembic_version GROUP BY 2"), "2|r1");
    let standing = target.standing().await.expect("a standing");
    assert_eq!(standing.rows, Some(vec!["r1".to_owned()]));
    session.close().await;
}

#[tokio::test]
async fn a_failing_statement_leaves_nothing() {
    let database = database!();
    let mut session = session(&database.target(), "run-1").await;
    let fault = session
        .apply(&first(&["CREATE TABLE a (id int)", "INSERT INTO a\n  VALUES (oops)"]), &Log::default())
        .await
        .expect_err("a column that is not there");
    assert_eq!(
        (fault.error.code, fault.outcome, fault.retryable),
        (Code::StatementFailed, Outcome::Clean, false)
    );
    let sql = fault.error.sql.expect("what the database said");
    assert_eq!((sql.sqlstate.as_str(), sql.line, sql.column_number), ("42703", 3, 11));
    assert_eq!((sql.statement_index, sql.statement_total, sql.path.as_str()), (2, 2, "r1.sql"));
    assert_eq!(database.psql("SELECT to_regclass('a') IS NULL, count(*) FROM alembic_version"), "t|0");
}

#[tokio::test]
async fn rows_that_changed_stop_the_step_before_its_first_statement() {
    let database = database!();
    let mut session = session(&database.target(), "run-1").await;
    session.apply(&first(&[]), &Log::default()).await.expect("a stamp");
    let log = Log::default();
    let second = work("r2", &["r0"], update("r0", "r2"), script(&["CREATE TABLE b ()"]));
    let fault = session.apply(&second, &log).await.expect_err("other rows");
    assert_eq!((fault.error.code, fault.outcome), (Code::VersionRowsChanged, Outcome::Clean));
    assert!(log.started.lock().expect("no panic").is_empty());
}

#[tokio::test]
async fn notices_come_in_order_between_the_statements() {
    let database = database!();
    let mut session = session(&database.target(), "run-1").await;
    let log = Log::default();
    let raise = |n| format!("DO $$ BEGIN RAISE NOTICE 'n{n}a'; RAISE NOTICE 'n{n}b'; END $$");
    session.apply(&first(&[&raise(1), &raise(2)]), &log).await.expect("a step that works");
    let told: Vec<String> = log
        .events
        .lock()
        .expect("no panic")
        .iter()
        .map(|event| match event {
            EventKind::Notice { message, .. } => message.clone(),
            EventKind::StatementFinished { index, .. } => format!("done {index}"),
            other => format!("{other:?}"),
        })
        .collect();
    assert_eq!(told, ["n1a", "n1b", "done 1", "n2a", "n2b", "done 2"]);
    assert_eq!(log.notices().len(), 4);
}

#[tokio::test]
async fn positions_count_characters_of_the_file() {
    let database = database!();
    let mut session = session(&database.target(), "run-1").await;
    let mut script = script(&["SELECT 'ä€\u{1f600}', oops"]);
    (script.statements[0].line, script.statements[0].column) = (7, 5);
    let fault =
        session.apply(&work("r1", &[], vec![], script), &Log::default()).await.expect_err("no column");
    let sql = fault.error.sql.expect("what the database said");
    assert_eq!((sql.line, sql.column_number), (7, 5 + 14));
}

#[tokio::test]
async fn an_error_keeps_all_that_the_database_said() {
    let database = database!();
    let mut session = session(&database.target(), "run-1").await;
    let statements = [
        "CREATE SCHEMA s",
        "CREATE TABLE s.t (a int CONSTRAINT positive CHECK (a > 0))",
        "INSERT INTO s.t VALUES (-1)",
    ];
    let fault = session.apply(&first(&statements), &Log::default()).await.expect_err("a check");
    let sql = fault.error.sql.expect("what the database said");
    assert_eq!(
        (sql.sqlstate.as_str(), sql.schema.as_str(), sql.table.as_str(), sql.constraint.as_str()),
        ("23514", "s", "t", "positive")
    );
    assert!(sql.detail.contains("-1"), "{}", sql.detail);
}

#[tokio::test]
async fn an_error_inside_a_function_tells_where() {
    let database = database!();
    let mut session = session(&database.target(), "run-1").await;
    let block = "DO $$ BEGIN EXECUTE 'SELECT oops'; END $$";
    let fault = session.apply(&first(&[block]), &Log::default()).await.expect_err("no column");
    let sql = fault.error.sql.expect("what the database said");
    assert!(sql.detail.contains("at character 8 of: SELECT oops"), "{}", sql.detail);
    assert!(sql.detail.contains("PL/pgSQL"), "{}", sql.detail);
    assert_eq!(sql.line, 1);
}

#[tokio::test]
async fn a_hidden_commit_is_partial_and_never_called_clean() {
    let database = database!();
    let mut session = session(&database.target(), "run-1").await;
    // One statement for us, three for the server: what a splitter that is fooled would send.
    let hidden = "CREATE TABLE a (); COMMIT; CREATE TABLE b ()";
    let fault = session.apply(&first(&[hidden]), &Log::default()).await.expect_err("an escape");
    assert_eq!(fault.error.code, Code::TargetPartial);
    assert!(matches!(fault.outcome, Outcome::Partial { done: 1, .. }), "{:?}", fault.outcome);
    assert_eq!(database.psql("SELECT count(*) FROM alembic_version"), "0");
}

#[tokio::test]
async fn a_hidden_commit_before_a_failure_is_partial() {
    let database = database!();
    let mut session = session(&database.target(), "run-1").await;
    let fault = session
        .apply(&first(&["CREATE TABLE a (); COMMIT", "SELECT oops"]), &Log::default())
        .await
        .expect_err("an escape");
    assert!(matches!(fault.outcome, Outcome::Partial { .. }), "{:?}", fault.outcome);
    assert_eq!(fault.error.sql.expect("what the database said").sqlstate, "42703");
}

#[tokio::test]
async fn transaction_control_is_refused_before_anything_happens() {
    let database = database!();
    let mut session = session(&database.target(), "run-1").await;
    let log = Log::default();
    let fault = session.apply(&first(&["CREATE TABLE a ()", "COMMIT"]), &log).await.expect_err("COMMIT");
    assert_eq!((fault.error.code, fault.outcome), (Code::TransactionControl, Outcome::Clean));
    assert!(log.started.lock().expect("no panic").is_empty());
}

#[tokio::test]
async fn copy_loads_its_inline_data() {
    let database = database!();
    let mut session = session(&database.target(), "run-1").await;
    let mut script = script(&["CREATE TABLE c (a int, b text)", "COPY c FROM STDIN", "SELECT 1"]);
    let data = "1\tone\n2\t\\N\n\\.\n";
    let start = script.text.len();
    script.text = format!("{}{data}", script.text).into();
    script.statements[1].copy_data = Some(start..start + data.len());
    let log = Log::default();
    session.apply(&work("r1", &[], vec![], script), &log).await.expect("a step that works");
    assert_eq!(database.psql("SELECT a, b FROM c ORDER BY a"), "1|one\n2|");
    let events = log.events.lock().expect("no panic");
    let rows: Vec<u64> = events
        .iter()
        .filter_map(|e| match e {
            EventKind::StatementFinished { rows, .. } => Some(*rows),
            _ => None,
        })
        .collect();
    assert_eq!(rows, [0, 2, 1]);
}

#[tokio::test]
async fn copy_with_bad_data_fails_cleanly() {
    let database = database!();
    let target = database.target();
    let mut session = session(&target, "run-1").await;
    let mut script = script(&["CREATE TABLE c (a int)", "COPY c FROM STDIN"]);
    let data = "1\nx\n";
    let start = script.text.len();
    script.text = format!("{}{data}", script.text).into();
    script.statements[1].copy_data = Some(start..start + data.len());
    let fault =
        session.apply(&work("r1", &[], vec![], script), &Log::default()).await.expect_err("no number");
    assert_eq!((fault.error.code, fault.outcome), (Code::StatementFailed, Outcome::Clean));
    assert_eq!(database.psql("SELECT to_regclass('c') IS NULL"), "t");
    session.apply(&first(&["CREATE TABLE d ()"]), &Log::default()).await.expect("the session still works");
}

#[tokio::test]
async fn a_copy_without_data_fails_cleanly_and_does_not_hang() {
    let database = database!();
    let mut session = session(&database.target(), "run-1").await;
    let fault = session
        .apply(&first(&["CREATE TABLE c (a int)", "COPY c FROM STDIN"]), &Log::default())
        .await
        .expect_err("a COPY that nobody feeds");
    assert_eq!(fault.outcome, Outcome::Clean);
    session.close().await;
    database.until("SELECT to_regclass('c') IS NULL").await;
}

#[tokio::test]
async fn a_deferred_constraint_fails_cleanly_at_commit() {
    let database = database!();
    let mut session = session(&database.target(), "run-1").await;
    let statements = [
        "CREATE TABLE p (id int PRIMARY KEY)",
        "CREATE TABLE c (p int REFERENCES p DEFERRABLE INITIALLY DEFERRED)",
        "INSERT INTO c VALUES (1)",
    ];
    let fault = session.apply(&first(&statements), &Log::default()).await.expect_err("no parent");
    assert_eq!((fault.error.code, fault.outcome), (Code::StatementFailed, Outcome::Clean));
    assert_eq!(fault.error.sql.expect("what the database said").sqlstate, "23503");
    assert_eq!(database.psql("SELECT to_regclass('p') IS NULL"), "t");
}

#[tokio::test]
async fn a_connection_lost_inside_commit_is_unknown_with_its_transaction_id() {
    let database = database!();
    let target = database.target();
    let mut session = session(&target, "run-1").await;
    database.psql(
        "CREATE TABLE slow (id int); CREATE FUNCTION wait() RETURNS trigger LANGUAGE plpgsql AS \
         'BEGIN PERFORM pg_sleep(30); RETURN NULL; END'; CREATE CONSTRAINT TRIGGER w AFTER INSERT ON slow \
         DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION wait()",
    );
    let pid = session.backend().pid;
    let work = tokio::spawn(async move {
        let log = Log::default();
        let outcome = session.apply(&first(&["INSERT INTO slow VALUES (1)"]), &log).await;
        (outcome, log)
    });
    database
        .until(&format!(
            "SELECT query = 'COMMIT' AND wait_event = 'PgSleep' FROM pg_stat_activity WHERE pid = {pid}"
        ))
        .await;
    database.psql(&format!("SELECT pg_terminate_backend({pid})"));
    let (outcome, log) = work.await.expect("no panic");
    let fault = outcome.expect_err("a lost connection");
    let told = log.xids.lock().expect("no panic").clone();
    assert_eq!(fault.outcome, Outcome::Unknown { xid: told[0].clone() });
    let xid = told[0].clone().expect("an id");
    let outcome = target.transaction_outcome(&xid).await.expect("an answer");
    assert_eq!(outcome, migrated_target::TransactionOutcome::Aborted);
}

#[tokio::test]
async fn the_transaction_id_told_before_commit_is_the_one_that_committed() {
    let database = database!();
    let target = database.target();
    let mut session = session(&target, "run-1").await;
    let log = Log::default();
    session.apply(&first(&[]), &log).await.expect("a stamp");
    let xid = log.xids.lock().expect("no panic")[0].clone().expect("an id");
    let outcome = target.transaction_outcome(&xid).await.expect("an answer");
    assert_eq!(outcome, migrated_target::TransactionOutcome::Committed);
}

#[tokio::test]
async fn a_connection_lost_in_a_statement_is_clean() {
    let database = database!();
    let mut session = session(&database.target(), "run-1").await;
    let kill = "SELECT pg_terminate_backend(pg_backend_pid())";
    let fault =
        session.apply(&first(&["CREATE TABLE a ()", kill]), &Log::default()).await.expect_err("killed");
    assert_eq!((fault.error.code, fault.outcome), (Code::ConnectionLost, Outcome::Clean));
    assert_eq!(database.psql("SELECT to_regclass('a') IS NULL"), "t");
}

#[tokio::test]
async fn a_lock_timeout_is_clean_and_may_be_tried_again() {
    let database = database!();
    database.psql("CREATE TABLE busy (id int)");
    let target = database.target_with(|spec| spec.lock_timeout = std::time::Duration::from_millis(50));
    let mut session = session(&target, "run-1").await;
    let holder = database.hold("LOCK TABLE busy").await;
    let step = first(&["CREATE TABLE a ()", "ALTER TABLE busy ADD b int"]);
    let fault = session.apply(&step, &Log::default()).await.expect_err("a lock");
    assert_eq!((fault.error.code, fault.outcome, fault.retryable), (Code::LockTimeout, Outcome::Clean, true));
    holder.batch_execute("ROLLBACK").await.expect("an end");
    session.apply(&step, &Log::default()).await.expect("the same step on the same session");
}

#[tokio::test]
async fn a_serialization_failure_may_be_tried_again() {
    let database = database!();
    let mut session = session(&database.target(), "run-1").await;
    let raise = "DO $$ BEGIN RAISE EXCEPTION 'again' USING ERRCODE = '40001'; END $$";
    let fault = session.apply(&first(&[raise]), &Log::default()).await.expect_err("a failure");
    assert_eq!((fault.outcome, fault.retryable), (Outcome::Clean, true));
}

#[tokio::test]
async fn rows_stay_locked_while_a_step_runs() {
    let database = database!();
    let mut session = session(&database.target(), "run-1").await;
    session.apply(&first(&[]), &Log::default()).await.expect("a stamp");
    let pid = session.backend().pid;
    let second = work("r2", &["r1"], update("r1", "r2"), script(&["SELECT pg_sleep(30)"]));
    let canceller = session.canceller();
    let running = tokio::spawn(async move { session.apply(&second, &Log::default()).await });
    database.until(&format!("SELECT wait_event = 'PgSleep' FROM pg_stat_activity WHERE pid = {pid}")).await;
    let error = database
        .server
        .psql(&database.name, "SET lock_timeout = 50; UPDATE alembic_version SET version_num = 'x'")
        .expect_err("our lock");
    assert!(error.to_string().contains("lock timeout"), "{error}");
    canceller.cancel().await.expect("a cancel request");
    running.await.expect("no panic").expect_err("cancelled");
}

#[tokio::test]
async fn nobody_adds_a_row_to_an_empty_version_table_meanwhile() {
    let database = database!();
    let target = database.target();
    assert!(target.ensure_version_table().await.expect("a table"));
    let mut session = session(&target, "run-1").await;
    let pid = session.backend().pid;
    let canceller = session.canceller();
    let running =
        tokio::spawn(async move { session.apply(&first(&["SELECT pg_sleep(30)"]), &Log::default()).await });
    database.until(&format!("SELECT wait_event = 'PgSleep' FROM pg_stat_activity WHERE pid = {pid}")).await;
    let error = database
        .server
        .psql(&database.name, "SET lock_timeout = 50; INSERT INTO alembic_version VALUES ('x')")
        .expect_err("our lock");
    assert!(error.to_string().contains("lock timeout"), "{error}");
    canceller.cancel().await.expect("a cancel request");
    running.await.expect("no panic").expect_err("cancelled");
}

#[tokio::test]
async fn a_row_added_behind_our_back_stops_the_step() {
    let database = database!();
    let mut session = session(&database.target(), "run-1").await;
    session.apply(&first(&[]), &Log::default()).await.expect("a stamp");
    // A trigger adds what a rival would: the row locks do not keep new rows out.
    database.psql(
        "CREATE TABLE t (); CREATE FUNCTION rival() RETURNS trigger LANGUAGE plpgsql AS \
         'BEGIN INSERT INTO alembic_version VALUES (''rival''); RETURN NULL; END'; \
         CREATE TRIGGER rival AFTER UPDATE ON alembic_version FOR EACH ROW EXECUTE FUNCTION rival()",
    );
    let second = work("r2", &["r1"], update("r1", "r2"), script(&["CREATE TABLE b ()"]));
    let fault = session.apply(&second, &Log::default()).await.expect_err("a row too many");
    assert_eq!((fault.error.code, fault.outcome), (Code::VersionRowsChanged, Outcome::Clean));
    assert_eq!(database.psql("SELECT version_num FROM alembic_version"), "r1");
}

#[tokio::test]
async fn the_version_table_is_alembics() {
    let database = database!();
    assert!(database.target().ensure_version_table().await.expect("a table"));
    assert!(!database.target().ensure_version_table().await.expect("the same table"));
    // PostgreSQL 18 lists NOT NULL as a constraint (`n`), too.
    let shape = database.psql(
        "SELECT a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull, c.conname, c.contype \
         FROM pg_attribute a JOIN pg_constraint c ON c.conrelid = a.attrelid \
         WHERE a.attrelid = 'alembic_version'::regclass AND a.attnum > 0 AND c.contype <> 'n'",
    );
    assert_eq!(shape, "version_num|character varying(32)|t|alembic_version_pkc|p");
}

#[tokio::test]
async fn many_create_the_version_table_at_once_and_one_does() {
    let database = database!();
    let target = database.target();
    let all = (0..8).map(|_| {
        let target = target.clone();
        tokio::spawn(async move { target.ensure_version_table().await })
    });
    let mut made = 0;
    for one in futures_util::future::join_all(all).await {
        made += u32::from(one.expect("no panic").expect("a table, whoever makes it"));
    }
    assert_eq!(made, 1);
}

#[tokio::test]
async fn a_missing_version_table_where_rows_are_expected_stops_the_step() {
    let database = database!();
    let mut session = session(&database.target(), "run-1").await;
    let second = work("r2", &["r1"], update("r1", "r2"), script(&[]));
    let fault = session.apply(&second, &Log::default()).await.expect_err("no table");
    assert_eq!((fault.error.code, fault.outcome), (Code::VersionRowsChanged, Outcome::Clean));
    assert_eq!(database.psql("SELECT to_regclass('alembic_version') IS NULL"), "t");
}

#[tokio::test]
async fn a_session_opened_before_the_version_table_was_made_finds_it() {
    let database = database!();
    let target = database.target();
    let (mut one, mut ahead) = (session(&target, "run-1").await, session(&target, "run-1").await);
    one.apply(&first(&[]), &Log::default()).await.expect("a stamp");
    let second = work("r2", &["r1"], update("r1", "r2"), script(&[]));
    ahead.apply(&second, &Log::default()).await.expect("the next");
    assert_eq!(database.psql("SELECT version_num FROM alembic_version"), "r2");
}

#[tokio::test]
async fn an_empty_search_path_does_not_lose_the_version_table() {
    let database = database!();
    let mut session = session(&database.target(), "run-1").await;
    // How every dump begins.
    let statements =
        ["SELECT pg_catalog.set_config('search_path', '', false)", "CREATE TABLE public.d (id int)"];
    session.apply(&first(&statements), &Log::default()).await.expect("a step that works");
    assert_eq!(database.psql("SELECT version_num FROM alembic_version"), "r1");
}

#[tokio::test]
async fn a_set_role_does_not_keep_us_from_the_version_table() {
    let database = database!();
    let mut session = session(&database.target(), "run-1").await;
    let role = format!("guest_{}", database.name);
    let statements =
        [format!("CREATE ROLE {role}"), format!("GRANT {role} TO CURRENT_USER"), format!("SET ROLE {role}")];
    let statements: Vec<&str> = statements.iter().map(String::as_str).collect();
    session.apply(&first(&statements), &Log::default()).await.expect("a step that works");
    assert_eq!(database.psql("SELECT version_num FROM alembic_version"), "r1");
    database.psql(&format!("DROP ROLE {role}"));
}

#[tokio::test]
async fn an_id_that_is_too_long_is_named_as_such() {
    let database = database!();
    let mut session = session(&database.target(), "run-1").await;
    let long = "x".repeat(33);
    let step = work(&long, &[], vec![migrated_core::revision::RowChange::Insert(long.clone())], script(&[]));
    let fault = session.apply(&step, &Log::default()).await.expect_err("33 characters");
    assert_eq!((fault.error.code, fault.outcome), (Code::IdTooLong, Outcome::Clean));
}
