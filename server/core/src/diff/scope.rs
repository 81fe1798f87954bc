//! What else must be made anew because something below it changes.
//!
//! PostgreSQL refuses to change the type of a column that a view, a policy, a trigger or a generated column names,
//! and to drop a function, a view or a type that something uses. All that is known before anything is compared in
//! detail, so that each kind of object only asks whether it is touched.

use super::asked::{head, inserts_only, other_base, renamed_values, type_names, value_texts};
use super::mention::{folded, mentions};
use crate::DialectName;
use crate::operation::{moves_fields, replaces};
use crate::schema::{Column, Enum, Function, FunctionKind, Name, Schema, Table, View};
use std::collections::{BTreeMap, BTreeSet, HashSet};

/// Two schemas, and what is touched by their difference.
pub(super) struct Scope<'a> {
    pub(super) dialect: DialectName,
    pub(super) from: &'a Schema,
    pub(super) to: &'a Schema,
    /// Functions and types that are there before and after, but not in between; folded.
    remade: HashSet<String>,
    /// Functions, tables and types that go; folded.
    lost: HashSet<String>,
    /// Types that are not there in between, and what a column has instead meanwhile.
    stale: BTreeMap<String, String>,
    /// Enum types, composite types and domains whose columns are put under a new type; folded.
    pub(super) swapped: HashSet<String>,
    /// Columns whose type changes, by table.
    retyped: BTreeMap<&'a Name, BTreeSet<&'a str>>,
    /// Generated columns that are dropped and made again, because a column that they name goes or changes its type.
    recomputed: BTreeMap<&'a Name, BTreeSet<&'a str>>,
    /// Columns that go, by table.
    dropped: BTreeMap<&'a Name, BTreeSet<&'a str>>,
    /// Views that are dropped and made again.
    views: BTreeSet<&'a Name>,
    /// Functions that are dropped and made again, by key.
    functions: BTreeSet<String>,
}

impl<'a> Scope<'a> {
    pub(super) fn new(
        dialect: DialectName,
        from: &'a Schema,
        to: &'a Schema,
        values: &[(Name, String, String)],
    ) -> Scope<'a> {
        let mut scope = Scope {
            dialect,
            from,
            to,
            remade: HashSet::new(),
            lost: HashSet::new(),
            stale: BTreeMap::new(),
            swapped: HashSet::new(),
            retyped: BTreeMap::new(),
            recomputed: BTreeMap::new(),
            dropped: BTreeMap::new(),
            views: BTreeSet::new(),
            functions: BTreeSet::new(),
        };
        scope.types(values);
        scope.columns();
        scope.routines();
        scope.generated();
        scope.spread();
        scope
    }

    fn fold(&self, name: &str) -> String {
        folded(self.dialect, name)
    }

    fn types(&mut self, renamed: &[(Name, String, String)]) {
        let (from, to) = (self.from, self.to);
        for new in &to.enums {
            let Some(old) = from.enums.get(&new.name) else { continue };
            let inserts = inserts_only(&renamed_values(old, renamed), &new.values);
            if !inserts || self.uses_new_value(old, new, renamed) {
                self.swapped.insert(self.fold(&new.name.name));
            }
        }
        for (name, kind) in type_names(from) {
            let Some((_, now)) = type_names(to).find(|(other, _)| *other == name) else {
                self.lost.insert(self.fold(&name.name));
                continue;
            };
            let base = from.domains.get(name).map(|domain| domain.data_type.clone());
            if kind != now {
                self.stale.insert(self.fold(&name.name), base.unwrap_or_else(|| "text".to_owned()));
            }
        }
        for new in &to.domains {
            if from.domains.get(&new.name).is_some_and(|old| other_base(old, new)) {
                self.swapped.insert(self.fold(&new.name.name));
            }
        }
        for new in &to.composites {
            if from.composites.get(&new.name).is_some_and(|old| moves_fields(old, new)) {
                self.swapped.insert(self.fold(&new.name.name));
            }
        }
        self.remade.extend(self.swapped.iter().cloned().chain(self.stale.keys().cloned()));
    }

    /// Whether a value that ADD VALUE would add is used by what is made in the same transaction, which PostgreSQL refuses
    /// (manual, ALTER TYPE, Notes).
    pub(super) fn uses_new_value(&self, old: &Enum, new: &Enum, renamed: &[(Name, String, String)]) -> bool {
        if self.dialect != DialectName::Postgres {
            return false;
        }
        let there = renamed_values(old, renamed);
        let added: Vec<&String> = new.values.iter().filter(|value| !there.contains(value)).collect();
        let name = self.fold(&new.name.name);
        let names = |text: &str| {
            let alone = |value: &&String| text.contains(&format!("'{}'::", value.replace('\'', "''")));
            let listed = |value: &&String| text.contains("'{") && text.contains(value.as_str());
            added.iter().any(|value| alone(value) || listed(value))
                && mentions(self.dialect, text, false, |word| word == name)
        };
        !added.is_empty() && value_texts(self.to).any(names)
    }

    fn columns(&mut self) {
        for old in &self.from.tables {
            let Some(new) = self.to.tables.get(&old.name) else {
                self.lost.insert(self.fold(&old.name.name));
                continue;
            };
            if old == new && self.remade.is_empty() {
                continue;
            }
            for column in &old.columns {
                match new.column(&column.name) {
                    None => _ = self.dropped.entry(&old.name).or_default().insert(&column.name),
                    Some(now) if self.retypes(column, now) => {
                        self.retyped.entry(&old.name).or_default().insert(&column.name);
                    }
                    Some(_) => {}
                }
            }
        }
        for old in self.from.views.iter().filter(|old| !self.to.views.contains(&old.name)) {
            self.lost.insert(self.fold(&old.name.name));
        }
        for old in self.from.sequences.iter().filter(|old| !self.to.sequences.contains(&old.name)) {
            self.lost.insert(self.fold(&old.name.name));
        }
    }

    /// Whether what depends on a column's type is in the way of its change.
    fn retypes(&self, old: &Column, new: &Column) -> bool {
        old.data_type != new.data_type
            || old.collation != new.collation
            || replaces(old, new)
            || self.dialect == DialectName::Mysql
                && (old.charset != new.charset || old.nullable != new.nullable)
            || self.type_is_remade(&old.data_type)
    }

    fn type_is_remade(&self, data_type: &str) -> bool {
        !self.remade.is_empty() && mentions(self.dialect, data_type, false, |name| self.remade.contains(name))
    }

    /// What the type of a column is called while its own type is not there.
    pub(super) fn type_meanwhile(&self, data_type: &str) -> Option<String> {
        let name =
            self.stale.keys().find(|stale| mentions(self.dialect, data_type, false, |n| n == **stale))?;
        let array = data_type.find('[').map_or("", |at| &data_type[at..]);
        Some(format!("{}{array}", self.stale[name]))
    }

    /// Whether another kind of type takes a type's name, so that it must go before.
    pub(super) fn is_stale(&self, name: &Name) -> bool {
        self.stale.contains_key(&self.fold(&name.name))
    }

    fn routines(&mut self) {
        for old in &self.from.functions {
            match self.same_function(old) {
                None => _ = self.lost.insert(self.fold(&old.name.name)),
                Some(new) if old != new && !self.replaces_function(old, new) => self.remake(old),
                Some(_) => {}
            }
        }
    }

    fn same_function(&self, old: &Function) -> Option<&'a Function> {
        use crate::schema::Named;
        self.to.functions.get(&old.key())
    }

    fn remake(&mut self, function: &Function) {
        use crate::schema::Named;
        self.remade.insert(self.fold(&function.name.name));
        self.functions.insert(function.key());
    }

    /// Whether CREATE OR REPLACE can do it (<https://www.postgresql.org/docs/current/sql-createfunction.html>).
    fn replaces_function(&self, old: &Function, new: &Function) -> bool {
        old.kind == new.kind
            && (self.dialect != DialectName::Postgres
                || old.kind != FunctionKind::Aggregate
                    && old.returns == new.returns
                    && head(&old.definition) == head(&new.definition))
    }

    /// Generated columns whose expressions are in the way. One on another (MySQL) goes with it.
    fn generated(&mut self) {
        for old in &self.from.tables {
            let Some(new) = self.to.tables.get(&old.name) else { continue };
            let stays = |column: &&Column| column.computed.is_some() && new.column(&column.name).is_some();
            loop {
                let free = old
                    .columns
                    .iter()
                    .filter(stays)
                    .filter(|column| !self.recomputes(&old.name, &column.name));
                let blocked: Vec<&Column> = free
                    .filter(|column| new.column(&column.name).is_some_and(|new| new.computed.is_some()))
                    .filter(|column| self.blocks_computed(&old.name, column))
                    .collect();
                if blocked.is_empty() {
                    break;
                }
                for column in blocked {
                    self.recomputed.entry(&old.name).or_default().insert(&column.name);
                    self.retyped.entry(&old.name).or_default().insert(&column.name);
                }
            }
        }
    }

    /// Whether a generated column is dropped and made again.
    pub(super) fn recomputes(&self, table: &Name, column: &str) -> bool {
        self.recomputed.get(table).is_some_and(|columns| columns.contains(column))
    }

    /// Views and functions over what is made anew are made anew, and so on.
    fn spread(&mut self) {
        let mut names: HashSet<String> = HashSet::new();
        loop {
            let before = (self.views.len(), self.functions.len());
            for old in &self.from.views {
                let Some(new) = self.to.views.get(&old.name) else { continue };
                if !self.views.contains(&old.name) && self.remakes_view(old, new, &names) {
                    names.insert(self.fold(&old.name.name));
                    self.views.insert(&old.name);
                }
            }
            if self.dialect == DialectName::Postgres {
                for old in &self.from.functions {
                    let Some(new) = self.same_function(old) else { continue };
                    let touched = |name: &str| {
                        names.contains(name)
                            || self.remade.contains(name) && name != old.name.name
                            || old != new && self.lost.contains(name)
                    };
                    if !self.remakes_function(old) && mentions(self.dialect, &old.definition, false, touched)
                    {
                        self.remake(old);
                    }
                }
            }
            if before == (self.views.len(), self.functions.len()) {
                break;
            }
        }
    }

    fn remakes_view(&self, old: &View, new: &View, remade_views: &HashSet<String>) -> bool {
        if self.dialect != DialectName::Postgres {
            return self.dialect == DialectName::Sqlite
                && (old.query != new.query || old.columns != new.columns);
        }
        if old.materialized != new.materialized {
            return true;
        }
        let changed = old.query != new.query || old.options != new.options || old.columns != new.columns;
        if changed && (old.materialized || old.columns.is_empty() || !new.columns.starts_with(&old.columns)) {
            return true;
        }
        let names = |name: &str| {
            remade_views.contains(name) || self.remade.contains(name) || changed && self.lost.contains(name)
        };
        mentions(self.dialect, &old.query, true, names)
            || self.touches_columns(&self.retyped, None, &old.query)
            || changed && self.touches_columns(&self.dropped, None, &old.query)
    }

    fn touches_columns(
        &self,
        columns: &BTreeMap<&Name, BTreeSet<&str>>,
        own: Option<&Name>,
        text: &str,
    ) -> bool {
        if columns.is_empty() {
            return false;
        }
        let mut names: HashSet<String> = HashSet::new();
        super::mention::names(self.dialect, text, &mut |name, _| _ = names.insert(name));
        let whole_rows = text.contains(".*");
        columns.iter().any(|(table, columns)| {
            (own == Some(*table) || names.contains(&self.fold(&table.name)))
                && (whole_rows || columns.iter().any(|column| names.contains(&self.fold(column))))
        })
    }

    /// Whether a view that stays is dropped and made again.
    pub(super) fn remakes(&self, view: &Name) -> bool {
        self.views.contains(view)
    }

    /// Whether a function that stays is dropped and made again.
    pub(super) fn remakes_function(&self, function: &Function) -> bool {
        use crate::schema::Named;
        self.functions.contains(&function.key())
    }

    /// Whether a check, an index or a computed column names a function or type that is not there in between.
    pub(super) fn names_remade(&self, text: &str) -> bool {
        !self.remade.is_empty() && mentions(self.dialect, text, false, |name| self.remade.contains(name))
    }

    /// Whether a default that changes names something that goes.
    pub(super) fn names_lost(&self, text: &str) -> bool {
        !self.lost.is_empty() && mentions(self.dialect, text, false, |name| self.lost.contains(name))
            || self.names_remade(text)
    }

    /// Whether a policy or trigger of `table` must go for a while.
    pub(super) fn blocks(&self, table: &Name, text: &str) -> bool {
        self.dialect == DialectName::Postgres
            && (self.names_remade(text) || self.touches_columns(&self.retyped, Some(table), text))
    }

    /// Whether a generated column's expression names what goes, or cannot change while it is named.
    pub(super) fn blocks_computed(&self, table: &Name, column: &Column) -> bool {
        let Some(computed) = &column.computed else { return false };
        let among = |columns: &BTreeMap<&Name, BTreeSet<&str>>| {
            columns.get(table).is_some_and(|columns| {
                mentions(self.dialect, &computed.expr, false, |name| {
                    name != self.fold(&column.name) && columns.iter().any(|of| self.fold(of) == name)
                })
            })
        };
        among(&self.dropped)
            || among(&self.recomputed)
            || self.dialect == DialectName::Postgres && among(&self.retyped)
            || self.names_remade(&computed.expr)
    }

    /// Whether the type of one of these columns changes.
    pub(super) fn retypes_any(&self, table: &Name, columns: &[String]) -> bool {
        self.retyped.get(table).is_some_and(|retyped| columns.iter().any(|c| retyped.contains(c.as_str())))
    }

    /// Whether nothing of a table that stays as it is needs a look.
    pub(super) fn leaves_alone(&self, table: &Table) -> bool {
        self.remade.is_empty() && !self.retyped.contains_key(&table.name) && self.retyped_elsewhere(table)
    }

    /// Policies may name other tables.
    fn retyped_elsewhere(&self, table: &Table) -> bool {
        self.retyped.is_empty() || table.policies.is_empty() && table.triggers.is_empty()
    }
}
