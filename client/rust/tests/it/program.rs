//! The program itself.

use crate::fake::{Break, Fake, RUN, Script, refusal, run_log};
use migrated_proto::v1 as pb;
use pb::event::{self as e, Kind};
use pb::{Failure, RunState, TargetStatus};
use std::path::Path;
use std::process::{Output, Stdio};
use std::sync::Mutex;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, BufReader};
use tokio::process::{Child, Command};
use tonic::Code;

const FILE: (&str, &[u8]) = ("a.sql", b"-- revision: a\n");

fn command(fake: &Fake, project: &Path, words: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_migratectl"));
    command
        .args(words.split(' '))
        .args(["--server", &format!("unix:{}", fake.socket().display())])
        .args(["--project", "p", "--target", "prod"])
        .env_clear()
        .current_dir(project)
        .stdin(Stdio::null())
        .kill_on_drop(true);
    command
}

async fn run(fake: &Fake, project: &Path, words: &str) -> Output {
    command(fake, project, words).output().await.expect("it runs")
}

fn out(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn err(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn code(output: &Output) -> i32 {
    output.status.code().expect("it was not killed")
}

fn succeeds() -> Script {
    Script { events: run_log(2, RunState::Succeeded, None), ..Script::default() }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_folder_travels_once_and_then_only_its_digest() {
    let fake = Fake::start(succeeds());
    let large: Vec<u8> = (0..7_000_000u32).flat_map(|i| i.to_le_bytes()).take(7_500_000).collect();
    let middling = [vec![1; 1_500_000], vec![2; 1_500_000], vec![3; 1_500_000]];
    let project = fake.project(&[
        FILE,
        ("b.sql", b""),
        ("c.sql", &large),
        ("d.yaml", b"revision: d\n"),
        ("e.sql", &middling[0]),
        ("f.sql", &middling[1]),
        ("g.sql", &middling[2]),
    ]);
    let first = run(&fake, &project, "upgrade head").await;
    assert_eq!(code(&first), 0, "{}", err(&first));
    let calls = fake.calls();
    assert_eq!((calls[0].as_str(), calls[1].as_str()), ("Upgrade", "NegotiateManifest"));
    assert_eq!(calls[calls.len() - 2..], ["NegotiateManifest", "Upgrade"]);
    assert_eq!(calls.iter().filter(|c| *c == "UploadBodies").count(), 4);
    let mut sizes: Vec<usize> = fake.bodies().iter().map(Vec::len).collect();
    sizes.sort_unstable();
    assert_eq!(sizes, [0, 12, 15, 1_500_000, 1_500_000, 1_500_000, large.len()]);
    run(&fake, &project, "upgrade head").await;
    assert_eq!(fake.calls(), ["Upgrade"]);
    assert_eq!(std::fs::read_to_string(project.join(".migrated/.gitignore")).expect("it is there"), "*\n");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_result_is_on_stdout_and_the_progress_on_stderr() {
    let fake = Fake::start(succeeds());
    let project = fake.project(&[FILE]);
    let done = run(&fake, &project, "upgrade head --lock-wait 5s --session run").await;
    assert_eq!(out(&done), "target prod stands at r2  2 revisions  0 ms\n");
    assert!(
        err(&done).starts_with(&format!(
            "run {RUN}  project=p target=prod  from <base> to r2  2 revisions\n[1/2] "
        ))
    );
    assert!(!err(&done).contains('\r') && !err(&done).contains('\u{1b}'));
    let request = fake.script.upgrade.lock().expect("not poisoned").clone().expect("an upgrade");
    let options = request.options.expect("options");
    assert_eq!(options.session(), pb::SessionMode::Run);
    assert_eq!(options.lock_wait.expect("a wait").seconds, 5);
    assert!(!options.request_id.is_empty() && options.actor.contains('@'));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn json_is_one_event_a_line_with_the_runs_id() {
    let fake = Fake::start(succeeds());
    let project = fake.project(&[FILE]);
    let done = run(&fake, &project, "upgrade head --output json").await;
    let lines: Vec<serde_json::Value> =
        out(&done).lines().map(|l| serde_json::from_str(l).expect("each line is JSON")).collect();
    assert_eq!(lines.len(), fake.script.events.len());
    assert!(lines.iter().all(|l| l["runId"] == RUN));
    assert_eq!(lines[lines.len() - 1]["runFinished"]["state"], "RUN_STATE_SUCCEEDED");
    assert_eq!(err(&done), "");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_end_of_a_run_has_its_exit_code() {
    let failure =
        |reason: &str| Some(Failure { reason: reason.into(), message: "m".into(), ..Failure::default() });
    let table = [
        (RunState::Failed, "STATEMENT_FAILED", 4),
        (RunState::Cancelled, "CANCELLED", 4),
        (RunState::Partial, "STATEMENT_FAILED", 5),
        (RunState::Unknown, "OUTCOME_UNKNOWN", 5),
        (RunState::Failed, "LOCK_WAIT_EXPIRED", 6),
        (RunState::Cancelled, "DEADLINE_PASSED", 7),
        (RunState::Failed, "CHANGED_REVISION", 12),
    ];
    for (state, reason, number) in table {
        let fake = Fake::start(Script { events: run_log(1, state, failure(reason)), ..Script::default() });
        let done = run(&fake, &fake.project(&[FILE]), "upgrade head").await;
        assert_eq!(code(&done), number, "{state:?} {reason}: {}", err(&done));
        assert!(err(&done).contains(&format!("{reason}]: m")), "{}", err(&done));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refusal_is_told_in_full() {
    let refuses = Some(refusal(Code::NotFound, "MG1001", "UNKNOWN_REVISION", "no revision `xyz`"));
    let fake = Fake::start(Script { refuses, ..Script::default() });
    let done = run(&fake, &fake.project(&[FILE]), "upgrade xyz").await;
    assert_eq!(code(&done), 1);
    assert_eq!(
        err(&done),
        "error[MG1001 UNKNOWN_REVISION]: no revision `xyz`\nstate: not told; `migratectl current` shows where the target stands\nnext: read docs/errors/MG1001.md\ndocs: docs/errors/MG1001.md\n"
    );
    assert_eq!(out(&done), "");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_daemon_that_is_not_there_is_exit_9() {
    let fake = Fake::start(succeeds());
    let project = fake.project(&[FILE]);
    std::fs::remove_file(fake.socket()).expect("it is there");
    let done = run(&fake, &project, "upgrade head").await;
    assert_eq!(code(&done), 9, "{}", err(&done));
    assert!(err(&done).starts_with("error[MG7001 DAEMON_UNREACHABLE]"), "{}", err(&done));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stream_that_breaks_costs_nothing_but_a_second_call() {
    let fake = Fake::start(Script { breaks: Mutex::new(vec![(3, Break::Status)]), ..succeeds() });
    let done = run(&fake, &fake.project(&[FILE]), "upgrade head").await;
    assert_eq!(code(&done), 0, "{}", err(&done));
    assert_eq!(fake.calls().last(), Some(&format!("WatchRun {RUN} 3")));
}

fn hangs() -> Script {
    let mut script = succeeds();
    script.hangs_after = Some(3);
    let failure = Failure {
        code: "MG5002".into(),
        reason: "CANCELLED".into(),
        message: "cancelled".into(),
        ..Failure::default()
    };
    let finished =
        e::RunFinished { state: RunState::Cancelled.into(), failure: Some(failure), ..Default::default() };
    script.events.truncate(3);
    script.events.push(pb::Event { sequence: 4, time: None, kind: Some(Kind::RunFinished(finished)) });
    script
}

/// Starts a run that hangs, and waits until its first step is on the screen.
async fn hanging(fake: &Fake, words: &str) -> (Child, BufReader<tokio::process::ChildStderr>) {
    let mut child = command(fake, &fake.project(&[FILE]), words)
        .stderr(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("it runs");
    let mut stderr = BufReader::new(child.stderr.take().expect("it is piped"));
    let mut line = String::new();
    stderr.read_line(&mut line).await.expect("a first line");
    assert!(line.starts_with("run "), "{line}");
    (child, stderr)
}

fn send(child: &Child, signal: rustix::process::Signal) {
    let pid = child.id().and_then(|id| rustix::process::Pid::from_raw(id.cast_signed())).expect("it runs");
    rustix::process::kill_process(pid, signal).expect("it is signalled");
}

async fn line_with(reader: &mut BufReader<tokio::process::ChildStderr>, what: &str) -> String {
    loop {
        let mut line = String::new();
        assert!(reader.read_line(&mut line).await.expect("a line") > 0, "no line has `{what}`");
        if line.contains(what) {
            return line;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_first_signal_cancels_the_run_and_waits_for_its_end() {
    for signal in [rustix::process::Signal::INT, rustix::process::Signal::TERM] {
        let fake = Fake::start(hangs());
        let (mut child, mut stderr) = hanging(&fake, "upgrade head").await;
        send(&child, signal);
        let mut rest = String::new();
        stderr.read_to_string(&mut rest).await.expect("the rest");
        assert_eq!(child.wait().await.expect("it ends").code(), Some(4), "{rest}");
        assert!(
            rest.contains("interrupted: cancelling the run") && rest.contains("MG5002 CANCELLED"),
            "{rest}"
        );
        assert!(fake.calls().contains(&format!("CancelRun {RUN}")));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn detaching_leaves_the_run_and_prints_how_to_watch_it() {
    let fake = Fake::start(hangs());
    let (mut child, mut stderr) = hanging(&fake, "upgrade head --on-interrupt detach").await;
    send(&child, rustix::process::Signal::INT);
    let line = line_with(&mut stderr, "interrupted").await;
    assert!(
        line.starts_with(&format!("interrupted: run {RUN} goes on: `migratectl runs watch {RUN} --after ")),
        "{line}"
    );
    assert_eq!(child.wait().await.expect("it ends").code(), Some(130));
    assert!(!fake.calls().iter().any(|c| c.starts_with("CancelRun")));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_second_signal_leaves_at_once() {
    // The daemon takes the request to cancel and the run does not end.
    let mut script = hangs();
    script.events.truncate(3);
    let fake = Fake::start(script);
    let (mut child, mut stderr) = hanging(&fake, "upgrade head").await;
    send(&child, rustix::process::Signal::INT);
    line_with(&mut stderr, "cancelling").await;
    send(&child, rustix::process::Signal::INT);
    let line = line_with(&mut stderr, "may still go on").await;
    assert!(line.contains(&format!("migratectl runs watch {RUN}")), "{line}");
    assert_eq!(child.wait().await.expect("it ends").code(), Some(130));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_script_is_all_there_is_on_stdout() {
    let fake = Fake::start(Script::default());
    let project = fake.project(&[FILE]);
    for words in ["upgrade a:b --sql --dialect sqlite", "upgrade a:b --sql --dialect sqlite --output github"]
    {
        let done = run(&fake, &project, words).await;
        assert_eq!(out(&done), "-- sqlite a:b\nCREATE TABLE t (i int);\n", "{}", err(&done));
        assert_eq!(code(&done), 0);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn check_heads_tells_a_target_that_is_behind() {
    for (status, number) in [(TargetStatus::Current, 0), (TargetStatus::Ahead, 0), (TargetStatus::Behind, 3)]
    {
        let revision = pb::Revision { id: "a".into(), is_current: true, ..Default::default() };
        let current = pb::GetCurrentResponse {
            rows: vec!["a".into()],
            heads: vec!["b".into()],
            current: vec![revision],
            status: status.into(),
            ..Default::default()
        };
        let fake = Fake::start(Script { current, ..Script::default() });
        let done = run(&fake, &fake.project(&[FILE]), "current --check-heads").await;
        assert_eq!((code(&done), out(&done).as_str()), (number, "a\n"), "{status:?}: {}", err(&done));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn all_pages_of_a_history_are_shown() {
    let revision = |id: &str| pb::Revision { id: id.into(), message: "m".into(), ..Default::default() };
    let fake = Fake::start(Script {
        history: vec![revision("c"), revision("b"), revision("a")],
        ..Script::default()
    });
    let done = run(&fake, &fake.project(&[FILE]), "history").await;
    assert_eq!(out(&done), "<base> -> c, m\n<base> -> b, m\n<base> -> a, m\n");
}

fn creates(path: &str) -> Script {
    let file = pb::RevisionFile { path: path.into(), content: "-- revision: r1\n".into() };
    let revision = pb::Revision { id: "r1".into(), ..Default::default() };
    let created = pb::CreateRevisionResponse { revision: Some(revision), file: Some(file) };
    Script { created, ..Script::default() }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_new_revision_is_written_and_the_projects_commands_run_over_it() {
    let fake = Fake::start(creates("migrations/r1.sql"));
    let project = fake.project(&[]);
    let toml = "[[revision.post_write]]\ncommand = ['sh', '-c', 'echo noise; echo \"-- formatted\" >> \"$0\"', 'REVISION_FILENAME']\n";
    std::fs::write(project.join("migratectl.toml"), toml).expect("the file");
    let mut command = command(&fake, &project, "revision -m first");
    let done =
        command.env("PATH", std::env::var_os("PATH").unwrap_or_default()).output().await.expect("it runs");
    assert_eq!((out(&done).as_str(), code(&done)), ("migrations/r1.sql\n", 0), "{}", err(&done));
    let text = std::fs::read_to_string(project.join("migrations/r1.sql")).expect("it is written");
    assert_eq!(text, "-- revision: r1\n-- formatted\n");
    let again = run(&fake, &project, "revision -m first").await;
    assert_eq!(code(&again), 1);
    assert!(err(&again).contains("MG7004 LOCAL_FILE"), "{}", err(&again));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_outside_of_the_folder_is_not_written() {
    let fake = Fake::start(creates("migrations/../../evil.sql"));
    let done = run(&fake, &fake.project(&[]), "revision -m x").await;
    assert_eq!(code(&done), 1);
    assert!(err(&done).contains("outside of the version locations"), "{}", err(&done));
    assert!(!fake.dir.path().join("evil.sql").exists());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn init_makes_a_project_once() {
    let fake = Fake::start(Script::default());
    let project = fake.dir.path().join("new");
    std::fs::create_dir(&project).expect("a folder");
    let done = run(&fake, &project, "init db/migrations --format yaml").await;
    assert_eq!(code(&done), 0, "{}", err(&done));
    assert!(project.join("db/migrations").is_dir());
    let again = run(&fake, &project, "init db/migrations").await;
    assert_eq!(code(&again), 1);
    assert!(err(&again).contains("exists already"), "{}", err(&again));
    assert_eq!(fake.calls(), [""; 0]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_used_is_exit_2() {
    let fake = Fake::start(Script::default());
    let project = fake.project(&[FILE]);
    for words in
        ["upgrade", "nonsense", "upgrade head --lock-wait soon", "current --database-url sqlite:///a.db"]
    {
        let done = run(&fake, &project, words).await;
        assert_eq!(code(&done), 2, "{words}: {}", err(&done));
    }
    std::fs::write(project.join("migratectl.toml"), "servr = 'x'\n").expect("the file");
    let done = run(&fake, &project, "heads").await;
    assert_eq!(code(&done), 2);
    assert!(err(&done).contains("did you mean `server`?"), "{}", err(&done));
}
