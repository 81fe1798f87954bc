//! `answer_traversal CORPUS`: answers every case of a traversal corpus, one graph a line on stdout.
//!
//! With `--time` after the corpus it prints on stderr how long building and planning took for each graph.

#[path = "../tests/it/answer.rs"]
mod answer;

use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Write};

#[expect(clippy::disallowed_methods, reason = "an example reads its corpus; core itself does no IO")]
fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let corpus = arguments.next().ok_or("usage: answer_traversal CORPUS [--time]")?;
    let time = arguments.next().as_deref() == Some("--time");
    let (mut out, mut diagnostics) = (std::io::stdout().lock(), std::io::stderr().lock());
    for line in BufReader::new(std::fs::File::open(corpus)?).lines() {
        let line: Value = serde_json::from_str(&line?)?;
        let start = std::time::Instant::now();
        let graph = answer::build(&line);
        if time {
            writeln!(diagnostics, "{} built {:?}", line["id"], start.elapsed())?;
        }
        let mut cases = Vec::new();
        for case in line["cases"].as_array().ok_or("a line has cases")? {
            let start = std::time::Instant::now();
            cases.push(json!({"id": case["id"], "answer": answer::answer(&graph, case)}));
            if time {
                writeln!(diagnostics, "{} {} {:?}", case["id"], case["op"], start.elapsed())?;
            }
        }
        writeln!(out, "{}", json!({"id": line["id"], "cases": cases}))?;
    }
    Ok(())
}
