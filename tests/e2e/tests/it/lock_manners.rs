//! While a run waits for a lock that somebody holds for long, and tries again, others get through to what it waits for;
//! and it says who is in the way.

use crate::harness::{Daemon, Engine, Other, Project, on_each};

/// How long each attempt of ours waits.
const OURS: u32 = 1;
/// How long a reader waits before its server says that it took too long: longer than ours by as much as a loaded machine
/// may need to notice that our time is over.
const THEIRS: u32 = 5;
/// How often the run tries.
const ATTEMPTS: u32 = 4;

/// A daemon that waits that long and tries that often, and the options that lead to it.
fn serve(project: &Project) -> (Daemon, String) {
    let sections = format!(
        "[connections.app]\nurl = \"{}\"\nlock_timeout = \"{OURS}s\"\n[runs]\nretry_attempts = {ATTEMPTS}\n",
        project.database.url()
    );
    let daemon = Daemon::serve(project, "127.0.0.1:0", &sections);
    project.configure(&format!(
        "project = \"shop\"\nserver = \"http://{}\"\ntarget = \"app\"\n",
        daemon.address
    ));
    (daemon, format!("try 1/{ATTEMPTS}"))
}

/// A reader that, each time another session of ours waits for the table, reads it, and so stands in line behind us; until
/// table `over` has a row. It tells how often, and fails where a read took longer than [`THEIRS`].
fn reader(engine: Engine) -> String {
    match engine {
        Engine::Mariadb => format!(
            "SET SESSION lock_wait_timeout = {THEIRS};\n\
             DELIMITER //\n\
             BEGIN NOT ATOMIC DECLARE last, waits BIGINT DEFAULT 0; DECLARE behind, n INT DEFAULT 0;\n\
             reading: LOOP\n\
             SET waits = (SELECT max(id) FROM information_schema.processlist WHERE id <> last AND \
             state = 'Waiting for table metadata lock' AND info LIKE 'ALTER TABLE busy%');\n\
             IF waits IS NOT NULL THEN SET last = waits, behind = behind + 1; SELECT count(*) INTO n FROM busy; \
             ELSE DO SLEEP(0.01); END IF;\n\
             IF EXISTS (SELECT * FROM seen) THEN LEAVE reading; END IF;\n\
             END LOOP; SET @behind = behind; END //\n\
             DELIMITER ;\nSELECT @behind"
        ),
        _ => format!(
            "SET lock_timeout = '{THEIRS}s';\n\
             DO $$ DECLARE last integer := 0; waits integer; behind integer := 0; BEGIN\n\
             WHILE NOT EXISTS (SELECT FROM seen) LOOP\n\
             SELECT pid INTO waits FROM pg_locks WHERE relation = 'busy'::regclass AND NOT granted AND pid <> last \
             AND mode = 'AccessExclusiveLock';\n\
             IF waits IS NULL THEN PERFORM pg_sleep(0.01);\n\
             ELSE last := waits; behind := behind + 1; PERFORM count(*) FROM busy; END IF;\n\
             COMMIT;\n\
             END LOOP; PERFORM set_config('test.behind', behind::text, false); END $$;\n\
             SELECT current_setting('test.behind')"
        ),
    }
}

fn readers_get_through(engine: Engine) {
    on_each(&[engine], |project| {
        project.revision("a1", "", "CREATE TABLE busy (v integer);\nCREATE TABLE seen (v integer);", "");
        project.revision("b2", "a1", "ALTER TABLE busy ADD COLUMN w integer;", "");
        let (daemon, first) = serve(project);
        project.ctl("upgrade a1").succeeds();
        let mut holder = Other::does(&project.database, "START TRANSACTION; SELECT * FROM busy");
        let pid = match engine {
            Engine::Mariadb => holder.also("SELECT connection_id()").remove(0),
            _ => holder.also("SELECT pg_backend_pid()").remove(0),
        };
        let mut third = Other::does(&project.database, "SELECT 1");
        third.begins(&reader(engine));

        let mut client = project.start("upgrade head");
        let blocked = client.told("waiting for lock");
        assert!(blocked.contains(&format!("pid {pid} (")) && blocked.contains(&first), "{blocked}");
        let answer = client.ends(project).is("LOCK_TIMEOUT");
        project.database.sql("INSERT INTO seen VALUES (1)");
        let behind = third.answers();

        let told = |text: &str| answer.stderr.lines().filter(|line| line.contains(text)).count();
        // Each attempt but the last is followed by a pause, and each names who is in the way.
        let pauses = told(&format!("/{ATTEMPTS} in "));
        assert_eq!(pauses, ATTEMPTS as usize - 1, "{}", answer.story());
        let failure = answer.stderr.lines().find(|line| line.starts_with("error[")).expect("it failed");
        assert!(failure.contains(&format!("; pid {pid} (")), "{}", answer.story());
        assert!(failure.contains("in the way"), "{}", answer.story());
        // The server itself has judged that none of these reads took too long.
        let behind: u32 = behind.last().and_then(|n| n.parse().ok()).expect("it tells how often");
        assert!((2..=ATTEMPTS).contains(&behind), "{behind} reads stood in line behind {ATTEMPTS} attempts");
        project.ctl("current").succeeds().says("a1");

        holder.ends();
        project.shell(&answer.next()).succeeds();
        project.ctl("upgrade head").succeeds();
        project.ctl("current").succeeds().says("b2 (head)");
        daemon.killed(project);
    });
}

#[test]
fn readers_get_through_while_a_run_waits_on_postgres() {
    readers_get_through(Engine::Postgres);
}

#[test]
fn readers_get_through_while_a_run_waits_on_mariadb() {
    readers_get_through(Engine::Mariadb);
}
