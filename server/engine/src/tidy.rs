//! Removing what nobody needs any more from the store.

use crate::{Engine, Result};

impl Engine {
    /// Prunes old event logs and collects bodies that nothing refers to.
    pub async fn tidy_store(&self) -> Result<()> {
        let micros = |span: std::time::Duration| i64::try_from(span.as_micros()).unwrap_or(i64::MAX);
        let now = self.now();
        let events =
            self.store().prune_events(now.saturating_sub(micros(self.settings().keep_events))).await?;
        let (manifests, bodies) =
            self.store().collect(now.saturating_sub(micros(self.settings().keep_bodies))).await?;
        if events + manifests + bodies > 0 {
            tracing::info!(events, manifests, bodies, "removed from the revision store");
        }
        Ok(())
    }
}
