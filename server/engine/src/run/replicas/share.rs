//! A run's share of the connections to its target's server, where other daemons work on that server, too (rule R5).

use crate::connections::Share;
use crate::place::Place;
use crate::run::lane::server_of;
use crate::run::step::Run;
use crate::{Engine, Result};
use migrated_core::DialectName;
use migrated_store::{Change, Claim};
use std::time::Duration;
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;

/// How often the store is asked again where nobody tells that a run has ended.
const LOOK: Duration = Duration::from_millis(500);
/// How long it is not asked again, whatever is told.
const PAUSE: Duration = Duration::from_millis(50);
/// What a run cannot work without: its lock's connection and its work's.
const NEED: u64 = 2;

impl Engine {
    /// A run's share, here and among all daemons: of those of one daemon that wait, the projects take turns; whose turn it
    /// is asks the store, where the one goes first that has asked first.
    pub(crate) async fn share(&self, run: &Run, place: &Place, project: &str) -> Result<Share> {
        let server = &place.server;
        let Some(shared) = self.store().shared().filter(|_| is_counted(place)) else {
            return Ok(server.share(project).await);
        };
        let mut claim = Claim {
            server: server_of(place.key()),
            of: count(server.for_runs),
            need: NEED,
            ahead: count(self.settings().preconnect),
            waits: false,
        };
        if let Some(share) = server.share_at_once()
            && let Some(granted) = shared.claim_share(&run.id, &claim).await?
        {
            return Ok(with_ahead(share, granted));
        }
        let (share, _turn) = server.share_in_turn(project).await;
        let mut changes = shared.changes();
        claim.waits = true;
        loop {
            if let Some(granted) = shared.claim_share(&run.id, &claim).await? {
                return Ok(with_ahead(share, granted));
            }
            tokio::time::sleep(PAUSE).await;
            // Looking now and then is enough for what nobody told of, as the death of a daemon.
            let _ = tokio::time::timeout(LOOK, something_ended(&mut changes)).await;
        }
    }

    /// Gives back what other daemons see of a run's share.
    pub(crate) async fn give_share_back(&self, run: &Run, place: &Place) -> Result<()> {
        if let Some(shared) = self.store().shared().filter(|_| is_counted(place)) {
            shared.give_share_back(&run.id).await?;
        }
        Ok(())
    }
}

/// Files have no server.
fn is_counted(place: &Place) -> bool {
    place.target.dialect() != DialectName::Sqlite
}

fn with_ahead(mut share: Share, granted: u64) -> Share {
    share.work.ahead = usize::try_from(granted - NEED).unwrap_or(usize::MAX);
    share
}

fn count(connections: usize) -> u64 {
    u64::try_from(connections).unwrap_or(u64::MAX)
}

/// Waits until somebody tells of a run: it may have ended.
async fn something_ended(changes: &mut Receiver<Change>) {
    loop {
        match changes.recv().await {
            Ok(Change::Run(_) | Change::Anything) | Err(RecvError::Lagged(_)) => return,
            Ok(_) => {}
            Err(RecvError::Closed) => std::future::pending().await,
        }
    }
}
