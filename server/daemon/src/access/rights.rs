//! The right that each RPC needs. A test walks the descriptors: an RPC that is missing here does not pass it.

use crate::config::access::Right;
use Right::{Operate, Read};

/// Package of our services.
const PACKAGE: &str = "migrated.v1.";

/// Every RPC of ours. What only computes, or stores what nobody else sees (a draft's files), is reading.
const RPCS: &[(&str, &str, Right)] = &[
    ("RevisionService", "CreateRevision", Read),
    ("RevisionService", "MergeRevisions", Read),
    ("RevisionService", "NegotiateManifest", Read),
    ("RevisionService", "UploadBodies", Read),
    ("RevisionService", "PushRevisions", Operate),
    ("RevisionService", "PullRevisions", Read),
    ("RevisionService", "GetRevision", Read),
    ("RevisionService", "ListRevisions", Read),
    ("RevisionService", "ListHeads", Read),
    ("RevisionService", "ListBranches", Read),
    ("RevisionService", "ResolveRevisions", Read),
    ("MigrationService", "Plan", Read),
    ("MigrationService", "Upgrade", Operate),
    ("MigrationService", "Downgrade", Operate),
    ("MigrationService", "Stamp", Operate),
    ("MigrationService", "Render", Read),
    ("MigrationService", "GetCurrent", Read),
    ("MigrationService", "WaitForRevision", Read),
    ("MigrationService", "EnsureVersionTable", Operate),
    ("MigrationService", "AcceptRevision", Operate),
    ("MigrationService", "Diagnose", Read),
    ("MigrationService", "JudgeStatement", Operate),
    ("MigrationService", "Check", Read),
    ("MigrationService", "Autogenerate", Read),
    ("MigrationService", "Lint", Read),
    ("MigrationService", "ExecuteStep", Operate),
    ("SchemaService", "Inspect", Read),
    ("SchemaService", "Diff", Read),
    ("RunService", "GetRun", Read),
    ("RunService", "ListRuns", Read),
    ("RunService", "WatchRun", Read),
    ("RunService", "CancelRun", Operate),
    ("TargetService", "ListTargets", Read),
    ("TargetService", "GetTarget", Read),
    ("TargetService", "CreateTarget", Operate),
    ("TargetService", "UpdateTarget", Operate),
    ("TargetService", "DeleteTarget", Operate),
    ("TargetService", "TestTarget", Read),
    ("ProjectService", "ListProjects", Read),
    ("ProjectService", "GetProject", Read),
    ("ProjectService", "CreateProject", Operate),
    ("ProjectService", "UpdateProject", Operate),
    ("ProjectService", "DeleteProject", Operate),
];

/// What a call needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Need {
    /// Nothing: the health check, which load balancers make without a secret.
    Nothing,
    /// A caller with a right. What is no RPC of ours (reflection, or nothing at all) needs the right to read.
    Right(Right),
}

/// What a call of that path (`/package.Service/Method`) needs.
pub(crate) fn need(path: &str) -> Need {
    let Some((service, method)) = path.strip_prefix('/').and_then(|p| p.split_once('/')) else {
        return Need::Right(Read);
    };
    if service == "grpc.health.v1.Health" {
        return Need::Nothing;
    }
    let Some(service) = service.strip_prefix(PACKAGE) else { return Need::Right(Read) };
    let known = RPCS.iter().find(|(s, m, _)| *s == service && *m == method);
    // An RPC of ours that the table forgot would be the wrong one to give away.
    Need::Right(known.map_or(Operate, |(_, _, right)| *right))
}

#[cfg(test)]
mod tests {
    use super::{Need, PACKAGE, RPCS, need};
    use crate::config::access::Right;
    use migrated_proto::v1::FILE_DESCRIPTOR_SET;
    use prost::Message as _;
    use std::collections::BTreeSet;

    #[test]
    fn every_rpc_has_a_right_and_every_right_an_rpc() {
        let set = prost_types::FileDescriptorSet::decode(FILE_DESCRIPTOR_SET).expect("descriptors");
        let described: BTreeSet<(String, String)> = set
            .file
            .iter()
            .filter(|f| format!("{}.", f.package()) == PACKAGE)
            .flat_map(|f| &f.service)
            .flat_map(|s| s.method.iter().map(|m| (s.name().to_owned(), m.name().to_owned())))
            .collect();
        let listed: BTreeSet<_> = RPCS.iter().map(|(s, m, _)| ((*s).to_owned(), (*m).to_owned())).collect();
        assert!(described.len() > 30, "the descriptors hold our services");
        assert_eq!(listed, described);
        assert_eq!(listed.len(), RPCS.len(), "an RPC stands there twice");
    }

    #[test]
    fn a_path_tells_what_it_needs() {
        for (path, needed) in [
            ("/grpc.health.v1.Health/Check", Need::Nothing),
            ("/migrated.v1.RunService/GetRun", Need::Right(Right::Read)),
            ("/migrated.v1.MigrationService/Upgrade", Need::Right(Right::Operate)),
            ("/migrated.v1.MigrationService/NotYetListed", Need::Right(Right::Operate)),
            ("/grpc.reflection.v1.ServerReflection/ServerReflectionInfo", Need::Right(Right::Read)),
            ("/", Need::Right(Right::Read)),
            ("", Need::Right(Right::Read)),
            ("/grpc.health.v1.Health", Need::Right(Right::Read)),
        ] {
            assert_eq!(need(path), needed, "{path}");
        }
    }
}
