//! What is compared without a scratch database: a role that may make none any more shows it.

use crate::harness::{Database, Engine, LONG, Project, on_each, postgres};
use std::time::Instant;

const SCHEMA: &str = "CREATE TABLE owner (id serial PRIMARY KEY, mail varchar(80) NOT NULL UNIQUE, \
                      since timestamptz DEFAULT now());\n\
                      CREATE TABLE pet (id bigint PRIMARY KEY, of integer REFERENCES owner, kind varchar(20) DEFAULT 'cat', \
                      price numeric(10,2) CHECK (price > 0), CHECK (id > 0 AND of > 0), \
                      CHECK (kind IN ('tom', 'kit')));\n\
                      CREATE INDEX pet_kind ON pet (lower(kind)) WHERE price IS NOT NULL;\n\
                      CREATE VIEW cats AS SELECT id, of FROM pet WHERE kind = 'cat';\n";

#[test]
fn what_stands_or_was_tried_before_needs_no_scratch_database() {
    let Some(database) = Database::new(Engine::Postgres) else { return };
    let role = format!("{}_role", database.name);
    database.sql(&format!("CREATE ROLE {role} LOGIN CREATEDB PASSWORD 'secret'"));
    database.sql(&format!("ALTER DATABASE {} OWNER TO {role}", database.name));
    let project = Project::new(database);
    let url = project.database.url();
    let (_, place) = url.split_once('@').expect("a user is in it");
    project
        .configure(&format!("project = \"shop\"\ndatabase_url = \"postgresql://{role}:secret@{place}\"\n"));
    let check = |schema: &str| project.ctl(&format!("check --schema {schema}"));
    let write = |name: &str, text: &str| std::fs::write(project.path(name), text).expect("written");

    write("schema.sql", SCHEMA);
    project.ctl("revision --autogenerate --schema schema.sql -m all --rev-id a1").succeeds();
    project.ctl("upgrade head").succeeds();
    check("schema.sql").succeeds().says("");
    project.ctl("check").succeeds().says("");
    project.database.sql(&format!("ALTER ROLE {role} NOCREATEDB"));
    // What was tried is known to the next daemon too: the text of a file, and the revisions.
    project.kill_daemon();
    check("schema.sql").succeeds().says("");
    project.ctl("check").succeeds().says("");
    // What stands is known without having been tried.
    let shown = project.ctl("inspect --format yaml").succeeds().stdout;
    write("shown.yaml", &shown);
    check("shown.yaml").succeeds().says("");
    // In a person's words too.
    let spellings = [
        ("character varying(80)", "VARCHAR( 80 )"),
        ("timestamp with time zone", "timestamptz"),
        ("'cat'::character varying", "'cat'"),
        ("(id > 0) AND (of > 0)", "id>0 and of > 0"),
        ("    name: owner_pkey\n", ""),
    ];
    let spelled = spellings.iter().fold(shown.clone(), |text, (printed, written)| {
        assert!(text.contains(printed), "{printed} is in {text}");
        text.replace(printed, written)
    });
    write("spelled.yaml", &spelled);
    check("spelled.yaml").succeeds().says("");
    let json = project.ctl("inspect --format json").succeeds().stdout;
    let printed = "ANY ((ARRAY['tom'::character varying, 'kit'::character varying])::text[])";
    assert!(json.contains(printed), "{json}");
    let read_again = "ANY (ARRAY[('tom'::varchar)::text, ('kit'::character varying)::text])";
    write("spelled.json", &json.replace(printed, read_again));
    check("spelled.json").succeeds().says("");
    // Anything else has to be asked, and cannot be.
    let refused = |schema: &str| drop(check(schema).exits(1).is("SCRATCH_REQUIRED"));
    write("other.sql", &SCHEMA.replace("varchar(20)", "varchar(30)"));
    refused("other.sql");
    write("other.yaml", &shown.replace("character varying(20)", "character varying(30)"));
    refused("other.yaml");
    // The same text on another ground is another question.
    project.database.sql(&format!("ALTER ROLE {role} SET xmloption TO document"));
    refused("schema.sql");
    project.database.sql(&format!("ALTER ROLE {role} RESET xmloption"));
    check("schema.sql").succeeds().says("");
    // Where one may be made again, the difference is told: of the description the one table that differs is asked about.
    project.database.sql(&format!("ALTER ROLE {role} CREATEDB"));
    write("broken.sql", &format!("{SCHEMA}CREATE TABLE owner (id int);\n"));
    let both = ["other.sql", "other.yaml"].map(|schema| check(schema).exits(3).stdout);
    assert_eq!(both[0], both[1]);
    assert!(both[0].contains("pet.kind"), "{}", both[0]);
    // An answer does not wait for the end of its scratch database, be it a good one or not.
    check("broken.sql").exits(1).is("SCHEMA_INVALID");
    let end = Instant::now() + LONG;
    while postgres().expect("it is there").psql("postgres", LEFT).expect("asked") != "0" {
        assert!(Instant::now() < end, "scratch databases are left");
    }
}

const IN: &str = "s IN ('a', 'b')";

/// What the server prints for that, which it does not print again for what it printed: `pg_dump` writes it.
const PRINTED: &str = "((s)::text = ANY ((ARRAY['a'::character varying, 'b'::character varying])::text[]))";

#[test]
fn what_pg_dump_writes_is_what_stands() {
    on_each(&[Engine::Postgres], |project| {
        let schema = |condition: &str| {
            format!(
                "CREATE DOMAIN d AS varchar(9) CHECK ({});\n\
                 CREATE TABLE t (id integer PRIMARY KEY, s varchar(9) CHECK ({condition}), n d, \
                 g boolean GENERATED ALWAYS AS ({condition}) STORED);\n\
                 CREATE INDEX i ON t (id) WHERE {condition};\nCREATE INDEX k ON t (({condition}), s);\n\
                 CREATE VIEW v AS SELECT id FROM t WHERE {condition};\n\
                 CREATE POLICY p ON t USING ({condition}) WITH CHECK ({condition});\n",
                condition.replacen('s', "value", 1)
            )
        };
        for (stands, other) in [(IN, PRINTED), (PRINTED, IN)] {
            let id = if stands == IN { "a1" } else { "b2" };
            std::fs::write(project.path("schema.sql"), schema(stands)).expect("written");
            let words = format!("revision --autogenerate --schema schema.sql -m x --rev-id {id}");
            let written = project.ctl(&words).succeeds().stdout;
            project.ctl("upgrade head").succeeds();
            std::fs::write(project.path("other.sql"), schema(other)).expect("written");
            project.ctl("check --schema other.sql").succeeds().says("");
            std::fs::write(project.path("more.sql"), schema(other).replace("'b'", "'c'")).expect("written");
            let found = project.ctl("check --schema more.sql").exits(3);
            assert!(found.stdout.lines().count() >= 6, "{}", found.story());
            project.ctl("downgrade base").succeeds();
            std::fs::remove_file(project.path(written.trim())).expect("its path was printed");
        }
    });
}

const LEFT: &str = "SELECT count(*) FROM pg_database WHERE datname LIKE 'migrated_scratch_%' AND datdba = \
                    (SELECT oid FROM pg_roles WHERE rolname LIKE 'e2e_%_role' ORDER BY oid DESC LIMIT 1)";
