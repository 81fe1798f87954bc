//! Statements that take long: who is in their way, and how far they have come.

use super::tell::StepTell;
use crate::Engine;
use crate::place::Place;
use crate::prepare::Prepared;
use crate::run::RunHandle;
use migrated_core::event::EventKind;
use migrated_target::Backend;
use std::sync::PoisonError;
use std::time::Duration;

impl Engine {
    /// Tells of statements that take long, with their blockers and progress. Never ends.
    pub(super) async fn watch_statement(
        &self,
        run: &RunHandle,
        place: &Place,
        backend: &Backend,
        prepared: &Prepared,
        tell: &StepTell<'_>,
    ) {
        let work = &prepared.work;
        let total = work.script.statements.len() as u32;
        let (mut seen, mut due, mut blocked) = ((0, 0), Duration::from_secs(2), Vec::new());
        loop {
            // A look is a connection of its own: the longer a statement takes, the less often it is looked at.
            let pause = tell.at_work().1 / 8;
            tokio::time::sleep(pause.clamp(Duration::from_millis(250), Duration::from_secs(5))).await;
            let (index, elapsed) = tell.at_work();
            let Some(at) = index.checked_sub(1) else { continue };
            let (line, summary) = match work.script.statements.get(at as usize) {
                Some(statement) => (statement.line, statement.summary.clone()),
                None if prepared.client.is_some() => {
                    (0, tell.summary.lock().unwrap_or_else(PoisonError::into_inner).clone())
                }
                None => continue,
            };
            let of = if total == 0 { String::new() } else { format!("/{total}") };
            let attempt = tell.attempt();
            if (index, attempt) != seen {
                (seen, due, blocked) = ((index, attempt), Duration::from_secs(2), Vec::new());
            }
            if elapsed < Duration::from_millis(500) {
                continue;
            }
            run.set_doing(format!("statement {index}{of} of {}: {summary}", work.revision));
            let blockers = place.target.blockers(backend).await.unwrap_or_default();
            if !blockers.is_empty() {
                tell.note_blockers(&blockers);
            }
            let holders: Vec<i64> = blockers.iter().map(|b| b.pid).collect();
            if !blockers.is_empty() && holders != blocked {
                blocked = holders;
                let max_attempts = self.settings().retry_attempts;
                run.log.push(EventKind::Blocked { index, total, blockers, attempt, max_attempts });
            }
            if elapsed >= due {
                let progress = place.target.progress(backend).await.ok().flatten().unwrap_or_default();
                run.log.push(EventKind::StatementRunning {
                    index,
                    total,
                    line,
                    summary: summary.clone(),
                    elapsed_ms: elapsed.as_millis() as u64,
                    progress,
                });
                // 2 s, 10 s, 30 s, then every minute.
                due = match due.as_secs() {
                    2 => Duration::from_secs(10),
                    10 => Duration::from_secs(30),
                    30 => Duration::from_secs(60),
                    _ => due + Duration::from_secs(60),
                };
            }
        }
    }
}
