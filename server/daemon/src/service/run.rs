//! RunService.

use super::stream::{BoxStream, of_watch};
use super::{caller, refuse};
use crate::convert::run::{actor, asked_state, run, step};
use crate::convert::{filled, page_size};
use migrated_engine::Engine;
use migrated_proto::v1;
use migrated_proto::v1::run_service_server::RunService;
use migrated_store::{RunFilter, RunPage};
use tonic::{Request, Response, Status};

pub(crate) struct Runs {
    engine: Engine,
}

impl Runs {
    pub(crate) fn new(engine: Engine) -> Runs {
        Runs { engine }
    }
}

#[tonic::async_trait]
impl RunService for Runs {
    type WatchRunStream = BoxStream<v1::WatchRunResponse>;

    async fn get_run(
        &self,
        request: Request<v1::GetRunRequest>,
    ) -> Result<Response<v1::GetRunResponse>, Status> {
        let found = self.engine.run_with_steps(&request.into_inner().run_id).await;
        let (record, steps) = found.map_err(refuse)?;
        let steps = steps.into_iter().map(step).collect();
        Ok(Response::new(v1::GetRunResponse { run: Some(run(record)), steps }))
    }

    async fn list_runs(
        &self,
        request: Request<v1::ListRunsRequest>,
    ) -> Result<Response<v1::ListRunsResponse>, Status> {
        let request = request.into_inner();
        let filter = RunFilter {
            states: request.states().filter_map(asked_state).collect(),
            project: filled(request.project.clone()),
            target: filled(request.target.clone()),
        };
        let page = RunPage { before: filled(request.page_token), limit: page_size(request.page_size) };
        let records = self.engine.runs(&filter, &page).await.map_err(refuse)?;
        let last = records.last().filter(|_| records.len() == page.limit as usize);
        let next_page_token = last.map(|r| r.id.clone()).unwrap_or_default();
        let runs = records.into_iter().map(run).collect();
        Ok(Response::new(v1::ListRunsResponse { runs, next_page_token }))
    }

    async fn watch_run(
        &self,
        request: Request<v1::WatchRunRequest>,
    ) -> Result<Response<Self::WatchRunStream>, Status> {
        let request = request.into_inner();
        let watch = self.engine.watch_run(&request.run_id, request.after_sequence).await.map_err(refuse)?;
        Ok(Response::new(of_watch(watch)))
    }

    async fn cancel_run(
        &self,
        request: Request<v1::CancelRunRequest>,
    ) -> Result<Response<v1::CancelRunResponse>, Status> {
        let caller = caller(&request);
        let request = request.into_inner();
        let actor = actor(&caller, &request.actor);
        let record = self.engine.cancel(&request.run_id, &actor, &request.reason).await.map_err(refuse)?;
        Ok(Response::new(v1::CancelRunResponse { run: Some(run(record)) }))
    }
}
