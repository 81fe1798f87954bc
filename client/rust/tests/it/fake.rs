//! A daemon that plays a script.

use futures_util::stream::{self, BoxStream, StreamExt as _};
use migrated_proto::v1 as pb;
use pb::event::{self as e, Kind};
use pb::migration_service_server::{MigrationService, MigrationServiceServer};
use pb::revision_service_server::{RevisionService, RevisionServiceServer};
use pb::run_service_server::{RunService, RunServiceServer};
use sha2::{Digest as _, Sha256};
use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use tokio::net::UnixListener;
use tokio::sync::Notify;
use tokio_stream::wrappers::UnixListenerStream;
use tonic::{Code, Request, Response, Status};
use tonic_types::{ErrorDetails, StatusExt as _};

/// The id of the one run.
pub(crate) const RUN: &str = "0199-run";

/// How a stream breaks off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Break {
    /// With UNAVAILABLE, as when the connection dies.
    Status,
    /// By ending as if all were well.
    Silence,
    /// By telling where to go on.
    Handover,
}

/// What the daemon does.
#[derive(Default)]
pub(crate) struct Script {
    /// The run's log.
    pub(crate) events: Vec<pb::Event>,
    /// For each stream that is opened: after how many of its events it breaks, and how. None: to the end.
    pub(crate) breaks: Mutex<Vec<(usize, Break)>>,
    /// A new stream begins this many events too early, as a careless server would.
    pub(crate) repeats: u64,
    /// The log stops after this many events until the run is cancelled.
    pub(crate) hangs_after: Option<usize>,
    /// Answer of `GetCurrent`.
    pub(crate) current: pb::GetCurrentResponse,
    /// Answer of `CreateRevision`.
    pub(crate) created: pb::CreateRevisionResponse,
    /// Answer of `ListRevisions`.
    pub(crate) history: Vec<pb::Revision>,
    /// Answer of `ListRuns`.
    pub(crate) runs: Vec<pb::Run>,
    /// Upgrades answer with this instead.
    pub(crate) refuses: Option<Status>,
    /// The request joined a run: the stream ends with `goal_reached`, without `RunFinished`.
    pub(crate) joins: bool,
    /// Names of the calls, in order.
    pub(crate) calls: Mutex<Vec<String>>,
    /// The last upgrade.
    pub(crate) upgrade: Mutex<Option<pb::UpgradeRequest>>,
    /// Manifests that are known.
    pub manifests: Mutex<HashSet<Vec<u8>>>,
    /// Bodies, as far as they came.
    pub parts: Mutex<HashMap<Vec<u8>, Vec<u8>>>,
    /// Tells a log that hangs of the cancel.
    pub cancelled: Arc<Notify>,
}

/// Numbers a log.
pub(crate) fn log(kinds: Vec<Kind>) -> Vec<pb::Event> {
    let event = |(i, kind)| pb::Event { sequence: i as u64 + 1, time: None, kind: Some(kind) };
    kinds.into_iter().enumerate().map(event).collect()
}

/// A log of `steps` revisions that ends in `state`.
pub(crate) fn run_log(steps: u32, state: pb::RunState, failure: Option<pb::Failure>) -> Vec<pb::Event> {
    let mut kinds = vec![
        Kind::RunAccepted(e::RunAccepted {
            project: "p".into(),
            target: "prod".into(),
            ..Default::default()
        }),
        Kind::PlanReady(e::PlanReady { from: vec![], to: vec![format!("r{steps}")], steps }),
    ];
    for index in 1..=steps {
        let (revision, to) = (format!("r{index}"), vec![format!("r{index}")]);
        let started = e::StepStarted {
            index,
            total: steps,
            revision: revision.clone(),
            to: to.clone(),
            ..Default::default()
        };
        kinds.push(Kind::StepStarted(started));
        kinds.push(Kind::StepFinished(e::StepFinished {
            index,
            total: steps,
            revision,
            statements: 1,
            rows: to,
            ..Default::default()
        }));
    }
    let rows = vec![format!("r{steps}")];
    kinds.push(Kind::RunFinished(e::RunFinished {
        state: state.into(),
        rows,
        applied: steps,
        failure,
        ..Default::default()
    }));
    log(kinds)
}

/// A status with `google.rpc.ErrorInfo`.
pub(crate) fn refusal(code: Code, number: &str, reason: &str, message: &str) -> Status {
    let details =
        ErrorDetails::with_error_info(reason, "migrated", [("code".to_string(), number.to_string())]);
    Status::with_error_details(code, message, details)
}

/// A running daemon.
pub(crate) struct Fake {
    /// Its folder, with the socket.
    pub(crate) dir: tempfile::TempDir,
    /// What it does and what it was asked.
    pub(crate) script: Arc<Script>,
}

impl Fake {
    /// Starts a daemon on a socket of its own; it ends with the test's runtime.
    pub(crate) fn start(script: Script) -> Fake {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let script = Script::serve(script, &dir.path().join("sock"));
        Fake { dir, script }
    }

    /// The same on a socket that somebody else chose.
    pub(crate) fn start_at(socket: &Path, script: Script) -> Arc<Script> {
        Script::serve(script, socket)
    }

    /// Its socket.
    pub(crate) fn socket(&self) -> PathBuf {
        self.dir.path().join("sock")
    }

    /// A project's folder with revision files.
    pub(crate) fn project(&self, files: &[(&str, &[u8])]) -> PathBuf {
        let project = self.dir.path().join("project");
        std::fs::create_dir_all(project.join("migrations")).expect("folders");
        for (name, bytes) in files {
            std::fs::write(project.join("migrations").join(name), bytes).expect("a file");
        }
        project
    }

    /// The calls since the last look.
    pub(crate) fn calls(&self) -> Vec<String> {
        std::mem::take(&mut *self.script.calls.lock().expect("not poisoned"))
    }

    /// The bodies that were uploaded, which all have the hashes that they were sent under.
    pub(crate) fn bodies(&self) -> Vec<Vec<u8>> {
        let parts = self.script.parts.lock().expect("not poisoned");
        parts.iter().for_each(|(hash, body)| assert_eq!(hash, &Sha256::digest(body).to_vec()));
        parts.values().cloned().collect()
    }
}

/// A channel's worth of the client's API.
pub(crate) async fn api(socket: &Path) -> migratectl::channel::Api {
    let channel = migratectl::channel::unix(socket).await.expect("the fake listens");
    migratectl::channel::Api::new(channel, None).expect("no token")
}

type Answer<T> = Result<Response<T>, Status>;

impl Script {
    fn serve(script: Script, socket: &Path) -> Arc<Script> {
        let script = Arc::new(script);
        let listener = UnixListener::bind(socket).expect("it binds");
        let server = tonic::transport::Server::builder()
            .add_service(MigrationServiceServer::from_arc(script.clone()))
            .add_service(RevisionServiceServer::from_arc(script.clone()))
            .add_service(RunServiceServer::from_arc(script.clone()));
        tokio::spawn(server.serve_with_incoming(UnixListenerStream::new(listener)));
        script
    }

    fn called(&self, name: &str) {
        self.calls.lock().expect("not poisoned").push(name.into());
    }

    fn check_graph(&self, graph: Option<pb::GraphRef>) -> Result<(), Status> {
        match graph.and_then(|g| g.graph) {
            Some(pb::graph_ref::Graph::ManifestDigest(digest)) => {
                if self.manifests.lock().expect("not poisoned").contains(&digest) {
                    return Ok(());
                }
                Err(refusal(Code::FailedPrecondition, "MG3006", "MANIFEST_UNKNOWN", "unknown manifest"))
            }
            Some(pb::graph_ref::Graph::Published(_)) => Ok(()),
            None => Err(Status::invalid_argument("a request without a graph")),
        }
    }

    fn updates(&self, after: u64) -> BoxStream<'static, Result<pb::RunUpdate, Status>> {
        let from = usize::try_from(after.saturating_sub(self.repeats)).expect("it is small");
        let (limit, how) = {
            let mut breaks = self.breaks.lock().expect("not poisoned");
            if breaks.is_empty() {
                (usize::MAX, None)
            } else {
                Some(breaks.remove(0)).map_or((0, None), |(n, how)| (n, Some(how)))
            }
        };
        let update = |event: pb::Event| pb::RunUpdate {
            run_id: RUN.into(),
            events: vec![event],
            ..Default::default()
        };
        let first = pb::RunUpdate { run_id: RUN.into(), joined: self.joins, ..Default::default() };
        let hang = self.hangs_after.unwrap_or(usize::MAX);
        let until = from.saturating_add(limit).min(hang).min(self.events.len());
        let events: Vec<pb::Event> = self.events.get(from..until).unwrap_or_default().to_vec();
        let last = events.last().map_or(after, |e| e.sequence);
        let told =
            stream::iter([Ok(first)]).chain(stream::iter(events.into_iter().map(move |e| Ok(update(e)))));
        if until == hang {
            let rest: Vec<pb::Event> = self.events[hang..].to_vec();
            let cancelled = self.cancelled.clone();
            let wait = stream::once(async move { cancelled.notified().await })
                .flat_map(move |()| stream::iter(rest.clone().into_iter().map(move |e| Ok(update(e)))));
            return told.chain(wait).boxed();
        }
        match how {
            Some(Break::Status) => told.chain(stream::iter([Err(Status::unavailable("cut off"))])).boxed(),
            Some(Break::Handover) => {
                let resume =
                    pb::RunUpdate { run_id: RUN.into(), resume_after: Some(last), ..Default::default() };
                told.chain(stream::iter([Ok(resume)])).boxed()
            }
            None if self.joins => {
                let reached = pb::RunUpdate {
                    run_id: RUN.into(),
                    joined: true,
                    goal_reached: true,
                    ..Default::default()
                };
                told.chain(stream::iter([Ok(reached)])).boxed()
            }
            Some(Break::Silence) | None => told.boxed(),
        }
    }
}

/// Calls that no script plays, written as `async_trait` would: it does not look into macros.
macro_rules! unplayed {
    ($($name:ident($request:ty) -> $response:ty;)*) => {
        $(fn $name<'life0, 'async_trait>(
            &'life0 self,
            _: Request<$request>,
        ) -> Pin<Box<dyn Future<Output = Answer<$response>> + Send + 'async_trait>>
        where
            'life0: 'async_trait,
            Self: 'async_trait,
        {
            Box::pin(async { Err(Status::unimplemented(stringify!($name))) })
        })*
    };
}

#[tonic::async_trait]
impl MigrationService for Script {
    type UpgradeStream = BoxStream<'static, Result<pb::UpgradeResponse, Status>>;
    type DowngradeStream = BoxStream<'static, Result<pb::DowngradeResponse, Status>>;
    type StampStream = BoxStream<'static, Result<pb::StampResponse, Status>>;
    type RenderStream = BoxStream<'static, Result<pb::RenderResponse, Status>>;

    async fn upgrade(&self, request: Request<pb::UpgradeRequest>) -> Answer<Self::UpgradeStream> {
        self.called("Upgrade");
        let request = request.into_inner();
        self.check_graph(request.graph.clone())?;
        *self.upgrade.lock().expect("not poisoned") = Some(request);
        if let Some(status) = &self.refuses {
            return Err(status.clone());
        }
        let wrap =
            |u: Result<pb::RunUpdate, Status>| u.map(|update| pb::UpgradeResponse { update: Some(update) });
        Ok(Response::new(self.updates(0).map(wrap).boxed()))
    }

    async fn render(&self, request: Request<pb::RenderRequest>) -> Answer<Self::RenderStream> {
        self.called("Render");
        let request = request.into_inner();
        self.check_graph(request.graph)?;
        let head = format!("-- {} {}\n", request.dialect, request.revisions.join(" "));
        let chunks = [head, "CREATE TABLE t (i int);\n".into()].map(|chunk| Ok(pb::RenderResponse { chunk }));
        Ok(Response::new(stream::iter(chunks).boxed()))
    }

    async fn get_current(&self, request: Request<pb::GetCurrentRequest>) -> Answer<pb::GetCurrentResponse> {
        self.called("GetCurrent");
        self.check_graph(request.into_inner().graph)?;
        Ok(Response::new(self.current.clone()))
    }

    unplayed! {
        plan(pb::PlanRequest) -> pb::PlanResponse;
        downgrade(pb::DowngradeRequest) -> Self::DowngradeStream;
        stamp(pb::StampRequest) -> Self::StampStream;
        wait_for_revision(pb::WaitForRevisionRequest) -> pb::WaitForRevisionResponse;
        ensure_version_table(pb::EnsureVersionTableRequest) -> pb::EnsureVersionTableResponse;
        accept_revision(pb::AcceptRevisionRequest) -> pb::AcceptRevisionResponse;
    }
}

#[tonic::async_trait]
impl RunService for Script {
    type WatchRunStream = BoxStream<'static, Result<pb::WatchRunResponse, Status>>;

    async fn get_run(&self, _: Request<pb::GetRunRequest>) -> Answer<pb::GetRunResponse> {
        let run = pb::Run { id: RUN.into(), target: "prod".into(), ..Default::default() };
        Ok(Response::new(pb::GetRunResponse { run: Some(run), steps: Vec::new() }))
    }

    async fn watch_run(&self, request: Request<pb::WatchRunRequest>) -> Answer<Self::WatchRunStream> {
        let request = request.into_inner();
        self.called(&format!("WatchRun {} {}", request.run_id, request.after_sequence));
        let wrap =
            |u: Result<pb::RunUpdate, Status>| u.map(|update| pb::WatchRunResponse { update: Some(update) });
        Ok(Response::new(self.updates(request.after_sequence).map(wrap).boxed()))
    }

    async fn cancel_run(&self, request: Request<pb::CancelRunRequest>) -> Answer<pb::CancelRunResponse> {
        self.called(&format!("CancelRun {}", request.into_inner().run_id));
        self.cancelled.notify_one();
        Ok(Response::new(pb::CancelRunResponse::default()))
    }

    async fn list_runs(&self, _: Request<pb::ListRunsRequest>) -> Answer<pb::ListRunsResponse> {
        Ok(Response::new(pb::ListRunsResponse { runs: self.runs.clone(), ..Default::default() }))
    }
}

#[tonic::async_trait]
impl RevisionService for Script {
    type PullRevisionsStream = BoxStream<'static, Result<pb::PullRevisionsResponse, Status>>;

    async fn negotiate_manifest(
        &self,
        request: Request<pb::NegotiateManifestRequest>,
    ) -> Answer<pb::NegotiateManifestResponse> {
        self.called("NegotiateManifest");
        let request = request.into_inner();
        let mut digest = Sha256::new();
        for entry in &request.entries {
            digest.update(entry.path.as_bytes());
            digest.update([0]);
            digest.update(&entry.sha256);
        }
        assert_eq!(request.digest, digest.finalize().to_vec(), "the digest is that of the entries");
        let parts = self.parts.lock().expect("not poisoned");
        let missing: Vec<Vec<u8>> =
            request.entries.iter().map(|e| e.sha256.clone()).filter(|h| !parts.contains_key(h)).collect();
        if missing.is_empty() {
            self.manifests.lock().expect("not poisoned").insert(request.digest);
        }
        Ok(Response::new(pb::NegotiateManifestResponse { missing }))
    }

    async fn upload_bodies(
        &self,
        request: Request<pb::UploadBodiesRequest>,
    ) -> Answer<pb::UploadBodiesResponse> {
        use prost::Message as _;
        let request = request.into_inner();
        assert!(request.encoded_len() < 4 * 1024 * 1024, "a message of {} bytes", request.encoded_len());
        self.called("UploadBodies");
        let mut parts = self.parts.lock().expect("not poisoned");
        for part in request.parts {
            let body = parts.entry(part.sha256).or_default();
            assert_eq!(body.len() as u64, part.offset, "parts come in order");
            body.extend_from_slice(&part.data);
            assert!(body.len() as u64 <= part.size);
        }
        Ok(Response::new(pb::UploadBodiesResponse::default()))
    }

    async fn create_revision(
        &self,
        request: Request<pb::CreateRevisionRequest>,
    ) -> Answer<pb::CreateRevisionResponse> {
        self.called("CreateRevision");
        self.check_graph(request.into_inner().graph)?;
        Ok(Response::new(self.created.clone()))
    }

    async fn list_revisions(
        &self,
        request: Request<pb::ListRevisionsRequest>,
    ) -> Answer<pb::ListRevisionsResponse> {
        self.called("ListRevisions");
        let request = request.into_inner();
        self.check_graph(request.graph)?;
        // One revision a page.
        let at: usize = request.page_token.parse().unwrap_or(0);
        let next_page_token = if at + 1 < self.history.len() { (at + 1).to_string() } else { String::new() };
        let revisions = self.history.get(at).cloned().into_iter().collect();
        Ok(Response::new(pb::ListRevisionsResponse { revisions, next_page_token }))
    }

    unplayed! {
        merge_revisions(pb::MergeRevisionsRequest) -> pb::MergeRevisionsResponse;
        push_revisions(pb::PushRevisionsRequest) -> pb::PushRevisionsResponse;
        pull_revisions(pb::PullRevisionsRequest) -> Self::PullRevisionsStream;
        get_revision(pb::GetRevisionRequest) -> pb::GetRevisionResponse;
        list_heads(pb::ListHeadsRequest) -> pb::ListHeadsResponse;
        list_branches(pb::ListBranchesRequest) -> pb::ListBranchesResponse;
        resolve_revisions(pb::ResolveRevisionsRequest) -> pb::ResolveRevisionsResponse;
    }
}
