//! Constraints of tables and domains.

use super::columns::Columns;
use super::comments::{Catalog, Comments};
use super::expression::bare;
use super::indexes::{Found, Indexes};
use super::row::Row;
use super::scope::Scope;
use crate::postgres::quote::{identifier, literal};
use crate::postgres::wire::Answer;
use migrated_core::schema::{
    Action, Check, Deferral, DomainCheck, Exclude, ExcludeItem, ForeignKey, Match, PrimaryKey, Table, Unique,
};
use std::collections::{HashMap, HashSet};

/// The constraints of every table and domain, by its OID, and the indexes that belong to them.
#[derive(Default)]
pub(super) struct Constraints {
    tables: HashMap<u32, Table>,
    domains: HashMap<u32, Vec<DomainCheck>>,
    indexes: HashSet<u32>,
    /// What no model holds, as lines.
    pub(super) notes: Vec<String>,
}

/// Those that a table has only because it inherits them are left out; their indexes are not. NOT NULL, which is a
/// constraint from 18 on, is told by its column.
pub(super) fn sql(scope: &Scope<'_>) -> String {
    format!(
        "SELECT c.oid,c.contype,c.conrelid,c.contypid,c.conname,c.conkey,c.condeferrable,c.condeferred,c.convalidated,\
         c.connoinherit,c.conindid,c.confrelid,f.nspname,f.relname,c.confkey,\
         CASE WHEN NOT f.wanted THEN ARRAY(SELECT a.attname FROM pg_catalog.unnest(c.confkey) WITH ORDINALITY k(n,at) \
         JOIN pg_attribute a ON a.attrelid=c.confrelid AND a.attnum=k.n ORDER BY k.at) END,\
         c.confupdtype,c.confdeltype,c.confmatchtype,{set_columns},pg_catalog.pg_get_expr(c.conbin,c.conrelid),\
         CASE WHEN c.contype='x' THEN ARRAY(SELECT CASE WHEN pg_catalog.pg_operator_is_visible(o.oid) THEN o.oprname::text \
         ELSE 'OPERATOR('||pg_catalog.quote_ident(s.nspname)||'.'||o.oprname||')' END \
         FROM pg_catalog.unnest(c.conexclop) WITH ORDINALITY k(op,at) JOIN pg_operator o ON o.oid=k.op \
         JOIN pg_namespace s ON s.oid=o.oprnamespace ORDER BY k.at) END,{enforced},{period},\
         c.conislocal AND c.conparentid=0,n.nspname \
         FROM pg_constraint c JOIN pg_namespace n ON n.oid=c.connamespace \
         LEFT JOIN (SELECT fc.oid,fc.relname,fn.nspname,{foreign_wanted} AS wanted FROM pg_class fc \
         JOIN pg_namespace fn ON fn.oid=fc.relnamespace) f ON f.oid=c.confrelid \
         WHERE c.contype IN ('p','u','c','f','x') AND {wanted}",
        set_columns = scope.since(15, "c.confdelsetcols", "NULL"),
        enforced = scope.since(18, "c.conenforced", "true"),
        period = scope.since(18, "c.conperiod", "false"),
        foreign_wanted = scope.wanted("fn"),
        wanted = scope.wanted("n"),
    )
}

/// Whether a check was dropped while it was read.
pub(super) fn is_torn(row: Row<'_>) -> bool {
    row.text(1) == "c" && row.option(20).is_none()
}

impl Constraints {
    pub(super) fn read(
        answer: &Answer,
        scope: &Scope<'_>,
        columns: &Columns,
        indexes: &Indexes,
        comments: &Comments,
    ) -> Constraints {
        let mut all = Constraints::default();
        for row in answer.rows.iter().map(Row) {
            let kind = row.text(1);
            let index = indexes.get(row.number(10)).filter(|_| matches!(kind, "p" | "u" | "x"));
            if index.is_some() {
                all.indexes.insert(row.number(10));
            }
            if !row.flag(24) {
                continue;
            }
            let domain: u32 = row.number(3);
            if domain != 0 {
                all.domains.entry(domain).or_default().push(DomainCheck {
                    name: row.owned(4),
                    expr: bare(row.text(20)).to_owned(),
                    not_valid: !row.flag(8),
                });
                continue;
            }
            if row.flag(23) {
                let schema = scope.name(row.text(25), row.text(4));
                all.notes.push(format!("constraint {schema}: WITHOUT OVERLAPS or PERIOD is not looked at"));
            }
            let found =
                One { row, scope, columns, index, comment: comments.of(Catalog::Constraint, row.number(0)) };
            let table = all.tables.entry(row.number(2)).or_default();
            match kind {
                "p" => table.primary_key = Some(found.primary_key()),
                "u" => table.uniques.push(found.unique()),
                "c" => table.checks.push(found.check()),
                "f" => table.foreign_keys.push(found.foreign_key()),
                _ => table.excludes.push(found.exclude()),
            }
        }
        all
    }

    /// Puts a table's constraints into it, in the order of their names.
    pub(super) fn put_into(&mut self, table: &mut Table, oid: u32) {
        let Some(found) = self.tables.remove(&oid) else { return };
        table.primary_key = found.primary_key;
        (table.uniques, table.checks) = (found.uniques, found.checks);
        (table.foreign_keys, table.excludes) = (found.foreign_keys, found.excludes);
        table.uniques.sort_by(|a, b| a.name.cmp(&b.name));
        table.checks.sort_by(|a, b| a.name.cmp(&b.name));
        table.foreign_keys.sort_by(|a, b| a.name.cmp(&b.name));
        table.excludes.sort_by(|a, b| a.name.cmp(&b.name));
    }

    /// The checks of a domain, by name.
    pub(super) fn of_domain(&mut self, oid: u32) -> Vec<DomainCheck> {
        let mut checks = self.domains.remove(&oid).unwrap_or_default();
        checks.sort_by(|a, b| a.name.cmp(&b.name));
        checks
    }

    /// Whether an index is that of a constraint.
    pub(super) fn has_index(&self, oid: u32) -> bool {
        self.indexes.contains(&oid)
    }
}

/// A constraint of a table as its row tells it.
struct One<'a> {
    row: Row<'a>,
    scope: &'a Scope<'a>,
    columns: &'a Columns,
    index: Option<&'a Found>,
    comment: Option<String>,
}

impl One<'_> {
    fn name(&self) -> Option<String> {
        self.row.owned(4)
    }

    fn key(&self) -> Vec<String> {
        self.columns.names(self.row.number(2), &self.row.numbers::<i16>(5))
    }

    fn deferral(&self) -> Deferral {
        match (self.row.flag(6), self.row.flag(7)) {
            (false, _) => Deferral::NotDeferrable,
            (true, false) => Deferral::Immediate,
            (true, true) => Deferral::Deferred,
        }
    }

    fn include(&self) -> Vec<String> {
        self.index.map(|found| found.index.include.clone()).unwrap_or_default()
    }

    fn verbatim(&self) -> Vec<String> {
        let Some(Found { index, .. }) = self.index else { return Vec::new() };
        let with: Vec<String> =
            index.with.iter().map(|(name, value)| format!("{name}={}", literal(value))).collect();
        let mut clauses = Vec::new();
        if !with.is_empty() {
            clauses.push(format!("WITH ({})", with.join(", ")));
        }
        clauses.extend(
            index.tablespace.iter().map(|name| format!("USING INDEX TABLESPACE {}", identifier(name))),
        );
        clauses
    }

    fn primary_key(self) -> PrimaryKey {
        PrimaryKey {
            name: self.name(),
            columns: self.key(),
            items: Vec::new(),
            include: self.include(),
            deferral: self.deferral(),
            verbatim: self.verbatim(),
            comment: self.comment,
        }
    }

    fn unique(self) -> Unique {
        Unique {
            name: self.name(),
            columns: self.key(),
            include: self.include(),
            nulls_not_distinct: self.index.is_some_and(|found| found.index.nulls_not_distinct),
            deferral: self.deferral(),
            verbatim: self.verbatim(),
            comment: self.comment,
        }
    }

    fn check(self) -> Check {
        let not_enforced = !self.row.flag(22);
        Check {
            name: self.name(),
            expr: bare(self.row.text(20)).to_owned(),
            no_inherit: self.row.flag(9),
            // What is not enforced is not validated either; saying both would be refused.
            not_valid: !self.row.flag(8) && !not_enforced,
            not_enforced,
            comment: self.comment,
        }
    }

    fn foreign_key(self) -> ForeignKey {
        let ref_columns = match self.row.option(15) {
            Some(_) => self.row.array(15),
            None => self.columns.names(self.row.number(11), &self.row.numbers::<i16>(14)),
        };
        ForeignKey {
            name: self.name(),
            columns: self.key(),
            ref_schema: self.scope.schema(self.row.text(12)),
            ref_table: self.row.text(13).to_owned(),
            ref_columns,
            on_delete: action(self.row.text(17)),
            on_delete_columns: self.columns.names(self.row.number(2), &self.row.numbers::<i16>(19)),
            on_update: action(self.row.text(16)),
            match_kind: match self.row.text(18) {
                "f" => Match::Full,
                "p" => Match::Partial,
                _ => Match::Simple,
            },
            deferral: self.deferral(),
            not_valid: !self.row.flag(8),
            comment: self.comment,
        }
    }

    fn exclude(self) -> Exclude {
        let (elements, operators) = (self.index.map(|found| found.elements.as_slice()), self.row.array(21));
        let items = elements.unwrap_or_default().iter().zip(operators);
        Exclude {
            name: self.name(),
            method: self.index.and_then(|found| found.index.method.clone()).unwrap_or_else(|| "btree".into()),
            items: items
                .map(|(element, operator)| ExcludeItem { element: element.clone(), operator })
                .collect(),
            include: self.include(),
            predicate: self.index.and_then(|found| found.index.predicate.clone()),
            deferral: self.deferral(),
            verbatim: self.verbatim(),
            comment: self.comment,
        }
    }
}

fn action(code: &str) -> Action {
    match code {
        "r" => Action::Restrict,
        "c" => Action::Cascade,
        "n" => Action::SetNull,
        "d" => Action::SetDefault,
        _ => Action::NoAction,
    }
}
