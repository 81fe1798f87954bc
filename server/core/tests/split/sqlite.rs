//! SQLite's scripts.

use crate::{LITE, check, refused};
use migrated_core::Code;

#[test]
fn sqlite_quotes_and_comments() {
    check(LITE, "SELECT [a;b], `c;`, \"d;\", 'e;\\'; x", &["SELECT [a;b], `c;`, \"d;\", 'e;\\'", "x"]);
    check(LITE, "SELECT 1 -- ; \n; SELECT 2 /* no end;", &["SELECT 1", "SELECT 2"]);
    check(LITE, "SELECT 1 /*", &["SELECT 1 /*"]);
    check(LITE, "SELECT 1 /* ", &["SELECT 1"]);
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
