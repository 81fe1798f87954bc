//! MySQL's and MariaDB's scripts.

use crate::{MY, check, refused};
use migrated_core::Code;

#[test]
fn mysql_strings_and_comments() {
    check(MY, r"SELECT 'a\';', 'b\\'; x", &[r"SELECT 'a\';', 'b\\'", "x"]);
    check(MY, r#"SELECT "a\";b"; x"#, &[r#"SELECT "a\";b""#, "x"]);
    check(MY, "SELECT `a;``b\\`; x", &["SELECT `a;``b\\`", "x"]);
    check(MY, "SELECT 1 # no; 'more\n; x", &["SELECT 1", "x"]);
    check(MY, "SELECT 1 -- no; 'more\n; x --", &["SELECT 1", "x"]);
    check(MY, "SELECT 5--1; x", &["SELECT 5--1", "x"]);
    check(MY, "SELECT 1 /* /* ; */ ; x", &["SELECT 1", "x"]);
    check(MY, "SELECT N'a;', x'61', _utf8'b;'; x", &["SELECT N'a;', x'61', _utf8'b;'", "x"]);
    check(MY, "SELECT \\N; x", &["SELECT \\N", "x"]);
    check(MY, "SELECT /*+ NO_ICP(t) */ 1; x", &["SELECT /*+ NO_ICP(t) */ 1", "x"]);
    refused(MY, "SELECT 'a\\';", Code::ScriptUnterminated, (1, 8), "string never ends");
    refused(MY, "SELECT `a", Code::ScriptUnterminated, (1, 8), "quoted name never ends");
}

#[test]
fn mysql_executable_comments() {
    check(
        MY,
        "/*!40101 SET NAMES utf8 */;\n/*M!100100 SET x = ';*/' */; y",
        &["/*!40101 SET NAMES utf8 */", "/*M!100100 SET x = ';*/' */", "y"],
    );
    check(MY, "/*! a; b */; x", &["/*! a; b */", "x"]);
    check(
        MY,
        "CREATE TABLE t (a int /*!80000 INVISIBLE */) /*! ENGINE=InnoDB */; x",
        &["CREATE TABLE t (a int /*!80000 INVISIBLE */) /*! ENGINE=InnoDB */", "x"],
    );
    check(MY, "/*! */; /*+ x */; y", &["y"]);
    refused(MY, "SELECT 1;\n/*!40101 SET", Code::ScriptUnterminated, (2, 1), "executable comment never ends");
}

#[test]
fn mysql_delimiter_lines() {
    let script = "DELIMITER //\nCREATE PROCEDURE p()\nBEGIN\n  SELECT 1; -- //\n  SELECT '//';\nEND//\n\
                  CREATE FUNCTION f() RETURNS int RETURN 1;\n//\ndelimiter ;\nSELECT 2;\n";
    check(
        MY,
        script,
        &[
            "CREATE PROCEDURE p()\nBEGIN\n  SELECT 1; -- //\n  SELECT '//';\nEND",
            "CREATE FUNCTION f() RETURNS int RETURN 1",
            "SELECT 2",
        ],
    );
    check(
        MY,
        "DELIMITER $$\nDROP TABLE a; DROP TABLE b$$ SELECT a$b$$\nDELIMITER ;\nx",
        &["DROP TABLE a", "DROP TABLE b", "SELECT a$b", "x"],
    );
    check(
        MY,
        "DELIMITER ;;\n/*!50003 CREATE*/ /*!50017 DEFINER=`root`@`%`*/ /*!50003 TRIGGER t BEFORE INSERT ON x\n\
               FOR EACH ROW BEGIN SET NEW.a = 1; END */;;\nDELIMITER ;\n",
        &["/*!50003 CREATE*/ /*!50017 DEFINER=`root`@`%`*/ /*!50003 TRIGGER t BEFORE INSERT ON x\n\
         FOR EACH ROW BEGIN SET NEW.a = 1; END */"],
    );
    refused(MY, "DELIMITER\nSELECT 1", Code::ClientCommand, (1, 1), "DELIMITER without a delimiter");
    check(MY, "SELECT delimiter FROM t; x", &["SELECT delimiter FROM t", "x"]);
}

#[test]
fn mysql_client_commands() {
    refused(
        MY,
        "x;\nsource other.sql",
        Code::ClientCommand,
        (2, 1),
        "SOURCE is a command of the mysql client, not SQL",
    );
    refused(MY, "SELECT 1\\G", Code::ClientCommand, (1, 9), "\\G is a command of the mysql client, not SQL");
    check(
        MY,
        "SELECT source FROM t; UPDATE t SET system = 1",
        &["SELECT source FROM t", "UPDATE t SET system = 1"],
    );
}

/// Each of these is one statement without any DELIMITER.
const MYSQL_PROGRAMS: &[&str] = &[
    "CREATE PROCEDURE p() BEGIN END",
    "CREATE PROCEDURE p(IN a int, OUT b varchar(10)) COMMENT 'x;' BEGIN SELECT 1; BEGIN SELECT 2; END; END",
    "CREATE DEFINER=`root`@`localhost` PROCEDURE p() SQL SECURITY INVOKER l: BEGIN LEAVE l; END l",
    "CREATE PROCEDURE p() SELECT 1",
    "CREATE OR REPLACE PROCEDURE p() DELETE FROM t WHERE a = IF(b, 1, 2)",
    "CREATE FUNCTION f(a int) RETURNS int DETERMINISTIC RETURN IF(a > 1, CASE a WHEN 2 THEN 3 END, 4)",
    "CREATE FUNCTION f(a int) RETURNS int NO SQL IF a > 1 THEN RETURN 1; ELSE RETURN 2; END IF",
    "CREATE FUNCTION f() RETURNS varchar(9) CHARACTER SET utf8mb4 BEGIN RETURN 'a;'; END",
    "CREATE FUNCTION f() RETURNS SET('a','b') BEGIN RETURN 'a'; END",
    "CREATE FUNCTION IF NOT EXISTS f() RETURNS int READS SQL DATA BEGIN DECLARE x int DEFAULT IF(1,2,3); RETURN x; END",
    "CREATE AGGREGATE FUNCTION f RETURNS STRING SONAME 'lib.so'",
    "CREATE TRIGGER IF NOT EXISTS t BEFORE INSERT ON x FOR EACH ROW SET NEW.a = IF(NEW.b, 1, 2)",
    "CREATE TRIGGER t AFTER UPDATE ON x FOR EACH ROW FOLLOWS u IF NEW.a THEN SET @b = 1; END IF",
    "CREATE TRIGGER t AFTER DELETE ON x FOR EACH ROW BEGIN IF EXISTS (SELECT 1 FROM y) THEN DELETE FROM y; END IF; END",
    "CREATE EVENT e ON SCHEDULE EVERY 1 DAY ON COMPLETION PRESERVE DO BEGIN DELETE FROM t; DELETE FROM u; END",
    "ALTER EVENT e DO BEGIN SELECT 1; END",
    "CREATE EVENT e ON SCHEDULE AT CURRENT_TIMESTAMP DO DELETE FROM t",
    "CREATE PROCEDURE p() BEGIN DROP TABLE IF EXISTS t; CREATE TABLE IF NOT EXISTS t (a int); END",
    "CREATE PROCEDURE p() BEGIN CASE a WHEN 1 THEN SELECT 1; ELSE BEGIN SELECT 2; END; END CASE; END",
    "CREATE PROCEDURE p() BEGIN SELECT CASE WHEN a THEN CASE b WHEN 1 THEN 2 END ELSE 3 END; SELECT 1; END",
    "CREATE PROCEDURE p() BEGIN IF CASE WHEN a THEN b END THEN SELECT 1; ELSEIF c THEN SELECT 2; END IF; END",
    "CREATE PROCEDURE p() BEGIN l: LOOP IF a THEN LEAVE l; END IF; END LOOP l; SELECT REPEAT('a', 3); END",
    "CREATE PROCEDURE p() BEGIN `l`: WHILE a < 3 DO SET a = a + 1; END WHILE; END",
    "CREATE PROCEDURE p() BEGIN REPEAT SET a = a + 1; UNTIL a > CASE WHEN b THEN 1 END END REPEAT; SELECT 1; END",
    "CREATE PROCEDURE p() BEGIN FOR i IN 1..3 DO SELECT i; END FOR; FOR r IN (SELECT 1) DO SELECT 2; END FOR; END",
    "CREATE PROCEDURE p() BEGIN DECLARE EXIT HANDLER FOR SQLEXCEPTION, NOT FOUND BEGIN ROLLBACK; RESIGNAL; END; SELECT 1; END",
    "CREATE PROCEDURE p() BEGIN DECLARE CONTINUE HANDLER FOR SQLSTATE '02000' SET done = IF(a, 1, 2); SELECT 1; END",
    "CREATE PROCEDURE p() BEGIN DECLARE c CURSOR FOR SELECT 1; DECLARE i CONDITION FOR 1051; OPEN c; END",
    "CREATE PROCEDURE p() BEGIN SELECT t.end, begin, end FROM t WHERE `end` = 1 ORDER BY t.case; SELECT 2; END",
    "CREATE PROCEDURE p() BEGIN DECLARE end int; SET t.end = 1; START TRANSACTION; COMMIT; END",
    "CREATE PROCEDURE p() BEGIN INSERT INTO t VALUES (1) ON DUPLICATE KEY UPDATE a = 2; REPLACE INTO t VALUES (1); END",
    "BEGIN NOT ATOMIC SELECT 1; IF a THEN SELECT 2; END IF; END",
    "IF (SELECT 1) THEN SELECT 1; ELSE SELECT 2; END IF",
    "WHILE (@a < 3) DO SET @a = @a + 1; END WHILE",
];

#[test]
fn mysql_programs_without_delimiter() {
    for program in MYSQL_PROGRAMS {
        check(
            MY,
            &format!("SELECT 1; {program}; SELECT 2; {program}"),
            &["SELECT 1", program, "SELECT 2", program],
        );
        check(MY, &format!("DELIMITER |\n{program}|\nDELIMITER ;\nx"), &[program, "x"]);
    }
}

#[test]
fn mysql_statements_that_only_look_like_blocks() {
    check(MY, "BEGIN; SELECT 1; COMMIT; BEGIN WORK; x", &["BEGIN", "SELECT 1", "COMMIT", "BEGIN WORK", "x"]);
    check(MY, "CREATE TABLE begin (a int); x", &["CREATE TABLE begin (a int)", "x"]);
    check(MY, "DROP PROCEDURE IF EXISTS p; x", &["DROP PROCEDURE IF EXISTS p", "x"]);
    check(MY, "SELECT CASE WHEN a THEN 1; x", &["SELECT CASE WHEN a THEN 1", "x"]);
    check(MY, "CREATE VIEW v AS SELECT IF(a, 1, 2); x", &["CREATE VIEW v AS SELECT IF(a, 1, 2)", "x"]);
    check(
        MY,
        "CREATE USER a; ALTER TABLE t ADD b int; x",
        &["CREATE USER a", "ALTER TABLE t ADD b int", "x"],
    );
    refused(
        MY,
        "x;\nCREATE PROCEDURE p()\nBEGIN SELECT 1;",
        Code::ScriptUnterminated,
        (3, 1),
        "BEGIN block never ends",
    );
}
