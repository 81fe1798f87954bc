//! Columns of MariaDB that are worked out on reading: what an index on one holds after its expression is another.

use crate::harness::{Database, Engine};
use migrated_core::DialectName;
use migrated_core::operation::{AlterColumn, Operation, Server};
use migrated_core::schema::{Column, Computed, ComputedKind, Name};

const SERVER: Server = Server { dialect: DialectName::Mysql, version: (10, 11, 0), mariadb: true };

fn another_expression() -> String {
    let column = |expr: &str| {
        let computed = Some(Computed { expr: expr.into(), kind: ComputedKind::Virtual });
        Column { computed, ..Column::new("e", "int(11)") }
    };
    let (from, to) = (column("`b` + 1"), column("`a` + 1"));
    let alter = AlterColumn { table: Name::local("t"), from, to, using: None };
    Operation::AlterColumn(alter).render(&SERVER).expect("rendered").join(";\n")
}

/// What stands in the index, and what the table tells without it.
fn told(database: &Database) -> [String; 2] {
    ["FORCE", "IGNORE"].map(|how| database.sql(&format!("SELECT e FROM t {how} INDEX (i) ORDER BY e")))
}

#[test]
fn an_index_on_a_virtual_column_holds_what_the_new_expression_says() {
    for indexed_before in [true, false] {
        let Some(database) = Database::new(Engine::Mariadb) else { return };
        let index = "CREATE INDEX i ON t (e)";
        database.sql("CREATE TABLE t (id int PRIMARY KEY, a int, b int, e int AS (b + 1) VIRTUAL)");
        database.sql("INSERT INTO t (id, a, b) VALUES (1, 10, 20), (2, 30, 40)");
        if indexed_before {
            database.sql(index);
        }
        database.sql(&another_expression());
        if !indexed_before {
            database.sql(index);
        }
        assert_eq!(told(&database), ["11\n31", "11\n31"], "indexed before: {indexed_before}");
        database.sql("INSERT INTO t (id, a, b) VALUES (3, 50, 60)");
        database.sql("UPDATE t SET a = 12 WHERE id = 1");
        assert_eq!(told(&database), ["13\n31\n51", "13\n31\n51"], "indexed before: {indexed_before}");
    }
}
