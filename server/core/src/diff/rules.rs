//! What a comparison looks at.

use super::filter::{Filter, ObjectId};
use super::naming::Naming;
use super::pattern::Pattern;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// What a comparison looks at and what it lets pass. What Alembic asks functions of `env.py` for stands here as data
/// (<https://alembic.sqlalchemy.org/en/latest/autogenerate.html>).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Rules {
    /// Renames that were confirmed: the old name, `table`, `table.column` or `enum.value`, and the new one.
    pub renames: Vec<(String, String)>,
    /// Where a filter speaks of a kind of object, only those of that kind that fit one of these are compared.
    pub include: Vec<Filter>,
    /// What fits one of these is not compared.
    pub exclude: Vec<Filter>,
    /// Whether types of columns are compared.
    pub compare_type: bool,
    /// Whether defaults of columns are compared.
    pub compare_server_default: bool,
    /// Whether NULL and NOT NULL are compared.
    pub compare_nullable: bool,
    /// Whether comments of all kinds of objects are compared.
    pub compare_comment: bool,
    /// Whether collations and character sets of columns are compared.
    pub compare_collation: bool,
    /// Whether identity columns and AUTO_INCREMENT are compared.
    pub compare_identity: bool,
    /// Whether the expressions of generated columns are compared.
    pub compare_computed: bool,
    /// Whether options of tables are compared: storage, engine, character set.
    pub compare_table_options: bool,
    /// What may be dropped.
    pub drop: Drops,
    /// The objects that replaying the history creates, for [`Drops::Owned`]; [`super::objects`] tells them.
    pub owned: BTreeSet<ObjectId>,
    /// Whether partitions, and tables that inherit from another, may be dropped, and partitions made to fit.
    pub partitions: bool,
    /// Types that are to be taken for others, on both sides, before they are compared; the first that fits.
    pub types: Vec<TypeRewrite>,
    /// Differences that are let pass.
    pub tolerate: Vec<Tolerance>,
    /// Names for constraints that have none.
    pub naming: Naming,
}

impl Default for Rules {
    /// Everything is compared, and everything that is too much dropped, apart from partitions.
    fn default() -> Rules {
        Rules {
            renames: Vec::new(),
            include: Vec::new(),
            exclude: Vec::new(),
            compare_type: true,
            compare_server_default: true,
            compare_nullable: true,
            compare_comment: true,
            compare_collation: true,
            compare_identity: true,
            compare_computed: true,
            compare_table_options: true,
            drop: Drops::All,
            owned: BTreeSet::new(),
            partitions: false,
            types: Vec::new(),
            tolerate: Vec::new(),
            naming: Naming::default(),
        }
    }
}

/// What may be dropped: that which is there and not desired. What merely changes may always be dropped and made again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Drops {
    /// Everything.
    #[default]
    All,
    /// Only what stands in [`Rules::owned`].
    Owned,
    /// Nothing.
    None,
}

/// A type that is to be taken for another: what `render_item` does in Alembic.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TypeRewrite {
    /// The type, whole for a glob: `character varying(*)`.
    #[serde(rename = "type")]
    pub data_type: Pattern,
    /// What it becomes; `$1` is the first group of a regular expression.
    pub to: String,
    /// The tables in which it does; all where nothing is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub table: Option<Pattern>,
}

/// Differences that are let pass.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Tolerance {
    /// The objects.
    pub of: Filter,
    /// What may differ; everything where nothing is said, but that both are there.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub aspects: BTreeSet<Aspect>,
}

/// What two objects of one name may differ in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Aspect {
    /// A column's type.
    Type,
    /// A column's default, and ON UPDATE of MySQL.
    ServerDefault,
    /// NULL or NOT NULL.
    Nullable,
    /// A comment.
    Comment,
    /// A column's collation or character set.
    Collation,
    /// Identity or AUTO_INCREMENT.
    Identity,
    /// The expression of a generated column.
    Computed,
    /// A table's options.
    Options,
}
