//! Names for constraints that have none.

use crate::schema::{Schema, Table};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// A convention for names, with the tokens of SQLAlchemy
/// (<https://docs.sqlalchemy.org/en/20/core/constraints.html#configuring-constraint-naming-conventions>):
/// `%(table_name)s`, `%(column_0_name)s`, `%(column_0_label)s`, `%(column_0N_name)s`, `%(column_0_N_name)s`,
/// `%(referred_table_name)s`, `%(referred_column_0_name)s`; any number stands where 0 stands. A template with
/// anything else in it, `%(constraint_name)s` too, names nothing: there is no name to put there.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Naming {
    /// Primary keys.
    #[serde(rename = "pk", skip_serializing_if = "Option::is_none")]
    pub primary_key: Option<String>,
    /// Unique constraints.
    #[serde(rename = "uq", skip_serializing_if = "Option::is_none")]
    pub unique: Option<String>,
    /// Check constraints.
    #[serde(rename = "ck", skip_serializing_if = "Option::is_none")]
    pub check: Option<String>,
    /// Foreign keys.
    #[serde(rename = "fk", skip_serializing_if = "Option::is_none")]
    pub foreign_key: Option<String>,
}

/// The longest name that PostgreSQL keeps whole, in bytes; MySQL keeps one more.
const LONGEST: usize = 63;

impl Naming {
    /// Whether it names nothing.
    pub fn is_empty(&self) -> bool {
        *self == Naming::default()
    }

    /// Names the constraints of a schema that have no name. Two that would have one name get numbers.
    pub(super) fn name(&self, schema: &mut Schema) {
        for table in schema.tables.iter_mut() {
            self.name_in(table);
        }
    }

    fn name_in(&self, table: &mut Table) {
        let name = table.name.name.clone();
        let mut taken: Vec<String> =
            table.constraints().filter_map(|constraint| constraint.name().map(str::to_owned)).collect();
        let mut put = |slot: &mut Option<String>, template: &Option<String>, parts: Parts<'_>| {
            let (None, Some(template)) = (&slot, template) else { return };
            let Some(made) = expand(template, &parts) else { return };
            let mut free = made.clone();
            let mut number = 1;
            while taken.contains(&free) {
                free = shortened(format!("{made}{number}"));
                number += 1;
            }
            taken.push(free.clone());
            *slot = Some(free);
        };
        let own = |columns: &[String]| -> Vec<String> { columns.to_vec() };
        if let Some(key) = &mut table.primary_key {
            let columns = own(&key.columns);
            put(&mut key.name, &self.primary_key, Parts { table: &name, columns: &columns, referred: None });
        }
        for unique in &mut table.uniques {
            let columns = own(&unique.columns);
            put(&mut unique.name, &self.unique, Parts { table: &name, columns: &columns, referred: None });
        }
        for check in &mut table.checks {
            put(&mut check.name, &self.check, Parts { table: &name, columns: &[], referred: None });
        }
        for key in &mut table.foreign_keys {
            let (columns, referred) = (own(&key.columns), (key.ref_table.clone(), own(&key.ref_columns)));
            let referred = Some((referred.0.as_str(), referred.1.as_slice()));
            put(&mut key.name, &self.foreign_key, Parts { table: &name, columns: &columns, referred });
        }
    }
}

/// What stands in a name.
struct Parts<'a> {
    table: &'a str,
    columns: &'a [String],
    referred: Option<(&'a str, &'a [String])>,
}

fn expand(template: &str, parts: &Parts<'_>) -> Option<String> {
    let mut out = String::new();
    let mut rest = template;
    while let Some(open) = rest.find("%(") {
        out.push_str(&rest[..open]);
        let end = rest[open..].find(")s")? + open;
        out.push_str(&token(&rest[open + 2..end], parts)?);
        rest = &rest[end + 2..];
    }
    out.push_str(rest);
    Some(shortened(out))
}

fn token(token: &str, parts: &Parts<'_>) -> Option<String> {
    match token {
        "table_name" => return Some(parts.table.to_owned()),
        "referred_table_name" => return parts.referred.map(|(table, _)| table.to_owned()),
        _ => {}
    }
    let (columns, table, rest) = match token.strip_prefix("referred_column_") {
        Some(rest) => (parts.referred?.1, parts.referred?.0, rest),
        None => (parts.columns, parts.table, token.strip_prefix("column_")?),
    };
    let digits = rest.find(|c: char| !c.is_ascii_digit())?;
    let first: usize = rest[..digits].parse().ok()?;
    let label = |column: &String| format!("{table}_{column}");
    let columns = columns.get(first..).filter(|columns| !columns.is_empty())?;
    Some(match &rest[digits..] {
        "_name" | "_key" => columns[0].clone(),
        "_label" => label(&columns[0]),
        "N_name" | "N_key" => columns.concat(),
        "_N_name" | "_N_key" => columns.join("_"),
        "N_label" => columns.iter().map(label).collect::<Vec<_>>().concat(),
        "_N_label" => columns.iter().map(label).collect::<Vec<_>>().join("_"),
        _ => return None,
    })
}

/// A name that is too long for an engine, cut, with a hash of the whole at its end.
fn shortened(name: String) -> String {
    if name.len() <= LONGEST {
        return name;
    }
    let hash = hex::encode(&Sha256::digest(&name)[..2]);
    let mut cut = LONGEST - hash.len() - 1;
    while !name.is_char_boundary(cut) {
        cut -= 1;
    }
    format!("{}_{hash}", &name[..cut])
}
