//! A small disk under the store of a lonely daemon, which is filled and emptied.

use std::fs;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

/// A file system of 8 MB in a name space of its own, which lasts as long as this.
#[derive(Debug)]
pub(super) struct Disk {
    holder: Child,
    /// Where it is seen from outside.
    seen: PathBuf,
}

impl Disk {
    /// Mounts one at `folder`, where this user may; else the folder is an ordinary one.
    pub(super) fn mounted(folder: PathBuf) -> Option<Disk> {
        fs::create_dir(&folder).expect("made");
        let mut command = Command::new("unshare");
        command.args(["--mount", "--map-root-user", "sh", "-c"]);
        command.arg("mount -t tmpfs -o size=8m tmpfs \"$0\" && echo mounted && exec cat").arg(&folder);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut holder = command.spawn().ok()?;
        let mut told = [0; 8];
        let told = std::io::Read::read_exact(holder.stdout.as_mut()?, &mut told);
        if told.is_err() {
            let _ = holder.wait();
            crate::harness::report(
                "\n*** no file system can be mounted here: the store's disk is never full ***\n",
            );
            return None;
        }
        let folder = folder.strip_prefix("/").map(PathBuf::from).unwrap_or_default();
        let seen = PathBuf::from(format!("/proc/{}/root", holder.id())).join(folder);
        Some(Disk { holder, seen })
    }

    /// The words that run a program where this is seen.
    pub(super) fn entered(&self, program: &str) -> Vec<String> {
        let pid = self.holder.id().to_string();
        ["nsenter", "--preserve-credentials", "--user", "--mount", "--target", &pid, program]
            .map(str::to_owned)
            .into()
    }

    /// Fills it up, or makes room again.
    pub(super) fn fill(&self, is_full: bool) {
        let file = self.seen.join("ballast");
        if !is_full {
            let _ = fs::remove_file(file);
            return;
        }
        if let Ok(mut ballast) = fs::File::create(file) {
            // Down to the last page.
            for size in [65_536, 4_096] {
                while ballast.write_all(&vec![0; size]).is_ok() {}
            }
        }
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        drop(self.holder.stdin.take());
        let _ = self.holder.wait();
    }
}
