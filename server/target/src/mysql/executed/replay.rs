//! A body that is run again: what took effect before is answered from the journal, and what cannot be is refused.

use super::{Client, makes_keys};
use crate::executed::{Done, Meaning, recorded};
use crate::journal::progress::{self, Effect};
use crate::mysql::evidence;
use crate::mysql::journalled::MYSQL;
use crate::mysql::resume::end_orphan;
use crate::stop::Failure;
use crate::{ApplyFault, JournalRow, JournalState, Outcome, ScriptStatement, TargetError, journal};
use migrated_core::dialect::StatementKind;

impl Client<'_, '_> {
    /// The answer to the next statement, where it took effect in an earlier attempt.
    pub(super) async fn known(
        &mut self,
        sent: &ScriptStatement,
        meaning: &Meaning,
    ) -> Result<Option<Done>, Failure> {
        if let Some(row) = self.recorded.remove(&self.number)
            && (row.state == JournalState::Done || self.took_effect(&row, sent, meaning).await?)
        {
            let done = self.replay(&row, sent, meaning)?;
            self.id_replayed |= makes_keys(meaning);
            return Ok(Some(done));
        }
        match self.went_with_session(meaning) {
            Some(what) => Err(self.lost(what, meaning)),
            None => {
                self.id_replayed &= !makes_keys(meaning);
                Ok(None)
            }
        }
    }

    /// What a statement that is to be executed counts on, and went with the session of an earlier attempt. What took
    /// effect after it then is answered from the journal now, and so is not there for this session.
    pub(super) fn went_with_session(&self, meaning: &Meaning) -> Option<&'static str> {
        if self.id_replayed && meaning.text.to_ascii_uppercase().contains("LAST_INSERT_ID(") {
            return Some("LAST_INSERT_ID()");
        }
        if self.recorded.is_empty() || meaning.class.kind != StatementKind::SessionOnly {
            return None;
        }
        match (meaning.class.label, meaning.verb.as_str()) {
            ("CREATE TEMPORARY TABLE", "CREATE") => Some("its temporary table"),
            ("CREATE TEMPORARY TABLE", _) => None,
            _ => (!meaning.class.replayable).then_some("a value that it computed"),
        }
    }

    pub(super) fn lost(&self, what: &str, meaning: &Meaning) -> Failure {
        self.decided_partial(recorded::went_with_session(self.way.work, what, meaning))
    }

    /// Decides whether a statement without DONE took effect. Where it did, that is recorded; where not, its INTENT goes.
    pub(super) async fn took_effect(
        &mut self,
        row: &JournalRow,
        sent: &ScriptStatement,
        meaning: &Meaning,
    ) -> Result<bool, Failure> {
        let session = &mut *self.way.session;
        end_orphan(session.target.clone(), &session.backend.clone(), row).await?;
        let now = evidence::same_objects(session, &row.definitions, self.way.tell).await?;
        let same = row.hash == sent.hash;
        let effect: Effect = evidence::decide(&meaning.text, same, &row.definitions, &now);
        let (effect, _) = progress::decided(effect, same, self.way.work, row, &self.way.progress)?;
        let (table, name) = (session.place.journal(), session.place.name.clone());
        if effect {
            self.write(&[journal::done(MYSQL, &table, &name, row)]).await?;
            self.way.progress.one_more();
        } else {
            self.write(&[journal::forget(MYSQL, &table, &name, row)]).await?;
        }
        Ok(effect)
    }

    /// The answer to a statement that took effect in an earlier attempt.
    pub(super) fn replay(
        &self,
        row: &JournalRow,
        sent: &ScriptStatement,
        meaning: &Meaning,
    ) -> Result<Done, Failure> {
        if row.hash != sent.hash {
            return Err(self.decided_partial(journal::changed(self.way.work, row.statement)));
        }
        if !meaning.without_rows {
            let error = recorded::rows_unknown(self.way.work, row, meaning);
            return Err(self.decided_partial(error));
        }
        Ok(recorded::replayed(row))
    }

    pub(super) fn decided_partial(&self, error: TargetError) -> Failure {
        let progress = &self.way.progress;
        let done = progress.done;
        let evidence = progress.evidence.clone().unwrap_or_else(|| "nothing after them was committed".into());
        Failure::Decided(ApplyFault { error, outcome: Outcome::Partial { done, evidence }, retryable: false })
    }
}
