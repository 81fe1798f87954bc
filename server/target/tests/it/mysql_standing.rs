//! Where a MariaDB target stands.

use crate::mysql_bed::{mariadb, session};
use migrated_core::Code;
use migrated_target::{TargetSpec, VersionColumn};

#[tokio::test]
async fn an_empty_database_stands_nowhere() {
    let database = mariadb!();
    let standing = database.target().standing().await.expect("a standing");
    assert!(standing.server.starts_with("MariaDB 1"), "{}", standing.server);
    // The column is told as it will be: the database's collation decides which ids are one.
    let column = VersionColumn { max_chars: Some(32), case_insensitive: true, pads: true };
    assert_eq!((standing.rows, standing.column, standing.journal), (None, Some(column), vec![]));
    assert_eq!(standing.missing_rights, Vec::<String>::new());
    assert_eq!(database.shell("SHOW TABLES"), "");
}

#[tokio::test]
async fn the_version_table_is_made_once() {
    let database = mariadb!();
    let target = database.target();
    let (one, other) = tokio::join!(target.ensure_version_table(), target.ensure_version_table());
    let made = [one.expect("an answer"), other.expect("an answer")];
    assert_eq!(made.iter().filter(|made| **made).count(), 1, "{made:?}");
    assert!(!target.ensure_version_table().await.expect("an answer"));
    let standing = target.standing().await.expect("a standing");
    assert_eq!(standing.rows, Some(vec![]));
    let column = VersionColumn { max_chars: Some(32), case_insensitive: true, pads: true };
    assert_eq!(standing.column, Some(column));
}

#[tokio::test]
async fn collations_are_seen() {
    let cases = [
        ("varchar(40) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin", Some(40), false, true),
        ("varchar(40) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin", Some(40), false, false),
        ("varchar(40) CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci", Some(40), true, true),
        ("char(12) CHARACTER SET latin1 COLLATE latin1_general_cs", Some(12), false, true),
    ];
    for (kind, max_chars, case_insensitive, pads) in cases {
        let database = mariadb!();
        database.shell(&format!("CREATE TABLE alembic_version (version_num {kind} NOT NULL PRIMARY KEY)"));
        let standing = database.target().standing().await.expect("a standing");
        assert_eq!(standing.column, Some(VersionColumn { max_chars, case_insensitive, pads }), "{kind}");
    }
}

#[tokio::test]
async fn another_table_of_that_name_is_refused() {
    for table in ["(id int)", "(version_num int)", "(version_num varchar(32), other int NOT NULL)"] {
        let database = mariadb!();
        database.shell(&format!("CREATE TABLE alembic_version {table}"));
        let error = database.target().standing().await.expect_err("no version table");
        assert_eq!(error.code, Code::VersionTableShape, "{table}: {error}");
    }
}

#[tokio::test]
async fn an_engine_without_transactions_is_told() {
    let database = mariadb!();
    database
        .shell("CREATE TABLE alembic_version (version_num varchar(32) NOT NULL PRIMARY KEY) ENGINE=MyISAM");
    let missing = database.target().standing().await.expect("a standing").missing_rights;
    assert!(missing.len() == 1 && missing[0].contains("MyISAM"), "{missing:?}");
}

#[tokio::test]
async fn missing_rights_are_told() {
    let database = mariadb!();
    let (name, user) = (&database.name, format!("u_{}", database.name));
    database.target().ensure_version_table().await.expect("a version table");
    database.shell(&format!(
        "CREATE USER {user}@'%' IDENTIFIED BY 'pw'; GRANT SELECT, INSERT ON {name}.* TO {user}@'%'; \
         GRANT UPDATE ON {name}.alembic_version TO {user}@'%'"
    ));
    let url = format!("mysql://{user}:pw@127.0.0.1:{}/{name}", database.server.port());
    let target = migrated_target::open(&TargetSpec::new(&url)).expect("a URL that can be read");
    let missing = target.standing().await.expect("a standing").missing_rights;
    assert_eq!(missing.len(), 2, "{missing:?}");
    assert!(missing[0].contains("CREATE on the database"), "{missing:?}");
    assert!(missing[1].contains("lacks DELETE on"), "{missing:?}");
    database.shell(&format!("GRANT ALL ON {name}.* TO {user}@'%'"));
    assert_eq!(target.standing().await.expect("a standing").missing_rights, Vec::<String>::new());
    let wrong = url.replace("pw@", "no@");
    let error = migrated_target::open(&TargetSpec::new(wrong)).expect("a URL").standing().await;
    let error = error.expect_err("a wrong password");
    assert_eq!(error.code, Code::TargetAuthentication);
    assert!(!format!("{error:?}").contains("no@"));
}

#[tokio::test]
async fn what_is_not_there_is_told() {
    let database = mariadb!();
    let url = database.server.url("nowhere");
    let error = migrated_target::open(&TargetSpec::new(url)).expect("a URL").standing().await;
    assert_eq!(error.expect_err("no database").code, Code::DatabaseMissing);
    let port = migrated_testkit::free_port().expect("a port");
    let url = format!("mysql://u:p@127.0.0.1:{port}/d");
    let error = migrated_target::open(&TargetSpec::new(url)).expect("a URL").standing().await;
    assert_eq!(error.expect_err("no server").code, Code::TargetUnreachable);
    let error = migrated_target::open(&TargetSpec::new("mysql://u:p@localhost")).err();
    assert_eq!(error.expect("no database named").code, Code::TargetUrlInvalid);
}

#[tokio::test]
async fn the_unix_socket_and_a_schema_lead_to_the_same_place() {
    let database = mariadb!();
    let spec = TargetSpec {
        schema: Some(database.name.clone()),
        ..TargetSpec::new(database.server.socket_url("mysql"))
    };
    let target = migrated_target::open(&spec).expect("a URL that can be read");
    target.ensure_version_table().await.expect("a version table");
    assert_eq!(database.shell("SHOW TABLES"), "alembic_version");
    let (one, other) = (session(&target).await, session(&database.target()).await);
    assert_eq!(one.backend().start, other.backend().start);
    assert_ne!(one.backend().pid, other.backend().pid);
}
