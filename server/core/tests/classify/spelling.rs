//! How names, texts and the version table's statements are written, and what makes two statements the same.

use crate::{LITE, MY, PG};
use migrated_core::DialectName;
use migrated_core::dialect::literal::{quote_name, quote_qualified, quote_text};
use migrated_core::dialect::version_table::VersionTableSql;
use migrated_core::dialect::{split, statement_hash};
use migrated_core::revision::RowChange;

#[test]
fn names_and_strings_are_quoted() {
    for (dialect, name, quoted) in [
        (PG, "alembic_version", "alembic_version"),
        (PG, "Order", "\"Order\""),
        (PG, "order", "\"order\""),
        (PG, "a\"b", "\"a\"\"b\""),
        (PG, "1a", "\"1a\""),
        (PG, "", "\"\""),
        (MY, "rank", "`rank`"),
        (MY, "a`b", "`a``b`"),
        (LITE, "table", "\"table\""),
        (LITE, "ż", "\"ż\""),
    ] {
        assert_eq!(quote_name(dialect, name), quoted);
    }
    assert_eq!(quote_qualified(PG, Some("My"), "t"), "\"My\".t");
    for (dialect, text, quoted) in [
        (PG, "it's", "'it''s'"),
        (PG, "a\\b'", "E'a\\\\b'''"),
        (MY, "a\\b'\"", "'a\\\\b''\"'"),
        (MY, "\0", "'\\0'"),
        (LITE, "a\\b'", "'a\\b'''"),
    ] {
        assert_eq!(quote_text(dialect, text), quoted);
    }
    // What is quoted is one token to the splitter.
    for dialect in DialectName::ALL {
        for text in ["';", "\\';--", "a\\", "\"; x", "$$;", "/*", "\n"] {
            let sql = format!("SELECT {} AS {}; x", quote_text(dialect, text), quote_name(dialect, text));
            assert_eq!(split(dialect, &sql, 1).expect("splits").len(), 2, "{sql}");
        }
    }
}

#[test]
fn the_version_table() {
    let plain = VersionTableSql::new(PG, None, "alembic_version");
    assert_eq!(
        plain.create(),
        "CREATE TABLE alembic_version (\n\tversion_num VARCHAR(32) NOT NULL, \n\
         \tCONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)\n)"
    );
    assert_eq!(plain.select(), "SELECT version_num FROM alembic_version");
    let table = VersionTableSql::new(MY, Some("Ops"), "versions");
    assert_eq!(table.insert("a'1"), "INSERT INTO `Ops`.versions (version_num) VALUES ('a''1')");
    let update = RowChange::Update { from: "a".into(), to: "b".into() };
    assert_eq!(table.change(&update), "UPDATE `Ops`.versions SET version_num='b' WHERE version_num = 'a'");
    assert_eq!(
        table.change(&RowChange::Delete("a".into())),
        "DELETE FROM `Ops`.versions WHERE version_num = 'a'"
    );
    assert!(table.create_if_missing().contains("CONSTRAINT versions_pkc PRIMARY KEY"));
}

#[test]
fn statements_have_an_identity() {
    let hash = |script: &str| {
        let statements = split(PG, script, 1).expect("splits");
        statement_hash(PG, &statements[0], script)
    };
    assert_eq!(hash("SELECT 1, 2"), hash("\n SELECT  1,2 -- x\n;"));
    assert_ne!(hash("SELECT 1, 2"), hash("SELECT 1, 3"));
    assert_eq!(hash("COPY t FROM STDIN;\na\n\\.\n"), hash("COPY t  FROM STDIN ;\r\na\r\n\\.\r\n"));
    assert_ne!(hash("COPY t FROM STDIN;\na\n\\.\n"), hash("COPY t FROM STDIN;\nb\n\\.\n"));
}
