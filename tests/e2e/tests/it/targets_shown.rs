//! What a daemon tells of its targets, and of itself.

use crate::harness::{Daemon, Engine, on_each};
use tonic::transport::Endpoint;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_client::HealthClient;

#[test]
fn what_a_target_has_of_its_connection_is_shown() {
    on_each(&[Engine::Sqlite], |project| {
        project.three();
        let sections = format!(
            "[connections.main]\nurl = \"{}\"\nversion_table = \"versions_of_main\"\n\
             [connections.dark]\nurl_file = \"nobody_wrote_this\"\n\
             [targets.shop]\nconnection = \"main\"\n[targets.lost]\nconnection = \"dark\"\n",
            project.database.url()
        );
        let daemon = Daemon::serve(project, "127.0.0.1:0", &sections);
        project.configure_server(&format!("http://{}", daemon.address), "");
        let shown = project.ctl("targets show shop").succeeds().stdout;
        for line in ["Dialect       sqlite\n", "Version table versions_of_main\n"] {
            assert!(shown.contains(line), "no {line:?} in\n{shown}");
        }
        let told = project.ctl("targets show shop --output json").succeeds().stdout;
        let told: serde_json::Value = serde_json::from_str(&told).expect("it is JSON");
        assert_eq!(told["target"]["effective"]["versionTable"], "versions_of_main", "{told}");
        assert_eq!(told["target"].get("versionTable"), None, "what is its own stays what it is: {told}");
        let script = project.ctl("upgrade base:head --sql --target shop").succeeds().stdout;
        assert!(script.contains("versions_of_main"), "{script}");
        // Why nothing is known of it is told, and is not an empty dialect.
        let shown = project.ctl("targets show lost").succeeds().stdout;
        assert!(shown.contains("\nFailure ") && shown.contains("nobody_wrote_this"), "{shown}");
        assert!(!shown.contains("Dialect"), "{shown}");
        let refused = project.ctl("upgrade base:head --sql --target lost");
        assert!(refused.exit != 0 && refused.stderr.contains("nobody_wrote_this"), "{}", refused.story());
        assert!(refused.stderr.contains("\nnext: "), "{}", refused.story());
    });
}

#[test]
fn a_schema_that_is_not_there_is_no_missing_right() {
    on_each(&[Engine::Postgres], |project| {
        project.three();
        let url = project.database.url();
        project.configure(&format!(
            "project = \"shop\"\ndatabase_url = \"{url}\"\ndatabase_schema = \"nowhere\"\n"
        ));
        let answer = project.ctl("upgrade head").is("TARGET_PERMISSION");
        assert!(answer.stderr.contains(" has no schema nowhere\n"), "{}", answer.story());
        assert!(answer.stderr.contains("next: `CREATE SCHEMA nowhere`"), "{}", answer.story());
        project.database.sql("CREATE SCHEMA nowhere");
        project.ctl("upgrade head").succeeds();
        assert_eq!(project.database.sql("SELECT count(*) FROM nowhere.t_c3"), "1");
    });
}

#[test]
fn every_answer_names_the_release() {
    on_each(&[Engine::Sqlite], |project| {
        let daemon = Daemon::serve(project, "127.0.0.1:0", "");
        let uri = format!("http://{}", daemon.address);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let (answer, refusal) = runtime.block_on(async {
            let channel = Endpoint::new(uri).expect("an address").connect().await.expect("it listens");
            let mut client = HealthClient::new(channel);
            let check = |service: &str| HealthCheckRequest { service: service.to_owned() };
            let answer = client.check(check("")).await.expect("it serves");
            let refusal =
                client.check(check("nobody.knows.This")).await.expect_err("there is no such service");
            (answer, refusal)
        });
        for metadata in [answer.metadata(), refusal.metadata()] {
            let told = metadata.get("migrated-release").expect("it is told");
            assert_eq!(told, env!("CARGO_PKG_VERSION"));
        }
    });
}
