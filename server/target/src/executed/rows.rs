//! The rows of a statement on their way to the client.

use super::{Answer, BATCH_BYTES, Done, Executor, ResultColumn, Value};
use crate::TargetError;

/// Takes a statement's rows and sends them in batches. No more than a batch is held.
pub(crate) struct Rows<'a> {
    executor: &'a mut dyn Executor,
    batch: Answer,
    most: usize,
    count: u64,
    stopped: bool,
}

impl<'a> Rows<'a> {
    pub(crate) fn new(executor: &'a mut dyn Executor, id: u64, batch_rows: u32) -> Rows<'a> {
        let most = if batch_rows == 0 { usize::MAX } else { batch_rows as usize };
        Rows { executor, batch: Answer { id, ..Answer::default() }, most, count: 0, stopped: false }
    }

    /// Tells what the rows are made of. The first time counts.
    pub(crate) fn columns(&mut self, columns: impl FnOnce() -> Vec<ResultColumn>) {
        if self.count == 0 && self.batch.columns.is_empty() {
            self.batch.columns = columns();
        }
    }

    /// Takes a row. `false`: no more are wanted.
    pub(crate) async fn push(&mut self, row: Vec<Value>) -> Result<bool, TargetError> {
        if self.stopped {
            return Ok(false);
        }
        self.batch.bytes += row.iter().map(Value::size).sum::<usize>();
        self.batch.rows.push(row);
        self.count += 1;
        if self.batch.rows.len() >= self.most || self.batch.bytes >= BATCH_BYTES {
            let next = Answer { id: self.batch.id, ..Answer::default() };
            self.stopped = !self.executor.answer(std::mem::replace(&mut self.batch, next)).await?;
        }
        Ok(!self.stopped)
    }

    /// How many were taken.
    pub(crate) fn count(&self) -> u64 {
        self.count
    }

    /// Whether there were columns, and so rows, be it none.
    pub(crate) fn gave_any(&self) -> bool {
        self.count > 0 || !self.batch.columns.is_empty()
    }

    /// Ends the statement's answers with what came of it.
    pub(crate) async fn complete(self, done: Result<Done, TargetError>) -> Result<(), TargetError> {
        let mut last = Answer { complete: true, stopped: self.stopped, ..self.batch };
        match done {
            Ok(done) => {
                last.row_count = done.row_count;
                last.last_row_id = done.last_row_id;
                last.replayed = done.replayed;
            }
            Err(error) => last.error = Some(error),
        }
        self.executor.answer(last).await.map(drop)
    }
}
