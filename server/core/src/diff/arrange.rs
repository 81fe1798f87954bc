//! An order in which pieces of work can be done.

use super::mention;
use crate::DialectName;
use crate::operation::Operation;
use crate::schema::Name;
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// What is to be done to one object, whose place depends on other objects.
#[derive(Default)]
pub(super) struct Piece<'a> {
    /// Which kind comes first where nothing else decides.
    pub(super) rank: u8,
    /// The object.
    pub(super) name: Name,
    /// The object's arguments, where its name alone does not tell it apart.
    pub(super) arguments: String,
    /// Whether others may name it.
    pub(super) named: bool,
    /// SQL that works only while what it names is there.
    pub(super) texts: Vec<Cow<'a, str>>,
    /// Objects that must be there.
    pub(super) uses: Vec<Name>,
    /// Tables that foreign keys refer to.
    pub(super) keys: Vec<Name>,
    /// What is done.
    pub(super) operations: Vec<Operation>,
}

/// How much one piece needs another.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Need {
    /// A body names it, which the engine may look at only when it runs.
    Body,
    /// A foreign key, which can be made afterwards.
    Key,
    /// It cannot be there without it.
    Must,
}

/// The pieces' order and the foreign keys (piece, table) that it does not satisfy.
pub(super) struct Arranged {
    pub(super) order: Vec<usize>,
    pub(super) broken: BTreeSet<(usize, Name)>,
}

/// Orders pieces: what is needed comes first, or, with `backwards`, what needs it. The same pieces have the same order.
pub(super) fn arrange(dialect: DialectName, pieces: &[Piece<'_>], backwards: bool) -> Arranged {
    let needs = needs(dialect, pieces);
    let mut before: Vec<BTreeMap<usize, Need>> = vec![BTreeMap::new(); pieces.len()];
    for (piece, needed) in needs.into_iter().enumerate() {
        for (other, need) in needed {
            let (first, second) = if backwards { (piece, other) } else { (other, piece) };
            before[second].insert(first, need);
        }
    }
    let mut after: Vec<Vec<usize>> = vec![Vec::new(); pieces.len()];
    for (piece, firsts) in before.iter().enumerate() {
        for &first in firsts.keys() {
            after[first].push(piece);
        }
    }
    let places = places(pieces);
    let mut by_place = vec![0; pieces.len()];
    for (piece, &place) in places.iter().enumerate() {
        by_place[place] = piece;
    }
    let mut arranged = Arranged { order: Vec::with_capacity(pieces.len()), broken: BTreeSet::new() };
    let mut ready: BTreeSet<usize> =
        (0..pieces.len()).filter(|&p| before[p].is_empty()).map(|p| places[p]).collect();
    let mut left: BTreeSet<usize> = (0..pieces.len()).collect();
    while !left.is_empty() {
        let Some(place) = ready.pop_first() else {
            let (first, second, need) = weakest(&before, &left, &by_place);
            before[second].remove(&first);
            if need == Need::Key {
                let (referring, referred) = if backwards { (first, second) } else { (second, first) };
                arranged.broken.insert((referring, pieces[referred].name.clone()));
            }
            if before[second].is_empty() {
                ready.insert(places[second]);
            }
            continue;
        };
        let piece = by_place[place];
        left.remove(&place);
        arranged.order.push(piece);
        for &next in &after[piece] {
            if before[next].remove(&piece).is_some() && before[next].is_empty() {
                ready.insert(places[next]);
            }
        }
    }
    arranged
}

/// Each piece's place among all by rank and name.
fn places(pieces: &[Piece<'_>]) -> Vec<usize> {
    let mut sorted: Vec<usize> = (0..pieces.len()).collect();
    sorted.sort_by_key(|&p| (pieces[p].rank, &pieces[p].name, &pieces[p].arguments));
    let mut places = vec![0; pieces.len()];
    for (place, piece) in sorted.into_iter().enumerate() {
        places[piece] = place;
    }
    places
}

/// What each piece needs of the others.
fn needs(dialect: DialectName, pieces: &[Piece<'_>]) -> Vec<BTreeMap<usize, Need>> {
    let mut exact: HashMap<&Name, Vec<usize>> = HashMap::new();
    let mut folded: HashMap<String, Vec<usize>> = HashMap::new();
    for (index, piece) in pieces.iter().enumerate().filter(|(_, piece)| piece.named) {
        exact.entry(&piece.name).or_default().push(index);
        folded.entry(mention::folded(dialect, &piece.name.name)).or_default().push(index);
    }
    let mut needs = Vec::with_capacity(pieces.len());
    for (index, piece) in pieces.iter().enumerate() {
        let mut needed: BTreeMap<usize, Need> = BTreeMap::new();
        let mut add = |others: Option<&Vec<usize>>, need: Need| {
            for &other in others.into_iter().flatten().filter(|&&other| other != index) {
                let strongest = needed.entry(other).or_insert(need);
                *strongest = need.max(*strongest);
            }
        };
        for text in &piece.texts {
            mention::names(dialect, text, &mut |name, inside| {
                add(folded.get(&name), if inside { Need::Body } else { Need::Must });
            });
        }
        piece.uses.iter().for_each(|name| add(exact.get(name), Need::Must));
        piece.keys.iter().for_each(|name| add(exact.get(name), Need::Key));
        needs.push(needed);
    }
    needs
}

/// The need on a circle that is given up most easily: what comes first, what comes second, and how much it is needed.
fn weakest(
    before: &[BTreeMap<usize, Need>],
    left: &BTreeSet<usize>,
    by_place: &[usize],
) -> (usize, usize, Need) {
    let mut path: Vec<usize> = Vec::new();
    let mut at: HashMap<usize, usize> = HashMap::new();
    let mut piece = left.first().map_or(0, |&place| by_place[place]);
    let circle = loop {
        if let Some(&start) = at.get(&piece) {
            break &path[start..];
        }
        at.insert(piece, path.len());
        path.push(piece);
        // Nothing is ready, so every piece that is left waits for another one.
        let Some(&next) = before[piece].keys().next() else { break &path[path.len() - 1..] };
        piece = next;
    };
    let around = circle.iter().zip(circle.iter().cycle().skip(1));
    let needs =
        around.filter_map(|(&second, &first)| before[second].get(&first).map(|&n| (n, first, second)));
    needs.min().map_or((piece, piece, Need::Must), |(need, first, second)| (first, second, need))
}
