//! Handing a run over when the daemon stops (rule R16).

use crate::Engine;
use crate::run::Job;
use crate::run::step::Run;
use migrated_core::Code;
use migrated_core::event::EventKind;
use migrated_store::StoreError;

impl Engine {
    /// Whether a refusal of the store means that the run is another daemon's by now. Then its log ends here.
    pub(crate) fn leaves_to_others(&self, run: &Run, refusal: &StoreError) -> bool {
        let taken = matches!(refusal, StoreError::NotOwner { .. } | StoreError::Conflict { .. });
        if taken && self.store().shared().is_some() {
            tracing::warn!(run = %run.id, "the run is another daemon's by now: it is left to that");
            run.log.abandon();
            return true;
        }
        false
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
