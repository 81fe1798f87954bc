//! Prints how long it takes to load a graph of 10,000 revisions and to plan from base to head.

#![expect(clippy::print_stdout, reason = "an example that prints")]
#![expect(clippy::disallowed_methods, reason = "a measurement needs a clock")]

use migrated_core::revision::{Node, RevisionGraph};
use std::time::Instant;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let id = |i: usize| format!("{i:012x}");
    let nodes = || (0..10_000).map(|i| Node::new(id(i), (i > 0).then(|| id(i - 1)))).collect::<Vec<_>>();
    let mut best = f64::MAX;
    for _ in 0..5 {
        let nodes = nodes();
        let begun = Instant::now();
        let graph = RevisionGraph::new(nodes)?;
        let plan = graph.plan_upgrade::<&str>(&[], "head")?;
        assert_eq!(plan.steps.len(), 10_000);
        best = best.min(begun.elapsed().as_secs_f64());
    }
    println!("{:.1} ms", best * 1000.0);
    Ok(())
}
