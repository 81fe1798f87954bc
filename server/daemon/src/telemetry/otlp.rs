//! Traces by OTLP over gRPC. Nothing here runs unless an endpoint is configured.

use crate::config::telemetry::Otlp;
use opentelemetry::propagation::{Extractor, TextMapPropagator as _};
use opentelemetry::trace::TracerProvider as _;
use opentelemetry::{Context, KeyValue};
use opentelemetry_otlp::{SpanExporter, WithExportConfig as _, WithTonicConfig as _};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::propagation::TraceContextPropagator;
use opentelemetry_sdk::trace::{Sampler, SdkTracerProvider};
use tonic::metadata::{AsciiMetadataKey, MetadataMap, MetadataValue};
use tonic::transport::{ClientTlsConfig, Endpoint};
use tracing_subscriber::Layer;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::registry::LookupSpan;

/// The provider of tracers; `None` where traces are not configured.
pub(super) fn provider(section: &Otlp) -> Result<Option<SdkTracerProvider>, String> {
    let Some(address) = &section.endpoint else { return Ok(None) };
    let at = |e: &dyn std::fmt::Display| format!("telemetry.otlp.endpoint: {e}");
    let mut endpoint =
        Endpoint::from_shared(address.clone()).map_err(|e| at(&e))?.connect_timeout(section.timeout.0);
    if address.starts_with("https://") {
        endpoint = endpoint.tls_config(ClientTlsConfig::new().with_native_roots()).map_err(|e| at(&e))?;
    }
    let exporter = SpanExporter::builder()
        .with_tonic()
        .with_channel(endpoint.connect_lazy())
        .with_timeout(section.timeout.0)
        .with_metadata(metadata(section)?)
        .build()
        .map_err(|e| at(&e))?;
    let attributes = section.attributes.iter().map(|(k, v)| KeyValue::new(k.clone(), v.clone()));
    let resource = Resource::builder()
        .with_service_name(section.service_name.clone())
        .with_attribute(KeyValue::new("service.version", env!("CARGO_PKG_VERSION")))
        .with_attributes(attributes)
        .build();
    let sampler = Sampler::ParentBased(Box::new(Sampler::TraceIdRatioBased(section.sampling_ratio)));
    let provider = SdkTracerProvider::builder()
        .with_batch_exporter(exporter)
        .with_sampler(sampler)
        .with_resource(resource)
        .build();
    Ok(Some(provider))
}

/// Turns our spans into those of a provider; a dependency's are its own business.
pub(super) fn layer<S>(provider: &SdkTracerProvider) -> impl Layer<S> + use<S>
where
    S: tracing::Subscriber + for<'a> LookupSpan<'a>,
{
    let ours = Targets::new().with_target("migrated", LevelFilter::INFO);
    tracing_opentelemetry::layer().with_tracer(provider.tracer("migrated")).with_filter(ours)
}

/// The caller's span, by W3C `traceparent` and `tracestate`.
pub(super) fn parent(headers: &http::HeaderMap) -> Context {
    struct Headers<'a>(&'a http::HeaderMap);
    impl Extractor for Headers<'_> {
        fn get(&self, key: &str) -> Option<&str> {
            self.0.get(key)?.to_str().ok()
        }

        fn keys(&self) -> Vec<&str> {
            self.0.keys().map(http::HeaderName::as_str).collect()
        }
    }
    TraceContextPropagator::new().extract(&Headers(headers))
}

fn metadata(section: &Otlp) -> Result<MetadataMap, String> {
    let mut metadata = MetadataMap::new();
    let given =
        section.headers.iter().map(|(name, value)| Ok::<_, String>((name, value.reveal().to_owned())));
    let of_files = section.header_files.iter().map(|(name, path)| {
        let text = std::fs::read_to_string(path)
            .map_err(|e| format!("telemetry.otlp.header_files.{name}: {}: {e}", path.display()))?;
        Ok((name, text.lines().next().unwrap_or_default().trim().to_owned()))
    });
    for header in given.chain(of_files) {
        let (name, value) = header?;
        let at = |what: &str| format!("telemetry.otlp.headers.{name}: {what}");
        let key: AsciiMetadataKey = name.parse().map_err(|_| at("no name of gRPC metadata"))?;
        let mut value: MetadataValue<_> = value.parse().map_err(|_| at("the value is not visible ASCII"))?;
        value.set_sensitive(true);
        metadata.insert(key, value);
    }
    Ok(metadata)
}
