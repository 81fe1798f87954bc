//! ProjectService.

use super::refuse;
use crate::convert::{page_size, timestamp};
use migrated_engine::{Engine, EngineError, GraphRef};
use migrated_proto::v1;
use migrated_proto::v1::project_service_server::ProjectService;
use migrated_store::ProjectRecord;
use tonic::{Request, Response, Status};

pub(crate) struct Projects {
    engine: Engine,
}

impl Projects {
    pub(crate) fn new(engine: Engine) -> Projects {
        Projects { engine }
    }

    async fn project(&self, record: ProjectRecord) -> Result<v1::Project, EngineError> {
        let published = self.engine.published_version(&record.name).await?;
        let heads = self.engine.heads(&record.name, &GraphRef::Published, false).await?;
        Ok(v1::Project {
            heads: heads.into_iter().map(|h| h.header.revision).collect(),
            published_version: published,
            create_time: Some(timestamp(record.created_at)),
            etag: record.version.to_string(),
            name: record.name,
            description: record.description,
        })
    }
}

#[tonic::async_trait]
impl ProjectService for Projects {
    async fn list_projects(
        &self,
        request: Request<v1::ListProjectsRequest>,
    ) -> Result<Response<v1::ListProjectsResponse>, Status> {
        let request = request.into_inner();
        let size = page_size(request.page_size);
        let records = self.engine.projects(&request.page_token, size).await.map_err(refuse)?;
        let last = records.last().filter(|_| records.len() == size as usize);
        let next_page_token = last.map(|r| r.name.clone()).unwrap_or_default();
        let mut projects = Vec::with_capacity(records.len());
        for record in records {
            projects.push(self.project(record).await.map_err(refuse)?);
        }
        Ok(Response::new(v1::ListProjectsResponse { projects, next_page_token }))
    }

    async fn get_project(
        &self,
        request: Request<v1::GetProjectRequest>,
    ) -> Result<Response<v1::GetProjectResponse>, Status> {
        let record = self.engine.project(&request.into_inner().name).await.map_err(refuse)?;
        let project = self.project(record).await.map_err(refuse)?;
        Ok(Response::new(v1::GetProjectResponse { project: Some(project) }))
    }

    async fn create_project(
        &self,
        request: Request<v1::CreateProjectRequest>,
    ) -> Result<Response<v1::CreateProjectResponse>, Status> {
        let project = request.into_inner().project.unwrap_or_default();
        let record = self.engine.create_project(&project.name, &project.description).await.map_err(refuse)?;
        let project = self.project(record).await.map_err(refuse)?;
        Ok(Response::new(v1::CreateProjectResponse { project: Some(project) }))
    }

    async fn update_project(
        &self,
        request: Request<v1::UpdateProjectRequest>,
    ) -> Result<Response<v1::UpdateProjectResponse>, Status> {
        let project = request.into_inner().project.unwrap_or_default();
        let expected = super::target::etag(&project.etag)?;
        let record = self
            .engine
            .update_project(&project.name, &project.description, expected)
            .await
            .map_err(refuse)?;
        let project = self.project(record).await.map_err(refuse)?;
        Ok(Response::new(v1::UpdateProjectResponse { project: Some(project) }))
    }

    async fn delete_project(
        &self,
        request: Request<v1::DeleteProjectRequest>,
    ) -> Result<Response<v1::DeleteProjectResponse>, Status> {
        self.engine.delete_project(&request.into_inner().name).await.map_err(refuse)?;
        Ok(Response::new(v1::DeleteProjectResponse {}))
    }
}
