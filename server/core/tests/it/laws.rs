//! Laws that hold for every graph.

use migrated_core::revision::{Direction, Node, Plan, RevisionGraph};
use proptest::prelude::*;
use std::collections::BTreeSet;

/// Up to 24 revisions; each follows and depends on a few earlier ones; the load order is shuffled.
fn graphs() -> impl Strategy<Value = RevisionGraph> {
    let links = prop::collection::vec(
        (prop::collection::vec(any::<u16>(), 0..3), prop::collection::vec(any::<u16>(), 0..2)),
        1..24,
    );
    links
        .prop_map(|links| {
            let pick = |choices: &[u16], earlier: usize| -> Vec<String> {
                if earlier == 0 {
                    return Vec::new();
                }
                let picked: BTreeSet<usize> =
                    choices.iter().map(|choice| usize::from(*choice) % earlier).collect();
                picked.into_iter().map(|index| format!("r{index}")).collect()
            };
            links
                .iter()
                .enumerate()
                .map(|(at, (parents, needs))| Node {
                    id: format!("r{at}"),
                    down_revisions: pick(parents, at),
                    depends_on: pick(needs, at),
                    branch_labels: Vec::new(),
                })
                .collect::<Vec<Node>>()
        })
        .prop_shuffle()
        .prop_map(|nodes| RevisionGraph::new(nodes).expect("links lead to earlier revisions only"))
}

/// Replays a plan on a set of applied revisions and checks order and rows of every step against the definition.
fn replay(graph: &RevisionGraph, plan: &Plan, applied: &mut BTreeSet<String>) -> Result<(), TestCaseError> {
    for step in &plan.steps {
        let below: Vec<&str> =
            graph.parents(&step.revision).into_iter().chain(graph.dependencies(&step.revision)).collect();
        match step.direction {
            Direction::Up => {
                prop_assert!(
                    below.iter().all(|id| applied.contains(*id)),
                    "{} runs too early",
                    step.revision
                );
                prop_assert!(applied.insert(step.revision.clone()));
            }
            Direction::Down => {
                let above = graph.children_and_dependents(&step.revision);
                prop_assert!(
                    !above.iter().any(|id| applied.contains(*id)),
                    "{} goes too early",
                    step.revision
                );
                prop_assert!(applied.remove(&step.revision));
            }
        }
        let maximal: BTreeSet<&String> = applied
            .iter()
            .filter(|id| !graph.children_and_dependents(id).iter().any(|up| applied.contains(*up)))
            .collect();
        prop_assert_eq!(step.rows_after.iter().collect::<BTreeSet<_>>(), maximal);
    }
    Ok(())
}

proptest! {
    #[test]
    fn up_to_heads_and_down_to_base_leaves_nothing(graph in graphs()) {
        let mut applied = BTreeSet::new();
        let up = graph.plan_upgrade::<&str>(&[], "heads").expect("a plan");
        replay(&graph, &up, &mut applied)?;
        prop_assert_eq!(applied.len(), graph.len());
        prop_assert!(graph.is_at_heads(up.rows_after()));
        let down = graph.plan_downgrade(up.rows_after(), "base").expect("a plan");
        replay(&graph, &down, &mut applied)?;
        prop_assert!(applied.is_empty() && down.rows_after().is_empty());
    }

    #[test]
    fn rows_are_the_maximal_elements_of_what_is_applied(
        graph in graphs(),
        targets in prop::collection::vec((any::<prop::sample::Index>(), any::<bool>()), 1..8),
    ) {
        let (mut applied, mut rows) = (BTreeSet::new(), Vec::new());
        for (index, up) in targets {
            let target = graph.nodes().nth(index.index(graph.len())).expect("within").id.clone();
            let plan = if up { graph.plan_upgrade(&rows, &target) } else { graph.plan_downgrade(&rows, &target) };
            // Not every revision lies below the rows; whatever is planned must be right.
            let Ok(plan) = plan else { continue };
            replay(&graph, &plan, &mut applied)?;
            rows = plan.rows_after().to_vec();
            let told: BTreeSet<String> = graph.applied(&rows).expect("known rows").ids().map(str::to_owned).collect();
            prop_assert_eq!(&told, &applied);
            let stamp = graph.plan_stamp(&rows, std::slice::from_ref(&target), false).expect("a stamp");
            let real = if told.contains(&target) {
                graph.plan_downgrade(&rows, &target).map_or_else(|_| rows.clone(), |plan| plan.rows_after().to_vec())
            } else {
                graph.plan_upgrade(&rows, &target).expect("a plan").rows_after().to_vec()
            };
            prop_assert_eq!(stamp.rows_after, real);
        }
    }

    #[test]
    fn the_edits_of_a_step_make_its_rows(graph in graphs()) {
        use migrated_core::revision::RowChange::{Delete, Insert, Update};
        let up = graph.plan_upgrade::<&str>(&[], "heads").expect("a plan");
        let down = graph.plan_downgrade(up.rows_after(), "base").expect("a plan");
        let mut table: BTreeSet<String> = BTreeSet::new();
        for step in up.steps.iter().chain(&down.steps) {
            for change in &step.changes {
                let (gone, new) = match change {
                    Insert(row) => (None, Some(row)),
                    Delete(row) => (Some(row), None),
                    Update { from, to } => (Some(from), Some(to)),
                };
                prop_assert!(gone.is_none_or(|row| table.remove(row)), "{:?} has no row", change);
                prop_assert!(new.is_none_or(|row| table.insert(row.clone())), "{:?} is there already", change);
            }
            prop_assert_eq!(table.iter().collect::<Vec<_>>(), step.rows_after.iter().collect::<Vec<_>>());
        }
    }
}
