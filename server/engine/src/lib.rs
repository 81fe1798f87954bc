//! The use-cases of migrated: revisions, plans, runs. Owns every run and emits its events; knows no gRPC.
//!
//! The rules that hold here under every fault are named `R1` to `R17` in comments; `docs/engine.md` has them.

mod accept;
mod bodies;
mod clock;
mod connections;
mod current;
mod error;
mod graph;
mod place;
mod plan;
mod prepare;
mod project;
mod publish;
mod reconcile;
mod render;
mod revision;
mod run;
mod settings;
mod test_target;
mod tidy;
mod wait;

pub use accept::{Accept, Accepted};
pub use bodies::{BodyPart, ManifestFile};
pub use clock::{Clock, SystemClock};
pub use current::{Current, Status};
pub use error::{EngineError, Result};
pub use graph::{GraphRef, LoadedGraph, RevisionView};
pub use place::{Place, ResolveTarget, Resolved, TargetRequest};
pub use plan::{PlanRequest, Planned, PlannedStep, RowsFrom};
pub use publish::{Push, Pushed};
pub use render::{RenderKind, RenderRequest, Rendered};
pub use revision::{CreateRevision, FileSettings, HistoryRequest, MergeRevisions, NewFile};
pub use run::{RunOptions, RunRequest, RunUpdate, RunWatch};
pub use settings::Settings;
pub use test_target::Tested;
pub use wait::WaitRequest;

use migrated_store::Store;
use std::sync::Arc;

/// The engine: cheap to clone, one for the process.
#[derive(Clone)]
pub struct Engine {
    inner: Arc<Inner>,
}

struct Inner {
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    settings: Settings,
    resolve: ResolveTarget,
    graphs: graph::Cache,
    uploads: bodies::Uploads,
    runs: run::Registry,
    verified: prepare::Verified,
}

impl Engine {
    /// Puts an engine together. `resolve` turns a target as it was asked for into how to reach it.
    pub fn new(
        store: Arc<dyn Store>,
        clock: Arc<dyn Clock>,
        settings: Settings,
        resolve: ResolveTarget,
    ) -> Engine {
        let inner = Inner {
            store,
            clock,
            runs: run::Registry::new(&settings),
            graphs: graph::Cache::new(settings.graphs_in_memory),
            uploads: bodies::Uploads::default(),
            verified: prepare::Verified::default(),
            settings,
            resolve,
        };
        Engine { inner: Arc::new(inner) }
    }

    pub(crate) fn store(&self) -> &dyn Store {
        self.inner.store.as_ref()
    }

    pub(crate) fn now(&self) -> i64 {
        self.inner.clock.now_micros()
    }

    pub(crate) fn settings(&self) -> &Settings {
        &self.inner.settings
    }
}
