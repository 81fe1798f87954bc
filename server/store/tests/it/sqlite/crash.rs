//! A process that is killed in the middle of its writes: what it was told to be stored is there.

use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::Arc;

use migrated_core::event::RunState;
use migrated_store::{RunRecord, SqliteOptions, SqliteStore, StepState, Store};

use super::File;
use crate::contract::Place;
use crate::records::{Filler, body, events, project, run, step};

/// Tells the child where its store is.
const PATH: &str = "MIGRATED_STORE_CRASH_TEST";
const GROUP: u64 = 3;

/// Not a test: what the test below starts and kills.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "the test of a killed writer starts it as a process of its own"]
async fn writer_to_be_killed() {
    let path = PathBuf::from(std::env::var_os(PATH).expect("started by the test below"));
    let store = SqliteStore::open(&path, SqliteOptions::default()).await.expect("it opens");
    let store: Arc<dyn Store> = Arc::new(store);
    store.create_project(&project("p")).await.expect("created");
    store.create_run(&run("run-1", "p")).await.expect("created");
    let (teller, log) = (Arc::clone(&store), Arc::clone(&store));
    let events_told = tokio::spawn(async move {
        for group in 0.. {
            let first = group * GROUP + 1;
            log.append_events("run-1", &events(first, first + GROUP - 1)).await.expect("appended");
            told("events", first + GROUP - 1);
        }
    });
    let bodies_told = tokio::spawn(async move {
        for (count, body) in (1..).zip(Filler::new(5000)) {
            teller.put_bodies(&[body], 1).await.expect("stored");
            told("bodies", count);
        }
    });
    let mut version = 1;
    for index in 1.. {
        store.put_steps("run-1", &[step(index, StepState::Done)]).await.expect("stored");
        told("steps", u64::from(index));
        let record = RunRecord { state: RunState::Running, steps_done: index, ..run("run-1", "p") };
        version = store.update_run(&record, version).await.expect("changed");
        told("run", version);
        assert!(!events_told.is_finished() && !bodies_told.is_finished());
    }
}

fn told(what: &str, number: u64) {
    let line = format!("told {what} {number}\n");
    std::io::stdout().lock().write_all(line.as_bytes()).expect("the test reads");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_killed_writer_was_told_is_there() {
    for lines in [1, 40, 300, 301, 700] {
        let place = File::made();
        let mut child = Command::new(std::env::current_exe().expect("this test"))
            .args(["--exact", "sqlite::crash::writer_to_be_killed", "--ignored", "--nocapture"])
            .env(PATH, &place.path)
            .stdout(Stdio::piped())
            .spawn()
            .expect("it starts");
        let mut output = BufReader::new(child.stdout.take().expect("piped"));
        let mut seen = vec![first_told(&mut output)];
        let refused = SqliteStore::open(&place.path, SqliteOptions::default()).await.expect_err("taken");
        assert!(refused.to_string().contains(&format!("process {};", child.id())), "{refused}");
        seen.extend((&mut output).lines().take(lines).map(|line| line.expect("a line")));
        child.kill().expect("killed");
        // What was told before the kill and not read yet counts too; the last line may be cut.
        seen.extend(output.lines().map_while(Result::ok));
        child.wait().expect("ended");
        let last = |what: &str| {
            let numbers = seen.iter().filter_map(|line| line.strip_prefix(&format!("told {what} ")));
            numbers.filter_map(|number| number.parse::<u64>().ok()).max().unwrap_or(0)
        };

        let store = place.open().await;
        let log = store.events("run-1", 0, 1_000_000).await.expect("read");
        let count = u64::try_from(log.len()).expect("small");
        assert!(count >= last("events") && count.is_multiple_of(GROUP), "{count} of {}", last("events"));
        assert!(log == events(1, count));
        let steps = store.steps("run-1").await.expect("read");
        assert!(u64::try_from(steps.len()).expect("small") >= last("steps"));
        let record = store.run("run-1").await.expect("read").expect("there");
        assert!(record.version >= last("run"));
        assert_eq!(u64::from(record.steps_done), record.version - 1);
        let bodies = Filler::new(5000).take(usize::try_from(last("bodies")).expect("small"));
        for body in bodies {
            assert!(store.body(&body.hash).await.expect("read") == Some(body.bytes));
        }
        store.append_events("run-1", &events(count + 1, count + 1)).await.expect("and it goes on");
        store.put_bodies(&[body("after", "all")], 2).await.expect("stored");
        store.close().await.expect("closed");
        assert_eq!(place.integrity().await, "ok");
    }
}

fn first_told(output: &mut impl BufRead) -> String {
    output
        .lines()
        .map(|line| line.expect("a line"))
        .find(|line| line.starts_with("told "))
        .expect("it writes")
}
