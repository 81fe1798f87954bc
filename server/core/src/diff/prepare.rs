//! The rules, put to work on what is compared before it is compared.

use super::filter::{Kind, Seen};
use super::mirror::{LeftOut, LeftOutBecause, Verdict, mirror};
use super::rules::{Aspect, Drops, Rules};
use crate::DialectName;
use crate::schema::{Name, Partition, Schema, Table};
use std::borrow::Cow;
use std::collections::HashSet;

/// Both sides as the rules want them compared, and what they leave out.
pub(super) fn prepare<'a>(
    dialect: DialectName,
    mut from: Cow<'a, Schema>,
    to: &'a Schema,
    rules: &Rules,
) -> (Cow<'a, Schema>, Cow<'a, Schema>, Vec<LeftOut>) {
    let mut to = Cow::Borrowed(to);
    let mut left_out = Vec::new();
    if !rules.naming.is_empty() {
        rules.naming.name(to.to_mut());
        // SQLite keeps no names of its own making, so a constraint without one is the same on both sides.
        if dialect == DialectName::Sqlite {
            rules.naming.name(from.to_mut());
        }
    }
    if !rules.types.is_empty() {
        rewrite(from.to_mut(), rules);
        rewrite(to.to_mut(), rules);
    }
    super::spelling::settle(dialect, &from, &mut to);
    if !rules.partitions {
        leave_partitions(&from, &mut to, rules, &mut left_out);
    }
    if judges(rules) {
        mirror(&from, to.to_mut(), &mut left_out, &|seen, old, new| judge(rules, seen, old, new));
    }
    left_out.sort();
    (from, to, left_out)
}

fn rewrite(schema: &mut Schema, rules: &Rules) {
    for table in schema.tables.iter_mut() {
        for column in &mut table.columns {
            let rewritten = rules.types.iter().find_map(|rule| {
                let here = rule.table.as_ref().is_none_or(|table_name| table_name.fits(&table.name.name));
                rule.data_type.rewrite(&column.data_type, &rule.to).filter(|_| here)
            });
            column.data_type = rewritten.unwrap_or(std::mem::take(&mut column.data_type));
        }
    }
}

/// Partitions and tables that inherit are not dropped, partitions not moved, and how a table is divided stays. What they
/// are part of or inherit from stays for that: one that goes takes them along.
fn leave_partitions(from: &Schema, to: &mut Cow<'_, Schema>, rules: &Rules, left_out: &mut Vec<LeftOut>) {
    let mut leave = |table: &Table, because: LeftOutBecause| {
        left_out.push(LeftOut { object: seen(&table.name).id(), because });
    };
    let goes = going(from, to, rules);
    for old in &from.tables {
        let part = matches!(old.options.partition, Some(Partition::Of { .. }));
        match to.tables.get(&old.name) {
            None if (part || !old.options.inherits.is_empty()) && !goes.contains(&old.name) => {
                leave(old, LeftOutBecause::Partition);
                to.to_mut().tables.insert(old.clone());
            }
            Some(new) if old.options.partition != new.options.partition => {
                leave(old, if part { LeftOutBecause::Partition } else { LeftOutBecause::Partitioning });
                if let Some(new) = to.to_mut().tables.get_mut(&old.name) {
                    new.options.partition.clone_from(&old.options.partition);
                }
            }
            _ => {}
        }
    }
}

fn seen(table: &Name) -> Seen<'_> {
    Seen { kind: Kind::Table, schema: table.schema.as_deref(), table: None, name: &table.name }
}

/// The tables that go, with those that are divided from them or inherit from them.
fn going<'a>(from: &'a Schema, to: &Schema, rules: &Rules) -> HashSet<&'a Name> {
    let stays = |old: &Table| matches!(judge(rules, &seen(&old.name), true, false), Verdict::Stays(_));
    let absent = || from.tables.iter().filter(|old| !to.tables.contains(&old.name) && !stays(old));
    let parents = |old: &'a Table| {
        let divided = match &old.options.partition {
            Some(Partition::Of { parent, .. }) => Some(parent),
            _ => None,
        };
        divided.into_iter().chain(&old.options.inherits)
    };
    let mut gone: HashSet<&Name> =
        absent().filter(|old| parents(old).next().is_none()).map(|old| &old.name).collect();
    loop {
        let more: Vec<&Name> = absent()
            .filter(|old| !gone.contains(&old.name) && parents(old).any(|parent| gone.contains(parent)))
            .map(|old| &old.name)
            .collect();
        if more.is_empty() {
            return gone;
        }
        gone.extend(more);
    }
}

/// Whether the rules leave anything out at all.
fn judges(rules: &Rules) -> bool {
    let filters = !rules.include.is_empty() || !rules.exclude.is_empty() || !rules.tolerate.is_empty();
    filters || rules.drop != Drops::All || !unlooked(rules).is_empty()
}

pub(super) fn judge(rules: &Rules, seen: &Seen<'_>, old: bool, new: bool) -> Verdict {
    let mut including = rules.include.iter().filter(|filter| filter.speaks_of(seen.kind)).peekable();
    if including.peek().is_some() && !including.any(|filter| filter.fits(seen)) {
        return Verdict::Stays(LeftOutBecause::NotIncluded);
    }
    if rules.exclude.iter().any(|filter| filter.fits(seen)) {
        return Verdict::Stays(LeftOutBecause::Excluded);
    }
    if !new {
        let may = match rules.drop {
            Drops::All => true,
            Drops::Owned => rules.owned.contains(&seen.id()),
            Drops::None => false,
        };
        return if may { Verdict::Counts } else { Verdict::Stays(LeftOutBecause::NotDropped) };
    }
    if !old {
        return Verdict::Counts;
    }
    let mut aspects = unlooked(rules);
    for tolerance in rules.tolerate.iter().filter(|tolerance| tolerance.of.fits(seen)) {
        if tolerance.aspects.is_empty() {
            return Verdict::Stays(LeftOutBecause::Tolerated);
        }
        aspects.extend(&tolerance.aspects);
    }
    if aspects.is_empty() { Verdict::Counts } else { Verdict::StaysIn(aspects) }
}

/// What is not compared anywhere.
fn unlooked(rules: &Rules) -> Vec<Aspect> {
    let switches = [
        (rules.compare_type, Aspect::Type),
        (rules.compare_server_default, Aspect::ServerDefault),
        (rules.compare_nullable, Aspect::Nullable),
        (rules.compare_comment, Aspect::Comment),
        (rules.compare_collation, Aspect::Collation),
        (rules.compare_identity, Aspect::Identity),
        (rules.compare_computed, Aspect::Computed),
        (rules.compare_table_options, Aspect::Options),
    ];
    switches.into_iter().filter(|(compared, _)| !compared).map(|(_, aspect)| aspect).collect()
}
