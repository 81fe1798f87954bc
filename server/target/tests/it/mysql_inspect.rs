//! The schema of a MariaDB database.

use crate::mysql_bed::{Database, mariadb};
use migrated_core::Code;
use migrated_core::diff::{Rules, diff};
use migrated_core::operation::render_schema;
use migrated_core::schema::{
    Action, Column, Computed, ComputedKind, DefaultValue, FunctionKind, IndexKind, Name, Partition, Schema,
};
use migrated_target::{InspectOptions, Inspected, Scratch, ScratchOptions};
use std::sync::atomic::{AtomicBool, Ordering};

/// Every kind of object, so that the second can be made from what is read of the first.
const ALL: &str = include_str!("mysql_inspect.sql");

async fn inspect(database: &Database) -> Inspected {
    database.target().inspect(&InspectOptions::default()).await.expect("a schema")
}

async fn scratch(database: &Database, script: &str) -> Box<dyn Scratch> {
    let mut scratch =
        database.target().scratch(&ScratchOptions::default()).await.expect("a scratch database");
    scratch.execute("schema.sql", script).await.expect("a script that runs");
    scratch
}

async fn look(scratch: &mut Box<dyn Scratch>) -> Inspected {
    scratch.inspect(&InspectOptions::default()).await.expect("a schema")
}

/// The schema that a script makes.
async fn made(database: &Database, script: &str) -> Inspected {
    let mut scratch = scratch(database, script).await;
    let inspected = look(&mut scratch).await;
    scratch.discard().await.expect("a database that is dropped");
    inspected
}

fn script(statements: &[String]) -> String {
    statements.iter().map(|statement| format!("{statement};\n")).collect()
}

fn column<'s>(schema: &'s Schema, table: &str, column: &str) -> &'s Column {
    let table = schema.tables.get(&Name::local(table)).expect("the table");
    table.column(column).expect("the column")
}

#[tokio::test]
async fn columns_are_told_as_the_server_prints_them() {
    let database = mariadb!();
    database.shell(&format!("ALTER DATABASE {} CHARACTER SET utf8mb4", database.name));
    let schema = made(&database, ALL).await.schema;
    let of = |name: &str| column(&schema, "t", name).clone();
    let sql = |sql: &str| Some(DefaultValue::Sql(sql.into()));
    assert!(of("id").autoincrement && !of("id").nullable && of("id").data_type == "int(10) unsigned");
    assert_eq!((of("a").charset, of("a").collation), (Some("latin1".into()), Some("latin1_bin".into())));
    assert_eq!((of("b").charset, of("b").collation), (None, Some("utf8mb4_bin".into())));
    assert_eq!(of("e").collation, None);
    assert_eq!(of("c").default, sql("current_timestamp(3)"));
    assert_eq!(of("c").on_update.as_deref(), Some("current_timestamp(3)"));
    assert_eq!(of("d").default, sql("1.50"));
    assert_eq!(of("e").data_type, "enum('a','b''c','d,e')");
    assert_eq!(of("f").verbatim, ["CHECK (json_valid(`f`))"]);
    assert_eq!(of("g").computed, Some(Computed { expr: "`id` + 1".into(), kind: ComputedKind::Virtual }));
    assert_eq!(of("k").computed.map(|c| c.kind), Some(ComputedKind::Stored));
    assert!(of("i").invisible);
    assert_eq!(of("m").default, sql(r"'ab\0\0'"));
    assert_eq!(of("nn").default, sql("'NULL'"), "text that looks like no default");
    assert_eq!(of("n").default, None);
    assert_eq!(of("r").default, sql(r"(1 + octet_length('a\'b'))"));
    assert_eq!(of("q").comment.as_deref(), Some("it's \\ é"));
    assert_eq!(column(&schema, "uses", "n").default, sql("nextval(`counter`)"), "without a database");
}

#[tokio::test]
async fn indexes_constraints_and_options_are_told() {
    let database = mariadb!();
    let schema = made(&database, ALL).await.schema;
    let t = schema.tables.get(&Name::local("t")).expect("the table");
    let index = |name: &str| t.indexes.get(&name.to_owned()).expect("the index").clone();
    let parts: Vec<_> = index("ix").items.iter().map(|item| (item.length, item.desc)).collect();
    assert_eq!(parts, [(Some(5), false), (Some(3), true)]);
    assert_eq!((index("ft").kind, index("sp").kind), (IndexKind::Fulltext, IndexKind::Spatial));
    assert!(index("ig").invisible && index("ig").comment.is_some() && index("uh").unique);
    assert_eq!(index("sp").items[0].length, None);
    assert!(t.indexes.contains(&"fk".to_owned()), "the index that a foreign key makes is real");
    let key = t.foreign_keys.first().expect("the foreign key");
    assert_eq!((key.on_delete, key.on_update), (Action::Cascade, Action::NoAction), "RESTRICT is NO ACTION");
    assert_eq!((key.ref_schema.as_deref(), key.ref_table.as_str()), (None, "p"));
    let checks: Vec<_> = t.checks.iter().map(|check| (check.name.as_deref(), check.expr.as_str())).collect();
    assert_eq!(checks, [(Some("ck"), "`u` > 0 or `a` like 'x%'")], "a column's own check is the column's");
    assert_eq!(t.options.verbatim, ["ROW_FORMAT=COMPRESSED", "KEY_BLOCK_SIZE=8"]);
    let options = |name: &str| schema.tables.get(&Name::local(name)).expect("the table").options.clone();
    assert_eq!(options("m").engine.as_deref(), Some("MEMORY"));
    assert_eq!(options("versioned").verbatim, ["WITH SYSTEM VERSIONING"]);
    assert_eq!(options("booked").verbatim, ["PERIOD FOR `stay` (`since`, `until`)"]);
    let booked = schema.tables.get(&Name::local("booked")).expect("the table");
    assert_eq!(booked.checks, [], "a period's own check is the period's");
    let Some(Partition::By(by)) = options("parts").partition else { panic!("no partitions") };
    assert!(by.starts_with("RANGE (`a`)\n(PARTITION `p0` VALUES LESS THAN (10)"), "{by}");
}

#[tokio::test]
async fn programs_and_views_are_told_without_their_database() {
    let database = mariadb!();
    let inspected = made(&database, ALL).await;
    let schema = inspected.schema;
    let view = schema.views.get(&Name::local("v2")).expect("the view");
    assert_eq!(
        view.query,
        "select `v`.`id` AS `id`,`t`.`a` AS `a` from (`v` join `t` on(`t`.`id` = `v`.`id`))"
    );
    assert_eq!(view.depends_on, [Name::local("t"), Name::local("v")]);
    let options: Vec<_> = view.options.iter().map(|(name, value)| format!("{name}={value}")).collect();
    assert_eq!(options, ["algorithm=merge", "security=invoker"]);
    let check = &schema.views.get(&Name::local("v")).expect("the view").options;
    assert_eq!(check.get("check_option").map(String::as_str), Some("cascaded"));
    let t = schema.tables.get(&Name::local("t")).expect("the table");
    let triggers: Vec<&str> = t.triggers.iter().map(|trigger| trigger.definition.as_str()).collect();
    let head = "BEFORE INSERT ON `t` FOR EACH ROW";
    let expected = [
        format!("CREATE TRIGGER `one` {head} set new.a = 'z'"),
        format!("CREATE TRIGGER `three` {head} FOLLOWS `one` set new.a = 'x'"),
        format!(
            "CREATE TRIGGER `two` {head} PRECEDES `one` begin set new.a = ';'; if new.j > 1 then set new.j = 2; end if; end"
        ),
    ];
    assert_eq!(triggers, expected);
    let kinds: Vec<_> = schema.functions.iter().map(|f| (f.name.name.as_str(), f.kind)).collect();
    let expected = [
        ("same", FunctionKind::Event),
        ("same", FunctionKind::Procedure),
        ("quoted", FunctionKind::Function),
        ("same", FunctionKind::Function),
        ("total", FunctionKind::Function),
    ];
    assert_eq!(kinds, expected);
    assert!(
        schema
            .functions
            .iter()
            .all(|f| !f.definition.contains("DEFINER") && !f.definition.contains("STARTS"))
    );
    let modes: Vec<_> = schema.functions.iter().filter_map(|f| f.sql_mode.as_deref()).collect();
    assert_eq!(modes, ["ANSI_QUOTES"]);
    let sequence = schema.sequences.get(&Name::local("counter")).expect("the sequence");
    assert_eq!(
        (sequence.options.start, sequence.options.max, sequence.options.cache),
        (Some(5), Some(1_000), Some(10))
    );
    assert!(sequence.options.cycle);
    assert_eq!(inspected.notes, Vec::<String>::new());
}

#[tokio::test]
async fn what_is_read_makes_the_same_again() {
    let database = mariadb!();
    let first = made(&database, ALL).await;
    let statements = render_schema(&first.schema, &first.server).expect("a schema that can be written");
    let second = made(&database, &script(&statements)).await;
    assert_eq!(second.schema, first.schema);
}

#[tokio::test]
async fn neither_order_nor_time_nor_place_matter() {
    let database = mariadb!();
    let tables =
        ["CREATE TABLE b (id int PRIMARY KEY, a int, KEY k (a))", "CREATE TABLE a (id int PRIMARY KEY)"];
    let key = "ALTER TABLE b ADD CONSTRAINT f FOREIGN KEY (a) REFERENCES a (id) ON DELETE RESTRICT";
    let forth = format!("{};{};{key};", tables[0], tables[1]);
    let back = format!("{};{};{key};DROP TABLE IF EXISTS c;", tables[1], tables[0]);
    let (forth, back) = (made(&database, &forth).await, made(&database, &back).await);
    assert_eq!(forth, back);
    database.shell(&format!("{};{};{key};INSERT INTO a VALUES (1)", tables[0], tables[1]));
    assert_eq!(inspect(&database).await, forth);
}

#[tokio::test]
async fn our_own_tables_are_left_out() {
    let database = mariadb!();
    database.target().ensure_version_table().await.expect("a version table");
    database.shell("CREATE TABLE migrated_journal (id int)");
    assert!(inspect(&database).await.schema.is_empty());
    database.shell("CREATE TABLE theirs (id int)");
    assert_eq!(inspect(&database).await.schema.tables.len(), 1);
}

/// Each changes into the other, there and back.
const PAIRS: &[(&str, &str)] = &[
    ("CREATE TABLE t (a int)", "CREATE TABLE t (a varchar(9) DEFAULT 'x' COMMENT 'c' CHECK (a <> ''))"),
    ("CREATE TABLE t (a int, b int AS (a + 1) VIRTUAL)", "CREATE TABLE t (a int, b int AS (a + 2) STORED)"),
    (
        "CREATE TABLE t (a timestamp NULL)",
        "CREATE TABLE t (a timestamp(3) NOT NULL DEFAULT now(3) ON UPDATE now(3))",
    ),
    (
        "CREATE TABLE t (a int) ENGINE=MyISAM CHECKSUM=1",
        "CREATE TABLE t (a int) ENGINE=InnoDB ROW_FORMAT=COMPRESSED",
    ),
    ("CREATE TABLE t (a int)", "CREATE TABLE t (a int) WITH SYSTEM VERSIONING COMMENT 'x'"),
    (
        "CREATE TABLE t (id int PRIMARY KEY)",
        "CREATE TABLE t (id int NOT NULL, k int AUTO_INCREMENT PRIMARY KEY)",
    ),
    (
        "CREATE TABLE t (a int, b text)",
        "CREATE TABLE t (a int, b text, KEY i (a DESC, b(3)), FULLTEXT f (b))",
    ),
    (
        "CREATE TABLE t (a int, CHECK (a > 0))",
        "CREATE TABLE t (a int, CONSTRAINT n CHECK (a > 1), UNIQUE u (a))",
    ),
    (
        "CREATE TABLE p (id int PRIMARY KEY);CREATE TABLE t (a int, CONSTRAINT f FOREIGN KEY (a) REFERENCES p (id))",
        "CREATE TABLE p (id int PRIMARY KEY);CREATE TABLE t (a int, b int, \
         CONSTRAINT g FOREIGN KEY (b) REFERENCES p (id) ON DELETE SET NULL)",
    ),
    ("CREATE SEQUENCE s", "CREATE SEQUENCE s START 9 INCREMENT -3 MAXVALUE 9 CYCLE NOCACHE"),
    (
        "CREATE TABLE t (a int);CREATE VIEW v AS SELECT a FROM t;CREATE FUNCTION f() RETURNS int RETURN 1",
        "CREATE TABLE t (a int, b int);CREATE SQL SECURITY INVOKER VIEW v AS SELECT a, b FROM t;\
         CREATE FUNCTION f() RETURNS int DETERMINISTIC RETURN (SELECT count(*) FROM t)",
    ),
    (
        "CREATE TABLE t (a int);CREATE TRIGGER b BEFORE INSERT ON t FOR EACH ROW SET new.a = 1",
        "CREATE TABLE t (a int);CREATE TRIGGER b BEFORE INSERT ON t FOR EACH ROW SET new.a = 1;\
         CREATE TRIGGER a BEFORE INSERT ON t FOR EACH ROW SET new.a = 2",
    ),
    ("", "CREATE EVENT e ON SCHEDULE EVERY 1 DAY DISABLE DO BEGIN SET @a = 1; SET @b = 2; END"),
];

#[tokio::test]
async fn the_difference_leads_from_one_to_the_other_and_back() {
    let database = mariadb!();
    for (one, other) in PAIRS {
        let goal = made(&database, other).await;
        let mut scratch = scratch(&database, one).await;
        let start = look(&mut scratch).await;
        for goal in [&goal, &start] {
            let now = look(&mut scratch).await;
            let found = diff(&now.schema, &goal.schema, &Rules::default());
            let rendered =
                found.operations.iter().map(|operation| operation.render(&now.server).expect("SQL"));
            let text = script(&rendered.flatten().collect::<Vec<_>>());
            scratch.execute("change.sql", &text).await.unwrap_or_else(|e| panic!("{e}\n{text}"));
            let left = diff(&look(&mut scratch).await.schema, &goal.schema, &Rules::default());
            assert_eq!(left.operations, [], "{one}\n{other}\n{text}");
        }
        scratch.discard().await.expect("a database that is dropped");
    }
}

/// While somebody renames tables, what is read is whole, or it is said that it moved.
#[tokio::test(flavor = "multi_thread")]
async fn a_schema_that_moves_is_never_read_by_halves() {
    let database = mariadb!();
    database.shell("CREATE TABLE t0 (id int PRIMARY KEY, n int, KEY k (n))");
    /// Stops the other thread however the test ends.
    struct Done<'a>(&'a AtomicBool);
    impl Drop for Done<'_> {
        fn drop(&mut self) {
            self.0.store(true, Ordering::Relaxed);
        }
    }
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let _done = Done(&done);
        scope.spawn(|| {
            for number in 0.. {
                if done.load(Ordering::Relaxed) {
                    break;
                }
                database.shell(&format!("RENAME TABLE t{number} TO t{}", number + 1));
            }
        });
        let target = database.target();
        let read = async {
            for _ in 0..20 {
                match target.inspect(&InspectOptions::default()).await {
                    Ok(inspected) => {
                        let tables: Vec<_> = inspected.schema.tables.iter().collect();
                        let whole = tables.iter().all(|t| t.columns.len() == 2 && t.indexes.len() == 1);
                        assert!(tables.len() == 1 && whole, "{tables:?}");
                    }
                    Err(error) => assert_eq!(error.code, Code::SchemaMoved, "{error}"),
                }
            }
        };
        tokio::task::block_in_place(|| tokio::runtime::Handle::current().block_on(read));
    });
}
