//! Comments of all kinds of objects.

use super::row::Row;
use crate::postgres::wire::Answer;
use std::collections::HashMap;

/// A catalog: the server numbers them the same for ever.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Catalog {
    Type = 1247,
    Function = 1255,
    Class = 1259,
    Constraint = 2606,
    Trigger = 2620,
    Policy = 3256,
}

/// Comments by catalog, object and column.
pub(super) struct Comments(HashMap<(u32, u32, i16), String>);

/// Those of the system's own objects are left out: it numbers them below 16384 (manual, "System Catalog Initial
/// Data").
pub(super) fn sql() -> String {
    "SELECT classoid,objoid,objsubid,description FROM pg_description WHERE objoid>=16384".into()
}

impl Comments {
    pub(super) fn read(answer: &Answer) -> Comments {
        let rows = answer.rows.iter().map(Row);
        Comments(
            rows.map(|row| ((row.number(0), row.number(1), row.number(2)), row.text(3).to_owned())).collect(),
        )
    }

    /// The comment of an object.
    pub(super) fn of(&self, catalog: Catalog, oid: u32) -> Option<String> {
        self.of_column(catalog, oid, 0)
    }

    /// The comment of a column; of the object itself for 0.
    pub(super) fn of_column(&self, catalog: Catalog, oid: u32, column: i16) -> Option<String> {
        self.0.get(&(catalog as u32, oid, column)).cloned()
    }
}
