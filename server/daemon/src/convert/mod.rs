//! Between wire types and the engine's: one file for each `.proto` that needs it.

pub(crate) mod diagnose;
pub(crate) mod event;
pub(crate) mod execute;
pub(crate) mod graph;
pub(crate) mod lint;
pub(crate) mod revision;
pub(crate) mod run;
pub(crate) mod schema;
pub(crate) mod target;
pub(crate) mod wire;

use migrated_core::Code;
use migrated_engine::EngineError;
use pbjson_types::{Duration, Timestamp};
use tonic::Status;

/// A refusal of a request field.
pub(crate) fn invalid(field: &'static str, message: impl Into<String>) -> Status {
    crate::status::status(&EngineError::new(Code::InvalidRequest, message).with("field", field))
}

/// What should not have happened on the way between the wire and the engine.
pub(crate) fn internal(error: &dyn std::error::Error) -> Status {
    crate::status::status(&EngineError::new(Code::Internal, error.to_string()))
}

/// Microseconds since 1970 as a timestamp.
pub(crate) fn timestamp(micros: i64) -> Timestamp {
    Timestamp { seconds: micros.div_euclid(1_000_000), nanos: (micros.rem_euclid(1_000_000) * 1_000) as i32 }
}

/// A span as a duration.
pub(crate) fn duration(span: std::time::Duration) -> Duration {
    Duration { seconds: i64::try_from(span.as_secs()).unwrap_or(i64::MAX), nanos: span.subsec_nanos() as i32 }
}

/// A duration as a span; a negative one is refused.
pub(crate) fn span(
    field: &'static str,
    duration: Option<&Duration>,
) -> Result<Option<std::time::Duration>, Status> {
    let Some(duration) = duration else { return Ok(None) };
    match (u64::try_from(duration.seconds), u32::try_from(duration.nanos)) {
        (Ok(seconds), Ok(nanos)) if nanos < 1_000_000_000 => {
            Ok(Some(std::time::Duration::new(seconds, nanos)))
        }
        _ => Err(invalid(field, format!("{field} is negative"))),
    }
}

/// An empty string is a field that was not set.
pub(crate) fn filled(text: String) -> Option<String> {
    Some(text).filter(|t| !t.is_empty())
}

/// Page size as asked for, within bounds.
pub(crate) fn page_size(asked: u32) -> u32 {
    match asked {
        0 => 50,
        n => n.min(1_000),
    }
}
