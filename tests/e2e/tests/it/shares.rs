//! The connections that runs share on a server: fairly among projects, and among the daemons of one store.

use crate::harness::{Daemon, Engine, Gate, LONG, Project, SharedStore, on_each};
use migrated_proto::v1::event::Kind;
use migrated_proto::v1::migration_service_client::MigrationServiceClient;
use migrated_proto::v1::{
    AdHocTarget, GraphRef, RunState, TargetRef, UpgradeRequest, UpgradeResponse, graph_ref, target_ref,
};
use std::sync::Arc;
use tokio::task::JoinSet;
use tonic::Streaming;
use tonic::transport::Channel;

/// One run at a time on a server, and one connection to look with.
const ONE_AT_A_TIME: &str = "[limits]\nmax_connections_per_server = 3\n";
/// Runs of a project that has many targets.
const FLEET: usize = 100;

type Client = MigrationServiceClient<Channel>;

async fn client(address: &str) -> Client {
    MigrationServiceClient::connect(format!("http://{address}")).await.expect("it listens")
}

/// Asks for an upgrade by what the project published. The version table's name makes it a target of its own.
async fn asked(
    client: &mut Client,
    project: &str,
    url: &str,
    version_table: &str,
) -> Streaming<UpgradeResponse> {
    let published = graph_ref::Graph::Published(graph_ref::Published {});
    let place =
        AdHocTarget { url: url.to_owned(), version_table: version_table.to_owned(), ..Default::default() };
    let request = UpgradeRequest {
        project: project.to_owned(),
        graph: Some(GraphRef { graph: Some(published) }),
        target: Some(TargetRef { target: Some(target_ref::Target::AdHoc(place)) }),
        revision: "head".to_owned(),
        ..Default::default()
    };
    client.upgrade(request).await.expect("accepted").into_inner()
}

/// Reads a run's stream up to an event.
async fn told(stream: &mut Streaming<UpgradeResponse>, what: impl Fn(&Kind) -> bool) -> Kind {
    let reading = async {
        while let Some(response) = stream.message().await.expect("the stream stands") {
            let events = response.update.into_iter().flat_map(|update| update.events);
            if let Some(kind) = events.filter_map(|event| event.kind).find(&what) {
                return kind;
            }
        }
        panic!("the stream ended before");
    };
    tokio::time::timeout(LONG, reading).await.expect("it comes in time")
}

fn waits_for_connections(kind: &Kind) -> bool {
    matches!(kind, Kind::Warning(w) if w.reason == "LIMIT_EXCEEDED" && w.message.contains("max_connections_per_server"))
}

/// A fleet's run at the gate and the rest of the fleet behind it; then another project's only run, through the last of
/// these daemons. How many runs of the fleet have gone before that one.
fn gone_before(fleet: &Project, addresses: &[&str]) -> usize {
    let single = Project::beside(Arc::clone(&fleet.database));
    let database = &fleet.database;
    database.sql("CREATE TABLE went (number serial PRIMARY KEY, project text)");
    let went = |project: &str| format!("INSERT INTO went (project) VALUES ('{project}');");
    fleet.revision("f1", "", &format!("{}\n{}", Gate::stop(database), went("fleet")), "SELECT 1;");
    single.revision("s1", "", &went("single"), "SELECT 1;");
    for (project, name) in [(fleet, "fleet"), (&single, "single")] {
        project.configure(&format!("project = \"{name}\"\n"));
        project.ctl(&format!("push --server http://{}", addresses[0])).succeeds();
    }
    let gate = Gate::shut(database);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    runtime.expect("a runtime").block_on(async {
        let mut clients = Vec::new();
        for address in addresses {
            clients.push(client(address).await);
        }
        let url = database.url();
        let mut at_the_gate = asked(&mut clients[0], "fleet", &url, "fleet_0").await;
        told(&mut at_the_gate, |kind| matches!(kind, Kind::StepStarted(_))).await;
        let mut waiting = JoinSet::new();
        for number in 1..FLEET {
            let (mut client, url) = (clients[number % clients.len()].clone(), url.clone());
            waiting.spawn(async move {
                let mut stream = asked(&mut client, "fleet", &url, &format!("fleet_{number}")).await;
                told(&mut stream, waits_for_connections).await;
                stream
            });
        }
        let queued = waiting.join_all().await;
        let last = clients.last_mut().expect("there is a daemon");
        let mut only = asked(last, "single", &url, "single").await;
        told(&mut only, waits_for_connections).await;
        gate.open();
        let end = told(&mut only, |kind| matches!(kind, Kind::RunFinished(_))).await;
        assert!(matches!(end, Kind::RunFinished(end) if end.state() == RunState::Succeeded));
        drop(queued);
    });
    let before =
        "SELECT count(*) FROM went WHERE number < (SELECT number FROM went WHERE project = 'single')";
    database.sql(before).parse().expect("a number")
}

#[test]
fn a_hundred_queued_runs_of_a_project_do_not_starve_anothers_only_one() {
    on_each(&[Engine::Postgres], |fleet| {
        let daemon = Daemon::serve(fleet, "127.0.0.1:0", ONE_AT_A_TIME);
        let before = gone_before(fleet, &[&daemon.address]);
        // The one at the gate, the one whose turn was next, and one whose project came first.
        assert!(before <= 3, "{before} runs of the fleet went before it");
        daemon.killed(fleet);
    });
}

#[test]
fn nor_do_they_through_two_daemons_on_one_store() {
    on_each(&[Engine::Postgres], |fleet| {
        let Some(store) = SharedStore::new() else { return };
        let [one, two] = ["one", "two"].map(|name| store.serve_with(fleet, name, "", ONE_AT_A_TIME));
        let before = gone_before(fleet, &[&one.address, &two.address]);
        // As with one daemon, and between any two runs of this daemon one of the other: six. More where this one stands still
        // for a moment before it asks; all of the fleet's, if nobody took turns.
        assert!(before < FLEET / 2, "{before} runs of the fleet went before it");
        one.killed(fleet);
        two.killed(fleet);
    });
}

#[test]
fn the_connections_of_a_server_are_counted_over_all_daemons() {
    on_each(Gate::ENGINES, |first| {
        let Some(store) = SharedStore::new() else { return };
        let Some(database) = crate::harness::Database::new(first.database.engine) else { return };
        let second = Project::new(database);
        for project in [first, &second] {
            project.configure("project = \"shop\"\n");
        }
        let one = store.serve_with(first, "one", "", ONE_AT_A_TIME);
        let two = store.serve_with(&second, "two", "", ONE_AT_A_TIME);
        let gate = first.gated();
        second.three();
        let working = first.start(&one.words("upgrade head"));
        gate.reached(&first.database);
        // The other daemon has no connection in use, and yet there is none for it.
        let mut waiting = second.start(&two.words("upgrade head"));
        waiting.told("other runs use the 3 connections");
        assert_eq!(store.sql("SELECT count(*) FROM run WHERE share IS NOT NULL"), "1");
        gate.open();
        working.ends(first).succeeds();
        waiting.ends(&second).succeeds();
        assert_eq!(second.database.sql("SELECT version_num FROM alembic_version"), "c3");
        one.killed(first);
        two.killed(&second);
    });
}
