//! From a list of nodes to a valid graph, or to the first mistake in it.

use super::cycle;
use super::error::{Fault, RevisionError};
use super::graph::{Entry, RevisionGraph};
use super::marks::{Idx, Marks};
use super::node::{Node, verify_id};
use super::suggest::near;
use std::collections::HashMap;

impl RevisionGraph {
    /// Builds the graph from the revisions in load order.
    ///
    /// The checks are Alembic's, in Alembic's order: a revision that follows itself, ids, labels, missing
    /// dependencies, missing parents, circles. Every circle is found, also those that Alembic misses
    /// ([`Deviation::CycleFound`](super::Deviation::CycleFound)), and two revisions of one id are an error.
    ///
    /// # Errors
    /// `CYCLE`, `DEPENDENCY_CYCLE`, `ILLEGAL_ID`, `DUPLICATE_REVISION`, `DUPLICATE_LABEL`, `MISSING_DEPENDENCY`
    /// or `MISSING_PARENT`.
    pub fn new(nodes: Vec<Node>) -> Result<Self, RevisionError> {
        let by_id = index_ids(&nodes)?;
        let (labels, by_label) = index_labels(&nodes, &by_id)?;
        let needs = resolve_needs(&nodes, &by_id, &by_label)?;
        let down = resolve_parents(&nodes, &by_id, &by_label)?;
        let has_dependencies = needs.iter().any(|list| !list.is_empty());

        let mut entries: Vec<Entry> = nodes
            .into_iter()
            .zip(down.into_iter().zip(needs))
            .map(|(node, (down, needs))| Entry {
                node,
                below: down.clone(),
                down,
                needs,
                next: Vec::new(),
                above: Vec::new(),
            })
            .collect();
        link(&mut entries);
        cycle::check(&entries)?;
        if has_dependencies {
            normalize(&mut entries);
        }

        let pick = |wanted: fn(&Entry) -> bool| {
            (0..entries.len()).filter(|index| wanted(&entries[*index])).collect::<Vec<Idx>>()
        };
        let (heads, effective_heads, bases) = (
            pick(|entry| entry.next.is_empty()),
            pick(|entry| entry.above.is_empty()),
            pick(|entry| entry.down.is_empty()),
        );
        Ok(Self { entries, by_id, by_label, labels, heads, effective_heads, bases, has_dependencies })
    }
}

fn index_ids(nodes: &[Node]) -> Result<HashMap<String, Idx>, RevisionError> {
    let mut by_id = HashMap::with_capacity(nodes.len());
    for node in nodes {
        if node.down_revisions.contains(&node.id) {
            return Err(Fault::Cycle { revisions: vec![node.id.clone()] }.into());
        }
        if node.depends_on.contains(&node.id) {
            return Err(Fault::DependencyCycle { revisions: vec![node.id.clone()] }.into());
        }
        verify_id(&node.id)?;
    }
    for (index, node) in nodes.iter().enumerate() {
        if by_id.insert(node.id.clone(), index).is_some() {
            return Err(Fault::DuplicateRevision { revision: node.id.clone() }.into());
        }
    }
    Ok(by_id)
}

type Labels = (Vec<(String, Idx)>, HashMap<String, Idx>);

fn index_labels(nodes: &[Node], by_id: &HashMap<String, Idx>) -> Result<Labels, RevisionError> {
    let (mut labels, mut by_label) = (Vec::new(), HashMap::new());
    for (index, node) in nodes.iter().enumerate() {
        for label in &node.branch_labels {
            if let Some(other) = by_id.get(label).or_else(|| by_label.get(label)) {
                return Err(Fault::DuplicateLabel {
                    label: label.clone(),
                    revision: node.id.clone(),
                    other: nodes[*other].id.clone(),
                }
                .into());
            }
            by_label.insert(label.clone(), index);
            labels.push((label.clone(), index));
        }
    }
    Ok((labels, by_label))
}

fn resolve_needs(
    nodes: &[Node],
    by_id: &HashMap<String, Idx>,
    by_label: &HashMap<String, Idx>,
) -> Result<Vec<Vec<Idx>>, RevisionError> {
    let resolve = |node: &Node, name: &String| {
        by_id.get(name).or_else(|| by_label.get(name)).copied().ok_or_else(|| Fault::MissingDependency {
            revision: node.id.clone(),
            dependency: name.clone(),
            near: near(name, by_id.keys().chain(by_label.keys()).map(String::as_str)),
        })
    };
    nodes
        .iter()
        .map(|node| distinct(node.depends_on.iter().map(|name| resolve(node, name).map_err(Into::into))))
        .collect()
}

fn resolve_parents(
    nodes: &[Node],
    by_id: &HashMap<String, Idx>,
    by_label: &HashMap<String, Idx>,
) -> Result<Vec<Vec<Idx>>, RevisionError> {
    let resolve = |node: &Node, name: &String| {
        by_id.get(name).copied().ok_or_else(|| Fault::MissingParent {
            revision: node.id.clone(),
            parent: name.clone(),
            // A parent must be a full id: where a label was written, the revision that declares it was meant.
            near: match by_label.get(name) {
                Some(index) => vec![nodes[*index].id.clone()],
                None => near(name, by_id.keys().map(String::as_str)),
            },
        })
    };
    nodes
        .iter()
        .map(|node| distinct(node.down_revisions.iter().map(|name| resolve(node, name).map_err(Into::into))))
        .collect()
}

fn distinct(indexes: impl Iterator<Item = Result<Idx, RevisionError>>) -> Result<Vec<Idx>, RevisionError> {
    let mut list = Vec::new();
    for index in indexes {
        let index = index?;
        if !list.contains(&index) {
            list.push(index);
        }
    }
    Ok(list)
}

fn link(entries: &mut [Entry]) {
    for index in 0..entries.len() {
        for parent in entries[index].down.clone() {
            entries[parent].next.push(index);
            entries[parent].above.push(index);
        }
        for needed in entries[index].needs.clone() {
            if !entries[index].down.contains(&needed) {
                entries[needed].above.push(index);
            }
        }
    }
}

/// Fills `below`: a dependency is left out where an ancestor by `down_revision` depends on the same revision.
///
/// As in Alembic, it stays where it is itself such an ancestor.
fn normalize(entries: &mut [Entry]) {
    let mut dependents = vec![Vec::new(); entries.len()];
    for (index, entry) in entries.iter().enumerate() {
        for needed in &entry.needs {
            dependents[*needed].push(index);
        }
    }
    for index in 0..entries.len() {
        let entry = &entries[index];
        let mut kept = entry.needs.clone();
        // Walking all ancestors of all dependents would be quadratic; most dependencies have one dependent.
        if kept.iter().any(|needed| dependents[*needed].len() > 1) {
            let ancestors = ancestors_by_descent(entries, index);
            kept.retain(|needed| !dependents[*needed].iter().any(|other| ancestors.contains(*other)));
        }
        kept.retain(|needed| !entry.down.contains(needed));
        entries[index].below.extend(kept);
    }
}

fn ancestors_by_descent(entries: &[Entry], index: Idx) -> Marks {
    let mut found = Marks::new(entries.len());
    let mut todo = entries[index].down.clone();
    while let Some(next) = todo.pop() {
        if found.insert(next) {
            todo.extend(&entries[next].down);
        }
    }
    found
}
