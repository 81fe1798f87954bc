//! `graph.proto`.

use super::invalid;
use migrated_engine::GraphRef;
use migrated_proto::v1;
use tonic::Status;

/// A SHA-256 off the wire.
pub(crate) fn hash(field: &'static str, bytes: &[u8]) -> Result<[u8; 32], Status> {
    bytes
        .try_into()
        .map_err(|_| invalid(field, format!("{field} has {} bytes, a SHA-256 has 32", bytes.len())))
}

/// Which graph a request means.
pub(crate) fn graph(graph: Option<v1::GraphRef>) -> Result<GraphRef, Status> {
    match graph.and_then(|g| g.graph) {
        Some(v1::graph_ref::Graph::ManifestDigest(digest)) => {
            Ok(GraphRef::Manifest(hash("graph.manifest_digest", &digest)?))
        }
        Some(v1::graph_ref::Graph::Published(_)) | None => Ok(GraphRef::Published),
    }
}
