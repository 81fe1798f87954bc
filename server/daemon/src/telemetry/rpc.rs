//! One span and one log line a call, from its first byte to the end of its stream.

use crate::server::{Boxed, boxed};
use crate::status::status;
use futures_util::FutureExt as _;
use http::{HeaderMap, Request, Response};
use http_body::{Frame, SizeHint};
use migrated_core::Code;
use migrated_engine::EngineError;
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Instant;
use tonic::Code as Grpc;
use tonic::body::Body;
use tower::{Service as _, service_fn};
use tracing::{Instrument as _, Span, field};
use tracing_opentelemetry::OpenTelemetrySpanExt as _;

/// Puts each call into a span named as the OpenTelemetry conventions for RPC want it, whose parent is the caller's if
/// `tracing` is on. A panic becomes INTERNAL for its caller and stays a log line for us.
pub(crate) fn traced(inner: Boxed, tracing: bool) -> Boxed {
    boxed(service_fn(move |request: Request<Body>| {
        let span = span(request.uri().path());
        if tracing {
            // A span that the filter turned off has no parent to set.
            let _ = span.set_parent(super::otlp::parent(request.headers()));
        }
        let call = Call { span: span.clone(), started: Instant::now(), status: None };
        let mut inner = inner.clone();
        async move {
            let answered = AssertUnwindSafe(async move { inner.call(request).await }).catch_unwind().await;
            let response = match answered {
                Ok(response) => response?,
                Err(_) => panicked(),
            };
            let mut call = call;
            // A refusal has its status in the headers and no body.
            call.note(response.headers());
            Ok(response.map(|body| Body::new(Observed { body, call })))
        }
        .instrument(span)
    }))
}

fn span(path: &str) -> Span {
    let name = path.trim_start_matches('/');
    let (service, method) = name.split_once('/').unwrap_or((name, ""));
    tracing::info_span!(
        target: "migrated::rpc",
        "rpc",
        otel.name = name,
        otel.kind = "server",
        otel.status_code = field::Empty,
        rpc.system = "grpc",
        rpc.service = service,
        rpc.method = method,
        rpc.grpc.status_code = field::Empty,
        caller = field::Empty,
    )
}

fn panicked() -> Response<Body> {
    let error = EngineError::new(Code::Internal, "an unexpected fault of the daemon; its log tells more");
    status(&error).into_http()
}

/// A call under way; told when dropped.
struct Call {
    span: Span,
    started: Instant,
    status: Option<Grpc>,
}

impl Call {
    fn note(&mut self, headers: &HeaderMap) {
        if let Some(status) = headers.get("grpc-status") {
            self.status = Some(Grpc::from_bytes(status.as_bytes()));
        }
    }
}

impl Drop for Call {
    fn drop(&mut self) {
        let _entered = self.span.enter();
        // Without a status the caller went away before the end, which it may: a run goes on without its watchers.
        let left = self.status.is_none();
        let status = self.status.unwrap_or(Grpc::Cancelled);
        let ms = u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.span.record("rpc.grpc.status_code", status as i32);
        match status {
            Grpc::Internal | Grpc::Unknown | Grpc::DataLoss => {
                self.span.record("otel.status_code", "ERROR");
                tracing::warn!(target: "migrated::rpc", ?status, ms, "call failed");
            }
            _ if left => tracing::debug!(target: "migrated::rpc", ms, "caller left"),
            Grpc::Ok => tracing::debug!(target: "migrated::rpc", ?status, ms, "call ended"),
            _ => tracing::info!(target: "migrated::rpc", ?status, ms, "call refused"),
        }
    }
}

/// A response's body that tells how the call ended.
struct Observed {
    body: Body,
    call: Call,
}

impl http_body::Body for Observed {
    type Data = <Body as http_body::Body>::Data;
    type Error = <Body as http_body::Body>::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Self::Data>, Self::Error>>> {
        let this = &mut *self;
        let _entered = this.call.span.clone().entered();
        let polled = Pin::new(&mut this.body).poll_frame(cx);
        if let Poll::Ready(Some(Ok(frame))) = &polled
            && let Some(trailers) = frame.trailers_ref()
        {
            this.call.note(trailers);
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use super::{Body, boxed, traced};
    use http::{Request, Response};
    use std::convert::Infallible;
    use tower::{Service as _, service_fn};

    #[tokio::test]
    async fn a_panic_is_an_answer() {
        let broken = |_: Request<Body>| async {
            let nothing: Result<Response<Body>, Infallible> =
                std::future::ready(None).await.expect("broken on purpose");
            nothing
        };
        let mut service = traced(boxed(service_fn(broken)), false);
        let answer = service.call(Request::new(Body::empty())).await.expect("infallible");
        assert_eq!(answer.headers()["grpc-status"], "13");
        assert!(!answer.headers()["grpc-message"].to_str().expect("ASCII").contains("purpose"));
    }
}
