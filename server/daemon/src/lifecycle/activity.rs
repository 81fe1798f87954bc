//! Whether anything is going on: requests in flight, streams included, and when the last one ended.

use crate::server::{Boxed, boxed};
use http::Request;
use http_body::{Frame, SizeHint};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::Instant;
use tonic::body::Body;
use tower::{Service as _, service_fn};

/// Counts what is going on. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Activity(watch::Sender<State>);

#[derive(Clone, Copy, Debug)]
struct State {
    open: usize,
    last: Instant,
}

/// Something that is going on until this is dropped.
#[derive(Debug)]
pub(crate) struct Open(Activity);

impl Activity {
    /// Nothing is going on, since now.
    pub(crate) fn new() -> Activity {
        Activity(watch::Sender::new(State { open: 0, last: Instant::now() }))
    }

    /// Something begins.
    pub(crate) fn begin(&self) -> Open {
        self.0.send_modify(|state| state.open += 1);
        Open(self.clone())
    }

    /// Returns when nothing has been going on for `span` and `busy` says no; asked anew each `span`.
    pub(crate) async fn idle(&self, span: Duration, busy: impl Fn() -> bool) {
        let mut seen = self.0.subscribe();
        let mut since = Instant::now();
        loop {
            let state = *seen.borrow_and_update();
            let changed = if state.open == 0 {
                let end = state.last.max(since) + span;
                match tokio::time::timeout_at(end, seen.changed()).await {
                    Ok(changed) => changed,
                    Err(_) if !busy() => return,
                    Err(_) => {
                        since = Instant::now();
                        Ok(())
                    }
                }
            } else {
                seen.changed().await
            };
            // The sender is ours: it cannot have gone.
            if changed.is_err() {
                return;
            }
        }
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.0.0.send_modify(|state| {
            state.open -= 1;
            state.last = Instant::now();
        });
    }
}

/// Counts each call from its first byte until its response's body has ended or its caller has gone.
pub(crate) fn counted(inner: Boxed, activity: Activity) -> Boxed {
    boxed(service_fn(move |request: Request<Body>| {
        let open = activity.begin();
        let mut inner = inner.clone();
        async move {
            let response = inner.call(request).await?;
            Ok(response.map(|body| Body::new(Counted { body, _open: open })))
        }
    }))
}

struct Counted {
    body: Body,
    _open: Open,
}

impl http_body::Body for Counted {
    type Data = <Body as http_body::Body>::Data;
    type Error = <Body as http_body::Body>::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Self::Data>, Self::Error>>> {
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use super::Activity;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::time::Duration;
    use tokio::time::Instant;

    const SPAN: Duration = Duration::from_secs(30);

    #[tokio::test(start_paused = true)]
    async fn without_anything_it_ends_after_the_span() {
        let begun = Instant::now();
        Activity::new().idle(SPAN, || false).await;
        assert_eq!(begun.elapsed().as_secs(), 30);
    }

    #[tokio::test(start_paused = true)]
    async fn an_open_request_holds_it_and_its_end_starts_the_span_anew() {
        let (activity, begun) = (Activity::new(), Instant::now());
        let stream = activity.begin();
        let short = activity.clone();
        let work = async move {
            tokio::time::sleep(Duration::from_secs(10)).await;
            drop(short.begin());
            tokio::time::sleep(Duration::from_secs(90)).await;
            drop(stream);
        };
        tokio::join!(activity.idle(SPAN, || false), work);
        assert_eq!(begun.elapsed().as_secs(), 130);
    }

    #[tokio::test(start_paused = true)]
    async fn a_run_without_a_watcher_holds_it() {
        let (asked, begun) = (AtomicUsize::new(0), Instant::now());
        Activity::new().idle(SPAN, || asked.fetch_add(1, Ordering::Relaxed) < 2).await;
        assert_eq!(begun.elapsed().as_secs(), 90);
    }
}
