//! Options of the verbs that begin a run.

use super::follow::OnInterrupt;
use crate::config::Config;
use crate::duration;
use crate::error::{Own, Result};
use clap::Args;
use migrated_proto::v1::{RunOptions, SessionMode};
use std::time::Duration;

/// How a run goes about its work.
#[derive(Args, Debug, Default)]
pub struct RunArgs {
    /// One transaction around the whole run
    #[arg(long)]
    pub per_run_transaction: bool,
    /// Connections: a fresh one for each revision, or one for the run
    #[arg(long, value_name = "MODE", value_parser = ["revision", "run"])]
    pub session: Option<String>,
    /// How long to wait for another run on the target [default: 15m]
    #[arg(long, value_name = "DURATION", value_parser = duration::argument)]
    pub lock_wait: Option<Duration>,
    /// Bound on the whole run
    #[arg(long, value_name = "DURATION", value_parser = duration::argument)]
    pub deadline: Option<Duration>,
    /// What Ctrl-C does: cancel the run and wait for its end, or leave it to the daemon [default: cancel]
    #[arg(long, value_name = "WHAT", value_parser = ["detach", "cancel"])]
    pub on_interrupt: Option<String>,
}

impl RunArgs {
    /// As the request carries them, with a new id: the same request may be sent again without harm.
    pub fn to_request(&self, config: &Config) -> RunOptions {
        let session = match self.session.as_deref() {
            Some("revision") => SessionMode::Revision,
            Some("run") => SessionMode::Run,
            _ => SessionMode::Unspecified,
        };
        RunOptions {
            request_id: uuid::Uuid::new_v4().to_string(),
            lock_wait: self.lock_wait.map(Into::into),
            deadline: self.deadline.map(Into::into),
            session: session.into(),
            per_run_transaction: self.per_run_transaction,
            actor: actor(config),
        }
    }
}

/// What Ctrl-C does, by flag, variable or file.
///
/// # Errors
/// CONFIG_INVALID for a word that is neither.
pub fn on_interrupt(config: &Config) -> Result<OnInterrupt> {
    match config.settings.on_interrupt.as_deref() {
        None | Some("cancel") => Ok(OnInterrupt::Cancel),
        Some("detach") => Ok(OnInterrupt::Detach),
        Some(other) => Err(Own::ConfigInvalid
            .error(format!("`on_interrupt`: `{other}` is unknown"))
            .next("choose cancel or detach")),
    }
}

/// Who asks: as configured, else the CI job, else user and host.
pub fn actor(config: &Config) -> String {
    let var = |name: &str| config.variable(name);
    if let Some(actor) = &config.settings.actor {
        return actor.clone();
    }
    if let (Some(repository), Some(reference)) = (var("GITHUB_REPOSITORY"), var("GITHUB_REF")) {
        return format!("gha:{repository}@{reference}");
    }
    if let (Some(project), Some(reference)) = (var("CI_PROJECT_PATH"), var("CI_COMMIT_REF_NAME")) {
        return format!("gitlab:{project}@{reference}");
    }
    if let (Some(project), Some(build)) = (var("TEAMCITY_PROJECT_NAME"), var("BUILD_NUMBER")) {
        return format!("teamcity:{project}#{build}");
    }
    let user = uzers::get_effective_username().map(|name| name.to_string_lossy().into_owned());
    let user = user.or(var("USER").or(var("LOGNAME")).map(String::from));
    let user = user.unwrap_or_else(|| format!("uid {}", rustix::process::geteuid().as_raw()));
    format!("{user}@{}", rustix::system::uname().nodename().to_string_lossy())
}
