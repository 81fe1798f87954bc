//! The stream of a run's log, and how it breaks.

use super::{Break, RUN, Script};
use futures_util::stream::{self, BoxStream, StreamExt as _};
use migrated_proto::v1 as pb;
use tonic::Status;

impl Script {
    pub(super) fn updates(&self, after: u64) -> BoxStream<'static, Result<pb::RunUpdate, Status>> {
        let from = usize::try_from(after.saturating_sub(self.repeats)).expect("it is small");
        let (limit, how) = {
            let mut breaks = self.breaks.lock().expect("not poisoned");
            if breaks.is_empty() {
                (usize::MAX, None)
            } else {
                Some(breaks.remove(0)).map_or((0, None), |(n, how)| (n, Some(how)))
            }
        };
        let update = |event: pb::Event| pb::RunUpdate {
            run_id: RUN.into(),
            events: vec![event],
            ..Default::default()
        };
        let first = pb::RunUpdate { run_id: RUN.into(), joined: self.joins, ..Default::default() };
        let hang = self.hangs_after.unwrap_or(usize::MAX);
        let until = from.saturating_add(limit).min(hang).min(self.events.len());
        let events: Vec<pb::Event> = self.events.get(from..until).unwrap_or_default().to_vec();
        let last = events.last().map_or(after, |e| e.sequence);
        let told =
            stream::iter([Ok(first)]).chain(stream::iter(events.into_iter().map(move |e| Ok(update(e)))));
        if until == hang {
            let rest: Vec<pb::Event> = self.events[hang..].to_vec();
            let cancelled = self.cancelled.clone();
            let wait = stream::once(async move { cancelled.notified().await })
                .flat_map(move |()| stream::iter(rest.clone().into_iter().map(move |e| Ok(update(e)))));
            return told.chain(wait).boxed();
        }
        match how {
            Some(Break::Status) => told.chain(stream::iter([Err(Status::unavailable("cut off"))])).boxed(),
            Some(how @ (Break::Handover | Break::Old)) => {
                let alive = pb::RunUpdate { run_id: RUN.into(), heartbeat: true, ..Default::default() };
                let resume =
                    pb::RunUpdate { run_id: RUN.into(), resume_after: Some(last), ..Default::default() };
                let alive = (how == Break::Old).then_some(Ok(alive));
                told.chain(stream::iter(alive)).chain(stream::iter([Ok(resume)])).boxed()
            }
            None if self.joins => {
                let reached = pb::RunUpdate {
                    run_id: RUN.into(),
                    joined: true,
                    goal_reached: true,
                    ..Default::default()
                };
                told.chain(stream::iter([Ok(reached)])).boxed()
            }
            Some(Break::Silence) | None => told.boxed(),
        }
    }
}
