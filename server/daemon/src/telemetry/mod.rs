//! Logs to standard error, and traces by OTLP where they are configured.

mod otlp;
mod rpc;

pub(crate) use rpc::traced;

use crate::config::telemetry::{Format, Log, Telemetry as Section};
use opentelemetry_sdk::trace::SdkTracerProvider;
use std::io::IsTerminal as _;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{EnvFilter, Layer};

/// Logs and traces under way.
pub(crate) struct Telemetry {
    traces: Option<SdkTracerProvider>,
}

/// Starts logs and, where configured, traces. Must be called within the runtime, once.
///
/// # Errors
/// A sentence that names the key.
pub(crate) fn start(section: &Section) -> Result<Telemetry, String> {
    let traces = otlp::provider(&section.otlp)?;
    let spans = traces.as_ref().map(otlp::layer);
    tracing_subscriber::registry()
        .with(spans)
        .with(log(&section.log)?)
        .try_init()
        .map_err(|e| format!("telemetry: {e}"))?;
    Ok(Telemetry { traces })
}

impl Telemetry {
    /// Whether spans go anywhere.
    pub(crate) fn is_tracing(&self) -> bool {
        self.traces.is_some()
    }

    /// Sends what is left. Bounded by `telemetry.otlp.timeout`.
    pub(crate) async fn finish(self) {
        let Some(traces) = self.traces else { return };
        // It waits for the exporter's own thread.
        let done = tokio::task::spawn_blocking(move || traces.shutdown()).await;
        if let Ok(Err(e)) = done {
            tracing::warn!(error = %e, "the last spans could not be sent");
        }
    }
}

fn log<S>(section: &Log) -> Result<Box<dyn Layer<S> + Send + Sync>, String>
where
    S: tracing::Subscriber + for<'a> tracing_subscriber::registry::LookupSpan<'a>,
{
    let filter =
        EnvFilter::builder().parse(&section.filter).map_err(|e| format!("telemetry.log.filter: {e}"))?;
    let colour = std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none();
    let layer = tracing_subscriber::fmt::layer().with_writer(std::io::stderr).with_ansi(colour);
    let layer = match section.format {
        Format::Pretty => layer.pretty().boxed(),
        Format::Compact => layer.compact().boxed(),
        Format::Json => {
            layer.json().flatten_event(true).with_current_span(true).with_span_list(false).boxed()
        }
    };
    Ok(layer.with_filter(filter).boxed())
}
