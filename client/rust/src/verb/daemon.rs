//! `daemon status|stop|logs`: the embedded daemon of this project.

use crate::embedded::{self, Place, Record, Stopped};
use crate::error::{Error, Own, Result};
use crate::exit::Exit;
use crate::graph_call::Context;
use clap::{Args, Subcommand};
use serde_json::json;

/// Arguments of `daemon`.
#[derive(Args, Debug)]
pub struct Daemon {
    /// What to do with it.
    #[command(subcommand)]
    pub what: What,
}

/// What to do with the daemon.
#[derive(Debug, Subcommand)]
pub enum What {
    /// Whether it runs, and where
    Status,
    /// End it, after the step that is under way
    Stop,
    /// The last lines of its log
    Logs(Logs),
}

/// Arguments of `daemon logs`.
#[derive(Args, Debug)]
pub struct Logs {
    /// How many lines
    #[arg(short = 'n', long, value_name = "N", default_value_t = 100)]
    pub lines: usize,
}

/// Runs the verb. None of these starts a daemon.
///
/// # Errors
/// EMBEDDED_START where the daemon is somebody else's or does not end, LOCAL_FILE where there is no log.
pub async fn run(context: &mut Context, args: &Daemon) -> Result<Exit> {
    let place = Place::of(&context.config)?;
    match &args.what {
        What::Status => status(context, &place).await,
        What::Stop => stop(context, &place).await,
        What::Logs(logs) => {
            let log = place.log();
            let text = std::fs::read(&log).map_err(|e| Error::file(&log, "read", &e))?;
            let text = String::from_utf8_lossy(&text);
            let lines: Vec<&str> = text.lines().collect();
            lines[lines.len().saturating_sub(logs.lines)..].iter().for_each(|line| context.out.line(line));
            Ok(Exit::Done)
        }
    }
}

async fn status(context: &mut Context, place: &Place) -> Result<Exit> {
    let live = embedded::find(place).await?;
    let record = Record::read(&place.state_dir).filter(|_| live.is_some());
    let answer = json!({
        "running": live.is_some(),
        "pid": live.as_ref().and_then(|l| l.pid),
        "version": record.as_ref().map(|r| &r.version),
        "started": record.as_ref().map(|r| &r.started),
        "socket": live.as_ref().map(|l| &l.socket),
        "stateDir": place.state_dir,
    });
    context.out.result(&answer, |out| {
        match &live {
            None => out.line("not running"),
            Some(live) => {
                let pid = live.pid.map(|pid| format!(", pid {pid}")).unwrap_or_default();
                let version = record.as_ref().map(|r| format!(", release {}", r.version)).unwrap_or_default();
                out.line(&format!("running{pid}{version}"));
                out.line(&format!("socket {}", live.socket.display()));
            }
        }
        out.line(&format!("state  {}", place.state_dir.display()));
    });
    Ok(Exit::Done)
}

async fn stop(context: &mut Context, place: &Place) -> Result<Exit> {
    let said = match embedded::find(place).await? {
        None => "not running",
        Some(live) => match embedded::stop(&live).await? {
            Stopped::Gone => "stopped",
            Stopped::StillThere => {
                return Err(Own::EmbeddedStart
                    .error("the daemon was asked to stop and is still there: a run may be under way")
                    .next("`migratectl runs list --state running`"));
            }
        },
    };
    context.out.result(&json!({ "result": said }), |out| out.line(said));
    Ok(Exit::Done)
}
