//! Clients that vanish, and Ctrl-C.

use crate::harness::{Engine, Gate, Leaves, commands, on_each};
use rustix::process::Signal;

#[test]
fn a_client_that_vanishes_leaves_its_run_alone() {
    on_each(Gate::ENGINES, |project| {
        let gate = project.gated();
        let client = project.start("upgrade head");
        gate.reached(&project.database);
        drop(client); // SIGKILL
        gate.open();
        project.ctl("wait head --timeout 60s").succeeds();
        project.ctl("current").succeeds().says("c3 (head)");
        let runs = project.ctl("runs list").succeeds().stdout;
        assert_eq!(runs.matches("SUCCEEDED").count(), 1, "{runs}");
    });
}

#[test]
fn the_first_interrupt_cancels_the_run() {
    on_each(Gate::ENGINES, |project| {
        let gate = project.gated();
        project.ctl("upgrade a1").succeeds();
        let before = project.place();
        let mut client = project.start("upgrade head");
        gate.reached(&project.database);
        client.told("run "); // An interrupt before that finds no run to cancel.
        client.signal(Signal::INT);
        client.told("interrupted: cancelling");
        let answer = client.ends(project).exits(4).is("CANCELLED").recorded("interrupted_once_*");
        before.is_kept(&project.place(), Leaves::Run("CANCELLED"));
        gate.open();
        project.shell(&answer.next()).succeeds();
        project.ctl("current").succeeds().says("c3 (head)");
    });
}

#[test]
fn an_interrupted_revision_goes_on_where_it_was_cut_off() {
    on_each(&[Engine::Mariadb], |project| {
        let gate = project.gated();
        let stop = Gate::stop(&project.database);
        project.revision("b2", "a1", &format!("INSERT INTO t_a1 VALUES (2);\n{stop}"), "");
        let mut client = project.start("upgrade head");
        gate.reached(&project.database);
        client.told("[1/3]"); // An interrupt before that finds no run to cancel.
        client.signal(Signal::INT);
        let answer = client.ends(project).exits(5).is("CANCELLED").recorded("interrupted_partial");
        assert_eq!(project.database.sql("SELECT version_num FROM alembic_version"), "a1");
        assert_eq!(project.store("SELECT state, rows_after FROM run"), "PARTIAL|[\"a1\"]\n");
        gate.open();
        project.shell(&answer.next()).succeeds();
        project.ctl("current").succeeds().says("c3 (head)");
        assert_eq!(project.database.sql("SELECT count(*) FROM t_a1"), "2", "each statement once");
    });
}

#[test]
fn detaching_leaves_the_run_to_the_daemon() {
    on_each(Gate::ENGINES, |project| {
        let gate = project.gated();
        let mut client = project.start("upgrade head --on-interrupt detach");
        gate.reached(&project.database);
        client.told("[1/3]"); // An interrupt before that finds no run to cancel.
        client.signal(Signal::INT);
        let line = client.told("goes on");
        client.ends(project).exits(130);
        gate.open();
        // The line names the command that watches the run to its end.
        let watch = commands(&line).pop().expect("a command");
        project.shell(&watch).succeeds();
        project.ctl("current").succeeds().says("c3 (head)");
    });
}

#[test]
fn the_second_interrupt_leaves_at_once() {
    on_each(&[Engine::Postgres], |project| {
        project.three();
        // Refuses to be cancelled, until its session is ended.
        let stubborn = "DO $$ BEGIN SET LOCAL lock_timeout = 0; LOOP BEGIN PERFORM pg_advisory_xact_lock(4242); EXIT; \
                        EXCEPTION WHEN query_canceled THEN NULL; END; END LOOP; END $$;";
        project.revision("b2", "a1", stubborn, "");
        let gate = Gate::shut(&project.database);
        let mut client = project.start("upgrade head");
        gate.reached(&project.database);
        client.told("[1/3]"); // An interrupt before that finds no run to cancel.
        client.signal(Signal::INT);
        client.told("interrupted: cancelling");
        client.signal(Signal::INT);
        let line = client.told("may still go on");
        client.ends(project).exits(130);
        let watch = commands(&line).pop().expect("a command");
        project.shell(&watch).exits(4).is("CANCELLED");
        gate.open();
        project.ctl("upgrade head").succeeds();
        project.ctl("current").succeeds().says("c3 (head)");
    });
}
