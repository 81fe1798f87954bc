//! The services of the API, put together: the single place where the store, the engine and the services meet.

use crate::catalog::Catalog;
use crate::config::Config;
use crate::config::databases::NamedTarget;
use crate::config::reach::{ReachError, Reached};
use crate::config::runs::Session;
use crate::lifecycle::Runs;
use crate::server::{Api, ServeError};
use crate::{Failure, Seams};
use async_trait::async_trait;
use migrated_core::DialectName;
use migrated_engine::{Engine, EngineError, ResolveTarget, Resolved, Settings, TargetRequest};
use migrated_store::{
    PostgresOptions, PostgresStore, SqliteOptions, SqliteStore, Store, StoreError, TargetRecord,
};
use migrated_target::{SessionMode, TargetSpec, VersionTable};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

/// When what nobody needs any more is removed from the store for the first time.
const FIRST_HOUSEKEEPING: Duration = Duration::from_secs(60);

/// Opens the store, settles what an earlier daemon left, and makes the services.
pub(crate) async fn open(config: &Config, seams: Seams) -> Result<Api, Failure> {
    let store = store(config).await?;
    let configured: BTreeMap<String, TargetRecord> =
        config.configured_targets().into_iter().map(|(name, t)| (name.clone(), record(name, t))).collect();
    let connections = config.connections.0.keys().cloned().collect();
    let catalog = Catalog::new(store.clone(), configured, connections);
    let engine = Engine::with_edges(
        store.clone(),
        seams.clock,
        settings(config),
        resolver(config, catalog.clone()),
        seams.edges,
    );
    if let Err(e) = engine.reconcile_all().await {
        tracing::warn!(error = %e, "runs that an earlier daemon left are settled when their targets are asked for");
    }
    engine.tend();
    let keeper = engine.clone();
    let interval = config.runs.tidy_interval.0;
    tokio::spawn(async move {
        // Not at once: a daemon that was started for one command has that to do first.
        let first = tokio::time::Instant::now() + interval.min(FIRST_HOUSEKEEPING);
        let mut due = tokio::time::interval_at(first, interval);
        due.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            due.tick().await;
            if let Err(e) = keeper.tidy_store().await {
                tracing::warn!(error = %e, "the revision store could not be tidied");
            }
        }
    });
    let routes = crate::service::routes(&engine, &catalog, config.listen.max_message_size.0 as usize);
    Ok(Api {
        routes,
        descriptors: migrated_proto::v1::FILE_DESCRIPTOR_SET,
        runs: Arc::new(EngineRuns { engine, store }),
    })
}

/// Opens the store that the configuration names.
async fn store(config: &Config) -> Result<Arc<dyn Store>, Failure> {
    let section = &config.store;
    let opened: Result<Arc<dyn Store>, StoreError> =
        match section.postgres_url().map_err(|e| Failure::from(ServeError::Config(e)))? {
            Some(url) => {
                let options = PostgresOptions {
                    schema: section.schema.clone(),
                    connections: section.connections,
                    connect_timeout: section.connect_timeout.0,
                    lease: section.lease.0,
                    owner: owner(config),
                };
                PostgresStore::open(&url, options).await.map(|store| Arc::new(store) as Arc<dyn Store>)
            }
            None => {
                let options = SqliteOptions {
                    readers: section.readers,
                    busy_timeout: section.busy_timeout.0,
                    max_bytes: section.max_size.as_ref().map(|size| size.0),
                };
                let store = SqliteStore::open(&section.path, options).await;
                store.map(|store| Arc::new(store) as Arc<dyn Store>)
            }
        };
    opened.map_err(|e| Failure::start(format!("{} {}: {e}", e.code().number(), e.code().reason())))
}

/// The name of this daemon as owner of runs.
fn owner(config: &Config) -> String {
    config.runs.owner.clone().unwrap_or_else(|| {
        let host = rustix::system::uname().nodename().to_string_lossy().into_owned();
        format!("{host} pid {}", std::process::id())
    })
}

fn settings(config: &Config) -> Settings {
    let (runs, limits) = (&config.runs, &config.limits);
    Settings {
        owner: owner(config),
        session: runs.session.map(|session| match session {
            Session::Revision => SessionMode::Revision,
            Session::Run => SessionMode::Run,
        }),
        preconnect: runs.preconnect,
        lock_wait: runs.lock_wait.0,
        retry_step_limit: runs.retry_step_limit.0,
        retry_attempts: runs.retry_attempts,
        retry_total: runs.retry_total.0,
        executor_wait: runs.executor_wait.0,
        cancel_grace: runs.cancel_grace.0,
        create_projects: config.projects.create_on_push,
        max_revision_bytes: limits.max_revision_size.0,
        max_manifest_entries: limits.max_manifest_entries,
        max_statements: limits.max_statements,
        max_runs: limits.max_runs,
        max_runs_per_target: limits.max_runs_per_target,
        max_watchers: limits.max_watchers,
        max_connections_per_server: limits.max_connections_per_server,
        graphs_in_memory: limits.graphs_in_memory,
        heartbeat: runs.heartbeat.0,
        stream_age: runs.stream_age.0,
        scratch: [
            (DialectName::Postgres, &config.scratch.postgresql),
            (DialectName::Mysql, &config.scratch.mysql),
        ]
        .into_iter()
        .filter_map(|(dialect, name)| Some((dialect, name.clone()?)))
        .collect(),
        scratch_beside_target: config.scratch.beside_target,
        keep_events: runs.keep_events.0,
        keep_bodies: runs.keep_bodies.0,
    }
}

fn record(name: String, target: NamedTarget) -> TargetRecord {
    TargetRecord {
        name,
        connection: target.connection,
        database: target.database,
        schema: target.schema,
        version_table: target.version_table,
        version_table_schema: target.version_table_schema,
        protected: target.protected,
        created_at: 0,
        version: 1,
    }
}

/// Targets by name come from the configuration and the store, their URLs from the configuration alone.
fn resolver(config: &Config, catalog: Catalog) -> ResolveTarget {
    let config = Arc::new(config.clone());
    Arc::new(move |request| {
        let (config, catalog) = (config.clone(), catalog.clone());
        Box::pin(async move {
            match request {
                TargetRequest::Named(name) => {
                    let record = catalog.get(&name).await?.record;
                    let target = NamedTarget {
                        connection: record.connection,
                        database: record.database,
                        schema: record.schema,
                        version_table: record.version_table,
                        version_table_schema: record.version_table_schema,
                        protected: record.protected,
                    };
                    Ok(resolved(config.reach(&target).await.map_err(refused)?))
                }
                TargetRequest::AdHoc { url, schema, version_table, version_table_schema } => {
                    let reached = config.reach_ad_hoc(url).map_err(refused)?;
                    Ok(resolved(Reached { schema, version_table, version_table_schema, ..reached }))
                }
            }
        })
    })
}

fn resolved(reached: Reached) -> Resolved {
    let usual = VersionTable::default();
    let spec = TargetSpec {
        url: reached.url,
        schema: reached.schema,
        version_table: VersionTable {
            name: reached.version_table.unwrap_or(usual.name),
            schema: reached.version_table_schema,
        },
        connect_timeout: reached.connect_timeout,
        lock_timeout: reached.lock_timeout,
        sqlite_foreign_keys: reached.sqlite_foreign_keys,
    };
    Resolved { spec, protected: reached.protected }
}

fn refused(error: ReachError) -> EngineError {
    EngineError::new(error.code, error.message).next(error.next)
}

struct EngineRuns {
    engine: Engine,
    store: Arc<dyn Store>,
}

#[async_trait]
impl Runs for EngineRuns {
    fn close(&self, now: bool) {
        self.engine.close(now);
    }

    async fn closed(&self, bound: Duration) -> bool {
        self.engine.closed(bound).await
    }

    fn under_way(&self) -> usize {
        self.engine.runs_under_way()
    }

    async fn finish(&self) {
        if let Err(e) = self.store.close().await {
            tracing::warn!(error = %e, "the revision store could not be closed; the next start recovers it");
        }
    }
}
