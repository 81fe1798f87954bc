//! Looking at a session from outside: who blocks it, how far it has come, how its transaction ended.

use super::connect::{Settings, start_text};
use super::quote::literal;
use super::wire::Answer;
use super::{PostgresTarget, error};
use crate::{Backend, TargetError, TransactionOutcome};
use migrated_core::event::Blocker;

/// Asks one question on a connection of its own.
async fn ask(target: &PostgresTarget, text: &str, doing: &str) -> Result<Answer, TargetError> {
    let mut connected = target.connected("", Settings::Work).await?;
    let answer = match connected.wire.query(text, &mut |_| {}).await {
        Ok(mut answers) => Ok(answers.pop().unwrap_or_default()),
        Err((_, e)) => Err(error::outside(&e, doing)),
    };
    connected.wire.close().await;
    answer
}

/// Who holds what this backend waits for.
pub(super) async fn blockers(
    target: &PostgresTarget,
    backend: &Backend,
) -> Result<Vec<Blocker>, TargetError> {
    let text = format!(
        "SELECT b.pid,b.usename,b.application_name,pg_catalog.left(b.query,500),\
         (extract(epoch FROM pg_catalog.clock_timestamp()-coalesce(b.xact_start,b.query_start,b.backend_start))*1000)::bigint,\
         (SELECT l.relation::pg_catalog.regclass::text FROM pg_catalog.pg_locks l WHERE l.pid=a.pid \
         AND NOT l.granted AND l.relation IS NOT NULL LIMIT 1) \
         FROM pg_catalog.pg_stat_activity a \
         CROSS JOIN LATERAL (SELECT DISTINCT pg_catalog.unnest(pg_catalog.pg_blocking_pids(a.pid))) p(pid) \
         JOIN pg_catalog.pg_stat_activity b ON b.pid=p.pid \
         WHERE a.pid={} AND {}={} ORDER BY b.xact_start",
        backend.pid,
        start_text("a.backend_start"),
        literal(&backend.start)
    );
    let answer = ask(target, &text, "looking for blockers").await?;
    let blocker = |row: &tokio_postgres::SimpleQueryRow| {
        let cell = |index: usize| row.get(index).unwrap_or_default();
        Blocker {
            pid: cell(0).parse().unwrap_or_default(),
            user: cell(1).to_owned(),
            application: cell(2).to_owned(),
            query: cell(3).to_owned(),
            age_ms: cell(4).parse().unwrap_or_default(),
            object: cell(5).to_owned(),
        }
    };
    Ok(answer.rows.iter().map(blocker).collect())
}

/// How far a long statement has come, from the `pg_stat_progress_*` views.
pub(super) async fn progress(
    target: &PostgresTarget,
    backend: &Backend,
) -> Result<Option<String>, TargetError> {
    let pid = backend.pid;
    // One row of: what, phase, done, total. The unit matters only for the percentage. The start time is compared
    // as well, so that a recycled pid does not answer. While it waits, those whom it waits for are what is counted; the
    // numbers of blocks are of the phase before then.
    let text = format!(
        "SELECT p.what,p.phase,p.done,p.total FROM (\
         SELECT 'building index',phase||CASE WHEN phase LIKE 'waiting%' AND lockers_total>0 THEN \
         pg_catalog.format(', %s of %s gone, now pid %s',lockers_done,lockers_total,current_locker_pid) ELSE '' END,\
         CASE WHEN phase LIKE 'waiting%' THEN 0 WHEN tuples_total>0 THEN tuples_done ELSE blocks_done END,\
         CASE WHEN phase LIKE 'waiting%' THEN 0 WHEN tuples_total>0 THEN tuples_total ELSE blocks_total END,1 \
         FROM pg_catalog.pg_stat_progress_create_index WHERE pid={pid} \
         UNION ALL SELECT pg_catalog.lower(command),phase,heap_blks_scanned,heap_blks_total,2 \
         FROM pg_catalog.pg_stat_progress_cluster WHERE pid={pid} \
         UNION ALL SELECT 'vacuuming',phase,heap_blks_scanned,heap_blks_total,3 \
         FROM pg_catalog.pg_stat_progress_vacuum WHERE pid={pid} \
         UNION ALL SELECT 'analyzing',phase,sample_blks_scanned,sample_blks_total,4 \
         FROM pg_catalog.pg_stat_progress_analyze WHERE pid={pid}) p(what,phase,done,total,o) \
         JOIN pg_catalog.pg_stat_activity a ON a.pid={pid} AND {}={} ORDER BY p.o LIMIT 1",
        start_text("a.backend_start"),
        literal(&backend.start)
    );
    let copy = format!(
        "SELECT 'copying',c.tuples_processed||' rows',c.bytes_processed,c.bytes_total \
         FROM pg_catalog.pg_stat_progress_copy c JOIN pg_catalog.pg_stat_activity a ON a.pid=c.pid \
         WHERE c.pid={pid} AND {}={}",
        start_text("a.backend_start"),
        literal(&backend.start)
    );
    let mut connected = target.connected("", Settings::Work).await?;
    // The view of COPY came with version 14.
    let text = if connected.version.major >= 14 { format!("{text};{copy}") } else { text };
    let answers = connected.wire.query(&text, &mut |_| {}).await;
    connected.wire.close().await;
    let answers = answers.map_err(|(_, e)| error::outside(&e, "looking for progress"))?;
    Ok(answers.iter().find(|a| !a.rows.is_empty()).map(in_words))
}

/// `building index: loading tuples in tree 61%`
fn in_words(answer: &Answer) -> String {
    let number = |index| answer.first(index).and_then(|n| n.parse::<u64>().ok()).unwrap_or(0);
    let (done, total) = (number(2), number(3));
    let share = match total {
        0 => String::new(),
        total => format!(" {}%", done.min(total) * 100 / total),
    };
    format!("{}: {}{share}", answer.first(0).unwrap_or_default(), answer.first(1).unwrap_or_default())
}

/// How the transaction of that id ended.
pub(super) async fn transaction_outcome(
    target: &PostgresTarget,
    xid: &str,
) -> Result<TransactionOutcome, TargetError> {
    if xid.is_empty() || !xid.bytes().all(|b| b.is_ascii_digit()) {
        return Ok(TransactionOutcome::Unknown);
    }
    let text = format!("SELECT pg_catalog.pg_xact_status('{xid}'::pg_catalog.xid8)");
    let answer = ask(target, &text, "asking how a transaction ended").await?;
    Ok(match answer.first(0) {
        Some("committed") => TransactionOutcome::Committed,
        Some("aborted") => TransactionOutcome::Aborted,
        Some("in progress") => TransactionOutcome::InProgress,
        _ => TransactionOutcome::Unknown,
    })
}
