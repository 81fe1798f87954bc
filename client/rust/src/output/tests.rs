//! Snapshots of every form of output over one recorded run that failed and one that did nothing.

use super::*;
use crate::error::Place;
use migrated_proto::v1 as pb;
use pb::event::{self as e, Kind};
use pb::{Failure, RunState, SqlError};
use std::cell::RefCell;
use std::io::Write;
use std::rc::Rc;
use std::time::Duration;

/// Text that the test still sees after the sinks have it.
#[derive(Clone, Default)]
struct Shared(Rc<RefCell<Vec<u8>>>);

impl Write for Shared {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.borrow_mut().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Shared {
    fn text(&self) -> String {
        String::from_utf8(self.0.borrow().clone()).expect("it is text")
    }
}

struct Screen {
    output: Output,
    out: Shared,
    err: Shared,
    dir: tempfile::TempDir,
}

impl Screen {
    fn new(format: Format) -> Screen {
        let (out, err) = (Shared::default(), Shared::default());
        let dir = tempfile::tempdir().expect("a temporary folder");
        std::fs::create_dir_all(dir.path().join("db/migrations")).expect("a folder");
        let file = "-- revision: f3c9\n-- migrate:up\nDROP INDEX legacy_idx;\nALTER TABLE orders DROP COLUMN legacy;\n";
        std::fs::write(dir.path().join("db/migrations/f3c9.sql"), file).expect("a revision file");
        let style = Style {
            project_dir: dir.path().join("db"),
            workspace: Some(dir.path().to_path_buf()),
            ..Style::default()
        };
        let sinks = Sinks::new(Box::new(out.clone()), Box::new(err.clone()));
        let summary = Some(dir.path().join("summary.md"));
        Screen { output: Output { format, style, quiet: false, sinks, live: false, summary }, out, err, dir }
    }

    fn show(&mut self, events: &[pb::Event], outcome: &Outcome) -> String {
        let mut view = self.output.run_view();
        view.run(self.output.sinks(), "01JD3K");
        events.iter().for_each(|event| view.event(self.output.sinks(), event));
        view.note(self.output.sinks(), "the stream is back");
        view.end(self.output.sinks(), outcome);
        self.both()
    }

    fn both(&self) -> String {
        let visible = |text: String| text.replace('\u{1b}', "<ESC>").replace('\r', "<CR>");
        let mut text =
            format!("=== stdout\n{}=== stderr\n{}", visible(self.out.text()), visible(self.err.text()));
        if let Ok(summary) = std::fs::read_to_string(self.dir.path().join("summary.md")) {
            text.push_str(&format!("=== summary\n{summary}"));
        }
        text
    }
}

fn ms(milliseconds: u64) -> Option<pbjson_types::Duration> {
    Some(Duration::from_millis(milliseconds).into())
}

fn list(items: &[&str]) -> Vec<String> {
    items.iter().map(|i| (*i).to_string()).collect()
}

fn numbered(kinds: Vec<Kind>) -> Vec<pb::Event> {
    let event = |(i, kind)| pb::Event {
        sequence: i as u64 + 1,
        time: Some(pbjson_types::Timestamp { seconds: 1_800_000_000 + i as i64, nanos: 0 }),
        kind: Some(kind),
    };
    kinds.into_iter().enumerate().map(event).collect()
}

fn step(index: u32, from: &str, to: &str, message: &str, statements: u32) -> Kind {
    Kind::StepStarted(e::StepStarted {
        index,
        total: 3,
        revision: to.into(),
        direction: pb::Direction::Up.into(),
        from: list(&[from]),
        to: list(&[to]),
        message: message.into(),
        statements,
        transactional: true,
    })
}

fn done(index: u32, revision: &str, statements: u32, took: u64) -> Kind {
    Kind::StepFinished(e::StepFinished {
        index,
        total: 3,
        revision: revision.into(),
        statements,
        duration: ms(took),
        rows: list(&[revision]),
    })
}

fn running(elapsed: u64, progress: &str) -> Kind {
    Kind::StatementRunning(e::StatementRunning {
        index: 1,
        total: 1,
        line: 4,
        summary: "CREATE INDEX CONCURRENTLY …".into(),
        elapsed: ms(elapsed),
        progress: progress.into(),
    })
}

fn failure() -> Failure {
    let message = "cannot drop column legacy of table orders because other objects depend on it";
    Failure {
        code: "MG4005".into(),
        reason: "STATEMENT_FAILED".into(),
        message: format!("2BP01 {message}"),
        revision: "f3c9".into(),
        state: "target prod stands at 9b1e, clean".into(),
        next: "fix f3c9, then `migratectl upgrade head`".into(),
        sql: Some(SqlError {
            sqlstate: "2BP01".into(),
            message: message.into(),
            detail: "view \"legacy|view\" depends on column legacy of table orders".into(),
            hint: "Use DROP ... CASCADE to drop the dependent objects too.".into(),
            schema: "public".into(),
            table: "orders".into(),
            statement: "ALTER TABLE orders DROP COLUMN legacy".into(),
            statement_index: 2,
            statement_total: 2,
            path: "migrations/f3c9.sql".into(),
            line: 4,
            column_number: 25,
            ..SqlError::default()
        }),
    }
}

fn accepted() -> Kind {
    Kind::RunAccepted(e::RunAccepted {
        run_kind: pb::RunKind::Upgrade.into(),
        project: "billing".into(),
        target: "prod".into(),
        goal: list(&["head"]),
        actor: "gha:acme/billing@refs/heads/main".into(),
    })
}

fn failed_run() -> Vec<pb::Event> {
    let blocker = pb::event::Blocker {
        pid: 4711,
        user: "backup".into(),
        application: "pg_dump".into(),
        query: "COPY orders TO STDOUT".into(),
        age: ms(723_000),
        object: "public.orders".into(),
    };
    numbered(vec![
        accepted(),
        Kind::StateChanged(e::StateChanged { state: RunState::Locking.into() }),
        Kind::Waiting(e::Waiting {
            holder: "01JD2A".into(),
            actor: "ann@laptop".into(),
            since: ms(12_000),
            detail: "CREATE INDEX\n  on x".into(),
        }),
        Kind::Locked(e::Locked { waited: ms(4_200) }),
        Kind::PlanReady(e::PlanReady { from: list(&["ae10"]), to: list(&["f3c9"]), steps: 3 }),
        step(1, "ae10", "27c6", "add account table", 2),
        Kind::Notice(e::Notice {
            severity: "NOTICE".into(),
            sqlstate: "42P07".into(),
            message: "relation \"account\" already exists, skipping".into(),
            ..e::Notice::default()
        }),
        done(1, "27c6", 2, 41),
        step(2, "27c6", "9b1e", "index on orders(customer), [urgent]: 100%", 1),
        Kind::Warning(e::Warning {
            reason: "OUTSIDE_TRANSACTION".into(),
            message: "it runs outside of a transaction".into(),
        }),
        Kind::Blocked(e::Blocked {
            index: 1,
            total: 1,
            blockers: vec![blocker],
            attempt: 3,
            max_attempts: 10,
        }),
        Kind::Retrying(e::Retrying {
            attempt: 3,
            max_attempts: 10,
            reason: "LOCK_TIMEOUT".into(),
            message: "the lock was not given within 3 s".into(),
            pause: ms(1_500),
        }),
        running(5_000, ""),
        running(12_000, "61%"),
        running(15_000, "63%"),
        running(31_000, "80%"),
        running(95_000, "95%"),
        running(110_000, "99%"),
        running(121_000, ""),
        done(2, "9b1e", 1, 112_000),
        step(3, "9b1e", "f3c9", "drop legacy column", 2),
        Kind::StepFailed(e::StepFailed {
            index: 3,
            total: 3,
            revision: "f3c9".into(),
            failure: Some(failure()),
        }),
        Kind::RunFinished(e::RunFinished {
            state: RunState::Failed.into(),
            rows: list(&["9b1e"]),
            applied: 2,
            duration: ms(112_300),
            failure: Some(failure()),
        }),
    ])
}

fn failed_outcome() -> Outcome {
    Outcome {
        run_id: "01JD3K".into(),
        target: "prod".into(),
        state: RunState::Failed,
        rows: list(&["9b1e"]),
        applied: 2,
        nothing: false,
        duration: Duration::from_millis(112_300),
        error: Some(Error::from_run(RunState::Failed, Some(&failure()), 2)),
    }
}

fn idle_run() -> Vec<pb::Event> {
    numbered(vec![
        accepted(),
        Kind::NothingToDo(e::NothingToDo {
            rows: list(&["f3c9"]),
            ahead: list(&["a777"]),
            foreign: list(&["b888"]),
        }),
        Kind::RunFinished(e::RunFinished {
            state: RunState::Succeeded.into(),
            rows: list(&["f3c9"]),
            duration: ms(3),
            ..e::RunFinished::default()
        }),
    ])
}

fn idle_outcome() -> Outcome {
    Outcome {
        state: RunState::Succeeded,
        rows: list(&["f3c9"]),
        applied: 0,
        nothing: true,
        duration: Duration::from_millis(3),
        error: None,
        ..failed_outcome()
    }
}

#[test]
fn a_run_that_fails_in_every_form() {
    for (name, format) in Format::NAMES {
        let text = Screen::new(format).show(&failed_run(), &failed_outcome());
        insta::assert_snapshot!(format!("failed_{name}"), text);
    }
}

#[test]
fn a_run_with_nothing_to_do_in_every_form() {
    for (name, format) in Format::NAMES {
        let text = Screen::new(format).show(&idle_run(), &idle_outcome());
        insta::assert_snapshot!(format!("idle_{name}"), text);
    }
}

#[test]
fn a_failure_outside_of_a_run_in_every_form() {
    let mut error = Error {
        code: "MG1103".into(),
        reason: "FILE_NO_HEADER".into(),
        message: "the file has no `-- revision:` header".into(),
        place: Some(Place { path: "migrations/f3c9.sql".into(), line: 3, column: 0 }),
        state: "nothing was done".into(),
        next: "add the header, or make the file with `migratectl revision`".into(),
        ..Error::default()
    };
    error.metadata.insert("path".into(), "migrations/f3c9.sql".into());
    for (name, format) in Format::NAMES {
        let mut screen = Screen::new(format);
        screen.output.failure(&error);
        screen.output.warn("two heads, 100%\nof them");
        insta::assert_snapshot!(format!("error_{name}"), screen.both());
    }
}

#[test]
fn a_failure_without_a_local_file_shows_the_statement() {
    let mut error = Error::from_run(RunState::Failed, Some(&failure()), 2);
    error.place = Some(Place { path: "elsewhere/f3c9.sql".into(), line: 9, column: 3 });
    insta::assert_snapshot!(render_error(&error, &Style::default()));
}

#[test]
fn a_very_long_line_is_shown_around_its_column() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let line = format!("INSERT INTO t VALUES ({} oops {})", "1,".repeat(500), "2,".repeat(500));
    let column = line.find("oops").expect("it is there") + 1;
    std::fs::write(dir.path().join("a.sql"), &line).expect("the file");
    let mut error =
        Error { code: "MG4005".into(), reason: "X".into(), message: "m".into(), ..Error::default() };
    error.place =
        Some(Place { path: "a.sql".into(), line: 1, column: u32::try_from(column).expect("it is small") });
    let style = Style { project_dir: dir.path().into(), ..Style::default() };
    let text = render_error(&error, &style);
    let lines: Vec<&str> = text.lines().collect();
    assert!(lines.iter().all(|l| l.chars().count() < 180), "{text}");
    let mark = lines[4].find('^').expect("the mark");
    assert_eq!(&lines[3][mark..mark + 4], "oops", "{text}");
}

#[test]
fn colours_are_only_where_they_are_wanted() {
    let error = Error::from_run(RunState::Failed, Some(&failure()), 2);
    assert!(!render_error(&error, &Style::default()).contains('\u{1b}'));
    assert!(
        render_error(&error, &Style { color: true, ..Style::default() }).contains("\u{1b}[1;31merror[MG4005")
    );
}

#[test]
fn the_last_line_says_how_the_target_stands() {
    let line = |state, error: Option<Box<Error>>| Outcome { state, error, ..failed_outcome() }.line();
    let failed = |state, reason: &str| {
        let failure = Failure { reason: reason.into(), ..Failure::default() };
        line(state, Some(Error::from_run(state, Some(&failure), 0)))
    };
    let lines = [
        line(RunState::Succeeded, None),
        failed(RunState::Failed, "STATEMENT_FAILED"),
        failed(RunState::Partial, "STATEMENT_FAILED"),
        failed(RunState::Cancelled, "CANCELLED"),
        failed(RunState::Cancelled, "TARGET_PARTIAL"),
        failed(RunState::Unknown, "OUTCOME_UNKNOWN"),
    ];
    insta::assert_snapshot!(lines.join("\n"));
}

#[test]
fn a_reader_that_leaves_is_no_fault_and_a_full_disk_is() {
    struct Broken(std::io::ErrorKind);
    impl Write for Broken {
        fn write(&mut self, _: &[u8]) -> std::io::Result<usize> {
            Err(self.0.into())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let finish = |kind| {
        let mut sinks = Sinks::new(Box::new(Broken(kind)), Box::new(Shared::default()));
        sinks.out("x");
        sinks.finish().map_err(|e| e.kind())
    };
    assert_eq!(finish(std::io::ErrorKind::BrokenPipe), Ok(()));
    assert_eq!(finish(std::io::ErrorKind::StorageFull), Err(std::io::ErrorKind::StorageFull));
}

fn revision(id: &str, parents: &[&str], marks: &[&str]) -> pb::Revision {
    let has = |mark: &str| marks.contains(&mark);
    pb::Revision {
        id: id.into(),
        down_revisions: list(parents),
        message: format!("message of {id}\nsecond line"),
        path: format!("migrations/{id}.sql"),
        created: "2026-11-21T07:12:00Z".into(),
        labels: if has("label") { list(&["net"]) } else { Vec::new() },
        depends_on: if has("depends") { list(&["d1", "d2"]) } else { Vec::new() },
        children: if has("branch") { list(&["c1", "c2"]) } else { Vec::new() },
        is_head: has("head"),
        is_effective_head: has("effective"),
        is_base: parents.is_empty(),
        is_branch_point: has("branch"),
        is_merge_point: parents.len() > 1,
        is_current: has("current"),
        ..pb::Revision::default()
    }
}

#[test]
fn revisions_are_written_as_alembic_writes_them() {
    let all = [
        revision("m1", &["a1", "b1"], &["head", "current"]),
        revision("e1", &["a0"], &["head", "effective"]),
        revision("a1", &["a0"], &["label", "depends"]),
        revision("a0", &[], &["branch"]),
    ];
    let mut text = String::new();
    for r in &all {
        text.push_str(&format!("{}\n{}\n", one_line(r), revision_line(r, true, false, false)));
    }
    all.iter().for_each(|r| text.push_str(&log_entry(r)));
    insta::assert_snapshot!(text);
}

#[test]
fn graphs_are_drawn() {
    let graphs = [
        ("line", vec![revision("c", &["b"], &[]), revision("b", &["a"], &[]), revision("a", &[], &[])]),
        (
            "diamond",
            vec![
                revision("d", &["b", "c"], &["head"]),
                revision("c", &["a"], &[]),
                revision("b", &["a"], &[]),
                revision("a", &[], &["branch"]),
            ],
        ),
        (
            "two roots, three heads",
            vec![
                revision("h1", &["p"], &["head"]),
                revision("h2", &["p"], &["head"]),
                revision("q", &[], &["head"]),
                revision("h3", &["p"], &["head"]),
                revision("p", &[], &["branch"]),
            ],
        ),
        (
            "wide merge over a line",
            vec![
                revision("m", &["x", "y", "z"], &["head"]),
                revision("y", &["r"], &[]),
                revision("z", &["s"], &[]),
                revision("x", &["r"], &[]),
                revision("s", &["r"], &[]),
                revision("r", &[], &["branch"]),
            ],
        ),
        ("a part", vec![revision("k", &["j"], &["head"])]),
    ];
    let mut text = String::new();
    for (name, graph) in &graphs {
        for unicode in [true, false] {
            text.push_str(&format!("{name}\n{}\n\n", tree(graph, unicode).join("\n")));
        }
    }
    insta::assert_snapshot!(text);
}

#[test]
fn what_a_database_says_is_no_command_of_the_ci_system() {
    let mut failure = failure();
    if let Some(sql) = &mut failure.sql {
        sql.detail = "x\n::add-path::/evil\n  ##teamcity[buildNumber '1']".into();
    }
    let error = Error::from_run(RunState::Failed, Some(&failure), 0);
    for format in [Format::Github, Format::Teamcity] {
        let mut screen = Screen::new(format);
        screen.output.failure(&error);
        let text = screen.err.text();
        let commands: Vec<&str> = text
            .lines()
            .filter(|l| l.trim_start().starts_with("::add") || l.contains("##teamcity[buildN"))
            .collect();
        assert!(commands.is_empty() && text.contains("| ::add-path::/evil"), "{text}");
    }
}

#[test]
fn what_a_database_says_does_not_steer_the_terminal() {
    let mut failure = failure();
    failure.message = "\u{1b}[2Jgone".into();
    if let Some(sql) = &mut failure.sql {
        (sql.detail, sql.message) = ("\u{1b}]0;title\u{7}".into(), "\u{1b}[31mred\r".into());
    }
    let mut screen = Screen::new(Format::Text);
    let failed =
        Kind::StepFailed(e::StepFailed { failure: Some(failure.clone()), ..e::StepFailed::default() });
    let outcome =
        Outcome { error: Some(Error::from_run(RunState::Failed, Some(&failure), 0)), ..failed_outcome() };
    let text = screen.show(&numbered(vec![failed]), &outcome);
    assert!(!text.contains("<ESC>") && !text.contains("<CR>") && !text.contains('\u{7}'), "{text}");
}
