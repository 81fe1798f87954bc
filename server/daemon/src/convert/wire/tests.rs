//! The law: model → message → model is the identity, and so is message → model → message. And: neither side has a
//! field that the other has not.

use super::drawn::Draw;
use super::shape;
use super::{Misfit, Modelled, message, model};
use migrated_core::DialectName;
use migrated_core::diff::Rules;
use migrated_core::operation::Operation;
use migrated_core::schema::*;
use migrated_proto::v1;
use prost::Message as _;
use std::collections::BTreeMap;
use std::fmt::Debug;

/// How many messages are drawn of each kind.
const DRAWN: u64 = 24;

fn holds<T: Modelled + PartialEq + Debug>(seed: u64, whole: bool, chosen: Option<usize>) -> bool
where
    T::Message: PartialEq + Debug,
{
    let shape = shape::message(T::MESSAGE).expect("its message");
    let bytes = Draw::new(seed, whole).message(shape, chosen);
    let drawn = T::Message::decode(bytes.as_slice()).expect("it was written as its descriptor says");
    let read: T = match model(&drawn) {
        Ok(read) => read,
        Err(misfit) if !whole && misfit.message.ends_with("missing") => return false,
        Err(misfit) => panic!("seed {seed}: {misfit}\n{drawn:#?}"),
    };
    let written = message(&read).unwrap_or_else(|misfit| panic!("seed {seed}: {misfit}\n{read:#?}"));
    if whole {
        assert_eq!(written, drawn, "seed {seed}");
    }
    assert_eq!(model::<T>(&written).expect("what was written"), read, "seed {seed}");
    true
}

#[test]
fn every_operation_is_the_same_after_the_way_there_and_back() {
    let kinds = &shape::message(Operation::MESSAGE).expect("its message").fields;
    assert_eq!(kinds.len(), 46);
    for (at, kind) in kinds.iter().enumerate() {
        for seed in 0..DRAWN / 4 {
            holds::<Operation>(seed, true, Some(at));
        }
        let fit = (0..DRAWN).filter(|seed| holds::<Operation>(*seed, false, Some(at))).count();
        assert!(fit > 0, "{} was never drawn with all that it needs", kind.name);
    }
}

#[test]
fn schemas_and_rules_are_the_same_after_the_way_there_and_back() {
    for seed in 0..DRAWN {
        holds::<Schema>(seed, true, None);
        holds::<Rules>(seed, true, None);
    }
    assert!((0..DRAWN).any(|seed| holds::<Schema>(seed, false, None)), "some schema has all that it needs");
    assert!((0..DRAWN).any(|seed| holds::<Rules>(seed, false, None)), "some rules have all that they need");
}

/// What is empty, zero or at the end of its range.
#[test]
fn nothing_is_lost_at_the_edges() {
    let mut column = Column::new("e", "");
    column.default = Some(DefaultValue::Sql(String::new()));
    column.statistics = Some(-1);
    let mut key = Column::new("k", "bigint");
    key.default = Some(DefaultValue::Literal { literal: LiteralValue::Int(i64::MIN) });
    let mut flag = Column::new("f", "boolean");
    flag.nullable = false;
    flag.default = Some(DefaultValue::Literal { literal: LiteralValue::Bool(false) });
    let mut text = Column::new("x", "text");
    text.default = Some(DefaultValue::Literal { literal: LiteralValue::Text(String::new()) });
    let table = Table { columns: vec![column, key, flag, text], ..flat_table() };
    let schema = Schema { tables: Objects::from_iter([table]), ..Schema::default() };
    let there = message(&schema).expect("a message");
    assert_eq!(model::<Schema>(&there).expect("the schema"), schema);
    assert_eq!(model::<Schema>(&v1::Schema::default()).expect("nothing"), Schema::default());
    assert_eq!(model::<Rules>(&v1::ComparisonRules::default()).expect("nothing"), Rules::default());
}

/// Objects that hold their name flat do not tell serde their keys. Here all their fields are set, without `..`: a new
/// one has to be put here, and is refused for as long as its message has no field for it.
#[test]
fn what_is_flat_has_a_field_for_each_key() {
    let name = || Name { schema: Some("s".into()), name: "n".into() };
    let comment = || Some("c".to_owned());
    let options = || SequenceOptions {
        start: Some(1),
        increment: Some(2),
        min: Some(-3),
        max: Some(4),
        cache: Some(5),
        cycle: true,
    };
    let index = || Index { name: "i".into(), items: vec![IndexItem::column("a")], ..Index::default() };
    let trigger = || Trigger { name: "t".into(), definition: "d".into(), ..Trigger::default() };
    let mut table = flat_table();
    table.indexes = Objects::from_iter([index()]);
    table.triggers = Objects::from_iter([trigger()]);
    table.columns[0].identity = Some(Identity { always: true, options: options() });
    let schema = Schema {
        dialect: Some(DialectName::Postgres),
        schemas: Objects::from_iter([Namespace { name: "s".into(), comment: comment() }]),
        extensions: Objects::from_iter([Extension {
            name: "e".into(),
            schema: comment(),
            version: Some("1".into()),
        }]),
        enums: Objects::from_iter([Enum { name: name(), values: vec!["v".into()], comment: comment() }]),
        composites: Objects::from_iter([Composite {
            name: name(),
            fields: vec![CompositeField { name: "f".into(), data_type: "text".into(), collation: comment() }],
            comment: comment(),
        }]),
        domains: Objects::from_iter([Domain {
            name: name(),
            data_type: "text".into(),
            collation: comment(),
            not_null: true,
            default: comment(),
            checks: vec![DomainCheck { name: comment(), expr: "e".into(), not_valid: true }],
            comment: comment(),
        }]),
        sequences: Objects::from_iter([Sequence {
            name: name(),
            data_type: Some("integer".into()),
            options: options(),
            owned_by: Some(Owner { table: "t".into(), column: "c".into() }),
            unlogged: true,
            comment: comment(),
        }]),
        tables: Objects::from_iter([table]),
        functions: Objects::from_iter([Function {
            name: name(),
            kind: FunctionKind::Procedure,
            arguments: "integer".into(),
            returns: "text".into(),
            definition: "d".into(),
            sql_mode: comment(),
            comment: comment(),
        }]),
        views: Objects::from_iter([View {
            name: name(),
            query: "SELECT 1".into(),
            columns: vec![("a".into(), "integer".into())],
            materialized: true,
            options: BTreeMap::from([("a".into(), "b".into())]),
            indexes: Objects::from_iter([index()]),
            triggers: Objects::from_iter([trigger()]),
            depends_on: vec![name()],
            comment: comment(),
        }]),
    };
    let there = message(&schema).expect("each key has a field");
    assert_eq!(model::<Schema>(&there).expect("the schema"), schema);
}

fn flat_table() -> Table {
    Table {
        name: Name { schema: Some("s".into()), name: "n".into() },
        columns: vec![Column::new("a", "integer")],
        primary_key: Some(PrimaryKey { columns: vec!["a".into()], ..PrimaryKey::default() }),
        uniques: vec![Unique { columns: vec!["a".into()], ..Unique::default() }],
        checks: vec![Check { expr: "a > 0".into(), ..Check::default() }],
        foreign_keys: vec![ForeignKey { columns: vec!["a".into()], ..ForeignKey::default() }],
        excludes: vec![Exclude { method: "gist".into(), ..Exclude::default() }],
        indexes: Objects::default(),
        triggers: Objects::default(),
        policies: Objects::from_iter([Policy {
            name: "p".into(),
            permissive: false,
            command: PolicyCommand::Select,
            roles: vec!["public".into()],
            using: Some("true".into()),
            check: None,
            comment: None,
        }]),
        row_security: RowSecurity::Forced,
        comment: Some("c".into()),
        options: TableOptions {
            partition: Some(Partition::Of { parent: Name::local("p"), bound: "DEFAULT".into() }),
            ..TableOptions::default()
        },
    }
}

fn refused<T: Modelled + Debug>(message: &T::Message) -> Misfit {
    model::<T>(message).expect_err("it does not fit")
}

#[test]
fn what_does_not_fit_is_told_with_its_field() {
    let column = v1::Column { name: "a".into(), ..v1::Column::default() };
    let table =
        |name: &str| v1::Table { name: name.into(), columns: vec![column.clone()], ..v1::Table::default() };
    let mut schema = v1::Schema { tables: vec![table("t"), table("u")], ..v1::Schema::default() };
    schema.tables[1].columns[0].computed = Some(v1::Computed::default());
    assert_eq!(refused::<Schema>(&schema).to_string(), "tables[1].columns[0].computed: `expr` is missing");
    schema.tables[1].columns[0].computed = None;
    schema.tables[1].columns.push(v1::Column::default());
    assert_eq!(refused::<Schema>(&schema).to_string(), "tables[1].columns[1]: `name` is missing");
    schema.tables[1] = table("t");
    assert_eq!(refused::<Schema>(&schema).to_string(), "tables: t stands there twice");
    schema.dialect = 99;
    assert_eq!(refused::<Schema>(&schema).to_string(), "dialect: 99 is no Dialect");

    assert!(
        refused::<Operation>(&v1::Operation::default()).message.starts_with("nothing is chosen of create_")
    );
    let kind = v1::operation::Kind::SetRowSecurity(v1::SetRowSecurity {
        table: Some(v1::Name { schema: None, name: "t".into() }),
        from: v1::RowSecurity::Enabled.into(),
        to: 0,
    });
    let operation = v1::Operation { kind: Some(kind) };
    assert_eq!(refused::<Operation>(&operation).to_string(), "set_row_security: `to` is missing");
    let filter = v1::ObjectFilter { name: Some("/(/".into()), ..v1::ObjectFilter::default() };
    let rules = v1::ComparisonRules { exclude: vec![filter], ..v1::ComparisonRules::default() };
    assert!(refused::<Rules>(&rules).to_string().starts_with("exclude[0].name: \"/(/\" is no pattern"));
}
