//! What the runs of all daemons have of the connections to one server (rule R5).

use sqlx::Row;
use sqlx::postgres::PgConnection;

use super::connection::{Against, PostgresStore};
use super::fault::fault;
use super::ownership::under_way;
use super::run;
use crate::codec::{At, to_i64, to_u64};
use crate::{Claim, Result};

const SHARE: At = At("run", "share");

pub(super) async fn claim(store: &PostgresStore, run: &str, claim: &Claim) -> Result<Option<u64>> {
    let lease = store.lease_id();
    let mut tx = store.write(Against::Nobody).await?;
    let granted = claim_in(tx.conn(), run, claim, &lease).await;
    tx.finish(granted).await
}

async fn claim_in(conn: &mut PgConnection, run: &str, claim: &Claim, lease: &str) -> Result<Option<u64>> {
    // Whoever claims on the same server at the same moment waits here, and then sees this claim.
    sqlx::query("SELECT pg_catalog.pg_advisory_xact_lock(pg_catalog.hashtextextended($1, 2))")
        .bind(&claim.server)
        .execute(&mut *conn)
        .await
        .map_err(fault)?;
    let row = sqlx::query(concat!(
        "SELECT coalesce(sum(run.share), 0)::bigint AS share,
                coalesce(bool_or(run.id IS NOT NULL AND run.share IS NULL AND (mine.share_asked IS NULL
                                 OR (run.share_asked, run.id) < (mine.share_asked, mine.id))), false) AS is_later
         FROM run AS mine
         LEFT JOIN (run JOIN owner ON owner.id = run.lease AND owner.lease_until > pg_catalog.clock_timestamp())
           ON run.id <> mine.id AND run.share_asked IS NOT NULL AND pg_catalog.starts_with(run.target_key, $3) AND ",
        under_way!(),
        " WHERE mine.id = $1 AND mine.lease = $2 GROUP BY mine.id"
    ))
    .bind(run)
    .bind(lease)
    .bind(format!("{}/", claim.server))
    .fetch_optional(&mut *conn)
    .await
    .map_err(fault)?;
    let Some(row) = row else { return Err(run::why_not(conn, run).await?) };
    let used = to_u64(SHARE, row.try_get("share").map_err(fault)?)?;
    let is_later: bool = row.try_get("is_later").map_err(fault)?;
    let granted = if is_later { None } else { claim.granted(used) };
    if granted.is_some() || claim.waits {
        sqlx::query(
            "UPDATE run SET share = $2, share_asked = coalesce(share_asked, pg_catalog.clock_timestamp()) WHERE id = $1",
        )
        .bind(run)
        .bind(granted.map(to_i64))
        .execute(conn)
        .await
        .map_err(fault)?;
    }
    Ok(granted)
}

/// Gives a run's claim back.
pub(super) async fn give_back(store: &PostgresStore, run: &str) -> Result<()> {
    let mut alone = store.write_alone().await?;
    let given = sqlx::query("UPDATE run SET share = NULL, share_asked = NULL WHERE id = $1 AND lease = $2")
        .bind(run)
        .bind(store.lease_id())
        .execute(alone.conn())
        .await
        .map_err(fault)?;
    if given.rows_affected() == 0 {
        return Err(run::why_not(alone.conn(), run).await?);
    }
    alone.done();
    store.telling.run(run);
    Ok(())
}
