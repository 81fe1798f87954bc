//! A run's log as a response stream.

use crate::convert::event::update;
use futures_util::Stream;
use futures_util::stream::{StreamExt as _, iter, unfold};
use migrated_engine::{RunUpdate, RunWatch};
use migrated_proto::v1;
use prost::Message as _;
use std::pin::Pin;
use tonic::Status;

/// A boxed response stream.
pub(crate) type BoxStream<T> = Pin<Box<dyn Stream<Item = Result<T, Status>> + Send>>;

/// Streams a run to who asked for it. The first message names the run; dropping the stream changes nothing about the
/// run (rule R4).
pub(crate) fn of_run<T: Send + 'static>(watch: RunWatch, wrap: fn(v1::RunUpdate) -> T) -> BoxStream<T> {
    told(watch, wrap, move |run, joined, next| wrap(update(run, joined, next)))
}

/// Streams a run to one of many watchers: a part of the log is encoded once for all who get it.
pub(crate) fn of_watch(watch: RunWatch) -> BoxStream<v1::WatchRunResponse> {
    told(watch, v1::WatchRunResponse::from, |run, joined, next| match next {
        RunUpdate::Events(part) if !joined => {
            let encoded = part.encoded(|part| {
                let update = update(run, joined, RunUpdate::Events(part.clone()));
                v1::WatchRunResponse::from(update).encode_to_vec().into()
            });
            v1::WatchRunResponse::encoded(encoded)
        }
        next => update(run, joined, next).into(),
    })
}

fn told<T: Send + 'static>(
    watch: RunWatch,
    wrap: fn(v1::RunUpdate) -> T,
    tell: impl Fn(&str, bool, RunUpdate) -> T + Copy + Send + 'static,
) -> BoxStream<T> {
    let first = v1::RunUpdate { run_id: watch.run_id.clone(), joined: watch.joined, ..Default::default() };
    let rest = unfold(Some(watch), move |watch| async move {
        let mut watch = watch?;
        match watch.next().await {
            Ok(Some(next)) => {
                let message = tell(&watch.run_id, watch.joined, next);
                Some((Ok(message), Some(watch)))
            }
            Ok(None) => None,
            Err(e) => Some((Err(crate::status::status(&e)), None)),
        }
    });
    Box::pin(iter([Ok(wrap(first))]).chain(rest))
}
