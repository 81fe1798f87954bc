//! What inspection reads, kind by kind.

use crate::server::{Database, database};
use migrated_core::schema::*;
use migrated_target::{InspectOptions, Inspected};

pub(crate) async fn inspected(database: &Database) -> Inspected {
    database.target().inspect(&InspectOptions::default()).await.expect("a schema")
}

pub(crate) async fn schema_of(database: &Database, ddl: &str) -> Schema {
    database.psql(ddl);
    inspected(database).await.schema
}

pub(crate) fn table(schema: &Schema, name: &str) -> Table {
    schema.tables.get(&Name::local(name)).expect("the table").clone()
}

pub(crate) fn sql(text: &str) -> Option<DefaultValue> {
    Some(DefaultValue::Sql(text.into()))
}

#[tokio::test]
async fn an_empty_database_is_an_empty_schema() {
    let database = database!();
    let found = inspected(&database).await;
    assert!(found.schema.is_empty(), "{:?}", found.schema);
    assert_eq!(found.notes, Vec::<String>::new());
    let number: u32 = database.psql("SHOW server_version_num").parse().expect("a number");
    assert_eq!(found.server.version, (number / 10_000, number % 10_000, 0));
}

#[tokio::test]
async fn our_own_tables_and_those_of_extensions_are_left_out() {
    let database = database!();
    let target = database.target();
    target.ensure_version_table().await.expect("a version table");
    database.psql(
        "CREATE TABLE migrated_journal (id int); CREATE SCHEMA ext; CREATE EXTENSION pg_trgm SCHEMA ext; \
         CREATE EXTENSION citext; CREATE EXTENSION pg_stat_statements",
    );
    let schema = inspected(&database).await.schema;
    assert!(schema.tables.is_empty() && schema.functions.is_empty() && schema.views.is_empty());
    let extensions: Vec<_> =
        schema.extensions.iter().map(|e| (e.name.as_str(), e.schema.as_deref())).collect();
    assert_eq!(extensions, [("citext", None), ("pg_stat_statements", None), ("pg_trgm", Some("ext"))]);
    assert!(schema.extensions.iter().all(|extension| extension.version.is_some()));
}

#[tokio::test]
async fn columns_are_told_with_what_is_not_their_types_default() {
    let database = database!();
    let schema = schema_of(
        &database,
        "CREATE TYPE mood AS ENUM ('sad','ok'); \
         CREATE TABLE t (id bigint GENERATED ALWAYS AS IDENTITY (START 10 CYCLE), n numeric(10,2)[] NOT NULL, \
         s varchar(50) COLLATE \"C\" DEFAULT 'it''s', m mood DEFAULT 'ok', c int GENERATED ALWAYS AS (id + 1) STORED, \
         \"Ü x\" text, ts timestamptz(3) DEFAULT now()); \
         ALTER TABLE t ALTER s SET STORAGE EXTERNAL, ALTER s SET STATISTICS 500, ALTER s SET COMPRESSION pglz; \
         COMMENT ON COLUMN t.s IS 'a comment'",
    )
    .await;
    let t = table(&schema, "t");
    let names: Vec<_> = t.columns.iter().map(|c| c.name.as_str()).collect();
    assert_eq!(names, ["id", "n", "s", "m", "c", "Ü x", "ts"]);
    let options = SequenceOptions { start: Some(10), cycle: true, ..SequenceOptions::default() };
    assert_eq!(t.columns[0].identity, Some(Identity { always: true, options }));
    assert_eq!((t.columns[1].data_type.as_str(), t.columns[1].nullable), ("numeric(10,2)[]", false));
    let s = Column {
        default: sql("'it''s'::character varying"),
        collation: Some("\"C\"".into()),
        storage: Some("EXTERNAL".into()),
        compression: Some("pglz".into()),
        statistics: Some(500),
        comment: Some("a comment".into()),
        ..Column::new("s", "character varying(50)")
    };
    assert_eq!(t.columns[2], s);
    assert_eq!((t.columns[3].data_type.as_str(), &t.columns[3].default), ("mood", &sql("'ok'::mood")));
    assert_eq!(t.columns[4].computed, Some(Computed { expr: "id + 1".into(), kind: ComputedKind::Stored }));
    assert_eq!(t.columns[5], Column::new("Ü x", "text"));
    assert_eq!(t.columns[6].data_type, "timestamp(3) with time zone");
}

#[tokio::test]
async fn constraints_are_told_with_all_their_options() {
    let database = database!();
    let schema = schema_of(
        &database,
        "CREATE EXTENSION btree_gist; CREATE SCHEMA other; CREATE TABLE other.r (a int, b int, PRIMARY KEY (b, a)); \
         CREATE TABLE t (a int, b int, c int4range, d text, \
         CONSTRAINT pk PRIMARY KEY (b, a) INCLUDE (d) WITH (fillfactor=70), \
         CONSTRAINT uq UNIQUE NULLS NOT DISTINCT (d) DEFERRABLE INITIALLY DEFERRED, \
         CONSTRAINT ck CHECK ((a > 0) AND (b > 0)) NO INHERIT, \
         CONSTRAINT fk FOREIGN KEY (a, b) REFERENCES other.r (a, b) MATCH FULL ON DELETE SET NULL (b) ON UPDATE CASCADE, \
         CONSTRAINT ex EXCLUDE USING gist (a WITH =, c WITH &&, lower(d) WITH =) WHERE (a > 5) DEFERRABLE); \
         ALTER TABLE t ADD CONSTRAINT later CHECK (a < 9) NOT VALID; COMMENT ON CONSTRAINT ck ON t IS 'why'",
    )
    .await;
    let t = table(&schema, "t");
    let key = t.primary_key.expect("a primary key");
    assert_eq!((key.columns, key.include), (vec!["b".to_owned(), "a".into()], vec!["d".to_owned()]));
    assert_eq!(key.verbatim, ["WITH (fillfactor='70')"]);
    assert_eq!((t.uniques[0].nulls_not_distinct, t.uniques[0].deferral), (true, Deferral::Deferred));
    let check = |at: usize| (t.checks[at].expr.as_str(), t.checks[at].no_inherit, t.checks[at].not_valid);
    assert_eq!((check(0), check(1)), (("(a > 0) AND (b > 0)", true, false), ("a < 9", false, true)));
    assert_eq!(t.checks[0].comment.as_deref(), Some("why"));
    let fk = &t.foreign_keys[0];
    assert_eq!((fk.ref_schema.as_deref(), &*fk.ref_table), (Some("other"), "r"));
    assert_eq!(
        (&fk.columns[..], &fk.ref_columns[..]),
        (&["a".to_owned(), "b".into()][..], &["a".to_owned(), "b".into()][..])
    );
    assert_eq!((fk.on_delete, &fk.on_delete_columns[..]), (Action::SetNull, &["b".to_owned()][..]));
    assert_eq!((fk.on_update, fk.match_kind), (Action::Cascade, Match::Full));
    let ex = &t.excludes[0];
    let items: Vec<_> = ex.items.iter().map(|i| (i.element.as_str(), i.operator.as_str())).collect();
    assert_eq!(items, [("a", "="), ("c", "&&"), ("lower(d)", "=")]);
    assert_eq!(
        (ex.method.as_str(), ex.predicate.as_deref(), ex.deferral),
        ("gist", Some("a > 5"), Deferral::Immediate)
    );
    assert!(t.indexes.is_empty(), "{:?}", t.indexes);
    assert!(!schema.tables.contains(&Name::new(Some("other"), "r")), "another schema was not asked for");
}

#[tokio::test]
async fn indexes_are_told_item_by_item() {
    let database = database!();
    let schema = schema_of(
        &database,
        "CREATE EXTENSION pg_trgm; CREATE TABLE t (a text, b int, c varchar(9), d jsonb, e tsvector); \
         CREATE UNIQUE INDEX one ON t (b DESC, c NULLS FIRST) INCLUDE (a) NULLS NOT DISTINCT WITH (fillfactor=50) \
         WHERE (b > 0); \
         CREATE INDEX two ON t (lower(a) COLLATE \"C\" text_pattern_ops DESC, (b + 1)); \
         CREATE INDEX three ON t USING gist (a gist_trgm_ops (siglen=32)); \
         CREATE INDEX four ON t USING gin (d jsonb_path_ops, e); CREATE INDEX five ON t (c COLLATE \"C\"); \
         CREATE INDEX six ON t (a, c); COMMENT ON INDEX six IS 'sixth'",
    )
    .await;
    let t = table(&schema, "t");
    let index = |name: &str| t.indexes.get(&name.to_owned()).expect("the index").clone();
    let one = index("one");
    assert!(one.unique && one.nulls_not_distinct && one.method.is_none());
    assert_eq!((one.include, one.predicate.as_deref()), (vec!["a".to_owned()], Some("b > 0")));
    assert_eq!(one.with.get("fillfactor").map(String::as_str), Some("50"));
    let desc = IndexItem { desc: true, ..IndexItem::column("b") };
    assert_eq!(one.items, [desc, IndexItem { nulls: Some(Nulls::First), ..IndexItem::column("c") }]);
    let lower = IndexItem {
        expr: Some("lower(a)".into()),
        collation: Some("\"C\"".into()),
        opclass: Some("text_pattern_ops".into()),
        desc: true,
        ..IndexItem::default()
    };
    assert_eq!(index("two").items, [lower, IndexItem { expr: Some("b + 1".into()), ..IndexItem::default() }]);
    let trgm = IndexItem { opclass: Some("gist_trgm_ops (siglen='32')".into()), ..IndexItem::column("a") };
    assert_eq!((index("three").items, index("three").method.as_deref()), (vec![trgm], Some("gist")));
    let path = IndexItem { opclass: Some("jsonb_path_ops".into()), ..IndexItem::column("d") };
    assert_eq!(index("four").items, [path, IndexItem::column("e")]);
    assert_eq!(
        index("five").items,
        [IndexItem { collation: Some("\"C\"".into()), ..IndexItem::column("c") }]
    );
    assert_eq!(index("six").items, [IndexItem::column("a"), IndexItem::column("c")]);
    assert_eq!(index("six").comment.as_deref(), Some("sixth"));
}

#[tokio::test]
async fn an_invalid_index_is_noted_and_left_out() {
    let database = database!();
    database.psql("CREATE TABLE t (a int); INSERT INTO t VALUES (1), (1)");
    let failed = database.server.psql(&database.name, "CREATE UNIQUE INDEX CONCURRENTLY bad ON t (a)");
    failed.expect_err("the rows are alike");
    let found = inspected(&database).await;
    assert!(table(&found.schema, "t").indexes.is_empty());
    assert_eq!(found.notes, ["index bad on t is invalid and left out"]);
}

#[tokio::test]
async fn types_and_sequences_are_told() {
    let database = database!();
    let schema = schema_of(
        &database,
        "CREATE TYPE mood AS ENUM ('sad', 'it''s, ok'); ALTER TYPE mood ADD VALUE 'first' BEFORE 'sad'; \
         COMMENT ON TYPE mood IS 'moods'; CREATE TYPE pair AS (a int, b text COLLATE \"C\"); \
         CREATE DOMAIN positive AS numeric(8,2) DEFAULT 1 NOT NULL CONSTRAINT pos CHECK (VALUE > 0); \
         ALTER DOMAIN positive ADD CONSTRAINT small CHECK (VALUE < 100) NOT VALID; \
         CREATE SEQUENCE down AS smallint INCREMENT -2 CACHE 5; CREATE TABLE t (id serial)",
    )
    .await;
    let mood = schema.enums.get(&Name::local("mood")).expect("the enum");
    assert_eq!(
        (&mood.values[..], mood.comment.as_deref()),
        (&["first".to_owned(), "sad".into(), "it's, ok".into()][..], Some("moods"))
    );
    let pair = schema.composites.get(&Name::local("pair")).expect("the composite");
    assert_eq!(
        (pair.fields[0].data_type.as_str(), pair.fields[1].collation.as_deref()),
        ("integer", Some("\"C\""))
    );
    let domain = schema.domains.get(&Name::local("positive")).expect("the domain");
    assert_eq!(
        (domain.data_type.as_str(), domain.not_null, domain.default.as_deref()),
        ("numeric(8,2)", true, Some("1"))
    );
    let checks: Vec<_> = domain.checks.iter().map(|c| (c.expr.as_str(), c.not_valid)).collect();
    assert_eq!(checks, [("VALUE > (0)::numeric", false), ("VALUE < (100)::numeric", true)]);
    let down = schema.sequences.get(&Name::local("down")).expect("the sequence");
    assert_eq!(down.data_type.as_deref(), Some("smallint"));
    assert_eq!(
        down.options,
        SequenceOptions { increment: Some(-2), cache: Some(5), ..SequenceOptions::default() }
    );
    let serial = schema.sequences.get(&Name::local("t_id_seq")).expect("the serial's sequence");
    assert_eq!(serial.owned_by, Some(Owner { table: "t".into(), column: "id".into() }));
    assert_eq!(serial.options, SequenceOptions::default());
    assert_eq!(table(&schema, "t").columns[0].default, sql("nextval('t_id_seq'::regclass)"));
}

#[tokio::test]
async fn views_name_what_they_need() {
    let database = database!();
    let schema = schema_of(
        &database,
        "CREATE SCHEMA other; CREATE TABLE other.o (x int); CREATE TABLE t (a int, b text); \
         CREATE VIEW v WITH (security_barrier, check_option=local) AS SELECT a FROM t WHERE a > 1; \
         CREATE VIEW w AS SELECT v.a, o.x FROM v, other.o o; COMMENT ON VIEW w IS 'joined'; \
         CREATE MATERIALIZED VIEW m AS SELECT count(*) AS n FROM w; CREATE UNIQUE INDEX m_n ON m (n)",
    )
    .await;
    let view = |name: &str| schema.views.get(&Name::local(name)).expect("the view").clone();
    let v = view("v");
    assert_eq!(v.query, "SELECT t.a\n   FROM t\n  WHERE (t.a > 1)");
    assert_eq!(v.options.get("check_option").map(String::as_str), Some("local"));
    assert_eq!(v.options.get("security_barrier").map(String::as_str), Some("true"));
    assert_eq!(view("w").depends_on, [Name::local("v"), Name::new(Some("other"), "o")]);
    assert_eq!(view("w").comment.as_deref(), Some("joined"));
    let m = view("m");
    assert!(m.materialized && m.indexes.contains(&"m_n".to_owned()));
    assert_eq!(m.columns, [("n".to_owned(), "bigint".to_owned())]);
}

#[tokio::test]
async fn routines_triggers_and_policies_are_told() {
    let database = database!();
    let role = format!("reader_{}", database.name);
    let schema = schema_of(
        &database,
        &format!(
            "CREATE ROLE {role}; CREATE TABLE t (a int, owner text); CREATE VIEW v AS SELECT a FROM t; \
             CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RETURN NEW; END$$; \
             CREATE FUNCTION g(a int, OUT b text) LANGUAGE sql AS $$SELECT 'public.g'::text$$; \
             CREATE PROCEDURE p(a int DEFAULT 3) LANGUAGE sql AS 'SELECT 1'; \
             CREATE FUNCTION add(int, int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT $1 + $2'; \
             CREATE AGGREGATE total(int) (SFUNC = add, STYPE = int, INITCOND = '0', PARALLEL = SAFE); \
             CREATE TRIGGER tr BEFORE UPDATE OF a ON t FOR EACH ROW WHEN (OLD.a > 0) EXECUTE FUNCTION f(); \
             ALTER TABLE t DISABLE TRIGGER tr; CREATE TRIGGER iv INSTEAD OF INSERT ON v FOR EACH ROW EXECUTE FUNCTION f(); \
             ALTER TABLE t ENABLE ROW LEVEL SECURITY; ALTER TABLE t FORCE ROW LEVEL SECURITY; \
             CREATE POLICY mine ON t AS RESTRICTIVE FOR UPDATE TO {role}, postgres USING (owner = CURRENT_USER) WITH CHECK (true); \
             CREATE POLICY all_of_it ON t; COMMENT ON FUNCTION g(int) IS 'gee'"
        ),
    )
    .await;
    let function = |key: &str| schema.functions.get(&key.to_owned()).expect(key).clone();
    let g = function("g(a integer, OUT b text)");
    assert!(
        g.definition.starts_with("CREATE FUNCTION g(a integer, OUT b text)\n RETURNS text"),
        "{}",
        g.definition
    );
    assert!(g.definition.contains("'public.g'"), "the body is left as it is: {}", g.definition);
    assert_eq!((g.returns.as_str(), g.comment.as_deref()), ("text", Some("gee")));
    assert_eq!(function("procedure p(IN a integer)").kind, FunctionKind::Procedure);
    let total = function("total(integer)");
    assert_eq!(
        total.definition,
        "CREATE AGGREGATE total(integer) (SFUNC = add, STYPE = integer, INITCOND = '0', PARALLEL = SAFE)"
    );
    let t = table(&schema, "t");
    let trigger = t.triggers.get(&"tr".to_owned()).expect("the trigger");
    assert_eq!(
        trigger.definition,
        "CREATE TRIGGER tr BEFORE UPDATE OF a ON t FOR EACH ROW WHEN (old.a > 0) EXECUTE FUNCTION f()"
    );
    assert_eq!(trigger.enabled.as_deref(), Some("DISABLED"));
    let view = schema.views.get(&Name::local("v")).expect("the view");
    assert!(view.triggers.contains(&"iv".to_owned()));
    assert_eq!(t.row_security, RowSecurity::Forced);
    let policy = t.policies.get(&"mine".to_owned()).expect("the policy");
    assert_eq!((policy.permissive, policy.command), (false, PolicyCommand::Update));
    assert_eq!(policy.roles, ["postgres".to_owned(), role.clone()]);
    assert_eq!(
        (policy.using.as_deref(), policy.check.as_deref()),
        (Some("owner = CURRENT_USER"), Some("true"))
    );
    assert_eq!(t.policies.get(&"all_of_it".to_owned()).expect("the policy").roles, ["public"]);
    database.psql(&format!("DROP TABLE t CASCADE; DROP ROLE {role}"));
}

#[tokio::test]
async fn what_is_inherited_is_not_told_twice() {
    let database = database!();
    let schema = schema_of(
        &database,
        "CREATE TABLE p (id int PRIMARY KEY, a text DEFAULT 'x', CONSTRAINT ck CHECK (id > 0)) PARTITION BY RANGE (id); \
         CREATE INDEX p_a ON p (a); CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (1) TO (10); \
         CREATE TABLE p2 (id int NOT NULL, a text DEFAULT 'y', CONSTRAINT ck CHECK (id > 0)); \
         ALTER TABLE p ATTACH PARTITION p2 FOR VALUES FROM (10) TO (20); \
         CREATE TABLE p3 PARTITION OF p DEFAULT PARTITION BY LIST (id); \
         CREATE TABLE base (a int, b int); CREATE TABLE child (c int) INHERITS (base)",
    )
    .await;
    let p = table(&schema, "p");
    assert_eq!(p.options.partition, Some(Partition::By("RANGE (id)".into())));
    assert!(p.primary_key.is_some() && p.indexes.len() == 1 && p.checks.len() == 1);
    let p1 = table(&schema, "p1");
    let bound = |bound: &str| Some(Partition::Of { parent: Name::local("p"), bound: bound.into() });
    assert_eq!(p1.options.partition, bound("FOR VALUES FROM (1) TO (10)"));
    assert!(
        p1.columns.is_empty() && p1.primary_key.is_none() && p1.indexes.is_empty() && p1.checks.is_empty()
    );
    let p2 = table(&schema, "p2");
    assert_eq!(p2.columns.iter().map(|c| c.default.clone()).collect::<Vec<_>>(), [sql("'y'::text")]);
    let p3 = table(&schema, "p3");
    assert_eq!(
        (p3.options.partition, p3.options.verbatim),
        (bound("DEFAULT"), vec!["PARTITION BY LIST (id)".to_owned()])
    );
    let child = table(&schema, "child");
    assert_eq!(child.options.inherits, [Name::local("base")]);
    assert_eq!(child.columns, [Column::new("c", "integer")]);
}

#[tokio::test]
async fn options_of_tables_are_told() {
    let database = database!();
    let schema = schema_of(
        &database,
        "CREATE UNLOGGED TABLE t (a int NOT NULL, b text) WITH (fillfactor=70, toast.autovacuum_enabled=false); \
         CREATE UNIQUE INDEX t_a ON t (a); ALTER TABLE t REPLICA IDENTITY USING INDEX t_a; COMMENT ON TABLE t IS 'tee'",
    )
    .await;
    let t = table(&schema, "t");
    assert!(t.options.unlogged);
    let with: Vec<_> = t.options.with.iter().map(|(name, value)| format!("{name}={value}")).collect();
    assert_eq!(with, ["fillfactor=70", "toast.autovacuum_enabled=false"]);
    assert_eq!(t.options.replica_identity.as_deref(), Some("USING INDEX t_a"));
    assert_eq!(t.comment.as_deref(), Some("tee"));
}
