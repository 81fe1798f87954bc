//! The history, and what stands applied.

use super::Result;
use super::error::RevisionError;
use super::graph::{Index, RevisionGraph};
use super::walk::End;
use crate::Code;

impl RevisionGraph {
    /// Revisions of a range, newest first; all of them without one. `start:end`, both inclusive, either side may be
    /// missing; `current` means the version rows.
    ///
    /// # Errors
    /// As [`RevisionGraph::resolve_many`]; a range without or with two `:`; a start that is no ancestor of the end.
    pub fn history(&self, range: Option<&str>, rows: &[String]) -> Result<Vec<String>> {
        let (start, end) = match range {
            None => ("", ""),
            Some(range) => match range.split_once(':') {
                None => {
                    return Err(RevisionError::new(
                        Code::RangeRequired,
                        format!("{range:?} is not a range: [start]:[end], [start]: or :[end] is"),
                    ));
                }
                Some((_, end)) if end.contains(':') => {
                    return Err(RevisionError::new(
                        Code::Malformed,
                        format!("{range:?} has more than one \":\""),
                    ));
                }
                Some(sides) => sides,
            },
        };
        let upper = match end {
            "" => self.real_heads.clone(),
            // On an empty version table, everything is listed.
            "current" if rows.is_empty() => self.real_heads.clone(),
            "current" => self.rows(rows)?,
            end => self.history_end(start, end, rows)?,
        };
        self.between(upper, start, rows)
    }

    fn history_end(&self, start: &str, end: &str, rows: &[String]) -> Result<Vec<Index>> {
        let from = match start {
            "" | "base" => Vec::new(),
            "current" => rows.to_vec(),
            start => vec![start.to_owned()],
        };
        match super::identifier::relative(end)? {
            // Relative to the start, which may itself be an identifier.
            Some(wanted) if wanted.symbol.is_none() => {
                let from: Vec<String> =
                    from.iter().map(|f| self.resolve_many(f)).collect::<Result<Vec<_>>>()?.concat();
                self.upgrade_target(&from, end, false)
            }
            _ => self.upgrade_target(&[], end, false),
        }
    }

    fn between(&self, mut targets: Vec<Index>, start: &str, rows: &[String]) -> Result<Vec<String>> {
        if let Some((branch, _)) = start.split_once('@')
            && !branch.is_empty()
            && let Some(found) = self.get_one(branch)?
        {
            let label =
                if self.id(found) == branch { self.node(found).labels.first().cloned() } else { None };
            let label = label.unwrap_or_else(|| branch.to_owned());
            targets.retain(|t| self.node(*t).labels.contains(&label));
        }
        let lower: Vec<Index> = match start {
            "" => Vec::new(),
            "current" => self.rows(rows)?,
            start => self.history_start(start, &targets)?,
        };
        let required = self.ancestors_apart(&targets)?;
        if let Some(outside) = lower.iter().find(|l| !required.contains(**l)) {
            let names = self.names(targets.iter().copied()).join(", ");
            return Err(RevisionError::new(
                Code::NotAnAncestor,
                format!("{} is no ancestor of {names}", self.id(*outside)),
            )
            .about([self.id(*outside)])
            .help("the start of a range lies below its end"));
        }
        let mut needs = required;
        needs.subtract(&self.ancestors_apart(&lower)?);
        for l in &lower {
            needs.insert(*l);
        }
        if !lower.is_empty() {
            needs.keep(&self.descendants(&lower, false));
        }
        Ok(self.names(self.sort(&needs, &targets)))
    }

    fn history_start(&self, start: &str, targets: &[Index]) -> Result<Vec<Index>> {
        if let Some(wanted) = super::identifier::relative(start)?
            && (wanted.symbol.is_some() || wanted.steps > 0)
        {
            let names = self.names(targets.iter().copied());
            let remainder = self.downgrade_target(&names, start, false)?;
            return Ok(remainder.target.into_iter().collect());
        }
        Ok(self.get_many(start)?.into_iter().filter_map(End::revision).collect())
    }

    /// What a version table with these rows stands at: the rows, and the heads that they imply through
    /// dependencies (Alembic: `_get_all_current`).
    ///
    /// # Errors
    /// Rows that the graph lacks.
    pub fn current(&self, rows: &[String]) -> Result<Vec<String>> {
        let rows = self.rows(rows)?;
        Ok(self.names(self.branch_heads(&self.ancestors(&rows, true))))
    }

    /// Whether the rows stand at every effective head.
    pub fn at_effective_heads(&self, rows: &[String]) -> bool {
        let mut rows: Vec<Index> = self.of_ids(rows);
        rows.sort_unstable();
        rows == self.real_heads
    }
}
