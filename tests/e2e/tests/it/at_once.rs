//! Many at once: eight clients, two daemons, an old image and a new one.

use crate::harness::{Answer, Database, Engine, Gate, Leaves, Project, Running, on_each};
use std::sync::Arc;

fn all_succeeded(answers: impl IntoIterator<Item = Answer>) {
    for answer in answers {
        answer.succeeds();
    }
}

#[test]
fn eight_at_once_from_eight_folders() {
    on_each(Engine::ALL, |first| {
        let database = Arc::clone(&first.database);
        let others: Vec<Project> = (0..7).map(|_| Project::beside(Arc::clone(&database))).collect();
        let projects: Vec<&Project> = std::iter::once(first).chain(&others).collect();
        projects.iter().for_each(|project| project.slow_counter());
        let running: Vec<_> = projects.iter().map(|project| project.start("upgrade head")).collect();
        all_succeeded(running.into_iter().zip(&projects).map(|(one, project)| one.ends(project)));
        assert_eq!(database.sql("SELECT v FROM counter"), "11", "each revision once");
        assert_eq!(database.sql("SELECT version_num FROM alembic_version"), "c3");
    });
}

#[test]
fn eight_at_once_through_one_daemon() {
    on_each(Engine::ALL, |project| {
        project.slow_counter();
        let running: Vec<_> = (0..8).map(|_| project.start("upgrade head")).collect();
        all_succeeded(running.into_iter().map(|one| one.ends(project)));
        assert_eq!(project.database.sql("SELECT v FROM counter"), "11", "each revision once");
        let applied = project.ctl("runs list --output json").succeeds().stdout;
        assert_eq!(applied.matches("\"stepsDone\": 3").count(), 1, "one run did it all: {applied}");
    });
}

#[test]
fn eight_folders_through_one_daemon() {
    on_each(Engine::ALL, |first| {
        first.slow_counter();
        first.ctl("heads").succeeds();
        let server = first.server();
        let others: Vec<Project> = (0..7).map(|_| Project::beside(Arc::clone(&first.database))).collect();
        others.iter().for_each(Project::slow_counter);
        let words = format!("upgrade head --server {server}");
        let running: Vec<_> = others.iter().map(|project| project.start(&words)).collect();
        all_succeeded(running.into_iter().zip(&others).map(|(one, project)| one.ends(project)));
        assert_eq!(first.database.sql("SELECT v FROM counter"), "11", "each revision once");
        assert!(others.iter().all(|project| project.daemon().is_none()), "nobody started another daemon");
    });
}

#[test]
fn an_old_image_and_a_new_one_at_once() {
    on_each(Engine::ALL, |new| {
        new.slow_counter();
        new.ctl("heads").succeeds();
        let server = new.server();
        let old = Project::beside(Arc::clone(&new.database));
        old.slow_counter();
        old.remove("c3.sql");
        let words = format!("upgrade head --server {server}");
        let running = [old.start(&words), new.start(&words), old.start(&words), new.start(&words)];
        let owners = [&old, new, &old, new];
        all_succeeded(running.into_iter().zip(owners).map(|(one, project)| one.ends(project)));
        assert_eq!(new.database.sql("SELECT v FROM counter"), "11", "each revision once");
        let again = old.ctl(&words).succeeds();
        assert!(again.stderr.contains("AHEAD"), "{again:?}");
    });
}

#[test]
fn two_daemons_exclude_each_other() {
    on_each(Gate::ENGINES, |project| {
        let gate = project.gated();
        let first = project.start("upgrade head");
        gate.reached(&project.database);
        let other = Project::beside(Arc::clone(&project.database));
        other.stops();
        let before = other.place();
        let locked_out = other.ctl("upgrade head --lock-wait 1s").exits(6).is("LOCK_WAIT_EXPIRED");
        let stands = "stands at a1; nothing was changed by this run";
        assert!(locked_out.stderr.contains(stands), "{}", locked_out.story());
        before.is_kept(&other.place(), Leaves::Run("FAILED"));
        let mut longer = other.command("sh");
        longer.args(["-c", &locked_out.next()]);
        let mut second = Running::start(longer, "the command that was named");
        second.told("waiting");
        gate.open();
        all_succeeded([first.ends(project), second.ends(&other)]);
        assert_eq!(project.database.sql("SELECT count(*) FROM t_c3"), "1", "each revision once");
    });
}

#[test]
fn a_fleet_keeps_to_the_connections_that_it_may_have() {
    on_each(&[Engine::Postgres], |first| {
        first.three();
        let mut heads = first.command("migratectl");
        heads.env("MIGRATED_LIMITS__MAX_CONNECTIONS_PER_SERVER", "5").arg("heads");
        Running::start(heads, "heads").ends(first).succeeds();
        let words = format!("upgrade head --server {}", first.server());
        let fleet: Vec<Project> =
            (0..6).filter_map(|_| Database::new(Engine::Postgres)).map(Project::new).collect();
        let names: Vec<String> = fleet.iter().map(|one| format!("'{}'", one.database.name)).collect();
        // What is there at any moment is counted by the server, for as long as somebody may be at work.
        first.database.sql("CREATE TABLE most (connections bigint); INSERT INTO most VALUES (0)");
        let count = format!(
            "DO $$ DECLARE idle integer := 0; n bigint; top bigint := 0; BEGIN WHILE idle < 100 LOOP \
             SELECT count(*) INTO n FROM pg_stat_activity WHERE application_name LIKE 'migrated%' AND datname IN ({}); \
             top := greatest(top, n); idle := CASE WHEN n = 0 AND top > 0 THEN idle + 1 ELSE 0 END; \
             PERFORM pg_stat_clear_snapshot(), pg_sleep(0.003); END LOOP; UPDATE most SET connections = top; END $$",
            names.join(",")
        );
        std::thread::scope(|scope| {
            let url = first.database.url();
            let counting = scope.spawn(move || {
                std::process::Command::new("psql").args(["-XqAt", "-d", &url, "-c", &count]).status()
            });
            fleet.iter().for_each(Project::three);
            let running: Vec<_> = fleet.iter().map(|one| one.start(&words)).collect();
            all_succeeded(running.into_iter().zip(&fleet).map(|(one, project)| one.ends(project)));
            assert!(counting.join().expect("no panic").expect("psql is installed").success());
        });
        let most: u32 = first.database.sql("SELECT connections FROM most").parse().expect("a number");
        assert!((2..=5).contains(&most), "{most} connections at a time");
        assert!(fleet.iter().all(|one| one.database.sql("SELECT version_num FROM alembic_version") == "c3"));
    });
}
