//! What a target itself shows: every statement of every revision entered itself, in the order in which they ran.

use super::course::{PARTS, Revision, graph};
use super::world::{Target, World};
use std::collections::{BTreeMap, BTreeSet};

/// How often each revision was applied and taken back, by the ledger: `b1+`, `b1-`.
pub(super) type Passes = BTreeMap<String, usize>;

/// Goes through the ledger. Fails where a statement is missing, came twice, or came among those of another revision
/// (so two runs worked at once), where a revision came before its parents or went before its children, and where what
/// is applied in the end is not what the version rows and the tables say.
pub(super) fn check(world: &World, target: &Target) -> Passes {
    let story = &world.story;
    let rows =
        target.sql(world, "SELECT revision, way, part, who FROM ledger ORDER BY id").expect("it answers");
    let entries: Vec<Vec<&str>> = rows.lines().map(|row| row.split('|').collect()).collect();
    let graph = graph(target.engine);
    let mut applied: BTreeSet<&str> = BTreeSet::new();
    let mut passes = Passes::new();
    let mut at = 0;
    while at < entries.len() {
        let (id, way) = (entries[at][0], entries[at][1]);
        for part in 1..=PARTS {
            let entry = entries.get(at).map(|entry| (entry[0], entry[1], entry[2].to_owned()));
            if entry != Some((id, way, part.to_string())) {
                let near = entries[at.saturating_sub(6)..entries.len().min(at + 6)].iter();
                let near: Vec<String> = near.map(|entry| entry.join(" ")).collect();
                story.wrong(&format!(
                    "{}: statement {part} of {id}{way} is wanted as entry {at}, there is {entry:?}; around it {near:#?}",
                    target.name
                ));
                return passes;
            }
            at += 1;
        }
        *passes.entry(format!("{id}{way}")).or_default() += 1;
        if let Err(why) = step(&graph, &mut applied, id, way) {
            story.wrong(&format!("{}: entry {at}: {id}{way} {why}; applied was {applied:?}", target.name));
        }
    }
    stands(world, target, &graph, &applied);
    passes
}

/// Takes one step in the graph.
fn step<'e>(
    graph: &[Revision],
    applied: &mut BTreeSet<&'e str>,
    id: &'e str,
    way: &str,
) -> Result<(), &'static str> {
    let revision = graph.iter().find(|revision| revision.id == id).ok_or("is unknown")?;
    if way == "+" {
        let legal = revision.parents.iter().all(|parent| applied.contains(parent));
        let new = applied.insert(id);
        return if !legal {
            Err("came before its parents")
        } else if !new {
            Err("came twice")
        } else {
            Ok(())
        };
    }
    let children = graph.iter().filter(|child| child.parents.contains(&id));
    let legal = children.into_iter().all(|child| !applied.contains(child.id));
    let was = applied.remove(id);
    if !legal {
        Err("went before its children")
    } else if !was {
        Err("went though it was not there")
    } else {
        Ok(())
    }
}

/// Compares what the ledger says with version rows, tables and the journal.
fn stands(world: &World, target: &Target, graph: &[Revision], applied: &BTreeSet<&str>) {
    let rows = target.sql(world, "SELECT version_num FROM alembic_version ORDER BY 1").unwrap_or_default();
    let has_child = |id: &str| graph.iter().any(|r| applied.contains(r.id) && r.parents.contains(&id));
    let heads: Vec<&str> = applied.iter().copied().filter(|id| !has_child(id)).collect();
    let found: Vec<&str> = rows.lines().collect();
    world.story.holds(found == heads, || {
        format!("{}: the version rows are {found:?}, the ledger leads to {heads:?}", target.name)
    });
    for revision in graph.iter().filter(|revision| revision.id != "c1") {
        let there = target.sql(world, &format!("SELECT count(*) FROM t_{}", revision.id)).is_ok();
        world.story.holds(there == applied.contains(revision.id), || {
            format!("{}: table t_{} is there: {there}", target.name, revision.id)
        });
    }
    let journal = target.sql(world, "SELECT count(*) FROM migrated_journal");
    world.story.holds(journal.clone().is_ok_and(|n| n == "0") || journal.is_err(), || {
        format!("{}: the journal holds {journal:?}", target.name)
    });
}
