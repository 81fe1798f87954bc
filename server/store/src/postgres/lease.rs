//! This daemon's lease, renewed for as long as the store is open (rule R15). The clock is the server's; a row of
//! `owner` that has lapsed is removed by whoever sees it first, and from then on nobody can renew it.

use std::time::{Duration, Instant};

use sqlx::postgres::PgPool;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::connection::PostgresOptions;
use super::fault::fault;
use crate::{Lease, Result, StoreError};

/// A lease is renewed so many times before it would lapse: one sign of life that is late or lost does not matter.
const RENEWALS: u32 = 5;

/// The lease and the task that renews it.
#[derive(Debug)]
pub(super) struct Leasing {
    pub(super) lease: watch::Receiver<Lease>,
    task: JoinHandle<()>,
}

impl Drop for Leasing {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Leasing {
    /// Gives the lease back: what is still owned through it is anybody's at once.
    pub(super) async fn end(&self, pool: &PgPool) -> Result<()> {
        self.task.abort();
        let id = self.lease.borrow().id.clone();
        sqlx::query("DELETE FROM owner WHERE id = $1").bind(id).execute(pool).await.map(drop).map_err(fault)
    }
}

/// Begins a lease.
pub(super) async fn begin(pool: &PgPool, options: &PostgresOptions) -> Result<Leasing> {
    let (span, name) = (options.lease, options.owner.clone());
    let (sender, lease) = watch::channel(first(pool, &name, span).await?);
    let pool = pool.clone();
    let task = tokio::spawn(async move {
        let pause = span / RENEWALS;
        loop {
            tokio::time::sleep(pause).await;
            // It is not given more time than it has: a server that does not answer may answer the next connection.
            let id = sender.borrow().id.clone();
            match tokio::time::timeout(span / 2, renew(&pool, &id, &name, span)).await {
                Ok(Ok(lease)) => {
                    let before = sender.send_replace(lease.clone());
                    if before.id != lease.id {
                        tracing::warn!(
                            "the lease of this daemon had lapsed: runs that it owned are lost to it"
                        );
                    }
                }
                Ok(Err(e)) => tracing::warn!(error = %e, "the lease of this daemon could not be renewed"),
                Err(_) => tracing::warn!("the lease of this daemon could not be renewed: no answer"),
            }
        }
    });
    Ok(Leasing { lease, task })
}

async fn first(pool: &PgPool, name: &str, span: Duration) -> Result<Lease> {
    let asked = Instant::now();
    // What a statement returns does not see the row that it inserts.
    let (id, others): (String, i64) = sqlx::query_as(
        "INSERT INTO owner (id, name, lease_until)
         VALUES (pg_catalog.gen_random_uuid()::text, $1, pg_catalog.clock_timestamp() + $2 * interval '1 microsecond')
         RETURNING id, (SELECT count(*) FROM owner WHERE lease_until > pg_catalog.clock_timestamp())",
    )
    .bind(name)
    .bind(micros(span))
    .fetch_one(pool)
    .await
    .map_err(fault)?;
    Ok(Lease { id, until: asked + span, daemons: others.unsigned_abs() + 1 })
}

/// Renews the lease, or begins another one where it had lapsed. Removes those of others that have.
async fn renew(pool: &PgPool, id: &str, name: &str, span: Duration) -> Result<Lease> {
    let asked = Instant::now();
    let renewed: Option<i64> = sqlx::query_scalar(
        "UPDATE owner SET lease_until = pg_catalog.clock_timestamp() + $2 * interval '1 microsecond'
         WHERE id = $1 AND lease_until > pg_catalog.clock_timestamp()
         RETURNING (SELECT count(*) FROM owner WHERE lease_until > pg_catalog.clock_timestamp())",
    )
    .bind(id)
    .bind(micros(span))
    .fetch_optional(pool)
    .await
    .map_err(fault)?;
    let lease = match renewed {
        None => first(pool, name, span).await?,
        Some(daemons) => {
            Lease { id: id.to_owned(), until: asked + span, daemons: daemons.unsigned_abs().max(1) }
        }
    };
    reap(pool).await?;
    Ok(lease)
}

/// Removes leases that have lapsed. A renewal that is under way is waited for, and counts.
pub(super) async fn reap<'e>(on: impl sqlx::Executor<'e, Database = sqlx::Postgres>) -> Result<()> {
    sqlx::query("DELETE FROM owner WHERE lease_until <= pg_catalog.clock_timestamp()")
        .execute(on)
        .await
        .map(drop)
        .map_err(fault)
}

fn micros(span: Duration) -> f64 {
    span.as_secs_f64() * 1e6
}

/// The refusal of a write to a run that is somebody else's.
pub(super) fn not_owner(what: String) -> StoreError {
    StoreError::NotOwner { what }
}
