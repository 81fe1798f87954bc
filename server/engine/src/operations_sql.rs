//! Operations that a client brings, as the SQL of a new revision.

use crate::schema::script;
use crate::{CreateRevision, Engine, EngineError, Result};
use migrated_core::Code;
use migrated_core::file::DialectBodies;
use migrated_core::operation::{Operation, OperationError, Server};

/// The SQL of a revision's operations.
#[derive(Default)]
pub(crate) struct OperationsSql {
    /// Upgrade, where it was written for a target.
    pub(crate) up: String,
    /// Downgrade, where it was written for a target.
    pub(crate) down: String,
    /// For each dialect that was asked for.
    pub(crate) dialects: Vec<DialectBodies>,
}

impl Engine {
    /// The statements of a request's operations, for its dialects or its target.
    ///
    /// # Errors
    /// [`Code::InvalidRequest`] where it names neither, or both; [`Code::OperationInvalid`] for what a server has no
    /// way to do, and for what cannot be reversed where the request has no downgrade.
    pub(crate) async fn operations_sql(&self, request: &CreateRevision) -> Result<OperationsSql> {
        let (up, down) = &request.operations;
        let down = match down {
            Some(down) => down.clone(),
            None => up.iter().rev().map(reversed).collect::<Result<_>>()?,
        };
        match (&request.target, request.dialects.as_slice()) {
            (Some(target), []) => {
                let place = self.place(target).await?;
                let standing = place.target.standing().await?;
                let server = Server::named(place.target.dialect(), &standing.server);
                let (up, down) = (sql(up, &server)?, sql(&down, &server)?);
                Ok(OperationsSql { up, down, dialects: Vec::new() })
            }
            (None, dialects) if !dialects.is_empty() => {
                let mut bodies: Vec<DialectBodies> = Vec::with_capacity(dialects.len());
                for dialect in dialects {
                    if bodies.iter().any(|known| known.dialect == *dialect) {
                        continue;
                    }
                    let server = Server::oldest(*dialect);
                    let (up, down) = (sql(up, &server)?, sql(&down, &server)?);
                    bodies.push(DialectBodies { dialect: *dialect, up, down });
                }
                Ok(OperationsSql { dialects: bodies, ..OperationsSql::default() })
            }
            (target, _) => {
                let message = match target {
                    Some(_) => "the request names a target and dialects: the SQL cannot be written for both",
                    None => "nothing says which dialect the operations' SQL is to be written for",
                };
                Err(EngineError::new(Code::InvalidRequest, message)
                    .with("field", "dialects")
                    .state("no revision was written")
                    .next("name the dialects or a target, or ask for the operations form (`REVISION_FORMAT_YAML`)"))
            }
        }
    }
}

fn sql(operations: &[Operation], server: &Server) -> Result<String> {
    let mut statements = Vec::new();
    for operation in operations {
        statements.extend(operation.render(server).map_err(|e| refused(operation, &e))?);
    }
    Ok(script(server.dialect, &statements))
}

fn reversed(operation: &Operation) -> Result<Operation> {
    operation.reverse().map_err(|e| {
        EngineError::new(Code::OperationInvalid, e.to_string())
            .state("no revision was written")
            .next("give the operations of the downgrade, too; an empty list where nothing is to be undone")
    })
}

fn refused(operation: &Operation, error: &OperationError) -> EngineError {
    EngineError::new(Code::OperationInvalid, format!("{}: {error}", operation.summary()))
        .state("no revision was written")
        .next("change the operation, or leave the dialect out")
}
