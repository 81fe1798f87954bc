//! RevisionService.

use super::stream::BoxStream;
use super::{caller, refuse};
use crate::convert::graph::{graph, hash};
use crate::convert::revision::{asked_id, create, new_file, revision, revisions, settings};
use crate::convert::target::maybe_target;
use crate::convert::{filled, invalid};
use migrated_engine::{BodyPart, Engine, HistoryRequest, ManifestFile, MergeRevisions, Push};
use migrated_proto::v1;
use migrated_proto::v1::revision_service_server::RevisionService;
use std::collections::HashSet;
use tonic::{Request, Response, Status};

/// Bytes of a file in one message of a pull.
const CHUNK: usize = 1 << 20;

pub(crate) struct Revisions {
    engine: Engine,
}

impl Revisions {
    pub(crate) fn new(engine: Engine) -> Revisions {
        Revisions { engine }
    }
}

#[tonic::async_trait]
impl RevisionService for Revisions {
    type PullRevisionsStream = BoxStream<v1::PullRevisionsResponse>;

    async fn create_revision(
        &self,
        request: Request<v1::CreateRevisionRequest>,
    ) -> Result<Response<v1::CreateRevisionResponse>, Status> {
        let request = request.into_inner();
        let create = create(request)?;
        let (revision, file) = new_file(self.engine.create_revision(create).await.map_err(refuse)?);
        Ok(Response::new(v1::CreateRevisionResponse { revision: Some(revision), file: Some(file) }))
    }

    async fn merge_revisions(
        &self,
        request: Request<v1::MergeRevisionsRequest>,
    ) -> Result<Response<v1::MergeRevisionsResponse>, Status> {
        let request = request.into_inner();
        let merge = MergeRevisions {
            project: request.project,
            graph: graph(request.graph)?,
            revisions: request.revisions,
            message: request.message,
            branch_labels: request.branch_labels,
            id: asked_id(request.revision_id),
            splice: request.splice,
            settings: settings(request.settings, request.version_locations)?,
        };
        let (revision, file) = new_file(self.engine.merge_revisions(merge).await.map_err(refuse)?);
        Ok(Response::new(v1::MergeRevisionsResponse { revision: Some(revision), file: Some(file) }))
    }

    async fn negotiate_manifest(
        &self,
        request: Request<v1::NegotiateManifestRequest>,
    ) -> Result<Response<v1::NegotiateManifestResponse>, Status> {
        let request = request.into_inner();
        let digest = hash("digest", &request.digest)?;
        let files: Result<Vec<ManifestFile>, Status> = request
            .entries
            .into_iter()
            .map(|e| Ok(ManifestFile { hash: hash("entries.sha256", &e.sha256)?, path: e.path }))
            .collect();
        let missing = self.engine.negotiate(&request.project, digest, files?).await.map_err(refuse)?;
        let missing = missing.into_iter().map(|h| h.to_vec()).collect();
        Ok(Response::new(v1::NegotiateManifestResponse { missing }))
    }

    async fn upload_bodies(
        &self,
        request: Request<v1::UploadBodiesRequest>,
    ) -> Result<Response<v1::UploadBodiesResponse>, Status> {
        let request = request.into_inner();
        let parts: Result<Vec<BodyPart>, Status> = request
            .parts
            .into_iter()
            .map(|p| {
                Ok(BodyPart {
                    hash: hash("parts.sha256", &p.sha256)?,
                    path: p.path,
                    size: p.size,
                    offset: p.offset,
                    data: p.data,
                })
            })
            .collect();
        let stored = self.engine.upload(&request.project, parts?).await.map_err(refuse)?;
        Ok(Response::new(v1::UploadBodiesResponse { stored }))
    }

    async fn push_revisions(
        &self,
        request: Request<v1::PushRevisionsRequest>,
    ) -> Result<Response<v1::PushRevisionsResponse>, Status> {
        let actor = caller(&request);
        let request = request.into_inner();
        let push = Push {
            project: request.project,
            graph: graph(request.graph)?,
            expected_version: request.expected_version,
            prune: request.prune,
            actor,
        };
        let pushed = self.engine.push(&push).await.map_err(refuse)?;
        Ok(Response::new(v1::PushRevisionsResponse {
            version: pushed.version,
            heads: pushed.heads,
            added: pushed.added,
            changed: pushed.changed,
            removed: pushed.removed,
        }))
    }

    async fn pull_revisions(
        &self,
        request: Request<v1::PullRevisionsRequest>,
    ) -> Result<Response<Self::PullRevisionsStream>, Status> {
        let request = request.into_inner();
        let have: HashSet<Vec<u8>> = request.have.into_iter().map(|h| h.to_vec()).collect();
        let files = self.engine.published_files(&request.project).await.map_err(refuse)?;
        let engine = self.engine.clone();
        let (tx, rx) = tokio::sync::mpsc::channel(4);
        tokio::spawn(async move {
            for (path, hash, size) in files {
                let head = v1::PullRevisionsResponse {
                    path,
                    sha256: hash.to_vec(),
                    size,
                    offset: 0,
                    data: Vec::new(),
                };
                if have.contains(hash.as_slice()) || size == 0 {
                    if tx.send(Ok(head)).await.is_err() {
                        return;
                    }
                    continue;
                }
                let bytes = match engine.body(&hash).await {
                    Ok(bytes) => bytes,
                    Err(e) => {
                        // A receiver that has gone does not need the error either.
                        let _ = tx.send(Err(crate::status::status(&e))).await;
                        return;
                    }
                };
                for (i, chunk) in bytes.chunks(CHUNK).enumerate() {
                    let part = v1::PullRevisionsResponse {
                        offset: (i * CHUNK) as u64,
                        data: chunk.to_vec(),
                        ..head.clone()
                    };
                    if tx.send(Ok(part)).await.is_err() {
                        return;
                    }
                }
            }
        });
        Ok(Response::new(Box::pin(tokio_stream::wrappers::ReceiverStream::new(rx))))
    }

    async fn get_revision(
        &self,
        request: Request<v1::GetRevisionRequest>,
    ) -> Result<Response<v1::GetRevisionResponse>, Status> {
        let request = request.into_inner();
        let graph = graph(request.graph)?;
        let target = maybe_target(request.target);
        let views = self
            .engine
            .revisions(&request.project, &graph, &request.revision, target.as_ref())
            .await
            .map_err(refuse)?;
        let mut files = Vec::new();
        if request.with_content {
            for view in views.iter().filter(|v| !v.path.is_empty()) {
                let bytes = self.engine.body(&view.hash).await.map_err(refuse)?;
                let content = String::from_utf8_lossy(&bytes).into_owned();
                files.push(v1::RevisionFile { path: view.path.clone(), content });
            }
        }
        Ok(Response::new(v1::GetRevisionResponse { revisions: revisions(views), files }))
    }

    async fn list_revisions(
        &self,
        request: Request<v1::ListRevisionsRequest>,
    ) -> Result<Response<v1::ListRevisionsResponse>, Status> {
        let request = request.into_inner();
        let in_range = request.range.split(':').any(|side| side == "current");
        let target = maybe_target(request.target).filter(|_| in_range || request.mark_current);
        let history = HistoryRequest {
            project: request.project,
            graph: graph(request.graph)?,
            range: filled(request.range),
            target,
        };
        let mut views = self.engine.history(&history).await.map_err(refuse)?;
        if let Some(token) = filled(request.page_token) {
            let at = views.iter().position(|v| v.header.revision == token);
            let at = at.ok_or_else(|| {
                invalid("page_token", "the history changed: begin again without page_token")
            })?;
            views.drain(..=at);
        }
        let size = request.page_size as usize;
        let more = size > 0 && views.len() > size;
        if more {
            views.truncate(size);
        }
        let last = views.last().filter(|_| more);
        let next_page_token = last.map(|v| v.header.revision.clone()).unwrap_or_default();
        Ok(Response::new(v1::ListRevisionsResponse { revisions: revisions(views), next_page_token }))
    }

    async fn list_heads(
        &self,
        request: Request<v1::ListHeadsRequest>,
    ) -> Result<Response<v1::ListHeadsResponse>, Status> {
        let request = request.into_inner();
        let graph = graph(request.graph)?;
        let heads = self.engine.heads(&request.project, &graph, request.resolve_dependencies).await;
        Ok(Response::new(v1::ListHeadsResponse { heads: revisions(heads.map_err(refuse)?) }))
    }

    async fn list_branches(
        &self,
        request: Request<v1::ListBranchesRequest>,
    ) -> Result<Response<v1::ListBranchesResponse>, Status> {
        let request = request.into_inner();
        let branches =
            self.engine.branches(&request.project, &graph(request.graph)?).await.map_err(refuse)?;
        let branches = branches
            .into_iter()
            .map(|(point, children)| v1::list_branches_response::Branch {
                branch_point: Some(revision(point)),
                children: revisions(children),
            })
            .collect();
        Ok(Response::new(v1::ListBranchesResponse { branches }))
    }

    async fn resolve_revisions(
        &self,
        request: Request<v1::ResolveRevisionsRequest>,
    ) -> Result<Response<v1::ResolveRevisionsResponse>, Status> {
        let request = request.into_inner();
        let graph = graph(request.graph)?;
        let mut resolved = Vec::with_capacity(request.identifiers.len());
        for identifier in request.identifiers {
            let revisions =
                self.engine.resolve(&request.project, &graph, &identifier).await.map_err(refuse)?;
            resolved.push(v1::resolve_revisions_response::Resolved { identifier, revisions });
        }
        Ok(Response::new(v1::ResolveRevisionsResponse { resolved }))
    }
}
