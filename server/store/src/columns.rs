//! Records from rows, the same for every backend: a value of the wrong kind names its table and column.

use sqlx::{ColumnIndex, Decode, Row, Type};

use crate::codec::{self, At, from_json};
use crate::{AppliedRecord, AuditRecord, Hash, ProjectRecord, Result, RunRecord, StepRecord, TargetRecord};

/// The columns of a row, by name.
pub(crate) trait Columns {
    fn text(&self, at: At) -> Result<String>;
    fn text_opt(&self, at: At) -> Result<Option<String>>;
    fn int(&self, at: At) -> Result<i64>;
    fn int_opt(&self, at: At) -> Result<Option<i64>>;
    fn flag(&self, at: At) -> Result<bool>;
    fn hash(&self, at: At) -> Result<Hash>;
    fn hash_opt(&self, at: At) -> Result<Option<Hash>>;

    fn count(&self, at: At) -> Result<u64> {
        codec::to_u64(at, self.int(at)?)
    }

    fn small(&self, at: At) -> Result<u32> {
        codec::to_u32(at, self.int(at)?)
    }

    fn list(&self, at: At) -> Result<Vec<String>> {
        from_json(at, &self.text(at)?)
    }
}

impl<R: Row> Columns for R
where
    for<'c> &'c str: ColumnIndex<R>,
    for<'r> String: Decode<'r, R::Database> + Type<R::Database>,
    for<'r> i64: Decode<'r, R::Database> + Type<R::Database>,
    for<'r> bool: Decode<'r, R::Database> + Type<R::Database>,
    for<'r> Vec<u8>: Decode<'r, R::Database> + Type<R::Database>,
{
    fn text(&self, at: At) -> Result<String> {
        self.try_get(at.1).map_err(|e| at.corrupt(e))
    }

    fn text_opt(&self, at: At) -> Result<Option<String>> {
        self.try_get(at.1).map_err(|e| at.corrupt(e))
    }

    fn int(&self, at: At) -> Result<i64> {
        self.try_get(at.1).map_err(|e| at.corrupt(e))
    }

    fn int_opt(&self, at: At) -> Result<Option<i64>> {
        self.try_get(at.1).map_err(|e| at.corrupt(e))
    }

    fn flag(&self, at: At) -> Result<bool> {
        self.try_get(at.1).map_err(|e| at.corrupt(e))
    }

    fn hash(&self, at: At) -> Result<Hash> {
        let bytes: Vec<u8> = self.try_get(at.1).map_err(|e| at.corrupt(e))?;
        codec::hash(at, &bytes)
    }

    fn hash_opt(&self, at: At) -> Result<Option<Hash>> {
        let bytes: Option<Vec<u8>> = self.try_get(at.1).map_err(|e| at.corrupt(e))?;
        bytes.map(|bytes| codec::hash(at, &bytes)).transpose()
    }
}

/// A project of a row of `project`.
pub(crate) fn project(row: &impl Columns) -> Result<ProjectRecord> {
    let at = |column| At("project", column);
    Ok(ProjectRecord {
        name: row.text(at("name"))?,
        description: row.text(at("description"))?,
        created_at: row.int(at("created_at"))?,
        version: row.count(at("version"))?,
    })
}

/// A target of a row of `target`.
pub(crate) fn target(row: &impl Columns) -> Result<TargetRecord> {
    let at = |column| At("target", column);
    Ok(TargetRecord {
        name: row.text(at("name"))?,
        connection: row.text(at("connection"))?,
        database: row.text_opt(at("database"))?,
        schema: row.text_opt(at("default_schema"))?,
        version_table: row.text_opt(at("version_table"))?,
        version_table_schema: row.text_opt(at("version_table_schema"))?,
        protected: row.flag(at("protected"))?,
        created_at: row.int(at("created_at"))?,
        version: row.count(at("version"))?,
    })
}

/// What stands applied, of a row of `applied`.
pub(crate) fn applied(row: &impl Columns) -> Result<AppliedRecord> {
    let at = |column| At("applied", column);
    Ok(AppliedRecord {
        project: row.text(at("project"))?,
        revision: row.text(at("revision"))?,
        token_hash: row.hash(at("token_hash"))?,
        body_hash: row.hash(at("body_hash"))?,
        run: row.text(at("run"))?,
        at: row.int(at("applied_at"))?,
    })
}

/// An entry of a row of `audit`.
pub(crate) fn audit(row: &impl Columns) -> Result<AuditRecord> {
    let at = |column| At("audit", column);
    Ok(AuditRecord {
        at: row.int(at("at"))?,
        actor: row.text(at("actor"))?,
        action: row.text(at("action"))?,
        project: row.text(at("project"))?,
        detail: row.text(at("detail"))?,
    })
}

/// A run of a row of `run`.
pub(crate) fn run(row: &impl Columns) -> Result<RunRecord> {
    let at = |column| At("run", column);
    let failure = at("failure");
    Ok(RunRecord {
        id: row.text(at("id"))?,
        project: row.text(at("project"))?,
        target: row.text(at("target"))?,
        target_key: row.text(at("target_key"))?,
        kind: codec::run_kind(at("kind"), &row.text(at("kind"))?)?,
        goal: row.list(at("goal"))?,
        graph: row.hash_opt(at("graph"))?,
        state: codec::run_state(at("state"), &row.text(at("state"))?)?,
        actor: row.text(at("actor"))?,
        request_id: row.text_opt(at("request_id"))?,
        owner: row.text(at("owner"))?,
        rows_before: row.list(at("rows_before"))?,
        rows_after: row.list(at("rows_after"))?,
        steps_planned: row.small(at("steps_planned"))?,
        steps_done: row.small(at("steps_done"))?,
        failure: row.text_opt(failure)?.map(|text| from_json(failure, &text)).transpose()?,
        created_at: row.int(at("created_at"))?,
        started_at: row.int_opt(at("started_at"))?,
        finished_at: row.int_opt(at("finished_at"))?,
        version: row.count(at("version"))?,
    })
}

/// A step of a row of `step`.
pub(crate) fn step(row: &impl Columns) -> Result<StepRecord> {
    let at = |column| At("step", column);
    Ok(StepRecord {
        index: row.small(at("position"))?,
        revision: row.text(at("revision"))?,
        direction: codec::direction(at("direction"), &row.text(at("direction"))?)?,
        body_hash: row.hash_opt(at("body_hash"))?,
        token_hash: row.hash_opt(at("token_hash"))?,
        state: codec::step_state(at("state"), &row.text(at("state"))?)?,
        backend_pid: row.int_opt(at("backend_pid"))?,
        backend_start: row.text_opt(at("backend_start"))?,
        xid: row.text_opt(at("xid"))?,
        started_at: row.int_opt(at("started_at"))?,
        finished_at: row.int_opt(at("finished_at"))?,
    })
}
