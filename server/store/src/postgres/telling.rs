//! Telling other daemons what happened, and hearing it from them: NOTIFY and LISTEN on a channel named as the schema.
//!
//! What is told is gathered for a moment and sent aside from the writes: NOTIFY makes commits wait for each other, and
//! a run that logs many groups of events a second needs telling of only now and then.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgListener, PgPool, PgPoolOptions};
use tokio::sync::{Notify, broadcast};
use tokio::task::JoinHandle;

use crate::Change;

/// How long what is to be told gathers.
const GATHER: Duration = Duration::from_millis(20);
/// How long listening is not tried again after a fault.
const AGAIN: Duration = Duration::from_secs(1);
/// Changes that a slow listener may be behind before it is told only that it missed some.
const BEHIND: usize = 1024;

/// Both directions.
#[derive(Debug)]
pub(super) struct Telling {
    due: Arc<Due>,
    changes: broadcast::Sender<Change>,
    tasks: Mutex<Vec<JoinHandle<()>>>,
}

#[derive(Debug, Default)]
struct Due {
    words: Mutex<BTreeSet<String>>,
    wake: Notify,
}

impl Drop for Telling {
    fn drop(&mut self) {
        self.abort();
    }
}

impl Telling {
    /// Starts listening and telling.
    pub(super) fn start(pool: &PgPool, connect: PgConnectOptions, schema: &str) -> Telling {
        let (changes, due) = (broadcast::Sender::new(BEHIND), Arc::new(Due::default()));
        let listening = tokio::spawn(listen(connect, schema.to_owned(), changes.clone()));
        let telling = tokio::spawn(tell(pool.clone(), schema.to_owned(), Arc::clone(&due)));
        Telling { due, changes, tasks: Mutex::new(vec![listening, telling]) }
    }

    /// Tells of a run's new events or state, soon.
    pub(super) fn run(&self, run: &str) {
        self.word(format!("run {run}"));
    }

    /// Tells of a wish to end a run, soon.
    pub(super) fn cancel(&self, run: &str) {
        self.word(format!("cancel {run}"));
    }

    fn word(&self, word: String) {
        self.due.words.lock().unwrap_or_else(PoisonError::into_inner).insert(word);
        self.due.wake.notify_one();
    }

    /// What is heard from now on.
    pub(super) fn changes(&self) -> broadcast::Receiver<Change> {
        self.changes.subscribe()
    }

    /// Stops both, waiting until their connections are given back.
    pub(super) async fn stop(&self) {
        self.abort();
        let tasks = std::mem::take(&mut *self.tasks.lock().unwrap_or_else(PoisonError::into_inner));
        for task in tasks {
            // It ends by being aborted.
            let _ = task.await;
        }
    }

    fn abort(&self) {
        for task in self.tasks.lock().unwrap_or_else(PoisonError::into_inner).iter() {
            task.abort();
        }
    }
}

async fn tell(pool: PgPool, schema: String, due: Arc<Due>) {
    loop {
        due.wake.notified().await;
        tokio::time::sleep(GATHER).await;
        let words = std::mem::take(&mut *due.words.lock().unwrap_or_else(PoisonError::into_inner));
        let words: Vec<String> = words.into_iter().collect();
        let told = sqlx::query("SELECT pg_catalog.pg_notify($1, word) FROM unnest($2::text[]) AS word")
            .bind(&schema)
            .bind(&words)
            .execute(&pool)
            .await;
        if let Err(e) = told {
            // Others look by themselves, only later.
            tracing::debug!(error = %e, "other daemons could not be told of a change");
        }
    }
}

async fn listen(connect: PgConnectOptions, schema: String, changes: broadcast::Sender<Change>) {
    // A pool of its own, of one: a listener keeps its connection, and must not take one from the writes.
    let pool = PgPoolOptions::new().max_connections(1).idle_timeout(None).max_lifetime(None);
    let pool = pool.connect_lazy_with(connect.application_name(&format!("migrated listens in {schema}")));
    loop {
        if let Err(e) = hear(&pool, &schema, &changes).await {
            tracing::debug!(error = %e, "what other daemons tell cannot be heard; it is looked for instead");
        }
        // A receiver is missing only where nobody wants to know.
        let _ = changes.send(Change::Anything);
        tokio::time::sleep(AGAIN).await;
    }
}

async fn hear(pool: &PgPool, schema: &str, changes: &broadcast::Sender<Change>) -> Result<(), sqlx::Error> {
    let mut listener = PgListener::connect_with(pool).await?;
    listener.listen(schema).await?;
    let _ = changes.send(Change::Anything);
    while let Some(told) = listener.try_recv().await? {
        let change = match told.payload().split_once(' ') {
            Some(("run", run)) => Change::Run(run.to_owned()),
            Some(("cancel", run)) => Change::Cancel(run.to_owned()),
            // A newer release may tell more.
            _ => Change::Anything,
        };
        let _ = changes.send(change);
    }
    Ok(())
}
