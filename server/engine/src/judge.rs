//! What a person found out about a statement of which no evidence tells whether it took effect: `repair --took-effect`
//! and `repair --no-effect`.

use crate::diagnose::{DiagnoseRequest, Diagnosis, in_doubt};
use crate::graph::GraphRef;
use crate::place::TargetRequest;
use crate::plan::shown;
use crate::{Engine, EngineError, Result};
use migrated_core::Code;
use migrated_store::AuditRecord;
use migrated_target::{Fate, LockAttempt};

/// A request to note what became of a statement.
#[derive(Clone, Debug)]
pub struct Judge {
    /// Project.
    pub project: String,
    /// Graph with the revision as it is now.
    pub graph: GraphRef,
    /// Target.
    pub target: TargetRequest,
    /// The revision that was cut off.
    pub revision: String,
    /// Number of its statement, from 1.
    pub statement: u32,
    /// Whether it took effect.
    pub took_effect: bool,
    /// Why, for the audit log.
    pub reason: String,
    /// Who.
    pub actor: String,
}

impl Engine {
    /// Notes what became of a statement, where nobody but a person can tell, under the target's migration lock.
    /// Audited. Gives the diagnosis after it.
    pub async fn judge(&self, request: &Judge) -> Result<Diagnosis> {
        let (revision, number) = (&request.revision, request.statement);
        let option = if request.took_effect { "--took-effect" } else { "--no-effect" };
        if request.reason.trim().is_empty() {
            return Err(EngineError::new(Code::InvalidRequest, "saying what a statement did needs a reason")
                .next(format!("`migratectl repair {option} {revision}:{number} --reason TEXT`")));
        }
        let project = self.project_or_create(&request.project).await?;
        let place = self.place(&request.target).await?;
        // Its session may still be at work: what it does is not over then.
        self.reconcile(&place).await?;
        let mut lock = match place.target.try_lock("repair").await? {
            LockAttempt::Held(lock) => lock,
            LockAttempt::Busy(holder) => {
                return Err(EngineError::new(
                    Code::LockWaitExpired,
                    format!("another run works on the target: {} ({})", holder.run, holder.detail),
                )
                .state("nothing was changed")
                .next(format!("`migratectl diagnose`, when run {} has ended", holder.run)));
            }
        };
        let diagnose = DiagnoseRequest {
            project: request.project.clone(),
            graph: request.graph,
            target: request.target.clone(),
        };
        let judged = async {
            lock.verify().await?;
            let found = self.diagnose(&diagnose).await?;
            let standing = place.target.standing().await?;
            let state = format!("{} stands at {}; nothing was changed", place.name, shown(&found.rows));
            let refuse = |why: String| {
                EngineError::new(Code::InvalidRequest, why)
                    .revision(revision)
                    .state(state.clone())
                    .next("`migratectl diagnose` tells of each statement what became of it")
            };
            let fate = found.statements.iter().map(|one| &one.fate).find(|fate| fate.number == number);
            let Some(row) = in_doubt(&standing, revision, number) else {
                return Err(refuse(format!(
                    "statement {number} of {revision} is not in doubt on {}",
                    place.name
                )));
            };
            if let Some(fate) = fate.filter(|fate| fate.fate != Fate::Undecided) {
                let why = &fate.evidence;
                return Err(refuse(format!(
                    "what became of statement {number} of {revision} is known: {why}"
                )));
            }
            let said = if request.took_effect { "took effect" } else { "had no effect" };
            self.store()
                .audit(&AuditRecord {
                    at: self.now(),
                    actor: request.actor.clone(),
                    action: format!("repair {option}"),
                    project: project.name.clone(),
                    detail: format!("{revision}:{number} on {} {said}: {}", place.name, request.reason),
                })
                .await?;
            place.target.judge(row, request.took_effect).await?;
            Ok(())
        }
        .await;
        let released = lock.release().await;
        judged?;
        released?;
        self.diagnose(&diagnose).await
    }
}
