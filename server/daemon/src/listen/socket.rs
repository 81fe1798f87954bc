//! A Unix socket's file: made private, never taken from a living daemon, removed at the end.

use std::fs::{File, OpenOptions, Permissions};
use std::io::{Error, ErrorKind, Result};
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};

/// The file of a socket that is ours. Dropped, it is removed.
#[derive(Debug)]
pub(crate) struct Socket {
    path: PathBuf,
    inode: (u64, u64),
    /// Held as long as the socket is ours; its file stays, for two could otherwise hold two files of one name.
    _lock: File,
}

impl Socket {
    /// Listens at `path` with mode 0600. A socket that a dead daemon left is replaced; a living one never is.
    ///
    /// # Errors
    /// [`ErrorKind::AddrInUse`] where somebody answers there or starts to, [`ErrorKind::AlreadyExists`] where the file is
    /// no socket, and what the system says.
    pub(crate) fn bind(path: &Path) -> Result<(UnixListener, Socket)> {
        let lock = lock(path)?;
        match std::fs::symlink_metadata(path) {
            Ok(there) if !there.file_type().is_socket() => {
                return Err(Error::new(
                    ErrorKind::AlreadyExists,
                    "the file there is no socket; it is left alone",
                ));
            }
            // A program that takes no lock of ours may listen there all the same.
            Ok(_) if UnixStream::connect(path).is_ok() => {
                return Err(Error::new(ErrorKind::AddrInUse, "another process answers there"));
            }
            _ => {}
        }
        // Bound aside and moved: at no moment is there a socket with another mode, or none where one was.
        let aside = beside(path, "new");
        let _ = std::fs::remove_file(&aside);
        let listener = UnixListener::bind(&aside)?;
        std::fs::set_permissions(&aside, Permissions::from_mode(0o600))?;
        listener.set_nonblocking(true)?;
        let made = std::fs::symlink_metadata(&aside)?;
        std::fs::rename(&aside, path)?;
        Ok((listener, Socket { path: path.to_owned(), inode: (made.dev(), made.ino()), _lock: lock }))
    }

    /// Where it is.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        let ours = std::fs::symlink_metadata(&self.path).is_ok_and(|m| (m.dev(), m.ino()) == self.inode);
        if ours {
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

fn lock(path: &Path) -> Result<File> {
    let file =
        OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(beside(path, "lock"))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(std::fs::TryLockError::WouldBlock) => {
            Err(Error::new(ErrorKind::AddrInUse, "another daemon has this socket"))
        }
        Err(std::fs::TryLockError::Error(e)) => Err(e),
    }
}

fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".");
    name.push(ending);
    PathBuf::from(name)
}

#[cfg(test)]
mod tests {
    use super::Socket;
    use std::io::ErrorKind;
    use std::os::unix::fs::PermissionsExt as _;
    use std::os::unix::net::{UnixListener, UnixStream};

    #[test]
    fn a_socket_is_private_and_removed_at_the_end() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("s");
        let (_listener, socket) = Socket::bind(&path).expect("free");
        let mode = std::fs::metadata(&path).expect("made").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert!(UnixStream::connect(&path).is_ok());
        drop(socket);
        assert!(!path.exists());
    }

    #[test]
    fn a_stale_socket_is_replaced() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("s");
        drop(UnixListener::bind(&path).expect("bound, then left behind"));
        assert_eq!(UnixStream::connect(&path).expect_err("nobody").kind(), ErrorKind::ConnectionRefused);
        let (_listener, _socket) = Socket::bind(&path).expect("stale");
        assert!(UnixStream::connect(&path).is_ok());
    }

    #[test]
    fn a_living_socket_is_never_taken() {
        let folder = tempfile::tempdir().expect("a folder");
        let (ours, foreign, file) =
            (folder.path().join("o"), folder.path().join("f"), folder.path().join("x"));
        let (_listener, _socket) = Socket::bind(&ours).expect("free");
        assert_eq!(Socket::bind(&ours).expect_err("locked").kind(), ErrorKind::AddrInUse);
        let _other = UnixListener::bind(&foreign).expect("free");
        assert_eq!(Socket::bind(&foreign).expect_err("answers").kind(), ErrorKind::AddrInUse);
        std::fs::write(&file, "kept").expect("written");
        assert_eq!(Socket::bind(&file).expect_err("no socket").kind(), ErrorKind::AlreadyExists);
        assert_eq!(std::fs::read_to_string(&file).expect("kept"), "kept");
    }

    #[test]
    fn a_socket_that_replaced_ours_is_left_alone() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("s");
        let (_listener, socket) = Socket::bind(&path).expect("free");
        std::fs::remove_file(&path).expect("removed");
        let _other = UnixListener::bind(&path).expect("free");
        drop(socket);
        assert!(path.exists());
    }
}
