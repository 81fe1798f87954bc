//! A run's log as a response stream.

use crate::convert::event::update;
use futures_util::Stream;
use futures_util::stream::unfold;
use migrated_engine::RunWatch;
use migrated_proto::v1;
use std::pin::Pin;
use tonic::Status;

/// A boxed response stream.
pub(crate) type BoxStream<T> = Pin<Box<dyn Stream<Item = Result<T, Status>> + Send>>;

/// Streams a run. The first message names the run; dropping the stream changes nothing about the run (rule R4).
pub(crate) fn of_run<T: Send + 'static>(watch: RunWatch, wrap: fn(v1::RunUpdate) -> T) -> BoxStream<T> {
    let first = v1::RunUpdate { run_id: watch.run_id.clone(), joined: watch.joined, ..Default::default() };
    let rest = unfold(Some(watch), move |watch| async move {
        let mut watch = watch?;
        match watch.next().await {
            Ok(Some(next)) => {
                let message = update(&watch.run_id, watch.joined, next);
                Some((Ok(wrap(message)), Some(watch)))
            }
            Ok(None) => None,
            Err(e) => Some((Err(crate::status::status(&e)), None)),
        }
    });
    Box::pin(futures_util::StreamExt::chain(futures_util::stream::iter([Ok(wrap(first))]), rest))
}
