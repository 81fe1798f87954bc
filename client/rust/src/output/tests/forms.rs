//! Every form of output, side by side.

use super::recorded::{failed_outcome, failed_run, idle_outcome, idle_run};
use super::screen::{Screen, Shared};
use crate::error::{Error, Place};
use crate::output::{Format, Outcome, Sinks};
use migrated_proto::v1 as pb;
use pb::{Failure, RunState};
use std::io::Write;

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
