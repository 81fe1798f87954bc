//! What inspection is about, what it leaves out, and what it bears.

use crate::postgres_inspect::{inspected, schema_of, sql, table};
use crate::server::database;
use migrated_core::schema::Schema;
use migrated_target::InspectOptions;

#[tokio::test]
async fn the_own_schema_has_no_name_and_others_are_asked_for() {
    let database = database!();
    database.psql(
        "CREATE SCHEMA app; CREATE SCHEMA \"Other\"; COMMENT ON SCHEMA \"Other\" IS 'else'; CREATE SCHEMA third; \
         CREATE TYPE app.mood AS ENUM ('ok'); CREATE TABLE \"Other\".o (id int PRIMARY KEY, m app.mood); \
         CREATE TABLE app.t (id int REFERENCES \"Other\".o, m app.mood DEFAULT 'ok'); CREATE TABLE third.x (a int)",
    );
    let target = database.target_with(|spec| spec.schema = Some("app".into()));
    let names = |schema: &Schema| schema.tables.iter().map(|t| t.name.to_string()).collect::<Vec<_>>();
    let own = target.inspect(&InspectOptions::default()).await.expect("a schema").schema;
    assert_eq!((names(&own), own.schemas.len()), (vec!["t".to_owned()], 0));
    let t = table(&own, "t");
    assert_eq!((t.columns[1].data_type.as_str(), &t.columns[1].default), ("mood", &sql("'ok'::mood")));
    assert_eq!(
        (t.foreign_keys[0].ref_schema.as_deref(), &*t.foreign_keys[0].ref_columns[0]),
        (Some("Other"), "id")
    );
    let two = InspectOptions { schemas: vec!["Other".into()], ..InspectOptions::default() };
    let two = target.inspect(&two).await.expect("a schema").schema;
    assert_eq!(names(&two), ["t", "Other.o"]);
    assert_eq!(two.schemas.get(&"Other".to_owned()).and_then(|s| s.comment.as_deref()), Some("else"));
    let all = InspectOptions { all_schemas: true, ..InspectOptions::default() };
    let all = target.inspect(&all).await.expect("a schema").schema;
    assert_eq!(names(&all), ["t", "Other.o", "third.x"]);
    assert_eq!(all.schemas.iter().map(|s| s.name.as_str()).collect::<Vec<_>>(), ["Other", "public", "third"]);
}

#[tokio::test]
async fn a_schema_that_is_not_there_is_empty() {
    let database = database!();
    database.psql("CREATE TABLE t (a int)");
    let target = database.target_with(|spec| spec.schema = Some("nowhere".into()));
    assert!(target.inspect(&InspectOptions::default()).await.expect("a schema").schema.is_empty());
}

#[tokio::test]
async fn the_order_in_which_things_were_made_does_not_matter() {
    let (one, two) = (database!(), database!());
    let a = schema_of(
        &one,
        "CREATE TYPE e AS ENUM ('x'); CREATE TABLE a (id int PRIMARY KEY, e e); CREATE TABLE b (a int REFERENCES a, u int UNIQUE, \
         CHECK (a > 0)); CREATE INDEX i ON b (u DESC); CREATE INDEX j ON b (lower(u::text)); CREATE VIEW v AS SELECT * FROM b",
    )
    .await;
    let b = schema_of(
        &two,
        "CREATE TABLE gone (x int); CREATE TABLE b (gone int, a int, u int); ALTER TABLE b DROP COLUMN gone; \
         CREATE INDEX j ON b (lower(u::text)); CREATE INDEX i ON b (u DESC); ALTER TABLE b ADD CHECK (a > 0), ADD UNIQUE (u); \
         CREATE VIEW v AS SELECT * FROM b; CREATE TABLE a (gone int, id int); ALTER TABLE a DROP gone, ADD PRIMARY KEY (id); \
         ALTER TABLE b ADD FOREIGN KEY (a) REFERENCES a; CREATE TYPE e AS ENUM ('x'); ALTER TABLE a ADD e e; DROP TABLE gone",
    )
    .await;
    assert_eq!(a, b);
}

#[tokio::test]
async fn what_no_model_holds_is_noted() {
    let database = database!();
    database.psql(
        "CREATE EXTENSION postgres_fdw; CREATE SERVER far FOREIGN DATA WRAPPER postgres_fdw; \
         CREATE FOREIGN TABLE ft (a int) SERVER far; CREATE TABLE t (a int, b int); CREATE TYPE r AS RANGE (subtype = float8); \
         CREATE RULE quiet AS ON DELETE TO t DO INSTEAD NOTHING; CREATE STATISTICS st ON a, b FROM t; \
         CREATE PUBLICATION pub; CREATE VIEW v AS SELECT a FROM t; COMMENT ON COLUMN v.a IS 'x'",
    );
    let found = inspected(&database).await;
    for what in [
        "foreign table public.ft",
        "type public.r",
        "rule quiet on public.t",
        "statistics object public.st",
        "publication pub",
        "server far",
        "view v: comment or default of column a",
    ] {
        let line = found.notes.iter().filter(|note| note.starts_with(what)).count();
        assert_eq!(line, 1, "{what}: {:#?}", found.notes);
    }
    assert_eq!(found.notes.len(), 7, "{:#?}", found.notes);
    assert!(found.schema.functions.is_empty(), "what a range type comes with is part of it");
}

#[tokio::test]
async fn names_are_kept_as_they_are() {
    let database = database!();
    let long = "n".repeat(63);
    let names = ["select", "a.b", "Üñí \"q\"", "it's", "UPPER", long.as_str()];
    let mut ddl = String::new();
    for name in names {
        let quoted = name.replace('"', "\"\"");
        ddl.push_str(&format!(
            "CREATE TABLE \"{quoted}\" (\"{quoted}\" int CHECK (\"{quoted}\" > 0), b text); \
             CREATE INDEX \"i{}\" ON \"{quoted}\" (abs(\"{quoted}\"), b COLLATE \"C\"); ",
            quoted.chars().take(50).collect::<String>()
        ));
    }
    let schema = schema_of(&database, &ddl).await;
    for name in names {
        let table = table(&schema, name);
        assert_eq!(table.columns[0].name, name);
        let index = table.indexes.iter().next().expect("an index");
        assert!(index.items[0].expr.is_some() && index.items[1].collation.is_some(), "{index:?}");
    }
}

#[tokio::test]
async fn inspection_writes_nothing_and_bears_changes_under_it() {
    let database = database!();
    database.psql(&format!("ALTER DATABASE {} SET default_transaction_read_only = on", database.name));
    assert!(inspected(&database).await.schema.is_empty());
    let reset = format!("ALTER DATABASE {} RESET ALL", database.name);
    database.server.psql("postgres", &reset).expect("SQL that works");
    let server = database.server;
    let (name, stop) =
        (database.name.clone(), std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false)));
    let stopped = stop.clone();
    let changes = std::thread::spawn(move || {
        while !stopped.load(std::sync::atomic::Ordering::Relaxed) {
            let churn = "CREATE TABLE x (a int DEFAULT 1 CHECK (a > 0)); CREATE VIEW y AS SELECT * FROM x; \
                         CREATE INDEX z ON x (abs(a)); DROP TABLE x CASCADE";
            server.psql(&name, churn).expect("changes that work");
        }
    });
    for _ in 0..20 {
        inspected(&database).await;
    }
    stop.store(true, std::sync::atomic::Ordering::Relaxed);
    changes.join().expect("changes that work");
}

#[tokio::test]
async fn texts_do_not_depend_on_who_asks() {
    let database = database!();
    let ddl = "CREATE TABLE t (d date DEFAULT '2024-02-01', z timestamptz DEFAULT '2024-02-01 00:00:00+00', \
               i interval DEFAULT '1 day 2 hours', f float8 DEFAULT 0.1, b bytea DEFAULT 'x', m money DEFAULT 1)";
    let plain = schema_of(&database, ddl).await;
    for setting in [
        "DateStyle = 'SQL, DMY'",
        "IntervalStyle = iso_8601",
        "TimeZone = 'Asia/Tokyo'",
        "extra_float_digits = -10",
        "bytea_output = escape",
        "quote_all_identifiers = on",
    ] {
        database.psql(&format!("ALTER DATABASE {} SET {setting}", database.name));
    }
    let defaults =
        |schema: &Schema| table(schema, "t").columns.iter().map(|c| c.default.clone()).collect::<Vec<_>>();
    assert_eq!(defaults(&inspected(&database).await.schema), defaults(&plain));
    assert_eq!(defaults(&plain)[0], sql("'2024-02-01'::date"));
    assert_eq!(defaults(&plain)[1], sql("'2024-02-01 00:00:00+00'::timestamp with time zone"));
}
