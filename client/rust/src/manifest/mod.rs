//! The manifest: which revision files a folder has, in load order, with their hashes.

mod hash;
mod index;
mod upload;
mod walk;

pub use upload::upload;
pub use walk::{Found, Stamp};

use crate::error::{Error, Result};
use index::Index;
use sha2::{Digest as _, Sha256};
use std::path::{Path, PathBuf};

/// SHA-256.
pub type Hash = [u8; 32];

/// A folder's version locations, and the names that they have in a manifest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Locations {
    /// Absolute paths with their names, in order.
    pub list: Vec<(PathBuf, String)>,
    /// Whether folders inside are read too.
    pub recursive: bool,
}

/// A file of a manifest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Path with `/`, relative to the project's folder.
    pub path: String,
    /// Its version location, as a place in [`Locations::list`].
    pub location: usize,
    /// Bytes.
    pub size: u64,
    /// SHA-256 of its bytes.
    pub sha256: Hash,
}

/// What a folder holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Manifest {
    /// SHA-256 over the entries, as `NegotiateManifestRequest.digest` defines it.
    pub digest: Hash,
    /// Files in load order.
    pub entries: Vec<Entry>,
    locations: Locations,
}

impl Manifest {
    /// Where a file of the manifest is.
    pub fn file(&self, entry: &Entry) -> PathBuf {
        self.locations.file(entry.location, &entry.path)
    }
}

impl Locations {
    /// Names each location by its path relative to the project's folder, so that two checkouts give one manifest.
    pub fn new(project_dir: &Path, locations: &[PathBuf], recursive: bool) -> Locations {
        let list = locations.iter().map(|path| (path.clone(), relative_name(project_dir, path))).collect();
        Locations { list, recursive }
    }

    /// The names in order, as requests carry them.
    pub fn names(&self) -> Vec<String> {
        self.list.iter().map(|(_, name)| name.clone()).collect()
    }

    /// The file of a path of our own in the version location at that place of the list.
    fn file(&self, location: usize, path: &str) -> PathBuf {
        let (folder, name) = &self.list[location];
        let inside = if name == "." { path } else { path.get(name.len() + 1..).unwrap_or_default() };
        folder.join(inside)
    }

    /// The local file of a path that the daemon names; none where it lies in no version location or tries to leave it.
    pub fn file_of(&self, path: &str) -> Option<PathBuf> {
        self.list.iter().find_map(|(folder, name)| {
            let rest =
                if name == "." { path } else { path.strip_prefix(name.as_str())?.strip_prefix('/')? };
            let plain = |part: &str| !matches!(part, "" | "." | "..") && !part.contains(['\\', '\0']);
            rest.split('/').all(plain).then(|| folder.join(rest))
        })
    }
}

/// Reads the manifest of a folder. `index_file` remembers hashes between calls: an unchanged folder costs one `stat` a
/// file. It is only ever an accelerator; where it cannot be read or written nothing else changes.
///
/// # Errors
/// LOCAL_FILE where a folder or file cannot be read, or a name is not UTF-8.
pub fn read(locations: &Locations, index_file: &Path) -> Result<Manifest> {
    let started = now_nanos();
    let bytes = index::load(index_file);
    let index = Index::parse(&bytes);
    let found = walk::walk(locations)?;
    let mut known = index.cursor();
    let mut entries: Vec<(Found, Option<Hash>)> = Vec::with_capacity(found.len());
    for file in found {
        let hash = known.lookup(&file.path, &file.stamp);
        entries.push((file, hash));
    }
    let unchanged = entries.len() == index.len() && entries.iter().all(|(_, hash)| hash.is_some());
    if unchanged && let Some(digest) = index.digest() {
        let entries = entries.into_iter().filter_map(|(file, hash)| Some(entry(file, hash?))).collect();
        return Ok(Manifest { digest, entries, locations: locations.clone() });
    }
    let hashed = hash::fill(locations, entries)?;
    let digest = digest(hashed.iter().map(|(file, hash)| (file.path.as_str(), hash)));
    index::store(index_file, started, &digest, &hashed);
    let entries = hashed.into_iter().map(|(file, hash)| entry(file, hash)).collect();
    Ok(Manifest { digest, entries, locations: locations.clone() })
}

fn entry(file: Found, sha256: Hash) -> Entry {
    Entry { path: file.path, location: file.location, size: file.stamp.size, sha256 }
}

/// The digest of a manifest: each path's bytes, a zero byte, and the hash.
pub fn digest<'a>(entries: impl Iterator<Item = (&'a str, &'a Hash)>) -> Hash {
    let mut all = Sha256::new();
    for (path, hash) in entries {
        all.update(path.as_bytes());
        all.update([0]);
        all.update(hash);
    }
    all.finalize().into()
}

fn now_nanos() -> i64 {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    i64::try_from(now.as_nanos()).unwrap_or(i64::MAX)
}

/// `path` seen from `base`, with `/`: `migrations`, `../shared`, or `.` where they are one.
fn relative_name(base: &Path, path: &Path) -> String {
    let clean = |p: &Path| -> Vec<String> {
        let mut parts: Vec<String> = Vec::new();
        for part in p.components() {
            match part {
                std::path::Component::CurDir => {}
                std::path::Component::ParentDir => drop(parts.pop()),
                other => parts.push(other.as_os_str().to_string_lossy().into_owned()),
            }
        }
        parts
    };
    let (base, path) = (clean(base), clean(path));
    let shared = base.iter().zip(&path).take_while(|(a, b)| a == b).count();
    let mut parts = vec![".."; base.len() - shared];
    parts.extend(path[shared..].iter().map(String::as_str));
    if parts.is_empty() { ".".into() } else { parts.join("/") }
}

fn not_utf8(path: &Path) -> Box<Error> {
    crate::error::Own::LocalFile
        .error(format!("the name of {} is not UTF-8", path.display()))
        .next("rename the file")
}

#[cfg(test)]
mod tests;
