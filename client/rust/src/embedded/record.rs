//! `daemon.json`: what an embedded daemon tells about itself.

use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// The record of a daemon, which it writes when it begins to serve.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// Its process.
    pub pid: i32,
    /// Its release.
    pub version: String,
    /// Its socket.
    pub socket: PathBuf,
    /// When it started, RFC 3339.
    #[serde(default)]
    pub started: String,
}

impl Record {
    /// Reads the record of a state folder; none where there is none or it cannot be read.
    pub fn read(state_dir: &Path) -> Option<Record> {
        serde_json::from_slice(&std::fs::read(state_dir.join("daemon.json")).ok()?).ok()
    }
}
