//! From a planned step to work for a target. What can be found without executing is found here, before the first
//! statement of the first revision (rule R10).

mod applied;
mod body;
mod check;
mod refusal;
mod rehearsed;
mod source;
mod transaction;

pub(crate) use applied::Verified;
pub(crate) use body::{LoadedBody, understand};

use crate::run::{StepToExecute, Way};
use crate::{Engine, Result};
use migrated_store::Hash;
use migrated_target::{ApplyFault, Script, Transaction, Work};
use std::sync::Arc;

/// Most bytes of split scripts that are kept between checking a plan and executing it; the rest is split again.
const KEPT_BYTES: usize = 8 << 20;

/// What checking found out about a step.
pub(crate) struct StepFacts {
    pub(crate) body_hash: Option<Hash>,
    pub(crate) token_hash: Option<Hash>,
    pub(crate) path: String,
    pub(crate) statements: u32,
    pub(crate) transactional: bool,
    pub(crate) spoils_sessions: bool,
    /// SQLite: it switches the enforcement of foreign keys off, or may.
    pub(crate) unenforced: bool,
    /// The statements were rendered from operations.
    rendered: bool,
    /// A client executes it.
    client: bool,
    script: Option<Arc<Script>>,
}

/// A step, ready for its target.
pub(crate) struct Prepared {
    pub(crate) work: Work,
    pub(crate) rows_after: Vec<String>,
    /// It changes what a new session starts with.
    pub(crate) spoils_sessions: bool,
    /// What a client is to execute, instead of the script.
    pub(crate) client: Option<Box<StepToExecute>>,
    rendered: bool,
}

impl Prepared {
    /// Puts a fault where its operation stands: where it is inside of a statement that was rendered says nothing about
    /// the file.
    pub(crate) fn place(&self, mut fault: ApplyFault) -> ApplyFault {
        if let Some(sql) = fault.error.sql.as_deref_mut().filter(|_| self.rendered)
            && let Some(before) = sql.statement_index.checked_sub(1)
            && let Some(statement) = self.work.script.statements.get(before as usize)
        {
            (sql.line, sql.column_number) = (statement.line, statement.column);
        }
        fault
    }
}

impl Engine {
    /// The work of step `i`, from what [`Engine::check_steps`] found.
    pub(crate) async fn prepare(
        &self,
        way: &Way<'_>,
        i: usize,
        rows: &[String],
        transaction: Transaction,
    ) -> Result<Prepared> {
        let (step, fact) = (&way.decided.steps[i], &way.facts[i]);
        let (script, client) = match &fact.script {
            Some(script) if !fact.client => (script.clone(), None),
            _ => {
                let graph = &way.decided.graph;
                let body = self.load_body(graph, &step.revision, step.direction, way.server).await?;
                (body.script, body.client)
            }
        };
        let client = client.map(|client| {
            Box::new(StepToExecute {
                index: i as u32 + 1,
                total: way.decided.steps.len() as u32,
                revision: step.revision.clone(),
                direction: step.direction,
                path: fact.path.clone(),
                language: client.language,
                source: client.source,
                dialect: way.server.dialect,
                server: way.server_text.to_owned(),
                attempt: 1,
                transactional: fact.transactional,
                rows: rows.to_vec(),
            })
        });
        let work = Work {
            run: way.run.id.clone(),
            revision: step.revision.clone(),
            direction: step.direction,
            path: fact.path.clone(),
            script,
            expected_rows: rows.to_vec(),
            changes: step.changes.clone(),
            transaction: if fact.transactional { transaction } else { Transaction::None },
            most_statements: self.settings().max_statements,
            retries: self.settings().retries(),
        };
        Ok(Prepared {
            work,
            rows_after: step.rows_after.clone(),
            spoils_sessions: fact.spoils_sessions,
            client,
            rendered: fact.rendered,
        })
    }
}
