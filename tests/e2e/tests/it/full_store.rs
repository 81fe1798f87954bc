//! A store that has no room left while runs are under way: what they come to is told truly, and everything is right again
//! once there is room. (What is refused before there is a run: `bad_store`.)

use crate::harness::{Engine, Gate, Project, Replica, SharedStore, on_each};

/// The tables whose writes fail. The lease is renewed in place, for which a full disk leaves room for a while.
const TABLES: &[&str] = &["run", "step", "event"];

/// Has every write of the store fail as PostgreSQL fails where the disk is full.
fn fill(store: &SharedStore) {
    let full = "could not extend file \"base/16384/16397\": No space left on device";
    let mut sql = format!(
        "CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION '{full}' \
         USING ERRCODE = '53100'; END $$;"
    );
    for table in TABLES {
        sql.push_str(&format!(
            "CREATE TRIGGER full_disk BEFORE INSERT OR UPDATE ON {table} FOR EACH STATEMENT EXECUTE FUNCTION \
             full_disk();"
        ));
    }
    store.sql(&sql);
}

/// Makes room again.
fn make_room(store: &SharedStore) {
    store.sql("DROP FUNCTION full_disk() CASCADE");
}

/// Waits until the store tells of no run under way.
fn settled(store: &SharedStore) {
    // The server itself waits; a daemon that never settles its run is ended by the statement's own bound.
    store.sql(
        "SET statement_timeout = '120s'; DO $$ BEGIN WHILE EXISTS (SELECT FROM run WHERE finished_at IS NULL) LOOP \
         PERFORM pg_sleep(0.02); END LOOP; END $$",
    );
}

fn with_one(test: impl Fn(&Project, &SharedStore, &mut Replica)) {
    on_each(Gate::ENGINES, |project| {
        let Some(store) = SharedStore::new() else { return };
        project.configure("project = \"shop\"\n");
        let mut daemon = store.serve(project, "one");
        test(project, &store, &mut daemon);
        daemon.killed(project);
    });
}

/// Waits until the session of the third revision is opened ahead and recorded, and on PostgreSQL the transaction of the
/// second one: so it is known what the run still needs of the store.
fn recorded(project: &Project, store: &SharedStore) {
    let transaction = match project.database.engine {
        Engine::Postgres => "AND EXISTS (SELECT FROM step WHERE position = 2 AND xid IS NOT NULL)",
        _ => "",
    };
    store.sql(&format!(
        "SET statement_timeout = '120s'; DO $$ BEGIN WHILE NOT (EXISTS (SELECT FROM step WHERE position = 3 AND \
         backend_pid IS NOT NULL) {transaction}) LOOP PERFORM pg_sleep(0.02); END LOOP; END $$"
    ));
}

#[test]
fn a_run_whose_store_fills_up_goes_on_once_there_is_room() {
    with_one(|project, store, daemon| {
        let gate = project.gated();
        let mut client = project.start(&daemon.words("upgrade head"));
        gate.reached(&project.database);
        client.told("[2/3]");
        let run = store.last_run();
        recorded(project, store);
        fill(store);
        gate.open();
        // What the store does not have is not told: another daemon would tell it otherwise.
        daemon.logged("the run is another daemon's by now, or soon will be");
        // PostgreSQL needs the store before each COMMIT: the third revision is rolled back. Elsewhere it is for the end only.
        let stands = if project.database.engine == Engine::Postgres { "b2" } else { "c3" };
        assert_eq!(project.database.sql("SELECT version_num FROM alembic_version"), stands);
        assert_eq!(store.sql("SELECT count(*) FROM run WHERE finished_at IS NULL"), "1");
        // Nothing new is begun without the store, and the target is not touched for it.
        let refused = project.ctl(&daemon.words("downgrade base")).is("STORE_FULL");
        assert_eq!(refused.exit, 1, "{}", refused.story());
        assert_eq!(project.database.sql("SELECT version_num FROM alembic_version"), stands);

        make_room(store);
        client.ends(project).succeeds().tells("stands at c3");
        settled(store);
        let told = format!("SELECT state, steps_done FROM run WHERE id = '{run}'");
        assert_eq!(store.sql(&told), "SUCCEEDED|3");
        let steps = format!("SELECT count(*) FROM step WHERE run = '{run}' AND state = 'DONE'");
        assert_eq!(store.sql(&steps), "3");
        let watched = project.ctl(&daemon.asked(&format!("runs watch {run} --output json")));
        assert_eq!(watched.stdout.matches("runFinished").count(), 1, "its log ends: {}", watched.story());
        project.ctl(&daemon.words("current")).succeeds().says("c3 (head)");
        assert_eq!(project.database.sql("SELECT count(*) FROM t_a1"), "1", "each revision once");
        assert_eq!(project.database.sql("SELECT count(*) FROM t_c3"), "1");
    });
}

#[test]
fn a_daemon_that_dies_on_a_full_store_leaves_what_the_next_one_settles() {
    with_one(|project, store, _| {
        let gate = project.gated();
        let second = store.serve(project, "two");
        let client = project.start(&second.words("upgrade head"));
        gate.reached(&project.database);
        let run = store.last_run();
        fill(store);
        second.killed(project);
        gate.open();
        drop(client);
        make_room(store);
        settled(store);
        assert_eq!(
            store.sql(&format!("SELECT state, steps_done FROM run WHERE id = '{run}'")),
            "SUCCEEDED|3"
        );
        assert_eq!(project.database.sql("SELECT version_num FROM alembic_version"), "c3");
        assert_eq!(project.database.sql("SELECT count(*) FROM t_a1"), "1", "each revision once");
        assert_eq!(project.database.sql("SELECT count(*) FROM t_c3"), "1");
    });
}
