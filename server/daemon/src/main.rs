//! temporary
#![allow(clippy::all, clippy::allow_attributes, unused)]
mod access; mod catalog; mod convert; mod service; mod status;
use std::sync::Arc;
use migrated_engine::*;
use migrated_target::TargetSpec;
#[tokio::main(worker_threads = 2)]
async fn main() {
    let args: Vec<String> = std::env::args().collect();
    let get = |n: &str| args.iter().position(|a| a == n).map(|i| args[i+1].clone());
    tracing_subscriber::fmt().with_writer(std::io::stderr).with_env_filter(tracing_subscriber::EnvFilter::from_default_env()).init();
    let state = get("--state-dir").unwrap(); let socket = get("--socket").unwrap();
    let store = Arc::new(migrated_store::SqliteStore::open(format!("{state}/store.db"), Default::default()).await.unwrap());
    let cat = catalog::Catalog::new(store.clone(), Default::default(), vec![]);
    let resolve: ResolveTarget = Arc::new(|r| Box::pin(async move { match r {
        TargetRequest::AdHoc{url, schema, version_table, version_table_schema} => {
            let mut s = TargetSpec::new(url); s.schema = schema; if let Some(t) = version_table { s.version_table.name = t; } s.version_table.schema = version_table_schema;
            Ok(Resolved{spec: s, protected: false}) }
        TargetRequest::Named(n) => Err(EngineError::new(migrated_core::Code::TargetNotFound, n)) } }));
    let engine = Engine::new(store, Arc::new(SystemClock), Settings::default(), resolve);
    engine.reconcile_all().await.unwrap();
    let routes = service::routes(&engine, &cat, 16<<20);
    let _ = std::fs::remove_file(&socket);
    let l = tokio::net::UnixListener::bind(&socket).unwrap();
    std::fs::write(format!("{state}/daemon.json"), format!("{{\"pid\":{},\"version\":\"{}\",\"socket\":\"{socket}\",\"started\":\"2026-11-21T00:00:00Z\"}}", std::process::id(), env!("CARGO_PKG_VERSION"))).unwrap();
    println!("{{\"socket\":\"{socket}\",\"pid\":{},\"version\":\"{}\"}}", std::process::id(), env!("CARGO_PKG_VERSION"));
    tonic::transport::Server::builder().add_routes(routes).serve_with_incoming(tokio_stream::wrappers::UnixListenerStream::new(l)).await.unwrap();
}
