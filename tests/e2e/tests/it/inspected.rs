//! What `inspect` shows: in every form it makes the same schema again.

use crate::harness::{Answer, Database, Engine, Project, on_each};

/// A schema with an object of every kind.
fn rich(engine: Engine) -> &'static str {
    match engine {
        Engine::Sqlite => include_str!("schemas/sqlite.sql"),
        Engine::Postgres => include_str!("schemas/postgres.sql"),
        Engine::Mariadb => include_str!("schemas/mariadb.sql"),
    }
}

/// A verb about schemas, in all of the database where there may be several schemas.
fn look(project: &Project, words: &str) -> Answer {
    match project.database.engine {
        Engine::Postgres => project.ctl(&format!("{words} --all-schemas")),
        _ => project.ctl(words),
    }
}

#[test]
fn every_form_makes_the_schema_again() {
    on_each(Engine::ALL, |project| {
        std::fs::write(project.path("rich.sql"), rich(project.database.engine)).expect("written");
        look(project, "revision --autogenerate --schema rich.sql -m rich --rev-id a1").succeeds();
        project.ctl("upgrade head").succeeds();
        look(project, "check --schema rich.sql").succeeds().says("");
        look(project, "check").succeeds().says("");
        for form in ["yaml", "json", "sql"] {
            let shown = look(project, &format!("inspect --format {form}")).succeeds().stdout;
            std::fs::write(project.path(&format!("shown.{form}")), shown).expect("written");
            look(project, &format!("check --schema shown.{form}")).succeeds().says("");
        }
        look(project, "diff shown.yaml rich.sql").succeeds().says("");
        look(project, "diff shown.json shown.sql").succeeds().says("");
        // What is shown as SQL, run by the engine's own shell in an empty database.
        let other = Database::new(project.database.engine).expect("the server is there");
        other.sql(&std::fs::read_to_string(project.path("shown.sql")).expect("written"));
        let url = other.url();
        for form in ["yaml", "sql"] {
            let again = look(project, &format!("inspect {url} --format {form}")).succeeds().stdout;
            let shown = std::fs::read_to_string(project.path(&format!("shown.{form}"))).expect("written");
            assert_eq!(again, shown, "made from its own SQL");
        }
        // The way back leaves nothing.
        project.ctl("downgrade base").succeeds();
        let left = look(project, "inspect --format json").succeeds().stdout;
        let left: serde_json::Value = serde_json::from_str(&left).expect("JSON");
        let kinds: Vec<&String> = left.as_object().expect("fields").keys().collect();
        assert_eq!(kinds, ["dialect"], "{left:#}");
    });
}

/// The descriptions of the page about schema files that are for an engine.
fn examples(engine: Engine) -> Vec<&'static str> {
    let page = include_str!("../../../../docs/schema-files.md");
    let blocks = page.split("```yaml\n").skip(1).filter_map(|rest| rest.split("```").next());
    let own = match engine {
        Engine::Sqlite => "dialect: sqlite\n",
        Engine::Postgres => "dialect: postgres\n",
        Engine::Mariadb => "dialect: mysql\n",
    };
    blocks.filter(|block| !block.starts_with("dialect:") || block.starts_with(own)).collect()
}

#[test]
fn the_examples_of_the_page() {
    for engine in Engine::ALL {
        let examples = examples(*engine);
        assert_eq!(examples.len(), 2, "one for all, and one of its own");
        for example in examples {
            on_each(&[*engine], |project| {
                std::fs::write(project.path("schema.yaml"), example).expect("written");
                project.ctl("revision --autogenerate --schema schema.yaml -m example").succeeds();
                project.ctl("upgrade head").succeeds();
                project.ctl("check --schema schema.yaml").succeeds().says("");
                let empty = project.ctl("revision --autogenerate --schema schema.yaml -m nothing").succeeds();
                assert!(empty.stderr.contains("no difference"), "{}", empty.story());
            });
        }
    }
}

#[test]
fn a_diagram() {
    on_each(Engine::ALL, |project| {
        // A shell takes an argument that begins with a comment for an option.
        project.database.sql(&format!("\n{}", rich(project.database.engine)));
        look(project, "inspect --format mermaid").succeeds().recorded("diagram_*");
    });
}
