//! Hashes files on all processors, each in pieces: a large file never stands in memory.

use super::walk::{self, Found};
use super::{Hash, Locations};
use crate::error::{Error, Own, Result};
use sha2::{Digest as _, Sha256};
use std::io::Read as _;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

const PIECE: usize = 64 * 1024;
/// Fewer files than this are not worth a thread of their own.
const FILES_PER_THREAD: usize = 32;

/// Hashes what has no hash yet. A file that changes meanwhile gets the stamp and hash of one moment.
///
/// # Errors
/// LOCAL_FILE where a file cannot be read, or does not stand still.
pub(super) fn fill(
    locations: &Locations,
    mut entries: Vec<(Found, Option<Hash>)>,
) -> Result<Vec<(Found, Hash)>> {
    let todo: Vec<usize> = (0..entries.len()).filter(|i| entries[*i].1.is_none()).collect();
    let processors = std::thread::available_parallelism().map_or(1, usize::from);
    let threads = processors.min(todo.len() / FILES_PER_THREAD).max(1);
    let next = AtomicUsize::new(0);
    let done = Mutex::new(Vec::with_capacity(todo.len()));
    let failed = Mutex::new(None);
    let work = || {
        let mut mine = Vec::new();
        let mut piece = vec![0; PIECE];
        while let Some(&i) = todo.get(next.fetch_add(1, Ordering::Relaxed)) {
            let found = &entries[i].0;
            match one(&locations.file(found.location, &found.path), &mut piece) {
                Ok((hash, stamp)) => mine.push((i, hash, stamp)),
                Err(error) => {
                    // The others stop too: one failure is enough to tell.
                    next.store(todo.len(), Ordering::Relaxed);
                    lock(&failed).get_or_insert(error);
                }
            }
        }
        lock(&done).extend(mine);
    };
    std::thread::scope(|scope| {
        for _ in 1..threads {
            scope.spawn(work);
        }
        work();
    });
    if let Some(error) = lock(&failed).take() {
        return Err(error);
    }
    for (i, hash, stamp) in lock(&done).drain(..) {
        entries[i].1 = Some(hash);
        entries[i].0.stamp = stamp;
    }
    Ok(entries.into_iter().filter_map(|(file, hash)| Some((file, hash?))).collect())
}

fn one(path: &Path, piece: &mut [u8]) -> Result<(Hash, walk::Stamp)> {
    let wrong = |e: std::io::Error| Error::file(path, "read", &e);
    for _ in 0..3 {
        let mut file = std::fs::File::open(path).map_err(wrong)?;
        let before = walk::stamp_of(&file).map_err(wrong)?;
        let mut hash = Sha256::new();
        loop {
            match file.read(piece).map_err(wrong)? {
                0 => break,
                n => hash.update(&piece[..n]),
            }
        }
        if walk::stamp_of(&file).map_err(wrong)? == before {
            return Ok((hash.finalize().into(), before));
        }
    }
    Err(Own::LocalFile
        .error(format!("{} keeps changing while it is read", path.display()))
        .next("try again when nobody writes it"))
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}
