//! Several daemons on one store: what one owns the others join, show and end, and take over when it is gone.

use crate::harness::{Gate, Project, Replica, SharedStore, on_each};
use rustix::process::Signal;
use std::time::{Duration, Instant};

/// Two daemons on one store, on each engine whose targets may be shared.
fn with_two(test: impl Fn(&Project, &SharedStore, Replica, Replica)) {
    on_each(Gate::ENGINES, |project| {
        let Some(store) = SharedStore::new() else { return };
        project.configure("project = \"shop\"\n");
        let (one, two) = (store.serve(project, "one"), store.serve(project, "two"));
        test(project, &store, one, two);
    });
}

/// The events of a run, as a daemon tells them: dense from 1 on, with one end.
#[track_caller]
fn log_of(project: &Project, daemon: &Replica, run: &str) -> Vec<serde_json::Value> {
    let answer = project.ctl(&daemon.asked(&format!("runs watch {run} --output json")));
    let events: Vec<serde_json::Value> = answer
        .stdout
        .lines()
        .map(|line| serde_json::from_str(line).expect("a line is an event"))
        .filter(|line: &serde_json::Value| line["sequence"].is_string())
        .collect();
    let numbers: Vec<u64> = events
        .iter()
        .map(|event| event["sequence"].as_str().and_then(|n| n.parse().ok()).expect("a number"))
        .collect();
    assert_eq!(numbers, (1..=numbers.len() as u64).collect::<Vec<_>>(), "no gap and nothing twice");
    events
}

fn count(events: &[serde_json::Value], kind: &str) -> usize {
    events.iter().filter(|event| event.get(kind).is_some()).count()
}

/// What every end of these tests has in common: all three revisions, each once, in one run.
#[track_caller]
fn all_is_done_once(project: &Project, store: &SharedStore, daemon: &Replica, run: &str) {
    assert_eq!(project.database.sql("SELECT version_num FROM alembic_version"), "c3");
    assert_eq!(project.database.sql("SELECT count(*) FROM t_a1"), "1");
    assert_eq!(project.database.sql("SELECT count(*) FROM t_c3"), "1");
    assert_eq!(store.sql(&format!("SELECT state, steps_done FROM run WHERE id = '{run}'")), "SUCCEEDED|3");
    let told = log_of(project, daemon, run);
    assert_eq!(count(&told, "runFinished"), 1);
    assert_eq!(count(&told, "stepFinished"), 3, "each revision ended once: {told:#?}");
    let done = format!("SELECT count(*) FROM step WHERE run = '{run}' AND state = 'DONE'");
    assert_eq!(store.sql(&done), "3");
}

#[test]
fn another_daemon_takes_over_from_one_that_was_killed() {
    with_two(|project, store, one, two| {
        let gate = project.gated();
        let client = project.start(&one.words("upgrade head"));
        gate.reached(&project.database);
        let run = store.last_run();
        let mut watcher = project.start(&two.asked(&format!("runs watch {run}")));
        watcher.told("[2/3]");
        let begun = Instant::now();
        one.killed(project);
        watcher.told("one gave no sign of life for too long: two goes on");
        let took = begun.elapsed();
        assert!(took < Duration::from_secs(12), "taken over after {took:?}");
        gate.open();
        watcher.ends(project).succeeds();
        all_is_done_once(project, store, &two, &run);
        assert_eq!(store.sql("SELECT owner FROM run"), "two");
        drop(client);
        two.killed(project);
    });
}

#[test]
fn a_rehearsal_whose_daemon_is_gone_ends_and_nothing_of_it_becomes_real() {
    with_two(|project, store, one, two| {
        let gate = project.gated_in_rehearsals();
        let before = project.database.dump();
        let client = project.start(&one.words("upgrade head --rehearse"));
        gate.reached(&project.database);
        let run = store.last_run();
        let mut watcher = project.start(&two.asked(&format!("runs watch {run}")));
        watcher.told("[2/3]");
        one.killed(project);
        watcher.told("one gave no sign of life for too long: two goes on");
        gate.open();
        let ended = watcher.ends(project).is("RUN_INTERRUPTED").tells("app is unchanged at <base>");
        assert_eq!(ended.next(), "migratectl upgrade --rehearse head");
        assert_eq!(project.database.dump(), before);
        let row = format!("SELECT kind, state, steps_done FROM run WHERE id = '{run}'");
        assert_eq!(store.sql(&row), "rehearsal|FAILED|0");
        assert_eq!(count(&log_of(project, &two, &run), "runFinished"), 1);
        let left = project.ctl(&two.words("diagnose")).succeeds();
        assert!(!left.stdout.contains("resume"), "there is nothing to resume: {}", left.story());
        project.ctl(&two.words("upgrade --rehearse head")).succeeds().tells("3 revisions would pass");
        assert_eq!(project.database.dump(), before);
        project.ctl(&two.words("upgrade head")).succeeds();
        assert_eq!(project.database.sql("SELECT count(*) FROM t_c3"), "1");
        drop(client);
        two.killed(project);
    });
}

#[test]
fn a_daemon_that_stood_still_does_not_go_on_with_what_was_taken_from_it() {
    with_two(|project, store, one, two| {
        let gate = project.gated();
        let mut client = project.start(&one.words("upgrade head"));
        gate.reached(&project.database);
        client.told("[2/3]");
        let run = store.last_run();
        let mut watcher = project.start(&two.asked(&format!("runs watch {run}")));
        watcher.told("[2/3]");
        one.signal(Signal::STOP);
        watcher.told("one gave no sign of life for too long: two goes on");
        gate.open();
        watcher.ends(project).succeeds();
        let before = project.database.dump();
        one.signal(Signal::CONT);
        // Who had asked the one is told what became of the run all the same.
        client.ends(project).succeeds();
        assert_eq!(project.database.dump(), before, "nothing was done after that");
        all_is_done_once(project, store, &two, &run);
        assert_eq!(log_of(project, &one, &run), log_of(project, &two, &run));
        // It is a daemon like any other again.
        project.ctl(&one.words("downgrade -1")).succeeds();
        project.ctl(&two.words("current")).succeeds().says("b2");
        one.killed(project);
        two.killed(project);
    });
}

#[test]
fn a_run_on_a_url_is_taken_over_by_who_knows_the_url() {
    with_two(|project, store, one, two| {
        let gate = project.gated();
        project.configure(&format!("project = \"shop\"\ndatabase_url = \"{}\"\n", project.database.url()));
        project.ctl(&two.asked("upgrade a1")).succeeds();
        let client = project.start(&one.asked("upgrade head"));
        gate.reached(&project.database);
        let run = store.last_run();
        let mut watcher = project.start(&two.asked(&format!("runs watch {run}")));
        watcher.told("[1/2]");
        one.killed(project);
        watcher.told("one gave no sign of life for too long: two goes on");
        gate.open();
        watcher.ends(project).succeeds();
        assert_eq!(project.database.sql("SELECT count(*) FROM t_c3"), "1");
        assert_eq!(
            store.sql(&format!("SELECT state, steps_done FROM run WHERE id = '{run}'")),
            "SUCCEEDED|2"
        );
        log_of(project, &two, &run);
        drop(client);
        two.killed(project);
    });
}

#[test]
fn a_run_on_a_url_that_nobody_else_knows_is_interrupted_until_the_next_request() {
    with_two(|project, store, one, two| {
        let gate = project.gated();
        project.configure(&format!("project = \"shop\"\ndatabase_url = \"{}\"\n", project.database.url()));
        let client = project.start(&one.asked("upgrade head"));
        gate.reached(&project.database);
        let run = store.last_run();
        let mut watcher = project.start(&two.asked(&format!("runs watch {run}")));
        watcher.told("[2/3]");
        one.killed(project);
        watcher.ends(project).exits(9).is("RUN_INTERRUPTED");
        gate.open();
        // That request joins the run, which is taken over for it.
        project.ctl(&two.asked("upgrade head")).succeeds();
        all_is_done_once(project, store, &two, &run);
        drop(client);
        two.killed(project);
    });
}

#[test]
fn a_daemon_that_stops_hands_its_run_over() {
    with_two(|project, store, mut one, two| {
        let gate = project.gated();
        let mut client = project.start(&one.words("upgrade head"));
        gate.reached(&project.database);
        client.told("[2/3]");
        let run = store.last_run();
        let mut watcher = project.start(&two.asked(&format!("runs watch {run}")));
        watcher.told("[2/3]");
        one.signal(Signal::TERM);
        one.logged("told to stop");
        gate.open();
        watcher.told("one is stopping: another daemon goes on");
        watcher.told("[3/3]");
        watcher.ends(project).succeeds();
        one.ends(project).succeeds();
        all_is_done_once(project, store, &two, &run);
        assert_eq!(store.sql("SELECT owner FROM run"), "two");
        drop(client);
        two.killed(project);
    });
}

#[test]
fn a_request_joins_the_run_of_another_daemon() {
    with_two(|project, store, one, two| {
        let gate = project.gated();
        let first = project.start(&one.words("upgrade head"));
        gate.reached(&project.database);
        let mut joined = project.start(&two.words("upgrade head"));
        joined.told("[2/3]");
        let mut smaller = project.start(&two.words("upgrade b2"));
        smaller.told("[2/3]");
        assert_eq!(store.sql("SELECT count(*) FROM run"), "1", "they joined");
        gate.open();
        for one in [first, joined, smaller] {
            one.ends(project).succeeds();
        }
        all_is_done_once(project, store, &two, &store.last_run());
        one.killed(project);
        two.killed(project);
    });
}

#[test]
fn requests_at_once_through_two_daemons_are_one_run() {
    with_two(|project, store, one, two| {
        project.slow_counter();
        let running: Vec<_> =
            (0..4).flat_map(|_| [&one, &two]).map(|d| project.start(&d.words("upgrade head"))).collect();
        for one in running {
            one.ends(project).succeeds();
        }
        assert_eq!(project.database.sql("SELECT v FROM counter"), "11", "each revision once");
        assert_eq!(store.sql("SELECT count(*) FROM run WHERE steps_done > 0"), "1", "one run did it all");
        one.killed(project);
        two.killed(project);
    });
}

#[test]
fn a_run_is_cancelled_through_another_daemon() {
    with_two(|project, store, one, two| {
        let gate = project.gated();
        let client = project.start(&one.words("upgrade head"));
        gate.reached(&project.database);
        let run = store.last_run();
        let cancelled = project.ctl(&two.asked(&format!("runs cancel {run}")));
        assert!(cancelled.stdout.contains("CANCELLED") || cancelled.exit == 0, "{}", cancelled.story());
        client.ends(project).exits(4).is("CANCELLED");
        assert_eq!(store.sql("SELECT state FROM run"), "CANCELLED");
        gate.open();
        project.ctl(&two.words("upgrade head")).succeeds();
        project.ctl(&one.words("current")).succeeds().says("c3 (head)");
        one.killed(project);
        two.killed(project);
    });
}
