//! Runs.

use sqlx::postgres::{PgArguments, PgConnection};

use super::connection::{Against, PostgresStore};
use super::fault::{fault, is_dangling};
use super::lease::not_owner;
use super::{manifest, project};
use crate::codec::{At, to_i64, to_json};
use crate::columns;
use crate::compare::compare;
use crate::event_log::{no_run, what};
use crate::{CreatedRun, Result, RunFilter, RunPage, RunRecord, StoreError, Terms};

// Named one by one: a statement that was prepared with `*` fails once another release adds a column.
macro_rules! run_columns {
    () => {
        "run.id, run.project, run.target, run.target_key, run.kind, run.goal, run.graph, run.state, run.actor, \
         run.request_id, run.owner, run.rows_before, run.rows_after, run.steps_planned, run.steps_done, run.failure, \
         run.created_at, run.started_at, run.finished_at, run.version"
    };
}
pub(super) use run_columns;

pub(super) async fn create(store: &PostgresStore, run: &RunRecord) -> Result<CreatedRun> {
    let lease = store.lease_id();
    let mut tx = store.write(Against::Collecting).await?;
    let created = create_in(tx.conn(), run, None, &lease).await;
    tx.finish(created).await
}

pub(super) async fn create_in(
    conn: &mut PgConnection,
    run: &RunRecord,
    terms: Option<&Terms>,
    lease: &str,
) -> Result<CreatedRun> {
    if let Some(request) = &run.request_id
        && let Some(made) = of_request_in(conn, &run.project, request).await?
    {
        return Ok(CreatedRun::Existing(Box::new(made)));
    }
    // The pin holds from here on, so what it pins must be there now.
    if let Some(graph) = &run.graph
        && !manifest::touch_in(conn, &run.project, graph, run.created_at).await?
    {
        return Err(StoreError::ManifestUnknown { digest: hex::encode(graph) });
    }
    let query = bind_changing(
        "INSERT INTO run (target, target_key, goal, graph, state, actor, owner, rows_before, rows_after,
                          steps_planned, steps_done, failure, started_at, finished_at, version,
                          id, project, kind, request_id, created_at, terms, lease)
         SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, owner.id
         FROM owner WHERE owner.id = $22 AND owner.lease_until > pg_catalog.clock_timestamp()
         ON CONFLICT DO NOTHING",
        run,
        1,
    )?;
    let made = query
        .bind(&run.id)
        .bind(&run.project)
        .bind(run.kind.as_str())
        .bind(&run.request_id)
        .bind(run.created_at)
        .bind(terms.map(|terms| to_json(At("run", "terms"), terms)).transpose()?)
        .bind(lease)
        .execute(&mut *conn)
        .await
        .map_err(|e| match is_dangling(&e) {
            true => StoreError::NotFound { what: project::what(&run.project) },
            false => fault(e),
        })?;
    if made.rows_affected() > 0 {
        return Ok(CreatedRun::New);
    }
    if let Some(request) = &run.request_id
        && let Some(made) = of_request_in(conn, &run.project, request).await?
    {
        return Ok(CreatedRun::Existing(Box::new(made)));
    }
    Err(match version(conn, &run.id).await? {
        Some(_) => StoreError::AlreadyExists { what: what(&run.id) },
        None => not_owner(what(&run.id)),
    })
}

pub(super) async fn update(store: &PostgresStore, run: &RunRecord, expected: u64) -> Result<u64> {
    let lease = store.lease_id();
    let mut tx = store.write(Against::Collecting).await?;
    let changed = update_in(tx.conn(), run, expected, &lease).await;
    let changed = tx.finish(changed).await;
    store.telling.run(&run.id);
    changed
}

async fn update_in(conn: &mut PgConnection, run: &RunRecord, expected: u64, lease: &str) -> Result<u64> {
    let found: Option<(i64, bool)> =
        sqlx::query_as("SELECT version, lease = $2 FROM run WHERE id = $1 FOR NO KEY UPDATE")
            .bind(&run.id)
            .bind(lease)
            .fetch_optional(&mut *conn)
            .await
            .map_err(fault)?;
    if found.is_some_and(|(_, ours)| !ours) {
        return Err(not_owner(what(&run.id)));
    }
    let found = found.map(|(version, _)| version);
    let version = compare(what(&run.id), At("run", "version"), found, expected)?;
    // A run that has ended no longer keeps its manifest from being collected.
    if let Some(graph) = run.graph.as_ref().filter(|_| !run.state.is_terminal())
        && !manifest::is_stored(conn, &run.project, graph).await?
    {
        return Err(StoreError::ManifestUnknown { digest: hex::encode(graph) });
    }
    let query = bind_changing(
        "UPDATE run SET target = $1, target_key = $2, goal = $3, graph = $4, state = $5, actor = $6, owner = $7,
             rows_before = $8, rows_after = $9, steps_planned = $10, steps_done = $11, failure = $12,
             started_at = $13, finished_at = $14, version = $15 WHERE id = $16",
        run,
        version,
    )?;
    query.bind(&run.id).execute(conn).await.map_err(fault)?;
    Ok(version)
}

type Query<'q> = sqlx::query::Query<'q, sqlx::Postgres, PgArguments>;

/// Binds what may change in a run, in the order that both statements name it.
fn bind_changing<'q>(sql: &'static str, run: &'q RunRecord, version: u64) -> Result<Query<'q>> {
    Ok(sqlx::query(sql)
        .bind(&run.target)
        .bind(&run.target_key)
        .bind(to_json(At("run", "goal"), &run.goal)?)
        .bind(run.graph.as_ref().map(|graph| graph.as_slice()))
        .bind(run.state.as_str())
        .bind(&run.actor)
        .bind(&run.owner)
        .bind(to_json(At("run", "rows_before"), &run.rows_before)?)
        .bind(to_json(At("run", "rows_after"), &run.rows_after)?)
        .bind(i64::from(run.steps_planned))
        .bind(i64::from(run.steps_done))
        .bind(run.failure.as_ref().map(|failure| to_json(At("run", "failure"), failure)).transpose()?)
        .bind(run.started_at)
        .bind(run.finished_at)
        .bind(to_i64(version)))
}

async fn version(conn: &mut PgConnection, id: &str) -> Result<Option<i64>> {
    sqlx::query_scalar("SELECT version FROM run WHERE id = $1")
        .bind(id)
        .fetch_optional(conn)
        .await
        .map_err(fault)
}

/// Why a write to a run of this daemon found no such run: there is none, or it is another's.
pub(super) async fn why_not(conn: &mut PgConnection, id: &str) -> Result<StoreError> {
    Ok(match version(conn, id).await? {
        Some(_) => not_owner(what(id)),
        None => no_run(id),
    })
}

pub(super) async fn get_one(store: &PostgresStore, id: &str) -> Result<Option<RunRecord>> {
    let row = sqlx::query(concat!("SELECT ", run_columns!(), " FROM run WHERE id = $1"))
        .bind(id)
        .fetch_optional(&mut *store.read().await?)
        .await
        .map_err(fault)?;
    row.as_ref().map(columns::run).transpose()
}

pub(super) async fn of_request(
    store: &PostgresStore,
    project: &str,
    request: &str,
) -> Result<Option<RunRecord>> {
    of_request_in(&mut *store.read().await?, project, request).await
}

async fn of_request_in(conn: &mut PgConnection, project: &str, request: &str) -> Result<Option<RunRecord>> {
    let row =
        sqlx::query(concat!("SELECT ", run_columns!(), " FROM run WHERE project = $1 AND request_id = $2"))
            .bind(project)
            .bind(request)
            .fetch_optional(conn)
            .await
            .map_err(fault)?;
    row.as_ref().map(columns::run).transpose()
}

pub(super) async fn list(
    store: &PostgresStore,
    filter: &RunFilter,
    page: &RunPage,
) -> Result<Vec<RunRecord>> {
    let states: Vec<&str> = filter.states.iter().map(|state| state.as_str()).collect();
    let rows = sqlx::query(concat!(
        "SELECT ",
        run_columns!(),
        " FROM run WHERE ($1::text IS NULL OR project = $1) AND ($2::text IS NULL OR target = $2) \
           AND ($3::text IS NULL OR id < $3) AND ($4::text[] IS NULL OR state = ANY ($4)) \
         ORDER BY id DESC LIMIT $5"
    ))
    // Planned anew each time, so that a condition that is not asked for costs nothing.
    .persistent(false)
    .bind(&filter.project)
    .bind(&filter.target)
    .bind(&page.before)
    .bind((!states.is_empty()).then_some(states))
    .bind(i64::from(page.limit))
    .fetch_all(&mut *store.read().await?)
    .await
    .map_err(fault)?;
    rows.iter().map(columns::run).collect()
}

pub(super) async fn unsettled(store: &PostgresStore) -> Result<Vec<RunRecord>> {
    // The first condition is the index's own, word by word; the second takes out the ends that it lets through.
    let rows = sqlx::query(concat!(
        "SELECT ",
        run_columns!(),
        " FROM run WHERE state NOT IN ('SUCCEEDED', 'FAILED', 'CANCELLED') \
         AND state IN ('QUEUED', 'LOCKING', 'RUNNING', 'UNKNOWN') ORDER BY id"
    ))
    .fetch_all(&mut *store.read().await?)
    .await
    .map_err(fault)?;
    rows.iter().map(columns::run).collect()
}
