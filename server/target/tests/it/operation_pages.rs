//! The examples of `docs/operations`: what is there before is made, then they run, and back, on real servers.

use crate::page::pages;
use crate::pages_run::run;
use crate::{mysql_bed, server};

#[tokio::test]
async fn every_example_runs_on_postgres_and_back() {
    let mut ran = 0;
    for example in pages().iter().flat_map(|page| &page.examples) {
        let database = server::database!();
        ran += run(example, "postgresql", &*database.target(), &|sql| _ = database.psql(sql)).await;
    }
    assert!(ran > 50, "{ran} examples alone");
}

#[tokio::test]
async fn every_example_runs_on_mariadb_and_back() {
    let mut ran = 0;
    for example in pages().iter().flat_map(|page| &page.examples) {
        let database = mysql_bed::mariadb!();
        ran += run(example, "mariadb", &*database.target(), &|sql| _ = database.shell(sql)).await;
    }
    assert!(ran > 25, "{ran} examples alone");
}
