//! Going on with a plan that another daemon had recorded, at its next step (rule R15).

use crate::connections::OwnPermit;
use crate::plan::shown;
use crate::run::Job;
use crate::run::finish::End;
use crate::run::step::Run;
use crate::run::steps::Way;
use crate::{Engine, EngineError, Result};
use migrated_core::Code;
use migrated_core::event::{EventKind, RunKind, RunState};
use migrated_core::operation::Server;
use migrated_store::{StepNote, StepRecord, StepState};
use migrated_target::edge::Edge;
use migrated_target::{MigrationLock, Outcome, Standing};

impl Engine {
    /// Does what is left of a run whose plan was recorded. The plan is decided once more from where it began, which gives
    /// the same one, for the graph is pinned; the target's rows tell how much of it is done (rule R2).
    pub(crate) async fn go_on(
        &self,
        run: &Run,
        job: &mut Job,
        lock: &mut dyn MigrationLock,
        own: OwnPermit,
        standing: &Standing,
        recorded: &[StepRecord],
    ) -> Result<End> {
        let rows = standing.rows.clone().unwrap_or_default();
        if job.record.kind == RunKind::Rehearsal {
            return Ok(self.rehearsal_is_gone(run, job, rows, recorded).await);
        }
        let (project, before) = (job.record.project.clone(), job.record.rows_before.clone());
        let decided =
            self.decide_from(&project, &job.graph, job.place.key(), &job.place.name, before, &job.goal);
        let decided = decided.await?;
        let same =
            decided.steps.len() == recorded.len()
                && decided.steps.iter().zip(recorded).all(|(step, record)| {
                    step.revision == record.revision && step.direction == record.direction
                });
        let done = self.note_fates(&job.place, &job.record, recorded, &rows).await?;
        self.adopt_applied(&job.place, &job.record, &recorded[..done], &rows).await?;
        job.left = None;
        job.record.steps_done = u32::try_from(done).unwrap_or(u32::MAX);
        job.record.rows_after = rows.clone();
        if same && done == recorded.len() {
            // Others may have worked on the target since.
            return Ok(End::succeeded(rows));
        }
        if !same || sorted(&rows) != sorted(&decided.rows_after(done)) {
            let error = EngineError::new(
                Code::RunInterrupted,
                "the daemon that worked on this run is gone, and the target stands at none of the plan's revisions",
            )
            .state(format!("{} stands at {}", job.place.name, shown(&rows)));
            return Ok(End::failed(error, Outcome::Clean, rows, job.record.steps_done));
        }
        decided.check_journal_from(done, &job.place, standing)?;
        let facts = self.check_steps(run, job, standing, &decided).await?;
        job.record.state = RunState::Running;
        job.record.version = self.store().update_run(&job.record, job.record.version).await?;
        self.edge(Edge::PlanStored).await;
        run.log.push(EventKind::StateChanged { state: RunState::Running });
        let server = Server::named(job.place.target.dialect(), &standing.server);
        let way = Way {
            run,
            decided: &decided,
            facts: &facts,
            records: recorded,
            done,
            server: &server,
            server_text: &standing.server,
        };
        self.execute(&way, job, lock, own).await
    }

    /// A rehearsal is not gone on with: what it tried went with the sessions of the daemon that had it.
    async fn rehearsal_is_gone(
        &self,
        run: &Run,
        job: &mut Job,
        rows: Vec<String>,
        recorded: &[StepRecord],
    ) -> End {
        self.drop_leftovers(&job.place).await;
        job.left = None;
        let begun = recorded.iter().filter(|step| step.state == StepState::Started);
        for step in begun {
            let note = StepNote { index: step.index, state: StepState::Failed, xid: None, at: self.now() };
            run.log.note(note, false);
        }
        job.record.steps_done = 0;
        let error = EngineError::new(
            Code::RunInterrupted,
            "the daemon that rehearsed is gone, and its rehearsal with it",
        )
        .state(format!("{} is unchanged at {}", job.place.name, shown(&rows)))
        .next(format!("`{}`", job.again()));
        End::failed(error, Outcome::Clean, rows, 0)
    }
}

fn sorted(rows: &[String]) -> Vec<&String> {
    let mut rows: Vec<&String> = rows.iter().collect();
    rows.sort_unstable();
    rows
}
