//! How the daemon ends: by signal, or for want of anything to do.

mod activity;

pub(crate) use activity::{Activity, counted};

use async_trait::async_trait;
use std::io;
use std::time::Duration;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

/// The runs that belong to the daemon: what its end has to wait for.
#[async_trait]
pub(crate) trait Runs: Send + Sync + 'static {
    /// Takes no more runs; those under way end after their current step, with `now` they are cancelled.
    fn close(&self, now: bool);
    /// Waits until every run has ended, at most `bound`; whether all did.
    async fn closed(&self, bound: Duration) -> bool;
    /// Number of runs under way.
    fn under_way(&self) -> usize;
    /// Nothing calls any more: gives back what the runs are kept in.
    async fn finish(&self);
}

/// The wish that the daemon ends. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub(crate) struct Stop {
    /// Steps under way may end.
    pub(crate) gently: CancellationToken,
    /// Nothing more may be waited for.
    pub(crate) at_once: CancellationToken,
}

impl Stop {
    /// The first wish is a gentle one, the second is not.
    pub(crate) fn ask(&self) {
        if self.gently.is_cancelled() {
            self.at_once.cancel();
        }
        self.gently.cancel();
    }
}

/// Listens to signals for the life of the process: SIGTERM and SIGINT ask to stop, SIGHUP reloads.
///
/// # Errors
/// Where the system does not let us.
pub(crate) fn on_signals(stop: Stop, reload: impl Fn() + Send + 'static) -> io::Result<()> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut hang_up = signal(SignalKind::hangup())?;
    tokio::spawn(async move {
        loop {
            tokio::select! {
                _ = terminate.recv() => stop.ask(),
                _ = interrupt.recv() => stop.ask(),
                _ = hang_up.recv() => reload(),
            }
        }
    });
    Ok(())
}

/// Ends the runs: gently for `grace`, then by cancelling them, which may take `cancel_grace` more. Whether all ended.
pub(crate) async fn end_runs(stop: &Stop, runs: &dyn Runs, grace: Duration, cancel_grace: Duration) -> bool {
    runs.close(false);
    let under_way = runs.under_way();
    if under_way > 0 {
        tracing::info!(
            runs = under_way,
            "stopping: the current steps end first; a second signal cancels them"
        );
    }
    let gently = stop.at_once.run_until_cancelled(runs.closed(grace)).await;
    if gently == Some(true) {
        return true;
    }
    tracing::warn!(runs = runs.under_way(), "cancelling the runs that are still under way");
    runs.close(true);
    let ended = runs.closed(cancel_grace).await;
    if !ended {
        tracing::error!(runs = runs.under_way(), "runs did not end; the next start settles how they stand");
    }
    ended
}

#[cfg(test)]
mod tests {
    use super::{Runs, Stop, end_runs};
    use async_trait::async_trait;
    use std::sync::Mutex;
    use std::time::Duration;
    use tokio::sync::watch;

    /// Runs whose end the test decides: after their step, only when cancelled, or never.
    struct Scripted {
        told: Mutex<Vec<bool>>,
        ended: watch::Sender<bool>,
        cancellable: bool,
    }

    impl Scripted {
        fn new(cancellable: bool) -> Scripted {
            Scripted { told: Mutex::default(), ended: watch::Sender::new(false), cancellable }
        }

        fn told(&self) -> Vec<bool> {
            self.told.lock().expect("not poisoned").clone()
        }
    }

    #[async_trait]
    impl Runs for Scripted {
        fn close(&self, now: bool) {
            self.told.lock().expect("not poisoned").push(now);
            if now && self.cancellable {
                self.ended.send_replace(true);
            }
        }

        async fn closed(&self, bound: Duration) -> bool {
            let mut ended = self.ended.subscribe();
            tokio::time::timeout(bound, ended.wait_for(|e| *e)).await.is_ok()
        }

        fn under_way(&self) -> usize {
            usize::from(!*self.ended.borrow())
        }

        async fn finish(&self) {}
    }

    const HOUR: Duration = Duration::from_secs(3600);

    #[tokio::test(start_paused = true)]
    async fn steps_may_end() {
        let (runs, stop) = (Scripted::new(true), Stop::default());
        stop.ask();
        let ended = async {
            tokio::task::yield_now().await;
            runs.ended.send_replace(true);
        };
        let (all, ()) = tokio::join!(end_runs(&stop, &runs, HOUR, HOUR), ended);
        assert!(all);
        assert_eq!(runs.told(), [false]);
    }

    #[tokio::test(start_paused = true)]
    async fn after_the_grace_runs_are_cancelled() {
        let (runs, stop) = (Scripted::new(true), Stop::default());
        let begun = tokio::time::Instant::now();
        assert!(end_runs(&stop, &runs, HOUR, HOUR).await);
        assert_eq!(runs.told(), [false, true]);
        assert_eq!(begun.elapsed().as_secs(), HOUR.as_secs());
    }

    #[tokio::test(start_paused = true)]
    async fn a_second_wish_cancels_at_once() {
        let (runs, stop) = (Scripted::new(true), Stop::default());
        stop.ask();
        assert!(!stop.at_once.is_cancelled());
        stop.ask();
        let begun = tokio::time::Instant::now();
        assert!(end_runs(&stop, &runs, HOUR, HOUR).await);
        assert_eq!(runs.told(), [false, true]);
        assert!(begun.elapsed() < Duration::from_secs(1));
    }

    #[tokio::test(start_paused = true)]
    async fn what_does_not_end_is_told() {
        let (runs, stop) = (Scripted::new(false), Stop::default());
        assert!(!end_runs(&stop, &runs, HOUR, HOUR).await);
    }
}
