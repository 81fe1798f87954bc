//! The examples of `docs/operations` on SQLite.

use crate::bed::Bed;
use crate::page::pages;
use crate::pages_run::run;

#[tokio::test]
async fn every_example_runs_and_back() {
    let mut ran = 0;
    for example in pages().iter().flat_map(|page| &page.examples) {
        let bed = Bed::new();
        bed.shell("VACUUM");
        ran += run(example, "sqlite", &*bed.target(), &|sql| _ = bed.shell(sql)).await;
    }
    assert!(ran > 15, "{ran} examples alone");
}
