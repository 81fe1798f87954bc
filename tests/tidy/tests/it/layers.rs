//! What may stand in which files.

use migrated_tidy::{Source, verdict};

fn below<'a>(path: &str, places: impl IntoIterator<Item = &'a &'a str>) -> bool {
    places.into_iter().any(|place| path == *place || (place.ends_with('/') && path.starts_with(place)))
}

fn broken(folder: &str, allowed: &[&str], wrong: impl Fn(&str) -> bool) -> Vec<String> {
    let files = Source::below(folder);
    assert!(!files.is_empty(), "there are no sources in {folder}");
    files
        .iter()
        .filter(|file| !below(&file.path, allowed))
        .flat_map(|file| file.lines_where(&wrong))
        .collect()
}

/// Whether `name` occurs in the line as a path's segment, not as the end of a longer word.
fn segment(line: &str, name: &str) -> bool {
    line.match_indices(name).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        !before.is_some_and(|c| c.is_alphanumeric() || c == '_')
    })
}

/// The functions of `tonic::Status` that make one.
const CONSTRUCTORS: &[&str] = &[
    "aborted",
    "already_exists",
    "cancelled",
    "data_loss",
    "deadline_exceeded",
    "failed_precondition",
    "from_error",
    "internal",
    "invalid_argument",
    "new",
    "not_found",
    "ok",
    "out_of_range",
    "permission_denied",
    "resource_exhausted",
    "unauthenticated",
    "unavailable",
    "unimplemented",
    "unknown",
    "with_details",
    "with_error_details",
    "with_metadata",
];

#[test]
fn a_grpc_status_is_built_in_one_file() {
    let builds = |line: &str| CONSTRUCTORS.iter().any(|name| segment(line, &format!("Status::{name}(")));
    let found = broken("server", &["server/daemon/src/status.rs"], builds);
    verdict("tonic::Status is made by server/daemon/src/status.rs alone; call it instead:", &found);
}

#[test]
fn messages_of_the_api_stay_at_the_edge() {
    let allowed = [
        "server/daemon/src/service/",
        "server/daemon/src/convert/",
        "server/daemon/src/status.rs",
        // Puts the generated servers and the descriptor set together.
        "server/daemon/src/api.rs",
        // Hands the descriptor set to reflection.
        "server/daemon/src/server.rs",
    ];
    let broken = broken("server", &allowed, |line| segment(line, "migrated_proto"));
    verdict("Proto types appear only where the daemon converts them:", &broken);
}

#[test]
fn the_daemon_speaks_no_sql() {
    let verbs =
        ["SELECT ", "INSERT INTO ", "UPDATE ", "DELETE FROM ", "CREATE TABLE ", "DROP TABLE ", "PRAGMA "];
    let says = |line: &str| verbs.iter().any(|verb| line.contains(&format!("\"{verb}")));
    verdict("SQL belongs to store and target:", &broken("server/daemon/src", &[], says));
}

#[test]
fn core_asks_nobody() {
    let outside =
        ["std::fs", "std::env", "std::net", "std::process", "std::thread", "SystemTime::now", "Instant::now"];
    let asks = |line: &str| outside.iter().any(|name| segment(line, name));
    verdict("core gets everything as an argument:", &broken("server/core/src", &[], asks));
}

#[test]
fn no_transaction_leaks_out_of_the_store() {
    // A trait method that gave a transaction away would let SQL, and half-done writes, wander into use-cases.
    let leaks = |line: &str| segment(line, "sqlx") || segment(line, "Transaction<");
    // columns.rs reads rows, for both backends; it has no connection.
    let backends = ["server/store/src/sqlite/", "server/store/src/postgres/", "server/store/src/columns.rs"];
    let broken = broken("server/store/src", &backends, leaks);
    verdict("The store's trait speaks records, not connections:", &broken);
}

#[test]
fn connections_to_targets_are_not_pooled() {
    let pools = ["PgPool", "MySqlPool", "SqlitePool", "PoolOptions", "sqlx::Pool", "sqlx::pool"];
    let pooled = |line: &str| pools.iter().any(|name| line.contains(name));
    verdict("Nothing is pooled in front of a target:", &broken("server/target/src", &[], pooled));
}

#[test]
fn the_client_writes_through_its_output() {
    let allowed = [
        "client/rust/src/output/",
        // A post-write command's stdout is not the verb's result.
        "client/rust/src/verb/new_file.rs",
    ];
    let streams = ["io::stdout", "io::stderr", "println!", "print!", "eprintln!", "eprint!"];
    let writes = |line: &str| streams.iter().any(|name| segment(line, name));
    verdict(
        "stdout is the result, stderr the story; client/rust/src/output knows which:",
        &broken("client/rust/src", &allowed, writes),
    );
}
