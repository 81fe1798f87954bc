//! Many at once: eight clients, two daemons, an old image and a new one.

use crate::harness::{Answer, Engine, Gate, Leaves, Project, on_each};
use std::rc::Rc;

fn all_succeeded(answers: impl IntoIterator<Item = Answer>) {
    for answer in answers {
        answer.succeeds();
    }
}

#[test]
fn eight_at_once_from_eight_folders() {
    on_each(Engine::ALL, |first| {
        let database = Rc::clone(&first.database);
        let others: Vec<Project> = (0..7).map(|_| Project::beside(Rc::clone(&database))).collect();
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
        let others: Vec<Project> = (0..7).map(|_| Project::beside(Rc::clone(&first.database))).collect();
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
        let old = Project::beside(Rc::clone(&new.database));
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
        let other = Project::beside(Rc::clone(&project.database));
        other.stops();
        let before = other.place();
        // Where the target stands meanwhile hangs on when it was read: not for a snapshot.
        let locked_out = other.ctl("upgrade head --lock-wait 1s").exits(6).is("LOCK_WAIT_EXPIRED");
        assert!(locked_out.stderr.contains("\nnext: wait for the other run"), "{}", locked_out.story());
        before.is_kept(&other.place(), Leaves::Run("FAILED"));
        let second = other.start("upgrade head");
        gate.open();
        all_succeeded([first.ends(project), second.ends(&other)]);
        assert_eq!(project.database.sql("SELECT count(*) FROM t_c3"), "1", "each revision once");
    });
}
