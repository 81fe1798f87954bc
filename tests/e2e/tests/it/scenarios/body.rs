//! The bodies that a client executes.

use super::list::{Body, Does};
use migratectl::channel::Api;
use migratectl::error::Error;
use migrated_proto::v1::execute_step_request::Kind as Says;
use migrated_proto::v1::execute_step_response::Kind as Hears;
use migrated_proto::v1::{
    ClientStatement, Direction, ExecuteStatements, ExecuteStepRequest, ExecuteStepResponse, OpenExecutor,
    Parameters, ResultRow, SqlValue, StatementAnswer, StepBodyDone, StepBodyFailed, StepToExecute,
    sql_value::Kind,
};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};
use tokio_stream::wrappers::UnboundedReceiverStream;
use tonic::Streaming;

/// A conversation about one step.
struct Conversation {
    says: UnboundedSender<ExecuteStepRequest>,
    hears: Streaming<ExecuteStepResponse>,
    count: u64,
}

/// Executes the step that the run waits with.
pub(super) async fn execute(api: &Api, run: &str, bodies: &BTreeMap<String, Body>) -> Result<(), Box<Error>> {
    let (says, said) = unbounded_channel();
    let open = OpenExecutor { run_id: run.to_owned(), languages: Vec::new() };
    say(&says, Says::Open(open));
    let hears = api.migrations().execute_step(UnboundedReceiverStream::new(said)).await?.into_inner();
    let mut conversation = Conversation { says, hears, count: 0 };
    let Some(Hears::Step(step)) = conversation.hear().await else { panic!("no step comes") };
    let body = bodies.get(&step.revision).unwrap_or_else(|| panic!("{} has a body", step.revision));
    let does = if step.direction() == Direction::Up { &body.up } else { &body.down };
    let raised = conversation.body(&step, does).await;
    let end = match &raised {
        None => Says::Done(StepBodyDone {}),
        Some(message) => {
            Says::Failed(StepBodyFailed { message: message.clone(), ..StepBodyFailed::default() })
        }
    };
    say(&conversation.says, end);
    match (raised, conversation.hear().await) {
        (None, Some(Hears::StepFinished(_))) | (Some(_), Some(Hears::StepFailed(_))) => Ok(()),
        (_, other) => panic!("the step ended otherwise: {other:?}"),
    }
}

fn say(says: &UnboundedSender<ExecuteStepRequest>, kind: Says) {
    says.send(ExecuteStepRequest { kind: Some(kind) }).expect("the conversation is open");
}

impl Conversation {
    async fn hear(&mut self) -> Option<Hears> {
        self.hears.message().await.expect("the conversation is open").and_then(|message| message.kind)
    }

    /// Does what the list says; the text that it ends with, where it fails.
    async fn body(&mut self, step: &StepToExecute, does: &[Does]) -> Option<String> {
        for one in does {
            if !one.raise.is_empty() {
                return Some(one.raise.clone());
            }
            let answer = self.statement(step, one).await;
            assert_eq!(answer.failure.is_some(), one.fails, "{}: {answer:?}", one.sql);
            if one.count.is_some() {
                assert_eq!(answer.row_count, one.count, "{}", one.sql);
            }
            if let Some(rows) = &one.rows {
                let found: Vec<Vec<Value>> =
                    answer.rows.iter().map(|row| row.values.iter().map(plain).collect()).collect();
                assert_eq!(&found, rows, "{}", one.sql);
            }
        }
        None
    }

    async fn statement(&mut self, step: &StepToExecute, one: &Does) -> StatementAnswer {
        self.count += 1;
        let values: Vec<SqlValue> = one.parameters.iter().map(parameter).collect();
        let parameters = if values.is_empty() { Vec::new() } else { vec![Parameters { values }] };
        let sql = placed(&one.sql, &step.dialect);
        let statement = ClientStatement { id: self.count, sql, parameters, ..ClientStatement::default() };
        say(&self.says, Says::Execute(ExecuteStatements { statements: vec![statement] }));
        let mut rows: Vec<ResultRow> = Vec::new();
        loop {
            let Some(Hears::Answers(told)) = self.hear().await else { panic!("{}: no answer", one.sql) };
            for answer in told.answers {
                rows.extend(answer.rows.clone());
                if answer.complete {
                    return StatementAnswer { rows, ..answer };
                }
            }
        }
    }
}

/// A statement with the engine's placeholders.
fn placed(sql: &str, dialect: &str) -> String {
    if dialect != "postgresql" {
        return sql.to_owned();
    }
    let mut parts = sql.split('?');
    let first = parts.next().unwrap_or_default().to_owned();
    parts.enumerate().fold(first, |text, (i, part)| format!("{text}${}{part}", i + 1))
}

fn parameter(value: &Value) -> SqlValue {
    let kind = match value {
        Value::Null => None,
        Value::String(text) => Some(Kind::Text(text.clone())),
        Value::Number(number) => Some(Kind::Integer(number.as_i64().expect("a whole number"))),
        other => panic!("the list has no parameters like {other}"),
    };
    SqlValue { kind }
}

fn plain(value: &SqlValue) -> Value {
    match &value.kind {
        None => Value::Null,
        Some(Kind::Text(text)) => json!(text),
        Some(Kind::Integer(number)) => json!(number),
        Some(other) => panic!("the list has no values like {other:?}"),
    }
}
