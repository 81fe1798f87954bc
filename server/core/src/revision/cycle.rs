//! Circles among the revisions.

use super::deviation::Deviation;
use super::error::{Fault, RevisionError};
use super::graph::Entry;
use super::marks::{Idx, Marks};

/// Finds a circle by `down_revision`, else one that leads over a dependency.
///
/// # Errors
/// `CYCLE` or `DEPENDENCY_CYCLE` with the revisions of one circle in order.
pub(super) fn check(entries: &[Entry]) -> Result<(), RevisionError> {
    let by_descent = |index: Idx| entries[index].down.iter().copied();
    let by_all = |index: Idx| entries[index].down.iter().chain(&entries[index].needs).copied();
    let fault = if let Some(circle) = find(entries.len(), by_descent) {
        Fault::Cycle { revisions: names(entries, &circle) }
    } else if let Some(circle) = find(entries.len(), by_all) {
        Fault::DependencyCycle { revisions: names(entries, &circle) }
    } else {
        return Ok(());
    };
    let error = RevisionError::from(fault);
    Err(if alembic_notices(entries) { error } else { error.declared(Deviation::CycleFound) })
}

fn names(entries: &[Entry], circle: &[Idx]) -> Vec<String> {
    circle.iter().map(|index| entries[*index].node.id.clone()).collect()
}

/// Takes away what has nothing below it until nothing changes; whoever is left leads into a circle.
fn find<I: Iterator<Item = Idx>>(count: usize, below: impl Fn(Idx) -> I) -> Option<Vec<Idx>> {
    let mut above = vec![Vec::new(); count];
    let mut open = vec![0_usize; count];
    for (index, open) in open.iter_mut().enumerate() {
        for lower in below(index) {
            above[lower].push(index);
            *open += 1;
        }
    }
    let mut free: Vec<Idx> = (0..count).filter(|index| open[*index] == 0).collect();
    while let Some(index) = free.pop() {
        for upper in &above[index] {
            open[*upper] -= 1;
            if open[*upper] == 0 {
                free.push(*upper);
            }
        }
    }
    let mut at = (0..count).find(|index| open[*index] > 0)?;
    let mut path: Vec<Idx> = Vec::new();
    loop {
        if let Some(start) = path.iter().position(|seen| *seen == at) {
            return Some(path.split_off(start));
        }
        path.push(at);
        at = below(at).find(|lower| open[*lower] > 0)?;
    }
}

/// Alembic's own test: is there a revision that no head or no base leads to?
fn alembic_notices(entries: &[Entry]) -> bool {
    let count = entries.len();
    let spans = |starts: Vec<Idx>, follow: &dyn Fn(Idx) -> Vec<Idx>| {
        let (mut seen, mut todo) = (Marks::new(count), starts);
        while let Some(index) = todo.pop() {
            if seen.insert(index) {
                todo.extend(follow(index));
            }
        }
        seen.len() == count
    };
    let pick = |wanted: &dyn Fn(&Entry) -> bool| (0..count).filter(|i| wanted(&entries[*i])).collect();
    let all_below = |i: Idx| entries[i].down.iter().chain(&entries[i].needs).copied().collect::<Vec<_>>();
    !(spans(pick(&|e| e.next.is_empty()), &|i| entries[i].down.clone())
        && spans(pick(&|e| e.down.is_empty()), &|i| entries[i].next.clone())
        && spans(pick(&|e| e.above.is_empty()), &all_below)
        && spans(pick(&|e| e.down.is_empty() && e.needs.is_empty()), &|i| entries[i].above.clone()))
}
