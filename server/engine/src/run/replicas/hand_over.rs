//! Handing a run over when the daemon stops (rule R16).

use crate::Engine;
use crate::run::Job;
use crate::run::step::Run;
use migrated_core::Code;
use migrated_core::event::EventKind;
use migrated_store::StoreError;

impl Engine {
    /// Whether the end of a run that the store refused is left to the others on it: the run is another daemon's by now,
    /// or will be, because this one cannot write to it ([`Engine::give_up_lost`]). Then its log ends here.
    pub(crate) fn leaves_to_others(&self, run: &Run, refusal: &StoreError) -> bool {
        let passes = matches!(
            refusal,
            StoreError::NotOwner { .. }
                | StoreError::Conflict { .. }
                | StoreError::Unavailable(_)
                | StoreError::Full(_)
        );
        if !passes || self.store().shared().is_none() {
            return false;
        }
        tracing::warn!(run = %run.id, error = %refusal, "the run is another daemon's by now, or soon will be");
        run.log.abandon();
        true
    }

    /// Leaves a run to the other daemons on the store, where there are any and they can reach its target. Returns whether
    /// it did.
    pub(crate) async fn hand_over(&self, run: &Run, job: &Job) -> bool {
        let Some(shared) = self.store().shared().filter(|_| job.place.named) else { return false };
        if !shared.has_others().await.unwrap_or(false) {
            return false;
        }
        run.log
            .hand_over(EventKind::Warning {
                reason: Code::ShuttingDown.reason().to_owned(),
                message: format!("{} is stopping: another daemon goes on", self.settings().owner),
            })
            .await;
        if let Err(e) = shared.give_up_run(&run.id).await {
            // It is given up with the lease, when the store is closed.
            tracing::warn!(run = %run.id, error = %e, "the run is handed over later");
        }
        true
    }
}
