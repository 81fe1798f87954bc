//! Streams end themselves before the configured age, and nobody notices.

use super::{Seen, block_on, channel, last_run, next, step_started, watch};
use crate::harness::{Daemon, Gate, on_each};
use migratectl::channel::Api;
use migratectl::run_stream::{Begin, RunStream, Told};
use migrated_proto::v1 as pb;
use std::time::Duration;

#[test]
fn streams_of_a_silent_run_are_handed_over_and_its_watchers_are_told_of_nothing_else() {
    on_each(Gate::ENGINES, |project| {
        let sections = "[runs]\nstream_age = \"1s\"\nheartbeat = \"1s\"\n";
        let daemon = Daemon::serve(project, "127.0.0.1:0", sections);
        project.configure_server(&format!("http://{}", daemon.address), "");
        let gate = project.gated();
        let mut client = project.start("upgrade head");
        gate.reached(&project.database);
        client.told("[2/3]");
        let run = last_run(project);
        let watcher = project.start(&format!("runs watch {run}"));
        block_on(async {
            let to = channel(&daemon.address);
            let held = step_started(&to, &run, 2).await;
            let api = Api::new(channel(&daemon.address), None).expect("no token");
            let begin = Begin::Watch(pb::WatchRunRequest { run_id: run.clone(), after_sequence: 0 });
            let stream = begin.open(&api).await.expect("it is there");
            let mut reader = RunStream::new(api, begin, stream, Duration::from_secs(60));
            let reading = async {
                let (mut seen, mut others) = (Seen::default(), Vec::new());
                while !seen.has_ended() {
                    match reader.next().await.expect("it goes on") {
                        Told::Event(event) => seen.take(*event),
                        Told::Run(_) => {}
                        other => others.push(other),
                    }
                }
                (seen, others)
            };
            // Each of these streams begins after the reader's first, and lives as long: it was handed over as well.
            let watching = async {
                let mut seen = Seen::default();
                for time in 0..3 {
                    let mut stream = watch(&to, &run, seen.after()).await.expect("it is there");
                    let mut resume = None;
                    while let Some(update) = next(&mut stream).await {
                        assert_eq!(resume, None, "that was the last message");
                        resume = update.resume_after;
                        update.events.into_iter().for_each(|event| seen.take(event));
                    }
                    assert_eq!(resume, Some(seen.after()), "stream {time} tells where to go on");
                }
                assert!(seen.after() >= held);
                gate.open();
                super::read_to_end(&to, &run, seen).await
            };
            let ((whole, others), rest) = tokio::join!(reading, watching);
            assert_eq!(others, [], "a stream that grew old is nothing to tell");
            assert_eq!(rest, whole);
        });
        for command in [client, watcher] {
            let said = command.ends(project).succeeds().stderr;
            assert!(!said.contains("the stream is"), "{said}");
        }
        daemon.killed(project);
    });
}
