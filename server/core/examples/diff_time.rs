//! Times the diff of two large schemas: `cargo run --release -p migrated-core --example diff_time [tables]`.

use migrated_core::dialect::DialectName;
use migrated_core::diff::{Rules, diff};
use migrated_core::schema::{
    Column, DefaultValue, ForeignKey, Index, IndexItem, Name, PrimaryKey, Schema, Table,
};
use std::io::Write as _;
use std::time::Instant;

fn table(number: usize) -> Table {
    let name = format!("t{number:05}");
    let mut columns: Vec<Column> =
        (0..10).map(|c| Column::new(format!("c{c}"), "character varying(50)")).collect();
    columns[0] = Column { nullable: false, ..Column::new("c0", "integer") };
    columns[1] = Column::new("c1", "integer");
    columns[2].default = Some(DefaultValue::Sql("'none'::character varying".into()));
    let index = |c: usize| Index {
        name: format!("{name}_c{c}"),
        items: vec![IndexItem::column(format!("c{c}"))],
        ..Index::default()
    };
    let key = ForeignKey {
        name: Some(format!("{name}_c1_fkey")),
        columns: vec!["c1".into()],
        ref_table: format!("t{:05}", number / 2),
        ref_columns: vec!["c0".into()],
        ..ForeignKey::default()
    };
    let primary = PrimaryKey {
        name: Some(format!("{name}_pkey")),
        columns: vec!["c0".into()],
        ..PrimaryKey::default()
    };
    Table {
        primary_key: Some(primary),
        indexes: [index(3), index(4)].into_iter().collect(),
        foreign_keys: vec![key],
        columns,
        name: Name::local(name),
        ..Table::default()
    }
}

#[expect(clippy::disallowed_methods, reason = "it measures")]
fn main() -> std::io::Result<()> {
    let count = std::env::args().nth(1).and_then(|n| n.parse().ok()).unwrap_or(10_000);
    let mut from = Schema::new(DialectName::Postgres);
    from.tables = (0..count).map(table).collect();
    let mut changed = from.clone();
    for table in changed.tables.iter_mut() {
        table.columns[5].data_type = "text".into();
        table.columns.push(Column::new("more", "integer"));
    }
    let other: Schema =
        Schema { tables: (count..2 * count).map(table).collect(), ..Schema::new(DialectName::Postgres) };
    let none = Schema::new(DialectName::Postgres);
    let mut out = std::io::stdout();
    for (what, to) in [
        ("the same", &from.clone()),
        ("two columns changed in every table", &changed),
        ("from nothing", &from),
        ("every table another", &other),
    ] {
        let start = if what == "from nothing" { &none } else { &from };
        let begun = Instant::now();
        let found = diff(start, to, &Rules::default());
        let took = begun.elapsed().as_millis();
        writeln!(out, "{count} tables, {what}: {} operations in {took} ms", found.operations.len())?;
    }
    Ok(())
}
