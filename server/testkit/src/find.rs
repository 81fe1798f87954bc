//! Finding the programs of a server.

use crate::StartError;
use std::path::{Path, PathBuf};

/// Debian's folders of PostgreSQL programs, newest first.
fn postgres_folders() -> Vec<PathBuf> {
    let mut found: Vec<(u32, PathBuf)> = std::fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .filter_map(Result::ok)
        .filter_map(|entry| Some((entry.file_name().to_str()?.parse().ok()?, entry.path().join("bin"))))
        .collect();
    found.sort();
    found.into_iter().rev().map(|(_, folder)| folder).collect()
}

/// The path of a program: in the folder that `MIGRATED_TEST_BIN` names, in those of PostgreSQL, in `PATH`, in the
/// `sbin` folders.
pub(crate) fn program(name: &str) -> Result<PathBuf, StartError> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::var_os("MIGRATED_TEST_BIN")
        .map(PathBuf::from)
        .into_iter()
        .chain(postgres_folders())
        .chain(std::env::split_paths(&path))
        .chain(["/usr/sbin", "/sbin", "/usr/local/sbin", "/opt/homebrew/bin"].map(PathBuf::from))
        .map(|folder| folder.join(name))
        .find(|file| is_program(file))
        .ok_or_else(|| StartError::Missing(name.to_owned()))
}

fn is_program(file: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    std::fs::metadata(file).is_ok_and(|data| data.is_file() && data.permissions().mode() & 0o111 != 0)
}
