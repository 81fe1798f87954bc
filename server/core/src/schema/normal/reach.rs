//! What the texts of an object may refer to: every word in them that could be a name.
//!
//! Nothing is parsed. A word too many costs a question to the engine that need not be asked; one too few could hide a
//! difference, so names are taken apart at everything that is no letter, digit or underscore, and case is nothing.

use crate::schema::{
    Check, Column, Computed, DefaultValue, Domain, DomainCheck, Exclude, ExcludeItem, ForeignKey, Function,
    Index, IndexItem, Name, Partition, Policy, PrimaryKey, Sequence, Table, TableOptions, Trigger, Unique,
    View,
};
use std::collections::BTreeSet;

/// Words, in lower case.
pub(super) type Reach = BTreeSet<String>;

/// Stands for every name: what a text refers to cannot be told from its words.
pub(super) const EVERYTHING: &str = "*";

/// Puts the words of a text into `reach`.
pub(super) fn add(reach: &mut Reach, text: &str) {
    // A name written with escapes.
    if text.contains("U&\"") || text.contains("u&\"") {
        reach.insert(EVERYTHING.to_owned());
    }
    for word in words(text) {
        // An array's own type has the name of its elements' behind an underscore.
        let bare = word.trim_start_matches('_');
        if bare.len() < word.len() && !bare.is_empty() {
            reach.insert(bare.to_owned());
        }
        reach.insert(word);
    }
}

/// The words of a text or name.
pub(super) fn words(text: &str) -> impl Iterator<Item = String> + '_ {
    let pieces = text.split(|c: char| !c.is_alphanumeric() && c != '_');
    pieces.filter(|piece| !piece.is_empty()).map(str::to_lowercase)
}

fn name(reach: &mut Reach, name: &Name) {
    name.schema.iter().for_each(|schema| add(reach, schema));
    add(reach, &name.name);
}

fn all<'a>(reach: &mut Reach, texts: impl IntoIterator<Item = &'a String>) {
    texts.into_iter().for_each(|text| add(reach, text));
}

pub(super) fn place(reach: &mut Reach, name: &Name) {
    name.schema.iter().for_each(|schema| add(reach, schema));
}

/// A table's, without those of its foreign keys.
pub(super) fn table(reach: &mut Reach, table: &Table) {
    let Table {
        name,
        columns,
        primary_key,
        uniques,
        checks,
        foreign_keys: _,
        excludes,
        indexes,
        triggers,
        policies,
        row_security: _,
        comment: _,
        options,
    } = table;
    place(reach, name);
    columns.iter().for_each(|one| column(reach, one));
    if let Some(PrimaryKey { name: _, columns: _, items, include: _, deferral: _, verbatim, comment: _ }) =
        primary_key
    {
        items.iter().for_each(|one| item(reach, one));
        all(reach, verbatim);
    }
    for Unique {
        name: _,
        columns: _,
        include: _,
        nulls_not_distinct: _,
        deferral: _,
        verbatim,
        comment: _,
    } in uniques
    {
        all(reach, verbatim);
    }
    for Check { name: _, expr, no_inherit: _, not_valid: _, not_enforced: _, comment: _ } in checks {
        add(reach, expr);
    }
    for exclude in excludes {
        let Exclude { name: _, method, items, include: _, predicate, deferral: _, verbatim, comment: _ } =
            exclude;
        add(reach, method);
        for ExcludeItem { element, operator } in items {
            add(reach, element);
            add(reach, operator);
        }
        all(reach, predicate);
        all(reach, verbatim);
    }
    indexes.iter().for_each(|one| index(reach, one));
    triggers.iter().for_each(|one| trigger(reach, one));
    for Policy { name: _, permissive: _, command: _, roles: _, using, check, comment: _ } in policies {
        all(reach, using);
        all(reach, check);
    }
    table_options(reach, options);
}

fn table_options(reach: &mut Reach, options: &TableOptions) {
    let TableOptions {
        unlogged: _,
        with: _,
        tablespace: _,
        access_method,
        replica_identity,
        inherits,
        partition,
        engine: _,
        charset: _,
        collation: _,
        without_rowid: _,
        strict: _,
        virtual_table,
        verbatim,
    } = options;
    all(reach, access_method);
    all(reach, replica_identity);
    inherits.iter().for_each(|parent| name(reach, parent));
    match partition {
        Some(Partition::By(by)) => add(reach, by),
        Some(Partition::Of { parent, bound }) => {
            name(reach, parent);
            add(reach, bound);
        }
        None => {}
    }
    all(reach, virtual_table);
    all(reach, verbatim);
}

/// Those of a table's foreign keys.
pub(super) fn foreign_keys(reach: &mut Reach, keys: &[ForeignKey]) {
    for key in keys {
        name(reach, &key.target());
    }
}

fn column(reach: &mut Reach, column: &Column) {
    let Column {
        name: _,
        data_type,
        nullable: _,
        default,
        identity: _,
        computed,
        autoincrement: _,
        on_update,
        charset: _,
        collation,
        invisible: _,
        storage: _,
        compression: _,
        statistics: _,
        comment: _,
        verbatim,
    } = column;
    add(reach, data_type);
    if let Some(DefaultValue::Sql(sql)) = default {
        add(reach, sql);
    }
    if let Some(Computed { expr, kind: _ }) = computed {
        add(reach, expr);
    }
    all(reach, on_update);
    all(reach, collation);
    all(reach, verbatim);
}

fn index(reach: &mut Reach, index: &Index) {
    let Index {
        name: _,
        items,
        unique: _,
        kind: _,
        method,
        predicate,
        include: _,
        nulls_not_distinct: _,
        with: _,
        tablespace: _,
        invisible: _,
        verbatim,
        comment: _,
    } = index;
    items.iter().for_each(|one| item(reach, one));
    all(reach, method);
    all(reach, predicate);
    all(reach, verbatim);
}

fn item(reach: &mut Reach, item: &IndexItem) {
    let IndexItem { column: _, expr, length: _, collation, opclass, desc: _, nulls: _ } = item;
    all(reach, expr);
    all(reach, collation);
    all(reach, opclass);
}

fn trigger(reach: &mut Reach, trigger: &Trigger) {
    let Trigger { name: _, definition, enabled: _, sql_mode: _, comment: _ } = trigger;
    add(reach, definition);
}

pub(super) fn view(reach: &mut Reach, view: &View) {
    let View {
        name: own,
        query,
        columns: _,
        materialized: _,
        options: _,
        indexes,
        triggers,
        depends_on,
        comment: _,
    } = view;
    place(reach, own);
    add(reach, query);
    indexes.iter().for_each(|one| index(reach, one));
    triggers.iter().for_each(|one| trigger(reach, one));
    depends_on.iter().for_each(|on| name(reach, on));
}

pub(super) fn function(reach: &mut Reach, function: &Function) {
    let Function { name: _, kind: _, arguments, returns, definition, sql_mode: _, comment: _ } = function;
    place(reach, &function.name);
    all(reach, [arguments, returns, definition]);
}

pub(super) fn sequence(reach: &mut Reach, sequence: &Sequence) {
    place(reach, &sequence.name);
    all(reach, sequence.owned_by.iter().map(|owner| &owner.table));
}

pub(super) fn domain(reach: &mut Reach, domain: &Domain) {
    let Domain { name: own, data_type, collation, not_null: _, default, checks, comment: _ } = domain;
    place(reach, own);
    add(reach, data_type);
    all(reach, collation);
    all(reach, default);
    for DomainCheck { name: _, expr, not_valid: _ } in checks {
        add(reach, expr);
    }
}
