//! One snapshot of the catalogs, and the schema that it makes.

use super::columns::Columns;
use super::comments::{Catalog, Comments};
use super::constraints::Constraints;
use super::indexes::Indexes;
use super::row::Row;
use super::scope::Scope;
use super::sequences::Sequences;
use super::{
    columns, comments, constraints, functions, indexes, namespaces, notes, policies, relations, sequences,
    triggers, types, views,
};
use crate::postgres::connect::{ServerVersion, VersionPlace};
use crate::postgres::error;
use crate::postgres::quote::identifier;
use crate::postgres::wire::{Answer, Wire, WireError};
use crate::{InspectOptions, Inspected, TargetError};
use migrated_core::DialectName;
use migrated_core::operation::Server;
use migrated_core::schema::{Schema, Table, View};
use std::collections::HashMap;

/// How often an inspection begins anew when somebody changes the schema under it.
const ATTEMPTS: u32 = 5;

/// The queries, in their order.
const QUERIES: usize = 16;

/// Reads the schema. `own` is the target's own schema; `None` lets the search path decide.
pub(super) async fn read(
    wire: &mut Wire,
    version: &ServerVersion,
    place: &VersionPlace,
    own: Option<&str>,
    options: &InspectOptions,
) -> Result<Inspected, TargetError> {
    let own = match own {
        Some(own) => own.to_owned(),
        None => own_schema(wire).await?,
    };
    let scope = Scope::new(version.major, own, options, place);
    let mut attempt = 1;
    loop {
        match snapshot(wire, &scope).await {
            Ok(answers) => return Ok(inspected(&answers, &scope)),
            Err(e) if is_moving(&e) && attempt < ATTEMPTS => {
                attempt += 1;
                roll_back(wire).await?;
            }
            Err(e) if is_moving(&e) => {
                return Err(error::outside(&e, "reading the schema, which others are changing")
                    .help("run it again when their migration is done"));
            }
            Err(e) => return Err(error::outside(&e, "reading the schema")),
        }
    }
}

/// The schema in which an unqualified name is made; empty where there is none.
pub(super) async fn own_schema(wire: &mut Wire) -> Result<String, TargetError> {
    match wire.query("SELECT pg_catalog.current_schema()", &mut |_| {}).await {
        Ok(answers) => Ok(answers.first().and_then(|answer| answer.first(0)).unwrap_or_default().to_owned()),
        Err((_, e)) => Err(error::outside(&e, "reading the default schema")),
    }
}

/// All catalogs in one transaction and one round trip. With the own schema alone in the search path, the server
/// prints the names of its objects bare and all others with their schema. The planner has never seen statistics of
/// catalogs that were filled just now; compiling its misjudged plans would cost more than running them.
async fn snapshot(wire: &mut Wire, scope: &Scope<'_>) -> Result<Vec<Answer>, WireError> {
    // An empty name is that of no schema.
    let path = if scope.own.is_empty() { "''".to_owned() } else { identifier(&scope.own) };
    let mut text = format!(
        "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;SET LOCAL jit TO off;SET LOCAL search_path TO {path};"
    );
    for query in queries(scope) {
        text.push_str(&query);
        text.push(';');
    }
    text.push_str("COMMIT");
    let answers = wire.query(&text, &mut |_| {}).await.map_err(|(_, e)| e)?;
    Ok(answers.into_iter().skip(3).take(QUERIES).collect())
}

fn queries(scope: &Scope<'_>) -> [String; QUERIES] {
    let [relations, inherits] = relations::sql(scope);
    [
        "SELECT pg_catalog.current_setting('server_version_num')".into(),
        comments::sql(),
        sequences::sql(scope),
        columns::sql(scope),
        indexes::sql(scope),
        constraints::sql(scope),
        relations,
        inherits,
        triggers::sql(scope),
        policies::sql(scope),
        views::sql(scope),
        types::sql(scope),
        functions::sql(scope),
        namespaces::sql(scope),
        namespaces::extensions_sql(),
        notes::sql(scope),
    ]
}

/// The functions that print definitions look at what is there now, not at the snapshot: what was dropped in between
/// they do not find.
fn is_moving(error: &WireError) -> bool {
    !error.is_fatal()
        && error.db().is_some_and(|db| {
            matches!(db.code().code(), "XX000" | "42P01" | "42703" | "42704" | "42883" | "40001" | "40P01")
        })
}

async fn roll_back(wire: &mut Wire) -> Result<(), TargetError> {
    let rolled = wire.execute("ROLLBACK", &mut |_| {}).await;
    rolled.map(drop).map_err(|e| error::outside(&e, "reading the schema"))
}

fn inspected(answers: &[Answer], scope: &Scope<'_>) -> Inspected {
    let answer = |index: usize| &answers[index];
    let comments = Comments::read(answer(1));
    let sequences = Sequences::read(answer(2), scope, &comments);
    let columns = Columns::read(answer(3), &comments, &sequences);
    let indexes = Indexes::read(answer(4), &columns, &comments);
    let mut constraints = Constraints::read(answer(5), scope, &columns, &indexes, &comments);
    let mut triggers = triggers::read(answer(8), &comments);
    let mut policies = policies::read(answer(9), &comments);
    let mut named = views::read(answer(10), scope);
    let mut schema = Schema::new(DialectName::Postgres);
    let mut notes = notes::read(answer(15));
    types::read(&mut schema, answer(11), scope, &columns, &mut constraints, &comments);
    schema.functions = functions::read(answer(12), scope, &comments);
    schema.schemas = namespaces::read(answer(13), scope);
    schema.extensions = namespaces::read_extensions(answer(14), scope);
    schema.sequences = sequences.free.into_iter().collect();

    let mut by_table: HashMap<u32, Vec<u32>> = HashMap::new();
    for (oid, found) in indexes.iter() {
        by_table.entry(found.table).or_default().push(oid);
    }
    for relation in relations::read(answer(6), answer(7), scope) {
        let oid = relation.oid;
        notes.extend(relation.notes());
        let of_relation = by_table.remove(&oid).unwrap_or_default();
        let mut own = Vec::new();
        let mut replica = None;
        for index_oid in of_relation {
            let Some(found) = indexes.get(index_oid) else { continue };
            let index_name = &found.index.name;
            if found.replica_identity {
                replica = Some(index_name.as_str());
            }
            if found.clustered {
                notes.push(format!("table {}: CLUSTER ON {index_name} is not looked at", relation.name));
            }
            if constraints.has_index(index_oid) || found.of_partition {
                continue;
            }
            match found.valid {
                true => own.push(found.index.clone()),
                false => {
                    notes.push(format!("index {index_name} on {} is invalid and left out", relation.name))
                }
            }
        }
        let comment = comments.of(Catalog::Class, oid);
        let triggers = triggers.remove(&oid).unwrap_or_default();
        if relation.is_view() {
            for found in columns.of(oid) {
                let column = &found.column;
                if column.default.is_some() || column.comment.is_some() {
                    notes.push(format!(
                        "view {}: comment or default of column {} is not looked at",
                        relation.name, column.name
                    ));
                }
            }
            let told = |found: &columns::Found| (found.column.name.clone(), found.column.data_type.clone());
            schema.views.insert(View {
                columns: columns.of(oid).iter().map(told).collect(),
                indexes: own.into_iter().collect(),
                triggers,
                depends_on: named.remove(&oid).unwrap_or_default(),
                comment,
                ..relation.view()
            });
            continue;
        }
        for found in columns.of(oid).iter().filter(|found| found.options) {
            notes.push(format!(
                "table {}: parameters of column {} are not looked at",
                relation.name, found.column.name
            ));
        }
        let mut table = Table {
            columns: columns.told(oid, &relation.parents()),
            indexes: own.into_iter().collect(),
            triggers,
            policies: policies.remove(&oid).unwrap_or_default(),
            comment,
            ..relation.table(replica)
        };
        constraints.put_into(&mut table, oid);
        schema.tables.insert(table);
    }
    notes.append(&mut constraints.notes);
    notes.sort();
    namespaces::without_ours(&mut schema, scope);
    Inspected { schema, server: server(answer(0)), notes }
}

/// From `server_version_num`: the last four digits are the minor version.
fn server(answer: &Answer) -> Server {
    let number: u32 = answer.rows.first().map(|row| Row(row).number(0)).unwrap_or_default();
    Server { dialect: DialectName::Postgres, version: (number / 10_000, number % 10_000, 0), mariadb: false }
}
