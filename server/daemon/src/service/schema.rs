//! SchemaService.

use super::refuse;
use crate::convert::schema::{compared, format, replayed, rules, scope, source, told};
use crate::convert::target::{maybe_target, target};
use migrated_engine::{DiffRequest, Engine, write_schema};
use migrated_proto::v1;
use migrated_proto::v1::schema_service_server::SchemaService;
use tonic::{Request, Response, Status};

pub(crate) struct Schemas {
    engine: Engine,
}

impl Schemas {
    pub(crate) fn new(engine: Engine) -> Schemas {
        Schemas { engine }
    }
}

#[tonic::async_trait]
impl SchemaService for Schemas {
    async fn inspect(
        &self,
        request: Request<v1::InspectRequest>,
    ) -> Result<Response<v1::InspectResponse>, Status> {
        let request = request.into_inner();
        let format = format(request.format())?;
        let scope = scope(request.scope);
        let (target, rules) = (target(request.target)?, rules(request.rules)?);
        let inspected = self.engine.look(&target, &scope, &rules).await.map_err(refuse)?;
        let text = match format {
            Some(format) => write_schema(&inspected.schema, format, &inspected.server).map_err(refuse)?,
            None => String::new(),
        };
        Ok(Response::new(v1::InspectResponse {
            schema: Some(told(&inspected.schema)?),
            text,
            notes: inspected.notes,
            left_out: inspected.left_out,
        }))
    }

    async fn diff(&self, request: Request<v1::DiffRequest>) -> Result<Response<v1::DiffResponse>, Status> {
        let request = request.into_inner();
        let diff = DiffRequest {
            from: source("from", request.from)?,
            to: source("to", request.to)?,
            beside: maybe_target(request.beside),
            scope: scope(request.scope),
            rules: rules(request.rules)?,
            history: request.history.map(replayed).transpose()?,
        };
        let found = self.engine.diff(&diff).await.map_err(refuse)?;
        Ok(Response::new(v1::DiffResponse { diff: Some(compared(found)?) }))
    }
}
