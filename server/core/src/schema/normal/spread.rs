//! How far a change reaches: what refers to an object that is asked about is asked about too, and what an object refers
//! to is made with it.

use super::object::{Item, Object};
use super::reach::{self, EVERYTHING, Reach};
use super::{Id, Texts};
use crate::schema::{ForeignKey, Name};
use std::collections::{BTreeSet, HashMap};

/// Which items have a word.
type Words = HashMap<String, Vec<usize>>;

/// Marks as not alike whatever refers to something that goes, comes or is not known to stay as it is.
pub(super) fn spread(texts: &Texts<'_>, items: &mut [Item<'_>], removed: &[Object<'_>]) {
    let mut changed: Vec<usize> = (0..items.len()).filter(|at| !items[*at].alike).collect();
    if changed.is_empty() && removed.is_empty() {
        return;
    }
    let mut reading: Words = HashMap::new();
    let mut referring: HashMap<Name, Vec<usize>> = HashMap::new();
    for (at, item) in items.iter().enumerate().filter(|(_, item)| item.alike) {
        for word in item.object.reach() {
            reading.entry(word).or_default().push(at);
        }
        for key in foreign_keys(&item.object) {
            referring.entry(key.target()).or_default().push(at);
        }
    }
    for object in removed {
        let keys = if let Object::Table(table) = object { referring.get(&table.name) } else { None };
        let keys = keys.into_iter().flatten().copied();
        let met: Vec<usize> =
            naming(&reading, items.len(), object.called()).into_iter().chain(keys).collect();
        doubt(items, met, &mut changed);
    }
    while let Some(at) = changed.pop() {
        let object = items[at].object;
        let mut met = naming(&reading, items.len(), object.called());
        if let Object::Table(new) = object {
            let same = texts.standing.tables.get(&new.name).is_some_and(|old| texts.same_keys(old, new));
            met.extend(referring.get(&new.name).filter(|_| !same).into_iter().flatten());
        }
        doubt(items, met, &mut changed);
    }
}

fn doubt(items: &mut [Item<'_>], met: impl IntoIterator<Item = usize>, changed: &mut Vec<usize>) {
    for at in met {
        if std::mem::replace(&mut items[at].alike, false) {
            changed.push(at);
        }
    }
}

/// The items that are not alike, and all that they may refer to.
pub(super) fn supported(items: &[Item<'_>]) -> BTreeSet<Id> {
    let mut called: Words = HashMap::new();
    let mut nameless = Vec::new();
    for (at, item) in items.iter().enumerate() {
        match reach::words(item.object.called()).next() {
            Some(first) => called.entry(first).or_default().push(at),
            None => nameless.push(at),
        }
    }
    let mut wanted: BTreeSet<usize> = (0..items.len()).filter(|at| !items[*at].alike).collect();
    wanted.extend(nameless);
    let mut open: Vec<usize> = wanted.iter().copied().collect();
    while let Some(at) = open.pop() {
        let object = items[at].object;
        let mut words = object.reach();
        reach::foreign_keys(&mut words, foreign_keys(&object));
        if words.contains(EVERYTHING) {
            return items.iter().map(|item| item.id.clone()).collect();
        }
        let fits = |words: &Reach, at: usize| {
            reach::words(items[at].object.called()).all(|word| words.contains(&word))
        };
        let met = words.iter().filter_map(|word| called.get(word)).flatten().copied();
        let met: Vec<usize> = met.filter(|at| fits(&words, *at)).collect();
        open.extend(met.into_iter().filter(|at| wanted.insert(*at)));
    }
    wanted.into_iter().map(|at| items[at].id.clone()).collect()
}

/// The items whose texts have all words of a name.
fn naming(reading: &Words, all: usize, name: &str) -> Vec<usize> {
    let everything = reading.get(EVERYTHING).cloned().unwrap_or_default();
    let mut met: Option<Vec<usize>> = None;
    for word in reach::words(name) {
        let with = reading.get(&word).map_or(&[][..], Vec::as_slice);
        met = Some(match met {
            None => with.to_vec(),
            Some(met) => met.into_iter().filter(|at| with.binary_search(at).is_ok()).collect(),
        });
    }
    // A name of signs alone is in no text as a word.
    let mut met = met.unwrap_or_else(|| (0..all).collect());
    met.extend(everything);
    met
}

fn foreign_keys<'a>(object: &Object<'a>) -> &'a [ForeignKey] {
    match object {
        Object::Table(table) => &table.foreign_keys,
        _ => &[],
    }
}
