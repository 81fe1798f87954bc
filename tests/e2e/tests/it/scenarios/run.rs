//! The calls that begin a run, or watch one.

use super::body;
use super::play::{Answer, Play};
use migratectl::error::Error;
use migratectl::graph_call::Context;
use migratectl::run_stream::{Begin, Told};
use migratectl::verb::run_options::RunArgs;
use migrated_proto::v1::event::{Kind, RunFinished};
use migrated_proto::v1::{DowngradeRequest, RunState, StampRequest, UpgradeRequest, WatchRunRequest};
use serde_json::{Map, Value};

impl Play<'_> {
    /// Reads a run to its end, and executes what it leaves to the client.
    pub(super) async fn run(
        &mut self,
        name: &str,
        context: &mut Context,
        with: &Map<String, Value>,
    ) -> Answer {
        let text = |key: &str| with.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
        let project = context.config.project();
        let target = Some(context.config.target_ref()?);
        let options = Some(RunArgs::default().to_request(&context.config));
        let begin = match name {
            "upgrade" => {
                let revision = text("revision");
                Begin::Upgrade(UpgradeRequest {
                    project,
                    target,
                    revision,
                    options,
                    graph: None,
                    rehearse: false,
                })
            }
            "downgrade" => {
                let revision = text("revision");
                Begin::Downgrade(DowngradeRequest { project, target, revision, options, graph: None })
            }
            "stamp" => Begin::Stamp(StampRequest {
                project,
                target,
                options,
                revisions: super::call::texts(with, "revisions"),
                purge: with.get("purge") == Some(&Value::Bool(true)),
                graph: None,
            }),
            _ => Begin::Watch(WatchRunRequest {
                run_id: self.last_run.clone(),
                after_sequence: with.get("after").and_then(Value::as_u64).unwrap_or(0),
            }),
        };
        let first = with.get("after").and_then(Value::as_u64).unwrap_or(0);
        let mut stream = context.begin(begin).await?;
        loop {
            match stream.next().await? {
                Told::Run(id) => self.last_run = id,
                Told::Event(event) => {
                    assert_eq!(event.sequence, first + self.events.len() as u64 + 1, "numbers are dense");
                    self.events.push(serde_json::to_value(&*event).expect("it is told as JSON"));
                    match event.kind {
                        Some(Kind::RunFinished(finished)) => {
                            stream.close().await;
                            return ended(finished);
                        }
                        Some(Kind::ExecutorWanted(_)) => {
                            let api = context.api().await?;
                            body::execute(&api, &self.last_run, self.bodies).await?;
                        }
                        _ => {}
                    }
                }
                other => panic!("a run that nothing disturbs tells {other:?}"),
            }
        }
    }
}

fn ended(finished: RunFinished) -> Answer {
    match finished.state() {
        RunState::Succeeded => Ok(serde_json::to_value(finished).expect("it is told as JSON")),
        state => Err(Error::from_run(state, finished.failure.as_ref(), finished.applied)),
    }
}
