//! The repository's files.

use std::fs;
use std::path::{Path, PathBuf};

/// Folders that are made by tools and belong to nobody.
const MADE: &[&str] = &[".git", ".migrated", "node_modules", "__pycache__"];

/// The repository's root.
///
/// # Panics
/// Where this crate does not stand two folders below it.
pub fn repository() -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    root.canonicalize().expect("the crate stands in tests/tidy of the repository")
}

/// Every file below `folder` whose name ends in one of `endings` (all files where none is given), as paths relative
/// to the repository with `/`, sorted. Build output is left out.
///
/// # Panics
/// Where a folder cannot be read.
pub fn tracked(folder: &str, endings: &[&str]) -> Vec<String> {
    let root = repository();
    let mut found = Vec::new();
    let start = root.join(folder);
    if start.is_dir() {
        collect(&root, &start, endings, &mut found);
    }
    found.sort();
    found
}

fn collect(root: &Path, folder: &Path, endings: &[&str], found: &mut Vec<String>) {
    for entry in fs::read_dir(folder).expect("a folder of the repository can be read") {
        let path = entry.expect("an entry of a folder can be read").path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if path.is_symlink() {
            continue;
        }
        if path.is_dir() {
            // Cargo marks its own folders, wherever they are.
            if !MADE.contains(&name.as_str()) && !path.join("CACHEDIR.TAG").exists() {
                collect(root, &path, endings, found);
            }
        } else if endings.is_empty() || endings.iter().any(|ending| name.ends_with(ending)) {
            let relative = path.strip_prefix(root).expect("it was found below the root");
            found.push(relative.to_string_lossy().replace('\\', "/"));
        }
    }
}
