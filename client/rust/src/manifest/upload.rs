//! Makes a manifest known to the daemon: tells its entries, sends the bodies that are missing, tells them again.

use super::{Entry, Hash, Manifest};
use crate::channel::Api;
use crate::error::{Error, Own, Result};
use migrated_proto::v1::{BodyPart, ManifestEntry, NegotiateManifestRequest, UploadBodiesRequest};
use sha2::{Digest as _, Sha256};
use std::collections::HashMap;
use std::io::Read as _;
use std::path::Path;

/// Bytes of bodies in one message. Below the 4 MiB that daemons and proxies take by default, with room for the rest.
const BATCH: usize = 3 * 1024 * 1024 - 64 * 1024;
/// What a part costs beside its bytes: hash, path, numbers.
const PART_OVERHEAD: usize = 512;
/// After so many rounds in which the daemon still lacks bodies something is wrong.
const ROUNDS: usize = 3;

/// Uploads what the daemon lacks of `manifest`; afterwards it knows the digest.
///
/// # Errors
/// Those of the daemon, and LOCAL_FILE where a file changed since it was hashed.
pub async fn upload(api: &Api, project: &str, manifest: &Manifest) -> Result<()> {
    for _ in 0..ROUNDS {
        let missing = negotiate(api, project, manifest).await?;
        if missing.is_empty() {
            return Ok(());
        }
        let by_hash: HashMap<&[u8], &Entry> =
            manifest.entries.iter().map(|e| (e.sha256.as_slice(), e)).collect();
        let mut batch = Batch::new(api, project);
        for hash in missing {
            let entry =
                by_hash.get(hash.as_slice()).ok_or_else(|| stubborn("asks for a file that nobody named"))?;
            batch.add_file(entry, &manifest.file(entry)).await?;
        }
        batch.flush().await?;
    }
    Err(stubborn("still lacks files that were uploaded"))
}

async fn negotiate(api: &Api, project: &str, manifest: &Manifest) -> Result<Vec<Vec<u8>>> {
    let entry = |e: &Entry| ManifestEntry { path: e.path.clone(), sha256: e.sha256.to_vec() };
    let request = NegotiateManifestRequest {
        project: project.into(),
        digest: manifest.digest.to_vec(),
        entries: manifest.entries.iter().map(entry).collect(),
    };
    let response = api.revisions().negotiate_manifest(request).await?.into_inner();
    Ok(response.missing)
}

struct Batch<'a> {
    api: &'a Api,
    project: &'a str,
    parts: Vec<BodyPart>,
    bytes: usize,
}

impl<'a> Batch<'a> {
    fn new(api: &'a Api, project: &'a str) -> Self {
        Batch { api, project, parts: Vec::new(), bytes: 0 }
    }

    async fn add_file(&mut self, entry: &Entry, path: &Path) -> Result<()> {
        let wrong = |e: std::io::Error| Error::file(path, "read", &e);
        let mut file = std::fs::File::open(path).map_err(wrong)?;
        let mut hash = Sha256::new();
        let mut offset = 0;
        loop {
            let room = BATCH.saturating_sub(self.bytes + PART_OVERHEAD);
            let left = usize::try_from(entry.size - offset).unwrap_or(usize::MAX);
            let mut data = Vec::with_capacity(room.min(left));
            (&mut file).take(room.min(left) as u64).read_to_end(&mut data).map_err(wrong)?;
            if data.is_empty() && left > 0 && room > 0 {
                return Err(changed(path));
            }
            hash.update(&data);
            let (from, length) = (offset, data.len());
            offset += length as u64;
            if length > 0 || entry.size == 0 {
                self.bytes += length + PART_OVERHEAD;
                self.parts.push(BodyPart {
                    sha256: entry.sha256.to_vec(),
                    path: entry.path.clone(),
                    size: entry.size,
                    offset: from,
                    data: data.into(),
                });
            }
            if offset == entry.size {
                break;
            }
            self.flush().await?;
        }
        let hash: Hash = hash.finalize().into();
        if hash == entry.sha256 { Ok(()) } else { Err(changed(path)) }
    }

    async fn flush(&mut self) -> Result<()> {
        if !self.parts.is_empty() {
            let parts = std::mem::take(&mut self.parts);
            self.bytes = 0;
            let request = UploadBodiesRequest { project: self.project.into(), parts };
            self.api.revisions().upload_bodies(request).await?;
        }
        Ok(())
    }
}

fn changed(path: &Path) -> Box<Error> {
    Own::LocalFile
        .error(format!("{} changed while it was uploaded", path.display()))
        .state("nothing was done")
        .next("run the command again")
}

fn stubborn(what: &str) -> Box<Error> {
    let mut error = Own::LocalFile.error(format!("the daemon {what}"));
    (error.code, error.reason) = ("MG5013".into(), "INTERNAL".into());
    error
}
