//! A client that executes revisions, as one in any language would: over the wire and nothing else.

use super::{LONG, Project, Running};
use migrated_proto::v1::execute_step_request::Kind as Says;
use migrated_proto::v1::execute_step_response::Kind as Hears;
use migrated_proto::v1::migration_service_client::MigrationServiceClient;
use migrated_proto::v1::{self, sql_value};
use tokio::runtime::Runtime;
use tokio::sync::mpsc;
use tokio_stream::wrappers::UnboundedReceiverStream;
use tonic::{Status, Streaming};

/// A conversation with a daemon.
pub(crate) struct Executor {
    runtime: Runtime,
    says: Option<mpsc::UnboundedSender<v1::ExecuteStepRequest>>,
    hears: Streaming<v1::ExecuteStepResponse>,
    id: u64,
}

/// A value of the wire.
pub(crate) fn value(kind: sql_value::Kind) -> v1::SqlValue {
    v1::SqlValue { kind: Some(kind) }
}

impl Executor {
    /// Offers itself to a run of the daemon at that address.
    pub(crate) fn open(address: &str, run: &str) -> Result<Executor, Status> {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
        let runtime = runtime.expect("a runtime");
        let (says, said) = mpsc::unbounded_channel();
        let open = v1::OpenExecutor { run_id: run.to_owned(), languages: vec!["python".to_owned()] };
        says.send(v1::ExecuteStepRequest { kind: Some(Says::Open(open)) }).expect("nobody closed it");
        let hears = runtime.block_on(async {
            let client = MigrationServiceClient::connect(format!("http://{address}")).await;
            let mut client = client.expect("it listens").max_decoding_message_size(64 << 20);
            client.execute_step(UnboundedReceiverStream::new(said)).await
        })?;
        Ok(Executor { runtime, says: Some(says), hears: hears.into_inner(), id: 0 })
    }

    /// Begins `migratectl WORDS` and offers itself to its run.
    pub(crate) fn of(project: &Project, address: &str, words: &str) -> (Running, Executor) {
        let mut client = project.start(words);
        let line = client.told("run ");
        let run = line.split_whitespace().nth(1).expect("the run's id").to_owned();
        (client, Executor::open(address, &run).expect("the run is there"))
    }

    /// Says something.
    pub(crate) fn say(&self, kind: Says) {
        let says = self.says.as_ref().expect("it still speaks");
        says.send(v1::ExecuteStepRequest { kind: Some(kind) }).expect("the daemon listens");
    }

    /// What it hears next; `None` where the daemon ended the stream.
    pub(crate) fn hear(&mut self) -> Result<Option<Hears>, Status> {
        let message = self.runtime.block_on(async {
            tokio::time::timeout(LONG, self.hears.message()).await.expect("the daemon says something")
        })?;
        Ok(message.map(|message| message.kind.expect("it says something")))
    }

    /// Waits for a step.
    #[track_caller]
    pub(crate) fn step(&mut self) -> v1::StepToExecute {
        match self.hear() {
            Ok(Some(Hears::Step(step))) => step,
            other => panic!("no step, but {other:?}"),
        }
    }

    /// Sends statements in one message without waiting. Gives their ids.
    pub(crate) fn send(&mut self, statements: Vec<v1::ClientStatement>) -> Vec<u64> {
        let numbered: Vec<v1::ClientStatement> = statements
            .into_iter()
            .map(|statement| {
                self.id += 1;
                v1::ClientStatement { id: self.id, ..statement }
            })
            .collect();
        let ids = numbered.iter().map(|statement| statement.id).collect();
        self.say(Says::Execute(v1::ExecuteStatements { statements: numbered }));
        ids
    }

    /// The next answers.
    #[track_caller]
    pub(crate) fn answers(&mut self) -> Vec<v1::StatementAnswer> {
        match self.hear() {
            Ok(Some(Hears::Answers(all))) => all.answers,
            other => panic!("no answers, but {other:?}"),
        }
    }

    /// Executes a statement with those sets of parameters: all that came of it, as one answer.
    #[track_caller]
    pub(crate) fn many(&mut self, sql: &str, sets: Vec<Vec<v1::SqlValue>>) -> v1::StatementAnswer {
        let parameters = sets.into_iter().map(|values| v1::Parameters { values }).collect();
        let statement = v1::ClientStatement { sql: sql.to_owned(), parameters, ..Default::default() };
        let ids = self.send(vec![statement]);
        let mut all = v1::StatementAnswer::default();
        loop {
            for one in self.answers() {
                assert_eq!([one.id], *ids, "the answer is to what was asked");
                let columns =
                    if all.columns.is_empty() { one.columns } else { std::mem::take(&mut all.columns) };
                let mut rows = std::mem::take(&mut all.rows);
                rows.extend(one.rows);
                all = v1::StatementAnswer { columns, rows, ..one };
            }
            if all.complete {
                return all;
            }
        }
    }

    /// Executes a statement with parameters.
    #[track_caller]
    pub(crate) fn with(&mut self, sql: &str, values: Vec<v1::SqlValue>) -> v1::StatementAnswer {
        self.many(sql, vec![values])
    }

    /// Executes a statement that has to succeed.
    #[track_caller]
    pub(crate) fn sql(&mut self, sql: &str) -> v1::StatementAnswer {
        let answer = self.many(sql, Vec::new());
        assert_eq!(answer.failure, None, "{sql}");
        answer
    }

    /// Executes a statement that has to fail: the failure.
    #[track_caller]
    pub(crate) fn refused(&mut self, sql: &str) -> v1::Failure {
        self.many(sql, Vec::new()).failure.unwrap_or_else(|| panic!("{sql} did not fail"))
    }

    /// Ends the step, and waits until it is committed.
    #[track_caller]
    pub(crate) fn done(&mut self) -> v1::StepExecuted {
        self.say(Says::Done(v1::StepBodyDone {}));
        match self.hear() {
            Ok(Some(Hears::StepFinished(done))) => done,
            other => panic!("not done, but {other:?}"),
        }
    }

    /// Says that the body failed, and hears what comes of it.
    #[track_caller]
    pub(crate) fn failed(&mut self, message: &str) -> v1::StepNotExecuted {
        let message = message.to_owned();
        self.say(Says::Failed(v1::StepBodyFailed { message, line: 7, detail: "a traceback".to_owned() }));
        self.not_done()
    }

    /// Hears that the step is not done.
    #[track_caller]
    pub(crate) fn not_done(&mut self) -> v1::StepNotExecuted {
        match self.hear() {
            Ok(Some(Hears::StepFailed(failed))) => failed,
            other => panic!("it did not fail, but {other:?}"),
        }
    }

    /// Waits until the daemon ends the stream, which it does without an error.
    #[track_caller]
    pub(crate) fn ends(mut self) {
        let heard = self.hear();
        assert!(matches!(heard, Ok(None)), "not the end, but {heard:?}");
    }

    /// Says nothing more, but listens.
    pub(crate) fn falls_silent(&mut self) {
        self.says = None;
    }

    /// Ends the step, and takes no further one.
    #[track_caller]
    pub(crate) fn falls_silent_after_done(&mut self) {
        self.say(Says::Done(v1::StepBodyDone {}));
        self.falls_silent();
        let heard = self.hear();
        assert!(matches!(heard, Ok(Some(Hears::StepFinished(_)))), "not done, but {heard:?}");
    }
}
