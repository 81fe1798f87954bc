//! Times the rendering of many operations: `cargo run --release -p migrated-core --example render_time [operations]`.

use migrated_core::dialect::DialectName;
use migrated_core::operation::{AddColumn, CreateTable, Operation, Server};
use migrated_core::schema::{Column, DefaultValue, Index, IndexItem, Name, PrimaryKey, Table};
use std::io::Write as _;
use std::time::Instant;

/// A table of ten columns and two indexes, or a column: by turns.
fn operation(number: usize) -> Operation {
    let name = format!("t{number:05}");
    if number % 2 == 1 {
        let column =
            Column { default: Some(DefaultValue::Sql("0".into())), ..Column::new("more", "integer") };
        return Operation::AddColumn(AddColumn { table: Name::local(name), column, if_not_exists: false });
    }
    let columns = (0..10).map(|c| Column::new(format!("c{c}"), "integer")).collect();
    let index = |c: usize| Index {
        name: format!("{name}_c{c}"),
        items: vec![IndexItem::column(format!("c{c}"))],
        ..Index::default()
    };
    let primary_key = Some(PrimaryKey { columns: vec!["c0".into()], ..PrimaryKey::default() });
    let indexes = [index(3), index(4)].into_iter().collect();
    let table = Table { name: Name::local(&name), columns, primary_key, indexes, ..Table::default() };
    Operation::CreateTable(CreateTable { table, if_not_exists: false })
}

#[expect(clippy::disallowed_methods, reason = "it measures")]
fn main() -> Result<(), Box<dyn std::error::Error>> {
    let count = std::env::args().nth(1).and_then(|n| n.parse().ok()).unwrap_or(10_000);
    let operations: Vec<Operation> = (0..count).map(operation).collect();
    let mut out = std::io::stdout();
    for dialect in DialectName::ALL {
        let server = Server::oldest(dialect);
        let begun = Instant::now();
        let mut statements = 0;
        for operation in &operations {
            statements += operation.render(&server)?.len();
        }
        let took = begun.elapsed().as_millis();
        writeln!(
            out,
            "{count} operations rendered for {}: {statements} statements in {took} ms",
            dialect.as_str()
        )?;
    }
    Ok(())
}
