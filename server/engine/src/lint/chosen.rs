//! Which revisions lint looks at.

use crate::graph::LoadedGraph;
use crate::{EngineError, Result};
use migrated_core::Code;
use std::collections::HashSet;

/// The revisions that identifiers and ranges name, where a target stands at `rows`; `None` for all.
pub(super) fn chosen(
    graph: &LoadedGraph,
    identifiers: &[String],
    rows: Option<&[String]>,
) -> Result<Option<HashSet<String>>> {
    if identifiers.is_empty() {
        return Ok(None);
    }
    let mut ids = HashSet::new();
    for identifier in identifiers {
        let rows = match rows {
            Some(rows) => rows,
            None if counts_from_target(identifier) => return Err(no_target(identifier)),
            None => &[],
        };
        ids.extend(named(graph, identifier, rows)?);
    }
    Ok(Some(ids))
}

/// Whether an identifier or a range means something only where a target stands: `current`, `+2`, `LABEL@+2`.
pub(super) fn counts_from_target(identifier: &str) -> bool {
    let counts = |side: &str| {
        let symbol = side.rsplit('@').next().unwrap_or(side);
        symbol == "current" || symbol.starts_with('+')
    };
    identifier.split(':').any(counts)
}

fn named(graph: &LoadedGraph, identifier: &str, rows: &[String]) -> Result<Vec<String>> {
    if identifier == "current" {
        return Ok(rows.to_vec());
    }
    if identifier.contains(':') {
        return Ok(graph.graph.history(Some(identifier), rows)?);
    }
    // `-2` is below the heads, as everywhere but in an upgrade; `head-2` and `+2` are walks from a place.
    match graph.resolve(identifier) {
        Err(_) if is_walk(identifier) => Ok(graph.graph.resolve_upgrade_target(rows, identifier)?),
        found => found,
    }
}

/// Whether it ends in `+N` or `-N`.
fn is_walk(identifier: &str) -> bool {
    let before = identifier.trim_end_matches(|c: char| c.is_ascii_digit());
    before.len() < identifier.len() && before.ends_with(['+', '-'])
}

fn no_target(identifier: &str) -> EngineError {
    let message = format!("`{identifier}` means something only where a target stands, and none is named");
    EngineError::new(Code::InvalidRequest, message).next("name one with --target NAME or --database-url URL")
}

#[cfg(test)]
mod tests {
    use super::{counts_from_target, is_walk};

    #[test]
    fn only_some_identifiers_ask_where_a_target_stands() {
        for identifier in ["current", "+2", "lib@+1", "current:head", "a1:current", ":+3"] {
            assert!(counts_from_target(identifier), "{identifier}");
        }
        for identifier in ["head", "-2", "head-1", "a1+2", "lib@head", "a1:b2", "currently"] {
            assert!(!counts_from_target(identifier), "{identifier}");
        }
    }

    #[test]
    fn a_walk_ends_in_a_number_with_a_sign() {
        for identifier in ["+2", "head-1", "lib@head-12", "ae10+3"] {
            assert!(is_walk(identifier), "{identifier}");
        }
        for identifier in ["head", "ae10", "12", "-", "a-b"] {
            assert!(!is_walk(identifier), "{identifier}");
        }
    }
}
