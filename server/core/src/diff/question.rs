//! Renames that may be meant: asked about, never guessed.

use crate::schema::{Column, Enum, Name, Schema, Table};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Something that goes while something like it comes: perhaps it only has another name.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RenameQuestion {
    /// What it is.
    pub kind: RenameKind,
    /// Its old name, as [`super::Rules::renames`] takes it: `table`, `table.column`, `enum.value`.
    pub from: String,
    /// The new name.
    pub to: String,
    /// How alike the two are, from 0 to 1.
    pub similarity: f64,
}

/// What may have another name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RenameKind {
    /// A table.
    Table,
    /// A column.
    Column,
    /// A value of an enum type.
    EnumValue,
}

/// From here on two things may be one.
const LIKELY: f64 = 0.5;

/// Tables are compared one with another up to this many comparisons; beyond, only those of one shape.
const ALL_PAIRS: usize = 250_000;

/// The questions that a difference raises: of tables, then columns, then values, each by name.
pub(super) fn questions(from: &Schema, to: &Schema) -> Vec<RenameQuestion> {
    let mut questions = tables(from, to);
    let columns = from.tables.iter().filter_map(|old| Some((old, to.tables.get(&old.name)?)));
    questions.extend(columns.filter(|(old, new)| old != new).flat_map(|(old, new)| self::columns(old, new)));
    let enums = from.enums.iter().filter_map(|old| Some((old, to.enums.get(&old.name)?)));
    questions.extend(enums.flat_map(|(old, new)| values(old, new)));
    questions
}

fn tables(from: &Schema, to: &Schema) -> Vec<RenameQuestion> {
    let gone: Vec<&Table> = from.tables.iter().filter(|table| !to.tables.contains(&table.name)).collect();
    let come: Vec<&Table> = to.tables.iter().filter(|table| !from.tables.contains(&table.name)).collect();
    let alike = |old: usize, new: usize| tables_alike(gone[old], come[new]);
    let pairs = if gone.len() * come.len() <= ALL_PAIRS {
        pairs(gone.len(), come.len(), alike)
    } else {
        best(candidates(&gone, &come).into_iter().map(|(old, new)| (alike(old, new), old, new)).collect())
    };
    let name = |name: &Name| name.to_string();
    pairs
        .into_iter()
        .map(|(similarity, old, new)| RenameQuestion {
            kind: RenameKind::Table,
            from: name(&gone[old].name),
            to: name(&come[new].name),
            similarity,
        })
        .collect()
}

/// A table's columns: names and types.
type Shape = BTreeSet<(String, String)>;

/// Pairs of tables that have all columns in common.
fn candidates(gone: &[&Table], come: &[&Table]) -> Vec<(usize, usize)> {
    let shape = |table: &Table| -> Shape {
        table.columns.iter().map(|column| (column.name.clone(), column.data_type.clone())).collect()
    };
    let mut shapes: BTreeMap<Shape, (Vec<usize>, Vec<usize>)> = BTreeMap::new();
    for (index, table) in gone.iter().enumerate() {
        shapes.entry(shape(table)).or_default().0.push(index);
    }
    for (index, table) in come.iter().enumerate() {
        shapes.entry(shape(table)).or_default().1.push(index);
    }
    // Many tables of one shape say nothing about which is which.
    let telling = shapes.into_values().filter(|(old, new)| old.len() * new.len() <= 16);
    telling
        .flat_map(|(old, new)| {
            old.into_iter().flat_map(move |o| new.clone().into_iter().map(move |n| (o, n)))
        })
        .collect()
}

fn tables_alike(old: &Table, new: &Table) -> f64 {
    let shared = |column: &Column| match new.column(&column.name) {
        Some(other) if other.data_type == column.data_type => 1.0,
        Some(_) => 0.5,
        None => 0.0,
    };
    let both: f64 = old.columns.iter().map(shared).sum();
    let new_only = new.columns.iter().filter(|column| old.column(&column.name).is_none()).count();
    let all = old.columns.len() + new_only;
    if all == 0 {
        return 0.0;
    }
    #[expect(clippy::cast_precision_loss, reason = "a table has few columns")]
    let columns = both / all as f64;
    0.75 * columns + 0.25 * strsim::jaro_winkler(&old.name.name, &new.name.name)
}

fn columns(old: &Table, new: &Table) -> Vec<RenameQuestion> {
    let gone: Vec<&Column> = old.columns.iter().filter(|column| new.column(&column.name).is_none()).collect();
    let come: Vec<&Column> = new.columns.iter().filter(|column| old.column(&column.name).is_none()).collect();
    let alike = |a: usize, b: usize| columns_alike(gone[a], come[b]);
    pairs(gone.len(), come.len(), alike)
        .into_iter()
        .map(|(similarity, a, b)| RenameQuestion {
            kind: RenameKind::Column,
            from: format!("{}.{}", old.name, gone[a].name),
            to: come[b].name.clone(),
            similarity,
        })
        .collect()
}

fn columns_alike(old: &Column, new: &Column) -> f64 {
    let typed = if old.data_type == new.data_type { 0.45 } else { 0.0 };
    let renamed = Column { name: new.name.clone(), ..old.clone() };
    let rest = if renamed == *new { 0.15 } else { 0.0 };
    typed + rest + 0.4 * strsim::jaro_winkler(&old.name, &new.name)
}

fn values(old: &Enum, new: &Enum) -> Vec<RenameQuestion> {
    let gone: Vec<usize> =
        (0..old.values.len()).filter(|&at| !new.values.contains(&old.values[at])).collect();
    let come: Vec<usize> =
        (0..new.values.len()).filter(|&at| !old.values.contains(&new.values[at])).collect();
    let alike = |a: usize, b: usize| {
        let place = if gone[a] == come[b] { 0.5 } else { 0.0 };
        place + 0.5 * strsim::jaro_winkler(&old.values[gone[a]], &new.values[come[b]])
    };
    pairs(gone.len(), come.len(), alike)
        .into_iter()
        .map(|(similarity, a, b)| RenameQuestion {
            kind: RenameKind::EnumValue,
            from: format!("{}.{}", old.name, old.values[gone[a]]),
            to: new.values[come[b]].clone(),
            similarity,
        })
        .collect()
}

/// Each old one with the new one that is most like it, where they are alike enough; in the order of the old ones.
fn pairs(old: usize, new: usize, alike: impl Fn(usize, usize) -> f64) -> Vec<(f64, usize, usize)> {
    let all = (0..old).flat_map(|o| (0..new).map(move |n| (o, n)));
    best(all.map(|(o, n)| (alike(o, n), o, n)).collect())
}

fn best(mut pairs: Vec<(f64, usize, usize)>) -> Vec<(f64, usize, usize)> {
    pairs.retain(|(similarity, _, _)| *similarity >= LIKELY);
    pairs.sort_by(|a, b| b.0.total_cmp(&a.0).then((a.1, a.2).cmp(&(b.1, b.2))));
    let (mut olds, mut news) = (BTreeSet::new(), BTreeSet::new());
    pairs.retain(|&(_, old, new)| {
        let free = !olds.contains(&old) && !news.contains(&new);
        if free {
            olds.insert(old);
            news.insert(new);
        }
        free
    });
    pairs.sort_by_key(|&(_, old, new)| (old, new));
    pairs
}
