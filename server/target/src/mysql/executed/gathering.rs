//! The transaction in which statements gather, and the journal's rows in it.

use super::{Client, count};
use crate::mysql::alone::journal_stop;
use crate::mysql::error;
use crate::mysql::journalled::MYSQL;
use crate::mysql::opening::journal_rows;
use crate::mysql::statement::outside;
use crate::mysql::transaction::{BEGIN, COMMIT, ask};
use crate::stop::{Failure, Stop};
use crate::{JournalRow, JournalState, journal};

/// The server has rolled the transaction back.
const DEADLOCK: u16 = 1213;

/// The server has rolled the statement back, and with `innodb_rollback_on_timeout` the transaction.
const LOCK_TIMEOUT: u16 = 1205;

impl Client<'_, '_> {
    /// Begins the transaction in which statements gather.
    pub(super) async fn begin(&mut self) -> Result<(), Failure> {
        if self.in_transaction {
            return Ok(());
        }
        self.journal().await?;
        let text = format!("{}{BEGIN}", self.way.session.guard());
        ask(self.way.session, &text, "beginning a transaction", self.way.tell).await?;
        self.in_transaction = true;
        Ok(())
    }

    /// Commits what gathered.
    pub(super) async fn commit(&mut self) -> Result<(), Failure> {
        if !self.in_transaction {
            return Ok(());
        }
        let session = &mut *self.way.session;
        let place = session.place.clone();
        let done = journal::select(MYSQL, &place.journal(), &place.name);
        let count_again = if self.rolled_back { format!("{done};") } else { String::new() };
        let text = format!("{}{count_again}{COMMIT}", session.guard());
        match session.query(&text, self.way.tell).await {
            Ok(answers) => {
                let is_done = |row: &JournalRow| row.state == JournalState::Done;
                let found = match answers.iter().rev().nth(1).filter(|_| self.rolled_back) {
                    Some(answer) => journal_rows(answer)?.iter().filter(|row| is_done(row)).count(),
                    None => 0,
                };
                match self.rolled_back {
                    true => self.way.progress.done = count(found),
                    false => self.way.progress.done += self.uncommitted,
                }
                if self.uncommitted > 0 {
                    self.way.progress.evidence = None;
                }
                (self.in_transaction, self.uncommitted, self.rolled_back) = (false, 0, false);
                Ok(())
            }
            Err((_, e)) => {
                if error::is_fatal(&e) {
                    self.way.progress.lost_in_commit(self.number);
                }
                Err(outside(session, &e, "committing statements").into())
            }
        }
    }

    /// Makes the journal where it is missing.
    pub(super) async fn journal(&mut self) -> Result<(), Failure> {
        if !self.way.progress.journal {
            let text = journal::create(MYSQL, &self.way.session.place.journal());
            ask(self.way.session, &text, "creating the journal", self.way.tell).await?;
            self.way.progress.journal = true;
        }
        Ok(())
    }

    /// Writes to the journal, in the open transaction or, without one, by itself.
    pub(super) async fn write(&mut self, texts: &[String]) -> Result<(), Failure> {
        self.journal().await?;
        let text = format!("{}{}", self.way.session.guard(), texts.join(";"));
        match self.way.session.query(&text, self.way.tell).await {
            Ok(_) => Ok(()),
            Err((_, e)) => Err(Stop { fatal: true, ..journal_stop(self.way, &e) }.into()),
        }
    }

    /// Whether a failure rolled the whole transaction back, and not only its statement.
    pub(super) async fn is_undone_by(&mut self, error: &sqlx::Error) -> Result<bool, Failure> {
        match error::number(error) {
            Some(DEADLOCK) => Ok(true),
            Some(LOCK_TIMEOUT) => {
                let text = "SELECT @@GLOBAL.innodb_rollback_on_timeout";
                let answers =
                    ask(self.way.session, text, "asking what a timeout undoes", self.way.tell).await?;
                Ok(answers.last().and_then(|answer| answer.first(0)) == Some("1"))
            }
            _ => Ok(false),
        }
    }
}
