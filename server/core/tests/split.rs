//! Splitting scripts: small cases by dialect, and the laws that hold for every text.

use migrated_core::dialect::{SplitError, Splitter, split};
use migrated_core::{Code, DialectName};
use proptest::prelude::*;

const PG: DialectName = DialectName::Postgres;
const MY: DialectName = DialectName::Mysql;
const LITE: DialectName = DialectName::Sqlite;

#[track_caller]
fn check(dialect: DialectName, script: &str, expected: &[&str]) {
    let found = split(dialect, script, 1).expect("the script can be split");
    assert_eq!(found.iter().map(|s| s.text).collect::<Vec<_>>(), expected);
}

#[track_caller]
fn refused(dialect: DialectName, script: &str, code: Code, place: (u32, u32), message: &str) {
    let SplitError { code: found, line, column, message: said, .. } =
        split(dialect, script, 1).expect_err("the script is refused");
    assert_eq!((found, (line, column), said.as_str()), (code, place, message));
}

#[test]
fn plain_statements_in_every_dialect() {
    for dialect in DialectName::ALL {
        check(dialect, "", &[]);
        check(dialect, " \n;;\t; -- nothing\n/* at all */", &[]);
        check(dialect, "SELECT 1", &["SELECT 1"]);
        check(dialect, "SELECT 1;SELECT 2;", &["SELECT 1", "SELECT 2"]);
        check(dialect, "-- a\nSELECT 1 -- b;\n ; /* ; */ SELECT 2 /* c */", &["SELECT 1", "SELECT 2"]);
        check(dialect, "SELECT 'a;''b;' ; SELECT ';'", &["SELECT 'a;''b;'", "SELECT ';'"]);
        check(dialect, "SELECT \"a;\"\"b\"; x", &["SELECT \"a;\"\"b\"", "x"]);
        check(dialect, "SELECT 'żółć;'; ąę", &["SELECT 'żółć;'", "ąę"]);
        check(dialect, "\u{feff}SELECT 1;\u{feff}SELECT 2", &["SELECT 1", "SELECT 2"]);
        check(dialect, "SELECT 1;\r\nSELECT\r\n2;\r\n", &["SELECT 1", "SELECT\r\n2"]);
    }
}

#[test]
fn places_are_those_of_the_file() {
    let script = "-- zażółć\nSELECT 1; /* ą */ SELECT 2;\r\n\r\n   SELECT\n3;";
    let found: Vec<_> =
        split(PG, script, 7).expect("splits").iter().map(|s| (s.line, s.column, s.text)).collect();
    assert_eq!(found, [(8, 1, "SELECT 1"), (8, 19, "SELECT 2"), (10, 4, "SELECT\n3")]);
}

#[test]
fn postgres_strings() {
    check(PG, r"SELECT 'a\'; SELECT 2", &[r"SELECT 'a\'", "SELECT 2"]);
    check(PG, r"SELECT E'a\';'; SELECT 2", &[r"SELECT E'a\';'", "SELECT 2"]);
    check(PG, r"SELECT e'\\'; SELECT 2", &[r"SELECT e'\\'", "SELECT 2"]);
    check(PG, "SELECT E'a'\n'b\\';c'; x", &["SELECT E'a'\n'b\\';c'", "x"]);
    check(PG, "SELECT U&'d\\0061t;' UESCAPE '!'; x", &["SELECT U&'d\\0061t;' UESCAPE '!'", "x"]);
    check(PG, "SELECT U&\"a;\" ; x", &["SELECT U&\"a;\"", "x"]);
    check(PG, "SELECT B'1;', X'f;'; x", &["SELECT B'1;', X'f;'", "x"]);
    check(PG, r"SELECT type'\'; x", &[r"SELECT type'\'", "x"]);
}

#[test]
fn postgres_dollar_quotes() {
    check(PG, "DO $$ BEGIN a; b; END $$; x", &["DO $$ BEGIN a; b; END $$", "x"]);
    check(PG, "SELECT $a$ ; $$ ; $b$ ; $a$; x", &["SELECT $a$ ; $$ ; $b$ ; $a$", "x"]);
    check(PG, "SELECT $ż_1$;$ż_1$; x", &["SELECT $ż_1$;$ż_1$", "x"]);
    // A dollar inside of a name or before a number opens nothing.
    check(PG, "SELECT a$b$ ; SELECT c$b$", &["SELECT a$b$", "SELECT c$b$"]);
    check(PG, "PREPARE p AS SELECT $1, $2; x", &["PREPARE p AS SELECT $1, $2", "x"]);
    refused(
        PG,
        "x;\n  SELECT $a$ ; $A$;",
        Code::ScriptUnterminated,
        (2, 10),
        "dollar-quoted string never ends",
    );
}

#[test]
fn postgres_comments_and_operators() {
    check(PG, "SELECT 1 /* a /* b; */ c; */ ; x", &["SELECT 1", "x"]);
    check(PG, "SELECT 1 --; no\n;x", &["SELECT 1", "x"]);
    check(PG, "SELECT a#>'{b;}' ; x", &["SELECT a#>'{b;}'", "x"]);
    check(PG, "SELECT 4*/*;*/5; SELECT 4@-5--;\n;", &["SELECT 4*/*;*/5", "SELECT 4@-5"]);
    check(PG, "/*+ SeqScan(t) */ SELECT 1;", &["/*+ SeqScan(t) */ SELECT 1"]);
    refused(PG, "/* a /* b */", Code::ScriptUnterminated, (1, 1), "comment never ends");
}

#[test]
fn postgres_bodies() {
    let rule = "CREATE RULE r AS ON INSERT TO t DO ALSO (INSERT INTO a VALUES (1); DELETE FROM b;)";
    check(PG, &format!("{rule}; x"), &[rule, "x"]);
    let atomic = "CREATE OR REPLACE FUNCTION f(a int DEFAULT (1)) RETURNS int BEGIN ATOMIC\n\
                  SELECT CASE WHEN a > 1 THEN 1 ELSE CASE a WHEN 2 THEN 3 END END; SELECT 2; END";
    check(PG, &format!("{atomic}; x;"), &[atomic, "x"]);
    let procedure = "CREATE PROCEDURE p() LANGUAGE sql begin atomic insert into t values (1); end";
    check(PG, &format!("{procedure}; x"), &[procedure, "x"]);
    // Outside of routines BEGIN is a statement of its own, and CASE has no body.
    check(
        PG,
        "BEGIN; SELECT CASE WHEN a THEN b END; END; x",
        &["BEGIN", "SELECT CASE WHEN a THEN b END", "END", "x"],
    );
    let quoted = "CREATE FUNCTION f() RETURNS int LANGUAGE plpgsql AS 'BEGIN RETURN 1; END'";
    check(PG, &format!("{quoted}; x"), &[quoted, "x"]);
    refused(
        PG,
        "CREATE FUNCTION f() RETURNS int\n BEGIN ATOMIC SELECT 1;",
        Code::ScriptUnterminated,
        (2, 2),
        "BEGIN block never ends",
    );
    refused(PG, "SELECT (1;\nSELECT 2;", Code::ScriptUnterminated, (1, 8), "parenthesis never ends");
}

#[test]
fn postgres_inline_data() {
    let script = "COPY t (a, \"from\") FROM STDIN; -- rows\n1\t;it's\n\\N\t$$\n\\.\nSELECT 1;\n";
    let found = split(PG, script, 1).expect("splits");
    assert_eq!(found.len(), 2);
    assert_eq!(found[0].text, "COPY t (a, \"from\") FROM STDIN");
    assert_eq!(found[0].copy_data.clone().map(|r| &script[r]), Some("1\t;it's\n\\N\t$$\n"));
    assert_eq!((found[1].text, found[1].line), ("SELECT 1", 5));

    let script = "copy t from /* in */ stdin with (format csv);\r\na;b\r\n\\.\r\n";
    let found = split(PG, script, 1).expect("splits");
    assert_eq!(found[0].copy_data.clone().map(|r| &script[r]), Some("a;b\r\n"));

    let script = "COPY t FROM STDIN;\n\\.\n";
    assert_eq!(split(PG, script, 1).expect("splits")[0].copy_data, Some(19..19));

    check(
        PG,
        "COPY t TO STDOUT; COPY t FROM '/f'; COPY (SELECT 1 FROM stdin) TO STDOUT; x",
        &["COPY t TO STDOUT", "COPY t FROM '/f'", "COPY (SELECT 1 FROM stdin) TO STDOUT", "x"],
    );
    let unended = "inline data of COPY never ends";
    refused(PG, "x;\nCOPY t FROM STDIN;\n1\n2\n", Code::ScriptUnterminated, (2, 18), unended);
    refused(PG, "x;\nCOPY t FROM STDIN", Code::ScriptUnterminated, (2, 13), unended);
    refused(
        PG,
        "COPY t FROM STDIN; SELECT 1;\n\\.\n",
        Code::ClientCommand,
        (1, 19),
        "text after COPY … FROM STDIN on the same line",
    );
}

#[test]
fn postgres_client_commands() {
    let script =
        "\\set ON_ERROR_STOP on\n\\restrict 4f\nSELECT 1;\n\\unrestrict 4f\n\\echo it's done;\nSELECT 2;";
    check(PG, script, &["SELECT 1", "SELECT 2"]);
    refused(
        PG,
        "SELECT 1;\n \\connect other",
        Code::ClientCommand,
        (2, 2),
        "\\connect is a command of psql, not SQL",
    );
    refused(PG, "\\copy t from 'f'", Code::ClientCommand, (1, 1), "\\copy is a command of psql, not SQL");
    refused(PG, "SELECT 1 \\gexec", Code::ClientCommand, (1, 10), "\\gexec is a command of psql, not SQL");
    refused(PG, "\\set x 1", Code::ClientCommand, (1, 1), "\\set is a command of psql, not SQL");
    refused(PG, "\\.\n", Code::ClientCommand, (1, 1), "\\. is a command of psql, not SQL");
}

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

#[test]
fn sqlite_quotes_and_comments() {
    check(LITE, "SELECT [a;b], `c;`, \"d;\", 'e;\\'; x", &["SELECT [a;b], `c;`, \"d;\", 'e;\\'", "x"]);
    check(LITE, "SELECT 1 -- ; \n; SELECT 2 /* no end;", &["SELECT 1", "SELECT 2"]);
    check(LITE, "SELECT x'00;'; SELECT a->>'$.b;'; x", &["SELECT x'00;'", "SELECT a->>'$.b;'", "x"]);
    check(LITE, "SELECT 1 # 2; x", &["SELECT 1 # 2", "x"]);
    refused(LITE, "SELECT\n 'a;", Code::ScriptUnterminated, (2, 2), "string never ends");
    refused(LITE, "SELECT [a;", Code::ScriptUnterminated, (1, 8), "quoted name never ends");
    refused(
        LITE,
        "x;\n.read f.sql",
        Code::ClientCommand,
        (2, 1),
        ".read is a command of the sqlite3 shell, not SQL",
    );
}

#[test]
fn sqlite_triggers() {
    let trigger = "CREATE TRIGGER t AFTER INSERT ON a WHEN CASE WHEN 1 THEN 2 END BEGIN\n\
                   UPDATE b SET c = CASE WHEN new.d THEN 1 ELSE CASE 2 WHEN 3 THEN 4 END END;\n\
                   DELETE FROM e; -- END;\nEND";
    check(LITE, &format!("{trigger}; x"), &[trigger, "x"]);
    check(LITE, &format!("x; {trigger}"), &["x", trigger]);
    let temporary = "CREATE TEMP TRIGGER IF NOT EXISTS t BEFORE UPDATE ON a BEGIN SELECT 1; END";
    check(LITE, &format!("{temporary}; {temporary};"), &[temporary, temporary]);
    check(LITE, "BEGIN; SELECT 1; END; x", &["BEGIN", "SELECT 1", "END", "x"]);
    check(LITE, "CREATE TABLE trigger (a); x", &["CREATE TABLE trigger (a)", "x"]);
    refused(
        LITE,
        "CREATE TRIGGER t AFTER INSERT ON a\nBEGIN SELECT 1; END x;",
        Code::ScriptUnterminated,
        (2, 1),
        "BEGIN block never ends",
    );
}

#[test]
fn a_large_statement_and_many_small_ones() {
    let large = format!("INSERT INTO t VALUES ('{}')", "x'';\n".repeat(2_000_000));
    let script = format!("{large};SELECT 1");
    for dialect in [PG, LITE] {
        check(dialect, &script, &[&large, "SELECT 1"]);
    }
    // All on one line: columns must not be counted from its start each time.
    let many = "INSERT INTO t VALUES (1, 'a');".repeat(100_000);
    for dialect in DialectName::ALL {
        let last = Splitter::new(dialect, &many, 1).last().expect("there are some").expect("splits");
        assert_eq!((last.line, last.column), (1, 99_999 * 30 + 1));
        assert_eq!(Splitter::new(dialect, &many, 1).count(), 100_000);
    }
}

/// Pieces that texts are made of, so that quotes, comments and bodies really occur.
fn script() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        prop::sample::select(vec![
            ";",
            "'",
            "\"",
            "`",
            "[",
            "]",
            "(",
            ")",
            "$$",
            "$a$",
            "\\",
            "\\.",
            "\n",
            "\r\n",
            " ",
            "--",
            "-- ",
            "#",
            "/*",
            "*/",
            "/*!",
            "/*+",
            "E'",
            "U&'",
            "BEGIN ",
            "ATOMIC ",
            "END ",
            "CASE ",
            "IF ",
            "THEN ",
            "LOOP ",
            "NOT ",
            "CREATE ",
            "FUNCTION f() ",
            "TRIGGER ",
            "PROCEDURE p() ",
            "FOR EACH ROW ",
            "COPY t FROM STDIN",
            "DELIMITER ",
            "//",
            "1e",
            "+",
            "x",
            "ż",
            "𝄞",
            "\u{feff}",
            "\0",
        ])
        .prop_map(String::from),
        any::<String>(),
    ];
    prop::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
}

proptest! {
    /// Statements come in order, do not overlap, lie on character boundaries and are what their range says; between
    /// them stands nothing that an engine would read.
    #[test]
    fn statements_and_gaps_are_the_text(text in script()) {
        for dialect in DialectName::ALL {
            let mut at = 0;
            let mut again = String::new();
            let mut complete = true;
            for next in Splitter::new(dialect, &text, 1) {
                let Ok(statement) = next else { complete = false; break };
                prop_assert!(statement.offset >= at && !statement.text.is_empty());
                prop_assert_eq!(&text[statement.range()], statement.text);
                again.push_str(&text[at..statement.offset]);
                again.push_str(statement.text);
                at = statement.range().end;
                if let Some(data) = &statement.copy_data {
                    prop_assert!(data.start >= at);
                    again.push_str(&text[at..data.end]);
                    at = data.end;
                }
                let before = &text[..statement.offset];
                let line = before.matches('\n').count() + 1;
                let column = before.rsplit('\n').next().unwrap_or("").chars().count() + 1;
                prop_assert_eq!((statement.line as usize, statement.column as usize), (line, column));
            }
            again.push_str(&text[at..]);
            prop_assert!(!complete || again == text);
        }
    }

    /// What stands between statements holds no statement.
    #[test]
    fn gaps_are_blank(text in script()) {
        for dialect in [PG, LITE] {
            let Ok(statements) = split(dialect, &text, 1) else { continue };
            let mut at = 0;
            for statement in &statements {
                let gap = &text[at..statement.offset];
                if let Ok(rest) = split(dialect, gap, 1) {
                    prop_assert!(rest.is_empty(), "{:?} in {:?}", gap, text);
                }
                at = statement.copy_data.clone().map_or(statement.range().end, |data| data.end + 2);
            }
        }
    }

    /// A statement by itself is split into itself.
    #[test]
    fn splitting_again_changes_nothing(text in script()) {
        for dialect in [PG, LITE] {
            let Ok(statements) = split(dialect, &text, 1) else { continue };
            for statement in statements.iter().filter(|s| s.copy_data.is_none()) {
                let again = split(dialect, statement.text, 1).expect("a statement can be split");
                prop_assert_eq!(again.iter().map(|s| s.text).collect::<Vec<_>>(), vec![statement.text]);
            }
        }
    }
}
