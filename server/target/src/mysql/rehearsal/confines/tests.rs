use super::Confines;
use crate::{Script, ScriptStatement, Treatment};
use migrated_core::DialectName;
use migrated_core::dialect::split;

fn confines() -> Confines {
    let databases = ["information_schema", "mysql", "Shop", "Billing", "the_copy"];
    Confines::new("Shop", "the_copy", databases.map(str::to_owned).to_vec())
}

#[test]
fn what_stays_in_the_copy_is_executed() {
    for statement in [
        "CREATE TABLE t (id int, `user` int, v text DEFAULT 'shop.t') ENGINE=InnoDB",
        "INSERT INTO t VALUES ('it''s shop.t', \"billing.t\"), ('a\\'b')",
        "UPDATE t JOIN u ON t.id = u.t SET t.v = 1 -- shop.t",
        "CREATE PROCEDURE p() BEGIN DECLARE user int; SET user = 1; SELECT IF(user, 1, 2); END",
        "SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = 'shop'",
        "SET @a = 1, SESSION sql_mode = ''",
        "PREPARE s FROM 'ALTER TABLE t ADD c int'",
        "EXECUTE IMMEDIATE 'DROP TABLE t'",
        "ALTER TABLE t DROP INDEX role, CHANGE a m int, ADD x int /* shop.t */",
        "(SELECT 1) UNION (SELECT 2)",
        "l: LOOP LEAVE l; END LOOP",
        "SELECT 1 /*!50000 + 1 */",
        "CREATE EVENT e ON SCHEDULE EVERY 1 DAY DO DELETE FROM t",
    ] {
        assert_eq!(confines().why_not(statement), None, "{statement}");
    }
}

#[test]
fn what_may_reach_further_is_not() {
    for statement in [
        "INSERT INTO shop.t VALUES (1)",
        "INSERT INTO SHOP . t VALUES (1)",
        "DROP TABLE `Shop`.`t`",
        "DROP TABLE \"shop\".\"t\"",
        "DROP TABLE /*!50000 shop.*/t",
        "DROP TABLE shop/*!50000 .*/t",
        "DROP TABLE shop /* a */ . -- b\n t",
        "SELECT '\\', shop.t.a, '\\' FROM t",
        "UPDATE billing.t SET a = 1",
        "SELECT * FROM mysql.user",
        "CREATE TRIGGER r AFTER INSERT ON t FOR EACH ROW INSERT INTO shop.t VALUES (1)",
        "CREATE VIEW v AS SELECT shop.f()",
        "ALTER TABLE t RENAME TO shop.t2",
        "CREATE TABLE c (a int REFERENCES shop.t)",
        "USE shop",
        "CREATE DATABASE x",
        "DROP SCHEMA IF EXISTS shop",
        "CREATE OR REPLACE USER u",
        "ALTER DATABASE CHARACTER SET utf8mb4",
        "GRANT ALL ON *.* TO u",
        "SET GLOBAL max_connections = 1",
        "SET @a = 1, GLOBAL max_connections = 1",
        "SET @@global.max_connections = 1",
        "SET PASSWORD = 'x'",
        "SET PERSIST max_connections = 1",
        "FLUSH TABLES WITH READ LOCK",
        "STOP SLAVE",
        "KILL 1",
        "XA START 'x'",
        "SELECT 1 INTO OUTFILE '/f'",
        "CREATE FUNCTION f RETURNS STRING SONAME 'lib.so'",
        "CREATE PROCEDURE p() BEGIN SELECT 1; GRANT ALL ON *.* TO u; END",
        "CREATE PROCEDURE p() BEGIN EXECUTE IMMEDIATE CONCAT('DROP TABLE sh', 'op.t'); END",
        "CREATE PROCEDURE p() BEGIN PREPARE s FROM @s; EXECUTE s; END",
        "BEGIN NOT ATOMIC SET GLOBAL x = 1; END",
        "PREPARE s FROM 'DROP TABLE shop.t'",
        "PREPARE s FROM 'PREPARE r FROM ''DROP TABLE shop.t'''",
        "EXECUTE IMMEDIATE @s",
        "CREATE TABLE f (a int) ENGINE=FEDERATED CONNECTION='mysql://h/d/t'",
        "CREATE TABLE f (a int) ENGINE FEDERATED",
        "CREATE TABLE f (a int) ENGINE = 'new_one'",
        "CREATE TABLE f (a int) DATA DIRECTORY = '/d'",
        "\u{1}",
    ] {
        assert!(confines().why_not(statement).is_some(), "{statement}");
    }
}

fn left_out(text: &str) -> Vec<Option<String>> {
    let statements = split(DialectName::Mysql, text, 1).expect("splits");
    let statement = |one: &migrated_core::dialect::Statement<'_>| ScriptStatement {
        range: one.range(),
        line: one.line,
        column: one.column,
        copy_data: None,
        hash: String::new(),
        summary: String::new(),
        treatment: Treatment::Transactional,
    };
    let statements = statements.iter().map(statement).collect();
    let script = Script { text: text.into(), statements, foreign_keys: None };
    confines().left_out(&script)
}

#[test]
fn what_hangs_on_what_is_left_out_is_left_out_too() {
    let found = left_out(
        "SET @s = 'x'; PREPARE s FROM @s; EXECUTE s; DEALLOCATE PREPARE s; PREPARE s FROM 'DO 1'; EXECUTE s",
    );
    assert_eq!(
        found.iter().map(Option::is_some).collect::<Vec<_>>(),
        [false, true, true, true, false, false]
    );
    let found = left_out("USE Shop; DROP TABLE a; USE billing; DROP TABLE b; USE `shop`; DROP TABLE c");
    let expected = [
        Some(""),
        None,
        Some("for it leads to database billing"),
        Some("for it is meant for database billing"),
        Some(""),
        None,
    ];
    assert_eq!(found.iter().map(Option::as_deref).collect::<Vec<_>>(), expected);
}
