//! What a failure looks like, and what it must not do to a terminal or a CI system.

use super::recorded::{failed_outcome, failure, numbered};
use super::screen::Screen;
use crate::error::{Error, Place};
use crate::output::{Format, Outcome, Style, render_error};
use migrated_proto::v1 as pb;
use pb::RunState;
use pb::event::{self as e, Kind};

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
