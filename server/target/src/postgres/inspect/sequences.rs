//! Sequences: those that stand for themselves, and those of identity columns.

use super::comments::{Catalog, Comments};
use super::row::Row;
use super::scope::Scope;
use crate::postgres::wire::Answer;
use migrated_core::schema::{Owner, Sequence, SequenceOptions};
use std::collections::HashMap;

/// What was found.
#[derive(Default)]
pub(super) struct Sequences {
    /// By relation and number of the column.
    identities: HashMap<(u32, i16), SequenceOptions>,
    pub(super) free: Vec<Sequence>,
}

/// `deptype` is `i` for an identity column's, `a` for one that a column owns.
pub(super) fn sql(scope: &Scope<'_>) -> String {
    format!(
        "SELECT c.oid,n.nspname,c.relname,pg_catalog.format_type(s.seqtypid,NULL),s.seqstart,s.seqincrement,s.seqmin,\
         s.seqmax,s.seqcache,s.seqcycle,c.relpersistence,d.deptype,d.refobjid,d.refobjsubid,o.relname,a.attname \
         FROM pg_sequence s JOIN pg_class c ON c.oid=s.seqrelid JOIN pg_namespace n ON n.oid=c.relnamespace \
         LEFT JOIN pg_depend d ON d.classid='pg_catalog.pg_class'::pg_catalog.regclass AND d.objid=c.oid \
         AND d.objsubid=0 AND d.refclassid='pg_catalog.pg_class'::pg_catalog.regclass AND d.deptype IN ('a','i') \
         LEFT JOIN pg_class o ON o.oid=d.refobjid \
         LEFT JOIN pg_attribute a ON a.attrelid=d.refobjid AND a.attnum=d.refobjsubid WHERE {} AND {}",
        scope.wanted("n"),
        scope.free("pg_class", "c.oid")
    )
}

impl Sequences {
    pub(super) fn read(answer: &Answer, scope: &Scope<'_>, comments: &Comments) -> Sequences {
        let mut sequences = Sequences::default();
        for row in answer.rows.iter().map(Row) {
            let data_type = row.text(3);
            let options = options(
                data_type,
                Counting {
                    start: row.number(4),
                    increment: row.number(5),
                    min: row.number(6),
                    max: row.number(7),
                    cache: row.number(8),
                    cycle: row.flag(9),
                },
            );
            if row.option(11) == Some("i") {
                sequences.identities.insert((row.number(12), row.number(13)), options);
                continue;
            }
            let owned_by = row.option(14).zip(row.option(15));
            sequences.free.push(Sequence {
                name: scope.name(row.text(1), row.text(2)),
                data_type: (data_type != "bigint").then(|| data_type.to_owned()),
                options,
                owned_by: owned_by
                    .map(|(table, column)| Owner { table: table.into(), column: column.into() }),
                unlogged: row.text(10) == "u",
                comment: comments.of(Catalog::Class, row.number(0)),
            });
        }
        sequences
    }

    /// The sequence of an identity column.
    pub(super) fn of_identity(&self, relation: u32, column: i16) -> Option<&SequenceOptions> {
        self.identities.get(&(relation, column))
    }
}

/// How a sequence counts, as the catalog has it.
#[derive(Clone, Copy)]
struct Counting {
    start: i64,
    increment: i64,
    min: i64,
    max: i64,
    cache: i64,
    cycle: bool,
}

/// Leaves out what follows from type and direction (manual, "CREATE SEQUENCE").
fn options(data_type: &str, found: Counting) -> SequenceOptions {
    let (least, most) = match data_type {
        "smallint" => (i64::from(i16::MIN), i64::from(i16::MAX)),
        "integer" => (i64::from(i32::MIN), i64::from(i32::MAX)),
        _ => (i64::MIN, i64::MAX),
    };
    let (min, max) = if found.increment > 0 { (1, most) } else { (least, -1) };
    let start = if found.increment > 0 { found.min } else { found.max };
    let unless = |value: i64, default: i64| (value != default).then_some(value);
    SequenceOptions {
        start: unless(found.start, start),
        increment: unless(found.increment, 1),
        min: unless(found.min, min),
        max: unless(found.max, max),
        cache: unless(found.cache, 1),
        cycle: found.cycle,
    }
}

#[cfg(test)]
mod tests {
    use super::{Counting, options};
    use migrated_core::schema::SequenceOptions;

    const UP: Counting = Counting { start: 1, increment: 1, min: 1, max: i64::MAX, cache: 1, cycle: false };

    #[test]
    fn defaults_are_not_told() {
        assert_eq!(options("bigint", UP), SequenceOptions::default());
        let integer = Counting { max: i64::from(i32::MAX), ..UP };
        assert_eq!(options("integer", integer), SequenceOptions::default());
        assert_eq!(options("integer", UP).max, Some(i64::MAX));
    }

    #[test]
    fn direction_and_minimum_decide_about_the_start() {
        let down = Counting { start: -1, increment: -1, min: i64::MIN, max: -1, ..UP };
        assert_eq!(options("bigint", down), SequenceOptions { increment: Some(-1), ..Default::default() });
        let from_ten = Counting { start: 10, min: 10, ..UP };
        assert_eq!(options("bigint", from_ten), SequenceOptions { min: Some(10), ..Default::default() });
    }
}
