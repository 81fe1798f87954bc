//! Tables and their parts: whether an engine that makes the desired one tells the standing one.

use super::Texts;
use crate::DialectName;
use crate::schema::{
    Check, Column, DefaultValue, Exclude, ForeignKey, Index, IndexItem, LiteralValue, Name, Policy,
    PrimaryKey, Table, Trigger, Unique, View,
};

/// The longest name that PostgreSQL makes for a constraint without cutting anything, in bytes.
const LONGEST: usize = 63;

impl Texts<'_> {
    pub(super) fn same_table(&self, old: &Table, new: &Table) -> bool {
        let Table {
            name,
            columns,
            primary_key,
            uniques,
            checks,
            foreign_keys,
            excludes,
            indexes,
            triggers,
            policies,
            row_security,
            comment,
            options,
        } = new;
        let key_columns = primary_key.as_ref().map_or(&[][..], |key| &key.columns);
        old.row_security == *row_security
            && old.comment == *comment
            && old.options == *options
            && self.same_columns(old, columns, key_columns)
            && match (&old.primary_key, primary_key) {
                (None, None) => true,
                (Some(old), Some(new)) => self.same_key(name, old, new),
                _ => false,
            }
            && each(&old.uniques, uniques, |old, new| self.same_unique(name, old, new))
            && each(&old.checks, checks, |old, new| self.same_check(old, new))
            && each(&old.foreign_keys, foreign_keys, |old, new| self.same_foreign_key(name, old, new))
            && each(&old.excludes, excludes, Exclude::eq)
            && old.indexes.len() == indexes.len()
            && indexes
                .iter()
                .all(|new| old.indexes.get(&new.name).is_some_and(|old| self.same_index(old, new)))
            && old.triggers.len() == triggers.len()
            && triggers
                .iter()
                .all(|new| old.triggers.get(&new.name).is_some_and(|old| self.same_trigger(old, new)))
            && old.policies.len() == policies.len()
            && policies
                .iter()
                .all(|new| old.policies.get(&new.name).is_some_and(|old| self.same_policy(old, new)))
    }

    /// Only on PostgreSQL is the order of columns nothing that a statement could tell.
    fn same_columns(&self, old: &Table, new: &[Column], key: &[String]) -> bool {
        let ordered = || old.columns.iter().zip(new).all(|(old, new)| old.name == new.name);
        old.columns.len() == new.len()
            && (self.dialect == DialectName::Postgres || ordered())
            && new.iter().enumerate().all(|(at, new)| {
                let there =
                    old.columns.get(at).filter(|old| old.name == new.name).or_else(|| old.column(&new.name));
                there.is_some_and(|there| there == new || self.same_column(old, there, new, key))
            })
    }

    fn same_column(&self, table: &Table, old: &Column, new: &Column, key: &[String]) -> bool {
        let Column {
            name,
            data_type,
            nullable,
            default,
            identity,
            computed,
            autoincrement,
            on_update,
            charset,
            collation,
            invisible,
            storage,
            compression,
            statistics,
            comment,
            verbatim,
        } = new;
        let serial = self.is_serial(&table.name, old, new);
        let implied =
            serial || self.dialect == DialectName::Postgres && (identity.is_some() || key.contains(name));
        let rest =
            (&old.identity, old.autoincrement, &old.on_update, &old.charset, &old.collation, old.invisible)
                == (identity, *autoincrement, on_update, charset, collation, *invisible);
        rest && old.nullable == (*nullable && !implied)
            && (&old.storage, &old.compression, old.statistics, &old.comment, &old.verbatim)
                == (storage, compression, *statistics, comment, verbatim)
            && match (&old.computed, computed) {
                (None, None) => true,
                (Some(old), Some(new)) => old.kind == new.kind && self.same_expression(&old.expr, &new.expr),
                _ => false,
            }
            && (serial || self.same_type(&old.data_type, data_type))
            && match (&old.default, default) {
                (None, None) => true,
                (Some(_), None) => serial,
                (Some(old_default), Some(new)) => self.same_default(&old.data_type, old_default, new),
                (None, Some(_)) => false,
            }
    }

    pub(super) fn same_default(&self, data_type: &str, old: &DefaultValue, new: &DefaultValue) -> bool {
        let DefaultValue::Sql(old) = old else { return false };
        let written;
        let new = match new {
            DefaultValue::Sql(sql) => sql.as_str(),
            DefaultValue::Literal { literal } if self.dialect == DialectName::Postgres => {
                written = match literal {
                    LiteralValue::Bool(value) => value.to_string(),
                    LiteralValue::Int(value) => value.to_string(),
                    LiteralValue::Text(value) => crate::dialect::literal::quote_text(self.dialect, value),
                };
                &written
            }
            DefaultValue::Literal { .. } => return false,
        };
        self.same_expression(old, new)
            || self.dialect == DialectName::Postgres && self.same_constant(data_type, old, new)
    }

    /// A bare constant, which the server prints with its type.
    fn same_constant(&self, data_type: &str, old: &str, new: &str) -> bool {
        let Some((constant, told)) = old.rsplit_once("::") else { return false };
        let bare = data_type.split_once('(').map_or(data_type, |(base, _)| base);
        // Whole numbers below zero are printed as `'-1'::integer`, whatever the column is.
        let negative = || {
            let number = new.strip_prefix('-').filter(|digits| digits.bytes().all(|b| b.is_ascii_digit()));
            let small = number.and_then(|digits| digits.parse::<i32>().ok()).is_some_and(|n| n > 0);
            let whole = matches!(bare, "smallint" | "integer" | "bigint" | "numeric");
            small && whole && told == "integer" && constant.strip_prefix('\'') == Some(&format!("{new}'"))
        };
        // Types whose values are printed as they are read. A backslash means what a setting says.
        let quoted = || {
            let inner = new.strip_prefix('\'').and_then(|rest| rest.strip_suffix('\''));
            let one = inner.is_some_and(|text| !text.replace("''", "").contains(['\'', '\\']));
            let plain = ["text", "character varying", "json", "jsonb", "uuid", "date"].contains(&bare);
            let listed = plain || data_type == bare && self.is_enum(bare);
            one && listed && told == bare && constant == new
        };
        negative() || quoted()
    }

    /// Whether a standing column is what `serial` makes of the desired one: a default that counts with a sequence of
    /// its own (manual, "Serial Types").
    pub(super) fn is_serial(&self, table: &Name, old: &Column, new: &Column) -> bool {
        self.serial_sequence(table, old, new).is_some()
    }

    /// The sequence of a column that is declared as `serial`, where it stands as `serial` makes it.
    pub(super) fn serial_sequence(&self, table: &Name, old: &Column, new: &Column) -> Option<Name> {
        if self.dialect != DialectName::Postgres || new.default.is_some() || new.identity.is_some() {
            return None;
        }
        let kind = match new.data_type.to_ascii_lowercase().as_str() {
            "serial" | "serial4" => "integer",
            "bigserial" | "serial8" => "bigint",
            "smallserial" | "serial2" => "smallint",
            _ => return None,
        };
        let name = Name { schema: table.schema.clone(), name: format!("{}_{}_seq", table.name, new.name) };
        let sequence = self.standing.sequences.get(&name)?;
        let owner = sequence.owned_by.as_ref()?;
        let quoted =
            crate::dialect::literal::quote_qualified(self.dialect, name.schema.as_deref(), &name.name);
        let counts = DefaultValue::Sql(format!("nextval('{quoted}'::regclass)"));
        let made = crate::schema::Sequence {
            name: name.clone(),
            data_type: (kind != "bigint").then(|| kind.to_owned()),
            owned_by: Some(owner.clone()),
            ..Default::default()
        };
        let fits = old.data_type == kind
            && old.default.as_ref() == Some(&counts)
            && (&owner.table, &owner.column) == (&table.name, &new.name)
            && *sequence == made
            && name.name.len() <= LONGEST
            && !quoted.contains(['\'', '\\'])
            && !self.desired.sequences.contains(&name);
        fits.then_some(name)
    }

    /// Whether a constraint without a name gets that one from the server.
    fn same_name(&self, old: Option<&String>, new: Option<&String>, made: &[&str]) -> bool {
        match (old, new) {
            (Some(old), None) if self.dialect == DialectName::Postgres => {
                let made = made.join("_");
                made.len() <= LONGEST && *old == made
            }
            (old, new) => old == new,
        }
    }

    fn same_key(&self, table: &Name, old: &PrimaryKey, new: &PrimaryKey) -> bool {
        let named = PrimaryKey { name: old.name.clone(), ..new.clone() };
        *old == named && self.same_name(old.name.as_ref(), new.name.as_ref(), &[&table.name, "pkey"])
    }

    fn same_unique(&self, table: &Name, old: &Unique, new: &Unique) -> bool {
        let named = Unique { name: old.name.clone(), ..new.clone() };
        let made = [&[table.name.as_str()], &texts(&new.columns)[..], &["key"]].concat();
        *old == named
            && self.same_name(old.name.as_ref(), new.name.as_ref(), &made)
            && (new.name.is_some() || new.include.is_empty())
    }

    fn same_foreign_key(&self, table: &Name, old: &ForeignKey, new: &ForeignKey) -> bool {
        let named = ForeignKey { name: old.name.clone(), ..new.clone() };
        let made = [&[table.name.as_str()], &texts(&new.columns)[..], &["fkey"]].concat();
        *old == named && self.same_name(old.name.as_ref(), new.name.as_ref(), &made)
    }

    fn same_check(&self, old: &Check, new: &Check) -> bool {
        let told = Check { expr: old.expr.clone(), ..new.clone() };
        *old == told && self.same_expression(&old.expr, &new.expr)
    }

    pub(super) fn same_index(&self, old: &Index, new: &Index) -> bool {
        if old == new {
            return true;
        }
        let btree = self.dialect == DialectName::Postgres && new.method.as_deref() == Some("btree");
        let told = Index {
            items: old.items.clone(),
            predicate: old.predicate.clone(),
            method: new.method.clone().filter(|_| !btree),
            ..new.clone()
        };
        *old == told
            && self.same_optional(old.predicate.as_ref(), new.predicate.as_ref())
            && old.items.len() == new.items.len()
            && old.items.iter().zip(&new.items).all(|(old, new)| {
                let told = IndexItem { expr: old.expr.clone(), ..new.clone() };
                *old == told && self.same_optional(old.expr.as_ref(), new.expr.as_ref())
            })
    }

    pub(super) fn same_trigger(&self, old: &Trigger, new: &Trigger) -> bool {
        let told = Trigger { definition: old.definition.clone(), ..new.clone() };
        *old == told && self.same_words(&old.definition, &new.definition)
    }

    fn same_policy(&self, old: &Policy, new: &Policy) -> bool {
        let told = Policy { using: old.using.clone(), check: old.check.clone(), ..new.clone() };
        *old == told
            && self.same_optional(old.using.as_ref(), new.using.as_ref())
            && self.same_optional(old.check.as_ref(), new.check.as_ref())
    }

    pub(super) fn same_view(&self, old: &View, new: &View) -> bool {
        let View {
            name: _,
            query,
            columns,
            materialized,
            options,
            indexes,
            triggers,
            depends_on: _,
            comment,
        } = new;
        // What its columns are and what it depends on the server tells by itself.
        (columns.is_empty() || old.columns == *columns)
            && (old.materialized, &old.options, &old.comment) == (*materialized, options, comment)
            && self.same_words(&old.query, query)
            && old.indexes.len() == indexes.len()
            && indexes
                .iter()
                .all(|new| old.indexes.get(&new.name).is_some_and(|old| self.same_index(old, new)))
            && old.triggers.len() == triggers.len()
            && triggers
                .iter()
                .all(|new| old.triggers.get(&new.name).is_some_and(|old| self.same_trigger(old, new)))
    }

    fn same_optional(&self, old: Option<&String>, new: Option<&String>) -> bool {
        match (old, new) {
            (None, None) => true,
            (Some(old), Some(new)) => self.same_expression(old, new),
            _ => false,
        }
    }

    /// Whether what a foreign key may refer to is the same on both tables.
    pub(super) fn same_keys(&self, old: &Table, new: &Table) -> bool {
        let unique =
            |table: &Table| -> Vec<Index> { table.indexes.iter().filter(|i| i.unique).cloned().collect() };
        let name = &new.name;
        let key = |key: &PrimaryKey| (key.columns.clone(), key.items.clone(), key.deferral);
        let kept = |old: &Column, new: &Column| {
            old.collation == new.collation
                && (self.same_type(&old.data_type, &new.data_type) || self.is_serial(name, old, new))
        };
        old.options == new.options
            && old.primary_key.as_ref().map(key) == new.primary_key.as_ref().map(key)
            && old.uniques == new.uniques
            && unique(old) == unique(new)
            && old.columns.iter().all(|old| new.column(&old.name).is_some_and(|new| kept(old, new)))
    }
}

/// Whether each desired part has a standing one of its own that is alike.
fn each<T>(old: &[T], new: &[T], alike: impl Fn(&T, &T) -> bool) -> bool {
    let mut free: Vec<&T> = old.iter().collect();
    old.len() == new.len()
        && new.iter().all(|new| match free.iter().position(|old| alike(old, new)) {
            Some(at) => {
                free.remove(at);
                true
            }
            None => false,
        })
}

fn texts(names: &[String]) -> Vec<&str> {
    names.iter().map(String::as_str).collect()
}
