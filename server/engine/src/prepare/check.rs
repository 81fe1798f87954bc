//! Checking a whole plan before anything of it is executed (rule R10).

use super::{KEPT_BYTES, StepFacts, rehearsed};
use crate::plan::Decided;
use crate::run::{Job, RunHandle};
use crate::{Engine, EngineError, Result};
use migrated_core::event::{EventKind, RunKind};
use migrated_core::operation::Server;
use migrated_core::revision::RowChange;
use migrated_core::{Code, DialectName};
use migrated_target::{Script, Standing, Treatment};
use std::sync::Arc;

impl Engine {
    /// Loads and splits every body, and refuses what cannot work.
    pub(crate) async fn check_steps(
        &self,
        run: &RunHandle,
        job: &Job,
        standing: &Standing,
        decided: &Decided,
    ) -> Result<Vec<StepFacts>> {
        check_rights(standing, &job.place.name)?;
        check_ids(standing, decided)?;
        if job.record.kind == RunKind::Stamp {
            return Ok(decided.steps.iter().map(|_| stamp_facts()).collect());
        }
        let dialect = job.place.target.dialect();
        let rehearsal = job.record.kind == RunKind::Rehearsal;
        if rehearsal {
            rehearsed::check(job, standing)?;
        }
        let server = Server::named(dialect, &standing.server);
        let mut facts = Vec::with_capacity(decided.steps.len());
        let (mut kept, mut statements, mut locks) = (0, 0u64, 0u64);
        for step in &decided.steps {
            if run.cancelled.is_cancelled() {
                return Err(run.cause());
            }
            let body = self.load_body(&decided.graph, &step.revision, step.direction, &server).await?;
            statements += body.script.statements.len() as u64;
            if statements > self.settings().max_statements {
                return Err(too_many(self.settings().max_statements));
            }
            for message in &body.warnings {
                let message = format!("{}: {message}", step.revision);
                run.log.push(EventKind::Warning { reason: "RUNS_OUTSIDE_TRANSACTION".to_owned(), message });
            }
            if job.options.per_run_transaction {
                check_in_one(dialect, &step.revision, body.transactional)?;
            }
            if job.options.per_run_transaction || rehearsal {
                locks += estimate_locks(&body.script);
            }
            kept += body.script.text.len();
            facts.push(StepFacts {
                body_hash: Some(body.body_hash),
                token_hash: Some(body.token_hash),
                path: body.path,
                statements: body.script.statements.len() as u32,
                transactional: body.transactional,
                spoils_sessions: body.spoils_sessions,
                unenforced: rehearsed::is_unenforced(dialect, body.transactional, &body.script),
                rendered: body.rendered,
                client: body.client.is_some(),
                script: (kept <= KEPT_BYTES).then_some(body.script),
            });
        }
        if job.options.per_run_transaction || rehearsal {
            check_locks(run, standing, locks).map_err(|e| match rehearsal {
                true => e.next(rehearsed::in_parts(job)),
                false => e,
            })?;
        }
        Ok(facts)
    }
}

fn stamp_facts() -> StepFacts {
    let script = Script { text: Arc::from(""), statements: Vec::new(), foreign_keys: None };
    StepFacts {
        body_hash: None,
        token_hash: None,
        path: String::new(),
        statements: 0,
        transactional: true,
        spoils_sessions: false,
        unenforced: false,
        rendered: false,
        client: false,
        script: Some(Arc::new(script)),
    }
}

fn check_rights(standing: &Standing, target: &str) -> Result<()> {
    if standing.missing_rights.is_empty() {
        return Ok(());
    }
    if let Some(schema) = standing.missing_schema() {
        let message = format!("{target} has no schema {schema}");
        return Err(EngineError::new(Code::TargetPermission, message)
            .with("target", target)
            .with("schema", schema)
            .next(format!(
                "`CREATE SCHEMA {schema}` in the database, or name another one: `database_schema`, \
                 `version_table_schema`"
            )));
    }
    let list = standing.missing_rights.join("; ");
    Err(EngineError::new(Code::TargetPermission, format!("rights are missing on {target}: {list}"))
        .with("target", target)
        .with("rights", list)
        .next("grant them to the role of the target's URL, or use another role"))
}

/// Ids that do not fit the version table's column would be cut or refused in the middle of a run.
fn check_ids(standing: &Standing, decided: &Decided) -> Result<()> {
    // A version table that is not there yet will be Alembic's: VARCHAR(32), which SQLite does not enforce.
    let column = standing.column.clone();
    let max = match &column {
        Some(column) => column.max_chars,
        None if standing.server.starts_with("SQLite") => None,
        None => Some(32),
    };
    let inserted = decided.steps.iter().flat_map(|s| &s.changes).filter_map(|change| match change {
        RowChange::Insert(id) | RowChange::Update { to: id, .. } => Some(id),
        RowChange::Delete(_) => None,
    });
    for id in inserted {
        let length = id.chars().count();
        if let Some(max) = max
            && length > max as usize
        {
            return Err(EngineError::new(
                Code::IdTooLong,
                format!("{id} has {length} characters, the version table holds {max}"),
            )
            .revision(id)
            .with("limit", max.to_string())
            .next("give the revision a shorter id, or widen the column `version_num` of the version table"));
        }
        let Some(column) = &column else { continue };
        let same = |a: &str, b: &str| {
            let folded = |s: &str| {
                let s = if column.pads { s.trim_end_matches(' ') } else { s };
                if column.case_insensitive { s.to_lowercase() } else { s.to_owned() }
            };
            a != b && folded(a) == folded(b)
        };
        let mut others = decided.graph.load_order();
        if (column.case_insensitive || column.pads)
            && let Some(other) = others.find(|other| same(other, id))
        {
            return Err(EngineError::new(
                Code::IdCollision,
                format!("{id} and {other} are one and the same under the collation of the version table"),
            )
            .revision(id)
            .with("other", other)
            .next("give one of them another id, or give `version_num` a collation that tells them apart"));
        }
    }
    Ok(())
}

fn check_in_one(dialect: DialectName, revision: &str, transactional: bool) -> Result<()> {
    let refused = |why: String| {
        EngineError::new(Code::RunTransactionRefused, why).next("leave out --per-run-transaction")
    };
    if dialect == DialectName::Mysql {
        return Err(refused(
            "MySQL and MariaDB commit with every DDL statement: one transaction around a run is \
                            not possible there"
                .to_owned(),
        ));
    }
    if !transactional {
        return Err(refused(format!("{revision} does not run in a transaction")).revision(revision));
    }
    Ok(())
}

/// Locks that a script takes and keeps until COMMIT. Measured on stock PostgreSQL, where about 1,500 tables with an
/// index fit into 6,400 places: a table takes three (itself, its TOAST table, its key), everything else one.
fn estimate_locks(script: &Script) -> u64 {
    let of = |text: &str| {
        let mut words = text.split_whitespace().map(str::to_ascii_uppercase);
        match (words.next().as_deref(), words.next().as_deref()) {
            (Some("CREATE" | "DROP"), Some("TABLE")) => 3,
            _ => 1,
        }
    };
    script
        .statements
        .iter()
        .filter(|s| s.treatment == Treatment::Transactional)
        .map(|s| of(&script.text[s.range.clone()]))
        .sum()
}

fn check_locks(run: &RunHandle, standing: &Standing, locks: u64) -> Result<()> {
    let Some(size) = standing.lock_table_size else { return Ok(()) };
    if locks > size {
        return Err(EngineError::new(
            Code::RunTransactionRefused,
            format!("one transaction would need about {locks} locks, the server's table holds {size}"),
        )
        .with("locks", locks.to_string())
        .with("limit", size.to_string())
        .next("leave out --per-run-transaction, or raise max_locks_per_transaction on the server"));
    }
    if locks > size / 2 {
        let message = format!("one transaction will need about {locks} of the server's {size} locks");
        run.log.push(EventKind::Warning { reason: Code::RunTransactionRefused.reason().to_owned(), message });
    }
    Ok(())
}

fn too_many(limit: u64) -> EngineError {
    EngineError::new(Code::LimitExceeded, format!("the run has more than {limit} statements"))
        .with("limit", limit.to_string())
        .next("upgrade in parts, such as `migratectl upgrade +100`, or raise `limits.max_statements` in migrated.toml")
}
