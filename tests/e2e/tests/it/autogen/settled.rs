//! Both ways to read a description: what is known beside the schema that stands, and everything by way of a scratch
//! database. The operations that follow are the same.

use super::{corpus, hash, message};
use crate::harness::{Database, Engine};
use migrated_core::DialectName;
use migrated_core::diff::{Rules, diff};
use migrated_core::operation::{Operation, Server, render_schema};
use migrated_core::schema::normal::settle;
use migrated_core::schema::{Schema, text};
use migrated_target::{InspectOptions, Inspected, ScratchOptions, Target, TargetSpec, open};
use std::collections::BTreeMap;
use std::sync::Arc;

/// What was asked, over all rows.
#[derive(Debug, Default, PartialEq, Eq, PartialOrd, Ord, Clone, Copy)]
enum Asked {
    #[default]
    Nothing,
    Part,
    Everything,
}

struct Ways {
    target: Arc<dyn Target>,
    options: InspectOptions,
}

impl Ways {
    async fn tried(&self, script: &str, beside: &ScratchOptions) -> Option<Inspected> {
        let mut scratch = self.target.scratch(beside).await.expect("made");
        let told = match scratch.execute("script.sql", script).await {
            Ok(()) => Some(scratch.inspect(&self.options).await.expect("read")),
            Err(_) => None,
        };
        scratch.discard().await.expect("dropped");
        told
    }

    /// As the engine tells it of a scratch database, which has the extensions of what stands before anything is made.
    async fn made(&self, schema: &Schema, server: &Server, standing: &Schema) -> Option<Schema> {
        let mut script = String::new();
        let mut schema = schema.clone();
        schema.extensions.retain(|one| !standing.extensions.contains(&one.name));
        for statement in render_schema(&schema, server).ok()? {
            script.push_str(&statement);
            script.push_str(";\n");
        }
        let beside = ScratchOptions { extensions: standing.extensions.iter().cloned().collect() };
        Some(self.tried(&script, &beside).await?.schema)
    }

    /// `None` where the engine refuses the description; that is another test's.
    async fn compare(&self, id: &str, standing: &Inspected, desired: &Schema) -> Option<Asked> {
        let (server, standing) = (&standing.server, &standing.schema);
        let whole = self.made(desired, server, standing).await;
        let settlement = settle(server, standing, desired);
        let told = match settlement.asked() {
            None => settlement.told(None),
            Some(asked) => match self.made(asked, server, standing).await {
                Some(read) => settlement.told(Some(read)),
                None => None,
            },
        };
        let (Some(whole), told) = (whole, told) else {
            assert!(settlement.asked().is_some(), "{id}: the engine refuses what was said to stand");
            return None;
        };
        // Names that collide are asked about again, with everything.
        let Some(told) = told else { return Some(Asked::Everything) };
        let steps =
            |from: &Schema, to: &Schema| -> Vec<Operation> { diff(from, to, &Rules::default()).operations };
        assert_eq!(steps(standing, &told), steps(standing, &whole), "{id}: towards the description");
        assert_eq!(steps(&told, &whole), [], "{id}: both ways tell one schema");
        Some(match settlement.asked() {
            None => Asked::Nothing,
            Some(asked) if asked == desired => Asked::Everything,
            Some(_) => Asked::Part,
        })
    }
}

/// Takes one row of `each`: its description beside the database before it and beside the one after it, and what is
/// inspected before it beside the one after it.
fn every_row(engine: Engine, each: u32) {
    let Some(database) = Database::new(engine) else { return };
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let mut counts: BTreeMap<Asked, u32> = BTreeMap::new();
    runtime.block_on(async {
        let target = open(&TargetSpec::new(database.url())).expect("a target");
        for row in corpus::rows(engine).iter().filter(|row| hash(&row.id).is_multiple_of(each)) {
            let options = InspectOptions { all_schemas: row.all_schemas, ..InspectOptions::default() };
            let ways = Ways { target: target.clone(), options };
            let bare = ScratchOptions::default();
            let before = ways.tried(&row.before, &bare).await;
            let (Some(before), Some(after)) = (before, ways.tried(&row.desired, &bare).await) else {
                continue;
            };
            let dialect = Some(dialect(engine));
            let described = message::message(row).map(|json| text::read_json(&json).expect("a description"));
            let mut pairs = vec![(&before, after.schema.clone()), (&after, before.schema.clone())];
            if let Some(described) = described {
                let described = Schema { dialect, ..described };
                pairs.push((&before, described.clone()));
                pairs.push((&after, described));
            }
            // What stands, told once more, needs no engine: that is what the whole is for.
            assert_eq!(settle(&after.server, &after.schema, &after.schema).asked(), None, "{}", row.id);
            for (standing, desired) in pairs {
                if let Some(asked) = ways.compare(&row.id, standing, &desired).await {
                    *counts.entry(asked).or_default() += 1;
                }
            }
        }
    });
    tell(engine, &counts);
    assert!(counts.values().sum::<u32>() > 10, "{counts:?}");
}

#[expect(clippy::print_stderr, reason = "shown by the test runner where it is asked to")]
fn tell(engine: Engine, counts: &BTreeMap<Asked, u32>) {
    eprintln!("{}: asked about {counts:?}", engine.name());
}

fn dialect(engine: Engine) -> DialectName {
    match engine {
        Engine::Sqlite => DialectName::Sqlite,
        Engine::Postgres => DialectName::Postgres,
        Engine::Mariadb => DialectName::Mysql,
    }
}

/// One of how many rows, where all would take too long.
const SHARE: u32 = 5;

#[test]
fn settled_on_sqlite() {
    every_row(Engine::Sqlite, 1);
}

#[test]
fn settled_on_postgres() {
    every_row(Engine::Postgres, SHARE);
}

#[test]
fn settled_on_mariadb() {
    every_row(Engine::Mariadb, SHARE);
}

#[test]
#[ignore = "long: every row"]
fn long_settled_on_postgres() {
    every_row(Engine::Postgres, 1);
}

#[test]
#[ignore = "long: every row"]
fn long_settled_on_mariadb() {
    every_row(Engine::Mariadb, 1);
}
