//! Stamping: the version rows after it, without running anything.

use super::graph::{Index, RevisionGraph};
use super::plan::Plan;
use super::{Deviation, Result};

impl RevisionGraph {
    /// The version rows where the table holds `rows` and is to stand at `targets`. What is above a target counts as
    /// not applied afterwards, what is below it as applied; everything else stays as it is. Plan and steps are
    /// without revisions: only `rows_after` counts.
    ///
    /// # Errors
    /// As [`RevisionGraph::resolve_many`]; rows that the graph lacks.
    pub fn plan_stamp(&self, rows: &[String], targets: &[String]) -> Result<Plan> {
        let rows = self.rows(rows)?;
        let mut applied = self.ancestors(&rows, true);
        let mut wanted: Vec<Index> = Vec::new();
        let mut emptied = false;
        for target in targets {
            let found: Vec<Index> = self.get_many(target)?.into_iter().filter_map(|e| e.revision()).collect();
            if found.is_empty() {
                // `base`, or `label@base`.
                match target.split_once('@') {
                    Some((label, _)) if !label.is_empty() => applied.subtract(&self.branch_set(label)?),
                    _ => applied.subtract(&applied.clone()),
                }
                emptied = true;
            }
            wanted.extend(found);
        }
        if wanted.iter().any(|w| !rows.contains(w)) || wanted.len() > 1 || emptied {
            for target in &wanted {
                // A row that is wanted stays what it is.
                if rows.contains(target) {
                    continue;
                }
                let mut above = self.descendants(&[*target], true);
                above.remove(*target);
                applied.subtract(&above);
            }
            applied.add(&self.ancestors(&wanted, true));
        }
        let after = self.maximal(&applied);
        // Rows that stay keep their order; new ones follow.
        let mut ordered: Vec<Index> = rows.iter().copied().filter(|r| after.contains(r)).collect();
        ordered.extend(after.iter().copied().filter(|r| !rows.contains(r)));
        let deviation = Some(Deviation::StampCanonical);
        Ok(Plan { steps: Vec::new(), rows_after: self.names(ordered), deviation })
    }
}
