//! The calls that a script plays.

use super::{RUN, Script};
use futures_util::stream::{self, BoxStream, StreamExt as _};
use migrated_proto::v1 as pb;
use pb::migration_service_server::MigrationService;
use pb::revision_service_server::RevisionService;
use pb::run_service_server::RunService;
use sha2::{Digest as _, Sha256};
use std::pin::Pin;
use tonic::{Request, Response, Status, Streaming};

type Answer<T> = Result<Response<T>, Status>;

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
    type ExecuteStepStream = BoxStream<'static, Result<pb::ExecuteStepResponse, Status>>;

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
        diagnose(pb::DiagnoseRequest) -> pb::DiagnoseResponse;
        judge_statement(pb::JudgeStatementRequest) -> pb::JudgeStatementResponse;
        check(pb::CheckRequest) -> pb::CheckResponse;
        autogenerate(pb::AutogenerateRequest) -> pb::AutogenerateResponse;
        lint(pb::LintRequest) -> pb::LintResponse;
        execute_step(Streaming<pb::ExecuteStepRequest>) -> Self::ExecuteStepStream;
    }
}

#[tonic::async_trait]
impl RunService for Script {
    type WatchRunStream = BoxStream<'static, Result<pb::WatchRunResponse, Status>>;

    async fn get_run(&self, _: Request<pb::GetRunRequest>) -> Answer<pb::GetRunResponse> {
        let run = || pb::Run { id: RUN.into(), target: "prod".into(), ..Default::default() };
        let run = self.runs.first().cloned().unwrap_or_else(run);
        Ok(Response::new(pb::GetRunResponse { run: Some(run), steps: Vec::new() }))
    }

    async fn watch_run(&self, request: Request<pb::WatchRunRequest>) -> Answer<Self::WatchRunStream> {
        let request = request.into_inner();
        self.called(&format!("WatchRun {} {}", request.run_id, request.after_sequence));
        let wrap = |u: Result<pb::RunUpdate, Status>| u.map(pb::WatchRunResponse::from);
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
