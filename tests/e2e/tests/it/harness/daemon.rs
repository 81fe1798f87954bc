//! A daemon that people start themselves: `migrated` with a configuration of its own, for several clients.

use super::{Answer, LONG, Project, Running};
use rustix::process::Signal;
use std::time::Duration;
use tonic::transport::Endpoint;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::HealthCheckResponse;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;

/// A `migrated` that serves.
#[derive(Debug)]
pub(crate) struct Daemon {
    process: Running,
    /// `host:port`, or `unix:` and a path.
    pub(crate) address: String,
}

/// What a shared daemon needs to serve a project with an ad-hoc URL. Its store stands where an embedded daemon's would.
const SHARED: &str = "[targets]\nallow_ad_hoc = true\n[projects]\ncreate_on_push = true\n\
                      [store]\npath = \".migrated/store.db\"\n";

impl Daemon {
    /// Starts one in the project's folder, on an address (with port 0, one that is free) and with further sections.
    pub(crate) fn serve(project: &Project, listen: &str, sections: &str) -> Daemon {
        Daemon::serve_as(project, "migrated", listen, sections, &[])
    }

    /// Starts `migrated-edged`, on the project's own socket, with variables that say where its runs are cut off or
    /// held.
    pub(crate) fn edged(project: &Project, variables: &[(&str, &str)]) -> Daemon {
        let listen = format!("unix:{}", project.path("edged.socket").display());
        Daemon::serve_as(project, "migrated-edged", &listen, "", variables)
    }

    fn serve_as(
        project: &Project,
        program: &str,
        listen: &str,
        sections: &str,
        variables: &[(&str, &str)],
    ) -> Daemon {
        let toml = format!("[listen]\naddresses = [\"{listen}\"]\n{SHARED}{sections}");
        std::fs::write(project.path("daemon.toml"), toml).expect("written");
        let _ = std::fs::create_dir(project.path(".migrated"));
        let mut command = project.command(program);
        command.envs(variables.iter().copied());
        command.args(["--config", "daemon.toml", "--log", "info", "--log-format", "json"]);
        let mut process = Running::start(command, "(daemon)");
        let line = process.told("\"serving\"");
        let told = line.split("\"address\":\"").nth(1).and_then(|rest| rest.split('"').next());
        let address = told.expect("it tells its address").to_owned();
        Daemon { process, address }
    }

    /// Its process.
    pub(crate) fn pid(&self) -> u32 {
        self.process.pid()
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

    /// Waits for the end of it, as long as its client has something to wait for and a moment longer: whether it ended.
    pub(crate) fn ends_with(&self, client: Running) -> bool {
        self.process.ends_before(&client, LONG) || self.process.has_ended_within(Duration::from_secs(5))
    }

    /// Kills it (SIGKILL) and waits until it is gone.
    pub(crate) fn killed(self, project: &Project) {
        self.signal(Signal::KILL);
        self.ends(project);
    }

    /// Watches its health from now on.
    pub(crate) fn health(&self) -> Health {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let uri = format!("http://{}", self.address);
        let stream = runtime.block_on(async {
            let channel = Endpoint::new(uri).expect("an address").connect().await.expect("it listens");
            let request = HealthCheckRequest { service: String::new() };
            HealthClient::new(channel).watch(request).await.expect("it tells").into_inner()
        });
        Health { runtime, stream }
    }
}

/// The health that a daemon tells.
pub(crate) struct Health {
    runtime: tokio::runtime::Runtime,
    stream: tonic::Streaming<HealthCheckResponse>,
}

impl Health {
    /// Waits until it tells this.
    #[track_caller]
    pub(crate) fn becomes(&mut self, status: ServingStatus) {
        let seen = self.runtime.block_on(async {
            while let Some(told) = self.stream.message().await.expect("the stream stands") {
                if told.status() == status {
                    return true;
                }
            }
            false
        });
        assert!(seen, "the stream ended before {status:?}");
    }
}
