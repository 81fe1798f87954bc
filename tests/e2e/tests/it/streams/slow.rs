//! Watchers that do not read: the run does not wait for them, and they miss nothing.

use super::{Seen, block_on, channel, gated_and_talkative, last_run, next, read_to_end, watch};
use crate::harness::{Daemon, Engine, on_each};

/// More than the daemon keeps in memory of a log, and far more than fits into what is under way to a watcher.
const NOTICES: u32 = 6_000;
/// More than are told at once.
const WATCHERS: usize = 40;

#[test]
fn watchers_that_do_not_read_hold_up_nobody_and_get_everything_when_they_do() {
    on_each(&[Engine::Postgres], |project| {
        let daemon = Daemon::serve(project, "127.0.0.1:0", "");
        project.configure_server(&format!("http://{}", daemon.address), "");
        let gate = gated_and_talkative(project, NOTICES);
        let client = project.start("upgrade head");
        gate.reached(&project.database);
        let run = last_run(project);
        block_on(async {
            let mut idle = Vec::new();
            for _ in 0..WATCHERS {
                // A connection for each: nobody reads for another.
                idle.push(watch(&channel(&daemon.address), &run, 0).await.expect("it is there"));
            }
            gate.open();
            // The run goes to its end, and who reads is told, while none of them does.
            let whole = read_to_end(&channel(&daemon.address), &run, Seen::default()).await;
            assert!(whole.after() > u64::from(NOTICES), "{} events", whole.after());
            for mut stream in idle {
                let mut seen = Seen::default();
                while let Some(update) = next(&mut stream).await {
                    update.events.into_iter().for_each(|event| seen.take(event));
                }
                assert!(seen == whole, "{} of {} events", seen.after(), whole.after());
            }
        });
        client.ends(project).succeeds();
        daemon.killed(project);
    });
}
