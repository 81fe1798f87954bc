//! The index: hashes of the last call, so that an unchanged file costs a `stat` and no read.
//!
//! Layout, little-endian: magic, start of the walk (i64 ns), manifest digest, count (u32), then per file the length of
//! its path (u32), path, size, mtime, ctime, inode (8 bytes each) and SHA-256; at the end the SHA-256 of all before.

use super::Hash;
use super::walk::{Found, Stamp};
use sha2::{Digest as _, Sha256};
use std::collections::HashMap;
use std::io::Write as _;
use std::path::Path;

const MAGIC: &[u8; 8] = b"MGINDEX1";
/// A file that was changed so shortly before the index was begun could change again without its times moving: file
/// systems keep times in ticks of up to two seconds.
const RACY_NANOS: i64 = 2_000_000_000;

/// What the last call knew.
#[derive(Default)]
pub(super) struct Index<'a> {
    started: i64,
    digest: Option<Hash>,
    entries: Vec<(&'a str, Stamp, Hash)>,
}

/// The bytes of the index; none where it cannot be read.
pub(super) fn load(path: &Path) -> Vec<u8> {
    std::fs::read(path).unwrap_or_default()
}

impl<'a> Index<'a> {
    /// Reads the index; one that is missing, damaged or of another layout is empty.
    pub(super) fn parse(bytes: &'a [u8]) -> Index<'a> {
        parse(bytes).unwrap_or_default()
    }

    /// Files in it.
    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    /// Digest of the manifest that it was written for.
    pub(super) fn digest(&self) -> Option<Hash> {
        self.digest
    }

    /// For look-ups in load order, which is the order of the entries.
    pub(super) fn cursor(&self) -> Cursor<'_, 'a> {
        Cursor { index: self, next: 0, by_path: None }
    }

    fn hash_of(&self, entry: usize, stamp: &Stamp) -> Option<Hash> {
        let (_, known, hash) = &self.entries[entry];
        (known == stamp && !is_racy(stamp, self.started)).then_some(*hash)
    }
}

/// Whether a file's times are too close to the walk to prove anything.
fn is_racy(stamp: &Stamp, started: i64) -> bool {
    stamp.mtime.max(stamp.ctime) >= started.saturating_sub(RACY_NANOS)
}

/// Looks files up, fast while they come in the order of the entries.
pub(super) struct Cursor<'i, 'a> {
    index: &'i Index<'a>,
    next: usize,
    by_path: Option<HashMap<&'a str, usize>>,
}

impl Cursor<'_, '_> {
    /// The hash of a file, if it is still the one that was hashed.
    pub(super) fn lookup(&mut self, path: &str, stamp: &Stamp) -> Option<Hash> {
        let entries = &self.index.entries;
        let at = match entries.get(self.next) {
            Some((known, ..)) if *known == path => self.next,
            _ => {
                let by_path = self.by_path.get_or_insert_with(|| {
                    entries.iter().enumerate().map(|(i, (path, ..))| (*path, i)).collect()
                });
                *by_path.get(path)?
            }
        };
        self.next = at + 1;
        self.index.hash_of(at, stamp)
    }
}

/// Writes the index beside the old one and puts it in its place. A failure is no fault: the next call hashes again.
pub(super) fn store(path: &Path, started: i64, digest: &Hash, files: &[(Found, Hash)]) {
    let bytes = encode(started, digest, files);
    let temporary = path.with_extension(format!("{}.tmp", std::process::id()));
    let written = std::fs::File::create_new(&temporary).and_then(|mut f| f.write_all(&bytes));
    if written.and_then(|()| std::fs::rename(&temporary, path)).is_err() {
        drop(std::fs::remove_file(&temporary));
    }
}

fn encode(started: i64, digest: &Hash, files: &[(Found, Hash)]) -> Vec<u8> {
    let mut out = Vec::with_capacity(64 + files.len() * 128);
    out.extend_from_slice(MAGIC);
    out.extend_from_slice(&started.to_le_bytes());
    out.extend_from_slice(digest);
    out.extend_from_slice(&count(files.len()).to_le_bytes());
    for (file, hash) in files {
        out.extend_from_slice(&count(file.path.len()).to_le_bytes());
        out.extend_from_slice(file.path.as_bytes());
        out.extend_from_slice(&file.stamp.size.to_le_bytes());
        out.extend_from_slice(&file.stamp.mtime.to_le_bytes());
        out.extend_from_slice(&file.stamp.ctime.to_le_bytes());
        out.extend_from_slice(&file.stamp.inode.to_le_bytes());
        out.extend_from_slice(hash);
    }
    let sum = Sha256::digest(&out);
    out.extend_from_slice(&sum);
    out
}

fn count(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

fn parse(bytes: &[u8]) -> Option<Index<'_>> {
    let (body, sum) = bytes.split_last_chunk::<32>()?;
    if Hash::from(Sha256::digest(body)) != *sum {
        return None;
    }
    let mut rest = body.strip_prefix(MAGIC)?;
    let started = i64::from_le_bytes(take(&mut rest)?);
    let digest = take(&mut rest)?;
    let files = u32::from_le_bytes(take(&mut rest)?);
    let mut entries = Vec::with_capacity(usize::try_from(files).ok()?.min(body.len() / 64));
    for _ in 0..files {
        let length = usize::try_from(u32::from_le_bytes(take(&mut rest)?)).ok()?;
        let (path, after) = rest.split_at_checked(length)?;
        rest = after;
        let stamp = Stamp {
            size: u64::from_le_bytes(take(&mut rest)?),
            mtime: i64::from_le_bytes(take(&mut rest)?),
            ctime: i64::from_le_bytes(take(&mut rest)?),
            inode: u64::from_le_bytes(take(&mut rest)?),
        };
        entries.push((std::str::from_utf8(path).ok()?, stamp, take(&mut rest)?));
    }
    rest.is_empty().then_some(Index { started, digest: Some(digest), entries })
}

fn take<const N: usize>(rest: &mut &[u8]) -> Option<[u8; N]> {
    let (head, tail) = rest.split_first_chunk::<N>()?;
    *rest = tail;
    Some(*head)
}

#[cfg(test)]
mod tests {
    use super::*;

    const STAMP: Stamp = Stamp { size: 3, mtime: 100_000_000_000, ctime: 100_000_000_000, inode: 7 };

    fn index(started: i64) -> Index<'static> {
        Index { started, digest: Some([1; 32]), entries: vec![("m/a.sql", STAMP, [9; 32])] }
    }

    #[test]
    fn a_file_that_is_as_old_as_the_index_is_hashed_again() {
        let lookup = |started: i64| index(started).cursor().lookup("m/a.sql", &STAMP);
        assert_eq!(lookup(STAMP.mtime), None);
        assert_eq!(lookup(STAMP.mtime - 1), None);
        assert_eq!(lookup(STAMP.mtime + RACY_NANOS), None);
        assert_eq!(lookup(STAMP.mtime + RACY_NANOS + 1), Some([9; 32]));
    }

    #[test]
    fn every_part_of_the_stamp_counts() {
        let index = index(STAMP.mtime * 2);
        for other in [
            Stamp { size: 4, ..STAMP },
            Stamp { mtime: STAMP.mtime - 1, ..STAMP },
            Stamp { ctime: STAMP.ctime + 1, ..STAMP },
            Stamp { inode: 8, ..STAMP },
        ] {
            assert_eq!(index.cursor().lookup("m/a.sql", &other), None, "{other:?}");
        }
        assert_eq!(index.cursor().lookup("m/b.sql", &STAMP), None);
    }

    #[test]
    fn what_was_written_is_read_and_every_cut_or_flipped_byte_is_ignored() {
        let file = Found { path: "m/a.sql".into(), location: 0, stamp: STAMP };
        let bytes = encode(5, &[1; 32], &[(file, [9; 32])]);
        let read = parse(&bytes).expect("it is whole");
        assert_eq!((read.started, read.digest, read.len()), (5, Some([1; 32]), 1));
        for cut in 0..bytes.len() {
            assert!(parse(&bytes[..cut]).is_none(), "cut at {cut}");
            let mut flipped = bytes.clone();
            flipped[cut] ^= 1;
            assert!(parse(&flipped).is_none(), "flipped at {cut}");
        }
    }
}
