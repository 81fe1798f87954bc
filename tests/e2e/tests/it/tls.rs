//! `migratectl` and `migrated` over TLS, with certificates made for the test.

use crate::harness::{Daemon, Engine, Project, on_each};
use migrated_testkit::Authority;

const TOKEN: &str = "open-sesame";

/// The daemon's sections: its certificate for `localhost`, and a token.
fn sections(project: &Project, authority: &Authority) -> String {
    authority.write(&project.path(""), "server", "localhost").expect("written");
    std::fs::write(project.path("ca.crt"), authority.pem()).expect("written");
    std::fs::write(project.path("token"), TOKEN).expect("written");
    "[tls]\ncert_file = \"server.crt\"\nkey_file = \"server.key\"\n\
     [[access.tokens]]\nname = \"ci\"\ntoken_file = \"token\"\nrights = [\"operate\"]\n"
        .to_owned()
}

/// `https://localhost` with the port of `127.0.0.1:port`.
fn url(daemon: &Daemon) -> String {
    daemon.address.replace("127.0.0.1", "https://localhost")
}

const GOOD: &str = "token_file = \"token\"\n[tls]\nca_file = \"ca.crt\"\n";

/// A project of three revisions with a daemon of those sections, and further lines in its section `tls`.
fn served(test: impl Fn(&Project, &Authority, &Daemon), tls: &str) {
    on_each(&[Engine::Sqlite], |project| {
        let authority = Authority::new();
        let sections = sections(project, &authority).replace("[[access", &format!("{tls}[[access"));
        project.three();
        let daemon = Daemon::serve(project, "127.0.0.1:0", &sections);
        test(project, &authority, &daemon);
        daemon.killed(project);
    });
}

/// Runs `upgrade head` with `lines` in `migratectl.toml`, which must be refused; then with those that are right.
#[track_caller]
fn refused(project: &Project, server: &str, lines: &str, exit: i32, reason: &str, name: &str) {
    project.configure_server(server, lines);
    let answer = project.refuses("upgrade head", exit, reason, name);
    assert!(!answer.stderr.contains(TOKEN), "no token is shown\n{}", answer.story());
}

#[track_caller]
fn served_well(project: &Project, server: &str, lines: &str) {
    project.configure_server(server, lines);
    project.ctl("upgrade head").succeeds();
    project.ctl("current").succeeds().says("c3 (head)");
    project.ctl("downgrade base").succeeds();
}

#[test]
fn with_the_right_authority_and_token() {
    served(
        |project, _, daemon| {
            served_well(project, &url(daemon), GOOD);
            // Without a scheme, TLS is meant where it is configured.
            served_well(project, &url(daemon).replace("https://", ""), GOOD);
            let named = format!("{GOOD}server_name = \"localhost\"\n");
            served_well(project, &format!("https://{}", daemon.address), &named);
        },
        "",
    );
}

#[test]
fn a_certificate_of_an_unknown_authority() {
    served(
        |project, _, daemon| {
            std::fs::write(project.path("other.crt"), Authority::new().pem()).expect("written");
            let lines = GOOD.replace("ca.crt", "other.crt");
            refused(project, &url(daemon), &lines, 9, "DAEMON_UNREACHABLE", "tls_authority");
            // Those that the system trusts do not know it either.
            refused(project, &url(daemon), "token_file = \"token\"\n", 9, "DAEMON_UNREACHABLE", "tls_system");
            served_well(project, &url(daemon), GOOD);
        },
        "",
    );
}

#[test]
fn a_certificate_of_another_name() {
    served(
        |project, _, daemon| {
            let lines = format!("{GOOD}server_name = \"elsewhere\"\n");
            refused(project, &url(daemon), &lines, 9, "DAEMON_UNREACHABLE", "tls_name");
            served_well(project, &url(daemon), GOOD);
        },
        "",
    );
}

#[test]
fn without_tls_where_it_is_spoken() {
    served(
        |project, _, daemon| {
            let plain = format!("http://{}", daemon.address);
            refused(project, &plain, "token_file = \"token\"\n", 9, "DAEMON_UNREACHABLE", "tls_plain_client");
            served_well(project, &url(daemon), GOOD);
        },
        "",
    );
}

#[test]
fn with_tls_where_none_is_spoken() {
    on_each(&[Engine::Sqlite], |project| {
        project.three();
        sections(project, &Authority::new());
        let daemon = Daemon::serve(project, "127.0.0.1:0", "");
        refused(project, &url(&daemon), GOOD, 9, "DAEMON_UNREACHABLE", "tls_plain_daemon");
        served_well(project, &format!("http://{}", daemon.address), "");
        daemon.killed(project);
    });
}

#[test]
fn without_the_token_or_with_a_wrong_one() {
    served(
        |project, _, daemon| {
            let without = GOOD.replace("token_file = \"token\"\n", "");
            refused(project, &url(daemon), &without, 8, "UNAUTHENTICATED", "token_missing");
            std::fs::write(project.path("wrong"), "shut-sesame").expect("written");
            let wrong = GOOD.replace("\"token\"", "\"wrong\"");
            refused(project, &url(daemon), &wrong, 8, "UNAUTHENTICATED", "token_wrong");
            served_well(project, &url(daemon), GOOD);
        },
        "",
    );
}

#[test]
fn a_client_certificate_where_one_is_asked_for() {
    served(
        |project, authority, daemon| {
            refused(project, &url(daemon), GOOD, 9, "DAEMON_UNREACHABLE", "tls_no_client_certificate");
            let own = "cert_file = \"client.crt\"\nkey_file = \"client.key\"\n";
            Authority::new().write(&project.path(""), "client", "ci").expect("written");
            let lines = format!("{GOOD}{own}");
            refused(project, &url(daemon), &lines, 9, "DAEMON_UNREACHABLE", "tls_strange_client_certificate");
            authority.write(&project.path(""), "client", "ci").expect("written");
            served_well(project, &url(daemon), &lines);
        },
        "client_ca_file = \"ca.crt\"\n",
    );
}
