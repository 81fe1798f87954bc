//! `target.proto`.

use super::{filled, invalid};
use migrated_engine::TargetRequest;
use migrated_proto::v1;
use tonic::Status;

/// The target of a request that needs one.
pub(crate) fn target(target: Option<v1::TargetRef>) -> Result<TargetRequest, Status> {
    maybe_target(target)
        .ok_or_else(|| invalid("target", "the request names no target: --target NAME or --database-url URL"))
}

/// The target of a request that may do without.
pub(crate) fn maybe_target(target: Option<v1::TargetRef>) -> Option<TargetRequest> {
    match target?.target? {
        v1::target_ref::Target::Name(name) => filled(name).map(TargetRequest::Named),
        v1::target_ref::Target::AdHoc(ad_hoc) => Some(TargetRequest::AdHoc {
            url: filled(ad_hoc.url)?,
            schema: filled(ad_hoc.schema),
            version_table: filled(ad_hoc.version_table),
            version_table_schema: filled(ad_hoc.version_table_schema),
        }),
    }
}
