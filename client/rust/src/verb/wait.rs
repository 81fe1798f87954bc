//! `wait REV`.

use super::follow::{Interrupts, deadline_passed};
use crate::duration;
use crate::error::{Error, Own, Result};
use crate::exit::Exit;
use crate::graph_call::Context;
use crate::output::show_rows;
use clap::Args;
use migrated_proto::v1::{WaitForRevisionRequest, WaitForRevisionResponse};
use std::time::Duration;
use tokio::time::{Instant, sleep_until, timeout_at};

/// How much longer than the wait its answer may take: the daemon knows where the target stands.
const ANSWER: Duration = Duration::from_secs(1);
/// Pause before the daemon is asked again after it could not be reached.
const PAUSE: Duration = Duration::from_secs(2);

/// Arguments of `wait`.
#[derive(Args, Debug)]
pub struct Wait {
    /// Revision that the target is to stand at, or to have passed
    pub revision: String,
    /// How long to wait
    #[arg(long, value_name = "DURATION", default_value = "15m", value_parser = duration::argument)]
    pub timeout: Duration,
}

/// Runs the verb. A daemon that is not there yet, or goes away, is waited for too: in a cluster it may start later.
///
/// # Errors
/// DEADLINE_PASSED, and what no waiting can change.
pub async fn run(context: &mut Context, args: &Wait) -> Result<Exit> {
    let until = Instant::now() + args.timeout;
    let mut interrupts = Interrupts::new()?;
    let mut told = false;
    loop {
        let answer = tokio::select! {
            answer = timeout_at(until + ANSWER, ask(context, args, until)) => answer,
            () = interrupts.next() => return Ok(Exit::Interrupted),
        };
        match answer {
            Ok(Ok(answer)) => {
                let rows = show_rows(&answer.rows);
                context.out.result(&answer, |out| out.line(&format!("target stands at {rows}")));
                return Ok(Exit::Done);
            }
            Ok(Err(error)) if is_temporary(&error) && Instant::now() + PAUSE < until => {
                if !std::mem::replace(&mut told, true) {
                    context.out.note(&format!("waiting for the daemon: {}", error.message));
                }
                tokio::select! {
                    () = sleep_until(Instant::now() + PAUSE) => {}
                    () = interrupts.next() => return Ok(Exit::Interrupted),
                }
            }
            Ok(Err(error)) => return Err(error),
            Err(_) => {
                return Err(deadline_passed(
                    format!("the target did not reach {}", args.revision),
                    args.timeout,
                ));
            }
        }
    }
}

fn is_temporary(error: &Error) -> bool {
    error.code == Own::DaemonUnreachable.names().0 || error.reason == "SHUTTING_DOWN"
}

async fn ask(context: &mut Context, args: &Wait, until: Instant) -> Result<WaitForRevisionResponse> {
    let request = WaitForRevisionRequest {
        project: context.config.project(),
        target: Some(context.config.target_ref()?),
        revision: args.revision.clone(),
        graph: None,
        timeout: Some(until.saturating_duration_since(Instant::now()).into()),
    };
    let answer = context.ask(|api, graph| {
        let request = WaitForRevisionRequest { graph: Some(graph), ..request.clone() };
        async move { api.migrations().wait_for_revision(request).await }
    });
    answer.await
}
