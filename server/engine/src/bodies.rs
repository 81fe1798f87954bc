//! Manifests and bodies: what a folder has, and the bytes that the daemon lacks.

use crate::{Engine, EngineError, Result};
use migrated_core::Code;
use migrated_core::file::{self, FileError};
use migrated_store::{Body, Hash, Manifest, RevisionHeader};
use sha2::{Digest as _, Sha256};
use std::collections::{HashMap, HashSet};
use std::sync::{Mutex, PoisonError};

/// A file of a manifest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ManifestFile {
    /// Path within the folder.
    pub path: String,
    /// SHA-256 of its bytes.
    pub hash: Hash,
}

/// A body, or a part of one.
#[derive(Clone, Debug)]
pub struct BodyPart {
    /// SHA-256 of the whole body.
    pub hash: Hash,
    /// Path, for messages.
    pub path: String,
    /// Bytes of the whole body.
    pub size: u64,
    /// Where the part begins.
    pub offset: u64,
    /// The bytes.
    pub data: bytes::Bytes,
}

/// Bodies of which only a part has come, by hash. A client that never sends the rest is bounded by
/// [`MAX_UNFINISHED`]: the oldest gives way.
#[derive(Default)]
pub(crate) struct Uploads(Mutex<Vec<(Hash, Vec<u8>)>>);

/// Most bodies that are under way in parts.
const MAX_UNFINISHED: usize = 8;

impl Uploads {
    /// Adds a part. Gives the whole body back when it is complete.
    fn add(&self, part: &BodyPart) -> Result<Option<Vec<u8>>> {
        let mut unfinished = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let place = unfinished.iter().position(|(hash, _)| *hash == part.hash);
        let mut bytes = match place {
            Some(i) if part.offset == 0 => {
                unfinished.remove(i);
                Vec::new()
            }
            Some(i) => unfinished.remove(i).1,
            None => Vec::new(),
        };
        if bytes.len() as u64 != part.offset {
            return Err(EngineError::new(
                Code::BodyMismatch,
                format!("{}: the part at byte {} does not follow the last one", part.path, part.offset),
            )
            .with("path", &part.path)
            .next("repeat the command"));
        }
        bytes.extend_from_slice(&part.data);
        if bytes.len() as u64 >= part.size {
            return Ok(Some(bytes));
        }
        if unfinished.len() == MAX_UNFINISHED {
            unfinished.remove(0);
        }
        unfinished.push((part.hash, bytes));
        Ok(None)
    }
}

/// The digest of a manifest: for each file, in order, the path, a zero byte and the file's hash.
pub(crate) fn manifest_digest(files: &[ManifestFile]) -> Hash {
    let mut hasher = Sha256::new();
    for file in files {
        hasher.update(file.path.as_bytes());
        hasher.update([0]);
        hasher.update(file.hash);
    }
    hasher.finalize().into()
}

impl Engine {
    /// Makes a manifest known, or says which of its bodies are missing.
    pub async fn negotiate(
        &self,
        project: &str,
        digest: Hash,
        files: Vec<ManifestFile>,
    ) -> Result<Vec<Hash>> {
        let project = self.project_or_create(project).await?;
        let limit = self.settings().max_manifest_entries;
        if files.len() > limit {
            return Err(EngineError::new(
                Code::LimitExceeded,
                format!("the folder has {} revision files, {limit} are allowed", files.len()),
            )
            .with("limit", limit.to_string())
            .next("raise `limits.max_manifest_entries` in migrated.toml"));
        }
        if manifest_digest(&files) != digest {
            return Err(EngineError::new(
                Code::BodyMismatch,
                "the manifest's digest is not that of its entries",
            )
            .next("use a client of the daemon's version"));
        }
        let mut seen = HashSet::new();
        if let Some(twice) = files.iter().find(|f| !seen.insert(f.path.as_str())) {
            return Err(EngineError::new(
                Code::InvalidRequest,
                format!("the manifest names {} twice", twice.path),
            )
            .with("path", &twice.path));
        }
        let hashes: Vec<Hash> = files.iter().map(|f| f.hash).collect();
        let missing = self.store().missing_bodies(&hashes).await?;
        if missing.is_empty() {
            let entries = files.into_iter().map(|f| (f.path, f.hash)).collect();
            self.store().put_manifest(&project.name, &Manifest { digest, entries }, self.now()).await?;
        }
        Ok(missing)
    }

    /// Stores bodies, parsing each once. A file that cannot be read is refused here, by name.
    pub async fn upload(&self, project: &str, parts: Vec<BodyPart>) -> Result<u32> {
        self.project_or_create(project).await?;
        let mut bodies = Vec::new();
        for part in parts {
            let limit = self.settings().max_revision_bytes;
            if part.size > limit {
                return Err(EngineError::new(
                    Code::LimitExceeded,
                    format!("{} has {} bytes, {limit} are allowed", part.path, part.size),
                )
                .with("path", &part.path)
                .with("limit", limit.to_string())
                .next("raise `limits.max_revision_size` in migrated.toml"));
            }
            if let Some(bytes) = self.inner.uploads.add(&part)? {
                bodies.push(parse_body(&part, bytes)?);
            }
        }
        self.store().put_bodies(&bodies, self.now()).await?;
        Ok(bodies.len() as u32)
    }
}

fn parse_body(part: &BodyPart, bytes: Vec<u8>) -> Result<Body> {
    let hash: Hash = Sha256::digest(&bytes).into();
    if hash != part.hash {
        return Err(EngineError::new(
            Code::BodyMismatch,
            format!("{}: the bytes that came are not those that its hash names", part.path),
        )
        .with("path", &part.path)
        .next("repeat the command: the file may have been written to while it was read"));
    }
    let parsed = file::parse(&part.path, &bytes)?;
    let header = header(parsed, bytes.len());
    Ok(Body { hash, bytes, header })
}

/// What the store keeps of a parsed file.
pub(crate) fn header(parsed: file::RevisionFile, size: usize) -> RevisionHeader {
    RevisionHeader {
        token_hash: file::token_hash(&parsed),
        revision: parsed.revision,
        down_revisions: parsed.down_revisions,
        depends_on: parsed.depends_on,
        branch_labels: parsed.branch_labels,
        message: parsed.message,
        created: parsed.created,
        size: size as u64,
    }
}

impl From<FileError> for EngineError {
    fn from(e: FileError) -> Self {
        let place = migrated_core::event::SqlFault {
            path: e.path.clone(),
            line: e.line,
            column_number: e.column,
            ..Default::default()
        };
        let mut error = EngineError::new(e.code, e.message).with("path", &e.path).next(e.help);
        error = error.with("line", e.line.to_string());
        error.sql = Some(Box::new(place));
        error
    }
}

/// Revisions that stand in several files, with the files: which no graph can be made from.
pub(crate) fn files_by_revision<'a>(
    files: impl Iterator<Item = (&'a str, &'a str)>,
) -> HashMap<&'a str, Vec<&'a str>> {
    let mut by_revision: HashMap<&str, Vec<&str>> = HashMap::new();
    for (revision, path) in files {
        by_revision.entry(revision).or_default().push(path);
    }
    by_revision
}
