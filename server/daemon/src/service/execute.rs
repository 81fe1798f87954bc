//! ExecuteStep: a client at work on a run's steps.

use super::refuse;
use super::stream::BoxStream;
use crate::convert::execute::{hears, says};
use crate::convert::invalid;
use futures_util::StreamExt as _;
use futures_util::stream::unfold;
use migrated_core::Code;
use migrated_engine::{Engine, EngineError, Saying};
use migrated_proto::v1;
use tonic::{Status, Streaming};

/// Opens the conversation. From here on the run's own task reads what the client sends.
pub(crate) async fn execute_step(
    engine: &Engine,
    mut stream: Streaming<v1::ExecuteStepRequest>,
) -> Result<BoxStream<v1::ExecuteStepResponse>, Status> {
    let first = stream.message().await?.and_then(|first| first.kind);
    let Some(v1::execute_step_request::Kind::Open(open)) = first else {
        return Err(invalid("open", "the first message says which run is meant".to_owned()));
    };
    let saying: Saying = Box::pin(stream.map(|said| match said {
        // What it says that has no place there is told to it, by the run.
        Ok(said) => {
            says(said).map_err(|status| EngineError::new(Code::InvalidRequest, status.message().to_owned()))
        }
        Err(status) => Err(EngineError::new(Code::ExecutorLost, status.message().to_owned())),
    }));
    let heard = engine.offer_executor(&open.run_id, open.languages, saying).await.map_err(refuse)?;
    let stream = unfold(heard, |mut heard| async move {
        let next = heard.recv().await?;
        Some((next.map(hears).map_err(refuse), heard))
    });
    Ok(Box::pin(stream))
}
