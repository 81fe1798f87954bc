//! Identifiers on graphs: whatever the graph and the text, an answer or an error; a plan that is made is legal.
#![no_main]

use arbitrary::Arbitrary;
use libfuzzer_sys::fuzz_target;
use migrated_core::revision::{Direction, Node, Plan, RevisionGraph};
use std::collections::BTreeSet;

/// A graph and what is asked of it. Parents are told by their distance, so that most graphs are graphs.
#[derive(Arbitrary, Debug)]
struct Asked<'a> {
    nodes: Vec<Drawn>,
    rows: Vec<u8>,
    identifier: &'a str,
}

#[derive(Arbitrary, Debug)]
struct Drawn {
    parents: Vec<u8>,
    depends_on: Option<u8>,
    label: Option<u8>,
    /// The first letters of its id: few, so that abbreviations are sometimes ambiguous.
    letters: u8,
}

fn graph(drawn: &[Drawn]) -> Result<(RevisionGraph, Vec<String>), migrated_core::revision::RevisionError> {
    let mut nodes: Vec<Node> = Vec::new();
    for (at, one) in drawn.iter().take(24).enumerate() {
        let prefix = ["a", "ab", "abc", "b0", "1", "q1e", "ż", "head"][usize::from(one.letters) % 8];
        let back = |distance: u8| {
            let distance = usize::from(distance) % 6 + 1;
            at.checked_sub(distance).map(|parent| nodes[parent].id.clone())
        };
        let mut parents: Vec<String> = one.parents.iter().take(3).filter_map(|d| back(*d)).collect();
        parents.sort();
        parents.dedup();
        let depends_on = one.depends_on.and_then(back).into_iter().collect();
        let branch_labels = one.label.map(|l| format!("l{}", l % 4)).into_iter().collect();
        nodes.push(Node { depends_on, branch_labels, ..Node::new(format!("{prefix}{at:x}"), parents) });
    }
    let ids = nodes.iter().map(|n| n.id.clone()).collect();
    Ok((RevisionGraph::new(nodes)?, ids))
}

/// No revision twice; upwards, each after everything below it; and the rows at the end can be read again.
fn legal(graph: &RevisionGraph, rows: &[String], plan: &Plan) {
    let names: BTreeSet<&str> = plan.steps.iter().map(|s| s.revision.as_str()).collect();
    assert_eq!(names.len(), plan.steps.len(), "a revision twice");
    let mut done: BTreeSet<String> = graph
        .current(rows)
        .map(|_| graph.applied(rows))
        .into_iter()
        .flatten()
        .flat_map(|applied| applied.ids().map(str::to_owned).collect::<Vec<_>>())
        .collect();
    for step in &plan.steps {
        assert_eq!(step.direction, plan.direction);
        let below = graph.parents(&step.revision).into_iter().chain(graph.dependencies(&step.revision));
        match step.direction {
            Direction::Up => {
                assert!(
                    below.into_iter().all(|id| done.contains(id)),
                    "{} before what it needs",
                    step.revision
                );
                assert!(done.insert(step.revision.clone()), "{} stood already", step.revision);
            }
            Direction::Down => {
                let above = graph.children_and_dependents(&step.revision);
                assert!(above.iter().all(|id| !done.contains(*id)), "{} under what needs it", step.revision);
                assert!(done.remove(&step.revision), "{} did not stand", step.revision);
            }
        }
    }
    assert!(graph.applied(plan.rows_after()).is_ok(), "the rows at the end are those of the graph");
}

fuzz_target!(|asked: Asked<'_>| {
    let Ok((graph, ids)) = graph(&asked.nodes) else { return };
    let drawn: Vec<String> = asked
        .rows
        .iter()
        .take(4)
        .filter_map(|at| ids.get(usize::from(*at) % ids.len().max(1)).cloned())
        .collect();
    let _ = graph.resolve(asked.identifier);
    let _ = graph.plan_upgrade_range(asked.identifier);
    let _ = graph.plan_downgrade_range(asked.identifier);
    let _ = graph.plan_stamp(&drawn, &[asked.identifier], false);
    // A version table never holds a revision and one below it; where the rows cannot be, a plan need not be legal.
    let Ok(rows) = graph.current(&drawn) else { return };
    for plan in [graph.plan_upgrade(&rows, asked.identifier), graph.plan_downgrade(&rows, asked.identifier)] {
        let Ok(plan) = plan else { continue };
        legal(&graph, &rows, &plan);
    }
});
