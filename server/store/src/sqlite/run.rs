//! Runs.

use sqlx::sqlite::SqliteConnection;

use super::connection::{Durability, SqliteStore};
use super::fault::{fault, is_dangling, is_duplicate};
use super::manifest;
use super::project;
use crate::codec::{At, to_i64, to_json};
use crate::columns;
use crate::compare::compare;
use crate::{CreatedRun, Result, RunFilter, RunPage, RunRecord, StoreError};

pub(super) async fn create(store: &SqliteStore, run: &RunRecord) -> Result<CreatedRun> {
    let mut tx = store.write(Durability::Power).await?;
    let created = create_in(tx.conn(), run).await;
    tx.finish(created).await
}

async fn create_in(conn: &mut SqliteConnection, run: &RunRecord) -> Result<CreatedRun> {
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
                          id, project, kind, request_id, created_at)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        run,
        1,
    )?;
    query
        .bind(&run.id)
        .bind(&run.project)
        .bind(run.kind.as_str())
        .bind(&run.request_id)
        .bind(run.created_at)
        .execute(conn)
        .await
        .map_err(|e| match (is_duplicate(&e), is_dangling(&e)) {
            (true, _) => StoreError::AlreadyExists { what: what(&run.id) },
            (_, true) => StoreError::NotFound { what: project::what(&run.project) },
            _ => fault(e),
        })?;
    Ok(CreatedRun::New)
}

pub(super) async fn update(store: &SqliteStore, run: &RunRecord, expected: u64) -> Result<u64> {
    let mut tx = store.write(Durability::Power).await?;
    let changed = update_in(tx.conn(), run, expected).await;
    tx.finish(changed).await
}

async fn update_in(conn: &mut SqliteConnection, run: &RunRecord, expected: u64) -> Result<u64> {
    let found: Option<i64> = sqlx::query_scalar("SELECT version FROM run WHERE id = ?")
        .bind(&run.id)
        .fetch_optional(&mut *conn)
        .await
        .map_err(fault)?;
    let version = compare(what(&run.id), At("run", "version"), found, expected)?;
    // A run that has ended no longer keeps its manifest from being collected.
    if let Some(graph) = run.graph.as_ref().filter(|_| !run.state.is_terminal())
        && !manifest::is_stored(conn, &run.project, graph).await?
    {
        return Err(StoreError::ManifestUnknown { digest: hex::encode(graph) });
    }
    let query = bind_changing(
        "UPDATE run SET target = ?, target_key = ?, goal = ?, graph = ?, state = ?, actor = ?, owner = ?,
             rows_before = ?, rows_after = ?, steps_planned = ?, steps_done = ?, failure = ?, started_at = ?,
             finished_at = ?, version = ? WHERE id = ?",
        run,
        version,
    )?;
    query.bind(&run.id).execute(conn).await.map_err(fault)?;
    Ok(version)
}

type Query<'q> = sqlx::query::Query<'q, sqlx::Sqlite, sqlx::sqlite::SqliteArguments>;

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
        .bind(run.steps_planned)
        .bind(run.steps_done)
        .bind(run.failure.as_ref().map(|failure| to_json(At("run", "failure"), failure)).transpose()?)
        .bind(run.started_at)
        .bind(run.finished_at)
        .bind(to_i64(version)))
}

pub(super) async fn get_one(store: &SqliteStore, id: &str) -> Result<Option<RunRecord>> {
    let row = sqlx::query("SELECT * FROM run WHERE id = ?")
        .bind(id)
        .fetch_optional(store.read().await?.conn())
        .await
        .map_err(fault)?;
    row.as_ref().map(columns::run).transpose()
}

pub(super) async fn of_request(
    store: &SqliteStore,
    project: &str,
    request: &str,
) -> Result<Option<RunRecord>> {
    of_request_in(store.read().await?.conn(), project, request).await
}

async fn of_request_in(
    conn: &mut SqliteConnection,
    project: &str,
    request: &str,
) -> Result<Option<RunRecord>> {
    let row = sqlx::query("SELECT * FROM run WHERE project = ? AND request_id = ?")
        .bind(project)
        .bind(request)
        .fetch_optional(conn)
        .await
        .map_err(fault)?;
    row.as_ref().map(columns::run).transpose()
}

pub(super) async fn list(store: &SqliteStore, filter: &RunFilter, page: &RunPage) -> Result<Vec<RunRecord>> {
    // A condition that is not asked for is left out, so that SQLite picks the index of one that is.
    let mut sql = String::from("SELECT * FROM run WHERE true");
    let states: Vec<&str> = filter.states.iter().map(|state| state.as_str()).collect();
    let states = to_json(At("run", "state"), &states)?;
    let conditions = [
        (filter.project.as_ref(), " AND project = ?"),
        (filter.target.as_ref(), " AND target = ?"),
        (page.before.as_ref(), " AND id < ?"),
        ((!filter.states.is_empty()).then_some(&states), " AND state IN (SELECT value FROM json_each(?))"),
    ];
    for (_, condition) in conditions.iter().filter(|(value, _)| value.is_some()) {
        sql.push_str(condition);
    }
    sql.push_str(" ORDER BY id DESC LIMIT ?");
    let query = conditions
        .iter()
        .filter_map(|(value, _)| *value)
        .fold(sqlx::query(sqlx::AssertSqlSafe(sql)), |query, value| query.bind(value));
    let rows = query.bind(page.limit).fetch_all(store.read().await?.conn()).await.map_err(fault)?;
    rows.iter().map(columns::run).collect()
}

pub(super) async fn unsettled(store: &SqliteStore) -> Result<Vec<RunRecord>> {
    // The first condition is the index's own, word by word; the second takes out the ends that it lets through.
    let rows = sqlx::query(
        "SELECT * FROM run WHERE state NOT IN ('SUCCEEDED', 'FAILED', 'CANCELLED')
         AND state IN ('QUEUED', 'LOCKING', 'RUNNING', 'UNKNOWN') ORDER BY id",
    )
    .fetch_all(store.read().await?.conn())
    .await
    .map_err(fault)?;
    rows.iter().map(columns::run).collect()
}

pub(super) fn what(id: &str) -> String {
    format!("run {id}")
}
