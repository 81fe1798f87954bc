//! Records to test with.

use migrated_core::event::{Direction, Event, EventKind, RunKind, RunState};
use migrated_store::{
    AppliedRecord, AuditRecord, Body, Hash, Manifest, ProjectRecord, RevisionHeader, RunRecord, StepRecord,
    StepState, Store, TargetRecord,
};
use sha2::{Digest, Sha256};

pub(crate) fn sha(text: impl AsRef<[u8]>) -> Hash {
    Sha256::digest(text).into()
}

pub(crate) fn project(name: &str) -> ProjectRecord {
    ProjectRecord { name: name.into(), description: format!("{name}'s"), created_at: 11, version: 1 }
}

/// A body of a revision; `text` makes its content unique.
pub(crate) fn body(revision: &str, text: &str) -> Body {
    let bytes = format!("-- revision: {revision}\n{text}").into_bytes();
    let header = RevisionHeader {
        revision: revision.into(),
        down_revisions: vec![format!("before-{revision}")],
        message: format!("does \"{revision}\"\nand more"),
        created: "2026-11-21T07:12:00Z".into(),
        token_hash: sha(format!("tokens of {text}")),
        size: bytes.len() as u64,
        ..RevisionHeader::default()
    };
    Body { hash: sha(&bytes), bytes, header }
}

/// A manifest of these bodies, in this order.
pub(crate) fn manifest(bodies: &[Body]) -> Manifest {
    let entries: Vec<(String, Hash)> =
        bodies.iter().map(|b| (format!("versions/{}_ü\n\".sql", b.header.revision), b.hash)).collect();
    let text: String = entries.iter().map(|(path, hash)| format!("{path} {hash:?}\n")).collect();
    Manifest { digest: sha(text), entries }
}

/// Stores bodies and their manifest at the time `at`.
pub(crate) async fn store_manifest(store: &dyn Store, project: &str, bodies: &[Body], at: i64) -> Manifest {
    let manifest = manifest(bodies);
    store.put_bodies(bodies, at).await.expect("bodies are stored");
    store.put_manifest(project, &manifest, at).await.expect("manifest is stored");
    manifest
}

pub(crate) fn run(id: &str, project: &str) -> RunRecord {
    RunRecord {
        id: id.into(),
        project: project.into(),
        target: "prod".into(),
        target_key: "postgres:db:5432/app".into(),
        kind: RunKind::Upgrade,
        goal: vec!["head".into()],
        graph: None,
        state: RunState::Queued,
        actor: "ann".into(),
        request_id: None,
        owner: "daemon-1".into(),
        rows_before: vec![],
        rows_after: vec![],
        steps_planned: 0,
        steps_done: 0,
        failure: None,
        created_at: 100,
        started_at: None,
        finished_at: None,
        version: 1,
    }
}

pub(crate) fn step(index: u32, state: StepState) -> StepRecord {
    StepRecord {
        index,
        revision: format!("r{index}"),
        direction: Direction::Up,
        body_hash: Some(sha(format!("body {index}"))),
        token_hash: Some(sha(format!("token {index}"))),
        state,
        backend_pid: Some(i64::from(index) + 4000),
        backend_start: Some("2026-11-21 07:12:00.123456+00".into()),
        xid: None,
        started_at: Some(5),
        finished_at: None,
    }
}

/// Events numbered `from..=to`.
pub(crate) fn events(from: u64, to: u64) -> Vec<Event> {
    (from..=to)
        .map(|seq| Event {
            seq,
            at: 1_000 + i64::try_from(seq).expect("small"),
            what: EventKind::StatementFinished {
                index: 1,
                total: 2,
                line: 7,
                summary: format!("CREATE TABLE t{seq} (\"ü\" text)"),
                rows: 0,
                duration_us: 1234,
            },
        })
        .collect()
}

pub(crate) fn applied(revision: &str, project: &str, body_hash: Hash) -> AppliedRecord {
    AppliedRecord {
        project: project.into(),
        revision: revision.into(),
        token_hash: sha(revision),
        body_hash,
        run: "run-1".into(),
        at: 77,
    }
}

pub(crate) fn target(name: &str) -> TargetRecord {
    TargetRecord {
        name: name.into(),
        connection: "main".into(),
        schema: Some("app".into()),
        protected: true,
        created_at: 3,
        version: 1,
        ..TargetRecord::default()
    }
}

pub(crate) fn audit(action: &str, project: &str) -> AuditRecord {
    AuditRecord {
        at: 50,
        actor: "ann".into(),
        action: action.into(),
        project: project.into(),
        detail: "because".into(),
    }
}

/// Bodies of about so many bytes, each another.
pub(crate) struct Filler {
    bytes: usize,
    next: u32,
}

impl Filler {
    pub(crate) fn new(bytes: usize) -> Filler {
        Filler { bytes, next: 0 }
    }
}

impl Iterator for Filler {
    type Item = Body;

    fn next(&mut self) -> Option<Body> {
        self.next += 1;
        Some(body(&format!("f{}-{}", self.bytes, self.next), &"-".repeat(self.bytes)))
    }
}
