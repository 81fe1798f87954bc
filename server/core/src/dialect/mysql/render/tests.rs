use crate::DialectName;
use crate::dialect::split;
use crate::operation::{
    AddColumn, AddConstraint, AlterColumn, AlterFunction, AlterSequence, AlterTableOptions, AlterView,
    BulkInsert, ChangePrimaryKey, CreateEnum, CreateFunction, CreateIndex, CreateTable, CreateTrigger,
    DropConstraint, Operation, OperationError, RenameIndex, Server,
};
use crate::schema::{
    Action, Check, Column, Computed, ComputedKind, Constraint, DefaultValue, ForeignKey, Function,
    FunctionKind, Index, IndexItem, LiteralValue, Name, Partition, PrimaryKey, Sequence, SequenceOptions,
    Table, TableOptions, Trigger, View,
};

const MARIADB: Server = Server { dialect: DialectName::Mysql, version: (10, 6, 0), mariadb: true };
const MYSQL: Server = Server::oldest(DialectName::Mysql);

fn sql(operation: &Operation, server: &Server) -> String {
    operation.render(server).expect("an operation that can be written").join(";\n")
}

fn with_default(data_type: &str, default: &str) -> Column {
    Column { default: Some(DefaultValue::Sql(default.into())), ..Column::new("c", data_type) }
}

fn added(column: Column) -> Operation {
    Operation::AddColumn(AddColumn { table: Name::local("t"), column, if_not_exists: false })
}

fn altered(from: Column, to: Column) -> Operation {
    Operation::AlterColumn(AlterColumn { table: Name::local("t"), from, to, using: None })
}

fn computed(expr: &str, kind: ComputedKind) -> Column {
    Column { computed: Some(Computed { expr: expr.into(), kind }), ..Column::new("c", "int(11)") }
}

#[test]
fn a_table_is_written_whole() {
    let mut table = Table {
        name: Name::local("order"),
        columns: vec![
            Column { nullable: false, autoincrement: true, ..Column::new("id", "int(10) unsigned") },
            Column {
                charset: Some("latin1".into()),
                collation: Some("latin1_bin".into()),
                comment: Some("it's".into()),
                verbatim: vec!["CHECK (`note` <> '')".into()],
                ..Column::new("note", "varchar(20)")
            },
            Column { on_update: Some("current_timestamp()".into()), ..Column::new("at", "timestamp") },
        ],
        primary_key: Some(PrimaryKey { columns: vec!["id".into()], ..PrimaryKey::default() }),
        checks: vec![Check { name: Some("ck".into()), expr: "`id` > 0".into(), ..Check::default() }],
        foreign_keys: vec![ForeignKey {
            name: Some("fk".into()),
            columns: vec!["id".into()],
            ref_schema: Some("other".into()),
            ref_table: "p".into(),
            ref_columns: vec!["id".into()],
            on_delete: Action::Cascade,
            on_update: Action::Restrict,
            ..ForeignKey::default()
        }],
        comment: Some("a\\b".into()),
        options: TableOptions {
            engine: Some("InnoDB".into()),
            charset: Some("utf8mb4".into()),
            collation: Some("utf8mb4_bin".into()),
            partition: Some(Partition::By("HASH (`id`)".into())),
            verbatim: vec![
                "ROW_FORMAT=COMPRESSED".into(),
                "PERIOD FOR p (a, b)".into(),
                "WITH SYSTEM VERSIONING".into(),
            ],
            ..TableOptions::default()
        },
        ..Table::default()
    };
    let prefix = IndexItem { length: Some(5), desc: true, ..IndexItem::column("note") };
    table.indexes.insert(Index { name: "ix".into(), items: vec![prefix], unique: true, ..Index::default() });
    table.triggers.insert(Trigger {
        name: "tr".into(),
        definition: "CREATE TRIGGER …".into(),
        ..Trigger::default()
    });
    let made = Operation::CreateTable(CreateTable { table, if_not_exists: true });
    let expected = "\
CREATE TABLE IF NOT EXISTS `order` (
  id int(10) unsigned NOT NULL AUTO_INCREMENT,
  note varchar(20) CHARACTER SET latin1 COLLATE latin1_bin COMMENT 'it''s' CHECK (`note` <> ''),
  at timestamp NULL ON UPDATE current_timestamp(),
  PERIOD FOR p (a, b),
  PRIMARY KEY (id),
  UNIQUE KEY ix (note(5) DESC),
  CONSTRAINT ck CHECK (`id` > 0),
  CONSTRAINT fk FOREIGN KEY (id) REFERENCES other.p (id) ON DELETE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin ROW_FORMAT=COMPRESSED COMMENT='a\\\\b' WITH SYSTEM VERSIONING
PARTITION BY HASH (`id`);
CREATE TRIGGER …";
    assert_eq!(sql(&made, &MARIADB), expected);
}

#[test]
fn expressions_as_defaults_stand_in_parentheses() {
    let cases = [
        ("int(11)", "-1.5e3", "-1.5e3"),
        ("int(11)", "1 - 1", "(1 - 1)"),
        ("int(11)", "1-1", "(1-1)"),
        ("int(11)", "(1) + (2)", "((1) + (2))"),
        ("int(11)", "(1 + length(')'))", "(1 + length(')'))"),
        ("bit(3)", "b'101'", "b'101'"),
        ("varchar(9)", "'it''s \\' x'", "'it''s \\' x'"),
        ("varchar(9)", "'a' || 'b'", "('a' || 'b')"),
        ("char(36)", "uuid()", "(uuid())"),
        ("datetime(3)", "current_timestamp(3)", "current_timestamp(3)"),
        ("datetime", "NOW() + interval 1 day", "(NOW() + interval 1 day)"),
        ("bool", "TRUE", "TRUE"),
        ("varbinary(4)", "0x6162", "0x6162"),
        ("date", "DATE '2020-01-01'", "DATE '2020-01-01'"),
    ];
    for (data_type, default, expected) in cases {
        let written = sql(&added(with_default(data_type, default)), &MARIADB);
        assert_eq!(written, format!("ALTER TABLE t ADD COLUMN c {data_type} DEFAULT {expected}"));
    }
    let text = added(with_default("text", "'x'"));
    assert!(sql(&text, &MYSQL).ends_with("DEFAULT ('x')"), "MySQL gives TEXT expressions only");
    assert!(sql(&text, &MARIADB).ends_with("DEFAULT 'x'"));
    let yes = DefaultValue::Literal { literal: LiteralValue::Bool(true) };
    let column = Column { default: Some(yes), ..Column::new("c", "tinyint(1)") };
    assert!(sql(&added(column), &MYSQL).ends_with("DEFAULT 1"));
}

#[test]
fn a_column_is_changed_in_one_statement_and_keeps_the_rest() {
    let from = Column { comment: Some("kept".into()), ..with_default("int(11)", "0") };
    let to = Column { nullable: false, data_type: "bigint(20)".into(), ..from.clone() };
    let expected = "ALTER TABLE t MODIFY COLUMN c bigint(20) NOT NULL DEFAULT 0 COMMENT 'kept'";
    assert_eq!(sql(&altered(from.clone(), to.clone()), &MYSQL), expected);
    let renamed = Column { name: "d".into(), ..to };
    let expected = "ALTER TABLE t CHANGE COLUMN c d bigint(20) NOT NULL DEFAULT 0 COMMENT 'kept'";
    assert_eq!(sql(&altered(from.clone(), renamed), &MYSQL), expected);
    let only = Column { name: "d".into(), ..from.clone() };
    assert_eq!(sql(&altered(from, only), &MYSQL), "ALTER TABLE t RENAME COLUMN c TO d");
}

#[test]
fn a_generated_column_is_made_anew_where_the_server_cannot_change_it() {
    let (stored, held) = (computed("a", ComputedKind::Stored), computed("a", ComputedKind::Virtual));
    let anew = "ALTER TABLE t DROP COLUMN c, ADD COLUMN c int(11) GENERATED ALWAYS AS (a) VIRTUAL";
    assert_eq!(sql(&altered(stored.clone(), held), &MARIADB), anew);
    let other = computed("a + 1", ComputedKind::Stored);
    let modified = "ALTER TABLE t MODIFY COLUMN c int(11) GENERATED ALWAYS AS (a + 1) STORED";
    assert_eq!(sql(&altered(stored, other), &MARIADB), modified);
}

#[test]
fn another_expression_of_a_virtual_column_is_not_taken_in_place() {
    let (old, new) = (computed("b", ComputedKind::Virtual), computed("a", ComputedKind::Virtual));
    let copied = "ALTER TABLE t MODIFY COLUMN c int(11) GENERATED ALWAYS AS (a) VIRTUAL, ALGORITHM=COPY";
    assert_eq!(sql(&altered(old.clone(), new), &MARIADB), copied);
    let said = Column { comment: Some("said".into()), ..old.clone() };
    assert!(!sql(&altered(old.clone(), said), &MARIADB).contains("ALGORITHM"));
    let stored = computed("a", ComputedKind::Stored);
    assert!(!sql(&altered(computed("b", ComputedKind::Stored), stored), &MARIADB).contains("ALGORITHM"));
}

#[test]
fn a_primary_key_changes_together_with_its_counter() {
    let key = |column: &str| PrimaryKey { columns: vec![column.into()], ..PrimaryKey::default() };
    let id = Column { nullable: false, autoincrement: true, ..Column::new("id", "int") };
    let change = Operation::ChangePrimaryKey(ChangePrimaryKey {
        table: Name::local("t"),
        from: Some(key("a")),
        to: Some(key("id")),
        drop: vec![Column::new("a", "int")],
        alter: vec![],
        add: vec![id],
    });
    let expected = "ALTER TABLE t DROP PRIMARY KEY, DROP COLUMN a, ADD COLUMN id int NOT NULL AUTO_INCREMENT, \
                    ADD PRIMARY KEY (id)";
    assert_eq!(sql(&change, &MYSQL), expected);
}

#[test]
fn the_two_servers_drop_checks_in_their_own_ways() {
    let constraint =
        Constraint::Check(Check { name: Some("ck".into()), expr: "a".into(), ..Check::default() });
    let drop = |if_exists| {
        let constraint = constraint.clone();
        Operation::DropConstraint(DropConstraint { table: Name::local("t"), constraint, if_exists })
    };
    assert_eq!(sql(&drop(true), &MARIADB), "ALTER TABLE t DROP CONSTRAINT IF EXISTS ck");
    assert_eq!(sql(&drop(false), &MYSQL), "ALTER TABLE t DROP CHECK ck");
    assert!(drop(true).render(&MYSQL).is_err(), "MySQL has no IF EXISTS here");
}

#[test]
fn options_that_go_get_their_defaults() {
    let options = |charset: &str, verbatim: &[&str]| TableOptions {
        charset: Some(charset.into()),
        verbatim: verbatim.iter().map(|text| (*text).to_owned()).collect(),
        ..TableOptions::default()
    };
    let alter = Operation::AlterTableOptions(AlterTableOptions {
        table: Name::local("t"),
        from: options("latin1", &["ROW_FORMAT=COMPRESSED", "KEY_BLOCK_SIZE=8", "CHECKSUM=1"]),
        to: options("utf8mb4", &["CHECKSUM=0", "WITH SYSTEM VERSIONING"]),
    });
    let expected = "ALTER TABLE t DEFAULT CHARACTER SET = utf8mb4, ROW_FORMAT=DEFAULT, KEY_BLOCK_SIZE=0, CHECKSUM=0, \
                    ADD SYSTEM VERSIONING";
    assert_eq!(sql(&alter, &MARIADB), expected);
}

#[test]
fn indexes() {
    let create = |index: Index| {
        let table = Name::new(Some("d"), "t");
        Operation::CreateIndex(CreateIndex { table, index, if_not_exists: false, concurrently: false })
    };
    let expression = IndexItem { expr: Some("lower(`a`)".into()), ..IndexItem::default() };
    let index = Index { name: "i".into(), items: vec![expression], invisible: true, ..Index::default() };
    assert_eq!(sql(&create(index.clone()), &MYSQL), "CREATE INDEX i ON d.t ((lower(`a`))) INVISIBLE");
    let refused = create(index).render(&MARIADB).expect_err("MariaDB indexes no expression");
    assert!(refused.to_string().contains("generated column"), "{refused}");
    let over = IndexItem { expr: Some("`p` WITHOUT OVERLAPS".into()), ..IndexItem::default() };
    let items = vec![IndexItem::column("a"), over];
    let index = Index { name: "i".into(), items, unique: true, ..Index::default() };
    assert_eq!(sql(&create(index), &MARIADB), "ALTER TABLE d.t ADD UNIQUE KEY i (a, `p` WITHOUT OVERLAPS)");
    let partial = Index { name: "i".into(), predicate: Some("a".into()), ..Index::default() };
    assert!(create(partial).render(&MYSQL).is_err());
    let rename = RenameIndex { table: Name::local("t"), from: "i".into(), to: "key".into(), index: None };
    assert_eq!(sql(&Operation::RenameIndex(rename), &MYSQL), "ALTER TABLE t RENAME INDEX i TO `key`");
}

#[test]
fn a_sequence_is_told_what_changed() {
    let options =
        SequenceOptions { start: Some(5), increment: Some(2), cycle: true, ..SequenceOptions::default() };
    let from = Sequence { name: Name::local("s"), options, ..Sequence::default() };
    let options = SequenceOptions { increment: Some(-2), max: Some(9), ..SequenceOptions::default() };
    let to = Sequence { name: Name::local("s"), options, ..Sequence::default() };
    let alter = Operation::AlterSequence(AlterSequence { from, to });
    let expected =
        "ALTER SEQUENCE s INCREMENT BY -2 MINVALUE -9223372036854775807 MAXVALUE 9 START WITH 9 NOCYCLE";
    assert_eq!(sql(&alter, &MARIADB), expected);
    assert!(alter.render(&MYSQL).is_err());
}

#[test]
fn a_sequence_is_brought_into_its_new_bounds() {
    let sequence =
        |options: SequenceOptions| Sequence { name: Name::local("s"), options, ..Sequence::default() };
    let bounds =
        |min: i64, max: i64| SequenceOptions { min: Some(min), max: Some(max), ..SequenceOptions::default() };
    let alter = |from: SequenceOptions, to: SequenceOptions| {
        let (from, to) = (sequence(from), sequence(to));
        Operation::AlterSequence(AlterSequence { from, to }).render(&MARIADB).expect("MariaDB has sequences")
    };
    assert_eq!(
        alter(bounds(1, 1_000), bounds(100, 1_000)),
        ["DO SETVAL(s, 100, 0)", "ALTER SEQUENCE s MINVALUE 100 START WITH 100"]
    );
    assert_eq!(
        alter(bounds(1, 10), bounds(100, 1_000)),
        ["ALTER SEQUENCE s MINVALUE 100 MAXVALUE 1000 START WITH 100 RESTART"]
    );
}

#[test]
fn views_and_routines_are_replaced() {
    let mut view = View { name: Name::local("v"), query: "select 1 AS `a`".into(), ..View::default() };
    view.options.insert("security".into(), "invoker".into());
    view.options.insert("check_option".into(), "cascaded".into());
    let alter = Operation::AlterView(AlterView { from: view.clone(), to: view });
    let expected =
        "CREATE OR REPLACE SQL SECURITY INVOKER VIEW v AS select 1 AS `a` WITH CASCADED CHECK OPTION";
    assert_eq!(sql(&alter, &MYSQL), expected);
    let function = Function {
        name: Name::local("p"),
        kind: FunctionKind::Procedure,
        definition: "CREATE PROCEDURE `p`() BEGIN SELECT 1; END".into(),
        ..Function::default()
    };
    let alter = Operation::AlterFunction(AlterFunction { from: function.clone(), to: function });
    assert_eq!(sql(&alter, &MARIADB), "CREATE OR REPLACE PROCEDURE `p`() BEGIN SELECT 1; END");
    assert_eq!(sql(&alter, &MYSQL), "DROP PROCEDURE p;\nCREATE PROCEDURE `p`() BEGIN SELECT 1; END");
}

#[test]
fn bodies_with_semicolons_are_one_statement_in_a_revision_file() {
    let body = "begin if new.a > 1 then set new.a = case when 1 then 2 end; end if; insert into log values (';'); end";
    let trigger = Trigger {
        name: "tr".into(),
        definition: format!("CREATE TRIGGER `tr` BEFORE INSERT ON `t` FOR EACH ROW FOLLOWS `other` {body}"),
        sql_mode: Some("ANSI_QUOTES".into()),
        ..Trigger::default()
    };
    let routine = |definition: String, kind| {
        let function = Function { name: Name::local("f"), kind, definition, ..Function::default() };
        Operation::CreateFunction(CreateFunction { function })
    };
    let procedure = format!("CREATE DEFINER=`a`@`%` PROCEDURE `f`(in a int)\n    COMMENT 'x'\n{body}");
    let event = format!("CREATE EVENT `f` ON SCHEDULE EVERY 1 DAY ON COMPLETION PRESERVE DISABLE DO {body}");
    let operations = [
        Operation::CreateTrigger(CreateTrigger { table: Name::local("t"), trigger }),
        routine(procedure, FunctionKind::Procedure),
        routine(event, FunctionKind::Event),
        routine("CREATE FUNCTION `f`() RETURNS int(11)\nreturn 1".into(), FunctionKind::Function),
    ];
    let rendered: Vec<String> =
        operations.iter().flat_map(|operation| operation.render(&MARIADB).expect("SQL")).collect();
    assert_eq!(rendered.len(), 7, "{rendered:?}");
    let script: String = rendered.iter().map(|statement| format!("{statement};\n")).collect();
    let parts = split(DialectName::Mysql, &script, 1).expect("a script");
    let parts: Vec<&str> = parts.iter().map(|part| part.text).collect();
    assert_eq!(parts, rendered);
}

#[test]
fn rows_go_in_batches() {
    let row =
        |number: i64| vec![Some(LiteralValue::Int(number)), Some(LiteralValue::Text("it's \\".into())), None];
    let columns = vec!["id".into(), "key".into(), "c".into()];
    let rows = (0..501).map(row).collect();
    let insert = Operation::BulkInsert(BulkInsert { table: Name::local("t"), columns, rows });
    let statements = insert.render(&MYSQL).expect("statements");
    assert_eq!(statements.len(), 2);
    assert_eq!(statements[1], "INSERT INTO t (id, `key`, c) VALUES\n  (500, 'it''s \\\\', NULL)");
}

#[test]
fn what_there_is_not_is_refused_with_advice() {
    let create =
        Operation::CreateEnum(CreateEnum { r#enum: crate::schema::Enum::default(), if_not_exists: false });
    let refused = create.render(&MARIADB).expect_err("no enums");
    assert!(matches!(&refused, OperationError::Unsupported { dialect: "MariaDB", .. }), "{refused}");
    assert!(refused.to_string().contains("enum('a','b')"), "{refused}");
    let key = ForeignKey { on_delete: Action::SetDefault, ..ForeignKey::default() };
    let constraint = Constraint::ForeignKey(key);
    let add = AddConstraint { table: Name::local("t"), constraint, not_valid: false };
    assert!(Operation::AddConstraint(add).render(&MYSQL).is_err());
}
