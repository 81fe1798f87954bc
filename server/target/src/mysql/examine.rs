//! Examining a revision that was cut off, and noting what a person found out about one of its statements.

use super::journalled::MYSQL;
use super::session::MysqlSession;
use super::{MysqlTarget, cancel, evidence, standing};
use crate::examine::{Examined, Witness, examine};
use crate::journal::progress::{Effect, named, writer};
use crate::{BackendState, JournalRow, Session, SessionOptions, TargetError, Tell, Work, journal};
use async_trait::async_trait;
use migrated_core::event::EventKind;

/// Hears nothing: what is looked at is not part of a run.
struct Deaf;

impl Tell for Deaf {
    fn statement_started(&self, _index: u32) {}
    fn event(&self, _what: EventKind) {}
}

#[async_trait]
impl Witness for MysqlSession {
    async fn effect(&mut self, work: &Work, row: &JournalRow) -> Result<Effect, TargetError> {
        let (statement, same_text) = named(work, row);
        let now = evidence::same_objects(self, &row.definitions, &Deaf).await?;
        let text = statement.map_or("", |statement| work.script.sql(statement));
        Ok(evidence::decide(text, same_text, &row.definitions, &now))
    }

    async fn at_work(&mut self, row: &JournalRow) -> Result<Option<String>, TargetError> {
        let Some(backend) = writer(row, String::new()) else { return Ok(None) };
        Ok(match cancel::look(&self.target, &backend).await? {
            BackendState::Gone => None,
            BackendState::Alive(what) => Some(format!("connection {}: {what}", backend.pid)),
        })
    }
}

/// What became of each statement of `work`.
pub(super) async fn look(target: &MysqlTarget, work: &Work) -> Result<Examined, TargetError> {
    let rows = standing::read(target).await?.journal;
    let mut session = MysqlSession::open(target, &SessionOptions::default()).await?;
    let found = examine(work, &rows, &mut session).await;
    Box::new(session).close().await;
    found
}

/// Notes whether the statement of an INTENT row took effect. Where it had none, those announced behind it had none.
pub(super) async fn judge(
    target: &MysqlTarget,
    row: &JournalRow,
    took_effect: bool,
) -> Result<(), TargetError> {
    let mut session = MysqlSession::open(target, &SessionOptions::default()).await?;
    let text = journal::judged(MYSQL, &session.place.journal(), &session.place.name, row, took_effect);
    let noted = session.query(&text, &Deaf).await.map(drop);
    let noted = noted.map_err(|(_, e)| session.refused(&e, "writing the journal"));
    Box::new(session).close().await;
    noted
}
