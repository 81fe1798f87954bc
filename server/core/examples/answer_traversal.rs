//! `answer_traversal CORPUS`: answers every case of a traversal corpus, one graph a line on stdout.
//!
//! `answer_traversal CORPUS --time` measures instead: building each graph, and planning it from base to its heads.

#[path = "../tests/it/answer.rs"]
mod answer;

use migrated_core::revision::RevisionGraph;
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Write};

#[expect(clippy::disallowed_methods, reason = "an example reads its corpus; core itself does no IO")]
fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let corpus = arguments.next().ok_or("usage: answer_traversal CORPUS [--time]")?;
    let time = arguments.next().as_deref() == Some("--time");
    let mut out = std::io::stdout().lock();
    for line in BufReader::new(std::fs::File::open(corpus)?).lines() {
        let line: Value = serde_json::from_str(&line?)?;
        if time {
            measure(&line, &mut out)?;
            continue;
        }
        let graph = RevisionGraph::new(answer::nodes(&line));
        let cases = line["cases"].as_array().ok_or("a line has cases")?;
        let answers: Vec<Value> = cases
            .iter()
            .map(|case| json!({"id": case["id"], "answer": answer::answer(&graph, case)}))
            .collect();
        writeln!(out, "{}", json!({"id": line["id"], "cases": answers}))?;
    }
    Ok(())
}

#[expect(clippy::disallowed_methods, reason = "an example may look at the clock; core itself does not")]
fn measure(line: &Value, out: &mut impl Write) -> Result<(), Box<dyn std::error::Error>> {
    let nodes = answer::nodes(line);
    let start = std::time::Instant::now();
    let graph = RevisionGraph::new(nodes)?;
    let built = start.elapsed();
    let start = std::time::Instant::now();
    let plan = graph.plan_upgrade::<&str>(&[], "heads")?;
    let planned = start.elapsed();
    let start = std::time::Instant::now();
    let nothing = graph.plan_upgrade(plan.rows_after(), "heads")?;
    let idle = start.elapsed();
    let start = std::time::Instant::now();
    let down = graph.plan_downgrade(plan.rows_after(), "base")?;
    writeln!(
        out,
        "{}: built {built:?}, {} steps up planned {planned:?}, {} steps {idle:?}, {} steps down {:?}",
        line["id"],
        plan.steps.len(),
        nothing.steps.len(),
        down.steps.len(),
        start.elapsed()
    )?;
    Ok(())
}
