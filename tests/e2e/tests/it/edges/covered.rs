//! Every edge is passed by a run of the tests here, on each engine that has it: one that is not fails the test.

use super::course::{Way, lay, passages};
use crate::harness::{Engine, on_each};
use migrated_target::edge::Edge;
use std::collections::BTreeSet;

/// How often edges are passed, by their names.
pub(super) type Passages = Vec<(String, u32)>;

/// Edges of what a daemon does about the run of a dead one.
pub(super) const AFTER_A_DEATH: [Edge; 6] = [
    Edge::OrphansGone,
    Edge::FatesStored,
    Edge::SettledStored,
    Edge::SettledShown,
    Edge::Decided,
    Edge::Corrected,
];

/// Edges of a run that is cancelled.
pub(super) const OF_A_CANCEL: [Edge; 2] = [Edge::CancelNoted, Edge::AttemptOver];

/// Whether runs on an engine come to an edge at all.
pub(super) fn is_passed_on(edge: Edge, engine: Engine) -> bool {
    match (engine, edge) {
        // Made together with the comparison; corrected together with what comes next.
        (Engine::Sqlite, Edge::JournalMade | Edge::Corrected) => false,
        _ => true,
    }
}

#[test]
fn every_edge_is_passed() {
    on_each(Engine::ALL, |project| {
        lay(project);
        let mut passed: BTreeSet<String> = BTreeSet::new();
        for way in [Way::First, Way::Up, Way::Down] {
            passed.extend(passages(project, way).into_iter().map(|(edge, _)| edge));
        }
        let elsewhere = AFTER_A_DEATH.iter().chain(&OF_A_CANCEL);
        passed.extend(elsewhere.map(|edge| edge.name().to_owned()));
        let engine = project.database.engine;
        let all: BTreeSet<String> = Edge::ALL
            .iter()
            .filter(|edge| is_passed_on(**edge, engine))
            .map(|edge| edge.name().to_owned())
            .collect();
        let missing: Vec<_> = all.difference(&passed).collect();
        assert!(missing.is_empty(), "{}: no run comes to {missing:?}", engine.name());
    });
}
