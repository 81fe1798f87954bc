//! The edges that a daemon passes, as it passes them.

use crate::harness::{LONG, Project};
use rustix::fs::{CWD, FileType, Mode, mknodat};
use std::fs::File;
use std::io::{BufRead as _, BufReader, Read as _};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, channel};
use std::time::Instant;

/// A pipe into which a daemon writes the names of the edges.
pub(super) struct Trace {
    path: PathBuf,
    names: Receiver<String>,
}

impl Trace {
    /// A new one, for one daemon.
    pub(super) fn new(project: &Project) -> Trace {
        let path = project.path("edges.pipe");
        let _ = std::fs::remove_file(&path);
        mknodat(CWD, &path, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).expect("a pipe");
        let (tell, names) = channel();
        let pipe = path.clone();
        std::thread::spawn(move || {
            // Opening waits for the daemon.
            let Ok(pipe) = File::open(pipe) else { return };
            for name in BufReader::new(pipe).lines().map_while(Result::ok) {
                if tell.send(name).is_err() {
                    break;
                }
            }
        });
        Trace { path, names }
    }

    /// For `EDGE_TRACE`.
    pub(super) fn path(&self) -> String {
        self.path.display().to_string()
    }

    /// Waits until that edge is passed: whether it was.
    pub(super) fn passes(&self, edge: &str) -> bool {
        let until = Instant::now() + LONG / 4;
        loop {
            match self.names.recv_timeout(until.saturating_duration_since(Instant::now())) {
                Ok(name) if name == edge => return true,
                Ok(_) => {}
                Err(_) => return false,
            }
        }
    }

    /// How often each edge was passed, once the daemon has ended.
    pub(super) fn counted(self) -> Vec<(String, u32)> {
        let mut counted: Vec<(String, u32)> = Vec::new();
        for name in self.names {
            match counted.iter_mut().find(|(known, _)| *known == name) {
                Some((_, count)) => *count += 1,
                None => counted.push((name, 1)),
            }
        }
        counted
    }
}

/// Where a run is held.
pub(super) struct Hold {
    socket: UnixListener,
    path: PathBuf,
}

/// A run that is held.
pub(super) struct Held(UnixStream);

impl Hold {
    /// A new one.
    pub(super) fn new(project: &Project) -> Hold {
        let path = project.path("hold.socket");
        let _ = std::fs::remove_file(&path);
        Hold { socket: UnixListener::bind(&path).expect("a socket"), path }
    }

    /// For `EDGE_SOCKET`.
    pub(super) fn path(&self) -> String {
        self.path.display().to_string()
    }

    /// Waits until a run is held here.
    pub(super) fn holds(&self) -> Held {
        Held(self.socket.accept().expect("a run comes").0)
    }
}

impl Held {
    /// Lets the run on, unless its daemon has gone.
    pub(super) fn let_on(mut self) {
        let _ = self.0.shutdown(std::net::Shutdown::Write);
        let _ = self.0.read(&mut [0]);
    }
}
