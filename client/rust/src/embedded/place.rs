//! Where an embedded daemon lives: its state folder and its socket.

use crate::config::Config;
use crate::error::{Error, Own, Result};
use sha2::{Digest as _, Sha256};
use std::fs::File;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};

/// The state folder's name in the project.
pub(super) const STATE_DIR: &str = ".migrated";
/// Longest path of a socket that every platform takes.
const SOCKET_PATH: usize = 100;

/// The places of one project's daemon.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The project's folder, its real path.
    pub project_dir: PathBuf,
    /// Store, log and record.
    pub state_dir: PathBuf,
    /// Unix socket.
    pub socket: PathBuf,
}

impl Place {
    /// Finds the places; makes nothing.
    ///
    /// # Errors
    /// LOCAL_FILE where the project's folder cannot be resolved.
    pub fn of(config: &Config) -> Result<Place> {
        let project_dir = std::fs::canonicalize(&config.project_dir)
            .map_err(|e| Error::file(&config.project_dir, "resolve", &e))?;
        let hash = hex::encode(&Sha256::digest(project_dir.as_os_str().as_bytes())[..8]);
        let socket = socket_path(config, &hash);
        Ok(Place { state_dir: state_dir(config, &project_dir, &hash), project_dir, socket })
    }

    /// The daemon's log.
    pub fn log(&self) -> PathBuf {
        self.state_dir.join("daemon.log")
    }

    /// The manifest's index.
    pub fn index(&self) -> PathBuf {
        self.state_dir.join("index")
    }

    /// Makes the state folder, which ignores itself in git.
    ///
    /// # Errors
    /// LOCAL_FILE where it cannot be made.
    pub fn prepare_state(&self) -> Result<()> {
        make_private(&self.state_dir)?;
        let ignore = self.state_dir.join(".gitignore");
        if !ignore.exists() {
            std::fs::write(&ignore, "*\n").map_err(|e| Error::file(&ignore, "write", &e))?;
        }
        Ok(())
    }

    /// Makes the state folder and the socket's folder, and checks that nobody else can reach the latter.
    ///
    /// # Errors
    /// LOCAL_FILE where a folder cannot be made, EMBEDDED_START where the socket's folder is not ours alone.
    pub fn prepare(&self) -> Result<()> {
        self.prepare_state()?;
        let folder = self.socket.parent().unwrap_or(Path::new("/"));
        make_private(folder)?;
        let found = std::fs::symlink_metadata(folder).map_err(|e| Error::file(folder, "read", &e))?;
        let own = rustix::process::geteuid().as_raw();
        if !found.is_dir() || found.uid() != own || found.mode() & 0o077 != 0 {
            let shown = folder.display();
            return Err(Own::EmbeddedStart
                .error(format!("{shown} is not a folder of user {own} that nobody else can enter"))
                .next(format!("remove {shown}, or set XDG_RUNTIME_DIR to a private folder")));
        }
        Ok(())
    }

    /// Whether a daemon has the state folder, be it that it serves, starts or ends: it holds the lock `daemon.lock`.
    pub fn is_taken(&self) -> bool {
        File::open(self.state_dir.join("daemon.lock"))
            .is_ok_and(|file| matches!(file.try_lock_shared(), Err(std::fs::TryLockError::WouldBlock)))
    }

    /// The lock under which a daemon is started. It ends with the returned file.
    ///
    /// # Errors
    /// LOCAL_FILE where the file system has no locks.
    pub fn lock(&self) -> Result<File> {
        let path = self.state_dir.join("start.lock");
        let wrong = |e: std::io::Error| Error::file(&path, "lock", &e);
        let file = File::options().create(true).truncate(false).write(true).open(&path).map_err(wrong)?;
        file.lock().map_err(wrong)?;
        Ok(file)
    }
}

/// `.migrated/` in the project, or, where that cannot be written, a folder in the user's state folder.
fn state_dir(config: &Config, project_dir: &Path, hash: &str) -> PathBuf {
    let inside = project_dir.join(STATE_DIR);
    let writable = |path: &Path| rustix::fs::access(path, rustix::fs::Access::WRITE_OK).is_ok();
    if if inside.exists() { writable(&inside) } else { writable(project_dir) } {
        return inside;
    }
    let absolute = |name: &str| config.variable(name).map(PathBuf::from).filter(|p| p.is_absolute());
    let state = absolute("XDG_STATE_HOME").or_else(|| absolute("HOME").map(|home| home.join(".local/state")));
    state.unwrap_or_else(|| temporary(config)).join("migrated").join(hash)
}

fn socket_path(config: &Config, hash: &str) -> PathBuf {
    let file = format!("{hash}.sock");
    let own = format!("migrated-{}", rustix::process::geteuid().as_raw());
    let runtime =
        config.variable("XDG_RUNTIME_DIR").map(PathBuf::from).filter(|p| p.is_absolute() && p.is_dir());
    let wanted =
        runtime.map(|dir| dir.join("migrated")).unwrap_or_else(|| temporary(config).join(&own)).join(&file);
    let fits = wanted.as_os_str().len() <= SOCKET_PATH;
    if fits { wanted } else { Path::new("/tmp").join(own).join(file) }
}

fn temporary(config: &Config) -> PathBuf {
    config.variable("TMPDIR").map(PathBuf::from).filter(|p| p.is_absolute()).unwrap_or_else(|| "/tmp".into())
}

fn make_private(folder: &Path) -> Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true).mode(0o700).create(folder).map_err(|e| Error::file(folder, "make", &e))
}
