//! What `diagnose` tells of a target whose daemon died, and how `resume` and `repair` go on from there.

use super::course::{Asked, Way, everything_once, lay, undisturbed};
use super::told::left;
use crate::harness::{Answer, Daemon, Engine, Project, on_each};
use serde_json::Value;

/// A daemon that dies there, and one that comes after it.
fn dead(project: &Project, words: &str, passage: &str) -> Daemon {
    let daemon = Daemon::edged(project, &[("EDGE_DIE", passage)]);
    let client = project.start(words);
    assert!(daemon.ends_with(client), "{words}: the run did not come to {passage}");
    daemon.ends(project);
    left(project);
    Daemon::edged(project, &[])
}

/// The verdict, the fates of the statements, and the answer as it was printed, which changed nothing.
#[track_caller]
fn diagnosed(project: &Project) -> (String, Vec<String>, Answer) {
    let before = project.place();
    let answer = project.ctl("diagnose").exits(3);
    let json = project.ctl("diagnose --output json").exits(3).stdout;
    assert_eq!(project.place(), before, "a diagnosis changes nothing");
    let found: Value = serde_json::from_str(&json).expect("JSON");
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let fates = found["statements"].as_array().into_iter().flatten();
    let fates = fates.map(|one| {
        assert!(!text(&one["evidence"]).is_empty(), "evidence: {one}");
        text(&one["fate"]).replace("STATEMENT_FATE_", "")
    });
    (text(&found["health"]).replace("TARGET_HEALTH_", ""), fates.collect(), answer)
}

/// Runs the command that the diagnosis names, and fails the test unless it is this one.
#[track_caller]
fn goes_on(project: &Project, answer: &Answer, command: &str) -> Answer {
    let line = answer.stdout.lines().find_map(|line| line.strip_prefix("next: ")).expect("a next command");
    assert_eq!(
        crate::harness::commands(line).first().map(String::as_str),
        Some(command),
        "{}",
        answer.story()
    );
    project.shell(command)
}

#[test]
fn behind_a_statement_that_committed_by_itself() {
    on_each(Engine::ALL, |project| {
        lay(project);
        undisturbed(project, Way::First.words());
        let daemon = dead(project, Way::Up.words(), "statement-done:4");
        let (health, fates, answer) = diagnosed(project);
        let second = if project.database.engine == Engine::Sqlite { "NO_EFFECT" } else { "TOOK_EFFECT" };
        assert_eq!(
            (health.as_str(), fates),
            ("PARTIAL", vec!["DONE".into(), second.into(), "NOT_REACHED".into()])
        );
        let answer = answer.recorded("diagnosed_*");
        goes_on(project, &answer, "migratectl resume").succeeds();
        everything_once(project, Asked { ups: 1, downs: 0 }, Way::Up, "resumed");
        project.ctl("diagnose").succeeds();
        assert!(project.ctl("resume").succeeds().stdout.contains("nothing is cut off"));
        daemon.killed(project);
    });
}

#[test]
fn before_a_statement_that_commits_by_itself() {
    on_each(Engine::ALL, |project| {
        lay(project);
        undisturbed(project, Way::First.words());
        let passage =
            if project.database.engine == Engine::Mariadb { "intent-written:2" } else { "intent-written" };
        let daemon = dead(project, Way::Up.words(), passage);
        let (health, fates, answer) = diagnosed(project);
        let wanted = vec!["DONE".into(), "NO_EFFECT".into(), "NOT_REACHED".into()];
        assert_eq!((health.as_str(), fates), ("PARTIAL", wanted));
        goes_on(project, &answer, "migratectl resume").succeeds();
        everything_once(project, Asked { ups: 1, downs: 0 }, Way::Up, "resumed");
        daemon.killed(project);
    });
}

#[test]
fn in_a_transaction() {
    on_each(&[Engine::Postgres, Engine::Sqlite], |project| {
        lay(project);
        undisturbed(project, Way::First.words());
        undisturbed(project, "upgrade c3");
        // The last revision alone: its COMMIT may have arrived, or not.
        for (passage, certain) in [("compared", Some("NO_EFFECT")), ("committed", Some("TOOK_EFFECT"))] {
            let daemon = dead(project, "upgrade head", passage);
            let (health, fates, answer) = diagnosed(project);
            assert_eq!(health, "INTERRUPTED", "{}", answer.story());
            assert!(!fates.is_empty(), "{}", answer.story());
            assert!(fates.iter().all(|fate| Some(fate.as_str()) == certain), "{}", answer.story());
            goes_on(project, &answer, "migratectl resume").succeeds();
            project.ctl("current").succeeds().says("d4 (head)");
            project.ctl("downgrade c3").succeeds();
            daemon.killed(project);
        }
        assert_eq!(project.database.sql("SELECT ups FROM counter"), "2111", "each statement once each time");
    });
}

#[test]
fn a_relative_goal_is_resumed_from_where_it_was_cut_off() {
    on_each(Engine::ALL, |project| {
        lay(project);
        undisturbed(project, Way::First.words());
        let daemon = dead(project, "upgrade +2", "step-done");
        let (health, _, answer) = diagnosed(project);
        assert_eq!(health, "INTERRUPTED", "{}", answer.story());
        goes_on(project, &answer, "migratectl resume").succeeds();
        project.ctl("current").succeeds().says("c3");
        daemon.killed(project);
        let daemon = dead(project, "downgrade -2", "step-done");
        project.ctl("resume").succeeds();
        project.ctl("current").succeeds().says("a1");
        daemon.killed(project);
    });
}

/// A revision with a statement of which no evidence tells whether it took effect: tables of MyISAM have no transactions.
fn undecided(project: &Project) {
    let first = "CREATE TABLE tally (v integer) ENGINE=MyISAM;\nINSERT INTO tally VALUES (0);";
    project.revision("a1", "", first, "");
    let up = "CREATE TABLE one (i integer);\nUPDATE tally SET v = v + 10;\nCREATE TABLE three (i integer);";
    project.revision("b2", "a1", up, "");
    serve(project);
}

/// Points the project at the socket of its daemon, and does its first revision.
fn serve(project: &Project) {
    let socket = project.path("edged.socket");
    project.configure_server(&format!("unix:{}", socket.display()), "");
    undisturbed(project, "upgrade a1");
}

fn only_a_person_can_tell(passage: &str, option: &str) {
    on_each(&[Engine::Mariadb], |project| {
        undecided(project);
        let daemon = dead(project, "upgrade head", passage);
        let (health, fates, answer) = diagnosed(project);
        assert_eq!(health, "UNDECIDED", "{}", answer.story());
        assert_eq!(fates[1..], ["UNDECIDED".to_owned(), "NOT_REACHED".to_owned()], "{}", answer.story());
        let told = answer.stdout.lines().find(|line| line.starts_with("next: ")).expect("a next line");
        for one in ["--took-effect b2:2", "--no-effect b2:2"] {
            assert!(told.contains(&format!("`migratectl repair {one} --reason TEXT`")), "{}", answer.story());
        }
        // Neither command guesses.
        project.ctl("resume").exits(3);
        let refused = project.ctl("upgrade head").exits(5).is("TARGET_PARTIAL");
        assert_eq!(refused.next(), "migratectl diagnose");
        let known = project.ctl("repair --no-effect b2:1 --reason x").exits(1);
        assert!(known.stderr.contains("statement 1 of b2"), "{}", known.story());
        let noted = format!("repair {option} b2:2 --reason looked-at-it");
        project.ctl(&noted).exits(3);
        let kept = project.store("SELECT action, detail FROM audit ORDER BY id DESC LIMIT 1");
        let action = format!("repair {option}|b2:2 on ");
        assert!(kept.starts_with(&action) && kept.trim_end().ends_with(": looked-at-it"), "{kept}");
        let (health, ..) = diagnosed(project);
        assert_eq!(health, "PARTIAL");
        project.ctl("resume").succeeds();
        project.ctl("current").succeeds().says("b2 (head)");
        assert_eq!(project.database.sql("SELECT v FROM tally"), "10", "once, because the person was right");
        assert_eq!(project.database.sql("SELECT count(*) FROM three"), "0");
        daemon.killed(project);
    });
}

#[test]
fn a_person_says_that_a_statement_took_effect() {
    only_a_person_can_tell("statement-done:2", "--took-effect");
}

#[test]
fn a_person_says_that_a_statement_had_no_effect() {
    only_a_person_can_tell("intent-written:2", "--no-effect");
}

#[test]
fn a_statement_that_was_edited_after_it_was_sent() {
    on_each(&[Engine::Postgres], |project| {
        project.revision("a1", "", "CREATE TABLE tally (v integer);", "");
        let up = |vacuum: &str| {
            format!(
                "transaction:false\nINSERT INTO tally VALUES (1);\n{vacuum};\nINSERT INTO tally VALUES (3);"
            )
        };
        project.revision("b2", "a1", &up("VACUUM tally"), "");
        serve(project);
        let daemon = dead(project, "upgrade head", "statement-done:2");
        project.revision("b2", "a1", &up("VACUUM ANALYZE tally"), "");
        let (health, fates, answer) = diagnosed(project);
        assert_eq!((health.as_str(), fates[1].as_str()), ("UNDECIDED", "UNDECIDED"), "{}", answer.story());
        assert!(answer.stdout.contains("its text was changed since"), "{}", answer.story());
        assert!(answer.stdout.contains("next: put statement 2 of b2 back"), "{}", answer.story());
        project.revision("b2", "a1", &up("VACUUM tally"), "");
        project.ctl("resume").succeeds();
        assert_eq!(project.database.sql("SELECT count(*), sum(v) FROM tally"), "2|4");
        daemon.killed(project);
    });
}
