//! Autogenerate against our corpus: from a database towards a desired schema and back, with real programs and servers.
//!
//! For each pair, with the desired schema as SQL and as a description: the revision that autogenerate writes makes the
//! schema of a database that was made by the desired statements; a second look finds nothing; the downgrade makes the
//! first schema again; where the schemas are the same nothing is found; and rows stay.

mod corpus;
mod kept;
mod known;
mod message;
mod settled;
mod shape;
mod steps;
mod tally;

use crate::harness::{Database, Engine, Project};
use steps::{Form, Steps};
use tally::Tally;

/// Takes every row of an engine as SQL, and one of `each` as a description.
fn every_row(engine: Engine, each: u32) {
    let Some(database) = Database::new(engine) else { return };
    let mut steps = Steps::new(Project::new(database));
    let mut tally = Tally::new(engine);
    let mut rows = corpus::rows(engine);
    let only = std::env::var("MIGRATED_AUTOGEN_ROWS");
    if let Ok(only) = &only {
        rows.retain(|row| only.split(',').any(|id| id == row.id));
    }
    for row in rows {
        let verdict = steps.take(&row, Form::Sql, &row.desired);
        tally.add(&row, Form::Sql, verdict);
        let Some(text) = message::message(&row).filter(|_| hash(&row.id).is_multiple_of(each)) else {
            continue;
        };
        let verdict = steps.take(&row, Form::Message, &text);
        tally.add(&row, Form::Message, verdict);
    }
    let kept = tally.told();
    assert!(kept > 0 || only.is_ok(), "no row was put into any table");
}

/// FNV-1a: the same rows on every run and machine.
fn hash(id: &str) -> u32 {
    id.bytes().fold(0x811c_9dc5, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193))
}

/// One of how many rows is given as a description too, where all would take too long.
const SHARE: u32 = 8;

#[test]
fn autogen_on_sqlite() {
    every_row(Engine::Sqlite, SHARE);
}

#[test]
fn autogen_on_postgres() {
    every_row(Engine::Postgres, SHARE);
}

#[test]
fn autogen_on_mariadb() {
    every_row(Engine::Mariadb, SHARE);
}

#[test]
#[ignore = "long: every row as a description too"]
fn long_autogen_on_sqlite() {
    every_row(Engine::Sqlite, 1);
}

#[test]
#[ignore = "long: every row as a description too"]
fn long_autogen_on_postgres() {
    every_row(Engine::Postgres, 1);
}

#[test]
#[ignore = "long: every row as a description too"]
fn long_autogen_on_mariadb() {
    every_row(Engine::Mariadb, 1);
}
