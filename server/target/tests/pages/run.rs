//! Running an example of a page on a database that is empty.

use crate::page::Example;
use migrated_core::event::Direction;
use migrated_core::file::{Operations, parse};
use migrated_core::operation::{Operation, Server};
use migrated_core::schema::Schema;
use migrated_target::{InspectOptions, Target};

/// Makes what is there before, runs the example, and runs it back; 0 where the page says that the engine refuses it.
pub(crate) async fn run(example: &Example, engine: &str, target: &dyn Target, shell: &dyn Fn(&str)) -> usize {
    if !example.engines.contains(&engine) || example.under("Upgrade", engine).is_none() {
        return 0;
    }
    let place = format!("{} on {engine}", example.place);
    if let Some(sql) = example.under("Before", engine) {
        shell(sql);
    }
    let (before, server) = inspected(target).await;
    let parsed = parse("a1.yaml", example.revision().as_bytes()).expect("a revision");
    let operations = parsed.operations.expect("it is in the operations form");
    let upgrade = statements(&operations, Direction::Up, &server).expect("the page says that it runs");
    upgrade.iter().for_each(|sql| shell(sql));
    let (after, _) = inspected(target).await;
    let only_data = operations
        .up
        .iter()
        .flatten()
        .all(|step| matches!(step.operation, Operation::BulkInsert(_) | Operation::Execute(_)));
    assert_eq!(after == before, only_data, "{place}: {upgrade:#?}\n{after:#?}");
    if let Some(downgrade) = statements(&operations, Direction::Down, &server) {
        downgrade.iter().for_each(|sql| shell(sql));
        let (back, _) = inspected(target).await;
        assert_eq!(back, before, "{place}: {downgrade:#?}");
    }
    1
}

async fn inspected(target: &dyn Target) -> (Schema, Server) {
    let everywhere = InspectOptions { all_schemas: true, ..InspectOptions::default() };
    let found = target.inspect(&everywhere).await.expect("a schema");
    (found.schema, found.server)
}

/// What runs in a direction; `None` where there is no way.
fn statements(of: &Operations, direction: Direction, server: &Server) -> Option<Vec<String>> {
    let rendered = of.render("a1.yaml", direction, server).ok()?.expect("the direction is known");
    Some(rendered.into_iter().flat_map(|operation| operation.statements).collect())
}
