//! Section `telemetry`: logs and traces.

use super::Problems;
use super::schema::{Kind, Typed, section};
use super::value::{Secret, Span};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::PathBuf;

section! {
    /// Logs and traces. Neither ever holds SQL parameters or secrets.
    Telemetry {
        /// Logs, written to standard error.
        log: Log = Log::default(),
        /// Traces by OTLP; nothing of it runs unless `endpoint` is set.
        otlp: Otlp = Otlp::default(),
    }
}

section! {
    /// Logs, written to standard error.
    Log {
        /// `pretty` for people at a terminal, `compact` for one line an event, `json` for machines.
        format: Format = Format::Compact,
        /// Levels, overall and by module: `info`, or `info,migrated_engine=debug,sqlx=warn`. `MIGRATED_LOG` is short
        /// for it.
        filter: String = "info".into(),
    }
}

section! {
    /// Traces by OTLP over gRPC: one span a call, as a child of the caller's `traceparent`.
    Otlp {
        /// The collector, as `http://localhost:4317` or `https://…`. Without it there are no traces.
        endpoint: Option<String> = None,
        /// `service.name` of the traces.
        service_name: String = "migrated".into(),
        /// Share of calls that are traced where the caller did not decide, from 0 to 1.
        sampling_ratio: f64 = 1.0,
        /// How long one export may take.
        timeout: Span = Span::seconds(10),
        /// Further resource attributes.
        attributes: BTreeMap<String, String> = BTreeMap::new(),
        /// Metadata sent with each export, such as `authorization`.
        headers: BTreeMap<String, Secret> = BTreeMap::new(),
        /// The same, each value being the first line of a file.
        header_files: BTreeMap<String, PathBuf> = BTreeMap::new(),
    }
}

/// Form of the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Format {
    /// Several lines an event, for people.
    Pretty,
    /// One JSON object a line.
    Json,
    /// One line an event.
    Compact,
}

impl Typed for Format {
    const KIND: Kind = Kind::Text("`pretty`, `compact` or `json`");
}

impl Telemetry {
    /// Finds what cannot work.
    pub(crate) fn validate(&self, problems: &mut Problems) {
        if let Err(e) = tracing_subscriber::EnvFilter::builder().parse(&self.log.filter) {
            problems.add("telemetry.log.filter", e.to_string());
        }
        let otlp = &self.otlp;
        if !(0.0..=1.0).contains(&otlp.sampling_ratio) {
            problems.add("telemetry.otlp.sampling_ratio", "must lie between 0 and 1");
        }
        if otlp.endpoint.as_deref().is_some_and(|e| !e.starts_with("http://") && !e.starts_with("https://")) {
            problems.add("telemetry.otlp.endpoint", "must begin with http:// or https://");
        }
        for name in otlp.headers.keys().chain(otlp.header_files.keys()) {
            if name.parse::<tonic::metadata::AsciiMetadataKey>().is_err() {
                problems.add("telemetry.otlp.headers", format!("{name:?} is not a name of gRPC metadata"));
            }
        }
        for name in otlp.headers.keys().filter(|name| otlp.header_files.contains_key(*name)) {
            problems.add("telemetry.otlp.headers", format!("{name:?} stands in `header_files` as well"));
        }
    }
}
