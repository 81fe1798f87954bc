//! TargetService.

use super::refuse;
use crate::catalog::{Catalog, Listed};
use crate::convert::event::failure;
use crate::convert::target::target;
use crate::convert::{filled, invalid, page_size, timestamp};
use migrated_engine::{Engine, Place, TargetRequest};
use migrated_proto::v1;
use migrated_proto::v1::target_service_server::TargetService;
use migrated_store::TargetRecord;
use tonic::{Request, Response, Status};

pub(crate) struct Targets {
    engine: Engine,
    catalog: Catalog,
}

impl Targets {
    pub(crate) fn new(engine: Engine, catalog: Catalog) -> Targets {
        Targets { engine, catalog }
    }

    /// A target as the wire has it, with what it stands for, or why that cannot be told: a secret's file is missing, say.
    async fn wire(&self, listed: Listed) -> v1::Target {
        let place = self.engine.place(&TargetRequest::Named(listed.record.name.clone())).await;
        let (place, unresolved) = match place {
            Ok(place) => (Some(place), None),
            Err(error) => (None, Some(failure(&error.to_failure()))),
        };
        let record = listed.record;
        v1::Target {
            dialect: place.as_ref().map(|p| p.target.dialect().to_string()).unwrap_or_default(),
            display_url: place.as_ref().map(|p| p.target.display().to_owned()).unwrap_or_default(),
            effective: place.as_ref().map(effective),
            failure: unresolved,
            origin: if listed.configured { v1::TargetOrigin::Configuration } else { v1::TargetOrigin::Api }
                .into(),
            create_time: (!listed.configured).then(|| timestamp(record.created_at)),
            etag: if listed.configured { String::new() } else { record.version.to_string() },
            name: record.name,
            connection: record.connection,
            database: record.database.unwrap_or_default(),
            schema: record.schema.unwrap_or_default(),
            version_table: record.version_table.unwrap_or_default(),
            version_table_schema: record.version_table_schema.unwrap_or_default(),
            protected: record.protected,
        }
    }
}

fn effective(place: &Place) -> v1::EffectivePlace {
    let table = place.version_table();
    v1::EffectivePlace {
        schema: place.schema().unwrap_or_default().to_owned(),
        version_table: table.name.clone(),
        version_table_schema: table.schema.clone().unwrap_or_default(),
    }
}

/// A version that was sent back as an etag.
pub(crate) fn etag(etag: &str) -> Result<u64, Status> {
    etag.parse().map_err(|_| invalid("etag", "the etag is missing or not one of ours: read it first"))
}

fn record(target: v1::Target) -> TargetRecord {
    TargetRecord {
        name: target.name,
        connection: target.connection,
        database: filled(target.database),
        schema: filled(target.schema),
        version_table: filled(target.version_table),
        version_table_schema: filled(target.version_table_schema),
        protected: target.protected,
        created_at: 0,
        version: 1,
    }
}

#[tonic::async_trait]
impl TargetService for Targets {
    async fn list_targets(
        &self,
        request: Request<v1::ListTargetsRequest>,
    ) -> Result<Response<v1::ListTargetsResponse>, Status> {
        let request = request.into_inner();
        let size = page_size(request.page_size);
        let listed = self.catalog.list(&request.page_token, size).await.map_err(refuse)?;
        let last = listed.last().filter(|_| listed.len() == size as usize);
        let next_page_token = last.map(|l| l.record.name.clone()).unwrap_or_default();
        let mut targets = Vec::with_capacity(listed.len());
        for one in listed {
            targets.push(self.wire(one).await);
        }
        Ok(Response::new(v1::ListTargetsResponse { targets, next_page_token }))
    }

    async fn get_target(
        &self,
        request: Request<v1::GetTargetRequest>,
    ) -> Result<Response<v1::GetTargetResponse>, Status> {
        let listed = self.catalog.get(&request.into_inner().name).await.map_err(refuse)?;
        Ok(Response::new(v1::GetTargetResponse { target: Some(self.wire(listed).await) }))
    }

    async fn create_target(
        &self,
        request: Request<v1::CreateTargetRequest>,
    ) -> Result<Response<v1::CreateTargetResponse>, Status> {
        let record = record(request.into_inner().target.unwrap_or_default());
        let listed = self.catalog.create(record).await.map_err(refuse)?;
        Ok(Response::new(v1::CreateTargetResponse { target: Some(self.wire(listed).await) }))
    }

    async fn update_target(
        &self,
        request: Request<v1::UpdateTargetRequest>,
    ) -> Result<Response<v1::UpdateTargetResponse>, Status> {
        let target = request.into_inner().target.unwrap_or_default();
        let expected = etag(&target.etag)?;
        let listed = self.catalog.update(record(target), expected).await.map_err(refuse)?;
        Ok(Response::new(v1::UpdateTargetResponse { target: Some(self.wire(listed).await) }))
    }

    async fn delete_target(
        &self,
        request: Request<v1::DeleteTargetRequest>,
    ) -> Result<Response<v1::DeleteTargetResponse>, Status> {
        let request = request.into_inner();
        self.catalog.delete(&request.name, etag(&request.etag)?).await.map_err(refuse)?;
        Ok(Response::new(v1::DeleteTargetResponse {}))
    }

    async fn test_target(
        &self,
        request: Request<v1::TestTargetRequest>,
    ) -> Result<Response<v1::TestTargetResponse>, Status> {
        let tested = self.engine.test_target(&target(request.into_inner().target)?).await.map_err(refuse)?;
        Ok(Response::new(v1::TestTargetResponse {
            server: tested.server,
            dialect: tested.dialect.to_string(),
            display_url: tested.display,
            version_table_exists: tested.rows.is_some(),
            rows: tested.rows.unwrap_or_default(),
            missing_rights: tested.missing_rights,
            lockable: tested.lockable,
            longest_revision_id: tested.longest_id.unwrap_or_default(),
        }))
    }
}
