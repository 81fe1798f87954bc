//! Desired schemas that cannot be read, and what the verbs about schemas refuse.

use crate::harness::{Daemon, Engine, Project, on_each};

/// What stands in the target.
const STANDS: &str = "CREATE TABLE users (id integer PRIMARY KEY, mail varchar(80), note text);";

/// A project whose target stands at its head, with `users` in it.
fn standing(project: &Project) {
    project.revision("a1", "", STANDS, "DROP TABLE users;");
    project.ctl("upgrade head").succeeds();
}

fn write(project: &Project, name: &str, text: impl AsRef<[u8]>) {
    std::fs::write(project.path(name), text).expect("written");
}

#[test]
fn ddl_with_an_error() {
    on_each(Engine::ALL, |project| {
        standing(project);
        let text = format!(
            "-- what is to be\n{STANDS}\n\n  CREATE TABLE orders (id integer, who integer REFERENCES);\n"
        );
        write(project, "schema.sql", text);
        let answer = project.refuses("check --schema schema.sql", 1, "SCHEMA_INVALID", "ddl_error_*");
        assert!(answer.stderr.contains("--> schema.sql:4:"), "its line\n{}", answer.story());
        let words = "revision --autogenerate --schema schema.sql -m x";
        project.ctl(words).exits(1).is("SCHEMA_INVALID");
        write(project, "schema.sql", STANDS);
        project.ctl("check --schema schema.sql").succeeds().says("");
    });
}

#[test]
fn ddl_that_uses_what_it_does_not_make() {
    on_each(&[Engine::Postgres, Engine::Mariadb], |project| {
        standing(project);
        write(
            project,
            "schema.sql",
            "CREATE TABLE orders (id integer REFERENCES people (id));\nSELECT * FROM people;",
        );
        project.refuses("check --schema schema.sql", 1, "SCHEMA_INVALID", "ddl_incomplete_*");
    });
}

#[test]
fn an_unknown_type() {
    on_each(&[Engine::Postgres, Engine::Mariadb], |project| {
        standing(project);
        write(project, "schema.sql", "CREATE TABLE users (\n    id integer PRIMARY KEY,\n    mail emial\n);");
        project.refuses("check --schema schema.sql", 1, "SCHEMA_INVALID", "unknown_type_*");
        write(
            project,
            "schema.yaml",
            "tables:\n- name: users\n  columns:\n  - name: mail\n    type: emial\n",
        );
        project.refuses("check --schema schema.yaml", 1, "SCHEMA_INVALID", "unknown_type_yaml_*");
    });
}

#[test]
fn a_misspelt_field() {
    on_each(&[Engine::Sqlite], |project| {
        standing(project);
        let good = project.ctl("inspect").succeeds().stdout;
        write(
            project,
            "schema.yaml",
            good.replace("nullable:", "nulable:").replace("primary_key:", "primary-key:"),
        );
        project.refuses("check --schema schema.yaml", 1, "SCHEMA_INVALID", "misspelt_field");
        write(project, "schema.yaml", good.replace("type: text", "type: [text]"));
        project.refuses("check --schema schema.yaml", 1, "SCHEMA_INVALID", "wrong_value");
        let json = project.ctl("inspect --format json").succeeds().stdout;
        write(project, "schema.json", json.replace("\"columns\"", "\"colums\""));
        project.refuses("check --schema schema.json", 1, "SCHEMA_INVALID", "misspelt_field_json");
        write(project, "schema.json", json.replacen('}', "", 1));
        project.refuses("check --schema schema.json", 1, "SCHEMA_INVALID", "broken_json");
        write(project, "schema.yaml", good);
        project.ctl("check --schema schema.yaml").succeeds().says("");
    });
}

#[test]
fn a_schema_of_another_dialect() {
    on_each(&[Engine::Sqlite], |project| {
        standing(project);
        write(project, "schema.yaml", "dialect: postgres\n");
        project.refuses("check --schema schema.yaml", 1, "SCHEMA_INVALID", "other_dialect");
    });
}

#[test]
fn a_target_that_does_not_stand_at_head() {
    on_each(Engine::ALL, |project| {
        standing(project);
        project.revision("b2", "a1", "CREATE TABLE more (id integer);", "DROP TABLE more;");
        write(project, "schema.sql", STANDS);
        let words = "revision --autogenerate --schema schema.sql -m x";
        project.refuses(words, 1, "NOT_AT_HEAD", "not_at_head_*");
        let answer = project.ctl("check").exits(1).is("NOT_AT_HEAD");
        project.shell(&answer.next()).succeeds();
        project.ctl("check").succeeds().says("");
    });
}

#[test]
fn drops_are_asked_for() {
    on_each(Engine::ALL, |project| {
        standing(project);
        write(project, "schema.sql", STANDS.replace(", note text", ", words text"));
        let words = "revision --autogenerate --schema schema.sql -m x --rev-id b2";
        project.refuses(words, 1, "DROP_NOT_ALLOWED", "drop_not_allowed_*");
        assert!(!project.path("migrations/b2_x.sql").exists(), "nothing is written");
        // Both ways that the line names.
        project.ctl(&format!("{words} --rename users.note=users.words")).succeeds();
        project.database.sql("INSERT INTO users VALUES (1, 'a', 'kept')");
        project.ctl("upgrade head").succeeds();
        assert_eq!(project.database.sql("SELECT words FROM users"), "kept");
        write(project, "schema.sql", STANDS.replace(", note text", ""));
        let words = "revision --autogenerate --schema schema.sql -m y --rev-id c3";
        project.ctl(&format!("{words} --allow-drop")).succeeds();
        project.ctl("upgrade head").succeeds();
        project.ctl("check --schema schema.sql").succeeds().says("");
    });
}

#[test]
fn a_rename_that_fits_nothing() {
    on_each(&[Engine::Sqlite], |project| {
        standing(project);
        write(project, "schema.sql", STANDS.replace("mail", "email"));
        let words = "check --schema schema.sql --rename users.mial=users.email";
        project.refuses(words, 1, "INVALID_REQUEST", "rename_of_nothing");
        let asked = project.ctl("check --schema schema.sql").exits(3).recorded("rename_asked");
        // Both what is printed and the name in full.
        let printed = asked.stderr.lines().find_map(|line| line.split_once("--rename ")).expect("it asks").1;
        for rename in [printed, "users.mail=users.email"] {
            let answer = project.ctl(&format!("check --schema schema.sql --rename {rename}")).exits(3);
            answer.says("alter column users.mail: rename to email");
        }
        let answer = project.ctl("check --schema schema.sql --rename mail").exits(2);
        assert!(answer.stderr.contains("write OLD=NEW"), "{}", answer.story());
    });
}

#[test]
fn a_daemon_with_nowhere_to_make_scratch_databases() {
    on_each(&[Engine::Postgres, Engine::Mariadb], |project| {
        standing(project);
        write(project, "schema.sql", STANDS);
        project.kill_daemon();
        let daemon = Daemon::serve(project, "127.0.0.1:0", "");
        project.configure_server(&format!("http://{}", daemon.address), "");
        project.refuses("check --schema schema.sql", 1, "SCRATCH_REQUIRED", "scratch_required_*");
        daemon.killed(project);
        // What the message says helps.
        let key = if project.database.engine == Engine::Postgres { "postgresql" } else { "mysql" };
        let sections = format!(
            "[scratch]\n{key} = \"spare\"\n[connections.spare]\nurl = \"{}\"\n",
            project.database.url()
        );
        let daemon = Daemon::serve(project, "127.0.0.1:0", &sections);
        project.configure_server(&format!("http://{}", daemon.address), "");
        project.ctl("check --schema schema.sql").succeeds().says("");
        daemon.killed(project);
    });
}

#[test]
fn files_that_are_none() {
    on_each(&[Engine::Sqlite], |project| {
        standing(project);
        write(project, "latin.sql", b"CREATE TABLE t (n\xe4me text);".as_slice());
        project.refuses("check --schema latin.sql", 1, "LOCAL_FILE", "schema_not_utf8");
        project.refuses("check --schema none.sql", 1, "LOCAL_FILE", "schema_missing");
        std::fs::create_dir(project.path("parts")).expect("made");
        project.refuses("check --schema parts", 1, "LOCAL_FILE", "schema_folder_empty");
        write(project, "parts/2.sql", "CREATE VIEW mails AS SELECT mail FROM users;");
        write(project, "parts/1.sql", STANDS);
        let added = project.ctl("check --schema parts").exits(3);
        added.says("create view mails");
        write(project, "parts/3.yaml", "tables: []");
        project.refuses("check --schema parts", 1, "LOCAL_FILE", "schema_folder_mixed");
        // On the standard input.
        let piped =
            |text: &str| project.shell(&format!("printf '%s' '{text}' | migratectl check --schema -"));
        piped(STANDS).succeeds().says("");
        piped("CREATE TABLE;").exits(1).is("SCHEMA_INVALID").recorded("schema_stdin");
        // A name that is neither a file nor a target.
        project.refuses("check --schema nowhere", 1, "TARGET_NOT_FOUND", "schema_no_target");
    });
}

#[test]
fn an_empty_schema_is_one() {
    on_each(Engine::ALL, |project| {
        for name in ["schema.sql", "schema.yaml"] {
            write(project, name, "");
            project.ctl(&format!("check --schema {name}")).succeeds().says("");
        }
        standing(project);
        project.ctl("check --schema schema.sql").exits(3).says("drop table users  (destroys data)");
        let words = "revision --autogenerate --schema schema.sql -m x";
        project.ctl(words).exits(1).is("DROP_NOT_ALLOWED");
    });
}
