//! Scratch databases beside a MariaDB target.

use crate::mysql_bed::{Database, mariadb};
use migrated_core::Code;
use migrated_target::{InspectOptions, Scratch, ScratchOptions, TargetSpec};

async fn scratch(database: &Database) -> Box<dyn Scratch> {
    database.target().scratch(&ScratchOptions::default()).await.expect("a scratch database")
}

/// The names of all scratch databases of the server that hold a table of that name.
fn with_table(database: &Database, table: &str) -> String {
    database.shell(&format!(
        "SELECT TABLE_SCHEMA FROM information_schema.TABLES WHERE TABLE_NAME = '{table}' \
         AND TABLE_SCHEMA LIKE 'migrated\\_scratch\\_%'"
    ))
}

#[tokio::test]
async fn it_looks_like_the_target_and_is_gone_afterwards() {
    let database = mariadb!();
    database.shell(&format!("ALTER DATABASE {} CHARACTER SET latin2 COLLATE latin2_bin", database.name));
    let mut scratch = scratch(&database).await;
    let table = format!("only_{}", database.name);
    scratch.execute("a.sql", &format!("CREATE TABLE {table} (a char(1))")).await.expect("a table");
    assert!(with_table(&database, &table).starts_with("migrated_scratch_"));
    let schema = scratch.inspect(&InspectOptions::default()).await.expect("a schema").schema;
    let made = schema.tables.iter().next().expect("the table");
    assert_eq!(made.options.collation.as_deref(), Some("latin2_bin"));
    assert_eq!(database.shell("SHOW TABLES"), "");
    scratch.discard().await.expect("a database that is dropped");
    assert_eq!(with_table(&database, &table), "");
}

#[tokio::test]
async fn leftovers_are_dropped_and_what_is_in_use_is_not() {
    let database = mariadb!();
    let mut used = scratch(&database).await;
    let (kept, left) = (format!("kept_{}", database.name), format!("left_{}", database.name));
    used.execute("a.sql", &format!("CREATE TABLE {kept} (a int)")).await.expect("a table");
    let name = with_table(&database, &kept);
    // A database of that kind whose lock nobody holds.
    let (own, _) = name.rsplit_once('_').expect("a prefix");
    database.shell(&format!("CREATE DATABASE {own}_0; CREATE TABLE {own}_0.{left} (a int)"));
    let other = scratch(&database).await;
    assert_eq!(with_table(&database, &left), "");
    assert_eq!(with_table(&database, &kept), name);
    used.discard().await.expect("a database that is dropped");
    other.discard().await.expect("a database that is dropped");
}

#[tokio::test]
async fn without_the_right_the_setting_is_named() {
    let database = mariadb!();
    let (name, user) = (&database.name, format!("s_{}", database.name));
    database
        .shell(&format!("CREATE USER {user}@'%' IDENTIFIED BY 'pw'; GRANT ALL ON {name}.* TO {user}@'%'"));
    let url = format!("mysql://{user}:pw@127.0.0.1:{}/{name}", database.server.port());
    let target = migrated_target::open(&TargetSpec::new(&url)).expect("a URL that can be read");
    let error = target.scratch(&ScratchOptions::default()).await.err().expect("no right");
    assert_eq!(error.code, Code::ScratchRequired, "{error}");
    assert!(error.help.contains("scratch.mysql"), "{}", error.help);
    // What the help says is enough.
    let grant = error.help.split(" to this user").next().expect("a statement");
    database.shell(&format!("{grant} TO {user}@'%'"));
    let scratch = target.scratch(&ScratchOptions::default()).await.expect("a scratch database");
    scratch.discard().await.expect("a database that is dropped");
}

#[tokio::test]
async fn no_statement_leaves_it() {
    let database = mariadb!();
    let name = &database.name;
    database.shell("CREATE TABLE t (a int)");
    let refused = [
        format!("DROP TABLE {name}.t"),
        format!("INSERT INTO `{name}`.t VALUES (1)"),
        format!("CREATE TABLE u AS SELECT * FROM {name} . t"),
        format!("/*!40000 DROP DATABASE IF EXISTS `{name}` */"),
        "USE mysql".into(),
        "CREATE TABLE mysql.u (a int)".into(),
        "DELETE FROM mysql.user".into(),
        "SET GLOBAL max_connections = 1".into(),
        "CREATE USER somebody".into(),
        "GRANT ALL ON *.* TO somebody".into(),
    ];
    let mut scratch = scratch(&database).await;
    for statement in &refused {
        let error = scratch.execute("a.sql", statement).await.expect_err(statement);
        assert_eq!(error.code, Code::StatementFailed, "{statement}: {error}");
        assert!(error.help.contains("scratch"), "{statement}: {}", error.help);
    }
    // A dump says where it comes from, and the scratch database stands in for that.
    let dump =
        format!("CREATE DATABASE /*!32312 IF NOT EXISTS*/ `{name}`;\nUSE `{name}`;\nCREATE TABLE v (a int);");
    scratch.execute("dump.sql", &dump).await.expect("a dump");
    assert_eq!(database.shell("SHOW TABLES; SELECT * FROM t"), "t");
    let schema = scratch.inspect(&InspectOptions::default()).await.expect("a schema").schema;
    assert_eq!(schema.tables.len(), 1);
    scratch.discard().await.expect("a database that is dropped");
}

#[tokio::test]
async fn errors_are_placed() {
    let database = mariadb!();
    let mut scratch = scratch(&database).await;
    let error = scratch.execute("a.sql", "CREATE TABLE a (a int);\n  CREATE TABLE b (a nonsense);").await;
    let error = error.expect_err("no such type");
    let sql = error.sql.expect("a place");
    assert_eq!(
        (error.code, sql.path.as_str(), sql.line, sql.column_number),
        (Code::StatementFailed, "a.sql", 2, 3)
    );
    let error = scratch.execute("a.sql", "SELECT 1;\nSELECT 'a").await.expect_err("an open string");
    assert_eq!((error.code, error.sql.expect("a place").line), (Code::ScriptUnterminated, 2));
    scratch.discard().await.expect("a database that is dropped");
}
