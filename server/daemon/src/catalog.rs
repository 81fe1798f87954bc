//! Targets: those of the configuration and those made by RPC, under one roof.

use migrated_core::Code;
use migrated_engine::{Engine, EngineError};
use migrated_store::{Store, StoreError, TargetRecord};
use std::collections::BTreeMap;
use std::sync::Arc;

/// A target with where it comes from.
#[derive(Clone, Debug)]
pub(crate) struct Listed {
    /// The target.
    pub(crate) record: TargetRecord,
    /// It is of the configuration: it cannot be changed by RPC.
    pub(crate) configured: bool,
}

/// The targets that the daemon knows.
#[derive(Clone)]
pub(crate) struct Catalog {
    store: Arc<dyn Store>,
    configured: Arc<BTreeMap<String, TargetRecord>>,
    connections: Arc<Vec<String>>,
}

impl Catalog {
    /// A catalog of the configuration's targets and connections on top of those in the store.
    pub(crate) fn new(
        store: Arc<dyn Store>,
        configured: BTreeMap<String, TargetRecord>,
        connections: Vec<String>,
    ) -> Catalog {
        Catalog { store, configured: Arc::new(configured), connections: Arc::new(connections) }
    }

    /// A target by name. The configuration's come first.
    pub(crate) async fn get(&self, name: &str) -> Result<Listed, EngineError> {
        if let Some(record) = self.configured.get(name) {
            return Ok(Listed { record: record.clone(), configured: true });
        }
        match self.store.target(name).await? {
            Some(record) => Ok(Listed { record, configured: false }),
            None => Err(EngineError::new(Code::TargetNotFound, format!("there is no target {name:?}"))
                .with("target", name)),
        }
    }

    /// Targets by name, after `after`, at most `limit`.
    pub(crate) async fn list(&self, after: &str, limit: u32) -> Result<Vec<Listed>, EngineError> {
        let mut all: BTreeMap<String, Listed> = self
            .store
            .targets(after, limit)
            .await?
            .into_iter()
            .map(|record| (record.name.clone(), Listed { record, configured: false }))
            .collect();
        for (name, record) in self.configured.iter().filter(|(name, _)| name.as_str() > after) {
            all.insert(name.clone(), Listed { record: record.clone(), configured: true });
        }
        Ok(all.into_values().take(limit as usize).collect())
    }

    /// Makes a target on a connection of the configuration.
    pub(crate) async fn create(&self, mut record: TargetRecord) -> Result<Listed, EngineError> {
        self.check(&record)?;
        record.created_at = jiff::Timestamp::now().as_microsecond();
        self.store.create_target(&record).await?;
        Ok(Listed { record, configured: false })
    }

    /// Changes a target if its version is still `expected`.
    pub(crate) async fn update(
        &self,
        mut record: TargetRecord,
        expected: u64,
    ) -> Result<Listed, EngineError> {
        self.check(&record)?;
        let old = self.get(&record.name).await?;
        record.created_at = old.record.created_at;
        record.version = self.store.update_target(&record, expected).await?;
        Ok(Listed { record, configured: false })
    }

    /// Deletes a target if its version is still `expected`.
    pub(crate) async fn delete(&self, name: &str, expected: u64) -> Result<(), EngineError> {
        self.not_configured(name)?;
        self.get(name).await?;
        match self.store.delete_target(name, expected).await {
            Ok(true) => Ok(()),
            Ok(false) => Err(StoreError::NotFound { what: format!("target {name:?}") }.into()),
            Err(e) => Err(e.into()),
        }
    }

    fn check(&self, record: &TargetRecord) -> Result<(), EngineError> {
        Engine::check_name("target", &record.name)?;
        self.not_configured(&record.name)?;
        if self.connections.contains(&record.connection) {
            return Ok(());
        }
        let known = self.connections.join(", ");
        Err(EngineError::new(
            Code::InvalidRequest,
            format!("the configuration has no connection {:?}; it has: {known}", record.connection),
        )
        .with("connection", &record.connection)
        .next("a target's URL comes from the daemon's configuration only: add [connections.NAME] there"))
    }

    fn not_configured(&self, name: &str) -> Result<(), EngineError> {
        if !self.configured.contains_key(name) {
            return Ok(());
        }
        Err(EngineError::new(
            Code::AlreadyExists,
            format!("target {name:?} stands in the daemon's configuration"),
        )
        .with("target", name)
        .next("change it in migrated.toml"))
    }
}
