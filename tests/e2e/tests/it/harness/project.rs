//! A project: a folder with revisions, a home of its own, and the embedded daemon that serves it.

use super::{Answer, Database, Running, programs};
use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use tempfile::TempDir;

/// A project in a temporary folder. Its daemon ends with it.
#[derive(Debug)]
pub(crate) struct Project {
    folder: TempDir,
    pub(crate) database: Arc<Database>,
}

impl Project {
    /// A project without revisions, on `database`.
    pub(crate) fn new(database: Database) -> Project {
        Project::beside(Arc::new(database))
    }

    /// Another project of the same name in another folder, on a database that others use too.
    pub(crate) fn beside(database: Arc<Database>) -> Project {
        let folder = tempfile::tempdir().expect("a folder");
        for (name, mode) in [("home", 0o700), ("run", 0o700), ("shop", 0o755), ("shop/migrations", 0o755)] {
            let path = folder.path().join(name);
            std::fs::create_dir(&path).expect("made");
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).expect("set");
        }
        let project = Project { folder, database };
        project.configure(&format!("project = \"shop\"\ndatabase_url = \"{}\"\n", project.database.url()));
        project
    }

    /// Replaces `migratectl.toml`. Where this process is killed, the daemon still ends.
    pub(crate) fn configure(&self, toml: &str) {
        let toml = match toml.contains("[embedded]") {
            true => toml.replace("[embedded]\nbinary", "[embedded]\nidle = \"60s\"\nbinary"),
            false => format!("{toml}\n[embedded]\nidle = \"60s\"\n"),
        };
        std::fs::write(self.path("migratectl.toml"), toml).expect("written");
    }

    /// Points `migratectl.toml` at a daemon, with further lines.
    pub(crate) fn configure_server(&self, server: &str, lines: &str) {
        let url = self.database.url();
        self.configure(&format!(
            "project = \"shop\"\ndatabase_url = \"{url}\"\nserver = \"{server}\"\n{lines}"
        ));
    }

    /// A path in the project's folder.
    pub(crate) fn path(&self, relative: &str) -> PathBuf {
        self.folder.path().join("shop").join(relative)
    }

    /// Writes a program beside the project.
    pub(crate) fn program(&self, name: &str, text: &str) -> PathBuf {
        let path = self.folder.path().join(name);
        std::fs::write(&path, text).expect("written");
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).expect("set");
        path
    }

    /// The folder around everything.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// `migratectl WORDS`, to its end.
    pub(crate) fn ctl(&self, words: &str) -> Answer {
        self.ctl_words(&words.split_whitespace().collect::<Vec<_>>())
    }

    /// `migratectl` with these arguments, to its end.
    pub(crate) fn ctl_words(&self, words: &[&str]) -> Answer {
        // A command that hangs is ended, with 124, and leaves what it said.
        let mut command = self.command("timeout");
        command.args(["--kill-after=10", "120", "migratectl"]).args(words);
        let output = command.output().expect("it runs");
        let said = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let exit = output.status.code().unwrap_or(-1);
        Answer::new(self, words.join(" "), exit, said(&output.stdout), said(&output.stderr))
    }

    /// `migratectl WORDS` as a process of its own.
    pub(crate) fn start(&self, words: &str) -> Running {
        let mut command = self.command("migratectl");
        command.args(words.split_whitespace());
        Running::start(command, words)
    }

    /// `sh -c LINE`, to its end: for commands as they were printed.
    pub(crate) fn shell(&self, line: &str) -> Answer {
        let mut command = self.command("timeout");
        command.args(["--kill-after=10", "120", "sh", "-c", line]);
        let output = command.output().expect("it runs");
        let said = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let exit = output.status.code().unwrap_or(-1);
        let words = line.strip_prefix("migratectl ").unwrap_or(line).to_owned();
        Answer::new(self, words, exit, said(&output.stdout), said(&output.stderr))
    }

    /// A program with a clean environment, in the project's folder.
    pub(crate) fn command(&self, program: &str) -> Command {
        let path = format!("{}:/usr/local/bin:/usr/bin:/bin", programs::folder().display());
        let mut command = Command::new(program);
        command
            .env_clear()
            .env("PATH", path)
            .env("LC_ALL", "C.UTF-8")
            .env("HOME", self.folder.path().join("home"))
            .env("XDG_RUNTIME_DIR", self.folder.path().join("run"))
            .env("MIGRATECTL_ACTOR", "tester")
            .current_dir(self.path(""))
            .stdin(Stdio::null());
        command
    }

    /// What the daemon says of itself while it runs.
    fn record(&self) -> Option<serde_json::Value> {
        let text = std::fs::read_to_string(self.path(".migrated/daemon.json")).ok()?;
        serde_json::from_str(&text).ok()
    }

    /// The embedded daemon's address, for `--server`.
    pub(crate) fn server(&self) -> String {
        let record = self.record().expect("the daemon runs");
        format!("unix:{}", record["socket"].as_str().expect("it tells its socket"))
    }

    /// The process of the embedded daemon, where it runs.
    pub(crate) fn daemon(&self) -> Option<Pid> {
        let told = || std::fs::read_to_string(self.path("daemon.pid")).ok()?.trim().parse().ok();
        let pid: i64 = self.record().and_then(|record| record["pid"].as_i64()).or_else(told)?;
        let program = std::fs::read_link(format!("/proc/{pid}/exe")).ok()?;
        // The number may be another's by now.
        if program.file_name()? != "migrated" {
            return None;
        }
        Pid::from_raw(i32::try_from(pid).ok()?)
    }

    /// Kills the embedded daemon (SIGKILL) and waits until it is gone.
    pub(crate) fn kill_daemon(&self) {
        let Some(process) = self.daemon().and_then(|pid| pidfd_open(pid, PidfdFlags::empty()).ok()) else {
            return;
        };
        if pidfd_send_signal(&process, Signal::KILL).is_ok() {
            let mut polled = [rustix::event::PollFd::new(&process, rustix::event::PollFlags::IN)];
            let _ = rustix::event::poll(&mut polled, None);
        }
    }
}

impl Drop for Project {
    fn drop(&mut self) {
        self.kill_daemon();
    }
}
