//! A daemon that plays a script.

mod recorded;
mod services;
mod updates;

pub(crate) use recorded::{RUN, refusal, run_log};

use migrated_proto::v1 as pb;
use pb::migration_service_server::MigrationServiceServer;
use pb::revision_service_server::RevisionServiceServer;
use pb::run_service_server::RunServiceServer;
use sha2::{Digest as _, Sha256};
use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use tokio::net::UnixListener;
use tokio::sync::Notify;
use tokio_stream::wrappers::UnixListenerStream;
use tonic::{Code, Status};

/// How a stream breaks off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Break {
    /// With UNAVAILABLE, as when the connection dies.
    Status,
    /// By ending as if all were well.
    Silence,
    /// By telling where to go on.
    Handover,
    /// The same after a heartbeat: a stream that stood, and nothing happened.
    Old,
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
}
