//! A command's connection: the daemon, and the graph that its requests mean.

use crate::channel::{self, Api};
use crate::config::Config;
use crate::embedded::Place;
use crate::error::{Error, Own, Result};
use crate::manifest::{self, Locations, Manifest};
use crate::output::Output;
use crate::run_stream::{Begin, RunStream};
use futures_util::StreamExt as _;
use migrated_proto::v1::{GraphRef, graph_ref};
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;
use tonic::{Code, Response, Status};
use tonic_types::StatusExt as _;

/// How long a lost stream is opened again without a new event.
const STREAM_BUDGET: Duration = Duration::from_secs(60);

/// How often a call is sent before its failure is told.
const TRIES: u32 = 5;
/// Pause before a call to an embedded daemon that is leaving is sent again; each time longer by as much.
const LEAVING: Duration = Duration::from_millis(50);

/// What a verb works with.
pub struct Context {
    /// The configuration.
    pub config: Config,
    /// Where results and progress go.
    pub out: Output,
    api: Option<Api>,
    graph: Option<Graph>,
}

/// The graph that requests mean.
#[derive(Clone)]
enum Graph {
    Folder(Arc<Manifest>),
    Published,
}

impl Graph {
    fn reference(&self) -> GraphRef {
        let graph = match self {
            Graph::Folder(manifest) => graph_ref::Graph::ManifestDigest(manifest.digest.to_vec()),
            Graph::Published => graph_ref::Graph::Published(graph_ref::Published {}),
        };
        GraphRef { graph: Some(graph) }
    }
}

impl Context {
    /// A context that has done nothing yet.
    pub fn new(config: Config, out: Output) -> Context {
        Context { config, out, api: None, graph: None }
    }

    /// The daemon's services; the first call connects.
    ///
    /// # Errors
    /// See [`channel::connect`].
    pub async fn api(&mut self) -> Result<Api> {
        if let Some(api) = &self.api {
            return Ok(api.clone());
        }
        let out = &mut self.out;
        let api = channel::connect(&self.config, &mut |text| out.warn(&text)).await?;
        self.api = Some(api.clone());
        Ok(api)
    }

    /// The version locations.
    pub fn locations(&self) -> Locations {
        let (paths, _) = self.config.version_locations();
        Locations::new(&self.config.project_dir, &paths, self.config.settings.recursive)
    }

    /// Forgets the manifest, because the folder was changed.
    pub fn forget_folder(&mut self) {
        self.graph = None;
    }

    /// The manifest of the folder.
    ///
    /// # Errors
    /// LOCAL_FILE where there is no folder, or it cannot be read.
    pub fn manifest(&mut self) -> Result<Arc<Manifest>> {
        match self.graph()? {
            Graph::Folder(manifest) => Ok(manifest),
            Graph::Published => Err(no_folder(self)),
        }
    }

    fn graph(&mut self) -> Result<Graph> {
        if let Some(graph) = &self.graph {
            return Ok(graph.clone());
        }
        let (paths, named) = self.config.version_locations();
        let graph = if !named && !paths.iter().any(|p| p.is_dir()) {
            // An embedded daemon serves this folder alone: nothing can be published there but what is here.
            if self.config.settings.server.is_none() {
                return Err(no_folder(self));
            }
            Graph::Published
        } else {
            let place = Place::of(&self.config)?;
            // Without a state folder there is no index, and nothing else.
            drop(place.prepare_state());
            Graph::Folder(Arc::new(manifest::read(&self.locations(), &place.index())?))
        };
        self.graph = Some(graph.clone());
        Ok(graph)
    }

    /// A call that means no graph.
    ///
    /// # Errors
    /// The daemon's, or why it cannot be reached.
    pub async fn call<T, F, R>(&mut self, call: F) -> Result<T>
    where
        F: Fn(Api) -> R,
        R: Future<Output = std::result::Result<Response<T>, Status>>,
    {
        let mut tries = 0;
        loop {
            let api = self.api().await?;
            match call(api).await {
                Err(status) => self.mend(status, None, &mut tries).await?,
                Ok(answer) => return Ok(answer.into_inner()),
            }
        }
    }

    /// A call about a graph: the digest travels, and the folder only where the daemon does not know it.
    ///
    /// # Errors
    /// The daemon's, or why it cannot be reached, or why the folder cannot be read.
    pub async fn ask<T, F, R>(&mut self, call: F) -> Result<T>
    where
        F: Fn(Api, GraphRef) -> R,
        R: Future<Output = std::result::Result<Response<T>, Status>>,
    {
        let graph = self.graph()?;
        let mut tries = 0;
        loop {
            let api = self.api().await?;
            match call(api, graph.reference()).await {
                Err(status) => self.mend(status, Some(&graph), &mut tries).await?,
                Ok(answer) => return Ok(answer.into_inner()),
            }
        }
    }

    /// Begins a run and reads its log.
    ///
    /// # Errors
    /// As [`Context::ask`].
    pub async fn begin(&mut self, mut begin: Begin) -> Result<RunStream> {
        let graph = match begin {
            Begin::Watch(_) => Graph::Published,
            _ => self.graph()?,
        };
        begin.set_graph(graph.reference());
        let mut tries = 0;
        loop {
            let api = self.api().await?;
            match first_update(&begin, &api).await {
                Ok(stream) => {
                    let stream = RunStream::new(api, begin, stream, STREAM_BUDGET);
                    return Ok(stream.reviving(&self.config));
                }
                Err(status) => self.mend(status, Some(&graph), &mut tries).await?,
            }
        }
    }

    /// Does what lets a call succeed that failed, when it is sent again: brings the folder, or comes back to a daemon
    /// that left. What nothing mends, or not within [`TRIES`], is the error.
    async fn mend(&mut self, status: Status, graph: Option<&Graph>, tries: &mut u32) -> Result<()> {
        *tries += 1;
        match graph {
            _ if *tries >= TRIES => Err(status.into()),
            Some(graph) if is_manifest_unknown(&status) => self.upload(graph).await,
            _ if self.may_have_left(&status) => {
                self.api = None;
                // The first time at once: most often it is gone already. Nothing announces that it is.
                tokio::time::sleep(LEAVING * (*tries - 1)).await;
                Ok(())
            }
            _ => Err(status.into()),
        }
    }

    /// Makes the folder known to the daemon.
    ///
    /// # Errors
    /// See [`manifest::upload`].
    pub async fn upload_folder(&mut self) -> Result<()> {
        let graph = self.graph()?;
        self.upload(&graph).await
    }

    async fn upload(&mut self, graph: &Graph) -> Result<()> {
        let Graph::Folder(manifest) = graph else { return Err(no_folder(self)) };
        let api = self.api().await?;
        manifest::upload(&api, &self.config.project(), manifest).await
    }

    /// Whether an embedded daemon may have left, being idle, between our connecting and our asking.
    fn may_have_left(&self, status: &Status) -> bool {
        self.config.settings.server.is_none() && is_retryable(status)
    }
}

/// Opens the stream and waits for its first message: some servers send an early failure only there.
async fn first_update(begin: &Begin, api: &Api) -> std::result::Result<crate::run_stream::Updates, Status> {
    let mut stream = begin.open(api).await?;
    match stream.next().await {
        Some(Ok(first)) => Ok(futures_util::stream::iter([Ok(first)]).chain(stream).boxed()),
        Some(Err(status)) => Err(status),
        None => Ok(stream),
    }
}

/// Whether the same call may succeed later, or elsewhere: the transport failed, or the daemon stops.
pub fn is_retryable(status: &Status) -> bool {
    match status.get_details_error_info() {
        Some(info) => info.reason == "SHUTTING_DOWN",
        None => matches!(status.code(), Code::Unavailable | Code::Unknown | Code::Internal | Code::Cancelled),
    }
}

fn is_manifest_unknown(status: &Status) -> bool {
    status.get_details_error_info().is_some_and(|info| info.reason == "MANIFEST_UNKNOWN")
}

fn no_folder(context: &Context) -> Box<Error> {
    let (paths, _) = context.config.version_locations();
    let shown: Vec<String> = paths.iter().map(|p| p.display().to_string()).collect();
    Own::LocalFile
        .error(format!("there is no folder of revisions: {}", shown.join(", ")))
        .state("nothing was done")
        .next("make it with `migratectl init`, or name it with `--dir`, or name a server with `--server`")
}
