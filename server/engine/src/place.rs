//! A target as it was asked for, resolved to a place to work in.

use crate::connections::{CountedTarget, Server};
use crate::{Engine, EngineError, Result};
use migrated_core::{Code, DialectName};
use migrated_target::{Target, TargetSpec, VersionTable};
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

/// A target as a request names it.
#[derive(Clone, PartialEq, Eq)]
pub enum TargetRequest {
    /// A target of the configuration, or one made by RPC.
    Named(String),
    /// A URL.
    AdHoc {
        /// The URL, secrets included.
        url: String,
        /// Default schema.
        schema: Option<String>,
        /// Version table's name.
        version_table: Option<String>,
        /// Version table's schema.
        version_table_schema: Option<String>,
    },
}

// A URL holds a password: `Debug` must not show it.
impl std::fmt::Debug for TargetRequest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            TargetRequest::Named(name) => f.debug_tuple("Named").field(name).finish(),
            TargetRequest::AdHoc { schema, .. } => {
                f.debug_struct("AdHoc").field("schema", schema).finish_non_exhaustive()
            }
        }
    }
}

/// What a target's name or URL resolves to.
#[derive(Clone, Debug)]
pub struct Resolved {
    /// How to reach it.
    pub spec: TargetSpec,
    /// Freezes its revisions for everybody.
    pub protected: bool,
}

/// Resolves a target to how it is reached: the daemon's configuration, its secrets and its policy on ad-hoc URLs.
pub type ResolveTarget =
    Arc<dyn Fn(TargetRequest) -> Pin<Box<dyn Future<Output = Result<Resolved>> + Send>> + Send + Sync>;

/// A place to work in.
#[derive(Clone)]
pub struct Place {
    /// Name as it is shown: the target's name, or the URL without secrets.
    pub name: String,
    /// Whether it has a name of its own, so that it can be found again without a request.
    pub named: bool,
    /// Freezes its revisions for everybody.
    pub protected: bool,
    /// How it is reached, secrets included.
    pub(crate) spec: TargetSpec,
    /// The target.
    pub target: Arc<dyn Target>,
    /// The server that it is on.
    pub(crate) server: Arc<Server>,
}

impl Place {
    /// Key by which runs are joined and records are kept.
    pub fn key(&self) -> &str {
        self.target.key()
    }

    /// Its default schema, where one is given.
    pub fn schema(&self) -> Option<&str> {
        self.spec.schema.as_deref()
    }

    /// Its version table.
    pub fn version_table(&self) -> &VersionTable {
        &self.spec.version_table
    }

    /// Whether its server runs on this machine.
    pub(crate) fn is_local(&self) -> bool {
        migrated_target::url::DatabaseUrl::parse(&self.spec.url).is_ok_and(|url| url.is_local())
    }
}

impl Engine {
    /// Resolves a target; no connection is made.
    pub async fn place(&self, request: &TargetRequest) -> Result<Place> {
        let resolved = (self.inner.resolve)(request.clone()).await?;
        let target = migrated_target::open(&resolved.spec)?;
        if self.store().shared().is_some() && target.dialect() == DialectName::Sqlite {
            return Err(EngineError::new(
                Code::TargetNotShared,
                "the target is a SQLite file, and daemons that share a store may stand on several machines",
            )
            .next(Code::TargetNotShared.next()));
        }
        let (name, named) = match request {
            TargetRequest::Named(name) => (name.clone(), true),
            TargetRequest::AdHoc { .. } => (target.display().to_owned(), false),
        };
        if name.is_empty() {
            return Err(EngineError::new(Code::InvalidRequest, "the request names no target")
                .next("name one with --target NAME or --database-url URL"));
        }
        let server = self.inner.runs.server(target.as_ref());
        let target: Arc<dyn Target> = Arc::new(CountedTarget { target, server: server.clone() });
        Ok(Place { name, named, protected: resolved.protected, spec: resolved.spec, target, server })
    }
}
