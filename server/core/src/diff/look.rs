//! What is looked at of one schema.

use super::filter::Seen;
use super::mirror::{LeftOut, mirror};
use super::prepare::judge;
use super::rules::Rules;
use crate::schema::{Schema, Table};

/// A schema without what the filters of `rules` leave out, and what that is. All else in the rules is about comparisons.
pub fn look(schema: &Schema, rules: &Rules) -> (Schema, Vec<LeftOut>) {
    let mut seen = schema.clone();
    let mut left_out = Vec::new();
    if rules.include.is_empty() && rules.exclude.is_empty() {
        return (seen, left_out);
    }
    let filters =
        Rules { include: rules.include.clone(), exclude: rules.exclude.clone(), ..Rules::default() };
    let judge = |seen: &Seen<'_>, _: bool, _: bool| judge(&filters, seen, true, true);
    // What was not there stays so: first objects that nothing holds, then the parts of tables that had none.
    mirror(&Schema { dialect: schema.dialect, ..Schema::default() }, &mut seen, &mut left_out, &judge);
    let bare = seen.tables.iter().map(|table| Table { name: table.name.clone(), ..Table::default() });
    let bare = Schema { tables: bare.collect(), ..seen.clone() };
    mirror(&bare, &mut seen, &mut left_out, &judge);
    left_out.sort();
    (seen, left_out)
}
