//! What a user sees of a code: the client shows cause, state and the way on of each, and ends as its page says.

use migratectl::error::{Error, Own};
use migratectl::exit::{of_reason, of_run};
use migratectl::output::{Style, render_error};
use migrated_core::Code;
use migrated_proto::v1::{Failure, RunState, SqlError};
use migrated_tidy::{repository, verdict};
use std::fs;
use tonic_types::{ErrorDetails, StatusExt as _};

const CAUSE: &str = "the cause in one line";

/// A refusal as it comes over the wire; what stands in `metadata` beside the code is the daemon's to say.
fn refusal(code: Code, metadata: &[(&str, &str)]) -> Box<Error> {
    let metadata = metadata.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    let details = ErrorDetails::with_error_info(
        code.reason(),
        "migrated",
        metadata.collect::<std::collections::HashMap<_, _>>(),
    );
    Error::from_status(&tonic::Status::with_error_details(tonic::Code::FailedPrecondition, CAUSE, details))
}

/// The lines that are missing in what the user sees.
fn missing(error: &Error, code: Code, state: &str, next: &str) -> Vec<String> {
    let text = render_error(error, &Style::default());
    let head = format!("error[{} {}]: {CAUSE}", code.number(), code.reason());
    let lines = [head, format!("state: {state}"), format!("next: {next}")];
    let lacks = |line: &String| {
        !text.lines().any(|l| {
            if line.ends_with(' ') { l.len() > line.len() && l.starts_with(line.as_str()) } else { l == line }
        })
    };
    lines.iter().filter(|line| lacks(line)).map(|line| format!("{code}: no `{line}` in\n{text}")).collect()
}

#[test]
fn every_failure_says_code_cause_state_and_the_way_on() {
    let mut broken = Vec::new();
    for code in Code::ALL {
        let (number, state, next) = (code.number(), code.state(), code.next());
        let told = refusal(*code, &[("code", number), ("state", state), ("next", next)]);
        broken.extend(missing(&told, *code, state, next));
        // A daemon of another release, or a run's log of long ago, may leave out what we would say.
        let bare = refusal(*code, &[("code", number)]);
        broken.extend(missing(&bare, *code, "", ""));
        let failure = Failure {
            code: number.into(),
            reason: code.reason().into(),
            message: CAUSE.into(),
            ..Failure::default()
        };
        broken.extend(missing(&Error::from_run(RunState::Failed, Some(&failure), 0), *code, "", ""));
    }
    verdict("Every failure says a code, the cause, the state and the next command:", &broken);
}

#[test]
fn the_clients_own_failures_say_what_the_daemon_would() {
    let mut broken = Vec::new();
    for own in Own::ALL {
        let (number, reason) = own.names();
        let Some(code) = Code::from_reason(reason) else {
            broken.push(format!("{number} {reason} is no code of core"));
            continue;
        };
        broken.extend(missing(&own.error(CAUSE), code, code.state(), code.next()));
    }
    verdict("client/rust/src/error.rs repeats server/core/src/advice.rs:", &broken);
}

/// How a run that ended with this code makes the program end: before its first statement, and after.
fn exits(code: Code) -> (u8, u8) {
    let failure = |statement_index| Failure {
        code: code.number().into(),
        reason: code.reason().into(),
        sql: Some(SqlError { statement_index, ..SqlError::default() }),
        ..Failure::default()
    };
    let exit = |statement| of_run(RunState::Failed, Some(&failure(statement)), 0).number();
    (exit(0), exit(1))
}

/// What can meet a run at any time: the store, the connection to the next revision's session, a limit, ourselves. All
/// else is found before the first statement, or means that there was one.
const AT_ANY_TIME: &[Code] = &[
    Code::StoreUnavailable,
    Code::StoreCorrupt,
    Code::StoreFull,
    Code::TargetUnreachable,
    Code::TargetAuthentication,
    Code::TargetPermission,
    Code::PooledConnection,
    Code::DatabaseMissing,
    Code::TargetRefused,
    Code::VersionTableShape,
    Code::LimitExceeded,
    Code::Internal,
];

#[test]
fn the_exit_code_is_that_of_the_page() {
    let mut broken = Vec::new();
    for code in Code::ALL {
        let page =
            fs::read_to_string(repository().join(format!("docs/errors/{code}.md"))).unwrap_or_default();
        let line = page.lines().find_map(|line| line.strip_prefix("Exit code: ")).unwrap_or_default();
        let parts: Vec<&str> = line.split('.').next().unwrap_or_default().split("; ").collect();
        let (before, after) = exits(*code);
        let outside = of_reason(code.reason()).number();
        // What the client gives has no run.
        let own = code.number().starts_with("MG7");
        let mut wanted = vec![if own { outside } else { before }.to_string()];
        if AT_ANY_TIME.contains(code) {
            wanted.push(format!("{after} from a run's first statement on"));
        }
        if outside != before && !own {
            wanted.push(format!("{outside} where there is no run"));
        }
        if parts.first() != wanted.first().map(String::as_str).as_ref()
            || wanted.iter().any(|w| !parts.contains(&w.as_str()))
        {
            broken.push(format!("{code} says `{line}`, not `{}`", wanted.join("; ")));
        }
    }
    verdict("docs/errors says how the program ends:", &broken);
}
