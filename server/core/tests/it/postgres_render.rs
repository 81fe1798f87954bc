//! Operations as statements of PostgreSQL: an operation, and the text that does it.

use migrated_core::DialectName;
use migrated_core::operation::{Operation, Server};
use serde_json::{Value, json};

const SERVER: Server = Server { dialect: DialectName::Postgres, version: (15, 0, 0), mariadb: false };

fn operation(value: Value) -> Operation {
    serde_json::from_value(value).expect("an operation")
}

fn rendered(value: Value) -> Vec<String> {
    operation(value).render(&SERVER).expect("PostgreSQL can do it")
}

#[track_caller]
fn renders(value: Value, statements: &[&str]) {
    assert_eq!(rendered(value), statements);
}

#[test]
fn a_table_with_all_that_belongs_to_it() {
    let table = json!({
        "name": "Order", "schema": "shop",
        "columns": [
            {"name": "id", "type": "integer", "nullable": false, "default": "nextval('shop.\"Order_id_seq\"'::regclass)"},
            {"name": "note", "type": "text", "collation": "\"C\"", "storage": "EXTERNAL", "comment": "it's"},
            {"name": "total", "type": "integer", "computed": {"expr": "id * 2"}}
        ],
        "primary_key": {"name": "Order_pkey", "columns": ["id"]},
        "checks": [{"name": "later", "expr": "id > 0", "not_valid": true}, {"name": "now", "expr": "id < 9"}],
        "indexes": [{"name": "i", "items": [{"expr": "lower(note)", "desc": true, "nulls": "last"}], "where": "(id > 1)"}],
        "row_security": "forced",
        "options": {"unlogged": true, "with": {"fillfactor": "70", "toast.autovacuum_enabled": "false"}}
    });
    renders(
        json!({"create_table": {"table": table}}),
        &[
            "CREATE UNLOGGED TABLE shop.\"Order\" (\n    \
             id integer DEFAULT nextval('shop.\"Order_id_seq\"'::regclass) NOT NULL,\n    \
             note text COLLATE \"C\",\n    \
             total integer GENERATED ALWAYS AS (id * 2) STORED,\n    \
             CONSTRAINT \"Order_pkey\" PRIMARY KEY (id),\n    \
             CONSTRAINT now CHECK (id < 9)\n\
             ) WITH (fillfactor='70', toast.autovacuum_enabled='false')",
            "ALTER TABLE shop.\"Order\" ALTER COLUMN note SET STORAGE EXTERNAL",
            "COMMENT ON COLUMN shop.\"Order\".note IS 'it''s'",
            "ALTER TABLE shop.\"Order\" ADD CONSTRAINT later CHECK (id > 0) NOT VALID",
            "CREATE INDEX i ON shop.\"Order\" USING btree ((lower(note)) DESC NULLS LAST) WHERE (id > 1)",
            "ALTER TABLE shop.\"Order\" ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY",
        ],
    );
}

#[test]
fn what_has_no_if_not_exists_is_asked_for_first() {
    renders(
        json!({"create_enum": {"enum": {"name": "mood", "values": ["sad", "it's"]}, "if_not_exists": true}}),
        &["DO $$\nBEGIN\n    IF to_regtype('mood') IS NULL THEN\n        \
           CREATE TYPE mood AS ENUM ('sad', 'it''s');\n    END IF;\nEND\n$$"],
    );
}

#[test]
fn a_type_is_changed_with_its_default_in_one_statement() {
    renders(
        json!({"alter_column": {
            "table": {"name": "t"},
            "from": {"name": "x", "type": "text", "default": "'1'::text"},
            "to": {"name": "y", "type": "integer", "nullable": false, "default": "1"}
        }}),
        &[
            "ALTER TABLE t ALTER COLUMN x DROP DEFAULT, ALTER COLUMN x TYPE integer USING x::integer, \
             ALTER COLUMN x SET NOT NULL, ALTER COLUMN x SET DEFAULT 1",
            "ALTER TABLE t RENAME COLUMN x TO y",
        ],
    );
}

/// With USING, an assignment that refuses what does not fit would cut it off in silence.
#[test]
fn using_stands_only_where_no_assignment_does_it() {
    let array = json!({"alter_column": {"table": {"name": "t"}, "from": {"name": "a", "type": "integer[]"},
        "to": {"name": "a", "type": "boolean"}}});
    renders(array, &["ALTER TABLE t ALTER COLUMN a TYPE boolean USING a::text::boolean"]);
    let table: &[(&str, &str, Option<&str>)] = &[
        ("character varying(50)", "character varying(10)", None),
        ("integer", "bigint", None),
        ("numeric(10,2)", "integer", None),
        ("timestamp(3) without time zone", "date", None),
        ("integer", "text", None),
        ("integer[]", "text", None),
        ("integer[]", "bigint[]", None),
        ("json", "jsonb", None),
        ("text", "integer", Some("x::integer")),
        ("character varying(5)", "timestamp(3) with time zone", Some("x::timestamp(3) with time zone")),
        ("text", "integer[]", Some("x::integer[]")),
        ("text[]", "integer[]", Some("x::integer[]")),
        ("boolean", "integer", Some("x::integer")),
        ("boolean", "bigint", Some("x::integer::bigint")),
        ("smallint", "boolean", Some("x::integer::boolean")),
        ("integer", "uuid", Some("x::text::uuid")),
        ("mood", "other", Some("x::text::other")),
        ("mood[]", "other[]", Some("x::text[]::other[]")),
        ("integer", "bigint[]", Some("CASE WHEN x IS NOT NULL THEN ARRAY[x]::bigint[] END")),
        ("integer[]", "integer", Some("x::text::integer")),
    ];
    for (from, to, using) in table {
        let statements = rendered(json!({"alter_column": {
            "table": {"name": "t"}, "from": {"name": "x", "type": from}, "to": {"name": "x", "type": to}
        }}));
        let using = using.map_or(String::new(), |using| format!(" USING {using}"));
        assert_eq!(statements, [format!("ALTER TABLE t ALTER COLUMN x TYPE {to}{using}")], "{from} to {to}");
    }
}

#[test]
fn a_column_that_begins_to_count_goes_on_behind_its_rows() {
    renders(
        json!({"alter_column": {
            "table": {"name": "t"},
            "from": {"name": "id", "type": "integer", "nullable": false},
            "to": {"name": "id", "type": "integer", "nullable": false, "identity": {"always": true, "start": 5}}
        }}),
        &[
            "ALTER TABLE t ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (START WITH 5)",
            "SELECT setval(pg_get_serial_sequence('t', 'id'), max(id)) FROM t HAVING max(id) >= 5",
        ],
    );
}

#[test]
fn a_new_expression_makes_the_column_anew_before_version_17() {
    let change = json!({"alter_column": {
        "table": {"name": "t"},
        "from": {"name": "c", "type": "integer", "computed": {"expr": "a"}},
        "to": {"name": "c", "type": "integer", "computed": {"expr": "a + 1"}}
    }});
    renders(
        change.clone(),
        &["ALTER TABLE t DROP COLUMN c, ADD COLUMN c integer GENERATED ALWAYS AS (a + 1) STORED"],
    );
    let newer = Server { version: (17, 0, 0), ..SERVER };
    let statements = operation(change).render(&newer).expect("version 17 can do it");
    assert_eq!(statements, ["ALTER TABLE t ALTER COLUMN c SET EXPRESSION AS (a + 1)"]);
}

#[test]
fn values_of_an_enum_come_where_they_belong() {
    let alter = |from: &[&str], to: &[&str], renamed: Value| {
        rendered(json!({"alter_enum": {
            "from": {"name": "m", "values": from}, "to": {"name": "m", "values": to}, "renamed": renamed
        }}))
    };
    assert_eq!(
        alter(&["b", "d"], &["a", "b", "c", "d", "e"], json!([])),
        [
            "ALTER TYPE m ADD VALUE 'a' BEFORE 'b'",
            "ALTER TYPE m ADD VALUE 'c' AFTER 'b'",
            "ALTER TYPE m ADD VALUE 'e'"
        ]
    );
    assert_eq!(alter(&["a"], &["x"], json!([["a", "x"]])), ["ALTER TYPE m RENAME VALUE 'a' TO 'x'"]);
}

#[test]
fn a_value_that_is_needed_at_once_comes_with_a_new_type() {
    renders(
        json!({"alter_enum": {
            "from": {"name": "m", "values": ["a"]}, "to": {"name": "m", "values": ["a", "b"]}, "anew": true
        }}),
        &["ALTER TYPE m RENAME TO m__old", "CREATE TYPE m AS ENUM ('a', 'b')", "DROP TYPE m__old"],
    );
}

#[test]
fn another_type_takes_its_own_storage_and_compression() {
    let alter = |from: Value, to: Value| {
        let column = |mut column: Value, data_type: &str| {
            column["name"] = json!("a");
            column["type"] = json!(data_type);
            column
        };
        let (from, to) = (column(from, "text"), column(to, "bytea"));
        rendered(json!({"alter_column": {"table": {"name": "t"}, "from": from, "to": to}})).join(";")
    };
    let plain = alter(json!({"storage": "EXTERNAL", "compression": "pglz"}), json!({}));
    assert!(!plain.contains("STORAGE") && !plain.contains("COMPRESSION"), "{plain}");
    let set = json!({"storage": "EXTERNAL", "compression": "pglz"});
    let kept = alter(set.clone(), set);
    assert!(kept.contains("SET STORAGE EXTERNAL") && kept.contains("SET COMPRESSION pglz"), "{kept}");
}

#[test]
fn a_generated_column_is_a_plain_one_before_its_type_changes() {
    renders(
        json!({"alter_column": {"table": {"name": "t"},
            "from": {"name": "a", "type": "text", "computed": {"expr": "b"}}, "to": {"name": "a", "type": "integer"}}}),
        &[
            "ALTER TABLE t ALTER COLUMN a DROP EXPRESSION",
            "ALTER TABLE t ALTER COLUMN a TYPE integer USING a::integer",
        ],
    );
}

#[test]
fn a_sequence_of_another_type_is_told_its_bounds_in_numbers() {
    let from = json!({"name": "s", "increment": -1});
    let to = json!({"name": "s", "type": "integer"});
    renders(
        json!({"alter_sequence": {"from": from, "to": to}}),
        &["ALTER SEQUENCE s AS integer INCREMENT BY 1 MINVALUE 1 MAXVALUE 2147483647 START WITH 1 RESTART"],
    );
}

#[test]
fn an_enum_that_loses_a_value_is_swapped_under_its_columns() {
    let column = |name: &str, array: bool| json!({"table": {"name": "t"}, "column": {"name": name, "type": "m", "default": "'a'::m"}, "array": array});
    renders(
        json!({"alter_enum": {
            "from": {"name": "m", "values": ["a", "b"]}, "to": {"name": "m", "values": ["a"]},
            "columns": [column("x", false), column("y", true)]
        }}),
        &[
            "ALTER TYPE m RENAME TO m__old",
            "CREATE TYPE m AS ENUM ('a')",
            "ALTER TABLE t ALTER COLUMN x DROP DEFAULT, ALTER COLUMN x TYPE m USING x::text::m, \
             ALTER COLUMN x SET DEFAULT 'a'::m, ALTER COLUMN y DROP DEFAULT, \
             ALTER COLUMN y TYPE m[] USING y::text[]::m[], ALTER COLUMN y SET DEFAULT 'a'::m",
            "DROP TYPE m__old",
        ],
    );
}

#[test]
fn a_sequence_whose_bounds_move_keeps_its_place_where_it_can() {
    let alter = |to: Value| {
        let to = json!({"name": "s"}).as_object().into_iter().chain(to.as_object()).flatten().fold(
            json!({}),
            |mut all, (key, value)| {
                all[key] = value.clone();
                all
            },
        );
        rendered(json!({"alter_sequence": {"from": {"name": "s"}, "to": to}}))
    };
    assert_eq!(
        alter(json!({"min": 10})),
        [
            "SELECT setval('s', 10, false) FROM s WHERE last_value < 10",
            "ALTER SEQUENCE s MINVALUE 10 START WITH 10"
        ]
    );
    assert_eq!(
        alter(json!({"increment": -1})),
        ["ALTER SEQUENCE s INCREMENT BY -1 NO MINVALUE NO MAXVALUE START WITH -1 RESTART"]
    );
}

#[test]
fn constraints_may_be_validated_later() {
    renders(
        json!({"add_constraint": {
            "table": {"name": "t"}, "not_valid": true,
            "constraint": {"foreign_key": {
                "name": "f", "columns": ["a"], "ref_table": "p", "ref_columns": ["id"],
                "on_delete": "set_null", "on_update": "cascade", "match": "full", "deferral": "deferred"
            }}
        }}),
        &[
            "ALTER TABLE t ADD CONSTRAINT f FOREIGN KEY (a) REFERENCES p (id) MATCH FULL ON UPDATE CASCADE \
             ON DELETE SET NULL DEFERRABLE INITIALLY DEFERRED NOT VALID",
            "ALTER TABLE t VALIDATE CONSTRAINT f",
        ],
    );
}

/// The text that the server gives for `x IN ('a')` of a varchar column, read as it stands, comes back as another one.
#[test]
fn a_list_of_strings_is_written_so_that_it_reads_the_same_again() {
    let check = |expr: &str| {
        rendered(json!({"add_constraint": {
            "table": {"name": "t"}, "constraint": {"check": {"name": "c", "expr": expr}}
        }}))
    };
    let list = "ARRAY['a)]'::character varying, 'b''['::character varying]";
    assert_eq!(
        check(&format!("(x)::text = ANY (({list})::text[])")),
        [format!("ALTER TABLE t ADD CONSTRAINT c CHECK ((x)::text = ANY ({list}))")]
    );
    for same in
        ["x = ANY ((ARRAY[1, 2])::bigint[])", "x = '((ARRAY['", "x = ANY ((ARRAY['a'::text])::name[])"]
    {
        assert_eq!(check(same), [format!("ALTER TABLE t ADD CONSTRAINT c CHECK ({same})")]);
    }
}

#[test]
fn names_and_bodies_are_quoted() {
    renders(
        json!({"rename_table": {"from": {"name": "a\"b"}, "to": {"schema": "S", "name": "select"}}}),
        &["ALTER TABLE \"a\"\"b\" SET SCHEMA \"S\"", "ALTER TABLE \"S\".\"a\"\"b\" RENAME TO \"select\""],
    );
    renders(
        json!({"rename_table": {"from": {"schema": "S", "name": "50%"}, "to": {"name": "50%"}}}),
        &[
            "DO $$\nBEGIN\n    EXECUTE format('ALTER TABLE \"S\".\"50%%\" SET SCHEMA %I', current_schema());\nEND\n$$",
        ],
    );
}

#[test]
fn what_a_version_lacks_is_said() {
    let add = json!({"add_column": {"table": {"name": "t"}, "column": {"name": "x", "type": "text", "compression": "lz4"}}});
    let error =
        operation(add).render(&Server::oldest(DialectName::Postgres)).expect_err("version 13 has none");
    assert_eq!(error.to_string(), "PostgreSQL has no way to set a column's compression before version 14");
}

#[test]
fn rows_go_in_batches() {
    let rows: Vec<Value> = (0..501).map(|n| json!([n, null, "a'b\\c", true])).collect();
    let statements = rendered(json!({"bulk_insert": {
        "table": {"name": "t"}, "columns": ["i", "n", "s", "b"], "rows": rows
    }}));
    assert_eq!(statements.len(), 2);
    assert_eq!(statements[1], "INSERT INTO t (i, n, s, b) VALUES\n    (500, NULL, E'a''b\\\\c', true)");
}

#[test]
fn fields_that_move_keep_their_values_apart_from_those_of_arrays() {
    let alter = |to: Value, array: bool| {
        json!({"alter_composite": {
            "from": {"name": "pair", "fields": [{"name": "x", "type": "integer"}, {"name": "y", "type": "text"}]},
            "to": {"name": "pair", "fields": to},
            "columns": [{"table": {"name": "t"}, "column": {"name": "p", "type": "pair", "default": "'(1,a)'::pair"}, "array": array}],
        }})
    };
    let wider = json!([{"name": "x", "type": "bigint"}, {"name": "y", "type": "text"}]);
    renders(
        alter(wider.clone(), true),
        &[
            "ALTER TYPE pair RENAME TO pair__old",
            "CREATE TYPE pair AS (x bigint, y text)",
            "ALTER TABLE t ALTER COLUMN p DROP DEFAULT, ALTER COLUMN p TYPE pair[] USING p::text[]::pair[], \
             ALTER COLUMN p SET DEFAULT '(1,a)'::pair",
            "DROP TYPE pair__old",
        ],
    );
    assert!(rendered(alter(wider, false))[2].contains("TYPE pair USING p::text::pair"));
    let moved = json!([{"name": "y", "type": "text"}, {"name": "z", "type": "date"}, {"name": "x", "type": "bigint"}]);
    let row = "USING CASE WHEN p IS DISTINCT FROM NULL THEN ROW((p).y, NULL, (p).x)::text END::pair";
    assert!(rendered(alter(moved.clone(), false))[2].contains(row));
    assert!(operation(alter(moved.clone(), false)).is_destructive().is_none());
    let dropped = rendered(alter(moved.clone(), true));
    assert_eq!(dropped[0], "ALTER TYPE pair DROP ATTRIBUTE x, ADD ATTRIBUTE z date, ADD ATTRIBUTE x bigint");
    assert!(operation(alter(moved, true)).is_destructive().is_some());
}
