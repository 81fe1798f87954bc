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
    let rows =
        target.sql(world, "SELECT revision, way, part, who FROM ledger ORDER BY id").expect("it answers");
    let entries: Vec<Vec<&str>> = rows.lines().map(|row| row.split('|').collect()).collect();
    let graph = graph(target.engine);
    match walk(&graph, &entries) {
        Ok((applied, passes)) => {
            stands(world, target, &graph, &applied);
            passes
        }
        Err(why) => {
            world.story.wrong(&format!("{}: {why}", target.name));
            Passes::new()
        }
    }
}

/// Goes through entries of revision, way and part: what stands applied in the end, and how often each was passed.
fn walk<'e>(graph: &[Revision], entries: &[Vec<&'e str>]) -> Result<(BTreeSet<&'e str>, Passes), String> {
    let mut applied: BTreeSet<&str> = BTreeSet::new();
    let mut passes = Passes::new();
    for (at, pass) in entries.chunks(PARTS as usize).enumerate() {
        let at = at * PARTS as usize;
        let (id, way) = (pass[0][0], pass[0][1]);
        for part in 1..=PARTS {
            let entry = pass.get(part as usize - 1);
            if entry.is_none_or(|entry| entry[..2] != [id, way] || entry[2] != part.to_string()) {
                let near = entries[at.saturating_sub(6)..entries.len().min(at + 9)].iter();
                let near: Vec<String> = near.map(|entry| entry.join(" ")).collect();
                return Err(format!(
                    "statement {part} of {id}{way} is wanted near entry {at}, there is {entry:?}; around it {near:#?}"
                ));
            }
        }
        step(graph, &mut applied, id, way)
            .map_err(|why| format!("entry {at}: {id}{way} {why}; applied was {applied:?}"))?;
        *passes.entry(format!("{id}{way}")).or_default() += 1;
    }
    Ok((applied, passes))
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::harness::Engine;

    /// The ledger of `a1+ b1+`, with every statement of each.
    fn entries(passes: &str) -> Vec<Vec<&str>> {
        let parts = |pass: &'static str| ["1", "2", "3"].map(|part| vec![&pass[..2], &pass[2..], part]);
        let known = ["a1+", "b1+", "b1-", "c1+", "b2+", "a1-"];
        let pass = |word| known.into_iter().find(|pass| *pass == word).expect("it is known");
        passes.split(' ').flat_map(|word| parts(pass(word))).collect()
    }

    fn why(entries: &[Vec<&str>]) -> String {
        walk(&graph(Engine::Postgres), entries).expect_err("it is illegal")
    }

    #[test]
    fn a_legal_way_is_counted() {
        let (applied, passes) =
            walk(&graph(Engine::Postgres), &entries("a1+ b1+ b2+ b1- b1+ c1+")).expect("it is legal");
        assert_eq!(applied.into_iter().collect::<Vec<_>>(), ["a1", "b1", "b2", "c1"]);
        assert_eq!((passes["b1+"], passes["b1-"], passes["a1+"]), (2, 1, 1));
    }

    #[test]
    fn what_is_illegal_is_found() {
        assert!(why(&entries("a1+ c1+")).contains("c1+ came before its parents"));
        assert!(why(&entries("a1+ b1+ b1+")).contains("b1+ came twice"));
        assert!(why(&entries("a1+ b1+ a1-")).contains("a1- went before its children"));
        assert!(why(&entries("a1+ b1-")).contains("b1- went though it was not there"));
        let legal = entries("a1+ b1+ b2+");
        for at in 0..legal.len() {
            let (mut missing, mut twice, mut among) = (legal.clone(), legal.clone(), legal.clone());
            missing.remove(at);
            twice.insert(at, legal[at].clone());
            assert!(why(&missing).contains("is wanted"), "{at}");
            assert!(why(&twice).contains("is wanted"), "{at}");
            if at + 1 < legal.len() {
                among.swap(at, at + 1);
                assert!(why(&among).contains("is wanted"), "{at}");
            }
        }
    }
}
