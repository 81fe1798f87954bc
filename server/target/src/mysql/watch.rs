//! Looking at a session from outside: who blocks it, and how far it has come.
//!
//! What can be seen depends on rights (PROCESS) and, for metadata locks, on what the server has: MySQL's
//! `performance_schema.metadata_locks`, MariaDB's plugin `METADATA_LOCK_INFO`. Without either, transactions in the
//! same database that are older than the wait are named: one of them holds it. MariaDB refreshes its views of
//! InnoDB only when nobody has read them for 100 ms: ask less often than that.

use super::connect::{Connected, Purpose};
use super::wire::{Answer, cell};
use super::{MysqlTarget, error};
use crate::{Backend, TargetError};
use migrated_core::event::Blocker;

/// Columns of each query: id, user, statement, age in milliseconds, object.
const OTHER: &str = "p.ID,p.USER,LEFT(IFNULL(p.INFO,''),500)";

/// Who holds what this backend waits for.
pub(super) async fn blockers(target: &MysqlTarget, backend: &Backend) -> Result<Vec<Blocker>, TargetError> {
    let mut connected = target.connected(Purpose::Ours).await?;
    let found = look(&mut connected, backend).await;
    connected.wire.close().await;
    found
}

async fn look(connected: &mut Connected, backend: &Backend) -> Result<Vec<Blocker>, TargetError> {
    if connected.backend.start != backend.start {
        return Ok(Vec::new());
    }
    let pid = backend.pid;
    let state = format!("SELECT p.STATE FROM information_schema.processlist p WHERE p.ID={pid}");
    let state = match connected.wire.query(&state).await {
        Ok(answers) => answers.last().and_then(|a| a.first(0)).unwrap_or_default().to_owned(),
        Err((_, e)) => return Err(error::outside(&e, "looking for blockers")),
    };
    let sources = match state.contains("metadata lock") {
        true => metadata_locks(connected.server.is_mariadb, pid),
        false => row_locks(connected.server.is_mariadb, pid),
    };
    for source in sources {
        // A view that is not there, or that we may not read, leaves the next source.
        if let Ok(answers) = connected.wire.query(&source).await {
            let found: Vec<Blocker> = answers.last().map(read).unwrap_or_default();
            if !found.is_empty() {
                return Ok(found);
            }
        }
    }
    Ok(Vec::new())
}

fn row_locks(is_mariadb: bool, pid: i64) -> Vec<String> {
    let age = "TIMESTAMPDIFF(MICROSECOND,b.trx_started,NOW(6)) DIV 1000";
    vec![match is_mariadb {
        true => format!(
            "SELECT DISTINCT {OTHER},{age},IFNULL(l.lock_table,'') FROM information_schema.INNODB_LOCK_WAITS w \
             JOIN information_schema.INNODB_TRX r ON r.trx_id=w.requesting_trx_id \
             JOIN information_schema.INNODB_TRX b ON b.trx_id=w.blocking_trx_id \
             LEFT JOIN information_schema.INNODB_LOCKS l ON l.lock_id=w.blocking_lock_id \
             JOIN information_schema.processlist p ON p.ID=b.trx_mysql_thread_id \
             WHERE r.trx_mysql_thread_id={pid}"
        ),
        false => format!(
            "SELECT DISTINCT {OTHER},{age},CONCAT(l.OBJECT_SCHEMA,'.',l.OBJECT_NAME) \
             FROM performance_schema.data_lock_waits w \
             JOIN information_schema.INNODB_TRX r ON r.trx_id=w.REQUESTING_ENGINE_TRANSACTION_ID \
             JOIN information_schema.INNODB_TRX b ON b.trx_id=w.BLOCKING_ENGINE_TRANSACTION_ID \
             LEFT JOIN performance_schema.data_locks l ON l.ENGINE_LOCK_ID=w.BLOCKING_ENGINE_LOCK_ID \
             JOIN information_schema.processlist p ON p.ID=b.trx_mysql_thread_id \
             WHERE r.trx_mysql_thread_id={pid}"
        ),
    }]
}

fn metadata_locks(is_mariadb: bool, pid: i64) -> Vec<String> {
    let age = "IFNULL((SELECT TIMESTAMPDIFF(MICROSECOND,b.trx_started,NOW(6)) DIV 1000 \
               FROM information_schema.INNODB_TRX b WHERE b.trx_mysql_thread_id=p.ID),p.TIME*1000)";
    let exact = match is_mariadb {
        // The plugin lists holders only; what we wait for stands in our statement.
        true => format!(
            "SELECT DISTINCT {OTHER},{age},CONCAT(m.TABLE_SCHEMA,'.',m.TABLE_NAME) \
             FROM information_schema.METADATA_LOCK_INFO m \
             JOIN information_schema.processlist p ON p.ID=m.THREAD_ID \
             JOIN information_schema.processlist w ON w.ID={pid} \
             WHERE m.THREAD_ID<>{pid} AND m.TABLE_NAME<>'' AND LOCATE(m.TABLE_NAME,w.INFO)>0"
        ),
        false => format!(
            "SELECT DISTINCT {OTHER},{age},CONCAT(h.OBJECT_SCHEMA,'.',h.OBJECT_NAME) \
             FROM performance_schema.metadata_locks x \
             JOIN performance_schema.threads t ON t.THREAD_ID=x.OWNER_THREAD_ID AND t.PROCESSLIST_ID={pid} \
             JOIN performance_schema.metadata_locks h ON h.OBJECT_TYPE=x.OBJECT_TYPE \
             AND h.OBJECT_SCHEMA<=>x.OBJECT_SCHEMA AND h.OBJECT_NAME<=>x.OBJECT_NAME \
             AND h.LOCK_STATUS='GRANTED' AND h.OWNER_THREAD_ID<>x.OWNER_THREAD_ID \
             JOIN performance_schema.threads o ON o.THREAD_ID=h.OWNER_THREAD_ID \
             JOIN information_schema.processlist p ON p.ID=o.PROCESSLIST_ID \
             WHERE x.LOCK_STATUS='PENDING'"
        ),
    };
    let waited = if is_mariadb { "CAST(w.TIME_MS*1000 AS SIGNED) MICROSECOND" } else { "w.TIME SECOND" };
    // Of those, connections that use another database most likely have nothing to do with it.
    let older = format!(
        "SELECT DISTINCT {OTHER},TIMESTAMPDIFF(MICROSECOND,b.trx_started,NOW(6)) DIV 1000,'' \
         FROM information_schema.INNODB_TRX b \
         JOIN information_schema.processlist p ON p.ID=b.trx_mysql_thread_id \
         JOIN information_schema.processlist w ON w.ID={pid} \
         WHERE p.ID<>{pid} AND (p.DB IS NULL OR p.DB=w.DB) \
         AND b.trx_started<=NOW(6)-INTERVAL {waited} ORDER BY 4 DESC LIMIT 10"
    );
    vec![exact, older]
}

fn read(answer: &Answer) -> Vec<Blocker> {
    let blocker = |row: &Vec<Option<String>>| {
        let text = |at| cell(row, at).unwrap_or_default().to_owned();
        Blocker {
            pid: text(0).parse().unwrap_or_default(),
            user: text(1),
            application: String::new(),
            query: text(2),
            age_ms: text(3).parse().unwrap_or_default(),
            object: text(4).replace('`', ""),
        }
    };
    answer.rows.iter().map(blocker).collect()
}

/// How far a long statement has come: MariaDB tells it in the list of processes, MySQL in its stages.
pub(super) async fn progress(target: &MysqlTarget, backend: &Backend) -> Result<Option<String>, TargetError> {
    let Connected { mut wire, backend: ours, server, .. } = target.connected(Purpose::Ours).await?;
    let pid = backend.pid;
    let text = match server.is_mariadb {
        true => format!(
            "SELECT p.STATE,CONCAT(', stage ',p.STAGE,' of ',p.MAX_STAGE,', ',ROUND(p.PROGRESS),'%') \
             FROM information_schema.processlist p WHERE p.ID={pid} AND p.MAX_STAGE>0"
        ),
        false => format!(
            "SELECT REPLACE(s.EVENT_NAME,'stage/innodb/',''),\
             CONCAT(', ',s.WORK_COMPLETED*100 DIV s.WORK_ESTIMATED,'%') \
             FROM performance_schema.events_stages_current s \
             JOIN performance_schema.threads t ON t.THREAD_ID=s.THREAD_ID \
             WHERE t.PROCESSLIST_ID={pid} AND s.WORK_ESTIMATED>0"
        ),
    };
    let answers = match ours.start == backend.start {
        true => wire.query(&text).await,
        false => Ok(Vec::new()),
    };
    wire.close().await;
    match answers {
        Ok(answers) => Ok(answers.last().and_then(|a| {
            let stage = a.first(0)?;
            Some(format!("{stage}{}", a.first(1).unwrap_or_default()))
        })),
        // Stages are not for everybody to read.
        Err((_, e)) if error::number(&e).is_some() => Ok(None),
        Err((_, e)) => Err(error::outside(&e, "looking for progress")),
    }
}
