//! The gRPC services: each method converts, calls one use-case of the engine, and converts back.

mod execute;
mod migration;
mod project;
mod revision;
mod run;
mod schema;
mod stream;
mod target;

use migrated_engine::Engine;
use migrated_proto::v1::migration_service_server::MigrationServiceServer;
use migrated_proto::v1::project_service_server::ProjectServiceServer;
use migrated_proto::v1::revision_service_server::RevisionServiceServer;
use migrated_proto::v1::run_service_server::RunServiceServer;
use migrated_proto::v1::schema_service_server::SchemaServiceServer;
use migrated_proto::v1::target_service_server::TargetServiceServer;
use tonic::service::Routes;
use tonic::{Request, Status};

use crate::access::Caller;
use crate::catalog::Catalog;

/// The routes of every service of the API. `max_message` bounds a message that comes in, in bytes.
pub(crate) fn routes(engine: &Engine, catalog: &Catalog, max_message: usize) -> Routes {
    let engine = || engine.clone();
    Routes::default()
        .add_service(
            RevisionServiceServer::new(revision::Revisions::new(engine()))
                .max_decoding_message_size(max_message),
        )
        .add_service(
            MigrationServiceServer::new(migration::Migrations::new(engine()))
                .max_decoding_message_size(max_message),
        )
        .add_service(RunServiceServer::new(run::Runs::new(engine())).max_decoding_message_size(max_message))
        .add_service(
            SchemaServiceServer::new(schema::Schemas::new(engine())).max_decoding_message_size(max_message),
        )
        .add_service(
            TargetServiceServer::new(target::Targets::new(engine(), catalog.clone()))
                .max_decoding_message_size(max_message),
        )
        .add_service(
            ProjectServiceServer::new(project::Projects::new(engine()))
                .max_decoding_message_size(max_message),
        )
}

/// Who calls, as the access layer found out; empty where nobody had to say.
fn caller<T>(request: &Request<T>) -> String {
    request.extensions().get::<Caller>().map(|c| c.name.clone()).unwrap_or_default()
}

/// The engine's error as a status.
fn refuse(error: migrated_engine::EngineError) -> Status {
    crate::status::status(&error)
}
