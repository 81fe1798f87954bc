//! Whose a run is: creating one among those that are under way, taking one over, asking for its end (rules R7, R15).

use std::time::Duration;

use async_trait::async_trait;
use sqlx::Row;
use sqlx::postgres::{PgConnection, PgRow};
use tokio::sync::{broadcast, watch};

use super::connection::{Against, PostgresStore};
use super::fault::fault;
use super::lease::reap;
use super::{backend, run, share};
use crate::codec::{At, from_json, to_u64};
use crate::columns::{self, Columns};
use crate::event_log::no_run;
use crate::{
    CancelAsked, Change, Claim, CreatedAmong, Lease, OpenRun, Result, RunRecord, Shared, TakenRun, Terms,
};

const TERMS: At = At("run", "terms");

/// The states of runs that are under way, as the index has them.
macro_rules! under_way {
    () => {
        "run.state IN ('QUEUED', 'LOCKING', 'RUNNING')"
    };
}
pub(super) use under_way;

macro_rules! selected_open {
    ($rest:expr) => {
        concat!(
            "SELECT ",
            run::run_columns!(),
            ", run.terms, EXISTS (SELECT FROM owner WHERE owner.id = run.lease \
             AND owner.lease_until > pg_catalog.clock_timestamp()) AS is_owned FROM run WHERE ",
            $rest
        )
    };
}

#[async_trait]
impl Shared for PostgresStore {
    fn lease(&self) -> watch::Receiver<Lease> {
        self.lease_watch()
    }

    fn changes(&self) -> broadcast::Receiver<Change> {
        self.telling.changes()
    }

    async fn create_run_among(
        &self,
        run: &RunRecord,
        terms: &Terms,
        seen: &[String],
    ) -> Result<CreatedAmong> {
        let lease = self.lease_id();
        let mut tx = self.write(Against::Collecting).await?;
        let created = create_among(tx.conn(), run, terms, seen, &lease).await;
        tx.finish(created).await
    }

    async fn open_runs(&self, target_key: &str) -> Result<Vec<OpenRun>> {
        let rows = sqlx::query(selected_open!(concat!(
            "run.target_key = $1 AND ",
            under_way!(),
            " ORDER BY run.id"
        )))
        .bind(target_key)
        .fetch_all(&mut *self.read().await?)
        .await
        .map_err(fault)?;
        rows.iter().map(open_run).collect()
    }

    async fn count_open(&self) -> Result<u64> {
        let count: i64 = sqlx::query_scalar(concat!("SELECT count(*) FROM run WHERE ", under_way!()))
            .fetch_one(&mut *self.read().await?)
            .await
            .map_err(fault)?;
        to_u64(At("run", "state"), count)
    }

    async fn orphans(&self, limit: u32) -> Result<Vec<RunRecord>> {
        let mut conn = self.read().await?;
        reap(&mut *conn).await?;
        let rows = sqlx::query(concat!(
            "SELECT ",
            run::run_columns!(),
            " FROM run WHERE ",
            under_way!(),
            " AND NOT EXISTS (SELECT FROM owner WHERE owner.id = run.lease) ORDER BY run.id LIMIT $1"
        ))
        .bind(i64::from(limit))
        .fetch_all(&mut *conn)
        .await
        .map_err(fault)?;
        rows.iter().map(columns::run).collect()
    }

    async fn next_lapse(&self) -> Result<Option<Duration>> {
        let left: Option<f64> = sqlx::query_scalar(
            "SELECT EXTRACT(EPOCH FROM min(lease_until) - pg_catalog.clock_timestamp())::float8
             FROM owner WHERE id <> $1 AND lease_until > pg_catalog.clock_timestamp()",
        )
        .bind(self.lease_id())
        .fetch_one(&mut *self.read().await?)
        .await
        .map_err(fault)?;
        Ok(left.map(|left| Duration::from_secs_f64(left.max(0.0))))
    }

    async fn open_run(&self, id: &str) -> Result<Option<OpenRun>> {
        let row = sqlx::query(selected_open!("run.id = $1"))
            .bind(id)
            .fetch_optional(&mut *self.read().await?)
            .await
            .map_err(fault)?;
        row.as_ref().map(open_run).transpose()
    }

    async fn take_run(&self, id: &str, owner: &str) -> Result<Option<TakenRun>> {
        let lease = self.lease_id();
        let mut tx = self.write(Against::Nobody).await?;
        let taken = take(tx.conn(), id, owner, &lease).await;
        tx.finish(taken).await
    }

    async fn has_others(&self) -> Result<bool> {
        sqlx::query_scalar(
            "SELECT EXISTS (SELECT FROM owner WHERE id <> $1 AND lease_until > pg_catalog.clock_timestamp())",
        )
        .bind(self.lease_id())
        .fetch_one(&mut *self.read().await?)
        .await
        .map_err(fault)
    }

    async fn log_has_end(&self, run: &str) -> Result<bool> {
        // The end is the last event of its group: texts within it have their quotes escaped.
        sqlx::query_scalar(
            "SELECT EXISTS (SELECT FROM run WHERE id = $1 AND events_pruned > 0)
                 OR coalesce((SELECT events FROM event WHERE run = $1 ORDER BY last_seq DESC LIMIT 1), '')
                    LIKE '%\"kind\":\"run_finished\"%'",
        )
        .bind(run)
        .fetch_one(&mut *self.read().await?)
        .await
        .map_err(fault)
    }

    async fn own_runs(&self) -> Result<Vec<String>> {
        sqlx::query_scalar(concat!("SELECT id FROM run WHERE ", under_way!(), " AND lease = $1 ORDER BY id"))
            .bind(self.lease_id())
            .fetch_all(&mut *self.read().await?)
            .await
            .map_err(fault)
    }

    async fn give_up_run(&self, run: &str) -> Result<()> {
        let mut alone = self.write_alone().await?;
        // No lease has an empty id.
        let given = sqlx::query("UPDATE run SET lease = '' WHERE id = $1 AND lease = $2")
            .bind(run)
            .bind(self.lease_id())
            .execute(alone.conn())
            .await
            .map_err(fault)?;
        if given.rows_affected() == 0 {
            return Err(run::why_not(alone.conn(), run).await?);
        }
        alone.done();
        self.telling.run(run);
        Ok(())
    }

    async fn put_lock(&self, run: &str, pid: i64, start: &str) -> Result<()> {
        backend::put_lock(self, run, pid, start).await
    }

    async fn claim_share(&self, run: &str, claim: &Claim) -> Result<Option<u64>> {
        share::claim(self, run, claim).await
    }

    async fn give_share_back(&self, run: &str) -> Result<()> {
        share::give_back(self, run).await
    }

    async fn ask_cancel(&self, asked: &CancelAsked) -> Result<()> {
        let mut alone = self.write_alone().await?;
        sqlx::query(
            "UPDATE run SET cancel_actor = $2, cancel_reason = $3
             WHERE id = $1 AND cancel_actor IS NULL AND state IN ('QUEUED', 'LOCKING', 'RUNNING')",
        )
        .bind(&asked.run)
        .bind(&asked.actor)
        .bind(&asked.reason)
        .execute(alone.conn())
        .await
        .map_err(fault)?;
        alone.done();
        self.telling.cancel(&asked.run);
        Ok(())
    }

    async fn cancels(&self) -> Result<Vec<CancelAsked>> {
        let rows = sqlx::query(concat!(
            "SELECT id, cancel_actor, cancel_reason FROM run WHERE ",
            under_way!(),
            " AND lease = $1 AND cancel_actor IS NOT NULL ORDER BY id"
        ))
        .bind(self.lease_id())
        .fetch_all(&mut *self.read().await?)
        .await
        .map_err(fault)?;
        rows.iter().map(cancel_asked).filter_map(Result::transpose).collect()
    }
}

async fn create_among(
    conn: &mut PgConnection,
    record: &RunRecord,
    terms: &Terms,
    seen: &[String],
    lease: &str,
) -> Result<CreatedAmong> {
    // Who creates a run on the same target at the same moment waits here, and then sees this one.
    sqlx::query("SELECT pg_catalog.pg_advisory_xact_lock(pg_catalog.hashtextextended($1, 1))")
        .bind(&record.target_key)
        .execute(&mut *conn)
        .await
        .map_err(fault)?;
    let unseen: bool = sqlx::query_scalar(concat!(
        "SELECT EXISTS (SELECT FROM run WHERE run.target_key = $1 AND ",
        under_way!(),
        " AND run.id <> ALL ($2))"
    ))
    .bind(&record.target_key)
    .bind(seen)
    .fetch_one(&mut *conn)
    .await
    .map_err(fault)?;
    if unseen {
        return Ok(CreatedAmong::Unseen);
    }
    run::create_in(conn, record, Some(terms), lease).await.map(CreatedAmong::Done)
}

async fn take(conn: &mut PgConnection, id: &str, owner: &str, lease: &str) -> Result<Option<TakenRun>> {
    reap(&mut *conn).await?;
    // The run's row is waited for: its owner may be writing to it for the last time. Whether the owner is there is
    // asked after that.
    let there: Option<String> = sqlx::query_scalar("SELECT id FROM run WHERE id = $1 FOR NO KEY UPDATE")
        .bind(id)
        .fetch_optional(&mut *conn)
        .await
        .map_err(fault)?;
    if there.is_none() {
        return Err(no_run(id));
    }
    let row = sqlx::query(concat!(
        "UPDATE run SET lease = $2, owner = $3, version = run.version + 1, share = NULL, share_asked = NULL
         WHERE run.id = $1 AND EXISTS (SELECT FROM owner WHERE owner.id = $2)
           AND (run.lease = $2 OR NOT ",
        under_way!(),
        " OR NOT EXISTS (SELECT FROM owner WHERE owner.id = run.lease))
         RETURNING ",
        run::run_columns!(),
        ", run.terms, run.lock_pid, run.lock_start, run.cancel_actor, run.cancel_reason"
    ))
    .bind(id)
    .bind(lease)
    .bind(owner)
    .fetch_optional(&mut *conn)
    .await
    .map_err(fault)?;
    let Some(row) = row else { return Ok(None) };
    // Before it is RUNNING nothing of a plan was begun: the run gets another one, which may be shorter.
    sqlx::query(
        "DELETE FROM step WHERE run = $1 AND EXISTS (SELECT FROM run WHERE id = $1 AND state IN ('QUEUED', 'LOCKING'))",
    )
    .bind(id)
    .execute(conn)
    .await
    .map_err(fault)?;
    let lock = row.int_opt(At("run", "lock_pid"))?.zip(row.text_opt(At("run", "lock_start"))?);
    Ok(Some(TakenRun { run: columns::run(&row)?, terms: terms(&row)?, lock, cancel: cancel_asked(&row)? }))
}

fn open_run(row: &PgRow) -> Result<OpenRun> {
    Ok(OpenRun { run: columns::run(row)?, terms: terms(row)?, is_owned: row.flag(At("run", "is_owned"))? })
}

fn terms(row: &PgRow) -> Result<Terms> {
    let text: Option<&str> = row.try_get("terms").map_err(|e| TERMS.corrupt(e))?;
    text.map_or_else(|| Ok(Terms::default()), |text| from_json(TERMS, text))
}

fn cancel_asked(row: &PgRow) -> Result<Option<CancelAsked>> {
    let Some(actor) = row.text_opt(At("run", "cancel_actor"))? else { return Ok(None) };
    let reason = row.text_opt(At("run", "cancel_reason"))?.unwrap_or_default();
    Ok(Some(CancelAsked { run: row.text(At("run", "id"))?, actor, reason }))
}
