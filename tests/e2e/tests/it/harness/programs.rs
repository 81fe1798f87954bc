//! The programs under test.

use std::path::PathBuf;

/// The folder that Cargo puts programs into: the one above this test's own.
///
/// # Panics
/// Where `migrated` or `migratectl` was not built. `cargo test --workspace` builds both; `cargo test -p migrated-e2e`
/// alone builds neither, but `migrated-edged`.
pub(crate) fn folder() -> PathBuf {
    let own = std::env::current_exe().expect("a test has a path");
    let folder = own.ancestors().nth(2).expect("a test stands in target/PROFILE/deps").to_owned();
    for name in ["migrated", "migratectl", "migrated-edged"] {
        assert!(folder.join(name).is_file(), "{name} is not built: `cargo build` first");
    }
    folder
}
