//! A step and its client: found before it begins, told how it ended.

use super::{Connection, ExecutorHears, StepToExecute};
use crate::prepare::Prepared;
use crate::run::step::Run;
use crate::{Engine, EngineError, Result};
use migrated_core::Code;
use migrated_core::event::EventKind;
use migrated_target::Applied;
use std::time::Duration;

impl Engine {
    /// The client that executes a step. Without one the run waits, and says for what.
    ///
    /// # Errors
    /// [`Code::ExecutorMissing`] where none comes within `executor_wait`; why the run is to stop.
    pub(crate) async fn executor(&self, run: &Run, step: &StepToExecute) -> Result<Connection> {
        if let Some(one) = run.executors.take(step.language) {
            return Ok(one);
        }
        let wait = self.settings().executor_wait;
        run.set_doing(format!("waiting for a {} client that executes {}", step.language, step.revision));
        run.log.push(EventKind::ExecutorWanted {
            index: step.index,
            total: step.total,
            revision: step.revision.clone(),
            direction: step.direction,
            language: step.language.to_owned(),
            wait_ms: u64::try_from(wait.as_millis()).unwrap_or(u64::MAX),
        });
        tokio::select! {
            one = run.executors.wait(step.language) => Ok(one),
            error = self.stopped(run) => Err(error.revision(&step.revision)),
            () = tokio::time::sleep(wait) => Err(EngineError::new(
                Code::ExecutorMissing,
                format!("no {} client came within {wait:?} to execute {}", step.language, step.revision),
            )
            .revision(&step.revision)
            .with("language", step.language)
            .with("path", &step.path)),
        }
    }

    /// Tells a client how its step ended. It takes the next one as well.
    pub(crate) async fn step_over(
        &self,
        run: &Run,
        prepared: &Prepared,
        client: Connection,
        ended: std::result::Result<&Applied, &EngineError>,
    ) {
        let Some(step) = &prepared.client else { return };
        let (index, revision) = (step.index, step.revision.clone());
        let what = match ended {
            Ok(applied) => ExecutorHears::Executed {
                index,
                revision,
                statements: applied.statements,
                rows: applied.rows.clone(),
            },
            Err(error) => {
                let failure = Box::new(error.to_failure());
                ExecutorHears::NotExecuted { index, revision, failure, again: None }
            }
        };
        tell_and_keep(run, client, what).await.map(|client| run.executors.give_back(client));
    }

    /// Tells a client that its step comes again. `None` where it went away.
    pub(crate) async fn step_again(
        &self,
        run: &Run,
        prepared: &Prepared,
        client: Connection,
        error: &EngineError,
        pause: Duration,
    ) -> Option<Connection> {
        let step = prepared.client.as_ref()?;
        let (index, revision) = (step.index, step.revision.clone());
        let failure = Box::new(error.to_failure());
        let what = ExecutorHears::NotExecuted { index, revision, failure, again: Some(pause) };
        tell_and_keep(run, client, what).await
    }
}

async fn tell_and_keep(run: &Run, mut client: Connection, what: ExecutorHears) -> Option<Connection> {
    client.tell(run, what).await.ok().map(|()| client)
}
