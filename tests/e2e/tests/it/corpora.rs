//! The histories of real applications, as `MIGRATED_CORPORA` holds them: to the heads, down as far as their README
//! says, and up again. The schema is compared with the recorded one, each time.

use crate::harness::{Database, Engine, Project};
use std::io::Write as _;
use std::path::{Path, PathBuf};

/// The folder of one history, where the corpora are there.
fn history(name: &str, engine: Engine) -> Option<PathBuf> {
    let Some(corpora) = std::env::var_os("MIGRATED_CORPORA") else {
        // Past the test harness' capturing, which would show it for failed tests only.
        let _ = writeln!(std::io::stderr(), "\n*** SKIPPED: {name}: MIGRATED_CORPORA is not set ***\n");
        return None;
    };
    let dialect = match engine {
        Engine::Sqlite => "sqlite",
        Engine::Postgres => "postgresql",
        Engine::Mariadb => "mariadb",
    };
    let folder = Path::new(&corpora).join("projects").join(name).join(dialect);
    assert!(folder.is_dir(), "{} is not there", folder.display());
    Some(folder)
}

/// A project with the history's revisions.
fn project(folder: &Path, engine: Engine) -> Option<Project> {
    let project = Project::new(Database::new(engine)?);
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        let name = path.file_name().and_then(|name| name.to_str()).expect("a name");
        if name.starts_with(|c: char| c.is_ascii_digit()) && name.ends_with(".sql") {
            project.file(name, std::fs::read(&path).expect("read"));
        }
    }
    Some(project)
}

/// Takes a history to its heads, down, and up again.
fn whole(name: &str, engine: Engine) {
    let Some(folder) = history(name, engine) else { return };
    let Some(project) = project(&folder, engine) else { return };
    let told = std::fs::read_to_string(folder.join("project.json")).expect("read");
    let told: serde_json::Value = serde_json::from_str(&told).expect("JSON");
    let expected = std::fs::read_to_string(folder.join("schema.expected.sql")).expect("read");
    let expected = comparable(&expected);

    project.ctl("upgrade heads").succeeds();
    let heads: Vec<&str> =
        told["graph"]["heads"].as_array().into_iter().flatten().filter_map(|id| id.as_str()).collect();
    // A head that another depends on has no row of its own, and is told nevertheless.
    let current = project.ctl("current").succeeds().stdout;
    let mut current: Vec<&str> = current.lines().filter_map(|line| line.split(' ').next()).collect();
    current.sort_unstable();
    assert_eq!(current, heads, "it stands at its heads");
    assert_eq!(comparable(&project.database.schema()), expected);

    let down = &told["down_coverage"]["all_the_way_down"];
    let (steps, of) = (down["steps"].as_u64().expect("a number"), down["of"].as_u64().expect("a number"));
    for _ in 0..steps {
        project.ctl("downgrade -1").succeeds();
    }
    if steps < of {
        let before = project.database.dump();
        let words = if heads.len() == 1 { "downgrade -1" } else { "downgrade base" };
        project.ctl(words).is("NO_BODY");
        assert_eq!(project.database.dump(), before);
    } else {
        assert_eq!(project.database.sql("SELECT count(*) FROM alembic_version"), "0");
    }
    // What these histories' own downgrades leave wrong, as their README says.
    match (name, engine) {
        ("ihatemoney", Engine::Postgres) => drop(project.database.sql("DROP TYPE loggingmode")),
        ("meltano", Engine::Postgres) => drop(project.database.sql("CREATE TYPE job_state AS ENUM ()")),
        _ => {}
    }
    project.ctl("upgrade heads").succeeds();
    assert_eq!(comparable(&project.database.schema()), expected, "up again");
}

/// A schema without what its README leaves out, as sorted statements.
fn comparable(schema: &str) -> Vec<String> {
    let kept = |line: &&str| {
        !line.starts_with("--")
            && !line.starts_with('\\')
            && !line.starts_with("/*M!")
            && !line.trim().is_empty()
    };
    let lines: Vec<String> = schema.lines().filter(kept).map(without_what_varies).collect();
    let text = lines.join("\n");
    let statements = text.split(";\n").map(|one| one.trim_matches([';', '\n', ' ']).to_owned());
    let mut statements: Vec<String> = statements.collect();
    statements.retain(|one| !one.contains("alembic_version"));
    statements.sort();
    statements
}

fn without_what_varies(line: &str) -> String {
    let words = line.split(' ').filter(|w| !w.starts_with("AUTO_INCREMENT=") && !w.starts_with("DEFINER="));
    words.collect::<Vec<_>>().join(" ")
}

#[test]
fn argilla_server_on_postgres() {
    whole("argilla_server", Engine::Postgres);
}

#[test]
fn argilla_server_on_sqlite() {
    whole("argilla_server", Engine::Sqlite);
}

#[test]
fn conda_store_on_postgres() {
    whole("conda_store", Engine::Postgres);
}

#[test]
fn conda_store_on_sqlite() {
    whole("conda_store", Engine::Sqlite);
}

#[test]
fn ihatemoney_on_postgres() {
    whole("ihatemoney", Engine::Postgres);
}

#[test]
fn ihatemoney_on_sqlite() {
    whole("ihatemoney", Engine::Sqlite);
}

#[test]
fn meltano_on_postgres() {
    whole("meltano", Engine::Postgres);
}

#[test]
fn meltano_on_sqlite() {
    whole("meltano", Engine::Sqlite);
}

#[test]
fn magnum_on_mariadb() {
    whole("magnum", Engine::Mariadb);
}

#[test]
fn glance_on_mariadb() {
    whole("glance", Engine::Mariadb);
}
