//! Daemons that share a store in PostgreSQL.

use super::{Answer, Database, Engine, Project, Running};
use rustix::process::Signal;

/// A revision store in a PostgreSQL database of its own.
#[derive(Debug)]
pub(crate) struct SharedStore {
    database: Database,
}

impl SharedStore {
    /// A new one, where the server is there.
    pub(crate) fn new() -> Option<SharedStore> {
        Database::new(Engine::Postgres).map(|database| SharedStore { database })
    }

    /// Asks the store itself: one line a row, cells joined by `|`.
    #[track_caller]
    pub(crate) fn sql(&self, sql: &str) -> String {
        self.database.sql(&format!("SET search_path TO migrated; {sql}"))
    }

    /// The last run that was asked for.
    pub(crate) fn last_run(&self) -> String {
        self.sql("SELECT id FROM run ORDER BY id DESC LIMIT 1")
    }

    /// Starts a daemon on it, of that name, which knows the project's database as `app`.
    pub(crate) fn serve(&self, project: &Project, name: &str) -> Replica {
        self.serve_on(project, name, "127.0.0.1:0")
    }

    /// The same on an address that it had before.
    pub(crate) fn serve_on(&self, project: &Project, name: &str, listen: &str) -> Replica {
        self.start(project, name, listen, "", "")
    }

    /// The same with further lines of the section `runs`, and further sections.
    pub(crate) fn serve_with(&self, project: &Project, name: &str, runs: &str, sections: &str) -> Replica {
        self.start(project, name, "127.0.0.1:0", runs, sections)
    }

    fn start(&self, project: &Project, name: &str, listen: &str, runs: &str, sections: &str) -> Replica {
        let toml = format!(
            "[listen]\naddresses = [\"{listen}\"]\n[targets]\nallow_ad_hoc = true\n[projects]\ncreate_on_push = true\n\
             [store]\nurl = \"{}\"\n[runs]\nowner = \"{name}\"\n{runs}[connections.app]\nurl = \"{}\"\n{sections}",
            self.database.url(),
            project.database.url()
        );
        let file = format!("{name}.toml");
        std::fs::write(project.path(&file), toml).expect("written");
        let mut command = project.command("migrated");
        command.args(["--config", &file, "--log", "info", "--log-format", "json"]);
        let mut process = Running::start(command, name);
        let line = process.told("\"serving\"");
        let told = line.split("\"address\":\"").nth(1).and_then(|rest| rest.split('"').next());
        Replica { process, address: told.expect("it tells its address").to_owned() }
    }
}

/// One of the daemons.
#[derive(Debug)]
pub(crate) struct Replica {
    process: Running,
    /// `host:port`.
    pub(crate) address: String,
}

impl Replica {
    /// A command for this daemon and the target `app`.
    pub(crate) fn words(&self, words: &str) -> String {
        format!("{words} --server http://{} --target app", self.address)
    }

    /// A command for this daemon that takes no target.
    pub(crate) fn asked(&self, words: &str) -> String {
        format!("{words} --server http://{}", self.address)
    }

    /// Sends a signal.
    pub(crate) fn signal(&self, signal: Signal) {
        self.process.signal(signal);
    }

    /// Waits for a line of its log.
    #[track_caller]
    pub(crate) fn logged(&mut self, text: &str) {
        self.process.told(text);
    }

    /// Waits for its end.
    #[track_caller]
    pub(crate) fn ends(self, project: &Project) -> Answer {
        self.process.ends(project)
    }

    /// Kills it (SIGKILL) and waits until it is gone.
    pub(crate) fn killed(self, project: &Project) {
        self.signal(Signal::KILL);
        self.ends(project);
    }
}
