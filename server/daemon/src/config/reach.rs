//! From a target's name to how it is reached. The URL is read anew each time, and never shown.

use super::Config;
use super::database_url::compose;
use super::databases::{Connection, NamedTarget};
use super::value::Words;
use migrated_core::Code;
use std::process::Stdio;
use std::time::Duration;
use tokio::io::AsyncReadExt as _;

/// How a target is reached. `Debug` does not show the URL.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Reached {
    /// The URL, secrets included.
    pub(crate) url: String,
    /// Default schema.
    pub(crate) schema: Option<String>,
    /// Version table; `None` for `alembic_version`.
    pub(crate) version_table: Option<String>,
    /// Schema of the version table.
    pub(crate) version_table_schema: Option<String>,
    /// Bound on connecting.
    pub(crate) connect_timeout: Duration,
    /// `lock_timeout` of work sessions.
    pub(crate) lock_timeout: Duration,
    /// SQLite's `PRAGMA foreign_keys`.
    pub(crate) sqlite_foreign_keys: bool,
    /// Freezes its revisions for everybody.
    pub(crate) protected: bool,
}

impl std::fmt::Debug for Reached {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Reached").field("schema", &self.schema).finish_non_exhaustive()
    }
}

/// Why a target cannot be reached: a code, one line without secrets, and what to do.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub(crate) struct ReachError {
    /// The stable code.
    pub(crate) code: Code,
    /// The cause in one line.
    pub(crate) message: String,
    /// What to do.
    pub(crate) next: String,
}

impl ReachError {
    fn new(code: Code, message: impl Into<String>, next: impl Into<String>) -> Self {
        ReachError { code, message: message.into(), next: next.into() }
    }
}

impl Config {
    /// How a target is reached: one of the configuration, or one made by RPC in the same form.
    ///
    /// # Errors
    /// [`Code::TargetNotFound`] where its connection is gone from the configuration, [`Code::ConfigInvalid`] where the
    /// URL cannot be had, [`Code::TargetUrlInvalid`] where the database of the URL cannot be changed.
    pub(crate) async fn reach(&self, target: &NamedTarget) -> Result<Reached, ReachError> {
        let name = &target.connection;
        let connection = self.connections.0.get(name).ok_or_else(|| {
            ReachError::new(
                Code::TargetNotFound,
                format!("the configuration has no connection {name:?}"),
                format!("add [connections.{name}] to migrated.toml, or give the target another connection"),
            )
        })?;
        let mut url = url(name, connection).await?;
        if let Some(database) = &target.database {
            url = compose(&url, database).map_err(|e| {
                ReachError::new(
                    Code::TargetUrlInvalid,
                    format!("connection {name:?}: {e}"),
                    "change the target's database",
                )
            })?;
        }
        let or = |own: &Option<String>, general: &Option<String>| own.clone().or_else(|| general.clone());
        Ok(Reached {
            url,
            schema: or(&target.schema, &connection.schema),
            version_table: or(&target.version_table, &connection.version_table),
            version_table_schema: or(&target.version_table_schema, &connection.version_table_schema),
            connect_timeout: connection.connect_timeout.0,
            lock_timeout: connection.lock_timeout.0,
            sqlite_foreign_keys: connection.sqlite_foreign_keys,
            protected: target.protected || connection.protected,
        })
    }

    /// How a URL of a request is reached.
    ///
    /// # Errors
    /// [`Code::AdHocUrlRefused`] unless `targets.allow_ad_hoc` is on.
    pub(crate) fn reach_ad_hoc(&self, url: String) -> Result<Reached, ReachError> {
        if !self.targets.allow_ad_hoc {
            return Err(ReachError::new(
                Code::AdHocUrlRefused,
                "this daemon takes no database URLs from requests (targets.allow_ad_hoc is off)",
                "name a target with --target NAME; migratectl targets list shows them",
            ));
        }
        let usual = Connection::default();
        Ok(Reached {
            url,
            schema: None,
            version_table: None,
            version_table_schema: None,
            connect_timeout: usual.connect_timeout.0,
            lock_timeout: usual.lock_timeout.0,
            sqlite_foreign_keys: usual.sqlite_foreign_keys,
            protected: false,
        })
    }
}

/// A connection's URL, from wherever it comes.
async fn url(name: &str, connection: &Connection) -> Result<String, ReachError> {
    let fault = |key: &str, cause: String| {
        ReachError::new(
            Code::ConfigInvalid,
            format!("connections.{name}.{key}: {cause}"),
            "repair it on the daemon's machine; nothing was changed",
        )
    };
    let (key, text) = if let Some(url) = &connection.url {
        ("url", Ok(url.reveal().to_owned()))
    } else if let Some(variable) = &connection.url_env {
        let text = std::env::var(variable).map_err(|e| match e {
            std::env::VarError::NotPresent => format!("the daemon's environment has no variable {variable}"),
            // The other variant's message shows the value.
            std::env::VarError::NotUnicode(_) => format!("the variable {variable} is not UTF-8"),
        });
        ("url_env", text)
    } else if let Some(path) = &connection.url_file {
        ("url_file", tokio::fs::read_to_string(path).await.map_err(|e| format!("{}: {e}", path.display())))
    } else if let Some(command) = &connection.url_command {
        ("url_command", first_line_of(command, connection.url_command_timeout.0).await)
    } else {
        ("url", Err("exactly one of `url`, `url_env`, `url_file` and `url_command` is needed".to_owned()))
    };
    let text = text.map_err(|cause| fault(key, cause))?;
    match text.lines().next().map(str::trim) {
        Some(line) if !line.is_empty() => Ok(line.to_owned()),
        _ => Err(fault(key, "the first line is empty".to_owned())),
    }
}

/// Most bytes that are read of a command's output.
const OUTPUT_LIMIT: u64 = 64 << 10;

/// Runs a command whose first line of output is the secret. What it prints on standard error is told if it fails; its
/// output never is.
async fn first_line_of(command: &Words, bound: Duration) -> Result<String, String> {
    let mut process = match command {
        Words::One(script) => {
            let mut shell = tokio::process::Command::new("sh");
            shell.arg("-c").arg(script);
            shell
        }
        Words::Many(words) => {
            let (program, arguments) = words.split_first().ok_or("the command is empty")?;
            let mut process = tokio::process::Command::new(program);
            process.args(arguments);
            process
        }
    };
    process.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    let mut child = process.spawn().map_err(|e| format!("the command cannot be started: {e}"))?;
    let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
    let work = async {
        let (out, err) = tokio::join!(drain(stdout), drain(stderr));
        (child.wait().await, out, err)
    };
    let (status, out, err) = tokio::time::timeout(bound, work)
        .await
        .map_err(|_| format!("the command did not end within {}", super::value::Span(bound)))?;
    let status = status.map_err(|e| format!("the command cannot be waited for: {e}"))?;
    if !status.success() {
        let told = String::from_utf8_lossy(&err);
        let told = told.trim();
        let cut = told.char_indices().rev().nth(499).map_or(0, |(at, _)| at);
        return Err(match told.is_empty() {
            true => format!("the command failed ({status})"),
            false => format!("the command failed ({status}): {}", told[cut..].replace('\n', " | ")),
        });
    }
    String::from_utf8(out).map_err(|_| "the command's output is not UTF-8".to_owned())
}

/// Reads to the end, keeping the first bytes: a chatty command must neither block nor fill the memory.
async fn drain(from: Option<impl tokio::io::AsyncRead + Unpin>) -> Vec<u8> {
    let mut kept = Vec::new();
    if let Some(mut from) = from {
        let _ = (&mut from).take(OUTPUT_LIMIT).read_to_end(&mut kept).await;
        let _ = tokio::io::copy(&mut from, &mut tokio::io::sink()).await;
    }
    kept
}
