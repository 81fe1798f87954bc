//! Examining a revision that was cut off, and noting what a person found out about one of its statements.

use super::connect::{Settings, application_name};
use super::journalled::PG;
use super::resume::weigh;
use super::session::PostgresSession;
use super::standing::{self, journal_table};
use super::{PostgresTarget, cancel, error};
use crate::examine::{Examined, Witness, examine};
use crate::journal::progress::{Effect, named, writer};
use crate::{BackendState, JournalRow, Session, SessionOptions, TargetError, Work, journal};
use async_trait::async_trait;

#[async_trait]
impl Witness for PostgresSession {
    async fn effect(&mut self, work: &Work, row: &JournalRow) -> Result<Effect, TargetError> {
        let (statement, same_text) = named(work, row);
        let text = statement.map_or("", |statement| work.script.sql(statement));
        let known = statement.map(|statement| &statement.treatment);
        Ok(weigh(self, row, text, known.filter(|_| same_text)).await?.effect)
    }

    async fn at_work(&mut self, row: &JournalRow) -> Result<Option<String>, TargetError> {
        let Some(backend) = writer(row, application_name(&row.run)) else { return Ok(None) };
        Ok(match cancel::look(&self.target, &backend).await? {
            BackendState::Gone => None,
            BackendState::Alive(what) => Some(format!("backend {}: {what}", backend.pid)),
        })
    }
}

/// What became of each statement of `work`.
pub(super) async fn look(target: &PostgresTarget, work: &Work) -> Result<Examined, TargetError> {
    let rows = standing::read(target).await?.journal;
    let mut session = open(target, work).await?;
    let found = examine(work, &rows, &mut session).await;
    Box::new(session).close().await;
    found
}

/// Notes whether the statement of an INTENT row took effect.
pub(super) async fn judge(
    target: &PostgresTarget,
    row: &JournalRow,
    took_effect: bool,
) -> Result<(), TargetError> {
    let mut connected = target.connected(&row.run, Settings::Work).await?;
    let table = journal_table(&connected.place);
    let text = journal::judged(PG, &table, &connected.place.name, row, took_effect);
    let noted = connected.wire.execute(&text, &mut |_| {}).await;
    connected.wire.close().await;
    noted.map(drop).map_err(|e| error::outside(&e, &format!("writing {table}")))
}

async fn open(target: &PostgresTarget, work: &Work) -> Result<PostgresSession, TargetError> {
    let options = SessionOptions { run: work.run.clone(), lock: None };
    PostgresSession::open(target, &options).await
}
