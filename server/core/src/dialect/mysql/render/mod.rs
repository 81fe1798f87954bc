//! Operations as statements of MySQL and MariaDB.

use crate::operation::{Operation, OperationError, Server};

/// The statements that do `operation`.
pub(crate) fn render(operation: &Operation, server: &Server) -> Result<Vec<String>, OperationError> {
    match operation {
        Operation::Execute(execute) => Ok(vec![execute.sql.clone()]),
        _ => Err(OperationError::Unsupported {
            dialect: server.dialect.as_str(),
            what: "do this operation".into(),
            advice: String::new(),
        }),
    }
}
