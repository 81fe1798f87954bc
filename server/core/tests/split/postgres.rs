//! PostgreSQL's scripts.

use crate::{PG, check, refused};
use migrated_core::Code;
use migrated_core::dialect::split;

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
