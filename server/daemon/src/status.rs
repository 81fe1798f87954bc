//! The one place where errors become gRPC statuses.

use migrated_core::Code;
use migrated_core::event::SqlFault;
use migrated_engine::EngineError;
use prost::Message as _;
use std::collections::HashMap;
use std::time::Duration;
use tonic::Status;
use tonic_types::{ErrorDetails, StatusExt as _};

/// Domain of `google.rpc.ErrorInfo`.
pub(crate) const DOMAIN: &str = "migrated";

/// The canonical code of each of ours. Exhaustive on purpose: a new code has to be thought about here.
fn canonical(code: Code) -> tonic::Code {
    use tonic::Code as C;
    match code {
        Code::UnknownRevision
        | Code::NoSuchLabel
        | Code::ProjectNotFound
        | Code::TargetNotFound
        | Code::RunNotFound => C::NotFound,
        Code::AmbiguousRevision
        | Code::NotInBranch
        | Code::MultipleHeads
        | Code::AmbiguousWalk
        | Code::AmbiguousRelative
        | Code::RelativeOutOfRange
        | Code::Overlapping
        | Code::NotAnAncestor
        | Code::InvalidDowngradeTarget
        | Code::IllegalId
        | Code::NotAHead
        | Code::DuplicateHeads
        | Code::RangeNotAllowed
        | Code::RangeRequired
        | Code::Malformed
        | Code::InvalidRequest
        | Code::TargetUrlInvalid
        | Code::MemoryTarget
        | Code::TargetNotShared
        | Code::BodyMismatch
        | Code::SchemaInvalid
        | Code::OperationInvalid
        | Code::ConfigInvalid
        | Code::LocalFile
        | Code::NeedsTerminal => C::InvalidArgument,
        Code::Cycle
        | Code::DependencyCycle
        | Code::DuplicateLabel
        | Code::DuplicateRevision
        | Code::MissingParent
        | Code::MissingDependency
        | Code::FileNotUtf8
        | Code::FileEmpty
        | Code::FileNoHeader
        | Code::FileInvalidHeader
        | Code::FileInvalidSection
        | Code::ScriptUnterminated
        | Code::NoBody
        | Code::TransactionControl
        | Code::MixedTransaction
        | Code::PragmaInTransaction
        | Code::ClientCommand
        | Code::ManifestUnknown
        | Code::PruneRefused
        | Code::PublishedChanged
        | Code::PooledConnection
        | Code::StatementFailed
        | Code::IdTooLong
        | Code::IdCollision
        | Code::TargetPartial
        | Code::DatabaseMissing
        | Code::TargetRefused
        | Code::VersionTableShape
        | Code::ChangedRevision
        | Code::ChangedPartial
        | Code::ExecutorMissing
        | Code::ExecutorFailed
        | Code::NeedsExecutor
        | Code::RunTransactionRefused
        | Code::TargetAuthentication
        | Code::TargetPermission
        | Code::ScratchRequired
        | Code::NotAtHead
        | Code::DropNotAllowed
        | Code::AdHocUrlRefused => C::FailedPrecondition,
        Code::UnsupportedForm => C::Unimplemented,
        Code::HeadsChanged
        | Code::VersionRowsChanged
        | Code::LockTimeout
        | Code::LockLost
        | Code::LockWaitExpired
        | Code::SchemaMoved
        | Code::ExecutorLost
        | Code::LeaseLost
        | Code::RunInterrupted => C::Aborted,
        Code::AlreadyExists => C::AlreadyExists,
        Code::EventsPruned => C::OutOfRange,
        Code::LimitExceeded | Code::StoreFull => C::ResourceExhausted,
        Code::StoreUnavailable
        | Code::TargetUnreachable
        | Code::ConnectionLost
        | Code::ShuttingDown
        | Code::DaemonUnreachable
        | Code::StreamLost
        | Code::EmbeddedStart => C::Unavailable,
        Code::StoreCorrupt | Code::OutcomeUnknown => C::DataLoss,
        Code::StoreTooNew | Code::Internal => C::Internal,
        Code::Cancelled => C::Cancelled,
        Code::DeadlinePassed => C::DeadlineExceeded,
        Code::Unauthenticated => C::Unauthenticated,
        Code::PermissionDenied => C::PermissionDenied,
    }
}

/// A status with `ErrorInfo` (reason, domain, every dynamic part as metadata), where something can be done
/// `PreconditionFailure` or `RetryInfo`, and what the database said as our own `SqlError`.
pub(crate) fn status(error: &EngineError) -> Status {
    let code = canonical(error.code);
    let mut metadata: HashMap<String, String> = HashMap::new();
    for (name, value) in &error.metadata {
        // A name that comes several times lists its values.
        metadata
            .entry((*name).to_owned())
            .and_modify(|known| {
                known.push_str(", ");
                known.push_str(value);
            })
            .or_insert_with(|| value.clone());
    }
    metadata.insert("code".to_owned(), error.code.number().to_owned());
    let told =
        |text: &str, otherwise: &str| if text.is_empty() { otherwise.to_owned() } else { text.to_owned() };
    metadata.insert("state".to_owned(), told(&error.state, error.code.state()));
    metadata.insert("next".to_owned(), told(&error.next, error.code.next()));
    if !error.revision.is_empty() {
        metadata.entry("revision".to_owned()).or_insert_with(|| error.revision.clone());
    }
    let mut details = ErrorDetails::new();
    details.set_error_info(error.code.reason(), DOMAIN, metadata);
    match code {
        tonic::Code::FailedPrecondition => {
            details.add_precondition_failure_violation(error.code.reason(), &error.revision, &error.message);
        }
        tonic::Code::InvalidArgument => {
            details.add_bad_request_violation("revision", &error.message);
        }
        tonic::Code::Unavailable | tonic::Code::Aborted => {
            details.set_retry_info(Some(Duration::from_secs(1)));
        }
        _ => {}
    }
    let status = Status::with_error_details(code, error.message.clone(), details);
    match &error.sql {
        Some(sql) => with_sql(status, sql),
        None => status,
    }
}

/// Adds our own detail to those of a status: `google.rpc.Status` holds them as a list.
fn with_sql(status: Status, sql: &SqlFault) -> Status {
    let detail = crate::convert::event::sql_error(sql);
    let any = prost_types::Any {
        type_url: "type.googleapis.com/migrated.v1.SqlError".to_owned(),
        value: detail.encode_to_vec(),
    };
    let Ok(mut all) = RpcStatus::decode(status.details()) else { return status };
    all.details.push(any);
    Status::with_details(status.code(), status.message(), all.encode_to_vec().into())
}

/// `google.rpc.Status` as it travels in `grpc-status-details-bin`.
#[derive(Clone, PartialEq, prost::Message)]
struct RpcStatus {
    #[prost(int32, tag = "1")]
    code: i32,
    #[prost(string, tag = "2")]
    message: String,
    #[prost(message, repeated, tag = "3")]
    details: Vec<prost_types::Any>,
}

#[cfg(test)]
mod tests {
    use super::{Code, EngineError, status};
    use tonic_types::StatusExt as _;

    #[test]
    fn every_code_travels_with_cause_state_and_the_way_on() {
        for code in Code::ALL {
            let status = status(&EngineError::new(*code, "the cause"));
            let info = status.get_details_error_info().expect("ErrorInfo");
            assert_eq!((info.reason.as_str(), status.message()), (code.reason(), "the cause"));
            let told = |name: &str| info.metadata.get(name).map(String::as_str);
            let wanted = [("code", code.number()), ("state", code.state()), ("next", code.next())];
            for (name, text) in wanted {
                assert_eq!(told(name), Some(text), "{code}: {name}");
            }
        }
    }

    #[test]
    fn what_an_error_says_itself_wins() {
        let error = EngineError::new(Code::Internal, "the cause").state("it stands at a1").next("`do this`");
        let info = status(&error).get_details_error_info().expect("ErrorInfo");
        assert_eq!(
            (info.metadata["state"].as_str(), info.metadata["next"].as_str()),
            ("it stands at a1", "`do this`")
        );
    }
}
