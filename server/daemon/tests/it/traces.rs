//! Traces: what a collector gets, and that it gets it before the daemon ends.

use crate::daemon::{Daemon, LONG, channel, health};
use http::{Request, Response};
use http_body::Body as _;
use rustix::process::Signal;
use std::convert::Infallible;
use std::future::poll_fn;
use std::pin::Pin;
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio_stream::wrappers::TcpListenerStream;
use tonic::body::Body;
use tonic::server::NamedService;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_client::HealthClient;

/// A collector that keeps what it is sent, as bytes and with its metadata.
#[derive(Clone)]
struct Collector(mpsc::UnboundedSender<(http::HeaderMap, Vec<u8>)>);

impl NamedService for Collector {
    const NAME: &'static str = "opentelemetry.proto.collector.trace.v1.TraceService";
}

impl tower::Service<Request<Body>> for Collector {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Body>, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut std::task::Context<'_>) -> std::task::Poll<Result<(), Infallible>> {
        std::task::Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let told = self.0.clone();
        Box::pin(async move {
            let (head, mut body) = request.into_parts();
            let mut bytes = Vec::new();
            while let Some(Ok(frame)) = poll_fn(|cx| Pin::new(&mut body).poll_frame(cx)).await {
                if let Ok(data) = frame.into_data() {
                    bytes.extend_from_slice(&data);
                }
            }
            let _ = told.send((head.headers, bytes));
            Ok(tonic::Status::ok("").into_http())
        })
    }
}

async fn collector() -> (String, mpsc::UnboundedReceiver<(http::HeaderMap, Vec<u8>)>) {
    let (send, receive) = mpsc::unbounded_channel();
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("bound");
    let address = listener.local_addr().expect("an address").to_string();
    let serving = tonic::transport::Server::builder()
        .add_service(Collector(send))
        .serve_with_incoming(TcpListenerStream::new(listener));
    tokio::spawn(serving);
    (address, receive)
}

fn holds(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|w| w == part)
}

#[tokio::test]
async fn a_call_is_a_child_of_its_callers_span_and_is_sent_before_the_end() {
    let (address, mut exported) = collector().await;
    let toml = format!(
        "[listen]\naddresses = \"127.0.0.1:0\"\n\
         [telemetry.otlp]\nendpoint = \"http://{address}\"\nservice_name = \"billing-migrations\"\n\
         [telemetry.otlp.attributes]\n\"deployment.environment\" = \"test\"\n\
         [telemetry.otlp.headers]\nauthorization = \"Bearer collector\"\n"
    );
    let mut daemon = Daemon::start(tempfile::tempdir().expect("a folder"), &toml, 1).await;
    let (trace, parent) = ("0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331");
    let call = |trace: &str, flags: &str| {
        let mut request = tonic::Request::new(HealthCheckRequest::default());
        let traceparent = format!("00-{trace}-{parent}-{flags}").parse().expect("ASCII");
        request.metadata_mut().insert("traceparent", traceparent);
        request
    };
    let mut client = HealthClient::new(channel(&daemon.addresses[0]).await);
    client.check(call(trace, "01")).await.expect("served");
    let unsampled = "1af7651916cd43dd8448eb211c80319c";
    client.check(call(unsampled, "00")).await.expect("served");
    daemon.signal(Signal::TERM);
    assert_eq!(daemon.end().await.code(), Some(0));

    let (headers, bytes) = exported.try_recv().expect("sent before the end");
    assert_eq!(headers["authorization"], "Bearer collector");
    for part in [
        hex::decode(trace).expect("hex"),
        hex::decode(parent).expect("hex"),
        b"grpc.health.v1.Health/Check".to_vec(),
        b"rpc.grpc.status_code".to_vec(),
        b"billing-migrations".to_vec(),
        b"deployment.environment".to_vec(),
    ] {
        assert!(holds(&bytes, &part), "{}", String::from_utf8_lossy(&part));
    }
    assert!(!holds(&bytes, &hex::decode(unsampled).expect("hex")), "the caller decided against it");
}

#[tokio::test]
async fn a_collector_that_is_not_there_holds_nothing_up() {
    let toml = "[listen]\naddresses = \"127.0.0.1:0\"\n\
                [telemetry.otlp]\nendpoint = \"http://127.0.0.1:9\"\ntimeout = \"1s\"\n";
    let mut daemon = Daemon::start(tempfile::tempdir().expect("a folder"), toml, 1).await;
    let channel = channel(&daemon.addresses[0]).await;
    assert!(tokio::time::timeout(LONG, health(channel, "")).await.expect("in time").is_ok());
    daemon.signal(Signal::TERM);
    assert_eq!(daemon.end().await.code(), Some(0));
}
