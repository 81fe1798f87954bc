//! What holds of any two databases on real servers: autogenerate takes the one to the other and back.
//!
//! A pair is drawn from a number, as statements that no code of ours had a hand in. One database is made of each side;
//! both are inspected; the operations between them are applied in memory and executed on the first, with rows in it;
//! what it is then must be what the second is, a second look finds nothing, and the way back leads to where it was. The
//! rows are there before and after. Of a pair that breaks, the smallest that breaks in the same way is told.

mod draw;
mod kept;
mod mariadb;
mod postgres;
mod postgres_more;
mod round;
mod smaller;
mod sqlite;

use crate::harness::{Database, Engine};
use draw::{Pair, Side};
use round::{Held, Round};
use std::collections::BTreeMap;
use std::io::Write as _;

/// As many pairs as everybody's tests have time for.
const SHARE: u64 = 12;

/// As many as the laws are known to hold for.
const ALL: u64 = 500;

/// Of how many kinds of breaking the smallest pair is looked for.
const SHOWN: usize = 1;

/// `PROPTEST_RNG_SEED` decides which pairs are drawn, as it does for the laws in memory.
fn seed() -> u64 {
    std::env::var("PROPTEST_RNG_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(20_261_121)
}

fn laws(engine: Engine, count: u64) {
    let Some(database) = Database::new(engine) else { return };
    database.removed();
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let draw = match engine {
        Engine::Postgres => postgres::draw,
        Engine::Mariadb => mariadb::draw,
        Engine::Sqlite => sqlite::draw,
    };
    let round = Round { engine, runtime: &runtime, draw };
    let mut wrong: BTreeMap<&'static str, Vec<u64>> = BTreeMap::new();
    let (mut all, mut refused) = (Held::default(), 0_u64);
    let numbers: Vec<u64> = match std::env::var("MIGRATED_LAWS_PAIRS") {
        Ok(pairs) => pairs.split(',').map(|number| number.parse().expect("numbers of pairs")).collect(),
        Err(_) => (0..count).map(|number| seed().wrapping_mul(1_000_000).wrapping_add(number)).collect(),
    };
    for &number in &numbers {
        match round.take(&Pair::new(number)) {
            Ok(held) => {
                all.operations += held.operations;
                all.kept += held.kept;
                refused += u64::from(held.refused);
            }
            Err(broken) => {
                tell(&format!("#### pair {number} of {engine:?}: {}\n", broken.what));
                tell(&match broken.what {
                    // Nothing of ours: the statements that were drawn are wrong.
                    "not made" | "rows not taken" => broken.shown,
                    _ if wrong.len() < SHOWN => smallest(&round, number, broken.what),
                    _ => broken.shown,
                });
                wrong.entry(broken.what).or_default().push(number);
            }
        }
    }
    tell(&format!(
        "{engine:?}: {} pairs, {} operations, rows of {} tables stayed; {refused} pairs refused over their rows\n",
        numbers.len(),
        all.operations,
        all.kept
    ));
    assert!(wrong.is_empty(), "{wrong:?}; MIGRATED_LAWS_PAIRS=NUMBER,… takes only those");
    assert!(refused * 2 < count, "{refused} of {count} pairs say nothing of rows");
}

/// What is needed to break it.
fn smallest(round: &Round<'_>, number: u64, what: &'static str) -> String {
    let pair = smaller::smaller(round, Pair::new(number), what);
    let (before, _) = round.drawn(&pair, Side::Before);
    let (after, _) = round.drawn(&pair, Side::After);
    let shown = round.take(&pair).err().map(|broken| broken.shown).unwrap_or_default();
    format!("-- before\n{}\n-- after\n{}\n-- what\n{shown}\n", before.script(), after.script())
}

/// At once, and past the harness' capturing: all of it takes minutes.
fn tell(text: &str) {
    let _ = std::io::stderr().write_all(text.as_bytes());
}

#[test]
fn laws_on_postgres() {
    laws(Engine::Postgres, SHARE);
}

#[test]
fn laws_on_mariadb() {
    laws(Engine::Mariadb, SHARE);
}

#[test]
fn laws_on_sqlite() {
    laws(Engine::Sqlite, SHARE);
}

#[test]
#[ignore = "long: 500 pairs"]
fn long_laws_on_postgres() {
    laws(Engine::Postgres, ALL);
}

#[test]
#[ignore = "long: 500 pairs"]
fn long_laws_on_mariadb() {
    laws(Engine::Mariadb, ALL);
}

#[test]
#[ignore = "long: 500 pairs"]
fn long_laws_on_sqlite() {
    laws(Engine::Sqlite, ALL);
}
