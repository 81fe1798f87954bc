//! A daemon under test: started as a process, awaited by its log, ended with the test.

use std::path::Path;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStderr, Command};
use tonic::metadata::MetadataValue;
use tonic::service::Interceptor;
use tonic::transport::{Channel, Endpoint};
use tonic::{Request, Status};
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;

/// More than anything here takes on a loaded machine; only a failing test waits for it.
pub(crate) const LONG: Duration = Duration::from_secs(60);

/// The binary with a clean environment and a folder of its own to work in.
pub(crate) fn command(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_migrated"));
    command.current_dir(folder).env_clear().env("PATH", "/usr/bin:/bin").kill_on_drop(true);
    command
}

/// A daemon that serves.
pub(crate) struct Daemon {
    pub(crate) child: Child,
    pub(crate) log: Lines<BufReader<ChildStderr>>,
    /// Its addresses, as it told them.
    pub(crate) addresses: Vec<String>,
    pub(crate) folder: TempDir,
}

impl Daemon {
    /// Starts a daemon on `toml` and waits until it serves on `count` addresses.
    pub(crate) async fn start(folder: TempDir, toml: &str, count: usize) -> Daemon {
        std::fs::write(folder.path().join("migrated.toml"), toml).expect("written");
        let mut child = command(folder.path())
            .args(["--log", "info", "--log-format", "json"])
            .stdin(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("started");
        let mut log = BufReader::new(child.stderr.take().expect("piped")).lines();
        let mut addresses = Vec::new();
        while addresses.len() < count {
            let line = line_with(&mut log, "\"serving\"").await;
            let event: serde_json::Value = serde_json::from_str(&line).expect("a line of JSON");
            addresses.push(event["address"].as_str().expect("an address").to_owned());
        }
        Daemon { child, log, addresses, folder }
    }

    /// Sends a signal.
    pub(crate) fn signal(&self, signal: rustix::process::Signal) {
        let pid = self.child.id().and_then(|id| rustix::process::Pid::from_raw(id as i32)).expect("it runs");
        rustix::process::kill_process(pid, signal).expect("signalled");
    }

    /// Waits for its end.
    pub(crate) async fn end(&mut self) -> ExitStatus {
        tokio::time::timeout(LONG, self.child.wait()).await.expect("it ends").expect("waited for")
    }

    /// Waits for a line of its log.
    pub(crate) async fn logged(&mut self, text: &str) -> String {
        line_with(&mut self.log, text).await
    }
}

async fn line_with(log: &mut Lines<BufReader<ChildStderr>>, text: &str) -> String {
    let search = async {
        let mut seen = Vec::new();
        while let Some(line) = log.next_line().await.expect("read") {
            if line.contains(text) {
                return line;
            }
            seen.push(line);
        }
        panic!("the log ended without {text:?}:\n{}", seen.join("\n"))
    };
    tokio::time::timeout(LONG, search).await.expect("the log tells in time")
}

/// Adds a token to each call.
#[derive(Clone)]
pub(crate) struct Bearer(pub(crate) Option<&'static str>);

impl Interceptor for Bearer {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        if let Some(token) = self.0 {
            let value: MetadataValue<_> = format!("Bearer {token}").parse().expect("ASCII");
            request.metadata_mut().insert("authorization", value);
        }
        Ok(request)
    }
}

/// A channel to `address`, as the daemon told it.
pub(crate) async fn channel(address: &str) -> Channel {
    let uri = match address.starts_with("unix:") {
        true => address.to_owned(),
        false => format!("http://{address}"),
    };
    Endpoint::new(uri).expect("an address").connect().await.expect("connected")
}

/// Asks for the health of a service.
pub(crate) async fn health(channel: Channel, service: &str) -> Result<ServingStatus, Status> {
    let request = HealthCheckRequest { service: service.to_owned() };
    Ok(HealthClient::new(channel).check(request).await?.into_inner().status())
}

/// Asks reflection for the names of all services, which needs the right to read.
pub(crate) async fn reflect(channel: Channel, token: Option<&'static str>) -> Result<Vec<String>, Status> {
    use tonic_reflection::pb::v1::server_reflection_client::ServerReflectionClient;
    use tonic_reflection::pb::v1::server_reflection_request::MessageRequest;
    use tonic_reflection::pb::v1::server_reflection_response::MessageResponse;
    let request = tonic_reflection::pb::v1::ServerReflectionRequest {
        host: String::new(),
        message_request: Some(MessageRequest::ListServices(String::new())),
    };
    let mut client = ServerReflectionClient::with_interceptor(channel, Bearer(token));
    let mut answers = client.server_reflection_info(tokio_stream::once(request)).await?.into_inner();
    let answer = answers.message().await?.expect("an answer");
    match answer.message_response.expect("a message") {
        MessageResponse::ListServicesResponse(list) => Ok(list.service.into_iter().map(|s| s.name).collect()),
        other => panic!("no list of services: {other:?}"),
    }
}
