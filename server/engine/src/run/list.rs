//! Looking runs up.

use crate::{Engine, EngineError, Result};
use migrated_core::Code;
use migrated_store::{RunFilter, RunPage, RunRecord, StepRecord};

/// How many of the newest runs an abbreviated id is looked for in.
const ABBREVIATIONS: u32 = 1_000;

impl Engine {
    /// A run by id, or by a beginning or end of it that is unique among the newest runs.
    pub async fn run(&self, id: &str) -> Result<RunRecord> {
        let id = self.run_id(id).await?;
        self.store().run(&id).await?.ok_or_else(|| no_run(&id))
    }

    /// A run as [`Engine::run`] finds it, with the steps of its plan.
    pub async fn run_with_steps(&self, id: &str) -> Result<(RunRecord, Vec<StepRecord>)> {
        let run = self.run(id).await?;
        let steps = self.store().steps(&run.id).await?;
        Ok((run, steps))
    }

    /// Runs, newest first.
    pub async fn runs(&self, filter: &RunFilter, page: &RunPage) -> Result<Vec<RunRecord>> {
        Ok(self.store().runs(filter, page).await?)
    }

    /// The full id of a run. Ids begin with the time, so runs of one day share their first letters: the end of an
    /// id is accepted as well.
    pub(crate) async fn run_id(&self, id: &str) -> Result<String> {
        if id.len() < 4 {
            return Err(EngineError::new(Code::RunNotFound, format!("{id:?} is too short for a run's id")));
        }
        if self.inner.runs.get(id).is_some() || self.store().run(id).await?.is_some() {
            return Ok(id.to_owned());
        }
        let page = RunPage { before: None, limit: ABBREVIATIONS };
        let runs = self.store().runs(&RunFilter::default(), &page).await?;
        let mut hits = runs.iter().filter(|r| r.id.starts_with(id) || r.id.ends_with(id));
        match (hits.next(), hits.next()) {
            (Some(run), None) => Ok(run.id.clone()),
            (Some(_), Some(_)) => Err(EngineError::new(
                Code::RunNotFound,
                format!("several runs have ids that begin or end with {id:?}"),
            )
            .with("run", id)),
            (None, _) => Err(no_run(id)),
        }
    }
}

fn no_run(id: &str) -> EngineError {
    EngineError::new(Code::RunNotFound, format!("there is no run {id:?}")).with("run", id)
}
