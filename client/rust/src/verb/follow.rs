//! Shows a run from its first event to its last, and minds Ctrl-C meanwhile.

use super::run_options::actor;
use crate::channel::Api;
use crate::duration;
use crate::error::{Error, ExitOrFailure, Own, Result};
use crate::exit::{self, Exit};
use crate::graph_call::Context;
use crate::output::{Outcome, RunView};
use crate::run_stream::{Begin, RunStream, Told};
use migrated_proto::v1 as pb;
use pb::event::{Kind, RunFinished};
use pb::{RunKind, RunState};
use std::time::Duration;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::task::JoinHandle;

/// How long the second Ctrl-C lets the request to cancel take.
const FAREWELL: Duration = Duration::from_secs(1);

/// What the first Ctrl-C, or SIGTERM, does. The second always leaves at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnInterrupt {
    /// Asks the daemon to stop the run, and waits for what comes of it.
    Cancel,
    /// Leaves the run to the daemon.
    Detach,
}

/// Begins a run and shows it to its end.
///
/// # Errors
/// Where it cannot begin, or its stream is lost for good.
pub(super) async fn begin_and_follow(context: &mut Context, begin: Begin, on: OnInterrupt) -> Result<Exit> {
    let mut interrupts = Interrupts::new()?;
    let stream = tokio::select! {
        stream = context.begin(begin) => stream?,
        () = interrupts.next() => return Err(interrupted_early()),
    };
    follow(context, stream, String::new(), on, interrupts).await
}

/// Watches a run on `target` that is there already.
///
/// # Errors
/// As [`begin_and_follow`].
pub(super) async fn watch(context: &mut Context, run_id: &str, after: u64, target: String) -> Result<Exit> {
    let request = pb::WatchRunRequest { run_id: run_id.into(), after_sequence: after };
    let interrupts = Interrupts::new()?;
    let stream = context.begin(Begin::Watch(request)).await?;
    follow(context, stream, target, OnInterrupt::Detach, interrupts).await
}

async fn follow(
    context: &mut Context,
    mut stream: RunStream,
    target: String,
    on: OnInterrupt,
    mut interrupts: Interrupts,
) -> Result<Exit> {
    let api = context.api().await?;
    let actor = actor(&context.config);
    let mut view = context.out.run_view();
    let to = context.out.sinks();
    let mut story = Story { target, ..Story::default() };
    let mut cancel: Option<JoinHandle<Option<String>>> = None;
    let mut interrupted = false;
    loop {
        let told = tokio::select! {
            told = stream.next() => told,
            failed = finished(&mut cancel) => {
                if let Some(why) = failed {
                    view.note(to, &format!("the run could not be cancelled: {why}"));
                }
                continue;
            }
            () = interrupts.next() => {
                let run = stream.run_id().map(String::from);
                match run.filter(|_| on == OnInterrupt::Cancel && !interrupted) {
                    Some(run) => {
                        view.note(to, "interrupted: cancelling the run; once more to leave it to the daemon");
                        cancel = Some(ask_to_cancel(&api, run, &actor));
                        interrupted = true;
                        continue;
                    }
                    None => {
                        // A request that is only just under way would end with this process, unsent.
                        if let Some(request) = cancel.take() {
                            let _ = tokio::time::timeout(FAREWELL, request).await;
                        }
                        view.note(to, &farewell(&stream, interrupted));
                        view.leave(to);
                        return Ok(Exit::Interrupted);
                    }
                }
            }
        };
        match told {
            Ok(Told::Run(id)) => {
                let target = std::mem::take(&mut story.target);
                story = Story { run_id: id.clone(), target, ..Story::default() };
                view.run(to, &id);
            }
            Ok(Told::Event(event)) => {
                let finished = story.take(&event);
                view.event(to, &event);
                if let Some(finished) = finished {
                    let exit = end(view.as_mut(), to, &story, &finished);
                    stream.close().await;
                    return Ok(exit);
                }
            }
            Ok(Told::Lost(cause)) => {
                view.note(to, &format!("the stream is lost ({cause}); the run goes on, reconnecting"))
            }
            Ok(Told::Back) => view.note(to, "the stream is back"),
            Ok(Told::GoalReached) => {
                let finished = RunFinished {
                    state: RunState::Running.into(),
                    rows: story.rows.clone(),
                    applied: story.applied,
                    ..RunFinished::default()
                };
                let exit = end(view.as_mut(), to, &story, &finished);
                stream.close().await;
                return Ok(exit);
            }
            Ok(Told::Ended(run)) => {
                let finished = RunFinished {
                    state: run.state,
                    rows: run.rows_after,
                    applied: run.steps_done,
                    failure: run.failure,
                    ..RunFinished::default()
                };
                return Ok(end(view.as_mut(), to, &story, &finished));
            }
            Err(error) => {
                view.leave(to);
                return Err(error);
            }
        }
    }
}

fn end(view: &mut dyn RunView, to: &mut crate::output::Sinks, story: &Story, finished: &RunFinished) -> Exit {
    let state = RunState::try_from(finished.state).unwrap_or_default();
    let done = matches!(state, RunState::Succeeded | RunState::Running);
    let outcome = Outcome {
        run_id: story.run_id.clone(),
        target: story.target.clone(),
        state,
        rows: finished.rows.clone(),
        applied: finished.applied,
        nothing: story.nothing,
        rehearsal: story.rehearsal.then_some(story.not_rehearsed),
        duration: duration::of(finished.duration.as_ref()),
        error: (!done).then(|| Error::from_run(state, finished.failure.as_ref(), finished.applied)),
    };
    view.end(to, &outcome);
    outcome.error.map_or(Exit::Done, |error| error.exit())
}

/// What the events so far tell.
#[derive(Default)]
struct Story {
    run_id: String,
    target: String,
    rows: Vec<String>,
    applied: u32,
    nothing: bool,
    rehearsal: bool,
    /// Warnings that tell what a rehearsal did not try.
    not_rehearsed: u32,
}

impl Story {
    fn take(&mut self, event: &pb::Event) -> Option<RunFinished> {
        match event.kind.as_ref()? {
            Kind::RunAccepted(e) => {
                self.target.clone_from(&e.target);
                self.rehearsal = e.run_kind() == RunKind::Rehearsal;
            }
            Kind::Warning(e) if e.reason == "NOT_REHEARSED" => self.not_rehearsed += 1,
            Kind::PlanReady(e) => self.rows.clone_from(&e.from),
            Kind::NothingToDo(e) => {
                self.nothing = true;
                self.rows.clone_from(&e.rows);
            }
            Kind::StepFinished(e) => {
                self.applied += 1;
                self.rows.clone_from(&e.rows);
            }
            Kind::RunFinished(e) => return Some(e.clone()),
            _ => {}
        }
        None
    }
}

fn ask_to_cancel(api: &Api, run_id: String, actor: &str) -> JoinHandle<Option<String>> {
    let request = pb::CancelRunRequest { run_id, reason: "interrupted".into(), actor: actor.into() };
    let mut runs = api.runs();
    tokio::spawn(async move { runs.cancel_run(request).await.err().map(|s| Error::from_status(&s).message) })
}

/// The answer to the request to cancel; never, where none was sent.
async fn finished(cancel: &mut Option<JoinHandle<Option<String>>>) -> Option<String> {
    let Some(handle) = cancel else { return std::future::pending().await };
    let answer = handle.await;
    *cancel = None;
    answer.unwrap_or_else(|e| Some(e.to_string()))
}

fn farewell(stream: &RunStream, cancelling: bool) -> String {
    match stream.run_id() {
        None => "interrupted: it is not known whether the run began; `migratectl runs list`".into(),
        Some(id) if cancelling => {
            format!(
                "interrupted: run {id} is being cancelled and may still go on: `{}`",
                stream.watch_command()
            )
        }
        Some(id) => format!("interrupted: run {id} goes on: `{}`", stream.watch_command()),
    }
}

fn interrupted_early() -> Box<Error> {
    let mut error = Own::StreamLost.error("interrupted before the daemon answered");
    (error.code, error.reason) = (String::new(), "INTERRUPTED".into());
    error.exit = ExitOrFailure(Exit::Interrupted);
    error.state("it is not known whether a run began").next("`migratectl runs list`")
}

/// SIGINT and SIGTERM.
pub(super) struct Interrupts {
    int: Signal,
    term: Signal,
}

impl Interrupts {
    /// From now on the signals come here.
    ///
    /// # Errors
    /// Where the system gives no signals.
    pub(super) fn new() -> Result<Interrupts> {
        let listen =
            |kind| signal(kind).map_err(|e| Own::LocalFile.error(format!("cannot listen for signals: {e}")));
        Ok(Interrupts { int: listen(SignalKind::interrupt())?, term: listen(SignalKind::terminate())? })
    }

    /// The next one.
    pub(super) async fn next(&mut self) {
        tokio::select! {
            _ = self.int.recv() => {}
            _ = self.term.recv() => {}
        }
    }
}

/// The deadline of a client passed.
pub(super) fn deadline_passed(message: String, waited: Duration) -> Box<Error> {
    let mut error = Own::StreamLost.error(format!("{message} within {}", duration::show(waited)));
    (error.code, error.reason) = ("MG5003".into(), "DEADLINE_PASSED".into());
    error.exit = ExitOrFailure(exit::of_reason("DEADLINE_PASSED"));
    error
        .state("nothing was changed; `migratectl current` shows where the target stands")
        .next("repeat the command, or wait longer with --timeout")
}
