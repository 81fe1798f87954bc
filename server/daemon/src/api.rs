//! The services of the API, put together: the single place where the store, the engine and the services meet.

use crate::Failure;
use crate::config::Config;
use crate::lifecycle::Runs;
use crate::server::Api;
use async_trait::async_trait;
use std::sync::Arc;
use std::time::Duration;
use tonic::service::Routes;

/// Opens the store, settles what an earlier daemon left, and makes the services.
pub(crate) async fn open(_config: &Config) -> Result<Api, Failure> {
    Ok(Api { routes: Routes::default(), runs: Arc::new(None) })
}

/// Without an engine there are no runs.
struct None;

#[async_trait]
impl Runs for None {
    fn close(&self, _now: bool) {}

    async fn closed(&self, _bound: Duration) -> bool {
        true
    }

    fn under_way(&self) -> usize {
        0
    }
}
