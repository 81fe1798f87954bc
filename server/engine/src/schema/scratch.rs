//! Scratch databases: where they are made, and that they are dropped.

use super::known;
use super::source::SchemaFile;
use crate::place::{Place, TargetRequest};
use crate::{Engine, EngineError, Result};
use migrated_core::{Code, DialectName};
use migrated_target::{InspectOptions, Inspected, Scratch, ScratchOptions, Target, TargetSpec};
use std::ops::{Deref, DerefMut};
use std::sync::Arc;
use tokio::runtime::Handle;
use tokio_util::task::TaskTracker;

impl Engine {
    /// What a script makes in a scratch database for `place`, as the engine tells it; from memory, where the same script
    /// has been tried on the same ground before.
    pub(crate) async fn in_scratch(
        &self,
        place: &Place,
        options: &ScratchOptions,
        script: &[SchemaFile],
        inspect: &InspectOptions,
    ) -> Result<Inspected> {
        let target = self.scratch_target(place).await?;
        let mut key = None;
        if known::is_worth_knowing(place.target.dialect(), script) {
            // What cannot be read of the ground is not known; whether a scratch database can be made is seen then.
            let ground = target.ground().await;
            let ground =
                ground.inspect_err(|e| tracing::debug!(error = %e, "the ground of scratch databases"));
            let ground = ground.ok().flatten();
            key = ground.map(|ground| known::key(&*target, &ground, &place.spec, options, script, inspect));
        }
        if let Some(key) = &key
            && let Some(told) = self.known(key, place.target.dialect()).await
        {
            return Ok(told);
        }
        let mut scratch = self.in_use(target.scratch(options).await?);
        for file in script {
            scratch.execute(&file.path, &file.text).await.map_err(|e| refused(e, file))?;
        }
        let told = scratch.inspect(inspect).await?;
        drop(scratch);
        if let Some(key) = &key {
            self.keep_known(key, &told).await;
        }
        Ok(told)
    }

    fn in_use(&self, scratch: Box<dyn Scratch>) -> InUse {
        InUse { scratch: Some(scratch), tasks: self.inner.runs.tasks.clone() }
    }

    /// Where scratch databases for `place` are made.
    async fn scratch_target(&self, place: &Place) -> Result<Arc<dyn Target>> {
        let dialect = place.target.dialect();
        if let Some(name) = self.settings().scratch.get(&dialect) {
            let server = self.place(&TargetRequest::Named(name.clone())).await?;
            // The server's address and credentials, and what the target's schema is called.
            let spec = TargetSpec { schema: place.spec.schema.clone(), ..server.spec };
            return Ok(migrated_target::open(&spec)?);
        }
        // A file beside nothing: SQLite's scratch database never touches the target.
        if dialect == DialectName::Sqlite || (self.settings().scratch_beside_target && place.is_local()) {
            return Ok(place.target.clone());
        }
        let key = match dialect {
            DialectName::Postgres => "postgresql",
            DialectName::Mysql => "mysql",
            DialectName::Sqlite => "sqlite",
        };
        Err(EngineError::new(
            Code::ScratchRequired,
            format!("there is nowhere to make a scratch {} database", dialect.as_str()),
        )
        .with("dialect", dialect.as_str())
        .state(format!("{} was not changed", place.name))
        .next(format!(
            "set `scratch.{key}` in migrated.toml to the name of a connection whose user may make and drop databases"
        )))
    }
}

/// A scratch database in use. However its use ends, an error and a caller that is gone included, it is dropped after
/// that, and nobody waits for it but the end of the daemon.
struct InUse {
    scratch: Option<Box<dyn Scratch>>,
    tasks: TaskTracker,
}

impl Deref for InUse {
    type Target = dyn Scratch;

    fn deref(&self) -> &Self::Target {
        self.scratch.as_deref().expect("it is taken by drop alone")
    }
}

impl DerefMut for InUse {
    fn deref_mut(&mut self) -> &mut Self::Target {
        self.scratch.as_deref_mut().expect("it is taken by drop alone")
    }
}

impl Drop for InUse {
    fn drop(&mut self) {
        // Without a runtime the process is ending: the next scratch database drops those that were left behind.
        let (Some(scratch), Ok(runtime)) = (self.scratch.take(), Handle::try_current()) else { return };
        let discarded = async move {
            if let Err(e) = scratch.discard().await {
                tracing::warn!(error = %e, "a scratch database could not be dropped");
            }
        };
        drop(self.tasks.spawn_on(discarded, &runtime));
    }
}

/// A script that an engine refused, told as the schema's fault.
fn refused(error: migrated_target::TargetError, file: &SchemaFile) -> EngineError {
    let code = if error.code == Code::StatementFailed { Code::SchemaInvalid } else { error.code };
    let error = EngineError::from(error);
    EngineError { code, ..error }
        .with("path", &file.path)
        .state("the target was not changed: it was tried in a scratch database, which is dropped")
        .next(format!("correct {}, then repeat", file.path))
}
