//! SQLite: a path.

use super::{invalid, parts::decode};
use crate::TargetError;
use migrated_core::Code;
use std::path::PathBuf;

/// A SQLite database file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SqliteUrl {
    /// The file, as written: relative paths are not resolved here.
    pub path: PathBuf,
}

/// Reads what follows `sqlite:`. Three slashes begin a relative path, four an absolute one (SQLAlchemy's rule);
/// without slashes the rest is the path. Options after `?` are refused: none of them is known here.
pub(super) fn parse(rest: &str) -> Result<SqliteUrl, TargetError> {
    let (rest, query) = rest.split_once('?').map_or((rest, ""), |(rest, query)| (rest, query));
    let path = match rest.strip_prefix("//") {
        Some(rest) => match rest.strip_prefix('/') {
            Some(path) => path,
            None if rest.is_empty() => "",
            None => {
                return Err(invalid("a SQLite URL has no host")
                    .help("write sqlite:///relative/path.db or sqlite:////absolute/path.db"));
            }
        },
        None => rest,
    };
    let path = decode(path, "path")?;
    let memory = path.is_empty()
        || path.contains(":memory:")
        || query.split('&').any(|option| option == "mode=memory")
        || path.starts_with("file::memory:");
    if memory {
        return Err(TargetError::new(
            Code::MemoryTarget,
            "a SQLite database in memory cannot be migrated: it ends with its connection",
        )
        .help("use a file: sqlite:///path/to/file.db"));
    }
    if let Some(option) = query.split('&').find(|o| !o.is_empty()) {
        let name = option.split('=').next().unwrap_or_default();
        return Err(invalid(format!("SQLite takes no option {name:?} here")));
    }
    Ok(SqliteUrl { path: PathBuf::from(path) })
}
