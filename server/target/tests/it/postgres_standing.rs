//! Where a target stands.

use crate::server::{Database, database};
use migrated_core::Code;
use migrated_target::{Standing, TargetSpec};

async fn standing(database: &Database) -> Standing {
    database.target().standing().await.expect("a standing")
}

#[tokio::test]
async fn an_empty_database_has_no_version_table_and_gets_none() {
    let database = database!();
    let standing = standing(&database).await;
    assert_eq!((standing.rows, standing.column), (None, None));
    assert!(standing.server.starts_with("PostgreSQL "), "{}", standing.server);
    assert_eq!((standing.journal.len(), standing.missing_rights.len()), (0, 0));
    let settings = "SELECT current_setting('max_locks_per_transaction')::int * (current_setting('max_connections')::int \
                    + current_setting('max_prepared_transactions')::int)";
    assert_eq!(standing.lock_table_size.map(|n| n.to_string()), Some(database.psql(settings)));
    assert_eq!(database.psql("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'"), "0");
}

#[tokio::test]
async fn rows_and_column_are_read() {
    let database = database!();
    database.psql("CREATE TABLE alembic_version (version_num varchar(32) NOT NULL); INSERT INTO alembic_version VALUES ('b'), ('a')");
    let standing = standing(&database).await;
    assert_eq!(standing.rows, Some(vec!["b".into(), "a".into()]));
    let column = standing.column.expect("a column");
    assert_eq!((column.max_chars, column.case_insensitive, column.pads), (Some(32), false, false));
}

#[tokio::test]
async fn columns_that_confuse_ids_are_noticed() {
    let database = database!();
    database.psql(
        "CREATE COLLATION ci (provider = icu, locale = 'und-u-ks-level2', deterministic = false); \
         CREATE TABLE alembic_version (version_num text COLLATE ci)",
    );
    let column = standing(&database).await.column.expect("a column");
    assert_eq!((column.max_chars, column.case_insensitive), (None, true));
    database.psql("DROP TABLE alembic_version; CREATE TABLE alembic_version (version_num char(40)); INSERT INTO alembic_version VALUES ('a')");
    let standing = standing(&database).await;
    let column = standing.column.expect("a column");
    assert_eq!((column.max_chars, column.pads, standing.rows), (Some(40), true, Some(vec!["a".into()])));
}

#[tokio::test]
async fn other_tables_of_that_name_are_refused() {
    let database = database!();
    for shape in ["(id int)", "(version_num int)", "(version_num text, who text NOT NULL)"] {
        database.psql(&format!("DROP TABLE IF EXISTS alembic_version; CREATE TABLE alembic_version {shape}"));
        let error = database.target().standing().await.expect_err(shape);
        assert_eq!(error.code, Code::VersionTableShape, "{shape}: {error}");
    }
    database
        .psql("DROP TABLE alembic_version; CREATE VIEW alembic_version AS SELECT 'x'::text AS version_num");
    assert_eq!(database.target().standing().await.expect_err("a view").code, Code::VersionTableShape);
}

#[tokio::test]
async fn missing_rights_are_told() {
    let database = database!();
    let role = format!("poor_{}", database.name);
    database.psql(&format!(
        "CREATE ROLE {role} LOGIN PASSWORD 'pw'; REVOKE CREATE ON SCHEMA public FROM PUBLIC; \
         CREATE TABLE alembic_version (version_num varchar(32)); GRANT SELECT, INSERT ON alembic_version TO {role}"
    ));
    let url = database.server.url_as(&role, "pw", &database.name);
    let target = migrated_target::open(&TargetSpec::new(url)).expect("a URL that can be read");
    let missing = target.standing().await.expect("a standing").missing_rights;
    assert!(
        missing.iter().any(|line| line.contains("UPDATE, DELETE on public.alembic_version")),
        "{missing:?}"
    );
    assert!(missing.iter().any(|line| line.contains("may not create objects")), "{missing:?}");
    database.psql(&format!("DROP OWNED BY {role}; DROP ROLE {role}"));
}

#[tokio::test]
async fn a_missing_schema_is_told() {
    let database = database!();
    let target = database.target_with(|spec| spec.schema = Some("nowhere".into()));
    let missing = target.standing().await.expect("a standing").missing_rights;
    assert_eq!(missing, ["schema nowhere does not exist"]);
}

#[tokio::test]
async fn a_read_only_default_is_told() {
    let database = database!();
    database.psql(&format!("ALTER DATABASE {} SET default_transaction_read_only = on", database.name));
    let missing = standing(&database).await.missing_rights;
    assert!(missing.iter().any(|line| line.contains("default_transaction_read_only")), "{missing:?}");
}

#[tokio::test]
async fn a_version_table_of_its_own_schema_is_found() {
    let database = database!();
    database.psql("CREATE SCHEMA v; CREATE TABLE v.\"Versions\" (version_num text); INSERT INTO v.\"Versions\" VALUES ('x')");
    let target = database.target_with(|spec| {
        spec.version_table.name = "Versions".into();
        spec.version_table.schema = Some("v".into());
    });
    assert_eq!(target.standing().await.expect("a standing").rows, Some(vec!["x".into()]));
}
