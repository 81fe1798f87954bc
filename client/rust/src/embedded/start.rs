//! Starts the embedded daemon, in a session of its own, and waits until it says that it serves.

use super::Place;
use crate::config::Config;
use crate::duration;
use crate::error::{Error, Own, Result};
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};

/// How long the daemon may take until it serves.
pub(super) const READY: Duration = Duration::from_secs(30);
const IDLE: Duration = Duration::from_secs(600);
const IDLE_IN_CI: Duration = Duration::from_secs(30);
/// The daemon serves later commands with other environments, so it gets only what it needs to run and to check
/// certificates; what belongs to a call travels with the call.
const PASSED: [&str; 11] = [
    "PATH",
    "HOME",
    "USER",
    "LOGNAME",
    "LANG",
    "TZ",
    "TMPDIR",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "RUST_LOG",
    "RUST_BACKTRACE",
];
const PASSED_PREFIXES: [&str; 3] = ["XDG_", "LC_", "MIGRATED_"];
/// Lines of the log that an error shows.
const LOG_LINES: usize = 10;

/// Starts the daemon and returns its socket.
///
/// # Errors
/// EMBEDDED_START where there is no binary, it ends early, or it is not ready in time.
pub(super) async fn start(config: &Config, place: &Place) -> Result<PathBuf> {
    let binary = binary(config)?;
    // Nobody listens there, or we would not be here.
    match std::fs::remove_file(&place.socket) {
        Err(e) if e.kind() != std::io::ErrorKind::NotFound => {
            return Err(Error::file(&place.socket, "remove", &e));
        }
        _ => {}
    }
    let log = File::options().create(true).append(true).open(place.log());
    let log = log.map_err(|e| Error::file(&place.log(), "open", &e))?;
    let began = log.metadata().map_or(0, |m| m.len());
    let mut command = Command::new(&binary);
    command
        .arg("embedded")
        .args(["--project-dir".as_ref(), place.project_dir.as_os_str()])
        .args(["--state-dir".as_ref(), place.state_dir.as_os_str()])
        .args(["--socket".as_ref(), place.socket.as_os_str()])
        .args(["--idle", &idle(config)?.as_secs().to_string()])
        .env_clear()
        .envs(environment(config))
        .current_dir(&place.project_dir)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(log)
        .process_group(0);
    let child = command.spawn().map_err(|e| {
        Own::EmbeddedStart
            .error(format!("cannot run {}: {e}", binary.display()))
            .next("check the installation")
    })?;
    ready(child, place, began).await
}

/// Waits for the line that the daemon writes when it serves.
async fn ready(mut child: Child, place: &Place, log_began: u64) -> Result<PathBuf> {
    let Some(stdout) = child.stdout.take() else { return Err(failed(place, log_began, "gave no output")) };
    let mut line = String::new();
    let read = tokio::time::timeout(READY, BufReader::new(stdout).read_line(&mut line)).await;
    match read {
        Err(_) => {
            drop(child.start_kill());
            Err(failed(place, log_began, &format!("was not ready within {} s", READY.as_secs())))
        }
        Ok(Ok(n)) if n > 0 => socket_of(&line).ok_or_else(|| {
            failed(place, log_began, &format!("said `{}` instead of its socket", line.trim()))
        }),
        Ok(_) => {
            let status = child.wait().await.map_or_else(|e| e.to_string(), |status| status.to_string());
            Err(failed(place, log_began, &format!("ended early ({status})")))
        }
    }
}

fn socket_of(line: &str) -> Option<PathBuf> {
    let told: serde_json::Value = serde_json::from_str(line).ok()?;
    told.get("socket")?.as_str().map(PathBuf::from)
}

fn failed(place: &Place, log_began: u64, what: &str) -> Box<Error> {
    let log = place.log();
    let text = std::fs::read(&log).unwrap_or_default();
    let new = text.get(usize::try_from(log_began).unwrap_or(0)..).unwrap_or_default();
    let new = String::from_utf8_lossy(new);
    let lines: Vec<&str> = new.lines().collect();
    let last = lines[lines.len().saturating_sub(LOG_LINES)..].join("\n  ");
    let said = if last.is_empty() { String::new() } else { format!("; it said:\n  {last}") };
    Own::EmbeddedStart
        .error(format!("the embedded daemon {what}{said}"))
        .state("nothing was done")
        .next(format!("read {}, or use a server with `--server`", log.display()))
}

fn idle(config: &Config) -> Result<Duration> {
    match &config.settings.embedded.idle {
        Some(text) => duration::parse(text)
            .ok_or_else(|| Own::ConfigInvalid.error(format!("`embedded.idle`: `{text}` is no duration"))),
        None => Ok(if config.variable("CI").is_some() { IDLE_IN_CI } else { IDLE }),
    }
}

fn environment(config: &Config) -> impl Iterator<Item = (&str, &str)> {
    let passed =
        |name: &str| PASSED.contains(&name) || PASSED_PREFIXES.iter().any(|prefix| name.starts_with(prefix));
    config.variables().iter().filter(move |(name, _)| passed(name)).map(|(n, v)| (n.as_str(), v.as_str()))
}

/// The daemon's binary: as configured, else beside our own, else on the PATH.
fn binary(config: &Config) -> Result<PathBuf> {
    if let Some(path) = &config.settings.embedded.binary {
        return Ok(path.clone());
    }
    let own = std::env::current_exe().ok();
    let beside = own.as_deref().and_then(Path::parent).map(|folder| folder.join("migrated"));
    let on_path = config.variable("PATH").unwrap_or_default().split(':').filter(|p| !p.is_empty());
    let found = beside
        .into_iter()
        .chain(on_path.map(|folder| Path::new(folder).join("migrated")))
        .find(|p| is_program(p));
    found.ok_or_else(|| {
        Own::EmbeddedStart
            .error("no server is configured, and the program `migrated` is neither beside migratectl nor on the PATH")
            .next("install `migrated`, or name a server with `--server` or MIGRATECTL_SERVER")
    })
}

fn is_program(path: &Path) -> bool {
    path.is_file() && rustix::fs::access(path, rustix::fs::Access::EXEC_OK).is_ok()
}
