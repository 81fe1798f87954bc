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
use migrated_core::operation::Server;
use migrated_core::schema::{Schema, Table, View};
use migrated_core::{Code, DialectName};

const DOING: &str = "reading the schema";

/// How often an inspection begins anew when somebody changes the schema under it.
const ATTEMPTS: u32 = 5;

/// What decides how constants and names are printed: a role or database may have it otherwise, and a text must not
/// depend on who asks. And the planner has never seen statistics of catalogs that were filled just now; compiling its
/// misjudged plans would cost more than running them.
const SETTINGS: [&str; 8] = [
    "SET LOCAL DateStyle TO 'ISO, YMD';",
    "SET LOCAL IntervalStyle TO postgres;",
    "SET LOCAL TimeZone TO 'UTC';",
    "SET LOCAL extra_float_digits TO 1;",
    "SET LOCAL bytea_output TO hex;",
    "SET LOCAL lc_monetary TO 'C';",
    "SET LOCAL quote_all_identifiers TO off;",
    "SET LOCAL jit TO off;",
];

// The queries, in their order.
const VERSION: usize = 0;
const COMMENTS: usize = 1;
const SEQUENCES: usize = 2;
const COLUMNS: usize = 3;
const INDEXES: usize = 4;
const CONSTRAINTS: usize = 5;
const RELATIONS: usize = 6;
const INHERITS: usize = 7;
const TRIGGERS: usize = 8;
const POLICIES: usize = 9;
const NAMED_BY_VIEWS: usize = 10;
const TYPES: usize = 11;
const FUNCTIONS: usize = 12;
const NAMESPACES: usize = 13;
const EXTENSIONS: usize = 14;
const NOTES: usize = 15;
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
        let failed = match snapshot(wire, &scope).await {
            Ok(answers) if !is_torn(&answers) => return Ok(inspected(answers, &scope)),
            Ok(_) => None,
            Err(e) if e.is_fatal() => return Err(error::outside(&e, DOING)),
            Err(e) => Some(e),
        };
        if let Some(e) = failed {
            let rolled = wire.execute("ROLLBACK", &mut |_| {}).await;
            rolled.map_err(|e| error::outside(&e, DOING))?;
            if !is_moving(&e) {
                return Err(error::outside(&e, DOING));
            }
        }
        if attempt == ATTEMPTS {
            return Err(TargetError::new(Code::SchemaMoved, "the schema changed while it was read")
                .help("wait until whoever changes it is done, and try again"));
        }
        attempt += 1;
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
/// prints the names of its objects bare and all others with their schema.
async fn snapshot(wire: &mut Wire, scope: &Scope<'_>) -> Result<Vec<Answer>, WireError> {
    // An empty name is that of no schema.
    let path = if scope.own.is_empty() { "''".to_owned() } else { identifier(&scope.own) };
    let mut text = format!(
        "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;SET LOCAL search_path TO {path};{}",
        SETTINGS.join("")
    );
    for query in queries(scope) {
        text.push_str(&query);
        text.push(';');
    }
    text.push_str("COMMIT");
    let answers = wire.query(&text, &mut |_| {}).await.map_err(|(_, e)| e)?;
    Ok(answers.into_iter().skip(2 + SETTINGS.len()).take(QUERIES).collect())
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

/// The functions that print definitions look at what is there now, not at the snapshot. What was dropped in between
/// they do not find: some fail, and some give NULL.
fn is_moving(error: &WireError) -> bool {
    let codes = ["XX000", "42P01", "42703", "42704", "42883", "40001", "40P01"];
    error.db().is_some_and(|db| codes.contains(&db.code().code()))
}

/// Whether a row's text is missing.
type IsTorn = fn(Row<'_>) -> bool;

/// Whether some gave NULL.
fn is_torn(answers: &[Answer]) -> bool {
    let tests: [(usize, IsTorn); 7] = [
        (COLUMNS, columns::is_torn),
        (INDEXES, indexes::is_torn),
        (CONSTRAINTS, constraints::is_torn),
        (RELATIONS, relations::is_torn),
        (TRIGGERS, triggers::is_torn),
        (POLICIES, policies::is_torn),
        (FUNCTIONS, functions::is_torn),
    ];
    tests.iter().any(|(query, is_torn)| answers[*query].rows.iter().map(Row).any(is_torn))
}

fn inspected(mut answers: Vec<Answer>, scope: &Scope<'_>) -> Inspected {
    // Each answer goes as soon as it is read: a large schema is not in memory twice.
    let mut answer = |query: usize| std::mem::take(&mut answers[query]);
    let comments = Comments::read(&answer(COMMENTS));
    let sequences = Sequences::read(&answer(SEQUENCES), scope, &comments);
    let columns = Columns::read(&answer(COLUMNS), &comments, &sequences);
    let indexes = Indexes::read(&answer(INDEXES), &columns, &comments);
    let mut constraints = Constraints::read(&answer(CONSTRAINTS), scope, &columns, &indexes, &comments);
    let mut triggers = triggers::read(&answer(TRIGGERS), &comments);
    let mut policies = policies::read(&answer(POLICIES), &comments);
    let mut named = views::read(&answer(NAMED_BY_VIEWS), scope);
    let mut schema = Schema::new(DialectName::Postgres);
    let mut notes = notes::read(&answer(NOTES));
    types::read(&mut schema, &answer(TYPES), scope, &columns, &mut constraints, &comments);
    schema.functions = functions::read(&answer(FUNCTIONS), scope, &comments);
    schema.schemas = namespaces::read(&answer(NAMESPACES), scope);
    schema.extensions = namespaces::read_extensions(&answer(EXTENSIONS), scope);
    schema.sequences = sequences.free.into_iter().collect();

    let (found, inherits) = (answer(RELATIONS), answer(INHERITS));
    for relation in relations::read(&found, &inherits, scope) {
        let oid = relation.oid;
        let comment = comments.of(Catalog::Class, oid);
        let triggers = triggers.remove(&oid).unwrap_or_default();
        let own = indexes.of(oid, &relation.name, &constraints);
        notes.extend(relation.notes());
        notes.extend(own.notes);
        notes.extend(columns.notes(oid, &relation.name, relation.is_view()));
        if relation.is_view() {
            let depends_on = named.remove(&oid).unwrap_or_default();
            let columns = columns.signature(oid);
            let view =
                View { columns, indexes: own.indexes, triggers, depends_on, comment, ..relation.view() };
            schema.views.insert(view);
            continue;
        }
        let mut table = Table {
            columns: columns.told(oid, &relation.parents()),
            indexes: own.indexes,
            triggers,
            policies: policies.remove(&oid).unwrap_or_default(),
            comment,
            ..relation.table(own.replica_identity)
        };
        constraints.put_into(&mut table, oid);
        schema.tables.insert(table);
    }
    notes.append(&mut constraints.notes);
    notes.sort();
    namespaces::without_ours(&mut schema, scope);
    Inspected { schema, server: server(&answer(VERSION)), notes }
}

/// From `server_version_num`: the last four digits are the minor version.
fn server(answer: &Answer) -> Server {
    let number: u32 = answer.rows.first().map(|row| Row(row).number(0)).unwrap_or_default();
    Server { dialect: DialectName::Postgres, version: (number / 10_000, number % 10_000, 0), mariadb: false }
}
