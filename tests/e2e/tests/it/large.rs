//! Large is ordinary.

use crate::harness::{Engine, on_each};
use std::fmt::Write as _;

#[test]
fn ten_thousand_files() {
    on_each(&[Engine::Sqlite], |project| {
        let mut down_revision = String::new();
        for number in 1..=10_000 {
            let id = format!("r{number:05}");
            project.revision(&id, &down_revision, "SELECT 1;", "SELECT 1;");
            down_revision = id;
        }
        project.ctl("heads").succeeds().says("r10000 (head)");
        project.ctl("stamp r09990").succeeds();
        project.ctl("upgrade head").succeeds().recorded("ten_thousand_files");
        project.ctl("current").succeeds().says("r10000 (head)");
        let before = project.database.dump();
        project.ctl("upgrade head").succeeds();
        assert_eq!(project.database.dump(), before, "nothing to do");
    });
}

#[test]
#[ignore = "long: a hundred megabytes on each engine"]
fn long_a_revision_of_a_hundred_megabytes() {
    on_each(Engine::ALL, |project| {
        let text = if project.database.engine == Engine::Mariadb { "longtext" } else { "text" };
        let up = format!("CREATE TABLE notes (id integer PRIMARY KEY, note {text});");
        project.revision("a1", "", &up, "DROP TABLE notes;");
        let mut up = String::with_capacity(105_000_000);
        let note = "n".repeat(1_000_000);
        for id in 0..100 {
            writeln!(up, "INSERT INTO notes VALUES ({id}, '{note}');").expect("memory takes it");
        }
        project.revision("b2", "a1", &up, "DELETE FROM notes;");
        project.ctl("upgrade head").succeeds();
        let there = |sql: &str| project.database.sql(sql);
        assert_eq!(there("SELECT count(*) FROM notes"), "100");
        assert_eq!(there("SELECT sum(length(note)) FROM notes"), "100000000");
        project.ctl("downgrade base").succeeds();
    });
}
