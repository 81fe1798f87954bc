//! Work sessions: what they look like (rule R6) and what is left of a step in them (rule R5).

use crate::server::{Database, Log, database, first, script, session, update, work};
use migrated_target::{Session, SessionOptions, TargetSpec};
use std::collections::BTreeMap;

/// Settings that are ours to set, and what psql and the driver call themselves.
const OURS: &[&str] = &[
    "application_name",
    "client_connection_check_interval",
    "idle_in_transaction_session_timeout",
    "idle_session_timeout",
    "lock_timeout",
    "statement_timeout",
    "tcp_keepalives_count",
    "tcp_keepalives_idle",
    "tcp_keepalives_interval",
    "transaction_timeout",
];

fn read(lines: &str) -> BTreeMap<String, String> {
    lines.lines().filter_map(|l| l.split_once('=')).map(|(n, v)| (n.to_owned(), v.to_owned())).collect()
}

/// All settings as a step sees them.
async fn settings(session: &mut dyn Session, database: &Database, number: u32) -> BTreeMap<String, String> {
    let statement = format!("CREATE TABLE public.seen{number} AS SELECT name, setting FROM pg_settings");
    let (revision, before) = (format!("r{number}"), format!("r{}", number - 1));
    let step = match number {
        1 => first(&[&statement]),
        _ => work(&revision, &[&before], update(&before, &revision), script(&[&statement])),
    };
    session.apply(&step, &Log::default()).await.expect("a step that works");
    read(&database.psql(&format!("SELECT name || '=' || setting FROM public.seen{number}")))
}

#[tokio::test]
async fn a_session_shows_the_settings_that_psql_shows() {
    let database = database!();
    let (name, role) = (&database.name, format!("role_{}", database.name));
    database.psql(&format!(
        "CREATE ROLE {role} LOGIN SUPERUSER PASSWORD 'pw'; CREATE SCHEMA own; \
         ALTER ROLE {role} SET TimeZone = 'Asia/Tokyo'; ALTER ROLE {role} SET search_path = own, public; \
         ALTER DATABASE {name} SET DateStyle = 'German, DMY'; ALTER DATABASE {name} SET work_mem = '7MB'; \
         ALTER DATABASE {name} SET extra_float_digits = 2; ALTER ROLE {role} SET lock_timeout = '77s'"
    ));
    let url = database.server.url_as(&role, "pw", name);
    let psql =
        read(&migrated_testkit::psql(&url, "SELECT name || '=' || setting FROM pg_settings").expect("psql"));
    assert_eq!((psql["TimeZone"].as_str(), psql["work_mem"].as_str()), ("Asia/Tokyo", "7168"));
    let target = migrated_target::open(&TargetSpec::new(url)).expect("a URL that can be read");
    let mut session = session(&target, "run-1").await;
    for number in 1..=2 {
        let ours = settings(session.as_mut(), &database, number).await;
        assert_eq!(ours.len(), psql.len());
        let different: Vec<_> = psql
            .iter()
            .filter(|(name, value)| !OURS.contains(&name.as_str()) && ours.get(*name) != Some(value))
            .map(|(name, value)| format!("{name}: psql {value}, ours {:?}", ours.get(name)))
            .collect();
        assert_eq!(different, Vec::<String>::new(), "before and after a reset ({number})");
        assert_eq!(ours["lock_timeout"], "3000");
        assert_eq!(ours["application_name"], "migrated:run-1");
        let spoil = work(
            &format!("r{number}"),
            &[&format!("r{number}")],
            vec![],
            script(&["SET TimeZone = 'UTC'", "SET search_path = pg_catalog", "SET work_mem = '64kB'"]),
        );
        session.apply(&spoil, &Log::default()).await.expect("a step that works");
        assert!(session.reset().await.expect("a reset"));
    }
    session.close().await;
    database.psql(&format!("DROP OWNED BY {role}; DROP ROLE {role}"));
}

#[tokio::test]
async fn the_search_path_is_the_targets_schema_and_then_the_roles_own() {
    let database = database!();
    database.psql(&format!(
        "CREATE SCHEMA \"App One\"; ALTER DATABASE {} SET search_path = public, pg_temp",
        database.name
    ));
    let target = database.target_with(|spec| spec.schema = Some("App One".into()));
    let mut session = session(&target, "run-1").await;
    for number in 1..=2 {
        let seen = settings(session.as_mut(), &database, number).await;
        assert_eq!(seen["search_path"], "\"App One\", public, pg_temp");
        assert!(session.reset().await.expect("a reset"));
    }
    assert_eq!(database.psql("SELECT version_num FROM \"App One\".alembic_version"), "r2");
}

#[tokio::test]
async fn nothing_of_a_step_is_left_after_a_reset() {
    let database = database!();
    let mut session = session(&database.target(), "run-1").await;
    let leave = [
        "CREATE TEMPORARY TABLE t (id int)",
        "PREPARE p AS SELECT 1",
        "SET search_path = pg_catalog",
        "LISTEN something",
        "SELECT pg_advisory_lock(1)",
    ];
    session.apply(&first(&leave), &Log::default()).await.expect("a step that works");
    assert!(session.reset().await.expect("a reset"));
    let look = "CREATE TABLE public.left_over AS SELECT to_regclass('t') IS NULL AS t, \
                (SELECT count(*) FROM pg_prepared_statements) AS p, current_setting('search_path') AS s, \
                (SELECT count(*) FROM pg_listening_channels()) AS l, \
                (SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid() \
                 AND classid <> 1835624307) AS a";
    session
        .apply(&work("r2", &["r1"], update("r1", "r2"), script(&[look])), &Log::default())
        .await
        .expect("a step that works");
    assert_eq!(database.psql("SELECT * FROM left_over"), "t|0|\"$user\", public|0|0");
}

#[tokio::test]
async fn each_session_is_a_backend_of_its_own_that_we_can_name() {
    let database = database!();
    let target = database.target();
    let (one, two) = (session(&target, "run-7").await, session(&target, "run-7").await);
    assert_ne!(one.backend().pid, two.backend().pid);
    let seen = database.psql(&format!(
        "SELECT application_name, to_char(backend_start AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"') \
         FROM pg_stat_activity WHERE pid = {}",
        one.backend().pid
    ));
    assert_eq!(seen, format!("migrated:run-7|{}", one.backend().start));
    assert_eq!(one.backend().application, "migrated:run-7");
}

#[tokio::test]
async fn a_closed_session_is_gone() {
    let database = database!();
    let target = database.target();
    let session = session(&target, "run-1").await;
    let pid = session.backend().pid;
    session.close().await;
    database.until(&format!("SELECT count(*) = 0 FROM pg_stat_activity WHERE pid = {pid}")).await;
}

#[tokio::test]
async fn a_unix_socket_works() {
    let database = database!();
    let Some(url) = database.server.socket_url(&database.name) else { return };
    let target = migrated_target::open(&TargetSpec::new(url)).expect("a URL that can be read");
    assert!(target.standing().await.expect("a standing").rows.is_none());
}

#[tokio::test]
async fn sqlalchemys_url_works() {
    let database = database!();
    let url = database.url().replacen("postgresql://", "postgresql+asyncpg://", 1);
    let target = migrated_target::open(&TargetSpec::new(url)).expect("a URL that can be read");
    let options = SessionOptions { run: "r".into(), ..SessionOptions::default() };
    target.connect(&options).await.expect("a session").close().await;
}

#[tokio::test]
async fn refused_logins_and_missing_databases_have_their_codes() {
    use migrated_core::Code;
    let database = database!();
    let code = async |url: String| {
        let target = migrated_target::open(&TargetSpec::new(url)).expect("a URL that can be read");
        let error = target.standing().await.expect_err("refused");
        assert!(!error.message.contains("hunter2"), "{}", error.message);
        error.code
    };
    let wrong = database.server.url_as("postgres", "hunter2", &database.name);
    assert_eq!(code(wrong).await, Code::TargetAuthentication);
    assert_eq!(code(database.server.url("nowhere")).await, Code::DatabaseMissing);
    let port = migrated_testkit::free_port().expect("a port");
    assert_eq!(code(format!("postgresql://u:hunter2@127.0.0.1:{port}/d")).await, Code::TargetUnreachable);
    let none = database.server.url_as("postgres", "", &database.name);
    assert_eq!(code(none.replace(":@", "@")).await, Code::TargetAuthentication);
}
