//! The gRPC server: listeners, layers, health and reflection around the services of the API.

use crate::access::{Access, guard};
use crate::config::Config;
use crate::config::listen::{Address, Listen};
use crate::lifecycle::{Activity, Runs, Stop, counted, end_runs, on_signals};
use crate::listen::{Accepting, BindError, Listeners};
use crate::telemetry::traced;
use crate::tls::Tls;
use http::header::{HeaderName, HeaderValue};
use http::{Request, Response};
use prost::Message as _;
use std::convert::Infallible;
use std::io;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;
use tokio_stream::wrappers::ReceiverStream;
use tokio_util::sync::CancellationToken;
use tonic::body::Body;
use tonic::service::Routes;
use tonic::transport::Server;
use tonic_health::ServingStatus;
use tonic_health::server::HealthReporter;
use tower::util::BoxCloneSyncService;
use tower::{Layer as _, Service, ServiceExt as _};
use tower_http::cors::{AllowOrigin, Any, CorsLayer};

/// A service behind layers; each layer takes one and makes one.
pub(crate) type Boxed = BoxCloneSyncService<Request<Body>, Response<Body>, Infallible>;

/// Boxes a service.
pub(crate) fn boxed<S>(service: S) -> Boxed
where
    S: Service<Request<Body>, Response = Response<Body>, Error = Infallible> + Clone + Send + Sync + 'static,
    S::Future: Send + 'static,
{
    BoxCloneSyncService::new(service)
}

/// What the daemon serves besides health and reflection.
pub(crate) struct Api {
    /// The services of the API.
    pub(crate) routes: Routes,
    /// Their descriptors, for reflection and for the names that health is told by.
    pub(crate) descriptors: &'static [u8],
    /// The runs that they start.
    pub(crate) runs: Arc<dyn Runs>,
}

/// How serving is done beyond what the configuration says.
pub(crate) struct Mode {
    /// Whether spans go anywhere.
    pub(crate) tracing: bool,
    /// End after so long without a call and without a run.
    pub(crate) idle: Option<Duration>,
}

/// Why serving could not begin, or broke off.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ServeError {
    /// A file of the configuration that cannot be used.
    #[error("{0}")]
    Config(String),
    /// An address that cannot be bound.
    #[error(transparent)]
    Bind(#[from] BindError),
    /// What the system said.
    #[error("{0}")]
    System(#[from] io::Error),
    /// What the transport said.
    #[error("{0}")]
    Transport(#[from] tonic::transport::Error),
}

/// Serves until a signal, or idleness, ends it. `ready` is called once connections are accepted, with the addresses as
/// they were bound. Returns whether every run had ended.
///
/// # Errors
/// Before `ready`: what kept it from serving. After that: `ready`'s own error, or the transport's.
pub(crate) async fn serve(
    config: &Config,
    api: Api,
    mode: Mode,
    ready: impl FnOnce(&[Address]) -> io::Result<()>,
) -> Result<bool, ServeError> {
    let tls = Tls::load(&config.tls, config.listen.grpc_web).map_err(ServeError::Config)?;
    let access = Access::load(config).map_err(ServeError::Config)?;
    let listeners = Listeners::bind(&config.listen.parsed()).await?;
    let stop = Stop::default();
    on_signals(stop.clone(), reload(config.clone(), tls.clone(), access.clone()))?;

    let (health, health_service) = tonic_health::server::health_reporter();
    let names = services(api.descriptors);
    report(&health, &names, ServingStatus::Serving).await;
    let mut routes = api.routes.add_service(health_service);
    if config.listen.reflection {
        let reflection = tonic_reflection::server::Builder::configure()
            .register_encoded_file_descriptor_set(api.descriptors)
            .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
            .build_v1();
        routes = routes.add_service(reflection.map_err(|e| ServeError::Config(format!("reflection: {e}")))?);
    }
    let activity = Activity::new();
    let service = layers(config, routes, access, &mode, activity.clone());

    let addresses = listeners.addresses();
    let ended = CancellationToken::new();
    let accepting = Accepting {
        tls,
        handshake_timeout: config.listen.handshake_timeout.0,
        room: Arc::new(Semaphore::new(config.listen.max_connections)),
    };
    let accepted = listeners.accept(accepting, &ended);
    let incoming = ReceiverStream::new(accepted.connections);
    let serving = builder(&config.listen).serve_with_incoming_shutdown(
        service,
        incoming,
        ended.clone().cancelled_owned(),
    );
    if let Err(e) = ready(&addresses) {
        ended.cancel();
        accepted.listeners.wait().await;
        api.runs.finish().await;
        return Err(e.into());
    }
    for address in &addresses {
        tracing::info!(%address, version = env!("CARGO_PKG_VERSION"), "serving");
    }

    let runs = api.runs;
    let idle = async {
        match mode.idle {
            Some(span) => activity.idle(span, || runs.under_way() > 0).await,
            None => std::future::pending().await,
        }
    };
    let ending = async {
        tokio::select! {
            () = stop.gently.cancelled() => tracing::info!("told to stop"),
            () = idle => tracing::info!("idle: stopping"),
        }
        stop.gently.cancel();
        report(&health, &names, ServingStatus::NotServing).await;
        // A cancelled statement is given its grace, then its session is ended and the end verified.
        let cancel_grace = config.runs.cancel_grace.0 * 3;
        let all = end_runs(&stop, runs.as_ref(), config.runs.shutdown_grace.0, cancel_grace).await;
        ended.cancel();
        all
    };
    let drained = async {
        ended.cancelled().await;
        let bounded = tokio::time::sleep(config.listen.drain_timeout.0);
        stop.at_once.run_until_cancelled(bounded).await;
        tracing::warn!("open requests were broken off");
    };
    let transport = async {
        let served = tokio::select! {
            served = serving => served,
            () = drained => Ok(()),
        };
        // A transport that broke off by itself ends the daemon: nobody could reach it any more.
        stop.gently.cancel();
        served
    };
    let (served, all_ended) = tokio::join!(transport, ending);
    accepted.listeners.wait().await;
    runs.finish().await;
    served?;
    Ok(all_ended)
}

/// Tells each caller which release answers, so that one of another release knows what to upgrade.
const RELEASE: HeaderName = HeaderName::from_static("migrated-release");

/// The layers, innermost first: access, our release, gRPC-Web, the span of the call, the count of calls.
fn layers(config: &Config, routes: Routes, access: Access, mode: &Mode, activity: Activity) -> Boxed {
    let guarded = guard(boxed(routes.prepare()), access);
    let mut service = boxed(guarded.map_response(|mut response: Response<Body>| {
        response.headers_mut().insert(RELEASE, HeaderValue::from_static(env!("CARGO_PKG_VERSION")));
        response
    }));
    if config.listen.grpc_web {
        service = boxed(tonic_web::GrpcWebLayer::new().layer(service));
        service = boxed(cors(config.listen.grpc_web_origins.all()).layer(service));
    }
    service = traced(service, mode.tracing);
    match mode.idle {
        Some(_) => counted(service, activity),
        None => service,
    }
}

fn cors(origins: &[String]) -> CorsLayer {
    let told = ["grpc-status", "grpc-message", "grpc-status-details-bin"].map(HeaderName::from_static);
    let exposed: Vec<HeaderName> = told.into_iter().chain([RELEASE]).collect();
    let origins = match origins.iter().any(|o| o == "*") {
        true => AllowOrigin::any(),
        false => AllowOrigin::list(origins.iter().filter_map(|o| HeaderValue::from_str(o).ok())),
    };
    let day = Duration::from_secs(24 * 3600);
    CorsLayer::new()
        .allow_origin(origins)
        .allow_methods([http::Method::POST])
        .allow_headers(Any)
        .expose_headers(exposed)
        .max_age(day)
}

fn builder(section: &Listen) -> Server {
    let some = |span: Duration| (!span.is_zero()).then_some(span);
    let mut server = Server::builder()
        .accept_http1(section.grpc_web)
        .max_concurrent_streams(section.max_concurrent_streams)
        .http2_keepalive_interval(some(section.keepalive_interval.0))
        .http2_keepalive_timeout(Some(section.keepalive_timeout.0));
    if let Some(age) = some(section.max_connection_age.0) {
        server = server.max_connection_age(age);
        if let Some(grace) = some(section.max_connection_age_grace.0) {
            server = server.max_connection_age_grace(grace);
        }
    }
    server
}

/// Names of the services of the API.
fn services(descriptors: &[u8]) -> Vec<String> {
    let set = prost_types::FileDescriptorSet::decode(descriptors).unwrap_or_default();
    let of_file = |f: &prost_types::FileDescriptorProto| {
        f.service.iter().map(|s| format!("{}.{}", f.package(), s.name())).collect::<Vec<_>>()
    };
    set.file.iter().flat_map(of_file).collect()
}

/// Tells the health of every service, and of the daemon as a whole (the empty name).
async fn report(health: &HealthReporter, names: &[String], status: ServingStatus) {
    health.set_service_status("", status).await;
    for name in names {
        health.set_service_status(name, status).await;
    }
}

/// What SIGHUP does: certificates and tokens are read again; what cannot be read stays as it is.
fn reload(config: Config, tls: Option<Tls>, access: Access) -> impl Fn() + Send + 'static {
    move || {
        let certificates = tls.as_ref().map_or(Ok(()), Tls::reload);
        for done in [certificates, access.reload(&config)] {
            if let Err(e) = done {
                tracing::error!(error = %e, "reload failed; what was in use stays in use");
            }
        }
        tracing::info!("certificates and tokens were read again");
    }
}
