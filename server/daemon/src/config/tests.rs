use super::databases::NamedTarget;
use super::show::show;
use super::source::{Loaded, file};
use super::{Config, Problems, Sources, load};
use figment::value::Value;
use migrated_core::Code;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tempfile::TempDir;

/// A folder with a configuration file.
fn written(text: &str) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("migrated.toml");
    std::fs::write(&path, text).expect("written");
    (folder, path)
}

fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect()
}

fn of_file(text: &str) -> Result<Loaded, Problems> {
    let (_folder, path) = written(text);
    load(&Sources { file: Some(path), ..Sources::default() })
}

fn valid(text: &str) -> Config {
    let loaded = of_file(text).expect("it can be read");
    assert_eq!(loaded.config.validate(), Problems::default());
    loaded.config
}

/// What is wrong with a file, without the folder's name.
fn wrong(text: &str) -> String {
    let (folder, path) = written(text);
    let problems = match load(&Sources { file: Some(path), ..Sources::default() }) {
        Ok(loaded) => loaded.config.validate(),
        Err(problems) => problems,
    };
    problems.to_string().replace(&folder.path().display().to_string(), "DIR")
}

const FILE: &str = r#"
[listen]
addresses = ["127.0.0.1:1", "unix:/run/migrated/socket"]
grpc_web = true
keepalive_interval = "1m"

[[access.tokens]]
name = "ci"
sha256_file = "secrets/ci.sha256"
rights = ["operate"]
expires = 2027-01-31T00:00:00Z

[store]
path = "/srv/migrated.db"

[connections.prod]
url = "postgres://migrated:hunter2@db/billing"
schema = "billing"

[connections.stage]
url_command = ["vault", "read", "stage"]

[targets]
allow_ad_hoc = true

[targets.reports]
connection = "prod"
database = "reports"

[telemetry.otlp]
endpoint = "http://collector:4317"
[telemetry.otlp.attributes]
"deployment.environment" = "prod"
[telemetry.otlp.headers]
authorization = "Bearer hunter2"
"#;

#[test]
fn stronger_sources_win_and_each_value_tells_its_origin() {
    let (folder, path) = written(FILE);
    let sources = Sources {
        mode: vec![
            ("embedded.idle".into(), Value::from("30s")),
            ("runs.lock_wait".into(), Value::from("1m")),
        ],
        file: Some(path),
        variables: pairs(&[
            ("HOME", "/nowhere"),
            ("MIGRATED_CONFIG", "/not/a/key"),
            ("MIGRATED_LOG", "info,migrated_engine=debug"),
            ("MIGRATED_LISTEN__GRPC_WEB", "false"),
            ("MIGRATED_LISTEN__ADDRESSES", "127.0.0.1:2"),
            ("MIGRATED_RUNS__LOCK_WAIT", "2m"),
            ("MIGRATED_RUNS__OWNER", "007"),
            ("MIGRATED_LIMITS__MAX_REVISION_SIZE", "1024"),
            ("MIGRATED_CONNECTIONS__LATER__URL", "sqlite:///hunter2.db"),
            ("MIGRATED_ACCESS__UNIX_UIDS", "[1000, 1001]"),
        ]),
        flags: vec![("--listen".into(), "listen.addresses".into(), Value::from(vec!["127.0.0.1:3"]))],
    };
    let loaded = load(&sources).expect("it can be read");
    assert_eq!(loaded.config.validate(), Problems::default());
    let config = &loaded.config;
    assert_eq!(config.listen.addresses.all(), ["127.0.0.1:3"]);
    assert!(!config.listen.grpc_web);
    assert_eq!(config.listen.keepalive_interval.0, Duration::from_secs(60));
    assert_eq!(config.runs.lock_wait.0, Duration::from_secs(120));
    assert_eq!(config.runs.owner.as_deref(), Some("007"), "a text stays a text");
    assert_eq!(config.embedded.idle.0, Duration::from_secs(30));
    assert_eq!(config.access.tokens[0].sha256_file, Some(folder.path().join("secrets/ci.sha256")));
    assert_eq!(config.access.unix_uids, [1000, 1001]);

    let shown = show(&loaded).expect("it can be written");
    assert!(!shown.contains("hunter2"), "{shown}");
    assert!(!format!("{config:?}").contains("hunter2"));
    insta::assert_snapshot!(shown.replace(&folder.path().display().to_string(), "DIR"));
    // What is shown can be read again, and means the same but for the secrets.
    let again = of_file(&shown).expect("what is shown is a configuration");
    assert_eq!(again.config.runs.lock_wait, config.runs.lock_wait);
    assert_eq!(again.config.targets.named["reports"].database.as_deref(), Some("reports"));
}

#[test]
fn an_unknown_key_is_told_with_its_source_and_the_nearest() {
    insta::assert_snapshot!(wrong(
        r#"
        [listen]
        adresses = ["127.0.0.1:1"]
        lock_wait = "1m"
        [lissten]
        [connections.prod]
        url = "sqlite:///x"
        shema = "s"
        [[access.tokens]]
        name = "ci"
        hash = "x"
        [telemetry.otlp]
        qqq = 1
        "#
    ), @"
    DIR/migrated.toml: unknown key `access.tokens.0.hash`
    DIR/migrated.toml: unknown key `connections.prod.shema`; did you mean `connections.prod.schema`?
    DIR/migrated.toml: unknown key `lissten`; did you mean `listen`?
    DIR/migrated.toml: unknown key `listen.adresses`; did you mean `listen.addresses`?
    DIR/migrated.toml: unknown key `listen.lock_wait`; did you mean `runs.lock_wait`?
    DIR/migrated.toml: unknown key `telemetry.otlp.qqq`
    ");
    let of_variable =
        load(&Sources { variables: pairs(&[("MIGRATED_STORE__PAHT", "x")]), ..Sources::default() });
    assert_eq!(
        of_variable.expect_err("no such key").to_string(),
        "MIGRATED_STORE__PAHT: unknown key `store.paht`; did you mean `store.path`?"
    );
}

#[test]
fn a_value_of_the_wrong_kind_is_told_without_showing_secrets() {
    insta::assert_snapshot!(wrong("[listen]\ngrpc_web = \"often\"\n"), @r#"DIR/migrated.toml: listen.grpc_web: invalid type: found string "often", expected a boolean"#);
    insta::assert_snapshot!(wrong("[runs]\nlock_wait = 15\n"), @r#"DIR/migrated.toml: runs.lock_wait: "15" is not a duration: write a number with its unit, such as 250ms, 3s, 15m, 1h30m or 7d"#);
    insta::assert_snapshot!(wrong("[runs]\nsession = \"both\"\n"), @"DIR/migrated.toml: runs.session: unknown variant: found `both`, expected ``revision` or `run``");
    insta::assert_snapshot!(wrong("[connections.a]\nurl = [\"hunter2\"]\n"), @"DIR/migrated.toml: connections.a.url: a text is wanted");
    insta::assert_snapshot!(wrong("[connections.a]\nurl = \"hunter2\n"), @"DIR/migrated.toml:2: invalid basic string, expected `\"`");
    insta::assert_snapshot!(wrong("[[access.tokens]]\nname = \"a\"\nexpires = \"soon\"\n"), @"DIR/migrated.toml: access.tokens.0.expires: failed to parse four digit integer as year: invalid digit, expected 0-9 but got s");
}

#[test]
fn what_cannot_work_is_told_by_key() {
    insta::assert_snapshot!(wrong(
        r#"
        [listen]
        addresses = ["0.0.0.0:1", "somewhere:1", "unix:relative", "127.0.0.1:5", "127.0.0.1:5", "[::ffff:10.0.0.1]:1"]
        [tls]
        key_file = "key.pem"
        [connections.a]
        [connections.b]
        url = "x"
        url_env = "X"
        [connections.prod]
        url = "x"
        [targets.t]
        connection = "prd"
        [targets.u]
        [targets.b]
        connection = "prod"
        [limits]
        max_runs = 0
        max_connections_per_server = 2
        [telemetry.otlp]
        sampling_ratio = 1.5
        endpoint = "collector:4317"
        [telemetry.log]
        filter = "info,,=="
        "#
    ));
    insta::assert_snapshot!(wrong(
        r#"
        [[access.tokens]]
        [[access.tokens]]
        name = "a"
        sha256 = "12"
        token_file = "x"
        rights = ["read"]
        [[access.tokens]]
        name = "a"
        sha256_file = "x"
        "#
    ), @"
    access.tokens[0]: `name` is missing
    access.tokens[0]: exactly one of `sha256`, `sha256_file` and `token_file` is needed
    access.tokens[0]: `rights` is missing: [\"read\"] or [\"operate\"]
    access.tokens[1] (a): exactly one of `sha256`, `sha256_file` and `token_file` is needed
    access.tokens[1] (a): `sha256` must be 64 hexadecimal digits
    access.tokens[2] (a): another token has that name
    access.tokens[2] (a): `rights` is missing: [\"read\"] or [\"operate\"]
    ");
}

#[test]
fn an_exposed_listener_needs_tls_and_a_token() {
    let exposed = "[listen]\naddresses = [\"0.0.0.0:1\"]\n";
    let tls = "[tls]\ncert_file = \"c\"\nkey_file = \"k\"\n";
    let token = "[[access.tokens]]\nname = \"a\"\nsha256_file = \"x\"\nrights = [\"read\"]\n";
    assert!(wrong(&[exposed, tls].concat()).contains("`[[access.tokens]]`"));
    assert!(!wrong(&[exposed, tls].concat()).contains("tls.cert_file"));
    assert!(wrong(&[exposed, token].concat()).contains("`tls.cert_file` and `tls.key_file`"));
    valid(&[exposed, tls, token].concat());
    for address in [
        "127.0.0.1:1",
        "127.9.9.9:1",
        "[::1]:1",
        "localhost:1",
        "unix:/s",
        "unix:///s",
        "[::ffff:127.0.0.1]:1",
    ] {
        valid(&format!("[listen]\naddresses = {address:?}\n"));
    }
}

#[test]
fn the_file_is_the_one_named_or_told_to_be_missing() {
    let (folder, path) = written("");
    let variable = pairs(&[("MIGRATED_CONFIG", path.to_str().expect("UTF-8"))]);
    assert_eq!(file(Some(&path), &[]), Ok(Some(path.clone())));
    assert_eq!(file(None, &variable), Ok(Some(path.clone())));
    let missing = folder.path().join("missing.toml");
    let told =
        file(Some(&missing), &variable).expect_err("the flag is stronger than the variable").to_string();
    assert!(told.starts_with("--config: there is no file "), "{told}");
    std::fs::remove_file(&path).expect("removed");
    let told = file(None, &variable).expect_err("it is gone").to_string();
    assert!(told.starts_with("MIGRATED_CONFIG: there is no file "), "{told}");
}

fn target(connection: &str) -> NamedTarget {
    NamedTarget { connection: connection.into(), ..NamedTarget::default() }
}

#[tokio::test]
async fn a_target_is_reached_through_its_connection() {
    let config = valid(
        r#"
        [connections.prod]
        url = "postgres://u:p@db/billing?sslmode=require"
        schema = "billing"
        version_table = "versions"
        lock_timeout = "1s"
        [connections.locked]
        url = "mysql://db/a"
        protected = true
        [targets.reports]
        connection = "prod"
        database = "reports"
        schema = "reporting"
        "#,
    );
    let names: Vec<_> = config.configured_targets().into_keys().collect();
    assert_eq!(names, ["locked", "prod", "reports"]);
    let reached = config.reach(&config.configured_targets()["reports"]).await.expect("reached");
    assert_eq!(reached.url, "postgres://u:p@db/reports?sslmode=require");
    assert_eq!(reached.schema.as_deref(), Some("reporting"));
    assert_eq!(reached.version_table.as_deref(), Some("versions"));
    assert_eq!(reached.lock_timeout, Duration::from_secs(1));
    assert!(!reached.protected);
    assert!(!format!("{reached:?}").contains("u:p"));
    let locked = config.reach(&config.configured_targets()["locked"]).await.expect("reached");
    assert!(locked.protected);
    assert_eq!(locked.url, "mysql://db/a");
    let gone = config.reach(&target("gone")).await.expect_err("no such connection");
    assert_eq!(gone.code, Code::TargetNotFound);
}

#[test]
fn urls_of_requests_are_taken_only_where_allowed() {
    let refused = Config::default().reach_ad_hoc("sqlite:///x".into()).expect_err("off unless set");
    assert_eq!(refused.code, Code::AdHocUrlRefused);
    let allowed = valid("[targets]\nallow_ad_hoc = true\n");
    assert_eq!(allowed.reach_ad_hoc("sqlite:///x".into()).expect("allowed").url, "sqlite:///x");
}

async fn by_command(command: &str) -> Result<String, String> {
    let config = valid(&format!("[connections.c]\nurl_command = {command}\nurl_command_timeout = \"5s\"\n"));
    match config.reach(&target("c")).await {
        Ok(reached) => Ok(reached.url),
        Err(e) => {
            assert_eq!(e.code, Code::ConfigInvalid);
            Err(e.message)
        }
    }
}

#[tokio::test]
async fn a_command_gives_the_url() {
    let told = |cause: &str| Err(format!("connections.c.url_command: {cause}"));
    for (command, expected) in [
        (r#"["printf", "%s\nmore", "sqlite:///a b"]"#, Ok("sqlite:///a b".to_owned())),
        (r#""echo sqlite:///$((1 + 1))""#, Ok("sqlite:///2".to_owned())),
        // More than a pipe holds: the command must not block on it.
        (
            r#""echo sqlite:///x; head -c 1000000 /dev/zero; head -c 1000000 /dev/zero >&2""#,
            Ok("sqlite:///x".to_owned()),
        ),
        (
            r#""echo secret; echo 'vault is sealed' >&2; exit 3""#,
            told("the command failed (exit status: 3): vault is sealed"),
        ),
        (r#""exit 3""#, told("the command failed (exit status: 3)")),
        (r#""true""#, told("the first line is empty")),
    ] {
        assert_eq!(by_command(command).await, expected, "{command}");
    }
    let missing = by_command(r#"["/no/such/program"]"#).await.expect_err("no program");
    assert!(missing.starts_with("connections.c.url_command: the command cannot be started: "), "{missing}");
}

#[tokio::test]
async fn a_command_that_never_ends_is_ended() {
    let config =
        valid("[connections.c]\nurl_command = [\"sleep\", \"1000\"]\nurl_command_timeout = \"50ms\"\n");
    let fault = config.reach(&target("c")).await.expect_err("it takes too long");
    assert_eq!(fault.message, "connections.c.url_command: the command did not end within 50ms");
}

#[tokio::test]
async fn a_file_gives_the_url_anew_each_time() {
    let (folder, path) = written("[connections.c]\nurl_file = \"url\"\n");
    let config = load(&Sources { file: Some(path), ..Sources::default() }).expect("read").config;
    let url = folder.path().join("url");
    let missing = config.reach(&target("c")).await.expect_err("no file yet");
    assert!(missing.message.starts_with("connections.c.url_file: "), "{missing}");
    for text in ["sqlite:///one\n", "  sqlite:///two  \nmore"] {
        std::fs::write(&url, text).expect("written");
        let expected = text.lines().next().expect("a line").trim();
        assert_eq!(config.reach(&target("c")).await.expect("reached").url, expected);
    }
    assert!(Path::new(&url).exists());
}

#[test]
fn a_store_is_a_file_or_a_url_that_is_not_shown() {
    let told = wrong(
        "[store]\nurl = \"mysql://u:secret@h/x\"\nurl_env = \"X\"\nschema = \"\"\nconnections = 1\nlease = \"1s\"\n",
    );
    let keys: Vec<&str> = told.lines().filter_map(|line| line.split(": ").next()).collect();
    assert_eq!(
        keys,
        ["store.url", "store.url", "store.schema", "store.connections", "store.lease"],
        "{told}"
    );
    assert!(!told.contains("secret"), "{told}");

    let (folder, path) = written("[store]\nurl_file = \"url\"\n");
    let config = load(&Sources { file: Some(path), ..Sources::default() }).expect("read").config;
    let missing = config.store.postgres_url().expect_err("no file yet");
    assert!(missing.starts_with("store.url_file: "), "{missing}");
    for (text, expected) in [
        ("postgres://u:secret@h/x\nmore", Ok(Some("postgres://u:secret@h/x".to_owned()))),
        (" postgresql://h/x \n", Ok(Some("postgresql://h/x".to_owned()))),
        ("secret", Err("store.url_file: must begin with postgres:// or postgresql://".to_owned())),
        ("", Err("store.url_file: must begin with postgres:// or postgresql://".to_owned())),
    ] {
        std::fs::write(folder.path().join("url"), text).expect("written");
        assert_eq!(config.store.postgres_url(), expected, "{text}");
    }
    assert_eq!(valid("").store.postgres_url(), Ok(None), "a file");
    assert_eq!(valid("[store]\nurl = \"\"\n").store.postgres_url(), Ok(None), "an embedded daemon's");
}
