//! The shell that ends a server with the test process.

use crate::StartError;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// Runs `$@` in the background until standard input ends, then stops it and removes `$0`, its folder. By then nobody
/// reads its error output, and what a shell says about a killed child would end it. A line of standard input is the
/// signal that stops it before it is started again.
const SHELL: &str = r#"
signal=$1; shift
"$@" </dev/null & pid=$!
trap '' INT TERM
while read -r again; do
    kill "-$again" "$pid" 2>/dev/null
    wait "$pid"
    (trap - INT TERM; exec "$@") </dev/null & pid=$!
done
exec 2>/dev/null
kill "-$signal" "$pid" 2>/dev/null
wait "$pid"
rm -rf "$0"
"#;

/// How long a server that was started again may take to be ready, and how often that is tried: its port may be
/// somebody else's for a moment.
const AGAIN: (Duration, u32) = (Duration::from_secs(30), 4);

/// A server that ends when this is dropped, or when the process ends.
#[derive(Debug)]
pub(crate) struct Guard {
    shell: Child,
    line: Mutex<Line>,
}

/// The way to the shell and back.
#[derive(Debug)]
struct Line {
    /// Dropping it tells the shell to end.
    alive: Option<ChildStdin>,
    /// The server is ready once more.
    ready: Receiver<()>,
}

impl Drop for Guard {
    fn drop(&mut self) {
        let line = self.line.get_mut().unwrap_or_else(PoisonError::into_inner);
        drop(line.alive.take());
        let _ = self.shell.wait();
    }
}

impl Guard {
    /// Ends the server by a signal (`INT`, `KILL`, …), starts it again and waits until it is ready.
    pub(crate) fn restart(&self, signal: &str) -> Result<(), StartError> {
        let mut line = self.line.lock().unwrap_or_else(PoisonError::into_inner);
        while line.ready.try_recv().is_ok() {}
        for _ in 0..AGAIN.1 {
            let shell = line.alive.as_mut().ok_or_else(|| std::io::Error::other("it was stopped"))?;
            writeln!(shell, "{signal}")?;
            if line.ready.recv_timeout(AGAIN.0).is_ok() {
                return Ok(());
            }
        }
        Err(StartError::Failed { program: "a server".into(), output: "it does not start again".into() })
    }
}

/// Whom to run a server as: servers refuse to run as root.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Account(&'static str);

impl Account {
    /// `name` where we are root; ourselves otherwise.
    pub(crate) const fn new(name: &'static str) -> Account {
        Account(name)
    }

    /// A command that runs as this account.
    pub(crate) fn command(self, program: impl AsRef<Path>) -> Command {
        let mut command = if rustix::process::geteuid().is_root() {
            let mut command = Command::new("setpriv");
            command
                .arg(format!("--reuid={}", self.0))
                .arg(format!("--regid={}", self.0))
                .arg("--init-groups");
            command.arg(program.as_ref());
            command
        } else {
            Command::new(program.as_ref())
        };
        command.env("LC_ALL", "C").env_remove("PGDATA").env_remove("PGPORT");
        command
    }

    /// A new folder that belongs to this account.
    pub(crate) fn folder(self) -> Result<PathBuf, StartError> {
        // Short, because a Unix socket's whole path must fit into about a hundred bytes.
        let made = run(self.command("mktemp").args(["-d", "-t", "migrated-XXXXXX"]))?;
        Ok(PathBuf::from(made.trim_end()))
    }

    /// Starts a server and waits until it says `ready` on its error output. `folder` goes when the server does.
    pub(crate) fn serve(
        self,
        folder: &Path,
        signal: &str,
        ready: &str,
        server: &[&str],
    ) -> Result<Guard, StartError> {
        let mut command = self.command("sh");
        command.args(["-c", SHELL]).arg(folder).arg(signal).args(server).current_dir(folder);
        let mut shell = command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn()?;
        let alive = shell.stdin.take();
        let log = shell.stderr.take();
        let (tell, told) = channel();
        let guard = Guard { shell, line: Mutex::new(Line { alive, ready: told }) };
        let mut log = BufReader::new(log.ok_or_else(|| std::io::Error::other("no error output"))?);
        let mut said = String::new();
        loop {
            let before = said.len();
            // The end of the output never comes while the shell lives: a server that gives up is told by its
            // words.
            let read = log.read_line(&mut said)?;
            let line = &said[before..];
            if line.contains(ready) {
                break;
            }
            if read == 0 || ["FATAL", "[ERROR] Aborting", "could not"].iter().any(|bad| line.contains(bad)) {
                let program = server.first().copied().unwrap_or_default().to_owned();
                return Err(StartError::Failed { program, output: said });
            }
        }
        // Of the rest nothing is wanted but that it is ready again; a full pipe would stop the server.
        let ready = ready.to_owned();
        std::thread::spawn(move || {
            let mut line = Vec::new();
            while log.read_until(b'\n', &mut line).is_ok_and(|n| n > 0) {
                if String::from_utf8_lossy(&line).contains(&ready) {
                    let _ = tell.send(());
                }
                line.clear();
            }
        });
        Ok(guard)
    }
}

/// Runs a program to its end and gives what it wrote.
pub(crate) fn run(command: &mut Command) -> Result<String, StartError> {
    let program = command.get_program().to_string_lossy().into_owned();
    let output = command.stdin(Stdio::null()).output().map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => StartError::Missing(program.clone()),
        _ => StartError::Io(error),
    })?;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    match output.status.success() {
        true => Ok(text(&output.stdout)),
        false => Err(StartError::Failed { program, output: text(&output.stderr) }),
    }
}
