//! Embedded mode: the daemon of one project, started by `migratectl` and gone when nobody needs it.

use crate::config::listen::Address;
use crate::config::source::{Loaded, Sources, load};
use crate::config::{Config, Problems};
use crate::{Failure, cli};
use figment::value::Value;
use jiff::Timestamp;
use std::fs::File;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The configuration of an embedded daemon: the project's own `migrated.toml` and `MIGRATED_*` variables, but where it
/// listens, where its store is and who may call are not theirs to say.
pub(crate) fn configuration(
    cli: &cli::Cli,
    options: &cli::Embedded,
    variables: Vec<(String, String)>,
) -> Result<Loaded, Problems> {
    let own = options.project_dir.join("migrated.toml");
    let mut file = match &cli.general.config {
        Some(path) => crate::config::source::file(Some(path), &variables)?,
        None => own.is_file().then_some(own),
    };
    if file.is_none() && variables.iter().any(|(name, _)| name == "MIGRATED_CONFIG") {
        file = crate::config::source::file(None, &variables)?;
    }
    let flag = |key: &str, value: Value| ("embedded mode".to_owned(), key.to_owned(), value);
    let mut flags = cli.general.flags();
    let socket = format!("unix:{}", options.socket.display());
    let store = options.state_dir.join("store.db");
    flags.push(flag("listen.addresses", Value::from(socket)));
    flags.push(flag("store.path", Value::from(store.to_string_lossy().into_owned())));
    for key in ["store.url", "store.url_env", "store.url_file"] {
        flags.push(flag(key, Value::from("")));
    }
    flags.push(flag("access.tokens", Value::from(Vec::<String>::new())));
    flags.push(flag("access.unix_uids", Value::from(Vec::<u32>::new())));
    if let Some(seconds) = options.idle {
        flags.push(("--idle".into(), "embedded.idle".into(), Value::from(format!("{seconds}s"))));
    }
    let mode = vec![
        ("targets.allow_ad_hoc".to_owned(), Value::from(true)),
        ("scratch.beside_target".to_owned(), Value::from(true)),
        ("projects.create_on_push".to_owned(), Value::from(true)),
    ];
    load(&Sources { mode, file, variables, flags })
}

/// A session of its own, so that neither the terminal nor the CI step that started it can end it or wait for it.
/// A process that leads its group already (`migratectl` makes it one) stays in its session: the terminal's signals do
/// not reach it there either, and SIGHUP only makes it reload.
pub(crate) fn detach() {
    let _ = rustix::process::setsid();
}

/// The state folder of an embedded daemon: one daemon has it at a time, and says there how it is reached.
#[derive(Debug)]
pub(crate) struct StateDir {
    path: PathBuf,
    _lock: File,
}

/// How the daemon is reached, as it stands in `daemon.json`.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
struct Told {
    pid: u32,
    version: String,
    socket: PathBuf,
    started: Timestamp,
}

impl StateDir {
    /// Takes the folder.
    ///
    /// # Errors
    /// Where another daemon has it, or where it cannot be written.
    pub(crate) fn take(path: &Path) -> Result<StateDir, Failure> {
        let fault = |e: &dyn std::fmt::Display| Failure::start(format!("{}: {e}", path.display()));
        std::fs::create_dir_all(path).map_err(|e| fault(&e))?;
        let mut options = File::options();
        let lock = options.write(true).create(true).truncate(false).open(path.join("daemon.lock"));
        let lock = lock.map_err(|e| fault(&e))?;
        match lock.try_lock() {
            Ok(()) => Ok(StateDir { path: path.to_owned(), _lock: lock }),
            Err(std::fs::TryLockError::WouldBlock) => Err(fault(&"another daemon serves this folder")),
            Err(std::fs::TryLockError::Error(e)) => Err(fault(&e)),
        }
    }

    /// Writes `daemon.json`, tells the starter in one line on standard output, and closes that.
    ///
    /// # Errors
    /// Where one of the three cannot be done.
    pub(crate) fn announce(&self, addresses: &[Address], now: Timestamp) -> io::Result<()> {
        let socket = addresses.iter().find_map(|a| match a {
            Address::Unix(path) => Some(path.clone()),
            Address::Tcp(_) => None,
        });
        let told = Told {
            pid: std::process::id(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            socket: socket.unwrap_or_default(),
            started: now,
        };
        let aside = self.path.join("daemon.json.new");
        std::fs::write(&aside, serde_json::to_vec(&told)?)?;
        std::fs::rename(&aside, self.file())?;
        let line = serde_json::json!({"socket": told.socket, "pid": told.pid, "version": told.version});
        let mut out = io::stdout().lock();
        // A starter that has gone does not stop a daemon that others may use.
        let _ = writeln!(out, "{line}").and_then(|()| out.flush());
        rustix::stdio::dup2_stdout(File::options().write(true).open("/dev/null")?)?;
        Ok(())
    }

    fn file(&self) -> PathBuf {
        self.path.join("daemon.json")
    }
}

impl Drop for StateDir {
    fn drop(&mut self) {
        let told = std::fs::read(self.file()).ok().and_then(|t| serde_json::from_slice::<Told>(&t).ok());
        if told.is_some_and(|t| t.pid == std::process::id()) {
            let _ = std::fs::remove_file(self.file());
        }
    }
}

/// How long an embedded daemon waits for something to do.
pub(crate) fn idle(config: &Config) -> Duration {
    config.embedded.idle.0
}
