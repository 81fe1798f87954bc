//! The conversation with a client that executes a revision.

use super::event::{direction, failure};
use super::{duration, invalid};
use migrated_engine::{
    Answer, Array, ClientStatement, EngineError, ExecutorHears, ExecutorSays, ResultColumn, StepToExecute,
    Value,
};
use migrated_proto::v1;
use tonic::Status;
use v1::execute_step_request::Kind as Says;
use v1::execute_step_response::Kind as Hears;
use v1::sql_value::Kind;

/// What a client says after it has opened.
pub(crate) fn says(request: v1::ExecuteStepRequest) -> Result<ExecutorSays, Status> {
    match request.kind {
        Some(Says::Execute(all)) => {
            Ok(ExecutorSays::Statements(all.statements.into_iter().map(statement).collect()))
        }
        Some(Says::Stop(stop)) => Ok(ExecutorSays::StopRows(stop.id)),
        Some(Says::Done(_)) => Ok(ExecutorSays::Done),
        Some(Says::Failed(failed)) => Ok(ExecutorSays::Failed {
            message: match failed.message.as_str() {
                "" => "the client says that the body failed, and not why".to_owned(),
                _ => failed.message,
            },
            line: failed.line,
            detail: failed.detail,
        }),
        Some(Says::Open(_)) => Err(invalid("open", "the conversation is open already".to_owned())),
        None => Err(invalid("kind", "the message says nothing".to_owned())),
    }
}

fn statement(statement: v1::ClientStatement) -> ClientStatement {
    let set = |set: v1::Parameters| set.values.into_iter().map(value).collect();
    ClientStatement {
        id: statement.id,
        sql: statement.sql,
        parameters: statement.parameters.into_iter().map(set).collect(),
        after_success: statement.after_success,
        batch_rows: statement.batch_rows,
    }
}

fn value(value: v1::SqlValue) -> Value {
    match value.kind {
        None => Value::Null,
        Some(Kind::Boolean(it)) => Value::Boolean(it),
        Some(Kind::Integer(it)) => Value::Integer(it),
        Some(Kind::Unsigned(it)) => i64::try_from(it).map_or(Value::Unsigned(it), Value::Integer),
        Some(Kind::Real(it)) => Value::Real(it),
        Some(Kind::Decimal(it)) => Value::Decimal(it),
        Some(Kind::Text(it)) => Value::Text(it),
        Some(Kind::Bytes(it)) => Value::Bytes(it),
        Some(Kind::Date(it)) => Value::Date(it),
        Some(Kind::Time(it)) => Value::Time(it),
        Some(Kind::Timestamp(it)) => Value::Timestamp(it),
        Some(Kind::Timestamptz(it)) => Value::TimestampTz(it),
        Some(Kind::Interval(it)) => Value::Interval(it),
        Some(Kind::Uuid(it)) => Value::Uuid(it),
        Some(Kind::Json(it)) => Value::Json(it),
        Some(Kind::Array(it)) => Value::Array(Array {
            elements: it.elements.into_iter().map(self::value).collect(),
            lower_bounds: it.lower_bounds,
        }),
        Some(Kind::Other(it)) => Value::Other { text: it.text, type_name: it.type_name },
    }
}

/// What a client hears.
pub(crate) fn hears(what: ExecutorHears) -> v1::ExecuteStepResponse {
    let kind = match what {
        ExecutorHears::Step(it) => Hears::Step(step(*it)),
        ExecutorHears::Answers(all) => {
            Hears::Answers(v1::StatementAnswers { answers: all.into_iter().map(answer).collect() })
        }
        ExecutorHears::Executed { index, revision, statements, rows } => {
            Hears::StepFinished(v1::StepExecuted { index, revision, statements, rows })
        }
        ExecutorHears::NotExecuted { index, revision, failure: why, again } => {
            Hears::StepFailed(v1::StepNotExecuted {
                index,
                revision,
                failure: Some(failure(&why)),
                will_retry: again.is_some(),
                pause: again.map(duration),
            })
        }
    };
    v1::ExecuteStepResponse { kind: Some(kind) }
}

fn step(step: StepToExecute) -> v1::StepToExecute {
    v1::StepToExecute {
        index: step.index,
        total: step.total,
        revision: step.revision,
        direction: direction(step.direction).into(),
        path: step.path,
        language: step.language.to_owned(),
        source: step.source.into(),
        dialect: step.dialect.as_str().to_owned(),
        server: step.server,
        attempt: step.attempt,
        transactional: step.transactional,
        rows: step.rows,
    }
}

fn answer(answer: Answer) -> v1::StatementAnswer {
    let row = |row: Vec<Value>| v1::ResultRow { values: row.into_iter().map(sql_value).collect() };
    v1::StatementAnswer {
        id: answer.id,
        complete: answer.complete,
        columns: answer.columns.into_iter().map(column).collect(),
        rows: answer.rows.into_iter().map(row).collect(),
        row_count: answer.row_count,
        last_row_id: answer.last_row_id,
        failure: answer.error.map(|error| failure(&EngineError::from(error).to_failure())),
        skipped: answer.skipped,
        replayed: answer.replayed,
        stopped: answer.stopped,
    }
}

fn column(column: ResultColumn) -> v1::ResultColumn {
    v1::ResultColumn { name: column.name, type_name: column.type_name, type_code: column.type_code }
}

fn sql_value(value: Value) -> v1::SqlValue {
    let kind = match value {
        Value::Null => return v1::SqlValue::default(),
        Value::Boolean(it) => Kind::Boolean(it),
        Value::Integer(it) => Kind::Integer(it),
        Value::Unsigned(it) => Kind::Unsigned(it),
        Value::Real(it) => Kind::Real(it),
        Value::Decimal(it) => Kind::Decimal(it),
        Value::Text(it) => Kind::Text(it),
        Value::Bytes(it) => Kind::Bytes(it),
        Value::Date(it) => Kind::Date(it),
        Value::Time(it) => Kind::Time(it),
        Value::Timestamp(it) => Kind::Timestamp(it),
        Value::TimestampTz(it) => Kind::Timestamptz(it),
        Value::Interval(it) => Kind::Interval(it),
        Value::Uuid(it) => Kind::Uuid(it),
        Value::Json(it) => Kind::Json(it),
        Value::Array(it) => Kind::Array(v1::SqlArray {
            elements: it.elements.into_iter().map(sql_value).collect(),
            lower_bounds: it.lower_bounds,
        }),
        Value::Other { text, type_name } => Kind::Other(v1::SqlOther { text, type_name }),
    };
    v1::SqlValue { kind: Some(kind) }
}
