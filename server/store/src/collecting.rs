//! What collection keeps and how much it takes at once, the same for every backend.

use std::collections::BTreeSet;

/// Runs whose pin counts: those under way, and those that left something to be resolved until a later run on the
/// same target succeeded.
pub(crate) const PINNING_RUNS: &str = "SELECT run.id, run.project, run.graph FROM run
     WHERE run.state NOT IN ('SUCCEEDED', 'FAILED', 'CANCELLED')
       AND NOT (run.state IN ('PARTIAL', 'UNKNOWN')
                AND EXISTS (SELECT 1 FROM run AS later WHERE later.target_key = run.target_key
                                AND later.id > run.id AND later.state = 'SUCCEEDED'))";

/// What goes in one transaction. Collection must not hold up the writer for long, so it takes several, each of
/// which looks anew at what is needed.
pub(crate) const MANIFESTS_AT_ONCE: usize = 2;
pub(crate) const BODIES_AT_ONCE: i64 = 1000;

/// Which manifests to keep of those that are alone in naming something applied: pairs of (manifest, body), manifest by
/// manifest, the last used first. One that names nothing that an earlier one does not is not needed.
pub(crate) fn keep(alone: &[(i64, i64)]) -> BTreeSet<i64> {
    let mut covered: BTreeSet<i64> = BTreeSet::new();
    let mut keep = BTreeSet::new();
    for named in alone.chunk_by(|a, b| a.0 == b.0) {
        let before = covered.len();
        covered.extend(named.iter().map(|(_, body)| body));
        if covered.len() > before {
            keep.extend(named.first().map(|(manifest, _)| manifest));
        }
    }
    keep
}
